/*
 * What the well-known variables of the environment make of a vendor: parts of its address, and
 * credentials that are more than one key. Tables only; one row per fact.
 */
#include "keys_priv.h"

#include "proa/provider/vendor.h"

/* Parts of an address, where the configuration does not say them. */
static const struct site_row {
    struct proa_slice vendor;
    const char *option; /* what the configuration calls it */
    size_t offset;      /* in struct proa_site */
    const char *variables[3];
} SITES[] = {
    {PROA_SLICE_INIT("bedrock-openai"),
     "region",
     offsetof(struct proa_site, region),
     {"AWS_REGION", "AWS_DEFAULT_REGION", NULL}},
    {PROA_SLICE_INIT("bedrock-mantle"),
     "region",
     offsetof(struct proa_site, region),
     {"AWS_REGION", "AWS_DEFAULT_REGION", NULL}},
    {PROA_SLICE_INIT("bedrock"),
     "region",
     offsetof(struct proa_site, region),
     {"AWS_REGION", "AWS_DEFAULT_REGION", NULL}},
    {PROA_SLICE_INIT("vertex"),
     "project",
     offsetof(struct proa_site, project),
     {"GOOGLE_VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT", NULL}},
    {PROA_SLICE_INIT("vertex"),
     "location",
     offsetof(struct proa_site, location),
     {"GOOGLE_VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION", NULL}},
    {PROA_SLICE_INIT("azure"),
     "resource",
     offsetof(struct proa_site, resource),
     {"AZURE_RESOURCE_NAME", NULL, NULL}},
    {PROA_SLICE_INIT("azure"),
     "api_version",
     offsetof(struct proa_site, api_version),
     {"OPENAI_API_VERSION", NULL, NULL}},
};

void proa_build_site(struct proa_build *b, const struct proa_provider_cfg *cfg,
                     const struct proa_vendor *vendor, struct proa_site *out)
{
    *out = (struct proa_site){
        .region = cfg->region,
        .project = cfg->project,
        .location = cfg->location,
        .resource = cfg->resource,
        .api_version = cfg->api_version,
    };
    for (size_t i = 0; vendor && i < PROA_ARRAY_LEN(SITES); i++) {
        struct proa_slice value;
        struct proa_slice now;
        memcpy(&now, (const char *)out + SITES[i].offset, sizeof now);
        if (now.len > 0 || !proa_slice_eq(SITES[i].vendor, vendor->name)) {
            continue;
        }
        for (const char *const *name = SITES[i].variables; *name && now.len == 0; name++) {
            if (proa_build_getenv(b, *name, &value)) {
                now = proa_arena_dup(b->arena, value);
            }
        }
        memcpy((char *)out + SITES[i].offset, &now, sizeof now);
    }
}

const char *proa_build_site_variable(const struct proa_vendor *vendor, const char *option)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(SITES); i++) {
        if (proa_slice_eq(SITES[i].vendor, vendor->name) && strcmp(SITES[i].option, option) == 0) {
            return SITES[i].variables[0];
        }
    }
    return NULL;
}

/* Variables that, all set, are credentials of a vendor. A row without any is for a provider that is
 * written down: what it needs is looked for where the vendor's own programs look. */
static const struct form_row {
    struct proa_slice vendor;
    proa_build_form_fn *form;
    const char *variables[4];
} FORMS[] = {
    {PROA_SLICE_INIT("bedrock"),
     proa_build_key_aws,
     {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", NULL}},
    {PROA_SLICE_INIT("bedrock"),
     proa_build_key_aws,
     {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", NULL}},
    {PROA_SLICE_INIT("bedrock"), proa_build_key_aws, {"AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL}},
    {PROA_SLICE_INIT("bedrock"),
     proa_build_key_aws,
     {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", NULL}},
    {PROA_SLICE_INIT("bedrock"), proa_build_key_aws, {NULL}},
    {PROA_SLICE_INIT("bedrock-openai"), proa_build_key_aws, {NULL}},
    {PROA_SLICE_INIT("bedrock-mantle"), proa_build_key_aws, {NULL}},
    {PROA_SLICE_INIT("vertex"),
     proa_build_key_google,
     {"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_VERTEX_PROJECT", NULL}},
    {PROA_SLICE_INIT("vertex"),
     proa_build_key_google,
     {"GOOGLE_CLIENT_EMAIL", "GOOGLE_PRIVATE_KEY", "GOOGLE_VERTEX_PROJECT", NULL}},
    {PROA_SLICE_INIT("vertex"), proa_build_key_google, {NULL}},
    {PROA_SLICE_INIT("azure"),
     proa_build_key_azure,
     {"AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", NULL}},
    {PROA_SLICE_INIT("azure"),
     proa_build_key_azure,
     {"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", NULL}},
    {PROA_SLICE_INIT("anthropic"),
     proa_build_key_exchange,
     {"ANTHROPIC_IDENTITY_TOKEN_FILE", "ANTHROPIC_FEDERATION_RULE_ID", NULL}},
};

static bool all_set(struct proa_build *b, const char *const *names)
{
    const struct proa_policy_env *env = b->input->env;
    struct proa_slice value;
    for (; *names; names++) {
        if (!env || !env->getenv || !env->getenv(env->ctx, *names, &value) || value.len == 0) {
            return false;
        }
    }
    return true;
}

proa_build_form_fn *proa_build_ambient_form(struct proa_build *b, struct proa_slice vendor,
                                            bool written, const char **variable)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(FORMS); i++) {
        if (proa_slice_eq(FORMS[i].vendor, vendor) && (written || FORMS[i].variables[0]) &&
            all_set(b, FORMS[i].variables)) {
            *variable = FORMS[i].variables[0];
            return FORMS[i].form;
        }
    }
    return NULL;
}

enum proa_auth_scheme proa_build_ambient_scheme(struct proa_slice variable)
{
    static const struct {
        struct proa_slice variable;
        enum proa_auth_scheme scheme;
    } rows[] = {
        {PROA_SLICE_INIT("ANTHROPIC_AUTH_TOKEN"), PROA_AUTH_BEARER},
        {PROA_SLICE_INIT("AWS_BEARER_TOKEN_BEDROCK"), PROA_AUTH_BEARER},
        {PROA_SLICE_INIT("GOOGLE_VERTEX_API_KEY"), PROA_AUTH_X_GOOG_KEY},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (proa_slice_eq(variable, rows[i].variable)) {
            return rows[i].scheme;
        }
    }
    return PROA_AUTH_NONE;
}
