/*
 * Errors that Proa itself answers with: their stable codes, and how they look in the dialect of the
 * surface that the client speaks.
 *
 * Pure. Texts come from anywhere, also from a provider's answer: they are escaped here, and what is
 * not UTF-8 is replaced. Secrets are the caller's to take out first.
 */
#ifndef PROA_API_ERROR_H
#define PROA_API_ERROR_H

#include "proa/api/surface.h"
#include "proa/core/buf.h"

/*
 * Stable codes of errors that Proa itself answers with. X(NAME, code, status, openai type, whether
 * the same request, sent again by the client, may fare better: its SDK is told so). What was tried
 * here is not for the client to try again.
 */
#define PROA_API_ERROR_TABLE(X)                                                                    \
    X(INVALID_JSON, "invalid_json", 400, "invalid_request_error", false)                           \
    X(INVALID_REQUEST, "invalid_request", 400, "invalid_request_error", false)                     \
    X(MISSING_MODEL, "missing_model", 400, "invalid_request_error", false)                         \
    X(CONTEXT_LENGTH, "context_length_exceeded", 400, "invalid_request_error", false)              \
    X(CONTENT_POLICY, "content_policy_violation", 400, "invalid_request_error", false)             \
    X(PREVIOUS_RESPONSE, "previous_response_not_found", 400, "invalid_request_error", false)       \
    X(BAD_HTTP, "bad_http", 400, "invalid_request_error", false)                                   \
    X(UNAUTHORIZED, "unauthorized", 401, "authentication_error", false)                            \
    X(FORBIDDEN_ORIGIN, "forbidden_origin", 403, "forbidden", false)                               \
    X(NO_PROVIDERS, "no_providers_available", 403, "no_providers_available", false)                \
    X(NOT_FOUND, "not_found", 404, "not_found", false)                                             \
    X(MODEL_NOT_FOUND, "model_not_found", 404, "model_not_found", false)                           \
    X(METHOD_NOT_ALLOWED, "method_not_allowed", 405, "invalid_request_error", false)               \
    X(REQUEST_TIMEOUT, "request_timeout", 408, "invalid_request_error", true)                      \
    X(TOO_LARGE, "request_too_large", 413, "invalid_request_error", false)                         \
    X(URI_TOO_LONG, "uri_too_long", 414, "invalid_request_error", false)                           \
    X(MEDIA_TYPE, "unsupported_media_type", 415, "invalid_request_error", false)                   \
    X(EXPECTATION, "expectation_failed", 417, "invalid_request_error", false)                      \
    X(MISDIRECTED, "host_not_allowed", 421, "invalid_request_error", false)                        \
    X(RATE_LIMITED, "rate_limited", 429, "rate_limit_exceeded", true)                              \
    X(HEADERS_TOO_LARGE, "headers_too_large", 431, "invalid_request_error", false)                 \
    X(INTERNAL, "internal_error", 500, "internal_server_error", false)                             \
    X(ALL_FAILED, "all_attempts_failed", 502, "upstream_error", false)                             \
    X(INVALID_UPSTREAM, "upstream_invalid_response", 502, "upstream_error", false)                 \
    X(NO_UPSTREAM, "no_healthy_upstream", 503, "upstream_error", false)                            \
    X(NO_PROVIDER, "no_provider_configured", 503, "upstream_error", false)                         \
    X(OVERLOADED, "gateway_overloaded", 503, "overloaded_error", true)                             \
    X(DRAINING, "gateway_draining", 503, "overloaded_error", true)                                 \
    X(DEADLINE, "deadline_exceeded", 504, "timeout_error", false)                                  \
    X(NOT_CACHED, "not_cached", 504, "invalid_request_error", false)                               \
    X(TIMEOUT_CONNECT, "upstream_timeout_connect", 504, "timeout_error", false)                    \
    X(TIMEOUT_FIRST_BYTE, "upstream_timeout_first_byte", 504, "timeout_error", false)              \
    X(TIMEOUT_FIRST_CONTENT, "upstream_timeout_first_content", 504, "timeout_error", false)        \
    X(TIMEOUT_IDLE, "upstream_timeout_idle", 504, "timeout_error", false)                          \
    X(HTTP_VERSION, "http_version_not_supported", 505, "invalid_request_error", false)             \
    X(INTERRUPTED, "upstream_stream_interrupted", 502, "upstream_error", false)

enum proa_api_error_code {
#define PROA_API_ERROR_ENUM(name, code, status, type, again) PROA_API_ERR_##name,
    PROA_API_ERROR_TABLE(PROA_API_ERROR_ENUM)
#undef PROA_API_ERROR_ENUM
        PROA_API_ERR_COUNT
};
/* The status and the stable code; 500 and "internal_error" for a value outside the table. */
uint16_t proa_api_error_status(enum proa_api_error_code code);
const char *proa_api_error_name(enum proa_api_error_code code);
bool proa_api_error_passes(enum proa_api_error_code code); /* by itself: to be sent again */

/* What the message is made of; empty members are left out of the envelope. */
struct proa_api_error {
    enum proa_api_error_code code;
    uint16_t status;           /* 0 = the code's own */
    struct proa_slice message; /* what, where, what to do; escaped here */
    struct proa_slice param;
    struct proa_slice provider; /* who failed; makes source "provider" when from_provider */
    bool from_provider;
    struct proa_slice request_id;
    struct proa_slice trail; /* as x-proa-trail */
    /* For surfaces that have a place for them: */
    struct proa_slice model;      /* that was asked for */
    struct proa_slice generation; /* plain: the exchange's id in what the gateway tells */
    struct proa_slice gateway;    /* what it tells: a JSON object */
    struct proa_slice answer_id;  /* of a Response that has begun; empty = the generation */
    uint8_t version;              /* of the protocol */
    uint64_t sequence;            /* of the event within its stream */
};

/*
 * The JSON envelope of the surface: `error` with message, type and whatever else its SDKs want,
 * beside `source`, `provider`, `request_id` and `trail`, which they ignore. ERR_LIMIT: the buffer
 * is full; it keeps its length then, but is failed.
 */
enum proa_err proa_api_error_write(enum proa_surface surface, const struct proa_api_error *error,
                                   struct proa_buf *out) PROA_MUST_CHECK;
/* The same as the last event of a stream that was begun: `data: {...}\n\n`, with the surface's line
 * before it that names it; no end mark. In the Responses API the failed Response follows. */
enum proa_err proa_api_error_event(enum proa_surface surface, const struct proa_api_error *error,
                                   struct proa_buf *out) PROA_MUST_CHECK;

#endif
