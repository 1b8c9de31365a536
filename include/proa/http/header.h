/*
 * Header fields: the names the gateway acts on, lookups in a parsed head, and validators for what
 * is put into one.
 *
 * Pure: no I/O, no allocation, no state. Slices are borrowed. Names compare
 * ASCII-case-insensitively (RFC 9110 5.1); values keep their case unless a function says otherwise.
 */
#ifndef PROA_HTTP_HEADER_H
#define PROA_HTTP_HEADER_H

#include "proa/core/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names with an id, X(id, lower-case name): those the gateway acts on, and those common clients
 * send with every request, because a known name is found and checked in one step. To add one, see
 * src/http/header_slots_priv.h.
 */
#define PROA_HTTP_HEADER_TABLE(X)                                                                  \
    X(TE, "te")                                                                                    \
    X(AGE, "age")                                                                                  \
    X(VIA, "via")                                                                                  \
    X(DATE, "date")                                                                                \
    X(ETAG, "etag")                                                                                \
    X(HOST, "host")                                                                                \
    X(ACCEPT, "accept")                                                                            \
    X(CF_RAY, "cf-ray")                                                                            \
    X(COOKIE, "cookie")                                                                            \
    X(EXPECT, "expect")                                                                            \
    X(ORIGIN, "origin")                                                                            \
    X(SERVER, "server")                                                                            \
    X(ALT_SVC, "alt-svc")                                                                          \
    X(API_KEY, "api-key")                                                                          \
    X(REFERER, "referer")                                                                          \
    X(TRAILER, "trailer")                                                                          \
    X(UPGRADE, "upgrade")                                                                          \
    X(X_TITLE, "x-title")                                                                          \
    X(LOCATION, "location")                                                                        \
    X(FORWARDED, "forwarded")                                                                      \
    X(X_API_KEY, "x-api-key")                                                                      \
    X(X_REAL_IP, "x-real-ip")                                                                      \
    X(CONNECTION, "connection")                                                                    \
    X(KEEP_ALIVE, "keep-alive")                                                                    \
    X(REQUEST_ID, "request-id")                                                                    \
    X(SET_COOKIE, "set-cookie")                                                                    \
    X(TRACESTATE, "tracestate")                                                                    \
    X(USER_AGENT, "user-agent")                                                                    \
    X(AI_MODEL_ID, "ai-model-id")                                                                  \
    X(OPENAI_BETA, "openai-beta")                                                                  \
    X(RETRY_AFTER, "retry-after")                                                                  \
    X(TRACEPARENT, "traceparent")                                                                  \
    X(X_MS_REGION, "x-ms-region")                                                                  \
    X(X_PROA_TAGS, "x-proa-tags")                                                                  \
    X(CONTENT_TYPE, "content-type")                                                                \
    X(HTTP_REFERER, "http-referer")                                                                \
    X(OPENAI_MODEL, "openai-model")                                                                \
    X(X_PROA_MODEL, "x-proa-model")                                                                \
    X(X_REQUEST_ID, "x-request-id")                                                                \
    X(AUTHORIZATION, "authorization")                                                              \
    X(CACHE_CONTROL, "cache-control")                                                              \
    X(ANTHROPIC_BETA, "anthropic-beta")                                                            \
    X(CONTENT_LENGTH, "content-length")                                                            \
    X(HTTP2_SETTINGS, "http2-settings")                                                            \
    X(OPENAI_PROJECT, "openai-project")                                                            \
    X(OPENAI_VERSION, "openai-version")                                                            \
    X(RETRY_AFTER_MS, "retry-after-ms")                                                            \
    X(SEC_FETCH_SITE, "sec-fetch-site")                                                            \
    X(X_GOOG_API_KEY, "x-goog-api-key")                                                            \
    X(X_GROK_CONV_ID, "x-grok-conv-id")                                                            \
    X(X_PROA_TIMEOUT, "x-proa-timeout")                                                            \
    X(X_SHOULD_RETRY, "x-should-retry")                                                            \
    X(X_STAINLESS_OS, "x-stainless-os")                                                            \
    X(ACCEPT_ENCODING, "accept-encoding")                                                          \
    X(APIM_REQUEST_ID, "apim-request-id")                                                          \
    X(IDEMPOTENCY_KEY, "idempotency-key")                                                          \
    X(X_FORWARDED_FOR, "x-forwarded-for")                                                          \
    X(X_PROA_AFFINITY, "x-proa-affinity")                                                          \
    X(X_PROA_METADATA, "x-proa-metadata")                                                          \
    X(X_PROA_NO_CACHE, "x-proa-no-cache")                                                          \
    X(X_PROA_PROVIDER, "x-proa-provider")                                                          \
    X(CONTENT_ENCODING, "content-encoding")                                                        \
    X(PROXY_CONNECTION, "proxy-connection")                                                        \
    X(X_AMZN_ERRORTYPE, "x-amzn-errortype")                                                        \
    X(X_AMZN_REQUESTID, "x-amzn-requestid")                                                        \
    X(X_STAINLESS_ARCH, "x-stainless-arch")                                                        \
    X(X_STAINLESS_LANG, "x-stainless-lang")                                                        \
    X(ANTHROPIC_VERSION, "anthropic-version")                                                      \
    X(TRANSFER_ENCODING, "transfer-encoding")                                                      \
    X(X_PROA_CACHE_MODE, "x-proa-cache-mode")                                                      \
    X(X_RATELIMIT_LIMIT, "x-ratelimit-limit")                                                      \
    X(X_RATELIMIT_RESET, "x-ratelimit-reset")                                                      \
    X(X_STAINLESS_ASYNC, "x-stainless-async")                                                      \
    X(PROXY_AUTHENTICATE, "proxy-authenticate")                                                    \
    X(X_PROA_NO_FALLBACK, "x-proa-no-fallback")                                                    \
    X(OPENAI_ORGANIZATION, "openai-organization")                                                  \
    X(PROXY_AUTHORIZATION, "proxy-authorization")                                                  \
    X(X_CLIENT_REQUEST_ID, "x-client-request-id")                                                  \
    X(X_MS_RETRY_AFTER_MS, "x-ms-retry-after-ms")                                                  \
    X(X_STAINLESS_RUNTIME, "x-stainless-runtime")                                                  \
    X(X_STAINLESS_TIMEOUT, "x-stainless-timeout")                                                  \
    X(AI_LANGUAGE_MODEL_ID, "ai-language-model-id")                                                \
    X(OPENAI_PROCESSING_MS, "openai-processing-ms")                                                \
    X(X_RATELIMIT_REMAINING, "x-ratelimit-remaining")                                              \
    X(X_STAINLESS_RETRY_COUNT, "x-stainless-retry-count")                                          \
    X(X_RATELIMIT_LIMIT_TOKENS, "x-ratelimit-limit-tokens")                                        \
    X(X_RATELIMIT_RESET_TOKENS, "x-ratelimit-reset-tokens")                                        \
    X(X_STAINLESS_READ_TIMEOUT, "x-stainless-read-timeout")                                        \
    X(X_STAINLESS_HELPER_METHOD, "x-stainless-helper-method")                                      \
    X(X_RATELIMIT_LIMIT_REQUESTS, "x-ratelimit-limit-requests")                                    \
    X(X_RATELIMIT_RESET_REQUESTS, "x-ratelimit-reset-requests")                                    \
    X(AI_LANGUAGE_MODEL_STREAMING, "ai-language-model-streaming")                                  \
    X(X_STAINLESS_PACKAGE_VERSION, "x-stainless-package-version")                                  \
    X(X_STAINLESS_RUNTIME_VERSION, "x-stainless-runtime-version")                                  \
    X(X_RATELIMIT_REMAINING_TOKENS, "x-ratelimit-remaining-tokens")                                \
    X(X_RATELIMIT_REMAINING_REQUESTS, "x-ratelimit-remaining-requests")                            \
    X(ANTHROPIC_RATELIMIT_TOKENS_LIMIT, "anthropic-ratelimit-tokens-limit")                        \
    X(ANTHROPIC_RATELIMIT_TOKENS_RESET, "anthropic-ratelimit-tokens-reset")                        \
    X(ANTHROPIC_RATELIMIT_REQUESTS_LIMIT, "anthropic-ratelimit-requests-limit")                    \
    X(ANTHROPIC_RATELIMIT_REQUESTS_RESET, "anthropic-ratelimit-requests-reset")                    \
    X(ANTHROPIC_RATELIMIT_TOKENS_REMAINING, "anthropic-ratelimit-tokens-remaining")                \
    X(ANTHROPIC_RATELIMIT_INPUT_TOKENS_LIMIT, "anthropic-ratelimit-input-tokens-limit")            \
    X(ANTHROPIC_RATELIMIT_INPUT_TOKENS_RESET, "anthropic-ratelimit-input-tokens-reset")            \
    X(ANTHROPIC_RATELIMIT_REQUESTS_REMAINING, "anthropic-ratelimit-requests-remaining")            \
    X(ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_LIMIT, "anthropic-ratelimit-output-tokens-limit")          \
    X(ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_RESET, "anthropic-ratelimit-output-tokens-reset")          \
    X(ANTHROPIC_RATELIMIT_INPUT_TOKENS_REMAINING, "anthropic-ratelimit-input-tokens-remaining")    \
    X(ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_REMAINING, "anthropic-ratelimit-output-tokens-remaining")

