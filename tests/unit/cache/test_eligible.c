#include "proa/cache/canon.h"
#include "proa/cache/eligible.h"

#include "proa_test.h"

#define MINUTE (60 * PROA_NS_PER_S)

static const struct proa_cache_cfg CFG = {.mode = PROA_CACHE_DETERMINISTIC,
                                          .ttl_ns = 5 * MINUTE,
                                          .ttl_fixed_ns = 100 * MINUTE,
                                          .max_answer_bytes = 1000};

static enum proa_cache_reason bypass(uint32_t mode, const struct proa_eligible_request *r)
{
    struct proa_cache_cfg cfg = CFG;
    cfg.mode = mode;
    return proa_eligible_request(&cfg, r).bypass;
}

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        struct proa_eligible_request r;
        enum proa_cache_reason deterministic;
        enum proa_cache_reason all;
    } rows[] = {
        {{.kind = PROA_CACHE_KIND_CHAT}, PROA_CACHE_REASON_SAMPLED, PROA_CACHE_REASON_NONE},
        {{.kind = PROA_CACHE_KIND_COMPLETION}, PROA_CACHE_REASON_SAMPLED, PROA_CACHE_REASON_NONE},
        {{.kind = PROA_CACHE_KIND_FIXED}, PROA_CACHE_REASON_NONE, PROA_CACHE_REASON_NONE},
        {{.seeded = true}, PROA_CACHE_REASON_NONE, PROA_CACHE_REASON_NONE},
        {{.temperature = PROA_SLICE_INIT("0")}, PROA_CACHE_REASON_NONE, PROA_CACHE_REASON_NONE},
        {{.seeded = true, .stream = true}, PROA_CACHE_REASON_STREAM, PROA_CACHE_REASON_STREAM},
        {{.kind = PROA_CACHE_KIND_RESPONSES, .temperature = PROA_SLICE_INIT("0")},
         PROA_CACHE_REASON_NONE,
         PROA_CACHE_REASON_NONE},
        {{.kind = PROA_CACHE_KIND_RESPONSES, .temperature = PROA_SLICE_INIT("0"), .stateful = true},
         PROA_CACHE_REASON_STATEFUL,
         PROA_CACHE_REASON_NONE},
        {{.kind = PROA_CACHE_KIND_RESPONSES}, PROA_CACHE_REASON_SAMPLED, PROA_CACHE_REASON_NONE},
        {{.seeded = true, .body_bytes = PROA_CANON_BODY_MAX},
         PROA_CACHE_REASON_NONE,
         PROA_CACHE_REASON_NONE},
        {{.seeded = true, .body_bytes = PROA_CANON_BODY_MAX + 1},
         PROA_CACHE_REASON_LARGE,
         PROA_CACHE_REASON_LARGE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(bypass(PROA_CACHE_DETERMINISTIC, &row->r), row->deterministic);
        assert_int_equal(bypass(PROA_CACHE_ALL, &row->r), row->all);
        assert_int_not_equal(bypass(PROA_CACHE_OFF, &row->r), PROA_CACHE_REASON_NONE);
    }
}

/* One that is not given is not zero. */
static void test_g_temperatures(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool zero;
    } rows[] = {
        {"0", true},      {"0.0", true}, {"-0", true},   {"0.000", true},   {"0e7", true},
        {"0.0E-3", true}, {"1", false},  {"0.1", false}, {"0.0001", false}, {"1e-9", false},
        {"10", false},    {"", false},   {"2e0", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_eligible_request r = {.temperature = proa_slice_cstr(row->text)};
        PROA_TEST_CHECK((bypass(PROA_CACHE_DETERMINISTIC, &r) == PROA_CACHE_REASON_NONE) ==
                            row->zero,
                        "%s", row->text);
    }
}

static void test_headers_of_requests(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        const char *no_cache;
        enum proa_cache_reason sampled; /* of a chat with neither temperature nor seed */
    } rows[] = {
        {"", "", PROA_CACHE_REASON_SAMPLED},
        {"force", "", PROA_CACHE_REASON_NONE},
        {"Force", "", PROA_CACHE_REASON_NONE},
        {"all", "", PROA_CACHE_REASON_NONE},
        {"deterministic", "", PROA_CACHE_REASON_SAMPLED},
        {"off", "", PROA_CACHE_REASON_HEADER},
        {"nonsense", "", PROA_CACHE_REASON_SAMPLED},
        {"force", "1", PROA_CACHE_REASON_HEADER},
        {"force", "true", PROA_CACHE_REASON_HEADER},
        {"force", "0", PROA_CACHE_REASON_NONE},
        {"force", "False", PROA_CACHE_REASON_NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_eligible_request r = {.mode = proa_slice_cstr(row->mode),
                                                .no_cache = proa_slice_cstr(row->no_cache)};
        PROA_TEST_CHECK(bypass(PROA_CACHE_DETERMINISTIC, &r) == row->sampled, "%s %s", row->mode,
                        row->no_cache);
        /* What the operator has turned off, no request turns on. */
        assert_int_equal(bypass(PROA_CACHE_OFF, &r), PROA_CACHE_REASON_HEADER);
    }
}

