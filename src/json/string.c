#include "proa/json/string.h"

#include "escape_priv.h"

#include "proa/json/lex.h"

/* What stands between the quotes; false for what is no string token. */
static bool token_text(struct proa_slice token, struct proa_slice *raw, bool *escaped)
{
    struct proa_json_lex lex;
    if (token.len < 2 || token.ptr[0] != '"') {
        return false;
    }
    proa_json_lex_init(&lex, token, 0);
    if (proa_json_lex_string(&lex, lex.begin + 1) != lex.end) {
        return false;
    }
    *raw = (struct proa_slice){token.ptr + 1, token.len - 2};
    *escaped = lex.escaped;
    return true;
}

/* Decodes well-formed text to `out`, which has room for raw.len bytes: an escape is never shorter
 * than what it stands for. Returns the length. */
static size_t decode(struct proa_slice raw, char *out)
{
    const unsigned char *p = (const unsigned char *)raw.ptr;
    const unsigned char *end = p + raw.len;
    size_t n = 0;
    while (p < end) {
        const unsigned char *stop = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((stop ? stop : end) - p);
        memcpy(out + n, p, run);
        n += run;
        p += run;
        if (stop) {
            char text[4];
            uint32_t code = 0;
            size_t used = proa_json_escape_decode(p, end, &code);
            PROA_ASSERT(used > 0);
            size_t len = proa_json_escape_put(text, code);
            memcpy(out + n, text, len);
            n += len;
            p += used;
        }
    }
    return n;
}

enum proa_err proa_json_string_decode(struct proa_slice token, struct proa_buf *out)
{
    struct proa_slice raw;
    bool escaped = false;
    if (!token_text(token, &raw, &escaped)) {
        return PROA_ERR_SYNTAX;
    }
    if (!escaped) {
        return proa_buf_append(out, raw);
    }
    char *room = proa_buf_reserve(out, raw.len);
    if (!room) {
        return PROA_ERR_LIMIT;
    }
    out->len += decode(raw, room);
    return PROA_OK;
}

enum proa_err proa_json_string_view(struct proa_slice token, struct proa_arena *arena,
                                    struct proa_slice *out)
{
    struct proa_slice raw;
    bool escaped = false;
    if (!token_text(token, &raw, &escaped)) {
        return PROA_ERR_SYNTAX;
    }
    if (escaped) {
        char *room = proa_arena_alloc(arena, raw.len);
        raw = (struct proa_slice){room, decode(raw, room)};
    }
    *out = raw;
    return PROA_OK;
}

bool proa_json_string_eq(struct proa_slice token, struct proa_slice plain)
{
    struct proa_slice raw;
    bool escaped = false;
    if (!token_text(token, &raw, &escaped)) {
        return false;
    }
    return escaped ? proa_json_escape_equal(raw, plain) : proa_slice_eq(raw, plain);
}

bool proa_json_string_is_lossy(struct proa_slice token)
{
    struct proa_slice raw;
    bool escaped = false;
    if (!token_text(token, &raw, &escaped) || !escaped) {
        return false;
    }
    const unsigned char *end = (const unsigned char *)raw.ptr + raw.len;
    const unsigned char *p = memchr(raw.ptr, '\\', raw.len);
    while (p) {
        uint32_t code = 0;
        const size_t used = proa_json_escape_decode(p, end, &code);
        if (proa_json_escape_is_lone(p, used)) {
            return true;
        }
        p += used;
        p = memchr(p, '\\', (size_t)(end - p));
    }
    return false;
}

static const char hex[] = "0123456789abcdef";

/* What may stand behind a backslash instead of four hexadecimal digits. */
static const char shorts[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
    ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};

/* The escape at p, of a control character, as escape_byte() writes it; its length, else 0. */
static size_t normal_control(const unsigned char *p, const unsigned char *end)
{
    if (end - p < 6 || memcmp(p, "\\u00", 4) != 0 || (p[4] != '0' && p[4] != '1')) {
        return 0;
    }
    const bool digit = p[5] >= '0' && p[5] <= '9';
    if (!digit && (p[5] < 'a' || p[5] > 'f')) { /* capitals are not how we write it */
        return 0;
    }
    const unsigned low = digit ? p[5] - (unsigned)'0' : p[5] - (unsigned)'a' + 10;
    return shorts[(p[4] - (unsigned)'0') * 16 + low] ? 0 : 6;
}

bool proa_json_string_is_normal(struct proa_slice token)
{
    static const bool behind[256] = {['"'] = true, ['\\'] = true, ['b'] = true, ['f'] = true,
                                     ['n'] = true, ['r'] = true,  ['t'] = true};
    const unsigned char *end = (const unsigned char *)token.ptr + token.len;
    const unsigned char *p = memchr(token.ptr, '\\', token.len);
    while (p) {
        const size_t used = end - p >= 2 && behind[p[1]] ? 2 : normal_control(p, end);
        if (used == 0) {
            return false;
        }
        p += used;
        p = memchr(p, '\\', (size_t)(end - p));
    }
    return true;
}

