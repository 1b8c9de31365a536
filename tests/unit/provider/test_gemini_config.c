/* generationConfig, and the provider's own options. */
#include "gemini_fixture.h"

static void check(struct gemini_request *r, const char *config)
{
    assert_ok(gemini_request_encode(r));
    assert_slice_str(gemini_request_member(r, "generationConfig"), config);
    gemini_request_deinit(r);
}

static void test_numbers_go_on_as_they_were_written(void **state)
{
    (void)state;
    static const struct proa_slice stops[] = {PROA_SLICE_INIT("END"), PROA_SLICE_INIT("\\n")};
    struct gemini_request r;
    gemini_request_init(&r, "vertex", "gemini-2.5-pro");
    r.chat.temperature = PROA_SLICE("0.70");
    r.chat.top_p = PROA_SLICE("9e-1");
    r.chat.top_k = PROA_SLICE("40");
    r.chat.seed = PROA_SLICE("-7");
    r.chat.frequency_penalty = PROA_SLICE("0.1");
    r.chat.presence_penalty = PROA_SLICE("0.2");
    r.chat.max_tokens = 100;
    r.chat.n = 2;
    r.chat.stop = stops;
    r.chat.n_stop = 2;
    r.chat.logprobs = PROA_CHAT_YES;
    r.chat.top_logprobs = 3;
    check(&r, "{\"temperature\":0.70,\"topP\":9e-1,\"topK\":40,\"seed\":-7,"
              "\"frequencyPenalty\":0.1,\"presencePenalty\":0.2,\"maxOutputTokens\":100,"
              "\"candidateCount\":2,\"stopSequences\":[\"END\",\"\\n\"],"
              "\"responseLogprobs\":true,\"logprobs\":3}");
    /* Said nothing, written nothing. */
    gemini_request_init(&r, "vertex", "gemini-2.5-pro");
    check(&r, "");
}

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":\"x\"}}}"

static void test_the_form_of_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum proa_chat_format format;
        const char *schema;
        const char *options;
        const char *config;
    } rows[] = {
        {"gemini-2.5-pro", PROA_CHAT_FORMAT_TEXT, NULL, NULL, ""},
        {"gemini-2.5-pro", PROA_CHAT_FORMAT_JSON, NULL, NULL,
         "{\"responseMimeType\":\"application/json\"}"},
        {"gemini-2.5-pro", PROA_CHAT_FORMAT_SCHEMA, SCHEMA, NULL,
         "{\"responseMimeType\":\"application/json\",\"responseJsonSchema\":" SCHEMA "}"},
        {"gemini-2.0-flash", PROA_CHAT_FORMAT_SCHEMA, SCHEMA, NULL,
         "{\"responseMimeType\":\"application/json\",\"responseSchema\":{\"type\":\"object\","
         "\"properties\":{\"a\":{\"type\":\"string\",\"enum\":[\"x\"]}}}}"},
        {"gemini-2.5-pro", PROA_CHAT_FORMAT_SCHEMA, "{\"type\":\"object\"}", NULL,
         "{\"responseMimeType\":\"application/json\"}"},
        {"gemini-2.5-pro", PROA_CHAT_FORMAT_SCHEMA, SCHEMA,
         "{\"google\":{\"structuredOutputs\":false}}",
         "{\"responseMimeType\":\"application/json\"}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        gemini_request_init(&r, "gemini", row->model);
        r.chat.format = row->format;
        r.chat.format_schema = proa_slice_cstr(row->schema);
        r.chat.provider_options = proa_slice_cstr(row->options);
        check(&r, row->config);
    }
    struct gemini_request r;
    gemini_request_init(&r, "gemini", "gemini-2.0-flash");
    r.chat.format = PROA_CHAT_FORMAT_SCHEMA;
    r.chat.format_schema = PROA_SLICE("{\"$ref\":\"#/nowhere\"}");
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
    gemini_request_refused(&r, "response_format");
    gemini_request_deinit(&r);
}

#define BUDGET(n)    "{\"thinkingConfig\":{\"thinkingBudget\":" n ",\"includeThoughts\":true}}"
#define LEVEL(word)  "{\"thinkingConfig\":{\"thinkingLevel\":\"" word "\",\"includeThoughts\":true}}"
#define EFFORT(word) PROA_CHAT_EFFORT_##word

