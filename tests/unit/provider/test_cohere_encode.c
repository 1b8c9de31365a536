/* Requests of Cohere's chat: a whole one, then what each field becomes, then messages. */
#include "cohere_priv.h"

#include "asked.h"

#define S(text) PROA_SLICE_INIT(text)
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = S(t)                                                  \
    }
#define PARTS(p) .parts = (p), .n_parts = PROA_ARRAY_LEN(p)
#define M(of, p)                                                                                   \
    {                                                                                              \
        .role = PROA_CHAT_##of, PARTS(p)                                                           \
    }

static const struct proa_chat_part HI[] = {TEXT("Hi")};
static const struct proa_chat_message SAY_HI[] = {M(USER, HI)};

#define HI_CHAT .messages = SAY_HI, .n_messages = 1
#define HI_BODY "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static void test_a_request(void **state)
{
    (void)state;
    static const struct proa_chat_request chat = {HI_CHAT, .max_tokens = 5};
    struct asked a;
    asked_setup(&a, "command-a-03-2025");
    a.in.chat = &chat;
    a.in.stream = true;
    a.in.base_path = PROA_SLICE_NONE;
    asked_encode(&a, "cohere");
    assert_ok(a.err);
    assert_slice_lit(asked_head(&a), "POST /v2/chat HTTP/1.1\r\n"
                                     "host: api.example.com\r\n"
                                     "authorization: Bearer k-1\r\n"
                                     "content-type: application/json\r\n"
                                     "accept-encoding: identity\r\n"
                                     "accept: text/event-stream\r\n"
                                     "content-length: 102\r\n\r\n");
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"command-a-03-2025\",\"stream\":true," HI_BODY
                     ",\"max_tokens\":5}");
    asked_teardown(&a);
}

static const struct proa_chat_tool TOOLS[] = {
    {.name = S("look"), .description = S("Look"), .schema = S("{\"type\":\"object\"}")},
    {.name = S("now"), .strict = PROA_CHAT_YES},
};
static const struct proa_chat_tool FOREIGN[] = {
    {.name = S("w"), .own = S("{}"), .own_dialect = S("openai")}};
static const struct proa_slice STOP[] = {PROA_SLICE_INIT("1"), PROA_SLICE_INIT("2"),
                                         PROA_SLICE_INIT("3"), PROA_SLICE_INIT("4"),
                                         PROA_SLICE_INIT("5"), PROA_SLICE_INIT("6")};
#define LOOK                                                                                       \
    "{\"type\":\"function\",\"function\":{\"name\":\"look\",\"description\":\"Look\","             \
    "\"parameters\":{\"type\":\"object\"}}}"
#define NOW                                                                                        \
    "{\"type\":\"function\",\"function\":{\"name\":\"now\",\"parameters\":{\"type\":\"object\","   \
    "\"properties\":{}}}}"
#define OPTIONS(json) .provider_options = S("{\"cohere\":" json "}")

