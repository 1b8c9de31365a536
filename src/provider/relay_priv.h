/*
 * What readers of streams that are passed on share: events are found in the bytes and the whole
 * ones handed out where they stand; beginnings of the next are kept; an error's texts are copied.
 *
 * A dialect's reader embeds one and feeds it with a function that reads one event. The feed is
 * inline so that this call is, too: it is made for every event of every stream.
 */
#ifndef PROA_PROVIDER_RELAY_PRIV_H
#define PROA_PROVIDER_RELAY_PRIV_H

#include "proa/http/sse.h"
#include "proa/provider/dialect.h"

enum {
    RELAY_NAME_MAX = 128,                /* model and finish reason as kept */
    RELAY_LINE_SHORTCUT_MAX = 64 * 1024, /* far below the limits of a line, which SSE checks */
    RELAY_FAILURE_TEXT_MAX = 4096,
    RELAY_TAIL_MORE = 64 * 1024 /* beside the longest event: its framing, and comments */
};

struct relay_name {
    char text[RELAY_NAME_MAX];
    size_t len;
};

struct proa_relay {
    struct proa_sse sse;
    struct proa_buf tails[2]; /* beginnings of events; the other one is lent out as ready[0] */
    unsigned tail;            /* which one holds the unfinished event */
    enum proa_answer_state state;
    bool at_boundary; /* the byte before the input ended an event with LF LF */
    bool over_limit;
    bool begun;    /* an event has been handed out */
    bool skipping; /* the event at hand is none that a client should begin with */
    struct proa_usage usage;
    struct relay_name model;
    struct relay_name finish_reason;
    struct proa_failure failure;
    struct proa_buf failure_text;
};

/* Of zeroes. */
void proa_relay_init(struct proa_relay *r, const struct proa_sse_limits *limits);
void proa_relay_deinit(struct proa_relay *r);

void proa_relay_keep(struct relay_name *n, struct proa_slice text);
static inline struct proa_slice proa_relay_name(const struct relay_name *n)
{
    return proa_slice_make(n->text, n->len);
}

/* The stream has become an error. Texts stand inside a JSON object; those that are strings are
 * decoded. */
void proa_relay_fail(struct proa_relay *r, const struct proa_failure *failure);
/* `failure` as it was judged by an event's data, which may be plain text. */
void proa_relay_fail_data(struct proa_relay *r, struct proa_slice data,
                          const struct proa_failure *failure);

/* ---- framing --------------------------------------------------------------------------------- */

/* An event of this very shape, whole in the input: `begin`, which ends with the brace that data
 * begins with, then data of one line, LF LF. Takes it off. */
static inline bool proa_relay_take_line(struct proa_slice begin, struct proa_slice *in,
                                        struct proa_slice *data)
{
    if (!proa_slice_starts(*in, begin)) {
        return false;
    }
    const size_t max = in->len < RELAY_LINE_SHORTCUT_MAX ? in->len : RELAY_LINE_SHORTCUT_MAX;
    const char *text = in->ptr + begin.len - 1;
    const char *lf = memchr(text, '\n', max - begin.len + 1);
    if (!lf) {
        return false;
    }
    const size_t len = (size_t)(lf - text);
    /* A lone CR would end a line too. */
    if (lf + 1 >= in->ptr + in->len || lf[1] != '\n' || memchr(text, '\r', len)) {
        return false;
    }
    *data = (struct proa_slice){text, len};
    *in = proa_slice_from(*in, begin.len - 1 + len + 2);
    return true;
}

/* `type` is what an event of the shape `begin` is called. */
static inline enum proa_sse_result proa_relay_next(struct proa_relay *r, struct proa_slice begin,
                                                   struct proa_slice type, struct proa_slice *in,
                                                   struct proa_sse_event *event)
{
    const struct proa_slice before = *in;
    if (in->len == 0) {
        return PROA_SSE_MORE;
    }
    if (r->at_boundary && proa_relay_take_line(begin, in, &event->data)) {
        event->type = type;
        event->is_error_field = false;
        return PROA_SSE_EVENT;
    }
    const enum proa_sse_result result = proa_sse_next(&r->sse, in, event);
    const size_t used = before.len - in->len;
    r->at_boundary = result == PROA_SSE_EVENT && used > 0 && before.ptr[used - 1] == '\n';
    return result;
}

static inline bool proa_relay_is_over(const struct proa_relay *r)
{
    return r->state == PROA_ANSWER_DONE || r->state == PROA_ANSWER_ERROR;
}

/* What was ready at the end of the last call has been sent. */
static inline void proa_relay_drop_lent(struct proa_relay *r)
{
    struct proa_buf *lent = &r->tails[r->tail ^ 1U];
    if (lent->cap > 0) {
        proa_buf_clear(lent);
        proa_buf_trim(lent, 0);
    }
}

/* Hands out the events that end in bytes[0..end), and what the first of them began with. */
static inline void proa_relay_make_ready(struct proa_relay *r, struct proa_slice bytes,
                                         size_t begin, size_t end, struct proa_reader_report *out)
{
    out->ready[0] = proa_buf_slice(&r->tails[r->tail]);
    out->ready[1] = proa_slice_from(proa_slice_head(bytes, end), begin);
    r->tail ^= 1U;
}

typedef void proa_relay_event_fn(struct proa_reader *reader, const struct proa_sse_event *event,
                                 struct proa_reader_report *out);

/* As reader_feed() promises it. `read` sets r->state, and r->skipping for an event that is not
 * handed out. */
static inline __attribute__((always_inline)) enum proa_err
proa_relay_feed(struct proa_relay *r, struct proa_slice begin_of_line, struct proa_slice type,
                proa_relay_event_fn *read, struct proa_reader *reader, struct proa_slice bytes,
                struct proa_reader_report *out)
{
    struct proa_slice in = bytes;
    PROA_UNINIT struct proa_sse_event event;
    enum proa_sse_result result = PROA_SSE_MORE;
    size_t begin = 0;
    size_t end = 0;
    bool any = false;
    out->ready[0] = PROA_SLICE_NONE;
    out->ready[1] = PROA_SLICE_NONE;
    out->content_events = 0;
    out->events = 0;
    out->malformed = false;
    proa_relay_drop_lent(r);
    while (!r->over_limit && !proa_relay_is_over(r)) {
        result = proa_relay_next(r, begin_of_line, type, &in, &event);
        if (result != PROA_SSE_EVENT) {
            r->over_limit = result == PROA_SSE_TOO_LONG;
            break;
        }
        r->skipping = false;
        out->events++;
        read(reader, &event, out);
        if (r->skipping) {
            proa_buf_clear(&r->tails[r->tail]);
            proa_buf_trim(&r->tails[r->tail], 0);
            begin = bytes.len - in.len;
            end = begin;
        } else if (r->state != PROA_ANSWER_ERROR) {
            end = bytes.len - in.len;
            any = true;
            r->begun = true;
        }
    }
    if (any) {
        proa_relay_make_ready(r, bytes, begin, end, out);
    }
    if (!r->over_limit && !proa_relay_is_over(r) && end < bytes.len) {
        r->over_limit = proa_buf_append(&r->tails[r->tail], proa_slice_from(bytes, end)) != PROA_OK;
    }
    out->state = r->state;
    if (r->state == PROA_ANSWER_ERROR || r->over_limit) {
        out->failure = r->failure;
    }
    return r->over_limit ? PROA_ERR_LIMIT : PROA_OK;
}

#endif
