/*
 * Keys that are more than a string: which form leads to which grant or pair of AWS keys, in which
 * order things are looked for, and what is said of mistakes.
 */
#include "proa/auth/secret.h"
#include "proa/tls/context.h"

#include "expect.h"
#include "proa_test_rsa.h"

/* The service account's file, with the key as JSON writes it; made once. */
static char account_file[8192];

static struct policy_fixture_file FILES[] = {
    {.path = "/g/account.json", .text = account_file, .secret = true},
    {.path = "/g/broken.json", .text = "{\"type\":\"authorized_user\"}", .secret = true},
    {.path = "/t/token", .text = "projected.token\n", .secret = true},
    {.path = "/k/secret", .text = "s3cr3t/key\n", .secret = true},
    {.path = "/home/.aws/credentials",
     .text = "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = filesecret\n"
             "[session]\naws_access_key_id = ASIAFILE\naws_secret_access_key = filesecret2\n"
             "aws_session_token = filesession\n[empty]\n",
     .secret = true},
    {.path = "/home/.aws/config",
     .text = "[profile irsa]\nrole_arn = arn:aws:iam::1:role/cfg\n"
             "web_identity_token_file = /t/token\nrole_session_name = cfg\n"
             "[profile sso]\nsso_session = corp\n"
             "[profile keys]\naws_access_key_id = AKIACFG\naws_secret_access_key = cfgsecret\n"},
};

static const struct proa_key *key_of(struct policy_fixture *f, const char *provider)
{
    char yaml[2048];
    (void)snprintf(yaml, sizeof yaml,
                   "providers: {a: {dialect: openai, base_url: \"https://api.example/v1\", %s}}\n",
                   provider);
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
    return &policy_build(f, yaml)->providers[0].keys[0];
}

/* ---- AWS ---------------------------------------------------------------------------------------
 */

