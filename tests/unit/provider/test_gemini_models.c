/* What is known of models by their names, and of the services that have them. */
#include "gemini_fixture.h"

static void test_what_models_take(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum gemini_thinking thinking;
        uint32_t budget_min;
        uint32_t budget_max;
        bool can_rest;
        uint8_t levels;
        bool json_schema;
        bool json_and_tools;
        bool signatures;
        uint8_t penalties;
    } rows[] = {
        {"gemini-1.5-flash", 0, 0, 0, false, 0, false, false, false, 3},
        {"gemini-2.0-flash-001", 0, 0, 0, false, 0, false, false, false, 3},
        {"gemini-2.5-flash", GEMINI_THINKING_BUDGET, 1, 24576, true, 0, true, false, false, 2},
        {"gemini-2.5-flash-lite", GEMINI_THINKING_BUDGET, 512, 24576, true, 0, true, false, false,
         2},
        {"gemini-2.5-pro", GEMINI_THINKING_BUDGET, 128, 32768, false, 0, true, false, false, 2},
        {"gemini-2.5-flash-image", 0, 0, 0, false, 0, true, false, false, 2},
        {"gemini-3-pro-preview", GEMINI_THINKING_LEVEL, 0, 0, false, 10, true, true, true, 0},
        {"gemini-3.1-pro-preview", GEMINI_THINKING_LEVEL, 0, 0, false, 14, true, true, true, 0},
        {"gemini-3.6-flash", GEMINI_THINKING_LEVEL, 0, 0, false, 15, true, true, true, 0},
        {"gemini-flash-latest", GEMINI_THINKING_LEVEL, 0, 0, false, 15, true, true, true, 0},
        {"gemini-pro-latest", GEMINI_THINKING_LEVEL, 0, 0, false, 14, true, true, true, 0},
        {"gemini-9", GEMINI_THINKING_LEVEL, 0, 0, false, 15, true, true, true, 0},
        {"gemma-3-27b-it", 0, 0, 0, false, 0, false, false, false, 3},
        {"", 0, 0, 0, false, 0, false, false, false, 3},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct gemini_model *m = proa_gemini_model(proa_slice_cstr(row->model));
        PROA_TEST_CHECK(m->thinking == row->thinking && m->budget_min == row->budget_min &&
                            m->budget_max == row->budget_max && m->can_rest == row->can_rest &&
                            m->levels == row->levels && m->json_schema == row->json_schema &&
                            m->json_and_tools == row->json_and_tools &&
                            m->signatures == row->signatures && m->penalties == row->penalties,
                        "%s is taken for %.*s", row->model, (int)m->pattern.len, m->pattern.ptr);
    }
}

static void test_services(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *path;
        bool call_ids;
    } rows[] = {
        {"vertex", "/publishers/google/models/", false},
        {"gemini", "/models/", true},
        {"google", "/models/", true},
        {"nobody", "/models/", true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct gemini_service *s =
            proa_gemini_service(proa_vendor_find(proa_slice_cstr(row->vendor)));
        assert_slice_str(s->path, row->path);
        assert_int_equal(s->call_ids, row->call_ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_models_take),
        cmocka_unit_test(test_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
