/* Messages and instructions of Converse: one golden body for each rule. */
#include "bedrock_test.h"

#define TURN(who, blocks) "{\"role\":\"" who "\",\"content\":[" blocks "]}"
#define SAID(text)        "{\"text\":\"" text "\"}"
#define BODY(messages)    "{\"messages\":[" messages "]}"
#define ONE_TOOL                                                                                   \
    ",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"look\",\"inputSchema\":{\"json\":"      \
    "{\"type\":\"object\",\"properties\":{}}}}}]}}"

static const struct encode_case TURNS[] = {
    {.name = "one turn", .model = SONNET, .request = {HI}, .body = "{" HI_JSON "}"},
    {.name = "instructions are joined wherever they stand",
     .model = SONNET,
     .request = {MESSAGES(MESSAGE(SYSTEM, TEXT("A"), TEXT("  ")), MESSAGE(USER, TEXT("Hi")),
                          MESSAGE(SYSTEM, TEXT("B\\n")))},
     .body = "{\"system\":[" SAID("A") "," SAID("B\\n") "]," HI_JSON "}"},
    {.name = "a model without instructions has them from the user",
     .model = TITAN,
     .request = {MESSAGES(MESSAGE(SYSTEM, TEXT("A")), MESSAGE(USER, TEXT("Hi")))},
     .body = BODY(TURN("user", SAID("A") "," SAID("Hi")))},
    {.name = "turns of one side are one",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")), MESSAGE(USER, TEXT("B")),
                          MESSAGE(ASSISTANT, TEXT("C")), MESSAGE(SYSTEM, TEXT("S")),
                          MESSAGE(ASSISTANT, TEXT("D")), MESSAGE(USER, TEXT("E")))},
     .body = "{\"system\":[" SAID("S") "],\"messages\":[" TURN(
         "user", SAID("A") "," SAID(
                     "B")) "," TURN("assistant", SAID("C") "," SAID("D")) "," TURN("user",
                                                                                   SAID("E")) "]}"},
    {.name = "a turn that is blank is none, and its neighbours are one",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")), MESSAGE(ASSISTANT, TEXT(" \\n")),
                          MESSAGE(USER, TEXT(""), TEXT("B")))},
     .body = BODY(TURN("user", SAID("A") "," SAID("B")))},
    {.name = "the user speaks first",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(ASSISTANT, TEXT("Hello")), MESSAGE(USER, TEXT("Hi")))},
     .body = BODY(TURN("user", SAID(".")) "," TURN("assistant",
                                                   SAID("Hello")) "," TURN("user", SAID("Hi")))},
    {.name = "instructions alone",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(SYSTEM, TEXT("S")))},
     .body = "{\"system\":[" SAID("S") "],\"messages\":[" TURN("user", SAID(".")) "]}"},
    {.name = "a beginning of an answer has no white space at its end",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")), MESSAGE(ASSISTANT, TEXT("B \\\\n\\n \\t ")))},
     .body = BODY(TURN("user", SAID("A")) "," TURN("assistant", SAID("B \\\\n")))},
    {.name = "elsewhere it stays",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A ")), MESSAGE(ASSISTANT, TEXT("B ")),
                          MESSAGE(USER, TEXT("C ")))},
     .body = BODY(
         TURN("user", SAID("A ")) "," TURN("assistant", SAID("B ")) "," TURN("user", SAID("C ")))},
    {.name = "a refusal is text",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, {.kind = PROA_CHAT_PART_REFUSAL, .text = B("No.")}),
                          MESSAGE(USER, TEXT("B")))},
     .body = BODY(
         TURN("user", SAID("A")) "," TURN("assistant", SAID("No.")) "," TURN("user", SAID("B")))},
    {.name = "an image among the instructions is left out",
     .model = NOVA,
     .request = {MESSAGES(MESSAGE(SYSTEM, {.kind = PROA_CHAT_PART_IMAGE}),
                          MESSAGE(USER, TEXT("Hi")))},
     .body = "{" HI_JSON "}",
     .warnings = "messages"},
};

#define USE(id, name, input)                                                                       \
    "{\"toolUse\":{\"toolUseId\":\"" id "\",\"name\":\"" name "\",\"input\":" input "}}"
