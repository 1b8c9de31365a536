/* An explanation says what the pick does, names the setting behind it, and changes nothing. */
#include "proa/engine/explain.h"

#include "state_test.h"

static struct proa_explain out; /* large */

static void explain(struct state_test *t)
{
    fixture_bind(&t->fx, t->now);
    proa_explain(t->fx.roster, &t->fx.route, &t->options, t->now, &out);
}

static void every_filter_has_words_and_a_setting(void **state)
{
    (void)state;
    for (enum proa_explain_filter f = PROA_EXPLAIN_NONE; f < PROA_EXPLAIN_FILTERS; f++) {
        assert_true(strlen(proa_explain_text(f)) > 3);
        assert_true(strlen(proa_explain_setting(f)) > 3);
        for (enum proa_explain_filter g = PROA_EXPLAIN_NONE; g < f; g++) {
            assert_string_not_equal(proa_explain_text(f), proa_explain_text(g));
        }
    }
    assert_string_equal(proa_explain_text(PROA_EXPLAIN_FILTERS), "unknown");
    assert_string_equal(proa_explain_setting(PROA_EXPLAIN_FILTERS), "");
}

/* ---- one candidate in each condition --------------------------------------------------------- */

static void in_key_refused(struct state_test *t)
{
    fails(t, called_at(t, 0), PROA_CLASS_AUTH);
}

static void in_quota_spent(struct state_test *t)
{
    fails(t, called_at(t, 0), PROA_CLASS_QUOTA);
}

static void in_model_denied(struct state_test *t)
{
    fails(t, called_at(t, 0), PROA_CLASS_PERMISSION);
}

static void in_model_missing(struct state_test *t)
{
    fails(t, called_at(t, 0), PROA_CLASS_NOT_FOUND);
}

static void in_uplink_down(struct state_test *t)
{
    fail_n(t, 0, PROA_CLASS_CONNECT, 1);
    fail_n(t, 1, PROA_CLASS_CONNECT, 1);
}

static void in_endpoint_open(struct state_test *t)
{
    fail_n(t, 0, PROA_CLASS_CONNECT, 3);
}

static void in_pool_open(struct state_test *t)
{
    open_target(t, 0);
}

static void in_target_open(struct state_test *t)
{
    (void)proa_operator_eject(t->fx.roster, PROA_STATUS_TARGET, PROA_SLICE("p0/k0/m0"), 5 * S,
                              t->now);
}

static void in_probing(struct state_test *t)
{
    in_target_open(t);
    t->now += 5 * S;
    assert_int_equal(where(t, called(t)), 0);
}

static void in_rate_limited(struct state_test *t)
{
    fails_with(
        t, called_at(t, 0),
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 10 * S});
}

static void in_full(struct state_test *t)
{
    for (uint32_t i = 0; i < t->fx.policy.concurrency.target; i++) {
        (void)called_at(t, 0);
    }
}

static void in_probe_due(struct state_test *t)
{
    in_target_open(t);
    t->now += 5 * S;
}

static void in_degraded(struct state_test *t)
{
    for (int i = 0; i < 4; i++) {
        succeed_n(t, 0, 2);
        fail_n(t, 0, PROA_CLASS_SERVER, 1);
    }
}

static void in_nothing(struct state_test *t)
{
    succeed_n(t, 0, 1);
}

/* ---- which breaker, since when, and why ------------------------------------------------------ */

static void an_outage_is_told_from_its_beginning(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    fixture_bind(&t.fx, t.now);
    in_endpoint_open(&t);
    const uint64_t began = t.now;
    explain(&t);
    const struct proa_explain_breaker *b = &out.candidates[0].breaker;
    assert_int_equal(b->kind, PROA_STATUS_ENDPOINT);
    assert_int_equal(b->cause, PROA_BREAKER_CAUSE_SCORE);
    assert_int_equal(b->since_ns, 0);
    assert_int_equal(b->failed.class, PROA_CLASS_CONNECT);
    assert_true(b->identity.len > 0);
    assert_int_equal(out.candidates[1].breaker.kind, PROA_STATUS_KINDS);
    /* More probes fail than transitions are kept. */
    for (int i = 0; i < 2 * PROA_STATUS_TRANSITIONS; i++) {
        explain(&t);
        t.now += out.candidates[0].eta_ns + S;
        fails(&t, called_at(&t, 0), PROA_CLASS_DNS);
    }
    t.now += S;
    explain(&t);
    assert_int_equal(b->cause, PROA_BREAKER_CAUSE_SCORE);
    assert_int_equal(b->since_ns, t.now - began);
    assert_int_equal(b->failed.class, PROA_CLASS_DNS);
    assert_int_equal(b->failed.at_ns, S);
    state_teardown(&t);
}

