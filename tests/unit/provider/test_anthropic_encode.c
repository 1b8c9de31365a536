/*
 * Requests of the Messages API: whole ones byte by byte, then what each field of a neutral request
 * becomes.
 */
#include "anthropic_priv.h"

#include "asked.h"

#define S(text) PROA_SLICE_INIT(text)
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = S(t)                                                  \
    }
#define PARTS(p) .parts = (p), .n_parts = PROA_ARRAY_LEN(p)

static const struct proa_chat_part HI[] = {TEXT("Hi \\\"you\\\"")};
static const struct proa_chat_message SAY_HI[] = {{.role = PROA_CHAT_USER, PARTS(HI)}};

#define HI_CHAT .messages = SAY_HI, .n_messages = 1
#define HI_BODY                                                                                    \
    "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi "              \
    "\\\"you\\\"\"}]}]"

/* ---- whole requests -------------------------------------------------------------------------- */

static void test_a_request_to_anthropic(void **state)
{
    (void)state;
    static const struct proa_chat_request chat = {HI_CHAT};
    struct asked a;
    asked_setup(&a, "claude-sonnet-4-5");
    a.in.chat = &chat;
    a.in.authorization.scheme = PROA_AUTH_X_API_KEY;
    asked_encode(&a, "anthropic");
    assert_ok(a.err);
    assert_slice_lit(asked_head(&a), "POST /v1/messages HTTP/1.1\r\n"
                                     "host: api.example.com\r\n"
                                     "x-api-key: k-1\r\n"
                                     "content-type: application/json\r\n"
                                     "accept-encoding: identity\r\n"
                                     "accept: application/json\r\n"
                                     "anthropic-version: 2023-06-01\r\n"
                                     "content-length: 125\r\n\r\n");
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64000," HI_BODY "}");
    asked_teardown(&a);
}

static void test_a_token_and_a_stream(void **state)
{
    (void)state;
    static const struct proa_chat_request chat = {
        HI_CHAT, .provider_options = S("{\"anthropic\":{\"anthropicBeta\":[\"a-1\",\"b-2\"]}}")};
    static const struct proa_http_header beta = {
        PROA_HTTP_HEADER_ANTHROPIC_BETA, PROA_SLICE_INIT("anthropic-beta"), PROA_SLICE_INIT("c-3")};
    struct asked a;
    asked_setup(&a, "claude-opus-5");
    a.in.chat = &chat;
    a.in.stream = true;
    a.in.headers = &beta;
    a.in.n_headers = 1;
    asked_encode(&a, "anthropic");
    assert_ok(a.err);
    assert_slice_lit(asked_head(&a), "POST /v1/messages HTTP/1.1\r\n"
                                     "host: api.example.com\r\n"
                                     "authorization: Bearer k-1\r\n"
                                     "content-type: application/json\r\n"
                                     "accept-encoding: identity\r\n"
                                     "accept: text/event-stream\r\n"
                                     "anthropic-version: 2023-06-01\r\n"
                                     "anthropic-beta: a-1,b-2\r\n"
                                     "anthropic-beta: c-3\r\n"
                                     "content-length: 136\r\n\r\n");
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"claude-opus-5\",\"max_tokens\":128000," HI_BODY
                     ",\"stream\":true}");
    asked_teardown(&a);
}

static void test_a_request_to_vertex(void **state)
{
    (void)state;
    static const struct proa_chat_request chat = {HI_CHAT};
    for (int stream = 0; stream < 2; stream++) {
        struct asked a;
        asked_setup(&a, "claude-sonnet-4-5@20250929");
        a.in.chat = &chat;
        a.in.stream = stream == 1;
        a.in.vendor = proa_vendor_find(PROA_SLICE("vertex"));
        a.in.base_path = PROA_SLICE("/v1/projects/p/locations/global");
        asked_encode(&a, "anthropic");
        assert_ok(a.err);
        const struct proa_slice line =
            stream ? PROA_SLICE("POST /v1/projects/p/locations/global/publishers/anthropic/models/"
                                "claude-sonnet-4-5@20250929:streamRawPredict HTTP/1.1\r\n")
                   : PROA_SLICE("POST /v1/projects/p/locations/global/publishers/anthropic/models/"
                                "claude-sonnet-4-5@20250929:rawPredict HTTP/1.1\r\n");
        assert_true(proa_slice_starts(asked_head(&a), line));
        assert_slice_str(proa_buf_slice(&a.out.body),
                         stream ? "{\"anthropic_version\":\"vertex-2023-10-16\",\"max_tokens\":"
                                  "64000," HI_BODY ",\"stream\":true}"
                                : "{\"anthropic_version\":\"vertex-2023-10-16\",\"max_tokens\":"
                                  "64000," HI_BODY "}");
        asked_teardown(&a);
    }
}

/* ---- each field ------------------------------------------------------------------------------ */

static const struct proa_chat_tool LOOK[] = {
    {.name = S("look"), .description = S("Look \\u00e4"), .schema = S("{\"type\":\"object\"}")}};
