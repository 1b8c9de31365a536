/*
 * Keys: which form each is written in, and what they are called. What the forms are stands in
 * secrets.c, aws.c and grants.c.
 */
#include "cfg_priv.h"
#include "keys_priv.h"

#include "proa/auth/secret.h"
#include "proa/provider/vendor.h"

enum { KEYS_MAX = PROA_ROUTE_TARGETS_MAX };

static bool label_is_taken(const struct proa_key *keys, size_t n, struct proa_slice label)
{
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_eq(keys[i].label, label)) {
            return true;
        }
    }
    return false;
}

static void check_names(struct proa_build *b, const struct proa_key *keys, size_t i,
                        const struct proa_key_cfg *cfg, const struct proa_doc_node *node,
                        const char *path)
{
    const struct proa_option_where label_at =
        proa_build_at(proa_build_member(node, "label", NULL), cfg->where);
    const struct proa_option_where group_at =
        proa_build_at(proa_build_member(node, "quota_group", NULL), cfg->where);
    if (!proa_build_is_name(keys[i].label)) {
        proa_build_error(b, label_at,
                         "%s.label: is no name; write letters, digits, '.', '_' and '-', at most "
                         "64",
                         path);
    } else if (label_is_taken(keys, i, keys[i].label)) {
        proa_build_error(b, label_at,
                         "%s.label: another key of this provider is called \"%" PROA_SLICE_FMT
                         "\" already",
                         path, PROA_SLICE_ARG(keys[i].label));
    }
    if (cfg->quota_group.len > 0 && !proa_build_is_name(cfg->quota_group)) {
        proa_build_error(b, group_at,
                         "%s.quota_group: is no name; write letters, digits, '.', '_' and '-', at "
                         "most 64",
                         path);
    }
}

static void set_secret(struct proa_key *key, struct proa_secret *secret)
{
    key->secret = secret;
    if (secret) {
        memcpy(&key->version, proa_secret_digest(secret), sizeof(key->version));
    }
}

/* ---- forms -------------------------------------------------------------------------------------
 */

static const struct form {
    const char *member;
    proa_build_form_fn *build;
} FORMS[] = {
    {"aws", proa_build_key_aws},
    {"google", proa_build_key_google},
    {"azure", proa_build_key_azure},
    {"exchange", proa_build_key_exchange},
};

/* The one that is written; NULL: none of them. *n counts all forms that are. */
static const struct form *find_form(const struct proa_key_cfg *cfg,
                                    const struct proa_doc_node *node, size_t *n)
{
    const struct form *found = NULL;
    *n = cfg->secret.env.len > 0 || cfg->secret.file.len > 0 ? 1 : 0;
    *n += cfg->dir.len > 0 ? 1 : 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(FORMS); i++) {
        if (proa_build_member(node, FORMS[i].member, NULL)) {
            found = &FORMS[i];
            *n += 1;
        }
    }
    return found;
}

static void build_form(struct proa_build_key *k, const struct form *form)
{
    const struct proa_doc_node *node = proa_build_member(k->node, form->member, NULL);
    struct proa_build_key inner = *k;
    inner.node = node;
    inner.at = proa_build_at(node, k->at);
    inner.path = proa_build_key_path(k, form->member);
    form->build(&inner);
}

/* ---- folders -----------------------------------------------------------------------------------
 */

struct folder {
    struct proa_build *b;
    const struct proa_key_cfg *cfg;
    struct proa_key *keys;
    size_t n;
    const char *path;
    struct proa_option_where at;
    enum proa_auth_scheme scheme;
};

static struct proa_slice file_name(const char *path)
{
    struct proa_slice name = proa_slice_cstr(path);
    for (size_t i = name.len; i > 0; i--) {
        if (name.ptr[i - 1] == '/') {
            return proa_slice_from(name, i);
        }
    }
    return name;
}

