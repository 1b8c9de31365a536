/* Signatures in the head of a request, whatever dialect writes it; the rest of a head is tested
 * with the dialects. */
#include "request_head_priv.h"

#include "proa_test.h"

#define DATE_LINE "\r\nx-amz-date: 20150830T123600Z\r\nauthorization: AWS4-HMAC-SHA256 Credential="

struct request {
    struct proa_arena arena;
    struct proa_encode_in in;
    struct proa_encoded out;
};

static void setup(struct request *r)
{
    *r = (struct request){.in = {.base_path = PROA_SLICE("/openai/v1"),
                                 .host_header = PROA_SLICE("h"),
                                 .authorization = {.scheme = PROA_AUTH_SIGV4,
                                                   .secret = PROA_SLICE("top-secret"),
                                                   .access_id = PROA_SLICE("AKID"),
                                                   .region = PROA_SLICE("us-east-1"),
                                                   .service = PROA_SLICE("bedrock"),
                                                   .unix_s = 1440938160}}};
    proa_arena_init(&r->arena, NULL);
}

static struct proa_slice write_head(struct request *r, const struct proa_request_head *head)
{
    assert_ok(proa_request_head_write(&r->in, head, &r->arena, &r->out));
    return proa_slice_make(r->out.iov[0].iov_base, r->out.iov[0].iov_len);
}

static bool holds(struct proa_slice text, const char *what)
{
    return proa_slice_search(text, proa_slice_cstr(what)) < text.len;
}

/* The client's own bytes go out in pieces; the signature is that of the whole. */
static void test_a_body_in_pieces(void **state)
{
    (void)state;
    static char body[] = "{\"model\":\"gpt-oss\"}";
    const struct proa_request_head head = {.path = PROA_SLICE("/chat/completions")};
    char whole[1024];
    size_t len = 0;
    for (size_t cut = 0; cut < sizeof body; cut++) {
        struct request r;
        setup(&r);
        r.out.iov[1] = (struct iovec){body, cut};
        r.out.iov[2] = (struct iovec){body + cut, sizeof body - 1 - cut};
        r.out.n_iov = 3;
        r.out.body_bytes = sizeof body - 1;
        const struct proa_slice text = write_head(&r, &head);
        if (len == 0) {
            len = text.len;
            assert_true(len <= sizeof whole);
            memcpy(whole, text.ptr, len);
        }
        assert_slice_equal(text, proa_slice_make(whole, len));
        assert_true(holds(text, "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: h" DATE_LINE
                                "AKID/20150830/us-east-1/bedrock/aws4_request, "
                                "SignedHeaders=content-type;host;x-amz-date, Signature="));
        assert_true(holds(text, "\r\ncontent-type: application/json\r\n"));
        assert_false(holds(text, "top-secret"));
        proa_arena_reset(&r.arena);
    }
    /* Another body has another signature. */
    struct request r;
    setup(&r);
    r.out.iov[1] = (struct iovec){body, sizeof body - 2};
    r.out.n_iov = 2;
    r.out.body_bytes = sizeof body - 1;
    assert_false(proa_slice_eq(write_head(&r, &head), proa_slice_make(whole, len)));
    proa_arena_reset(&r.arena);
}

static void test_a_session_token_is_signed_too(void **state)
{
    (void)state;
    struct request r;
    char token[2048];
    memset(token, 't', sizeof token);
    setup(&r);
    r.in.authorization.session_token = proa_slice_make(token, sizeof token);
    const struct proa_request_head head = {.path = PROA_SLICE("/x?b=1&a=2")};
    const struct proa_slice text = write_head(&r, &head);
    assert_true(holds(text, "\r\nx-amz-security-token: tttt"));
    assert_true(holds(text, "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "));
    assert_true(holds(text, "POST /openai/v1/x?b=1&a=2 HTTP/1.1\r\n"));
    proa_arena_reset(&r.arena);
}

static void test_what_cannot_be_signed(void **state)
{
    (void)state;
    const struct proa_request_head head = {.path = PROA_SLICE("/x")};
    struct request r;
    setup(&r);
    r.in.authorization.access_id = PROA_SLICE_NONE;
    assert_err(proa_request_head_write(&r.in, &head, &r.arena, &r.out), PROA_ERR_ARG);
    r.in.authorization.access_id = PROA_SLICE("a\r\nb: c");
    assert_err(proa_request_head_write(&r.in, &head, &r.arena, &r.out), PROA_ERR_PROTOCOL);
    r.in.authorization.access_id = PROA_SLICE("AKID");
    r.in.authorization.session_token = PROA_SLICE("a\r\nb: c");
    assert_err(proa_request_head_write(&r.in, &head, &r.arena, &r.out), PROA_ERR_PROTOCOL);
    r.in.authorization.session_token = PROA_SLICE_NONE;
    r.in.authorization.secret = PROA_SLICE_NONE;
    assert_err(proa_request_head_write(&r.in, &head, &r.arena, &r.out), PROA_ERR_ARG);
    proa_arena_reset(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_in_pieces),
        cmocka_unit_test(test_a_session_token_is_signed_too),
        cmocka_unit_test(test_what_cannot_be_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
