/*
 * One exchange from admitted to finished: order of commands, records, what is ignored, how it ends.
 * Timers, choice and terminal errors have files of their own.
 */
#include "engine_test.h"

static void a_stream_from_start_to_end(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    t.options.stream = true;
    begin(&t);
    const uint64_t at = t.start_ns;
    tell_at(&t, at, PROA_EV_ADMITTED, 0);
    expect(&t, "start0 arm");
    assert_int_equal(t.w.last.items[0].reason, PROA_REASON_STRATEGY);
    assert_int_equal(t.w.last.items[0].purpose, PROA_PURPOSE_PRIMARY);
    feed_at(&t, at + 1, (struct proa_event){.kind = PROA_EV_CONNECTED, .reused_connection = true});
    expect(&t, "");
    tell_at(&t, at + 2, PROA_EV_HEAD, 0);
    expect(&t, "");
    assert_false(proa_run_committed(&t.w.run));
    tell_at(&t, at + 3, PROA_EV_FIRST_CONTENT, 0);
    expect(&t, "commit0");
    assert_true(proa_run_committed(&t.w.run));
    feed_at(&t, at + 4, (struct proa_event){.kind = PROA_EV_PROGRESS, .content = true});
    feed_at(&t, at + 5, (struct proa_event){.kind = PROA_EV_PROGRESS});
    expect(&t, "");
    tell_at(&t, at + 6, PROA_EV_ENDED, 0);
    expect(&t, "disarm finish");
    assert_int_equal(t.w.outcome, PROA_OUTCOME_OK);

    const struct proa_attempt_record *a = &t.w.run.attempts[0];
    assert_int_equal(a->stage, PROA_STAGE_OVER);
    assert_int_equal(a->class, PROA_CLASS_OK);
    assert_int_equal(a->status, 200);
    assert_true(a->reused_connection);
    assert_int_equal(a->started_ns, at);
    assert_int_equal(a->connected_ns, at + 1);
    assert_int_equal(a->head_ns, at + 2);
    assert_int_equal(a->content_ns, at + 3);
    assert_int_equal(a->last_content_ns, at + 4);
    assert_int_equal(a->last_bytes_ns, at + 5);
    assert_int_equal(a->ended_ns, at + 6);
    teardown(&t);
}

/* What only moves deadlines is noted without a turn, and nothing else is. */
static void what_asks_for_nothing_is_noted(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    const struct proa_event connected = {.kind = PROA_EV_CONNECTED, .reused_connection = true};
    const struct proa_event progress = {.kind = PROA_EV_PROGRESS, .content = true};
    const struct proa_event head = {.kind = PROA_EV_HEAD, .status = 200};
    begin(&t);
    tell(&t, PROA_EV_ADMITTED, 0);
    assert_true(proa_run_note(&t.w.run, t.start_ns + 1, &connected));
    assert_true(proa_run_note(&t.w.run, t.start_ns + 2, &progress));
    assert_false(proa_run_note(&t.w.run, t.start_ns + 3, &head));
    const struct proa_attempt_record *a = &t.w.run.attempts[0];
    assert_int_equal(a->stage, PROA_STAGE_SENT);
    assert_int_equal(a->connected_ns, t.start_ns + 1);
    assert_int_equal(a->last_content_ns, t.start_ns + 2);
    tell_at(&t, t.start_ns + 9, PROA_EV_ENDED, 0);
    assert_true(proa_run_note(&t.w.run, t.start_ns + 10, &progress)); /* too late */
    assert_int_equal(a->last_content_ns, t.start_ns + 9);
    teardown(&t);
}

/* A stream's first content is waited for from its connection on, which may be sooner. */
static void a_streams_connection_takes_its_turn(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    t.options.stream = true;
    const struct proa_event connected = {.kind = PROA_EV_CONNECTED};
    begin(&t);
    tell(&t, PROA_EV_ADMITTED, 0);
    assert_false(proa_run_note(&t.w.run, t.start_ns + 1, &connected));
    assert_int_equal(t.w.run.attempts[0].stage, PROA_STAGE_CONNECTING);
    teardown(&t);
}

