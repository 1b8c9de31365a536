/* Spans that follow a pool's history, and what holds while there is none. */
#include "state_test.h"

/* n first contents of this span, or plain answers, at candidate i; no time passes. */
static void learn(struct state_test *t, size_t i, enum proa_latency_row row, uint64_t span_ns,
                  int n)
{
    struct pool_state *pool = seat_of(t, i)->pool;
    for (; n > 0; n--) {
        proa_latency_add(&pool->latency, row, span_ns, t->now);
    }
}

static struct attempt_times times_at(struct state_test *t, size_t i)
{
    return proa_engine_times(call(t), &t->fx.candidates[i]);
}

static bool near(uint64_t actual, uint64_t expected)
{
    return actual >= expected - expected / 5 && actual <= expected + expected / 5;
}

#define assert_near(actual, expected)                                                              \
    PROA_TEST_CHECK(near((actual), (expected)), "%llu ms instead of %llu ms",                      \
                    (unsigned long long)((actual) / MS), (unsigned long long)((expected) / MS))

static void a_cold_stream_has_the_configured_spans(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    learn(&t, 0, PROA_LATENCY_1K, 500 * MS, 9); /* one too few */
    const struct attempt_times times = times_at(&t, 0);
    assert_true(times.slow_ns == PROA_NEVER);
    assert_int_equal(times.stall_ns, 10 * S);
    assert_true(times.hedge_ns == PROA_NEVER);
    assert_int_equal(proa_engine_probe_hedge_ns(call(&t)), 1500 * MS);
    assert_int_equal(times.first_content_ns, 30 * S);
    assert_int_equal(proa_engine_median_ns(call(&t)), 0);
    state_teardown(&t);
}

/* One span for all, so that each quantile is known. */
static void spans_follow_the_history(void **state)
{
    (void)state;
    static const struct {
        uint64_t usual_ns;
        uint64_t slow_ns;
        uint64_t stall_ns;
        uint64_t hedge_ns;
        uint64_t probe_hedge_ns;
        uint64_t first_content_ns;
    } cases[] = {
        {100 * MS, 2 * S, 3 * S, 1 * S, 1500 * MS, 10 * S}, /* all at their least */
        {1 * S, 4 * S, 4 * S, 1 * S, 1500 * MS, 10 * S},
        {4 * S, 16 * S, 6 * S, 4 * S, 4 * S, 12 * S},      /* stall: half the patience */
        {30 * S, 120 * S, 30 * S, 30 * S, 30 * S, 60 * S}, /* at their most */
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 1);
        learn(&t, 0, PROA_LATENCY_1K, row->usual_ns, 40);
        const struct attempt_times times = times_at(&t, 0);
        assert_near(times.slow_ns, row->slow_ns);
        assert_near(times.stall_ns, row->stall_ns);
        assert_near(times.hedge_ns, row->hedge_ns);
        assert_near(proa_engine_probe_hedge_ns(call(&t)), row->probe_hedge_ns);
        assert_near(times.first_content_ns, row->first_content_ns);
        state_teardown(&t);
    }
}

static void only_prompts_of_that_size_count(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    learn(&t, 0, PROA_LATENCY_MORE, 10 * S, 40);
    t.options.input_tokens = 100;
    assert_true(times_at(&t, 0).slow_ns == PROA_NEVER);
    t.options.input_tokens = 100000;
    assert_near(times_at(&t, 0).slow_ns, 40 * S);
    state_teardown(&t);
}

static void only_that_pool_counts(void **state)
{
    (void)state;
    struct state_test t;
    state_setup(&t);
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 0});
    (void)fixture_add(&t.fx, (struct fixture_target){.key = 1});
    (void)fixture_add(&t.fx, (struct fixture_target){.endpoint = 1, .provider = 1});
    learn(&t, 0, PROA_LATENCY_1K, 3 * S, 40);
    assert_near(times_at(&t, 1).slow_ns, 12 * S); /* a sibling key's is the same */
    assert_true(times_at(&t, 2).slow_ns == PROA_NEVER);
    state_teardown(&t);
}

/* What a fault has taught one pool does not make its probes wait. */
static void a_probe_is_hedged_by_the_fastest(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    learn(&t, 0, PROA_LATENCY_1K, 20 * S, 40);
    assert_near(proa_engine_probe_hedge_ns(call(&t)), 20 * S);
    learn(&t, 2, PROA_LATENCY_1K, 2 * S, 40);
    assert_near(proa_engine_probe_hedge_ns(call(&t)), 2 * S);
    state_teardown(&t);
}

