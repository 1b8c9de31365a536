/*
 * What class a failure is of: every row of the error tables of the providers that speak this
 * dialect, and the bodies they send.
 */
#include "openai_priv.h"

#include "proa_test.h"

struct class_case {
    uint16_t status;
    enum proa_class class;
    enum proa_refusal refusal;
    const char *body;
};

#define ERR(message, type, code)                                                                   \
    "{\"error\":{\"message\":\"" message "\",\"type\":" type ",\"param\":null,\"code\":" code "}}"
#define INVALID "\"invalid_request_error\""

#define C(status, class, body)                                                                     \
    {                                                                                              \
        (status), PROA_CLASS_##class, PROA_REFUSAL_NONE, (body)                                    \
    }
#define REFUSED(status, what, body)                                                                \
    {                                                                                              \
        (status), PROA_CLASS_CLIENT, PROA_REFUSAL_##what, (body)                                   \
    }

static const struct class_case cases[] = {
    /* OpenAI */
    REFUSED(400, CONTEXT, ERR("too long", INVALID, "\"context_length_exceeded\"")),
    REFUSED(400, NONE, ERR("Use 'max_completion_tokens'", INVALID, "\"unsupported_parameter\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"unsupported_value\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"invalid_type\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"empty_array\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"decimal_above_max_value\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"invalid_value\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "null")),
    REFUSED(400, NONE,
            ERR("string too long, too many tokens", INVALID, "\"string_above_max_length\"")),
    REFUSED(400, CONTENT, ERR("m", INVALID, "\"content_policy_violation\"")),
    REFUSED(400, CONTENT, ERR("m", INVALID, "\"content_filter\"")),
    C(401, AUTH, ERR("Incorrect API key provided: sk-***", INVALID, "\"invalid_api_key\"")),
    C(401, AUTH, ERR("No such organization", INVALID, "\"invalid_organization\"")),
    C(401, AUTH, ERR("IP address not authorized", INVALID, "null")),
    C(403, AUTH, ERR("m", "\"request_forbidden\"", "\"unsupported_country_region_territory\"")),
    C(403, NOT_FOUND,
      ERR("Project `p` does not have access to model `x`", INVALID, "\"model_not_found\"")),
    C(404, NOT_FOUND, ERR("The model `x` does not exist", INVALID, "\"model_not_found\"")),
    C(429, RATE, ERR("Rate limit reached", "\"requests\"", "\"rate_limit_exceeded\"")),
    C(429, RATE, ERR("Rate limit reached", "\"tokens\"", "\"rate_limit_exceeded\"")),
    C(429, RATE,
      ERR("Request too large for gpt-4o on tokens per min (TPM): Limit 1, Requested 2",
          "\"tokens\"", "\"rate_limit_exceeded\"")),
    C(429, QUOTA,
      ERR("You exceeded your current quota, please check your plan", "\"insufficient_quota\"",
          "\"insufficient_quota\"")),
    C(429, QUOTA, ERR("You exceeded your current quota", "null", "null")),
    C(500, SERVER, ERR("The server had an error", "\"server_error\"", "null")),
    C(502, SERVER, ERR("m", "\"server_error\"", "null")),
    C(504, SERVER, ERR("m", "\"server_error\"", "null")),
    C(503, OVERLOADED, ERR("The engine is currently overloaded", "\"server_error\"", "null")),
    C(503, OVERLOADED, ERR("Slow down", "\"server_error\"", "\"slow_down\"")),
    /* Azure */
    REFUSED(
        400, CONTENT,
        "{\"error\":{\"message\":\"The response was filtered\",\"type\":null,\"param\":\"prompt\","
        "\"code\":\"content_filter\",\"status\":400,\"innererror\":{\"code\":"
        "\"ResponsibleAIPolicyViolation\"}}}"),
    C(401, AUTH,
      "{\"error\":{\"code\":\"401\",\"message\":\"Access denied due to invalid "
      "subscription key or wrong API endpoint.\"}}"),
    C(404, NOT_FOUND, "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"m\"}}"),
    C(404, NOT_FOUND, "{\"error\":{\"code\":\"404\",\"message\":\"Resource not found\"}}"),
    C(408, CONFLICT, "{\"error\":{\"code\":\"Timeout\",\"message\":\"m\"}}"),
    C(429, RATE,
      "{\"error\":{\"code\":\"429\",\"message\":\"Requests have exceeded token rate "
      "limit of your current pricing tier. Please retry after 12 seconds.\"}}"),
    C(429, OVERLOADED, ERR("The system is experiencing high demand", "null", "null")),
    C(500, SERVER, "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"m\"}}"),
    C(503, OVERLOADED, "{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"m\"}}"),
    /* xAI */
    C(400, AUTH,
      "{\"code\":\"Client specified an invalid argument\",\"error\":\"Incorrect API key "
      "provided: xa***. You can obtain an API key from https://console.x.ai.\"}"),
    REFUSED(400, NONE, "{\"code\":\"Client specified an invalid argument\",\"error\":\"bad\"}"),
    REFUSED(422, NONE, "Failed to deserialize the JSON body into the target type"),
    REFUSED(415, NONE, "Expected request with `Content-Type: application/json`"),
    REFUSED(405, NONE, ""),
    C(401, AUTH, ""),
    C(403, AUTH, "{\"code\":\"m\",\"error\":\"team is blocked\"}"),
    C(403, QUOTA, "{\"code\":\"m\",\"error\":\"Your team has no credits yet.\"}"),
    C(404, NOT_FOUND, "{\"code\":\"m\",\"error\":\"The model x does not exist\"}"),
    C(429, QUOTA,
      "{\"code\":\"Some resource has been exhausted\",\"error\":\"Your team has either "
      "used all available credits or reached its monthly spending limit.\"}"),
    C(503, OVERLOADED, "{\"code\":\"The service is currently unavailable\",\"error\":\"m\"}"),
    C(500, OVERLOADED, "{\"code\":\"The service is currently unavailable\",\"error\":\"m\"}"),
    /* Mistral */
    REFUSED(422, NONE,
            "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],"
            "\"msg\":\"Extra inputs are not permitted\",\"input\":1}]}"),
    REFUSED(400, NONE,
            "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"x\"}]},"
            "\"type\":\"invalid_request_error\",\"code\":null}"),
    C(401, AUTH, "{\"detail\":\"Unauthorized\"}"),
    C(401, AUTH, "{\"message\":\"Unauthorized\"}"),
    C(402, QUOTA, "{\"message\":\"Payment required\"}"),
    C(429, RATE,
      "{\"object\":\"error\",\"message\":\"Rate limit exceeded\",\"type\":"
      "\"rate_limited\",\"code\":\"1300\",\"raw_status_code\":429}"),
    C(429, OVERLOADED,
      "{\"object\":\"error\",\"message\":\"Service tier capacity exceeded for this "
      "model.\",\"type\":\"invalid_request_error\"}"),
    /* DeepSeek */
    C(402, QUOTA, ERR("Insufficient Balance", "\"unknown_error\"", "\"invalid_request_error\"")),
    C(503, OVERLOADED, ERR("m", "null", "null")),
    /* Groq */
    C(400, CONFLICT, ERR("Failed to call a function", INVALID, "\"tool_use_failed\"")),
    C(400, CONFLICT, ERR("Failed to generate JSON", INVALID, "\"json_validate_failed\"")),
    C(400, NOT_FOUND, ERR("gone", INVALID, "\"model_decommissioned\"")),
    C(404, NOT_FOUND, ERR("gone", INVALID, "\"model_decommissioned\"")),
    C(413, RATE,
      ERR("Request too large for model `l` tokens per minute (TPM): Limit 6000, "
          "Requested 9000",
          "\"tokens\"", "\"rate_limit_exceeded\"")),
    C(429, RATE,
      ERR("Rate limit reached (TPM): Limit 15000. Please try again in 5.289s", "\"tokens\"",
          "\"rate_limit_exceeded\"")),
    C(424, SERVER, ""),
    C(498, OVERLOADED, ERR("m", "null", "\"capacity_exceeded\"")),
    C(499, SERVER, ""),
    /* vLLM */
    REFUSED(400, CONTEXT,
            "{\"error\":{\"message\":\"This model's maximum context length is 4096 "
            "tokens.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}"),
    REFUSED(400, CONTEXT,
            "{\"object\":\"error\",\"message\":\"This model's maximum context length "
            "is 4096 tokens.\",\"type\":\"BadRequestError\",\"code\":400}"),
    C(404, NOT_FOUND,
      "{\"object\":\"error\",\"message\":\"The model `x` does not exist.\","
      "\"type\":\"NotFoundError\",\"param\":null,\"code\":404}"),
    /* llama.cpp */
    C(503, OVERLOADED,
      "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":"
      "\"unavailable_error\"}}"),
    REFUSED(400, CONTEXT,
            "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available "
            "context size\",\"type\":\"exceed_context_size_error\",\"n_ctx\":4096}}"),
    REFUSED(500, CONTEXT,
            "{\"error\":{\"code\":500,\"message\":\"the request exceeds the available "
            "context size. try increasing it\",\"type\":\"server_error\"}}"),
    /* Ollama */
    C(404, NOT_FOUND, ERR("model 'x' not found", "\"not_found_error\"", "null")),
    REFUSED(400, NONE, ERR("m", INVALID, "null")),
    C(500, SERVER, ERR("m", "\"api_error\"", "null")),
    C(404, NOT_FOUND, "{\"error\":\"model 'x' not found\"}"),
    /* OpenRouter */
    C(402, RATE, "{\"error\":{\"code\":402,\"message\":\"in_flight_budget reached\"}}"),
    C(402, QUOTA, "{\"error\":{\"code\":402,\"message\":\"This request requires more credits\"}}"),
    REFUSED(403, CONTENT,
            "{\"error\":{\"code\":403,\"message\":\"x requires moderation on OpenAI. "
            "Your input was flagged for \\\"violence\\\"\"}}"),
    C(400, NOT_FOUND, "{\"error\":{\"code\":400,\"message\":\"a/b is not a valid model ID\"}}"),
    C(408, CONFLICT, "{\"error\":{\"code\":408,\"message\":\"m\"}}"),
    C(502, SERVER, "{\"error\":{\"code\":502,\"message\":\"m\",\"metadata\":{\"raw\":\"x\"}}}"),
    /* Together, Fireworks */
    REFUSED(403, CONTEXT, ERR("Input is too long for this model", INVALID, "null")),
    C(403, AUTH, ERR("permission", INVALID, "null")),
    C(402, QUOTA, ERR("spending limit", "null", "null")),
    C(412, QUOTA, ERR("Account suspended", "null", "null")),
    REFUSED(412, NONE, ERR("precondition", "null", "null")),
    /* Texts elsewhere */
    C(400, QUOTA, ERR("Your credit balance is too low to access the API", INVALID, "null")),
    C(403, QUOTA, ERR("Please check billing details", "null", "null")),
    C(400, AUTH, ERR("API key not valid. Please pass a valid API key.", "null", "400")),
    REFUSED(400, CONTEXT, ERR("prompt is too long: 9 tokens", INVALID, "null")),
    REFUSED(413, CONTEXT, ERR("prompt is too long", "null", "null")),
    REFUSED(400, CONTEXT,
            ERR("`inputs` tokens + `max_new_tokens` must be <= 4096", "null", "null")),
    REFUSED(400, CONTENT,
            ERR("Your request was rejected as a result of our safety system", "null", "null")),
    C(529, OVERLOADED, ERR("Overloaded", "\"overloaded_error\"", "null")),
    C(500, OVERLOADED, ERR("Overloaded", "\"overloaded_error\"", "null")),
    /* A number in a text is no status; a text about tokens per minute is no context length. */
    REFUSED(400, NONE, ERR("upstream said 429 too many requests", INVALID, "null")),
    C(429, RATE, ERR("too many tokens per minute", "\"tokens\"", "null")),
    /* The status alone */
    REFUSED(400, NONE, ""),
    C(402, QUOTA, ""),
    C(403, AUTH, "<html>"),
    C(404, NOT_FOUND, "<html>"),
    C(404, NOT_FOUND, ""),
    REFUSED(406, NONE, ""),
    C(409, CONFLICT, ""),
    C(410, NOT_FOUND, ""),
    REFUSED(413, NONE, ""),
    REFUSED(418, NONE, ""),
    REFUSED(422, NONE, ""),
    C(425, CONFLICT, ""),
    C(429, RATE, ""),
    REFUSED(451, NONE, ""),
    C(500, SERVER, "<html>overloaded</html>"),
    C(501, SERVER, ""),
    C(502, SERVER, "Bad Gateway"),
    C(503, OVERLOADED, "no healthy upstream"),
    C(504, SERVER, ""),
    C(520, SERVER, ""),
    C(526, SERVER, ""),
    C(599, SERVER, ""),
    C(301, REDIRECT, ""),
    C(307, REDIRECT, "<html>"),
    C(101, MALFORMED, ""),
    C(600, MALFORMED, ""),
    C(999, MALFORMED, ""),
};

