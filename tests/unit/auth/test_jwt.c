/*
 * Signed tokens against RFC 7515 appendix A.2, and service-account key files, right and wrong.
 */
#include "proa/auth/jwt.h"
#include "proa/tls/context.h"
#include "proa/tls/digest.h"

#include "proa_test.h"
#include "proa_test_rsa.h"

/* The key as JSON writes it, made once from the text of the RFC. */
static char json_key[4096];

static void escape_key(void)
{
    size_t n = 0;
    for (const char *c = RFC7515_KEY; *c; c++) {
        if (*c == '\n') {
            json_key[n++] = '\\';
            json_key[n++] = 'n';
        } else {
            json_key[n++] = *c;
        }
    }
    json_key[n] = '\0';
}

static void test_published_vector(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_jwt_sign(PROA_SLICE("{\"alg\":\"RS256\"}"),
                            PROA_SLICE("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                       "\"http://example.com/is_root\":true}"),
                            PROA_SLICE(RFC7515_KEY), &out));
    assert_slice_lit(proa_buf_slice(&out), RFC7515_INPUT "." RFC7515_SIGNATURE);
    proa_buf_deinit(&out);
}

static void test_sign_appends_and_leaves_nothing_on_failure(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    PROA_BUF_LIT(&out, "assertion=");
    assert_err(proa_jwt_sign(PROA_SLICE("{}"), PROA_SLICE("{}"), PROA_SLICE("no key"), &out),
               PROA_ERR_SYNTAX);
    assert_slice_lit(proa_buf_slice(&out), "assertion=");
    assert_ok(proa_jwt_sign(PROA_SLICE("{}"), PROA_SLICE("{}"), PROA_SLICE(RFC7515_KEY), &out));
    assert_true(proa_slice_starts(proa_buf_slice(&out), PROA_SLICE("assertion=e30.e30.")));
    proa_buf_deinit(&out);
    proa_buf_init(&out, 100); /* no room for the signature */
    assert_err(proa_jwt_sign(PROA_SLICE("{}"), PROA_SLICE("{}"), PROA_SLICE(RFC7515_KEY), &out),
               PROA_ERR_LIMIT);
    proa_buf_deinit(&out);
}

static struct proa_slice decode_part(struct proa_slice *jwt, char *to)
{
    size_t n = 0;
    const struct proa_slice part = proa_slice_split(*jwt, '.', jwt);
    assert_ok(proa_base64_decode(PROA_BASE64URL, part, (unsigned char *)to, &n));
    return proa_slice_make(to, n);
}

static void test_assertion(void **state)
{
    (void)state;
    const struct proa_jwt_claims claims = {
        .issuer = PROA_SLICE("robot@project.iam.gserviceaccount.com"),
        .key_id = PROA_SLICE("key-1"),
        .audience = PROA_SLICE("https://oauth2.googleapis.com/token"),
        .scope = PROA_SLICE("https://www.googleapis.com/auth/cloud-platform"),
        .unix_s = 1700000000,
    };
    struct proa_buf out;
    char text[2048];
    proa_buf_init(&out, 4096);
    assert_ok(proa_jwt_assertion(&claims, PROA_SLICE(RFC7515_KEY), &out));
    struct proa_slice rest = proa_buf_slice(&out);
    assert_slice_lit(decode_part(&rest, text),
                     "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"key-1\"}");
    assert_slice_lit(decode_part(&rest, text),
                     "{\"iss\":\"robot@project.iam.gserviceaccount.com\","
                     "\"scope\":\"https://www.googleapis.com/auth/cloud-platform\","
                     "\"aud\":\"https://oauth2.googleapis.com/token\","
                     "\"iat\":1700000000,\"exp\":1700003600}");
    assert_int_equal(decode_part(&rest, text).len, 256);
    assert_int_equal(rest.len, 0);
    proa_buf_deinit(&out);
}

