/*
 * Where bodies of errors keep what they say, and how long they ask to wait.
 */
#include "openai_priv.h"

#include "proa_test.h"

#define ERR(message, type, code)                                                                   \
    "{\"error\":{\"message\":\"" message "\",\"type\":" type ",\"param\":null,\"code\":" code "}}"
#define INVALID "\"invalid_request_error\""

static void classify(uint16_t status, struct proa_slice body, struct proa_failure *out)
{
    const struct proa_answer_head head = {.status = status};
    proa_openai_classify(&head, body, out);
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
        classify(400, proa_slice_cstr(row->body), &failure);
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
        {"{\"error\":{\"message\":\"Rate limit exceeded\"}}", PROA_CLASS_RATE, 0},
        {"{\"error\":\"Too Many Requests\"}", PROA_CLASS_RATE, 0},
        {"{\"error\":{\"code\":404,\"message\":\"Not Found\"}}", PROA_CLASS_NOT_FOUND, 404},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure failure;
        const struct proa_answer_head head = {.status = 200};
        proa_openai_classify_inband(&head, proa_slice_cstr(row->object), &failure);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->object,
                        proa_class_text(failure.class));
        PROA_TEST_CHECK(failure.status == row->status, "%s", row->object);
    }
}

/* T-C: what header and body ask for; the later of them counts. */
static void test_c_waits(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *retry_after;
        const char *message;
        uint64_t ms;
    } rows[] = {
        {429, "3", "m", 3000},
        {429, "3", "Please try again in 9s", 9000},
        {429, "9", "Please try again in 3s", 9000},
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
        const struct proa_answer_head head = {
            .status = row->status, .headers = &header, .n_headers = 1};
        proa_openai_classify(&head, proa_slice_cstr(body), &failure);
        PROA_TEST_CHECK(failure.retry_after_ns == row->ms * PROA_NS_PER_MS, "%s: %llu ms",
                        row->message,
                        (unsigned long long)(failure.retry_after_ns / PROA_NS_PER_MS));
    }
}

/* The head of an answer with status 200 counts for the error inside it. */
static void test_headers_of_an_error_in_a_success(void **state)
{
    (void)state;
    const struct proa_http_header header = {PROA_HTTP_HEADER_RETRY_AFTER,
                                            PROA_SLICE_INIT("retry-after"), PROA_SLICE_INIT("9")};
    const struct proa_answer_head head = {.status = 200, .headers = &header, .n_headers = 1};
    struct proa_failure failure;
    proa_openai_classify_inband(&head, PROA_SLICE("{\"error\":{\"code\":429}}"), &failure);
    assert_int_equal(failure.class, PROA_CLASS_RATE);
    assert_int_equal(failure.status, 429);
    assert_int_equal(failure.retry_after_ns, 9 * PROA_NS_PER_S);
}

/* What is told besides the message, wherever it stands. */
static void test_where_details_are(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"error\":{\"code\":429,\"details\":[{\"retryDelay\":\"3s\"}]}}",
        "[{\"error\":{\"code\":429,\"details\":[{},{\"retryDelay\":\"3s\"}]}}]",
        "{\"code\":429,\"details\":[{\"retryDelay\":\"3s\"}]}",
        "{\"error\":{\"metadata\":{\"headers\":{\"X-RateLimit-Reset\":\"3\"}},\"code\":429}}",
    };
    PROA_TEST_ROWS(body, bodies)
    {
        struct proa_failure failure;
        classify(429, proa_slice_cstr(*body), &failure);
        PROA_TEST_CHECK(failure.retry_after_ns == 3 * PROA_NS_PER_S, "%s", *body);
        /* What another class calls a wait is none. */
        classify(400, proa_slice_cstr(*body), &failure);
        PROA_TEST_CHECK(failure.retry_after_ns == 0, "%s", *body);
    }
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
    classify(400, proa_slice_make(body, len), &failure);
    assert_int_equal(failure.class, PROA_CLASS_CLIENT);
    assert_int_equal(failure.refusal, PROA_REFUSAL_NONE);
    proa_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_message_type_and_code_are),
        cmocka_unit_test(test_errors_in_a_success),
        cmocka_unit_test(test_c_waits),
        cmocka_unit_test(test_headers_of_an_error_in_a_success),
        cmocka_unit_test(test_where_details_are),
        cmocka_unit_test(test_long_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
