/*
 * Free list of equally sized objects: connections, exchanges, attempts. Released objects are kept
 * for reuse up to a maximum. Value type; not thread-safe.
 */
#ifndef PROA_CORE_FREELIST_H
#define PROA_CORE_FREELIST_H

#include <stddef.h>

struct proa_freelist {
    void *head;
    size_t object_bytes; /* >= sizeof(void *) */
    size_t n_spare;
    size_t max_spare;
    size_t n_used;
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

#endif
