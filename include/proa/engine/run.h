/*
 * The engine: decides, for one exchange, which target is tried when, what is given up, when the
 * answer is committed to the client and how the exchange ends.
 *
 * Pure: no wire bytes, no clock, no sockets. Events go in with the time they happened, commands
 * come out and must be carried out in their order before the next event is fed. The same code runs
 * under the server and under the simulator.
 *
 * Three types. `proa_engine` (handle) holds what outlives an exchange, by identity, so that it
 * survives a reload: breakers, limiters, budgets, latencies (proa/engine/roster.h). `proa_roster`
 * (handle) binds one snapshot to it. `proa_run` (value) is one exchange: embed it, proa_run_init(),
 * feed events until PROA_CMD_FINISH has come out; then it must be fed nothing more. A run must stay
 * where it is: others find it while it waits.
 *
 * Runs affect one another: a place in the queue comes free, a pool is opened under silent attempts.
 * After each proa_run_feed(), and whenever a run ends, feed PROA_EV_WOKEN to each run that
 * proa_engine_next_woken() names, until it names none.
 *
 * Timers: the run keeps its own deadlines. PROA_CMD_ARM tells the earliest one; it replaces the one
 * before. Feed PROA_EV_DEADLINE when it has passed. An event that only moves deadlines later emits
 * no ARM: the run looks again when the old one fires.
 */
#ifndef PROA_ENGINE_RUN_H
#define PROA_ENGINE_RUN_H

#include "proa/chat/usage.h"
#include "proa/core/clock.h"
#include "proa/core/list.h"
#include "proa/core/prng.h"
#include "proa/policy/snapshot.h"
#include "proa/resilience/attempt.h"
#include "proa/resilience/limiter.h"
#include "proa/resilience/rate.h"

enum { PROA_RUN_ATTEMPTS_MAX = 10, PROA_RUN_COMMANDS_MAX = 12 };

/* ---- what happened --------------------------------------------------------------------------- */

enum proa_ev {
    PROA_EV_ADMITTED = 0,  /* the request is complete and valid: begin */
    PROA_EV_CONNECTED,     /* attempt: the request is on its way on a connection */
    PROA_EV_HEAD,          /* attempt: status and headers of a good answer are here */
    PROA_EV_FIRST_CONTENT, /* attempt: first content, or a whole plain answer, is held and ready */
    PROA_EV_PROGRESS,      /* attempt: more content, or mere bytes (see `content`) */
    PROA_EV_ENDED,         /* attempt: the answer is complete and valid */
    PROA_EV_FAILED,        /* attempt: it is over, and why */
    PROA_EV_DEADLINE,      /* the armed deadline has passed */
    PROA_EV_WOKEN,         /* what a PROA_CMD_WAIT waited for has happened */
    PROA_EV_CLIENT_GONE,
    PROA_EV_DRAIN /* the grace period is over: end now */
};

struct proa_event {
    enum proa_ev kind;
    uint8_t attempt;         /* as the START command named it */
    bool content;            /* PROGRESS: content-bearing */
    bool reused_connection;  /* CONNECTED: from the pool */
    enum proa_class class;   /* FAILED */
    enum proa_err err;       /* FAILED: detail for the log */
    uint16_t status;         /* HEAD, FAILED: upstream status, 0 = none came */
    uint64_t retry_after_ns; /* FAILED: span the provider asked for; 0 = none */
    uint64_t quota_reset_ns; /* FAILED, class QUOTA: span until its hard reset; 0 = unknown */
    bool too_long;           /* FAILED, class CLIENT: it is longer than the model's context */
    bool absent; /* FAILED, class UNFIT: this very target lacks what the request refers to */
    uint64_t fingerprint; /* FAILED: 64-bit hash of the request's body; 0 = none */
    bool resumable; /* FIRST_CONTENT, PROGRESS, FAILED: another could go on with this answer from
                       what the client has of it (rescue) */
    const struct proa_usage *usage;       /* ENDED, FAILED: what is known; may be NULL */
    const struct proa_rate_signal *rates; /* HEAD, FAILED; may be NULL */
    size_t n_rates;
};

