/*
 * Chunked framing (RFC 9112 7.1) taken off a body, strict at every terminator: the size line and
 * the data end in CR LF and nothing else, sizes are 1 to 16 hexadecimal digits without blanks.
 *
 * Pure; stops at any byte and goes on. llhttp reads heads but not this: it takes any number of
 * leading zeros, puts no bound on extensions, and reports trailers as if they were headers.
 * Value type, zero-initialised, nothing to release.
 */
#ifndef PROA_HTTP_CHUNKED_PRIV_H
#define PROA_HTTP_CHUNKED_PRIV_H

#include "proa/http/parser.h"

enum proa_http_chunked_state {
    PROA_HTTP_CHUNKED_SIZE = 0,
    PROA_HTTP_CHUNKED_EXT,
    PROA_HTTP_CHUNKED_SIZE_LF,
    PROA_HTTP_CHUNKED_DATA,
    PROA_HTTP_CHUNKED_DATA_CR,
    PROA_HTTP_CHUNKED_DATA_LF,
    PROA_HTTP_CHUNKED_TRAILER_START, /* at the first byte of a line behind the last chunk */
    PROA_HTTP_CHUNKED_TRAILER_NAME,
    PROA_HTTP_CHUNKED_TRAILER_VALUE,
    PROA_HTTP_CHUNKED_TRAILER_LF,
    PROA_HTTP_CHUNKED_END_LF,
    PROA_HTTP_CHUNKED_DONE
};

struct proa_http_chunked {
    uint64_t size;          /* of the chunk; counts down while its data passes */
    uint32_t ext_bytes;     /* so far, all chunks */
    uint32_t trailer_bytes; /* so far */
    uint8_t n_digits;
    uint8_t state; /* enum proa_http_chunked_state */
};

/*
 * Reads until the next run of data, the end of the body or the end of the input. *used tells how
 * far, *data is that run (in place, empty when there is none). `room` is how many more body bytes
 * are allowed: a chunk that announces more is refused before its data.
 */
enum proa_http_fault proa_http_chunked_feed(struct proa_http_chunked *c,
                                            const struct proa_http_limits *limits, uint64_t room,
                                            struct proa_slice in, size_t *used,
                                            struct proa_slice *data);

#endif
