/*
 * AWS credentials in the order of AWS's own programs: what is written, the
 * variables, web identity, the shared files, the container's endpoint.
 */
#include "keys_priv.h"
#include "url_priv.h"

#include "proa/auth/aws_profile.h"
#include "proa/auth/secret.h"
#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What was found, in a chain that goes on until something is. */
enum found { NOTHING = 0, CREDENTIALS, WRONG };

static void set_pair(struct proa_build_key *k, struct proa_slice id, struct proa_secret *secret,
                     struct proa_secret *session)
{
    k->key->scheme = PROA_AUTH_SIGV4;
    k->key->access_id = proa_arena_dup(k->b->arena, id);
    proa_build_hash(k->b, id); /* read from a file, it makes another revision */
    k->key->secret = secret;
    k->key->session = session;
    memcpy(&k->key->version, proa_secret_digest(secret), sizeof(k->key->version));
}

/* ---- written, or in variables ------------------------------------------------------------------
 */

static enum found pair_as_written(struct proa_build_key *k)
{
    const struct proa_aws_cfg *cfg = &k->cfg->aws;
    const uint32_t errors = k->b->diags->n_errors;
    const bool has_secret =
        cfg->secret_access_key.env.len > 0 || cfg->secret_access_key.file.len > 0;
    if (cfg->access_key_id.len == 0 && !has_secret) {
        return NOTHING;
    }
    if (cfg->access_key_id.len == 0 || !has_secret) {
        proa_build_key_error(k, "",
                             has_secret ? "has a secret_access_key and no access_key_id"
                                        : "has an access_key_id and no secret_access_key");
        return WRONG;
    }
    struct proa_secret *secret =
        proa_build_key_secret(k, "secret_access_key", &cfg->secret_access_key, NULL);
    struct proa_secret *session =
        proa_build_key_secret(k, "session_token", &cfg->session_token, NULL);
    if (k->b->diags->n_errors > errors) {
        return WRONG;
    }
    set_pair(k, cfg->access_key_id, secret, session);
    return CREDENTIALS;
}

static enum found pair_of_environment(struct proa_build_key *k)
{
    static const struct proa_secret_cfg none;
    const uint32_t errors = k->b->diags->n_errors;
    const struct proa_slice id =
        proa_build_key_text(k, PROA_SLICE_NONE, VARIABLES("AWS_ACCESS_KEY_ID"));
    struct proa_secret *secret =
        id.len > 0 ? proa_build_key_secret(k, "secret_access_key", &none, "AWS_SECRET_ACCESS_KEY")
                   : NULL;
    if (k->b->diags->n_errors > errors) {
        return WRONG;
    }
    if (!secret) {
        return NOTHING;
    }
    set_pair(k, id, secret, proa_build_key_secret(k, "session_token", &none, "AWS_SESSION_TOKEN"));
    return CREDENTIALS;
}

/* ---- web identity ------------------------------------------------------------------------------
 */

static struct proa_slice sts_url(struct proa_build_key *k)
{
    const struct proa_slice written =
        proa_build_key_text(k, k->cfg->aws.sts_url, VARIABLES("AWS_ENDPOINT_URL_STS"));
    if (written.len > 0) {
        return written;
    }
    const struct proa_slice domain = proa_aws_domain(k->key->region);
    return proa_arena_printf(k->b->arena, "https://sts.%" PROA_SLICE_FMT ".%" PROA_SLICE_FMT,
                             PROA_SLICE_ARG(k->key->region), PROA_SLICE_ARG(domain));
}

static enum found web_identity(struct proa_build_key *k, struct proa_slice role,
                               struct proa_slice file, struct proa_slice session)
{
    if (role.len == 0 && file.len == 0) {
        return NOTHING;
    }
    if (role.len == 0 || file.len == 0) {
        proa_build_key_error(k, "",
                             role.len == 0 ? "has a token_file and no role_arn"
                                           : "has a role_arn and no token_file");
        return WRONG;
    }
    struct proa_grant grant = {
        .kind = PROA_GRANT_AWS_WEB_IDENTITY,
        .account = role,
        .group = session.len > 0 ? session : PROA_SLICE("proa"),
        .secret = proa_build_key_file(k, "token_file", file, NULL),
    };
    if (!grant.secret) {
        return WRONG;
    }
    proa_build_key_grant(k, "sts_url", sts_url(k), &grant);
    return CREDENTIALS;
}

