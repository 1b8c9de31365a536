#include "proa/config/doc.h"
#include "proa/core/alloc.h"
#include "proa/core/buf.h"

#include "proa_test.h"

struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    const struct proa_doc_node *root;
    enum proa_err err;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    proa_arena_init(&f->arena, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_arena_reset(&f->arena);
    proa_free(f);
    return 0;
}

static void parse(struct fixture *f, struct proa_slice bytes)
{
    proa_arena_reset(&f->arena);
    memset(&f->diags, 0, sizeof(f->diags));
    f->root = NULL;
    f->err = proa_doc_parse(bytes, "f.yaml", &f->arena, &f->root, &f->diags);
    assert_true((f->err == PROA_OK) == (f->root != NULL));
    assert_true((f->err == PROA_OK) == (f->diags.n_errors == 0));
}

/* The tree as one line: maps {k@line:col=v}, lists [v], plain scalars bare, others in quotes. */
static void render(const struct proa_doc_node *node, struct proa_buf *out)
{
    if (node->kind == PROA_DOC_SCALAR) {
        const char *quote = node->plain ? "" : "\"";
        (void)proa_buf_append_printf(out, "%s%" PROA_SLICE_FMT "%s", quote,
                                     PROA_SLICE_ARG(node->text), quote);
        assert_int_equal(node->text.ptr[node->text.len], 0);
    }
    bool map = node->kind == PROA_DOC_MAP;
    if (node->kind != PROA_DOC_SCALAR) {
        (void)proa_buf_append_cstr(out, map ? "{" : "[");
        for (size_t i = 0; i < node->n; i++) {
            if (map) {
                const struct proa_doc_entry *e = &node->entries[i];
                (void)proa_buf_append_printf(out, "%s%" PROA_SLICE_FMT "=", i ? " " : "",
                                             PROA_SLICE_ARG(e->key));
                render(e->value, out);
            } else {
                (void)proa_buf_append_cstr(out, i ? " " : "");
                render(node->items[i], out);
            }
        }
        (void)proa_buf_append_cstr(out, map ? "}" : "]");
    }
    (void)proa_buf_append_printf(out, "@%u:%u", node->at.line, node->at.col);
}

static void expect_tree(struct fixture *f, const char *yaml, const char *tree)
{
    struct proa_buf out;
    parse(f, proa_slice_cstr(yaml));
    if (f->err) {
        fail_msg("%s\n%s", yaml, f->diags.items[0].message);
    }
    proa_buf_init(&out, 65536);
    render(f->root, &out);
    (void)proa_buf_append_byte(&out, '\0');
    assert_string_equal(out.ptr, tree);
    proa_buf_deinit(&out);
}

static void expect_error(struct fixture *f, struct proa_slice yaml, uint32_t line, uint32_t col,
                         const char *message)
{
    parse(f, yaml);
    if (!f->err) {
        fail_msg("accepted: %.*s", (int)yaml.len, yaml.ptr);
    }
    assert_string_equal(f->diags.items[0].message, message);
    assert_string_equal(f->diags.items[0].file, "f.yaml");
    assert_int_equal(f->diags.items[0].line, line);
    assert_int_equal(f->diags.items[0].col, col);
}

static void nodes_know_their_places(void **state)
{
    struct fixture *f = *state;
    expect_tree(f, "a: 1\nb:\n  - x\n  - \"y\"\n", "{a=1@1:4 b=[x@3:5 \"y\"@4:5]@3:3}@1:1");
    expect_tree(f, "a: {b: [1, {c: 'd'}]}\n", "{a={b=[1@1:9 {c=\"d\"@1:16}@1:12]@1:8}@1:4}@1:1");
    expect_tree(f, "\n\n  # comment\nkey:    value # trailing\n", "{key=value@4:9}@4:1");
    expect_tree(f, "k: |\n  two\n  lines\n", "{k=\"two\nlines\n\"@1:4}@1:1");
    expect_tree(f, "k: >-\n  two\n  lines\n", "{k=\"two lines\"@1:4}@1:1");
    expect_tree(f, "k:\nl: ~\n", "{k=@1:3 l=~@2:4}@1:1");
    expect_tree(f, "\"\xC3\xA4\xC3\xB6\": x\n", "{\xC3\xA4\xC3\xB6=x@1:7}@1:1");
    expect_tree(f,
                "\xEF\xBB\xBF"
                "a: b\n",
                "{a=b@1:4}@1:1");
    expect_tree(f, "a: b\r\nc: d\r\n", "{a=b@1:4 c=d@2:4}@1:1");
    expect_tree(f, "%YAML 1.2\n---\na: b\n...\n", "{a=b@3:4}@3:1");
    expect_tree(f, "just text\n", "just text@1:1");
}