/* ---- what to do ------------------------------------------------------------------------------ */

enum proa_cmd {
    PROA_CMD_START = 0, /* start attempt `attempt` on `candidate` for `purpose` */
    PROA_CMD_CANCEL,    /* stop attempt `attempt` at once; nothing of it may be fed any more */
    PROA_CMD_COMMIT,    /* send what attempt `attempt` holds, and all that follows, to the client */
    PROA_CMD_REPLY_ERROR, /* uncommitted: answer with `error`; committed: end in-band with it */
    PROA_CMD_WAIT,        /* nothing to do before WOKEN or the deadline: see `wait` */
    PROA_CMD_ARM,         /* the earliest deadline is now `deadline_ns` (PROA_NEVER = none) */
    PROA_CMD_FINISH       /* over, with `outcome`; always the last command */
};

/* Why a decision was taken. Logs, metrics, x-proa-trail and `proa explain` print the text. */
#define PROA_REASON_TABLE(X)                                                                       \
    X(STRATEGY, "strategy")                                                                        \
    X(NEXT_TARGET, "next_target")                                                                  \
    X(SAME_TARGET, "same_target")                                                                  \
    X(NEXT_TIER, "next_tier")                                                                      \
    X(HEDGE, "hedge")                                                                              \
    X(PROBE, "probe")                                                                              \
    X(RESCUE, "rescue")                                                                            \
    X(CONTENT, "content")                                                                          \
    X(COMPLETE, "complete")                                                                        \
    X(LOST_RACE, "lost_race")                                                                      \
    X(TIMED_OUT, "timed_out")                                                                      \
    X(ATTEMPTS_SPENT, "attempts_spent")                                                            \
    X(BUDGET_SPENT, "budget_spent")                                                                \
    X(TARGETS_SPENT, "targets_spent")                                                              \
    X(NO_TARGET, "no_target")                                                                      \
    X(NOT_MOVABLE, "not_movable")                                                                  \
    X(NO_FALLBACK, "no_fallback")                                                                  \
    X(BACKOFF, "backoff")                                                                          \
    X(QUEUED, "queued")                                                                            \
    X(COMMITTED, "committed")                                                                      \
    X(DEADLINE, "deadline")                                                                        \
    X(AFFINITY, "affinity")                                                                        \
    X(TRICKLE, "trickle")                                                                          \
    X(STANDBY, "standby")                                                                          \
    X(EVACUATED, "evacuated")                                                                      \
    X(PANIC, "panic")                                                                              \
    X(THROTTLED, "throttled")                                                                      \
    X(SHED, "shed")                                                                                \
    X(RATE_LIMITED, "rate_limited")                                                                \
    X(CLIENT_GONE, "client_gone")                                                                  \
    X(DRAINING, "draining")

enum proa_reason {
#define PROA_REASON_ENUM(name, text) PROA_REASON_##name,
    PROA_REASON_TABLE(PROA_REASON_ENUM)
#undef PROA_REASON_ENUM
        PROA_REASON_COUNT
};
const char *proa_reason_text(enum proa_reason reason);

/* What an attempt is for. RESCUE_* continue an answer of which the client already has a part. */
enum proa_purpose {
    PROA_PURPOSE_PRIMARY = 0,
    PROA_PURPOSE_RETRY,
    PROA_PURPOSE_HEDGE,
    PROA_PURPOSE_PROBE,
    PROA_PURPOSE_EVACUATION, /* off what was taken out: beside a silent attempt, or after a failed
                              */
    PROA_PURPOSE_RESCUE_PREFILL,
    PROA_PURPOSE_RESCUE_SPLICE
};

enum proa_wait { PROA_WAIT_NONE = 0, PROA_WAIT_BACKOFF, PROA_WAIT_QUEUE };

enum proa_outcome {
    PROA_OUTCOME_OK = 0,       /* answered by the first choice */
    PROA_OUTCOME_DEGRADED,     /* answered, after failures or by a lower tier */
    PROA_OUTCOME_CLIENT_ERROR, /* the request was at fault */
    PROA_OUTCOME_ERROR,
    PROA_OUTCOME_CANCELLED /* the client left */
};
const char *proa_outcome_text(enum proa_outcome outcome);