static const struct {
    const char *env[5];
    const char *aws;       /* the form's members */
    const char *access_id; /* NULL: a grant */
    const char *secret;
    const char *session;
    const char *grant; /* account and group, or the endpoint with its path */
} aws_rows[] = {
    {{NULL},
     "access_key_id: AKIAW, secret_access_key: {file: /k/secret}",
     "AKIAW",
     "s3cr3t/key",
     "",
     NULL},
    {{"S=sec", "T=ses", NULL},
     "access_key_id: AKIAW, secret_access_key: {env: S}, session_token: {env: T}",
     "AKIAW",
     "sec",
     "ses",
     NULL},
    /* What is written wins over variables, variables over files, files over the container. */
    {{"AWS_ACCESS_KEY_ID=AKIAENV", "AWS_SECRET_ACCESS_KEY=envsecret", "S=sec", NULL},
     "access_key_id: AKIAW, secret_access_key: {env: S}",
     "AKIAW",
     "sec",
     "",
     NULL},
    {{"AWS_ACCESS_KEY_ID=AKIAENV", "AWS_SECRET_ACCESS_KEY=envsecret", "AWS_SESSION_TOKEN=envses",
      "HOME=/home", NULL},
     "",
     "AKIAENV",
     "envsecret",
     "envses",
     NULL},
    {{"HOME=/home", NULL}, "", "AKIAFILE", "filesecret", "", NULL},
    {{"HOME=/home", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x", NULL},
     "",
     "AKIAFILE",
     "filesecret",
     "",
     NULL},
    {{"HOME=/home", "AWS_PROFILE=session", NULL},
     "",
     "ASIAFILE",
     "filesecret2",
     "filesession",
     NULL},
    {{"HOME=/home", "AWS_ACCESS_KEY_ID=AKIAENV", "AWS_SECRET_ACCESS_KEY=envsecret", NULL},
     "profile: session",
     "ASIAFILE",
     "filesecret2",
     "filesession",
     NULL},
    {{"HOME=/home", NULL}, "profile: keys", "AKIACFG", "cfgsecret", "", NULL},
    {{"AWS_SHARED_CREDENTIALS_FILE=/home/.aws/credentials", NULL},
     "",
     "AKIAFILE",
     "filesecret",
     "",
     NULL},
    /* A role without a token is for other programs. */
    {{"AWS_ROLE_ARN=arn:role", "HOME=/home", NULL}, "", "AKIAFILE", "filesecret", "", NULL},
    /* Tokens. */
    {{"AWS_ROLE_ARN=arn:role", "AWS_WEB_IDENTITY_TOKEN_FILE=/t/token", "HOME=/home", NULL},
     "",
     NULL,
     NULL,
     NULL,
     "https://sts.eu-central-1.amazonaws.com:443 arn:role proa projected.token"},
    {{NULL},
     "role_arn: r, token_file: /t/token, session_name: name, sts_url: \"https://sts.example\"",
     NULL,
     NULL,
     NULL,
     "https://sts.example:443 r name projected.token"},
    {{"HOME=/home", NULL},
     "profile: irsa",
     NULL,
     NULL,
     NULL,
     "https://sts.eu-central-1.amazonaws.com:443 arn:aws:iam::1:role/cfg cfg projected.token"},
    {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x", NULL},
     "",
     NULL,
     NULL,
     NULL,
     "http://169.254.170.2:80/v2/x   "},
    {{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t/token", NULL},
     "",
     NULL,
     NULL,
     NULL,
     "http://169.254.170.23:80/v1/credentials   projected.token"},
    {{"AWS_CONTAINER_CREDENTIALS_FULL_URI=https://creds.example/x",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN=abc", NULL},
     "",
     NULL,
     NULL,
     NULL,
     "https://creds.example:443/x   abc"},
};

static const char *show_grant(const struct proa_key_grant *g)
{
    static char text[512];
    const struct proa_slice secret =
        g->grant.secret ? proa_secret_bytes(g->grant.secret) : PROA_SLICE_NONE;
    (void)snprintf(text, sizeof text,
                   "%" PROA_SLICE_FMT "%" PROA_SLICE_FMT " %" PROA_SLICE_FMT " %" PROA_SLICE_FMT
                   " %" PROA_SLICE_FMT,
                   PROA_SLICE_ARG(g->endpoint->identity), PROA_SLICE_ARG(g->grant.target),
                   PROA_SLICE_ARG(g->grant.account), PROA_SLICE_ARG(g->grant.group),
                   PROA_SLICE_ARG(secret));
    return text;
}

static void check_pair(const struct proa_key *key, const char *access_id, const char *secret,
                       const char *session)
{
    assert_null(key->grant);
    assert_slice_str(key->access_id, access_id);
    assert_slice_str(proa_secret_bytes(key->secret), secret);
    assert_slice_str(key->session ? proa_secret_bytes(key->session) : PROA_SLICE_NONE, session);
}

static void aws_credentials_in_their_order(void **state)
{
    struct policy_fixture *f = *state;
    PROA_TEST_ROWS(row, aws_rows)
    {
        char provider[512];
        (void)snprintf(provider, sizeof provider, "region: eu-central-1, keys: [{aws: {%s}}]",
                       row->aws);
        f->env = row->env;
        const struct proa_key *key = key_of(f, provider);
        assert_int_equal(key->scheme, PROA_AUTH_SIGV4);
        assert_slice_lit(key->region, "eu-central-1");
        assert_slice_lit(key->service, "bedrock");
        if (!row->grant) {
            check_pair(key, row->access_id, row->secret, row->session);
            continue;
        }
        assert_non_null(key->grant);
        assert_null(key->secret);
        const char *shown = show_grant(key->grant);
        PROA_TEST_CHECK(strcmp(shown, row->grant) == 0, "\"%s\"", shown);
    }
}

static const struct {
    const char *env[4];
    const char *key;
    const char *message;
} wrong[] = {
    {{NULL},
     "aws: {access_key_id: A}",
     "providers.a.keys[0].aws: has an access_key_id and no secret_access_key"},
    {{NULL},
     "aws: {secret_access_key: {file: /k/secret}}",
     "providers.a.keys[0].aws: has a secret_access_key and no access_key_id"},
    {{NULL}, "aws: {role_arn: r}", "providers.a.keys[0].aws: has a role_arn and no token_file"},
    {{NULL},
     "aws: {token_file: /t/token}",
     "providers.a.keys[0].aws: has a token_file and no role_arn"},
    {{NULL},
     "aws: {role_arn: r, token_file: /none}",
     "providers.a.keys[0].aws.token_file: the file /none does not exist"},
    {{NULL},
     "aws: {role_arn: r, token_file: /t/token, sts_url: \"http://sts.example\"}",
     "providers.a.keys[0].aws.sts_url: \"http://sts.example\" would send the credential over the "
     "network unencrypted; write https://"},
    {{"HOME=/home", NULL},
     "aws: {profile: sso}",
     "providers.a.keys[0].aws: the profile sso gets its credentials by sso_session, which is not "
     "supported; use access keys, web identity or a container's endpoint"},
    {{"HOME=/home", NULL},
     "aws: {profile: other}",
     "providers.a.keys[0].aws: the profile other is not in the shared credentials and config "
     "files"},
    {{"HOME=/home", NULL},
     "aws: {profile: empty}",
     "providers.a.keys[0].aws: the profile empty has no credentials in the shared credentials and "
     "config files"},
    {{NULL},
     "aws: {}",
     "providers.a.keys[0].aws: no AWS credentials were found: not in the variables, not in the "
     "shared files, and there is no container endpoint"},
    {{NULL},
     "google: {service_account_file: /g/broken.json}",
     "providers.a.keys[0].google.service_account_file: the file /g/broken.json is not the key of a "
     "service account: its type is another one"},
    {{NULL},
     "google: {audience: x}",
     "providers.a.keys[0].google: has an audience and no token_file"},
    {{"GOOGLE_CLIENT_EMAIL=a@b", "GOOGLE_PRIVATE_KEY=hidden", NULL},
     "google: {}",
     "providers.a.keys[0].google: GOOGLE_PRIVATE_KEY holds no RSA key in PEM"},
    {{NULL},
     "azure: {tenant: t}",
     "providers.a.keys[0].azure: has no client_id, and AZURE_CLIENT_ID is not set"},
    {{NULL},
     "exchange: {with: anthropic, federation_rule: r}",
     "providers.a.keys[0].exchange: has no organization"},
    {{NULL},
     "exchange: {with: openai, identity_provider: i}",
     "providers.a.keys[0].exchange: has no service_account"},
    {{NULL},
     "exchange: {with: openai, identity_provider: i, service_account: s}",
     "providers.a.keys[0].exchange: has no token_file"},
    /* What is there for Anthropic is not shown to OpenAI. */
    {{"ANTHROPIC_IDENTITY_TOKEN_FILE=/t/token", NULL},
     "exchange: {with: openai, identity_provider: i, service_account: s}",
     "providers.a.keys[0].exchange: has no token_file"},
    {{"ANTHROPIC_SERVICE_ACCOUNT_ID=svac", "ANTHROPIC_FEDERATION_RULE_ID=rule", NULL},
     "exchange: {with: openai, token_file: /t/token}",
     "providers.a.keys[0].exchange: has no identity_provider"},
    {{"A=x", NULL},
     "env: A, azure: {tenant: t}",
     "providers.a.keys[0]: is written in more than one form; env, file, dir, aws, google, azure "
     "and exchange exclude one another"},
};

static void mistakes(void **state)
{
    struct policy_fixture *f = *state;
    PROA_TEST_ROWS(row, wrong)
    {
        char yaml[1024];
        (void)snprintf(
            yaml, sizeof yaml,
            "providers: {a: {dialect: openai, base_url: \"https://h\", region: us-east-1, "
            "keys: [{%s}]}}\n",
            row->key);
        f->env = row->env;
        f->files = FILES;
        f->n_files = PROA_ARRAY_LEN(FILES);
        policy_fixture_build(f, yaml, NULL);
        assert_err(f->err, PROA_ERR_SYNTAX);
        const char *actual = policy_fixture_message(f, 0);
        const char *text = strstr(actual, "providers.");
        PROA_TEST_CHECK(text && strcmp(text, row->message) == 0, "\n  is       %s\n  expected %s",
                        actual, row->message);
        PROA_TEST_CHECK(!strstr(actual, "hidden"), "%s", actual);
    }
}

static void services_and_regions_of_the_other_ways_in(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"AWS_ACCESS_KEY_ID=AKIAENV",
                                      "AWS_SECRET_ACCESS_KEY=envsecret", "AWS_REGION=eu-west-1",
                                      NULL};
    static const struct {
        const char *yaml;
        const char *host;
        const char *service;
    } rows[] = {
        {"providers: {bedrock-openai: {}}", "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock"},
        {"providers: {bedrock-mantle: {}}", "bedrock-mantle.eu-west-1.api.aws", "bedrock-mantle"},
        {"providers: {bedrock: {}}", "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock"},
        {NULL, "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock"},
    };
    f->env = env;
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_provider *p = &policy_build(f, row->yaml)->providers[0];
        assert_slice_str(p->endpoint->host, row->host);
        assert_slice_str(p->keys[0].service, row->service);
        assert_slice_lit(p->keys[0].region, "eu-west-1");
        assert_slice_lit(p->keys[0].access_id, "AKIAENV");
    }
}

static void a_region_is_needed_and_checked(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const regions[] = {"", "region: \"evil.example/\", ", "region: US, "};
    PROA_TEST_ROWS(region, regions)
    {
        char yaml[512];
        (void)snprintf(yaml, sizeof yaml,
                       "providers: {a: {dialect: openai, base_url: \"https://h\", %skeys: [{aws: "
                       "{access_key_id: A, secret_access_key: {file: /k/secret}}}]}}\n",
                       *region);
        f->files = FILES;
        f->n_files = PROA_ARRAY_LEN(FILES);
        policy_fixture_build(f, yaml, NULL);
        assert_err(f->err, PROA_ERR_SYNTAX);
        assert_non_null(strstr(policy_fixture_message(f, 0), "needs the region of the provider"));
    }
}

/* ---- Google, Azure, exchange -------------------------------------------------------------------
 */

static void google_accounts(void **state)
{
    struct policy_fixture *f = *state;
    static char pem[4096];
    const struct proa_key *key =
        key_of(f, "keys: [{google: {service_account_file: /g/account.json}}]");
    const struct proa_grant *g = &key->grant->grant;
    assert_int_equal(g->kind, PROA_GRANT_GOOGLE_ACCOUNT);
    assert_int_equal(key->scheme, PROA_AUTH_BEARER);
    assert_slice_lit(g->account, "robot@p.example");
    assert_slice_lit(g->key_id, "kid");
    assert_slice_lit(g->audience, "https://oauth2.googleapis.com/token");
    assert_slice_lit(g->scope, "https://www.googleapis.com/auth/cloud-platform");
    assert_slice_lit(g->target, "/token");
    assert_slice_lit(g->host_header, "oauth2.googleapis.com");
    assert_slice_lit(key->grant->label, "a/k1");
    /* From variables. */
    (void)snprintf(pem, sizeof pem, "GOOGLE_PRIVATE_KEY=%s", RFC7515_KEY);
    const char *env[] = {"GOOGLE_CLIENT_EMAIL=v@p", pem, "GOOGLE_PRIVATE_KEY_ID=v", NULL};
    f->env = env;
    g = &key_of(f, "keys: [{google: {}}]")->grant->grant;
    assert_slice_lit(g->account, "v@p");
    assert_slice_lit(g->key_id, "v");
    assert_slice_lit(proa_secret_bytes(g->secret), RFC7515_KEY);
    f->env = NULL;
    /* Workload identity. */
    g = &key_of(f, "keys: [{google: {audience: //iam/x, token_file: /t/token}}]")->grant->grant;
    assert_int_equal(g->kind, PROA_GRANT_GOOGLE_STS);
    assert_slice_lit(g->audience, "//iam/x");
    assert_slice_lit(g->host_header, "sts.googleapis.com");
}

static void azure_applications(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"S=az", "AZURE_TENANT_ID=te", "AZURE_CLIENT_ID=ce",
                                      "AZURE_CLIENT_SECRET=se", NULL};
    f->env = env;
    const struct proa_grant *g =
        &key_of(f, "keys: [{azure: {tenant: t, client_id: c, client_secret: {env: S}}}]")
             ->grant->grant;
    assert_int_equal(g->kind, PROA_GRANT_AZURE_SECRET);
    assert_slice_lit(g->host_header, "login.microsoftonline.com");
    assert_slice_lit(g->target, "/t/oauth2/v2.0/token");
    assert_slice_lit(g->account, "c");
    assert_slice_lit(proa_secret_bytes(g->secret), "az");
    g = &key_of(f, "keys: [{azure: {}}]")->grant->grant;
    assert_slice_lit(g->target, "/te/oauth2/v2.0/token");
    assert_slice_lit(proa_secret_bytes(g->secret), "se");
    /* A token file that is written wins over a secret that is there for all. */
    g = &key_of(f, "keys: [{azure: {token_file: /t/token, authority: \"https://login.example/\"}}]")
             ->grant->grant;
    assert_int_equal(g->kind, PROA_GRANT_AZURE_FEDERATED);
    assert_slice_lit(g->host_header, "login.example");
    assert_slice_lit(proa_secret_bytes(g->secret), "projected.token");
}

