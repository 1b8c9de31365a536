/* What a model is asked for: thinking, sampling, schemas, limits. */
#include "claude_priv.h"

#include "proa_test.h"

#define S(text) PROA_SLICE_INIT(text)

static const struct proa_chat_tool TOOL = {.name = S("f")};
static const struct proa_chat_part HELLO = {.kind = PROA_CHAT_PART_TEXT, .text = S("hello")};
static const struct proa_chat_part BLANK = {.kind = PROA_CHAT_PART_TEXT, .text = S(" \\n")};
static const struct proa_chat_part CALL = {.kind = PROA_CHAT_PART_TOOL_CALL, .id = S("c")};
static const struct proa_chat_part RESULT = {.kind = PROA_CHAT_PART_TOOL_RESULT, .id = S("c")};
static const struct proa_chat_part THOUGHT_CALL[] = {
    {.kind = PROA_CHAT_PART_REASONING, .text = S("hm"), .signature = S("s")},
    {.kind = PROA_CHAT_PART_TOOL_CALL, .id = S("c")},
};

#define MESSAGE(of, part)                                                                          \
    {                                                                                              \
        .role = PROA_CHAT_##of, .parts = &(part), .n_parts = 1                                     \
    }

static const struct proa_chat_message BEGUN[] = {MESSAGE(USER, HELLO), MESSAGE(ASSISTANT, HELLO)};
static const struct proa_chat_message EMPTY[] = {MESSAGE(USER, HELLO), MESSAGE(ASSISTANT, BLANK)};
static const struct proa_chat_message LOOP[] = {MESSAGE(USER, HELLO), MESSAGE(ASSISTANT, CALL),
                                                MESSAGE(TOOL, RESULT)};
static const struct proa_chat_message THOUGHT_LOOP[] = {
    MESSAGE(USER, HELLO),
    {.role = PROA_CHAT_ASSISTANT, .parts = THOUGHT_CALL, .n_parts = 2},
    MESSAGE(TOOL, RESULT)};
static const struct proa_chat_message PAST_LOOP[] = {MESSAGE(USER, HELLO), MESSAGE(ASSISTANT, CALL),
                                                     MESSAGE(TOOL, RESULT), MESSAGE(USER, HELLO)};

#define MESSAGES(m) .messages = (m), .n_messages = PROA_ARRAY_LEN(m)
#define TOOLS       .tools = &TOOL, .n_tools = 1
#define SCHEMA      .format = PROA_CHAT_FORMAT_SCHEMA, .format_schema = S("{}")
#define EFFORT(e)   .effort = PROA_CHAT_EFFORT_##e

