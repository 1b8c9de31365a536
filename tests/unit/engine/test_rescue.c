/*
 * Going on with a broken answer: what must be true for it, and what it costs. Its course stands in
 * tests/sim/scenarios/rescue.txt.
 */
#include "engine_test.h"

#define S PROA_NS_PER_S

static void setup_rescue(struct engine_test *t, uint8_t n)
{
    setup(t, n);
    t->options.stream = true;
    t->fx.policy.midstream = PROA_MIDSTREAM_RESUME;
}

static void breaks(struct engine_test *t, uint8_t attempt, enum proa_class class, bool resumable)
{
    feed(t,
         (struct proa_event){
             .kind = PROA_EV_FAILED, .attempt = attempt, .class = class, .resumable = resumable});
}

static void only_a_break_is_rescued(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        const bool is_break = class == PROA_CLASS_STREAM_BROKEN || class == PROA_CLASS_RESET ||
                              class == PROA_CLASS_IDLE_TIMEOUT;
        struct engine_test t;
        setup_rescue(&t, 2);
        admit_and_commit(&t);
        breaks(&t, 0, (enum proa_class) class, true);
        expect(&t, is_break ? "start1" : "error disarm finish");
        sim_run_out(&t.w);
        teardown(&t);
    }
}

struct need {
    const char *name;
    void (*take_away)(struct engine_test *t);
};

static void no_resume(struct engine_test *t)
{
    t->fx.policy.midstream = PROA_MIDSTREAM_ERROR;
}
static void no_stream(struct engine_test *t)
{
    t->options.stream = false;
}
static void no_fallback(struct engine_test *t)
{
    t->options.no_fallback = true;
}
static void effects(struct engine_test *t)
{
    t->options.effects = true;
}
static void no_attempts(struct engine_test *t)
{
    t->fx.policy.retry.max_attempts = 1;
}
static void no_budget(struct engine_test *t)
{
    t->fx.policy.retry.budget = (struct proa_budget_cfg){.cap = 10};
}
static void no_time(struct engine_test *t)
{
    t->options.timeout_ns =
        900 * PROA_NS_PER_MS; /* no attempt is worth starting with less than 1 s */
}

static void each_need_is_needed(void **state)
{
    (void)state;
    static const struct need needs[] = {
        {"the policy", no_resume},       {"a stream", no_stream},   {"fallback", no_fallback},
        {"no effects", effects},         {"attempts", no_attempts}, {"budget", no_budget},
        {"time for an answer", no_time},
    };
    PROA_TEST_ROWS(row, needs)
    {
        struct engine_test t;
        setup_rescue(&t, 2);
        row->take_away(&t);
        admit_and_commit(&t);
        breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, true);
        PROA_TEST_CHECK(t.w.finished && t.w.n_attempts == 1, "%s", row->name);
        assert_int_equal(t.w.terminal.fail, PROA_FAIL_INTERRUPTED);
        teardown(&t);
    }
}

static void what_cannot_be_continued_is_not(void **state)
{
    (void)state;
    struct engine_test t;
    setup_rescue(&t, 2);
    admit_and_commit(&t);
    breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, false);
    expect(&t, "error disarm finish");
    teardown(&t);
}

/* A timer of ours knows what the newest event said. */
static void silence_goes_by_the_newest_event(void **state)
{
    (void)state;
    for (int resumable = 0; resumable < 2; resumable++) {
        struct engine_test t;
        setup_rescue(&t, 2);
        admit_and_commit(&t);
        feed(&t, (struct proa_event){
                     .kind = PROA_EV_PROGRESS, .content = true, .resumable = !resumable});
        feed(&t, (struct proa_event){
                     .kind = PROA_EV_PROGRESS, .content = true, .resumable = resumable});
        run_to(&t, t.start_ns + 30 * S);
        assert_int_equal(t.w.n_attempts, resumable ? 2 : 1);
        sim_run_out(&t.w);
        teardown(&t);
    }
}

static void a_quarter_of_the_time_must_be_left(void **state)
{
    (void)state;
    static const struct {
        uint64_t at_ns;
        bool rescued;
    } cases[] = {{74 * S, true}, {75 * S, true}, {75 * S + 1, false}, {99 * S, false}};
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup_rescue(&t, 2);
        t.options.timeout_ns = 100 * S;
        t.fx.policy.timeouts.idle_ns = 1000 * S;
        t.fx.policy.timeouts.idle_bytes_ns = 1000 * S;
        admit_and_commit(&t);
        feed_at(&t, t.start_ns + row->at_ns,
                (struct proa_event){
                    .kind = PROA_EV_FAILED, .class = PROA_CLASS_STREAM_BROKEN, .resumable = true});
        assert_int_equal(t.w.finished, !row->rescued);
        sim_run_out(&t.w);
        teardown(&t);
    }
}

