/*
 * SigV4 against the vectors of AWS's documentation and of aws-c-auth's test suite (Apache-2.0), and
 * one for Bedrock on which three independent implementations agree.
 */
#include "proa/auth/sigv4.h"

#include "proa_test.h"

static const uint64_t VECTOR_TIME = 1440938160; /* 2015-08-30T12:36:00Z */

#define SECRET        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SESSION_TOKEN "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
#define EMPTY_HASH    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BEDROCK_BODY                                                                               \
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}],"                         \
    "\"inferenceConfig\":{\"maxTokens\":16}}"

#define HEADER(n, v)                                                                               \
    {                                                                                              \
        PROA_SLICE_INIT(n), PROA_SLICE_INIT(v)                                                     \
    }

static const struct proa_sigv4_header host_only[] = {HEADER("host", "example.amazonaws.com")};
static const struct proa_sigv4_header form[] = {
    HEADER("host", "example.amazonaws.com"),
    HEADER("content-type", "application/x-www-form-urlencoded"),
    HEADER("content-length", "13"),
};
static const struct proa_sigv4_header bedrock[] = {
    HEADER("host", "bedrock-runtime.us-east-1.amazonaws.com"),
    HEADER("content-type", "application/json"),
};

struct vector {
    const char *name;
    const char *method;
    const char *path;
    const char *query;
    const struct proa_sigv4_header *headers;
    size_t n_headers;
    const char *body;
    const char *service;
    const char *session_token;
    bool send_payload_hash;
    const char *canonical; /* NULL: not published */
    const char *signature;
};

