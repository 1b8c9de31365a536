/*
 * What a request asked for and a provider cannot do: dropped where the answer is still an answer,
 * and told to the client and the log.
 *
 * Pure. On the exchange's arena, bounded: what is beyond PROA_CHAT_WARNINGS_MAX is only counted.
 */
#ifndef PROA_CHAT_WARNING_H
#define PROA_CHAT_WARNING_H

#include "proa/core/slice.h"

enum { PROA_CHAT_WARNINGS_MAX = 16 };

struct proa_chat_warning {
    const char *feature; /* the request's field in OpenAI's words: "seed", "logprobs"; static */
    const char *reason;  /* static: "has no equivalent at this provider" */
};

struct proa_chat_warnings {
    struct proa_chat_warning items[PROA_CHAT_WARNINGS_MAX];
    size_t n;
    size_t dropped; /* beyond the maximum */
};

/* Once for each feature. `w` may be NULL: nobody wants to know. */
void proa_chat_warn(struct proa_chat_warnings *w, const char *feature, const char *reason);

#endif
