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
    out->failed = w->failed;
    out->failed.at_ns = proa_clock_since(now_ns, w->failed.at_ns);
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

/* ---- offers ---------------------------------------------------------------------------------- */

/* The prompts of the size that is asked most; whole answers where nobody streams. */
static enum proa_latency_row busiest(const struct proa_latency *l)
{
    enum proa_latency_row row = PROA_LATENCY_PLAIN;
    uint32_t most = 0;
    for (enum proa_latency_row i = PROA_LATENCY_1K; i < PROA_LATENCY_PACE; i++) {
        const uint32_t n = proa_latency_samples(l, i);
        if (n >= PROA_LATENCY_KNOWN && n > most) {
            most = n;
            row = i;
        }
    }
    return row;
}

/* Tokens per second, in thousandths, of the time that some of them take. */
static uint64_t pace_milli(const struct proa_latency *l, uint32_t quantile_ppm)
{
    const uint64_t span_ns = proa_latency_quantile(l, PROA_LATENCY_PACE, quantile_ppm);
    return span_ns > 0 ? PROA_LATENCY_PACE_TOKENS * PROA_NS_PER_S * 1000 / span_ns : 0;
}

static bool is_usable(const struct seat *seat, uint64_t now_ns)
{
    return proa_credential_usable(&seat->key->credential, now_ns) &&
           proa_credential_usable(&seat->group->credential, now_ns) &&
           seat->target->denied_until_ns <= now_ns && seat->pool->missing_until_ns <= now_ns;
}

static bool is_broken(const struct seat *seat)
{
    return proa_breaker_is_out(&seat->target->watched.breaker) ||
           proa_breaker_is_out(&seat->pool->watched.breaker) ||
           proa_breaker_is_out(&seat->endpoint->watched.breaker);
}

void proa_status_offer(const struct proa_roster *roster, const struct proa_route *route, size_t i,
                       uint64_t now_ns, struct proa_status_offer *out)
{
    const struct seat *of = &roster->seats[route->candidates[i].target->id];
    *out = (struct proa_status_offer){.is_bound = of->target != NULL};
    if (!out->is_bound) {
        return;
    }
    bool any = false;
    bool well = false;
    for (size_t k = 0; k < route->n_candidates; k++) {
        const struct seat *seat = &roster->seats[route->candidates[k].target->id];
        if (seat->pool != of->pool) {
            continue;
        }
        const struct proa_counts counts =
            proa_window_sum(&seat->target->watched.breaker.window, now_ns, PROA_WINDOW_SLOTS);
        const bool usable = is_usable(seat, now_ns) && !is_broken(seat);
        out->answered += counts.of[PROA_SAMPLE_OK];
        out->failed += counts.of[PROA_SAMPLE_FAIL];
        any = any || usable;
        well = well || (usable && proa_trip_all_closed(seat));
    }
    const struct proa_latency *l = &of->pool->latency;
    const enum proa_latency_row row = busiest(l);
    out->is_out = !any;
    out->is_on_trial = !well;
    out->first_p50_ns = proa_latency_median(l, row);
    out->first_p95_ns = proa_latency_quantile(l, row, 950000);
    out->pace_p50_milli = pace_milli(l, 500000);
    out->pace_p95_milli = pace_milli(l, 50000);
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
