#include "proa/config/doc.h"
#include "proa/config/quantity.h"
#include "proa/config/schema.h"
#include "proa/core/buf.h"

#include <regex.h>

#include "proa_test.h"
#include "sample.h"

/* The schema is JSON and JSON is YAML, so our own reader walks it. */
struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    struct proa_buf out;
    const struct proa_doc_node *root;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    proa_arena_init(&f->arena, NULL);
    proa_buf_init(&f->out, 1 << 20);
    assert_ok(proa_schema_write(&sample_table, "https://example.org/s.json", "Sample", &f->out));
    if (proa_doc_parse(proa_buf_slice(&f->out), "schema", &f->arena, &f->root, &f->diags)) {
        print_error("%u:%u %s\n", f->diags.items[0].line, f->diags.items[0].col,
                    f->diags.items[0].message);
        return -1;
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_arena_reset(&f->arena);
    proa_buf_deinit(&f->out);
    proa_free(f);
    return 0;
}

/* The node at "a/b/0/c"; NULL when absent. */
static const struct proa_doc_node *at(const struct proa_doc_node *node, const char *path)
{
    struct proa_slice rest = proa_slice_cstr(path);
    while (node && rest.len > 0) {
        uint64_t index = 0;
        struct proa_slice step = proa_slice_split(rest, '/', &rest);
        if (node->kind == PROA_DOC_LIST) {
            bool ok = proa_slice_to_u64(step, &index) == PROA_OK && index < node->n;
            node = ok ? node->items[index] : NULL;
        } else {
            node = proa_doc_get(node, step);
        }
    }
    return node;
}

static void expect_text(struct fixture *f, const char *path, const char *text)
{
    const struct proa_doc_node *node = at(f->root, path);
    if (!node || node->kind != PROA_DOC_SCALAR) {
        fail_msg("nothing at %s", path);
    }
    assert_slice_str(node->text, text);
}

/* Strings are quoted, numbers and booleans are not. */
static void expect_plain(struct fixture *f, const char *path, const char *text)
{
    expect_text(f, path, text);
    assert_true(at(f->root, path)->plain);
}

static void the_document_names_its_draft(void **state)
{
    struct fixture *f = *state;
    expect_text(f, "$schema", "https://json-schema.org/draft/2020-12/schema");
    expect_text(f, "$id", "https://example.org/s.json");
    expect_text(f, "title", "Sample");
    expect_text(f, "type", "object");
    expect_plain(f, "additionalProperties", "false");
    expect_text(f, "properties/$schema/type", "string");
}

static void rows_carry_their_facts(void **state)
{
    struct fixture *f = *state;
    expect_text(f, "properties/mode/type", "string");
    expect_text(f, "properties/mode/enum/0", "off");
    expect_text(f, "properties/mode/enum/2", "write");
    expect_text(f, "properties/mode/default", "read");
    expect_text(f, "properties/mode/description", "What the cache does.");
    expect_text(f, "properties/tags/type/0", "array");
    expect_text(f, "properties/tags/type/1", "string");
    expect_text(f, "properties/tags/items/type", "string");
    expect_text(f, "properties/tags/default/1", "b");
    expect_text(f, "properties/listen/$ref", "#/$defs/listen");
    expect_text(f, "properties/providers/type", "object");
    expect_text(f, "properties/providers/additionalProperties/$ref", "#/$defs/provider");
    expect_plain(f, "properties/providers/propertyNames/maxLength", "128");
    expect_text(f, "properties/routes/items/$ref", "#/$defs/route");
    expect_text(f, "properties/tls/description", "Certificates. Takes effect at the next start.");
    expect_plain(f, "$defs/listen/properties/reuse/default", "true");
    expect_text(f, "$defs/listen/properties/reuse/type", "boolean");
    expect_plain(f, "$defs/listen/properties/body/minimum", "1024");
    expect_text(f, "$defs/listen/properties/body/default", "32MiB");
    expect_text(f, "$defs/listen/properties/body/description",
                "Largest request body. At least 1KiB.");
    expect_plain(f, "$defs/listen/additionalProperties", "false");
    expect_text(f, "$defs/tls/required/0", "cert");
    expect_text(f, "$defs/tls/required/1", "key");
    assert_null(at(f->root, "$defs/listen/required"));
    expect_text(f, "$defs/provider/anyOf/1/properties/budget/description",
                "Tokens a day. Unit: tokens.");
    assert_null(at(f->root, "$defs/provider/anyOf/1/properties/budget/maximum"));
    expect_plain(f, "$defs/key/anyOf/1/properties/weight/maximum", "4294967295");
}

