/* What class Google's errors are of: as its documentation, its SDKs or people who met them give
 * them. */
#include "errors.h"
#include "gemini_fixture.h"

#define GOOGLE(code, status, message)                                                              \
    "{\"error\":{\"code\":" #code ",\"message\":\"" message "\",\"status\":\"" status "\"}}"
#define DETAILED(code, status, message, details)                                                   \
    "{\"error\":{\"code\":" #code ",\"message\":\"" message "\",\"status\":\"" status              \
    "\",\"details\":[" details "]}}"
#define REASON(word)                                                                               \
    "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"" word                   \
    "\",\"domain\":\"googleapis.com\"}"
#define SPENT(quota)                                                                               \
    DETAILED(429, "RESOURCE_EXHAUSTED",                                                            \
             "You exceeded your current quota, please check your plan and billing details.",       \
             "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{"        \
             "\"quotaId\":\"" quota "\"}]},"                                                       \
             "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"34.4s\"}")

static const struct class_case CASES[] = {
    C(400, AUTH,
      DETAILED(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
               REASON("API_KEY_INVALID"))),
    C(400, AUTH, DETAILED(400, "INVALID_ARGUMENT", "m", REASON("API_KEY_INVALID"))),
    C(400, AUTH,
      GOOGLE(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")),
    C(400, AUTH, GOOGLE(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.")),
    REFUSED(400, CONTEXT,
            GOOGLE(400, "INVALID_ARGUMENT",
                   "The input token count (1048577) exceeds the maximum number of tokens allowed "
                   "(1048576).")),
    REFUSED(400, CONTEXT,
            GOOGLE(400, "INVALID_ARGUMENT",
                   "Unable to submit request because the input token count is 40000 but model only "
                   "supports up to 32768.")),
    REFUSED(400, CONTENT,
            GOOGLE(400, "INVALID_ARGUMENT",
                   "The prompt could not be submitted. This prompt contains sensitive words that "
                   "violate Google's Responsible AI practices.")),
    REFUSED(400, NONE, GOOGLE(400, "INVALID_ARGUMENT", "Invalid value at 'contents[0].role'")),
    C(400, UNFIT,
      GOOGLE(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes.")),
    C(400, AUTH,
      GOOGLE(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")),
    C(400, QUOTA,
      GOOGLE(400, "FAILED_PRECONDITION", "Please enable billing on project 1 to use the API.")),
    C(401, AUTH, GOOGLE(401, "UNAUTHENTICATED", "Request had invalid authentication credentials")),
    C(403, AUTH, GOOGLE(403, "PERMISSION_DENIED", "Your API key was reported as leaked.")),
    C(403, AUTH,
      DETAILED(403, "PERMISSION_DENIED", "Vertex AI API has not been used in project 1",
               REASON("SERVICE_DISABLED"))),
    C(403, QUOTA,
      DETAILED(403, "PERMISSION_DENIED", "This API method requires billing to be enabled.",
               REASON("BILLING_DISABLED"))),
    C(403, PERMISSION,
      DETAILED(403, "PERMISSION_DENIED",
               "Permission 'aiplatform.endpoints.predict' denied on resource "
               "(or it may not exist).",
               REASON("IAM_PERMISSION_DENIED"))),
    C(402, QUOTA, GOOGLE(402, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.")),
    C(429, QUOTA, GOOGLE(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.")),
    C(404, NOT_FOUND,
      GOOGLE(404, "NOT_FOUND",
             "models/x is not found for API version v1beta, or is not supported")),
    PATH("<html>404</html>"),
    PATH(""),
    /* The text is that of an empty account; it is a minute, or a day. */
    T(429, RATE, SPENT("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), NULL, 34400, 0),
    /* From noon UTC to midnight in California: 20 hours. */
    T(429, QUOTA, SPENT("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), NULL, 20 * 3600000,
      20 * 3600000),
    T(429, RATE, "[" SPENT("GenerateContentInputTokensPerModelPerMinute") "]", NULL, 34400, 0),
    T(429, RATE,
      GOOGLE(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
      "retry-after: 3\n", 3000, 0),
    T(429, OVERLOADED,
      GOOGLE(429, "RESOURCE_EXHAUSTED", "Resource exhausted, please try again later."), NULL, 1000,
      0),
    T(429, OVERLOADED,
      GOOGLE(429, "RESOURCE_EXHAUSTED",
             "Resource exhausted. Please try again later. Please refer to the documentation"),
      "retry-after: 9\n", 9000, 0),
    T(429, OVERLOADED, GOOGLE(429, "RESOURCE_EXHAUSTED", "Exceeded the Provisioned Throughput."),
      NULL, 1000, 0),
    C(429, RATE, ""),
    C(499, SERVER, GOOGLE(499, "CANCELLED", "m")),
    C(500, SERVER, GOOGLE(500, "INTERNAL", "An internal error has occurred.")),
    C(500, RATE, GOOGLE(429, "RESOURCE_EXHAUSTED", "m")),
    C(503, RATE, GOOGLE(429, "X", "m")),
    C(503, OVERLOADED, GOOGLE(503, "UNAVAILABLE", "The model is overloaded.")),
    C(504, SERVER, GOOGLE(504, "DEADLINE_EXCEEDED", "m")),
    C(502, SERVER, "<html>"),
};

static void check(const struct class_case *c, const struct proa_failure *f)
{
    PROA_TEST_CHECK(f->class == c->class && f->refusal == c->refusal &&
                        f->retry_after_ns == c->wait_ms * PROA_NS_PER_MS &&
                        f->quota_reset_ns == c->reset_ms * PROA_NS_PER_MS &&
                        f->wrong_path == c->wrong_path,
                    "%u %s: %s, refusal %d, wait %llu ms, reset %llu ms", c->status, c->body,
                    proa_class_text(f->class), (int)f->refusal,
                    (unsigned long long)(f->retry_after_ns / PROA_NS_PER_MS),
                    (unsigned long long)(f->quota_reset_ns / PROA_NS_PER_MS));
}

static void test_classes(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CASES)
    {
        struct proa_slice value = PROA_SLICE_NONE;
        const struct proa_slice line = proa_slice_cstr(row->headers);
        const struct proa_slice name = proa_slice_split(line, ':', &value);
        value = proa_slice_trim(proa_slice_head(value, proa_slice_find(value, '\n')));
        const struct proa_http_header header = {PROA_HTTP_HEADER_RETRY_AFTER, name, value};
        const struct proa_answer_head head = {.status = row->status,
                                              .headers = &header,
                                              .n_headers = row->headers ? 1 : 0,
                                              .unix_ms = NOW_MS};
        struct proa_failure failure;
        proa_gemini_classify(&head, proa_slice_cstr(row->body), &failure);
        check(row, &failure);
    }
}

static void test_classes_in_a_stream(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        enum proa_class class;
        uint16_t status;
    } rows[] = {
        {GOOGLE(503, "UNAVAILABLE", "m"), PROA_CLASS_OVERLOADED, 503},
        {GOOGLE(429, "RESOURCE_EXHAUSTED", "m"), PROA_CLASS_RATE, 429},
        {GOOGLE(500, "INTERNAL", "m"), PROA_CLASS_SERVER, 500},
        {GOOGLE(400, "INVALID_ARGUMENT", "m"), PROA_CLASS_CLIENT, 400},
        {"{\"error\":{\"status\":\"UNAVAILABLE\"}}", PROA_CLASS_OVERLOADED, 0},
        {"{\"error\":{\"status\":\"RESOURCE_EXHAUSTED\"}}", PROA_CLASS_RATE, 0},
        {"{\"error\":{\"status\":\"UNAUTHENTICATED\"}}", PROA_CLASS_AUTH, 0},
        {"{\"error\":{\"status\":\"PERMISSION_DENIED\"}}", PROA_CLASS_AUTH, 0},
        {"{\"error\":{\"status\":\"NOT_FOUND\"}}", PROA_CLASS_NOT_FOUND, 0},
        {"{\"error\":{\"status\":\"INVALID_ARGUMENT\"}}", PROA_CLASS_CLIENT, 0},
        {"{\"error\":{\"status\":\"INTERNAL\"}}", PROA_CLASS_SERVER, 0},
        {"{\"error\":\"m\"}", PROA_CLASS_SERVER, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_answer_head head = {.status = 200, .unix_ms = NOW_MS};
        struct proa_failure failure;
        proa_gemini_classify_inband(&head, proa_slice_cstr(row->object), &failure);
        assert_int_equal(failure.class, row->class);
        assert_int_equal(failure.status, row->status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_classes_in_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
