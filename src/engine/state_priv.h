/*
 * What the engine knows, object by object. Private to the state half.
 *
 *   roster.c    states by identity, and their binding to a snapshot's dense ids
 *   survey.c    who may be tried
 *   pick.c      who is
 *   hold.c      what an attempt holds while it is under way
 *   report.c    what a verdict changes
 *   trip.c      breakers: verdicts go in, transitions and their consequences come out
 *   uplink.c    is it the way out of here that is down?
 *   times.c     spans that follow a target's history
 *
 * A state is kept by its identity as long as some roster, or a transition that nobody has taken
 * yet, refers to it. A decision finds states through the seats of the roster, never by name.
 */
#ifndef PROA_ENGINE_STATE_PRIV_H
#define PROA_ENGINE_STATE_PRIV_H

#include "engine_priv.h"
#include "queue_priv.h"

#include "proa/core/map.h"
#include "proa/engine/explain.h"
#include "proa/engine/status.h"
#include "proa/resilience/affinity.h"
#include "proa/resilience/latency.h"

/* What every state begins with. */
struct state {
    struct proa_slice identity; /* stands behind the state, in the same memory */
    uint32_t refs;
    uint8_t kind; /* enum proa_status_kind */
};

/* A breaker and where it has been. */
struct watched {
    struct proa_breaker breaker;
    struct proa_status_transition past[PROA_STATUS_TRANSITIONS]; /* a ring */
    uint32_t n_past;                                             /* ever */
    /* How it came to be as it is: by this one. Probes that fail do not begin an outage anew. */
    struct proa_status_transition began;
    struct proa_status_failure failed; /* last */
};

/* Keeps a transition, and only that. */
void proa_watched_keep(struct watched *w, const struct proa_status_transition *transition);

struct endpoint_state {
    struct state state;
    struct watched watched;
    uint64_t failed_ns; /* last transport failure; 0 = none since its last answer */
    uint64_t asked_ns;  /* last attempt although it could not be reached; 0 = never */
    bool by_itself;     /* and that one was its own: others were answered meanwhile */
};

struct pool_state {
    struct state state;
    struct watched watched;
    struct proa_latency latency;
    struct proa_list unanswered;      /* attempts without content: their in_pool */
    const struct target_state *blame; /* the one target of the failures in sequence so far */
    bool spread;                      /* they are of two targets or more */
    uint32_t n_targets;               /* in the newest roster */
    uint64_t missing_until_ns;        /* the model is not there; 0 = it is */
};

/* Out of use for a while, and then tried by one attempt at a time. */
struct access_state { /* a key, or a quota group */
    struct state state;
    struct proa_credential credential;
    uint64_t trial_until_ns; /* somebody tries whether it works again */
    uint64_t version;        /* of the key's secret; 0 of a group */
    uint64_t domain;         /* hash of the identity, for affinity */
};

/* Limits are per quota group and model, as providers keep them. */
struct limit_state {
    struct state state;
    bool speaks; /* something was ever learned of it */
    struct proa_limiter limiter;
};

struct target_state {
    struct state state;
    struct watched watched;
    struct proa_bearing bearing;
    struct proa_concurrency concurrency;
    uint32_t inflight;
    int64_t credit;           /* of the weighted round robin */
    uint64_t content_ns;      /* last first content; 0 = never */
    uint64_t denied_until_ns; /* this key may not use this model; 0 = it may */
    uint64_t version;         /* of the key's secret when that was last bound */
};

/* Attempts in flight by the beginning of their prompts; two that share a place count together. */
enum { PREFIXES = 256 };

struct route_state {
    struct state state;
    uint16_t prefixes[PREFIXES];
    struct proa_budget retries;
    struct proa_budget hedges;
    struct proa_throttle throttle;
    struct run_queue queue;
};

/* ---- binding --------------------------------------------------------------------------------- */

/* Everything that stands above and around a target. */
struct seat {
    struct target_state *target;
    struct pool_state *pool;
    struct endpoint_state *endpoint;
    struct access_state *key;
    struct access_state *group;
    struct limit_state *limit;
    const struct proa_route_seat
        *route; /* the first one that has it: by its settings it is shown */
    bool own;   /* with a credential that came with a request: target, key, group and limit are gone
                   with its run, and nobody else may keep them */
};

