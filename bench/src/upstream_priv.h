/*
 * The peers' mock, second half: what it answers. Everything but the time in a stream's event is
 * written once, at the start.
 */
#ifndef PROA_BENCH_UPSTREAM_PRIV_H
#define PROA_BENCH_UPSTREAM_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum upstream_kind {
    UPSTREAM_CHAT_1K = 0,
    UPSTREAM_CHAT_10K,
    UPSTREAM_CHAT_100K,
    UPSTREAM_EMBEDDINGS,
    UPSTREAM_MESSAGE,     /* the 1 KB answer in the Messages API's words */
    UPSTREAM_PLAIN_KINDS, /* how many plain answers there are */
    UPSTREAM_STREAM = UPSTREAM_PLAIN_KINDS
};

/* What one request asks for. */
struct upstream_ask {
    enum upstream_kind kind;
    uint64_t events;      /* of a stream; 0 = it never ends */
    uint64_t interval_ns; /* between its events */
};

struct upstream_text {
    char *ptr;
    size_t len;
};

struct upstream_answers {
    struct upstream_text plain[UPSTREAM_PLAIN_KINDS];
    struct upstream_text stream_open; /* head and the event that only names the role */
    struct upstream_text event;       /* one event with content, as one HTTP chunk */
    size_t event_stamp_at;            /* where its 19 digits of CLOCK_MONOTONIC stand */
    struct upstream_text stream_close;
};

void upstream_answers_init(struct upstream_answers *a);
void upstream_answers_deinit(struct upstream_answers *a);
/* Writes the time into the event's text. */
void upstream_answers_stamp(struct upstream_answers *a, uint64_t now_ns);
/* Reads the first bytes of a request's body: `embed` in it means embeddings, `"stream":true` a
 * stream, `sse-COUNTxMICROSECONDS` its shape, `-a10k` and `-a100k` a longer answer. */
struct upstream_ask upstream_ask_read(const char *body, size_t len);

#endif
