#include "proa/chat/text.h"

#include "proa_test.h"

static void test_a_token_without_its_quotes(void **state)
{
    (void)state;
    assert_slice_str(proa_chat_text(PROA_SLICE("\"a\\n\"")), "a\\n");
    assert_int_equal(proa_chat_text(PROA_SLICE("\"\"")).len, 0);
    static const char *const none[] = {"", "\"", "1", "null", "{}", "\"a", "a\""};
    for (size_t i = 0; i < PROA_ARRAY_LEN(none); i++) {
        assert_int_equal(proa_chat_text(proa_slice_cstr(none[i])).len, 0);
    }
}

static void test_there_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        const char *text;
    } rows[] = {
        {"", ""},           {"call_1", "call_1"},          {"say \"hi\"", "say \\\"hi\\\""},
        {"a\\b", "a\\\\b"}, {"line\nline", "line\\nline"}, {"\xc3\xa9", "\xc3\xa9"},
    };
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct proa_slice plain = proa_slice_cstr(rows[i].plain);
        const struct proa_slice text = proa_chat_text_of(plain, &arena);
        assert_slice_str(text, rows[i].text);
        assert_slice_str(proa_chat_text_plain(text, &arena), rows[i].plain);
        assert_true(proa_chat_text_eq(text, plain));
        assert_false(proa_chat_text_eq(text, PROA_SLICE("other")));
    }
    /* What is simple is borrowed, not copied. */
    const struct proa_slice simple = PROA_SLICE("call_1");
    assert_ptr_equal(proa_chat_text_of(simple, &arena).ptr, simple.ptr);
    assert_ptr_equal(proa_chat_text_plain(simple, &arena).ptr, simple.ptr);
    assert_int_equal(proa_chat_text_plain(PROA_SLICE("\\x"), &arena).len, 0);
    proa_arena_reset(&arena);
}

static void test_texts_are_equal_by_what_they_stand_for(void **state)
{
    (void)state;
    assert_true(proa_chat_text_eq(PROA_SLICE("\\u0061b"), PROA_SLICE("ab")));
    assert_false(proa_chat_text_eq(PROA_SLICE("\\u0061b"), PROA_SLICE("\\u0061b")));
    assert_true(proa_chat_text_eq(PROA_SLICE_NONE, PROA_SLICE_NONE));
}

static void test_put(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 8);
    assert_ok(proa_chat_text_put(&b, PROA_SLICE("a\\n")));
    assert_ok(proa_chat_text_put(&b, PROA_SLICE_NONE));
    assert_slice_str(proa_buf_slice(&b), "\"a\\n\"\"\"");
    assert_err(proa_chat_text_put(&b, PROA_SLICE("x")), PROA_ERR_LIMIT);
    proa_buf_deinit(&b);
}

static void test_blank(void **state)
{
    (void)state;
    static const char *const blank[] = {"", " ", "\\n", " \\t\\r\\n "};
    static const char *const others[] = {"a", " a", "\\\\", "\\u0020", "\\\"", "\\n.", "\\"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(blank); i++) {
        assert_true(proa_chat_text_is_blank(proa_slice_cstr(blank[i])));
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        PROA_TEST_CHECK(!proa_chat_text_is_blank(proa_slice_cstr(others[i])), "%s", others[i]);
    }
}

static void test_trim_end(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"a", "a"},
        {"a ", "a"},
        {" a\\n \\t\\r ", " a"},
        {"\\n\\n", ""},
        {"a\\\\n", "a\\\\n"},
        {"a\\\\\\n", "a\\\\"},
        {"n", "n"},
        {"a\\u0020", "a\\u0020"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        assert_slice_str(proa_chat_text_trim_end(proa_slice_cstr(rows[i][0])), rows[i][1]);
    }
}

static void test_web_urls(void **state)
{
    (void)state;
    static const char *const web[] = {"https://a/b", "http://a", "http:"};
    static const char *const others[] = {"", "gs://a", "s3://a", "data:a", "httpx://a", "/http:"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(web); i++) {
        PROA_TEST_CHECK(proa_chat_text_is_web_url(proa_slice_cstr(web[i])), "%s", web[i]);
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        PROA_TEST_CHECK(!proa_chat_text_is_web_url(proa_slice_cstr(others[i])), "%s", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_without_its_quotes),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_texts_are_equal_by_what_they_stand_for),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_blank),
        cmocka_unit_test(test_trim_end),
        cmocka_unit_test(test_web_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
