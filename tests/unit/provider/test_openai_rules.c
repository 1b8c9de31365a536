/*
 * The table of rules: every published error gets its class and its times, and the rows are sound.
 */
#include "judge_priv.h"
#include "openai_priv.h"

#include "errors.h"
#include "proa_test.h"

static const struct proa_dialect *openai(void)
{
    return proa_dialect_find(PROA_SLICE("openai"));
}

static void test_every_published_error(void **state)
{
    (void)state;
    PROA_TEST_ROWS(v, VENDORS)
    {
        for (const struct class_case *c = v->cases; c < v->cases + v->n; c++) {
            class_case_check(openai(), v->vendor, c);
        }
    }
}

struct word_case {
    uint16_t status; /* one that says something else, or nothing */
    const char *word;
    enum proa_class class;
    enum proa_refusal refusal;
};

static void check_words(const char *member, const struct word_case *cases, size_t n)
{
    for (const struct word_case *w = cases; w < cases + n; w++) {
        char body[256];
        struct proa_failure f;
        const struct class_case c = {.status = w->status};
        (void)snprintf(body, sizeof body, "{\"error\":{\"%s\":\"%s\"}}", member, w->word);
        class_case_judge(openai(), NULL, &c, proa_slice_cstr(body), &f);
        PROA_TEST_CHECK(f.class == w->class && f.refusal == w->refusal, "%u %s: %s", w->status,
                        body, proa_class_text(f.class));
    }
}

