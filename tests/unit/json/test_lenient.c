/* What can be read is; everything else is nothing. */
#include "proa/json/lenient.h"

#include "proa_test.h"

static const char TEXT[] = "{\"s\":\"text\",\"e\":\"\",\"n\":42,\"f\":1.5,\"m\":-7,\"big\":1e300,"
                           "\"t\":true,\"x\":false,\"z\":null,\"o\":{\"n\":1},\"a\":[1]}";

static void members_read_as_they_are_or_as_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *string;
        uint64_t number;
        uint64_t micro;
        bool truth;
    } rows[] = {
        {"s", "text", 0, 0, false},   {"e", "", 0, 0, false}, {"n", "", 42, 42000000, false},
        {"f", "", 0, 1500000, false}, {"m", "", 0, 0, false}, {"big", "", 0, 0, false},
        {"t", "", 0, 0, true},        {"x", "", 0, 0, false}, {"z", "", 0, 0, false},
        {"o", "", 0, 0, false},       {"a", "", 0, 0, false}, {"absent", "", 0, 0, false},
    };
    struct proa_json_tree *tree = NULL;
    assert_ok(proa_json_tree_parse(proa_slice_cstr(TEXT), NULL, &tree, NULL));
    const struct proa_json_node *root = proa_json_tree_root(tree);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const char *key = rows[i].key;
        assert_slice_equal(proa_json_lenient_string(root, key), proa_slice_cstr(rows[i].string));
        assert_int_equal(proa_json_lenient_u64(root, key), rows[i].number);
        assert_int_equal(proa_json_lenient_micro(root, key), rows[i].micro);
        assert_int_equal(proa_json_lenient_bool(root, key), rows[i].truth);
    }
    assert_int_equal(proa_json_lenient_u64(proa_json_lenient_get(root, "o"), "n"), 1);
    proa_json_tree_destroy(tree);
}

static void nothing_has_no_members(void **state)
{
    (void)state;
    struct proa_json_tree *tree = NULL;
    assert_ok(proa_json_tree_parse(PROA_SLICE("[1,\"a\"]"), NULL, &tree, NULL));
    const struct proa_json_node *const nodes[] = {NULL, proa_json_tree_root(tree)};
    for (size_t i = 0; i < PROA_ARRAY_LEN(nodes); i++) {
        assert_null(proa_json_lenient_get(nodes[i], "n"));
        assert_int_equal(proa_json_lenient_string(nodes[i], "n").len, 0);
        assert_int_equal(proa_json_lenient_u64(nodes[i], "n"), 0);
        assert_int_equal(proa_json_lenient_micro(nodes[i], "n"), 0);
        assert_false(proa_json_lenient_bool(nodes[i], "n"));
    }
    proa_json_tree_destroy(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_read_as_they_are_or_as_nothing),
        cmocka_unit_test(nothing_has_no_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
