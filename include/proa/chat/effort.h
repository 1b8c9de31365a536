/*
 * The words for how much thinking is wanted. They are OpenAI's, and mostly everybody's: what a
 * provider calls otherwise, or has not, stands with that provider.
 *
 * Pure.
 */
#ifndef PROA_CHAT_EFFORT_H
#define PROA_CHAT_EFFORT_H

#include "proa/chat/request.h"

/* "none" to "max"; empty for UNSAID. */
struct proa_slice proa_chat_effort_word(enum proa_chat_effort effort);
/* By its word, a text. False, and *out as it was: it is none of them. */
bool proa_chat_effort_find(struct proa_slice text, enum proa_chat_effort *out);

#endif
