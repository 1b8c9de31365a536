/* What stands beside the messages of Converse, and the head: one golden request for each rule. */
#include "bedrock_test.h"

#define CONFIG(members) "{" HI_JSON ",\"inferenceConfig\":{" members "}}"
#define FIELDS(members) "{" HI_JSON ",\"additionalModelRequestFields\":{" members "}}"

/* ---- sampling and limits --------------------------------------------------------------------- */

static const struct proa_slice STOPS[] = {B("END"), B(" \\n"), B("\\n\\nQ:")};

static const struct encode_case CONFIGS[] = {
    {.name = "all that there is",
     .model = LLAMA,
     .request = {HI, .max_tokens = 99, .temperature = B("0.5"), .top_p = B("0.90"), .stop = STOPS,
                 .n_stop = 1},
     .body =
         CONFIG("\"maxTokens\":99,\"temperature\":0.5,\"topP\":0.90,\"stopSequences\":[\"END\"]")},
    {.name = "white space does not stop",
     .model = LLAMA,
     .request = {HI, .stop = STOPS, .n_stop = 3},
     .body = CONFIG("\"stopSequences\":[\"END\",\"\\n\\nQ:\"]"),
     .warnings = "stop"},
    {.name = "temperature has a limit",
     .model = LLAMA,
     .request = {HI, .temperature = B("1.7")},
     .body = CONFIG("\"temperature\":1"),
     .warnings = "temperature"},
    {.name = "and at Claude",
     .model = HAIKU_3,
     .request = {HI, .temperature = B("2")},
     .body = CONFIG("\"temperature\":1"),
     .warnings = "temperature"},
    {.name = "Claude that takes one of two",
     .model = SONNET,
     .request = {HI, .temperature = B("0.2"), .top_p = B("0.9"), .max_tokens = 10},
     .body = CONFIG("\"maxTokens\":10,\"temperature\":0.2"),
     .warnings = "top_p"},
    {.name = "Claude that takes none",
     .model = SONNET_5,
     .request = {HI, .temperature = B("0.2"), .top_k = B("4")},
     .body = "{" HI_JSON "}",
     .warnings = "temperature, top_k"},
    {.name = "GPT takes none",
     .model = GPT,
     .request = {HI, .temperature = B("0.2"), .top_p = B("0.9"), .stop = STOPS, .n_stop = 1,
                 .max_tokens = 5},
     .body = CONFIG("\"maxTokens\":5"),
     .warnings = "temperature, top_p, stop"},
    {.name = "several answers", .model = LLAMA, .request = {HI, .n = 2}, .feature = "n"},
    {.name = "what has no place",
     .model = LLAMA,
     .request = {HI, .n = 1, .seed = B("1"), .frequency_penalty = B("1"),
                 .presence_penalty = B("1"), .logprobs = PROA_CHAT_YES, .top_logprobs = 2,
                 .user = B("u"), .top_k = B("3")},
     .body = "{" HI_JSON "}",
     .warnings = "seed, frequency_penalty, presence_penalty, logprobs, top_logprobs, user, top_k"},
    {.name = "top_k at Claude",
     .model = HAIKU_3,
     .request = {HI, .top_k = B("7")},
     .body = FIELDS("\"top_k\":7")},
    {.name = "top_k at Mistral",
     .model = MISTRAL,
     .request = {HI, .top_k = B("7")},
     .body = FIELDS("\"top_k\":7")},
    {.name = "top_k at Cohere",
     .model = "cohere.command-r-plus-v1:0",
     .request = {HI, .top_k = B("7")},
     .body = FIELDS("\"k\":7")},
    {.name = "top_k at Nova",
     .model = NOVA,
     .request = {HI, .top_k = B("7")},
     .body = FIELDS("\"inferenceConfig\":{\"topK\":7}")},
};

static void test_sampling_and_limits(void **state)
{
    (void)state;
    CHECK_ALL(CONFIGS);
}

