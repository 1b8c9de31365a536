#include "proa/core/prng.h"
#include "proa/json/scan.h"
#include "proa/json/string.h"

#include "proa_test.h"

struct decode_case {
    const char *token;
    struct proa_slice text;
};

static void test_decodes(void **state)
{
    static const struct decode_case cases[] = {
        {"\"\"", PROA_SLICE_INIT("")},
        {"\"abc\"", PROA_SLICE_INIT("abc")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", PROA_SLICE_INIT("\"\\/\b\f\n\r\t")},
        {"\"a\\u0041b\"", PROA_SLICE_INIT("aAb")},
        {"\"\\u007f\\u0080\"", PROA_SLICE_INIT("\x7F\xC2\x80")},
        {"\"\\u07ff\\u0800\"", PROA_SLICE_INIT("\xDF\xBF\xE0\xA0\x80")},
        {"\"\\uFFFF\"", PROA_SLICE_INIT("\xEF\xBF\xBF")},
        {"\"\\ud83d\\ude00\"", PROA_SLICE_INIT("\xF0\x9F\x98\x80")},
        {"\"\\uDBFF\\uDFFF\"", PROA_SLICE_INIT("\xF4\x8F\xBF\xBF")},
        {"\"\\uD800\\uDC00\"", PROA_SLICE_INIT("\xF0\x90\x80\x80")},
        {"\"\\ud800\"", PROA_SLICE_INIT("\xEF\xBF\xBD")},
        {"\"\\udc00\"", PROA_SLICE_INIT("\xEF\xBF\xBD")},
        {"\"\\ud800x\"", PROA_SLICE_INIT("\xEF\xBF\xBDx")},
        {"\"\\ud800\\n\"", PROA_SLICE_INIT("\xEF\xBF\xBD\n")},
        {"\"\\ud800\\ud800\\udc00\"", PROA_SLICE_INIT("\xEF\xBF\xBD\xF0\x90\x80\x80")},
        {"\"\\udc00\\ud800\"", PROA_SLICE_INIT("\xEF\xBF\xBD\xEF\xBF\xBD")},
        {"\"\\u0000\"", PROA_SLICE_INIT("\0")},
        {"\"\xC3\xA9\\u00e9\"", PROA_SLICE_INIT("\xC3\xA9\xC3\xA9")},
    };
    struct proa_arena arena;
    struct proa_buf b;
    (void)state;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&b, 4096);
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_slice token = proa_slice_cstr(row->token);
        struct proa_slice view = PROA_SLICE_NONE;
        proa_buf_clear(&b);
        (void)proa_buf_append_cstr(&b, "before");
        assert_ok(proa_json_string_decode(token, &b));
        assert_slice_equal(proa_slice_from(proa_buf_slice(&b), 6), row->text);
        assert_ok(proa_json_string_view(token, &arena, &view));
        assert_slice_equal(view, row->text);
        bool in_place = view.ptr == row->token + 1;
        assert_int_equal(in_place, strchr(row->token, '\\') == NULL);
        assert_true(proa_json_string_eq(token, row->text));
    }
    proa_buf_deinit(&b);
    proa_arena_reset(&arena);
}

static void test_refuses_what_is_no_string(void **state)
{
    static const char *const cases[] = {
        "",         "\"",     "a",        "1",         "null",           "\"a",  "a\"",
        "\"a\"b\"", "\"\\\"", "\"\\x\"",  "\"\\u12\"", "\"\\u12g4\"",    "\"\\", "\"a\" ",
        " \"a\"",   "\"\n\"", "\"\xFF\"", "'a'",       "\"\\ud83d\\u\"",
    };
    struct proa_arena arena;
    struct proa_buf b;
    (void)state;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&b, 4096);
    PROA_TEST_ROWS(text, cases)
    {
        struct proa_slice view = PROA_SLICE("kept");
        struct proa_slice token = proa_slice_cstr(*text);
        PROA_TEST_CHECK(proa_json_string_decode(token, &b) == PROA_ERR_SYNTAX, "%s", *text);
        assert_err(proa_json_string_view(token, &arena, &view), PROA_ERR_SYNTAX);
        assert_slice_lit(view, "kept");
        assert_false(proa_json_string_eq(token, token));
        assert_false(proa_json_string_eq(token, PROA_SLICE("")));
    }
    assert_int_equal(b.len, 0);
    proa_buf_deinit(&b);
    proa_arena_reset(&arena);
}

static void test_decode_respects_the_maximum(void **state)
{
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 4);
    assert_ok(proa_json_string_decode(PROA_SLICE("\"abcd\""), &b));
    assert_err(proa_json_string_decode(PROA_SLICE("\"e\""), &b), PROA_ERR_LIMIT);
    assert_err(proa_json_string_decode(PROA_SLICE("\"\\n\""), &b), PROA_ERR_LIMIT);
    assert_slice_lit(proa_buf_slice(&b), "abcd");
    proa_buf_deinit(&b);
}

