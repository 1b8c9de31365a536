/* The cap on calls in flight: congestion lowers it, success raises it, both within bounds. */
#include "proa/core/prng.h"
#include "proa/resilience/concurrency.h"

#include "proa_test.h"

#define SECONDS(n) ((n)*PROA_NS_PER_S)
#define START      SECONDS(1000)

static const struct proa_concurrency_cfg CFG = {
    .target = 64, .route = 256, .down_ppm = 700000, .floor = 2};

static struct proa_concurrency make(void)
{
    struct proa_concurrency c;
    proa_concurrency_init(&c);
    return c;
}

static void starts_as_configured(void **state)
{
    (void)state;
    struct proa_concurrency c = make();
    assert_int_equal(proa_concurrency_limit(&c, &CFG), 64);
    for (unsigned i = 0; i < 1000; i++) {
        proa_concurrency_ok(&c, &CFG, 64);
    }
    assert_int_equal(proa_concurrency_limit(&c, &CFG), 64);
}

static void congestion_lowers_down_to_the_floor(void **state)
{
    (void)state;
    static const uint32_t limits[] = {44, 31, 21, 15, 10, 7, 5, 3, 2, 2, 2, 2};
    struct proa_concurrency c = make();
    uint64_t now_ns = START;
    PROA_TEST_ROWS(limit, limits)
    {
        proa_concurrency_congested(&c, &CFG, SECONDS(1), now_ns);
        assert_int_equal(proa_concurrency_limit(&c, &CFG), *limit);
        now_ns += SECONDS(1);
    }
}

/* One overload is told by all calls it refused: one decrease per median call time. */
static void one_decrease_per_call_time(void **state)
{
    (void)state;
    static const struct {
        uint64_t at_ns;
        uint32_t limit;
    } rows[] = {{START, 44},
                {START, 44},
                {START + SECONDS(2) - 1, 44},
                {START - SECONDS(500), 44},
                {START + SECONDS(2), 31},
                {START + SECONDS(3), 31},
                {START + SECONDS(4), 21}};
    struct proa_concurrency c = make();
    PROA_TEST_ROWS(row, rows)
    {
        proa_concurrency_congested(&c, &CFG, SECONDS(2), row->at_ns);
        assert_int_equal(proa_concurrency_limit(&c, &CFG), row->limit);
    }
}

/* How many successes at full use it takes to add one. */
static unsigned successes_for_one(struct proa_concurrency *c)
{
    const uint32_t limit = proa_concurrency_limit(c, &CFG);
    unsigned n = 0;
    while (proa_concurrency_limit(c, &CFG) == limit) {
        proa_concurrency_ok(c, &CFG, limit);
        n++;
        assert_true(n < 1000);
    }
    assert_int_equal(proa_concurrency_limit(c, &CFG), limit + 1);
    return n;
}

static void success_adds_one_per_limit(void **state)
{
    (void)state;
    struct proa_concurrency c = make();
    c.limit_ppm = 2000000;
    for (uint32_t limit = 2; limit < 64; limit++) {
        unsigned n = successes_for_one(&c);
        assert_in_range(n, limit, limit + 1);
    }
    assert_int_equal(c.limit_ppm, 0); /* as configured again */
}

static void idle_targets_learn_nothing(void **state)
{
    (void)state;
    struct proa_concurrency c = make();
    c.limit_ppm = 20000000;
    for (unsigned i = 0; i < 1000; i++) {
        proa_concurrency_ok(&c, &CFG, 9);
    }
    assert_int_equal(proa_concurrency_limit(&c, &CFG), 20);
    for (unsigned i = 0; i < 30; i++) {
        proa_concurrency_ok(&c, &CFG, 10);
    }
    assert_int_equal(proa_concurrency_limit(&c, &CFG), 20); /* half of what it is by now is more */
    for (unsigned i = 0; i < 30; i++) {
        proa_concurrency_ok(&c, &CFG, 11);
    }
    assert_int_equal(proa_concurrency_limit(&c, &CFG), 21);
}

static void configuration_may_change(void **state)
{
    (void)state;
    struct proa_concurrency c = make();
    proa_concurrency_congested(&c, &CFG, SECONDS(1), START);
    assert_int_equal(proa_concurrency_limit(&c, &CFG), 44);
    struct proa_concurrency_cfg cfg = CFG;
    cfg.target = 10;
    assert_int_equal(proa_concurrency_limit(&c, &cfg), 10);
    cfg.target = 100;
    assert_int_equal(proa_concurrency_limit(&c, &cfg), 44);
    cfg.floor = 50;
    assert_int_equal(proa_concurrency_limit(&c, &cfg), 50);
    cfg.target = 1;
    assert_int_equal(proa_concurrency_limit(&c, &cfg), 1);
    proa_concurrency_congested(&c, &cfg, 0, START);
    assert_int_equal(proa_concurrency_limit(&c, &cfg), 1);
}

static void bounds_hold_at_random(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    for (unsigned round = 0; round < 100; round++) {
        struct proa_concurrency_cfg cfg = CFG;
        cfg.target = 1 + (uint32_t)proa_prng_below(&prng, 65535);
        cfg.floor = 1 + (uint32_t)proa_prng_below(&prng, 10);
        cfg.down_ppm = 100000 + (uint32_t)proa_prng_below(&prng, 900001);
        const uint32_t floor = cfg.floor < cfg.target ? cfg.floor : cfg.target;
        struct proa_concurrency c = make();
        uint64_t now_ns = START;
        for (unsigned i = 0; i < 2000; i++) {
            now_ns += proa_prng_below(&prng, SECONDS(1));
            uint32_t before = proa_concurrency_limit(&c, &cfg);
            if (proa_prng_below(&prng, 20) == 0) {
                proa_concurrency_congested(&c, &cfg, SECONDS(1), now_ns);
                assert_in_range(proa_concurrency_limit(&c, &cfg), floor, before);
            } else {
                proa_concurrency_ok(&c, &cfg, (uint32_t)proa_prng_below(&prng, 2 * before));
                assert_in_range(proa_concurrency_limit(&c, &cfg), before, cfg.target);
            }
        }
    }
}

/* A provider that takes 20 at once: the cap settles a little below and about it. */
static void settles_about_what_is_taken(void **state)
{
    (void)state;
    struct proa_concurrency c = make();
    uint64_t sum = 0;
    enum { ROUNDS = 5000, WARM = 500 };
    for (unsigned round = 0; round < ROUNDS; round++) { /* each one call time, at full use */
        uint32_t limit = proa_concurrency_limit(&c, &CFG);
        if (limit > 20) {
            proa_concurrency_congested(&c, &CFG, SECONDS(1), START + SECONDS(round));
        }
        for (unsigned i = 0; i < limit && i < 20; i++) {
            proa_concurrency_ok(&c, &CFG, limit);
        }
        sum += round < WARM ? 0 : limit;
    }
    assert_in_range(sum / (ROUNDS - WARM), 16, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_configured),
        cmocka_unit_test(congestion_lowers_down_to_the_floor),
        cmocka_unit_test(one_decrease_per_call_time),
        cmocka_unit_test(success_adds_one_per_limit),
        cmocka_unit_test(idle_targets_learn_nothing),
        cmocka_unit_test(configuration_may_change),
        cmocka_unit_test(bounds_hold_at_random),
        cmocka_unit_test(settles_about_what_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
