/*
 * What a surface brings: how its requests are looked at and read, and how its answers and errors
 * are written. One const table per surface; whoever carries exchanges out asks it and knows none by
 * name.
 *
 * Pure.
 */
#ifndef PROA_API_FACE_H
#define PROA_API_FACE_H

#include "proa/api/request.h"
#include "proa/chat/delta.h"
#include "proa/chat/event.h"
#include "proa/chat/inputs.h"
#include "proa/chat/media.h"
#include "proa/chat/request.h"
#include "proa/core/arena.h"
#include "proa/http/header.h"

/* A request as it has come. */
struct proa_api_arrived {
    enum proa_endpoint_kind kind;
    const struct proa_http_headers *headers; /* the client's */
    struct proa_slice body;
    struct proa_buf
        *scratch;          /* of a model's name that is written with escapes; outlives the rest */
    struct proa_buf *text; /* of a refusal's message; 1 KiB is enough */
};

/* A request with its body. */
struct proa_api_body {
    enum proa_endpoint_kind kind;
    struct proa_slice bytes;
    const struct proa_api_request *request; /* as look() has found it */
    struct proa_arena *arena; /* what is read stands in it, and borrows from the body */
    struct proa_buf *text;    /* of a refusal's message; 1 KiB is enough */
    /* Responses: what is kept of the conversation that it goes on with, the oldest first; see
     * proa/api/responses_history.h. Lives as long as the body. */
    const struct proa_slice *earlier;
    size_t n_earlier;
};

struct proa_api_echo; /* proa/api/responses_request.h */

/* A request read into the neutral model: by its kind `chat`, `embed`, `rerank`, `image`,
 * `speech` or `transcription`. The rest is what the surface's own writer wants to know again. */
struct proa_api_asked {
    struct proa_chat_request chat;
    struct proa_chat_embed embed;
    struct proa_chat_rerank rerank;
    struct proa_chat_image image;
    struct proa_chat_speech speech;
    struct proa_chat_transcription transcription;
    bool include_usage; /* OpenAI: a last chunk with the usage */
    bool functions;     /* OpenAI: the form before tools */
    bool own_words;     /* OpenAI: some of it in words of the gateway's own, as cache_control is */
    bool raw_chunks;    /* AI SDK: the provider's own chunks too */
    const struct proa_api_echo *echo; /* Responses: what the answer repeats; else NULL */
};

struct proa_api_writer_cfg {
    enum proa_endpoint_kind kind;
    bool stream;
    unsigned version; /* of the surface's protocol, where it has several; as look() found it */
    const struct proa_api_asked *asked;
    const struct proa_chat_warnings
        *warnings;        /* what was dropped; complete before the first event */
    struct proa_slice id; /* plain, visible ASCII: ids are made of it where the answer has none */
    struct proa_slice generation; /* plain: the exchange's id in what the gateway tells; or empty */
    struct proa_slice model;      /* plain; where the answer names none */
    uint64_t created_s;           /* where the answer tells no time */
};

/* How an answer is written: a handle on the arena's memory. */
struct proa_api_writer;

struct proa_api_face {
    const char *name;    /* "openai"; for logs and metrics */
    const char *dialect; /* whose bytes may go on as they are; NULL = no provider speaks this */
    /*
     * One validating pass over the body, in place: what the gateway needs to know. As
     * proa_api_request_read(), which see; some surfaces name the model in a header. `out->version`
     * holds what the path says of it.
     */
    enum proa_err (*look)(const struct proa_api_arrived *in, struct proa_api_request *out,
                          struct proa_api_error *error);
    /* ERR_TYPE, ERR_SYNTAX: refused, see `error`; *out is undefined then. ERR_UNSUPPORTED: requests
     * of this kind have no neutral form; or this one has none, and `error` says why in a message:
     * then only a target that speaks the client's own words can take it. */
    enum proa_err (*read)(const struct proa_api_body *body, struct proa_api_asked *out,
                          struct proa_api_error *error);
    /*
     * Appends to `out`, which is borrowed; that it is full shows in proa_buf_ok(). A stream's is
     * the caller's to empty between events: each event appends whole frames. What cfg points to
     * outlives the writer.
     */
    struct proa_api_writer *(*writer_create)(const struct proa_api_writer_cfg *cfg,
                                             struct proa_buf *out, struct proa_arena *arena);
    /* Reads the writer's streams, where no dialect's reader can; NULL = that one does, or none. */
    proa_read_delta_fn *read_delta;
    /* The media type of what the writer writes. */
    struct proa_slice (*media_type)(enum proa_endpoint_kind kind, bool stream);
    /* How a request would count, where no provider says: the answer to COUNT_TOKENS, appended. NULL
     * = the surface counts none. */
    bool (*count)(const struct proa_api_asked *asked, struct proa_slice model,
                  struct proa_buf *out);
    /* look() reads more than the body, but for requests that are forms. */
    bool looks_at_headers;
    /* Its SDKs look for the request's id in request-id; errors and lists have that beside
     * x-request-id on every surface. */
    bool wants_request_id;
    /* An error within a stream is told with the stream's end: the answer ends as a whole one. */
    bool error_ends;
    /* It has a place for what the gateway tells of an exchange. */
    bool tells_gateway;
    /* What ends a passed stream that is whole but whose provider sent no end mark; empty = nothing.
     */
    struct proa_slice stream_end;
};

/* Where the events go of a call whose first input is number `first` of all; 0 but for embeddings
 * that take several calls. */
struct proa_chat_sink proa_api_writer_sink(struct proa_api_writer *w, size_t first);
/*
 * Nothing follows: the last frames, or the whole answer. Once. `gateway` is what the gateway tells
 * of the exchange, a JSON object or empty, for surfaces that have a place for it. False when what
 * came is no whole answer.
 */
bool proa_api_writer_end(struct proa_api_writer *w, const struct proa_usage *usage,
                         struct proa_slice gateway) PROA_MUST_CHECK;
void proa_api_writer_destroy(struct proa_api_writer *w); /* NULL is fine */
/* The number of a stream's next event, where the surface counts them (proa_api_error.sequence);
 * else 0. */
uint64_t proa_api_writer_sequence(const struct proa_api_writer *w);

const struct proa_api_face *proa_api_face(enum proa_surface surface);

#endif
