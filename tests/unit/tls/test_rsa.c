/*
 * RS256 against RFC 7515 appendix A.2, and which keys are refused.
 */
#include "proa/tls/context.h"
#include "proa/tls/digest.h"
#include "proa/tls/rsa.h"

#include "proa_test.h"
#include "proa_test_rsa.h"

/* openssl ecparam -name prime256v1 -genkey; openssl genrsa 1024: made for this test. */
static const char ec_key[] = "-----BEGIN PRIVATE KEY-----\n"
                             "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgK/lMhUwCwjQQjxK/\n"
                             "goBLh+PUKnyagI0b4SxeCmR0eaqhRANCAAQTfeoQYt3MkkkbegFCNTw0JXrOXOmW\n"
                             "p1uWRHhAzNPgdGuiDEsRW/lrj1tjd/WSvEmLJRbcqWqpTo2/UmVaK5yT\n"
                             "-----END PRIVATE KEY-----\n";
static const char short_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOIVJSWnTfRVUnG+\n"
                                "WTnJBSrk0+dfid5X9qHLPsc98WPL9+tkmVZdxeOLa6cgimzG1+f7hwbS8VH3gDX8\n"
                                "Zk3/lT09L7Avc6BY9eEfrgQ407hNN5K3JGLE6jGivJSPN/t6xhJKRs5WcU6KXXnq\n"
                                "BqrlBl9CYGfJB84bKkFOQAzSiMTXAgMBAAECgYEAt53q1KED/BxL4Ftzhi4Qh1zg\n"
                                "CbubcrzIb3Ft5E4XvjDLgx/qNa3lacAzR8JzCpOYiS3M5arvGd5FABOlV1Xr8xD1\n"
                                "CnHziHc4mpWGZtMJsq5rmWXv4YT6bhrYI9mlakKV2kEX675cWeYz5AhitG9RLt+E\n"
                                "cFmDBjs7b8JwkjL9XmkCQQDxCng8PM6w7FjOEE0NQr7HeTrLXSEGiwAQRi7ughG2\n"
                                "lV4EyqBo/QlDhUQJhmXwEmyLty+6PJjkszAH9awRhn0DAkEA8B0GoLSrYz7PKxJ0\n"
                                "/PV48AAcUqPChWSUeaYNRtKqUrUbrsLmf74AF8saau1WV+l8gASMhOuYzILuyliI\n"
                                "yA1enQJBAM/WJDhkgiAhmq0LdzTQ8WlUCbMieQCISCTAL2Vud9GEV44wHUKJtDwp\n"
                                "I7JG1Yy8hiWubZPa/kZsjyS924E9AnsCQCefsptMlUfgcpGaDyI7ZAS/D+13Rr96\n"
                                "lKHqjCBW3XKenn3dfeowsZU7mBVzKx+A0WHS3lmFA4ckSEGuEIxq4GUCQBB1x+jD\n"
                                "gjCjXzApzKxMMuANuCsUcMC23Gmp4AOKU//wKhEZHYyzoxSL8a7BJcTqX4GoLjuU\n"
                                "tWpFbfF6HNFdoaI=\n"
                                "-----END PRIVATE KEY-----\n";

static void test_published_vector(void **state)
{
    (void)state;
    unsigned char signature[PROA_RSA_SIGNATURE_MAX];
    size_t n = 0;
    assert_ok(
        proa_rsa_sha256_sign(PROA_SLICE(RFC7515_KEY), PROA_SLICE(RFC7515_INPUT), signature, &n));
    assert_int_equal(n, 256);
    char text[PROA_BASE64_ENCODED_MAX(PROA_RSA_SIGNATURE_MAX)];
    const size_t len = proa_base64_encode(PROA_BASE64URL, proa_slice_make(signature, n), text);
    assert_slice_lit(proa_slice_make(text, len), RFC7515_SIGNATURE);
}

static void test_one_text_one_signature(void **state)
{
    (void)state;
    unsigned char a[PROA_RSA_SIGNATURE_MAX];
    unsigned char b[PROA_RSA_SIGNATURE_MAX];
    size_t n = 0;
    assert_ok(proa_rsa_sha256_sign(PROA_SLICE(RFC7515_KEY), PROA_SLICE("x"), a, &n));
    assert_ok(proa_rsa_sha256_sign(PROA_SLICE(RFC7515_KEY), PROA_SLICE("x"), b, &n));
    assert_memory_equal(a, b, n);
    assert_ok(proa_rsa_sha256_sign(PROA_SLICE(RFC7515_KEY), PROA_SLICE("y"), b, &n));
    assert_memory_not_equal(a, b, n);
}

static void test_pem_is_taken_with_other_line_ends(void **state)
{
    (void)state;
    assert_ok(proa_rsa_check_key(PROA_SLICE(RFC7515_KEY)));
    assert_ok(proa_rsa_check_key(PROA_SLICE("\r\n" RFC7515_KEY "\n\n")));
}

static void test_refused_keys(void **state)
{
    (void)state;
    static const char cut[] = RFC7515_KEY;
    const struct {
        struct proa_slice pem;
        enum proa_err err;
    } rows[] = {
        {PROA_SLICE_NONE, PROA_ERR_SYNTAX},
        {PROA_SLICE("not a key"), PROA_ERR_SYNTAX},
        {PROA_SLICE("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
         PROA_ERR_SYNTAX},
        {proa_slice_make(cut, sizeof(cut) / 2), PROA_ERR_SYNTAX},
        {proa_slice_cstr(ec_key), PROA_ERR_TYPE},
        {proa_slice_cstr(short_key), PROA_ERR_RANGE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        unsigned char out[PROA_RSA_SIGNATURE_MAX];
        size_t n = 77;
        assert_err(proa_rsa_check_key(row->pem), row->err);
        assert_err(proa_rsa_sha256_sign(row->pem, PROA_SLICE("x"), out, &n), row->err);
        assert_int_equal(n, 77); /* untouched */
    }
}

static int set_up(void **state)
{
    (void)state;
    return proa_tls_init() == PROA_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    proa_tls_exit();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vector),
        cmocka_unit_test(test_one_text_one_signature),
        cmocka_unit_test(test_pem_is_taken_with_other_line_ends),
        cmocka_unit_test(test_refused_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
