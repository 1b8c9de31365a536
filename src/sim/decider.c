#include "proa/sim/decider.h"

#include "naive_priv.h"

#include "proa/core/alloc.h"
#include "proa/engine/explain.h"
#include "proa/engine/roster.h"
#include "proa/engine/status.h"

/* ---- the engine ------------------------------------------------------------------------------ */

struct engine_decider {
    struct proa_engine *engine;
    struct proa_roster *roster;
    const struct proa_route *route;
    struct proa_explain explained;
};

static void *engine_create(const struct proa_snapshot *snapshot, const struct proa_route *route,
                           uint64_t seed, uint64_t now_ns)
{
    struct engine_decider *d = PROA_NEW(struct engine_decider);
    d->engine = proa_engine_create(seed);
    d->roster = proa_roster_create(d->engine, snapshot, now_ns);
    d->route = route;
    return d;
}

static void engine_destroy(void *decider)
{
    struct engine_decider *d = decider;
    proa_roster_destroy(d->roster);
    proa_engine_destroy(d->engine);
    proa_free(d);
}

static void engine_begin(void *decider, void *run, const struct proa_run_options *options,
                         uint64_t now_ns)
{
    struct engine_decider *d = decider;
    proa_run_init(run, d->roster, d->route, options, now_ns);
}

static void engine_feed(void *run, uint64_t now_ns, const struct proa_event *event,
                        struct proa_commands *out)
{
    proa_run_feed(run, now_ns, event, out);
}

static void *engine_next_woken(void *decider)
{
    struct engine_decider *d = decider;
    return proa_engine_next_woken(d->engine);
}

static bool engine_has_news(void *decider)
{
    struct engine_decider *d = decider;
    struct proa_status_news news;
    bool any = false;
    while (proa_status_next_news(d->engine, &news)) {
        any = true;
    }
    return any;
}

static enum proa_sim_state state_of(const struct proa_explain_candidate *c)
{
    switch (c->filter) {
    case PROA_EXPLAIN_KEY_REFUSED:
    case PROA_EXPLAIN_QUOTA_SPENT:
    case PROA_EXPLAIN_MODEL_DENIED:
    case PROA_EXPLAIN_MODEL_MISSING:
        return PROA_SIM_OUT;
    case PROA_EXPLAIN_UPLINK_DOWN:
        return PROA_SIM_CUT_OFF;
    case PROA_EXPLAIN_ENDPOINT_OPEN:
    case PROA_EXPLAIN_POOL_OPEN:
    case PROA_EXPLAIN_TARGET_OPEN:
        return PROA_SIM_OPEN;
    case PROA_EXPLAIN_PROBING:
    case PROA_EXPLAIN_PROBE_DUE:
        return PROA_SIM_HALF_OPEN;
    case PROA_EXPLAIN_RATE_LIMITED:
    case PROA_EXPLAIN_FULL:
        return PROA_SIM_LIMITED;
    case PROA_EXPLAIN_DEGRADED:
        return PROA_SIM_DEGRADED;
    case PROA_EXPLAIN_NONE:
    case PROA_EXPLAIN_EXCLUDED:
    case PROA_EXPLAIN_NO_WEIGHT:
    case PROA_EXPLAIN_FILTERS:
        break;
    }
    return c->share_ppm < 1000000 ? PROA_SIM_RAMP : PROA_SIM_CLOSED;
}

static void engine_states(void *decider, uint64_t now_ns,
                          enum proa_sim_state out[PROA_ROUTE_TARGETS_MAX])
{
    struct engine_decider *d = decider;
    const struct proa_run_options options = {.stream = true};
    proa_explain(d->roster, d->route, &options, now_ns, &d->explained);
    for (size_t i = 0; i < d->explained.n; i++) {
        out[i] = state_of(&d->explained.candidates[i]);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

#define NAIVE                                                                                      \
    .run_bytes = sizeof(struct proa_naive_run), .destroy = proa_naive_destroy,                     \
    .begin = proa_naive_begin, .feed = proa_naive_feed, .next_woken = proa_naive_next_woken,       \
    .has_news = proa_naive_has_news, .states = proa_naive_states

const struct proa_decider_kind proa_decider_kinds[] = {
    {.name = "proa",
     .about = "the engine as it runs in production",
     .run_bytes = sizeof(struct proa_run),
     .create = engine_create,
     .destroy = engine_destroy,
     .begin = engine_begin,
     .feed = engine_feed,
     .next_woken = engine_next_woken,
     .has_news = engine_has_news,
     .states = engine_states},
    {.name = "round_robin",
     .about = "in turn, three retries, no memory",
     .create = proa_naive_create_round_robin,
     NAIVE},
    {.name = "cooldown",
     .about = "out for 5 s after any failure, back without a probe",
     .create = proa_naive_create_cooldown,
     NAIVE},
    {.name = "ejection",
     .about = "out after five failures in sequence, for 30 s times the count",
     .create = proa_naive_create_ejection,
     NAIVE},
    {.name = NULL},
};

const struct proa_decider_kind *proa_decider_find(struct proa_slice name)
{
    for (const struct proa_decider_kind *k = proa_decider_kinds; k->name; k++) {
        if (proa_slice_eq(name, proa_slice_cstr(k->name))) {
            return k;
        }
    }
    return NULL;
}
