/*
 * Requests of the OpenAI surface, read into the neutral model: every form that a client may use,
 * and what is said of what it may not.
 */
#include "proa/api/openai_request.h"
#include "proa/core/prng.h"

#include "chat_dump.h"

/* ---- reading --------------------------------------------------------------------------------- */

struct readings {
    struct proa_arena arena;
    struct proa_buf scratch;
    struct proa_buf text;
    char *copy;
    struct proa_api_request request;
    struct proa_api_openai_body body;
    struct proa_api_error error;
    struct dump dump;
};

static void begin(struct readings *r, enum proa_endpoint_kind kind, struct proa_slice body)
{
    memset(r, 0, sizeof *r);
    proa_arena_init(&r->arena, NULL);
    proa_buf_init(&r->scratch, 4096);
    proa_buf_init(&r->text, 1024);
    proa_buf_init(&r->dump.out, SIZE_MAX);
    r->copy = proa_memdup(body.ptr, body.len);
    const struct proa_slice bytes = proa_slice_make(r->copy, body.len);
    PROA_TEST_CHECK(proa_api_request_read(kind, bytes, &r->scratch, &r->text, &r->request,
                                          &r->error) == PROA_OK,
                    "%.*s", (int)body.len, body.ptr);
    r->body = (struct proa_api_openai_body){
        .bytes = bytes, .request = &r->request, .arena = &r->arena, .text = &r->text};
}

static void end(struct readings *r)
{
    proa_buf_deinit(&r->dump.out);
    proa_buf_deinit(&r->text);
    proa_buf_deinit(&r->scratch);
    proa_arena_reset(&r->arena);
    proa_free(r->copy);
}

/* The members of a body, behind the model. */
static struct proa_slice with_model(struct proa_buf *out, const char *members)
{
    proa_buf_init(out, SIZE_MAX);
    PROA_BUF_LIT(out, "{\"model\":\"m\",");
    (void)proa_buf_append_cstr(out, members);
    PROA_BUF_LIT(out, "}");
    return proa_buf_slice(out);
}

static void assert_reads(const char *members, const char *expected)
{
    struct proa_buf body;
    struct readings r;
    struct proa_api_openai_chat chat;
    begin(&r, PROA_API_CHAT, with_model(&body, members));
    const enum proa_err err = proa_api_openai_chat_read(&r.body, &chat, &r.error);
    PROA_TEST_CHECK(err == PROA_OK, "%s: %.*s", members, (int)r.error.message.len,
                    r.error.message.ptr);
    put_chat(&r.dump, &chat.chat);
    assert_slice_str(proa_buf_slice(&r.dump.out), expected);
    end(&r);
    proa_buf_deinit(&body);
}

#define USER(content) "\"messages\":[{\"role\":\"user\",\"content\":" content "}]"
#define PART(part)    USER("[" part "]")

struct golden {
    const char *members;
    const char *expected;
};

static void messages(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {USER("\"hi \\\"you\\\"\""), "user[text text=hi \\\"you\\\"]\n"},
        {"\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
         "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"d\"}]},"
         "{\"content\":\"u\",\"name\":\"Ann\",\"role\":\"user\"},"
         "{\"role\":\"assistant\",\"content\":\"a\"}]",
         "system[text text=s]\nsystem[text text=d]\nuser name=Ann[text text=u]\n"
         "assistant[text text=a]\n"},
        /* parts */
        {PART("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}"),
         "user[text text=a cache={\"type\":\"ephemeral\"}]\n"},
        {PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://a/b.png\","
              "\"detail\":\"low\"}}"),
         "user[image url=https://a/b.png detail=low]\n"},
        {PART("{\"type\":\"image_url\",\"image_url\":\"https:\\/\\/a\\/b.png\"}"),
         "user[image url=https://a/b.png]\n"},
        {PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA+/\"}}"),
         "user[image base64=AA+/ type=image/png]\n"},
        {PART("{\"image_url\":{\"url\":\"data:image\\/png;base64,AA\\/=\"},"
              "\"type\":\"image_url\"}"),
         "user[image base64=AA/= type=image/png]\n"},
        {PART("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\","
              "\"format\":\"mp3\"}}"),
         "user[audio base64=AAAA type=audio/mp3]\n"},
        {PART("{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\","
              "\"file_data\":\"data:application/pdf;base64,AAAA\"}}"),
         "user[file base64=AAAA type=application/pdf file=a.pdf]\n"},
        {PART("{\"type\":\"file\",\"file\":{\"filename\":\"a.PDF\",\"file_data\":\"AAAA\"}}"),
         "user[file base64=AAAA type=application/pdf file=a.PDF]\n"},
        {PART("{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}"), "user[file id=file-1]\n"},
        {PART("{\"type\":\"file\",\"file\":{\"data\":\"AAAA\",\"media_type\":\"text/csv\","
              "\"filename\":\"x\"}}"),
         "user[file base64=AAAA type=text/csv file=x]\n"},
        {PART("{\"type\":\"file\",\"file\":{\"file_data\":\"gs://b/c.pdf\"}}"),
         "user[file url=gs://b/c.pdf]\n"},
        {PART("{\"type\":\"file\",\"file\":{\"file_data\":"
              "\"data:text/plain;charset=utf-8;base64,AAAA\"}}"),
         "user[file base64=AAAA type=text/plain]\n"},
        /* the whole message is cached up to its end */
        {"\"messages\":[{\"role\":\"user\",\"cache_control\":{\"type\":\"ephemeral\"},"
         "\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]",
         "user[text text=a][text text=b cache={\"type\":\"ephemeral\"}]\n"},
        /* null is as good as absent */
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"name\":null,"
         "\"cache_control\":null}],\"tools\":null,\"stop\":null,\"seed\":null,"
         "\"response_format\":null,\"reasoning\":null,\"max_tokens\":null,\"user\":null",
         "user[text text=a]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->members, row->expected);
    }
}

