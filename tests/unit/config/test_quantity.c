#include "proa/config/quantity.h"

#include "proa_test.h"

struct quantity_case {
    const char *text;
    enum proa_err err;
    uint64_t value;
    const char *back; /* shortest text, NULL when `text` is it */
};

static void check(const struct quantity_case *c, enum proa_err err, uint64_t value)
{
    if (err != c->err || value != c->value) {
        fail_msg("%s: %s, %llu", c->text, proa_err_name(err), (unsigned long long)value);
    }
}

static void durations_are_exact(void **state)
{
    static const struct quantity_case cases[] = {
        {"0", PROA_OK, 0, NULL},
        {"0s", PROA_OK, 0, "0"},
        {"7ns", PROA_OK, 7, NULL},
        {"10us", PROA_OK, 10000, NULL},
        {"250ms", PROA_OK, 250000000, NULL},
        {"30s", PROA_OK, 30000000000, NULL},
        {"90s", PROA_OK, 90000000000, "1m30s"},
        {"5m", PROA_OK, 300000000000, NULL},
        {"1h", PROA_OK, 3600000000000, NULL},
        {"2d", PROA_OK, 172800000000000, NULL},
        {"1h30m", PROA_OK, 5400000000000, NULL},
        {"1d2h3m4s5ms6us7ns", PROA_OK, 93784005006007, NULL},
        {"1.5s", PROA_OK, 1500000000, "1s500ms"},
        {"0.000000001s", PROA_OK, 1, "1ns"},
        {"1.123456ms", PROA_OK, 1123456, "1ms123us456ns"},
        {"1.5us", PROA_OK, 1500, "1us500ns"},
        {"0.5h", PROA_OK, 1800000000000, "30m"},
        {"007s", PROA_OK, 7000000000, "7s"},
        {"18446744073709551615ns", PROA_OK, UINT64_MAX, "213503d23h34m33s709ms551us615ns"},
        {"18446744073709551616ns", PROA_ERR_RANGE, 99, NULL},
        {"18446744073709551615ns1", PROA_ERR_SYNTAX, 99, NULL},
        {"213504d", PROA_ERR_RANGE, 99, NULL},
        {"213503d24h", PROA_ERR_RANGE, 99, NULL},
        {"99999999999999999999h", PROA_ERR_RANGE, 99, NULL},
        {"18446744073.9s", PROA_ERR_RANGE, 99, NULL},
        {"1e9h", PROA_ERR_SYNTAX, 99, NULL},
        {"", PROA_ERR_SYNTAX, 99, NULL},
        {"5", PROA_ERR_SYNTAX, 99, NULL},
        {"00", PROA_ERR_SYNTAX, 99, NULL},
        {"s", PROA_ERR_SYNTAX, 99, NULL},
        {"-5s", PROA_ERR_SYNTAX, 99, NULL},
        {"+5s", PROA_ERR_SYNTAX, 99, NULL},
        {"5 s", PROA_ERR_SYNTAX, 99, NULL},
        {" 5s", PROA_ERR_SYNTAX, 99, NULL},
        {"5s ", PROA_ERR_SYNTAX, 99, NULL},
        {"5S", PROA_ERR_SYNTAX, 99, NULL},
        {"5sec", PROA_ERR_SYNTAX, 99, NULL},
        {"1m1h", PROA_ERR_SYNTAX, 99, NULL},
        {"1s1s", PROA_ERR_SYNTAX, 99, NULL},
        {".5s", PROA_ERR_SYNTAX, 99, NULL},
        {"5.s", PROA_ERR_SYNTAX, 99, NULL},
        {"1.2.3s", PROA_ERR_SYNTAX, 99, NULL},
        {"0.5ns", PROA_ERR_SYNTAX, 99, NULL},
        {"0.0005us", PROA_ERR_SYNTAX, 99, NULL},
        {"0.0000000001s", PROA_ERR_SYNTAX, 99, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        uint64_t ns = 99;
        char text[PROA_QUANTITY_TEXT_MAX];
        enum proa_err err = proa_quantity_duration(proa_slice_cstr(cases[i].text), &ns);
        check(&cases[i], err, ns);
        if (!err) {
            size_t len = proa_quantity_duration_text(text, ns);
            assert_string_equal(text, cases[i].back ? cases[i].back : cases[i].text);
            assert_int_equal(len, strlen(text));
        }
    }
}

static void sizes_know_both_kinds_of_units(void **state)
{
    static const struct quantity_case cases[] = {
        {"0", PROA_OK, 0, NULL},
        {"100", PROA_OK, 100, NULL},
        {"512B", PROA_OK, 512, "512"},
        {"1kB", PROA_OK, 1000, NULL},
        {"10KB", PROA_OK, 10000, "10kB"},
        {"64KiB", PROA_OK, 65536, NULL},
        {"1MiB", PROA_OK, 1048576, NULL},
        {"10MB", PROA_OK, 10000000, NULL},
        {"2GiB", PROA_OK, UINT64_C(2147483648), NULL},
        {"1GB", PROA_OK, 1000000000, NULL},
        {"1024KiB", PROA_OK, 1048576, "1MiB"},
        {"18446744073709551615", PROA_OK, UINT64_MAX, NULL},
        {"18446744073709551616", PROA_ERR_RANGE, 99, NULL},
        {"17179869183GiB", PROA_OK, UINT64_C(18446744072635809792), NULL},
        {"17179869184GiB", PROA_ERR_RANGE, 99, NULL},
        {"", PROA_ERR_SYNTAX, 99, NULL},
        {"KiB", PROA_ERR_SYNTAX, 99, NULL},
        {"1.5KiB", PROA_ERR_SYNTAX, 99, NULL},
        {"1 KiB", PROA_ERR_SYNTAX, 99, NULL},
        {"1kib", PROA_ERR_SYNTAX, 99, NULL},
        {"1K", PROA_ERR_SYNTAX, 99, NULL},
        {"1M", PROA_ERR_SYNTAX, 99, NULL},
        {"-1", PROA_ERR_SYNTAX, 99, NULL},
        {"1KiBs", PROA_ERR_SYNTAX, 99, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        uint64_t bytes = 99;
        char text[PROA_QUANTITY_TEXT_MAX];
        enum proa_err err = proa_quantity_bytes(proa_slice_cstr(cases[i].text), &bytes);
        check(&cases[i], err, bytes);
        if (!err) {
            size_t len = proa_quantity_bytes_text(text, bytes);
            assert_string_equal(text, cases[i].back ? cases[i].back : cases[i].text);
            assert_int_equal(len, strlen(text));
        }
    }
}

static void fractions_have_six_decimals(void **state)
{
    static const struct quantity_case cases[] = {
        {"0", PROA_OK, 0, NULL},
        {"0.2", PROA_OK, 200000, NULL},
        {"0.000001", PROA_OK, 1, NULL},
        {"1", PROA_OK, 1000000, NULL},
        {"1.0", PROA_OK, 1000000, "1"},
        {"10", PROA_OK, 10000000, NULL},
        {"2.50", PROA_OK, 2500000, "2.5"},
        {"4294.967295", PROA_OK, UINT32_MAX, NULL},
        {"4294.967296", PROA_ERR_RANGE, 99, NULL},
        {"99999999999999999999", PROA_ERR_RANGE, 99, NULL},
        {"0.0000001", PROA_ERR_SYNTAX, 99, NULL},
        {".5", PROA_ERR_SYNTAX, 99, NULL},
        {"1.", PROA_ERR_SYNTAX, 99, NULL},
        {"-0.5", PROA_ERR_SYNTAX, 99, NULL},
        {"1e-3", PROA_ERR_SYNTAX, 99, NULL},
        {"20%", PROA_ERR_SYNTAX, 99, NULL},
        {"", PROA_ERR_SYNTAX, 99, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        uint32_t ppm = 99;
        char text[PROA_QUANTITY_TEXT_MAX];
        enum proa_err err = proa_quantity_ppm(proa_slice_cstr(cases[i].text), &ppm);
        check(&cases[i], err, ppm);
        if (!err) {
            size_t len = proa_quantity_ppm_text(text, ppm);
            assert_string_equal(text, cases[i].back ? cases[i].back : cases[i].text);
            assert_int_equal(len, strlen(text));
        }
    }
}

static void booleans_are_two_words(void **state)
{
    static const char *const others[] = {"yes", "no", "on", "off", "True", "1", "", "truely"};
    bool value = false;
    (void)state;
    assert_int_equal(proa_quantity_bool(PROA_SLICE("true"), &value), PROA_OK);
    assert_true(value);
    assert_int_equal(proa_quantity_bool(PROA_SLICE("false"), &value), PROA_OK);
    assert_false(value);
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        assert_int_equal(proa_quantity_bool(proa_slice_cstr(others[i]), &value), PROA_ERR_SYNTAX);
    }
}

/* What a formatter makes, its parser must read as the same value, at every magnitude. */
static void texts_read_back(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252;
    for (unsigned i = 0; i < 20000; i++) {
        char text[PROA_QUANTITY_TEXT_MAX];
        uint64_t back = 0;
        uint32_t ppm = 0;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        uint64_t value = seed >> (i % 64);
        size_t len = proa_quantity_duration_text(text, value);
        assert_int_equal(proa_quantity_duration(proa_slice_make(text, len), &back), PROA_OK);
        assert_true(back == value);
        len = proa_quantity_bytes_text(text, value);
        assert_int_equal(proa_quantity_bytes(proa_slice_make(text, len), &back), PROA_OK);
        assert_true(back == value);
        len = proa_quantity_ppm_text(text, (uint32_t)value);
        assert_int_equal(proa_quantity_ppm(proa_slice_make(text, len), &ppm), PROA_OK);
        assert_true(ppm == (uint32_t)value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_exact),
        cmocka_unit_test(sizes_know_both_kinds_of_units),
        cmocka_unit_test(fractions_have_six_decimals),
        cmocka_unit_test(booleans_are_two_words),
        cmocka_unit_test(texts_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
