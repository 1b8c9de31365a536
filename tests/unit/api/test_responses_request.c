/*
 * Requests of the Responses API, read into the neutral model: every form that a client may use,
 * what is said of what it may not, and what only a provider of this API can do.
 */
#include "proa/api/responses_request.h"
#include "proa/core/prng.h"

#include "chat_dump.h"

/* ---- reading --------------------------------------------------------------------------------- */

enum { EARLIER_MAX = 4 };

struct readings {
    struct proa_arena arena;
    struct proa_buf scratch;
    struct proa_buf text;
    struct proa_buf whole;
    char *copy;
    struct proa_slice earlier[EARLIER_MAX];
    size_t n_earlier;
    struct proa_api_request request;
    struct proa_api_asked asked;
    struct proa_api_error error;
    struct dump dump;
};

static void begin(struct readings *r)
{
    memset(r, 0, sizeof *r);
    proa_arena_init(&r->arena, NULL);
    proa_buf_init(&r->scratch, 4096);
    proa_buf_init(&r->text, 1024);
    proa_buf_init(&r->whole, SIZE_MAX);
    proa_buf_init(&r->dump.out, SIZE_MAX);
}

static void end(struct readings *r)
{
    proa_buf_deinit(&r->dump.out);
    proa_buf_deinit(&r->whole);
    proa_buf_deinit(&r->text);
    proa_buf_deinit(&r->scratch);
    proa_arena_reset(&r->arena);
    proa_free(r->copy);
}

/* `members` stand behind the model. */
static enum proa_err read_members(struct readings *r, const char *members)
{
    PROA_BUF_LIT(&r->whole, "{\"model\":\"m\",");
    (void)proa_buf_append_cstr(&r->whole, members);
    PROA_BUF_LIT(&r->whole, "}");
    r->copy = proa_memdup(r->whole.ptr, r->whole.len);
    const struct proa_slice bytes = proa_slice_make(r->copy, r->whole.len);
    PROA_TEST_CHECK(proa_api_request_read(PROA_API_RESPONSES, bytes, &r->scratch, &r->text,
                                          &r->request, &r->error) == PROA_OK,
                    "%s", members);
    const struct proa_api_body body = {.kind = PROA_API_RESPONSES,
                                       .bytes = bytes,
                                       .request = &r->request,
                                       .arena = &r->arena,
                                       .text = &r->text,
                                       .earlier = r->earlier,
                                       .n_earlier = r->n_earlier};
    return proa_api_responses_read(&body, &r->asked, &r->error);
}

static void assert_dump(struct readings *r, enum proa_err err, const char *members,
                        const char *expected)
{
    PROA_TEST_CHECK(err == PROA_OK, "%s: %s: %.*s", members, proa_err_name(err),
                    (int)r->error.message.len, r->error.message.ptr);
    put_chat(&r->dump, &r->asked.chat);
    assert_slice_str(proa_buf_slice(&r->dump.out), expected);
}

struct golden {
    const char *members;
    const char *expected;
};

static void assert_reads(const struct golden *row)
{
    struct readings r;
    begin(&r);
    assert_dump(&r, read_members(&r, row->members), row->members, row->expected);
    end(&r);
}

#define INPUT(items) "\"input\":[" items "]"
#define USER         "{\"role\":\"user\",\"content\":\"q\"}"
#define PART(part)   INPUT("{\"role\":\"user\",\"content\":[" part "]}")
#define AFTER(items) INPUT(USER "," items)
#define HI(members)  "\"input\":\"hi\"," members

