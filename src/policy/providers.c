/*
 * Providers: those configured, those that the environment makes where none is, the embedded mock's.
 * A vendor's name stands for its dialect and address; other names bring their own.
 */
#include "build_priv.h"
#include "cfg_priv.h"
#include "keys_priv.h"
#include "url_priv.h"

#include "proa/auth/secret.h"
#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

static const struct proa_option_where nowhere;

static const struct proa_doc_node *member(const struct proa_build_provider *p, const char *key)
{
    return proa_build_member(p->node, key, NULL);
}

/* ---- where they come from -------------------------------------------------------------------- */

static struct proa_build_provider *append(struct proa_build *b, struct proa_provider_cfg *cfg,
                                          const struct proa_doc_node *node)
{
    struct proa_build_provider *p = &b->providers[b->n_providers++];
    p->cfg = cfg;
    p->node = node;
    (void)proa_map_put(&b->by_name, cfg->name, p);
    return p;
}

static struct proa_provider_cfg *made_up(struct proa_build *b, struct proa_slice name)
{
    struct proa_provider_cfg *cfg = PROA_ARENA_NEW(b->arena, struct proa_provider_cfg);
    proa_config_defaults(&proa_policy_provider_table, b->arena, cfg);
    cfg->name = name;
    return cfg;
}

static const char *key_variable(struct proa_build *b, const struct proa_vendor *vendor)
{
    const struct proa_policy_env *env = b->input->env;
    struct proa_slice value;
    for (size_t i = 0; env && env->getenv && vendor->key_env[i]; i++) {
        if (env->getenv(env->ctx, vendor->key_env[i], &value) && value.len > 0) {
            return vendor->key_env[i];
        }
    }
    const char *variable = NULL;
    (void)proa_build_ambient_form(b, vendor->name, false, &variable);
    return variable;
}

/* The option without which it has no address, or NULL: it has one without one being written. */
static const char *address_lacks(struct proa_build *b, const struct proa_vendor *vendor)
{
    struct proa_slice url = vendor->base_url;
    struct proa_site site;
    const char *missing = NULL;
    if (vendor->address && url.len == 0) {
        proa_build_site(b, made_up(b, vendor->name), vendor, &site);
        missing = vendor->address(&site, b->arena, &url);
        if (missing && vendor->base_url_env) {
            (void)proa_build_getenv(b, vendor->base_url_env, &url);
        }
    }
    return url.len > 0 ? NULL : missing;
}

static void from_environment(struct proa_build *b)
{
    size_t n = 0;
    const struct proa_vendor *vendors = proa_vendors(&n);
    for (size_t i = 0; i < n; i++) {
        const char *variable = key_variable(b, &vendors[i]);
        if (!variable) {
            continue;
        }
        const char *missing = address_lacks(b, &vendors[i]);
        if (missing) {
            const char *also = proa_build_site_variable(&vendors[i], missing);
            proa_build_warn(b, nowhere,
                            "%s is set, but not used: the address of %" PROA_SLICE_FMT
                            " is made with a %s; set %s, or write it in providers.%" PROA_SLICE_FMT,
                            variable, PROA_SLICE_ARG(vendors[i].name), missing,
                            also ? also : vendors[i].base_url_env, PROA_SLICE_ARG(vendors[i].name));
        } else {
            (void)append(b, made_up(b, vendors[i].name), NULL);
        }
    }
}

static void add_mock(struct proa_build *b, struct proa_slice name, const char *path)
{
    if (proa_map_get(&b->by_name, name)) {
        return;
    }
    struct proa_provider_cfg *cfg = made_up(b, name);
    cfg->dialect = PROA_SLICE("openai");
    cfg->base_url = proa_arena_printf(b->arena, "%" PROA_SLICE_FMT "%s",
                                      PROA_SLICE_ARG(b->input->mock_base), path);
    append(b, cfg, NULL)->mock = true;
}

