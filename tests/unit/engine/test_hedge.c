/*
 * Attempts beside a silent one: when, for whom, and what they cost. Their course stands in
 * tests/sim/scenarios/hedges.txt and evacuation.txt.
 */
#include "engine_test.h"

#define S  PROA_NS_PER_S
#define MS PROA_NS_PER_MS

/* Two targets whose first content takes 200 ms, as 40 exchanges on each have shown. */
static void setup_known(struct engine_test *t, uint8_t n)
{
    setup(t, n);
    t->options.stream = true;
    t->fx.policy.hedge.enabled = true;
    for (int i = 0; i < 40 * n; i++) {
        admit(t);
        tell(t, PROA_EV_CONNECTED, 0);
        tell(t, PROA_EV_HEAD, 0);
        tell_at(t, t->start_ns + 200 * MS, PROA_EV_FIRST_CONTENT, 0);
        tell(t, PROA_EV_ENDED, 0);
        t->start_ns += 1 * S;
    }
}

static unsigned hedges_of(const struct engine_test *t)
{
    unsigned n = 0;
    for (uint8_t i = 0; i < t->w.n_attempts; i++) {
        n += t->w.run.attempts[i].purpose == PROA_PURPOSE_HEDGE;
    }
    return n;
}

static void only_what_somebody_waits_for_is_hedged(void **state)
{
    (void)state;
    static const struct {
        enum proa_priority priority;
        unsigned hedges;
    } cases[] = {{PROA_PRIORITY_DEFAULT, 1},
                 {PROA_PRIORITY_CRITICAL, 1},
                 {PROA_PRIORITY_BATCH, 0},
                 {PROA_PRIORITY_SHEDDABLE, 0}};
    PROA_TEST_ROWS(row, cases)
    {
        struct engine_test t;
        setup_known(&t, 2);
        t.fx.policy.priority = row->priority;
        admit(&t);
        tell(&t, PROA_EV_CONNECTED, 0);
        run_to(&t, t.start_ns + 1 * S - 1);
        assert_int_equal(hedges_of(&t), 0);
        run_to(&t, t.start_ns + 5 * S);
        assert_int_equal(hedges_of(&t), row->hedges);
        tell(&t, PROA_EV_CLIENT_GONE, 0);
        teardown(&t);
    }
}

static void one_hedge_and_no_more(void **state)
{
    (void)state;
    struct engine_test t;
    setup_known(&t, 4);
    t.fx.policy.retry.max_attempts = 10;
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    run_to(&t, t.start_ns + 1 * S);
    tell(&t, PROA_EV_CONNECTED, 1);
    run_to(&t, t.start_ns + 9 * S);
    assert_int_equal(t.w.n_attempts, 2);
    tell(&t, PROA_EV_CLIENT_GONE, 0);
    expect(&t, "cancel0 cancel1 disarm finish");
    teardown(&t);
}

static void what_has_content_needs_no_hedge(void **state)
{
    (void)state;
    struct engine_test t;
    setup_known(&t, 2);
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    tell(&t, PROA_EV_HEAD, 0);
    tell_at(&t, t.start_ns + 900 * MS, PROA_EV_FIRST_CONTENT, 0);
    run_to(&t, t.start_ns + 10 * S);
    assert_int_equal(t.w.n_attempts, 1);
    tell(&t, PROA_EV_ENDED, 0);
    teardown(&t);
}

static void hedges_have_a_budget_of_their_own(void **state)
{
    (void)state;
    struct engine_test t;
    setup_known(&t, 2);
    t.fx.policy.hedge.budget = (struct proa_budget_cfg){.ratio_ppm = 0, .cap = 2, .start = 2};
    unsigned hedges = 0;
    for (int i = 0; i < 5; i++) {
        admit(&t);
        tell(&t, PROA_EV_CONNECTED, 0);
        run_to(&t, t.start_ns + 1 * S);
        hedges += hedges_of(&t);
        tell(&t, PROA_EV_HEAD, 0);
        tell(&t, PROA_EV_FIRST_CONTENT, 0);
        tell(&t, PROA_EV_ENDED, 0);
        t.start_ns += 2 * S;
    }
    assert_int_equal(hedges, 2);
    teardown(&t);
}

static void after_both_have_failed_comes_a_retry(void **state)
{
    (void)state;
    struct engine_test t;
    setup_known(&t, 3);
    admit(&t);
    tell(&t, PROA_EV_CONNECTED, 0);
    run_to(&t, t.start_ns + 1 * S);
    assert_int_equal(t.w.n_attempts, 2);
    fails(&t, 0, PROA_CLASS_SERVER, 500);
    expect(&t, "");
    fails(&t, 1, PROA_CLASS_SERVER, 500);
    expect(&t, "start2");
    assert_int_equal(t.w.run.attempts[2].purpose, PROA_PURPOSE_RETRY);
    tell(&t, PROA_EV_CLIENT_GONE, 0);
    teardown(&t);
}