#define AFTER(messages_) "\"messages\":[{\"role\":\"user\",\"content\":\"q\"}," messages_ "]"

static void what_an_assistant_said(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {AFTER("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\","
               "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
               "\"{\\\"a\\\": \\\"\\\\n\\\"}\"}}]},"
               "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"r\"}"),
         "user[text text=q]\nassistant[call id=c1 name=f arguments={\"a\": \"\\n\"}]\n"
         "tool[result id=c1 name=f [text text=r]]\n"},
        /* parallel, with text before; results in another order */
        {AFTER("{\"role\":\"assistant\",\"content\":\"look\",\"tool_calls\":["
               "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
               "\"arguments\":\"\"}},"
               "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\","
               "\"arguments\":{\"b\":2}}}]},"
               "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":["
               "{\"type\":\"text\",\"text\":\"r2\"}]},"
               "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"\"},"
               "{\"role\":\"tool\",\"tool_call_id\":\"c9\",\"content\":\"x\",\"name\":\"h\"}"),
         "user[text text=q]\n"
         "assistant[text text=look][call id=c1 name=f][call id=c2 name=g arguments={\"b\":2}]\n"
         "tool[result id=c2 name=g [text text=r2]]\ntool[result id=c1 name=f [text]]\n"
         "tool[result id=c9 name=h [text text=x]]\n"},
        /* arguments that are no JSON travel as they came */
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{"
               "\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\"}}]}"),
         "user[text text=q]\nassistant[call id=c1 name=f arguments=\"{\\\"a\\\":\"]\n"},
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"custom\","
               "\"custom\":{\"name\":\"f\",\"input\":\"free text\"}}]}"),
         "user[text text=q]\nassistant[call id=c1 name=f arguments=\"free text\"]\n"},
        {AFTER("{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\","
               "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":{"
               "\"thought_signature\":\"sig\"}}}]}"),
         "user[text text=q]\nassistant[call id=c1 name=f arguments={} signature=sig]\n"},
        /* functions, as they were called before tools */
        {AFTER("{\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\","
               "\"arguments\":\"{}\"}},{\"role\":\"function\",\"name\":\"f\","
               "\"content\":\"r\"}"),
         "user[text text=q]\nassistant[call id=call_function_1 name=f arguments={}]\n"
         "tool[result id=call_function_1 name=f [text text=r]]\n"},
        {AFTER("{\"role\":\"assistant\",\"content\":null,\"refusal\":\"no\"}"),
         "user[text text=q]\nassistant[refusal text=no]\n"},
        {AFTER("{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"},"
               "{\"type\":\"text\",\"text\":\"\"}]}"),
         "user[text text=q]\nassistant[refusal text=no]\n"},
        {AFTER("{\"role\":\"assistant\",\"content\":null}"), "user[text text=q]\nassistant\n"},
        /* reasoning */
        {AFTER("{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"hm\"}"),
         "user[text text=q]\nassistant[reasoning text=hm][text text=a]\n"},
        {AFTER("{\"role\":\"assistant\",\"reasoning\":\"hm\",\"content\":\"a\"}"),
         "user[text text=q]\nassistant[reasoning text=hm][text text=a]\n"},
        {AFTER("{\"role\":\"assistant\",\"content\":\"a\",\"reasoning\":\"hm\","
               "\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"hm\","
               "\"signature\":\"sig\",\"format\":\"unknown\",\"index\":0},"
               "{\"type\":\"reasoning.encrypted\",\"data\":\"xx\","
               "\"format\":\"openai-responses-v1\"},"
               "{\"type\":\"reasoning.summary\",\"summary\":\"s\"}]}"),
         "user[text text=q]\nassistant[reasoning text=hm signature=sig]"
         "[reasoning redacted=xx sealed=openai-responses-v1]"
         "[reasoning text=s][text text=a]\n"},
        /* as the pieces of a stream, or with the text beside them */
        {AFTER("{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_details\":["
               "{\"type\":\"reasoning.text\",\"text\":\"h\"},"
               "{\"type\":\"reasoning.text\",\"text\":\"m\"},"
               "{\"type\":\"reasoning.text\",\"text\":\"\",\"signature\":\"s1\"},"
               "{\"type\":\"reasoning.text\",\"text\":\"2\",\"signature\":\"s2\","
               "\"format\":\"anthropic-claude-v1\"}]}"),
         "user[text text=q]\nassistant[reasoning text=hm signature=s1]"
         "[reasoning text=2 signature=s2 sealed=anthropic-claude-v1][text text=a]\n"},
        {AFTER("{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"hm\","
               "\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"xx\"},"
               "{\"type\":\"reasoning.text\",\"signature\":\"sig\"}]}"),
         "user[text text=q]\nassistant[reasoning redacted=xx][reasoning text=hm signature=sig]"
         "[text text=a]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->members, row->expected);
    }
}

