#include "proa/chat/event.h"

#include "proa_test.h"

static void test_finish_reasons_have_openais_words(void **state)
{
    (void)state;
    assert_string_equal(proa_chat_finish_name(PROA_CHAT_FINISH_STOP), "stop");
    assert_string_equal(proa_chat_finish_name(PROA_CHAT_FINISH_LENGTH), "length");
    assert_string_equal(proa_chat_finish_name(PROA_CHAT_FINISH_TOOLS), "tool_calls");
    assert_string_equal(proa_chat_finish_name(PROA_CHAT_FINISH_FILTER), "content_filter");
    assert_string_equal(proa_chat_finish_name(PROA_CHAT_FINISH_OTHER), "stop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finish_reasons_have_openais_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
