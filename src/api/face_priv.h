/*
 * The surfaces there are, and what a writer of one is made of.
 */
#ifndef PROA_API_FACE_PRIV_H
#define PROA_API_FACE_PRIV_H

#include "proa/api/face.h"

/* First member of each surface's own struct. */
struct proa_api_writer {
    struct proa_chat_sink (*sink)(struct proa_api_writer *w, size_t first);
    bool (*end)(struct proa_api_writer *w, const struct proa_usage *usage,
                struct proa_slice gateway);
    void (*destroy)(struct proa_api_writer *w);
    uint64_t (*sequence)(const struct proa_api_writer *w); /* NULL = events have no numbers */
};

extern const struct proa_api_face proa_api_face_anthropic;
extern const struct proa_api_face proa_api_face_aisdk;
extern const struct proa_api_face proa_api_face_openai;
extern const struct proa_api_face proa_api_face_responses;

#endif
