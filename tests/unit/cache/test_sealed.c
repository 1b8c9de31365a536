#include "proa/cache/sealed.h"
#include "proa/tls/aead.h"
#include "proa/tls/digest.h"

#include "proa_test.h"

#define SECRET PROA_SLICE("0123456789abcdef0123456789abcdef")
#define KEY    PROA_SLICE("scope and form")

static const unsigned char NONCE[PROA_SEALED_NONCE_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static struct proa_sealed_value sample(void)
{
    return (struct proa_sealed_value){.made_ms = 1000,
                                      .fresh_until_ms = 2000,
                                      .stale_until_ms = 5000,
                                      .input_tokens = 9,
                                      .output_tokens = UINT64_MAX,
                                      .cost_pico_usd = UINT64_C(0x0102030405060708),
                                      .status = 200,
                                      .fields = PROA_SLICE("content-type: application/json\r\n"),
                                      .body = PROA_SLICE("{\"a\":1}")};
}

static void write_sample(const struct proa_sealed_keys *keys, struct proa_slice key,
                         struct proa_buf *out)
{
    const struct proa_sealed_value value = sample();
    proa_buf_clear(out);
    assert_ok(proa_sealed_write(keys, key, &value, NONCE, out));
}

static void copy_to(struct proa_buf *to, const struct proa_buf *from)
{
    proa_buf_clear(to);
    assert_ok(proa_buf_append(to, proa_buf_slice(from)));
}

static enum proa_err read_as(const struct proa_sealed_keys *keys, struct proa_slice key,
                             const struct proa_buf *sealed)
{
    struct proa_buf copy;
    struct proa_sealed_value out = {.made_ms = 77};
    proa_buf_init(&copy, PROA_SEALED_MAX + 16);
    copy_to(&copy, sealed);
    const enum proa_err err = proa_sealed_read(keys, key, &copy, &out);
    if (err != PROA_OK) {
        assert_int_equal(out.made_ms, 77); /* untouched */
        assert_null(out.body.ptr);
    }
    proa_buf_deinit(&copy);
    return err;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct proa_sealed_keys keys;
    struct proa_buf sealed;
    struct proa_sealed_value v;
    proa_sealed_init(&keys, SECRET);
    proa_buf_init(&sealed, PROA_SEALED_MAX);
    write_sample(&keys, KEY, &sealed);
    const struct proa_sealed_value want = sample();
    const size_t inside = 6 * 8 + 2 + 3 * 4 + KEY.len + want.fields.len + want.body.len;
    assert_int_equal(sealed.len, 1 + 12 + inside + 16);
    assert_int_equal(sealed.ptr[0], PROA_SEALED_VERSION);
    assert_memory_equal(sealed.ptr + 1, NONCE, sizeof NONCE);
    /* nothing of it can be read */
    assert_int_equal(proa_slice_search(proa_buf_slice(&sealed), PROA_SLICE("json")), sealed.len);
    assert_int_equal(proa_slice_search(proa_buf_slice(&sealed), PROA_SLICE("scope")), sealed.len);

    assert_ok(proa_sealed_read(&keys, KEY, &sealed, &v));
    assert_int_equal(v.made_ms, want.made_ms);
    assert_int_equal(v.fresh_until_ms, want.fresh_until_ms);
    assert_int_equal(v.stale_until_ms, want.stale_until_ms);
    assert_int_equal(v.input_tokens, want.input_tokens);
    assert_true(v.output_tokens == want.output_tokens);
    assert_true(v.cost_pico_usd == want.cost_pico_usd);
    assert_int_equal(v.status, 200);
    assert_true(proa_slice_eq(v.fields, want.fields) && proa_slice_eq(v.body, want.body));

    proa_buf_clear(&sealed); /* nothing but a status */
    const struct proa_sealed_value bare = {.status = 204};
    assert_ok(proa_sealed_write(&keys, KEY, &bare, NONCE, &sealed));
    assert_ok(proa_sealed_read(&keys, KEY, &sealed, &v));
    assert_int_equal(v.status, 204);
    assert_int_equal(v.fields.len + v.body.len, 0);
    proa_buf_deinit(&sealed);
    proa_sealed_deinit(&keys);
}

/* Two programs with the same secret must agree, today's and tomorrow's: made once by an independent
 * implementation of RFC 5869 and RFC 2104 over the same inputs. */
static void test_names_are_stable(void **state)
{
    (void)state;
    struct proa_sealed_keys keys;
    unsigned char name[PROA_SEALED_NAME_BYTES];
    char hex[2 * PROA_SEALED_NAME_BYTES];
    proa_sealed_init(&keys, SECRET);
    proa_sealed_name(&keys, KEY, name);
    proa_hex(name, sizeof name, hex);
    assert_memory_equal(hex, "3f9164628c4c0be9fdd7181e8ae3dc06261821ee8bc3841941b8cbba882967d0",
                        sizeof hex);
    proa_hex(keys.names, sizeof keys.names, hex);
    assert_memory_equal(hex, "270f00eaa31f10aed95aa27a4b72b5c70452f8b41f326bc3bf9661220fcb38cd",
                        sizeof hex);
    proa_hex(keys.seal, sizeof keys.seal, hex);
    assert_memory_equal(hex, "015b545379636e1461f01909a27c1d239ecd43bc075cd080b31af3c247917940",
                        sizeof hex);
}

static void test_other_secrets_share_nothing(void **state)
{
    (void)state;
    struct proa_sealed_keys a;
    struct proa_sealed_keys b;
    unsigned char names[3][PROA_SEALED_NAME_BYTES];
    struct proa_buf sealed;
    proa_sealed_init(&a, SECRET);
    proa_sealed_init(&b, PROA_SLICE("0123456789abcdef0123456789abcdeg"));
    proa_buf_init(&sealed, PROA_SEALED_MAX);
    proa_sealed_name(&a, KEY, names[0]);
    proa_sealed_name(&b, KEY, names[1]);
    proa_sealed_name(&a, PROA_SLICE("scope and forn"), names[2]);
    assert_memory_not_equal(names[0], names[1], sizeof names[0]);
    assert_memory_not_equal(names[0], names[2], sizeof names[0]);
    assert_memory_not_equal(a.names, b.names, sizeof a.names);
    assert_memory_not_equal(a.names, a.name, sizeof a.names);
    assert_memory_not_equal(a.name, a.seal, sizeof a.names);
    write_sample(&a, KEY, &sealed);
    assert_int_equal(read_as(&b, KEY, &sealed), PROA_ERR_PROTOCOL);
    assert_int_equal(read_as(&a, PROA_SLICE("scope and forn"), &sealed), PROA_ERR_PROTOCOL);
    assert_int_equal(read_as(&a, PROA_SLICE_NONE, &sealed), PROA_ERR_PROTOCOL);
    assert_int_equal(read_as(&a, KEY, &sealed), PROA_OK);
    proa_buf_deinit(&sealed);
    proa_sealed_deinit(&a);
    const struct proa_sealed_keys zero = {0};
    assert_memory_equal(&a, &zero, sizeof a);
}

static void test_no_bit_may_change(void **state)
{
    (void)state;
    struct proa_sealed_keys keys;
    struct proa_buf sealed;
    proa_sealed_init(&keys, SECRET);
    proa_buf_init(&sealed, PROA_SEALED_MAX + 16);
    write_sample(&keys, KEY, &sealed);
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        sealed.ptr[bit / 8] = (char)(sealed.ptr[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(read_as(&keys, KEY, &sealed),
                         bit < 8 ? PROA_ERR_UNSUPPORTED : PROA_ERR_PROTOCOL);
        sealed.ptr[bit / 8] = (char)(sealed.ptr[bit / 8] ^ 1 << bit % 8);
    }
    const size_t whole = sealed.len;
    for (size_t cut = 0; cut < whole; cut++) {
        sealed.len = cut;
        assert_int_equal(read_as(&keys, KEY, &sealed), PROA_ERR_PROTOCOL);
    }
    sealed.len = whole;
    assert_ok(proa_buf_append_byte(&sealed, 0));
    assert_int_equal(read_as(&keys, KEY, &sealed), PROA_ERR_PROTOCOL);
    proa_buf_deinit(&sealed);
}

/* Whoever has the secret may still be of another mind about lengths. */
static void test_authentic_nonsense(void **state)
{
    (void)state;
    enum { FIXED = 6 * 8 + 2 + 3 * 4, LENGTHS = 6 * 8 + 2 };
    static const struct {
        unsigned char key, fields, body;
        size_t total;
        enum proa_err want;
    } rows[] = {
        {14, 2, 3, 19, PROA_OK},           {14, 2, 4, 19, PROA_ERR_PROTOCOL},
        {14, 3, 3, 19, PROA_ERR_PROTOCOL}, {13, 3, 3, 19, PROA_ERR_PROTOCOL},
        {15, 1, 3, 19, PROA_ERR_PROTOCOL}, {14, 2, 3, 20, PROA_ERR_PROTOCOL},
        {14, 0, 0, 14, PROA_OK},           {14, 0, 0, 13, PROA_ERR_PROTOCOL},
    };
    struct proa_sealed_keys keys;
    proa_sealed_init(&keys, SECRET);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        for (int high = 0; high < 2; high++) { /* and with the top bit of one length set */
            char plain[FIXED + 32] = {0};
            unsigned char extra[1 + PROA_SEALED_NAME_BYTES] = {PROA_SEALED_VERSION};
            unsigned char key[PROA_AEAD_KEY_BYTES];
            struct proa_buf sealed;
            plain[LENGTHS + 3] = (char)rows[i].key;
            plain[LENGTHS + 7] = (char)rows[i].fields;
            plain[LENGTHS + 11] = (char)rows[i].body;
            plain[LENGTHS + 8] = (char)(high ? 0x80 : 0);
            memcpy(plain + FIXED, KEY.ptr, KEY.len);
            proa_sealed_name(&keys, KEY, extra + 1);
            proa_hkdf_sha256(PROA_SLICE("proa cache 1"), proa_slice_make(keys.seal, 32),
                             proa_slice_make(extra + 1, 32), key, sizeof key);
            proa_buf_init(&sealed, PROA_SEALED_MAX);
            assert_ok(proa_buf_append_byte(&sealed, PROA_SEALED_VERSION));
            assert_ok(proa_buf_append(&sealed, proa_slice_make(NONCE, sizeof NONCE)));
            const struct proa_slice inside = proa_slice_make(plain, FIXED + rows[i].total);
            char *room = proa_buf_reserve(&sealed, inside.len + PROA_AEAD_TAG_BYTES);
            proa_aead_seal(key, NONCE, proa_slice_make(extra, sizeof extra), inside, room);
            sealed.len += inside.len + PROA_AEAD_TAG_BYTES;
            assert_int_equal(read_as(&keys, KEY, &sealed), high ? PROA_ERR_PROTOCOL : rows[i].want);
            proa_buf_deinit(&sealed);
        }
    }
}

static void test_size(void **state)
{
    (void)state;
    struct proa_sealed_keys keys;
    struct proa_buf sealed;
    struct proa_sealed_value value = {.status = 200};
    proa_sealed_init(&keys, SECRET);
    proa_buf_init(&sealed, (size_t)2 * PROA_SEALED_MAX);
    char *body = proa_alloc(PROA_SEALED_MAX + 1);
    memset(body, 'x', PROA_SEALED_MAX + 1);
    const size_t around = 1 + 12 + 16 + 6 * 8 + 2 + 3 * 4 + KEY.len;
    value.body = proa_slice_make(body, PROA_SEALED_MAX - around);
    assert_ok(proa_sealed_write(&keys, KEY, &value, NONCE, &sealed));
    assert_int_equal(sealed.len, PROA_SEALED_MAX);
    assert_int_equal(read_as(&keys, KEY, &sealed), PROA_OK);
    assert_ok(proa_buf_append_byte(&sealed, 0));
    assert_int_equal(read_as(&keys, KEY, &sealed), PROA_ERR_PROTOCOL);
    proa_buf_clear(&sealed);
    value.body.len++;
    assert_int_equal(proa_sealed_write(&keys, KEY, &value, NONCE, &sealed), PROA_ERR_LIMIT);
    assert_int_equal(sealed.len, 0);
    value.body.len--;
    value.fields = PROA_SLICE("x");
    assert_int_equal(proa_sealed_write(&keys, KEY, &value, NONCE, &sealed), PROA_ERR_LIMIT);
    value.fields = proa_slice_make(body, SIZE_MAX - 8); /* sums must not wrap */
    assert_int_equal(proa_sealed_write(&keys, KEY, &value, NONCE, &sealed), PROA_ERR_LIMIT);
    value = (struct proa_sealed_value){.status = 200};
    struct proa_buf small;
    proa_buf_init(&small, 50);
    assert_int_equal(proa_sealed_write(&keys, KEY, &value, NONCE, &small), PROA_ERR_LIMIT);
    proa_buf_deinit(&small);
    proa_free(body);
    proa_buf_deinit(&sealed);
}

static void test_life(void **state)
{
    (void)state;
    static const struct {
        uint64_t made, fresh, stale, now;
        struct proa_sealed_life want;
    } rows[] = {
        {1000, 2000, 5000, 1000, {PROA_SEALED_FRESH, 0, 1000, 3000}},
        {1000, 2000, 5000, 1999, {PROA_SEALED_FRESH, 999, 1, 3000}},
        {1000, 2000, 5000, 2000, {PROA_SEALED_STALE, 1000, 0, 3000}},
        {1000, 2000, 5000, 4999, {PROA_SEALED_STALE, 3999, 0, 1}},
        {1000, 2000, 5000, 5000, {PROA_SEALED_OVER, 4000, 0, 0}},
        {1000, 2000, 2000, 2000, {PROA_SEALED_OVER, 1000, 0, 0}},
        {1000, 2000, 1500, 1000, {PROA_SEALED_FRESH, 0, 1000, 0}},
        {1000,
         2000,
         5000,
         10,
         {PROA_SEALED_FRESH, 0, 1000, 3000}}, /* the reader's clock is behind */
        {1000, 900, 5000, 1000, {PROA_SEALED_STALE, 0, 0, 4000}},
        {0, UINT64_MAX, UINT64_MAX, 5, {PROA_SEALED_FRESH, 5, UINT64_MAX - 5, 0}},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct proa_sealed_value v = {.made_ms = rows[i].made,
                                            .fresh_until_ms = rows[i].fresh,
                                            .stale_until_ms = rows[i].stale};
        const struct proa_sealed_life life = proa_sealed_life(&v, rows[i].now);
        PROA_TEST_CHECK(life.state == rows[i].want.state && life.age_ms == rows[i].want.age_ms &&
                            life.ttl_ms == rows[i].want.ttl_ms &&
                            life.stale_ms == rows[i].want.stale_ms,
                        "row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_names_are_stable),
        cmocka_unit_test(test_other_secrets_share_nothing),
        cmocka_unit_test(test_no_bit_may_change),
        cmocka_unit_test(test_authentic_nonsense),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