static void messages(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"input\":\"hi \\\"you\\\"\"", "user[text text=hi \\\"you\\\"]\n"},
        {"\"input\":\"hi\",\"instructions\":\"be brief\"",
         "system[text text=be brief]\nuser[text text=hi]\n"},
        {"\"instructions\":\"be brief\",\"input\":\"hi\"",
         "system[text text=be brief]\nuser[text text=hi]\n"},
        {"\"instructions\":null,\"input\":\"hi\"", "user[text text=hi]\n"},
        {"\"instructions\":\"\",\"input\":\"hi\"", "user[text text=hi]\n"},
        /* the short form, and the long one */
        {INPUT("{\"role\":\"system\",\"content\":\"s\"},"
               "{\"type\":\"message\",\"role\":\"developer\",\"content\":["
               "{\"type\":\"input_text\",\"text\":\"d\"}]},"
               "{\"content\":\"u\",\"role\":\"user\",\"type\":\"message\",\"id\":\"msg_1\","
               "\"status\":\"completed\"},"
               "{\"role\":\"assistant\",\"content\":\"a\"}"),
         "system[text text=s]\nsystem[text text=d]\nuser[text text=u]\n"
         "assistant[text text=a]\n"},
        {INPUT("{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},"
               "{\"type\":\"input_text\",\"text\":\"b\"}]}"),
         "user[text text=a][text text=b]\n"},
        /* as an answer had it */
        {AFTER("{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\","
               "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\","
               "\"annotations\":[],\"logprobs\":[]}]}"),
         "user[text text=q]\nassistant[text text=a]\n"},
        {AFTER("{\"type\":\"message\",\"role\":\"assistant\",\"content\":["
               "{\"type\":\"refusal\",\"refusal\":\"no\"}]}"),
         "user[text text=q]\nassistant[refusal text=no]\n"},
        {AFTER("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]},"
               "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
               "\"output_text\",\"text\":\"\"}]}"),
         "user[text text=q]\n"},
        /* null is as good as absent */
        {HI("\"tools\":null,\"tool_choice\":null,\"text\":null,\"reasoning\":null,"
            "\"max_output_tokens\":null,\"user\":null,\"include\":null,\"conversation\":null,"
            "\"background\":null,\"previous_response_id\":null,\"prompt\":null,"
            "\"top_logprobs\":null,\"prompt_cache_key\":null"),
         "user[text text=hi]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row);
    }
}

static void parts(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {PART("{\"type\":\"input_image\",\"image_url\":\"https://a/b.png\",\"detail\":\"low\"}"),
         "user[image url=https://a/b.png detail=low]\n"},
        {PART("{\"image_url\":\"data:image\\/png;base64,AA+\\/\",\"type\":\"input_image\"}"),
         "user[image base64=AA+/ type=image/png]\n"},
        {PART("{\"type\":\"input_image\",\"file_id\":\"file-1\",\"image_url\":null,"
              "\"detail\":\"auto\"}"),
         "user[image id=file-1 detail=auto]\n"},
        {PART("{\"type\":\"input_file\",\"filename\":\"a.pdf\","
              "\"file_data\":\"data:application/pdf;base64,AAAA\"}"),
         "user[file base64=AAAA type=application/pdf file=a.pdf]\n"},
        {PART("{\"type\":\"input_file\",\"file_url\":\"https://a/b.pdf\"}"),
         "user[file url=https://a/b.pdf]\n"},
        {PART("{\"type\":\"input_file\",\"file_id\":\"file-1\"}"), "user[file id=file-1]\n"},
        {PART("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\","
              "\"format\":\"mp3\"}}"),
         "user[audio base64=AAAA type=audio/mp3]\n"},
        {PART("{\"type\":\"text\",\"text\":\"a\"}"), "user[text text=a]\n"},
        /* an image that was made comes back as what the assistant showed */
        {AFTER("{\"type\":\"image_generation_call\",\"id\":\"ig_1\",\"status\":\"completed\","
               "\"result\":\"AAAA\"},{\"type\":\"image_generation_call\",\"result\":\"BBBB\","
               "\"output_format\":\"webp\"},{\"type\":\"image_generation_call\",\"result\":null}"),
         "user[text text=q]\nassistant[image base64=AAAA type=image/png]"
         "[image base64=BBBB type=image/webp]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row);
    }
}

#define CALL(id, name, args)                                                                       \
    "{\"type\":\"function_call\",\"call_id\":\"" id "\",\"name\":\"" name "\",\"arguments\":" args \
    "}"
#define RESULT(id, output)                                                                         \
    "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":" output "}"

#define THOUGHT                                                                                    \
    "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\","             \
    "\"text\":\"hm\"}],\"encrypted_content\":\"proa-signature:SIG\"}"
#define SAID    "{\"role\":\"assistant\",\"content\":\"look\"}"
#define CALL_F  CALL("c1", "f", "\"{\\\"a\\\": \\\"\\\\n\\\"}\"")
#define CALL_G  CALL("c2", "g", "\"\"")
#define RESULTS RESULT("c2", "\"r2\"") "," RESULT("c1", "\"\"")