static void add_file(void *ctx, const char *path)
{
    struct folder *f = ctx;
    struct proa_build *b = f->b;
    if (f->n == KEYS_MAX) {
        proa_build_error(b, f->at, "%s: with it there are more than %d keys", f->path, KEYS_MAX);
        f->n++; /* said once */
    }
    if (f->n > KEYS_MAX) {
        return;
    }
    struct proa_key *key = &f->keys[f->n];
    const struct proa_slice name = file_name(path);
    key->label = proa_arena_printf(b->arena, "%" PROA_SLICE_FMT "%s%" PROA_SLICE_FMT,
                                   PROA_SLICE_ARG(f->cfg->label), f->cfg->label.len > 0 ? "-" : "",
                                   PROA_SLICE_ARG(name));
    key->quota_group = f->cfg->quota_group;
    key->weight = f->cfg->weight;
    key->scheme = f->scheme;
    if (!proa_build_is_name(key->label)) {
        proa_build_error(b, f->at,
                         "%s: the file \"%" PROA_SLICE_FMT "\" cannot name a key; call it by "
                         "letters, digits, '.', '_' and '-', at most 64",
                         f->path, PROA_SLICE_ARG(proa_slice_head(name, 100)));
        return;
    }
    if (label_is_taken(f->keys, f->n, key->label)) {
        proa_build_error(
            b, f->at, "%s: another key of this provider is called \"%" PROA_SLICE_FMT "\" already",
            f->path, PROA_SLICE_ARG(key->label));
        return;
    }
    proa_build_hash(b, key->label);
    set_secret(key, proa_build_secret_file(b, f->at, f->path, path));
    f->n++;
}

/* A key for each file; the number of keys after it. */
static size_t add_folder(struct proa_build_key *k, struct proa_key *keys, size_t n)
{
    const struct proa_policy_env *env = k->b->input->env;
    const char *dir = proa_arena_cstr(k->b->arena, k->cfg->dir);
    struct folder f = {
        .b = k->b,
        .cfg = k->cfg,
        .keys = keys,
        .n = n,
        .path = proa_build_key_path(k, "dir"),
        .at = proa_build_at(proa_build_member(k->node, "dir", NULL), k->at),
        .scheme = k->key->scheme,
    };
    const enum proa_err err =
        env && env->list ? env->list(env->ctx, dir, add_file, &f) : PROA_ERR_NOT_FOUND;
    if (err != PROA_OK) {
        proa_build_error(k->b, f.at, "%s: the folder %s %s", f.path, dir,
                         proa_build_file_trouble(err, false));
    } else if (f.n == n) {
        proa_build_error(k->b, f.at, "%s: the folder %s holds no file", f.path, dir);
    }
    return f.n < KEYS_MAX ? f.n : KEYS_MAX;
}

/* ---- all keys of a provider --------------------------------------------------------------------
 */

static void set_keys(const struct proa_build_provider *p, const struct proa_key *keys, size_t n)
{
    p->out->keys = keys;
    p->out->n_keys = n;
}

/* Nothing was said about keys: a vendor's own variables, or none at all. */
static void keys_by_default(struct proa_build *b, const struct proa_build_provider *p,
                            const char *path)
{
    const struct proa_vendor *vendor = p->mock ? NULL : proa_vendor_find(p->cfg->name);
    struct proa_key *key = PROA_ARENA_NEW(b->arena, struct proa_key);
    const char *variable = NULL;
    key->label = PROA_SLICE("k1");
    key->weight = 1;
    key->scheme = p->out->scheme;
    set_keys(p, key, 1);
    for (size_t i = 0; vendor && vendor->key_env[i]; i++) {
        const struct proa_policy_env *env = b->input->env;
        struct proa_slice value;
        if (env && env->getenv && env->getenv(env->ctx, vendor->key_env[i], &value) &&
            value.len > 0) {
            const enum proa_auth_scheme scheme =
                proa_build_ambient_scheme(proa_slice_cstr(vendor->key_env[i]));
            key->scheme = scheme != PROA_AUTH_NONE ? scheme : key->scheme;
            set_secret(key, proa_build_secret_env(b, p->cfg->where, path, vendor->key_env[i]));
            return;
        }
    }
    proa_build_form_fn *form =
        vendor ? proa_build_ambient_form(b, vendor->name, p->node != NULL, &variable) : NULL;
    if (form) {
        struct proa_key_cfg *cfg = PROA_ARENA_NEW(b->arena, struct proa_key_cfg);
        proa_config_defaults(&proa_policy_key_table, b->arena, cfg);
        struct proa_build_key k = {
            .b = b, .p = p, .cfg = cfg, .at = p->cfg->where, .path = path, .key = key};
        form(&k);
    } else if (vendor && vendor->key_env[0]) {
        proa_build_error(b, p->cfg->where,
                         "%s: has no keys, and the environment variable %s is not set; set it, "
                         "write keys: [{env: NAME}], or keys: [] when it asks for none",
                         path, vendor->key_env[0]);
    }
}