static void exchanges_go_by_the_vendor(void **state)
{
    struct policy_fixture *f = *state;
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
    const struct proa_key_grant *g =
        policy_build(f, "providers: {openai: {keys: [{exchange: {token_file: /t/token, "
                        "identity_provider: i, service_account: s}}]}}")
            ->providers[0]
            .keys[0]
            .grant;
    assert_int_equal(g->grant.kind, PROA_GRANT_OPENAI);
    assert_slice_lit(g->grant.host_header, "auth.openai.com");
    assert_slice_lit(g->grant.target, "/oauth/token");
    assert_slice_lit(g->grant.audience, "i");
    assert_slice_lit(g->grant.account, "s");
}

/* ---- over reloads, and what is known -----------------------------------------------------------
 */

static void identities_stay(void **state)
{
    struct policy_fixture *f = *state;
    static const char azure[] = "keys: [{azure: {tenant: t, client_id: c, token_file: /t/token}}]";
    char first[256];
    const struct proa_key *key = key_of(f, azure);
    const uint64_t version = key->version;
    (void)snprintf(first, sizeof first, "%" PROA_SLICE_FMT, PROA_SLICE_ARG(key->grant->identity));
    FILES[2].text = "another.token\n"; /* rotated */
    key = key_of(f, azure);
    FILES[2].text = "projected.token\n";
    assert_slice_str(key->grant->identity, first);
    assert_true(key->version != version); /* what the old one was refused does not hold for it */
    key = key_of(f, "keys: [{azure: {tenant: t, client_id: d, token_file: /t/token}}]");
    assert_false(proa_slice_eq(key->grant->identity, proa_slice_cstr(first)));
}

