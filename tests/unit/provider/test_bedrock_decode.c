/*
 * Answers of Converse and ConverseStream as events, at every way of cutting the stream. The shapes
 * are those of recorded answers: padding, blocks without a beginning, metadata that comes early.
 */
#include "bedrock_priv.h"
#include "dialects_priv.h"

#include "eventstream_fixture.h"
#include "told.h"

static const struct proa_http_header HEADERS[] = {
    {.id = PROA_HTTP_HEADER_X_AMZN_REQUESTID,
     .name = PROA_SLICE_INIT("x-amzn-RequestId"),
     .value = PROA_SLICE_INIT("r-1")},
};
static const struct proa_answer_head HEAD = {.status = 200, .headers = HEADERS, .n_headers = 1};

/* ---- streams --------------------------------------------------------------------------------- */

/* Name and payload of each event; a name that begins with '!' is an exception's. Ends NULL. */
struct row {
    const char *name;
    const char *events[16][2];
    const char *told;
    enum proa_answer_state state; /* before the end */
    bool complete;                /* after it */
    const char *at_end;           /* what the end tells; NULL = nothing */
    bool malformed;
};

#define START "messageStart", "{\"role\":\"assistant\",\"p\":\"abcd\"}"
#define DELTA(block, delta)                                                                        \
    "contentBlockDelta", "{\"contentBlockIndex\":" block ",\"delta\":{" delta "},\"p\":"           \
                         "\"abcdef\"}"
#define SAY(block, text) DELTA(block, "\"text\":\"" text "\"")
#define CALL(block, id, name)                                                                      \
    "contentBlockStart",                                                                           \
        "{\"contentBlockIndex\":" block ",\"start\":{\"toolUse\":{\"name\":\"" name                \
        "\",\"toolUseId\":\"" id "\"}},\"p\":\"ab\"}"
#define INPUT(block, json) DELTA(block, "\"toolUse\":{\"input\":\"" json "\"}")
#define CLOSE(block)       "contentBlockStop", "{\"contentBlockIndex\":" block ",\"p\":\"abc\"}"
#define STOP(reason)       "messageStop", "{\"stopReason\":\"" reason "\",\"p\":\"abcdefgh\"}"
#define METADATA           "metadata", METADATA_JSON
#define METADATA_JSON                                                                              \
    "{\"metrics\":{\"latencyMs\":9},\"usage\":{\"inputTokens\":5,\"outputTokens\":7,"              \
    "\"totalTokens\":12},\"p\":\"abcde\"}"

