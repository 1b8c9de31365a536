#include "line_priv.h"
#include "utf8_priv.h"

#include "proa/core/clock.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Non-zero when one of eight bytes must not be copied as it is: controls, quote, backslash, DEL,
 * anything beyond ASCII. The last term settles bytes beyond ASCII, so the others may assume there
 * are none; a borrow can only come from a byte that is special itself. */
static inline uint64_t special(uint64_t x)
{
    uint64_t control = x - ONES * 0x20;
    uint64_t quote = (x ^ ONES * '"') - ONES;
    uint64_t slash = (x ^ ONES * '\\') - ONES;
    uint64_t del = x + ONES; /* carries 0x7f into the high bit */
    return (control | quote | slash | del | x) & HIGHS;
}

static bool plain_byte(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* May the character be shown? Not when a terminal or a viewer acts on it: controls (C0, DEL, C1),
 * line and paragraph separators, bidirectional overrides and isolates. */
static bool harmless(uint32_t code)
{
    return !(code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
             (code >= 0x2066 && code <= 0x2069));
}

static char *put_unicode(char *p, uint32_t code)
{
    static const char digits[] = "0123456789abcdef";
    *p++ = '\\';
    *p++ = 'u';
    for (unsigned shift = 16; shift > 0; shift -= 4) {
        *p++ = digits[code >> (shift - 4) & 0xf];
    }
    return p;
}

static char *put_char(char *p, uint32_t code, const char *bytes, size_t n)
{
    switch (code) {
    case '"':
        return PROA_LINE_LIT(p, "\\\"");
    case '\\':
        return PROA_LINE_LIT(p, "\\\\");
    case '\n':
        return PROA_LINE_LIT(p, "\\n");
    case '\r':
        return PROA_LINE_LIT(p, "\\r");
    case '\t':
        return PROA_LINE_LIT(p, "\\t");
    default:
        return harmless(code) ? proa_line_put(p, bytes, n) : put_unicode(p, code);
    }
}

static char *escape_slow(char *p, const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        uint32_t code = 0xfffd;
        size_t n = proa_utf8_take((const unsigned char *)s + i, len - i, &code);
        p = n ? put_char(p, code, s + i, n) : put_unicode(p, 0xfffd);
        i += n ? n : 1;
    }
    return p;
}

/* Up to three bytes: numbers, labels, the names of short things. */
static inline char *escape_tiny(char *p, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (PROA_UNLIKELY(!plain_byte((unsigned char)s[i]))) {
            return escape_slow(p + i, s + i, len - i);
        }
        p[i] = s[i];
    }
    return p + len;
}

static char *escape_cut(char *p, const char *s)
{
    p = escape_slow(p, s, proa_utf8_cut(s, PROA_LOG_VALUE_BYTES));
    return PROA_LINE_LIT(p, "...");
}

/* Four to seven bytes as two halves that may overlap. */
static inline char *escape_short(char *p, const char *s, size_t len)
{
    uint32_t head;
    uint32_t tail;
    memcpy(&head, s, sizeof(head));
    memcpy(&tail, s + len - sizeof(tail), sizeof(tail));
    if (PROA_UNLIKELY(special((uint64_t)tail << 32 | head))) {
        return escape_slow(p, s, len);
    }
    memcpy(p, &head, sizeof(head));
    memcpy(p + len - sizeof(tail), &tail, sizeof(tail));
    return p + len;
}

/* Eight bytes; false where one is special. */
static inline bool put_word(char *p, const char *s)
{
    uint64_t x;
    memcpy(&x, s, sizeof x);
    memcpy(p, &x, sizeof x);
    return special(x) == 0;
}

/* Eight to fifteen bytes as two words that may overlap. */
static inline char *escape_words(char *p, const char *s, size_t len)
{
    const bool plain = put_word(p, s);
    if (PROA_UNLIKELY(!put_word(p + len - 8, s + len - 8) || !plain)) {
        return escape_slow(p, s, len);
    }
    return p + len;
}

#ifdef __SSE2__

