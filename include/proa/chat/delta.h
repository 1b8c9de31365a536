/*
 * What one event of a client's stream brings it, for who wants to go on with an answer that broke
 * off. Every shape of stream that can be gone on with has a reader of its own.
 *
 * Pure.
 */
#ifndef PROA_CHAT_DELTA_H
#define PROA_CHAT_DELTA_H

#include "proa/core/slice.h"

struct proa_delta {
    struct proa_slice text; /* piece of the answer's text: a string token within the data; empty */
    bool finished;          /* a finish reason */
    bool other; /* something that is not the text of the one choice: a tool call, reasoning, ... */
    struct proa_slice name; /* of the event, where its stream names events; empty = it has none */
    /* What every event of an answer says alike, where its stream has that: tokens within the data;
     * empty. */
    struct proa_slice id;
    struct proa_slice created;
};

/* Fills all of *out from one event's data, an end mark's apart; what it says borrows from `data`.
 */
typedef void proa_read_delta_fn(struct proa_slice data, struct proa_delta *out);

#endif