static const struct row STREAMS[] = {
    {"text, its block without a beginning",
     {{START}, {SAY("0", "He\\\"")}, {SAY("0", "y")}, {CLOSE("0")}, {STOP("end_turn")}, {METADATA}},
     "start(r-1) text(He\\\") text(y) finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"metadata first: the reason ends it",
     {{START}, {SAY("0", "a")}, {METADATA}, {CLOSE("0")}, {STOP("stop_sequence")}},
     "start(r-1) text(a) usage(i5o7) finish(stop_sequence)=stop ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"no metadata: the end of the stream ends it",
     {{START}, {SAY("0", "a")}, {CLOSE("0")}, {STOP("max_tokens")}},
     "start(r-1) text(a) ",
     PROA_ANSWER_CONTENT,
     true,
     "finish(max_tokens)=length ",
     false},
    {"no reason: it was cut off",
     {{START}, {SAY("0", "a")}, {CLOSE("0")}, {METADATA}},
     "start(r-1) text(a) usage(i5o7) ",
     PROA_ANSWER_CONTENT,
     false,
     NULL,
     false},
    {"nothing but a beginning", {{START}}, "start(r-1) ", PROA_ANSWER_WAITING, false, NULL, false},
    {"no messageStart, and empty texts",
     {{SAY("0", "")}, {SAY("0", "a")}, {SAY("0", "")}, {STOP("end_turn")}, {METADATA}},
     "start() text(a) finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"an empty answer on purpose",
     {{START}, {STOP("end_turn")}, {METADATA}},
     "start(r-1) finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"the cache's tokens belong to the input",
     {{START},
      {SAY("0", "a")},
      {STOP("end_turn")},
      {"metadata", "{\"usage\":{\"inputTokens\":5,\"outputTokens\":7,\"cacheReadInputTokens\":100,"
                   "\"cacheWriteInputTokens\":20,\"totalTokens\":132}}"}},
     "start(r-1) text(a) finish(end_turn)=stop usage(i125o7r100w20) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"a call behind a text",
     {{START},
      {SAY("0", "Let me")},
      {CLOSE("0")},
      {CALL("1", "t1", "look")},
      {INPUT("1", "")},
      {INPUT("1", "{\\\"a\\\"")},
      {INPUT("1", ":1}")},
      {CLOSE("1")},
      {STOP("tool_use")},
      {METADATA}},
     "start(r-1) text(Let me) begin0(t1|look) piece0({\\\"a\\\") piece0(:1}) end0 "
     "finish(tool_use)=tool_calls usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"parallel calls, one without arguments",
     {{START},
      {CALL("0", "t1", "look")},
      {INPUT("0", "{}")},
      {CLOSE("0")},
      {CALL("1", "t2", "see")},
      {CLOSE("1")},
      {STOP("tool_use")},
      {METADATA}},
     "start(r-1) begin0(t1|look) piece0({}) end0 begin1(t2|see) piece1({}) end1 "
     "finish(tool_use)=tool_calls usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"a call that nobody ended",
     {{START}, {CALL("3", "t1", "look")}, {STOP("end_turn")}, {METADATA}},
     "start(r-1) begin0(t1|look) piece0({}) end0 finish(end_turn)=tool_calls usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"a call without a name",
     {{START}, {INPUT("0", "{}")}, {STOP("tool_use")}, {METADATA}},
     "start(r-1) finish(tool_use)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     true},
    {"thinking, its signature, and what is hidden",
     {{START},
      {DELTA("0", "\"reasoningContent\":{\"text\":\"hm\"}")},
      {DELTA("0", "\"reasoningContent\":{\"text\":\"\"}")},
      {DELTA("0", "\"reasoningContent\":{\"signature\":\"c2ln\"}")},
      {CLOSE("0")},
      {DELTA("1", "\"reasoningContent\":{\"redactedContent\":\"cmVk\"}")},
      {CLOSE("1")},
      {SAY("2", "a")},
      {STOP("end_turn")},
      {METADATA}},
     "start(r-1) reasoning(hm) sign(c2ln) red(cmVk) text(a) finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"JSON by a tool is text, and no call",
     {{START},
      {CALL("0", "t1", PROA_CLAUDE_JSON_TOOL)},
      {INPUT("0", "{\\\"a\\\"")},
      {INPUT("0", ":1}")},
      {CLOSE("0")},
      {STOP("tool_use")},
      {METADATA}},
     "start(r-1) text({\\\"a\\\") text(:1}) finish(tool_use)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"JSON by a tool behind another's call",
     {{START},
      {CALL("0", "t1", "look")},
      {CLOSE("0")},
      {CALL("1", "t2", PROA_CLAUDE_JSON_TOOL)},
      {INPUT("1", "{}")},
      {CLOSE("1")},
      {CALL("2", "t3", "see")},
      {INPUT("2", "{\\\"b\\\":2}")},
      {STOP("tool_use")},
      {METADATA}},
     "start(r-1) begin0(t1|look) piece0({}) end0 text({}) begin1(t3|see) piece1({\\\"b\\\":2}) "
     "end1 finish(tool_use)=tool_calls usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"a source",
     {{START},
      {SAY("0", "a")},
      {DELTA("0", "\"citation\":{\"title\":\"T\",\"location\":{\"web\":{\"url\":\"https://x\"}}}")},
      {STOP("end_turn")},
      {METADATA}},
     "start(r-1) text(a) cite({\"title\":\"T\",\"location\":{\"web\":{\"url\":\"https://x\"}}}) "
     "finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"events and members that do not exist yet",
     {{START},
      {"weather", "{\"sun\":true}"},
      {DELTA("0", "\"smell\":{}")},
      {"contentBlockStart", "{\"contentBlockIndex\":0,\"start\":{\"song\":{}}}"},
      {SAY("0", "a")},
      {STOP("end_turn")},
      {METADATA}},
     "start(r-1) text(a) finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     false},
    {"what is no event is left out",
     {{START},
      {"contentBlockDelta", "{\"delta\":{\"text\":\"x\"}}"},
      {"contentBlockDelta", "{\"contentBlockIndex\":-1,\"delta\":{\"text\":\"x\"}}"},
      {"contentBlockDelta", "{\"contentBlockIndex\":99999999999,\"delta\":{\"text\":\"x\"}}"},
      {"contentBlockDelta", "[]"},
      {"metadata", "[]"},
      {SAY("0", "a")},
      {STOP("end_turn")},
      {METADATA}},
     "start(r-1) text(a) finish(end_turn)=stop usage(i5o7) ",
     PROA_ANSWER_FINISHED,
     true,
     NULL,
     true},
    {"an exception at once",
     {{"!throttlingException", "{\"message\":\"Too many requests\"}"}},
     "",
     PROA_ANSWER_ERROR,
     false,
     NULL,
     false},
    {"an exception behind content, and what follows it",
     {{START},
      {SAY("0", "a")},
      {"!modelStreamErrorException", "{\"message\":\"m\"}"},
      {SAY("0", "b")}},
     "start(r-1) text(a) ",
     PROA_ANSWER_ERROR,
     false,
     NULL,
     false},
};

static void put_stream(struct proa_buf *out, const struct row *row)
{
    for (size_t i = 0; row->events[i][0]; i++) {
        const char *name = row->events[i][0];
        const bool exception = name[0] == '!';
        fixture_put_event(out, exception ? "exception" : "event", name + exception,
                          proa_slice_cstr(row->events[i][1]));
    }
}

static void check_stream(const struct row *row, struct proa_slice stream, size_t step)
{
    struct told t;
    struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
    char want[1024];
    told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
    PROA_TEST_CHECK(told_feed(&t, stream, step, &report), "%s", row->name);
    PROA_TEST_CHECK(report.state == row->state, "%s: state %d", row->name, (int)report.state);
    PROA_TEST_CHECK(step < stream.len || report.malformed == row->malformed, "%s", row->name);
    PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&t.out), proa_slice_cstr(row->told)),
                    "%s\n got %.*s\nwant %s", row->name, (int)t.out.len, t.out.ptr, row->told);
    PROA_TEST_CHECK(proa_decoder_end(t.d) == row->complete, "%s", row->name);
    (void)snprintf(want, sizeof want, "%s%s", row->told, row->at_end ? row->at_end : "");
    assert_told(&t, want);
    told_teardown(&t);
}