static void test_account_file(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_google_account account;
    const char *reason = NULL;
    char json[8192];
    proa_arena_init(&arena, NULL);
    (void)snprintf(json, sizeof json,
                   "{\"type\":\"service_account\",\"project_id\":\"p-1\","
                   "\"private_key_id\":\"k\\u0031\",\"private_key\":\"%s\","
                   "\"client_email\":\"a@b.example\",\"client_id\":\"1\","
                   "\"token_uri\":\"https://tokens.example/t\"}",
                   json_key);
    assert_ok(proa_google_account_read(proa_slice_cstr(json), &arena, &account, &reason));
    memset(json, 0, sizeof json); /* nothing points into it */
    assert_slice_lit(account.client_email, "a@b.example");
    assert_slice_lit(account.private_key_id, "k1");
    assert_slice_lit(account.token_uri, "https://tokens.example/t");
    assert_slice_lit(proa_secret_bytes(account.private_key), RFC7515_KEY);
    proa_arena_reset(&arena);
}

static void test_account_file_with_the_least(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_google_account account;
    const char *reason = NULL;
    char json[8192];
    proa_arena_init(&arena, NULL);
    (void)snprintf(json, sizeof json, "{\"private_key\":\"%s\",\"client_email\":\"a@b\"}",
                   json_key);
    assert_ok(proa_google_account_read(proa_slice_cstr(json), &arena, &account, &reason));
    assert_slice_lit(account.token_uri, "https://oauth2.googleapis.com/token");
    assert_int_equal(account.private_key_id.len, 0);
    proa_arena_reset(&arena);
}

static void test_wrong_account_files(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum proa_err err;
        const char *reason;
    } rows[] = {
        {"", PROA_ERR_SYNTAX, "holds no JSON object"},
        {"[]", PROA_ERR_SYNTAX, "holds no JSON object"},
        {"{\"a\":1", PROA_ERR_SYNTAX, "holds no JSON object"},
        {"{\"client_email\":\"a\",\"client_email\":\"b\"}", PROA_ERR_SYNTAX,
         "holds no JSON object"},
        {"{\"type\":\"authorized_user\"}", PROA_ERR_TYPE,
         "is not the key of a service account: its type is another one"},
        {"{\"private_key\":\"x\"}", PROA_ERR_NOT_FOUND, "has no client_email"},
        {"{\"client_email\":7}", PROA_ERR_NOT_FOUND, "has no client_email"},
        {"{\"client_email\":\"a\"}", PROA_ERR_SYNTAX,
         "holds no private_key that can be read as PEM"},
        {"{\"client_email\":\"a\",\"private_key\":\"x\"}", PROA_ERR_SYNTAX,
         "holds no private_key that can be read as PEM"},
        {"{\"client_email\":\"a\",\"private_key\":17}", PROA_ERR_SYNTAX,
         "holds no private_key that can be read as PEM"},
    };
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_google_account account = {.client_email = PROA_SLICE("untouched")};
        const char *reason = NULL;
        assert_err(proa_google_account_read(proa_slice_cstr(row->json), &arena, &account, &reason),
                   row->err);
        assert_string_equal(reason, row->reason);
        assert_slice_lit(account.client_email, "untouched");
    }
    proa_arena_reset(&arena);
}

static void test_key_of_the_environment(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_secret *key = NULL;
    proa_arena_init(&arena, NULL);
    assert_ok(proa_google_key_read(proa_slice_cstr(json_key), &arena, &key));
    assert_slice_lit(proa_secret_bytes(key), RFC7515_KEY);
    assert_ok(proa_google_key_read(PROA_SLICE(RFC7515_KEY), &arena, &key));
    assert_slice_lit(proa_secret_bytes(key), RFC7515_KEY);
    assert_err(proa_google_key_read(PROA_SLICE_NONE, &arena, &key), PROA_ERR_SYNTAX);
    assert_err(proa_google_key_read(PROA_SLICE("\\n\\n\\"), &arena, &key), PROA_ERR_SYNTAX);
    proa_arena_reset(&arena);
}

static int set_up(void **state)
{
    (void)state;
    escape_key();
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
        cmocka_unit_test(test_sign_appends_and_leaves_nothing_on_failure),
        cmocka_unit_test(test_assertion),
        cmocka_unit_test(test_account_file),
        cmocka_unit_test(test_account_file_with_the_least),
        cmocka_unit_test(test_wrong_account_files),
        cmocka_unit_test(test_key_of_the_environment),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