static void a_plain_answer_is_committed_by_its_end(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_HEAD, 0);
    tell_at(&t, t.start_ns + 9, PROA_EV_ENDED, 0);
    expect(&t, "commit0 disarm finish");
    assert_int_equal(t.w.run.attempts[0].content_ns, t.start_ns + 9);
    teardown(&t);
}

static void a_large_plain_answer_is_committed_before_its_end(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    admit_and_commit(&t);
    expect(&t, "commit0");
    tell(&t, PROA_EV_ENDED, 0);
    expect(&t, "disarm finish");
    teardown(&t);
}

static void a_failure_before_the_commit_starts_the_next(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    admit(&t);
    feed(&t, (struct proa_event){.kind = PROA_EV_FAILED,
                                 .class = PROA_CLASS_RESET,
                                 .err = PROA_ERR_TRUNCATED,
                                 .status = 0,
                                 .retry_after_ns = 7});
    expect(&t, "start1");
    assert_int_equal(t.w.last.items[0].reason, PROA_REASON_NEXT_TARGET);
    assert_int_equal(t.w.last.items[0].purpose, PROA_PURPOSE_RETRY);
    const struct proa_attempt_record *a = &t.w.run.attempts[0];
    assert_int_equal(a->class, PROA_CLASS_RESET);
    assert_int_equal(a->err, PROA_ERR_TRUNCATED);
    assert_int_equal(a->retry_after_ns, 7);
    assert_int_equal(t.w.run.attempts[1].reason, PROA_REASON_NEXT_TARGET);
    assert_int_equal(t.w.run.attempts[1].purpose, PROA_PURPOSE_RETRY);
    /* The record of the second attempt starts clean. */
    assert_int_equal(t.w.run.attempts[1].status, 0);
    assert_int_equal(t.w.run.attempts[1].connected_ns, 0);
    tell(&t, PROA_EV_CONNECTED, 1);
    tell(&t, PROA_EV_ENDED, 1);
    expect(&t, "commit1 disarm finish");
    assert_int_equal(t.w.outcome, PROA_OUTCOME_DEGRADED);
    teardown(&t);
}

static void a_failure_after_the_commit_is_final(void **state)
{
    (void)state;
    for (int class = PROA_CLASS_DNS; class < PROA_CLASS_COUNT; class ++) {
        struct engine_test t;
        setup(&t, 3);
        t.options.stream = true;
        admit_and_commit(&t);
        fails(&t, 0, (enum proa_class) class, 0);
        expect(&t, "error disarm finish");
        assert_int_equal(t.w.terminal.fail, PROA_FAIL_INTERRUPTED);
        assert_int_equal(t.w.reply_reason, PROA_REASON_COMMITTED);
        assert_int_equal(t.w.terminal.attempt, 0);
        assert_int_equal(t.w.terminal.class, class);
        assert_false(t.w.terminal.should_retry);
        teardown(&t);
    }
}

static void before_it_is_admitted(void **state)
{
    (void)state;
    static const struct {
        enum proa_ev kind;
        const char *commands;
        enum proa_outcome outcome;
    } cases[] = {
        {PROA_EV_CLIENT_GONE, "disarm finish", PROA_OUTCOME_CANCELLED},
        {PROA_EV_DRAIN, "error disarm finish", PROA_OUTCOME_ERROR},
    };
    PROA_TEST_ROWS(row, cases)
    {
        for (uint32_t policy = 0; policy < 2; policy++) {
            struct engine_test t;
            setup(&t, 1);
            t.fx.policy.on_disconnect = policy;
            begin(&t);
            tell(&t, row->kind, 0);
            expect(&t, row->commands);
            assert_int_equal(t.w.outcome, row->outcome);
            tell(&t, PROA_EV_ADMITTED, 0);
            expect(&t, "");
            teardown(&t);
        }
    }
}