#define HI USER("\"q\"") ","
#define Q  "user[text text=q]\n"
#define TOOL(name)                                                                                 \
    "{\"type\":\"function\",\"function\":{\"name\":\"" name                                        \
    "\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"},\"strict\":true}}"
#define TOOL_TEXT(name) "tool name=" name " description=d schema={\"type\":\"object\"} strict=yes\n"

static void tools_and_formats(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {HI "\"tools\":[" TOOL("f") "],\"tool_choice\":\"auto\",\"parallel_tool_calls\":false",
         Q TOOL_TEXT("f") " choice=auto parallel=no"},
        {HI "\"tools\":[{\"function\":{\"name\":\"f\"},\"cache_control\":{\"type\":\"e\"}}],"
            "\"tool_choice\":\"none\"",
         Q "tool name=f cache={\"type\":\"e\"}\n choice=none"},
        {HI "\"tools\":[" TOOL("f") "],\"tool_choice\":\"required\"",
         Q TOOL_TEXT("f") " choice=required"},
        {HI "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
            "\"tools\":[" TOOL("f") "]",
         Q TOOL_TEXT("f") " choice=named choice_name=f"},
        {HI "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\","
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]}},"
            "\"tools\":[" TOOL("f") "," TOOL("g") "," TOOL("h") "]",
         Q TOOL_TEXT("g") " choice=required"},
        {HI "\"tools\":[{\"type\":\"web_search\",\"x\":1},{\"type\":\"custom\",\"custom\":{"
            "\"name\":\"c\"}}]",
         Q "tool name=web_search own={\"type\":\"web_search\",\"x\":1} of=openai\n"
           "tool name=c own={\"type\":\"custom\",\"custom\":{\"name\":\"c\"}} of=openai\n"},
        {HI "\"functions\":[{\"name\":\"f\",\"parameters\":{}}],\"function_call\":{\"name\":\"f\"}",
         Q "tool name=f schema={}\n choice=named choice_name=f"},
        {HI "\"response_format\":{\"type\":\"text\"}", Q " format=text"},
        {HI "\"response_format\":{\"type\":\"json_object\"}", Q " format=json"},
        {HI "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
            "\"description\":\"d\",\"strict\":true,\"schema\":{\"type\":\"object\"}}}",
         Q " format=schema format_name=n format_description=d "
           "format_schema={\"type\":\"object\"} format_strict=yes"},
        {HI "\"response_format\":{\"type\":\"json\"}", Q " format=json"},
        {HI "\"response_format\":{\"type\":\"json\",\"schema\":{},\"name\":\"n\"}",
         Q " format=schema format_name=n format_schema={}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->members, row->expected);
    }
}

static void settings(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {HI "\"max_tokens\":10", Q " max_tokens=10"},
        {HI "\"max_completion_tokens\":11", Q " max_tokens=11"},
        {HI "\"temperature\":0.70,\"top_p\":1e-1,\"top_k\":40,\"seed\":-7,"
            "\"frequency_penalty\":0.1,\"presence_penalty\":-2,\"n\":2,"
            "\"logprobs\":true,\"top_logprobs\":5",
         Q " temperature=0.70 top_p=1e-1 top_k=40 seed=-7 frequency=0.1 presence=-2 n=2 "
           "logprobs=yes top_logprobs=5"},
        {HI "\"stop\":\"x\\n\"", Q " stop=x\\n"},
        {HI "\"stop\":[\"a\",\"b\"]", Q " stop=a stop=b"},
        {HI "\"stop\":\"\"", Q},
        {HI "\"reasoning_effort\":\"minimal\"", Q " effort=minimal"},
        {HI "\"reasoning_effort\":\"default\"", Q},
        {HI "\"reasoning\":{\"effort\":\"xhigh\",\"exclude\":true}", Q " effort=xhigh show=no"},
        {HI "\"reasoning\":{\"max_tokens\":2048,\"exclude\":false}", Q " thinking=2048 show=yes"},
        {HI "\"reasoning\":{\"enabled\":true}", Q " effort=medium"},
        {HI "\"reasoning\":{\"enabled\":true,\"max_tokens\":9}", Q " thinking=9"},
        {HI "\"reasoning\":{\"effort\":\"low\",\"enabled\":false}", Q " effort=none"},
        {HI "\"user\":\"u\",\"service_tier\":\"flex\"", Q " user=u tier=flex"},
        {HI "\"stream\":false,\"stream_options\":{\"include_usage\":true}", Q},
        /* what the model does not know, and the gateway's own, which is nobody else's */
        {HI "\"logit_bias\":{\"1\":2},\"store\":true,\"x\\u0041\":[]",
         Q " extra=\"logit_bias\" is={\"1\":2} extra=\"store\" is=true extra=\"x\\u0041\" is=[]"},
        {HI "\"providerOptions\":{\"anthropic\":{\"a\":1}},\"models\":[\"a\"],\"provider\":{},"
            "\"order\":[\"a\"],\"only\":\"kept\",\"sort\":\"cost\",\"byok\":{}",
         Q " options={\"anthropic\":{\"a\":1}} extra=\"only\" is=\"kept\""},
        {HI "\"prompt\":\"not of a chat\"", Q " extra=\"prompt\" is=\"not of a chat\""},
        {HI "\"\\u0073eed\":3", Q " seed=3"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->members, row->expected);
    }
}

