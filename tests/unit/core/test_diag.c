#include "proa/core/diag.h"

#include "proa_test.h"

static void test_fields(void **state)
{
    (void)state;
    struct proa_diags d = {0};
    proa_diags_add(&d, PROA_DIAG_ERROR, "proa.yaml", 3, 7, "unknown key \"%s\"", "tiemout");
    proa_diags_add(&d, PROA_DIAG_WARNING, NULL, 0, 0, "late");
    assert_int_equal(d.n, 2);
    assert_int_equal(d.n_errors, 1);
    assert_int_equal(d.n_dropped, 0);
    assert_int_equal(d.items[0].level, PROA_DIAG_ERROR);
    assert_string_equal(d.items[0].file, "proa.yaml");
    assert_int_equal(d.items[0].line, 3);
    assert_int_equal(d.items[0].col, 7);
    assert_string_equal(d.items[0].message, "unknown key \"tiemout\"");
    assert_int_equal(d.items[1].level, PROA_DIAG_WARNING);
    assert_null(d.items[1].file);
    assert_string_equal(d.items[1].message, "late");
}

static void test_long_message_is_cut(void **state)
{
    (void)state;
    struct proa_diags d = {0};
    proa_diags_add(&d, PROA_DIAG_ERROR, NULL, 0, 0, "%2000d", 1);
    assert_int_equal(strlen(d.items[0].message), sizeof(d.items[0].message) - 1);
    proa_diags_add(&d, PROA_DIAG_ERROR, NULL, 0, 0, "%511d", 1); /* just fits */
    assert_int_equal(d.items[1].message[510], '1');
}

/* A file full of warnings must not hide that there is an error. */
static void test_full_list_still_counts(void **state)
{
    (void)state;
    struct proa_diags d = {0};
    for (uint32_t i = 0; i < PROA_DIAG_MAX; i++) {
        proa_diags_add(&d, PROA_DIAG_WARNING, NULL, i, 0, "warning %u", i);
    }
    assert_int_equal(d.n_errors, 0);
    proa_diags_add(&d, PROA_DIAG_ERROR, NULL, 99, 0, "error");
    proa_diags_add(&d, PROA_DIAG_WARNING, NULL, 99, 0, "warning");
    assert_int_equal(d.n, PROA_DIAG_MAX);
    assert_int_equal(d.n_dropped, 2);
    assert_int_equal(d.n_errors, 1);
    for (uint32_t i = 0; i < PROA_DIAG_MAX; i++) {
        assert_int_equal(d.items[i].line, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_long_message_is_cut),
        cmocka_unit_test(test_full_list_still_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