static void test_every_row(void **state)
{
    (void)state;
    PROA_TEST_ROWS(c, cases)
    {
        struct proa_failure failure;
        proa_openai_classify(c->status, NULL, 0, proa_slice_cstr(c->body), 0, &failure);
        PROA_TEST_CHECK(failure.class == c->class, "%u %s: %s", c->status, c->body,
                        proa_class_text(failure.class));
        PROA_TEST_CHECK(failure.refusal == c->refusal, "%u %s", c->status, c->body);
        PROA_TEST_CHECK(failure.status == c->status, "%u %s", c->status, c->body);
    }
}

/* However much of the body came: what is there is taken, and nothing is read beyond. */
static void test_every_row_cut_at_each_byte(void **state)
{
    (void)state;
    PROA_TEST_ROWS(c, cases)
    {
        const size_t len = strlen(c->body);
        for (size_t cut = 0; cut < len; cut++) {
            struct proa_failure failure;
            char *copy = proa_memdup(c->body, cut);
            proa_openai_classify(c->status, NULL, 0, proa_slice_make(copy, cut), 0, &failure);
            assert_true(failure.class > PROA_CLASS_OK && failure.class < PROA_CLASS_COUNT);
            assert_true(failure.message.len <= cut);
            proa_free(copy);
        }
    }
}