static void what_is_the_surfaces_own(void **state)
{
    (void)state;
    struct proa_buf body;
    struct readings r;
    struct proa_api_openai_chat chat;
    begin(&r, PROA_API_CHAT,
          with_model(&body, HI "\"stream_options\":{\"include_usage\":true},\"functions\":[]"));
    assert_ok(proa_api_openai_chat_read(&r.body, &chat, &r.error));
    assert_true(chat.include_usage && chat.functions);
    end(&r);
    proa_buf_deinit(&body);
    begin(&r, PROA_API_CHAT, with_model(&body, HI "\"stream_options\":null,\"tools\":[]"));
    assert_ok(proa_api_openai_chat_read(&r.body, &chat, &r.error));
    assert_false(chat.include_usage || chat.functions);
    end(&r);
    proa_buf_deinit(&body);
}

static void words_of_the_gateways_own_within_messages(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        bool own;
    } rows[] = {
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", false},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"cache_control\":{}}]", true},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\","
         "\"cache_control\":{\"type\":\"ephemeral\"}}]}]",
         true},
        {"\"messages\":[{\"role\":\"assistant\",\"content\":\"a\",\"reasoning\":\"b\"}]", true},
        {"\"messages\":[{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_details\":[]}]",
         true},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"data\":"
         "\"AAAA\",\"media_type\":\"application/pdf\"}}]}]",
         true},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{"
         "\"file_data\":\"AAAA\",\"filename\":\"a.pdf\"}}]}]",
         false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf body;
        struct readings r;
        struct proa_api_openai_chat chat;
        begin(&r, PROA_API_CHAT, with_model(&body, row->members));
        assert_ok(proa_api_openai_chat_read(&r.body, &chat, &r.error));
        PROA_TEST_CHECK(chat.own_words == row->own, "%s", row->members);
        end(&r);
        proa_buf_deinit(&body);
    }
}

/* ---- refusals -------------------------------------------------------------------------------- */

struct refusal {
    const char *members;
    const char *param;
    const char *message; /* part of it */
};

