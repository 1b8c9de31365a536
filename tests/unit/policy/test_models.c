/*
 * The catalogue over what is configured: which offers a model has, in routes and without any. The
 * models are those of policies/models.json; gpt-5.5 is offered by openai and azure, gpt-oss-120b by
 * groq, cerebras, together, fireworks and bedrock, llama-3.3-70b by groq and cerebras.
 */
#include "proa/catalogue/catalogue.h"
#include "proa/core/buf.h"
#include "proa/provider/vendor.h"

#include "expect.h"

static const char *const ENV[] = {"A=1", "B=2", NULL};

#define OPENAI          "  openai: {keys: [{env: A}]}\n"
#define AZURE           "  azure: {base_url: \"https://x.openai.azure.com/openai/v1\", keys: [{env: A}]}\n"
#define GROQ            "  groq: {keys: [{env: A}]}\n"
#define CEREBRAS        "  cerebras: {keys: [{env: A}]}\n"
#define PROVIDERS(list) "providers:\n" list

/* All that the file names as a provider is a vendor: the build checks it, and so does this. */
static void providers_are_vendors(void **state)
{
    (void)state;
    for (size_t i = 0; i < proa_catalogue_n_providers(); i++) {
        const struct proa_slice name = proa_catalogue_provider(i);
        PROA_TEST_CHECK(proa_vendor_find(name), "%.*s", (int)name.len, name.ptr);
    }
}

/* A second target, so that nothing else is worth a word. */
#define UNKNOWN(provider, model)                                                                   \
    "providers:\n  " provider "\n  b: {dialect: openai, base_url: \"https://models.example/v1\", " \
    "keys: [{env: B}]}\nroutes:\n  - {model: r, tiers: [[{provider: v, model: \"" model "\"}], "   \
    "[b/x]]}\n"
#define AT(dialect, url) "v: {dialect: " dialect ", base_url: \"" url "\", keys: [{env: A}]}"

static void a_name_that_nobody_knows_is_told(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    policy_expect(
        f, UNKNOWN(AT("openai", "https://api.openai.com/v1"), "gpt-5-mni"),
        "warning: proa.yaml:5:46: routes[0].tiers[0][0].model: \"gpt-5-mni\" is no model "
        "of openai that the catalogue knows, so nothing is known of its limits and prices; "
        "did you mean \"gpt-5-mini\"?");
    policy_fixture_deinit(f);
    f->env = ENV;
    policy_expect(
        f, UNKNOWN(AT("anthropic", "https://api.anthropic.com/v1"), "qwertz"),
        "warning: proa.yaml:5:46: routes[0].tiers[0][0].model: \"qwertz\" is no model of "
        "anthropic that the catalogue knows, so nothing is known of its limits and prices");
}

static void other_names_may_be_anything(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const good[] = {
        UNKNOWN(AT("openai", "https://api.openai.com/v1"), "gpt-5.5"),
        UNKNOWN(AT("openai", "https://api.openai.com/v1"), "gpt-5.5-2026-04-23"),
        UNKNOWN(AT("openai", "https://api.openai.com/v1"), "gpt-5-mini-latest"),
        UNKNOWN(AT("anthropic", "https://api.anthropic.com/v1"), "claude-sonnet-5-20260423"),
        UNKNOWN(AT("openai", "https://api.openai.com/v1"), "ft:gpt-5.5:org::id"),
        UNKNOWN(AT("openai", "https://egress.example/v1"), "gpt-5.5-por"),
        UNKNOWN(AT("openai", "https://x.openai.azure.com/openai/v1"), "our-deployment"),
        UNKNOWN(AT("openai", "https://api.together.xyz/v1"), "who/knows"),
        UNKNOWN(AT("openai", "http://127.0.0.1:8000/v1"), "gpt-5.5-por"),
    };
    PROA_TEST_ROWS(yaml, good)
    {
        f->env = ENV;
        (void)policy_build(f, *yaml);
        PROA_TEST_CHECK(f->diags.n == 0, "%s", policy_fixture_message(f, 0));
        policy_fixture_deinit(f);
    }
}

static void a_model_leads_to_all_its_offers(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(f, PROVIDERS(AZURE OPENAI GROQ CEREBRAS));
    policy_route(f, "openai/gpt-5.5", "0:azure/k1/gpt-5.5*1 0:openai/k1/gpt-5.5*1");
    policy_route(f, "gpt-5.5", "0:azure/k1/gpt-5.5*1 0:openai/k1/gpt-5.5*1");
    policy_route(f, "openai/gpt-oss-120b",
                 "0:groq/k1/openai/gpt-oss-120b*1 0:cerebras/k1/gpt-oss-120b*1");
    policy_route(f, "meta/llama-3.3-70b",
                 "0:groq/k1/llama-3.3-70b-versatile*1 0:cerebras/k1/llama-3.3-70b*1");
    policy_route(f, "llama-3.3-70b-versatile",
                 "0:groq/k1/llama-3.3-70b-versatile*1 0:cerebras/k1/llama-3.3-70b*1");
    const struct proa_route *route = policy_fixture_route(f, "gpt-5.5");
    assert_slice_str(route->name, "openai/gpt-5.5");
    assert_slice_str(route->policy->name, "default");
    assert_true(route->on_demand);
    assert_int_equal(route->n_tiers, 1);
}

