/*
 * Messages requests, read into the neutral model: every form that a client may use, and what is
 * said of what it may not.
 */
#include "proa/api/anthropic_request.h"

#include "chat_dump.h"

struct readings {
    struct proa_arena arena;
    struct proa_buf scratch;
    struct proa_buf text;
    struct proa_buf copy;
    struct proa_api_request request;
    struct proa_api_body body;
    struct proa_chat_request chat;
    struct proa_api_error error;
    struct dump dump;
};

/* Members of a body, behind the model and what stands before it. */
static enum proa_err begin(struct readings *r, enum proa_endpoint_kind kind, const char *before,
                           const char *members)
{
    memset(r, 0, sizeof *r);
    proa_arena_init(&r->arena, NULL);
    proa_buf_init(&r->scratch, 4096);
    proa_buf_init(&r->text, 1024);
    proa_buf_init(&r->copy, SIZE_MAX);
    proa_buf_init(&r->dump.out, SIZE_MAX);
    (void)proa_buf_append_cstr(&r->copy, before);
    (void)proa_buf_append_cstr(&r->copy, members);
    (void)proa_buf_append_cstr(&r->copy, "}");
    const struct proa_slice bytes = proa_buf_slice(&r->copy);
    PROA_TEST_CHECK(proa_api_request_read(kind, bytes, &r->scratch, &r->text, &r->request,
                                          &r->error) == PROA_OK,
                    "%s: %.*s", members, (int)r->error.message.len, r->error.message.ptr);
    r->body = (struct proa_api_body){
        .kind = kind, .bytes = bytes, .request = &r->request, .arena = &r->arena, .text = &r->text};
    return proa_api_anthropic_read(&r->body, &r->chat, &r->error);
}

static void end(struct readings *r)
{
    proa_buf_deinit(&r->dump.out);
    proa_buf_deinit(&r->copy);
    proa_buf_deinit(&r->text);
    proa_buf_deinit(&r->scratch);
    proa_arena_reset(&r->arena);
}

#define MODEL "{\"model\":\"m\","
#define NINE  MODEL "\"max_tokens\":9,"
#define HI    "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"

/* `expected` with `around` before and behind it. */
static void assert_reads(const char *before, const char *members, const char *begins,
                         const char *expected, const char *ends)
{
    struct readings r;
    char whole[4096];
    const enum proa_err err = begin(&r, PROA_API_CHAT, before, members);
    PROA_TEST_CHECK(err == PROA_OK, "%s: %.*s", members, (int)r.error.message.len,
                    r.error.message.ptr);
    put_chat(&r.dump, &r.chat);
    (void)snprintf(whole, sizeof whole, "%s%s%s", begins, expected, ends);
    assert_slice_str(proa_buf_slice(&r.dump.out), whole);
    assert_slice_lit(r.chat.extras_dialect, "anthropic");
    end(&r);
}

struct golden {
    const char *members;
    const char *expected;
};

