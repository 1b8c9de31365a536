/*
 * Answers of Cohere's chat, streamed and cut at every byte, and whole; told.h has the words in
 * which they are told.
 */
#include "cohere_priv.h"

#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"
#define START                                                                                      \
    EVENT("message-start", ",\"id\":\"c-1\",\"delta\":{\"message\":{\"role\":\"assistant\","       \
                           "\"content\":[],\"tool_plan\":\"\",\"tool_calls\":[]}}")
#define CONTENT(name, part)                                                                        \
    EVENT(name, ",\"index\":0,\"delta\":{\"message\":{\"content\":{" part "}}}")
#define TEXT(t) CONTENT("content-delta", "\"text\":\"" t "\"")
#define CALL(name, i, call)                                                                        \
    EVENT(name, ",\"index\":" #i ",\"delta\":{\"message\":{\"tool_calls\":{" call "}}}")
#define CALL_START(i, id, name, arguments)                                                         \
    CALL("tool-call-start", i,                                                                     \
         "\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"" name                  \
         "\",\"arguments\":" arguments "}")
#define CALL_DELTA(i, arguments)                                                                   \
    CALL("tool-call-delta", i, "\"function\":{\"arguments\":" arguments "}")
#define CALL_END(i) EVENT("tool-call-end", ",\"index\":" #i)
#define USAGE                                                                                      \
    "\"usage\":{\"billed_units\":{\"input_tokens\":3,\"output_tokens\":2},\"tokens\":{"            \
    "\"input_tokens\":30,\"output_tokens\":4},\"cached_tokens\":8}"
#define END(reason)           EVENT("message-end", ",\"delta\":{\"finish_reason\":\"" reason "\"," USAGE "}")
#define BEGUN                 "start(c-1) "
#define ENDED(reason, finish) "finish(" reason ")=" finish " usage(i30o4r8) "

static const struct {
    const char *name;
    const char *stream;
    const char *told;
    enum proa_answer_state state;
} STREAMS[] = {
    {"text",
     START CONTENT("content-start", "\"type\":\"text\",\"text\":\"\"") TEXT("Hel")
         TEXT("lo \\\"\\u00e4\\\"") EVENT("content-end", ",\"index\":0") END("COMPLETE"),
     BEGUN "text(Hel) text(lo \\\"\\u00e4\\\") " ENDED("COMPLETE", "stop"), PROA_ANSWER_DONE},
    {"thinking",
     START CONTENT("content-start", "\"type\":\"thinking\",\"thinking\":\"\"")
         CONTENT("content-delta", "\"thinking\":\"hm\"") EVENT("content-end", ",\"index\":0")
             TEXT("x") END("MAX_TOKENS"),
     BEGUN "reasoning(hm) text(x) " ENDED("MAX_TOKENS", "length"), PROA_ANSWER_DONE},
    {"a plan and two calls, one without arguments",
     START EVENT("tool-plan-delta", ",\"delta\":{\"message\":{\"tool_plan\":\"I will\"}}")
         CALL_START(0, "a", "look", "\"\"") CALL_DELTA(0, "\"{\\\"x\\\":\"") CALL_DELTA(0, "\"1}\"")
             CALL_END(0) CALL_START(1, "b", "now", "null") CALL_DELTA(1, "null") CALL_END(1)
                 END("TOOL_CALL"),
     BEGUN "reasoning(I will) begin0(a|look) piece0({\\\"x\\\":) piece0(1}) end0 begin1(b|now) "
           "piece1({}) end1 " ENDED("TOOL_CALL", "tool_calls"),
     PROA_ANSWER_DONE},
    {"a call that says all at its beginning",
     START CALL_START(0, "a", "look", "\"{\\\"x\\\":1}\"") CALL_END(0) END("TOOL_CALL"),
     BEGUN "begin0(a|look) piece0({\\\"x\\\":1}) end0 " ENDED("TOOL_CALL", "tool_calls"),
     PROA_ANSWER_DONE},
    {"citations, and events that are not known",
     START TEXT("x") EVENT("citation-start", ",\"index\":0,\"delta\":{\"message\":{\"citations\":{"
                                             "\"start\":0,\"end\":1,\"text\":\"x\"}}}")
         EVENT("citation-end", ",\"index\":0") EVENT("brand-new", "") END("STOP_SEQUENCE"),
     BEGUN "text(x) cite({\"start\":0,\"end\":1,\"text\":\"x\"}) " ENDED("STOP_SEQUENCE", "stop"),
     PROA_ANSWER_DONE},
    {"cut off", START TEXT("x"), BEGUN "text(x) ", PROA_ANSWER_CONTENT},
    {"an error at the end",
     START TEXT("x") EVENT("message-end", ",\"delta\":{\"error\":\"model overloaded\","
                                          "\"finish_reason\":\"ERROR\"}"),
     BEGUN "text(x) ", PROA_ANSWER_ERROR},
    {"a failure as a reason", START TEXT("x") END("TIMEOUT"), BEGUN "text(x) ", PROA_ANSWER_ERROR},
    {"what a failed request is answered with",
     START "data: {\"id\":\"i\",\"message\":\"internal server error\"}\n\n", BEGUN,
     PROA_ANSWER_ERROR},
    {"toxic", START END("ERROR_TOXIC"), BEGUN ENDED("ERROR_TOXIC", "content_filter"),
     PROA_ANSWER_DONE},
    {"a reason that is new", START TEXT("x") END("USER_CANCEL"),
     BEGUN "text(x) " ENDED("USER_CANCEL", "stop"), PROA_ANSWER_DONE},
    {"no reason",
     START TEXT("x") EVENT("message-end", ",\"delta\":{\"usage\":{\"billed_units\":{"
                                          "\"input_tokens\":3,\"output_tokens\":2}}}"),
     BEGUN "text(x) finish()=stop usage(i3o2) ", PROA_ANSWER_DONE},
    {"nothing said", START EVENT("message-end", ",\"delta\":{}"), BEGUN, PROA_ANSWER_DONE},
    {"without the names of events",
     "data: {\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{\"text\":\"x\"}}}}\n\n"
     "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\"}}\n\n",
     "start() text(x) finish(COMPLETE)=stop ", PROA_ANSWER_DONE},
};

static void test_streams_however_they_are_cut(void **state)
{
    (void)state;
    const struct proa_dialect *dialect = proa_dialect_find(PROA_SLICE("cohere"));
    PROA_TEST_ROWS(row, STREAMS)
    {
        const struct proa_slice stream = proa_slice_cstr(row->stream);
        for (size_t step = 1; step <= stream.len; step += step < 40 ? 1 : 37) {
            struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
            struct told t;
            told_setup(&t, dialect, PROA_OP_CHAT, &HEAD);
            assert_true(told_feed(&t, stream, step, &report));
            PROA_TEST_CHECK(report.state == row->state, "%s: %d", row->name, (int)report.state);
            assert_false(report.malformed);
            assert_int_equal(proa_decoder_end(t.d), row->state == PROA_ANSWER_DONE);
            assert_told(&t, row->told);
            told_teardown(&t);
        }
    }
}

static void test_what_an_error_says(void **state)
{
    (void)state;
    static const struct {
        const char *stream;
        enum proa_class class;
        const char *message;
    } rows[] = {
        {EVENT("message-end", ",\"delta\":{\"error\":\"model overloaded\"}"), PROA_CLASS_OVERLOADED,
         "model overloaded"},
        {END("ERROR"), PROA_CLASS_SERVER, ""},
        {"data: {\"message\":\"invalid api token\"}\n\n", PROA_CLASS_AUTH, "invalid api token"},
        {"event: error\ndata: {}\n\n", PROA_CLASS_SERVER, ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_decoder_report report;
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("cohere")), PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_slice_cstr(row->stream), &report));
        assert_int_equal(report.state, PROA_ANSWER_ERROR);
        PROA_TEST_CHECK(report.failure.class == row->class, "%s: %s", row->stream,
                        proa_class_text(report.failure.class));
        assert_slice_str(report.failure.message, row->message);
        told_teardown(&t);
    }
}

