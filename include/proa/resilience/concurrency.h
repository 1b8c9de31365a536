/*
 * How many calls a target may have in flight: a cap that explicit congestion lowers and success
 * raises again (additive increase, multiplicative decrease). Overload answers and timeouts are
 * congestion; latency is not, because call time follows the length of the answer.
 *
 * Pure value type.
 */
#ifndef PROA_RESILIENCE_CONCURRENCY_H
#define PROA_RESILIENCE_CONCURRENCY_H

#include <stdint.h>

struct proa_concurrency_cfg {
    uint32_t target;        /* calls in flight per target, at most */
    uint32_t route;         /* exchanges of a route with an attempt in flight, at most */
    uint32_t down_ppm;      /* factor at congestion: 0.7 */
    uint32_t floor;         /* never fewer than this */
    uint64_t queue_wait_ns; /* a request waits at most so long for a place; 0 = never waits */
    uint64_t sojourn_ns;    /* least wait over 5 s above which the newest is served first */
};

struct proa_concurrency {
    uint64_t limit_ppm;  /* millionths of a call; 0 = as configured */
    uint64_t lowered_ns; /* last decrease; 0 = never */
};

void proa_concurrency_init(struct proa_concurrency *c);
uint32_t proa_concurrency_limit(const struct proa_concurrency *c,
                                const struct proa_concurrency_cfg *cfg);
/* An attempt was refused for load, or timed out. At most one decrease per `p50_ns`. */
void proa_concurrency_congested(struct proa_concurrency *c, const struct proa_concurrency_cfg *cfg,
                                uint64_t p50_ns, uint64_t now_ns);
/* One succeeded: +1 per `limit` of these, and only while at least half of it is in use. */
void proa_concurrency_ok(struct proa_concurrency *c, const struct proa_concurrency_cfg *cfg,
                         uint32_t inflight);

#endif
