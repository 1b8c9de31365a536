/* Messages: turns, parts, calls of tools and their results, media. */
#include "gemini_fixture.h"

static const struct proa_chat_part HI[] = {TEXT("hi \\\"you\\\"")};
static const struct proa_chat_part HO[] = {TEXT("ho")};
static const struct proa_chat_part BE[] = {TEXT("be kind"), TEXT(""), TEXT("be brief")};
static const struct proa_chat_part TODAY[] = {TEXT("it is Monday")};
static const struct proa_chat_part EMPTY[] = {TEXT("")};
static const struct proa_chat_part REFUSAL[] = {
    {.kind = PROA_CHAT_PART_REFUSAL, .text = PROA_SLICE_INIT("no")}};
static const struct proa_chat_part THOUGHT[] = {{.kind = PROA_CHAT_PART_REASONING,
                                                 .text = PROA_SLICE_INIT("hm"),
                                                 .signature = PROA_SLICE_INIT("theirs")},
                                                TEXT("ho")};
static const struct proa_chat_part ONLY_THOUGHT[] = {
    {.kind = PROA_CHAT_PART_REASONING, .text = PROA_SLICE_INIT("hm")}};

static const struct proa_chat_part TWO_CALLS[] = {CALL("c1", "look", "{\"at\": \"Oslo\"}", ""),
                                                  CALL("c2", "look", "{\"at\":\"Rome\"}", "")};
static const struct proa_chat_part SIGNED_CALLS[] = {CALL("c1", "look", "{}", "c2ln"),
                                                     CALL("c2", "look", "{}", "")};
static const struct proa_chat_part NO_ARGUMENTS[] = {CALL("", "now", "", "")};
static const struct proa_chat_part BROKEN_ARGUMENTS[] = {CALL("c1", "look", "\"{oops\"", "")};
static const struct proa_chat_part RAIN[] = {TEXT("ra"), TEXT("in")};
static const struct proa_chat_part SUN[] = {TEXT("sun")};
static const struct proa_chat_part SHOWN[] = {TEXT("see"),
                                              {.kind = PROA_CHAT_PART_IMAGE,
                                               .source = PROA_CHAT_SOURCE_BASE64,
                                               .media_type = PROA_SLICE_INIT("image/png"),
                                               .data = PROA_SLICE_INIT("iVBO")}};
static const struct proa_chat_part SUN_FIRST[] = {RESULT("c2", "look", SUN),
                                                  RESULT("c1", "look", RAIN)};
static const struct proa_chat_part SUN_ONLY[] = {RESULT("c2", "look", SUN)};
static const struct proa_chat_part RAIN_ONLY[] = {RESULT("c1", "look", RAIN)};
static const struct proa_chat_part STRANGER[] = {RESULT("c9", "look", SUN)};
static const struct proa_chat_part FAILED[] = {{.kind = PROA_CHAT_PART_TOOL_RESULT,
                                                .id = PROA_SLICE_INIT("c1"),
                                                .name = PROA_SLICE_INIT("look"),
                                                .parts = SUN,
                                                .n_parts = 1,
                                                .is_error = true}};
static const struct proa_chat_part SHOWING[] = {RESULT("c1", "look", SHOWN)};

static const struct proa_chat_message ONE[] = {MESSAGE(USER, HI)};
static const struct proa_chat_message SYSTEMS[] = {MESSAGE(SYSTEM, BE), MESSAGE(USER, HO),
                                                   MESSAGE(SYSTEM, TODAY), MESSAGE(USER, HO),
                                                   MESSAGE(ASSISTANT, HO)};
static const struct proa_chat_message SYSTEM_ONLY[] = {MESSAGE(SYSTEM, TODAY)};
static const struct proa_chat_message MODEL_FIRST[] = {MESSAGE(ASSISTANT, REFUSAL),
                                                       MESSAGE(USER, HO)};
static const struct proa_chat_message BLANKS[] = {MESSAGE(USER, HO), MESSAGE(ASSISTANT, EMPTY),
                                                  MESSAGE(ASSISTANT, ONLY_THOUGHT),
                                                  MESSAGE(USER, HO)};
static const struct proa_chat_message THOUGHTS[] = {MESSAGE(USER, HO), MESSAGE(ASSISTANT, THOUGHT)};
static const struct proa_chat_message SORTED[] = {MESSAGE(USER, HO), MESSAGE(ASSISTANT, TWO_CALLS),
                                                  MESSAGE(TOOL, SUN_FIRST)};
