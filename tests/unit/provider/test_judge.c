/*
 * How rules are read: each place a pattern is looked for, each reason why a rule does not fit, the
 * order, and what follows from the rule that fits.
 */
#include "judge_priv.h"

#include "proa/provider/span.h"

#include "proa_test.h"

/* 2026-11-23T12:00:00Z */
#define NOW_MS UINT64_C(1795435200000)
#define HOUR   (UINT64_C(3600) * PROA_NS_PER_S)

static const struct proa_http_header HEADERS[] = {
    {PROA_HTTP_HEADER_RETRY_AFTER, PROA_SLICE_INIT("retry-after"), PROA_SLICE_INIT("5")},
    {PROA_HTTP_HEADER_OTHER, PROA_SLICE_INIT("X-Plan"), PROA_SLICE_INIT(" Free ")},
    {PROA_HTTP_HEADER_X_RATELIMIT_REMAINING_TOKENS, PROA_SLICE_INIT("x-ratelimit-remaining-tokens"),
     PROA_SLICE_INIT("0")},
    {PROA_HTTP_HEADER_X_RATELIMIT_RESET_TOKENS, PROA_SLICE_INIT("x-ratelimit-reset-tokens"),
     PROA_SLICE_INIT("40s")},
};

static struct proa_answer_head head_of(const char *vendor)
{
    return (struct proa_answer_head){
        .vendor = vendor ? proa_vendor_find(proa_slice_cstr(vendor)) : NULL,
        .status = 429,
        .headers = HEADERS,
        .n_headers = PROA_ARRAY_LEN(HEADERS),
        .unix_ms = NOW_MS,
    };
}

static const struct proa_said SAID = {
    .status = 429,
    .is_json = true,
    .message = PROA_SLICE_INIT("Too much for today"),
    .type = PROA_SLICE_INIT("tokens"),
    .code = PROA_SLICE_INIT("over"),
    .details = PROA_SLICE_INIT("[{\"quotaId\":\"PerDay\"}]"),
    .wait_ns = 9 * PROA_NS_PER_S,
};

static void test_where_a_pattern_is_looked_for(void **state)
{
    (void)state;
    static const struct {
        struct proa_error_rule rule;
        bool fits;
    } rows[] = {
#define FITS(from, to, where, pattern, fits)                                                       \
    {{PROA_SLICE_INIT(""), (from), (to), PROA_RULE_##where, PROA_SLICE_INIT(pattern),              \
      PROA_CLASS_QUOTA, PROA_REFUSAL_NONE, PROA_RULE_NOTHING},                                     \
     (fits)}
        FITS(429, 429, ALWAYS, "", true),
        FITS(400, 428, ALWAYS, "", false),
        FITS(430, 599, ALWAYS, "", false),
        FITS(0, 599, CODE, "over", true),
        FITS(0, 599, CODE, "OVER", true),
        FITS(0, 599, CODE, "tokens", true), /* the type counts as one */
        FITS(0, 599, CODE, "ove", false),
        FITS(0, 599, CODE, "today", false),
        FITS(0, 599, MESSAGE, "for today", true),
        FITS(0, 599, MESSAGE, "FOR TODAY", true),
        FITS(0, 599, MESSAGE, "for todays", false),
        FITS(0, 599, MESSAGE, "over", false),
        FITS(0, 599, TEXT, "too much for today", true),
        FITS(0, 599, TEXT, "for today", false),
        FITS(0, 599, DETAILS, "perday", true),
        FITS(0, 599, DETAILS, "PerMinute", false),
        FITS(0, 599, HEADER, "x-plan", true),
        FITS(0, 599, HEADER, "x-plan: free", true),
        FITS(0, 599, HEADER, "x-plan: fre", false),
        FITS(0, 599, HEADER, "x-pla", false),
        FITS(0, 599, HEADER, "x-plan2", false),
        FITS(0, 599, NO_JSON, "", false),
    };
    const struct proa_answer_head head = head_of(NULL);
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure f;
        proa_judge(&row->rule, 1, &head, &SAID, &f);
        PROA_TEST_CHECK(f.class == (row->fits ? PROA_CLASS_QUOTA : PROA_CLASS_RATE), "row %td: %s",
                        row - rows, proa_class_text(f.class));
    }
}

static const struct proa_error_rule SEVERAL[] = {
    {PROA_SLICE_INIT("groq"), 0, 599, PROA_RULE_CODE, PROA_SLICE_INIT("over"), PROA_CLASS_AUTH,
     PROA_REFUSAL_NONE, PROA_RULE_NOTHING},
    {PROA_SLICE_INIT(""), 0, 599, PROA_RULE_CODE, PROA_SLICE_INIT("over"), PROA_CLASS_CLIENT,
     PROA_REFUSAL_CONTEXT, PROA_RULE_NOTHING},
    {PROA_SLICE_INIT(""), 0, 599, PROA_RULE_CODE, PROA_SLICE_INIT("over"), PROA_CLASS_SERVER,
     PROA_REFUSAL_NONE, PROA_RULE_NOTHING},
};

