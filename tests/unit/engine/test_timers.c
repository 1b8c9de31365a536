/*
 * Timers: for each stage the span that counts, from when, and what its end is called; one
 * nanosecond before it nothing happens. Which ARM comes out and which does not.
 */
#include "engine_test.h"

#define S  PROA_NS_PER_S
#define MS PROA_NS_PER_MS

/* The stage that attempt 0 is brought to, all at the start of the exchange. */
enum reach { CONNECTING, SENT, HEAD, CONTENT };

static void reach(struct engine_test *t, enum reach stage)
{
    static const enum proa_ev kinds[] = {PROA_EV_CONNECTED, PROA_EV_HEAD, PROA_EV_FIRST_CONTENT};
    admit(t);
    for (unsigned i = 0; i < (unsigned)stage; i++) {
        tell(t, kinds[i], 0);
    }
}

struct timer_case {
    const char *name;
    bool stream;
    enum reach stage;
    uint64_t span_ns; /* from the start; no event comes any more */
    enum proa_class class;
};

/* Every timer has another length, so that none can stand in for another. */
static const struct timer_case TIMERS[] = {
    {"connect + tls, stream", true, CONNECTING, 5 * S, PROA_CLASS_CONNECT_TIMEOUT},
    {"connect + tls, plain", false, CONNECTING, 5 * S, PROA_CLASS_CONNECT_TIMEOUT},
    {"first byte, stream", true, SENT, 20 * S, PROA_CLASS_FIRST_BYTE_TIMEOUT},
    {"first content, stream", true, HEAD, 35 * S, PROA_CLASS_FIRST_CONTENT_TIMEOUT},
    {"idle bytes, plain, held", false, HEAD, 60 * S, PROA_CLASS_IDLE_TIMEOUT},
    {"idle, stream", true, CONTENT, 40 * S, PROA_CLASS_IDLE_TIMEOUT},
    {"idle bytes, plain, committed", false, CONTENT, 60 * S, PROA_CLASS_IDLE_TIMEOUT},
};

static void setup_timers(struct engine_test *t, uint8_t n)
{
    setup(t, n);
    t->fx.policy.timeouts.first_content_ns = 35 * S;
    t->fx.policy.timeouts.idle_ns = 40 * S;
}

static void each_stage_has_its_span(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, TIMERS)
    {
        struct engine_test t;
        setup_timers(&t, 2);
        t.options.stream = row->stream;
        reach(&t, row->stage);
        const uint64_t due = t.start_ns + row->span_ns;
        run_to(&t, due - 1);
        PROA_TEST_CHECK(t.w.n_attempts == 1 && !t.w.finished, "%s", row->name);
        PROA_TEST_CHECK(t.w.armed_ns == due, "%s", row->name);
        tell_at(&t, due - 1, PROA_EV_DEADLINE, 0);
        PROA_TEST_CHECK(t.w.run.attempts[0].stage != PROA_STAGE_OVER, "%s", row->name);
        tell_at(&t, due, PROA_EV_DEADLINE, 0);
        const struct proa_attempt_record *a = &t.w.run.attempts[0];
        PROA_TEST_CHECK(a->stage == PROA_STAGE_OVER && a->class == row->class, "%s: %s", row->name,
                        proa_class_text(a->class));
        assert_int_equal(a->err, PROA_ERR_TIMEOUT);
        assert_int_equal(a->ended_ns, due);
        expect(&t, row->stage == CONTENT ? "cancel0 error disarm finish" : "cancel0 start1 arm");
        teardown(&t);
    }
}

static void a_timer_a_little_late_is_as_good(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, TIMERS)
    {
        struct engine_test t;
        setup_timers(&t, 2);
        t.options.stream = row->stream;
        reach(&t, row->stage);
        tell_at(&t, t.start_ns + row->span_ns + 200 * MS, PROA_EV_DEADLINE, 0);
        PROA_TEST_CHECK(t.w.run.attempts[0].class == row->class, "%s", row->name);
        teardown(&t);
    }
}

