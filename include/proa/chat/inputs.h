/*
 * The neutral model of embeddings and reranking requests.
 *
 * Pure plain structs on an exchange's arena. Texts are JSON text (proa/chat/text.h). The answers
 * are events (proa/chat/event.h): VECTOR and RANK, USAGE.
 */
#ifndef PROA_CHAT_INPUTS_H
#define PROA_CHAT_INPUTS_H

#include "proa/chat/request.h"

/* What to embed. A text, or tokens where the client sends them: a JSON array of numbers. */
struct proa_chat_input {
    struct proa_slice text;
    struct proa_slice tokens; /* empty = a text */
};

struct proa_chat_embed {
    const struct proa_chat_input *inputs;
    size_t n_inputs;
    uint64_t dimensions;          /* 0 = the model's own */
    bool base64;                  /* wanted by the client; a dialect may give either */
    struct proa_slice input_type; /* text: search_document, search_query, ...; empty = not said */
    struct proa_slice user;       /* text */
};

struct proa_chat_rerank {
    struct proa_slice query;            /* text */
    const struct proa_slice *documents; /* texts */
    size_t n_documents;
    uint64_t top_n;        /* 0 = all */
    bool return_documents; /* the surface puts them in, not the dialect */
};

#endif