static const struct proa_chat_tool STRICT[] = {{.name = S("f"), .strict = PROA_CHAT_YES}};
static const struct proa_chat_tool CACHED[] = {
    {.name = S("f"), .cache_control = S("{\"type\":\"ephemeral\"}")}};
static const struct proa_chat_tool OWN[] = {
    {.name = S("w"),
     .own = S("{\"type\":\"web_search_20250305\",\"name\":\"w\"}"),
     .own_dialect = S("anthropic")},
    {.name = S("x"), .own = S("{\"type\":\"x\"}"), .own_dialect = S("openai")},
};
#define TOOLS(t) .tools = (t), .n_tools = PROA_ARRAY_LEN(t)
#define BARE     "\"input_schema\":{\"type\":\"object\",\"properties\":{}}}"
#define SCHEMA                                                                                     \
    .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = S("{\"type\":\"object\",\"a\":1}"),        \
    .format_description = S("An answer")
#define JSON_TOOL                                                                                  \
    "{\"name\":\"proa_json_answer\",\"description\":\"An answer\",\"input_schema\":{"              \
    "\"type\":\"object\",\"a\":1}}"
#define OPTIONS(json) .provider_options = S("{\"anthropic\":" json "}")

static const struct proa_slice STOP[] = {PROA_SLICE_INIT("END"), PROA_SLICE_INIT("\\n"),
                                         PROA_SLICE_INIT("x y")};
static const struct proa_slice BLANKS[] = {PROA_SLICE_INIT(" "), PROA_SLICE_INIT("")};
static const struct proa_chat_extra EXTRAS[] = {
    {S("\"container\""), S("\"c\"")}, {S("\"model\""), S("1")}, {S("\"speed\""), S("\"fast\"")}};