static void test_events_that_are_none(void **state)
{
    (void)state;
    static const char *const events[] = {
        "data: []\n\n",
        "data: {}\n\n",
        "data: {\"type\":7}\n\n",
        "data: {\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":[]}}}\n\n",
        "data: {\"type\":\"tool-call-start\",\"delta\":{}}\n\n",
        "data: {\"type\":\"tool-call-delta\"}\n\n",
        "data: {\"type\":\"citation-start\"}\n\n",
        "data: {\"type\":\"message-end\"}\n\n",
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(events); i++) {
        struct proa_decoder_report report;
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("cohere")), PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_slice_cstr(events[i]), &report));
        PROA_TEST_CHECK(report.malformed, "%s", events[i]);
        assert_int_equal(report.state, PROA_ANSWER_WAITING);
        assert_told(&t, "");
        told_teardown(&t);
    }
}

#define WHOLE(message, reason)                                                                     \
    "{\"id\":\"c-1\",\"finish_reason\":\"" reason                                                  \
    "\",\"message\":{\"role\":\"assistant\"," message "}," USAGE "}"

static void test_whole_chats(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *told;
        enum proa_class class;
    } rows[] = {
        {WHOLE("\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\","
               "\"text\":\"Hi\"}],\"citations\":[{\"start\":0}]",
               "COMPLETE"),
         BEGUN "reasoning(hm) text(Hi) cite({\"start\":0}) finish(COMPLETE)=stop usage(i30o4r8) ",
         PROA_CLASS_OK},
        {WHOLE("\"tool_plan\":\"I will\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
               "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},{\"id\":\"b\","
               "\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":null}}]",
               "TOOL_CALL"),
         BEGUN "reasoning(I will) begin0(a|f) piece0({\\\"x\\\":1}) end0 begin1(b|g) piece1({}) "
               "end1 finish(TOOL_CALL)=tool_calls usage(i30o4r8) ",
         PROA_CLASS_OK},
        {WHOLE("\"content\":[]", "COMPLETE"), BEGUN "finish(COMPLETE)=stop usage(i30o4r8) ",
         PROA_CLASS_OK},
        {WHOLE("\"content\":[]", "ERROR"), BEGUN, PROA_CLASS_SERVER},
        {"{\"id\":\"c-1\",\"message\":{}}", BEGUN, PROA_CLASS_EMPTY},
        {"{\"id\":\"i\",\"message\":\"too many tokens\"}", "", PROA_CLASS_CLIENT},
        {"{\"id\":\"i\"}", "", PROA_CLASS_MALFORMED},
        {"{\"message\":{\"content\":[{\"text\":\"x\"}]}", "", PROA_CLASS_MALFORMED},
        {"", "", PROA_CLASS_MALFORMED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("cohere")), PROA_OP_CHAT, &HEAD);
        const bool good = proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure);
        PROA_TEST_CHECK(good == (row->class == PROA_CLASS_OK), "%s", row->body);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->body,
                        proa_class_text(failure.class));
        if (row->class != PROA_CLASS_SERVER) {
            assert_told(&t, row->told);
        }
        told_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_however_they_are_cut),
        cmocka_unit_test(test_what_an_error_says),
        cmocka_unit_test(test_events_that_are_none),
        cmocka_unit_test(test_whole_chats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
