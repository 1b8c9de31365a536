/* The strategies: what they prefer, how evenly, and that each does without floating point. */
#include "proa/resilience/balance.h"

#include <inttypes.h>

#include "proa_test.h"

static const struct proa_balance_cfg CFG = {
    .strategy = PROA_STRATEGY_P2C_EWMA,
    .tau_ns = 30 * PROA_NS_PER_S,
    .failure_gain = 10,
};

static struct proa_balance_cfg cfg_of(enum proa_strategy strategy)
{
    struct proa_balance_cfg cfg = CFG;
    cfg.strategy = strategy;
    return cfg;
}

/* Like all the others, with a credit each. */
struct field {
    struct proa_balance_view views[PROA_BALANCE_MAX];
    int64_t credit[PROA_BALANCE_MAX];
    struct proa_prng prng;
};

static void field_init(struct field *f, uint64_t seed)
{
    for (size_t i = 0; i < PROA_BALANCE_MAX; i++) {
        f->credit[i] = 0;
        f->views[i] = (struct proa_balance_view){.weight_milli = 1000,
                                                 .latency_ppm = 1000000,
                                                 .headroom_ppm = 1000000,
                                                 .credit = &f->credit[i]};
    }
    proa_prng_seed(&f->prng, seed);
}

static void count(struct field *f, const struct proa_balance_cfg *cfg, size_t n, unsigned picks,
                  unsigned *picked)
{
    memset(picked, 0, n * sizeof(*picked));
    for (unsigned i = 0; i < picks; i++) {
        size_t at = proa_balance_pick(cfg, f->views, n, &f->prng);
        assert_true(at < n);
        picked[at]++;
    }
}

static void assert_permille(unsigned picked, unsigned picks, unsigned permille)
{
    unsigned expected = picks / 1000 * permille;
    assert_in_range(picked, expected > picks / 100 ? expected - picks / 100 : 0,
                    expected + picks / 100);
}

/* ---- cost ------------------------------------------------------------------------------------ */

static void cost(void **state)
{
    (void)state;
    static const struct {
        struct proa_balance_view view;
        uint64_t cost;
    } rows[] = {
        {{.weight_milli = 1000, .latency_ppm = 1000000}, 1000000},
        {{.weight_milli = 1000, .latency_ppm = 2500000}, 2500000},
        {{.weight_milli = 1000, .latency_ppm = 1000000, .inflight = 3}, 4000000},
        {{.weight_milli = 2000, .latency_ppm = 1000000, .inflight = 3}, 2000000},
        {{.weight_milli = 100, .latency_ppm = 1000000}, 10000000},
        {{.weight_milli = 1000, .latency_ppm = 1000000, .failure_ppm = 100000}, 2000000},
        {{.weight_milli = 1000, .latency_ppm = 1000000, .failure_ppm = 1000000}, 11000000},
        {{.weight_milli = 1000, .latency_ppm = 1000000, .failure_ppm = 5000000}, 11000000},
        {{.weight_milli = 1,
          .latency_ppm = UINT32_MAX,
          .inflight = UINT32_MAX,
          .failure_ppm = 1000000},
         UINT64_MAX},
        {{.weight_milli = UINT32_MAX, .latency_ppm = UINT32_MAX, .inflight = UINT32_MAX},
         UINT64_C(4294967296000)},
        {{.latency_ppm = 1000000}, UINT64_MAX},
        {{.weight_milli = 1000}, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t is = proa_balance_cost(&row->view, &CFG);
        PROA_TEST_CHECK(is == row->cost, "row %td: %" PRIu64, row - rows, is);
    }
    struct proa_balance_cfg cfg = CFG;
    cfg.failure_gain = UINT32_MAX;
    const struct proa_balance_view worst = {.weight_milli = 1,
                                            .latency_ppm = UINT32_MAX,
                                            .inflight = UINT32_MAX,
                                            .failure_ppm = UINT32_MAX};
    assert_true(proa_balance_cost(&worst, &cfg) == UINT64_MAX);
}

/* Each of its parts makes a target dearer, never cheaper. */
static void cost_grows_with_each_part(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    for (unsigned i = 0; i < 10000; i++) {
        struct proa_balance_view v = {
            .weight_milli = 1 + (uint32_t)proa_prng_below(&prng, 100000),
            .inflight = (uint32_t)proa_prng_below(&prng, 1000),
            .latency_ppm = (uint32_t)proa_prng_below(&prng, 100000000),
            .failure_ppm = (uint32_t)proa_prng_below(&prng, 1000001),
        };
        const uint64_t is = proa_balance_cost(&v, &CFG);
        struct proa_balance_view w = v;
        w.inflight++;
        assert_true(proa_balance_cost(&w, &CFG) >= is);
        w = v;
        w.latency_ppm += 1000;
        assert_true(proa_balance_cost(&w, &CFG) >= is);
        w = v;
        w.failure_ppm += 1000;
        assert_true(proa_balance_cost(&w, &CFG) >= is);
        w = v;
        w.weight_milli++;
        assert_true(proa_balance_cost(&w, &CFG) <= is);
    }
}

/* ---- the power of two choices ---------------------------------------------------------------- */

/* Chi-square of n equal ones; 7 degrees of freedom exceed 24.3 once in a thousand. */
static void p2c_of_equals_is_uniform(void **state)
{
    (void)state;
    enum { N = 8, PICKS = 80000 };
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_P2C_EWMA);
    static const uint32_t explore[] = {0, 20000, 1000000};
    PROA_TEST_ROWS(e, explore)
    {
        struct field f;
        field_init(&f, 2);
        cfg.explore_ppm = *e;
        unsigned picked[N];
        count(&f, &cfg, N, PICKS, picked);
        double chi = 0;
        for (size_t i = 0; i < N; i++) {
            double off = (double)picked[i] - PICKS / N;
            chi += off * off / (PICKS / N);
        }
        PROA_TEST_CHECK(chi < 24.3, "chi-square is %f", chi);
    }
}

