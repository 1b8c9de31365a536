/*
 * Items of the Responses API: from a request's `input`, or kept from earlier answers.
 */
#ifndef PROA_API_RESPONSES_READ_PRIV_H
#define PROA_API_RESPONSES_READ_PRIV_H

#include "openai_read_priv.h"

/*
 * How `encrypted_content` begins that was written here: a signature of the reasoning that stands
 * beside it, or reasoning that only its provider can read. What begins otherwise is of a provider
 * that speaks this API, and means nothing to another.
 */
#define SEALED_SIGNATURE "proa-signature:"
#define SEALED_REDACTED  "proa-redacted:"
/* How the ids of reasoning begin that was written here: no provider knows it by them. */
#define OWN_REASONING "rs_proa"

/* Items so far. What an assistant thinks, says and calls stands in items of its own and is one
 * message: its parts are collected until somebody else speaks. */
struct items {
    struct messages all;
    struct parts turn;
};

/* One more item. */
enum proa_err proa_read_item(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, struct items *out) PROA_MUST_CHECK;
/* A message of one text, as whoever speaks by `role`. */
enum proa_err proa_read_spoken(struct reading *r, const struct place *at, enum proa_chat_role role,
                               struct proa_slice text, struct items *out) PROA_MUST_CHECK;
/* Nothing follows: the last turn becomes a message. */
void proa_read_end_turn(struct reading *r, struct items *out);

#endif
