/*
 * Answers as a client of the AI SDK gets them: every event, streamed and whole, in each version,
 * and what must hold of each stream whatever the events are.
 */
#include "proa/api/face.h"
#include "proa/chat/warning.h"
#include "proa/core/alloc.h"
#include "proa/core/prng.h"
#include "proa/json/cursor.h"
#include "proa/json/scan.h"

#include "proa_test.h"

#define TEXT(kind_, text_)                                                                         \
    {                                                                                              \
        .kind = PROA_CHAT_##kind_, .text = PROA_SLICE_INIT(text_)                                  \
    }
#define FINISH(finish_, raw)                                                                       \
    {                                                                                              \
        .kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_##finish_,                            \
        .text = PROA_SLICE_INIT(raw)                                                               \
    }
#define START                                                                                      \
    {                                                                                              \
        .kind = PROA_CHAT_START, .id = PROA_SLICE_INIT("msg_1"), .model = PROA_SLICE_INIT("up-1"), \
        .created_s = 1700000000                                                                    \
    }
#define CALL(tool_, id_, name_, signature)                                                         \
    {                                                                                              \
        .kind = PROA_CHAT_TOOL_START, .tool = (tool_), .id = PROA_SLICE_INIT(id_),                 \
        .name = PROA_SLICE_INIT(name_), .text = PROA_SLICE_INIT(signature)                         \
    }
#define PIECE(tool_, text_)                                                                        \
    {                                                                                              \
        .kind = PROA_CHAT_TOOL_PIECE, .tool = (tool_), .text = PROA_SLICE_INIT(text_)              \
    }
#define END(tool_)                                                                                 \
    {                                                                                              \
        .kind = PROA_CHAT_TOOL_END, .tool = (tool_)                                                \
    }
#define SOURCE(url, title)                                                                         \
    {                                                                                              \
        .kind = PROA_CHAT_CITATION, .id = PROA_SLICE_INIT(url), .name = PROA_SLICE_INIT(title),    \
        .raw = PROA_SLICE_INIT("{}")                                                               \
    }
#define PICTURE                                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_MEDIA, .media_type = PROA_SLICE_INIT("image/png"),                       \
        .text = PROA_SLICE_INIT("AAAA")                                                            \
    }
#define EVENTS_MAX 12

struct asking {
    unsigned version;
    bool stream;
    const struct proa_chat_event *events;
    size_t n;
    struct proa_usage usage;
    const struct proa_chat_warnings *warnings;
    struct proa_api_asked asked;
    const char *gateway;
};

/* The whole of what is written. */
static void write_answer(const struct asking *a, struct proa_buf *out)
{
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    const struct proa_api_writer_cfg cfg = {
        .kind = PROA_API_CHAT,
        .stream = a->stream,
        .version = a->version,
        .asked = &a->asked,
        .warnings = a->warnings,
        .id = PROA_SLICE("req-1"),
        .generation = PROA_SLICE("gen_1"),
        .model = PROA_SLICE("asked-model"),
        .created_s = 1600000000,
    };
    struct proa_api_writer *w =
        proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, out, &arena);
    const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
    for (size_t i = 0; i < a->n; i++) {
        sink.event(sink.ctx, &a->events[i]);
    }
    assert_true(proa_api_writer_end(w, &a->usage,
                                    a->gateway ? proa_slice_cstr(a->gateway) : PROA_SLICE_NONE));
    proa_api_writer_destroy(w);
    proa_api_writer_destroy(NULL);
    proa_arena_reset(&arena);
}

static void check(const struct asking *a, const char *expected)
{
    struct proa_buf out;
    proa_buf_init(&out, SIZE_MAX);
    write_answer(a, &out);
    PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&out), proa_slice_cstr(expected)),
                    "v%u\n  is       %.*s\n  expected %s", a->version, (int)out.len, out.ptr,
                    expected);
    proa_buf_deinit(&out);
}

#define PART(part) "data: {\"type\":" part "}\n\n"
#define BEGIN                                                                                      \
    PART("\"stream-start\",\"warnings\":[]")                                                       \
    PART("\"response-metadata\",\"id\":\"msg_1\",\"modelId\":\"up-1\",\"timestamp\":"              \
         "\"2023-11-14T22:13:20.000Z\"")
#define GENERATION "\"gateway\":{\"generationId\":\"gen_1\"}"
#define FIRST      ",\"providerMetadata\":{" GENERATION "}"
#define USAGE_2    "\"usage\":{}"
#define USAGE_3    "\"usage\":{\"inputTokens\":{},\"outputTokens\":{}}"
#define REST                                                                                       \
    ",\"warnings\":[],\"response\":{\"id\":\"msg_1\",\"modelId\":\"up-1\",\"timestamp\":"          \
    "\"2023-11-14T22:13:20.000Z\"}}"

