/* Where the marks for what is to be cached are put, as both dialects of Claude write them. */
#include "asked.h"

#define S(text) PROA_SLICE_INIT(text)
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = S(t)                                                  \
    }
#define PARTS(p) .parts = (p), .n_parts = PROA_ARRAY_LEN(p)

#define MARK ",\"cache_control\":{\"type\":\"ephemeral\"}"

static const struct proa_chat_part RULES[] = {TEXT("a"), TEXT("b"), TEXT(" ")};
static const struct proa_chat_part ASKED[] = {TEXT("c"), TEXT("d")};
static const struct proa_chat_part CALLED[] = {
    {.kind = PROA_CHAT_PART_TOOL_CALL, .id = S("t1"), .name = S("look"), .arguments = S("{}")}};
static const struct proa_chat_part SEEN[] = {TEXT("e")};
static const struct proa_chat_part RESULT[] = {
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("t1"), PARTS(SEEN)}};
static const struct proa_chat_part MARKED[] = {
    {.kind = PROA_CHAT_PART_TEXT, .text = S("c"), .cache_control = S("{\"ttl\":\"1h\"}")}};
static const struct proa_chat_part MARKED_RESULT[] = {
    {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("t1"), PARTS(MARKED)}};
static const struct proa_chat_part BLANK[] = {TEXT(" ")};

static const struct proa_chat_message CONVERSATION[] = {
    {.role = PROA_CHAT_SYSTEM, PARTS(RULES)},
    {.role = PROA_CHAT_USER, PARTS(ASKED)},
    {.role = PROA_CHAT_ASSISTANT, PARTS(CALLED)},
    {.role = PROA_CHAT_TOOL, PARTS(RESULT)},
};
static const struct proa_chat_message OWN[] = {{.role = PROA_CHAT_SYSTEM, PARTS(RULES)},
                                               {.role = PROA_CHAT_USER, PARTS(MARKED)}};
static const struct proa_chat_message OWN_RESULT[] = {
    {.role = PROA_CHAT_USER, PARTS(ASKED)},
    {.role = PROA_CHAT_ASSISTANT, PARTS(CALLED)},
    {.role = PROA_CHAT_TOOL, PARTS(MARKED_RESULT)},
    {.role = PROA_CHAT_USER, PARTS(ASKED)}};
static const struct proa_chat_message SILENT[] = {{.role = PROA_CHAT_USER, PARTS(ASKED)},
                                                  {.role = PROA_CHAT_ASSISTANT, PARTS(SEEN)},
                                                  {.role = PROA_CHAT_USER, PARTS(BLANK)}};

#define T(text, more) "{\"type\":\"text\",\"text\":\"" text "\"" more "}"

static void marks_at_anthropic(void **state)
{
    (void)state;
    static const struct {
        struct proa_chat_request chat;
        bool cache;
        const char *holds[3];
    } rows[] = {
        {{.messages = CONVERSATION, .n_messages = PROA_ARRAY_LEN(CONVERSATION)},
         true,
         {"\"system\":[" T("a", "") "," T("b", MARK) "]",
          "\"content\":[" T("c", "") "," T("d", "") "]", "\"content\":[" T("e", "") "]" MARK "}"}},
        {{.messages = CONVERSATION, .n_messages = PROA_ARRAY_LEN(CONVERSATION)},
         false,
         {"\"system\":[" T("a", "") "," T("b", "") "]", "\"content\":[" T("e", "") "]}"}},
        {{.messages = CONVERSATION, .n_messages = 2},
         true,
         {T("b", MARK), "\"content\":[" T("c", "") "," T("d", MARK) "]"}},
        /* Who marks something means that. */
        {{.messages = OWN, .n_messages = 2},
         true,
         {"\"system\":[" T("a", "") "," T("b", "") "]",
          T("c", ",\"cache_control\":{\"ttl\":\"1h\"}")}},
        {{.messages = OWN_RESULT, .n_messages = 4},
         true,
         {T("c", ",\"cache_control\":{\"ttl\":\"1h\"}"), T("c", "") "," T("d", "")}},
        {{.messages = CONVERSATION,
          .n_messages = 2,
          .provider_options = S("{\"anthropic\":{\"cacheControl\":{\"type\":\"ephemeral\"}}}")},
         true,
         {T("b", ""), T("c", "") "," T("d", "")}},
        {{.messages = SILENT, .n_messages = 3}, true, {T("c", "") "," T("d", MARK)}},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct asked a;
        asked_setup(&a, "claude-sonnet-5");
        a.in.chat = &row->chat;
        a.in.cache = row->cache;
        asked_encode(&a, "anthropic");
        assert_ok(a.err);
        const struct proa_slice body = proa_buf_slice(&a.out.body);
        for (size_t i = 0; i < PROA_ARRAY_LEN(row->holds) && row->holds[i]; i++) {
            PROA_TEST_CHECK(proa_slice_search(body, proa_slice_cstr(row->holds[i])) < body.len,
                            "%s\n not in %" PROA_SLICE_FMT, row->holds[i], PROA_SLICE_ARG(body));
        }
        assert_string_equal(a.warned, "");
        asked_teardown(&a);
    }
}

static size_t count(struct proa_slice text, const char *part)
{
    size_t n = 0;
    const struct proa_slice wanted = proa_slice_cstr(part);
    size_t at = proa_slice_search(text, wanted);
    while (at < text.len) {
        n++;
        text = proa_slice_from(text, at + wanted.len);
        at = proa_slice_search(text, wanted);
    }
    return n;
}

static void points_at_bedrock(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        size_t n;
    } rows[] = {{"us.anthropic.claude-sonnet-4-5-20250929-v1:0", 2},
                {"us.meta.llama4-maverick-17b-instruct-v1:0", 0}};
    static const struct proa_chat_request chat = {.messages = CONVERSATION, .n_messages = 2};
    PROA_TEST_ROWS(row, rows)
    {
        struct asked a;
        asked_setup(&a, row->model);
        a.in.chat = &chat;
        a.in.cache = true;
        asked_encode(&a, "bedrock");
        assert_ok(a.err);
        assert_int_equal(
            count(proa_buf_slice(&a.out.body), "{\"cachePoint\":{\"type\":\"default\"}}"), row->n);
        asked_teardown(&a);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_at_anthropic),
        cmocka_unit_test(points_at_bedrock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
