/* Who offers a model: what is known as it is, what is not as null. */
#include "proa/api/offers.h"

#include "proa_test.h"

static const struct proa_api_model model = {
    .id = PROA_SLICE_INIT("anthropic/claude"),
    .name = PROA_SLICE_INIT("Claude"),
    .type = PROA_SLICE_INIT("language"),
    .features = 1U << PROA_API_FEATURE_TOOLS | 1U << PROA_API_FEATURE_VISION,
};

static const struct proa_api_offer offers[] = {
    {.provider = PROA_SLICE_INIT("anthropic"),
     .model_id = PROA_SLICE_INIT("claude"),
     .prices = {.pico = {1000000, 5000000, 100000, 1250000}, .known = 0xf},
     .context = 200000,
     .max_output = 64000,
     .status = -1,
     .answered = 2,
     .failed = 1,
     .first_p50_ns = 431500000,
     .first_p95_ns = 1200000000,
     .pace_p50_milli = 81250,
     .pace_p95_milli = 120000},
    {.provider = PROA_SLICE_INIT("bedrock"), .model_id = PROA_SLICE_INIT("us.anthropic.claude")},
};

#define HEAD                                                                                       \
    "{\"data\":{\"id\":\"anthropic/claude\",\"name\":\"Claude\",\"created\":0,"                    \
    "\"architecture\":{\"tokenizer\":null,\"instruct_type\":null,"                                 \
    "\"modality\":\"text+image->text\",\"input_modalities\":[\"text\",\"image\"],"                 \
    "\"output_modalities\":[\"text\"]},\"endpoints\":["
#define ABILITIES                                                                                  \
    "\"tags\":[\"tool-use\",\"vision\"],"                                                          \
    "\"supported_parameters\":[\"max_tokens\",\"tools\",\"tool_choice\"],"
#define FIRST                                                                                      \
    "{\"name\":\"anthropic | claude\",\"model_name\":\"claude\",\"provider_name\":\"anthropic\","  \
    "\"context_length\":200000,\"max_completion_tokens\":64000,\"max_prompt_tokens\":null,"        \
    "\"quantization\":null," ABILITIES                                                             \
    "\"pricing\":{\"prompt\":\"0.000001\",\"completion\":\"0.000005\","                            \
    "\"input_cache_read\":\"0.0000001\",\"input_cache_write\":\"0.00000125\"},\"status\":-1,"      \
    "\"uptime_last_15m\":66.66,\"uptime_last_1h\":null,\"uptime_last_1d\":null,"                   \
    "\"latency_last_1h\":{\"p50\":431.5,\"p95\":1200},"                                            \
    "\"throughput_last_1h\":{\"p50\":81.25,\"p95\":120},\"supports_implicit_caching\":null}"
#define SECOND                                                                                     \
    "{\"name\":\"bedrock | us.anthropic.claude\",\"model_name\":\"us.anthropic.claude\","          \
    "\"provider_name\":\"bedrock\",\"context_length\":null,\"max_completion_tokens\":null,"        \
    "\"max_prompt_tokens\":null,\"quantization\":null," ABILITIES "\"pricing\":{},\"status\":0,"   \
    "\"uptime_last_15m\":null,\"uptime_last_1h\":null,\"uptime_last_1d\":null,"                    \
    "\"latency_last_1h\":null,\"throughput_last_1h\":null,\"supports_implicit_caching\":null}"
#define ALL HEAD FIRST "," SECOND "]}}"

static void what_is_known_and_what_is_not(void **state)
{
    (void)state;
    struct proa_buf out;
    proa_buf_init(&out, 8192);
    assert_ok(proa_api_offers_write(&model, offers, 2, &out));
    assert_slice_lit(proa_buf_slice(&out), ALL);
    proa_buf_deinit(&out);
}

static void a_model_of_no_known_type(void **state)
{
    (void)state;
    static const struct proa_api_model bare = {.id = PROA_SLICE_INIT("x")};
    struct proa_buf out;
    proa_buf_init(&out, 8192);
    assert_ok(proa_api_offers_write(&bare, NULL, 0, &out));
    assert_slice_lit(proa_buf_slice(&out),
                     "{\"data\":{\"id\":\"x\",\"name\":\"x\",\"created\":0,\"architecture\":{"
                     "\"tokenizer\":null,\"instruct_type\":null,\"modality\":null,"
                     "\"input_modalities\":[],\"output_modalities\":[]},\"endpoints\":[]}}");
    proa_buf_deinit(&out);
}

/* The extremes of what can be counted. */
static void figures(void **state)
{
    (void)state;
    static const struct {
        uint32_t answered;
        uint32_t failed;
        const char *uptime;
    } cases[] = {
        {1, 0, "100,"},  {0, 1, "0,"},        {1, 2, "33.33,"}, {UINT32_MAX, UINT32_MAX, "50,"},
        {0, 0, "null,"}, {9999, 1, "99.99,"},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_buf out;
        const struct proa_api_offer offer = {.answered = row->answered, .failed = row->failed};
        proa_buf_init(&out, 8192);
        assert_ok(proa_api_offers_write(&model, &offer, 1, &out));
        (void)proa_buf_append_byte(&out, '\0');
        const char *at = strstr(out.ptr, "\"uptime_last_15m\":");
        assert_non_null(at);
        PROA_TEST_CHECK(strncmp(at + 18, row->uptime, strlen(row->uptime)) == 0, "%s", at);
        proa_buf_deinit(&out);
    }
}

static void a_buffer_that_is_too_small(void **state)
{
    (void)state;
    for (size_t max = 0; max < sizeof ALL + 8; max += 7) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        const enum proa_err err = proa_api_offers_write(&model, offers, 2, &out);
        assert_true(err == PROA_OK ? out.len == sizeof ALL - 1 : out.len == 0);
        proa_buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_and_what_is_not),
        cmocka_unit_test(a_model_of_no_known_type),
        cmocka_unit_test(figures),
        cmocka_unit_test(a_buffer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
