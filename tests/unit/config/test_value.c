#include "value_priv.h"

#include "proa_test.h"
#include "sample.h"

static void words_are_told_apart(void **state)
{
    static const struct {
        enum proa_value_word word;
        const char *texts[24];
    } rows[] = {
        {PROA_VALUE_WORD_NULL, {"", "~", "null", "Null", "NULL"}},
        {PROA_VALUE_WORD_BOOL, {"true", "True", "TRUE", "false", "False", "FALSE"}},
        {PROA_VALUE_WORD_YES_NO,
         {"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y",
          "n", "N"}},
        {PROA_VALUE_WORD_NUMBER,
         {"0",    "1",      "10",   "-1",   "+1",   "1.5",  ".5",    "5.",   "-.5", "1e5",
          "1E+5", "1.5e-3", "0x1f", "0xFF", "0o17", ".inf", "-.inf", ".NaN", "0.5", "00.5"}},
        {PROA_VALUE_WORD_ZEROS, {"00", "007", "0440", "08"}},
        {PROA_VALUE_WORD_TEXT,
         {"a",  "yess", "nope", "x1", "1x",  "1.2.3", "e5",        "1e", "1e+",   "-",   "+",  ".",
          "..", "0x",   "0xg",  "0o", "nul", "truee", "127.0.0.1", "5s", "1_000", "--1", "1-1"}},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        for (size_t k = 0; k < PROA_ARRAY_LEN(rows[i].texts) && rows[i].texts[k]; k++) {
            enum proa_value_word word = proa_value_word(proa_slice_cstr(rows[i].texts[k]));
            PROA_TEST_CHECK(word == rows[i].word, "%s is %d", rows[i].texts[k], (int)word);
        }
    }
}

/* All numeric types, stored, loaded and written back through one struct. */
struct numbers {
    bool truth;
    uint32_t u32;
    uint64_t u64;
    uint32_t ppm;
    uint64_t duration;
    uint64_t bytes;
    uint32_t word;
};

static const char *const words[] = {"one", "two", NULL};

static const struct proa_option number_rows[] = {
    {.name = "a", .type = PROA_OPTION_BOOL, .offset = offsetof(struct numbers, truth)},
    {.name = "b", .type = PROA_OPTION_U32, .offset = offsetof(struct numbers, u32)},
    {.name = "c", .type = PROA_OPTION_U64, .offset = offsetof(struct numbers, u64)},
    {.name = "d", .type = PROA_OPTION_PPM, .offset = offsetof(struct numbers, ppm)},
    {.name = "e", .type = PROA_OPTION_DURATION, .offset = offsetof(struct numbers, duration)},
    {.name = "f", .type = PROA_OPTION_BYTES, .offset = offsetof(struct numbers, bytes)},
    {.name = "g",
     .type = PROA_OPTION_ENUM,
     .offset = offsetof(struct numbers, word),
     .names = words},
    {.name = NULL}};

static void values_go_in_and_out(void **state)
{
    static const char *const texts[][3] = {
        {"true", "false", "true"},
        {"0", "1", "4294967295"},
        {"0", "1", "18446744073709551615"},
        {"0", "0.000001", "4294.967295"},
        {"0", "1ns", "1h"},
        {"0", "1", "1KiB"},
        {"one", "two", "one"},
    };
    (void)state;
    for (size_t i = 0; number_rows[i].name; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct numbers n;
            struct numbers untouched;
            char space[PROA_QUANTITY_TEXT_MAX];
            uint64_t value = 0;
            memset(&n, 0, sizeof(n));
            untouched = n;
            assert_ok(proa_value_parse(&number_rows[i], proa_slice_cstr(texts[i][k]), &value));
            proa_value_store(&number_rows[i], &n, value);
            assert_true(proa_value_load(&number_rows[i], &n) == value);
            assert_slice_str(proa_value_text(&number_rows[i], value, space), texts[i][k]);
            proa_value_store(&number_rows[i], &n, 0); /* and wrote nowhere else */
            assert_memory_equal(&n, &untouched, sizeof(n));
        }
    }
}

