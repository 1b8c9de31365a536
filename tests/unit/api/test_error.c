#include "proa/api/error.h"
#include "proa/json/tree.h"

#include "proa_test.h"

static void check_written(const struct proa_api_error *error, const char *expected)
{
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_error_write(PROA_SURFACE_OPENAI, error, &out));
    assert_slice_str(proa_buf_slice(&out), expected);
    proa_buf_deinit(&out);
}

static void test_envelope(void **state)
{
    (void)state;
    check_written(&(struct proa_api_error){.code = PROA_API_ERR_NOT_FOUND,
                                           .message = PROA_SLICE("nothing here")},
                  "{\"error\":{\"message\":\"nothing here\",\"type\":\"not_found\",\"param\":null,"
                  "\"code\":\"not_found\",\"source\":\"gateway\"}}");
    check_written(&(struct proa_api_error){.code = PROA_API_ERR_ALL_FAILED,
                                           .message = PROA_SLICE("all 2 attempts failed"),
                                           .param = PROA_SLICE("model"),
                                           .provider = PROA_SLICE("azure"),
                                           .from_provider = true,
                                           .request_id = PROA_SLICE("0192"),
                                           .trail = PROA_SLICE("openai/k1:429/12ms")},
                  "{\"error\":{\"message\":\"all 2 attempts failed\",\"type\":\"upstream_error\","
                  "\"param\":\"model\",\"code\":\"all_attempts_failed\",\"source\":\"provider\","
                  "\"provider\":\"azure\",\"request_id\":\"0192\","
                  "\"trail\":\"openai/k1:429/12ms\"}}");
}

/* Two events: what SDKs throw, and the end of the Response. */
static void test_the_end_of_a_response(void **state)
{
    (void)state;
    const struct proa_api_error error = {.code = PROA_API_ERR_INTERRUPTED,
                                         .message = PROA_SLICE("it \"broke\""),
                                         .request_id = PROA_SLICE("0192"),
                                         .model = PROA_SLICE("m"),
                                         .generation = PROA_SLICE("gen_1"),
                                         .gateway = PROA_SLICE("{\"a\":1}"),
                                         .sequence = 7};
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_error_event(PROA_SURFACE_RESPONSES, &error, &out));
    assert_slice_str(
        proa_buf_slice(&out),
        "event: error\ndata: {\"type\":\"error\",\"sequence_number\":7,"
        "\"code\":\"upstream_stream_interrupted\",\"message\":\"it \\\"broke\\\"\","
        "\"param\":null,\"error\":{\"message\":\"it \\\"broke\\\"\","
        "\"type\":\"upstream_error\",\"param\":null,"
        "\"code\":\"upstream_stream_interrupted\",\"source\":\"gateway\","
        "\"request_id\":\"0192\"}}\n\n"
        "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":8,"
        "\"response\":{\"id\":\"gen_1\",\"object\":\"response\",\"created_at\":0,"
        "\"status\":\"failed\",\"model\":\"m\",\"error\":{\"code\":\"server_error\","
        "\"message\":\"it \\\"broke\\\"\"},\"providerMetadata\":{\"gateway\":{\"a\":1}},"
        "\"incomplete_details\":null,\"instructions\":null,\"max_output_tokens\":null,"
        "\"max_tool_calls\":null,\"metadata\":{},\"parallel_tool_calls\":true,"
        "\"previous_response_id\":null,\"prompt_cache_key\":null,"
        "\"reasoning\":{\"effort\":null,\"summary\":null},\"safety_identifier\":null,"
        "\"service_tier\":\"default\",\"store\":true,\"temperature\":1.0,"
        "\"text\":{\"format\":{\"type\":\"text\"}},\"tool_choice\":\"auto\",\"tools\":[],"
        "\"top_logprobs\":0,\"top_p\":1.0,\"truncation\":\"disabled\",\"user\":null,"
        "\"output\":[],\"usage\":null}}\n\n");
    proa_buf_clear(&out);
    struct proa_api_error named = error; /* by whose id it began */
    named.answer_id = PROA_SLICE("resp_1");
    assert_ok(proa_api_error_event(PROA_SURFACE_RESPONSES, &named, &out));
    assert_true(proa_slice_search(proa_buf_slice(&out),
                                  PROA_SLICE("\"response\":{\"id\":\"resp_1\"")) < out.len);
    proa_buf_clear(&out);
    const struct proa_api_error limited = {.code = PROA_API_ERR_RATE_LIMITED,
                                           .message = PROA_SLICE("later")};
    assert_ok(proa_api_error_event(PROA_SURFACE_RESPONSES, &limited, &out));
    assert_true(proa_slice_search(proa_buf_slice(&out),
                                  PROA_SLICE("\"error\":{\"code\":\"rate_limit_exceeded\"")) <
                out.len);
    proa_buf_clear(&out);
    assert_ok(proa_api_error_write(PROA_SURFACE_RESPONSES, &limited, &out));
    assert_slice_str(proa_buf_slice(&out),
                     "{\"error\":{\"message\":\"later\",\"type\":\"rate_limit_exceeded\","
                     "\"param\":null,\"code\":\"rate_limited\",\"source\":\"gateway\"}}");
    proa_buf_deinit(&out);
}

