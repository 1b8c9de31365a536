/*
 * Who offers a model, and how that goes: `GET /v1/models/{creator}/{model}/endpoints`.
 *
 * Pure; appends to the caller's buffer. What is not known is null, as clients of this list expect
 * it.
 */
#ifndef PROA_API_OFFERS_H
#define PROA_API_OFFERS_H

#include "proa/api/models.h"

/* A provider that has it. */
struct proa_api_offer {
    struct proa_slice provider;
    struct proa_slice model_id; /* what the provider calls it */
    struct proa_api_prices prices;
    uint32_t context; /* tokens; 0 = not known */
    uint32_t max_output;
    int status;              /* 0 = well, -1 = on trial or put behind others, -2 = out of use */
    uint32_t answered;       /* calls of late that were answered well, */
    uint32_t failed;         /* and that were not; both 0: there were none */
    uint64_t first_p50_ns;   /* time to first content; 0 = too few samples; likewise the next */
    uint64_t first_p95_ns;   /* slower than 95 % */
    uint64_t pace_p50_milli; /* tokens of output per second, in thousandths */
    uint64_t pace_p95_milli; /* faster than 95 % */
};

/* ERR_LIMIT: the buffer is full; it keeps its length then. */
enum proa_err proa_api_offers_write(const struct proa_api_model *model,
                                    const struct proa_api_offer *offers, size_t n,
                                    struct proa_buf *out) PROA_MUST_CHECK;

#endif
