/*
 * Hash map from bytes to pointers: open addressing, linear probing, XXH3 with a caller's seed so
 * that a peer cannot choose collisions.
 *
 * Keys are borrowed: they must stay valid while the entry is there (put them in an arena, or inside
 * the value). Value type; deinit releases the table, not what it points to.
 */
#ifndef PROA_CORE_MAP_H
#define PROA_CORE_MAP_H

#include "proa/core/slice.h"

struct proa_map_entry {
    struct proa_slice key;
    void *value; /* NULL = free slot */
    uint64_t hash;
};

struct proa_map {
    struct proa_map_entry *entries;
    size_t len;
    size_t cap; /* a power of two, or 0 */
    uint64_t seed;
};

void proa_map_init(struct proa_map *m, uint64_t seed);
void proa_map_deinit(struct proa_map *m);
/* NULL when absent. */
void *proa_map_get(const struct proa_map *m, struct proa_slice key);
/* value must not be NULL. Returns the value that was replaced, or NULL. */
void *proa_map_put(struct proa_map *m, struct proa_slice key, void *value);
/* Returns the value that was removed, or NULL. */
void *proa_map_remove(struct proa_map *m, struct proa_slice key);
/* Walks all entries in no order: start with *cursor = 0; NULL at the end. No changes meanwhile. */
const struct proa_map_entry *proa_map_next(const struct proa_map *m, size_t *cursor);

#endif