static void collect(struct proa_build *b)
{
    struct proa_provider_cfg *cfgs = b->cfg->providers.items;
    const struct proa_doc_node *map = proa_build_member(b->tree, "providers", NULL);
    size_t n_vendors = 0;
    (void)proa_vendors(&n_vendors);
    b->providers =
        proa_arena_zero(b->arena, b->cfg->providers.n + n_vendors + 2, sizeof(*b->providers));
    for (size_t i = 0; i < b->cfg->providers.n; i++) {
        (void)append(b, &cfgs[i], proa_doc_get(map, cfgs[i].name));
    }
    if (b->cfg->providers.n == 0) {
        from_environment(b);
    }
    if (b->input->mock) {
        add_mock(b, PROA_SLICE("mock-down"), "/down/v1");
        add_mock(b, PROA_SLICE("mock"), "/v1");
    }
    if (b->n_providers == 0) {
        proa_build_warn(b, nowhere,
                        "no provider is configured, so every request gets an error; set "
                        "OPENAI_API_KEY or another provider's key, write providers in a "
                        "configuration file, or start with --mock");
    }
}

/* ---- one provider ---------------------------------------------------------------------------- */

static void set_dialect(struct proa_build *b, const struct proa_build_provider *p,
                        const struct proa_vendor *vendor, const char *path)
{
    const struct proa_slice name = p->cfg->dialect.len > 0 ? p->cfg->dialect
                                   : vendor                ? vendor->dialect
                                                           : PROA_SLICE_NONE;
    const struct proa_option_where at = proa_build_at(member(p, "dialect"), p->cfg->where);
    struct proa_build_guess guess;
    size_t n = 0;
    if (name.len == 0) {
        struct proa_build_guess near;
        proa_build_guess_init(&near, p->cfg->name);
        for (const struct proa_vendor *v = proa_vendors(&n), *end = v + n; v < end; v++) {
            proa_build_guess_try(&near, v->name);
        }
        proa_build_error(b, at,
                         "%s: is not a known vendor, so it needs a dialect; write dialect: "
                         "openai%s",
                         path, proa_build_guess_text(&near, b->arena));
        return;
    }
    p->out->dialect = proa_dialect_find(name);
    if (p->out->dialect) {
        return;
    }
    proa_build_guess_init(&guess, name);
    for (const struct proa_vendor *v = proa_vendors(&n), *end = v + n; v < end; v++) {
        proa_build_guess_try(&guess, v->dialect);
    }
    proa_build_error(b, at, "%s.dialect: there is no dialect \"%" PROA_SLICE_FMT "\"%s", path,
                     PROA_SLICE_ARG(name), proa_build_guess_text(&guess, b->arena));
}

/* The base URL in force: written, of the vendor's variable, of the vendor. *source is how messages
 * call it. A variable that points to Proa itself is meant for applications. */
static struct proa_slice choose_url(struct proa_build *b, const struct proa_build_provider *p,
                                    const struct proa_vendor *vendor, const char **source,
                                    const char **missing)
{
    struct proa_slice value;
    struct proa_url url;
    bool secret = false;
    if (p->cfg->base_url.len > 0 || !vendor) {
        return p->cfg->base_url;
    }
    struct proa_slice own = vendor->base_url;
    *missing = vendor->address ? vendor->address(&p->out->site, b->arena, &own) : NULL;
    if ((own.len == 0 && !*missing) || !vendor->base_url_env ||
        !proa_build_getenv(b, vendor->base_url_env, &value) || value.len == 0) {
        return own;
    }
    value = proa_arena_dup(b->arena, value);
    if (!proa_url_parse(value, b->arena, &url, &secret) &&
        proa_build_is_own(b, url.host, url.port)) {
        proa_build_warn(b, p->cfg->where,
                        "%s points to proa itself, so it is taken to be meant for applications; "
                        "providers.%" PROA_SLICE_FMT " uses %" PROA_SLICE_FMT,
                        vendor->base_url_env, PROA_SLICE_ARG(p->cfg->name), PROA_SLICE_ARG(own));
        return own;
    }
    *source = vendor->base_url_env;
    return value;
}

