#include "proa/core/buf.h"

#include "digits_priv.h"

#include "proa/core/alloc.h"

#include <stdarg.h>
#include <stdio.h>

enum { BUF_FIRST_BYTES = 64, U64_GROUPS = 5, U64_HEX_DIGITS = 16 };

void proa_buf_init(struct proa_buf *b, size_t max_bytes)
{
    *b = (struct proa_buf){.max = max_bytes};
}

void proa_buf_deinit(struct proa_buf *b)
{
    proa_free(b->ptr);
    proa_buf_init(b, b->max);
}

void proa_buf_clear(struct proa_buf *b)
{
    b->len = 0;
    b->failed = false;
}

void proa_buf_trim(struct proa_buf *b, size_t keep_bytes)
{
    if (b->cap <= keep_bytes) {
        return;
    }
    if (b->len == 0) {
        proa_free(b->ptr);
        b->ptr = NULL;
        b->cap = 0;
        return;
    }
    size_t cap = b->len > keep_bytes ? b->len : keep_bytes;
    b->ptr = proa_realloc(b->ptr, cap);
    b->cap = cap;
}

static void grow(struct proa_buf *b, size_t need)
{
    /* At least twice as much as before, so that many small appends cost little; a first reservation
     * gets what it asked for. */
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
    cap = cap > BUF_FIRST_BYTES ? cap : BUF_FIRST_BYTES;
    cap = cap > need ? cap : need;
    cap = cap < b->max ? cap : b->max;
    b->ptr = proa_realloc(b->ptr, cap);
    b->cap = cap;
}

char *proa_buf_reserve_growing(struct proa_buf *b, size_t n)
{
    if (PROA_UNLIKELY(b->failed || n > b->max - b->len)) {
        b->failed = true;
        return NULL;
    }
    /* A reservation of nothing is a success too, so there must be something to point at. */
    if (PROA_UNLIKELY(n > b->cap - b->len || !b->ptr)) {
        grow(b, b->len + n);
    }
    return b->ptr + b->len;
}

enum proa_err proa_buf_append_growing(struct proa_buf *b, struct proa_slice s)
{
    char *out = proa_buf_reserve(b, s.len);
    if (PROA_UNLIKELY(!out)) {
        return PROA_ERR_LIMIT;
    }
    if (s.len) {
        memcpy(out, s.ptr, s.len);
        b->len += s.len;
    }
    return PROA_OK;
}

enum proa_err proa_buf_append_cstr(struct proa_buf *b, const char *text)
{
    return proa_buf_append(b, proa_slice_cstr(text));
}

const char proa_digit_pairs[200] = {
#define PAIR(tens, ones) '0' + (tens), '0' + (ones)
#define TEN(tens)                                                                                  \
    PAIR(tens, 0), PAIR(tens, 1), PAIR(tens, 2), PAIR(tens, 3), PAIR(tens, 4), PAIR(tens, 5),      \
        PAIR(tens, 6), PAIR(tens, 7), PAIR(tens, 8), PAIR(tens, 9)
    TEN(0), TEN(1), TEN(2), TEN(3), TEN(4), TEN(5), TEN(6), TEN(7), TEN(8), TEN(9),
#undef TEN
#undef PAIR
};

static char *put_digit(char *out, uint32_t v)
{
    *out = (char)('0' + v);
    return out + 1;
}

/* v < 10000 without leading zeros, as most numbers are. */
static char *put_short(char *out, uint32_t v)
{
    if (v >= 100) {
        uint32_t high = v / 100;
        return proa_put_pair(high >= 10 ? proa_put_pair(out, high) : put_digit(out, high), v % 100);
    }
    return v >= 10 ? proa_put_pair(out, v) : put_digit(out, v);
}

/* Apart from the rest, whose stack frame it would need. */
__attribute__((noinline)) static size_t fmt_long(char *out, uint64_t value)
{
    PROA_UNINIT uint32_t groups[U64_GROUPS];
    size_t n_groups = 0;
    while (value >= 10000) {
        groups[n_groups++] = (uint32_t)(value % 10000);
        value /= 10000;
    }
    char *at = put_short(out, (uint32_t)value);
    while (n_groups > 0) {
        at = proa_put_four(at, groups[--n_groups]);
    }
    return (size_t)(at - out);
}

