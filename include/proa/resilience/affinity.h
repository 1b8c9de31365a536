/*
 * Which cache domain a prompt belongs to: weighted rendezvous hashing (Thaler and Ravishankar 1998)
 * under a bound on load (Mirrokni, Thorup, Zadimoghaddam 2018), so that equal prefixes meet the
 * same provider-side prompt cache without piling up on one.
 *
 * Pure. Removing one of n domains moves only the keys that were on it.
 */
#ifndef PROA_RESILIENCE_AFFINITY_H
#define PROA_RESILIENCE_AFFINITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROA_AFFINITY_NONE SIZE_MAX

struct proa_affinity_domain {
    uint64_t hash;   /* of the domain's identity */
    uint32_t weight; /* 0 = never */
    uint32_t inflight;
    bool blocked; /* far slower than the best: taken only when all others are full */
};

/*
 * The domain with the best score for `key` among those that are neither blocked nor above
 * ceil(bound x (total + 1) x weight / weights) in flight; else among the blocked that are not above
 * it, for a slow one is better than a full one. Somebody is always below the bound, unless all
 * weights are 0: PROA_AFFINITY_NONE. bound_ppm >= 1000000.
 */
size_t proa_affinity_pick(uint64_t key, const struct proa_affinity_domain *domains, size_t n,
                          uint32_t bound_ppm);

#endif