const struct proa_endpoint *proa_build_endpoint(struct proa_build *b, const struct proa_url *url,
                                                struct proa_slice ca_pem,
                                                const struct proa_proxy *proxy)
{
    struct proa_endpoint *all = b->endpoints;
    const char *open = url->ipv6 ? "[" : "";
    const char *close = url->ipv6 ? "]" : "";
    const struct proa_slice identity =
        proa_arena_printf(b->arena, "%s://%s%" PROA_SLICE_FMT "%s:%u", url->tls ? "https" : "http",
                          open, PROA_SLICE_ARG(url->host), close, (unsigned)url->port);
    for (size_t i = 0; i < b->snapshot->n_endpoints; i++) {
        if (proa_slice_eq(all[i].identity, identity) && proa_slice_eq(all[i].ca_pem, ca_pem) &&
            all[i].proxy == proxy) {
            return &all[i];
        }
    }
    struct proa_endpoint *e = &all[b->snapshot->n_endpoints];
    const bool own_port = url->port == (url->tls ? 443 : 80);
    e->id = (uint16_t)b->snapshot->n_endpoints++;
    e->identity = identity;
    e->host = url->host;
    e->port = url->port;
    e->tls = url->tls;
    e->ca_pem = ca_pem;
    e->proxy = proxy;
    e->host_header = own_port
                         ? proa_arena_printf(b->arena, "%s%" PROA_SLICE_FMT "%s", open,
                                             PROA_SLICE_ARG(url->host), close)
                         : proa_arena_printf(b->arena, "%s%" PROA_SLICE_FMT "%s:%u", open,
                                             PROA_SLICE_ARG(url->host), close, (unsigned)url->port);
    return e;
}

bool proa_build_read_certs(struct proa_build *b, struct proa_option_where at, const char *path,
                           struct proa_slice file, struct proa_slice *pem)
{
    struct proa_slice bytes;
    if (!proa_build_read(b, at, path, file, "", &bytes)) {
        return false;
    }
    const struct proa_slice mark = PROA_SLICE("-----BEGIN CERTIFICATE-----");
    if (proa_slice_search(bytes, mark) == bytes.len) {
        proa_build_error(b, at, "%s: the file %" PROA_SLICE_FMT " holds no PEM certificate", path,
                         PROA_SLICE_ARG(file));
        return false;
    }
    for (size_t i = 0; i < b->snapshot->n_endpoints; i++) {
        if (proa_slice_eq(b->endpoints[i].ca_pem, bytes)) { /* one copy for all who trust them */
            *pem = b->endpoints[i].ca_pem;
            return true;
        }
    }
    *pem = proa_arena_dup(b->arena, bytes);
    return true;
}

static bool read_ca(struct proa_build *b, const struct proa_build_provider *p, const char *path,
                    bool tls, struct proa_slice *pem)
{
    const struct proa_option_where at = proa_build_at(member(p, "ca_file"), p->cfg->where);
    const char *key = proa_arena_printf(b->arena, "%s.ca_file%c", path, '\0').ptr;
    *pem = PROA_SLICE_NONE;
    if (p->cfg->ca_file.len == 0) {
        return true;
    }
    if (!tls) {
        proa_build_warn(b, at, "%s: has no effect on an http:// address", key);
        return true;
    }
    return proa_build_read_certs(b, at, key, p->cfg->ca_file, pem);
}

/* The documents of most vendors show the whole address of an endpoint. */
static void check_path(struct proa_build *b, const struct proa_build_provider *p, const char *path,
                       struct proa_slice base)
{
    static const struct proa_slice ends[] = {
        PROA_SLICE_INIT("/chat/completions"), PROA_SLICE_INIT("/completions"),
        PROA_SLICE_INIT("/embeddings"),       PROA_SLICE_INIT("/messages"),
        PROA_SLICE_INIT("/responses"),        PROA_SLICE_INIT("/v2/chat"),
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(ends); i++) {
        const size_t n = ends[i].len;
        if (base.len >= n && proa_slice_eq(proa_slice_from(base, base.len - n), ends[i])) {
            proa_build_warn(b, proa_build_at(member(p, "base_url"), p->cfg->where),
                            "%s.base_url: ends with the path of an endpoint, and those are put "
                            "behind it; write it without \"%" PROA_SLICE_FMT "\"",
                            path, PROA_SLICE_ARG(ends[i]));
            return;
        }
    }
}

