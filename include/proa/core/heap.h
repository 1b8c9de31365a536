/*
 * Intrusive binary heap of deadlines: the timer queue. Keys are uint64_t (nanoseconds); equal keys
 * leave in the order they were armed.
 *
 * Value type; the heap owns only its pointer array. A node must be removed before it is released.
 * O(log n) add, move and remove; O(1) look at the earliest. Not thread-safe.
 */
#ifndef PROA_CORE_HEAP_H
#define PROA_CORE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proa_heap_node {
    uint64_t key;
    uint64_t seq;
    size_t index; /* 1-based place in the heap; 0 = not in it */
};

struct proa_heap {
    struct proa_heap_node **nodes;
    size_t len;
    size_t cap;
    uint64_t next_seq;
};

void proa_heap_init(struct proa_heap *h);
void proa_heap_deinit(struct proa_heap *h);
/* Adds the node, or moves it when it is already in this heap. */
void proa_heap_set(struct proa_heap *h, struct proa_heap_node *node, uint64_t key);
/* Harmless when the node is in no heap. */
void proa_heap_remove(struct proa_heap *h, struct proa_heap_node *node);
/* The node with the smallest key, or NULL. */
struct proa_heap_node *proa_heap_first(const struct proa_heap *h);

static inline bool proa_heap_linked(const struct proa_heap_node *node)
{
    return node->index != 0;
}

#endif
