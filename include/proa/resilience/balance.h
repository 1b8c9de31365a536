/*
 * Which of several good targets: the strategies of load balancing. Of two at random the cheaper:
 * Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001).
 *
 * Pure: sees only what the caller computed for this moment; keeps nothing but the credit of the
 * weighted round robin, which the caller stores. No floating point: ratios are ppm.
 */
#ifndef PROA_RESILIENCE_BALANCE_H
#define PROA_RESILIENCE_BALANCE_H

#include "proa/core/prng.h"

#include <stddef.h>
#include <stdint.h>

enum proa_strategy {
    PROA_STRATEGY_P2C_EWMA = 0, /* the cheaper of two at random; 2 % of picks are uniform */
    PROA_STRATEGY_WEIGHTED,     /* smooth weighted round robin */
    PROA_STRATEGY_ROUND_ROBIN,  /* the same, weights ignored */
    PROA_STRATEGY_PRIORITY,     /* the first as written; of one below weight 1, as a ramp makes it,
                                   the rest goes to the next */
    PROA_STRATEGY_LEAST_INFLIGHT,
    PROA_STRATEGY_LOWEST_COST, /* P2C among those within 1.1 of the cheapest known price */
    PROA_STRATEGY_HEADROOM     /* at random by weight x share of the limit left */
};
enum { PROA_STRATEGIES = 7, PROA_BALANCE_MAX = 64 };

/* One target as it stands now. */
struct proa_balance_view {
    uint32_t weight_milli; /* configured weight x 1000 x ramp; 0 = never by strategy */
    uint32_t inflight;
    uint32_t latency_ppm;  /* ratio to the route's baseline; 1000000 = like the others */
    uint32_t failure_ppm;  /* recent failures, decayed */
    uint32_t headroom_ppm; /* share of its limits left */
    uint64_t price;        /* estimate for this request in picodollars; 0 = unknown */
    int64_t *credit;       /* of the round robin; needed by that strategy only */
};

struct proa_balance_cfg {
    uint32_t strategy;     /* enum proa_strategy */
    uint64_t tau_ns;       /* time constant towards neutral of the latency and failure averages */
    uint32_t failure_gain; /* how much one full failure rate adds to the cost: 10 */
    uint32_t explore_ppm;  /* share of P2C picks that are uniform */
    uint32_t standby_ppm;  /* share of requests that go to lower tiers of the same model */
    uint32_t affinity_bound_ppm;  /* load over the average that a favourite may carry: 1.25 */
    uint32_t affinity_min_tokens; /* shorter prompts have no favourite */
    uint32_t affinity;            /* 0 auto, 1 header only, 2 off: enum proa_affinity_mode */
};
enum proa_affinity_mode { PROA_AFFINITY_AUTO = 0, PROA_AFFINITY_HEADER, PROA_AFFINITY_OFF };

/* The cost by which P2C compares, latency x load / weight x failures: 1000000 for an idle target of
 * weight 1 like the others. Saturates; without a weight it is UINT64_MAX. */
uint64_t proa_balance_cost(const struct proa_balance_view *v, const struct proa_balance_cfg *cfg);
/* Index of the pick among n >= 1 views (n <= PROA_BALANCE_MAX). When all weights are 0 they count
 * as equal. */
size_t proa_balance_pick(const struct proa_balance_cfg *cfg, const struct proa_balance_view *views,
                         size_t n, struct proa_prng *prng);

#endif
