/*
 * An answer under way, streamed or gathered.
 */
#ifndef PROA_API_OPENAI_ANSWER_PRIV_H
#define PROA_API_OPENAI_ANSWER_PRIV_H

#include "proa/api/openai_answer.h"
#include "proa/chat/text.h"

enum {
    ANSWER_CHOICES_MAX = 64,
    ANSWER_TOOLS_MAX = 128,
    ANSWER_TEXT_MAX = 256 * 1024 * 1024 /* of one text; the answer it is made of is bounded */
};

/* A call that is gathered. */
struct call {
    struct proa_slice id; /* texts, in the arena */
    struct proa_slice name;
    struct proa_slice signature;
    struct proa_buf arguments; /* text */
};

/* One choice. Only a whole answer gathers; a stream keeps no more than the numbers. */
struct choice {
    bool begun;         /* its role was told */
    bool thinking;      /* a block of reasoning is open, */
    uint32_t n_thought; /* and which */
    bool finished;
    enum proa_chat_finish finish;

    struct proa_buf text;
    struct proa_buf refusal;
    struct proa_buf reasoning;
    struct proa_buf details; /* JSON, elements of reasoning_details */
    struct proa_buf thought; /* of the block that is open */
    struct proa_buf images;  /* JSON, elements of images */
    struct proa_buf audio;   /* base64 */
    struct proa_buf sources; /* JSON, elements of annotations */
    struct proa_buf logprobs;
    struct call *calls;
    size_t n_calls;
};

struct proa_api_answer {
    struct proa_api_answer_cfg cfg;
    struct proa_buf *out;
    struct proa_arena *arena;
    struct proa_slice head; /* what every chunk or the answer begins with; empty: not started */
    struct choice *choices[ANSWER_CHOICES_MAX];
    size_t n_choices; /* up to the highest one that is known */
};

/* Never NULL for an event that its decoder may tell. */
struct choice *proa_answer_choice(struct proa_api_answer *a, uint32_t number);
/* The id of a call that has none. */
struct proa_slice proa_answer_call_id(struct proa_api_answer *a,
                                      const struct proa_chat_event *event);
/* "stop" and the others, as this client knows them. */
const char *proa_answer_finish(const struct proa_api_answer *a, enum proa_chat_finish finish);

/* ---- pieces that both ways share */

/* {"type":"reasoning.text",...}; or .encrypted for what only its provider can read. */
void proa_answer_put_thought(struct proa_buf *out, struct proa_slice text,
                             struct proa_slice signature, struct proa_slice sealed_as,
                             uint32_t number);
void proa_answer_put_redacted(struct proa_buf *out, struct proa_slice data,
                              struct proa_slice sealed_as, uint32_t number);
/* Is it sound? All else that is made is an image. */
static inline bool proa_answer_is_audio(const struct proa_chat_event *event)
{
    return proa_slice_starts(event->media_type, PROA_SLICE("audio/"));
}
/* {"id":...,"data":... and no end yet */
void proa_answer_put_audio(const struct proa_api_answer *a, struct proa_buf *out,
                           struct proa_slice data);
/* {"type":"image_url",...} */
void proa_answer_put_image(struct proa_buf *out, const struct proa_chat_event *event);
/* {"type":"url_citation",...} */
void proa_answer_put_source(struct proa_buf *out, const struct proa_chat_event *event);
/* ,"extra_content":{"google":{"thought_signature":...}}; nothing without a signature. */
void proa_answer_put_signature(struct proa_buf *out, struct proa_slice signature);
/* "provider_metadata":{"gateway":...}, with `before` in front; nothing without an object. */
void proa_answer_put_gateway(struct proa_buf *out, const char *before, struct proa_slice gateway);
/* {"prompt_tokens":...} */
void proa_answer_put_usage(struct proa_buf *out, const struct proa_usage *usage);

/* ---- openai_whole.c */

void proa_answer_gather(struct proa_api_answer *a, const struct proa_chat_event *event);
void proa_answer_write(struct proa_api_answer *a, const struct proa_usage *usage,
                       struct proa_slice gateway);

#endif
