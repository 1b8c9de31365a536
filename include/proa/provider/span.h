/*
 * Spans of time as providers write them in headers and bodies.
 *
 * Pure. Numbers are a peer's: no span is longer than PROA_SPAN_MAX_NS. Each function is false, with
 * its result untouched, when the text is not what it reads.
 */
#ifndef PROA_PROVIDER_SPAN_H
#define PROA_PROVIDER_SPAN_H

#include "proa/core/clock.h"
#include "proa/core/slice.h"

/* A day: longer than any window of a provider that is worth waiting for. */
#define PROA_SPAN_MAX_NS (UINT64_C(86400) * PROA_NS_PER_S)

/*
 * A reset or a wait in any of the forms in use: `120ms`, `6m0s`, `2m59.56s` (Go), `12` or `7.66`
 * (seconds), `2026-11-23T12:41:00Z` (RFC 3339), a number above 10^12 (milliseconds since 1970) or
 * above 10^9 (seconds since 1970). A point of time that has passed, and a negative number, give 0.
 */
bool proa_span_parse(struct proa_slice text, uint64_t unix_ms, uint64_t *out_ns);
/* Until Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 5.6.7; the obsolete forms are not in use); 0 when
 * that has passed. */
bool proa_span_until_date(struct proa_slice text, uint64_t unix_ms, uint64_t *out_ns);
/* A number of milliseconds, perhaps with a fraction. */
bool proa_span_ms(struct proa_slice text, uint64_t *out_ns);
/* Not a span but a plain count, its fraction dropped; a number beyond all reason is none. */
bool proa_span_count(struct proa_slice text, uint64_t *out);

#endif
