/*
 * The Responses API of the mock: what it refuses, what it remembers without keeping anything, and
 * the order of its streams.
 */
#include "responses_priv.h"
#include "speech_priv.h"

#include "proa/json/cursor.h"
#include "proa/json/scan.h"

#include "proa_test.h"

#define INPUT "\"model\":\"gpt-4.1\",\"input\":\"one two\""
#define TOOL                                                                                       \
    "\"tools\":[{\"type\":\"function\",\"name\":\"look\",\"parameters\":{\"type\":\"object\","     \
    "\"properties\":{\"q\":{\"type\":\"string\"}},\"required\":[\"q\"]}}]"
#define CALL   "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}"
#define OUTPUT "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"1\"}"

/* One request, and what came of it. */
struct told {
    struct proa_arena arena;
    struct mock_answer a;
    struct mock_request req;
    struct mock_error error; /* status 0 = none */
};

static void tell(struct told *t, const char *url, const char *body,
                 const struct proa_mock_plan *plan)
{
    static const struct proa_mock_plan none = {.set = 0};
    const struct mock_author author = {.id = 0xabc, .created = 2};
    struct mock_path path;
    memset(t, 0, sizeof *t);
    proa_arena_init(&t->arena, NULL);
    proa_mock_answer_init(&t->a);
    assert_true(
        proa_mock_path_parse(PROA_HTTP_POST, proa_slice_cstr(url), &t->arena, &path, &t->error));
    proa_mock_answer_for(&t->a, &path);
    if (proa_mock_request_parse(&path, NULL, proa_slice_cstr(body), &t->arena, &t->req,
                                &t->error)) {
        proa_mock_answer_make(&t->a, &t->req, plan ? plan : &none, &author, &t->arena);
    }
}

static void forget(struct told *t)
{
    proa_mock_answer_deinit(&t->a);
    proa_arena_reset(&t->arena);
}

static bool says(const struct told *t, const char *text)
{
    const struct proa_slice body = proa_buf_slice(&t->a.body);
    return proa_slice_search(body, proa_slice_cstr(text)) < body.len;
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        unsigned status; /* 0 = accepted */
        const char *code;
        const char *param;
    } rows[] = {
        {"{" INPUT "}", 0, "", ""},
        {"{" INPUT ",\"temperature\":0.5,\"store\":false,\"user\":\"u\"}", 0, "", ""},
        {"{\"input\":\"x\"}", 400, "missing_required_parameter", "model"},
        {"{\"model\":\"gpt-4.1\"}", 400, "missing_required_parameter", "input"},
        {"{\"model\":\"gpt-4.1\",\"input\":5}", 400, "invalid_value", "input"},
        {"{" INPUT ",\"messages\":[]}", 400, "unsupported_parameter", "messages"},
        {"{" INPUT ",\"providerOptions\":{}}", 400, "unknown_parameter", "providerOptions"},
        {"{" INPUT ",\"max_tokens\":5}", 400, "unknown_parameter", "max_tokens"},
        {"{" INPUT ",\"max_output_tokens\":15}", 400, "integer_below_min_value",
         "max_output_tokens"},
        {"{" INPUT ",\"reasoning\":{\"effort\":\"low\"}}", 400, "unsupported_parameter",
         "reasoning.effort"},
        {"{\"model\":\"gpt-5\",\"input\":\"x\",\"temperature\":0.5}", 400, "unsupported_parameter",
         "temperature"},
        {"{" INPUT ",\"text\":{\"format\":{\"type\":\"yaml\"}}}", 400, "invalid_value",
         "text.format.type"},
        {"{" INPUT ",\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}}", 400,
         "missing_required_parameter", "text.format.name"},
        {"{" INPUT ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}", 400,
         "missing_required_parameter", "tools[0].name"},
        {"{" INPUT ",\"tool_choice\":\"any\"}", 400, "invalid_value", "tool_choice"},
        {"{" INPUT ",\"previous_response_id\":\"resp_1\"}", 400, "previous_response_not_found",
         "previous_response_id"},
        {"{\"model\":\"gpt-4.1\",\"input\":[{\"role\":\"tool\",\"content\":\"x\"}]}", 400,
         "invalid_value", "input[0].role"},
        {"{\"model\":\"gpt-4.1\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
         "\"text\":\"x\"}]}]}",
         400, "invalid_value", "input[0].content[0].type"},
        {"{\"model\":\"gpt-4.1\",\"input\":[{\"type\":\"item_reference\",\"id\":\"x\"}]}", 400,
         "invalid_value", "input[0].type"},
        {"{\"model\":\"gpt-4.1\",\"input\":[" CALL "," OUTPUT "]}", 0, "", ""},
        {"{\"model\":\"gpt-4.1\",\"input\":[" CALL "]}", 400, "", "input"},
        {"{\"model\":\"gpt-4.1\",\"input\":[" OUTPUT "]}", 400, "", "input"},
        {"{\"model\":\"gpt-5\",\"input\":[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]}]"
         "}",
         404, "", "input"},
        {"{\"model\":\"gpt-5\",\"input\":[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],"
         "\"encrypted_content\":\"c29tZWJvZHk=\"}]}",
         400, "invalid_encrypted_content", ""},
        {"{\"model\":", 400, "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        tell(&t, "/openai/v1/responses", row->body, NULL);
        PROA_TEST_CHECK(t.error.status == row->status, "%s: %u %.*s", row->body, t.error.status,
                        (int)t.error.message.len, t.error.message.ptr);
        assert_slice_str(t.error.code, row->code);
        assert_slice_str(t.error.param, row->param);
        forget(&t);
    }
}