static void a_plain_answer_is_not_judged_by_streams(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.options.stream = false;
    learn(&t, 0, PROA_LATENCY_1K, 500 * MS, 40);
    struct attempt_times times = times_at(&t, 0);
    assert_true(times.slow_ns == PROA_NEVER);
    assert_true(times.stall_ns == PROA_NEVER);
    assert_true(times.hedge_ns == PROA_NEVER);
    assert_int_equal(times.first_content_ns, 30 * S);
    /* Its own history: never before ten seconds, whatever it says. */
    learn(&t, 0, PROA_LATENCY_PLAIN, 1 * S, 40);
    times = times_at(&t, 0);
    assert_int_equal(times.slow_ns, 10 * S);
    assert_int_equal(times.stall_ns, 10 * S);
    state_teardown(&t);
}

static void a_long_plain_answer_gets_its_time(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.options.stream = false;
    learn(&t, 0, PROA_LATENCY_PLAIN, 20 * S, 40);
    const struct attempt_times times = times_at(&t, 0);
    assert_near(times.slow_ns, 80 * S);
    assert_int_equal(times.stall_ns, 60 * S); /* half of the whole */
    assert_near(times.hedge_ns, 20 * S);
    state_teardown(&t);
}

static void silence_may_go_unwatched(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.fx.policy.stall.enabled = false;
    learn(&t, 0, PROA_LATENCY_1K, 1 * S, 40);
    const struct attempt_times times = times_at(&t, 0);
    assert_true(times.slow_ns == PROA_NEVER);
    assert_true(times.stall_ns == PROA_NEVER);
    assert_true(times.hedge_ns != PROA_NEVER);
    state_teardown(&t);
}

static void few_samples_make_no_hedge(void **state)
{
    (void)state;
    static const struct {
        int samples;
        bool hedges;
    } cases[] = {{0, false}, {29, false}, {30, true}};
    PROA_TEST_ROWS(row, cases)
    {
        struct state_test t;
        state_apart(&t, 1);
        learn(&t, 0, PROA_LATENCY_1K, 2 * S, row->samples);
        assert_int_equal(times_at(&t, 0).hedge_ns != PROA_NEVER, row->hedges);
        state_teardown(&t);
    }
}

static void absurd_settings_do_not_overflow(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 1);
    t.fx.policy.stall.slow_factor = UINT32_MAX;
    t.fx.policy.stall.stall_factor = UINT32_MAX;
    t.fx.policy.timeouts.first_content_max_ns = PROA_NEVER;
    learn(&t, 0, PROA_LATENCY_1K, 100 * S, 40);
    const struct attempt_times times = times_at(&t, 0);
    assert_true(times.slow_ns == PROA_NEVER);
    assert_true(times.stall_ns <= PROA_NEVER / 2);
    assert_near(times.first_content_ns, 300 * S);
    state_teardown(&t);
}

static void the_median_is_that_of_the_best(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    learn(&t, 0, PROA_LATENCY_1K, 5 * S, 20);
    learn(&t, 1, PROA_LATENCY_1K, 1 * S, 20);
    assert_near(proa_engine_median_ns(call(&t)), 1 * S);
    learn(&t, 2, PROA_LATENCY_1K, 500 * MS, 20);
    assert_near(proa_engine_median_ns(call(&t)), 500 * MS);
    t.options.stream = false;
    assert_int_equal(proa_engine_median_ns(call(&t)), 0);
    state_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cold_stream_has_the_configured_spans),
        cmocka_unit_test(spans_follow_the_history),
        cmocka_unit_test(only_prompts_of_that_size_count),
        cmocka_unit_test(only_that_pool_counts),
        cmocka_unit_test(a_probe_is_hedged_by_the_fastest),
        cmocka_unit_test(a_plain_answer_is_not_judged_by_streams),
        cmocka_unit_test(a_long_plain_answer_gets_its_time),
        cmocka_unit_test(silence_may_go_unwatched),
        cmocka_unit_test(few_samples_make_no_hedge),
        cmocka_unit_test(absurd_settings_do_not_overflow),
        cmocka_unit_test(the_median_is_that_of_the_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
