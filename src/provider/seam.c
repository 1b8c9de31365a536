#include "proa/provider/seam.h"

#include "proa/json/string.h"

#include <string.h>

enum {
    HEAD_MAX = 256 * 1024, /* text of one event, and the event */
    OVERLAP_MAX = 64,
    /* Shorter ones come by chance: "hel" and "lo". */
    OVERLAP_MIN = 8,
};

void proa_seam_init(struct proa_seam *s, proa_read_delta_fn *read, size_t max_bytes)
{
    *s = (struct proa_seam){.read = read};
    proa_buf_init(&s->text, max_bytes);
    proa_buf_init(&s->head, HEAD_MAX);
    proa_buf_init(&s->shape, HEAD_MAX);
    proa_sse_init(&s->sse, &proa_sse_limits_default);
    proa_sse_init(&s->in, &proa_sse_limits_default);
}

void proa_seam_deinit(struct proa_seam *s)
{
    proa_buf_deinit(&s->text);
    proa_buf_deinit(&s->head);
    proa_buf_deinit(&s->shape);
    proa_sse_deinit(&s->sse);
    proa_sse_deinit(&s->in);
}

/* ---- what the client has --------------------------------------------------------------------- */

static void note_event(struct proa_seam *s, struct proa_slice data)
{
    struct proa_delta delta;
    s->read(data, &delta);
    s->finished = s->finished || delta.finished;
    s->broken = s->broken || delta.other ||
                (delta.text.len > 0 && proa_json_string_decode(delta.text, &s->text) != PROA_OK);
}

void proa_seam_note(struct proa_seam *s, struct proa_slice bytes)
{
    struct proa_sse_event event;
    while (!s->broken) {
        const enum proa_sse_result result = proa_sse_next(&s->sse, &bytes, &event);
        if (result != PROA_SSE_EVENT) {
            s->broken = result == PROA_SSE_TOO_LONG;
            return;
        }
        note_event(s, event.data);
    }
}

void proa_seam_give_up(struct proa_seam *s)
{
    const size_t max = s->text.max;
    s->broken = true;
    proa_buf_deinit(&s->text);
    proa_buf_init(&s->text, max);
}

size_t proa_seam_bytes(const struct proa_seam *s)
{
    return s->text.cap + s->head.cap + s->shape.cap;
}

bool proa_seam_holds(const struct proa_seam *s)
{
    return !s->broken && !s->finished && s->text.len > 0;
}

/* ---- what goes on ---------------------------------------------------------------------------- */

void proa_seam_begin(struct proa_seam *s, enum proa_seam_way way)
{
    s->way = way;
    s->matched = 0;
    s->through = false;
    proa_buf_clear(&s->head);
    proa_sse_deinit(&s->in);
    proa_sse_init(&s->in, &proa_sse_limits_default);
}

/* Part of an event's data. A line end in it is white space between JSON tokens. */
static void put(struct proa_slice data, struct proa_buf *out)
{
    while (data.len > 0) {
        const char *lf = memchr(data.ptr, '\n', data.len);
        const size_t n = lf ? (size_t)(lf - data.ptr) : data.len;
        (void)proa_buf_append(out, proa_slice_head(data, n));
        data = proa_slice_from(data, lf ? n + 1 : n);
    }
}

/* An event's first bytes; `name` is what its data calls it. */
static void begin_event(struct proa_slice name, struct proa_buf *out)
{
    if (name.len > 0) {
        PROA_BUF_LIT(out, "event: ");
        put(name, out);
        PROA_BUF_LIT(out, "\n");
    }
    PROA_BUF_LIT(out, "data: ");
}

static void pass_event(struct proa_slice name, struct proa_slice data, struct proa_buf *out)
{
    begin_event(name, out);
    put(data, out);
    PROA_BUF_LIT(out, "\n\n");
}

/* The event with another text in place of its own, which stands at [at, at + len). */
static void write_event(const struct proa_seam *s, struct proa_slice data, size_t at, size_t len,
                        struct proa_slice text, struct proa_buf *out)
{
    struct proa_delta delta;
    s->read(data, &delta);
    begin_event(delta.name, out);
    put(proa_slice_head(data, at), out);
    (void)proa_json_string_encode(out, text);
    put(proa_slice_from(data, at + len), out);
    PROA_BUF_LIT(out, "\n\n");
}

/* Once more from the beginning: `text` must be what the client has, as far as that goes. */
static enum proa_seam_result match(struct proa_seam *s, struct proa_slice data,
                                   const struct proa_delta *delta, struct proa_slice text,
                                   struct proa_buf *out)
{
    const struct proa_slice rest = proa_slice_from(proa_buf_slice(&s->text), s->matched);
    const size_t n = text.len < rest.len ? text.len : rest.len;
    if (n > 0 && memcmp(text.ptr, rest.ptr, n) != 0) {
        return PROA_SEAM_DIVERGED;
    }
    s->matched += n;
    s->through = s->matched == s->text.len;
    if (!s->through) {
        return delta->finished ? PROA_SEAM_DIVERGED : PROA_SEAM_OK;
    }
    if (text.len > n) {
        write_event(s, data, (size_t)(delta->text.ptr - data.ptr), delta->text.len,
                    proa_slice_from(text, n), out);
    } else if (delta->finished) {
        pass_event(delta->name, data, out);
    }
    return PROA_SEAM_OK;
}

