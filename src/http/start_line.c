#include "bytes_priv.h"
#include "head_priv.h"

/* NO_METHOD stands for the methods that exist and are never served. */
static const struct method_row {
    struct proa_slice text;
    enum proa_http_method method;
} method_rows[] = {
    {PROA_SLICE_INIT("GET"), PROA_HTTP_GET},
    {PROA_SLICE_INIT("HEAD"), PROA_HTTP_HEAD},
    {PROA_SLICE_INIT("POST"), PROA_HTTP_POST},
    {PROA_SLICE_INIT("PUT"), PROA_HTTP_PUT},
    {PROA_SLICE_INIT("PATCH"), PROA_HTTP_PATCH},
    {PROA_SLICE_INIT("DELETE"), PROA_HTTP_DELETE},
    {PROA_SLICE_INIT("OPTIONS"), PROA_HTTP_OPTIONS},
    {PROA_SLICE_INIT("CONNECT"), PROA_HTTP_NO_METHOD},
    {PROA_SLICE_INIT("TRACE"), PROA_HTTP_NO_METHOD},
};

struct proa_slice proa_http_method_text(enum proa_http_method method)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(method_rows); i++) {
        if (method_rows[i].method == method && method != PROA_HTTP_NO_METHOD) {
            return method_rows[i].text;
        }
    }
    return PROA_SLICE_NONE;
}

static enum proa_http_fault find_method(struct proa_slice text, uint8_t *method)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(method_rows); i++) {
        if (proa_slice_eq(method_rows[i].text, text)) {
            *method = (uint8_t)method_rows[i].method;
            return *method == PROA_HTTP_NO_METHOD ? PROA_HTTP_FAULT_METHOD_REFUSED
                                                  : PROA_HTTP_FAULT_NONE;
        }
    }
    if (proa_slice_eq(text, PROA_SLICE("PRI"))) {
        return PROA_HTTP_FAULT_HTTP2_PREFACE;
    }
    return proa_http_is_token(text) ? PROA_HTTP_FAULT_METHOD_UNKNOWN : PROA_HTTP_FAULT_REQUEST_LINE;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `HTTP/1.0` and `HTTP/1.1` are taken; NAME/x is another protocol or version. */
static enum proa_http_fault parse_version(struct proa_slice s, uint8_t *minor)
{
    if (proa_slice_starts(s, PROA_SLICE("HTTP/1.")) && s.len == 8 &&
        (s.ptr[7] == '0' || s.ptr[7] == '1')) {
        *minor = (uint8_t)(s.ptr[7] - '0');
        return PROA_HTTP_FAULT_NONE;
    }
    size_t slash = proa_slice_find(s, '/');
    bool one_word = proa_http_is_target(s);
    return one_word && slash > 0 && slash + 1 < s.len && is_digit(s.ptr[slash + 1])
               ? PROA_HTTP_FAULT_VERSION
               : PROA_HTTP_FAULT_REQUEST_LINE;
}

static bool is_absolute(struct proa_slice target, size_t *authority_at)
{
    static const struct proa_slice schemes[] = {PROA_SLICE_INIT("http://"),
                                                PROA_SLICE_INIT("https://")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(schemes); i++) {
        if (proa_slice_eq_nocase(proa_slice_head(target, schemes[i].len), schemes[i])) {
            *authority_at = schemes[i].len;
            return true;
        }
    }
    return false;
}

static enum proa_http_fault check_target(const struct proa_http_start *s,
                                         const struct proa_http_limits *limits,
                                         struct proa_slice target)
{
    size_t authority_at = 0;
    if (target.len > limits->target_bytes) {
        return PROA_HTTP_FAULT_TARGET_LONG;
    }
    if (!proa_http_is_target(target)) {
        return PROA_HTTP_FAULT_TARGET;
    }
    if (target.ptr[0] == '/' || is_absolute(target, &authority_at)) {
        return PROA_HTTP_FAULT_NONE;
    }
    return s->method == PROA_HTTP_OPTIONS && proa_slice_eq(target, PROA_SLICE("*"))
               ? PROA_HTTP_FAULT_METHOD_REFUSED
               : PROA_HTTP_FAULT_TARGET;
}

enum proa_http_fault proa_http_request_line(struct proa_http_start *s,
                                            const struct proa_http_limits *limits,
                                            struct proa_slice line)
{
    struct proa_slice rest = line;
    struct proa_slice method = proa_slice_split(line, ' ', &rest);
    /* HTTP/1 knows single spaces only (RFC 9112 3); a tab or a second space is how smuggled request
     * lines begin. */
    enum proa_http_fault fault = find_method(method, &s->method);
    if (fault != PROA_HTTP_FAULT_NONE) {
        return fault;
    }
    struct proa_slice target = proa_slice_split(rest, ' ', &rest);
    if (target.len == 0) {
        return PROA_HTTP_FAULT_REQUEST_LINE;
    }
    if (target.ptr + target.len == line.ptr + line.len) {
        return PROA_HTTP_FAULT_VERSION_MISSING;
    }
    fault = parse_version(rest, &s->minor_version);
    if (fault != PROA_HTTP_FAULT_NONE) {
        return fault;
    }
    s->method_len = (uint8_t)method.len;
    s->target_len = (uint32_t)target.len;
    return check_target(s, limits, target);
}

enum proa_http_fault proa_http_status_line(struct proa_http_start *s, struct proa_slice line)
{
    if (!proa_slice_starts(line, PROA_SLICE("HTTP/"))) {
        return PROA_HTTP_FAULT_STATUS_LINE;
    }
    size_t space = proa_slice_find(line, ' ');
    if (parse_version(proa_slice_head(line, space), &s->minor_version) != PROA_HTTP_FAULT_NONE) {
        return PROA_HTTP_FAULT_VERSION;
    }
    struct proa_slice rest = proa_slice_from(line, space + 1);
    if (rest.len < 3 || !is_digit(rest.ptr[0]) || !is_digit(rest.ptr[1]) ||
        !is_digit(rest.ptr[2]) || (rest.len > 3 && rest.ptr[3] != ' ') ||
        !proa_http_is_value(rest)) {
        return PROA_HTTP_FAULT_STATUS_LINE;
    }
    s->status =
        (uint16_t)((rest.ptr[0] - '0') * 100 + (rest.ptr[1] - '0') * 10 + (rest.ptr[2] - '0'));
    return s->status >= 100 && s->status <= 599 ? PROA_HTTP_FAULT_NONE
                                                : PROA_HTTP_FAULT_STATUS_LINE;
}

enum proa_http_fault proa_http_target_split(struct proa_http_head *head)
{
    size_t authority_at = 0;
    struct proa_slice local = head->target;
    if (head->target.ptr[0] != '/' && is_absolute(head->target, &authority_at)) {
        struct proa_slice behind = proa_slice_from(head->target, authority_at);
        size_t slash = proa_slice_find(behind, '/');
        size_t mark = proa_slice_find(behind, '?');
        size_t n = slash < mark ? slash : mark;
        if (proa_http_host_parse(proa_slice_head(behind, n), &head->host) != PROA_OK) {
            return PROA_HTTP_FAULT_HOST_MALFORMED;
        }
        head->is_absolute_form = true;
        local = proa_slice_from(behind, n);
    }
    size_t mark = proa_slice_find(local, '?');
    head->path = mark == 0 || local.len == 0 ? PROA_SLICE("/") : proa_slice_head(local, mark);
    head->query = proa_slice_from(local, mark + 1);
    return PROA_HTTP_FAULT_NONE;
}