/* As the key says, or the variable that holds it, or as all of the provider's are. */
static enum proa_auth_scheme scheme_of(const struct proa_build_key *k)
{
    const struct proa_key_cfg *cfg = k->cfg;
    enum proa_auth_scheme scheme = (enum proa_auth_scheme)cfg->scheme;
    if (scheme == PROA_AUTH_NONE && cfg->secret.env.len > 0) {
        scheme = proa_build_ambient_scheme(cfg->secret.env);
    }
    return scheme != PROA_AUTH_NONE ? scheme : k->p->out->scheme;
}

/* One row of the list; the number of keys after it. */
static size_t add_key(struct proa_build_key *k, size_t i, struct proa_key *keys, size_t n)
{
    size_t n_forms = 0;
    struct proa_key *key = &keys[n];
    const struct form *form = find_form(k->cfg, k->node, &n_forms);
    *key = (struct proa_key){
        .label =
            k->cfg->label.len > 0 ? k->cfg->label : proa_arena_printf(k->b->arena, "k%zu", i + 1),
        .quota_group = k->cfg->quota_group,
        .weight = k->cfg->weight,
        .scheme = scheme_of(k),
    };
    k->key = key;
    check_names(k->b, keys, n, k->cfg, k->node, k->path);
    if (n_forms > 1) {
        proa_build_error(k->b, k->at,
                         "%s: is written in more than one form; env, file, dir, aws, google, azure "
                         "and exchange exclude one another",
                         k->path);
    } else if (form) {
        build_form(k, form);
    } else if (k->cfg->dir.len > 0) {
        return add_folder(k, keys, n);
    } else {
        set_secret(key, proa_build_secret(k->b, &k->cfg->secret, k->at, k->node, k->path));
    }
    return n + 1;
}

void proa_build_keys(struct proa_build *b, const struct proa_build_provider *p, const char *path)
{
    const struct proa_option_list *list = &p->cfg->keys;
    const struct proa_key_cfg *cfgs = list->items;
    const struct proa_doc_node *nodes = proa_build_member(p->node, "keys", NULL);
    uint64_t weights = 0;
    size_t n = 0;
    if (list->n == 0) {
        static const struct proa_key keyless = {.label = PROA_SLICE_INIT("k1"), .weight = 1};
        if (list->items) { /* "keys: []": none is wanted */
            set_keys(p, &keyless, 1);
        } else {
            keys_by_default(b, p, path);
        }
        return;
    }
    if (list->n > KEYS_MAX) {
        proa_build_error(b, p->cfg->where, "%s.keys: are more than %d", path, KEYS_MAX);
        return;
    }
    bool folders = false;
    for (size_t i = 0; i < list->n; i++) {
        folders = folders || cfgs[i].dir.len > 0;
    }
    struct proa_key *keys = proa_arena_zero(b->arena, folders ? KEYS_MAX : list->n, sizeof(*keys));
    for (size_t i = 0; i < list->n && n < KEYS_MAX; i++) {
        struct proa_build_key k = {
            .b = b,
            .p = p,
            .cfg = &cfgs[i],
            .node = proa_build_item(nodes, i),
            .at = cfgs[i].where,
            .path = proa_arena_printf(b->arena, "%s.keys[%zu]%c", path, i, '\0').ptr,
        };
        n = add_key(&k, i, keys, n);
        weights += cfgs[i].weight;
    }
    if (weights == 0) {
        proa_build_error(b, p->cfg->where,
                         "%s.keys: all have the weight 0, so none would ever be used", path);
    }
    set_keys(p, keys, n);
}
