#include "proa/http/sse.h"

const struct proa_sse_limits proa_sse_limits_default = {
    .line_bytes = (size_t)4 * 1024 * 1024,
    .event_bytes = (size_t)4 * 1024 * 1024,
};

const struct proa_sse_limits proa_sse_limits_pictures = {
    .line_bytes = (size_t)16 * 1024 * 1024,
    .event_bytes = (size_t)16 * 1024 * 1024,
};

/* How a line ended. A CR is known to be alone only when the byte behind it has arrived. */
enum eol { EOL_LF = 0, EOL_CRLF, EOL_CR };

#define BOM_BYTES 3

void proa_sse_init(struct proa_sse *s, const struct proa_sse_limits *limits)
{
    *s = (struct proa_sse){.limits = *limits};
    proa_buf_init(&s->line, limits->line_bytes);
    proa_buf_init(&s->data.kept, limits->event_bytes);
    proa_buf_init(&s->type.kept, limits->line_bytes);
    proa_buf_init(&s->id.kept, limits->line_bytes);
}

void proa_sse_deinit(struct proa_sse *s)
{
    proa_buf_deinit(&s->line);
    proa_buf_deinit(&s->data.kept);
    proa_buf_deinit(&s->type.kept);
    proa_buf_deinit(&s->id.kept);
}

static void give_back(struct proa_buf *b)
{
    if (b->cap > 0) {
        proa_buf_clear(b);
        proa_buf_trim(b, 0);
    }
}

static void field_reset(struct proa_sse_field *f)
{
    f->value = PROA_SLICE_NONE;
    give_back(&f->kept);
}

static void reset_event(struct proa_sse *s)
{
    field_reset(&s->data);
    field_reset(&s->type);
    field_reset(&s->id);
    s->has_data = false;
    s->has_id = false;
    s->has_retry = false;
    s->is_error_field = false;
    s->release_due = false;
}

/* Moves the value into memory of our own, for the input is about to go away. */
static enum proa_err field_keep(struct proa_sse_field *f)
{
    if (f->value.len == 0 || f->value.ptr == f->kept.ptr) {
        return PROA_OK;
    }
    proa_buf_clear(&f->kept);
    enum proa_err err = proa_buf_append(&f->kept, f->value);
    f->value = proa_buf_slice(&f->kept);
    return err;
}

static enum proa_err field_set(struct proa_sse_field *f, struct proa_slice value, bool in_place)
{
    proa_buf_clear(&f->kept);
    f->value = value;
    return in_place ? PROA_OK : field_keep(f);
}

static enum proa_err add_data(struct proa_sse *s, struct proa_slice value, bool in_place)
{
    size_t joined = s->has_data ? s->data.value.len + 1 + value.len : value.len;
    if (joined > s->limits.event_bytes) {
        return PROA_ERR_LIMIT;
    }
    if (!s->has_data) {
        s->has_data = true;
        return field_set(&s->data, value, in_place);
    }
    enum proa_err err = field_keep(&s->data);
    if (err == PROA_OK) {
        err = proa_buf_append_byte(&s->data.kept, '\n');
    }
    if (err == PROA_OK) {
        err = proa_buf_append(&s->data.kept, value);
    }
    s->data.value = proa_buf_slice(&s->data.kept);
    return err;
}

static enum proa_err set_id(struct proa_sse *s, struct proa_slice value, bool in_place)
{
    if (proa_slice_find(value, '\0') < value.len) {
        return PROA_OK; /* the standard ignores such a field */
    }
    s->has_id = true;
    return field_set(&s->id, value, in_place);
}

static void set_retry(struct proa_sse *s, struct proa_slice value)
{
    uint64_t ms = 0;
    if (proa_slice_to_u64(value, &ms) == PROA_OK) {
        s->has_retry = true;
        s->retry_ms = ms;
    }
}

/* A line that is neither empty nor, as far as we know yet, a comment. */
static enum proa_err take_line(struct proa_sse *s, struct proa_slice line, bool in_place)
{
    if (line.ptr[0] == ':') {
        s->n_comments++;
        return PROA_OK;
    }
    size_t colon = proa_slice_find(line, ':');
    struct proa_slice name = proa_slice_head(line, colon);
    struct proa_slice value = proa_slice_from(line, colon + 1);
    if (value.len > 0 && value.ptr[0] == ' ') {
        value = proa_slice_from(value, 1);
    }
    if (proa_slice_eq(name, PROA_SLICE("data"))) {
        return add_data(s, value, in_place);
    }
    if (proa_slice_eq(name, PROA_SLICE("event"))) {
        return field_set(&s->type, value, in_place);
    }
    if (proa_slice_eq(name, PROA_SLICE("id"))) {
        return set_id(s, value, in_place);
    }
    if (proa_slice_eq(name, PROA_SLICE("retry"))) {
        set_retry(s, value);
        return PROA_OK;
    }
    if (proa_slice_eq(name, PROA_SLICE("error"))) {
        s->is_error_field = true;
        return add_data(s, value, in_place);
    }
    s->n_unknown++;
    return PROA_OK;
}

