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

/* The first of its kind. */
static void keep_token(struct proa_slice token, char *out, size_t max, uint16_t *len)
{
    if (*len == 0 && token.len > 0 && token.len <= max) {
        memcpy(out, token.ptr, token.len);
        *len = (uint16_t)token.len;
    }
}

static void note_event(struct proa_seam *s, struct proa_slice data)
{
    struct proa_delta delta;
    s->read(data, &delta);
    keep_token(delta.id, s->id, sizeof s->id, &s->id_len);
    keep_token(delta.created, s->created, sizeof s->created, &s->created_len);
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

/* What stands in an event in place of a token of its data. */
struct change {
    struct proa_slice token; /* empty: nothing */
    struct proa_slice value; /* another token; of a text what it says */
    bool is_text;
};

enum { CHANGES = 3 }; /* id, time, text */

/* The change that comes first, and has not been made yet; NULL: none. */
static const struct change *first_from(const struct change changes[CHANGES], const char *from)
{
    const struct change *first = NULL;
    for (size_t i = 0; i < CHANGES; i++) {
        const struct change *c = &changes[i];
        if (c->token.len > 0 && c->token.ptr >= from &&
            (!first || c->token.ptr < first->token.ptr)) {
            first = c;
        }
    }
    return first;
}

/* An event as the first answer's were, with another text in place of its own if that is not NULL.
 */
static void put_event(const struct proa_seam *s, struct proa_slice data,
                      const struct proa_delta *delta, const struct proa_slice *text,
                      struct proa_buf *out)
{
    const struct change changes[CHANGES] = {
        {s->id_len > 0 ? delta->id : PROA_SLICE_NONE, proa_slice_make(s->id, s->id_len), false},
        {s->created_len > 0 ? delta->created : PROA_SLICE_NONE,
         proa_slice_make(s->created, s->created_len), false},
        {text ? delta->text : PROA_SLICE_NONE, text ? *text : PROA_SLICE_NONE, true},
    };
    const char *from = data.ptr;
    begin_event(delta->name, out);
    for (const struct change *c; (c = first_from(changes, from)) != NULL;) {
        put(proa_slice_make(from, (size_t)(c->token.ptr - from)), out);
        if (c->is_text) {
            (void)proa_json_string_encode(out, c->value);
        } else {
            (void)proa_buf_append(out, c->value);
        }
        from = c->token.ptr + c->token.len;
    }
    put(proa_slice_from(data, (size_t)(from - data.ptr)), out);
    PROA_BUF_LIT(out, "\n\n");
}

static void pass_event(const struct proa_seam *s, struct proa_slice data,
                       const struct proa_delta *delta, struct proa_buf *out)
{
    put_event(s, data, delta, NULL, out);
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
        const struct proa_slice more = proa_slice_from(text, n);
        put_event(s, data, delta, &more, out);
    } else if (delta->finished) {
        pass_event(s, data, delta, out);
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

static enum proa_err hold(struct proa_seam *s, struct proa_slice data, struct proa_slice text)
{
    proa_buf_clear(&s->shape);
    const enum proa_err err = proa_buf_append(&s->shape, data);
    return err == PROA_OK ? proa_buf_append(&s->head, text) : err;
}

/* New text is held until it is long enough to be compared, or ends. */
static enum proa_seam_result join(struct proa_seam *s, struct proa_slice data,
                                  const struct proa_delta *delta, struct proa_slice text,
                                  struct proa_buf *out)
{
    if (delta->text.len > 0 && hold(s, data, text) != PROA_OK) {
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
        const struct proa_slice shape = proa_buf_slice(&s->shape);
        struct proa_delta shaped;
        s->read(shape, &shaped);
        put_event(s, shape, &shaped, &news, out);
    }
    if (delta->finished && (delta->text.len == 0 || news.len == 0)) {
        pass_event(s, data, delta, out);
    }
    return PROA_SEAM_OK;
}

static enum proa_seam_result take_event(struct proa_seam *s, struct proa_slice data,
                                        struct proa_buf *scratch, struct proa_buf *out)
{
    struct proa_delta delta = {.finished = false};
    if (proa_slice_eq(proa_slice_trim(data), PROA_SLICE("[DONE]"))) {
        pass_event(s, data, &delta, out);
        return s->through ? PROA_SEAM_OK : PROA_SEAM_DIVERGED;
    }
    s->read(data, &delta);
    if (s->through) {
        pass_event(s, data, &delta, out);
        return PROA_SEAM_OK;
    }
    if (delta.other) {
        return PROA_SEAM_DIVERGED;
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