static void turns(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        /* what one assistant thinks, says and calls is one message */
        {AFTER(THOUGHT "," SAID "," CALL_F "," CALL_G "," RESULTS ",{\"role\":\"assistant\","
                       "\"content\":\"done\"}"),
         "user[text text=q]\nassistant[reasoning text=hm signature=SIG][text text=look]"
         "[call id=c1 name=f arguments={\"a\": \"\\n\"}][call id=c2 name=g]\n"
         "tool[result id=c2 name=g [text text=r2]]\ntool[result id=c1 name=f [text]]\n"
         "assistant[text text=done]\n"},
        /* arguments that are no JSON travel as they came */
        {AFTER(CALL("c1", "f", "\"{\\\"a\\\":\"")),
         "user[text text=q]\nassistant[call id=c1 name=f arguments=\"{\\\"a\\\":\"]\n"},
        {AFTER("{\"type\":\"custom_tool_call\",\"call_id\":\"c1\",\"name\":\"f\","
               "\"input\":\"free text\"},{\"type\":\"custom_tool_call_output\","
               "\"call_id\":\"c1\",\"output\":\"r\"}"),
         "user[text text=q]\nassistant[call id=c1 name=f arguments=\"free text\"]\n"
         "tool[result id=c1 name=f [text text=r]]\n"},
        {AFTER("{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"f\","
               "\"arguments\":\"{}\",\"id\":\"fc_1\",\"status\":\"completed\","
               "\"extra_content\":{\"google\":{\"thought_signature\":\"sig\"}}}"),
         "user[text text=q]\nassistant[call id=c1 name=f arguments={} signature=sig]\n"},
        /* results in parts; of a call that is not there */
        {AFTER(RESULT("c9", "[{\"type\":\"input_text\",\"text\":\"a\"},"
                            "{\"type\":\"input_image\",\"image_url\":\"https://a/b.png\"},"
                            "{\"type\":\"input_file\",\"file_id\":\"f1\"}]")),
         "user[text text=q]\ntool[result id=c9 [text text=a] [image url=https://a/b.png]"
         " [file id=f1]]\n"},
        /* reasoning */
        {AFTER("{\"type\":\"reasoning\",\"summary\":[],"
               "\"encrypted_content\":\"proa-redacted:xx\"},"
               "{\"type\":\"reasoning\",\"summary\":[],"
               "\"encrypted_content\":\"proa-signature:yy\"},"
               "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"a\"},"
               "{\"type\":\"summary_text\",\"text\":\"b\"}],\"encrypted_content\":\"gAAAA\"},"
               "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"s\"}],"
               "\"content\":[{\"type\":\"reasoning_text\",\"text\":\"all of it\"}]},"
               "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],"
               "\"encrypted_content\":\"gAAAA\"}"),
         "user[text text=q]\nassistant[reasoning redacted=xx][reasoning signature=yy]"
         "[reasoning text=a\\n\\nb][reasoning text=all of it]\n"},
        /* what its provider ran itself */
        {AFTER("{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"},"
               "{\"role\":\"assistant\",\"content\":\"a\"},{\"type\":\"mcp_list_tools\"},"
               "{\"type\":\"file_search_call\"},{\"type\":\"code_interpreter_call\"},"
               "{\"type\":\"mcp_call\"},{\"role\":\"user\",\"content\":\"b\"}"),
         "user[text text=q]\nassistant[text text=a]\nuser[text text=b]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row);
    }
}