static void failures_leave_the_value(void **state)
{
    (void)state;
    for (size_t i = 0; number_rows[i].name; i++) {
        uint64_t value = 77;
        assert_err(proa_value_parse(&number_rows[i], PROA_SLICE("?"), &value), PROA_ERR_SYNTAX);
        assert_err(proa_value_parse(&number_rows[i], PROA_SLICE(""), &value), PROA_ERR_SYNTAX);
        assert_int_equal(value, 77);
    }
}

static void bounds_tell_the_value(void **state)
{
    static const struct proa_option row = {
        .name = "x", .type = PROA_OPTION_U32, .min = 5, .max = 10};
    static const struct {
        const char *text;
        enum proa_err err;
        uint64_t value;
    } cases[] = {
        {"4", PROA_ERR_RANGE, 4},
        {"5", PROA_OK, 5},
        {"10", PROA_OK, 10},
        {"11", PROA_ERR_RANGE, 11},
        {"99999999999999999999", PROA_ERR_RANGE, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        uint64_t value = 0;
        assert_err(proa_value_parse(&row, proa_slice_cstr(cases[i].text), &value), cases[i].err);
        assert_true(value == cases[i].value);
    }
}

static void an_unknown_enum_value_has_a_text(void **state)
{
    char space[PROA_QUANTITY_TEXT_MAX];
    (void)state;
    assert_slice_lit(proa_value_text(&number_rows[6], 2, space), "?");
}

static void every_type_has_a_name(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= PROA_OPTION_MAP; type++) {
        const char *name = proa_value_type_name((enum proa_option_type)type);
        assert_true(name[0] && strcmp(name, "value") != 0);
    }
}

static void lists_of_strings_in_defaults(void **state)
{
    static const struct {
        const char *preset;
        const char *items[4];
    } cases[] = {
        {"", {NULL}},
        {"[]", {NULL}},
        {"[ ]", {NULL}},
        {"a", {"a", NULL}},
        {"a, b", {"a", "b", NULL}},
        {"[a]", {"a", NULL}},
        {" [ a ,b , c ] ", {"a", "b", "c", NULL}},
        {"[a, [b]]", {"a", "b", NULL}}, /* nested brackets mean nothing */
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        struct proa_slice rest = proa_slice_cstr(cases[i].preset);
        struct proa_slice item;
        size_t n = 0;
        while (n < 3 && proa_value_next_string(&rest, &item)) {
            assert_non_null(cases[i].items[n]);
            assert_slice_str(item, cases[i].items[n]);
            n++;
        }
        assert_null(cases[i].items[n]);
    }
}

static void rows_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(proa_value_row(&sample_table, PROA_SLICE("mode")), &sample_rows[2]);
    assert_null(proa_value_row(&sample_table, PROA_SLICE("mod")));
    assert_null(proa_value_row(&sample_table, PROA_SLICE("modes")));
    assert_null(proa_value_row(&sample_table, PROA_SLICE("")));
}

static void members_and_shorthands(void **state)
{
    static const struct proa_doc_node text = {.plain = true, .text = PROA_SLICE_INIT("5")};
    static const struct proa_doc_node null = {.plain = true, .text = PROA_SLICE_INIT("null")};
    static const struct proa_doc_node word = {
        .origin = PROA_DOC_ENV, .plain = true, .text = PROA_SLICE_INIT("null")};
    static const struct proa_doc_entry entries[] = {
        {.key = PROA_SLICE_INIT("max_attempts"), .value = &text},
        {.key = PROA_SLICE_INIT("backoff"), .value = &null},
    };
    static const struct proa_doc_node map = {.kind = PROA_DOC_MAP, .n = 2, .entries = entries};
    const struct proa_option *attempts = &sample_retry_rows[0];
    const struct proa_option *backoff = &sample_retry_rows[1];
    (void)state;
    assert_ptr_equal(proa_value_member(&sample_retry_table, &map, attempts), &text);
    assert_ptr_equal(proa_value_member(&sample_retry_table, &map, backoff), &null);
    assert_null(proa_value_member(&sample_retry_table, &map, &sample_retry_rows[2]));
    assert_ptr_equal(proa_value_member(&sample_retry_table, &text, attempts), &text);
    assert_null(proa_value_member(&sample_retry_table, &text, backoff));
    assert_null(proa_value_member(&sample_retry_table, &null, attempts));
    assert_ptr_equal(proa_value_member(&sample_retry_table, &word, attempts), &word);
    assert_null(proa_value_member(&sample_retry_table, NULL, attempts));
    assert_null(proa_value_member(&sample_listen_table, &text, &sample_listen_rows[0]));

    assert_true(proa_value_is_absent(&sample_rows[1], &null));  /* listen: an object */
    assert_false(proa_value_is_absent(&sample_rows[2], &null)); /* mode: a scalar */
    assert_false(proa_value_is_absent(&sample_rows[1], &word));
}

