/*
 * Routes for tests of the engine, built by hand from plain structs, so that no test of the engine
 * depends on how configuration is read.
 *
 * Everything is static inline and free of the test framework: unit tests, simulation and fuzz
 * target share it. A fixture points into itself; it must not be copied.
 */
#ifndef PROA_ENGINE_FIXTURE_H
#define PROA_ENGINE_FIXTURE_H

#include "proa/engine/run.h"

#include <string.h>

enum { FIXTURE_TARGETS_MAX = PROA_ROUTE_TARGETS_MAX, FIXTURE_PARTS = 8 };

/* One candidate. All of zero is endpoint 0, provider 0, key 0, model 0 in tier 0 with weight 1. */
struct fixture_target {
    uint8_t endpoint; /* each number < FIXTURE_PARTS */
    uint8_t provider;
    uint8_t key;
    uint8_t model;
    uint8_t tier;      /* not lower than that of the one added before */
    uint32_t weight;   /* 0 counts as 1 */
    bool off;          /* weight 0 */
    const char *group; /* quota group of the key; NULL = one of its own */
};

struct fixture {
    struct proa_engine *engine;
    struct proa_policy_cfg policy;
    struct proa_endpoint endpoints[FIXTURE_PARTS];
    struct proa_key keys[FIXTURE_PARTS][FIXTURE_PARTS]; /* by provider */
    struct proa_provider providers[FIXTURE_PARTS];
    struct proa_target targets[FIXTURE_TARGETS_MAX];
    struct proa_candidate candidates[FIXTURE_TARGETS_MAX];
    char identities[FIXTURE_TARGETS_MAX][8]; /* "p0/k0/m0" */
    struct proa_route route;
    struct proa_snapshot snapshot;
};

/* Timers as `resilience.md` 13.1 has them, three attempts, cancel on disconnect, no target. */
static inline void fixture_init(struct fixture *f, uint64_t seed)
{
    memset(f, 0, sizeof(*f));
    f->engine = proa_engine_create(seed);
    f->policy.retry.max_attempts = 3;
    f->policy.timeouts = (struct proa_timeout_cfg){
        .connect_ns = 2 * PROA_NS_PER_S,
        .tls_ns = 3 * PROA_NS_PER_S,
        .write_ns = 10 * PROA_NS_PER_S,
        .first_byte_ns = 20 * PROA_NS_PER_S,
        .first_content_ns = 30 * PROA_NS_PER_S,
        .idle_ns = 30 * PROA_NS_PER_S,
        .idle_bytes_ns = 60 * PROA_NS_PER_S,
        .total_ns = 120 * PROA_NS_PER_S,
        .total_stream_ns = 600 * PROA_NS_PER_S,
    };
    f->policy.on_disconnect = PROA_ON_DISCONNECT_CANCEL;
    for (uint16_t i = 0; i < FIXTURE_PARTS; i++) {
        f->endpoints[i].id = i;
        f->providers[i].keys = f->keys[i];
        f->providers[i].n_keys = FIXTURE_PARTS;
    }
    f->route.policy = &f->policy;
    f->route.candidates = f->candidates;
    f->snapshot.targets = f->targets;
}

static inline void fixture_deinit(struct fixture *f)
{
    proa_engine_destroy(f->engine);
}

/* Appends a candidate and makes the engine know its target; returns its index in the route. */
static inline size_t fixture_add(struct fixture *f, struct fixture_target t)
{
    const size_t n = f->route.n_candidates;
    PROA_ASSERT(n < FIXTURE_TARGETS_MAX && t.provider < FIXTURE_PARTS && t.key < FIXTURE_PARTS);
    PROA_ASSERT(n == 0 || f->candidates[n - 1].tier <= t.tier);
    const char identity[8] = {'p', (char)('0' + t.provider), '/', 'k', (char)('0' + t.key), '/',
                              'm', (char)('0' + t.model)};
    memcpy(f->identities[n], identity, sizeof(identity));
    f->providers[t.provider].endpoint = &f->endpoints[t.endpoint];
    struct proa_key *key = &f->keys[t.provider][t.key];
    if (t.group) {
        key->quota_group = proa_slice_cstr(t.group);
    }
    f->targets[n] = (struct proa_target){
        .id = (uint16_t)n,
        .provider = &f->providers[t.provider],
        .key = key,
        .model = proa_slice_make(f->identities[n] + 6, 2),
        .identity = proa_slice_make(f->identities[n], 8),
        .label = proa_slice_make(f->identities[n], 5),
    };
    f->candidates[n] = (struct proa_candidate){
        .target = &f->targets[n],
        .weight = t.off          ? 0
                  : t.weight > 0 ? t.weight
                                 : 1,
        .tier = t.tier,
    };
    f->route.n_candidates = n + 1;
    f->route.n_tiers = (uint8_t)(t.tier + 1);
    f->snapshot.n_targets = n + 1;
    proa_engine_adopt(f->engine, &f->snapshot);
    return n;
}

/* n targets that share nothing: an endpoint, a provider and a key of its own each. */
static inline void fixture_add_apart(struct fixture *f, uint8_t n)
{
    for (uint8_t i = 0; i < n; i++) {
        (void)fixture_add(f, (struct fixture_target){.endpoint = i, .provider = i});
    }
}

/* Its index in the route. */
static inline size_t fixture_index(const struct fixture *f, const struct proa_candidate *candidate)
{
    return (size_t)(candidate - f->candidates);
}

#endif
