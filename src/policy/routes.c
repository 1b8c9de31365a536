/*
 * Routes: patterns, policies, tiers of targets. A configured target names an offer (a provider's
 * model), or a model of the catalogue and so each configured offer of it. An offer becomes one
 * candidate for each key of its provider; all of a target share its weight by the weights of keys.
 */
#include "build_priv.h"
#include "cfg_priv.h"
#include "routes_priv.h"

enum {
    PATTERN_MAX = 256,
    MODEL_MAX = 256,
    TARGETS_MAX = UINT16_MAX,
    DEMOS = 2,
    SCALE_MAX = 1000000 /* times the largest weight still fits uint32_t */
};

/* ---- names ----------------------------------------------------------------------------------- */

/* Fit for a log line and a label: no control characters. */
static bool is_pattern(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.ptr[i];
        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    return s.len > 0 && s.len <= PATTERN_MAX;
}

/* Fit for a header, a path and JSON as it is: visible ASCII without quote and backslash. */
static bool is_model(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\') {
            return false;
        }
    }
    return s.len > 0 && s.len <= MODEL_MAX;
}

static void check_pattern(struct proa_build *b, struct plan *plan)
{
    const struct proa_slice name = plan->cfg->model;
    const struct proa_option_where at =
        proa_build_at(proa_build_member(plan->node, "model", NULL), plan->cfg->where);
    const struct proa_route_cfg *first = proa_map_get(&b->routes, name);
    if (!is_pattern(name)) {
        proa_build_error(b, at, "%s.model: must have 1 to %d bytes and no control characters",
                         plan->path, PATTERN_MAX);
    } else if (first) {
        proa_build_error(b, at,
                         "%s.model: there is a route \"%" PROA_SLICE_FMT
                         "\" already, at %s:%u:%u; put all targets into one of them",
                         plan->path, PROA_SLICE_ARG(name), first->where.file,
                         (unsigned)first->where.line, (unsigned)first->where.col);
    } else {
        (void)proa_map_put(&b->routes, name, (void *)(uintptr_t)plan->cfg);
    }
}

static void choose_policy(struct proa_build *b, struct plan *plan)
{
    const struct proa_slice name = plan->cfg->policy;
    plan->policy = proa_build_policy(b, name);
    if (!plan->policy) {
        struct proa_build_guess guess;
        proa_build_guess_init(&guess, name);
        proa_build_guess_policy(b, &guess);
        proa_build_error(
            b, proa_build_at(proa_build_member(plan->node, "policy", NULL), plan->cfg->where),
            "%s.policy: there is no policy \"%" PROA_SLICE_FMT "\"%s", plan->path,
            PROA_SLICE_ARG(name), proa_build_guess_text(&guess, b->arena));
    }
}

/* ---- targets --------------------------------------------------------------------------------- */

/* Where a provider's name was looked for, and what was found. */
static const struct proa_provider *find_provider(struct proa_build *b, struct proa_slice name,
                                                 struct proa_option_where at, const char *path)
{
    const struct proa_build_provider *p = proa_map_get(&b->by_name, name);
    if (p) {
        return p->out;
    }
    struct proa_build_guess guess;
    proa_build_guess_init(&guess, name);
    for (size_t i = 0; i < b->n_providers; i++) {
        proa_build_guess_try(&guess, b->providers[i].cfg->name);
    }
    proa_build_error(b, at, "%s: there is no provider \"%" PROA_SLICE_FMT "\"%s", path,
                     PROA_SLICE_ARG(name), proa_build_guess_text(&guess, b->arena));
    return NULL;
}

