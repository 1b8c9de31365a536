/* Tools and their choice. */
#include "gemini_fixture.h"

#define TOOL(the_name, text, the_schema)                                                           \
    {                                                                                              \
        .name = PROA_SLICE_INIT(the_name), .description = PROA_SLICE_INIT(text),                   \
        .schema = PROA_SLICE_INIT(the_schema)                                                      \
    }
#define CITY "{\"type\":\"object\",\"properties\":{\"at\":{\"type\":[\"string\",\"null\"]}}}"

static const struct proa_chat_tool LOOK[] = {TOOL("look", "Looks", CITY), TOOL("now", "", ""),
                                             TOOL("nil", "", "{\"type\":\"object\"}")};
static const struct proa_chat_tool CIRCLE[] = {
    TOOL("look", "", "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}}")};
static const struct proa_chat_tool OWN[] = {TOOL("now", "", ""),
                                            {.name = PROA_SLICE_INIT("search"),
                                             .own = PROA_SLICE_INIT("{\"googleSearch\":{}}"),
                                             .own_dialect = PROA_SLICE_INIT("gemini")}};
static const struct proa_chat_tool THEIRS[] = {{.name = PROA_SLICE_INIT("web_search"),
                                                .own = PROA_SLICE_INIT("{\"type\":\"web_search\"}"),
                                                .own_dialect = PROA_SLICE_INIT("openai")}};

static void request_with(struct gemini_request *r, const char *model,
                         const struct proa_chat_tool *tools, size_t n)
{
    gemini_request_init(r, "gemini", model);
    r->chat.tools = tools;
    r->chat.n_tools = n;
}

static void test_definitions(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        const struct proa_chat_tool *tools;
        size_t n;
        const char *written;
    } rows[] = {
        {"gemini-3.6-flash", LOOK, 3,
         "[{\"functionDeclarations\":[{\"name\":\"look\",\"description\":\"Looks\","
         "\"parametersJsonSchema\":" CITY "},{\"name\":\"now\"},{\"name\":\"nil\"}]}]"},
        {"gemini-2.0-flash", LOOK, 3,
         "[{\"functionDeclarations\":[{\"name\":\"look\",\"description\":\"Looks\","
         "\"parameters\":{\"type\":\"object\",\"properties\":{\"at\":{\"type\":\"string\","
         "\"nullable\":true}}}},{\"name\":\"now\"},{\"name\":\"nil\"}]}]"},
        {"gemini-2.5-pro", CIRCLE, 1,
         "[{\"functionDeclarations\":[{\"name\":\"look\",\"parametersJsonSchema\":{\"type\":"
         "\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}}}]}]"},
        {"gemini-2.5-pro", OWN, 2,
         "[{\"functionDeclarations\":[{\"name\":\"now\"}]},{\"googleSearch\":{}}]"},
        {"gemini-2.5-pro", OWN + 1, 1, "[{\"googleSearch\":{}}]"},
        {"gemini-2.5-pro", NULL, 0, ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        request_with(&r, row->model, row->tools, row->n);
        assert_ok(gemini_request_encode(&r));
        assert_slice_str(gemini_request_member(&r, "tools"), row->written);
        gemini_request_deinit(&r);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    struct gemini_request r;
    request_with(&r, "gemini-2.0-flash", CIRCLE, 1);
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
    gemini_request_refused(&r, "tools");
    gemini_request_deinit(&r);
    request_with(&r, "gemini-3.6-flash", THEIRS, 1);
    assert_int_equal(gemini_request_encode(&r), PROA_ERR_UNSUPPORTED);
    gemini_request_refused(&r, "tools");
    gemini_request_deinit(&r);
}

#define MODE(word) "{\"functionCallingConfig\":{\"mode\":\"" word "\"}}"

static void test_choice(void **state)
{
    (void)state;
    static const struct {
        enum proa_chat_choice choice;
        size_t n_tools;
        const char *options;
        const char *written;
    } rows[] = {
        {PROA_CHAT_CHOICE_UNSAID, 1, NULL, ""},
        {PROA_CHAT_CHOICE_AUTO, 1, NULL, MODE("AUTO")},
        {PROA_CHAT_CHOICE_NONE, 1, NULL, MODE("NONE")},
        {PROA_CHAT_CHOICE_REQUIRED, 1, NULL, MODE("ANY")},
        {PROA_CHAT_CHOICE_NAMED, 1, NULL,
         "{\"functionCallingConfig\":{\"mode\":\"ANY\",\"allowedFunctionNames\":[\"look\"]}}"},
        {PROA_CHAT_CHOICE_AUTO, 0, NULL, ""},
        {PROA_CHAT_CHOICE_UNSAID, 0, "{\"google\":{\"retrievalConfig\":{\"languageCode\":\"de\"}}}",
         "{\"retrievalConfig\":{\"languageCode\":\"de\"}}"},
        {PROA_CHAT_CHOICE_NONE, 1, "{\"google\":{\"retrievalConfig\":{}}}",
         "{\"functionCallingConfig\":{\"mode\":\"NONE\"},\"retrievalConfig\":{}}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        request_with(&r, "gemini-3.6-flash", LOOK, row->n_tools);
        r.chat.choice = row->choice;
        r.chat.choice_name = PROA_SLICE("look");
        r.chat.provider_options = proa_slice_cstr(row->options);
        assert_ok(gemini_request_encode(&r));
        assert_slice_str(gemini_request_member(&r, "toolConfig"), row->written);
        gemini_request_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
