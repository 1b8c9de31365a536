/*
 * The lists of models: what a client may ask for, in the words of its surface.
 */
#include "proa/api/models.h"

#include "exchange_priv.h"

#include "proa/api/aisdk_config.h"
#include "proa/api/aisdk_request.h"
#include "proa/api/offers.h"
#include "proa/catalogue/catalogue.h"
#include "proa/core/map.h"
#include "proa/engine/status.h"

/* More than the largest entry of a list takes. */
enum { ENTRY_MAX = 2048 };

/* The order of both is the same. */
_Static_assert((int)PROA_API_PRICE_CACHE_WRITE == (int)PROA_PRICE_CACHE_WRITE, "prices by field");
_Static_assert((int)PROA_API_FEATURE_TOOLS == (int)PROA_CAPABILITY_TOOLS &&
                   (int)PROA_API_FEATURE_JSON_SCHEMA == (int)PROA_CAPABILITY_JSON_SCHEMA &&
                   (int)PROA_API_FEATURE_AUDIO == (int)PROA_CAPABILITY_AUDIO &&
                   (int)PROA_API_FEATURES == (int)PROA_CAPABILITIES,
               "features by capability");

/* ---- which there are ------------------------------------------------------------------------- */

/* A name, and the route that it leads to. */
struct listed {
    struct proa_slice id;
    struct proa_slice owned_by;
    const struct proa_route *route;   /* NULL: a target of one, */
    const struct proa_target *target; /* which then is this */
};

struct list {
    struct proa_arena *arena;
    struct proa_map known; /* ids, to the entries */
    struct listed *items;
    size_t n;
};

/* Who a route's model is of: ours where somebody configured it, the creator's where the catalogue
 * knows it. */
static struct proa_slice owner_of(const struct proa_snapshot *s, const struct proa_route *route)
{
    return route->id < s->n_configured_routes ? PROA_SLICE("proa")
           : route->on_demand ? proa_slice_head(route->name, proa_slice_find(route->name, '/'))
                              : route->candidates[0].target->provider->name;
}

static void add(struct list *list, const struct listed *item)
{
    if (!proa_map_get(&list->known, item->id)) {
        struct listed *at = &list->items[list->n++];
        *at = *item;
        (void)proa_map_put(&list->known, at->id, at);
    }
}

/* "provider/model" of each target that has a model. */
static void add_targets(struct list *list, const struct proa_route *route)
{
    for (size_t c = 0; c < route->n_candidates; c++) {
        const struct proa_target *target = route->candidates[c].target;
        if (target->model.len > 0) {
            const struct listed item = {
                .id = proa_arena_printf(list->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                                        PROA_SLICE_ARG(target->provider->name),
                                        PROA_SLICE_ARG(target->model)),
                .owned_by = target->provider->name,
                .target = target,
            };
            add(list, &item);
        }
    }
}

/* Configured names, and models of the catalogue that configured providers offer. What else a
 * provider has is the provider's to list. */
static void collect(const struct proa_exchange *x, struct list *list)
{
    const struct proa_snapshot *s = x->live->snapshot;
    size_t most = s->n_routes;
    for (size_t i = 0; i < s->n_configured_routes; i++) {
        most += s->routes[i].n_candidates;
    }
    *list = (struct list){.arena = x->arena,
                          .items = proa_arena_alloc(x->arena, (most + 1) * sizeof list->items[0])};
    proa_map_init(&list->known, proa_prng_next(&x->host->prng));
    for (size_t i = 0; i < s->n_routes; i++) {
        const struct proa_route *route = &s->routes[i];
        if (i < s->n_configured_routes || route->on_demand) {
            const struct listed item = {
                .id = route->name, .owned_by = owner_of(s, route), .route = route};
            add(list, &item);
        }
        if (i < s->n_configured_routes) {
            add_targets(list, route);
        }
    }
    proa_map_deinit(&list->known);
}

/* ---- what is known of one -------------------------------------------------------------------- */

static const struct proa_catalogue_offer *offer_of(const struct proa_target *target,
                                                   struct proa_slice model)
{
    return target->offer ? target->offer
                         : proa_catalogue_offer_find(target->provider->catalogue, model);
}

static struct proa_api_prices prices_of(const struct proa_catalogue_offer *offer)
{
    struct proa_api_prices out = {.known = offer->price.known};
    memcpy(out.pico, offer->price.pico, sizeof out.pico);
    return out;
}

