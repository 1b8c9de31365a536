/* The frame of decoders, with a toy dialect: one letter says what an event does. */
#include "decoder_priv.h"

#include "eventstream_fixture.h"
#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

/* data: `t` text, `b` a tool call begins, `p` a piece, `j` whole arguments, `e` it ends, `u` usage,
 * `s` the start with a model, `U` usage out of reason, `f` the reason, `d` the end mark, `x` an
 * error; the digit behind it is the tool's key. */
static bool toy_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    const uint32_t key = data.len > 1 ? (uint32_t)(data.ptr[1] - '0') : 0;
    (void)name;
    switch (data.len > 0 ? data.ptr[0] : 0) {
    case 't':
        proa_decode_text(d, PROA_CHAT_TEXT, 0, proa_slice_from(data, 1));
        return true;
    case 'b':
        proa_decode_tool(d, 0, key, PROA_SLICE("id"), PROA_SLICE("look"), PROA_SLICE_NONE);
        return true;
    case 'p':
        proa_decode_tool_piece(d, 0, key, PROA_SLICE("{\\\"a\\\":1}"));
        return true;
    case 'j':
        proa_decode_tool_json(d, 0, key, PROA_SLICE("{\"a\":\"\\n\"}"));
        return true;
    case 'e':
        proa_decode_tool_end(d, 0, key);
        return true;
    case 'u':
        proa_decode_usage(d, PROA_USAGE_OUTPUT, key);
        return true;
    case 's':
        proa_decode_start(d, PROA_SLICE_NONE, proa_slice_from(data, 1), 0);
        return true;
    case 'U':
        proa_decode_usage(d, PROA_USAGE_OUTPUT, UINT64_MAX);
        return true;
    case 'f':
        proa_decode_finish(d, 0, PROA_CHAT_FINISH_STOP, PROA_SLICE("end"));
        return true;
    case 'd':
        proa_decode_done(d);
        return true;
    case 'x':
        proa_decode_fail(d, &(const struct proa_failure){.class = PROA_CLASS_OVERLOADED,
                                                         .message = PROA_SLICE("busy")});
        return true;
    default:
        return false;
    }
}

static bool toy_whole(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_slice rest = body;
    while (rest.len > 0) {
        const struct proa_slice one = proa_slice_split(rest, ' ', &rest);
        if (!toy_event(d, PROA_SLICE_NONE, one)) {
            return false;
        }
    }
    return true;
}

static const struct proa_decode_ops TOY_OPS = {.event = toy_event, .whole = toy_whole};
static const struct proa_dialect TOY = {.name = "toy", .decode = &TOY_OPS};

static void setup(struct told *t)
{
    told_setup(t, &TOY, PROA_OP_CHAT, &HEAD);
}

static void stream_of(const char *events, struct proa_buf *out)
{
    struct proa_slice rest = proa_slice_cstr(events);
    while (rest.len > 0) {
        const struct proa_slice one = proa_slice_split(rest, ' ', &rest);
        (void)proa_buf_append_printf(out, "data: %" PROA_SLICE_FMT "\n\n", PROA_SLICE_ARG(one));
    }
}

