#include "bytes_priv.h"
#include "head_priv.h"
#include "judge_priv.h"

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

/* The first line, without its CR LF. Empty ones may precede it. */
static enum proa_http_fault scan_start_line(struct proa_http_head_scan *s,
                                            const struct proa_http_parser_cfg *cfg,
                                            struct proa_slice line)
{
    if (line.len == 0) {
        s->n_blank++;
        s->first_line = s->pos;
        return PROA_HTTP_FAULT_NONE;
    }
    s->n_lines = 1;
    s->start_line_len = (uint32_t)line.len;
    return cfg->mode == PROA_HTTP_REQUEST ? proa_http_request_line(&s->start, &cfg->limits, line)
                                          : proa_http_status_line(&s->start, line);
}

/* Offset that no byte of the line under way may reach. */
static size_t line_bound(const struct proa_http_head_scan *s, const struct proa_http_limits *limits,
                         size_t line_max)
{
    size_t head_end = (size_t)s->first_line + limits->head_bytes;
    size_t line_end = s->line_start + line_max;
    return line_end < head_end ? line_end : head_end;
}

/*
 * Finds the end of the line under way. *line is it without CR LF; line->ptr stays NULL when it is
 * not there yet. `too_long` is the fault of a line that goes on to the bound.
 */
static enum proa_http_fault next_line(struct proa_http_head_scan *s, struct proa_slice text,
                                      size_t bound, enum proa_http_fault too_long,
                                      struct proa_slice *line)
{
    size_t stop = text.len < bound ? text.len : bound;
    const char *start = text.ptr + s->line_start;
    const char *lf = s->pos < stop ? memchr(text.ptr + s->pos, '\n', stop - s->pos) : NULL;
    if (!lf) {
        s->pos = (uint32_t)stop;
        return text.len > bound ? too_long : PROA_HTTP_FAULT_NONE;
    }
    if (lf == start || lf[-1] != '\r') {
        return PROA_HTTP_FAULT_LINE_END;
    }
    *line = (struct proa_slice){start, (size_t)(lf - start) - 1};
    s->pos = (uint32_t)(lf - text.ptr) + 1;
    s->line_start = s->pos;
    return PROA_HTTP_FAULT_NONE;
}

static enum proa_http_fault scan_start(struct proa_http_head_scan *s,
                                       const struct proa_http_parser_cfg *cfg,
                                       struct proa_slice text)
{
    const struct proa_http_limits *limits = &cfg->limits;
    while (s->pos < text.len && s->n_lines == 0) {
        bool is_request = cfg->mode == PROA_HTTP_REQUEST;
        size_t line_max =
            is_request ? (size_t)limits->target_bytes + REQUEST_LINE_EXTRA : limits->line_bytes;
        size_t bound = line_bound(s, limits, line_max);
        enum proa_http_fault too_long =
            is_request ? PROA_HTTP_FAULT_TARGET_LONG : PROA_HTTP_FAULT_HEAD_LONG;
        struct proa_slice line = PROA_SLICE_NONE;
        enum proa_http_fault fault = scan_first_byte(s, cfg->mode, text.ptr[s->line_start]);
        if (fault == PROA_HTTP_FAULT_NONE) {
            fault = next_line(s, text, bound, too_long, &line);
        }
        if (fault == PROA_HTTP_FAULT_NONE && line.ptr) {
            fault = scan_start_line(s, cfg, line);
        }
        if (fault != PROA_HTTP_FAULT_NONE) {
            return fault;
        }
    }
    return PROA_HTTP_FAULT_NONE;
}

/* A line that does not end before the end of the text: is there too much of it, or of the head? */
static enum proa_http_fault check_pending(const struct proa_http_head_scan *s, size_t line_max,
                                          size_t head_end, size_t text_len)
{
    size_t bound = s->line_start + line_max;
    if (text_len > bound && bound < head_end) {
        return PROA_HTTP_FAULT_HEADER_LONG;
    }
    return text_len > head_end ? PROA_HTTP_FAULT_HEAD_LONG : PROA_HTTP_FAULT_NONE;
}

/* How a field line may not begin. CR: CR CR LF would be taken for the end of the head elsewhere. */
static enum proa_http_fault first_byte_fault(char c)
{
    if (c == ' ' || c == '\t') {
        return PROA_HTTP_FAULT_FOLDED;
    }
    return c == '\r' ? PROA_HTTP_FAULT_LINE_END : PROA_HTTP_FAULT_NONE;
}

