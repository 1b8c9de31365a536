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

static void test_answers_by_their_type(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *type;
        enum proa_answer_form form;
    } rows[] = {
        {PROA_OP_SPEECH, "audio/mpeg", PROA_ANSWER_FLOW},
        {PROA_OP_SPEECH, "application/octet-stream", PROA_ANSWER_FLOW},
        {PROA_OP_SPEECH, "", PROA_ANSWER_FLOW},
        {PROA_OP_SPEECH, "text/event-stream; charset=utf-8", PROA_ANSWER_EVENTS},
        {PROA_OP_SPEECH, "application/json", PROA_ANSWER_JSON},
        {PROA_OP_SPEECH, "text/html", PROA_ANSWER_JSON},
        {PROA_OP_TRANSCRIPTION, "application/json; charset=utf-8", PROA_ANSWER_JSON},
        {PROA_OP_TRANSCRIPTION, "text/plain; charset=utf-8", PROA_ANSWER_BYTES},
        {PROA_OP_TRANSLATION, "text/vtt", PROA_ANSWER_BYTES},
        {PROA_OP_TRANSLATION, "application/x-subrip", PROA_ANSWER_BYTES},
        {PROA_OP_TRANSCRIPTION, "text/event-stream", PROA_ANSWER_EVENTS},
        {PROA_OP_TRANSCRIPTION, "TEXT/HTML; charset=utf-8", PROA_ANSWER_JSON},
        {PROA_OP_TRANSCRIPTION, "", PROA_ANSWER_JSON},
        {PROA_OP_IMAGE, "application/json", PROA_ANSWER_JSON},
        {PROA_OP_IMAGE, "image/png", PROA_ANSWER_JSON},
        {PROA_OP_IMAGE_EDIT, "text/event-stream", PROA_ANSWER_EVENTS},
        {PROA_OP_CHAT, "text/event-stream", PROA_ANSWER_JSON},
        {PROA_OP_EMBEDDING, "text/plain", PROA_ANSWER_JSON},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(proa_operation_answer_form(row->op, proa_slice_cstr(row->type)) ==
                            row->form,
                        "%d %s", row->op, row->type);
    }
}

static void test_which_are_media(void **state)
{
    (void)state;
    for (int op = 0; op < PROA_OPERATIONS; op++) {
        const char *name = proa_operation_name((enum proa_operation)op);
        const bool media = strncmp(name, "image", 5) == 0 || strcmp(name, "speech") == 0 ||
                           strncmp(name, "trans", 5) == 0;
        assert_int_equal(proa_operation_is_media((enum proa_operation)op), media);
    }
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
        cmocka_unit_test(test_answers_by_their_type),
        cmocka_unit_test(test_which_are_media),
        cmocka_unit_test(test_a_stream_through_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
