/*
 * Numbers that stay text: limits of sampling parameters without floating point.
 *
 * Pure. `number` is a JSON number as it was written.
 */
#ifndef PROA_PROVIDER_NUMBER_PRIV_H
#define PROA_PROVIDER_NUMBER_PRIV_H

#include "proa/core/slice.h"

/* 1 in any of its forms. */
bool proa_number_is_one(struct proa_slice number);
/* Not below 0 and not above 1, else the limit; what is inside stays as it was written. */
struct proa_slice proa_number_clamp_one(struct proa_slice number);

#endif
