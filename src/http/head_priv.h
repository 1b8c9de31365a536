/*
 * Message heads in two steps. The scan looks at bytes as they arrive, line by line, and finds the
 * end of the head or the limit it breaks; the parse runs once over the whole head, when it is
 * there. Both depend on the bytes alone, so no way of splitting them changes the outcome.
 *
 * Pure; the parse allocates from the given arena. llhttp judges the start line and every field that
 * decides where the message ends, see judge_priv.h. What it lets through and we refuse is checked
 * here in any case.
 */
#ifndef PROA_HTTP_HEAD_PRIV_H
#define PROA_HTTP_HEAD_PRIV_H

#include "proa/http/parser.h"

/* Zero bytes behind the copy of a head, so that it can be read in words. */
#define PROA_HTTP_HEAD_PAD 32

/* What a request or status line says. */
struct proa_http_start {
    uint32_t target_len; /* request; the target stands one space behind the method */
    uint16_t status;     /* response */
    uint8_t method;      /* enum proa_http_method */
    uint8_t method_len;
    uint8_t minor_version;
};

/* Value type, zero-initialised for each head. Offsets count from the first byte looked at. */
struct proa_http_head_scan {
    uint32_t pos;            /* up to here no line end is left to find */
    uint32_t line_start;     /* of the line being looked at */
    uint32_t first_line;     /* of the request or status line: empty lines may precede it */
    uint32_t end;            /* behind the empty line; 0 until it was found */
    uint32_t n_lines;        /* finished, request or status line included */
    uint32_t start_line_len; /* without CR LF */
    struct proa_http_start start;
    uint8_t n_blank; /* empty lines before the first */
};

/* Goes on over `text`, which holds all bytes since the start of this scan, old ones first. */
enum proa_http_fault proa_http_head_scan(struct proa_http_head_scan *s,
                                         const struct proa_http_parser_cfg *cfg,
                                         struct proa_slice text);

/*
 * `text` is the head from its first line to the end, padded, in memory that lives as long as the
 * arena.
 * On success *out is in the arena, complete but for has_body and is_close_delimited of a response.
 */
enum proa_http_fault proa_http_head_parse(const struct proa_http_head_scan *s,
                                          const struct proa_http_parser_cfg *cfg,
                                          struct proa_slice text, struct proa_arena *arena,
                                          struct proa_http_head **out);

/* The request or status line, without CR LF. */
enum proa_http_fault proa_http_request_line(struct proa_http_start *s,
                                            const struct proa_http_limits *limits,
                                            struct proa_slice line);
enum proa_http_fault proa_http_status_line(struct proa_http_start *s, struct proa_slice line);

/*
 * Reads the field line at *at and moves *at behind its CR LF. `text` is a head whose lines all end
 * in CR LF, with PROA_HTTP_HEAD_PAD zero bytes behind it. The name must be a token, the value free
 * of CTLs.
 */
enum proa_http_fault proa_http_field_read(struct proa_slice text, size_t *at,
                                          struct proa_http_header *out);

/* Splits the target into path, query and, in absolute-form, authority. */
enum proa_http_fault proa_http_target_split(struct proa_http_head *head);

#endif
