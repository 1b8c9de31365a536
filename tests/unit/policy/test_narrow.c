/* Routes made for one request: who is left, in which order, and why not. */
#include "narrowing.h"

/* ---- order and only -------------------------------------------------------------------------- */

static void order_is_first(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *order;
        const char *candidates;
    } rows[] = {
        {"two", "0:two/k1/x*2 1:one/k1/x*1 1:one/k2/x*1 2:three/k1/y~*1"},
        {"two one", "0:two/k1/x*2 1:one/k1/x*1 1:one/k2/x*1 2:three/k1/y~*1"},
        {"one", "0:one/k1/x*1 0:one/k2/x*1 1:two/k1/x*2 2:three/k1/y~*1"},
        {"three", "0:three/k1/y~*1 1:one/k1/x*1 1:one/k2/x*1 1:two/k1/x*2"},
        {"three two one", "0:three/k1/y~*1 1:two/k1/x*2 2:one/k1/x*1 2:one/k2/x*1"},
        {"two two", "0:two/k1/x*2 1:one/k1/x*1 1:one/k2/x*1 2:three/k1/y~*1"},
        /* Who is not here changes nothing. */
        {"nobody", "0:one/k1/x*1 0:one/k2/x*1 0:two/k1/x*2 1:three/k1/y~*1"},
        {"nobody two", "0:two/k1/x*2 1:one/k1/x*1 1:one/k2/x*1 2:three/k1/y~*1"},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        n.routing.order = names(&n, row->order);
        narrow(&n, s, "m");
        expect(&n, row->candidates);
        assert_true(n.out.route.strict);
        end(&n);
    }
}

static void only_leaves_no_other(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *only;
        const char *order;
        const char *candidates;
    } rows[] = {
        {"two", "", "0:two/k1/x*2"},
        {"two three", "", "0:two/k1/x*2 1:three/k1/y~*1"},
        {"two three", "three", "0:three/k1/y~*1 1:two/k1/x*2"},
        {"one nobody", "two", "0:one/k1/x*1 0:one/k2/x*1"},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        n.routing.only = names(&n, row->only);
        n.routing.order = names(&n, row->order);
        narrow(&n, s, "m");
        expect(&n, row->candidates);
        end(&n);
    }
}

static void only_that_leaves_nobody(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    n.routing.only = names(&n, "four nobody");
    narrow(&n, s, "m");
    expect_refusal(&n, PROA_NARROW_INVALID, "only",
                   "\"only\" leaves no provider: none of one, two, three is named there, and no "
                   "other serves the model here.");
    end(&n);
}

static void a_weight_of_nothing_stays_so(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    n.routing.order = names(&n, "one");
    narrow(&n, s, "rest");
    expect(&n, "0:two/k1/x*1");
    n.routing.order = names(&n, "");
    n.routing.only = names(&n, "one");
    narrow(&n, s, "rest");
    expect_refusal(&n, PROA_NARROW_INVALID, "only",
                   "\"only\" leaves no provider: none of two is named there, and no other serves "
                   "the model here.");
    end(&n);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void names_of_vendors(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *model;
        const char *only;
        const char *candidates; /* NULL: nobody */
    } rows[] = {
        {GPT_OSS, "togetherai", "0:together/k1/openai/gpt-oss-120b*1"},
        {GPT_OSS, "together", "0:together/k1/openai/gpt-oss-120b*1"},
        {"east/m", "azure", "0:east/k1/*1"},
        {"east/m", "west", NULL},
        {"gemini/m", "google", "0:gemini/k1/*1"},
        {"gemini/m", "vertex", NULL},
        {"bedrock/m", "bedrock", "0:bedrock/k1/*1"},
        /* Its other way in has its own name, and there is one that is called so. */
        {"bedrock-mantle/m", "bedrock", NULL},
        {"vertex/claude-opus-5", "vertexAnthropic", "0:vertex/k1/*1"},
        {"vertex/gemini-3.6-flash", "vertexAnthropic", NULL},
        {"vertex/gemini-3.6-flash", "vertex", "0:vertex/k1/*1"},
        {"groq/m", "Groq", NULL},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, KNOWN);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        n.routing.only = names(&n, row->only);
        narrow(&n, s, row->model);
        if (row->candidates) {
            expect(&n, row->candidates);
        } else {
            assert_int_equal(n.result, PROA_NARROW_INVALID);
        }
        end(&n);
    }
}

