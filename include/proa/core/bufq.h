/*
 * Byte queue for streams: pooled fixed chunks, a hard maximum, high and low water marks.
 *
 * Bytes go in at the tail and come out at the head; nothing is ever moved. Value type.
 * An idle queue holds no memory. Not thread-safe.
 */
#ifndef PROA_CORE_BUFQ_H
#define PROA_CORE_BUFQ_H

#include "proa/core/freelist.h"
#include "proa/core/slice.h"

#include <sys/uio.h>

struct proa_bufq_chunk;

struct proa_bufq {
    struct proa_freelist *chunks;
    struct proa_bufq_chunk *head;
    struct proa_bufq_chunk *tail;
    size_t len;
    size_t max;
    size_t high; /* proa_bufq_above_high() from here on */
    size_t low;  /* proa_bufq_below_low() up to here */
};

/* The objects of `chunks` are what the queue grows by; the list is borrowed and must outlive the
 * queue. low <= high <= max. */
void proa_bufq_init(struct proa_bufq *q, struct proa_freelist *chunks, size_t max, size_t high,
                    size_t low);
void proa_bufq_deinit(struct proa_bufq *q);
/* All or nothing: ERR_LIMIT leaves the queue as it was. */
enum proa_err proa_bufq_push(struct proa_bufq *q, struct proa_slice s) PROA_MUST_CHECK;
enum proa_err proa_bufq_pushv(struct proa_bufq *q, const struct iovec *iov, size_t n,
                              size_t skip_bytes) PROA_MUST_CHECK;
/* Up to n vectors over the head; returns how many were filled. */
size_t proa_bufq_iov(const struct proa_bufq *q, struct iovec *iov, size_t n);
/* Drops n bytes (n <= len) from the head. */
void proa_bufq_drop(struct proa_bufq *q, size_t n);

static inline bool proa_bufq_above_high(const struct proa_bufq *q)
{
    return q->len >= q->high;
}
static inline bool proa_bufq_below_low(const struct proa_bufq *q)
{
    return q->len <= q->low;
}

#endif
