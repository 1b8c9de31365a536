/*
 * A scenario as configuration: text as a person would write it, built into a snapshot by the same
 * code that reads files.
 */
#include "sim_priv.h"

#include "proa/config/config.h"
#include "proa/config/dump.h"
#include "proa/core/alloc.h"

enum { TEXT_MAX = 1024 * 1024 };

static const char POLICY_FILE[] = "policy.yaml";
static const char CONFIG_FILE[] = "(the scenario)";

struct setup {
    const struct proa_scenario *scenario;
    const struct proa_sim_policy *policy; /* NULL = the scenario's own */
    struct proa_buf config;
    struct proa_buf own; /* the scenario's policy as a file */
};

static bool get_env(void *ctx, const char *name, struct proa_slice *value)
{
    (void)ctx;
    *value = PROA_SLICE("simulated");
    return strcmp(name, "SIMULATED_KEY") == 0;
}

static enum proa_err get_file(void *ctx, const char *path, bool secret, struct proa_slice *bytes)
{
    struct setup *s = ctx;
    (void)path, (void)secret; /* it names one file, and no secret */
    *bytes = s->policy ? s->policy->bytes : proa_buf_slice(&s->own);
    return PROA_OK;
}

static void write_own_policy(struct setup *s)
{
    struct proa_policy_cfg policy = s->scenario->policy;
    policy.api_version = PROA_SLICE("proa/v1");
    policy.kind = PROA_SLICE("Policy");
    policy.name = PROA_SLICE("scenario");
    const enum proa_err err = proa_dump_yaml(&proa_policy_table, &policy, NULL, false, &s->own);
    PROA_ASSERT(err == PROA_OK);
}

static void write_providers(struct setup *s)
{
    PROA_BUF_LIT(&s->config, "providers:\n");
    for (size_t i = 0; i < s->scenario->providers.n; i++) {
        const struct proa_scenario_provider *p = proa_scenario_provider(s->scenario, i);
        (void)proa_buf_append_printf(&s->config,
                                     "  %" PROA_SLICE_FMT ":\n    dialect: openai\n"
                                     "    base_url: https://%" PROA_SLICE_FMT
                                     ".invalid/v1\n    keys:\n",
                                     PROA_SLICE_ARG(p->name), PROA_SLICE_ARG(p->name));
        for (uint32_t k = 0; k < p->keys; k++) {
            (void)proa_buf_append_printf(&s->config, "      - {env: SIMULATED_KEY, label: k%u",
                                         (unsigned)k + 1);
            if (p->quota_groups > 0) {
                (void)proa_buf_append_printf(&s->config, ", quota_group: g%u",
                                             (unsigned)(k % p->quota_groups) + 1);
            }
            PROA_BUF_LIT(&s->config, "}\n");
        }
    }
}

/* Tiers without a provider do not become tiers. */
static void write_route(struct setup *s, struct proa_slice policy)
{
    (void)proa_buf_append_printf(
        &s->config, "routes:\n  - model: m\n    policy: %" PROA_SLICE_FMT "\n    tiers:\n",
        PROA_SLICE_ARG(policy));
    for (uint32_t tier = 0; tier < PROA_ROUTE_TIERS_MAX; tier++) {
        bool begun = false;
        for (size_t i = 0; i < s->scenario->providers.n; i++) {
            const struct proa_scenario_provider *p = proa_scenario_provider(s->scenario, i);
            if (p->tier != tier) {
                continue;
            }
            (void)proa_buf_append_printf(
                &s->config, "%s{model: %" PROA_SLICE_FMT "/m, weight: %u, substitute: %s}\n",
                begun ? "        - " : "      - - ", PROA_SLICE_ARG(p->name), (unsigned)p->weight,
                p->substitute ? "true" : "false");
            begun = true;
        }
    }
}

/* What a policy file calls itself; the build complains when there is no name. */
static struct proa_slice name_in_file(const struct proa_sim_policy *policy,
                                      struct proa_arena *arena, struct proa_diags *diags)
{
    const struct proa_doc_node *root = NULL;
    const struct proa_doc_node *name = NULL;
    if (proa_doc_parse(policy->bytes, policy->file, arena, &root, diags) == PROA_OK) {
        name = proa_doc_get(root, PROA_SLICE("name"));
    }
    return name && name->kind == PROA_DOC_SCALAR ? name->text : PROA_SLICE("default");
}

