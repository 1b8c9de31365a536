/* The life of a snapshot, and the order in which one is built. */
#include "proa/policy/snapshot.h"

#include "build_priv.h"

#include "proa/core/alloc.h"

#include <stdio.h>

static bool env_get(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    struct proa_build *b = ctx;
    return proa_build_getenv(b, proa_arena_cstr(b->arena, name), value);
}

static void hash_input(struct proa_build *b)
{
    const struct proa_policy_input *in = b->input;
    for (size_t i = 0; i < in->n_files; i++) {
        proa_build_hash(b, in->files[i].bytes);
    }
    for (size_t i = 0; i < in->n_flags; i++) {
        proa_build_hash(b, proa_slice_cstr(in->flags[i].path));
        proa_build_hash(b, in->flags[i].value);
    }
    proa_build_hash(b, in->mock ? PROA_SLICE("mock") : PROA_SLICE_NONE);
}

static bool read_files(struct proa_build *b)
{
    const struct proa_policy_input *in = b->input;
    const struct proa_config_env env = {.get = env_get, .ctx = b};
    struct proa_config_source *files = proa_arena_zero(b->arena, in->n_files, sizeof(*files));
    for (size_t i = 0; i < in->n_files; i++) {
        files[i] = (struct proa_config_source){in->files[i].name, in->files[i].bytes};
    }
    const struct proa_config_input config = {
        .table = &proa_root_table,
        .files = files,
        .n_files = in->n_files,
        .env = &env,
        .flags = in->flags,
        .n_flags = in->n_flags,
    };
    b->cfg = PROA_ARENA_NEW(b->arena, struct proa_root_cfg);
    if (proa_config_parse(&config, b->arena, b->cfg, &b->tree, b->diags)) {
        return false;
    }
    const struct proa_slice version = b->cfg->api_version;
    if (version.len > 0 && !proa_slice_eq(version, PROA_SLICE("proa/v1"))) {
        const struct proa_doc_node *node = proa_build_member(b->tree, "apiVersion", NULL);
        proa_build_error(b, proa_build_at(node, (struct proa_option_where){0}),
                         "apiVersion: \"%" PROA_SLICE_FMT "\" is not proa/v1, the only version "
                         "there is",
                         PROA_SLICE_ARG(version));
    }
    return true;
}

static bool is_borrowed(const struct proa_policy_input *in, const char *file)
{
    bool found = file == NULL;
    for (size_t i = 0; !found && i < in->n_files; i++) {
        found = file == in->files[i].name;
    }
    for (size_t i = 0; !found && i < in->n_flags; i++) {
        found = file == in->flags[i].flag;
    }
    return found;
}

/* Messages outlive the arena. Where one points into it (a policy file's name, a variable's), the
 * place moves into its text. */
static void detach_places(struct proa_build *b, uint32_t first)
{
    for (uint32_t i = first; i < b->diags->n; i++) {
        struct proa_diag *d = &b->diags->items[i];
        char text[sizeof(d->message)];
        if (is_borrowed(b->input, d->file)) {
            continue;
        }
        const int n = d->line > 0
                          ? snprintf(text, sizeof(text), "%.120s:%u:%u: %.340s", d->file,
                                     (unsigned)d->line, (unsigned)d->col, d->message)
                          : snprintf(text, sizeof(text), "%.120s: %.340s", d->file, d->message);
        if (n > 0) {
            memcpy(d->message, text, sizeof(text));
        }
        d->file = NULL;
        d->line = 0;
        d->col = 0;
    }
}

static void run_steps(struct proa_build *b)
{
    hash_input(b);
    if (!read_files(b)) {
        return;
    }
    proa_build_listen(b);
    proa_build_admin(b);
    proa_build_shared(b);
    proa_build_policies(b);
    proa_build_egress(b);
    proa_build_providers(b);
    proa_build_catalogue(b);
    proa_build_routes(b);
}

static void finish(struct proa_build *b)
{
    struct proa_snapshot *s = b->snapshot;
    proa_build_index(b);
    s->refs = 1;
    s->generation = b->input->generation;
    s->cfg = b->cfg;
    const int n =
        snprintf(s->revision, sizeof(s->revision), "%016llx", (unsigned long long)b->hash);
    PROA_ASSERT(n == (int)sizeof(s->revision) - 1);
}

enum proa_err proa_snapshot_build(const struct proa_policy_input *input, struct proa_diags *diags,
                                  struct proa_snapshot **out)
{
    struct proa_snapshot *s = PROA_NEW(struct proa_snapshot);
    proa_arena_init(&s->arena, NULL);
    struct proa_build b = {.input = input, .diags = diags, .arena = &s->arena, .snapshot = s};
    const uint32_t errors = diags->n_errors;
    const uint32_t first = diags->n;
    proa_map_init(&b.policies, 0);
    proa_map_init(&b.by_name, 0);
    proa_map_init(&b.routes, 0);
    proa_map_init(&b.targets, 0);
    run_steps(&b);
    const bool ok = diags->n_errors == errors;
    if (ok) {
        finish(&b);
        *out = s;
    }
    proa_map_deinit(&b.policies);
    proa_map_deinit(&b.by_name);
    proa_map_deinit(&b.routes);
    proa_map_deinit(&b.targets);
    detach_places(&b, first);
    if (!ok) {
        proa_arena_reset(&s->arena);
        proa_free(s);
    }
    return ok ? PROA_OK : PROA_ERR_SYNTAX;
}

struct proa_snapshot *proa_snapshot_ref(struct proa_snapshot *s)
{
    s->refs++;
    return s;
}

void proa_snapshot_unref(struct proa_snapshot *s)
{
    if (!s || --s->refs > 0) {
        return;
    }
    struct proa_arena arena = s->arena; /* its hooks release what the snapshot holds */
    proa_arena_reset(&arena);
    proa_free(s);
}