static const struct vector vectors[] = {
    {"get-vanilla", "GET", "/", "", host_only, 1, "", "service", "", false,
     "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla, no path at all", "GET", "", "", host_only, 1, "", "service", "", false,
     "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-with-session-token", "GET", "/", "", host_only, 1, "", "service", SESSION_TOKEN,
     false, NULL, "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"get-utf8", "GET", "/\xe1\x88\xb4", "", host_only, 1, "", "service", "", false, NULL,
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space-normalized", "GET", "/example space/", "", host_only, 1, "", "service", "", false,
     NULL, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-relative: dot segments away", "GET", "/example/..", "", host_only, 1, "", "service", "",
     false, NULL, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-dot-slash and double slashes", "GET", "//./", "", host_only, 1, "", "service", "",
     false, NULL, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-x-www-form-urlencoded", "POST", "/", "", form, 3, "Param1=value1", "service", "", true,
     NULL, "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
    {"bedrock, content type signed", "POST",
     "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse", "", bedrock, 2, BEDROCK_BODY,
     "bedrock", "", false, "5991aa16ee1637a567dbc324cc2840d52ea0e182e99ba58b6bc4242f623aaeee",
     "f0a82430406dd8b1407bce7b86db8d447147061443d97333ba08fc99395be000"},
    {"bedrock, host and date alone", "POST",
     "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse", "", bedrock, 1, BEDROCK_BODY,
     "bedrock", "", false, NULL,
     "361ae6cd94818b15f5c694031f4e0fe67bace3a4ed382ac9a8d4bc94e9f5dad0"},
};

static void sign_vector(const struct vector *v, struct proa_buf *out,
                        struct proa_sigv4_proof *proof)
{
    char hash[PROA_SHA256_HEX];
    proa_sigv4_payload_hash(proa_slice_cstr(v->body), hash);
    const struct proa_sigv4_in in = {
        .method = proa_slice_cstr(v->method),
        .path = proa_slice_cstr(v->path),
        .query = proa_slice_cstr(v->query),
        .headers = v->headers,
        .n_headers = v->n_headers,
        .payload_hash = proa_slice_make(hash, sizeof hash),
        .send_payload_hash = v->send_payload_hash,
        .key_id = PROA_SLICE("AKIDEXAMPLE"),
        .secret = PROA_SLICE(SECRET),
        .session_token = proa_slice_cstr(v->session_token),
        .region = PROA_SLICE("us-east-1"),
        .service = proa_slice_cstr(v->service),
        .unix_s = VECTOR_TIME,
    };
    assert_ok(proa_sigv4_sign(&in, out, proof));
}

static void test_published_signatures(void **state)
{
    (void)state;
    PROA_TEST_ROWS(v, vectors)
    {
        struct proa_sigv4_proof proof;
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        sign_vector(v, &out, &proof);
        PROA_TEST_CHECK(memcmp(proof.signature, v->signature, PROA_SHA256_HEX) == 0, "%s: %.64s",
                        v->name, proof.signature);
        if (v->canonical) {
            PROA_TEST_CHECK(memcmp(proof.canonical_hash, v->canonical, PROA_SHA256_HEX) == 0,
                            "%s: %.64s", v->name, proof.canonical_hash);
        }
        proa_buf_deinit(&out);
    }
}

static void assert_hex(const unsigned char *bytes, const char *hex)
{
    char text[PROA_SHA256_HEX];
    proa_hex(bytes, PROA_SHA256_BYTES, text);
    assert_slice_str(proa_slice_make(text, sizeof text), hex);
}

static void test_signing_keys(void **state)
{
    (void)state;
    unsigned char key[PROA_SHA256_BYTES];
    proa_sigv4_derive(PROA_SLICE(SECRET), PROA_SLICE("20150830"), PROA_SLICE("us-east-1"),
                      PROA_SLICE("iam"), key);
    assert_hex(key, "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    proa_sigv4_derive(PROA_SLICE(SECRET), PROA_SLICE("20150830"), PROA_SLICE("us-east-1"),
                      PROA_SLICE("bedrock"), key);
    assert_hex(key, "90e694a0eeb93605dc6a1e798b98fe0e790776a911d2494317b06246c599ba53");
}

static void test_payload_hashes(void **state)
{
    (void)state;
    char hash[PROA_SHA256_HEX];
    proa_sigv4_payload_hash(PROA_SLICE_NONE, hash);
    assert_slice_lit(proa_slice_make(hash, sizeof hash), EMPTY_HASH);
    proa_sigv4_payload_hash(PROA_SLICE(BEDROCK_BODY), hash);
    assert_slice_lit(proa_slice_make(hash, sizeof hash),
                     "9086f5ed72696dae888c64846e3db151bb80e2483eba722648ee71231780c823");

    /* In two pieces, wherever the cut is. */
    static char body[] = BEDROCK_BODY;
    for (size_t cut = 0; cut < sizeof body; cut++) {
        const struct iovec pieces[] = {{body, cut}, {body + cut, sizeof body - 1 - cut}};
        proa_sigv4_pieces_hash(pieces, 2, hash);
        assert_slice_lit(proa_slice_make(hash, sizeof hash),
                         "9086f5ed72696dae888c64846e3db151bb80e2483eba722648ee71231780c823");
    }
    proa_sigv4_pieces_hash(NULL, 0, hash);
    assert_slice_lit(proa_slice_make(hash, sizeof hash), EMPTY_HASH);
}

/* get-vanilla, as it goes out. */
static void test_lines(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    sign_vector(&vectors[0], &out, NULL);
    assert_slice_lit(
        proa_buf_slice(&out),
        "x-amz-date: 20150830T123600Z\r\n"
        "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
        "aws4_request, SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31\r\n");
    proa_buf_deinit(&out);
}

static void test_all_lines_in_their_order(void **state)
{
    (void)state;
    struct vector v = vectors[7];
    struct proa_buf out;
    v.session_token = SESSION_TOKEN;
    proa_buf_init(&out, 4096);
    sign_vector(&v, &out, NULL);
    const struct proa_slice lines = proa_buf_slice(&out);
    assert_true(proa_slice_starts(
        lines, PROA_SLICE("x-amz-date: 20150830T123600Z\r\nx-amz-security-token: " SESSION_TOKEN
                          "\r\nx-amz-content-sha256: ")));
    assert_true(proa_slice_search(lines, PROA_SLICE("SignedHeaders=content-length;content-type;"
                                                    "host;x-amz-content-sha256;x-amz-date;"
                                                    "x-amz-security-token, ")) < lines.len);
    proa_buf_deinit(&out);
}

/* What makes two requests the same to AWS, and what does not. */
static void signature_of(const struct vector *v, char out[PROA_SHA256_HEX])
{
    struct proa_sigv4_proof proof;
    struct proa_buf lines;
    proa_buf_init(&lines, 4096);
    sign_vector(v, &lines, &proof);
    memcpy(out, proof.signature, PROA_SHA256_HEX);
    proa_buf_deinit(&lines);
}

static void test_queries(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"a=1&b=2", "b=2&a=1", true},
        {"a=2&a=1", "a=1&a=2", true},
        {"a", "a=", true},
        {"a=1&&b=2", "a=1&b=2", true},
        {"a=1", "a=2", false},
        {"a=1", "A=1", false},
        {"a=%2F", "a=%2f", false},
        {"aa=1&a=1", "a=1&aa=1", true},
        {"X=1&x=1", "x=1&X=1", true},
        {"", "a=1", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct vector v = vectors[0];
        char a[PROA_SHA256_HEX];
        char b[PROA_SHA256_HEX];
        v.query = row->a;
        signature_of(&v, a);
        v.query = row->b;
        signature_of(&v, b);
        PROA_TEST_CHECK((memcmp(a, b, sizeof a) == 0) == row->same, "%s | %s", row->a, row->b);
    }
}

/* get-vanilla-query-order-key-case of aws-c-auth. */
static void test_published_query_order(void **state)
{
    (void)state;
    struct vector v = vectors[0];
    char got[PROA_SHA256_HEX];
    v.query = "Param2=value2&Param1=value1";
    signature_of(&v, got);
    assert_memory_equal(got, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
                        sizeof got);
}

