#include "proa/core/clock.h"
#include "proa/core/prng.h"

#include <time.h>

#include "proa_test.h"

static const uint64_t end_of_9999 = UINT64_C(253402300799);

static void test_after(void **state)
{
    (void)state;
    assert_true(proa_clock_after(0, 0) == 0);
    assert_true(proa_clock_after(5, 7) == 12);
    assert_true(proa_clock_after(0, PROA_NEVER) == PROA_NEVER);
    assert_true(proa_clock_after(PROA_NEVER, 0) == PROA_NEVER);
    assert_true(proa_clock_after(PROA_NEVER, 1) == PROA_NEVER);
    assert_true(proa_clock_after(PROA_NEVER - 1, 1) == PROA_NEVER);
    assert_true(proa_clock_after(PROA_NEVER - 1, 2) == PROA_NEVER);
    assert_true(proa_clock_after(1, PROA_NEVER - 2) == PROA_NEVER - 1);
    assert_true(proa_clock_after(PROA_NEVER, PROA_NEVER) == PROA_NEVER);
}

static void test_since(void **state)
{
    (void)state;
    assert_true(proa_clock_since(0, 0) == 0);
    assert_true(proa_clock_since(12, 5) == 7);
    assert_true(proa_clock_since(5, 12) == 0); /* went backward */
    assert_true(proa_clock_since(PROA_NEVER, 0) == PROA_NEVER);
    assert_true(proa_clock_since(0, PROA_NEVER) == 0);
}

static void test_virtual_clock_of_the_tests(void **state)
{
    (void)state;
    struct proa_test_clock clock = {0};
    assert_true(proa_test_clock_ms(&clock, 3) == 3000000);
    assert_true(proa_test_clock_s(&clock, 2) == UINT64_C(2003000000));
    assert_true(clock.now_ns == UINT64_C(2003000000));
}

struct moment {
    uint64_t unix_s;
    struct proa_civil civil;
    const char *http;
};

static const struct moment moments[] = {
    {0, {1970, 1, 1, 0, 0, 0, 4}, "Thu, 01 Jan 1970 00:00:00 GMT"},
    {86399, {1970, 1, 1, 23, 59, 59, 4}, "Thu, 01 Jan 1970 23:59:59 GMT"},
    {86400, {1970, 1, 2, 0, 0, 0, 5}, "Fri, 02 Jan 1970 00:00:00 GMT"},
    {31535999, {1970, 12, 31, 23, 59, 59, 4}, "Thu, 31 Dec 1970 23:59:59 GMT"},
    {68169600, {1972, 2, 29, 0, 0, 0, 2}, "Tue, 29 Feb 1972 00:00:00 GMT"},
    {68256000, {1972, 3, 1, 0, 0, 0, 3}, "Wed, 01 Mar 1972 00:00:00 GMT"},
    {784111777, {1994, 11, 6, 8, 49, 37, 0}, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 */
    {951782400, {2000, 2, 29, 0, 0, 0, 2}, "Tue, 29 Feb 2000 00:00:00 GMT"},
    {951868800, {2000, 3, 1, 0, 0, 0, 3}, "Wed, 01 Mar 2000 00:00:00 GMT"},
    {978307199, {2000, 12, 31, 23, 59, 59, 0}, "Sun, 31 Dec 2000 23:59:59 GMT"},
    {UINT64_C(2147483648), {2038, 1, 19, 3, 14, 8, 2}, "Tue, 19 Jan 2038 03:14:08 GMT"},
    {UINT64_C(4107542399), {2100, 2, 28, 23, 59, 59, 0}, "Sun, 28 Feb 2100 23:59:59 GMT"},
    {UINT64_C(4107542400), {2100, 3, 1, 0, 0, 0, 1}, "Mon, 01 Mar 2100 00:00:00 GMT"},
    {UINT64_C(4294967296), {2106, 2, 7, 6, 28, 16, 0}, "Sun, 07 Feb 2106 06:28:16 GMT"},
    {UINT64_C(253402300799), {9999, 12, 31, 23, 59, 59, 5}, "Fri, 31 Dec 9999 23:59:59 GMT"},
};

static void assert_civil(const struct proa_civil *a, const struct proa_civil *b)
{
    assert_int_equal(a->year, b->year);
    assert_int_equal(a->month, b->month);
    assert_int_equal(a->day, b->day);
    assert_int_equal(a->hour, b->hour);
    assert_int_equal(a->minute, b->minute);
    assert_int_equal(a->second, b->second);
    assert_int_equal(a->weekday, b->weekday);
}

static void test_known_moments(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, moments)
    {
        struct proa_civil c;
        proa_civil_from_unix(row->unix_s, &c);
        assert_civil(&c, &row->civil);
        assert_true(proa_civil_to_unix(&row->civil) == row->unix_s);
        char out[29];
        proa_civil_http_date(row->unix_s, out);
        assert_slice_str(proa_slice_make(out, sizeof(out)), row->http);
    }
}

