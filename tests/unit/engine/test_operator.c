/* What an operator may do: to whom, for how long, and what it leaves alone. */
#include "proa/engine/operator.h"

#include "state_test.h"

static void what_is_ejected_is_not_picked(void **state)
{
    (void)state;
    static const struct {
        enum proa_status_kind kind;
        const char *identity;
    } cases[] = {{PROA_STATUS_TARGET, "p0/k0/m0"},
                 {PROA_STATUS_POOL, "p0/m0"},
                 {PROA_STATUS_ENDPOINT, "e0"}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 2);
        fixture_bind(&t.fx, t.now);
        const struct proa_slice identity = proa_slice_cstr(row->identity);
        assert_true(proa_operator_eject(t.fx.roster, row->kind, identity, 600 * S, t.now));
        t.now += 599 * S;
        for (int i = 0; i < 4; i++) {
            assert_int_equal(where(&t, called(&t)), 1);
        }
        assert_true(proa_operator_restore(t.fx.roster, row->kind, identity, t.now));
        bool back = false;
        for (int i = 0; i < 40; i++) {
            back = back || where(&t, called(&t)) == 0;
        }
        PROA_TEST_CHECK(back, "%s", row->identity);
        state_teardown(&t);
    }
}

static void a_restored_pool_brings_its_targets_along(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1});
    open_target(&t, 0);
    open_target(&t, 1);
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_OPEN);
    assert_true(proa_operator_restore(t.fx.roster, PROA_STATUS_POOL, PROA_SLICE("p0/m0"), t.now));
    assert_breaker(&t, 0, TRIP_POOL, PROA_BREAKER_RAMP);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_RAMP);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_RAMP);
    state_teardown(&t);
}

static void an_ejected_pool_is_left_by_the_silent(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_run *run = called_at(&t, 0);
    t.now += 8 * S;
    assert_true(
        proa_operator_eject(t.fx.roster, PROA_STATUS_POOL, PROA_SLICE("p0/m0"), 60 * S, t.now));
    assert_true(run->attempts[0].evacuate);
    assert_ptr_equal(proa_engine_next_woken(t.fx.engine), run);
    state_teardown(&t);
}

static void credentials_and_masks_are_restored(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        enum proa_status_kind kind;
        const char *identity;
    } cases[] = {{PROA_CLASS_AUTH, PROA_STATUS_KEY, "p0/k0"},
                 {PROA_CLASS_QUOTA, PROA_STATUS_GROUP, "p0/k0"},
                 {PROA_CLASS_PERMISSION, PROA_STATUS_TARGET, "p0/k0/m0"},
                 {PROA_CLASS_NOT_FOUND, PROA_STATUS_POOL, "p0/m0"}};
    for (int reset = 0; reset < 2; reset++) {
        PROA_TEST_ROWS(row, cases)
        {
            struct state_test t;
            state_apart(&t, 1);
            t.fx.policy.panic.enabled = false;
            fails(&t, called_at(&t, 0), row->class);
            assert_null(pick_for(&t, call(&t), PICK_FIRST).candidate);
            const struct proa_slice identity = proa_slice_cstr(row->identity);
            assert_true(reset ? proa_operator_reset(t.fx.roster, row->kind, identity, t.now)
                              : proa_operator_restore(t.fx.roster, row->kind, identity, t.now));
            PROA_TEST_CHECK(pick_for(&t, call(&t), PICK_FIRST).candidate != NULL, "%s",
                            row->identity);
            state_teardown(&t);
        }
    }
}

