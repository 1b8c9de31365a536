/* From the name that was asked for to a route, and near names where there is none. */
#include "build_priv.h"

enum {
    ASKED_MAX = 1024, /* longer names are nobody's; globs must not walk megabytes */
    SUGGEST_NAMES_MAX = 512
};

/* ---- build ----------------------------------------------------------------------------------- */

static void deinit_map(void *map)
{
    proa_map_deinit(map);
}

static void init_map(struct proa_build *b, struct proa_map *map)
{
    proa_map_init(map, b->hash);
    proa_arena_defer(b->arena, deinit_map, map);
}

static bool is_glob(struct proa_slice s)
{
    return proa_slice_find(s, '*') < s.len || proa_slice_find(s, '?') < s.len;
}

/* Where a name without provider goes: to the only one. The embedded ones count when alone. */
static const struct proa_route *sole_route(const struct proa_build *b)
{
    const struct proa_route *own = b->snapshot->routes + b->snapshot->n_configured_routes;
    const struct proa_route *real = NULL;
    const struct proa_route *mock = NULL;
    size_t n = 0;
    for (size_t i = 0; i < b->n_providers; i++) {
        if (!b->providers[i].mock) {
            real = &own[i];
            n++;
        } else if (proa_slice_eq(b->providers[i].cfg->name, PROA_SLICE("mock"))) {
            mock = &own[i];
        }
    }
    return n == 0 ? mock : n == 1 ? real : NULL;
}

static void add_name(struct proa_policy_index *index, struct proa_map *seen, struct proa_slice name)
{
    if (index->n_names < SUGGEST_NAMES_MAX && !proa_map_get(seen, name)) {
        index->names[index->n_names] = name;
        (void)proa_map_put(seen, name, &index->names[index->n_names++]);
    }
}

/* What the targets of a route are called. */
static void add_targets(struct proa_build *b, struct proa_policy_index *index,
                        struct proa_map *seen, const struct proa_route *route)
{
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct proa_target *t = route->candidates[i].target;
        if (t->model.len > 0 && index->n_names < SUGGEST_NAMES_MAX) {
            add_name(index, seen,
                     proa_arena_printf(b->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                                       PROA_SLICE_ARG(t->provider->name),
                                       PROA_SLICE_ARG(t->model)));
        }
    }
}

/* Names of routes first, then what their targets are called, then models of the catalogue, then
 * each provider's "name/...". */
static void collect_names(struct proa_build *b, struct proa_policy_index *index)
{
    const struct proa_snapshot *s = b->snapshot;
    struct proa_map seen;
    size_t room = s->n_routes + s->n_targets;
    room = room < SUGGEST_NAMES_MAX ? room : SUGGEST_NAMES_MAX;
    index->names = proa_arena_zero(b->arena, room, sizeof(*index->names));
    proa_map_init(&seen, b->hash);
    for (size_t i = 0; i < s->n_configured_routes; i++) {
        if (!is_glob(s->routes[i].name)) {
            add_name(index, &seen, s->routes[i].name);
        }
    }
    for (size_t i = 0; i < s->n_configured_routes; i++) {
        add_targets(b, index, &seen, &s->routes[i]);
    }
    for (size_t i = s->n_configured_routes + s->n_providers; i < s->n_routes; i++) {
        add_name(index, &seen, s->routes[i].name);
    }
    index->n_concrete = index->n_names;
    for (size_t i = 0; i < s->n_providers; i++) {
        add_name(index, &seen, s->routes[s->n_configured_routes + i].name);
    }
    proa_map_deinit(&seen);
}

/* The routes of models stand behind those of providers, in the order of the catalogue. */
static void index_models(struct proa_build *b, struct proa_policy_index *index)
{
    const struct proa_snapshot *s = b->snapshot;
    size_t n_models = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n_models);
    const struct proa_route *own = s->routes + s->n_configured_routes;
    const struct proa_route *next = own + s->n_providers;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    index->models = proa_arena_zero(b->arena, n_models, sizeof(*index->models));
    for (size_t i = 0; i < n_models; i++) {
        index->models[i] = proa_build_is_offered(b, &models[i]) ? next++ : NULL;
    }
    for (size_t i = s->n_providers; i > 0; i--) {
        if (s->providers[i - 1].catalogue != PROA_CATALOGUE_NO_PROVIDER) {
            index->vendors[s->providers[i - 1].catalogue] = &own[i - 1];
        }
    }
}

void proa_build_index(struct proa_build *b)
{
    const struct proa_snapshot *s = b->snapshot;
    struct proa_policy_index *index = PROA_ARENA_NEW(b->arena, struct proa_policy_index);
    init_map(b, &index->exact);
    init_map(b, &index->providers);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    index->globs = proa_arena_zero(b->arena, s->n_configured_routes, sizeof(*index->globs));
    for (size_t i = 0; i < s->n_configured_routes; i++) {
        const struct proa_route *route = &s->routes[i];
        if (is_glob(route->name)) {
            index->globs[index->n_globs++] = route;
        } else {
            (void)proa_map_put(&index->exact, route->name, (void *)(uintptr_t)route);
        }
    }
    for (size_t i = 0; i < s->n_providers; i++) {
        (void)proa_map_put(&index->providers, s->providers[i].name,
                           (void *)(uintptr_t)&s->routes[s->n_configured_routes + i]);
    }
    index_models(b, index);
    index->sole = sole_route(b);
    collect_names(b, index);
    b->snapshot->index = index;
}

/* ---- resolve --------------------------------------------------------------------------------- */