/* The escape of a byte that cannot stand for itself. */
static void escape_byte(struct proa_buf *out, unsigned char c)
{
    char text[6] = {'\\', shorts[c], '0', '0', hex[c >> 4], hex[c & 15]};
    size_t len = 2;
    if (!shorts[c]) {
        text[1] = 'u';
        len = sizeof text;
    }
    (void)proa_buf_append(out, (struct proa_slice){text, len});
}

enum proa_err proa_json_string_escape(struct proa_buf *out, struct proa_slice text)
{
    if (text.len == 0) {
        return out->failed ? PROA_ERR_LIMIT : PROA_OK;
    }
    const unsigned char *p = (const unsigned char *)text.ptr;
    const unsigned char *begin = p;
    const unsigned char *end = p + text.len;
    const unsigned char *from = p;
    while (p < end) {
        p = proa_json_lex_plain(p, begin, end);
        size_t wide = p < end && *p >= 0x80 ? proa_json_lex_utf8(p, end) : 0;
        if (wide) {
            p += wide;
            continue;
        }
        if (p > from) {
            (void)proa_buf_append(out, proa_slice_make(from, (size_t)(p - from)));
        }
        if (p < end) {
            if (*p >= 0x80) {
                PROA_BUF_LIT(out, "\xEF\xBF\xBD");
            } else {
                escape_byte(out, *p);
            }
            p++;
        }
        from = p;
    }
    if (p > from) {
        (void)proa_buf_append(out, proa_slice_make(from, (size_t)(p - from)));
    }
    return out->failed ? PROA_ERR_LIMIT : PROA_OK;
}

/* A text that stands for itself, as most do, goes in at once. */
static bool encode_plain(struct proa_buf *out, struct proa_slice text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    if (text.len == 0 || proa_json_lex_plain(p, p, p + text.len) != p + text.len) {
        return false;
    }
    char *at = proa_buf_reserve(out, text.len + 2);
    if (!at) {
        return false;
    }
    at[0] = '"';
    memcpy(at + 1, text.ptr, text.len);
    at[1 + text.len] = '"';
    out->len += text.len + 2;
    return true;
}

enum proa_err proa_json_string_encode(struct proa_buf *out, struct proa_slice text)
{
    if (encode_plain(out, text)) {
        return PROA_OK;
    }
    (void)proa_buf_append_byte(out, '"');
    (void)proa_json_string_escape(out, text);
    return proa_buf_append_byte(out, '"');
}

/* The digits of an integer token, without its minus. */
static enum proa_err integer_digits(struct proa_slice token, bool *negative,
                                    struct proa_slice *digits)
{
    *negative = token.len > 0 && token.ptr[0] == '-';
    *digits = proa_slice_from(token, *negative ? 1 : 0);
    for (size_t i = 0; i < digits->len; i++) {
        if (digits->ptr[i] < '0' || digits->ptr[i] > '9') {
            return PROA_ERR_TYPE;
        }
    }
    bool leading_zero = digits->len > 1 && digits->ptr[0] == '0';
    return digits->len == 0 || leading_zero ? PROA_ERR_TYPE : PROA_OK;
}

enum proa_err proa_json_number_u64(struct proa_slice token, uint64_t *out)
{
    struct proa_slice digits;
    bool negative = false;
    uint64_t value = 0;
    enum proa_err err = integer_digits(token, &negative, &digits);
    if (err) {
        return err;
    }
    if (proa_slice_to_u64(digits, &value) != PROA_OK || (negative && value > 0)) {
        return PROA_ERR_RANGE;
    }
    *out = value;
    return PROA_OK;
}

enum proa_err proa_json_number_i64(struct proa_slice token, int64_t *out)
{
    struct proa_slice digits;
    bool negative = false;
    uint64_t value = 0;
    enum proa_err err = integer_digits(token, &negative, &digits);
    if (err) {
        return err;
    }
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (proa_slice_to_u64(digits, &value) != PROA_OK || value > most) {
        return PROA_ERR_RANGE;
    }
    /* -(value - 1) - 1 reaches INT64_MIN without overflow. */
    *out = negative && value > 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return PROA_OK;
}

bool proa_json_number_is_zero(struct proa_slice token)
{
    for (size_t i = 0; i < token.len; i++) {
        const char c = token.ptr[i];
        if (c == 'e' || c == 'E') {
            break;
        }
        if (c != '0' && c != '.' && c != '-') {
            return false;
        }
    }
    return token.len > 0;
}
