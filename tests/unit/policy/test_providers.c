/* Where providers come from when nobody writes them down, and what they share. */
#include "proa/auth/secret.h"
#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

#include "expect.h"

static const struct proa_provider *find(const struct policy_fixture *f, const char *name)
{
    for (size_t i = 0; f->snapshot && i < f->snapshot->n_providers; i++) {
        if (proa_slice_eq(f->snapshot->providers[i].name, proa_slice_cstr(name))) {
            return &f->snapshot->providers[i];
        }
    }
    return NULL;
}

static void nothing_at_all(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_resolution out;
    policy_expect(f, NULL,
                  "warning: no provider is configured, so every request gets an error; set "
                  "OPENAI_API_KEY or another provider's key, write providers in a configuration "
                  "file, or start with --mock");
    assert_int_equal(f->snapshot->n_providers + f->snapshot->n_routes + f->snapshot->n_targets, 0);
    assert_int_equal(proa_snapshot_resolve(f->snapshot, PROA_SLICE("openai/gpt"), &out),
                     PROA_RESOLVE_NO_PROVIDER);
    assert_int_equal(proa_snapshot_resolve(f->snapshot, PROA_SLICE_NONE, &out),
                     PROA_RESOLVE_NO_PROVIDER);
    struct proa_slice near[3];
    assert_int_equal(proa_snapshot_suggest(f->snapshot, PROA_SLICE("x"), near, 3), 0);
}

static void keys_of_the_environment_become_providers(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"OPENAI_API_KEY=sk-o",
                                      "GROQ_API_KEY=gsk",
                                      "XAI_API_KEY=",
                                      "ANTHROPIC_API_KEY=a",
                                      "GOOGLE_API_KEY=g",
                                      "AZURE_OPENAI_API_KEY=z",
                                      NULL};
    f->env = env;
    (void)policy_build(f, NULL);
    assert_int_equal(f->snapshot->n_providers, 4);
    assert_slice_lit(find(f, "gemini")->base_path, "/v1beta");
    const struct proa_provider *openai = find(f, "openai");
    assert_slice_lit(openai->endpoint->identity, "https://api.openai.com:443");
    assert_slice_lit(proa_secret_bytes(openai->keys[0].secret), "sk-o");
    assert_slice_lit(openai->keys[0].label, "k1");
    assert_slice_lit(find(f, "groq")->base_path, "/openai/v1");
    assert_slice_lit(find(f, "anthropic")->base_path, "/v1");
    policy_route(f, "groq/llama", "0:groq/k1/*1");
    assert_slice_lit(policy_fixture_route(f, "groq/llama")->name, "groq/*");
    assert_slice_lit(policy_fixture_route(f, "groq/llama")->policy->name, "default");
    assert_int_equal(f->diags.n, 1);
    policy_message(f, 0,
                   "warning: AZURE_OPENAI_API_KEY is set, but not used: the address of azure is "
                   "made with a resource; set AZURE_RESOURCE_NAME, or write it in "
                   "providers.azure");
}

static void a_cloud_without_its_place_is_told_what_to_set(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"AWS_BEARER_TOKEN_BEDROCK=b", NULL};
    static const char *const whole[] = {"AWS_BEARER_TOKEN_BEDROCK=b", "AWS_REGION=eu-west-1", NULL};
    f->env = env;
    (void)policy_build(f, NULL);
    assert_int_equal(f->snapshot->n_providers, 0);
    policy_message(f, 0,
                   "warning: AWS_BEARER_TOKEN_BEDROCK is set, but not used: the address of bedrock "
                   "is made with a region; set AWS_REGION, or write it in providers.bedrock");
    f->env = whole;
    (void)policy_build(f, NULL);
    assert_int_equal(f->snapshot->n_providers, 1);
    assert_int_equal(f->diags.n, 0);
}

static void a_file_without_providers_is_still_zero_config(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"OPENAI_API_KEY=sk-o", NULL};
    f->env = env;
    (void)policy_build(f, "limits: {body: 1MiB}\nroutes: [{model: m, tiers: [[gpt]]}]\n");
    assert_int_equal(f->snapshot->n_providers, 1);
    policy_route(f, "m", "0:openai/k1/gpt*1");
}

static void configured_providers_are_the_only_ones(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"OPENAI_API_KEY=sk-o", "ANTHROPIC_API_KEY=a", NULL};
    f->env = env;
    (void)policy_build(f, "providers: {ollama: {}}\n");
    assert_int_equal(f->snapshot->n_providers, 1);
    assert_int_equal(f->diags.n, 0);
    assert_null(find(f, "ollama")->keys[0].secret); /* a vendor that asks for none */
    assert_slice_lit(find(f, "ollama")->endpoint->identity, "http://localhost:11434");
}

