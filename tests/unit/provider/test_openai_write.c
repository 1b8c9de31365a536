/* Translated requests: what each vendor's row makes of the same request. */
#include "openai_priv.h"
#include "openai_quirks_priv.h"

#include "proa/json/scan.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

#define S(lit) PROA_SLICE_INIT(lit)
#define TEXT(lit)                                                                                  \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = S(lit)                                                \
    }

static const struct proa_chat_part SYSTEM[] = {TEXT("be brief")};
static const struct proa_chat_part HELLO[] = {TEXT("say \\\"hi\\\"")};
static const struct proa_chat_part TWO[] = {TEXT("a"), TEXT("b")};
static const struct proa_chat_part IMAGE[] = {
    TEXT("what?"),
    {.kind = PROA_CHAT_PART_IMAGE,
     .source = PROA_CHAT_SOURCE_BASE64,
     .data = S("AAAA"),
     .media_type = S("image/jpeg"),
     .detail = S("low")},
};
static const struct proa_chat_part IMAGE_URL[] = {
    {.kind = PROA_CHAT_PART_IMAGE, .source = PROA_CHAT_SOURCE_URL, .data = S("https://x/y.png")}};
static const struct proa_chat_part AUDIO[] = {{.kind = PROA_CHAT_PART_AUDIO,
                                               .source = PROA_CHAT_SOURCE_BASE64,
                                               .data = S("BBBB"),
                                               .media_type = S("audio/mpeg")}};
static const struct proa_chat_part FILE_PARTS[] = {
    {.kind = PROA_CHAT_PART_FILE,
     .source = PROA_CHAT_SOURCE_BASE64,
     .data = S("CCCC"),
     .media_type = S("application/pdf"),
     .filename = S("a.pdf")},
    {.kind = PROA_CHAT_PART_FILE, .source = PROA_CHAT_SOURCE_ID, .data = S("file-1")},
};
static const struct proa_chat_part FILES_OF_MANY[] = {
    {.kind = PROA_CHAT_PART_FILE,
     .source = PROA_CHAT_SOURCE_ID,
     .data = S("file_1"),
     .ids = S("{\"anthropic\":\"file_1\",\"openai\":\"file-2\"}")},
    {.kind = PROA_CHAT_PART_FILE, .source = PROA_CHAT_SOURCE_BASE64, .data = S("CCCC")},
    {.kind = PROA_CHAT_PART_FILE,
     .source = PROA_CHAT_SOURCE_BASE64,
     .data = S("CCCC"),
     .media_type = S("text/csv")},
};
static const struct proa_chat_part CALLS[] = {
    {.kind = PROA_CHAT_PART_REASONING, .text = S("hm")},
    {.kind = PROA_CHAT_PART_TOOL_CALL,
     .id = S("call_one"),
     .name = S("look"),
     .arguments = S("{\"a\":\"b\"}")},
    {.kind = PROA_CHAT_PART_TOOL_CALL, .id = S("123456789"), .name = S("none")},
};
static const struct proa_chat_part RESULT_TEXT[] = {TEXT("42")};
static const struct proa_chat_part RESULT_IMAGE[] = {
    TEXT("see"),
    {.kind = PROA_CHAT_PART_IMAGE, .source = PROA_CHAT_SOURCE_URL, .data = S("https://x/r.png")}};
static const struct proa_chat_part RESULTS[] = {
    {.kind = PROA_CHAT_PART_TOOL_RESULT,
     .id = S("call_one"),
     .name = S("look"),
     .parts = RESULT_TEXT,
     .n_parts = 1},
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("123456789"), .parts = RESULT_IMAGE, .n_parts = 2},
};

#define MESSAGE(who, what)                                                                         \
    {                                                                                              \
        .role = PROA_CHAT_##who, .parts = (what), .n_parts = PROA_ARRAY_LEN(what)                  \
    }
static const struct proa_chat_message NAMED[] = {
    {.role = PROA_CHAT_USER, .name = S("ann"), .parts = HELLO, .n_parts = 1}};