/* Two distinct ones: of n in order of cost, number k wins 2 (n - 1 - k) of n (n - 1) times, the
 * last one never. */
static void p2c_takes_the_cheaper_of_two(void **state)
{
    (void)state;
    enum { N = 5, PICKS = 100000 };
    struct field f;
    field_init(&f, 3);
    for (uint32_t i = 0; i < N; i++) {
        f.views[i].inflight = i;
    }
    unsigned picked[N];
    count(&f, &CFG, N, PICKS, picked);
    for (unsigned i = 0; i < N; i++) {
        assert_permille(picked[i], PICKS, 2000 * (N - 1 - i) / (N * (N - 1)));
    }
    assert_int_equal(picked[N - 1], 0);
}

/* Exploration keeps the worst one known: 2 % of picks are uniform. */
static void p2c_explores(void **state)
{
    (void)state;
    enum { N = 4, PICKS = 200000 };
    struct field f;
    field_init(&f, 4);
    f.views[2].latency_ppm = 50000000;
    struct proa_balance_cfg cfg = CFG;
    cfg.explore_ppm = 20000;
    unsigned picked[N];
    count(&f, &cfg, N, PICKS, picked);
    assert_in_range(picked[2], 900, 1100); /* 2 % / 4 */
}

/* A target that fails fast is no black hole: ten times dearer at full failure. */
static void p2c_avoids_fast_failures(void **state)
{
    (void)state;
    enum { N = 3, PICKS = 30000 };
    struct field f;
    field_init(&f, 5);
    f.views[1].latency_ppm = 200000; /* five times quicker */
    f.views[1].failure_ppm = 900000;
    unsigned picked[N];
    count(&f, &CFG, N, PICKS, picked);
    assert_int_equal(picked[1], 0);
}

/* ---- who takes part -------------------------------------------------------------------------- */

static void weightless_are_never_picked(void **state)
{
    (void)state;
    enum { N = 4, PICKS = 4000 };
    for (int s = 0; s < PROA_STRATEGIES; s++) {
        struct proa_balance_cfg cfg = cfg_of((enum proa_strategy)s);
        cfg.explore_ppm = 500000;
        struct field f;
        field_init(&f, 6);
        f.views[0].weight_milli = 0;
        f.views[2].weight_milli = 0;
        unsigned picked[N];
        count(&f, &cfg, N, PICKS, picked);
        assert_int_equal(picked[0] + picked[2], 0);
        /* all without: as if all had the same */
        f.views[1].weight_milli = 0;
        f.views[3].weight_milli = 0;
        count(&f, &cfg, N, PICKS, picked);
        for (size_t i = 0; i < N; i++) {
            unsigned expected = s == PROA_STRATEGY_PRIORITY ? (i == 0 ? 1000 : 0) : 250;
            unsigned off = PICKS / 20;
            PROA_TEST_CHECK(picked[i] + off >= expected * (PICKS / 1000) &&
                                picked[i] <= expected * (PICKS / 1000) + off,
                            "strategy %d, %zu: %u", s, i, picked[i]);
        }
    }
}

static void only_one(void **state)
{
    (void)state;
    for (int s = 0; s < PROA_STRATEGIES; s++) {
        struct proa_balance_cfg cfg = cfg_of((enum proa_strategy)s);
        struct field f;
        field_init(&f, 7);
        for (uint32_t weight = 0; weight < 3; weight++) {
            f.views[0].weight_milli = weight * 500;
            assert_int_equal(proa_balance_pick(&cfg, f.views, 1, &f.prng), 0);
        }
    }
}

