#include "proa/cache/recent.h"
#include "proa/core/alloc.h"
#include "proa/core/prng.h"

#include "proa_test.h"

enum { NOTE_BYTES = 11 };

struct world {
    struct proa_recent recent;
    struct proa_key_secret secret;
    struct proa_canon canon;
    struct proa_canon other;
};

static void open_world(struct world *w)
{
    struct proa_prng prng;
    memset(w, 0, sizeof *w);
    proa_prng_seed(&prng, 7);
    for (size_t i = 0; i < sizeof w->secret.hash; i++) {
        w->secret.hash[i] = (unsigned char)proa_prng_next(&prng);
    }
    proa_canon_init(&w->canon);
    proa_canon_init(&w->other);
}

static void close_world(struct world *w)
{
    proa_recent_clear(&w->recent);
    proa_canon_deinit(&w->canon);
    proa_canon_deinit(&w->other);
}

/* What the cache does with a body: true where its form was known. */
static bool ask(struct world *w, struct proa_slice scope, struct proa_slice body,
                struct proa_cache_key *key)
{
    struct proa_recent_form *f = proa_recent_look(&w->recent, &w->secret, body);
    if (f) {
        assert_slice_equal(proa_recent_note(f), proa_slice_head(body, NOTE_BYTES));
        assert_true(proa_recent_key(f, &w->secret, scope, body, &w->canon, key));
        return true;
    }
    assert_ok(proa_canon_read(&w->canon, body));
    *key = proa_key_make(&w->secret, scope, &w->canon);
    proa_recent_keep(&w->recent, key, proa_slice_head(body, NOTE_BYTES));
    return false;
}

/* The key is the one that the walk makes. */
static void check_key(struct world *w, struct proa_slice scope, struct proa_slice body,
                      const struct proa_cache_key *key)
{
    assert_ok(proa_canon_read(&w->other, body));
    const struct proa_cache_key made = proa_key_make(&w->secret, scope, &w->other);
    char *bytes = proa_alloc(proa_key_bytes(&made));
    proa_key_copy(&made, bytes);
    assert_int_equal(key->hash.low, made.hash.low);
    assert_int_equal(key->hash.high, made.hash.high);
    assert_int_equal(proa_key_bytes(key), proa_key_bytes(&made));
    assert_true(proa_key_equals(key, proa_slice_make(bytes, proa_key_bytes(&made))));
    assert_int_equal(key->canon->remote, w->other.remote);
    proa_free(bytes);
}

static const struct proa_slice BODIES[] = {
    PROA_SLICE_INIT("{}"),
    PROA_SLICE_INIT("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}"),
    PROA_SLICE_INIT("{ \"messages\" : [ 1, 2 ], \"model\" : \"m\" }"),
    PROA_SLICE_INIT("{\"b\":\"\\u0041\\/\",\"a\":\"x\\u00e9\",\"user\":\"u\"}"),
    PROA_SLICE_INIT("{\"b\":{\"y\":1,\"xx\":2},\"a\":[{\"c\":1,\"b\":2}]}"),
};

static void a_form_is_known_the_second_time(void **state)
{
    (void)state;
    struct world w;
    struct proa_cache_key key;
    open_world(&w);
    for (size_t i = 0; i < PROA_ARRAY_LEN(BODIES); i++) {
        assert_false(ask(&w, PROA_SLICE("scope"), BODIES[i], &key));
        check_key(&w, PROA_SLICE("scope"), BODIES[i], &key);
        for (int again = 0; again < 2; again++) {
            assert_true(ask(&w, PROA_SLICE("scope"), BODIES[i], &key));
            check_key(&w, PROA_SLICE("scope"), BODIES[i], &key);
        }
    }
    close_world(&w);
}

/* In memory of its own, and while what it was learnt from is gone. */
static void it_borrows_from_what_is_asked_now(void **state)
{
    (void)state;
    struct world w;
    struct proa_cache_key key;
    open_world(&w);
    for (int i = 0; i < 3; i++) {
        char *body = proa_memdup(BODIES[3].ptr, BODIES[3].len);
        char *scope = proa_memdup("scope", 5);
        assert_int_equal(
            ask(&w, proa_slice_make(scope, 5), proa_slice_make(body, BODIES[3].len), &key), i > 0);
        check_key(&w, PROA_SLICE("scope"), BODIES[3], &key);
        proa_free(body);
        proa_free(scope);
    }
    close_world(&w);
}

static void another_scope_has_another_key(void **state)
{
    (void)state;
    struct world w;
    struct proa_cache_key one;
    struct proa_cache_key two;
    open_world(&w);
    (void)ask(&w, PROA_SLICE("one"), BODIES[1], &one);
    assert_true(ask(&w, PROA_SLICE("two"), BODIES[1], &two));
    check_key(&w, PROA_SLICE("two"), BODIES[1], &two);
    assert_true(one.hash.low != two.hash.low);
    assert_true(ask(&w, PROA_SLICE("one"), BODIES[1], &one));
    check_key(&w, PROA_SLICE("one"), BODIES[1], &one);
    close_world(&w);
}