static void the_client_is_told_of_the_first_break(void **state)
{
    (void)state;
    struct engine_test t;
    setup_rescue(&t, 3);
    admit_and_commit(&t);
    const size_t first = candidate_of(&t, 0);
    breaks(&t, 0, PROA_CLASS_RESET, true);
    fails(&t, 1, PROA_CLASS_CLIENT, 400);
    assert_int_equal(t.w.n_attempts, 3);
    fails(&t, 2, PROA_CLASS_DIVERGED, 0);
    expect(&t, "error disarm finish");
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_INTERRUPTED);
    assert_int_equal(t.w.terminal.attempt, 0);
    assert_int_equal(t.w.terminal.class, PROA_CLASS_RESET);
    assert_int_equal(t.w.outcome, PROA_OUTCOME_ERROR);
    assert_int_not_equal(candidate_of(&t, 1), first);
    teardown(&t);
}

static void a_rescue_that_only_ends_is_an_answer(void **state)
{
    (void)state;
    struct engine_test t;
    setup_rescue(&t, 2);
    admit_and_commit(&t);
    breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, true);
    tell(&t, PROA_EV_CONNECTED, 1);
    tell(&t, PROA_EV_HEAD, 1);
    tell(&t, PROA_EV_ENDED, 1);
    expect(&t, "commit1 disarm finish");
    assert_int_equal(t.w.last.items[0].reason, PROA_REASON_RESCUE);
    assert_int_equal(t.w.outcome, PROA_OUTCOME_DEGRADED);
    teardown(&t);
}

static void a_rescue_may_time_out(void **state)
{
    (void)state;
    struct engine_test t;
    setup_rescue(&t, 2);
    admit_and_commit(&t);
    breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, true);
    run_to(&t, t.start_ns + 5 * S);
    expect(&t, "cancel1 error disarm finish");
    assert_int_equal(t.w.terminal.class, PROA_CLASS_STREAM_BROKEN);
    teardown(&t);
}

static void the_process_ends_during_a_rescue(void **state)
{
    (void)state;
    struct engine_test t;
    setup_rescue(&t, 2);
    admit_and_commit(&t);
    breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, true);
    tell(&t, PROA_EV_DRAIN, 0);
    expect(&t, "cancel1 error disarm finish");
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_INTERRUPTED);
    teardown(&t);
}

static void nobody_waits_for_a_rescue_whose_client_has_left(void **state)
{
    (void)state;
    struct engine_test t;
    setup_rescue(&t, 2);
    t.fx.policy.on_disconnect = PROA_ON_DISCONNECT_DRAIN;
    admit_and_commit(&t);
    tell(&t, PROA_EV_CLIENT_GONE, 0);
    expect(&t, "");
    breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, true);
    expect(&t, "disarm finish");
    assert_int_equal(t.w.outcome, PROA_OUTCOME_CANCELLED);
    teardown(&t);
}

/* Where the operation knows no messages, no attempt is spent on finding that out. */
static void a_prefill_must_be_possible(void **state)
{
    (void)state;
    for (int no_prefill = 0; no_prefill < 2; no_prefill++) {
        struct engine_test t;
        setup_rescue(&t, 2);
        t.options.no_prefill = no_prefill != 0;
        for (size_t i = 0; i < FIXTURE_PARTS; i++) {
            t.fx.provider_cfgs[i].prefill = 1;
        }
        admit_and_commit(&t);
        breaks(&t, 0, PROA_CLASS_STREAM_BROKEN, true);
        expect(&t, "start1");
        assert_int_equal(t.w.last.items[0].purpose,
                         no_prefill ? PROA_PURPOSE_RESCUE_SPLICE : PROA_PURPOSE_RESCUE_PREFILL);
        sim_run_out(&t.w);
        teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_break_is_rescued),
        cmocka_unit_test(each_need_is_needed),
        cmocka_unit_test(what_cannot_be_continued_is_not),
        cmocka_unit_test(silence_goes_by_the_newest_event),
        cmocka_unit_test(a_quarter_of_the_time_must_be_left),
        cmocka_unit_test(the_client_is_told_of_the_first_break),
        cmocka_unit_test(a_rescue_that_only_ends_is_an_answer),
        cmocka_unit_test(a_rescue_may_time_out),
        cmocka_unit_test(the_process_ends_during_a_rescue),
        cmocka_unit_test(nobody_waits_for_a_rescue_whose_client_has_left),
        cmocka_unit_test(a_prefill_must_be_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