/* Streamed: the same in all versions but for the last part. Whole: likewise. */
static const struct {
    struct proa_chat_event events[EVENTS_MAX];
    const char *parts;
    const char *content;
    const char *reason;
    const char *raw;
} GOLDEN[] = {
    {{START, TEXT(TEXT, "a\\n"), TEXT(TEXT, ""), TEXT(TEXT, "b"), FINISH(STOP, "end_turn")},
     PART("\"text-start\",\"id\":\"0\"" FIRST)
         PART("\"text-delta\",\"id\":\"0\",\"delta\":\"a\\n\"")
             PART("\"text-delta\",\"id\":\"0\",\"delta\":\"b\"") PART("\"text-end\",\"id\":\"0\""),
     "{\"type\":\"text\",\"text\":\"a\\nb\"}",
     "stop",
     ",\"raw\":\"end_turn\""},
    /* thoughts before the text; the signature ends them */
    {{START, TEXT(REASONING, "h"), TEXT(REASONING, "m"), TEXT(SIGNATURE, "sig"), TEXT(TEXT, "a"),
      FINISH(LENGTH, "")},
     PART("\"reasoning-start\",\"id\":\"0\"" FIRST)
         PART("\"reasoning-delta\",\"id\":\"0\",\"delta\":\"h\"")
             PART("\"reasoning-delta\",\"id\":\"0\",\"delta\":\"m\"")
                 PART("\"reasoning-end\",\"id\":\"0\",\"providerMetadata\":{\"anthropic\":{"
                      "\"signature\":\"sig\"}}") PART("\"text-start\",\"id\":\"1\"")
                     PART("\"text-delta\",\"id\":\"1\",\"delta\":\"a\"")
                         PART("\"text-end\",\"id\":\"1\""),
     "{\"type\":\"reasoning\",\"text\":\"hm\",\"providerMetadata\":{\"anthropic\":{\"signature\":"
     "\"sig\"}}},{\"type\":\"text\",\"text\":\"a\"}",
     "length",
     ""},
    /* thoughts without a signature, and hidden ones */
    {{START, TEXT(REDACTED, "xx"), TEXT(REASONING, "h"), TEXT(REDACTED, "yy"), TEXT(SIGNATURE, "s"),
      TEXT(SIGNATURE, ""), FINISH(STOP, "")},
     PART("\"reasoning-start\",\"id\":\"0\",\"providerMetadata\":{\"anthropic\":{\"redactedData\":"
          "\"xx\"}," GENERATION "}") PART("\"reasoning-end\",\"id\":\"0\"")
         PART("\"reasoning-start\",\"id\":\"1\"")
             PART("\"reasoning-delta\",\"id\":\"1\",\"delta\":\"h\"")
                 PART("\"reasoning-end\",\"id\":\"1\"")
                     PART("\"reasoning-start\",\"id\":\"2\",\"providerMetadata\":{\"anthropic\":{"
                          "\"redactedData\":\"yy\"}}") PART("\"reasoning-end\",\"id\":\"2\"")
                         PART("\"reasoning-start\",\"id\":\"3\"")
                             PART("\"reasoning-end\",\"id\":\"3\",\"providerMetadata\":{"
                                  "\"anthropic\":{\"signature\":\"s\"}}"),
     "{\"type\":\"reasoning\",\"text\":\"\",\"providerMetadata\":{\"anthropic\":{\"redactedData\":"
     "\"xx\"}}},{\"type\":\"reasoning\",\"text\":\"h\"},{\"type\":\"reasoning\",\"text\":\"\","
     "\"providerMetadata\":{\"anthropic\":{\"redactedData\":\"yy\"}}},{\"type\":\"reasoning\","
     "\"text\":\"\",\"providerMetadata\":{\"anthropic\":{\"signature\":\"s\"}}}",
     "stop",
     ""},
    /* calls, pieces of which are mixed; one has no id, one no arguments */
    {{START, TEXT(TEXT, "t"), CALL(0, "c1", "f", ""), PIECE(0, "{\\\"a\\\":"),
      CALL(1, "", "g", "sg"), PIECE(0, "1}"), END(0), END(1), FINISH(STOP, "stop")},
     PART("\"text-start\",\"id\":\"0\"" FIRST) PART("\"text-delta\",\"id\":\"0\",\"delta\":\"t\"")
         PART("\"text-end\",\"id\":\"0\"")
             PART("\"tool-input-start\",\"id\":\"c1\",\"toolName\":\"f\"")
                 PART("\"tool-input-delta\",\"id\":\"c1\",\"delta\":\"{\\\"a\\\":\"")
                     PART("\"tool-input-start\",\"id\":\"call_msg_1_1\",\"toolName\":\"g\"")
                         PART("\"tool-input-delta\",\"id\":\"c1\",\"delta\":\"1}\"")
                             PART("\"tool-input-end\",\"id\":\"c1\"") PART(
                                 "\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"f\",\"input\""
                                 ":\"{\\\"a\\\":1}\"")
                                 PART("\"tool-input-end\",\"id\":\"call_msg_1_1\"")
                                     PART("\"tool-call\",\"toolCallId\":\"call_msg_1_1\","
                                          "\"toolName\":\"g\",\"input\":\"{}\","
                                          "\"providerMetadata\":{\"google\":{\"thoughtSignature\":"
                                          "\"sg\"}}"),
     "{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"tool-call\",\"toolCallId\":\"c1\","
     "\"toolName\":"
     "\"f\",\"input\":\"{\\\"a\\\":1}\"},{\"type\":\"tool-call\",\"toolCallId\":\"call_msg_1_1\","
     "\"toolName\":\"g\",\"input\":\"{}\",\"providerMetadata\":{\"google\":{\"thoughtSignature\":"
     "\"sg\"}}}",
     "tool-calls",
     ",\"raw\":\"stop\""},
    /* a call alone is the first content; it is told even where its end was not */
    {{START, CALL(0, "c1", "f", ""), FINISH(TOOLS, "tool_use")},
     PART("\"tool-input-start\",\"id\":\"c1\",\"toolName\":\"f\"" FIRST)
         PART("\"tool-input-end\",\"id\":\"c1\"")
             PART("\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"f\",\"input\":\"{}\""),
     "{\"type\":\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"f\",\"input\":\"{}\"}",
     "tool-calls",
     ",\"raw\":\"tool_use\""},
    /* what its provider runs itself is nothing that the client has to do */
    {{START,
      {.kind = PROA_CHAT_TOOL_START,
       .id = PROA_SLICE_INIT("s1"),
       .name = PROA_SLICE_INIT("web_search"),
       .executed = true},
      PIECE(0, "{\\\"q\\\":1}"),
      END(0),
      {.kind = PROA_CHAT_TOOL_RESULT,
       .id = PROA_SLICE_INIT("s1"),
       .raw = PROA_SLICE_INIT("[{\"page_age\":null}]")},
      {.kind = PROA_CHAT_TOOL_RESULT,
       .id = PROA_SLICE_INIT("unknown"),
       .raw = PROA_SLICE_INIT("1")},
      {.kind = PROA_CHAT_TOOL_RESULT,
       .id = PROA_SLICE_INIT("s1"),
       .raw = PROA_SLICE_INIT("{}"),
       .failed = true},
      FINISH(STOP, "")},
     PART("\"tool-input-start\",\"id\":\"s1\",\"toolName\":\"web_search\",\"providerExecuted\":"
          "true" FIRST) PART("\"tool-input-delta\",\"id\":\"s1\",\"delta\":\"{\\\"q\\\":1}\"")
         PART("\"tool-input-end\",\"id\":\"s1\"")
             PART("\"tool-call\",\"toolCallId\":\"s1\",\"toolName\":\"web_search\",\"input\":"
                  "\"{\\\"q\\\":1}\",\"providerExecuted\":true")
                 PART("\"tool-result\",\"toolCallId\":\"s1\",\"toolName\":\"web_search\","
                      "\"providerExecuted\":true,\"result\":[{\"pageAge\":null}]")
                     PART("\"tool-result\",\"toolCallId\":\"s1\",\"toolName\":\"web_search\","
                          "\"providerExecuted\":true,\"result\":{},\"isError\":true"),
     "{\"type\":\"tool-call\",\"toolCallId\":\"s1\",\"toolName\":\"web_search\",\"input\":"
     "\"{\\\"q\\\":1}\",\"providerExecuted\":true},{\"type\":\"tool-result\",\"toolCallId\":\"s1\","
     "\"toolName\":\"web_search\",\"providerExecuted\":true,\"result\":[{\"pageAge\":null}]},"
     "{\"type\":\"tool-result\",\"toolCallId\":\"s1\",\"toolName\":\"web_search\","
     "\"providerExecuted\":true,\"result\":{},\"isError\":true}",
     "stop",
     ""},
    /* a refusal is a text that was filtered */
    {{START, TEXT(REFUSAL, "no"), FINISH(STOP, "")},
     PART("\"text-start\",\"id\":\"0\"" FIRST) PART("\"text-delta\",\"id\":\"0\",\"delta\":\"no\"")
         PART("\"text-end\",\"id\":\"0\""),
     "{\"type\":\"text\",\"text\":\"no\"}",
     "content-filter",
     ""},
    /* nothing but an end; other choices are nobody's */
    {{START,
      {.kind = PROA_CHAT_TEXT, .choice = 1, .text = PROA_SLICE_INIT("x")},
      TEXT(TEXT, ""),
      FINISH(OTHER, "odd")},
     "",
     "",
     "other",
     ",\"raw\":\"odd\""},
};

