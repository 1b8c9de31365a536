/* Smooth weighted round robin: exact shares, even spread, masks, ties. */
#include "proa/core/prng.h"
#include "proa/resilience/wrr.h"

#include "proa_test.h"

#define ALL(n) ((n) == 64 ? UINT64_MAX : (UINT64_C(1) << (n)) - 1)

/* The published example of the algorithm: weights 5,1,1 give a a b a c a a. */
static void nginx_example(void **state)
{
    (void)state;
    int64_t c[3] = {0};
    int64_t *credit[3] = {&c[0], &c[1], &c[2]};
    const uint32_t weight[3] = {5, 1, 1};
    static const size_t expected[] = {0, 0, 1, 0, 2, 0, 0};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 7; i++) {
            assert_int_equal(proa_wrr_pick(credit, weight, 3, ALL(3)), expected[i]);
        }
        assert_int_equal(c[0], 0);
        assert_int_equal(c[1], 0);
        assert_int_equal(c[2], 0);
    }
}

static void equal_weights_take_turns(void **state)
{
    (void)state;
    int64_t c[4] = {0};
    int64_t *credit[4] = {&c[0], &c[1], &c[2], &c[3]};
    const uint32_t weight[4] = {1, 1, 1, 1};
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(proa_wrr_pick(credit, weight, 4, ALL(4)), i % 4);
    }
}

static void masked_and_weightless_are_never_picked(void **state)
{
    (void)state;
    int64_t c[3] = {0};
    int64_t *credit[3] = {&c[0], &c[1], &c[2]};
    const uint32_t weight[3] = {3, 0, 2};
    for (int i = 0; i < 20; i++) {
        assert_int_equal(proa_wrr_pick(credit, weight, 3, 1U << 2), 2);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_not_equal(proa_wrr_pick(credit, weight, 3, ALL(3)), 1);
    }
    assert_int_equal(c[1], 0);
}

static void nothing_to_pick(void **state)
{
    (void)state;
    int64_t c[2] = {7, 9};
    int64_t *credit[2] = {&c[0], &c[1]};
    const uint32_t weight[2] = {0, 0};
    assert_true(proa_wrr_pick(credit, weight, 2, ALL(2)) == PROA_WRR_NONE);
    assert_true(proa_wrr_pick(credit, weight, 0, 0) == PROA_WRR_NONE);
    assert_int_equal(c[0], 7);
    assert_int_equal(c[1], 9);
}

/* Over sum(weights) picks each candidate comes up exactly weight times, for random weights. */
static void shares_are_exact(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 42);
    for (int round = 0; round < 200; round++) {
        const size_t n = 1 + proa_prng_below(&prng, 64);
        int64_t c[64] = {0};
        int64_t *credit[64];
        uint32_t weight[64];
        uint32_t picked[64] = {0};
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            credit[i] = &c[i];
            weight[i] = (uint32_t)proa_prng_below(&prng, 20) + 1;
            sum += weight[i];
        }
        for (uint64_t i = 0; i < sum; i++) {
            picked[proa_wrr_pick(credit, weight, n, ALL(n))]++;
        }
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(picked[i], weight[i]);
            assert_int_equal(c[i], 0);
        }
    }
}

/* The largest weights there are do not overflow the credit. */
static void largest_weights(void **state)
{
    (void)state;
    int64_t c[64] = {0};
    int64_t *credit[64];
    uint32_t weight[64];
    uint32_t picked[64] = {0};
    for (size_t i = 0; i < 64; i++) {
        credit[i] = &c[i];
        weight[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < 6400; i++) {
        picked[proa_wrr_pick(credit, weight, 64, ALL(64))]++;
    }
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(picked[i], 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nginx_example),
        cmocka_unit_test(equal_weights_take_turns),
        cmocka_unit_test(masked_and_weightless_are_never_picked),
        cmocka_unit_test(nothing_to_pick),
        cmocka_unit_test(shares_are_exact),
        cmocka_unit_test(largest_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
