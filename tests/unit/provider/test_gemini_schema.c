/* JSON Schema, told in the subset that older models take. */
#include "gemini_fixture.h"

static enum proa_err convert(const char *schema, struct proa_buf *out, const char **reason)
{
    struct proa_arena arena;
    struct proa_json_writer w;
    proa_arena_init(&arena, NULL);
    proa_json_writer_init(&w, out);
    const enum proa_err err = proa_gemini_schema(&w, proa_slice_cstr(schema), &arena, reason);
    assert_true(err != PROA_OK || proa_json_writer_ok(&w));
    proa_arena_reset(&arena);
    return err;
}

#define OBJECT(members) "{\"type\":\"object\",\"properties\":{" members "}}"

static void test_conversions(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        const char *written;
    } rows[] = {
        {"{\"type\":\"string\"}", "{\"type\":\"string\"}"},
        {"{}", "{\"type\":\"string\"}"},
        {"true", "{\"type\":\"string\"}"},
        /* What both languages have; what only one has. */
        {"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"x\","
         "\"type\":\"integer\",\"title\":\"T\",\"description\":\"D\",\"minimum\":1,\"maximum\":9,"
         "\"exclusiveMinimum\":0,\"multipleOf\":2,\"default\":3,\"examples\":[4]}",
         "{\"type\":\"integer\",\"description\":\"D\",\"title\":\"T\",\"minimum\":1,\"maximum\":"
         "9}"},
        {"{\"type\":\"string\",\"minLength\":1,\"maxLength\":2,\"pattern\":\"a+\"}",
         "{\"type\":\"string\",\"minLength\":1,\"maxLength\":2,\"pattern\":\"a+\"}"},
        {"{\"type\":\"string\",\"format\":\"date-time\"}",
         "{\"type\":\"string\",\"format\":\"date-time\"}"},
        {"{\"type\":\"string\",\"format\":\"email\"}", "{\"type\":\"string\"}"},
        {"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":"
         "\"number\"}},\"required\":[\"a\"]}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}},\"required\":[\"a\"]}"},
        /* A name that is required but nowhere described is an error there. */
        {"{\"type\":\"object\",\"properties\":{\"a\":{},\"\\u00e9\\\"\":{}},\"required\":"
         "[\"b\",\"\\u00e9\\\"\",3]}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"\u00e9\\\"\":{"
         "\"type\":"
         "\"string\"}},\"required\":[\"\\u00e9\\\"\"]}"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"b\"]}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}"},
        {"{\"type\":\"object\",\"properties\":{}}", "{\"type\":\"object\"}"},
        /* The type that is meant. */
        {"{\"properties\":{\"a\":{\"enum\":[\"x\"]}}}",
         OBJECT("\"a\":{\"type\":\"string\",\"enum\":[\"x\"]}")},
        {"{\"items\":{\"type\":\"number\"}}",
         "{\"type\":\"array\",\"items\":{\"type\":\"number\"}}"},
        /* null */
        {"{\"type\":[\"string\",\"null\"]}", "{\"type\":\"string\",\"nullable\":true}"},
        {"{\"type\":[\"null\"]}", "{\"type\":\"string\",\"nullable\":true}"},
        {"{\"type\":\"null\"}", "{\"type\":\"string\",\"nullable\":true}"},
        {"{\"type\":\"string\",\"nullable\":true}", "{\"type\":\"string\",\"nullable\":true}"},
        {"{\"type\":[\"string\",\"integer\",\"null\"],\"description\":\"D\"}",
         "{\"anyOf\":[{\"type\":\"string\",\"description\":\"D\",\"nullable\":true},"
         "{\"type\":\"integer\",\"description\":\"D\",\"nullable\":true}]}"},
        /* one word, one of some words; numbers have no enum there */
        {"{\"const\":\"x\"}", "{\"type\":\"string\",\"enum\":[\"x\"]}"},
        {"{\"type\":\"integer\",\"const\":4}", "{\"type\":\"integer\"}"},
        {"{\"enum\":[\"a\",\"b\",null]}",
         "{\"type\":\"string\",\"enum\":[\"a\",\"b\"],\"nullable\":true}"},
        {"{\"type\":\"integer\",\"enum\":[1,2]}", "{\"type\":\"integer\"}"},
        {"{\"enum\":[\"a\",1]}", "{\"type\":\"string\"}"},
        {"{\"enum\":[]}", "{\"type\":\"string\"}"},
        /* arrays */
        {"{\"type\":\"array\"}", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"},
        {"{\"type\":\"array\",\"items\":true,\"minItems\":1,\"maxItems\":3,\"uniqueItems\":true}",
         "{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"items\":{\"type\":\"string\"}}"},
        /* choices */
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"description\":\"D\","
         "\"default\":null}",
         "{\"type\":\"string\",\"description\":\"D\",\"nullable\":true}"},
        {"{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"},{\"type\":\"null\"}]}",
         "{\"anyOf\":[{\"type\":\"string\",\"nullable\":true},"
         "{\"type\":\"integer\",\"nullable\":true}]}"},
        {"{\"anyOf\":[],\"type\":\"number\"}", "{\"type\":\"number\"}"},
        {"{\"allOf\":[{\"type\":\"string\",\"description\":\"in\"}],\"description\":\"out\"}",
         "{\"type\":\"string\",\"description\":\"out\"}"},
        /* references */
        {"{\"$defs\":{\"a/b~c\":{\"type\":\"integer\"}},\"type\":\"object\",\"properties\":{"
         "\"x\":{\"$ref\":\"#/$defs/a~1b~0c\",\"description\":\"D\"}}}",
         OBJECT("\"x\":{\"type\":\"integer\",\"description\":\"D\"}")},
        {"{\"definitions\":{\"A\":{\"$ref\":\"#/definitions/B\"},\"B\":{\"type\":\"boolean\"}},"
         "\"properties\":{\"x\":{\"$ref\":\"#/definitions/A\"},\"y\":{\"$ref\":"
         "\"#/definitions/B\"}}}",
         OBJECT("\"x\":{\"type\":\"boolean\"},\"y\":{\"type\":\"boolean\"}")},
        {"{\"$ref\":\"#/$defs/A\",\"$defs\":{\"A\":{\"type\":\"object\",\"properties\":{\"a\":{}}}"
         "}}",
         OBJECT("\"a\":{\"type\":\"string\"}")},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        const char *reason = NULL;
        proa_buf_init(&out, 1 << 16);
        assert_ok(convert(row->schema, &out, &reason));
        assert_slice_str(proa_buf_slice(&out), row->written);
        proa_buf_deinit(&out);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"$ref\":\"#\"}",
        "{\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
        "{\"$defs\":{\"A\":{\"$ref\":\"#/$defs/B\"},\"B\":{\"$ref\":\"#/$defs/A\"}},"
        "\"$ref\":\"#/$defs/A\"}",
        "{\"$ref\":\"#/$defs/A\"}",
        "{\"$ref\":\"https://x.example/schema\"}",
        "{\"$ref\":\"#anchor\"}",
        "{\"$ref\":\"\"}",
        "{\"$defs\":{\"A\":3},\"$ref\":\"#/$defs/A\"}",
        "{\"allOf\":[{\"type\":\"string\"},{\"minLength\":1}]}",
        "{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{"
        "\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{"
        "\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{}}}}}}}}}}}}}}}}}}}}}}}",
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        const char *reason = NULL;
        proa_buf_init(&out, 1 << 16);
        assert_int_equal(convert(*row, &out, &reason), PROA_ERR_UNSUPPORTED);
        assert_non_null(reason);
        proa_buf_deinit(&out);
    }
}