/* The line of `len` bytes in front of its LF: NONE for the end of the head, and for a sound one. */
static enum proa_http_fault line_fault(const char *line, size_t len, size_t line_max)
{
    if (len >= line_max) {
        return PROA_HTTP_FAULT_HEADER_LONG;
    }
    if (len == 0 || line[len - 1] != '\r') {
        return PROA_HTTP_FAULT_LINE_END;
    }
    return len == 1 ? PROA_HTTP_FAULT_NONE : first_byte_fault(*line);
}

static enum proa_http_fault scan_fields(struct proa_http_head_scan *s,
                                        const struct proa_http_limits *limits,
                                        struct proa_slice text)
{
    const size_t head_end = (size_t)s->first_line + limits->head_bytes;
    const size_t line_max = limits->line_bytes;
    const char *stop = text.ptr + (text.len < head_end ? text.len : head_end);
    const char *start = text.ptr + s->line_start;
    const char *from = text.ptr + s->pos;
    struct proa_http_feeds feeds = {.at = from, .stop = stop};
    enum proa_http_fault fault = PROA_HTTP_FAULT_NONE;
    uint32_t n_lines = s->n_lines;
    while (from < stop && fault == PROA_HTTP_FAULT_NONE) {
        const char *lf = proa_http_next_feed(&feeds);
        if (!lf) {
            from = stop;
            break;
        }
        const size_t len = (size_t)(lf - start);
        from = lf + 1;
        /* One look at what a line usually is; the rest is told apart elsewhere. */
        if (PROA_UNLIKELY(len < 2 || len >= line_max || lf[-1] != '\r' || *start <= ' ')) {
            fault = line_fault(start, len, line_max);
            if (fault == PROA_HTTP_FAULT_NONE && len == 1) {
                s->end = (uint32_t)(from - text.ptr);
                break;
            }
        }
        if (n_lines > limits->n_headers && fault == PROA_HTTP_FAULT_NONE) {
            fault = PROA_HTTP_FAULT_HEADER_COUNT;
        }
        n_lines++;
        start = from;
    }
    s->n_lines = n_lines;
    s->pos = (uint32_t)(from - text.ptr);
    s->line_start = (uint32_t)(start - text.ptr);
    return fault == PROA_HTTP_FAULT_NONE && s->end == 0
               ? check_pending(s, line_max, head_end, text.len)
               : fault;
}

enum proa_http_fault proa_http_head_scan(struct proa_http_head_scan *s,
                                         const struct proa_http_parser_cfg *cfg,
                                         struct proa_slice text)
{
    if (s->n_lines == 0) {
        enum proa_http_fault fault = scan_start(s, cfg, text);
        if (fault != PROA_HTTP_FAULT_NONE || s->n_lines == 0) {
            return fault;
        }
    }
    return scan_fields(s, &cfg->limits, text);
}