static void what_is_wanted(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {HI("\"max_output_tokens\":7,\"temperature\":0.20,\"top_p\":1e-1,\"user\":\"u\","
            "\"service_tier\":\"flex\",\"parallel_tool_calls\":false"),
         "user[text text=hi]\n parallel=no max_tokens=7 temperature=0.20 top_p=1e-1 user=u "
         "tier=flex"},
        {HI("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\","
            "\"parameters\":{\"type\":\"object\"},\"strict\":true},"
            "{\"name\":\"g\",\"parameters\":null,\"strict\":null,\"type\":\"function\"}],"
            "\"tool_choice\":\"required\""),
         "user[text text=hi]\ntool name=f description=d schema={\"type\":\"object\"} strict=yes\n"
         "tool name=g\n choice=required"},
        {HI("\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"},"
            "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]"),
         "user[text text=hi]\ntool name=f\n choice=named choice_name=f"},
        {HI("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"required\",\"tools\":["
            "{\"type\":\"function\",\"name\":\"g\"}]},"
            "\"tools\":[{\"type\":\"function\",\"name\":\"f\"},"
            "{\"type\":\"function\",\"name\":\"g\"}]"),
         "user[text text=hi]\ntool name=g\n choice=required"},
        {HI("\"tools\":[],\"tool_choice\":\"none\""), "user[text text=hi]\n choice=none"},
        {HI("\"text\":{\"format\":{\"type\":\"text\"}}"), "user[text text=hi]\n format=text"},
        {HI("\"text\":{}"), "user[text text=hi]\n"},
        {HI("\"text\":{\"format\":{\"type\":\"json_object\"},\"verbosity\":\"low\"}"),
         "user[text text=hi]\n format=json extra=\"verbosity\" is=\"low\""},
        {HI("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"description\":\"d\","
            "\"schema\":{\"type\":\"object\"},\"strict\":true}}"),
         "user[text text=hi]\n format=schema format_name=n format_description=d "
         "format_schema={\"type\":\"object\"} format_strict=yes"},
        {HI("\"reasoning\":{\"effort\":\"high\",\"summary\":\"auto\"}"),
         "user[text text=hi]\n effort=high"},
        {HI("\"reasoning\":{\"effort\":null,\"generate_summary\":null}"), "user[text text=hi]\n"},
        {HI("\"top_logprobs\":2"), "user[text text=hi]\n logprobs=yes top_logprobs=2"},
        {HI("\"top_logprobs\":0"), "user[text text=hi]\n"},
        {HI("\"include\":[\"reasoning.encrypted_content\",\"message.output_text.logprobs\"]"),
         "user[text text=hi]\n logprobs=yes"},
        {HI("\"prompt_cache_key\":\"k\",\"safety_identifier\":\"s\","
            "\"prompt_cache_retention\":\"24h\",\"metadata\":{\"a\":\"b\"},\"store\":false,"
            "\"truncation\":\"auto\",\"max_tool_calls\":3,\"stream_options\":{},"
            "\"something\":{\"new\":1},\"background\":false"),
         "user[text text=hi]\n extra=\"prompt_cache_key\" is=\"k\" extra=\"safety_identifier\" "
         "is=\"s\" extra=\"prompt_cache_retention\" is=\"24h\""},
        {HI("\"providerOptions\":{\"anthropic\":{\"a\":1}}"),
         "user[text text=hi]\n options={\"anthropic\":{\"a\":1}}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row);
    }
}

/* ---- earlier items --------------------------------------------------------------------------- */

static void earlier_items_stand_in_front(void **state)
{
    (void)state;
    struct readings r;
    begin(&r);
    r.earlier[0] = PROA_SLICE("[{\"type\":\"message\",\"role\":\"user\",\"content\":\"one\"},"
                              "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":"
                              "\"proa-redacted:x\"}," CALL("c1", "f", "\"{}\"") "]");
    r.earlier[1] = PROA_SLICE("[]");
    r.n_earlier = 2;
    const char *members = INPUT(RESULT("c1", "\"r\"")) ",\"instructions\":\"now\","
                                                       "\"previous_response_id\":\"gen_1\"";
    assert_dump(&r, read_members(&r, members), members,
                "system[text text=now]\nuser[text text=one]\n"
                "assistant[reasoning redacted=x][call id=c1 name=f arguments={}]\n"
                "tool[result id=c1 name=f [text text=r]]\n");
    end(&r);
}

static void a_turn_goes_on_over_the_seam(void **state)
{
    (void)state;
    struct readings r;
    begin(&r);
    r.earlier[0] = PROA_SLICE("[{\"role\":\"user\",\"content\":\"one\"},"
                              "{\"role\":\"assistant\",\"content\":\"a\"}]");
    r.earlier[1] = PROA_SLICE(" [ {\"role\":\"assistant\",\"content\":\"b\"} ] ");
    r.n_earlier = 2;
    const char *members = "\"previous_response_id\":\"gen_1\",\"input\":\"go on\"";
    assert_dump(&r, read_members(&r, members), members,
                "user[text text=one]\nassistant[text text=a][text text=b]\n"
                "user[text text=go on]\n");
    end(&r);
}

