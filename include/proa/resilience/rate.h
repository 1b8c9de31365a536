/*
 * What an answer said about the limits of its key, dialects apart.
 *
 * Pure value type. `provider` fills it from headers, `engine` takes it with an event.
 */
#ifndef PROA_RESILIENCE_RATE_H
#define PROA_RESILIENCE_RATE_H

#include <stdint.h>

/* One answer carries at most this many signals. */
enum { PROA_RATE_SIGNALS_MAX = 6 };

/* What is counted. INPUT and OUTPUT are tokens too, where a provider limits them apart. */
enum proa_rate_kind { PROA_RATE_REQUESTS = 0, PROA_RATE_TOKENS, PROA_RATE_INPUT, PROA_RATE_OUTPUT };

/* A number that the answer did not give. */
#define PROA_RATE_UNKNOWN UINT64_MAX

struct proa_rate_signal {
    enum proa_rate_kind kind;
    uint64_t limit;     /* PROA_RATE_UNKNOWN when not given */
    uint64_t remaining; /* PROA_RATE_UNKNOWN when not given */
    uint64_t reset_ns;  /* span from now until all of it is there again; 0 = unknown */
};

#endif
