/*
 * What a breaker's change leads to: who opens a pool or an endpoint, who recovers with them, who is
 * moved away, and what is told.
 */
#include "state_test.h"

static void one_bad_key_opens_no_pool(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    fail_n(&t, 0, PROA_CLASS_SERVER, 20);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_CLOSED);
    state_teardown(&t);
}

/* Nor by the rate, which two thirds of failures would be. */
static void one_bad_key_among_good_ones_opens_no_pool(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    for (int i = 0; i < 30; i++) {
        fail_n(&t, 0, PROA_CLASS_SERVER, 2);
        succeed_n(&t, 1, 1);
    }
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_CLOSED);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_CLOSED);
    state_teardown(&t);
}

static void an_outage_opens_the_pool_at_once(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    fail_n(&t, 0, PROA_CLASS_SERVER, 2);
    fail_n(&t, 1, PROA_CLASS_SERVER, 2);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_CLOSED);
    fail_n(&t, 2, PROA_CLASS_SERVER, 1);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    for (size_t i = 0; i < 3; i++) {
        assert_breaker(&t, i, TRIP_TARGET, PROA_BREAKER_CLOSED); /* and yet none is picked */
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(where(&t, called(&t)), 3);
    }
    state_teardown(&t);
}

static void any_success_clears_the_pool(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    fail_n(&t, 0, PROA_CLASS_SERVER, 4);
    succeed_n(&t, 1, 1);
    fail_n(&t, 1, PROA_CLASS_SERVER, 4);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_CLOSED);
    /* And who was to blame before it: these five are of one target again. */
    fail_n(&t, 1, PROA_CLASS_SERVER, 1);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_CLOSED);
    state_teardown(&t);
}

static void a_recovered_pool_brings_its_targets_back_together(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    for (size_t i = 0; i < 3; i++) {
        open_target(&t, i);
    }
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    t.now += 30 * S;
    for (int i = 0; i < 2; i++) {
        struct proa_run *probe = called(&t);
        assert_int_equal(probe->attempts[0].reason, PROA_REASON_PROBE);
        assert_int_equal(where(&t, probe), 0);
        succeeds(&t, probe);
    }
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_RAMP);
    for (size_t i = 0; i < 3; i++) {
        assert_breaker(&t, i, TRIP_TARGET, PROA_BREAKER_RAMP);
    }
    state_teardown(&t);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

/* Two models of one provider. */
static void one_host(struct state_test *t)
{
    state_setup(t);
    (void)fixture_add(&t->fx, (struct fixture_target){.model = 0});
    (void)fixture_add(&t->fx, (struct fixture_target){.model = 1});
    (void)fixture_add(&t->fx, (struct fixture_target){.endpoint = 1, .provider = 1});
}

static void transport_failures_open_the_endpoint_for_all_models(void **state)
{
    (void)state;
    struct state_test t;
    one_host(&t);
    fail_n(&t, 0, PROA_CLASS_CONNECT, 3);
    assert_breaker(&t, 1, TRIP_ENDPOINT, PROA_BREAKER_OPEN);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_CLOSED);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(where(&t, called(&t)), 2);
    }
    state_teardown(&t);
}

static void any_answer_proves_the_way_there(void **state)
{
    (void)state;
    struct state_test t;
    one_host(&t);
    for (int i = 0; i < 10; i++) {
        fail_n(&t, 0, PROA_CLASS_CONNECT, 2);
        fail_n(&t, 1, PROA_CLASS_SERVER, 1);
    }
    assert_breaker(&t, 0, TRIP_ENDPOINT, PROA_BREAKER_CLOSED);
    state_teardown(&t);
}

static void a_bad_answer_does_not_bring_an_endpoint_back(void **state)
{
    (void)state;
    struct state_test t;
    one_host(&t);
    fail_n(&t, 0, PROA_CLASS_CONNECT, 3);
    pass_open(&t, 0);
    for (int i = 0; i < 4; i++) {
        struct proa_run *probe = called(&t);
        if (where(&t, probe) == 2) {
            break; /* the target that was probed is out by now */
        }
        fails(&t, probe, PROA_CLASS_SERVER);
    }
    assert_breaker(&t, 0, TRIP_ENDPOINT, PROA_BREAKER_HALF_OPEN);
    assert_false(breaker_at(&t, 0, TRIP_ENDPOINT)->probing);
    state_teardown(&t);
}

