/*
 * Circuit breaker of one object: a target, a pool or an endpoint (Nygard, "Release It!", 2007),
 * with a ramp after recovery and a state for what is worse than usual but not down.
 *
 *            score, rate                      until has passed
 *   CLOSED ───────────────► OPEN ◄─────────┐  and somebody asks
 *     ▲  │ ▲                  └──────────► HALF_OPEN ──┐ one probe at a time, leased
 *     │  ▼ │ 3 good                  failure └─────────┤
 *   RAMP  DEGRADED                                     │ 2 successes
 *     ▲────────────────────────────────────────────────┘
 *
 * OPEN also follows RAMP and DEGRADED, as it does CLOSED, and DEGRADED also follows RAMP.
 *
 * Pure value type: no clock, no chance but what is handed in, no allocation. Times are monotonic
 * nanoseconds; one older than the last counts as the last. Failures of attempts that began before
 * the breaker last opened are ignored, but for the time they ask for. A success while it is open
 * brings the next probe forward, whenever its attempt began; nothing else moves a deadline earlier.
 * The configuration is that of the policy of the exchange that calls: it may differ from call to
 * call, and takes effect at the decision it is given to (the window's span as window.h says).
 */
#ifndef PROA_RESILIENCE_BREAKER_H
#define PROA_RESILIENCE_BREAKER_H

#include "proa/core/prng.h"
#include "proa/resilience/window.h"

#include <stdbool.h>

struct proa_breaker_cfg {
    uint32_t score;          /* consecutive score that opens a target, >= 2 */
    uint32_t pool_score;     /* likewise a pool, with failures on two of its targets or its only */
    uint32_t endpoint_score; /* likewise an endpoint; transport failures only */
    uint64_t window_ns;      /* the slow window; the fast one is the newest sixth of it */
    uint32_t min_samples;    /* verdicts in a window before its rate counts */
    uint32_t trip_ppm;       /* failure rate that opens */
    uint64_t open_floor_ns;  /* OPEN lasts between floor and d = min(cap, base * 2^n) */
    uint64_t open_base_ns;
    uint64_t open_cap_ns;
    uint64_t stable_ns;           /* of peace that take one step back from the exponent */
    uint32_t half_open_successes; /* in sequence, to close */
    uint64_t lease_ns;            /* a probe without a verdict frees its place after this */
    uint64_t ramp_ns;             /* from the least weight to the full one */
    uint32_t ramp_min_ppm;
    uint32_t ramp_failure_factor; /* score of a failure during RAMP is multiplied by this */
};

struct proa_degraded_cfg {
    bool enabled;
    uint32_t enter_ppm;        /* failure rate in the slow window */
    uint32_t enter_fast_ppm;   /* in the fast one */
    uint32_t slow_ppm;         /* share of slow marks, from 5 verdicts on */
    uint32_t exit_good;        /* good trickle answers in sequence that end it; without a trickle,
                                  for want of somebody better, min_samples good answers do */
    uint32_t trickle_ppm;      /* share of eligible requests that try it all the same */
    uint64_t trickle_every_ns; /* at most one per this span */
};

enum proa_breaker_state {
    PROA_BREAKER_CLOSED = 0,
    PROA_BREAKER_RAMP,
    PROA_BREAKER_DEGRADED,
    PROA_BREAKER_OPEN,
    PROA_BREAKER_HALF_OPEN
};
enum { PROA_BREAKER_STATES = PROA_BREAKER_HALF_OPEN + 1, PROA_BREAKER_FINGERPRINTS = 4 };
/* "closed", "ramp", "degraded", "open", "half_open" */
const char *proa_breaker_state_text(enum proa_breaker_state state);

/* Why a state was entered; metrics and the transition log print the text. */
enum proa_breaker_cause {
    PROA_BREAKER_CAUSE_NONE = 0,
    PROA_BREAKER_CAUSE_SCORE,
    PROA_BREAKER_CAUSE_RATE,
    PROA_BREAKER_CAUSE_FAST_RATE,
    PROA_BREAKER_CAUSE_SLOW,
    PROA_BREAKER_CAUSE_STALL,
    PROA_BREAKER_CAUSE_PROBE_DUE,
    PROA_BREAKER_CAUSE_PROBE_OK,
    PROA_BREAKER_CAUSE_PROBE_FAILED,
    PROA_BREAKER_CAUSE_GOOD,
    PROA_BREAKER_CAUSE_PARENT, /* the pool or endpoint above it recovered */
    PROA_BREAKER_CAUSE_RAMPED,
    PROA_BREAKER_CAUSE_OPERATOR,
    PROA_BREAKER_CAUSES
};
const char *proa_breaker_cause_text(enum proa_breaker_cause cause);

