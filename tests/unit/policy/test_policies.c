/* The policies that come with the binary, and how others stand beside them. */
#include "builtin_priv.h"

#include "expect.h"

static const struct proa_policy_builtin *builtin(const char *name)
{
    for (size_t i = 0; i < proa_policy_n_builtins; i++) {
        if (proa_slice_eq(proa_policy_builtins[i].name, proa_slice_cstr(name))) {
            return &proa_policy_builtins[i];
        }
    }
    return NULL;
}

#define ONE "providers: {a: {dialect: openai, base_url: \"https://a\"}}\n"

static const struct proa_policy_cfg *of_route(struct policy_fixture *f, const char *policy)
{
    char yaml[512];
    (void)snprintf(yaml, sizeof(yaml),
                   ONE "routes: [{model: m, policy: %s, tiers: [[a/x], [a/y]]}]\n", policy);
    (void)policy_build(f, yaml);
    assert_int_equal(f->diags.n, 0);
    return policy_fixture_route(f, "m")->policy;
}

static void the_shipped_ones_are_sound(void **state)
{
    struct policy_fixture *f = *state;
    assert_int_equal(proa_policy_n_builtins, 3);
    for (size_t i = 0; i < proa_policy_n_builtins; i++) {
        const struct proa_policy_builtin *b = &proa_policy_builtins[i];
        char *text = proa_strdup_n((const char *)b->bytes, b->len);
        char name[32];
        (void)snprintf(name, sizeof(name), "%" PROA_SLICE_FMT, PROA_SLICE_ARG(b->name));
        /* As a file of somebody's own, with all checks of one, and by its name. */
        const struct policy_fixture_file file = {.path = b->file, .text = text};
        char yaml[256];
        f->files = &file;
        f->n_files = 1;
        (void)snprintf(yaml, sizeof(yaml), ONE "policies: [%s]\n", b->file);
        (void)policy_build(f, yaml);
        PROA_TEST_CHECK(f->diags.n == 0, "%s", policy_fixture_message(f, 0));
        f->n_files = 0;
        assert_slice_equal(of_route(f, name)->name, b->name);
        assert_int_equal(text[b->len - 1], '\n');
        for (size_t k = 0; k < b->len; k++) {
            assert_true(text[k] == '\n' || (text[k] >= ' ' && text[k] <= '~'));
        }
        proa_free(text);
    }
    assert_non_null(builtin("default"));
    assert_non_null(builtin("interactive"));
    assert_non_null(builtin("patient"));
}

/* default.yaml says that each of its lines may go. */
static void default_spells_out_the_defaults(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_policy_cfg plain;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    proa_config_defaults(&proa_policy_table, &arena, &plain);
    const struct proa_policy_cfg *shipped = of_route(f, "default");
    assert_memory_equal(&shipped->retry, &plain.retry, sizeof(plain.retry));
    assert_memory_equal(&shipped->timeouts, &plain.timeouts, sizeof(plain.timeouts));
    assert_int_equal(shipped->commit.max_events, plain.commit.max_events);
    assert_int_equal(shipped->commit.max_bytes, plain.commit.max_bytes);
    assert_int_equal(shipped->commit.max_plain_bytes, plain.commit.max_plain_bytes);
    assert_int_equal(shipped->on_disconnect, plain.on_disconnect);
    proa_arena_reset(&arena);
}

static void they_differ_as_they_say(void **state)
{
    struct policy_fixture *f = *state;
    const struct proa_policy_cfg interactive = *of_route(f, "interactive");
    const struct proa_policy_cfg patient = *of_route(f, "patient");
    const struct proa_policy_cfg usual = *of_route(f, "default");
    assert_true(interactive.timeouts.first_content_ns < usual.timeouts.first_content_ns);
    assert_true(interactive.timeouts.idle_ns < usual.timeouts.idle_ns);
    assert_true(interactive.retry.max_attempts > usual.retry.max_attempts);
    assert_true(patient.timeouts.first_content_ns > usual.timeouts.first_content_ns);
    assert_true(patient.timeouts.total_stream_ns > usual.timeouts.total_stream_ns);
    /* All attempts of an interactive stream fit into its total. */
    assert_true(interactive.retry.max_attempts *
                    (interactive.timeouts.connect_ns + interactive.timeouts.tls_ns +
                     interactive.timeouts.first_content_ns) <=
                interactive.timeouts.total_stream_ns);
}

static void a_built_in_one_can_be_replaced(void **state)
{
    struct policy_fixture *f = *state;
    (void)policy_build(f, ONE "policies: [{name: default, retry: {max_attempts: 1}}]\n"
                              "routes: [{model: m, tiers: [[a/x], [a/y]]}]\n");
    assert_int_equal(policy_fixture_route(f, "m")->policy->retry.max_attempts, 1);
    assert_int_equal(policy_fixture_route(f, "a/z")->policy->retry.max_attempts, 1);
    assert_int_equal(policy_fixture_route(f, "a/z")->policy->commit.max_events, 64);
}

static void what_is_not_said_is_the_default(void **state)
{
    struct policy_fixture *f = *state;
    (void)policy_build(f, ONE "policies: [{name: mine, timeouts: {idle: 3s}, "
                              "on_disconnect: drain}]\n"
                              "routes: [{model: m, policy: mine, tiers: [[a/x], [a/y]]}]\n");
    const struct proa_policy_cfg *mine = policy_fixture_route(f, "m")->policy;
    assert_int_equal(mine->timeouts.idle_ns, 3 * PROA_NS_PER_S);
    assert_int_equal(mine->timeouts.total_ns, 120 * PROA_NS_PER_S);
    assert_int_equal(mine->retry.max_attempts, 3);
    assert_int_equal(mine->on_disconnect, PROA_ON_DISCONNECT_DRAIN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_shipped_ones_are_sound),      TEST(default_spells_out_the_defaults),
        TEST(they_differ_as_they_say),         TEST(a_built_in_one_can_be_replaced),
        TEST(what_is_not_said_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
