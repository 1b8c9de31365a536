#include "proa/chat/effort.h"

#include "proa_test.h"

static void test_each_word_is_found(void **state)
{
    (void)state;
    for (int i = PROA_CHAT_EFFORT_NONE; i <= PROA_CHAT_EFFORT_MAX; i++) {
        enum proa_chat_effort found = PROA_CHAT_EFFORT_UNSAID;
        assert_true(proa_chat_effort_find(proa_chat_effort_word((enum proa_chat_effort)i), &found));
        assert_int_equal(found, i);
    }
    assert_slice_lit(proa_chat_effort_word(PROA_CHAT_EFFORT_NONE), "none");
    assert_slice_lit(proa_chat_effort_word(PROA_CHAT_EFFORT_MAX), "max");
    assert_slice_lit(proa_chat_effort_word(PROA_CHAT_EFFORT_UNSAID), "");
}

static void test_what_is_none_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "highest", "High", "low ", "provider-default"};
    PROA_TEST_ROWS(text, texts)
    {
        enum proa_chat_effort found = PROA_CHAT_EFFORT_HIGH;
        assert_false(proa_chat_effort_find(proa_slice_cstr(*text), &found));
        assert_int_equal(found, PROA_CHAT_EFFORT_HIGH);
    }
    enum proa_chat_effort found = PROA_CHAT_EFFORT_UNSAID;
    assert_true(proa_chat_effort_find(PROA_SLICE("l\\u006fw"), &found)); /* with an escape */
    assert_int_equal(found, PROA_CHAT_EFFORT_LOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_word_is_found),
        cmocka_unit_test(test_what_is_none_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