/* An id tells who gave it out, and whether for an answer that is stored. */
static void test_ids(void **state)
{
    (void)state;
    char mark[MOCK_MARK_BYTES + 1];
    char other[MOCK_MARK_BYTES + 1];
    struct proa_slice id;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    proa_mock_response_mark(7, MOCK_OPENAI, true, mark);
    proa_mock_response_mark(7, MOCK_OPENAI, false, other);
    assert_string_not_equal(mark, other);
    id = proa_arena_printf(&arena, "resp_%s", mark);
    assert_slice_str(proa_mock_response_known(id, PROA_SLICE("resp_"), MOCK_OPENAI), mark);
    assert_int_equal(proa_mock_response_known(id, PROA_SLICE("resp_"), MOCK_XAI).len, 0);
    assert_int_equal(proa_mock_response_known(id, PROA_SLICE("rs_"), MOCK_OPENAI).len, 0);
    id = proa_arena_printf(&arena, "resp_%s", other);
    assert_int_equal(proa_mock_response_known(id, PROA_SLICE("resp_"), MOCK_OPENAI).len, 0);
    assert_int_equal(
        proa_mock_response_known(PROA_SLICE("resp_"), PROA_SLICE("resp_"), MOCK_OPENAI).len, 0);
    proa_arena_reset(&arena);
}

/* The second turn of a call, by the id of the first. */
static void test_goes_on(void **state)
{
    (void)state;
    static const char *const ends[] = {"_0", "_x"};
    struct told t;
    char mark[MOCK_MARK_BYTES + 1];
    char body[512];
    proa_mock_response_mark(0xabc, MOCK_OPENAI, true, mark);
    tell(&t, "/openai/v1/responses", "{\"model\":\"gpt-4.1\",\"input\":\"use a tool\"," TOOL "}",
         NULL);
    assert_true(says(&t, mark) && says(&t, "\"type\":\"function_call\""));
    forget(&t);
    PROA_TEST_ROWS(end, ends)
    {
        (void)snprintf(body, sizeof body,
                       "{\"model\":\"gpt-4.1\",\"previous_response_id\":\"resp_%s\",\"input\":[{"
                       "\"type\":\"function_call_output\",\"call_id\":\"call_%s%s\",\"output\":"
                       "\"1\"}]}",
                       mark, (*end)[1] == '0' ? mark : "of another", *end);
        tell(&t, "/openai/v1/responses", body, NULL);
        assert_int_equal(t.error.status, (*end)[1] == '0' ? 0 : 400);
        assert_true(t.error.status != 0 || says(&t, "\"previous_response_id\":\"resp_"));
        forget(&t);
    }
}