#define DONE(id, content) "{\"toolResult\":{\"toolUseId\":\"" id "\",\"content\":[" content "]}}"
#define ASKED             TURN("user", SAID("A"))
#define CALLED            TURN("assistant", USE("c1", "look", "{\"a\":1}"))

static const struct encode_case TOOLED[] = {
    {.name = "a call and its result",
     .model = SONNET,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, TEXT(""), CALL("c1", "look", "{\"a\":1}")),
                          MESSAGE(TOOL, RESULT("c1", TEXT("seen"))))},
     .body = "{\"messages\":[" ASKED "," CALLED
             "," TURN("user", DONE("c1", SAID("seen"))) "]" ONE_TOOL},
    {.name = "parallel calls: their results are one turn, before anything else in it",
     .model = SONNET,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, CALL("c1", "look", "{}"), CALL("c2", "look", "{}")),
                          MESSAGE(TOOL, RESULT("c1", TEXT("1"))), MESSAGE(USER, TEXT("and?")),
                          MESSAGE(TOOL, RESULT("c2", TEXT("2"))))},
     .body = "{\"messages\":[" ASKED
             "," TURN("assistant", USE("c1", "look", "{}") "," USE("c2", "look", "{}")) "," TURN(
                 "user",
                 DONE("c1", SAID("1")) "," DONE("c2", SAID("2")) "," SAID("and?")) "]" ONE_TOOL},
    {.name = "arguments that are none, and broken ones",
     .model = SONNET,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, CALL("c1", "look", ""), CALL("c2", "look", "\"\""),
                                  CALL("c3", "look", "\"{\\\"a\""), CALL("c4", "look", "null")),
                          MESSAGE(TOOL, RESULT("c1", TEXT("1"))))},
     .body = "{\"messages\":[" ASKED "," TURN(
         "assistant",
         USE("c1", "look", "{}") "," USE("c2", "look", "{}") "," USE(
             "c3", "look",
             "{\"arguments\":\"{\\\"a\"}") "," USE("c4", "look",
                                                   "{\"arguments\":null}")) "," TURN("user",
                                                                                     DONE(
                                                                                         "c1",
                                                                                         SAID(
                                                                                             "1"))) "]" ONE_TOOL},
    {.name = "a result that says nothing",
     .model = SONNET,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, CALL("c1", "look", "{\"a\":1}")),
                          MESSAGE(TOOL, RESULT("c1", TEXT(" "))))},
     .body = "{\"messages\":[" ASKED "," CALLED
             "," TURN("user", DONE("c1", SAID("(no output)"))) "]" ONE_TOOL},
    {.name = "a result that is an image",
     .model = SONNET,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, CALL("c1", "look", "{\"a\":1}")),
                          MESSAGE(TOOL, RESULT("c1", {.kind = PROA_CHAT_PART_IMAGE,
                                                      .source = PROA_CHAT_SOURCE_BASE64,
                                                      .data = B("AAA="),
                                                      .media_type = B("image/png")})))},
     .body = "{\"messages\":[" ASKED "," CALLED "," TURN(
         "user",
         DONE("c1",
              "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"AAA=\"}}}")) "]" ONE_TOOL},
    {.name = "names are mended in the history",
     .model = SONNET,
     .request = {MESSAGES(
         MESSAGE(USER, TEXT("A")),
         MESSAGE(ASSISTANT, CALL("c1", "my.to\xc3\xb6l", "{}"), CALL("c2", "", "{}")))},
     .body = "{\"messages\":[" ASKED "," TURN(
         "assistant",
         USE("c1", "my_to__l", "{}") "," USE(
             "c2", "_",
             "{}")) "]"
                    ",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"my_to__l\","
                    "\"inputSchema\":"
                    "{\"json\":{\"type\":\"object\",\"properties\":{}}}}},{\"toolSpec\":{\"name\":"
                    "\"_\","
                    "\"inputSchema\":{\"json\":{\"type\":\"object\",\"properties\":{}}}}}]}}"},
    {.name = "ids of Moonshot's are kept for it",
     .model = KIMI,
     .request = {MESSAGES(MESSAGE(USER, TEXT("A")),
                          MESSAGE(ASSISTANT, CALL("functions.look:0", "look", "{}")))},
     .body = "{\"messages\":[" ASKED
             "," TURN("assistant", USE("functions.look:0", "look", "{}")) "]" ONE_TOOL},
};

static void test_turns(void **state)
{
    (void)state;
    CHECK_ALL(TURNS);
}

