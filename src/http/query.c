#include "proa/http/query.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int proa_http_percent_byte(struct proa_slice raw, size_t *at)
{
    const char c = raw.ptr[*at];
    if (c != '%') {
        *at += 1;
        return (unsigned char)c;
    }
    if (raw.len - *at < 3) {
        return -1;
    }
    const int high = hex_value(raw.ptr[*at + 1]);
    const int low = hex_value(raw.ptr[*at + 2]);
    *at += 3;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

enum proa_err proa_http_percent_encode(struct proa_buf *out, struct proa_slice plain)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < plain.len; i++) {
        const unsigned char c = (unsigned char)plain.ptr[i];
        const char text[3] = {'%', digits[c >> 4], digits[c & 15]};
        const enum proa_err err = is_unreserved(plain.ptr[i])
                                      ? proa_buf_append_byte(out, plain.ptr[i])
                                      : proa_buf_append(out, proa_slice_make(text, sizeof text));
        if (err != PROA_OK) {
            return err;
        }
    }
    return PROA_OK;
}

static enum proa_err decode(struct proa_slice raw, struct proa_buf *out)
{
    size_t at = 0;
    while (at < raw.len) {
        const bool plus = raw.ptr[at] == '+';
        const int byte = plus ? ' ' : proa_http_percent_byte(raw, &at);
        at += plus;
        if (byte < ' ' || byte == 0x7f) {
            return PROA_ERR_SYNTAX;
        }
        const enum proa_err err = proa_buf_append_byte(out, (char)byte);
        if (err != PROA_OK) {
            return err;
        }
    }
    return PROA_OK;
}

enum proa_err proa_http_query_get(struct proa_slice query, struct proa_slice name,
                                  struct proa_buf *out)
{
    struct proa_slice rest = query;
    while (rest.len > 0) {
        struct proa_slice value;
        const struct proa_slice pair = proa_slice_split(rest, '&', &rest);
        if (proa_slice_eq(proa_slice_split(pair, '=', &value), name)) {
            return decode(value, out);
        }
    }
    return PROA_ERR_NOT_FOUND;
}
