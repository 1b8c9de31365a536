/*
 * Arithmetic without floating point: what is parts of something, and products that do not overflow.
 * Private to the module.
 */
#ifndef PROA_RESILIENCE_FIXED_PRIV_H
#define PROA_RESILIENCE_FIXED_PRIV_H

#include <stdint.h>

#define PPM_ONE UINT64_C(1000000)

/* a * b / c, rounded down; UINT64_MAX when it does not fit, or c is 0. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    if (c == 0) {
        return UINT64_MAX;
    }
    __extension__ unsigned __int128 product = a;
    product *= b;
    product /= c;
    return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
