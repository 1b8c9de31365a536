#include "poison_priv.h"

#include "proa/core/freelist.h"

#include "proa_test.h"

struct thing {
    int number;
    char text[60];
};

static void test_take_is_zeroed_even_when_reused(void **state)
{
    (void)state;
    static const struct thing zero;
    struct proa_freelist f;
    proa_freelist_init(&f, sizeof(struct thing), 4);
    struct thing *a = proa_freelist_take(&f);
    assert_memory_equal(a, &zero, sizeof(zero));
    memset(a, 0xee, sizeof(*a));
    proa_freelist_give(&f, a);
    struct thing *b = proa_freelist_take(&f);
    assert_ptr_equal(a, b);
    assert_memory_equal(b, &zero, sizeof(zero));
    proa_freelist_give(&f, b);
    proa_freelist_deinit(&f);
}

static void test_counts_and_maximum(void **state)
{
    (void)state;
    struct proa_freelist f;
    void *objects[5];
    proa_freelist_init(&f, sizeof(struct thing), 3);
    for (size_t i = 0; i < 5; i++) {
        objects[i] = proa_freelist_take(&f);
        assert_int_equal(f.n_used, i + 1);
    }
    for (size_t i = 0; i < 5; i++) {
        proa_freelist_give(&f, objects[i]);
        assert_int_equal(f.n_used, 4 - i);
        assert_int_equal(f.n_spare, i < 3 ? i + 1 : 3);
    }
    for (size_t i = 0; i < 5; i++) {
        objects[i] = proa_freelist_take(&f);
        assert_int_equal(f.n_spare, i < 3 ? 2 - i : 0);
        for (size_t j = 0; j < i; j++) {
            assert_ptr_not_equal(objects[i], objects[j]);
        }
    }
    for (size_t i = 0; i < 5; i++) {
        proa_freelist_give(&f, objects[i]);
    }
    proa_freelist_deinit(&f);
    assert_int_equal(f.n_spare, 0);
    assert_null(f.head);
}

static void test_no_spares_kept(void **state)
{
    (void)state;
    struct proa_freelist f;
    proa_freelist_init(&f, sizeof(void *), 0);
    proa_freelist_give(&f, proa_freelist_take(&f));
    assert_int_equal(f.n_spare, 0);
    proa_freelist_deinit(&f);
}

static void test_smallest_object(void **state)
{
    (void)state;
    struct proa_freelist f;
    proa_freelist_init(&f, sizeof(void *), 2);
    void *a = proa_freelist_take(&f);
    void *b = proa_freelist_take(&f);
    proa_freelist_give(&f, a);
    proa_freelist_give(&f, b);
    assert_ptr_equal(proa_freelist_take(&f), b); /* the warmest first */
    assert_ptr_equal(proa_freelist_take(&f), a);
    proa_freelist_give(&f, a);
    proa_freelist_give(&f, b);
    proa_freelist_deinit(&f);
}

static size_t take_and_give(struct proa_freelist *f, size_t n)
{
    void *objects[8];
    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++) {
        objects[i] = proa_freelist_take(f);
    }
    for (size_t i = 0; i < n; i++) {
        proa_freelist_give(f, objects[i]);
    }
    return f->n_spare;
}

static void test_trim_releases_what_was_not_needed(void **state)
{
    (void)state;
    static const struct {
        size_t used;     /* at once, since the trim before */
        size_t released; /* by the trim behind it */
    } steps[] = {
        {8, 0}, /* they were all in use, so all may be needed again */
        {8, 0}, {3, 5}, {3, 0}, {1, 2}, {0, 1}, {0, 0}, {8, 0}, {0, 8},
    };
    struct proa_freelist f;
    proa_freelist_init(&f, sizeof(struct thing), 8);
    assert_int_equal(proa_freelist_trim(&f), 0);
    for (size_t i = 0; i < PROA_ARRAY_LEN(steps); i++) {
        size_t n_spare = take_and_give(&f, steps[i].used);
        assert_int_equal(proa_freelist_trim(&f), steps[i].released);
        assert_int_equal(f.n_spare, n_spare - steps[i].released);
    }
    proa_freelist_deinit(&f);
}

static void test_trim_leaves_what_is_in_use(void **state)
{
    (void)state;
    struct proa_freelist f;
    proa_freelist_init(&f, sizeof(struct thing), 8);
    (void)take_and_give(&f, 4);
    struct thing *held = proa_freelist_take(&f);
    (void)proa_freelist_trim(&f);
    assert_int_equal(proa_freelist_trim(&f), 3);
    memset(held, 1, sizeof(*held));
    assert_int_equal(f.n_used, 1);
    proa_freelist_give(&f, held);
    assert_int_equal(f.n_spare, 1);
    proa_freelist_deinit(&f);
}

static void test_lists_are_trimmed_together_until_their_end(void **state)
{
    (void)state;
    struct proa_list all;
    struct proa_freelist f;
    proa_list_init(&all);
    proa_freelist_init(&f, sizeof(struct thing), 8);
    proa_list_push_back(&all, &f.node);
    proa_freelist_deinit(&f);
    assert_true(proa_list_empty(&all));
}

static void too_small(void *ctx)
{
    proa_freelist_init(ctx, 1, 1);
}

static void give_without_take(void *ctx)
{
    char object[64];
    proa_freelist_init(ctx, sizeof(object), 1);
    proa_freelist_give(ctx, object);
}

static void deinit_in_use(void *ctx)
{
    proa_freelist_init(ctx, sizeof(struct thing), 1);
    void *object = proa_freelist_take(ctx);
    proa_freelist_deinit(ctx);
    proa_free(object);
}

static void test_nonsense_aborts(void **state)
{
    (void)state;
    struct proa_freelist f;
    assert_true(proa_test_aborts(too_small, &f));
    assert_true(proa_test_aborts(give_without_take, &f));
#ifdef PROA_DEBUG
    assert_true(proa_test_aborts(deinit_in_use, &f));
#else
    assert_false(proa_test_aborts(deinit_in_use, &f));
#endif
}

#ifdef PROA_POISON_ON
static void test_spares_are_poisoned(void **state)
{
    (void)state;
    struct proa_freelist f;
    proa_freelist_init(&f, sizeof(struct thing), 1);
    struct thing *a = proa_freelist_take(&f);
    assert_false(__asan_address_is_poisoned(&a->text[50]));
    proa_freelist_give(&f, a);
    assert_true(__asan_address_is_poisoned(&a->text[50]));
    assert_ptr_equal(proa_freelist_take(&f), a);
    assert_false(__asan_address_is_poisoned(&a->text[50]));
    proa_freelist_give(&f, a);
    proa_freelist_deinit(&f);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_is_zeroed_even_when_reused),
        cmocka_unit_test(test_counts_and_maximum),
        cmocka_unit_test(test_no_spares_kept),
        cmocka_unit_test(test_smallest_object),
        cmocka_unit_test(test_trim_releases_what_was_not_needed),
        cmocka_unit_test(test_trim_leaves_what_is_in_use),
        cmocka_unit_test(test_lists_are_trimmed_together_until_their_end),
        cmocka_unit_test(test_nonsense_aborts),
#ifdef PROA_POISON_ON
        cmocka_unit_test(test_spares_are_poisoned),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