static const struct field_row {
    const char *name;
    const char *model;
    struct proa_chat_request chat;
    const char *sent;   /* what stands between max_tokens and the end */
    const char *warned; /* features */
} FIELDS[] = {
    {"tools",
     "claude-sonnet-4-5",
     {HI_CHAT, TOOLS(LOOK)},
     "\"tools\":[{\"name\":\"look\",\"description\":\"Look \\u00e4\",\"input_schema\":{\"type\":"
     "\"object\"}}]," HI_BODY,
     ""},
    {"a strict tool",
     "claude-sonnet-4-5",
     {HI_CHAT, TOOLS(STRICT)},
     "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\",\"properties\":{}},"
     "\"strict\":true}]," HI_BODY,
     ""},
    {"an older model is not strict",
     "claude-opus-4-1",
     {HI_CHAT, TOOLS(STRICT)},
     "\"tools\":[{\"name\":\"f\"," BARE "]," HI_BODY,
     "tools.strict "},
    {"a cached tool",
     "claude-opus-4-1",
     {HI_CHAT, TOOLS(CACHED)},
     "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\",\"properties\":{}},"
     "\"cache_control\":{\"type\":\"ephemeral\"}}]," HI_BODY,
     ""},
    {"tools of a provider's own",
     "claude-opus-5",
     {HI_CHAT, TOOLS(OWN)},
     "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"w\"}]," HI_BODY,
     "tools "},
    {"auto",
     "claude-opus-5",
     {HI_CHAT, TOOLS(CACHED), .choice = PROA_CHAT_CHOICE_AUTO},
     "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\",\"properties\":{}},"
     "\"cache_control\":{\"type\":\"ephemeral\"}}],\"tool_choice\":{\"type\":\"auto\"}," HI_BODY,
     ""},
    {"none",
     "claude-opus-5",
     {HI_CHAT, TOOLS(LOOK), .choice = PROA_CHAT_CHOICE_NONE, .parallel_tools = PROA_CHAT_NO},
     "\"tools\":[{\"name\":\"look\",\"description\":\"Look \\u00e4\",\"input_schema\":{\"type\":"
     "\"object\"}}],\"tool_choice\":{\"type\":\"none\"}," HI_BODY,
     ""},
    {"required, one at a time",
     "claude-opus-5",
     {HI_CHAT, TOOLS(LOOK), .choice = PROA_CHAT_CHOICE_REQUIRED, .parallel_tools = PROA_CHAT_NO},
     "\"tools\":[{\"name\":\"look\",\"description\":\"Look \\u00e4\",\"input_schema\":{\"type\":"
     "\"object\"}}],\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true}," HI_BODY,
     ""},
    {"named",
     "claude-opus-5",
     {HI_CHAT, TOOLS(LOOK), .choice = PROA_CHAT_CHOICE_NAMED, .choice_name = S("look")},
     "\"tools\":[{\"name\":\"look\",\"description\":\"Look \\u00e4\",\"input_schema\":{\"type\":"
     "\"object\"}}],\"tool_choice\":{\"type\":\"tool\",\"name\":\"look\"}," HI_BODY,
     ""},
    {"one at a time",
     "claude-opus-5",
     {HI_CHAT, TOOLS(LOOK), .parallel_tools = PROA_CHAT_NO},
     "\"tools\":[{\"name\":\"look\",\"description\":\"Look \\u00e4\",\"input_schema\":{\"type\":"
     "\"object\"}}],\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}"
     "," HI_BODY,
     ""},
    {"a choice without tools",
     "claude-opus-5",
     {HI_CHAT, .choice = PROA_CHAT_CHOICE_AUTO, .parallel_tools = PROA_CHAT_NO},
     HI_BODY,
     ""},
    {"a schema",
     "claude-sonnet-4-5",
     {HI_CHAT, SCHEMA},
     HI_BODY ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":"
             "\"object\",\"a\":1}}}",
     ""},
    {"a schema by a tool",
     "claude-opus-4-1",
     {HI_CHAT, SCHEMA},
     "\"tools\":[" JSON_TOOL "],\"tool_choice\":{\"type\":\"tool\",\"name\":\"proa_json_answer\","
     "\"disable_parallel_tool_use\":true}," HI_BODY,
     ""},
    {"a schema by a tool among others",
     "claude-opus-4-1",
     {HI_CHAT, SCHEMA, TOOLS(CACHED), .choice = PROA_CHAT_CHOICE_AUTO},
     "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\",\"properties\":{}},"
     "\"cache_control\":{\"type\":\"ephemeral\"}}," JSON_TOOL "],\"tool_choice\":{\"type\":\"any\","
     "\"disable_parallel_tool_use\":true}," HI_BODY,
     ""},
    {"any JSON",
     "claude-opus-5",
     {HI_CHAT, .format = PROA_CHAT_FORMAT_JSON},
     "\"system\":[{\"type\":\"text\",\"text\":\"" PROA_CLAUDE_JSON_SYSTEM "\"}]," HI_BODY,
     ""},
    {"sampling",
     "claude-opus-4-0",
     {HI_CHAT, .temperature = S("1.9"), .top_p = S("0.5"), .top_k = S("5")},
     HI_BODY ",\"temperature\":1,\"top_p\":0.5,\"top_k\":5",
     "temperature "},
    {"effort",
     "claude-opus-4-6",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_LOW},
     HI_BODY ",\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"low\"}",
     ""},
    {"stop",
     "claude-opus-5",
     {HI_CHAT, .stop = STOP, .n_stop = 3},
     HI_BODY ",\"stop_sequences\":[\"END\",\"x y\"]",
     "stop "},
    {"only blank ones", "claude-opus-5", {HI_CHAT, .stop = BLANKS, .n_stop = 2}, HI_BODY, "stop "},
    {"user and tier",
     "claude-opus-5",
     {HI_CHAT, .user = S("u\\\"1"), .service_tier = S("default")},
     HI_BODY ",\"metadata\":{\"user_id\":\"u\\\"1\"},\"service_tier\":\"standard_only\"",
     ""},
    {"no such tier",
     "claude-opus-5",
     {HI_CHAT, .service_tier = S("flex")},
     HI_BODY,
     "service_tier "},
    {"what has no equivalent",
     "claude-opus-5",
     {HI_CHAT, .n = 1, .seed = S("1"), .frequency_penalty = S("0.5"), .presence_penalty = S("0"),
      .logprobs = PROA_CHAT_YES, .top_logprobs = 3},
     HI_BODY,
     "seed frequency_penalty logprobs top_logprobs "},
    /* Anthropic's own words */
    {"thinking in its own words",
     "claude-sonnet-4-5",
     {HI_CHAT, .effort = PROA_CHAT_EFFORT_HIGH,
      OPTIONS("{\"thinking\":{\"type\":\"enabled\",\"budgetTokens\":1500}}")},
     HI_BODY ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1500}",
     ""},
    {"in the API's words",
     "claude-sonnet-4-5",
     {HI_CHAT, OPTIONS("{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1600}}")},
     HI_BODY ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1600}",
     ""},
    {"adaptive, and not told",
     "claude-opus-5",
     {HI_CHAT, OPTIONS("{\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},\"effort\":"
                       "\"max\"}")},
     HI_BODY ",\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},\"output_config\":{"
             "\"effort\":\"max\"}",
     ""},
    {"off",
     "claude-opus-5",
     {HI_CHAT, OPTIONS("{\"thinking\":{\"type\":\"disabled\"}}")},
     HI_BODY ",\"thinking\":{\"type\":\"disabled\"}",
     ""},
    {"only an effort",
     "claude-opus-5",
     {HI_CHAT, OPTIONS("{\"output_config\":{\"effort\":\"low\"}}")},
     HI_BODY ",\"output_config\":{\"effort\":\"low\"}",
     ""},
    {"a tool at a time",
     "claude-opus-4-1",
     {HI_CHAT, TOOLS(STRICT), OPTIONS("{\"disableParallelToolUse\":true}")},
     "\"tools\":[{\"name\":\"f\"," BARE
     "],\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}," HI_BODY,
     "tools.strict "},
    {"a schema by a tool because asked",
     "claude-sonnet-4-5",
     {HI_CHAT, SCHEMA, OPTIONS("{\"structuredOutputMode\":\"jsonTool\"}")},
     "\"tools\":[" JSON_TOOL "],\"tool_choice\":{\"type\":\"tool\",\"name\":\"proa_json_answer\","
     "\"disable_parallel_tool_use\":true}," HI_BODY,
     ""},
    {"members of the API",
     "claude-opus-5",
     {HI_CHAT, .user = S("u"), .service_tier = S("auto"),
      OPTIONS("{\"cacheControl\":{\"type\":\"ephemeral\"},\"metadata\":{\"user_id\":\"m\"},"
              "\"service_tier\":\"standard_only\",\"container\":\"c\",\"container\":\"d\","
              "\"toolStreaming\":false}")},
     HI_BODY ",\"cache_control\":{\"type\":\"ephemeral\"},\"metadata\":{\"user_id\":\"m\"},"
             "\"service_tier\":\"standard_only\",\"container\":\"c\"",
     ""},
    {"not what is written anyway",
     "claude-opus-5",
     {HI_CHAT, OPTIONS("{\"model\":\"x\",\"max_tokens\":5,\"someThing\":1}")},
     HI_BODY,
     "providerOptions.anthropic "},
    {"of another provider",
     "claude-opus-5",
     {HI_CHAT, .provider_options = S("{\"openai\":{\"container\":1},\"gateway\":{}}")},
     HI_BODY,
     ""},
    {"members of its own surface",
     "claude-opus-5",
     {HI_CHAT, .extras = EXTRAS, .n_extras = 3, .extras_dialect = S("anthropic")},
     HI_BODY ",\"container\":\"c\",\"speed\":\"fast\"",
     "providerOptions.anthropic "},
};

