/*
 * Decimal digits two at a time: half the divisions, and none where the number is a clock's.
 */
#ifndef PROA_CORE_DIGITS_PRIV_H
#define PROA_CORE_DIGITS_PRIV_H

#include <stdint.h>
#include <string.h>

/* "00" to "99", one behind the other. */
extern const char proa_digit_pairs[200];

/* v < 100, with its leading zero. Returns the place behind it, as the others do. */
static inline char *proa_put_pair(char *out, uint32_t v)
{
    memcpy(out, proa_digit_pairs + 2 * (uint64_t)v, 2);
    return out + 2;
}

/* v < 1000, with leading zeros. */
static inline char *proa_put_three(char *out, uint32_t v)
{
    *out = (char)('0' + v / 100);
    return proa_put_pair(out + 1, v % 100);
}

/* v < 10000, with leading zeros. */
static inline char *proa_put_four(char *out, uint32_t v)
{
    return proa_put_pair(proa_put_pair(out, v / 100), v % 100);
}

#endif
