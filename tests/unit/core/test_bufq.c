#include "poison_priv.h"

#include "proa/core/bufq.h"
#include "proa/core/prng.h"

#include "proa_test.h"

enum { MAX = 4096, TINY_CHUNK = 64 };

static void setup(struct proa_freelist *chunks, struct proa_bufq *q)
{
    proa_freelist_init(chunks, TINY_CHUNK, 4);
    proa_bufq_init(q, chunks, MAX, 1000, 100);
}

static void teardown(struct proa_freelist *chunks, struct proa_bufq *q)
{
    proa_bufq_deinit(q);
    proa_freelist_deinit(chunks);
}

/* First contiguous bytes; empty when the queue is. */
static struct proa_slice queue_front(const struct proa_bufq *q)
{
    struct iovec iov;
    return proa_bufq_iov(q, &iov, 1) > 0 ? proa_slice_make(iov.iov_base, iov.iov_len)
                                         : PROA_SLICE_NONE;
}

static void test_empty(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    struct iovec iov[2];
    assert_int_equal(queue_front(&q).len, 0);
    assert_int_equal(proa_bufq_iov(&q, iov, 2), 0);
    proa_bufq_drop(&q, 0);
    assert_ok(proa_bufq_push(&q, PROA_SLICE_NONE));
    assert_null(q.head); /* nothing takes no chunk */
    teardown(&chunks, &q);
    proa_bufq_deinit(&q);
}

static void test_order(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    assert_ok(proa_bufq_push(&q, PROA_SLICE("hello ")));
    assert_ok(proa_bufq_push(&q, PROA_SLICE("world")));
    assert_int_equal(q.len, 11);
    assert_slice_lit(queue_front(&q), "hello world");
    proa_bufq_drop(&q, 6);
    assert_slice_lit(queue_front(&q), "world");
    proa_bufq_drop(&q, 3);
    assert_slice_lit(queue_front(&q), "ld");
    proa_bufq_drop(&q, 2);
    assert_int_equal(q.len, 0);
    teardown(&chunks, &q);
}

static void test_idle_holds_no_memory(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    char bytes[1000] = {0};
    assert_ok(proa_bufq_push(&q, proa_slice_make(bytes, sizeof(bytes))));
    assert_non_null(q.head);
    proa_bufq_drop(&q, sizeof(bytes));
    assert_null(q.head);
    assert_null(q.tail);
    assert_int_equal(chunks.n_spare, 4); /* the maximum, though more came back */

    assert_ok(proa_bufq_push(&q, PROA_SLICE("again")));
    assert_int_equal(chunks.n_spare, 3);
    assert_slice_lit(queue_front(&q), "again");
    teardown(&chunks, &q);
    assert_null(chunks.head);
}

static void test_maximum_is_all_or_nothing(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    proa_freelist_init(&chunks, TINY_CHUNK, 4);
    proa_bufq_init(&q, &chunks, 10, 8, 2);
    assert_ok(proa_bufq_push(&q, PROA_SLICE("12345678")));
    assert_err(proa_bufq_push(&q, PROA_SLICE("abc")), PROA_ERR_LIMIT);
    assert_slice_lit(queue_front(&q), "12345678");
    assert_ok(proa_bufq_push(&q, PROA_SLICE("ab")));
    assert_err(proa_bufq_push(&q, PROA_SLICE("c")), PROA_ERR_LIMIT);
    assert_ok(proa_bufq_push(&q, PROA_SLICE("")));
    proa_bufq_drop(&q, 1);
    assert_ok(proa_bufq_push(&q, PROA_SLICE("c")));
    assert_int_equal(q.len, 10);
    proa_bufq_drop(&q, 10);

    struct iovec iov[] = {{"12345", 5}, {"678901", 6}};
    assert_err(proa_bufq_pushv(&q, iov, 2, 0), PROA_ERR_LIMIT);
    assert_int_equal(q.len, 0);
    assert_null(q.head);
    assert_ok(proa_bufq_pushv(&q, iov, 2, 1));
    assert_slice_lit(queue_front(&q), "2345678901");
    teardown(&chunks, &q);
}

