/*
 * A request that says itself where it may go: what it says is read, made into a route of its own,
 * and kept as long as the exchange.
 *
 * Credentials in it are copied into secrets, which the redactor knows while the exchange lives, and
 * are overwritten in the body at once. Such a request is not answered from memory and not shared.
 */
#include "exchange_priv.h"

#include "proa/api/routing.h"
#include "proa/catalogue/catalogue.h"
#include "proa/core/hash.h"
#include "proa/usage/cost.h"

bool proa_routed_read(struct proa_exchange *x, struct proa_buf *text)
{
    struct routed *r = PROA_ARENA_NEW(x->arena, struct routed);
    struct proa_api_error error = {.code = PROA_API_ERR_INVALID_REQUEST};
    x->routed = r;
    const enum proa_err err = proa_api_routing_read(x->request, proa_buf_slice(&x->body), x->arena,
                                                    text, &r->said, &error);
    if (err != PROA_OK) {
        proa_reply_error(x, &error, PROA_SLICE_NONE);
    }
    return err == PROA_OK;
}

void proa_routed_wipe(struct proa_exchange *x)
{
    proa_api_routing_wipe(&x->routed->said);
}

/* ---- ranking --------------------------------------------------------------------------------- */

static uint64_t price_of(const struct proa_exchange *x, const struct proa_target *target,
                         struct proa_slice model)
{
    const struct proa_catalogue_offer *offer =
        target->offer ? target->offer
                      : proa_catalogue_offer_find(target->provider->catalogue, model);
    const uint64_t cost = offer ? proa_cost_estimate(&offer->price, proa_exchange_input_tokens(x),
                                                     proa_exchange_max_output(x))
                                : 0;
    return cost > 0 ? cost : UINT64_MAX;
}

static uint64_t measure(void *ctx, const struct proa_target *target, struct proa_slice model)
{
    const struct proa_exchange *x = ctx;
    const struct proa_roster *roster = x->live->roster;
    switch (x->routed->said.sort) {
    case PROA_SORT_COST:
        return price_of(x, target, model);
    case PROA_SORT_TTFT:
        return proa_roster_first_content_ns(roster, target, proa_exchange_input_tokens(x));
    case PROA_SORT_TPS:
        return proa_roster_pace_ns(roster, target);
    case PROA_SORT_NONE:
        break;
    }
    return UINT64_MAX;
}

/* ---- the route ------------------------------------------------------------------------------- */

static void refuse(struct proa_exchange *x, enum proa_narrow_result result,
                   const struct proa_narrow_refusal *refusal)
{
    struct proa_slice advice = PROA_SLICE_NONE;
    struct proa_api_error error = {
        .code = PROA_API_ERR_INVALID_REQUEST, .message = refusal->message, .param = refusal->param};
    if (result == PROA_NARROW_UNKNOWN_MODEL) {
        x->model = refusal->model; /* which is what the client is told of */
        proa_exchange_refuse_model(x, refusal->model, refusal->why);
        return;
    }
    if (result == PROA_NARROW_NOTHING) {
        error.code = PROA_API_ERR_NO_PROVIDERS;
    } else if (result == PROA_NARROW_MEMORY) {
        error.code = PROA_API_ERR_OVERLOADED;
        error.message = PROA_SLICE("There is no memory left to keep this request's credentials; "
                                   "send it again.");
        advice = PROA_SLICE("retry-after: 1\r\n");
    }
    proa_reply_error(x, &error, advice);
}

/* False: the redactor has no room for all of them, and they might be told to somebody. */
static bool know_secrets(struct proa_exchange *x)
{
    struct routed *r = x->routed;
    while (r->n_known < r->narrowed.n_secrets) {
        if (proa_redactor_add(x->host->redactor, r->narrowed.secrets[r->n_known]) != PROA_OK) {
            return false;
        }
        r->n_known++;
    }
    return true;
}

bool proa_routed_narrow(struct proa_exchange *x)
{
    struct routed *r = x->routed;
    struct proa_narrow_refusal refusal;
    if (!proa_narrow_is_wanted(&r->said)) {
        return true;
    }
    const struct proa_narrow_in in = {.snapshot = x->live->snapshot,
                                      .asked = x->resolved,
                                      .name = x->model,
                                      .routing = &r->said,
                                      .measure = measure,
                                      .ctx = x};
    const enum proa_narrow_result result = proa_narrow(&in, x->arena, &r->narrowed, &refusal);
    if (result != PROA_NARROWED) {
        x->resolved.route = NULL;
        refuse(x, result, &refusal);
        return false;
    }
    if (!know_secrets(x)) {
        x->resolved.route = NULL;
        refuse(x, PROA_NARROW_MEMORY, &refusal);
        return false;
    }
    x->resolved.route = &r->narrowed.route;
    return true;
}

const struct proa_route_seat *proa_routed_seat(struct proa_exchange *x)
{
    const struct proa_narrowed *n = &x->routed->narrowed;
    return n->n_from > 0 ? proa_roster_bind_narrowed(x->live->roster, &n->route, n->from, n->n_from,
                                                     x->arena, x->arrived_ns)
                         : NULL;
}

bool proa_routed_is_private(const struct proa_exchange *x)
{
    return x->routed && (x->routed->said.n_byok > 0 || x->routed->said.zero_data_retention);
}

struct proa_slice proa_routed_service_tier(const struct proa_exchange *x)
{
    return x->routed ? x->routed->said.service_tier : PROA_SLICE_NONE;
}

uint64_t proa_routed_generation(const struct proa_exchange *x)
{
    const struct proa_route *route = x->resolved.route;
    uint64_t generation = proa_live_route(x->live, route)->generation;
    for (size_t i = 1; route->base && i < x->routed->narrowed.n_from; i++) {
        const uint64_t both[2] = {
            generation, proa_live_route(x->live, x->routed->narrowed.from[i])->generation};
        generation = proa_hash64(proa_slice_make(both, sizeof both), 0);
    }
    return generation;
}

void proa_routed_end(struct proa_exchange *x)
{
    struct routed *r = x->routed;
    for (size_t i = 0; i < r->n_known; i++) {
        proa_redactor_remove(x->host->redactor, r->narrowed.secrets[i]);
    }
    r->n_known = 0;
}

/* ---- what is logged of it -------------------------------------------------------------------- */

struct proa_slice proa_routed_user(const struct proa_exchange *x)
{
    return x->routed ? x->routed->said.user : PROA_SLICE_NONE;
}

struct proa_slice proa_routed_tags(const struct proa_exchange *x)
{
    if (!x->routed || x->routed->said.tags.n == 0) {
        return PROA_SLICE_NONE;
    }
    struct proa_buf list;
    proa_buf_init(&list, 8192);
    for (size_t i = 0; i < x->routed->said.tags.n; i++) {
        (void)proa_buf_append_cstr(&list, i > 0 ? "," : "");
        (void)proa_buf_append(&list, x->routed->said.tags.items[i]);
    }
    const struct proa_slice all = proa_arena_dup(x->arena, proa_buf_slice(&list));
    proa_buf_deinit(&list);
    return all;
}