/* A probe is hedged though the policy wants no hedges: users do not pay for finding out. */
static void a_probe_is_always_hedged(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 2);
    t.options.stream = true;
    t.fx.policy.breaker.score = 2;
    t.fx.policy.breaker.pool_score = 2;
    t.fx.policy.balance.strategy = PROA_STRATEGY_PRIORITY;
    t.fx.policy.hedge.budget.start = 0;
    while (true) { /* until the first target is out */
        admit(&t);
        const bool first = candidate_of(&t, 0) == 0;
        if (!first) {
            tell(&t, PROA_EV_CONNECTED, 0);
            tell(&t, PROA_EV_ENDED, 0);
            break;
        }
        fails(&t, 0, PROA_CLASS_SERVER, 500);
        tell(&t, PROA_EV_CONNECTED, 1);
        tell(&t, PROA_EV_ENDED, 1);
        t.start_ns += 100 * MS;
    }
    t.start_ns += 31 * S;
    admit(&t);
    assert_int_equal(candidate_of(&t, 0), 0);
    assert_int_equal(t.w.run.attempts[0].purpose, PROA_PURPOSE_PROBE);
    assert_int_equal(t.w.run.attempts[0].reason, PROA_REASON_PROBE);
    tell(&t, PROA_EV_CONNECTED, 0);
    run_to(&t, t.start_ns + 1500 * MS - 1);
    assert_int_equal(t.w.n_attempts, 1);
    run_to(&t, t.start_ns + 1500 * MS);
    assert_int_equal(hedges_of(&t), 1);
    assert_int_equal(candidate_of(&t, 1), 1);
    tell(&t, PROA_EV_CONNECTED, 1);
    tell(&t, PROA_EV_ENDED, 1);
    expect(&t, "cancel0 commit1 disarm finish");
    teardown(&t);
}

/* ---- off an opened pool ---------------------------------------------------------------------- */

/* Attempt 0 of t waits on target 0, which another exchange's failures then take out. */
static void open_under_it(struct engine_test *t)
{
    t->options.stream = true;
    t->fx.policy.stall.enabled = true;
    t->fx.policy.stall.stall_cold_ns = 4 * S;
    t->fx.policy.breaker.score = 2;
    t->fx.policy.breaker.pool_score = 2;
    t->fx.policy.balance.strategy = PROA_STRATEGY_PRIORITY;
    admit(t);
    assert_int_equal(candidate_of(t, 0), 0);
    tell(t, PROA_EV_CONNECTED, 0);
    for (int i = 0; i < 2; i++) {
        struct sim_witness other;
        const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
        const struct proa_event failed = {
            .kind = PROA_EV_FAILED, .class = PROA_CLASS_SERVER, .status = 500};
        const struct proa_run_options alone = {.stream = true, .no_fallback = true};
        sim_begin(&other, &t->world, &alone, t->start_ns + 3 * S);
        sim_feed(&other, t->start_ns + 3 * S, &admitted);
        assert_int_equal(other.attempts[0].candidate, 0);
        t->w.last.n = 0;
        sim_feed(&other, t->start_ns + 3 * S, &failed);
    }
}

static void a_silent_attempt_leaves_an_opened_pool(void **state)
{
    (void)state;
    struct engine_test t;
    setup(&t, 3);
    t.fx.policy.retry.budget = (struct proa_budget_cfg){.cap = 10}; /* it costs nothing */
    open_under_it(&t);
    assert_int_equal(t.w.n_attempts, 2);
    assert_int_equal(t.w.run.attempts[1].purpose, PROA_PURPOSE_EVACUATION);
    assert_int_equal(t.w.run.attempts[1].reason, PROA_REASON_EVACUATED);
    /* The first one keeps running, and may still win. */
    tell(&t, PROA_EV_HEAD, 0);
    tell(&t, PROA_EV_FIRST_CONTENT, 0);
    expect(&t, "cancel1 commit0");
    tell(&t, PROA_EV_ENDED, 0);
    teardown(&t);
}

static void who_may_not_be_joined_stays(void **state)
{
    (void)state;
    for (int what = 0; what < 4; what++) {
        struct engine_test t;
        setup(&t, 3);
        t.options.no_fallback = what == 0;
        t.options.effects = what == 1;
        t.fx.policy.retry.max_attempts = what == 2 ? 1 : 3;
        t.fx.policy.stall.evacuate = what != 3;
        open_under_it(&t);
        assert_int_equal(t.w.n_attempts, 1);
        sim_run_out(&t.w);
        teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_somebody_waits_for_is_hedged),
        cmocka_unit_test(one_hedge_and_no_more),
        cmocka_unit_test(what_has_content_needs_no_hedge),
        cmocka_unit_test(hedges_have_a_budget_of_their_own),
        cmocka_unit_test(after_both_have_failed_comes_a_retry),
        cmocka_unit_test(a_probe_is_always_hedged),
        cmocka_unit_test(a_silent_attempt_leaves_an_opened_pool),
        cmocka_unit_test(who_may_not_be_joined_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
