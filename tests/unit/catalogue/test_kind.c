#include "proa/catalogue/kind.h"

#include "proa_test.h"

static void each_name_leads_back(void **state)
{
    (void)state;
    for (int i = 0; i < PROA_MODEL_TYPES; i++) {
        enum proa_model_type type = PROA_MODEL_TYPES;
        const char *name = proa_model_type_name((enum proa_model_type)i);
        assert_true(proa_model_type_find(proa_slice_cstr(name), &type));
        assert_int_equal(type, i);
    }
    for (int i = 0; i < PROA_CAPABILITIES; i++) {
        enum proa_capability capability = PROA_CAPABILITIES;
        const char *name = proa_capability_name((enum proa_capability)i);
        assert_true(proa_capability_find(proa_slice_cstr(name), &capability));
        assert_int_equal(capability, i);
    }
}

static void other_names_lead_nowhere(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "Language", "lang", "languages", "tool", "vision "};
    PROA_TEST_ROWS(row, rows)
    {
        enum proa_model_type type;
        enum proa_capability capability;
        assert_false(proa_model_type_find(proa_slice_cstr(*row), &type));
        assert_false(proa_capability_find(proa_slice_cstr(*row), &capability));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_leads_back),
        cmocka_unit_test(other_names_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
