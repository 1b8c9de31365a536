#include "proa/core/buf.h"
#include "proa/core/prng.h"

#include <inttypes.h>

#include "proa_test.h"

static void test_init_allocates_nothing(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 100);
    assert_null(b.ptr);
    assert_int_equal(b.cap, 0);
    assert_true(proa_buf_ok(&b));
    assert_slice_lit(proa_buf_slice(&b), "");
    proa_buf_deinit(&b);
    proa_buf_deinit(&b);
}

static void test_append(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 1000);
    assert_ok(proa_buf_append(&b, PROA_SLICE("one")));
    assert_ok(proa_buf_append(&b, PROA_SLICE_NONE));
    assert_ok(proa_buf_append_byte(&b, '\0'));
    assert_ok(proa_buf_append_cstr(&b, "two"));
    assert_ok(proa_buf_append_cstr(&b, NULL));
    PROA_BUF_LIT(&b, "!");
    assert_slice_lit(proa_buf_slice(&b), "one\0two!");
    proa_buf_deinit(&b);
}

static void test_grows_by_doubling_up_to_the_maximum(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 200);
    assert_ok(proa_buf_append_byte(&b, 'x'));
    assert_int_equal(b.cap, 64);
    while (b.len < 64) {
        assert_ok(proa_buf_append_byte(&b, 'x'));
    }
    assert_int_equal(b.cap, 64);
    assert_ok(proa_buf_append_byte(&b, 'x'));
    assert_int_equal(b.cap, 128);
    while (b.len < 129) {
        assert_ok(proa_buf_append_byte(&b, 'x'));
    }
    assert_int_equal(b.cap, 200);
    while (b.len < 200) {
        assert_ok(proa_buf_append_byte(&b, 'x'));
    }
    assert_err(proa_buf_append_byte(&b, 'x'), PROA_ERR_LIMIT);
    assert_int_equal(b.len, 200);
    proa_buf_deinit(&b);

    proa_buf_init(&b, 10); /* below the first size */
    assert_ok(proa_buf_append(&b, PROA_SLICE("0123456789")));
    assert_int_equal(b.cap, 10);
    proa_buf_deinit(&b);

    proa_buf_init(&b, SIZE_MAX);
    assert_non_null(proa_buf_reserve(&b, 1000));
    assert_int_equal(b.cap, 1000); /* what is known beforehand is not rounded up */
    b.len = 1000;
    assert_non_null(proa_buf_reserve(&b, 1));
    assert_int_equal(b.cap, 2000);
    assert_non_null(proa_buf_reserve(&b, 5000));
    assert_int_equal(b.cap, 6000);
    proa_buf_deinit(&b);
}

static void test_limit_is_all_or_nothing_and_sticky(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 5);
    assert_ok(proa_buf_append(&b, PROA_SLICE("abc")));
    assert_err(proa_buf_append(&b, PROA_SLICE("def")), PROA_ERR_LIMIT);
    assert_slice_lit(proa_buf_slice(&b), "abc");
    assert_false(proa_buf_ok(&b));
    /* what would fit is refused too, so that no gap goes unseen */
    assert_err(proa_buf_append(&b, PROA_SLICE("d")), PROA_ERR_LIMIT);
    assert_err(proa_buf_append_byte(&b, 'd'), PROA_ERR_LIMIT);
    assert_err(proa_buf_append_u64(&b, 1), PROA_ERR_LIMIT);
    assert_err(proa_buf_append_printf(&b, "%d", 1), PROA_ERR_LIMIT);
    assert_null(proa_buf_reserve(&b, 0));

    proa_buf_clear(&b);
    assert_true(proa_buf_ok(&b));
    assert_ok(proa_buf_append(&b, PROA_SLICE("12345")));
    proa_buf_deinit(&b);
}