static const struct {
    const char *events;
    const char *told;
    enum proa_answer_state state;
} ROWS[] = {
    {"tA tB f d", "start() text(A) text(B) finish(end)=stop ", PROA_ANSWER_DONE},
    {"tA", "start() text(A) ", PROA_ANSWER_CONTENT},
    {"tA f", "start() text(A) finish(end)=stop ", PROA_ANSWER_FINISHED},
    /* a reason counts once; usage is told when it changes, however late */
    {"tA u3 u3 f f u4 d", "start() text(A) usage(o3) finish(end)=stop usage(o4) ",
     PROA_ANSWER_DONE},
    /* tools count in their order, whatever their keys; without arguments they get {} */
    {"b7 p7 e7 b2 e2 f",
     "start() begin0(id|look) piece0({\\\"a\\\":1}) end0 begin1(id|look) piece1({}) end1 "
     "finish(end)=tool_calls ",
     PROA_ANSWER_FINISHED},
    /* arguments that are JSON are escaped; what is open at the reason ends there */
    {"b0 j0 f",
     "start() begin0(id|look) piece0({\\\"a\\\":\\\"\\\\n\\\"}) end0 finish(end)=tool_calls ",
     PROA_ANSWER_FINISHED},
    /* a key that is used again is another call; pieces of two calls may be mixed */
    {"b0 p0 b0 b1 p1 p0 f",
     "start() begin0(id|look) piece0({\\\"a\\\":1}) end0 begin1(id|look) begin2(id|look) "
     "piece2({\\\"a\\\":1}) piece1({\\\"a\\\":1}) end1 end2 "
     "finish(end)=tool_calls ",
     PROA_ANSWER_FINISHED},
    /* pieces of a call that is unknown or has ended are nothing */
    {"tA p4 b0 e0 p0 e0", "start() text(A) begin0(id|look) piece0({}) end0 ", PROA_ANSWER_CONTENT},
    /* nothing is told after an error or the end mark */
    {"tA x tB", "start() text(A) ", PROA_ANSWER_ERROR},
    {"tA d tB", "start() text(A) ", PROA_ANSWER_DONE},
    {"u1", "start() usage(o1) ", PROA_ANSWER_WAITING},
};

static void test_order_is_kept_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        struct proa_buf stream;
        proa_buf_init(&stream, 1 << 16);
        stream_of(ROWS[i].events, &stream);
        for (size_t step = 1; step <= stream.len; step++) {
            struct told f;
            setup(&f);
            struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
            assert_true(told_feed(&f, proa_buf_slice(&stream), step, &report));
            assert_told(&f, ROWS[i].told);
            assert_int_equal(report.state, ROWS[i].state);
            assert_int_equal(proa_decoder_end(f.d), ROWS[i].state == PROA_ANSWER_DONE ||
                                                        ROWS[i].state == PROA_ANSWER_FINISHED);
            told_teardown(&f);
        }
        proa_buf_deinit(&stream);
    }
}

static void test_an_error_is_kept(void **state)
{
    (void)state;
    struct told f;
    setup(&f);
    struct proa_decoder_report report;
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data: x\n\ndata: x\n\n"), &report));
    assert_int_equal(report.state, PROA_ANSWER_ERROR);
    assert_int_equal(report.events, 1);
    assert_int_equal(report.failure.class, PROA_CLASS_OVERLOADED);
    assert_slice_str(report.failure.message, "busy");
    assert_false(proa_decoder_end(f.d));
    told_teardown(&f);
}

static void test_unknown_events_are_left_out(void **state)
{
    (void)state;
    struct told f;
    setup(&f);
    struct proa_decoder_report report;
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data:\n\n"), &report));
    assert_false(report.malformed); /* a sign of life */
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data: {\"new\":1}\n\ndata: tA\n\n"), &report));
    assert_true(report.malformed);
    assert_int_equal(report.events, 2);
    assert_int_equal(report.content_events, 1);
    assert_slice_str(proa_buf_slice(&f.out), "start() text(A) ");
    told_teardown(&f);
}

/* What it told would be missing from the answer, and nothing would tell so. */
static void test_a_broken_event_breaks_the_stream(void **state)
{
    (void)state;
    static const char *const broken[] = {"?", "{\"new\":", "{\"new\":1}}", "[1,2", "\xff"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(broken); i++) {
        struct told f;
        setup(&f);
        struct proa_decoder_report report;
        char stream[64];
        (void)snprintf(stream, sizeof stream, "data: tA\n\ndata: %s\n\ndata: tB\n\n", broken[i]);
        assert_int_equal(proa_decoder_feed(f.d, proa_slice_cstr(stream), &report),
                         PROA_ERR_PROTOCOL);
        assert_true(report.malformed);
        assert_int_equal(report.events, 2);
        assert_int_not_equal(proa_decoder_feed(f.d, PROA_SLICE("data: f\n\n"), &report), PROA_OK);
        assert_int_equal(report.events, 0);
        assert_false(proa_decoder_is_complete(f.d));
        assert_false(proa_decoder_end(f.d));
        assert_slice_str(proa_buf_slice(&f.out), "start() text(A) ");
        told_teardown(&f);
    }
}