static void test_tools_in_messages(void **state)
{
    (void)state;
    CHECK_ALL(TOOLED);
}

static void failed_result(const char *model, const char *status)
{
    const struct proa_chat_part text = TEXT("boom");
    const struct proa_chat_part result = {.kind = PROA_CHAT_PART_TOOL_RESULT,
                                          .id = B("c1"),
                                          .parts = &text,
                                          .n_parts = 1,
                                          .is_error = true};
    const struct proa_chat_message messages[] = {MESSAGE(USER, TEXT("A")),
                                                 MESSAGE(ASSISTANT, CALL("c1", "look", "{}")),
                                                 {PROA_CHAT_TOOL, .parts = &result, .n_parts = 1}};
    const struct proa_chat_request request = {.messages = messages, .n_messages = 3};
    struct encoding e;
    encoding_init(&e, model);
    e.in.chat = &request;
    assert_ok(proa_bedrock_encode(&e.in, &e.arena, &e.out));
    const struct proa_slice body = proa_buf_slice(&e.out.body);
    assert_int_equal(proa_slice_search(body, PROA_SLICE("\"status\":\"error\"")) < body.len,
                     status != NULL);
    encoding_deinit(&e);
}

static void test_a_failed_tool_is_told_where_it_is_understood(void **state)
{
    (void)state;
    failed_result(SONNET, "error");
    failed_result(NOVA, "error");
    failed_result(LLAMA, NULL);
}

/* The same for a call and its result, nine letters and digits, different for different ones. */
static void test_short_ids(void **state)
{
    (void)state;
    static const struct proa_slice steps_of[] = {
        B("call_abcdefghijklmnop"),
        B("call_abcdefghijklmnoq"),
        B("Abc123xyz"),
    };
    struct proa_slice ids[PROA_ARRAY_LEN(steps_of)];
    struct encoding e;
    encoding_init(&e, MISTRAL);
    struct bedrock_writer w = {
        .in = &e.in, .model = proa_bedrock_model(e.in.model), .arena = &e.arena};
    for (size_t i = 0; i < PROA_ARRAY_LEN(steps_of); i++) {
        ids[i] = proa_bedrock_tool_id(&w, steps_of[i]);
        assert_int_equal(ids[i].len, 9);
        assert_slice_equal(ids[i], proa_bedrock_tool_id(&w, steps_of[i]));
    }
    assert_false(proa_slice_eq(ids[0], ids[1]));
    assert_slice_str(ids[2], "Abc123xyz");

    w.model = proa_bedrock_model(PROA_SLICE(SONNET));
    assert_slice_str(proa_bedrock_tool_id(&w, PROA_SLICE("toolu_01-A")), "toolu_01-A");
    assert_int_equal(proa_bedrock_tool_id(&w, PROA_SLICE("functions.look:0")).len, 9);
    assert_int_equal(proa_bedrock_tool_id(&w, PROA_SLICE("")).len, 9);
    char longest[65];
    memset(longest, 'a', sizeof longest);
    assert_int_equal(proa_bedrock_tool_id(&w, proa_slice_make(longest, 64)).len, 64);
    assert_int_equal(proa_bedrock_tool_id(&w, proa_slice_make(longest, 65)).len, 9);
    encoding_deinit(&e);
}

/* ---- images and documents -------------------------------------------------------------------- */

#define MEDIA(what, from, bytes, type, file)                                                       \
    {                                                                                              \
        .kind = PROA_CHAT_PART_##what, .source = PROA_CHAT_SOURCE_##from, .data = B(bytes),        \
        .media_type = B(type), .filename = B(file)                                                 \
    }
#define ONE(part) .request = {MESSAGES(MESSAGE(USER, part))}
#define IMAGE(format, source)                                                                      \
    BODY(TURN("user", "{\"image\":{\"format\":\"" format "\",\"source\":{" source "}}}"))
#define DOCUMENT(format, name)                                                                     \
    BODY(TURN("user", "{\"document\":{\"format\":\"" format "\",\"name\":\"" name                  \
                      "\",\"source\":{\"bytes\":\"AAA=\"}}}"))
#define BYTES "\"bytes\":\"AAA=\""