static void a_recovered_endpoint_brings_its_targets_back(void **state)
{
    (void)state;
    struct state_test t;
    one_host(&t);
    fail_n(&t, 0, PROA_CLASS_CONNECT, 3);
    fail_n(&t, 1, PROA_CLASS_CONNECT, 3);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_OPEN);
    t.now += 30 * S;
    succeeds(&t, called(&t));
    succeeds(&t, called(&t));
    assert_breaker(&t, 0, TRIP_ENDPOINT, PROA_BREAKER_RAMP);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_RAMP);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_RAMP);
    state_teardown(&t);
}

static void one_that_is_below_a_pool_that_is_out_waits_for_it(void **state)
{
    (void)state;
    struct state_test t;
    one_host(&t);
    open_target(&t, 1); /* target and pool */
    fail_n(&t, 0, PROA_CLASS_CONNECT, 3);
    t.now += 30 * S;
    succeeds(&t, called_at(&t, 0)); /* brings the probe forward, no more */
    for (int i = 0; i < 2; i++) {
        struct proa_run *probe = called(&t);
        assert_int_equal(where(&t, probe), 0);
        succeeds(&t, probe);
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_RAMP);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_HALF_OPEN);
    state_teardown(&t);
}

/* ---- evacuation ------------------------------------------------------------------------------ */

/* Calls that hang at the first of two pools of two keys each, `ages` old. */
static void hang(struct state_test *t, const uint64_t *ages, size_t n, struct proa_run **runs)
{
    const uint64_t now = t->now;
    for (size_t i = 0; i < n; i++) {
        t->now = now - ages[i];
        runs[i] = called_at(t, 0);
    }
    t->now = now;
}

static void opening_marks_the_overdue(void **state)
{
    (void)state;
    static const uint64_t ages[] = {9 * S, 6 * S, 5 * S, 1 * S};
    struct state_test t;
    state_apart(&t, 2);
    struct proa_run *runs[PROA_ARRAY_LEN(ages)];
    hang(&t, ages, PROA_ARRAY_LEN(ages), runs);
    open_target(&t, 0);
    assert_true(runs[0]->attempts[0].evacuate);
    assert_true(runs[1]->attempts[0].evacuate);
    assert_false(runs[2]->attempts[0].evacuate); /* half of the cold ten seconds */
    assert_false(runs[3]->attempts[0].evacuate);
    assert_ptr_equal(proa_engine_next_woken(t.fx.engine), runs[0]);
    assert_ptr_equal(proa_engine_next_woken(t.fx.engine), runs[1]);
    assert_null(proa_engine_next_woken(t.fx.engine));
    state_teardown(&t);
}

static void stalls_alone_empty_a_hung_pool(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_run *runs[8];
    for (size_t i = 0; i < 8; i++) {
        runs[i] = called_at(&t, 0);
        t.now += 500 * MS;
    }
    t.now += 6 * S; /* the first is ten seconds old */
    for (size_t i = 0; i < 5; i++, t.now += 500 * MS) {
        proa_engine_report_stall(runs[i], 0, t.now);
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    for (size_t i = 0; i < 8; i++) {
        assert_true(runs[i]->attempts[0].evacuate);
    }
    state_teardown(&t);
}

static void a_pool_empties_all_its_keys(void **state)
{
    (void)state;
    struct state_test t;
    siblings(&t);
    struct proa_run *silent[3];
    for (size_t i = 0; i < 3; i++) {
        silent[i] = called_at(&t, i);
    }
    struct proa_run *elsewhere = called_at(&t, 3);
    t.now += 8 * S;
    fail_n(&t, 0, PROA_CLASS_SERVER, 3);
    fail_n(&t, 1, PROA_CLASS_SERVER, 2);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    for (size_t i = 0; i < 3; i++) {
        assert_true(silent[i]->attempts[0].evacuate);
    }
    assert_false(elsewhere->attempts[0].evacuate);
    state_teardown(&t);
}

static void nobody_is_moved_without_reason(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool off;
        bool no_refuge;
        bool plain;
        bool answered;
    } cases[] = {{.what = "off", .off = true},
                 {.what = "nowhere to go", .no_refuge = true},
                 {.what = "plain, nothing known", .plain = true},
                 {.what = "answered", .answered = true}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 2);
        t.fx.policy.stall.evacuate = !row->off;
        t.options.stream = !row->plain;
        struct proa_run *run = called_at(&t, 0);
        if (row->answered) {
            content(&t, run);
        }
        if (row->no_refuge) {
            open_target(&t, 1);
        }
        t.now += 9 * S;
        open_target(&t, 0);
        PROA_TEST_CHECK(!run->attempts[0].evacuate, "%s", row->what);
        assert_null(proa_engine_next_woken(t.fx.engine));
        state_teardown(&t);
    }
}

