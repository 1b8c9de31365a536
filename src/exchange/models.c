/*
 * The lists of models: what a client may ask for, in the words of its surface.
 */
#include "exchange_priv.h"

#include "proa/api/aisdk_config.h"
#include "proa/api/aisdk_request.h"
#include "proa/catalogue/catalogue.h"

/* Who a route's model is of: ours where somebody configured it, the creator's where the catalogue
 * knows it. */
static struct proa_slice owner_of(const struct proa_snapshot *s, const struct proa_route *route)
{
    return route->id < s->n_configured_routes ? PROA_SLICE("proa")
           : route->on_demand ? proa_slice_head(route->name, proa_slice_find(route->name, '/'))
                              : route->candidates[0].target->provider->name;
}

/* Configured names, and models of the catalogue that configured providers offer. What else a
 * provider has is the provider's to list. */
static size_t collect_models(const struct proa_exchange *x, struct proa_api_model *out)
{
    const struct proa_snapshot *s = x->live->snapshot;
    size_t n = 0;
    for (size_t i = 0; i < s->n_configured_routes; i++) {
        const struct proa_route *route = &s->routes[i];
        out[n++] = (struct proa_api_model){.id = route->name, .owned_by = owner_of(s, route)};
        for (size_t c = 0; c < route->n_candidates; c++) {
            const struct proa_target *target = route->candidates[c].target;
            struct proa_api_model model = {.owned_by = target->provider->name};
            if (target->model.len > 0) {
                model.id = proa_arena_printf(x->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                                             PROA_SLICE_ARG(target->provider->name),
                                             PROA_SLICE_ARG(target->model));
            }
            bool known = model.id.len == 0;
            for (size_t k = 0; k < n && !known; k++) {
                known = proa_slice_eq(out[k].id, model.id);
            }
            if (!known) {
                out[n++] = model;
            }
        }
    }
    const size_t n_named = n;
    for (size_t i = s->n_configured_routes; i < s->n_routes; i++) {
        const struct proa_route *route = &s->routes[i];
        bool known = !route->on_demand;
        for (size_t k = 0; k < n_named && !known; k++) {
            known = proa_slice_eq(out[k].id, route->name);
        }
        if (!known) {
            out[n++] = (struct proa_api_model){.id = route->name, .owned_by = owner_of(s, route)};
        }
    }
    return n;
}

static void reply_one_model(struct proa_exchange *x, struct proa_slice raw_id, struct proa_buf *out)
{
    struct proa_buf id;
    proa_buf_init(&id, 512);
    struct proa_resolution resolved;
    enum proa_resolve_result result = PROA_RESOLVE_UNKNOWN_MODEL;
    if (proa_api_decode_id(raw_id, &id) == PROA_OK) {
        result = proa_snapshot_resolve(x->live->snapshot, proa_buf_slice(&id), &resolved);
    }
    const struct proa_slice name = proa_arena_dup(x->arena, proa_buf_slice(&id));
    proa_buf_deinit(&id);
    if (result != PROA_RESOLVED) {
        proa_exchange_refuse_model(x, name, result);
        return;
    }
    const struct proa_api_model model = {.id = name,
                                         .owned_by = owner_of(x->live->snapshot, resolved.route)};
    if (proa_api_model_write(&model, out) == PROA_OK) {
        proa_reply_json(x, 200, proa_buf_slice(out), PROA_SLICE_NONE);
    }
}

/* ---- the AI SDK's list ----------------------------------------------------------------------- */

/* The order of both is the same. */
_Static_assert((int)PROA_API_PRICE_CACHE_WRITE == (int)PROA_PRICE_CACHE_WRITE, "prices by field");

/* Of who is asked first for it. */
static struct proa_api_config_model describe(const struct proa_exchange *x, struct proa_slice id)
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
    const struct proa_catalogue_offer *offer =
        target->offer ? target->offer
                      : proa_catalogue_offer_find(target->provider->catalogue, out.model_id);
    if (offer) {
        const struct proa_catalogue_model *model = proa_catalogue_model_of(offer);
        out.name = proa_catalogue_slice(model->name);
        out.type = proa_slice_cstr(proa_model_type_name((enum proa_model_type)model->type));
        out.priced = offer->price.known;
        memcpy(out.pico, offer->price.pico, sizeof out.pico);
    }
    return out;
}

static enum proa_err write_config(struct proa_exchange *x, const struct proa_api_model *models,
                                  size_t n, unsigned path, struct proa_buf *out)
{
    const unsigned version = proa_api_aisdk_config_version(
        proa_http_header_value(&x->head->headers, PROA_HTTP_HEADER_USER_AGENT), path);
    struct proa_api_config_model *all = proa_arena_alloc(x->arena, n * sizeof all[0]);
    for (size_t i = 0; i < n; i++) {
        all[i] = describe(x, models[i].id);
    }
    return proa_api_aisdk_config_write(all, n, version, out);
}

/* ---- all lists ------------------------------------------------------------------------------- */

void proa_exchange_list_models(struct proa_exchange *x, const struct proa_api_match *match)
{
    struct proa_buf out;
    proa_buf_init(&out, (size_t)16 * 1024 * 1024);
    if (match->kind == PROA_API_MODEL) {
        reply_one_model(x, match->raw_id, &out);
    } else {
        const struct proa_snapshot *s = x->live->snapshot;
        size_t most = 1 + s->n_routes;
        for (size_t i = 0; i < s->n_configured_routes; i++) {
            most += 1 + s->routes[i].n_candidates;
        }
        struct proa_api_model *models = proa_arena_zero(x->arena, most, sizeof *models);
        const size_t n = collect_models(x, models);
        const enum proa_err err = match->kind == PROA_API_CONFIG
                                      ? write_config(x, models, n, match->version, &out)
                                      : proa_api_models_write(models, n, &out);
        if (err == PROA_OK) {
            proa_reply_json(x, 200, proa_buf_slice(&out), PROA_SLICE_NONE);
        }
    }
    proa_buf_deinit(&out);
}
