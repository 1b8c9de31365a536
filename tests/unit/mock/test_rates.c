/*
 * What is left of the limits, as each provider's headers tell it.
 */
#include "mock_priv.h"

#include "proa_test.h"

static const struct mock_standing AT = {
    .limit_requests = 500,
    .left_requests = 499,
    .reset_requests_ns = 120 * PROA_NS_PER_MS,
    .limit_tokens = 30000,
    .left_tokens = 29000,
    .reset_tokens_ns = 2500 * PROA_NS_PER_MS,
};
/* 2025-08-21T12:40:57.500Z */
static const uint64_t NOW_MS = UINT64_C(1755780057500);

static const struct {
    enum mock_rates rates;
    const char *lines;
} ROWS[] = {
    {MOCK_RATES_NONE, ""},
    {MOCK_RATES_OPENAI, "x-ratelimit-limit-requests: 500\r\nx-ratelimit-limit-tokens: 30000\r\n"
                        "x-ratelimit-remaining-requests: 499\r\n"
                        "x-ratelimit-remaining-tokens: 29000\r\n"
                        "x-ratelimit-reset-requests: 120ms\r\nx-ratelimit-reset-tokens: 2.5s\r\n"},
    {MOCK_RATES_AZURE, "x-ratelimit-limit-requests: 500\r\nx-ratelimit-limit-tokens: 30000\r\n"
                       "x-ratelimit-remaining-requests: 499\r\n"
                       "x-ratelimit-remaining-tokens: 29000\r\n"
                       "x-ratelimit-reset-requests: 1\r\nx-ratelimit-reset-tokens: 3\r\n"},
    {MOCK_RATES_ANTHROPIC,
     "anthropic-ratelimit-requests-limit: 500\r\n"
     "anthropic-ratelimit-requests-remaining: 499\r\n"
     "anthropic-ratelimit-requests-reset: 2025-08-21T12:40:58Z\r\n"
     "anthropic-ratelimit-tokens-limit: 30000\r\nanthropic-ratelimit-tokens-remaining: 29000\r\n"
     "anthropic-ratelimit-tokens-reset: 2025-08-21T12:41:00Z\r\n"
     "anthropic-ratelimit-input-tokens-limit: 30000\r\n"
     "anthropic-ratelimit-input-tokens-remaining: 29000\r\n"
     "anthropic-ratelimit-input-tokens-reset: 2025-08-21T12:41:00Z\r\n"
     "anthropic-ratelimit-output-tokens-limit: 30000\r\n"
     "anthropic-ratelimit-output-tokens-remaining: 29000\r\n"
     "anthropic-ratelimit-output-tokens-reset: 2025-08-21T12:41:00Z\r\n"},
    {MOCK_RATES_GROQ, "x-ratelimit-limit-requests: 720000\r\nx-ratelimit-limit-tokens: 30000\r\n"
                      "x-ratelimit-remaining-requests: 719999\r\n"
                      "x-ratelimit-remaining-tokens: 29000\r\n"
                      "x-ratelimit-reset-requests: 120ms\r\nx-ratelimit-reset-tokens: 2.5s\r\n"},
    {MOCK_RATES_MISTRAL,
     "x-ratelimit-limit-req-minute: 500\r\nx-ratelimit-remaining-req-minute: 499\r\n"
     "x-ratelimit-limit-tokens-minute: 30000\r\nx-ratelimit-remaining-tokens-minute: 29000\r\n"
     "x-ratelimit-limit-tokens-month: 4000000\r\nx-ratelimit-remaining-tokens-month: 3900000\r\n"
     "x-ratelimit-tokens-query-cost: 42\r\n"},
    {MOCK_RATES_COHERE,
     "x-trial-endpoint-call-limit: 500\r\nx-trial-endpoint-call-remaining: 499\r\n"
     "x-endpoint-monthly-call-limit: 1000\r\n"},
    {MOCK_RATES_FIREWORKS, "x-ratelimit-limit-tokens-prompt: 30000\r\n"
                           "x-ratelimit-remaining-tokens-prompt: 29000\r\n"
                           "x-ratelimit-limit-tokens-generated: 30000\r\n"
                           "x-ratelimit-remaining-tokens-generated: 29000\r\n"},
    {MOCK_RATES_TOGETHER,
     "x-ratelimit-limit: 500\r\nx-ratelimit-remaining: 499\r\nx-ratelimit-reset: 1\r\n"},
};

static void test_headers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        proa_mock_rates_put(&out, row->rates, &AT, 42, NOW_MS);
        assert_slice_str(proa_buf_slice(&out), row->lines);
        proa_buf_deinit(&out);
    }
}

/* Cohere says nothing of the limit in the very answer that refuses. */
static void test_refused(void **state)
{
    (void)state;
    struct mock_standing at = AT;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    at.refused = true;
    proa_mock_rates_put(&out, MOCK_RATES_COHERE, &at, 42, NOW_MS);
    assert_int_equal(out.len, 0);
    proa_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
