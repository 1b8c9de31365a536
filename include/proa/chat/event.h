/*
 * What an answer tells, event by event: a dialect reads them from its provider's answer, streamed
 * or whole, and a surface writes them for its client. A whole answer is the same events at once.
 *
 * Pure value type. Slices live as long as the call they are handed over in. Texts are JSON text
 * (proa/chat/text.h).
 *
 * Order: START once, then content, USAGE any number of times (each replaces what it names), FINISH
 * once for each choice. TOOL_START comes before the pieces of its arguments, TOOL_END after them;
 * tools count 0, 1, ... in the order of their starts within a choice, and pieces of different tools
 * may be mixed. A decoder keeps that order whatever its provider does. Errors are not events: they
 * are the decoder's result.
 */
#ifndef PROA_CHAT_EVENT_H
#define PROA_CHAT_EVENT_H

#include "proa/chat/usage.h"
#include "proa/core/slice.h"

#include <stdbool.h>

enum proa_chat_event_kind {
    PROA_CHAT_START = 0,   /* id, model, created_s: each empty or 0 when not told */
    PROA_CHAT_TEXT,        /* text; raw: of what was said in a recording, all that is told of it: a
                              JSON object in OpenAI's shape */
    PROA_CHAT_REFUSAL,     /* text */
    PROA_CHAT_REASONING,   /* text */
    PROA_CHAT_SIGNATURE,   /* text: signature of the reasoning before it; name: how it is sealed,
                              PROA_CHAT_SEALED_*, or empty */
    PROA_CHAT_REDACTED,    /* text: reasoning that only its provider can read; name likewise */
    PROA_CHAT_TOOL_START,  /* tool, id, name; text: signature that must come back with it, or empty;
                              executed: its provider runs it itself, and tells the result */
    PROA_CHAT_TOOL_PIECE,  /* tool, text: a piece of the arguments' JSON, as JSON text */
    PROA_CHAT_TOOL_END,    /* tool; arguments that were empty have been given as {} */
    PROA_CHAT_TOOL_RESULT, /* id of the call that was executed; raw: JSON as the provider has it;
                              failed: it is an error */
    PROA_CHAT_MEDIA,       /* media_type, text: base64 of an image or audio that was made; or raw:
                              its bytes */
    PROA_CHAT_CITATION,    /* raw: JSON as the provider has it; id: URL or empty; name: title */
    PROA_CHAT_LOGPROBS,    /* raw: JSON in OpenAI's shape */
    PROA_CHAT_USAGE,  /* usage; raw: the provider's own object that it was read from, or empty */
    PROA_CHAT_FINISH, /* finish, text: the provider's own word */
    PROA_CHAT_VECTOR, /* index of the input; raw: array of numbers, or text: base64 of floats */
    PROA_CHAT_RANK    /* index of the document; raw: the score, a JSON number */
};

/* Why an answer ended. */
enum proa_chat_finish {
    PROA_CHAT_FINISH_STOP = 0,
    PROA_CHAT_FINISH_LENGTH,
    PROA_CHAT_FINISH_TOOLS,
    PROA_CHAT_FINISH_FILTER,
    PROA_CHAT_FINISH_OTHER
};

struct proa_chat_event {
    enum proa_chat_event_kind kind;
    uint32_t choice; /* 0 unless several answers were asked for */
    uint32_t tool;
    uint32_t index;
    enum proa_chat_finish finish;
    bool executed;
    bool failed;
    struct proa_slice text;
    struct proa_slice id;
    struct proa_slice name;
    struct proa_slice model;
    struct proa_slice media_type;
    struct proa_slice raw;
    uint64_t created_s; /* unix seconds */
    const struct proa_usage *usage;
};

typedef void proa_chat_event_fn(void *ctx, const struct proa_chat_event *event);

/* Who takes the events; `event` NULL = nobody, see each user. `raw`, where it is set, gets what a
 * stream's provider sent besides: each of its own events, behind those that were made of it, as the
 * bytes stood there. Tools that their provider runs itself are told to who says `executed` alone:
 * to others they are no part of the answer. */
struct proa_chat_sink {
    proa_chat_event_fn *event;
    void *ctx;
    void (*raw)(void *ctx, struct proa_slice data);
    bool executed;
};

/* "stop", "length", "tool_calls", "content_filter"; OTHER is told as "stop". OpenAI's words. */
const char *proa_chat_finish_name(enum proa_chat_finish finish);

#endif