static enum found web_identity_as_told(struct proa_build_key *k)
{
    const struct proa_aws_cfg *cfg = &k->cfg->aws;
    /* A profile that is written wins over variables that are there for all. */
    const bool variables = cfg->profile.len == 0;
    const struct proa_slice file = proa_build_key_text(
        k, cfg->token_file, variables ? VARIABLES("AWS_WEB_IDENTITY_TOKEN_FILE") : NULL);
    if (file.len == 0 && cfg->role_arn.len == 0) {
        return NOTHING; /* a variable that names a role alone is for other programs */
    }
    return web_identity(
        k, proa_build_key_text(k, cfg->role_arn, variables ? VARIABLES("AWS_ROLE_ARN") : NULL),
        file, proa_build_key_text(k, cfg->session_name, VARIABLES("AWS_ROLE_SESSION_NAME")));
}

/* ---- the shared files --------------------------------------------------------------------------
 */

/* A file's bytes, borrowed until the next one is asked for; false where it is not there. */
static bool read_shared(struct proa_build_key *k, const char *variable, const char *name,
                        bool secret, struct proa_slice *bytes)
{
    const struct proa_policy_env *env = k->b->input->env;
    struct proa_slice path = proa_build_key_text(k, PROA_SLICE_NONE, VARIABLES(variable));
    const struct proa_slice home = proa_build_key_text(k, PROA_SLICE_NONE, VARIABLES("HOME"));
    if (path.len == 0 && home.len > 0) {
        path = proa_arena_printf(k->b->arena, "%" PROA_SLICE_FMT "/.aws/%s", PROA_SLICE_ARG(home),
                                 name);
    }
    if (path.len == 0 || !env || !env->file) {
        return false;
    }
    const char *file = proa_arena_cstr(k->b->arena, path);
    const enum proa_err err = env->file(env->ctx, file, secret, bytes);
    if (err != PROA_OK && err != PROA_ERR_NOT_FOUND) {
        proa_build_error(k->b, k->at, "%s: the file %s %s", k->path, file,
                         proa_build_file_trouble(err, secret));
    }
    return err == PROA_OK;
}

/* A pair that stands in a profile; it is taken over before its bytes go. */
static bool take_profile(struct proa_build_key *k, const struct proa_aws_profile *profile)
{
    struct proa_secret *session = NULL;
    if (profile->access_key_id.len == 0 || profile->secret_access_key.len == 0) {
        return false;
    }
    struct proa_secret *secret =
        proa_build_keep(k->b, k->at, k->path, "the profile", profile->secret_access_key);
    if (secret && profile->session_token.len > 0) {
        session = proa_build_keep(k->b, k->at, k->path, "the profile", profile->session_token);
    }
    if (secret) {
        set_pair(k, profile->access_key_id, secret, session);
    }
    return secret != NULL;
}

static void say_unsupported(struct proa_build_key *k, struct proa_slice name,
                            struct proa_slice member)
{
    proa_build_error(k->b, k->at,
                     "%s: the profile %" PROA_SLICE_FMT " gets its credentials by %" PROA_SLICE_FMT
                     ", which is not supported; use access keys, web identity or a container's "
                     "endpoint",
                     k->path, PROA_SLICE_ARG(name), PROA_SLICE_ARG(member));
}

