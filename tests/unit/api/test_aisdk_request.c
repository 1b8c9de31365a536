/*
 * Requests of the AI SDK's protocol, read into the neutral model: every form of every version, what
 * the headers say, and what is said of what does not fit.
 */
#include "proa/api/aisdk_request.h"
#include "proa/core/alloc.h"
#include "proa/core/prng.h"

#include "chat_dump.h"

struct readings {
    struct proa_arena arena;
    struct proa_buf scratch;
    struct proa_buf text;
    char *copy;
    struct proa_api_request request;
    struct proa_api_asked asked;
    struct proa_api_error error;
    struct dump dump;
};

/* A header as the parser makes it. */
static struct proa_http_header header(const char *name, const char *value)
{
    return (struct proa_http_header){.id = (uint16_t)proa_http_header_lookup(proa_slice_cstr(name)),
                                     .name = proa_slice_cstr(name),
                                     .value = proa_slice_cstr(value)};
}

static enum proa_err look(struct readings *r, enum proa_endpoint_kind kind, const char *body,
                          const struct proa_http_header *headers, size_t n)
{
    const struct proa_http_headers all = {.items = headers, .n = n};
    const struct proa_api_face *face = proa_api_face(PROA_SURFACE_AI_SDK);
    memset(r, 0, sizeof *r);
    r->request.version = 3; /* what the path says */
    proa_arena_init(&r->arena, NULL);
    proa_buf_init(&r->scratch, 4096);
    proa_buf_init(&r->text, 1024);
    proa_buf_init(&r->dump.out, SIZE_MAX);
    r->copy = proa_memdup(body, strlen(body));
    return face->look(&(const struct proa_api_arrived){kind, &all,
                                                       proa_slice_make(r->copy, strlen(body)),
                                                       &r->scratch, &r->text},
                      &r->request, &r->error);
}

static void end(struct readings *r)
{
    proa_buf_deinit(&r->dump.out);
    proa_buf_deinit(&r->text);
    proa_buf_deinit(&r->scratch);
    proa_arena_reset(&r->arena);
    proa_free(r->copy);
}

static enum proa_err ask(struct readings *r, enum proa_endpoint_kind kind, const char *body)
{
    const struct proa_http_header model =
        header(kind == PROA_API_CHAT ? "AI-Language-Model-Id" : "ai-model-id", "a/b");
    enum proa_err err = look(r, kind, body, &model, 1);
    if (err == PROA_OK) {
        const struct proa_api_body in = {.kind = kind,
                                         .bytes = proa_slice_make(r->copy, strlen(body)),
                                         .request = &r->request,
                                         .arena = &r->arena,
                                         .text = &r->text};
        err = proa_api_face(PROA_SURFACE_AI_SDK)->read(&in, &r->asked, &r->error);
    }
    return err;
}

static void assert_reads(const char *body, const char *expected)
{
    struct readings r;
    const enum proa_err err = ask(&r, PROA_API_CHAT, body);
    PROA_TEST_CHECK(err == PROA_OK, "%s: %.*s", body, (int)r.error.message.len,
                    r.error.message.ptr);
    put_chat(&r.dump, &r.asked.chat);
    PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&r.dump.out), proa_slice_cstr(expected)),
                    "%s\n  is       %.*s\n  expected %s", body, (int)r.dump.out.len, r.dump.out.ptr,
                    expected);
    end(&r);
}

struct golden {
    const char *body;
    const char *expected;
};

#define SAYS(role, content) "{\"role\":\"" role "\",\"content\":" content "}"
#define PROMPT(messages)    "{\"prompt\":[" messages "]}"
#define USER(part)          PROMPT(SAYS("user", "[" part "]"))
#define HELLO               "\"prompt\":[" SAYS("user", "[{\"type\":\"text\",\"text\":\"a\"}]") "]"
#define HEARD               "user[text text=a]\n"
#define FILE_(type, data)   "{\"type\":\"file\",\"mediaType\":\"" type "\",\"data\":" data "}"