static void test_every_dialect_knows_a_broken_event(void **state)
{
    (void)state;
    static const struct {
        const char *dialect;
        const char *stream;
    } rows[] = {
        {"openai", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\n\n"},
        {"anthropic", "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\n\n"},
        {"gemini", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}\r\n\r\n"},
        {"cohere", "event: content-delta\ndata: {\"type\":\"content-delta\",\"delta\":{\n\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_decoder_report report;
        struct told t;
        told_setup(&t, proa_dialect_find(proa_slice_cstr(row->dialect)), PROA_OP_CHAT, &HEAD);
        PROA_TEST_CHECK(proa_decoder_feed(t.d, proa_slice_cstr(row->stream), &report) ==
                            PROA_ERR_PROTOCOL,
                        "%s", row->dialect);
        assert_told(&t, "");
        told_teardown(&t);
    }
}

/* Everything has been said: what is broken there takes nothing away. */
static void test_a_broken_event_behind_the_finish(void **state)
{
    (void)state;
    struct told f;
    setup(&f);
    struct proa_decoder_report report;
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data: tA\n\ndata: f\n\ndata: ?\n\n"), &report));
    assert_true(report.malformed);
    assert_true(proa_decoder_end(f.d));
    told_teardown(&f);
}

static void raw_event(void *ctx, struct proa_slice data)
{
    struct proa_buf *out = ctx;
    PROA_BUF_LIT(out, "raw<");
    (void)proa_buf_append(out, data);
    PROA_BUF_LIT(out, "> ");
}

/* Who wants them gets the provider's own events behind what was made of them, up to the end. */
static void test_raw_events(void **state)
{
    (void)state;
    struct told f;
    setup(&f);
    proa_decoder_destroy(f.d);
    f.sink.raw = raw_event;
    f.d = proa_decoder_create(&TOY, PROA_OP_CHAT, &HEAD, &f.sink, &f.arena);
    struct proa_decoder_report report;
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data: tA\n\ndata:\n\ndata: {\"u\":\ndata: 1}\n\n"),
                                &report));
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data: f\n\ndata: d\n\ndata: tB\n\n"), &report));
    assert_slice_str(proa_buf_slice(&f.out),
                     "start() text(A) raw<tA> raw<{\"u\":\n1}> finish(end)=stop raw<f> ");
    assert_int_equal(report.state, PROA_ANSWER_DONE);
    told_teardown(&f);
}

static void test_too_many_tools_are_no_answer(void **state)
{
    (void)state;
    struct told f;
    setup(&f);
    struct proa_decoder_report report;
    enum proa_err err = PROA_OK;
    size_t n = 0;
    while (err == PROA_OK && n < 1000) {
        err = proa_decoder_feed(f.d, PROA_SLICE("data: b1\n\n"), &report);
        n++;
    }
    assert_err(err, PROA_ERR_LIMIT);
    assert_int_equal(n, DECODER_TOOLS_MAX + 1);
    assert_false(proa_decoder_end(f.d));
    told_teardown(&f);
}

