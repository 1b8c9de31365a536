#include "lex_priv.h"

const unsigned char proa_json_lex_classes[256] = {
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
    while (p < end && (proa_json_lex_classes[*p] & CLASS_WS)) {
        p++;
        while (end - p >= 8 && eight_blanks(p)) {
            p += 8;
        }
    }
    return p;
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
    while (p < end && (proa_json_lex_classes[*p] & CLASS_DIGIT)) {
        p++;
    }
    return p;
}

static const unsigned char *lex_digits(struct proa_json_lex *lex, const unsigned char *p,
                                       const char *reason)
{
    if (p == lex->end || !(proa_json_lex_classes[*p] & CLASS_DIGIT)) {
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
    if (*p == '-' || (proa_json_lex_classes[*p] & CLASS_DIGIT)) {
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

/* 35 bytes are looked at, or 20 where the end is near. */
static inline const unsigned char *short_key(const struct proa_json_lex *lex,
                                             const unsigned char *p, const unsigned char **key_end)
{
#if PROA_JSON_SSE2
    const ptrdiff_t left = lex->end - p;
    if (PROA_UNLIKELY(left < 20 || *p != '"')) {
        return NULL;
    }
    unsigned mask = special_mask(p + 1);
    mask = mask || left < 36 ? mask : special_mask(p + 17) << 16;
    const unsigned char *stop = p + 1 + (mask ? __builtin_ctz(mask) : 0);
    if (PROA_LIKELY(mask && stop[0] == '"' && stop[1] == ':')) {
        const unsigned char *value = stop + 2 + (stop[2] == ' ');
        *key_end = stop + 1;
        return PROA_LIKELY(*value > ' ') ? value : NULL;
    }
#else
    (void)lex;
    (void)p;
    (void)key_end;
#endif
    return NULL;
}

const unsigned char *proa_json_lex_short_key(const struct proa_json_lex *lex,
                                             const unsigned char *p, const unsigned char **key_end)
{
    return short_key(lex, p, key_end);
}

const unsigned char *proa_json_lex_member(const struct proa_json_lex *lex, const unsigned char *p,
                                          const unsigned char **key_at,
                                          const unsigned char **key_end)
{
    if (PROA_UNLIKELY(lex->end - p < 2 || *p != ',')) {
        return NULL;
    }
    *key_at = p + 1 + (p[1] == ' ');
    return short_key(lex, *key_at, key_end);
}

static inline const unsigned char *lex_inner_key(struct proa_json_lex *lex, const unsigned char *p)
{
    const unsigned char *key_end = NULL;
    const unsigned char *value = short_key(lex, p, &key_end);
    return PROA_LIKELY(value != NULL) ? value : proa_json_lex_key(lex, p, &key_end);
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
