/*
 * Event streams in the binary framing of AWS (application/vnd.amazon.eventstream): a reader that
 * takes the bytes however they are cut.
 *
 *     u32 total length | u32 length of the headers | u32 CRC of these eight bytes
 *     headers | payload | u32 CRC of everything before
 *
 * Numbers are big-endian, the CRCs are those of zlib. A header is a name, a type and a value:
 *
 *     u8 length | name | u8 type | value
 *
 * Pure; the same messages for every way of splitting the input. Value type:
 * proa_eventstream_init(), then proa_eventstream_deinit(). Not thread-safe.
 *
 * A message whose bytes lie in one piece of input is handed out in place; only an unfinished one is
 * copied, and that memory is given back as soon as it is through. The first twelve bytes are judged
 * before anything is waited for, so that a length nobody has meant holds nobody up.
 */
#ifndef PROA_HTTP_EVENTSTREAM_H
#define PROA_HTTP_EVENTSTREAM_H

#include "proa/core/buf.h"
#include "proa/core/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proa_eventstream_limits {
    size_t headers_bytes;
    size_t message_bytes; /* all of one message */
};

/* 128 KiB and 16 MiB: what AWS allows. */
extern const struct proa_eventstream_limits proa_eventstream_limits_default;

enum proa_eventstream_type {
    PROA_EVENTSTREAM_TRUE = 0,
    PROA_EVENTSTREAM_FALSE,
    PROA_EVENTSTREAM_I8,
    PROA_EVENTSTREAM_I16,
    PROA_EVENTSTREAM_I32,
    PROA_EVENTSTREAM_I64,
    PROA_EVENTSTREAM_BYTES,
    PROA_EVENTSTREAM_STRING,
    PROA_EVENTSTREAM_TIMESTAMP, /* milliseconds, as I64 */
    PROA_EVENTSTREAM_UUID
};

struct proa_eventstream_header {
    struct proa_slice name;
    enum proa_eventstream_type type;
    struct proa_slice value; /* as it stands there, a length before it apart */
};

/* Slices are borrowed until the next call with the same reader, and as long as the input lives. */
struct proa_eventstream_message {
    struct proa_slice headers; /* whole ones: see proa_eventstream_next_header() */
    struct proa_slice payload;
    uint64_t start; /* offset in the stream of its first byte */
    uint64_t end;   /* offset behind its last byte */
};

/* What one call found. */
enum proa_eventstream_result {
    PROA_EVENTSTREAM_MORE = 0, /* the input is used up without a further message */
    PROA_EVENTSTREAM_MESSAGE,  /* *message is filled; call again with what is left of the input */
    PROA_EVENTSTREAM_TOO_LONG, /* a limit was reached; every further call says the same */
    PROA_EVENTSTREAM_BROKEN    /* a CRC, a length or a header is wrong; likewise */
};

/* Private. */
struct proa_eventstream {
    struct proa_eventstream_limits limits;
    struct proa_buf kept; /* the beginning of a message whose end has not arrived */
    uint64_t offset;      /* stream bytes consumed */
    enum proa_eventstream_result failed;
    bool release_due; /* the last message lies in `kept` until the next call */
};

/* limits are copied; allocates nothing. */
void proa_eventstream_init(struct proa_eventstream *s,
                           const struct proa_eventstream_limits *limits);
/* Releases the buffer; harmless on a zeroed struct. */
void proa_eventstream_deinit(struct proa_eventstream *s);

/*
 * Reads until the next message or the end of *in, which is moved forward to what is left. Call it
 * until it says something else than MESSAGE. *message is touched only with MESSAGE.
 */
enum proa_eventstream_result
proa_eventstream_next(struct proa_eventstream *s, struct proa_slice *in,
                      struct proa_eventstream_message *message) PROA_MUST_CHECK;
/* Part of a message has come: a stream that ends here is cut off. */
bool proa_eventstream_is_unfinished(const struct proa_eventstream *s);

/* The next header, cut off from *headers. False at their end, and for bytes that are none; those of
 * a message are whole. */
bool proa_eventstream_next_header(struct proa_slice *headers,
                                  struct proa_eventstream_header *header);
/* The first header of this name, if it is a string; empty when there is none. */
struct proa_slice proa_eventstream_string(struct proa_slice headers, struct proa_slice name);

#endif
