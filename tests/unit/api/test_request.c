/*
 * Request bodies: what is found, what is cut, and what the refusals say.
 */
#include "proa/api/request.h"

#include "proa_test.h"

struct reading {
    struct proa_buf scratch;
    struct proa_buf text;
    struct proa_api_request request;
    struct proa_api_error error;
    char *body;
};

static enum proa_err read_body(struct reading *r, enum proa_endpoint_kind kind,
                               struct proa_slice body)
{
    *r = (struct reading){.body = proa_memdup(body.ptr ? body.ptr : "", body.len)};
    proa_buf_init(&r->scratch, 4096);
    proa_buf_init(&r->text, 1024);
    return proa_api_request_read(kind, proa_slice_make(r->body, body.len), &r->scratch, &r->text,
                                 &r->request, &r->error);
}

static void reading_end(struct reading *r)
{
    proa_buf_deinit(&r->scratch);
    proa_buf_deinit(&r->text);
    proa_free(r->body);
}

static void test_model_and_stream(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *body;
        const char *model;
        bool stream;
    } rows[] = {
        {PROA_API_CHAT, "{\"model\":\"gpt-5.5\"}", "gpt-5.5", false},
        {PROA_API_CHAT, "{\"messages\":[{\"model\":\"x\"}],\"model\":\"a/b\",\"stream\":true}",
         "a/b", true},
        {PROA_API_CHAT, "{\"model\":\"m\",\"stream\":false}", "m", false},
        {PROA_API_CHAT, "{\"model\":\"m\",\"stream\":null}", "m", false},
        {PROA_API_COMPLETIONS, " {\"stream\" : true , \"model\" : \"m\" } \n", "m", true},
        {PROA_API_RESPONSES, "{\"model\":\"m\",\"input\":\"a\",\"stream\":true}", "m", true},
        {PROA_API_EMBEDDINGS, "{\"model\":\"m\",\"stream\":true}", "m", false},
        {PROA_API_MODERATIONS, "{\"model\":\"m\",\"stream\":true}", "m", false},
        {PROA_API_CHAT, "{\"model\":\"a\\u002fb\"}", "a/b", false},
        {PROA_API_CHAT, "{\"m\\u006fdel\":\"m\"}", "m", false},
        {PROA_API_CHAT, "{\"model\":\"@cf/meta/llama-3:free~x_y=1,2(3)\"}",
         "@cf/meta/llama-3:free~x_y=1,2(3)", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct reading r;
        assert_ok(read_body(&r, row->kind, proa_slice_cstr(row->body)));
        assert_slice_str(r.request.model, row->model);
        PROA_TEST_CHECK(r.request.stream == row->stream, "%s", row->body);
        assert_int_equal(r.request.n_cuts, 0);
        reading_end(&r);
    }
}