/* Each level names the next twice: 2^17 schemas of a few lines. */
static void test_it_does_not_grow_without_end(void **state)
{
    (void)state;
    struct proa_buf schema;
    struct proa_buf out;
    const char *reason = NULL;
    proa_buf_init(&schema, 1 << 16);
    proa_buf_init(&out, 64 << 20);
    (void)proa_buf_append_cstr(&schema, "{\"$defs\":{");
    for (unsigned i = 0; i < 9; i++) {
        (void)proa_buf_append_printf(&schema,
                                     "\"D%u\":{\"anyOf\":[{\"$ref\":\"#/$defs/D%u\"},{\"$ref\":"
                                     "\"#/$defs/D%u\"},{\"$ref\":\"#/$defs/D%u\"},{\"$ref\":"
                                     "\"#/$defs/D%u\"}]},",
                                     i, i + 1, i + 1, i + 1, i + 1);
    }
    (void)proa_buf_append_cstr(&schema, "\"D9\":{}},\"$ref\":\"#/$defs/D0\"}");
    (void)proa_buf_append(&schema, proa_slice_make("", 1));
    assert_int_equal(convert(schema.ptr, &out, &reason), PROA_ERR_UNSUPPORTED);
    assert_true(out.len < 1 << 20);
    proa_buf_deinit(&schema);
    proa_buf_deinit(&out);
}

static void test_what_is_empty(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        bool empty;
    } rows[] = {
        {"", true},
        {"{}", true},
        {"null", true},
        {"{\"type\":\"object\"}", true},
        {" {\"type\" : \"object\", \"properties\" : { } } ", true},
        {"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}", true},
        {"{\"type\":\"object\",\"additionalProperties\":true}", false},
        {"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", false},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}}}", false},
        {"{\"type\":\"object\",\"anyOf\":[]}", false},
        {"{\"type\":\"string\"}", false},
        {"{\"$ref\":\"#/$defs/A\"}", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_gemini_schema_is_empty(proa_slice_cstr(row->schema)), row->empty);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_it_does_not_grow_without_end),
        cmocka_unit_test(test_what_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