static void messages(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"messages\":[{\"role\":\"user\",\"content\":\"hi \\\"you\\\"\"}]",
         "user[text text=hi \\\"you\\\"]\n"},
        {"\"messages\":[{\"content\":\"a\",\"role\":\"user\"},{\"role\":\"assistant\","
         "\"content\":\"b\"},{\"role\":\"system\",\"content\":\"c\"}]",
         "user[text text=a]\nassistant[text text=b]\nsystem[text text=c]\n"},
        {"\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "system[text text=s]\nuser[text text=a]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"system\":[{\"type\":\"text\""
         ",\"text\":\"s\",\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"text\","
         "\"text\":\"t\"}]",
         "system[text text=s cache={\"type\":\"ephemeral\"}][text text=t]\nuser[text "
         "text=a]\n"},
        {"\"system\":\"\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "user[text text=a]\n"},
        {"\"system\":null,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "user[text text=a]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\","
         "\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"text\",\"text\":\"\"}"
         ",{\"text\":\"b\",\"type\":\"text\"}]}]",
         "user[text text=a cache={\"type\":\"ephemeral\"}][text text=b]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{"
         "\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AA+/\"},\"cache_control"
         "\":{\"type\":\"ephemeral\"}}]}]",
         "user[image base64=AA+/ type=image/png cache={\"type\":\"ephemeral\"}]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{"
         "\"type\":\"url\",\"url\":\"https://a/b.png\"}}]}]",
         "user[image url=https://a/b.png]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{"
         "\"type\":\"file\",\"file_id\":\"file_1\"}}]}]",
         "user[image id=file_1]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"title\":\"a."
         "pdf\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\","
         "\"data\":\"JVBERi\"}}]}]",
         "user[file base64=JVBERi type=application/pdf file=a.pdf]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{"
         "\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"words\"},\"citations\":{"
         "\"enabled\":true},\"context\":\"x\"}]}]",
         "user[file text=words type=text/plain context=x citations=yes]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{"
         "\"type\":\"url\",\"url\":\"https://a/b.pdf\"}}]}]",
         "user[file url=https://a/b.pdf]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{"
         "\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"im"
         "age\",\"source\":{\"type\":\"url\",\"url\":\"https://a\"}}]},\"cache_control\":{"
         "\"type\":\"ephemeral\"}}]}]",
         "user[text text=a][image url=https://a cache={\"type\":\"ephemeral\"}]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{"
         "\"type\":\"content\",\"content\":\"b\"}}]}]",
         "user[text text=b]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"search_result\","
         "\"source\":\"https://s\",\"title\":\"t\",\"content\":[{\"type\":\"text\","
         "\"text\":\"found\"}]}]}]",
         "user[text text=found]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(NINE, row->members, "", row->expected, " max_tokens=9");
    }
}

static void turns_of_tools_and_thinking(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"c2ln\"}"
         ",{\"type\":\"redacted_thinking\",\"data\":\"ZGF0\"},{\"type\":\"text\","
         "\"text\":\"so\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\","
         "\"input\":{\"a\": [1]},\"cache_control\":{\"type\":\"ephemeral\"}}]},{\"role\":\"us"
         "er\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"r\""
         ",\"cache_control\":{\"type\":\"ephemeral\"}}]}]",
         "user[text text=q]\nassistant[reasoning text=hm signature=c2ln "
         "sealed=anthropic-claude-v1][reasoning "
         "redacted=ZGF0 sealed=anthropic-claude-v1][text text=so][call id=t1 name=look "
         "arguments={\"a\": [1]"
         "} cache={\"type\":\"ephemeral\"}]\ntool[result id=t1 name=look cache={\"type\":\"ep"
         "hemeral\"} [text text=r]]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{"
         "}},{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"g\",\"input\":null}]"
         "},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t2\","
         "\"is_error\":true,\"content\":[{\"type\":\"text\",\"text\":\"no\"},{\"type\":\"imag"
         "e\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AA\"}"
         "}]},{\"type\":\"tool_result\",\"tool_use_id\":\"t1\"},{\"type\":\"text\","
         "\"text\":\"go on\"}]}]",
         "user[text text=q]\nassistant[call id=t1 name=f arguments={}][call id=t2 "
         "name=g]\ntool[result id=t2 name=g [text text=no] [image base64=AA type=image/png]"
         "][result id=t1 name=f]\nuser[text text=go on]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}"
         ",{\"type\":\"tool_result\",\"tool_use_id\":\"x\",\"content\":[{\"type\":\"search_re"
         "sult\",\"content\":[{\"type\":\"text\",\"text\":\"y\"}]}]},{\"type\":\"text\","
         "\"text\":\"b\"}]}]",
         "user[text text=a]\ntool[result id=x [text text=y]]\nuser[text text=b]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s1\",\"name\":\"web_search\","
         "\"input\":{\"query\":\"x\"}},{\"type\":\"web_search_tool_result\",\"tool_use_id\":\""
         "s1\",\"content\":[]},{\"type\":\"text\",\"text\":\"found\"}]},{\"role\":\"user\","
         "\"content\":\"b\"}]",
         "user[text text=q]\nassistant[text text=found]\nuser[text text=b]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s1\",\"name\":\"n\","
         "\"input\":{}}]},{\"role\":\"user\",\"content\":\"b\"}]",
         "user[text text=q]\nuser[text text=b]\n"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"\"}"
         "]}]",
         "user[text text=q]\nassistant[reasoning text=hm]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(NINE, row->members, "", row->expected, " max_tokens=9");
    }
}

