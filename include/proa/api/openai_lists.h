/*
 * Embeddings and rankings as the OpenAI surface answers them, written from the events of the
 * neutral model.
 *
 * Pure. Handle types on the arena's memory; what is buffered is released by destroy.
 */
#ifndef PROA_API_OPENAI_LISTS_H
#define PROA_API_OPENAI_LISTS_H

#include "proa/chat/event.h"
#include "proa/chat/inputs.h"
#include "proa/core/arena.h"
#include "proa/core/buf.h"

struct proa_api_vectors;

/*
 * In the order of the inputs and in the encoding that `embed` asks for, whatever the provider
 * gives. The answers of several calls, each with a part of the inputs, make one list.
 */
struct proa_api_vectors *proa_api_vectors_create(const struct proa_chat_embed *embed,
                                                 struct proa_slice model, struct proa_buf *out,
                                                 struct proa_arena *arena);
void proa_api_vectors_destroy(struct proa_api_vectors *v); /* NULL is fine */
/* Where the events of the call go whose first input is number `first` of all. */
struct proa_chat_sink proa_api_vectors_sink(struct proa_api_vectors *v, size_t first);
/* Nothing follows. False, with nothing written, unless there is one vector for each input.
 * `gateway` is what the gateway tells of the exchange: a JSON object or empty. */
bool proa_api_vectors_end(struct proa_api_vectors *v, const struct proa_usage *usage,
                          struct proa_slice gateway) PROA_MUST_CHECK;

/* For another form of the same list: is there one vector for each input, and the i-th of them. */
bool proa_api_vectors_is_whole(const struct proa_api_vectors *v);
struct proa_slice proa_api_vectors_at(const struct proa_api_vectors *v, size_t i);

struct proa_api_ranking;

/* Best first, as the provider has them; with the documents where `rerank` wants them back. */
struct proa_api_ranking *proa_api_ranking_create(const struct proa_chat_rerank *rerank,
                                                 struct proa_slice model, struct proa_buf *out,
                                                 struct proa_arena *arena);
struct proa_chat_sink proa_api_ranking_sink(struct proa_api_ranking *r);
/* Nothing follows. False when an event named a document that there is not. */
bool proa_api_ranking_end(struct proa_api_ranking *r, const struct proa_usage *usage,
                          struct proa_slice gateway) PROA_MUST_CHECK;

#endif