static void a_vendor_without_keys_takes_its_variable(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"OPENAI_API_KEY=sk-o", NULL};
    f->env = env;
    (void)policy_build(f, "providers: {openai: {}}\n");
    assert_slice_lit(proa_secret_bytes(find(f, "openai")->keys[0].secret), "sk-o");
    (void)policy_build(f, "providers: {openai: {keys: []}}\n");
    assert_null(find(f, "openai")->keys[0].secret);
    assert_slice_lit(find(f, "openai")->keys[0].label, "k1");
    (void)policy_build(f, "providers:\n  openai:\n"); /* nothing behind it at all */
    assert_non_null(find(f, "openai")->keys[0].secret);
    static const char *const bad[] = {"OPENAI_API_KEY=sk o", NULL};
    f->env = bad;
    policy_expect(f, NULL,
                  "providers.openai: the environment variable OPENAI_API_KEY holds a blank, a line "
                  "end or another character that cannot stand in a header, at byte 3 of 4");
}

static void the_address_of_the_environment(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"OPENAI_API_KEY=sk-o",
                                      "OPENAI_BASE_URL=https://eu.api.openai.com/v1/", NULL};
    f->env = env;
    (void)policy_build(f, NULL);
    assert_slice_lit(find(f, "openai")->endpoint->identity, "https://eu.api.openai.com:443");
    assert_slice_lit(find(f, "openai")->base_path, "/v1");
    (void)policy_build(f, "providers: {openai: {base_url: \"https://x/y\"}}\n");
    assert_slice_lit(find(f, "openai")->endpoint->identity, "https://x:443");

    static const char *const bad[] = {"OPENAI_API_KEY=sk-o", "OPENAI_BASE_URL=eu", NULL};
    f->env = bad;
    policy_expect(f, NULL, "OPENAI_BASE_URL: \"eu\" does not begin with https:// or http://");
    static const char *const empty[] = {"OPENAI_API_KEY=sk-o", "OPENAI_BASE_URL=", NULL};
    f->env = empty;
    (void)policy_build(f, NULL);
    assert_slice_lit(find(f, "openai")->endpoint->host, "api.openai.com");
}

/* Applications in the same environment are pointed to Proa by the very variable that would point
 * Proa elsewhere: taken at its word, each request would run in a circle. */
static void an_address_of_its_own_is_not_followed(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const own[] = {"http://127.0.0.1:4600/v1", "http://localhost:4600",
                                      "http://LOCALHOST:4600/v1", "http://[::1]:4600/v1"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(own); i++) {
        char variable[64];
        char message[256];
        (void)snprintf(variable, sizeof(variable), "OPENAI_BASE_URL=%s", own[i]);
        const char *const env[] = {"OPENAI_API_KEY=sk-o", variable, NULL};
        f->env = env;
        (void)snprintf(message, sizeof(message),
                       "warning: OPENAI_BASE_URL points to proa itself, so it is taken to be meant "
                       "for applications; providers.openai uses https://api.openai.com/v1");
        policy_expect(f, NULL, message);
        assert_slice_lit(find(f, "openai")->endpoint->host, "api.openai.com");
    }
    static const char *const other[] = {"OPENAI_API_KEY=sk-o",
                                        "OPENAI_BASE_URL=http://127.0.0.1:4700/v1", NULL};
    f->env = other;
    (void)policy_build(f, NULL);
    assert_int_equal(find(f, "openai")->endpoint->port, 4700);
}

static void the_mock(void **state)
{
    struct policy_fixture *f = *state;
    f->mock = true;
    (void)policy_build(f, NULL);
    assert_int_equal(f->diags.n, 0);
    assert_int_equal(f->snapshot->n_providers, 2);
    assert_int_equal(f->snapshot->n_configured_routes, 2);
    assert_int_equal(f->snapshot->n_endpoints, 1); /* one address, two paths */
    const struct proa_provider *mock = find(f, "mock");
    assert_slice_lit(mock->base_path, "/v1");
    assert_slice_lit(mock->endpoint->identity, "http://127.0.0.1:9");
    assert_slice_lit(find(f, "mock-down")->base_path, "/down/v1");
    assert_null(mock->keys[0].secret);
    policy_route(f, "demo", "0:mock-down/k1/echo*1 1:mock/k1/echo~*1");
    policy_route(f, "demo-cached", "0:mock/k1/echo*1 1:mock-down/k1/echo~*1");
    assert_int_equal(policy_fixture_route(f, "demo-cached")->policy->cache.mode,
                     PROA_CACHE_DETERMINISTIC);
    assert_slice_lit(policy_fixture_route(f, "demo")->candidates[0].target->label, "mock-down/k1");
    policy_route(f, "mock/echo", "0:mock/k1/*1");
    policy_route(f, "mock-down/echo", "0:mock-down/k1/*1");
    policy_route(f, "gpt-5.5", "0:mock/k1/*1"); /* any name, when there is nothing else */
}

static void the_mock_stands_back(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"OPENAI_API_KEY=sk-o", NULL};
    f->mock = true;
    f->env = env;
    (void)policy_build(f, NULL);
    assert_int_equal(f->snapshot->n_providers, 3);
    policy_route(f, "my-own", "0:openai/k1/*1"); /* the only real one takes bare names */

    (void)policy_build(f, "providers: {mock: {dialect: openai, base_url: \"https://m/x\"}}\n"
                          "routes: [{model: demo, tiers: [[mock/a], [mock-down/b]]}]\n");
    assert_slice_lit(find(f, "mock")->endpoint->host, "m");
    assert_slice_lit(find(f, "mock-down")->endpoint->host, "127.0.0.1");
    assert_int_equal(f->snapshot->n_configured_routes, 2); /* and demo-cached */
    policy_route(f, "demo", "0:mock/k1/a*1 1:mock-down/k1/b*1");
}

