#include "proa/api/models.h"

#include "proa_test.h"

static const struct proa_api_model models[] = {
    {.id = PROA_SLICE_INIT("openai/gpt-5.5"),
     .owned_by = PROA_SLICE_INIT("openai"),
     .name = PROA_SLICE_INIT("GPT-5.5"),
     .type = PROA_SLICE_INIT("language"),
     .created = 1764000000,
     .prices = {.pico = {2500000, 15000000, 250000, 0}, .known = 0x7},
     .context = 272000,
     .max_output = 128000,
     .features = 1U << PROA_API_FEATURE_TOOLS | 1U << PROA_API_FEATURE_VISION |
                 1U << PROA_API_FEATURE_REASONING},
    {.id = PROA_SLICE_INIT("a\"b"), .owned_by = PROA_SLICE_INIT("\n")},
};

#define FIRST                                                                                      \
    "{\"id\":\"openai/gpt-5.5\",\"object\":\"model\",\"created\":1764000000,"                      \
    "\"created_at\":\"2025-11-24T16:00:00.000Z\",\"released\":1764000000,"                         \
    "\"owned_by\":\"openai\",\"name\":\"GPT-5.5\",\"display_name\":\"GPT-5.5\","                   \
    "\"type\":\"language\",\"pricing\":{\"input\":\"0.0000025\",\"output\":\"0.000015\","          \
    "\"input_cache_read\":\"0.00000025\"},\"context_window\":272000,\"max_tokens\":128000,"        \
    "\"tags\":[\"tool-use\",\"vision\",\"reasoning\"],\"modalities\":{\"input\":[\"text\","        \
    "\"image\"],\"output\":[\"text\"]},\"supported_specifications\":[\"v2\",\"v3\",\"v4\"],"       \
    "\"supported_parameters\":[\"max_tokens\",\"tools\",\"tool_choice\",\"reasoning\","            \
    "\"reasoning_effort\"]}"
#define SECOND                                                                                     \
    "{\"id\":\"a\\\"b\",\"object\":\"model\",\"created\":0,"                                       \
    "\"created_at\":\"1970-01-01T00:00:00.000Z\",\"owned_by\":\"\\n\",\"name\":\"a\\\"b\","        \
    "\"display_name\":\"a\\\"b\",\"pricing\":{},\"tags\":[],\"supported_specifications\":[]}"

static void test_list(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_models_write(models, 2, &out));
    assert_slice_lit(proa_buf_slice(&out),
                     "{\"object\":\"list\",\"data\":[" FIRST "," SECOND "],"
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
    assert_slice_lit(proa_buf_slice(&out), FIRST);
    proa_buf_deinit(&out);
}

/* What goes in and comes out, and which versions of the AI SDK have such models. */
static void test_types(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice type;
        unsigned features;
        const char *modalities;
        const char *specifications;
    } cases[] = {
        {PROA_SLICE_INIT("language"), 1U << PROA_API_FEATURE_AUDIO,
         "{\"input\":[\"text\",\"audio\"],\"output\":[\"text\"]}", "[\"v2\",\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("language"), (1U << PROA_API_FEATURES) - 1,
         "{\"input\":[\"text\",\"image\",\"audio\"],\"output\":[\"text\"]}",
         "[\"v2\",\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("embedding"), 1U << PROA_API_FEATURE_VISION,
         "{\"input\":[\"text\"],\"output\":[\"embedding\"]}", "[\"v2\",\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("reranking"), 0, "{\"input\":[\"text\"],\"output\":[\"ranking\"]}",
         "[\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("image"), 0, "{\"input\":[\"text\"],\"output\":[\"image\"]}",
         "[\"v2\",\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("speech"), 0, "{\"input\":[\"text\"],\"output\":[\"audio\"]}",
         "[\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("transcription"), 0, "{\"input\":[\"audio\"],\"output\":[\"text\"]}",
         "[\"v3\",\"v4\"]"},
        {PROA_SLICE_INIT("video"), 0, "{\"input\":[\"text\"],\"output\":[\"video\"]}", "[]"},
        {PROA_SLICE_INIT("realtime"), 0, "{\"input\":[\"text\"],\"output\":[\"text\"]}", "[]"},
        {PROA_SLICE_INIT("poem"), 0, NULL, "[]"},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        const struct proa_api_model model = {
            .id = PROA_SLICE("m"), .type = row->type, .features = row->features};
        assert_ok(proa_api_model_write(&model, &out));
        (void)proa_buf_append_byte(&out, '\0');
        const char *modalities = strstr(out.ptr, "\"modalities\":");
        PROA_TEST_CHECK((modalities != NULL) == (row->modalities != NULL), "%s", out.ptr);
        if (modalities && row->modalities) {
            PROA_TEST_CHECK(strncmp(modalities + 13, row->modalities, strlen(row->modalities)) == 0,
                            "%s", out.ptr);
        }
        const char *versions = strstr(out.ptr, "\"supported_specifications\":");
        assert_non_null(versions);
        PROA_TEST_CHECK(strncmp(versions + 27, row->specifications, strlen(row->specifications)) ==
                            0,
                        "%s", out.ptr);
        const bool language = proa_slice_eq(row->type, PROA_SLICE("language"));
        assert_true((strstr(out.ptr, "supported_parameters") != NULL) == language);
        proa_buf_deinit(&out);
    }
}

static void test_every_price(void **state)
{
    (void)state;
    struct proa_buf out;
    struct proa_api_model model = {
        .id = PROA_SLICE("m"), .prices = {.pico = {1, 1000000000000, 0, 1500000}, .known = 0xf}};
    proa_buf_init(&out, 4096);
    assert_ok(proa_api_model_write(&model, &out));
    (void)proa_buf_append_byte(&out, '\0');
    assert_non_null(strstr(out.ptr, "\"pricing\":{\"input\":\"0.000000000001\",\"output\":\"1\","
                                    "\"input_cache_read\":\"0\","
                                    "\"input_cache_write\":\"0.0000015\"}"));
    proa_buf_deinit(&out);
}

static void test_buffer_that_is_too_small(void **state)
{
    (void)state;
    for (size_t max = 0; max < sizeof FIRST + 10; max++) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        assert_err(proa_api_models_write(models, 2, &out), PROA_ERR_LIMIT);
        assert_int_equal(out.len, 0);
        proa_buf_deinit(&out);
        proa_buf_init(&out, max);
        const enum proa_err err = proa_api_model_write(&models[0], &out);
        assert_true(err == PROA_OK ? out.len == sizeof FIRST - 1 : out.len == 0);
        proa_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_every_price),
        cmocka_unit_test(test_buffer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
