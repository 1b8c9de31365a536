/*
 * Free list of equally sized objects: connections, exchanges, the chunks of arenas and queues.
 * Released objects are kept for reuse up to a maximum; those that nobody needs for a while can be
 * given back. Value type; not thread-safe.
 */
#ifndef PROA_CORE_FREELIST_H
#define PROA_CORE_FREELIST_H

#include "proa/core/list.h"

#include <stdbool.h>
#include <stddef.h>

struct proa_freelist {
    void *head;
    size_t object_bytes; /* >= sizeof(void *) */
    size_t n_spare;
    size_t n_least; /* fewest spares since the last trim: so many were never needed */
    size_t max_spare;
    size_t n_used;
    struct proa_list node; /* for whoever trims several; deinit unlinks it */
};

void proa_freelist_init(struct proa_freelist *f, size_t object_bytes, size_t max_spare);
/* Releases the spares; PROA_DASSERTs that none is in use. */
void proa_freelist_deinit(struct proa_freelist *f);
/* Zeroed object, never NULL. */
void *proa_freelist_take(struct proa_freelist *f);
/* The same with only its first zero_bytes zeroed: for large objects whose tail is set before use.
 */
void *proa_freelist_take_head(struct proa_freelist *f, size_t zero_bytes);
void proa_freelist_give(struct proa_freelist *f, void *object);
/* Releases the spares that were not needed since the last call; returns how many these were. */
size_t proa_freelist_trim(struct proa_freelist *f);

#endif