/* Against the C library, whose arithmetic is not ours. */
static void check_against_libc(uint64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    assert_non_null(gmtime_r(&t, &tm));
    const struct proa_civil expected = {
        (uint32_t)tm.tm_year + 1900, (uint32_t)tm.tm_mon + 1, (uint32_t)tm.tm_mday,
        (uint32_t)tm.tm_hour,        (uint32_t)tm.tm_min,     (uint32_t)tm.tm_sec,
        (uint32_t)tm.tm_wday,
    };
    struct proa_civil c;
    proa_civil_from_unix(unix_s, &c);
    assert_civil(&c, &expected);
    assert_true(proa_civil_to_unix(&c) == unix_s);
}

static void test_every_day_of_two_eras(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < UINT64_C(2) * 146097; day++) {
        check_against_libc(day * 86400 + day % 86400);
    }
}

static void test_random_moments(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 1970);
    for (unsigned i = 0; i < 50000; i++) {
        check_against_libc(proa_prng_below(&prng, end_of_9999 + 1));
    }
}

static void test_leap_years(void **state)
{
    (void)state;
    const uint32_t leap[] = {1972, 1996, 2000, 2024, 2096, 2104, 2400, 9996};
    const uint32_t common[] = {1970, 1999, 2023, 2100, 2200, 2300, 2500, 9999};
    PROA_TEST_ROWS(year, leap)
    {
        struct proa_civil c = {.year = *year, .month = 2, .day = 28};
        struct proa_civil next;
        proa_civil_from_unix(proa_civil_to_unix(&c) + 86400, &next);
        PROA_TEST_CHECK(next.month == 2 && next.day == 29, "%u", *year);
    }
    PROA_TEST_ROWS(year, common)
    {
        struct proa_civil c = {.year = *year, .month = 2, .day = 28};
        struct proa_civil next;
        proa_civil_from_unix(proa_civil_to_unix(&c) + 86400, &next);
        PROA_TEST_CHECK(next.month == 3 && next.day == 1, "%u", *year);
    }
}

static void test_far_future_is_clamped(void **state)
{
    (void)state;
    struct proa_civil c;
    const struct proa_civil last = {UINT32_MAX, 12, 31, 23, 59, 59, 0};
    proa_civil_from_unix(UINT64_MAX, &c);
    assert_int_equal(c.year, last.year);
    assert_int_equal(c.month, last.month);
    assert_int_equal(c.day, last.day);
    assert_int_equal(c.second, last.second);
    /* and it is the last one: a second later would be the year 2^32 */
    proa_civil_from_unix(proa_civil_to_unix(&c) - 1, &c);
    assert_int_equal(c.year, last.year);
    assert_int_equal(c.second, 58);

    char date[29];
    char stamp[24];
    proa_civil_http_date(end_of_9999 + 1, date);
    assert_slice_lit(proa_slice_make(date, 29), "Fri, 31 Dec 9999 23:59:59 GMT");
    proa_civil_http_date(UINT64_MAX, date);
    assert_slice_lit(proa_slice_make(date, 29), "Fri, 31 Dec 9999 23:59:59 GMT");
    proa_civil_rfc3339(UINT64_MAX, stamp);
    assert_slice_lit(proa_slice_make(stamp, 24), "9999-12-31T23:59:59.999Z");
}