static void test_header_values(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"a b", "  a b ", true}, {"a b", "a    b", true}, {"a  b  c", "a b c", true},
        {"a b", "ab", false},    {"", "   ", true},       {"A", "a", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        char got[2][PROA_SHA256_HEX];
        const char *values[2] = {row->a, row->b};
        for (size_t i = 0; i < 2; i++) {
            const struct proa_sigv4_header headers[] = {
                {PROA_SLICE("x-extra"), proa_slice_cstr(values[i])},
                {PROA_SLICE("host"), PROA_SLICE("example.amazonaws.com")},
            };
            struct vector v = vectors[0];
            v.headers = headers;
            v.n_headers = 2;
            signature_of(&v, got[i]);
        }
        PROA_TEST_CHECK((memcmp(got[0], got[1], PROA_SHA256_HEX) == 0) == row->same, "\"%s\"",
                        row->b);
    }
}

static struct proa_sigv4_in plain_in(void)
{
    return (struct proa_sigv4_in){
        .method = PROA_SLICE("GET"),
        .path = PROA_SLICE("/"),
        .headers = host_only,
        .n_headers = 1,
        .payload_hash = PROA_SLICE(EMPTY_HASH),
        .key_id = PROA_SLICE("AKIDEXAMPLE"),
        .secret = PROA_SLICE(SECRET),
        .region = PROA_SLICE("us-east-1"),
        .service = PROA_SLICE("service"),
        .unix_s = VECTOR_TIME,
    };
}

static void assert_refused(const struct proa_sigv4_in *in, enum proa_err err)
{
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_err(proa_sigv4_sign(in, &out, NULL), err);
    assert_int_equal(out.len, 0); /* no half request */
    proa_buf_deinit(&out);
}

static void test_missing_parts_are_refused(void **state)
{
    (void)state;
    struct proa_sigv4_in in = plain_in();
    in.n_headers = 0;
    assert_refused(&in, PROA_ERR_ARG);
    in = plain_in();
    in.payload_hash = PROA_SLICE("e3b0");
    assert_refused(&in, PROA_ERR_ARG);
    struct proa_slice *members[] = {&in.method, &in.key_id, &in.secret, &in.region, &in.service};
    PROA_TEST_ROWS(member, members)
    {
        in = plain_in();
        **member = PROA_SLICE_NONE;
        assert_refused(&in, PROA_ERR_ARG);
    }
}

static void test_injected_lines_are_refused(void **state)
{
    (void)state;
    struct proa_sigv4_in in = plain_in();
    in.session_token = PROA_SLICE("token\r\nx-evil: 1");
    assert_refused(&in, PROA_ERR_PROTOCOL);
    in = plain_in();
    in.key_id = PROA_SLICE("AKID\n");
    assert_refused(&in, PROA_ERR_PROTOCOL);
    in = plain_in();
    in.region = PROA_SLICE("us\r\n");
    assert_refused(&in, PROA_ERR_PROTOCOL);
    const struct proa_sigv4_header bad[] = {HEADER("host", "a"), HEADER("X-Upper", "a")};
    in = plain_in();
    in.headers = bad;
    in.n_headers = 2;
    assert_refused(&in, PROA_ERR_PROTOCOL);
}

static void test_bounds(void **state)
{
    (void)state;
    static char long_text[PROA_SIGV4_TARGET_MAX + 1];
    memset(long_text, 'a', sizeof long_text);
    struct proa_sigv4_in in = plain_in();
    in.path = proa_slice_make(long_text, sizeof long_text);
    assert_refused(&in, PROA_ERR_LIMIT);
    for (size_t i = 0; i < sizeof long_text; i += 2) {
        long_text[i] = '&';
    }
    in = plain_in();
    in.query = proa_slice_make(long_text, 2 * PROA_SIGV4_PARAMS_MAX + 2);
    assert_refused(&in, PROA_ERR_LIMIT);
    for (size_t i = 0; i < sizeof long_text; i += 2) {
        long_text[i] = '/';
    }
    in = plain_in();
    in.path = proa_slice_make(long_text, 1024);
    assert_refused(&in, PROA_ERR_LIMIT);
    struct proa_sigv4_header many[PROA_SIGV4_HEADERS_MAX + 1];
    for (size_t i = 0; i < PROA_ARRAY_LEN(many); i++) {
        many[i] = host_only[0];
    }
    in = plain_in();
    in.headers = many;
    in.n_headers = PROA_ARRAY_LEN(many);
    assert_refused(&in, PROA_ERR_LIMIT);
    struct proa_buf out;
    proa_buf_init(&out, 100); /* too small for the lines */
    in = plain_in();
    assert_err(proa_sigv4_sign(&in, &out, NULL), PROA_ERR_LIMIT);
    proa_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_signatures),
        cmocka_unit_test(test_signing_keys),
        cmocka_unit_test(test_payload_hashes),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_all_lines_in_their_order),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_published_query_order),
        cmocka_unit_test(test_header_values),
        cmocka_unit_test(test_missing_parts_are_refused),
        cmocka_unit_test(test_injected_lines_are_refused),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