static void messages(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        /* thoughts that OpenAI has sealed */
        {PROMPT(SAYS("assistant",
                     "[{\"type\":\"reasoning\",\"text\":\"\",\"providerOptions\":{"
                     "\"openai\":{\"itemId\":\"r\",\"reasoningEncryptedContent\":\"e\"}}}]")),
         "assistant[reasoning redacted=e sealed=openai-responses-v1]\n"},
        {"{" HELLO "}", HEARD},
        {PROMPT(SAYS("system", "\"be\"") "," SAYS("user",
                                                  "[{\"type\":\"text\",\"text\":\"\\u0061\"}]")),
         "system[text text=be]\nuser[text text=\\u0061]\n"},
        /* texts that say nothing, and messages without a part, are left out */
        {PROMPT(SAYS("system", "\"\"") "," SAYS(
             "assistant",
             "[{\"type\":\"text\",\"text\":\"\"},{\"type\":\"reasoning\",\"text\":\"\"}"
             "]") "," SAYS("user", "[{\"type\":\"text\",\"text\":\"a\"}]")),
         HEARD},
        /* caching: a part's, a message's, by either name */
        {PROMPT("{\"role\":\"system\",\"content\":\"s\",\"providerOptions\":{\"anthropic\":{"
                "\"cacheControl\":{\"type\":\"ephemeral\"}}}}"),
         "system[text text=s cache={\"type\":\"ephemeral\"}]\n"},
        {USER("{\"type\":\"text\",\"text\":\"a\",\"providerOptions\":{\"x\":1,\"anthropic\":{"
              "\"cache_control\":{\"type\":\"ephemeral\"},\"cacheControl\":3}}}"),
         "user[text text=a cache={\"type\":\"ephemeral\"}]\n"},
        /* an assistant: thoughts that are signed, hidden ones, calls, files */
        {PROMPT(SAYS("assistant",
                     "[{\"type\":\"reasoning\",\"text\":\"hm\",\"providerOptions\":{\"anthropic\":{"
                     "\"signature\":\"sig\"}}},{\"type\":\"reasoning\",\"text\":\"\","
                     "\"providerOptions\":{\"bedrock\":{\"redactedData\":\"xx\"}}},"
                     "{\"type\":\"text\",\"text\":\"a\"}]")),
         "assistant[reasoning text=hm signature=sig sealed=anthropic-claude-v1][reasoning "
         "redacted=xx sealed=anthropic-claude-v1][text text=a]\n"},
        {PROMPT(SAYS("assistant",
                     "[{\"type\":\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"f\",\"input\":{"
                     "\"a\": 1},\"providerOptions\":{\"google\":{\"thoughtSignature\":\"t\"}}},"
                     "{\"type\":\"tool-call\",\"toolCallId\":\"c2\",\"toolName\":\"g\",\"input\":"
                     "\"{\\\"b\\\":2}\"},{\"type\":\"tool-call\",\"toolCallId\":\"c3\","
                     "\"toolName\":\"h\",\"input\":[\"x\"]},{\"type\":\"tool-call\",\"toolCallId\":"
                     "\"c4\",\"toolName\":\"i\"},{\"type\":\"tool-call\",\"toolCallId\":\"c5\","
                     "\"toolName\":\"i\",\"input\":\"broken\"}]")),
         "assistant[call id=c1 name=f arguments={\"a\": 1} signature=t sealed=google-gemini-v1]"
         "[call id=c2 name=g arguments={\"b\":2}]"
         "[call id=c3 name=h arguments=\"[\\\"x\\\"]\"][call id=c4 name=i]"
         "[call id=c5 name=i arguments=\"broken\"]\n"},
        /* what a provider ran itself is not told to another; a result that stands beside its call
         * is a message of its own */
        {PROMPT(
             SAYS("assistant",
                  "[{\"type\":\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"f\",\"input\":{}"
                  ",\"providerExecuted\":true},{\"type\":\"tool-result\",\"toolCallId\":\"c1\","
                  "\"toolName\":\"f\",\"output\":{\"type\":\"text\",\"value\":\"r\"}},"
                  "{\"type\":\"tool-call\",\"toolCallId\":\"c2\",\"toolName\":\"g\",\"input\":{}}"
                  ",{\"type\":\"tool-result\",\"toolCallId\":\"c2\",\"toolName\":\"g\","
                  "\"output\":{\"type\":\"text\",\"value\":\"s\"}},"
                  "{\"type\":\"custom\",\"kind\":\"a.b\"},{\"type\":\"reasoning-file\"},"
                  "{\"type\":\"tool-approval-request\",\"approvalId\":\"1\"}]")),
         "assistant[call id=c2 name=g arguments={}]\n"
         "tool[result id=c2 name=g [text text=s]]\n"},
        {PROMPT(SAYS("tool",
                     "[{\"type\":\"tool-approval-response\",\"approvalId\":\"1\","
                     "\"approved\":true},{\"type\":\"tool-result\",\"toolCallId\":\"c\","
                     "\"toolName\":\"f\",\"output\":{\"type\":\"text\",\"value\":\"r\"}}]")),
         "tool[result id=c name=f [text text=r]]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->body, row->expected);
    }
}