/* Stable code of an error that Proa itself answers with; the api module has the texts. */
enum proa_fail {
    PROA_FAIL_NONE = 0,
    PROA_FAIL_UPSTREAM,     /* use the answer of attempt `attempt` as it came */
    PROA_FAIL_ALL_FAILED,   /* transport only: 502 */
    PROA_FAIL_NO_TARGET,    /* nothing could be tried: 503 */
    PROA_FAIL_RATE_LIMITED, /* every target is limited: 429 */
    PROA_FAIL_SHED,         /* no place came free in time: 503 */
    PROA_FAIL_DEADLINE,     /* our own deadline: 504 */
    PROA_FAIL_INTERRUPTED,  /* the stream broke after commit: in-band */
    PROA_FAIL_DRAINING,     /* grace period over */
    PROA_FAIL_UNFIT         /* the request asks for what no target can do: 400 */
};

struct proa_terminal {
    enum proa_fail fail;
    uint8_t attempt;         /* the most useful failure; valid when n_attempts > 0 */
    enum proa_class class;   /* its class, or the timer that fired */
    uint64_t retry_after_ns; /* soonest sensible time for the client; 0 = none */
    bool should_retry;       /* x-should-retry */
};

struct proa_command {
    enum proa_cmd kind;
    enum proa_reason reason;
    uint8_t attempt;
    const struct proa_candidate *candidate; /* START */
    enum proa_purpose purpose;              /* START */
    enum proa_wait wait;                    /* WAIT */
    uint64_t deadline_ns;                   /* ARM, WAIT */
    struct proa_terminal terminal;          /* REPLY_ERROR */
    enum proa_outcome outcome;              /* FINISH */
};

struct proa_commands {
    struct proa_command items[PROA_RUN_COMMANDS_MAX];
    size_t n;
};

/* ---- one exchange ---------------------------------------------------------------------------- */

/* What the run needs to know of the request. Zero is the default of each. */
struct proa_run_options {
    const struct proa_route_seat *seat; /* of a narrowed route; proa/engine/roster.h */
    bool stream;
    bool no_fallback; /* x-proa-no-fallback: the first target's failure is final */
    bool no_prefill;  /* nobody can be told how its answer begins */
    bool effects;     /* more than an answer comes of it: sent again only if surely not processed */
    uint64_t
        timeout_ns;     /* from the client (x-proa-timeout, x-stainless-timeout); 0 = policy only */
    uint32_t sdk_retry; /* x-stainless-retry-count */
    uint32_t input_tokens; /* estimate */
    uint32_t max_output;   /* max_tokens of the request; 0 = not said */
    uint64_t affinity;     /* hash of what ties it to a cache domain; 0 = nothing does */
};

enum proa_stage {
    PROA_STAGE_UNUSED = 0,
    PROA_STAGE_CONNECTING,
    PROA_STAGE_SENT,    /* waiting for the status line */
    PROA_STAGE_HEAD,    /* waiting for content */
    PROA_STAGE_CONTENT, /* content is flowing or complete */
    PROA_STAGE_OVER
};

/* The record of one attempt; also what log, trail and metrics print. */
struct proa_attempt_record {
    const struct proa_candidate *candidate;
    enum proa_stage stage;
    enum proa_purpose purpose;
    enum proa_reason reason; /* why it was started */
    enum proa_class class;   /* valid when stage is OVER */
    enum proa_err err;
    uint16_t status;
    bool reused_connection;
    bool too_long;       /* the request, for its model */
    bool absent;         /* what the request refers to, at this target */
    bool asked_deadline; /* it was the request's own for it that passed, not the policy's, */
    bool hurried;        /* and so soon that it says nothing of the target */
    uint64_t started_ns;
    uint64_t connected_ns;
    uint64_t head_ns;
    uint64_t content_ns; /* first content */
    uint64_t last_content_ns;
    uint64_t last_bytes_ns;
    uint64_t ended_ns;
    uint64_t retry_after_ns;

