#include "proa/resilience/affinity.h"

#include "fixed_priv.h"

#include "proa/core/hash.h"

static bool is_candidate(const struct proa_affinity_domain *d)
{
    return !d->blocked && d->weight > 0;
}

size_t proa_affinity_pick(uint64_t key, const struct proa_affinity_domain *domains, size_t n,
                          uint32_t bound_ppm)
{
    uint64_t total = 0;
    uint64_t weights = 0;
    for (size_t i = 0; i < n; i++) {
        total += domains[i].inflight;
        weights += domains[i].weight;
    }
    /* Load that all may carry together, to be divided by weight. */
    const uint64_t load_ppm = mul_div(total + 1, max_u64(bound_ppm, PPM_ONE), 1);
    const struct proa_slice hashed = proa_slice_make((const char *)&key, sizeof(key));
    size_t best = PROA_AFFINITY_NONE;
    uint64_t best_log = 0;
    for (size_t i = 0; i < n; i++) {
        const struct proa_affinity_domain *d = &domains[i];
        if (!is_candidate(d) || d->inflight > mul_div_up(load_ppm, d->weight, weights * PPM_ONE)) {
            continue;
        }
        /* Most of weight / -ln(u) is least of -log2(u) / weight; compared crosswise. */
        uint64_t log = minus_log2(proa_hash64(hashed, d->hash));
        if (best == PROA_AFFINITY_NONE || log * domains[best].weight < best_log * d->weight) {
            best = i;
            best_log = log;
        }
    }
    return best;
}
