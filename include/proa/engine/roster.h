/*
 * What the engine knows beyond one exchange, and its binding to a snapshot.
 *
 * Pure. The engine (handle) keeps health, limits, budgets and latencies of endpoints, pools, quota
 * groups, keys, targets and routes by their identities, so that a reload loses nothing. A roster
 * (handle) binds the parts of one snapshot to that state, so that a decision finds it by index:
 * at once, but for routes that are made on demand, unless their state is there already.
 * What no roster names any more is forgotten with the last one that did.
 */
#ifndef PROA_ENGINE_ROSTER_H
#define PROA_ENGINE_ROSTER_H

#include "proa/policy/snapshot.h"

struct proa_arena;
struct proa_engine;
struct proa_roster;
struct proa_route_seat;
struct proa_run;

/* seed drives every random choice. Released with proa_engine_destroy(), after every roster; NULL is
 * fine. */
struct proa_engine *proa_engine_create(uint64_t seed);
void proa_engine_destroy(struct proa_engine *engine);

/* Binds a snapshot, which must outlive the roster. Released with proa_roster_destroy() when no run
 * of it is left; NULL is fine. To keep state over a reload, bind the new snapshot before the old
 * roster goes. */
struct proa_roster *proa_roster_create(struct proa_engine *engine,
                                       const struct proa_snapshot *snapshot, uint64_t now_ns);
void proa_roster_destroy(struct proa_roster *roster);
/* Binds a route that is bound on demand: its first run does, or whoever wants to see its state
 * before. Others are bound already. */
void proa_roster_bind(struct proa_roster *roster, const struct proa_route *route, uint64_t now_ns);
/*
 * Binds a narrowed route (proa/policy/narrow.h), in the arena, for runs that end before that is
 * reset. All state is shared with the routes that it is made of, `from`, which are bound as well:
 * the route's own (budgets, queue) with from[0]. Only what is known of a request's own credentials
 * begins and ends with it.
 */
const struct proa_route_seat *proa_roster_bind_narrowed(struct proa_roster *roster,
                                                        const struct proa_route *route,
                                                        const struct proa_route *const *from,
                                                        size_t n_from, struct proa_arena *arena,
                                                        uint64_t now_ns) PROA_MUST_CHECK;
/*
 * What was measured of a target lately, for ranking by it: the span that is usual until its first
 * content for prompts of that size, or else until a whole answer; or the span per so many tokens of
 * a stream. PROA_NEVER: nothing is known.
 */
uint64_t proa_roster_first_content_ns(const struct proa_roster *roster,
                                      const struct proa_target *target, uint32_t input_tokens);
uint64_t proa_roster_pace_ns(const struct proa_roster *roster, const struct proa_target *target);
/* The one it was created with. */
const struct proa_engine *proa_roster_engine(const struct proa_roster *roster);

/* The next run that waits to be fed PROA_EV_WOKEN; NULL when there is none. */
struct proa_run *proa_engine_next_woken(struct proa_engine *engine);

#endif