/* Codes that decide alone, whatever the status. */
static void test_codes_without_help(void **state)
{
    (void)state;
    static const struct word_case cases[] = {
        {0, "exceed_context_size_error", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {0, "ResponsibleAIPolicyViolation", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {500, "not_supported_error", PROA_CLASS_UNFIT, PROA_REFUSAL_NONE},
        {402, "in_flight_budget", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "insufficient_quota", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {429, "contract_spend_limit_reached", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {400, "billing_hard_limit_reached", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {429, "billing_not_active", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {0, "billing_error", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {0, "insufficient_funds", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {0, "credit_limit", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {400, "organization_on_hold", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {400, "invalid_api_key", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {0, "unsupported_country_region_territory", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {403, "model_permission_blocked_project", PROA_CLASS_PERMISSION, PROA_REFUSAL_NONE},
        {400, "model_not_found", PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE},
        {400, "DeploymentNotFound", PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE},
        {503, "slow_down", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "ramp_limit_exceeded", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {500, "overloaded_error", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {500, "engine_overloaded_error", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {500, "unavailable_error", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {429, "queue_exceeded", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "RESOURCE_EXHAUSTED", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "The service is currently unavailable", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "rate_limit_exceeded", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "rate_limit_error", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "rate_limited", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "RateLimitReached", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "overloaded_error", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "unavailable_error", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "service_unavailable", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "authentication_error", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {0, "permission_error", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {0, "not_found_error", PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE},
        {0, "NotFoundError", PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE},
        {0, "invalid_request_error", PROA_CLASS_CLIENT, PROA_REFUSAL_NONE},
        {0, "BadRequestError", PROA_CLASS_CLIENT, PROA_REFUSAL_NONE},
    };
    check_words("code", cases, PROA_ARRAY_LEN(cases));
    check_words("type", cases, PROA_ARRAY_LEN(cases));
}

/* Texts that decide alone. */
static void test_texts_without_help(void **state)
{
    (void)state;
    static const struct word_case cases[] = {
        {400, "invalid_api_key", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {400, "api_key_invalid", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {400, "invalid api token", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {400, "invalid x-api-key", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {400, "invalid subscription key", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {400, "UnrecognizedClientException", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {400, "ExpiredTokenException", PROA_CLASS_AUTH, PROA_REFUSAL_NONE},
        {429, "insufficient_quota", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {429, "Insufficient balance", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {429, "has used all available credits", PROA_CLASS_QUOTA, PROA_REFUSAL_NONE},
        {422, "the model's maximum context limit is", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {422, "input length and max_tokens exceed context limit", PROA_CLASS_CLIENT,
         PROA_REFUSAL_CONTEXT},
        {422, "the prompt is longer than the model's context length", PROA_CLASS_CLIENT,
         PROA_REFUSAL_CONTEXT},
        {422, "input tokens exceed the configured limit of 272000 tokens", PROA_CLASS_CLIENT,
         PROA_REFUSAL_CONTEXT},
        {422, "the request exceeds the available context size", PROA_CLASS_CLIENT,
         PROA_REFUSAL_CONTEXT},
        {422, "prompt tokens (9) exceed model maximum (8)", PROA_CLASS_CLIENT,
         PROA_REFUSAL_CONTEXT},
        {422, "exceeds the maximum input length", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {422, "too many input tokens", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {422, "expected maxLength: 9", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {422, "content_policy_violation", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {422, "content_filter", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {422, "ResponsibleAIPolicyViolation", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {422, "Azure OpenAI's content management policy", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {403, "x requires moderation", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {403, "your input was flagged", PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT},
        {403, "project p does not have access to model x", PROA_CLASS_PERMISSION,
         PROA_REFUSAL_NONE},
        {0, "Overloaded", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {500, "Overloaded", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "x is currently unavailable", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {500, "x is currently unavailable", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {500, "Loading model", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {429, "we're experiencing high traffic", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {0, "Rate limit reached", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {0, "Too many requests", PROA_CLASS_RATE, PROA_REFUSAL_NONE},
    };
    check_words("message", cases, PROA_ARRAY_LEN(cases));
}

/* However much of the body came: what is there is taken, and nothing is read beyond. */
static void test_every_error_cut_at_each_byte(void **state)
{
    (void)state;
    PROA_TEST_ROWS(v, VENDORS)
    {
        for (const struct class_case *c = v->cases; c < v->cases + v->n; c++) {
            const size_t len = strlen(c->body);
            for (size_t cut = 0; cut < len; cut++) {
                struct proa_failure f;
                char *copy = proa_memdup(c->body, cut);
                class_case_judge(openai(), v->vendor, c, proa_slice_make(copy, cut), &f);
                assert_true(f.class > PROA_CLASS_OK && f.class < PROA_CLASS_COUNT);
                assert_true(f.message.len <= cut);
                assert_true(f.quota_reset_ns == 0 || f.class == PROA_CLASS_QUOTA);
                proa_free(copy);
            }
        }
    }
}

/* A class and what goes with it belong together, whatever the row. */
static void test_rows_are_sound(void **state)
{
    (void)state;
    size_t n = 0;
    const struct proa_error_rule *rules = proa_openai_rules(&n);
    for (const struct proa_error_rule *r = rules; r < rules + n; r++) {
        const struct proa_slice p = r->pattern;
        PROA_TEST_CHECK(r->from <= r->to, "%.*s", (int)p.len, p.ptr);
        PROA_TEST_CHECK(r->vendor.len == 0 || proa_vendor_find(r->vendor), "%.*s",
                        (int)r->vendor.len, r->vendor.ptr);
        PROA_TEST_CHECK(r->refusal == PROA_REFUSAL_NONE || r->class == PROA_CLASS_CLIENT, "%.*s",
                        (int)p.len, p.ptr);
        PROA_TEST_CHECK(r->extra != PROA_RULE_WRONG_PATH || r->class == PROA_CLASS_NOT_FOUND,
                        "%.*s", (int)p.len, p.ptr);
        const bool bare = r->where == PROA_RULE_ALWAYS || r->where == PROA_RULE_NO_JSON;
        PROA_TEST_CHECK(bare == (p.len == 0), "%.*s", (int)p.len, p.ptr);
        /* A row of every vendor that needs no more than a status is the status table's. */
        PROA_TEST_CHECK(r->where != PROA_RULE_ALWAYS || r->vendor.len > 0, "%u", r->from);
    }
}

/* A later row that an earlier one always hides is a mistake. */
static void test_no_row_hides_another(void **state)
{
    (void)state;
    size_t n = 0;
    const struct proa_error_rule *rules = proa_openai_rules(&n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            const struct proa_error_rule *a = &rules[i];
            const struct proa_error_rule *b = &rules[j];
            const bool wider = a->from <= b->from && a->to >= b->to &&
                               (a->vendor.len == 0 || proa_slice_eq(a->vendor, b->vendor));
            const bool found = a->where == PROA_RULE_MESSAGE &&
                               (b->where == PROA_RULE_MESSAGE || b->where == PROA_RULE_TEXT) &&
                               proa_slice_search_nocase(b->pattern, a->pattern) < b->pattern.len;
            const bool same = a->where == b->where && proa_slice_eq_nocase(a->pattern, b->pattern);
            PROA_TEST_CHECK(!(wider && (found || same)), "\"%.*s\" hides \"%.*s\"",
                            (int)a->pattern.len, a->pattern.ptr, (int)b->pattern.len,
                            b->pattern.ptr);
        }
    }
}

/* What holds for one provider holds for no other, nor for one that nobody knows. */
static void test_a_vendors_rules_are_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        uint16_t status;
        const char *headers;
        enum proa_class class;
    } rows[] = {
        {"openrouter", 402, "retry-after: 2\n", PROA_CLASS_RATE},
        {"openai", 402, "retry-after: 2\n", PROA_CLASS_QUOTA},
        {NULL, 402, "retry-after: 2\n", PROA_CLASS_QUOTA},
        {"cohere", 498, "", PROA_CLASS_AUTH},
        {"groq", 498, "", PROA_CLASS_OVERLOADED},
        {NULL, 498, "", PROA_CLASS_OVERLOADED},
        {"mistral", 429, "x-ratelimit-limit-req-minute: 0\n", PROA_CLASS_QUOTA},
        {"azure", 429, "x-ratelimit-limit-req-minute: 0\n", PROA_CLASS_RATE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure f;
        const struct vendor_cases v = {.vendor = row->vendor};
        const struct class_case c = {.status = row->status, .headers = row->headers};
        class_case_judge(openai(), v.vendor, &c, PROA_SLICE("{}"), &f);
        PROA_TEST_CHECK(f.class == row->class, "row %td: %s", row - rows, proa_class_text(f.class));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_published_error),
        cmocka_unit_test(test_codes_without_help),
        cmocka_unit_test(test_texts_without_help),
        cmocka_unit_test(test_every_error_cut_at_each_byte),
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_no_row_hides_another),
        cmocka_unit_test(test_a_vendors_rules_are_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