static void json_is_a_subset(void **state)
{
    struct fixture *f = *state;
    expect_tree(f, "{\"a\":1,\"b\":[true,null,\"x\\u00e4\\n\\/\"],\"c\":{}}",
                "{a=1@1:6 b=[true@1:13 null@1:18 \"x\xC3\xA4\n/\"@1:23]@1:12 c={}@1:42}@1:1");
    expect_tree(f, "{\n\t\"a\": {\n\t\t\"b\": []\n\t}\n}\n", "{a={b=[]@3:8}@2:7}@1:1");
    expect_tree(f, "[]", "[]@1:1");
}

static void nothing_is_an_empty_map(void **state)
{
    struct fixture *f = *state;
    static const char *const inputs[] = {"", "\n\n", "# only a comment\n", "   \n"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(inputs); i++) {
        expect_tree(f, inputs[i], "{}@1:1");
    }
    parse(f, PROA_SLICE_NONE);
    assert_int_equal(f->err, PROA_OK);
    expect_tree(f, "---\n", "@2:1");
    assert_true(proa_doc_is_null(f->root));
}

static void aliases_share_their_anchor(void **state)
{
    struct fixture *f = *state;
    expect_tree(f, "a: &x {k: v}\nb: *x\n", "{a={k=v@1:11}@1:4 b={k=v@1:11}@1:4}@1:1");
    assert_ptr_equal(f->root->entries[0].value, f->root->entries[1].value);
    expect_tree(f, "a: &x 1\nb: &x 2\nc: *x\n", "{a=1@1:4 b=2@2:4 c=2@2:4}@1:1");
    expect_tree(f, "a: &k name\n*k : v\n", "{a=name@1:4 name=v@2:6}@1:1");
    expect_error(f, PROA_SLICE("a: *nope\n"), 1, 4, "this alias has no anchor above it");
    expect_error(f, PROA_SLICE("a: &x [1, *x]\n"), 1, 11,
                 "this alias refers to the value it is part of");
}

static void core_tags_only(void **state)
{
    struct fixture *f = *state;
    expect_tree(f, "a: !!str yes\nb: !!int 5\nc: ! 7\nd: !!map {}\ne: !!seq []\n",
                "{a=\"yes\"@1:4 b=5@2:4 c=\"7\"@3:4 d={}@4:4 e=[]@5:4}@1:1");
    expect_error(f, PROA_SLICE("a:\n  b: !secret x\n"), 2, 6,
                 "the tag !secret is not part of the YAML core schema; remove it");
    expect_error(f, PROA_SLICE("a: !!python/object:os.system [x]\n"), 1, 4,
                 "the tag tag:yaml.org,2002:python/object:os.system is not part of the YAML core "
                 "schema; remove it");
    expect_error(f, PROA_SLICE("a: !!binary aGk=\n"), 1, 4,
                 "the tag tag:yaml.org,2002:binary is not part of the YAML core schema; remove it");
    expect_error(f, PROA_SLICE("!x {}\n"), 1, 1,
                 "the tag !x is not part of the YAML core schema; remove it");
}

static void what_bites_is_refused(void **state)
{
    struct fixture *f = *state;
    expect_error(f, PROA_SLICE("a: 1\nb: 2\na: 3\n"), 3, 1,
                 "duplicate key \"a\"; it is already on line 1");
    expect_error(f, PROA_SLICE("{\"a\": 1, 'a': 2}"), 1, 10,
                 "duplicate key \"a\"; it is already on line 1");
    expect_error(f, PROA_SLICE("a:\n\tb: 1\n"), 2, 1, "a tab cannot indent; use spaces");
    expect_error(f, PROA_SLICE("a:\n  b: 1\n\tc: 2\n"), 3, 1, "a tab cannot indent; use spaces");
    expect_error(f, PROA_SLICE("a: 1\n---\nb: 2\n"), 2, 1,
                 "a second document starts here; write one document per file");
    expect_error(f, PROA_SLICE("a: &x {b: 1}\nc:\n  <<: *x\n"), 3, 3,
                 "merge keys (<<) are not part of YAML 1.2; write the members out here");
    expect_error(f, PROA_SLICE("? [a, b]\n: c\n"), 1, 3,
                 "a key must be a plain word or a quoted text");
    expect_error(f, PROA_SLICE("a: &m {}\n*m : 1\n"), 1, 4,
                 "a key must be a plain word or a quoted text");
    expect_error(f, PROA_SLICE("model: @cf/x\n"), 1, 8,
                 "a value cannot start with @; put it in quotes");
    expect_error(f, PROA_SLICE("a: \"x\\0y\"\n"), 1, 4, "a NUL byte cannot be part of a value");
    expect_error(f, PROA_SLICE("{\"a\": \"\\ud83d\\ude00\"}"), 1, 10,
                 "this escape is half a character; write the character itself");
    expect_error(f, PROA_SLICE("a: b: c\n"), 1, 5,
                 "mapping values are not allowed in this context");
    expect_error(f, PROA_SLICE("a: [1, 2\nb: 3\n"), 2, 2,
                 "did not find expected ',' or ']', while parsing a flow sequence that starts on "
                 "line 1");
}

