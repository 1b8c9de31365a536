/* Each row of Anthropic's published errors, and Google's around it, by status and body. */
#include "anthropic_priv.h"

#include "proa/provider/vendor.h"

#include "errors.h"
#include "proa_test.h"

#undef ERR
#define ERR(type, message)                                                                         \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message                  \
    "\"},\"request_id\":\"req_1\"}"
#define CODED(type, code)                                                                          \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type                                              \
    "\",\"message\":\"m\",\"details\":{\"error_code\":\"" code "\"}},\"request_id\":\"req_1\"}"
#define GOOGLE(code, status, message)                                                              \
    "{\"error\":{\"code\":" code ",\"message\":\"" message "\",\"status\":\"" status "\"}}"

static const struct class_case MESSAGES[] = {
    REFUSED(400, NONE, ERR("invalid_request_error", "max_tokens: Field required")),
    REFUSED(400, CONTEXT,
            ERR("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    REFUSED(400, CONTEXT,
            ERR("invalid_request_error",
                "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000")),
    C(400, QUOTA,
      ERR("invalid_request_error", "Your credit balance is too low to access the Anthropic API.")),
    C(400, QUOTA,
      ERR("invalid_request_error", "You have reached your specified API usage limits. You will "
                                   "regain access on 2026-12-01")),
    C(400, QUOTA, CODED("invalid_request_error", "organization_on_hold")),
    REFUSED(400, CONTENT,
            ERR("invalid_request_error", "Output blocked by content filtering policy")),
    C(401, AUTH, ERR("authentication_error", "invalid x-api-key")),
    C(402, QUOTA, ERR("billing_error", "m")),
    C(402, QUOTA, CODED("billing_error", "linked_organization_spend_limit_reached")),
    C(402, QUOTA, CODED("billing_error", "billing_unavailable")),
    C(403, AUTH, ERR("permission_error", "Your API key does not have permission")),
    C(404, NOT_FOUND, ERR("not_found_error", "model: claude-9")),
    PATH(ERR("not_found_error", "Not Found")),
    PATH("<html>"),
    C(408, CONFLICT, ERR("timeout_error", "m")),
    C(409, CONFLICT, ERR("conflict_error", "m")),
    REFUSED(412, NONE, ERR("invalid_request_error", "m")),
    REFUSED(413, NONE, ERR("request_too_large", "m")),
    REFUSED(422, NONE, ERR("invalid_request_error", "m")),
    REFUSED(431, NONE, ""),
    REFUSED(499, NONE, ""),
    T(429, RATE, ERR("rate_limit_error", "m"), "retry-after: 13\n", 13000, 0),
    C(429, RATE, CODED("rate_limit_error", "ramp_limit_exceeded")),
    C(429, QUOTA, CODED("rate_limit_error", "enforced_spend_limit_reached")),
    C(429, QUOTA, CODED("rate_limit_error", "contract_spend_limit_reached")),
    T(429, QUOTA, ERR("rate_limit_error", "This request would exceed your daily rate limit"),
      "retry-after: 3600\n", 3600000, 3600000),
    C(500, SERVER, ERR("api_error", "Internal server error")),
    C(500, OVERLOADED, ERR("api_error", "Overloaded")),
    C(502, SERVER, "<html>"),
    C(503, OVERLOADED, CODED("api_error", "cmek_key_unavailable")),
    C(504, SERVER, ERR("timeout_error", "m")),
    C(529, OVERLOADED, ERR("overloaded_error", "Overloaded")),
    /* A number in a text is no status. */
    REFUSED(400, NONE, ERR("invalid_request_error", "tool said 429 overloaded")),
};

static const struct class_case VERTEX[] = {
    C(429, OVERLOADED,
      GOOGLE("429", "RESOURCE_EXHAUSTED", "Resource exhausted, please try again later.")),
    C(429, OVERLOADED, GOOGLE("429", "RESOURCE_EXHAUSTED", "Exceeded the Provisioned Throughput.")),
    C(429, RATE,
      GOOGLE("429", "RESOURCE_EXHAUSTED",
             "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests")),
    C(500, RATE, GOOGLE("429", "RESOURCE_EXHAUSTED", "m")),
    C(401, AUTH, GOOGLE("401", "UNAUTHENTICATED", "m")),
    C(403, AUTH, GOOGLE("403", "PERMISSION_DENIED", "m")),
    C(404, NOT_FOUND, GOOGLE("404", "NOT_FOUND", "Publisher Model `x` was not found")),
    REFUSED(400, NONE, GOOGLE("400", "INVALID_ARGUMENT", "m")),
    C(503, OVERLOADED, GOOGLE("503", "UNAVAILABLE", "m")),
    C(504, SERVER, GOOGLE("504", "DEADLINE_EXCEEDED", "m")),
    C(529, OVERLOADED, ERR("overloaded_error", "Overloaded")),
    REFUSED(400, CONTEXT, ERR("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum")),
    C(429, RATE, "[" GOOGLE("429", "RESOURCE_EXHAUSTED", "m") "]"),
};

static void test_the_published_errors(void **state)
{
    (void)state;
    const struct proa_dialect *dialect = proa_dialect_find(PROA_SLICE("anthropic"));
    PROA_TEST_ROWS(row, MESSAGES)
    {
        class_case_check(dialect, "anthropic", row);
    }
    PROA_TEST_ROWS(row, VERTEX)
    {
        class_case_check(dialect, "vertex", row);
    }
}

static void test_errors_in_a_stream(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        enum proa_class class;
        enum proa_refusal refusal;
    } rows[] = {
        {ERR("overloaded_error", "Overloaded"), PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {ERR("api_error", "Internal server error"), PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {ERR("api_error", "Overloaded"), PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {ERR("rate_limit_error", "m"), PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {CODED("rate_limit_error", "enforced_spend_limit_reached"), PROA_CLASS_QUOTA,
         PROA_REFUSAL_NONE},
        {ERR("authentication_error", "m"), PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {ERR("permission_error", "m"), PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {ERR("not_found_error", "m"), PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE},
        {ERR("conflict_error", "m"), PROA_CLASS_CONFLICT, PROA_REFUSAL_NONE},
        {ERR("billing_error", "m"), PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {ERR("timeout_error", "m"), PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {ERR("request_too_large", "m"), PROA_CLASS_CLIENT, PROA_REFUSAL_NONE},
        {ERR("invalid_request_error", "m"), PROA_CLASS_CLIENT, PROA_REFUSAL_NONE},
        {ERR("invalid_request_error", "prompt is too long: 3 tokens"), PROA_CLASS_CLIENT,
         PROA_REFUSAL_CONTEXT},
        {ERR("never_seen", "m"), PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {"{\"type\":\"error\"}", PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_answer_head head = {.status = 200};
        struct proa_failure failure;
        proa_anthropic_classify_inband(&head, proa_slice_cstr(row->object), &failure);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->object,
                        proa_class_text(failure.class));
        PROA_TEST_CHECK(failure.refusal == row->refusal, "%s", row->object);
    }
}

/* What Google's rules say must not be heard of Anthropic itself. */
static void test_vertex_rules_are_its_own(void **state)
{
    (void)state;
    const struct proa_answer_head head = {.status = 429,
                                          .vendor = proa_vendor_find(PROA_SLICE("anthropic"))};
    struct proa_failure failure;
    proa_anthropic_classify(&head, PROA_SLICE(ERR("rate_limit_error", "Resource exhausted")),
                            &failure);
    assert_int_equal(failure.class, PROA_CLASS_RATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_errors),
        cmocka_unit_test(test_errors_in_a_stream),
        cmocka_unit_test(test_vertex_rules_are_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
