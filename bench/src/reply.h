/*
 * Reads HTTP/1.1 answers in the two generators: status, framing (length, chunks, until close) and
 * the body's bytes. Not proa_http, on purpose: a generator must not share the mistakes, nor the
 * cost, of what it measures.
 *
 * Resumable at any byte. Value type; allocates nothing. Heads over 8 KiB and bad framing are
 * errors. Not for hostile servers.
 */
#ifndef PROA_BENCH_REPLY_H
#define PROA_BENCH_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_reply_state {
    BENCH_REPLY_HEAD = 0,
    BENCH_REPLY_LENGTH,     /* a body of known length */
    BENCH_REPLY_CLOSE,      /* a body up to the end of the connection */
    BENCH_REPLY_CHUNK_SIZE, /* at the line with a chunk's size */
    BENCH_REPLY_CHUNK_DATA,
    BENCH_REPLY_CHUNK_END, /* at the line break behind a chunk's data */
    BENCH_REPLY_TRAILER,
    BENCH_REPLY_DONE,
    BENCH_REPLY_ERROR
};

typedef void bench_reply_body_fn(void *ctx, const char *data, size_t len);

struct bench_reply {
    enum bench_reply_state state;
    unsigned status;
    bool keep_alive;
    uint64_t left; /* bytes left of the body or of the chunk */
    uint64_t body_bytes;
    bench_reply_body_fn *on_body; /* may be NULL */
    void *ctx;
    size_t held; /* bytes of an unfinished head or line in `hold` */
    char hold[8192];
};

/* Ready for the next answer; on_body and ctx stay. */
void bench_reply_reset(struct bench_reply *r);
/* Reads up to the end of this answer and returns how many bytes that took. */
size_t bench_reply_feed(struct bench_reply *r, const char *data, size_t len);
/* The connection ended: completes an answer that lasts until then. */
void bench_reply_eof(struct bench_reply *r);

#endif
