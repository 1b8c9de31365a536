/*
 * Reading: W. D. Clinger, "How to Read Floating Point Numbers Accurately" (1990): where digits and
 * power of ten are exact doubles, one division or multiplication rounds correctly. What remains is
 * the second rounding, to float; it can only go wrong where the double is half way between two
 * floats, and there, as for longer numbers, the C library is asked.
 */
#include "floats_priv.h"

#include "proa/json/cursor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOKEN_MAX = 64, DIGITS_EXACT = 15, TEN_EXACT = 22 };

static const double TENS[TEN_EXACT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number as its digits and the power of ten they are multiplied with. */
struct decimal {
    uint64_t digits;
    int n_digits; /* without leading zeros */
    int exponent;
    bool negative;
};

static size_t take_digits(struct proa_slice t, size_t at, bool fraction, struct decimal *d)
{
    for (; at < t.len && is_digit(t.ptr[at]); at++) {
        if (d->n_digits <= DIGITS_EXACT) {
            d->digits = d->digits * 10 + (uint64_t)(t.ptr[at] - '0');
            d->n_digits += d->digits > 0;
            d->exponent -= fraction;
        } else {
            d->exponent += !fraction; /* too long for the short way: only that counts */
        }
    }
    return at;
}

static struct decimal decimal_of(struct proa_slice t)
{
    struct decimal d = {.negative = t.len > 0 && t.ptr[0] == '-'};
    size_t at = take_digits(t, d.negative, false, &d);
    if (at < t.len && t.ptr[at] == '.') {
        at = take_digits(t, at + 1, true, &d);
    }
    if (at < t.len) { /* e or E */
        int e = 0;
        const bool minus = at + 1 < t.len && t.ptr[at + 1] == '-';
        for (at++; at < t.len && e < 10000; at++) {
            e = is_digit(t.ptr[at]) ? e * 10 + (t.ptr[at] - '0') : e;
        }
        d.exponent += minus ? -e : e;
    }
    return d;
}

/* Half way between two floats, as far as a double can tell. */
static bool is_half_way(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits & 0x1fffffff) == 0x10000000;
}

/* A JSON number. */
static bool read_number(struct proa_slice token, float *out)
{
    const struct decimal d = decimal_of(token);
    const int e = d.exponent;
    if (d.n_digits <= DIGITS_EXACT && e >= -TEN_EXACT && e <= TEN_EXACT) {
        const double digits = (double)d.digits;
        const double value = e < 0 ? digits / TENS[-e] : digits * TENS[e];
        if (!is_half_way(value) && value < 3e38 && (value > 1e-37 || d.digits == 0)) {
            *out = (float)(d.negative ? -value : value);
            return true;
        }
    }
    char text[TOKEN_MAX];
    if (token.len >= sizeof text) {
        return false;
    }
    memcpy(text, token.ptr, token.len);
    text[token.len] = '\0';
    *out = strtof(text, NULL);
    return isfinite(*out);
}

static uint32_t bits_of(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The fewest digits that read as the same float; nine always do. */
static void write_number(float value, struct proa_buf *out)
{
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        const int n = snprintf(text, sizeof text, "%.*g", digits, (double)value);
        float again = 0;
        if (n > 0 && read_number(proa_slice_make(text, (size_t)n), &again) &&
            bits_of(again) == bits_of(value)) {
            break;
        }
    }
    (void)proa_buf_append_cstr(out, text);
}

/* ---- base64 (RFC 4648 4) --------------------------------------------------------------------- */

/* Bits that wait to become characters, or bytes; fewer than 8 between two calls. */
struct bits {
    uint32_t value;
    unsigned n;
};

static void put_rest(struct bits *b, struct proa_buf *out)
{
    if (b->n > 0) {
        (void)proa_buf_append_byte(out, ALPHABET[b->value << (6 - b->n) & 63]);
        (void)proa_buf_append_cstr(out, b->n == 2 ? "==" : "=");
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* ---- vectors --------------------------------------------------------------------------------- */

static void put_float(float value, struct bits *bits, struct proa_buf *out)
{
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    char *at = proa_buf_reserve(out, 6); /* 5 bits that wait and 32 more */
    if (!at) {
        return;
    }
    uint64_t all = (uint64_t)bits->value << 32 | __builtin_bswap32(word);
    unsigned n = bits->n + 32;
    for (; n >= 6; n -= 6) {
        *at++ = ALPHABET[all >> (n - 6) & 63];
        out->len++;
    }
    bits->value = (uint32_t)(all & ((UINT64_C(1) << n) - 1));
    bits->n = n;
}

/* All or nothing. */
static bool finish(struct proa_buf *out, size_t from, bool ok)
{
    if (ok && proa_buf_ok(out)) {
        return true;
    }
    out->len = from;
    return false;
}

bool proa_floats_to_base64(struct proa_slice array, struct proa_buf *out)
{
    const size_t from = out->len;
    struct bits bits = {0, 0};
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_kind_of(array) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, array) != PROA_OK) {
        return false;
    }
    bool ok = true;
    while (ok && proa_json_cursor_next(&c, &item)) {
        float value = 0;
        ok = item.kind == PROA_JSON_NUMBER && read_number(item.value, &value);
        put_float(value, &bits, out);
    }
    put_rest(&bits, out);
    return finish(out, from, ok && c.err == PROA_OK);
}

static float float_of(const uint8_t bytes[4])
{
    const uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static struct proa_slice without_padding(struct proa_slice base64)
{
    for (int i = 0; i < 2 && base64.len > 0 && base64.ptr[base64.len - 1] == '='; i++) {
        base64.len--;
    }
    return base64;
}

bool proa_floats_to_array(struct proa_slice base64, struct proa_buf *out)
{
    const size_t from = out->len;
    struct bits bits = {0, 0};
    uint8_t bytes[4];
    size_t n = 0;
    bool first = true;
    base64 = without_padding(base64);
    PROA_BUF_LIT(out, "[");
    for (size_t i = 0; i < base64.len; i++) {
        if (base64.ptr[i] == '\\' && i + 1 < base64.len && base64.ptr[i + 1] == '/') {
            continue; /* a slash that JSON text has escaped */
        }
        const int value = value_of(base64.ptr[i]);
        if (value < 0) {
            return finish(out, from, false);
        }
        bits.value = bits.value << 6 | (uint32_t)value;
        bits.n += 6;
        if (bits.n < 8) {
            continue;
        }
        bits.n -= 8;
        bytes[n++] = (uint8_t)(bits.value >> bits.n);
        if (n < sizeof bytes) {
            continue;
        }
        n = 0;
        const float number = float_of(bytes);
        if (!isfinite(number)) {
            return finish(out, from, false);
        }
        (void)proa_buf_append_cstr(out, first ? "" : ",");
        first = false;
        write_number(number, out);
    }
    PROA_BUF_LIT(out, "]");
    return finish(out, from, n == 0 && bits.n < 6);
}