static void test_each_field(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, FIELDS)
    {
        struct asked a;
        asked_setup(&a, row->model);
        a.in.chat = &row->chat;
        asked_encode(&a, "anthropic");
        PROA_TEST_CHECK(a.err == PROA_OK, "%s: %s", row->name, a.out.feature);
        struct proa_slice body = proa_buf_slice(&a.out.body);
        const size_t at = proa_slice_search(body, PROA_SLICE("max_tokens\":"));
        body = proa_slice_from(body, at);
        body = proa_slice_from(body, proa_slice_find(body, ',') + 1);
        body.len--;
        PROA_TEST_CHECK(proa_slice_eq(body, proa_slice_cstr(row->sent)), "%s:\n got %.*s\nwant %s",
                        row->name, (int)body.len, body.ptr, row->sent);
        PROA_TEST_CHECK(strcmp(a.warned, row->warned) == 0, "%s: %s", row->name, a.warned);
        asked_teardown(&a);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

#define CALL(i, n, a)                                                                              \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_CALL, .id = S(i), .name = S(n), .arguments = S(a)              \
    }
#define RESULT(i, p)                                                                               \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_RESULT, .id = S(i), PARTS(p)                                   \
    }
#define FILE_OF(what, from, type, bytes)                                                           \
    {                                                                                              \
        .kind = PROA_CHAT_PART_##what, .source = PROA_CHAT_SOURCE_##from, .media_type = S(type),   \
        .data = S(bytes)                                                                           \
    }
#define M(of, p)                                                                                   \
    {                                                                                              \
        .role = PROA_CHAT_##of, PARTS(p)                                                           \
    }

static const struct proa_chat_part A[] = {TEXT("a")};
static const struct proa_chat_part B[] = {TEXT("b")};
static const struct proa_chat_part BLANK[] = {TEXT(" \\n\\t")};
static const struct proa_chat_part END[] = {TEXT("begin \\n  ")};
static const struct proa_chat_part SLASH[] = {TEXT("c:\\\\n")};
static const struct proa_chat_part CACHED_TEXT[] = {
    {.kind = PROA_CHAT_PART_TEXT, .text = S("a"), .cache_control = S("{\"type\":\"ephemeral\"}")}};
static const struct proa_chat_part REFUSED[] = {{.kind = PROA_CHAT_PART_REFUSAL, .text = S("no")}};
static const struct proa_chat_part CALLS[] = {TEXT("I look"), CALL("c1", "look", "{\"x\": 1}"),
                                              CALL("c:2.0", "look", "")};
static const struct proa_chat_part BROKEN[] = {CALL("c1", "look", "\"{\\\"x\\\":\"")};
static const struct proa_chat_part LIST[] = {CALL("c1", "look", "[1]")};
static const struct proa_chat_part RESULTS[] = {TEXT("then"), RESULT("c1", A),
                                                RESULT("c:2.0", BLANK)};
