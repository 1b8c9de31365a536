#include "proa/catalogue/price.h"

enum { DECIMALS = 12 };
#define PICO_PER_DOLLAR UINT64_C(1000000000000)
#define DOLLARS_MAX     (UINT64_MAX / PICO_PER_DOLLAR - 1)

static const char *const NAMES[PROA_PRICE_FIELDS] = {
    [PROA_PRICE_INPUT] = "input",
    [PROA_PRICE_OUTPUT] = "output",
    [PROA_PRICE_CACHE_READ] = "cache_read",
    [PROA_PRICE_CACHE_WRITE] = "cache_write",
};

const char *proa_price_name(enum proa_price_field field)
{
    return NAMES[field];
}

enum proa_err proa_price_parse(struct proa_slice text, uint64_t *pico)
{
    const size_t point = proa_slice_find(text, '.');
    const struct proa_slice decimals = proa_slice_from(text, point + 1);
    uint64_t dollars = 0;
    uint64_t fraction = 0;
    enum proa_err err = proa_slice_to_u64(proa_slice_head(text, point), &dollars);
    if (err == PROA_OK && point < text.len) {
        err = decimals.len > DECIMALS ? PROA_ERR_RANGE : proa_slice_to_u64(decimals, &fraction);
    }
    if (err != PROA_OK) {
        return err;
    }
    if (dollars > DOLLARS_MAX) {
        return PROA_ERR_RANGE;
    }
    for (size_t i = decimals.len; i < DECIMALS; i++) {
        fraction *= 10;
    }
    *pico = dollars * PICO_PER_DOLLAR + fraction;
    return PROA_OK;
}
