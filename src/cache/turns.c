#include "proa/cache/turns.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <string.h>

enum { LARGEST_SHARE = 4, KEY_MAX = PROA_KEY_NAMESPACE_BYTES + PROA_TURNS_ID_MAX };

/* Who keeps turns: there is one as long as one of them is. */
struct proa_turns_caller {
    struct proa_heap_node node; /* among those that have turns that can go, by bytes */
    struct proa_list by_use;    /* turns that can be found, newest first */
    uint64_t bytes;             /* of all of its turns */
    unsigned char namespace[PROA_KEY_NAMESPACE_BYTES];
};

_Static_assert(sizeof(struct proa_turn) + sizeof(struct proa_turns_caller) +
                       4 * sizeof(struct proa_map_entry) + 2 * sizeof(void *) <=
                   PROA_TURNS_OVERHEAD,
               "turns cost more than is counted");

static const char *const END_TEXTS[PROA_TURNS_ENDS] = {
    [PROA_TURNS_END_ROOM] = "room",
    [PROA_TURNS_END_EXPIRED] = "expired",
    [PROA_TURNS_END_REPLACED] = "replaced",
};

const char *proa_turns_end_text(enum proa_turns_end end)
{
    return END_TEXTS[end];
}

void proa_turns_init(struct proa_turns *s, uint64_t max_bytes, uint64_t ttl_ns, uint64_t seed)
{
    *s = (struct proa_turns){.max_bytes = max_bytes, .ttl_ns = ttl_ns};
    proa_list_init(&s->by_use);
    proa_map_init(&s->map, seed);
    proa_map_init(&s->callers, seed);
    proa_heap_init(&s->largest);
}

/* ---- callers --------------------------------------------------------------------------------- */

static struct proa_slice name_of(const struct proa_turns_caller *c)
{
    return proa_slice_make((const char *)c->namespace, sizeof c->namespace);
}

/* To its place among the others. */
static void rank(struct proa_turns *s, struct proa_turns_caller *c)
{
    if (proa_list_empty(&c->by_use)) {
        proa_heap_remove(&s->largest, &c->node);
    } else {
        proa_heap_set(&s->largest, &c->node, UINT64_MAX - c->bytes);
    }
}

static struct proa_turns_caller *get_caller(struct proa_turns *s, const unsigned char *namespace)
{
    const struct proa_slice name =
        proa_slice_make((const char *)namespace, PROA_KEY_NAMESPACE_BYTES);
    struct proa_turns_caller *c = proa_map_get(&s->callers, name);
    if (!c) {
        c = proa_alloc_zero(1, sizeof *c);
        proa_list_init(&c->by_use);
        memcpy(c->namespace, namespace, sizeof c->namespace);
        (void)proa_map_put(&s->callers, name_of(c), c);
    }
    return c;
}

/* Bytes that it has more, and that is what is kept. */
static void add_bytes(struct proa_turns *s, struct proa_turns_caller *c, uint64_t bytes)
{
    s->bytes += bytes;
    c->bytes += bytes;
    rank(s, c);
}

static void take_bytes(struct proa_turns *s, struct proa_turns_caller *c, uint64_t bytes)
{
    s->bytes -= bytes;
    c->bytes -= bytes;
    rank(s, c);
    if (c->bytes == 0) {
        (void)proa_map_remove(&s->callers, name_of(c));
        proa_free(c);
    }
}

/* ---- references ------------------------------------------------------------------------------ */

struct proa_turn *proa_turn_ref(struct proa_turn *t)
{
    t->refs++;
    return t;
}

/* The last one of a turn takes the turn's own on the one before it along. */
void proa_turns_unref(struct proa_turns *s, struct proa_turn *t)
{
    while (t && --t->refs == 0) {
        struct proa_turn *before = t->before;
        take_bytes(s, t->caller, t->bytes);
        proa_free(t);
        t = before;
    }
}

static struct proa_turn *turn_of(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct proa_turn, node);
}

/* Of a caller that has any there is one. */
static struct proa_turn *last_of_largest(const struct proa_turns *s)
{
    const struct proa_turns_caller *c =
        PROA_CONTAINER_OF(proa_heap_first(&s->largest), struct proa_turns_caller, node);
    return PROA_CONTAINER_OF(c->by_use.prev, struct proa_turn, of_caller);
}

/* It cannot be found any more. */
static void end_turn(struct proa_turns *s, struct proa_turn *t, enum proa_turns_end end)
{
    (void)proa_map_remove(&s->map, t->key);
    proa_list_unlink(&t->node);
    proa_list_unlink(&t->of_caller);
    rank(s, t->caller);
    s->ended[end]++;
    proa_turns_unref(s, t);
}