size_t proa_fmt_u64(char out[PROA_FMT_BYTES], uint64_t value)
{
    return PROA_LIKELY(value < 10000) ? (size_t)(put_short(out, (uint32_t)value) - out)
                                      : fmt_long(out, value);
}

size_t proa_fmt_ms(char out[PROA_FMT_BYTES], uint64_t ns)
{
    uint64_t us = ns / 1000;
    char *at = out + proa_fmt_u64(out, us / 1000);
    *at = '.';
    at = proa_put_three(at + 1, (uint32_t)(us % 1000));
    return (size_t)(at - out);
}

size_t proa_fmt_pico(char out[PROA_FMT_PICO_BYTES], uint64_t pico)
{
    enum { DECIMALS = 12 };
    const uint64_t one = UINT64_C(1000000000000);
    uint64_t rest = pico % one;
    size_t n = proa_fmt_u64(out, pico / one);
    if (rest == 0) {
        return n;
    }
    out[n] = '.';
    for (size_t i = DECIMALS; i > 0; i--, rest /= 10) {
        out[n + i] = (char)('0' + rest % 10);
    }
    n += 1 + DECIMALS;
    while (out[n - 1] == '0') {
        n--;
    }
    return n;
}

enum proa_err proa_buf_append_u64(struct proa_buf *b, uint64_t value)
{
    PROA_UNINIT char digits[PROA_FMT_BYTES];
    size_t n = proa_fmt_u64(digits, value);
    return proa_buf_append(b, proa_slice_make(digits, n));
}

enum proa_err proa_buf_append_ms(struct proa_buf *b, uint64_t ns, unsigned decimals)
{
    PROA_UNINIT char text[PROA_FMT_BYTES];
    if (decimals == 0) {
        return proa_buf_append_u64(b, ns / 1000000);
    }
    size_t n = proa_fmt_ms(text, ns);
    n -= decimals < 3 ? 3 - decimals : 0;
    while (text[n - 1] == '0') {
        n--;
    }
    n -= text[n - 1] == '.';
    return proa_buf_append(b, proa_slice_make(text, n));
}

enum proa_err proa_buf_append_span(struct proa_buf *b, uint64_t ns)
{
    const uint64_t ms = ns / 1000000;
    const uint64_t s = ms / 1000;
    const uint64_t min = s / 60;
    (void)proa_buf_append_u64(b, ms < 1000 ? ms : s < 60 ? s : min < 60 ? min : min / 60);
    if (min >= 60) {
        (void)proa_buf_append(b, PROA_SLICE(" h "));
        (void)proa_buf_append_u64(b, min % 60);
    }
    return proa_buf_append(b, ms < 1000 ? PROA_SLICE(" ms")
                              : s < 60  ? PROA_SLICE(" s")
                                        : PROA_SLICE(" min"));
}

enum proa_err proa_buf_append_hex(struct proa_buf *b, uint64_t value)
{
    char digits[U64_HEX_DIGITS];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    return proa_buf_append(b, proa_slice_make(digits + at, sizeof(digits) - at));
}

enum proa_err proa_buf_append_printf(struct proa_buf *b, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    enum proa_err err = PROA_ERR_ARG;
    if (len >= 0) {
        /* vsnprintf also wants room for a NUL, which a text that just fits the maximum does not
         * have: hence the detour. */
        err = PROA_ERR_LIMIT;
        char *out = proa_buf_reserve(b, (size_t)len);
        if (out) {
            err = PROA_OK;
        }
        if (out && len > 0) {
            char *copy = proa_alloc((size_t)len + 1);
            (void)vsnprintf(copy, (size_t)len + 1, fmt, again);
            memcpy(out, copy, (size_t)len);
            proa_free(copy);
            b->len += (size_t)len;
        }
    } else {
        b->failed = true;
    }
    va_end(again);
    return err;
}

void proa_buf_consume(struct proa_buf *b, size_t n)
{
    PROA_ASSERT(n <= b->len);
    b->len -= n;
    if (n && b->len) {
        memmove(b->ptr, b->ptr + n, b->len);
    }
}
