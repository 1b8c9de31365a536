/* What is shown is what is decided by: every kind of object, its transitions, and the news. */
#include "state_test.h"

static void every_kind_has_its_objects_and_name(void **state)
{
    (void)state;
    static const struct {
        enum proa_status_kind kind;
        const char *text;
        size_t n;
    } cases[] = {
        {PROA_STATUS_ENDPOINT, "endpoint", 2}, {PROA_STATUS_POOL, "pool", 3},
        {PROA_STATUS_TARGET, "target", 4},     {PROA_STATUS_KEY, "key", 3},
        {PROA_STATUS_GROUP, "group", 2},       {PROA_STATUS_LIMIT, "limit", 3},
        {PROA_STATUS_ROUTE, "route", 1},
    };
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0, .group = "a"});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1, .group = "a"});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1, .group = "a", .model = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1});
    fixture_bind(&t.fx, t.now);
    PROA_TEST_ROWS(row, cases)
    {
        assert_string_equal(proa_status_kind_text(row->kind), row->text);
        assert_int_equal(proa_status_n(t.fx.roster, row->kind), row->n);
    }
    assert_string_equal(proa_status_kind_text(PROA_STATUS_KINDS), "unknown");
    struct proa_status_target target;
    proa_status_target(t.fx.roster, 2, t.now, &target);
    assert_slice_lit(target.identity, "p0/k1/m1");
    assert_slice_lit(target.label, "p0/k1");
    struct proa_status_pool pool;
    proa_status_pool(t.fx.roster, 1, t.now, &pool);
    assert_slice_lit(pool.identity, "p0/m1");
    struct proa_status_access access;
    proa_status_key(t.fx.roster, 2, t.now, &access);
    assert_slice_lit(access.identity, "p1/k0");
    proa_status_group(t.fx.roster, 0, t.now, &access);
    assert_slice_lit(access.identity, "p0/a");
    proa_status_group(t.fx.roster, 1, t.now, &access);
    assert_slice_lit(access.identity, "p1/k0");
    struct proa_status_limit limit;
    proa_status_limit(t.fx.roster, 1, t.now, &limit);
    assert_slice_lit(limit.identity, "p0/a/m1");
    struct proa_status_endpoint endpoint;
    proa_status_endpoint(t.fx.roster, 1, t.now, &endpoint);
    assert_slice_lit(endpoint.identity, "e1");
    struct proa_status_route route;
    proa_status_route(t.fx.roster, 0, t.now, &route);
    assert_slice_lit(route.identity, "route");
    state_teardown(&t);
}

/* T-A (8): one state, read by all. */
static void t_a_8_what_is_shown_is_what_is_picked_by(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    fixture_bind(&t.fx, t.now);
    struct proa_status_target shown;
    for (int i = 0; i < 5; i++) {
        proa_status_target(t.fx.roster, 0, t.now, &shown);
        assert_int_equal(shown.breaker.state, PROA_BREAKER_CLOSED);
        assert_int_equal(shown.breaker.score, i);
        fail_n(&t, 0, PROA_CLASS_SERVER, 1);
    }
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_int_equal(shown.breaker.state, PROA_BREAKER_OPEN);
    assert_true(shown.breaker.eta_ns > 0);
    assert_int_equal(shown.breaker.slow.of[PROA_SAMPLE_FAIL], 5);
    assert_int_equal(shown.breaker.fast.of[PROA_SAMPLE_FAIL], 5);
    assert_true(shown.failure_ppm > 600000);
    /* Due by time alone, at the same moment for both. */
    t.now += shown.breaker.eta_ns - 1;
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_int_equal(shown.breaker.state, PROA_BREAKER_OPEN);
    pass_open(&t, 0);
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_int_equal(shown.breaker.state, PROA_BREAKER_HALF_OPEN);
    assert_false(shown.breaker.probing);
    assert_int_equal(where(&t, called(&t)), 0);
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_true(shown.breaker.probing);
    assert_int_equal(shown.inflight, 1);
    state_teardown(&t);
}

static void the_last_sixteen_transitions_are_kept(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    fixture_bind(&t.fx, t.now);
    struct proa_status_target shown;
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_int_equal(shown.breaker.n_past, 0);
    const struct proa_slice identity = t.fx.targets[0].identity;
    for (int i = 0; i < 12; i++) {
        t.now += 1 * S;
        assert_true(proa_operator_eject(t.fx.roster, PROA_STATUS_TARGET, identity, 60 * S, t.now));
        t.now += 1 * S;
        assert_true(proa_operator_restore(t.fx.roster, PROA_STATUS_TARGET, identity, t.now));
    }
    proa_status_target(t.fx.roster, 0, t.now, &shown);
    assert_int_equal(shown.breaker.n_past, PROA_STATUS_TRANSITIONS);
    for (size_t i = 0; i < shown.breaker.n_past; i++) {
        const struct proa_status_transition *past = &shown.breaker.past[i];
        assert_int_equal(past->at_ns, (PROA_STATUS_TRANSITIONS - 1 - i) * S);
        assert_int_equal(past->to, i % 2 == 0 ? PROA_BREAKER_OPEN : PROA_BREAKER_RAMP);
        assert_int_equal(past->cause, PROA_BREAKER_CAUSE_OPERATOR);
    }
    state_teardown(&t);
}