static void a_broken_history_is_told_where_it_is(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice earlier;
        const char *param;
    } rows[] = {
        {PROA_SLICE_INIT("{}"), "previous_response_id"},
        {PROA_SLICE_INIT(""), "previous_response_id"},
        {PROA_SLICE_INIT("[1]"), "previous_response_id[0][0]"},
        {PROA_SLICE_INIT("[{\"role\":\"user\"}]"), "previous_response_id[0][0].content"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct readings r;
        begin(&r);
        r.earlier[0] = row->earlier;
        r.n_earlier = 1;
        assert_err(read_members(&r, "\"input\":\"hi\",\"previous_response_id\":\"gen_1\""),
                   PROA_ERR_TYPE);
        assert_slice_str(r.error.param, row->param);
        end(&r);
    }
}

/* ---- what does not fit ----------------------------------------------------------------------- */

struct refused {
    const char *members;
    const char *param;
    const char *message; /* behind the place */
};

static void assert_refuses(const struct refused *row, enum proa_err expected)
{
    struct readings r;
    struct proa_buf message;
    begin(&r);
    const enum proa_err err = read_members(&r, row->members);
    PROA_TEST_CHECK(err == expected, "%s: %s", row->members, proa_err_name(err));
    assert_int_equal(r.error.code, PROA_API_ERR_INVALID_REQUEST);
    assert_slice_str(r.error.param, row->param);
    proa_buf_init(&message, 4096);
    (void)proa_buf_append_printf(&message, "\"%s\" %s", row->param, row->message);
    assert_slice_equal(proa_slice_head(r.error.message, message.len), proa_buf_slice(&message));
    proa_buf_deinit(&message);
    end(&r);
}

static void refusals(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"\"store\":true", "input", "is missing."},
        {"\"input\":null", "input", "must be a string or an array of items, not null."},
        {"\"input\":{}", "input", "must be a string or an array of items, not an object."},
        {INPUT(""), "input", "must hold at least one item."},
        {INPUT("{\"type\":\"reasoning\",\"summary\":[]}"), "input", "must hold at least one"},
        {INPUT("1"), "input[0]", "must be an object, not a number."},
        {INPUT("{\"type\":1}"), "input[0].type", "must be a string, not a number."},
        {INPUT("{}"), "input[0].role", "is missing."},
        {INPUT("{\"role\":\"user\"}"), "input[0].content", "is missing."},
        {INPUT("{\"role\":\"user\",\"content\":[]}"), "input[0].content", "must hold at least"},
        {INPUT("{\"role\":\"user\",\"content\":3}"), "input[0].content",
         "must be a string or an array of parts, not a number."},
        {INPUT("{\"role\":\"robot\",\"content\":\"a\"}"), "input[0].role",
         "is \"robot\", which is none of \"user\", \"assistant\", \"system\", \"developer\"."},
        {INPUT("{\"role\":\"user\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]}"),
         "input[0].content", "holds a part that this role cannot have."},
        {INPUT("{\"role\":\"system\",\"content\":[{\"type\":\"input_image\",\"image_url\":"
               "\"https://a/b\"}]}"),
         "input[0].content", "holds a part that this role cannot have."},
        {PART("{\"text\":\"a\"}"), "input[0].content[0].type", "is missing; it is one of"},
        {PART("{\"type\":\"video\"}"), "input[0].content[0].type",
         "is \"video\", which is none of"},
        {PART("{\"type\":\"input_text\"}"), "input[0].content[0].text", "is missing"},
        {PART("{\"type\":\"input_image\"}"), "input[0].content[0]", "has no \"image_url\" and no"},
        {PART("{\"type\":\"input_image\",\"image_url\":\"AAAA\"}"), "input[0].content[0].image_url",
         "must be an http(s) URL or a data URL with base64."},
        {PART("{\"type\":\"input_file\"}"), "input[0].content[0]", "has no \"file_data\""},
        {PART("{\"type\":\"input_audio\"}"), "input[0].content[0].input_audio",
         "must be an object"},
        {PART("5"), "input[0].content[0]", "must be an object, not a number."},
        {INPUT("{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}"),
         "input[0].call_id", "is missing"},
        {INPUT("{\"type\":\"function_call\",\"call_id\":\"c\",\"arguments\":\"{}\"}"),
         "input[0].name", "is missing."},
        {INPUT("{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":7}"),
         "input[0].arguments", "must be a string, not a number."},
        {INPUT("{\"type\":\"function_call_output\",\"output\":\"r\"}"), "input[0].call_id",
         "is missing"},
        {INPUT("{\"type\":\"function_call_output\",\"call_id\":\"c\"}"), "input[0].output",
         "is missing."},
        {INPUT(USER ",{\"type\":\"reasoning\",\"summary\":\"s\"}"), "input[1].summary",
         "must be an array, not a string."},
        {INPUT(USER ",{\"type\":\"reasoning\",\"summary\":[{\"text\":1}]}"),
         "input[1].summary[0].text", "must be a string, not a number."},
        {HI("\"instructions\":[]"), "instructions", "must be a string, not an array."},
        {HI("\"tools\":{}"), "tools", "must be an array, not an object."},
        {HI("\"tools\":[1]"), "tools[0]", "must be an object, not a number."},
        {HI("\"tools\":[{\"type\":\"function\"}]"), "tools[0].name", "is missing."},
        {HI("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":1}]"),
         "tools[0].parameters", "must be an object, not a number."},
        {HI("\"tool_choice\":\"some\""), "tool_choice", "is \"some\", which is none of"},
        {HI("\"tool_choice\":{\"type\":\"function\"}"), "tool_choice.function", "names no tool."},
        {HI("\"text\":{\"format\":{\"type\":\"xml\"}}"), "text.format.type",
         "is \"xml\", which is none of \"text\", \"json_object\", \"json_schema\"."},
        {HI("\"text\":{\"format\":\"json\"}"), "text.format", "must be an object, not a string."},
        {HI("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\"}}"),
         "text.format.schema", "is missing."},
        {HI("\"text\":{\"verbosity\":1}"), "text.verbosity", "must be a string, not a number."},
        {HI("\"reasoning\":{\"effort\":\"huge\"}"), "reasoning.effort", "is \"huge\", which is"},
        {HI("\"reasoning\":1"), "reasoning", "must be an object, not a number."},
        {HI("\"max_output_tokens\":-1"), "max_output_tokens", "must be a whole number that is"},
        {HI("\"include\":[1]"), "include[0]", "must be a string, not a number."},
        {HI("\"background\":1"), "background", "must be true or false, not a number."},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_refuses(row, PROA_ERR_TYPE);
    }
}