static void characters_are_decoded(void **state)
{
    static const struct {
        struct proa_slice bytes;
        size_t n;
        uint32_t code;
    } cases[] = {
        {PROA_SLICE_INIT("a"), 1, 'a'},
        {PROA_SLICE_INIT("\0"), 1, 0},
        {PROA_SLICE_INIT("\xC2\x80"), 2, 0x80},
        {PROA_SLICE_INIT("\xDF\xBF!"), 2, 0x7FF},
        {PROA_SLICE_INIT("\xE0\xA0\x80"), 3, 0x800},
        {PROA_SLICE_INIT("\xE2\x80\xA8"), 3, 0x2028},
        {PROA_SLICE_INIT("\xEF\xBF\xBF"), 3, 0xFFFF},
        {PROA_SLICE_INIT("\xF0\x9F\x98\x80"), 4, 0x1F600},
        {PROA_SLICE_INIT("\xF4\x8F\xBF\xBF"), 4, 0x10FFFF},
        {PROA_SLICE_INIT("\xBF"), 0, 99},
        {PROA_SLICE_INIT("\xC0\x80"), 0, 99},
        {PROA_SLICE_INIT("\xE0\x80\x80"), 0, 99},
        {PROA_SLICE_INIT("\xED\xBF\xBF"), 0, 99},
        {PROA_SLICE_INIT("\xF0\x80\x80\x80"), 0, 99},
        {PROA_SLICE_INIT("\xF4\x90\x80\x80"), 0, 99},
        {PROA_SLICE_INIT("\xFF"), 0, 99},
        {PROA_SLICE_INIT("\xF0\x9F\x98"), 0, 99},
        {PROA_SLICE_INIT("\xE2\x80z"), 0, 99},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        uint32_t code = 99;
        size_t n = proa_value_char(cases[i].bytes, &code);
        PROA_TEST_CHECK(n == cases[i].n && code == cases[i].code, "row %zu: %zu, %x", i, n, code);
    }
}

static void shown_text_is_short_and_clean(void **state)
{
    char out[PROA_VALUE_SHOW_MAX];
    char many[200];
    (void)state;
    assert_string_equal(proa_value_show(out, PROA_SLICE("")), "");
    assert_string_equal(proa_value_show(out, PROA_SLICE_NONE), "");
    assert_string_equal(proa_value_show(out, PROA_SLICE("a\n\x1b[0m\x7f\0z")), "a??[0m??z");
    /* never cut inside of a character, wherever it lies */
    for (size_t lead = 0; lead < 70; lead++) {
        uint32_t code = 0;
        memset(many, 'x', lead);
        for (size_t i = lead; i + 4 <= sizeof(many); i += 4) {
            memcpy(many + i, "\xF0\x9F\x98\x80", 4);
        }
        struct proa_slice rest =
            proa_slice_cstr(proa_value_show(out, proa_slice_make(many, sizeof(many))));
        assert_in_range(rest.len, 61, 67);
        while (rest.len > 0) {
            size_t n = proa_value_char(rest, &code);
            assert_true(n > 0);
            rest = proa_slice_from(rest, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_told_apart),
        cmocka_unit_test(values_go_in_and_out),
        cmocka_unit_test(failures_leave_the_value),
        cmocka_unit_test(bounds_tell_the_value),
        cmocka_unit_test(an_unknown_enum_value_has_a_text),
        cmocka_unit_test(every_type_has_a_name),
        cmocka_unit_test(lists_of_strings_in_defaults),
        cmocka_unit_test(rows_are_found_by_name),
        cmocka_unit_test(members_and_shorthands),
        cmocka_unit_test(characters_are_decoded),
        cmocka_unit_test(shown_text_is_short_and_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
