#include "proa/json/tree.h"

#include "json_gen.h"
#include "proa_test.h"

static struct proa_json_tree *parse(const char *text)
{
    struct proa_json_tree *tree = NULL;
    struct proa_json_fault fault = {0, NULL};
    enum proa_err err = proa_json_tree_parse(proa_slice_cstr(text), NULL, &tree, &fault);
    PROA_TEST_CHECK(err == PROA_OK, "%s: %s at %zu", text, fault.reason, fault.at);
    return tree;
}

static const struct proa_json_node *get(const struct proa_json_tree *tree, const char *key)
{
    return proa_json_node_get(proa_json_tree_root(tree), proa_slice_cstr(key));
}

static void test_reads_members(void **state)
{
    struct proa_json_tree *tree =
        parse(" {\"s\":\"a\\u00e9\\n\",\"i\":-12,\"t\":true,\"f\":false,\"n\":null,\"x\":1.5,"
              "\"o\":{\"k\":1},\"l\":[1,\"two\",[]],\"S\":\"upper\"} ");
    struct proa_slice text;
    int64_t number = 0;
    bool flag = false;
    (void)state;
    assert_ok(proa_json_node_string(get(tree, "s"), &text));
    assert_slice_lit(text, "a\xC3\xA9\n");
    assert_ok(proa_json_node_string(get(tree, "S"), &text));
    assert_slice_lit(text, "upper");
    assert_ok(proa_json_node_i64(get(tree, "i"), &number));
    assert_int_equal(number, -12);
    assert_ok(proa_json_node_bool(get(tree, "t"), &flag));
    assert_true(flag);
    assert_ok(proa_json_node_bool(get(tree, "f"), &flag));
    assert_false(flag);
    assert_int_equal(proa_json_node_kind(get(tree, "n")), PROA_JSON_NULL);
    assert_int_equal(proa_json_node_kind(get(tree, "o")), PROA_JSON_OBJECT);
    assert_int_equal(proa_json_node_kind(get(tree, "l")), PROA_JSON_ARRAY);
    assert_int_equal(proa_json_node_count(get(tree, "l")), 3);
    assert_int_equal(proa_json_node_count(proa_json_tree_root(tree)), 9);
    assert_int_equal(proa_json_node_count(get(tree, "s")), 0);
    assert_ok(proa_json_node_i64(proa_json_node_get(get(tree, "o"), PROA_SLICE("k")), &number));
    assert_int_equal(number, 1);
    assert_ok(proa_json_node_micro(get(tree, "x"), &number));
    assert_int_equal(number, 1500000);
    assert_null(get(tree, "missing"));
    assert_null(get(tree, "I")); /* names are case-sensitive */
    proa_json_tree_destroy(tree);
}

static void test_iterates_in_order(void **state)
{
    struct proa_json_tree *tree = parse("{\"b\":[1,2],\"a\":0,\"c\\u0064\":{}}");
    static const char *const keys[] = {"b", "a", "cd"};
    const struct proa_json_node *node = proa_json_node_first(proa_json_tree_root(tree));
    (void)state;
    PROA_TEST_ROWS(key, keys)
    {
        assert_slice_str(proa_json_node_key(node), *key);
        node = proa_json_node_next(node);
    }
    assert_null(node);
    node = proa_json_node_first(get(tree, "b"));
    assert_int_equal(proa_json_node_key(node).len, 0);
    assert_int_equal(proa_json_node_key(proa_json_tree_root(tree)).len, 0);
    assert_null(proa_json_node_next(proa_json_tree_root(tree)));
    assert_null(proa_json_node_first(get(tree, "a")));
    proa_json_tree_destroy(tree);
}