/* Sixteen bytes, likewise. Beyond ASCII they are negative numbers, and so below the controls' end.
 */
static inline bool put_vector(char *p, const char *s)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
    const __m128i control = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    _mm_storeu_si128((__m128i *)(void *)p, v);
    return _mm_movemask_epi8(
               _mm_or_si128(_mm_or_si128(control, del), _mm_or_si128(quote, slash))) == 0;
}

/* Sixteen bytes or more, the last of them as a vector that may overlap the one before. */
static inline char *escape_vectors(char *p, const char *s, size_t len)
{
    const size_t last = len - 16;
    bool plain = true;
    for (size_t i = 0; plain && i < last; i += 16) {
        plain = put_vector(p + i, s + i);
    }
    if (PROA_UNLIKELY(!plain || !put_vector(p + last, s + last))) {
        return escape_slow(p, s, len);
    }
    return p + len;
}

#else

static inline char *escape_vectors(char *p, const char *s, size_t len)
{
    bool plain = true;
    for (size_t i = 0; plain && i < len - 8; i += 8) {
        plain = put_word(p + i, s + i);
    }
    if (PROA_UNLIKELY(!plain || !put_word(p + len - 8, s + len - 8))) {
        return escape_slow(p, s, len);
    }
    return p + len;
}

#endif

char *proa_line_escape(char *p, struct proa_slice value)
{
    const size_t len = value.len;
    if (len < 4) {
        return escape_tiny(p, value.ptr, len);
    }
    if (len < 8) {
        return escape_short(p, value.ptr, len);
    }
    if (len < 16) {
        return escape_words(p, value.ptr, len);
    }
    return PROA_LIKELY(len <= PROA_LOG_VALUE_BYTES) ? escape_vectors(p, value.ptr, len)
                                                    : escape_cut(p, value.ptr);
}

char *proa_line_plain(char *p, struct proa_slice value)
{
    bool bare = value.len > 0 && value.len <= PROA_LOG_VALUE_BYTES;
    for (size_t i = 0; bare && i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        bare = plain_byte(c) && c != ' ' && c != '=';
    }
    if (bare) {
        return proa_line_put(p, value.ptr, value.len);
    }
    *p++ = '"';
    p = proa_line_escape(p, value);
    *p++ = '"';
    return p;
}

static char *put_time(char *p, struct proa_line_time time)
{
    if (time.stamp) {
        proa_civil_rfc3339_next(time.stamp, time.unix_ms, p);
    } else {
        proa_civil_rfc3339(time.unix_ms, p);
    }
    return p + 24;
}

static char *put_name(char *p, struct proa_slice name)
{
    return proa_line_put(p, name.ptr, name.len);
}

char *proa_line_head(char *p, enum proa_log_format format, enum proa_log_level level,
                     struct proa_line_time time, struct proa_slice message)
{
    static const char padded[][7] = {" ERROR ", " WARN  ", " INFO  ", " DEBUG ", " TRACE "};
    switch (format) {
    case PROA_LOG_JSON:
        p = PROA_LINE_LIT(p, "{\"timestamp\":\"");
        p = put_time(p, time);
        p = PROA_LINE_LIT(p, "\",\"level\":\"");
        p = put_name(p, proa_log_level_name(level));
        p = PROA_LINE_LIT(p, "\",\"message\":\"");
        p = proa_line_escape(p, message);
        *p++ = '"';
        return p;
    case PROA_LOG_LOGFMT:
        p = PROA_LINE_LIT(p, "timestamp=");
        p = put_time(p, time);
        p = PROA_LINE_LIT(p, " level=");
        p = put_name(p, proa_log_level_name(level));
        p = PROA_LINE_LIT(p, " message=");
        return proa_line_plain(p, message);
    case PROA_LOG_TEXT:
        break;
    }
    p = put_time(p, time);
    p = proa_line_put(p, padded[level < PROA_ARRAY_LEN(padded) ? level : PROA_LOG_INFO],
                      sizeof(padded[0]));
    return proa_line_plain(p, message);
}
