/*
 * The catalogue over what is configured: which provider is which of its own, and who offers a
 * model.
 */
#include "routes_priv.h"

#include "proa/provider/vendor.h"

static uint64_t bit(uint8_t provider)
{
    return UINT64_C(1) << provider;
}

static uint8_t place_of(const struct proa_vendor *vendor)
{
    for (size_t i = 0; vendor && i < proa_catalogue_n_providers(); i++) {
        if (proa_vendor_find(proa_catalogue_provider(i)) == vendor) {
            return (uint8_t)i;
        }
    }
    return PROA_CATALOGUE_NO_PROVIDER;
}

void proa_build_catalogue(struct proa_build *b)
{
    for (size_t i = 0; i < b->n_providers; i++) {
        struct proa_provider *provider = b->providers[i].out;
        provider->catalogue = place_of(provider->vendor);
        if (provider->catalogue != PROA_CATALOGUE_NO_PROVIDER) {
            b->catalogue |= bit(provider->catalogue);
        }
    }
}

static uint64_t offered_by(const struct proa_catalogue_model *model)
{
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(model);
    uint64_t all = 0;
    for (size_t i = 0; i < model->n_offers; i++) {
        all |= bit(offers[i].provider);
    }
    return all;
}

bool proa_build_is_offered(const struct proa_build *b, const struct proa_catalogue_model *model)
{
    return (offered_by(model) & b->catalogue) != 0;
}

size_t proa_build_offerings(const struct proa_build *b, const struct proa_catalogue_model *model,
                            struct proa_build_offering out[PROA_BUILD_OFFERINGS_MAX])
{
    const uint64_t wanted = offered_by(model) & b->catalogue;
    size_t n = 0;
    size_t n_keys = 0;
    for (size_t i = 0; wanted != 0 && i < b->n_providers; i++) {
        const struct proa_provider *provider = b->providers[i].out;
        if (provider->catalogue == PROA_CATALOGUE_NO_PROVIDER ||
            (wanted & bit(provider->catalogue)) == 0) {
            continue;
        }
        n_keys += provider->n_keys;
        if (n_keys > PROA_ROUTE_TARGETS_MAX) {
            break;
        }
        out[n++] = (struct proa_build_offering){
            provider, proa_catalogue_offer_by(model, provider->catalogue)};
    }
    return n;
}

const struct proa_catalogue_model *proa_build_model(const struct proa_build *b,
                                                    struct proa_slice name)
{
    const size_t slash = proa_slice_find(name, '/');
    const struct proa_catalogue_model *model = slash < name.len ? proa_catalogue_find(name) : NULL;
    if (!model || !proa_build_is_offered(b, model)) {
        return NULL;
    }
    const struct proa_build_provider *own = proa_map_get(&b->by_name, proa_slice_head(name, slash));
    return own && own->out->catalogue == PROA_CATALOGUE_NO_PROVIDER ? NULL : model;
}

/* ---- names that are not there ---------------------------------------------------------------- */

/* Names that accounts give: tuned models, profiles, deployments. */
static bool is_accounts(struct proa_slice model)
{
    static const struct proa_slice begins[] = {
        PROA_SLICE_INIT("ft:"),
        PROA_SLICE_INIT("arn:"),
        PROA_SLICE_INIT("tunedModels/"),
        PROA_SLICE_INIT("projects/"),
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(begins); i++) {
        if (proa_slice_starts(model, begins[i])) {
            return true;
        }
    }
    return false;
}

/* 0 stands for a digit. */
static bool ends_as(struct proa_slice text, struct proa_slice shape)
{
    bool same = text.len > shape.len;
    for (size_t i = 0; same && i < shape.len; i++) {
        const char c = text.ptr[text.len - shape.len + i];
        same = shape.ptr[i] == '0' ? c >= '0' && c <= '9' : c == shape.ptr[i];
    }
    return same;
}

/* The name of a model whose state of one day this is. */
static struct proa_slice without_date(struct proa_slice model)
{
    static const struct proa_slice ends[] = {
        PROA_SLICE_INIT("-0000-00-00"),
        PROA_SLICE_INIT("-00000000"),
        PROA_SLICE_INIT("-0000"),
        PROA_SLICE_INIT("-latest"),
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(ends); i++) {
        if (ends_as(model, ends[i])) {
            return proa_slice_head(model, model.len - ends[i].len);
        }
    }
    return model;
}

/* By its own name for it, or by another that the catalogue has for one of its models. */
static bool is_known(const struct proa_provider *p, struct proa_slice model)
{
    const struct proa_catalogue_model *named = proa_catalogue_find(model);
    return proa_catalogue_offer_find(p->catalogue, model) ||
           (named && proa_catalogue_offer_by(named, p->catalogue));
}

void proa_build_check_known(struct proa_build *b, const struct proa_provider *p,
                            struct proa_slice model, struct proa_option_where at, const char *path)
{
    size_t n = 0;
    if (p->catalogue == PROA_CATALOGUE_NO_PROVIDER || !p->endpoint ||
        proa_vendor_of_host(p->endpoint->host) != p->vendor ||
        proa_vendor_has_any_model(p->vendor) || is_accounts(model) || is_known(p, model) ||
        is_known(p, without_date(model))) {
        return;
    }
    struct proa_build_guess guess;
    proa_build_guess_init(&guess, model);
    const struct proa_catalogue_offer *offers = proa_catalogue_offers(&n);
    for (size_t i = 0; i < n; i++) {
        if (offers[i].provider == p->catalogue) {
            proa_build_guess_try(&guess, proa_catalogue_slice(offers[i].id));
        }
    }
    proa_build_warn(b, at,
                    "%s.model: \"%" PROA_SLICE_FMT "\" is no model of %" PROA_SLICE_FMT
                    " that the catalogue knows, so nothing is known of its limits and prices%s",
                    path, PROA_SLICE_ARG(model), PROA_SLICE_ARG(p->vendor->name),
                    proa_build_guess_text(&guess, b->arena));
}

