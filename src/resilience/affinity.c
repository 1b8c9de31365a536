#include "proa/resilience/affinity.h"

#include "fixed_priv.h"

#include "proa/core/hash.h"

/* a before b, by their scores and the one thing that counts more. */
static bool is_better(const struct proa_affinity_domain *a, uint64_t a_log,
                      const struct proa_affinity_domain *b, uint64_t b_log)
{
    /* Most of weight / -ln(u) is least of -log2(u) / weight; compared crosswise. */
    return a->blocked != b->blocked ? b->blocked : a_log * b->weight < b_log * a->weight;
}

size_t proa_affinity_pick(uint64_t key, const struct proa_affinity_domain *domains, size_t n,
                          uint32_t bound_ppm)
{
    uint64_t total = 0;
    uint64_t weights = 0;
    for (size_t i = 0; i < n; i++) {
        total += domains[i].weight > 0 ? domains[i].inflight : 0;
        weights += domains[i].weight;
    }
    /* Load that all may carry together, to be divided by weight. */
    const uint64_t load_ppm = mul_div(total + 1, max_u64(bound_ppm, PPM_ONE), 1);
    const struct proa_slice hashed = proa_slice_make((const char *)&key, sizeof(key));
    size_t best = PROA_AFFINITY_NONE;
    uint64_t best_log = 0;
    for (size_t i = 0; i < n; i++) {
        const struct proa_affinity_domain *d = &domains[i];
        if (d->weight == 0 || d->inflight > mul_div_up(load_ppm, d->weight, weights * PPM_ONE)) {
            continue;
        }
        uint64_t log = minus_log2(proa_hash64(hashed, d->hash));
        if (best == PROA_AFFINITY_NONE || is_better(d, log, &domains[best], best_log)) {
            best = i;
            best_log = log;
        }
    }
    return best;
}
