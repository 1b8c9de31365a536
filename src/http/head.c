#include "bytes_priv.h"
#include "head_priv.h"

#include <llhttp.h>

/* "At most a few" empty lines before a request line (RFC 9112 2.2): some clients end a body so. */
#define BLANK_LINES_MAX 4
/* Longest method we know, two spaces, version, CR LF: what a request line adds to its target. */
#define REQUEST_LINE_EXTRA 32

static enum proa_http_fault scan_first_byte(const struct proa_http_head_scan *s,
                                            enum proa_http_mode mode, char c)
{
    if (mode == PROA_HTTP_RESPONSE) {
        return c == 'H' ? PROA_HTTP_FAULT_NONE : PROA_HTTP_FAULT_STATUS_LINE;
    }
    bool is_eol = c == '\r' || c == '\n';
    if (is_eol) {
        return s->n_blank < BLANK_LINES_MAX ? PROA_HTTP_FAULT_NONE : PROA_HTTP_FAULT_REQUEST_LINE;
    }
    /* A TLS hello or other noise is known by its first byte, long before a line of it ends. */
    return proa_http_byte_in(&proa_http_tchar, c) ? PROA_HTTP_FAULT_NONE
                                                  : PROA_HTTP_FAULT_REQUEST_LINE;
}

/* A whole line without its CR LF. Empty: before the first line, or the end of the head. */
static enum proa_http_fault scan_line(struct proa_http_head_scan *s, enum proa_http_mode mode,
                                      const struct proa_http_limits *limits, struct proa_slice line)
{
    if (s->n_lines == 0) {
        if (line.len == 0) {
            s->n_blank++;
            s->first_line = s->pos;
            return PROA_HTTP_FAULT_NONE;
        }
        s->n_lines = 1;
        return mode == PROA_HTTP_REQUEST ? proa_http_request_line(s, limits, line)
                                         : proa_http_status_line(s, line);
    }
    if (line.len == 0) {
        s->end = s->pos;
        return PROA_HTTP_FAULT_NONE;
    }
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
        return PROA_HTTP_FAULT_FOLDED;
    }
    if (s->n_lines > limits->n_headers) {
        return PROA_HTTP_FAULT_HEADER_COUNT;
    }
    s->n_lines++;
    return PROA_HTTP_FAULT_NONE;
}

/* The offset no byte of the line under way may reach, and the fault when one does. */
static size_t line_bound(const struct proa_http_head_scan *s, enum proa_http_mode mode,
                         const struct proa_http_limits *limits, enum proa_http_fault *fault)
{
    bool is_request_line = s->n_lines == 0 && mode == PROA_HTTP_REQUEST;
    size_t line_max =
        is_request_line ? (size_t)limits->target_bytes + REQUEST_LINE_EXTRA : limits->line_bytes;
    size_t line_end = s->line_start + line_max;
    size_t head_end = (size_t)s->first_line + limits->head_bytes;
    if (line_end <= head_end) {
        *fault = is_request_line ? PROA_HTTP_FAULT_TARGET_LONG : PROA_HTTP_FAULT_HEADER_LONG;
        return line_end;
    }
    *fault = PROA_HTTP_FAULT_HEAD_LONG;
    return head_end;
}

enum proa_http_fault proa_http_head_scan(struct proa_http_head_scan *s, enum proa_http_mode mode,
                                         const struct proa_http_limits *limits,
                                         struct proa_slice text)
{
    while (s->pos < text.len && s->end == 0) {
        enum proa_http_fault fault = PROA_HTTP_FAULT_NONE;
        if (s->n_lines == 0) {
            fault = scan_first_byte(s, mode, text.ptr[s->line_start]);
            if (fault != PROA_HTTP_FAULT_NONE) {
                return fault;
            }
        }
        size_t bound = line_bound(s, mode, limits, &fault);
        size_t stop = text.len < bound ? text.len : bound;
        const char *lf = s->pos < stop ? memchr(text.ptr + s->pos, '\n', stop - s->pos) : NULL;
        if (!lf) {
            s->pos = (uint32_t)stop;
            return text.len > bound ? fault : PROA_HTTP_FAULT_NONE;
        }
        size_t len = (size_t)(lf - (text.ptr + s->line_start));
        if (len == 0 || lf[-1] != '\r') {
            return PROA_HTTP_FAULT_LINE_END;
        }
        struct proa_slice line = {text.ptr + s->line_start, len - 1};
        s->pos = s->line_start + (uint32_t)len + 1;
        fault = scan_line(s, mode, limits, line);
        if (fault != PROA_HTTP_FAULT_NONE) {
            return fault;
        }
        s->line_start = s->pos;
    }
    return PROA_HTTP_FAULT_NONE;
}