static const struct {
    const char *name;
    const char *model;
    struct proa_chat_request chat;
    const char *sent;    /* thinking, output_config and sampling, as they are written */
    const char *warned;  /* features, one behind the other */
    const char *refused; /* NULL = it can be done */
} ROWS[] = {
    {"nothing said", "claude-sonnet-4-5", {.n = 0}, "{}", "", NULL},
    /* budgets: 5.2 */
    {"low",
     "claude-opus-4-1",
     {EFFORT(LOW)},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}",
     "",
     NULL},
    {"medium",
     "claude-sonnet-4-5",
     {EFFORT(MEDIUM)},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}}",
     "",
     NULL},
    {"high",
     "claude-3-7-sonnet-latest",
     {EFFORT(HIGH)},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4096}}",
     "",
     NULL},
    {"none is what it is", "claude-sonnet-4-5", {EFFORT(NONE)}, "{}", "", NULL},
    {"a budget of one's own",
     "claude-sonnet-4-5",
     {EFFORT(LOW), .thinking_tokens = 9000},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9000}}",
     "",
     NULL},
    {"at least 1024",
     "claude-sonnet-4-5",
     {.thinking_tokens = 5},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}",
     "",
     NULL},
    {"less than max_tokens",
     "claude-sonnet-4-5",
     {.thinking_tokens = 9000, .max_tokens = 2000},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1999}}",
     "",
     NULL},
    {"no room",
     "claude-sonnet-4-5",
     {EFFORT(HIGH), .max_tokens = 1024},
     "{}",
     "reasoning_effort ",
     NULL},
    {"not with a forced tool",
     "claude-sonnet-4-5",
     {EFFORT(HIGH), TOOLS, .choice = PROA_CHAT_CHOICE_REQUIRED},
     "{}",
     "reasoning_effort ",
     NULL},
    {"not with the schema's tool",
     "claude-opus-4-1",
     {EFFORT(HIGH), SCHEMA},
     "{}",
     "reasoning_effort ",
     NULL},
    {"not with a beginning",
     "claude-sonnet-4-5",
     {EFFORT(HIGH), MESSAGES(BEGUN)},
     "{}",
     "reasoning_effort ",
     NULL},
    {"not in a turn without",
     "claude-sonnet-4-5",
     {EFFORT(HIGH), MESSAGES(LOOP)},
     "{}",
     "reasoning_effort ",
     NULL},
    {"in a turn with",
     "claude-sonnet-4-5",
     {EFFORT(HIGH), MESSAGES(THOUGHT_LOOP)},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4096}}",
     "",
     NULL},
    {"turns that are over do not matter",
     "claude-sonnet-4-5",
     {EFFORT(HIGH), MESSAGES(PAST_LOOP)},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4096}}",
     "",
     NULL},
    {"does not reason", "claude-3-5-haiku-latest", {EFFORT(HIGH)}, "{}", "reasoning_effort ", NULL},
    {"need not be told so", "claude-3-haiku-20240307", {EFFORT(NONE)}, "{}", "", NULL},
    /* efforts */
    {"adaptive",
     "claude-opus-4-6",
     {EFFORT(HIGH)},
     "{\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"high\"}}",
     "",
     NULL},
    {"no xhigh",
     "claude-opus-4-6",
     {EFFORT(XHIGH)},
     "{\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"high\"}}",
     "",
     NULL},
    {"xhigh, and told",
     "claude-opus-5",
     {EFFORT(XHIGH)},
     "{\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},"
     "\"output_config\":{\"effort\":\"xhigh\"}}",
     "",
     NULL},
    {"not told",
     "claude-opus-5",
     {EFFORT(MINIMAL), .show_thinking = PROA_CHAT_NO},
     "{\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},"
     "\"output_config\":{\"effort\":\"low\"}}",
     "",
     NULL},
    {"switched off",
     "claude-opus-5",
     {EFFORT(NONE)},
     "{\"thinking\":{\"type\":\"disabled\"}}",
     "",
     NULL},
    {"cannot be",
     "claude-opus-5-5",
     {EFFORT(NONE)},
     "{\"output_config\":{\"effort\":\"low\"}}",
     "reasoning_effort ",
     NULL},
    {"takes a budget",
     "claude-opus-4-6",
     {.thinking_tokens = 3000},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":3000}}",
     "",
     NULL},
    {"takes none",
     "claude-fable-5",
     {.thinking_tokens = 3000},
     "{\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},"
     "\"output_config\":{\"effort\":\"high\"}}",
     "thinking.budget_tokens ",
     NULL},
    {"a small one",
     "claude-sonnet-5",
     {.thinking_tokens = 500},
     "{\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},"
     "\"output_config\":{\"effort\":\"low\"}}",
     "thinking.budget_tokens ",
     NULL},
    {"with a forced tool only the effort",
     "claude-opus-5",
     {EFFORT(HIGH), TOOLS, .choice = PROA_CHAT_CHOICE_REQUIRED},
     "{\"output_config\":{\"effort\":\"high\"}}",
     "",
     NULL},
    /* sampling */
    {"as written",
     "claude-sonnet-4-0",
     {.temperature = S("0.70"), .top_p = S("1E-1"), .top_k = S("40")},
     "{\"temperature\":0.70,\"top_p\":1E-1,\"top_k\":40}",
     "",
     NULL},
    {"at most 1",
     "claude-sonnet-4-0",
     {.temperature = S("1.5")},
     "{\"temperature\":1}",
     "temperature ",
     NULL},
    {"one of two",
     "claude-sonnet-4-5",
     {.temperature = S("0.5"), .top_p = S("0.9")},
     "{\"temperature\":0.5}",
     "top_p ",
     NULL},
    {"alone", "claude-sonnet-4-5", {.top_p = S("0.9")}, "{\"top_p\":0.9}", "", NULL},
    {"none",
     "claude-sonnet-5",
     {.temperature = S("0.5"), .top_p = S("0.9"), .top_k = S("1")},
     "{}",
     "temperature top_p top_k ",
     NULL},
    {"the default is no loss",
     "claude-opus-4-7",
     {.temperature = S("1.0"), .top_p = S("1")},
     "{}",
     "",
     NULL},
    {"none while thinking",
     "claude-sonnet-4-5",
     {EFFORT(LOW), .temperature = S("0.2")},
     "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}",
     "temperature ",
     NULL},
    /* forced tools */
    {"cannot be forced",
     "claude-opus-5-5",
     {TOOLS, .choice = PROA_CHAT_CHOICE_REQUIRED},
     "{}",
     "",
     "tool_choice"},
    {"nor by name",
     "claude-fable-5-1",
     {TOOLS, .choice = PROA_CHAT_CHOICE_NAMED},
     "{}",
     "",
     "tool_choice"},
    {"without tools nothing is forced",
     "claude-opus-5-5",
     {.choice = PROA_CHAT_CHOICE_REQUIRED},
     "{}",
     "",
     NULL},
    /* the beginning of an answer */
    {"goes on", "claude-sonnet-4-5", {MESSAGES(BEGUN)}, "{}", "", NULL},
    {"does not",
     "claude-sonnet-4-6",
     {MESSAGES(BEGUN)},
     "{}",
     "",
     "a last message of the assistant"},
    {"nothing to go on with", "claude-sonnet-4-6", {MESSAGES(EMPTY)}, "{}", "", NULL},
    /* limits */
    {"above the limit", "claude-opus-4-1", {.max_tokens = 100000}, "{}", "max_tokens ", NULL},
    /* schemas */
    {"a schema of one's own",
     "claude-sonnet-4-5",
     {SCHEMA},
     "{\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}}",
     "",
     NULL},
    {"by the tool", "claude-sonnet-4-0", {SCHEMA}, "{}", "", NULL},
    {"with an effort",
     "claude-opus-4-6",
     {SCHEMA, EFFORT(MAX)},
     "{\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"max\",\"format\":{"
     "\"type\":\"json_schema\",\"schema\":{}}}}",
     "",
     NULL},
};

