/*
 * Signatures recomputed: the vectors of AWS' documentation, of the aws-c-auth suite, and one of
 * Bedrock's kind; and every way a request may fail to fit its signature.
 */
#include "sigv4_priv.h"

#include "proa_test.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define DATE   "20150830T123600Z"
/* 2015-08-30T12:36:00Z */
#define NOW UINT64_C(1440938160)
#define AUTH(service, names, signature)                                                            \
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" service                          \
    "/aws4_request, SignedHeaders=" names ", Signature=" signature
#define BEDROCK_HOST "bedrock-runtime.us-east-1.amazonaws.com"
#define BEDROCK_PATH "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse"
#define BEDROCK_BODY                                                                               \
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}],\"inferenceConfig\":{"    \
    "\"maxTokens\":16}}"
#define BEDROCK_SIGNATURE "f0a82430406dd8b1407bce7b86db8d447147061443d97333ba08fc99395be000"
#define TOKEN             "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"

enum { MAX_HEADERS = 8 };

struct request {
    struct proa_http_header items[MAX_HEADERS];
    struct proa_http_head head;
};

static void set(struct request *r, const char *method, const char *path, const char *query)
{
    memset(r, 0, sizeof *r);
    r->head.method_text = proa_slice_cstr(method);
    r->head.path = proa_slice_cstr(path);
    r->head.query = proa_slice_cstr(query);
    r->head.headers.items = r->items;
}

static void add(struct request *r, const char *name, const char *value)
{
    assert_true(r->head.headers.n < MAX_HEADERS);
    r->items[r->head.headers.n++] =
        (struct proa_http_header){(uint16_t)proa_http_header_lookup(proa_slice_cstr(name)),
                                  proa_slice_cstr(name), proa_slice_cstr(value)};
}

static enum mock_sigv4_fault check(struct request *r, const char *body, uint64_t now)
{
    struct proa_arena arena;
    struct mock_sigv4 s;
    proa_arena_init(&arena, NULL);
    const enum mock_sigv4_fault fault =
        proa_mock_sigv4_check(&r->head, proa_slice_cstr(body), PROA_SLICE(SECRET), now, &arena, &s);
    proa_arena_reset(&arena);
    return fault;
}

static void assert_hex(const unsigned char *digest, const char *expected)
{
    char hex[PROA_SHA256_HEX];
    proa_hex(digest, PROA_SHA256_BYTES, hex);
    assert_slice_str(proa_slice_make(hex, sizeof hex), expected);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *service;
        const char *key;
    } rows[] = {
        {"iam", "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"},
        {"bedrock", "90e694a0eeb93605dc6a1e798b98fe0e790776a911d2494317b06246c599ba53"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        unsigned char key[PROA_SHA256_BYTES];
        const struct mock_sigv4 s = {.date = PROA_SLICE("20150830"),
                                     .region = PROA_SLICE("us-east-1"),
                                     .service = proa_slice_cstr(row->service)};
        proa_mock_sigv4_key(PROA_SLICE(SECRET), &s, key);
        assert_hex(key, row->key);
    }
}

static void bedrock(struct request *r)
{
    set(r, "POST", BEDROCK_PATH, "");
    add(r, "Host", BEDROCK_HOST);
    add(r, "Content-Type", "application/json");
    add(r, "X-Amz-Date", DATE);
    add(r, "Authorization", AUTH("bedrock", "content-type;host;x-amz-date", BEDROCK_SIGNATURE));
}

static void test_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *names;
        const char *expected;
        bool is_bedrock;
    } rows[] = {
        {"GET", "host;x-amz-date",
         "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63", false},
        {"POST", "content-type;host;x-amz-date",
         "5991aa16ee1637a567dbc324cc2840d52ea0e182e99ba58b6bc4242f623aaeee", true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct request r;
        struct proa_arena arena;
        struct proa_buf out;
        unsigned char digest[PROA_SHA256_BYTES];
        const struct mock_sigv4 s = {.names = proa_slice_cstr(row->names)};
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out, MOCK_SIGV4_CANONICAL_MAX);
        set(&r, row->method, "/", "");
        add(&r, "Host", "example.amazonaws.com");
        add(&r, "X-Amz-Date", DATE);
        if (row->is_bedrock) {
            bedrock(&r);
        }
        proa_mock_sigv4_canonical(&r.head,
                                  row->is_bedrock ? PROA_SLICE(BEDROCK_BODY) : PROA_SLICE_NONE, &s,
                                  &arena, &out);
        proa_sha256(proa_buf_slice(&out), digest);
        assert_hex(digest, row->expected);
        proa_buf_deinit(&out);
        proa_arena_reset(&arena);
    }
}

