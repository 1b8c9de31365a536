/*
 * The simulator: a scenario played on a virtual clock by the engine that runs in production, or by
 * another strategy.
 *
 * Pure. A scenario becomes configuration text and from that a snapshot, as a file would; exchanges
 * are driven as the I/O half drives them. The same scenario, strategy and seed give the same run,
 * which proa_record.trace tells.
 */
#ifndef PROA_SIM_SIM_H
#define PROA_SIM_SIM_H

#include "proa/sim/decider.h"
#include "proa/sim/record.h"
#include "proa/sim/scenario.h"

/* A policy to play instead of the scenario's own. Both borrowed for the call. */
struct proa_sim_policy {
    struct proa_slice name;  /* a built-in one; empty: the file says its name */
    struct proa_slice bytes; /* of a policy file; empty: a built-in one */
    const char *file;        /* what messages call it */
};

struct proa_sim; /* handle: a scenario ready to be played */

/* `policy` may be NULL. The scenario is borrowed until destroy. ERR_SYNTAX with messages in `diags`
 * when the policy is wrong; *out is untouched then. */
enum proa_err proa_sim_create(const struct proa_scenario *scenario,
                              const struct proa_sim_policy *policy, struct proa_diags *diags,
                              struct proa_sim **out) PROA_MUST_CHECK;
/* NULL is fine. */
void proa_sim_destroy(struct proa_sim *sim);
/* Its route. Targets are counted as the candidates of it, here and in records. */
const struct proa_route *proa_sim_route(const struct proa_sim *sim);
const struct proa_scenario *proa_sim_scenario(const struct proa_sim *sim);
/* Index of the scenario's provider behind a target, and its key from 1. */
size_t proa_sim_provider_of(const struct proa_sim *sim, size_t target);
uint32_t proa_sim_key_of(const struct proa_sim *sim, size_t target);
/* The first target that shares its quota group: what prompt caches and limits belong to. */
size_t proa_sim_domain_of(const struct proa_sim *sim, size_t target);

/* Plays it once. `out` is initialised here and released by the caller. */
void proa_sim_play(struct proa_sim *sim, const struct proa_decider_kind *kind, uint64_t seed,
                   struct proa_record *out);

#endif
