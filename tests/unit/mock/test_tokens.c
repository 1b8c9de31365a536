/*
 * RS256 against RFC 7515 A.2, keys as PEM, assertions, and tokens that the mock issues.
 */
#include "tokens_priv.h"

#include "proa_test.h"

#define HEADER "eyJhbGciOiJSUzI1NiJ9"
#define PAYLOAD                                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define SIGNATURE                                                                                  \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" \
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
/* The same key as SubjectPublicKeyInfo. */
#define PEM                                                                                        \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"                           \
    "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"                           \
    "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"                           \
    "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"                           \
    "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"                           \
    "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"                           \
    "oQIDAQAB\n"                                                                                   \
    "-----END PUBLIC KEY-----\n"

static struct proa_slice decoded(const char *text, unsigned char *out)
{
    size_t n = 0;
    assert_ok(proa_base64_decode(PROA_BASE64URL, proa_slice_cstr(text), out, &n));
    return proa_slice_make(out, n);
}

static void test_rs256(void **state)
{
    (void)state;
    struct mock_rsa_key key;
    unsigned char bytes[MOCK_RSA_MAX_BYTES];
    struct proa_slice signature = decoded(SIGNATURE, bytes);
    proa_mock_rsa_key_example(&key);
    assert_int_equal(key.n, 256);
    assert_true(proa_mock_rsa_verify(&key, PROA_SLICE(HEADER "." PAYLOAD), signature));
    assert_false(proa_mock_rsa_verify(&key, PROA_SLICE(HEADER "." PAYLOAD "x"), signature));
    assert_false(proa_mock_rsa_verify(&key, PROA_SLICE(HEADER "." PAYLOAD),
                                      proa_slice_head(signature, 255)));
    for (size_t i = 0; i < signature.len; i += 37) {
        bytes[i] ^= 1;
        assert_false(proa_mock_rsa_verify(&key, PROA_SLICE(HEADER "." PAYLOAD), signature));
        bytes[i] ^= 1;
    }
    memset(bytes, 0xff, signature.len); /* not below the modulus */
    assert_false(proa_mock_rsa_verify(&key, PROA_SLICE(HEADER "." PAYLOAD), signature));
    memset(bytes, 0, signature.len);
    assert_false(proa_mock_rsa_verify(&key, PROA_SLICE(HEADER "." PAYLOAD), signature));
}

static void test_pem(void **state)
{
    (void)state;
    struct mock_rsa_key key;
    struct mock_rsa_key example;
    static const char text[] = PEM;
    proa_mock_rsa_key_example(&example);
    assert_ok(proa_mock_rsa_key_read(PROA_SLICE(PEM), &key));
    assert_int_equal(key.n, example.n);
    assert_int_equal(key.exponent, 65537);
    assert_memory_equal(key.modulus, example.modulus, key.n);
    assert_int_equal(proa_mock_rsa_key_read(PROA_SLICE_NONE, &key), PROA_ERR_SYNTAX);
    assert_int_equal(
        proa_mock_rsa_key_read(PROA_SLICE("-----BEGIN PUBLIC KEY-----\n-----END"), &key),
        PROA_ERR_SYNTAX);
    /* Cut anywhere, it is no key, and nothing is read behind it. */
    for (size_t n = 0; n < sizeof text - 30; n++) {
        char *copy = proa_alloc(n + 1);
        memcpy(copy, text, n);
        assert_true(proa_mock_rsa_key_read(proa_slice_make(copy, n), &key) != PROA_OK);
        proa_free(copy);
    }
}

static void test_tokens(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct mock_desk desk = {.now_ms = 1000000, .secret = "secret"};
    struct mock_desk other = {.now_ms = 1000000, .secret = "another"};
    proa_arena_init(&arena, NULL);
    const struct proa_slice token =
        proa_mock_token_issue(&desk, MOCK_TOKEN_OF_GOOGLE, 2000, &arena);
    assert_true(proa_slice_starts(token, PROA_SLICE("ya29.")));
    assert_int_equal(proa_mock_token_state(&desk, MOCK_TOKEN_OF_GOOGLE, token), MOCK_TOKEN_FINE);
    assert_int_equal(proa_mock_token_state(&desk, MOCK_TOKEN_OF_AWS, token), MOCK_TOKEN_FOREIGN);
    assert_int_equal(proa_mock_token_state(&other, MOCK_TOKEN_OF_GOOGLE, token),
                     MOCK_TOKEN_FOREIGN);
    desk.now_ms += 1999;
    assert_int_equal(proa_mock_token_state(&desk, MOCK_TOKEN_OF_GOOGLE, token), MOCK_TOKEN_FINE);
    desk.now_ms += 1;
    assert_int_equal(proa_mock_token_state(&desk, MOCK_TOKEN_OF_GOOGLE, token), MOCK_TOKEN_EXPIRED);
    for (size_t n = 0; n < token.len; n++) {
        assert_int_equal(
            proa_mock_token_state(&desk, MOCK_TOKEN_OF_GOOGLE, proa_slice_head(token, n)),
            MOCK_TOKEN_FOREIGN);
    }
    static const char *const rows[] = {"", "mock.", "mock.g", "mock.g.", "mock.g.1.", "sk-proj-x"};
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_mock_token_state(&desk, MOCK_TOKEN_OF_GOOGLE, proa_slice_cstr(*row)),
                         MOCK_TOKEN_FOREIGN);
    }
    proa_arena_reset(&arena);
}

/* The RFC's own token is signed well, but no assertion for Google. */
static void test_assertions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *fault;
    } rows[] = {
        {"", "algorithm"},
        {"eyJhbGciOiJub25lIn0." PAYLOAD ".", "algorithm"},
        {HEADER "." PAYLOAD, "Signature"},
        {HEADER "." PAYLOAD ".AAAA", "Signature"},
        {HEADER "." PAYLOAD "." SIGNATURE, "scope"},
    };
    struct proa_arena arena;
    struct mock_desk desk = {.now_ms = UINT64_C(1300819000000)};
    proa_mock_rsa_key_example(&desk.key);
    proa_arena_init(&arena, NULL);
    PROA_TEST_ROWS(row, rows)
    {
        const char *fault = proa_mock_assertion_fault(&desk, proa_slice_cstr(row->text), &arena);
        PROA_TEST_CHECK(fault && strstr(fault, row->fault), "%s: %s", row->text,
                        fault ? fault : "-");
    }
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rs256),
        cmocka_unit_test(test_pem),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_assertions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
