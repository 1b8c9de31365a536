#include "proa/cache/key.h"
#include "proa/core/prng.h"

#include "proa_test.h"

/* 300 bytes: hashed another way than short ones are. */
#define TEN(x) x x x x x x x x x x
#define LONG   "{\"a\":\"" TEN("012345678901234567890123456789") "\"}"

/* The hash is only as good as its secret: no zeros. */
static struct proa_key_secret secret_of(uint64_t seed)
{
    struct proa_key_secret s;
    struct proa_prng prng;
    proa_prng_seed(&prng, seed);
    for (size_t i = 0; i < sizeof s.hash; i++) {
        s.hash[i] = (unsigned char)proa_prng_next(&prng);
    }
    for (size_t i = 0; i < sizeof s.names; i++) {
        s.names[i] = (unsigned char)proa_prng_next(&prng);
    }
    return s;
}

/* What leads to an entry, made of a scope and a body; the bytes are the caller's to free. */
struct made {
    struct proa_hash128 hash;
    struct proa_slice bytes;
};

static bool same_hash(struct proa_hash128 a, struct proa_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static struct made make(const struct proa_key_secret *secret, const struct proa_key_scope *scope,
                        const char *body)
{
    struct proa_canon canon;
    struct proa_buf text;
    proa_canon_init(&canon);
    proa_buf_init(&text, PROA_KEY_SCOPE_MAX);
    assert_ok(proa_key_write_scope(scope, &text));
    assert_ok(proa_canon_read(&canon, proa_slice_cstr(body)));
    const struct proa_cache_key key = proa_key_make(secret, proa_buf_slice(&text), &canon);
    char *bytes = proa_alloc(proa_key_bytes(&key));
    proa_key_copy(&key, bytes);
    const struct made m = {key.hash, proa_slice_make(bytes, proa_key_bytes(&key))};
    assert_true(proa_key_equals(&key, m.bytes));
    for (size_t i = 0; i < m.bytes.len; i++) { /* every byte is looked at */
        bytes[i] ^= 1;
        assert_false(proa_key_equals(&key, m.bytes));
        bytes[i] ^= 1;
        assert_false(proa_key_equals(&key, proa_slice_head(m.bytes, i)));
    }
    proa_canon_deinit(&canon);
    proa_buf_deinit(&text);
    return m;
}

/* T-G: all that an answer depends on beside the body, and who asks, is in the key. */
static void test_g_each_part_of_the_scope_counts(void **state)
{
    (void)state;
    const struct proa_key_secret secret = secret_of(1);
    static const struct proa_slice none[2] = {PROA_SLICE_INIT(""), PROA_SLICE_INIT("")};
    static const struct proa_slice first[2] = {PROA_SLICE_INIT("x"), PROA_SLICE_INIT("")};
    static const struct proa_slice second[2] = {PROA_SLICE_INIT(""), PROA_SLICE_INIT("x")};
    const struct proa_key_scope scopes[] = {
        {.headers = none, .n_headers = 2},
        {.namespace = {1}, .headers = none, .n_headers = 2},
        {.namespace = {[15] = 1}, .headers = none, .n_headers = 2},
        {.surface = 1, .headers = none, .n_headers = 2},
        {.endpoint = 1, .headers = none, .n_headers = 2},
        {.version = 1, .headers = none, .n_headers = 2},
        {.route = 1, .headers = none, .n_headers = 2},
        {.route = UINT64_C(1) << 63, .headers = none, .n_headers = 2},
        {.model = PROA_SLICE("m"), .headers = none, .n_headers = 2},
        {.headers = first, .n_headers = 2},
        {.headers = second, .n_headers = 2},
        {.headers = none, .n_headers = 1},
    };
    enum { N = PROA_ARRAY_LEN(scopes) };
    struct made made[N];
    for (size_t i = 0; i < N; i++) {
        made[i] = make(&secret, &scopes[i], "{\"a\":1}");
        for (size_t j = 0; j < i; j++) {
            PROA_TEST_CHECK(!same_hash(made[i].hash, made[j].hash) &&
                                !proa_slice_eq(made[i].bytes, made[j].bytes),
                            "%zu and %zu", i, j);
        }
    }
    for (size_t i = 0; i < N; i++) {
        proa_free((void *)(uintptr_t)made[i].bytes.ptr);
    }
}

static void test_the_same_asked_twice_is_one_key(void **state)
{
    (void)state;
    const struct proa_key_secret secret = secret_of(1);
    const struct proa_key_scope scope = {.model = PROA_SLICE("m")};
    const struct made a = make(&secret, &scope, "{\"a\":1,\"b\":\"\\u0041\"}");
    const struct made b = make(&secret, &scope, "{ \"b\":\"A\", \"a\":1, \"user\":\"me\" }");
    assert_true(same_hash(a.hash, b.hash));
    assert_slice_equal(a.bytes, b.bytes);
    proa_free((void *)(uintptr_t)a.bytes.ptr);
    proa_free((void *)(uintptr_t)b.bytes.ptr);
}

/* Of one piece, and of several. */
static void test_keys_of_any_length(void **state)
{
    (void)state;
    const struct proa_key_secret secret = secret_of(1);
    const struct proa_key_scope scope = {.model = PROA_SLICE("m")};
    static char text[2400];
    static const size_t lens[] = {0, 100, 1900, 2000, 2048, 2100};
    PROA_TEST_ROWS(len, lens)
    {
        char filling[2200];
        memset(filling, 'x', sizeof filling);
        (void)snprintf(text, sizeof text, "{\"b\": 1, \"aaa\": 2, \"cc\": \"%.*s\"}", (int)*len,
                       filling);
        const struct made a = make(&secret, &scope, text);
        (void)snprintf(text, sizeof text, "{\"cc\":\"%.*s\",\"aaa\":2,\"b\":1}", (int)*len,
                       filling);
        const struct made b = make(&secret, &scope, text);
        assert_true(same_hash(a.hash, b.hash));
        assert_slice_equal(a.bytes, b.bytes);
        proa_free((void *)(uintptr_t)a.bytes.ptr);
        proa_free((void *)(uintptr_t)b.bytes.ptr);
    }
}

/* Whoever does not know the secret cannot make two bodies meet. */
static void test_the_hash_is_keyed(void **state)
{
    (void)state;
    const struct proa_key_scope scope = {0};
    const struct proa_key_secret secret = secret_of(1);
    const struct proa_key_secret other = secret_of(2);
    size_t differ = 0;
    static const char *const bodies[] = {"{}", "{\"a\":1}", LONG};
    PROA_TEST_ROWS(body, bodies)
    {
        const struct made a = make(&secret, &scope, *body);
        const struct made b = make(&other, &scope, *body);
        differ += !same_hash(a.hash, b.hash);
        proa_free((void *)(uintptr_t)a.bytes.ptr);
        proa_free((void *)(uintptr_t)b.bytes.ptr);
    }
    assert_int_equal(differ, PROA_ARRAY_LEN(bodies));
}

static void test_g_namespaces(void **state)
{
    (void)state;
    const struct proa_key_secret secret = secret_of(1);
    static const struct proa_slice callers[][3] = {
        {PROA_SLICE_INIT("Bearer one"), PROA_SLICE_INIT(""), PROA_SLICE_INIT("")},
        {PROA_SLICE_INIT("Bearer two"), PROA_SLICE_INIT(""), PROA_SLICE_INIT("")},
        {PROA_SLICE_INIT(""), PROA_SLICE_INIT("Bearer one"), PROA_SLICE_INIT("")},
        {PROA_SLICE_INIT("Bearer "), PROA_SLICE_INIT("one"), PROA_SLICE_INIT("")},
        {PROA_SLICE_INIT(""), PROA_SLICE_INIT(""), PROA_SLICE_INIT("")},
    };
    enum { N = PROA_ARRAY_LEN(callers) };
    unsigned char names[N][PROA_KEY_NAMESPACE_BYTES];
    unsigned char again[PROA_KEY_NAMESPACE_BYTES];
    for (size_t i = 0; i < N; i++) {
        proa_key_namespace(&secret, callers[i], 3, names[i]);
        proa_key_namespace(&secret, callers[i], 3, again);
        assert_memory_equal(names[i], again, sizeof again);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(names[i], names[j], sizeof again);
        }
    }
    struct proa_key_secret other = secret;
    other.names[0] ^= 1;
    proa_key_namespace(&other, callers[0], 3, again);
    assert_memory_not_equal(names[0], again, sizeof again);
}