static void events_of_others_are_ignored(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 3);
    admit(&t);
    fails(&t, 0, PROA_CLASS_CONNECT, 0);
    /* Of one that is over, of one that never was. The witness checks that nothing comes out. */
    static const uint8_t others[] = {0, 2, PROA_RUN_ATTEMPTS_MAX - 1};
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        for (int kind = PROA_EV_CONNECTED; kind <= PROA_EV_FAILED; kind++) {
            tell(&t, (enum proa_ev)kind, others[i]);
            expect(&t, "");
        }
    }
    assert_int_equal(t.w.run.attempts[0].class, PROA_CLASS_CONNECT);
    assert_int_equal(t.w.run.attempts[1].stage, PROA_STAGE_CONNECTING);
    teardown(&t);
}

static void an_attempt_out_of_range_is_a_bug_of_the_caller(void *ctx)
{
    struct engine_test *t = ctx;
    tell(t, PROA_EV_HEAD, 255);
}

static void attempt_numbers_are_checked(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 1);
    admit(&t);
    assert_true(proa_test_aborts(an_attempt_out_of_range_is_a_bug_of_the_caller, &t));
    teardown(&t);
}

static void nothing_comes_after_finish(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 3);
    admit_and_commit(&t);
    tell(&t, PROA_EV_ENDED, 0);
    for (int kind = PROA_EV_ADMITTED; kind <= PROA_EV_DRAIN; kind++) {
        tell_at(&t, t.w.now_ns + 1000 * PROA_NS_PER_S, (enum proa_ev)kind, 0);
        expect(&t, "");
    }
    teardown(&t);
}

static void a_wake_without_a_wait_is_nothing(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    admit(&t);
    tell(&t, PROA_EV_WOKEN, 0);
    expect(&t, "");
    teardown(&t);
}

static void the_client_leaves(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    admit(&t);
    tell(&t, PROA_EV_CLIENT_GONE, 0);
    expect(&t, "cancel0 disarm finish");
    assert_int_equal(t.w.last.items[0].reason, PROA_REASON_CLIENT_GONE);
    assert_int_equal(t.w.outcome, PROA_OUTCOME_CANCELLED);
    assert_int_equal(t.w.run.attempts[0].class, PROA_CLASS_CANCELLED);
    teardown(&t);
}

static void the_client_leaves_and_the_answer_goes_on(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    t.fx.policy.on_disconnect = PROA_ON_DISCONNECT_DRAIN;
    t.options.stream = true;
    admit(&t);
    tell(&t, PROA_EV_CLIENT_GONE, 0);
    expect(&t, "");
    tell(&t, PROA_EV_CLIENT_GONE, 0); /* told twice */
    expect(&t, "");
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_HEAD, 0);
    tell(&t, PROA_EV_FIRST_CONTENT, 0);
    tell(&t, PROA_EV_ENDED, 0);
    expect(&t, "disarm finish");
    assert_int_equal(t.w.outcome, PROA_OUTCOME_CANCELLED);
    assert_int_equal(t.w.run.attempts[0].class, PROA_CLASS_OK);
    teardown(&t);
}

static void the_client_leaves_and_the_attempt_fails(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    t.fx.policy.on_disconnect = PROA_ON_DISCONNECT_DRAIN;
    admit(&t);
    tell(&t, PROA_EV_CLIENT_GONE, 0);
    fails(&t, 0, PROA_CLASS_CLIENT, 400);
    expect(&t, "disarm finish");
    assert_int_equal(t.w.outcome, PROA_OUTCOME_CANCELLED);
    teardown(&t);
}

