#include "engine_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/arena.h"
#include "proa/core/map.h"

struct proa_engine *proa_engine_create(uint64_t seed)
{
    struct proa_engine *engine = PROA_NEW(struct proa_engine);
    proa_prng_seed(&engine->prng, seed);
    proa_arena_init(&engine->names, NULL);
    proa_map_init(&engine->by_identity, proa_prng_next(&engine->prng));
    return engine;
}

void proa_engine_destroy(struct proa_engine *engine)
{
    if (!engine) {
        return;
    }
    size_t cursor = 0;
    const struct proa_map_entry *entry;
    while ((entry = proa_map_next(&engine->by_identity, &cursor)) != NULL) {
        proa_free(entry->value);
    }
    proa_map_deinit(&engine->by_identity);
    proa_arena_reset(&engine->names);
    proa_free(engine);
}

void proa_engine_adopt(struct proa_engine *engine, const struct proa_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_targets; i++) {
        (void)proa_engine_target(engine, &snapshot->targets[i]);
    }
}

struct target_state *proa_engine_target(struct proa_engine *engine,
                                        const struct proa_target *target)
{
    struct target_state *state = proa_map_get(&engine->by_identity, target->identity);
    if (!state) {
        state = PROA_NEW(struct target_state);
        proa_map_put(&engine->by_identity, proa_arena_dup(&engine->names, target->identity), state);
    }
    return state;
}
