/*
 * The tables of profiles and recorded errors, and every dialect's reader and writer on requests
 * that are no request at all.
 */
#include "recorded_priv.h"
#include "speech_priv.h"
#include "tokens_priv.h"

#include "proa/json/scan.h"

#include "proa_test.h"

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum proa_http_method method;
        unsigned status; /* 0 = served */
        enum mock_profile_id profile;
        enum mock_endpoint endpoint;
        unsigned dialect;
        const char *recipe;
        const char *id;
    } rows[] = {
        {"/openai/v1/chat/completions", PROA_HTTP_POST, 0, MOCK_OPENAI, MOCK_CHAT,
         MOCK_DIALECT_OPENAI, "", ""},
        {"/status=500/groq/openai/v1/models/openai/gpt-oss", PROA_HTTP_GET, 0, MOCK_GROQ,
         MOCK_MODEL, MOCK_DIALECT_OPENAI, "status=500", "openai/gpt-oss"},
        {"/xai/v1/responses", PROA_HTTP_POST, 0, MOCK_XAI, MOCK_CHAT, MOCK_DIALECT_RESPONSES, "",
         ""},
        {"/groq/openai/v1/responses", PROA_HTTP_POST, 404, MOCK_GROQ, MOCK_CHAT, 0, "", ""},
        {"/azure/openai/deployments/a%2Fb/embeddings", PROA_HTTP_POST, 0, MOCK_AZURE,
         MOCK_EMBEDDINGS, MOCK_DIALECT_OPENAI, "", "a/b"},
        {"/down/anthropic/v1/messages/", PROA_HTTP_POST, 0, MOCK_ANTHROPIC, MOCK_CHAT,
         MOCK_DIALECT_ANTHROPIC, "status=503", ""},
        {"/gemini/v1beta/models/a:b:generateContent", PROA_HTTP_POST, 0, MOCK_GEMINI, MOCK_CHAT,
         MOCK_DIALECT_GEMINI, "", "a:b"},
        {"/gemini/v1beta/models/:generateContent", PROA_HTTP_POST, 405, MOCK_GEMINI, MOCK_CHAT, 0,
         "", ""},
        {"/gemini/v1beta/openai/embeddings", PROA_HTTP_POST, 0, MOCK_GEMINI, MOCK_EMBEDDINGS,
         MOCK_DIALECT_OPENAI, "", ""},
        {"/vertex/v1/projects/p/locations/l/publishers/anthropic/models/c@1:streamRawPredict",
         PROA_HTTP_POST, 0, MOCK_VERTEX, MOCK_CHAT, MOCK_DIALECT_ANTHROPIC, "", "c@1"},
        {"/bedrock/model/arn%3Aaws%3Ax%2Fy/converse-stream", PROA_HTTP_POST, 0, MOCK_BEDROCK,
         MOCK_CHAT, MOCK_DIALECT_BEDROCK, "", "arn:aws:x/y"},
        {"/bedrock/model/a/b/converse", PROA_HTTP_POST, 404, MOCK_BEDROCK, MOCK_CHAT, 0, "", ""},
        {"/cohere/v2/rerank", PROA_HTTP_POST, 0, MOCK_COHERE, MOCK_RERANK, MOCK_DIALECT_COHERE, "",
         ""},
        {"/entra/tenant/oauth2/v2.0/token", PROA_HTTP_POST, 0, MOCK_ENTRA, MOCK_TOKEN,
         MOCK_DIALECT_TOKEN, "", "tenant"},
        {"/aws/", PROA_HTTP_POST, 0, MOCK_AWS, MOCK_TOKEN, MOCK_DIALECT_TOKEN, "", ""},
        {"/aws/credentials", PROA_HTTP_POST, 405, MOCK_AWS, MOCK_CHAT, 0, "", ""},
        {"/a/b/anthropic/v1/messages", PROA_HTTP_POST, 404, MOCK_PLAIN, MOCK_CHAT, 0, "", ""},
        {"/anthropic", PROA_HTTP_POST, 404, MOCK_ANTHROPIC, MOCK_CHAT, 0, "", ""},
        {"/anthropic/v1/messages", PROA_HTTP_GET, 405, MOCK_ANTHROPIC, MOCK_CHAT, 0, "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct mock_path path;
        struct mock_error error = {.status = 0};
        proa_arena_init(&arena, NULL);
        const bool ok =
            proa_mock_path_parse(row->method, proa_slice_cstr(row->path), &arena, &path, &error);
        PROA_TEST_CHECK(ok == (row->status == 0) && error.status == row->status, "%s: %u",
                        row->path, error.status);
        assert_int_equal(path.profile, row->profile);
        if (ok) {
            assert_int_equal(path.endpoint, row->endpoint);
            assert_int_equal(path.route->dialect, row->dialect);
            assert_slice_str(path.recipe, row->recipe);
            assert_slice_str(path.id, row->id);
        }
        proa_arena_reset(&arena);
    }
}

