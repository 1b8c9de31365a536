#include "proa/core/err.h"

#include "proa_test.h"

struct row {
    const char *upper;
    const char *text;
    enum proa_err err;
    enum proa_err_class class;
};

static const struct row rows[] = {
#define ROW(name, text, class) {#name, text, PROA_ERR_##name, PROA_ERR_CLASS_##class},
    PROA_ERR_TABLE(ROW)
#undef ROW
};

static void test_success_is_zero(void **state)
{
    (void)state;
    assert_int_equal(PROA_OK, 0);
    assert_string_equal(proa_err_text(PROA_OK), "ok");
    assert_string_equal(proa_err_name(PROA_OK), "ok");
    assert_int_equal(proa_err_class(PROA_OK), PROA_ERR_CLASS_NONE);
}

static void check_lowered(const char *name, const char *upper)
{
    assert_true(proa_slice_eq_nocase(proa_slice_cstr(name), proa_slice_cstr(upper)));
    for (size_t i = 0; name[i]; i++) {
        PROA_TEST_CHECK(name[i] < 'A' || name[i] > 'Z', "%s", name);
    }
}

static void test_every_row(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(row->err, row - rows);
        assert_string_equal(proa_err_text(row->err), row->text);
        assert_int_equal(proa_err_class(row->err), row->class);
        check_lowered(proa_err_name(row->err), row->upper);
    }
}

static void test_names_and_texts_are_distinct(void **state)
{
    (void)state;
    PROA_TEST_ROWS(a, rows)
    {
        PROA_TEST_ROWS(b, rows)
        {
            if (a != b) {
                assert_string_not_equal(proa_err_name(a->err), proa_err_name(b->err));
                assert_string_not_equal(proa_err_text(a->err), proa_err_text(b->err));
            }
        }
    }
}

static void test_only_success_is_of_no_class(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK((row->class == PROA_ERR_CLASS_NONE) == (row->err == PROA_OK), "%s",
                        row->upper);
    }
}

static void test_values_outside_the_table(void **state)
{
    (void)state;
    const int outside[] = {(int)PROA_ARRAY_LEN(rows), 1000, -1, INT32_MAX, INT32_MIN};
    PROA_TEST_ROWS(value, outside)
    {
        enum proa_err err = PROA_OK;
        /* Past the enumerators but inside its integer: not what a cast is meant for. */
        memcpy(&err, value, sizeof(err));
        assert_string_equal(proa_err_text(err), "unknown error");
        assert_string_equal(proa_err_name(err), "unknown");
        assert_int_equal(proa_err_class(err), PROA_ERR_CLASS_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success_is_zero),
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_names_and_texts_are_distinct),
        cmocka_unit_test(test_only_success_is_of_no_class),
        cmocka_unit_test(test_values_outside_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