/* Names are told to people, as they are meant; what is cut within an escape is none. */
static void test_names_are_plain(void **state)
{
    (void)state;
    char longest[DECODER_NAME_MAX + 1];
    char beyond[DECODER_NAME_MAX + 3];
    memset(longest, 'm', DECODER_NAME_MAX);
    longest[DECODER_NAME_MAX] = '\0';
    (void)snprintf(beyond, sizeof beyond, "%s\\n", longest);
    const struct {
        const char *said;
        const char *name;
    } rows[] = {
        {"m", "m"},     {"openai\\/m", "openai/m"}, {"\\u006d", "m"},
        {"\\q", ""},    {longest, longest},         {beyond, ""},
        {"m\\u00", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told f;
        struct proa_decoder_report report;
        char event[1024];
        setup(&f);
        (void)snprintf(event, sizeof event, "data: s%s\n\n", row->said);
        assert_ok(proa_decoder_feed(f.d, proa_slice_cstr(event), &report));
        assert_slice_str(proa_decoder_model(f.d), row->name);
        told_teardown(&f);
    }
}

static void test_a_count_out_of_reason_is_nothing(void **state)
{
    (void)state;
    struct told f;
    struct proa_decoder_report report;
    setup(&f);
    assert_ok(proa_decoder_feed(f.d, PROA_SLICE("data: tA\n\ndata: U\n\ndata: u7\n\ndata: U\n\n"),
                                &report));
    assert_told(&f, "start() text(A) usage(o7) ");
    told_teardown(&f);
}

/* ---- AWS's framing --------------------------------------------------------------------------- */

/* Tells an exception's name and data as texts. */
static bool framed_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    if (d->exception) {
        proa_decode_text(d, PROA_CHAT_REFUSAL, 0, name);
        proa_decode_text(d, PROA_CHAT_REFUSAL, 0, data);
        return true;
    }
    return proa_slice_eq(name, PROA_SLICE("toy")) && toy_event(d, name, data);
}

static const struct proa_decode_ops FRAMED_OPS = {
    .framing = PROA_FRAMING_EVENTSTREAM, .event = framed_event, .whole = toy_whole};
static const struct proa_dialect FRAMED = {.name = "framed", .decode = &FRAMED_OPS};

static void framed_setup(struct told *f)
{
    setup(f);
    proa_decoder_destroy(f->d);
    f->d = proa_decoder_create(&FRAMED, PROA_OP_CHAT, &HEAD, &f->sink, &f->arena);
}

static void put_error(struct proa_buf *out)
{
    struct proa_buf headers;
    proa_buf_init(&headers, 4096);
    fixture_put_header(&headers, ":message-type", PROA_SLICE("error"));
    fixture_put_header(&headers, ":error-code", PROA_SLICE("InternalError"));
    fixture_put_header(&headers, ":error-message", PROA_SLICE("it broke"));
    fixture_put_message(out, proa_buf_slice(&headers), PROA_SLICE_NONE);
    proa_buf_deinit(&headers);
}

static void test_messages_however_they_are_cut(void **state)
{
    (void)state;
    struct proa_buf in;
    proa_buf_init(&in, 1 << 16);
    fixture_put_event(&in, "event", "toy", PROA_SLICE("tA"));
    fixture_put_event(&in, "event", "unknown", PROA_SLICE("{}"));
    fixture_put_event(&in, "exception", "slowDown", PROA_SLICE("{}"));
    fixture_put_message(&in, PROA_SLICE_NONE, PROA_SLICE("{}")); /* no type: an event */
    put_error(&in);
    fixture_put_event(&in, "event", "toy", PROA_SLICE("f"));
    for (size_t step = 1; step <= in.len; step++) {
        struct told f;
        framed_setup(&f);
        struct proa_decoder_report report;
        uint32_t events = 0;
        bool malformed = false;
        for (size_t at = 0; at < in.len; at += step) {
            assert_false(proa_decoder_is_complete(f.d));
            assert_ok(proa_decoder_feed(
                f.d, proa_slice_head(proa_slice_from(proa_buf_slice(&in), at), step), &report));
            events += report.events;
            malformed = malformed || report.malformed;
        }
        assert_slice_str(proa_buf_slice(&f.out),
                         "start() text(A) refusal(slowDown) refusal({}) refusal(InternalError) "
                         "refusal(it broke) finish(end)=stop ");
        assert_int_equal(events, 6);
        assert_true(malformed);
        assert_true(proa_decoder_end(f.d));
        told_teardown(&f);
    }
    proa_buf_deinit(&in);
}