static void test_where_message_type_and_code_are(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *message;
        const char *type;
        const char *code;
    } rows[] = {
        {ERR("m \\\"q\\\"", "\"t\"", "\"c\""), "m \\\"q\\\"", "t", "c"},
        {ERR("m", "null", "null"), "m", "", ""},
        {ERR("m", "\"t\"", "400"), "m", "t", "400"},
        {" \n {\"error\" : \"text\" , \"code\":7} ", "text", "", "7"},
        {"{\"object\":\"error\",\"message\":\"m\",\"type\":\"t\",\"code\":\"c\"}", "m", "t", "c"},
        {"{\"message\":{\"detail\":[1]}}", "{\"detail\":[1]}", "", ""},
        {"{\"detail\":\"Unauthorized\"}", "Unauthorized", "", ""},
        {"{\"detail\":[{\"msg\":\"x\"}]}", "[{\"msg\":\"x\"}]", "", ""},
        {"[{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"INVALID_ARGUMENT\"}}]", "m",
         "INVALID_ARGUMENT", "400"},
        {"{\"error\":{}}", "", "", ""},
        {"{\"error\":null,\"message\":\"m\"}", "m", "", ""},
        {"{\"error\":{\"message\":\"in\"},\"message\":\"out\",\"code\":\"c\"}", "in", "", "c"},
        /* Cut in the middle of the object. */
        {"{\"x\":1,\"error\":{\"code\":\"c\",\"message\":\"m\",\"metadata\":{\"raw\":\"abc", "m",
         "", "c"},
        {" \nBad Gateway\n", "Bad Gateway", "", ""},
        {"\n  <!DOCTYPE html><title>404</title>", "", "", ""},
        {"", "", "", ""},
        {"null", "null", "", ""},
        {"[]", "", "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure failure;
        proa_openai_classify(400, NULL, 0, proa_slice_cstr(row->body), 0, &failure);
        assert_slice_str(failure.message, row->message);
        assert_slice_str(failure.type, row->type);
        assert_slice_str(failure.code, row->code);
    }
}