static const struct proa_chat_message APART[] = {
    MESSAGE(USER, HO),       MESSAGE(ASSISTANT, SIGNED_CALLS), MESSAGE(USER, HO),
    MESSAGE(TOOL, SUN_ONLY), MESSAGE(TOOL, RAIN_ONLY),         MESSAGE(USER, HO)};
static const struct proa_chat_message ODD[] = {
    MESSAGE(USER, HO), MESSAGE(ASSISTANT, NO_ARGUMENTS), MESSAGE(TOOL, STRANGER),
    MESSAGE(ASSISTANT, BROKEN_ARGUMENTS), MESSAGE(TOOL, FAILED)};
static const struct proa_chat_message SHOWS[] = {MESSAGE(USER, HO), MESSAGE(ASSISTANT, TWO_CALLS),
                                                 MESSAGE(TOOL, SHOWING)};

#define USER_HO "{\"role\":\"user\",\"parts\":[{\"text\":\"ho\"}]}"
#define SKIP    "\"thoughtSignature\":\"skip_thought_signature_validator\""

static const struct {
    const char *vendor;
    const char *model;
    const struct proa_chat_message *messages;
    size_t n;
    const char *contents;
    const char *system;
} ROWS[] = {
#define M(x) x, PROA_ARRAY_LEN(x)
    {"gemini", "gemini-2.5-pro", M(ONE),
     "[{\"role\":\"user\",\"parts\":[{\"text\":\"hi \\\"you\\\"\"}]}]", ""},
    /* The system's words are put together; turns of one side as well. */
    {"gemini", "gemini-2.5-pro", M(SYSTEMS),
     "[{\"role\":\"user\",\"parts\":[{\"text\":\"ho\"},{\"text\":\"ho\"}]},"
     "{\"role\":\"model\",\"parts\":[{\"text\":\"ho\"}]}]",
     "{\"parts\":[{\"text\":\"be kind\"},{\"text\":\"be brief\"},{\"text\":\"it is Monday\"}]}"},
    {"gemini", "gemini-2.5-pro", M(SYSTEM_ONLY),
     "[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]}]",
     "{\"parts\":[{\"text\":\"it is Monday\"}]}"},
    {"gemini", "gemini-2.5-pro", M(MODEL_FIRST),
     "[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]},"
     "{\"role\":\"model\",\"parts\":[{\"text\":\"no\"}]}," USER_HO "]",
     ""},
    /* A turn of nothing is none, and parts nobody's. */
    {"gemini", "gemini-2.5-pro", M(BLANKS),
     "[{\"role\":\"user\",\"parts\":[{\"text\":\"ho\"},{\"text\":\"ho\"}]}]", ""},
    /* Thoughts are not sent back, another provider's least of all. */
    {"gemini", "gemini-3.6-flash", M(THOUGHTS),
     "[" USER_HO ",{\"role\":\"model\",\"parts\":[{\"text\":\"ho\"}]}]", ""},
    /* Results stand in the order of the calls; no ids go to Vertex; the first of calls without a
     * signature gets one where it must have it. */
    {"vertex", "gemini-3.6-flash", M(SORTED),
     "[" USER_HO ",{\"role\":\"model\",\"parts\":["
     "{\"functionCall\":{\"name\":\"look\",\"args\":{\"at\": \"Oslo\"}}," SKIP "},"
     "{\"functionCall\":{\"name\":\"look\",\"args\":{\"at\":\"Rome\"}}}]},"
     "{\"role\":\"user\",\"parts\":["
     "{\"functionResponse\":{\"name\":\"look\",\"response\":{\"name\":\"look\",\"content\":"
     "\"rain\"}}},"
     "{\"functionResponse\":{\"name\":\"look\",\"response\":{\"name\":\"look\",\"content\":"
     "\"sun\"}}}]}]",
     ""},
    /* Results in two messages are one turn, with what the user says before and after. */
    {"gemini", "gemini-3.6-flash", M(APART),
     "[" USER_HO ",{\"role\":\"model\",\"parts\":["
     "{\"functionCall\":{\"id\":\"c1\",\"name\":\"look\",\"args\":{}},\"thoughtSignature\":"
     "\"c2ln\"},"
     "{\"functionCall\":{\"id\":\"c2\",\"name\":\"look\",\"args\":{}}}]},"
     "{\"role\":\"user\",\"parts\":["
     "{\"functionResponse\":{\"id\":\"c1\",\"name\":\"look\",\"response\":{\"name\":\"look\","
     "\"content\":\"rain\"}}},"
     "{\"functionResponse\":{\"id\":\"c2\",\"name\":\"look\",\"response\":{\"name\":\"look\","
     "\"content\":\"sun\"}}},{\"text\":\"ho\"},{\"text\":\"ho\"}]}]",
     ""},
    {"gemini", "gemini-2.5-pro", M(ODD),
     "[" USER_HO ",{\"role\":\"model\",\"parts\":["
     "{\"functionCall\":{\"name\":\"now\",\"args\":{}}}]},"
     "{\"role\":\"user\",\"parts\":["
     "{\"functionResponse\":{\"id\":\"c9\",\"name\":\"look\",\"response\":{\"name\":\"look\","
     "\"content\":\"sun\"}}}]},"
     "{\"role\":\"model\",\"parts\":["
     "{\"functionCall\":{\"id\":\"c1\",\"name\":\"look\",\"args\":{\"arguments\":\"{oops\"}}}]},"
     "{\"role\":\"user\",\"parts\":["
     "{\"functionResponse\":{\"id\":\"c1\",\"name\":\"look\",\"response\":{\"name\":\"look\","
     "\"error\":\"sun\"}}}]}]",
     ""},
    /* What a result shows follows its words. */
    {"vertex", "gemini-2.5-pro", M(SHOWS),
     "[" USER_HO ",{\"role\":\"model\",\"parts\":["
     "{\"functionCall\":{\"name\":\"look\",\"args\":{\"at\": \"Oslo\"}}},"
     "{\"functionCall\":{\"name\":\"look\",\"args\":{\"at\":\"Rome\"}}}]},"
     "{\"role\":\"user\",\"parts\":["
     "{\"functionResponse\":{\"name\":\"look\",\"response\":{\"name\":\"look\",\"content\":"
     "\"see\"}}},"
     "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}}]}]",
     ""},
#undef M
};

