/* From a name to a route, and from a mistyped name to near ones. */
#include "proa/core/buf.h"

#include "expect.h"

static const char *const ENV[] = {"A=1", NULL};

static const char ROUTES[] =
    "providers:\n"
    "  openai: {keys: [{env: A}]}\n"
    "  groq: {keys: [{env: A}]}\n"
    "routes:\n"
    "  - {model: \"gpt-*\", tiers: [[{provider: openai}], [groq/g1]]}\n"
    "  - {model: \"gpt-5*\", tiers: [[openai/never], [groq/g2]]}\n"
    "  - {model: gpt-5.5, tiers: [[openai/exact], [groq/g3]]}\n"
    "  - {model: openai/gpt-4, tiers: [[groq/instead], [openai/g4]]}\n"
    "  - {model: \"groq/*\", tiers: [[{provider: groq}], [{provider: openai}]]}\n"
    "  - {model: \"????\", tiers: [[openai/four], [groq/g5]]}\n"
    "  - {model: \"meta/*\", tiers: [[{provider: groq}], [openai/g6]]}\n"
    "  - {model: assistant, tiers: [[openai/a], [groq/g7]]}\n";

static void order(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *asked;
        enum proa_resolve_result result;
        const char *route;
        const char *model;
    } rows[] = {
        {"gpt-5.5", PROA_RESOLVED, "gpt-5.5", "gpt-5.5"}, /* exact before globs that come first */
        {"gpt-5.6", PROA_RESOLVED, "gpt-*", "gpt-5.6"},   /* the first glob, not the closest */
        {"gpt-", PROA_RESOLVED, "gpt-*", "gpt-"},
        {"gpt", PROA_RESOLVE_AMBIGUOUS, NULL, NULL},
        {"abcd", PROA_RESOLVED, "????", "abcd"},
        {"abcde", PROA_RESOLVE_AMBIGUOUS, NULL, NULL},
        {"assistant", PROA_RESOLVED, "assistant", "assistant"},
        {"Assistant", PROA_RESOLVE_AMBIGUOUS, NULL, NULL},        /* names are case-sensitive */
        {"openai/gpt-4", PROA_RESOLVED, "openai/gpt-4", "gpt-4"}, /* a route before the provider */
        {"openai/gpt-4o", PROA_RESOLVED, "openai/gpt-4o", "openai/gpt-4o"}, /* the catalogue's */
        {"openai/gpt-4o-mine", PROA_RESOLVED, "openai/*", "gpt-4o-mine"},
        {"openai/a/b", PROA_RESOLVED, "openai/*", "a/b"},
        {"groq/llama", PROA_RESOLVED, "groq/*", "llama"},
        {"meta/llama", PROA_RESOLVED, "meta/*", "meta/llama"}, /* meta is no provider here */
        {"anthropic/claude", PROA_RESOLVE_UNKNOWN_PROVIDER, NULL, NULL},
        {"/gpt", PROA_RESOLVED, "????", "/gpt"},
        {"/gpt-x", PROA_RESOLVE_UNKNOWN_PROVIDER, NULL, NULL},
        {"openai/", PROA_RESOLVE_UNKNOWN_MODEL, NULL, NULL},
        {"openai", PROA_RESOLVE_AMBIGUOUS, NULL, NULL},
        {"", PROA_RESOLVE_UNKNOWN_MODEL, NULL, NULL},
        {"*", PROA_RESOLVE_AMBIGUOUS, NULL, NULL}, /* a pattern is no name */
        {"gpt-5*", PROA_RESOLVED, "gpt-*", "gpt-5*"},
    };
    f->env = ENV;
    (void)policy_build(f, ROUTES);
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_resolution out = {0};
        const enum proa_resolve_result result =
            proa_snapshot_resolve(f->snapshot, proa_slice_cstr(row->asked), &out);
        PROA_TEST_CHECK(result == row->result, "%s: %d", row->asked, (int)result);
        if (row->route) {
            assert_slice_str(out.route->name, row->route);
            assert_slice_str(out.model, row->model);
            assert_ptr_equal(out.model.ptr + out.model.len, row->asked + strlen(row->asked));
        } else {
            assert_null(out.route);
        }
    }
}

/* The configured "groq/..." comes first and has two tiers; the implied one has one. */
static void a_configured_pattern_beats_the_providers_own(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(f, ROUTES);
    assert_int_equal(policy_fixture_route(f, "groq/x")->n_tiers, 2);
    assert_true(policy_fixture_route(f, "groq/x")->id < f->snapshot->n_configured_routes);
    assert_true(policy_fixture_route(f, "openai/x")->id >= f->snapshot->n_configured_routes);
}

static void bare_names(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_resolution out;
    f->env = ENV;
    (void)policy_build(f, "providers: {groq: {keys: [{env: A}]}}\n");
    policy_route(f, "llama", "0:groq/k1/*1");
    policy_route(f, "groq/llama", "0:groq/k1/*1");
    assert_int_equal(proa_snapshot_resolve(f->snapshot, PROA_SLICE("llama"), &out), PROA_RESOLVED);
    assert_slice_lit(out.model, "llama");
    assert_int_equal(proa_snapshot_resolve(f->snapshot, PROA_SLICE("meta/llama"), &out),
                     PROA_RESOLVE_UNKNOWN_PROVIDER);
    (void)policy_build(f, "providers: {groq: {keys: [{env: A}]}, openai: {keys: [{env: A}]}}\n");
    assert_int_equal(proa_snapshot_resolve(f->snapshot, PROA_SLICE("llama"), &out),
                     PROA_RESOLVE_AMBIGUOUS);
}

