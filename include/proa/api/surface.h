/*
 * Surfaces: the client-facing APIs. Which path is which endpoint, what a request means, and how an
 * error looks in the client's own dialect.
 *
 * Pure. This surface is OpenAI's; the paths are matched raw against a fixed table, nothing is
 * decoded or normalised first.
 */
#ifndef PROA_API_SURFACE_H
#define PROA_API_SURFACE_H

#include "proa/core/buf.h"
#include "proa/http/parser.h"
#include "proa/json/splice.h"

enum proa_surface { PROA_SURFACE_OPENAI = 0 };

enum proa_endpoint_kind {
    PROA_API_NONE = 0, /* unknown path: 404 */
    PROA_API_CHAT,
    PROA_API_COMPLETIONS,
    PROA_API_EMBEDDINGS,
    PROA_API_MODERATIONS,
    PROA_API_MODELS,
    PROA_API_MODEL
};

struct proa_api_match {
    enum proa_surface surface;
    enum proa_endpoint_kind kind;
    bool method_ok;            /* false with a known path: 405 with `allow` */
    const char *allow;         /* "POST", "GET, HEAD" */
    struct proa_slice raw_id;  /* PROA_API_MODEL: the rest of the path, still percent-encoded */
};

/* Tolerates /v1/v1/ and trailing slashes. `path` is the raw path without the query. */
void proa_api_match(enum proa_http_method method, struct proa_slice path,
                    struct proa_api_match *out);
/* Decodes %XX of a model id into out (max 256 bytes). ERR_SYNTAX on a bad escape or a control byte. */
enum proa_err proa_api_decode_id(struct proa_slice raw, struct proa_buf *out) PROA_MUST_CHECK;

/* Stable codes of errors that Proa itself answers with. X(NAME, code, status, openai type) */
#define PROA_API_ERROR_TABLE(X)                                                                    \
    X(INVALID_JSON, "invalid_json", 400, "invalid_request_error")                                  \
    X(INVALID_REQUEST, "invalid_request", 400, "invalid_request_error")                            \
    X(MISSING_MODEL, "missing_model", 400, "invalid_request_error")                                \
    X(BAD_HTTP, "bad_http", 400, "invalid_request_error")                                          \
    X(UNAUTHORIZED, "unauthorized", 401, "authentication_error")                                   \
    X(FORBIDDEN_ORIGIN, "forbidden_origin", 403, "forbidden")                                      \
    X(NOT_FOUND, "not_found", 404, "not_found")                                                    \
    X(MODEL_NOT_FOUND, "model_not_found", 404, "model_not_found")                                  \
    X(METHOD_NOT_ALLOWED, "method_not_allowed", 405, "invalid_request_error")                      \
    X(REQUEST_TIMEOUT, "request_timeout", 408, "invalid_request_error")                            \
    X(TOO_LARGE, "request_too_large", 413, "invalid_request_error")                                \
    X(URI_TOO_LONG, "uri_too_long", 414, "invalid_request_error")                                  \
    X(MEDIA_TYPE, "unsupported_media_type", 415, "invalid_request_error")                          \
    X(EXPECTATION, "expectation_failed", 417, "invalid_request_error")                             \
    X(MISDIRECTED, "host_not_allowed", 421, "invalid_request_error")                               \
    X(HEADERS_TOO_LARGE, "headers_too_large", 431, "invalid_request_error")                        \
    X(INTERNAL, "internal_error", 500, "internal_server_error")                                    \
    X(NOT_IMPLEMENTED, "not_implemented", 501, "invalid_request_error")                            \
    X(ALL_FAILED, "all_attempts_failed", 502, "upstream_error")                                    \
    X(INVALID_UPSTREAM, "upstream_invalid_response", 502, "upstream_error")                        \
    X(NO_UPSTREAM, "no_healthy_upstream", 503, "upstream_error")                                   \
    X(NO_PROVIDER, "no_provider_configured", 503, "upstream_error")                                \
    X(OVERLOADED, "gateway_overloaded", 503, "overloaded_error")                                   \
    X(DRAINING, "gateway_draining", 503, "overloaded_error")                                       \
    X(DEADLINE, "deadline_exceeded", 504, "timeout_error")                                         \
    X(HTTP_VERSION, "http_version_not_supported", 505, "invalid_request_error")                    \
    X(INTERRUPTED, "upstream_stream_interrupted", 502, "upstream_error")