static void test_cache_control_of_requests(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        struct proa_eligible expected;
    } rows[] = {
        {"", {.max_age_ns = UINT64_MAX}},
        {"no-cache", {.refresh = true, .max_age_ns = UINT64_MAX}},
        {"No-Cache , x=y", {.refresh = true, .max_age_ns = UINT64_MAX}},
        {"no-store", {.bypass = PROA_CACHE_REASON_NO_STORE, .max_age_ns = UINT64_MAX}},
        {"foo, no-store", {.bypass = PROA_CACHE_REASON_NO_STORE, .max_age_ns = UINT64_MAX}},
        {"only-if-cached", {.only_if_cached = true, .max_age_ns = UINT64_MAX}},
        {"max-age=60", {.max_age_ns = MINUTE}},
        {"max-age = \"60\"", {.max_age_ns = MINUTE}},
        {"max-age=90, max-age=60", {.max_age_ns = MINUTE}},
        {"max-age=0", {.max_age_ns = 0}},
        {"max-age=x", {.max_age_ns = 0}},
        {"max-age", {.max_age_ns = 0}},
        {"max-age=99999999999999999999999", {.max_age_ns = UINT64_MAX - 1}},
        {"max-age=99999999999999999", {.max_age_ns = UINT64_MAX - 1}},
        {"no-stores,no-cachee,only", {.max_age_ns = UINT64_MAX}},
        {",,;=", {.max_age_ns = UINT64_MAX}},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_eligible_request r = {.seeded = true,
                                                .cache_control = proa_slice_cstr(row->value)};
        const struct proa_eligible got = proa_eligible_request(&CFG, &r);
        PROA_TEST_CHECK(got.bypass == row->expected.bypass &&
                            got.refresh == row->expected.refresh &&
                            got.only_if_cached == row->expected.only_if_cached &&
                            got.max_age_ns == row->expected.max_age_ns,
                        "%s", row->value);
    }
}

#define DONE "{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}"

static enum proa_cache_reason keep(const struct proa_eligible_answer *a)
{
    uint64_t ttl = 0;
    return proa_eligible_answer(&CFG, a, &ttl);
}