static void check_row(const struct mock_recorded *row)
{
    const struct proa_json_scan_cfg cfg = {.n_wants = 0};
    struct proa_json_info info;
    const bool xml = row->profile == MOCK_AWS;
    PROA_TEST_CHECK(row->status >= 400 && row->status < 600, "%s", row->name.ptr);
    PROA_TEST_CHECK(row->body.len == 0 || xml ||
                        proa_json_scan(row->body, &cfg, NULL, &info) == PROA_OK,
                    "%s: %s", row->name.ptr, row->body.ptr);
    PROA_TEST_CHECK((row->profile == MOCK_BEDROCK) == (row->type.len > 0), "%s", row->name.ptr);
    PROA_TEST_CHECK(row->headers.len == 0 ||
                        memcmp(row->headers.ptr + row->headers.len - 2, "\r\n", 2) == 0,
                    "%s", row->name.ptr);
    const struct mock_error found = proa_mock_error_recorded(row->profile, row->name);
    PROA_TEST_CHECK(found.body.ptr == row->body.ptr, "%s is there twice", row->name.ptr);
}

static void test_recorded(void **state)
{
    (void)state;
    const struct mock_recorded_table tables[] = {proa_mock_recorded_shapes(),
                                                 proa_mock_recorded_native()};
    for (size_t t = 0; t < PROA_ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t].n; i++) {
            uint64_t value = UINT64_MAX;
            check_row(&tables[t].rows[i]);
            assert_true(proa_mock_error_name_find(tables[t].rows[i].name, &value));
            assert_slice_equal(proa_mock_error_name(value), tables[t].rows[i].name);
        }
    }
    uint64_t none = 0;
    assert_false(proa_mock_error_name_find(PROA_SLICE("nonsense"), &none));
    assert_int_equal(proa_mock_error_name(UINT64_MAX).len, 0);
    assert_int_equal(proa_mock_error_recorded(MOCK_OPENAI, PROA_SLICE("nonsense")).status, 0);
    /* a kin's errors, where a profile has none of the name */
    assert_int_equal(proa_mock_error_recorded(MOCK_AZURE, PROA_SLICE("quota")).status, 429);
    assert_int_equal(proa_mock_error_recorded(MOCK_VERTEX, PROA_SLICE("cancelled")).status, 499);
    assert_int_equal(proa_mock_error_recorded(MOCK_GROQ, PROA_SLICE("quota")).status, 0);
}

static void test_profiles(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MOCK_PROFILES; i++) {
        const struct mock_profile *p = proa_mock_profile((enum mock_profile_id)i);
        const struct proa_slice name = proa_mock_profile_name((enum mock_profile_id)i);
        assert_int_equal(p->id, i);
        assert_true(p->id_header.len > 0);
        if (p->error_default.len > 0) {
            PROA_TEST_CHECK(proa_mock_error_recorded(p->id, p->error_default).status >= 429, "%s",
                            name.ptr);
        }
        if (i != MOCK_PLAIN) {
            assert_ptr_equal(proa_mock_profile_find(name), p);
        }
    }
    assert_null(proa_mock_profile_find(PROA_SLICE_NONE));
    assert_null(proa_mock_profile_find(PROA_SLICE("v1")));
}