static void every_event_in_every_version(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, GOLDEN)
    {
        size_t n = 1;
        while (n < EVENTS_MAX && row->events[n].kind != PROA_CHAT_START) {
            n++;
        }
        for (unsigned version = 2; version <= 4; version++) {
            char expected[8192];
            struct asking a = {.version = version, .stream = true, .events = row->events, .n = n};
            (void)snprintf(
                expected, sizeof expected,
                version == 2 ? BEGIN
                    "%s" PART("\"finish\",\"finishReason\":\"%s\"," USAGE_2) "data: [DONE]\n\n"
                             : BEGIN "%s" PART("\"finish\",\"finishReason\":{\"unified\":\"%s\""
                                               "%s}," USAGE_3) "data: [DONE]\n\n",
                row->parts, row->reason, row->raw);
            check(&a, expected);
            a.stream = false;
            (void)snprintf(expected, sizeof expected,
                           version == 2
                               ? "{\"content\":[%s],\"finishReason\":\"%s\"%s," USAGE_2 REST
                               : "{\"content\":[%s],\"finishReason\":{\"unified\":\"%s\""
                                 "%s}," USAGE_3 REST,
                           row->content, row->reason, version == 2 ? "" : row->raw);
            check(&a, expected);
        }
    }
}

/* Where a file's bytes are is tagged from version 4 on. */
/* Sources stand beside a text and do not end it; version 4 has them at the text's end, too. What
 * is taken from something that is not known is left out. */
static void sources_by_version(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        START,
        TEXT(TEXT, "a"),
        SOURCE("https://a", "A"),
        SOURCE("", "doc"),
        {.kind = PROA_CHAT_CITATION,
         .id = PROA_SLICE_INIT("https://b"),
         .raw = PROA_SLICE_INIT("{\"cited_text\":\"so \\\"b\\\"\"}")},
        TEXT(TEXT, "b"),
        FINISH(FILTER, "")};
#define SOURCES                                                                                    \
    PART("\"text-start\",\"id\":\"0\"" FIRST)                                                      \
    PART("\"text-delta\",\"id\":\"0\",\"delta\":\"a\"")                                            \
    PART("\"source\",\"sourceType\":\"url\",\"id\":\"0\",\"url\":\"https://a\",\"title\":\"A\"")   \
    PART("\"source\",\"sourceType\":\"url\",\"id\":\"1\",\"url\":\"https://b\"")                   \
    PART("\"text-delta\",\"id\":\"0\",\"delta\":\"b\"")
