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
    static const char *const names[] = {"default",  "interactive", "patient",     "batch",
                                        "low-cost", "critical",    "strict-order"};
    assert_int_equal(proa_policy_n_builtins, PROA_ARRAY_LEN(names));
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        assert_non_null(builtin(names[i]));
    }
}

/* Kept are answers where a policy says so: cheap ones all, careful ones only sure ones. */
static void what_the_shipped_ones_keep(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *policy;
        uint32_t mode;
    } rows[] = {
        {"default", PROA_CACHE_OFF},
        {"strict-order", PROA_CACHE_OFF},
        {"interactive", PROA_CACHE_DETERMINISTIC},
        {"critical", PROA_CACHE_DETERMINISTIC},
        {"patient", PROA_CACHE_DETERMINISTIC},
        {"low-cost", PROA_CACHE_ALL},
        {"batch", PROA_CACHE_ALL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_cache_cfg *cache = &of_route(f, row->policy)->cache;
        PROA_TEST_CHECK(cache->mode == row->mode, "%s", row->policy);
        assert_int_equal(cache->ttl_ns, 300 * PROA_NS_PER_S);
        assert_int_equal(cache->ttl_fixed_ns, 24 * 3600 * PROA_NS_PER_S);
        assert_int_equal(cache->stale_ns, 3600 * PROA_NS_PER_S);
        assert_int_equal(cache->max_answer_bytes, 1 << 20);
        assert_true(cache->coalesce && !cache->fallback);
    }
}

static void same_values(const struct proa_option_table *table, const void *a, const void *b)
{
    for (const struct proa_option *row = table->rows; row->name; row++) {
        const char *x = (const char *)a + row->offset;
        const char *y = (const char *)b + row->offset;
        bool same = true;
        switch (row->type) {
        case PROA_OPTION_OBJECT:
            same_values(row->table, x, y);
            break;
        case PROA_OPTION_BOOL:
            same = *(const bool *)x == *(const bool *)y;
            break;
        case PROA_OPTION_U32:
        case PROA_OPTION_PPM:
        case PROA_OPTION_ENUM:
            same = *(const uint32_t *)x == *(const uint32_t *)y;
            break;
        case PROA_OPTION_U64:
        case PROA_OPTION_DURATION:
        case PROA_OPTION_BYTES:
            same = *(const uint64_t *)x == *(const uint64_t *)y;
            break;
        case PROA_OPTION_STRING:
            same = proa_slice_eq(*(const struct proa_slice *)x, *(const struct proa_slice *)y);
            break;
        case PROA_OPTION_STRINGS:
        case PROA_OPTION_LIST:
        case PROA_OPTION_MAP:
            same = false; /* a policy has none */
            break;
        }
        PROA_TEST_CHECK(same, "%s.%s", table->title, row->name);
    }
}

/* Every number that a policy may set stands in default.yaml, by its name. */
static void default_names_every_setting(const struct proa_option_table *table,
                                        struct proa_slice text)
{
    for (const struct proa_option *row = table->rows; row->name; row++) {
        char needle[64];
        const int n = snprintf(needle, sizeof(needle), "%s:", row->name);
        const bool named = proa_slice_search(text, proa_slice_make(needle, (size_t)n)) < text.len;
        PROA_TEST_CHECK(named || strcmp(row->name, "file") == 0, "%s.%s", table->title, row->name);
        if (row->type == PROA_OPTION_OBJECT) {
            default_names_every_setting(row->table, text);
        }
    }
}

static void default_is_complete(void **state)
{
    (void)state;
    const struct proa_policy_builtin *b = builtin("default");
    default_names_every_setting(&proa_policy_table, proa_slice_make(b->bytes, b->len));
}

