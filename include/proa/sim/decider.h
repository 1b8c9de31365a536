/*
 * Who decides in a simulation: the engine that runs in production, or one of the simple strategies
 * that people know, so that the same weather shows what each is worth.
 *
 * Pure. Each kind speaks the engine's language: events in, commands out (proa/engine/run.h).
 */
#ifndef PROA_SIM_DECIDER_H
#define PROA_SIM_DECIDER_H

#include "proa/engine/run.h"
#include "proa/sim/record.h"

struct proa_decider_kind {
    const char *name;  /* "proa"; NULL ends the table */
    const char *about; /* one line */
    size_t run_bytes;  /* of the state of one exchange, which must stay where it is */
    /* The state of one sidecar; the snapshot outlives it. */
    void *(*create)(const struct proa_snapshot *snapshot, const struct proa_route *route,
                    uint64_t seed, uint64_t now_ns);
    void (*destroy)(void *decider);
    void (*begin)(void *decider, void *run, const struct proa_run_options *options,
                  uint64_t now_ns);
    void (*feed)(void *run, uint64_t now_ns, const struct proa_event *event,
                 struct proa_commands *out);
    /* The next run to be fed PROA_EV_WOKEN; NULL when there is none. */
    void *(*next_woken)(void *decider);
    /* Has a target's state changed otherwise than by time since this was last asked? */
    bool (*has_news)(void *decider);
    /* The state of each candidate of the route. */
    void (*states)(void *decider, uint64_t now_ns, enum proa_sim_state out[PROA_ROUTE_TARGETS_MAX]);
};

/* The engine comes first. */
extern const struct proa_decider_kind proa_decider_kinds[];
#define PROA_DECIDER_ENGINE (&proa_decider_kinds[0])
/* NULL when there is none of that name. */
const struct proa_decider_kind *proa_decider_find(struct proa_slice name);

#endif