#define SOURCE_A                                                                                   \
    "{\"type\":\"source\",\"sourceType\":\"url\",\"id\":\"0\",\"url\":\"https://a\","              \
    "\"title\":\"A\"}"
#define SOURCE_B "{\"type\":\"source\",\"sourceType\":\"url\",\"id\":\"1\",\"url\":\"https://b\"}"
#define CITED                                                                                      \
    ",\"citations\":[{\"source\":" SOURCE_A "},{\"source\":" SOURCE_B                              \
    ",\"citedText\":\"so \\\"b\\\"\"}]"
    for (unsigned version = 2; version <= 4; version++) {
        const char *cited = version == 4 ? CITED : "";
        const char *reason =
            version == 2 ? "\"content-filter\"" : "{\"unified\":\"content-filter\"}";
        const char *usage = version == 2 ? USAGE_2 : USAGE_3;
        char expected[2048];
        struct asking a = {
            .version = version, .stream = true, .events = events, .n = PROA_ARRAY_LEN(events)};
        (void)snprintf(expected, sizeof expected,
                       BEGIN SOURCES "data: {\"type\":\"text-end\",\"id\":\"0\"%s}\n\n"
                                     "data: {\"type\":\"finish\",\"finishReason\":%s,%s}\n\n"
                                     "data: [DONE]\n\n",
                       cited, reason, usage);
        check(&a, expected);
        a.stream = false;
        (void)snprintf(expected, sizeof expected,
                       "{\"content\":[" SOURCE_A "," SOURCE_B
                       ",{\"type\":\"text\",\"text\":\"ab\"%s}],\"finishReason\":%s,%s" REST,
                       cited, reason, usage);
        check(&a, expected);
    }
}

/* A document of the request is found by its number; its type, title and name are the request's,
 * which is gone by then. */
static void documents_are_sources(void **state)
{
    (void)state;
    struct proa_chat_part inside[] = {{.kind = PROA_CHAT_PART_FILE,
                                       .source = PROA_CHAT_SOURCE_TEXT,
                                       .data = PROA_SLICE_INIT("x")}};
    struct proa_chat_part parts[] = {
        {.kind = PROA_CHAT_PART_TEXT, .text = PROA_SLICE_INIT("q")},
        {.kind = PROA_CHAT_PART_FILE,
         .source = PROA_CHAT_SOURCE_BASE64,
         .data = PROA_SLICE_INIT("AAAA"),
         .media_type = PROA_SLICE_INIT("application/pdf"),
         .filename = PROA_SLICE_INIT("a.pdf"),
         .citations = PROA_CHAT_YES},
        {.kind = PROA_CHAT_PART_TOOL_RESULT, .parts = inside, .n_parts = 1},
    };
    struct proa_chat_message message = {
        .role = PROA_CHAT_USER, .parts = parts, .n_parts = PROA_ARRAY_LEN(parts)};
#define CITES(json)                                                                                \
    {                                                                                              \
        .kind = PROA_CHAT_CITATION, .raw = PROA_SLICE_INIT(json)                                   \
    }
    static const struct proa_chat_event events[] = {
        START,
        CITES("{\"type\":\"page_location\",\"cited_text\":\"p\",\"document_index\":0,"
              "\"document_title\":\"T\",\"start_page_number\":1,\"end_page_number\":2}"),
        CITES("{\"type\":\"char_location\",\"cited_text\":\"c\",\"document_index\":1,"
              "\"document_title\":null,\"start_char_index\":3,\"end_char_index\":9}"),
        CITES("{\"type\":\"char_location\",\"cited_text\":\"c\",\"document_index\":2}"),
        FINISH(STOP, "")};
#define DOCUMENTS                                                                                  \
    "{\"type\":\"source\",\"sourceType\":\"document\",\"id\":\"0\",\"mediaType\":"                 \
    "\"application/pdf\",\"title\":\"T\",\"filename\":\"a.pdf\",\"providerMetadata\":{"            \
    "\"anthropic\":{\"citedText\":\"p\",\"startPageNumber\":1,\"endPageNumber\":2}}},"             \
    "{\"type\":\"source\",\"sourceType\":\"document\",\"id\":\"1\",\"mediaType\":\"text/plain\","  \
    "\"title\":\"document\",\"providerMetadata\":{\"anthropic\":{\"citedText\":\"c\","             \
    "\"startCharIndex\":3,\"endCharIndex\":9}}}"
    struct asking a = {.version = 3, .events = events, .n = PROA_ARRAY_LEN(events)};
    a.asked.chat = (struct proa_chat_request){.messages = &message, .n_messages = 1};
    check(&a, "{\"content\":[" DOCUMENTS "],\"finishReason\":{\"unified\":\"stop\"}," USAGE_3 REST);
    parts[1].citations = PROA_CHAT_UNSAID; /* nobody asked for them */
    check(&a, "{\"content\":[],\"finishReason\":{\"unified\":\"stop\"}," USAGE_3 REST);
}

/* Thoughts that OpenAI has sealed are its own. */
static void what_openai_has_sealed(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        START,
        {.kind = PROA_CHAT_REDACTED,
         .text = PROA_SLICE_INIT("xx"),
         .name = PROA_SLICE_INIT("openai-responses-v1")},
        FINISH(STOP, "")};
    struct asking a = {.version = 3, .events = events, .n = PROA_ARRAY_LEN(events)};
    check(
        &a,
        "{\"content\":[{\"type\":\"reasoning\",\"text\":\"\",\"providerMetadata\":{\"openai\":"
        "{\"reasoningEncryptedContent\":\"xx\"}}}],\"finishReason\":{\"unified\":\"stop\"}," USAGE_3
            REST);
}

