/*
 * Streams of the Messages API that are passed on: what is read out of every stream, that it does
 * not depend on how its bytes come, and that what is handed out is the stream itself, in whole
 * events; and what an event brings for who wants to go on with an answer.
 */
#include "anthropic_priv.h"

#include "proa_test.h"

#define NONE UINT64_MAX

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"
#define BEGIN                                                                                      \
    EVENT("message_start", ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"         \
                           "\"assistant\",\"model\":\"claude-up\",\"content\":[],\"stop_reason\":" \
                           "null,\"usage\":{\"input_tokens\":7,\"cache_creation_input_tokens\":2," \
                           "\"cache_read_input_tokens\":1,\"output_tokens\":1}}")
#define PING "event: ping\ndata: {\"type\": \"ping\"}\n\n"
#define BLOCK(i, members)                                                                          \
    EVENT("content_block_start", ",\"index\":" #i ",\"content_block\":{" members "}")
#define DELTA(i, members) EVENT("content_block_delta", ",\"index\":" #i ",\"delta\":{" members "}")
#define WORDS(i, text)    DELTA(i, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define STOP(i)           EVENT("content_block_stop", ",\"index\":" #i)
#define FINISH(reason)                                                                             \
    EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"" reason "\",\"stop_sequence\":null},"   \
                           "\"usage\":{\"output_tokens\":9}")
#define END EVENT("message_stop", "")

static const struct stream_case {
    const char *name;
    const char *text;
    enum proa_answer_state state; /* after all of it */
    uint32_t content_events;
    uint32_t events;
    bool malformed;
    bool complete;
    const char *ready_until; /* the first event that is not ready; NULL = everything is */
    const char *finish_reason;
    const char *model;
    uint64_t usage[PROA_USAGE_FIELDS]; /* NONE = not told */
    enum proa_class class;             /* state ERROR */
    const char *message;
} streams[] = {
    {.name = "text",
     .text = BEGIN PING BLOCK(0, "\"type\":\"text\",\"text\":\"\"") WORDS(0, "Hel") WORDS(0, "lo")
         WORDS(0, " \\\"stop_reason\\\":\\\"x\\\"") STOP(0) FINISH("end_turn") END,
     .state = PROA_ANSWER_DONE,
     .content_events = 4,
     .events = 9,
     .complete = true,
     .finish_reason = "end_turn",
     .model = "claude-up",
     .usage = {10, 9, 1, 2, NONE}},
    {.name = "thinking, its signature, a tool",
     .text = BEGIN BLOCK(0, "\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"")
         DELTA(0, "\"type\":\"thinking_delta\",\"thinking\":\"h\"")
             DELTA(0, "\"type\":\"thinking_delta\",\"thinking\":\"m\"")
                 DELTA(0, "\"type\":\"signature_delta\",\"signature\":\"c2ln\"") STOP(0)
                     BLOCK(1, "\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}")
                         DELTA(1, "\"type\":\"input_json_delta\",\"partial_json\":\"\"")
                             DELTA(1, "\"type\":\"input_json_delta\",\"partial_json\":\"{}\"")
                                 STOP(1) FINISH("tool_use") END,
     .state = PROA_ANSWER_DONE,
     .content_events = 6,
     .events = 12,
     .complete = true,
     .finish_reason = "tool_use",
     .model = "claude-up",
     .usage = {10, 9, 1, 2, NONE}},
    {.name = "no names, no end mark, tokens of thinking",
     .text =
         "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\","
         "\"usage\":{\"input_tokens\":3}}}\n\n"
         "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
         "\"text\":\"a\"}}\n\n"
         "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"},\"usage\":{"
         "\"output_tokens\":5,\"output_tokens_details\":{\"thinking_tokens\":4}}}\n\n",
     .state = PROA_ANSWER_FINISHED,
     .content_events = 2,
     .events = 3,
     .complete = true,
     .finish_reason = "max_tokens",
     .model = "c",
     .usage = {3, 5, NONE, NONE, 4}},
    {.name = "CR LF, comments, an unknown event, a citation",
     .text = ": hi\r\n\r\nevent: content_block_delta\r\ndata: {\"type\":\"content_block_delta\","
             "\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"a\":1}}}\r\n\r\n"
             "event: news\r\ndata: {\"type\":\"news\"}\r\n\r\n",
     .state = PROA_ANSWER_CONTENT,
     .content_events = 1,
     .events = 2,
     .finish_reason = "",
     .model = "",
     .usage = {NONE, NONE, NONE, NONE, NONE}},
    {.name = "a tool that Anthropic runs, an empty answer",
     .text = BEGIN BLOCK(0, "\"type\":\"server_tool_use\",\"id\":\"s\"") STOP(0)
         FINISH("pause_turn") END,
     .state = PROA_ANSWER_DONE,
     .content_events = 2,
     .events = 5,
     .complete = true,
     .finish_reason = "pause_turn",
     .model = "claude-up",
     .usage = {10, 9, 1, 2, NONE}},
    {.name = "an event that is broken goes on as it is",
     .text =
         BEGIN "event: content_block_delta\ndata: {\"type\":\"content_block_\n\n" WORDS(0, "a") END,
     .state = PROA_ANSWER_DONE,
     .content_events = 1,
     .events = 4,
     .malformed = true,
     .complete = true,
     .finish_reason = "",
     .model = "claude-up",
     .usage = {10, 1, 1, 2, NONE}},
    {.name = "what follows the end is dropped",
     .text = BEGIN WORDS(0, "a") END WORDS(0, "b"),
     .state = PROA_ANSWER_DONE,
     .content_events = 1,
     .events = 3,
     .complete = true,
     .ready_until = WORDS(0, "b"),
     .finish_reason = "",
     .model = "claude-up",
     .usage = {10, 1, 1, 2, NONE}},
    {.name = "an error before content",
     .text =
         BEGIN "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
               "\"message\":\"Over\\u006coaded\"}}\n\n",
     .state = PROA_ANSWER_ERROR,
     .events = 2,
     .ready_until = "event: error",
     .finish_reason = "",
     .model = "claude-up",
     .usage = {10, 1, 1, 2, NONE},
     .class = PROA_CLASS_OVERLOADED,
     .message = "Overloaded"},
    {.name = "an error that only its data names",
     .text = BEGIN WORDS(0, "a") "data: {\"type\":\"error\",\"error\":{\"type\":"
                                 "\"rate_limit_error\",\"message\":\"slow\"}}\n\n",
     .state = PROA_ANSWER_ERROR,
     .content_events = 1,
     .events = 3,
     .ready_until = "data: {\"type\":\"error\"",
     .finish_reason = "",
     .model = "claude-up",
     .usage = {10, 1, 1, 2, NONE},
     .class = PROA_CLASS_RATE,
     .message = "slow"},
    {.name = "another message is not ours",
     .text =
         BEGIN WORDS(0, "a") "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"
                             "{\"id\":\"msg_2\"}}\n\n",
     .state = PROA_ANSWER_ERROR,
     .content_events = 1,
     .events = 3,
     .ready_until = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":"
                    "\"msg_2\"",
     .finish_reason = "",
     .model = "claude-up",
     .usage = {10, 1, 1, 2, NONE},
     .class = PROA_CLASS_MALFORMED,
     .message = "another message began in the stream"},
};

