/*
 * Byte classes, one by one and eight at a time. Pure, inline, this module only.
 */
#ifndef PROA_HTTP_BYTES_PRIV_H
#define PROA_HTTP_BYTES_PRIV_H

#include "proa/core/slice.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* One bit for each byte value. */
struct proa_http_byte_set {
    uint64_t bits[4];
};

/* tchar of RFC 9110 5.6.2. */
extern const struct proa_http_byte_set proa_http_tchar;

static inline bool proa_http_byte_in(const struct proa_http_byte_set *set, char c)
{
    unsigned char u = (unsigned char)c;
    return ((set->bits[u >> 6] >> (u & 63U)) & 1U) != 0;
}

/* What a field value may hold: all but CTL and DEL, HTAB being no CTL here. */
static inline bool proa_http_is_value_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 0x20 && u != 0x7f) || u == '\t';
}

#define PROA_HTTP_EACH_BYTE(value) (0x0101010101010101U * (value))

/* Eight bytes, the first one lowest on every machine. */
static inline uint64_t proa_http_word(const char *p)
{
    uint64_t w = 0;
    memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/*
 * Masks with the top bit of each byte that matches. A carry may mark bytes above the first match,
 * never below: the mask answers "any?" and "which is the first?" exactly, and nothing else.
 */
static inline size_t proa_http_word_first(uint64_t mask)
{
    return (size_t)__builtin_ctzll(mask) / 8;
}

/* Bytes below n, n <= 128. */
static inline uint64_t proa_http_word_below(uint64_t w, uint64_t n)
{
    return (w - PROA_HTTP_EACH_BYTE(n)) & ~w & PROA_HTTP_EACH_BYTE(0x80U);
}

/* Bytes equal to c, c < 128. */
static inline uint64_t proa_http_word_has(uint64_t w, uint64_t c)
{
    return proa_http_word_below(w ^ PROA_HTTP_EACH_BYTE(c), 1);
}

/*
 * Offset of the first CTL (HTAB included) or DEL at or behind `i`. Reads up to 16 bytes beyond it:
 * the caller knows that there is one, with as much memory behind it.
 */
static inline size_t proa_http_find_ctl(const char *text, size_t i)
{
#ifdef __SSE2__
    for (;; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
        __m128i hit = _mm_or_si128(low, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask != 0) {
            return i + (size_t)__builtin_ctz(mask);
        }
    }
#else
    for (;; i += 8) {
        uint64_t w = proa_http_word(text + i);
        uint64_t mask = proa_http_word_below(w, 0x20) | proa_http_word_has(w, 0x7f);
        if (mask != 0) {
            return i + proa_http_word_first(mask);
        }
    }
#endif
}

/*
 * The line feeds of a text, one after the other. Value type; nothing at or behind `stop` is read.
 * Of a block that was looked at, the feeds that are left are remembered, so that a line costs
 * little more than its share of the block.
 */
struct proa_http_feeds {
    const char *at; /* behind the last block */
    const char *stop;
    unsigned left; /* of that block: bit 0 is its first byte */
};

/* The next one, or NULL. */
static inline const char *proa_http_next_feed(struct proa_http_feeds *f)
{
#ifdef __SSE2__
    while (f->left == 0 && f->stop - f->at >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)f->at);
        f->left = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
        f->at += 16;
    }
    if (f->left != 0) {
        const char *lf = f->at - 16 + __builtin_ctz(f->left);
        f->left &= f->left - 1;
        return lf;
    }
#endif
    const char *lf = f->at < f->stop ? memchr(f->at, '\n', (size_t)(f->stop - f->at)) : NULL;
    f->at = lf ? lf + 1 : f->stop;
    return lf;
}

/* Offset of the first colon at or behind `i`, or `len`. Reads up to 16 bytes beyond `len`. */
static inline size_t proa_http_find_colon(const char *text, size_t i, size_t len)
{
#ifdef __SSE2__
    for (; i < len; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(':')));
        if (mask != 0) {
            i += (size_t)__builtin_ctz(mask);
            break;
        }
    }
#else
    for (; i < len; i += 8) {
        uint64_t mask = proa_http_word_has(proa_http_word(text + i), ':');
        if (mask != 0) {
            i += proa_http_word_first(mask);
            break;
        }
    }
#endif
    return i < len ? i : len;
}

#endif