/* What is asked for comes from a peer and may be as large as a body. */
static void long_names_cost_nothing(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_resolution out;
    struct proa_slice near[3];
    const size_t len = 16 * 1024 * 1024;
    char *text = proa_alloc(len);
    memset(text, 'g', len);
    f->env = ENV;
    (void)policy_build(f, "providers: {groq: {keys: [{env: A}]}}\n"
                          "routes: [{model: \"*g*g*g*g*g*x\", tiers: [[groq/x]]}]\n");
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(proa_snapshot_resolve(f->snapshot, proa_slice_make(text, len), &out),
                         PROA_RESOLVE_UNKNOWN_MODEL);
        assert_int_equal(proa_snapshot_suggest(f->snapshot, proa_slice_make(text, len), near, 3),
                         0);
    }
    assert_int_equal(proa_snapshot_resolve(f->snapshot, proa_slice_make(text, 1024), &out),
                     PROA_RESOLVED);
    assert_int_equal(proa_snapshot_resolve(f->snapshot, proa_slice_make(text, 1025), &out),
                     PROA_RESOLVE_UNKNOWN_MODEL);
    proa_free(text);
}

static void suggestions(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *asked;
        const char *near; /* separated by blanks */
    } rows[] = {
        {"asistant", "assistant"},
        {"assistent", "assistant"},
        {"gpt-5.55", "gpt-5.5 openai/gpt-5.5 openai/gpt-5.6"},
        {"exakt", "openai/exact"}, /* a bare name: the model behind a provider */
        {"instaed", "groq/instead"},
        {"openai/exat", "openai/exact"},
        {"opnai/exact", "openai/exact"},
        {"opneai/something-new", "openai/*"}, /* only the provider is near */
        {"g1", "groq/g1 groq/g2 groq/g3"},
        {"nothing-of-that-kind", ""},
        {"", ""},
        {"x", ""},
    };
    f->env = ENV;
    (void)policy_build(f, ROUTES);
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_slice near[3];
        char text[256] = "";
        size_t at = 0;
        const size_t n = proa_snapshot_suggest(f->snapshot, proa_slice_cstr(row->asked), near, 3);
        for (size_t i = 0; i < n; i++) {
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%" PROA_SLICE_FMT, i ? " " : "",
                                   PROA_SLICE_ARG(near[i]));
        }
        PROA_TEST_CHECK(strcmp(text, row->near) == 0, "%s: %s", row->asked, text);
    }
}

static void suggestions_come_nearest_first_and_bounded(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_slice near[8];
    f->env = ENV;
    (void)policy_build(f, "providers: {groq: {keys: [{env: A}]}}\n"
                          "routes:\n"
                          "  - {model: modelxyz, tiers: [[groq/unlike-1]]}\n"
                          "  - {model: modelaxx, tiers: [[groq/unlike-2]]}\n"
                          "  - {model: modelabx, tiers: [[groq/unlike-3]]}\n"
                          "  - {model: \"modelab*\", tiers: [[groq/unlike-4]]}\n");
    assert_int_equal(proa_snapshot_suggest(f->snapshot, PROA_SLICE("modelabc"), near, 8), 2);
    assert_slice_lit(near[0], "modelabx");
    assert_slice_lit(near[1], "modelaxx");
    assert_int_equal(proa_snapshot_suggest(f->snapshot, PROA_SLICE("modelabc"), near, 1), 1);
    assert_slice_lit(near[0], "modelabx");
    assert_int_equal(proa_snapshot_suggest(f->snapshot, PROA_SLICE("modelabc"), near, 0), 0);
}

static void many_routes(void **state)
{
    struct policy_fixture *f = *state;
    static struct proa_buf yaml;
    char name[32];
    proa_buf_init(&yaml, 1024 * 1024);
    PROA_BUF_LIT(&yaml, "providers: {groq: {keys: [{env: A}]}}\nroutes:\n");
    for (size_t i = 0; i < 1500; i++) {
        assert_ok(
            proa_buf_append_printf(&yaml, "- {model: route-%zu, tiers: [[groq/m%zu]]}\n", i, i));
    }
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    f->env = ENV;
    (void)policy_build(f, yaml.ptr);
    proa_buf_deinit(&yaml);
    for (size_t i = 0; i < 1500; i++) {
        (void)snprintf(name, sizeof(name), "route-%zu", i);
        const struct proa_route *route = policy_fixture_route(f, name);
        assert_slice_str(route->name, name);
        assert_int_equal(route->id, i);
    }
    assert_slice_lit(policy_fixture_route(f, "route-1500")->name, "groq/*"); /* the sole provider */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(order),       TEST(a_configured_pattern_beats_the_providers_own),
        TEST(bare_names),  TEST(long_names_cost_nothing),
        TEST(suggestions), TEST(suggestions_come_nearest_first_and_bounded),
        TEST(many_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