static const struct {
    const char *name;
    const char *model;
    struct proa_chat_request chat;
    const char *sent;   /* what stands behind `messages` */
    const char *warned; /* features */
} FIELDS[] = {
    {"tools",
     "command-a",
     {HI_CHAT, .tools = TOOLS, .n_tools = 2},
     ",\"tools\":[" LOOK "," NOW "],\"strict_tools\":true",
     ""},
    {"auto is left out",
     "command-a",
     {HI_CHAT, .tools = TOOLS, .n_tools = 1, .choice = PROA_CHAT_CHOICE_AUTO},
     ",\"tools\":[" LOOK "]",
     ""},
    {"none",
     "command-a",
     {HI_CHAT, .tools = TOOLS, .n_tools = 1, .choice = PROA_CHAT_CHOICE_NONE},
     ",\"tools\":[" LOOK "],\"tool_choice\":\"NONE\"",
     ""},
    {"required",
     "command-a",
     {HI_CHAT, .tools = TOOLS, .n_tools = 1, .choice = PROA_CHAT_CHOICE_REQUIRED,
      .parallel_tools = PROA_CHAT_NO},
     ",\"tools\":[" LOOK "],\"tool_choice\":\"REQUIRED\"",
     "parallel_tool_calls "},
    {"by name",
     "command-a",
     {HI_CHAT, .tools = TOOLS, .n_tools = 2, .choice = PROA_CHAT_CHOICE_NAMED,
      .choice_name = S("look")},
     ",\"tools\":[" LOOK "],\"tool_choice\":\"REQUIRED\"",
     ""},
    {"a choice without tools", "command-a", {HI_CHAT, .choice = PROA_CHAT_CHOICE_REQUIRED}, "", ""},
    {"a tool of another provider's own",
     "command-a",
     {HI_CHAT, .tools = FOREIGN, .n_tools = 1},
     "",
     "tools "},
    {"any JSON",
     "command-a",
     {HI_CHAT, .format = PROA_CHAT_FORMAT_JSON},
     ",\"response_format\":{\"type\":\"json_object\"}",
     ""},
    {"a schema",
     "command-a",
     {HI_CHAT, .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = S("{\"type\":\"object\"}")},
     ",\"response_format\":{\"type\":\"json_object\",\"json_schema\":{\"type\":\"object\"}}",
     ""},
    {"sampling",
     "command-a",
     {HI_CHAT, .temperature = S("0.30"), .top_p = S("0.9"), .top_k = S("5"), .seed = S("7"),
      .frequency_penalty = S("0.5"), .presence_penalty = S("0.25")},
     ",\"temperature\":0.30,\"p\":0.9,\"k\":5,\"seed\":7,\"frequency_penalty\":0.5,"
     "\"presence_penalty\":0.25",
     ""},
    {"limits of it",
     "command-a",
     {HI_CHAT, .temperature = S("1.5"), .top_p = S("1.0"), .frequency_penalty = S("2"),
      .presence_penalty = S("-1")},
     ",\"temperature\":1,\"p\":0.99,\"frequency_penalty\":1,\"presence_penalty\":0",
     "temperature frequency_penalty presence_penalty "},
    {"p of nothing", "command-a", {HI_CHAT, .top_p = S("0")}, ",\"p\":0.01", ""},
    {"stop",
     "command-a",
     {HI_CHAT, .stop = STOP, .n_stop = 2},
     ",\"stop_sequences\":[\"1\",\"2\"]",
     ""},
    {"five at the most",
     "command-a",
     {HI_CHAT, .stop = STOP, .n_stop = 6},
     ",\"stop_sequences\":[\"1\",\"2\",\"3\",\"4\",\"5\"]",
     "stop "},
    {"thinking",
     "command-a-reasoning-08-2025",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_LOW},
     ",\"thinking\":{\"type\":\"enabled\",\"token_budget\":1024}",
     ""},
    {"as much as it wants",
     "command-a-reasoning-08-2025",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_HIGH},
     ",\"thinking\":{\"type\":\"enabled\"}",
     ""},
    {"a budget of one's own",
     "command-a-reasoning-08-2025",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_HIGH, .thinking_tokens = 77},
     ",\"thinking\":{\"type\":\"enabled\",\"token_budget\":77}",
     ""},
    {"off",
     "command-a-reasoning-08-2025",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_NONE},
     ",\"thinking\":{\"type\":\"disabled\"}",
     ""},
    {"does not think",
     "command-r",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_LOW},
     "",
     "reasoning_effort "},
    {"does not anyway", "command-r", {HI_CHAT, .effort = PROA_CHAT_EFFORT_NONE}, "", ""},
    {"what has no word",
     "command-r",
     {HI_CHAT, .n = 1, .logprobs = PROA_CHAT_YES, .top_logprobs = 2, .user = S("u"),
      .service_tier = S("flex")},
     "",
     "logprobs top_logprobs user service_tier "},
    {"its own words",
     "command-r",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_LOW,
      OPTIONS("{\"thinking\":{\"type\":\"enabled\",\"tokenBudget\":9},\"safety_mode\":\"NONE\","
              "\"model\":\"x\"}")},
     ",\"thinking\":{\"type\":\"enabled\",\"token_budget\":9},\"safety_mode\":\"NONE\"",
     "providerOptions.cohere "},
    {"thinking off in its own words",
     "command-a-reasoning-08-2025",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_LOW,
      OPTIONS("{\"thinking\":{\"type\":\"disabled\",\"token_budget\":9}}")},
     ",\"thinking\":{\"type\":\"disabled\"}",
     ""},
};

static void test_each_field(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, FIELDS)
    {
        struct asked a;
        asked_setup(&a, row->model);
        a.in.chat = &row->chat;
        asked_encode(&a, "cohere");
        PROA_TEST_CHECK(a.err == PROA_OK, "%s: %s", row->name, a.out.feature);
        struct proa_slice body = proa_buf_slice(&a.out.body);
        body = proa_slice_from(body,
                               proa_slice_search(body, PROA_SLICE(HI_BODY)) + sizeof(HI_BODY) - 1);
        body.len--;
        PROA_TEST_CHECK(proa_slice_eq(body, proa_slice_cstr(row->sent)), "%s:\n got %.*s\nwant %s",
                        row->name, (int)body.len, body.ptr, row->sent);
        PROA_TEST_CHECK(strcmp(a.warned, row->warned) == 0, "%s: %s", row->name, a.warned);
        asked_teardown(&a);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

#define CALL(i, a)                                                                                 \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_CALL, .id = S(i), .name = S("look"), .arguments = S(a)         \
    }
