/*
 * Conversations that clients go on with by the id of an answer: what was said in each turn, for a
 * time, within a number of bytes.
 *
 * Pure but for allocation: time comes in. Handle-like value: init, deinit; owned by the loop
 * thread.
 *
 * A turn points to the one before it, so that a conversation takes room once however often it is
 * gone on with, and may branch. When there is no room, the caller whose turns take the most of it
 * makes some: that of those which was asked for least recently goes first. So a caller can push out
 * another's only down to what it takes itself. A turn that is gone cannot be gone on with; those
 * behind it still can.
 */
#ifndef PROA_CACHE_TURNS_H
#define PROA_CACHE_TURNS_H

#include "proa/cache/key.h"
#include "proa/core/heap.h"
#include "proa/core/list.h"
#include "proa/core/map.h"

enum {
    PROA_TURNS_OVERHEAD = 384, /* what a turn costs beside its bytes, its caller's first one */
    PROA_TURNS_ID_MAX = 256,   /* a longer id is none that is kept */
    PROA_TURNS_DEPTH_MAX = 2048
};

/* By whom an answer can be gone on with, and its id. Borrowed. */
struct proa_turns_key {
    unsigned char namespace[PROA_KEY_NAMESPACE_BYTES];
    struct proa_slice id;
};

struct proa_turns_caller;

struct proa_turn {
    struct proa_list node;      /* by use; alone when it cannot be found any more */
    struct proa_list of_caller; /* likewise, of those of its caller */
    struct proa_turns_caller *caller;
    struct proa_turn *before; /* NULL: the first */
    uint32_t refs;
    uint32_t depth;       /* turns up to here */
    uint64_t bytes;       /* that it costs */
    uint64_t total_bytes; /* of its own items and those of all before it */
    uint64_t until_ns;
    struct proa_slice key;
    struct proa_slice items; /* what was said: a JSON array */
    struct proa_slice maker; /* who has answered */
    char text[];
};

/* Why turns went. */
enum proa_turns_end {
    PROA_TURNS_END_ROOM = 0, /* for others */
    PROA_TURNS_END_EXPIRED,
    PROA_TURNS_END_REPLACED,
    PROA_TURNS_ENDS
};
const char *proa_turns_end_text(enum proa_turns_end end);

struct proa_turns {
    struct proa_map map;
    struct proa_map callers;  /* who has turns, by their namespace */
    struct proa_heap largest; /* those of them that have some that can go */
    struct proa_list by_use;  /* newest first */
    uint64_t max_bytes;
    uint64_t ttl_ns;
    uint64_t bytes; /* also of those that only later ones, or a reference, still need */
    uint64_t ended[PROA_TURNS_ENDS];
};

/* max_bytes 0: nothing is kept. Allocates nothing yet. */
void proa_turns_init(struct proa_turns *s, uint64_t max_bytes, uint64_t ttl_ns, uint64_t seed);
/* No reference may be left. */
void proa_turns_deinit(struct proa_turns *s);

static inline size_t proa_turns_n(const struct proa_turns *s)
{
    return s->map.len;
}

/* NULL: not known. Counts as asked for. Borrowed until the store changes; see ref. */
struct proa_turn *proa_turns_find(struct proa_turns *s, const struct proa_turns_key *key,
                                  uint64_t now_ns);
struct proa_turn *proa_turn_ref(struct proa_turn *t);
void proa_turns_unref(struct proa_turns *s, struct proa_turn *t); /* NULL is fine */

struct proa_turns_new {
    struct proa_slice items;
    struct proa_slice maker;
    struct proa_turn *before; /* that it goes on from; NULL = none */
};

/*
 * Keeps a copy, instead of what was there under the key. False: it is not kept: it, or the whole
 * conversation, would take more than a quarter of the room; the conversation has too many turns;
 * the id is too long; or nothing else can go.
 */
bool proa_turns_put(struct proa_turns *s, const struct proa_turns_key *key,
                    const struct proa_turns_new *turn, uint64_t now_ns);

/* The items of all turns up to this one, the oldest first: `depth` of them. */
void proa_turn_items(const struct proa_turn *t, struct proa_slice *out);

#endif