struct proa_route_seat {
    struct route_state *state;
    const struct proa_route *route;
    const uint64_t *tiers;                    /* bit per candidate, by tier */
    uint64_t few_tiers[PROA_ROUTE_TIERS_MAX]; /* these, of a route of the snapshot */
    struct seat *own;                         /* by candidate; NULL where all keys are configured */
    uint64_t substitutes;
    uint64_t weighted;                      /* candidates whose weight is not 0 */
    uint64_t pools;                         /* the first candidate of each pool */
    uint8_t domain[PROA_ROUTE_TARGETS_MAX]; /* first candidate of the same quota group */
    struct proa_breaker_cfg above;          /* of pools and endpoints */
};

/* What the roster refers to, each once. */
struct object {
    struct state *state;
    union {
        const struct seat *seat;             /* the first one that it is part of */
        const struct proa_route_seat *route; /* of a route */
    };
};

struct objects {
    struct object *items;
    size_t n;
};

struct proa_roster {
    struct proa_engine *engine;
    const struct proa_snapshot *snapshot;
    struct seat *seats;             /* by target id; zero until it is bound */
    struct proa_route_seat *routes; /* by route id; likewise */
    struct objects objects[PROA_STATUS_KINDS];
    struct proa_map seen[PROA_STATUS_KINDS]; /* the same by identity */
};

/* ---- the engine ------------------------------------------------------------------------------ */

enum { ENGINE_NEWS = 64 };

/* The way out of here. While it is down, transport failures are nobody's fault. */
struct uplink {
    uint64_t answered_ns;                 /* the last answer, whose ever; 0 = never */
    const struct endpoint_state *suspect; /* the last endpoint that failed */
    uint64_t suspect_ns;                  /* when; 0 = nobody since the last answer */
    bool down;
    uint64_t since_ns; /* the failure it began with */
    uint64_t asked_ns; /* when one of those that failed since was last asked again */
    uint32_t n_failed; /* endpoints that failed since */
};

struct news {
    struct state *state; /* one reference */
    struct proa_status_transition transition;
};

struct proa_engine {
    struct proa_prng prng;
    struct proa_map states[PROA_STATUS_KINDS]; /* by identity */
    struct proa_list woken;
    struct uplink uplink;
    struct news news[ENGINE_NEWS]; /* a ring of transitions nobody has taken yet */
    uint64_t n_told;
    uint64_t n_taken;
    struct state *last_news; /* what was handed out last; one reference */
    struct proa_status_opens opens;
};

/* roster.c */
/* In use again, as if it had never been out. */
void proa_access_restore(struct access_state *a);
void proa_state_ref(struct state *state);
void proa_state_unref(struct proa_engine *engine, struct state *state);
/* NULL when the roster refers to nothing of that identity. Linear: for operators. */
const struct object *proa_roster_find(const struct proa_roster *roster, enum proa_status_kind kind,
                                      struct proa_slice identity);

static inline const struct proa_route_seat *proa_route_seat(const struct proa_run *run)
{
    return run->seat;
}

/* `candidate` is one of the run's route. */
static inline const struct seat *proa_seat_of(const struct proa_run *run,
                                              const struct proa_candidate *candidate)
{
    return PROA_UNLIKELY(candidate->target->byok != 0)
               ? &run->seat->own[candidate - run->route->candidates]
               : &run->roster->seats[candidate->target->id];
}

/* How many attempts are in flight whose prompts begin as this run's does. */
static inline uint16_t *proa_route_prefix(const struct proa_run *run)
{
    return &proa_route_seat(run)->state->prefixes[run->options.affinity % PREFIXES];
}

/* ---- how an attempt was let through: bits of record.let_through -------------------------------
 */

enum {
    LET_PROBE_TARGET = 1,
    LET_PROBE_POOL = 2,
    LET_PROBE_ENDPOINT = 4,
    LET_PROBES = LET_PROBE_TARGET | LET_PROBE_POOL | LET_PROBE_ENDPOINT,
    LET_TRICKLE = 8,
    LET_TRY_KEY = 16, /* was out of use, and is tried again */
    LET_TRY_GROUP = 32,
    LET_TRY_TARGET = 64,
    LET_TRY_POOL = 128,
    LET_TRIES = LET_TRY_KEY | LET_TRY_GROUP | LET_TRY_TARGET | LET_TRY_POOL,
    LET_STALL_COUNTED = 256 /* its silence is in the score already */
};

/* report.c, for release: it was overtaken by an attempt that began later. */
void proa_report_lost(struct proa_run *run, const struct proa_attempt_record *a, uint64_t now_ns);
/* report.c, for release: how fast the output of an attempt that is over has come. */
void proa_report_pace(struct proa_run *run, const struct proa_attempt_record *a,
                      const struct proa_usage *usage, uint64_t now_ns);

/* ---- trip.c ---------------------------------------------------------------------------------- */