/* How much of the new text repeats the end of the old one. */
static size_t overlap(struct proa_slice old, struct proa_slice new)
{
    size_t n = old.len < new.len ? old.len : new.len;
    n = n < OVERLAP_MAX ? n : OVERLAP_MAX;
    while (n >= OVERLAP_MIN && memcmp(old.ptr + old.len - n, new.ptr, n) != 0) {
        n--;
    }
    return n >= OVERLAP_MIN ? n : 0;
}

/* Whether the new text begins as the whole answer did, although it was to go on: not every server
 * heeds the beginning that it is given. Less of it may be chance, or the end once more. */
static bool begins_anew(struct proa_slice old, struct proa_slice new)
{
    return old.len >= OVERLAP_MAX &&
           new.len >= OVERLAP_MAX &&memcmp(old.ptr, new.ptr, OVERLAP_MAX) == 0;
}

static enum proa_err hold(struct proa_seam *s, struct proa_slice data,
                          const struct proa_delta *delta, struct proa_slice text)
{
    s->shape_at = (size_t)(delta->text.ptr - data.ptr);
    s->shape_len = delta->text.len;
    proa_buf_clear(&s->shape);
    const enum proa_err err = proa_buf_append(&s->shape, data);
    return err == PROA_OK ? proa_buf_append(&s->head, text) : err;
}

/* New text is held until it is long enough to be compared, or ends. */
static enum proa_seam_result join(struct proa_seam *s, struct proa_slice data,
                                  const struct proa_delta *delta, struct proa_slice text,
                                  struct proa_buf *out)
{
    if (delta->text.len > 0 && hold(s, data, delta, text) != PROA_OK) {
        return PROA_SEAM_LIMIT;
    }
    if (s->head.len < OVERLAP_MAX && !delta->finished) {
        return PROA_SEAM_OK;
    }
    const struct proa_slice old = proa_buf_slice(&s->text);
    const struct proa_slice all = proa_buf_slice(&s->head);
    size_t known = 0;
    if (begins_anew(old, all)) {
        known = old.len < all.len ? old.len : all.len;
        s->way = PROA_SEAM_SPLICE;
        s->matched = known;
        if (memcmp(old.ptr, all.ptr, known) != 0) {
            return PROA_SEAM_DIVERGED;
        }
        if (known < old.len) {
            return delta->finished ? PROA_SEAM_DIVERGED : PROA_SEAM_OK;
        }
    } else {
        known = overlap(old, all);
    }
    const struct proa_slice news = proa_slice_from(all, known);
    s->through = true;
    if (news.len > 0) {
        write_event(s, proa_buf_slice(&s->shape), s->shape_at, s->shape_len, news, out);
    }
    if (delta->finished && (delta->text.len == 0 || news.len == 0)) {
        pass_event(delta->name, data, out);
    }
    return PROA_SEAM_OK;
}

static enum proa_seam_result take_event(struct proa_seam *s, struct proa_slice data,
                                        struct proa_buf *scratch, struct proa_buf *out)
{
    struct proa_delta delta;
    if (proa_slice_eq(proa_slice_trim(data), PROA_SLICE("[DONE]"))) {
        pass_event(PROA_SLICE_NONE, data, out);
        return s->through ? PROA_SEAM_OK : PROA_SEAM_DIVERGED;
    }
    s->read(data, &delta);
    if (delta.other) {
        return PROA_SEAM_DIVERGED;
    }
    if (s->through) {
        pass_event(delta.name, data, out);
        return PROA_SEAM_OK;
    }
    proa_buf_clear(scratch);
    if (delta.text.len > 0 && proa_json_string_decode(delta.text, scratch) != PROA_OK) {
        return PROA_SEAM_DIVERGED;
    }
    const struct proa_slice text = proa_buf_slice(scratch);
    return s->way == PROA_SEAM_SPLICE ? match(s, data, &delta, text, out)
                                      : join(s, data, &delta, text, out);
}

enum proa_seam_result proa_seam_take(struct proa_seam *s, struct proa_slice events,
                                     struct proa_buf *out)
{
    struct proa_sse_event event;
    struct proa_buf scratch;
    enum proa_seam_result result = PROA_SEAM_OK;
    proa_buf_init(&scratch, HEAD_MAX);
    while (result == PROA_SEAM_OK) {
        const enum proa_sse_result found = proa_sse_next(&s->in, &events, &event);
        if (found != PROA_SSE_EVENT) {
            result = found == PROA_SSE_TOO_LONG ? PROA_SEAM_LIMIT : PROA_SEAM_OK;
            break;
        }
        result = take_event(s, event.data, &scratch, out);
    }
    proa_buf_deinit(&scratch);
    return result == PROA_SEAM_OK && !proa_buf_ok(out) ? PROA_SEAM_LIMIT : result;
}
