/*
 * A streamed answer that is passed on. The first byte of the input says how the rest is cut. Fed
 * whole and fed in pieces the reader must come to the same end; what it hands out must be a run of
 * the input that ends between events; and text that is at the end of an event when the stream is
 * cut must not have changed that.
 */
#ifndef FUZZ_STREAM_TWICE_H
#define FUZZ_STREAM_TWICE_H

#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/provider/dialect.h"

static const struct proa_answer_head HEAD = {.status = 200};

struct outcome {
    struct proa_arena arena;
    const struct proa_dialect *dialect;
    struct proa_reader *reader;
    struct proa_buf ready;
    struct proa_reader_report last;
    uint64_t events;
    uint64_t content_events;
    bool malformed;
    enum proa_err err;
};

static inline void begin(struct outcome *o, const char *dialect, enum proa_operation op)
{
    *o = (struct outcome){.dialect = proa_dialect_find(proa_slice_cstr(dialect))};
    proa_arena_init(&o->arena, NULL);
    proa_buf_init(&o->ready, SIZE_MAX);
    o->reader = o->dialect->reader_create(op, &HEAD, &o->arena);
}

static inline void end(struct outcome *o)
{
    o->dialect->reader_destroy(o->reader);
    proa_buf_deinit(&o->ready);
    proa_arena_reset(&o->arena);
}

/* A copy that is gone afterwards, so that whatever still points at it is found. */
static inline void feed(struct outcome *o, struct proa_slice bytes)
{
    char *copy = proa_memdup(bytes.ptr, bytes.len);
    o->err = o->dialect->reader_feed(o->reader, proa_slice_make(copy, bytes.len), &o->last);
    for (size_t i = 0; i < 2; i++) {
        (void)proa_buf_append(&o->ready, o->last.ready[i]);
    }
    o->events += o->last.events;
    o->content_events += o->last.content_events;
    o->malformed = o->malformed || o->last.malformed;
    proa_free(copy);
}

static inline void feed_in_pieces(struct outcome *o, struct proa_slice bytes, uint32_t seed)
{
    while (bytes.len > 0) {
        /* Numerical Recipes' constants: any fixed sequence will do. */
        seed = seed * 1664525U + 1013904223U;
        const size_t n = 1 + (seed >> 24) % 61;
        feed(o, proa_slice_head(bytes, n));
        bytes = proa_slice_from(bytes, n);
    }
}

static inline void check_same(const struct outcome *a, const struct outcome *b)
{
    PROA_ASSERT(a->last.state == b->last.state);
    PROA_ASSERT(a->events == b->events);
    PROA_ASSERT(a->content_events == b->content_events);
    PROA_ASSERT(a->malformed == b->malformed);
    PROA_ASSERT(proa_slice_eq(proa_buf_slice(&a->ready), proa_buf_slice(&b->ready)));
    PROA_ASSERT(a->dialect->reader_complete(a->reader) == b->dialect->reader_complete(b->reader));
    PROA_ASSERT(proa_slice_eq(a->dialect->reader_finish_reason(a->reader),
                              b->dialect->reader_finish_reason(b->reader)));
    PROA_ASSERT(
        proa_slice_eq(a->dialect->reader_model(a->reader), b->dialect->reader_model(b->reader)));
    const struct proa_usage *ua = a->dialect->reader_usage(a->reader);
    const struct proa_usage *ub = b->dialect->reader_usage(b->reader);
    PROA_ASSERT(ua->known == ub->known);
    for (size_t i = 0; i < PROA_USAGE_FIELDS; i++) {
        PROA_ASSERT(ua->count[i] == ub->count[i]);
    }
    PROA_ASSERT(a->last.failure.class == b->last.failure.class);
    PROA_ASSERT(proa_slice_eq(a->last.failure.message, b->last.failure.message));
    PROA_ASSERT(proa_slice_eq(a->last.failure.code, b->last.failure.code));
}

static inline void check_ready(const struct outcome *o, struct proa_slice in)
{
    const struct proa_slice ready = proa_buf_slice(&o->ready);
    /* All that came, but for chunks that no client should begin with. */
    PROA_ASSERT(ready.len == 0 || proa_slice_search(in, ready) < in.len);
    if (ready.len > 0) {
        const char last = ready.ptr[ready.len - 1];
        PROA_ASSERT(last == '\n' || last == '\r');
    }
    PROA_ASSERT(o->last.state != PROA_ANSWER_ERROR || o->last.failure.class != PROA_CLASS_NONE);
    PROA_ASSERT((o->last.state == PROA_ANSWER_DONE || o->last.state == PROA_ANSWER_FINISHED) ==
                o->dialect->reader_complete(o->reader));
}

/* The whole of it, for one input. */
static inline void stream_twice(const char *dialect, enum proa_operation op, const uint8_t *data,
                                size_t size)
{
    struct outcome whole;
    struct outcome pieces;
    if (size < 2 || size > 65536) {
        return;
    }
    const struct proa_slice in = proa_slice_make(data + 1, size - 1);
    begin(&whole, dialect, op);
    begin(&pieces, dialect, op);
    feed(&whole, in);
    feed_in_pieces(&pieces, in, data[0]);
    check_ready(&whole, in);
    check_same(&whole, &pieces);
    end(&whole);
    end(&pieces);
}

#endif
