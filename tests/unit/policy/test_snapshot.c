/* The snapshot as others see it: what comes out of a configuration, names to candidates, reloads.
 */
#include "proa/auth/secret.h"
#include "proa/provider/dialect.h"

#include "../policy_fixture.h"
#include "expect.h"

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
    (void)policy_build(f, WHOLE);
    assert_int_equal(f->diags.n, 2); /* "gpt-*" has one provider only, groq has no "llama" */
    const struct proa_snapshot *s = f->snapshot;
    assert_int_equal(s->n_providers, 3);
    assert_int_equal(s->n_endpoints, 3);
    assert_int_equal(s->n_configured_routes, 3);
    assert_true(s->n_routes > 6); /* one per provider, and those of the catalogue */
    for (size_t i = 0; i < s->n_routes; i++) {
        assert_int_equal(s->routes[i].on_demand, i >= 6);
    }
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

    policy_route(f, "assistant",
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

/* Identity is what states hang on: it must not depend on what else is configured, or on order. */
static void identities_survive_a_reload(void **state)
{
    struct policy_fixture *f = *state;
    with_files(f);
    const struct proa_snapshot *before =
        proa_snapshot_ref((struct proa_snapshot *)(uintptr_t)policy_build(f, WHOLE));
    static const char changed[] =
        "providers:\n"
        "  zeta:   {dialect: openai, base_url: \"http://127.0.0.1:1\"}\n"
        "  local:  {dialect: openai, base_url: \"http://127.0.0.1:8000/v1\"}\n"
        "  groq:   {keys: [{env: KEY_C}]}\n"
        "  openai: {keys: [{file: /keys/b, label: spare}, {env: KEY_A, label: k1}]}\n"
        "routes:\n"
        "  - {model: other, tiers: [[zeta/x], [{provider: local, model: a/b}], [groq/llama]]}\n"
        "  - {model: assistant, tiers: [[openai/gpt-5.5]]}\n";
    const struct proa_snapshot *after = policy_build(f, changed);
    size_t same = 0;
    for (size_t i = 0; i < before->n_targets; i++) {
        for (size_t k = 0; k < after->n_targets; k++) {
            if (!proa_slice_eq(before->targets[i].identity, after->targets[k].identity)) {
                continue;
            }
            same++;
            assert_slice_equal(before->targets[i].provider->name, after->targets[k].provider->name);
            assert_slice_equal(before->targets[i].key->label, after->targets[k].key->label);
            assert_slice_equal(before->targets[i].model, after->targets[k].model);
            assert_slice_equal(before->targets[i].provider->endpoint->identity,
                               after->targets[k].provider->endpoint->identity);
        }
    }
    assert_true(before->n_targets > 8);
    assert_int_equal(same, before->n_targets);
    assert_string_not_equal(before->revision, after->revision);
    proa_snapshot_unref((struct proa_snapshot *)(uintptr_t)before);
}

static void ids_are_dense_and_places(void **state)
{
    struct policy_fixture *f = *state;
    with_files(f);
    const struct proa_snapshot *s = policy_build(f, WHOLE);
    for (size_t i = 0; i < s->n_targets; i++) {
        assert_int_equal(s->targets[i].id, i);
        for (size_t k = 0; k < i; k++) {
            assert_false(proa_slice_eq(s->targets[i].identity, s->targets[k].identity));
        }
    }
    for (size_t i = 0; i < s->n_endpoints; i++) {
        assert_int_equal(s->endpoints[i].id, i);
    }
    for (size_t i = 0; i < s->n_routes; i++) {
        const struct proa_route *route = &s->routes[i];
        assert_int_equal(route->id, i);
        assert_non_null(route->policy);
        assert_true(route->n_candidates > 0 && route->n_candidates <= PROA_ROUTE_TARGETS_MAX);
        for (size_t c = 0; c < route->n_candidates; c++) {
            const struct proa_target *target = route->candidates[c].target;
            assert_true(target >= s->targets && target < s->targets + s->n_targets);
            assert_true(route->candidates[c].tier < route->n_tiers);
            assert_true(c == 0 || route->candidates[c].tier >= route->candidates[c - 1].tier);
        }
    }
    /* The pattern routes and the providers' own ones share the target without a model. */
    assert_ptr_equal(policy_fixture_route(f, "gpt-1")->candidates[0].target,
                     policy_fixture_route(f, "openai/x")->candidates[0].target);
}

static void copy_revision(struct policy_fixture *f, const char *yaml, char out[17])
{
    memcpy(out, policy_build(f, yaml)->revision, 17);
}

static void the_revision_follows_every_input(void **state)
{
    struct policy_fixture *f = *state;
    static const char yaml[] = "providers: {openai: {keys: [{env: KEY_A}]}}\n"
                               "policies: [policies/mine.yaml]\n";
    static const char *const rotated[] = {"KEY_A=sk-other", NULL};
    static const char *const override[] = {"KEY_A=sk-a", "PROA_LIMITS_BODY=1MiB", NULL};
    static const struct proa_config_flag flag = {"--log-level", "log.level", {"warn", 4}};
    static const struct policy_fixture_file edited[] = {
        {.path = "policies/mine.yaml", .text = "apiVersion: proa/v1\nkind: Policy\nname: mine\n"}};
    char revisions[7][17];
    with_files(f);
    copy_revision(f, yaml, revisions[0]);
    copy_revision(f, yaml, revisions[1]);
    assert_string_equal(revisions[0], revisions[1]);
    copy_revision(f,
                  "providers: {openai: {keys: [{env: KEY_A}]}} \n"
                  "policies: [policies/mine.yaml]\n",
                  revisions[1]);
    f->env = rotated;
    copy_revision(f, yaml, revisions[2]);
    f->env = override;
    copy_revision(f, yaml, revisions[3]);
    f->env = KEYS;
    f->flags = &flag;
    f->n_flags = 1;
    copy_revision(f, yaml, revisions[4]);
    f->n_flags = 0;
    f->files = edited;
    f->n_files = 1;
    copy_revision(f, yaml, revisions[5]);
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
    f->mock = true;
    copy_revision(f, yaml, revisions[6]);
    for (size_t i = 0; i < PROA_ARRAY_LEN(revisions); i++) {
        assert_int_equal(strspn(revisions[i], "0123456789abcdef"), 16);
        for (size_t k = 0; k < i; k++) {
            PROA_TEST_CHECK(strcmp(revisions[i], revisions[k]) != 0, "%zu and %zu", i, k);
        }
    }
}

static void the_last_reference_releases(void **state)
{
    struct policy_fixture *f = *state;
    with_files(f);
    struct proa_snapshot *s = (struct proa_snapshot *)(uintptr_t)policy_build(f, WHOLE);
    assert_int_equal(s->refs, 1);
    assert_ptr_equal(proa_snapshot_ref(s), s);
    struct proa_secret *secret = proa_secret_ref(s->providers[0].keys[0].secret);
    proa_snapshot_unref(s);
    assert_int_equal(s->refs, 1);
    assert_slice_lit(proa_secret_bytes(s->providers[0].keys[0].secret), "sk-a");
    policy_fixture_deinit(f); /* everything of it is gone: the sanitizer would tell otherwise */
    assert_slice_lit(proa_secret_bytes(secret), "sk-a"); /* whoever holds one may keep it */
    proa_secret_unref(secret);
    proa_snapshot_unref(NULL);
}

static void inputs_may_go_away(void **state)
{
    struct policy_fixture *f = *state;
    char yaml[sizeof(WHOLE)];
    with_files(f);
    memcpy(yaml, WHOLE, sizeof(WHOLE));
    (void)policy_build(f, yaml);
    memset(yaml, 'x', sizeof(yaml) - 1);
    policy_route(f, "gpt-x", "0:openai/k1/*1 0:openai/spare/*2");
    assert_slice_lit(f->snapshot->providers[1].name, "groq");
    assert_slice_lit(f->snapshot->routes[0].name, "assistant");
    assert_slice_lit(f->snapshot->cfg->api_version, "proa/v1");
}

static void files_merge(void **state)
{
    struct policy_fixture *f = *state;
    with_files(f);
    policy_fixture_build(f, "apiVersion: proa/v1\nproviders: {openai: {keys: [{env: KEY_A}]}}\n",
                         "apiVersion: proa/v1\nproviders: {groq: {keys: [{env: KEY_C}]}}\n"
                         "routes: [{model: m, tiers: [[openai/a], [groq/b]]}]\n");
    assert_ok(f->err);
    policy_route(f, "m", "0:openai/k1/a*1 1:groq/k1/b*1");
    policy_fixture_build(f, "providers: {openai: {keys: [{env: KEY_A}]}}\n",
                         "routes: [{model: m, policy: nope, tiers: [[openai/a]]}]\n");
    policy_message(f, 0, "more.yaml:1:29: routes[0].policy: there is no policy \"nope\"");
}

static void a_failed_build_leaves_nothing(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_snapshot *out = (struct proa_snapshot *)(uintptr_t)0x10;
    static struct proa_diags diags;
    const struct proa_policy_file file = {"f", PROA_SLICE("providers: {a: {}}")};
    const struct proa_policy_env env = {
        .ctx = f, .getenv = policy_fixture_getenv, .file = policy_fixture_file};
    const struct proa_policy_input input = {.files = &file, .n_files = 1, .env = &env};
    memset(&diags, 0, sizeof(diags));
    assert_err(proa_snapshot_build(&input, &diags, &out), PROA_ERR_SYNTAX);
    assert_ptr_equal(out, (void *)(uintptr_t)0x10);
    assert_true(diags.n_errors > 0);

    /* Errors that were there before are not this build's. */
    const struct proa_policy_input nothing = {.env = &env};
    assert_ok(proa_snapshot_build(&nothing, &diags, &out));
    proa_snapshot_unref(out);
}

static void without_an_environment(void **state)
{
    (void)state;
    static struct proa_diags diags;
    struct proa_snapshot *out = NULL;
    const struct proa_policy_file file = {
        "f", PROA_SLICE("providers: {local: {dialect: openai, base_url: \"http://localhost:1\"}}")};
    const struct proa_policy_input input = {.files = &file, .n_files = 1};
    memset(&diags, 0, sizeof(diags));
    assert_ok(proa_snapshot_build(&input, &diags, &out));
    assert_int_equal(out->n_providers, 1);
    proa_snapshot_unref(out);
}

static void limits_and_listeners_are_bound(void **state)
{
    struct policy_fixture *f = *state;
    const struct proa_root_cfg *c =
        policy_build(f, "listen: {data: [127.0.0.1:1, \"unix:/run/proa.sock\", \"[::1]:2\"], "
                        "ops: 0.0.0.0:3, admin: [], socket_mode: 660}\n"
                        "limits: {drain: 500ms, drain_idle: 250ms, head_timeout: 1s}\n"
                        "log: {format: logfmt, level: debug, access: false}\n")
            ->cfg;
    assert_int_equal(c->listen.data.n, 3);
    assert_int_equal(c->listen.admin.n, 0);
    assert_int_equal(c->listen.socket_mode, 0660);
    assert_int_equal(c->limits.drain_ns, 500 * PROA_NS_PER_MS);
    assert_int_equal(c->limits.drain_idle_ns, 250 * PROA_NS_PER_MS);
    assert_int_equal(c->limits.head_ns, PROA_NS_PER_S);
    assert_int_equal(c->limits.head, 32 * 1024);
    assert_int_equal(c->log.format, 1);
    assert_int_equal(c->log.level, 3);
    assert_false(c->log.access);
    assert_int_equal(policy_build(f, NULL)->cfg->listen.socket_mode, 0600);
    static const char *const env[] = {"PROA_LIMITS_DRAIN_IDLE=0",
                                      "PROA_LISTEN_DATA=127.0.0.1:7, unix:/x", NULL};
    f->env = env;
    c = policy_build(f, NULL)->cfg;
    assert_int_equal(c->limits.drain_idle_ns, 0);
    assert_int_equal(c->listen.data.n, 2);
}

static void the_token_of_operators(void **state)
{
    static const char *const env[] = {"LONG=0123456789abcdef", "SHORT=0123456789", NULL};
    static const struct {
        const char *yaml;
        const char *message; /* NULL: it is taken */
    } rows[] = {
        {"admin: {token: {env: LONG}}", NULL},
        {"admin: {token: {env: SHORT}}",
         "admin.token: is shorter than 16 bytes, so it could be guessed"},
        {"admin: {token: {env: NOPE}}", "admin.token.env: the environment variable NOPE is not"},
        {"admin: {token: {env: LONG, file: /f}}", "admin.token: has both env and file"},
        {"admin: {token: {}}", "admin.token: has no env and no file"},
    };
    struct policy_fixture *f = *state;
    f->env = env;
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        policy_fixture_build(f, rows[i].yaml, NULL);
        if (rows[i].message) {
            PROA_TEST_CHECK(strstr(policy_fixture_message(f, 0), rows[i].message) != NULL, "%s",
                            policy_fixture_message(f, 0));
        } else {
            assert_true(
                proa_secret_equals(f->snapshot->admin_token, PROA_SLICE("0123456789abcdef")));
        }
    }
    policy_fixture_build(f, "log: {level: warn}", NULL);
    assert_null(f->snapshot->admin_token);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(everything_comes_out),
        TEST(identities_survive_a_reload),
        TEST(ids_are_dense_and_places),
        TEST(the_revision_follows_every_input),
        TEST(the_last_reference_releases),
        TEST(inputs_may_go_away),
        TEST(files_merge),
        TEST(a_failed_build_leaves_nothing),
        TEST(without_an_environment),
        TEST(limits_and_listeners_are_bound),
        TEST(the_token_of_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
