#include "poison_priv.h"

#include "proa/core/arena.h"
#include "proa/core/prng.h"

#include "proa_test.h"

enum { CHUNK = 1024 };

static void test_init_allocates_nothing(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    assert_null(arena.head);
    assert_int_equal(arena.total_bytes, 0);
    proa_arena_reset(&arena);
    proa_arena_reset(&arena); /* twice is fine */
}

static void test_aligned_and_disjoint(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    char *got[200];
    size_t sizes[200];
    size_t total = 0;
    for (size_t i = 0; i < 200; i++) {
        sizes[i] = i * 37 % 301;
        got[i] = proa_arena_alloc(&arena, sizes[i]);
        assert_non_null(got[i]);
        assert_int_equal((uintptr_t)got[i] % _Alignof(max_align_t), 0);
        memset(got[i], (int)i, sizes[i]);
        total += sizes[i];
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal((unsigned char)got[i][j], i);
        }
    }
    assert_int_equal(arena.total_bytes, total);
    proa_arena_reset(&arena);
    assert_int_equal(arena.total_bytes, 0);
}

static void test_size_zero_is_unique(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    void *a = proa_arena_alloc(&arena, 0);
    void *b = proa_arena_alloc(&arena, 0);
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
    proa_arena_reset(&arena);
}

static void test_zero_is_zero_after_reuse(void **state)
{
    (void)state;
    static const char zeros[CHUNK / 2];
    struct proa_freelist chunks;
    struct proa_arena arena;
    proa_freelist_init(&chunks, CHUNK, 4);
    proa_arena_init(&arena, &chunks);
    memset(proa_arena_alloc(&arena, sizeof(zeros)), 0xaa, sizeof(zeros));
    proa_arena_reset(&arena);
    assert_memory_equal(proa_arena_zero(&arena, 1, sizeof(zeros)), zeros, sizeof(zeros));
    int *made = PROA_ARENA_NEW(&arena, int);
    assert_int_equal(*made, 0);
    proa_arena_reset(&arena);
    proa_freelist_deinit(&chunks);
}

static void test_chunks_go_round(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_arena arena;
    proa_freelist_init(&chunks, CHUNK, 2);
    proa_arena_init(&arena, &chunks);
    assert_int_equal(chunks.n_spare, 0);

    void *first = proa_arena_alloc(&arena, 100);
    proa_arena_reset(&arena);
    assert_int_equal(chunks.n_spare, 1);
    assert_ptr_equal(proa_arena_alloc(&arena, 100), first);
    assert_int_equal(chunks.n_spare, 0);

    for (int i = 0; i < 40; i++) { /* five chunks and more */
        (void)proa_arena_alloc(&arena, 200);
    }
    proa_arena_reset(&arena);
    assert_int_equal(chunks.n_spare, 2); /* no more than max_spare */
    proa_freelist_deinit(&chunks);
    assert_int_equal(chunks.n_spare, 0);
    assert_null(chunks.head);
}

static void test_one_list_serves_many_arenas(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_arena arenas[8];
    proa_freelist_init(&chunks, CHUNK, 100);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < 8; i++) {
            proa_arena_init(&arenas[i], &chunks);
            (void)proa_arena_dup(&arenas[i], PROA_SLICE("text"));
        }
        for (size_t i = 0; i < 8; i++) {
            proa_arena_reset(&arenas[i]);
        }
        assert_int_equal(chunks.n_spare, 8); /* the later rounds took no new ones */
    }
    proa_freelist_deinit(&chunks);
}

static void test_oversize_has_its_own_chunk(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_arena arena;
    proa_freelist_init(&chunks, CHUNK, 10);
    proa_arena_init(&arena, &chunks);

    char *small = proa_arena_alloc(&arena, 16);
    char *big = proa_arena_alloc(&arena, 100000);
    char *next = proa_arena_alloc(&arena, 16);
    memset(big, 1, 100000);
    /* The current chunk stays current. */
    assert_in_range((uintptr_t)next, (uintptr_t)small, (uintptr_t)small + 64);
    proa_arena_reset(&arena);
    assert_int_equal(chunks.n_spare, 1); /* an oversize chunk is not kept */

    big = proa_arena_alloc(&arena, CHUNK); /* first of all, and just too big */
    memset(big, 2, CHUNK);
    small = proa_arena_alloc(&arena, 16);
    memset(small, 3, 16);
    assert_int_equal(big[0], 2);
    assert_int_equal(big[CHUNK - 1], 2);
    proa_arena_reset(&arena);
    assert_int_equal(chunks.n_spare, 1);
    proa_freelist_deinit(&chunks);
}

static void test_copies(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    char src[] = "a\0c";
    struct proa_slice copy = proa_arena_dup(&arena, proa_slice_make(src, 3));
    src[0] = 'x';
    assert_slice_lit(copy, "a\0c");

    assert_string_equal(proa_arena_cstr(&arena, PROA_SLICE("text")), "text");
    assert_string_equal(proa_arena_cstr(&arena, PROA_SLICE_NONE), "");

    /* Empty and absent stay apart, and neither points at the original. */
    assert_null(proa_arena_dup(&arena, PROA_SLICE_NONE).ptr);
    struct proa_slice empty = proa_arena_dup(&arena, proa_slice_make(src, 0));
    assert_non_null(empty.ptr);
    assert_ptr_not_equal(empty.ptr, src);
    assert_int_equal(empty.len, 0);
    proa_arena_reset(&arena);
}