/* "provider/model", or the provider beside; a bare model when there is just one provider. */
static bool split_target(struct proa_build *b, const struct proa_target_cfg *cfg,
                         const struct proa_doc_node *node, const char *path, struct offer *out)
{
    const struct proa_option_where model_at =
        proa_build_at(proa_build_member(node, "model", "model"), cfg->where);
    const size_t slash = proa_slice_find(cfg->model, '/');
    out->model = cfg->model;
    if (cfg->provider.len > 0) {
        out->provider =
            find_provider(b, cfg->provider,
                          proa_build_at(proa_build_member(node, "provider", "model"), cfg->where),
                          proa_arena_printf(b->arena, "%s.provider%c", path, '\0').ptr);
        return out->provider != NULL;
    }
    if (cfg->model.len == 0) {
        proa_build_error(b, cfg->where,
                         "%s: names neither model nor provider; write model: "
                         "provider/model",
                         path);
        return false;
    }
    const char *model_path = proa_arena_printf(b->arena, "%s.model%c", path, '\0').ptr;
    if (slash < cfg->model.len) {
        out->model = proa_slice_from(cfg->model, slash + 1);
        out->provider = find_provider(b, proa_slice_head(cfg->model, slash), model_at, model_path);
    } else if (b->n_providers == 1) {
        out->provider = b->providers[0].out;
    } else {
        proa_build_error(b, model_at,
                         "%s: \"%" PROA_SLICE_FMT "\" could be any provider's; write "
                         "provider/model",
                         model_path, PROA_SLICE_ARG(cfg->model));
    }
    if (out->provider && out->model.len == 0) {
        proa_build_error(b, model_at, "%s: has no model behind the /", model_path);
        return false;
    }
    return out->provider != NULL;
}

/* ---- targets in their tiers ------------------------------------------------------------------ */

static bool is_repeated(const struct plan *plan, const struct offer *offer)
{
    for (size_t i = 0; i < plan->n_offers; i++) {
        if (plan->offers[i].provider == offer->provider &&
            proa_slice_eq(plan->offers[i].model, offer->model)) {
            return true;
        }
    }
    return false;
}

static void add_offer(struct proa_build *b, struct plan *plan, const struct proa_target_cfg *cfg,
                      const struct proa_doc_node *node, size_t place[2])
{
    struct offer offer = {.cfg = cfg, .tier = (uint8_t)place[0]};
    if (proa_plan_add_model(b, plan, cfg, (uint8_t)place[0])) {
        return;
    }
    const char *path =
        proa_arena_printf(b->arena, "%s.tiers[%zu][%zu]%c", plan->path, place[0], place[1], '\0')
            .ptr;
    if (!split_target(b, cfg, node, path, &offer)) {
        return;
    }
    const struct proa_option_where at =
        proa_build_at(proa_build_member(node, "model", "model"), cfg->where);
    if (offer.model.len > 0 && !is_model(offer.model)) {
        proa_build_error(b, at,
                         "%s.model: must be visible ASCII without quotes and backslashes, at most "
                         "%d bytes",
                         path, MODEL_MAX);
        return;
    }
    if (offer.model.len > 0) {
        proa_build_check_known(b, offer.provider, offer.model, at, path);
    }
    if (is_repeated(plan, &offer)) {
        proa_build_warn(
            b, at, "%s: is in this route already; the same target fails in the same way", path);
    }
    offer.key_weights = proa_plan_weights(offer.provider);
    plan->offers[plan->n_offers++] = offer;
    plan->n_candidates += offer.provider->n_keys;
}

static void add_tier(struct proa_build *b, struct plan *plan, const struct proa_tier_cfg *tier,
                     size_t index)
{
    const struct proa_target_cfg *targets = tier->targets.items;
    const struct proa_doc_node *node =
        proa_build_item(proa_build_member(plan->node, "tiers", NULL), index);
    const struct proa_doc_node *items = proa_build_member(node, "targets", "targets");
    const struct proa_option_where at = proa_build_at(node, plan->cfg->where);
    uint64_t weights = 0;
    for (size_t i = 0; i < tier->targets.n; i++) {
        size_t place[2] = {index, i};
        weights += targets[i].weight;
        add_offer(b, plan, &targets[i], proa_build_item(items, i), place);
    }
    if (tier->targets.n == 0) {
        proa_build_error(b, at, "%s.tiers[%zu]: has no target", plan->path, index);
    } else if (weights == 0) {
        proa_build_error(b, at,
                         "%s.tiers[%zu]: all targets have the weight 0, so none would ever be used",
                         plan->path, index);
    }
}