/* The published suite, whole requests through the check. */
static void test_suite(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *path;
        const char *query;
        const char *headers[4][2];
        const char *body;
        const char *authorization;
    } rows[] = {
        {"GET",
         "/",
         "",
         {{NULL}},
         "",
         AUTH("service", "host;x-amz-date",
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")},
        {"GET",
         "/",
         "",
         {{"X-Amz-Security-Token", TOKEN}},
         "",
         AUTH("service", "host;x-amz-date;x-amz-security-token",
              "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8")},
        {"GET",
         "/\xe1\x88\xb4",
         "",
         {{NULL}},
         "",
         AUTH("service", "host;x-amz-date",
              "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85")},
        {"GET",
         "/example space/",
         "",
         {{NULL}},
         "",
         AUTH("service", "host;x-amz-date",
              "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741")},
        {"POST",
         "/",
         "",
         {{"Content-Type", "application/x-www-form-urlencoded"},
          {"Content-Length", "13"},
          {"x-amz-content-sha256",
           "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
         "Param1=value1",
         AUTH("service", "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
              "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b")},
        /* the same as the first, by another path to "/" */
        {"GET",
         "//",
         "",
         {{NULL}},
         "",
         AUTH("service", "host;x-amz-date",
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")},
        {"GET",
         "/example/..",
         "",
         {{NULL}},
         "",
         AUTH("service", "host;x-amz-date",
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")},
        {"GET",
         "/./",
         "",
         {{NULL}},
         "",
         AUTH("service", "host;x-amz-date",
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct request r;
        set(&r, row->method, row->path, row->query);
        add(&r, "Host", "example.amazonaws.com");
        add(&r, "X-Amz-Date", DATE);
        for (size_t i = 0; i < 4 && row->headers[i][0]; i++) {
            add(&r, row->headers[i][0], row->headers[i][1]);
        }
        add(&r, "Authorization", row->authorization);
        PROA_TEST_CHECK(check(&r, row->body, NOW) == MOCK_SIGV4_FINE, "%s %s", row->method,
                        row->path);
    }
}

static void test_bedrock(void **state)
{
    (void)state;
    struct request r;
    bedrock(&r);
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_FINE);
    /* without content-type */
    set(&r, "POST", BEDROCK_PATH, "");
    add(&r, "Host", BEDROCK_HOST);
    add(&r, "X-Amz-Date", DATE);
    add(&r, "Authorization",
        AUTH("bedrock", "host;x-amz-date",
             "361ae6cd94818b15f5c694031f4e0fe67bace3a4ed382ac9a8d4bc94e9f5dad0"));
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_FINE);
}

/* The path counts as it was sent: what a proxy on the way decodes no longer fits. */
static void test_every_part_counts(void **state)
{
    (void)state;
    struct request r;
    bedrock(&r);
    r.head.path = PROA_SLICE("/model/anthropic.claude-3-haiku-20240307-v1:0/converse");
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_MISMATCH);
    bedrock(&r);
    r.head.query = PROA_SLICE("a=b");
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_MISMATCH);
    bedrock(&r);
    r.head.method_text = PROA_SLICE("PUT");
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_MISMATCH);
    bedrock(&r);
    r.items[0].value = PROA_SLICE("bedrock-runtime.us-west-2.amazonaws.com");
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_MISMATCH);
    bedrock(&r);
    r.items[1].value = PROA_SLICE("text/plain");
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_MISMATCH);
    bedrock(&r);
    assert_int_equal(check(&r, BEDROCK_BODY " ", NOW), MOCK_SIGV4_MISMATCH);
}

static void test_time(void **state)
{
    (void)state;
    struct request r;
    bedrock(&r);
    assert_int_equal(check(&r, BEDROCK_BODY, NOW + 300), MOCK_SIGV4_FINE);
    assert_int_equal(check(&r, BEDROCK_BODY, NOW - 300), MOCK_SIGV4_FINE);
    assert_int_equal(check(&r, BEDROCK_BODY, NOW + 301), MOCK_SIGV4_EXPIRED);
    assert_int_equal(check(&r, BEDROCK_BODY, NOW - 301), MOCK_SIGV4_EXPIRED);
    static const char *const dates[] = {"20150831T123600Z", "20150830T123600",  "20150830 123600Z",
                                        "2015083xT123600Z", "20151330T123600Z", ""};
    for (size_t i = 0; i < PROA_ARRAY_LEN(dates); i++) {
        bedrock(&r);
        r.items[2].value = proa_slice_cstr(dates[i]);
        PROA_TEST_CHECK(check(&r, BEDROCK_BODY, NOW) == MOCK_SIGV4_EXPIRED, "%s", dates[i]);
    }
}

static void test_what_must_be_signed(void **state)
{
    (void)state;
    struct request r;
    bedrock(&r);
    add(&r, "X-Amz-Security-Token", TOKEN);
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_UNSIGNED);
    bedrock(&r);
    r.items[3].value = PROA_SLICE(AUTH("bedrock", "content-type;host", BEDROCK_SIGNATURE));
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_UNSIGNED);
    r.items[3].value = PROA_SLICE(AUTH("bedrock", "content-type;x-amz-date", BEDROCK_SIGNATURE));
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_UNSIGNED);
    bedrock(&r);
    r.head.headers.n = 2; /* neither date nor signature */
    assert_int_equal(check(&r, BEDROCK_BODY, NOW), MOCK_SIGV4_INCOMPLETE);
}

