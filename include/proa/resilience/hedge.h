/*
 * When a second attempt beside a silent one pays (Dean and Barroso, "The Tail at Scale", 2013).
 * Settings only; the engine decides.
 */
#ifndef PROA_RESILIENCE_HEDGE_H
#define PROA_RESILIENCE_HEDGE_H

#include "proa/resilience/budget.h"

#include <stdbool.h>
#include <stdint.h>

struct proa_hedge_cfg {
    bool enabled;          /* probes, trickle and evacuation hedge regardless */
    uint32_t quantile_ppm; /* of the target's first-content times, after which it starts */
    uint64_t min_ns;       /* never sooner */
    uint32_t min_samples;  /* quantiles of fewer are not believed */
    uint32_t headroom_ppm; /* share of its limits that the second target must have left */
    struct proa_budget_cfg budget;
};

/* Silence: when an attempt is slow, when it is stalled, and when it is given up. */
struct proa_stall_cfg {
    bool enabled;
    uint32_t slow_factor; /* x the baseline of its prompt size */
    uint64_t slow_min_ns;
    uint32_t stall_factor; /* x its p95 */
    uint64_t stall_min_ns;
    uint64_t stall_cold_ns; /* while there is no history */
    bool evacuate;          /* move silent attempts off a pool that has just been opened */
};

#endif