/* How many offers the targets of a tier may stand for. */
static size_t room_for(const struct proa_build *b, const struct proa_tier_cfg *tier)
{
    const struct proa_target_cfg *targets = tier->targets.items;
    struct proa_build_offering offerings[PROA_BUILD_OFFERINGS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < tier->targets.n; i++) {
        const struct proa_catalogue_model *model = proa_build_model(b, targets[i].model);
        n += model ? proa_build_offerings(b, model, offerings) : 1;
    }
    return n;
}

static void add_tiers(struct proa_build *b, struct plan *plan)
{
    const struct proa_tier_cfg *tiers = plan->cfg->tiers.items;
    const size_t n = plan->cfg->tiers.n;
    const struct proa_option_where at =
        proa_build_at(proa_build_member(plan->node, "tiers", NULL), plan->cfg->where);
    const uint32_t before = b->diags->n_errors;
    size_t n_offers = 0;
    if (n == 0) {
        proa_build_error(b, at, "%s.tiers: names no target", plan->path);
        return;
    }
    if (n > PROA_ROUTE_TIERS_MAX) {
        proa_build_error(b, at, "%s.tiers: %zu are more than %d", plan->path, n,
                         PROA_ROUTE_TIERS_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        n_offers += room_for(b, &tiers[i]);
    }
    plan->offers = proa_arena_zero(b->arena, n_offers, sizeof(*plan->offers));
    for (size_t i = 0; i < n; i++) {
        add_tier(b, plan, &tiers[i], i);
    }
    if (plan->n_candidates > PROA_ROUTE_TARGETS_MAX) {
        proa_build_error(b, at,
                         "%s.tiers: %zu targets (each counted once for each key of its provider) "
                         "are more than %d",
                         plan->path, plan->n_candidates, PROA_ROUTE_TARGETS_MAX);
    } else if (b->diags->n_errors == before && plan->n_offers == 1) {
        proa_build_warn(b, plan->cfg->where,
                        plan->n_candidates == 1
                            ? "%s: \"%" PROA_SLICE_FMT
                              "\" has one target only, so nothing takes over when it fails"
                            : "%s: \"%" PROA_SLICE_FMT
                              "\" has targets of one provider's one model only, so nothing takes "
                              "over when that fails",
                        plan->path, PROA_SLICE_ARG(plan->cfg->model));
    }
}

/* ---- candidates ------------------------------------------------------------------------------ */

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b > 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static const struct proa_target *intern(struct proa_build *b, const struct offer *offer,
                                        const struct proa_key *key, bool on_demand)
{
    const struct proa_slice provider = offer->provider->name;
    const struct proa_slice identity = proa_arena_printf(
        b->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
        PROA_SLICE_ARG(provider), PROA_SLICE_ARG(key->label), PROA_SLICE_ARG(offer->model));
    struct proa_target *target = proa_map_get(&b->targets, identity);
    if (target) {
        return target;
    }
    target = &b->all_targets[b->snapshot->n_targets];
    *target = (struct proa_target){
        .id = (uint16_t)b->snapshot->n_targets++,
        .provider = offer->provider,
        .key = key,
        .model = offer->model,
        .identity = identity,
        .on_demand = on_demand, /* routes that are not come first */
        .offer = proa_catalogue_offer_find(offer->provider->catalogue, offer->model),
        .label = proa_slice_head(identity, provider.len + 1 + key->label.len),
    };
    (void)proa_map_put(&b->targets, target->identity, target);
    return target;
}

/* What makes all shares of a tier whole numbers; rounded where that would grow too large. */
static uint64_t scale_of(const struct offer *offers, size_t n)
{
    uint64_t scale = 1;
    for (size_t i = 0; i < n; i++) {
        const uint64_t sum = offers[i].key_weights;
        if (sum > 0) {
            scale = scale / gcd(scale, sum) * sum;
        }
        if (scale > SCALE_MAX) {
            return SCALE_MAX;
        }
    }
    return scale;
}

static size_t fill_tier(struct proa_build *b, const struct offer *offers, size_t n, bool on_demand,
                        struct proa_candidate *out)
{
    const uint64_t scale = scale_of(offers, n);
    uint64_t common = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct offer *offer = &offers[i];
        for (size_t k = 0; k < offer->provider->n_keys; k++) {
            const struct proa_key *key = &offer->provider->keys[k];
            const uint64_t share = offer->key_weights == 0 ? 0
                                                           : offer->cfg->weight * scale *
                                                                 key->weight / offer->key_weights;
            const bool lost = share == 0 && offer->cfg->weight > 0 && key->weight > 0;
            out[at] = (struct proa_candidate){
                .target = intern(b, offer, key, on_demand),
                .weight = lost ? 1 : (uint32_t)share,
                .tier = offer->tier,
                .substitute = offer->cfg->substitute,
            };
            common = gcd(common, out[at].weight);
            at++;
        }
    }
    for (size_t i = 0; common > 1 && i < at; i++) {
        out[i].weight /= (uint32_t)common;
    }
    return at;
}