/* Of who is asked first for it. A configured name keeps that name for people, too. */
static struct proa_api_model describe(const struct listed *item,
                                      const struct proa_catalogue_offer *offer, bool configured)
{
    struct proa_api_model out = {.id = item->id, .owned_by = item->owned_by};
    if (offer) {
        const struct proa_catalogue_model *model = proa_catalogue_model_of(offer);
        out.name = configured ? item->id : proa_catalogue_slice(model->name);
        out.type = proa_slice_cstr(proa_model_type_name((enum proa_model_type)model->type));
        out.prices = prices_of(offer);
        out.context = offer->context;
        out.max_output = offer->max_output;
        out.features = model->capabilities;
    }
    return out;
}

static struct proa_api_model describe_listed(const struct proa_exchange *x,
                                             const struct listed *item)
{
    const struct proa_target *target =
        item->route ? item->route->candidates[0].target : item->target;
    const bool configured = item->route && item->route->id < x->live->snapshot->n_configured_routes;
    return describe(item, offer_of(target, target->model), configured);
}

/* ---- one of them ----------------------------------------------------------------------------- */

/* Its status, as the engine sees it. */
static int status_of(const struct proa_status_offer *s)
{
    return !s->is_bound ? 0 : s->is_out ? -2 : s->is_on_trial ? -1 : 0;
}

static bool is_first_of_pool(const struct proa_route *route, size_t i)
{
    const struct proa_target *target = route->candidates[i].target;
    for (size_t k = 0; k < i; k++) {
        const struct proa_target *other = route->candidates[k].target;
        if (other->provider == target->provider && proa_slice_eq(other->model, target->model)) {
            return false;
        }
    }
    return true;
}

static struct proa_api_offer describe_offer(const struct proa_exchange *x,
                                            const struct proa_resolution *resolved, size_t i)
{
    const struct proa_target *target = resolved->route->candidates[i].target;
    struct proa_api_offer out = {
        .provider = target->provider->name,
        .model_id = target->model.len > 0 ? target->model : resolved->model,
    };
    struct proa_status_offer status;
    const struct proa_catalogue_offer *offer = offer_of(target, out.model_id);
    if (offer) {
        out.prices = prices_of(offer);
        out.context = offer->context;
        out.max_output = offer->max_output;
    }
    proa_status_offer(x->live->roster, resolved->route, i, proa_loop_now(x->host->loop), &status);
    out.status = status_of(&status);
    out.answered = status.answered;
    out.failed = status.failed;
    out.first_p50_ns = status.first_p50_ns;
    out.first_p95_ns = status.first_p95_ns;
    out.pace_p50_milli = status.pace_p50_milli;
    out.pace_p95_milli = status.pace_p95_milli;
    return out;
}

static enum proa_err write_offers(const struct proa_exchange *x,
                                  const struct proa_resolution *resolved,
                                  const struct proa_api_model *model, struct proa_buf *out)
{
    const struct proa_route *route = resolved->route;
    struct proa_api_offer *offers =
        proa_arena_alloc(x->arena, route->n_candidates * sizeof offers[0]);
    size_t n = 0;
    for (size_t i = 0; i < route->n_candidates; i++) {
        if (is_first_of_pool(route, i)) {
            offers[n++] = describe_offer(x, resolved, i);
        }
    }
    return proa_api_offers_write(model, offers, n, out);
}

