#include "engine_priv.h"

#include "proa/resilience/wrr.h"

static bool is_open(const struct proa_route *route, size_t i, uint64_t tried)
{
    return (tried >> i & 1U) == 0 && route->candidates[i].weight > 0;
}

const struct proa_candidate *proa_engine_pick(struct proa_engine *engine,
                                              const struct proa_route *route, uint64_t tried)
{
    PROA_ASSERT(route->n_candidates <= PROA_ROUTE_TARGETS_MAX);
    /* Candidates are ordered by tier, so the lowest tier left is that of the first one left. */
    size_t first = 0;
    while (first < route->n_candidates && !is_open(route, first, tried)) {
        first++;
    }
    if (first == route->n_candidates) {
        return NULL;
    }
    PROA_UNINIT int64_t *credit[PROA_ROUTE_TARGETS_MAX];
    PROA_UNINIT uint32_t weight[PROA_ROUTE_TARGETS_MAX];
    PROA_UNINIT size_t index[PROA_ROUTE_TARGETS_MAX];
    size_t n = 0;
    const uint8_t tier = route->candidates[first].tier;
    for (size_t i = first; i < route->n_candidates && route->candidates[i].tier == tier; i++) {
        if (is_open(route, i, tried)) {
            index[n] = i;
            weight[n] = route->candidates[i].weight;
            n++;
        }
    }
    if (n == 1) {
        return &route->candidates[first];
    }
    for (size_t i = 0; i < n; i++) {
        credit[i] = &proa_engine_target(engine, route->candidates[index[i]].target)->credit;
    }
    const size_t pick = proa_wrr_pick(credit, weight, n, UINT64_MAX);
    return &route->candidates[index[pick]];
}
