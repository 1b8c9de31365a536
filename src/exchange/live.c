#include "proa/exchange/live.h"

#include "proa/core/alloc.h"
#include "proa/core/hash.h"
#include "proa/provider/vendor.h"

#include <string.h>

static void route_series(struct proa_live *live, struct proa_live_route *route,
                         struct proa_slice name)
{
    for (int o = 0; o < PROA_OUTCOMES; o++) {
        route->requests[o] =
            proa_metric_series2(live->metrics, PROA_METRIC_REQUESTS, name,
                                proa_slice_cstr(proa_outcome_text((enum proa_outcome)o)));
    }
    route->duration = proa_metric_series1(live->metrics, PROA_METRIC_REQUEST_DURATION, name);
    route->overhead = proa_metric_series1(live->metrics, PROA_METRIC_OVERHEAD, name);
    route->inflight = proa_metric_series1(live->metrics, PROA_METRIC_INFLIGHT, name);
    route->queue_wait = proa_metric_series1(live->metrics, PROA_METRIC_QUEUE_WAIT, name);
}

static struct proa_slice otel_name(const struct proa_provider *provider)
{
    const struct proa_vendor *vendor = provider->vendor;
    return vendor && vendor->otel_name.len > 0 ? vendor->otel_name : provider->name;
}

/* Lengths are in it, so that no two routes are written alike. */
static void append_part(struct proa_buf *out, struct proa_slice part)
{
    (void)proa_buf_append_u64(out, part.len);
    (void)proa_buf_append_byte(out, ':');
    (void)proa_buf_append(out, part);
}

/* Where the route leads: what is kept of its answers is of use as long as that stays the same. */
static uint64_t generation_of(const struct proa_route *route)
{
    struct proa_buf text;
    proa_buf_init(&text, SIZE_MAX); /* as long as the configuration, which has a limit */
    append_part(&text, route->name);
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct proa_candidate *c = &route->candidates[i];
        const struct proa_provider *provider = c->target->provider;
        (void)proa_buf_append_u64(&text, c->tier * 2U + c->substitute);
        append_part(&text, provider->name);
        append_part(&text, proa_slice_cstr(provider->dialect->name));
        append_part(&text, provider->endpoint->identity);
        append_part(&text, provider->base_path);
        append_part(&text, c->target->model);
    }
    const uint64_t hash = proa_hash64(proa_buf_slice(&text), 0);
    proa_buf_deinit(&text);
    return hash;
}

static void open_route(struct proa_live *live, const struct proa_route *route)
{
    struct proa_live_route *r = &live->routes[route->id];
    route_series(live, r, route->name);
    r->generation = generation_of(route);
    r->candidates = proa_alloc_zero(route->n_candidates + 1, sizeof *r->candidates);
    for (size_t c = 0; c < route->n_candidates; c++) {
        r->candidates[c].otel_provider = otel_name(route->candidates[c].target->provider);
    }
}

struct proa_live *proa_live_create(struct proa_snapshot *snapshot,
                                   const struct proa_live_parts *parts, uint64_t now_ns)
{
    struct proa_live *live = PROA_NEW(struct proa_live);
    live->refs = 1;
    live->snapshot = snapshot;
    live->roster = proa_roster_create(parts->engine, snapshot, now_ns);
    live->metrics = parts->metrics;
    live->pools = proa_alloc_zero(snapshot->n_endpoints + 1, sizeof(struct proa_connpool *));
    live->routes = proa_alloc_zero(snapshot->n_routes + 1, sizeof(struct proa_live_route));
    for (size_t i = 0; i < snapshot->n_providers; i++) {
        const struct proa_provider *provider = &snapshot->providers[i];
        struct proa_connpool **pool = &live->pools[provider->endpoint->id];
        if (!*pool) {
            *pool = proa_connpool_get(parts->upstream, provider->endpoint, provider->cfg);
        }
    }
    live->tokens = proa_alloc_zero(snapshot->n_grants + 1, sizeof(struct proa_token_source *));
    for (const struct proa_key_grant *g = snapshot->grants; g; g = g->next) {
        live->tokens[g->id] = proa_token_source_get(parts->tokens, snapshot, g);
    }
    for (size_t i = 0; i < snapshot->n_routes; i++) {
        if (!snapshot->routes[i].on_demand) {
            open_route(live, &snapshot->routes[i]);
        }
    }
    route_series(live, &live->none, PROA_SLICE("none"));
    return live;
}

struct proa_live *proa_live_ref(struct proa_live *live)
{
    live->refs++;
    return live;
}

