#include "options_priv.h"

#include "proa_test.h"

static const struct proa_slice OWN[] = {PROA_SLICE_INIT("model"), PROA_SLICE_INIT("stream")};

static void test_what_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool taken;
    } rows[] = {
        {"container", true}, {"safety_mode", true}, {"k2", true}, {"model", false},
        {"stream", false},   {"camelCase", false},  {"", false},  {"a b", false},
        {"a\\u0062", false}, {"\"", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_options options = {.own = OWN, .n_own = 2};
        const struct proa_slice key = proa_slice_cstr(row->key);
        PROA_TEST_CHECK(proa_options_add(&options, key, PROA_SLICE("1")) == row->taken, "%s",
                        row->key);
        assert_int_equal(proa_options_have(&options, key), row->taken);
    }
}

static void test_each_once_and_not_too_many(void **state)
{
    (void)state;
    struct proa_options options = {.n = 0};
    char keys[OPTIONS_MAX + 1][8];
    for (size_t i = 0; i <= OPTIONS_MAX; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "k%zu", i);
        assert_int_equal(
            proa_options_add(&options, proa_slice_cstr(keys[i]), PROA_SLICE("{\"a\":1}")),
            i < OPTIONS_MAX);
    }
    assert_true(proa_options_add(&options, PROA_SLICE("k0"), PROA_SLICE("2")));
    assert_int_equal(options.n, OPTIONS_MAX);
}

static void test_written_as_members(void **state)
{
    (void)state;
    struct proa_options options = {.n = 0};
    struct proa_json_writer w;
    struct proa_buf out;
    proa_buf_init(&out, 256);
    assert_true(proa_options_add(&options, PROA_SLICE("a"), PROA_SLICE("[1, 2]")));
    assert_true(proa_options_add(&options, PROA_SLICE("b_c"), PROA_SLICE("\"x\"")));
    assert_true(proa_options_add(&options, PROA_SLICE("a"), PROA_SLICE("3")));
    proa_json_writer_init(&w, &out);
    proa_json_writer_begin_object(&w);
    proa_options_put(&w, &options);
    proa_json_writer_end_object(&w);
    assert_true(proa_json_writer_ok(&w));
    assert_slice_lit(proa_buf_slice(&out), "{\"a\":[1, 2],\"b_c\":\"x\"}");
    proa_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_taken),
        cmocka_unit_test(test_each_once_and_not_too_many),
        cmocka_unit_test(test_written_as_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