/* Only the very same bytes: not others of the same length, not others with the same form. */
static void each_byte_counts(void **state)
{
    (void)state;
    static const struct proa_slice BODY =
        PROA_SLICE_INIT("{\"content\":\"0123456789\",\"seed\":1}");
    struct world w;
    struct proa_cache_key key;
    char changed[64];
    open_world(&w);
    (void)ask(&w, PROA_SLICE("s"), BODY, &key);
    for (size_t at = 0; at < BODY.len; at++) {
        memcpy(changed, BODY.ptr, BODY.len);
        changed[at] ^= 1;
        assert_null(proa_recent_look(&w.recent, &w.secret, proa_slice_make(changed, BODY.len)));
    }
    assert_null(proa_recent_look(&w.recent, &w.secret,
                                 PROA_SLICE("{\"content\":\"0123456789\", \"seed\":1}")));
    assert_non_null(proa_recent_look(&w.recent, &w.secret, BODY));
    close_world(&w);
}

static void newer_ones_take_the_place(void **state)
{
    (void)state;
    enum { BODIES_N = 8 * PROA_RECENT_FORMS };
    struct world w;
    struct proa_cache_key key;
    size_t known = 0;
    open_world(&w);
    for (int round = 0; round < 2; round++) {
        known = 0;
        for (unsigned i = 0; i < BODIES_N; i++) {
            char body[64];
            const int n = snprintf(body, sizeof body, "{\"seed\":%u,\"a\":\"\\u0041\"}", i);
            const struct proa_slice text = proa_slice_make(body, (size_t)n);
            known += ask(&w, PROA_SLICE("s"), text, &key);
            check_key(&w, PROA_SLICE("s"), text, &key);
        }
    }
    assert_true(known <= PROA_RECENT_FORMS);
    close_world(&w);
}

static void what_is_large_is_not_kept(void **state)
{
    (void)state;
    struct world w;
    struct proa_cache_key key;
    struct proa_buf body;
    open_world(&w);
    proa_buf_init(&body, 1 << 20);
    for (int longer = 0; longer < 2; longer++) {
        proa_buf_clear(&body);
        PROA_BUF_LIT(&body, "{\"a\":\"");
        while (body.len < PROA_RECENT_BODY_MAX - 2) {
            (void)proa_buf_append_byte(&body, 'x');
        }
        if (longer > 0) {
            (void)proa_buf_append_byte(&body, 'x');
        }
        PROA_BUF_LIT(&body, "\"}");
        assert_false(ask(&w, PROA_SLICE("s"), proa_buf_slice(&body), &key));
        assert_int_equal(ask(&w, PROA_SLICE("s"), proa_buf_slice(&body), &key), longer == 0);
        check_key(&w, PROA_SLICE("s"), proa_buf_slice(&body), &key);
    }
    /* A note that is long, of a body that is not. */
    assert_false(ask(&w, PROA_SLICE("s"), BODIES[0], &key));
    proa_recent_clear(&w.recent);
    assert_null(proa_recent_look(&w.recent, &w.secret, BODIES[0]));
    while (body.len < (size_t)3 * PROA_RECENT_BODY_MAX) {
        (void)proa_buf_append_byte(&body, 'x');
    }
    proa_recent_keep(&w.recent, &key, proa_buf_slice(&body));
    assert_null(proa_recent_look(&w.recent, &w.secret, BODIES[0]));
    proa_recent_keep(&w.recent, &key, PROA_SLICE_NONE);
    assert_non_null(proa_recent_look(&w.recent, &w.secret, BODIES[0]));
    proa_buf_deinit(&body);
    close_world(&w);
}

/* What may change at its address has no key, and is not kept either. */
static void what_is_remote_is_not_kept(void **state)
{
    (void)state;
    static const struct proa_slice BODY = PROA_SLICE_INIT("{\"url\":\"https://models.example/a\"}");
    struct world w;
    struct proa_cache_key key;
    open_world(&w);
    assert_false(ask(&w, PROA_SLICE("s"), BODY, &key));
    assert_false(ask(&w, PROA_SLICE("s"), BODY, &key));
    close_world(&w);
}

static void cleared_is_forgotten(void **state)
{
    (void)state;
    struct world w;
    struct proa_cache_key key;
    open_world(&w);
    (void)ask(&w, PROA_SLICE("s"), BODIES[1], &key);
    assert_int_equal(w.recent.n, 1);
    proa_recent_clear(&w.recent);
    assert_int_equal(w.recent.n, 0);
    assert_false(ask(&w, PROA_SLICE("s"), BODIES[1], &key));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_known_the_second_time),
        cmocka_unit_test(it_borrows_from_what_is_asked_now),
        cmocka_unit_test(another_scope_has_another_key),
        cmocka_unit_test(each_byte_counts),
        cmocka_unit_test(newer_ones_take_the_place),
        cmocka_unit_test(what_is_large_is_not_kept),
        cmocka_unit_test(what_is_remote_is_not_kept),
        cmocka_unit_test(cleared_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