static void refusals(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"\"a\":1", "messages", "must hold at least one message"},
        {"\"messages\":[]", "messages", "must hold at least one message"},
        {"\"messages\":\"hi\"", "messages", "must be an array of messages, not a string."},
        {"\"messages\":[1]", "messages[0]", "must be an object, not a number."},
        {"\"messages\":[{\"content\":\"a\"}]", "messages[0].role", "is missing."},
        {"\"messages\":[{\"role\":\"usr\",\"content\":\"a\"}]", "messages[0].role",
         "\"messages[0].role\" is \"usr\", which is none of \"system\""},
        {"\"messages\":[{\"role\":5,\"content\":\"a\"}]", "messages[0].role", "not a number."},
        {"\"messages\":[{\"role\":\"user\"}]", "messages[0].content", "is missing."},
        {USER("5"), "messages[0].content", "must be a string or an array of parts, not a number."},
        {USER("[\"a\"]"), "messages[0].content[0]", "must be an object, not a string."},
        {PART("{\"text\":\"a\"}"), "messages[0].content[0].type", "is missing"},
        {PART("{\"type\":\"video_url\"}"), "messages[0].content[0].type",
         "is \"video_url\", which is none of"},
        {PART("{\"type\":\"text\"}"), "messages[0].content[0].text", "is missing"},
        {PART("{\"type\":\"image_url\",\"image_url\":{}}"), "messages[0].content[0].image_url.url",
         "must be an http(s) URL"},
        {PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"AAAA\"}}"),
         "messages[0].content[0].image_url.url", "must be an http(s) URL"},
        {PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png,AAAA\"}}"),
         "messages[0].content[0].image_url.url", "data URL without base64"},
        {PART("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AA\"}}"),
         "messages[0].content[0].input_audio.format", "is missing"},
        {PART("{\"type\":\"input_audio\",\"input_audio\":{\"format\":\"wav\"}}"),
         "messages[0].content[0].input_audio.data", "must be"},
        {PART("{\"type\":\"file\",\"file\":{\"filename\":\"a\"}}"), "messages[0].content[0].file",
         "has no \"file_data\" and no \"file_id\"."},
        {PART("{\"type\":\"file\",\"file\":{\"file_data\":5}}"),
         "messages[0].content[0].file.file_data", "must be a string, not a number."},
        {PART("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":1}"),
         "messages[0].content[0].cache_control", "must be an object"},
        {PART("{\"type\":\"refusal\",\"refusal\":\"a\"}"), "messages[0].content",
         "holds a part that this role cannot have."},
        {"\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
         "\"https://a\"}]}]",
         "messages[0].content", "this role cannot have"},
        {AFTER("{\"role\":\"tool\",\"content\":\"r\"}"), "messages[1].tool_call_id", "is missing"},
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":{}}"), "messages[1].tool_calls",
         "must be an array"},
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\"}]}"),
         "messages[1].tool_calls[0].function", "is missing."},
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]}"),
         "messages[1].tool_calls[0].id", "is missing"},
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{}}]}"),
         "messages[1].tool_calls[0].function.name", "is missing."},
        {AFTER("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{"
               "\"name\":\"f\",\"arguments\":[]}}]}"),
         "messages[1].tool_calls[0].function.arguments", "must be a string, not an array."},
        {AFTER("{\"role\":\"assistant\",\"reasoning_details\":[{\"text\":1}]}"),
         "messages[1].reasoning_details[0].text", "must be a string"},
        {HI "\"tools\":{}", "tools", "must be an array, not an object."},
        {HI "\"tools\":[{\"type\":\"function\"}]", "tools[0].function", "is missing."},
        {HI "\"tools\":[{\"function\":{}}]", "tools[0].function.name", "is missing."},
        {HI "\"tools\":[{\"function\":{\"name\":\"f\",\"parameters\":\"x\"}}]",
         "tools[0].function.parameters", "must be an object, not a string."},
        {HI "\"tool_choice\":\"any\"", "tool_choice", "is \"any\", which is none of"},
        {HI "\"tool_choice\":[]", "tool_choice", "not an array."},
        {HI "\"tool_choice\":{\"type\":\"function\"}", "tool_choice.function", "names no tool."},
        {HI "\"tool_choice\":{\"type\":\"allowed_tools\"}", "tool_choice.tools",
         "must be an array of tools."},
        {HI "\"tool_choice\":{\"type\":\"allowed_tools\",\"tools\":[{\"name\":\"x\"}]}",
         "tool_choice", "and there are none."},
        {HI "\"tools\":[" TOOL("f") "],\"tool_choice\":{\"type\":\"allowed_tools\",\"tools\":["
                                    "{\"name\":\"x\"}]}",
         "tool_choice", "allows none of the tools"},
        {HI "\"response_format\":\"json\"", "response_format", "must be an object"},
        {HI "\"response_format\":{\"type\":\"xml\"}", "response_format.type", "is \"xml\""},
        {HI "\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema",
         "must be an object, not nothing."},
        {HI "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\"}}",
         "response_format.json_schema.schema", "is missing."},
        {HI "\"max_tokens\":\"10\"", "max_tokens", "must be a whole number, not a string."},
        {HI "\"max_tokens\":1.5", "max_tokens", "that is not negative."},
        {HI "\"max_tokens\":-1", "max_tokens", "that is not negative."},
        {HI "\"temperature\":\"hot\"", "temperature", "must be a number, not a string."},
        {HI "\"parallel_tool_calls\":1", "parallel_tool_calls", "must be true or false"},
        {HI "\"stop\":5", "stop", "must be a string or an array of strings"},
        {HI "\"stop\":[5]", "stop[0]", "must be a string"},
        {HI "\"reasoning_effort\":\"huge\"", "reasoning_effort", "is \"huge\""},
        {HI "\"reasoning\":{\"effort\":1}", "reasoning.effort", "must be a string"},
        {HI "\"reasoning\":\"high\"", "reasoning", "must be an object"},
        {HI "\"user\":5", "user", "must be a string"},
        {HI "\"stream_options\":true", "stream_options", "must be an object, not true."},
        {HI "\"providerOptions\":[]", "providerOptions", "must be an object, not an array."},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf body;
        struct readings r;
        struct proa_api_openai_chat chat;
        begin(&r, PROA_API_CHAT, with_model(&body, row->members));
        PROA_TEST_CHECK(proa_api_openai_chat_read(&r.body, &chat, &r.error) == PROA_ERR_TYPE, "%s",
                        row->members);
        assert_int_equal(r.error.code, PROA_API_ERR_INVALID_REQUEST);
        assert_slice_str(r.error.param, row->param);
        PROA_TEST_CHECK(proa_slice_search(r.error.message, proa_slice_cstr(row->message)) <
                            r.error.message.len,
                        "%s: %.*s", row->members, (int)r.error.message.len, r.error.message.ptr);
        end(&r);
        proa_buf_deinit(&body);
    }
}

static void a_request_may_not_grow_without_bound(void **state)
{
    (void)state;
    struct proa_buf body;
    struct readings r;
    struct proa_api_openai_chat chat;
    proa_buf_init(&body, SIZE_MAX);
    PROA_BUF_LIT(&body, "{\"model\":\"m\",\"messages\":[");
    for (int i = 0; i < 33000; i++) {
        (void)proa_buf_append_cstr(&body, i > 0 ? "," : "");
        PROA_BUF_LIT(&body, "{\"role\":\"user\",\"content\":\"\"}");
    }
    PROA_BUF_LIT(&body, "]}");
    begin(&r, PROA_API_CHAT, proa_buf_slice(&body));
    assert_err(proa_api_openai_chat_read(&r.body, &chat, &r.error), PROA_ERR_TYPE);
    assert_slice_lit(r.error.param, "messages[32768].content");
    end(&r);
    proa_buf_deinit(&body);
}