/* ERR_CANCELLED: there is none of this name, and that is answered. */
static enum proa_err write_one(struct proa_exchange *x, const struct proa_api_match *match,
                               struct proa_buf *out)
{
    struct proa_buf id;
    struct proa_resolution resolved;
    enum proa_resolve_result result = PROA_RESOLVE_UNKNOWN_MODEL;
    proa_buf_init(&id, 512);
    if (proa_api_decode_id(match->raw_id, &id) == PROA_OK) {
        result = proa_snapshot_resolve(x->live->snapshot, proa_buf_slice(&id), &resolved);
    }
    /* What is found borrows from the name that was asked for. */
    const struct proa_slice name = proa_arena_dup(x->arena, proa_buf_slice(&id));
    if (result == PROA_RESOLVED) {
        result = proa_snapshot_resolve(x->live->snapshot, name, &resolved);
    }
    proa_buf_deinit(&id);
    x->model = name;
    if (result != PROA_RESOLVED) {
        proa_exchange_refuse_model(x, name, result);
        return PROA_ERR_CANCELLED;
    }
    const struct proa_route *route = resolved.route;
    const struct proa_target *target = route->candidates[0].target;
    const struct listed item = {.id = name, .owned_by = owner_of(x->live->snapshot, route)};
    const struct proa_api_model model =
        describe(&item, offer_of(target, target->model.len > 0 ? target->model : resolved.model),
                 route->id < x->live->snapshot->n_configured_routes);
    return match->kind == PROA_API_MODEL_ENDPOINTS ? write_offers(x, &resolved, &model, out)
                                                   : proa_api_model_write(&model, out);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static enum proa_err write_models(const struct proa_exchange *x, const struct list *list,
                                  struct proa_buf *out)
{
    struct proa_api_model *models = proa_arena_alloc(x->arena, list->n * sizeof models[0]);
    for (size_t i = 0; i < list->n; i++) {
        models[i] = describe_listed(x, &list->items[i]);
    }
    return proa_api_models_write(models, list->n, out);
}

static struct proa_api_config_model describe_config(const struct proa_exchange *x,
                                                    struct proa_slice id)
{
    struct proa_api_config_model out = {
        .id = id, .type = proa_slice_cstr(proa_model_type_name(PROA_MODEL_LANGUAGE))};
    struct proa_resolution resolved;
    if (proa_snapshot_resolve(x->live->snapshot, id, &resolved) != PROA_RESOLVED) {
        return out;
    }
    const struct proa_target *target = resolved.route->candidates[0].target;
    out.provider = target->provider->name;
    out.model_id = target->model.len > 0 ? target->model : resolved.model;
    const struct proa_catalogue_offer *offer = offer_of(target, out.model_id);
    if (offer) {
        const struct proa_catalogue_model *model = proa_catalogue_model_of(offer);
        out.name = proa_catalogue_slice(model->name);
        out.type = proa_slice_cstr(proa_model_type_name((enum proa_model_type)model->type));
        out.priced = offer->price.known;
        memcpy(out.pico, offer->price.pico, sizeof out.pico);
    }
    return out;
}

static enum proa_err write_config(struct proa_exchange *x, const struct list *list, unsigned path,
                                  struct proa_buf *out)
{
    const unsigned version = proa_api_aisdk_config_version(
        proa_http_header_value(&x->head->headers, PROA_HTTP_HEADER_USER_AGENT), path);
    struct proa_api_config_model *all = proa_arena_alloc(x->arena, list->n * sizeof all[0]);
    for (size_t i = 0; i < list->n; i++) {
        all[i] = describe_config(x, list->items[i].id);
    }
    return proa_api_aisdk_config_write(all, list->n, version, out);
}

static enum proa_err write_all(struct proa_exchange *x, const struct proa_api_match *match,
                               const struct list *list, struct proa_buf *out)
{
    return match->kind == PROA_API_CONFIG ? write_config(x, list, match->version, out)
                                          : write_models(x, list, out);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answer(struct proa_exchange *x, const struct proa_api_match *match,
                   const struct list *list, size_t max)
{
    struct proa_buf out;
    proa_buf_init(&out, max);
    const enum proa_err err = list ? write_all(x, match, list, &out) : write_one(x, match, &out);
    if (err == PROA_OK) {
        proa_reply_json(x, 200, proa_buf_slice(&out), PROA_SLICE_NONE);
    } else if (err != PROA_ERR_CANCELLED) {
        const struct proa_api_error error = {
            .code = PROA_API_ERR_INTERNAL,
            .message = PROA_SLICE("The list is longer than it can be; ask for single models.")};
        proa_reply_error(x, &error, PROA_SLICE_NONE);
    }
    proa_buf_deinit(&out);
}

void proa_exchange_list_models(struct proa_exchange *x, const struct proa_api_match *match)
{
    struct list list;
    if (match->kind == PROA_API_MODEL || match->kind == PROA_API_MODEL_ENDPOINTS) {
        answer(x, match, NULL, (size_t)ENTRY_MAX * (PROA_ROUTE_TARGETS_MAX + 1));
        return;
    }
    collect(x, &list);
    const uint64_t max = (uint64_t)ENTRY_MAX * (list.n + 1);
    if (!proa_exchange_take_budget(x->host, max)) {
        const struct proa_api_error error = {
            .code = PROA_API_ERR_OVERLOADED,
            .message = PROA_SLICE("The memory for answers is used up; try again shortly.")};
        proa_reply_error(x, &error, PROA_SLICE("retry-after: 1\r\n"));
        return;
    }
    answer(x, match, &list, (size_t)max);
    proa_exchange_give_budget(x->host, max);
}
