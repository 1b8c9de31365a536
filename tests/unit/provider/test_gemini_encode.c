/* The head and the whole of a request, at both services. */
#include "dialects_priv.h"

#include "gemini_fixture.h"

static struct proa_slice head_of(const struct gemini_request *r)
{
    return proa_slice_make(r->out.iov[0].iov_base, r->out.iov[0].iov_len);
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *base;
        const char *model;
        bool stream;
        const char *line;
    } rows[] = {
        {"gemini", "/v1beta", "gemini-3.6-flash", false,
         "POST /v1beta/models/gemini-3.6-flash:generateContent HTTP/1.1\r\n"},
        {"gemini", "/v1beta", "gemini-3.6-flash", true,
         "POST /v1beta/models/gemini-3.6-flash:streamGenerateContent?alt=sse HTTP/1.1\r\n"},
        {"vertex", "/v1/projects/p/locations/global", "gemini-3.6-flash", false,
         "POST /v1/projects/p/locations/global/publishers/google/models/gemini-3.6-flash"
         ":generateContent HTTP/1.1\r\n"},
        {"vertex", "/v1", "gemini-3.6-flash", true,
         "POST /v1/publishers/google/models/gemini-3.6-flash:streamGenerateContent?alt=sse "
         "HTTP/1.1\r\n"},
        /* Named by their resource, as Google's lists have them. */
        {"gemini", "/v1beta", "models/gemini-3.6-flash", false,
         "POST /v1beta/models/gemini-3.6-flash:generateContent HTTP/1.1\r\n"},
        {"vertex", "/v1", "publishers/google/models/gemini-3.6-flash", false,
         "POST /v1/publishers/google/models/gemini-3.6-flash:generateContent HTTP/1.1\r\n"},
        /* No model leaves its segment of the path. */
        {"gemini", "/v1beta", "../x?a b:c%", false,
         "POST /v1beta/models/..%2Fx%3Fa%20b%3Ac%25:generateContent HTTP/1.1\r\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        gemini_request_init(&r, row->vendor, row->model);
        r.in.base_path = proa_slice_cstr(row->base);
        r.in.stream = row->stream;
        assert_ok(gemini_request_encode(&r));
        assert_true(proa_slice_starts(head_of(&r), proa_slice_cstr(row->line)));
        gemini_request_deinit(&r);
    }
}

static void test_a_whole_request(void **state)
{
    (void)state;
    struct gemini_request r;
    gemini_request_init(&r, "gemini", "gemini-3.6-flash");
    r.chat.max_tokens = 9;
    assert_ok(gemini_request_encode(&r));
    assert_slice_str(head_of(&r),
                     "POST /v1beta/models/gemini-3.6-flash:generateContent HTTP/1.1\r\n"
                     "host: google.example\r\nx-goog-api-key: k-1\r\ncontent-type: "
                     "application/json\r\naccept-encoding: identity\r\naccept: application/json\r\n"
                     "content-length: 95\r\n\r\n");
    assert_slice_str(proa_buf_slice(&r.out.body),
                     "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],"
                     "\"generationConfig\":{\"maxOutputTokens\":9}}");
    gemini_request_deinit(&r);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct gemini_request r;
    char model[600];
    memset(model, 'm', sizeof model);
    model[sizeof model - 1] = 0;
    gemini_request_init(&r, "gemini", model);
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_PROTOCOL);
    gemini_request_deinit(&r);
    gemini_request_init(&r, "gemini", "");
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_PROTOCOL);
    gemini_request_deinit(&r);
    gemini_request_init(&r, "gemini", "gemini-3.6-flash");
    r.out.body.max = 40;
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_LIMIT);
    gemini_request_deinit(&r);
    gemini_request_init(&r, "gemini", "gemini-3.6-flash");
    r.in.authorization.secret = PROA_SLICE("a\r\nb");
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_PROTOCOL);
    gemini_request_deinit(&r);
}

static void test_what_is_offered(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        bool chat;
        bool embedding;
    } rows[] = {
        {"gemini-3.6-flash", true, false},
        {"gemini-embedding-001", false, true},
        {"text-embedding-005", false, true},
        {"text-multilingual-embedding-002", false, true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_dialect *d = &proa_dialect_gemini;
        const struct proa_slice model = proa_slice_cstr(row->model);
        assert_int_equal(d->offers(NULL, model, PROA_OP_CHAT), row->chat);
        assert_int_equal(d->offers(NULL, model, PROA_OP_COMPLETION), row->chat);
        assert_int_equal(d->offers(NULL, model, PROA_OP_EMBEDDING), row->embedding);
        assert_false(d->offers(NULL, model, PROA_OP_RERANK));
        assert_false(d->offers(NULL, model, PROA_OP_MODERATION));
        assert_false(d->passes(NULL, model, PROA_OP_CHAT));
    }
    /* Asked all the same, it says so. */
    struct gemini_request r;
    const struct proa_chat_rerank rerank = {.n_documents = 0};
    gemini_request_init(&r, "gemini", "gemini-3.6-flash");
    r.in.operation = PROA_OP_RERANK;
    r.in.chat = NULL;
    r.in.rerank = &rerank;
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
    gemini_request_refused(&r, "rerank");
    gemini_request_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_a_whole_request),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_what_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