/* A result finds its call among those before it, but not whatever stands there. */
static void a_call_is_looked_for_nearby(void **state)
{
    (void)state;
    static const struct {
        int between; /* messages between the call and its result */
        const char *name;
    } rows[] = {{0, "look"}, {900, "look"}, {1100, "own"}};
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf body;
        struct readings r;
        struct proa_api_openai_chat chat;
        proa_buf_init(&body, SIZE_MAX);
        PROA_BUF_LIT(&body, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":"
                            "[{\"id\":\"k\",\"function\":{\"name\":\"look\"}}]}");
        for (int i = 0; i < row->between; i++) {
            PROA_BUF_LIT(&body, ",{\"role\":\"user\",\"content\":\"\"}");
        }
        PROA_BUF_LIT(&body, ",{\"role\":\"tool\",\"tool_call_id\":\"k\",\"name\":\"own\","
                            "\"content\":\"r\"}]}");
        begin(&r, PROA_API_CHAT, proa_buf_slice(&body));
        assert_ok(proa_api_openai_chat_read(&r.body, &chat, &r.error));
        assert_slice_str(chat.chat.messages[chat.chat.n_messages - 1].parts[0].name, row->name);
        end(&r);
        proa_buf_deinit(&body);
    }
}

/* Pieces of a stream's reasoning that are sent back one by one take as much memory as they are
 * long, not their square. */
static void pieces_of_reasoning_cost_what_they_are(void **state)
{
    (void)state;
    enum { PIECES = 5000 };
    struct proa_buf body;
    struct readings r;
    struct proa_api_openai_chat chat;
    proa_buf_init(&body, SIZE_MAX);
    PROA_BUF_LIT(&body,
                 "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"reasoning_details\":[");
    for (int i = 0; i < PIECES; i++) {
        (void)proa_buf_append_printf(&body, "%s{\"text\":\"%04d\"}", i > 0 ? "," : "", i);
    }
    PROA_BUF_LIT(&body, ",{\"signature\":\"s\"},{\"text\":\"next\"}]}]}");
    begin(&r, PROA_API_CHAT, proa_buf_slice(&body));
    assert_ok(proa_api_openai_chat_read(&r.body, &chat, &r.error));
    assert_true(r.arena.total_bytes < body.len);
    const struct proa_chat_part *parts = chat.chat.messages[0].parts;
    assert_int_equal(chat.chat.messages[0].n_parts, 2);
    assert_int_equal(parts[0].text.len, 4 * PIECES);
    for (int i = 0; i < PIECES; i++) {
        char piece[8];
        (void)snprintf(piece, sizeof piece, "%04d", i);
        assert_memory_equal(parts[0].text.ptr + 4 * (size_t)i, piece, 4);
    }
    assert_slice_lit(parts[0].signature, "s");
    assert_slice_lit(parts[1].text, "next");
    end(&r);
    proa_buf_deinit(&body);
}

/* ---- completions, embeddings, rankings ------------------------------------------------------- */

static void completions(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"prompt\":\"p\",\"max_tokens\":5,\"logprobs\":3,\"suffix\":\"s\"",
         "user[text text=p]\n max_tokens=5 logprobs=yes top_logprobs=3 extra=\"suffix\" is=\"s\""},
        {"\"prompt\":[\"p\"]", "user[text text=p]\n"},
        {"\"prompt\":\"\"", "user[text]\n"},
        {"\"prompt\":\"p\",\"messages\":[]", "user[text text=p]\n extra=\"messages\" is=[]"},
    };
    static const struct refusal refused[] = {
        {"\"x\":1", "prompt", "is missing."},
        {"\"prompt\":[\"a\",\"b\"]", "prompt", "must be one text"},
        {"\"prompt\":[1,2]", "prompt", "must be one text"},
        {"\"prompt\":[]", "prompt", "must be one text"},
        {"\"prompt\":5", "prompt", "must be a string"},
    };
    struct proa_buf body;
    struct readings r;
    struct proa_api_openai_chat chat;
    PROA_TEST_ROWS(row, rows)
    {
        begin(&r, PROA_API_COMPLETIONS, with_model(&body, row->members));
        assert_ok(proa_api_openai_completion_read(&r.body, &chat, &r.error));
        put_chat(&r.dump, &chat.chat);
        assert_slice_str(proa_buf_slice(&r.dump.out), row->expected);
        end(&r);
        proa_buf_deinit(&body);
    }
    PROA_TEST_ROWS(row, refused)
    {
        begin(&r, PROA_API_COMPLETIONS, with_model(&body, row->members));
        assert_err(proa_api_openai_completion_read(&r.body, &chat, &r.error), PROA_ERR_TYPE);
        assert_slice_str(r.error.param, row->param);
        assert_true(proa_slice_search(r.error.message, proa_slice_cstr(row->message)) <
                    r.error.message.len);
        end(&r);
        proa_buf_deinit(&body);
    }
}

