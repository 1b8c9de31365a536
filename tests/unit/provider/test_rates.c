/*
 * Limits and waits in headers: every form that providers use, and everything else.
 */
#include "proa/core/clock.h"
#include "proa/provider/rates.h"

#include "proa_test.h"

/* 2026-11-23T12:00:00Z */
#define NOW_MS UINT64_C(1795435200000)
#define DAY    UINT64_C(86400000)

struct field {
    const char *name;
    const char *value;
};

static size_t make_headers(const struct field *fields, struct proa_http_header *out)
{
    size_t n = 0;
    for (; fields[n].name; n++) {
        const struct proa_slice name = proa_slice_cstr(fields[n].name);
        out[n] = (struct proa_http_header){(uint16_t)proa_http_header_lookup(name), name,
                                           proa_slice_cstr(fields[n].value)};
    }
    return n;
}

/* T-C: seconds, dates, milliseconds. */
static void test_c_retry_after(void **state)
{
    (void)state;
    static const struct {
        struct field fields[5];
        uint64_t ms;
    } rows[] = {
        {{{"retry-after", "20"}}, 20000},
        {{{"Retry-After", "1.5"}}, 1500},
        {{{"retry-after", "Mon, 23 Nov 2026 12:00:30 GMT"}}, 30000},
        {{{"retry-after", "Mon, 23 Nov 2026 11:00:30 GMT"}}, 0},
        {{{"retry-after", "Mon, 23 Nov 2099 11:00:30 GMT"}}, DAY},
        {{{"retry-after", "Mon, 23 Nox 2026 12:00:30 GMT"}}, 0},
        {{{"retry-after", "Mon, 23 Nov 2026 12:00:30 CET"}}, 0},
        {{{"retry-after", "-5"}}, 0},
        {{{"retry-after", "0"}}, 0},
        {{{"retry-after", "soon"}}, 0},
        {{{"retry-after", ""}}, 0},
        {{{"retry-after", "999999999999999999999"}}, DAY},
        {{{"retry-after", "5"}, {"retry-after", "7"}, {"retry-after", "6"}}, 7000},
        {{{"retry-after", "5"}, {"retry-after-ms", "250.5"}}, 250},
        {{{"retry-after", "5"}, {"retry-after-ms", "0"}}, 5000},
        {{{"retry-after", "5"}, {"retry-after-ms", "-1"}}, 5000},
        {{{"retry-after", "5"}, {"retry-after-ms", "9s"}}, 5000},
        {{{"x-ms-retry-after-ms", "800"}, {"retry-after", "5"}}, 800},
        {{{"x-ms-retry-after-ms", "800"}, {"retry-after-ms", "300"}}, 300},
        {{{"retry-after-ms", "99999999999999999"}}, DAY},
        {{{"x-retry-after", "5"}}, 0},
        {{{NULL, NULL}}, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_http_header headers[5];
        const size_t n = make_headers(row->fields, headers);
        const uint64_t span = proa_rates_retry_after(headers, n, NOW_MS);
        PROA_TEST_CHECK(span / PROA_NS_PER_MS == row->ms, "row %td: %llu ms", row - rows,
                        (unsigned long long)(span / PROA_NS_PER_MS));
    }
}

#define U PROA_RATE_UNKNOWN

static const struct limit_case {
    struct field fields[13];
    size_t n;
    struct proa_rate_signal expected[4];
} LIMITS[] = {
    {{{NULL, NULL}}, 0, {{0}}},
    /* OpenAI */
    {{{"x-ratelimit-limit-requests", "500"},
      {"x-ratelimit-limit-tokens", "200000"},
      {"x-ratelimit-remaining-requests", "499"},
      {"x-ratelimit-remaining-tokens", "199996"},
      {"x-ratelimit-reset-requests", "120ms"},
      {"x-ratelimit-reset-tokens", "6m0s"}},
     2,
     {{PROA_RATE_REQUESTS, 500, 499, 120 * PROA_NS_PER_MS},
      {PROA_RATE_TOKENS, 200000, 199996, 360 * PROA_NS_PER_S}}},
    /* Azure: a reset of -1 is unknown */
    {{{"x-ratelimit-limit-tokens", "1000"},
      {"x-ratelimit-remaining-tokens", "0"},
      {"x-ratelimit-reset-tokens", "-1"}},
     1,
     {{PROA_RATE_TOKENS, 1000, 0, 0}}},
    /* Anthropic's own names, as its compatible endpoint sends them */
    {{{"anthropic-ratelimit-requests-limit", "1000"},
      {"anthropic-ratelimit-requests-remaining", "999"},
      {"anthropic-ratelimit-requests-reset", "2026-11-23T12:00:01Z"},
      {"anthropic-ratelimit-input-tokens-limit", "80000"},
      {"anthropic-ratelimit-input-tokens-remaining", "79000"},
      {"anthropic-ratelimit-output-tokens-remaining", "16000"}},
     3,
     {{PROA_RATE_REQUESTS, 1000, 999, PROA_NS_PER_S},
      {PROA_RATE_INPUT, 80000, 79000, 0},
      {PROA_RATE_OUTPUT, U, 16000, 0}}},
    /* Mistral: two windows of tokens, the month nearly spent */
    {{{"x-ratelimit-limit-req-minute", "60"},
      {"x-ratelimit-remaining-req-minute", "59"},
      {"x-ratelimit-limit-tokens-minute", "50000"},
      {"X-RateLimit-Remaining-Tokens-Minute", "47196"},
      {"x-ratelimit-limit-tokens-month", "4000000"},
      {"x-ratelimit-remaining-tokens-month", "9"},
      {"x-ratelimit-tokens-query-cost", "2804"},
      {"ratelimitbysize-limit", "500000"},
      {"ratelimitbysize-remaining", "490000"},
      {"ratelimitbysize-reset", "12"}},
     2,
     {{PROA_RATE_REQUESTS, 60, 59, 0}, {PROA_RATE_TOKENS, 4000000, 9, 0}}},
    /* OpenRouter: milliseconds since 1970; Together */
    {{{"X-RateLimit-Limit", "20"},
      {"X-RateLimit-Remaining", "0"},
      {"X-RateLimit-Reset", "1795435230000"}},
     1,
     {{PROA_RATE_REQUESTS, 20, 0, 30 * PROA_NS_PER_S}}},
    /* Fireworks */
    {{{"x-ratelimit-limit-tokens-prompt", "60000"},
      {"x-ratelimit-remaining-tokens-prompt", "59000.5"},
      {"x-ratelimit-limit-tokens-generated", "6000"}},
     2,
     {{PROA_RATE_INPUT, 60000, 59000, 0}, {PROA_RATE_OUTPUT, 6000, U, 0}}},
    /* A reset alone, and numbers that are none, say nothing. */
    {{{"x-ratelimit-reset-tokens", "5s"}}, 0, {{0}}},
    {{{"x-ratelimit-limit-tokens", "-5"}, {"x-ratelimit-remaining-tokens", "many"}}, 0, {{0}}},
    {{{"x-ratelimit-limit-tokens", "99999999999999999999"}}, 0, {{0}}},
    {{{"x-ratelimit-limit-tokens", "10"}, {"x-ratelimit-reset-tokens", "never"}},
     1,
     {{PROA_RATE_TOKENS, 10, U, 0}}},
    /* A limit of 0 or -1, as Azure sends them, is none, and what is left of it says nothing. */
    {{{"x-ratelimit-limit-requests", "0"}, {"x-ratelimit-remaining-requests", "0"}}, 0, {{0}}},
    {{{"x-ratelimit-limit-requests", "-1"},
      {"x-ratelimit-remaining-requests", "-1"},
      {"x-ratelimit-limit-tokens", "0"},
      {"x-ratelimit-remaining-tokens", "-1"},
      {"x-ratelimit-reset-tokens", "0"}},
     0,
     {{0}}},
    {{{"x-ratelimit-limit-tokens-month", "0"},
      {"x-ratelimit-limit-tokens-minute", "100"},
      {"x-ratelimit-remaining-tokens-minute", "9"}},
     1,
     {{PROA_RATE_TOKENS, 100, 9, 0}}},
    /* Groq: requests of a day, tokens of a minute */
    {{{"x-ratelimit-limit-requests", "14400"},
      {"x-ratelimit-limit-tokens", "18000"},
      {"x-ratelimit-remaining-requests", "14370"},
      {"x-ratelimit-remaining-tokens", "17997"},
      {"x-ratelimit-reset-requests", "2m59.56s"},
      {"x-ratelimit-reset-tokens", "7.66s"}},
     2,
     {{PROA_RATE_REQUESTS, 14400, 14370, 179560 * PROA_NS_PER_MS},
      {PROA_RATE_TOKENS, 18000, 17997, 7660 * PROA_NS_PER_MS}}},
    /* Azure: whole seconds */
    {{{"x-ratelimit-limit-tokens", "50000"},
      {"x-ratelimit-remaining-tokens", "49984"},
      {"x-ratelimit-reset-tokens", "60"}},
     1,
     {{PROA_RATE_TOKENS, 50000, 49984, 60 * PROA_NS_PER_S}}},
    /* OpenAI's project and usage based limits */
    {{{"x-ratelimit-limit-tokens", "200000"},
      {"x-ratelimit-remaining-tokens", "199996"},
      {"x-ratelimit-reset-tokens", "1ms"},
      {"x-ratelimit-limit-project-tokens", "1000"},
      {"x-ratelimit-remaining-project-tokens", "10"},
      {"x-ratelimit-reset-project-tokens", "59s"},
      {"x-ratelimit-remaining-tokens_usage_based", "199000"}},
     1,
     {{PROA_RATE_TOKENS, 1000, 10, 59 * PROA_NS_PER_S}}},
    /* Cerebras: a day and a minute; seconds with a fraction */
    {{{"x-ratelimit-limit-requests-day", "10000"},
      {"x-ratelimit-remaining-requests-day", "9500"},
      {"x-ratelimit-reset-requests-day", "33011.5"},
      {"x-ratelimit-limit-tokens-minute", "200000"},
      {"x-ratelimit-remaining-tokens-minute", "195000"},
      {"x-ratelimit-reset-tokens-minute", "30.2"}},
     2,
     {{PROA_RATE_REQUESTS, 10000, 9500, 33011500 * PROA_NS_PER_MS},
      {PROA_RATE_TOKENS, 200000, 195000, 30200 * PROA_NS_PER_MS}}},
    /* Together: per second */
    {{{"x-ratelimit-limit", "10"},
      {"x-ratelimit-remaining", "9"},
      {"x-ratelimit-reset", "1"},
      {"x-tokenlimit-limit", "30000"},
      {"x-tokenlimit-remaining", "29900"},
      {"x-tokenlimit-reset", "1"}},
     2,
     {{PROA_RATE_REQUESTS, 10, 9, PROA_NS_PER_S}, {PROA_RATE_TOKENS, 30000, 29900, PROA_NS_PER_S}}},
    /* Cohere's trial keys */
    {{{"x-trial-endpoint-call-limit", "20"},
      {"x-trial-endpoint-call-remaining", "19"},
      {"x-endpoint-monthly-call-limit", "1000"}},
     1,
     {{PROA_RATE_REQUESTS, 20, 19, 0}}},
    /* Fireworks: prompts less what was cached are the tighter limit */
    {{{"x-ratelimit-limit-tokens-prompt", "60000"},
      {"x-ratelimit-remaining-tokens-prompt", "59000"},
      {"x-ratelimit-limit-tokens-cache-adjusted-prompt", "30000"},
      {"x-ratelimit-remaining-tokens-cache-adjusted-prompt", "100"},
      {"x-ratelimit-over-limit", "no"}},
     1,
     {{PROA_RATE_INPUT, 30000, 100, 0}}},
    /* RateLimit in three stages of its draft */
    {{{"RateLimit-Limit", "100"}, {"RateLimit-Remaining", "50"}, {"RateLimit-Reset", "5"}},
     1,
     {{PROA_RATE_REQUESTS, 100, 50, 5 * PROA_NS_PER_S}}},
    {{{"RateLimit", "limit=100, remaining=50, reset=5"}},
     1,
     {{PROA_RATE_REQUESTS, 100, 50, 5 * PROA_NS_PER_S}}},
    {{{"ratelimit-policy", "\"default\";q=100;w=60,\"day\";q=5000;w=86400"},
      {"ratelimit", "\"default\";r=50;t=5, \"day\";r=4000;t=9000"}},
     1,
     {{PROA_RATE_REQUESTS, 100, 50, 5 * PROA_NS_PER_S}}},
    {{{"ratelimit", ""}, {"ratelimit-policy", ";;=,limit"}}, 0, {{0}}},
    {{{"ratelimit", "limit=, remaining=x, reset=-1"}}, 0, {{0}}},
    /* Names that only look like it */
    {{{"x-ratelimit-", "5"}, {"x-ratelimit-limits", "5"}, {"x-ratelimit-limit-", "5"}},
     1,
     {{PROA_RATE_REQUESTS, 5, U, 0}}},
    {{{"x-ratelimit-limit-tokens-prompts", "5"},
      {"x-ratelimit-left-requests", "5"},
      {"xx-ratelimit-limit", "5"},
      {"x-ratelimit", "5"}},
     0,
     {{0}}},
    {{{"content-type", "x"}, {"x-ratelimit-over-limit", "no"}, {"x-other", "1"}}, 0, {{0}}},
};

static void test_limits(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, LIMITS)
    {
        struct proa_http_header headers[13];
        struct proa_rate_signal got[PROA_RATE_SIGNALS_MAX];
        const size_t n_headers = make_headers(row->fields, headers);
        const size_t n = proa_rates_read(headers, n_headers, NOW_MS, got, PROA_RATE_SIGNALS_MAX);
        PROA_TEST_CHECK(n == row->n, "row %td: %zu", row - LIMITS, n);
        for (size_t i = 0; i < n; i++) {
            const struct proa_rate_signal *e = &row->expected[i];
            PROA_TEST_CHECK(got[i].kind == e->kind, "row %td.%zu", row - LIMITS, i);
            PROA_TEST_CHECK(got[i].limit == e->limit, "row %td.%zu", row - LIMITS, i);
            PROA_TEST_CHECK(got[i].remaining == e->remaining, "row %td.%zu", row - LIMITS, i);
            PROA_TEST_CHECK(got[i].reset_ns == e->reset_ns, "row %td.%zu", row - LIMITS, i);
        }
    }
}

