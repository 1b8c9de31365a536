/*
 * Time as the pure half sees it: monotonic nanoseconds handed in as now_ns, never read here.
 */
#ifndef PROA_CORE_CLOCK_H
#define PROA_CORE_CLOCK_H

#include "proa/core/slice.h"

#include <stdint.h>

#define PROA_NS_PER_US UINT64_C(1000)
#define PROA_NS_PER_MS UINT64_C(1000000)
#define PROA_NS_PER_S  UINT64_C(1000000000)
#define PROA_NEVER     UINT64_MAX /* no deadline */

/* now + span, PROA_NEVER when it would overflow. */
static inline uint64_t proa_clock_after(uint64_t now_ns, uint64_t span_ns)
{
    return span_ns > PROA_NEVER - now_ns ? PROA_NEVER : now_ns + span_ns;
}
/* Elapsed time; a clock that went backward counts as not moved. */
static inline uint64_t proa_clock_since(uint64_t now_ns, uint64_t then_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

/* A point of wall time in UTC, for logs, ids and the ledger. */
struct proa_civil {
    uint32_t year;
    uint32_t month; /* 1-12 */
    uint32_t day;   /* 1-31 */
    uint32_t hour;
    uint32_t minute;
    uint32_t second;
    uint32_t weekday; /* 0 = Sunday */
};

/* From seconds since 1970 (proleptic Gregorian, no leap seconds). */
void proa_civil_from_unix(uint64_t unix_s, struct proa_civil *out);
/* Seconds since 1970; fields are not range-checked. */
uint64_t proa_civil_to_unix(const struct proa_civil *c);
/* "2026-11-23T22:55:01.123Z" (24 bytes, no NUL) from milliseconds since 1970. */
void proa_civil_rfc3339(uint64_t unix_ms, char out[24]);
/* The second that was written last, so that another time within it costs its milliseconds only.
 * Value type, zero-initialised. */
struct proa_civil_stamp {
    uint64_t unix_s;
    char text[20]; /* up to the point behind the seconds */
};
/* As proa_civil_rfc3339(). */
void proa_civil_rfc3339_next(struct proa_civil_stamp *stamp, uint64_t unix_ms, char out[24]);
/* Reads "2026-11-23T22:55:01Z", perhaps with a fraction of the second, in UTC: other offsets are
 * not in use where times come from outside. False, with *unix_ms untouched, for anything else and
 * for times before 1970. */
bool proa_civil_parse_rfc3339(struct proa_slice text, uint64_t *unix_ms);
/* IMF-fixdate of RFC 9110 5.6.7, "Sun, 06 Nov 1994 08:49:37 GMT" (29 bytes, no NUL). */
void proa_civil_http_date(uint64_t unix_s, char out[29]);

#endif
