/*
 * Answers of the Responses API that are passed on: what is read out of every stream, that it does
 * not depend on how its bytes come, and that what is handed out is the stream itself, in whole
 * events; and what is read out of whole answers.
 */
#include "openai_priv.h"
#include "openai_quirks_priv.h"

#include "proa/provider/vendor.h"

#include "proa_test.h"

#define NONE UINT64_MAX

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"
#define RESPONSE(status, output, rest)                                                             \
    ",\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"" status                \
    "\",\"error\":null,\"model\":\"gpt-up\",\"output\":[" output "]" rest "}"
#define USAGE                                                                                      \
    ",\"usage\":{\"input_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":4},"              \
    "\"output_tokens\":9,\"output_tokens_details\":{\"reasoning_tokens\":5},\"total_tokens\":19}"
#define BEGIN                                                                                      \
    EVENT("response.created", RESPONSE("in_progress", "", ",\"usage\":null"))                      \
    EVENT("response.in_progress", RESPONSE("in_progress", "", ",\"usage\":null"))
#define ITEM(what, members)                                                                        \
    EVENT("response.output_item." what, ",\"output_index\":0,\"item\":{" members "}")
#define MESSAGE ITEM("added", "\"type\":\"message\",\"role\":\"assistant\",\"content\":[]")
#define PART                                                                                       \
    EVENT("response.content_part.added", ",\"part\":{\"type\":\"output_text\",\"text\":\"\"}")
#define WORDS(text)                                                                                \
    EVENT("response.output_text.delta", ",\"content_index\":0,\"delta\":\"" text "\"")
#define SAID      "{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello\"}]}"
#define COMPLETED EVENT("response.completed", RESPONSE("completed", SAID, USAGE))

