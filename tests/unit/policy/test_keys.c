/* Keys that are right: from where, under which name, with which share. Wrong ones: test_build.c. */
#include "proa/auth/secret.h"

#include "expect.h"

static const struct policy_fixture_file FILES[] = {
    {.path = "/k/plain", .text = "sk-plain", .secret = true},
    {.path = "/k/unix", .text = "sk-unix\n", .secret = true},
    {.path = "/k/dos", .text = "sk-dos\r\n", .secret = true},
    {.path = "/k/many", .text = "sk-many\n\n\r\n\n", .secret = true},
    {.path = "/k/b", .text = "sk-b", .secret = true},
};

static const struct proa_provider *one(struct policy_fixture *f, const char *keys)
{
    char yaml[1024];
    (void)snprintf(yaml, sizeof(yaml),
                   "providers: {a: {dialect: openai, base_url: \"https://a\", keys: [%s]}}\n",
                   keys);
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
    return &policy_build(f, yaml)->providers[0];
}

static void line_ends_of_files_are_cut_off(void **state)
{
    static const char *const names[] = {"plain", "unix", "dos", "many"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        char key[64];
        char value[64];
        (void)snprintf(key, sizeof(key), "{file: /k/%s}", names[i]);
        (void)snprintf(value, sizeof(value), "sk-%s", names[i]);
        assert_slice_str(proa_secret_bytes(one(*state, key)->keys[0].secret), value);
    }
}

static const struct policy_fixture_file FOLDER[] = {
    {.path = "/f/alpha", .text = "key-alpha\n", .secret = true},
    {.path = "/f/beta", .text = "key-beta", .secret = true},
    {.path = "/g/alpha", .text = "key-gamma", .secret = true},
    {.path = "/w/a b", .text = "key-bad", .secret = true},
};

static const struct proa_provider *of_folder(struct policy_fixture *f, const char *keys)
{
    char yaml[1024];
    (void)snprintf(yaml, sizeof(yaml),
                   "providers: {a: {dialect: openai, base_url: \"https://a\", keys: [%s]}}\n",
                   keys);
    f->files = FOLDER;
    f->n_files = PROA_ARRAY_LEN(FOLDER);
    policy_fixture_build(f, yaml, NULL);
    return f->snapshot ? &f->snapshot->providers[0] : NULL;
}

static void folders_are_as_many_keys_as_they_have_files(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"A=key-env", NULL};
    f->env = env;
    const struct proa_provider *p = of_folder(
        f,
        "{env: A}, {dir: /f, quota_group: g, weight: 3}, {dir: /g, label: more, scheme: api-key}");
    assert_int_equal(p->n_keys, 4);
    static const char *const labels[] = {"k1", "alpha", "beta", "more-alpha"};
    static const char *const secrets[] = {"key-env", "key-alpha", "key-beta", "key-gamma"};
    for (size_t i = 0; i < 4; i++) {
        assert_slice_str(p->keys[i].label, labels[i]);
        assert_slice_str(proa_secret_bytes(p->keys[i].secret), secrets[i]);
        assert_int_equal(p->keys[i].weight, i == 1 || i == 2 ? 3 : 1);
        assert_slice_str(p->keys[i].quota_group, i == 1 || i == 2 ? "g" : "");
        assert_int_equal(p->keys[i].scheme, i == 3 ? PROA_AUTH_API_KEY : PROA_AUTH_BEARER);
    }
}

static void folders_that_cannot_be_keys(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *keys;
        const char *message;
    } wrong[] = {
        {"{dir: /none}", "keys[0].dir: the folder /none does not exist"},
        {"{dir: /f}, {dir: /g}", "keys[1].dir: another key of this provider is called \"alpha\""},
        {"{dir: /w}", "keys[0].dir: the file \"a b\" cannot name a key"},
        {"{dir: /f, env: A}", "keys[0]: is written in more than one form"},
    };
    PROA_TEST_ROWS(row, wrong)
    {
        assert_null(of_folder(f, row->keys));
        const char *actual = policy_fixture_message(f, 0);
        PROA_TEST_CHECK(strstr(actual, row->message), "%s", actual);
    }
}