static void fill_route(struct proa_build *b, const struct plan *plan, struct proa_route *out)
{
    struct proa_candidate *candidates =
        proa_arena_zero(b->arena, plan->n_candidates, sizeof(*candidates));
    size_t n = 0;
    for (size_t i = 0; i < plan->n_offers;) {
        size_t end = i;
        while (end < plan->n_offers && plan->offers[end].tier == plan->offers[i].tier) {
            end++;
        }
        n += fill_tier(b, plan->offers + i, end - i, plan->on_demand, candidates + n);
        i = end;
    }
    out->name = plan->cfg->model;
    out->policy = plan->policy;
    out->candidates = candidates;
    out->n_candidates = n;
    out->n_tiers = (uint8_t)plan->cfg->tiers.n;
    out->on_demand = plan->on_demand;
}

/* ---- routes that nobody configured ----------------------------------------------------------- */

static struct proa_option_list one_target(struct proa_build *b, struct proa_slice provider,
                                          struct proa_slice model)
{
    struct proa_target_cfg *target = PROA_ARENA_NEW(b->arena, struct proa_target_cfg);
    proa_config_defaults(&proa_policy_target_table, b->arena, target);
    target->provider = provider;
    target->model = model;
    return (struct proa_option_list){target, 1};
}

static struct proa_route_cfg *made_up(struct proa_build *b, struct proa_slice name, size_t n_tiers,
                                      struct proa_tier_cfg **tiers)
{
    struct proa_route_cfg *cfg = PROA_ARENA_NEW(b->arena, struct proa_route_cfg);
    *tiers = proa_arena_zero(b->arena, n_tiers, sizeof(**tiers));
    cfg->model = name;
    cfg->policy = PROA_SLICE("default");
    cfg->tiers = (struct proa_option_list){*tiers, n_tiers};
    return cfg;
}

/* A first target that is always down: the failover is seen with the first request. The other one is
 * a substitute, so that no request warms it up beforehand. */
static struct proa_route_cfg *demo(struct proa_build *b)
{
    struct proa_tier_cfg *tiers = NULL;
    struct proa_route_cfg *cfg = made_up(b, PROA_SLICE("demo"), 2, &tiers);
    tiers[0].targets = one_target(b, PROA_SLICE("mock-down"), PROA_SLICE("echo"));
    tiers[1].targets = one_target(b, PROA_SLICE("mock"), PROA_SLICE("echo"));
    ((struct proa_target_cfg *)tiers[1].targets.items)->substitute = true;
    return cfg;
}

/* The same question twice, with temperature 0, is one call: the second answer comes from memory. */
static struct proa_route_cfg *demo_cached(struct proa_build *b)
{
    struct proa_tier_cfg *tiers = NULL;
    struct proa_route_cfg *cfg = made_up(b, PROA_SLICE("demo-cached"), 2, &tiers);
    cfg->policy = PROA_SLICE("patient");
    tiers[0].targets = one_target(b, PROA_SLICE("mock"), PROA_SLICE("echo"));
    tiers[1].targets = one_target(b, PROA_SLICE("mock-down"), PROA_SLICE("echo"));
    ((struct proa_target_cfg *)tiers[1].targets.items)->substitute = true;
    return cfg;
}