static void causes_have_words(void **state)
{
    (void)state;
    for (enum proa_breaker_cause c = PROA_BREAKER_CAUSE_NONE; c < PROA_BREAKER_CAUSES; c++) {
        assert_true(strlen(proa_explain_cause_text(c)) > 3);
    }
    assert_string_equal(proa_explain_cause_text(PROA_BREAKER_CAUSES), "why is not known");
}

static void each_condition_is_named(void **state)
{
    (void)state;
    static const struct {
        void (*bring)(struct state_test *t);
        enum proa_explain_filter filter;
        const char *setting;
        uint32_t rank; /* UINT32_MAX = out */
    } cases[] = {
        {in_nothing, PROA_EXPLAIN_NONE, "balance.strategy", 0},
        {in_key_refused, PROA_EXPLAIN_KEY_REFUSED, "credential.disabled", UINT32_MAX},
        {in_quota_spent, PROA_EXPLAIN_QUOTA_SPENT, "credential.exhausted", UINT32_MAX},
        {in_model_denied, PROA_EXPLAIN_MODEL_DENIED, "credential.unknown_model", UINT32_MAX},
        {in_model_missing, PROA_EXPLAIN_MODEL_MISSING, "credential.unknown_model", UINT32_MAX},
        {in_uplink_down, PROA_EXPLAIN_UPLINK_DOWN, "breaker.endpoint_score", UINT32_MAX},
        {in_endpoint_open, PROA_EXPLAIN_ENDPOINT_OPEN, "breaker.endpoint_score", UINT32_MAX},
        {in_pool_open, PROA_EXPLAIN_POOL_OPEN, "breaker.pool_score", UINT32_MAX},
        {in_target_open, PROA_EXPLAIN_TARGET_OPEN, "breaker.score", UINT32_MAX},
        {in_probing, PROA_EXPLAIN_PROBING, "breaker.lease", UINT32_MAX},
        {in_rate_limited, PROA_EXPLAIN_RATE_LIMITED, "limiter.enabled", UINT32_MAX},
        {in_full, PROA_EXPLAIN_FULL, "concurrency.target", UINT32_MAX},
        {in_probe_due, PROA_EXPLAIN_PROBE_DUE, "breaker.half_open_successes", UINT32_MAX},
        {in_degraded, PROA_EXPLAIN_DEGRADED, "degraded.enter", 1},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 3);
        fixture_bind(&t.fx, t.now);
        row->bring(&t);
        explain(&t);
        const struct proa_explain_candidate *c = &out.candidates[0];
        PROA_TEST_CHECK(c->filter == row->filter && c->rank == row->rank, "%s instead of %s",
                        proa_explain_text(c->filter), proa_explain_text(row->filter));
        assert_string_equal(proa_explain_setting(c->filter), row->setting);
        const bool waits = row->rank == UINT32_MAX && row->filter != PROA_EXPLAIN_PROBE_DUE;
        assert_int_equal(c->eta_ns > 0, waits);
        const bool by_breaker =
            strncmp(row->setting, "breaker.", 8) == 0 && row->filter != PROA_EXPLAIN_UPLINK_DOWN;
        assert_int_equal(c->breaker.kind != PROA_STATUS_KINDS,
                         by_breaker || row->filter == PROA_EXPLAIN_DEGRADED);
        assert_int_equal(out.candidates[2].filter, PROA_EXPLAIN_NONE);
        assert_int_equal(out.candidates[2].rank, 0);
        state_teardown(&t);
    }
}

static void no_weight_is_named(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.off = true});
    explain(&t);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.candidates[0].filter, PROA_EXPLAIN_NO_WEIGHT);
    assert_true(out.candidates[0].eta_ns == PROA_NEVER);
    assert_null(out.pick);
    assert_int_equal(out.reason, PROA_REASON_NO_TARGET);
    state_teardown(&t);
}

static void ranks_follow_tiers(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    static const uint8_t tiers[] = {0, 0, 1, 2};
    for (uint8_t i = 0; i < PROA_ARRAY_LEN(tiers); i++) {
        (void)fixture_add(&t.fx,
                          (struct fixture_target){.endpoint = i, .provider = i, .tier = tiers[i]});
    }
    fixture_bind(&t.fx, t.now);
    explain(&t);
    for (size_t i = 0; i < PROA_ARRAY_LEN(tiers); i++) {
        assert_int_equal(out.candidates[i].rank, tiers[i]);
        assert_ptr_equal(out.candidates[i].candidate, &t.fx.candidates[i]);
    }
    state_teardown(&t);
}

/* ---- the pick -------------------------------------------------------------------------------- */

