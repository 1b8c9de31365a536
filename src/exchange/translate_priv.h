/*
 * Exchanges whose client and target speak different dialects: the request is read into the neutral
 * model once, each attempt writes it in its target's words, and what comes back as events goes to
 * the client in its own.
 *
 * A translated attempt has a `struct translation`; one that is passed on has none, and nothing
 * here is called for it.
 */
#ifndef PROA_EXCHANGE_TRANSLATE_PRIV_H
#define PROA_EXCHANGE_TRANSLATE_PRIV_H

#include "exchange_priv.h"

#include "proa/api/face.h"
#include "proa/provider/decoder.h"

/* What the client asks for, in the neutral model. Borrows from the client's body, and is forgotten
 * with it. */
struct asked {
    struct proa_arena arena;
    uint64_t budgeted;     /* of the byte budget, for the arena */
    enum proa_err err;     /* other than OK: refused, x->refusal says why; */
    struct proa_slice why; /* or ERR_UNSUPPORTED: only who speaks the client's words can do it */
    struct proa_api_asked api;
};

/* One attempt's. */
struct translation {
    enum proa_operation op; /* asked of the target */
    struct proa_decoder *decoder;
    struct proa_api_writer *writer; /* who writes for the client */
    struct proa_buf body;           /* of the request */
    struct proa_buf out; /* for the client: a stream's newest chunks, or the whole answer */
    uint64_t budgeted;   /* of body and out */
    bool ended;          /* all is written */
    uint64_t sequence;   /* of the next event, once the writer is gone */
    struct batch *batch; /* NULL: one call */
    struct proa_chat_warnings warnings;
};

/* The client's request, read at the first call. */
struct asked *proa_translate_asked(struct proa_exchange *x);
/* Writes one request into *body; `out` as encode leaves it. */
enum proa_class proa_translate_write(struct attempt *a, const struct proa_encode_in *in,
                                     struct proa_buf *body, struct proa_encoded *out,
                                     enum proa_err *err);
/* Takes n bytes of the byte budget, until the attempt is released. */
bool proa_translate_take_budget(struct attempt *a, uint64_t n);
/* Makes who writes for the client, and where the events go. */
struct proa_chat_sink proa_translate_open(struct attempt *a);
/* A whole answer is complete: a->piece is what the client gets. Other than OK: it is none. */
enum proa_class proa_translate_close(struct attempt *a, const struct proa_usage *usage);

/* ---- batch.c */
/* `max` inputs in each call, and more than that to ask. */
struct batch *proa_batch_create(struct attempt *a, const struct proa_chat_embed *embed, size_t max);
/* All requests, as `common` says but for the inputs. */
enum proa_class proa_batch_encode(struct batch *b, const struct proa_encode_in *common,
                                  struct proa_encoded *out, enum proa_err *err);
void proa_batch_start(struct batch *b);
/* Cancels what runs. Idempotent. */
void proa_batch_release(struct batch *b);

#endif