static void test_errors_in_a_success(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        enum proa_class class;
        uint16_t status;
    } rows[] = {
        {"{\"error\":{\"code\":429,\"message\":\"m\"}}", PROA_CLASS_RATE, 429},
        {"{\"error\":{\"code\":\"503\",\"message\":\"m\"}}", PROA_CLASS_OVERLOADED, 503},
        {"{\"error\":{\"code\":402,\"message\":\"m\"}}", PROA_CLASS_QUOTA, 402},
        {"{\"error\":{\"code\":700,\"message\":\"m\"}}", PROA_CLASS_SERVER, 0},
        {"{\"error\":{\"code\":-1,\"message\":\"m\"}}", PROA_CLASS_SERVER, 0},
        {"{\"error\":{\"code\":99999999999999999999,\"message\":\"m\"}}", PROA_CLASS_SERVER, 0},
        {"{\"error\":{\"status_code\":401,\"message\":\"m\"}}", PROA_CLASS_AUTH, 401},
        {"{\"code\":\"The service is currently unavailable\",\"error\":\"m\"}",
         PROA_CLASS_OVERLOADED, 0},
        {"{\"error\":{\"type\":\"rate_limit_error\"}}", PROA_CLASS_RATE, 0},
        {"{\"error\":{\"type\":\"overloaded_error\"}}", PROA_CLASS_OVERLOADED, 0},
        {"{\"error\":{\"type\":\"authentication_error\"}}", PROA_CLASS_AUTH, 0},
        {"{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"}}", PROA_CLASS_CLIENT,
         0},
        {"{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Incorrect API key\"}}",
         PROA_CLASS_AUTH, 0},
        {"{\"error\":{\"type\":\"not_found_error\"}}", PROA_CLASS_NOT_FOUND, 0},
        {"{\"error\":{\"code\":\"insufficient_quota\"}}", PROA_CLASS_QUOTA, 0},
        {"{\"error\":{\"code\":\"rate_limit_exceeded\"}}", PROA_CLASS_RATE, 0},
        {"{\"error\":{\"message\":\"Server overloaded, please retry\"}}", PROA_CLASS_OVERLOADED, 0},
        {"{\"error\":{\"type\":\"server_error\"}}", PROA_CLASS_SERVER, 0},
        {"{\"error\":{\"message\":\"never seen\"}}", PROA_CLASS_SERVER, 0},
        {"{\"error\":\"text\"}", PROA_CLASS_SERVER, 0},
        {"{\"error\":{\"message\":\"maximum context length\"}}", PROA_CLASS_CLIENT, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure failure;
        proa_openai_classify_inband(proa_slice_cstr(row->object), &failure);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->object,
                        proa_class_text(failure.class));
        PROA_TEST_CHECK(failure.status == row->status, "%s", row->object);
    }
}

