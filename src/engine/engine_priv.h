/*
 * The engine's two halves and what they say to each other. Private to the module.
 *
 * State (roster.c, pick.c, report.c, times.c; also explain and status): what is known of targets
 * and what stands above them, who may be tried, and what a verdict changes. It never starts, ends
 * or waits for anything.
 *
 * Run (run.c, retry.c, hedge.c, queue.c, rescue.c, terminal.c): one exchange. It asks the state for
 * a pick, reserves it, reports each thing that is learned of the attempt, and releases it exactly
 * once, in that order.
 *
 * The state marks runs whose attempt should be given up (evacuation) and puts them on the engine's
 * woken list; the run half takes it from there.
 */
#ifndef PROA_ENGINE_PRIV_H
#define PROA_ENGINE_PRIV_H

#include "proa/engine/roster.h"
#include "proa/engine/run.h"

/* ---- pick.c ---------------------------------------------------------------------------------- */

enum pick_use {
    PICK_FIRST = 0,
    PICK_MOVE, /* after a failure: only who is well; no probe, no last resort */
    PICK_RETRY,
    PICK_HEDGE,    /* beside a running attempt: healthy, with headroom, another pool */
    PICK_EVACUATE, /* off an opened pool: healthy, another pool */
    PICK_RESCUE    /* goes on with a broken stream */
};

struct pick_want {
    enum pick_use use;
    uint64_t out;   /* bit per candidate that may not be picked */
    uint64_t avoid; /* bit per candidate to pick only when no other is left */
};

/* How an attempt was let through; the verdict goes back to the same place. */
struct pick {
    const struct proa_candidate *candidate; /* NULL: nothing may be started now */
    /* Why this one. Without one, why none: QUEUED = every place is taken, RATE_LIMITED = the limits
     * are spent, THROTTLED = in panic, and not admitted, NO_TARGET = nothing is usable. */
    enum proa_reason reason;
    bool probe_target; /* holds the probe of the target's, pool's, endpoint's breaker */
    bool probe_pool;
    bool probe_endpoint;
    bool trickle;
    bool panic;
    bool hedged;     /* a probe or trickle that should be hedged, and somebody healthy is there */
    uint64_t eta_ns; /* without one: span until the soonest may be tried; PROA_NEVER = unknown */
};

/* Filter -> rank -> pick; takes probe leases and trickle turns of what it picks. */
struct pick proa_engine_pick(struct proa_run *run, const struct pick_want *want, uint64_t now_ns);
/* Is it out of use, by its own breaker or one above it? */
bool proa_engine_is_out(const struct proa_run *run, const struct proa_candidate *candidate,
                        uint64_t now_ns);
/* Span until the candidate's limits let the request in; 0 = now, as far as is known. */
uint64_t proa_engine_limit_eta(const struct proa_run *run, const struct proa_candidate *candidate,
                               uint64_t now_ns);
/* The attempt's record is filled in (candidate, started_ns); counts it as in flight, takes its
 * share of the limits, keeps how it was let through. */
void proa_engine_reserve(struct proa_run *run, uint8_t attempt, const struct pick *pick,
                         uint64_t now_ns);

/* ---- report.c: what is learned of an attempt, as soon as it is known ---------------------------
 */

/* A healthy answer began: success at target, pool and endpoint; latency sample. Once. */
void proa_engine_report_content(struct proa_run *run, uint8_t attempt, uint64_t now_ns);
/* It failed with record.class; `event` (may be NULL: a timer) has the rest. Before or after
 * content. Changes record.class to LOCAL when it is the way out of here that is down: look at it
 * afterwards. */
void proa_engine_report_failure(struct proa_run *run, uint8_t attempt,
                                const struct proa_event *event, uint64_t now_ns);
/* No content at slow_at, at stall_at: once each. */
void proa_engine_report_slow(struct proa_run *run, uint8_t attempt, uint64_t now_ns);
void proa_engine_report_stall(struct proa_run *run, uint8_t attempt, uint64_t now_ns);
void proa_engine_report_rates(struct proa_run *run, uint8_t attempt,
                              const struct proa_rate_signal *signals, size_t n, uint64_t now_ns);
/* The one end of every attempt, after its verdict: no longer in flight, limits settled with `usage`
 * (may be NULL), leases without a verdict freed. */
void proa_engine_release(struct proa_run *run, uint8_t attempt, const struct proa_usage *usage,
                         uint64_t now_ns);

/* ---- times.c: spans that follow a target's own history ------------------------------------------
 */

struct attempt_times {
    uint64_t slow_ns;          /* from started: mark it slow; PROA_NEVER = not at all */
    uint64_t stall_ns;         /* from started: count it as stalled; PROA_NEVER = not at all */
    uint64_t hedge_ns;         /* from started: a hedge pays; PROA_NEVER = too little is known */
    uint64_t first_content_ns; /* from connected: give it up */
};
struct attempt_times proa_engine_times(const struct proa_run *run,
                                       const struct proa_candidate *candidate);
/* From started: the hedge of a probe or trickle. By the pool that is the fastest, for its like
 * would answer instead; the history of the one that is tried may have learned its fault. */
uint64_t proa_engine_probe_hedge_ns(const struct proa_run *run);
/* Median time to first content on the best of the route's targets; 0 = unknown. No attempt is worth
 * starting with less time left. */
uint64_t proa_engine_median_ns(const struct proa_run *run);

/* ---- roster.c: per route --------------------------------------------------------------------- */

/* A route of the snapshot, bound. */
const struct proa_route_seat *proa_engine_seat(struct proa_roster *roster,
                                               const struct proa_route *route, uint64_t now_ns);

struct proa_budget *proa_engine_retry_budget(const struct proa_run *run);
struct proa_budget *proa_engine_hedge_budget(const struct proa_run *run);
struct proa_throttle *proa_engine_throttle(const struct proa_run *run);
/* Initialised with proa_queue_init() (queue_priv.h) when the route's state is made. */
struct run_queue *proa_engine_queue(const struct proa_run *run);
struct proa_prng *proa_engine_prng(const struct proa_run *run);
/* Puts the run on the woken list; harmless when it is there. */
void proa_engine_wake(struct proa_run *run);

#endif
