/*
 * Percent-encoding, and the parameters of a query string.
 *
 * Pure: no allocation but into the caller's bounded buffer. RFC 3986 2.1; in queries `+` stands for
 * a blank, as in the WHATWG form encoding.
 */
#ifndef PROA_HTTP_QUERY_H
#define PROA_HTTP_QUERY_H

#include "proa/core/buf.h"

/* The byte that stands at *at (< raw.len), decoded; *at moves behind it. -1 for a bad escape. */
int proa_http_percent_byte(struct proa_slice raw, size_t *at);

/* Appends `plain` as one segment of a path or one value of a query: all but the unreserved
 * characters of RFC 3986 2.3 as %XX. LIMIT when `out` does not hold it, which shows in
 * proa_buf_ok() too. */
enum proa_err proa_http_percent_encode(struct proa_buf *out, struct proa_slice plain);

/*
 * Appends the decoded value of the first parameter called `name` (compared undecoded). NOT_FOUND
 * when there is none; SYNTAX for a bad escape or a control character; LIMIT when `out` does not
 * hold it. After a failure `out` may hold a part.
 */
enum proa_err proa_http_query_get(struct proa_slice query, struct proa_slice name,
                                  struct proa_buf *out) PROA_MUST_CHECK;

#endif