static void shorthands_are_alternatives(void **state)
{
    struct fixture *f = *state;
    expect_text(f, "$defs/retry/title", "retry");
    expect_text(f, "$defs/retry/anyOf/0/type", "integer");
    expect_plain(f, "$defs/retry/anyOf/0/minimum", "1");
    expect_plain(f, "$defs/retry/anyOf/0/maximum", "10");
    expect_text(f, "$defs/retry/anyOf/1/type", "object");
    expect_plain(f, "$defs/retry/anyOf/1/properties/jitter/default", "0.5");
    expect_plain(f, "$defs/retry/anyOf/1/properties/jitter/maximum", "1");
    expect_text(f, "$defs/retry/anyOf/1/properties/backoff/description",
                "Wait before the second try. From 1ms to 1m.");
    expect_text(f, "$defs/retry/anyOf/1/properties/backoff/type", "string"); /* 0 is too little */
    expect_text(f, "$defs/tier/anyOf/0/type", "array");
    expect_text(f, "$defs/tier/anyOf/0/items/$ref", "#/$defs/target");
}

static void check_refs(struct fixture *f, const struct proa_doc_node *node)
{
    for (size_t i = 0; i < node->n; i++) {
        if (node->kind == PROA_DOC_LIST) {
            check_refs(f, node->items[i]);
            continue;
        }
        const struct proa_doc_node *value = node->entries[i].value;
        if (proa_slice_eq(node->entries[i].key, PROA_SLICE("$ref"))) {
            assert_true(proa_slice_starts(value->text, PROA_SLICE("#/$defs/")));
            assert_non_null(at(f->root, value->text.ptr + 2));
        }
        check_refs(f, value);
    }
}

static void every_reference_leads_somewhere(void **state)
{
    struct fixture *f = *state;
    check_refs(f, f->root);
    assert_int_equal(at(f->root, "$defs")->n, 8);
}

/* The patterns and the parsers must agree. */
static void matches(const struct proa_doc_node *pattern, const char *text, bool expected)
{
    char source[512];
    regex_t re;
    size_t n = 0;
    /* POSIX has no lookahead; the one used only says "not empty" */
    for (size_t i = 0; i < pattern->text.len; i++) {
        if (strncmp(pattern->text.ptr + i, "(?=[0-9])", 9) == 0) {
            i += 8;
            continue;
        }
        source[n++] = pattern->text.ptr[i];
    }
    source[n] = '\0';
    assert_int_equal(regcomp(&re, source, REG_EXTENDED | REG_NOSUB), 0);
    bool found = text[0] && regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    PROA_TEST_CHECK(found == expected, "%s", text);
}