static void what_only_its_own_providers_can_do(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {HI("\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"web_search\"}]"),
         "tools[1].type", "names a tool that only a provider that speaks this API itself can run"},
        {HI("\"tools\":[{\"type\":\"custom\",\"name\":\"f\"}]"), "tools[0].type", "names a tool"},
        {HI("\"tools\":[{\"type\":\"mcp\",\"server_label\":\"x\"}]"), "tools[0].type",
         "names a tool"},
        {HI("\"tool_choice\":{\"type\":\"file_search\"}"), "tool_choice.type", "names a tool"},
        {HI("\"background\":true"), "background", "asks for an answer in the background"},
        {HI("\"conversation\":\"conv_1\""), "conversation", "names what only its provider keeps"},
        {HI("\"conversation\":{\"id\":\"conv_1\"}"), "conversation", "names what only"},
        {HI("\"prompt\":{\"id\":\"pmpt_1\"}"), "prompt", "names what only its provider keeps"},
        {HI("\"previous_response_id\":\"resp_1\""), "previous_response_id",
         "names an answer that is not kept here: send the conversation in \"input\"."},
        {AFTER("{\"type\":\"item_reference\",\"id\":\"msg_1\"}"), "input[1]",
         "is a reference to an item that only its provider has"},
        {AFTER("{\"type\":\"computer_call\"}"), "input[1].type", "names an item that has no form"},
        {AFTER("{\"type\":\"compaction\",\"encrypted_content\":\"x\"}"), "input[1].type",
         "names an item that has no form"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_refuses(row, PROA_ERR_UNSUPPORTED);
    }
}

/* ---- what the answer repeats ----------------------------------------------------------------- */

static void what_was_said_is_kept_for_the_answer(void **state)
{
    (void)state;
    struct readings r;
    begin(&r);
    assert_ok(read_members(&r, HI("\"instructions\":\"i\",\"tools\":[],\"temperature\":0.5,"
                                  "\"metadata\":{\"a\":\"b\"},\"store\":false,\"user\":null,"
                                  "\"text\":{\"verbosity\":\"low\"}")));
    const struct proa_slice *said = r.asked.echo->said;
    assert_slice_lit(said[PROA_API_ECHO_INSTRUCTIONS], "\"i\"");
    assert_slice_lit(said[PROA_API_ECHO_TOOLS], "[]");
    assert_slice_lit(said[PROA_API_ECHO_TEMPERATURE], "0.5");
    assert_slice_lit(said[PROA_API_ECHO_METADATA], "{\"a\":\"b\"}");
    assert_slice_lit(said[PROA_API_ECHO_STORE], "false");
    assert_slice_lit(said[PROA_API_ECHO_TEXT], "{\"verbosity\":\"low\"}");
    assert_int_equal(said[PROA_API_ECHO_USER].len, 0);
    assert_int_equal(said[PROA_API_ECHO_TOP_P].len, 0);
    end(&r);
}