/* Not range-checked, so what an unchecked caller hands in must at least be harmless. */
static void test_odd_fields_are_harmless(void **state)
{
    (void)state;
    const struct proa_civil odd[] = {
        {0, 0, 0, 0, 0, 0, 0},
        {0, 1, 1, 0, 0, 0, 0},
        {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
        {2026, 13, 32, 25, 61, 61, 9},
    };
    uint64_t sum = 0;
    PROA_TEST_ROWS(c, odd)
    {
        sum ^= proa_civil_to_unix(c); /* the sanitizer is the judge */
    }
    assert_true(sum != 0);
    /* A day or second too many simply runs over. */
    const struct proa_civil over = {2026, 1, 32, 0, 0, 60, 0};
    const struct proa_civil same = {2026, 2, 1, 0, 1, 0, 0};
    assert_true(proa_civil_to_unix(&over) == proa_civil_to_unix(&same));
}

struct stamp {
    uint64_t unix_ms;
    const char *text;
};

static void test_parse_rfc3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t unix_ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2015-08-30T12:36:00Z", UINT64_C(1440938160000)},
        {"2026-11-23T22:55:01.123Z", UINT64_C(1795474501123)},
        {"2026-11-23T22:55:01.1Z", UINT64_C(1795474501100)},
        {"2026-11-23T22:55:01.Z", UINT64_C(1795474501000)},
        {"2026-11-23T22:55:01.1239999Z", UINT64_C(1795474501123)},
        {"2016-12-31T23:59:60Z", UINT64_C(1483228800000)}, /* a leap second */
    };
    static const char *const bad[] = {
        "",
        "2026-11-23",
        "2026-11-23T22:55:01",
        "2026-11-23T22:55:01+00:00",
        "2026-11-23 22:55:01Z",
        "2026-11-23T22:55:01,5Z",
        "2026-11-23T22:55:01.5xZ",
        "1969-12-31T23:59:59Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T0a:00:00Z",
        "+026-01-01T00:00:00Z",
    };
    PROA_TEST_ROWS(row, good)
    {
        uint64_t ms = 1;
        assert_true(proa_civil_parse_rfc3339(proa_slice_cstr(row->text), &ms));
        assert_true(ms == row->unix_ms);
    }
    PROA_TEST_ROWS(text, bad)
    {
        uint64_t ms = 77;
        PROA_TEST_CHECK(!proa_civil_parse_rfc3339(proa_slice_cstr(*text), &ms), "%s", *text);
        assert_true(ms == 77);
    }
    char out[24];
    uint64_t ms = 0;
    proa_civil_rfc3339(UINT64_C(1795474501123), out); /* what we write, we read */
    assert_true(proa_civil_parse_rfc3339(proa_slice_make(out, sizeof out), &ms));
    assert_true(ms == UINT64_C(1795474501123));
}

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct stamp cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {999, "1970-01-01T00:00:00.999Z"},
        {1000, "1970-01-01T00:00:01.000Z"},
        {UINT64_C(951782400007), "2000-02-29T00:00:00.007Z"},
        {UINT64_C(1795474501123), "2026-11-23T22:55:01.123Z"},
        {UINT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {UINT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
    };
    PROA_TEST_ROWS(row, cases)
    {
        char out[26];
        memset(out, '#', sizeof(out));
        proa_civil_rfc3339(row->unix_ms, out + 1);
        assert_slice_str(proa_slice_make(out + 1, 24), row->text);
        assert_int_equal(out[0], '#'); /* and not a byte beyond */
        assert_int_equal(out[25], '#');
    }
}

/* In whatever order times come, a stamp makes no difference. */
static void test_stamp_of_a_second(void **state)
{
    (void)state;
    static const uint64_t times[] = {
        0,
        1,
        999,
        1000,
        999,
        UINT64_C(1795474501123),
        UINT64_C(1795474501000),
        UINT64_C(1795474501999),
        UINT64_C(1795474502000),
        UINT64_C(253402300799999),
        UINT64_C(253402300800000),
        UINT64_C(253402300800999),
        UINT64_MAX,
        UINT64_MAX,
        5,
    };
    struct proa_civil_stamp stamp = {0};
    PROA_TEST_ROWS(ms, times)
    {
        char fresh[24];
        char next[26];
        memset(next, '#', sizeof next);
        proa_civil_rfc3339(*ms, fresh);
        proa_civil_rfc3339_next(&stamp, *ms, next + 1);
        assert_memory_equal(next + 1, fresh, sizeof fresh);
        assert_int_equal(next[0], '#');
        assert_int_equal(next[25], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_since),
        cmocka_unit_test(test_virtual_clock_of_the_tests),
        cmocka_unit_test(test_known_moments),
        cmocka_unit_test(test_every_day_of_two_eras),
        cmocka_unit_test(test_random_moments),
        cmocka_unit_test(test_leap_years),
        cmocka_unit_test(test_far_future_is_clamped),
        cmocka_unit_test(test_odd_fields_are_harmless),
        cmocka_unit_test(test_stamp_of_a_second),
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_parse_rfc3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
