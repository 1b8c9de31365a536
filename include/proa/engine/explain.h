/*
 * Why a request would go where it would go now: every candidate of a route with what keeps it out,
 * or its place in the order, and the setting that is responsible.
 *
 * Pure; reserves nothing and changes nothing.
 */
#ifndef PROA_ENGINE_EXPLAIN_H
#define PROA_ENGINE_EXPLAIN_H

#include "proa/engine/run.h"
#include "proa/engine/status.h"

/*
 * X(name, text, setting of the policy that is responsible). A candidate may be in several
 * conditions; the first one here is what is said of it.
 */
#define PROA_EXPLAIN_TABLE(X)                                                                      \
    X(NONE, "usable", "balance.strategy")                                                          \
    X(EXCLUDED, "tried already", "retry.per_pool")                                                 \
    X(NO_WEIGHT, "has the weight 0", "weight")                                                     \
    X(KEY_REFUSED, "its key was refused", "credential.disabled")                                   \
    X(QUOTA_SPENT, "its quota is spent", "credential.exhausted")                                   \
    X(MODEL_DENIED, "its key may not use this model", "credential.unknown_model")                  \
    X(MODEL_MISSING, "its provider does not have this model", "credential.unknown_model")          \
    X(UPLINK_DOWN, "nothing outside can be reached", "breaker.endpoint_score")                     \
    X(ENDPOINT_OPEN, "its endpoint is out", "breaker.endpoint_score")                              \
    X(POOL_OPEN, "its provider is out for this model", "breaker.pool_score")                       \
    X(TARGET_OPEN, "it is out", "breaker.score")                                                   \
    X(PROBING, "a probe is under way", "breaker.lease")                                            \
    X(RATE_LIMITED, "its rate limit is used up", "limiter.enabled")                                \
    X(FULL, "as many calls as allowed are under way", "concurrency.target")                        \
    X(PROBE_DUE, "may be tried by one request", "breaker.half_open_successes")                     \
    X(DEGRADED, "fails or is slow more often than the healthy ones", "degraded.enter")

enum proa_explain_filter {
#define PROA_EXPLAIN_ENUM(name, text, setting) PROA_EXPLAIN_##name,
    PROA_EXPLAIN_TABLE(PROA_EXPLAIN_ENUM)
#undef PROA_EXPLAIN_ENUM
        PROA_EXPLAIN_FILTERS
};
const char *proa_explain_text(enum proa_explain_filter filter);
const char *proa_explain_setting(enum proa_explain_filter filter);

/* What a breaker has against a candidate: one that is out, on trial or degraded. */
struct proa_explain_breaker {
    enum proa_status_kind kind; /* ENDPOINT, POOL, TARGET; KINDS: none has anything */
    struct proa_slice identity;
    enum proa_breaker_cause cause; /* NONE: not known */
    uint64_t since_ns;             /* span */
    struct proa_status_failure failed;
};
/* "it failed too often in sequence" */
const char *proa_explain_cause_text(enum proa_breaker_cause cause);

struct proa_explain_candidate {
    const struct proa_candidate *candidate;
    enum proa_explain_filter filter; /* NONE, PROBE_DUE and DEGRADED do not keep it out */
    struct proa_explain_breaker breaker;
    uint64_t eta_ns;    /* span until it may be tried; 0 = now, PROA_NEVER = unknown */
    uint32_t rank;      /* 0 = of those that are picked from first; UINT32_MAX = out */
    uint64_t cost;      /* as the strategy p2c_ewma compares it */
    uint32_t share_ppm; /* of its weight, while it ramps */
    uint32_t latency_ppm;
    uint32_t failure_ppm;
    uint32_t inflight;
    uint32_t headroom_ppm;
};

struct proa_explain {
    struct proa_explain_candidate candidates[PROA_ROUTE_TARGETS_MAX]; /* as in the route */
    size_t n;
    const struct proa_candidate *pick; /* of the next request, as chance would have it now */
    enum proa_reason reason;           /* why that one, or why none */
    const char *setting;               /* the policy setting behind the reason */
    uint64_t eta_ns;                   /* without a pick: span until the soonest; PROA_NEVER */
};

void proa_explain(struct proa_roster *roster, const struct proa_route *route,
                  const struct proa_run_options *options, uint64_t now_ns,
                  struct proa_explain *out);

#endif