/* The provider's own events, where they are asked for: behind what was made of them, and nothing
 * that would end the line or is no JSON. */
static void raw_chunks(void **state)
{
    (void)state;
    static const struct proa_chat_event start = START;
    static const struct proa_chat_event text = TEXT(TEXT, "a");
    for (int row = 0; row < 4; row++) {
        const bool stream = (row & 1) != 0;
        const bool wanted = (row & 2) != 0;
        struct proa_arena arena;
        struct proa_buf out;
        const struct proa_api_asked asked = {.raw_chunks = wanted};
        const struct proa_api_writer_cfg cfg = {
            .kind = PROA_API_CHAT, .stream = stream, .version = 3, .asked = &asked};
        const struct proa_usage usage = {.known = 0};
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out, SIZE_MAX);
        struct proa_api_writer *w =
            proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, &out, &arena);
        const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
        assert_int_equal(sink.raw != NULL, stream && wanted);
        if (sink.raw) {
            sink.raw(sink.ctx, PROA_SLICE("{\"too\":\"early\"}"));
            sink.event(sink.ctx, &start);
            sink.raw(sink.ctx, PROA_SLICE("{\"a\":\n[1,\r\n2]}"));
            sink.event(sink.ctx, &text);
            sink.raw(sink.ctx, PROA_SLICE("no \"JSON\"\n"));
            assert_true(proa_api_writer_end(w, &usage, PROA_SLICE_NONE));
            assert_true(proa_slice_search(proa_buf_slice(&out), PROA_SLICE("early")) == out.len);
            static const char *const parts[] = {
                "data: {\"type\":\"raw\",\"rawValue\":{\"a\": [1,  2]}}\n\ndata: "
                "{\"type\":\"text-start",
                "data: {\"type\":\"raw\",\"rawValue\":\"no \\\"JSON\\\"\\n\"}\n\ndata: {\"type\":"
                "\"text-end"};
            for (size_t i = 0; i < PROA_ARRAY_LEN(parts); i++) {
                PROA_TEST_CHECK(proa_slice_search(proa_buf_slice(&out), proa_slice_cstr(parts[i])) <
                                    out.len,
                                "%.*s", (int)out.len, out.ptr);
            }
        }
        proa_api_writer_destroy(w);
        proa_buf_deinit(&out);
        proa_arena_reset(&arena);
    }
}

static void files_by_version(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {START, TEXT(TEXT, "a"), PICTURE,
                                                    FINISH(STOP, "")};
    static const char *const files[] = {
        [2] = "\"file\",\"mediaType\":\"image/png\",\"data\":\"AAAA\"",
        [3] = "\"file\",\"mediaType\":\"image/png\",\"data\":\"AAAA\"",
        [4] =
            "\"file\",\"mediaType\":\"image/png\",\"data\":{\"type\":\"data\",\"data\":\"AAAA\"}"};
    for (unsigned version = 2; version <= 4; version++) {
        for (int stream = 0; stream < 2; stream++) {
            struct proa_buf out;
            proa_buf_init(&out, SIZE_MAX);
            const struct asking a = {
                .version = version, .stream = stream == 1, .events = events, .n = 4};
            write_answer(&a, &out);
            const struct proa_slice all = proa_buf_slice(&out);
            PROA_TEST_CHECK(proa_slice_search(all, proa_slice_cstr(files[version])) < all.len,
                            "v%u %.*s", version, (int)out.len, out.ptr);
            proa_buf_deinit(&out);
        }
    }
}

/* What is not known is not told, and what is left of a total is. */
static void usage_by_version(void **state)
{
    (void)state;
    static const struct {
        struct proa_usage usage;
        const char *v2;
        const char *v3;
    } rows[] = {
        {{{10, 5, 4, 0, 2}, 0x17},
         "{\"inputTokens\":10,\"outputTokens\":5,\"totalTokens\":15,\"reasoningTokens\":2,"
         "\"cachedInputTokens\":4}",
         "{\"inputTokens\":{\"total\":10,\"noCache\":6,\"cacheRead\":4},\"outputTokens\":{"
         "\"total\":"
         "5,\"text\":3,\"reasoning\":2}}"},
        {{{10, 5, 4, 3, 0}, 0xf},
         "{\"inputTokens\":10,\"outputTokens\":5,\"totalTokens\":15,\"cachedInputTokens\":4}",
         "{\"inputTokens\":{\"total\":10,\"noCache\":3,\"cacheRead\":4,\"cacheWrite\":3},"
         "\"outputTokens\":{\"total\":5,\"text\":5}}"},
        {{{1, 0, 4, 0, 0}, 0x5},
         "{\"inputTokens\":1,\"cachedInputTokens\":4}",
         "{\"inputTokens\":{\"total\":1,\"noCache\":0,\"cacheRead\":4},\"outputTokens\":{}}"},
        {{{0, 7, 0, 0, 0}, 0x2},
         "{\"outputTokens\":7}",
         "{\"inputTokens\":{},\"outputTokens\":{\"total\":7,\"text\":7}}"},
    };
    static const struct proa_chat_event events[] = {START, FINISH(STOP, "")};
    PROA_TEST_ROWS(row, rows)
    {
        for (unsigned version = 2; version <= 4; version++) {
            char expected[1024];
            const struct asking a = {.version = version,
                                     .stream = true,
                                     .events = events,
                                     .n = 2,
                                     .usage = row->usage,
                                     .gateway = "{\"cost\":\"0\"}"};
            (void)snprintf(expected, sizeof expected,
                           BEGIN "data: {\"type\":\"finish\",\"finishReason\":%s,\"usage\":%s,"
                                 "\"providerMetadata\":{\"gateway\":{\"cost\":\"0\"}}}\n\n"
                                 "data: [DONE]\n\n",
                           version == 2 ? "\"stop\"" : "{\"unified\":\"stop\"}",
                           version == 2 ? row->v2 : row->v3);
            check(&a, expected);
        }
    }
}

