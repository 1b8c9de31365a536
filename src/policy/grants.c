/*
 * Keys that are exchanged for tokens: a service account of Google, an application of Entra, a
 * projected token of Kubernetes. What is not written comes from the variables that the vendors' own
 * programs read.
 */
#include "keys_priv.h"
#include "url_priv.h"

#include "proa/auth/jwt.h"
#include "proa/auth/secret.h"
#include "proa/core/hash.h"
#include "proa/provider/vendor.h"

#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- what the forms share ----------------------------------------------------------------------
 */

const char *proa_build_key_path(const struct proa_build_key *k, const char *member)
{
    return proa_arena_printf(k->b->arena, "%s%s%s%c", k->path, *member ? "." : "", member, '\0')
        .ptr;
}

static struct proa_option_where where(const struct proa_build_key *k, const char *member)
{
    return proa_build_at(proa_build_member(k->node, member, NULL), k->at);
}

void proa_build_key_error(const struct proa_build_key *k, const char *member, const char *what)
{
    proa_build_error(k->b, where(k, member), "%s: %s", proa_build_key_path(k, member), what);
}

struct proa_slice proa_build_key_text(struct proa_build_key *k, struct proa_slice written,
                                      const char *const *variables)
{
    struct proa_slice value;
    if (written.len > 0) {
        return written;
    }
    for (; variables && *variables; variables++) {
        if (proa_build_getenv(k->b, *variables, &value) && value.len > 0) {
            return proa_arena_dup(k->b->arena, value);
        }
    }
    return PROA_SLICE_NONE;
}

struct proa_secret *proa_build_key_file(struct proa_build_key *k, const char *member,
                                        struct proa_slice written, const char *const *variables)
{
    const struct proa_slice file = proa_build_key_text(k, written, variables);
    if (file.len == 0) {
        return NULL;
    }
    return proa_build_secret_file(k->b, where(k, member), proa_build_key_path(k, member),
                                  proa_arena_cstr(k->b->arena, file));
}

struct proa_secret *proa_build_key_secret(struct proa_build_key *k, const char *member,
                                          const struct proa_secret_cfg *cfg, const char *variable)
{
    struct proa_slice value;
    const struct proa_doc_node *node = proa_build_member(k->node, member, NULL);
    if (cfg->env.len > 0 || cfg->file.len > 0) {
        return proa_build_secret(k->b, cfg, where(k, member), node, proa_build_key_path(k, member));
    }
    if (!variable || !proa_build_getenv(k->b, variable, &value) || value.len == 0) {
        return NULL;
    }
    return proa_build_secret_env(k->b, k->at, proa_build_key_path(k, member), variable);
}

/* On this machine, or where a cloud's own agents listen. */
static bool is_near(struct proa_slice host)
{
    return proa_url_is_loopback(host) || proa_slice_starts(host, PROA_SLICE("169.254.")) ||
           proa_slice_eq(host, PROA_SLICE("fd00:ec2::23"));
}

static void set_identity(struct proa_build_key *k, struct proa_key_grant *out)
{
    const struct proa_grant *g = &out->grant;
    const struct proa_slice parts[] = {g->account, g->audience, g->group, g->place, g->scope};
    uint64_t hash = (uint64_t)g->kind;
    for (size_t i = 0; i < PROA_ARRAY_LEN(parts); i++) {
        hash = proa_hash64(parts[i], hash + parts[i].len);
    }
    out->label = proa_arena_printf(k->b->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                                   PROA_SLICE_ARG(k->p->cfg->name), PROA_SLICE_ARG(k->key->label));
    out->identity = proa_arena_printf(
        k->b->arena, "%" PROA_SLICE_FMT " %" PROA_SLICE_FMT "%" PROA_SLICE_FMT " %016llx",
        PROA_SLICE_ARG(out->label), PROA_SLICE_ARG(out->endpoint->identity),
        PROA_SLICE_ARG(g->target), (unsigned long long)hash);
}

