/*
 * The seam between two streamed answers: one that broke off after the client had a part of it, and
 * one that goes on where it ended, so that what the client sees is one answer.
 *
 * Pure. Value type: proa_seam_init(), then proa_seam_deinit(). Keeps the text that went to the
 * client, as long as it is nothing but the text of a single choice and fits; only such an answer
 * can be continued. What every event of the first answer says alike, its id and its time, the
 * events of the second one say from then on; who made them they say themselves.
 */
#ifndef PROA_PROVIDER_SEAM_H
#define PROA_PROVIDER_SEAM_H

#include "proa/chat/delta.h"
#include "proa/core/buf.h"
#include "proa/http/sse.h"

/* How the second answer came about. */
enum proa_seam_way {
    /* It was told the text so far and goes on behind it. Should it begin anew all the same, it is
     * treated like the other way. */
    PROA_SEAM_PREFILL = 0,
    PROA_SEAM_SPLICE /* it was asked anew: it must say the same once more */
};

enum { PROA_SEAM_ID_MAX = 192, PROA_SEAM_CREATED_MAX = 24 }; /* longer ones are not kept */

struct proa_seam {
    proa_read_delta_fn *read;  /* of the client's stream */
    char id[PROA_SEAM_ID_MAX]; /* tokens that the client's first events hold */
    char created[PROA_SEAM_CREATED_MAX];
    uint16_t id_len;
    uint16_t created_len;
    struct proa_buf text; /* what the client has */
    struct proa_sse sse;  /* reads what the client gets */
    bool broken;          /* not only text, or too much: no use any more */
    bool finished;        /* a finish reason has gone out */

    /* of the answer that goes on */
    enum proa_seam_way way;
    struct proa_sse in;
    struct proa_buf head;  /* PREFILL: new text that is not yet compared */
    struct proa_buf shape; /* PREFILL: the newest event that brought some of it */
    size_t matched;        /* SPLICE: bytes of text that came once more */
    bool through;          /* the rest goes to the client as it is */
};

/* Both answers are in the client's words, which `read` reads. max_bytes bounds the text kept. */
void proa_seam_init(struct proa_seam *s, proa_read_delta_fn *read, size_t max_bytes);
void proa_seam_deinit(struct proa_seam *s); /* harmless on a zeroed struct */

/* Bytes of the stream that have gone to the client, in order, however they are cut. */
void proa_seam_note(struct proa_seam *s, struct proa_slice bytes);
/* Nothing goes on from here: gives the text back, and keeps none any more. */
void proa_seam_give_up(struct proa_seam *s);
/* Bytes of memory that are kept. */
size_t proa_seam_bytes(const struct proa_seam *s);
/* Is there something to go on from, and nothing that stands against it? */
bool proa_seam_holds(const struct proa_seam *s);

/* Is what comes now what the client is to get, byte for byte? */
static inline bool proa_seam_passes(const struct proa_seam *s)
{
    return s->through && s->id_len == 0 && s->created_len == 0;
}

/* The answer that goes on is about to come. */
void proa_seam_begin(struct proa_seam *s, enum proa_seam_way way);

enum proa_seam_result {
    PROA_SEAM_OK = 0,
    PROA_SEAM_DIVERGED, /* it does not go on with what the client has */
    PROA_SEAM_LIMIT     /* `out` is full, or an event too long */
};
/* Whole events of that answer; appends what is to go to the client, which may be nothing. */
enum proa_seam_result proa_seam_take(struct proa_seam *s, struct proa_slice events,
                                     struct proa_buf *out) PROA_MUST_CHECK;

#endif