/* OTHER is every name without a row. */
enum proa_http_header_id {
    PROA_HTTP_HEADER_OTHER = 0,
#define PROA_HTTP_HEADER_ENUM(id, name) PROA_HTTP_HEADER_##id,
    PROA_HTTP_HEADER_TABLE(PROA_HTTP_HEADER_ENUM)
#undef PROA_HTTP_HEADER_ENUM
        PROA_HTTP_HEADER_COUNT
};

/* One field line. The name is as the peer spelt it; the value has no white space at its ends. */
struct proa_http_header {
    uint16_t id; /* enum proa_http_header_id */
    struct proa_slice name;
    struct proa_slice value;
};

/* Field lines in the order they came; a name may occur more than once. */
struct proa_http_headers {
    const struct proa_http_header *items;
    size_t n;
    /* A bit for each id that does not occur, so that most look-ups end here; zero says nothing. */
    uint64_t absent[PROA_HTTP_HEADER_COUNT / 64 + 1];
};

/*
 * Host of a request (RFC 9110 7.2): `name` as written, an IPv6 literal without its brackets. `text`
 * is the whole, port included. Exact comparison against an allow-list is the caller's.
 */
struct proa_http_host {
    struct proa_slice text;
    struct proa_slice name;
    uint16_t port; /* 0 = none was given */
    bool is_ipv6;
};

