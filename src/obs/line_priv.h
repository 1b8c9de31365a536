/*
 * What `log` and `access` share: writing values of a log line through a bare cursor.
 *
 * The caller reserves room first (PROA_LINE_VALUE_MAX() for text, PROA_LINE_NUMBER for numbers);
 * every function returns the cursor behind what it wrote. So a line costs one bounds check instead
 * of one per piece.
 */
#ifndef PROA_OBS_LINE_PRIV_H
#define PROA_OBS_LINE_PRIV_H

#include "proa/obs/log.h"

enum {
    PROA_LINE_ESCAPE = 6,  /* longest escape of one byte: \ufffd */
    PROA_LINE_NUMBER = 40, /* room for any number */
    PROA_LINE_KEY = 8,     /* room for what stands around a key */
    PROA_LINE_HEAD = 96    /* room for timestamp and level in every format, without the message */
};

/* Room for a quoted value of len bytes: cut, escaped, two quotes, the mark of a cut, and eight
 * bytes that a word-wise copy may touch behind its end. */
#define PROA_LINE_VALUE_MAX(len)                                                                   \
    (((len) < PROA_LOG_VALUE_BYTES ? (len) : PROA_LOG_VALUE_BYTES) * PROA_LINE_ESCAPE + 16)

/* Inlined with a constant n, this is a move or two. */
static inline char *proa_line_put(char *p, const char *bytes, size_t n)
{
    memcpy(p, bytes, n);
    return p + n;
}
#define PROA_LINE_LIT(p, lit) proa_line_put((p), "" lit, sizeof(lit) - 1)

/* The value as the inside of a JSON string, cut and escaped. */
char *proa_line_escape(char *p, struct proa_slice value);
/* The value for logfmt and text: bare when no byte needs quotes, else quoted and escaped alike. */
char *proa_line_plain(char *p, struct proa_slice value);
/* Nanoseconds as milliseconds with three decimals. */
static inline char *proa_line_ms(char *p, uint64_t ns)
{
    return p + proa_fmt_ms(p, ns);
}
/* Decimal digits. */
static inline char *proa_line_u64(char *p, uint64_t value)
{
    return p + proa_fmt_u64(p, value);
}
/* Timestamp, level and message; the line stays open for ',' or ' ' and the first field. */
struct proa_line_time {
    uint64_t unix_ms;
    struct proa_civil_stamp *stamp; /* may be NULL */
};
char *proa_line_head(char *p, enum proa_log_format format, enum proa_log_level level,
                     struct proa_line_time time, struct proa_slice message);

#endif
