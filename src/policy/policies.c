/* Policies: those in place, those in files, those built in. */
#include "build_priv.h"
#include "builtin_priv.h"

static bool is_version(struct proa_slice s)
{
    return proa_slice_eq(s, PROA_SLICE("proa/v1"));
}

static const struct proa_doc_node *member(const struct proa_doc_node *node, const char *key)
{
    return proa_build_member(node, key, "file");
}

/* What cannot work as meant, though each setting alone is in range. */
static void check_timeouts(struct proa_build *b, const struct proa_policy_cfg *policy,
                           const struct proa_doc_node *node, const char *path)
{
    const struct proa_timeout_cfg *t = &policy->timeouts;
    const struct proa_doc_node *written = member(node, "timeouts");
    const struct {
        const char *name;
        uint64_t ns;
        const char *total;
        uint64_t total_ns;
    } rows[] = {
        {"first_content", t->first_content_ns, "total_stream", t->total_stream_ns},
        {"idle", t->idle_ns, "total_stream", t->total_stream_ns},
        {"connect", t->connect_ns, "total", t->total_ns},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct proa_doc_node *at = proa_build_member(written, rows[i].name, NULL);
        at = at ? at : proa_build_member(written, rows[i].total, NULL);
        if (at && rows[i].ns > rows[i].total_ns) {
            proa_build_warn(b, at->at,
                            "%stimeouts.%s: is longer than %s, which ends the exchange first; no "
                            "other target is tried then",
                            path, rows[i].name, rows[i].total);
        }
    }
}

/* Settings that are bounds of one another. Where the default of one crosses what was written for
 * the other, the message still points to what was written. */
static void check_order(struct proa_build *b, const struct proa_policy_cfg *policy,
                        const struct proa_doc_node *node, const char *path)
{
    const struct proa_breaker_cfg *k = &policy->breaker;
    const struct proa_retry_cfg *r = &policy->retry;
    const struct proa_credential_cfg *c = &policy->credential;
    const struct {
        const char *group;
        const char *low;
        uint64_t low_value;
        const char *high;
        uint64_t high_value;
    } rows[] = {
        {"breaker", "open_floor", k->open_floor_ns, "open_base", k->open_base_ns},
        {"breaker", "open_base", k->open_base_ns, "open_cap", k->open_cap_ns},
        {"timeouts", "first_content_min", policy->timeouts.first_content_min_ns,
         "first_content_max", policy->timeouts.first_content_max_ns},
        {"retry", "backoff_base", r->backoff_base_ns, "backoff_cap", r->backoff_cap_ns},
        {"degraded", "enter", policy->degraded.enter_ppm, "enter_fast",
         policy->degraded.enter_fast_ppm},
        {"concurrency", "floor", policy->concurrency.floor, "target", policy->concurrency.target},
        {"credential", "disabled", c->disabled_ns, "cap", c->cap_ns},
        {"credential", "exhausted", c->exhausted_ns, "cap", c->cap_ns},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (rows[i].low_value <= rows[i].high_value) {
            continue;
        }
        const struct proa_doc_node *group = member(node, rows[i].group);
        const struct proa_doc_node *at = proa_build_member(group, rows[i].low, NULL);
        at = at ? at : proa_build_member(group, rows[i].high, NULL);
        proa_build_error(b, proa_build_at(at, policy->where), "%s%s.%s: is more than %s", path,
                         rows[i].group, rows[i].low, rows[i].high);
    }
}

/* Puts a bound policy under its name. `path` begins messages: "policies[0].", or "" in a file. */
static void add(struct proa_build *b, struct proa_policy_cfg *policy,
                const struct proa_doc_node *node, const char *path, bool in_file)
{
    const struct proa_slice version = policy->api_version;
    if ((in_file || version.len > 0) && !is_version(version)) {
        proa_build_error(b, proa_build_at(member(node, "apiVersion"), policy->where),
                         "%sapiVersion: must be proa/v1", path);
    }
    if ((in_file || policy->kind.len > 0) && !proa_slice_eq(policy->kind, PROA_SLICE("Policy"))) {
        proa_build_error(b, proa_build_at(member(node, "kind"), policy->where),
                         "%skind: must be Policy", path);
    }
    if (policy->name.len == 0) {
        proa_build_error(b, policy->where, "%sname: is missing; routes name a policy by it", path);
        return;
    }
    const struct proa_option_where at = proa_build_at(member(node, "name"), policy->where);
    if (!proa_build_is_name(policy->name)) {
        proa_build_error(b, at,
                         "%sname: \"%" PROA_SLICE_FMT "\" is no name; write letters, digits, '.', "
                         "'_' and '-', at most 64",
                         path, PROA_SLICE_ARG(policy->name));
        return;
    }
    const struct proa_policy_cfg *first = proa_map_get(&b->policies, policy->name);
    if (first) {
        proa_build_error(b, at,
                         "%sname: there is a policy \"%" PROA_SLICE_FMT "\" already, at %s:%u:%u",
                         path, PROA_SLICE_ARG(policy->name), first->where.file,
                         (unsigned)first->where.line, (unsigned)first->where.col);
        return;
    }
    check_timeouts(b, policy, node, path);
    check_order(b, policy, node, path);
    (void)proa_map_put(&b->policies, policy->name, policy);
}