void proa_build_key_grant(struct proa_build_key *k, const char *member, struct proa_slice url_text,
                          struct proa_grant *grant)
{
    struct proa_build *b = k->b;
    struct proa_url url;
    bool secret = false;
    const char *wrong = proa_url_parse(url_text, b->arena, &url, &secret);
    if (!wrong && !url.tls && !is_near(url.host)) {
        wrong = "would send the credential over the network unencrypted; write https://";
    }
    if (wrong) {
        proa_build_error(
            b, where(k, member), "%s: \"%" PROA_SLICE_FMT "\" %s", proa_build_key_path(k, member),
            PROA_SLICE_ARG(secret ? PROA_SLICE("...") : proa_slice_head(url_text, 200)), wrong);
        return;
    }
    const struct proa_proxy *proxy =
        is_near(url.host) ? NULL : proa_build_proxy(b, k->p, k->path, &url);
    struct proa_key_grant *out = PROA_ARENA_NEW(b->arena, struct proa_key_grant);
    out->endpoint = proa_build_endpoint(b, &url, PROA_SLICE_NONE, proxy);
    out->grant = *grant;
    out->grant.host_header = out->endpoint->host_header;
    out->grant.target = proa_arena_dup(b->arena, url.path);
    out->id = (uint16_t)b->snapshot->n_grants++;
    out->next = b->snapshot->grants;
    set_identity(k, out);
    proa_build_hash(b, out->identity); /* parts of it may come from files */
    proa_build_hash(b, grant->key_id);
    b->snapshot->grants = out;
    k->key->grant = out;
    k->key->scheme = proa_grant_is_aws(grant->kind) ? PROA_AUTH_SIGV4 : PROA_AUTH_BEARER;
    if (grant->secret) {
        memcpy(&k->key->version, proa_secret_digest(grant->secret), sizeof(k->key->version));
    }
}

/* ---- Google ------------------------------------------------------------------------------------
 */

static bool read_account(struct proa_build_key *k, struct proa_slice file,
                         struct proa_google_account *out)
{
    const char *path = proa_build_key_path(k, "service_account_file");
    const char *name = proa_arena_cstr(k->b->arena, file);
    const char *reason = NULL;
    struct proa_slice json;
    if (!proa_build_read_secret(k->b, where(k, "service_account_file"), path, name, &json)) {
        return false;
    }
    if (proa_google_account_read(json, k->b->arena, out, &reason) != PROA_OK) {
        proa_build_error(k->b, where(k, "service_account_file"), "%s: the file %s %s", path, name,
                         reason);
        return false;
    }
    proa_build_keep_known(k->b, path, out->private_key);
    return true;
}

/* GOOGLE_CLIENT_EMAIL and GOOGLE_PRIVATE_KEY in place of a file. */
static bool account_of_environment(struct proa_build_key *k, struct proa_google_account *out)
{
    struct proa_slice pem;
    *out = (struct proa_google_account){
        .client_email = proa_build_key_text(k, PROA_SLICE_NONE, VARIABLES("GOOGLE_CLIENT_EMAIL")),
        .private_key_id =
            proa_build_key_text(k, PROA_SLICE_NONE, VARIABLES("GOOGLE_PRIVATE_KEY_ID")),
        .token_uri = PROA_SLICE(PROA_GOOGLE_TOKEN_URI),
    };
    const struct proa_policy_env *env = k->b->input->env;
    if (out->client_email.len == 0 || !env || !env->getenv ||
        !env->getenv(env->ctx, "GOOGLE_PRIVATE_KEY", &pem) || pem.len == 0) {
        proa_build_key_error(k, "",
                             "names no credential; write service_account_file, or audience and "
                             "token_file, or set GOOGLE_APPLICATION_CREDENTIALS");
        return false;
    }
    if (proa_google_key_read(pem, k->b->arena, &out->private_key) != PROA_OK) {
        proa_build_key_error(k, "", "GOOGLE_PRIVATE_KEY holds no RSA key in PEM");
        return false;
    }
    proa_build_keep_known(k->b, k->path, out->private_key);
    return true;
}