static const struct proa_answer_head HEAD = {.status = 200};

/* A reader, and all that came out of it. */
struct run {
    struct proa_arena arena;
    struct proa_reader *reader;
    struct proa_buf ready;
    struct proa_reader_report last;
    uint32_t content_events;
    uint32_t events;
    bool malformed;
};

static void run_start(struct run *run)
{
    *run = (struct run){.events = 0};
    proa_arena_init(&run->arena, NULL);
    proa_buf_init(&run->ready, 64 * 1024 * 1024);
    run->reader = proa_anthropic_reader_create(PROA_OP_CHAT, &HEAD, &run->arena);
}

static void run_end(struct run *run)
{
    proa_anthropic_reader_destroy(run->reader);
    proa_buf_deinit(&run->ready);
    proa_arena_reset(&run->arena);
}

/* The bytes are a copy on the heap that is gone afterwards: nothing may point at it later. */
static void run_feed(struct run *run, struct proa_slice bytes)
{
    char *copy = proa_memdup(bytes.ptr ? bytes.ptr : "", bytes.len);
    assert_ok(
        proa_anthropic_reader_feed(run->reader, proa_slice_make(copy, bytes.len), &run->last));
    for (size_t i = 0; i < 2; i++) {
        assert_ok(proa_buf_append(&run->ready, run->last.ready[i]));
    }
    run->content_events += run->last.content_events;
    run->events += run->last.events;
    run->malformed = run->malformed || run->last.malformed;
    proa_free(copy);
}

static struct proa_slice ready_of(const struct stream_case *c)
{
    const struct proa_slice text = proa_slice_cstr(c->text);
    if (!c->ready_until) {
        return text;
    }
    const size_t at = proa_slice_search(text, proa_slice_cstr(c->ready_until));
    assert_true(at < text.len);
    return proa_slice_head(text, at);
}

static void check(const struct stream_case *c, const struct run *run)
{
    assert_slice_equal(proa_buf_slice(&run->ready), ready_of(c));
    PROA_TEST_CHECK(run->last.state == c->state, "%s: state %d", c->name, run->last.state);
    PROA_TEST_CHECK(run->content_events == c->content_events, "%s: %u content events", c->name,
                    run->content_events);
    PROA_TEST_CHECK(run->events == c->events, "%s: %u events", c->name, run->events);
    PROA_TEST_CHECK(run->malformed == c->malformed, "%s", c->name);
    PROA_TEST_CHECK(proa_anthropic_reader_complete(run->reader) == c->complete, "%s", c->name);
    assert_slice_str(proa_anthropic_reader_finish_reason(run->reader), c->finish_reason);
    assert_slice_str(proa_anthropic_reader_model(run->reader), c->model);
    const struct proa_usage *usage = proa_anthropic_reader_usage(run->reader);
    for (size_t f = 0; f < PROA_USAGE_FIELDS; f++) {
        const bool known = proa_usage_has(usage, (enum proa_usage_field)f);
        PROA_TEST_CHECK(known == (c->usage[f] != NONE), "%s: usage %zu", c->name, f);
        PROA_TEST_CHECK(!known || usage->count[f] == c->usage[f], "%s: usage %zu", c->name, f);
    }
    if (c->state == PROA_ANSWER_ERROR) {
        PROA_TEST_CHECK(run->last.failure.class == c->class, "%s: %s", c->name,
                        proa_class_text(run->last.failure.class));
        assert_slice_str(run->last.failure.message, c->message);
    }
}