/* clang-format off */
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
     .text = BEGIN MESSAGE PART WORDS("Hel") WORDS("lo") WORDS(" \\\"response.failed\\\"")
         EVENT("response.output_text.done", ",\"text\":\"Hello\"")
         ITEM("done", "\"type\":\"message\",\"content\":[{\"type\":\"output_text\"}]") COMPLETED,
     .state = PROA_ANSWER_DONE,
     .content_events = 5,
     .events = 10,
     .complete = true,
     .finish_reason = "completed",
     .model = "gpt-up",
     .usage = {10, 9, 4, NONE, 5}},
    {.name = "reasoning, then a call",
     .text = BEGIN ITEM("added", "\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"x\"")
         EVENT("response.reasoning_summary_text.delta", ",\"delta\":\"hm\"")
         ITEM("done", "\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\"}]")
         ITEM("added", "\"type\":\"function_call\",\"name\":\"f\",\"call_id\":\"c\",\"arguments\":\"\"")
         EVENT("response.function_call_arguments.delta", ",\"delta\":\"{}\"")
         EVENT("response.function_call_arguments.done", ",\"arguments\":\"{}\"") COMPLETED,
     .state = PROA_ANSWER_DONE,
     .content_events = 5,
     .events = 9,
     .complete = true,
     .finish_reason = "completed",
     .model = "gpt-up",
     .usage = {10, 9, 4, NONE, 5}},
    {.name = "nothing that bears content",
     .text = BEGIN MESSAGE PART EVENT("response.output_text.delta", ",\"delta\":\"\"")
         ITEM("added", "\"type\":\"reasoning\",\"summary\":[]")
         EVENT("response.web_search_call.searching", "") ": a comment\n\n" EVENT("keepalive", ""),
     .state = PROA_ANSWER_WAITING,
     .events = 8,
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE}},
    {.name = "a hosted tool, a picture",
     .text = BEGIN ITEM("added", "\"type\":\"web_search_call\",\"status\":\"in_progress\"")
         EVENT("response.image_generation_call.partial_image", ",\"partial_image_b64\":\"aa\""),
     .state = PROA_ANSWER_CONTENT,
     .content_events = 2,
     .events = 4,
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE}},
    {.name = "cut short on purpose, with nothing said",
     .text = BEGIN EVENT("response.incomplete",
                         RESPONSE("incomplete", "",
                                  ",\"incomplete_details\":{\"reason\":\"content_filter\"}" USAGE)),
     .state = PROA_ANSWER_DONE,
     .content_events = 1,
     .events = 3,
     .complete = true,
     .finish_reason = "content_filter",
     .model = "gpt-up",
     .usage = {10, 9, 4, NONE, 5}},
    {.name = "an end without an answer",
     .text = BEGIN EVENT("response.completed", RESPONSE("completed", "", "")),
     .state = PROA_ANSWER_DONE,
     .events = 3,
     .complete = true,
     .finish_reason = "completed",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE}},
    {.name = "no names, CR LF, an end mark of another API",
     .text = "data: {\"type\":\"response.created\",\"response\":{\"model\":\"m\"}}\r\n\r\n"
             "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\r\n\r\n"
             "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"usage\":{"
             "\"input_tokens\":3,\"output_tokens\":1}}}\r\n\r\ndata: [DONE]\r\n\r\n",
     .state = PROA_ANSWER_DONE,
     .content_events = 1,
     .events = 3,
     .complete = true,
     .ready_until = "data: [DONE]",
     .finish_reason = "completed",
     .model = "m",
     .usage = {3, 1, NONE, NONE, NONE}},
    {.name = "an end mark of another API is no end",
     .text = BEGIN WORDS("a") "data: [DONE]\n\n",
     .state = PROA_ANSWER_CONTENT,
     .content_events = 1,
     .events = 4,
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE}},
    {.name = "broken events go on as they are",
     .text = BEGIN "event: response.output_text.delta\ndata: {\"type\":\n\n"
         EVENT("response.completed", "") WORDS("a") COMPLETED,
     .state = PROA_ANSWER_DONE,
     .content_events = 2,
     .events = 6,
     .malformed = true,
     .complete = true,
     .finish_reason = "completed",
     .model = "gpt-up",
     .usage = {10, 9, 4, NONE, 5}},
    {.name = "failed before content",
     .text = BEGIN EVENT("response.failed", ",\"response\":{\"status\":\"failed\",\"error\":{\"code\":"
                         "\"rate_limit_exceeded\",\"message\":\"Rate \\u006cimit\"}}"),
     .state = PROA_ANSWER_ERROR,
     .events = 3,
     .ready_until = "event: response.failed",
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE},
     .class = PROA_CLASS_RATE,
     .message = "Rate limit"},
    {.name = "failed behind content, without a reason",
     .text = BEGIN WORDS("a") EVENT("response.failed", ",\"response\":{\"status\":\"failed\"}"),
     .state = PROA_ANSWER_ERROR,
     .content_events = 1,
     .events = 4,
     .ready_until = "event: response.failed",
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE},
     .class = PROA_CLASS_SERVER,
     .message = ""},
    {.name = "an error, flat",
     .text = BEGIN EVENT("error", ",\"code\":\"server_error\",\"message\":\"it broke\",\"param\":null"),
     .state = PROA_ANSWER_ERROR,
     .events = 3,
     .ready_until = "event: error",
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE},
     .class = PROA_CLASS_SERVER,
     .message = "it broke"},
    {.name = "an error in an object of its own",
     .text = BEGIN WORDS("a") "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
             "\"invalid_request_error\",\"code\":\"context_length_exceeded\",\"message\":\"long\"}}\n\n",
     .state = PROA_ANSWER_ERROR,
     .content_events = 1,
     .events = 4,
     .ready_until = "event: error",
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE},
     .class = PROA_CLASS_CLIENT,
     .message = "long"},
    {.name = "an error within an end",
     .text = BEGIN WORDS("a") EVENT("response.completed", ",\"response\":{\"status\":\"completed\","
             "\"error\":{\"code\":\"server_error\",\"message\":\"oh\"}}"),
     .state = PROA_ANSWER_ERROR,
     .content_events = 1,
     .events = 4,
     .ready_until = "event: response.completed",
     .finish_reason = "",
     .model = "gpt-up",
     .usage = {NONE, NONE, NONE, NONE, NONE},
     .class = PROA_CLASS_SERVER,
     .message = "oh"},
};
/* clang-format on */

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
    run->reader = proa_openai_reader_create(PROA_OP_RESPONSES, &HEAD, &run->arena);
}