#define CITED                                                                                      \
    {                                                                                              \
        .kind = PROA_CHAT_PART_FILE, .source = PROA_CHAT_SOURCE_BASE64, .data = B("AAA="),         \
        .media_type = B("application/pdf"), .context = B("old"), .citations = PROA_CHAT_YES        \
    }

static const struct encode_case MEDIA_ROWS[] = {
    {.name = "png",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "image/png", "")),
     .body = IMAGE("png", BYTES)},
    {.name = "jpeg",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "image/jpeg", "")),
     .body = IMAGE("jpeg", BYTES)},
    {.name = "jpg",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "image/jpg;x=1", "")),
     .body = IMAGE("jpeg", BYTES)},
    {.name = "gif",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "IMAGE/GIF", "")),
     .body = IMAGE("gif", BYTES)},
    {.name = "webp",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "image/webp", "")),
     .body = IMAGE("webp", BYTES)},
    {.name = "in S3",
     .model = NOVA,
     ONE(MEDIA(IMAGE, URL, "s3://b/a.jpg", "", "")),
     .body = IMAGE("jpeg", "\"s3Location\":{\"uri\":\"s3://b/a.jpg\"}")},
    {.name = "by URL",
     .model = NOVA,
     ONE(MEDIA(IMAGE, URL, "https://x/a.png", "", "")),
     .feature = "image by URL"},
    {.name = "of another type",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "image/tiff", "")),
     .feature = "image"},
    {.name = "of no type",
     .model = NOVA,
     ONE(MEDIA(IMAGE, BASE64, "AAA=", "", "")),
     .feature = "image"},
    {.name = "pdf",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "application/pdf", "My  report_v1.2.pdf")),
     .body = DOCUMENT("pdf", "My -report-v1-2")},
    {.name = "cited",
     .model = NOVA,
     ONE(CITED),
     .body = BODY(TURN("user", "{\"document\":{\"format\":\"pdf\",\"name\":\"document\","
                               "\"context\":\"old\",\"citations\":{\"enabled\":true},"
                               "\"source\":{\"bytes\":\"AAA=\"}}}"))},
    {.name = "csv",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "text/csv", "")),
     .body = DOCUMENT("csv", "document")},
    {.name = "doc",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "application/msword", "")),
     .body = DOCUMENT("doc", "document")},
    {.name = "docx by its name",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "", "a.DOCX")),
     .body = DOCUMENT("docx", "a")},
    {.name = "xls",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "application/vnd.ms-excel", "")),
     .body = DOCUMENT("xls", "document")},
    {.name = "xlsx by its name",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "", "(b) [1].xlsx")),
     .body = DOCUMENT("xlsx", "(b) [1]")},
    {.name = "html",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "text/html", "\\u00fc.html")),
     .body = DOCUMENT("html", "--")},
    {.name = "txt",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "text/plain", "")),
     .body = DOCUMENT("txt", "document")},
    {.name = "md",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "text/markdown", "")),
     .body = DOCUMENT("md", "document")},
    {.name = "an image as a file",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "image/png", "")),
     .body = IMAGE("png", BYTES)},
    {.name = "text as a file",
     .model = NOVA,
     ONE(MEDIA(FILE, TEXT, "a\\nb", "text/plain", "x")),
     .body = BODY(TURN("user", SAID("a\\nb")))},
    {.name = "a zip",
     .model = NOVA,
     ONE(MEDIA(FILE, BASE64, "AAA=", "application/zip", "a.pdf")),
     .feature = "file"},
    {.name = "file by URL",
     .model = NOVA,
     ONE(MEDIA(FILE, URL, "https://x/a.pdf", "", "")),
     .feature = "file by URL"},
    {.name = "file by id",
     .model = NOVA,
     ONE(MEDIA(FILE, ID, "file-1", "", "")),
     .feature = "file by id"},
    {.name = "audio",
     .model = NOVA,
     ONE(MEDIA(AUDIO, BASE64, "AAA=", "audio/wav", "")),
     .feature = "input_audio"},
};

static void test_images_and_documents(void **state)
{
    (void)state;
    CHECK_ALL(MEDIA_ROWS);
}

#define NAMED(name)                                                                                \
    "{\"document\":{\"format\":\"pdf\",\"name\":\"" name "\",\"source\":{" BYTES "}}}"