static void test_absent_nodes_chain(void **state)
{
    struct proa_json_tree *tree = parse("{\"a\":1}");
    struct proa_slice text = PROA_SLICE("kept");
    int64_t number = 5;
    bool flag = true;
    (void)state;
    const struct proa_json_node *none = proa_json_node_get(get(tree, "a"), PROA_SLICE("b"));
    assert_null(none);
    assert_null(proa_json_node_get(proa_json_node_get(none, PROA_SLICE("x")), PROA_SLICE("y")));
    assert_null(proa_json_node_first(none));
    assert_null(proa_json_node_next(none));
    assert_int_equal(proa_json_node_kind(none), PROA_JSON_ABSENT);
    assert_int_equal(proa_json_node_count(none), 0);
    assert_err(proa_json_node_string(none, &text), PROA_ERR_NOT_FOUND);
    assert_err(proa_json_node_i64(none, &number), PROA_ERR_NOT_FOUND);
    assert_err(proa_json_node_micro(none, &number), PROA_ERR_NOT_FOUND);
    assert_err(proa_json_node_bool(none, &flag), PROA_ERR_NOT_FOUND);
    assert_err(proa_json_node_string(get(tree, "a"), &text), PROA_ERR_TYPE);
    assert_err(proa_json_node_bool(get(tree, "a"), &flag), PROA_ERR_TYPE);
    assert_err(proa_json_node_i64(proa_json_tree_root(tree), &number), PROA_ERR_TYPE);
    assert_slice_lit(text, "kept");
    assert_int_equal(number, 5);
    assert_null(proa_json_tree_root(NULL));
    proa_json_tree_destroy(tree);
    proa_json_tree_destroy(NULL);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        enum proa_err err;
        int64_t value;
        enum proa_err micro_err;
        int64_t micro;
    } cases[] = {
        {"0", PROA_OK, 0, PROA_OK, 0},
        {"-0", PROA_OK, 0, PROA_OK, 0},
        {"1.0", PROA_OK, 1, PROA_OK, 1000000},
        {"1e3", PROA_OK, 1000, PROA_OK, 1000000000},
        {"0.1", PROA_ERR_TYPE, 0, PROA_OK, 100000},
        {"-0.25", PROA_ERR_TYPE, 0, PROA_OK, -250000},
        {"0.000001", PROA_ERR_TYPE, 0, PROA_OK, 1},
        {"0.0000004", PROA_ERR_TYPE, 0, PROA_OK, 0},
        {"0.29", PROA_ERR_TYPE, 0, PROA_OK, 290000},
        {"9007199254740991", PROA_OK, 9007199254740991, PROA_ERR_RANGE, 0},
        {"-9007199254740991", PROA_OK, -9007199254740991, PROA_ERR_RANGE, 0},
        {"9007199254740992", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"9007199254740993", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"9000000000", PROA_OK, 9000000000, PROA_OK, 9000000000000000},
        {"1e400", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"-1e400", PROA_ERR_RANGE, 0, PROA_ERR_RANGE, 0},
        {"\"1\"", PROA_ERR_TYPE, 0, PROA_ERR_TYPE, 0},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_tree *tree = parse(row->text);
        int64_t value = 0;
        enum proa_err err = proa_json_node_i64(proa_json_tree_root(tree), &value);
        PROA_TEST_CHECK(err == row->err && value == row->value, "%s: %s %lld", row->text,
                        proa_err_name(err), (long long)value);
        value = 0;
        err = proa_json_node_micro(proa_json_tree_root(tree), &value);
        PROA_TEST_CHECK(err == row->micro_err && value == row->micro, "%s: %s %lld", row->text,
                        proa_err_name(err), (long long)value);
        proa_json_tree_destroy(tree);
    }
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text;
        enum proa_err err;
        size_t at;
    } cases[] = {
        {"", PROA_ERR_TRUNCATED, 0},
        {"{\"a\":1}x", PROA_ERR_TRAILING, 7},
        {"[01]", PROA_ERR_SYNTAX, 2},
        {"[1.]", PROA_ERR_SYNTAX, 3},
        {"[\"\n\"]", PROA_ERR_SYNTAX, 2},
        {"[\"\\uZZZZ\"]", PROA_ERR_SYNTAX, 4},
        {"\xEF\xBB\xBF{}", PROA_ERR_SYNTAX, 0},
        {"[\f1]", PROA_ERR_SYNTAX, 1},
        {"[\"\xFF\"]", PROA_ERR_UTF8, 2},
        {"{\"a\":1,\"a\":2}", PROA_ERR_DUPLICATE, 7},
        {"{\"a\":1,\"\\u0061\":2}", PROA_ERR_DUPLICATE, 7},
        {"{\"x\":{},\"o\":{\"a\":1,\"b\":\"{\",\"a\":2}}", PROA_ERR_DUPLICATE, 27},
        {"[{\"a\":1},[{\"b\":[],\"b\":[]}]]", PROA_ERR_DUPLICATE, 18},
        {"{\"a\\u0000b\":1}", PROA_ERR_SYNTAX, 3},
        {"{\"a\":\"x\\u0000\"}", PROA_ERR_SYNTAX, 7},
        {"[\"\\ud800\"]", PROA_ERR_SYNTAX, 2},
        {"[\"\\ude00\\ud83d\"]", PROA_ERR_SYNTAX, 2},
        {"[\"\\ud83d\\n\"]", PROA_ERR_SYNTAX, 2},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_tree *tree = NULL;
        struct proa_json_fault fault = {0, NULL};
        enum proa_err err = proa_json_tree_parse(proa_slice_cstr(row->text), NULL, &tree, &fault);
        PROA_TEST_CHECK(err == row->err, "%s: %s", row->text, proa_err_name(err));
        assert_null(tree);
        assert_non_null(fault.reason);
        PROA_TEST_CHECK(fault.at == row->at, "%s: at %zu", row->text, fault.at);
        assert_err(proa_json_tree_parse(proa_slice_cstr(row->text), NULL, &tree, NULL), row->err);
    }
}