static const struct proa_chat_message PARTS[] = {MESSAGE(USER, TWO)};
static const struct proa_chat_message LOOP[] = {MESSAGE(ASSISTANT, CALLS), MESSAGE(TOOL, RESULTS)};
/* Without the thoughts before them, as of another provider. */
static const struct proa_chat_message BARE_CALLS[] = {
    {.role = PROA_CHAT_ASSISTANT, .parts = &CALLS[1], .n_parts = PROA_ARRAY_LEN(CALLS) - 1}};
static const struct proa_chat_message PREFILL[] = {MESSAGE(USER, HELLO), MESSAGE(ASSISTANT, TWO)};

static const struct proa_chat_tool TOOLS[] = {
    {.name = S("look"),
     .description = S("looks"),
     .schema = S("{\"type\":\"object\"}"),
     .strict = PROA_CHAT_YES},
    {.name = S("bare")},
};
static const struct proa_slice STOPS[] = {S("x"), S("y")};
static const struct proa_chat_extra EXTRAS[] = {
    {S("\"logit_bias\""), S("{}")}, {S("\"store\""), S("true")}, {S("\"safe_prompt\""), S("true")}};

/* What these APIs call so themselves. */
static const struct proa_chat_extra DEEPSEEK_OWN[] = {
    {S("\"thinking\""), S("{\"type\":\"disabled\"}")}, {S("\"user_id\""), S("\"v\"")}};
static const struct proa_chat_extra GROQ_OWN[] = {{S("\"reasoning_f\\u006frmat\""), S("\"raw\"")}};
static const struct proa_chat_extra GROQ_OTHER[] = {{S("\"include_reasoning\""), S("false")}};

struct row {
    const char *vendor; /* NULL = none that is known */
    const char *model;
    struct proa_chat_request chat;
    const char *body;     /* what stands behind the model */
    const char *warnings; /* features, each with a blank behind it */
};

#define MESSAGES(m) .messages = (m), .n_messages = PROA_ARRAY_LEN(m)
#define USER_HI     "{\"role\":\"user\",\"content\":\"hello\"}"

static const struct proa_chat_part HELLO_TEXT[] = {TEXT("hello")};
static const struct proa_chat_message HI[] = {MESSAGE(SYSTEM, SYSTEM), MESSAGE(USER, HELLO_TEXT)};
#define HI_BODY  "\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"}," USER_HI "]"
#define DEV_BODY "\"messages\":[{\"role\":\"developer\",\"content\":\"be brief\"}," USER_HI "]"

#define SAMPLING                                                                                   \
    .temperature = S("0.70"), .top_p = S("1"), .seed = S("7"), .frequency_penalty = S("0.1"),      \
    .presence_penalty = S("0.2"), .n = 2, .logprobs = PROA_CHAT_YES, .top_logprobs = 3,            \
    .stop = STOPS, .n_stop = 2, .max_tokens = 100, .user = S("u"), .service_tier = S("auto")

