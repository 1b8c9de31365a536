/*
 * Values that fit a schema.
 */
#include "instance_priv.h"

#include "proa_test.h"

static const struct {
    const char *schema;
    const char *value;
} ROWS[] = {
    {"", "{}"},
    {"{}", "\"some text\""},
    {"{\"type\":\"object\"}", "{}"},
    {"{\"type\":\"string\"}", "\"some text\""},
    {"{\"type\":\"STRING\"}", "\"some text\""},
    {"{\"type\":\"integer\"}", "1"},
    {"{\"type\":\"number\",\"minimum\":2.5}", "2.5"},
    {"{\"type\":\"integer\",\"minimum\":0}", "1"},
    {"{\"type\":\"integer\",\"minimum\":7,\"maximum\":9}", "7"},
    {"{\"type\":\"integer\",\"exclusiveMinimum\":7}", "8"},
    {"{\"type\":\"integer\",\"maximum\":0}", "0"},
    {"{\"type\":\"integer\",\"maximum\":-3}", "-3"},
    {"{\"type\":\"boolean\"}", "true"},
    {"{\"type\":\"null\"}", "null"},
    {"{\"type\":[\"null\",\"integer\"]}", "1"},
    {"{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[]"},
    {"{\"type\":\"array\",\"minItems\":2,\"items\":{\"type\":\"integer\"}}", "[1,1]"},
    {"{\"enum\":[\"b\",\"a\"]}", "\"b\""},
    {"{\"const\":{\"a\":[1]}}", "{\"a\":[1]}"},
    {"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"integer\"}]}", "1"},
    {"{\"oneOf\":[{\"const\":3},{\"const\":4}]}", "3"},
    {"{\"allOf\":[{\"type\":\"boolean\"}]}", "true"},
    {"{\"type\":\"string\",\"maxLength\":4}", "\"some\""},
    {"{\"type\":\"string\",\"minLength\":12}", "\"some textxxx\""},
    {"{\"type\":\"string\",\"format\":\"date\"}", "\"2026-01-02\""},
    {"{\"type\":\"string\",\"format\":\"uuid\"}", "\"00000000-0000-4000-8000-000000000000\""},
    {"{\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"properties\":{\"c\":{\"type\":"
     "\"boolean\"}}}}}",
     "{\"a\":1,\"b\":{\"c\":true}}"},
    {"{\"properties\":{\"a\":{},\"a\":{\"type\":\"integer\"}}}", "{\"a\":\"some text\"}"},
    {"{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"integer\"}}}", "1"},
    {"{\"$ref\":\"#/nothing\"}", "\"some text\""},
    {"{\"type\":7}", "\"some text\""},
    {"[]", "\"some text\""},
};

static void test_rows(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        struct proa_arena arena;
        proa_arena_init(&arena, NULL);
        const struct proa_slice value =
            proa_mock_instance(proa_slice_cstr(row->schema), PROA_SLICE("some text"), &arena);
        PROA_TEST_CHECK(proa_slice_eq(value, proa_slice_cstr(row->value)), "%s: %" PROA_SLICE_FMT,
                        row->schema, PROA_SLICE_ARG(value));
        proa_arena_reset(&arena);
    }
}

/* What refers to itself ends: where it may with what is optional left out, else with null. */
static void test_recursion(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"properties\":{\"child\":{\"$ref\":\"#\"},\"n\":{\"type\":\"integer\"}},"
        "\"required\":[\"n\"]}",
        "{\"properties\":{\"child\":{\"$ref\":\"#\"}},\"required\":[\"child\"]}",
        "{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#\"}}",
        "{\"anyOf\":[{\"$ref\":\"#\"}]}",
        "{\"$ref\":\"#\"}",
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        proa_arena_init(&arena, NULL);
        const struct proa_slice value =
            proa_mock_instance(proa_slice_cstr(*row), PROA_SLICE_NONE, &arena);
        assert_true(value.len > 0 && value.len < 4096);
        proa_arena_reset(&arena);
    }
}

/* Cut anywhere and with bytes changed, a schema still gives a value. */
static void test_broken_schemas(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        const size_t len = strlen(ROWS[i].schema);
        for (size_t n = 0; n < len; n++) {
            struct proa_arena arena;
            char *copy = proa_alloc(len);
            proa_arena_init(&arena, NULL);
            memcpy(copy, ROWS[i].schema, len);
            assert_true(
                proa_mock_instance(proa_slice_make(copy, n), PROA_SLICE("\xc3\xa9"), &arena).len >
                0);
            copy[n] = '"';
            assert_true(
                proa_mock_instance(proa_slice_make(copy, len), PROA_SLICE("\xc3\xa9"), &arena).len >
                0);
            proa_arena_reset(&arena);
            proa_free(copy);
        }
    }
}

static void test_text_is_cut_between_characters(void **state)
{
    (void)state;
    for (unsigned most = 0; most < 8; most++) {
        char schema[64];
        struct proa_arena arena;
        (void)snprintf(schema, sizeof schema, "{\"type\":\"string\",\"maxLength\":%u}", most);
        proa_arena_init(&arena, NULL);
        const struct proa_slice value = proa_mock_instance(
            proa_slice_cstr(schema), PROA_SLICE("a\xc3\xa9\xe4\xba\x8c"), &arena);
        assert_true(value.len <= most + 2);
        assert_int_equal(proa_slice_search(value, PROA_SLICE("\xef\xbf\xbd")), value.len);
        proa_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_broken_schemas),
        cmocka_unit_test(test_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