static void test_streams_however_they_are_cut(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, STREAMS)
    {
        struct proa_buf stream;
        proa_buf_init(&stream, 1 << 16);
        put_stream(&stream, row);
        for (size_t step = 1; step <= stream.len; step += step < 200 ? 1 : 97) {
            check_stream(row, proa_buf_slice(&stream), step);
        }
        check_stream(row, proa_buf_slice(&stream), stream.len);
        proa_buf_deinit(&stream);
    }
}

/* Two pieces, cut at every byte. */
static void test_streams_in_two_pieces(void **state)
{
    (void)state;
    const struct row *row = &STREAMS[8];
    struct proa_buf stream;
    proa_buf_init(&stream, 1 << 16);
    put_stream(&stream, row);
    for (size_t cut = 1; cut < stream.len; cut++) {
        struct told t;
        struct proa_decoder_report report;
        told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_slice_head(proa_buf_slice(&stream), cut), &report));
        assert_int_not_equal(report.state, PROA_ANSWER_FINISHED);
        assert_ok(proa_decoder_feed(t.d, proa_slice_from(proa_buf_slice(&stream), cut), &report));
        assert_told(&t, row->told);
        assert_slice_str(proa_decoder_finish_reason(t.d), "tool_use");
        assert_int_equal(proa_decoder_usage(t.d)->count[PROA_USAGE_OUTPUT], 7);
        told_teardown(&t);
    }
    proa_buf_deinit(&stream);
}