static void test_huge_reservation(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 100);
    assert_ok(proa_buf_append_byte(&b, 'x'));
    assert_null(proa_buf_reserve(&b, SIZE_MAX)); /* len + n would wrap */
    assert_false(proa_buf_ok(&b));
    proa_buf_deinit(&b);
}

static void test_maximum_zero(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 0);
    assert_non_null(proa_buf_reserve(&b, 0));
    assert_ok(proa_buf_append(&b, PROA_SLICE("")));
    assert_err(proa_buf_append_byte(&b, 'x'), PROA_ERR_LIMIT);
    proa_buf_deinit(&b);
}

static void test_reserve_then_add(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 100);
    assert_ok(proa_buf_append(&b, PROA_SLICE("ab")));
    char *out = proa_buf_reserve(&b, 98);
    assert_non_null(out);
    assert_int_equal(b.len, 2);
    out[0] = 'c';
    out[1] = 'd';
    b.len += 2;
    assert_slice_lit(proa_buf_slice(&b), "abcd");
    proa_buf_deinit(&b);
}

static void test_trim(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 10000);
    assert_non_null(proa_buf_reserve(&b, 5000));
    proa_buf_trim(&b, 5000);
    assert_int_equal(b.cap, 5000);
    proa_buf_trim(&b, 100);
    assert_int_equal(b.cap, 0);
    assert_null(b.ptr);

    assert_non_null(proa_buf_reserve(&b, 5000));
    assert_ok(proa_buf_append(&b, PROA_SLICE("kept")));
    proa_buf_trim(&b, 100);
    assert_int_equal(b.cap, 100);
    proa_buf_trim(&b, 1);
    assert_int_equal(b.cap, 4);
    assert_slice_lit(proa_buf_slice(&b), "kept");
    assert_ok(proa_buf_append(&b, PROA_SLICE(" on")));
    assert_slice_lit(proa_buf_slice(&b), "kept on");
    proa_buf_deinit(&b);
}

static void test_consume(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 100);
    proa_buf_consume(&b, 0);
    assert_ok(proa_buf_append(&b, PROA_SLICE("abcdef")));
    proa_buf_consume(&b, 0);
    proa_buf_consume(&b, 2);
    assert_slice_lit(proa_buf_slice(&b), "cdef");
    assert_ok(proa_buf_append(&b, PROA_SLICE("g")));
    proa_buf_consume(&b, 5);
    assert_slice_lit(proa_buf_slice(&b), "");
    proa_buf_deinit(&b);
}

static void consume_too_much(void *ctx)
{
    proa_buf_consume(ctx, 1);
}

static void test_consume_beyond_the_end_aborts(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 100);
    assert_true(proa_test_aborts(consume_too_much, &b));
    proa_buf_deinit(&b);
}

static void check_number(uint64_t value)
{
    char expected[32];
    struct proa_buf b;
    proa_buf_init(&b, 100);

    (void)snprintf(expected, sizeof(expected), "%" PRIu64, value);
    assert_ok(proa_buf_append_u64(&b, value));
    assert_slice_str(proa_buf_slice(&b), expected);
    char digits[20];
    assert_slice_str(proa_slice_make(digits, proa_fmt_u64(digits, value)), expected);
    uint64_t back = 0;
    assert_ok(proa_slice_to_u64(proa_buf_slice(&b), &back));
    assert_true(back == value);

    proa_buf_clear(&b);
    (void)snprintf(expected, sizeof(expected), "%" PRIx64, value);
    assert_ok(proa_buf_append_hex(&b, value));
    assert_slice_str(proa_buf_slice(&b), expected);
    proa_buf_deinit(&b);
}

static void test_numbers_as_printf_has_them(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 11);
    check_number(0);
    check_number(UINT64_MAX);
    for (uint64_t power = 1; power < UINT64_MAX / 10; power *= 10) {
        check_number(power - 1);
        check_number(power);
        check_number(power + 1);
    }
    check_number(UINT64_C(10000000000000000000));
    for (unsigned bits = 0; bits < 64; bits++) {
        check_number(UINT64_C(1) << bits);
        check_number(proa_prng_next(&prng) >> bits);
    }
}