static void reset_forgets_everything_but_what_is_under_way(void **state)
{
    (void)state;
    static const struct {
        enum proa_status_kind kind;
        const char *identity;
    } all[] = {{PROA_STATUS_ENDPOINT, "e0"},     {PROA_STATUS_POOL, "p0/m0"},
               {PROA_STATUS_TARGET, "p0/k0/m0"}, {PROA_STATUS_KEY, "p0/k0"},
               {PROA_STATUS_GROUP, "p0/k0"},     {PROA_STATUS_LIMIT, "p0/k0/m0"},
               {PROA_STATUS_ROUTE, "route"}};
    struct state_test t;
    state_apart(&t, 1);
    for (int i = 0; i < 12; i++) {
        struct proa_run *run = called_at(&t, 0);
        t.now += 1 * S;
        succeeds(&t, run);
    }
    struct proa_run *under_way = called_at(&t, 0);
    fails(&t, called_at(&t, 0), PROA_CLASS_OVERLOADED);
    open_target(&t, 0);
    fail_n(&t, 0, PROA_CLASS_CONNECT, 3);
    fails_with(
        &t, called_at(&t, 0),
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 60 * S});
    struct proa_run *run = call(&t);
    (void)proa_budget_take(proa_engine_retry_budget(run), &t.fx.policy.retry.budget, t.now);
    PROA_TEST_ROWS(row, all)
    {
        PROA_TEST_CHECK(
            proa_operator_reset(t.fx.roster, row->kind, proa_slice_cstr(row->identity), t.now),
            "%s", row->identity);
    }
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        assert_breaker(&t, 0, level, PROA_BREAKER_CLOSED);
    }
    struct proa_status_target target;
    proa_status_target(t.fx.roster, 0, t.now, &target);
    assert_int_equal(target.inflight, 1);
    assert_int_equal(target.cap, 64);
    assert_int_equal(target.failure_ppm, 0);
    assert_int_equal(target.latency_ppm, PPM);
    struct proa_status_pool pool;
    proa_status_pool(t.fx.roster, 0, t.now, &pool);
    assert_int_equal(pool.latency[PROA_LATENCY_1K].samples, 0);
    struct proa_status_limit limit;
    proa_status_limit(t.fx.roster, 0, t.now, &limit);
    assert_int_equal(limit.blocked_ns, 0);
    struct proa_status_route route;
    proa_status_route(t.fx.roster, 0, t.now, &route);
    assert_int_equal(route.retries_milli, 10000);
    succeeds(&t, under_way); /* and it still has where to report */
    proa_status_target(t.fx.roster, 0, t.now, &target);
    assert_int_equal(target.inflight, 0);
    state_teardown(&t);
}

static void the_unknown_and_the_unfit_are_refused(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    fixture_bind(&t.fx, t.now);
    static const struct {
        enum proa_status_kind kind;
        const char *identity;
        bool eject;
        bool restore;
        bool reset;
    } cases[] = {
        {PROA_STATUS_TARGET, "p0/k0/m0", true, true, true},
        {PROA_STATUS_TARGET, "p0/k0/m9", false, false, false},
        {PROA_STATUS_TARGET, "", false, false, false},
        {PROA_STATUS_KEY, "p0/k0", false, true, true},
        {PROA_STATUS_GROUP, "p0/k0", false, true, true},
        {PROA_STATUS_LIMIT, "p0/k0/m0", false, false, true},
        {PROA_STATUS_ROUTE, "route", false, false, true},
        {PROA_STATUS_ROUTE, "p0/m0", false, false, false},
    };
    PROA_TEST_ROWS(row, cases)
    {
        const struct proa_slice identity = proa_slice_cstr(row->identity);
        struct proa_roster *roster = t.fx.roster;
        assert_int_equal(proa_operator_eject(roster, row->kind, identity, S, t.now), row->eject);
        assert_int_equal(proa_operator_restore(roster, row->kind, identity, t.now), row->restore);
        assert_int_equal(proa_operator_reset(roster, row->kind, identity, t.now), row->reset);
    }
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ejected_is_not_picked),
        cmocka_unit_test(a_restored_pool_brings_its_targets_along),
        cmocka_unit_test(an_ejected_pool_is_left_by_the_silent),
        cmocka_unit_test(credentials_and_masks_are_restored),
        cmocka_unit_test(reset_forgets_everything_but_what_is_under_way),
        cmocka_unit_test(the_unknown_and_the_unfit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