    /* kept by the engine */
    struct proa_run *run;
    struct proa_list in_pool; /* among the unanswered attempts of its pool */
    struct proa_need reserved;
    struct proa_limiter_mark mark; /* of its reservation */
    uint8_t index;
    uint32_t fingerprint; /* of the request, where its failure may be that one's fault; 0 = none */
    uint16_t let_through; /* bits: what it holds or tries; private to the engine */
    bool marked_slow;
    bool evacuate;       /* its pool was opened under it: start another beside it */
    bool must_hedge;     /* it finds out about health: hedged whatever the policy says */
    uint64_t slow_at_ns; /* PROA_NEVER = never, or done; likewise the next two */
    uint64_t stall_at_ns;
    uint64_t hedge_at_ns;
    uint64_t first_content_ns; /* span from connected */
};

struct proa_roster;

struct proa_run {
    struct proa_roster *roster;
    const struct proa_route *route;
    const struct proa_route_seat *seat; /* the route, bound; private to the engine */
    struct proa_run_options options;
    uint64_t arrived_ns;
    uint64_t deadline_ns; /* of the whole exchange */
    uint64_t armed_ns;    /* as the last ARM said */
    uint64_t tried;       /* bit per candidate of the route that was attempted */
    uint64_t avoid;       /* bit per candidate that shares the fault of one that failed */
    uint64_t barred;      /* bit per candidate that would fail in the same way at any time */
    uint64_t prefilled;   /* bit per candidate on which a rescue by that method was tried */
    uint64_t spliced;
    uint8_t n_attempts;
    uint8_t winner;    /* attempt that was committed; PROA_RUN_ATTEMPTS_MAX = none yet */
    uint8_t broken;    /* winner whose answer is being rescued; likewise */
    uint8_t failed;    /* attempt after which the exchange waits; valid while it does */
    uint8_t n_repeats; /* tries of a pool that had failed before */
    bool client_gone;  /* and the policy lets the answer run to its end */
    bool finished;
    bool has_place;            /* counts among the route's active exchanges */
    bool shed;                 /* put out of the queue for a better one */
    bool resumable;            /* as the winner's events said last */
    bool evacuated;            /* the move off an opened pool that costs nothing is used up */
    bool excused;              /* a timer of ours was late once already */
    bool local_once;           /* a failure of our own was tried again once already */
    uint8_t wait_for;          /* what is done when the wait is over; private to the engine */
    uint64_t wait_until_ns;    /* end of the wait that is under way; PROA_NEVER = none is */
    uint64_t queued_ns;        /* when it joined the queue */
    uint64_t queue_until_ns;   /* and when it leaves it unserved */
    uint64_t eta_ns;           /* span that the last pick gave when it gave no target, */
    enum proa_reason why_none; /* and why it gave none */
    struct proa_list woken;    /* among those that wait for WOKEN */
    struct proa_list queued;   /* among those that wait for a place */
    struct proa_attempt_record attempts[PROA_RUN_ATTEMPTS_MAX];
};

/* What a run on that route takes when it is allocated apart: its last member then has room for the
 * attempts that the policy allows, and is not looked at beyond them. */
size_t proa_run_bytes(const struct proa_route *route);
/* Of how many attempts a run on that route has a record at most. */
size_t proa_run_records(const struct proa_route *route);
/* `route` is one of the roster's snapshot, or narrowed from one of them and then bound as
 * options->seat; all must outlive the run. */
void proa_run_init(struct proa_run *run, struct proa_roster *roster, const struct proa_route *route,
                   const struct proa_run_options *options, uint64_t now_ns);
/* Is it an event that nothing is to be done about, as no deadline comes earlier by it: progress,
 * and the connection of who asks for no stream? Then it is noted, and true. proa_run_feed() does
 * the same, for more. */
bool proa_run_note(struct proa_run *run, uint64_t now_ns, const struct proa_event *event);
/* Appends what is to be done to *out (which the caller emptied). Events of attempts that are over
 * are ignored; so is everything after FINISH. */
void proa_run_feed(struct proa_run *run, uint64_t now_ns, const struct proa_event *event,
                   struct proa_commands *out);

static inline bool proa_run_committed(const struct proa_run *run)
{
    return run->winner < PROA_RUN_ATTEMPTS_MAX;
}

#endif
