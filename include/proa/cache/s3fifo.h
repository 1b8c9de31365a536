/*
 * S3-FIFO: what stays in a cache that is full (Yang et al., "FIFO queues are all you need for cache
 * eviction", SOSP 2023), counted in bytes.
 *
 * Three queues: what is new goes to a small one, a tenth of the room; what was asked for again by
 * the time it falls out of there moves to the main one, the rest only leaves its hash in the ghost;
 * whose hash is still there when it comes again goes to the main queue at once. A hit moves
 * nothing, it counts up to three. So a scan of things that are never asked for again passes through
 * the small queue and leaves the rest alone.
 *
 * Pure. Entries embed a node; the policy never releases them, it only says which one goes.
 */
#ifndef PROA_CACHE_S3FIFO_H
#define PROA_CACHE_S3FIFO_H

#include "proa/core/list.h"

#include <stdint.h>

struct proa_s3fifo_node {
    struct proa_list node;
    uint64_t hash;
    uint64_t bytes;
    uint8_t freq;
    bool in_main;
};

struct proa_s3fifo_trace;

struct proa_s3fifo {
    uint64_t max_bytes;
    uint64_t small_bytes;
    uint64_t main_bytes;
    uint32_t n_small;
    uint32_t n_main;
    struct proa_list small; /* newest first */
    struct proa_list main;
    struct proa_s3fifo_trace *ghost; /* by hash, a power of two of slots; made when first needed */
    uint32_t ghost_slots;
    uint32_t n_ghosts; /* ever: the clock by which they grow old */
};

/* `entries` is about how many there will be; the ghost has room for as many. */
void proa_s3fifo_init(struct proa_s3fifo *q, uint64_t max_bytes, uint32_t entries);
/* No node may be in it. */
void proa_s3fifo_deinit(struct proa_s3fifo *q);

static inline uint64_t proa_s3fifo_bytes(const struct proa_s3fifo *q)
{
    return q->small_bytes + q->main_bytes;
}

/* Is there no room for so many bytes more? Then evict, and ask again. */
bool proa_s3fifo_is_full(const struct proa_s3fifo *q, uint64_t bytes);
/* The node that goes: no longer in the queue, its hash in the ghost where it was new. NULL: empty.
 */
struct proa_s3fifo_node *proa_s3fifo_evict(struct proa_s3fifo *q);
/* hash and bytes are set; there must be room. `proven`: it takes the place of one that had been
 * asked for again, and need not show that anew. */
void proa_s3fifo_insert(struct proa_s3fifo *q, struct proa_s3fifo_node *n, bool proven);
/* Was it asked for often enough to stay? */
bool proa_s3fifo_is_proven(const struct proa_s3fifo_node *n);
/* Out, for a reason that says nothing about how often it is asked for. */
void proa_s3fifo_remove(struct proa_s3fifo *q, struct proa_s3fifo_node *n);
/* It was asked for. */
static inline void proa_s3fifo_touch(struct proa_s3fifo_node *n)
{
    n->freq = (uint8_t)(n->freq < 3 ? n->freq + 1 : 3);
}

#endif
