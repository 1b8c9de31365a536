#include "gaps_priv.h"

#include "proa_test.h"

static const struct proa_gap_row ROWS[] = {
    {PROA_GAP_SEED, false, "none"},
    {PROA_GAP_N, true, "one only"},
    {PROA_GAP_FREQUENCY_PENALTY, false, "none"},
    {PROA_GAP_LOGPROBS, false, "none"},
    {PROA_GAP_PARALLEL, false, "none"},
    {PROA_GAP_SERVICE_TIER, false, "none"},
};

static const struct proa_chat_tool TOOL = {.name = PROA_SLICE_INIT("f")};

static void test_what_is_said_and_has_no_word(void **state)
{
    (void)state;
    static const struct {
        struct proa_chat_request chat;
        const char *warned;  /* NULL = nothing */
        const char *refused; /* NULL = passes */
    } rows[] = {
        {{.n = 0}, NULL, NULL},
        {{.n = 1}, NULL, NULL},
        {{.n = 2}, NULL, "n"},
        {{.seed = PROA_SLICE_INIT("7")}, "seed", NULL},
        {{.frequency_penalty = PROA_SLICE_INIT("0.0")}, NULL, NULL},
        {{.frequency_penalty = PROA_SLICE_INIT("0.1")}, "frequency_penalty", NULL},
        {{.presence_penalty = PROA_SLICE_INIT("0.1")}, NULL, NULL}, /* in no row */
        {{.logprobs = PROA_CHAT_NO}, NULL, NULL},
        {{.logprobs = PROA_CHAT_YES}, "logprobs", NULL},
        {{.parallel_tools = PROA_CHAT_NO}, NULL, NULL},
        {{.parallel_tools = PROA_CHAT_NO, .tools = &TOOL, .n_tools = 1},
         "parallel_tool_calls",
         NULL},
        {{.service_tier = PROA_SLICE_INIT("auto")}, NULL, NULL},
        {{.service_tier = PROA_SLICE_INIT("flex")}, "service_tier", NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_chat_warnings warnings = {.n = 0};
        struct proa_encoded out = {.feature = NULL};
        const bool passes = proa_gaps_pass(&row->chat, ROWS, PROA_ARRAY_LEN(ROWS), PROA_SLICE("x"),
                                           &warnings, &out);
        assert_int_equal(passes, row->refused == NULL);
        assert_int_equal(warnings.n, row->warned ? 1 : 0);
        if (row->warned) {
            assert_string_equal(warnings.items[0].feature, row->warned);
        }
        if (row->refused) {
            assert_string_equal(out.feature, row->refused);
            assert_non_null(out.reason);
        }
    }
}

static void test_extras_of_another_dialect(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *value;
        const char *warned;
        const char *refused;
    } rows[] = {
        {"\"store\"", "true", NULL, NULL},
        {"\"logit_bias\"", "{\"1\":2}", "logit_bias", NULL},
        {"\"logit_bias\"", "null", NULL, NULL},
        {"\"never_seen\"", "1", "a member that is not known", NULL},
        {"\"audio\"", "{\"voice\":\"x\"}", NULL, "audio"},
        {"\"functions\"", "[]", NULL, "functions"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_chat_extra extra = {proa_slice_cstr(row->key),
                                              proa_slice_cstr(row->value)};
        const struct proa_chat_request chat = {
            .extras = &extra, .n_extras = 1, .extras_dialect = PROA_SLICE("openai")};
        struct proa_chat_warnings warnings = {.n = 0};
        struct proa_encoded out = {.feature = NULL};
        assert_int_equal(proa_gaps_pass(&chat, NULL, 0, PROA_SLICE("x"), &warnings, &out),
                         row->refused == NULL);
        assert_int_equal(warnings.n, row->warned ? 1 : 0);
        if (row->warned) {
            assert_string_equal(warnings.items[0].feature, row->warned);
        }
        if (row->refused) {
            assert_string_equal(out.feature, row->refused);
        }
        /* of one's own dialect they are not this unit's */
        warnings.n = 0;
        assert_true(proa_gaps_pass(&chat, NULL, 0, PROA_SLICE("openai"), &warnings, &out));
        assert_int_equal(warnings.n, 0);
    }
}

static void test_nobody_wants_the_warnings(void **state)
{
    (void)state;
    const struct proa_chat_request chat = {.seed = PROA_SLICE("7")};
    struct proa_encoded out = {.feature = NULL};
    assert_true(proa_gaps_pass(&chat, ROWS, PROA_ARRAY_LEN(ROWS), PROA_SLICE("x"), NULL, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_said_and_has_no_word),
        cmocka_unit_test(test_extras_of_another_dialect),
        cmocka_unit_test(test_nobody_wants_the_warnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