static void tools(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\": "
         "\"object\"},\"strict\":true,\"cache_control\":{\"type\":\"ephemeral\"}}"
         ",{\"type\":\"custom\",\"name\":\"g\"}]",
         "tool name=f description=d schema={\"type\": \"object\"} strict=yes cache={"
         "\"type\":\"ephemeral\"}\ntool name=g\n"},
        {"\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":2"
         "},{\"type\":\"x_1\"}]",
         "tool name=web_search own={\"type\":\"web_search_20250305\",\"name\":\"web_search\","
         "\"max_uses\":2} of=anthropic\ntool name=x_1 own={\"type\":\"x_1\"} of=anthropic\n"},
        {"\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}",
         " choice=auto parallel=no"},
        {"\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":false}",
         " choice=required parallel=yes"},
        {"\"tool_choice\":{\"type\":\"none\"}", " choice=none"},
        {"\"tool_choice\":{\"type\":\"none\",\"name\":\"f\"}", " choice=none"},
        {"\"tool_choice\":{\"name\":\"f\",\"type\":\"tool\"}", " choice=named choice_name=f"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(NINE HI, row->members, "user[text text=a]\n", row->expected, " max_tokens=9");
    }
}

static void settings(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {"\"temperature\":0.50,\"top_p\":1e0,\"top_k\":5",
         " max_tokens=9 temperature=0.50 top_p=1e0 top_k=5"},
        {"\"stop_sequences\":[\"a\",\"\\n\"]", " max_tokens=9 stop=a stop=\\n"},
        {"\"metadata\":{\"user_id\":\"u-1\"},\"service_tier\":\"standard_only\"",
         " max_tokens=9 user=u-1 tier=default"},
        {"\"service_tier\":\"auto\",\"metadata\":{}", " max_tokens=9 tier=auto"},
        {"\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}",
         " max_tokens=9 thinking=2048"},
        {"\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048,\"display\":\"omitted\"}",
         " max_tokens=9 thinking=2048 show=no"},
        {"\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"}",
         " max_tokens=9 effort=high show=yes"},
        {"\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"low\"}",
         " max_tokens=9 effort=low"},
        {"\"output_config\":{\"effort\":\"max\"},\"thinking\":{\"type\":\"adaptive\"}",
         " max_tokens=9 effort=max"},
        {"\"output_config\":{\"effort\":\"max\"},\"thinking\":{\"type\":\"disabled\"}",
         " max_tokens=9 effort=none"},
        {"\"thinking\":{\"type\":\"disabled\"},\"output_config\":{\"effort\":\"max\"}",
         " max_tokens=9 effort=none"},
        {"\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"obje"
         "ct\"}}}",
         " format=schema format_schema={\"type\":\"object\"} format_strict=yes max_tokens=9"},
        {"\"providerOptions\":{\"anthropic\":{\"x\":1}}",
         " max_tokens=9 options={\"anthropic\":{\"x\":1}}"},
        {"\"context_management\":{\"edits\":[]},\"order\":[\"a\"],\"container\":\"c\"",
         " max_tokens=9 extra=\"context_management\" is={\"edits\":[]} extra=\"container\" "
         "is=\"c\""},
        {"\"tools\":null,\"tool_choice\":null,\"thinking\":null,\"output_config\":null,"
         "\"metadata\":null,\"stop_sequences\":null,\"temperature\":null,\"service_tier\":nul"
         "l",
         " max_tokens=9"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(NINE HI, row->members, "user[text text=a]\n", row->expected, "");
    }
}

/* ---- refusals -------------------------------------------------------------------------------- */

struct refusal {
    const char *members;
    const char *param;
    const char *message; /* part of it */
};

