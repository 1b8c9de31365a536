/*
 * What tokens cost: a usage at a price, in whole picodollars (10^-12 US dollars).
 *
 * Pure, integers only: exact, and saturating at 2^64 - 1, which is 18 million dollars.
 */
#ifndef PROA_USAGE_COST_H
#define PROA_USAGE_COST_H

#include "proa/catalogue/price.h"
#include "proa/chat/usage.h"

/*
 * False when it is not known: no price is listed, or the answer did not tell what it took. Cached
 * tokens that have no price of their own cost as much as others; what was not reported of them is
 * 0, and so are output tokens that cost nothing.
 */
bool proa_cost_of(const struct proa_usage *usage, const struct proa_price *price, uint64_t *pico);

/*
 * What a request is going to cost, for choosing among offers: so many tokens in, an answer of
 * ordinary length, or of max_output tokens where that is less and not 0. 0: no price is listed. A
 * price of nothing is 1, so that free is not taken for unknown.
 */
uint64_t proa_cost_estimate(const struct proa_price *price, uint32_t input_tokens,
                            uint32_t max_output);

#endif
