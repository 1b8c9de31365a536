/*
 * Headers that tell what is left of the limits, as each provider has them.
 */
#include "mock_priv.h"

#include "proa/core/clock.h"

static void put_count(struct proa_buf *out, const char *name, uint64_t value)
{
    (void)proa_buf_append_cstr(out, name);
    PROA_BUF_LIT(out, ": ");
    (void)proa_buf_append_u64(out, value);
    PROA_BUF_LIT(out, "\r\n");
}

static void put_duration(struct proa_buf *out, const char *name, uint64_t ns)
{
    (void)proa_buf_append_cstr(out, name);
    PROA_BUF_LIT(out, ": ");
    proa_mock_quota_append_duration(out, ns);
    PROA_BUF_LIT(out, "\r\n");
}

/* "2025-08-21T12:41:00Z": whole seconds, rounded up. */
static void put_time(struct proa_buf *out, const char *name, uint64_t unix_ms)
{
    char text[24];
    proa_civil_rfc3339(unix_ms + 999, text);
    (void)proa_buf_append_cstr(out, name);
    PROA_BUF_LIT(out, ": ");
    (void)proa_buf_append(out, proa_slice_make(text, 19));
    PROA_BUF_LIT(out, "Z\r\n");
}

static uint64_t seconds(uint64_t ns)
{
    return (ns + PROA_NS_PER_S - 1) / PROA_NS_PER_S;
}

static void put_openai(struct proa_buf *out, const struct mock_standing *at, bool in_seconds)
{
    put_count(out, "x-ratelimit-limit-requests", at->limit_requests);
    put_count(out, "x-ratelimit-limit-tokens", at->limit_tokens);
    put_count(out, "x-ratelimit-remaining-requests", at->left_requests);
    put_count(out, "x-ratelimit-remaining-tokens", at->left_tokens);
    if (in_seconds) {
        put_count(out, "x-ratelimit-reset-requests", seconds(at->reset_requests_ns));
        put_count(out, "x-ratelimit-reset-tokens", seconds(at->reset_tokens_ns));
    } else {
        put_duration(out, "x-ratelimit-reset-requests", at->reset_requests_ns);
        put_duration(out, "x-ratelimit-reset-tokens", at->reset_tokens_ns);
    }
}

static void put_anthropic(struct proa_buf *out, const struct mock_standing *at, uint64_t now_ms)
{
    static const struct {
        const char *limit;
        const char *left;
        const char *reset;
    } tokens[] = {
#define TOKENS(kind)                                                                               \
    {"anthropic-ratelimit-" kind "tokens-limit", "anthropic-ratelimit-" kind "tokens-remaining",   \
     "anthropic-ratelimit-" kind "tokens-reset"}
        TOKENS(""), TOKENS("input-"), TOKENS("output-")};
#undef TOKENS
    put_count(out, "anthropic-ratelimit-requests-limit", at->limit_requests);
    put_count(out, "anthropic-ratelimit-requests-remaining", at->left_requests);
    put_time(out, "anthropic-ratelimit-requests-reset",
             now_ms + at->reset_requests_ns / PROA_NS_PER_MS);
    for (size_t i = 0; i < PROA_ARRAY_LEN(tokens); i++) {
        put_count(out, tokens[i].limit, at->limit_tokens);
        put_count(out, tokens[i].left, at->left_tokens);
        put_time(out, tokens[i].reset, now_ms + at->reset_tokens_ns / PROA_NS_PER_MS);
    }
}

/* Requests by the day, tokens by the minute: the names do not say so. */
static void put_groq(struct proa_buf *out, const struct mock_standing *at)
{
    put_count(out, "x-ratelimit-limit-requests", at->limit_requests * 1440);
    put_count(out, "x-ratelimit-limit-tokens", at->limit_tokens);
    put_count(out, "x-ratelimit-remaining-requests",
              at->limit_requests * 1440 - (at->limit_requests - at->left_requests));
    put_count(out, "x-ratelimit-remaining-tokens", at->left_tokens);
    put_duration(out, "x-ratelimit-reset-requests", at->reset_requests_ns);
    put_duration(out, "x-ratelimit-reset-tokens", at->reset_tokens_ns);
}

static void put_mistral(struct proa_buf *out, const struct mock_standing *at, uint64_t cost)
{
    put_count(out, "x-ratelimit-limit-req-minute", at->limit_requests);
    put_count(out, "x-ratelimit-remaining-req-minute", at->left_requests);
    put_count(out, "x-ratelimit-limit-tokens-minute", at->limit_tokens);
    put_count(out, "x-ratelimit-remaining-tokens-minute", at->left_tokens);
    put_count(out, "x-ratelimit-limit-tokens-month", 4000000);
    put_count(out, "x-ratelimit-remaining-tokens-month", 3900000);
    put_count(out, "x-ratelimit-tokens-query-cost", cost);
}

void proa_mock_rates_put(struct proa_buf *out, enum mock_rates rates,
                         const struct mock_standing *at, uint64_t cost, uint64_t now_ms)
{
    switch (rates) {
    case MOCK_RATES_OPENAI:
    case MOCK_RATES_AZURE:
        put_openai(out, at, rates == MOCK_RATES_AZURE);
        break;
    case MOCK_RATES_ANTHROPIC:
        put_anthropic(out, at, now_ms);
        break;
    case MOCK_RATES_GROQ:
        put_groq(out, at);
        break;
    case MOCK_RATES_MISTRAL:
        put_mistral(out, at, cost);
        break;
    case MOCK_RATES_COHERE:
        if (!at->refused) {
            put_count(out, "x-trial-endpoint-call-limit", at->limit_requests);
            put_count(out, "x-trial-endpoint-call-remaining", at->left_requests);
            put_count(out, "x-endpoint-monthly-call-limit", 1000);
        }
        break;
    case MOCK_RATES_FIREWORKS:
        put_count(out, "x-ratelimit-limit-tokens-prompt", at->limit_tokens);
        put_count(out, "x-ratelimit-remaining-tokens-prompt", at->left_tokens);
        put_count(out, "x-ratelimit-limit-tokens-generated", at->limit_tokens);
        put_count(out, "x-ratelimit-remaining-tokens-generated", at->left_tokens);
        break;
    case MOCK_RATES_TOGETHER:
        put_count(out, "x-ratelimit-limit", at->limit_requests);
        put_count(out, "x-ratelimit-remaining", at->left_requests);
        put_count(out, "x-ratelimit-reset", seconds(at->reset_requests_ns));
        break;
    case MOCK_RATES_NONE:
        break;
    }
}