/* ---- as targets ------------------------------------------------------------------------------ */

uint32_t proa_plan_weights(const struct proa_provider *provider)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < provider->n_keys; i++) {
        sum += provider->keys[i].weight;
    }
    return sum;
}

/* Does a target stand for this very offer, and for no other? */
static bool is_this(const struct proa_build *b, const struct proa_target_cfg *cfg,
                    const struct proa_build_offering *offering)
{
    const struct proa_slice name = offering->provider->name;
    const struct proa_slice id = proa_catalogue_slice(offering->offer->id);
    if (cfg->provider.len > 0) {
        return proa_slice_eq(cfg->provider, name) && proa_slice_eq(cfg->model, id);
    }
    const size_t slash = proa_slice_find(cfg->model, '/');
    return slash < cfg->model.len && proa_slice_eq(proa_slice_head(cfg->model, slash), name) &&
           proa_slice_eq(proa_slice_from(cfg->model, slash + 1), id) &&
           !proa_build_model(b, cfg->model);
}

/* What the route places itself, where it wants it, is not placed by its model once more. */
static bool is_placed(const struct proa_build *b, const struct plan *plan,
                      const struct proa_build_offering *offering)
{
    const struct proa_tier_cfg *tiers = plan->cfg->tiers.items;
    for (size_t t = 0; t < plan->cfg->tiers.n; t++) {
        const struct proa_target_cfg *targets = tiers[t].targets.items;
        for (size_t i = 0; i < tiers[t].targets.n; i++) {
            if (is_this(b, &targets[i], offering)) {
                return true;
            }
        }
    }
    return false;
}

/* The offers of a model, less those that the route places itself; all, where that leaves none. */
static size_t offerings_left(const struct proa_build *b, const struct plan *plan,
                             const struct proa_catalogue_model *model,
                             struct proa_build_offering out[PROA_BUILD_OFFERINGS_MAX])
{
    const size_t n = proa_build_offerings(b, model, out);
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_placed(b, plan, &out[i])) {
            out[left++] = out[i];
        }
    }
    return left > 0 ? left : proa_build_offerings(b, model, out);
}

static void put_offerings(struct plan *plan, const struct proa_target_cfg *cfg, uint8_t tier,
                          const struct proa_build_offering *offerings, size_t n)
{
    uint32_t weights = 0;
    for (size_t i = 0; i < n; i++) {
        weights += proa_plan_weights(offerings[i].provider);
    }
    for (size_t i = 0; i < n; i++) {
        plan->offers[plan->n_offers++] = (struct offer){
            .cfg = cfg,
            .provider = offerings[i].provider,
            .model = proa_catalogue_slice(offerings[i].offer->id),
            .key_weights = weights,
            .tier = tier,
        };
        plan->n_candidates += offerings[i].provider->n_keys;
    }
}

bool proa_plan_add_model(struct proa_build *b, struct plan *plan,
                         const struct proa_target_cfg *target, uint8_t tier)
{
    const struct proa_catalogue_model *model =
        target->provider.len > 0 ? NULL : proa_build_model(b, target->model);
    struct proa_build_offering offerings[PROA_BUILD_OFFERINGS_MAX];
    const size_t n = model ? offerings_left(b, plan, model, offerings) : 0;
    put_offerings(plan, target, tier, offerings, n);
    return n > 0;
}

/* ---- as routes of their own ------------------------------------------------------------------ */

/* All offers in one tier. */
static void plan_model(struct proa_build *b, const struct proa_catalogue_model *model,
                       struct plan *out)
{
    static const struct proa_target_cfg even = {.weight = 1};
    struct proa_build_offering offerings[PROA_BUILD_OFFERINGS_MAX];
    const size_t n = proa_build_offerings(b, model, offerings);
    struct proa_route_cfg *cfg = PROA_ARENA_NEW(b->arena, struct proa_route_cfg);
    cfg->model = proa_catalogue_slice(model->id);
    cfg->policy = PROA_SLICE("default");
    cfg->tiers.n = 1;
    out->cfg = cfg;
    out->policy = proa_build_policy(b, cfg->policy);
    out->offers = proa_arena_zero(b->arena, n, sizeof(*out->offers));
    out->on_demand = true;
    put_offerings(out, &even, 0, offerings, n);
}

size_t proa_plan_models(struct proa_build *b, struct plan *plans)
{
    size_t n_models = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n_models);
    size_t n = 0;
    for (size_t i = 0; i < n_models; i++) {
        if (proa_build_is_offered(b, &models[i])) {
            plan_model(b, &models[i], &plans[n++]);
        }
    }
    return n;
}

size_t proa_plan_n_models(const struct proa_build *b)
{
    size_t n_models = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n_models);
    size_t n = 0;
    for (size_t i = 0; i < n_models; i++) {
        n += proa_build_is_offered(b, &models[i]);
    }
    return n;
}
