/*
 * Routes for tests of the engine, built by hand from plain structs, so that no test of the engine
 * depends on how configuration is read.
 *
 * Everything is static inline and free of the test framework: unit tests, simulation and fuzz
 * target share it. A fixture points into itself; it must not be copied. Targets are added first;
 * fixture_bind(), which the first exchange calls by itself, makes them known to the engine.
 */
#ifndef PROA_ENGINE_FIXTURE_H
#define PROA_ENGINE_FIXTURE_H

#include "proa/engine/roster.h"
#include "proa/engine/run.h"
#include "proa/engine/status.h"

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
    bool substitute;   /* another model than the one asked for */
    uint32_t prefill;  /* form of the provider; 0 = it cannot be told */
    const char *group; /* quota group of the key; NULL = one of its own */
};

struct fixture_names {
    char endpoint[3];
    char provider[3];
    char key[3];
    char model[3];
};

struct fixture {
    struct proa_engine *engine;
    struct proa_roster *roster; /* NULL until bound */
    struct proa_policy_cfg policy;
    struct fixture_names names[FIXTURE_PARTS];
    struct proa_endpoint endpoints[FIXTURE_PARTS];
    struct proa_key keys[FIXTURE_PARTS][FIXTURE_PARTS]; /* by provider */
    struct proa_provider_cfg provider_cfgs[FIXTURE_PARTS];
    struct proa_provider providers[FIXTURE_PARTS];
    struct proa_target targets[FIXTURE_TARGETS_MAX];
    struct proa_candidate candidates[FIXTURE_TARGETS_MAX];
    char identities[FIXTURE_TARGETS_MAX][9]; /* "p0/k0/m0" */
    struct proa_route route;
    struct proa_snapshot snapshot;
};

/*
 * A policy under which each decision follows from the events alone: no chance, nothing measured,
 * and what guards health out of the way until a test brings it in. The spans are those of
 * policies/default.yaml.
 */
static inline void fixture_policy(struct proa_policy_cfg *p)
{
    memset(p, 0, sizeof(*p));
    p->retry = (struct proa_retry_cfg){
        .max_attempts = 3,
        .per_pool = 2,
        .backoff_base_ns = 500 * PROA_NS_PER_MS,
        .backoff_cap_ns = 4 * PROA_NS_PER_S,
        .throttle_base_ns = 1 * PROA_NS_PER_S,
        .retry_after_max_ns = 2 * PROA_NS_PER_S,
        .budget = {.ratio_ppm = 200000, .cap = 10, .start = 10, .per_second_ppm = 100000},
    };
    p->timeouts = (struct proa_timeout_cfg){
        .connect_ns = 2 * PROA_NS_PER_S,
        .tls_ns = 3 * PROA_NS_PER_S,
        .write_ns = 10 * PROA_NS_PER_S,
        .first_byte_ns = 20 * PROA_NS_PER_S,
        .first_content_ns = 30 * PROA_NS_PER_S,
        .first_content_min_ns = 10 * PROA_NS_PER_S,
        .first_content_max_ns = 60 * PROA_NS_PER_S,
        .idle_ns = 30 * PROA_NS_PER_S,
        .idle_bytes_ns = 60 * PROA_NS_PER_S,
        .total_ns = 120 * PROA_NS_PER_S,
        .total_stream_ns = 600 * PROA_NS_PER_S,
    };
    p->breaker = (struct proa_breaker_cfg){
        .score = 5,
        .pool_score = 5,
        .endpoint_score = 6,
        .window_ns = 60 * PROA_NS_PER_S,
        .min_samples = 10,
        .trip_ppm = 500000,
        .open_floor_ns = 1 * PROA_NS_PER_S,
        .open_base_ns = 5 * PROA_NS_PER_S,
        .open_cap_ns = 30 * PROA_NS_PER_S,
        .stable_ns = 60 * PROA_NS_PER_S,
        .half_open_successes = 2,
        .lease_ns = 60 * PROA_NS_PER_S,
        .ramp_ns = 30 * PROA_NS_PER_S,
        .ramp_min_ppm = 100000,
        .ramp_failure_factor = 2,
    };
    p->degraded = (struct proa_degraded_cfg){
        .enter_ppm = 200000,
        .enter_fast_ppm = 300000,
        .slow_ppm = 500000,
        .exit_good = 3,
        .trickle_ppm = 50000,
        .trickle_every_ns = 10 * PROA_NS_PER_S,
    };
    p->stall = (struct proa_stall_cfg){
        .slow_factor = 4,
        .slow_min_ns = 2 * PROA_NS_PER_S,
        .stall_factor = 4,
        .stall_min_ns = 3 * PROA_NS_PER_S,
        .stall_cold_ns = 10 * PROA_NS_PER_S,
        .evacuate = true,
    };
    p->panic = (struct proa_panic_cfg){.enabled = true,
                                       .k_ppm = 2000000,
                                       .window_ns = 60 * PROA_NS_PER_S,
                                       .floor_ns = 2 * PROA_NS_PER_S};
    p->hedge = (struct proa_hedge_cfg){
        .quantile_ppm = 950000,
        .min_ns = 1 * PROA_NS_PER_S,
        .min_samples = 30,
        .headroom_ppm = 200000,
        .budget = {.ratio_ppm = 50000, .cap = 10, .start = 3},
    };
    p->balance = (struct proa_balance_cfg){
        .strategy = PROA_STRATEGY_WEIGHTED,
        .tau_ns = 30 * PROA_NS_PER_S,
        .failure_gain = 10,
        .affinity_bound_ppm = 1250000,
        .affinity_min_tokens = 1024,
        .affinity = PROA_AFFINITY_OFF,
    };
    p->limiter = (struct proa_limiter_cfg){
        .enabled = true,
        .up_ppm = 1000,
        .down_ppm = 700000,
        .reserve_ppm = 100000,
        .batch_ppm = 700000,
        .wait_max_ns = 300 * PROA_NS_PER_S,
    };
    p->concurrency = (struct proa_concurrency_cfg){
        .target = 64,
        .route = 256,
        .down_ppm = 700000,
        .floor = 2,
        .queue_wait_ns = 5 * PROA_NS_PER_S,
        .sojourn_ns = 500 * PROA_NS_PER_MS,
    };
    p->credential = (struct proa_credential_cfg){
        .disabled_ns = 300 * PROA_NS_PER_S,
        .exhausted_ns = 600 * PROA_NS_PER_S,
        .cap_ns = 3600 * PROA_NS_PER_S,
        .mask_ns = 600 * PROA_NS_PER_S,
    };
    p->commit = (struct proa_commit_cfg){64, 262144, 1048576};
    p->on_disconnect = PROA_ON_DISCONNECT_CANCEL;
}

