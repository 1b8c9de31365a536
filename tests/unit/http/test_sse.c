#include "proa/core/buf.h"
#include "proa/http/sse.h"

#include "proa_test.h"

#define BOM    "\xef\xbb\xbf"
#define B(lit) PROA_SLICE_INIT(lit)

struct run {
    struct proa_buf log;
    struct proa_sse sse;
    uint64_t last_end;
    bool too_long;
    bool unfinished;
};

static void note(struct run *r, const struct proa_sse_event *e)
{
    struct proa_buf *b = &r->log;
    assert_int_equal(e->start, r->last_end);
    assert_true(e->end > e->start);
    r->last_end = e->end;
    (void)proa_buf_append_printf(b, "%d-%d ", (int)e->start, (int)e->end);
    (void)proa_buf_append(b, e->type);
    (void)proa_buf_append_byte(b, '<');
    (void)proa_buf_append(b, e->data);
    (void)proa_buf_append_byte(b, '>');
    if (e->has_id) {
        (void)proa_buf_append_cstr(b, "id=");
        (void)proa_buf_append(b, e->id);
    }
    if (e->has_retry) {
        (void)proa_buf_append_printf(b, "retry=%llu", (unsigned long long)e->retry_ms);
    }
    (void)proa_buf_append_cstr(b, e->is_error_field ? "!;" : ";");
}

static void run(struct run *r, struct proa_slice in, size_t first, size_t step,
                const struct proa_sse_limits *limits)
{
    struct proa_sse_event e;
    memset(r, 0, sizeof *r);
    proa_buf_init(&r->log, 1 << 20);
    proa_sse_init(&r->sse, limits);
    size_t at = 0;
    while (at < in.len && !r->too_long) {
        size_t n = at == 0 && first > 0 ? first : step;
        n = n < in.len - at ? n : in.len - at;
        char *piece = proa_memdup(in.ptr + at, n);
        struct proa_slice rest = proa_slice_make(piece, n);
        enum proa_sse_result result = PROA_SSE_EVENT;
        while (result == PROA_SSE_EVENT) {
            result = proa_sse_next(&r->sse, &rest, &e);
            if (result == PROA_SSE_EVENT) {
                note(r, &e);
            }
        }
        r->too_long = result == PROA_SSE_TOO_LONG;
        assert_true(r->too_long || rest.len == 0);
        proa_free(piece);
        at += n;
    }
    enum proa_sse_result result = proa_sse_finish(&r->sse, &e);
    if (result == PROA_SSE_EVENT) {
        note(r, &e);
    }
    assert_int_equal(result == PROA_SSE_TOO_LONG, r->too_long);
    r->unfinished = proa_sse_is_unfinished(&r->sse);
    assert_true(r->last_end <= in.len);
    (void)proa_buf_append_printf(
        &r->log, " n=%llu c=%llu u=%llu open=%d long=%d", (unsigned long long)r->sse.n_events,
        (unsigned long long)r->sse.n_comments, (unsigned long long)r->sse.n_unknown,
        r->too_long ? 0 : r->unfinished, r->too_long);
    proa_sse_deinit(&r->sse);
}

static void same_for_all_splits(struct proa_slice in, const char *want,
                                const struct proa_sse_limits *limits)
{
    struct run r;
    for (size_t cut = 0; cut <= in.len; cut++) {
        run(&r, in, cut == in.len ? 0 : cut, cut == 0 ? 1 : in.len + 1, limits);
        if (!proa_slice_eq(proa_buf_slice(&r.log), proa_slice_cstr(want))) {
            print_error("cut at %zu\n", cut);
            proa_test_print_slice("input   ", in);
            assert_slice_str(proa_buf_slice(&r.log), want);
        }
        proa_buf_deinit(&r.log);
    }
}

