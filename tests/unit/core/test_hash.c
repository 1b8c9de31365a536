#include "proa/core/hash.h"

#include "proa_test.h"

/* Values of XXH3_64bits that its own test suite publishes. */
static void test_published_values(void **state)
{
    (void)state;
    const uint64_t prime64 = UINT64_C(0x9e3779b185ebca8d);
    assert_true(proa_hash64(PROA_SLICE(""), 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(proa_hash64(PROA_SLICE_NONE, 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(proa_hash64(PROA_SLICE(""), prime64) == UINT64_C(0xa8a6b918b2f0364a));
}

static void test_depends_on_every_byte_and_the_seed(void **state)
{
    (void)state;
    /* one length in each of the function's size classes */
    const size_t lengths[] = {1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1025};
    char bytes[1025];
    memset(bytes, 'a', sizeof(bytes));
    PROA_TEST_ROWS(n, lengths)
    {
        struct proa_slice s = proa_slice_make(bytes, *n);
        uint64_t whole = proa_hash64(s, 1);
        assert_true(proa_hash64(s, 1) == whole);
        assert_true(proa_hash64(s, 2) != whole);
        assert_true(proa_hash64(proa_slice_head(s, *n - 1), 1) != whole);
        for (size_t i = 0; i < *n; i++) {
            bytes[i] ^= 1;
            PROA_TEST_CHECK(proa_hash64(s, 1) != whole, "byte %zu of %zu", i, *n);
            bytes[i] ^= 1;
        }
    }
}

static void test_place_in_memory_does_not_matter(void **state)
{
    (void)state;
    const struct proa_slice text = PROA_SLICE("the same thirty-three bytes again");
    char bytes[64];
    uint64_t expected = proa_hash64(text, 5);
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(bytes + shift, text.ptr, text.len);
        assert_true(proa_hash64(proa_slice_make(bytes + shift, text.len), 5) == expected);
    }
}

/* The low bits choose the slot of a map: 64 of them must be about equally used. */
static void test_low_bits_spread(void **state)
{
    (void)state;
    unsigned used[64] = {0};
    for (uint64_t i = 0; i < 6400; i++) {
        used[proa_hash64(proa_slice_make(&i, sizeof(i)), 99) % 64]++;
    }
    for (size_t i = 0; i < 64; i++) {
        assert_in_range(used[i], 50, 150); /* mean 100, five standard deviations */
    }
}

static struct proa_hash128 hash128(struct proa_slice s, const unsigned char *secret, size_t cut)
{
    struct proa_hasher h;
    proa_hasher_init(&h, secret);
    for (size_t at = 0; at < s.len; at += cut) {
        proa_hasher_add(&h, proa_slice_head(proa_slice_from(s, at), cut));
    }
    proa_hasher_add(&h, PROA_SLICE_NONE);
    return proa_hasher_final(&h);
}

static bool same(struct proa_hash128 a, struct proa_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

/* Every length class of the algorithm, with large vectors and without, every way of cutting, every
 * byte, and the secret. */
static void test_128_bits_in_pieces(void **state)
{
    (void)state;
    static const size_t lens[] = {0,   1,   3,   4,   8,   9,   16,  17,
                                  128, 129, 240, 241, 255, 256, 600, 4001};
    unsigned char secrets[2][PROA_HASH_SECRET_BYTES];
    static char bytes[4001];
    for (size_t i = 0; i < PROA_HASH_SECRET_BYTES; i++) {
        secrets[0][i] = (unsigned char)(i * 167 + 41);
        secrets[1][i] = (unsigned char)(i * 193 + 7);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 31);
    }
    PROA_TEST_ROWS(len, lens)
    {
        const struct proa_slice s = proa_slice_make(bytes, *len);
        const struct proa_hash128 whole = hash128(s, secrets[0], sizeof bytes);
        assert_true(same(whole, proa_hash128_of(secrets[0], s)));
        for (size_t cut = 1; cut < 1200; cut += cut < 70 ? 3 : 61) {
            assert_true(same(whole, hash128(s, secrets[0], cut)));
        }
        assert_false(same(whole, hash128(s, secrets[1], sizeof bytes)));
        for (size_t i = 0; i<*len; i += *len> 600 ? 61 : 7) {
            bytes[i] ^= 1;
            assert_false(same(whole, hash128(s, secrets[0], sizeof bytes)));
            bytes[i] ^= 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_values),
        cmocka_unit_test(test_depends_on_every_byte_and_the_seed),
        cmocka_unit_test(test_place_in_memory_does_not_matter),
        cmocka_unit_test(test_low_bits_spread),
        cmocka_unit_test(test_128_bits_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