static void files(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        /* versions 2 and 3: a data URL, base64, a URL */
        {USER(FILE_("image/png", "\"data:image/png;base64,iVBORw0KGgo=\"")),
         "user[image base64=iVBORw0KGgo= type=image/png]\n"},
        {USER(FILE_("image/jpeg", "\"\\/9j\\/4AA=\"")),
         "user[image base64=/9j/4AA= type=image/jpeg]\n"},
        {USER(FILE_("image/*", "\"https://a/b\"")), "user[image url=https://a/b]\n"},
        {USER(FILE_("application/pdf", "\"https:\\/\\/a\\/b.pdf\"")),
         "user[file url=https://a/b.pdf type=application/pdf]\n"},
        {USER("{\"type\":\"file\",\"mediaType\":\"application/pdf\",\"filename\":\"a.pdf\","
              "\"data\":\"JVBERi0xLjQ=\"}"),
         "user[file base64=JVBERi0xLjQ= type=application/pdf file=a.pdf]\n"},
        /* version 4: tagged, and a bare top level for a type */
        /* what Anthropic's options say of a document */
        {USER("{\"type\":\"file\",\"mediaType\":\"text/plain\",\"data\":{\"type\":\"text\","
              "\"text\":\"x\"},\"filename\":\"f\",\"providerOptions\":{\"anthropic\":{\"title\":"
              "\"T\","
              "\"context\":\"c\",\"citations\":{\"enabled\":true}}}}"),
         "user[file text=x type=text/plain file=T context=c citations=yes]\n"},
        {USER(FILE_("image", "{\"type\":\"data\",\"data\":\"iVBORw0KGgo=\"}")),
         "user[image base64=iVBORw0KGgo= type=image/png]\n"},
        {USER(FILE_("image", "{\"type\":\"url\",\"url\":\"https://a/b.png\"}")),
         "user[image url=https://a/b.png]\n"},
        {USER(FILE_("text/plain", "{\"type\":\"text\",\"text\":\"plain \\u00e4\"}")),
         "user[file text=plain \\u00e4 type=text/plain]\n"},
        {USER(FILE_("application/pdf", "{\"type\":\"reference\",\"reference\":{\"openai\":"
                                       "\"file-1\",\"google\":\"f2\"}}")),
         "user[file id=file-1 type=application/pdf "
         "ids={\"openai\":\"file-1\",\"google\":\"f2\"}]\n"},
        /* what the bytes are, where nobody says */
        {USER(FILE_("image/*", "\"data:;base64,R0lGODlhAQ==\"")),
         "user[image base64=R0lGODlhAQ== type=image/gif]\n"},
        {USER(FILE_("image/*", "\"UklGRiQAAABXRUJQVlA4IBg=\"")),
         "user[image base64=UklGRiQAAABXRUJQVlA4IBg= type=image/webp]\n"},
        {USER(FILE_("*/*", "\"UklGRiQAAABXQVZFZm10IBA=\"")),
         "user[audio base64=UklGRiQAAABXQVZFZm10IBA= type=audio/wav]\n"},
        {USER(FILE_("audio", "{\"type\":\"data\",\"data\":\"SUQzBAAAAAA=\"}")),
         "user[audio base64=SUQzBAAAAAA= type=audio/mpeg]\n"},
        {USER(FILE_("", "\"JVBERi0xLjQ=\"")),
         "user[file base64=JVBERi0xLjQ= type=application/pdf]\n"},
        {USER(FILE_("image/*", "\"AAAAIGZ0eXBhdmlmAAAAAA==\"")),
         "user[image base64=AAAAIGZ0eXBhdmlmAAAAAA== type=image/avif]\n"},
        {USER(FILE_("image/*", "\"AAAA\"")), "user[image base64=AAAA]\n"},
        {USER(FILE_("image/*", "\"no base64\"")), "user[image base64=no base64]\n"},
        /* a data URL knows better than a star */
        {USER(FILE_("image/*", "\"data:image/bmp;base64,AAAA\"")),
         "user[image base64=AAAA type=image/bmp]\n"},
        /* texts are told as texts */
        {USER(FILE_("text/csv", "\"YSwiYiIK\"")), "user[file text=a,\\\"b\\\"\\n type=text/csv]\n"},
        {USER(FILE_("text/plain", "\"%%%\"")), "user[file base64=%%% type=text/plain]\n"},
        {USER("{\"type\":\"file\",\"mediaType\":\"image/png\",\"data\":\"https://a/b\","
              "\"providerOptions\":{\"openai\":{\"imageDetail\":\"low\"}}}"),
         "user[image url=https://a/b type=image/png detail=low]\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->body, row->expected);
    }
}

#define OUTPUT(output)                                                                             \
    PROMPT(SAYS("tool", "[{\"type\":\"tool-result\",\"toolCallId\":\"c\",\"toolName\":\"f\","      \
                        "\"output\":" output "}]"))
#define ITEM(item)   OUTPUT("{\"type\":\"content\",\"value\":[" item "]}")
#define RESULT(text) "tool[result id=c name=f" text "]\n"