/* ---- proportions ----------------------------------------------------------------------------- */

/* What is made of a request stays in proportion to it, whatever it is made of. */
static void many_items(void **state)
{
    (void)state;
    static const char *const units[] = {
        USER,
        CALL("c", "f", "\"{}\""),
        RESULT("c", "\"r\""),
        "{\"type\":\"reasoning\",\"summary\":[{\"text\":\"a\"},{\"text\":\"b\"}]}",
        "{\"role\":\"assistant\",\"content\":\"a\"}",
    };
    PROA_TEST_ROWS(unit, units)
    {
        struct readings r;
        struct proa_buf members;
        begin(&r);
        proa_buf_init(&members, SIZE_MAX);
        PROA_BUF_LIT(&members, "\"input\":[" USER);
        for (int i = 0; i < 5000; i++) {
            (void)proa_buf_append_cstr(&members, ",");
            (void)proa_buf_append_cstr(&members, *unit);
        }
        PROA_BUF_LIT(&members, "]");
        (void)proa_buf_append_byte(&members, '\0');
        assert_ok(read_members(&r, members.ptr));
        PROA_TEST_CHECK(r.arena.total_bytes < 40 * members.len, "%s: %zu of %zu", *unit,
                        r.arena.total_bytes, members.len);
        proa_buf_deinit(&members);
        end(&r);
    }
}

static void too_many_parts(void **state)
{
    (void)state;
    struct readings r;
    struct proa_buf members;
    begin(&r);
    proa_buf_init(&members, SIZE_MAX);
    PROA_BUF_LIT(&members, "\"input\":[" USER);
    for (int i = 0; i < 40000; i++) {
        PROA_BUF_LIT(&members, "," USER);
    }
    PROA_BUF_LIT(&members, "]");
    (void)proa_buf_append_byte(&members, '\0');
    assert_err(read_members(&r, members.ptr), PROA_ERR_TYPE);
    assert_true(proa_slice_search(r.error.message, PROA_SLICE("one part too many")) <
                r.error.message.len);
    proa_buf_deinit(&members);
    end(&r);
}

/* A body that was not scanned, cut anywhere: refused or read, never read beyond. */
static void cut_anywhere(void **state)
{
    (void)state;
    static const struct proa_slice body =
        PROA_SLICE_INIT("{\"model\":\"m\",\"input\":[" USER "," CALL("c", "f", "\"{}\"") "," RESULT(
            "c", "\"r\"") ",{\"type\":\"reasoning\",\"summary\":[{\"text\":\"a\"}],\"encrypted_"
                          "content\":\"x\"}],"
                          "\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}},"
                          "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}");
    for (size_t cut = 0; cut < body.len; cut++) {
        struct readings r;
        begin(&r);
        r.copy = proa_memdup(body.ptr, cut);
        const struct proa_api_body in = {.kind = PROA_API_RESPONSES,
                                         .bytes = proa_slice_make(r.copy, cut),
                                         .request = &r.request,
                                         .arena = &r.arena,
                                         .text = &r.text};
        const enum proa_err err = proa_api_responses_read(&in, &r.asked, &r.error);
        PROA_TEST_CHECK(err == PROA_ERR_SYNTAX || err == PROA_ERR_TYPE, "%zu: %s", cut,
                        proa_err_name(err));
        assert_true(r.error.message.len > 0);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(parts),
        cmocka_unit_test(turns),
        cmocka_unit_test(what_is_wanted),
        cmocka_unit_test(earlier_items_stand_in_front),
        cmocka_unit_test(a_turn_goes_on_over_the_seam),
        cmocka_unit_test(a_broken_history_is_told_where_it_is),
        cmocka_unit_test(refusals),
        cmocka_unit_test(what_only_its_own_providers_can_do),
        cmocka_unit_test(what_was_said_is_kept_for_the_answer),
        cmocka_unit_test(many_items),
        cmocka_unit_test(too_many_parts),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
