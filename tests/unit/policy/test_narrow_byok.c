/* Credentials of a request: whose they are, where they are tried, and what is made of them. */
#include "narrowing.h"

static void own_keys_come_before_the_configured_ones(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    own_key(&n, "two", "secret-of-two");
    own_key(&n, "one", "secret-of-one");
    own_key(&n, "two", "another-of-two");
    narrow(&n, s, "m");
    expect(&n, "0:two/byok1/x*1 1:one/byok2/x*1 2:two/byok3/x*1 "
               "3:one/k1/x*1 3:one/k2/x*1 3:two/k1/x*2 4:three/k1/y~*1");
    assert_true(n.out.route.strict);
    const struct proa_target *own = n.out.route.candidates[0].target;
    assert_int_equal(own->byok, 1);
    assert_slice_lit(own->label, "two/byok1");
    assert_slice_lit(own->key->label, "byok1");
    assert_int_equal(own->key->scheme, PROA_AUTH_BEARER);
    assert_null(own->key->grant);
    assert_slice_lit(proa_secret_bytes(own->key->secret), "secret-of-two");
    assert_int_equal(own->id, n.out.route.candidates[5].target->id);
    assert_int_equal(n.out.route.candidates[5].target->byok, 0);
    assert_int_equal(n.out.n_secrets, 3);
    end(&n);
}

static void own_keys_within_the_order(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    own_key(&n, "one", "secret-of-one");
    own_key(&n, "two", "secret-of-two");
    n.routing.order = names(&n, "two one");
    narrow(&n, s, "m");
    expect(&n, "0:two/byok2/x*1 1:two/k1/x*2 2:one/byok1/x*1 3:one/k1/x*1 3:one/k2/x*1 "
               "4:three/k1/y~*1");
    end(&n);
}

static void own_keys_with_each_model(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    own_key(&n, "two", "secret-of-two");
    n.routing.only = names(&n, "two");
    n.routing.models = names(&n, "m2 two/b two/c");
    narrow(&n, s, "m");
    expect(&n, "0:two/byok1/x*1 1:two/k1/x*2 2:two/byok1/z~*1 3:two/k1/z~*1 4:two/byok1/~*1 "
               "5:two/k1/~*1 6:two/byok1/~*1 7:two/k1/~*1");
    assert_slice_lit(n.out.route.candidates[4].wish->model, "b");
    assert_slice_lit(n.out.route.candidates[6].wish->model, "c");
    end(&n);
}

static void own_keys_that_nobody_can_use_are_left_alone(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    own_key(&n, "three", "secret-of-three");
    n.routing.only = names(&n, "two");
    narrow(&n, s, "m");
    expect(&n, "0:two/k1/x*2");
    end(&n);
}

static void a_key_needs_a_provider_of_its_name(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    own_key(&n, "openai", "hidden-secret");
    narrow(&n, s, "m");
    expect_refusal(&n, PROA_NARROW_INVALID, "byok",
                   "\"byok\" has a credential for \"openai\", but no such provider is configured "
                   "here. A credential is only sent to the address of a configured provider: one, "
                   "two, three, four.");
    end(&n);
}

static void a_key_goes_to_one_provider_alone(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s =
        policy_build(f, KNOWN "routes: [{model: m, tiers: [[east/x, west/x]]}]\n");
    begin(&n);
    own_key(&n, "azure", "hidden-secret");
    narrow(&n, s, "m");
    expect_refusal(&n, PROA_NARROW_INVALID, "byok",
                   "\"byok\" has a credential for \"azure\", which could be that of more than one "
                   "configured provider: east and west. Write it under the name of the one that it "
                   "is for.");
    ((struct proa_routing_byok *)(uintptr_t)n.routing.byok)->resource = PROA_SLICE("WEST");
    narrow(&n, s, "m");
    expect(&n, "0:west/byok1/x*1 1:east/k1/x*1 1:west/k1/x*1");
    assert_int_equal(n.out.route.candidates[0].target->key->scheme, PROA_AUTH_API_KEY);
    ((struct proa_routing_byok *)(uintptr_t)n.routing.byok)->resource = PROA_SLICE("north");
    narrow(&n, s, "m");
    assert_int_equal(n.result, PROA_NARROW_INVALID);
    end(&n);
    begin(&n);
    own_key(&n, "west", "hidden-secret");
    narrow(&n, s, "m");
    expect(&n, "0:west/byok1/x*1 1:east/k1/x*1 1:west/k1/x*1");
    end(&n);
}