/* A loop that was held up for so long cannot tell its own silence from the provider's. */
static void a_timer_much_too_late_blames_nobody_once(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, TIMERS)
    {
        struct engine_test t;
        setup_timers(&t, 2);
        t.options.stream = row->stream;
        t.fx.policy.timeouts.total_ns = 600 * S;
        reach(&t, row->stage);
        tell_at(&t, t.start_ns + row->span_ns + 201 * MS, PROA_EV_DEADLINE, 0);
        if (row->stage == CONTENT) {
            PROA_TEST_CHECK(t.w.run.attempts[0].stage == PROA_STAGE_CONTENT, "%s", row->name);
            tell_at(&t, t.w.armed_ns + 3 * S, PROA_EV_DEADLINE, 0);
            PROA_TEST_CHECK(t.w.run.attempts[0].class == row->class, "%s", row->name);
        } else {
            PROA_TEST_CHECK(t.w.run.attempts[0].class == PROA_CLASS_LOCAL, "%s", row->name);
            expect(&t, "cancel0 wait arm");
            run_to_start(&t);
            expect(&t, "start1 arm");
            assert_int_equal(t.w.now_ns, t.start_ns + row->span_ns + 301 * MS);
            tell_at(&t, t.w.armed_ns + 3 * S, PROA_EV_DEADLINE, 0);
            PROA_TEST_CHECK(t.w.run.attempts[1].class == PROA_CLASS_CONNECT_TIMEOUT, "%s",
                            row->name);
        }
        teardown(&t);
    }
}

static void a_plain_request_is_given_the_whole_time(void **state)
{
    (void)state;
    struct engine_test t;
    setup_timers(&t, 2);
    reach(&t, SENT);
    run_to(&t, t.start_ns + 120 * S - 1);
    assert_int_equal(t.w.armed_ns, t.start_ns + 120 * S);
    tell_at(&t, t.start_ns + 120 * S - 1, PROA_EV_DEADLINE, 0);
    assert_false(t.w.finished);
    tell_at(&t, t.start_ns + 120 * S, PROA_EV_DEADLINE, 0);
    expect(&t, "cancel0 error disarm finish");
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_DEADLINE);
    assert_int_equal(t.w.terminal.class, PROA_CLASS_TOTAL_TIMEOUT);
    teardown(&t);
}

/* The end of time is a verdict on one that was silent for half of what the policy allows, unless
 * it is told much too late. */
static void silence_to_the_end_is_charged(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool stream;
        uint64_t client_ns; /* what the client gives */
        uint64_t late_ns;
        bool content;
        enum proa_class class;
    } rows[] = {
        {"plain, all of it", false, 0, 0, false, PROA_CLASS_TOTAL_TIMEOUT},
        {"plain, half of it", false, 60 * S, 0, false, PROA_CLASS_TOTAL_TIMEOUT},
        {"plain, a client in a hurry", false, 60 * S - 1, 0, false, PROA_CLASS_CANCELLED},
        {"plain, late", false, 0, 201 * MS, false, PROA_CLASS_CANCELLED},
        {"stream, half of it", true, 17500 * MS, 0, false, PROA_CLASS_TOTAL_TIMEOUT},
        {"stream, a client in a hurry", true, 17499 * MS, 0, false, PROA_CLASS_CANCELLED},
        {"stream, it has begun", true, 30 * S, 0, true, PROA_CLASS_CANCELLED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct engine_test t;
        setup_timers(&t, 2);
        t.options.stream = row->stream;
        t.options.timeout_ns = row->client_ns;
        t.fx.policy.timeouts.first_byte_ns = 35 * S;
        reach(&t, row->content ? CONTENT : SENT);
        tell_at(&t, t.w.deadline_ns + row->late_ns, PROA_EV_DEADLINE, 0);
        PROA_TEST_CHECK(t.w.finished && t.w.run.attempts[0].class == row->class, "%s", row->name);
        assert_int_equal(t.w.terminal.class, PROA_CLASS_TOTAL_TIMEOUT);
        teardown(&t);
    }
}