/* Id of a name in any case, or OTHER. */
enum proa_http_header_id proa_http_header_lookup(struct proa_slice name);
/* Lower-case canonical name; empty for OTHER and for a value outside the table. */
struct proa_slice proa_http_header_name(enum proa_http_header_id id);

static inline bool proa_http_header_is_absent(const struct proa_http_headers *h,
                                              enum proa_http_header_id id)
{
    return (h->absent[(unsigned)id / 64] >> ((unsigned)id % 64) & 1U) != 0;
}

/* What proa_http_header_find() does with an id that may occur. */
const struct proa_http_header *proa_http_header_search(const struct proa_http_headers *h,
                                                       enum proa_http_header_id id);

/* First field with this id, or NULL. */
static inline const struct proa_http_header *
proa_http_header_find(const struct proa_http_headers *h, enum proa_http_header_id id)
{
    return proa_http_header_is_absent(h, id) ? NULL : proa_http_header_search(h, id);
}

/* Value of the first field with this id; empty when absent. */
static inline struct proa_slice proa_http_header_value(const struct proa_http_headers *h,
                                                       enum proa_http_header_id id)
{
    const struct proa_http_header *found = proa_http_header_find(h, id);
    return found ? found->value : PROA_SLICE_NONE;
}

/* First field with this name in any case, with or without an id; NULL when absent. */
const struct proa_http_header *proa_http_header_find_name(const struct proa_http_headers *h,
                                                          struct proa_slice name);
/* How many fields have this id. Two Authorization fields are a refusal, not a choice. */
size_t proa_http_header_count(const struct proa_http_headers *h, enum proa_http_header_id id);

/* Non-empty and made of tchar alone (RFC 9110 5.6.2): fit for a field name or a method. */
bool proa_http_is_token(struct proa_slice s);
/* Free of CTL (HTAB excepted) and DEL: fit for a field value. Empty is fit; bytes >= 0x80 pass. */
bool proa_http_is_value(struct proa_slice s);
/* Visible ASCII without `#`: fit for a request target. Empty is not. */
bool proa_http_is_target(struct proa_slice s);

/* Is `token` an element of the comma-separated list, in any case? `close` in `keep-alive, close`.
 */
bool proa_http_list_has(struct proa_slice list, struct proa_slice token);
/*
 * Is the media type exactly `type` (any case), with or without parameters? `application/jsonp` and
 * `application/json, text/plain` are not `application/json`.
 */
bool proa_http_media_type_is(struct proa_slice content_type, struct proa_slice type);
/*
 * host[:port]; PROA_ERR_SYNTAX for an empty host, userinfo, a path, a comma, blanks, percent signs,
 * a malformed literal, an empty port or one outside 1-65535. *out borrows from `text`.
 */
enum proa_err proa_http_host_parse(struct proa_slice text,
                                   struct proa_http_host *out) PROA_MUST_CHECK;

#endif
