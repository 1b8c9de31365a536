/* The budget of extra attempts: its bounds, its two sources, and what it makes of an outage. */
#include "proa/core/prng.h"
#include "proa/resilience/budget.h"

#include <inttypes.h>

#include "proa_test.h"

#define SECONDS(n) ((n)*PROA_NS_PER_S)
#define MS(n)      ((n)*PROA_NS_PER_MS)
#define START      SECONDS(1000)

static const struct proa_budget_cfg RETRY = {
    .ratio_ppm = 200000, .cap = 10, .start = 10, .per_second_ppm = 100000};
static const struct proa_budget_cfg HEDGE = {.ratio_ppm = 50000, .cap = 10, .start = 3};

static struct proa_budget make(void)
{
    struct proa_budget b;
    proa_budget_init(&b);
    return b;
}

/* Takes all there is; returns how many that were. */
static unsigned drain(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns)
{
    unsigned n = 0;
    while (proa_budget_take(b, cfg, now_ns)) {
        n++;
        assert_true(n < 100000);
    }
    return n;
}

static void starts_with_what_the_configuration_says(void **state)
{
    (void)state;
    struct proa_budget b = make();
    assert_int_equal(proa_budget_level(&b, &RETRY, START), 10000);
    assert_int_equal(drain(&b, &RETRY, START), 10);
    assert_int_equal(proa_budget_level(&b, &RETRY, START), 0);
    b = make();
    assert_int_equal(drain(&b, &HEDGE, START), 3);
    b = make();
    const struct proa_budget_cfg over = {.cap = 4, .start = 9};
    assert_int_equal(drain(&b, &over, START), 4);
}

static void requests_deposit(void **state)
{
    (void)state;
    struct proa_budget b = make();
    drain(&b, &RETRY, START);
    for (unsigned i = 1; i <= 4; i++) {
        proa_budget_deposit(&b, &RETRY, START);
        assert_int_equal(proa_budget_level(&b, &RETRY, START), i * 200);
        assert_false(proa_budget_take(&b, &RETRY, START));
    }
    proa_budget_deposit(&b, &RETRY, START);
    assert_true(proa_budget_take(&b, &RETRY, START));
    assert_int_equal(proa_budget_level(&b, &RETRY, START), 0);
}

static void time_deposits(void **state)
{
    (void)state;
    static const struct {
        uint64_t after_ns;
        uint64_t level;
    } rows[] = {
        {0, 0},
        {MS(10) - 1, 0},
        {MS(10), 1},
        {SECONDS(1), 100},
        {SECONDS(10) - 1, 999},
        {SECONDS(10), 1000},
        {SECONDS(100) - 1, 9999},
        {SECONDS(100), 10000},
        {SECONDS(100000), 10000},
        {PROA_NEVER - START, 10000},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_budget b = make();
        drain(&b, &RETRY, START);
        uint64_t level = proa_budget_level(&b, &RETRY, START + row->after_ns);
        PROA_TEST_CHECK(level == row->level, "row %td: %" PRIu64, row - rows, level);
    }
}

/* Looking every microsecond gains as much as looking once. */
static void frequent_looks_lose_nothing(void **state)
{
    (void)state;
    struct proa_budget b = make();
    drain(&b, &RETRY, START);
    for (uint64_t us = 1; us <= 1000000; us++) {
        proa_budget_take(&b, &RETRY, START + us * PROA_NS_PER_US);
    }
    assert_int_equal(proa_budget_level(&b, &RETRY, START + SECONDS(1)), 100);
    assert_true(proa_budget_level(&b, &RETRY, START + SECONDS(10)) == 1000);
}

/* Time that passed while it was full is not saved up for later. */
static void full_is_full(void **state)
{
    (void)state;
    struct proa_budget b = make();
    proa_budget_deposit(&b, &RETRY, START);
    proa_budget_deposit(&b, &RETRY, START + SECONDS(5000));
    assert_int_equal(drain(&b, &RETRY, START + SECONDS(5000)), 10);
    assert_int_equal(proa_budget_level(&b, &RETRY, START + SECONDS(5001)), 100);
}

static void clock_that_goes_backward_adds_nothing(void **state)
{
    (void)state;
    struct proa_budget b = make();
    drain(&b, &RETRY, START);
    assert_false(proa_budget_take(&b, &RETRY, 0));
    proa_budget_deposit(&b, &RETRY, 0);
    assert_int_equal(b.level, 200);
    assert_int_equal(proa_budget_level(&b, &RETRY, START), 200);
    assert_int_equal(proa_budget_level(&b, &RETRY, START + SECONDS(1)), 300);
}

