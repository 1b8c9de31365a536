/*
 * What a dialect's decoder is made of: the frame that all share, and the calls by which a dialect
 * tells what it has read. The frame keeps the order that proa/chat/event.h promises.
 */
#ifndef PROA_PROVIDER_DECODER_PRIV_H
#define PROA_PROVIDER_DECODER_PRIV_H

#include "proa/http/eventstream.h"
#include "proa/http/sse.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"
#include "proa/provider/decoder.h"

#include <string.h>

enum {
    DECODER_NAME_MAX = 128,            /* of a model, a finish reason */
    DECODER_TOOLS_MAX = 128,           /* tool calls in one answer */
    DECODER_CHOICES_MAX = 64,          /* answers to one request */
    DECODER_TEXT_MAX = 4 * 1024 * 1024 /* of what is decoded or escaped for one event */
};

enum proa_framing {
    PROA_FRAMING_SSE = 0,
    PROA_FRAMING_EVENTSTREAM /* AWS's */
};

/* What a dialect brings. */
struct proa_decode_ops {
    enum proa_framing framing;
    size_t own_bytes;                     /* of its own state, zeroed; d->own */
    const struct proa_sse_limits *limits; /* NULL: those of any SSE */
    /* One event of a stream: the SSE event's name (often empty), or the message's event type; data
     * is not validated. False: it is no event of this dialect, left out where it is JSON at least.
     * While d->exception is set it is an exception, by its type and payload, or an error, by its
     * code and message, which is plain text. */
    bool (*event)(struct proa_decoder *d, struct proa_slice name, struct proa_slice data);
    /* A whole answer. False: it is none (MALFORMED), unless proa_decode_fail() said what it is. */
    bool (*whole)(struct proa_decoder *d, struct proa_slice body);
    /* The stream has ended; NULL = nothing to do. Tells FINISH where only the end tells it. */
    void (*end)(struct proa_decoder *d);
};

struct decoder_tool {
    uint64_t key; /* the dialect's own number for it, and its choice */
    bool open;
    bool filled;   /* a piece of arguments has come */
    bool executed; /* its provider runs it itself */
};

struct decoder_name {
    uint8_t len;
    char text[DECODER_NAME_MAX];
};

struct proa_decoder {
    const struct proa_dialect *dialect;
    enum proa_operation op;
    const struct proa_answer_head *head;
    struct proa_chat_sink sink;
    struct proa_arena *arena;
    union { /* by the dialect's framing */
        struct proa_sse sse;
        struct proa_eventstream messages;
    };

    struct proa_buf scratch; /* of the event at hand; cleared before each */
    void *own;

    enum proa_answer_state state;
    bool started;
    bool news;    /* usage has changed since it was told */
    bool content; /* the event at hand bears content */
    bool broken;
    bool exception;    /* the event at hand is none: see event() */
    uint64_t chosen;   /* bit i: choice i has begun */
    uint64_t finished; /* bit i: choice i has its finish reason */
    struct proa_usage usage;
    struct proa_slice raw_usage; /* of the event at hand */
    struct proa_failure failure;
    struct decoder_name model;
    struct decoder_name finish_reason;
    size_t n_tools;
    struct decoder_tool tools[DECODER_TOOLS_MAX];
};

/* ---- what a dialect says; texts are JSON text */

/* Once; later calls are ignored. Anything that is told before it starts the answer by itself. */
void proa_decode_start(struct proa_decoder *d, struct proa_slice id, struct proa_slice model,
                       uint64_t created_s);
/* TEXT, REFUSAL, REASONING, SIGNATURE, REDACTED; an empty text is nothing. */
void proa_decode_text(struct proa_decoder *d, enum proa_chat_event_kind kind, uint32_t choice,
                      struct proa_slice text);
/* A tool call begins. `key` is the dialect's own number for it, by which the next calls find it; a
 * key that is in use is another call and ends the one before. */
void proa_decode_tool(struct proa_decoder *d, uint32_t choice, uint32_t key, struct proa_slice id,
                      struct proa_slice name, struct proa_slice signature);
/* A call that the provider runs itself, and what came of it; nothing where nobody wants to know. */
void proa_decode_executed(struct proa_decoder *d, uint32_t choice, uint32_t key,
                          struct proa_slice id, struct proa_slice name);
void proa_decode_result(struct proa_decoder *d, uint32_t choice, struct proa_slice id,
                        struct proa_slice json, bool failed);
bool proa_decode_has_tool(struct proa_decoder *d, uint32_t choice, uint32_t key);
/* A piece of its arguments' JSON as JSON text: as a string holds it. */
void proa_decode_tool_piece(struct proa_decoder *d, uint32_t choice, uint32_t key,
                            struct proa_slice text);
/* Arguments that are JSON themselves; white space, null or {} as well. */
void proa_decode_tool_json(struct proa_decoder *d, uint32_t choice, uint32_t key,
                           struct proa_slice json);
/* Gives {} to a call without arguments. Harmless on one that is unknown or has ended. */
void proa_decode_tool_end(struct proa_decoder *d, uint32_t choice, uint32_t key);
/* SIGNATURE or REDACTED, and how it is sealed; nothing when empty. */
void proa_decode_sealed(struct proa_decoder *d, enum proa_chat_event_kind kind, uint32_t choice,
                        struct proa_slice text, struct proa_slice sealed_as);
/* MEDIA, CITATION, LOGPROBS, VECTOR, RANK. */
void proa_decode_other(struct proa_decoder *d, const struct proa_chat_event *event);
/* A count; told as one USAGE event when the event at hand is through. One that is out of all reason
 * is nothing. */
void proa_decode_usage(struct proa_decoder *d, enum proa_usage_field field, uint64_t count);
/* The provider's own object that the counts of the event at hand are read from. */
void proa_decode_raw_usage(struct proa_decoder *d, struct proa_slice object);
/* The answer has its reason: open tool calls end; STOP becomes TOOLS when there was a tool call.
 * State FINISHED when all choices that began have one. A second reason is ignored. */
void proa_decode_finish(struct proa_decoder *d, uint32_t choice, enum proa_chat_finish finish,
                        struct proa_slice raw);
/* The end mark: nothing follows. */
void proa_decode_done(struct proa_decoder *d);
/* The answer is an error. Its texts are JSON text; they are decoded and copied. */
void proa_decode_fail(struct proa_decoder *d, const struct proa_failure *failure);

/* A member's value that is a whole number; `otherwise` for anything else. */
uint64_t proa_decode_u64(const struct proa_json_item *item, uint64_t otherwise);
/* A member's value that is a string, as JSON text; empty for anything else. */
static inline struct proa_slice proa_decode_string(const struct proa_json_item *item)
{
    return item->kind == PROA_JSON_STRING
               ? proa_slice_make(item->value.ptr + 1, item->value.len - 2)
               : PROA_SLICE_NONE;
}
/* Is the item's key this one? */
static inline bool proa_decode_key_is(const struct proa_json_item *item, struct proa_slice key)
{
    return proa_json_key_is(item, key);
}

#endif
