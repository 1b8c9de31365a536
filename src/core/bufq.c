#include "proa/core/bufq.h"

/*
 *   head                              tail
 *   +------+----------+   +----------+   +--------+--------+
 *   | read | bytes    |-->| bytes    |-->| bytes  | free   |
 *   +------+----------+   +----------+   +--------+--------+
 *          begin    end                           end
 *
 * Every chunk in a queue holds at least one byte.
 */
struct proa_bufq_chunk {
    struct proa_bufq_chunk *next;
    size_t begin;
    size_t end;
    char data[];
};

static size_t data_bytes(const struct proa_bufq *q)
{
    return q->chunks->object_bytes - sizeof(struct proa_bufq_chunk);
}

static struct proa_bufq_chunk *chunk_take(struct proa_bufq *q)
{
    return proa_freelist_take_head(q->chunks, sizeof(struct proa_bufq_chunk));
}

void proa_bufq_init(struct proa_bufq *q, struct proa_freelist *chunks, size_t max, size_t high,
                    size_t low)
{
    PROA_ASSERT(chunks && chunks->object_bytes > sizeof(struct proa_bufq_chunk));
    PROA_ASSERT(low <= high && high <= max);
    *q = (struct proa_bufq){.chunks = chunks, .max = max, .high = high, .low = low};
}

void proa_bufq_deinit(struct proa_bufq *q)
{
    if (q->len) {
        proa_bufq_drop(q, q->len);
    }
}

static size_t tail_room(const struct proa_bufq *q)
{
    return q->tail ? data_bytes(q) - q->tail->end : 0;
}

/* The caller has checked the maximum. */
static void put(struct proa_bufq *q, const char *src, size_t n)
{
    q->len += n;
    while (n) {
        size_t room = tail_room(q);
        if (room == 0) {
            struct proa_bufq_chunk *chunk = chunk_take(q);
            if (q->tail) {
                q->tail->next = chunk;
            } else {
                q->head = chunk;
            }
            q->tail = chunk;
            room = data_bytes(q);
        }
        size_t part = n < room ? n : room;
        memcpy(q->tail->data + q->tail->end, src, part);
        q->tail->end += part;
        src += part;
        n -= part;
    }
}

enum proa_err proa_bufq_push(struct proa_bufq *q, struct proa_slice s)
{
    if (PROA_UNLIKELY(s.len > q->max - q->len)) {
        return PROA_ERR_LIMIT;
    }
    put(q, s.ptr, s.len);
    return PROA_OK;
}

enum proa_err proa_bufq_pushv(struct proa_bufq *q, const struct iovec *iov, size_t n,
                              size_t skip_bytes)
{
    size_t room = q->max - q->len;
    size_t skip = skip_bytes;
    for (size_t i = 0; i < n; i++) {
        size_t skipped = skip < iov[i].iov_len ? skip : iov[i].iov_len;
        size_t part = iov[i].iov_len - skipped;
        if (part > room) {
            return PROA_ERR_LIMIT;
        }
        room -= part;
        skip -= skipped;
    }
    skip = skip_bytes;
    for (size_t i = 0; i < n; i++) {
        size_t skipped = skip < iov[i].iov_len ? skip : iov[i].iov_len;
        if (skipped < iov[i].iov_len) {
            put(q, (const char *)iov[i].iov_base + skipped, iov[i].iov_len - skipped);
        }
        skip -= skipped;
    }
    return PROA_OK;
}

size_t proa_bufq_iov(const struct proa_bufq *q, struct iovec *iov, size_t n)
{
    size_t filled = 0;
    for (struct proa_bufq_chunk *chunk = q->head; chunk && filled < n; chunk = chunk->next) {
        iov[filled].iov_base = chunk->data + chunk->begin;
        iov[filled].iov_len = chunk->end - chunk->begin;
        filled++;
    }
    return filled;
}

void proa_bufq_drop(struct proa_bufq *q, size_t n)
{
    PROA_ASSERT(n <= q->len);
    q->len -= n;
    while (n) {
        struct proa_bufq_chunk *chunk = q->head;
        PROA_ASSERT(chunk); /* len counts what the chunks hold */
        size_t held = chunk->end - chunk->begin;
        if (n < held) {
            chunk->begin += n;
            return;
        }
        n -= held;
        q->head = chunk->next;
        if (!q->head) {
            q->tail = NULL;
        }
        proa_freelist_give(q->chunks, chunk);
    }
}