/* A reload takes effect at the next call, and does not pay for the time before it. */
static void configuration_may_change(void **state)
{
    (void)state;
    struct proa_budget b = make();
    const struct proa_budget_cfg small = {.cap = 2, .start = 2};
    proa_budget_deposit(&b, &RETRY, START);
    assert_int_equal(proa_budget_level(&b, &small, START), 2000);
    proa_budget_deposit(&b, &small, START + SECONDS(600));
    assert_int_equal(proa_budget_level(&b, &RETRY, START + SECONDS(600)), 2000);
    assert_int_equal(drain(&b, &small, START + SECONDS(1200)), 2);
    proa_budget_deposit(&b, &small, START + SECONDS(1800));
    assert_int_equal(proa_budget_level(&b, &RETRY, START + SECONDS(1801)), 100);
}

static void nothing_allowed(void **state)
{
    (void)state;
    const struct proa_budget_cfg none = {0};
    struct proa_budget b = make();
    proa_budget_deposit(&b, &none, START);
    assert_false(proa_budget_take(&b, &none, START + SECONDS(1000)));
    assert_int_equal(b.level, 0);
}

/* Never above cap; a take lowers it by one attempt or not at all. */
static void bounds_hold_at_random(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    for (unsigned round = 0; round < 50; round++) {
        const struct proa_budget_cfg cfg = {
            .ratio_ppm = (uint32_t)proa_prng_below(&prng, 1000001),
            .cap = (uint32_t)proa_prng_below(&prng, 1000),
            .start = (uint32_t)proa_prng_below(&prng, 1000),
            .per_second_ppm = (uint32_t)proa_prng_below(&prng, 100000000),
        };
        struct proa_budget b = make();
        uint64_t now_ns = START;
        for (unsigned i = 0; i < 2000; i++) {
            now_ns += proa_prng_below(&prng, i % 100 == 0 ? SECONDS(1000) : MS(20));
            uint64_t before = proa_budget_level(&b, &cfg, now_ns);
            if (proa_prng_below(&prng, 2)) {
                proa_budget_deposit(&b, &cfg, now_ns);
                assert_in_range(b.level, before, before + cfg.ratio_ppm / 1000);
            } else {
                bool taken = proa_budget_take(&b, &cfg, now_ns);
                assert_int_equal(taken, before >= 1000);
                assert_int_equal(b.level, before - (taken ? 1000 : 0));
            }
            assert_true(b.level <= cfg.cap * 1000U);
        }
    }
}

/* Everything fails and every failure asks for two more tries: attempts per request stay below
 * 1 + ratio + (cap + trickle x time) / requests, and use most of it. */
static void amplification_is_bounded(void **state)
{
    (void)state;
    static const unsigned requests[] = {10, 100, 1000, 100000};
    static const uint64_t gaps[] = {MS(10), MS(200), SECONDS(1), SECONDS(5)};
    PROA_TEST_ROWS(n, requests)
    {
        PROA_TEST_ROWS(gap, gaps)
        {
            struct proa_budget b = make();
            uint64_t now_ns = START;
            uint64_t extra = 0;
            for (unsigned i = 0; i < *n; i++) {
                proa_budget_deposit(&b, &RETRY, now_ns);
                for (unsigned retry = 0; retry < 2; retry++) {
                    extra += proa_budget_take(&b, &RETRY, now_ns);
                }
                now_ns += *gap;
            }
            uint64_t paid = 10000 + *n * UINT64_C(200) + (now_ns - START) / MS(10);
            PROA_TEST_CHECK(extra * 1000 <= paid, "%u requests: %" PRIu64 " extra", *n, extra);
            uint64_t asked = *n * UINT64_C(2000);
            uint64_t usable = paid < asked ? paid : asked;
            PROA_TEST_CHECK(extra * 1000 + 2000 >= usable, "%u requests: %" PRIu64 " extra", *n,
                            extra);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with_what_the_configuration_says),
        cmocka_unit_test(requests_deposit),
        cmocka_unit_test(time_deposits),
        cmocka_unit_test(frequent_looks_lose_nothing),
        cmocka_unit_test(full_is_full),
        cmocka_unit_test(clock_that_goes_backward_adds_nothing),
        cmocka_unit_test(configuration_may_change),
        cmocka_unit_test(nothing_allowed),
        cmocka_unit_test(bounds_hold_at_random),
        cmocka_unit_test(amplification_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