static void google_federated(struct proa_build_key *k, const struct proa_google_cfg *cfg)
{
    struct proa_grant grant = {
        .kind = PROA_GRANT_GOOGLE_STS,
        .audience = cfg->audience,
        .scope = cfg->scope,
        .secret = proa_build_key_file(k, "token_file", cfg->token_file, NULL),
    };
    if (cfg->token_file.len == 0) {
        proa_build_key_error(k, "", "has an audience and no token_file");
    } else if (grant.secret) {
        proa_build_key_grant(k, "token_url",
                             cfg->token_url.len > 0
                                 ? cfg->token_url
                                 : PROA_SLICE("https://sts.googleapis.com/v1/token"),
                             &grant);
    }
}

void proa_build_key_google(struct proa_build_key *k)
{
    const struct proa_google_cfg *cfg = &k->cfg->google;
    struct proa_google_account account;
    if (cfg->audience.len > 0) {
        google_federated(k, cfg);
        return;
    }
    const struct proa_slice file = proa_build_key_text(k, cfg->service_account_file,
                                                       VARIABLES("GOOGLE_APPLICATION_CREDENTIALS"));
    if (file.len > 0 ? !read_account(k, file, &account) : !account_of_environment(k, &account)) {
        return;
    }
    struct proa_grant grant = {
        .kind = PROA_GRANT_GOOGLE_ACCOUNT,
        .account = account.client_email,
        .audience = account.token_uri,
        .scope = cfg->scope,
        .key_id = account.private_key_id,
        .secret = account.private_key,
    };
    proa_build_key_grant(k, "token_url",
                         cfg->token_url.len > 0 ? cfg->token_url : account.token_uri, &grant);
}

/* ---- Azure -------------------------------------------------------------------------------------
 */

void proa_build_key_azure(struct proa_build_key *k)
{
    const struct proa_azure_cfg *cfg = &k->cfg->azure;
    const struct proa_slice tenant =
        proa_build_key_text(k, cfg->tenant, VARIABLES("AZURE_TENANT_ID"));
    struct proa_slice authority =
        proa_build_key_text(k, cfg->authority, VARIABLES("AZURE_AUTHORITY_HOST"));
    struct proa_grant grant = {
        .kind = PROA_GRANT_AZURE_SECRET,
        .account = proa_build_key_text(k, cfg->client_id, VARIABLES("AZURE_CLIENT_ID")),
        .scope = cfg->scope,
    };
    if (tenant.len == 0 || grant.account.len == 0) {
        proa_build_key_error(k, "",
                             tenant.len == 0 ? "has no tenant, and AZURE_TENANT_ID is not set"
                                             : "has no client_id, and AZURE_CLIENT_ID is not "
                                               "set");
        return;
    }
    const uint32_t errors = k->b->diags->n_errors;
    grant.secret =
        cfg->token_file.len > 0
            ? NULL
            : proa_build_key_secret(k, "client_secret", &cfg->client_secret, "AZURE_CLIENT_SECRET");
    if (!grant.secret && k->b->diags->n_errors == errors) {
        grant.kind = PROA_GRANT_AZURE_FEDERATED;
        grant.secret = proa_build_key_file(k, "token_file", cfg->token_file,
                                           VARIABLES("AZURE_FEDERATED_TOKEN_FILE"));
    }
    if (!grant.secret) {
        if (k->b->diags->n_errors == errors) {
            proa_build_key_error(k, "", "has no client_secret and no token_file");
        }
        return;
    }
    if (authority.len == 0) {
        authority = PROA_SLICE("https://login.microsoftonline.com");
    }
    while (authority.len > 0 && authority.ptr[authority.len - 1] == '/') {
        authority.len--;
    }
    proa_build_key_grant(
        k, "authority",
        proa_arena_printf(k->b->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT "/oauth2/v2.0/token",
                          PROA_SLICE_ARG(authority), PROA_SLICE_ARG(tenant)),
        &grant);
}

/* ---- a provider's own exchange -----------------------------------------------------------------
 */

enum { WITH_AUTO = 0, WITH_OPENAI, WITH_ANTHROPIC };