void proa_turns_deinit(struct proa_turns *s)
{
    while (!proa_list_empty(&s->by_use)) {
        end_turn(s, turn_of(s->by_use.prev), PROA_TURNS_END_ROOM);
    }
    PROA_ASSERT(s->bytes == 0);
    proa_map_deinit(&s->map);
    proa_map_deinit(&s->callers);
    proa_heap_deinit(&s->largest);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Empty: the id is none that is kept. */
static struct proa_slice key_bytes(const struct proa_turns_key *key, char text[KEY_MAX])
{
    if (key->id.len == 0 || key->id.len > PROA_TURNS_ID_MAX) {
        return PROA_SLICE_NONE;
    }
    memcpy(text, key->namespace, PROA_KEY_NAMESPACE_BYTES);
    memcpy(text + PROA_KEY_NAMESPACE_BYTES, key->id.ptr, key->id.len);
    return proa_slice_make(text, PROA_KEY_NAMESPACE_BYTES + key->id.len);
}

static void link_first(struct proa_turns *s, struct proa_turn *t)
{
    proa_list_push_front(&s->by_use, &t->node);
    proa_list_push_front(&t->caller->by_use, &t->of_caller);
}

struct proa_turn *proa_turns_find(struct proa_turns *s, const struct proa_turns_key *key,
                                  uint64_t now_ns)
{
    char text[KEY_MAX];
    const struct proa_slice bytes = key_bytes(key, text);
    struct proa_turn *t = bytes.len > 0 ? proa_map_get(&s->map, bytes) : NULL;
    if (t && now_ns >= t->until_ns) {
        end_turn(s, t, PROA_TURNS_END_EXPIRED);
        return NULL;
    }
    if (t) {
        proa_list_unlink(&t->node);
        proa_list_unlink(&t->of_caller);
        link_first(s, t);
    }
    return t;
}

/* ---- keeping --------------------------------------------------------------------------------- */

/* What is of no use any more goes at any rate, then what is used least of the caller that has the
 * most; false: nothing more can, and it is still too much. */
static bool make_room(struct proa_turns *s, uint64_t now_ns)
{
    while (!proa_list_empty(&s->by_use)) {
        struct proa_turn *last = turn_of(s->by_use.prev);
        const bool expired = now_ns >= last->until_ns;
        if (!expired && s->bytes <= s->max_bytes) {
            return true;
        }
        end_turn(s, expired ? last : last_of_largest(s),
                 expired ? PROA_TURNS_END_EXPIRED : PROA_TURNS_END_ROOM);
    }
    return s->bytes <= s->max_bytes;
}

static struct proa_slice copy(char **at, struct proa_slice bytes)
{
    const struct proa_slice copied = proa_slice_make(*at, bytes.len);
    memcpy(*at, bytes.len > 0 ? bytes.ptr : "", bytes.len);
    *at += bytes.len;
    return copied;
}

static struct proa_turn *make(const struct proa_turns_new *turn, struct proa_slice key)
{
    const size_t len = key.len + turn->items.len + turn->maker.len;
    struct proa_turn *t = proa_alloc(sizeof *t + len);
    struct proa_turn *before = turn->before;
    char *at = t->text;
    *t = (struct proa_turn){
        .before = before ? proa_turn_ref(before) : NULL,
        .refs = 1,
        .depth = before ? before->depth + 1 : 1,
        .bytes = PROA_TURNS_OVERHEAD + (uint64_t)len,
        .total_bytes = turn->items.len + (before ? before->total_bytes : 0),
    };
    proa_list_init(&t->node);
    proa_list_init(&t->of_caller);
    t->key = copy(&at, key);
    t->items = copy(&at, turn->items);
    t->maker = copy(&at, turn->maker);
    return t;
}

static bool is_too_large(const struct proa_turns *s, const struct proa_turns_new *turn,
                         struct proa_slice key)
{
    const uint64_t own = PROA_TURNS_OVERHEAD + (uint64_t)key.len + turn->items.len;
    const uint64_t before = turn->before ? turn->before->total_bytes : 0;
    return own + before > s->max_bytes / LARGEST_SHARE ||
           (turn->before && turn->before->depth >= PROA_TURNS_DEPTH_MAX);
}

bool proa_turns_put(struct proa_turns *s, const struct proa_turns_key *key,
                    const struct proa_turns_new *turn, uint64_t now_ns)
{
    char text[KEY_MAX];
    const struct proa_slice bytes = key_bytes(key, text);
    if (bytes.len == 0 || is_too_large(s, turn, bytes)) {
        return false;
    }
    struct proa_turn *t = make(turn, bytes); /* first: it keeps the one before it */
    struct proa_turn *old = proa_map_get(&s->map, bytes);
    if (old) {
        end_turn(s, old, PROA_TURNS_END_REPLACED);
    }
    t->caller = get_caller(s, key->namespace);
    add_bytes(s, t->caller, t->bytes);
    if (!make_room(s, now_ns)) {
        proa_turns_unref(s, t);
        return false;
    }
    t->until_ns = proa_clock_after(now_ns, s->ttl_ns);
    link_first(s, t);
    rank(s, t->caller);
    (void)proa_map_put(&s->map, t->key, t);
    return true;
}

void proa_turn_items(const struct proa_turn *t, struct proa_slice *out)
{
    for (size_t i = t->depth; t; t = t->before) {
        out[--i] = t->items;
    }
}