static void only_utf8(void **state)
{
    struct fixture *f = *state;
    static const char utf8[] = "this is not UTF-8; save the file as UTF-8";
    static const char control[] = "control characters are not allowed; save the file as UTF-8 text";
    expect_error(f, PROA_SLICE("a: b\nc: \xC3\xA4\xFF\n"), 2, 5, utf8);
    expect_error(f,
                 PROA_SLICE("\xFF\xFE"
                            "a\0:\0"),
                 1, 1, utf8);
    expect_error(f, PROA_SLICE("a: \xC0\xAF\n"), 1, 4, utf8);
    expect_error(f, PROA_SLICE("a: \xED\xA0\x80\n"), 1, 4, utf8);
    expect_error(f, PROA_SLICE("a: \xE2\x82"), 1, 4, utf8);
    expect_error(f, PROA_SLICE("a: \x01\n"), 1, 4, control);
    expect_error(f, PROA_SLICE("a: b\0c\n"), 1, 5, control);
}

static void all_duplicates_are_reported(void **state)
{
    struct fixture *f = *state;
    parse(f, PROA_SLICE("a: {x: 1, x: 2}\nb: {y: 1, y: 2, y: 3}\na: 1\n"));
    assert_int_equal(f->diags.n_errors, 4);
    assert_int_equal(f->diags.items[3].line, 3);
}

static void a_billion_laughs_stop_at_the_budget(void **state)
{
    struct fixture *f = *state;
    struct proa_buf yaml;
    proa_buf_init(&yaml, 65536);
    (void)proa_buf_append_cstr(&yaml, "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (unsigned i = 1; i < 10; i++) {
        (void)proa_buf_append_printf(&yaml, "a%u: &a%u [", i, i);
        for (unsigned k = 0; k < 9; k++) {
            (void)proa_buf_append_printf(&yaml, "%s*a%u", k ? "," : "", i - 1);
        }
        (void)proa_buf_append_cstr(&yaml, "]\n");
    }
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_ERR_SYNTAX);
    assert_string_equal(f->diags.items[0].message,
                        "more than 10000 values in one file, expanded aliases included");
    assert_int_equal(f->diags.items[0].line, 5);
    proa_buf_deinit(&yaml);
}

static void the_budget_is_exact(void **state)
{
    struct fixture *f = *state;
    struct proa_buf yaml;
    proa_buf_init(&yaml, 65536);
    for (unsigned i = 0; i < PROA_DOC_MAX_NODES - 1; i++) { /* the list itself is one */
        (void)proa_buf_append_cstr(&yaml, "- 1\n");
    }
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_OK);
    assert_int_equal(f->root->n, PROA_DOC_MAX_NODES - 1);
    (void)proa_buf_append_cstr(&yaml, "- 1\n");
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_ERR_SYNTAX);
    assert_int_equal(f->diags.items[0].line, PROA_DOC_MAX_NODES);
    proa_buf_deinit(&yaml);
}

static void nest(struct proa_buf *out, unsigned depth)
{
    proa_buf_clear(out);
    for (unsigned i = 0; i < depth; i++) {
        (void)proa_buf_append_byte(out, '[');
    }
    for (unsigned i = 0; i < depth; i++) {
        (void)proa_buf_append_byte(out, ']');
    }
}

static void depth_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct proa_buf yaml;
    proa_buf_init(&yaml, 400000);
    nest(&yaml, PROA_DOC_MAX_DEPTH);
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_OK);
    nest(&yaml, PROA_DOC_MAX_DEPTH + 1);
    expect_error(f, proa_buf_slice(&yaml), 1, 33, "nested more than 32 levels deep");
    nest(&yaml, 100000);
    expect_error(f, proa_buf_slice(&yaml), 1, 33, "nested more than 32 levels deep");
    /* 17 levels that hold an alias to 17 levels */
    proa_buf_clear(&yaml);
    (void)proa_buf_append_cstr(&yaml, "- &x [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]\n"
                                      "- [[[[[[[[[[[[[[[*x]]]]]]]]]]]]]]]\n");
    expect_error(f, proa_buf_slice(&yaml), 2, 18, "nested more than 32 levels deep");
    proa_buf_clear(&yaml);
    (void)proa_buf_append_cstr(&yaml, "- &x [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]\n"
                                      "- [[[[[[[[[[[[[[*x]]]]]]]]]]]]]]\n");
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_OK);
    proa_buf_deinit(&yaml);
}

