#include "proa/core/check.h"

#include "proa_test.h"

struct pair {
    int first;
    int second;
};

static void fail_always(void *ctx)
{
    (void)ctx;
    PROA_ASSERT(1 > 2);
}

static void hold(void *ctx)
{
    PROA_ASSERT(ctx != NULL);
}

static void fail_debug(void *ctx)
{
    PROA_DASSERT(ctx == NULL);
}

static void test_assert_aborts_only_when_broken(void **state)
{
    (void)state;
    int something = 1;
    assert_true(proa_test_aborts(fail_always, NULL));
    assert_true(proa_test_aborts(hold, NULL));
    assert_false(proa_test_aborts(hold, &something));
}

static void test_dassert_follows_the_build(void **state)
{
    (void)state;
    int something = 1;
#ifdef PROA_DEBUG
    assert_true(proa_test_aborts(fail_debug, &something));
#else
    assert_false(proa_test_aborts(fail_debug, &something));
#endif
    assert_false(proa_test_aborts(fail_debug, NULL));
}

static void test_assert_evaluates_once(void **state)
{
    (void)state;
    int n = 0;
    PROA_ASSERT(++n == 1);
    assert_int_equal(n, 1);
}

static void test_container_of(void **state)
{
    (void)state;
    struct pair p = {1, 2};
    int *second = &p.second;
    assert_ptr_equal(PROA_CONTAINER_OF(second, struct pair, second), &p);
    assert_ptr_equal(PROA_CONTAINER_OF(&p.first, struct pair, first), &p);
}

static void test_array_len(void **state)
{
    (void)state;
    int three[3] = {0};
    char one[1] = {0};
    assert_int_equal(PROA_ARRAY_LEN(three), 3);
    assert_int_equal(PROA_ARRAY_LEN(one), 1);
    (void)three;
    (void)one;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assert_aborts_only_when_broken),
        cmocka_unit_test(test_dassert_follows_the_build),
        cmocka_unit_test(test_assert_evaluates_once),
        cmocka_unit_test(test_container_of),
        cmocka_unit_test(test_array_len),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
