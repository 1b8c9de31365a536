/*
 * A route in the making, for one request: what the units of narrowing share.
 *
 *   narrow.c        candidates, filters, places
 *   narrow_names.c  what a name of a provider stands for
 *   narrow_byok.c   credentials of the request
 */
#ifndef PROA_POLICY_NARROW_PRIV_H
#define PROA_POLICY_NARROW_PRIV_H

#include "proa/catalogue/catalogue.h"
#include "proa/policy/narrow.h"

enum { NARROW_CONFIGURED = UINT16_MAX };

/* A candidate and what its place is decided by. */
struct narrow_spot {
    const struct proa_target *target;
    struct proa_slice model; /* what is asked for, of a target without a model of its own */
    uint64_t first_token_ns;
    uint64_t measure; /* by `sort`, or the tier of the route that it comes from */
    uint32_t weight;
    uint16_t of_model;   /* place in the list of models */
    uint16_t rank;       /* place in `order`; behind it: all the others */
    uint16_t credential; /* of the request's own; NARROW_CONFIGURED = a configured key */
    bool late;           /* with a sort: another model of the same route */
    bool substitute;
};

/* What a name stands for. */
struct narrow_name {
    const struct proa_provider *exact; /* is called so; or else */
    const struct proa_vendor *vendor;  /* those of this one */
    struct proa_slice creator;         /* and of these models alone; empty = of all */
};

/* A credential, and whose it is. */
struct narrow_credential {
    const struct proa_provider *provider;
    const struct proa_key *key;
};

struct narrow {
    const struct proa_narrow_in *in;
    struct proa_arena *arena;
    struct proa_narrowed *out;
    struct proa_narrow_refusal *refusal;
    struct narrow_name *order;
    struct narrow_name *only;
    struct narrow_name *timeouts;
    struct narrow_credential *credentials;
    struct narrow_spot *spots; /* in their order, of all that were seen the first */
    size_t n_spots;
};

/* ---- narrow.c */
/* What the provider of this target is going to be asked for. */
struct proa_slice proa_narrow_model(const struct narrow *n, const struct narrow_spot *spot);
/* In the catalogue; NULL: it is not known there. */
const struct proa_catalogue_model *proa_narrow_known_model(const struct narrow *n,
                                                           const struct narrow_spot *spot);
/* Refused, with a message. */
enum proa_narrow_result proa_narrow_refuse(struct narrow *n, const char *param, const char *fmt,
                                           ...) PROA_PRINTF(3, 4);
/* "openai, azure" */
void proa_narrow_append_name(struct proa_buf *out, struct proa_slice name);

/* ---- narrow_names.c */
struct narrow_name proa_narrow_name(const struct proa_snapshot *snapshot, struct proa_slice name);
/* All of a list, in the arena. */
struct narrow_name *proa_narrow_names(const struct narrow *n, const struct proa_routing_names *of);
/* Is this provider meant, for a model by this creator? */
bool proa_narrow_means(const struct narrow_name *name, const struct proa_provider *provider,
                       struct proa_slice creator);
/* Place of the first that means it; n when none does. */
size_t proa_narrow_place(const struct narrow_name *names, size_t n,
                         const struct proa_provider *provider, struct proa_slice creator);

/* ---- narrow_byok.c */
/* Fills n->credentials and out->secrets. */
enum proa_narrow_result proa_narrow_credentials(struct narrow *n) PROA_MUST_CHECK;
/* The spot's target with its credential instead of the key. */
const struct proa_target *proa_narrow_own_target(const struct narrow *n,
                                                 const struct narrow_spot *spot);

#endif