enum proa_api_error_code {
#define PROA_API_ERROR_ENUM(name, code, status, type) PROA_API_ERR_##name,
    PROA_API_ERROR_TABLE(PROA_API_ERROR_ENUM)
#undef PROA_API_ERROR_ENUM
        PROA_API_ERR_COUNT
};
uint16_t proa_api_error_status(enum proa_api_error_code code);
const char *proa_api_error_name(enum proa_api_error_code code);

/* What the message is made of; empty members are left out of the envelope. */
struct proa_api_error {
    enum proa_api_error_code code;
    uint16_t status;            /* 0 = the code's own */
    struct proa_slice message;  /* what, where, what to do; escaped here */
    struct proa_slice param;
    struct proa_slice provider; /* who failed; makes source "provider" when from_provider */
    bool from_provider;
    struct proa_slice request_id;
    struct proa_slice trail;    /* as x-proa-trail */
};

/* The JSON envelope of the surface. */
enum proa_err proa_api_error_write(enum proa_surface surface, const struct proa_api_error *error,
                                   struct proa_buf *out) PROA_MUST_CHECK;
/* The same as the last event of a stream that was begun: `data: {...}\n\n`, no end mark. */
enum proa_err proa_api_error_event(enum proa_surface surface, const struct proa_api_error *error,
                                   struct proa_buf *out) PROA_MUST_CHECK;

/* A request body, looked at in place. Members that are absent have kind PROA_JSON_ABSENT. */
enum proa_api_member {
    PROA_API_M_MODEL = 0,
    PROA_API_M_STREAM,
    PROA_API_M_PROVIDER_OPTIONS, /* and what follows: never sent upstream */
    PROA_API_M_MODELS,
    PROA_API_M_PROVIDER,
    PROA_API_M_ORDER,
    PROA_API_M_ONLY,
    PROA_API_MEMBERS
};

struct proa_api_request {
    struct proa_slice model; /* decoded; borrowed from the body or the scratch buffer */
    bool stream;
    struct proa_json_member members[PROA_API_MEMBERS];
    struct proa_json_info info;
    struct proa_json_edit cuts[PROA_API_MEMBERS];
    size_t n_cuts;
};

/*
 * One validating pass. `scratch` takes the model name when it is written with escapes. On failure
 * fills `error` (message in `text`, which must outlive it) and returns ERR_SYNTAX or ERR_TYPE.
 */
enum proa_err proa_api_request_read(enum proa_endpoint_kind kind, struct proa_slice body,
                                    struct proa_buf *scratch, struct proa_buf *text,
                                    struct proa_api_request *out, struct proa_api_error *error)
    PROA_MUST_CHECK;

/* One model in a list. */
struct proa_api_model {
    struct proa_slice id;
    struct proa_slice owned_by;
    uint64_t created; /* unix seconds */
};
enum proa_err proa_api_models_write(const struct proa_api_model *models, size_t n,
                                    struct proa_buf *out) PROA_MUST_CHECK;
enum proa_err proa_api_model_write(const struct proa_api_model *model, struct proa_buf *out)
    PROA_MUST_CHECK;

/*
 * Which client headers may go on to a provider; everything else stays here. Trace context is not on
 * it (self-hosted upstreams get their own), credentials and hop-by-hop headers never are.
 */
bool proa_api_forward_header(const struct proa_http_header *header);
/* Which upstream answer headers may go back to the client. */
bool proa_api_return_header(const struct proa_http_header *header);

#endif
