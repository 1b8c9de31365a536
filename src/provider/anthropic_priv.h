/*
 * The anthropic dialect as its units see it: the Messages API, at Anthropic and on Vertex.
 *
 *   anthropic.c          the vtable
 *   anthropic_encode.c   the request: head and body
 *   anthropic_blocks.c   its messages
 *   anthropic_options.c  what a client says in Anthropic's own words
 *   anthropic_decode.c   answers, streamed and whole, for clients of other surfaces
 *   anthropic_answer.c   facts in an answer that is passed on: usage, errors
 *   anthropic_stream.c   the same of a stream, event by event
 *   anthropic_error.c    what class a failure is of
 *
 * What models differ in is in claude_priv.h, which Bedrock shares.
 */
#ifndef PROA_PROVIDER_ANTHROPIC_PRIV_H
#define PROA_PROVIDER_ANTHROPIC_PRIV_H

#include "claude_priv.h"
#include "decoder_priv.h"
#include "options_priv.h"

#include "proa/provider/dialect.h"

struct anthropic_options {
    struct proa_claude_wish wish;
    bool no_parallel;
    bool no_reasoning;      /* earlier reasoning is not sent back */
    struct proa_slice beta; /* value of anthropic-beta; empty = none */
    struct proa_options members;
};

/* Who serves the Messages API, and in what it differs from Anthropic. */
struct anthropic_host {
    struct proa_slice vendor;
    bool in_path;      /* the model is in the path, the version in the body */
    bool takes_schema; /* output_config.format, strict tools */
    bool fetches;      /* images and documents by URL */
    bool caches;       /* finds by itself what to cache, when it is told to at the top */
};

/* A request on its way into a body. */
struct anthropic_writing {
    const struct proa_encode_in *in;
    const struct proa_chat_request *chat;
    const struct anthropic_host *host;
    struct proa_arena *arena;
    struct proa_encoded *out;
    struct proa_json_writer w;
    struct anthropic_options options;
    struct proa_claude_plan plan;
};

/* The first reason counts. */
void proa_anthropic_refuse(struct anthropic_writing *a, const char *feature, const char *reason);

/* ---- anthropic_options.c */
/* providerOptions.anthropic, and the extras where they are Anthropic's. */
void proa_anthropic_options(const struct proa_chat_request *chat, struct proa_arena *arena,
                            struct proa_chat_warnings *warnings, struct anthropic_options *out);

/* ---- anthropic_blocks.c */
/* `system`, unless there is none. */
void proa_anthropic_put_system(struct anthropic_writing *a);
void proa_anthropic_put_messages(struct anthropic_writing *a);

/* ---- anthropic_encode.c */
const struct anthropic_host *proa_anthropic_host(const struct proa_vendor *vendor);
enum proa_err proa_anthropic_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                    struct proa_encoded *out);

/* ---- anthropic_decode.c */
extern const struct proa_decode_ops proa_anthropic_decode;

/* ---- anthropic_answer.c */

/* The members of one JSON object that matter, wherever they stand; ABSENT is kind 0. */
struct anthropic_member {
    struct proa_slice key;
    struct proa_json_item item;
};

/* Takes the first of each. False when the text is no object or is broken. */
bool proa_anthropic_members(struct proa_slice object, struct anthropic_member *members, size_t n);
static inline struct proa_slice proa_anthropic_text(const struct anthropic_member *m)
{
    return proa_decode_string(&m->item);
}
static inline bool proa_anthropic_is(const struct anthropic_member *m, struct proa_slice word)
{
    return m->item.kind == PROA_JSON_STRING && proa_json_string_eq(m->item.value, word);
}

/* Counts of input stand beside one another here, and are one number elsewhere. */
enum anthropic_input { INPUT_PLAIN = 0, INPUT_WRITTEN, INPUT_READ, INPUT_COUNTS };

/* What a message's usage came to so far. */
struct anthropic_counts {
    uint64_t input[INPUT_COUNTS];
    struct proa_usage usage;
};

/* A usage object: each count that is there replaces what was known. */
void proa_anthropic_count(struct anthropic_counts *counts, struct proa_slice object);

bool proa_anthropic_read_plain(enum proa_operation op, const struct proa_answer_head *head,
                               struct proa_slice body, struct proa_usage *usage,
                               struct proa_slice *model, struct proa_failure *failure);

/* ---- anthropic_stream.c */
struct proa_reader *proa_anthropic_reader_create(enum proa_operation op,
                                                 const struct proa_answer_head *head,
                                                 struct proa_arena *arena);
enum proa_err proa_anthropic_reader_feed(struct proa_reader *reader, struct proa_slice bytes,
                                         struct proa_reader_report *out);
bool proa_anthropic_reader_complete(const struct proa_reader *reader);
const struct proa_usage *proa_anthropic_reader_usage(const struct proa_reader *reader);
struct proa_slice proa_anthropic_reader_finish_reason(const struct proa_reader *reader);
struct proa_slice proa_anthropic_reader_model(const struct proa_reader *reader);
void proa_anthropic_reader_destroy(struct proa_reader *reader);
void proa_anthropic_read_delta(struct proa_slice data, struct proa_delta *out);

/* ---- anthropic_error.c */
void proa_anthropic_classify(const struct proa_answer_head *head, struct proa_slice body,
                             struct proa_failure *out);
/* An error in an answer that began as a success; `object` is all of the event's JSON. */
void proa_anthropic_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                    struct proa_failure *out);

#endif