static void run_end(struct run *run)
{
    proa_openai_reader_destroy(run->reader);
    proa_buf_deinit(&run->ready);
    proa_arena_reset(&run->arena);
}

/* The bytes are a copy on the heap that is gone afterwards: nothing may point at it later. */
static void run_feed(struct run *run, struct proa_slice bytes)
{
    char *copy = proa_memdup(bytes.ptr ? bytes.ptr : "", bytes.len);
    assert_ok(proa_openai_reader_feed(run->reader, proa_slice_make(copy, bytes.len), &run->last));
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
    PROA_TEST_CHECK(proa_openai_reader_complete(run->reader) == c->complete, "%s", c->name);
    assert_slice_str(proa_openai_reader_finish_reason(run->reader), c->finish_reason);
    assert_slice_str(proa_openai_reader_model(run->reader), c->model);
    assert_slice_str(proa_openai_reader_id(run->reader), strstr(c->text, BEGIN) ? "resp_1" : "");
    const struct proa_usage *usage = proa_openai_reader_usage(run->reader);
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

/* The first that names it does; half an id is none. */
static void its_id(void **state)
{
    (void)state;
    char text[1024];
    struct run run;
    for (int len = 127; len <= 129; len++) {
        (void)snprintf(text, sizeof text,
                       "data: {\"type\":\"response.created\",\"response\":{\"id\":\"%0*d\"}}\n\n"
                       "data: {\"type\":\"response.in_progress\",\"response\":{\"id\":\"b\"}}\n\n",
                       len, 7);
        run_start(&run);
        run_feed(&run, proa_slice_cstr(text));
        const struct proa_slice id = proa_openai_reader_id(run.reader);
        assert_int_equal(id.len, len <= 128 ? len : 1);
        assert_int_equal(id.ptr[id.len - 1], len <= 128 ? '7' : 'b');
        run_end(&run);
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

/* Cut anywhere, a stream is complete exactly from its last event on. */
static void complete_from_its_end_on(void **state)
{
    (void)state;
    const struct proa_slice text = proa_slice_cstr(streams[0].text);
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct run run;
        run_start(&run);
        run_feed(&run, proa_slice_head(text, cut));
        PROA_TEST_CHECK(proa_openai_reader_complete(run.reader) == (cut == text.len), "%zu", cut);
        run_end(&run);
    }
}

/* A line as long as pictures are, and one that is longer than any may be. */
static void long_lines(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        enum proa_err err;
    } rows[] = {{(size_t)15 << 20, PROA_OK}, {(size_t)17 << 20, PROA_ERR_LIMIT}};
    PROA_TEST_ROWS(row, rows)
    {
        struct run run;
        struct proa_buf big;
        proa_buf_init(&big, 32 * 1024 * 1024);
        PROA_BUF_LIT(&big, BEGIN "data: {\"type\":\"response.output_text.delta\",\"delta\":\"");
        char *room = proa_buf_reserve(&big, row->bytes);
        assert_non_null(room);
        memset(room, 'x', row->bytes);
        big.len += row->bytes;
        PROA_BUF_LIT(&big, "\"}\n\n");
        run_start(&run);
        assert_err(proa_openai_reader_feed(run.reader, proa_buf_slice(&big), &run.last), row->err);
        assert_int_equal(run.last.content_events, row->err == PROA_OK ? 1 : 0);
        run_end(&run);
        proa_buf_deinit(&big);
    }
}

/* ---- whole ----------------------------------------------------------------------------------- */

#define WHOLE(status, output, rest)                                                                \
    "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"" status "\",\"error\":null,"         \
    "\"model\":\"gpt-up\",\"output\":[" output "]" rest "}"

static void whole_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *body;
        bool read;
        enum proa_class class;
        const char *message;
        uint64_t input; /* NONE = not told */
    } rows[] = {
        {"text", WHOLE("completed", SAID, USAGE), true, PROA_CLASS_NONE, "", 10},
        {"blank lines before it", "\n \n" WHOLE("completed", SAID, USAGE) "\n", true,
         PROA_CLASS_NONE, "", 10},
        {"no usage", WHOLE("completed", SAID, ""), true, PROA_CLASS_NONE, "", NONE},
        {"usage out of all reason", WHOLE("completed", SAID, ",\"usage\":{\"input_tokens\":1e9}"),
         true, PROA_CLASS_NONE, "", NONE},
        {"cut short before it began", WHOLE("incomplete", "", USAGE), true, PROA_CLASS_NONE, "",
         10},
        {"to be asked for later", WHOLE("queued", "", ""), true, PROA_CLASS_NONE, "", NONE},
        {"nothing said", WHOLE("completed", "", USAGE), false, PROA_CLASS_EMPTY, "", NONE},
        {"no body", "", false, PROA_CLASS_EMPTY, "", NONE},
        {"half a body", "{\"output\":[{\"type\":", false, PROA_CLASS_MALFORMED, "", NONE},
        {"no answer", "{\"id\":\"x\"}", false, PROA_CLASS_MALFORMED, "", NONE},
        {"a list", "[1]", false, PROA_CLASS_MALFORMED, "", NONE},
        {"failed",
         "{\"status\":\"failed\",\"output\":[],\"error\":{\"code\":\"server_error\",\"message\":"
         "\"it broke\"}}",
         false, PROA_CLASS_SERVER, "it broke", NONE},
        {"failed without a word", "{\"status\":\"failed\",\"output\":[]}", false, PROA_CLASS_SERVER,
         "", NONE},
        {"an error with a status of 200",
         "{\"error\":{\"message\":\"Rate limit\",\"type\":\"requests\",\"code\":"
         "\"rate_limit_exceeded\"}}",
         false, PROA_CLASS_RATE, "Rate limit", NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        const bool read = proa_openai_read_plain(
            PROA_OP_RESPONSES, &HEAD, proa_slice_cstr(row->body), &usage, &model, &failure);
        PROA_TEST_CHECK(read == row->read, "%s", row->name);
        assert_slice_str(model, read ? "gpt-up" : "");
        PROA_TEST_CHECK(proa_usage_has(&usage, PROA_USAGE_INPUT) == (row->input != NONE), "%s",
                        row->name);
        PROA_TEST_CHECK(row->input == NONE || usage.count[PROA_USAGE_INPUT] == row->input, "%s",
                        row->name);
        if (!read) {
            PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->name,
                            proa_class_text(failure.class));
            assert_slice_str(failure.message, row->message);
        }
    }
}