/* What the gateway tells stands beside the error, in every envelope. */
static void test_what_is_told(void **state)
{
    (void)state;
    const struct proa_api_error error = {.code = PROA_API_ERR_RATE_LIMITED,
                                         .message = PROA_SLICE("m"),
                                         .generation = PROA_SLICE("gen_1"),
                                         .gateway = PROA_SLICE("{\"a\":1}")};
    static const char told[] =
        ",\"generationId\":\"gen_1\",\"providerMetadata\":{\"gateway\":{\"a\":1}}}";
    for (int surface = 0; surface < PROA_SURFACES; surface++) {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        assert_ok(proa_api_error_write((enum proa_surface)surface, &error, &out));
        const struct proa_slice text = proa_buf_slice(&out);
        assert_slice_str(proa_slice_from(text, text.len - (sizeof told - 1)), told);
        proa_buf_deinit(&out);
    }
    check_written(&error, "{\"error\":{\"message\":\"m\",\"type\":\"rate_limit_exceeded\","
                          "\"param\":null,\"code\":\"rate_limited\",\"source\":\"gateway\"},"
                          "\"generationId\":\"gen_1\",\"providerMetadata\":{\"gateway\":"
                          "{\"a\":1}}}");
}

static void check_anthropic(const struct proa_api_error *error, const char *expected)
{
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_error_write(PROA_SURFACE_ANTHROPIC, error, &out));
    assert_slice_str(proa_buf_slice(&out), expected);
    proa_buf_clear(&out);
    assert_ok(proa_api_error_event(PROA_SURFACE_ANTHROPIC, error, &out));
    const struct proa_slice text = proa_buf_slice(&out);
    const struct proa_slice begin = PROA_SLICE("event: error\ndata: ");
    assert_true(proa_slice_starts(text, begin));
    assert_slice_str(proa_slice_head(proa_slice_from(text, begin.len), text.len - begin.len - 2),
                     expected);
    assert_true(proa_slice_eq(proa_slice_from(text, text.len - 2), PROA_SLICE("\n\n")));
    proa_buf_deinit(&out);
}

static void test_anthropics_envelope(void **state)
{
    (void)state;
    check_anthropic(&(struct proa_api_error){.code = PROA_API_ERR_NOT_FOUND,
                                             .message = PROA_SLICE("nothing \"here\"\n")},
                    "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
                    "\"message\":\"nothing \\\"here\\\"\\n\",\"code\":\"not_found\","
                    "\"source\":\"gateway\"}}");
    check_anthropic(&(struct proa_api_error){.code = PROA_API_ERR_ALL_FAILED,
                                             .status = 529,
                                             .message = PROA_SLICE("m"),
                                             .param = PROA_SLICE("model"),
                                             .provider = PROA_SLICE("claude"),
                                             .from_provider = true,
                                             .request_id = PROA_SLICE("0192"),
                                             .trail = PROA_SLICE("claude/k1:529/12ms")},
                    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                    "\"message\":\"m\",\"code\":\"all_attempts_failed\",\"param\":\"model\","
                    "\"source\":\"provider\",\"provider\":\"claude\","
                    "\"trail\":\"claude/k1:529/12ms\"},\"request_id\":\"0192\"}");
}

