/*
 * Answers of the OpenAI surface, written from the events of the neutral model: a stream of chunks,
 * or a whole answer.
 *
 * Pure. Handle type on the arena's memory; proa_api_answer_destroy() releases what is buffered.
 * Takes the events of one answer in the order that proa/chat/event.h promises. A stream has
 * the shape of OpenAI's own: one chunk with the role before anything else of a choice, one with the
 * finish reason and an empty delta, the usage where it was asked for, the end mark.
 *
 * Thinking has no place in OpenAI's schema. It is told as `reasoning_content` and `reasoning`, the
 * two extensions that clients read, and in `reasoning_details` with what must come back unchanged.
 */
#ifndef PROA_API_OPENAI_ANSWER_H
#define PROA_API_OPENAI_ANSWER_H

#include "proa/chat/event.h"
#include "proa/core/arena.h"
#include "proa/core/buf.h"

struct proa_api_answer_cfg {
    bool stream;
    bool completion;    /* a legacy completion: text alone */
    bool functions;     /* `function_call` instead of tool calls */
    bool include_usage; /* stream: a last chunk with the usage */
    bool hide_thinking;
    bool late_finish; /* stream: a choice's finish waits for what the gateway tells at the end */
    struct proa_slice id; /* plain, visible ASCII: ids are made of it where the answer has none */
    struct proa_slice model; /* plain; where the answer names none */
    uint64_t created_s;      /* where the answer tells no time */
};

struct proa_api_answer;

/* Appends to `out`, which is borrowed; that it is full shows in proa_buf_ok(). A stream's is the
 * caller's to empty between events: each call of the sink appends whole chunks. The slices of `cfg`
 * outlive the answer. */
struct proa_api_answer *proa_api_answer_create(const struct proa_api_answer_cfg *cfg,
                                               struct proa_buf *out, struct proa_arena *arena);
void proa_api_answer_destroy(struct proa_api_answer *a); /* NULL is fine */
/* Where its events go. */
struct proa_chat_sink proa_api_answer_sink(struct proa_api_answer *a);
/* Nothing follows: the last chunks, or the whole answer. Once. `gateway` is a JSON object or empty;
 * a completion has no place for it. */
void proa_api_answer_end(struct proa_api_answer *a, const struct proa_usage *usage,
                         struct proa_slice gateway);

#endif