static void write_config(struct setup *s, struct proa_arena *arena, struct proa_diags *diags)
{
    const bool built_in = s->policy && s->policy->bytes.len == 0;
    struct proa_slice name = PROA_SLICE("scenario");
    if (s->policy) {
        name = built_in ? s->policy->name : name_in_file(s->policy, arena, diags);
    } else {
        write_own_policy(s);
    }
    write_providers(s);
    if (!built_in) {
        (void)proa_buf_append_printf(&s->config, "policies: [\"%s\"]\n",
                                     s->policy ? s->policy->file : POLICY_FILE);
    }
    write_route(s, name);
    PROA_ASSERT(proa_buf_ok(&s->config) && proa_buf_ok(&s->own));
}

static enum proa_err build(struct setup *s, struct proa_diags *diags, struct proa_snapshot **out)
{
    const struct proa_policy_file file = {.name = CONFIG_FILE, .bytes = proa_buf_slice(&s->config)};
    const struct proa_policy_env env = {.ctx = s, .getenv = get_env, .file = get_file};
    const struct proa_policy_input input = {
        .files = &file, .n_files = 1, .env = &env, .generation = 1};
    return proa_snapshot_build(&input, diags, out);
}

/* Which provider and group of keys stand behind each target. */
static void map_targets(struct proa_sim *sim)
{
    for (size_t t = 0; t < sim->route->n_candidates; t++) {
        const struct proa_provider *provider = sim->route->candidates[t].target->provider;
        size_t i = 0;
        while (!proa_slice_eq(proa_scenario_provider(sim->scenario, i)->name, provider->name)) {
            i++;
        }
        const struct proa_scenario_provider *p = proa_scenario_provider(sim->scenario, i);
        const uint32_t groups = p->quota_groups > 0 ? p->quota_groups : p->keys;
        sim->provider[t] = (uint16_t)i;
        sim->group[t] = (uint16_t)t;
        for (size_t u = 0; u < t; u++) {
            if (sim->provider[u] == i &&
                (proa_sim_key_of(sim, u) - 1) % groups == (proa_sim_key_of(sim, t) - 1) % groups) {
                sim->group[t] = sim->group[u];
                break;
            }
        }
    }
}

enum proa_err proa_sim_create(const struct proa_scenario *scenario,
                              const struct proa_sim_policy *policy, struct proa_diags *diags,
                              struct proa_sim **out)
{
    struct setup s = {.scenario = scenario, .policy = policy};
    struct proa_arena arena;
    struct proa_snapshot *snapshot = NULL;
    struct proa_resolution resolution;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&s.config, TEXT_MAX);
    proa_buf_init(&s.own, TEXT_MAX);
    write_config(&s, &arena, diags);
    const enum proa_err err = build(&s, diags, &snapshot);
    if (err == PROA_OK) {
        struct proa_sim *sim = PROA_NEW(struct proa_sim);
        const enum proa_resolve_result found =
            proa_snapshot_resolve(snapshot, PROA_SLICE("m"), &resolution);
        PROA_ASSERT(found == PROA_RESOLVED);
        sim->scenario = scenario;
        sim->snapshot = snapshot;
        sim->route = resolution.route;
        map_targets(sim);
        *out = sim;
    }
    proa_buf_deinit(&s.config);
    proa_buf_deinit(&s.own);
    proa_arena_reset(&arena);
    return err;
}

void proa_sim_destroy(struct proa_sim *sim)
{
    if (sim) {
        proa_snapshot_unref(sim->snapshot);
        proa_free(sim);
    }
}

const struct proa_route *proa_sim_route(const struct proa_sim *sim)
{
    return sim->route;
}

const struct proa_scenario *proa_sim_scenario(const struct proa_sim *sim)
{
    return sim->scenario;
}

size_t proa_sim_provider_of(const struct proa_sim *sim, size_t target)
{
    return sim->provider[target];
}

uint32_t proa_sim_key_of(const struct proa_sim *sim, size_t target)
{
    const struct proa_target *t = sim->route->candidates[target].target;
    return (uint32_t)(t->key - t->provider->keys) + 1;
}

size_t proa_sim_domain_of(const struct proa_sim *sim, size_t target)
{
    return sim->group[target];
}