/* T-G: remembered or not, among few callers or many, with credentials of any length: always one's
 * own namespace. */
static void test_g_remembered_namespaces(void **state)
{
    (void)state;
    const struct proa_key_secret secret = secret_of(1);
    static struct proa_key_names names;
    static char text[2 * PROA_KEY_CREDENTIALS_MAX];
    unsigned char own[PROA_KEY_NAMESPACE_BYTES];
    unsigned char got[PROA_KEY_NAMESPACE_BYTES];
    memset(text, 'c', sizeof text);
    for (size_t round = 0; round < 2000; round++) {
        /* Bodies of credentials that differ in length, in their last byte, or in where they are. */
        const size_t len = round % 7 == 0   ? PROA_KEY_CREDENTIALS_MAX - 12 + round % 5
                           : round % 7 == 1 ? PROA_KEY_CREDENTIALS_MAX + 1
                                            : round % 11;
        struct proa_slice callers[3] = {PROA_SLICE_INIT(""), PROA_SLICE_INIT(""),
                                        PROA_SLICE_INIT("")};
        text[len > 0 ? len - 1 : 0] = (char)('a' + round % 5);
        callers[round % 3] = proa_slice_make(text, len);
        callers[(round + 1) % 3] = proa_slice_make("x", round % 2);
        proa_key_namespace(&secret, callers, 3, own);
        proa_key_names_get(&names, &secret, callers, 3, got);
        assert_memory_equal(own, got, sizeof own);
        proa_key_names_get(&names, &secret, callers, 3, got);
        assert_memory_equal(own, got, sizeof own);
        text[len > 0 ? len - 1 : 0] = 'c';
    }
    proa_key_names_wipe(&names);
    for (size_t i = 0; i < sizeof names; i++) {
        assert_int_equal(((const unsigned char *)&names)[i], 0);
    }
}