static const struct proa_route *configured(const struct proa_policy_index *index,
                                           struct proa_slice model)
{
    const struct proa_route *route = proa_map_get(&index->exact, model);
    for (size_t i = 0; !route && i < index->n_globs; i++) {
        if (proa_slice_glob(index->globs[i]->name, model)) {
            route = index->globs[i];
        }
    }
    return route;
}

/* The provider that is known to call a model so; NULL when there is none or more than one. */
static const struct proa_route *who_calls_it(const struct proa_policy_index *index,
                                             struct proa_slice name)
{
    const struct proa_route *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < proa_catalogue_n_providers(); i++) {
        if (index->vendors[i] && proa_catalogue_offer_find((uint8_t)i, name)) {
            found = index->vendors[i];
            n++;
        }
    }
    return n == 1 ? found : NULL;
}

static enum proa_resolve_result bare(const struct proa_policy_index *index, struct proa_slice name,
                                     bool known, struct proa_resolution *out)
{
    const struct proa_route *route = index->sole ? index->sole : who_calls_it(index, name);
    if (!route) {
        return known ? PROA_RESOLVE_UNOFFERED : PROA_RESOLVE_AMBIGUOUS;
    }
    *out = (struct proa_resolution){route, name};
    return PROA_RESOLVED;
}

/* Where all configured offers of a model are. A provider of one's own may be called like a creator,
 * and then means models of its own. */
static const struct proa_route *offered(const struct proa_policy_index *index,
                                        const struct proa_catalogue_model *model,
                                        const struct proa_route *own)
{
    size_t n = 0;
    const bool other =
        own && own->candidates[0].target->provider->catalogue == PROA_CATALOGUE_NO_PROVIDER;
    return other ? NULL : index->models[model - proa_catalogue_models(&n)];
}

enum proa_resolve_result proa_snapshot_resolve(const struct proa_snapshot *s,
                                               struct proa_slice model, struct proa_resolution *out)
{
    const struct proa_policy_index *index = s->index;
    if (s->n_providers == 0) {
        return PROA_RESOLVE_NO_PROVIDER;
    }
    if (model.len == 0 || model.len > ASKED_MAX) {
        return PROA_RESOLVE_UNKNOWN_MODEL;
    }
    const size_t slash = proa_slice_find(model, '/');
    const struct proa_slice rest = proa_slice_from(model, slash + 1);
    const struct proa_route *own =
        slash < model.len ? proa_map_get(&index->providers, proa_slice_head(model, slash)) : NULL;
    const struct proa_route *route = configured(index, model);
    if (route) {
        *out = (struct proa_resolution){route, own && rest.len > 0 ? rest : model};
        return PROA_RESOLVED;
    }
    const struct proa_catalogue_model *known = proa_catalogue_find(model);
    route = known ? offered(index, known, own) : NULL;
    if (route) {
        *out = (struct proa_resolution){route, model};
        return PROA_RESOLVED;
    }
    if (slash < model.len) {
        if (!own) {
            return known ? PROA_RESOLVE_UNOFFERED : PROA_RESOLVE_UNKNOWN_PROVIDER;
        }
        if (rest.len == 0) {
            return PROA_RESOLVE_UNKNOWN_MODEL;
        }
        *out = (struct proa_resolution){own, rest};
        return PROA_RESOLVED;
    }
    return bare(index, model, known != NULL, out);
}

/* ---- suggest --------------------------------------------------------------------------------- */

static size_t apart(struct proa_slice a, struct proa_slice b)
{
    const size_t near = proa_build_near(a, b);
    const size_t difference = a.len > b.len ? a.len - b.len : b.len - a.len;
    const size_t distance = difference <= near ? proa_slice_distance(a, b) : SIZE_MAX;
    return distance <= near ? distance : SIZE_MAX;
}

/* Whole against whole, and a bare name against the model behind a provider. */
static size_t distance_of(struct proa_slice asked, struct proa_slice name)
{
    const size_t slash = proa_slice_find(name, '/');
    const size_t whole = apart(asked, name);
    size_t part = SIZE_MAX;
    if (slash == name.len) {
        return whole;
    }
    const struct proa_slice behind = proa_slice_from(name, slash + 1);
    const size_t asked_slash = proa_slice_find(asked, '/');
    if (proa_slice_eq(behind, PROA_SLICE("*"))) {
        part = asked_slash < asked.len
                   ? apart(proa_slice_head(asked, asked_slash), proa_slice_head(name, slash))
                   : SIZE_MAX;
    } else if (asked_slash == asked.len) {
        part = apart(asked, behind);
    }
    return whole < part ? whole : part;
}

size_t proa_snapshot_suggest(const struct proa_snapshot *s, struct proa_slice model,
                             struct proa_slice *out, size_t n)
{
    enum { MOST = 8 };
    const struct proa_policy_index *index = s->index;
    size_t distances[MOST];
    size_t found = 0;
    n = n < MOST ? n : MOST;
    for (size_t i = 0; n > 0 && model.len <= ASKED_MAX && i < index->n_names; i++) {
        if (i == index->n_concrete && found > 0) {
            break; /* a name that can be asked for as it is beats a pattern */
        }
        const size_t distance = distance_of(model, index->names[i]);
        size_t at = found;
        while (at > 0 && distances[at - 1] > distance) {
            at--;
        }
        if (distance == SIZE_MAX || at == n) {
            continue;
        }
        found += found < n ? 1 : 0;
        for (size_t k = found - 1; k > at; k--) {
            out[k] = out[k - 1];
            distances[k] = distances[k - 1];
        }
        out[at] = index->names[i];
        distances[at] = distance;
    }
    return found;
}