static void all_secrets_are_known(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"S=sec-of-env", NULL};
    f->env = env;
    (void)key_of(f, "region: eu-central-1, keys: [{google: {service_account_file: "
                    "/g/account.json}}, {azure: {tenant: t, client_id: c, client_secret: {env: S}}}"
                    ", {aws: {access_key_id: A, secret_access_key: {file: /k/secret}}}]");
    size_t n = 0;
    for (const struct proa_kept *k = f->snapshot->kept; k; k = k->next) {
        assert_true(proa_slice_starts(k->where, PROA_SLICE("providers.a.keys[")));
        n++;
    }
    assert_int_equal(n, 3);
    assert_int_equal(f->snapshot->n_grants, 2);
}

static void the_environment_alone(void **state)
{
    struct policy_fixture *f = *state;
    /* A bearer token shows otherwise than a key of the same vendor. */
    static const char *const azure[] = {"AZURE_RESOURCE_NAME=res", "AZURE_TENANT_ID=t",
                                        "AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=s", NULL};
    f->env = azure;
    const struct proa_snapshot *s = policy_build(f, NULL);
    assert_int_equal(s->n_providers, 1);
    assert_slice_lit(s->providers[0].endpoint->host, "res.openai.azure.com");
    assert_int_equal(s->providers[0].keys[0].scheme, PROA_AUTH_BEARER);
    assert_int_equal(s->providers[0].keys[0].grant->grant.kind, PROA_GRANT_AZURE_SECRET);
    static const char *const key[] = {"AZURE_RESOURCE_NAME=res", "AZURE_API_KEY=azure-key-1", NULL};
    f->env = key;
    s = policy_build(f, NULL);
    assert_int_equal(s->providers[0].keys[0].scheme, PROA_AUTH_API_KEY);
    assert_slice_lit(proa_secret_bytes(s->providers[0].keys[0].secret), "azure-key-1");
    /* Without an address it is no provider. */
    static const char *const homeless[] = {"AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c",
                                           "AZURE_CLIENT_SECRET=s", NULL};
    f->env = homeless;
    assert_int_equal(policy_build(f, NULL)->n_providers, 0);
}

static int set_up(void **state)
{
    (void)state;
    size_t n = 0;
    char key[4096];
    for (const char *c = RFC7515_KEY; *c; c++) {
        if (*c == '\n') {
            key[n++] = '\\';
        }
        key[n++] = *c == '\n' ? 'n' : *c;
    }
    key[n] = '\0';
    (void)snprintf(account_file, sizeof account_file,
                   "{\"type\":\"service_account\",\"client_email\":\"robot@p.example\","
                   "\"private_key_id\":\"kid\",\"private_key\":\"%s\"}",
                   key);
    return proa_tls_init() == PROA_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    proa_tls_exit();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(aws_credentials_in_their_order),
        TEST(mistakes),
        TEST(services_and_regions_of_the_other_ways_in),
        TEST(a_region_is_needed_and_checked),
        TEST(google_accounts),
        TEST(azure_applications),
        TEST(exchanges_go_by_the_vendor),
        TEST(identities_stay),
        TEST(all_secrets_are_known),
        TEST(the_environment_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