enum trip_level { TRIP_TARGET = 0, TRIP_POOL, TRIP_ENDPOINT, TRIP_LEVELS };

/* What an attempt holds that is the probe of this level. */
static inline uint16_t proa_let_probe(enum trip_level level)
{
    return (uint16_t)(LET_PROBE_TARGET << level);
}

/* Where a breaker is. */
struct trip_place {
    struct proa_roster *roster;
    const struct seat *seat;
    enum trip_level level;
};

static inline struct watched *proa_trip_watched(const struct seat *seat, enum trip_level level)
{
    return level == TRIP_TARGET ? &seat->target->watched
           : level == TRIP_POOL ? &seat->pool->watched
                                : &seat->endpoint->watched;
}

/* Nothing is wrong at any level, as it nearly always is. */
static inline bool proa_trip_all_closed(const struct seat *seat)
{
    return seat->target->watched.breaker.state == PROA_BREAKER_CLOSED &&
           seat->pool->watched.breaker.state == PROA_BREAKER_CLOSED &&
           seat->endpoint->watched.breaker.state == PROA_BREAKER_CLOSED;
}

static inline const struct proa_breaker_cfg *proa_trip_cfg(const struct proa_run *run,
                                                           enum trip_level level)
{
    return level == TRIP_TARGET ? &run->route->policy->breaker : &proa_route_seat(run)->above;
}

/* Keeps a transition, tells it, and carries out what follows of it. Nothing when from == to. */
void proa_trip_note(const struct trip_place *place, struct proa_breaker_change change,
                    uint64_t now_ns);

/* ---- times.c ----------------------------------------------------------------------------------
 */

/* The row of a pool's history that this request belongs to. */
enum proa_latency_row proa_times_row(const struct proa_run *run);

/* ---- uplink.c -------------------------------------------------------------------------------- */

/* An attempt that began at started_ns could not reach its endpoint. True: nor could others, it is
 * the way out of here that is down. */
bool proa_uplink_failed(struct proa_engine *engine, struct endpoint_state *endpoint,
                        uint64_t started_ns, uint64_t now_ns);
/* Somebody out there answered, whatever. */
void proa_uplink_answered(struct proa_run *run, struct endpoint_state *endpoint, uint64_t now_ns);
/* An attempt goes there. */
void proa_uplink_asked(struct proa_engine *engine, struct endpoint_state *endpoint,
                       uint64_t now_ns);
/* Span until this endpoint may be asked again: it is one of those that cannot be reached. */
uint64_t proa_uplink_eta(const struct proa_engine *engine, const struct endpoint_state *endpoint,
                         uint64_t now_ns);

/* ---- survey.c, pick.c: shared with explain -----------------------------------------------------
 */

/* Who is in which condition: a bit per candidate in each. Only those in `asked` were looked at. */
struct survey {
    uint64_t asked;
    uint64_t by[PROA_EXPLAIN_FILTERS]; /* enum proa_explain_filter */
    uint64_t healthy;                  /* in no other set */
    uint64_t degraded;                 /* in none but this */
    uint64_t due;                      /* in none but this: a probe may go there */
};
void proa_pick_survey(const struct proa_run *run, uint64_t asked, uint64_t now_ns,
                      struct survey *out);
/* Nothing at all is the matter with it, as nearly always: the survey would call it healthy. */
bool proa_pick_is_well(const struct proa_run *run, size_t i, uint64_t now_ns);
/* Those of them that come first: of one tier, all healthy or all degraded. 0 = none. */
uint64_t proa_pick_ranked(const struct proa_run *run, const struct survey *s, uint64_t among);
/* Span until a candidate that is out may be tried; PROA_NEVER = nobody knows. */
uint64_t proa_pick_eta(const struct proa_run *run, size_t i, uint64_t now_ns);
/* As it stands now, for the strategy. */
struct proa_balance_view proa_pick_view(const struct proa_run *run, size_t i, uint64_t now_ns);

/* Share of its weight that it gets while it ramps up. */
uint32_t proa_pick_share_ppm(const struct proa_run *run, size_t i, uint64_t now_ns);
/* Bit per candidate of that pool. */
uint64_t proa_pick_of_pool(const struct proa_run *run, const struct pool_state *pool);

/* What a pick changes on its way, or copies of it for one that only explains. */
struct picker {
    struct proa_prng *prng;
    bool dry;
};
/* Everything but the leases of probes. */
struct pick proa_pick_choose(const struct proa_run *run, const struct pick_want *want,
                             const struct survey *s, const struct picker *picker, uint64_t now_ns);

#endif