/* A variable may hold a token that is shown otherwise than the provider's keys are. */
static void schemes_are_each_keys_own(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"ANTHROPIC_AUTH_TOKEN=tok", "ANTHROPIC_API_KEY=key", NULL};
    f->env = env;
    const struct proa_provider *p =
        &policy_build(f, "providers: {anthropic: {keys: [{env: ANTHROPIC_AUTH_TOKEN}, {env: "
                         "ANTHROPIC_API_KEY}, {env: ANTHROPIC_AUTH_TOKEN, label: odd, scheme: "
                         "x-api-key}]}}\n")
             ->providers[0];
    assert_int_equal(p->n_keys, 3);
    assert_int_equal(p->keys[0].scheme, PROA_AUTH_BEARER);
    assert_int_equal(p->keys[1].scheme, PROA_AUTH_X_API_KEY);
    assert_int_equal(p->keys[2].scheme, PROA_AUTH_X_API_KEY);
}

static void a_token_of_the_environment_is_no_key(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"ANTHROPIC_AUTH_TOKEN=tok", NULL};
    f->env = env;
    const struct proa_provider *p = &policy_build(f, "providers: {anthropic: {}}\n")->providers[0];
    assert_int_equal(p->keys[0].scheme, PROA_AUTH_BEARER);
}

static void paths_expand_the_environment(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"DIR=/k", NULL};
    f->env = env;
    assert_slice_lit(proa_secret_bytes(one(f, "{file: \"${DIR}/b\"}")->keys[0].secret), "sk-b");
}

static void labels_count_by_place(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"A=a", NULL};
    f->env = env;
    const struct proa_provider *p =
        one(f, "{env: A}, {env: A, label: spare}, {env: A, weight: 5, quota_group: org}");
    assert_int_equal(p->n_keys, 3);
    assert_slice_lit(p->keys[0].label, "k1");
    assert_slice_lit(p->keys[1].label, "spare");
    assert_slice_lit(p->keys[2].label, "k3");
    assert_int_equal(p->keys[0].quota_group.len, 0);
    assert_slice_lit(p->keys[2].quota_group, "org");
    assert_int_equal(p->keys[0].weight, 1);
    assert_int_equal(p->keys[2].weight, 5);
}

static void versions_follow_the_secret(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"A=a", "B=b", NULL};
    f->env = env;
    const struct proa_provider *p = one(f, "{env: A}, {env: B}, {env: A}");
    const uint64_t a = p->keys[0].version;
    assert_true(a != 0 && p->keys[1].version != 0);
    assert_true(p->keys[1].version != a);
    assert_true(p->keys[2].version == a);
    assert_true(one(f, "{env: A}")->keys[0].version == a); /* of the next snapshot too */
}

static void every_character_that_a_header_takes(void **state)
{
    struct policy_fixture *f = *state;
    char variable[128] = "A=";
    for (int c = '!'; c <= '~'; c++) {
        variable[2 + c - '!'] = (char)c;
    }
    const char *const env[] = {variable, NULL};
    f->env = env;
    assert_slice_str(proa_secret_bytes(one(f, "{env: A}")->keys[0].secret), variable + 2);
}

static void as_long_as_a_header_takes(void **state)
{
    struct policy_fixture *f = *state;
    char *variable = proa_alloc_zero(1, 8192 + 4);
    memset(variable, 'a', 8192 + 3);
    variable[0] = 'A';
    variable[1] = '=';
    const char *const env[] = {variable, NULL};
    f->env = env;
    static const char yaml[] =
        "providers: {a: {dialect: openai, base_url: \"https://a\", keys: [{env: A}]}}\n";
    policy_expect(f, yaml,
                  "proa.yaml:1:70: providers.a.keys[0].env: the environment variable A is "
                  "longer than 8192 bytes, which is no key");
    variable[8192 + 2] = '\0';
    (void)policy_build(f, yaml);
    proa_free(variable);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(line_ends_of_files_are_cut_off),
        TEST(folders_are_as_many_keys_as_they_have_files),
        TEST(folders_that_cannot_be_keys),
        TEST(schemes_are_each_keys_own),
        TEST(a_token_of_the_environment_is_no_key),
        TEST(paths_expand_the_environment),
        TEST(labels_count_by_place),
        TEST(versions_follow_the_secret),
        TEST(every_character_that_a_header_takes),
        TEST(as_long_as_a_header_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
