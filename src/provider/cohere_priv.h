/*
 * The cohere dialect as its units see it: version 2 of Cohere's API.
 *
 *   cohere.c         the vtable
 *   cohere_encode.c  requests: chat, and the head of all
 *   cohere_messages.c  a chat's messages and documents
 *   cohere_lists.c   embeddings and reranking, both ways
 *   cohere_decode.c  answers to chats, streamed and whole
 *   cohere_error.c   what class a failure is of
 */
#ifndef PROA_PROVIDER_COHERE_PRIV_H
#define PROA_PROVIDER_COHERE_PRIV_H

#include "decoder_priv.h"
#include "options_priv.h"

#include "proa/provider/dialect.h"

enum { COHERE_TEXTS_MAX = 96 }; /* of one call of embed */

/* A chat on its way into a body. */
struct cohere_writing {
    const struct proa_encode_in *in;
    const struct proa_chat_request *chat;
    struct proa_encoded *out;
    struct proa_json_writer w;
    struct proa_options options;
    struct proa_slice thinking; /* of the options: JSON; empty = none */
};

/* The first reason counts. */
void proa_cohere_refuse(struct proa_encoded *out, const char *feature, const char *reason);

/* ---- cohere_encode.c */
enum proa_err proa_cohere_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out);

/* ---- cohere_messages.c */
/* `messages`, and `documents` where the client sent any. */
void proa_cohere_put_messages(struct cohere_writing *c);

/* ---- cohere_lists.c */
void proa_cohere_put_embed(struct proa_json_writer *w, const struct proa_encode_in *in,
                           struct proa_encoded *out);
void proa_cohere_put_rerank(struct proa_json_writer *w, const struct proa_encode_in *in);
bool proa_cohere_read_vectors(struct proa_decoder *d, struct proa_slice body);
bool proa_cohere_read_ranks(struct proa_decoder *d, struct proa_slice body);

/* ---- cohere_decode.c */
extern const struct proa_decode_ops proa_cohere_decode;

/* ---- cohere_error.c */
void proa_cohere_classify(const struct proa_answer_head *head, struct proa_slice body,
                          struct proa_failure *out);
/* An error in an answer that began as a success; `object` is the JSON object that tells it. */
void proa_cohere_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                 struct proa_failure *out);

#endif
