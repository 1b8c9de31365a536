/*
 * What the writers of the AI SDK's protocol share: pieces of an answer in each version's form.
 */
#ifndef PROA_API_AISDK_WRITE_PRIV_H
#define PROA_API_AISDK_WRITE_PRIV_H

#include "face_priv.h"

/* ---- aisdk_pieces.c */

/* [{"type":"unsupported-setting",...}]: what was dropped, as the version has it. In the arena. */
struct proa_slice proa_aisdk_warnings(const struct proa_api_writer_cfg *cfg,
                                      struct proa_arena *arena);
/* {"inputTokens":...}; `raw`: the provider's own object, which later versions show, or empty. */
void proa_aisdk_put_usage(struct proa_buf *out, unsigned version, const struct proa_usage *usage,
                          struct proa_slice raw);
/* JSON in one line; what is none, as a string. */
void proa_aisdk_put_line(struct proa_buf *out, struct proa_slice data);

/* ---- aisdk_raw.c */

/* What a provider says of usage, which may come in two parts: the beginning of a stream and its
 * end. Zero at first. */
struct proa_aisdk_raw_usage {
    struct proa_buf first;
    struct proa_buf last;
};
void proa_aisdk_raw_usage_init(struct proa_aisdk_raw_usage *r);
void proa_aisdk_raw_usage_deinit(struct proa_aisdk_raw_usage *r);
void proa_aisdk_raw_usage_take(struct proa_aisdk_raw_usage *r, struct proa_slice object);
/* All members, the last of each name, as one object in the arena; empty when nothing was said. */
struct proa_slice proa_aisdk_raw_usage_of(const struct proa_aisdk_raw_usage *r,
                                          struct proa_arena *arena);
struct proa_aisdk_alias;
/* What the client calls the tools of providers. */
struct proa_aisdk_aliases {
    struct proa_aisdk_alias *items; /* in the arena */
    size_t n;
};
void proa_aisdk_aliases_of(const struct proa_chat_request *chat, struct proa_arena *arena,
                           struct proa_aisdk_aliases *out);
/* As the client calls what the provider calls so: texts. */
struct proa_slice proa_aisdk_alias_of(const struct proa_aisdk_aliases *aliases,
                                      struct proa_slice own);
/* What a tool of a provider's has given, with members called as the SDK calls them. */
void proa_aisdk_put_result(struct proa_buf *out, struct proa_slice json);
/* "stop", or {"unified":"stop","raw":"end_turn"}; `raw` is a text, or empty. */
void proa_aisdk_put_finish(struct proa_buf *out, unsigned version, const char *unified,
                           struct proa_slice raw);
/* ,"providerMetadata":{"gateway":...}; nothing without an object. */
void proa_aisdk_put_gateway(struct proa_buf *out, struct proa_slice gateway);
/* "2026-11-23T22:55:01.000Z" with quotes */
void proa_aisdk_put_time(struct proa_buf *out, uint64_t unix_s);

/* ---- aisdk_source.c */

struct proa_aisdk_document;
/* What is told of the request's documents when one is cited. */
struct proa_aisdk_documents {
    struct proa_aisdk_document *items; /* in the arena */
    size_t n;
};
/* None, unless the client asks for citations. */
void proa_aisdk_documents_of(const struct proa_chat_request *chat, struct proa_arena *arena,
                             struct proa_aisdk_documents *out);
/* "type":"source",... without the braces; false, and nothing, where the SDK has no form for it. */
bool proa_aisdk_put_source(struct proa_buf *out, const struct proa_aisdk_documents *documents,
                           const struct proa_chat_event *event, uint32_t number);
/* The passage that is cited: a text, or empty. */
struct proa_slice proa_aisdk_cited(const struct proa_chat_event *event);

/* ---- aisdk_answer.c, aisdk_lists.c, aisdk_media_answer.c */

struct proa_api_writer *proa_aisdk_answer_create(const struct proa_api_writer_cfg *cfg,
                                                 struct proa_buf *out, struct proa_arena *arena);
struct proa_api_writer *proa_aisdk_vectors_create(const struct proa_api_writer_cfg *cfg,
                                                  struct proa_buf *out, struct proa_arena *arena);
struct proa_api_writer *proa_aisdk_ranking_create(const struct proa_api_writer_cfg *cfg,
                                                  struct proa_buf *out, struct proa_arena *arena);
/* Images, speech, or what was said. */
struct proa_api_writer *proa_aisdk_media_create(const struct proa_api_writer_cfg *cfg,
                                                struct proa_buf *out, struct proa_arena *arena);

#endif