/* Later versions show the provider's own words besides. */
static void usage_as_the_provider_says_it(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        START,
        {.kind = PROA_CHAT_USAGE, .raw = PROA_SLICE_INIT("{\"in\":1,\"out\":1}")},
        {.kind = PROA_CHAT_USAGE, .raw = PROA_SLICE_INIT("{\"out\":5}")},
        FINISH(STOP, "")};
    for (unsigned version = 2; version <= 4; version++) {
        char expected[1024];
        const struct asking a = {.version = version, .events = events, .n = 4};
        (void)snprintf(
            expected, sizeof expected, "{\"content\":[],\"finishReason\":%s,\"usage\":%s" REST,
            version == 2 ? "\"stop\"" : "{\"unified\":\"stop\"}",
            version == 2 ? "{}"
                         : "{\"inputTokens\":{},\"outputTokens\":{},\"raw\":{\"in\":1,\"out\":5}}");
        check(&a, expected);
    }
}

static void warnings_by_version(void **state)
{
    (void)state;
    static const struct proa_chat_tool tools[] = {
        {.name = PROA_SLICE_INIT("f")},
        {.name = PROA_SLICE_INIT("search"), .own = PROA_SLICE_INIT("{}")}};
    static const struct proa_chat_event events[] = {START, FINISH(STOP, "")};
    struct proa_chat_warnings w = {.n = 0};
    proa_chat_warn(&w, "top_k", "is not taken");
    proa_chat_warn(&w, "tools", "one is left out");
    proa_chat_warn(&w, "detail", "is \"odd\"");
    static const char *const expected[] = {
        [2] =
            "[{\"type\":\"unsupported-setting\",\"setting\":\"topK\",\"details\":\"is not taken\"}"
            ",{\"type\":\"unsupported-tool\",\"tool\":{\"type\":\"provider-defined\",\"name\":"
            "\"search\"},\"details\":\"one is left out\"},{\"type\":\"other\",\"message\":"
            "\"detail: is \\\"odd\\\"\"}]",
        [3] = "[{\"type\":\"unsupported\",\"feature\":\"topK\",\"details\":\"is not taken\"},"
              "{\"type\":\"unsupported\",\"feature\":\"tools\",\"details\":\"one is left out\"},"
              "{\"type\":\"unsupported\",\"feature\":\"detail\",\"details\":\"is \\\"odd\\\"\"}]",
        [4] = NULL};
    for (unsigned version = 2; version <= 4; version++) {
        for (int stream = 0; stream < 2; stream++) {
            struct proa_buf out;
            proa_buf_init(&out, SIZE_MAX);
            struct asking a = {.version = version,
                               .stream = stream == 1,
                               .events = events,
                               .n = 2,
                               .warnings = &w};
            a.asked.chat.tools = tools;
            a.asked.chat.n_tools = 2;
            write_answer(&a, &out);
            const struct proa_slice all = proa_buf_slice(&out);
            PROA_TEST_CHECK(
                proa_slice_search(all, proa_slice_cstr(expected[version == 2 ? 2 : 3])) < all.len,
                "v%u %.*s", version, (int)out.len, out.ptr);
            proa_buf_deinit(&out);
        }
    }
}

/* Nothing was told: ids are the gateway's own, and the reason is not known. */
static void an_answer_that_tells_nothing(void **state)
{
    (void)state;
    struct asking a = {.version = 2, .stream = true};
    check(&a, PART("\"stream-start\",\"warnings\":[]")
                  PART("\"response-metadata\",\"id\":\"req-1\",\"modelId\":\"asked-model\","
                       "\"timestamp\":\"2020-09-13T12:26:40.000Z\"")
                      PART("\"finish\",\"finishReason\":\"unknown\"," USAGE_2) "data: [DONE]\n\n");
    a.version = 3;
    a.stream = false;
    check(&a, "{\"content\":[],\"finishReason\":{\"unified\":\"other\"}," USAGE_3
              ",\"warnings\":[],\"response\":{\"id\":\"req-1\",\"modelId\":\"asked-model\","
              "\"timestamp\":\"2020-09-13T12:26:40.000Z\"}}");
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool write_list(enum proa_endpoint_kind kind, unsigned version,
                       const struct proa_api_asked *asked, const struct proa_chat_event *events,
                       size_t n, const char *gateway, struct proa_buf *out)
{
    struct proa_arena arena;
    const struct proa_usage usage = {.count = {7}, .known = 1};
    proa_arena_init(&arena, NULL);
    const struct proa_api_writer_cfg cfg = {
        .kind = kind, .version = version, .asked = asked, .model = PROA_SLICE("m")};
    struct proa_api_writer *w =
        proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, out, &arena);
    const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
    for (size_t i = 0; i < n; i++) {
        sink.event(sink.ctx, &events[i]);
    }
    const bool ok = proa_api_writer_end(w, &usage, proa_slice_cstr(gateway));
    proa_api_writer_destroy(w);
    proa_arena_reset(&arena);
    return ok;
}

