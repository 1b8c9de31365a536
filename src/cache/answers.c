#include "proa/cache/answers.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <string.h>

enum {
    TYPICAL_BYTES = 4096, /* of an entry, by which the ghost of the queue is sized */
    LARGEST_SHARE = 40    /* of the room that one entry may take: a quarter of the small queue */
};

struct entry {
    struct proa_s3fifo_node node;
    struct proa_hash128 hash;
    uint64_t number; /* no other entry ever has it; from 1 */
    struct proa_answer *answer;
    uint64_t fresh_until_ns;
    uint64_t stale_until_ns;
    size_t key_len;
    char key[];
};

_Static_assert(sizeof(struct entry) + sizeof(struct proa_answer) +
                       2 * sizeof(struct proa_map_entry) <=
                   PROA_ANSWERS_OVERHEAD,
               "entries cost more than is counted");

static const char *const END_TEXTS[PROA_ANSWERS_ENDS] = {
    [PROA_ANSWERS_END_ROOM] = "room",
    [PROA_ANSWERS_END_EXPIRED] = "expired",
    [PROA_ANSWERS_END_REPLACED] = "replaced",
    [PROA_ANSWERS_END_PURGED] = "purged",
};

const char *proa_answers_end_text(enum proa_answers_end end)
{
    return END_TEXTS[end];
}

/* ---- answers --------------------------------------------------------------------------------- */

struct proa_answer *proa_answer_make(uint16_t status, struct proa_slice fields,
                                     const struct iovec *body, size_t n)
{
    size_t body_len = 0;
    for (size_t i = 0; i < n; i++) {
        body_len += body[i].iov_len;
    }
    struct proa_answer *a = proa_alloc(sizeof *a + fields.len + body_len);
    *a = (struct proa_answer){.refs = 1, .status = status};
    char *at = a->bytes;
    memcpy(at, fields.len > 0 ? fields.ptr : "", fields.len);
    a->fields = proa_slice_make(at, fields.len);
    at += fields.len;
    a->body = proa_slice_make(at, body_len);
    for (size_t i = 0; i < n; i++) {
        if (body[i].iov_len > 0) {
            memcpy(at, body[i].iov_base, body[i].iov_len);
            at += body[i].iov_len;
        }
    }
    return a;
}

struct proa_answer *proa_answer_ref(struct proa_answer *a)
{
    a->refs++;
    return a;
}

void proa_answer_unref(struct proa_answer *a)
{
    if (a && --a->refs == 0) {
        proa_free(a);
    }
}

/* ---- the store ------------------------------------------------------------------------------- */

void proa_answers_init(struct proa_answers *s, uint64_t max_bytes, uint64_t seed)
{
    *s = (struct proa_answers){.max_bytes = max_bytes};
    const uint64_t entries = max_bytes / TYPICAL_BYTES;
    proa_s3fifo_init(&s->queue, max_bytes, (uint32_t)(entries < UINT32_MAX ? entries : UINT32_MAX));
    proa_prng_seed(&s->prng, seed);
    proa_map_init(&s->map, proa_prng_next(&s->prng));
}

void proa_answers_deinit(struct proa_answers *s)
{
    (void)proa_answers_purge(s);
    proa_s3fifo_deinit(&s->queue);
    proa_map_deinit(&s->map);
}

static struct entry *entry_of(struct proa_s3fifo_node *n)
{
    return PROA_CONTAINER_OF(n, struct entry, node);
}

static struct proa_slice hash_bytes(const struct proa_hash128 *hash)
{
    return proa_slice_make(hash, sizeof *hash);
}

/* It is out of the queue. */
static void drop(struct proa_answers *s, struct entry *e, enum proa_answers_end end)
{
    (void)proa_map_remove(&s->map, hash_bytes(&e->hash));
    s->ended[end]++;
    proa_answer_unref(e->answer);
    proa_free(e);
}

static void end_entry(struct proa_answers *s, struct entry *e, enum proa_answers_end end)
{
    proa_s3fifo_remove(&s->queue, &e->node);
    drop(s, e, end);
}

