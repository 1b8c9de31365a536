/*
 * The AI SDK's list of models: `GET /v<N>/ai/config`. A client refuses the whole list when one
 * entry names another version than its own.
 *
 * Pure; appends to the caller's buffer.
 */
#ifndef PROA_API_AISDK_CONFIG_H
#define PROA_API_AISDK_CONFIG_H

#include "proa/api/models.h"
#include "proa/core/buf.h"

struct proa_api_config_model {
    struct proa_slice id;
    struct proa_slice name;         /* for people; empty = the id */
    struct proa_slice provider;     /* who would be asked first, */
    struct proa_slice model_id;     /* and for what */
    struct proa_slice type;         /* "language" */
    uint64_t pico[PROA_API_PRICES]; /* US dollars per token, in 10^-12 */
    unsigned priced;                /* bit i: pico[i] is known */
};

/* ERR_LIMIT: the buffer is full; it keeps its length then. */
enum proa_err proa_api_aisdk_config_write(const struct proa_api_config_model *models, size_t n,
                                          unsigned version, struct proa_buf *out) PROA_MUST_CHECK;

#endif
