/* Which row a model is in, under all the names that it has at Anthropic, Vertex and Bedrock. */
#include "claude_priv.h"

#include "proa_test.h"

#define ALL      CLAUDE_SAMPLING_ALL
#define ONE      CLAUDE_SAMPLING_ONE
#define NO       CLAUDE_SAMPLING_NONE
#define NONE     CLAUDE_THINKING_NONE
#define BUDGET   CLAUDE_THINKING_BUDGET
#define ADAPTIVE CLAUDE_THINKING_ADAPTIVE

static const struct {
    const char *model;
    uint32_t max_tokens;
    enum claude_sampling sampling;
    enum claude_thinking thinking;
    const char *can; /* f forced, o off, p prefill, s schema */
} ROWS[] = {
    {"claude-opus-5-5", 128000, NO, ADAPTIVE, "s"},
    {"us.anthropic.claude-opus-5-5-v1:0", 128000, NO, ADAPTIVE, "s"},
    {"claude-opus-5.5", 128000, NO, ADAPTIVE, "s"},
    {"claude-sonnet-5-5@20261001", 128000, NO, ADAPTIVE, "s"},
    {"claude-haiku-5-5", 128000, NO, ADAPTIVE, "fos"},
    {"claude-fable-5", 128000, NO, ADAPTIVE, "fs"},
    {"claude-fable-5-1", 128000, NO, ADAPTIVE, "s"},
    {"claude-fable-5.2", 128000, NO, ADAPTIVE, "s"},
    {"claude-opus-5", 128000, NO, ADAPTIVE, "fos"},
    {"claude-sonnet-5", 128000, NO, ADAPTIVE, "fos"},
    {"us.anthropic.claude-sonnet-5", 128000, NO, ADAPTIVE, "fos"},
    {"claude-opus-4-8", 128000, NO, ADAPTIVE, "fos"},
    {"claude-opus-4-7", 128000, NO, ADAPTIVE, "fos"},
    {"claude-opus-4-6", 128000, ONE, ADAPTIVE, "fos"},
    {"claude-sonnet-4-6", 64000, ONE, ADAPTIVE, "fos"},
    {"claude-opus-4-5-20251101", 64000, ONE, BUDGET, "fops"},
    {"claude-sonnet-4-5@20250929", 64000, ONE, BUDGET, "fops"},
    {"us.anthropic.claude-haiku-4-5-20251001-v1:0", 64000, ONE, BUDGET, "fops"},
    {"claude-opus-4-1-20250805", 32000, ONE, BUDGET, "fop"},
    {"claude-opus-4-20250514", 32000, ALL, BUDGET, "fop"},
    {"claude-sonnet-4-20250514", 64000, ALL, BUDGET, "fop"},
    {"anthropic.claude-sonnet-4-20250514-v1:0", 64000, ALL, BUDGET, "fop"},
    {"claude-sonnet-4-0", 64000, ALL, BUDGET, "fop"},
    {"claude-3-7-sonnet-20250219", 64000, ALL, BUDGET, "fop"},
    {"claude-3-5-haiku-latest", 8192, ALL, NONE, "fop"},
    {"claude-3-haiku-20240307", 4096, ALL, NONE, "fop"},
    {"anthropic.claude-v2:1", 4096, ALL, NONE, "fop"},
    {"claude-opus-7", 8192, NO, ADAPTIVE, "s"},
    {"deepseek-v4-pro", 4096, ALL, BUDGET, "fop"},
    {"", 4096, ALL, BUDGET, "fop"},
};

static void test_the_row_of_a_model(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        const struct proa_claude *m = proa_claude_find(proa_slice_cstr(row->model));
        PROA_TEST_CHECK(m->max_tokens == row->max_tokens, "%s: %u", row->model, m->max_tokens);
        PROA_TEST_CHECK(m->sampling == row->sampling, "%s", row->model);
        PROA_TEST_CHECK(m->thinking == row->thinking, "%s", row->model);
        PROA_TEST_CHECK(((m->can & CLAUDE_FORCED) != 0) == (strchr(row->can, 'f') != NULL), "%s",
                        row->model);
        PROA_TEST_CHECK(((m->can & CLAUDE_OFF) != 0) == (strchr(row->can, 'o') != NULL), "%s",
                        row->model);
        PROA_TEST_CHECK(((m->can & CLAUDE_PREFILL) != 0) == (strchr(row->can, 'p') != NULL), "%s",
                        row->model);
        PROA_TEST_CHECK(((m->can & CLAUDE_SCHEMA) != 0) == (strchr(row->can, 's') != NULL), "%s",
                        row->model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_row_of_a_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
