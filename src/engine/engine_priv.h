/*
 * What the engine keeps across exchanges. Private to the module.
 */
#ifndef PROA_ENGINE_PRIV_H
#define PROA_ENGINE_PRIV_H

#include "proa/core/arena.h"
#include "proa/core/map.h"
#include "proa/engine/run.h"

/* Per target, by identity: it outlives the snapshot that named the target. */
struct target_state {
    int64_t credit; /* of the weighted round robin */
};

struct proa_engine {
    struct proa_prng prng;
    struct proa_arena names; /* the map's keys */
    struct proa_map by_identity;
};

/* Never NULL: an unknown target is adopted. */
struct target_state *proa_engine_target(struct proa_engine *engine,
                                        const struct proa_target *target);

/*
 * Filter -> rank -> pick: the candidate to try next, or NULL. Candidates whose bit in `tried` is
 * set are out, and those of weight 0; of the rest, the lowest tier; in it, smooth weighted round
 * robin.
 */
const struct proa_candidate *proa_engine_pick(struct proa_engine *engine,
                                              const struct proa_route *route, uint64_t tried);

#endif