/* Which of two windows is told does not depend on which is larger, but on which is nearer its end.
 */
static void test_the_tighter_window_is_told(void **state)
{
    (void)state;
    static const struct field minute_is_tighter[] = {
        {"x-ratelimit-limit-tokens-minute", "1000"},
        {"x-ratelimit-remaining-tokens-minute", "5"},
        {"x-ratelimit-limit-tokens-month", "1000000"},
        {"x-ratelimit-remaining-tokens-month", "900000"},
        {NULL, NULL},
    };
    static const struct field one_without_limit[] = {
        {"x-ratelimit-remaining-tokens-minute", "0"},
        {"x-ratelimit-limit-tokens-month", "10"},
        {NULL, NULL},
    };
    struct proa_http_header headers[4];
    struct proa_rate_signal got[1];
    size_t n = make_headers(minute_is_tighter, headers);
    assert_int_equal(proa_rates_read(headers, n, NOW_MS, got, 1), 1);
    assert_int_equal(got[0].limit, 1000);
    n = make_headers(one_without_limit, headers);
    assert_int_equal(proa_rates_read(headers, n, NOW_MS, got, 1), 1);
    assert_int_equal(got[0].remaining, 0);
}

/* When the limit that stopped a request is there again: its own reset, not that of another. */
static void test_reset_of_what_is_spent(void **state)
{
    (void)state;
    static const struct {
        struct field fields[7];
        uint64_t s;
    } rows[] = {
        {{{NULL, NULL}}, 0},
        {{{"X-RateLimit-Limit", "50"},
          {"X-RateLimit-Remaining", "0"},
          {"X-RateLimit-Reset", "1795438800000"}},
         3600},
        {{{"x-ratelimit-remaining-requests-day", "12"},
          {"x-ratelimit-reset-requests-day", "30000"},
          {"x-ratelimit-remaining-tokens-minute", "0"},
          {"x-ratelimit-reset-tokens-minute", "31"}},
         31},
        {{{"x-ratelimit-remaining-requests", "0"},
          {"x-ratelimit-reset-requests", "3s"},
          {"x-ratelimit-remaining-tokens", "0"},
          {"x-ratelimit-reset-tokens", "1m2s"}},
         62},
        {{{"x-ratelimit-limit-requests", "0"},
          {"x-ratelimit-remaining-requests", "0"},
          {"x-ratelimit-reset-requests", "3s"}},
         0},
        {{{"x-ratelimit-remaining-requests", "0"}}, 0},
        {{{"x-ratelimit-reset-requests", "5s"}}, 0},
        {{{"ratelimit", "\"p\";r=0;t=8"}}, 8},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_http_header headers[7];
        const size_t n = make_headers(row->fields, headers);
        const uint64_t span = proa_rates_spent(headers, n, NOW_MS);
        PROA_TEST_CHECK(span == row->s * PROA_NS_PER_S, "row %td: %llu s", row - rows,
                        (unsigned long long)(span / PROA_NS_PER_S));
    }
}

