/* The tables of keys: the forms they come in. */
#include "cfg_priv.h"

#define SECRET_TABLE(variable, name, what)                                                         \
    static const struct proa_option variable##_rows[] = {                                          \
        ROW(struct proa_secret_cfg, env, "env", STRING,                                            \
            .help = "Name of the environment variable that holds " what "."),                      \
        ROW(struct proa_secret_cfg, file, "file", STRING, .expand = true,                          \
            .help = "Path of the file that holds " what ", instead of env; not readable by "       \
                    "others."),                                                                    \
        ROWS_END,                                                                                  \
    };                                                                                             \
    static const struct proa_option_table variable = {.title = (name),                             \
                                                      .rows = variable##_rows,                     \
                                                      .size = sizeof(struct proa_secret_cfg),      \
                                                      .where_at = SIZE_MAX}

SECRET_TABLE(aws_secret_table, "secret_access_key", "the secret access key");
SECRET_TABLE(aws_session_table, "session_token", "the session token");
SECRET_TABLE(azure_secret_table, "client_secret", "the client secret");

#define FORM_TABLE(variable, name, type)                                                           \
    static const struct proa_option_table variable = {                                             \
        .title = (name), .rows = variable##_rows, .size = sizeof(type), .where_at = SIZE_MAX}

/* ---- AWS ---------------------------------------------------------------------------------------
 */

#define AWS(member, text, kind, ...) ROW(struct proa_aws_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option aws_table_rows[] = {
    AWS(profile, "profile", STRING, .expand = true,
        .help = "Profile of the shared credentials and config files. AWS_PROFILE, else default."),
    AWS(access_key_id, "access_key_id", STRING, .expand = true,
        .help = "The id of an access key, with secret_access_key."),
    AWS(secret_access_key, "secret_access_key", OBJECT, .table = &aws_secret_table,
        .help = "Where the secret of that access key is."),
    AWS(session_token, "session_token", OBJECT, .table = &aws_session_table,
        .help = "Where its session token is, if it has one."),
    AWS(role_arn, "role_arn", STRING, .expand = true,
        .help = "Role to take on with the token in token_file. AWS_ROLE_ARN."),
    AWS(token_file, "token_file", STRING, .expand = true,
        .help = "File with a projected token. AWS_WEB_IDENTITY_TOKEN_FILE."),
    AWS(session_name, "session_name", STRING, .expand = true,
        .help = "What AWS's logs call the session. AWS_ROLE_SESSION_NAME, else proa."),
    AWS(sts_url, "sts_url", STRING, .expand = true,
        .help = "Address of the token service. AWS_ENDPOINT_URL_STS, else that of the region."),
    ROWS_END,
};
FORM_TABLE(aws_table, "aws", struct proa_aws_cfg);

/* ---- Google ------------------------------------------------------------------------------------
 */

#define GOOGLE(member, text, kind, ...) ROW(struct proa_google_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option google_table_rows[] = {
    GOOGLE(service_account_file, "service_account_file", STRING, .expand = true,
           .help = "JSON key file of a service account. GOOGLE_APPLICATION_CREDENTIALS."),
    GOOGLE(audience, "audience", STRING, .expand = true,
           .help = "Workload identity federation: the pool's provider, as "
                   "//iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/P/"
                   "providers/X, with token_file."),
    GOOGLE(token_file, "token_file", STRING, .expand = true,
           .help = "File with a projected token for that audience."),
    GOOGLE(scope, "scope", STRING, .preset = "https://www.googleapis.com/auth/cloud-platform",
           .help = "What the token is for."),
    GOOGLE(token_url, "token_url", STRING, .expand = true,
           .help = "Address of the token endpoint. That of the key file, or Google's own."),
    ROWS_END,
};
FORM_TABLE(google_table, "google", struct proa_google_cfg);

/* ---- Azure -------------------------------------------------------------------------------------
 */

#define AZURE(member, text, kind, ...) ROW(struct proa_azure_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option azure_table_rows[] = {
    AZURE(tenant, "tenant", STRING, .expand = true, .help = "Id of the tenant. AZURE_TENANT_ID."),
    AZURE(client_id, "client_id", STRING, .expand = true,
          .help = "Id of the application. AZURE_CLIENT_ID."),
    AZURE(client_secret, "client_secret", OBJECT, .table = &azure_secret_table,
          .help = "Where its secret is. AZURE_CLIENT_SECRET."),
    AZURE(token_file, "token_file", STRING, .expand = true,
          .help = "File with a projected token, instead of a secret. "
                  "AZURE_FEDERATED_TOKEN_FILE."),
    AZURE(scope, "scope", STRING, .preset = "https://cognitiveservices.azure.com/.default",
          .help = "What the token is for."),
    AZURE(authority, "authority", STRING, .expand = true,
          .help =
              "Address of Entra. AZURE_AUTHORITY_HOST, else https://login.microsoftonline.com."),
    ROWS_END,
};
FORM_TABLE(azure_table, "azure", struct proa_azure_cfg);

