/*
 * What is counted per key: the rate limits that answers speak of, and failures yet to come.
 *
 * Pure but for allocation. A bucket fills with each request and empties at the limit's rate, so
 * that the time until it is empty is what the reset headers mean.
 */
#ifndef PROA_MOCK_QUOTA_PRIV_H
#define PROA_MOCK_QUOTA_PRIV_H

#include "proa/core/buf.h"
#include "proa/core/map.h"

enum { MOCK_QUOTA_MAX_COUNTERS = 4096 };

/* One limit: so many a minute. */
struct mock_bucket {
    uint64_t level_ns; /* time until it is empty */
};

struct mock_counter {
    uint64_t id; /* the map's key is these bytes */
    uint64_t at_ns;
    struct mock_bucket requests;
    struct mock_bucket tokens;
    uint64_t n_failures; /* asked for by fail-first */
};

/* Value type. Past MOCK_QUOTA_MAX_COUNTERS keys all is forgotten and starts anew. */
struct mock_quota {
    struct proa_map counters;
};

void proa_mock_quota_init(struct mock_quota *q, uint64_t seed);
void proa_mock_quota_deinit(struct mock_quota *q);
/* The counter of an id, made where there is none; valid until the next call. */
struct mock_counter *proa_mock_quota_counter(struct mock_quota *q, uint64_t id);

/* Limits a minute; 0 = none: headers then speak of a large one that is never used up. */
struct mock_limits {
    uint64_t requests;
    uint64_t tokens;
};
/* Where a counter stands; what the headers say. */
struct mock_standing {
    uint64_t limit_requests;
    uint64_t left_requests;
    uint64_t reset_requests_ns;
    uint64_t limit_tokens;
    uint64_t left_tokens;
    uint64_t reset_tokens_ns;
    bool refused;     /* a limit was reached; nothing was charged */
    uint64_t wait_ns; /* refused: until it would be accepted */
};
/* Charges one request of so many tokens. */
void proa_mock_quota_charge(struct mock_counter *c, const struct mock_limits *limits,
                            uint64_t tokens, uint64_t now_ns, struct mock_standing *out);

/* As Go prints it: "120ms", "1s", "6m0s", "1h2m3.5s". */
void proa_mock_quota_append_duration(struct proa_buf *out, uint64_t ns);

#endif