static void set_endpoint(struct proa_build *b, const struct proa_build_provider *p,
                         const struct proa_vendor *vendor, const char *path)
{
    const struct proa_option_where at = proa_build_at(member(p, "base_url"), p->cfg->where);
    const char *source = proa_arena_printf(b->arena, "%s.base_url%c", path, '\0').ptr;
    struct proa_url url;
    struct proa_slice pem;
    bool secret = false;
    const char *missing = NULL;
    const struct proa_slice text = choose_url(b, p, vendor, &source, &missing);
    if (text.len == 0 && missing) {
        proa_build_error(b, at, "%s: has no address; write %s, or a base_url", path, missing);
        return;
    }
    if (text.len == 0) {
        proa_build_error(b, at, "%s: has no address; write base_url: https://HOST/v1", path);
        return;
    }
    const char *wrong = proa_url_parse(text, b->arena, &url, &secret);
    if (wrong && secret) {
        proa_build_error(b, at, "%s: %s", source, wrong);
    } else if (wrong) {
        proa_build_error(b, at, "%s: \"%" PROA_SLICE_FMT "\" %s", source,
                         PROA_SLICE_ARG(proa_slice_head(text, 200)), wrong);
    } else if (read_ca(b, p, path, url.tls, &pem)) {
        p->out->endpoint = proa_build_endpoint(b, &url, pem, proa_build_proxy(b, p, path, &url));
        p->out->base_path = url.path;
        check_path(b, p, path, url.path);
    }
}

/* A key in the clear on a network is worth a word, though inside a cluster it may be meant. */
static void check_clear(struct proa_build *b, const struct proa_build_provider *p, const char *path)
{
    const struct proa_endpoint *e = p->out->endpoint;
    if (!e || e->tls || proa_url_is_loopback(e->host)) {
        return;
    }
    for (size_t i = 0; i < p->out->n_keys; i++) {
        if (p->out->keys[i].secret) {
            proa_build_warn(b, proa_build_at(member(p, "base_url"), p->cfg->where),
                            "%s.base_url: sends the key over the network unencrypted; write "
                            "https:// where the server offers it",
                            path);
            return;
        }
    }
}

static void resolve(struct proa_build *b, const struct proa_build_provider *p)
{
    const struct proa_slice name = p->cfg->name;
    const struct proa_vendor *vendor = p->mock ? NULL : proa_vendor_find(name);
    const char *path =
        proa_arena_printf(b->arena, "providers.%" PROA_SLICE_FMT "%c", PROA_SLICE_ARG(name), '\0')
            .ptr;
    p->out->name = name;
    p->out->cfg = p->cfg;
    proa_build_site(b, p->cfg, vendor, &p->out->site);
    if (!proa_build_is_name(name)) {
        proa_build_error(b, p->cfg->where,
                         "%s: is no name for a provider; write letters, digits, '.', '_' and '-', "
                         "at most 64",
                         path);
    }
    set_dialect(b, p, vendor, path);
    set_endpoint(b, p, vendor, path);
    p->out->vendor =
        vendor || !p->out->endpoint ? vendor : proa_vendor_of_host(p->out->endpoint->host);
    if (p->out->dialect) {
        p->out->scheme = p->out->vendor && p->out->vendor->scheme != PROA_AUTH_NONE
                             ? p->out->vendor->scheme
                             : p->out->dialect->scheme;
    }
    proa_build_keys(b, p, path);
    check_clear(b, p, path);
}

void proa_build_providers(struct proa_build *b)
{
    collect(b);
    if (b->n_providers > UINT16_MAX) {
        proa_build_error(b, nowhere, "providers: are more than %d", UINT16_MAX);
        return;
    }
    struct proa_provider *out = proa_arena_zero(b->arena, b->n_providers, sizeof(*out));
    size_t n_endpoints = 0; /* at most: one for each provider, and one where each key comes from */
    for (size_t i = 0; i < b->n_providers; i++) {
        n_endpoints += 2 + b->providers[i].cfg->keys.n;
    }
    b->endpoints = proa_arena_zero(b->arena, n_endpoints, sizeof(*b->endpoints));
    b->snapshot->endpoints = b->endpoints;
    b->snapshot->providers = out;
    b->snapshot->n_providers = b->n_providers;
    for (size_t i = 0; i < b->n_providers; i++) {
        b->providers[i].out = &out[i];
        resolve(b, &b->providers[i]);
    }
}