static void test_printf(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    assert_slice_lit(proa_arena_printf(&arena, "%s=%d", "n", 42), "n=42");
    assert_int_equal(proa_arena_printf(&arena, "%s", "").len, 0);
    struct proa_slice padded = proa_arena_printf(&arena, "%9000d", 7);
    assert_int_equal(padded.len, 9000);
    assert_int_equal(padded.ptr[8999], '7');
    proa_arena_reset(&arena);
}

struct journal {
    struct proa_arena *arena;
    char text[16];
    size_t n;
};

static void note_a(void *ctx)
{
    struct journal *j = ctx;
    j->text[j->n++] = 'a';
}

static void note_b(void *ctx)
{
    struct journal *j = ctx;
    j->text[j->n++] = 'b';
    (void)proa_arena_alloc(j->arena, 5000); /* hooks may still use the arena */
}

static void note_c(void *ctx)
{
    struct journal *j = ctx;
    j->text[j->n++] = 'c';
    proa_arena_defer(j->arena, note_a, j);
}

static void test_hooks_run_newest_first_and_once(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    struct journal j = {.arena = &arena};
    proa_arena_defer(&arena, note_a, &j);
    (void)proa_arena_alloc(&arena, 10000);
    proa_arena_defer(&arena, note_b, &j);
    proa_arena_defer(&arena, note_a, &j);
    proa_arena_reset(&arena);
    assert_slice_lit(proa_slice_make(j.text, j.n), "aba");
    proa_arena_reset(&arena);
    assert_int_equal(j.n, 3);
}

static void test_hook_registered_by_a_hook(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    struct journal j = {.arena = &arena};
    proa_arena_defer(&arena, note_b, &j);
    proa_arena_defer(&arena, note_c, &j);
    proa_arena_reset(&arena);
    assert_slice_lit(proa_slice_make(j.text, j.n), "cab");
}

static void test_random_sizes(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 3);
    struct proa_freelist chunks;
    struct proa_arena arena;
    proa_freelist_init(&chunks, CHUNK, 3);
    proa_arena_init(&arena, &chunks);
    for (unsigned round = 0; round < 50; round++) {
        size_t n = proa_prng_below(&prng, 60);
        for (size_t i = 0; i < n; i++) {
            size_t size = proa_prng_below(&prng, proa_prng_below(&prng, 10) ? 200 : 5000);
            memset(proa_arena_alloc(&arena, size), 0x5a, size); /* the sanitizer is the judge */
        }
        proa_arena_reset(&arena);
        assert_in_range(chunks.n_spare, 0, 3);
    }
    proa_freelist_deinit(&chunks);
}

static void zero_overflows(void *ctx)
{
    (void)proa_arena_zero(ctx, SIZE_MAX / 2, 4);
}

static void alloc_overflows(void *ctx)
{
    (void)proa_arena_alloc(ctx, SIZE_MAX - 3);
}

static void chunks_too_small(void *ctx)
{
    struct proa_freelist chunks;
    proa_freelist_init(&chunks, 8, 1);
    proa_arena_init(ctx, &chunks);
}

static void test_nonsense_aborts(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    assert_true(proa_test_aborts(zero_overflows, &arena));
    assert_true(proa_test_aborts(alloc_overflows, &arena));
    assert_true(proa_test_aborts(chunks_too_small, &arena));
}

#ifdef PROA_POISON_ON
static void test_stale_memory_is_poisoned(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_arena arena;
    proa_freelist_init(&chunks, CHUNK, 3);
    proa_arena_init(&arena, &chunks);
    char *a = proa_arena_alloc(&arena, 24);
    char *b = proa_arena_alloc(&arena, 8);
    assert_false(__asan_address_is_poisoned(a + 23));
    assert_true(__asan_address_is_poisoned(a + 24)); /* an overrun */
    assert_false(__asan_address_is_poisoned(b));
    assert_true(__asan_address_is_poisoned(b + 8));
    proa_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(a)); /* use after reset */
    assert_true(__asan_address_is_poisoned(b));
    proa_freelist_deinit(&chunks);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_allocates_nothing),
        cmocka_unit_test(test_aligned_and_disjoint),
        cmocka_unit_test(test_size_zero_is_unique),
        cmocka_unit_test(test_zero_is_zero_after_reuse),
        cmocka_unit_test(test_chunks_go_round),
        cmocka_unit_test(test_one_list_serves_many_arenas),
        cmocka_unit_test(test_oversize_has_its_own_chunk),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_hooks_run_newest_first_and_once),
        cmocka_unit_test(test_hook_registered_by_a_hook),
        cmocka_unit_test(test_random_sizes),
        cmocka_unit_test(test_nonsense_aborts),
#ifdef PROA_POISON_ON
        cmocka_unit_test(test_stale_memory_is_poisoned),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