static void the_lesser_of_first_byte_and_first_content(void **state)
{
    (void)state;
    static const struct {
        uint64_t first_byte_ns;
        uint64_t first_content_ns;
        enum proa_class class;
    } cases[] = {
        {10 * S, 11 * S, PROA_CLASS_FIRST_BYTE_TIMEOUT},
        {10 * S, 10 * S, PROA_CLASS_FIRST_BYTE_TIMEOUT},
        {10 * S, 9 * S, PROA_CLASS_FIRST_CONTENT_TIMEOUT},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup(&t, 1);
        t.options.stream = true;
        t.fx.policy.retry.per_pool = 1;
        t.fx.policy.timeouts.first_byte_ns = row->first_byte_ns;
        t.fx.policy.timeouts.first_content_ns = row->first_content_ns;
        reach(&t, SENT);
        sim_run_out(&t.w);
        assert_int_equal(t.w.run.attempts[0].class, row->class);
        assert_int_equal(t.w.now_ns,
                         t.start_ns + sim_min(row->first_byte_ns, row->first_content_ns));
        teardown(&t);
    }
}

/* From when each span counts: the event that moves it, and those that must not. */
static void spans_count_from_the_right_event(void **state)
{
    (void)state;
    struct engine_test t;
    setup_timers(&t, 1);
    t.options.stream = true;
    const uint64_t at = t.start_ns;
    admit(&t);
    tell_at(&t, at + 1 * S, PROA_EV_CONNECTED, 0);
    run_to(&t, at + 21 * S - 1);
    assert_int_equal(t.w.armed_ns, at + 21 * S); /* first byte from connected */
    tell_at(&t, at + 15 * S, PROA_EV_HEAD, 0);
    feed_at(&t, at + 16 * S, (struct proa_event){.kind = PROA_EV_PROGRESS});
    tell_at(&t, at + 21 * S, PROA_EV_DEADLINE, 0);
    assert_int_equal(t.w.armed_ns,
                     at + 36 * S); /* first content from connected, not head or ping */
    tell_at(&t, at + 30 * S, PROA_EV_FIRST_CONTENT, 0);
    tell_at(&t, at + 36 * S, PROA_EV_DEADLINE, 0);
    assert_int_equal(t.w.armed_ns, at + 70 * S); /* idle from the content */
    feed_at(&t, at + 50 * S, (struct proa_event){.kind = PROA_EV_PROGRESS, .content = true});
    tell_at(&t, at + 70 * S, PROA_EV_DEADLINE, 0);
    assert_int_equal(t.w.armed_ns, at + 90 * S);
    feed_at(&t, at + 80 * S, (struct proa_event){.kind = PROA_EV_PROGRESS});
    tell_at(&t, at + 90 * S - 1, PROA_EV_DEADLINE, 0);
    expect(&t, "arm");
    tell_at(&t, at + 90 * S, PROA_EV_DEADLINE, 0); /* a ping is no content */
    expect(&t, "cancel0 error disarm finish");
    teardown(&t);
}

static void silence_counts_where_content_may_pause(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.options.stream = true;
    t.fx.policy.timeouts.idle_ns = 500 * S;
    reach(&t, CONTENT);
    feed_at(&t, t.start_ns + 50 * S, (struct proa_event){.kind = PROA_EV_PROGRESS});
    sim_run_out(&t.w);
    assert_int_equal(t.w.now_ns, t.start_ns + 110 * S);
    assert_int_equal(t.w.run.attempts[0].class, PROA_CLASS_IDLE_TIMEOUT);
    teardown(&t);
}

static void the_total_comes_first(void **state)
{
    (void)state;
    /* Shorter than what the stage allows, or at the very same time: the exchange's own counts. */
    static const uint64_t totals[] = {5 * S, 4 * S, 1};
    for (size_t i = 0; i < PROA_ARRAY_LEN(totals); i++) {
        for (int stream = 0; stream < 2; stream++) {
            struct engine_test t;
            setup(&t, 2);
            t.options.stream = stream;
            t.fx.policy.timeouts.total_ns = stream ? 1000 * S : totals[i];
            t.fx.policy.timeouts.total_stream_ns = stream ? totals[i] : 1000 * S;
            admit(&t);
            assert_int_equal(t.w.armed_ns, t.start_ns + totals[i]);
            tell_at(&t, t.w.armed_ns, PROA_EV_DEADLINE, 0);
            expect(&t, "cancel0 error disarm finish");
            assert_int_equal(t.w.terminal.fail, PROA_FAIL_DEADLINE);
            assert_int_equal(t.w.last.items[0].reason, PROA_REASON_DEADLINE);
            teardown(&t);
        }
    }
}