/* ---- thinking -------------------------------------------------------------------------------- */

#define EFFORT(level)                                                                              \
    {                                                                                              \
        HI, .effort = PROA_CHAT_EFFORT_##level                                                     \
    }

static const struct encode_case EFFORTS[] = {
    {.name = "Claude with a budget",
     .model = SONNET,
     .request = {HI, .effort = PROA_CHAT_EFFORT_MEDIUM, .max_tokens = 8000},
     .body = "{" HI_JSON ",\"inferenceConfig\":{\"maxTokens\":8000},"
             "\"additionalModelRequestFields\":{\"thinking\":{\"type\":\"enabled\","
             "\"budget_tokens\":2048}}}"},
    {.name = "Claude with a budget of the client's",
     .model = SONNET,
     .request = {HI, .thinking_tokens = 5000},
     .body = FIELDS("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":5000}")},
    {.name = "Claude with an effort",
     .model = "us.anthropic.claude-opus-4-6-v1",
     .request = EFFORT(HIGH),
     .body =
         FIELDS("\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"high\"}")},
    {.name = "Claude that never thinks",
     .model = HAIKU_3,
     .request = EFFORT(HIGH),
     .body = "{" HI_JSON "}",
     .warnings = "reasoning_effort"},
    {.name = "gpt-oss",
     .model = GPT_OSS,
     .request = EFFORT(MEDIUM),
     .body = FIELDS("\"reasoning_effort\":\"medium\"")},
    {.name = "gpt-oss, at its most",
     .model = GPT_OSS,
     .request = EFFORT(MAX),
     .body = FIELDS("\"reasoning_effort\":\"high\"")},
    {.name = "gpt-oss cannot but think",
     .model = GPT_OSS,
     .request = EFFORT(NONE),
     .body = FIELDS("\"reasoning_effort\":\"low\""),
     .warnings = "reasoning_effort"},
    {.name = "GPT",
     .model = GPT,
     .request = EFFORT(XHIGH),
     .body = FIELDS("\"reasoning\":{\"effort\":\"xhigh\"}")},
    {.name = "GPT that does not think",
     .model = GPT,
     .request = EFFORT(NONE),
     .body = FIELDS("\"reasoning\":{\"effort\":\"none\"}")},
    {.name = "Nova 2",
     .model = NOVA_2,
     .request = EFFORT(LOW),
     .body = FIELDS("\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"low\"}")},
    {.name = "Nova 2 by a budget",
     .model = NOVA_2,
     .request = {HI, .thinking_tokens = 2000},
     .body = FIELDS("\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"medium\"}"),
     .warnings = "thinking.budget_tokens"},
    {.name = "Nova 2 that does not think",
     .model = NOVA_2,
     .request = EFFORT(NONE),
     .body = FIELDS("\"reasoningConfig\":{\"type\":\"disabled\"}")},
    {.name = "Nova 2 at its hardest takes no limits",
     .model = NOVA_2,
     .request = {HI, .effort = PROA_CHAT_EFFORT_HIGH, .max_tokens = 9, .temperature = B("0.1"),
                 .top_p = B("0.1")},
     .body = FIELDS("\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"high\"}"),
     .warnings = "max_tokens, temperature, top_p"},
    {.name = "Nova 1",
     .model = NOVA,
     .request = EFFORT(LOW),
     .body = "{" HI_JSON "}",
     .warnings = "reasoning_effort"},
    {.name = "Nova 1 that does not think",
     .model = NOVA,
     .request = EFFORT(NONE),
     .body = "{" HI_JSON "}"},
};

static void test_thinking(void **state)
{
    (void)state;
    CHECK_ALL(EFFORTS);
}

/* ---- tools ----------------------------------------------------------------------------------- */

#define TOOLS_JSON(list, rest) "{" HI_JSON ",\"toolConfig\":{\"tools\":[" list "]" rest "}}"
#define SEE                                                                                        \
    {                                                                                              \
        .name = B("see"), .description = B(" ")                                                    \
    }
#define SEE_JSON                                                                                   \
    "{\"toolSpec\":{\"name\":\"see\",\"inputSchema\":{\"json\":{\"type\":\"object\","              \
    "\"properties\":{}}}}}"
#define CHOOSE(how)  .choice = PROA_CHAT_CHOICE_##how
#define CHOICE(word) ",\"toolChoice\":{" word "}"
#define HISTORY                                                                                    \
    MESSAGES(MESSAGE(USER, TEXT("Hi")), MESSAGE(ASSISTANT, CALL("c1", "look", "{}")),              \
             MESSAGE(TOOL, RESULT("c1", TEXT("1"))))
#define HISTORY_JSON                                                                               \
    "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]},"                           \
    "{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":\"c1\",\"name\":\"look\","   \
    "\"input\":{}}}]},{\"role\":\"user\",\"content\":[{\"toolResult\":{\"toolUseId\":\"c1\","      \
    "\"content\":[{\"text\":\"1\"}]}}]}]"

static const struct encode_case CHOICES[] = {
    {.name = "tools",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK, SEE)},
     .body = TOOLS_JSON(LOOK_JSON "," SEE_JSON, "")},
    {.name = "auto",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK), CHOOSE(AUTO)},
     .body = TOOLS_JSON(LOOK_JSON, CHOICE("\"auto\":{}"))},
    {.name = "required",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK), CHOOSE(REQUIRED)},
     .body = TOOLS_JSON(LOOK_JSON, CHOICE("\"any\":{}"))},
    {.name = "named",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK, SEE), CHOOSE(NAMED), .choice_name = B("look")},
     .body = TOOLS_JSON(LOOK_JSON "," SEE_JSON, CHOICE("\"tool\":{\"name\":\"look\"}"))},
    {.name = "named at a model that knows no names",
     .model = MISTRAL,
     .request = {HI, TOOLS(LOOK, SEE), CHOOSE(NAMED), .choice_name = B("look")},
     .body = TOOLS_JSON(LOOK_JSON, CHOICE("\"any\":{}"))},
    {.name = "none",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK), CHOOSE(NONE)},
     .body = "{" HI_JSON "}"},
    {.name = "none, but the history has some",
     .model = SONNET,
     .request = {HISTORY, TOOLS(LOOK), CHOOSE(NONE)},
     .body = "{" HISTORY_JSON ",\"toolConfig\":{\"tools\":[" LOOK_JSON "]}}",
     .warnings = "tool_choice"},
    {.name = "none told, but the history has some",
     .model = SONNET,
     .request = {HISTORY},
     .body = "{" HISTORY_JSON ",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"look\","
             "\"inputSchema\":{\"json\":{\"type\":\"object\",\"properties\":{}}}}}]}}"},
    {.name = "one at a time",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK), .parallel_tools = PROA_CHAT_NO},
     .body = "{" HI_JSON ",\"toolConfig\":{\"tools\":[" LOOK_JSON "]},"
             "\"additionalModelRequestFields\":{\"tool_choice\":{\"type\":\"auto\","
             "\"disable_parallel_tool_use\":true}}}"},
    {.name = "this one, and once",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK), .parallel_tools = PROA_CHAT_NO, CHOOSE(NAMED),
                 .choice_name = B("look")},
     .body = "{" HI_JSON ",\"toolConfig\":{\"tools\":[" LOOK_JSON "]},"
             "\"additionalModelRequestFields\":{\"tool_choice\":{\"type\":\"tool\","
             "\"name\":\"look\",\"disable_parallel_tool_use\":true}}}"},
    {.name = "any, and once",
     .model = SONNET,
     .request = {HI, TOOLS(LOOK), .parallel_tools = PROA_CHAT_NO, CHOOSE(REQUIRED)},
     .body = "{" HI_JSON ",\"toolConfig\":{\"tools\":[" LOOK_JSON "]},"
             "\"additionalModelRequestFields\":{\"tool_choice\":{\"type\":\"any\","
             "\"disable_parallel_tool_use\":true}}}"},
    {.name = "one at a time elsewhere",
     .model = NOVA,
     .request = {HI, TOOLS(LOOK), .parallel_tools = PROA_CHAT_NO},
     .body = TOOLS_JSON(LOOK_JSON, ""),
     .warnings = "parallel_tool_calls"},
    {.name = "strict",
     .model = SONNET,
     .request = {HI, TOOLS({.name = B("see"), .strict = PROA_CHAT_YES})},
     .body = TOOLS_JSON("{\"toolSpec\":{\"name\":\"see\",\"inputSchema\":{\"json\":{\"type\":"
                        "\"object\",\"properties\":{}}},\"strict\":true}}",
                        "")},
    {.name = "strict elsewhere",
     .model = NOVA,
     .request = {HI, TOOLS({.name = B("see"), .strict = PROA_CHAT_YES})},
     .body = TOOLS_JSON(SEE_JSON, ""),
     .warnings = "strict"},
    {.name = "a model that cannot be made to",
     .model = LLAMA,
     .request = {HI, TOOLS(LOOK), CHOOSE(REQUIRED)},
     .feature = "tool_choice"},
    {.name = "a Claude that cannot",
     .model = "anthropic.claude-opus-5-5",
     .request = {HI, TOOLS(LOOK), CHOOSE(REQUIRED)},
     .feature = "tool_choice"},
    {.name = "a model without tools",
     .model = TITAN,
     .request = {HI, TOOLS(LOOK)},
     .feature = "tools"},
    {.name = "a model without tools, and a history with them",
     .model = TITAN,
     .request = {HISTORY},
     .feature = "tools"},
    {.name = "a model without tools that are not to be used",
     .model = TITAN,
     .request = {HI, TOOLS(LOOK), CHOOSE(NONE)},
     .body = "{" HI_JSON "}"},
    {.name = "a tool of another provider's",
     .model = SONNET,
     .request = {HI, TOOLS({.name = B("web_search"), .own = B("{}"), .own_dialect = B("openai")})},
     .feature = "tools"},
    {.name = "a name that is none here",
     .model = SONNET,
     .request = {HI, TOOLS({.name = B("a.b")})},
     .feature = "tools"},
};