static void test_accepts_escapes_near_the_refused(void **state)
{
    static const struct {
        const char *text;
        const char *decoded;
    } cases[] = {
        {"\"\\\\u0000\"", "\\u0000"},
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"},
        {"\"\\ud7ff\\ue000\"", "\xED\x9F\xBF\xEE\x80\x80"},
        {"\"\\ufffd\"", "\xEF\xBF\xBD"},
        {"\"\\u0001\"", "\x01"},
        {"\"a\\\"{,[\"", "a\"{,["},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_tree *tree = parse(row->text);
        struct proa_slice text = PROA_SLICE_NONE;
        assert_ok(proa_json_node_string(proa_json_tree_root(tree), &text));
        assert_slice_str(text, row->decoded);
        proa_json_tree_destroy(tree);
    }
}

/* Either read or refused as a whole, never cut short. */
static void test_very_long_number(void **state)
{
    char text[200] = "1";
    struct proa_json_tree *tree = NULL;
    int64_t value = 0;
    (void)state;
    memset(text + 1, '0', 80);
    memcpy(text + 81, "e-80", 5);
    enum proa_err err = proa_json_tree_parse(proa_slice_cstr(text), NULL, &tree, NULL);
    if (err) {
        assert_err(err, PROA_ERR_UNSUPPORTED);
        return;
    }
    assert_ok(proa_json_node_i64(proa_json_tree_root(tree), &value));
    assert_int_equal(value, 1);
    proa_json_tree_destroy(tree);
}

static void test_limits(void **state)
{
    static const struct {
        const char *text;
        size_t values;
    } cases[] = {
        {"1", 1},
        {"[]", 1},
        {"{}", 1},
        {"[ ]", 1},
        {"[1]", 2},
        {"[[],{},[1]]", 5},
        {"{\"a,{[\":1}", 2},
        {"[\",\",\"\\\"[\"]", 3},
        {"{\"a\":{\"b\":[1,2,3]}}", 6},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_tree *tree = NULL;
        struct proa_slice text = proa_slice_cstr(row->text);
        struct proa_json_tree_cfg cfg = {.max_nodes = row->values};
        assert_ok(proa_json_tree_parse(text, &cfg, &tree, NULL));
        proa_json_tree_destroy(tree);
        cfg = (struct proa_json_tree_cfg){.max_nodes = row->values - 1};
        if (cfg.max_nodes) {
            assert_err(proa_json_tree_parse(text, &cfg, &tree, NULL), PROA_ERR_LIMIT);
        }
        cfg = (struct proa_json_tree_cfg){.max_bytes = text.len};
        assert_ok(proa_json_tree_parse(text, &cfg, &tree, NULL));
        proa_json_tree_destroy(tree);
        cfg.max_bytes--;
        if (cfg.max_bytes) {
            assert_err(proa_json_tree_parse(text, &cfg, &tree, NULL), PROA_ERR_LIMIT);
        }
    }
}

