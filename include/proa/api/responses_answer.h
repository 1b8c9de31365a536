/*
 * Answers for clients of OpenAI's Responses API: events of the neutral model as the items of a
 * Response, streamed or whole.
 *
 * Pure. A handle on the arena's memory; what is gathered is released by destroy(). A stream is
 * gathered too: its last event repeats it all.
 *
 * Reasoning is told as its summary. What must come back unchanged stands in `encrypted_content`,
 * with a mark that says whose it is (proa/api/responses_history.h). Of several choices the first
 * is told.
 */
#ifndef PROA_API_RESPONSES_ANSWER_H
#define PROA_API_RESPONSES_ANSWER_H

#include "proa/api/responses_request.h"
#include "proa/chat/event.h"
#include "proa/core/arena.h"
#include "proa/core/buf.h"

struct proa_api_response;

struct proa_api_response_cfg {
    bool stream;
    struct proa_slice id;             /* plain, visible ASCII: ids of calls are made of it */
    struct proa_slice generation;     /* plain: the answer's id, in those of its items; empty = made
                                         of `id` */
    struct proa_slice model;          /* plain; where the answer names none */
    uint64_t created_s;               /* where the answer tells no time */
    const struct proa_api_echo *echo; /* NULL = nothing was said; not needed after create() */
};

/* Appends to `out`, which is borrowed; a stream's is the caller's to empty between events. */
struct proa_api_response *proa_api_response_create(const struct proa_api_response_cfg *cfg,
                                                   struct proa_buf *out, struct proa_arena *arena);
void proa_api_response_destroy(struct proa_api_response *r); /* NULL is fine */
struct proa_chat_sink proa_api_response_sink(struct proa_api_response *r);
/* Nothing follows. Once. `gateway`: a JSON object for `providerMetadata`, or empty. */
void proa_api_response_end(struct proa_api_response *r, const struct proa_usage *usage,
                           struct proa_slice gateway);
/* The number that the stream's next event would have. */
uint64_t proa_api_response_sequence(const struct proa_api_response *r);

#endif