static void embeddings(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        {.kind = PROA_CHAT_VECTOR, .index = 1, .raw = PROA_SLICE_INIT("[0.5]")},
        {.kind = PROA_CHAT_VECTOR, .index = 0, .text = PROA_SLICE_INIT("AACAPw==")}};
    static const struct proa_chat_input inputs[2] = {{.text = PROA_SLICE_INIT("a")}};
    const struct proa_api_asked asked = {.embed = {.inputs = inputs, .n_inputs = 2}};
    for (unsigned version = 2; version <= 4; version++) {
        struct proa_buf out;
        proa_buf_init(&out, SIZE_MAX);
        assert_true(write_list(PROA_API_EMBEDDINGS, version, &asked, events, 2, "{}", &out));
        assert_slice_str(proa_buf_slice(&out),
                         version == 2
                             ? "{\"embeddings\":[[1],[0.5]],\"usage\":{\"tokens\":7},"
                               "\"providerMetadata\":{\"gateway\":{}}}"
                             : "{\"embeddings\":[[1],[0.5]],\"usage\":{\"tokens\":7},\"warnings\":"
                               "[],\"providerMetadata\":{\"gateway\":{}}}");
        proa_buf_clear(&out);
        assert_false(write_list(PROA_API_EMBEDDINGS, version, &asked, events, 1, "", &out));
        assert_int_equal(out.len, 0);
        proa_buf_deinit(&out);
    }
}

static void rankings(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        {.kind = PROA_CHAT_RANK, .index = 2, .raw = PROA_SLICE_INIT("0.9")},
        {.kind = PROA_CHAT_RANK, .index = 0, .raw = PROA_SLICE_INIT("0.1")},
        {.kind = PROA_CHAT_RANK, .index = 3, .raw = PROA_SLICE_INIT("0.1")}};
    struct proa_api_asked asked = {.rerank = {.n_documents = 3}};
    struct proa_buf out;
    proa_buf_init(&out, SIZE_MAX);
    assert_true(write_list(PROA_API_RERANK, 3, &asked, events, 2, "", &out));
    assert_slice_str(proa_buf_slice(&out),
                     "{\"ranking\":[{\"index\":2,\"relevanceScore\":0.9},"
                     "{\"index\":0,\"relevanceScore\":0.1}],\"warnings\":[]}");
    proa_buf_clear(&out);
    assert_false(write_list(PROA_API_RERANK, 3, &asked, events, 3, "", &out));
    proa_buf_clear(&out);
    asked.rerank.top_n = 1; /* of a provider that tells them all */
    assert_true(write_list(PROA_API_RERANK, 4, &asked, events, 3, "{}", &out));
    assert_slice_str(proa_buf_slice(&out),
                     "{\"ranking\":[{\"index\":2,\"relevanceScore\":0.9}],\"warnings\":[],"
                     "\"providerMetadata\":{\"gateway\":{}}}");
    proa_buf_clear(&out);
    assert_true(write_list(PROA_API_RERANK, 4, &asked, events, 0, "", &out));
    assert_slice_str(proa_buf_slice(&out), "{\"ranking\":[],\"warnings\":[]}");
    proa_buf_deinit(&out);
}

/* ---- whatever comes -------------------------------------------------------------------------- */

/* None of these is unknown to any version. */
static bool is_known(struct proa_slice type)
{
    static const char *const types[] = {"stream-start",
                                        "response-metadata",
                                        "text-start",
                                        "text-delta",
                                        "text-end",
                                        "reasoning-start",
                                        "reasoning-delta",
                                        "reasoning-end",
                                        "tool-input-start",
                                        "tool-input-delta",
                                        "tool-input-end",
                                        "tool-call",
                                        "source",
                                        "file",
                                        "finish"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(types); i++) {
        if (proa_slice_eq(type, proa_slice_cstr(types[i]))) {
            return true;
        }
    }
    return false;
}

static struct proa_slice member(struct proa_slice object, const char *key)
{
    struct proa_slice token = PROA_SLICE_NONE;
    (void)proa_json_get(object, proa_slice_cstr(key), &token);
    return token;
}

/* Every delta and every end belongs to a block that is open; the first part and the last are what
 * they must be; each part is one line of JSON. */
static void check_order(struct proa_slice all)
{
    struct proa_slice open = PROA_SLICE_NONE;
    size_t n = 0;
    bool finished = false;
    while (all.len > 0) {
        static const struct proa_json_scan_cfg any = {.n_wants = 0};
        struct proa_json_info info;
        const size_t end = proa_slice_search(all, PROA_SLICE("\n\n"));
        struct proa_slice part = proa_slice_head(all, end);
        all = proa_slice_from(all, end + 2);
        assert_true(proa_slice_starts(part, PROA_SLICE("data: ")));
        part = proa_slice_from(part, 6);
        if (proa_slice_eq(part, PROA_SLICE("[DONE]"))) {
            break;
        }
        assert_false(finished);
        assert_ok(proa_json_scan(part, &any, NULL, &info));
        struct proa_slice type = member(part, "type");
        type = proa_slice_make(type.ptr + 1, type.len - 2);
        PROA_TEST_CHECK(is_known(type), "%.*s", (int)part.len, part.ptr);
        assert_true((n == 0) == proa_slice_eq(type, PROA_SLICE("stream-start")));
        finished = proa_slice_eq(type, PROA_SLICE("finish"));
        if (proa_slice_eq(type, PROA_SLICE("text-start")) ||
            proa_slice_eq(type, PROA_SLICE("reasoning-start"))) {
            assert_int_equal(open.len, 0);
            open = member(part, "id");
        } else if (proa_slice_starts(type, PROA_SLICE("text-")) ||
                   proa_slice_starts(type, PROA_SLICE("reasoning-"))) {
            assert_true(proa_slice_eq(open, member(part, "id")));
            if (proa_slice_search(type, PROA_SLICE("end")) < type.len) {
                open = PROA_SLICE_NONE;
            }
        }
        n++;
    }
    assert_true(finished && open.len == 0 && all.len == 0);
}

