/*
 * The AI SDK's list of models.
 */
#include "proa/api/aisdk_config.h"

#include "proa_test.h"

static const struct proa_api_config_model MODELS[] = {
    {.id = PROA_SLICE_INIT("a/b"),
     .name = PROA_SLICE_INIT("B \"large\""),
     .provider = PROA_SLICE_INIT("p"),
     .model_id = PROA_SLICE_INIT("b-1"),
     .type = PROA_SLICE_INIT("language"),
     .pico = {2500000, 10000000, 250000, 0},
     .priced = 7},
    {.id = PROA_SLICE_INIT("mine"),
     .provider = PROA_SLICE_INIT("q"),
     .type = PROA_SLICE_INIT("embedding"),
     .pico = {1},
     .priced = 1},
};

static void every_version_has_its_literal(void **state)
{
    (void)state;
    for (unsigned version = 2; version <= 4; version++) {
        char expected[1024];
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        assert_ok(proa_api_aisdk_config_write(MODELS, 2, version, &out));
        (void)snprintf(
            expected, sizeof expected,
            "{\"models\":[{\"id\":\"a/b\",\"name\":\"B \\\"large\\\"\",\"pricing\":{\"input\":"
            "\"0.0000025\",\"output\":\"0.00001\",\"input_cache_read\":\"0.00000025\"},"
            "\"specification\":{\"specificationVersion\":\"v%u\",\"provider\":\"p\",\"modelId\":"
            "\"b-1\"},\"modelType\":\"language\"},{\"id\":\"mine\",\"name\":\"mine\","
            "\"specification\":{\"specificationVersion\":\"v%u\",\"provider\":\"q\",\"modelId\":"
            "\"mine\"},\"modelType\":\"embedding\"}]}",
            version, version);
        assert_slice_str(proa_buf_slice(&out), expected);
        proa_buf_deinit(&out);
    }
}

static void none_and_too_many(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 100);
    assert_ok(proa_api_aisdk_config_write(NULL, 0, 3, &out));
    assert_slice_lit(proa_buf_slice(&out), "{\"models\":[]}");
    assert_err(proa_api_aisdk_config_write(MODELS, 2, 3, &out), PROA_ERR_LIMIT);
    assert_slice_lit(proa_buf_slice(&out), "{\"models\":[]}");
    proa_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_has_its_literal),
        cmocka_unit_test(none_and_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
