/* Beside the system's library: the same but for the last few bits, and exact where the value is. */
#include "proa/core/prng.h"
#include "proa/sim/curve.h"
#include "proa/sim/dist.h"

#include <float.h>
#include <math.h>

#include "proa_test.h"

enum { DRAWS = 200000 };
static const double UNITS = 4 * DBL_EPSILON;

static void logarithms_are_right(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 1);
    for (int i = 0; i < DRAWS; i++) {
        const double x = ldexp(proa_dist_unit(&p), (int)(proa_prng_next(&p) % 120) - 60);
        const double off = fabs(proa_curve_log(x) - log(x));
        PROA_TEST_CHECK(off <= UNITS * fabs(log(x)), "log %a is off by %a", x, off);
    }
    assert_true(proa_curve_log(1) == 0.0);
    assert_true(proa_curve_log(DBL_MIN) == log(DBL_MIN));
}

static void exponentials_are_right(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 2);
    for (int i = 0; i < DRAWS; i++) {
        const double x = (proa_dist_unit(&p) - 0.5) * (i % 2 ? 20 : 1410);
        const double off = fabs(proa_curve_exp(x) - exp(x));
        PROA_TEST_CHECK(off <= UNITS * exp(x), "exp %a is off by %a", x, off);
    }
    assert_true(proa_curve_exp(0) == 1.0);
    assert_true(proa_curve_exp(1e300) == 0x1p1023);
    assert_true(proa_curve_exp(-1e300) == 0.0);
}

static void cosines_are_right(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 3);
    for (int i = 0; i < DRAWS; i++) {
        const double turn = proa_dist_unit(&p);
        const double off = fabs(proa_curve_cos_turn(turn) - cos(2 * 3.14159265358979323846 * turn));
        PROA_TEST_CHECK(off <= UNITS, "cos of %a turns is off by %a", turn, off);
    }
    static const double quarters[] = {1, 0, -1, 0, 1};
    for (size_t i = 0; i < 5; i++) {
        assert_true(proa_curve_cos_turn((double)i / 4) == quarters[i]);
    }
}

/* To the last bit: this is what makes a run the same on every machine. */
static void values_do_not_change(void **state)
{
    (void)state;
    assert_true(proa_curve_log(0.1) == -0x1.26bb1bbb55515p+1);
    assert_true(proa_curve_exp(0.1) == 0x1.1aec7b35a00d4p+0);
    assert_true(proa_curve_cos_turn(0.1) == 0x1.9e3779b97f4a8p-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_are_right),
        cmocka_unit_test(exponentials_are_right),
        cmocka_unit_test(cosines_are_right),
        cmocka_unit_test(values_do_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
