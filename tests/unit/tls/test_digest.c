/*
 * Digests against the published vectors (FIPS 180-4 examples, RFC 4231, RFC 4648), and the strict
 * side of base64.
 */
#include "proa/core/alloc.h"
#include "proa/core/prng.h"
#include "proa/tls/digest.h"

#include "proa_test.h"

static void assert_digest(const unsigned char *digest, const char *hex)
{
    char text[PROA_SHA256_HEX];
    proa_hex(digest, PROA_SHA256_BYTES, text);
    assert_slice_str(proa_slice_make(text, sizeof(text)), hex);
}

static const struct {
    const char *text;
    const char *hex;
} sha_cases[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
     "lmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void feed_two(void *ctx, struct proa_slice first, struct proa_slice second)
{
    struct proa_sha256 h;
    unsigned char digest[PROA_SHA256_BYTES];
    proa_sha256_init(&h);
    proa_sha256_update(&h, first);
    proa_sha256_update(&h, second);
    proa_sha256_final(&h, digest);
    assert_digest(digest, ctx);
}

static void test_sha256(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, sha_cases)
    {
        unsigned char digest[PROA_SHA256_BYTES];
        char hex[PROA_SHA256_HEX + 1];
        proa_sha256(proa_slice_cstr(row->text), digest);
        assert_digest(digest, row->hex);
        memcpy(hex, row->hex, sizeof(hex));
        proa_test_each_split(proa_slice_cstr(row->text), feed_two, hex);
    }
}

static void test_sha256_of_a_million(void **state)
{
    (void)state;
    struct proa_sha256 h;
    unsigned char digest[PROA_SHA256_BYTES];
    char block[1000];
    memset(block, 'a', sizeof(block));
    proa_sha256_init(&h);
    for (int i = 0; i < 1000; i++) {
        proa_sha256_update(&h, proa_slice_make(block, sizeof(block)));
    }
    proa_sha256_final(&h, digest);
    assert_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");

    proa_sha256_init(&h);
    proa_sha256_update(&h, PROA_SLICE("given up"));
    proa_sha256_deinit(&h);
}

