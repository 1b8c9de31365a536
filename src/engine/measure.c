/* What was measured of targets, for who ranks them by it. */
#include "state_priv.h"

/* The median of a row, PROA_NEVER where it is not known. */
static uint64_t usual(const struct pool_state *pool, enum proa_latency_row row)
{
    const uint64_t median = pool ? proa_latency_median(&pool->latency, row) : 0;
    return median > 0 ? median : PROA_NEVER;
}

uint64_t proa_roster_first_content_ns(const struct proa_roster *roster,
                                      const struct proa_target *target, uint32_t input_tokens)
{
    const struct pool_state *pool = roster->seats[target->id].pool;
    uint64_t ns = usual(pool, proa_latency_row_of(input_tokens));
    for (unsigned row = PROA_LATENCY_1K; ns == PROA_NEVER && row < PROA_LATENCY_PACE; row++) {
        ns = usual(pool, (enum proa_latency_row)row);
    }
    return ns != PROA_NEVER ? ns : usual(pool, PROA_LATENCY_PLAIN);
}

uint64_t proa_roster_pace_ns(const struct proa_roster *roster, const struct proa_target *target)
{
    return usual(roster->seats[target->id].pool, PROA_LATENCY_PACE);
}
