/*
 * The allow-lists: named fields go, every credential, cookie, hop-by-hop field and unknown one
 * stays.
 */
#include "proa/api/headers.h"

#include "proa_test.h"

static struct proa_http_header header(const char *name)
{
    const struct proa_slice text = proa_slice_cstr(name);
    return (struct proa_http_header){(uint16_t)proa_http_header_lookup(text), text,
                                     PROA_SLICE_INIT("v")};
}

static void test_forward(void **state)
{
    (void)state;
    static const char *const allowed[] = {
        "anthropic-beta", "OpenAI-Organization", "openai-project", "openai-beta",
        "x-request-id",   "Idempotency-Key",     "User-Agent",     "http-referer",
        "X-Title",        "X-Client-Request-Id", "x-grok-conv-id",
    };
    static const char *const kept[] = {
        "authorization",
        "Proxy-Authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "cookie",
        "host",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "http2-settings",
        "proxy-connection",
        "forwarded",
        "x-forwarded-for",
        "X-Forwarded-Host",
        "x-real-ip",
        "via",
        "x-http-method-override",
        "x-original-url",
        "content-length",
        "content-type",
        "content-encoding",
        "accept",
        "accept-encoding",
        "origin",
        "referer",
        "traceparent",
        "tracestate",
        "baggage",
        "x-proa-timeout",
        "x-proa-tags",
        "x-proa-affinity",
        "x-stainless-lang",
        "x-stainless-retry-count",
        "sec-fetch-site",
        "x-unknown",
        "x-api-base",
        "x-amz-security-token",
        "x-request-idx",
        "x-client-request-i",
        "",
    };
    PROA_TEST_ROWS(name, allowed)
    {
        const struct proa_http_header h = header(*name);
        PROA_TEST_CHECK(proa_api_forward_header(&h), "%s", *name);
    }
    PROA_TEST_ROWS(name, kept)
    {
        const struct proa_http_header h = header(*name);
        PROA_TEST_CHECK(!proa_api_forward_header(&h), "%s", *name);
    }
}

static void test_return(void **state)
{
    (void)state;
    static const char *const allowed[] = {
        "openai-processing-ms",
        "openai-version",
        "openai-model",
        "request-id",
        "apim-request-id",
        "cf-ray",
        "retry-after",
        "Retry-After-Ms",
        "x-ms-retry-after-ms",
        "x-ms-region",
        "x-ratelimit-limit-requests",
        "X-RateLimit-Remaining-Tokens",
        "x-ratelimit-reset",
        "x-ratelimit-limit-req-minute",
        "x-ratelimit-tokens-query-cost",
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-unified-status",
        "anthropic-priority-input-tokens-limit",
        "ratelimitbysize-limit",
    };
    static const char *const kept[] = {
        "set-cookie",
        "alt-svc",
        "strict-transport-security",
        "access-control-allow-origin",
        "clear-site-data",
        "server",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "trailer",
        "upgrade",
        "content-length",
        "content-encoding",
        "content-type",
        "date",
        "via",
        "age",
        "location",
        "proxy-authenticate",
        "x-request-id",
        "x-should-retry",
        "openai-organization",
        "openai-project",
        "authorization",
        "x-api-key",
        "x-proa-model",
        "x-proa-cost-usd",
        "x-powered-by",
        "x-ratelimit-",
        "x-ratelimi",
        "x-unknown",
        "report-to",
        "",
    };
    PROA_TEST_ROWS(name, allowed)
    {
        const struct proa_http_header h = header(*name);
        PROA_TEST_CHECK(proa_api_return_header(&h), "%s", *name);
    }
    PROA_TEST_ROWS(name, kept)
    {
        const struct proa_http_header h = header(*name);
        PROA_TEST_CHECK(!proa_api_return_header(&h), "%s", *name);
    }
}

static void test_ids_outside_the_table(void **state)
{
    (void)state;
    const struct proa_http_header h = {PROA_HTTP_HEADER_COUNT, PROA_SLICE_INIT("user-agent"),
                                       PROA_SLICE_INIT("x")};
    assert_false(proa_api_forward_header(&h));
    assert_false(proa_api_return_header(&h));
}

static void some_mean_something_to_one_dialect_alone(void **state)
{
    (void)state;
    static const struct {
        enum proa_http_header_id id;
        const char *dialect;
    } rows[] = {
        {PROA_HTTP_HEADER_ANTHROPIC_BETA, "anthropic"},
        {PROA_HTTP_HEADER_ANTHROPIC_VERSION, "anthropic"},
        {PROA_HTTP_HEADER_OPENAI_BETA, "openai"},
        {PROA_HTTP_HEADER_OPENAI_ORGANIZATION, "openai"},
        {PROA_HTTP_HEADER_OPENAI_PROJECT, "openai"},
    };
    size_t n = 0;
    for (int id = 0; id <= PROA_HTTP_HEADER_COUNT; id++) {
        const struct proa_http_header h = {.id = (uint16_t)id};
        const bool one = proa_api_header_dialect(&h) != NULL;
        n += one;
        assert_true(!one || proa_api_forward_header(&h)); /* it would never go on else */
    }
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_http_header h = {.id = (uint16_t)row->id};
        assert_string_equal(proa_api_header_dialect(&h), row->dialect);
    }
    assert_int_equal(n, PROA_ARRAY_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_mean_something_to_one_dialect_alone),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_return),
        cmocka_unit_test(test_ids_outside_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