static const struct exchanger {
    const char *vendor;
    enum proa_grant_kind kind;
    bool at_provider; /* the endpoint is the provider's own host */
    struct proa_slice url;
    const char *needs_audience; /* the option that must be said, and what messages say of it */
    const char *needs_group;
    const char *needs_account;
    /* Variables for what is not said; NULL = none. What is meant for one is shown to no other. */
    const char *account;
    const char *audience;
    const char *group;
    const char *token_file;
} EXCHANGERS[] = {
    [WITH_OPENAI] = {.vendor = "openai",
                     .kind = PROA_GRANT_OPENAI,
                     .url = PROA_SLICE_INIT("https://auth.openai.com/oauth/token"),
                     .needs_audience = "has no identity_provider",
                     .needs_account = "has no service_account"},
    [WITH_ANTHROPIC] = {.vendor = "anthropic",
                        .kind = PROA_GRANT_ANTHROPIC,
                        .at_provider = true,
                        .url = PROA_SLICE_INIT("/v1/oauth/token"),
                        .needs_audience = "has no federation_rule",
                        .needs_group = "has no organization",
                        .account = "ANTHROPIC_SERVICE_ACCOUNT_ID",
                        .audience = "ANTHROPIC_FEDERATION_RULE_ID",
                        .group = "ANTHROPIC_ORGANIZATION_ID",
                        .token_file = "ANTHROPIC_IDENTITY_TOKEN_FILE"},
};

/* By the configuration, else by the provider's vendor; NULL: by neither. */
static const struct exchanger *find_exchanger(const struct proa_build_key *k)
{
    const struct proa_vendor *vendor = k->p->out->vendor;
    const uint32_t with = k->cfg->exchange.with;
    for (size_t i = 1; i < PROA_ARRAY_LEN(EXCHANGERS); i++) {
        if (with == i || (with == WITH_AUTO && vendor &&
                          proa_slice_eq(vendor->name, proa_slice_cstr(EXCHANGERS[i].vendor)))) {
            return &EXCHANGERS[i];
        }
    }
    return NULL;
}

static const char *missing(const struct exchanger *e, const struct proa_grant *g)
{
    return e->needs_audience && g->audience.len == 0 ? e->needs_audience
           : e->needs_group && g->group.len == 0     ? e->needs_group
           : e->needs_account && g->account.len == 0 ? e->needs_account
                                                     : NULL;
}

static struct proa_slice exchange_url(const struct proa_build_key *k, const struct exchanger *e)
{
    const struct proa_endpoint *endpoint = k->p->out->endpoint;
    if (k->cfg->exchange.url.len > 0) {
        return k->cfg->exchange.url;
    }
    return e->at_provider && endpoint
               ? proa_arena_printf(k->b->arena, "%s://%" PROA_SLICE_FMT "%" PROA_SLICE_FMT,
                                   endpoint->tls ? "https" : "http",
                                   PROA_SLICE_ARG(endpoint->host_header), PROA_SLICE_ARG(e->url))
               : e->url;
}

void proa_build_key_exchange(struct proa_build_key *k)
{
    const struct proa_exchange_cfg *cfg = &k->cfg->exchange;
    const struct exchanger *e = find_exchanger(k);
    if (!e) {
        proa_build_key_error(k, "",
                             "is not known for this provider; write with: openai or "
                             "anthropic");
        return;
    }
    const bool rule = cfg->identity_provider.len == 0;
    struct proa_grant grant = {
        .kind = e->kind,
        .account = proa_build_key_text(k, cfg->service_account, VARIABLES(e->account)),
        .audience = proa_build_key_text(k, rule ? cfg->federation_rule : cfg->identity_provider,
                                        VARIABLES(e->audience)),
        .group = proa_build_key_text(k, cfg->organization, VARIABLES(e->group)),
        .place = cfg->workspace,
    };
    const char *what = missing(e, &grant);
    if (what) {
        proa_build_key_error(k, "", what);
        return;
    }
    const uint32_t errors = k->b->diags->n_errors;
    grant.secret = proa_build_key_file(k, "token_file", cfg->token_file, VARIABLES(e->token_file));
    if (grant.secret) {
        proa_build_key_grant(k, "url", exchange_url(k, e), &grant);
    } else if (k->b->diags->n_errors == errors) {
        proa_build_key_error(k, "", "has no token_file");
    }
}
