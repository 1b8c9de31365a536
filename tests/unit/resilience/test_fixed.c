/* Products that do not overflow, and the logarithm against one in floating point. */
#include "fixed_priv.h"

#include "proa/core/prng.h"

#include <inttypes.h>

#include "proa_test.h"

static void products(void **state)
{
    (void)state;
    static const struct {
        uint64_t a;
        uint64_t b;
        uint64_t c;
        uint64_t down;
        uint64_t up;
    } rows[] = {
        {0, 5, 7, 0, 0},
        {1, 1, 7, 0, 1},
        {6, 7, 7, 6, 6},
        {10, 10, 7, 14, 15},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {UINT64_MAX, 3, 4, UINT64_C(13835058055282163711), UINT64_C(13835058055282163712)},
        {UINT64_MAX, 2, 1, UINT64_MAX, UINT64_MAX},
        {UINT64_MAX, UINT64_MAX, 1, UINT64_MAX, UINT64_MAX},
        {1, 1, 0, UINT64_MAX, UINT64_MAX},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(mul_div(row->a, row->b, row->c) == row->down, "row %td", row - rows);
        PROA_TEST_CHECK(mul_div_up(row->a, row->b, row->c) == row->up, "row %td", row - rows);
    }
    assert_int_equal(min_u64(3, UINT64_MAX), 3);
    assert_int_equal(max_u64(3, UINT64_MAX), UINT64_MAX);
}

/* ln m = 2 artanh((m - 1) / (m + 1)), for 1 <= m < 2: the series ends below 1e-16. */
static double log2_of_mantissa(double m)
{
    const double t = (m - 1) / (m + 1);
    double power = t;
    double sum = 0;
    for (int i = 1; i < 40; i += 2) {
        sum += power / i;
        power *= t * t;
    }
    return 2 * sum / 0.693147180559945309417232121458;
}

static double reference(uint64_t x)
{
    double whole = 64;
    double m = ((double)x + 1) / 18446744073709551616.0; /* (0, 1] */
    while (m < 1) {
        m *= 2;
        whole += 1;
    }
    return whole - 64 - log2_of_mantissa(m);
}

static void assert_close(uint64_t x)
{
    double error = (double)minus_log2(x) - reference(x) * LOG2_ONE;
    /* a double has 53 bits of x: that much more near 1 */
    PROA_TEST_CHECK(error > -0.001 && error < 1.01, "x %" PRIx64 ": off by %f", x, error);
}

static void logarithm(void **state)
{
    (void)state;
    assert_int_equal(minus_log2(UINT64_MAX), 0);
    assert_int_equal(minus_log2(0), 64 * LOG2_ONE);
    for (unsigned i = 0; i < 64; i++) { /* exact at powers of two */
        assert_int_equal(minus_log2((UINT64_C(1) << i) - 1), (64 - i) * LOG2_ONE);
    }
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    for (unsigned i = 0; i < 100000; i++) {
        assert_close(proa_prng_next(&prng) >> proa_prng_below(&prng, 64));
        assert_close(UINT64_MAX - (proa_prng_next(&prng) >> proa_prng_below(&prng, 64)));
    }
}

/* A larger number never has a larger -log. */
static void logarithm_is_monotonic(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 2);
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t x = proa_prng_next(&prng) >> proa_prng_below(&prng, 64);
        uint64_t step = proa_prng_next(&prng) >> proa_prng_below(&prng, 64);
        uint64_t y = step > UINT64_MAX - x ? UINT64_MAX : x + step;
        assert_true(minus_log2(y) <= minus_log2(x));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(logarithm),
        cmocka_unit_test(logarithm_is_monotonic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