static const struct encode_case THREE = {
    .name = "three",
    .model = NOVA,
    .request = {MESSAGES(MESSAGE(USER, MEDIA(FILE, BASE64, "AAA=", "", "a.pdf"),
                                 MEDIA(FILE, BASE64, "AAA=", "", "a.pdf"),
                                 MEDIA(FILE, BASE64, "AAA=", "application/pdf", "")))},
    .body = BODY(TURN("user", NAMED("a") "," NAMED("a-2") "," NAMED("document-3"))),
};

static void test_names_of_documents_differ(void **state)
{
    (void)state;
    check_encoding(&THREE);
}

/* ---- thinking and caching -------------------------------------------------------------------- */

#define THOUGHT(the_text, the_signature)                                                           \
    {                                                                                              \
        .kind = PROA_CHAT_PART_REASONING, .text = B(the_text), .signature = B(the_signature)       \
    }
#define OTHERS(bytes)                                                                              \
    {                                                                                              \
        .kind = PROA_CHAT_PART_REASONING, .redacted = B(bytes),                                    \
        .sealed_as = B(PROA_CHAT_SEALED_OPENAI)                                                    \
    }
#define HIDDEN(bytes)                                                                              \
    {                                                                                              \
        .kind = PROA_CHAT_PART_REASONING, .redacted = B(bytes)                                     \
    }
#define THINKING                                                                                   \
    MESSAGES(MESSAGE(USER, TEXT("A")),                                                             \
             MESSAGE(ASSISTANT, THOUGHT("hm", "s1"), THOUGHT("h\\n", ""), OTHERS("b28="),          \
                     HIDDEN("UkQ="), TEXT("B")),                                                   \
             MESSAGE(USER, TEXT("C")))

static const struct encode_case THOUGHTS[] = {
    {.name = "thinking goes back where its signature is believed",
     .model = SONNET,
     .request = {THINKING},
     .body = BODY(ASKED "," TURN(
         "assistant",
         "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"hm\",\"signature\":\"s1\"}}},"
         "{\"reasoningContent\":{\"redactedContent\":\"UkQ=\"}}," SAID("B")) "," TURN("user",
                                                                                      SAID("C")))},
    {.name = "and nowhere else",
     .model = NOVA_2,
     .request = {THINKING},
     .body = BODY(ASKED "," TURN("assistant", SAID("B")) "," TURN("user", SAID("C")))},
};

static void test_thinking_goes_back(void **state)
{
    (void)state;
    CHECK_ALL(THOUGHTS);
}

#define MARKED(lit, how)                                                                           \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = B(lit), .cache_control = B(how)                       \
    }
#define CACHED                                                                                     \
    {                                                                                              \
        MESSAGES(MESSAGE(SYSTEM, MARKED("S", "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}")),          \
                 MESSAGE(USER, MARKED("A", "{\"type\":\"ephemeral\"}"), TEXT("B"))),               \
            TOOLS({.name = B("look"), .cache_control = B("{}")})                                   \
    }
#define POINT "{\"cachePoint\":{\"type\":\"default\"}}"
#define SPEC                                                                                       \
    "{\"toolSpec\":{\"name\":\"look\",\"inputSchema\":{\"json\":{\"type\":\"object\","             \
    "\"properties\":{}}}}}"

static const struct encode_case CACHES[] = {
    {.name = "borders of the cache",
     .model = SONNET,
     .request = CACHED,
     .body = "{\"system\":[" SAID(
         "S") ",{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}}],"
              "\"messages\":[" TURN(
                  "user", SAID("A") "," POINT "," SAID("B")) "],"
                                                             "\"toolConfig\":{\"tools\":[" SPEC
                                                             "," POINT "]}}"},
    {.name = "at a model that has none",
     .model = HAIKU_3,
     .request = CACHED,
     .body = "{\"system\":[" SAID("S") "],\"messages\":[" TURN(
         "user", SAID("A") "," SAID("B")) "],\"toolConfig\":{\"tools\":[" SPEC "]}}"},
};

static void test_borders_of_the_cache(void **state)
{
    (void)state;
    CHECK_ALL(CACHES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_tools_in_messages),
        cmocka_unit_test(test_a_failed_tool_is_told_where_it_is_understood),
        cmocka_unit_test(test_short_ids),
        cmocka_unit_test(test_images_and_documents),
        cmocka_unit_test(test_names_of_documents_differ),
        cmocka_unit_test(test_thinking_goes_back),
        cmocka_unit_test(test_borders_of_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
