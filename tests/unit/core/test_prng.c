#include "proa/core/prng.h"

#include "proa_test.h"

/* First outputs of xoshiro256** from the state 1, 2, 3, 4, as its ports check themselves with. */
static void test_known_outputs(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct proa_prng p = {{1, 2, 3, 4}};
    PROA_TEST_ROWS(value, expected)
    {
        assert_true(proa_prng_next(&p) == *value);
    }
}

/* First outputs of splitmix64 from this seed, likewise: they become the state. */
static void test_known_seeding(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, UINT64_C(1477776061723855037));
    assert_true(p.s[0] == UINT64_C(1985237415132408290));
    assert_true(p.s[1] == UINT64_C(2979275885539914483));
    assert_true(p.s[2] == UINT64_C(13511426838097143398));
    assert_true(p.s[3] == UINT64_C(8488337342461049707));
}

static void test_same_seed_same_numbers(void **state)
{
    (void)state;
    struct proa_prng a;
    struct proa_prng b;
    struct proa_prng c;
    proa_prng_seed(&a, 1);
    proa_prng_seed(&b, 1);
    proa_prng_seed(&c, 2);
    unsigned same = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t value = proa_prng_next(&a);
        assert_true(proa_prng_next(&b) == value);
        same += proa_prng_next(&c) == value;
    }
    assert_int_equal(same, 0);
}

/* An all-zero state would stay zero for ever. */
static void test_seed_zero_works(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 0);
    assert_true((p.s[0] | p.s[1] | p.s[2] | p.s[3]) != 0);
    uint64_t all = 0;
    for (unsigned i = 0; i < 100; i++) {
        all |= proa_prng_next(&p);
    }
    assert_true(all == UINT64_MAX);
}

static void test_below_stays_below(void **state)
{
    (void)state;
    const uint64_t bounds[] = {
        1, 2, 3, 10, 1000, UINT64_C(1) << 32, (UINT64_C(1) << 63) + 1, UINT64_MAX};
    struct proa_prng p;
    proa_prng_seed(&p, 4);
    PROA_TEST_ROWS(bound, bounds)
    {
        for (unsigned i = 0; i < 2000; i++) {
            assert_true(proa_prng_below(&p, *bound) < *bound);
        }
    }
    assert_true(proa_prng_below(&p, 0) == 0);
    assert_true(proa_prng_below(&p, 1) == 0);
}

static void test_below_is_even(void **state)
{
    (void)state;
    unsigned count[7] = {0};
    struct proa_prng p;
    proa_prng_seed(&p, 8);
    for (unsigned i = 0; i < 70000; i++) {
        count[proa_prng_below(&p, 7)]++;
    }
    for (size_t i = 0; i < 7; i++) {
        assert_in_range(count[i], 9500, 10500);
    }
}

/*
 * A bound of 3/4 of the range shows both ways of doing it wrong: taking a number modulo the bound
 * gives the lowest third half of all results, and scaling it without throwing any away gives half
 * of them to the multiples of 3.
 */
static void test_below_has_no_bias(void **state)
{
    (void)state;
    const uint64_t third = UINT64_C(1) << 62;
    unsigned by_third[3] = {0};
    unsigned by_rest[3] = {0};
    struct proa_prng p;
    proa_prng_seed(&p, 15);
    for (unsigned i = 0; i < 30000; i++) {
        uint64_t value = proa_prng_below(&p, 3 * third);
        by_third[value / third]++;
        by_rest[value % 3]++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(by_third[i], 9500, 10500);
        assert_in_range(by_rest[i], 9500, 10500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_outputs),          cmocka_unit_test(test_known_seeding),
        cmocka_unit_test(test_same_seed_same_numbers), cmocka_unit_test(test_seed_zero_works),
        cmocka_unit_test(test_below_stays_below),      cmocka_unit_test(test_below_is_even),
        cmocka_unit_test(test_below_has_no_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
