/*
 * What the structs of a request say by themselves.
 */
#include "proa/chat/request.h"

#include "proa_test.h"

/* Sealed reasoning goes back to who made it, or to anybody when nobody knows. */
static void whose_seal_it_is(void **state)
{
    (void)state;
    static const struct {
        struct proa_chat_part part;
        bool claudes;
    } rows[] = {
        {{.text = PROA_SLICE_INIT("hm")}, false},
        {{.text = PROA_SLICE_INIT("hm"), .sealed_as = PROA_SLICE_INIT(PROA_CHAT_SEALED_CLAUDE)},
         false},
        {{.signature = PROA_SLICE_INIT("s")}, true},
        {{.redacted = PROA_SLICE_INIT("r")}, true},
        {{.signature = PROA_SLICE_INIT("s"), .sealed_as = PROA_SLICE_INIT(PROA_CHAT_SEALED_CLAUDE)},
         true},
        {{.signature = PROA_SLICE_INIT("s"), .sealed_as = PROA_SLICE_INIT(PROA_CHAT_SEALED_GOOGLE)},
         false},
        {{.redacted = PROA_SLICE_INIT("r"), .sealed_as = PROA_SLICE_INIT(PROA_CHAT_SEALED_OPENAI)},
         false},
        {{.redacted = PROA_SLICE_INIT("r"), .sealed_as = PROA_SLICE_INIT("new-v1")}, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_chat_part_is_sealed(&row->part, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE)),
                         row->claudes);
    }
}

/* Nothing said is zero. */
static void nothing_said(void **state)
{
    (void)state;
    const struct proa_chat_request request = {.n_messages = 0};
    assert_int_equal(request.choice, PROA_CHAT_CHOICE_UNSAID);
    assert_int_equal(request.format, PROA_CHAT_FORMAT_UNSAID);
    assert_int_equal(request.effort, PROA_CHAT_EFFORT_UNSAID);
    assert_int_equal(request.parallel_tools, PROA_CHAT_UNSAID);
    assert_int_equal(request.cache_control.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_seal_it_is),
        cmocka_unit_test(nothing_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