/* What the llhttp callbacks fill. */
struct fields {
    struct proa_http_header *items;
    size_t n;
    size_t max;
};

static int on_field(llhttp_t *ll, const char *at, size_t len)
{
    struct fields *f = ll->data;
    if (f->n == f->max || len == 0) {
        return -1;
    }
    struct proa_http_header *h = &f->items[f->n++];
    h->name = proa_slice_make(at, len);
    h->id = (uint16_t)proa_http_header_lookup(h->name);
    h->value = PROA_SLICE_NONE;
    return 0;
}

static int on_value(llhttp_t *ll, const char *at, size_t len)
{
    struct fields *f = ll->data;
    if (f->n == 0) {
        return -1;
    }
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t')) {
        len--;
    }
    f->items[f->n - 1].value = proa_slice_make(at, len);
    return 0;
}

/* llhttp's part ends here: body framing is ours, so that its pause is the end of a good head. */
static int on_headers_complete(llhttp_t *ll)
{
    (void)ll;
    return HPE_PAUSED;
}

static const llhttp_settings_t llhttp_hooks = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

static bool is_other_coding(struct proa_slice s)
{
    static const struct proa_slice known[] = {PROA_SLICE_INIT("identity"), PROA_SLICE_INIT("gzip"),
                                              PROA_SLICE_INIT("deflate"),
                                              PROA_SLICE_INIT("compress")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(known); i++) {
        if (proa_slice_eq_nocase(s, known[i])) {
            return false;
        }
    }
    return proa_http_is_token(s);
}

/* Content-Length and Transfer-Encoding of a request or response, as far as its fields were read. */
static enum proa_http_fault check_framing(struct proa_http_head *head)
{
    const struct proa_http_headers *h = &head->headers;
    size_t n_length = proa_http_header_count(h, PROA_HTTP_HEADER_CONTENT_LENGTH);
    size_t n_coding = proa_http_header_count(h, PROA_HTTP_HEADER_TRANSFER_ENCODING);
    if (n_length > 0 && n_coding > 0) {
        return PROA_HTTP_FAULT_LENGTH_AND_CODING;
    }
    if (n_length > 1) {
        return PROA_HTTP_FAULT_LENGTH_REPEATED;
    }
    if (n_length == 1) {
        struct proa_slice s = proa_http_header_value(h, PROA_HTTP_HEADER_CONTENT_LENGTH);
        uint64_t value = 0;
        if (proa_slice_to_u64(s, &value) != PROA_OK || value > INT64_MAX) {
            return PROA_HTTP_FAULT_LENGTH;
        }
        head->has_content_length = true;
        head->content_length = value;
    }
    if (n_coding > 0) {
        struct proa_slice s = proa_http_header_value(h, PROA_HTTP_HEADER_TRANSFER_ENCODING);
        if (head->minor_version == 0) {
            return PROA_HTTP_FAULT_CODING_VERSION;
        }
        head->is_chunked = n_coding == 1 && proa_slice_eq_nocase(s, PROA_SLICE("chunked"));
        if (!head->is_chunked) {
            return n_coding == 1 && is_other_coding(s) ? PROA_HTTP_FAULT_CODING_UNKNOWN
                                                       : PROA_HTTP_FAULT_CODING;
        }
    }
    return PROA_HTTP_FAULT_NONE;
}

/* Where llhttp gave up tells name from value: a line with a colon before that place has a name. */
static enum proa_http_fault token_fault(struct proa_slice text, const char *at)
{
    size_t i = at && at >= text.ptr ? (size_t)(at - text.ptr) : 0;
    bool colon = false;
    i = i < text.len ? i : text.len - 1;
    while (i > 0 && text.ptr[i - 1] != '\n') {
        i--;
        colon = colon || text.ptr[i] == ':';
    }
    return colon ? PROA_HTTP_FAULT_HEADER_VALUE : PROA_HTTP_FAULT_HEADER_NAME;
}

static enum proa_http_fault explain(const llhttp_t *ll, struct proa_http_head *head,
                                    struct proa_slice text)
{
    enum proa_http_fault framing = check_framing(head);
    /* An enumeration of llhttp's own; all but these few speak of a malformed field. */
    switch ((int)llhttp_get_errno(ll)) {
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
        return framing != PROA_HTTP_FAULT_NONE ? framing : PROA_HTTP_FAULT_LENGTH;
    case HPE_INVALID_TRANSFER_ENCODING:
        return framing != PROA_HTTP_FAULT_NONE ? framing : PROA_HTTP_FAULT_CODING;
    case HPE_INVALID_URL:
        return PROA_HTTP_FAULT_TARGET;
    case HPE_INVALID_VERSION:
        return PROA_HTTP_FAULT_VERSION;
    case HPE_INVALID_METHOD:
        return PROA_HTTP_FAULT_METHOD_UNKNOWN;
    case HPE_INVALID_STATUS:
        return PROA_HTTP_FAULT_STATUS_LINE;
    default:
        return token_fault(text, llhttp_get_error_pos(ll));
    }
}