static void every_stream_whole(void **state)
{
    (void)state;
    PROA_TEST_ROWS(c, streams)
    {
        struct run run;
        run_start(&run);
        run_feed(&run, proa_slice_cstr(c->text));
        check(c, &run);
        run_end(&run);
    }
}

static void every_stream_split_at_each_byte(void **state)
{
    (void)state;
    PROA_TEST_ROWS(c, streams)
    {
        const struct proa_slice text = proa_slice_cstr(c->text);
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct run run;
            run_start(&run);
            run_feed(&run, proa_slice_head(text, cut));
            run_feed(&run, proa_slice_from(text, cut));
            check(c, &run);
            run_end(&run);
        }
    }
}

static void every_stream_in_small_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 7, 16, 61, 256};
    PROA_TEST_ROWS(c, streams)
    {
        PROA_TEST_ROWS(size, sizes)
        {
            struct proa_slice rest = proa_slice_cstr(c->text);
            struct run run;
            run_start(&run);
            while (rest.len > 0) {
                run_feed(&run, proa_slice_head(rest, *size));
                rest = proa_slice_from(rest, *size);
            }
            check(c, &run);
            run_end(&run);
        }
    }
}

/* Cut anywhere, a stream is complete exactly from its reason on. */
static void complete_from_its_reason_on(void **state)
{
    (void)state;
    const struct proa_slice text = proa_slice_cstr(streams[0].text);
    const struct proa_slice last = PROA_SLICE(END);
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct run run;
        run_start(&run);
        run_feed(&run, proa_slice_head(text, cut));
        PROA_TEST_CHECK(proa_anthropic_reader_complete(run.reader) == (cut >= text.len - last.len),
                        "%zu", cut);
        run_end(&run);
    }
}

static void an_event_over_its_cap(void **state)
{
    (void)state;
    struct run run;
    struct proa_buf big;
    proa_buf_init(&big, 16 * 1024 * 1024);
    PROA_BUF_LIT(&big, BEGIN "data: ");
    char *room = proa_buf_reserve(&big, 5 * 1024 * 1024);
    assert_non_null(room);
    memset(room, 'x', 5 * 1024 * 1024);
    big.len += 5 * 1024 * 1024;
    run_start(&run);
    assert_err(proa_anthropic_reader_feed(run.reader, proa_buf_slice(&big), &run.last),
               PROA_ERR_LIMIT);
    assert_slice_lit(run.last.ready[1], BEGIN);
    run_end(&run);
    proa_buf_deinit(&big);
}

/* ---- what an event brings -------------------------------------------------------------------- */

static void what_can_be_gone_on_with(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        const char *name;
        const char *text; /* the token */
        bool finished;
        bool other;
    } rows[] = {
        {"{\"type\":\"message_start\",\"message\":{}}", "message_start", "", false, false},
        {"{\"type\":\"ping\"}", "ping", "", false, false},
        {"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
         "\"text\":\"\"}}",
         "content_block_start", "", false, false},
        {"{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\"}}",
         "content_block_start", "", false, true},
        {"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\"}}",
         "content_block_start", "", false, true},
        {"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\"}}",
         "content_block_start", "", false, true},
        {"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
         "\"text\":\"a\\n\"}}",
         "content_block_delta", "\"a\\n\"", false, false},
        {"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\","
         "\"thinking\":\"a\"}}",
         "content_block_delta", "", false, true},
        {"{\"type\":\"content_block_stop\",\"index\":0}", "content_block_stop", "", true, false},
        {"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}", "message_delta",
         "", true, false},
        {"{\"type\":\"message_stop\"}", "message_stop", "", true, false},
        {"{\"type\":", "", "", false, false},
        {"[1]", "", "", false, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_delta delta;
        proa_anthropic_read_delta(proa_slice_cstr(row->data), &delta);
        assert_slice_str(delta.name, row->name);
        assert_slice_str(delta.text, row->text);
        PROA_TEST_CHECK(delta.finished == row->finished && delta.other == row->other, "%s",
                        row->data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stream_whole),
        cmocka_unit_test(every_stream_split_at_each_byte),
        cmocka_unit_test(every_stream_in_small_pieces),
        cmocka_unit_test(complete_from_its_reason_on),
        cmocka_unit_test(an_event_over_its_cap),
        cmocka_unit_test(what_can_be_gone_on_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
