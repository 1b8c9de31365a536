/* What is dropped and what is refused. */
#include "gemini_fixture.h"

static const struct proa_slice STOPS[] = {PROA_SLICE_INIT("1"), PROA_SLICE_INIT("2"),
                                          PROA_SLICE_INIT("3"), PROA_SLICE_INIT("4"),
                                          PROA_SLICE_INIT("5"), PROA_SLICE_INIT("6")};
static const struct proa_chat_tool TOOL[] = {{.name = PROA_SLICE_INIT("look")}};
static const struct proa_chat_tool STRICT[] = {
    {.name = PROA_SLICE_INIT("look"), .strict = PROA_CHAT_YES}};

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        struct proa_chat_request chat;
        const char *refused; /* NULL = sent */
        const char *warned;
    } rows[] = {
        {"gemini", "gemini-2.5-pro", {.stop = STOPS, .n_stop = 5}, NULL, ""},
        {"gemini", "gemini-2.5-pro", {.stop = STOPS, .n_stop = 6}, "stop", ""},
        {"gemini", "gemini-2.5-pro", {.n = 8}, NULL, ""},
        {"gemini", "gemini-2.5-pro", {.n = 9}, "n", ""},
        {"gemini", "gemini-2.5-pro", {.logprobs = PROA_CHAT_YES, .top_logprobs = 20}, NULL, ""},
        {"gemini",
         "gemini-2.5-pro",
         {.logprobs = PROA_CHAT_YES, .top_logprobs = 21},
         "top_logprobs",
         ""},
        /* JSON beside tools */
        {"gemini",
         "gemini-2.5-pro",
         {.tools = TOOL, .n_tools = 1, .format = PROA_CHAT_FORMAT_JSON},
         "response_format",
         ""},
        {"gemini",
         "gemini-3.6-flash",
         {.tools = TOOL, .n_tools = 1, .format = PROA_CHAT_FORMAT_JSON},
         NULL,
         ""},
        {"gemini",
         "gemini-2.5-pro",
         {.tools = TOOL, .n_tools = 1, .format = PROA_CHAT_FORMAT_TEXT},
         NULL,
         ""},
        /* penalties by model and service; one of nothing is none */
        {"gemini",
         "gemini-2.5-pro",
         {.frequency_penalty = PROA_SLICE_INIT("0.5")},
         NULL,
         "frequency_penalty"},
        {"gemini",
         "gemini-2.5-pro",
         {.presence_penalty = PROA_SLICE_INIT("-1")},
         NULL,
         "presence_penalty"},
        {"gemini", "gemini-2.5-pro", {.presence_penalty = PROA_SLICE_INIT("0.00")}, NULL, ""},
        {"vertex", "gemini-2.5-pro", {.presence_penalty = PROA_SLICE_INIT("0.5")}, NULL, ""},
        {"vertex",
         "gemini-3.6-flash",
         {.presence_penalty = PROA_SLICE_INIT("0.5")},
         NULL,
         "presence_penalty"},
        {"gemini", "gemini-2.0-flash", {.frequency_penalty = PROA_SLICE_INIT("0.5")}, NULL, ""},
        {"gemini", "gemini-2.5-pro", {.seed = PROA_SLICE_INIT("2147483647")}, NULL, ""},
        {"gemini", "gemini-2.5-pro", {.seed = PROA_SLICE_INIT("2147483648")}, NULL, "seed"},
        {"gemini", "gemini-2.5-pro", {.seed = PROA_SLICE_INIT("1.5")}, NULL, "seed"},
        {"gemini",
         "gemini-2.5-pro",
         {.tools = TOOL, .n_tools = 1, .parallel_tools = PROA_CHAT_NO},
         NULL,
         "parallel_tool_calls"},
        {"gemini", "gemini-2.5-pro", {.parallel_tools = PROA_CHAT_NO}, NULL, ""},
        {"gemini", "gemini-2.5-pro", {.tools = STRICT, .n_tools = 1}, NULL, "strict"},
        {"gemini", "gemini-2.5-pro", {.user = PROA_SLICE_INIT("me")}, NULL, "user"},
        {"gemini", "gemini-2.5-pro", {.service_tier = PROA_SLICE_INIT("auto")}, NULL, ""},
        {"gemini",
         "gemini-2.5-pro",
         {.service_tier = PROA_SLICE_INIT("flex")},
         NULL,
         "service_tier"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        gemini_request_init(&r, row->vendor, row->model);
        const struct proa_chat_request hi = r.chat;
        r.chat = row->chat;
        r.chat.messages = hi.messages;
        r.chat.n_messages = hi.n_messages;
        if (row->refused) {
            assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
            gemini_request_refused(&r, row->refused);
        } else {
            assert_ok(gemini_request_encode(&r));
        }
        gemini_request_warned(&r, row->warned);
        gemini_request_deinit(&r);
    }
}

/* What is dropped is not written either. */
static void test_dropped_is_not_sent(void **state)
{
    (void)state;
    struct gemini_request r;
    gemini_request_init(&r, "gemini", "gemini-3.6-flash");
    r.chat.frequency_penalty = PROA_SLICE("0.5");
    r.chat.presence_penalty = PROA_SLICE("0.5");
    r.chat.seed = PROA_SLICE("99999999999");
    r.chat.user = PROA_SLICE("me");
    assert_ok(gemini_request_encode(&r));
    gemini_request_warned(&r, "seed frequency_penalty presence_penalty user");
    assert_slice_str(proa_buf_slice(&r.out.body),
                     "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}");
    gemini_request_deinit(&r);
}

/* What only another surface has. */
static void test_extras(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *value;
        const char *refused;
        const char *warned;
    } rows[] = {
        {"\"stream_options\"", "{}", NULL, ""},
        {"\"logit_bias\"", "{\"1\":2}", NULL, "logit_bias"},
        {"\"audio\"", "{}", "audio", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        const struct proa_chat_extra extra = {proa_slice_cstr(row->key),
                                              proa_slice_cstr(row->value)};
        gemini_request_init(&r, "gemini", "gemini-3.6-flash");
        r.chat.extras = &extra;
        r.chat.n_extras = 1;
        r.chat.extras_dialect = PROA_SLICE("openai");
        assert_int_equal(gemini_request_encode(&r), row->refused ? PROA_ERR_UNSUPPORTED : PROA_OK);
        if (row->refused) {
            gemini_request_refused(&r, row->refused);
        }
        gemini_request_warned(&r, row->warned);
        gemini_request_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_dropped_is_not_sent),
        cmocka_unit_test(test_extras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