static enum found shared_files(struct proa_build_key *k)
{
    struct proa_slice name = proa_build_key_text(k, k->cfg->aws.profile,
                                                 VARIABLES("AWS_PROFILE", "AWS_DEFAULT_PROFILE"));
    const bool asked = name.len > 0;
    const uint32_t errors = k->b->diags->n_errors;
    struct proa_aws_profile profile = {.region = PROA_SLICE_NONE};
    struct proa_slice bytes;
    name = asked ? name : PROA_SLICE("default");
    bool found = read_shared(k, "AWS_SHARED_CREDENTIALS_FILE", "credentials", true, &bytes) &&
                 proa_aws_profile_find(bytes, PROA_AWS_CREDENTIALS, name, &profile);
    if (found && take_profile(k, &profile)) {
        return CREDENTIALS;
    }
    profile = (struct proa_aws_profile){.region = PROA_SLICE_NONE};
    const bool config = read_shared(k, "AWS_CONFIG_FILE", "config", false, &bytes) &&
                        proa_aws_profile_find(bytes, PROA_AWS_CONFIG, name, &profile);
    if (config && take_profile(k, &profile)) {
        return CREDENTIALS;
    }
    if (config && profile.web_identity_token_file.len > 0) {
        /* Out of the file's bytes, which go when the next file is read. */
        const struct proa_slice role = proa_arena_dup(k->b->arena, profile.role_arn);
        const struct proa_slice file = proa_arena_dup(k->b->arena, profile.web_identity_token_file);
        const struct proa_slice session = proa_arena_dup(k->b->arena, profile.role_session_name);
        return web_identity(k, role, file, session);
    }
    if (config && profile.unsupported.len > 0) {
        say_unsupported(k, name, profile.unsupported);
    } else if (asked && k->b->diags->n_errors == errors) {
        proa_build_error(k->b, k->at,
                         "%s: the profile %" PROA_SLICE_FMT " %s in the shared credentials and "
                         "config files",
                         k->path, PROA_SLICE_ARG(name),
                         found || config ? "has no credentials" : "is not");
    }
    return k->b->diags->n_errors > errors ? WRONG : NOTHING;
}

/* ---- the container's endpoint ------------------------------------------------------------------
 */

static enum found container(struct proa_build_key *k)
{
    static const struct proa_secret_cfg none;
    const uint32_t errors = k->b->diags->n_errors;
    struct proa_slice url =
        proa_build_key_text(k, PROA_SLICE_NONE, VARIABLES("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    const struct proa_slice relative = proa_build_key_text(
        k, PROA_SLICE_NONE, VARIABLES("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
    if (relative.len > 0) {
        url = proa_arena_printf(k->b->arena, "http://169.254.170.2%" PROA_SLICE_FMT,
                                PROA_SLICE_ARG(relative));
    }
    if (url.len == 0) {
        return NOTHING;
    }
    struct proa_grant grant = {
        .kind = PROA_GRANT_AWS_CONTAINER,
        .secret = proa_build_key_file(k, "", PROA_SLICE_NONE,
                                      VARIABLES("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")),
    };
    if (!grant.secret) {
        grant.secret = proa_build_key_secret(k, "", &none, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    }
    if (k->b->diags->n_errors > errors) {
        return WRONG;
    }
    proa_build_key_grant(k, "", url, &grant);
    return CREDENTIALS;
}

/* ---- in this order -----------------------------------------------------------------------------
 */

static enum found environment_unless_profile(struct proa_build_key *k)
{
    return k->cfg->aws.profile.len > 0 ? NOTHING : pair_of_environment(k);
}

/* Most of AWS's ways to models are one service. */
struct proa_slice proa_build_aws_service(const struct proa_vendor *vendor)
{
    static const struct proa_slice mantle =
        PROA_SLICE_INIT("bedrock-mantle"); /* vendor and service */
    return vendor && proa_slice_eq(vendor->name, mantle) ? mantle : PROA_SLICE("bedrock");
}

bool proa_build_is_aws(const struct proa_provider *p)
{
    bool is = proa_slice_eq(proa_slice_cstr(p->dialect->name), PROA_SLICE("bedrock")) ||
              (p->vendor && proa_slice_eq(p->vendor->otel_name, PROA_SLICE("aws.bedrock")));
    for (size_t i = 0; i < p->n_keys; i++) {
        is = is || p->keys[i].scheme == PROA_AUTH_SIGV4;
    }
    return is;
}

void proa_build_key_aws(struct proa_build_key *k)
{
    enum found (*const chain[])(struct proa_build_key *) = {
        pair_as_written, environment_unless_profile, web_identity_as_told, shared_files, container};
    k->key->scheme = PROA_AUTH_SIGV4;
    k->key->service = proa_build_aws_service(k->p->out->vendor);
    k->key->region = k->p->out->site.region;
    if (!proa_aws_is_region(k->key->region)) {
        proa_build_error(k->b, k->p->cfg->where,
                         "%s: needs the region of the provider; write region: us-east-1 beside "
                         "keys, or set AWS_REGION",
                         k->path);
        return;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(chain); i++) {
        if (chain[i](k) != NOTHING) {
            return;
        }
    }
    proa_build_key_error(k, "",
                         "no AWS credentials were found: not in the variables, not in the "
                         "shared files, and there is no container endpoint");
}
