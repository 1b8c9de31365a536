/*
 * Spans in every form that providers use, and everything else.
 */
#include "proa/provider/span.h"

#include "proa_test.h"

/* 2026-11-23T12:00:00Z */
#define NOW_MS UINT64_C(1795435200000)
#define DAY    UINT64_C(86400000)

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t us;
    } rows[] = {
        {"120ms", true, 120000},
        {"1s", true, 1000000},
        {"6m0s", true, 360000000},
        {"2m59.56s", true, 179560000},
        {"7.66s", true, 7660000},
        {"1h2m3s", true, UINT64_C(3723000000)},
        {"1.5h", true, UINT64_C(5400000000)},
        {"250us", true, 250},
        {"250\xc2\xb5s", true, 250},
        {"5000ns", true, 5},
        {"12", true, 12000000},
        {"0", true, 0},
        {"-1", true, 0},
        {"-3s", true, 0},
        {"0.25", true, 250000},
        {" 12 ", true, 12000000},
        {"1.0000000009999999999999s", true, 1000000},
        {"2026-11-23T12:00:30Z", true, 30000000},
        {"2026-11-23T12:00:30.250Z", true, 30250000},
        {"2026-11-23T11:59:59Z", true, 0},
        {"2099-01-01T00:00:00Z", true, DAY * 1000},
        {"1795435230", true, 30000000},    /* seconds since 1970 */
        {"1795435230.5", true, 30500000},  /* as some round them */
        {"1795435230000", true, 30000000}, /* milliseconds */
        {"1795435100", true, 0},           /* over */
        {"9999999999", true, DAY * 1000},  /* far away */
        {"99999999999999999999999", true, DAY * 1000},
        {"100000000", true, DAY * 1000}, /* seconds, three years */
        {"86401", true, DAY * 1000},
        {"99999999999999999999h", true, DAY * 1000},
        {"23h59m60s", true, DAY * 1000},
        {"", false, 0},
        {"-", false, 0},
        {"s", false, 0},
        {"5x", false, 0},
        {"5 s", false, 0},
        {"5s3", false, 0},
        {"5sm", false, 0},
        {".5s", false, 0},
        {"--5", false, 0},
        {"+5", false, 0},
        {"5.5.5", false, 0},
        {"1e9", false, 0},
        {"nan", false, 0},
        {"2026-11-23", false, 0},
        {"2026-13-23T12:00:30Z", false, 0},
        {"2026-11-23T12:00:30", false, 0},
        {"2026-11-23T12:00:30X", false, 0},
        {"2026-11-23T12:00:30.Z", true, 30000000},
        {"2026-11-23T12:00:30ZZ", false, 0},
        {"2026-11-23T25:00:30Z", false, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t span = 77;
        const bool ok = proa_span_parse(proa_slice_cstr(row->text), NOW_MS, &span);
        PROA_TEST_CHECK(ok == row->ok, "\"%s\"", row->text);
        PROA_TEST_CHECK(span == (ok ? row->us * 1000 : 77), "\"%s\": %llu", row->text,
                        (unsigned long long)span);
    }
}

static void test_until_date(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t s;
    } rows[] = {
        {"Mon, 23 Nov 2026 12:00:30 GMT", true, 30},
        {" Mon, 23 Nov 2026 12:00:30 GMT ", true, 30},
        {"Tue, 24 Nov 2026 11:59:59 GMT", true, 86399},
        {"Mon, 23 Nov 2026 12:00:00 GMT", true, 0},
        {"Mon, 23 Nov 2026 11:00:30 GMT", true, 0}, /* over */
        {"Sun, 06 Nov 1994 08:49:37 GMT", true, 0},
        {"Mon, 23 Nov 2099 11:00:30 GMT", true, 86400},
        {"Mon, 23 Nox 2026 12:00:30 GMT", false, 0},
        {"Mon, 23 Nov 2026 12:00:30 CET", false, 0},
        {"Mon, 32 Nov 2026 12:00:30 GMT", false, 0},
        {"Mon, 23 Nov 2026 24:00:30 GMT", false, 0},
        {"Mon, 23 Nov 2026 12-00-30 GMT", false, 0},
        {"Sunday, 06-Nov-94 08:49:37 GMT", false, 0},
        {"12", false, 0},
        {"", false, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t span = 77;
        const bool ok = proa_span_until_date(proa_slice_cstr(row->text), NOW_MS, &span);
        PROA_TEST_CHECK(ok == row->ok, "\"%s\"", row->text);
        PROA_TEST_CHECK(span == (ok ? row->s * PROA_NS_PER_S : 77), "\"%s\": %llu", row->text,
                        (unsigned long long)span);
    }
}

static void test_milliseconds_and_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_ms;
        uint64_t us;
        bool is_count;
        uint64_t count;
    } rows[] = {
        {"250", true, 250000, true, 250},
        {"250.5", true, 250500, true, 250},
        {"0", true, 0, true, 0},
        {"199996", true, 199996000, true, 199996},
        {"999999999999", true, DAY * 1000, true, UINT64_C(999999999999)},
        {"1000000000000", true, DAY * 1000, false, 0},
        {"99999999999999999999", true, DAY * 1000, false, 0},
        {"-1", false, 0, false, 0},
        {"-5", false, 0, false, 0},
        {"9s", false, 0, false, 0},
        {"many", false, 0, false, 0},
        {"", false, 0, false, 0},
        {"1 2", false, 0, false, 0},
        {"100, 100;w=60", false, 0, false, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t span = 77;
        uint64_t count = 78;
        const struct proa_slice text = proa_slice_cstr(row->text);
        PROA_TEST_CHECK(proa_span_ms(text, &span) == row->is_ms, "\"%s\"", row->text);
        PROA_TEST_CHECK(span == (row->is_ms ? row->us * 1000 : 77), "\"%s\": %llu", row->text,
                        (unsigned long long)span);
        PROA_TEST_CHECK(proa_span_count(text, &count) == row->is_count, "\"%s\"", row->text);
        PROA_TEST_CHECK(count == (row->is_count ? row->count : 78), "\"%s\": %llu", row->text,
                        (unsigned long long)count);
    }
}

/* No beginning of a form reads beyond its end. */
static void test_cut_at_each_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {"2026-11-23T12:00:30.250Z", "1h2m3.5s", "250\xc2\xb5s",
                                        "Mon, 23 Nov 2026 12:00:30 GMT", "1795435230.5"};
    PROA_TEST_ROWS(text, texts)
    {
        for (size_t cut = 0; cut <= strlen(*text); cut++) {
            char *copy = proa_memdup(*text, cut);
            const struct proa_slice part = proa_slice_make(copy, cut);
            uint64_t span = 0;
            (void)proa_span_parse(part, NOW_MS, &span);
            assert_true(span <= PROA_SPAN_MAX_NS);
            (void)proa_span_until_date(part, NOW_MS, &span);
            (void)proa_span_ms(part, &span);
            assert_true(span <= PROA_SPAN_MAX_NS);
            (void)proa_span_count(part, &span);
            proa_free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_until_date),
        cmocka_unit_test(test_milliseconds_and_counts),
        cmocka_unit_test(test_cut_at_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