static void test_the_first_rule_that_fits_decides(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        size_t n_rules;
        enum proa_class class;
        enum proa_refusal refusal;
    } rows[] = {
        {"groq", 3, PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {"openai", 3, PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {NULL, 3, PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {NULL, 1, PROA_CLASS_RATE, PROA_REFUSAL_NONE}, /* none: the status */
        {"groq", 0, PROA_CLASS_RATE, PROA_REFUSAL_NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure f;
        const struct proa_answer_head head = head_of(row->vendor);
        proa_judge(SEVERAL, row->n_rules, &head, &SAID, &f);
        PROA_TEST_CHECK(f.class == row->class, "row %td: %s", row - rows, proa_class_text(f.class));
        PROA_TEST_CHECK(f.refusal == row->refusal, "row %td", row - rows);
        assert_slice_str(f.message, "Too much for today");
        assert_slice_str(f.type, "tokens");
        assert_slice_str(f.code, "over");
        assert_int_equal(f.status, 429);
    }
}

static void test_what_follows_from_a_rule(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        enum proa_rule_extra extra;
        uint64_t wait_ns;
        uint64_t reset_ns;
    } rows[] = {
        /* header 5 s, body 9 s, spent limit 40 s, midnight in California 20 h */
        {PROA_CLASS_RATE, PROA_RULE_NOTHING, 9 * PROA_NS_PER_S, 0},
        {PROA_CLASS_RATE, PROA_RULE_UNTIL_TOLD, 40 * PROA_NS_PER_S, 0},
        {PROA_CLASS_OVERLOADED, PROA_RULE_NOTHING, 9 * PROA_NS_PER_S, 0},
        {PROA_CLASS_QUOTA, PROA_RULE_NOTHING, 9 * PROA_NS_PER_S, 0},
        {PROA_CLASS_QUOTA, PROA_RULE_UNTIL_TOLD, 40 * PROA_NS_PER_S, 40 * PROA_NS_PER_S},
        {PROA_CLASS_QUOTA, PROA_RULE_UNTIL_PACIFIC, 20 * HOUR, 20 * HOUR},
        {PROA_CLASS_OVERLOADED, PROA_RULE_NOT_AT_ONCE, 9 * PROA_NS_PER_S, 0},
        {PROA_CLASS_SERVER, PROA_RULE_NOTHING, 5 * PROA_NS_PER_S, 0},
        {PROA_CLASS_CLIENT, PROA_RULE_NOTHING, 5 * PROA_NS_PER_S, 0},
    };
    const struct proa_answer_head head = head_of(NULL);
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure f;
        const struct proa_error_rule rule = {
            .to = 599, .where = PROA_RULE_ALWAYS, .class = row->class, .extra = row->extra};
        proa_judge(&rule, 1, &head, &SAID, &f);
        PROA_TEST_CHECK(f.retry_after_ns == row->wait_ns, "row %td", row - rows);
        PROA_TEST_CHECK(f.quota_reset_ns == row->reset_ns, "row %td", row - rows);
        assert_false(f.wrong_path);
    }
    struct proa_failure f;
    /* Nothing told, and yet not at once. */
    const struct proa_error_rule later = {
        .to = 599, .class = PROA_CLASS_OVERLOADED, .extra = PROA_RULE_NOT_AT_ONCE};
    proa_judge(&later, 1, &(const struct proa_answer_head){.status = 429},
               &(const struct proa_said){.status = 429}, &f);
    assert_int_equal(f.retry_after_ns, PROA_NS_PER_S);
    const struct proa_error_rule path = {
        .to = 599, .class = PROA_CLASS_NOT_FOUND, .extra = PROA_RULE_WRONG_PATH};
    proa_judge(&path, 1, &head, &SAID, &f);
    assert_true(f.wrong_path);
}

/* Google's day begins at 8 o'clock UTC, in winter; at no hour is the next one more than a day off,
 * or now. */
static void test_midnight_in_california(void **state)
{
    (void)state;
    static const struct {
        uint64_t unix_ms;
        uint64_t wait_ms;
    } rows[] = {
        {NOW_MS, UINT64_C(20) * 3600000},
        {NOW_MS - UINT64_C(4) * 3600000, UINT64_C(24) * 3600000},
        {NOW_MS - UINT64_C(4) * 3600000 - 1, 1},
        {NOW_MS + UINT64_C(12) * 3600000, UINT64_C(8) * 3600000},
        {0, UINT64_C(8) * 3600000},
    };
    const struct proa_error_rule rule = {
        .to = 599, .class = PROA_CLASS_QUOTA, .extra = PROA_RULE_UNTIL_PACIFIC};
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure f;
        const struct proa_answer_head head = {.status = 429, .unix_ms = row->unix_ms};
        proa_judge(&rule, 1, &head, &SAID, &f);
        PROA_TEST_CHECK(f.quota_reset_ns == row->wait_ms * PROA_NS_PER_MS, "row %td: %llu ms",
                        row - rows, (unsigned long long)(f.quota_reset_ns / PROA_NS_PER_MS));
        PROA_TEST_CHECK(f.quota_reset_ns <= PROA_SPAN_MAX_NS, "row %td", row - rows);
    }
}

/* Every status there can be has a class, and none is taken for an answer. */
static void test_every_status(void **state)
{
    (void)state;
    for (unsigned status = 0; status <= UINT16_MAX; status++) {
        const struct proa_answer_head head = {.status = (uint16_t)status};
        const struct proa_said said = {.status = (uint16_t)status};
        struct proa_failure f;
        proa_judge(NULL, 0, &head, &said, &f);
        assert_true(f.class > PROA_CLASS_OK && f.class < PROA_CLASS_COUNT);
        if (status >= 400 && status <= 499) {
            assert_int_not_equal(f.class, PROA_CLASS_MALFORMED);
        } else if (status >= 500 && status <= 599) {
            assert_true(proa_class_movable(f.class));
        } else if (status != 0 && (status < 300 || status > 399)) {
            assert_int_equal(f.class, PROA_CLASS_MALFORMED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_a_pattern_is_looked_for),
        cmocka_unit_test(test_the_first_rule_that_fits_decides),
        cmocka_unit_test(test_what_follows_from_a_rule),
        cmocka_unit_test(test_midnight_in_california),
        cmocka_unit_test(test_every_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
