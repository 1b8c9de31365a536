#include "state_priv.h"

static const char *const KINDS[PROA_STATUS_KINDS] = {
#define ROW(name, text) [PROA_STATUS_##name] = (text),
    PROA_STATUS_KIND_TABLE(ROW)
#undef ROW
};

const char *proa_status_kind_text(enum proa_status_kind kind)
{
    return (size_t)kind < PROA_ARRAY_LEN(KINDS) ? KINDS[kind] : "unknown";
}

/* ---- news ------------------------------------------------------------------------------------ */

bool proa_status_next_news(struct proa_engine *engine, struct proa_status_news *out)
{
    if (engine->last_news) {
        proa_state_unref(engine, engine->last_news);
        engine->last_news = NULL;
    }
    if (engine->n_taken == engine->n_told) {
        return false;
    }
    const struct news *news = &engine->news[engine->n_taken++ % ENGINE_NEWS];
    engine->last_news = news->state;
    *out = (struct proa_status_news){
        .kind = (enum proa_status_kind)news->state->kind,
        .identity = news->state->identity,
        .transition = news->transition,
    };
    return true;
}

const struct proa_status_opens *proa_status_opens(const struct proa_engine *engine)
{
    return &engine->opens;
}

bool proa_status_uplink_down(const struct proa_engine *engine)
{
    return engine->uplink.down;
}

/* ---- states ---------------------------------------------------------------------------------- */

size_t proa_status_n(const struct proa_roster *roster, enum proa_status_kind kind)
{
    return roster->objects[kind].n;
}

static const struct object *object_at(const struct proa_roster *roster, enum proa_status_kind kind,
                                      size_t i)
{
    PROA_ASSERT(i < roster->objects[kind].n);
    return &roster->objects[kind].items[i];
}

static void describe_breaker(const struct object *object, enum trip_level level, uint64_t now_ns,
                             struct proa_status_breaker *out)
{
    const struct watched *w = proa_trip_watched(object->seat, level);
    const struct proa_breaker *b = &w->breaker;
    const struct proa_breaker_cfg *cfg = level == TRIP_TARGET
                                             ? &object->seat->route->route->policy->breaker
                                             : &object->seat->route->above;
    *out = (struct proa_status_breaker){
        .state = proa_breaker_state(b, cfg, now_ns),
        .score = b->score,
        .exponent = b->exponent,
        .share_ppm = proa_breaker_share_ppm(b, cfg, now_ns),
        .eta_ns = proa_breaker_eta(b, cfg, now_ns),
        .probing = b->probing,
        .slow = proa_window_sum(&b->window, now_ns, PROA_WINDOW_SLOTS),
        .fast = proa_window_sum(&b->window, now_ns, PROA_WINDOW_FAST_SLOTS),
    };
    const uint32_t n = w->n_past < PROA_STATUS_TRANSITIONS ? w->n_past : PROA_STATUS_TRANSITIONS;
    for (uint32_t i = w->n_past - n; i != w->n_past; i++) {
        struct proa_status_transition *past = &out->past[out->n_past++];
        *past = w->past[i % PROA_STATUS_TRANSITIONS];
        past->at_ns = proa_clock_since(now_ns, past->at_ns);
    }
}

void proa_status_endpoint(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                          struct proa_status_endpoint *out)
{
    const struct object *object = object_at(roster, PROA_STATUS_ENDPOINT, i);
    out->identity = object->state->identity;
    describe_breaker(object, TRIP_ENDPOINT, now_ns, &out->breaker);
}

void proa_status_pool(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                      struct proa_status_pool *out)
{
    const struct object *object = object_at(roster, PROA_STATUS_POOL, i);
    const struct pool_state *pool = object->seat->pool;
    out->identity = object->state->identity;
    describe_breaker(object, TRIP_POOL, now_ns, &out->breaker);
    out->missing_ns = proa_clock_since(pool->missing_until_ns, now_ns);
    for (enum proa_latency_row row = PROA_LATENCY_1K; row <= PROA_LATENCY_PLAIN; row++) {
        out->latency[row].samples = proa_latency_samples(&pool->latency, row);
        out->latency[row].p50_ns = proa_latency_median(&pool->latency, row);
        out->latency[row].p95_ns = proa_latency_quantile(&pool->latency, row, 950000);
        out->latency[row].p99_ns = proa_latency_quantile(&pool->latency, row, 990000);
    }
}