static void the_grace_period_ends(void **state)
{
    (void)state;
    for (int committed = 0; committed < 2; committed++) {
        struct engine_test t;
        setup(&t, 2);
        t.options.stream = true;
        if (committed) {
            admit_and_commit(&t);
        } else {
            admit(&t);
        }
        tell(&t, PROA_EV_DRAIN, 0);
        expect(&t, "cancel0 error disarm finish");
        assert_int_equal(t.w.terminal.fail, committed ? PROA_FAIL_INTERRUPTED : PROA_FAIL_DRAINING);
        assert_int_equal(t.w.outcome, PROA_OUTCOME_ERROR);
        teardown(&t);
    }
}

static void runs_of_one_engine_do_not_mix(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 4);
    admit(&t);
    struct sim_witness other;
    sim_begin(&other, &t.world, &t.options, t.start_ns);
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    const struct proa_event failed = {.kind = PROA_EV_FAILED, .class = PROA_CLASS_RESET};
    sim_feed(&other, t.start_ns, &admitted);
    sim_feed(&other, t.start_ns, &failed);
    sim_feed(&other, t.start_ns, &failed);
    assert_int_equal(t.w.run.n_attempts, 1);
    assert_int_equal(t.w.run.attempts[0].stage, PROA_STAGE_CONNECTING);
    assert_int_equal(other.run.n_attempts, 2);
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_ENDED, 0);
    assert_int_equal(t.w.outcome, PROA_OUTCOME_OK);
    sim_run_out(&other);
    teardown(&t);
}

static void every_reason_and_outcome_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < PROA_REASON_COUNT; i++) {
        const char *text = proa_reason_text((enum proa_reason)i);
        assert_true(strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text) && text[0]);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(text, proa_reason_text((enum proa_reason)j));
        }
    }
    assert_string_equal(proa_reason_text(PROA_REASON_STRATEGY), "strategy");
    assert_string_equal(proa_reason_text(PROA_REASON_DRAINING), "draining");
    assert_string_equal(proa_reason_text(PROA_REASON_COUNT), "unknown");
    assert_string_equal(proa_outcome_text(PROA_OUTCOME_OK), "ok");
    assert_string_equal(proa_outcome_text(PROA_OUTCOME_DEGRADED), "degraded");
    assert_string_equal(proa_outcome_text(PROA_OUTCOME_CLIENT_ERROR), "client_error");
    assert_string_equal(proa_outcome_text(PROA_OUTCOME_ERROR), "error");
    assert_string_equal(proa_outcome_text(PROA_OUTCOME_CANCELLED), "cancelled");
    assert_string_equal(proa_outcome_text((enum proa_outcome)(PROA_OUTCOME_CANCELLED + 1)),
                        "unknown");
}

static void nothing_to_destroy(void **state)
{
    (void)state;
    proa_engine_destroy(NULL);
    proa_engine_destroy(proa_engine_create(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_from_start_to_end),
        cmocka_unit_test(what_asks_for_nothing_is_noted),
        cmocka_unit_test(a_streams_connection_takes_its_turn),
        cmocka_unit_test(a_plain_answer_is_committed_by_its_end),
        cmocka_unit_test(a_large_plain_answer_is_committed_before_its_end),
        cmocka_unit_test(a_failure_before_the_commit_starts_the_next),
        cmocka_unit_test(a_failure_after_the_commit_is_final),
        cmocka_unit_test(before_it_is_admitted),
        cmocka_unit_test(events_of_others_are_ignored),
        cmocka_unit_test(attempt_numbers_are_checked),
        cmocka_unit_test(nothing_comes_after_finish),
        cmocka_unit_test(a_wake_without_a_wait_is_nothing),
        cmocka_unit_test(the_client_leaves),
        cmocka_unit_test(the_client_leaves_and_the_answer_goes_on),
        cmocka_unit_test(the_client_leaves_and_the_attempt_fails),
        cmocka_unit_test(the_grace_period_ends),
        cmocka_unit_test(runs_of_one_engine_do_not_mix),
        cmocka_unit_test(every_reason_and_outcome_has_a_text_of_its_own),
        cmocka_unit_test(nothing_to_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
