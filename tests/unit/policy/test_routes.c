/* Tiers, weights and bounds of routes. */
#include "proa/core/buf.h"
#include "proa/resilience/wrr.h"

#include "expect.h"

static const char *const ENV[] = {"A=1", "B=2", "C=3", NULL};

/* one, two, three: providers with so many keys, of the weights 1, 1:2 and 1:1:2. */
#define PROVIDERS                                                                                  \
    "providers:\n"                                                                                 \
    "  one: {dialect: openai, base_url: \"https://a\", keys: [{env: A}]}\n"                        \
    "  two: {dialect: openai, base_url: \"https://b\", keys: [{env: A}, {env: B, weight: 2}]}\n"   \
    "  three: {dialect: openai, base_url: \"https://c\", keys: [{env: A}, {env: B},\n"             \
    "          {env: C, weight: 2}]}\n"                                                            \
    "  half: {dialect: openai, base_url: \"https://d\", keys: [{env: A, weight: 0}, {env: B}]}\n"

static void weights(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *tiers;
        const char *candidates;
    } rows[] = {
        {"[[one/m], [two/m]]", "0:one/k1/m*1 1:two/k1/m*1 1:two/k2/m*2"},
        {"[[{model: one/m, weight: 7}], [two/m]]", "0:one/k1/m*1 1:two/k1/m*1 1:two/k2/m*2"},
        {"[[{model: one/a, weight: 2}, {model: one/b, weight: 4}]]", "0:one/k1/a*1 0:one/k1/b*2"},
        /* A provider with three keys gets no more than one with a single key. */
        {"[[one/m, two/m]]", "0:one/k1/m*3 0:two/k1/m*1 0:two/k2/m*2"},
        {"[[one/m, three/m]]", "0:one/k1/m*4 0:three/k1/m*1 0:three/k2/m*1 0:three/k3/m*2"},
        {"[[two/m, three/m]]",
         "0:two/k1/m*4 0:two/k2/m*8 0:three/k1/m*3 0:three/k2/m*3 0:three/k3/m*6"},
        {"[[{model: one/m, weight: 3}, {model: two/m, weight: 1}]]",
         "0:one/k1/m*9 0:two/k1/m*1 0:two/k2/m*2"},
        {"[[{model: one/m, weight: 0}, {model: two/m, weight: 5}]]",
         "0:one/k1/m*0 0:two/k1/m*1 0:two/k2/m*2"},
        {"[[half/m, one/m]]", "0:half/k1/m*0 0:half/k2/m*1 0:one/k1/m*1"},
        {"[[{provider: one, model: a/b, substitute: true}, {provider: two}]]",
         "0:one/k1/a/b~*3 0:two/k1/*1 0:two/k2/*2"},
        {"[{targets: [one/m]}, {targets: [{model: two/m}]}]",
         "0:one/k1/m*1 1:two/k1/m*1 1:two/k2/m*2"},
    };
    f->env = ENV;
    PROA_TEST_ROWS(row, rows)
    {
        char yaml[2048];
        (void)snprintf(yaml, sizeof(yaml), PROVIDERS "routes: [{model: r, tiers: %s}]\n",
                       row->tiers);
        (void)policy_build(f, yaml);
        PROA_TEST_CHECK(f->diags.n == 0, "%s", policy_fixture_message(f, 0));
        policy_route(f, "r", row->candidates);
    }
}

/* Shares whose common measure would be huge are rounded: never to nothing, hardly at all else. */
static void odd_weights_are_rounded(void **state)
{
    struct policy_fixture *f = *state;
    static const uint32_t sums[] = {997, 991, 983, 977, 971};
    char yaml[4096] = "providers:\n";
    size_t at = strlen(yaml);
    for (size_t i = 0; i < PROA_ARRAY_LEN(sums); i++) {
        at += (size_t)snprintf(yaml + at, sizeof(yaml) - at,
                               "  p%zu: {dialect: openai, base_url: \"https://h%zu\", keys: "
                               "[{env: A}, {env: B, weight: %u}]}\n",
                               i, i, (unsigned)sums[i] - 1);
    }
    at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, "routes: [{model: r, tiers: [[");
    for (size_t i = 0; i < PROA_ARRAY_LEN(sums); i++) {
        at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, "{model: p%zu/m, weight: 1000}%s", i,
                               i < 4 ? ", " : "]]}]\n");
    }
    f->env = ENV;
    (void)policy_build(f, yaml);
    const struct proa_route *route = policy_fixture_route(f, "r");
    assert_int_equal(route->n_candidates, 10);
    uint64_t total = 0;
    for (size_t i = 0; i < 10; i++) {
        assert_true(route->candidates[i].weight > 0);
        total += route->candidates[i].weight;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(sums); i++) {
        const uint64_t offer =
            (uint64_t)route->candidates[2 * i].weight + route->candidates[2 * i + 1].weight;
        assert_in_range(offer * 1000000 / total, 199999, 200001);
        assert_in_range((uint64_t)route->candidates[2 * i].weight * 1000000 / offer,
                        1000000 / sums[i] - 1, 1000000 / sums[i] + 1);
    }
}