/* A name that nobody is called means all of the vendor. */
static void ways_in_of_one_vendor(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s =
        policy_build(f, "providers:\n"
                        "  mine: {dialect: openai, base_url: "
                        "\"https://bedrock-mantle.us-east-1.api.aws/v1\", keys: [{env: A}]}\n"
                        "  other: {dialect: openai, base_url: \"https://a\", keys: [{env: A}]}\n"
                        "routes: [{model: m, tiers: [[mine/x, other/x]]}]\n");
    begin(&n);
    n.routing.only = names(&n, "bedrock");
    narrow(&n, s, "m");
    expect(&n, "0:mine/k1/x*1");
    end(&n);
}

/* ---- models ---------------------------------------------------------------------------------- */

static void models_follow_one_another(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *models;
        const char *order;
        const char *candidates;
    } rows[] = {
        {"m2", "",
         "0:one/k1/x*1 0:one/k2/x*1 0:two/k1/x*2 1:three/k1/y~*1 2:three/k1/z~*1 3:two/k1/z~*1"},
        {"m2", "two",
         "0:two/k1/x*2 1:one/k1/x*1 1:one/k2/x*1 2:three/k1/y~*1 3:two/k1/z~*1 4:three/k1/z~*1"},
        /* What is there already does not come again. */
        {"m m2 m", "",
         "0:one/k1/x*1 0:one/k2/x*1 0:two/k1/x*2 1:three/k1/y~*1 2:three/k1/z~*1 3:two/k1/z~*1"},
        {"three/y", "", "0:one/k1/x*1 0:one/k2/x*1 0:two/k1/x*2 1:three/k1/y~*1 2:three/k1/~*1"},
        {"rest", "", "0:one/k1/x*1 0:one/k2/x*1 0:two/k1/x*2 1:three/k1/y~*1"},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        n.routing.models = names(&n, row->models);
        n.routing.order = names(&n, row->order);
        narrow(&n, s, "m");
        expect(&n, row->candidates);
        assert_int_equal(n.out.n_from, 1 + n.routing.models.n);
        end(&n);
    }
}

static void open_targets_keep_their_names_apart(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    n.routing.models = names(&n, "two/b two/a two/c two/b");
    narrow(&n, s, "two/a");
    expect(&n, "0:two/k1/*1 1:two/k1/~*1 2:two/k1/~*1");
    assert_null(n.out.route.candidates[0].wish);
    assert_slice_lit(n.out.route.candidates[1].wish->model, "b");
    assert_slice_lit(n.out.route.candidates[2].wish->model, "c");
    assert_slice_lit(n.out.route.candidates[1].wish->asked, "two/b");
    assert_slice_lit(n.out.route.candidates[2].wish->asked, "two/c");
    assert_false(n.out.route.strict);
    end(&n);
}

static void an_unknown_model_is_named(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *models;
        const char *which;
        const char *param;
        enum proa_resolve_result why;
    } rows[] = {
        {"m2 nobody/x", "nobody/x", "models[1]", PROA_RESOLVE_UNKNOWN_PROVIDER},
        {"bare", "bare", "models[0]", PROA_RESOLVE_AMBIGUOUS},
        {"anthropic/claude-sonnet-5", "anthropic/claude-sonnet-5", "models[0]",
         PROA_RESOLVE_UNOFFERED},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        char param[64];
        begin(&n);
        n.routing.models = names(&n, row->models);
        narrow(&n, s, "m");
        (void)snprintf(param, sizeof param, "providerOptions.gateway.%s", row->param);
        assert_int_equal(n.result, PROA_NARROW_UNKNOWN_MODEL);
        assert_slice_str(n.refusal.model, row->which);
        assert_slice_str(n.refusal.param, param);
        assert_int_equal(n.refusal.why, row->why);
        end(&n);
    }
}