/* ---- who has it ------------------------------------------------------------------------------ */

static void who_serves_it(void **state)
{
    (void)state;
    static const struct {
        const char *vendor; /* "": none that is known */
        bool passes;
        bool keeps;
    } rows[] = {
        {"openai", true, true},
        {"azure", true, true},
        {"xai", true, true},
        {"openrouter", true, false},
        {"groq", false, false},
        {"mistral", false, false},
        {"deepseek", false, false},
        {"together", false, false},
        {"ollama", false, false},
        {"vllm", false, false},
        {"bedrock-openai", false, false},
        {"", false, false},
    };
    const struct proa_dialect *dialect = proa_dialect_find(PROA_SLICE("openai"));
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_vendor *vendor = proa_vendor_find(proa_slice_cstr(row->vendor));
        PROA_TEST_CHECK(dialect->passes(vendor, PROA_SLICE("m"), PROA_OP_RESPONSES) == row->passes,
                        "%s", row->vendor);
        PROA_TEST_CHECK(dialect->offers(vendor, PROA_SLICE("m"), PROA_OP_RESPONSES) == row->passes,
                        "%s", row->vendor);
        PROA_TEST_CHECK(dialect->keeps(vendor, PROA_SLICE("m")) == row->keeps, "%s", row->vendor);
        PROA_TEST_CHECK(dialect->offers(vendor, PROA_SLICE("m"), PROA_OP_CHAT), "%s", row->vendor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_id),
        cmocka_unit_test(every_stream_whole),
        cmocka_unit_test(every_stream_split_at_each_byte),
        cmocka_unit_test(every_stream_in_small_pieces),
        cmocka_unit_test(complete_from_its_end_on),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(who_serves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
