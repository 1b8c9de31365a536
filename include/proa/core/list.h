/*
 * Intrusive doubly linked list. A node is in at most one list; an unlinked node points to itself.
 * Pure, allocation-free, inline.
 */
#ifndef PROA_CORE_LIST_H
#define PROA_CORE_LIST_H

#include "proa/core/check.h"

#include <stdbool.h>
#include <stddef.h>

struct proa_list {
    struct proa_list *next;
    struct proa_list *prev;
};

/* Same call for a list head and for a node. */
static inline void proa_list_init(struct proa_list *l)
{
    l->next = l;
    l->prev = l;
}
static inline bool proa_list_empty(const struct proa_list *head)
{
    return head->next == head;
}
static inline bool proa_list_linked(const struct proa_list *node)
{
    return node->next != node;
}
static inline void proa_list_insert_after(struct proa_list *pos, struct proa_list *node)
{
    PROA_DASSERT(!proa_list_linked(node));
    node->next = pos->next;
    node->prev = pos;
    pos->next->prev = node;
    pos->next = node;
}
static inline void proa_list_push_front(struct proa_list *head, struct proa_list *node)
{
    proa_list_insert_after(head, node);
}
static inline void proa_list_push_back(struct proa_list *head, struct proa_list *node)
{
    proa_list_insert_after(head->prev, node);
}
/* Harmless on an unlinked node. */
static inline void proa_list_unlink(struct proa_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    proa_list_init(node);
}
/* NULL when empty. */
static inline struct proa_list *proa_list_first(const struct proa_list *head)
{
    return proa_list_empty(head) ? NULL : head->next;
}
static inline struct proa_list *proa_list_last(const struct proa_list *head)
{
    return proa_list_empty(head) ? NULL : head->prev;
}
static inline struct proa_list *proa_list_pop_front(struct proa_list *head)
{
    struct proa_list *node = proa_list_first(head);
    if (node) {
        proa_list_unlink(node);
    }
    return node;
}

#endif
