/*
 * Conversations that go on by `previous_response_id`: what a request of the Responses API says of
 * it, what is kept of an exchange, and how the next request gets it back.
 *
 * What is kept is a JSON array of items, as they stand in a request's `input`: those of the request
 * and, behind them, those of the answer's `output`. Whoever keeps it decides whether an answer's
 * array has the whole conversation or one turn of it: all readers take any number of such arrays,
 * the oldest first. proa_api_body (proa/api/face.h) takes them beside the body, and the request is
 * read as if their items stood before its own. `instructions` are of one request and are not kept.
 *
 * A client that believes its items to be kept refers to them by their ids alone (`item_reference`).
 * Ids of items that were made here name their answer, so that who keeps it can put them back.
 *
 * Pure. Bodies are those that look() of the face has accepted; all slices are borrowed from what
 * they are found in.
 */
#ifndef PROA_API_RESPONSES_HISTORY_H
#define PROA_API_RESPONSES_HISTORY_H

#include "proa/core/arena.h"
#include "proa/core/buf.h"

struct proa_api_history_wish {
    /* Of the answer that the conversation goes on from: text as it stands between the quotes; no id
     * that was given out here needs an escape. Empty = a new conversation. */
    struct proa_slice previous;
    bool store; /* the answer may be kept: unless the body says "store": false */
};

void proa_api_history_wish(struct proa_slice body, struct proa_api_history_wish *out);

struct proa_api_history_answer {
    struct proa_slice id;     /* text */
    struct proa_slice output; /* JSON array */
};

/*
 * An answer that a conversation can go on from: completed, or cut short by a limit. `answer` is a
 * Response, the data of a stream's event that brings one at the end, or a run of whole frames of
 * which the last does. False for all else, also where the answer failed or is not there yet.
 */
bool proa_api_history_answer(struct proa_slice answer,
                             struct proa_api_history_answer *out) PROA_MUST_CHECK;

/*
 * Appends what is kept of a turn: the items of the body's `input` and of `output`. A text as input
 * becomes the message that it stands for. ERR_TYPE: `input` or `output` is not what it must be;
 * ERR_LIMIT: `out` is full. `out` keeps its length then.
 */
enum proa_err proa_api_history_keep(struct proa_slice body, struct proa_slice output,
                                    struct proa_buf *out) PROA_MUST_CHECK;

/*
 * Appends the body with all items in its `input` and without `previous_response_id`: for a target
 * that speaks this API but does not know the conversation. What only answers written here can say
 * (see below) is left out; of `earlier` also what means nothing to any but who gave the answer:
 * reasoning, and the ids of messages and calls. Failures as above; `earlier` that are no arrays are
 * ERR_TYPE.
 */
enum proa_err proa_api_history_body(struct proa_slice body, const struct proa_slice *earlier,
                                    size_t n_earlier, struct proa_buf *out) PROA_MUST_CHECK;

/* Ids of answers that were given here and whose items the body's `input` refers to: each once, at
 * most `max`; returns how many. */
size_t proa_api_history_references(struct proa_slice body, struct proa_slice *ids, size_t max);

/* An answer that is kept, and what is kept of its turn. */
struct proa_api_history_kept {
    struct proa_slice id;
    struct proa_slice items; /* JSON array */
};

/*
 * Appends the body with the items themselves in place of references to them. A reference to what is
 * not among `kept` stays. In the order of their answer they are found in one walk over its items;
 * in another order only so many are, so that no body costs more than its length. Failures as of
 * proa_api_history_keep().
 */
enum proa_err proa_api_history_resolve(struct proa_slice body,
                                       const struct proa_api_history_kept *kept, size_t n_kept,
                                       struct proa_arena *arena,
                                       struct proa_buf *out) PROA_MUST_CHECK;

/*
 * Reasoning of other providers travels sealed in `encrypted_content`, with a mark by which it is
 * known when it comes back; where there is nothing to seal, by the mark in its id; signatures of
 * calls in `extra_content`. A provider that speaks this API would refuse it: a body in which this
 * is true passes to none as it is; it is translated, or goes through proa_api_history_body().
 */
bool proa_api_history_has_foreign(struct proa_slice body);

#endif