static const struct proa_chat_part IMAGE[] = {FILE_OF(IMAGE, BASE64, "image/gif", "R0lG")};
static const struct proa_chat_part IMAGE_RESULT[] = {
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("c1"), PARTS(IMAGE), .is_error = true}};
static const struct proa_chat_part GUESSED[] = {FILE_OF(IMAGE, BASE64, "", "/9j/4AAQ")};
static const struct proa_chat_part BY_URL[] = {FILE_OF(IMAGE, URL, "", "https://x/y.png")};
static const struct proa_chat_part PDF[] = {{.kind = PROA_CHAT_PART_FILE,
                                             .source = PROA_CHAT_SOURCE_BASE64,
                                             .media_type = S("application/pdf"),
                                             .data = S("JVBERi0="),
                                             .filename = S("a.pdf")}};
static const struct proa_chat_part PDF_URL[] = {
    FILE_OF(FILE, URL, "application/pdf", "https://x/y.pdf")};
static const struct proa_chat_part PLAIN[] = {FILE_OF(FILE, TEXT, "text/plain", "words")};
static const struct proa_chat_part CITED[] = {{.kind = PROA_CHAT_PART_FILE,
                                               .source = PROA_CHAT_SOURCE_TEXT,
                                               .data = S("words"),
                                               .context = S("of last year"),
                                               .citations = PROA_CHAT_YES}};
static const struct proa_chat_part OWN_ID[] = {
    {.kind = PROA_CHAT_PART_FILE,
     .source = PROA_CHAT_SOURCE_ID,
     .data = S("file-1"),
     .ids = S("{\"openai\":\"file-1\",\"anthropic\":\"file_2\"}")}};
static const struct proa_chat_part SEALED[] = {
    {.kind = PROA_CHAT_PART_REASONING, .redacted = S("o"), .sealed_as = S(PROA_CHAT_SEALED_OPENAI)},
    {.kind = PROA_CHAT_PART_REASONING,
     .text = S("g"),
     .signature = S("g"),
     .sealed_as = S(PROA_CHAT_SEALED_GOOGLE)},
    {.kind = PROA_CHAT_PART_REASONING,
     .text = S("hm"),
     .signature = S("c"),
     .sealed_as = S(PROA_CHAT_SEALED_CLAUDE)},
    TEXT("so")};
static const struct proa_chat_part IMAGE_FILE[] = {FILE_OF(FILE, BASE64, "image/png", "iVBORw")};
static const struct proa_chat_part THOUGHT[] = {
    {.kind = PROA_CHAT_PART_REASONING, .text = S("hm"), .signature = S("sig==")},
    {.kind = PROA_CHAT_PART_REASONING, .redacted = S("xyz")},
    {.kind = PROA_CHAT_PART_REASONING, .text = S("unsigned")},
    TEXT("so")};

#define USER(content)      "{\"role\":\"user\",\"content\":[" content "]}"
#define ASSISTANT(content) "{\"role\":\"assistant\",\"content\":[" content "]}"
#define T(t)               "{\"type\":\"text\",\"text\":\"" t "\"}"
#define DOT                USER(T("."))

