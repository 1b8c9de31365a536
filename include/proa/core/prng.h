/*
 * Pseudo-random numbers: xoshiro256** by Blackman and Vigna (2018), seeded through splitmix64.
 *
 * Value type passed to whoever needs chance, so that a test or the simulator repeats itself.
 * Not for secrets.
 */
#ifndef PROA_CORE_PRNG_H
#define PROA_CORE_PRNG_H

#include <stdint.h>

struct proa_prng {
    uint64_t s[4];
};

void proa_prng_seed(struct proa_prng *p, uint64_t seed);
uint64_t proa_prng_next(struct proa_prng *p);
/* Uniform in [0, bound) without modulo bias (Lemire 2019); bound 0 gives 0. */
uint64_t proa_prng_below(struct proa_prng *p, uint64_t bound);

#endif
