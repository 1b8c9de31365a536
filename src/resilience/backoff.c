#include "proa/resilience/backoff.h"

uint64_t proa_backoff_max_ns(uint64_t base_ns, uint64_t cap_ns, uint32_t n)
{
    if (base_ns == 0) {
        return 0;
    }
    return n < 64 && base_ns <= cap_ns >> n ? base_ns << n : cap_ns;
}

uint64_t proa_backoff_ns(uint64_t base_ns, uint64_t cap_ns, uint32_t n, struct proa_prng *prng)
{
    uint64_t max_ns = proa_backoff_max_ns(base_ns, cap_ns, n);
    return max_ns == UINT64_MAX ? proa_prng_next(prng) : proa_prng_below(prng, max_ns + 1);
}
