#include "proa/core/heap.h"
#include "proa/core/prng.h"

#include "proa_test.h"

static void test_empty(void **state)
{
    (void)state;
    struct proa_heap h;
    struct proa_heap_node node = {0};
    proa_heap_init(&h);
    assert_null(proa_heap_first(&h));
    assert_false(proa_heap_linked(&node));
    proa_heap_remove(&h, &node); /* harmless */
    proa_heap_deinit(&h);
    proa_heap_deinit(&h);
}

static void test_smallest_first(void **state)
{
    (void)state;
    struct proa_heap h;
    struct proa_heap_node a = {0};
    struct proa_heap_node b = {0};
    struct proa_heap_node c = {0};
    proa_heap_init(&h);
    proa_heap_set(&h, &a, 20);
    proa_heap_set(&h, &b, UINT64_MAX);
    proa_heap_set(&h, &c, 0);
    assert_ptr_equal(proa_heap_first(&h), &c);
    assert_true(proa_heap_linked(&c));
    proa_heap_remove(&h, &c);
    assert_false(proa_heap_linked(&c));
    proa_heap_remove(&h, &c);
    assert_ptr_equal(proa_heap_first(&h), &a);
    proa_heap_set(&h, &a, UINT64_MAX); /* moves behind b: armed later */
    assert_int_equal(h.len, 2);
    assert_ptr_equal(proa_heap_first(&h), &b);
    proa_heap_remove(&h, &b);
    assert_ptr_equal(proa_heap_first(&h), &a);
    proa_heap_remove(&h, &a);
    assert_null(proa_heap_first(&h));
    proa_heap_deinit(&h);
}

static void test_equal_keys_leave_in_order(void **state)
{
    (void)state;
    struct proa_heap h;
    struct proa_heap_node nodes[300] = {{0}};
    proa_heap_init(&h);
    for (size_t i = 0; i < 300; i++) {
        proa_heap_set(&h, &nodes[i], i % 3);
    }
    for (size_t key = 0; key < 3; key++) {
        for (size_t i = key; i < 300; i += 3) {
            assert_ptr_equal(proa_heap_first(&h), &nodes[i]);
            proa_heap_remove(&h, &nodes[i]);
        }
    }
    proa_heap_deinit(&h);
}

static void test_deinit_unlinks(void **state)
{
    (void)state;
    struct proa_heap h;
    struct proa_heap_node node = {0};
    proa_heap_init(&h);
    proa_heap_set(&h, &node, 1);
    proa_heap_deinit(&h);
    assert_false(proa_heap_linked(&node));
    proa_heap_set(&h, &node, 2); /* usable again */
    assert_ptr_equal(proa_heap_first(&h), &node);
    proa_heap_deinit(&h);
}

static int by_key_then_seq(const void *a, const void *b)
{
    const struct proa_heap_node *x = *(const struct proa_heap_node *const *)a;
    const struct proa_heap_node *y = *(const struct proa_heap_node *const *)b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void check_invariant(const struct proa_heap *h)
{
    for (size_t i = 0; i < h->len; i++) {
        assert_int_equal(h->nodes[i]->index, i + 1);
        if (i > 0) {
            const struct proa_heap_node *pair[2] = {h->nodes[(i - 1) / 2], h->nodes[i]};
            assert_true(by_key_then_seq(&pair[0], &pair[1]) < 0);
        }
    }
}

enum { NODES = 257, OPS = 20000 };

/* Adds, moves and removes at random; then everything must leave in the order that sort gives. */
static void test_against_sort(void **state)
{
    (void)state;
    struct proa_prng prng;
    struct proa_heap h;
    struct proa_heap_node nodes[NODES] = {{0}};
    bool in[NODES] = {false};
    size_t n_in = 0;
    proa_prng_seed(&prng, 5);
    proa_heap_init(&h);
    for (unsigned op = 0; op < OPS; op++) {
        size_t i = proa_prng_below(&prng, NODES);
        if (proa_prng_below(&prng, 3)) {
            proa_heap_set(&h, &nodes[i], proa_prng_below(&prng, 50));
            n_in += !in[i];
            in[i] = true;
        } else {
            proa_heap_remove(&h, &nodes[i]);
            n_in -= in[i];
            in[i] = false;
        }
        assert_int_equal(h.len, n_in);
        assert_true(proa_heap_linked(&nodes[i]) == in[i]);
        if (op % 64 == 0) {
            check_invariant(&h);
        }
    }
    check_invariant(&h);

    struct proa_heap_node *sorted[NODES];
    size_t n = 0;
    for (size_t i = 0; i < NODES; i++) {
        if (in[i]) {
            sorted[n++] = &nodes[i];
        }
    }
    assert_in_range(n, NODES / 4, NODES);
    qsort(sorted, n, sizeof(struct proa_heap_node *), by_key_then_seq);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(proa_heap_first(&h), sorted[i]);
        proa_heap_remove(&h, sorted[i]);
    }
    assert_int_equal(h.len, 0);
    proa_heap_deinit(&h);
}

static void remove_from_wrong_heap(void *ctx)
{
    struct proa_heap other;
    proa_heap_init(&other);
    proa_heap_remove(&other, ctx);
}

static void test_node_of_another_heap_aborts(void **state)
{
    (void)state;
    struct proa_heap h;
    struct proa_heap_node node = {0};
    proa_heap_init(&h);
    proa_heap_set(&h, &node, 1);
    assert_true(proa_test_aborts(remove_from_wrong_heap, &node));
    proa_heap_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_smallest_first),
        cmocka_unit_test(test_equal_keys_leave_in_order),
        cmocka_unit_test(test_deinit_unlinks),
        cmocka_unit_test(test_against_sort),
        cmocka_unit_test(test_node_of_another_heap_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