/* ---- sort ------------------------------------------------------------------------------------ */

static void sort_ranks_the_rest(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *order;
        const char *unknown;
        const char *candidates;
    } rows[] = {
        {"", NULL,
         "0:groq/k1/openai/gpt-oss-120b*1 1:bedrock/k1/openai.gpt-oss-120b-1:0*1 "
         "2:cerebras/k1/gpt-oss-120b*1 2:together/k1/openai/gpt-oss-120b*1"},
        {"together", NULL,
         "0:together/k1/openai/gpt-oss-120b*1 1:groq/k1/openai/gpt-oss-120b*1 "
         "2:bedrock/k1/openai.gpt-oss-120b-1:0*1 3:cerebras/k1/gpt-oss-120b*1"},
        {"", "groq",
         "0:bedrock/k1/openai.gpt-oss-120b-1:0*1 1:cerebras/k1/gpt-oss-120b*1 "
         "1:together/k1/openai/gpt-oss-120b*1 2:groq/k1/openai/gpt-oss-120b*1"},
        {"groq", "groq",
         "0:groq/k1/openai/gpt-oss-120b*1 1:bedrock/k1/openai.gpt-oss-120b-1:0*1 "
         "2:cerebras/k1/gpt-oss-120b*1 2:together/k1/openai/gpt-oss-120b*1"},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, KNOWN);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        n.routing.sort = PROA_SORT_COST;
        n.routing.order = names(&n, row->order);
        n.unknown = row->unknown;
        narrow(&n, s, GPT_OSS);
        expect(&n, row->candidates);
        assert_true(n.out.route.strict);
        end(&n);
    }
}

/* Times are known only of who is tried. */
static void what_is_ranked_by_times_is_not_strict(void **state)
{
    struct policy_fixture *f = *state;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, KNOWN);
    for (int sort = PROA_SORT_TTFT; sort <= PROA_SORT_TPS; sort++) {
        struct narrowing n;
        begin(&n);
        n.routing.sort = (enum proa_routing_sort)sort;
        narrow(&n, s, GPT_OSS);
        assert_int_equal(n.result, PROA_NARROWED);
        assert_int_equal(n.out.route.n_tiers, 3);
        assert_false(n.out.route.strict);
        end(&n);
    }
}

/* Another model of the same route is not ranked before the one that was asked for. */
static void sort_keeps_substitutes_behind(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(
        f,
        "providers:\n"
        "  longest: {dialect: openai, base_url: \"https://a\", keys: [{env: A}]}\n"
        "  long: {dialect: openai, base_url: \"https://b\", keys: [{env: A}]}\n"
        "  a: {dialect: openai, base_url: \"https://c\", keys: [{env: A}]}\n"
        "routes: [{model: m, tiers: [[longest/x], [{model: a/y, substitute: true}], [long/x]]}]\n");
    begin(&n);
    n.routing.sort = PROA_SORT_COST;
    narrow(&n, s, "m");
    expect(&n, "0:long/k1/x*1 1:longest/k1/x*1 2:a/k1/y~*1");
    end(&n);
}

/* ---- filters --------------------------------------------------------------------------------- */

static void promises(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, OURS);
    begin(&n);
    n.routing.zero_data_retention = true;
    narrow(&n, s, "m");
    expect(&n, "0:two/k1/x*2");
    n.routing.only = names(&n, "one three");
    narrow(&n, s, "m");
    expect_refusal(&n, PROA_NARROW_NOTHING, "zeroDataRetention",
                   "\"zeroDataRetention\" leaves no provider: none of one, three is configured "
                   "with zero_data_retention: true.");
    end(&n);
    begin(&n);
    n.routing.disallow_prompt_training = true;
    narrow(&n, s, "m");
    expect(&n, "0:three/k1/y~*1");
    n.routing.zero_data_retention = true;
    narrow(&n, s, "m");
    expect_refusal(&n, PROA_NARROW_NOTHING, "disallowPromptTraining",
                   "\"disallowPromptTraining\" leaves no provider: none of two is configured with "
                   "trains_on_prompts: false.");
    end(&n);
}