/* Whatever a peer sends, no more is remembered than there is room for. */
static void test_more_windows_than_any_provider_has(void **state)
{
    (void)state;
    static const char *const tails[] = {
        "requests-minute",  "requests-hour",    "requests-day",       "req-minute",
        "project-requests", "tokens-minute",    "tokens-hour",        "tokens-day",
        "tokens-month",     "project-tokens",   "tokens-prompt",      "tokens",
        "requests",         "tokens-generated", "tokens_usage_based",
    };
    struct proa_http_header headers[PROA_ARRAY_LEN(tails)];
    char names[PROA_ARRAY_LEN(tails)][64];
    struct proa_rate_signal got[PROA_RATE_SIGNALS_MAX];
    for (size_t i = 0; i < PROA_ARRAY_LEN(tails); i++) {
        (void)snprintf(names[i], sizeof names[i], "x-ratelimit-limit-%s", tails[i]);
        const struct proa_slice name = proa_slice_cstr(names[i]);
        headers[i] = (struct proa_http_header){(uint16_t)proa_http_header_lookup(name), name,
                                               PROA_SLICE_INIT("7")};
    }
    assert_int_equal(
        proa_rates_read(headers, PROA_ARRAY_LEN(headers), NOW_MS, got, PROA_RATE_SIGNALS_MAX), 3);
    assert_int_equal(got[2].kind, PROA_RATE_INPUT);
}

static void test_room_for_fewer_than_there_are(void **state)
{
    (void)state;
    static const struct field fields[] = {
        {"x-ratelimit-limit-requests", "1"}, {"x-ratelimit-limit-tokens", "2"}, {NULL, NULL}};
    struct proa_http_header headers[2];
    struct proa_rate_signal got[1];
    const size_t n = make_headers(fields, headers);
    assert_int_equal(proa_rates_read(headers, n, NOW_MS, got, 1), 1);
    assert_int_equal(got[0].kind, PROA_RATE_REQUESTS);
    assert_int_equal(proa_rates_read(headers, n, NOW_MS, got, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c_retry_after),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_the_tighter_window_is_told),
        cmocka_unit_test(test_reset_of_what_is_spent),
        cmocka_unit_test(test_more_windows_than_any_provider_has),
        cmocka_unit_test(test_room_for_fewer_than_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