static void results(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {OUTPUT("{\"type\":\"text\",\"value\":\"a\\n\"}"), RESULT(" [text text=a\\n]")},
        {OUTPUT("{\"type\":\"error-text\",\"value\":\"bad\"}"), RESULT(" [text text=bad]")},
        {OUTPUT("{\"type\":\"json\",\"value\":{\"a\": \"b\"}}"),
         RESULT(" [text text={\\\"a\\\": \\\"b\\\"}]")},
        {OUTPUT("{\"type\":\"json\"}"), RESULT(" [text text=null]")},
        {OUTPUT("{\"type\":\"error-json\",\"value\":[1]}"), RESULT(" [text text=[1]]")},
        {OUTPUT("{\"type\":\"execution-denied\",\"reason\":\"no\"}"), RESULT(" [text text=no]")},
        {OUTPUT("{\"type\":\"execution-denied\"}"), RESULT(" [text text=Tool execution denied.]")},
        {OUTPUT("{\"type\":\"content\",\"value\":[]}"), RESULT("")},
        {ITEM("{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"custom\"}"),
         RESULT(" [text text=a]")},
        /* version 2 */
        {ITEM("{\"type\":\"media\",\"mediaType\":\"image/png\",\"data\":\"AAAA\"}"),
         RESULT(" [image base64=AAAA type=image/png]")},
        /* version 3 */
        {ITEM(
             "{\"type\":\"file-data\",\"mediaType\":\"application/pdf\",\"data\":\"AAAA\","
             "\"filename\":\"x\"},{\"type\":\"image-data\",\"data\":\"iVBORw0KGgo=\","
             "\"mediaType\":\"image/*\"},{\"type\":\"file-url\",\"url\":\"https://a\"},"
             "{\"type\":\"image-url\",\"url\":\"https://b\"},{\"type\":\"file-id\",\"fileId\":\"f\""
             "},{\"type\":\"image-file-id\",\"fileId\":{\"openai\":\"g\"}}"),
         RESULT(" [file base64=AAAA type=application/pdf file=x]"
                " [image base64=iVBORw0KGgo= type=image/png] [file url=https://a]"
                " [image url=https://b] [file id=f] [image id=g ids={\"openai\":\"g\"}]")},
        /* version 4 */
        {ITEM("{\"type\":\"file\",\"mediaType\":\"image/png\",\"data\":{\"type\":\"url\",\"url\":"
              "\"https://b\"}},{\"type\":\"file-reference\",\"providerReference\":{\"a\":\"h\"}}"),
         RESULT(" [image url=https://b type=image/png] [file id=h ids={\"a\":\"h\"}]")},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->body, row->expected);
    }
    struct readings r;
    static const struct {
        const char *body;
        bool is_error;
    } errors[] = {
        {OUTPUT("{\"type\":\"text\",\"value\":\"a\"}"), false},
        {OUTPUT("{\"type\":\"json\",\"value\":1}"), false},
        {OUTPUT("{\"type\":\"error-text\",\"value\":\"a\"}"), true},
        {OUTPUT("{\"type\":\"error-json\",\"value\":1}"), true},
        {OUTPUT("{\"type\":\"execution-denied\"}"), true},
    };
    PROA_TEST_ROWS(row, errors)
    {
        assert_ok(ask(&r, PROA_API_CHAT, row->body));
        PROA_TEST_CHECK(r.asked.chat.messages[0].parts[0].is_error == row->is_error, "%s",
                        row->body);
        end(&r);
    }
}

#define TOOL(tool) "{" HELLO ",\"tools\":[" tool "]}"
#define TOP(more)  "{" HELLO "," more "}"

