/*
 * Each kind of grant: the request as it goes out, byte by byte, and answers good, bad, refused and
 * put off.
 */
#include "proa/auth/grant.h"
#include "proa/tls/context.h"

#include "proa_test.h"
#include "proa_test_rsa.h"

static const uint64_t NOW = 1700000000; /* 2023-11-14T22:13:20Z */

/* A grant with every member set, so that a wrong one shows. */
static struct proa_grant make(enum proa_grant_kind kind, const char *secret)
{
    struct proa_grant g = {
        .kind = kind,
        .host_header = PROA_SLICE("tokens.example"),
        .target = PROA_SLICE("/t?v=1"),
        .account = PROA_SLICE("account&1"),
        .audience = PROA_SLICE("audience/2"),
        .group = PROA_SLICE("group 3"),
        .place = PROA_SLICE("place\"4"),
        .scope = PROA_SLICE("scope:5"),
        .key_id = PROA_SLICE("kid6"),
    };
    if (secret) {
        assert_ok(proa_secret_create(proa_slice_cstr(secret), &g.secret));
    }
    return g;
}

#define POST_FORM                                                                                  \
    "POST /t?v=1 HTTP/1.1\r\nhost: tokens.example\r\naccept-encoding: identity\r\n"                \
    "content-type: application/x-www-form-urlencoded\r\n"

static const struct {
    enum proa_grant_kind kind;
    const char *secret;
    const char *request;
} requests[] = {
    {PROA_GRANT_GOOGLE_STS, "a.b+c",
     POST_FORM "content-length: 271\r\n\r\n"
               "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
               "&audience=audience%2F2&scope=scope%3A5"
               "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
               "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
               "&subject_token=a.b%2Bc"},
    {PROA_GRANT_AZURE_SECRET, "s~e c/ret",
     POST_FORM "content-length: 95\r\n\r\n"
               "grant_type=client_credentials&client_id=account%261&scope=scope%3A5"
               "&client_secret=s~e%20c%2Fret"},
    {PROA_GRANT_AZURE_FEDERATED, "a.b.c",
     POST_FORM "content-length: 177\r\n\r\n"
               "grant_type=client_credentials&client_id=account%261&scope=scope%3A5"
               "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
               "jwt-bearer&client_assertion=a.b.c"},
    {PROA_GRANT_AWS_WEB_IDENTITY, "a.b.c",
     POST_FORM "content-length: 120\r\n\r\n"
               "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=account%261"
               "&RoleSessionName=group%203&WebIdentityToken=a.b.c"},
    {PROA_GRANT_AWS_CONTAINER, "Basic abc", NULL /* a blank is refused; see below */},
    {PROA_GRANT_AWS_CONTAINER, "abc=",
     "GET /t?v=1 HTTP/1.1\r\nhost: tokens.example\r\naccept-encoding: identity\r\n"
     "authorization: abc=\r\n\r\n"},
    {PROA_GRANT_AWS_CONTAINER, NULL,
     "GET /t?v=1 HTTP/1.1\r\nhost: tokens.example\r\naccept-encoding: identity\r\n\r\n"},
    {PROA_GRANT_OPENAI, "a.b.c",
     "POST /t?v=1 HTTP/1.1\r\nhost: tokens.example\r\naccept-encoding: identity\r\n"
     "content-type: application/json\r\ncontent-length: 217\r\n\r\n"
     "{\"grant_type\":\"urn:ietf:params:oauth:grant-type:token-exchange\","
     "\"subject_token\":\"a.b.c\","
     "\"subject_token_type\":\"urn:ietf:params:oauth:token-type:jwt\","
     "\"identity_provider_id\":\"audience/2\",\"service_account_id\":\"account&1\"}"},
    {PROA_GRANT_ANTHROPIC, "a.b.c",
     "POST /t?v=1 HTTP/1.1\r\nhost: tokens.example\r\naccept-encoding: identity\r\n"
     "anthropic-beta: oauth-2025-04-20,oidc-federation-2026-04-01\r\n"
     "content-type: application/json\r\ncontent-length: 201\r\n\r\n"
     "{\"grant_type\":\"urn:ietf:params:oauth:grant-type:jwt-bearer\","
     "\"assertion\":\"a.b.c\",\"federation_rule_id\":\"audience/2\","
     "\"organization_id\":\"group 3\",\"service_account_id\":\"account&1\","
     "\"workspace_id\":\"place\\\"4\"}"},
};