static void test_tools(void **state)
{
    (void)state;
    CHECK_ALL(CHOICES);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

#define SCHEMA    "{\"type\":\"object\",\"required\":[\"a\"]}"
#define BY_SCHEMA HI, .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = B(SCHEMA)
#define ANSWER                                                                                     \
    "{\"toolSpec\":{\"name\":\"proa_json_answer\",\"description\":\"" PROA_CLAUDE_JSON_HINT "\","  \
    "\"inputSchema\":{\"json\":" SCHEMA "}}}"

static const struct encode_case FORMATS[] = {
    {.name = "a schema that Claude takes",
     .model = SONNET,
     .request = {BY_SCHEMA},
     .body =
         FIELDS("\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":" SCHEMA "}}")},
    {.name = "one that Claude takes elsewhere only",
     .model = SONNET_5,
     .request = {BY_SCHEMA},
     .body = TOOLS_JSON(ANSWER, CHOICE("\"tool\":{\"name\":\"proa_json_answer\"}"))},
    {.name = "a Claude that cannot be made to call a tool",
     .model = "us.anthropic.claude-sonnet-5-5",
     .request = {BY_SCHEMA},
     .body =
         FIELDS("\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":" SCHEMA "}}")},
    {.name = "by a tool",
     .model = NOVA,
     .request = {BY_SCHEMA},
     .body = TOOLS_JSON(ANSWER, CHOICE("\"tool\":{\"name\":\"proa_json_answer\"}"))},
    {.name = "by a tool among others",
     .model = NOVA,
     .request = {BY_SCHEMA, TOOLS(LOOK)},
     .body = TOOLS_JSON(LOOK_JSON "," ANSWER, CHOICE("\"any\":{}"))},
    {.name = "by a tool without names",
     .model = MISTRAL,
     .request = {BY_SCHEMA},
     .body = TOOLS_JSON(ANSWER, CHOICE("\"any\":{}"))},
    {.name = "by a tool instead of those of the history",
     .model = NOVA,
     .request = {HISTORY, .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = B(SCHEMA)},
     .body = "{" HISTORY_JSON ",\"toolConfig\":{\"tools\":[" ANSWER
             "]" CHOICE("\"tool\":{\"name\":\"proa_json_answer\"}") "}}"},
    {.name = "in words",
     .model = LLAMA,
     .request = {BY_SCHEMA},
     .body = "{\"system\":[{\"text\":\"" PROA_CLAUDE_JSON_SYSTEM
             " It must be valid by this JSON Schema: {\\\"type\\\":\\\"object\\\",\\\"required\\\":"
             "[\\\"a\\\"]}\"}]," HI_JSON "}",
     .warnings = "response_format"},
    {.name = "any object",
     .model = NOVA,
     .request = {HI, .format = PROA_CHAT_FORMAT_JSON},
     .body = "{\"system\":[{\"text\":\"" PROA_CLAUDE_JSON_SYSTEM "\"}]," HI_JSON "}"},
    {.name = "any object of a model without instructions",
     .model = TITAN,
     .request = {HI, .format = PROA_CHAT_FORMAT_JSON},
     .body = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"" PROA_CLAUDE_JSON_SYSTEM
             "\"},{\"text\":\"Hi\"}]}]}"},
    {.name = "text",
     .model = NOVA,
     .request = {HI, .format = PROA_CHAT_FORMAT_TEXT},
     .body = "{" HI_JSON "}"},
};

static void test_formats(void **state)
{
    (void)state;
    CHECK_ALL(FORMATS);
}

/* ---- options --------------------------------------------------------------------------------- */

#define OPTIONS(json) HI, .provider_options = B(json)

static const struct encode_case OPTION_ROWS[] = {
    {.name = "what Converse calls so",
     .model = NOVA,
     .request = {OPTIONS("{\"bedrock\":{\"guardrailConfig\":{\"guardrailIdentifier\":\"g\"},"
                         "\"requestMetadata\":{\"a\":\"b\"},"
                         "\"additionalModelResponseFieldPaths\":[\"/x\"]}}")},
     .body = "{" HI_JSON ",\"guardrailConfig\":{\"guardrailIdentifier\":\"g\"},"
             "\"requestMetadata\":{\"a\":\"b\"},\"additionalModelResponseFieldPaths\":[\"/x\"]}"},
    {.name = "by its other name",
     .model = NOVA,
     .request = {OPTIONS(
         "{\"amazonBedrock\":{\"performanceConfig\":{\"latency\":\"optimized\"}}}")},
     .body = "{" HI_JSON ",\"performanceConfig\":{\"latency\":\"optimized\"}}"},
    {.name = "other providers' are none",
     .model = NOVA,
     .request = {OPTIONS("{\"anthropic\":{\"a\":1},\"gateway\":{}}")},
     .body = "{" HI_JSON "}"},
    {.name = "what the request says itself cannot be said again",
     .model = NOVA,
     .request = {OPTIONS("{\"bedrock\":{\"messages\":[],\"system\":[],\"toolConfig\":{},"
                         "\"inferenceConfig\":{},\"modelId\":\"x\"}}")},
     .body = "{" HI_JSON "}"},
    {.name = "fields of the model",
     .model = SONNET,
     .request = {OPTIONS("{\"bedrock\":{\"additionalModelRequestFields\":{\"x\\u0041\":1,"
                         "\"thinking\":{\"type\":\"disabled\"}},\"anthropicBeta\":[\"b1\"]}}"),
                 .effort = PROA_CHAT_EFFORT_LOW},
     .body = FIELDS("\"anthropic_beta\":[\"b1\"],\"xA\":1,\"thinking\":{\"type\":\"disabled\"}")},
    {.name = "thinking by its option",
     .model = SONNET,
     .request = {OPTIONS("{\"bedrock\":{\"reasoningConfig\":{\"type\":\"enabled\","
                         "\"budgetTokens\":1500}}}")},
     .body = FIELDS("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1500}")},
    {.name = "an effort by its option",
     .model = NOVA_2,
     .request = {OPTIONS("{\"bedrock\":{\"reasoningConfig\":{\"type\":\"enabled\","
                         "\"maxReasoningEffort\":\"low\"}}}")},
     .body = FIELDS("\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"low\"}")},
    {.name = "none by its option",
     .model = NOVA_2,
     .request = {OPTIONS("{\"bedrock\":{\"reasoningConfig\":{\"type\":\"disabled\"}}}")},
     .body = FIELDS("\"reasoningConfig\":{\"type\":\"disabled\"}")},
    {.name = "tier",
     .model = NOVA,
     .request = {HI, .service_tier = B("flex")},
     .body = "{" HI_JSON ",\"serviceTier\":{\"type\":\"flex\"}}"},
    {.name = "the usual tier",
     .model = NOVA,
     .request = {HI, .service_tier = B("auto")},
     .body = "{" HI_JSON "}"},
    {.name = "a tier of another's",
     .model = NOVA,
     .request = {HI, .service_tier = B("scale")},
     .body = "{" HI_JSON "}",
     .warnings = "service_tier"},
    {.name = "tier by its option",
     .model = NOVA,
     .request = {OPTIONS("{\"bedrock\":{\"serviceTier\":\"reserved\"}}"),
                 .service_tier = B("flex")},
     .body = "{" HI_JSON ",\"serviceTier\":{\"type\":\"reserved\"}}"},
    {.name = "tier as Converse has it",
     .model = NOVA,
     .request = {OPTIONS("{\"bedrock\":{\"serviceTier\":{\"type\":\"priority\"}}}")},
     .body = "{" HI_JSON ",\"serviceTier\":{\"type\":\"priority\"}}"},
};

static void test_options(void **state)
{
    (void)state;
    CHECK_ALL(OPTION_ROWS);
}

/* ---- the head -------------------------------------------------------------------------------- */

static const struct proa_chat_request HELLO = {HI};

static void check_head(const char *model, bool stream, const char *want)
{
    struct encoding e;
    encoding_init(&e, model);
    e.in.chat = &HELLO;
    e.in.stream = stream;
    assert_ok(proa_bedrock_encode(&e.in, &e.arena, &e.out));
    assert_slice_str(proa_slice_make(e.out.iov[0].iov_base, e.out.iov[0].iov_len), want);
    encoding_deinit(&e);
}

#define HEAD(path, accept)                                                                         \
    "POST /model/" path " HTTP/1.1\r\nhost: bedrock-runtime.us-east-1.amazonaws.com\r\n"           \
    "authorization: Bearer k\r\ncontent-type: application/json\r\naccept-encoding: identity\r\n"   \
    "accept: " accept "\r\ncontent-length: 56\r\n\r\n"

static void test_the_model_is_one_segment_of_the_path(void **state)
{
    (void)state;
    check_head(HAIKU_3, false,
               HEAD("anthropic.claude-3-haiku-20240307-v1%3A0/converse", "application/json"));
    check_head("arn:aws:bedrock:us-east-1:123:inference-profile/us.x", true,
               HEAD("arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3Ainference-profile%2Fus.x/"
                    "converse-stream",
                    "application/vnd.amazon.eventstream"));
}

/* Three independent implementations agree on this signature; the key is that of AWS's examples. */
static void test_a_signed_request(void **state)
{
    (void)state;
    struct proa_chat_request request = HELLO;
    request.max_tokens = 16;
    struct encoding e;
    encoding_init(&e, HAIKU_3);
    e.in.chat = &request;
    e.in.authorization = (struct proa_authorization){
        .scheme = PROA_AUTH_SIGV4,
        .secret = PROA_SLICE("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        .access_id = PROA_SLICE("AKIDEXAMPLE"),
        .region = PROA_SLICE("us-east-1"),
        .service = PROA_SLICE("bedrock"),
        .unix_s = 1440938160};
    assert_ok(proa_bedrock_encode(&e.in, &e.arena, &e.out));
    assert_slice_str(
        proa_slice_make(e.out.iov[0].iov_base, e.out.iov[0].iov_len),
        "POST /model/anthropic.claude-3-haiku-20240307-v1%3A0/converse HTTP/1.1\r\n"
        "host: bedrock-runtime.us-east-1.amazonaws.com\r\n"
        "x-amz-date: 20150830T123600Z\r\n"
        "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/"
        "aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="
        "f0a82430406dd8b1407bce7b86db8d447147061443d97333ba08fc99395be000\r\n"
        "content-type: application/json\r\naccept-encoding: identity\r\n"
        "accept: application/json\r\ncontent-length: 91\r\n\r\n");
    encoding_deinit(&e);
}

static void test_what_cannot_be_written(void **state)
{
    (void)state;
    struct encoding e;
    encoding_init(&e, "");
    e.in.chat = &HELLO;
    assert_err(proa_bedrock_encode(&e.in, &e.arena, &e.out), PROA_ERR_PROTOCOL);
    encoding_deinit(&e);

    encoding_init(&e, NOVA);
    e.in.chat = &HELLO;
    proa_buf_init(&e.out.body, 20);
    assert_err(proa_bedrock_encode(&e.in, &e.arena, &e.out), PROA_ERR_LIMIT);
    encoding_deinit(&e);

    encoding_init(&e, "amazon.titan-embed-text-v2:0");
    e.in.chat = &HELLO;
    assert_err(proa_bedrock_encode(&e.in, &e.arena, &e.out), PROA_ERR_UNSUPPORTED);
    assert_string_equal(e.out.feature, "chat");
    encoding_deinit(&e);
}

static void test_what_is_offered(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum proa_operation op;
        bool offered;
    } rows[] = {
        {SONNET, PROA_OP_CHAT, true},
        {SONNET, PROA_OP_COMPLETION, true},
        {SONNET, PROA_OP_EMBEDDING, false},
        {SONNET, PROA_OP_MODERATION, false},
        {"amazon.nova-2-multimodal-embeddings-v1:0", PROA_OP_EMBEDDING, true},
        {"amazon.nova-2-multimodal-embeddings-v1:0", PROA_OP_CHAT, false},
        {"cohere.embed-v4:0", PROA_OP_EMBEDDING, true},
        {"cohere.rerank-v3-5:0", PROA_OP_RERANK, true},
        {"cohere.rerank-v3-5:0", PROA_OP_CHAT, false},
        {"arn:aws:bedrock:us-east-1:1:application-inference-profile/x", PROA_OP_CHAT, true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(proa_bedrock_offers(NULL, proa_slice_cstr(row->model), row->op) ==
                            row->offered,
                        "%s", row->model);
    }
    const struct proa_dialect *d = proa_dialect_find(PROA_SLICE("bedrock"));
    assert_non_null(d);
    assert_false(d->passes(NULL, PROA_SLICE(SONNET), PROA_OP_CHAT));
    assert_slice_str(d->stream_type, "application/vnd.amazon.eventstream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sampling_and_limits),
        cmocka_unit_test(test_thinking),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_the_model_is_one_segment_of_the_path),
        cmocka_unit_test(test_a_signed_request),
        cmocka_unit_test(test_what_cannot_be_written),
        cmocka_unit_test(test_what_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