static void tools_and_settings(void **state)
{
    (void)state;
    static const struct golden rows[] = {
        {TOOL("{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\",\"inputSchema\":{"
              "\"type\":\"object\"},\"strict\":true,\"inputExamples\":[],\"providerOptions\":{"
              "\"anthropic\":{\"cacheControl\":{\"type\":\"ephemeral\"}}}}"),
         HEARD "tool name=f description=d schema={\"type\":\"object\"} strict=yes "
               "cache={\"type\":\"ephemeral\"}\n"},
        {TOOL("{\"type\":\"provider\",\"id\":\"anthropic.web_search_20250305\",\"name\":"
              "\"web_search\",\"args\":{\"maxUses\":3,\"allowedDomains\":[\"a\"]}}"),
         HEARD "tool name=web_search own={\"type\":\"web_search_20250305\",\"name\":\"web_search\","
               "\"max_uses\":3,\"allowed_domains\":[\"a\"]} of=anthropic\n"},
        /* by the client's own name for it; its provider knows but one */
        {TOOL("{\"type\":\"provider\",\"id\":\"anthropic.web_search_20250305\",\"name\":"
              "\"find\",\"args\":{}}"),
         HEARD "tool name=find own={\"type\":\"web_search_20250305\",\"name\":\"web_search\"} "
               "of=anthropic\n"},
        {TOOL("{\"type\":\"provider\",\"id\":\"anthropic.text_editor_20250728\",\"name\":"
              "\"edit\",\"args\":{}},{\"type\":\"provider\",\"id\":"
              "\"anthropic.text_editor_20250124\",\"name\":\"edit\",\"args\":{}}"),
         HEARD "tool name=edit own={\"type\":\"text_editor_20250728\",\"name\":"
               "\"str_replace_based_edit_tool\"} of=anthropic\n"
               "tool name=edit own={\"type\":\"text_editor_20250124\",\"name\":"
               "\"str_replace_editor\"} of=anthropic\n"},
        {TOOL("{\"type\":\"provider-defined\",\"id\":\"google.google_search\",\"name\":"
              "\"google_search\",\"args\":{\"mode\":\"x\"}}"),
         HEARD "tool name=google_search own={\"googleSearch\":{\"mode\":\"x\"}} of=gemini\n"},
        {TOOL("{\"type\":\"provider\",\"id\":\"openai.web_search\",\"args\":{}}"),
         HEARD "tool name=web_search own={\"type\":\"web_search\"} of=openai\n"},
        {TOOL("{\"type\":\"provider\",\"id\":\"xai.live\",\"name\":\"l\"}"), HEARD
         "tool name=l own={\"type\":\"provider\",\"id\":\"xai.live\",\"name\":\"l\"} of=xai\n"},
        /* which of them; without tools nothing is to be chosen */
        {TOOL("{\"type\":\"function\",\"name\":\"f\"}],\"toolChoice\":{\"type\":\"auto\","
              "\"toolName\":"
              "\"x\"},\"x\":["),
         HEARD "tool name=f\n choice=auto"},
        {TOOL("{\"type\":\"function\",\"name\":\"f\"}],\"toolChoice\":{\"type\":\"tool\","
              "\"toolName\":"
              "\"f\"},\"x\":["),
         HEARD "tool name=f\n choice=named choice_name=f"},
        {TOP("\"tools\":[],\"toolChoice\":{\"type\":\"auto\"}"), HEARD},
        {TOP("\"toolChoice\":{\"type\":\"tool\",\"toolName\":\"f\"}"), HEARD},
        /* settings */
        {TOP("\"maxOutputTokens\":5,\"temperature\":0.50,\"topP\":1,\"topK\":2,\"seed\":7,"
             "\"frequencyPenalty\":0.1,\"presencePenalty\":-1,\"stopSequences\":[\"x\",\"y\"],"
             "\"includeRawChunks\":false,\"headers\":{\"user-agent\":\"ai\"},\"later\":[1]"),
         HEARD " max_tokens=5 temperature=0.50 top_p=1 top_k=2 seed=7 frequency=0.1 presence=-1 "
               "stop=x stop=y"},
        {TOP("\"temperature\":null,\"stopSequences\":null,\"toolChoice\":null,\"reasoning\":null,"
             "\"responseFormat\":null,\"providerOptions\":null"),
         HEARD},
        {TOP("\"responseFormat\":{\"type\":\"text\"}"), HEARD " format=text"},
        {TOP("\"responseFormat\":{\"type\":\"json\"}"), HEARD " format=json"},
        {TOP("\"responseFormat\":{\"type\":\"json\",\"schema\":{\"$schema\":\"s\"}}"),
         HEARD " format=schema format_name=response format_schema={\"$schema\":\"s\"} "
               "format_strict=yes"},
        {TOP("\"responseFormat\":{\"type\":\"json\",\"schema\":{},\"name\":\"n\",\"description\":"
             "\"d\"}"),
         HEARD " format=schema format_name=n format_description=d format_schema={} "
               "format_strict=yes"},
        {TOP("\"reasoning\":\"xhigh\""), HEARD " effort=xhigh"},
        {TOP("\"reasoning\":\"provider-default\""), HEARD},
        /* options that mean the same everywhere; the neutral one is stronger */
        {TOP("\"providerOptions\":{\"openai\":{\"reasoningEffort\":\"low\",\"parallelToolCalls\":"
             "false,\"serviceTier\":\"flex\",\"user\":\"u\"}}"),
         HEARD " parallel=no effort=low user=u tier=flex options={\"openai\":{\"reasoningEffort\":"
               "\"low\",\"parallelToolCalls\":false,\"serviceTier\":\"flex\",\"user\":\"u\"}}"},
        {TOP("\"reasoning\":\"high\",\"providerOptions\":{\"openai\":{\"reasoningEffort\":\"low\"},"
             "\"gateway\":{\"user\":\"g\"}}"),
         HEARD " effort=high user=g options={\"openai\":{\"reasoningEffort\":\"low\"},"
               "\"gateway\":{\"user\":\"g\"}}"},
        {TOP("\"providerOptions\":{\"openai\":{\"reasoningEffort\":\"extreme\"}}"),
         HEARD " options={\"openai\":{\"reasoningEffort\":\"extreme\"}}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_reads(row->body, row->expected);
    }
    struct readings r;
    assert_ok(ask(&r, PROA_API_CHAT, TOP("\"includeRawChunks\":true")));
    assert_true(r.asked.raw_chunks);
    end(&r);
}

static void lists(void **state)
{
    (void)state;
    struct readings r;
    static const struct {
        const char *body;
        const char *expected;
    } embeds[] = {
        {"{\"input\":\"a\"}", "a;0;;"},
        {"{\"input\":[\"a\",\"b\"]}", "a,b;0;;"},
        {"{\"values\":[\"a\",\"b\"],\"dimensions\":3}", "a,b;3;;"},
        {"{\"values\":[\"a\"],\"providerOptions\":{\"openai\":{\"dimensions\":4,\"user\":\"u\"}}}",
         "a;4;;u"},
        {"{\"values\":[\"a\"],\"providerOptions\":{\"google\":{\"outputDimensionality\":5},"
         "\"cohere\":{\"inputType\":\"search_query\"}}}",
         "a;5;search_query;"},
    };
    PROA_TEST_ROWS(row, embeds)
    {
        assert_ok(ask(&r, PROA_API_EMBEDDINGS, row->body));
        const struct proa_chat_embed *e = &r.asked.embed;
        for (size_t i = 0; i < e->n_inputs; i++) {
            (void)proa_buf_append_cstr(&r.dump.out, i > 0 ? "," : "");
            (void)proa_buf_append(&r.dump.out, e->inputs[i].text);
        }
        (void)proa_buf_append_printf(&r.dump.out, ";%u;%.*s;%.*s", (unsigned)e->dimensions,
                                     (int)e->input_type.len, e->input_type.ptr, (int)e->user.len,
                                     e->user.ptr);
        assert_slice_str(proa_buf_slice(&r.dump.out), row->expected);
        assert_false(e->base64);
        end(&r);
    }
    assert_ok(
        ask(&r, PROA_API_RERANK,
            "{\"documents\":{\"type\":\"object\",\"values\":[{\"a\":1},\"b\"]},\"query\":\"q\","
            "\"topN\":1}"));
    assert_int_equal(r.asked.rerank.n_documents, 2);
    assert_slice_str(r.asked.rerank.documents[0], "{\\\"a\\\":1}");
    assert_slice_str(r.asked.rerank.documents[1], "b");
    assert_slice_str(r.asked.rerank.query, "q");
    assert_int_equal(r.asked.rerank.top_n, 1);
    end(&r);
}

static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *body;
        const char *message;
    } rows[] = {
        {PROA_API_CHAT, "{}", "\"prompt\" must hold at least one message."},
        {PROA_API_CHAT, "{\"prompt\":1}", "\"prompt\" must be an array of messages, not a number."},
        {PROA_API_CHAT, PROMPT("1"), "\"prompt[0]\" must be an object, not a number."},
        {PROA_API_CHAT, PROMPT(SAYS("boss", "[]")),
         "\"prompt[0].role\" is \"boss\", which is none of \"system\", \"user\", \"assistant\", "
         "\"tool\"."},
        {PROA_API_CHAT, PROMPT(SAYS("user", "1")),
         "\"prompt[0].content\" must be an array, not a number."},
        {PROA_API_CHAT, USER("{}"), "\"prompt[0].content[0].type\" is missing."},
        {PROA_API_CHAT, USER("{\"type\":\"smell\"}"),
         "\"prompt[0].content[0].type\" is \"smell\", which is none of \"text\", \"file\", "
         "\"reasoning\", \"tool-call\", \"tool-result\"."},
        {PROA_API_CHAT, USER("{\"type\":\"tool-call\"}"),
         "\"prompt[0].content[0]\" is a part that this role cannot have."},
        {PROA_API_CHAT, USER("{\"type\":\"text\",\"text\":\"a\",\"providerOptions\":1}"),
         "\"prompt[0].content[0].providerOptions\" must be an object, not a number."},
        {PROA_API_CHAT, USER(FILE_("image/png", "1")),
         "\"prompt[0].content[0].data\" must be a string or an object, not a number."},
        {PROA_API_CHAT, USER(FILE_("image/png", "{\"type\":\"data\",\"data\":\"\"}")),
         "\"prompt[0].content[0].data.data\" must be an http(s) URL or a data URL with base64."},
        {PROA_API_CHAT, USER(FILE_("image/png", "{\"type\":\"url\",\"url\":\"ftp:x\"}")),
         "\"prompt[0].content[0].data.url\" must be an http(s) URL or a data URL with base64."},
        {PROA_API_CHAT, USER(FILE_("image/png", "{\"type\":\"url\"}")),
         "\"prompt[0].content[0].data.url\" must be a string, not nothing."},
        {PROA_API_CHAT, USER(FILE_("image/png", "{\"type\":\"type\"}")),
         "\"prompt[0].content[0].data.type\" is \"type\", which is none of \"data\", \"url\", "
         "\"text\", \"reference\"."},
        {PROA_API_CHAT, USER(FILE_("image/png", "{\"type\":\"reference\",\"reference\":{}}")),
         "\"prompt[0].content[0].data.reference\" names no file."},
        {PROA_API_CHAT, USER(FILE_("text/plain", "{\"type\":\"text\",\"text\":\"\"}")),
         "\"prompt[0].content[0].data.text\" is empty."},
        {PROA_API_CHAT, PROMPT(SAYS("assistant", "[{\"type\":\"tool-call\",\"toolName\":\"f\"}]")),
         "\"prompt[0].content[0].toolCallId\" is missing."},
        {PROA_API_CHAT, OUTPUT("1"),
         "\"prompt[0].content[0].output\" must be an object, not a "
         "number."},
        {PROA_API_CHAT, OUTPUT("{\"type\":\"content\",\"value\":1}"),
         "\"prompt[0].content[0].output.value\" must be an array, not a number."},
        {PROA_API_CHAT, TOOL("{\"type\":\"function\"}"), "\"tools[0].name\" is missing."},
        {PROA_API_CHAT, TOOL("{\"type\":\"x\"}"),
         "\"tools[0].type\" is \"x\", which is none of \"function\", \"provider\", "
         "\"provider-defined\"."},
        {PROA_API_CHAT, TOOL("{\"type\":\"provider\",\"id\":\"search\"}"),
         "\"tools[0].id\" must be \"vendor.tool\"."},
        {PROA_API_CHAT, TOP("\"toolChoice\":{\"type\":\"tool\"}"),
         "\"toolChoice.toolName\" is missing."},
        {PROA_API_CHAT, TOP("\"toolChoice\":{\"type\":\"any\"}"),
         "\"toolChoice.type\" is \"any\", which is none of \"auto\", \"none\", \"required\", "
         "\"tool\"."},
        {PROA_API_CHAT, TOP("\"reasoning\":\"deep\""),
         "\"reasoning\" is \"deep\", which is none of \"none\", \"minimal\", \"low\", "
         "\"medium\", \"high\", \"xhigh\", \"max\"."},
        {PROA_API_CHAT, TOP("\"responseFormat\":{\"type\":\"xml\"}"),
         "\"responseFormat.type\" is \"xml\", which is none of \"text\", \"json\"."},
        {PROA_API_CHAT, TOP("\"maxOutputTokens\":-1"),
         "\"maxOutputTokens\" must be a whole number that is not negative."},
        {PROA_API_EMBEDDINGS, "{}", "\"values\" must be an array, not nothing."},
        {PROA_API_EMBEDDINGS, "{\"values\":[]}", "\"values\" must hold at least one text."},
        {PROA_API_EMBEDDINGS, "{\"values\":[1]}", "\"values[0]\" must be a string, not a number."},
        {PROA_API_RERANK, "{\"query\":\"q\"}", "\"documents\" must be an object, not nothing."},
        {PROA_API_RERANK, "{\"documents\":{\"type\":\"text\",\"values\":[{}]},\"query\":\"q\"}",
         "\"documents.values[0]\" must be a string, not an object."},
        {PROA_API_RERANK, "{\"documents\":{\"type\":\"text\",\"values\":[]},\"query\":\"q\"}",
         "\"documents.values\" must hold at least one document."},
        {PROA_API_RERANK, "{\"documents\":{\"type\":\"text\",\"values\":[\"a\"]}}",
         "\"query\" is missing."},
        {PROA_API_CHAT, "", "The request body is empty; a JSON object is needed."},
        {PROA_API_CHAT, "[]", "The request body must be a JSON object, not an array."},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct readings r;
        const enum proa_err err = ask(&r, row->kind, row->body);
        PROA_TEST_CHECK(err == PROA_ERR_TYPE || err == PROA_ERR_SYNTAX, "%s", row->body);
        PROA_TEST_CHECK(proa_slice_eq(r.error.message, proa_slice_cstr(row->message)),
                        "%s\n  says %.*s", row->body, (int)r.error.message.len,
                        r.error.message.ptr);
        end(&r);
    }
}

