/*
 * How long to wait, as bodies say it: T-C.
 */
#include "hint_priv.h"

#include "proa/provider/span.h"

#include "proa_test.h"

/* 2026-11-23T12:00:00Z */
#define NOW_MS UINT64_C(1795435200000)
#define DAY_MS UINT64_C(86400000)

static void test_c_prose(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        uint64_t ms;
    } rows[] = {
        {"", 0},
        /* OpenAI, Groq */
        {"Please try again in 20ms. Visit x.", 20},
        {"Please try again in 1.2s.", 1200},
        {"Please try again in 6m0s.", 360000},
        {"Rate limit reached. Please try again in 5.289s", 5289},
        {"Please TRY AGAIN IN 49m14.0s, thanks", 2954000},
        {"Please try again in 1h2m3s. Need more tokens?", 3723000},
        /* Azure */
        {"Please retry after 12 seconds.", 12000},
        {"Please retry after 1 second.", 1000},
        {"retry after 250 ms", 250},
        {"retry after 250 milliseconds", 250},
        {"retry after 2 minutes", 120000},
        {"try again in 1 min", 60000},
        {"try again in 1.5 hours", 5400000},
        {"try again in 1 day", DAY_MS},
        {"Rate limit is exceeded. Try again in 12 seconds.", 12000},
        /* Gemini */
        {"Please retry in 34.074824224s.", 34074},
        /* Others */
        {"please wait 30 seconds before the next request", 30000},
        {"Please wait and try again in 8s", 8000},
        {"(try again in 8s)", 8000},
        {"try again in 8s\\nsecond line", 8000},
        /* The longest of several */
        {"try again in 3s, or retry after 9 seconds", 9000},
        {"retry after 3 seconds; try again in 9s", 9000},
        /* A unit of the number's own is not a word's. */
        {"try again in 5s minutes later", 5000},
        /* Bounds, and what is no wait */
        {"retry after 99999999 minutes", DAY_MS},
        {"try again in 25h", DAY_MS},
        {"try again in 99999999999999999999 days", DAY_MS},
        {"try again in ", 0},
        {"try again in a while", 0},
        {"try again in -5s", 0},
        {"try again in .", 0},
        {"try again later", 0},
        {"tried again in 5s", 0},
        {"retry-after 5", 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const uint64_t span = proa_hint_prose(proa_slice_cstr(row->message));
        PROA_TEST_CHECK(span / PROA_NS_PER_MS == row->ms, "%s: %llu ms", row->message,
                        (unsigned long long)(span / PROA_NS_PER_MS));
    }
}

/* A text is searched to a limit, so that a long one costs no more. */
static void test_prose_far_behind(void **state)
{
    (void)state;
    static const char phrase[] = "try again in 5s";
    char text[4096];
    memset(text, 'a', sizeof text);
    memcpy(text + 1000, phrase, sizeof phrase - 1);
    assert_int_equal(proa_hint_prose(proa_slice_make(text, 1015)), 5 * PROA_NS_PER_S);
    memset(text, 'a', sizeof text);
    memcpy(text + 3000, phrase, sizeof phrase - 1);
    assert_int_equal(proa_hint_prose(proa_slice_make(text, sizeof text)), 0);
}

static void test_c_details(void **state)
{
    (void)state;
    static const struct {
        const char *details;
        uint64_t ms;
    } rows[] = {
        {"", 0},
        {"null", 0},
        {"7", 0},
        {"\"34s\"", 0},
        {"[]", 0},
        {"{}", 0},
        /* google.rpc.RetryInfo */
        {"[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"34.4s\"}]",
         34400},
        {"[{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{}]},"
         "{\"retryDelay\":\"34s\"}]",
         34000},
        {"[{\"retryDelay\":\"3s\"},{\"retryDelay\":\"0.5s\"}]", 3000},
        {"[{\"retryDelay\":\"0s\"}]", 0},
        {"[{\"retryDelay\":\"-3s\"}]", 0},
        {"[{\"retryDelay\":\"\"}]", 0},
        {"[{\"retryDelay\":7}]", 7000},
        {"[{\"retryDelay\":{\"seconds\":7}}]", 0},
        {"[{\"retryDelay\":null}]", 0},
        {"[{\"retryDelay\":\"99999999s\"}]", DAY_MS},
        {"[\"retryDelay\",[{\"retryDelay\":\"9s\"}],{\"retryDelay\":\"2s\"}]", 2000},
        {"{\"retryDelay\":\"9s\"}", 0},
        /* Cut in the middle: what is whole counts */
        {"[{\"retryDelay\":\"4s\"},{\"retryDelay\":\"9", 4000},
        /* OpenRouter */
        {"{\"headers\":{\"X-RateLimit-Limit\":\"50\",\"X-RateLimit-Remaining\":\"0\","
         "\"X-RateLimit-Reset\":\"1795435230000\"},\"provider_name\":null}",
         30000},
        {"{\"headers\":{\"X-RateLimit-Reset\":1795435230000}}", 30000},
        {"{\"headers\":{\"X-RateLimit-Reset\":\"1795435100000\"}}", 0}, /* over */
        {"{\"headers\":{\"X-RateLimit-Reset\":\"soon\"}}", 0},
        {"{\"headers\":[]}", 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const uint64_t span = proa_hint_details(proa_slice_cstr(row->details), NOW_MS);
        PROA_TEST_CHECK(span / PROA_NS_PER_MS == row->ms, "%s: %llu ms", row->details,
                        (unsigned long long)(span / PROA_NS_PER_MS));
    }
}

static void test_cut_at_each_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[{\"retryDelay\":\"34.4s\"}]",
        "{\"headers\":{\"X-RateLimit-Reset\":\"1795435230000\"}}",
        "please try again in 5 minutes",
    };
    PROA_TEST_ROWS(text, texts)
    {
        for (size_t cut = 0; cut <= strlen(*text); cut++) {
            char *copy = proa_memdup(*text, cut);
            assert_true(proa_hint_details(proa_slice_make(copy, cut), NOW_MS) <= PROA_SPAN_MAX_NS);
            assert_true(proa_hint_prose(proa_slice_make(copy, cut)) <= PROA_SPAN_MAX_NS);
            proa_free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c_prose),
        cmocka_unit_test(test_prose_far_behind),
        cmocka_unit_test(test_c_details),
        cmocka_unit_test(test_cut_at_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