static void plan_route(struct proa_build *b, struct plan *plan)
{
    check_pattern(b, plan);
    choose_policy(b, plan);
    add_tiers(b, plan);
}

/* Routes that come with the mock, unless the configuration has its own of that name. */
static size_t plan_demos(struct proa_build *b, struct plan *plans)
{
    static const struct {
        const char *name;
        struct proa_route_cfg *(*make)(struct proa_build *b);
    } demos[DEMOS] = {{"demo", demo}, {"demo-cached", demo_cached}};
    size_t n = 0;
    for (size_t i = 0; i < DEMOS; i++) {
        if (!proa_map_get(&b->routes, proa_slice_cstr(demos[i].name))) {
            plans[n].cfg = demos[i].make(b);
            plans[n].path = demos[i].name;
            plan_route(b, &plans[n++]);
        }
    }
    return n;
}

static void plan_own(struct proa_build *b, const struct proa_provider *provider, struct plan *out)
{
    struct proa_tier_cfg *tiers = NULL;
    out->cfg = made_up(
        b, proa_arena_printf(b->arena, "%" PROA_SLICE_FMT "/*", PROA_SLICE_ARG(provider->name)), 1,
        &tiers);
    tiers[0].targets = one_target(b, provider->name, PROA_SLICE_NONE);
    out->policy = proa_build_policy(b, out->cfg->policy);
    out->offers = PROA_ARENA_NEW(b->arena, struct offer);
    out->offers[0] = (struct offer){.cfg = tiers[0].targets.items, .provider = provider};
    out->n_offers = 1;
    out->n_candidates = provider->n_keys;
    out->offers[0].key_weights = proa_plan_weights(provider);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static size_t plan_all(struct proa_build *b, struct plan *plans)
{
    const struct proa_route_cfg *cfgs = b->cfg->routes.items;
    const struct proa_doc_node *list = proa_build_member(b->tree, "routes", NULL);
    size_t n = 0;
    for (size_t i = 0; i < b->cfg->routes.n; i++) {
        plans[n].cfg = &cfgs[i];
        plans[n].node = proa_build_item(list, i);
        plans[n].path = proa_arena_printf(b->arena, "routes[%zu]%c", i, '\0').ptr;
        plan_route(b, &plans[n++]);
    }
    if (b->input->mock) {
        n += plan_demos(b, plans + n);
    }
    b->snapshot->n_configured_routes = n;
    for (size_t i = 0; i < b->n_providers; i++) {
        plan_own(b, b->providers[i].out, &plans[n++]);
    }
    return n + proa_plan_models(b, plans + n);
}

void proa_build_routes(struct proa_build *b)
{
    const size_t room = b->cfg->routes.n + DEMOS + b->n_providers + proa_plan_n_models(b);
    struct plan *plans = proa_arena_zero(b->arena, room, sizeof(*plans));
    const uint32_t before = b->diags->n_errors;
    size_t n_targets = 0;
    const size_t n = plan_all(b, plans);
    for (size_t i = 0; i < n; i++) {
        n_targets += plans[i].n_candidates;
    }
    if (n_targets > TARGETS_MAX) {
        proa_build_error(b, (struct proa_option_where){0},
                         "routes: %zu targets of all routes together are more than %d", n_targets,
                         TARGETS_MAX);
    }
    if (b->diags->n_errors != before) {
        return;
    }
    struct proa_route *routes = proa_arena_zero(b->arena, n, sizeof(*routes));
    b->all_targets = proa_arena_zero(b->arena, n_targets, sizeof(*b->all_targets));
    b->snapshot->routes = routes;
    b->snapshot->n_routes = n;
    b->snapshot->targets = b->all_targets;
    for (size_t i = 0; i < n; i++) {
        routes[i].id = (uint16_t)i;
        fill_route(b, &plans[i], &routes[i]);
    }
}