static void the_client_may_only_shorten(void **state)
{
    (void)state;
    static const struct {
        bool stream;
        uint64_t asked_ns;
        uint64_t total_ns;
    } cases[] = {{false, 0, 120 * S},        {false, 1, 1},
                 {false, 90 * S, 90 * S},    {false, 120 * S, 120 * S},
                 {false, 121 * S, 120 * S},  {false, PROA_NEVER, 120 * S},
                 {true, 0, 600 * S},         {true, 90 * S, 90 * S},
                 {true, PROA_NEVER, 600 * S}};
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup(&t, 1);
        t.options.stream = row->stream;
        t.options.timeout_ns = row->asked_ns;
        begin(&t);
        assert_int_equal(t.w.run.deadline_ns, t.start_ns + row->total_ns);
        teardown(&t);
    }
}

static void attempts_share_the_total(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 3);
    t.options.timeout_ns = 8 * S;
    admit(&t);
    tell_at(&t, t.w.armed_ns, PROA_EV_DEADLINE, 0);
    expect(&t, "cancel0 start1 arm");
    assert_int_equal(t.w.armed_ns, t.start_ns + 8 * S); /* not 5 s after the second start */
    tell_at(&t, t.w.armed_ns, PROA_EV_DEADLINE, 0);
    expect(&t, "cancel1 error disarm finish");
    assert_int_equal(t.w.terminal.attempt, 1);
    teardown(&t);
}

static void nothing_starts_past_the_deadline(void **state)
{
    (void)state;
    /* A failure that is told before the timer, though it came after its time. */
    for (uint64_t late = 0; late < 2; late++) {
        struct engine_test t;
        setup(&t, 2);
        t.options.timeout_ns = 2 * S;
        admit(&t);
        feed_at(&t, t.start_ns + 2 * S + late,
                (struct proa_event){.kind = PROA_EV_FAILED, .class = PROA_CLASS_RESET});
        expect(&t, "error disarm finish");
        assert_int_equal(t.w.terminal.fail, PROA_FAIL_DEADLINE);
        teardown(&t);
    }
    /* A request that took all its time to come. */
    struct engine_test t;
    setup(&t, 2);
    t.options.timeout_ns = 2 * S;
    begin(&t);
    tell_at(&t, t.start_ns + 2 * S, PROA_EV_ADMITTED, 0);
    expect(&t, "error disarm finish");
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_DEADLINE);
    assert_int_equal(t.w.n_attempts, 0);
    teardown(&t);
}

static void a_failure_past_the_deadline_with_nothing_left_is_told_as_it_is(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.fx.policy.retry.per_pool = 1;
    t.options.timeout_ns = 2 * S;
    admit(&t);
    feed_at(&t, t.start_ns + 3 * S,
            (struct proa_event){.kind = PROA_EV_FAILED, .class = PROA_CLASS_SERVER, .status = 500});
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_UPSTREAM);
    teardown(&t);
}

static void a_later_deadline_is_not_armed(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.options.stream = true;
    admit(&t);
    expect(&t, "start0 arm");
    static const enum proa_ev kinds[] = {PROA_EV_CONNECTED, PROA_EV_HEAD};
    for (size_t i = 0; i < PROA_ARRAY_LEN(kinds); i++) {
        tell(&t, kinds[i], 0);
        expect(&t, "");
    }
    tell(&t, PROA_EV_FIRST_CONTENT, 0);
    expect(&t, "commit0");
    for (int i = 0; i < 100; i++) {
        feed_at(&t, t.w.now_ns + 1,
                (struct proa_event){.kind = PROA_EV_PROGRESS, .content = i % 2 == 0});
        expect(&t, "");
    }
    tell_at(&t, t.start_ns + 5 * S, PROA_EV_DEADLINE, 0);
    expect(&t, "arm");
    teardown(&t);
}