static const struct row ROWS[] = {
    /* everything as it is, for a server of which nothing is known */
    {NULL,
     "m",
     {MESSAGES(HI), SAMPLING, .effort = PROA_CHAT_EFFORT_LOW, .top_k = S("5")},
     HI_BODY ",\"max_tokens\":100,\"temperature\":0.70,\"top_p\":1,\"seed\":7,"
             "\"frequency_penalty\":0.1,\"presence_penalty\":0.2,\"top_k\":5,\"n\":2,"
             "\"logprobs\":true,\"top_logprobs\":3,\"stop\":[\"x\",\"y\"],"
             "\"reasoning_effort\":\"low\",\"user\":\"u\",\"service_tier\":\"auto\"",
     ""},
    /* OpenAI's reasoning models */
    {"openai",
     "gpt-5.5",
     {MESSAGES(HI), SAMPLING, .effort = PROA_CHAT_EFFORT_XHIGH},
     DEV_BODY ",\"max_completion_tokens\":100,\"seed\":7,\"n\":2,\"stop\":[\"x\",\"y\"],"
              "\"reasoning_effort\":\"xhigh\",\"user\":\"u\",\"service_tier\":\"auto\"",
     "temperature top_p frequency_penalty presence_penalty logprobs "},
    /* and its others */
    {"openai",
     "gpt-4o",
     {MESSAGES(HI), .max_tokens = 5, .effort = PROA_CHAT_EFFORT_LOW},
     HI_BODY ",\"max_tokens\":5",
     "reasoning_effort "},
    {"azure", "gpt-5-chat", {MESSAGES(HI), .max_tokens = 5}, HI_BODY ",\"max_tokens\":5", ""},
    /* a member that the client says itself is there once */
    {"deepseek",
     "deepseek-chat",
     {MESSAGES(HI), .effort = PROA_CHAT_EFFORT_HIGH, .user = S("u"), .extras = DEEPSEEK_OWN,
      .n_extras = 2, .extras_dialect = S("openai")},
     HI_BODY ",\"reasoning_effort\":\"high\",\"thinking\":{\"type\":\"disabled\"},"
             "\"user_id\":\"v\"",
     ""},
    {"groq",
     "qwen/qwen3-32b",
     {MESSAGES(HI), .effort = PROA_CHAT_EFFORT_LOW, .extras = GROQ_OWN, .n_extras = 1,
      .extras_dialect = S("openai")},
     HI_BODY ",\"reasoning_effort\":\"default\",\"reasoning_f\\u006frmat\":\"raw\"",
     ""},
    {"groq",
     "qwen/qwen3-32b",
     {MESSAGES(HI), .effort = PROA_CHAT_EFFORT_LOW, .extras = GROQ_OTHER, .n_extras = 1,
      .extras_dialect = S("openai")},
     HI_BODY ",\"reasoning_effort\":\"default\",\"include_reasoning\":false",
     ""},
    /* options in words of an SDK */
    {"groq",
     "llama-3.3-70b",
     {MESSAGES(HI), .provider_options = S("{\"groq\":{\"serviceTier\":\"flex\"}}")},
     HI_BODY ",\"service_tier\":\"flex\"",
     ""},
    {"groq",
     "qwen/qwen3-32b",
     {MESSAGES(HI), .effort = PROA_CHAT_EFFORT_LOW,
      .provider_options = S("{\"groq\":{\"reasoningFormat\":\"raw\",\"reasoningEffort\":"
                            "\"none\",\"logit_bias\":{}}}")},
     HI_BODY ",\"reasoning_effort\":\"none\",\"reasoning_format\":\"raw\"",
     "providerOptions "},
    {"mistral",
     "m",
     {MESSAGES(HI), .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = S("{}"),
      .provider_options = S("{\"mistral\":{\"safePrompt\":true,\"structuredOutputs\":false,"
                            "\"store\":true}}")},
     HI_BODY ",\"response_format\":{\"type\":\"json_object\"},\"safe_prompt\":true",
     "providerOptions "},
    {"openai",
     "gpt-5.5",
     {MESSAGES(HI), .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = S("{}"),
      .format_strict = PROA_CHAT_YES, .max_tokens = 5,
      .provider_options = S("{\"openai\":{\"reasoningEffort\":\"xhigh\",\"maxCompletionTokens\":9,"
                            "\"strictJsonSchema\":false,\"serviceTier\":\"flex\",\"user\":\"u\","
                            "\"textVerbosity\":\"low\",\"promptCacheKey\":\"k\",\"store\":false,"
                            "\"metadata\":{\"a\":\"b\"},\"reasoningSummary\":\"auto\","
                            "\"logitBias\":null}}")},
     DEV_BODY ",\"max_completion_tokens\":9,\"response_format\":{\"type\":\"json_schema\","
              "\"json_schema\":{\"name\":\"response\",\"schema\":{},\"strict\":false}},"
              "\"reasoning_effort\":\"xhigh\",\"user\":\"u\",\"service_tier\":\"flex\","
              "\"verbosity\":\"low\",\"prompt_cache_key\":\"k\",\"store\":false,"
              "\"metadata\":{\"a\":\"b\"}",
     ""},
    {"openai",
     "gpt-4o",
     {MESSAGES(HI), .tools = TOOLS, .n_tools = 1,
      .provider_options = S("{\"openai\":{\"logprobs\":3,\"parallelToolCalls\":false,"
                            "\"logit_bias\":{\"1\":2}}}")},
     HI_BODY ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\","
             "\"description\":\"looks\",\"parameters\":{\"type\":\"object\"},\"strict\":true}}],"
             "\"parallel_tool_calls\":false,\"logprobs\":true,\"top_logprobs\":3,"
             "\"logit_bias\":{\"1\":2}",
     ""},
    /* what is none, or cannot be: a name that is written already, a word, a kind */
    {"openai",
     "gpt-5.5",
     {MESSAGES(HI),
      .provider_options = S("{\"openai\":{\"model\":\"x\",\"reasoningEffort\":\"deep\","
                            "\"notKnown\":1,\"user\":5,\"logprobs\":\"a\"}}")},
     DEV_BODY,
     "providerOptions "},
    /* what the client said in the body counts */
    {"openai",
     "gpt-5.5",
     {MESSAGES(HI), .extras = EXTRAS, .n_extras = 2, .extras_dialect = S("openai"),
      .provider_options = S("{\"openai\":{\"store\":false}}")},
     DEV_BODY ",\"logit_bias\":{},\"store\":true",
     ""},
    /* by the name of its provider, and by OpenAI's for a server of its kind */
    {NULL,
     "m",
     {MESSAGES(HI), .provider_options = S("{\"openai\":{\"topLogprobs\":2},"
                                          "\"here\":{\"chat_template_kwargs\":{\"a\":1}}}")},
     HI_BODY ",\"chat_template_kwargs\":{\"a\":1}",
     ""},
    {"azure",
     "gpt-5.5",
     {MESSAGES(HI), .provider_options = S("{\"openai\":{\"reasoningEffort\":\"low\"}}")},
     DEV_BODY ",\"reasoning_effort\":\"low\"",
     ""},
    /* a file by the id that it has here, and one without a name */
    {"openai",
     "gpt-4o",
     {.messages = &(const struct proa_chat_message)MESSAGE(USER, FILES_OF_MANY), .n_messages = 1},
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":"
     "\"file-2\"}},{\"type\":\"file\",\"file\":{\"filename\":\"document.pdf\",\"file_data\":"
     "\"data:application/pdf;base64,CCCC\"}},{\"type\":\"file\",\"file\":{\"filename\":\"file\","
     "\"file_data\":\"data:text/csv;base64,CCCC\"}}]}]",
     ""},
    /* pictures that the assistant made are not sent back */
    {NULL,
     "m",
     {.messages = &(const struct proa_chat_message)MESSAGE(ASSISTANT, IMAGE), .n_messages = 1},
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"what?\"}]",
     "files of the assistant "},
    {"groq",
     "llama-3.3-70b",
     {MESSAGES(HI), .provider_options = S("{\"openai\":{\"reasoningEffort\":\"low\"}}")},
     HI_BODY,
     ""},
    /* Mistral: its own names, nothing unknown */
    {"mistral",
     "mistral-large-2512",
     {MESSAGES(HI), SAMPLING, .effort = PROA_CHAT_EFFORT_MEDIUM, .extras = EXTRAS, .n_extras = 3,
      .extras_dialect = S("openai")},
     HI_BODY ",\"max_tokens\":100,\"temperature\":0.70,\"top_p\":1,\"random_seed\":7,"
             "\"frequency_penalty\":0.1,\"presence_penalty\":0.2,\"n\":2,\"stop\":[\"x\",\"y\"],"
             "\"reasoning_effort\":\"high\",\"safe_prompt\":true",
     "logprobs user service_tier fields that only some providers have "},
    {"mistral",
     "m",
     {MESSAGES(PREFILL)},
     "\"messages\":[{\"role\":\"user\",\"content\":\"say \\\"hi\\\"\"},"
     "{\"role\":\"assistant\",\"content\":\"ab\",\"prefix\":true}]",
     ""},
    /* ids of nine characters, and a tool's message with its name */
    {"mistral",
     "m",
     {MESSAGES(LOOP), .tools = TOOLS, .n_tools = 2, .choice = PROA_CHAT_CHOICE_REQUIRED},
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
     "{\"id\":\"*9*\",\"type\":\"function\",\"function\":{\"name\":\"look\","
     "\"arguments\":\"{\\\"a\\\":\\\"b\\\"}\"}},{\"id\":\"123456789\",\"type\":\"function\","
     "\"function\":{\"name\":\"none\",\"arguments\":\"{}\"}}]},"
     "{\"role\":\"tool\",\"tool_call_id\":\"*9*\",\"name\":\"look\",\"content\":\"42\"},"
     "{\"role\":\"tool\",\"tool_call_id\":\"123456789\",\"content\":\"see[see the next message]\"},"
     "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
     "\"image_url\":{\"url\":\"https://x/r.png\"}}]}],"
     "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\",\"description\":\"looks\","
     "\"parameters\":{\"type\":\"object\"},\"strict\":true}},{\"type\":\"function\","
     "\"function\":{\"name\":\"bare\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}],"
     "\"tool_choice\":\"any\"",
     ""},
    /* DeepSeek: thinking is a switch, and it wants its reasoning back */
    {"deepseek",
     "deepseek-v4-pro",
     {MESSAGES(HI), SAMPLING, .effort = PROA_CHAT_EFFORT_MEDIUM, .format = PROA_CHAT_FORMAT_SCHEMA,
      .format_schema = S("{}")},
     HI_BODY ",\"max_tokens\":100,\"response_format\":{\"type\":\"json_object\"},"
             "\"temperature\":0.70,\"top_p\":1,\"logprobs\":true,\"top_logprobs\":3,"
             "\"stop\":[\"x\",\"y\"],\"thinking\":{\"type\":\"enabled\"},"
             "\"reasoning_effort\":\"high\",\"user_id\":\"u\"",
     "response_format seed frequency_penalty presence_penalty n service_tier "},
    {"deepseek",
     "d",
     {MESSAGES(HI), .effort = PROA_CHAT_EFFORT_NONE},
     HI_BODY ",\"thinking\":{\"type\":\"disabled\"}",
     ""},
    {"deepseek",
     "d",
     {.messages = LOOP, .n_messages = 1},
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"hm\","
     "\"tool_calls\":[{\"id\":\"call_one\",\"type\":\"function\",\"function\":{\"name\":\"look\","
     "\"arguments\":\"{\\\"a\\\":\\\"b\\\"}\"}},{\"id\":\"123456789\",\"type\":\"function\","
     "\"function\":{\"name\":\"none\",\"arguments\":\"{}\"}}]}]",
     ""},
    {"deepseek",
     "d",
     {.messages = BARE_CALLS, .n_messages = 1},
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"\","
     "\"tool_calls\":[{\"id\":\"call_one\",\"type\":\"function\",\"function\":{\"name\":\"look\","
     "\"arguments\":\"{\\\"a\\\":\\\"b\\\"}\"}},{\"id\":\"123456789\",\"type\":\"function\","
     "\"function\":{\"name\":\"none\",\"arguments\":\"{}\"}}]}]",
     ""},
    /* Groq: no names, no logprobs, an effort by family */
    {"groq",
     "qwen/qwen3-32b",
     {MESSAGES(NAMED), SAMPLING, .effort = PROA_CHAT_EFFORT_HIGH},
     "\"messages\":[{\"role\":\"user\",\"content\":\"say \\\"hi\\\"\"}],"
     "\"max_completion_tokens\":100,\"temperature\":0.70,\"top_p\":1,\"seed\":7,"
     "\"frequency_penalty\":0.1,\"presence_penalty\":0.2,\"stop\":[\"x\",\"y\"],"
     "\"reasoning_effort\":\"default\",\"reasoning_format\":\"parsed\",\"user\":\"u\","
     "\"service_tier\":\"auto\"",
     "name n logprobs "},
    {"groq",
     "openai/gpt-oss-120b",
     {MESSAGES(HI), .thinking_tokens = 20000},
     HI_BODY ",\"reasoning_effort\":\"high\"",
     ""},
    /* xAI: what reasoning models refuse */
    {"xai",
     "grok-4.5",
     {MESSAGES(HI), .stop = STOPS, .n_stop = 1, .frequency_penalty = S("1"), .extras = EXTRAS,
      .n_extras = 2, .extras_dialect = S("openai")},
     HI_BODY ",\"store\":true",
     "frequency_penalty stop fields that only some providers have "},
    /* parts, tools, formats */
    {NULL,
     "m",
     {MESSAGES(PARTS)},
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
     "{\"type\":\"text\",\"text\":\"b\"}]}]",
     ""},
    {NULL,
     "m",
     {.messages = &(const struct proa_chat_message)MESSAGE(USER, IMAGE), .n_messages = 1},
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"what?\"},"
     "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/jpeg;base64,AAAA\","
     "\"detail\":\"low\"}}]}]",
     ""},
    {NULL,
     "m",
     {.messages = &(const struct proa_chat_message)MESSAGE(USER, AUDIO), .n_messages = 1},
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\","
     "\"input_audio\":{\"data\":\"BBBB\",\"format\":\"mp3\"}}]}]",
     ""},
    {NULL,
     "m",
     {.messages = &(const struct proa_chat_message)MESSAGE(USER, FILE_PARTS), .n_messages = 1},
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{"
     "\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,CCCC\"}},"
     "{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}]}]",
     ""},
    {NULL,
     "m",
     {MESSAGES(HI), .tools = TOOLS, .n_tools = 1, .choice = PROA_CHAT_CHOICE_NAMED,
      .choice_name = S("look"), .parallel_tools = PROA_CHAT_NO, .format = PROA_CHAT_FORMAT_SCHEMA,
      .format_name = S("f"), .format_schema = S("{\"a\":1}"), .format_strict = PROA_CHAT_YES},
     HI_BODY ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\","
             "\"description\":\"looks\",\"parameters\":{\"type\":\"object\"},\"strict\":true}}],"
             "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"look\"}},"
             "\"parallel_tool_calls\":false,\"response_format\":{\"type\":\"json_schema\","
             "\"json_schema\":{\"name\":\"f\",\"schema\":{\"a\":1},\"strict\":true}}",
     ""},
    /* what is of another dialect is told, not sent; a choice without tools is none */
    {NULL,
     "m",
     {MESSAGES(HI), .choice = PROA_CHAT_CHOICE_AUTO, .extras = EXTRAS, .n_extras = 1,
      .extras_dialect = S("anthropic")},
     HI_BODY,
     "fields of another API "},
};

struct encoded {
    struct proa_arena arena;
    struct proa_chat_warnings warnings;
    struct proa_encoded out;
    enum proa_err err;
};

static void encode(struct encoded *e, const char *vendor, const char *model,
                   const struct proa_encode_in *base)
{
    struct proa_encode_in in = *base;
    *e = (struct encoded){.err = PROA_OK};
    proa_arena_init(&e->arena, NULL);
    proa_buf_init(&e->out.body, 1 << 20);
    in.host_header = PROA_SLICE("h");
    in.base_path = PROA_SLICE("/v1");
    in.vendor = vendor ? proa_vendor_find(proa_slice_cstr(vendor)) : NULL;
    in.model = proa_slice_cstr(model);
    in.warnings = &e->warnings;
    e->err = proa_openai_encode(&in, &e->arena, &e->out);
}

static void release(struct encoded *e)
{
    proa_buf_deinit(&e->out.body);
    proa_arena_reset(&e->arena);
}

static void assert_json(struct proa_slice body)
{
    struct proa_json_info info;
    assert_ok(proa_json_scan(body, &(const struct proa_json_scan_cfg){.n_wants = 0}, NULL, &info));
}

/* `*9*` in the expected text stands for any nine letters and digits, the same ones each time. */
static bool matches(struct proa_slice got, const char *expected)
{
    struct proa_slice id = PROA_SLICE_NONE;
    size_t at = 0;
    for (const char *p = expected; *p; p++) {
        if (strncmp(p, "*9*", 3) == 0) {
            const struct proa_slice here = proa_slice_head(proa_slice_from(got, at), 9);
            if (here.len != 9 || (id.len > 0 && !proa_slice_eq(id, here))) {
                return false;
            }
            id = here;
            at += 9;
            p += 2;
        } else if (at >= got.len || got.ptr[at++] != *p) {
            return false;
        }
    }
    return at == got.len;
}

static void test_each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct encoded e;
        encode(&e, row->vendor, row->model,
               &(const struct proa_encode_in){.chat = &row->chat, .provider = PROA_SLICE("here")});
        assert_ok(e.err);
        const struct proa_slice body = proa_buf_slice(&e.out.body);
        char expected[4096];
        (void)snprintf(expected, sizeof expected, "{\"model\":\"%s\",%s}", row->model, row->body);
        assert_json(body);
        struct proa_buf warnings;
        proa_buf_init(&warnings, 512);
        for (size_t w = 0; w < e.warnings.n; w++) {
            (void)proa_buf_append_printf(&warnings, "%s ", e.warnings.items[w].feature);
        }
        PROA_TEST_CHECK(matches(body, expected), "row %zu\n got %.*s\nwant %s", i, (int)body.len,
                        body.ptr, expected);
        PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&warnings), proa_slice_cstr(row->warnings)),
                        "row %zu: %.*s", i, (int)warnings.len, warnings.ptr);
        proa_buf_deinit(&warnings);
        release(&e);
    }
}