static void news_that_nobody_takes_is_lost_from_the_oldest(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    fixture_bind(&t.fx, t.now);
    const struct proa_slice identity = t.fx.targets[0].identity;
    for (uint64_t i = 1; i <= 100; i++) {
        t.now += 1 * S;
        (void)(i % 2 == 1
                   ? proa_operator_eject(t.fx.roster, PROA_STATUS_TARGET, identity, 60 * S, t.now)
                   : proa_operator_restore(t.fx.roster, PROA_STATUS_TARGET, identity, t.now));
    }
    struct proa_status_news news;
    for (uint64_t i = 37; i <= 100; i++) {
        assert_true(proa_status_next_news(t.fx.engine, &news));
        assert_int_equal(news.transition.at_ns, t.now - (100 - i) * S);
    }
    assert_false(proa_status_next_news(t.fx.engine, &news));
    /* But all were counted. */
    assert_int_equal(
        proa_status_opens(t.fx.engine)->by[PROA_STATUS_TARGET][PROA_BREAKER_CAUSE_OPERATOR], 50);
    state_teardown(&t);
}

static void credentials_limits_and_masks_are_shown(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 4);
    fails(&t, called_at(&t, 0), PROA_CLASS_AUTH);
    fails(&t, called_at(&t, 1), PROA_CLASS_QUOTA);
    fails(&t, called_at(&t, 2), PROA_CLASS_PERMISSION);
    fails(&t, called_at(&t, 3), PROA_CLASS_NOT_FOUND);
    fails_with(
        &t, called_at(&t, 3),
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 8 * S});
    t.now += 1 * S;
    struct proa_status_access access;
    proa_status_key(t.fx.roster, 0, t.now, &access);
    assert_int_equal(access.state, PROA_CREDENTIAL_DISABLED);
    assert_int_equal(access.out_ns, 299 * S);
    assert_int_equal(access.times, 1);
    proa_status_key(t.fx.roster, 1, t.now, &access);
    assert_int_equal(access.state, PROA_CREDENTIAL_ACTIVE);
    assert_int_equal(access.out_ns, 0);
    proa_status_group(t.fx.roster, 1, t.now, &access);
    assert_int_equal(access.state, PROA_CREDENTIAL_EXHAUSTED);
    assert_int_equal(access.out_ns, 599 * S);
    struct proa_status_target target;
    proa_status_target(t.fx.roster, 2, t.now, &target);
    assert_int_equal(target.denied_ns, 599 * S);
    struct proa_status_pool pool;
    proa_status_pool(t.fx.roster, 3, t.now, &pool);
    assert_int_equal(pool.missing_ns, 599 * S);
    struct proa_status_limit limit;
    proa_status_limit(t.fx.roster, 3, t.now, &limit);
    assert_true(limit.blocked_ns >= 7 * S && limit.blocked_ns <= 9 * S);
    proa_status_limit(t.fx.roster, 0, t.now, &limit);
    assert_int_equal(limit.blocked_ns, 0);
    assert_int_equal(limit.headroom_ppm, PPM);
    state_teardown(&t);
}

/* Two keys of one provider beside another provider. */
static void an_offer_is_a_pool_of_a_route(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1});
    fixture_bind(&t.fx, t.now);
    struct proa_status_offer offer;
    proa_status_offer(t.fx.roster, &t.fx.route, 0, t.now, &offer);
    assert_true(offer.is_bound && !offer.is_out && !offer.is_on_trial);
    assert_int_equal(offer.answered + offer.failed, 0);
    assert_int_equal(offer.first_p50_ns, 0);
    assert_int_equal(offer.pace_p50_milli, 0);
    succeed_n(&t, 0, 3);
    succeed_n(&t, 1, 2);
    succeed_n(&t, 2, 9);
    fail_n(&t, 1, PROA_CLASS_SERVER, 1);
    for (size_t i = 0; i < 2; i++) { /* the same by whichever key it is asked for */
        proa_status_offer(t.fx.roster, &t.fx.route, i, t.now, &offer);
        assert_int_equal(offer.answered, 5);
        assert_int_equal(offer.failed, 1);
    }
    fails(&t, called_at(&t, 0), PROA_CLASS_AUTH);
    proa_status_offer(t.fx.roster, &t.fx.route, 1, t.now, &offer);
    assert_true(!offer.is_out && !offer.is_on_trial); /* the other key is well */
    open_target(&t, 1);
    proa_status_offer(t.fx.roster, &t.fx.route, 1, t.now, &offer);
    assert_true(offer.is_out && offer.is_on_trial);
    proa_status_offer(t.fx.roster, &t.fx.route, 2, t.now, &offer);
    assert_true(!offer.is_out && !offer.is_on_trial);
    assert_int_equal(offer.answered, 9);
    state_teardown(&t);
}