static void capabilities(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *model;
        unsigned has;
        bool there;
    } rows[] = {
        {GPT_OSS, PROA_HAS_TOOL_USE, true},
        {GPT_OSS, PROA_HAS_TOOL_USE | PROA_HAS_REASONING | PROA_HAS_STRUCTURED_OUTPUT, true},
        {GPT_OSS, PROA_HAS_IMPLICIT_CACHING, true},
        {GPT_OSS, PROA_HAS_VISION, false},
        {GPT_OSS, PROA_HAS_VISION | PROA_HAS_TOOL_USE, false},
        {"gemini/gemini-3.6-flash", PROA_HAS_VISION, true},
        /* What the catalogue does not know, nobody can promise. */
        {"gemini/new-model", PROA_HAS_TOOL_USE, false},
        {"east/m", PROA_HAS_TOOL_USE, false},
    };
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, KNOWN);
    PROA_TEST_ROWS(row, rows)
    {
        struct narrowing n;
        begin(&n);
        n.routing.has = row->has;
        narrow(&n, s, row->model);
        assert_int_equal(n.result, row->there ? PROA_NARROWED : PROA_NARROW_NOTHING);
        if (!row->there) {
            assert_slice_lit(n.refusal.param, "providerOptions.gateway.has");
        }
        end(&n);
    }
}

static void a_fallback_model_may_pass_where_the_first_does_not(void **state)
{
    struct policy_fixture *f = *state;
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s = policy_build(f, KNOWN);
    begin(&n);
    n.routing.has = PROA_HAS_VISION;
    n.routing.models = names(&n, "gemini/gemini-3.6-flash");
    narrow(&n, s, GPT_OSS);
    expect(&n, "0:gemini/k1/~*1");
    end(&n);
}

/* ---- times ----------------------------------------------------------------------------------- */

