/*
 * An answer under way: its items, gathered, and how they are told.
 */
#ifndef PROA_API_RESPONSES_ANSWER_PRIV_H
#define PROA_API_RESPONSES_ANSWER_PRIV_H

#include "proa/api/responses_answer.h"
#include "proa/chat/text.h"

enum {
    RESPONSE_TOOLS_MAX = 128,
    RESPONSE_ITEMS_MAX = 65536,
    RESPONSE_TEXT_MAX = 256 * 1024 * 1024, /* of one item; a whole answer, which it is made of, is
                                              bounded */
    RESPONSE_STREAM_MAX = 32 * 1024 * 1024 /* of all that a stream tells, which is not: its last
                                              event repeats it */
};

/* A message has one part here: a refusal behind a text is a message of its own. */
enum item_kind { ITEM_TEXT = 0, ITEM_REFUSAL, ITEM_REASONING, ITEM_CALL, ITEM_IMAGE };

enum item_status { ITEM_OPEN = 0, ITEM_DONE, ITEM_CUT /* the answer ended within it */ };

struct item {
    enum item_kind kind;
    enum item_status status;
    struct proa_slice id;        /* plain; texts from here on, all in the arena */
    struct proa_slice call_id;   /* CALL */
    struct proa_slice name;      /* CALL */
    struct proa_slice signature; /* CALL */
    struct proa_slice sealed;    /* REASONING: what comes back unchanged, */
    bool redacted;               /* and that it is no signature */
    struct proa_slice format;    /* IMAGE */
    struct proa_buf text;        /* text: also arguments, and an image's base64 */
    struct proa_buf annotations; /* TEXT: JSON, elements */
    struct proa_buf logprobs;    /* TEXT: JSON, elements */
    size_t n_annotations;
};

struct proa_api_response {
    struct proa_api_response_cfg cfg;
    struct proa_buf *out;
    struct proa_arena *arena;
    struct proa_slice id;    /* plain; empty before the start */
    struct proa_slice model; /* text */
    struct proa_slice echo;  /* JSON: members, each with a comma in front */
    uint64_t created_s;
    uint64_t sequence; /* of the next event */
    uint64_t told;     /* bytes of what the events said */
    struct item *items;
    size_t n_items;
    size_t open;                      /* of TEXT, REFUSAL or REASONING that goes on, plus 1 */
    size_t tools[RESPONSE_TOOLS_MAX]; /* the item of each call, plus 1 */
    enum proa_chat_finish finish;
};

/* ---- responses_write.c: JSON */

/* JSON that others wrote, in one line: an end of line is none within a string, and would end the
 * data of an event. */
void proa_response_put_line(struct proa_buf *out, struct proa_slice json);
/* The one part of a message, as it is now. */
void proa_response_put_part(const struct item *item, struct proa_buf *out);
/* {"id","type",...}; an item that is open has nothing in it yet. */
void proa_response_put_item(const struct item *item, struct proa_buf *out);
/* {"type":"url_citation",...} */
void proa_response_put_annotation(const struct proa_chat_event *event, struct proa_buf *out);
/* The members of a request that its answer repeats. */
struct proa_slice proa_response_echo(const struct proa_api_echo *echo, struct proa_arena *arena);
/* The whole Response; `usage` NULL: it goes on. */
void proa_response_put(const struct proa_api_response *r, const struct proa_usage *usage,
                       struct proa_slice gateway);
/* "completed" or "incomplete". */
struct proa_slice proa_response_status(const struct proa_api_response *r);

/* ---- responses_stream.c: events; each appends whole frames */

void proa_response_tell_start(struct proa_api_response *r);
/* The item number `at` begins. */
void proa_response_tell_begin(struct proa_api_response *r, size_t at);
/* A piece of its text. */
void proa_response_tell_piece(struct proa_api_response *r, size_t at, struct proa_slice piece);
/* Its last annotation. */
void proa_response_tell_annotation(struct proa_api_response *r, size_t at,
                                   const struct proa_chat_event *event);
/* It has ended. */
void proa_response_tell_end(struct proa_api_response *r, size_t at);
void proa_response_tell_last(struct proa_api_response *r, const struct proa_usage *usage,
                             struct proa_slice gateway);

#endif
