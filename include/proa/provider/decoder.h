/*
 * Decoders: a provider's answer, streamed or whole, into the events of the neutral model, whatever
 * way the bytes are cut.
 *
 * Pure. Handle type, one per attempt, on the arena's memory; proa_decoder_destroy() releases what
 * is buffered. The events (proa/chat/event.h) come during the calls that take bytes.
 */
#ifndef PROA_PROVIDER_DECODER_H
#define PROA_PROVIDER_DECODER_H

#include "proa/provider/dialect.h"

struct proa_decoder;

struct proa_decoder_report {
    enum proa_answer_state state;
    uint32_t content_events;     /* content-bearing events of the provider in this run of bytes */
    uint32_t events;             /* all of them */
    bool malformed;              /* at least one was not what it should be */
    struct proa_failure failure; /* state ERROR */
};

/* `head` is borrowed and outlives it. */
struct proa_decoder *proa_decoder_create(const struct proa_dialect *dialect, enum proa_operation op,
                                         const struct proa_answer_head *head,
                                         const struct proa_chat_sink *sink,
                                         struct proa_arena *arena);
void proa_decoder_destroy(struct proa_decoder *d); /* NULL is fine */

/* Bytes of a stream. ERR_LIMIT: an event over its cap; ERR_PROTOCOL: framing, or an event before
 * the FINISH, that cannot be read: what it told would be missing, and nobody would see that. The
 * decoder takes nothing after either. An event of a kind that is not known is left out. */
enum proa_err proa_decoder_feed(struct proa_decoder *d, struct proa_slice bytes,
                                struct proa_decoder_report *out) PROA_MUST_CHECK;
/* The stream has ended. True when the answer is complete; a FINISH that only this tells comes now.
 */
bool proa_decoder_end(struct proa_decoder *d);
/* Is it complete as far as it has come? For a stream whose connection is not closed. */
bool proa_decoder_is_complete(const struct proa_decoder *d);

/* A whole answer at once, instead of a stream. False with `failure` filled for an error object sent
 * with 200, an answer without content (EMPTY) or what is no answer (MALFORMED); the events that
 * came are void then. */
bool proa_decoder_whole(struct proa_decoder *d, struct proa_slice body,
                        struct proa_failure *failure) PROA_MUST_CHECK;

const struct proa_usage *proa_decoder_usage(const struct proa_decoder *d);
/* As the answer named them; empty when it did not. Live as long as the decoder. */
struct proa_slice proa_decoder_model(const struct proa_decoder *d);
struct proa_slice proa_decoder_finish_reason(const struct proa_decoder *d);

#endif