static void test_thinking(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum proa_chat_effort effort;
        uint64_t tokens;
        enum proa_chat_flag show;
        const char *config;
        const char *warned;
    } rows[] = {
        {"gemini-2.5-flash", EFFORT(UNSAID), 0, PROA_CHAT_UNSAID, "", ""},
        {"gemini-2.5-flash", EFFORT(NONE), 0, PROA_CHAT_UNSAID,
         "{\"thinkingConfig\":{\"thinkingBudget\":0}}", ""},
        {"gemini-2.5-pro", EFFORT(NONE), 0, PROA_CHAT_UNSAID,
         "{\"thinkingConfig\":{\"thinkingBudget\":128}}", "reasoning_effort"},
        {"gemini-2.5-flash", EFFORT(MINIMAL), 0, PROA_CHAT_UNSAID, BUDGET("512"), ""},
        {"gemini-2.5-flash", EFFORT(LOW), 0, PROA_CHAT_UNSAID, BUDGET("1024"), ""},
        {"gemini-2.5-flash", EFFORT(MEDIUM), 0, PROA_CHAT_UNSAID, BUDGET("8192"), ""},
        {"gemini-2.5-flash", EFFORT(HIGH), 0, PROA_CHAT_UNSAID, BUDGET("24576"), ""},
        {"gemini-2.5-flash", EFFORT(MAX), 0, PROA_CHAT_UNSAID, BUDGET("24576"), ""},
        {"gemini-2.5-pro", EFFORT(MAX), 0, PROA_CHAT_UNSAID, BUDGET("32768"), ""},
        {"gemini-2.5-pro", EFFORT(UNSAID), 2000, PROA_CHAT_UNSAID, BUDGET("2000"), ""},
        {"gemini-2.5-pro", EFFORT(LOW), 2000, PROA_CHAT_UNSAID, BUDGET("2000"), ""},
        {"gemini-2.5-pro", EFFORT(UNSAID), 5, PROA_CHAT_UNSAID, BUDGET("128"), ""},
        {"gemini-2.5-flash-lite", EFFORT(UNSAID), 5, PROA_CHAT_UNSAID, BUDGET("512"), ""},
        {"gemini-2.5-flash", EFFORT(UNSAID), 99999, PROA_CHAT_UNSAID, BUDGET("24576"), ""},
        {"gemini-2.5-flash", EFFORT(LOW), 0, PROA_CHAT_NO,
         "{\"thinkingConfig\":{\"thinkingBudget\":1024,\"includeThoughts\":false}}", ""},
        {"gemini-2.5-flash", EFFORT(UNSAID), 0, PROA_CHAT_YES,
         "{\"thinkingConfig\":{\"includeThoughts\":true}}", ""},
        {"gemini-3.6-flash", EFFORT(UNSAID), 0, PROA_CHAT_UNSAID, "", ""},
        {"gemini-3.6-flash", EFFORT(NONE), 0, PROA_CHAT_UNSAID,
         "{\"thinkingConfig\":{\"thinkingLevel\":\"minimal\"}}", "reasoning_effort"},
        {"gemini-3.6-flash", EFFORT(MINIMAL), 0, PROA_CHAT_UNSAID, LEVEL("minimal"), ""},
        {"gemini-3.6-flash", EFFORT(LOW), 0, PROA_CHAT_UNSAID, LEVEL("low"), ""},
        {"gemini-3.6-flash", EFFORT(MEDIUM), 0, PROA_CHAT_UNSAID, LEVEL("medium"), ""},
        {"gemini-3.6-flash", EFFORT(HIGH), 0, PROA_CHAT_UNSAID, LEVEL("high"), ""},
        {"gemini-3.6-flash", EFFORT(XHIGH), 0, PROA_CHAT_UNSAID, LEVEL("high"), ""},
        {"gemini-3.1-pro-preview", EFFORT(MINIMAL), 0, PROA_CHAT_UNSAID, LEVEL("low"), ""},
        {"gemini-3-pro-preview", EFFORT(MEDIUM), 0, PROA_CHAT_UNSAID, LEVEL("high"), ""},
        {"gemini-3.6-flash", EFFORT(UNSAID), 500, PROA_CHAT_UNSAID, LEVEL("low"), ""},
        {"gemini-3.6-flash", EFFORT(UNSAID), 5000, PROA_CHAT_UNSAID, LEVEL("medium"), ""},
        {"gemini-3.6-flash", EFFORT(UNSAID), 50000, PROA_CHAT_UNSAID, LEVEL("high"), ""},
        {"gemini-3.6-flash", EFFORT(LOW), 50000, PROA_CHAT_UNSAID, LEVEL("low"), ""},
        {"gemini-2.0-flash", EFFORT(HIGH), 0, PROA_CHAT_UNSAID, "", "reasoning_effort"},
        {"gemini-2.0-flash", EFFORT(NONE), 0, PROA_CHAT_UNSAID, "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        gemini_request_init(&r, "gemini", row->model);
        r.chat.effort = row->effort;
        r.chat.thinking_tokens = row->tokens;
        r.chat.show_thinking = row->show;
        assert_ok(gemini_request_encode(&r));
        gemini_request_warned(&r, row->warned);
        assert_slice_str(gemini_request_member(&r, "generationConfig"), row->config);
        gemini_request_deinit(&r);
    }
}