/* ---- transitions ----------------------------------------------------------------------------- */

/* T-A (9), and (8): what is told is what is picked by. */
static void t_a_9_each_transition_is_told_once(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    open_target(&t, 0);
    fail_n(&t, 0, PROA_CLASS_SERVER, 10); /* more of the same says nothing new */
    pass_open(&t, 0);
    succeeds(&t, called(&t));
    succeeds(&t, called(&t));
    static const struct {
        enum proa_status_kind kind;
        enum proa_breaker_state from;
        enum proa_breaker_state to;
        enum proa_breaker_cause cause;
    } told[] = {
        {PROA_STATUS_POOL, PROA_BREAKER_CLOSED, PROA_BREAKER_OPEN, PROA_BREAKER_CAUSE_SCORE},
        {PROA_STATUS_TARGET, PROA_BREAKER_CLOSED, PROA_BREAKER_OPEN, PROA_BREAKER_CAUSE_SCORE},
        {PROA_STATUS_TARGET, PROA_BREAKER_OPEN, PROA_BREAKER_HALF_OPEN,
         PROA_BREAKER_CAUSE_PROBE_DUE},
        {PROA_STATUS_POOL, PROA_BREAKER_OPEN, PROA_BREAKER_HALF_OPEN, PROA_BREAKER_CAUSE_PROBE_DUE},
        {PROA_STATUS_POOL, PROA_BREAKER_HALF_OPEN, PROA_BREAKER_RAMP, PROA_BREAKER_CAUSE_PROBE_OK},
        {PROA_STATUS_TARGET, PROA_BREAKER_HALF_OPEN, PROA_BREAKER_RAMP, PROA_BREAKER_CAUSE_PARENT},
    };
    struct proa_status_news news;
    PROA_TEST_ROWS(row, told)
    {
        assert_true(proa_status_next_news(t.fx.engine, &news));
        PROA_TEST_CHECK(news.kind == row->kind && news.transition.from == row->from &&
                            news.transition.to == row->to && news.transition.cause == row->cause,
                        "%s %s -> %s: %s", proa_status_kind_text(news.kind),
                        proa_breaker_state_text((enum proa_breaker_state)news.transition.from),
                        proa_breaker_state_text((enum proa_breaker_state)news.transition.to),
                        proa_breaker_cause_text((enum proa_breaker_cause)news.transition.cause));
    }
    assert_false(proa_status_next_news(t.fx.engine, &news));
    const struct proa_status_opens *opens = proa_status_opens(t.fx.engine);
    assert_int_equal(opens->by[PROA_STATUS_TARGET][PROA_BREAKER_CAUSE_SCORE], 1);
    assert_int_equal(opens->by[PROA_STATUS_POOL][PROA_BREAKER_CAUSE_SCORE], 1);
    assert_int_equal(opens->by[PROA_STATUS_ENDPOINT][PROA_BREAKER_CAUSE_SCORE], 0);
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bad_key_opens_no_pool),
        cmocka_unit_test(one_bad_key_among_good_ones_opens_no_pool),
        cmocka_unit_test(an_outage_opens_the_pool_at_once),
        cmocka_unit_test(any_success_clears_the_pool),
        cmocka_unit_test(a_recovered_pool_brings_its_targets_back_together),
        cmocka_unit_test(transport_failures_open_the_endpoint_for_all_models),
        cmocka_unit_test(any_answer_proves_the_way_there),
        cmocka_unit_test(a_bad_answer_does_not_bring_an_endpoint_back),
        cmocka_unit_test(a_recovered_endpoint_brings_its_targets_back),
        cmocka_unit_test(one_that_is_below_a_pool_that_is_out_waits_for_it),
        cmocka_unit_test(opening_marks_the_overdue),
        cmocka_unit_test(stalls_alone_empty_a_hung_pool),
        cmocka_unit_test(a_pool_empties_all_its_keys),
        cmocka_unit_test(nobody_is_moved_without_reason),
        cmocka_unit_test(t_a_9_each_transition_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