void proa_status_target(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                        struct proa_status_target *out)
{
    const struct object *object = object_at(roster, PROA_STATUS_TARGET, i);
    const struct target_state *t = object->seat->target;
    const struct proa_policy_cfg *policy = object->seat->route->route->policy;
    const uint64_t tau_ns = policy->balance.tau_ns;
    out->identity = object->state->identity;
    out->label = roster->snapshot->targets[object->seat - roster->seats].label;
    describe_breaker(object, TRIP_TARGET, now_ns, &out->breaker);
    out->latency_ppm = proa_bearing_latency_ppm(&t->bearing, tau_ns, now_ns);
    out->failure_ppm = proa_bearing_failure_ppm(&t->bearing, tau_ns, now_ns);
    out->inflight = t->inflight;
    out->cap = proa_concurrency_limit(&t->concurrency, &policy->concurrency);
    out->denied_ns = proa_clock_since(t->denied_until_ns, now_ns);
}

static void describe_access(const struct access_state *a, uint64_t now_ns,
                            struct proa_status_access *out)
{
    const bool active = a->credential.state == PROA_CREDENTIAL_ACTIVE;
    *out = (struct proa_status_access){
        .identity = a->state.identity,
        .state = a->credential.state,
        .out_ns = active ? 0 : proa_clock_since(a->credential.until_ns, now_ns),
        .times = a->credential.times,
    };
}

void proa_status_key(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                     struct proa_status_access *out)
{
    describe_access(object_at(roster, PROA_STATUS_KEY, i)->seat->key, now_ns, out);
}

void proa_status_group(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_status_access *out)
{
    describe_access(object_at(roster, PROA_STATUS_GROUP, i)->seat->group, now_ns, out);
}

void proa_status_access_of(const struct proa_roster *roster, const struct proa_candidate *candidate,
                           enum proa_status_kind kind, uint64_t now_ns,
                           struct proa_status_access *out)
{
    const struct seat *seat = &roster->seats[candidate->target->id];
    PROA_ASSERT(kind == PROA_STATUS_KEY || kind == PROA_STATUS_GROUP);
    describe_access(kind == PROA_STATUS_KEY ? seat->key : seat->group, now_ns, out);
}

void proa_status_limit(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_status_limit *out)
{
    const struct object *object = object_at(roster, PROA_STATUS_LIMIT, i);
    const struct proa_limiter *l = &object->seat->limit->limiter;
    *out = (struct proa_status_limit){
        .identity = object->state->identity,
        .blocked_ns = proa_clock_since(l->blocked_until_ns, now_ns),
        .headroom_ppm = proa_limiter_headroom_ppm(l, now_ns),
        .pace_milli = l->pace_milli,
    };
    for (size_t kind = 0; kind < PROA_LIMIT_DIMENSIONS; kind++) {
        out->bucket[kind] = l->bucket[kind];
        out->bucket[kind].at_ns = proa_clock_since(now_ns, l->bucket[kind].at_ns);
    }
}

void proa_status_route(const struct proa_roster *roster, size_t i, uint64_t now_ns,
                       struct proa_status_route *out)
{
    const struct proa_route_seat *seat = object_at(roster, PROA_STATUS_ROUTE, i)->route;
    const struct proa_policy_cfg *policy = seat->route->policy;
    const struct route_state *r = seat->state;
    *out = (struct proa_status_route){
        .identity = r->state.identity,
        .retries_cap = policy->retry.budget.cap,
        .retries_milli = proa_budget_level(&r->retries, &policy->retry.budget, now_ns),
        .hedges_milli = proa_budget_level(&r->hedges, &policy->hedge.budget, now_ns),
        .waiting = r->queue.n_waiting,
        .active = r->queue.n_active,
    };
}
