/*
 * The lists of models that `GET /v1/models` and `GET /v1/models/{id}` answer with: one shape that
 * the SDKs of OpenAI and of Anthropic take, the latter for a page that is the last.
 *
 * Pure; appends to the caller's buffer. What is not known is left out, but for members that some
 * clients cannot do without: a model without a known date is of the beginning of time, as
 * Anthropic's own list has it.
 */
#ifndef PROA_API_MODELS_H
#define PROA_API_MODELS_H

#include "proa/core/buf.h"

enum proa_api_price {
    PROA_API_PRICE_INPUT = 0,
    PROA_API_PRICE_OUTPUT,
    PROA_API_PRICE_CACHE_READ,
    PROA_API_PRICE_CACHE_WRITE,
    PROA_API_PRICES
};

/* What a model can do. */
enum proa_api_feature {
    PROA_API_FEATURE_TOOLS = 0,
    PROA_API_FEATURE_VISION,
    PROA_API_FEATURE_REASONING,
    PROA_API_FEATURE_JSON_SCHEMA,
    PROA_API_FEATURE_CACHING, /* what was sent before costs less */
    PROA_API_FEATURE_AUDIO,
    PROA_API_FEATURES
};

/* US dollars per token, in 10^-12. */
struct proa_api_prices {
    uint64_t pico[PROA_API_PRICES];
    unsigned known; /* bit i: pico[i] is */
};

/* One model in a list. */
struct proa_api_model {
    struct proa_slice id;
    struct proa_slice owned_by;
    struct proa_slice name; /* for people; empty = the id */
    struct proa_slice type; /* "language"; empty = not known */
    uint64_t created;       /* unix seconds; 0 = not known */
    struct proa_api_prices prices;
    uint32_t context;    /* tokens; 0 = not known */
    uint32_t max_output; /* likewise */
    unsigned features;   /* bit enum proa_api_feature */
};

/* ERR_LIMIT: the buffer is full; it keeps its length then. */
enum proa_err proa_api_models_write(const struct proa_api_model *models, size_t n,
                                    struct proa_buf *out) PROA_MUST_CHECK;
enum proa_err proa_api_model_write(const struct proa_api_model *model,
                                   struct proa_buf *out) PROA_MUST_CHECK;

#endif