static void times_are_by_provider(void **state)
{
    struct policy_fixture *f = *state;
    static const struct proa_routing_timeout timeouts[] = {
        {PROA_SLICE_INIT("azure"), 2 * PROA_NS_PER_S},
        {PROA_SLICE_INIT("east"), 3 * PROA_NS_PER_S},
        {PROA_SLICE_INIT("nobody"), 4 * PROA_NS_PER_S},
    };
    struct narrowing n;
    f->env = ENV;
    const struct proa_snapshot *s =
        policy_build(f, KNOWN "routes: [{model: m, tiers: [[east/x, west/x, groq/x]]}]\n");
    begin(&n);
    n.routing.timeouts = timeouts;
    n.routing.n_timeouts = PROA_ARRAY_LEN(timeouts);
    narrow(&n, s, "m");
    expect(&n, "0:east/k1/x*1 0:west/k1/x*1 0:groq/k1/x*1");
    const struct proa_candidate *c = n.out.route.candidates;
    assert_true(c[0].wish->first_token_ns == 2 * PROA_NS_PER_S); /* the first that means it */
    assert_true(c[1].wish->first_token_ns == 2 * PROA_NS_PER_S);
    assert_null(c[2].wish);
    end(&n);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void no_more_than_a_route_may_have(void **state)
{
    struct policy_fixture *f = *state;
    static struct proa_buf yaml;
    struct narrowing n;
    proa_buf_init(&yaml, 1024 * 1024);
    f->env = ENV;
    PROA_BUF_LIT(&yaml, "providers:\n  p: {dialect: openai, base_url: \"https://h\", keys: [");
    for (size_t i = 0; i < 32; i++) {
        PROA_BUF_LIT(&yaml, "{env: A},");
    }
    PROA_BUF_LIT(&yaml, "]}\n  q: {dialect: openai, base_url: \"https://i\", keys: []}\nroutes:\n");
    for (size_t i = 0; i < 8; i++) {
        assert_ok(proa_buf_append_printf(&yaml, "- {model: r%zu, tiers: [[p/m%zu]]}\n", i, i));
    }
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    const struct proa_snapshot *s = policy_build(f, yaml.ptr);
    begin(&n);
    n.routing.models = names(&n, "r1 r2 r3 r4 r5 r6 r7");
    for (size_t i = 0; i < 16; i++) {
        own_key(&n, "p", "hidden-secret");
    }
    narrow(&n, s, "r0");
    assert_int_equal(n.result, PROA_NARROWED);
    assert_int_equal(n.out.route.n_candidates, PROA_ROUTE_TARGETS_MAX);
    assert_true(n.out.route.n_tiers <= PROA_NARROWED_TIERS_MAX);
    /* All sixteen, and the keys of the first model, before anything of the second. */
    assert_int_equal(n.out.route.candidates[15].target->byok, 16);
    assert_slice_lit(n.out.route.candidates[47].target->model, "m0");
    assert_slice_lit(n.out.route.candidates[48].target->model, "m1");
    end(&n);
    proa_buf_deinit(&yaml);
}

/* What is made for a candidate is not made for those that there is no place for. */
static void names_that_repeat_cost_nothing_more(void **state)
{
    struct policy_fixture *f = *state;
    static struct proa_buf yaml;
    size_t bytes[2];
    f->env = ENV;
    proa_buf_init(&yaml, 1024 * 1024);
    PROA_BUF_LIT(&yaml, "providers:\n  p: {dialect: openai, base_url: \"https://h\", keys: [");
    PROA_BUF_LIT(&yaml, "{env: A}]}\nroutes:\n");
    for (size_t i = 0; i < 17; i++) {
        assert_ok(proa_buf_append_printf(&yaml, "- {model: r%zu, tiers: [[", i));
        for (size_t k = 0; k < 32; k++) {
            assert_ok(proa_buf_append_printf(&yaml, "%sp/m%zux%zu", k > 0 ? "," : "", i, k));
        }
        PROA_BUF_LIT(&yaml, "]]}\n");
    }
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    const struct proa_snapshot *s = policy_build(f, yaml.ptr);
    for (size_t i = 0; i < 2; i++) {
        struct narrowing n;
        begin(&n);
        n.routing.models =
            names(&n, i == 0 ? "r1" : "r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16");
        for (size_t k = 0; k < 16; k++) {
            own_key(&n, "p", "hidden-secret");
        }
        const size_t before = n.arena.total_bytes;
        narrow(&n, s, "r0");
        assert_int_equal(n.result, PROA_NARROWED);
        assert_int_equal(n.out.route.n_candidates, PROA_ROUTE_TARGETS_MAX);
        bytes[i] = n.arena.total_bytes - before;
        end(&n);
    }
    PROA_TEST_CHECK(bytes[1] < bytes[0] + 1024, "%zu bytes and then %zu", bytes[0], bytes[1]);
    proa_buf_deinit(&yaml);
}

/* Who is to be first is found behind as many others as there are. */
static void the_best_of_more_than_there_is_place_for(void **state)
{
    struct policy_fixture *f = *state;
    static struct proa_buf yaml;
    f->env = ENV;
    proa_buf_init(&yaml, 1024 * 1024);
    PROA_BUF_LIT(&yaml, "providers:\n"
                        "  p: {dialect: openai, base_url: \"https://h\", keys: [{env: A}]}\n"
                        "  q: {dialect: openai, base_url: \"https://i\", keys: [{env: A}]}\n"
                        "routes:\n- {model: r, tiers: [[");
    for (size_t k = 0; k < 20; k++) {
        assert_ok(proa_buf_append_printf(&yaml, "p/m%zu,", k));
    }
    PROA_BUF_LIT(&yaml, "q/m]]}\n");
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    const struct proa_snapshot *s = policy_build(f, yaml.ptr);
    struct narrowing n;
    begin(&n);
    n.routing.order = names(&n, "q");
    for (size_t k = 0; k < 16; k++) {
        own_key(&n, "p", "hidden-secret");
    }
    narrow(&n, s, "r");
    assert_int_equal(n.result, PROA_NARROWED);
    assert_int_equal(n.out.route.n_candidates, PROA_ROUTE_TARGETS_MAX);
    assert_slice_lit(n.out.route.candidates[0].target->identity, "q/k1/m");
    /* The first credentials with all models, not all credentials with the first models. */
    assert_int_equal(n.out.route.candidates[20].target->byok, 1);
    assert_slice_lit(n.out.route.candidates[20].target->model, "m19");
    assert_int_equal(n.out.route.candidates[21].target->byok, 2);
    end(&n);
    proa_buf_deinit(&yaml);
}

static void each_candidate_may_have_a_tier(void **state)
{
    struct policy_fixture *f = *state;
    static struct proa_buf yaml;
    struct narrowing n;
    proa_buf_init(&yaml, 1024 * 1024);
    PROA_BUF_LIT(&yaml, "providers:\n");
    for (size_t i = 0; i < 64; i++) {
        assert_ok(proa_buf_append_printf(
            &yaml, "  p%02zu: {dialect: openai, base_url: \"https://h%zu\", keys: []}\n", i, i));
    }
    PROA_BUF_LIT(&yaml, "routes:\n- {model: a, tiers: [[");
    for (size_t i = 0; i < 64; i++) {
        assert_ok(proa_buf_append_printf(&yaml, "%sp%02zu/m", i > 0 ? "," : "", i));
    }
    PROA_BUF_LIT(&yaml, "]]}\n");
    assert_ok(proa_buf_append_byte(&yaml, '\0'));
    const struct proa_snapshot *s = policy_build(f, yaml.ptr);
    begin(&n);
    char *order = proa_arena_zero(&n.arena, 1, 64 * 4 + 1);
    for (size_t i = 0; i < 63; i++) {
        (void)snprintf(order + 4 * i, 5, "p%02zu%s", 63 - i, i < 62 ? " " : "");
    }
    n.routing.order = names(&n, order);
    narrow(&n, s, "a");
    assert_int_equal(n.result, PROA_NARROWED);
    assert_int_equal(n.out.route.n_candidates, 64);
    assert_int_equal(n.out.route.n_tiers, 64);
    assert_slice_lit(n.out.route.candidates[0].target->provider->name, "p63");
    assert_slice_lit(n.out.route.candidates[63].target->provider->name, "p00");
    end(&n);
    proa_buf_deinit(&yaml);
}

static void what_says_nothing_of_the_route(void **state)
{
    (void)state;
    const struct proa_slice tag = PROA_SLICE_INIT("t");
    const struct proa_routing said = {.user = PROA_SLICE_INIT("u"), .tags = {&tag, 1}};
    assert_false(proa_narrow_is_wanted(&said));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(order_is_first),
        TEST(only_leaves_no_other),
        TEST(only_that_leaves_nobody),
        TEST(a_weight_of_nothing_stays_so),
        TEST(names_of_vendors),
        TEST(ways_in_of_one_vendor),
        TEST(models_follow_one_another),
        TEST(open_targets_keep_their_names_apart),
        TEST(an_unknown_model_is_named),
        TEST(sort_ranks_the_rest),
        TEST(what_is_ranked_by_times_is_not_strict),
        TEST(sort_keeps_substitutes_behind),
        TEST(promises),
        TEST(capabilities),
        TEST(a_fallback_model_may_pass_where_the_first_does_not),
        TEST(times_are_by_provider),
        TEST(no_more_than_a_route_may_have),
        TEST(names_that_repeat_cost_nothing_more),
        TEST(the_best_of_more_than_there_is_place_for),
        TEST(each_candidate_may_have_a_tier),
        TEST(what_says_nothing_of_the_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