/* type<data>id,retry; each with its range; then the counters. */
static void events(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice in;
        const char *want;
    } rows[] = {
        {B(""), " n=0 c=0 u=0 open=0 long=0"},
        {B("data: a\n\n"), "0-9 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("data:a\n\ndata:  b\n\n"), "0-8 <a>;8-18 < b>; n=2 c=0 u=0 open=0 long=0"},
        {B("data: a\r\n\r\ndata: b\r\n\r\n"), "0-11 <a>;11-22 <b>; n=2 c=0 u=0 open=0 long=0"},
        {B("data: a\r\rdata: b\r\r"), "0-9 <a>;9-18 <b>; n=2 c=0 u=0 open=0 long=0"},
        /* Mixed ends: the blank line's CR ends the event, its LF opens the next range. */
        {B("data: a\n\r\ndata: b\n\n"), "0-9 <a>;9-19 <b>; n=2 c=0 u=0 open=0 long=0"},
        {B("data: a\r\r\ndata: b\n\n"), "0-9 <a>;9-19 <b>; n=2 c=0 u=0 open=0 long=0"},
        {B("data: a\r\n\rdata: b\n\n"), "0-10 <a>;10-19 <b>; n=2 c=0 u=0 open=0 long=0"},
        {B("data: a\r\n\n"), "0-10 <a>; n=1 c=0 u=0 open=0 long=0"},
        /* The CR at the very end of the stream is a line end. */
        {B("data: a\r\n\r"), "0-10 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: a\r\r"), "0-9 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: a\nx\ndata: b\n\n"), "0-19 <a\nb>; n=1 c=0 u=1 open=0 long=0"},
        {B("data\ndata\n\n"), "0-11 <\n>; n=1 c=0 u=0 open=0 long=0"},
        {B("data\n\n"), "0-6 <>; n=1 c=0 u=0 open=0 long=0"},
        {B("data:\n\n"), "0-7 <>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: \n\n"), "0-8 <>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: YHOO\ndata: +2\ndata: 10\n\n"), "0-30 <YHOO\n+2\n10>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: a:b: c\n\n"), "0-14 <a:b: c>; n=1 c=0 u=0 open=0 long=0"},
        {B(BOM "data: a\n\n"), "0-12 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B(BOM BOM "data: a\n\n"), " n=0 c=0 u=1 open=0 long=0"},
        {B("\xef\xbb"
           "data: a\n\n"),
         " n=0 c=0 u=1 open=0 long=0"},
        {B("\xef\n\ndata: a\n\n"), "0-12 <a>; n=1 c=0 u=1 open=0 long=0"},
        {B(BOM), " n=0 c=0 u=0 open=0 long=0"},
        {B("data: a" BOM "\n\n"), "0-12 <a" BOM ">; n=1 c=0 u=0 open=0 long=0"},
        {B(": keep-alive\n\n: OPENROUTER PROCESSING\n\ndata: a\n\n"),
         "0-48 <a>; n=1 c=2 u=0 open=0 long=0"},
        {B(":\n:\ndata: a\n: in between\ndata: b\n\n"), "0-34 <a\nb>; n=1 c=3 u=0 open=0 long=0"},
        {B("event: x\ndata: a\n\ndata: b\n\n"), "0-18 x<a>;18-27 <b>; n=2 c=0 u=0 open=0 long=0"},
        {B("event: x\n\ndata: b\n\n"), "0-19 <b>; n=1 c=0 u=0 open=0 long=0"},
        {B("event: x\nevent: y\nevent\ndata: b\n\n"), "0-33 <b>; n=1 c=0 u=0 open=0 long=0"},
        {B("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
         "0-15 <a>id=1;15-24 <b>;24-36 <c>id=; n=3 c=0 u=0 open=0 long=0"},
        {B("id: 1\0\ndata: a\n\n"), "0-16 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("retry: 300\ndata: a\n\n"), "0-20 <a>retry=300; n=1 c=0 u=0 open=0 long=0"},
        {B("retry: 3x\nretry:\nretry: -1\ndata: a\n\n"), "0-36 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("retry: 99999999999999999999999\ndata: a\n\n"), "0-40 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("Data: a\n data: b\ndata : c\nDATA\n\n"), " n=0 c=0 u=4 open=0 long=0"},
        {B("error: {\"code\":500}\n\n"), "0-21 <{\"code\":500}>!; n=1 c=0 u=0 open=0 long=0"},
        {B("\n\n\ndata: a\n\n\n\n"), "0-12 <a>; n=1 c=0 u=0 open=0 long=0"},
        /* An unterminated last event is discarded. */
        {B("data: a\n\ndata: b\n"), "0-9 <a>; n=1 c=0 u=0 open=1 long=0"},
        {B("data: a\n\ndata: b"), "0-9 <a>; n=1 c=0 u=0 open=1 long=0"},
        {B("data: a\n\ndata: b\r\n"), "0-9 <a>; n=1 c=0 u=0 open=1 long=0"},
        {B("data: a\n\nevent: x\n"), "0-9 <a>; n=1 c=0 u=0 open=1 long=0"},
        {B("data: a\n\nd"), "0-9 <a>; n=1 c=0 u=0 open=1 long=0"},
        {B("data: a\n\n: c"), "0-9 <a>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: \xe2\x82\xac\n\ndata: [DONE]\n\n"),
         "0-11 <\xe2\x82\xac>;11-25 <[DONE]>; n=2 c=0 u=0 open=0 long=0"},
        {B("event: content_block_delta\r\ndata: {\"type\":\"x\"}\r\n\r\nevent: ping\r\ndata: "
           "{}\r\n\r\n"),
         "0-50 content_block_delta<{\"type\":\"x\"}>;50-75 ping<{}>; n=2 c=0 u=0 open=0 long=0"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        same_for_all_splits(row->in, row->want, &proa_sse_limits_default);
    }
}

static void limits(void **state)
{
    (void)state;
    const struct proa_sse_limits small = {.line_bytes = 10, .event_bytes = 9};
    static const struct {
        struct proa_slice in;
        const char *want;
    } rows[] = {
        {B("data: 7890\n\n"), "0-12 <7890>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: a\n\ndata: 78901\n\n"), "0-9 <a>; n=1 c=0 u=0 open=0 long=1"},
        {B("data: 78901"), " n=0 c=0 u=0 open=0 long=1"},
        {B(": 345678901"), " n=0 c=0 u=0 open=0 long=1"},
        {B("data: 7890\ndata: 7890\n\n"), "0-23 <7890\n7890>; n=1 c=0 u=0 open=0 long=0"},
        {B("data: 7890\ndata: 7890\ndata\n\n"), " n=0 c=0 u=0 open=0 long=1"},
        {B("data: 7890\ndata: 7890\n: x\nid: 1\n\n"),
         "0-33 <7890\n7890>id=1; n=1 c=1 u=0 open=0 long=0"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        same_for_all_splits(row->in, row->want, &small);
    }
}

/* Too long once, too long for good. */
static void a_failed_reader_stays_failed(void **state)
{
    (void)state;
    const struct proa_sse_limits small = {.line_bytes = 4, .event_bytes = 4};
    struct proa_sse s;
    struct proa_sse_event e;
    proa_sse_init(&s, &small);
    struct proa_slice in = PROA_SLICE("data:a\n\n");
    assert_int_equal(proa_sse_next(&s, &in, &e), PROA_SSE_TOO_LONG);
    in = PROA_SLICE("\n\n");
    assert_int_equal(proa_sse_next(&s, &in, &e), PROA_SSE_TOO_LONG);
    assert_int_equal(proa_sse_finish(&s, &e), PROA_SSE_TOO_LONG);
    proa_sse_deinit(&s);
}

static void whole_events_are_not_copied(void **state)
{
    (void)state;
    struct proa_sse s;
    struct proa_sse_event e;
    proa_sse_init(&s, &proa_sse_limits_default);
    struct proa_slice whole = PROA_SLICE("event: x\nid: 7\ndata: abc\n\ndata: d");
    struct proa_slice in = whole;
    assert_int_equal(proa_sse_next(&s, &in, &e), PROA_SSE_EVENT);
    assert_ptr_equal(e.type.ptr, whole.ptr + 7);
    assert_ptr_equal(e.data.ptr, whole.ptr + 21);
    assert_ptr_equal(e.id.ptr, whole.ptr + 13);
    assert_slice_lit(in, "data: d");
    assert_int_equal(s.line.cap + s.data.kept.cap + s.type.kept.cap + s.id.kept.cap, 0);
    assert_int_equal(proa_sse_next(&s, &in, &e), PROA_SSE_MORE);
    assert_true(s.line.cap > 0);
    assert_true(proa_sse_is_unfinished(&s));

    /* And the memory for the remainder goes when it is spent. */
    in = PROA_SLICE("ef\ndata: g\n\n");
    assert_int_equal(proa_sse_next(&s, &in, &e), PROA_SSE_EVENT);
    assert_slice_lit(e.data, "def\ng");
    assert_int_equal(proa_sse_next(&s, &in, &e), PROA_SSE_MORE);
    assert_int_equal(s.line.cap + s.data.kept.cap + s.type.kept.cap + s.id.kept.cap, 0);
    assert_false(proa_sse_is_unfinished(&s));
    proa_sse_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events),
        cmocka_unit_test(limits),
        cmocka_unit_test(a_failed_reader_stays_failed),
        cmocka_unit_test(whole_events_are_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