/* Each event has the next number; what is added is done; the last one holds everything. */
static void test_streams(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *last;
        const char *has;
    } rows[] = {
        {"{\"stream\":true," INPUT "}", "response.completed", "\"delta\":\" two\""},
        {"{\"stream\":true," INPUT "," TOOL ",\"tool_choice\":\"required\"}", "response.completed",
         "response.function_call_arguments.delta"},
        {"{\"stream\":true,\"model\":\"gpt-5\",\"input\":\"x\",\"reasoning\":{\"summary\":\"auto\""
         "},\"include\":[\"reasoning.encrypted_content\"]}",
         "response.completed", "response.reasoning_summary_text.delta"},
        {"{\n \"stream\": true,\n " INPUT
         ",\n \"text\": {\n  \"format\": {\n \"type\": \"text\"\n}}}",
         "response.completed", "\"type\": \"text\"}}"},
        {"{\"stream\":true,\"model\":\"gpt-4.1\",\"input\":\""
         "a long text that is longer than sixteen tokens are and so is cut somewhere in it\","
         "\"max_output_tokens\":16}",
         "response.incomplete", "\"reason\":\"max_output_tokens\""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        size_t from = 0;
        int open = 0;
        tell(&t, "/openai/v1/responses", row->body, NULL);
        assert_int_equal(t.error.status, 0);
        for (size_t i = 0; i < t.a.n_events; i++) {
            struct proa_slice event = proa_slice_make(t.a.body.ptr + from, t.a.ends[i] - from);
            struct proa_slice number = PROA_SLICE_NONE;
            struct proa_slice data;
            const struct proa_slice name = proa_slice_split(event, '\n', &data);
            data = proa_slice_from(data, 6);
            assert_int_equal(proa_slice_find(data, '\n'), data.len - 2);
            assert_int_equal(proa_json_get(data, PROA_SLICE("sequence_number"), &number),
                             PROA_JSON_NUMBER);
            uint64_t n = 0;
            assert_ok(proa_slice_to_u64(number, &n));
            assert_int_equal(n, i);
            open += proa_slice_search(name, PROA_SLICE("output_item.added")) < name.len;
            open -= proa_slice_search(name, PROA_SLICE("output_item.done")) < name.len;
            if (i + 1 == t.a.n_events) {
                assert_slice_str(proa_slice_from(name, 7), row->last);
            }
            from = t.a.ends[i];
        }
        assert_int_equal(open, 0);
        PROA_TEST_CHECK(says(&t, row->has), "%s", row->has);
        forget(&t);
    }
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        enum proa_mock_setting setting;
        uint64_t value;
        bool odd;
        const char *has;
        bool ends; /* with its own end */
    } rows[] = {
        {PROA_MOCK_ERROR_AFTER, 4, false, "event: error\ndata: {\"type\":\"error\",", false},
        {PROA_MOCK_ERROR_AFTER, 4, true, "event: response.failed\n", false},
        {PROA_MOCK_ERROR_FIRST, 1, false, "event: error\ndata: {\"type\":\"error\",", false},
        {PROA_MOCK_NO_FINISH, 1, false, "response.output_item.done", false},
        {PROA_MOCK_NO_DONE, 1, false, "response.output_item.done", false},
        {PROA_MOCK_MALFORMED, 3, false, "\"delta\":\n\n", true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_mock_plan plan = {.set = UINT64_C(1) << row->setting};
        plan.values[row->setting] = row->value;
        plan.set |= row->odd ? UINT64_C(1) << PROA_MOCK_ODD : 0;
        tell(&t, "/openai/v1/responses", "{\"stream\":true," INPUT "}", &plan);
        PROA_TEST_CHECK(says(&t, row->has), "%s: %.*s", row->has, (int)t.a.body.len, t.a.body.ptr);
        assert_int_equal(says(&t, "event: response.completed"), row->ends);
        forget(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_ids),
        cmocka_unit_test(test_goes_on),  cmocka_unit_test(test_streams),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
