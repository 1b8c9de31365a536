/*
 * Server-sent events: a reader by the rules of the WHATWG HTML standard, section 9.2.6.
 *
 * Pure; the same events for every way of splitting the input. Value type: proa_sse_init(), then
 * proa_sse_deinit(). Not thread-safe.
 *
 * An event whose bytes lie in one piece of input and which has one data line is handed out in
 * place; only an unfinished remainder is copied, and that memory is given back as soon as nothing
 * is left over, so a thousand quiet streams cost this struct and no more.
 *
 * Besides its fields every event tells which bytes of the stream it came from. The ranges follow
 * one another without gap: `start` is the `end` of the event before it, comments and unknown lines
 * in between included. A relay can thus forward the original bytes and stop exactly behind an
 * event.
 *
 * Lines end in LF, CR LF or CR. When the lines of a stream end in CR LF, an event ends behind
 * the LF of its blank line; after a lone CR or LF the blank line's CR alone ends it, and an LF that
 * follows opens the next range.
 */
#ifndef PROA_HTTP_SSE_H
#define PROA_HTTP_SSE_H

#include "proa/core/buf.h"
#include "proa/core/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proa_sse_limits {
    size_t line_bytes;  /* one line without its end */
    size_t event_bytes; /* the data of one event */
};

/* 4 MiB: a picture in a text's stream is one line. */
extern const struct proa_sse_limits proa_sse_limits_default;
/* 16 MiB, as long as a message of AWS may be: of APIs whose models draw, or whose events repeat
 * what was drawn. */
extern const struct proa_sse_limits proa_sse_limits_pictures;

/* Slices are borrowed until the next call with the same reader, and as long as the input lives. */
struct proa_sse_event {
    struct proa_slice type; /* field `event`; empty = "message" */
    struct proa_slice data; /* data lines joined by LF */
    struct proa_slice id;   /* field `id` of this event; not remembered from earlier ones */
    uint64_t start;         /* offset in the stream of the first byte of its range */
    uint64_t end;           /* offset behind its last byte */
    uint64_t retry_ms;      /* field `retry`, when has_retry */
    bool has_retry;
    bool has_id;
    /* data came from a field named `error`, which the standard ignores and llama.cpp sends. */
    bool is_error_field;
};

/* What one call found. */
enum proa_sse_result {
    PROA_SSE_MORE = 0, /* the input is used up without a further event */
    PROA_SSE_EVENT,    /* *event is filled; call again with what is left of the input */
    PROA_SSE_TOO_LONG  /* a limit was reached; every further call says the same */
};

/* The fields of an event under way: slices into the input, or into the buffer beside them. */
struct proa_sse_field {
    struct proa_slice value;
    struct proa_buf kept; /* the copy that outlives the input */
};

/* Private but for the counters at the end, which only grow. */
struct proa_sse {
    struct proa_sse_limits limits;
    struct proa_buf line; /* beginning of a line whose end has not arrived */
    struct proa_sse_field data;
    struct proa_sse_field type;
    struct proa_sse_field id;
    uint64_t offset; /* stream bytes consumed */
    uint64_t start;  /* end of the last event's range */
    uint64_t retry_ms;
    uint8_t bom_seen;  /* bytes of the byte order mark seen; 3 = past it */
    uint8_t last_eol;  /* how the line before ended */
    bool cr_pending;   /* the last byte was a CR whose line has ended; an LF belongs to it */
    bool dispatch_due; /* that line was blank, and the event waits for the LF */
    bool has_data;
    bool has_id;
    bool has_retry;
    bool is_error_field;
    bool failed;
    bool release_due; /* the last event's slices live in our buffers until the next call */

    uint64_t n_events;
    uint64_t n_comments; /* lines that begin with a colon: signs of life, not content */
    uint64_t n_unknown;  /* lines with a field the standard does not know */
};

/* limits are copied; allocates nothing. */
void proa_sse_init(struct proa_sse *s, const struct proa_sse_limits *limits);
/* Releases the buffers; harmless on a zeroed struct. */
void proa_sse_deinit(struct proa_sse *s);

/*
 * Reads until the next event or the end of *in, which is moved forward to what is left. Call it
 * until it says MORE (then *in is empty) or TOO_LONG. *event is touched only with EVENT.
 */
enum proa_sse_result proa_sse_next(struct proa_sse *s, struct proa_slice *in,
                                   struct proa_sse_event *event) PROA_MUST_CHECK;
/*
 * The stream has ended: EVENT when its very last byte was a CR that ends one, else MORE. An event
 * without its blank line is discarded, as the standard wants: see proa_sse_is_unfinished().
 */
enum proa_sse_result proa_sse_finish(struct proa_sse *s,
                                     struct proa_sse_event *event) PROA_MUST_CHECK;
/* Fields, or the beginning of a line that is no comment, have come since the last blank line. */
bool proa_sse_is_unfinished(const struct proa_sse *s);

#endif