/* A stream that ends anywhere but behind its last event is cut off. */
static void test_streams_that_end_early(void **state)
{
    (void)state;
    const struct row *row = &STREAMS[0];
    struct proa_buf stream;
    proa_buf_init(&stream, 1 << 16);
    put_stream(&stream, row);
    struct proa_buf metadata;
    proa_buf_init(&metadata, 4096);
    fixture_put_event(&metadata, "event", "metadata", PROA_SLICE(METADATA_JSON));
    const size_t without_metadata = stream.len - metadata.len;
    for (size_t len = 0; len <= stream.len; len++) {
        struct told t;
        struct proa_decoder_report report;
        told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_slice_head(proa_buf_slice(&stream), len), &report));
        PROA_TEST_CHECK(proa_decoder_end(t.d) == (len == stream.len || len == without_metadata),
                        "%zu of %zu", len, stream.len);
        told_teardown(&t);
    }
    proa_buf_deinit(&stream);
    proa_buf_deinit(&metadata);
}

/* A stream that begins again and again takes no more memory for it. */
static void test_beginnings_cost_nothing(void **state)
{
    (void)state;
    static const struct proa_http_header headers[] = {
        {.id = PROA_HTTP_HEADER_X_AMZN_REQUESTID,
         .name = PROA_SLICE_INIT("x-amzn-RequestId"),
         .value = PROA_SLICE_INIT("r-\"1\"")},
    };
    static const struct proa_answer_head head = {.status = 200, .headers = headers, .n_headers = 1};
    struct told t;
    struct proa_decoder_report report;
    struct proa_buf event;
    proa_buf_init(&event, 4096);
    fixture_put_event(&event, "event", "messageStart", PROA_SLICE("{\"role\":\"assistant\"}"));
    told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &head);
    assert_ok(proa_decoder_feed(t.d, proa_buf_slice(&event), &report));
    assert_told(&t, "start(r-\\\"1\\\") ");
    const size_t bytes = t.arena.total_bytes;
    for (size_t i = 0; i < 100; i++) {
        assert_ok(proa_decoder_feed(t.d, proa_buf_slice(&event), &report));
    }
    assert_int_equal(t.arena.total_bytes, bytes);
    told_teardown(&t);
    proa_buf_deinit(&event);
}

/* A reason that does not fit is not cut, for it might end within an escape. */
static void test_a_reason_too_long_is_none(void **state)
{
    (void)state;
    struct told t;
    struct proa_decoder_report report;
    struct proa_buf stream;
    char stop[512];
    (void)snprintf(stop, sizeof stop, "{\"stopReason\":\"%0127d\\n\"}", 7);
    proa_buf_init(&stream, 1 << 16);
    fixture_put_event(&stream, "event", "contentBlockDelta",
                      PROA_SLICE("{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\"}}"));
    fixture_put_event(&stream, "event", "messageStop", proa_slice_cstr(stop));
    told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
    assert_ok(proa_decoder_feed(t.d, proa_buf_slice(&stream), &report));
    assert_true(proa_decoder_end(t.d));
    assert_told(&t, "start() text(a) finish()=stop ");
    told_teardown(&t);
    proa_buf_deinit(&stream);
}

