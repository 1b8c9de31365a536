#include "proa/chat/warning.h"

#include "proa_test.h"

static void test_once_for_each_feature(void **state)
{
    (void)state;
    struct proa_chat_warnings w = {0};
    proa_chat_warn(&w, "seed", "first");
    proa_chat_warn(&w, "seed", "second");
    proa_chat_warn(&w, "logprobs", "third");
    assert_int_equal(w.n, 2);
    assert_string_equal(w.items[0].reason, "first");
    assert_string_equal(w.items[1].feature, "logprobs");
    proa_chat_warn(NULL, "seed", "nobody wants to know");
}

static void test_bounded(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
                                        "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"};
    struct proa_chat_warnings w = {0};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        proa_chat_warn(&w, names[i], "no");
    }
    assert_int_equal(w.n, PROA_CHAT_WARNINGS_MAX);
    assert_int_equal(w.dropped, PROA_ARRAY_LEN(names) - PROA_CHAT_WARNINGS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_for_each_feature),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