#define FILE_OF(what, from, type, bytes)                                                           \
    {                                                                                              \
        .kind = PROA_CHAT_PART_##what, .source = PROA_CHAT_SOURCE_##from, .media_type = S(type),   \
        .data = S(bytes)                                                                           \
    }

static const struct proa_chat_part AB[] = {TEXT("a"), TEXT(" "), TEXT("b")};
static const struct proa_chat_part BLANK[] = {TEXT("")};
static const struct proa_chat_part CALLS[] = {TEXT("I look"), CALL("c1", "{\"x\": \"\\n\"}"),
                                              CALL("c2", "")};
static const struct proa_chat_part THOUGHT[] = {{.kind = PROA_CHAT_PART_REASONING, .text = S("hm")},
                                                CALL("c1", "\"{broken\"")};
static const struct proa_chat_part RESULTS[] = {
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("c1"), PARTS(AB)},
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("c2")},
    TEXT("go on")};
static const struct proa_chat_part IMAGES[] = {TEXT("see"),
                                               FILE_OF(IMAGE, BASE64, "image/gif", "R0lG"),
                                               {.kind = PROA_CHAT_PART_IMAGE,
                                                .source = PROA_CHAT_SOURCE_URL,
                                                .data = S("https://x/y"),
                                                .detail = S("low")}};
static const struct proa_chat_part DOCUMENT[] = {TEXT("read"),
                                                 {.kind = PROA_CHAT_PART_FILE,
                                                  .source = PROA_CHAT_SOURCE_TEXT,
                                                  .data = S("words"),
                                                  .filename = S("a.txt")}};

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct proa_chat_message messages[4];
        size_t n;
        const char *sent;
    } rows[] = {
        {"system and user",
         {M(SYSTEM, AB), M(USER, AB)},
         2,
         "{\"role\":\"system\",\"content\":\"a\\nb\"},{\"role\":\"user\",\"content\":\"a\\nb\"}"},
        {"nothing said is not sent",
         {M(USER, HI), M(ASSISTANT, BLANK), M(SYSTEM, BLANK), M(USER, BLANK)},
         4,
         "{\"role\":\"user\",\"content\":\"Hi\"}"},
        {"one side twice",
         {M(USER, HI), M(USER, HI)},
         2,
         "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"user\",\"content\":\"Hi\"}"},
        {"calls and results",
         {M(USER, HI), M(ASSISTANT, CALLS), M(TOOL, RESULTS)},
         3,
         "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"tool_plan\":\"I look\","
         "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"look\","
         "\"arguments\":\"{\\\"x\\\": \\\"\\\\n\\\"}\"}},{\"id\":\"c2\",\"type\":\"function\","
         "\"function\":{\"name\":\"look\",\"arguments\":\"{}\"}}]},"
         "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"a\\nb\"},"
         "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"\"},"
         "{\"role\":\"user\",\"content\":\"go on\"}"},
        {"a thought is the plan, broken arguments are as they were",
         {M(USER, HI), M(ASSISTANT, THOUGHT), M(TOOL, RESULTS)},
         3,
         "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"tool_plan\":\"hm\","
         "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"look\","
         "\"arguments\":\"{broken\"}}]},"
         "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"a\\nb\"},"
         "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"\"},"
         "{\"role\":\"user\",\"content\":\"go on\"}"},
        {"images",
         {M(USER, IMAGES)},
         1,
         "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},{\"type\":"
         "\"image_url\",\"image_url\":{\"url\":\"data:image/gif;base64,R0lG\"}},{\"type\":"
         "\"image_url\",\"image_url\":{\"url\":\"https://x/y\",\"detail\":\"low\"}}]}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_chat_request chat = {.messages = row->messages, .n_messages = row->n};
        struct proa_slice sent = PROA_SLICE_NONE;
        struct asked a;
        asked_setup(&a, "command-a-vision");
        a.in.chat = &chat;
        asked_encode(&a, "cohere");
        PROA_TEST_CHECK(a.err == PROA_OK, "%s: %s", row->name, a.out.feature);
        (void)proa_json_get(proa_buf_slice(&a.out.body), PROA_SLICE("messages"), &sent);
        sent = proa_slice_from(proa_slice_head(sent, sent.len - 1), 1);
        PROA_TEST_CHECK(proa_slice_eq(sent, proa_slice_cstr(row->sent)), "%s:\n got %.*s\nwant %s",
                        row->name, (int)sent.len, sent.ptr, row->sent);
        asked_teardown(&a);
    }
}