/* fixture_policy(), and no target yet. */
static inline void fixture_init(struct fixture *f, uint64_t seed)
{
    memset(f, 0, sizeof(*f));
    f->engine = proa_engine_create(seed);
    fixture_policy(&f->policy);
    for (uint16_t i = 0; i < FIXTURE_PARTS; i++) {
        const char digit = (char)('0' + i);
        f->names[i] =
            (struct fixture_names){{'e', digit}, {'p', digit}, {'k', digit}, {'m', digit}};
        f->endpoints[i].id = i;
        f->endpoints[i].identity = proa_slice_cstr(f->names[i].endpoint);
        f->providers[i].name = proa_slice_cstr(f->names[i].provider);
        f->providers[i].keys = f->keys[i];
        f->providers[i].n_keys = FIXTURE_PARTS;
        f->providers[i].endpoint = &f->endpoints[i];
        f->providers[i].cfg = &f->provider_cfgs[i];
    }
    for (uint16_t p = 0; p < FIXTURE_PARTS; p++) {
        for (uint16_t k = 0; k < FIXTURE_PARTS; k++) {
            f->keys[p][k].label = proa_slice_cstr(f->names[k].key);
        }
    }
    f->route.name = PROA_SLICE("route");
    f->route.policy = &f->policy;
    f->route.candidates = f->candidates;
    f->route.n_tiers = 1;
    f->snapshot.endpoints = f->endpoints;
    f->snapshot.n_endpoints = FIXTURE_PARTS;
    f->snapshot.providers = f->providers;
    f->snapshot.n_providers = FIXTURE_PARTS;
    f->snapshot.targets = f->targets;
    f->snapshot.routes = &f->route;
    f->snapshot.n_routes = 1;
    f->snapshot.n_configured_routes = 1;
}

static inline void fixture_deinit(struct fixture *f)
{
    proa_roster_destroy(f->roster);
    proa_engine_destroy(f->engine);
}

static inline void fixture_bind(struct fixture *f, uint64_t now_ns)
{
    if (!f->roster) {
        f->roster = proa_roster_create(f->engine, &f->snapshot, now_ns);
    }
}

/* Appends a candidate; returns its index in the route. */
static inline size_t fixture_add(struct fixture *f, struct fixture_target t)
{
    const size_t n = f->route.n_candidates;
    PROA_ASSERT(n < FIXTURE_TARGETS_MAX && t.provider < FIXTURE_PARTS && t.key < FIXTURE_PARTS);
    PROA_ASSERT(n == 0 || f->candidates[n - 1].tier <= t.tier);
    PROA_ASSERT(!f->roster);
    const char identity[9] = {'p', (char)('0' + t.provider), '/', 'k', (char)('0' + t.key), '/',
                              'm', (char)('0' + t.model)};
    memcpy(f->identities[n], identity, sizeof(identity));
    f->providers[t.provider].endpoint = &f->endpoints[t.endpoint];
    f->provider_cfgs[t.provider].prefill = t.prefill;
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
        .substitute = t.substitute,
    };
    f->route.n_candidates = n + 1;
    f->route.n_tiers = (uint8_t)(t.tier + 1);
    f->snapshot.n_targets = n + 1;
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

/* One request of one attempt that ends so, wherever the engine sends it. */
static inline void fixture_call(struct fixture *f, struct proa_run *run, struct proa_event event,
                                uint64_t now_ns)
{
    const struct proa_run_options options = {.no_fallback = true};
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    struct proa_commands out = {.n = 0};
    proa_run_init(run, f->roster, &f->route, &options, now_ns);
    proa_run_feed(run, now_ns, &admitted, &out);
    out.n = 0;
    proa_run_feed(run, now_ns, &event, &out);
    while (proa_engine_next_woken(f->engine)) {
    }
}

/* Endpoint after endpoint cannot be reached. */
static inline void fixture_lose_uplink(struct fixture *f, uint64_t now_ns)
{
    const struct proa_event failed = {
        .kind = PROA_EV_FAILED, .class = PROA_CLASS_CONNECT, .err = PROA_ERR_UNREACHABLE};
    for (int n = 0; n < 10 && !proa_status_uplink_down(f->engine); n++) {
        struct proa_run run;
        fixture_call(f, &run, failed, now_ns);
    }
}

#endif