void proa_live_unref(struct proa_live *live)
{
    if (!live || --live->refs > 0) {
        return;
    }
    for (size_t i = 0; i < live->snapshot->n_endpoints; i++) {
        if (live->pools[i]) {
            proa_connpool_unref(live->pools[i]);
        }
    }
    for (size_t i = 0; i < live->snapshot->n_routes; i++) {
        proa_free(live->routes[i].candidates);
    }
    for (size_t i = 0; i < live->snapshot->n_grants; i++) {
        proa_token_source_unref(live->tokens[i]);
    }
    proa_free(live->tokens);
    proa_free(live->pools);
    proa_free(live->routes);
    proa_roster_destroy(live->roster);
    proa_snapshot_unref(live->snapshot);
    proa_free(live);
}

struct proa_live_route *proa_live_route(struct proa_live *live, const struct proa_route *route)
{
    if (!route) {
        return &live->none;
    }
    route = route->base ? route->base : route;
    if (!live->routes[route->id].candidates) {
        open_route(live, route);
    }
    return &live->routes[route->id];
}

/* What a narrowed route's candidates count into is looked up each time, in `scratch`: the same
 * series, but they may be of many routes. */
static struct proa_live_candidate *find(struct proa_live *live, const struct proa_route *route,
                                        const struct proa_candidate *candidate,
                                        struct proa_live_candidate *scratch)
{
    if (PROA_UNLIKELY(route->base != NULL)) {
        memset(scratch, 0, sizeof *scratch);
        scratch->otel_provider = otel_name(candidate->target->provider);
        return scratch;
    }
    return &proa_live_route(live, route)->candidates[candidate - route->candidates];
}

void proa_live_count_attempt(struct proa_live *live, const struct proa_route *route,
                             const struct proa_candidate *candidate, enum proa_class class)
{
    PROA_UNINIT struct proa_live_candidate scratch;
    struct proa_metric_series **series = &find(live, route, candidate, &scratch)->attempts[class];
    if (!*series) {
        *series = proa_metric_series3(live->metrics, PROA_METRIC_ATTEMPTS, route->name,
                                      candidate->target->provider->name,
                                      proa_slice_cstr(proa_class_text(class)));
    }
    proa_metric_add(*series, 1);
}

/* Models as configured: what clients make up must not become a label. */
static struct proa_slice model_label(const struct proa_candidate *candidate)
{
    return candidate->target->model.len > 0 ? candidate->target->model : PROA_SLICE("other");
}

static struct proa_metric_series *genai(struct proa_live *live, struct proa_metric_series **series,
                                        enum proa_metric metric, const struct proa_slice *labels,
                                        size_t n)
{
    if (!*series) {
        *series = proa_metric_series(live->metrics, metric, labels, n);
    }
    return *series;
}

void proa_live_count_answer(struct proa_live *live, const struct proa_route *route,
                            const struct proa_candidate *candidate,
                            const struct proa_live_answer *answer)
{
    static const enum proa_usage_field fields[2] = {PROA_USAGE_INPUT, PROA_USAGE_OUTPUT};
    static const struct proa_slice names[2] = {PROA_SLICE_INIT("input"), PROA_SLICE_INIT("output")};
    PROA_UNINIT struct proa_live_candidate scratch;
    struct proa_live_candidate *c = find(live, route, candidate, &scratch);
    struct proa_slice labels[4] = {proa_slice_cstr(proa_operation_name(answer->op)),
                                   c->otel_provider, model_label(candidate), PROA_SLICE_NONE};
    proa_metric_observe(
        genai(live, &c->duration[answer->op], PROA_METRIC_GENAI_DURATION, labels, 3),
        answer->duration_ns);
    if (answer->first_content_ns > 0) {
        proa_metric_observe(
            genai(live, &c->first_chunk[answer->op], PROA_METRIC_GENAI_FIRST_CHUNK, labels, 3),
            answer->first_content_ns);
    }
    if (answer->has_cost) {
        if (!c->cost) {
            c->cost =
                proa_metric_series3(live->metrics, PROA_METRIC_COST, route->name,
                                    candidate->target->provider->name, model_label(candidate));
        }
        proa_metric_add(c->cost, answer->cost_pico_usd);
    }
    for (size_t i = 0; i < 2; i++) {
        if (proa_usage_has(answer->usage, fields[i])) {
            labels[3] = names[i];
            proa_metric_observe(
                genai(live, &c->tokens[answer->op][i], PROA_METRIC_GENAI_TOKENS, labels, 4),
                answer->usage->count[fields[i]]);
        }
    }
}
