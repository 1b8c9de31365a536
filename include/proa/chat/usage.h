/*
 * Token usage of one answer, the same for every dialect.
 *
 * Pure value type. Absent is not zero: a count is only valid when its bit in `known` is set.
 * `input` includes cached tokens and `output` includes reasoning tokens, as in the OpenTelemetry
 * GenAI conventions.
 */
#ifndef PROA_CHAT_USAGE_H
#define PROA_CHAT_USAGE_H

#include "proa/core/check.h"

#include <stdbool.h>
#include <stdint.h>

enum proa_usage_field {
    PROA_USAGE_INPUT = 0,
    PROA_USAGE_OUTPUT,
    PROA_USAGE_CACHE_READ,
    PROA_USAGE_CACHE_WRITE,
    PROA_USAGE_REASONING,
    PROA_USAGE_FIELDS
};

/* More than this in one answer is not believed: the count is ignored. */
#define PROA_USAGE_SANE_MAX UINT64_C(100000000)

struct proa_usage {
    uint64_t count[PROA_USAGE_FIELDS];
    uint32_t known; /* bit i: count[i] was reported */
};

static inline bool proa_usage_has(const struct proa_usage *u, enum proa_usage_field field)
{
    return (u->known >> field & 1U) != 0;
}
/* What is not known counts as nothing. */
static inline uint64_t proa_usage_count(const struct proa_usage *u, enum proa_usage_field field)
{
    return proa_usage_has(u, field) ? u->count[field] : 0;
}
/* Takes the count unless it is out of all reason. */
static inline void proa_usage_set(struct proa_usage *u, enum proa_usage_field field, uint64_t count)
{
    PROA_DASSERT(field < PROA_USAGE_FIELDS);
    if (count <= PROA_USAGE_SANE_MAX) {
        u->count[field] = count;
        u->known |= 1U << field;
    }
}

#endif