struct ms {
    uint64_t ns;
    unsigned decimals;
    const char *text;
};

static void test_milliseconds(void **state)
{
    (void)state;
    static const struct ms cases[] = {
        {0, 0, "0"},
        {0, 3, "0"},
        {1234567, 0, "1"},
        {1234567, 1, "1.2"},
        {1234567, 2, "1.23"},
        {1234567, 3, "1.234"},
        {1234567, 9, "1.234"},
        {1999999, 0, "1"}, /* cut, not rounded */
        {999, 3, "0"},
        {1000, 3, "0.001"},
        {1000, 2, "0"},
        {1500000, 3, "1.5"},
        {1050000, 3, "1.05"},
        {1050000, 1, "1"},
        {1005000, 3, "1.005"},
        {UINT64_C(60000000000), 3, "60000"},
        {UINT64_MAX, 3, "18446744073709.551"},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_buf b;
        proa_buf_init(&b, 100);
        assert_ok(proa_buf_append_ms(&b, row->ns, row->decimals));
        assert_slice_str(proa_buf_slice(&b), row->text);
        proa_buf_deinit(&b);
    }
}

static void test_span(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 ms"},      {999, "999 ms"},     {1000, "1 s"},          {59999, "59 s"},
        {60000, "1 min"}, {3599999, "59 min"}, {3600000, "1 h 0 min"}, {11045000, "3 h 4 min"}};
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf b;
        proa_buf_init(&b, 100);
        assert_ok(proa_buf_append_span(&b, row->ms * 1000000 + 999999));
        assert_slice_str(proa_buf_slice(&b), row->text);
        proa_buf_deinit(&b);
    }
}

static void test_printf(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 10);
    assert_ok(proa_buf_append_printf(&b, "%s", ""));
    assert_ok(proa_buf_append_printf(&b, "%d-%s", 12, "ab"));
    assert_slice_lit(proa_buf_slice(&b), "12-ab");
    assert_ok(proa_buf_append_printf(&b, "%05d", 7)); /* just fits: no byte left for a NUL */
    assert_slice_lit(proa_buf_slice(&b), "12-ab00007");
    assert_true(proa_buf_ok(&b));
    assert_err(proa_buf_append_printf(&b, "%c", 'x'), PROA_ERR_LIMIT);
    assert_false(proa_buf_ok(&b));
    assert_slice_lit(proa_buf_slice(&b), "12-ab00007");
    proa_buf_deinit(&b);
}

static void trillionths_are_exact(void **state)
{
    (void)state;
    static const struct {
        uint64_t pico;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "0.000000000001"},
        {1500000, "0.0000015"},
        {100000000000, "0.1"},
        {UINT64_C(1000000000000), "1"},
        {UINT64_C(12000000000340), "12.00000000034"},
        {UINT64_MAX, "18446744.073709551615"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        char text[PROA_FMT_PICO_BYTES];
        const size_t n = proa_fmt_pico(text, row->pico);
        PROA_TEST_CHECK(n <= sizeof(text) && n == strlen(row->text) &&
                            memcmp(text, row->text, n) == 0,
                        "%s is %.*s", row->text, (int)n, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_allocates_nothing),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_grows_by_doubling_up_to_the_maximum),
        cmocka_unit_test(test_limit_is_all_or_nothing_and_sticky),
        cmocka_unit_test(test_huge_reservation),
        cmocka_unit_test(test_maximum_zero),
        cmocka_unit_test(test_reserve_then_add),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_consume),
        cmocka_unit_test(test_consume_beyond_the_end_aborts),
        cmocka_unit_test(test_numbers_as_printf_has_them),
        cmocka_unit_test(test_milliseconds),
        cmocka_unit_test(trillionths_are_exact),
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_printf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