static void test_compares(void **state)
{
    static const struct {
        const char *token;
        const char *plain;
        bool equal;
    } cases[] = {
        {"\"a\"", "a", true},
        {"\"a\"", "b", false},
        {"\"a\"", "", false},
        {"\"\"", "a", false},
        {"\"a\"", "ab", false},
        {"\"ab\"", "a", false},
        {"\"\\n\"", "\n", true},
        {"\"\\n\"", "\\n", false},
        {"\"\\\\n\"", "\\n", true},
        {"\"\\u0061\"", "a", true},
        {"\"\\u0061\"", "A", false},
        {"\"\\u0061b\"", "a", false},
        {"\"\\u0061\"", "ab", false},
        {"\"A\"", "a", false},
        {"\"\\u00e9\"", "\xC3\xA9", true},
        {"\"\\u00e9\"", "\xC3", false},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        bool equal = proa_json_string_eq(proa_slice_cstr(row->token), proa_slice_cstr(row->plain));
        PROA_TEST_CHECK(equal == row->equal, "%s and %s", row->token, row->plain);
    }
}

static void test_encodes(void **state)
{
    static const struct {
        struct proa_slice text;
        const char *token;
    } cases[] = {
        {PROA_SLICE_INIT(""), "\"\""},
        {PROA_SLICE_INIT("plain"), "\"plain\""},
        {PROA_SLICE_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {PROA_SLICE_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {PROA_SLICE_INIT("\0\x01\x1F\x7F"), "\"\\u0000\\u0001\\u001f\x7F\""},
        {PROA_SLICE_INIT("\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80"),
         "\"\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\""},
        {PROA_SLICE_INIT("a\xFFz"), "\"a\xEF\xBF\xBDz\""},
        {PROA_SLICE_INIT("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {PROA_SLICE_INIT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {PROA_SLICE_INIT("end\xE4\xB8"), "\"end\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {PROA_SLICE_INIT("a text longer than one vector, then \n and on it goes"),
         "\"a text longer than one vector, then \\n and on it goes\""},
    };
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 4096);
    PROA_TEST_ROWS(row, cases)
    {
        proa_buf_clear(&b);
        assert_ok(proa_json_string_encode(&b, row->text));
        assert_slice_str(proa_buf_slice(&b), row->token);
    }
    proa_buf_clear(&b);
    assert_ok(proa_json_string_encode(&b, PROA_SLICE_NONE));
    assert_slice_lit(proa_buf_slice(&b), "\"\"");
    proa_buf_deinit(&b);
    proa_buf_init(&b, 4);
    assert_err(proa_json_string_encode(&b, PROA_SLICE("abc")), PROA_ERR_LIMIT);
    assert_err(proa_json_string_escape(&b, PROA_SLICE_NONE), PROA_ERR_LIMIT);
    proa_buf_deinit(&b);
}

/* A byte that cannot stand for itself is found wherever it is, in a text of any length. */
static void test_encodes_short_texts(void **state)
{
    static const char special[] = {'"', '\\', '\n', 0x1f, '!', '#', '[', ']', 0x7f, ' '};
    struct proa_buf b;
    char text[40];
    (void)state;
    proa_buf_init(&b, 1024);
    for (size_t len = 1; len <= sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            for (size_t k = 0; k < sizeof special; k++) {
                memset(text, 'a', len);
                text[at] = special[k];
                const bool plain = k >= 4;
                const size_t escape = plain ? 1 : special[k] == 0x1f ? 6 : 2;
                proa_buf_clear(&b);
                assert_ok(proa_json_string_encode(&b, proa_slice_make(text, len)));
                assert_int_equal(b.len, len + 1 + escape);
                assert_int_equal(b.ptr[0], '"');
                assert_int_equal(b.ptr[b.len - 1], '"');
                assert_int_equal(b.ptr[1 + at], plain ? special[k] : '\\');
                for (size_t i = 0; i < len; i++) {
                    assert_true(i == at || b.ptr[1 + i + (i > at ? escape - 1 : 0)] == 'a');
                }
            }
        }
    }
    proa_buf_deinit(&b);
}

/* Any bytes encode to a valid token; what was UTF-8 comes back as it was. */
static void test_round_trip(void **state)
{
    static const struct proa_json_scan_cfg cfg = {NULL, 0, 0};
    struct proa_prng prng;
    struct proa_buf token;
    struct proa_buf back;
    (void)state;
    proa_prng_seed(&prng, 5);
    proa_buf_init(&token, 4096);
    proa_buf_init(&back, 4096);
    for (unsigned round = 0; round < 20000; round++) {
        struct proa_json_info info;
        char text[48];
        size_t len = (size_t)proa_prng_below(&prng, sizeof text + 1);
        bool ascii = round % 2;
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)proa_prng_below(&prng, ascii ? 128 : 256);
        }
        proa_buf_clear(&token);
        proa_buf_clear(&back);
        assert_ok(proa_json_string_encode(&token, proa_slice_make(text, len)));
        assert_ok(proa_json_scan(proa_buf_slice(&token), &cfg, NULL, &info));
        assert_ok(proa_json_string_decode(proa_buf_slice(&token), &back));
        if (ascii) {
            assert_slice_equal(proa_buf_slice(&back), proa_slice_make(text, len));
        }
    }
    proa_buf_deinit(&token);
    proa_buf_deinit(&back);
}

