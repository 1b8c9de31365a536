#include "proa/api/models.h"

#include "proa_test.h"

static const struct proa_api_model models[] = {
    {PROA_SLICE_INIT("openai/gpt-5.5"), PROA_SLICE_INIT("openai"), 1764000000},
    {PROA_SLICE_INIT("a\"b"), PROA_SLICE_INIT("\n"), 0},
};

static void test_list(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_models_write(models, 2, &out));
    assert_slice_lit(proa_buf_slice(&out),
                     "{\"object\":\"list\",\"data\":["
                     "{\"id\":\"openai/gpt-5.5\",\"object\":\"model\",\"created\":1764000000,"
                     "\"owned_by\":\"openai\"},"
                     "{\"id\":\"a\\\"b\",\"object\":\"model\",\"created\":0,\"owned_by\":\"\\n\"}],"
                     "\"has_more\":false,\"first_id\":\"openai/gpt-5.5\",\"last_id\":\"a\\\"b\"}");
    proa_buf_clear(&out);
    assert_ok(proa_api_models_write(NULL, 0, &out));
    assert_slice_lit(proa_buf_slice(&out), "{\"object\":\"list\",\"data\":[],"
                                           "\"has_more\":false,\"first_id\":null,"
                                           "\"last_id\":null}");
    proa_buf_deinit(&out);
}

static void test_one(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_model_write(&models[0], &out));
    assert_slice_lit(proa_buf_slice(&out),
                     "{\"id\":\"openai/gpt-5.5\",\"object\":\"model\",\"created\":1764000000,"
                     "\"owned_by\":\"openai\"}");
    proa_buf_deinit(&out);
}

static void test_buffer_that_is_too_small(void **state)
{
    (void)state;
    for (size_t max = 0; max < 90; max++) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        assert_err(proa_api_models_write(models, 2, &out), PROA_ERR_LIMIT);
        assert_int_equal(out.len, 0);
        proa_buf_deinit(&out);
        proa_buf_init(&out, max);
        const enum proa_err err = proa_api_model_write(&models[0], &out);
        assert_true(err == PROA_OK ? out.len == 81 : out.len == 0);
        proa_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_buffer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
