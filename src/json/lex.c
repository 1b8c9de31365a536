#include "proa/json/lex.h"

#if defined(__SSE2__) && !defined(PROA_JSON_PORTABLE)
#include <immintrin.h>
#define PROA_JSON_SSE2 1
#else
#define PROA_JSON_SSE2 0
#endif

enum { CLASS_WS = 1, CLASS_DIGIT = 2, CLASS_HEX = 4, CLASS_ESCAPE = 8 };

static const unsigned char classes[256] = {
    ['\t'] = CLASS_WS,
    ['\n'] = CLASS_WS,
    ['\r'] = CLASS_WS,
    [' '] = CLASS_WS,
    ['0'] = CLASS_DIGIT | CLASS_HEX,
    ['1'] = CLASS_DIGIT | CLASS_HEX,
    ['2'] = CLASS_DIGIT | CLASS_HEX,
    ['3'] = CLASS_DIGIT | CLASS_HEX,
    ['4'] = CLASS_DIGIT | CLASS_HEX,
    ['5'] = CLASS_DIGIT | CLASS_HEX,
    ['6'] = CLASS_DIGIT | CLASS_HEX,
    ['7'] = CLASS_DIGIT | CLASS_HEX,
    ['8'] = CLASS_DIGIT | CLASS_HEX,
    ['9'] = CLASS_DIGIT | CLASS_HEX,
    ['A'] = CLASS_HEX,
    ['B'] = CLASS_HEX,
    ['C'] = CLASS_HEX,
    ['D'] = CLASS_HEX,
    ['E'] = CLASS_HEX,
    ['F'] = CLASS_HEX,
    ['a'] = CLASS_HEX,
    ['b'] = CLASS_HEX | CLASS_ESCAPE,
    ['c'] = CLASS_HEX,
    ['d'] = CLASS_HEX,
    ['e'] = CLASS_HEX,
    ['f'] = CLASS_HEX | CLASS_ESCAPE,
    ['n'] = CLASS_ESCAPE,
    ['r'] = CLASS_ESCAPE,
    ['t'] = CLASS_ESCAPE,
    ['"'] = CLASS_ESCAPE,
    ['\\'] = CLASS_ESCAPE,
    ['/'] = CLASS_ESCAPE,
};

const unsigned char proa_json_lex_kinds[256] = {
    ['{'] = PROA_JSON_OBJECT, ['['] = PROA_JSON_ARRAY,  ['"'] = PROA_JSON_STRING,
    ['t'] = PROA_JSON_TRUE,   ['f'] = PROA_JSON_FALSE,  ['n'] = PROA_JSON_NULL,
    ['-'] = PROA_JSON_NUMBER, ['0'] = PROA_JSON_NUMBER, ['1'] = PROA_JSON_NUMBER,
    ['2'] = PROA_JSON_NUMBER, ['3'] = PROA_JSON_NUMBER, ['4'] = PROA_JSON_NUMBER,
    ['5'] = PROA_JSON_NUMBER, ['6'] = PROA_JSON_NUMBER, ['7'] = PROA_JSON_NUMBER,
    ['8'] = PROA_JSON_NUMBER, ['9'] = PROA_JSON_NUMBER,
};

const unsigned char *proa_json_lex_fail(struct proa_json_lex *lex, enum proa_err err,
                                        const unsigned char *at, const char *reason)
{
    lex->err = err;
    lex->fault_at = at;
    lex->reason = reason;
    return NULL;
}

const unsigned char *proa_json_lex_unexpected(struct proa_json_lex *lex, const unsigned char *at,
                                              const char *reason)
{
    return proa_json_lex_fail(lex, at == lex->end ? PROA_ERR_TRUNCATED : PROA_ERR_SYNTAX, at,
                              reason);
}

/* Indentation comes in long runs of blanks. */
static bool eight_blanks(const unsigned char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word == UINT64_C(0x2020202020202020);
}

const unsigned char *proa_json_lex_ws_slow(const unsigned char *p, const unsigned char *end)
{
    while (p < end && (classes[*p] & CLASS_WS)) {
        p++;
        while (end - p >= 8 && eight_blanks(p)) {
            p += 8;
        }
    }
    return p;
}

