/*
 * Answers of the Messages API in the forms that the API gives them: as a stream cut at every byte,
 * and whole. What is told stands in told.h's words.
 */
#include "anthropic_priv.h"

#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"
#define START(usage)                                                                               \
    EVENT("message_start",                                                                         \
          ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"  \
          "\"claude-x\",\"content\":[],\"stop_reason\":null,\"usage\":{" usage "}}")
#define PING EVENT("ping", "")
#define BLOCK(i, block)                                                                            \
    EVENT("content_block_start", ",\"index\":" #i ",\"content_block\":{" block "}")
#define DELTA(i, delta) EVENT("content_block_delta", ",\"index\":" #i ",\"delta\":{" delta "}")
#define STOP(i)         EVENT("content_block_stop", ",\"index\":" #i)
#define TEXT(i, text)   DELTA(i, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define JSON(i, text)   DELTA(i, "\"type\":\"input_json_delta\",\"partial_json\":\"" text "\"")
#define END(reason, usage)                                                                         \
    EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"" reason                                 \
                           "\",\"stop_sequence\":null},\"usage\":{" usage "}")                     \
    EVENT("message_stop", "")
#define TOOL(i, id, name)                                                                          \
    BLOCK(i, "\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"" name "\",\"input\":{}")
#define TEXT_BLOCK(i) BLOCK(i, "\"type\":\"text\",\"text\":\"\"")
#define BEGUN         "start(msg_1|claude-x) "

