/*
 * A route narrowed by a request and what becomes of it, for the tests of narrowing.
 */
#ifndef PROA_TESTS_POLICY_NARROWING_H
#define PROA_TESTS_POLICY_NARROWING_H

#include "proa/auth/secret.h"
#include "proa/policy/narrow.h"

#include "expect.h"

static const char *const ENV[] = {"A=key-number-a", "B=key-number-b", NULL};

/* Providers without a vendor, and a route of them in two tiers; the second is another model. */
#define OURS                                                                                       \
    "providers:\n"                                                                                 \
    "  one: {dialect: openai, base_url: \"https://a\", keys: [{env: A}, {env: B}]}\n"              \
    "  two: {dialect: openai, base_url: \"https://b\", keys: [{env: A}], zero_data_retention: "    \
    "true}\n"                                                                                      \
    "  three: {dialect: openai, base_url: \"https://c\", keys: [{env: A}], trains_on_prompts: "    \
    "false}\n"                                                                                     \
    "  four: {dialect: openai, base_url: \"https://d\", keys: [{env: A}]}\n"                       \
    "routes:\n"                                                                                    \
    "  - {model: m, tiers: [[one/x, two/x], [{model: three/y, substitute: true}]]}\n"              \
    "  - {model: m2, tiers: [[three/z], [two/z]]}\n"                                               \
    "  - {model: rest, tiers: [[two/x, {model: one/x, weight: 0}]]}\n"

/* Vendors that the catalogue knows; gpt-oss-120b is offered by groq, cerebras and together. */
#define KNOWN                                                                                      \
    "providers:\n"                                                                                 \
    "  groq: {keys: [{env: A}]}\n"                                                                 \
    "  cerebras: {keys: [{env: A}]}\n"                                                             \
    "  together: {keys: [{env: A}]}\n"                                                             \
    "  bedrock: {region: eu-west-1, keys: [{env: A}]}\n"                                           \
    "  bedrock-mantle: {region: us-east-1, keys: [{env: A}]}\n"                                    \
    "  east: {dialect: openai, base_url: \"https://east.openai.azure.com/openai/v1\", resource: "  \
    "east, keys: [{env: A}]}\n"                                                                    \
    "  west: {dialect: openai, base_url: \"https://west.openai.azure.com/openai/v1\", resource: "  \
    "west, keys: [{env: A}]}\n"                                                                    \
    "  gemini: {keys: [{env: A}]}\n"                                                               \
    "  vertex: {keys: [{env: A}]}\n"

#define GPT_OSS "openai/gpt-oss-120b"

struct narrowing {
    struct proa_arena arena;
    struct proa_routing routing;
    struct proa_narrowed out;
    struct proa_narrow_refusal refusal;
    enum proa_narrow_result result;
    const char *unknown; /* a provider of which nothing was measured */
    char shown[4096];
};

/* By the length of the provider's name, so that the order is another than the configured one. */
static inline uint64_t measure(void *ctx, const struct proa_target *target, struct proa_slice model)
{
    const struct narrowing *n = ctx;
    assert_true(model.len > 0);
    return n->unknown && proa_slice_eq(target->provider->name, proa_slice_cstr(n->unknown))
               ? UINT64_MAX
               : target->provider->name.len;
}

static inline void begin(struct narrowing *n)
{
    memset(n, 0, sizeof *n);
    proa_arena_init(&n->arena, NULL);
}

static inline void end(struct narrowing *n)
{
    proa_arena_reset(&n->arena);
}

/* "a b c" */
static inline struct proa_routing_names names(struct narrowing *n, const char *list)
{
    struct proa_slice rest = proa_slice_cstr(list);
    struct proa_slice *items = proa_arena_zero(&n->arena, 64, sizeof items[0]);
    struct proa_routing_names out = {items, 0};
    while (rest.len > 0) {
        items[out.n++] = proa_slice_split(rest, ' ', &rest);
    }
    return out;
}

static inline void own_key(struct narrowing *n, const char *provider, const char *key)
{
    struct proa_routing_byok *all =
        proa_arena_zero(&n->arena, n->routing.n_byok + 1, sizeof all[0]);
    if (n->routing.n_byok > 0) {
        memcpy(all, n->routing.byok, n->routing.n_byok * sizeof all[0]);
    }
    all[n->routing.n_byok] = (struct proa_routing_byok){.provider = proa_slice_cstr(provider),
                                                        .api_key = proa_slice_cstr(key)};
    n->routing.byok = all;
    n->routing.n_byok++;
}

static inline void narrow(struct narrowing *n, const struct proa_snapshot *s, const char *model)
{
    struct proa_narrow_in in = {.snapshot = s,
                                .name = proa_slice_cstr(model),
                                .routing = &n->routing,
                                .measure = measure,
                                .ctx = n};
    assert_int_equal(proa_snapshot_resolve(s, proa_slice_cstr(model), &in.asked), PROA_RESOLVED);
    assert_true(proa_narrow_is_wanted(&n->routing));
    n->result = proa_narrow(&in, &n->arena, &n->out, &n->refusal);
    if (n->result == PROA_NARROWED) {
        assert_ptr_equal(n->out.route.base, in.asked.route);
        assert_ptr_equal(n->out.from[0], in.asked.route);
        assert_int_equal(n->out.route.id, in.asked.route->id);
        assert_ptr_equal(n->out.route.policy, in.asked.route->policy);
        assert_true(n->out.route.n_candidates <= PROA_ROUTE_TARGETS_MAX);
    }
}

/* The candidates are these: tier, identity, weight; ~ marks a substitute. */
static inline void expect(struct narrowing *n, const char *candidates)
{
    PROA_TEST_CHECK(n->result == PROA_NARROWED, "refused: %" PROA_SLICE_FMT,
                    PROA_SLICE_ARG(n->refusal.message));
    policy_shown(&n->out.route, n->shown, sizeof n->shown);
    PROA_TEST_CHECK(strcmp(n->shown, candidates) == 0, "\n  is       %s\n  expected %s", n->shown,
                    candidates);
}

static inline void expect_refusal(struct narrowing *n, enum proa_narrow_result result,
                                  const char *param, const char *message)
{
    char whole[128];
    (void)snprintf(whole, sizeof whole, "providerOptions.gateway.%s", param);
    assert_int_equal(n->result, result);
    assert_slice_str(n->refusal.param, whole);
    assert_slice_str(n->refusal.message, message);
}

#endif