static void test_documents_stand_beside(void **state)
{
    (void)state;
    static const struct proa_chat_message messages[] = {M(USER, DOCUMENT)};
    static const struct proa_chat_request chat = {.messages = messages, .n_messages = 1};
    struct asked a;
    asked_setup(&a, "command-a");
    a.in.chat = &chat;
    asked_encode(&a, "cohere");
    assert_ok(a.err);
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"command-a\",\"stream\":false,\"messages\":[{\"role\":\"user\","
                     "\"content\":\"read\"}],\"documents\":[{\"data\":{\"title\":\"a.txt\","
                     "\"text\":\"words\"}}]}");
    asked_teardown(&a);
}

/* ---- refused --------------------------------------------------------------------------------- */

static const struct proa_chat_part AUDIO[] = {FILE_OF(AUDIO, BASE64, "audio/wav", "UklG")};
static const struct proa_chat_part PDF[] = {FILE_OF(FILE, BASE64, "application/pdf", "JVBERi0=")};
static const struct proa_chat_part BUCKET[] = {FILE_OF(IMAGE, URL, "", "gs://b/o")};
static const struct proa_chat_part SEEN[] = {
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("c1"), PARTS(BUCKET)}};

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct proa_chat_message message;
        uint64_t n;
        const char *feature;
    } rows[] = {
        {M(USER, AUDIO), 0, "input_audio"},
        {M(USER, PDF), 0, "a file of this type"},
        {M(USER, BUCKET), 0, "an image by id"},
        {M(TOOL, SEEN), 0, "an image in a tool's result"},
        {M(ASSISTANT, HI), 0, "a last message of the assistant"},
        {M(USER, HI), 2, "n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_chat_request chat = {
            .messages = &row->message, .n_messages = 1, .n = row->n};
        struct asked a;
        asked_setup(&a, "command-a");
        a.in.chat = &chat;
        asked_encode(&a, "cohere");
        assert_err(a.err, PROA_ERR_UNSUPPORTED);
        assert_string_equal(a.out.feature, row->feature);
        assert_non_null(a.out.reason);
        asked_teardown(&a);
    }
}

static void test_nothing_that_it_could_do(void **state)
{
    (void)state;
    struct asked a;
    asked_setup(&a, "command-a");
    a.in.operation = PROA_OP_MODERATION;
    asked_encode(&a, "cohere");
    assert_err(a.err, PROA_ERR_UNSUPPORTED);
    assert_string_equal(a.out.feature, "moderation");
    asked_teardown(&a);
}

static void test_a_body_that_is_too_long(void **state)
{
    (void)state;
    static const struct proa_chat_request chat = {HI_CHAT};
    for (size_t max = 0; max < 80; max++) {
        struct asked a;
        asked_setup(&a, "command-a");
        proa_buf_init(&a.out.body, max);
        a.in.chat = &chat;
        asked_encode(&a, "cohere");
        assert_err(a.err, PROA_ERR_LIMIT);
        asked_teardown(&a);
    }
}

/* Any conversation becomes JSON, and nobody has an empty content. */
static void test_any_conversation(void **state)
{
    (void)state;
    struct proa_prng prng;
    size_t encoded = 0;
    proa_prng_seed(&prng, 7);
    for (size_t i = 0; i < 3000; i++) {
        struct proa_chat_request chat;
        struct asked a;
        asked_setup(&a, i % 2 ? "command-a" : "command-a-reasoning-08-2025");
        asked_any_chat(&prng, &chat, &a.arena);
        a.in.chat = &chat;
        asked_encode(&a, "cohere");
        if (a.err == PROA_OK) {
            const struct proa_slice body = proa_buf_slice(&a.out.body);
            encoded++;
            assert_int_equal(proa_slice_search(body, PROA_SLICE("\"content\":[]")), body.len);
            assert_int_equal(
                proa_slice_search(body, PROA_SLICE("\"role\":\"user\",\"content\":\"\"")),
                body.len);
        } else {
            assert_err(a.err, PROA_ERR_UNSUPPORTED);
            assert_non_null(a.out.feature);
        }
        asked_teardown(&a);
    }
    assert_true(encoded > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request),
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_documents_stand_beside),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing_that_it_could_do),
        cmocka_unit_test(test_a_body_that_is_too_long),
        cmocka_unit_test(test_any_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
