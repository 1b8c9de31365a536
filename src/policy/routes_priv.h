/*
 * Routes on their way: what routes.c and models.c share.
 */
#ifndef PROA_POLICY_ROUTES_PRIV_H
#define PROA_POLICY_ROUTES_PRIV_H

#include "build_priv.h"

/* A configured target, resolved. */
struct offer {
    const struct proa_target_cfg *cfg;
    const struct proa_provider *provider;
    struct proa_slice model;
    uint32_t key_weights; /* sum over the keys of all offers of the target */
    uint8_t tier;
};

/* A route on its way. */
struct plan {
    const struct proa_route_cfg *cfg;
    const struct proa_doc_node *node;
    const char *path; /* "routes[2]" */
    const struct proa_policy_cfg *policy;
    struct offer *offers;
    size_t n_offers;
    size_t n_candidates;
    bool on_demand;
};

/* Sum over its keys. */
uint32_t proa_plan_weights(const struct proa_provider *provider);

/* ---- models.c */

/* All offers of a model of the catalogue, for which plan->offers has room; false when the target is
 * none. */
bool proa_plan_add_model(struct proa_build *b, struct plan *plan,
                         const struct proa_target_cfg *target, uint8_t tier);
/* A route for each model of the catalogue that is offered; returns how many, as does the latter
 * beforehand. */
size_t proa_plan_models(struct proa_build *b, struct plan *plans);
size_t proa_plan_n_models(const struct proa_build *b);

/* Warns of a name that the vendor's own address likely answers with 404. Where else it leads, who
 * knows. */
void proa_build_check_known(struct proa_build *b, const struct proa_provider *p,
                            struct proa_slice model, struct proa_option_where at, const char *path);

#endif