/* ---- a provider's own exchange -----------------------------------------------------------------
 */

static const char *const exchangers[] = {"auto", "openai", "anthropic", NULL};

#define EXCHANGE(member, text, kind, ...)                                                          \
    ROW(struct proa_exchange_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option exchange_table_rows[] = {
    EXCHANGE(with, "with", ENUM, .preset = "auto", .names = exchangers,
             .help = "Whose exchange it is: openai or anthropic; auto goes by the provider."),
    EXCHANGE(token_file, "token_file", STRING, .expand = true,
             .help = "File with a projected service-account token, which is exchanged for one of "
                     "the provider's. Read again when it changes. ANTHROPIC_IDENTITY_TOKEN_FILE."),
    EXCHANGE(identity_provider, "identity_provider", STRING, .expand = true,
             .help = "OpenAI: id of the identity provider that the token is from."),
    EXCHANGE(federation_rule, "federation_rule", STRING, .expand = true,
             .help = "Anthropic: id of the federation rule. ANTHROPIC_FEDERATION_RULE_ID."),
    EXCHANGE(organization, "organization", STRING, .expand = true,
             .help = "Anthropic: id of the organization. ANTHROPIC_ORGANIZATION_ID."),
    EXCHANGE(service_account, "service_account", STRING, .expand = true,
             .help = "Id of the service account to act as; Anthropic may do without. "
                     "ANTHROPIC_SERVICE_ACCOUNT_ID."),
    EXCHANGE(workspace, "workspace", STRING, .expand = true,
             .help = "Anthropic: id of the workspace, if not the default one."),
    EXCHANGE(url, "url", STRING, .expand = true,
             .help = "Address of the token endpoint. The provider's own."),
    ROWS_END,
};
FORM_TABLE(exchange_table, "exchange", struct proa_exchange_cfg);

/* ---- keys --------------------------------------------------------------------------------------
 */

static const char *const schemes[] = {"auto",    "bearer",         "x-api-key",
                                      "api-key", "x-goog-api-key", NULL};

static const struct proa_option key_rows[] = {
    ROW(struct proa_key_cfg, secret.env, "env", STRING,
        .help = "Name of the environment variable that holds the key. The key itself never stands "
                "in a configuration file."),
    ROW(struct proa_key_cfg, secret.file, "file", STRING, .expand = true,
        .help = "Path of the file that holds the key, instead of env; not readable by others. Line "
                "ends behind the key are cut off. Read again when it changes."),
    ROW(struct proa_key_cfg, dir, "dir", STRING, .expand = true,
        .help =
            "Path of a folder of such files, each a key of its own, called like its file. Files "
            "that come, go or change are noticed."),
    ROW(struct proa_key_cfg, aws, "aws", OBJECT, .table = &aws_table,
        .help = "AWS credentials, which sign requests. Empty means as AWS's own programs find "
                "them: variables, web identity, the shared files, the container's endpoint."),
    ROW(struct proa_key_cfg, google, "google", OBJECT, .table = &google_table,
        .help = "Tokens of Google, for Vertex AI."),
    ROW(struct proa_key_cfg, azure, "azure", OBJECT, .table = &azure_table,
        .help = "Tokens of Entra, for Azure OpenAI."),
    ROW(struct proa_key_cfg, exchange, "exchange", OBJECT, .table = &exchange_table,
        .help = "Tokens of OpenAI or Anthropic in exchange for a projected service-account token, "
                "so that no key is stored anywhere."),
    ROW(struct proa_key_cfg, scheme, "scheme", ENUM, .preset = "auto", .names = schemes,
        .help = "The header that shows the key, where it is not the provider's usual one."),
    ROW(struct proa_key_cfg, label, "label", STRING,
        .help = "How logs, metrics and x-proa-trail call the key; k1, k2, ... by its place "
                "otherwise. With dir, what stands before the file's name."),
    ROW(struct proa_key_cfg, quota_group, "quota_group", STRING,
        .help = "Keys of one provider that share an organisation's limits carry the same group. A "
                "key without one is a group of its own."),
    ROW(struct proa_key_cfg, weight, "weight", U32, .preset = "1", .max = 1000,
        .help = "Share of the provider's requests that this key takes; 0 takes none."),
    ROWS_END,
};

const struct proa_option_table proa_policy_key_table = {
    .title = "key",
    .rows = key_rows,
    .size = sizeof(struct proa_key_cfg),
    .where_at = offsetof(struct proa_key_cfg, where),
};