static void embeddings(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"input\":\"a\"", "a;"},
        {"\"input\":[\"a\",\"b\"],\"dimensions\":256,\"encoding_format\":\"base64\","
         "\"user\":\"u\",\"input_type\":\"search_query\"",
         "a;b; dimensions=256 user=u type=search_query base64"},
        {"\"input\":[1,2]", "#[1,2];"},
        {"\"input\":[[1],[2,3],\"c\"],\"encoding_format\":\"float\"", "#[1];#[2,3];c;"},
    };
    static const struct refusal refused[] = {
        {"\"x\":1", "input", "must hold at least one input."},
        {"\"input\":[]", "input", "must hold at least one input."},
        {"\"input\":{}", "input", "must be a string or an array of tokens, not an object."},
        {"\"input\":[\"a\",5]", "input[1]", "not a number."},
        {"\"input\":\"a\",\"encoding_format\":\"int8\"", "encoding_format", "is \"int8\""},
        {"\"input\":\"a\",\"dimensions\":\"x\"", "dimensions", "must be a whole number"},
    };
    struct proa_buf body;
    struct readings r;
    struct proa_chat_embed embed;
    PROA_TEST_ROWS(row, rows)
    {
        begin(&r, PROA_API_EMBEDDINGS, with_model(&body, row->members));
        assert_ok(proa_api_openai_embed_read(&r.body, &embed, &r.error));
        for (size_t i = 0; i < embed.n_inputs; i++) {
            const struct proa_chat_input *in = &embed.inputs[i];
            (void)proa_buf_append_cstr(&r.dump.out, in->tokens.len > 0 ? "#" : "");
            (void)proa_buf_append(&r.dump.out, in->tokens.len > 0 ? in->tokens : in->text);
            (void)proa_buf_append_cstr(&r.dump.out, ";");
        }
        put_n(&r.dump, "dimensions", embed.dimensions);
        put(&r.dump, "user", embed.user);
        put(&r.dump, "type", embed.input_type);
        (void)proa_buf_append_cstr(&r.dump.out, embed.base64 ? " base64" : "");
        assert_slice_str(proa_buf_slice(&r.dump.out), row->expected);
        end(&r);
        proa_buf_deinit(&body);
    }
    PROA_TEST_ROWS(row, refused)
    {
        begin(&r, PROA_API_EMBEDDINGS, with_model(&body, row->members));
        assert_err(proa_api_openai_embed_read(&r.body, &embed, &r.error), PROA_ERR_TYPE);
        assert_slice_str(r.error.param, row->param);
        assert_true(proa_slice_search(r.error.message, proa_slice_cstr(row->message)) <
                    r.error.message.len);
        end(&r);
        proa_buf_deinit(&body);
    }
}

static void rankings(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"query\":\"q\",\"documents\":[\"a\",{\"text\":\"b\",\"x\":1}],\"top_n\":1,"
         "\"return_documents\":true",
         "q: a;b; top=1 return=yes"},
        {"\"documents\":[\"a\"],\"query\":\"q\",\"return_documents\":null", "q: a;"},
    };
    static const struct refusal refused[] = {
        {"\"documents\":[\"a\"]", "query", "is missing."},
        {"\"query\":\"q\"", "documents", "must hold at least one document."},
        {"\"query\":\"q\",\"documents\":\"a\"", "documents", "must be an array"},
        {"\"query\":\"q\",\"documents\":[\"a\",{}]", "documents[1]", "with a \"text\""},
        {"\"query\":\"q\",\"documents\":[\"a\"],\"top_n\":-1", "top_n", "not negative."},
        {"\"query\":1,\"documents\":[\"a\"]", "query", "must be a string"},
    };
    struct proa_buf body;
    struct readings r;
    struct proa_chat_rerank rerank;
    PROA_TEST_ROWS(row, rows)
    {
        begin(&r, PROA_API_RERANK, with_model(&body, row->members));
        assert_ok(proa_api_openai_rerank_read(&r.body, &rerank, &r.error));
        (void)proa_buf_append(&r.dump.out, rerank.query);
        (void)proa_buf_append_cstr(&r.dump.out, ": ");
        for (size_t i = 0; i < rerank.n_documents; i++) {
            (void)proa_buf_append(&r.dump.out, rerank.documents[i]);
            (void)proa_buf_append_cstr(&r.dump.out, ";");
        }
        put_n(&r.dump, "top", rerank.top_n);
        put(&r.dump, "return", rerank.return_documents ? PROA_SLICE("yes") : PROA_SLICE_NONE);
        assert_slice_str(proa_buf_slice(&r.dump.out), row->expected);
        end(&r);
        proa_buf_deinit(&body);
    }
    PROA_TEST_ROWS(row, refused)
    {
        begin(&r, PROA_API_RERANK, with_model(&body, row->members));
        assert_err(proa_api_openai_rerank_read(&r.body, &rerank, &r.error), PROA_ERR_TYPE);
        assert_slice_str(r.error.param, row->param);
        assert_true(proa_slice_search(r.error.message, proa_slice_cstr(row->message)) <
                    r.error.message.len);
        end(&r);
        proa_buf_deinit(&body);
    }
}

/* Bytes that no scan has looked at are refused as what they are. */
static void broken_json_is_no_request(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "", "[", "{\"messages\":[{\"role\":\"user\"", "{\"input\":", "{\"query\":\"q\"", "5"};
    PROA_TEST_ROWS(row, bodies)
    {
        struct readings r;
        struct proa_api_openai_chat chat;
        struct proa_chat_embed embed;
        struct proa_chat_rerank rerank;
        begin(&r, PROA_API_CHAT, PROA_SLICE("{\"model\":\"m\"}"));
        r.body.bytes = proa_slice_cstr(*row);
        assert_true(proa_api_openai_chat_read(&r.body, &chat, &r.error) != PROA_OK);
        assert_true(proa_api_openai_completion_read(&r.body, &chat, &r.error) != PROA_OK);
        assert_true(proa_api_openai_embed_read(&r.body, &embed, &r.error) != PROA_OK);
        assert_true(proa_api_openai_rerank_read(&r.body, &rerank, &r.error) != PROA_OK);
        assert_true(r.error.message.len > 0);
        end(&r);
    }
}

