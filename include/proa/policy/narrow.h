/*
 * What a request says of its routes, made into a route: for one exchange, out of the routes of the
 * snapshot that the model and the fallback models lead to.
 *
 * Pure. Candidates are the models in their order, of each those that pass the filters (`only`,
 * `has`, `zeroDataRetention`, `disallowPromptTraining`), first the providers in `order`, then the
 * others as `sort` ranks them or the route has them. Each step of that is a tier, so that the
 * engine does the rest: health counts as ever. A request's own credentials are tried before the
 * configured keys of their provider, with the model that their account has a name of its own for.
 *
 * A provider is named as it is configured; a name that none has stands for all configured providers
 * of that vendor, by its name here or by another that clients use (`google`, `vertexAnthropic`).
 */
#ifndef PROA_POLICY_NARROW_H
#define PROA_POLICY_NARROW_H

#include "proa/chat/routing.h"
#include "proa/policy/snapshot.h"

/* Does it say anything that concerns the route? */
bool proa_narrow_is_wanted(const struct proa_routing *routing);

struct proa_narrow_in {
    const struct proa_snapshot *snapshot;
    struct proa_resolution asked; /* where the model leads that was asked for */
    struct proa_slice name;       /* that model, as it was asked for */
    const struct proa_routing *routing;
    /* What `sort` ranks by, the lowest first; UINT64_MAX = not known, which is last. `model` is
     * what the target's provider is going to be asked for. Called with a sort only. */
    uint64_t (*measure)(void *ctx, const struct proa_target *target, struct proa_slice model);
    void *ctx;
};

/* All in the arena, but the snapshot's parts. */
struct proa_narrowed {
    struct proa_route route; /* its base is from[0] */
    const struct proa_route **from;
    size_t n_from;
    /* Of the request's credentials; they are released when the arena is reset. */
    struct proa_secret **secrets;
    size_t n_secrets;
};

enum proa_narrow_result {
    PROA_NARROWED = 0,
    PROA_NARROW_INVALID,       /* something in it cannot be done here: the client's to change */
    PROA_NARROW_NOTHING,       /* a filter leaves nothing */
    PROA_NARROW_UNKNOWN_MODEL, /* a fallback model leads nowhere */
    PROA_NARROW_MEMORY         /* no place for a secret */
};

/* Why not; in the arena. */
struct proa_narrow_refusal {
    struct proa_slice message; /* what, where, what to do; not for UNKNOWN_MODEL */
    struct proa_slice param;   /* "providerOptions.gateway.only" */
    struct proa_slice model;   /* UNKNOWN_MODEL: which one, and why */
    enum proa_resolve_result why;
};

/* Borrows from the routing, but for what is secret in it, of which it keeps copies. *out and
 * *refusal are each set by the results that they are for. */
enum proa_narrow_result proa_narrow(const struct proa_narrow_in *in, struct proa_arena *arena,
                                    struct proa_narrowed *out,
                                    struct proa_narrow_refusal *refusal) PROA_MUST_CHECK;

#endif