static void test_requests(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, requests)
    {
        struct proa_grant g = make(row->kind, row->secret);
        struct proa_buf out;
        proa_buf_init(&out, 1 << 20);
        if (row->request) {
            assert_ok(proa_grant_write(&g, NOW, &out));
            assert_slice_str(proa_buf_slice(&out), row->request);
        } else {
            assert_err(proa_grant_write(&g, NOW, &out), PROA_ERR_PROTOCOL);
        }
        proa_buf_deinit(&out);
        proa_secret_unref(g.secret);
    }
}

static void test_google_assertion(void **state)
{
    (void)state;
    struct proa_grant g = make(PROA_GRANT_GOOGLE_ACCOUNT, RFC7515_KEY);
    struct proa_buf out;
    proa_buf_init(&out, 1 << 20);
    assert_ok(proa_grant_write(&g, NOW, &out));
    const struct proa_slice text = proa_buf_slice(&out);
    const struct proa_slice body =
        proa_slice_from(text, proa_slice_search(text, PROA_SLICE("\r\n\r\n")) + 4);
    /* {"alg":"RS256","typ":"JWT","kid":"kid6"} */
    assert_true(proa_slice_starts(
        body, PROA_SLICE("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&"
                         "assertion=eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtpZDYifQ.")));
    char length[64];
    (void)snprintf(length, sizeof length, "\r\ncontent-length: %zu\r\n", body.len);
    assert_true(proa_slice_search(text, proa_slice_cstr(length)) < text.len);
    proa_buf_deinit(&out);
    proa_secret_unref(g.secret);
}

static void test_optional_members_are_left_out(void **state)
{
    (void)state;
    struct proa_grant g = make(PROA_GRANT_ANTHROPIC, "t");
    struct proa_buf out;
    g.account = PROA_SLICE_NONE;
    g.place = PROA_SLICE_NONE;
    proa_buf_init(&out, 1 << 20);
    assert_ok(proa_grant_write(&g, NOW, &out));
    const struct proa_slice text = proa_buf_slice(&out);
    assert_true(proa_slice_search(text, PROA_SLICE("service_account_id")) == text.len);
    assert_true(proa_slice_search(text, PROA_SLICE("workspace_id")) == text.len);
    assert_true(proa_slice_search(text, PROA_SLICE("organization_id")) < text.len);
    proa_buf_deinit(&out);
    proa_secret_unref(g.secret);
}

static void test_refused_requests(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 1 << 20);
    for (int kind = 0; kind < PROA_GRANT_KINDS; kind++) {
        struct proa_grant g = make((enum proa_grant_kind)kind, NULL);
        const bool needs = kind != PROA_GRANT_AWS_CONTAINER;
        proa_buf_clear(&out);
        assert_err(proa_grant_write(&g, NOW, &out), needs ? PROA_ERR_ARG : PROA_OK);
        g = make((enum proa_grant_kind)kind, "secret");
        g.host_header = PROA_SLICE("a\r\nx: y");
        assert_err(proa_grant_write(&g, NOW, &out), PROA_ERR_PROTOCOL);
        g.host_header = PROA_SLICE("a");
        g.target = PROA_SLICE("/a b");
        assert_err(proa_grant_write(&g, NOW, &out), PROA_ERR_PROTOCOL);
        proa_secret_unref(g.secret);
    }
    struct proa_grant g = make(PROA_GRANT_GOOGLE_ACCOUNT, "no key");
    assert_err(proa_grant_write(&g, NOW, &out), PROA_ERR_SYNTAX);
    proa_secret_unref(g.secret);
    proa_buf_deinit(&out);
    g = make(PROA_GRANT_OPENAI, "token");
    proa_buf_init(&out, 100);
    assert_err(proa_grant_write(&g, NOW, &out), PROA_ERR_LIMIT);
    proa_buf_deinit(&out);
    proa_secret_unref(g.secret);
}