/* What the account of a credential calls a model is asked with that credential alone. */
static void names_of_an_account(void **state)
{
    struct policy_fixture *f = *state;
    static const struct proa_routing_mapping mappings[] = {
        {PROA_SLICE_INIT("m"), PROA_SLICE_INIT("ours")},
        {PROA_SLICE_INIT("openai/gpt-oss-120b"), PROA_SLICE_INIT("our-oss")},
        {PROA_SLICE_INIT("three/z"), PROA_SLICE_INIT("our-z")},
    };
    static const struct {
        const char *yaml;
        const char *provider;
        const char *model;
        const char *models;
        const char *candidates;
    } rows[] = {
        {OURS, "two", "m", "",
         "0:two/byok1/ours*1 1:one/k1/x*1 1:one/k2/x*1 1:two/k1/x*2 2:three/k1/y~*1"},
        /* A substitute is another model. */
        {OURS, "three", "m", "",
         "0:three/byok1/y~*1 1:one/k1/x*1 1:one/k2/x*1 1:two/k1/x*2 2:three/k1/y~*1"},
        {OURS, "three", "rest", "three/z", "0:two/k1/x*1 1:three/byok1/our-z~*1 2:three/k1/~*1"},
        /* By the catalogue's name of it, whatever its provider calls it. */
        {KNOWN, "groq", "groq/openai/gpt-oss-120b", "", "0:groq/byok1/our-oss*1 1:groq/k1/*1"},
    };
    f->env = ENV;
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        const struct proa_snapshot *s = policy_build(f, row->yaml);
        const struct proa_routing_byok byok = {.provider = proa_slice_cstr(row->provider),
                                               .api_key = PROA_SLICE("hidden-secret"),
                                               .mappings = mappings,
                                               .n_mappings = PROA_ARRAY_LEN(mappings)};
        begin(&n);
        n.routing.models = names(&n, row->models);
        n.routing.byok = &byok;
        n.routing.n_byok = 1;
        narrow(&n, s, row->model);
        expect(&n, row->candidates);
        end(&n);
    }
}

static struct proa_routing_byok aws(const char *provider, const char *region)
{
    return (struct proa_routing_byok){.provider = proa_slice_cstr(provider),
                                      .access_key_id = PROA_SLICE("AKIDEXAMPLE"),
                                      .secret_access_key = PROA_SLICE("hidden-secret"),
                                      .session_token = PROA_SLICE("hidden-token"),
                                      .region = proa_slice_cstr(region)};
}

static void aws_credentials(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *provider;
        const char *region;
        const char *model;
        const char *service; /* NULL: refused */
    } rows[] = {
        {"bedrock", "", "bedrock/m", "bedrock"},
        {"bedrock", "eu-west-1", "bedrock/m", "bedrock"},
        {"bedrock", "us-east-1", "bedrock/m", NULL},
        {"bedrock-mantle", "us-east-1", "bedrock-mantle/m", "bedrock-mantle"},
        {"groq", "", "groq/m", NULL},
        /* A region makes nobody AWS's. */
        {"faraway", "", "faraway/m", NULL},
        {"inside", "", "inside/m", "bedrock"},
        {"signed", "", "signed/m", "bedrock"},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(
        f, KNOWN
        "  faraway: {dialect: openai, base_url: \"https://f\", region: us-east1, keys: [{env: "
        "A}]}\n"
        "  inside: {dialect: bedrock, base_url: \"https://g\", region: eu-west-1, keys: [{env: "
        "A}]}\n"
        "  signed: {dialect: openai, base_url: \"https://h\", region: eu-west-1, keys: [{aws: "
        "{access_key_id: AKIDEXAMPLE, secret_access_key: {env: A}}}]}\n");
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        const struct proa_routing_byok byok = aws(row->provider, row->region);
        n.routing.byok = &byok;
        n.routing.n_byok = 1;
        narrow(&n, s, row->model);
        assert_int_equal(n.result, row->service ? PROA_NARROWED : PROA_NARROW_INVALID);
        if (row->service) {
            const struct proa_key *key = n.out.route.candidates[0].target->key;
            assert_int_equal(key->scheme, PROA_AUTH_SIGV4);
            assert_slice_str(key->service, row->service);
            assert_slice_equal(key->region,
                               n.out.route.candidates[0].target->provider->site.region);
            assert_slice_lit(key->access_id, "AKIDEXAMPLE");
            assert_slice_lit(proa_secret_bytes(key->secret), "hidden-secret");
            assert_slice_lit(proa_secret_bytes(key->session), "hidden-token");
            assert_int_equal(n.out.n_secrets, 3);
        } else {
            assert_true(proa_slice_search(n.refusal.message, PROA_SLICE("hidden")) ==
                        n.refusal.message.len);
        }
        end(&n);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(own_keys_come_before_the_configured_ones),
        TEST(own_keys_within_the_order),
        TEST(own_keys_with_each_model),
        TEST(own_keys_that_nobody_can_use_are_left_alone),
        TEST(a_key_needs_a_provider_of_its_name),
        TEST(a_key_goes_to_one_provider_alone),
        TEST(names_of_an_account),
        TEST(aws_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
