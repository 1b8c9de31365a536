/*
 * Strings: to their end, over plain text in vectors, over escapes, over what is not ASCII.
 */
#include "lex_priv.h"

/* Are the eight bytes plain? Each comparison shows in the top bit of its byte; a borrow may show in
 * one byte too many, which costs no more than a look at each of them. */
static inline bool eight_are_plain(const unsigned char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t w;
    memcpy(&w, p, sizeof w);
    const uint64_t low = w ^ (ones * 2); /* the quote right above the control characters */
    const uint64_t esc = w ^ (ones * '\\');
    return ((((low - ones * 0x21) & ~low) | ((esc - ones) & ~esc) | w) & tops) == 0;
}

#if PROA_JSON_SSE2

static inline bool pair_is_plain(const unsigned char *p)
{
    return _mm_movemask_epi8(_mm_and_si128(plain_bytes(p), plain_bytes(p + 16))) == 0xFFFF;
}

/* The last up to 15 bytes, by a vector that begins before them where the text is long enough. */
static const unsigned char *plain_tail(const unsigned char *p, const unsigned char *begin,
                                       const unsigned char *end)
{
    if (end - begin >= 16) {
        unsigned mask = special_mask(end - 16) >> (16 - (end - p));
        return mask ? p + __builtin_ctz(mask) : end;
    }
    if (end - p >= 8 && eight_are_plain(p)) {
        p += 8;
        if (eight_are_plain(end - 8)) {
            return end;
        }
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

const unsigned char *proa_json_lex_plain(const unsigned char *p, const unsigned char *begin,
                                         const unsigned char *end)
{
    if (end - p < 16) {
        return plain_tail(p, begin, end);
    }
    unsigned mask = special_mask(p);
    if (mask) {
        return p + __builtin_ctz(mask);
    }
    p += 16;
    while (end - p >= 32) {
        if (!pair_is_plain(p)) {
            mask = special_mask(p) | special_mask(p + 16) << 16;
            return p + __builtin_ctz(mask);
        }
        p += 32;
    }
    if (end - p >= 16) {
        mask = special_mask(p);
        if (mask) {
            return p + __builtin_ctz(mask);
        }
        p += 16;
    }
    return plain_tail(p, begin, end);
}

#else

const unsigned char *proa_json_lex_plain(const unsigned char *p, const unsigned char *begin,
                                         const unsigned char *end)
{
    (void)begin;
    while (end - p >= 8 && eight_are_plain(p)) {
        p += 8;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

#endif

static inline bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t proa_json_lex_utf8(const unsigned char *p, const unsigned char *end)
{
    size_t left = (size_t)(end - p);
    unsigned char c = p[0];
    if (c < 0x80) {
        return 1;
    }
    if (c < 0xE0) { /* C0 and C1 could only begin overlong forms */
        return c >= 0xC2 && left >= 2 && is_tail(p[1]) ? 2 : 0;
    }
    if (c < 0xF0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2])) {
            return 0;
        }
        bool overlong = c == 0xE0 && p[1] < 0xA0;
        bool surrogate = c == 0xED && p[1] >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (c > 0xF4 || left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) {
        return 0;
    }
    bool overlong = c == 0xF0 && p[1] < 0x90;
    bool beyond = c == 0xF4 && p[1] >= 0x90;
    return overlong || beyond ? 0 : 4;
}

/*
 * Over characters of three bytes, of which CJK text is made. `w` holds four bytes, the first one
 * lowest. Of the allowed lead and tail bits only two combinations are wrong: E0 with a second byte
 * below A0 is overlong, ED with one from A0 on a surrogate.
 */
static inline const unsigned char *wide_threes(const unsigned char *p, const unsigned char *end)
{
    while (end - p >= 4) {
        uint32_t w =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        uint32_t pair = w & 0x200F;
        if ((w & 0xC0C0F0) != 0x8080E0 || pair == 0 || pair == 0x200D) {
            break;
        }
        p += 3;
    }
    return p;
}

/* A run of characters outside ASCII: such text comes in long stretches. */
static const unsigned char *lex_wide(struct proa_json_lex *lex, const unsigned char *p)
{
    const unsigned char *end = lex->end;
    for (;;) {
        p = wide_threes(p, end);
        if (p == end || *p < 0x80) {
            return p;
        }
        size_t n = proa_json_lex_utf8(p, end);
        if (n == 0) {
            return proa_json_lex_fail(lex, PROA_ERR_UTF8, p, "invalid UTF-8 in a string");
        }
        p += n;
    }
}

static const unsigned char *lex_escape(struct proa_json_lex *lex, const unsigned char *p)
{
    const unsigned char *end = lex->end;
    lex->escaped = true;
    p++;
    lex->odd = lex->odd || p == end || *p == 'u' || *p == '/';
    if (p < end && (proa_json_lex_classes[*p] & CLASS_ESCAPE)) {
        return p + 1;
    }
    if (p == end || *p != 'u') {
        return proa_json_lex_unexpected(lex, p, "unknown escape in a string");
    }
    for (unsigned i = 0; i < 4; i++) {
        p++;
        if (p == end || !(proa_json_lex_classes[*p] & CLASS_HEX)) {
            return proa_json_lex_unexpected(lex, p, "expected four hexadecimal digits after \\u");
        }
    }
    return p + 1;
}

#if PROA_JSON_SSE2

/* A bit for each of 64 bytes: is it special, as special_mask() means it? */
static inline __attribute__((target("avx2"))) uint64_t special_mask_wide(const unsigned char *p)
{
    const __m256i two = _mm256_set1_epi8(2);
    const __m256i blank = _mm256_set1_epi8(0x20);
    const __m256i backslash = _mm256_set1_epi8('\\');
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    __m256i plain_a = _mm256_andnot_si256(_mm256_cmpeq_epi8(a, backslash),
                                          _mm256_cmpgt_epi8(_mm256_xor_si256(a, two), blank));
    __m256i plain_b = _mm256_andnot_si256(_mm256_cmpeq_epi8(b, backslash),
                                          _mm256_cmpgt_epi8(_mm256_xor_si256(b, two), blank));
    return ~((uint64_t)(uint32_t)_mm256_movemask_epi8(plain_a) |
             (uint64_t)(uint32_t)_mm256_movemask_epi8(plain_b) << 32);
}

/*
 * Over plain text and the escapes of two characters, which prose is full of, without leaving the
 * loop for each of them: line breaks and quotes are taken off the mask of their 64 bytes. Stops at
 * whatever is neither, the closing quote among them, or less than 65 bytes before the end. For
 * processors with large vectors; the others go from escape to escape.
 */
static __attribute__((target("avx2,bmi,bmi2"))) const unsigned char *
lex_prose(struct proa_json_lex *lex, const unsigned char *p, const unsigned char *end)
{
    while (end - p > 64) {
        const unsigned char *next = p + 64;
        for (uint64_t mask = special_mask_wide(p); mask != 0;) {
            unsigned i = (unsigned)__builtin_ctzll(mask);
            p += i;
            if (*p != '\\' || !(proa_json_lex_classes[p[1]] & CLASS_ESCAPE)) {
                return p;
            }
            lex->escaped = true;
            lex->odd |= p[1] == '/';
            mask = mask >> i >> 2; /* the backslash and what it escapes */
            p += 2;
        }
        p = p > next ? p : next;
    }
    return p;
}

static bool has_large_vectors(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

#endif

const unsigned char *proa_json_lex_string(struct proa_json_lex *lex, const unsigned char *p)
{
    const unsigned char *end = lex->end;
    for (;;) {
#if PROA_JSON_SSE2
        if (end - p > 64 && has_large_vectors()) {
            p = lex_prose(lex, p, end);
        }
#endif
        p = proa_json_lex_plain(p, lex->begin, end);
        if (PROA_UNLIKELY(p == end)) {
            return proa_json_lex_fail(lex, PROA_ERR_TRUNCATED, p, "unterminated string");
        }
        if (PROA_LIKELY(*p == '"')) {
            return p + 1;
        }
        if (*p == '\\') {
            p = lex_escape(lex, p);
        } else if (*p < 0x20) {
            p = proa_json_lex_fail(lex, PROA_ERR_SYNTAX, p, "raw control character in a string");
        } else {
            p = lex_wide(lex, p);
        }
        if (PROA_UNLIKELY(!p)) {
            return NULL;
        }
    }
}