static void as_many_as_there_may_be(void **state)
{
    (void)state;
    for (int s = 0; s < PROA_STRATEGIES; s++) {
        struct proa_balance_cfg cfg = cfg_of((enum proa_strategy)s);
        struct field f;
        field_init(&f, 8);
        for (size_t i = 0; i < PROA_BALANCE_MAX; i++) {
            f.views[i].weight_milli = UINT32_MAX;
            f.views[i].inflight = UINT32_MAX;
            f.views[i].latency_ppm = UINT32_MAX;
            f.views[i].headroom_ppm = UINT32_MAX;
            f.views[i].price = UINT64_MAX;
        }
        unsigned picked[PROA_BALANCE_MAX];
        count(&f, &cfg, PROA_BALANCE_MAX, 6400, picked);
        for (size_t i = 0; s != PROA_STRATEGY_PRIORITY && i < PROA_BALANCE_MAX; i++) {
            assert_in_range(picked[i], 50, 160);
        }
    }
}

static void pick_nobody(void *ctx)
{
    struct field *f = ctx;
    (void)proa_balance_pick(&CFG, f->views, 0, &f->prng);
}

static void pick_of_too_many(void *ctx)
{
    struct field *f = ctx;
    (void)proa_balance_pick(&CFG, f->views, PROA_BALANCE_MAX + 1, &f->prng);
}

static void n_is_checked(void **state)
{
    (void)state;
    struct field f;
    field_init(&f, 9);
    assert_true(proa_test_aborts(pick_nobody, &f));
    assert_true(proa_test_aborts(pick_of_too_many, &f));
}

/* ---- the other strategies -------------------------------------------------------------------- */

static void weighted_is_exact(void **state)
{
    (void)state;
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_WEIGHTED);
    struct field f;
    field_init(&f, 10);
    static const uint32_t weight[] = {5000, 1000, 0, 1000};
    static const size_t expected[] = {0, 0, 1, 0, 3, 0, 0}; /* as nginx spreads 5, 1, 1 */
    for (size_t i = 0; i < PROA_ARRAY_LEN(weight); i++) {
        f.views[i].weight_milli = weight[i];
    }
    for (unsigned i = 0; i < 70; i++) {
        assert_int_equal(proa_balance_pick(&cfg, f.views, 4, &f.prng), expected[i % 7]);
    }
    assert_int_equal(f.credit[2], 0);
}

/* A ramp is a small weight: 3.3 of 13.3, in thousandths. */
static void weighted_ramps(void **state)
{
    (void)state;
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_WEIGHTED);
    struct field f;
    field_init(&f, 11);
    f.views[0].weight_milli = 10000;
    f.views[1].weight_milli = 3300;
    unsigned picked[2];
    count(&f, &cfg, 2, 133, picked);
    assert_int_equal(picked[0], 100);
    assert_int_equal(picked[1], 33);
}

static void round_robin_ignores_weights(void **state)
{
    (void)state;
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_ROUND_ROBIN);
    struct field f;
    field_init(&f, 12);
    f.views[0].weight_milli = 9000;
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(proa_balance_pick(&cfg, f.views, 3, &f.prng), i % 3);
    }
}

static void priority_takes_the_first(void **state)
{
    (void)state;
    enum { PICKS = 50000 };
    static const struct {
        uint32_t weight[3];
        unsigned permille[3];
    } rows[] = {
        {{1000, 1000, 1000}, {1000, 0, 0}}, {{0, 1000, 1000}, {0, 1000, 0}},
        {{100, 1000, 1000}, {100, 900, 0}}, {{500, 500, 1000}, {500, 250, 250}},
        {{4000, 1000, 9000}, {1000, 0, 0}}, {{500, 500, 0}, {750, 250, 0}},
    };
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_PRIORITY);
    PROA_TEST_ROWS(row, rows)
    {
        struct field f;
        field_init(&f, 13);
        unsigned picked[3];
        for (size_t i = 0; i < 3; i++) {
            f.views[i].weight_milli = row->weight[i];
        }
        count(&f, &cfg, 3, PICKS, picked);
        for (size_t i = 0; i < 3; i++) {
            assert_permille(picked[i], PICKS, row->permille[i]);
        }
    }
}

