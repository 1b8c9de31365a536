/*
 * The lists of models that `GET /v1/models` and `GET /v1/models/{id}` answer with: one shape that
 * the SDKs of OpenAI and of Anthropic take, the latter for a page that is the last.
 *
 * Pure; appends to the caller's buffer.
 */
#ifndef PROA_API_MODELS_H
#define PROA_API_MODELS_H

#include "proa/core/buf.h"

/* One model in a list. */
struct proa_api_model {
    struct proa_slice id;
    struct proa_slice owned_by;
    uint64_t created; /* unix seconds */
};
enum proa_err proa_api_models_write(const struct proa_api_model *models, size_t n,
                                    struct proa_buf *out) PROA_MUST_CHECK;
enum proa_err proa_api_model_write(const struct proa_api_model *model,
                                   struct proa_buf *out) PROA_MUST_CHECK;

#endif
