#include "proa/core/heap.h"

#include "proa/core/alloc.h"
#include "proa/core/check.h"

enum { HEAP_FIRST_NODES = 64 };

void proa_heap_init(struct proa_heap *h)
{
    *h = (struct proa_heap){0};
}

void proa_heap_deinit(struct proa_heap *h)
{
    for (size_t i = 0; i < h->len; i++) {
        h->nodes[i]->index = 0;
    }
    proa_free(h->nodes);
    proa_heap_init(h);
}

/* seq breaks ties; 2^64 arms do not come to pass, so it does not wrap. */
static bool before(const struct proa_heap_node *a, const struct proa_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->seq < b->seq;
}

static void place(struct proa_heap *h, struct proa_heap_node *node, size_t at)
{
    h->nodes[at] = node;
    node->index = at + 1;
}

/* Both sifts carry a hole instead of swapping: one store a level. */
static void sift_up(struct proa_heap *h, struct proa_heap_node *node, size_t at)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!before(node, h->nodes[parent])) {
            break;
        }
        place(h, h->nodes[parent], at);
        at = parent;
    }
    place(h, node, at);
}

static void sift_down(struct proa_heap *h, struct proa_heap_node *node, size_t at)
{
    for (size_t child = 2 * at + 1; child < h->len; child = 2 * at + 1) {
        if (child + 1 < h->len && before(h->nodes[child + 1], h->nodes[child])) {
            child++;
        }
        if (!before(h->nodes[child], node)) {
            break;
        }
        place(h, h->nodes[child], at);
        at = child;
    }
    place(h, node, at);
}

static void settle(struct proa_heap *h, struct proa_heap_node *node, size_t at)
{
    if (at > 0 && before(node, h->nodes[(at - 1) / 2])) {
        sift_up(h, node, at);
    } else {
        sift_down(h, node, at);
    }
}

static void assert_member(const struct proa_heap *h, const struct proa_heap_node *node)
{
    PROA_ASSERT(node->index <= h->len && h->nodes[node->index - 1] == node);
}

void proa_heap_set(struct proa_heap *h, struct proa_heap_node *node, uint64_t key)
{
    node->key = key;
    node->seq = h->next_seq++;
    if (node->index) {
        assert_member(h, node);
        settle(h, node, node->index - 1);
        return;
    }
    if (h->len == h->cap) {
        h->cap = h->cap ? 2 * h->cap : HEAP_FIRST_NODES;
        h->nodes = proa_realloc(h->nodes, h->cap * sizeof(struct proa_heap_node *));
    }
    h->len++;
    sift_up(h, node, h->len - 1);
}

void proa_heap_remove(struct proa_heap *h, struct proa_heap_node *node)
{
    if (!node->index) {
        return;
    }
    assert_member(h, node);
    size_t at = node->index - 1;
    struct proa_heap_node *last = h->nodes[--h->len];
    node->index = 0;
    if (last != node) {
        settle(h, last, at);
    }
}

struct proa_heap_node *proa_heap_first(const struct proa_heap *h)
{
    return h->len ? h->nodes[0] : NULL;
}