static void test_what_cannot_be_sent_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        struct proa_chat_part part;
        const char *feature;
    } rows[] = {
        {"ollama",
         {.kind = PROA_CHAT_PART_IMAGE, .source = PROA_CHAT_SOURCE_URL, .data = S("u")},
         "image by URL"},
        {NULL,
         {.kind = PROA_CHAT_PART_IMAGE, .source = PROA_CHAT_SOURCE_ID, .data = S("u")},
         "image by id"},
        {NULL,
         {.kind = PROA_CHAT_PART_AUDIO, .source = PROA_CHAT_SOURCE_URL, .data = S("u")},
         "audio by URL"},
        {NULL,
         {.kind = PROA_CHAT_PART_FILE, .source = PROA_CHAT_SOURCE_URL, .data = S("u")},
         "file by URL"},
        {"openai",
         {.kind = PROA_CHAT_PART_FILE,
          .source = PROA_CHAT_SOURCE_ID,
          .data = S("f"),
          .ids = S("{\"anthropic\":\"f\"}")},
         "file by id"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct proa_chat_message m = {
            .role = PROA_CHAT_USER, .parts = &rows[i].part, .n_parts = 1};
        const struct proa_chat_request chat = {.messages = &m, .n_messages = 1};
        struct encoded e;
        encode(&e, rows[i].vendor, "m", &(const struct proa_encode_in){.chat = &chat});
        assert_err(e.err, PROA_ERR_UNSUPPORTED);
        assert_string_equal(e.out.feature, rows[i].feature);
        assert_non_null(e.out.reason);
        assert_int_equal(e.out.n_iov, 0);
        release(&e);
    }
    /* an image by URL is fine elsewhere */
    const struct proa_chat_message m = MESSAGE(USER, IMAGE_URL);
    const struct proa_chat_request chat = {.messages = &m, .n_messages = 1};
    struct encoded e;
    encode(&e, NULL, "m", &(const struct proa_encode_in){.chat = &chat});
    assert_ok(e.err);
    release(&e);
}

