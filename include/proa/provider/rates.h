/*
 * What the headers of an answer say about time: limits of the key, and how long to wait.
 *
 * Pure. Reads every dialect that an OpenAI-shaped provider is known to speak; numbers are a peer's
 * and bounded accordingly: no span is longer than PROA_RATES_SPAN_MAX_NS.
 */
#ifndef PROA_PROVIDER_RATES_H
#define PROA_PROVIDER_RATES_H

#include "proa/core/clock.h"
#include "proa/http/header.h"
#include "proa/resilience/rate.h"

/* A day: longer than any window of a provider that is worth waiting for. */
#define PROA_RATES_SPAN_MAX_NS (UINT64_C(86400) * PROA_NS_PER_S)

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

/*
 * A reset or a wait in any of the forms in use: `120ms`, `6m0s`, `2m59.56s` (Go), `12` or `7.66`
 * (seconds), `2026-11-23T12:41:00Z` (RFC 3339), a number above 10^12 (milliseconds since 1970) or
 * above 10^9 (seconds since 1970). False, with *out_ns untouched, when it is none of them. A point
 * of time that has passed, and a negative number, give 0.
 */
bool proa_rates_span(struct proa_slice text, uint64_t unix_ms, uint64_t *out_ns);

#endif