static void put_number(struct proa_json_writer *w, const char *key, struct proa_slice number)
{
    if (number.len > 0) {
        proa_json_writer_key(w, proa_slice_cstr(key));
        proa_json_writer_raw(w, number);
    }
}

static void put_plan(struct proa_buf *out, const struct proa_claude_plan *plan,
                     const struct proa_chat_request *chat)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_claude_put_thinking(&w, plan);
    proa_claude_put_output(&w, plan, chat);
    put_number(&w, "temperature", plan->temperature);
    put_number(&w, "top_p", plan->top_p);
    put_number(&w, "top_k", plan->top_k);
    proa_json_writer_end_object(&w);
    assert_true(proa_json_writer_ok(&w));
}

static void check_warned(const struct proa_chat_warnings *warnings, const char *features,
                         const char *name)
{
    struct proa_buf said;
    proa_buf_init(&said, 4096);
    for (size_t i = 0; i < warnings->n; i++) {
        (void)proa_buf_append_printf(&said, "%s ", warnings->items[i].feature);
    }
    PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&said), proa_slice_cstr(features)), "%s: %.*s",
                    name, (int)said.len, said.ptr);
    proa_buf_deinit(&said);
}

static void test_what_a_model_is_asked_for(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        const struct proa_claude_wish wish = proa_claude_wish_of(&row->chat);
        struct proa_chat_warnings warnings = {.n = 0};
        struct proa_claude_plan plan;
        struct proa_buf sent;
        proa_buf_init(&sent, 4096);
        proa_claude_plan(proa_claude_find(proa_slice_cstr(row->model)), &row->chat, &wish, true,
                         &warnings, &plan);
        put_plan(&sent, &plan, &row->chat);
        if (row->refused) {
            PROA_TEST_CHECK(plan.feature && strcmp(plan.feature, row->refused) == 0, "%s",
                            row->name);
            assert_non_null(plan.reason);
        } else {
            PROA_TEST_CHECK(!plan.feature, "%s: %s", row->name, plan.feature);
            PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&sent), proa_slice_cstr(row->sent)),
                            "%s: %.*s", row->name, (int)sent.len, sent.ptr);
            check_warned(&warnings, row->warned, row->name);
        }
        proa_buf_deinit(&sent);
    }
}