static void an_offers_times_are_of_the_prompts_asked_most(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.options.stream = true;
    t.options.input_tokens = 10;
    for (int i = 0; i < 20; i++) {
        struct proa_run *run = called_at(&t, 0);
        t.now += 400 * MS;
        content(&t, run);
        struct proa_usage usage = {.known = 0};
        proa_usage_set(&usage, PROA_USAGE_OUTPUT, 100);
        t.now += 1 * S; /* a hundred tokens in a second */
        run->attempts[0].class = PROA_CLASS_OK;
        proa_report_pace(run, &run->attempts[0], &usage, t.now);
        ends(&t, run, PROA_CLASS_OK, &usage);
    }
    struct proa_status_offer offer;
    proa_status_offer(t.fx.roster, &t.fx.route, 0, t.now, &offer);
    PROA_TEST_CHECK(offer.first_p50_ns > 320 * MS && offer.first_p50_ns < 480 * MS, "%u ms",
                    (unsigned)(offer.first_p50_ns / MS));
    assert_true(offer.first_p95_ns >= offer.first_p50_ns);
    PROA_TEST_CHECK(offer.pace_p50_milli > 80000 && offer.pace_p50_milli < 125000, "%u",
                    (unsigned)offer.pace_p50_milli);
    assert_true(offer.pace_p95_milli >= offer.pace_p50_milli);
    state_teardown(&t);
}

static void learned_limits_are_shown(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    struct proa_run *run = called(&t);
    const struct proa_rate_signal signal = {
        .kind = PROA_RATE_TOKENS, .limit = 1000, .remaining = 250, .reset_ns = 60 * S};
    proa_engine_report_rates(run, 0, &signal, 1, t.now);
    t.now += 1;
    struct proa_status_limit limit;
    proa_status_limit(t.fx.roster, 0, t.now, &limit);
    assert_int_equal(limit.bucket[PROA_RATE_TOKENS].limit, 1000);
    assert_int_equal(limit.bucket[PROA_RATE_TOKENS].remaining_milli, 250000);
    assert_int_equal(limit.bucket[PROA_RATE_TOKENS].at_ns, 1);
    PROA_TEST_CHECK(limit.headroom_ppm >= 250000 && limit.headroom_ppm < 251000, "%u",
                    limit.headroom_ppm);
    state_teardown(&t);
}

static void latencies_and_budgets_are_shown(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    for (int i = 0; i < 20; i++) {
        struct proa_run *run = called(&t);
        t.now += 1 * S;
        succeeds(&t, run);
    }
    struct proa_status_pool pool;
    proa_status_pool(t.fx.roster, 0, t.now, &pool);
    assert_int_equal(pool.latency[PROA_LATENCY_1K].samples, 20);
    assert_true(pool.latency[PROA_LATENCY_1K].p50_ns > 800 * MS);
    assert_true(pool.latency[PROA_LATENCY_1K].p99_ns < 1300 * MS);
    assert_true(pool.latency[PROA_LATENCY_1K].p50_ns <= pool.latency[PROA_LATENCY_1K].p95_ns);
    assert_int_equal(pool.latency[PROA_LATENCY_4K].p50_ns, 0);
    struct proa_status_route route;
    proa_status_route(t.fx.roster, 0, t.now, &route);
    assert_int_equal(route.retries_milli, 10000);
    assert_int_equal(route.hedges_milli, 3000);
    assert_int_equal(route.waiting, 0);
    state_teardown(&t);
}

static void congestion_is_shown(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    fails(&t, called(&t), PROA_CLASS_OVERLOADED);
    struct proa_status_target target;
    proa_status_target(t.fx.roster, 0, t.now, &target);
    assert_int_equal(target.cap, 44);
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_objects_and_name),
        cmocka_unit_test(t_a_8_what_is_shown_is_what_is_picked_by),
        cmocka_unit_test(the_last_sixteen_transitions_are_kept),
        cmocka_unit_test(news_that_nobody_takes_is_lost_from_the_oldest),
        cmocka_unit_test(credentials_limits_and_masks_are_shown),
        cmocka_unit_test(an_offer_is_a_pool_of_a_route),
        cmocka_unit_test(an_offers_times_are_of_the_prompts_asked_most),
        cmocka_unit_test(learned_limits_are_shown),
        cmocka_unit_test(latencies_and_budgets_are_shown),
        cmocka_unit_test(congestion_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