static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *finish;
    } rows[] = {
        {"end_turn", "stop"},
        {"stop_sequence", "stop"},
        {"tool_use", "stop"},
        {"max_tokens", "length"},
        {"model_context_window_exceeded", "length"},
        {"content_filtered", "content_filter"},
        {"guardrail_intervened", "content_filter"},
        {"malformed_model_output", "stop"},
        {"malformed_tool_use", "stop"},
        {"a_new_one", "stop"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_failure failure;
        char body[256];
        char want[256];
        (void)snprintf(body, sizeof body,
                       "{\"output\":{\"message\":{\"content\":[{\"text\":\"a\"}]}},"
                       "\"stopReason\":\"%s\"}",
                       row->word);
        (void)snprintf(want, sizeof want, "start(r-1) text(a) finish(%s)=%s ", row->word,
                       row->finish);
        told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
        assert_true(proa_decoder_whole(t.d, proa_slice_cstr(body), &failure));
        assert_told(&t, want);
        told_teardown(&t);
    }
}

/* ---- exceptions ------------------------------------------------------------------------------ */

static void put_error(struct proa_buf *out, const char *code, const char *message)
{
    struct proa_buf headers;
    proa_buf_init(&headers, 4096);
    fixture_put_header(&headers, ":message-type", PROA_SLICE("error"));
    fixture_put_header(&headers, ":error-code", proa_slice_cstr(code));
    fixture_put_header(&headers, ":error-message", proa_slice_cstr(message));
    fixture_put_message(out, proa_buf_slice(&headers), PROA_SLICE_NONE);
    proa_buf_deinit(&headers);
}