static void test_hmac(void **state)
{
    (void)state;
    char ones[131];
    char dd[50];
    char cd[50];
    char counting[25];
    memset(ones, 0xaa, sizeof(ones));
    memset(dd, 0xdd, sizeof(dd));
    memset(cd, 0xcd, sizeof(cd));
    for (size_t i = 0; i < sizeof(counting); i++) {
        counting[i] = (char)(i + 1);
    }
    struct proa_slice long_key = proa_slice_make(ones, sizeof(ones));
    const struct {
        struct proa_slice key;
        struct proa_slice data;
        const char *hex;
    } rows[] = {
        {PROA_SLICE("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
                    "\x0b"),
         PROA_SLICE("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {PROA_SLICE("Jefe"), PROA_SLICE("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {proa_slice_make(ones, 20), proa_slice_make(dd, sizeof(dd)),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {proa_slice_make(counting, sizeof(counting)), proa_slice_make(cd, sizeof(cd)),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {long_key, PROA_SLICE("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {long_key,
         PROA_SLICE("This is a test using a larger than block-size key and a larger than "
                    "block-size data. The key needs to be hashed before being used by the HMAC "
                    "algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        {PROA_SLICE_NONE, PROA_SLICE_NONE,
         "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        unsigned char mac[PROA_SHA256_BYTES];
        proa_hmac_sha256(row->key, row->data, mac);
        assert_digest(mac, row->hex);
    }
}

static const struct {
    const char *plain;
    const char *std;
    const char *url;
} b64_cases[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/", "-_-_"},
    {"?\?>>", /* no trigraph */ "Pz8+Pg==", "Pz8-Pg"},
};

static void test_base64_vectors(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, b64_cases)
    {
        const char *texts[] = {row->std, row->url};
        const enum proa_base64_alphabet alphabets[] = {PROA_BASE64, PROA_BASE64URL};
        for (size_t a = 0; a < 2; a++) {
            char enc[32];
            unsigned char dec[32];
            size_t n = 99;
            n = proa_base64_encode(alphabets[a], proa_slice_cstr(row->plain), enc);
            assert_slice_str(proa_slice_make(enc, n), texts[a]);
            assert_ok(proa_base64_decode(alphabets[a], proa_slice_cstr(texts[a]), dec, &n));
            assert_slice_str(proa_slice_make(dec, n), row->plain);
        }
    }
}

static void test_base64_is_strict(void **state)
{
    (void)state;
    static const struct {
        enum proa_base64_alphabet alphabet;
        const char *text;
    } rows[] = {
        {PROA_BASE64, "Zg"},       {PROA_BASE64, "Zg="},      {PROA_BASE64, "Zg==="},
        {PROA_BASE64, "Zm9"},      {PROA_BASE64, "Z"},        {PROA_BASE64, "="},
        {PROA_BASE64, "===="},     {PROA_BASE64, "Zh=="},     {PROA_BASE64, "Zm9="},
        {PROA_BASE64, "Zm9v\n"},   {PROA_BASE64, " Zm9v"},    {PROA_BASE64, "Zm 9v"},
        {PROA_BASE64, "-_-_"},     {PROA_BASE64, "Zg==Zg=="}, {PROA_BASE64, "Z==="},
        {PROA_BASE64, "Zm9v===="}, {PROA_BASE64, "=Zm9"},     {PROA_BASE64URL, "Zg=="},
        {PROA_BASE64URL, "Z"},     {PROA_BASE64URL, "Zh"},    {PROA_BASE64URL, "Zm9"},
        {PROA_BASE64URL, "+/+/"},  {PROA_BASE64URL, "Zm9vY"}, {PROA_BASE64URL, "Zm9v\r\n"},
        {PROA_BASE64URL, "Zm.v"},  {PROA_BASE64URL, "\xc3"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        unsigned char dec[32];
        size_t n = 77;
        enum proa_err err = proa_base64_decode(row->alphabet, proa_slice_cstr(row->text), dec, &n);
        PROA_TEST_CHECK(err == PROA_ERR_SYNTAX, "\"%s\"", row->text);
        assert_int_equal(n, 77);
    }
}

/* All 256 values in each digit's place: 64 of them are digits, and those come back. */
static void test_base64_alphabets_whole(void **state)
{
    (void)state;
    for (int a = 0; a < 2; a++) {
        enum proa_base64_alphabet alphabet = a ? PROA_BASE64URL : PROA_BASE64;
        int n_good = 0;
        for (int c = 0; c < 256; c++) {
            char text[4] = {'A', 'A', 'A', (char)c};
            unsigned char dec[4];
            char again[8];
            size_t n = 0;
            if (proa_base64_decode(alphabet, proa_slice_make(text, 4), dec, &n) == PROA_OK) {
                n = proa_base64_encode(alphabet, proa_slice_make(dec, n), again);
                assert_slice_equal(proa_slice_make(again, n), proa_slice_make(text, 4));
                n_good += c != '=';
            }
        }
        assert_int_equal(n_good, 64);
    }
}

static void test_base64_round_trips_within_bounds(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 64);
    for (size_t len = 0; len < 200; len++) {
        unsigned char plain[200];
        for (size_t i = 0; i < len; i++) {
            plain[i] = (unsigned char)proa_prng_next(&prng);
        }
        for (int a = 0; a < 2; a++) {
            enum proa_base64_alphabet alphabet = a ? PROA_BASE64URL : PROA_BASE64;
            size_t cap = PROA_BASE64_ENCODED_MAX(len);
            char *enc = proa_alloc(cap); /* exact, so that one byte more is seen */
            size_t n = proa_base64_encode(alphabet, proa_slice_make(plain, len), enc);
            assert_true(n <= cap);
            unsigned char *dec = proa_alloc(PROA_BASE64_DECODED_MAX(n));
            size_t back = 0;
            assert_ok(proa_base64_decode(alphabet, proa_slice_make(enc, n), dec, &back));
            assert_slice_equal(proa_slice_make(dec, back), proa_slice_make(plain, len));
            proa_free(dec);
            proa_free(enc);
        }
    }
}

static void test_ct_equal(void **state)
{
    (void)state;
    assert_true(proa_ct_equal(PROA_SLICE("same"), PROA_SLICE("same")));
    assert_false(proa_ct_equal(PROA_SLICE("same"), PROA_SLICE("sane")));
    assert_false(proa_ct_equal(PROA_SLICE("same"), PROA_SLICE("some")));
    assert_false(proa_ct_equal(PROA_SLICE("same"), PROA_SLICE("same ")));
    assert_true(proa_ct_equal(PROA_SLICE_NONE, PROA_SLICE("")));
}

static void test_zeroize(void **state)
{
    (void)state;
    unsigned char a[3000];
    memset(a, 7, sizeof(a));
    proa_zeroize(a, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++) {
        assert_int_equal(a[i], 0);
    }
    proa_zeroize(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_sha256_of_a_million),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_base64_vectors),
        cmocka_unit_test(test_base64_is_strict),
        cmocka_unit_test(test_base64_alphabets_whole),
        cmocka_unit_test(test_base64_round_trips_within_bounds),
        cmocka_unit_test(test_ct_equal),
        cmocka_unit_test(test_zeroize),
    };
    return cmocka_run_group_tests_name("tls digest", tests, NULL, NULL);
}