static void assert_refused(const char *before, const struct refusal *row)
{
    struct readings r;
    const enum proa_err err = begin(&r, PROA_API_CHAT, before, row->members);
    PROA_TEST_CHECK(err == PROA_ERR_TYPE, "%s", row->members);
    assert_slice_str(r.error.param, row->param);
    PROA_TEST_CHECK(proa_slice_search(r.error.message, proa_slice_cstr(row->message)) <
                        r.error.message.len,
                    "%s: %.*s", row->members, (int)r.error.message.len, r.error.message.ptr);
    assert_int_equal(r.error.code, PROA_API_ERR_INVALID_REQUEST);
    end(&r);
}

static void refusals_of_the_limit(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"\"a\":1", "max_tokens", "is missing: say how long"},
        {"\"max_tokens\":0,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", "max_tokens",
         "is missing"},
        {"\"max_tokens\":-1", "max_tokens", "not negative"},
        {"\"max_tokens\":\"9\"", "max_tokens", "must be a whole number, not a string."},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_refused(MODEL, row);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"\"a\":1", "messages", "is missing."},
        {"\"messages\":[]", "messages", "must hold at least one message"},
        {"\"messages\":\"hi\"", "messages", "must be an array, not a string."},
        {"\"messages\":[1]", "messages[0]", "must be an object, not a number."},
        {"\"messages\":[{\"content\":\"a\"}]", "messages[0].role",
         "which is none of \"user\", \"assistant\""},
        {"\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]", "messages[0].role",
         "is \"tool\", which is none of"},
        {"\"messages\":[{\"role\":\"user\"}]", "messages[0].content",
         "a string or an array of blocks, not nothing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":5}]", "messages[0].content",
         "not a number."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[\"a\"]}]", "messages[0].content[0]",
         "must be an object, not a string."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}]",
         "messages[0].content[0].type", "is missing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"video\"}]}]",
         "messages[0].content[0].type", "is \"video\", which is none of \"text\", \"image\""},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"thinking\",\"thinking\":\""
         "x\"}]}]",
         "messages[0].content[0].type", "is \"thinking\", which is none of"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":5}"
         "]}]",
         "messages[0].content[0].text", "not a number."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]",
         "messages[0].content[0].source", "must be an object, not nothing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{"
         "\"type\":\"gif\"}}]}]",
         "messages[0].content[0].source.type", "is \"gif\", which is none of \"base64\""},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{"
         "\"type\":\"base64\"}}]}]",
         "messages[0].content[0].source.data", "is missing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{"
         "\"type\":\"content\",\"content\":[{\"type\":\"document\"}]}}]}]",
         "messages[0].content[0].source.content[0].type", "none of \"text\", \"image\""},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"}"
         "]}]",
         "messages[0].content[0].tool_use_id", "is missing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
         "\"tool_use_id\":\"a\",\"is_error\":1}]}]",
         "messages[0].content[0].is_error", "true or false"},
        {"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
         "\"tool_use_id\":\"a\",\"content\":[{\"type\":\"tool_result\"}]}]}]",
         "messages[0].content[0].content[0].type", "none of"},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"image\"}]}]",
         "messages[1].content[0].type", "is \"image\", which is none of \"text\", \"thinking\""},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"tool_use\",\"name\":\"f\"}]}]",
         "messages[1].content[0].id", "is missing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\"}]}]",
         "messages[1].content[0].name", "is missing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":\"{"
         "}\"}]}]",
         "messages[1].content[0].input", "an object, not a string."},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"redacted_thinking\"}]}]",
         "messages[1].content[0].data", "is missing."},
        {"\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":[{\"type\":\"text\",\"text\":\"a\",\"cache_control\":1}]}]",
         "messages[1].content[0].cache_control", "an object"},
        {"\"system\":5,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", "system",
         "a string or an array of blocks"},
        {"\"system\":[{\"type\":\"image\"}],\"messages\":[{\"role\":\"user\",\"content\":\"a\""
         "}]",
         "system[0].type", "none of \"text\""},
        {"\"tools\":{},\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", "tools",
         "an array, not an object."},
        {"\"tools\":[{\"input_schema\":{}}],\"messages\":[{\"role\":\"user\",\"content\":\"a\""
         "}]",
         "tools[0].name", "is missing."},
        {"\"tools\":[{\"name\":\"f\",\"input_schema\":[]}],\"messages\":[{\"role\":\"user\","
         "\"content\":\"a\"}]",
         "tools[0].input_schema", "an object, not an array."},
        {"\"tool_choice\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}"
         "]",
         "tool_choice", "an object, not a string."},
        {"\"tool_choice\":{},\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
         "tool_choice.type", "none of \"auto\""},
        {"\"tool_choice\":{\"type\":\"required\"},\"messages\":[{\"role\":\"user\","
         "\"content\":\"a\"}]",
         "tool_choice.type", "is \"required\", which"},
        {"\"tool_choice\":{\"type\":\"tool\"},\"messages\":[{\"role\":\"user\",\"content\":\""
         "a\"}]",
         "tool_choice.name", "is missing."},
        {"\"thinking\":{\"type\":\"on\"},\"messages\":[{\"role\":\"user\",\"content\":\"a\"}"
         "]",
         "thinking.type", "is \"on\", which is none of"},
        {"\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1.5},\"messages\":["
         "{\"role\":\"user\",\"content\":\"a\"}]",
         "thinking.budget_tokens", "whole number"},
        {"\"output_config\":{\"effort\":\"deep\"},\"messages\":[{\"role\":\"user\","
         "\"content\":\"a\"}]",
         "output_config.effort", "is \"deep\", which"},
        {"\"output_config\":{\"format\":{\"type\":\"json_schema\"}},\"messages\":["
         "{\"role\":\"user\",\"content\":\"a\"}]",
         "output_config.format.schema", "is missing."},
        {"\"metadata\":{\"user_id\":1},\"messages\":[{\"role\":\"user\",\"content\":\"a\"}"
         "]",
         "metadata.user_id", "not a number."},
        {"\"stop_sequences\":1,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}"
         "]",
         "stop_sequences", "a string or an array of strings, not a number."},
        {"\"stop_sequences\":[1],\"messages\":[{\"role\":\"user\",\"content\":\"a\"}"
         "]",
         "stop_sequences[0]", "not a number."},
        {"\"stop_sequences\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
         "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
         "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
         "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
         "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
         "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"],\"messages\":[{\"role\":\"user\","
         "\"content\":\"a\"}]",
         "stop_sequences", "more than 64"},
        {"\"temperature\":\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}"
         "]",
         "temperature", "a number, not a string."},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_refused(NINE, row);
    }
}

