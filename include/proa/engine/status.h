/*
 * What the engine knows, as plain structs for admin pages, metrics and logs: the one place where
 * all of them read it.
 *
 * Pure. Slices in what comes out are borrowed until the roster goes. Spans count from now.
 */
#ifndef PROA_ENGINE_STATUS_H
#define PROA_ENGINE_STATUS_H

#include "proa/engine/roster.h"
#include "proa/resilience/latency.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of objects, and what they are called: the identity of each is unique in its kind. */
#define PROA_STATUS_KIND_TABLE(X)                                                                  \
    X(ENDPOINT, "endpoint") /* "https://api.example.com:443" */                                    \
    X(POOL, "pool")         /* "openai/gpt-5.5": provider and model */                             \
    X(TARGET, "target")     /* "openai/k1/gpt-5.5": provider, key and model */                     \
    X(KEY, "key")           /* "openai/k1" */                                                      \
    X(GROUP, "group")       /* "openai/org-a", or "openai/k1" for a key without a group */         \
    X(LIMIT, "limit")       /* "openai/org-a/gpt-5.5": group and model */                          \
    X(ROUTE, "route")       /* its pattern */

enum proa_status_kind {
#define PROA_STATUS_KIND_ENUM(name, text) PROA_STATUS_##name,
    PROA_STATUS_KIND_TABLE(PROA_STATUS_KIND_ENUM)
#undef PROA_STATUS_KIND_ENUM
        PROA_STATUS_KINDS
};
const char *proa_status_kind_text(enum proa_status_kind kind);

enum { PROA_STATUS_TRANSITIONS = 16 };

struct proa_status_transition {
    uint64_t at_ns; /* in news: when; in a state: span before now */
    uint8_t from;   /* enum proa_breaker_state */
    uint8_t to;
    uint8_t cause; /* enum proa_breaker_cause */
};

/* The last failure that a breaker was told of. */
struct proa_status_failure {
    uint64_t at_ns;  /* in a state: span before now */
    uint16_t status; /* 0: none came */
    uint8_t class;   /* enum proa_class; NONE: it never was */
};

/* ---- news ------------------------------------------------------------------------------------ */

struct proa_status_news {
    enum proa_status_kind kind; /* ENDPOINT, POOL or TARGET */
    struct proa_slice identity; /* borrowed until the next call */
    struct proa_status_transition transition;
};

/* The oldest transition that was not taken yet; false when there is none. Each comes out once. Take
 * them after each event: beyond 64 the oldest are lost, from here only. */
bool proa_status_next_news(struct proa_engine *engine, struct proa_status_news *out);

/* How often breakers have opened, ever: by kind and by cause. */
struct proa_status_opens {
    uint64_t by[PROA_STATUS_TARGET + 1][PROA_BREAKER_CAUSES];
};
const struct proa_status_opens *proa_status_opens(const struct proa_engine *engine);

/* Is every way out of this machine down, as far as can be told? */
bool proa_status_uplink_down(const struct proa_engine *engine);

/* ---- states ---------------------------------------------------------------------------------- */

struct proa_status_breaker {
    enum proa_breaker_state state;
    uint32_t score;
    uint32_t exponent;
    uint32_t share_ppm; /* of its weight, while it ramps */
    uint64_t eta_ns;    /* until a probe may start; 0 = now, or not open */
    bool probing;
    struct proa_counts slow;                                     /* the whole window */
    struct proa_counts fast;                                     /* its newest part */
    struct proa_status_transition past[PROA_STATUS_TRANSITIONS]; /* oldest first */
    size_t n_past;
    struct proa_status_failure failed;
};

struct proa_status_endpoint {
    struct proa_slice identity;
    struct proa_status_breaker breaker;
};

struct proa_status_pool {
    struct proa_slice identity;
    struct proa_status_breaker breaker;
    uint64_t missing_ns; /* the model is not there for so long; 0 = it is */
    struct {
        uint32_t samples;
        uint64_t p50_ns; /* 0 = too few */
        uint64_t p95_ns;
        uint64_t p99_ns;
    } latency[PROA_LATENCY_ROWS]; /* enum proa_latency_row */
};

struct proa_status_target {
    struct proa_slice identity;
    struct proa_slice label;
    struct proa_status_breaker breaker;
    uint32_t latency_ppm; /* times of late, as a ratio to what is usual in its routes */
    uint32_t failure_ppm;
    uint32_t inflight;
    uint32_t cap;       /* as congestion has left it */
    uint64_t denied_ns; /* the key may not use the model for so long; 0 = it may */
};

/* A key or a quota group. */
struct proa_status_access {
    struct proa_slice identity;
    enum proa_credential_state state;
    uint64_t out_ns; /* for so long; 0 = not out */
    uint32_t times;  /* in sequence */
};

struct proa_status_limit {
    struct proa_slice identity;
    struct proa_limit_bucket bucket[PROA_LIMIT_DIMENSIONS]; /* by kind; at_ns: span before now */
    uint64_t blocked_ns;                                    /* after a 429, for so long */
    uint32_t headroom_ppm;
    uint64_t pace_milli; /* requests per second; 0 = not paced */
};

struct proa_status_route {
    struct proa_slice identity;
    uint32_t retries_cap;   /* attempts in the budget at most */
    uint64_t retries_milli; /* attempts left in it */
    uint64_t hedges_milli;
    uint32_t waiting;
    uint32_t active; /* exchanges that have a place */
};

/* Each: the state of what the snapshot has at this index; breakers are read by the settings of the
 * first route that uses the object. */
size_t proa_status_n(const struct proa_roster *roster, enum proa_status_kind kind);
void proa_status_endpoint(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                          struct proa_status_endpoint *out);
void proa_status_pool(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                      struct proa_status_pool *out);
void proa_status_target(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                        struct proa_status_target *out);
void proa_status_key(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                     struct proa_status_access *out);
void proa_status_group(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_status_access *out);
/* The same of one candidate: of its KEY, or of its GROUP. */
void proa_status_access_of(const struct proa_roster *roster, const struct proa_candidate *candidate,
                           enum proa_status_kind kind, uint64_t now_ns,
                           struct proa_status_access *out);
/* How one pool of a route does: all of the route's candidates that it has, as one. */
struct proa_status_offer {
    bool is_bound;     /* false: nobody has asked for it yet, and the rest is zero */
    bool is_out;       /* none of its targets may be asked, but for probes */
    bool is_on_trial;  /* none of them is quite well */
    uint32_t answered; /* verdicts in the windows of its targets' breakers */
    uint32_t failed;
    uint64_t
        first_p50_ns; /* to first content, else of whole answers, of most prompts; 0 = too few */
    uint64_t first_p95_ns;
    uint64_t pace_p50_milli; /* tokens per second; 0 = too few */
    uint64_t pace_p95_milli; /* faster than 95 % */
};
/* Of the pool of candidate i. */
void proa_status_offer(const struct proa_roster *roster, const struct proa_route *route, size_t i,
                       uint64_t now_ns, struct proa_status_offer *out);
void proa_status_limit(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_status_limit *out);
void proa_status_route(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_status_route *out);

#endif