/* ---- Strings ---- */

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
    if (p < end && (classes[*p] & CLASS_ESCAPE)) {
        return p + 1;
    }
    if (p == end || *p != 'u') {
        return proa_json_lex_unexpected(lex, p, "unknown escape in a string");
    }
    for (unsigned i = 0; i < 4; i++) {
        p++;
        if (p == end || !(classes[*p] & CLASS_HEX)) {
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
            if (*p != '\\' || !(classes[p[1]] & CLASS_ESCAPE)) {
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

/* Most strings are short and plain: those end within the first two vectors. */
static inline const unsigned char *lex_string(struct proa_json_lex *lex, const unsigned char *p)
{
#if PROA_JSON_SSE2
    if (PROA_LIKELY(lex->end - p >= 32)) {
        unsigned mask = special_mask(p);
        mask = mask ? mask : special_mask(p + 16) << 16;
        const unsigned char *stop = p + (mask ? __builtin_ctz(mask) : 0);
        if (mask && *stop == '"') {
            return stop + 1;
        }
    }
#endif
    return proa_json_lex_string(lex, p);
}

/* ---- Other scalars ---- */

/* To the first byte that is no digit, or the end. */
static inline const unsigned char *digit_run(const unsigned char *p, const unsigned char *end)
{
#if PROA_JSON_SSE2
    /* Shifted so that '0' to '9' are the ten lowest signed values. */
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i low = _mm_add_epi8(v, _mm_set1_epi8((char)(0x80 - '0')));
        __m128i digit = _mm_cmplt_epi8(low, _mm_set1_epi8(-128 + 10));
        unsigned other = (unsigned)_mm_movemask_epi8(digit) ^ 0xFFFF;
        if (other) {
            return p + __builtin_ctz(other);
        }
        p += 16;
    }
#endif
    while (p < end && (classes[*p] & CLASS_DIGIT)) {
        p++;
    }
    return p;
}

static const unsigned char *lex_digits(struct proa_json_lex *lex, const unsigned char *p,
                                       const char *reason)
{
    if (p == lex->end || !(classes[*p] & CLASS_DIGIT)) {
        return proa_json_lex_unexpected(lex, p, reason);
    }
    return digit_run(p + 1, lex->end);
}

/* RFC 8259 6: [ minus ] int [ frac ] [ exp ] */
static const unsigned char *lex_number(struct proa_json_lex *lex, const unsigned char *p)
{
    const unsigned char *end = lex->end;
    p += *p == '-';
    const unsigned char *first = p;
    p = lex_digits(lex, p, "expected a digit");
    if (!p) {
        return NULL;
    }
    if (*first == '0' && p - first > 1) {
        return proa_json_lex_fail(lex, PROA_ERR_SYNTAX, first + 1, "digit after a leading zero");
    }
    if (p < end && *p == '.') {
        p = lex_digits(lex, p + 1, "expected a digit after the decimal point");
        if (!p) {
            return NULL;
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        p = lex_digits(lex, p, "expected a digit in the exponent");
    }
    return p;
}

static const unsigned char *lex_literal(struct proa_json_lex *lex, const unsigned char *p,
                                        struct proa_slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (p + i == lex->end || p[i] != (unsigned char)word.ptr[i]) {
            return proa_json_lex_unexpected(lex, p + i, "expected true, false or null");
        }
    }
    return p + word.len;
}

const unsigned char *proa_json_lex_scalar(struct proa_json_lex *lex, const unsigned char *p)
{
    if (p == lex->end) {
        return proa_json_lex_fail(lex, PROA_ERR_TRUNCATED, p, "expected a value");
    }
    if (*p == '"') {
        return lex_string(lex, p + 1);
    }
    if (*p == '-' || (classes[*p] & CLASS_DIGIT)) {
        return lex_number(lex, p);
    }
    if (*p == 't') {
        return lex_literal(lex, p, PROA_SLICE("true"));
    }
    if (*p == 'f') {
        return lex_literal(lex, p, PROA_SLICE("false"));
    }
    if (*p == 'n') {
        return lex_literal(lex, p, PROA_SLICE("null"));
    }
    return proa_json_lex_fail(lex, PROA_ERR_SYNTAX, p, "expected a value");
}

/* ---- Containers ---- */

const unsigned char *proa_json_lex_key(struct proa_json_lex *lex, const unsigned char *p,
                                       const unsigned char **key_end)
{
    if (p == lex->end || *p != '"') {
        return proa_json_lex_unexpected(lex, p, "expected a key in double quotes");
    }
    p = lex_string(lex, p + 1);
    *key_end = p;
    return p ? proa_json_lex_colon(lex, p) : NULL;
}

const unsigned char *proa_json_lex_member(const struct proa_json_lex *lex, const unsigned char *p,
                                          const unsigned char **key_at,
                                          const unsigned char **key_end)
{
#if PROA_JSON_SSE2
    if (PROA_UNLIKELY(lex->end - p < 40 || *p != ',')) { /* 38 bytes are looked at */
        return NULL;
    }
    p += 1 + (p[1] == ' ');
    if (PROA_UNLIKELY(*p != '"')) {
        return NULL;
    }
    unsigned mask = special_mask(p + 1);
    mask = mask ? mask : special_mask(p + 17) << 16;
    const unsigned char *stop = p + 1 + (mask ? __builtin_ctz(mask) : 0);
    if (PROA_LIKELY(mask && stop[0] == '"' && stop[1] == ':')) {
        const unsigned char *value = stop + 2 + (stop[2] == ' ');
        *key_at = p;
        *key_end = stop + 1;
        return PROA_LIKELY(*value > ' ') ? value : NULL;
    }
#else
    (void)lex;
    (void)p;
    (void)key_at;
    (void)key_end;
#endif
    return NULL;
}

static inline const unsigned char *lex_inner_key(struct proa_json_lex *lex, const unsigned char *p)
{
    const unsigned char *key_end = NULL;
    return proa_json_lex_key(lex, p, &key_end);
}

/* The containers around a place: one bit each, the innermost lowest in `low`, 1 = object. */
struct nest {
    uint64_t high;
    uint64_t low;
    unsigned depth;
    bool in_object;
};

static inline void nest_push(struct nest *n, bool object)
{
    n->high = n->high << 1 | n->low >> 63;
    n->low = n->low << 1 | n->in_object;
    n->in_object = object;
    n->depth++;
}

static inline void nest_pop(struct nest *n)
{
    n->in_object = n->low & 1;
    n->low = n->low >> 1 | n->high << 63;
    n->high >>= 1;
    n->depth--;
}

/* Closes what closes at p. Returns the place of the comma, or behind the outermost container. */
static inline const unsigned char *lex_closers(struct nest *n, const unsigned char *p,
                                               const unsigned char *end)
{
    p = proa_json_lex_ws(p, end);
    while (p < end && *p == (n->in_object ? '}' : ']')) {
        nest_pop(n);
        p++;
        if (n->depth == 0) {
            break;
        }
        p = proa_json_lex_ws(p, end);
    }
    return p;
}

/* Steps over the comma to the next value, in an object over its key as well. */
static inline const unsigned char *lex_comma(struct proa_json_lex *lex, const struct nest *n,
                                             const unsigned char *p)
{
    if (PROA_UNLIKELY(p == lex->end || *p != ',')) {
        return proa_json_lex_unexpected(lex, p,
                                        n->in_object ? "expected ',' or '}' in an object"
                                                     : "expected ',' or ']' in an array");
    }
    p = proa_json_lex_ws(p + 1, lex->end);
    return n->in_object ? lex_inner_key(lex, p) : p;
}

/* Opens the container at p, to where its first value begins; or to its end when it is empty. */
static inline const unsigned char *lex_open(struct proa_json_lex *lex, struct nest *n,
                                            const unsigned char *p, bool *empty)
{
    if (n->depth == lex->max_depth) {
        return proa_json_lex_fail(lex, PROA_ERR_DEPTH, p, "nested too deeply");
    }
    nest_push(n, *p == '{');
    p = proa_json_lex_ws(p + 1, lex->end);
    *empty = p < lex->end && *p == (n->in_object ? '}' : ']');
    return n->in_object && !*empty ? lex_inner_key(lex, p) : p;
}

static inline bool opens(const unsigned char *p, const unsigned char *end)
{
    return p < end && (*p == '{' || *p == '[');
}

static const unsigned char *lex_container(struct proa_json_lex *lex, const unsigned char *p)
{
    struct nest n = {0, 0, 0, false};
    for (;;) {
        bool complete = true;
        if (opens(p, lex->end)) {
            p = lex_open(lex, &n, p, &complete);
        } else {
            p = proa_json_lex_scalar(lex, p);
        }
        if (PROA_UNLIKELY(!p)) {
            return NULL;
        }
        if (!complete) {
            continue;
        }
        p = lex_closers(&n, p, lex->end);
        if (n.depth == 0) {
            return p;
        }
        const unsigned char *key_at = NULL;
        const unsigned char *key_end = NULL;
        const unsigned char *next =
            n.in_object ? proa_json_lex_member(lex, p, &key_at, &key_end) : NULL;
        p = next ? next : lex_comma(lex, &n, p);
        if (PROA_UNLIKELY(!p)) {
            return NULL;
        }
    }
}

const unsigned char *proa_json_lex_value(struct proa_json_lex *lex, const unsigned char *p)
{
    return opens(p, lex->end) ? lex_container(lex, p) : proa_json_lex_scalar(lex, p);
}
