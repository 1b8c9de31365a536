#include "proa/core/hash.h"
#include "proa/core/map.h"
#include "proa/core/prng.h"

#include "proa_test.h"

static void test_empty(void **state)
{
    (void)state;
    struct proa_map m;
    size_t cursor = 0;
    proa_map_init(&m, 1);
    assert_null(proa_map_get(&m, PROA_SLICE("x")));
    assert_null(proa_map_remove(&m, PROA_SLICE("x")));
    assert_null(proa_map_next(&m, &cursor));
    assert_int_equal(m.cap, 0);
    proa_map_deinit(&m);
    proa_map_deinit(&m);
}

static void test_put_get_replace_remove(void **state)
{
    (void)state;
    struct proa_map m;
    int one = 1;
    int two = 2;
    proa_map_init(&m, 42);
    assert_null(proa_map_put(&m, PROA_SLICE("a"), &one));
    assert_null(proa_map_put(&m, PROA_SLICE("b"), &two));
    assert_ptr_equal(proa_map_get(&m, PROA_SLICE("a")), &one);
    assert_ptr_equal(proa_map_put(&m, PROA_SLICE("a"), &two), &one);
    assert_ptr_equal(proa_map_get(&m, PROA_SLICE("a")), &two);
    assert_int_equal(m.len, 2);
    assert_ptr_equal(proa_map_remove(&m, PROA_SLICE("a")), &two);
    assert_null(proa_map_remove(&m, PROA_SLICE("a")));
    assert_null(proa_map_get(&m, PROA_SLICE("a")));
    assert_int_equal(m.len, 1);
    assert_ptr_equal(proa_map_remove(&m, PROA_SLICE("b")), &two);
    assert_null(proa_map_get(&m, PROA_SLICE("b")));
    proa_map_deinit(&m);
}

static void test_odd_keys(void **state)
{
    (void)state;
    struct proa_map m;
    int v[4] = {0};
    proa_map_init(&m, 0);
    (void)proa_map_put(&m, PROA_SLICE_NONE, &v[0]);
    (void)proa_map_put(&m, PROA_SLICE("\0"), &v[1]);
    (void)proa_map_put(&m, PROA_SLICE("\0\0"), &v[2]);
    (void)proa_map_put(&m, PROA_SLICE("A"), &v[3]);
    assert_ptr_equal(proa_map_get(&m, PROA_SLICE("")), &v[0]);
    assert_ptr_equal(proa_map_get(&m, PROA_SLICE("\0")), &v[1]);
    assert_ptr_equal(proa_map_get(&m, PROA_SLICE("\0\0")), &v[2]);
    assert_null(proa_map_get(&m, PROA_SLICE("a")));
    proa_map_deinit(&m);
}

/* The old key may be part of the old value, so after a replacement nothing may look at it. */
static void test_replacing_takes_the_new_key(void **state)
{
    (void)state;
    struct proa_map m;
    char *old_key = proa_strdup_n("key", 3);
    char *new_key = proa_strdup_n("key", 3);
    proa_map_init(&m, 9);
    (void)proa_map_put(&m, proa_slice_make(old_key, 3), old_key);
    assert_ptr_equal(proa_map_put(&m, proa_slice_make(new_key, 3), new_key), old_key);
    proa_free(old_key);
    assert_ptr_equal(proa_map_get(&m, PROA_SLICE("key")), new_key);
    proa_map_deinit(&m);
    proa_free(new_key);
}

static void put_null(void *ctx)
{
    (void)proa_map_put(ctx, PROA_SLICE("k"), NULL);
}

static void test_null_value_aborts(void **state)
{
    (void)state;
    struct proa_map m;
    proa_map_init(&m, 0);
    assert_true(proa_test_aborts(put_null, &m));
    proa_map_deinit(&m);
}

static void test_walk_sees_each_once(void **state)
{
    (void)state;
    enum { N = 1000 };
    static char keys[N][8];
    unsigned seen[N] = {0};
    struct proa_map m;
    proa_map_init(&m, 77);
    for (size_t i = 0; i < N; i++) {
        int n = snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
        assert_null(proa_map_put(&m, proa_slice_make(keys[i], (size_t)n), keys[i]));
    }
    size_t cursor = 0;
    size_t walked = 0;
    for (const struct proa_map_entry *e = proa_map_next(&m, &cursor); e;
         e = proa_map_next(&m, &cursor)) {
        assert_slice_str(e->key, (const char *)e->value);
        seen[((char *)e->value - keys[0]) / (ptrdiff_t)sizeof(keys[0])]++;
        walked++;
    }
    assert_int_equal(walked, N);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_null(proa_map_next(&m, &cursor)); /* stays at the end */
    proa_map_deinit(&m);
}