static void a_sooner_deadline_is_armed_at_once(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.options.stream = true;
    t.fx.policy.timeouts.first_byte_ns = 2 * S;
    t.fx.policy.timeouts.idle_ns = 1 * S;
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    expect(&t, "arm");
    assert_int_equal(t.w.armed_ns, t.start_ns + 2 * S);
    tell(&t, PROA_EV_HEAD, 0);
    expect(&t, "");
    tell(&t, PROA_EV_FIRST_CONTENT, 0);
    expect(&t, "commit0 arm");
    assert_int_equal(t.w.armed_ns, t.start_ns + 1 * S);
    teardown(&t);
}

static void a_timer_that_fires_for_nothing_is_armed_again(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    admit(&t);
    for (int i = 0; i < 3; i++) {
        tell(&t, PROA_EV_DEADLINE, 0);
        expect(&t, "arm");
        assert_int_equal(t.w.armed_ns, t.start_ns + 5 * S);
    }
    teardown(&t);
}

static void a_deadline_before_the_request_is_complete(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    begin(&t);
    tell_at(&t, t.start_ns + 1 * S, PROA_EV_DEADLINE, 0);
    expect(&t, "arm");
    assert_int_equal(t.w.armed_ns, t.start_ns + 120 * S);
    tell_at(&t, t.w.armed_ns, PROA_EV_DEADLINE, 0);
    expect(&t, "error disarm finish");
    assert_int_equal(t.w.terminal.fail, PROA_FAIL_DEADLINE);
    teardown(&t);
}

static void spans_without_end(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.options.stream = true;
    t.fx.policy.timeouts = (struct proa_timeout_cfg){
        .connect_ns = PROA_NEVER,
        .tls_ns = PROA_NEVER,
        .write_ns = PROA_NEVER,
        .first_byte_ns = PROA_NEVER,
        .first_content_ns = PROA_NEVER,
        .idle_ns = PROA_NEVER,
        .idle_bytes_ns = PROA_NEVER,
        .total_ns = PROA_NEVER,
        .total_stream_ns = PROA_NEVER,
    };
    admit(&t);
    expect(&t, "start0");
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_HEAD, 0);
    tell(&t, PROA_EV_FIRST_CONTENT, 0);
    expect(&t, "commit0");
    tell_at(&t, PROA_NEVER - 1, PROA_EV_DEADLINE, 0);
    assert_false(t.w.finished);
    tell(&t, PROA_EV_ENDED, 0);
    assert_int_equal(t.w.outcome, PROA_OUTCOME_OK);
    teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stage_has_its_span),
        cmocka_unit_test(a_timer_a_little_late_is_as_good),
        cmocka_unit_test(a_timer_much_too_late_blames_nobody_once),
        cmocka_unit_test(a_plain_request_is_given_the_whole_time),
        cmocka_unit_test(silence_to_the_end_is_charged),
        cmocka_unit_test(the_lesser_of_first_byte_and_first_content),
        cmocka_unit_test(spans_count_from_the_right_event),
        cmocka_unit_test(silence_counts_where_content_may_pause),
        cmocka_unit_test(the_total_comes_first),
        cmocka_unit_test(the_client_may_only_shorten),
        cmocka_unit_test(attempts_share_the_total),
        cmocka_unit_test(nothing_starts_past_the_deadline),
        cmocka_unit_test(a_failure_past_the_deadline_with_nothing_left_is_told_as_it_is),
        cmocka_unit_test(a_later_deadline_is_not_armed),
        cmocka_unit_test(a_sooner_deadline_is_armed_at_once),
        cmocka_unit_test(a_timer_that_fires_for_nothing_is_armed_again),
        cmocka_unit_test(a_deadline_before_the_request_is_complete),
        cmocka_unit_test(spans_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
