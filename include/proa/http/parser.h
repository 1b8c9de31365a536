/*
 * Incremental HTTP/1.1 message parser, strict, for requests and for responses.
 *
 * Pure: bytes in, events out; the same events for every way of splitting the input. One parser
 * reads one message at a time: it stops right behind the end of a message, so pipelined requests
 * are serialised by the caller, and proa_http_parser_start() begins the next one.
 *
 * Heads are parsed in one go when their last byte arrives, over a copy in the arena the caller
 * gave: all slices of struct proa_http_head live as long as that arena. A head that arrives in
 * pieces is gathered in a buffer of the parser's own, bounded by limits.head_bytes and released
 * when the head is complete. Body bytes are handed out in place, chunked framing removed, and
 * nothing is ever copied or held back.
 *
 * Handle type: less than 200 bytes while a body streams, so an idle connection needs none and a
 * streaming one pays little. Not thread-safe.
 *
 * Stricter than RFC 9112 allows a recipient to be: what two parsers could read in two ways is
 * refused, never repaired. Each refusal has a precise enum proa_http_fault. A refused parser stays
 * refused until the next start, and the connection is not used again. Chunk extensions are ignored,
 * trailers checked and dropped, both capped.
 */
#ifndef PROA_HTTP_PARSER_H
#define PROA_HTTP_PARSER_H

#include "proa/core/arena.h"
#include "proa/core/slice.h"
#include "proa/http/fault.h"
#include "proa/http/header.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proa_http_mode { PROA_HTTP_REQUEST = 0, PROA_HTTP_RESPONSE };

enum proa_http_method {
    PROA_HTTP_NO_METHOD = 0, /* of a response */
    PROA_HTTP_GET,
    PROA_HTTP_HEAD,
    PROA_HTTP_POST,
    PROA_HTTP_PUT,
    PROA_HTTP_PATCH,
    PROA_HTTP_DELETE,
    PROA_HTTP_OPTIONS
};

/* Every size includes its line's CR LF. */
struct proa_http_limits {
    uint32_t head_bytes;    /* the whole head */
    uint32_t line_bytes;    /* one header line */
    uint32_t target_bytes;  /* the request target */
    uint32_t n_headers;     /* header lines, <= UINT16_MAX */
    uint32_t n_interim;     /* 1xx answers before the final one */
    uint32_t ext_bytes;     /* chunk extensions of a message, in total */
    uint32_t trailer_bytes; /* the trailer section */
    uint64_t body_bytes;    /* body without framing; UINT64_MAX = no limit */
};

/* 32 KiB / 8 KiB / 8 KiB / 100, 32 MiB of body. */
extern const struct proa_http_limits proa_http_limits_client;
/* 64 KiB / 64 KiB / 100 fields, eight 1xx, no limit on the body (streams). */
extern const struct proa_http_limits proa_http_limits_upstream;

struct proa_http_head {
    /* request */
    enum proa_http_method method;
    struct proa_slice method_text;
    struct proa_slice target; /* as sent */
    struct proa_slice path;   /* not decoded; "/" for an absolute-form target without one */
    struct proa_slice query;  /* behind `?`, raw; empty when absent */
    /* In absolute-form the authority of the target, which replaces Host (RFC 9112 3.2.2). */
    struct proa_http_host host;
    bool is_absolute_form;
    bool expect_continue; /* HTTP/1.1 with Expect: 100-continue */

    /* response */
    uint16_t status;
    struct proa_slice reason; /* unchecked 8-bit text: never show it to a client */

    /* both */
    uint8_t minor_version; /* 0 or 1 */
    bool keep_alive;       /* false for HTTP/1.0 and for Connection: close */
    bool has_body;         /* a body follows; false for Content-Length: 0 */
    bool has_content_length;
    bool is_chunked;
    bool is_close_delimited; /* response: the body ends with the connection */
    uint64_t content_length; /* 0 when absent */
    struct proa_http_headers headers;
};

/*
 * Events, called from inside proa_http_parser_feed() and _finish(), in this order: on_head once,
 * on_body zero or more times with at least one byte, on_complete once. A result other than
 * PROA_OK stops parsing and is returned by feed as it is. A callback must not start or destroy the
 * parser. on_body and on_complete may be NULL.
 */
