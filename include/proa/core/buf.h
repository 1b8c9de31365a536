/*
 * Owned, growable bytes with a mandatory maximum.
 *
 * Value type: proa_buf_init(max) allocates nothing, proa_buf_deinit() releases. Appending beyond
 * the maximum returns PROA_ERR_LIMIT and sets `failed`, and so does every append after it: a
 * sequence of appends may therefore be checked once at its end with proa_buf_ok(). The text
 * appenders (u64, hex, ms) never use printf: they are on the hot path.
 */
#ifndef PROA_CORE_BUF_H
#define PROA_CORE_BUF_H

#include "proa/core/slice.h"

struct proa_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

void proa_buf_init(struct proa_buf *b, size_t max_bytes);
void proa_buf_deinit(struct proa_buf *b);
/* len = 0 and failed = false; keeps the memory. */
void proa_buf_clear(struct proa_buf *b);
/* Gives the memory back when more than keep_bytes are allocated. */
void proa_buf_trim(struct proa_buf *b, size_t keep_bytes);

static inline struct proa_slice proa_buf_slice(const struct proa_buf *b)
{
    return (struct proa_slice){b->ptr, b->len};
}
static inline bool proa_buf_ok(const struct proa_buf *b)
{
    return !b->failed;
}

/* As proa_buf_reserve(), where the memory at hand does not do. */
char *proa_buf_reserve_growing(struct proa_buf *b, size_t n);

/* Room for n more bytes behind len; NULL (and failed) at the maximum. Then add to len yourself. */
static inline char *proa_buf_reserve(struct proa_buf *b, size_t n)
{
    if (PROA_LIKELY(n < b->cap - b->len && !b->failed)) {
        return b->ptr + b->len;
    }
    return proa_buf_reserve_growing(b, n);
}

enum proa_err proa_buf_append_cstr(struct proa_buf *b, const char *text);
/* Where the bytes do not fit the memory at hand; same result as proa_buf_append(). */
enum proa_err proa_buf_append_growing(struct proa_buf *b, struct proa_slice s);

/* Inline, so that a literal becomes a few moves. */
static inline enum proa_err proa_buf_append(struct proa_buf *b, struct proa_slice s)
{
    if (PROA_LIKELY(s.len <= b->cap - b->len && s.len > 0 && !b->failed)) {
        memcpy(b->ptr + b->len, s.ptr, s.len);
        b->len += s.len;
        return PROA_OK;
    }
    return proa_buf_append_growing(b, s);
}
static inline enum proa_err proa_buf_append_byte(struct proa_buf *b, char byte)
{
    return proa_buf_append(b, proa_slice_make(&byte, 1));
}
enum proa_err proa_buf_append_u64(struct proa_buf *b, uint64_t value);
/* Nanoseconds as milliseconds with up to `decimals` (0-3) digits: 1234567 -> "1.234". */
enum proa_err proa_buf_append_ms(struct proa_buf *b, uint64_t ns, unsigned decimals);
/* For people, rounded down: "700 ms", "12 s", "5 min", "3 h 4 min". */
enum proa_err proa_buf_append_span(struct proa_buf *b, uint64_t ns);
/* Lower-case hex without prefix or leading zeros. */
enum proa_err proa_buf_append_hex(struct proa_buf *b, uint64_t value);
enum proa_err proa_buf_append_printf(struct proa_buf *b, const char *fmt, ...) PROA_PRINTF(2, 3);
/* Drops the first n bytes (n <= len) by moving the rest down. */
void proa_buf_consume(struct proa_buf *b, size_t n);

#define PROA_BUF_LIT(b, lit) ((void)proa_buf_append((b), PROA_SLICE(lit)))

/* Room for what the following two write. */
enum { PROA_FMT_BYTES = 20 };
/* Decimal digits of value; returns how many. */
size_t proa_fmt_u64(char out[PROA_FMT_BYTES], uint64_t value);
/* Nanoseconds as milliseconds with three decimals, "1.234"; returns the length. */
size_t proa_fmt_ms(char out[PROA_FMT_BYTES], uint64_t ns);
/* Trillionths as a decimal with as many digits as it needs: 1500000 -> "0.0000015". */
enum { PROA_FMT_PICO_BYTES = 24 };
size_t proa_fmt_pico(char out[PROA_FMT_PICO_BYTES], uint64_t pico);

#endif
