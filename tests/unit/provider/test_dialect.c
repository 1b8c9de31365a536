#include "proa/provider/dialect.h"

#include "proa_test.h"

static void test_find(void **state)
{
    (void)state;
    const struct proa_dialect *d = proa_dialect_find(PROA_SLICE("openai"));
    assert_non_null(d);
    assert_string_equal(d->name, "openai");
    assert_true(d->encode && d->classify && d->read_plain && d->reader_create && d->reader_feed &&
                d->reader_complete && d->reader_usage && d->reader_finish_reason &&
                d->reader_model && d->reader_destroy);
    assert_string_equal(proa_dialect_find(PROA_SLICE("anthropic"))->name, "anthropic");
    assert_string_equal(proa_dialect_find(PROA_SLICE("gemini"))->name, "gemini");
    assert_string_equal(proa_dialect_find(PROA_SLICE("cohere"))->name, "cohere");
    assert_null(proa_dialect_find(PROA_SLICE("openai2")));
    assert_null(proa_dialect_find(PROA_SLICE_NONE));
}

static void test_operation_names(void **state)
{
    (void)state;
    assert_string_equal(proa_operation_name(PROA_OP_CHAT), "chat");
    assert_string_equal(proa_operation_name(PROA_OP_COMPLETION), "text_completion");
    assert_string_equal(proa_operation_name(PROA_OP_EMBEDDING), "embeddings");
    assert_string_equal(proa_operation_name(PROA_OP_MODERATION), "moderation");
    assert_string_equal(proa_operation_name((enum proa_operation)PROA_OPERATIONS), "unknown");
}

/* Through the table, as the exchange goes. */
static void test_a_stream_through_the_table(void **state)
{
    (void)state;
    const struct proa_dialect *d = proa_dialect_find(PROA_SLICE("openai"));
    struct proa_arena arena;
    struct proa_reader_report report;
    proa_arena_init(&arena, NULL);
    const struct proa_answer_head head = {.status = 200};
    struct proa_reader *r = d->reader_create(PROA_OP_CHAT, &head, &arena);
    assert_false(d->reader_complete(r));
    assert_ok(d->reader_feed(r,
                             PROA_SLICE("data: {\"model\":\"m\",\"choices\":[{\"delta\":{"
                                        "\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n"),
                             &report));
    assert_int_equal(report.state, PROA_ANSWER_FINISHED);
    assert_true(d->reader_complete(r));
    assert_slice_lit(d->reader_finish_reason(r), "stop");
    assert_slice_lit(d->reader_model(r), "m");
    assert_int_equal(d->reader_usage(r)->known, 0);
    d->reader_destroy(r);
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_operation_names),
        cmocka_unit_test(test_a_stream_through_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