static const struct message_row {
    const char *name;
    struct proa_chat_message messages[4];
    size_t n;
    const char *sent;   /* system and messages */
    const char *warned; /* features */
} MESSAGES[] = {
    {"turns",
     {M(USER, A), M(ASSISTANT, B), M(USER, A)},
     3,
     USER(T("a")) "," ASSISTANT(T("b")) "," USER(T("a")),
     ""},
    {"one side is one turn",
     {M(USER, A), M(USER, B), M(ASSISTANT, A), M(ASSISTANT, END)},
     4,
     USER(T("a") "," T("b")) "," ASSISTANT(T("a") "," T("begin")),
     ""},
    {"an end is trimmed of white space only",
     {M(USER, A), M(ASSISTANT, SLASH)},
     2,
     USER(T("a")) "," ASSISTANT(T("c:\\\\n")),
     ""},
    {"but only the conversation's",
     {M(USER, A), M(ASSISTANT, END), M(USER, A)},
     3,
     USER(T("a")) "," ASSISTANT(T("begin \\n  ")) "," USER(T("a")),
     ""},
    {"blank ones are left out",
     {M(USER, A), M(ASSISTANT, BLANK), M(USER, B)},
     3,
     USER(T("a") "," T("b")),
     ""},
    {"the user begins",
     {M(ASSISTANT, A), M(USER, B)},
     2,
     DOT "," ASSISTANT(T("a")) "," USER(T("b")),
     "messages "},
    {"nothing said", {M(USER, BLANK)}, 1, DOT, "messages "},
    {"no messages", {M(USER, A)}, 0, DOT, "messages "},
    {"cached",
     {M(USER, CACHED_TEXT)},
     1,
     USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}"),
     ""},
    {"a refusal is a text",
     {M(USER, A), M(ASSISTANT, REFUSED), M(USER, A)},
     3,
     USER(T("a")) "," ASSISTANT(T("no")) "," USER(T("a")),
     ""},
    {"calls and results",
     {M(USER, A), M(ASSISTANT, CALLS), M(TOOL, RESULTS), M(USER, B)},
     4,
     USER(T("a")) "," ASSISTANT(
         T("I look") ",{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"look\",\"input\":{"
                     "\"x\": 1}},"
                     "{\"type\":\"tool_use\",\"id\":\"c_2_0\",\"name\":\"look\",\"input\":{}"
                     "}") "," USER("{\"type\":\"tool_result\",\"tool_use_id\":\"c1\","
                                   "\"content\":[" T("a") "]},"
                                                          "{\"type\":\"tool_result\",\"tool_"
                                                          "use_id\":\"c_2_0\"}," T("then") "," T(
                                                              "b")),
     ""},
    {"results of several messages stand first",
     {M(USER, A), M(ASSISTANT, LIST), M(USER, B), M(TOOL, IMAGE_RESULT)},
     4,
     USER(T("a")) "," ASSISTANT(
         "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"look\",\"input\":{"
         "\"INVALID_JSON\":[1]}}") "," USER("{\"type\":\"tool_result\",\"tool_use_id\":\"c1\","
                                            "\"content\":[{\"type\":\"image\","
                                            "\"source\":{\"type\":\"base64\",\"media_type\":"
                                            "\"image/gif\",\"data\":\"R0lG\"}}],"
                                            "\"is_error\":true}," T("b")),
     ""},
    {"arguments that are not JSON",
     {M(USER, A), M(ASSISTANT, BROKEN)},
     2,
     USER(T("a")) "," ASSISTANT("{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"look\",\"input\":{"
                                "\"INVALID_JSON\":\"{\\\"x\\\":\"}}"),
     ""},
    {"an image's kind is seen",
     {M(USER, GUESSED)},
     1,
     USER("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/jpeg\","
          "\"data\":\"/9j/4AAQ\"}}"),
     ""},
    {"an image by URL",
     {M(USER, BY_URL)},
     1,
     USER("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://x/y.png\"}}"),
     ""},
    {"a document",
     {M(USER, PDF)},
     1,
     USER("{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":"
          "\"application/pdf\",\"data\":\"JVBERi0=\"},\"title\":\"a.pdf\"}"),
     ""},
    {"a document by URL",
     {M(USER, PDF_URL)},
     1,
     USER("{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"https://x/y.pdf\"}}"),
     ""},
    {"a document of text",
     {M(USER, PLAIN)},
     1,
     USER("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\","
          "\"data\":\"words\"}}"),
     ""},
    {"a document that is to be cited",
     {M(USER, CITED)},
     1,
     USER("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\","
          "\"data\":\"words\"},\"context\":\"of last year\",\"citations\":{\"enabled\":true}}"),
     ""},
    {"a file by the id that it has here",
     {M(USER, OWN_ID)},
     1,
     USER("{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"file_2\"}}"),
     ""},
    {"what others have sealed stays here",
     {M(USER, A), M(ASSISTANT, SEALED), M(USER, B)},
     3,
     USER(T("a")) "," ASSISTANT(
         "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"c\"}," T(
             "so")) "," USER(T("b")),
     "reasoning_content "},
    {"a file that is an image",
     {M(USER, IMAGE_FILE)},
     1,
     USER("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\","
          "\"data\":\"iVBORw\"}}"),
     ""},
    {"an image of the assistant",
     {M(USER, A), M(ASSISTANT, IMAGE), M(USER, B)},
     3,
     USER(T("a") "," T("b")),
     "images of the assistant "},
    {"thoughts go back signed",
     {M(USER, A), M(ASSISTANT, THOUGHT), M(USER, B)},
     3,
     USER(T("a")) "," ASSISTANT(
         "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"sig==\"},"
         "{\"type\":\"redacted_thinking\",\"data\":\"xyz\"}," T("so")) "," USER(T("b")),
     "reasoning_content "},
};

static void test_messages(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, MESSAGES)
    {
        const struct proa_chat_request chat = {.messages = row->messages, .n_messages = row->n};
        struct proa_slice sent = PROA_SLICE_NONE;
        struct asked a;
        asked_setup(&a, "claude-sonnet-4-5");
        a.in.chat = &chat;
        asked_encode(&a, "anthropic");
        PROA_TEST_CHECK(a.err == PROA_OK, "%s: %s", row->name, a.out.feature);
        assert_int_equal(proa_json_get(proa_buf_slice(&a.out.body), PROA_SLICE("messages"), &sent),
                         PROA_JSON_ARRAY);
        sent = proa_slice_from(proa_slice_head(sent, sent.len - 1), 1);
        PROA_TEST_CHECK(proa_slice_eq(sent, proa_slice_cstr(row->sent)), "%s:\n got %.*s\nwant %s",
                        row->name, (int)sent.len, sent.ptr, row->sent);
        PROA_TEST_CHECK(strcmp(a.warned, row->warned) == 0, "%s: %s", row->name, a.warned);
        asked_teardown(&a);
    }
}