/* ---- headers --------------------------------------------------------------------------------- */

static void headers_say_version_model_and_stream(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *name;
        const char *value;
        unsigned version;
        bool stream;
    } rows[] = {
        {PROA_API_CHAT, "ai-language-model-specification-version", "2", 2, false},
        {PROA_API_CHAT, "AI-Language-Model-Specification-Version", "4", 4, false},
        {PROA_API_EMBEDDINGS, "ai-embedding-model-specification-version", "4", 4, false},
        {PROA_API_RERANK, "ai-reranking-model-specification-version", "3", 3, false},
        {PROA_API_CHAT, "ai-language-model-specification-version", "1", 2, false},
        {PROA_API_CHAT, "ai-language-model-specification-version", "17", 4, false},
        /* else what the path says */
        {PROA_API_CHAT, "ai-language-model-specification-version", "x", 3, false},
        {PROA_API_CHAT, "ai-model-specification-version", "4", 3, false},
        {PROA_API_CHAT, "ai-language-model-streaming", "true", 3, true},
        {PROA_API_CHAT, "ai-language-model-streaming", "false", 3, false},
        {PROA_API_EMBEDDINGS, "ai-language-model-streaming", "true", 3, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_http_header headers[] = {header("ai-language-model-id", "lang/uage"),
                                                   header("ai-model-id", "an/other"),
                                                   header(row->name, row->value)};
        struct readings r;
        assert_ok(look(&r, row->kind, "{\"prompt\":[],\"temperature\":0,\"seed\":1}", headers, 3));
        PROA_TEST_CHECK(r.request.version == row->version, "%s: %s", row->name, row->value);
        PROA_TEST_CHECK(r.request.stream == row->stream, "%s: %s", row->name, row->value);
        assert_slice_str(r.request.model, row->kind == PROA_API_CHAT ? "lang/uage" : "an/other");
        assert_int_equal(r.request.n_cuts, 0);
        assert_int_equal(r.request.members[PROA_API_M_MESSAGES].kind, PROA_JSON_ARRAY);
        assert_int_equal(r.request.members[PROA_API_M_TEMPERATURE].kind, PROA_JSON_NUMBER);
        end(&r);
    }
}

