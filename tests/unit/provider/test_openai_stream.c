/*
 * Streamed answers: what is read out of every stream, and that it does not depend on how its bytes
 * come; and where a stream may be cut and still be whole.
 */
#include "openai_priv.h"

#include "proa_test.h"

static const struct proa_answer_head HEAD = {.status = 200};
#include "streams.h"

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
    run->reader = proa_openai_reader_create(PROA_OP_CHAT, &HEAD, &run->arena);
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

/* What of the text may be handed out at all. */
static struct proa_slice text_of(const struct stream_case *c)
{
    const struct proa_slice text = proa_slice_cstr(c->text);
    if (!c->ready_from) {
        return text;
    }
    const size_t at = proa_slice_search(text, proa_slice_cstr(c->ready_from));
    assert_true(at < text.len);
    return proa_slice_from(text, at);
}

static struct proa_slice ready_of(const struct stream_case *c)
{
    const struct proa_slice text = text_of(c);
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
    PROA_TEST_CHECK(proa_openai_reader_complete(run->reader) == (c->complete_at != NULL), "%s",
                    c->name);
    assert_slice_str(proa_openai_reader_finish_reason(run->reader), c->finish_reason);
    assert_slice_str(proa_openai_reader_model(run->reader), c->model);
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

static void test_every_stream_whole(void **state)
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

static void test_every_stream_split_at_each_byte(void **state)
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

static void test_every_stream_in_small_pieces(void **state)
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
            for (; rest.len > 0; rest = proa_slice_from(rest, *size)) {
                run_feed(&run, proa_slice_head(rest, *size));
            }
            check(c, &run);
            run_end(&run);
        }
    }
}

/* One event in each piece, as most servers write them. */
static void test_every_stream_event_by_event(void **state)
{
    (void)state;
    PROA_TEST_ROWS(c, streams)
    {
        struct proa_slice rest = proa_slice_cstr(c->text);
        struct run run;
        run_start(&run);
        while (rest.len > 0) {
            const size_t end = proa_slice_search(rest, PROA_SLICE("\n\n")) + 2;
            run_feed(&run, proa_slice_head(rest, end));
            rest = proa_slice_from(rest, end);
        }
        check(c, &run);
        run_end(&run);
    }
}

/* Where the answer becomes complete: behind the event that holds `complete_at`. */
static size_t completion_of(const struct stream_case *c)
{
    static const struct proa_slice ends[] = {PROA_SLICE_INIT("\n\n"), PROA_SLICE_INIT("\r\n\r\n"),
                                             PROA_SLICE_INIT("\r\r")};
    const struct proa_slice text = proa_slice_cstr(c->text);
    if (!c->complete_at) {
        return SIZE_MAX;
    }
    const size_t at = proa_slice_search(text, proa_slice_cstr(c->complete_at));
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ends); i++) {
        const struct proa_slice rest = proa_slice_from(text, at);
        const size_t end = proa_slice_search(rest, ends[i]);
        if (end < rest.len && at + end + ends[i].len < first) {
            first = at + end + ends[i].len;
        }
    }
    return first;
}

/* A cut stream is never complete, a complete one never cut; and what is ready ends between events.
 */
static void test_every_cut(void **state)
{
    (void)state;
    PROA_TEST_ROWS(c, streams)
    {
        const struct proa_slice text = proa_slice_cstr(c->text);
        const size_t completion = completion_of(c);
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct run run;
            run_start(&run);
            run_feed(&run, proa_slice_head(text, cut));
            PROA_TEST_CHECK(proa_openai_reader_complete(run.reader) == (cut >= completion),
                            "%s: cut at %zu, complete from %zu on", c->name, cut, completion);
            const struct proa_slice ready = proa_buf_slice(&run.ready);
            assert_true(ready.len <= cut);
            const struct proa_slice all = text_of(c);
            assert_slice_equal(ready, proa_slice_head(all, ready.len));
            if (ready.len > 0) {
                const char last = ready.ptr[ready.len - 1];
                assert_true(last == '\n' || last == '\r');
                assert_true(ready.len == all.len || all.ptr[ready.len] == 'd' ||
                            all.ptr[ready.len] == 'e' || all.ptr[ready.len] == ':');
            }
            run_end(&run);
        }
    }
}