static void size_and_anchors_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct proa_buf yaml;
    proa_buf_init(&yaml, PROA_DOC_MAX_BYTES + 16);
    char *space = proa_buf_reserve(&yaml, PROA_DOC_MAX_BYTES + 1);
    memset(space, '#', PROA_DOC_MAX_BYTES + 1);
    yaml.len = PROA_DOC_MAX_BYTES;
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_OK);
    yaml.len = PROA_DOC_MAX_BYTES + 1;
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_ERR_LIMIT);
    assert_string_equal(f->diags.items[0].message, "larger than 1 MiB");

    proa_buf_clear(&yaml);
    for (unsigned i = 0; i <= PROA_DOC_MAX_ANCHORS; i++) {
        (void)proa_buf_append_printf(&yaml, "- &a%u x\n", i);
    }
    expect_error(f, proa_buf_slice(&yaml), 257, 3, "more than 256 anchors in one file");

    /* quadratic in libyaml: a megabyte of these would take minutes */
    proa_buf_clear(&yaml);
    for (unsigned i = 0; i < 50000; i++) {
        (void)proa_buf_append_printf(&yaml, "%%TAG !a%u! tag:x\n", i);
    }
    parse(f, proa_buf_slice(&yaml));
    assert_int_equal(f->err, PROA_ERR_LIMIT);
    assert_string_equal(f->diags.items[0].message, "too many %TAG directives; remove them");
    expect_tree(f, "%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 5\n", "{a=\"5\"@3:4}@3:1");
    proa_buf_deinit(&yaml);
}

/* Every prefix of a file is a file somebody may save; none may crash or go without a message. */
static void every_prefix_is_handled(void **state)
{
    struct fixture *f = *state;
    static const char yaml[] =
        "a: &x [1, \"two\", {three: 'four'}]\n\"b\": *x\nc: |\n  text\n\xC3\xA4: !!str ~\n";
    for (size_t n = 0; n < sizeof(yaml); n++) {
        parse(f, proa_slice_make(yaml, n));
    }
}

static void lookup(void **state)
{
    struct fixture *f = *state;
    parse(f, PROA_SLICE("a: 1\nb: [x]\n"));
    assert_non_null(proa_doc_get(f->root, PROA_SLICE("b")));
    assert_null(proa_doc_get(f->root, PROA_SLICE("c")));
    assert_null(proa_doc_get(NULL, PROA_SLICE("a")));
    assert_null(proa_doc_get(proa_doc_get(f->root, PROA_SLICE("b")), PROA_SLICE("x")));
    assert_ptr_equal(proa_doc_find(f->root, PROA_SLICE("b")),
                     proa_doc_get(f->root, PROA_SLICE("b")));
    assert_null(proa_doc_find(f->root, PROA_SLICE("b.x")));
    assert_null(proa_doc_find(f->root, PROA_SLICE("c.x.y")));
    assert_null(proa_doc_find(NULL, PROA_SLICE("a")));
}

static void null_has_five_spellings(void **state)
{
    struct fixture *f = *state;
    parse(f, PROA_SLICE("[~, null, Null, NULL, \"null\", nUll, [], '']"));
    for (size_t i = 0; i < f->root->n; i++) {
        assert_int_equal(proa_doc_is_null(f->root->items[i]), i < 4);
    }
    parse(f, PROA_SLICE("a:\n"));
    assert_true(proa_doc_is_null(f->root->entries[0].value));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nodes_know_their_places),
        TEST(json_is_a_subset),
        TEST(nothing_is_an_empty_map),
        TEST(aliases_share_their_anchor),
        TEST(core_tags_only),
        TEST(what_bites_is_refused),
        TEST(only_utf8),
        TEST(all_duplicates_are_reported),
        TEST(a_billion_laughs_stop_at_the_budget),
        TEST(the_budget_is_exact),
        TEST(depth_is_bounded),
        TEST(size_and_anchors_are_bounded),
        TEST(every_prefix_is_handled),
        TEST(lookup),
        TEST(null_has_five_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