/* ---- whatever the conversation is ------------------------------------------------------------ */

/* Writes a conversation and, beside it, how it should read. */
struct talk {
    struct proa_prng prng;
    struct proa_buf json;
    struct proa_buf expected;
    unsigned n_calls;
};

static const char *any_text(struct talk *t)
{
    static const char *const texts[] = {"a",
                                        "two words",
                                        "\\\"quoted\\\"",
                                        "\\u00e9\\n",
                                        "\xe6\x97\xa5\xe6\x9c\xac",
                                        "{\\\"json\\\":1}"};
    return texts[proa_prng_below(&t->prng, PROA_ARRAY_LEN(texts))];
}

static void talk_user(struct talk *t)
{
    const char *text = any_text(t);
    const bool parts = proa_prng_below(&t->prng, 2) == 0;
    (void)proa_buf_append_printf(&t->json, "{\"role\":\"user\",\"content\":");
    if (parts) {
        (void)proa_buf_append_printf(&t->json,
                                     "[{\"type\":\"text\",\"text\":\"%s\"},{\"type\":"
                                     "\"image_url\",\"image_url\":{\"url\":\"https://a\"}}]}",
                                     text);
        (void)proa_buf_append_printf(&t->expected, "user[text text=%s][image url=https://a]\n",
                                     text);
    } else {
        (void)proa_buf_append_printf(&t->json, "\"%s\"}", text);
        (void)proa_buf_append_printf(&t->expected, "user[text text=%s]\n", text);
    }
}

/* Some calls, and their results in any order. */
static void talk_tools(struct talk *t)
{
    const unsigned n = 1 + (unsigned)proa_prng_below(&t->prng, 3);
    const unsigned first = t->n_calls;
    const char *text = any_text(t);
    (void)proa_buf_append_printf(
        &t->json, "{\"role\":\"assistant\",\"content\":\"%s\",\"tool_calls\":[", text);
    (void)proa_buf_append_printf(&t->expected, "assistant[text text=%s]", text);
    for (unsigned i = first; i < first + n; i++) {
        (void)proa_buf_append_printf(&t->json,
                                     "%s{\"id\":\"c%u\",\"type\":\"function\",\"function\":{"
                                     "\"name\":\"f%u\",\"arguments\":\"{\\\"n\\\":%u}\"}}",
                                     i > first ? "," : "", i, i, i);
        (void)proa_buf_append_printf(&t->expected, "[call id=c%u name=f%u arguments={\"n\":%u}]", i,
                                     i, i);
    }
    PROA_BUF_LIT(&t->json, "]}");
    PROA_BUF_LIT(&t->expected, "\n");
    const bool backwards = proa_prng_below(&t->prng, 2) == 0;
    for (unsigned k = 0; k < n; k++) {
        const unsigned i = backwards ? first + n - 1 - k : first + k;
        (void)proa_buf_append_printf(
            &t->json, ",{\"role\":\"tool\",\"tool_call_id\":\"c%u\",\"content\":\"r%u\"}", i, i);
        (void)proa_buf_append_printf(&t->expected, "tool[result id=c%u name=f%u [text text=r%u]]\n",
                                     i, i, i);
    }
    t->n_calls += n;
}

static void any_conversation_is_kept(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct talk t = {.n_calls = 0};
        struct readings r;
        struct proa_api_openai_chat chat;
        proa_prng_seed(&t.prng, seed);
        proa_buf_init(&t.json, SIZE_MAX);
        proa_buf_init(&t.expected, SIZE_MAX);
        PROA_BUF_LIT(&t.json, "{\"messages\":[");
        talk_user(&t);
        for (size_t i = proa_prng_below(&t.prng, 20); i > 0; i--) {
            PROA_BUF_LIT(&t.json, ",");
            if (proa_prng_below(&t.prng, 2) == 0) {
                talk_user(&t);
            } else {
                talk_tools(&t);
            }
        }
        PROA_BUF_LIT(&t.json, "],\"model\":\"m\"}");
        begin(&r, PROA_API_CHAT, proa_buf_slice(&t.json));
        assert_ok(proa_api_openai_chat_read(&r.body, &chat, &r.error));
        put_chat(&r.dump, &chat.chat);
        assert_slice_equal(proa_buf_slice(&r.dump.out), proa_buf_slice(&t.expected));
        end(&r);
        proa_buf_deinit(&t.json);
        proa_buf_deinit(&t.expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(what_an_assistant_said),
        cmocka_unit_test(tools_and_formats),
        cmocka_unit_test(settings),
        cmocka_unit_test(what_is_the_surfaces_own),
        cmocka_unit_test(words_of_the_gateways_own_within_messages),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_request_may_not_grow_without_bound),
        cmocka_unit_test(a_call_is_looked_for_nearby),
        cmocka_unit_test(pieces_of_reasoning_cost_what_they_are),
        cmocka_unit_test(completions),
        cmocka_unit_test(embeddings),
        cmocka_unit_test(rankings),
        cmocka_unit_test(broken_json_is_no_request),
        cmocka_unit_test(any_conversation_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
