/* What the SDK is shown of a provider's own words: usage in two parts, results, names of tools. */
#include "aisdk_write_priv.h"

#include "proa_test.h"

static void usage_in_two_parts(void **state)
{
    (void)state;
    static const struct {
        const char *said[4];
        const char *all;
    } rows[] = {
        {{NULL}, ""},
        {{"{\"a\":1}"}, "{\"a\":1}"},
        {{"{\"in\":1,\"out\":1,\"x\":{\"y\":[2]}}", "{\"out\":7}"},
         "{\"in\":1,\"x\":{\"y\":[2]},\"out\":7}"},
        {{"{\"in\":1}", "{\"out\":2}", "{\"out\":3,\"more\":null}"},
         "{\"in\":1,\"out\":3,\"more\":null}"},
        {{"{\"in\" : {\n\"a\" : 1 } }"}, "{\"in\":{ \"a\" : 1 }}"},
        {{"{}", ""}, "{}"},
        /* What is no object is nothing. */
        {{"{\"a\":1", "{\"b\":2}"}, "{\"b\":2}"},
        {{"[1]"}, ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_aisdk_raw_usage raw;
        proa_arena_init(&arena, NULL);
        proa_aisdk_raw_usage_init(&raw);
        for (size_t i = 0; i < PROA_ARRAY_LEN(row->said) && row->said[i]; i++) {
            proa_aisdk_raw_usage_take(&raw, proa_slice_cstr(row->said[i]));
        }
        assert_slice_str(proa_aisdk_raw_usage_of(&raw, &arena), row->all);
        proa_aisdk_raw_usage_deinit(&raw);
        proa_arena_reset(&arena);
    }
}

static void usage_out_of_all_size(void **state)
{
    (void)state;
    static char large[64 * 1024];
    struct proa_arena arena;
    struct proa_aisdk_raw_usage raw;
    memset(large, ' ', sizeof large);
    large[0] = '{';
    large[sizeof large - 1] = '}';
    proa_arena_init(&arena, NULL);
    proa_aisdk_raw_usage_init(&raw);
    proa_aisdk_raw_usage_take(&raw, proa_slice_make(large, sizeof large));
    assert_slice_lit(proa_aisdk_raw_usage_of(&raw, &arena), "");
    proa_aisdk_raw_usage_deinit(&raw);
    proa_arena_reset(&arena);
}

static void results(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *put;
    } rows[] = {
        {"[{\"type\":\"web_search_result\",\"url\":\"u\",\"page_age\":null,\"encrypted_content\":"
         "\"e\"}]",
         "[{\"type\":\"web_search_result\",\"url\":\"u\",\"pageAge\":null,\"encryptedContent\":"
         "\"e\"}]"},
        {"{\"error_code\" : \"x\", \"return_code\":0}",
         "{\"errorCode\" : \"x\", \"return_code\":0}"},
        /* Names alone, never what they are of. */
        {"{\"a\":\"page_age\",\"b\":[\"page_age\",\"media_type\"],\"c\":\"\\\"page_age\\\": 1\"}",
         "{\"a\":\"page_age\",\"b\":[\"page_age\",\"media_type\"],\"c\":\"\\\"page_age\\\": 1\"}"},
        {"{\n\"retrieved_at\"\n:\n1}", "{ \"retrievedAt\" : 1}"},
        {"7", "7"},
        {"{\"page_age\":", "\"{\\\"pageAge\\\":\""}, /* what is no JSON is a text */
        {"\"page_age", "\"\\\"page_age\""},
        {"\"\\", "\"\\\"\\\\\""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        proa_aisdk_put_result(&out, proa_slice_cstr(row->json));
        assert_slice_str(proa_buf_slice(&out), row->put);
        proa_buf_deinit(&out);
    }
}

static void names(void **state)
{
    (void)state;
    static const struct proa_chat_tool tools[] = {
        {.name = PROA_SLICE_INIT("f")},
        {.name = PROA_SLICE_INIT("find"), .own_name = PROA_SLICE_INIT("web_search")},
    };
    const struct proa_chat_request chat = {.tools = tools, .n_tools = PROA_ARRAY_LEN(tools)};
    struct proa_arena arena;
    struct proa_aisdk_aliases aliases;
    proa_arena_init(&arena, NULL);
    proa_aisdk_aliases_of(&chat, &arena, &aliases);
    assert_slice_lit(proa_aisdk_alias_of(&aliases, PROA_SLICE("web_search")), "find");
    assert_slice_lit(proa_aisdk_alias_of(&aliases, PROA_SLICE("f")), "f");
    assert_slice_lit(proa_aisdk_alias_of(&aliases, PROA_SLICE("web_fetch")), "web_fetch");
    assert_slice_lit(proa_chat_tool_own_name(&chat, PROA_SLICE("find")), "web_search");
    assert_slice_lit(proa_chat_tool_own_name(&chat, PROA_SLICE("f")), "f");
    proa_arena_reset(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_in_two_parts),
        cmocka_unit_test(usage_out_of_all_size),
        cmocka_unit_test(results),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
