#include "proa/api/surface.h"

#include "proa_test.h"

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum proa_endpoint_kind kind;
        const char *id;
        enum proa_surface surface;
    } rows[] = {
        {"/v1/chat/completions", PROA_API_CHAT, "", PROA_SURFACE_OPENAI},
        {"/v1/completions", PROA_API_COMPLETIONS, "", PROA_SURFACE_OPENAI},
        {"/v1/embeddings", PROA_API_EMBEDDINGS, "", PROA_SURFACE_OPENAI},
        {"/v1/moderations", PROA_API_MODERATIONS, "", PROA_SURFACE_OPENAI},
        {"/v1/rerank", PROA_API_RERANK, "", PROA_SURFACE_OPENAI},
        {"/v1/images/generations", PROA_API_IMAGES, "", PROA_SURFACE_OPENAI},
        {"/v1/images/edits", PROA_API_IMAGE_EDITS, "", PROA_SURFACE_OPENAI},
        {"/v1/audio/speech", PROA_API_SPEECH, "", PROA_SURFACE_OPENAI},
        {"/v1/audio/transcriptions", PROA_API_TRANSCRIPTIONS, "", PROA_SURFACE_OPENAI},
        {"/v1/audio/translations/", PROA_API_TRANSLATIONS, "", PROA_SURFACE_OPENAI},
        {"/v1/images/variations", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/images", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/models", PROA_API_MODELS, "", PROA_SURFACE_OPENAI},
        {"/v1/responses", PROA_API_RESPONSES, "", PROA_SURFACE_RESPONSES},
        {"/v1/v1/responses/", PROA_API_RESPONSES, "", PROA_SURFACE_RESPONSES},
        {"/v1/responses/resp_1", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/responses", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        /* tolerated */
        {"/v1/v1/chat/completions", PROA_API_CHAT, "", PROA_SURFACE_OPENAI},
        {"/v1/v1/models", PROA_API_MODELS, "", PROA_SURFACE_OPENAI},
        {"/v1/chat/completions/", PROA_API_CHAT, "", PROA_SURFACE_OPENAI},
        {"/v1/v1/embeddings///", PROA_API_EMBEDDINGS, "", PROA_SURFACE_OPENAI},
        {"/v1/models/", PROA_API_MODELS, "", PROA_SURFACE_OPENAI},
        /* ids are all that follows */
        {"/v1/models/gpt-5.5", PROA_API_MODEL, "gpt-5.5", PROA_SURFACE_OPENAI},
        {"/v1/models/openai/gpt-5.5", PROA_API_MODEL, "openai/gpt-5.5", PROA_SURFACE_OPENAI},
        {"/v1/models/openai/gpt-5.5/endpoints", PROA_API_MODEL_ENDPOINTS, "openai/gpt-5.5",
         PROA_SURFACE_OPENAI},
        {"/v1/models/openai%2Fgpt-5.5/endpoints/", PROA_API_MODEL_ENDPOINTS, "openai%2Fgpt-5.5",
         PROA_SURFACE_OPENAI},
        {"/v1/models/chat/endpoints", PROA_API_MODEL_ENDPOINTS, "chat", PROA_SURFACE_OPENAI},
        {"/v1/models/endpoints", PROA_API_MODEL, "endpoints", PROA_SURFACE_OPENAI},
        {"/v1/models//endpoints", PROA_API_MODEL, "/endpoints", PROA_SURFACE_OPENAI},
        {"/v1/models/a/endpoints/b", PROA_API_MODEL, "a/endpoints/b", PROA_SURFACE_OPENAI},
        {"/v1/models/openai%2Fgpt-5.5", PROA_API_MODEL, "openai%2Fgpt-5.5", PROA_SURFACE_OPENAI},
        {"/v1/v1/models/a/b/c/", PROA_API_MODEL, "a/b/c", PROA_SURFACE_OPENAI},
        {"/v1/models/%2e%2e/x", PROA_API_MODEL, "%2e%2e/x", PROA_SURFACE_OPENAI},
        {"/v1/models//x", PROA_API_MODEL, "/x", PROA_SURFACE_OPENAI},
        {"/v1/models/v1/models", PROA_API_MODEL, "v1/models", PROA_SURFACE_OPENAI},
        /* nothing is decoded, resolved or guessed */
        {"", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/v1", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/v1/v1/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1//chat/completions", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"//v1/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/V1/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/Models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/chat%2Fcompletions", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/%63hat/completions", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/x/../models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/./models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/chat", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/chat/completions/x", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/chat/completionsx", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/modelsx", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1x/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v2/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"v1/models", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/models?x", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        /* Anthropic's, with and without the prefix */
        {"/v1/messages", PROA_API_CHAT, "", PROA_SURFACE_ANTHROPIC},
        {"/messages", PROA_API_CHAT, "", PROA_SURFACE_ANTHROPIC},
        {"/messages/", PROA_API_CHAT, "", PROA_SURFACE_ANTHROPIC},
        {"/v1/v1/messages", PROA_API_CHAT, "", PROA_SURFACE_ANTHROPIC},
        {"/v1/messages/count_tokens", PROA_API_COUNT_TOKENS, "", PROA_SURFACE_ANTHROPIC},
        {"/messages/count_tokens", PROA_API_COUNT_TOKENS, "", PROA_SURFACE_ANTHROPIC},
        {"/v1/v1/messages/count_tokens/", PROA_API_COUNT_TOKENS, "", PROA_SURFACE_ANTHROPIC},
        /* unknown, but told in its words */
        {"/v1/messages/batches", PROA_API_NONE, "", PROA_SURFACE_ANTHROPIC},
        {"/messages/x/y", PROA_API_NONE, "", PROA_SURFACE_ANTHROPIC},
        {"/messagesx", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/v1/messagesx", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/message", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
        {"/chat/completions", PROA_API_NONE, "", PROA_SURFACE_OPENAI},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_api_match match;
        proa_api_match(PROA_HTTP_POST, proa_slice_cstr(row->path), &match);
        PROA_TEST_CHECK(match.kind == row->kind, "%s: %d", row->path, match.kind);
        assert_slice_str(match.raw_id, row->id);
        PROA_TEST_CHECK(match.surface == row->surface, "%s: %d", row->path, match.surface);
        PROA_TEST_CHECK((match.allow != NULL) == (row->kind != PROA_API_NONE), "%s", row->path);
    }
}

/* No beginning of a known path is read beyond its end. */
static void test_paths_cut_at_each_byte(void **state)
{
    (void)state;
    static const char path[] = "/v1/v1/models/openai%2Fgpt";
    for (size_t cut = 0; cut < sizeof path; cut++) {
        struct proa_api_match match;
        char *copy = proa_memdup(path, cut);
        proa_api_match(PROA_HTTP_GET, proa_slice_make(copy, cut), &match);
        PROA_TEST_CHECK((match.kind == PROA_API_MODELS) == (cut == 13 || cut == 14), "%zu", cut);
        PROA_TEST_CHECK((match.kind == PROA_API_MODEL) == (cut > 14), "%zu", cut);
        proa_free(copy);
    }
}

static void test_who_takes_forms(void **state)
{
    (void)state;
    for (int kind = PROA_API_NONE; kind <= PROA_API_CONFIG; kind++) {
        const bool takes = kind == PROA_API_IMAGE_EDITS || kind == PROA_API_TRANSCRIPTIONS ||
                           kind == PROA_API_TRANSLATIONS;
        assert_int_equal(proa_api_takes_form(PROA_SURFACE_OPENAI, (enum proa_endpoint_kind)kind),
                         takes);
        assert_false(proa_api_takes_form(PROA_SURFACE_AI_SDK, (enum proa_endpoint_kind)kind));
        assert_false(proa_api_takes_form(PROA_SURFACE_ANTHROPIC, (enum proa_endpoint_kind)kind));
    }
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum proa_http_method method;
        bool ok;
        const char *allow;
    } rows[] = {
        {"/v1/chat/completions", PROA_HTTP_POST, true, "POST"},
        {"/v1/chat/completions", PROA_HTTP_GET, false, "POST"},
        {"/v1/chat/completions", PROA_HTTP_HEAD, false, "POST"},
        {"/v1/chat/completions", PROA_HTTP_OPTIONS, false, "POST"},
        {"/v1/embeddings", PROA_HTTP_PUT, false, "POST"},
        {"/v1/responses", PROA_HTTP_POST, true, "POST"},
        {"/v1/responses", PROA_HTTP_GET, false, "POST"},
        {"/v1/messages", PROA_HTTP_POST, true, "POST"},
        {"/v1/messages", PROA_HTTP_GET, false, "POST"},
        {"/messages/count_tokens", PROA_HTTP_GET, false, "POST"},
        {"/v1/models", PROA_HTTP_GET, true, "GET, HEAD"},
        {"/v1/models", PROA_HTTP_HEAD, true, "GET, HEAD"},
        {"/v1/models", PROA_HTTP_POST, false, "GET, HEAD"},
        {"/v1/models/x", PROA_HTTP_GET, true, "GET, HEAD"},
        {"/v1/models/x", PROA_HTTP_HEAD, true, "GET, HEAD"},
        {"/v1/models/x", PROA_HTTP_DELETE, false, "GET, HEAD"},
        {"/v1/models/x", PROA_HTTP_PATCH, false, "GET, HEAD"},
        {"/v1/models/x/y/endpoints", PROA_HTTP_GET, true, "GET, HEAD"},
        {"/v1/models/x/y/endpoints", PROA_HTTP_HEAD, true, "GET, HEAD"},
        {"/v1/models/x/y/endpoints", PROA_HTTP_POST, false, "GET, HEAD"},
        {"/v1/models/x", PROA_HTTP_NO_METHOD, false, "GET, HEAD"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_api_match match;
        proa_api_match(row->method, proa_slice_cstr(row->path), &match);
        PROA_TEST_CHECK(match.method_ok == row->ok, "%s %d", row->path, row->method);
        assert_string_equal(match.allow, row->allow);
    }
    struct proa_api_match match;
    proa_api_match(PROA_HTTP_GET, PROA_SLICE("/nowhere"), &match);
    assert_false(match.method_ok);
    assert_null(match.allow);
}

static void test_decode_id(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        enum proa_err err;
        const char *id;
    } rows[] = {
        {"gpt-5.5", PROA_OK, "gpt-5.5"},
        {"openai/gpt-5.5", PROA_OK, "openai/gpt-5.5"},
        {"openai%2Fgpt-5.5", PROA_OK, "openai/gpt-5.5"},
        {"openai%2fgpt", PROA_OK, "openai/gpt"},
        {"a%3Ab%40c", PROA_OK, "a:b@c"},
        {"%41%7e", PROA_OK, "A~"},
        {"%252F", PROA_OK, "%2F"}, /* once, not twice */
        {"a+b", PROA_OK, "a+b"},
        {"", PROA_ERR_SYNTAX, ""},
        {"%", PROA_ERR_SYNTAX, ""},
        {"%2", PROA_ERR_SYNTAX, ""},
        {"a%2", PROA_ERR_SYNTAX, ""},
        {"%2g", PROA_ERR_SYNTAX, ""},
        {"%G2", PROA_ERR_SYNTAX, ""},
        {"%-1", PROA_ERR_SYNTAX, ""},
        {"% 1", PROA_ERR_SYNTAX, ""},
        {"%00", PROA_ERR_SYNTAX, ""},
        {"%0a", PROA_ERR_SYNTAX, ""},
        {"a%0Db", PROA_ERR_SYNTAX, ""},
        {"%7f", PROA_ERR_SYNTAX, ""},
        {"%20", PROA_ERR_SYNTAX, ""},
        {"%C3%A9", PROA_ERR_SYNTAX, ""},
        {"\xc3\xa9", PROA_ERR_SYNTAX, ""},
        {"a b", PROA_ERR_SYNTAX, ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        const size_t len = strlen(row->raw);
        char *copy = proa_memdup(row->raw, len);
        proa_buf_init(&out, 1024);
        assert_ok(proa_buf_append(&out, PROA_SLICE("=")));
        PROA_TEST_CHECK(proa_api_decode_id(proa_slice_make(copy, len), &out) == row->err, "%s",
                        row->raw);
        assert_slice_str(proa_slice_from(proa_buf_slice(&out), 1), row->id);
        proa_buf_deinit(&out);
        proa_free(copy);
    }
}

static void test_decode_id_has_a_maximum(void **state)
{
    (void)state;
    char raw[3 * 300];
    struct proa_buf out;
    proa_buf_init(&out, 1024);
    for (size_t i = 0; i < 300; i++) {
        memcpy(raw + 3 * i, "%61", 3);
    }
    assert_err(proa_api_decode_id(proa_slice_make(raw, 3 * 257), &out), PROA_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    assert_ok(proa_api_decode_id(proa_slice_make(raw, 3 * 256), &out));
    assert_int_equal(out.len, 256);
    proa_buf_deinit(&out);
    proa_buf_init(&out, 10);
    assert_err(proa_api_decode_id(proa_slice_make(raw, 3 * 11), &out), PROA_ERR_LIMIT);
    proa_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),           cmocka_unit_test(test_paths_cut_at_each_byte),
        cmocka_unit_test(test_who_takes_forms), cmocka_unit_test(test_methods),
        cmocka_unit_test(test_decode_id),       cmocka_unit_test(test_decode_id_has_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
