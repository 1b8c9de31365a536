/*
 * How long to wait, as bodies of errors say it: in prose, in Google's RetryInfo, in the headers
 * that OpenRouter repeats there.
 *
 * Pure. No wait is longer than PROA_SPAN_MAX_NS.
 */
#ifndef PROA_PROVIDER_HINT_PRIV_H
#define PROA_PROVIDER_HINT_PRIV_H

#include "proa/core/slice.h"

/* The longest that the message asks for ("try again in 6m0s", "retry after 12 seconds"), 0 when it
 * does not. */
uint64_t proa_hint_prose(struct proa_slice message);
/* The longest that an array of details or an object of metadata, JSON as it stands, asks for. */
uint64_t proa_hint_details(struct proa_slice details, uint64_t unix_ms);

#endif