struct proa_breaker {
    uint8_t state;    /* enum proa_breaker_state as last entered; read it by proa_breaker_state() */
    uint8_t exponent; /* of the next open time, before what peace takes back */
    uint8_t successes; /* HALF_OPEN: good probes in sequence. DEGRADED: good answers in sequence */
    bool probing;      /* a probe is in flight */
    bool wary;         /* RAMP after it was out: a failure weighs more, and fewer are enough */
    uint16_t score;
    uint16_t next_fingerprint;
    uint32_t fingerprint[PROA_BREAKER_FINGERPRINTS]; /* of requests whose failure counted */
    uint64_t fingerprint_ns; /* when the newest was kept; all are forgotten after a window */
    uint64_t seen_ns;        /* latest time it was told */
    uint64_t entered_ns;     /* the state */
    uint64_t opened_ns;      /* when it last opened */
    uint64_t until_ns;       /* OPEN, HALF_OPEN: no probe before */
    uint64_t probe_ns;       /* when the probe began */
    uint64_t stable_ns;      /* since when it has been at peace: closed, and well unless RAMP */
    uint64_t trickled_ns;    /* last trickle; 0 = never */
    struct proa_window window;
};

/* What a call changed: from == to when nothing did. What time alone did since the last call is part
 * of it. */
struct proa_breaker_change {
    enum proa_breaker_state from;
    enum proa_breaker_state to;
    enum proa_breaker_cause cause;
};

/* One verdict. */
struct proa_breaker_report {
    uint64_t started_ns; /* of the attempt; of a probe, not before it was taken */
    uint32_t weight;     /* failure: consecutive score it adds; 0 = only the window counts */
    uint32_t trip_score; /* the cfg's score for this kind of object */
    /* Of the request: the same one counts once per window, so that a prompt that breaks every
     * model opens none. 0 = the request cannot be the cause. A probe's failure always counts. */
    uint32_t fingerprint;
    uint64_t hint_ns; /* span the provider asked for; lengthens OPEN, by 300 s at most */
    bool probe;       /* the attempt holds this breaker's probe */
    bool trickle;     /* the attempt was let through by proa_breaker_trickle() */
};

void proa_breaker_init(struct proa_breaker *b, uint64_t now_ns);
/* OPEN or HALF_OPEN: time alone does not change that. */
static inline bool proa_breaker_is_out(const struct proa_breaker *b)
{
    return b->state == PROA_BREAKER_OPEN || b->state == PROA_BREAKER_HALF_OPEN;
}

/* The state that holds now: RAMP ends and OPEN becomes HALF_OPEN (a probe is due) by time alone. */
enum proa_breaker_state proa_breaker_state(const struct proa_breaker *b,
                                           const struct proa_breaker_cfg *cfg, uint64_t now_ns);
/* HALF_OPEN and no probe in flight (or its lease has run out). */
bool proa_breaker_probe_due(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                            uint64_t now_ns);
/* Takes the one place for a probe; false when it is not due. */
bool proa_breaker_probe_take(struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                             uint64_t now_ns, struct proa_breaker_change *change);
/* The probe that began at started_ns ended without a verdict: cancelled, lost, limited. The next
 * one may start after wait_ns, for a 429 that asked for time. Nothing happens when the lease had
 * run out and somebody else holds the place. */
void proa_breaker_probe_release(struct proa_breaker *b, uint64_t started_ns, uint64_t wait_ns,
                                uint64_t now_ns);
/* DEGRADED: may this one request try it? Takes the turn. */
bool proa_breaker_trickle(struct proa_breaker *b, const struct proa_degraded_cfg *cfg,
                          uint64_t now_ns, struct proa_prng *prng);
/* Share of its weight that it gets: below 1000000 only during RAMP. */
uint32_t proa_breaker_share_ppm(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                                uint64_t now_ns);
/* Span until the next probe may start, one in flight included; 0 = now, or not open. */
uint64_t proa_breaker_eta(const struct proa_breaker *b, const struct proa_breaker_cfg *cfg,
                          uint64_t now_ns);

struct proa_breaker_change proa_breaker_success(struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_degraded_cfg *degraded,
                                                const struct proa_breaker_report *report,
                                                uint64_t now_ns);
/* The same in short for a breaker whose `state` is CLOSED: none follows, whoever reports. */
void proa_breaker_well(struct proa_breaker *b, const struct proa_breaker_cfg *cfg, uint64_t now_ns);
struct proa_breaker_change proa_breaker_failure(struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_degraded_cfg *degraded,
                                                const struct proa_breaker_report *report,
                                                uint64_t now_ns, struct proa_prng *prng);
/* The request of this fingerprint (0 = none) was answered elsewhere: when it fails here again, it
 * is as if for the first time. */
void proa_breaker_clear_request(struct proa_breaker *b, uint32_t fingerprint);
/* No first content at the slow mark: counts beside the verdict. */
struct proa_breaker_change proa_breaker_slow(struct proa_breaker *b,
                                             const struct proa_breaker_cfg *cfg,
                                             const struct proa_degraded_cfg *degraded,
                                             uint64_t now_ns);
/* Score without a verdict, for an attempt that is stalled: of its report's weight. */
struct proa_breaker_change proa_breaker_stalled(struct proa_breaker *b,
                                                const struct proa_breaker_cfg *cfg,
                                                const struct proa_breaker_report *report,
                                                uint64_t now_ns, struct proa_prng *prng);
/* What stands above it recovered, or an operator says so: RAMP from now, unless it is closed or
 * ramping already. */
struct proa_breaker_change proa_breaker_recover(struct proa_breaker *b,
                                                enum proa_breaker_cause cause, uint64_t now_ns);
/* An operator opens it for this long; the exponent stays. */
struct proa_breaker_change proa_breaker_eject(struct proa_breaker *b, uint64_t span_ns,
                                              uint64_t now_ns);

#endif