/* The type is by the status that goes out. */
static void test_anthropics_types(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *type;
    } rows[] = {
        {400, "invalid_request_error"},
        {401, "authentication_error"},
        {402, "billing_error"},
        {403, "permission_error"},
        {404, "not_found_error"},
        {405, "invalid_request_error"},
        {413, "request_too_large"},
        {429, "rate_limit_error"},
        {500, "api_error"},
        {502, "api_error"},
        {503, "overloaded_error"},
        {504, "timeout_error"},
        {529, "overloaded_error"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        char expected[128];
        const struct proa_api_error error = {
            .code = PROA_API_ERR_INTERNAL, .status = row->status, .message = PROA_SLICE("m")};
        proa_buf_init(&out, 4096);
        assert_ok(proa_api_error_write(PROA_SURFACE_ANTHROPIC, &error, &out));
        (void)snprintf(expected, sizeof expected, "\"error\":{\"type\":\"%s\",", row->type);
        PROA_TEST_CHECK(proa_slice_search(proa_buf_slice(&out), proa_slice_cstr(expected)) <
                            out.len,
                        "%u", row->status);
        proa_buf_deinit(&out);
    }
}

/* A text can neither leave its string nor end the event. */
static void test_texts_are_escaped(void **state)
{
    (void)state;
    const struct proa_api_error error = {.code = PROA_API_ERR_INTERRUPTED,
                                         .message = PROA_SLICE("a\"},\n\ndata: [DONE]\r\n\\\0\xff"),
                                         .trail = PROA_SLICE("\x01")};
    check_written(&error, "{\"error\":{\"message\":\"a\\\"},\\n\\ndata: [DONE]\\r\\n\\\\\\u0000"
                          "\xef\xbf\xbd\",\"type\":\"upstream_error\",\"param\":null,"
                          "\"code\":\"upstream_stream_interrupted\",\"source\":\"gateway\","
                          "\"trail\":\"\\u0001\"}}");
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_error_event(PROA_SURFACE_OPENAI, &error, &out));
    const struct proa_slice text = proa_buf_slice(&out);
    assert_true(proa_slice_starts(text, PROA_SLICE("data: {\"error\":{")));
    assert_int_equal(proa_slice_find(text, '\n'), text.len - 2);
    assert_int_equal(text.ptr[text.len - 1], '\n');
    proa_buf_deinit(&out);
}

static void test_every_code(void **state)
{
    (void)state;
    for (size_t code = 0; code < PROA_API_ERR_COUNT; code++) {
        const struct proa_api_error error = {.code = (enum proa_api_error_code)code,
                                             .message = PROA_SLICE("m")};
        struct proa_json_tree *tree = NULL;
        struct proa_slice text;
        struct proa_buf out;
        assert_true(proa_api_error_status(error.code) >= 400 &&
                    proa_api_error_status(error.code) <= 599);
        proa_buf_init(&out, 4096);
        assert_ok(proa_api_error_write(PROA_SURFACE_OPENAI, &error, &out));
        assert_ok(proa_json_tree_parse(proa_buf_slice(&out), NULL, &tree, NULL));
        const struct proa_json_node *object =
            proa_json_node_get(proa_json_tree_root(tree), PROA_SLICE("error"));
        assert_ok(proa_json_node_string(proa_json_node_get(object, PROA_SLICE("code")), &text));
        assert_slice_str(text, proa_api_error_name(error.code));
        assert_ok(proa_json_node_string(proa_json_node_get(object, PROA_SLICE("type")), &text));
        assert_true(text.len > 0);
        proa_json_tree_destroy(tree);
        proa_buf_deinit(&out);
        /* Codes are stable names, each its own. */
        for (size_t other = 0; other < code; other++) {
            assert_string_not_equal(proa_api_error_name((enum proa_api_error_code)other),
                                    proa_api_error_name(error.code));
        }
    }
}