static void test_grammar(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE, SignedHeaders=host, Signature=00",
        AUTH("bedrock", "", BEDROCK_SIGNATURE),
        AUTH("bedrock", "host;x-amz-date", "abc"),
        AUTH("", "host;x-amz-date", BEDROCK_SIGNATURE),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws3_request, "
        "SignedHeaders=host, Signature=" BEDROCK_SIGNATURE,
    };
    struct mock_sigv4 s;
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(!proa_mock_sigv4_parse(proa_slice_cstr(*row), &s), "%s", *row);
    }
    assert_true(proa_mock_sigv4_parse(
        PROA_SLICE(AUTH("bedrock", "host;x-amz-date", BEDROCK_SIGNATURE)), &s));
    assert_slice_lit(s.key_id, "AKIDEXAMPLE");
    assert_slice_lit(s.scope, "20150830/us-east-1/bedrock/aws4_request");
    assert_slice_lit(s.region, "us-east-1");
    assert_slice_lit(s.service, "bedrock");
    assert_slice_lit(s.names, "host;x-amz-date");
}

/* Names and values sorted, what is encoded on the wire encoded once here; blanks collapsed. */
static void test_canonical_text(void **state)
{
    (void)state;
    struct request r;
    struct proa_arena arena;
    struct proa_buf out;
    const struct mock_sigv4 s = {.names = PROA_SLICE("host;my-header1;x-amz-date")};
    proa_arena_init(&arena, NULL);
    proa_buf_init(&out, MOCK_SIGV4_CANONICAL_MAX);
    set(&r, "GET", "/a//b/../c%2Fd/", "b=2&a=x%20y&a=%7e&c&b=1");
    add(&r, "Host", "h");
    add(&r, "My-Header1", "  a   b  c ");
    add(&r, "my-header1", "second");
    add(&r, "X-Amz-Date", DATE);
    proa_mock_sigv4_canonical(&r.head, PROA_SLICE_NONE, &s, &arena, &out);
    assert_slice_lit(proa_buf_slice(&out),
                     "GET\n/a/c%252Fd/\na=x%20y&a=~&b=1&b=2&c=\nhost:h\nmy-header1:a b c,second\n"
                     "x-amz-date:20150830T123600Z\n\nhost;my-header1;x-amz-date\n"
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    proa_buf_deinit(&out);
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_bedrock),
        cmocka_unit_test(test_every_part_counts),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_what_must_be_signed),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_canonical_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