size_t proa_answers_purge(struct proa_answers *s)
{
    const size_t n = s->map.len;
    struct proa_s3fifo_node *node;
    proa_recent_clear(&s->recent);
    while ((node = proa_s3fifo_evict(&s->queue)) != NULL) {
        drop(s, entry_of(node), PROA_ANSWERS_END_PURGED);
    }
    return n;
}

static struct proa_answers_found look(struct proa_answers *s, struct entry *e, uint64_t now_ns)
{
    struct proa_answers_found found = {.answer = e->answer,
                                       .age_ns = proa_clock_since(now_ns, e->answer->made_ns)};
    if (now_ns >= e->stale_until_ns) {
        end_entry(s, e, PROA_ANSWERS_END_EXPIRED);
        return (struct proa_answers_found){0};
    }
    proa_s3fifo_touch(&e->node);
    found.state = now_ns < e->fresh_until_ns ? PROA_ANSWERS_FRESH : PROA_ANSWERS_STALE;
    *(found.state == PROA_ANSWERS_FRESH ? &s->n_fresh : &s->n_stale) += 1;
    found.ttl_ns = proa_clock_since(e->fresh_until_ns, now_ns);
    found.stale_ns = proa_clock_since(now_ns, e->fresh_until_ns);
    return found;
}

/* Compares the bytes, unless it is known that these were compared with this entry's before. */
static bool is_of(const struct entry *e, const struct proa_cache_key *key)
{
    if (key->proven && *key->proven == e->number) {
        return true;
    }
    if (!proa_key_equals(key, proa_slice_make(e->key, e->key_len))) {
        return false;
    }
    if (key->proven) {
        *key->proven = e->number;
    }
    return true;
}

struct proa_answers_found proa_answers_find(struct proa_answers *s,
                                            const struct proa_cache_key *key, uint64_t now_ns)
{
    struct entry *e = proa_map_get(&s->map, hash_bytes(&key->hash));
    s->n_looked++;
    if (!e || !is_of(e, key)) {
        return (struct proa_answers_found){0};
    }
    return look(s, e, now_ns);
}

struct proa_answers_found proa_answers_find_again(struct proa_answers *s, struct proa_hash128 hash,
                                                  struct proa_slice key, uint64_t now_ns)
{
    struct entry *e = proa_map_get(&s->map, hash_bytes(&hash));
    s->n_looked++;
    if (!e || !proa_slice_eq(key, proa_slice_make(e->key, e->key_len))) {
        return (struct proa_answers_found){0};
    }
    return look(s, e, now_ns);
}

/* Between nine and eleven tenths. */
static uint64_t jitter(struct proa_answers *s, uint64_t span_ns)
{
    return span_ns - span_ns / 10 + proa_prng_below(&s->prng, span_ns / 5 + 1);
}

bool proa_answers_put(struct proa_answers *s, struct proa_hash128 hash, struct proa_slice key,
                      struct proa_answer *answer, const struct proa_answers_life *life,
                      uint64_t now_ns)
{
    const uint64_t bytes =
        PROA_ANSWERS_OVERHEAD + (uint64_t)key.len + answer->fields.len + answer->body.len;
    struct entry *old = proa_map_get(&s->map, hash_bytes(&hash));
    const bool proven = old && proa_s3fifo_is_proven(&old->node);
    if (old) {
        end_entry(s, old, PROA_ANSWERS_END_REPLACED);
    }
    if (bytes > s->max_bytes / LARGEST_SHARE) {
        return false;
    }
    while (proa_s3fifo_is_full(&s->queue, bytes)) {
        drop(s, entry_of(proa_s3fifo_evict(&s->queue)), PROA_ANSWERS_END_ROOM);
    }
    struct entry *e = proa_alloc_zero(1, sizeof *e + key.len);
    e->node.hash = hash.low;
    e->node.bytes = bytes;
    e->hash = hash;
    e->number = ++s->n_stored;
    e->answer = proa_answer_ref(answer);
    e->fresh_until_ns = proa_clock_after(now_ns, jitter(s, life->ttl_ns));
    e->stale_until_ns = proa_clock_after(e->fresh_until_ns, life->stale_ns);
    e->key_len = key.len;
    memcpy(e->key, key.ptr, key.len);
    proa_s3fifo_insert(&s->queue, &e->node, proven);
    (void)proa_map_put(&s->map, hash_bytes(&e->hash), e);
    return true;
}