static bool env_get(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    struct proa_build *b = ctx;
    return proa_build_getenv(b, proa_arena_cstr(b->arena, name), value);
}

/* NULL when the bytes are no policy; `file` is what messages call them. */
static struct proa_policy_cfg *parse(struct proa_build *b, struct proa_slice bytes,
                                     const char *file, const struct proa_doc_node **node)
{
    const struct proa_config_env env = {.get = env_get, .ctx = b};
    struct proa_policy_cfg *policy = PROA_ARENA_NEW(b->arena, struct proa_policy_cfg);
    if (proa_doc_parse(bytes, file, b->arena, node, b->diags)) {
        return NULL;
    }
    if ((*node)->kind != PROA_DOC_MAP) {
        proa_build_error(b, (*node)->at, "a policy file must be a map of settings");
        return NULL;
    }
    if (proa_config_bind(&proa_policy_table, *node, &env, b->arena, policy, b->diags)) {
        return NULL;
    }
    policy->where = policy->where.file ? policy->where : (*node)->at;
    policy->written = *node;
    return policy;
}

static const struct proa_policy_builtin *find_builtin(struct proa_slice name)
{
    for (size_t i = 0; i < proa_policy_n_builtins; i++) {
        if (proa_slice_eq(proa_policy_builtins[i].name, name)) {
            return &proa_policy_builtins[i];
        }
    }
    return NULL;
}

/* What a person may have meant who names a shipped file that is not there. */
static const char *hint_of(struct proa_build *b, struct proa_slice file)
{
    size_t from = file.len;
    while (from > 0 && file.ptr[from - 1] != '/') {
        from--;
    }
    const struct proa_slice base = proa_slice_from(file, from);
    const struct proa_slice name = proa_slice_head(base, proa_slice_find(base, '.'));
    if (!find_builtin(name)) {
        return "";
    }
    return proa_arena_printf(b->arena,
                             "; the policy %" PROA_SLICE_FMT
                             " is built in, so it can be named without a file%c",
                             PROA_SLICE_ARG(name), '\0')
        .ptr;
}

static void add_file(struct proa_build *b, const struct proa_policy_cfg *item,
                     const struct proa_doc_node *item_node, const char *path)
{
    const struct proa_option_where at = proa_build_at(member(item_node, "file"), item->where);
    const struct proa_doc_node *node = NULL;
    struct proa_slice bytes;
    if (item_node && item_node->kind == PROA_DOC_MAP && item_node->n > 1) {
        proa_build_error(b, at,
                         "%sfile: stands alone; move the other settings into the file, or remove "
                         "file",
                         path);
        return;
    }
    const char *key = proa_arena_printf(b->arena, "%sfile%c", path, '\0').ptr;
    if (!proa_build_read(b, at, key, item->file, hint_of(b, item->file), &bytes)) {
        return;
    }
    struct proa_policy_cfg *policy = parse(b, bytes, proa_arena_cstr(b->arena, item->file), &node);
    if (policy && policy->file.len > 0) {
        proa_build_error(b, proa_build_at(member(node, "file"), policy->where),
                         "file: a policy file cannot name another one");
    } else if (policy) {
        add(b, policy, node, "", true);
    }
}

void proa_build_policies(struct proa_build *b)
{
    struct proa_policy_cfg *items = b->cfg->policies.items;
    const struct proa_doc_node *list = proa_build_member(b->tree, "policies", NULL);
    for (size_t i = 0; i < b->cfg->policies.n; i++) {
        const struct proa_doc_node *node = proa_build_item(list, i);
        const char *path = proa_arena_printf(b->arena, "policies[%zu].%c", i, '\0').ptr;
        if (items[i].file.len > 0) {
            add_file(b, &items[i], node, path);
        } else {
            items[i].written = node;
            add(b, &items[i], node, path, false);
        }
    }
}

const struct proa_policy_cfg *proa_build_policy(struct proa_build *b, struct proa_slice name)
{
    const struct proa_doc_node *node = NULL;
    const struct proa_policy_cfg *found = proa_map_get(&b->policies, name);
    const struct proa_policy_builtin *builtin = found ? NULL : find_builtin(name);
    if (!builtin) {
        return found;
    }
    /* Only those in use are parsed. */
    struct proa_policy_cfg *policy =
        parse(b, proa_slice_make(builtin->bytes, builtin->len), builtin->file, &node);
    if (policy) {
        (void)proa_map_put(&b->policies, builtin->name, policy);
    }
    return policy;
}

void proa_build_guess_policy(struct proa_build *b, struct proa_build_guess *g)
{
    const struct proa_map_entry *entry = NULL;
    size_t cursor = 0;
    for (size_t i = 0; i < proa_policy_n_builtins; i++) {
        proa_build_guess_try(g, proa_policy_builtins[i].name);
    }
    const struct proa_policy_cfg *items = b->cfg->policies.items;
    for (size_t i = 0; i < b->cfg->policies.n; i++) {
        proa_build_guess_try(g, items[i].name);
    }
    for (entry = proa_map_next(&b->policies, &cursor); entry;
         entry = proa_map_next(&b->policies, &cursor)) {
        proa_build_guess_try(g, entry->key);
    }
}