static enum proa_http_fault read_fields(struct proa_http_head *head, enum proa_http_mode mode,
                                        struct proa_slice text, struct fields *fields)
{
    llhttp_t ll;
    llhttp_init(&ll, mode == PROA_HTTP_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &llhttp_hooks);
    ll.data = fields;
    enum llhttp_errno err = llhttp_execute(&ll, text.ptr, text.len);
    head->headers.n = fields->n;
    if (err != HPE_PAUSED) {
        return explain(&ll, head, text);
    }
    return check_framing(head);
}

static enum proa_http_fault check_host(struct proa_http_head *head)
{
    size_t n = proa_http_header_count(&head->headers, PROA_HTTP_HEADER_HOST);
    if (n != 1) {
        return n == 0 ? PROA_HTTP_FAULT_HOST_MISSING : PROA_HTTP_FAULT_HOST_REPEATED;
    }
    struct proa_http_host host;
    struct proa_slice text = proa_http_header_value(&head->headers, PROA_HTTP_HEADER_HOST);
    if (proa_http_host_parse(text, &host) != PROA_OK) {
        return PROA_HTTP_FAULT_HOST_MALFORMED;
    }
    if (!head->is_absolute_form) {
        head->host = host;
    }
    return PROA_HTTP_FAULT_NONE;
}

/* HTTP/1.0 knows no expectations: there the field means nothing (RFC 9110 10.1.1). */
static enum proa_http_fault check_expect(struct proa_http_head *head)
{
    for (size_t i = 0; i < head->headers.n && head->minor_version == 1; i++) {
        const struct proa_http_header *h = &head->headers.items[i];
        if (h->id != PROA_HTTP_HEADER_EXPECT) {
            continue;
        }
        if (!proa_slice_eq_nocase(h->value, PROA_SLICE("100-continue"))) {
            return PROA_HTTP_FAULT_EXPECTATION;
        }
        head->expect_continue = true;
    }
    return PROA_HTTP_FAULT_NONE;
}

static bool wants_keep_alive(const struct proa_http_head *head)
{
    for (size_t i = 0; i < head->headers.n; i++) {
        const struct proa_http_header *h = &head->headers.items[i];
        if (h->id == PROA_HTTP_HEADER_CONNECTION &&
            proa_http_list_has(h->value, PROA_SLICE("close"))) {
            return false;
        }
    }
    return head->minor_version == 1;
}

static enum proa_http_fault finish_request(struct proa_http_head *head)
{
    enum proa_http_fault fault = proa_http_target_split(head);
    if (fault == PROA_HTTP_FAULT_NONE) {
        fault = check_host(head);
    }
    if (fault == PROA_HTTP_FAULT_NONE) {
        fault = check_expect(head);
    }
    head->has_body = head->is_chunked || head->content_length > 0;
    return fault;
}

enum proa_http_fault proa_http_head_parse(const struct proa_http_head_scan *s,
                                          enum proa_http_mode mode, struct proa_slice text,
                                          struct proa_arena *arena, struct proa_http_head **out)
{
    struct proa_http_head *head = PROA_ARENA_NEW(arena, struct proa_http_head);
    struct fields fields = {.max = s->n_lines - 1};
    fields.items = proa_arena_alloc(arena, fields.max * sizeof *fields.items);
    head->headers.items = fields.items;
    head->minor_version = s->minor_version;
    if (mode == PROA_HTTP_REQUEST) {
        head->method = (enum proa_http_method)s->method;
        head->method_text = proa_slice_head(text, s->method_len);
        head->target = proa_slice_make(text.ptr + s->method_len + 1, s->target_len);
    } else {
        size_t line_len = proa_slice_find(text, '\r');
        head->status = s->status;
        head->reason = proa_slice_from(proa_slice_head(text, line_len), sizeof "HTTP/1.1 200");
    }
    enum proa_http_fault fault = read_fields(head, mode, text, &fields);
    if (fault == PROA_HTTP_FAULT_NONE && mode == PROA_HTTP_REQUEST) {
        fault = finish_request(head);
    }
    head->keep_alive = wants_keep_alive(head);
    *out = head;
    return fault;
}
