/*
 * Writing status lines, header fields and chunked framing.
 *
 * Pure; appends to a struct proa_buf, no printf, no allocation beyond the buffer's growth.
 * What may come from outside is validated: a value that could end a line or a header early gives
 * PROA_ERR_PROTOCOL and nothing of that line is written. At the buffer's maximum PROA_ERR_LIMIT,
 * and the buffer is failed (see buf.h); nothing of the line is written either.
 * Constant lines need no check: PROA_BUF_LIT(b, "content-type: application/json\r\n").
 */
#ifndef PROA_HTTP_SERIALIZE_H
#define PROA_HTTP_SERIALIZE_H

#include "proa/core/buf.h"
#include "proa/core/slice.h"
#include "proa/http/header.h"

#include <stddef.h>
#include <stdint.h>

/*
 * `HTTP/1.1 200 OK` CR LF with the standard reason; an unlisted status gets an empty one.
 * PROA_ERR_ARG outside 100-599.
 */
enum proa_err proa_http_write_status_line(struct proa_buf *b, unsigned status) PROA_MUST_CHECK;
/* A line with a constant beginning, PROA_SLICE("name: "), so that only the value is checked. White
 * space at its ends is dropped. */
enum proa_err proa_http_write_value(struct proa_buf *b, struct proa_slice begin,
                                    struct proa_slice value) PROA_MUST_CHECK;
/* A field that the parser has read, which is when it was checked. */
enum proa_err proa_http_write_parsed(struct proa_buf *b,
                                     const struct proa_http_header *h) PROA_MUST_CHECK;

/* Standard reason phrase (RFC 9110 15 and registry), static; empty for an unlisted status. */
struct proa_slice proa_http_reason(unsigned status);

/* Sixteen digits and CR LF. */
#define PROA_HTTP_CHUNK_PREFIX_MAX 18
/* Goes behind the data of each chunk. */
#define PROA_HTTP_CHUNK_SUFFIX PROA_SLICE("\r\n")
/* Ends a chunked body: the last chunk and an empty trailer section. */
#define PROA_HTTP_LAST_CHUNK PROA_SLICE("0\r\n\r\n")

/* Size line of a chunk of n >= 1 bytes, `1a` CR LF; returns its length. */
size_t proa_http_chunk_prefix(char out[PROA_HTTP_CHUNK_PREFIX_MAX], size_t n);

#endif