static void test_system_messages(void **state)
{
    (void)state;
    static const struct proa_chat_message messages[] = {M(SYSTEM, CACHED_TEXT), M(SYSTEM, BLANK),
                                                        M(USER, A), M(SYSTEM, B)};
    static const struct proa_chat_request chat = {.messages = messages, .n_messages = 4};
    struct asked a;
    asked_setup(&a, "claude-opus-5");
    a.in.chat = &chat;
    asked_encode(&a, "anthropic");
    assert_ok(a.err);
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"claude-opus-5\",\"max_tokens\":128000,\"system\":[{\"type\":"
                     "\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}," T(
                         "b") "],\"messages\":[" USER(T("a")) "]}");
    assert_string_equal(a.warned, "system messages ");
    asked_teardown(&a);
}

static void test_reasoning_that_shall_not_go_back(void **state)
{
    (void)state;
    static const struct proa_chat_message messages[] = {M(USER, A), M(ASSISTANT, THOUGHT),
                                                        M(USER, B)};
    static const struct proa_chat_request chat = {
        .messages = messages, .n_messages = 3, OPTIONS("{\"sendReasoning\":false}")};
    struct asked a;
    asked_setup(&a, "claude-opus-5");
    a.in.chat = &chat;
    asked_encode(&a, "anthropic");
    assert_ok(a.err);
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"claude-opus-5\",\"max_tokens\":128000,\"messages\":[" USER(
                         T("a")) "," ASSISTANT(T("so")) "," USER(T("b")) "]}");
    assert_string_equal(a.warned, "");
    asked_teardown(&a);
}

/* ---- refused --------------------------------------------------------------------------------- */

static const struct proa_chat_part AUDIO[] = {FILE_OF(AUDIO, BASE64, "audio/wav", "UklG")};
static const struct proa_chat_part BUCKET[] = {FILE_OF(IMAGE, URL, "image/png", "gs://b/o")};
static const struct proa_chat_part BY_ID[] = {FILE_OF(FILE, ID, "", "file-1")};
static const struct proa_chat_part SHEET[] = {FILE_OF(FILE, BASE64, "text/csv", "YSxi")};
static const struct proa_chat_message BEGUN[] = {M(USER, A), M(ASSISTANT, B)};
static const struct proa_chat_extra VOICE = {S("\"audio\""), S("{}")};

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        const char *vendor;
        struct proa_chat_message message;
        struct proa_chat_request chat; /* of the message, when it has none */
        const char *feature;
    } rows[] = {
        {"claude-opus-5", NULL, M(USER, AUDIO), {.n = 0}, "input_audio"},
        {"claude-opus-5", NULL, M(USER, BUCKET), {.n = 0}, "an image by URL"},
        {"claude-opus-5", "vertex", M(USER, BY_URL), {.n = 0}, "an image by URL"},
        {"claude-opus-5", "vertex", M(USER, PDF_URL), {.n = 0}, "a file by URL"},
        {"claude-opus-5", NULL, M(USER, BY_ID), {.n = 0}, "a file by id"},
        {"claude-opus-5", NULL, M(USER, SHEET), {.n = 0}, "a file of this type"},
        {"claude-opus-5", NULL, M(USER, A), {.n = 2}, "n"},
        {"claude-opus-5",
         NULL,
         M(USER, A),
         {.extras = &VOICE, .n_extras = 1, .extras_dialect = S("openai")},
         "audio"},
        {"claude-opus-5-5",
         NULL,
         M(USER, A),
         {TOOLS(LOOK), .choice = PROA_CHAT_CHOICE_REQUIRED},
         "tool_choice"},
        {"claude-opus-5",
         NULL,
         M(USER, A),
         {.messages = BEGUN, .n_messages = 2},
         "a last message of the assistant"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_chat_request chat = row->chat;
        struct asked a;
        if (!chat.messages) {
            chat.messages = &row->message;
            chat.n_messages = 1;
        }
        asked_setup(&a, row->model);
        a.in.chat = &chat;
        a.in.vendor = row->vendor ? proa_vendor_find(proa_slice_cstr(row->vendor)) : NULL;
        asked_encode(&a, "anthropic");
        assert_err(a.err, PROA_ERR_UNSUPPORTED);
        PROA_TEST_CHECK(a.out.feature && strcmp(a.out.feature, row->feature) == 0, "%s: %s",
                        row->feature, a.out.feature);
        assert_non_null(a.out.reason);
        asked_teardown(&a);
    }
}

static void test_what_the_provider_has_not(void **state)
{
    (void)state;
    static const struct proa_chat_input input = {.text = S("x")};
    static const struct proa_chat_embed embed = {.inputs = &input, .n_inputs = 1};
    const struct proa_dialect *d = proa_dialect_find(PROA_SLICE("anthropic"));
    struct asked a;
    asked_setup(&a, "claude-opus-5");
    a.in.operation = PROA_OP_EMBEDDING;
    a.in.embed = &embed;
    asked_encode(&a, "anthropic");
    assert_err(a.err, PROA_ERR_UNSUPPORTED);
    assert_string_equal(a.out.feature, "embeddings");
    assert_true(d->offers(NULL, a.in.model, PROA_OP_CHAT));
    assert_false(d->offers(NULL, a.in.model, PROA_OP_EMBEDDING));
    assert_false(d->offers(NULL, a.in.model, PROA_OP_RERANK));
    assert_true(d->passes(NULL, a.in.model, PROA_OP_CHAT));
    assert_false(d->passes(NULL, a.in.model, PROA_OP_COMPLETION));
    asked_teardown(&a);
}

