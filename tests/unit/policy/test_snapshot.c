/* The snapshot as others see it: what comes out of a configuration, names to candidates, reloads.
 */
#include "proa/auth/secret.h"
#include "proa/provider/dialect.h"

#include "../policy_fixture.h"
#include "proa_test.h"

static int setup(void **state)
{
    *state = proa_alloc_zero(1, sizeof(struct policy_fixture));
    return 0;
}

static int teardown(void **state)
{
    policy_fixture_deinit(*state);
    proa_free(*state);
    return 0;
}

static void build(struct policy_fixture *f, const char *yaml)
{
    policy_fixture_build(f, yaml, NULL);
    PROA_TEST_CHECK(f->err == PROA_OK, "%s", policy_fixture_message(f, 0));
}

/* The candidates of a route as "0:openai/k1/gpt-5.5*2 1:groq/k1/x~*1"; ~ marks substitutes. */
static const char *shown(const struct proa_route *route, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; route && i < route->n_candidates; i++) {
        const struct proa_candidate *c = &route->candidates[i];
        at += (size_t)snprintf(out + at, cap - at, "%s%u:%" PROA_SLICE_FMT "%s*%u", i ? " " : "",
                               (unsigned)c->tier, PROA_SLICE_ARG(c->target->identity),
                               c->substitute ? "~" : "", (unsigned)c->weight);
    }
    return out;
}

static void expect_route(struct policy_fixture *f, const char *model, const char *candidates)
{
    char text[4096];
    const struct proa_route *route = policy_fixture_route(f, model);
    PROA_TEST_CHECK(route, "%s leads nowhere", model);
    assert_string_equal(shown(route, text, sizeof(text)), candidates);
}

static const char WHOLE[] =
    "apiVersion: proa/v1\n"
    "listen: {data: 127.0.0.1:4600, ops: 127.0.0.1:4601, admin: 127.0.0.1:4602}\n"
    "providers:\n"
    "  openai:    {keys: [{env: KEY_A, quota_group: org-a},\n"
    "                     {file: /keys/b, quota_group: org-b, weight: 2, label: spare}]}\n"
    "  groq:      {keys: [{env: KEY_C}]}\n"
    "  local:     {dialect: openai, base_url: \"http://127.0.0.1:8000/v1/\", keys: []}\n"
    "policies: [policies/mine.yaml, {name: calm, retry: {max_attempts: 2}}]\n"
    "routes:\n"
    "  - model: assistant\n"
    "    policy: interactive\n"
    "    tiers:\n"
    "      - [{model: openai/gpt-5.5}]\n"
    "      - [groq/llama, {provider: local, model: a/b, weight: 3, substitute: true}]\n"
    "  - {model: \"gpt-*\", policy: mine, tiers: [[{provider: openai}]]}\n"
    "  - {model: \"*-5\", policy: calm, tiers: [[{provider: groq}], [{provider: local}]]}\n";

static const char *const KEYS[] = {"KEY_A=sk-a", "KEY_C=sk-c", NULL};
static const struct policy_fixture_file FILES[] = {
    {.path = "/keys/b", .text = "sk-b\r\n", .secret = true},
    {.path = "policies/mine.yaml",
     .text = "apiVersion: proa/v1\nkind: Policy\nname: mine\ntimeouts: {idle: 5s}\n"},
};

static void with_files(struct policy_fixture *f)
{
    f->env = KEYS;
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
}

static void everything_comes_out(void **state)
{
    struct policy_fixture *f = *state;
    with_files(f);
    build(f, WHOLE);
    assert_int_equal(f->diags.n, 0);
    const struct proa_snapshot *s = f->snapshot;
    assert_int_equal(s->n_providers, 3);
    assert_int_equal(s->n_endpoints, 3);
    assert_int_equal(s->n_configured_routes, 3);
    assert_int_equal(s->n_routes, 6);
    assert_int_equal(s->generation, 1);
    assert_int_equal(strlen(s->revision), 16);

    const struct proa_provider *openai = &s->providers[0];
    assert_slice_lit(openai->name, "openai");
    assert_string_equal(openai->dialect->name, "openai");
    assert_slice_lit(openai->endpoint->identity, "https://api.openai.com:443");
    assert_slice_lit(openai->endpoint->host, "api.openai.com");
    assert_slice_lit(openai->endpoint->host_header, "api.openai.com");
    assert_int_equal(openai->endpoint->port, 443);
    assert_true(openai->endpoint->tls);
    assert_slice_lit(openai->base_path, "/v1");
    assert_int_equal(openai->n_keys, 2);
    assert_slice_lit(openai->keys[0].label, "k1");
    assert_slice_lit(openai->keys[0].quota_group, "org-a");
    assert_slice_lit(proa_secret_bytes(openai->keys[0].secret), "sk-a");
    assert_slice_lit(openai->keys[1].label, "spare");
    assert_slice_lit(openai->keys[1].quota_group, "org-b");
    assert_slice_lit(proa_secret_bytes(openai->keys[1].secret), "sk-b");
    assert_int_equal(openai->keys[1].weight, 2);

    const struct proa_provider *local = &s->providers[2];
    assert_slice_lit(local->endpoint->identity, "http://127.0.0.1:8000");
    assert_slice_lit(local->endpoint->host_header, "127.0.0.1:8000");
    assert_false(local->endpoint->tls);
    assert_slice_lit(local->base_path, "/v1");
    assert_int_equal(local->n_keys, 1);
    assert_slice_lit(local->keys[0].label, "k1");
    assert_null(local->keys[0].secret);
    assert_int_equal(local->cfg->max_connections, 256);
    assert_int_equal(local->cfg->max_idle, 64);
    assert_int_equal(local->cfg->idle_ns, 50 * PROA_NS_PER_S);

    expect_route(f, "assistant",
                 "0:openai/k1/gpt-5.5*1 0:openai/spare/gpt-5.5*2 1:groq/k1/llama*1 "
                 "1:local/k1/a/b~*3");
    const struct proa_route *assistant = policy_fixture_route(f, "assistant");
    assert_int_equal(assistant->n_tiers, 2);
    assert_slice_lit(assistant->policy->name, "interactive");
    assert_int_equal(assistant->policy->timeouts.first_content_ns, 8 * PROA_NS_PER_S);
    assert_slice_lit(assistant->candidates[1].target->label, "openai/spare");
    const struct proa_route *gpt = policy_fixture_route(f, "gpt-9");
    assert_slice_lit(gpt->policy->name, "mine");
    assert_int_equal(gpt->policy->timeouts.idle_ns, 5 * PROA_NS_PER_S);
    assert_int_equal(policy_fixture_route(f, "x-5")->policy->retry.max_attempts, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(everything_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
