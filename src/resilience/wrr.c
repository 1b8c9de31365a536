#include "proa/resilience/wrr.h"

#include "proa/core/check.h"

size_t proa_wrr_pick(int64_t *const credit[], const uint32_t weight[], size_t n, uint64_t allowed)
{
    PROA_ASSERT(n <= 64);
    size_t best = PROA_WRR_NONE;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        if ((allowed >> i & 1U) == 0 || weight[i] == 0) {
            continue;
        }
        *credit[i] += weight[i];
        sum += weight[i];
        if (best == PROA_WRR_NONE || *credit[i] > *credit[best]) {
            best = i;
        }
    }
    if (best != PROA_WRR_NONE) {
        *credit[best] -= sum;
    }
    return best;
}
