#include "proa/core/alloc.h"

#include "proa_test.h"

static void test_size_zero_gives_unique_pointers(void **state)
{
    (void)state;
    void *a = proa_alloc(0);
    void *b = proa_alloc(0);
    void *c = proa_alloc_zero(0, 8);
    void *d = proa_alloc_zero(8, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_non_null(d);
    assert_ptr_not_equal(a, b);
    assert_ptr_not_equal(c, d);
    proa_free(a);
    proa_free(b);
    proa_free(c);
    proa_free(d);
}

static void test_zeroed(void **state)
{
    (void)state;
    static const char zeros[300];
    char *p = proa_alloc_zero(100, 3);
    assert_memory_equal(p, zeros, 300);
    proa_free(p);

    struct row {
        int a;
        void *b;
    } *row = PROA_NEW(struct row);
    assert_int_equal(row->a, 0);
    assert_null(row->b);
    proa_free(row);
}

static void test_realloc_keeps_bytes(void **state)
{
    (void)state;
    char *p = proa_realloc(NULL, 4);
    memset(p, 'a', 4);
    p = proa_realloc(p, 4000);
    assert_memory_equal(p, "aaaa", 4);
    p = proa_realloc(p, 2);
    assert_memory_equal(p, "aa", 2);
    p = proa_realloc(p, 0); /* not a release */
    assert_non_null(p);
    proa_free(p);
}

static void test_copies(void **state)
{
    (void)state;
    const char src[] = {'a', '\0', 'b'};
    char *dup = proa_memdup(src, sizeof(src));
    assert_ptr_not_equal(dup, src);
    assert_memory_equal(dup, src, sizeof(src));
    proa_free(dup);

    void *nothing = proa_memdup(NULL, 0);
    assert_non_null(nothing);
    proa_free(nothing);

    char *text = proa_strdup_n("hello world", 5);
    assert_string_equal(text, "hello");
    proa_free(text);

    char *empty = proa_strdup_n(NULL, 0);
    assert_string_equal(empty, "");
    proa_free(empty);
}

static void product_overflows(void *ctx)
{
    (void)ctx;
    proa_free(proa_alloc_zero(SIZE_MAX / 2, 3));
}

static void length_overflows(void *ctx)
{
    (void)ctx;
    proa_free(proa_strdup_n("x", SIZE_MAX));
}

static void test_overflow_aborts(void **state)
{
    (void)state;
    assert_true(proa_test_aborts(product_overflows, NULL));
    assert_true(proa_test_aborts(length_overflows, NULL));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
/* The sanitizers' allocators end the process themselves at such a size. */
static void too_much(void *ctx)
{
    int which = *(int *)ctx;
    volatile size_t size = SIZE_MAX / 4;
    void *p = which == 0   ? proa_alloc(size)
              : which == 1 ? proa_alloc_zero(size, 1)
                           : proa_realloc(NULL, size);
    proa_free(p);
}

static void test_exhaustion_aborts(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        assert_true(proa_test_aborts(too_much, &which));
    }
}
#endif

static void test_free_null(void **state)
{
    (void)state;
    proa_free(NULL);
}

/* Neither changes what memory holds; how much is kept is measured by bench/memory. */
static void test_keeping_and_trimming_leave_memory_alone(void **state)
{
    (void)state;
    proa_alloc_keep_freed();
    char *kept = proa_memdup("kept", 5);
    char *large = proa_alloc((size_t)5 * 1024 * 1024);
    large[0] = 'x';
    proa_free(large);
    proa_alloc_trim();
    assert_string_equal(kept, "kept");
    proa_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_zero_gives_unique_pointers),
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_realloc_keeps_bytes),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_overflow_aborts),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
        cmocka_unit_test(test_exhaustion_aborts),
#endif
        cmocka_unit_test(test_free_null),
        cmocka_unit_test(test_keeping_and_trimming_leave_memory_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