/*
 * Random operations against an array indexed by key. The table is re-seeded so that short runs,
 * long runs and runs across the end of the table all occur.
 */
enum { KEYS = 120, OPS = 6000 };

struct world {
    struct proa_map map;
    char keys[KEYS][4];
    void *expected[KEYS];
    size_t n;
};

static struct proa_slice key_at(const struct world *w, size_t i)
{
    return proa_slice_make(w->keys[i], 1 + i % 4);
}

static void compare_all(const struct world *w)
{
    assert_int_equal(w->map.len, w->n);
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(proa_map_get(&w->map, key_at(w, i)), w->expected[i]);
    }
    /* No entry sits behind a free slot between it and its home. */
    size_t mask = w->map.cap - 1;
    for (size_t i = 0; w->map.cap && i <= mask; i++) {
        const struct proa_map_entry *e = &w->map.entries[i];
        for (size_t at = e->hash & mask; e->value && at != i; at = (at + 1) & mask) {
            assert_non_null(w->map.entries[at].value);
        }
    }
    assert_true(w->map.cap == 0 || w->map.len < w->map.cap);
}

static void run_world(uint64_t seed, size_t n_keys)
{
    static int values[OPS];
    struct proa_prng prng;
    struct world w = {.n = 0};
    proa_prng_seed(&prng, seed);
    proa_map_init(&w.map, proa_prng_next(&prng));
    for (size_t i = 0; i < KEYS; i++) {
        w.keys[i][0] = (char)(unsigned char)i;
        w.keys[i][1] = 'x';
        w.keys[i][2] = 'y';
        w.keys[i][3] = 'z';
    }
    for (size_t op = 0; op < OPS; op++) {
        size_t i = proa_prng_below(&prng, n_keys);
        void *old = NULL;
        if (proa_prng_below(&prng, 2)) {
            old = proa_map_put(&w.map, key_at(&w, i), &values[op]);
            assert_ptr_equal(old, w.expected[i]);
            w.n += !old;
            w.expected[i] = &values[op];
        } else {
            old = proa_map_remove(&w.map, key_at(&w, i));
            assert_ptr_equal(old, w.expected[i]);
            w.n -= old != NULL;
            w.expected[i] = NULL;
        }
        if (op % 16 == 0) {
            compare_all(&w);
        }
    }
    compare_all(&w);
    proa_map_deinit(&w.map);
}

static void test_against_a_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        run_world(seed, KEYS);
        run_world(seed, 20); /* fits the first table, nearly full */
    }
}

/* All in one run that crosses the end of the table: the hard case of removal without tombstones. */
static void test_removal_inside_one_long_run(void **state)
{
    (void)state;
    enum { N = 10 };
    static char keys[N][16];
    int values[N];
    struct proa_slice key[N];
    struct proa_map m;
    proa_map_init(&m, 123);
    size_t found = 0;
    for (unsigned i = 0; found < N; i++) { /* keys whose home is one of the last two of 16 slots */
        int n = snprintf(keys[found], sizeof(keys[0]), "%u", i);
        struct proa_slice k = proa_slice_make(keys[found], (size_t)n);
        if ((proa_hash64(k, 123) & 15) >= 14) {
            key[found++] = k;
        }
    }
    for (size_t first = 0; first < N; first++) {
        for (size_t i = 0; i < N; i++) {
            assert_null(proa_map_put(&m, key[i], &values[i]));
        }
        assert_int_equal(m.cap, 16);
        for (size_t k = 0; k < N; k++) { /* remove from `first` on, cyclically */
            size_t gone = (first + k) % N;
            assert_ptr_equal(proa_map_remove(&m, key[gone]), &values[gone]);
            for (size_t left = k + 1; left < N; left++) {
                size_t i = (first + left) % N;
                assert_ptr_equal(proa_map_get(&m, key[i]), &values[i]);
            }
        }
        assert_int_equal(m.len, 0);
    }
    proa_map_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_put_get_replace_remove),
        cmocka_unit_test(test_odd_keys),
        cmocka_unit_test(test_replacing_takes_the_new_key),
        cmocka_unit_test(test_null_value_aborts),
        cmocka_unit_test(test_walk_sees_each_once),
        cmocka_unit_test(test_against_a_naive_model),
        cmocka_unit_test(test_removal_inside_one_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
