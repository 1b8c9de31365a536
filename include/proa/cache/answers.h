/*
 * Answers that are kept: in the form in which they are sent, under the key of what was asked, for a
 * time, within a number of bytes.
 *
 * Pure but for allocation: time comes in. Handle-like value: init, deinit; owned by the loop
 * thread.
 *
 * An answer is shared by reference: the store holds one, whoever sends it to others may hold more.
 * An entry is fresh for its time, give or take a tenth so that what was stored together does not
 * expire together; then stale, of use only when nobody else can answer; then gone.
 */
#ifndef PROA_CACHE_ANSWERS_H
#define PROA_CACHE_ANSWERS_H

#include "proa/cache/key.h"
#include "proa/cache/recent.h"
#include "proa/cache/s3fifo.h"
#include "proa/core/map.h"
#include "proa/core/prng.h"

#include <sys/uio.h>

/* What an entry costs beside its bytes: itself, its places in the table and in the queues. */
enum { PROA_ANSWERS_OVERHEAD = 256 };

struct proa_answer {
    uint32_t refs;
    uint16_t status;
    uint64_t made_ns;
    uint64_t input_tokens; /* what it took to make it, this and the next two; 0 = not known */
    uint64_t output_tokens;
    uint64_t cost_pico_usd;
    struct proa_slice fields; /* header lines that are the same whenever it is sent */
    struct proa_slice body;
    char bytes[]; /* fields and body, one behind the other */
};

/* Copies; one reference for the caller. made_ns and what it took are the caller's to set. */
struct proa_answer *proa_answer_make(uint16_t status, struct proa_slice fields,
                                     const struct iovec *body, size_t n);
struct proa_answer *proa_answer_ref(struct proa_answer *a);
void proa_answer_unref(struct proa_answer *a); /* NULL is fine */

/* Why entries left. */
enum proa_answers_end {
    PROA_ANSWERS_END_ROOM = 0, /* for others */
    PROA_ANSWERS_END_EXPIRED,
    PROA_ANSWERS_END_REPLACED,
    PROA_ANSWERS_END_PURGED,
    PROA_ANSWERS_ENDS
};
const char *proa_answers_end_text(enum proa_answers_end end);

struct proa_answers {
    struct proa_s3fifo queue;
    struct proa_map map;       /* by hash */
    struct proa_recent recent; /* forms of what was asked for lately, for who makes the keys */
    struct proa_prng prng;
    uint64_t max_bytes;
    uint64_t ended[PROA_ANSWERS_ENDS];
    uint64_t n_stored; /* ever, as the next three */
    uint64_t n_looked;
    uint64_t n_fresh; /* of them */
    uint64_t n_stale;
};

/* max_bytes 0: nothing is kept. Allocates nothing yet. */
void proa_answers_init(struct proa_answers *s, uint64_t max_bytes, uint64_t seed);
void proa_answers_deinit(struct proa_answers *s);

static inline size_t proa_answers_n(const struct proa_answers *s)
{
    return s->map.len;
}
/* Of all entries, with what they cost beside their bytes; never above max_bytes. */
static inline uint64_t proa_answers_bytes(const struct proa_answers *s)
{
    return proa_s3fifo_bytes(&s->queue);
}

enum proa_answers_state { PROA_ANSWERS_ABSENT = 0, PROA_ANSWERS_FRESH, PROA_ANSWERS_STALE };

struct proa_answers_found {
    enum proa_answers_state state;
    struct proa_answer *answer; /* borrowed until the store changes */
    uint64_t age_ns;
    uint64_t ttl_ns;   /* FRESH: time left */
    uint64_t stale_ns; /* STALE: since it was fresh */
};

/* Looks, and counts it as asked for. */
struct proa_answers_found proa_answers_find(struct proa_answers *s,
                                            const struct proa_cache_key *key, uint64_t now_ns);
/* The same by the bytes that proa_key_copy() made. */
struct proa_answers_found proa_answers_find_again(struct proa_answers *s, struct proa_hash128 hash,
                                                  struct proa_slice key, uint64_t now_ns);

struct proa_answers_life {
    uint64_t ttl_ns;
    uint64_t stale_ns; /* of use behind that when all else has failed */
};

/*
 * Keeps the answer under the key's bytes, instead of what was there; takes a reference of its own.
 * False: it is too large for what there is room for, a quarter of the small queue.
 */
bool proa_answers_put(struct proa_answers *s, struct proa_hash128 hash, struct proa_slice key,
                      struct proa_answer *answer, const struct proa_answers_life *life,
                      uint64_t now_ns);
/* Forgets all; returns how many entries that were. */
size_t proa_answers_purge(struct proa_answers *s);

#endif
