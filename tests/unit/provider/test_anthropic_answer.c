/*
 * Whole answers of the Messages API that are passed on: what is told of them, and what is none.
 */
#include "anthropic_priv.h"

#include "proa_test.h"

static const struct proa_answer_head HEAD = {.status = 200};

#define MESSAGE(rest)                                                                              \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"claude-up\",\"content\":[" rest "]"
#define USAGE                                                                                      \
    ",\"usage\":{\"input_tokens\":7,\"cache_creation_input_tokens\":2,\"cache_read_input_tokens\"" \
    ":1,\"output_tokens\":9,\"output_tokens_details\":{\"thinking_tokens\":4}}"

static void answers(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *body;
        const char *model;
        enum proa_class class; /* NONE: it is one */
        uint32_t known;
        uint64_t input;
    } rows[] = {
        {PROA_OP_CHAT, MESSAGE("{\"type\":\"text\",\"text\":\"a\"}") USAGE "}", "claude-up",
         PROA_CLASS_NONE, 31, 10},
        {PROA_OP_CHAT, " " MESSAGE("") ",\"stop_reason\":\"end_turn\"}\t", "claude-up",
         PROA_CLASS_NONE, 0, 0},
        {PROA_OP_CHAT, "{\"usage\":{\"input_tokens\":-1,\"output_tokens\":1e3},\"content\":[]}", "",
         PROA_CLASS_NONE, 0, 0},
        {PROA_OP_CHAT, "{\"content\":[],\"usage\":{\"input_tokens\":999999999999}}", "",
         PROA_CLASS_NONE, 0, 0},
        {PROA_OP_COUNT_TOKENS, "{\"input_tokens\":12}", "", PROA_CLASS_NONE, 0, 0},
        /* errors with 200 */
        {PROA_OP_CHAT, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}", "",
         PROA_CLASS_OVERLOADED, 0, 0},
        {PROA_OP_COUNT_TOKENS, "{\"error\":{\"type\":\"rate_limit_error\"}}", "", PROA_CLASS_RATE,
         0, 0},
        /* none */
        {PROA_OP_CHAT, "", "", PROA_CLASS_EMPTY, 0, 0},
        {PROA_OP_CHAT, "{}", "", PROA_CLASS_MALFORMED, 0, 0},
        {PROA_OP_CHAT, "[]", "", PROA_CLASS_MALFORMED, 0, 0},
        {PROA_OP_CHAT, "{\"content\":\"a\"}", "", PROA_CLASS_MALFORMED, 0, 0},
        {PROA_OP_CHAT, "{\"input_tokens\":12}", "", PROA_CLASS_MALFORMED, 0, 0},
        {PROA_OP_COUNT_TOKENS, "{\"content\":[]}", "", PROA_CLASS_MALFORMED, 0, 0},
        {PROA_OP_COUNT_TOKENS, "{\"input_tokens\":\"12\"}", "", PROA_CLASS_MALFORMED, 0, 0},
        {PROA_OP_CHAT, "<html>", "", PROA_CLASS_MALFORMED, 0, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        const bool ok = proa_anthropic_read_plain(row->op, &HEAD, proa_slice_cstr(row->body),
                                                  &usage, &model, &failure);
        PROA_TEST_CHECK(ok == (row->class == PROA_CLASS_NONE), "%s", row->body);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->body,
                        proa_class_text(failure.class));
        assert_slice_str(model, row->model);
        PROA_TEST_CHECK(usage.known == row->known, "%s: %x", row->body, usage.known);
        assert_int_equal(usage.count[PROA_USAGE_INPUT], row->input);
    }
}

/* What was cut off is no answer, wherever. */
static void cut_at_each_byte(void **state)
{
    (void)state;
    static const char body[] = MESSAGE("{\"type\":\"text\",\"text\":\"a\"}") USAGE "}";
    for (size_t cut = 0; cut < sizeof body; cut++) {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        char *copy = proa_memdup(body, cut);
        const bool ok = proa_anthropic_read_plain(PROA_OP_CHAT, &HEAD, proa_slice_make(copy, cut),
                                                  &usage, &model, &failure);
        PROA_TEST_CHECK(ok == (cut == sizeof body - 1), "%zu", cut);
        proa_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(cut_at_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