static void test_limits_and_schemas(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        struct proa_chat_request chat;
        bool takes_schema;
        bool by_tool;
        uint64_t max_tokens;
        enum claude_schema schema;
        bool strict;
    } rows[] = {
        {"claude-opus-5", {.n = 0}, true, false, 128000, CLAUDE_SCHEMA_NONE, true},
        {"claude-opus-5", {.max_tokens = 5}, true, false, 5, CLAUDE_SCHEMA_NONE, true},
        {"claude-opus-4-1", {.max_tokens = 99999}, true, false, 32000, CLAUDE_SCHEMA_NONE, false},
        {"claude-opus-99", {.max_tokens = 99999}, true, false, 99999, CLAUDE_SCHEMA_NONE, true},
        {"other", {.max_tokens = 99999}, true, false, 99999, CLAUDE_SCHEMA_NONE, false},
        {"claude-sonnet-4-5", {SCHEMA}, true, false, 64000, CLAUDE_SCHEMA_OWN, true},
        {"claude-sonnet-4-5", {SCHEMA}, true, true, 64000, CLAUDE_SCHEMA_TOOL, true},
        {"claude-sonnet-4-5", {SCHEMA}, false, false, 64000, CLAUDE_SCHEMA_TOOL, false},
        {"claude-opus-4-1", {SCHEMA}, true, false, 32000, CLAUDE_SCHEMA_TOOL, false},
        /* it cannot be made to call the tool, so there is only one way */
        {"claude-opus-5-5", {SCHEMA}, false, false, 128000, CLAUDE_SCHEMA_OWN, false},
        {"claude-opus-5",
         {.format = PROA_CHAT_FORMAT_JSON},
         true,
         false,
         128000,
         CLAUDE_SCHEMA_SYSTEM,
         true},
        {"claude-opus-5",
         {.format = PROA_CHAT_FORMAT_SCHEMA},
         true,
         false,
         128000,
         CLAUDE_SCHEMA_SYSTEM,
         true},
        {"claude-opus-5",
         {.format = PROA_CHAT_FORMAT_TEXT},
         true,
         false,
         128000,
         CLAUDE_SCHEMA_NONE,
         true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_claude_wish wish = proa_claude_wish_of(&row->chat);
        struct proa_claude_plan plan;
        wish.by_tool = row->by_tool;
        proa_claude_plan(proa_claude_find(proa_slice_cstr(row->model)), &row->chat, &wish,
                         row->takes_schema, NULL, &plan);
        PROA_TEST_CHECK(plan.max_tokens == row->max_tokens, "%s", row->model);
        PROA_TEST_CHECK(plan.schema == row->schema, "%s", row->model);
        PROA_TEST_CHECK(plan.strict == row->strict, "%s", row->model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_model_is_asked_for),
        cmocka_unit_test(test_limits_and_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
