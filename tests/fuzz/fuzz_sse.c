/*
 * Event streams: whole and split tell the same events, their ranges follow one another without a
 * gap, and each range read alone tells that event and no other.
 *
 * links: http core
 */
#include "proa/core/alloc.h"
#include "proa/core/prng.h"
#include "proa/http/sse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct story {
    struct proa_buf text;
    uint64_t last_end;
    uint64_t n_events;
    uint64_t n_comments;
    uint64_t n_unknown;
    bool too_long;
    bool unfinished;
};

static void tell(struct story *st, const struct proa_sse_event *e)
{
    must(e->start == st->last_end && e->end > e->start);
    st->last_end = e->end;
    struct proa_buf *b = &st->text;
    const struct proa_slice parts[] = {e->type, e->data, e->id};
    for (size_t i = 0; i < PROA_ARRAY_LEN(parts); i++) {
        must(proa_buf_append_u64(b, parts[i].len) == PROA_OK);
        must(proa_buf_append(b, parts[i]) == PROA_OK);
    }
    must(proa_buf_append_u64(b, e->end) == PROA_OK);
    must(proa_buf_append_u64(b, e->retry_ms) == PROA_OK);
    must(proa_buf_append_byte(
             b, (char)('0' + e->has_id + 2 * e->has_retry + 4 * e->is_error_field)) == PROA_OK);
}

static void run(struct story *st, const struct proa_sse_limits *limits, struct proa_slice in,
                struct proa_prng *prng)
{
    struct proa_sse s;
    struct proa_sse_event e;
    *st = (struct story){.last_end = 0};
    proa_buf_init(&st->text, 64U << 20);
    proa_sse_init(&s, limits);
    size_t at = 0;
    while (at < in.len && !st->too_long) {
        size_t n = in.len - at;
        if (prng) {
            size_t most = proa_prng_below(prng, 4) == 0 ? n : 8;
            n = 1 + (size_t)proa_prng_below(prng, most < n ? most : n);
        }
        char *piece = proa_memdup(in.ptr + at, n);
        struct proa_slice rest = proa_slice_make(piece, n);
        enum proa_sse_result result = proa_sse_next(&s, &rest, &e);
        while (result == PROA_SSE_EVENT) {
            tell(st, &e);
            result = proa_sse_next(&s, &rest, &e);
        }
        st->too_long = result == PROA_SSE_TOO_LONG;
        must(st->too_long || rest.len == 0);
        proa_free(piece);
        at += n;
    }
    if (proa_sse_finish(&s, &e) == PROA_SSE_EVENT) {
        tell(st, &e);
    }
    must(st->last_end <= in.len);
    st->unfinished = proa_sse_is_unfinished(&s);
    st->n_events = s.n_events;
    st->n_comments = s.n_comments;
    st->n_unknown = s.n_unknown;
    proa_sse_deinit(&s);
}

/* Reads the bytes of the last range alone. The style of line ends is settled within an event, but
 * for a range that opens with the LF of the line before it; that is an empty line and changes
 * nothing. */
static void reread(const struct proa_sse_limits *limits, struct proa_slice in,
                   const struct proa_sse_event *e)
{
    struct proa_sse s;
    struct proa_sse_event again;
    struct proa_slice range = proa_slice_make(in.ptr + e->start, (size_t)(e->end - e->start));
    proa_sse_init(&s, limits);
    enum proa_sse_result result = proa_sse_next(&s, &range, &again);
    if (result == PROA_SSE_MORE) {
        result = proa_sse_finish(&s, &again);
    }
    must(result == PROA_SSE_EVENT);
    must(proa_slice_eq(again.data, e->data) && proa_slice_eq(again.type, e->type));
    must(again.start == 0 && again.end == e->end - e->start);
    must(range.len == 0);
    proa_sse_deinit(&s);
}

static void reread_all(const struct proa_sse_limits *limits, struct proa_slice in)
{
    struct proa_sse s;
    struct proa_sse_event e;
    struct proa_slice rest = in;
    proa_sse_init(&s, limits);
    while (proa_sse_next(&s, &rest, &e) == PROA_SSE_EVENT) {
        /* A byte order mark counts at the beginning of a stream only. */
        const char *first = in.ptr + e.start;
        if (e.start == 0 || *first != '\xef') {
            reread(limits, in, &e);
        }
    }
    proa_sse_deinit(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proa_sse_limits limits = proa_sse_limits_default;
    struct story whole;
    struct story split;
    struct proa_prng prng;
    if (len < 2) {
        return 0;
    }
    if (data[0] & 1) {
        limits = (struct proa_sse_limits){.line_bytes = 24, .event_bytes = 32};
    }
    struct proa_slice in = proa_slice_make(data + 2, len - 2);
    proa_prng_seed(&prng, (uint64_t)data[1] << 8 | data[0]);
    run(&whole, &limits, in, NULL);
    run(&split, &limits, in, &prng);
    must(proa_slice_eq(proa_buf_slice(&whole.text), proa_buf_slice(&split.text)));
    must(whole.too_long == split.too_long && whole.n_events == split.n_events);
    must(whole.too_long ||
         (whole.unfinished == split.unfinished && whole.n_comments == split.n_comments &&
          whole.n_unknown == split.n_unknown));
    proa_buf_deinit(&whole.text);
    proa_buf_deinit(&split.text);
    reread_all(&limits, in);
    return 0;
}