/* How often the fields occur that decide about a message, and where the last of them is. */
struct deciding {
    const struct proa_http_header *host;
    const struct proa_http_header *length;
    const struct proa_http_header *coding;
    unsigned n_host;
    unsigned n_length;
    unsigned n_coding;
    bool close;        /* Connection: close */
    bool expect;       /* Expect: 100-continue */
    bool expect_other; /* Expect with anything else */
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

static void note_field(struct deciding *d, const struct proa_http_header *h)
{
    switch (h->id) {
    case PROA_HTTP_HEADER_HOST:
        d->host = h;
        d->n_host++;
        break;
    case PROA_HTTP_HEADER_CONTENT_LENGTH:
        d->length = h;
        d->n_length++;
        break;
    case PROA_HTTP_HEADER_TRANSFER_ENCODING:
        d->coding = h;
        d->n_coding++;
        break;
    case PROA_HTTP_HEADER_CONNECTION:
        d->close = d->close || proa_http_list_has(h->value, PROA_SLICE("close"));
        break;
    case PROA_HTTP_HEADER_EXPECT:
        if (proa_slice_eq_nocase(h->value, PROA_SLICE("100-continue"))) {
            d->expect = true;
        } else {
            d->expect_other = true;
        }
        break;
    default:
        break;
    }
}

/* RFC 9112 6.1 to 6.3, with every choice it leaves decided for refusal. */
static enum proa_http_fault check_framing(struct proa_http_head *head, const struct deciding *d)
{
    if (d->n_length > 0 && d->n_coding > 0) {
        return PROA_HTTP_FAULT_LENGTH_AND_CODING;
    }
    if (d->n_length > 1) {
        return PROA_HTTP_FAULT_LENGTH_REPEATED;
    }
    if (d->n_length == 1) {
        uint64_t value = 0;
        if (proa_slice_to_u64(d->length->value, &value) != PROA_OK || value > INT64_MAX) {
            return PROA_HTTP_FAULT_LENGTH;
        }
        head->has_content_length = true;
        head->content_length = value;
    }
    if (d->n_coding == 0) {
        return PROA_HTTP_FAULT_NONE;
    }
    if (head->minor_version == 0) {
        return PROA_HTTP_FAULT_CODING_VERSION;
    }
    if (d->n_coding > 1) {
        return PROA_HTTP_FAULT_CODING;
    }
    head->is_chunked = proa_slice_eq_nocase(d->coding->value, PROA_SLICE("chunked"));
    if (!head->is_chunked) {
        return is_other_coding(d->coding->value) ? PROA_HTTP_FAULT_CODING_UNKNOWN
                                                 : PROA_HTTP_FAULT_CODING;
    }
    return PROA_HTTP_FAULT_NONE;
}

/* `text` is the head; its fields begin at `at`. */
static enum proa_http_fault read_fields(struct proa_http_head *head, struct proa_slice text,
                                        struct proa_http_header *items, size_t at,
                                        struct deciding *d)
{
    uint64_t present[PROA_ARRAY_LEN(head->headers.absent)] = {0};
    for (size_t i = 0; i < head->headers.n; i++) {
        enum proa_http_fault fault = proa_http_field_read(text, &at, &items[i]);
        if (fault != PROA_HTTP_FAULT_NONE) {
            return fault;
        }
        present[items[i].id / 64] |= UINT64_C(1) << items[i].id % 64;
        note_field(d, &items[i]);
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(present); i++) {
        head->headers.absent[i] = ~present[i];
    }
    return check_framing(head, d);
}

static enum proa_http_fault check_host(struct proa_http_head *head, const struct deciding *d)
{
    if (d->n_host != 1) {
        return d->n_host == 0 ? PROA_HTTP_FAULT_HOST_MISSING : PROA_HTTP_FAULT_HOST_REPEATED;
    }
    struct proa_http_host host;
    if (proa_http_host_parse(d->host->value, &host) != PROA_OK) {
        return PROA_HTTP_FAULT_HOST_MALFORMED;
    }
    if (!head->is_absolute_form) {
        head->host = host;
    }
    return PROA_HTTP_FAULT_NONE;
}

static enum proa_http_fault finish_request(struct proa_http_head *head, const struct deciding *d)
{
    enum proa_http_fault fault = proa_http_target_split(head);
    if (fault == PROA_HTTP_FAULT_NONE) {
        fault = check_host(head, d);
    }
    /* HTTP/1.0 knows no expectations: there the field means nothing (RFC 9110 10.1.1). */
    if (fault == PROA_HTTP_FAULT_NONE && head->minor_version == 1 && d->expect_other) {
        fault = PROA_HTTP_FAULT_EXPECTATION;
    }
    head->has_body = head->is_chunked || head->content_length > 0;
    head->expect_continue = head->minor_version == 1 && d->expect;
    return fault;
}

enum proa_http_fault proa_http_head_parse(const struct proa_http_head_scan *s,
                                          const struct proa_http_parser_cfg *cfg,
                                          struct proa_slice text, struct proa_arena *arena,
                                          struct proa_http_head **out)
{
    struct proa_http_head *head = PROA_ARENA_NEW(arena, struct proa_http_head);
    struct deciding deciding = {0};
    size_t line_end = s->start_line_len;
    head->headers.n = s->n_lines - 1;
    struct proa_http_header *items = proa_arena_alloc(arena, head->headers.n * sizeof *items);
    head->headers.items = items;
    head->minor_version = s->start.minor_version;
    if (cfg->mode == PROA_HTTP_REQUEST) {
        head->method = (enum proa_http_method)s->start.method;
        head->method_text = proa_slice_head(text, s->start.method_len);
        head->target = proa_slice_make(text.ptr + s->start.method_len + 1, s->start.target_len);
    } else {
        head->status = s->start.status;
        head->reason = proa_slice_from(proa_slice_head(text, line_end), sizeof "HTTP/1.1 200");
    }
    enum proa_http_fault fault = read_fields(head, text, items, line_end + 2, &deciding);
    /* llhttp's verdict comes behind ours, which knows the reason better. At most one of the two
     * fields is there. */
    if (fault == PROA_HTTP_FAULT_NONE) {
        fault = proa_http_judge(cfg->mode, proa_slice_head(text, line_end),
                                deciding.length ? deciding.length : deciding.coding);
    }
    if (fault == PROA_HTTP_FAULT_NONE && cfg->mode == PROA_HTTP_REQUEST) {
        fault = finish_request(head, &deciding);
    }
    head->keep_alive = head->minor_version == 1 && !deciding.close;
    *out = head;
    return fault;
}
