#include "proa/cache/s3fifo.h"
#include "proa/core/prng.h"

#include "proa_test.h"

enum { NODES = 64 };

struct world {
    struct proa_s3fifo q;
    struct proa_s3fifo_node nodes[NODES];
};

static void begin(struct world *w, uint64_t max_bytes)
{
    memset(w, 0, sizeof *w);
    proa_s3fifo_init(&w->q, max_bytes, NODES);
    for (size_t i = 0; i < NODES; i++) {
        proa_list_init(&w->nodes[i].node);
        w->nodes[i].hash = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
        w->nodes[i].bytes = 10;
    }
}

static void finish(struct world *w)
{
    while (proa_s3fifo_evict(&w->q)) {
    }
    assert_int_equal(proa_s3fifo_bytes(&w->q), 0);
    proa_s3fifo_deinit(&w->q);
}

/* The index of the node that makes room, or of none. */
static size_t put(struct world *w, size_t i)
{
    size_t gone = NODES;
    while (proa_s3fifo_is_full(&w->q, w->nodes[i].bytes)) {
        gone = (size_t)(proa_s3fifo_evict(&w->q) - w->nodes);
    }
    proa_s3fifo_insert(&w->q, &w->nodes[i], false);
    return gone;
}

static bool is_in(const struct world *w, size_t i)
{
    return proa_list_linked(&w->nodes[i].node);
}

static void test_first_in_first_out_when_nothing_is_asked_again(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 100);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(put(&w, i), NODES);
    }
    for (size_t i = 10; i < 20; i++) {
        assert_int_equal(put(&w, i), i - 10);
        assert_int_equal(proa_s3fifo_bytes(&w.q), 100);
    }
    finish(&w);
}

static void test_what_is_asked_again_stays(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 100);
    for (size_t i = 0; i < 10; i++) {
        (void)put(&w, i);
    }
    proa_s3fifo_touch(&w.nodes[0]);
    proa_s3fifo_touch(&w.nodes[0]);
    proa_s3fifo_touch(&w.nodes[1]); /* once is not enough */
    for (size_t i = 10; i < 30; i++) {
        (void)put(&w, i);
    }
    assert_true(is_in(&w, 0) && w.nodes[0].in_main);
    assert_false(is_in(&w, 1));
    finish(&w);
}

/* A scan of new things ten times as large as the cache takes nothing of what is in use. */
static void test_a_scan_passes_through(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 200);
    for (size_t i = 0; i < 10; i++) {
        (void)put(&w, i);
        proa_s3fifo_touch(&w.nodes[i]);
        proa_s3fifo_touch(&w.nodes[i]);
    }
    for (size_t i = 10; i < NODES; i++) {
        (void)put(&w, i);
    }
    for (size_t i = 0; i < 10; i++) {
        assert_true(is_in(&w, i));
    }
    finish(&w);
}

static void test_what_comes_again_goes_to_the_main_queue(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 100);
    for (size_t i = 0; i < 10; i++) {
        (void)put(&w, i);
    }
    assert_int_equal(put(&w, 10), 0);
    (void)put(&w, 0);
    assert_true(w.nodes[0].in_main);
    /* It is remembered once, not for ever. */
    proa_s3fifo_remove(&w.q, &w.nodes[0]);
    (void)put(&w, 0);
    assert_false(w.nodes[0].in_main);
    finish(&w);
}

static void test_the_ghost_forgets(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 40); /* four at a time; the main queue stays empty, so the ghost is short */
    for (size_t i = 0; i < 40; i++) {
        (void)put(&w, i);
    }
    (void)put(&w, 0);
    assert_false(w.nodes[0].in_main);
    finish(&w);
}

static void test_rounds_of_the_main_queue(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 40);
    for (size_t i = 0; i < 4; i++) {
        proa_s3fifo_insert(&w.q, &w.nodes[i], true);
    }
    proa_s3fifo_touch(&w.nodes[0]);
    proa_s3fifo_touch(&w.nodes[0]);
    proa_s3fifo_touch(&w.nodes[1]);
    assert_ptr_equal(proa_s3fifo_evict(&w.q), &w.nodes[2]);
    assert_ptr_equal(proa_s3fifo_evict(&w.q), &w.nodes[3]);
    assert_ptr_equal(proa_s3fifo_evict(&w.q), &w.nodes[1]);
    assert_ptr_equal(proa_s3fifo_evict(&w.q), &w.nodes[0]);
    assert_null(proa_s3fifo_evict(&w.q));
    finish(&w);
}

static void test_hits_count_up_to_three(void **state)
{
    (void)state;
    struct proa_s3fifo_node n = {0};
    for (uint8_t i = 1; i < 10; i++) {
        proa_s3fifo_touch(&n);
        assert_int_equal(n.freq, i < 3 ? i : 3);
        assert_true(proa_s3fifo_is_proven(&n) == (i >= 2));
    }
}

static void test_nothing_fits_where_there_is_no_room(void **state)
{
    (void)state;
    struct proa_s3fifo q;
    proa_s3fifo_init(&q, 0, 0);
    assert_true(proa_s3fifo_is_full(&q, 1));
    assert_false(proa_s3fifo_is_full(&q, 0));
    assert_null(proa_s3fifo_evict(&q));
    proa_s3fifo_deinit(&q);
}

/* Whatever happens, the books are right and the room is kept. */
static void test_books(void **state)
{
    (void)state;
    struct world w;
    struct proa_prng prng;
    proa_prng_seed(&prng, 3);
    begin(&w, 300);
    for (size_t round = 0; round < 50000; round++) {
        const size_t i = (size_t)proa_prng_below(&prng, NODES);
        if (!is_in(&w, i)) {
            w.nodes[i].bytes = 1 + proa_prng_below(&prng, 40);
            (void)put(&w, i);
        } else if (proa_prng_below(&prng, 4) == 0) {
            proa_s3fifo_remove(&w.q, &w.nodes[i]);
        } else {
            proa_s3fifo_touch(&w.nodes[i]);
        }
        uint64_t bytes[2] = {0};
        uint32_t n[2] = {0};
        for (size_t k = 0; k < NODES; k++) {
            if (is_in(&w, k)) {
                bytes[w.nodes[k].in_main] += w.nodes[k].bytes;
                n[w.nodes[k].in_main]++;
            }
        }
        assert_true(bytes[0] == w.q.small_bytes && bytes[1] == w.q.main_bytes);
        assert_true(n[0] == w.q.n_small && n[1] == w.q.n_main);
        assert_true(proa_s3fifo_bytes(&w.q) <= 300);
    }
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out_when_nothing_is_asked_again),
        cmocka_unit_test(test_what_is_asked_again_stays),
        cmocka_unit_test(test_a_scan_passes_through),
        cmocka_unit_test(test_what_comes_again_goes_to_the_main_queue),
        cmocka_unit_test(test_the_ghost_forgets),
        cmocka_unit_test(test_rounds_of_the_main_queue),
        cmocka_unit_test(test_hits_count_up_to_three),
        cmocka_unit_test(test_nothing_fits_where_there_is_no_room),
        cmocka_unit_test(test_books),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