static void test_bytes_behind_the_last_message_are_a_cut(void **state)
{
    (void)state;
    struct proa_buf in;
    proa_buf_init(&in, 1 << 16);
    fixture_put_event(&in, "event", "toy", PROA_SLICE("f"));
    const size_t whole = in.len;
    fixture_put_event(&in, "event", "toy", PROA_SLICE("u1"));
    for (size_t len = whole; len <= in.len; len++) {
        struct told f;
        framed_setup(&f);
        struct proa_decoder_report report;
        assert_ok(proa_decoder_feed(f.d, proa_slice_head(proa_buf_slice(&in), len), &report));
        assert_int_equal(report.state, PROA_ANSWER_FINISHED);
        assert_int_equal(proa_decoder_end(f.d), len == whole || len == in.len);
        told_teardown(&f);
    }
    proa_buf_deinit(&in);
}

static void test_broken_framing(void **state)
{
    (void)state;
    struct proa_buf in;
    proa_buf_init(&in, 1 << 16);
    fixture_put_event(&in, "event", "toy", PROA_SLICE("tA"));
    fixture_put_event(&in, "event", "toy", PROA_SLICE("f"));
    in.ptr[in.len - 1] ^= 1;
    struct told f;
    framed_setup(&f);
    struct proa_decoder_report report;
    assert_err(proa_decoder_feed(f.d, proa_buf_slice(&in), &report), PROA_ERR_PROTOCOL);
    assert_slice_str(proa_buf_slice(&f.out), "start() text(A) ");
    assert_true(proa_decoder_feed(f.d, PROA_SLICE("x"), &report) != PROA_OK);
    assert_false(proa_decoder_end(f.d));
    told_teardown(&f);

    framed_setup(&f);
    proa_buf_clear(&in);
    fixture_put_u32(&in, UINT32_MAX);
    fixture_put_u32(&in, 0);
    fixture_put_u32(&in, fixture_crc(proa_buf_slice(&in)));
    assert_err(proa_decoder_feed(f.d, proa_buf_slice(&in), &report), PROA_ERR_LIMIT);
    told_teardown(&f);
    proa_buf_deinit(&in);
}

static void test_whole_answers(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum proa_class class;
    } rows[] = {
        {"tA u1 f", PROA_CLASS_OK},     {"u1", PROA_CLASS_EMPTY},        {"", PROA_CLASS_EMPTY},
        {"tA ?", PROA_CLASS_MALFORMED}, {"tA x", PROA_CLASS_OVERLOADED},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct told f;
        setup(&f);
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        const bool good = proa_decoder_whole(f.d, proa_slice_cstr(rows[i].body), &failure);
        assert_int_equal(good, rows[i].class == PROA_CLASS_OK);
        assert_int_equal(failure.class, rows[i].class);
        told_teardown(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_kept_however_it_is_cut),
        cmocka_unit_test(test_an_error_is_kept),
        cmocka_unit_test(test_unknown_events_are_left_out),
        cmocka_unit_test(test_a_broken_event_breaks_the_stream),
        cmocka_unit_test(test_every_dialect_knows_a_broken_event),
        cmocka_unit_test(test_a_broken_event_behind_the_finish),
        cmocka_unit_test(test_raw_events),
        cmocka_unit_test(test_too_many_tools_are_no_answer),
        cmocka_unit_test(test_names_are_plain),
        cmocka_unit_test(test_a_count_out_of_reason_is_nothing),
        cmocka_unit_test(test_messages_however_they_are_cut),
        cmocka_unit_test(test_bytes_behind_the_last_message_are_a_cut),
        cmocka_unit_test(test_broken_framing),
        cmocka_unit_test(test_whole_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
