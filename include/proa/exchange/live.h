/*
 * A snapshot at work: the immutable configuration together with what the I/O half needs beside each
 * of its parts, looked up once and then found by index: connection pools by endpoint, metric series
 * by route and candidate.
 *
 * I/O half. Reference-counted like the snapshot inside: each exchange holds one reference, so that
 * a reload never takes anything from under it.
 */
#ifndef PROA_EXCHANGE_LIVE_H
#define PROA_EXCHANGE_LIVE_H

#include "proa/engine/roster.h"
#include "proa/engine/run.h"
#include "proa/obs/metric.h"
#include "proa/provider/dialect.h"
#include "proa/resilience/attempt.h"
#include "proa/upstream/call.h"
#include "proa/upstream/tokens.h"

enum { PROA_OUTCOMES = PROA_OUTCOME_CANCELLED + 1 };

/* What a candidate of a route counts into. Series are made when first used and then kept. */
struct proa_live_candidate {
    struct proa_slice otel_provider; /* gen_ai.provider.name */
    struct proa_metric_series *attempts[PROA_CLASS_COUNT];
    struct proa_metric_series *duration[PROA_OPERATIONS];
    struct proa_metric_series *first_chunk[PROA_OPERATIONS];
    struct proa_metric_series *tokens[PROA_OPERATIONS][2]; /* input, output */
    struct proa_metric_series *cost;
};

struct proa_live_route {
    struct proa_metric_series *requests[PROA_OUTCOMES];
    struct proa_metric_series *duration;
    struct proa_metric_series *overhead;
    struct proa_metric_series *inflight;
    struct proa_metric_series *queue_wait;
    struct proa_live_candidate *candidates; /* as many as the route has */
    uint64_t generation; /* another one when the route leads elsewhere; the same across reloads */
};

struct proa_live {
    uint32_t refs;
    struct proa_snapshot *snapshot;
    struct proa_roster *roster; /* what the engine knows of its parts */
    struct proa_metric_reg *metrics;
    struct proa_connpool **pools;      /* by endpoint id */
    struct proa_token_source **tokens; /* by grant id */
    struct proa_live_route *routes;    /* by route id; zero until used where made on demand */
    struct proa_live_route none;       /* requests that led to no route; no candidates */
};

/* What snapshots are put to work with. All borrowed. */
struct proa_live_parts {
    struct proa_engine *engine;
    struct proa_upstream *upstream;
    struct proa_tokens *tokens;
    struct proa_metric_reg *metrics;
};

/* Takes over the caller's reference to the snapshot. One reference for the caller. */
struct proa_live *proa_live_create(struct proa_snapshot *snapshot,
                                   const struct proa_live_parts *parts, uint64_t now_ns);
struct proa_live *proa_live_ref(struct proa_live *live);
void proa_live_unref(struct proa_live *live); /* NULL is fine */

/* The counters of a candidate, made where they are not there yet. `route` NULL: the series `none`.
 */
struct proa_live_route *proa_live_route(struct proa_live *live, const struct proa_route *route);
void proa_live_count_attempt(struct proa_live *live, const struct proa_route *route,
                             const struct proa_candidate *candidate, enum proa_class class);
/* Sets the gauges of what the engine knows: budgets, queues, breakers. */
void proa_live_sample(struct proa_live *live, uint64_t now_ns);
/* Another one is in force: takes back what its gauges said. */
void proa_live_retire(struct proa_live *live);
/* What an answered exchange took and used. */
struct proa_live_answer {
    enum proa_operation op;
    uint64_t duration_ns;
    uint64_t first_content_ns; /* 0 = not streamed */
    const struct proa_usage *usage;
    bool has_cost; /* it is known */
    uint64_t cost_pico_usd;
};
void proa_live_count_answer(struct proa_live *live, const struct proa_route *route,
                            const struct proa_candidate *candidate,
                            const struct proa_live_answer *answer);

#endif