static void a_count_needs_no_limit(void **state)
{
    (void)state;
    struct readings r;
    assert_ok(begin(&r, PROA_API_COUNT_TOKENS, MODEL HI, "\"system\":\"s\""));
    put_chat(&r.dump, &r.chat);
    assert_slice_lit(proa_buf_slice(&r.dump.out), "system[text text=s]\nuser[text text=a]\n");
    end(&r);
}

static void a_request_may_not_grow_without_bound(void **state)
{
    (void)state;
    struct proa_buf many;
    struct readings r;
    proa_buf_init(&many, SIZE_MAX);
    PROA_BUF_LIT(&many, "\"messages\":[{\"role\":\"user\",\"content\":[");
    for (size_t i = 0; i < 32769; i++) {
        (void)proa_buf_append_cstr(&many, i > 0 ? "," : "");
        PROA_BUF_LIT(&many, "{\"type\":\"text\",\"text\":\"a\"}");
    }
    PROA_BUF_LIT(&many, "]}]");
    (void)proa_buf_append_byte(&many, '\0');
    assert_err(begin(&r, PROA_API_CHAT, NINE, many.ptr), PROA_ERR_TYPE);
    assert_true(proa_slice_search(r.error.message, PROA_SLICE("one part too many")) <
                r.error.message.len);
    end(&r);
    proa_buf_deinit(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(turns_of_tools_and_thinking),
        cmocka_unit_test(tools),
        cmocka_unit_test(settings),
        cmocka_unit_test(refusals_of_the_limit),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_count_needs_no_limit),
        cmocka_unit_test(a_request_may_not_grow_without_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
