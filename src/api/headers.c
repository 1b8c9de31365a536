#include "proa/api/headers.h"

#include "proa/core/check.h"

/*
 * Client to provider. Versions, beta flags and accounting fields that change what the answer is or
 * whom it is booked to, ids for support, and what some providers want for attribution. Not here, on
 * purpose: every credential, cookies, addresses (Forwarded, X-Real-IP), trace context, telemetry of
 * SDKs (x-stainless-*), and whatever the encoder writes itself.
 */
static const bool FORWARD[PROA_HTTP_HEADER_COUNT] = {
    [PROA_HTTP_HEADER_ANTHROPIC_BETA] = true,      [PROA_HTTP_HEADER_ANTHROPIC_VERSION] = true,
    [PROA_HTTP_HEADER_HTTP_REFERER] = true,        [PROA_HTTP_HEADER_IDEMPOTENCY_KEY] = true,
    [PROA_HTTP_HEADER_OPENAI_BETA] = true,         [PROA_HTTP_HEADER_OPENAI_ORGANIZATION] = true,
    [PROA_HTTP_HEADER_OPENAI_PROJECT] = true,      [PROA_HTTP_HEADER_USER_AGENT] = true,
    [PROA_HTTP_HEADER_X_CLIENT_REQUEST_ID] = true, [PROA_HTTP_HEADER_X_GROK_CONV_ID] = true,
    [PROA_HTTP_HEADER_X_REQUEST_ID] = true,        [PROA_HTTP_HEADER_X_TITLE] = true,
};

/* What names one dialect's features, versions and accounts. */
static const char *const DIALECTS[PROA_HTTP_HEADER_COUNT] = {
    [PROA_HTTP_HEADER_ANTHROPIC_BETA] = "anthropic",
    [PROA_HTTP_HEADER_ANTHROPIC_VERSION] = "anthropic",
    [PROA_HTTP_HEADER_OPENAI_BETA] = "openai",
    [PROA_HTTP_HEADER_OPENAI_ORGANIZATION] = "openai",
    [PROA_HTTP_HEADER_OPENAI_PROJECT] = "openai",
};

/*
 * Provider to client: limits, waits, timings and ids for support. Not here, on purpose: framing and
 * hop-by-hop fields, Set-Cookie, Alt-Svc, Strict-Transport-Security, Access-Control-*, Server,
 * Location, x-request-id and x-should-retry (the gateway's own answer to the client), and the names
 * of the provider account behind the key (openai-organization, openai-project).
 */
static const bool RETURN[PROA_HTTP_HEADER_COUNT] = {
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_INPUT_TOKENS_LIMIT] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_INPUT_TOKENS_REMAINING] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_INPUT_TOKENS_RESET] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_LIMIT] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_REMAINING] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_RESET] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_REQUESTS_LIMIT] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_REQUESTS_REMAINING] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_REQUESTS_RESET] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_TOKENS_LIMIT] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_TOKENS_REMAINING] = true,
    [PROA_HTTP_HEADER_ANTHROPIC_RATELIMIT_TOKENS_RESET] = true,
    [PROA_HTTP_HEADER_APIM_REQUEST_ID] = true,
    [PROA_HTTP_HEADER_CF_RAY] = true,
    [PROA_HTTP_HEADER_OPENAI_MODEL] = true,
    [PROA_HTTP_HEADER_OPENAI_PROCESSING_MS] = true,
    [PROA_HTTP_HEADER_OPENAI_VERSION] = true,
    [PROA_HTTP_HEADER_REQUEST_ID] = true,
    [PROA_HTTP_HEADER_RETRY_AFTER] = true,
    [PROA_HTTP_HEADER_RETRY_AFTER_MS] = true,
    [PROA_HTTP_HEADER_X_AMZN_REQUESTID] = true,
    [PROA_HTTP_HEADER_X_MS_REGION] = true,
    [PROA_HTTP_HEADER_X_MS_RETRY_AFTER_MS] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_LIMIT] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_LIMIT_REQUESTS] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_LIMIT_TOKENS] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_REMAINING] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_REMAINING_REQUESTS] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_REMAINING_TOKENS] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_RESET] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_RESET_REQUESTS] = true,
    [PROA_HTTP_HEADER_X_RATELIMIT_RESET_TOKENS] = true,
};

/* Beginnings of names whose rest differs between providers and plans. */
static const struct proa_slice RETURN_PREFIXES[] = {
    PROA_SLICE_INIT("x-ratelimit-"),
    PROA_SLICE_INIT("anthropic-ratelimit-"),
    PROA_SLICE_INIT("anthropic-priority-"),
    PROA_SLICE_INIT("ratelimitbysize-"),
};

bool proa_api_forward_header(const struct proa_http_header *header)
{
    return header->id < PROA_HTTP_HEADER_COUNT && FORWARD[header->id];
}

const char *proa_api_header_dialect(const struct proa_http_header *header)
{
    return header->id < PROA_HTTP_HEADER_COUNT ? DIALECTS[header->id] : NULL;
}

bool proa_api_return_header(const struct proa_http_header *header)
{
    if (header->id != PROA_HTTP_HEADER_OTHER) {
        return header->id < PROA_HTTP_HEADER_COUNT && RETURN[header->id];
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(RETURN_PREFIXES); i++) {
        const struct proa_slice prefix = RETURN_PREFIXES[i];
        if (header->name.len > prefix.len &&
            proa_slice_eq_nocase(proa_slice_head(header->name, prefix.len), prefix)) {
            return true;
        }
    }
    return false;
}
