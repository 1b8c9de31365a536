#include "escape_priv.h"

/* Value of a hexadecimal digit, or -1. */
static int hex1(unsigned char c)
{
    unsigned char lower = c | 0x20;
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Four hexadecimal digits at p; UINT32_MAX when they are not there. */
static uint32_t hex4(const unsigned char *p, const unsigned char *end)
{
    uint32_t value = 0;
    if (end - p < 4) {
        return UINT32_MAX;
    }
    for (unsigned i = 0; i < 4; i++) {
        int digit = hex1(p[i]);
        if (digit < 0) {
            return UINT32_MAX;
        }
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

static size_t unescape_u(const unsigned char *p, const unsigned char *end, uint32_t *code)
{
    uint32_t first = hex4(p + 2, end);
    if (first == UINT32_MAX) {
        return 0;
    }
    if (first < 0xD800 || first > 0xDFFF) {
        *code = first;
        return 6;
    }
    uint32_t second = UINT32_MAX;
    if (first < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        second = hex4(p + 8, end);
    }
    if (second < 0xDC00 || second > 0xDFFF) {
        *code = 0xFFFD;
        return 6;
    }
    *code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    return 12;
}

size_t proa_json_escape_decode(const unsigned char *p, const unsigned char *end, uint32_t *code)
{
    static const unsigned char plain[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    if (end - p < 2) {
        return 0;
    }
    if (p[1] == 'u') {
        return unescape_u(p, end, code);
    }
    *code = plain[p[1]];
    return *code ? 2 : 0;
}

size_t proa_json_escape_put(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

bool proa_json_escape_equal(struct proa_slice raw, struct proa_slice plain)
{
    if (raw.len == 0 || !memchr(raw.ptr, '\\', raw.len)) {
        return proa_slice_eq(raw, plain);
    }
    const unsigned char *p = (const unsigned char *)raw.ptr;
    const unsigned char *end = p + raw.len;
    size_t n = 0;
    while (p < end) {
        char text[4] = {(char)*p, 0, 0, 0};
        size_t len = 1;
        size_t used = 1;
        if (*p == '\\') {
            uint32_t code = 0;
            used = proa_json_escape_decode(p, end, &code);
            len = proa_json_escape_put(text, code);
        }
        if (used == 0 || plain.len - n < len || memcmp(plain.ptr + n, text, len) != 0) {
            return false;
        }
        p += used;
        n += len;
    }
    return n == plain.len;
}
