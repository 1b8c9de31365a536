/*
 * Errors in the AI SDK's envelope: the type is what its clients choose a class by.
 */
#include "proa/api/error.h"

#include "proa_test.h"

static void assert_writes(const struct proa_api_error *error, const char *expected)
{
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_error_write(PROA_SURFACE_AI_SDK, error, &out));
    assert_slice_str(proa_buf_slice(&out), expected);
    proa_buf_deinit(&out);
}

#define OWN "\",\"source\":\"gateway\"}"

static void types_and_params(void **state)
{
    (void)state;
    static const struct {
        struct proa_api_error error;
        const char *expected;
    } rows[] = {
        {{.code = PROA_API_ERR_INVALID_REQUEST,
          .message = PROA_SLICE_INIT("m"),
          .param = PROA_SLICE_INIT("prompt[0]")},
         "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":\"prompt[0]\","
         "\"code\":\"invalid_request" OWN "}"},
        {{.code = PROA_API_ERR_UNAUTHORIZED, .message = PROA_SLICE_INIT("m")},
         "{\"error\":{\"message\":\"m\",\"type\":\"authentication_error\",\"param\":null,\"code\":"
         "\"unauthorized" OWN "}"},
        {{.code = PROA_API_ERR_FORBIDDEN_ORIGIN, .message = PROA_SLICE_INIT("m")},
         "{\"error\":{\"message\":\"m\",\"type\":\"forbidden\",\"param\":null,\"code\":"
         "\"forbidden_origin" OWN "}"},
        {{.code = PROA_API_ERR_NOT_FOUND, .message = PROA_SLICE_INIT("m")},
         "{\"error\":{\"message\":\"m\",\"type\":\"not_found\",\"param\":null,\"code\":\"not_"
         "found" OWN "}"},
        {{.code = PROA_API_ERR_MODEL_NOT_FOUND,
          .message = PROA_SLICE_INIT("m"),
          .param = PROA_SLICE_INIT("model"),
          .model = PROA_SLICE_INIT("x/y")},
         "{\"error\":{\"message\":\"m\",\"type\":\"model_not_found\",\"param\":{\"modelId\":\"x/"
         "y\"}"
         ",\"code\":\"model_not_found" OWN "}"},
        {{.code = PROA_API_ERR_RATE_LIMITED, .message = PROA_SLICE_INIT("m")},
         "{\"error\":{\"message\":\"m\",\"type\":\"rate_limit_exceeded\",\"param\":null,\"code\":"
         "\"rate_limited" OWN "}"},
        {{.code = PROA_API_ERR_INTERNAL,
          .message = PROA_SLICE_INIT("m"),
          .generation = PROA_SLICE_INIT("gen_1"),
          .gateway = PROA_SLICE_INIT("{\"a\":1}"),
          .request_id = PROA_SLICE_INIT("r"),
          .trail = PROA_SLICE_INIT("t")},
         "{\"error\":{\"message\":\"m\",\"type\":\"internal_server_error\",\"param\":null,\"code\":"
         "\"internal_error\",\"source\":\"gateway\",\"request_id\":\"r\",\"trail\":\"t\"},"
         "\"generationId\":\"gen_1\",\"providerMetadata\":{\"gateway\":{\"a\":1}}}"},
        /* a provider's own keeps its status */
        {{.code = PROA_API_ERR_ALL_FAILED,
          .status = 401,
          .message = PROA_SLICE_INIT("m"),
          .provider = PROA_SLICE_INIT("openai"),
          .from_provider = true},
         "{\"error\":{\"message\":\"m\",\"type\":\"AI_APICallError\",\"param\":{\"statusCode\":401,"
         "\"name\":\"AI_APICallError\",\"message\":\"m\",\"isRetryable\":false},\"code\":"
         "\"all_attempts_failed\",\"source\":\"provider\",\"provider\":\"openai\"}}"},
        {{.code = PROA_API_ERR_ALL_FAILED,
          .status = 429,
          .message = PROA_SLICE_INIT("m"),
          .from_provider = true},
         "{\"error\":{\"message\":\"m\",\"type\":\"rate_limit_exceeded\",\"param\":{\"statusCode\":"
         "429,\"name\":\"AI_APICallError\",\"message\":\"m\",\"isRetryable\":true},\"code\":"
         "\"all_attempts_failed\",\"source\":\"provider\"}}"},
        {{.code = PROA_API_ERR_INVALID_REQUEST,
          .status = 400,
          .message = PROA_SLICE_INIT("m"),
          .from_provider = true},
         "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":{"
         "\"statusCode\":400,\"name\":\"AI_APICallError\",\"message\":\"m\",\"isRetryable\":false},"
         "\"code\":\"invalid_request\",\"source\":\"provider\"}}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_writes(&row->error, row->expected);
    }
}

static void within_a_stream_an_end_follows(void **state)
{
    (void)state;
    static const char *const ends[] = {
        [2] = "\"error\",\"usage\":{}",
        [3] = "{\"unified\":\"error\"},\"usage\":{\"inputTokens\":{},\"outputTokens\":{}}",
        [4] = "{\"unified\":\"error\"},\"usage\":{\"inputTokens\":{},\"outputTokens\":{}}"};
    for (unsigned version = 2; version <= 4; version++) {
        char expected[1024];
        struct proa_buf out;
        const struct proa_api_error error = {.code = PROA_API_ERR_INTERRUPTED,
                                             .message = PROA_SLICE("it \"broke\""),
                                             .gateway = PROA_SLICE("{}"),
                                             .version = (uint8_t)version};
        proa_buf_init(&out, 4096);
        assert_ok(proa_api_error_event(PROA_SURFACE_AI_SDK, &error, &out));
        (void)snprintf(expected, sizeof expected,
                       "data: {\"type\":\"error\",\"error\":{\"message\":\"it \\\"broke\\\"\","
                       "\"type\":\"upstream_error\",\"code\":\"upstream_stream_interrupted\","
                       "\"statusCode\":502,\"isRetryable\":true}}\n\n"
                       "data: {\"type\":\"finish\",\"finishReason\":%s,\"providerMetadata\":{"
                       "\"gateway\":{}}}\n\n",
                       ends[version]);
        assert_slice_str(proa_buf_slice(&out), expected);
        proa_buf_deinit(&out);
    }
}

static void all_or_nothing(void **state)
{
    (void)state;
    const struct proa_api_error error = {
        .code = PROA_API_ERR_INTERNAL, .message = PROA_SLICE("m"), .version = 3};
    for (size_t max = 1; max < 100; max += 9) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        assert_err(proa_api_error_write(PROA_SURFACE_AI_SDK, &error, &out), PROA_ERR_LIMIT);
        assert_int_equal(out.len, 0);
        proa_buf_deinit(&out);
        proa_buf_init(&out, max);
        assert_err(proa_api_error_event(PROA_SURFACE_AI_SDK, &error, &out), PROA_ERR_LIMIT);
        assert_int_equal(out.len, 0);
        proa_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_params),
        cmocka_unit_test(within_a_stream_an_end_follows),
        cmocka_unit_test(all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