/* Its keys share it, and each target knows its price. */
static void offers_have_keys_and_prices(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(f, PROVIDERS("  openai: {keys: [{env: A, weight: 3}, {env: B}]}\n" GROQ));
    policy_route(f, "gpt-4o", "0:openai/k1/gpt-4o*3 0:openai/k2/gpt-4o*1");
    const struct proa_catalogue_offer *offer =
        policy_fixture_route(f, "gpt-4o")->candidates[0].target->offer;
    assert_non_null(offer);
    assert_int_equal(offer->price.pico[PROA_PRICE_INPUT], 2500000);
    assert_null(policy_fixture_route(f, "openai/unheard-of")->candidates[0].target->offer);
}

/* What the catalogue does not know goes where it was sent before there was one. */
static void ids_of_a_provider_stay_its_own(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_resolution out;
    f->env = ENV;
    (void)policy_build(f, PROVIDERS(OPENAI GROQ));
    policy_route(f, "openai/ft:gpt-4o:me", "0:openai/k1/*1");
    policy_route(f, "openai/gpt-4o-2024-08-06", "0:openai/k1/*1"); /* that very one, not gpt-4o */
    policy_route(f, "groq/llama-3.3-70b-versatile", "0:groq/k1/*1");
    policy_route(f, "groq/openai/gpt-oss-120b", "0:groq/k1/*1");
    /* Bare, because nobody else calls a model so. */
    policy_route(f, "gpt-4o-2024-08-06", "0:openai/k1/*1");
    assert_int_equal(proa_snapshot_resolve(f->snapshot, PROA_SLICE("gpt-unheard-of"), &out),
                     PROA_RESOLVE_AMBIGUOUS);
}

/* A provider of one's own that is called like a creator. */
static void a_provider_called_like_a_creator_means_itself(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(f, PROVIDERS("  meta: {dialect: openai, base_url: "
                                    "\"http://127.0.0.1:1\"}\n" GROQ) "routes: [{model: r, tiers: "
                                                                      "[[meta/llama-3.3-70b]]}]\n");
    policy_route(f, "meta/llama-3.3-70b", "0:meta/k1/*1");
    policy_route(f, "r", "0:meta/k1/llama-3.3-70b*1");
    policy_route(f, "llama-3.3-70b", "0:groq/k1/llama-3.3-70b-versatile*1");
    /* deepseek is of the catalogue, but has no V3.1 there; together has. */
    (void)policy_build(f, PROVIDERS("  deepseek: {keys: [{env: A}]}\n"
                                    "  together: {keys: [{env: A}]}\n"));
    policy_route(f, "deepseek/deepseek-v3.1", "0:together/k1/deepseek-ai/DeepSeek-V3.1*1");
    policy_route(f, "deepseek/deepseek-v9", "0:deepseek/k1/*1");
    policy_route(f, "deepseek-v3.1", "0:together/k1/deepseek-ai/DeepSeek-V3.1*1");
}

static void who_offers_it_is_known_by_host_too(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(
        f,
        PROVIDERS("  spare: {dialect: openai, base_url: \"https://api.openai.com/v1\", keys: "
                  "[{env: B}]}\n"
                  "  east: {dialect: openai, base_url: \"https://e.openai.azure.com/openai/v1\", "
                  "keys: [{env: B}]}\n" OPENAI));
    policy_route(f, "gpt-5.5", "0:spare/k1/gpt-5.5*1 0:east/k1/gpt-5.5*1 0:openai/k1/gpt-5.5*1");
}

/* google is another name of the vendor gemini: both are the catalogue's google. */
static void vendors_by_other_names_offer_the_same(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const names[] = {"google", "gemini"};
    f->env = ENV;
    PROA_TEST_ROWS(name, names)
    {
        char yaml[256];
        char candidates[128];
        (void)snprintf(yaml, sizeof(yaml), PROVIDERS("  %s: {keys: [{env: A}]}\n" GROQ), *name);
        (void)snprintf(candidates, sizeof(candidates), "0:%s/k1/gemini-2.5-flash*1", *name);
        (void)policy_build(f, yaml);
        policy_route(f, "google/gemini-2.5-flash", candidates);
        policy_route(f, "gemini-2.5-flash", candidates);
    }
}

static void unoffered_is_told_from_unknown(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_resolution out;
    f->env = ENV;
    (void)policy_build(f, PROVIDERS(OPENAI GROQ));
    static const struct {
        const char *name;
        enum proa_resolve_result result;
    } rows[] = {
        {"anthropic/claude-sonnet-5", PROA_RESOLVE_UNOFFERED},
        {"claude-sonnet-4-5", PROA_RESOLVE_UNOFFERED},
        {"anthropic/claude-nonsense", PROA_RESOLVE_UNKNOWN_PROVIDER},
        {"claude-nonsense", PROA_RESOLVE_AMBIGUOUS},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const enum proa_resolve_result result =
            proa_snapshot_resolve(f->snapshot, proa_slice_cstr(row->name), &out);
        PROA_TEST_CHECK(result == row->result, "%s: %d", row->name, (int)result);
    }
    /* The only provider there is gets what it is asked for. */
    (void)policy_build(f, PROVIDERS(OPENAI));
    policy_route(f, "claude-sonnet-4-5", "0:openai/k1/*1");
}

