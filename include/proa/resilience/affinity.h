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
    bool blocked; /* degraded, limited, or far slower than the best */
};

/*
 * The domain with the best score for `key` among those that are neither blocked nor above
 * ceil(bound x (total + 1) x weight / weights) in flight, total and weights being those of the
 * unblocked. So there is one whenever one is unblocked; else PROA_AFFINITY_NONE. bound_ppm >=
 * 1000000.
 */
size_t proa_affinity_pick(uint64_t key, const struct proa_affinity_domain *domains, size_t n,
                          uint32_t bound_ppm);

#endif
