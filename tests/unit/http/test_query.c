#include "proa/http/query.h"

#include "proa_test.h"

struct row {
    const char *query;
    const char *name;
    enum proa_err err;
    const char *value;
};

static const struct row ROWS[] = {
    {"", "a", PROA_ERR_NOT_FOUND, ""},
    {"a=1", "a", PROA_OK, "1"},
    {"a=1&b=2", "b", PROA_OK, "2"},
    {"b=2&a=1&a=3", "a", PROA_OK, "1"},
    {"ab=1", "a", PROA_ERR_NOT_FOUND, ""},
    {"a", "a", PROA_OK, ""},
    {"a=", "a", PROA_OK, ""},
    {"&&a=x", "a", PROA_OK, "x"},
    {"a=x=y", "a", PROA_OK, "x=y"},
    {"a=openai%2Fk1%2fgpt-5.5", "a", PROA_OK, "openai/k1/gpt-5.5"},
    {"a=two+words%20more", "a", PROA_OK, "two words more"},
    {"a=%c3%a4", "a", PROA_OK, "\xc3\xa4"},
    {"a=%2", "a", PROA_ERR_SYNTAX, ""},
    {"a=%zz", "a", PROA_ERR_SYNTAX, ""},
    {"a=%", "a", PROA_ERR_SYNTAX, ""},
    {"a=%00", "a", PROA_ERR_SYNTAX, ""},
    {"a=%0d%0a", "a", PROA_ERR_SYNTAX, ""},
    {"a=%7f", "a", PROA_ERR_SYNTAX, ""},
    {"b=%zz&a=1", "a", PROA_OK, "1"},
};

static void parameters(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        struct proa_buf out;
        proa_buf_init(&out, 64);
        /* An exact copy, so that a byte read behind the end is seen. */
        const size_t len = strlen(row->query);
        char *copy = test_malloc(len + 1);
        memcpy(copy, row->query, len);
        const enum proa_err err =
            proa_http_query_get(proa_slice_make(copy, len), proa_slice_cstr(row->name), &out);
        PROA_TEST_CHECK(err == row->err, "%s", row->query);
        if (err == PROA_OK) {
            assert_slice_equal(proa_buf_slice(&out), proa_slice_cstr(row->value));
        }
        test_free(copy);
        proa_buf_deinit(&out);
    }
}

static void values_have_a_maximum(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4);
    assert_ok(proa_http_query_get(PROA_SLICE("a=abcd"), PROA_SLICE("a"), &out));
    proa_buf_clear(&out);
    assert_err(proa_http_query_get(PROA_SLICE("a=abcde"), PROA_SLICE("a"), &out), PROA_ERR_LIMIT);
    proa_buf_deinit(&out);
}

static void bytes(void **state)
{
    (void)state;
    const struct proa_slice raw = PROA_SLICE("a%41%4g");
    size_t at = 0;
    assert_int_equal(proa_http_percent_byte(raw, &at), 'a');
    assert_int_equal(proa_http_percent_byte(raw, &at), 'A');
    assert_int_equal(at, 4);
    assert_int_equal(proa_http_percent_byte(raw, &at), -1);
}

static void percent_encoding_of_a_segment(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 64);
    assert_ok(proa_http_percent_encode(&b, PROA_SLICE("anthropic.claude-3:0/a b~_\xc3\xa9")));
    assert_slice_str(proa_buf_slice(&b), "anthropic.claude-3%3A0%2Fa%20b~_%C3%A9");
    proa_buf_deinit(&b);
    proa_buf_init(&b, 4);
    assert_err(proa_http_percent_encode(&b, PROA_SLICE("a::")), PROA_ERR_LIMIT);
    assert_false(proa_buf_ok(&b));
    proa_buf_deinit(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_encoding_of_a_segment),
        cmocka_unit_test(parameters),
        cmocka_unit_test(values_have_a_maximum),
        cmocka_unit_test(bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