static void a_model_is_needed_and_must_be_sane(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *name;
        const char *value;
        const char *begin;
    } rows[] = {
        {PROA_API_CHAT, "x", "y", "The header ai-language-model-id is missing."},
        {PROA_API_CHAT, "ai-model-id", "y", "The header ai-language-model-id is missing."},
        {PROA_API_RERANK, "x", "y", "The header ai-model-id is missing."},
        {PROA_API_CHAT, "ai-language-model-id", "a b", "\"model\" holds a space"},
        {PROA_API_CHAT, "ai-language-model-id", "\xc3\xa4", "\"model\" holds a space"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_http_header h = header(row->name, row->value);
        struct readings r;
        assert_err(look(&r, row->kind, "{}", &h, 1), PROA_ERR_TYPE);
        PROA_TEST_CHECK(proa_slice_starts(r.error.message, proa_slice_cstr(row->begin)), "%.*s",
                        (int)r.error.message.len, r.error.message.ptr);
        assert_int_equal(r.error.code, PROA_API_ERR_MISSING_MODEL);
        end(&r);
    }
}

static void config_goes_by_the_user_agent(void **state)
{
    (void)state;
    static const struct {
        const char *agent;
        unsigned path;
        unsigned version;
    } rows[] = {
        {"ai-sdk/gateway/1.0.41", 4, 2},
        {"ai-sdk/gateway/2.0.168 runtime/node.js/22", 4, 2},
        {"ai-sdk/gateway/3.0.232", 2, 3},
        {"ai-sdk-gateway/4.0.146", 2, 4},
        {"ai/7 ai-sdk-gateway/12.1", 2, 4},
        {"curl/8", 2, 2},
        {"curl/8", 3, 3},
        {"", 4, 4},
        {"ai-sdk/gateway/", 3, 3},
        {"ai-sdk/gateway/x.1", 3, 3},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(proa_api_aisdk_config_version(proa_slice_cstr(row->agent), row->path) ==
                            row->version,
                        "%s", row->agent);
    }
}

