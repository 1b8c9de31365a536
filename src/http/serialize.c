#include "proa/http/serialize.h"

#define VERSION_TEXT "HTTP/1.1"

/* Statuses that are answered or passed on often enough to deserve their words. */
static const struct reason_row {
    uint16_t status;
    struct proa_slice text;
} reason_rows[] = {
    {100, PROA_SLICE_INIT("Continue")},
    {200, PROA_SLICE_INIT("OK")},
    {201, PROA_SLICE_INIT("Created")},
    {202, PROA_SLICE_INIT("Accepted")},
    {204, PROA_SLICE_INIT("No Content")},
    {206, PROA_SLICE_INIT("Partial Content")},
    {301, PROA_SLICE_INIT("Moved Permanently")},
    {302, PROA_SLICE_INIT("Found")},
    {303, PROA_SLICE_INIT("See Other")},
    {304, PROA_SLICE_INIT("Not Modified")},
    {307, PROA_SLICE_INIT("Temporary Redirect")},
    {308, PROA_SLICE_INIT("Permanent Redirect")},
    {400, PROA_SLICE_INIT("Bad Request")},
    {401, PROA_SLICE_INIT("Unauthorized")},
    {402, PROA_SLICE_INIT("Payment Required")},
    {403, PROA_SLICE_INIT("Forbidden")},
    {404, PROA_SLICE_INIT("Not Found")},
    {405, PROA_SLICE_INIT("Method Not Allowed")},
    {406, PROA_SLICE_INIT("Not Acceptable")},
    {408, PROA_SLICE_INIT("Request Timeout")},
    {409, PROA_SLICE_INIT("Conflict")},
    {410, PROA_SLICE_INIT("Gone")},
    {411, PROA_SLICE_INIT("Length Required")},
    {412, PROA_SLICE_INIT("Precondition Failed")},
    {413, PROA_SLICE_INIT("Content Too Large")},
    {414, PROA_SLICE_INIT("URI Too Long")},
    {415, PROA_SLICE_INIT("Unsupported Media Type")},
    {417, PROA_SLICE_INIT("Expectation Failed")},
    {421, PROA_SLICE_INIT("Misdirected Request")},
    {422, PROA_SLICE_INIT("Unprocessable Content")},
    {424, PROA_SLICE_INIT("Failed Dependency")},
    {425, PROA_SLICE_INIT("Too Early")},
    {426, PROA_SLICE_INIT("Upgrade Required")},
    {428, PROA_SLICE_INIT("Precondition Required")},
    {429, PROA_SLICE_INIT("Too Many Requests")},
    {431, PROA_SLICE_INIT("Request Header Fields Too Large")},
    {451, PROA_SLICE_INIT("Unavailable For Legal Reasons")},
    {500, PROA_SLICE_INIT("Internal Server Error")},
    {501, PROA_SLICE_INIT("Not Implemented")},
    {502, PROA_SLICE_INIT("Bad Gateway")},
    {503, PROA_SLICE_INIT("Service Unavailable")},
    {504, PROA_SLICE_INIT("Gateway Timeout")},
    {505, PROA_SLICE_INIT("HTTP Version Not Supported")},
    {507, PROA_SLICE_INIT("Insufficient Storage")},
    {508, PROA_SLICE_INIT("Loop Detected")},
};

struct proa_slice proa_http_reason(unsigned status)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(reason_rows); i++) {
        if (reason_rows[i].status == status) {
            return reason_rows[i].text;
        }
    }
    return PROA_SLICE_NONE;
}

/* Appends the pieces or none of them; one reservation, so that a line is never half-written. */
static enum proa_err write_line(struct proa_buf *b, const struct proa_slice *pieces, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += pieces[i].len;
    }
    char *at = proa_buf_reserve(b, total);
    if (!at) {
        return PROA_ERR_LIMIT;
    }
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].len > 0) {
            memcpy(at, pieces[i].ptr, pieces[i].len);
            at += pieces[i].len;
        }
    }
    b->len += total;
    return PROA_OK;
}

enum proa_err proa_http_write_status_line(struct proa_buf *b, unsigned status)
{
    if (PROA_LIKELY(status == 200)) {
        return proa_buf_append(b, PROA_SLICE(VERSION_TEXT " 200 OK\r\n"));
    }
    if (status < 100 || status > 599) {
        return PROA_ERR_ARG;
    }
    /* The space in front of an empty reason is part of the grammar (RFC 9112 4). */
    char code[4] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                    (char)('0' + status % 10), ' '};
    const struct proa_slice line[] = {PROA_SLICE(VERSION_TEXT " "),
                                      proa_slice_make(code, sizeof code), proa_http_reason(status),
                                      PROA_SLICE("\r\n")};
    return write_line(b, line, PROA_ARRAY_LEN(line));
}

static char *put(char *at, struct proa_slice s)
{
    memcpy(at, s.ptr, s.len);
    return at + s.len;
}

static inline enum proa_err write_field(struct proa_buf *b, struct proa_slice name,
                                        struct proa_slice colon, struct proa_slice value)
{
    const size_t total = name.len + colon.len + value.len + 2;
    char *at = proa_buf_reserve(b, total);
    if (PROA_UNLIKELY(!at)) {
        return PROA_ERR_LIMIT;
    }
    at = put(put(at, name), colon);
    if (value.len > 0) {
        at = put(at, value);
    }
    (void)put(at, PROA_SLICE("\r\n"));
    b->len += total;
    return PROA_OK;
}

enum proa_err proa_http_write_value(struct proa_buf *b, struct proa_slice begin,
                                    struct proa_slice value)
{
    return proa_http_is_value(value) ? write_field(b, begin, PROA_SLICE(""), proa_slice_trim(value))
                                     : PROA_ERR_PROTOCOL;
}

enum proa_err proa_http_write_parsed(struct proa_buf *b, const struct proa_http_header *h)
{
    return write_field(b, h->name, PROA_SLICE(": "), h->value);
}

size_t proa_http_chunk_prefix(char out[PROA_HTTP_CHUNK_PREFIX_MAX], size_t n)
{
    /* A chunk of no bytes would end the body. */
    PROA_ASSERT(n > 0);
    size_t n_digits = 1;
    for (size_t rest = n >> 4; rest > 0; rest >>= 4) {
        n_digits++;
    }
    for (size_t i = n_digits; i > 0; i--) {
        out[i - 1] = "0123456789abcdef"[n & 15];
        n >>= 4;
    }
    out[n_digits] = '\r';
    out[n_digits + 1] = '\n';
    return n_digits + 2;
}
