#include "proa/usage/cost.h"

/* Tokens of an answer whose length nobody knows. Prices are compared by it, nothing is counted. */
enum { ORDINARY_OUTPUT = 500 };

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t times(uint64_t tokens, uint64_t pico)
{
    return tokens > 0 && pico > UINT64_MAX / tokens ? UINT64_MAX : tokens * pico;
}

/* The price of cached tokens, or of others where they have none of their own. */
static uint64_t price_of(const struct proa_price *price, enum proa_price_field field)
{
    return price->pico[proa_price_has(price, field) ? field : PROA_PRICE_INPUT];
}

/* Takes so many of the tokens that are left; more than all is not believed. */
static uint64_t take(uint64_t *left, const struct proa_usage *usage, enum proa_usage_field field)
{
    const uint64_t said = proa_usage_has(usage, field) ? usage->count[field] : 0;
    const uint64_t n = said < *left ? said : *left;
    *left -= n;
    return n;
}

bool proa_cost_of(const struct proa_usage *usage, const struct proa_price *price, uint64_t *pico)
{
    const bool output = proa_usage_has(usage, PROA_USAGE_OUTPUT);
    if (!proa_price_has(price, PROA_PRICE_INPUT) || !proa_price_has(price, PROA_PRICE_OUTPUT) ||
        !proa_usage_has(usage, PROA_USAGE_INPUT) ||
        (!output && price->pico[PROA_PRICE_OUTPUT] > 0)) {
        return false;
    }
    uint64_t left = usage->count[PROA_USAGE_INPUT];
    uint64_t sum =
        times(take(&left, usage, PROA_USAGE_CACHE_READ), price_of(price, PROA_PRICE_CACHE_READ));
    sum = add(sum, times(take(&left, usage, PROA_USAGE_CACHE_WRITE),
                         price_of(price, PROA_PRICE_CACHE_WRITE)));
    sum = add(sum, times(left, price->pico[PROA_PRICE_INPUT]));
    sum = add(sum,
              output ? times(usage->count[PROA_USAGE_OUTPUT], price->pico[PROA_PRICE_OUTPUT]) : 0);
    *pico = sum;
    return true;
}

uint64_t proa_cost_estimate(const struct proa_price *price, uint32_t input_tokens,
                            uint32_t max_output)
{
    if (!proa_price_has(price, PROA_PRICE_INPUT) || !proa_price_has(price, PROA_PRICE_OUTPUT)) {
        return 0;
    }
    const uint64_t output =
        max_output > 0 && max_output < ORDINARY_OUTPUT ? max_output : ORDINARY_OUTPUT;
    const uint64_t input = input_tokens > 0 ? input_tokens : 1;
    const uint64_t sum = add(times(input, price->pico[PROA_PRICE_INPUT]),
                             times(output, price->pico[PROA_PRICE_OUTPUT]));
    return sum > 0 ? sum : 1;
}