static void test_integers(void **state)
{
    static const struct {
        const char *token;
        enum proa_err err_u;
        uint64_t u;
        enum proa_err err_i;
        int64_t i;
    } cases[] = {
        {"0", PROA_OK, 0, PROA_OK, 0},
        {"-0", PROA_OK, 0, PROA_OK, 0},
        {"7", PROA_OK, 7, PROA_OK, 7},
        {"-7", PROA_ERR_RANGE, 0, PROA_OK, -7},
        {"9223372036854775807", PROA_OK, INT64_MAX, PROA_OK, INT64_MAX},
        {"9223372036854775808", PROA_OK, (uint64_t)INT64_MAX + 1, PROA_ERR_RANGE, 0},
        {"-9223372036854775808", PROA_ERR_RANGE, 0, PROA_OK, INT64_MIN},
        {"-9223372036854775809", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"18446744073709551615", PROA_OK, UINT64_MAX, PROA_ERR_RANGE, 0},
        {"18446744073709551616", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"99999999999999999999999", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"1.0", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"1e3", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"-", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"--1", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"+1", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"01", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"-00", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {" 1", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"1 ", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"\"1\"", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
        {"true", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        uint64_t u = 42;
        int64_t i = 42;
        struct proa_slice token = proa_slice_cstr(row->token);
        enum proa_err err_u = proa_json_number_u64(token, &u);
        enum proa_err err_i = proa_json_number_i64(token, &i);
        PROA_TEST_CHECK(err_u == row->err_u && err_i == row->err_i, "%s: %s, %s", row->token,
                        proa_err_name(err_u), proa_err_name(err_i));
        assert_true(u == (err_u ? 42 : row->u));
        assert_true(i == (err_i ? 42 : row->i));
    }
}

static void test_normal_and_lossy(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        bool normal;
        bool lossy;
    } rows[] = {
        {"\"a\"", true, false},
        {"\"\"", true, false},
        {"\"\\n\\r\\t\\b\\f\\\"\\\\\"", true, false},
        {"\"\\u0001\\u000b\\u001f\\u0000\"", true, false},
        {"\"\\u001F\"", false, false},
        {"\"\\u000a\"", false, false}, /* has a short form */
        {"\"\\u0020\"", false, false}, /* needs no escape */
        {"\"\\u0022\"", false, false},
        {"\"\\/\"", false, false},
        {"\"\\n\\u0041\"", false, false},
        {"\"\\u00e9\"", false, false},
        {"\"\\ud83d\\ude00\"", false, false},
        {"\"\\ud83d\"", false, true},
        {"\"x\\uDE00y\"", false, true},
        {"\"\\ud83d\\ud83d\\ude00\"", false, true},
        {"\"\\ufffd\"", false, false}, /* meant, not made */
    };
    struct proa_buf plain;
    struct proa_buf again;
    proa_buf_init(&plain, 256);
    proa_buf_init(&again, 256);
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_slice token = proa_slice_cstr(row->token);
        PROA_TEST_CHECK(proa_json_string_is_normal(token) == row->normal, "%s", row->token);
        PROA_TEST_CHECK(proa_json_string_is_lossy(token) == row->lossy, "%s", row->token);
        proa_buf_clear(&plain);
        proa_buf_clear(&again);
        assert_ok(proa_json_string_decode(token, &plain));
        assert_ok(proa_json_string_encode(&again, proa_buf_slice(&plain)));
        PROA_TEST_CHECK(proa_slice_eq(token, proa_buf_slice(&again)) == row->normal, "%s",
                        row->token);
    }
    assert_false(proa_json_string_is_lossy(PROA_SLICE("\\ud800")));
    assert_false(proa_json_string_is_normal(PROA_SLICE("\"\\")));
    assert_false(proa_json_string_is_normal(PROA_SLICE("\"\\u001")));
    proa_buf_deinit(&plain);
    proa_buf_deinit(&again);
}

static void zeros(void **state)
{
    (void)state;
    static const char *const zero[] = {"0", "-0", "0.0", "-0.00", "0e5", "0E-9", "0.0e1"};
    static const char *const other[] = {"", "1", "-1", "0.1", "10", "1e0", "0.05", "5e-324"};
    PROA_TEST_ROWS(row, zero)
    {
        PROA_TEST_CHECK(proa_json_number_is_zero(proa_slice_cstr(*row)), "%s", *row);
    }
    PROA_TEST_ROWS(row, other)
    {
        PROA_TEST_CHECK(!proa_json_number_is_zero(proa_slice_cstr(*row)), "%s", *row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes),
        cmocka_unit_test(test_refuses_what_is_no_string),
        cmocka_unit_test(test_decode_respects_the_maximum),
        cmocka_unit_test(test_compares),
        cmocka_unit_test(test_encodes),
        cmocka_unit_test(test_encodes_short_texts),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_normal_and_lossy),
        cmocka_unit_test(zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