static void test_a_body_that_is_too_long(void **state)
{
    (void)state;
    static const struct proa_chat_request chat = {HI_CHAT};
    for (size_t max = 0; max < 125; max++) {
        struct asked a;
        asked_setup(&a, "claude-sonnet-4-5");
        proa_buf_init(&a.out.body, max);
        a.in.chat = &chat;
        asked_encode(&a, "anthropic");
        assert_err(a.err, PROA_ERR_LIMIT);
        asked_teardown(&a);
    }
}

static void test_options_that_make_no_sense(void **state)
{
    (void)state;
    static const char *const options[] = {
        "",
        "null",
        "{\"anthropic\":null}",
        "{\"anthropic\":[1]}",
        "{\"anthropic\":{\"thinking\":5,\"effort\":7,\"betas\":{},\"output_config\":null}}",
        "{\"anthropic\":{\"thinking\":{\"type\":3,\"budgetTokens\":-1,\"display\":0}}}",
        "{\"anthropic\":{\"betas\":[1,\"a\\nb\",\"\"],\"effort\":\"huge\"}}",
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(options); i++) {
        const struct proa_chat_request chat = {HI_CHAT,
                                               .provider_options = proa_slice_cstr(options[i])};
        struct asked a;
        asked_setup(&a, "claude-sonnet-4-5");
        a.in.chat = &chat;
        asked_encode(&a, "anthropic");
        assert_ok(a.err);
        assert_slice_lit(proa_buf_slice(&a.out.body),
                         "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64000," HI_BODY "}");
        assert_true(proa_slice_search(asked_head(&a), PROA_SLICE("beta")) == asked_head(&a).len);
        asked_teardown(&a);
    }
}

/* ---- any conversation ------------------------------------------------------------------------ */

/* The user first, then turn by turn; content of each turn, results of tools before all else. */
static void check_turns(struct proa_slice messages)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    bool assistant = true;
    size_t n = 0;
    assert_ok(proa_json_cursor_init(&c, messages));
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_slice role = PROA_SLICE_NONE;
        struct proa_slice content = PROA_SLICE_NONE;
        struct proa_json_cursor blocks;
        struct proa_json_item block;
        bool others = false;
        size_t n_blocks = 0;
        assert_int_equal(proa_json_get(item.value, PROA_SLICE("role"), &role), PROA_JSON_STRING);
        assert_slice_str(role, assistant ? "\"user\"" : "\"assistant\"");
        assert_int_equal(proa_json_get(item.value, PROA_SLICE("content"), &content),
                         PROA_JSON_ARRAY);
        assert_ok(proa_json_cursor_init(&blocks, content));
        while (proa_json_cursor_next(&blocks, &block)) {
            struct proa_slice type = PROA_SLICE_NONE;
            (void)proa_json_get(block.value, PROA_SLICE("type"), &type);
            const bool result = proa_slice_eq(type, PROA_SLICE("\"tool_result\""));
            assert_false(result && (others || !assistant));
            others = others || !result;
            n_blocks++;
        }
        assert_true(n_blocks > 0);
        assistant = !assistant;
        n++;
    }
    assert_true(n > 0);
}

static void test_any_conversation(void **state)
{
    (void)state;
    static const char *const models[] = {"claude-sonnet-4-5",       "claude-opus-5",
                                         "claude-opus-4-1",         "claude-fable-5-1",
                                         "claude-3-haiku-20240307", "other"};
    struct proa_prng prng;
    size_t encoded = 0;
    proa_prng_seed(&prng, 5);
    for (size_t i = 0; i < 4000; i++) {
        struct proa_chat_request chat;
        struct proa_slice messages = PROA_SLICE_NONE;
        struct asked a;
        asked_setup(&a, models[i % PROA_ARRAY_LEN(models)]);
        asked_any_chat(&prng, &chat, &a.arena);
        a.in.chat = &chat;
        asked_encode(&a, "anthropic");
        if (a.err == PROA_OK) {
            encoded++;
            assert_int_equal(
                proa_json_get(proa_buf_slice(&a.out.body), PROA_SLICE("messages"), &messages),
                PROA_JSON_ARRAY);
            check_turns(messages);
        } else {
            assert_err(a.err, PROA_ERR_UNSUPPORTED);
            assert_non_null(a.out.feature);
        }
        asked_teardown(&a);
    }
    assert_true(encoded > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_to_anthropic),
        cmocka_unit_test(test_a_token_and_a_stream),
        cmocka_unit_test(test_a_request_to_vertex),
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_system_messages),
        cmocka_unit_test(test_reasoning_that_shall_not_go_back),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_what_the_provider_has_not),
        cmocka_unit_test(test_a_body_that_is_too_long),
        cmocka_unit_test(test_options_that_make_no_sense),
        cmocka_unit_test(test_any_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