static void test_own_options(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *options;
        const char *body; /* behind the contents */
        const char *warned;
    } rows[] = {
        {"gemini", "{\"google\":{\"safetySettings\":[{\"category\":\"C\",\"threshold\":\"T\"}]}}",
         ",\"safetySettings\":[{\"category\":\"C\",\"threshold\":\"T\"}]", ""},
        {"gemini",
         "{\"google\":{\"cachedContent\":\"cachedContents/1\",\"responseModalities\":"
         "[\"TEXT\",\"IMAGE\"]}}",
         ",\"generationConfig\":{\"responseModalities\":[\"TEXT\",\"IMAGE\"]},"
         "\"cachedContent\":\"cachedContents/1\"",
         ""},
        /* Whoever names thinkingConfig means it. */
        {"gemini", "{\"google\":{\"thinkingConfig\":{\"thinkingBudget\":-1}}}",
         ",\"generationConfig\":{\"thinkingConfig\":{\"thinkingBudget\":-1}}", ""},
        /* The vendor's own name goes first; another's options are not for this one. */
        {"vertex", "{\"google\":{\"labels\":{\"a\":\"1\"}},\"vertex\":{\"labels\":{\"b\":\"2\"}}}",
         ",\"labels\":{\"b\":\"2\"}", ""},
        {"vertex", "{\"google\":{\"labels\":{\"a\":\"1\"}}}", ",\"labels\":{\"a\":\"1\"}", ""},
        {"gemini", "{\"gemini\":{\"mediaResolution\":\"X\"}}",
         ",\"generationConfig\":{\"mediaResolution\":\"X\"}", ""},
        {"gemini", "{\"vertex\":{\"labels\":{\"b\":\"2\"}},\"openai\":{\"x\":1}}", "", ""},
        /* What this service does not have is left out. */
        {"gemini", "{\"google\":{\"labels\":{\"a\":\"1\"},\"nonsense\":1}}", "", "providerOptions"},
        {"gemini", "{\"google\":{\"safetySettings\":null}}", "", ""},
        {"gemini", "{\"google\":[]}", "", ""},
        {"gemini", "{\"google\":{\"cached\\u0043ontent\":\"c\"}}", ",\"cachedContent\":\"c\"", ""},
    };
    static const char contents[] =
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]";
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        char expected[512];
        gemini_request_init(&r, row->vendor, "gemini-2.5-pro");
        r.chat.provider_options = proa_slice_cstr(row->options);
        r.chat.effort = strstr(row->options, "thinkingConfig") ? PROA_CHAT_EFFORT_HIGH : 0;
        assert_ok(gemini_request_encode(&r));
        (void)snprintf(expected, sizeof expected, "%s%s}", contents, row->body);
        assert_slice_str(proa_buf_slice(&r.out.body), expected);
        gemini_request_warned(&r, row->warned);
        gemini_request_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_go_on_as_they_were_written),
        cmocka_unit_test(test_the_form_of_the_answer),
        cmocka_unit_test(test_thinking),
        cmocka_unit_test(test_own_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