/* What passes by itself: the client's slow line, and what has no room or no time for it here. */
static void test_what_is_worth_sending_again(void **state)
{
    (void)state;
    static const enum proa_api_error_code passing[] = {
        PROA_API_ERR_REQUEST_TIMEOUT,
        PROA_API_ERR_RATE_LIMITED,
        PROA_API_ERR_OVERLOADED,
        PROA_API_ERR_DRAINING,
    };
    for (size_t code = 0; code < PROA_API_ERR_COUNT; code++) {
        bool passes = false;
        for (size_t i = 0; i < PROA_ARRAY_LEN(passing); i++) {
            passes = passes || passing[i] == (enum proa_api_error_code)code;
        }
        PROA_TEST_CHECK(proa_api_error_passes((enum proa_api_error_code)code) == passes, "%s",
                        proa_api_error_name((enum proa_api_error_code)code));
    }
    assert_false(proa_api_error_passes(PROA_API_ERR_COUNT));
}

static void test_some_statuses(void **state)
{
    (void)state;
    static const struct {
        enum proa_api_error_code code;
        uint16_t status;
        const char *name;
    } rows[] = {
        {PROA_API_ERR_INVALID_JSON, 400, "invalid_json"},
        {PROA_API_ERR_MODEL_NOT_FOUND, 404, "model_not_found"},
        {PROA_API_ERR_METHOD_NOT_ALLOWED, 405, "method_not_allowed"},
        {PROA_API_ERR_TOO_LARGE, 413, "request_too_large"},
        {PROA_API_ERR_NO_UPSTREAM, 503, "no_healthy_upstream"},
        {PROA_API_ERR_DEADLINE, 504, "deadline_exceeded"},
        {PROA_API_ERR_COUNT, 500, "internal_error"},
        {(enum proa_api_error_code)9999, 500, "internal_error"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_api_error_status(row->code), row->status);
        assert_string_equal(proa_api_error_name(row->code), row->name);
    }
}

/* All of it or nothing, at every size of the buffer. */
static void check_small_buffers(enum proa_surface surface)
{
    const struct proa_api_error error = {.code = PROA_API_ERR_INTERNAL,
                                         .message = PROA_SLICE("m\n\"")};
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_error_event(surface, &error, &out));
    const size_t full = out.len;
    proa_buf_deinit(&out);
    for (size_t max = 1; max < full + 3; max++) {
        proa_buf_init(&out, max);
        assert_ok(proa_buf_append(&out, PROA_SLICE("x")));
        const enum proa_err err = proa_api_error_event(surface, &error, &out);
        PROA_TEST_CHECK((err == PROA_OK) == (max >= full + 1), "%zu of %zu", max, full);
        assert_int_equal(out.len, err == PROA_OK ? full + 1 : 1);
        proa_buf_deinit(&out);
        proa_buf_init(&out, max);
        assert_true(proa_api_error_write(surface, &error, &out) == PROA_OK || out.len == 0);
        proa_buf_deinit(&out);
    }
}

static void test_buffer_that_is_too_small(void **state)
{
    (void)state;
    for (int surface = 0; surface < PROA_SURFACES; surface++) {
        check_small_buffers((enum proa_surface)surface);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope),         cmocka_unit_test(test_the_end_of_a_response),
        cmocka_unit_test(test_what_is_told),     cmocka_unit_test(test_anthropics_envelope),
        cmocka_unit_test(test_anthropics_types), cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_every_code),       cmocka_unit_test(test_what_is_worth_sending_again),
        cmocka_unit_test(test_some_statuses),    cmocka_unit_test(test_buffer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
