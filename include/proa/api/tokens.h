/*
 * How many tokens a request is, roughly: for clients that want to know before anybody counts.
 *
 * Pure. One pass over the texts; no vocabulary. Kinds of characters are counted and weighed by what
 * they came to, on average, in real vocabularies; how that was measured stands beside the weights.
 */
#ifndef PROA_API_TOKENS_H
#define PROA_API_TOKENS_H

#include "proa/chat/request.h"

/* Of the whole input: tools, system, messages, what is told around them. `model` chooses the
 * weights; plain. At least 1. */
uint64_t proa_api_tokens_of(const struct proa_chat_request *chat, struct proa_slice model);

#endif