static void test_lengths_that_wrap(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    /* The sum wraps to 1: it must not pass for a short one. Nothing is read before that is known.
     */
    struct iovec iov[] = {{"a", SIZE_MAX}, {"b", 2}};
    assert_err(proa_bufq_pushv(&q, iov, 2, 0), PROA_ERR_LIMIT);
    assert_err(proa_bufq_push(&q, proa_slice_make("a", SIZE_MAX)), PROA_ERR_LIMIT);
    assert_int_equal(q.len, 0);
    teardown(&chunks, &q);
}

static void test_water_marks(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    proa_freelist_init(&chunks, TINY_CHUNK, 4);
    proa_bufq_init(&q, &chunks, 10, 6, 2);
    assert_false(proa_bufq_above_high(&q));
    assert_true(proa_bufq_below_low(&q));
    assert_ok(proa_bufq_push(&q, PROA_SLICE("12")));
    assert_true(proa_bufq_below_low(&q));
    assert_ok(proa_bufq_push(&q, PROA_SLICE("345")));
    assert_false(proa_bufq_below_low(&q));
    assert_false(proa_bufq_above_high(&q));
    assert_ok(proa_bufq_push(&q, PROA_SLICE("6")));
    assert_true(proa_bufq_above_high(&q));
    teardown(&chunks, &q);
}

static void test_pushv_skips_at_every_byte(void **state)
{
    (void)state;
    static const char flat[] = "abcdefghij";
    struct iovec iov[] = {{"abc", 3}, {NULL, 0}, {"d", 1}, {"efghij", 6}, {NULL, 0}};
    for (size_t skip = 0; skip <= 12; skip++) {
        struct proa_freelist chunks;
        struct proa_bufq q;
        setup(&chunks, &q);
        assert_ok(proa_bufq_pushv(&q, iov, PROA_ARRAY_LEN(iov), skip));
        assert_slice_equal(queue_front(&q), proa_slice_from(proa_slice_make(flat, 10), skip));
        teardown(&chunks, &q);
    }
}