static void test_largest_secret_fits(void **state)
{
    (void)state;
    char *text = proa_alloc(PROA_SECRET_MAX_BYTES + 1);
    memset(text, '/', PROA_SECRET_MAX_BYTES); /* three bytes each in a form */
    text[PROA_SECRET_MAX_BYTES] = '\0';
    struct proa_grant g = make(PROA_GRANT_AZURE_SECRET, text);
    struct proa_buf out;
    proa_buf_init(&out, 1 << 20);
    assert_ok(proa_grant_write(&g, NOW, &out));
    assert_true(out.len > 3 * (size_t)PROA_SECRET_MAX_BYTES);
    proa_buf_deinit(&out);
    proa_secret_unref(g.secret);
    proa_free(text);
}

/* ---- answers -----------------------------------------------------------------------------------
 */

#define STS_OK                                                                                     \
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"    \
    "  <AssumeRoleWithWebIdentityResult>\n    <Audience>sts.amazonaws.com</Audience>\n"            \
    "    <Credentials>\n      <AccessKeyId>ASIAEXAMPLE</AccessKeyId>\n"                            \
    "      <SecretAccessKey>se/cr&amp;et</SecretAccessKey>\n"                                      \
    "      <SessionToken>to&lt;k&gt;en==</SessionToken>\n"                                         \
    "      <Expiration>2023-11-14T23:13:20Z</Expiration>\n    </Credentials>\n"                    \
    "  </AssumeRoleWithWebIdentityResult>\n</AssumeRoleWithWebIdentityResponse>"

static const struct {
    const char *label;
    enum proa_grant_kind kind;
    const char *body;
    const char *secret;
    const char *session;
    const char *key_id;
    uint64_t life_s;
} tokens[] = {
    {"google", PROA_GRANT_GOOGLE_ACCOUNT,
     "{\"access_token\":\"ya29.x\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", "ya29.x", "",
     "", 3599},
    {"order, blanks, escapes", PROA_GRANT_AZURE_SECRET,
     " { \"expires_in\" : \"3600\" , \"access_token\" : \"a\\u002eb\" } ", "a.b", "", "", 3600},
    {"no lifetime", PROA_GRANT_OPENAI, "{\"access_token\":\"t\"}", "t", "", "", 0},
    {"lifetime that is none", PROA_GRANT_ANTHROPIC, "{\"access_token\":\"t\",\"expires_in\":-5}",
     "t", "", "", 0},
    {"fraction", PROA_GRANT_ANTHROPIC, "{\"access_token\":\"t\",\"expires_in\":1.5}", "t", "", "",
     0},
    {"sts", PROA_GRANT_AWS_WEB_IDENTITY, STS_OK, "se/cr&et", "to<k>en==", "ASIAEXAMPLE", 3600},
    {"container", PROA_GRANT_AWS_CONTAINER,
     "{\"RoleArn\":\"r\",\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
     "\"Expiration\":\"2023-11-14T22:14:20Z\"}",
     "s", "t", "ASIA1", 60},
    {"container, keys for good", PROA_GRANT_AWS_CONTAINER,
     "{\"AccessKeyId\":\"AKIA1\",\"SecretAccessKey\":\"s\"}", "s", "", "AKIA1", 0},
};

static void test_tokens(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, tokens)
    {
        const struct proa_grant g = {.kind = row->kind};
        struct proa_grant_token token = {0};
        struct proa_grant_refusal why = {.len = 0};
        const enum proa_err err =
            proa_grant_read(&g, 200, proa_slice_cstr(row->body), NOW, &token, &why);
        PROA_TEST_CHECK(err == PROA_OK, "%s: %s", row->label, proa_err_text(err));
        assert_slice_str(proa_secret_bytes(token.secret), row->secret);
        assert_slice_str(token.session ? proa_secret_bytes(token.session) : PROA_SLICE_NONE,
                         row->session);
        assert_slice_str(proa_slice_make(token.key_id, token.key_id_len), row->key_id);
        PROA_TEST_CHECK(token.life_s == row->life_s, "%s", row->label);
        proa_grant_token_release(&token);
        assert_null(token.secret);
    }
}

