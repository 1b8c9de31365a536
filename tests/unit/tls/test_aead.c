/* Vectors: GCM's test cases 13 to 16 (McGrew, Viega: The Galois/Counter Mode of Operation, appendix
 * B; AES-256), RFC 5869 appendix A.1 to A.3. */
#include "proa/tls/aead.h"

#include "proa_test.h"

static size_t unhex(const char *hex, unsigned char *out)
{
    size_t n = 0;
    for (; hex[2 * n]; n++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * n, "%2x", &byte), 1);
        out[n] = (unsigned char)byte;
    }
    return n;
}

static void test_gcm_vectors(void **state)
{
    (void)state;
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char key[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    static const struct {
        const char *key, *nonce, *extra, *plain, *sealed;
    } rows[] = {
        {zeros, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {zeros, "000000000000000000000000", "", "00000000000000000000000000000000",
         "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
        {key, "cafebabefacedbaddecaf888", "",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
         "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
         "b094dac5d93471bdec1a502270e3cc6c"},
        {key, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
         "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        unsigned char k[32];
        unsigned char nonce[12];
        unsigned char extra[32];
        unsigned char plain[80];
        unsigned char want[96];
        char out[96];
        assert_int_equal(unhex(rows[i].key, k), 32);
        assert_int_equal(unhex(rows[i].nonce, nonce), 12);
        const struct proa_slice x = proa_slice_make(extra, unhex(rows[i].extra, extra));
        const struct proa_slice p = proa_slice_make(plain, unhex(rows[i].plain, plain));
        const size_t n = unhex(rows[i].sealed, want);
        assert_int_equal(n, p.len + PROA_AEAD_TAG_BYTES);
        proa_aead_seal(k, nonce, x, p, out);
        assert_memory_equal(out, want, n);
        assert_ok(proa_aead_open(k, nonce, x, proa_slice_make(out, n), out)); /* in place */
        assert_memory_equal(out, plain, p.len);

        char copy[96];
        for (size_t bit = 0; bit < 8 * n; bit++) { /* no bit may change */
            memcpy(copy, want, n);
            copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
            assert_int_equal(proa_aead_open(k, nonce, x, proa_slice_make(copy, n), copy),
                             PROA_ERR_PROTOCOL);
            for (size_t b = 0; b < p.len; b++) {
                assert_int_equal(copy[b], 0);
            }
        }
        for (size_t cut = 0; cut < n; cut++) {
            memcpy(copy, want, n);
            assert_int_equal(proa_aead_open(k, nonce, x, proa_slice_make(copy, cut), copy),
                             PROA_ERR_PROTOCOL);
        }
        memcpy(copy, want, n);
        nonce[11] ^= 1;
        assert_int_equal(proa_aead_open(k, nonce, x, proa_slice_make(copy, n), copy),
                         PROA_ERR_PROTOCOL);
        nonce[11] ^= 1;
        memcpy(copy, want, n);
        assert_int_equal(
            proa_aead_open(k, nonce, PROA_SLICE("other"), proa_slice_make(copy, n), copy),
            PROA_ERR_PROTOCOL);
        k[0] ^= 1;
        memcpy(copy, want, n);
        assert_int_equal(proa_aead_open(k, nonce, x, proa_slice_make(copy, n), copy),
                         PROA_ERR_PROTOCOL);
    }
}

static void test_hkdf_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *salt, *info, *want;
    } rows[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
         "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
         "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
         "404142434445464748494a4b4c4d4e4f",
         "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
         "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
         "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
         "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
         "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
         "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
         "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
         "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        unsigned char secret[96];
        unsigned char salt[96];
        unsigned char info[96];
        unsigned char want[96];
        unsigned char out[96];
        const struct proa_slice k = proa_slice_make(secret, unhex(rows[i].secret, secret));
        const struct proa_slice s = proa_slice_make(salt, unhex(rows[i].salt, salt));
        const struct proa_slice x = proa_slice_make(info, unhex(rows[i].info, info));
        const size_t n = unhex(rows[i].want, want);
        proa_hkdf_sha256(s, k, x, out, n);
        assert_memory_equal(out, want, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcm_vectors),
        cmocka_unit_test(test_hkdf_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