static void test_turns(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        struct gemini_request r;
        gemini_request_init(&r, row->vendor, row->model);
        r.chat.messages = row->messages;
        r.chat.n_messages = row->n;
        assert_ok(gemini_request_encode(&r));
        assert_slice_str(gemini_request_member(&r, "contents"), row->contents);
        assert_slice_str(gemini_request_member(&r, "systemInstruction"), row->system);
        gemini_request_warned(&r, "");
        gemini_request_deinit(&r);
    }
}

#define BLOB(the_kind, from, type, bytes)                                                          \
    {                                                                                              \
        .kind = PROA_CHAT_PART_##the_kind, .source = PROA_CHAT_SOURCE_##from,                      \
        .media_type = PROA_SLICE_INIT(type), .data = PROA_SLICE_INIT(bytes)                        \
    }
#define FILE_DATA(type, uri) "{\"fileData\":{\"mimeType\":\"" type "\",\"fileUri\":\"" uri "\"}}"

static void test_media(void **state)
{
    (void)state;
    static const struct {
        struct proa_chat_part part;
        const char *written; /* NULL = refused */
        const char *feature;
    } rows[] = {
        {BLOB(IMAGE, BASE64, "image/png", "iVBO"),
         "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}}", NULL},
        {BLOB(AUDIO, BASE64, "audio/wav", "UklG"),
         "{\"inlineData\":{\"mimeType\":\"audio/wav\",\"data\":\"UklG\"}}", NULL},
        {BLOB(FILE, BASE64, "application/pdf", "JVBE"),
         "{\"inlineData\":{\"mimeType\":\"application/pdf\",\"data\":\"JVBE\"}}", NULL},
        {BLOB(IMAGE, BASE64, "", "iVBO"), NULL, "image_url"},
        {BLOB(AUDIO, BASE64, "", "iVBO"), NULL, "input_audio"},
        {BLOB(IMAGE, URL, "image/webp", "https://x.example/a"),
         FILE_DATA("image/webp", "https://x.example/a"), NULL},
        {BLOB(IMAGE, URL, "", "https://x.example/a.JPG?size=1#top"),
         FILE_DATA("image/jpeg", "https://x.example/a.JPG?size=1#top"), NULL},
        {BLOB(FILE, URL, "", "gs://bucket/paper.pdf"),
         FILE_DATA("application/pdf", "gs://bucket/paper.pdf"), NULL},
        {BLOB(IMAGE, URL, "", "https://x.example/.png/a"), NULL, "image_url"},
        {BLOB(IMAGE, URL, "", "https://x.example/?a.png"), NULL, "image_url"},
        {BLOB(IMAGE, URL, "", ".png"), NULL, "image_url"},
        {BLOB(FILE, TEXT, "", "a\\nb"), "{\"text\":\"a\\nb\"}", NULL},
        {BLOB(FILE, ID, "application/pdf", "file-abc"), NULL, "file"},
        {BLOB(FILE, NONE, "", ""), NULL, "file"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_chat_part parts[] = {TEXT("see"), row->part};
        const struct proa_chat_message messages[] = {MESSAGE(USER, parts)};
        struct gemini_request r;
        char expected[256];
        gemini_request_init(&r, "gemini", "gemini-2.5-pro");
        r.chat.messages = messages;
        if (row->written) {
            (void)snprintf(expected, sizeof expected,
                           "[{\"role\":\"user\",\"parts\":[{\"text\":\"see\"},%s]}]", row->written);
            assert_ok(gemini_request_encode(&r));
            assert_slice_str(gemini_request_member(&r, "contents"), expected);
        } else {
            assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
            gemini_request_refused(&r, row->feature);
        }
        gemini_request_deinit(&r);
    }
}

static void test_a_result_of_nothing(void **state)
{
    (void)state;
    static const struct proa_chat_part orphan[] = {RESULT("c1", "", SUN)};
    const struct proa_chat_message messages[] = {MESSAGE(USER, HO), MESSAGE(TOOL, orphan)};
    struct gemini_request r;
    gemini_request_init(&r, "gemini", "gemini-2.5-pro");
    r.chat.messages = messages;
    r.chat.n_messages = 2;
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
    gemini_request_refused(&r, "tool_call_id");
    gemini_request_deinit(&r);
}

/* More results than are put in order: none is lost. */
static void test_many_results(void **state)
{
    (void)state;
    enum { MANY = 150 };
    static struct proa_chat_part results[MANY];
    static const struct proa_chat_part one = RESULT("c1", "look", SUN);
    for (size_t i = 0; i < MANY; i++) {
        results[i] = one;
    }
    const struct proa_chat_message messages[] = {MESSAGE(USER, HO), MESSAGE(ASSISTANT, TWO_CALLS),
                                                 MESSAGE(TOOL, results)};
    struct gemini_request r;
    size_t n = 0;
    gemini_request_init(&r, "vertex", "gemini-2.5-pro");
    r.chat.messages = messages;
    r.chat.n_messages = 3;
    assert_ok(gemini_request_encode(&r));
    struct proa_slice rest = proa_buf_slice(&r.out.body);
    const struct proa_slice word = PROA_SLICE("functionResponse");
    for (size_t at = 0; (at = proa_slice_search(rest, word)) < rest.len; n++) {
        rest = proa_slice_from(rest, at + word.len);
    }
    assert_int_equal(n, MANY);
    gemini_request_deinit(&r);
}

static void test_what_is_left_out_is_warned_of(void **state)
{
    (void)state;
    static const struct proa_chat_part parts[] = {
        {.kind = PROA_CHAT_PART_TEXT,
         .text = PROA_SLICE_INIT("hi"),
         .cache_control = PROA_SLICE_INIT("{\"type\":\"ephemeral\"}")},
        {.kind = PROA_CHAT_PART_IMAGE,
         .source = PROA_CHAT_SOURCE_BASE64,
         .media_type = PROA_SLICE_INIT("image/png"),
         .data = PROA_SLICE_INIT("iVBO"),
         .detail = PROA_SLICE_INIT("auto")},
        {.kind = PROA_CHAT_PART_IMAGE,
         .source = PROA_CHAT_SOURCE_BASE64,
         .media_type = PROA_SLICE_INIT("image/png"),
         .data = PROA_SLICE_INIT("iVBO"),
         .detail = PROA_SLICE_INIT("low")}};
    static const struct {
        size_t n;
        const char *name;
        const char *warned;
    } rows[] = {
        {1, "", "cache_control"},
        {2, "", "cache_control"},
        {3, "", "cache_control detail"},
        {1, "Ann", "name cache_control"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_chat_message messages[] = {{.role = PROA_CHAT_USER,
                                                      .name = proa_slice_cstr(row->name),
                                                      .parts = parts,
                                                      .n_parts = row->n}};
        struct gemini_request r;
        gemini_request_init(&r, "gemini", "gemini-2.5-pro");
        r.chat.messages = messages;
        assert_ok(gemini_request_encode(&r));
        gemini_request_warned(&r, row->warned);
        gemini_request_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_media),
        cmocka_unit_test(test_a_result_of_nothing),
        cmocka_unit_test(test_many_results),
        cmocka_unit_test(test_what_is_left_out_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
