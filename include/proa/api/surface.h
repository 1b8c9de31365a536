/*
 * Surfaces: the client-facing APIs, and which path is which endpoint of them.
 *
 * Pure. Paths are matched raw against a fixed table: nothing is decoded, no dot segment is
 * resolved, everything that is not in the table is unknown. What follows a match has units of its
 * own: face.h, request.h, error.h, models.h, headers.h.
 */
#ifndef PROA_API_SURFACE_H
#define PROA_API_SURFACE_H

#include "proa/core/buf.h"
#include "proa/http/parser.h"

enum proa_surface {
    PROA_SURFACE_OPENAI = 0,
    PROA_SURFACE_ANTHROPIC,
    PROA_SURFACE_AI_SDK,
    PROA_SURFACE_RESPONSES /* OpenAI's, whose streams and their errors are its own */
};
enum { PROA_SURFACES = 4 };

enum proa_endpoint_kind {
    PROA_API_NONE = 0, /* unknown path: 404 */
    PROA_API_CHAT,     /* Anthropic's messages too */
    PROA_API_COMPLETIONS,
    PROA_API_EMBEDDINGS,
    PROA_API_MODERATIONS,
    PROA_API_RERANK,
    PROA_API_COUNT_TOKENS,
    PROA_API_RESPONSES,
    PROA_API_IMAGES,
    PROA_API_IMAGE_EDITS,
    PROA_API_SPEECH,
    PROA_API_TRANSCRIPTIONS,
    PROA_API_TRANSLATIONS, /* of speech, into English */
    PROA_API_MODELS,
    PROA_API_MODEL,
    PROA_API_MODEL_ENDPOINTS, /* who offers it */
    PROA_API_CONFIG           /* the AI SDK's list of models */
};

/* Does an endpoint of this kind take a form with files, multipart/form-data, from clients of this
 * surface? It takes JSON all the same. */
bool proa_api_takes_form(enum proa_surface surface, enum proa_endpoint_kind kind);

/* A model id in a path, once decoded, is no longer than this. */
enum { PROA_API_ID_MAX = 256 };

struct proa_api_match {
    enum proa_surface
        surface; /* whose client it is, as far as the path tells: also of an unknown one */
    enum proa_endpoint_kind kind;
    bool method_ok;           /* false with a known path: 405 with `allow` */
    const char *allow;        /* "POST", "GET, HEAD"; NULL for an unknown path */
    uint8_t version;          /* AI SDK: what the path alone says, 2 to 4; else 0 */
    struct proa_slice raw_id; /* MODEL, MODEL_ENDPOINTS: of the path, still percent-encoded */
};

/*
 * Fills all of *out; `raw_id` borrows from `path`, which is the raw path without the query.
 * Tolerated are a doubled prefix, `/v1/v1/...`, as a wrong base URL makes it, and trailing slashes.
 * All of `/v<N>/ai/` is the AI SDK's, whatever N is: which version a client speaks stands in its
 * headers.
 * HEAD is allowed wherever GET is.
 */
void proa_api_match(enum proa_http_method method, struct proa_slice path,
                    struct proa_api_match *out);
/*
 * Appends the model id with its %XX decoded. ERR_SYNTAX: a bad escape, anything but visible ASCII
 * in the result, or nothing at all; ERR_LIMIT: more than PROA_API_ID_MAX bytes. On failure `out`
 * keeps its length.
 */
enum proa_err proa_api_decode_id(struct proa_slice raw, struct proa_buf *out) PROA_MUST_CHECK;

#endif