/* T-G: never what is no success, truncated, refused, or another model's. */
static void test_g_answers(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum proa_cache_reason reason;
    } rows[] = {
        {DONE, PROA_CACHE_REASON_STORED},
        {"{\"choices\":[{\"finish_reason\":\"tool_calls\"}]}", PROA_CACHE_REASON_STORED},
        {"{\"choices\":[{\"finish_reason\":\"st\\u006fp\"}]}", PROA_CACHE_REASON_STORED},
        {"{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"refusal\":null}}]}",
         PROA_CACHE_REASON_STORED},
        {"{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"refusal\":\"no\"}}]}",
         PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[{\"finish_reason\":\"length\"}]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[{\"finish_reason\":\"content_filter\"}]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[{\"finish_reason\":null}]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[{}]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":{}}", PROA_CACHE_REASON_UNFINISHED},
        {"{}", PROA_CACHE_REASON_UNFINISHED},
        {"", PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[{\"finish_reason\":\"stop\"},{\"finish_reason\":\"length\"}]}",
         PROA_CACHE_REASON_UNFINISHED},
        {"{\"choices\":[{\"finish_reason\":\"stop\"}", PROA_CACHE_REASON_UNFINISHED},
        /* Anthropic's */
        {"{\"content\":[{\"type\":\"text\"}],\"stop_reason\":\"end_turn\"}",
         PROA_CACHE_REASON_STORED},
        {"{\"stop_reason\":\"tool_use\",\"content\":[{}]}", PROA_CACHE_REASON_STORED},
        {"{\"content\":[{}],\"stop_reason\":\"max_tokens\"}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[{}],\"stop_reason\":\"refusal\"}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[{}],\"stop_reason\":null}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[],\"stop_reason\":\"end_turn\"}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":\"a\",\"stop_reason\":\"end_turn\"}", PROA_CACHE_REASON_UNFINISHED},
        /* the AI SDK's */
        {"{\"content\":[{\"type\":\"text\"}],\"finishReason\":\"stop\"}", PROA_CACHE_REASON_STORED},
        {"{\"content\":[{}],\"finishReason\":\"tool-calls\"}", PROA_CACHE_REASON_STORED},
        {"{\"content\":[{}],\"finishReason\":{\"raw\":\"x\",\"unified\":\"stop\"}}",
         PROA_CACHE_REASON_STORED},
        {"{\"content\":[{}],\"finishReason\":{\"unified\":\"tool-calls\"}}",
         PROA_CACHE_REASON_STORED},
        {"{\"content\":[{}],\"finishReason\":\"length\"}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[{}],\"finishReason\":{\"unified\":\"length\"}}",
         PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[{}],\"finishReason\":{\"raw\":\"stop\"}}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[{}],\"finishReason\":{}}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[],\"finishReason\":\"stop\"}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"content\":[{\"type\":\"tool-call\"},{\"type\":\"tool-approval-request\"}],"
         "\"finishReason\":\"tool-calls\"}",
         PROA_CACHE_REASON_UNFINISHED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_eligible_answer a = {.status = 200, .body = proa_slice_cstr(row->body)};
        PROA_TEST_CHECK(keep(&a) == row->reason, "%s", row->body);
        a.kind = PROA_CACHE_KIND_FIXED; /* has no finish reason */
        assert_int_equal(keep(&a), PROA_CACHE_REASON_STORED);
        a.substitute = true;
        assert_int_equal(keep(&a), PROA_CACHE_REASON_SUBSTITUTE);
        struct proa_cache_cfg cfg = CFG;
        uint64_t ttl = 0;
        cfg.fallback = true;
        assert_int_equal(proa_eligible_answer(&cfg, &a, &ttl), PROA_CACHE_REASON_STORED);
    }
}

/* The same of the Responses API: completed, with something said, and no refusal. */
static void test_g_responses(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum proa_cache_reason reason;
    } rows[] = {
        {"{\"status\":\"completed\",\"output\":[{\"type\":\"function_call\"}]}",
         PROA_CACHE_REASON_STORED},
        {"{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"
         "\"output_text\"}]}]}",
         PROA_CACHE_REASON_STORED},
        {"{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"
         "\"refusal\"}]}]}",
         PROA_CACHE_REASON_UNFINISHED},
        {"{\"status\":\"incomplete\",\"output\":[{}]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"status\":\"queued\",\"output\":[]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"status\":\"completed\",\"output\":[]}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"status\":\"completed\",\"output\":{}}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"status\":\"completed\",\"output\":[{}", PROA_CACHE_REASON_UNFINISHED},
        {"{\"output\":[{}]}", PROA_CACHE_REASON_UNFINISHED},
        {DONE, PROA_CACHE_REASON_UNFINISHED},
        {"", PROA_CACHE_REASON_UNFINISHED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_eligible_answer a = {
            .kind = PROA_CACHE_KIND_RESPONSES, .status = 200, .body = proa_slice_cstr(row->body)};
        PROA_TEST_CHECK(keep(&a) == row->reason, "%s", row->body);
    }
}

static void test_g_statuses(void **state)
{
    (void)state;
    static const uint16_t statuses[] = {0, 201, 204, 206, 301, 400, 401, 429, 500, 503};
    PROA_TEST_ROWS(status, statuses)
    {
        const struct proa_eligible_answer a = {.status = *status, .body = PROA_SLICE(DONE)};
        assert_int_equal(keep(&a), PROA_CACHE_REASON_STATUS);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static char body[1001];
    struct proa_eligible_answer a = {
        .kind = PROA_CACHE_KIND_FIXED, .status = 200, .body = proa_slice_make(body, 1000)};
    assert_int_equal(keep(&a), PROA_CACHE_REASON_STORED);
    a.body.len++;
    assert_int_equal(keep(&a), PROA_CACHE_REASON_LARGE);
}

static void test_times_and_cache_control_of_answers(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum proa_cache_reason reason;
        uint64_t ttl_ns;
        uint64_t fixed_ns;
    } rows[] = {
        {"", PROA_CACHE_REASON_STORED, 5 * MINUTE, 100 * MINUTE},
        {"private", PROA_CACHE_REASON_STORED, 5 * MINUTE, 100 * MINUTE},
        {"max-age=60", PROA_CACHE_REASON_STORED, MINUTE, MINUTE},
        {"max-age=600", PROA_CACHE_REASON_STORED, 5 * MINUTE, 10 * MINUTE},
        {"max-age=0", PROA_CACHE_REASON_NO_STORE, 0, 0},
        {"no-store", PROA_CACHE_REASON_NO_STORE, 0, 0},
        {"private, NO-STORE", PROA_CACHE_REASON_NO_STORE, 0, 0},
        {"no-cache", PROA_CACHE_REASON_NO_STORE, 0, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_eligible_answer a = {
            .status = 200, .body = PROA_SLICE(DONE), .cache_control = proa_slice_cstr(row->value)};
        uint64_t ttl = 0;
        PROA_TEST_CHECK(proa_eligible_answer(&CFG, &a, &ttl) == row->reason, "%s", row->value);
        assert_int_equal(ttl, row->ttl_ns);
        a.kind = PROA_CACHE_KIND_FIXED;
        ttl = 0;
        assert_int_equal(proa_eligible_answer(&CFG, &a, &ttl), row->reason);
        assert_int_equal(ttl, row->fixed_ns);
    }
}

static void test_reasons_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < PROA_CACHE_REASONS; i++) {
        const char *text = proa_cache_reason_text((enum proa_cache_reason)i);
        assert_true(text && *text);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(text, proa_cache_reason_text((enum proa_cache_reason)j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_g_temperatures),
        cmocka_unit_test(test_headers_of_requests),
        cmocka_unit_test(test_cache_control_of_requests),
        cmocka_unit_test(test_g_answers),
        cmocka_unit_test(test_g_responses),
        cmocka_unit_test(test_g_statuses),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_times_and_cache_control_of_answers),
        cmocka_unit_test(test_reasons_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