static void patterns_agree_with_the_parsers(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"",
                                        "0",
                                        "5",
                                        "250ms",
                                        "30s",
                                        "5m",
                                        "1h",
                                        "2d",
                                        "1h30m",
                                        "1m1h",
                                        "1.5s",
                                        "0.5ns",
                                        "1.1234567ms",
                                        "1.123456ms",
                                        "1.2345us",
                                        "10us",
                                        "7ns",
                                        "1e9h",
                                        "5S",
                                        "-5s",
                                        "5 s",
                                        ".5s",
                                        "5.s",
                                        "1s1s",
                                        "100",
                                        "512B",
                                        "64KiB",
                                        "1MiB",
                                        "10MB",
                                        "2GiB",
                                        "1kB",
                                        "1KB",
                                        "1kiB",
                                        "1.5KiB",
                                        "1K",
                                        "KiB",
                                        "1TiB",
                                        "0.123456789s",
                                        "0.1234567890s",
                                        "1d1ns",
                                        "00"};
    const struct proa_doc_node *duration =
        at(f->root, "$defs/retry/anyOf/1/properties/backoff/pattern");
    const struct proa_doc_node *bytes = at(f->root, "$defs/listen/properties/body/pattern");
    assert_non_null(duration);
    assert_non_null(bytes);
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        uint64_t value = 0;
        struct proa_slice text = proa_slice_cstr(texts[i]);
        matches(duration, texts[i], proa_quantity_duration(text, &value) == PROA_OK);
        matches(bytes, texts[i], proa_quantity_bytes(text, &value) == PROA_OK);
    }
}

struct twin {
    struct proa_option_list a;
    struct proa_option_list b;
    struct proa_option_list c;
};

static const struct proa_option_table loop_table;
static const struct proa_option loop_rows[] = {
    {.name = "inner", .type = PROA_OPTION_LIST, .table = &loop_table, .help = "Itself."},
    {.name = NULL}};
static const struct proa_option_table loop_table = {.title = "a loop",
                                                    .rows = loop_rows,
                                                    .size = sizeof(struct proa_option_list),
                                                    .where_at = SIZE_MAX};

static void twins_and_loops_have_names(void **state)
{
    static const struct proa_option rows_a[] = {{.name = NULL}};
    static const struct proa_option rows_b[] = {{.name = NULL}};
    static const struct proa_option_table a = {.title = "twin", .rows = rows_a, .size = 8};
    static const struct proa_option_table b = {.title = "twin", .rows = rows_b, .size = 8};
    static const struct proa_option rows[] = {
        {.name = "a", .type = PROA_OPTION_LIST, .offset = offsetof(struct twin, a), .table = &a},
        {.name = "b", .type = PROA_OPTION_LIST, .offset = offsetof(struct twin, b), .table = &b},
        {.name = "c",
         .type = PROA_OPTION_LIST,
         .offset = offsetof(struct twin, c),
         .table = &loop_table},
        {.name = NULL}};
    static const struct proa_option_table root = {.title = "r", .rows = rows, .size = 48};
    struct fixture *f = *state;
    proa_buf_clear(&f->out);
    assert_ok(proa_schema_write(&root, NULL, NULL, &f->out));
    assert_ok(proa_doc_parse(proa_buf_slice(&f->out), "s", &f->arena, &f->root, &f->diags));
    expect_text(f, "properties/a/items/$ref", "#/$defs/twin");
    expect_text(f, "properties/b/items/$ref", "#/$defs/twin2");
    expect_text(f, "properties/c/items/$ref", "#/$defs/a_loop");
    expect_text(f, "$defs/a_loop/properties/inner/items/$ref", "#/$defs/a_loop");
    assert_null(at(f->root, "$id"));
    check_refs(f, f->root);
}

static void a_full_buffer_is_an_error(void **state)
{
    struct fixture *f = *state;
    for (size_t max = 0; max < f->out.len; max += 7) {
        struct proa_buf small;
        proa_buf_init(&small, max);
        assert_err(proa_schema_write(&sample_table, "https://example.org/s.json", "Sample", &small),
                   PROA_ERR_LIMIT);
        proa_buf_deinit(&small);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_document_names_its_draft),    TEST(rows_carry_their_facts),
        TEST(shorthands_are_alternatives),     TEST(every_reference_leads_somewhere),
        TEST(patterns_agree_with_the_parsers), TEST(twins_and_loops_have_names),
        TEST(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