static void endpoints_are_shared_by_address_and_authorities(void **state)
{
    struct policy_fixture *f = *state;
    static const struct policy_fixture_file files[] = {
        {.path = "one.pem", .text = "-----BEGIN CERTIFICATE-----\n1\n"},
        {.path = "two.pem", .text = "-----BEGIN CERTIFICATE-----\n2\n"},
    };
    f->files = files;
    f->n_files = PROA_ARRAY_LEN(files);
    (void)policy_build(f, "providers:\n"
                          "  a: {dialect: openai, base_url: \"https://h/v1\"}\n"
                          "  b: {dialect: openai, base_url: \"https://H:443/v2\"}\n"
                          "  c: {dialect: openai, base_url: \"https://h:444/v1\"}\n"
                          "  d: {dialect: openai, base_url: \"http://h:443/v1\"}\n"
                          "  e: {dialect: openai, base_url: \"https://h/v1\", ca_file: one.pem}\n"
                          "  f: {dialect: openai, base_url: \"https://h/v1\", ca_file: two.pem}\n"
                          "  g: {dialect: openai, base_url: \"https://h/x\", ca_file: one.pem}\n"
                          "  h: {dialect: openai, base_url: \"http://[::1]:80/v1\"}\n"
                          "  i: {dialect: openai, base_url: \"http://[::1]:81/v1\"}\n");
    static const struct {
        const char *name;
        const char *identity;
        const char *host_header;
        uint16_t id;
    } rows[] = {
        {"a", "https://h:443", "h", 0},          {"b", "https://h:443", "h", 0},
        {"c", "https://h:444", "h:444", 1},      {"d", "http://h:443", "h:443", 2},
        {"e", "https://h:443", "h", 3},          {"f", "https://h:443", "h", 4},
        {"g", "https://h:443", "h", 3},          {"h", "http://[::1]:80", "[::1]", 5},
        {"i", "http://[::1]:81", "[::1]:81", 6},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_endpoint *e = find(f, row->name)->endpoint;
        assert_slice_str(e->identity, row->identity);
        assert_slice_str(e->host_header, row->host_header);
        PROA_TEST_CHECK(e->id == row->id, "%s: %u", row->name, (unsigned)e->id);
    }
    assert_int_equal(f->snapshot->n_endpoints, 7);
    assert_slice_lit(find(f, "h")->endpoint->host, "::1");
    assert_slice_lit(find(f, "e")->endpoint->ca_pem, "-----BEGIN CERTIFICATE-----\n1\n");
    assert_int_equal(find(f, "a")->endpoint->ca_pem.len, 0);
}

/* Whose errors a provider speaks: by its name, wherever it is; else by where it is. */
static void vendors_are_found_by_name_and_by_host(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *name;
        const char *vendor; /* NULL = none */
    } rows[] = {
        {"openai", "openai"},     {"groq", "groq"}, {"second", "openai"},
        {"router", "openrouter"}, {"local", NULL},  {"near", NULL},
    };
    (void)policy_build(
        f, "providers:\n"
           "  openai: {keys: []}\n"
           "  groq: {base_url: \"https://gateway.example.com/groq\", keys: []}\n"
           "  second: {dialect: openai, base_url: \"https://API.OpenAI.com/v1\"}\n"
           "  router: {dialect: openai, base_url: \"https://openrouter.ai/api/v1\"}\n"
           "  local: {dialect: openai, base_url: \"http://localhost:8000/v1\"}\n"
           "  near: {dialect: openai, base_url: \"https://api.openai.com.example.org/v1\"}\n");
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_vendor *v = find(f, row->name)->vendor;
        PROA_TEST_CHECK(v ? row->vendor && proa_slice_eq(v->name, proa_slice_cstr(row->vendor))
                          : !row->vendor,
                        "%s", row->name);
    }
}

static void addresses_expand_the_environment(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"REGION=eu", NULL};
    f->env = env;
    (void)policy_build(
        f, "providers: {a: {dialect: openai, base_url: \"https://${REGION}.example.com/v1\"}}\n");
    assert_slice_lit(find(f, "a")->endpoint->host, "eu.example.com");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(nothing_at_all),
        TEST(keys_of_the_environment_become_providers),
        TEST(a_cloud_without_its_place_is_told_what_to_set),
        TEST(a_file_without_providers_is_still_zero_config),
        TEST(configured_providers_are_the_only_ones),
        TEST(a_vendor_without_keys_takes_its_variable),
        TEST(the_address_of_the_environment),
        TEST(an_address_of_its_own_is_not_followed),
        TEST(the_mock),
        TEST(the_mock_stands_back),
        TEST(endpoints_are_shared_by_address_and_authorities),
        TEST(vendors_are_found_by_name_and_by_host),
        TEST(addresses_expand_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