static void test_streams_ask_for_usage(void **state)
{
    (void)state;
    const struct proa_chat_request chat = {MESSAGES(HI)};
    struct encoded e;
    encode(&e, NULL, "m", &(const struct proa_encode_in){.chat = &chat, .stream = true});
    assert_slice_str(proa_buf_slice(&e.out.body),
                     "{\"model\":\"m\"," HI_BODY
                     ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    release(&e);
    encode(&e, "mistral", "m", &(const struct proa_encode_in){.chat = &chat, .stream = true});
    assert_slice_str(proa_buf_slice(&e.out.body), "{\"model\":\"m\"," HI_BODY ",\"stream\":true}");
    release(&e);
}

static void test_embeddings_and_rerankings(void **state)
{
    (void)state;
    static const struct proa_chat_input inputs[] = {{.text = S("a")}, {.tokens = S("[1,2]")}};
    const struct proa_chat_embed embed = {
        .inputs = inputs, .n_inputs = 2, .dimensions = 64, .base64 = true, .user = S("u")};
    struct encoded e;
    encode(&e, NULL, "m",
           &(const struct proa_encode_in){.embed = &embed, .operation = PROA_OP_EMBEDDING});
    assert_slice_str(proa_buf_slice(&e.out.body),
                     "{\"model\":\"m\",\"input\":[\"a\",[1,2]],\"encoding_format\":\"base64\","
                     "\"dimensions\":64,\"user\":\"u\"}");
    release(&e);
    encode(&e, "mistral", "m",
           &(const struct proa_encode_in){.embed = &embed, .operation = PROA_OP_EMBEDDING});
    assert_slice_str(proa_buf_slice(&e.out.body),
                     "{\"model\":\"m\",\"input\":[\"a\",[1,2]],\"encoding_format\":\"float\","
                     "\"output_dimension\":64}");
    release(&e);
    static const struct proa_slice documents[] = {S("x"), S("y")};
    const struct proa_chat_rerank rerank = {
        .query = S("q"), .documents = documents, .n_documents = 2, .top_n = 1};
    encode(&e, NULL, "m",
           &(const struct proa_encode_in){.rerank = &rerank, .operation = PROA_OP_RERANK});
    assert_slice_str(proa_buf_slice(&e.out.body),
                     "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"x\",\"y\"],\"top_n\":1}");
    assert_true(proa_slice_starts(proa_slice_make(e.out.iov[0].iov_base, e.out.iov[0].iov_len),
                                  PROA_SLICE("POST /v1/rerank HTTP/1.1\r\n")));
    release(&e);
}

static void test_a_body_that_does_not_fit_is_a_limit(void **state)
{
    (void)state;
    const struct proa_chat_request chat = {MESSAGES(HI)};
    struct encoded e = {.err = PROA_OK};
    proa_arena_init(&e.arena, NULL);
    proa_buf_init(&e.out.body, 20);
    const struct proa_encode_in in = {
        .chat = &chat, .host_header = PROA_SLICE("h"), .model = PROA_SLICE("m")};
    assert_err(proa_openai_encode(&in, &e.arena, &e.out), PROA_ERR_LIMIT);
    assert_int_equal(e.out.n_iov, 0);
    release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row),
        cmocka_unit_test(test_what_cannot_be_sent_is_refused),
        cmocka_unit_test(test_streams_ask_for_usage),
        cmocka_unit_test(test_embeddings_and_rerankings),
        cmocka_unit_test(test_a_body_that_does_not_fit_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
