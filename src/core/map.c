#include "proa/core/map.h"

#include "proa/core/alloc.h"
#include "proa/core/hash.h"

enum { MAP_FIRST_SLOTS = 16 };

void proa_map_init(struct proa_map *m, uint64_t seed)
{
    *m = (struct proa_map){.seed = seed};
}

void proa_map_deinit(struct proa_map *m)
{
    proa_free(m->entries);
    proa_map_init(m, m->seed);
}

/* The key's slot, or the free slot where it would go. The table is never full. */
static size_t locate(const struct proa_map *m, struct proa_slice key, uint64_t hash)
{
    size_t mask = m->cap - 1;
    size_t at = hash & mask;
    while (m->entries[at].value &&
           (m->entries[at].hash != hash || !proa_slice_eq(m->entries[at].key, key))) {
        at = (at + 1) & mask;
    }
    return at;
}

void *proa_map_get(const struct proa_map *m, struct proa_slice key)
{
    if (m->len == 0) {
        return NULL;
    }
    return m->entries[locate(m, key, proa_hash64(key, m->seed))].value;
}

static void rehash(struct proa_map *m, size_t cap)
{
    struct proa_map bigger = *m;
    bigger.cap = cap;
    bigger.entries = proa_alloc_zero(cap, sizeof(struct proa_map_entry));
    for (size_t i = 0; i < m->cap; i++) {
        const struct proa_map_entry *e = &m->entries[i];
        if (e->value) {
            bigger.entries[locate(&bigger, e->key, e->hash)] = *e;
        }
    }
    proa_free(m->entries);
    *m = bigger;
}

void *proa_map_put(struct proa_map *m, struct proa_slice key, void *value)
{
    PROA_ASSERT(value);
    /* At most three quarters full: linear probing degrades steeply beyond that. */
    if (m->len + 1 > m->cap / 4 * 3) {
        rehash(m, m->cap ? 2 * m->cap : MAP_FIRST_SLOTS);
    }
    uint64_t hash = proa_hash64(key, m->seed);
    struct proa_map_entry *e = &m->entries[locate(m, key, hash)];
    void *old = e->value;
    if (!old) {
        m->len++;
    }
    /* The key is replaced as well: the old one may live inside the old value. */
    *e = (struct proa_map_entry){.key = key, .value = value, .hash = hash};
    return old;
}

/*
 * Knuth, The Art of Computer Programming 3, 6.4, algorithm R: instead of a tombstone, later entries
 * of the run move up into the hole as long as that does not put them before their home slot.
 */
static void close_hole(struct proa_map *m, size_t hole)
{
    size_t mask = m->cap - 1;
    for (size_t at = (hole + 1) & mask; m->entries[at].value; at = (at + 1) & mask) {
        size_t home = m->entries[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            m->entries[hole] = m->entries[at];
            hole = at;
        }
    }
    m->entries[hole] = (struct proa_map_entry){0};
}

void *proa_map_remove(struct proa_map *m, struct proa_slice key)
{
    if (m->len == 0) {
        return NULL;
    }
    size_t at = locate(m, key, proa_hash64(key, m->seed));
    void *old = m->entries[at].value;
    if (old) {
        close_hole(m, at);
        m->len--;
    }
    return old;
}

const struct proa_map_entry *proa_map_next(const struct proa_map *m, size_t *cursor)
{
    while (*cursor < m->cap) {
        const struct proa_map_entry *e = &m->entries[(*cursor)++];
        if (e->value) {
            return e;
        }
    }
    return NULL;
}
