/* Full jitter: the ceiling of each try, and how the draws below it are spread. */
#include "proa/resilience/backoff.h"

#include <inttypes.h>

#include "proa_test.h"

#define MS(n) ((n)*PROA_NS_PER_MS)

static void ceiling_doubles_up_to_the_cap(void **state)
{
    (void)state;
    static const struct {
        uint64_t base;
        uint64_t cap;
        uint32_t n;
        uint64_t max;
    } rows[] = {
        {MS(500), MS(4000), 0, MS(500)},
        {MS(500), MS(4000), 1, MS(1000)},
        {MS(500), MS(4000), 2, MS(2000)},
        {MS(500), MS(4000), 3, MS(4000)},
        {MS(500), MS(4000), 4, MS(4000)},
        {MS(500), MS(3000), 3, MS(3000)},
        {MS(500), MS(4000), 63, MS(4000)},
        {MS(500), MS(4000), 64, MS(4000)},
        {MS(500), MS(4000), UINT32_MAX, MS(4000)},
        {MS(500), MS(400), 0, MS(400)},
        {0, MS(400), 0, 0},
        {0, MS(400), 64, 0},
        {MS(500), 0, 0, 0},
        {1, UINT64_MAX, 63, UINT64_C(1) << 63},
        {1, UINT64_MAX, 64, UINT64_MAX},
        {3, UINT64_MAX, 63, UINT64_MAX},
        {UINT64_MAX, UINT64_MAX, 0, UINT64_MAX},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t max = proa_backoff_max_ns(row->base, row->cap, row->n);
        PROA_TEST_CHECK(max == row->max, "row %td: %" PRIu64, row - rows, max);
    }
}

/* 10^5 draws of each try: least, most and mean within 1 % of those of a uniform spread. */
static void draws_are_uniform(void **state)
{
    (void)state;
    enum { DRAWS = 100000, TENTHS = 10 };
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    for (uint32_t n = 0; n < 6; n++) {
        uint64_t max = proa_backoff_max_ns(MS(500), MS(4000), n);
        uint64_t least = UINT64_MAX;
        uint64_t most = 0;
        uint64_t sum = 0;
        unsigned tenth[TENTHS] = {0};
        for (unsigned i = 0; i < DRAWS; i++) {
            uint64_t ns = proa_backoff_ns(MS(500), MS(4000), n, &prng);
            assert_true(ns <= max);
            least = ns < least ? ns : least;
            most = ns > most ? ns : most;
            sum += ns;
            tenth[ns == max ? TENTHS - 1 : ns * TENTHS / max]++;
        }
        assert_true(least < max / 100);
        assert_true(most > max - max / 100);
        assert_in_range(sum / DRAWS, max / 2 - max / 200, max / 2 + max / 200);
        for (unsigned i = 0; i < TENTHS; i++) {
            PROA_TEST_CHECK(tenth[i] > 9500 && tenth[i] < 10500, "try %u, tenth %u: %u", n, i,
                            tenth[i]);
        }
    }
}

static void edges_of_the_range(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 2);
    bool seen[3] = {false};
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(proa_backoff_ns(0, MS(1), 5, &prng), 0);
        uint64_t ns = proa_backoff_ns(1, 2, 1, &prng);
        assert_true(ns <= 2);
        seen[ns] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]); /* both ends are drawn */
    bool high = false;
    for (unsigned i = 0; i < 100; i++) {
        high |= proa_backoff_ns(1, UINT64_MAX, 64, &prng) > UINT64_MAX / 2;
    }
    assert_true(high);
}

static void repeats_itself(void **state)
{
    (void)state;
    struct proa_prng a;
    struct proa_prng b;
    proa_prng_seed(&a, 3);
    proa_prng_seed(&b, 3);
    for (uint32_t n = 0; n < 50; n++) {
        assert_int_equal(proa_backoff_ns(MS(1), MS(100), n, &a),
                         proa_backoff_ns(MS(1), MS(100), n, &b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ceiling_doubles_up_to_the_cap),
        cmocka_unit_test(draws_are_uniform),
        cmocka_unit_test(edges_of_the_range),
        cmocka_unit_test(repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
