#include "proa/tls/cache.h"

#include "context_priv.h"

#include "proa/core/alloc.h"

enum { KEY_HEAD_BYTES = sizeof(uint64_t) + sizeof(uint16_t), HOST_MAX_BYTES = 255 };

static const uint64_t default_max_age_ns = UINT64_C(8) * 3600 * 1000 * 1000 * 1000;

struct entry {
    struct proa_list node;
    struct proa_tls_saved *saved;
    size_t key_len;
    char key[KEY_HEAD_BYTES + HOST_MAX_BYTES]; /* context id, port, host */
};

static struct entry *entry_of(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct entry, node);
}

/* An empty slice when the host is too long to be one. */
static struct proa_slice make_key(char *out, struct proa_slice host, uint16_t port,
                                  uint64_t context_id)
{
    if (host.len == 0 || host.len > HOST_MAX_BYTES) {
        return PROA_SLICE_NONE;
    }
    memcpy(out, &context_id, sizeof(context_id));
    memcpy(out + sizeof(context_id), &port, sizeof(port));
    memcpy(out + KEY_HEAD_BYTES, host.ptr, host.len);
    return proa_slice_make(out, KEY_HEAD_BYTES + host.len);
}

static void entry_remove(struct proa_tls_cache *c, struct entry *e)
{
    (void)proa_map_remove(&c->map, proa_slice_make(e->key, e->key_len));
    proa_list_unlink(&e->node);
    proa_tls_saved_destroy(e->saved);
    proa_free(e);
}

void proa_tls_cache_init(struct proa_tls_cache *c, size_t max, uint64_t max_age_ns, uint64_t seed)
{
    PROA_ASSERT(max > 0);
    *c = (struct proa_tls_cache){
        .max = max,
        .max_age_ns = max_age_ns ? max_age_ns : default_max_age_ns,
    };
    proa_map_init(&c->map, seed);
    proa_list_init(&c->lru);
}

void proa_tls_cache_deinit(struct proa_tls_cache *c)
{
    if (c->lru.next) { /* not so in a zeroed one */
        for (struct proa_list *n = proa_list_first(&c->lru); n; n = proa_list_first(&c->lru)) {
            entry_remove(c, entry_of(n));
        }
    }
    proa_map_deinit(&c->map);
}

static struct entry *entry_add(struct proa_tls_cache *c, struct proa_slice key)
{
    if (c->map.len == c->max) {
        entry_remove(c, entry_of(proa_list_last(&c->lru)));
        c->n_evicted++;
    }
    struct entry *e = PROA_NEW(struct entry);
    memcpy(e->key, key.ptr, key.len);
    e->key_len = key.len;
    proa_list_init(&e->node);
    (void)proa_map_put(&c->map, proa_slice_make(e->key, e->key_len), e);
    return e;
}

void proa_tls_cache_put(struct proa_tls_cache *c, struct proa_slice host, uint16_t port,
                        uint64_t context_id, struct proa_tls_saved *saved, uint64_t now_ns)
{
    char bytes[KEY_HEAD_BYTES + HOST_MAX_BYTES];
    struct proa_slice key = make_key(bytes, host, port, context_id);
    if (!saved || key.len == 0) {
        proa_tls_saved_destroy(saved);
        return;
    }
    if (!saved->is_dated) {
        saved->is_dated = true;
        saved->verified_ns = now_ns;
    }
    struct entry *e = proa_map_get(&c->map, key);
    if (!e) {
        e = entry_add(c, key);
    }
    proa_tls_saved_destroy(e->saved);
    e->saved = saved;
    proa_list_unlink(&e->node);
    proa_list_push_front(&c->lru, &e->node);
}

const struct proa_tls_saved *proa_tls_cache_get(struct proa_tls_cache *c, struct proa_slice host,
                                                uint16_t port, uint64_t context_id, uint64_t now_ns)
{
    char bytes[KEY_HEAD_BYTES + HOST_MAX_BYTES];
    struct proa_slice key = make_key(bytes, host, port, context_id);
    struct entry *e = key.len ? proa_map_get(&c->map, key) : NULL;
    if (e && now_ns > e->saved->verified_ns && now_ns - e->saved->verified_ns > c->max_age_ns) {
        entry_remove(c, e);
        e = NULL;
    }
    if (!e) {
        c->n_misses++;
        return NULL;
    }
    c->n_hits++;
    proa_list_unlink(&e->node);
    proa_list_push_front(&c->lru, &e->node);
    return e->saved;
}

void proa_tls_cache_forget(struct proa_tls_cache *c, struct proa_slice host, uint16_t port,
                           uint64_t context_id)
{
    char bytes[KEY_HEAD_BYTES + HOST_MAX_BYTES];
    struct proa_slice key = make_key(bytes, host, port, context_id);
    struct entry *e = key.len ? proa_map_get(&c->map, key) : NULL;
    if (e) {
        entry_remove(c, e);
    }
}

size_t proa_tls_cache_len(const struct proa_tls_cache *c)
{
    return c->map.len;
}