static const struct {
    const char *name;
    const char *stream;
    const char *told;
    enum proa_answer_state state;
} STREAMS[] = {
    {"text",
     START("\"input_tokens\":25,\"output_tokens\":1") PING TEXT_BLOCK(0) TEXT(0, "Hel")
         TEXT(0, "lo \\\"\\u00e4\\\"") STOP(0) END("end_turn", "\"output_tokens\":15"),
     BEGUN "usage(i25o1) text(Hel) text(lo \\\"\\u00e4\\\") finish(end_turn)=stop usage(i25o15) ",
     PROA_ANSWER_DONE},
    {"counts of the cache are part of the input",
     START("\"input_tokens\":10,\"cache_creation_input_tokens\":200,"
           "\"cache_read_input_tokens\":3000,\"output_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x")
         STOP(0) END("stop_sequence", "\"output_tokens\":2"),
     BEGUN "usage(i3210o1r3000w200) text(x) finish(stop_sequence)=stop usage(i3210o2r3000w200) ",
     PROA_ANSWER_DONE},
    {"the last counts are the right ones, and thinking is one of them",
     START("\"input_tokens\":1,\"output_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") STOP(0)
         END("end_turn", "\"input_tokens\":7,\"cache_read_input_tokens\":5,"
                         "\"cache_creation_input_tokens\":null,\"output_tokens\":40,"
                         "\"output_tokens_details\":{\"thinking_tokens\":30}"),
     BEGUN "usage(i1o1) text(x) finish(end_turn)=stop usage(i12o40r5t30) ", PROA_ANSWER_DONE},
    {"thinking, signed and redacted",
     START("\"input_tokens\":1")
         BLOCK(0, "\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"")
             DELTA(0, "\"type\":\"thinking_delta\",\"thinking\":\"let me\"")
                 DELTA(0, "\"type\":\"signature_delta\",\"signature\":\"EqQB\"") STOP(0)
                     BLOCK(1, "\"type\":\"redacted_thinking\",\"data\":\"AbC=\"") STOP(1)
                         TEXT_BLOCK(2) TEXT(2, "42") STOP(2) END("end_turn", "\"output_tokens\":2"),
     BEGUN "usage(i1) reasoning(let me) sign(EqQB) red(AbC=) text(42) finish(end_turn)=stop "
           "usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"a tool, its first piece empty",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "ok") STOP(0) TOOL(1, "toolu_1", "look")
         JSON(1, "") JSON(1, "{\\\"a\\\": ") JSON(1, "1}") STOP(1)
             END("tool_use", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(ok) begin0(toolu_1|look) piece0({\\\"a\\\": ) piece0(1}) end0 "
           "finish(tool_use)=tool_calls usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"two tools, one without arguments",
     START("\"input_tokens\":1") TOOL(0, "t1", "a") JSON(0, "") STOP(0) TOOL(1, "t2", "b")
         JSON(1, "{}") STOP(1) END("tool_use", "\"output_tokens\":2"),
     BEGUN "usage(i1) begin0(t1|a) piece0({}) end0 begin1(t2|b) piece1({}) end1 "
           "finish(tool_use)=tool_calls usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"arguments at the beginning of a block",
     START("\"input_tokens\":1")
         BLOCK(0, "\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{\"k\": \"v\"}")
             STOP(0) END("tool_use", "\"output_tokens\":2"),
     BEGUN "usage(i1) begin0(t|n) piece0({\\\"k\\\": \\\"v\\\"}) end0 finish(tool_use)=tool_calls "
           "usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"the tool that stands for a schema is text",
     START("\"input_tokens\":1") TOOL(0, "t", PROA_CLAUDE_JSON_TOOL) JSON(0, "")
         JSON(0, "{\\\"a\\\":") JSON(0, "1}") STOP(0) END("tool_use", "\"output_tokens\":2"),
     BEGUN "usage(i1) text({\\\"a\\\":) text(1}) finish(tool_use)=stop usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"and an object when it says nothing",
     START("\"input_tokens\":1") TOOL(0, "t", PROA_CLAUDE_JSON_TOOL) JSON(0, "") STOP(0)
         END("tool_use", "\"output_tokens\":2"),
     BEGUN "usage(i1) text({}) finish(tool_use)=stop usage(i1o2) ", PROA_ANSWER_DONE},
    {"another tool beside it is one",
     START("\"input_tokens\":1") TOOL(0, "t", "look") JSON(0, "{}") STOP(0)
         TOOL(1, "u", PROA_CLAUDE_JSON_TOOL) JSON(1, "{}") STOP(1)
             END("tool_use", "\"output_tokens\":2"),
     BEGUN "usage(i1) begin0(t|look) piece0({}) end0 text({}) finish(tool_use)=tool_calls "
           "usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"citations",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") DELTA(
         0, "\"type\":\"citations_delta\",\"citation\":{\"url\":\"https://a\",\"title\":\"T\"}")
         STOP(0) END("end_turn", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(x) cite({\"url\":\"https://a\",\"title\":\"T\"}) finish(end_turn)=stop "
           "usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"what the provider runs itself says nothing, nor does what is not known",
     START("\"input_tokens\":1")
         BLOCK(0, "\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}")
             JSON(0, "{\\\"query\\\":1}") STOP(0)
                 BLOCK(1, "\"type\":\"web_search_tool_result\",\"content\":[]") STOP(1)
                     EVENT("brand_new", ",\"x\":1") TEXT_BLOCK(2) TEXT(2, "x") STOP(2)
                         END("end_turn", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(x) finish(end_turn)=stop usage(i1o2) ", PROA_ANSWER_DONE},
    {"the message begins twice",
     START("\"input_tokens\":1") START("\"input_tokens\":9") TEXT_BLOCK(0) TEXT(0, "x") STOP(0)
         END("max_tokens", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(x) finish(max_tokens)=length usage(i1o2) ", PROA_ANSWER_DONE},
    {"another message begins",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x")
         EVENT("message_start", ",\"message\":{\"id\":\"msg_2\"}") TEXT(0, "y"),
     BEGUN "usage(i1) text(x) ", PROA_ANSWER_ERROR},
    {"a refusal", START("\"input_tokens\":1") END("refusal", "\"output_tokens\":0"),
     BEGUN "usage(i1) finish(refusal)=content_filter usage(i1o0) ", PROA_ANSWER_DONE},
    {"a pause",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") STOP(0)
         END("pause_turn", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(x) finish(pause_turn)=stop usage(i1o2) ", PROA_ANSWER_DONE},
    {"no more room",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") STOP(0)
         END("model_context_window_exceeded", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(x) finish(model_context_window_exceeded)=length usage(i1o2) ",
     PROA_ANSWER_DONE},
    {"a reason that is new",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") STOP(0)
         END("compaction", "\"output_tokens\":2"),
     BEGUN "usage(i1) text(x) finish(compaction)=stop usage(i1o2) ", PROA_ANSWER_DONE},
    {"cut before its reason", START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") STOP(0),
     BEGUN "usage(i1) text(x) ", PROA_ANSWER_CONTENT},
    {"no reason at all",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x") EVENT("message_stop", ""),
     BEGUN "usage(i1) text(x) finish()=stop ", PROA_ANSWER_DONE},
    {"nothing said at all", START("\"input_tokens\":1") EVENT("message_stop", ""),
     BEGUN "usage(i1) ", PROA_ANSWER_DONE},
    {"an error before content",
     START("\"input_tokens\":1")
         EVENT("error", ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}"),
     BEGUN "usage(i1) ", PROA_ANSWER_ERROR},
    {"an error after it",
     START("\"input_tokens\":1") TEXT_BLOCK(0) TEXT(0, "x")
         EVENT("error", ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}")
             TEXT(0, "y"),
     BEGUN "usage(i1) text(x) ", PROA_ANSWER_ERROR},
    {"without the names of events, and with CR LF",
     "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
     "\"text\":\"x\"}}\r\n\r\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
     "\"end_turn\"}}\r\n\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n",
     "start() text(x) finish(end_turn)=stop ", PROA_ANSWER_DONE},
};

static void test_streams_however_they_are_cut(void **state)
{
    (void)state;
    const struct proa_dialect *dialect = proa_dialect_find(PROA_SLICE("anthropic"));
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
            PROA_TEST_CHECK(proa_decoder_end(t.d) == (row->state == PROA_ANSWER_DONE), "%s",
                            row->name);
            assert_told(&t, row->told);
            told_teardown(&t);
        }
    }
}

/* Two pieces, for every place to cut. */
static void cut_in_two(void *ctx, struct proa_slice first, struct proa_slice second)
{
    const char *told = ctx;
    struct proa_decoder_report report;
    struct told t;
    told_setup(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD);
    assert_ok(proa_decoder_feed(t.d, first, &report));
    assert_ok(proa_decoder_feed(t.d, second, &report));
    assert_told(&t, told);
    told_teardown(&t);
}

static void test_streams_cut_in_two(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        union {
            const char *in;
            void *out;
        } told = {STREAMS[i].told};
        proa_test_each_split(proa_slice_cstr(STREAMS[i].stream), cut_in_two, told.out);
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
        {EVENT("error",
               ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Over\\u006coaded\"}"),
         PROA_CLASS_OVERLOADED, "Overloaded"},
        {EVENT("error", ",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}"), PROA_CLASS_SERVER,
         "m"},
        {"data: {\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\"}}\n\n", PROA_CLASS_RATE,
         "m"},
        {"data: {\"error\":\"m\"}\n\n", PROA_CLASS_SERVER, "m"},
        {"event: error\ndata: nonsense\n\n", PROA_CLASS_SERVER, "nonsense"},
        {START("\"input_tokens\":1") EVENT("message_start", ",\"message\":{\"id\":\"other\"}"),
         PROA_CLASS_MALFORMED, "another message began in the stream"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_decoder_report report;
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_slice_cstr(row->stream), &report));
        assert_int_equal(report.state, PROA_ANSWER_ERROR);
        PROA_TEST_CHECK(report.failure.class == row->class, "%s: %s", row->stream,
                        proa_class_text(report.failure.class));
        assert_slice_str(report.failure.message, row->message);
        assert_false(proa_decoder_end(t.d));
        told_teardown(&t);
    }
}

static void test_events_that_are_none(void **state)
{
    (void)state;
    static const char *const events[] = {
        "data: []\n\n",
        "data: 1\n\n",
        "data: {}\n\n",
        "data: {\"type\":7}\n\n",
        "data: {\"type\":\"message_start\"}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0}\n\n",
        "data: {\"type\":\"content_block_start\",\"content_block\":[]}\n\n",
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(events); i++) {
        struct proa_decoder_report report;
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_slice_cstr(events[i]), &report));
        PROA_TEST_CHECK(report.malformed, "%s", events[i]);
        assert_int_equal(report.state, PROA_ANSWER_WAITING);
        assert_told(&t, "");
        told_teardown(&t);
    }
}

#define WHOLE(content, reason)                                                                     \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\","        \
    "\"content\":[" content "],\"stop_reason\":\"" reason "\",\"stop_sequence\":null,"             \
    "\"usage\":{\"input_tokens\":3,\"cache_creation_input_tokens\":0,"                             \
    "\"cache_read_input_tokens\":4,\"output_tokens\":5,\"output_tokens_details\":{"                \
    "\"thinking_tokens\":2}}}"

static const struct {
    const char *body;
    const char *told;
    enum proa_class class;
} WHOLES[] = {
    {WHOLE("{\"type\":\"text\",\"text\":\"Hi \\u00e4\"},{\"type\":\"text\",\"text\":\"!\"}",
           "end_turn"),
     BEGUN "text(Hi \\u00e4) text(!) finish(end_turn)=stop usage(i7o5r4w0t2) ", PROA_CLASS_OK},
    {WHOLE("{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},"
           "{\"type\":\"redacted_thinking\",\"data\":\"r\"},"
           "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{\"a\": [1, \"\\n\"]}},"
           "{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"m\",\"input\":{}}",
           "tool_use"),
     BEGUN "reasoning(hm) sign(s) red(r) begin0(t|n) piece0({\\\"a\\\": [1, \\\"\\\\n\\\"]}) end0 "
           "begin1(u|m) piece1({}) end1 finish(tool_use)=tool_calls usage(i7o5r4w0t2) ",
     PROA_CLASS_OK},
    {WHOLE("{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"proa_json_answer\",\"input\":{\"a\":1}}",
           "tool_use"),
     BEGUN "text({\\\"a\\\":1}) finish(tool_use)=stop usage(i7o5r4w0t2) ", PROA_CLASS_OK},
    {WHOLE("{\"type\":\"text\",\"text\":\"x\",\"citations\":[{\"url\":\"u\"}]}", "end_turn"),
     BEGUN "text(x) cite({\"url\":\"u\"}) finish(end_turn)=stop usage(i7o5r4w0t2) ", PROA_CLASS_OK},
    {WHOLE("{\"type\":\"web_search_tool_result\",\"content\":[]}", "refusal"),
     BEGUN "finish(refusal)=content_filter usage(i7o5r4w0t2) ", PROA_CLASS_OK},
    /* Vertex gives the same. */
    {"{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"stop_reason\":\"end_turn\"}",
     "start() text(x) finish(end_turn)=stop ", PROA_CLASS_OK},
    {"{\"content\":[],\"stop_reason\":null}", "start() ", PROA_CLASS_EMPTY},
    {"{\"id\":\"m\"}", "", PROA_CLASS_MALFORMED},
    {"{\"content\":\"x\"}", "", PROA_CLASS_MALFORMED},
    {"{\"content\":[1]}", "start() ", PROA_CLASS_MALFORMED},
    {"{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]", "", PROA_CLASS_MALFORMED},
    {"[]", "", PROA_CLASS_MALFORMED},
    {"", "", PROA_CLASS_MALFORMED},
    {"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}", "",
     PROA_CLASS_OVERLOADED},
    {"{\"error\":{\"message\":\"m\"}}", "", PROA_CLASS_SERVER},
};

static void test_whole_answers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, WHOLES)
    {
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD);
        const bool good = proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure);
        assert_int_equal(good, row->class == PROA_CLASS_OK);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->body,
                        proa_class_text(failure.class));
        assert_told(&t, row->told);
        told_teardown(&t);
    }
}

/* Numbers beyond all reason are not believed, in no sum either. */
static void test_usage_that_cannot_be(void **state)
{
    (void)state;
    struct proa_decoder_report report;
    struct told t;
    told_setup(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD);
    assert_ok(proa_decoder_feed(
        t.d,
        PROA_SLICE(START("\"input_tokens\":18446744073709551615,\"cache_read_input_tokens\":7,"
                         "\"cache_creation_input_tokens\":-1,\"output_tokens\":1e3")),
        &report));
    assert_told(&t, BEGUN "usage(i7r7) ");
    told_teardown(&t);
}

#define SEARCH(i)                                                                                  \
    BLOCK(i, "\"type\":\"server_tool_use\",\"id\":\"srv_1\",\"name\":\"web_search\",\"input\":{}")
#define FOUND "[{\"type\":\"web_search_result\",\"url\":\"u\",\"page_age\":null}]"

/* Tools that Anthropic runs itself: to who wants to know of them, and to nobody else. */
static void test_tools_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *stream;
        const char *told;
        const char *others;
    } rows[] = {
        {START("") SEARCH(0) JSON(0, "") JSON(0, "{\\\"query\\\":") JSON(0, "\\\"x\\\"}") STOP(0)
             BLOCK(
                 1,
                 "\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srv_1\",\"content\":" FOUND)
                 STOP(1) TEXT_BLOCK(2) TEXT(2, "a") STOP(2) END("end_turn", ""),
         BEGUN "beginown0(srv_1|web_search) piece0({\\\"query\\\":) piece0(\\\"x\\\"}) end0 "
               "result(srv_1|" FOUND ") text(a) finish(end_turn)=stop ",
         BEGUN "text(a) finish(end_turn)=stop "},
        /* Beside a call that is the client's to run. */
        {START("") SEARCH(0) STOP(0) TOOL(1, "t1", "f") STOP(1) END("tool_use", ""),
         BEGUN "beginown0(srv_1|web_search) piece0({}) end0 begin1(t1|f) piece1({}) end1 "
               "finish(tool_use)=tool_calls ",
         BEGUN "begin0(t1|f) piece0({}) end0 finish(tool_use)=tool_calls "},
        /* One of the parts of a tool says which, and failed. */
        {START("") BLOCK(0, "\"type\":\"server_tool_use\",\"id\":\"srv_2\",\"name\":"
                            "\"bash_code_execution\",\"input\":{}") JSON(0, "")
             JSON(0, "{\\\"command\\\":") JSON(0, "\\\"ls\\\"}") STOP(0)
                 BLOCK(1, "\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"srv_2\","
                          "\"content\":{\"type\":\"bash_code_execution_tool_result_error\"}")
                     STOP(1) END("pause_turn", ""),
         BEGUN "beginown0(srv_2|code_execution) piece0({\\\"type\\\":\\\"bash_code_execution\\\",) "
               "piece0(\\\"command\\\":) piece0(\\\"ls\\\"}) end0 "
               "result(srv_2|{\"type\":\"bash_code_execution_tool_result_error\"}|failed) "
               "finish(pause_turn)=stop ",
         BEGUN "finish(pause_turn)=stop "},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_slice stream = proa_slice_cstr(row->stream);
        for (int wanted = 0; wanted < 2; wanted++) {
            struct told t;
            struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
            told_setup_for(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD,
                           wanted == 1);
            assert_true(told_feed(&t, stream, 7, &report));
            assert_told(&t, wanted == 1 ? row->told : row->others);
            told_teardown(&t);
        }
    }
}