/* Whatever is broken in a request: it is read or refused with a message, never more. */
static void broken_requests_are_refused(void **state)
{
    (void)state;
    static const char whole[] =
        "{" HELLO ",\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"inputSchema\":{}}],"
        "\"responseFormat\":{\"type\":\"json\",\"schema\":{}},\"stopSequences\":[\"a\"],"
        "\"providerOptions\":{\"openai\":{\"user\":\"u\"}}}";
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    for (size_t i = 0; i < 3000; i++) {
        char copy[sizeof whole];
        struct readings r;
        memcpy(copy, whole, sizeof whole);
        const size_t at = proa_prng_below(&prng, sizeof whole - 1);
        copy[at] = "{}[]\",:1nt \\"[proa_prng_below(&prng, 12)];
        const enum proa_err err = ask(&r, PROA_API_CHAT, copy);
        assert_true(err == PROA_OK || r.error.message.len > 0);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(files),
        cmocka_unit_test(results),
        cmocka_unit_test(tools_and_settings),
        cmocka_unit_test(lists),
        cmocka_unit_test(what_does_not_fit_is_said),
        cmocka_unit_test(headers_say_version_model_and_stream),
        cmocka_unit_test(a_model_is_needed_and_must_be_sane),
        cmocka_unit_test(config_goes_by_the_user_agent),
        cmocka_unit_test(broken_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
