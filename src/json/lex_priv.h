/*
 * What the units of the lexer share: classes of bytes, and the bytes that end plain text, sixteen
 * at a time. Pure, inline, this module only.
 */
#ifndef PROA_JSON_LEX_PRIV_H
#define PROA_JSON_LEX_PRIV_H

#include "proa/json/lex.h"

#if defined(__SSE2__) && !defined(PROA_JSON_PORTABLE)
#include <immintrin.h>
#define PROA_JSON_SSE2 1
#else
#define PROA_JSON_SSE2 0
#endif

enum { CLASS_WS = 1, CLASS_DIGIT = 2, CLASS_HEX = 4, CLASS_ESCAPE = 8 };

extern const unsigned char proa_json_lex_classes[256];

/*
 * A byte ends a run of plain text when it is a quote, a backslash, a control character or not
 * ASCII. Exchanging 0x20 with 0x22 by an xor puts the quote right above the control characters, and
 * as signed numbers all bytes from 0x80 on are below them: one comparison finds three of the four.
 */
#if PROA_JSON_SSE2

static inline __m128i plain_bytes(const unsigned char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i high = _mm_cmpgt_epi8(_mm_xor_si128(v, _mm_set1_epi8(2)), _mm_set1_epi8(0x20));
    return _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')), high);
}

static inline unsigned special_mask(const unsigned char *p)
{
    return (unsigned)_mm_movemask_epi8(plain_bytes(p)) ^ 0xFFFF;
}

#endif

#endif