static void test_tools_of_its_own_in_whole_answers(void **state)
{
    (void)state;
    static const char body[] =
        "{\"id\":\"msg_1\",\"model\":\"claude-x\",\"content\":[{\"type\":\"server_tool_use\","
        "\"id\":\"s1\","
        "\"name\":\"web_search\",\"input\":{\"query\":\"x\"}},{\"type\":\"server_tool_use\",\"id\":"
        "\"s2\","
        "\"name\":\"bash_code_execution\",\"input\": {\"command\":\"ls\"} },"
        "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s1\",\"content\":" FOUND "},"
        "{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\"}";
    struct told t;
    struct proa_failure failure;
    told_setup_for(&t, proa_dialect_find(PROA_SLICE("anthropic")), PROA_OP_CHAT, &HEAD, true);
    assert_true(proa_decoder_whole(t.d, proa_slice_make(body, sizeof body - 1), &failure));
    assert_told(&t, BEGUN "beginown0(s1|web_search) piece0({\\\"query\\\":\\\"x\\\"}) end0 "
                          "beginown1(s2|code_execution) "
                          "piece1({\\\"type\\\":\\\"bash_code_execution\\\",) "
                          "piece1(\\\"command\\\":\\\"ls\\\"}) end1 result(s1|" FOUND
                          ") text(a) finish(end_turn)=stop ");
    told_teardown(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_however_they_are_cut),
        cmocka_unit_test(test_streams_cut_in_two),
        cmocka_unit_test(test_what_an_error_says),
        cmocka_unit_test(test_events_that_are_none),
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_tools_of_its_own),
        cmocka_unit_test(test_tools_of_its_own_in_whole_answers),
        cmocka_unit_test(test_usage_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
