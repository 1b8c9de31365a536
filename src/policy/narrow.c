#include "narrow_priv.h"

#include "proa/provider/vendor.h"

#include <stdarg.h>
#include <stdio.h>

enum { MESSAGE_MAX = 2048 };

bool proa_narrow_is_wanted(const struct proa_routing *routing)
{
    return routing->order.n > 0 || routing->only.n > 0 || routing->models.n > 0 ||
           routing->sort != PROA_SORT_NONE || routing->n_timeouts > 0 || routing->n_byok > 0 ||
           routing->has != 0 || routing->zero_data_retention || routing->disallow_prompt_training;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void say_param(struct narrow *n, const char *param)
{
    n->refusal->param = proa_arena_printf(n->arena, "providerOptions.gateway.%s", param);
}

enum proa_narrow_result proa_narrow_refuse(struct narrow *n, const char *param, const char *fmt,
                                           ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    say_param(n, param);
    n->refusal->message =
        proa_arena_dup(n->arena, proa_slice_head(proa_slice_make(text, len > 0 ? (size_t)len : 0),
                                                 sizeof text - 1));
    return PROA_NARROW_INVALID;
}

void proa_narrow_append_name(struct proa_buf *out, struct proa_slice name)
{
    if (out->len > 0) {
        PROA_BUF_LIT(out, ", ");
    }
    (void)proa_buf_append(out, name);
}

/* ---- filters --------------------------------------------------------------------------------- */

enum filter {
    FILTER_NONE = 0,
    FILTER_ONLY,
    FILTER_HAS,
    FILTER_RETENTION,
    FILTER_TRAINING,
    FILTERS
};

struct proa_slice proa_narrow_model(const struct narrow *n, const struct narrow_spot *spot)
{
    return spot->target->model.len > 0 ? spot->target->model
           : spot->model.len > 0       ? spot->model
                                       : n->in->asked.model;
}

const struct proa_catalogue_model *proa_narrow_known_model(const struct narrow *n,
                                                           const struct narrow_spot *spot)
{
    const struct proa_catalogue_offer *offer = spot->target->offer;
    if (!offer) {
        offer = proa_catalogue_offer_find(spot->target->provider->catalogue,
                                          proa_narrow_model(n, spot));
    }
    return offer ? proa_catalogue_model_of(offer) : NULL;
}

/* What is not known is not there. */
static bool has_all(const struct proa_catalogue_model *model, unsigned wanted)
{
    static const struct {
        unsigned has;
        enum proa_capability capability;
    } rows[] = {
        {PROA_HAS_IMPLICIT_CACHING, PROA_CAPABILITY_CACHING},
        {PROA_HAS_REASONING, PROA_CAPABILITY_REASONING},
        {PROA_HAS_STRUCTURED_OUTPUT, PROA_CAPABILITY_JSON_SCHEMA},
        {PROA_HAS_TOOL_USE, PROA_CAPABILITY_TOOLS},
        {PROA_HAS_VISION, PROA_CAPABILITY_VISION},
    };
    unsigned there = 0;
    for (size_t i = 0; model && i < PROA_ARRAY_LEN(rows); i++) {
        there |= ((unsigned)model->capabilities >> rows[i].capability & 1U) != 0 ? rows[i].has : 0U;
    }
    return (wanted & ~there) == 0;
}

/* The first filter that it does not pass. */
static enum filter rejected_by(const struct narrow *n, const struct narrow_spot *spot,
                               const struct proa_catalogue_model *model)
{
    const struct proa_routing *r = n->in->routing;
    const struct proa_provider *p = spot->target->provider;
    const struct proa_slice creator =
        model ? proa_catalogue_slice(model->creator) : PROA_SLICE_NONE;
    if (r->only.n > 0 && proa_narrow_place(n->only, r->only.n, p, creator) == r->only.n) {
        return FILTER_ONLY;
    }
    if (r->has != 0 && !has_all(model, r->has)) {
        return FILTER_HAS;
    }
    if (r->zero_data_retention && !p->cfg->zero_data_retention) {
        return FILTER_RETENTION;
    }
    return r->disallow_prompt_training && p->cfg->trains_on_prompts ? FILTER_TRAINING : FILTER_NONE;
}

/* ---- candidates ------------------------------------------------------------------------------ */

/* What became of those that were looked at. */
struct collecting {
    struct narrow *n;
    struct proa_buf names[FILTERS]; /* providers that each filter rejected; NONE: that were left */
};

static void note_name(struct proa_buf *names, struct proa_slice name)
{
    struct proa_slice rest = proa_buf_slice(names);
    while (rest.len > 0) {
        const struct proa_slice one = proa_slice_split(rest, ',', &rest);
        if (proa_slice_eq(proa_slice_trim(one), name)) {
            return;
        }
    }
    proa_narrow_append_name(names, name);
}

static int order_of(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* 0: they share a tier. */
static int compare(const struct narrow_spot *a, const struct narrow_spot *b)
{
    int o = order_of(a->of_model, b->of_model);
    o = o != 0 ? o : order_of(a->rank, b->rank);
    o = o != 0 ? o : order_of(a->credential, b->credential);
    o = o != 0 ? o : order_of(a->late, b->late);
    return o != 0 ? o : order_of(a->measure, b->measure);
}

static bool is_there(const struct narrow *n, const struct narrow_spot *spot)
{
    for (size_t i = 0; i < n->n_spots; i++) {
        const struct narrow_spot *s = &n->spots[i];
        const bool same_target = spot->credential == NARROW_CONFIGURED
                                     ? s->target == spot->target
                                     : s->target->provider == spot->target->provider &&
                                           proa_slice_eq(s->target->model, spot->target->model);
        if (same_target && s->credential == spot->credential &&
            proa_slice_eq(proa_narrow_model(n, s), proa_narrow_model(n, spot))) {
            return true;
        }
    }
    return false;
}

/*
 * To its place, behind those that share its tier; where there are as many as a route may have, the
 * last one goes. What went, or had no place, has none when it comes again either: it comes again at
 * the same place or further behind.
 */
static void add(struct narrow *n, const struct narrow_spot *spot)
{
    const bool full = n->n_spots == PROA_ROUTE_TARGETS_MAX;
    if ((full && compare(&n->spots[n->n_spots - 1], spot) <= 0) || is_there(n, spot)) {
        return;
    }
    size_t to = full ? n->n_spots - 1 : n->n_spots++;
    for (; to > 0 && compare(&n->spots[to - 1], spot) > 0; to--) {
        n->spots[to] = n->spots[to - 1];
    }
    n->spots[to] = *spot;
}

/* The same with each credential of the request that is for its provider. */
static void add_own(struct narrow *n, const struct narrow_spot *spot)
{
    for (size_t i = 0; i < n->in->routing->n_byok; i++) {
        if (n->credentials[i].provider == spot->target->provider) {
            struct narrow_spot own = *spot;
            own.credential = (uint16_t)i;
            own.weight = 1;
            add(n, &own);
        }
    }
}

static uint64_t time_for(const struct narrow *n, const struct proa_provider *provider,
                         struct proa_slice creator)
{
    const struct proa_routing *r = n->in->routing;
    const size_t at = proa_narrow_place(n->timeouts, r->n_timeouts, provider, creator);
    return at < r->n_timeouts ? r->timeouts[at].first_token_ns : 0;
}

static void collect_one(struct collecting *c, const struct proa_resolution *from, uint16_t of_model,
                        const struct proa_candidate *candidate)
{
    struct narrow *n = c->n;
    const struct proa_routing *r = n->in->routing;
    const struct proa_provider *provider = candidate->target->provider;
    struct narrow_spot spot = {
        .target = candidate->target,
        .weight = candidate->weight,
        .of_model = of_model,
        .credential = NARROW_CONFIGURED,
        .measure = candidate->tier,
        .substitute = candidate->substitute || of_model > 0,
    };
    if (of_model > 0 && spot.target->model.len == 0) {
        spot.model = from->model;
    }
    const struct proa_catalogue_model *model = proa_narrow_known_model(n, &spot);
    const enum filter filter = rejected_by(n, &spot, model);
    note_name(&c->names[filter], provider->name);
    if (filter != FILTER_NONE) {
        return;
    }
    const struct proa_slice creator =
        model ? proa_catalogue_slice(model->creator) : PROA_SLICE_NONE;
    spot.rank = (uint16_t)proa_narrow_place(n->order, r->order.n, provider, creator);
    spot.first_token_ns = time_for(n, provider, creator);
    add_own(n, &spot);
    if (r->sort != PROA_SORT_NONE && spot.rank == r->order.n) {
        spot.late = candidate->substitute;
        spot.measure = n->in->measure(n->in->ctx, spot.target, proa_narrow_model(n, &spot));
    }
    add(n, &spot);
}

static void collect(struct collecting *c, const struct proa_resolution *from, uint16_t of_model)
{
    struct narrow *n = c->n;
    n->out->from[n->out->n_from++] = from->route;
    for (size_t i = 0; i < from->route->n_candidates; i++) {
        if (from->route->candidates[i].weight > 0) {
            collect_one(c, from, of_model, &from->route->candidates[i]);
        }
    }
}

static enum proa_narrow_result collect_all(struct collecting *c)
{
    struct narrow *n = c->n;
    const struct proa_routing_names *models = &n->in->routing->models;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    n->out->from = proa_arena_zero(n->arena, models->n + 1, sizeof n->out->from[0]);
    collect(c, &n->in->asked, 0);
    for (size_t i = 0; i < models->n; i++) {
        struct proa_resolution found;
        const enum proa_resolve_result why =
            proa_snapshot_resolve(n->in->snapshot, models->items[i], &found);
        if (why != PROA_RESOLVED) {
            n->refusal->param =
                proa_arena_printf(n->arena, "providerOptions.gateway.models[%zu]", i);
            n->refusal->model = models->items[i];
            n->refusal->why = why;
            return PROA_NARROW_UNKNOWN_MODEL;
        }
        collect(c, &found, (uint16_t)(i + 1));
    }
    return PROA_NARROWED;
}

/* ---- nothing is left ------------------------------------------------------------------------- */

/* The last filter that rejected any is the one that took the rest: there is one, for a route has
 * some that have a weight. */
static enum proa_narrow_result refuse_empty(const struct collecting *c)
{
    static const struct {
        const char *param;
        const char *what; /* of those that are named */
    } rows[FILTERS] = {
        [FILTER_ONLY] = {"only", "is named there, and no other serves the model here"},
        [FILTER_HAS] = {"has", "is known to have all of it with this model"},
        [FILTER_RETENTION] = {"zeroDataRetention", "is configured with zero_data_retention: true"},
        [FILTER_TRAINING] = {"disallowPromptTraining",
                             "is configured with trains_on_prompts: false"},
    };
    size_t filter = FILTERS - 1;
    while (filter > FILTER_ONLY && c->names[filter].len == 0) {
        filter--;
    }
    const enum proa_narrow_result invalid = proa_narrow_refuse(
        c->n, rows[filter].param, "\"%s\" leaves no provider: none of %" PROA_SLICE_FMT " %s.",
        rows[filter].param, PROA_SLICE_ARG(proa_buf_slice(&c->names[filter])), rows[filter].what);
    return filter > FILTER_ONLY ? PROA_NARROW_NOTHING : invalid;
}

/* ---- the route ------------------------------------------------------------------------------- */

static const struct proa_candidate_wish *wish_of(const struct narrow *n,
                                                 const struct narrow_spot *spot)
{
    if (spot->of_model == 0 && spot->first_token_ns == 0) {
        return NULL;
    }
    const struct proa_slice asked =
        spot->of_model > 0 ? n->in->routing->models.items[spot->of_model - 1] : PROA_SLICE_NONE;
    struct proa_candidate_wish *wish = PROA_ARENA_NEW(n->arena, struct proa_candidate_wish);
    *wish = (struct proa_candidate_wish){
        .asked = asked, .model = spot->model, .first_token_ns = spot->first_token_ns};
    return wish;
}

static void fill_route(struct narrow *n)
{
    const struct proa_routing *r = n->in->routing;
    const struct proa_route *base = n->in->asked.route;
    struct proa_candidate *candidates = proa_arena_zero(n->arena, n->n_spots, sizeof candidates[0]);
    uint8_t tier = 0;
    for (size_t i = 0; i < n->n_spots; i++) {
        const struct narrow_spot *spot = &n->spots[i];
        tier = (uint8_t)(tier + (i > 0 && compare(&n->spots[i - 1], spot) != 0));
        const struct proa_target *target =
            spot->credential == NARROW_CONFIGURED ? spot->target : proa_narrow_own_target(n, spot);
        candidates[i] = (struct proa_candidate){.target = target,
                                                .weight = spot->weight,
                                                .tier = tier,
                                                .substitute = spot->substitute,
                                                .wish = wish_of(n, spot)};
    }
    n->out->route = *base;
    n->out->route.candidates = candidates;
    n->out->route.n_candidates = n->n_spots;
    n->out->route.n_tiers = (uint8_t)(tier + 1);
    n->out->route.base = base;
    /* What is ranked by times must now and then be tried, or its times are never known. */
    n->out->route.strict = r->order.n > 0 || r->n_byok > 0 || r->sort == PROA_SORT_COST;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum proa_narrow_result gather(struct narrow *n)
{
    struct collecting c = {.n = n};
    for (size_t i = 0; i < FILTERS; i++) {
        proa_buf_init(&c.names[i], MESSAGE_MAX / 2);
    }
    enum proa_narrow_result result = collect_all(&c);
    if (result == PROA_NARROWED && n->n_spots == 0) {
        result = refuse_empty(&c);
    }
    for (size_t i = 0; i < FILTERS; i++) {
        proa_buf_deinit(&c.names[i]);
    }
    return result;
}

enum proa_narrow_result proa_narrow(const struct proa_narrow_in *in, struct proa_arena *arena,
                                    struct proa_narrowed *out, struct proa_narrow_refusal *refusal)
{
    struct narrow n = {.in = in, .arena = arena, .out = out, .refusal = refusal};
    const struct proa_routing *r = in->routing;
    *out = (struct proa_narrowed){.n_from = 0};
    *refusal = (struct proa_narrow_refusal){.why = PROA_RESOLVED};
    n.order = proa_narrow_names(&n, &r->order);
    n.only = proa_narrow_names(&n, &r->only);
    n.timeouts = proa_arena_zero(arena, r->n_timeouts, sizeof n.timeouts[0]);
    for (size_t i = 0; i < r->n_timeouts; i++) {
        n.timeouts[i] = proa_narrow_name(in->snapshot, r->timeouts[i].provider);
    }
    n.spots = proa_arena_zero(arena, PROA_ROUTE_TARGETS_MAX, sizeof n.spots[0]);
    enum proa_narrow_result result = proa_narrow_credentials(&n);
    result = result == PROA_NARROWED ? gather(&n) : result;
    if (result == PROA_NARROWED) {
        fill_route(&n);
    }
    return result;
}
