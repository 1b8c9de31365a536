/*
 * Prices: US dollars per token as whole picodollars (10^-12), so that sums are exact.
 *
 * Pure value type. A price that is not listed is not zero: it is only valid when its bit in `known`
 * is set.
 */
#ifndef PROA_CATALOGUE_PRICE_H
#define PROA_CATALOGUE_PRICE_H

#include "proa/core/slice.h"

enum proa_price_field {
    PROA_PRICE_INPUT = 0,
    PROA_PRICE_OUTPUT,
    PROA_PRICE_CACHE_READ,
    PROA_PRICE_CACHE_WRITE,
    PROA_PRICE_FIELDS
};

/* No token costs more: a cent. What does is a slip of the decimal point. */
#define PROA_PRICE_MAX UINT64_C(10000000000)

struct proa_price {
    uint64_t pico[PROA_PRICE_FIELDS];
    uint32_t known; /* bit i: pico[i] is listed */
};

static inline bool proa_price_has(const struct proa_price *price, enum proa_price_field field)
{
    return (price->known >> field & 1U) != 0;
}

/* "input", "output", "cache_read", "cache_write". */
const char *proa_price_name(enum proa_price_field field);

/*
 * A decimal fraction of a dollar, "0.0000025": digits, perhaps a point and at most twelve digits
 * behind it, which is exact. No sign, exponent or blank. ERR_SYNTAX; ERR_RANGE for more decimals
 * and above 18 million dollars.
 */
enum proa_err proa_price_parse(struct proa_slice text, uint64_t *pico) PROA_MUST_CHECK;

#endif
