#include "proa/core/prng.h"

/* Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators": spreads any seed, zero
 * included, over a state that is never all zero. */
static uint64_t splitmix64(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

void proa_prng_seed(struct proa_prng *p, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++) {
        p->s[i] = splitmix64(&seed);
    }
}

/* Blackman, Vigna 2018, "Scrambled linear pseudorandom number generators": the 256-bit linear
 * engine with the ** scrambler on its second word. */
uint64_t proa_prng_next(struct proa_prng *p)
{
    uint64_t *s = p->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t proa_prng_below(struct proa_prng *p, uint64_t bound)
{
    if (bound == 0) {
        return 0;
    }
    /* The high half of x * bound is the result; the low half tells the few x to throw away. */
    __extension__ unsigned __int128 product = proa_prng_next(p);
    product *= bound;
    if ((uint64_t)product < bound) {
        uint64_t reject_below = (0 - bound) % bound;
        while ((uint64_t)product < reject_below) {
            product = proa_prng_next(p);
            product *= bound;
        }
    }
    return (uint64_t)(product >> 64);
}