/* default.yaml says that each of its lines may go. */
static void default_spells_out_the_defaults(void **state)
{
    struct policy_fixture *f = *state;
    struct proa_policy_cfg plain;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    proa_config_defaults(&proa_policy_table, &arena, &plain);
    struct proa_policy_cfg shipped = *of_route(f, "default");
    /* All that is not a setting; the rest is compared row by row. */
    shipped.where = plain.where;
    shipped.api_version = plain.api_version;
    shipped.kind = plain.kind;
    shipped.name = plain.name;
    same_values(&proa_policy_table, &shipped, &plain);
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
    assert_true(interactive.hedge.enabled && !usual.hedge.enabled);
    assert_int_equal(interactive.midstream, PROA_MIDSTREAM_RESUME);
    assert_int_equal(usual.midstream, PROA_MIDSTREAM_ERROR);
}

static void the_special_ones_do_what_they_are_for(void **state)
{
    struct policy_fixture *f = *state;
    const struct proa_policy_cfg usual = *of_route(f, "default");
    const struct proa_policy_cfg batch = *of_route(f, "batch");
    assert_int_equal(batch.priority, PROA_PRIORITY_BATCH);
    assert_int_equal(batch.balance.strategy, PROA_STRATEGY_LOWEST_COST);
    assert_true(batch.retry.retry_after_max_ns > usual.retry.retry_after_max_ns);
    const struct proa_policy_cfg cheap = *of_route(f, "low-cost");
    assert_int_equal(cheap.balance.strategy, PROA_STRATEGY_LOWEST_COST);
    assert_true(!cheap.hedge.enabled && cheap.balance.standby_ppm == 0);
    const struct proa_policy_cfg critical = *of_route(f, "critical");
    assert_int_equal(critical.priority, PROA_PRIORITY_CRITICAL);
    assert_int_equal(critical.midstream, PROA_MIDSTREAM_RESUME);
    assert_true(critical.breaker.score < usual.breaker.score);
    assert_true(critical.stall.stall_cold_ns < usual.stall.stall_cold_ns);
    assert_true(critical.balance.standby_ppm > usual.balance.standby_ppm);
    const struct proa_policy_cfg strict = *of_route(f, "strict-order");
    assert_int_equal(strict.balance.strategy, PROA_STRATEGY_PRIORITY);
    assert_int_equal(strict.retry.same_target, 1);
    assert_true(!strict.degraded.enabled && strict.balance.standby_ppm == 0);
    assert_int_equal(strict.balance.affinity, PROA_AFFINITY_OFF);
}

static void bounds_must_be_in_order(void **state)
{
    static const struct {
        const char *policy;
        const char *message;
    } rows[] = {
        {"breaker: {open_cap: 2s}", "breaker.open_base: is more than open_cap"},
        {"breaker: {open_floor: 6s}", "breaker.open_floor: is more than open_base"},
        {"timeouts: {first_content_min: 2m}",
         "timeouts.first_content_min: is more than first_content_max"},
        {"retry: {backoff_base: 5s}", "retry.backoff_base: is more than backoff_cap"},
        {"degraded: {enter: 0.5}", "degraded.enter: is more than enter_fast"},
        {"concurrency: {target: 1}", "concurrency.floor: is more than target"},
        {"credential: {cap: 7m}", "credential.exhausted: is more than cap"},
        {"credential: {disabled: 2h}", "credential.disabled: is more than cap"},
    };
    struct policy_fixture *f = *state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        char yaml[512];
        (void)snprintf(yaml, sizeof(yaml), ONE "policies: [{name: mine, %s}]\n", rows[i].policy);
        policy_fixture_build(f, yaml, NULL);
        assert_int_equal(f->err, PROA_ERR_SYNTAX);
        PROA_TEST_CHECK(strstr(policy_fixture_message(f, 0), rows[i].message) != NULL, "%s: %s",
                        rows[i].policy, policy_fixture_message(f, 0));
        PROA_TEST_CHECK(strstr(policy_fixture_message(f, 0), "proa.yaml:2:") != NULL, "%s",
                        policy_fixture_message(f, 0));
    }
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
        TEST(the_shipped_ones_are_sound),
        TEST(what_the_shipped_ones_keep),
        TEST(default_spells_out_the_defaults),
        TEST(default_is_complete),
        TEST(the_special_ones_do_what_they_are_for),
        TEST(bounds_must_be_in_order),
        TEST(they_differ_as_they_say),
        TEST(a_built_in_one_can_be_replaced),
        TEST(what_is_not_said_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