static const struct {
    enum proa_grant_kind kind;
    const char *body;
} unusable[] = {
    {PROA_GRANT_OPENAI, ""},
    {PROA_GRANT_OPENAI, "ok"},
    {PROA_GRANT_OPENAI, "[]"},
    {PROA_GRANT_OPENAI, "{}"},
    {PROA_GRANT_OPENAI, "{\"access_token\":\"\"}"},
    {PROA_GRANT_OPENAI, "{\"access_token\":17}"},
    {PROA_GRANT_OPENAI, "{\"access_token\":\"a\\nb\"}"},
    {PROA_GRANT_OPENAI, "{\"access_token\":\"a b\"}"},
    {PROA_GRANT_OPENAI, "{\"access_token\":\"\\u00e4\"}"},
    {PROA_GRANT_OPENAI, "{\"access_token\":\"t\""},
    {PROA_GRANT_OPENAI, "{\"token\":{\"access_token\":\"t\"}}"},
    {PROA_GRANT_AWS_CONTAINER, "{\"AccessKeyId\":\"A\"}"},
    {PROA_GRANT_AWS_CONTAINER, "{\"SecretAccessKey\":\"A\"}"},
    {PROA_GRANT_AWS_CONTAINER,
     "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2023-11-14T22:13:20Z\"}"},
    {PROA_GRANT_AWS_CONTAINER,
     "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}"},
    {PROA_GRANT_AWS_CONTAINER, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"\"}"},
    {PROA_GRANT_AWS_WEB_IDENTITY, "<AccessKeyId>A</AccessKeyId>"},
    {PROA_GRANT_AWS_WEB_IDENTITY, "<AccessKeyId>A<SecretAccessKey>s</SecretAccessKey>"},
    {PROA_GRANT_AWS_WEB_IDENTITY,
     "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s&#47;</SecretAccessKey>"},
    {PROA_GRANT_AWS_WEB_IDENTITY,
     "<AccessKeyId>A</AccessKeyIdX><SecretAccessKey>s</SecretAccessKey>"},
    {PROA_GRANT_AWS_WEB_IDENTITY, "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s"},
    {PROA_GRANT_AWS_WEB_IDENTITY, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}"},
    {PROA_GRANT_AWS_WEB_IDENTITY, "<"},
};

static void test_unusable_answers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, unusable)
    {
        const struct proa_grant g = {.kind = row->kind};
        struct proa_grant_token token = {.life_s = 77};
        struct proa_grant_refusal why = {.len = 0};
        const enum proa_err err =
            proa_grant_read(&g, 200, proa_slice_cstr(row->body), NOW, &token, &why);
        PROA_TEST_CHECK(err == PROA_ERR_PROTOCOL, "%s", row->body);
        assert_true(token.life_s == 77 && !token.secret); /* untouched */
        assert_slice_lit(proa_slice_make(why.text, why.len),
                         "the answer holds no token that can be used");
    }
}

/* What was cut anywhere is no token. */
static void test_cut_answers(void **state)
{
    (void)state;
    static const char text[] = STS_OK;
    const struct proa_grant g = {.kind = PROA_GRANT_AWS_WEB_IDENTITY};
    const size_t whole = proa_slice_search(proa_slice_cstr(text), PROA_SLICE("</SessionToken>"));
    for (size_t n = 0; n < whole; n++) {
        struct proa_grant_token token = {0};
        struct proa_grant_refusal why;
        const enum proa_err err =
            proa_grant_read(&g, 200, proa_slice_make(text, n), NOW, &token, &why);
        /* Without the session token's element there is a pair of keys, as for users. */
        if (err == PROA_OK) {
            assert_null(token.session);
            proa_grant_token_release(&token);
        }
    }
}