static void any_run_of_events_is_a_stream(void **state)
{
    (void)state;
    static const struct proa_chat_event some[] = {START,
                                                  TEXT(TEXT, "a"),
                                                  TEXT(REASONING, "b"),
                                                  TEXT(SIGNATURE, "c"),
                                                  TEXT(REDACTED, "d"),
                                                  TEXT(REFUSAL, "e"),
                                                  CALL(0, "c", "f", ""),
                                                  PIECE(0, "{}"),
                                                  END(0),
                                                  SOURCE("https://a", ""),
                                                  PICTURE,
                                                  FINISH(STOP, "x")};
    struct proa_prng prng;
    proa_prng_seed(&prng, 3);
    for (size_t i = 0; i < 2000; i++) {
        struct proa_chat_event events[16];
        struct proa_buf out;
        const size_t n = proa_prng_below(&prng, 16);
        uint32_t n_calls = 0;
        for (size_t k = 0; k < n; k++) {
            events[k] = some[proa_prng_below(&prng, PROA_ARRAY_LEN(some))];
            if (events[k].kind == PROA_CHAT_TOOL_START) {
                events[k].tool = n_calls++;
            }
        }
        proa_buf_init(&out, SIZE_MAX);
        const struct asking a = {
            .version = 2 + (unsigned)(i % 3), .stream = true, .events = events, .n = n};
        write_answer(&a, &out);
        check_order(proa_buf_slice(&out));
        proa_buf_deinit(&out);
    }
}

/* An answer that does not fit is none. */
static void a_full_buffer_shows(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        START,  TEXT(TEXT, "some text"), CALL(0, "c", "f", ""), PIECE(0, "{}"),
        END(0), FINISH(STOP, "")};
    const struct proa_usage usage = {.known = 0};
    for (size_t max = 0; max < 400; max += 7) {
        for (int stream = 0; stream < 2; stream++) {
            struct proa_arena arena;
            struct proa_buf out;
            const struct proa_api_asked asked = {.raw_chunks = false};
            const struct proa_api_writer_cfg cfg = {
                .kind = PROA_API_CHAT, .stream = stream == 1, .version = 3, .asked = &asked};
            proa_arena_init(&arena, NULL);
            proa_buf_init(&out, max);
            struct proa_api_writer *w =
                proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, &out, &arena);
            const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
            for (size_t i = 0; i < PROA_ARRAY_LEN(events); i++) {
                sink.event(sink.ctx, &events[i]);
            }
            const bool ok = proa_api_writer_end(w, &usage, PROA_SLICE_NONE);
            assert_int_equal(ok, proa_buf_ok(&out));
            proa_api_writer_destroy(w);
            proa_buf_deinit(&out);
            proa_arena_reset(&arena);
        }
    }
}

/* A call is told whole, however long whoever makes it goes on. */
static void what_a_stream_keeps_has_a_maximum(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_buf out;
    const struct proa_api_asked asked = {.raw_chunks = false};
    const struct proa_api_writer_cfg cfg = {
        .kind = PROA_API_CHAT, .stream = true, .version = 4, .asked = &asked};
    char *text = proa_alloc((size_t)1024 * 1024);
    memset(text, 'x', (size_t)1024 * 1024);
    const struct proa_chat_event call = {
        .kind = PROA_CHAT_TOOL_START, .id = PROA_SLICE("c"), .name = PROA_SLICE("f")};
    const struct proa_chat_event piece = {.kind = PROA_CHAT_TOOL_PIECE,
                                          .text = proa_slice_make(text, (size_t)1024 * 1024)};
    proa_arena_init(&arena, NULL);
    proa_buf_init(&out, 4 << 20);
    struct proa_api_writer *w =
        proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, &out, &arena);
    const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
    sink.event(sink.ctx, &call);
    for (size_t i = 0; i < 34; i++) {
        proa_buf_clear(&out);
        sink.event(sink.ctx, &piece);
        assert_int_equal(proa_buf_ok(&out), i < 32);
    }
    proa_api_writer_destroy(w);
    proa_buf_deinit(&out);
    proa_arena_reset(&arena);
    proa_free(text);
}

static void media_types(void **state)
{
    (void)state;
    const struct proa_api_face *face = proa_api_face(PROA_SURFACE_AI_SDK);
    assert_slice_lit(face->media_type(PROA_API_CHAT, true), "text/event-stream");
    assert_slice_lit(face->media_type(PROA_API_CHAT, false), "application/json");
    assert_slice_lit(face->media_type(PROA_API_EMBEDDINGS, true), "application/json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_version),
        cmocka_unit_test(sources_by_version),
        cmocka_unit_test(documents_are_sources),
        cmocka_unit_test(what_openai_has_sealed),
        cmocka_unit_test(raw_chunks),
        cmocka_unit_test(files_by_version),
        cmocka_unit_test(usage_by_version),
        cmocka_unit_test(usage_as_the_provider_says_it),
        cmocka_unit_test(warnings_by_version),
        cmocka_unit_test(an_answer_that_tells_nothing),
        cmocka_unit_test(embeddings),
        cmocka_unit_test(rankings),
        cmocka_unit_test(any_run_of_events_is_a_stream),
        cmocka_unit_test(a_full_buffer_shows),
        cmocka_unit_test(what_a_stream_keeps_has_a_maximum),
        cmocka_unit_test(media_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