static void test_waits(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *retry_after;
        const char *message;
        uint64_t ms;
    } rows[] = {
        {429, "3", "m", 3000},
        {429, "3", "Please try again in 9s", 3000},
        {429, "", "Rate limit reached. Please try again in 5.289s", 5289},
        {429, "", "Please try again in 20ms. Visit x.", 20},
        {429, "", "Please TRY AGAIN IN 49m14.0s, thanks", 2954000},
        {429, "", "Please retry after 12 seconds.", 12000},
        {429, "", "retry after 2 minutes", 120000},
        {429, "", "retry after 99999999 minutes", 86400000},
        {429, "", "try again in ", 0},
        {429, "", "try again in a while", 0},
        {429, "", "try again in -5s", 0},
        {429, "", "try again later", 0},
        {400, "", "try again in 5s", 0},
        {503, "", "overloaded, try again in 1s", 1000},
        {500, "7", "m", 7000},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_http_header header = {PROA_HTTP_HEADER_RETRY_AFTER,
                                                PROA_SLICE_INIT("Retry-After"),
                                                proa_slice_cstr(row->retry_after)};
        char body[256];
        struct proa_failure failure;
        (void)snprintf(body, sizeof body, "{\"error\":{\"message\":\"%s\"}}", row->message);
        proa_openai_classify(row->status, &header, 1, proa_slice_cstr(body), 0, &failure);
        PROA_TEST_CHECK(failure.retry_after_ns == row->ms * PROA_NS_PER_MS, "%s: %llu ms",
                        row->message,
                        (unsigned long long)(failure.retry_after_ns / PROA_NS_PER_MS));
    }
}

/* OpenRouter: a 402 that says when to come back is not about money. */
static void test_402_with_a_wait(void **state)
{
    (void)state;
    const struct proa_http_header header = {PROA_HTTP_HEADER_RETRY_AFTER,
                                            PROA_SLICE_INIT("retry-after"), PROA_SLICE_INIT("2")};
    struct proa_failure failure;
    proa_openai_classify(402, &header, 1, PROA_SLICE_NONE, 0, &failure);
    assert_int_equal(failure.class, PROA_CLASS_RATE);
    assert_int_equal(failure.retry_after_ns, 2 * PROA_NS_PER_S);
}

/* Texts are searched to a limit, so that a long one costs no more. */
static void test_long_messages(void **state)
{
    (void)state;
    const size_t len = 256 * 1024;
    char *body = proa_alloc(len);
    struct proa_failure failure;
    memset(body, 'a', len);
    memcpy(body, "{\"error\":{\"message\":\"", 21);
    memcpy(body + len - 40, " maximum context length\"}}             ", 40 - 1);
    body[len - 1] = ' ';
    proa_openai_classify(400, NULL, 0, proa_slice_make(body, len), 0, &failure);
    assert_int_equal(failure.class, PROA_CLASS_CLIENT);
    assert_int_equal(failure.refusal, PROA_REFUSAL_NONE);
    proa_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_every_row_cut_at_each_byte),
        cmocka_unit_test(test_where_message_type_and_code_are),
        cmocka_unit_test(test_errors_in_a_success),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_402_with_a_wait),
        cmocka_unit_test(test_long_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
