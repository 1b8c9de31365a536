/* Token usage: absent is not zero, and absurd counts are not believed. */
#include "proa/chat/usage.h"

#include "proa_test.h"

static void absent_is_not_zero(void **state)
{
    (void)state;
    struct proa_usage u = {0};
    for (int f = 0; f < PROA_USAGE_FIELDS; f++) {
        assert_false(proa_usage_has(&u, (enum proa_usage_field)f));
    }
    proa_usage_set(&u, PROA_USAGE_OUTPUT, 0);
    assert_true(proa_usage_has(&u, PROA_USAGE_OUTPUT));
    assert_int_equal(u.count[PROA_USAGE_OUTPUT], 0);
    assert_false(proa_usage_has(&u, PROA_USAGE_INPUT));
}

static void fields_are_independent(void **state)
{
    (void)state;
    for (int f = 0; f < PROA_USAGE_FIELDS; f++) {
        struct proa_usage u = {0};
        proa_usage_set(&u, (enum proa_usage_field)f, 42);
        for (int other = 0; other < PROA_USAGE_FIELDS; other++) {
            assert_int_equal(proa_usage_has(&u, (enum proa_usage_field)other), other == f);
        }
        assert_int_equal(u.count[f], 42);
    }
}

static void a_later_count_replaces(void **state)
{
    (void)state;
    struct proa_usage u = {0};
    proa_usage_set(&u, PROA_USAGE_INPUT, 5);
    proa_usage_set(&u, PROA_USAGE_INPUT, 7);
    assert_int_equal(u.count[PROA_USAGE_INPUT], 7);
}

static void absurd_counts_are_ignored(void **state)
{
    (void)state;
    struct proa_usage u = {0};
    proa_usage_set(&u, PROA_USAGE_INPUT, PROA_USAGE_SANE_MAX);
    assert_int_equal(u.count[PROA_USAGE_INPUT], PROA_USAGE_SANE_MAX);
    proa_usage_set(&u, PROA_USAGE_INPUT, PROA_USAGE_SANE_MAX + 1);
    assert_int_equal(u.count[PROA_USAGE_INPUT], PROA_USAGE_SANE_MAX);
    proa_usage_set(&u, PROA_USAGE_OUTPUT, UINT64_MAX);
    assert_false(proa_usage_has(&u, PROA_USAGE_OUTPUT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_is_not_zero),
        cmocka_unit_test(fields_are_independent),
        cmocka_unit_test(a_later_count_replaces),
        cmocka_unit_test(absurd_counts_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
