#include "proa/cache/s3fifo.h"

#include "proa/core/alloc.h"

enum {
    SMALL_SHARE = 10,  /* the small queue has a tenth of the room */
    PROMOTE_FROM = 2,  /* hits while in the small queue, as in the authors' code; their text says
                          "more than once" */
    GHOST_WAYS = 4,    /* places that a hash may take */
    GHOST_LEAST = 256, /* slots */
};

/* A hash that was here, and when it went. 0 = a free place. */
struct proa_s3fifo_trace {
    uint32_t print;
    uint32_t at;
};

static struct proa_s3fifo_node *node_of(struct proa_list *l)
{
    return PROA_CONTAINER_OF(l, struct proa_s3fifo_node, node);
}

void proa_s3fifo_init(struct proa_s3fifo *q, uint64_t max_bytes, uint32_t entries)
{
    *q = (struct proa_s3fifo){.max_bytes = max_bytes, .ghost_slots = GHOST_LEAST};
    proa_list_init(&q->small);
    proa_list_init(&q->main);
    while (q->ghost_slots < entries && q->ghost_slots < UINT32_MAX / 2) {
        q->ghost_slots *= 2;
    }
}

void proa_s3fifo_deinit(struct proa_s3fifo *q)
{
    PROA_ASSERT(proa_list_empty(&q->small) && proa_list_empty(&q->main));
    proa_free(q->ghost);
    q->ghost = NULL;
}

/* ---- the ghost ------------------------------------------------------------------------------- */

static uint32_t print_of(uint64_t hash)
{
    const uint32_t print = (uint32_t)(hash >> 32);
    return print != 0 ? print : 1;
}

static struct proa_s3fifo_trace *ways_of(const struct proa_s3fifo *q, uint64_t hash)
{
    return &q->ghost[(hash & (q->ghost_slots - 1)) / GHOST_WAYS * GHOST_WAYS];
}

/* As many as the main queue has entries are remembered, the latest. */
static bool is_remembered(const struct proa_s3fifo *q, const struct proa_s3fifo_trace *trace)
{
    return trace->print != 0 && q->n_ghosts - trace->at <= q->n_main + GHOST_WAYS;
}

static void remember(struct proa_s3fifo *q, uint64_t hash)
{
    if (!q->ghost) {
        q->ghost = proa_alloc_zero(q->ghost_slots, sizeof *q->ghost);
    }
    struct proa_s3fifo_trace *ways = ways_of(q, hash);
    struct proa_s3fifo_trace *oldest = &ways[0];
    for (size_t i = 1; i < GHOST_WAYS && oldest->print != 0; i++) {
        if (ways[i].print == 0 || q->n_ghosts - ways[i].at > q->n_ghosts - oldest->at) {
            oldest = &ways[i];
        }
    }
    *oldest = (struct proa_s3fifo_trace){.print = print_of(hash), .at = q->n_ghosts++};
}

/* Was it here not long ago? It is forgotten by being asked. */
static bool recall(struct proa_s3fifo *q, uint64_t hash)
{
    struct proa_s3fifo_trace *ways = q->ghost ? ways_of(q, hash) : NULL;
    for (size_t i = 0; ways && i < GHOST_WAYS; i++) {
        if (ways[i].print == print_of(hash) && is_remembered(q, &ways[i])) {
            ways[i].print = 0;
            return true;
        }
    }
    return false;
}

/* ---- the queues ------------------------------------------------------------------------------ */

static void push(struct proa_s3fifo *q, struct proa_s3fifo_node *n, bool to_main)
{
    n->in_main = to_main;
    proa_list_push_front(to_main ? &q->main : &q->small, &n->node);
    *(to_main ? &q->main_bytes : &q->small_bytes) += n->bytes;
    *(to_main ? &q->n_main : &q->n_small) += 1;
}

static void take(struct proa_s3fifo *q, struct proa_s3fifo_node *n)
{
    proa_list_unlink(&n->node);
    *(n->in_main ? &q->main_bytes : &q->small_bytes) -= n->bytes;
    *(n->in_main ? &q->n_main : &q->n_small) -= 1;
}

bool proa_s3fifo_is_full(const struct proa_s3fifo *q, uint64_t bytes)
{
    const uint64_t used = proa_s3fifo_bytes(q);
    return bytes > q->max_bytes || used > q->max_bytes - bytes;
}

/* From the end of the small queue: what was asked for moves on, the first that was not goes. */
static struct proa_s3fifo_node *evict_small(struct proa_s3fifo *q)
{
    struct proa_list *last;
    while ((last = proa_list_last(&q->small)) != NULL) {
        struct proa_s3fifo_node *n = node_of(last);
        take(q, n);
        if (n->freq < PROMOTE_FROM) {
            remember(q, n->hash);
            return n;
        }
        n->freq = 0;
        push(q, n, true);
    }
    return NULL;
}

/* Goes round: a hit is worth one more round, so it ends after three. */
static struct proa_s3fifo_node *evict_main(struct proa_s3fifo *q)
{
    struct proa_list *last;
    while ((last = proa_list_last(&q->main)) != NULL) {
        struct proa_s3fifo_node *n = node_of(last);
        take(q, n);
        if (n->freq == 0) {
            return n;
        }
        n->freq--;
        push(q, n, true);
    }
    return NULL;
}

struct proa_s3fifo_node *proa_s3fifo_evict(struct proa_s3fifo *q)
{
    struct proa_s3fifo_node *gone = NULL;
    if (q->small_bytes >= q->max_bytes / SMALL_SHARE || proa_list_empty(&q->main)) {
        gone = evict_small(q);
    }
    return gone ? gone : evict_main(q);
}

bool proa_s3fifo_is_proven(const struct proa_s3fifo_node *n)
{
    return n->in_main || n->freq >= PROMOTE_FROM;
}

void proa_s3fifo_insert(struct proa_s3fifo *q, struct proa_s3fifo_node *n, bool proven)
{
    PROA_ASSERT(!proa_s3fifo_is_full(q, n->bytes));
    proa_list_init(&n->node);
    n->freq = 0;
    push(q, n, recall(q, n->hash) || proven);
}

void proa_s3fifo_remove(struct proa_s3fifo *q, struct proa_s3fifo_node *n)
{
    take(q, n);
}