/* What is in the one is not in the other. */
static void test_g_scope_and_form_are_apart(void **state)
{
    (void)state;
    const struct proa_key_secret secret = secret_of(1);
    static const char *const texts[] = {"{\"a\":1}", "{\"a\":2}"};
    struct proa_canon canon;
    struct proa_hash128 hashes[4];
    proa_canon_init(&canon);
    for (size_t i = 0; i < 4; i++) {
        assert_ok(proa_canon_read(&canon, proa_slice_cstr(texts[i / 2])));
        hashes[i] = proa_key_make(&secret, proa_slice_cstr(texts[i % 2]), &canon).hash;
        assert_true(hashes[i].low != 0 && hashes[i].high != 0);
        for (size_t j = 0; j < i; j++) {
            assert_false(same_hash(hashes[i], hashes[j]));
        }
    }
    proa_canon_deinit(&canon);
}

static void test_a_scope_has_a_limit(void **state)
{
    (void)state;
    static char longest[PROA_KEY_SCOPE_MAX];
    memset(longest, 'x', sizeof longest);
    const struct proa_slice header = proa_slice_make(longest, sizeof longest);
    const struct proa_key_scope scope = {.headers = &header, .n_headers = 1};
    struct proa_buf text;
    proa_buf_init(&text, PROA_KEY_SCOPE_MAX);
    assert_err(proa_key_write_scope(&scope, &text), PROA_ERR_LIMIT);
    proa_buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_g_each_part_of_the_scope_counts),
        cmocka_unit_test(test_the_same_asked_twice_is_one_key),
        cmocka_unit_test(test_keys_of_any_length),
        cmocka_unit_test(test_the_hash_is_keyed),
        cmocka_unit_test(test_g_namespaces),
        cmocka_unit_test(test_g_remembered_namespaces),
        cmocka_unit_test(test_g_scope_and_form_are_apart),
        cmocka_unit_test(test_a_scope_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