/* A plain name is borrowed from the body, so that nothing is copied. */
static void test_model_is_borrowed(void **state)
{
    (void)state;
    struct reading r;
    assert_ok(read_body(&r, PROA_API_CHAT, PROA_SLICE("{\"model\":\"gpt\"}")));
    assert_ptr_equal(r.request.model.ptr, r.body + 10);
    assert_int_equal(r.scratch.len, 0);
    assert_int_equal(r.request.members[PROA_API_M_MODEL].value_at, 9);
    assert_int_equal(r.request.info.kind, PROA_JSON_OBJECT);
    reading_end(&r);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum proa_err err;
        enum proa_api_error_code code;
        const char *param;
        const char *message; /* part of it */
    } rows[] = {
        {"", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "", "is empty"},
        {"{\"model\":\"m\"", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "", "at byte 12."},
        {"{\"model\" \"m\"}", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "",
         "expected ':' after a key at byte 9."},
        {"{\"model\":\"m\"} x", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "", "at byte 14."},
        {"{\"model\":\"m\",\"model\":\"n\"}", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "",
         "at byte 13."},
        {"{\"model\":\"\xff\"}", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "", "at byte 10."},
        {"model=m", PROA_ERR_SYNTAX, PROA_API_ERR_INVALID_JSON, "", "at byte 0."},
        {"[]", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "",
         "must be a JSON object, not an array"},
        {"\"x\"", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "", "not a string"},
        {"null", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "", "not null"},
        {"{}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "\"model\" is missing."},
        {"{\"model\":\"\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "is empty."},
        {"{\"model\":null}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "model",
         "\"model\" must be a string, not null."},
        {"{\"model\":5}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "model", "not a number."},
        {"{\"model\":[\"m\"]}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "model",
         "not an array."},
        {"{\"model\":{}}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "model", "not an object."},
        {"{\"model\":true}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "model", "not true."},
        {"{\"model\":\"a b\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "a space"},
        {"{\"model\":\"a\\nb\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "control"},
        {"{\"model\":\"a\\u0000\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "control"},
        {"{\"model\":\"a\\\"b\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "a quote"},
        {"{\"model\":\"a\\\\b\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "backslash"},
        {"{\"model\":\"\xc3\xa9\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "ASCII"},
        {"{\"model\":\"\\u00e9\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "ASCII"},
        {"{\"model\":\"\\ud800\"}", PROA_ERR_TYPE, PROA_API_ERR_MISSING_MODEL, "model", "ASCII"},
        {"{\"model\":\"m\",\"stream\":\"true\"}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST,
         "stream", "\"stream\" must be true or false, not a string."},
        {"{\"model\":\"m\",\"stream\":1}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "stream",
         "not a number."},
        {"{\"model\":\"m\",\"stream\":{}}", PROA_ERR_TYPE, PROA_API_ERR_INVALID_REQUEST, "stream",
         "not an object."},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct reading r;
        PROA_TEST_CHECK(read_body(&r, PROA_API_CHAT, proa_slice_cstr(row->body)) == row->err, "%s",
                        row->body);
        PROA_TEST_CHECK(r.error.code == row->code, "%s: %s", row->body,
                        proa_api_error_name(r.error.code));
        assert_slice_str(r.error.param, row->param);
        const struct proa_slice message = r.error.message;
        PROA_TEST_CHECK(proa_slice_search(message, proa_slice_cstr(row->message)) < message.len,
                        "%s: %.*s", row->body, (int)message.len, message.ptr);
        /* The body is never quoted: it may hold anything. */
        assert_true(message.len < 300);
        assert_int_equal(proa_api_error_status(r.error.code), 400);
        reading_end(&r);
    }
}

static void test_length_of_a_model(void **state)
{
    (void)state;
    for (size_t len = 255; len <= 257; len++) {
        for (int escaped = 0; escaped < 2; escaped++) {
            char body[2048];
            struct reading r;
            size_t n =
                (size_t)snprintf(body, sizeof body, "{\"model\":\"%s", escaped ? "\\u0061" : "a");
            memset(body + n, 'a', len - 1);
            n += len - 1;
            memcpy(body + n, "\"}", 2);
            const enum proa_err err = read_body(&r, PROA_API_CHAT, proa_slice_make(body, n + 2));
            PROA_TEST_CHECK((err == PROA_OK) == (len <= 256), "%zu", len);
            if (err == PROA_OK) {
                assert_int_equal(r.request.model.len, len);
            }
            reading_end(&r);
        }
    }
}

/* An escaped name that does not fit the scratch buffer is refused, not cut. */
static void test_scratch_that_is_full(void **state)
{
    (void)state;
    struct proa_buf scratch;
    struct proa_buf text;
    struct proa_api_request request;
    struct proa_api_error error;
    proa_buf_init(&scratch, 2);
    proa_buf_init(&text, 1024);
    assert_err(proa_api_request_read(PROA_API_CHAT, PROA_SLICE("{\"model\":\"\\u0061bc\"}"),
                                     &scratch, &text, &request, &error),
               PROA_ERR_TYPE);
    assert_int_equal(error.code, PROA_API_ERR_MISSING_MODEL);
    proa_buf_deinit(&scratch);
    proa_buf_deinit(&text);
}

static void test_cuts(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *upstream;
    } rows[] = {
        {"{\"model\":\"m\",\"providerOptions\":{\"gateway\":{\"order\":[\"a\"]}}}",
         "{\"model\":\"m\"}"},
        {"{\"providerOptions\":null,\"model\":\"m\"}", "{\"model\":\"m\"}"},
        {"{\"model\":\"m\",\"models\":[\"a\"],\"provider\":{\"sort\":\"cost\"},\"x\":1}",
         "{\"model\":\"m\",\"x\":1}"},
        {"{\"model\":\"m\",\"order\":[\"a\"],\"only\":[\"b\"],\"sort\":\"tps\",\"byok\":{\"a\":1}}",
         "{\"model\":\"m\"}"},
        /* In another form it may be a field of the provider's own. */
        {"{\"model\":\"m\",\"provider\":\"a\",\"order\":\"asc\",\"only\":1,\"models\":{},\"sort\":["
         "]}",
         "{\"model\":\"m\",\"provider\":\"a\",\"order\":\"asc\",\"only\":1,\"models\":{},"
         "\"sort\":[]}"},
        {"{\"model\":\"m\",\"user\":\"u\",\"tags\":[\"t\"],\"metadata\":{\"a\":\"b\"},"
         "\"stream_options\":{\"include_usage\":true},\"provider_options\":{}}",
         "{\"model\":\"m\",\"user\":\"u\",\"tags\":[\"t\"],\"metadata\":{\"a\":\"b\"},"
         "\"stream_options\":{\"include_usage\":true},\"provider_options\":{}}"},
        {"{\"model\":\"m\",\"messages\":[{\"providerOptions\":{}}]}",
         "{\"model\":\"m\",\"messages\":[{\"providerOptions\":{}}]}"},
        {"{\"model\":\"m\",\"pr\\u006fviderOptions\":{}}", "{\"model\":\"m\"}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_slice slices[PROA_JSON_PIECES(PROA_API_MEMBERS)];
        struct proa_json_pieces pieces = {.slices = slices, .max = PROA_ARRAY_LEN(slices)};
        char text[1024];
        size_t n = 0;
        struct reading r;
        assert_ok(read_body(&r, PROA_API_CHAT, proa_slice_cstr(row->body)));
        assert_ok(proa_json_splice(proa_slice_make(r.body, strlen(row->body)), &r.request.info,
                                   r.request.cuts, r.request.n_cuts, &pieces));
        for (size_t i = 0; i < pieces.n; i++) {
            memcpy(text + n, slices[i].ptr, slices[i].len);
            n += slices[i].len;
        }
        assert_slice_str(proa_slice_make(text, n), row->upstream);
        reading_end(&r);
    }
}

/* Every beginning of a good body is refused, with a place in it. */
static void test_words_of_the_gateways_own(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *members;
        bool own;
    } rows[] = {
        {PROA_API_CHAT, "\"reasoning\":{\"effort\":\"low\"}", true},
        {PROA_API_CHAT, "\"reasoning\":null", false},
        {PROA_API_CHAT, "\"reasoning_effort\":\"low\"", false},
        {PROA_API_EMBEDDINGS, "\"reasoning\":{}", false},
        {PROA_API_CHAT, "\"cache_control\":{\"type\":\"ephemeral\"}", true},
        {PROA_API_CHAT, "\"response_format\":{\"type\":\"json\",\"schema\":{}}", true},
        {PROA_API_CHAT, "\"response_format\":{\"type\":\"j\\u0073on\"}", true},
        {PROA_API_CHAT, "\"response_format\":{\"type\":\"json_object\"}", false},
        {PROA_API_CHAT, "\"response_format\":{\"json\":\"type\"}", false},
        {PROA_API_CHAT, "\"response_format\":null", false},
        {PROA_API_CHAT, "\"messages\":[{\"cache_control\":{}}]", false}, /* not looked at */
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct reading r;
        char body[256];
        (void)snprintf(body, sizeof body, "{\"model\":\"m\",%s}", row->members);
        assert_ok(read_body(&r, row->kind, proa_slice_cstr(body)));
        PROA_TEST_CHECK(r.request.own_words == row->own, "%s", body);
        reading_end(&r);
    }
}

static void test_body_cut_at_each_byte(void **state)
{
    (void)state;
    static const char body[] = "{\"model\":\"a\\u002fb\",\"stream\":true,\"messages\":[{\"role\":"
                               "\"user\",\"content\":\"h\xc3\xa9\"}],\"providerOptions\":{}}";
    for (size_t cut = 0; cut < sizeof body - 1; cut++) {
        struct reading r;
        assert_err(read_body(&r, PROA_API_CHAT, proa_slice_make(body, cut)), PROA_ERR_SYNTAX);
        assert_int_equal(r.error.code, PROA_API_ERR_INVALID_JSON);
        reading_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_and_stream),
        cmocka_unit_test(test_model_is_borrowed),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_length_of_a_model),
        cmocka_unit_test(test_scratch_that_is_full),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_words_of_the_gateways_own),
        cmocka_unit_test(test_body_cut_at_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