static void least_inflight_by_weight(void **state)
{
    (void)state;
    enum { PICKS = 30000 };
    static const struct {
        uint32_t weight[3];
        uint32_t inflight[3];
        unsigned permille[3];
    } rows[] = {
        {{1000, 1000, 1000}, {5, 4, 6}, {0, 1000, 0}},
        {{1000, 1000, 1000}, {5, 5, 5}, {333, 333, 333}},
        {{1000, 1000, 1000}, {5, 9, 5}, {500, 0, 500}},
        {{1000, 3000, 1000}, {1, 4, 1}, {0, 1000, 0}},
        {{1000, 3000, 1000}, {1, 5, 1}, {333, 333, 333}},
        {{1000, 100, 1000}, {9, 0, 9}, {333, 333, 333}},
        {{1000, 1000, 0}, {7, 8, 0}, {1000, 0, 0}},
        {{UINT32_MAX, 1, 1}, {UINT32_MAX, UINT32_MAX, UINT32_MAX}, {1000, 0, 0}},
    };
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_LEAST_INFLIGHT);
    PROA_TEST_ROWS(row, rows)
    {
        struct field f;
        field_init(&f, 14);
        unsigned picked[3];
        for (size_t i = 0; i < 3; i++) {
            f.views[i].weight_milli = row->weight[i];
            f.views[i].inflight = row->inflight[i];
        }
        count(&f, &cfg, 3, PICKS, picked);
        for (size_t i = 0; i < 3; i++) {
            assert_permille(picked[i], PICKS, row->permille[i]);
        }
    }
}

static void lowest_cost_keeps_the_cheap(void **state)
{
    (void)state;
    static const struct {
        uint64_t price[4];
        bool may[4];
    } rows[] = {
        {{100, 110, 111, 500}, {true, true, false, false}},
        {{500, 100, 500, 500}, {false, true, false, false}},
        {{0, 100, 0, 500}, {false, true, false, false}}, /* unknown is not cheap */
        {{0, 0, 0, 0}, {true, true, true, true}},
        {{7, 7, 7, 7}, {true, true, true, true}},
        {{UINT64_MAX, UINT64_MAX - 1, 0, 0}, {true, true, false, false}},
        {{1, 2, 3, 4}, {true, false, false, false}},
    };
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_LOWEST_COST);
    PROA_TEST_ROWS(row, rows)
    {
        struct field f;
        field_init(&f, 15);
        unsigned picked[4];
        for (size_t i = 0; i < 4; i++) {
            f.views[i].price = row->price[i];
        }
        count(&f, &cfg, 4, 2000, picked);
        for (size_t i = 0; i < 4; i++) {
            PROA_TEST_CHECK((picked[i] > 0) == row->may[i], "row %td, %zu: %u", row - rows, i,
                            picked[i]);
        }
    }
    /* among the cheap ones load decides */
    struct field f;
    field_init(&f, 16);
    f.views[0] = (struct proa_balance_view){
        .weight_milli = 1000, .latency_ppm = 1000000, .price = 100, .inflight = 2};
    f.views[1].price = 105;
    f.views[2].price = 900;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(proa_balance_pick(&cfg, f.views, 3, &f.prng), 1);
    }
}

static void headroom_shares(void **state)
{
    (void)state;
    enum { PICKS = 50000 };
    static const struct {
        uint32_t weight[3];
        uint32_t headroom[3];
        unsigned permille[3];
    } rows[] = {
        {{1000, 1000, 1000}, {1000000, 1000000, 1000000}, {333, 333, 333}},
        {{1000, 1000, 1000}, {500000, 250000, 250000}, {500, 250, 250}},
        {{1000, 2000, 1000}, {500000, 250000, 0}, {500, 500, 0}},
        {{1000, 3000, 1000}, {0, 0, 0}, {200, 600, 200}},
        {{1000, 0, 1000}, {0, 1000000, 500000}, {0, 0, 1000}},
        {{1000, 1000, 1000}, {4000000, 1000000, 1000000}, {333, 333, 333}},
    };
    struct proa_balance_cfg cfg = cfg_of(PROA_STRATEGY_HEADROOM);
    PROA_TEST_ROWS(row, rows)
    {
        struct field f;
        field_init(&f, 17);
        unsigned picked[3];
        for (size_t i = 0; i < 3; i++) {
            f.views[i].weight_milli = row->weight[i];
            f.views[i].headroom_ppm = row->headroom[i];
        }
        count(&f, &cfg, 3, PICKS, picked);
        for (size_t i = 0; i < 3; i++) {
            assert_permille(picked[i], PICKS, row->permille[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost),
        cmocka_unit_test(cost_grows_with_each_part),
        cmocka_unit_test(p2c_of_equals_is_uniform),
        cmocka_unit_test(p2c_takes_the_cheaper_of_two),
        cmocka_unit_test(p2c_explores),
        cmocka_unit_test(p2c_avoids_fast_failures),
        cmocka_unit_test(weightless_are_never_picked),
        cmocka_unit_test(only_one),
        cmocka_unit_test(as_many_as_there_may_be),
        cmocka_unit_test(n_is_checked),
        cmocka_unit_test(weighted_is_exact),
        cmocka_unit_test(weighted_ramps),
        cmocka_unit_test(round_robin_ignores_weights),
        cmocka_unit_test(priority_takes_the_first),
        cmocka_unit_test(least_inflight_by_weight),
        cmocka_unit_test(lowest_cost_keeps_the_cheap),
        cmocka_unit_test(headroom_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
