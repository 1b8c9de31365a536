/*
 * Arbitrary bytes as a configuration, with an environment, files that it may name, and the mock:
 * building must end with a snapshot whose parts fit together, or with messages. Bytes behind a NUL
 * are a policy file, and the name that is asked for.
 *
 * links: policy provider auth config core
 */
#include "proa/core/alloc.h"
#include "proa/policy/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool get(void *ctx, const char *name, struct proa_slice *value)
{
    (void)ctx;
    *value = strcmp(name, "KEY") == 0 ? PROA_SLICE("sk-key") : PROA_SLICE("a b");
    return strcmp(name, "KEY") == 0 || strcmp(name, "ODD") == 0;
}

static enum proa_err file(void *ctx, const char *path, bool secret, struct proa_slice *bytes)
{
    const struct proa_slice *policy = ctx;
    (void)path;
    *bytes = secret ? PROA_SLICE("sk-file\n") : *policy;
    return PROA_OK;
}

static void check(const struct proa_snapshot *s)
{
    for (size_t i = 0; i < s->n_targets; i++) {
        const struct proa_target *t = &s->targets[i];
        PROA_ASSERT(t->id == i && t->provider && t->key && t->identity.len > t->label.len);
    }
    for (size_t i = 0; i < s->n_providers; i++) {
        const struct proa_provider *p = &s->providers[i];
        PROA_ASSERT(p->dialect && p->endpoint && p->n_keys > 0 && p->cfg);
    }
    /* What is configured, one for each provider, and then the catalogue's, which cost nothing yet.
     */
    const size_t n_own = s->n_configured_routes + s->n_providers;
    PROA_ASSERT(s->n_routes >= n_own);
    for (size_t i = 0; i < s->n_routes; i++) {
        const struct proa_route *r = &s->routes[i];
        PROA_ASSERT(r->on_demand == (i >= n_own));
        PROA_ASSERT(r->id == i && r->policy && r->n_tiers > 0);
        PROA_ASSERT(r->n_candidates > 0 && r->n_candidates <= PROA_ROUTE_TARGETS_MAX);
        uint64_t weights = 0;
        for (size_t c = 0; c < r->n_candidates; c++) {
            PROA_ASSERT(r->candidates[c].tier < r->n_tiers);
            weights += r->candidates[c].weight;
        }
        PROA_ASSERT(weights > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proa_slice rest;
    struct proa_slice asked;
    const struct proa_slice yaml = proa_slice_split(proa_slice_make(data, size), '\0', &rest);
    struct proa_slice policy = proa_slice_split(rest, '\0', &asked);
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    struct proa_snapshot *s = NULL;
    const struct proa_policy_file files[] = {{"f.yaml", yaml}};
    const struct proa_policy_env env = {.ctx = &policy, .getenv = get, .file = file};
    const struct proa_policy_input input = {
        .files = files,
        .n_files = 1,
        .env = &env,
        .mock = size % 2 == 1,
        .mock_base = PROA_SLICE("http://127.0.0.1:9"),
    };
    const enum proa_err err = proa_snapshot_build(&input, diags, &s);
    PROA_ASSERT((err == PROA_OK) == (diags->n_errors == 0) && (err == PROA_OK) == (s != NULL));
    for (uint32_t i = 0; i < diags->n; i++) {
        PROA_ASSERT(diags->items[i].message[0]);
        PROA_ASSERT(!diags->items[i].file || diags->items[i].file == files[0].name);
    }
    if (s) {
        struct proa_resolution out = {0};
        struct proa_slice near[3];
        check(s);
        if (proa_snapshot_resolve(s, asked, &out) == PROA_RESOLVED) {
            PROA_ASSERT(out.route && out.model.len > 0);
        }
        PROA_ASSERT(proa_snapshot_suggest(s, asked, near, 3) <= 3);
        proa_snapshot_unref(s);
    }
    proa_free(diags);
    return 0;
}