/* What the shares are for: picks come out as written, over keys and offers. */
static void weights_give_their_shares(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    (void)policy_build(f, PROVIDERS "routes: [{model: r, tiers: [[two/m, three/m]]}]\n");
    const struct proa_route *route = policy_fixture_route(f, "r");
    int64_t credits[5] = {0};
    int64_t *credit[5];
    uint32_t weight[5];
    size_t picks[5] = {0};
    for (size_t i = 0; i < 5; i++) {
        credit[i] = &credits[i];
        weight[i] = route->candidates[i].weight;
    }
    for (size_t i = 0; i < 24; i++) {
        picks[proa_wrr_pick(credit, weight, 5, UINT64_MAX)]++;
    }
    assert_int_equal(picks[0] + picks[1], 12);
    assert_int_equal(picks[1], 8);
    assert_int_equal(picks[2], 3);
    assert_int_equal(picks[4], 6);
}

/* A configuration with so many keys in one provider, and a route over so many offers of it. */
static void many(struct policy_fixture *f, size_t keys, size_t offers)
{
    static struct proa_buf yaml;
    proa_buf_init(&yaml, 1024 * 1024);
    PROA_BUF_LIT(&yaml, "providers:\n  p: {dialect: openai, base_url: \"https://h\", keys: [");
    for (size_t i = 0; i < keys; i++) {
        PROA_BUF_LIT(&yaml, "{env: A},");
    }
    PROA_BUF_LIT(&yaml, "]}\nroutes:\n  - model: r\n    tiers: [[");
    for (size_t i = 0; i < offers; i++) {
        assert_ok(proa_buf_append_printf(&yaml, "p/m%zu,", i));
    }
    PROA_BUF_LIT(&yaml, "]]\n");
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    policy_fixture_build(f, yaml.ptr, NULL);
    proa_buf_deinit(&yaml);
}

static void bounds(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    many(f, 1, 64);
    assert_ok(f->err);
    assert_int_equal(policy_fixture_route(f, "r")->n_candidates, 64);
    many(f, 32, 2);
    assert_ok(f->err);
    many(f, 64, 1);
    assert_ok(f->err);
    assert_int_equal(policy_fixture_route(f, "p/x")->n_candidates, 64);
    many(f, 1, 65);
    policy_message(f, 0,
                   "proa.yaml:5:12: routes[0].tiers: 65 targets (each counted once for each "
                   "key of its provider) are more than 64");
    many(f, 33, 2);
    policy_message(f, 0,
                   "proa.yaml:5:12: routes[0].tiers: 66 targets (each counted once for each "
                   "key of its provider) are more than 64");
    many(f, 65, 1);
    policy_message(f, 0, "proa.yaml:2:6: providers.p.keys: are more than 64");
}

static void patterns_have_a_length(void **state)
{
    struct policy_fixture *f = *state;
    char name[300];
    char yaml[2048];
    f->env = ENV;
    for (size_t len = 255; len <= 257; len++) {
        memset(name, 'n', sizeof(name));
        name[len] = '\0';
        (void)snprintf(yaml, sizeof(yaml), PROVIDERS "routes: [{model: %s, tiers: [[two/%s]]}]\n",
                       name, name);
        policy_fixture_build(f, yaml, NULL);
        assert_int_equal(f->err == PROA_OK, len <= 256);
        assert_int_equal(f->diags.n_errors, len <= 256 ? 0 : 2);
    }
}

/* 64 keys, each in many routes under another model: ids are 16 bits wide. */
static void all_targets_together_are_bounded(void **state)
{
    struct policy_fixture *f = *state;
    static struct proa_buf yaml;
    proa_buf_init(&yaml, 1024 * 1024);
    f->env = ENV;
    PROA_BUF_LIT(&yaml, "providers:\n  p: {dialect: openai, base_url: \"https://h\", keys: [");
    for (size_t i = 0; i < 32; i++) {
        PROA_BUF_LIT(&yaml, "{env: A},");
    }
    PROA_BUF_LIT(&yaml, "]}\nroutes:\n");
    for (size_t i = 0; i < 1024; i++) {
        assert_ok(proa_buf_append_printf(&yaml, "- {model: r%zu, tiers: [[p/m, p/n%zu]]}\n", i, i));
    }
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    policy_expect(f, yaml.ptr, "routes: 65568 targets of all routes together are more than 65535");
    proa_buf_deinit(&yaml);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(weights), TEST(odd_weights_are_rounded), TEST(weights_give_their_shares),
        TEST(bounds),  TEST(patterns_have_a_length),  TEST(all_targets_together_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
