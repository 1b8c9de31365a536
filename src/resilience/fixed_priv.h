/*
 * Arithmetic without floating point: parts of a million, products that do not overflow, logarithms.
 * Pure, inline, this module only.
 */
#ifndef PROA_RESILIENCE_FIXED_PRIV_H
#define PROA_RESILIENCE_FIXED_PRIV_H

#include <stdint.h>

#define PPM_ONE UINT64_C(1000000)

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* a * b / c, rounded down; UINT64_MAX when that does not fit, or c is 0. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    if (c == 0) {
        return UINT64_MAX;
    }
    uint64_t product = 0;
    if (!__builtin_mul_overflow(a, b, &product)) {
        return product / c; /* as nearly always, and several times cheaper */
    }
    __extension__ unsigned __int128 quotient = a;
    quotient = quotient * b / c;
    return quotient > UINT64_MAX ? UINT64_MAX : (uint64_t)quotient;
}

/* The same, rounded up. */
static inline uint64_t mul_div_up(uint64_t a, uint64_t b, uint64_t c)
{
    if (c == 0) {
        return UINT64_MAX;
    }
    __extension__ unsigned __int128 quotient = a;
    quotient = (quotient * b + (c - 1)) / c;
    return quotient > UINT64_MAX ? UINT64_MAX : (uint64_t)quotient;
}

enum { LOG2_FRACTION = 20, LOG2_ONE = 1 << LOG2_FRACTION };

/*
 * -log2((x + 1) / 2^64), in units of LOG2_ONE; too large by less than 1.01 of them.
 * The fraction comes bit by bit: squaring a number doubles its logarithm, whose integer part is
 * then the next bit.
 */
static inline uint32_t minus_log2(uint64_t x)
{
    if (x == UINT64_MAX) {
        return 0;
    }
    unsigned zeros = (unsigned)__builtin_clzll(x + 1);
    uint64_t mantissa = ((x + 1) << zeros) >> 32; /* 1.0 is 2^31, below 2.0 */
    uint32_t log2 = 63 - zeros;
    for (unsigned i = 0; i < LOG2_FRACTION; i++) {
        uint64_t square = mantissa * mantissa;
        unsigned bit = (unsigned)(square >> 63);
        mantissa = square >> (31 + bit);
        log2 = log2 << 1 | bit;
    }
    return 64 * (uint32_t)LOG2_ONE - log2;
}

#endif