static const struct {
    enum proa_grant_kind kind;
    uint16_t status;
    const char *body;
    enum proa_err err;
    const char *text;
} refusals[] = {
    {PROA_GRANT_GOOGLE_ACCOUNT, 400,
     "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}",
     PROA_ERR_PERMISSION, "invalid_grant: Invalid JWT Signature."},
    {PROA_GRANT_AZURE_SECRET, 401,
     "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: no.\\r\\nTrace\"}",
     PROA_ERR_PERMISSION, "invalid_client: AADSTS7000215: no.  Trace"},
    {PROA_GRANT_ANTHROPIC, 403,
     "{\"type\":\"error\",\"error\":{\"type\":\"permission_error\",\"message\":\"no rule\"}}",
     PROA_ERR_PERMISSION, "permission_error: no rule"},
    {PROA_GRANT_OPENAI, 404, "<html>", PROA_ERR_PERMISSION, "HTTP status 404"},
    {PROA_GRANT_OPENAI, 400, "{\"error\":\"temporarily_unavailable\"}", PROA_ERR_OVERLOAD,
     "temporarily_unavailable"},
    {PROA_GRANT_OPENAI, 429, "{\"error\":\"x\"}", PROA_ERR_OVERLOAD, "x"},
    {PROA_GRANT_OPENAI, 408, "", PROA_ERR_OVERLOAD, "HTTP status 408"},
    {PROA_GRANT_OPENAI, 500, "", PROA_ERR_OVERLOAD, "HTTP status 500"},
    {PROA_GRANT_OPENAI, 503, "{\"message\":\"later\"}", PROA_ERR_OVERLOAD, "later"},
    {PROA_GRANT_OPENAI, 302, "", PROA_ERR_PROTOCOL, "HTTP status 302"},
    {PROA_GRANT_OPENAI, 101, "", PROA_ERR_PROTOCOL, "HTTP status 101"},
    {PROA_GRANT_AWS_WEB_IDENTITY, 400,
     "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>"
     "<Message>no &quot;OIDC&quot;</Message></Error></ErrorResponse>",
     PROA_ERR_PERMISSION, "InvalidIdentityToken: no \"OIDC\""},
    {PROA_GRANT_AWS_WEB_IDENTITY, 400,
     "<Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>", PROA_ERR_OVERLOAD,
     "Throttling: Rate exceeded"},
    {PROA_GRANT_AWS_WEB_IDENTITY, 400, "<Error><Code>IDPCommunicationError</Code></Error>",
     PROA_ERR_OVERLOAD, "IDPCommunicationError"},
    {PROA_GRANT_AWS_CONTAINER, 400, "{\"code\":\"InvalidToken\",\"message\":\"old\"}",
     PROA_ERR_PERMISSION, "InvalidToken: old"},
    {PROA_GRANT_AWS_CONTAINER, 400, "{\"message\":\"\\u001b[31m\\u00e4\"}", PROA_ERR_PERMISSION,
     "?[31m??"},
};

static void test_refusals(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, refusals)
    {
        const struct proa_grant g = {.kind = row->kind};
        struct proa_grant_token token = {0};
        struct proa_grant_refusal why = {.len = 3};
        const enum proa_err err =
            proa_grant_read(&g, row->status, proa_slice_cstr(row->body), NOW, &token, &why);
        PROA_TEST_CHECK(err == row->err, "%s: %s", row->text, proa_err_text(err));
        assert_slice_str(proa_slice_make(why.text, why.len), row->text);
    }
}

static void test_long_refusals_are_cut(void **state)
{
    (void)state;
    char body[4096];
    memset(body, 'x', sizeof body);
    memcpy(body, "{\"error\":\"", 10);
    memcpy(body + sizeof body - 2, "\"}", 2);
    const struct proa_grant g = {.kind = PROA_GRANT_OPENAI};
    struct proa_grant_token token = {0};
    struct proa_grant_refusal why;
    assert_err(proa_grant_read(&g, 400, proa_slice_make(body, sizeof body), NOW, &token, &why),
               PROA_ERR_PERMISSION);
    assert_int_equal(why.len, PROA_GRANT_REFUSAL_MAX);
}

static void test_names(void **state)
{
    (void)state;
    for (int kind = 0; kind < PROA_GRANT_KINDS; kind++) {
        assert_true(strlen(proa_grant_name((enum proa_grant_kind)kind)) > 5);
    }
    assert_true(proa_grant_is_aws(PROA_GRANT_AWS_CONTAINER));
    assert_true(proa_grant_is_aws(PROA_GRANT_AWS_WEB_IDENTITY));
    assert_false(proa_grant_is_aws(PROA_GRANT_OPENAI));
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
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_google_assertion),
        cmocka_unit_test(test_optional_members_are_left_out),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_largest_secret_fits),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_unusable_answers),
        cmocka_unit_test(test_cut_answers),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_refusals_are_cut),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