/* The first feed that has content says so: nothing before it, whatever the pieces. */
static void test_content_is_told_with_its_bytes(void **state)
{
    (void)state;
    const struct proa_slice text = proa_slice_cstr(streams[0].text);
    const size_t role_end = proa_slice_search(text, PROA_SLICE("\n\n")) + 2;
    struct run run;
    run_start(&run);
    run_feed(&run, proa_slice_head(text, role_end + 20));
    assert_int_equal(run.last.state, PROA_ANSWER_WAITING);
    assert_int_equal(run.last.content_events, 0);
    assert_int_equal(run.last.events, 1);
    assert_int_equal(run.ready.len, role_end);
    run_feed(&run, proa_slice_from(text, role_end + 20));
    assert_int_equal(run.last.state, PROA_ANSWER_DONE);
    assert_int_equal(run.last.ready[0].len, 20);
    run_end(&run);
}

static void test_what_is_content(void **state)
{
    (void)state;
    static const struct {
        const char *choice;
        bool content;
    } rows[] = {
        {"{\"delta\":{\"role\":\"assistant\"}}", false},
        {"{\"delta\":{\"content\":\"\"}}", false},
        {"{\"delta\":{\"content\":null}}", false},
        {"{\"delta\":{}}", false},
        {"{}", false},
        {"{\"delta\":null}", false},
        {"{\"delta\":{\"content\":\"x\"}}", true},
        {"{\"delta\":{\"c\\u006fntent\":\"x\"}}", true},
        {"{\"delta\":{\"content\":[]}}", false},
        {"{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}", true},
        {"{\"delta\":{\"refusal\":null}}", false},
        {"{\"delta\":{\"refusal\":\"no\"}}", true},
        {"{\"delta\":{\"tool_calls\":[]}}", false},
        {"{\"delta\":{\"tool_calls\":[ ]}}", false},
        {"{\"delta\":{\"tool_calls\":[{\"index\":0}]}}", true},
        {"{\"delta\":{\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}}}", true},
        {"{\"delta\":{\"function_call\":null}}", false},
        {"{\"delta\":{\"reasoning\":\"x\"}}", true},
        {"{\"delta\":{\"reasoning_content\":\"x\"}}", true},
        {"{\"delta\":{\"reasoning_content\":null}}", false},
        {"{\"delta\":{\"reasoning_details\":[]}}", false},
        {"{\"delta\":{\"reasoning_details\":[{\"type\":\"reasoning.text\"}]}}", true},
        {"{\"delta\":{\"audio\":{\"id\":\"a\"}}}", true},
        {"{\"delta\":{\"audio\":{}}}", false},
        {"{\"delta\":{\"annotations\":[{}],\"provider_metadata\":{\"a\":1}}}", false},
        {"{\"text\":\"x\"}", true},
        {"{\"text\":\"\"}", false},
        {"{\"message\":{\"content\":\"x\"}}", true},
        {"{\"delta\":{},\"finish_reason\":\"stop\"}", true},
        {"{\"delta\":{},\"finish_reason\":\"content_filter\"}", true},
        {"{\"delta\":{},\"finish_reason\":null}", false},
        {"{\"delta\":{},\"finish_reason\":\"\"}", false},
        {"{\"delta\":{},\"content_filter_results\":{\"x\":1}}", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        char text[512];
        struct run run;
        run_start(&run);
        (void)snprintf(text, sizeof text, "data: {\"choices\":[%s]}\n\n", row->choice);
        run_feed(&run, proa_slice_cstr(text));
        PROA_TEST_CHECK(run.content_events == (row->content ? 1U : 0U), "%s", row->choice);
        PROA_TEST_CHECK(!run.malformed, "%s", row->choice);
        PROA_TEST_CHECK((run.last.state != PROA_ANSWER_WAITING) == row->content, "%s", row->choice);
        run_end(&run);
    }
}

/* Behind an event whose shape is known, everything that is more than text is still seen. */
static void test_shortcut_sees_what_matters(void **state)
{
    (void)state;
#define SHAPE "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
    static const struct {
        const char *rest;
        enum proa_answer_state state;
        uint32_t content_events;
        uint64_t output; /* 0 = not told */
        bool malformed;
    } rows[] = {
        {"x\"},\"finish_reason\":null}]}", PROA_ANSWER_CONTENT, 1, 0, false},
        {"x\"},\"finish_reason\": null}]}", PROA_ANSWER_CONTENT, 1, 0, false},
        {"\"},\"finish_reason\":null}]}", PROA_ANSWER_CONTENT, 0, 0, false},
        {"x\"},\"finish_reason\":\"stop\"}]}", PROA_ANSWER_FINISHED, 1, 0, false},
        {"x\"},\"finish_reason\" : \"stop\"}]}", PROA_ANSWER_FINISHED, 1, 0, false},
        {"x\"}}],\"usage\":{\"completion_tokens\":7}}", PROA_ANSWER_CONTENT, 1, 7, false},
        {"x\"}}],\"usage\" :{\"completion_tokens\":7}}", PROA_ANSWER_CONTENT, 1, 7, false},
        {"x\"}}],\"x_groq\":{\"usage\":{\"completion_tokens\":7}}}", PROA_ANSWER_CONTENT, 1, 7,
         false},
        {"x\"}}],\"usage\":null,\"error\":{\"message\":\"e\"}}", PROA_ANSWER_ERROR, 0, 0, false},
        {"x\"}}],\"error\":null}", PROA_ANSWER_CONTENT, 1, 0, false},
        {"\\\"finish_reason\\\":\\\"stop\\\"\"}}]}", PROA_ANSWER_CONTENT, 1, 0, false},
        {"\\\"usage\\\":{\\\"completion_tokens\\\":7}\"}}]}", PROA_ANSWER_CONTENT, 1, 0, false},
        {"x\"},\"error\"", PROA_ANSWER_CONTENT, 0, 0, true},
        {"x\"}},{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}", PROA_ANSWER_CONTENT, 1, 0,
         false},
        {"0123456789abcde\"}}]}", PROA_ANSWER_CONTENT, 1, 0, false},
        {"0123456789a\"},\"finish_reason\":\"stop\"}]}", PROA_ANSWER_FINISHED, 1, 0, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        /* Every length of text in front, so that a key is met at every place of a step. */
        for (size_t pad = 0; pad < 40; pad++) {
            char text[1024];
            struct run run;
            if (pad > 0 && row->rest[0] == '"') {
                break;
            }
            run_start(&run);
            (void)snprintf(text, sizeof text, SHAPE "first\"},\"finish_reason\":null}]}\n\n");
            run_feed(&run, proa_slice_cstr(text));
            assert_int_equal(run.last.state, PROA_ANSWER_CONTENT);
            (void)snprintf(text, sizeof text, SHAPE "%.*s%s\n\n", (int)pad,
                           "........................................", row->rest);
            run_feed(&run, proa_slice_cstr(text));
            const struct proa_usage *usage = proa_openai_reader_usage(run.reader);
            PROA_TEST_CHECK(run.last.state == row->state, "%s", row->rest);
            PROA_TEST_CHECK(run.last.content_events == row->content_events, "%s", row->rest);
            PROA_TEST_CHECK(usage->count[PROA_USAGE_OUTPUT] == row->output, "%s", row->rest);
            PROA_TEST_CHECK(run.last.malformed == row->malformed, "%s", row->rest);
            run_end(&run);
        }
    }
}

/* A choice that was not seen before reopens an answer that seemed finished. */
static void test_choice_that_begins_late(void **state)
{
    (void)state;
    struct run run;
    run_start(&run);
    run_feed(&run, PROA_SLICE("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
                              "\"finish_reason\":\"stop\"}]}\n\n"));
    assert_int_equal(run.last.state, PROA_ANSWER_FINISHED);
    run_feed(&run, PROA_SLICE("data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}"
                              "\n\n"));
    assert_int_equal(run.last.state, PROA_ANSWER_CONTENT);
    assert_false(proa_openai_reader_complete(run.reader));
    run_feed(&run, PROA_SLICE("data: {\"choices\":[{\"index\":1,\"delta\":{},"
                              "\"finish_reason\":\"stop\"}]}\n\n"));
    assert_int_equal(run.last.state, PROA_ANSWER_FINISHED);
    run_end(&run);
}

static void test_choices_beyond_all_bounds(void **state)
{
    (void)state;
    struct run run;
    run_start(&run);
    run_feed(&run, PROA_SLICE("data: {\"choices\":[{\"index\":63,\"delta\":{\"content\":\"a\"}},"
                              "{\"index\":64,\"delta\":{\"content\":\"a\"}},"
                              "{\"index\":127,\"delta\":{\"content\":\"a\"}},"
                              "{\"index\":99999999,\"delta\":{\"content\":\"a\"}},"
                              "{\"index\":-1,\"delta\":{\"content\":\"a\"}}]}\n\n"));
    assert_int_equal(run.last.state, PROA_ANSWER_CONTENT);
    static const char *const indices[] = {"63", "64", "127", "0"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(indices); i++) {
        char text[128];
        assert_false(proa_openai_reader_complete(run.reader));
        (void)snprintf(text, sizeof text,
                       "data: {\"choices\":[{\"index\":%s,\"finish_reason\":\"stop\"}]}\n\n",
                       indices[i]);
        run_feed(&run, proa_slice_cstr(text));
    }
    assert_int_equal(run.last.state, PROA_ANSWER_FINISHED);
    run_end(&run);
}

static void test_nothing_after_the_end(void **state)
{
    (void)state;
    struct run run;
    run_start(&run);
    run_feed(&run, PROA_SLICE("data: [DONE]\n\n"));
    assert_true(proa_openai_reader_complete(run.reader));
    assert_int_equal(run.content_events, 0);
    run_feed(&run, PROA_SLICE("data: {\"error\":{\"message\":\"x\"}}\n\ndata: {}\n\n"));
    assert_int_equal(run.last.state, PROA_ANSWER_DONE);
    assert_int_equal(run.last.events, 0);
    assert_int_equal(run.ready.len, strlen("data: [DONE]\n\n"));
    run_end(&run);
}

/* The failure stays to be told, and points into nothing that is gone. */
static void test_failure_is_kept(void **state)
{
    (void)state;
    struct run run;
    run_start(&run);
    run_feed(&run, PROA_SLICE("data: {\"error\":{\"message\":\"caf\\u00e9 \\\"x\\\"\\n\",\"type\":"
                              "\"server_error\",\"code\":\"c\\u0041\",\"param\":null}}\n\n"));
    run_feed(&run, PROA_SLICE("data: more\n\n"));
    assert_int_equal(run.last.state, PROA_ANSWER_ERROR);
    assert_slice_lit(run.last.failure.message, "caf\xc3\xa9 \"x\"\n");
    assert_slice_lit(run.last.failure.type, "server_error");
    assert_slice_lit(run.last.failure.code, "cA");
    assert_int_equal(run.last.failure.class, PROA_CLASS_SERVER);
    assert_int_equal(run.ready.len, 0);
    run_end(&run);
}

static void test_odd_error_events(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum proa_class class;
        const char *message;
        const char *code;
    } rows[] = {
        {"error: out of memory\n\n", PROA_CLASS_SERVER, "out of memory", ""},
        {"error:\n\n", PROA_CLASS_SERVER, "", ""},
        {"event: error\ndata: null\n\n", PROA_CLASS_SERVER, "null", ""},
        {"event: error\ndata: <html>\n\n", PROA_CLASS_SERVER, "", ""},
        {"data: "
         "[{\"error\":{\"code\":429,\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\"}}]\n\n",
         PROA_CLASS_RATE, "m", "429"},
        {"data: {\"error\":\"text\"}\n\n", PROA_CLASS_SERVER, "text", ""},
        {"data: {\"error\":{\"message\":{\"detail\":[1]},\"code\":503}}\n\n", PROA_CLASS_OVERLOADED,
         "{\"detail\":[1]}", "503"},
        {"data: {\"error\":{\"code\":\"insufficient_quota\"}}\n\n", PROA_CLASS_QUOTA, "",
         "insufficient_quota"},
        {"data: {\"choices\":[{\"error\":{\"message\":\"m\"},\"delta\":{}}]}\n\n",
         PROA_CLASS_SERVER, "", ""},
        {"data: {\"choices\":[],\"x_groq\":{\"error\":\"over\"}}\n\n", PROA_CLASS_SERVER, "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct run run;
        run_start(&run);
        run_feed(&run, proa_slice_cstr(row->text));
        PROA_TEST_CHECK(run.last.state == PROA_ANSWER_ERROR, "%s", row->text);
        PROA_TEST_CHECK(run.last.failure.class == row->class, "%s: %s", row->text,
                        proa_class_text(run.last.failure.class));
        assert_slice_str(run.last.failure.message, row->message);
        assert_slice_str(run.last.failure.code, row->code);
        run_end(&run);
    }
}

/* A message of any length is cut to what is kept, at the latest. */
static void test_long_error_message(void **state)
{
    (void)state;
    static const char *const fillers[] = {"a", "\\n", "\\u00e9"};
    PROA_TEST_ROWS(filler, fillers)
    {
        struct proa_buf text;
        struct run run;
        proa_buf_init(&text, 1024 * 1024);
        (void)proa_buf_append_cstr(&text, "data: {\"error\":{\"message\":\"");
        for (size_t i = 0; i < 20000; i++) {
            (void)proa_buf_append_cstr(&text, *filler);
        }
        (void)proa_buf_append_cstr(&text, "\"}}\n\n");
        run_start(&run);
        run_feed(&run, proa_buf_slice(&text));
        assert_int_equal(run.last.state, PROA_ANSWER_ERROR);
        assert_true(run.last.failure.message.len > 1000);
        assert_true(run.last.failure.message.len <= 4096);
        run_end(&run);
        proa_buf_deinit(&text);
    }
}

static void test_counts_out_of_reason_are_ignored(void **state)
{
    (void)state;
    struct run run;
    run_start(&run);
    run_feed(&run, PROA_SLICE("data: {\"usage\":{\"prompt_tokens\":-3,\"completion_tokens\":1e3,"
                              "\"prompt_tokens_details\":{\"cached_tokens\":100000001},"
                              "\"completion_tokens_details\":[1]}}\n\n"));
    assert_int_equal(proa_openai_reader_usage(run.reader)->known, 0);
    run_feed(&run, PROA_SLICE("data: {\"usage\":[1]}\n\ndata: {\"usage\":{\"prompt_tokens\":"
                              "100000000}}\n\n"));
    assert_int_equal(proa_openai_reader_usage(run.reader)->known, 1U << PROA_USAGE_INPUT);
    assert_false(run.malformed);
    run_end(&run);
}

static void test_model_of_any_length(void **state)
{
    (void)state;
    char text[1024];
    struct run run;
    run_start(&run);
    (void)snprintf(text, sizeof text, "data: {\"model\":\"%0500d\",\"choices\":[]}\n\n", 7);
    run_feed(&run, proa_slice_cstr(text));
    assert_int_equal(proa_openai_reader_model(run.reader).len, 128);
    run_end(&run);
}

/* Content that is no JSON never becomes anything else. */
static void test_malformed_events(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "data: {\n\n",
        "data: nonsense\n\n",
        "data: {\"choices\":[}\n\n",
        "data: {\"choices\":[{\"finish_reason\":\"stop\"}]} x\n\n",
        "data: {\"error\":{\"message\":\"x\"}\n\n",
        "data: \"text\"\n\n",
        "data: 1\n\n",
        "data: [1\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}\n\n"};
    PROA_TEST_ROWS(row, rows)
    {
        struct run run;
        run_start(&run);
        run_feed(&run, proa_slice_cstr(*row));
        PROA_TEST_CHECK(run.last.malformed, "%s", *row);
        PROA_TEST_CHECK(run.last.state == PROA_ANSWER_WAITING, "%s", *row);
        assert_slice_str(proa_buf_slice(&run.ready), *row);
        run_end(&run);
    }
}

static void test_limit_of_a_line(void **state)
{
    (void)state;
    struct proa_reader_report report;
    struct run run;
    const size_t len = 4 * 1024 * 1024 + 64;
    char *line = proa_alloc(len);
    memset(line, 'x', len);
    memcpy(line, "data: ", 6);
    run_start(&run);
    run_feed(&run, PROA_SLICE("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"));
    assert_err(proa_openai_reader_feed(run.reader, proa_slice_make(line, len), &report),
               PROA_ERR_LIMIT);
    assert_int_equal(report.ready[1].len, 0);
    assert_false(proa_openai_reader_complete(run.reader));
    assert_err(proa_openai_reader_feed(run.reader, PROA_SLICE("\n\n"), &report), PROA_ERR_LIMIT);
    proa_free(line);
    run_end(&run);
}

/* Comments without an event are held, but not without bound. */
static void test_limit_of_comments(void **state)
{
    (void)state;
    struct proa_reader_report report;
    struct run run;
    char comments[4096];
    enum proa_err err = PROA_OK;
    size_t fed = 0;
    memset(comments, '\n', sizeof comments);
    memcpy(comments, ": a", 3);
    run_start(&run);
    while (err == PROA_OK && fed < 64 * 1024 * 1024) {
        err = proa_openai_reader_feed(run.reader, proa_slice_make(comments, sizeof comments),
                                      &report);
        fed += sizeof comments;
    }
    assert_err(err, PROA_ERR_LIMIT);
    run_end(&run);
}

static void test_destroy_takes_null(void **state)
{
    (void)state;
    proa_openai_reader_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_stream_whole),
        cmocka_unit_test(test_every_stream_split_at_each_byte),
        cmocka_unit_test(test_every_stream_in_small_pieces),
        cmocka_unit_test(test_every_stream_event_by_event),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_content_is_told_with_its_bytes),
        cmocka_unit_test(test_what_is_content),
        cmocka_unit_test(test_shortcut_sees_what_matters),
        cmocka_unit_test(test_choice_that_begins_late),
        cmocka_unit_test(test_choices_beyond_all_bounds),
        cmocka_unit_test(test_nothing_after_the_end),
        cmocka_unit_test(test_failure_is_kept),
        cmocka_unit_test(test_odd_error_events),
        cmocka_unit_test(test_long_error_message),
        cmocka_unit_test(test_counts_out_of_reason_are_ignored),
        cmocka_unit_test(test_model_of_any_length),
        cmocka_unit_test(test_malformed_events),
        cmocka_unit_test(test_limit_of_a_line),
        cmocka_unit_test(test_limit_of_comments),
        cmocka_unit_test(test_destroy_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
