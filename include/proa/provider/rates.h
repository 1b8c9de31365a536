/*
 * What the headers of an answer say about time: limits of the key, and how long to wait.
 *
 * Pure. Reads every dialect that an OpenAI-shaped provider is known to speak; numbers are a peer's
 * and bounded accordingly: no span is longer than PROA_SPAN_MAX_NS.
 */
#ifndef PROA_PROVIDER_RATES_H
#define PROA_PROVIDER_RATES_H

#include "proa/http/header.h"
#include "proa/resilience/rate.h"

/*
 * Fills out[0..max) with the limits the headers tell, one signal for each kind, and returns how
 * many, in the order of the headers. When a provider sends several windows of one kind, the one
 * with the smallest share left is told; a window whose limit is not above 0 is none. unix_ms is the
 * wall time, for resets that are given as a date.
 */
size_t proa_rates_read(const struct proa_http_header *headers, size_t n_headers, uint64_t unix_ms,
                       struct proa_rate_signal *out, size_t max);

/* The longest reset of a limit of which nothing is left, 0 when there is none. */
uint64_t proa_rates_spent(const struct proa_http_header *headers, size_t n_headers,
                          uint64_t unix_ms);

/*
 * The span the headers ask to wait, 0 when they do not: the first of retry-after-ms,
 * x-ms-retry-after-ms and retry-after (seconds, perhaps with a fraction, or an HTTP date) that
 * holds a positive value; of a repeated field the largest.
 */
uint64_t proa_rates_retry_after(const struct proa_http_header *headers, size_t n_headers,
                                uint64_t unix_ms);

#endif