static void test_exceptions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *message;
        bool error;
        uint16_t status;
        enum proa_class class;
        enum proa_refusal refusal;
    } rows[] = {
        {"throttlingException", "slow", false, 429, PROA_CLASS_RATE, PROA_REFUSAL_NONE},
        {"serviceUnavailableException", "m", false, 503, PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE},
        {"internalServerException", "m", false, 500, PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {"modelStreamErrorException", "m", false, 424, PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {"modelTimeoutException", "m", false, 408, PROA_CLASS_CONFLICT, PROA_REFUSAL_NONE},
        {"validationException", "m", false, 400, PROA_CLASS_CLIENT, PROA_REFUSAL_NONE},
        {"validationException", "Input is too long for requested model.", false, 400,
         PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT},
        {"brandNewException", "m", false, 0, PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {"InternalFailure", "it broke", true, 0, PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
        {"InternalFailure", "it broke at C:\\q", true, 0, PROA_CLASS_SERVER, PROA_REFUSAL_NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_decoder_report report;
        struct proa_buf stream;
        char json[256];
        proa_buf_init(&stream, 4096);
        (void)snprintf(json, sizeof json, "{\"message\":\"%s\",\"p\":\"ab\"}", row->message);
        if (row->error) {
            put_error(&stream, row->name, row->message);
        } else {
            fixture_put_event(&stream, "exception", row->name, proa_slice_cstr(json));
        }
        told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
        assert_ok(proa_decoder_feed(t.d, proa_buf_slice(&stream), &report));
        assert_int_equal(report.state, PROA_ANSWER_ERROR);
        PROA_TEST_CHECK(
            report.failure.class == row->class && report.failure.refusal == row->refusal &&
                report.failure.status == row->status,
            "%s: class %d status %u", row->name, (int)report.failure.class, report.failure.status);
        assert_slice_str(report.failure.message, row->message);
        assert_slice_str(report.failure.type, row->name);
        assert_false(proa_decoder_end(t.d));
        told_teardown(&t);
        proa_buf_deinit(&stream);
    }
}

/* ---- whole answers --------------------------------------------------------------------------- */

#define WHOLE(content, reason)                                                                     \
    "{\"metrics\":{\"latencyMs\":9},\"output\":{\"message\":{\"content\":[" content "],\"role\":"  \
    "\"assistant\"}},\"stopReason\":\"" reason "\",\"usage\":{\"inputTokens\":5,"                  \
    "\"outputTokens\":7,\"cacheReadInputTokens\":3,\"totalTokens\":15}}"

static const struct {
    const char *body;
    const char *told; /* NULL: it fails */
    enum proa_class class;
} WHOLES[] = {
    {WHOLE("{\"text\":\"a\"},{\"text\":\"b\"}", "end_turn"),
     "start(r-1) text(a) text(b) finish(end_turn)=stop usage(i8o7r3) ", PROA_CLASS_OK},
    {WHOLE("{\"text\":\"a\"},{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"look\",\"input\":"
           "{\"a\":\"\\n\"}}},{\"toolUse\":{\"toolUseId\":\"t2\",\"name\":\"see\",\"input\":{}}}",
           "tool_use"),
     "start(r-1) text(a) begin0(t1|look) piece0({\\\"a\\\":\\\"\\\\n\\\"}) end0 begin1(t2|see) "
     "piece1({}) end1 finish(tool_use)=tool_calls usage(i8o7r3) ",
     PROA_CLASS_OK},
    {WHOLE("{\"reasoningContent\":{\"reasoningText\":{\"text\":\"hm\",\"signature\":\"s\"}}},"
           "{\"reasoningContent\":{\"redactedContent\":\"cg==\"}},{\"text\":\"a\"}",
           "end_turn"),
     "start(r-1) reasoning(hm) sign(s) red(cg==) text(a) finish(end_turn)=stop usage(i8o7r3) ",
     PROA_CLASS_OK},
    {WHOLE("{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"proa_json_answer\",\"input\":{\"a\": "
           "\"x\"}}}",
           "tool_use"),
     "start(r-1) text({\\\"a\\\": \\\"x\\\"}) finish(tool_use)=stop usage(i8o7r3) ", PROA_CLASS_OK},
    {WHOLE("{\"citationsContent\":{\"content\":[{\"text\":\"a\"}],\"citations\":[{\"title\":"
           "\"T\"}]}}",
           "end_turn"),
     "start(r-1) text(a) cite({\"title\":\"T\"}) finish(end_turn)=stop usage(i8o7r3) ",
     PROA_CLASS_OK},
    {WHOLE("{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"AAA=\"}}}", "end_turn"),
     "start(r-1) media(image/png|AAA=) finish(end_turn)=stop usage(i8o7r3) ", PROA_CLASS_OK},
    {WHOLE("{\"video\":{}},{\"text\":\"a\"}", "end_turn"),
     "start(r-1) text(a) finish(end_turn)=stop usage(i8o7r3) ", PROA_CLASS_OK},
    {WHOLE("", "guardrail_intervened"),
     "start(r-1) finish(guardrail_intervened)=content_filter usage(i8o7r3) ", PROA_CLASS_OK},
    {"", NULL, PROA_CLASS_MALFORMED},
    {"[]", NULL, PROA_CLASS_MALFORMED},
    {"{}", NULL, PROA_CLASS_MALFORMED},
    {"<html>", NULL, PROA_CLASS_MALFORMED},
    {"{\"output\":{\"message\":{\"content\":[{\"text\":\"a\"}]}}}", NULL, PROA_CLASS_MALFORMED},
    {"{\"output\":{\"message\":{\"content\":{}}},\"stopReason\":\"end_turn\"}", NULL,
     PROA_CLASS_MALFORMED},
    {"{\"output\":{\"message\":{\"content\":[{\"text\":\"a\"}", NULL, PROA_CLASS_MALFORMED},
    /* an error that came as an answer */
    {"{\"message\":\"Too many tokens, please wait\",\"__type\":\"x#ThrottlingException\"}", NULL,
     PROA_CLASS_RATE},
};

static void test_whole_answers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, WHOLES)
    {
        struct told t;
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        told_setup(&t, &proa_dialect_bedrock, PROA_OP_CHAT, &HEAD);
        PROA_TEST_CHECK(proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure) ==
                            (row->told != NULL),
                        "%s", row->body);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %d", row->body, (int)failure.class);
        if (row->told) {
            assert_told(&t, row->told);
        }
        told_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_however_they_are_cut),
        cmocka_unit_test(test_streams_in_two_pieces),
        cmocka_unit_test(test_streams_that_end_early),
        cmocka_unit_test(test_beginnings_cost_nothing),
        cmocka_unit_test(test_a_reason_too_long_is_none),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_whole_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
