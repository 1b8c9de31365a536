#include "number_priv.h"

#include "proa_test.h"

static void test_clamped_on_the_text(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        const char *clamped;
        bool one;
    } rows[] = {
        {"0", "0", false},
        {"-0", "-0", false},
        {"0.0", "0.0", false},
        {"0e9", "0e9", false},
        {"1", "1", true},
        {"1.0", "1.0", true},
        {"1e0", "1e0", true},
        {"10e-1", "10e-1", true},
        {"0.1e1", "0.1e1", true},
        {"0.7", "0.7", false},
        {"0.05", "0.05", false},
        {"5e-324", "5e-324", false},
        {"7E-1", "7E-1", false},
        {"0.99999999999999999999", "0.99999999999999999999", false},
        {"1.00000000000000000001", "1", false},
        {"1.2", "1", false},
        {"2", "1", false},
        {"10", "1", false},
        {"0.2e1", "1", false},
        {"1e+1", "1", false},
        {"1e99999999999999999999", "1", false},
        {"1e-99999999999999999999", "1e-99999999999999999999", false},
        {"-0.5", "0", false},
        {"-1", "0", false},
        {"-3e8", "0", false},
        {"0.00100e3", "0.00100e3", true},
        {"0.00101e3", "1", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_slice number = proa_slice_cstr(row->number);
        assert_slice_str(proa_number_clamp_one(number), row->clamped);
        PROA_TEST_CHECK(proa_number_is_one(number) == row->one, "%s", row->number);
    }
}

/* What is kept is the very text, so that a caller sees that nothing was changed. */
static void test_what_is_inside_is_not_copied(void **state)
{
    (void)state;
    const struct proa_slice number = PROA_SLICE("0.5");
    assert_ptr_equal(proa_number_clamp_one(number).ptr, number.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clamped_on_the_text),
        cmocka_unit_test(test_what_is_inside_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