/* ---- in configured routes ---------------------------------------------------------------------
 */

static void a_target_may_be_a_model(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(
        f,
        PROVIDERS(
            OPENAI AZURE GROQ CEREBRAS) "routes:\n"
                                        "  - model: r\n"
                                        "    tiers:\n"
                                        "      - [{model: openai/gpt-5.5, weight: 4}, {model: "
                                        "groq/x, weight: 1}]\n"
                                        "      - [{model: meta/llama-3.3-70b, substitute: true}]\n"
                                        "  - {model: s, tiers: [[{provider: openai, model: "
                                        "gpt-5.5}], [groq/y]]}\n");
    /* The weight of a target is that of all its offers together. */
    policy_route(f, "r",
                 "0:openai/k1/gpt-5.5*2 0:azure/k1/gpt-5.5*2 0:groq/k1/x*1 "
                 "1:groq/k1/llama-3.3-70b-versatile~*1 1:cerebras/k1/llama-3.3-70b~*1");
    policy_route(f, "s", "0:openai/k1/gpt-5.5*1 1:groq/k1/y*1");
    assert_int_equal(f->diags.n, 2); /* of x and y */
    assert_false(policy_fixture_route(f, "r")->on_demand);
    assert_non_null(policy_fixture_route(f, "r")->candidates[0].target->offer);
    assert_null(policy_fixture_route(f, "r")->candidates[2].target->offer);
}

/* A chain that names the same model at two providers keeps its order. */
static void what_the_route_places_stays_there(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(
        f, PROVIDERS(OPENAI AZURE) "routes:\n"
                                   "  - {model: r, tiers: [[openai/gpt-5.5], [azure/gpt-5.5]]}\n"
                                   "  - {model: s, tiers: [[{provider: azure, model: gpt-5.5}], "
                                   "[openai/gpt-5.5]]}\n"
                                   "  - {model: t, tiers: [[openai/gpt-5.5], [azure/gpt-5.4]]}\n");
    policy_route(f, "r", "0:openai/k1/gpt-5.5*1 1:azure/k1/gpt-5.5*1");
    policy_route(f, "s", "0:azure/k1/gpt-5.5*1 1:openai/k1/gpt-5.5*1");
    policy_route(f, "t", "0:openai/k1/gpt-5.5*1 0:azure/k1/gpt-5.5*1 1:azure/k1/gpt-5.4*1");
    assert_int_equal(f->diags.n, 0);
}

static void one_offer_is_still_one_target(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    policy_expect(f, PROVIDERS(OPENAI GROQ) "routes: [{model: r, tiers: [[openai/gpt-5.5]]}]\n",
                  "warning: proa.yaml:4:10: routes[0]: \"r\" has one target only, so nothing takes "
                  "over when it fails");
    policy_route(f, "r", "0:openai/k1/gpt-5.5*1");
}

/* More keys than a route may have targets: whole providers, as many as fit. */
static void many_keys_are_bounded(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_buf yaml;
    proa_buf_init(&yaml, (size_t)64 * 1024);
    PROA_BUF_LIT(&yaml, "providers:\n");
    for (int p = 0; p < 3; p++) {
        assert_ok(proa_buf_append_printf(
            &yaml,
            "  o%d:\n    dialect: openai\n    base_url: https://api.openai.com/v1\n"
            "    keys: [",
            p));
        for (int k = 0; k < 30; k++) {
            PROA_BUF_LIT(&yaml, "{env: A}, ");
        }
        PROA_BUF_LIT(&yaml, "]\n");
    }
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    f->env = ENV;
    (void)policy_build(f, yaml.ptr);
    proa_buf_deinit(&yaml);
    const struct proa_route *route = policy_fixture_route(f, "gpt-4o");
    assert_int_equal(route->n_candidates, 60);
    assert_slice_str(route->candidates[59].target->provider->name, "o1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(providers_are_vendors),
        TEST(a_name_that_nobody_knows_is_told),
        TEST(other_names_may_be_anything),
        TEST(a_model_leads_to_all_its_offers),
        TEST(offers_have_keys_and_prices),
        TEST(ids_of_a_provider_stay_its_own),
        TEST(a_provider_called_like_a_creator_means_itself),
        TEST(who_offers_it_is_known_by_host_too),
        TEST(vendors_by_other_names_offer_the_same),
        TEST(unoffered_is_told_from_unknown),
        TEST(a_target_may_be_a_model),
        TEST(what_the_route_places_stays_there),
        TEST(one_offer_is_still_one_target),
        TEST(many_keys_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