struct proa_http_parser_events {
    enum proa_err (*on_head)(void *ctx, const struct proa_http_head *head);
    enum proa_err (*on_body)(void *ctx, struct proa_slice bytes); /* borrowed, in place */
    enum proa_err (*on_complete)(void *ctx);
};

/*
 * Heads that were read, so that lines that have come before need not be read again with every
 * message; the outcome is the same with and without. Handle type, for parsers of one configuration
 * and thread; destroy takes NULL.
 */
struct proa_http_memo;
struct proa_http_memo *proa_http_memo_create(void);
void proa_http_memo_destroy(struct proa_http_memo *memo);

/* What stays the same from message to message; static or owned by the caller. */
struct proa_http_parser_cfg {
    enum proa_http_mode mode;
    struct proa_http_limits limits;
    struct proa_http_parser_events events;
    struct proa_http_memo *memo; /* borrowed; may be NULL */
};

enum proa_http_parser_state {
    PROA_HTTP_PARSER_IDLE = 0, /* started, nothing of the message has arrived */
    PROA_HTTP_PARSER_HEAD,     /* inside the head */
    PROA_HTTP_PARSER_BODY,     /* on_head was called, the end has not been reached */
    PROA_HTTP_PARSER_COMPLETE, /* on_complete was called */
    PROA_HTTP_PARSER_FAILED    /* refused, or a callback said stop */
};

struct proa_http_parser;

/* Must be started before it is fed. Owned by the caller. */
struct proa_http_parser *proa_http_parser_create(void);
/* NULL is fine. */
void proa_http_parser_destroy(struct proa_http_parser *p);
/*
 * Begins a message and forgets everything before it, a refusal included. cfg and arena are borrowed
 * until the message ends; ctx goes to the events.
 */
void proa_http_parser_start(struct proa_http_parser *p, const struct proa_http_parser_cfg *cfg,
                            struct proa_arena *arena, void *ctx);
/* The response answers a HEAD: whatever its headers say, no body follows. Call after start. */
void proa_http_parser_expect_no_body(struct proa_http_parser *p);
/* Replaces limits.body_bytes for this message. Allowed up to and inside on_head. */
void proa_http_parser_limit_body(struct proa_http_parser *p, uint64_t max_bytes);

/*
 * Parses as much as belongs to the message. *consumed is always set, also on failure; less than the
 * input only when the message is complete or parsing stopped.
 * PROA_ERR_PROTOCOL: refused, see proa_http_parser_fault(). Other errors are a callback's own.
 * PROA_ERR_STATE when fed after failure. Fed after completion it consumes nothing.
 */
enum proa_err proa_http_parser_feed(struct proa_http_parser *p, struct proa_slice in,
                                    size_t *consumed) PROA_MUST_CHECK;
/*
 * The peer will send no more. PROA_OK: nothing was cut off; a close-delimited body completes here,
 * with on_complete. PROA_ERR_CLOSED: idle, not one byte of a message came. PROA_ERR_TRUNCATED:
 * the message was cut off (fault TRUNCATED). Over TLS call it for close_notify only: an end without
 * it is truncation whatever the framing.
 */
enum proa_err proa_http_parser_finish(struct proa_http_parser *p) PROA_MUST_CHECK;

enum proa_http_parser_state proa_http_parser_state(const struct proa_http_parser *p);
/* NONE unless feed said PROA_ERR_PROTOCOL or finish said PROA_ERR_TRUNCATED. */
enum proa_http_fault proa_http_parser_fault(const struct proa_http_parser *p);
/* The head of a message that was refused for the body it announces, which on_head has not been told
 * of; else NULL. */
const struct proa_http_head *proa_http_parser_too_long(const struct proa_http_parser *p);
/* Body bytes handed out so far, framing excluded. */
uint64_t proa_http_parser_body_bytes(const struct proa_http_parser *p);

/* Version of the library underneath; static. */
const char *proa_http_parser_library(void);

/* Upper-case static name, "GET"; empty for NO_METHOD. */
struct proa_slice proa_http_method_text(enum proa_http_method method);

#endif
