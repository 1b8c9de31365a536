/* Means and variances of many draws, streams that do not disturb each other, draws of fixed cost.
 */
#include "proa/sim/dist.h"

#include <math.h>

#include "proa_test.h"

enum { DRAWS = 200000 };
static const double MS = 1e6;

struct moments {
    double mean;
    double deviation;
};

typedef double draw_fn(struct proa_prng *p);

static struct moments moments_of(draw_fn *draw)
{
    struct proa_prng p;
    double sum = 0;
    double squares = 0;
    proa_dist_stream(&p, 7, PROA_SLICE("test"), 0);
    for (int i = 0; i < DRAWS; i++) {
        const double x = draw(&p);
        sum += x;
        squares += x * x;
    }
    const double mean = sum / DRAWS;
    return (struct moments){mean, sqrt(squares / DRAWS - mean * mean)};
}

static double unit(struct proa_prng *p)
{
    const double x = proa_dist_unit(p);
    assert_true(x > 0 && x < 1);
    return x;
}

static double exponential(struct proa_prng *p)
{
    return (double)proa_dist_exponential(p, (uint64_t)(400 * MS)) / MS;
}

static double log_of_lognormal(struct proa_prng *p)
{
    return log((double)proa_dist_lognormal(p, (uint64_t)(600 * MS), 500000) / (600 * MS));
}

static double chance(struct proa_prng *p)
{
    return proa_dist_chance(p, 30000);
}

static void moments_are_right(void **state)
{
    (void)state;
    static const struct {
        draw_fn *draw;
        double mean;
        double deviation;
        double off; /* at most */
    } cases[] = {
        {unit, 0.5, 0.288675, 0.005},
        {exponential, 400, 400, 4},
        {log_of_lognormal, 0, 0.5, 0.005},
        {chance, 0.03, 0.170587, 0.004},
    };
    PROA_TEST_ROWS(row, cases)
    {
        const struct moments m = moments_of(row->draw);
        PROA_TEST_CHECK(fabs(m.mean - row->mean) <= row->off, "row %td: mean %f", row - cases,
                        m.mean);
        PROA_TEST_CHECK(fabs(m.deviation - row->deviation) <= row->off, "row %td: deviation %f",
                        row - cases, m.deviation);
    }
}

static void certain_and_impossible(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_dist_stream(&p, 1, PROA_SLICE("test"), 0);
    for (int i = 0; i < 10000; i++) {
        assert_true(proa_dist_chance(&p, 1000000));
        assert_false(proa_dist_chance(&p, 0));
        assert_int_equal(proa_dist_exponential(&p, 0), 0);
        assert_int_equal(proa_dist_lognormal(&p, 0, 500000), 0);
        assert_int_equal(proa_dist_lognormal(&p, 1000, 0), 1000);
    }
}

static void nothing_takes_longer_than_an_hour(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_dist_stream(&p, 1, PROA_SLICE("test"), 0);
    for (int i = 0; i < 1000; i++) {
        assert_true(proa_dist_exponential(&p, UINT64_MAX) <= UINT64_C(3600000000000));
        assert_true(proa_dist_lognormal(&p, UINT64_MAX, 3000000) <= UINT64_C(3600000000000));
    }
}

static void streams_differ_by_each_part_of_their_name(void **state)
{
    (void)state;
    struct proa_prng p[4];
    proa_dist_stream(&p[0], 1, PROA_SLICE("latency"), 0);
    proa_dist_stream(&p[1], 2, PROA_SLICE("latency"), 0);
    proa_dist_stream(&p[2], 1, PROA_SLICE("faults"), 0);
    proa_dist_stream(&p[3], 1, PROA_SLICE("latency"), 1);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < i; j++) {
            struct proa_prng a = p[i];
            struct proa_prng b = p[j];
            assert_true(proa_prng_next(&a) != proa_prng_next(&b));
        }
    }
    struct proa_prng again;
    proa_dist_stream(&again, 1, PROA_SLICE("latency"), 0);
    assert_true(proa_prng_next(&again) == proa_prng_next(&p[0]));
}

/* Whatever the parameters are, the stream goes on from the same place. */
static void draws_cost_the_same(void **state)
{
    (void)state;
    struct proa_prng a;
    struct proa_prng b;
    proa_dist_stream(&a, 3, PROA_SLICE("test"), 0);
    b = a;
    (void)proa_dist_lognormal(&a, 1, 0);
    (void)proa_dist_lognormal(&b, 1000000, 2000000);
    (void)proa_dist_exponential(&a, 0);
    (void)proa_dist_exponential(&b, 5);
    (void)proa_dist_chance(&a, 0);
    (void)proa_dist_chance(&b, 1000000);
    assert_true(proa_prng_next(&a) == proa_prng_next(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_right),
        cmocka_unit_test(certain_and_impossible),
        cmocka_unit_test(nothing_takes_longer_than_an_hour),
        cmocka_unit_test(streams_differ_by_each_part_of_their_name),
        cmocka_unit_test(draws_cost_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
