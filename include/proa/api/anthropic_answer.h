/*
 * Answers for clients of Anthropic's Messages API: events of the neutral model as its blocks,
 * streamed or whole.
 *
 * Pure. A handle on the arena's memory; what a whole answer gathers is released by destroy().
 */
#ifndef PROA_API_ANTHROPIC_ANSWER_H
#define PROA_API_ANTHROPIC_ANSWER_H

#include "proa/chat/event.h"
#include "proa/core/arena.h"
#include "proa/core/buf.h"

struct proa_api_message;

struct proa_api_message_cfg {
    bool stream;
    bool hide_thinking;
    struct proa_slice id;    /* plain, visible ASCII: the answer's own where it is no Messages id */
    struct proa_slice model; /* plain; where the answer names none */
    /* Told as the input's tokens until the provider tells its count: clients account by the first
     * event. 0 = not known. */
    uint64_t input_tokens;
};

/* Appends to `out`, which is borrowed; a stream's is the caller's to empty between events. */
struct proa_api_message *proa_api_message_create(const struct proa_api_message_cfg *cfg,
                                                 struct proa_buf *out, struct proa_arena *arena);
void proa_api_message_destroy(struct proa_api_message *m); /* NULL is fine */
struct proa_chat_sink proa_api_message_sink(struct proa_api_message *m);
/* Nothing follows. `gateway`: a JSON object for `provider_metadata`, or empty. */
void proa_api_message_end(struct proa_api_message *m, const struct proa_usage *usage,
                          struct proa_slice gateway);

#endif
