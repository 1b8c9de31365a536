/*
 * An answer under way: what its stream and its whole form share.
 */
#ifndef PROA_API_ANTHROPIC_ANSWER_PRIV_H
#define PROA_API_ANTHROPIC_ANSWER_PRIV_H

#include "proa/api/anthropic_answer.h"
#include "proa/chat/text.h"

enum {
    MESSAGE_TOOLS_MAX = 128,
    MESSAGE_BLOCKS_MAX = 65536,
    MESSAGE_TEXT_MAX = 256 * 1024 * 1024 /* of one block; the answer it is made of is bounded */
};

enum block_kind { BLOCK_NONE = 0, BLOCK_TEXT, BLOCK_THINKING, BLOCK_REDACTED, BLOCK_TOOL };

/* A block that is gathered. */
struct block {
    enum block_kind kind;
    struct proa_slice id; /* texts, in the arena */
    struct proa_slice name;
    struct proa_slice signature;
    struct proa_buf text;      /* text: also a call's arguments, and what only its provider reads */
    struct proa_buf citations; /* JSON, elements */
};

struct proa_api_message {
    struct proa_api_message_cfg cfg;
    struct proa_buf *out;
    struct proa_arena *arena;
    struct proa_slice id;     /* text, in the arena; empty before the start */
    struct proa_slice model;  /* text, in the arena */
    struct proa_usage usage;  /* as far as it was told */
    bool begun;               /* message_start has gone out */
    struct proa_slice reason; /* static: the word for it; empty: none yet */

    /* stream */
    enum block_kind open;
    uint32_t n_begun;                  /* blocks so far; the open one is the last */
    uint32_t tools[MESSAGE_TOOLS_MAX]; /* the block of each call, plus 1 */

    /* whole */
    struct block *blocks;
    size_t n_blocks;
};

/* The id of a call that has none. */
struct proa_slice proa_message_call_id(struct proa_api_message *m,
                                       const struct proa_chat_event *event);
/* {"input_tokens":...} */
void proa_message_put_usage(const struct proa_api_message *m, const struct proa_usage *usage,
                            struct proa_buf *out);
/* "id":...,"type":"message","role":"assistant","model":... */
void proa_message_put_head(const struct proa_api_message *m, struct proa_buf *out);
/* "stop_reason":...,"stop_sequence":null */
void proa_message_put_reason(const struct proa_api_message *m, struct proa_buf *out);
/* ,"provider_metadata":{"gateway":{...}} or nothing. */
void proa_message_put_gateway(struct proa_slice gateway, struct proa_buf *out);
/* Has it a form in this API? */
bool proa_message_has_citation(const struct proa_chat_event *event);
void proa_message_put_citation(const struct proa_chat_event *event, struct proa_buf *out);

/* ---- anthropic_whole.c */

void proa_message_gather(struct proa_api_message *m, const struct proa_chat_event *event);
void proa_message_write(struct proa_api_message *m, const struct proa_usage *usage,
                        struct proa_slice gateway);
void proa_message_forget(struct proa_api_message *m);

#endif