/* Whatever the strategy, chance included: what is explained is what happens next. */
static void what_is_explained_is_what_happens(void **state)
{
    (void)state;
    for (uint32_t strategy = 0; strategy < PROA_STRATEGIES; strategy++) {
        struct state_test t;
        state_apart(&t, 5);
        t.fx.policy.balance.strategy = strategy;
        t.fx.policy.balance.standby_ppm = 20000;
        t.fx.policy.degraded.trickle_ppm = 500000;
        in_degraded(&t);
        open_target(&t, 1);
        for (int i = 0; i < 100; i++, t.now += 300 * MS) {
            explain(&t);
            struct proa_run *run = called(&t);
            assert_ptr_equal(out.pick, run->attempts[0].candidate);
            assert_int_equal(out.reason, run->attempts[0].reason);
            if (i % 3 > 0) {
                succeeds(&t, run);
            } else {
                ends(&t, run, PROA_CLASS_CANCELLED, NULL);
            }
        }
        state_teardown(&t);
    }
}

static void each_reason_names_its_setting(void **state)
{
    (void)state;
    static const struct {
        void (*bring)(struct state_test *t);
        enum proa_reason reason;
        const char *setting;
        bool picks;
    } cases[] = {
        {in_nothing, PROA_REASON_STRATEGY, "balance.strategy", true},
        {in_probe_due, PROA_REASON_PROBE, "breaker.half_open_successes", true},
        {in_rate_limited, PROA_REASON_RATE_LIMITED, "limiter.enabled", false},
        {in_full, PROA_REASON_QUEUED, "concurrency.target", false},
        {in_key_refused, PROA_REASON_NO_TARGET, "tiers", false},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 1);
        fixture_bind(&t.fx, t.now);
        row->bring(&t);
        explain(&t);
        assert_string_equal(proa_reason_text(out.reason), proa_reason_text(row->reason));
        assert_string_equal(out.setting, row->setting);
        assert_int_equal(out.pick != NULL, row->picks);
        state_teardown(&t);
    }
}

static void the_figures_are_those_of_the_strategy(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    fail_n(&t, 0, PROA_CLASS_SERVER, 2);
    (void)called_at(&t, 0);
    explain(&t);
    const struct proa_explain_candidate *bad = &out.candidates[0];
    const struct proa_explain_candidate *good = &out.candidates[1];
    assert_int_equal(bad->failure_ppm, 360000);
    assert_int_equal(bad->inflight, 1);
    assert_int_equal(bad->share_ppm, PPM);
    assert_int_equal(good->cost, PPM);
    /* two in flight, once it has this one, and 1 + 10 x 0.36 */
    assert_int_equal(bad->cost, 9200000);
    state_teardown(&t);
}

/* ---- nothing changes ------------------------------------------------------------------------- */

static void nothing_changes(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 4);
    t.fx.policy.degraded.trickle_ppm = PPM;
    in_degraded(&t);
    open_target(&t, 1);
    t.now += 30 * S;
    const struct proa_prng chance = t.fx.engine->prng;
    struct target_state before[4];
    for (size_t i = 0; i < 4; i++) {
        before[i] = *seat_of(&t, i)->target;
    }
    const struct route_state route = *t.fx.roster->routes[0].state;
    for (int i = 0; i < 20; i++) {
        explain(&t);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(&before[i], seat_of(&t, i)->target, sizeof(before[i]));
    }
    assert_memory_equal(&route, t.fx.roster->routes[0].state, sizeof(route));
    assert_memory_equal(&chance, &t.fx.engine->prng, sizeof(chance));
    /* Panic takes no turn of the throttle either. */
    for (size_t i = 0; i < 4; i++) {
        assert_true(proa_operator_eject(t.fx.roster, PROA_STATUS_TARGET, t.fx.targets[i].identity,
                                        5 * S, t.now));
    }
    const struct proa_throttle throttle = t.fx.roster->routes[0].state->throttle;
    explain(&t);
    assert_int_equal(out.reason, PROA_REASON_PANIC);
    assert_string_equal(out.setting, "panic.enabled");
    assert_memory_equal(&throttle, &t.fx.roster->routes[0].state->throttle, sizeof(throttle));
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_has_words_and_a_setting),
        cmocka_unit_test(each_condition_is_named),
        cmocka_unit_test(an_outage_is_told_from_its_beginning),
        cmocka_unit_test(causes_have_words),
        cmocka_unit_test(no_weight_is_named),
        cmocka_unit_test(ranks_follow_tiers),
        cmocka_unit_test(what_is_explained_is_what_happens),
        cmocka_unit_test(each_reason_names_its_setting),
        cmocka_unit_test(the_figures_are_those_of_the_strategy),
        cmocka_unit_test(nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