static void test_iov_spans_chunks(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    char bytes[200];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    assert_ok(proa_bufq_push(&q, proa_slice_make(bytes, sizeof(bytes))));
    proa_bufq_drop(&q, 3);

    struct iovec iov[16];
    assert_int_equal(proa_bufq_iov(&q, iov, 1), 1);
    assert_int_equal(proa_bufq_iov(&q, iov, 0), 0);
    size_t n = proa_bufq_iov(&q, iov, 16);
    assert_in_range(n, 4, 15);
    size_t at = 3;
    for (size_t i = 0; i < n; i++) {
        assert_true(iov[i].iov_len > 0);
        assert_memory_equal(iov[i].iov_base, bytes + at, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    assert_int_equal(at, sizeof(bytes));
    assert_int_equal(q.len, sizeof(bytes) - 3); /* looking takes nothing */
    teardown(&chunks, &q);
}

/* A queue beside one flat array of what should be in it. */
struct model {
    struct proa_bufq q;
    char flat[MAX];
    size_t len;
};

static void model_push(struct model *m, struct proa_prng *prng)
{
    char bytes[600];
    size_t n = proa_prng_below(prng, proa_prng_below(prng, 4) ? 50 : sizeof(bytes));
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (char)(unsigned char)proa_prng_next(prng);
    }
    enum proa_err expected = m->len + n > MAX ? PROA_ERR_LIMIT : PROA_OK;
    size_t skip = 0;
    if (proa_prng_below(prng, 2)) {
        assert_err(proa_bufq_push(&m->q, proa_slice_make(bytes, n)), expected);
    } else {
        size_t a = proa_prng_below(prng, n + 1);
        size_t b = a + proa_prng_below(prng, n - a + 1);
        skip = proa_prng_below(prng, n + 1);
        expected = m->len + n - skip > MAX ? PROA_ERR_LIMIT : PROA_OK;
        struct iovec iov[] = {{bytes, a}, {bytes + a, b - a}, {bytes + b, n - b}};
        assert_err(proa_bufq_pushv(&m->q, iov, 3, skip), expected);
    }
    if (expected == PROA_OK) {
        memcpy(m->flat + m->len, bytes + skip, n - skip);
        m->len += n - skip;
    }
}

static void model_take(struct model *m, struct proa_prng *prng)
{
    size_t n = proa_prng_below(prng, m->len + 1);
    proa_bufq_drop(&m->q, n);
    m->len -= n;
    memmove(m->flat, m->flat + n, m->len);
}

static void model_compare(const struct model *m)
{
    struct iovec iov[MAX];
    assert_int_equal(m->q.len, m->len);
    size_t n = proa_bufq_iov(&m->q, iov, MAX);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        assert_in_range(iov[i].iov_len, 1, m->len - at);
        assert_memory_equal(iov[i].iov_base, m->flat + at, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    assert_int_equal(at, m->len);
    struct proa_slice front = queue_front(&m->q);
    assert_slice_equal(front, proa_slice_make(m->flat, front.len));
    assert_true((front.len == 0) == (m->len == 0));
}

static void run_model(size_t chunk_bytes, uint64_t seed)
{
    struct proa_prng prng;
    struct proa_freelist chunks;
    struct model two[2] = {0}; /* sharing one chunks */
    proa_prng_seed(&prng, seed);
    proa_freelist_init(&chunks, chunk_bytes, 3);
    proa_bufq_init(&two[0].q, &chunks, MAX, MAX / 2, MAX / 4);
    proa_bufq_init(&two[1].q, &chunks, MAX, MAX / 2, MAX / 4);
    for (unsigned op = 0; op < 3000; op++) {
        struct model *m = &two[proa_prng_below(&prng, 2)];
        if (proa_prng_below(&prng, 9) < 5) {
            model_push(m, &prng);
        } else {
            model_take(m, &prng);
        }
        model_compare(m);
    }
    proa_bufq_deinit(&two[0].q);
    proa_bufq_deinit(&two[1].q);
    assert_in_range(chunks.n_spare, 0, 3);
    proa_freelist_deinit(&chunks);
}

static void test_against_a_flat_reference(void **state)
{
    (void)state;
    run_model(25, 1); /* one byte of data, or nearly */
    run_model(TINY_CHUNK, 2);
    run_model(1000, 3);
    run_model((size_t)2 * MAX, 4);
}

static void drop_too_much(void *ctx)
{
    proa_bufq_drop(ctx, 4);
}

static void marks_out_of_order(void *ctx)
{
    struct proa_freelist chunks;
    proa_freelist_init(&chunks, TINY_CHUNK, 1);
    proa_bufq_init(ctx, &chunks, 10, 5, 6);
}

static void test_nonsense_aborts(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    assert_ok(proa_bufq_push(&q, PROA_SLICE("abc")));
    assert_true(proa_test_aborts(drop_too_much, &q));
    assert_true(proa_test_aborts(marks_out_of_order, &q));
    teardown(&chunks, &q);
}

#ifdef PROA_POISON_ON
static void test_spare_chunks_are_poisoned(void **state)
{
    (void)state;
    struct proa_freelist chunks;
    struct proa_bufq q;
    setup(&chunks, &q);
    assert_ok(proa_bufq_push(&q, PROA_SLICE("0123456789abcdef")));
    const char *stale = queue_front(&q).ptr;
    assert_false(__asan_address_is_poisoned(stale + 8));
    proa_bufq_drop(&q, q.len);
    assert_true(__asan_address_is_poisoned(stale + 8));
    teardown(&chunks, &q);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_idle_holds_no_memory),
        cmocka_unit_test(test_maximum_is_all_or_nothing),
        cmocka_unit_test(test_lengths_that_wrap),
        cmocka_unit_test(test_water_marks),
        cmocka_unit_test(test_pushv_skips_at_every_byte),
        cmocka_unit_test(test_iov_spans_chunks),
        cmocka_unit_test(test_against_a_flat_reference),
        cmocka_unit_test(test_nonsense_aborts),
#ifdef PROA_POISON_ON
        cmocka_unit_test(test_spare_chunks_are_poisoned),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
