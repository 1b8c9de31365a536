/*
 * The estimate of a request's tokens: near what real vocabularies make of the same text, linear in
 * its length, and of everything that is sent.
 */
#include "proa/api/tokens.h"
#include "proa/core/buf.h"

#include "proa_test.h"

static uint64_t of_text(const char *model, struct proa_slice text)
{
    const struct proa_chat_part part = {.text = text};
    const struct proa_chat_message message = {.role = PROA_CHAT_USER, .parts = &part, .n_parts = 1};
    const struct proa_chat_request chat = {.messages = &message, .n_messages = 1};
    return proa_api_tokens_of(&chat, proa_slice_cstr(model));
}

/* Counted with js-tiktoken (o200k_base) and @anthropic-ai/tokenizer; the message around the text is
 * 4 and 3 tokens here. */
static void near_real_vocabularies(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* JSON text */
        uint64_t o200k;
        uint64_t claude;
    } rows[] = {
        {"A proxy that keeps an application's calls to language models going when providers do "
         "not. It runs beside the application, listens on localhost, and tries the next provider "
         "before the client sees a failure.",
         38, 39},
        {"static enum proa_err finish(struct proa_buf *out, size_t from, bool ok)\\n{\\n    if (ok "
         "&& proa_buf_ok(out)) {\\n        return PROA_OK;\\n    }\\n    out->len = from;\\n    "
         "return PROA_ERR_LIMIT;\\n}\\n",
         56, 69},
        {"{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{\\\"city\\\":{\\\"type\\\":"
         "\\\"string\\\",\\\"description\\\":\\\"Name of the "
         "city\\\"},\\\"days\\\":{\\\"type\\\":\\\"integer\\\",\\\"minimum\\\":1,\\\"maximum\\\":"
         "14}},\\\"required\\\":[\\\"city\\\"]}",
         41, 40},
        {"Der Schlüssel liegt unter der Matte, und wer zuerst nach Hause kommt, macht bitte das "
         "Licht an und stellt die Heizung etwas höher.",
         27, 40},
        {"語言模型的請求經過本機的代理程式，如果供應商沒有回應，就會自動嘗試下一個。", 31, 45},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const uint64_t other = of_text("gpt-5.5", proa_slice_cstr(row->text)) - 4;
        const uint64_t claude = of_text("claude-sonnet-5", proa_slice_cstr(row->text)) - 3;
        PROA_TEST_CHECK(other * 10 >= row->o200k * 7 && other * 10 <= row->o200k * 13,
                        "%s: %u for %u", row->text, (unsigned)other, (unsigned)row->o200k);
        PROA_TEST_CHECK(claude * 10 >= row->claude * 7 && claude * 10 <= row->claude * 13,
                        "%s: %u for %u", row->text, (unsigned)claude, (unsigned)row->claude);
    }
}

static void twice_the_text_is_twice_the_tokens(void **state)
{
    (void)state;
    struct proa_buf text;
    proa_buf_init(&text, SIZE_MAX);
    uint64_t last = 0;
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 50 << i; k++) {
            PROA_BUF_LIT(&text, "the quick {brown: 42} fox\\n");
        }
        const uint64_t now = of_text("m", proa_buf_slice(&text));
        assert_true(i == 0 || (now > 19 * last / 10 && now < 31 * last / 10));
        last = now;
    }
    proa_buf_deinit(&text);
}

static void everything_that_is_sent_counts(void **state)
{
    (void)state;
    const struct proa_chat_part inside[] = {{.text = PROA_SLICE("result words")}};
    const struct proa_chat_part parts[] = {
        {.text = PROA_SLICE("hello")},
        {.kind = PROA_CHAT_PART_IMAGE,
         .source = PROA_CHAT_SOURCE_URL,
         .data = PROA_SLICE("https://a")},
        {.kind = PROA_CHAT_PART_FILE,
         .source = PROA_CHAT_SOURCE_TEXT,
         .data = PROA_SLICE("a text file")},
        {.kind = PROA_CHAT_PART_FILE,
         .source = PROA_CHAT_SOURCE_BASE64,
         .data = PROA_SLICE("JVBERi")},
        {.kind = PROA_CHAT_PART_TOOL_CALL,
         .id = PROA_SLICE("t1"),
         .name = PROA_SLICE("look"),
         .arguments = PROA_SLICE("{\"a\":1}")},
        {.kind = PROA_CHAT_PART_TOOL_RESULT, .parts = inside, .n_parts = 1},
    };
    const struct proa_chat_tool tool = {.name = PROA_SLICE("look"),
                                        .description = PROA_SLICE("looks a word up"),
                                        .schema = PROA_SLICE("{\"type\":\"object\"}")};
    uint64_t last = 0;
    for (size_t n = 0; n <= PROA_ARRAY_LEN(parts); n++) {
        const struct proa_chat_message message = {.parts = parts, .n_parts = n};
        struct proa_chat_request chat = {.messages = &message, .n_messages = 1};
        const uint64_t now = proa_api_tokens_of(&chat, PROA_SLICE("m"));
        assert_true(now > last);
        last = now;
        chat.tools = &tool;
        chat.n_tools = 1;
        assert_true(proa_api_tokens_of(&chat, PROA_SLICE("m")) > now + 12);
        assert_true(proa_api_tokens_of(&chat, PROA_SLICE("claude-x")) > now + 300);
    }
    const struct proa_chat_part thought = {.kind = PROA_CHAT_PART_REASONING,
                                           .text = PROA_SLICE("a long thought")};
    const struct proa_chat_message message = {.parts = &thought, .n_parts = 1};
    const struct proa_chat_request chat = {.messages = &message, .n_messages = 1};
    assert_int_equal(proa_api_tokens_of(&chat, PROA_SLICE("m")), 4);
    const struct proa_chat_request nothing = {.n_messages = 0};
    assert_int_equal(proa_api_tokens_of(&nothing, PROA_SLICE("m")), 1);
}

/* Cut anywhere, also within an escape or a character. */
static void any_end_is_fine(void **state)
{
    (void)state;
    static const char text[] =
        "a\\u00e4\\n\\n\\\"\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80 wordsTogether12";
    uint64_t last = 0;
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = proa_memdup(text, n);
        const uint64_t now = of_text("m", proa_slice_make(copy, n));
        assert_true(now + 1 >= last);
        last = now;
        proa_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_real_vocabularies),
        cmocka_unit_test(twice_the_text_is_twice_the_tokens),
        cmocka_unit_test(everything_that_is_sent_counts),
        cmocka_unit_test(any_end_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
