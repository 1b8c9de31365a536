#include "proa/json/lex.h"

#include "proa_test.h"

/* How far it gets; SIZE_MAX where it refuses. */
static size_t reach(const struct proa_json_lex *lex, const unsigned char *p)
{
    return p ? (size_t)(p - lex->begin) : SIZE_MAX;
}

static struct proa_json_lex lex_of(const char *text)
{
    struct proa_json_lex lex;
    proa_json_lex_init(&lex, proa_slice_cstr(text), 3);
    return lex;
}

static void test_white_space(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t end;
    } rows[] = {{"", 0},         {"a", 0},          {" ", 1},           {" a", 1},
                {"  a", 2},      {"\t\r\n a", 4},   {"\n        a", 9}, {"\n                 ", 18},
                {"\x0b", 0},     {" \x01", 1},      {"         a", 9},  {"        \t        a", 17},
                {"\xC2\xA0", 0}, {" \xC2\xA0 a", 1}};
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_json_lex lex = lex_of(row->text);
        PROA_TEST_CHECK(reach(&lex, proa_json_lex_ws(lex.begin, lex.end)) == row->end, "'%s'",
                        row->text);
    }
}

/* To the first byte that is not plain, wherever it is and however much is behind it. */
static void test_plain_text(void **state)
{
    (void)state;
    static const unsigned char stops[] = {'"', '\\', 0, 0x1F, '\n', 0x80, 0xC3, 0xFF};
    unsigned char text[200];
    for (size_t len = 0; len < sizeof text; len += 3) {
        for (size_t at = 0; at <= len; at++) {
            memset(text, at % 2 == 0 ? ' ' : 0x7F, sizeof text);
            text[at] = stops[(len + at) % sizeof stops];
            assert_int_equal(proa_json_lex_plain(text, text, text + len) - text, at);
        }
    }
}

static void test_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t end;
        enum proa_err err;
        bool escaped;
        bool odd;
    } rows[] = {
        {"\"\",", 2, PROA_OK, false, false},
        {"\"abc\"x", 5, PROA_OK, false, false},
        {"\"a\\nb\"", 6, PROA_OK, true, false},
        {"\"a\\\"b\\\\\"", 8, PROA_OK, true, false},
        {"\"\\/\"", 4, PROA_OK, true, true},
        {"\"\\u0041\"", 8, PROA_OK, true, true},
        {"\"\xC3\xA9\"", 4, PROA_OK, false, false},
        {"\"\\x\"", SIZE_MAX, PROA_ERR_SYNTAX, true, false},
        {"\"\\u00g1\"", SIZE_MAX, PROA_ERR_SYNTAX, true, true},
        {"\"\n\"", SIZE_MAX, PROA_ERR_SYNTAX, false, false},
        {"\"\xC3\"", SIZE_MAX, PROA_ERR_UTF8, false, false},
        {"\"abc", SIZE_MAX, PROA_ERR_TRUNCATED, false, false},
        {"-0.5e+7,", 7, PROA_OK, false, false},
        {"12]", 2, PROA_OK, false, false},
        {"01", SIZE_MAX, PROA_ERR_SYNTAX, false, false},
        {"-", SIZE_MAX, PROA_ERR_TRUNCATED, false, false},
        {"true}", 4, PROA_OK, false, false},
        {"falsy", SIZE_MAX, PROA_ERR_SYNTAX, false, false},
        {"nul", SIZE_MAX, PROA_ERR_TRUNCATED, false, false},
        {"", SIZE_MAX, PROA_ERR_TRUNCATED, false, false},
        {"}", SIZE_MAX, PROA_ERR_SYNTAX, false, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_json_lex lex = lex_of(row->text);
        const size_t end = reach(&lex, proa_json_lex_scalar(&lex, lex.begin));
        PROA_TEST_CHECK(end == row->end && lex.err == row->err && lex.escaped == row->escaped &&
                            lex.odd == row->odd,
                        "%s: %zu, %s", row->text, end, proa_err_name(lex.err));
        assert_true((lex.reason != NULL) == (row->err != PROA_OK));
    }
}

/* One over 64 bytes, which goes another way. */
static void test_long_strings_tell_of_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *escape;
        bool odd;
    } rows[] = {{"\\n", false}, {"\\\"", false}, {"\\/", true}, {"\\u000a", true}};
    PROA_TEST_ROWS(row, rows)
    {
        for (size_t before = 0; before < 150; before++) {
            char text[400];
            (void)snprintf(text, sizeof text, "\"%*s%s%150s\"", (int)before, "", row->escape, "");
            struct proa_json_lex lex = lex_of(text);
            assert_int_equal(reach(&lex, proa_json_lex_scalar(&lex, lex.begin)), strlen(text));
            assert_true(lex.escaped);
            assert_true(lex.odd == row->odd);
        }
    }
}

static void test_keys_and_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t key_end;
        size_t value;
    } keys[] = {
        {"\"a\":1", 3, 4},        {"\"a\" : 1", 3, 6},  {"\"\"\n:\n\n1", 2, 6},
        {"\"a\" 1", 0, SIZE_MAX}, {"a:1", 0, SIZE_MAX}, {"\"a", 0, SIZE_MAX},
    };
    PROA_TEST_ROWS(row, keys)
    {
        struct proa_json_lex lex = lex_of(row->text);
        const unsigned char *key_end = NULL;
        const size_t value = reach(&lex, proa_json_lex_key(&lex, lex.begin, &key_end));
        PROA_TEST_CHECK(value == row->value, "%s: %zu", row->text, value);
        assert_true(value == SIZE_MAX || reach(&lex, key_end) == row->key_end);
    }
    static const struct {
        const char *text;
        size_t end;
        enum proa_err err;
    } values[] = {
        {"[1, {\"a\": []}] ,", 14, PROA_OK},
        {"{\"a\":1}}", 7, PROA_OK},
        {"[[[]]]", 6, PROA_OK},
        {"[[[[]]]]", SIZE_MAX, PROA_ERR_DEPTH},
        {"[1,]", SIZE_MAX, PROA_ERR_SYNTAX},
        {"{\"a\":1]", SIZE_MAX, PROA_ERR_SYNTAX},
        {"[1", SIZE_MAX, PROA_ERR_TRUNCATED},
    };
    PROA_TEST_ROWS(row, values)
    {
        struct proa_json_lex lex = lex_of(row->text);
        const size_t end = reach(&lex, proa_json_lex_value(&lex, lex.begin));
        PROA_TEST_CHECK(end == row->end && lex.err == row->err, "%s: %zu, %s", row->text, end,
                        proa_err_name(lex.err));
    }
}

static void test_utf8_sequences(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {{"a", 1},
                {"\xC2\x80", 2},
                {"\xC1\xBF", 0},
                {"\xE0\xA0\x80", 3},
                {"\xE0\x9F\xBF", 0},
                {"\xED\x9F\xBF", 3},
                {"\xED\xA0\x80", 0},
                {"\xF0\x90\x80\x80", 4},
                {"\xF0\x8F\xBF\xBF", 0},
                {"\xF4\x8F\xBF\xBF", 4},
                {"\xF4\x90\x80\x80", 0},
                {"\x80", 0},
                {"\xE2\x82", 0}};
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_json_lex lex = lex_of(row->text);
        assert_int_equal(proa_json_lex_utf8(lex.begin, lex.end), row->len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_white_space),     cmocka_unit_test(test_plain_text),
        cmocka_unit_test(test_scalars),         cmocka_unit_test(test_long_strings_tell_of_escapes),
        cmocka_unit_test(test_keys_and_values), cmocka_unit_test(test_utf8_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
