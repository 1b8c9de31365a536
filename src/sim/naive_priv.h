/*
 * Strategies that people know from elsewhere. Private to the module.
 */
#ifndef PROA_SIM_NAIVE_PRIV_H
#define PROA_SIM_NAIVE_PRIV_H

#include "proa/sim/decider.h"

/* The state of one exchange, for all of them. */
struct proa_naive_run {
    struct proa_naive *decider;
    uint64_t deadline_ns; /* of the exchange */
    uint64_t silent_ns;   /* the attempt is given up at this time; PROA_NEVER once content came */
    uint64_t armed_ns;
    uint32_t n_attempts;
    uint64_t tried; /* bit per candidate */
    size_t at;      /* candidate of the attempt that runs */
    bool committed;
    bool stream;
    struct proa_terminal terminal;
};

void *proa_naive_create_round_robin(const struct proa_snapshot *snapshot,
                                    const struct proa_route *route, uint64_t seed, uint64_t now_ns);
void *proa_naive_create_cooldown(const struct proa_snapshot *snapshot,
                                 const struct proa_route *route, uint64_t seed, uint64_t now_ns);
void *proa_naive_create_ejection(const struct proa_snapshot *snapshot,
                                 const struct proa_route *route, uint64_t seed, uint64_t now_ns);
void proa_naive_destroy(void *decider);
void proa_naive_begin(void *decider, void *run, const struct proa_run_options *options,
                      uint64_t now_ns);
void proa_naive_feed(void *run, uint64_t now_ns, const struct proa_event *event,
                     struct proa_commands *out);
void *proa_naive_next_woken(void *decider);
bool proa_naive_has_news(void *decider);
void proa_naive_states(void *decider, uint64_t now_ns,
                       enum proa_sim_state out[PROA_ROUTE_TARGETS_MAX]);

#endif