static enum proa_sse_result dispatch(struct proa_sse *s, struct proa_sse_event *event)
{
    *event = (struct proa_sse_event){
        .type = s->type.value,
        .data = s->data.value,
        .id = s->id.value,
        .start = s->start,
        .end = s->offset,
        .retry_ms = s->has_retry ? s->retry_ms : 0,
        .has_retry = s->has_retry,
        .has_id = s->has_id,
        .is_error_field = s->is_error_field,
    };
    s->start = s->offset;
    s->has_data = false;
    s->dispatch_due = false;
    s->release_due = true;
    s->n_events++;
    return PROA_SSE_EVENT;
}

static void advance(struct proa_sse *s, struct proa_slice *in, size_t n)
{
    *in = proa_slice_from(*in, n);
    s->offset += n;
}

/* Bytes of the mark; when it turns out to be none, they begin the first line. */
static enum proa_err skip_bom(struct proa_sse *s, struct proa_slice *in)
{
    static const char bom[] = "\xef\xbb\xbf";
    while (s->bom_seen < BOM_BYTES && in->len > 0) {
        if (in->ptr[0] != bom[s->bom_seen]) {
            struct proa_slice seen = proa_slice_make(bom, s->bom_seen);
            s->bom_seen = BOM_BYTES;
            return seen.len > 0 ? proa_buf_append(&s->line, seen) : PROA_OK;
        }
        s->bom_seen++;
        advance(s, in, 1);
    }
    return PROA_OK;
}

/* Index of the byte that ends the line, or in.len. */
static size_t find_eol(struct proa_slice in)
{
    size_t lf = proa_slice_find(in, '\n');
    return proa_slice_find(proa_slice_head(in, lf), '\r');
}

/* The byte behind a CR: an LF belongs to it. True when an event was waiting for that. */
static bool settle_cr(struct proa_sse *s, struct proa_slice *in)
{
    bool is_lf = in->ptr[0] == '\n';
    s->cr_pending = false;
    s->last_eol = is_lf ? EOL_CRLF : EOL_CR;
    if (is_lf) {
        advance(s, in, 1);
    }
    return s->dispatch_due;
}

/* An empty line: true when it completes an event at once. */
static bool take_blank(struct proa_sse *s, bool is_cr)
{
    if (!s->has_data) {
        reset_event(s);
        return false;
    }
    /* Where lines end in CR LF, the LF of this one is on its way and part of the event. */
    s->dispatch_due = is_cr && s->last_eol == EOL_CRLF;
    return !s->dispatch_due;
}

/* One line, or what there is of it. *done: an event is complete. */
static enum proa_err read_line(struct proa_sse *s, struct proa_slice *in, bool *done)
{
    size_t len = find_eol(*in);
    struct proa_slice line = proa_slice_head(*in, len);
    bool ended = len < in->len;
    bool in_place = ended && s->line.len == 0;
    if (len > s->limits.line_bytes - s->line.len) {
        return PROA_ERR_LIMIT;
    }
    if (!in_place) {
        enum proa_err err = proa_buf_append(&s->line, line);
        if (err != PROA_OK || !ended) {
            advance(s, in, len);
            return err;
        }
        line = proa_buf_slice(&s->line);
    }
    bool is_cr = in->ptr[len] == '\r';
    advance(s, in, len + 1);
    enum proa_err err = PROA_OK;
    if (line.len == 0) {
        *done = take_blank(s, is_cr);
    } else {
        err = take_line(s, line, in_place);
    }
    s->cr_pending = is_cr;
    if (!is_cr) {
        s->last_eol = EOL_LF;
    }
    if (!in_place) {
        give_back(&s->line);
    }
    return err;
}

static enum proa_sse_result fail(struct proa_sse *s)
{
    s->failed = true;
    return PROA_SSE_TOO_LONG;
}

/* What is unfinished must survive the input. */
static enum proa_err keep_all(struct proa_sse *s)
{
    enum proa_err err = field_keep(&s->data);
    if (err == PROA_OK) {
        err = field_keep(&s->type);
    }
    return err == PROA_OK ? field_keep(&s->id) : err;
}

enum proa_sse_result proa_sse_next(struct proa_sse *s, struct proa_slice *in,
                                   struct proa_sse_event *event)
{
    if (s->failed) {
        return PROA_SSE_TOO_LONG;
    }
    if (s->release_due) {
        reset_event(s);
    }
    if (s->bom_seen < BOM_BYTES && skip_bom(s, in) != PROA_OK) {
        return fail(s);
    }
    while (in->len > 0) {
        bool done = false;
        if (s->cr_pending) {
            done = settle_cr(s, in);
        } else if (read_line(s, in, &done) != PROA_OK) {
            return fail(s);
        }
        if (done) {
            return dispatch(s, event);
        }
    }
    return keep_all(s) == PROA_OK ? PROA_SSE_MORE : fail(s);
}

enum proa_sse_result proa_sse_finish(struct proa_sse *s, struct proa_sse_event *event)
{
    if (s->failed) {
        return PROA_SSE_TOO_LONG;
    }
    if (s->release_due) {
        reset_event(s);
    }
    s->cr_pending = false;
    return s->dispatch_due ? dispatch(s, event) : PROA_SSE_MORE;
}

bool proa_sse_is_unfinished(const struct proa_sse *s)
{
    if (s->line.len > 0 && s->line.ptr[0] != ':') {
        return true;
    }
    return !s->release_due && (s->has_data || s->has_id || s->has_retry || s->type.value.len > 0);
}