#define TEXT_TOOL "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}"
static const struct {
    const char *path;
    const char *query;
    const char *body;
} SAMPLES[] = {
    {"/mistral/v1/chat/completions", "",
     "{\"model\":\"magistral\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":[{"
     "\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":\"data:image/png;"
     "base64,AAAA\"}]},{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":"
     "\"abcdefghi\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\","
     "\"tool_call_id\":\"abcdefghi\",\"content\":\"1\"}],\"tools\":[{\"type\":\"function\","
     "\"function\":{\"name\":\"f\",\"parameters\":" TEXT_TOOL "}}],\"tool_choice\":\"any\"}"},
    {"/openai/v1/chat/completions", "",
     "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"json\"}],"
     "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
     "{\"$ref\":\"#/d\",\"d\":" TEXT_TOOL "}}}}"},
    {"/anthropic/v1/messages", "",
     "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":2000,\"thinking\":{\"type\":\"enabled\","
     "\"budget_tokens\":1024},\"system\":[{\"type\":\"text\",\"text\":\"s\"}],\"messages\":[{"
     "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\","
     "\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}]},{"
     "\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":"
     "\"bW9jay1zaWduYXR1cmU=\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{}}]"
     "},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
     "\"content\":\"1\"}]}],\"tools\":[{\"name\":\"f\",\"input_schema\":" TEXT_TOOL "}],"
     "\"tool_choice\":{\"type\":\"auto\"}}"},
    {"/anthropic/v1/messages", "",
     "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":9,\"stream\":true,\"messages\":[{\"role\":"
     "\"user\",\"content\":\"use a tool\"}],\"tools\":[{\"name\":\"f\",\"input_schema\":" TEXT_TOOL
     "}],\"output_config\":{\"effort\":\"low\",\"format\":{\"type\":\"json_schema\",\"schema\":"
     "{}}}}"},
    {"/gemini/v1beta/models/gemini-3-pro:generateContent", "",
     "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},{\"inlineData\":{\"mimeType\":"
     "\"image/png\",\"data\":\"AAAA\"}}]},{\"role\":\"model\",\"parts\":[{\"functionCall\":{"
     "\"name\":\"f\",\"args\":{}},\"thoughtSignature\":\"bW9jay10aG91Z2h0\"}]},{\"role\":\"user\","
     "\"parts\":[{\"functionResponse\":{\"name\":\"f\",\"response\":{}}}]}],\"tools\":[{"
     "\"functionDeclarations\":[{\"name\":\"f\",\"parameters\":" TEXT_TOOL "}]}],\"toolConfig\":{"
     "\"functionCallingConfig\":{\"mode\":\"ANY\",\"allowedFunctionNames\":[\"f\"]}},"
     "\"generationConfig\":{\"temperature\":1.5,\"maxOutputTokens\":9,\"stopSequences\":[\"x\"],"
     "\"thinkingConfig\":{\"includeThoughts\":true}}}"},
    {"/gemini/v1beta/models/g:streamGenerateContent", "alt=sse",
     "{\"contents\":[{\"parts\":[{\"text\":\"one two three\"}]}],\"generationConfig\":{"
     "\"responseMimeType\":\"application/json\",\"responseSchema\":{\"type\":\"OBJECT\","
     "\"properties\":{\"a\":{\"type\":\"STRING\"}}}}}"},
    {"/gemini/v1beta/models/g:batchEmbedContents", "",
     "{\"requests\":[{\"model\":\"models/g\",\"content\":{\"parts\":[{\"text\":\"a\"}]},"
     "\"outputDimensionality\":2}]}"},
    {"/gemini/v1beta/models/g:embedContent", "",
     "{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"outputDimensionality\":2}"},
    {"/bedrock/model/anthropic.claude/converse", "",
     "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"},{\"image\":{\"format\":"
     "\"png\",\"source\":{\"bytes\":\"AAAA\"}}}]},{\"role\":\"assistant\",\"content\":[{"
     "\"reasoningContent\":{\"reasoningText\":{\"text\":\"t\",\"signature\":\"bW9jayAA\"}}},{"
     "\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{}}}]},{\"role\":\"user\","
     "\"content\":[{\"toolResult\":{\"toolUseId\":\"t1\",\"content\":[{\"json\":{}}]}}]}],"
     "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\",\"inputSchema\":{\"json\":" TEXT_TOOL
     "}}}],\"toolChoice\":{\"any\":{}}},\"inferenceConfig\":{\"maxTokens\":5,\"temperature\":0.5},"
     "\"additionalModelRequestFields\":{\"thinking\":{\"type\":\"enabled\"}}}"},
    {"/bedrock/model/m/converse-stream", "",
     "{\"system\":[{\"text\":\"s\"}],\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"one "
     "two\"}]}]}"},
    {"/bedrock/model/cohere.embed-v4/invoke", "",
     "{\"texts\":[\"a\",\"b\"],\"input_type\":\"search_query\",\"output_dimension\":2}"},
    {"/bedrock/model/amazon.nova/invoke", "",
     "{\"singleEmbeddingParams\":{\"embeddingDimension\":2,\"text\":{\"value\":\"a\"}}}"},
    {"/cohere/v2/chat", "",
     "{\"model\":\"c\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
     "\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;"
     "base64,AAAA\"}}]},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t\",\"function\":{"
     "\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"t\","
     "\"content\":\"1\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
     "\"parameters\":" TEXT_TOOL "}}],\"tool_choice\":\"REQUIRED\",\"thinking\":{\"type\":"
     "\"enabled\"}}"},
    {"/cohere/v2/embed", "",
     "{\"model\":\"c\",\"texts\":[\"a\"],\"input_type\":\"search_query\",\"embedding_types\":["
     "\"float\"],\"output_dimension\":2}"},
    {"/cohere/v2/rerank", "",
     "{\"model\":\"c\",\"query\":\"a b\",\"documents\":[\"b\",\"a b\"],\"top_n\":2}"},
    {"/openai/v1/responses", "",
     "{\"model\":\"gpt-5\",\"stream\":true,\"include\":[\"reasoning.encrypted_content\"],"
     "\"reasoning\":{"
     "\"effort\":\"low\",\"summary\":\"auto\"},\"input\":[{\"role\":\"user\",\"content\":[{"
     "\"type\":"
     "\"input_text\",\"text\":\"a\"},{\"type\":\"input_image\",\"image_url\":\"data:image/"
     "png;base64,"
     "AAAA\"},{\"type\":\"input_file\",\"file_id\":\"f\"}]},{\"type\":\"reasoning\",\"id\":\"rs_"
     "1\","
     "\"summary\":[],\"encrypted_content\":\"bW9jay1lbmNyeXB0ZWQ=\"},{\"type\":\"function_call\","
     "\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"},{\"type\":\"function_call_output\","
     "\"call_id\":\"c\",\"output\":\"1\"}],\"tools\":[{\"type\":\"function\",\"name\":\"f\","
     "\"parameters\":" TEXT_TOOL "},{\"type\":\"web_search\"}],\"tool_choice\":\"required\"}"},
    {"/openai/v1/responses", "",
     "{\"model\":\"gpt-4.1\",\"instructions\":\"i\",\"input\":\"a b\",\"store\":false,"
     "\"max_output_tokens\":16,\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\","
     "\"schema\":" TEXT_TOOL "}}}"},
    {"/google/token", "",
     "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c"},
    {"/aws/sts", "",
     "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=a&RoleSessionName=b"
     "&WebIdentityToken=c"},
    {"/openai/oauth/token", "",
     "{\"grant_type\":\"urn:ietf:params:oauth:grant-type:token-exchange\",\"subject_token\":\"a\","
     "\"subject_token_type\":\"b\",\"identity_provider_id\":\"c\",\"service_account_id\":\"d\"}"},
};

/* True when it was accepted. An answer that is no stream is JSON, but for XML and frames. */
static bool answer(size_t sample, struct proa_slice body, struct proa_mock_plan plan)
{
    static const struct mock_desk desk = {.now_ms = 1000, .secret = "secret"};
    const struct mock_author author = {.id = 1, .created = 2, .desk = &desk};
    const struct mock_caller caller = {.head = NULL, .desk = &desk};
    const struct proa_json_scan_cfg cfg = {.n_wants = 0};
    struct proa_json_info info;
    struct proa_arena arena;
    struct mock_answer a;
    struct mock_request req;
    struct mock_path path;
    struct mock_error error = {.status = 0};
    proa_arena_init(&arena, NULL);
    proa_mock_answer_init(&a);
    assert_true(proa_mock_path_parse(PROA_HTTP_POST, proa_slice_cstr(SAMPLES[sample].path), &arena,
                                     &path, &error));
    path.query = proa_slice_cstr(SAMPLES[sample].query);
    proa_mock_answer_for(&a, &path);
    const bool ok = proa_mock_request_parse(&path, &caller, body, &arena, &req, &error);
    if (ok) {
        proa_mock_answer_make(&a, &req, &plan, &author, &arena);
        assert_int_equal(a.status, 200);
        assert_true(a.is_stream ? a.n_events > 0 : a.body.len > 0);
    } else {
        assert_true(error.status >= 400 && error.status < 500);
        proa_mock_answer_error(&a, &error);
    }
    if (!a.is_stream && a.style != MOCK_STYLE_AWS_QUERY) {
        PROA_TEST_CHECK(proa_json_scan(proa_buf_slice(&a.body), &cfg, NULL, &info) == PROA_OK,
                        "%s: %.*s", SAMPLES[sample].path, (int)a.body.len, a.body.ptr);
    }
    proa_mock_answer_deinit(&a);
    proa_arena_reset(&arena);
    return ok;
}

static void test_samples(void **state)
{
    (void)state;
    const struct proa_mock_plan none = {.set = 0};
    for (size_t i = 0; i < PROA_ARRAY_LEN(SAMPLES); i++) {
        const bool token = strcmp(SAMPLES[i].path, "/google/token") == 0;
        PROA_TEST_CHECK(answer(i, proa_slice_cstr(SAMPLES[i].body), none) == !token, "%zu: %s", i,
                        SAMPLES[i].path);
    }
}

/* Under every setting that shapes an answer. */
static void test_samples_under_recipes(void **state)
{
    (void)state;
    static const enum proa_mock_setting settings[] = {
        PROA_MOCK_ERROR_FIRST, PROA_MOCK_ERROR_AFTER,   PROA_MOCK_MALFORMED, PROA_MOCK_NO_DONE,
        PROA_MOCK_NO_FINISH,   PROA_MOCK_NO_TERMINATOR, PROA_MOCK_USAGE,     PROA_MOCK_CALLS,
        PROA_MOCK_WORDS,       PROA_MOCK_SIZE,          PROA_MOCK_FINISH,    PROA_MOCK_THINK,
        PROA_MOCK_CACHED,      PROA_MOCK_MIRROR,        PROA_MOCK_ODD,       PROA_MOCK_BAD_CRC,
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(SAMPLES); i++) {
        for (size_t k = 0; k < PROA_ARRAY_LEN(settings); k++) {
            for (uint64_t value = 0; value < 3; value++) {
                struct proa_mock_plan plan = {.set = UINT64_C(1) << settings[k]};
                plan.values[settings[k]] = value;
                if (settings[k] != PROA_MOCK_MALFORMED) {
                    (void)answer(i, proa_slice_cstr(SAMPLES[i].body), plan);
                }
            }
        }
    }
}

/* Cut at each byte and with each byte changed. */
static void test_broken_samples(void **state)
{
    (void)state;
    static const char changes[] = {'"', '{', ']', '0', '\\', (char)0xff, '\0'};
    const struct proa_mock_plan none = {.set = 0};
    for (size_t i = 0; i < PROA_ARRAY_LEN(SAMPLES); i++) {
        const size_t len = strlen(SAMPLES[i].body);
        for (size_t at = 0; at < len; at++) {
            char *text = proa_alloc(len);
            memcpy(text, SAMPLES[i].body, len);
            PROA_TEST_CHECK(!answer(i, proa_slice_make(text, at), none), "%s: %zu", SAMPLES[i].path,
                            at);
            text[at] = changes[at % sizeof changes];
            (void)answer(i, proa_slice_make(text, len), none);
            proa_free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_samples_under_recipes),
        cmocka_unit_test(test_broken_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
