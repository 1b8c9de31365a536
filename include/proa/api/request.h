/*
 * A request body, looked at in place: what the gateway needs to know of it, and what must not go
 * on.
 *
 * Pure. One validating pass over the body, no tree; results are byte ranges of it. What the gateway
 * does not need is not judged: a provider knows better what it accepts.
 */
#ifndef PROA_API_REQUEST_H
#define PROA_API_REQUEST_H

#include "proa/api/error.h"
#include "proa/http/multipart.h"
#include "proa/json/splice.h"

/* A model name is no longer than this, decoded. */
enum { PROA_API_MODEL_MAX = 256 };

/* Members of the body that the gateway looks at. */
enum proa_api_member {
    PROA_API_M_MODEL = 0,
    PROA_API_M_STREAM,
    PROA_API_M_MESSAGES,
    PROA_API_M_MAX_TOKENS,
    PROA_API_M_MAX_COMPLETION_TOKENS,
    PROA_API_M_PROMPT_CACHE_KEY,
    PROA_API_M_TEMPERATURE,
    PROA_API_M_SEED,
    PROA_API_M_REASONING,
    PROA_API_M_RESPONSE_FORMAT,
    PROA_API_M_CACHE_CONTROL,
    PROA_API_M_PROVIDER_OPTIONS, /* and what follows: the gateway's own, never sent upstream */
    PROA_API_M_MODELS,
    PROA_API_M_PROVIDER,
    PROA_API_M_ORDER,
    PROA_API_M_ONLY,
    PROA_API_M_SORT,
    PROA_API_M_BYOK,
    PROA_API_MEMBERS
};

struct proa_api_request {
    struct proa_slice model; /* decoded; borrowed from the body or the scratch buffer */
    bool stream;             /* asked for, and an endpoint that can */
    /* A chat says something in words that are the gateway's own, which only some providers know:
     * `reasoning`, `cache_control`, a `response_format` of its older form. */
    bool own_words;
    uint8_t version; /* of the surface's protocol, where it has several */
    struct proa_json_member members[PROA_API_MEMBERS]; /* kind PROA_JSON_ABSENT when absent */
    struct proa_json_info info;
    struct proa_json_edit cuts[PROA_API_MEMBERS];
    size_t n_cuts;
    /* The body is a form with files. Of the members only PROVIDER_OPTIONS may be there then, and
     * nothing else is set behind `version` but for what follows. */
    bool is_form;
    struct proa_slice content_type;   /* as it came; borrowed from the client's headers */
    struct proa_multipart_edits form; /* what never goes on, and the model's value as `replaced` */
};

/*
 * Reads the body. `scratch` is appended to when the model's name is written with escapes, and must
 * outlive `out` then.
 *
 * On failure fills `error` except for request_id, with a message that is made in `text` (which must
 * outlive it; a buffer of 1 KiB is enough) and says what is wrong and where. ERR_SYNTAX: no JSON,
 * or none that is taken: duplicate keys, too deep, not UTF-8; ERR_TYPE: a member that the gateway
 * needs is missing or not what it should be. *out is undefined then.
 */
enum proa_err proa_api_request_read(enum proa_endpoint_kind kind, struct proa_slice body,
                                    struct proa_buf *scratch, struct proa_buf *text,
                                    struct proa_api_request *out,
                                    struct proa_api_error *error) PROA_MUST_CHECK;

#endif