static void test_depth(void **state)
{
    static const unsigned limits[] = {0, 1, 64, PROA_JSON_MAX_DEPTH};
    char text[600];
    (void)state;
    PROA_TEST_ROWS(limit, limits)
    {
        size_t most = *limit ? *limit : 64;
        struct proa_json_tree_cfg cfg = {.max_depth = *limit};
        for (size_t depth = most; depth <= most + 1; depth++) {
            struct proa_json_tree *tree = NULL;
            memset(text, '[', depth);
            memset(text + depth, ']', depth);
            assert_err(proa_json_tree_parse(proa_slice_make(text, 2 * depth), &cfg, &tree, NULL),
                       depth > most ? PROA_ERR_DEPTH : PROA_OK);
            proa_json_tree_destroy(tree);
        }
    }
}

/* Duplicates are found in small objects and in those that need the hash map, wherever they are. */
static void test_duplicates_among_many(void **state)
{
    static const size_t sizes[] = {2, 15, 16, 17, 18, 40, 1000};
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 1 << 20);
    PROA_TEST_ROWS(size, sizes)
    {
        for (size_t twin = 0; twin < *size; twin += 1 + *size / 20) {
            struct proa_json_tree *tree = NULL;
            struct proa_json_fault fault = {0, NULL};
            size_t at = 0;
            proa_buf_clear(&b);
            (void)proa_buf_append_cstr(&b, "[{},{");
            for (size_t i = 0; i < *size; i++) {
                at = b.len + 1;
                bool last = i + 1 == *size;
                (void)proa_buf_append_printf(&b, "%s\"k%zu\":{}", i ? "," : "", last ? twin : i);
            }
            (void)proa_buf_append_cstr(&b, "}]");
            enum proa_err err = proa_json_tree_parse(proa_buf_slice(&b), NULL, &tree, &fault);
            if (twin + 1 == *size) {
                assert_ok(err);
                proa_json_tree_destroy(tree);
            } else {
                assert_err(err, PROA_ERR_DUPLICATE);
                assert_int_equal(fault.at, at);
            }
        }
    }
    proa_buf_deinit(&b);
}

/* The tree and the scan agree on what is JSON, but for what only one of them looks for. */
static void test_agrees_with_the_scan(void **state)
{
    static const struct proa_json_scan_cfg cfg = {NULL, 0, 64};
    struct proa_prng prng;
    struct proa_buf b;
    size_t both = 0;
    (void)state;
    proa_prng_seed(&prng, 4242);
    proa_buf_init(&b, 1 << 20);
    for (unsigned round = 0; round < 5000; round++) {
        struct proa_json_tree *tree = NULL;
        struct proa_json_fault fault = {0, NULL};
        struct proa_json_info info;
        proa_buf_clear(&b);
        gen_json(&b, &prng, (unsigned)gen_pick(&prng, 20), true);
        if (round % 3) {
            gen_mutate(&b, &prng);
        }
        enum proa_err scan = proa_json_scan(proa_buf_slice(&b), &cfg, NULL, &info);
        enum proa_err err = proa_json_tree_parse(proa_buf_slice(&b), NULL, &tree, &fault);
        if (scan) {
            assert_true(err != PROA_OK);
        } else if (err) {
            bool escape = err == PROA_ERR_SYNTAX && b.ptr[fault.at] == '\\';
            PROA_TEST_CHECK(escape || err == PROA_ERR_DUPLICATE, "%s: %s", proa_err_name(err),
                            fault.reason);
        } else {
            both++;
            assert_int_equal(proa_json_node_kind(proa_json_tree_root(tree)), info.kind);
            if (info.kind == PROA_JSON_OBJECT) {
                assert_int_equal(proa_json_node_count(proa_json_tree_root(tree)), info.n_members);
            }
        }
        proa_json_tree_destroy(tree);
    }
    assert_true(both > 500);
    proa_buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_members),
        cmocka_unit_test(test_iterates_in_order),
        cmocka_unit_test(test_absent_nodes_chain),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_accepts_escapes_near_the_refused),
        cmocka_unit_test(test_very_long_number),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_duplicates_among_many),
        cmocka_unit_test(test_agrees_with_the_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
