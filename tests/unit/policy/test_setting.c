/* One setting of a policy, by name: its value and where it was written. */
#include "proa/policy/setting.h"

#include "expect.h"

#define PP "providers: {a: {dialect: openai, base_url: \"https://a\"}}\n"

static void values_and_places(void **state)
{
    struct policy_fixture *f = *state;
    static const struct policy_fixture_file file = {
        .path = "p/mine.yaml",
        .text = "apiVersion: proa/v1\nkind: Policy\nname: filed\nbreaker:\n  score: 7\n"};
    static const struct {
        const char *route;
        const char *setting;
        enum proa_err err;
        const char *value;
        const char *file; /* NULL: a default */
        uint32_t line;
    } rows[] = {
        {"one", "breaker.score", PROA_OK, "7", "p/mine.yaml", 5},
        {"one", "breaker.pool_score", PROA_OK, "5", NULL, 0},
        {"two", "retry.budget.ratio", PROA_OK, "0.3", "proa.yaml", 3},
        {"two", "breaker.open_cap", PROA_OK, "30s", NULL, 0},
        {"two", "midstream", PROA_OK, "error", NULL, 0},
        {"three", "breaker.score", PROA_OK, "5", "policies/default.yaml", 0},
        {"one", "weight", PROA_ERR_NOT_FOUND, "", NULL, 0},
        {"one", "breaker", PROA_ERR_NOT_FOUND, "", NULL, 0},
    };
    f->files = &file;
    f->n_files = 1;
    (void)policy_build(f, PP "policies: [p/mine.yaml,\n"
                             "  {name: placed, retry: {budget: {ratio: 0.3}}}]\n"
                             "routes:\n"
                             "- {model: one, policy: filed, tiers: [[a/x, a/y]]}\n"
                             "- {model: two, policy: placed, tiers: [[a/x, a/y]]}\n"
                             "- {model: three, tiers: [[a/x, a/y]]}\n");
    struct proa_buf value;
    proa_buf_init(&value, 64);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct proa_option_where at = {"untouched", 9, 9};
        proa_buf_clear(&value);
        const enum proa_err err =
            proa_policy_setting(policy_fixture_route(f, rows[i].route)->policy,
                                proa_slice_cstr(rows[i].setting), &value, &at);
        PROA_TEST_CHECK(err == rows[i].err, "%s", rows[i].setting);
        if (err == PROA_OK) {
            assert_slice_equal(proa_buf_slice(&value), proa_slice_cstr(rows[i].value));
            PROA_TEST_CHECK(at.file ? rows[i].file && strcmp(at.file, rows[i].file) == 0
                                    : rows[i].file == NULL,
                            "%s: %s", rows[i].setting, at.file ? at.file : "(default)");
            assert_true(rows[i].line == 0 || at.line == rows[i].line);
        }
    }
    proa_buf_deinit(&value);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {TEST(values_and_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
