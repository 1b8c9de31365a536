/*
 * The published messages are those of aws-c-event-stream's tests (Apache-2.0); the two of Bedrock
 * were computed by two implementations that agree.
 */
#include "proa/core/buf.h"
#include "proa/http/eventstream.h"

#include "eventstream_fixture.h"
#include "proa_test.h"

#define B(lit) PROA_SLICE_INIT(lit)

/* Feeds pieces of `step` bytes, the first perhaps of another size; the log holds what came. */
static enum proa_eventstream_result run(struct proa_slice in, size_t first, size_t step,
                                        const struct proa_eventstream_limits *limits,
                                        struct proa_buf *log)
{
    struct proa_eventstream s;
    struct proa_eventstream_message m;
    enum proa_eventstream_result result = PROA_EVENTSTREAM_MORE;
    uint64_t last_end = 0;
    proa_eventstream_init(&s, limits);
    for (size_t at = 0; at < in.len && result == PROA_EVENTSTREAM_MORE;) {
        size_t n = at == 0 && first > 0 ? first : step;
        n = n < in.len - at ? n : in.len - at;
        char *piece = proa_memdup(in.ptr + at, n);
        struct proa_slice rest = proa_slice_make(piece, n);
        while ((void)(result = proa_eventstream_next(&s, &rest, &m)),
               result == PROA_EVENTSTREAM_MESSAGE) {
            struct proa_eventstream_header h;
            assert_int_equal(m.start, last_end);
            last_end = m.end;
            (void)proa_buf_append_printf(log, "%u-%u", (unsigned)m.start, (unsigned)m.end);
            while (proa_eventstream_next_header(&m.headers, &h)) {
                (void)proa_buf_append_printf(
                    log, " %" PROA_SLICE_FMT "/%d=", PROA_SLICE_ARG(h.name), (int)h.type);
                if (h.type == PROA_EVENTSTREAM_STRING) {
                    (void)proa_buf_append(log, h.value);
                } else {
                    for (size_t i = 0; i < h.value.len; i++) {
                        (void)proa_buf_append_printf(log, "%02x", (unsigned char)h.value.ptr[i]);
                    }
                }
            }
            assert_int_equal(m.headers.len, 0);
            (void)proa_buf_append_printf(log, " <%" PROA_SLICE_FMT ">;", PROA_SLICE_ARG(m.payload));
        }
        assert_true(result != PROA_EVENTSTREAM_MORE || rest.len == 0);
        proa_free(piece);
        at += n;
    }
    if (result == PROA_EVENTSTREAM_MORE && proa_eventstream_is_unfinished(&s)) {
        (void)proa_buf_append_cstr(log, " open");
    }
    proa_eventstream_deinit(&s);
    return result;
}

static void same_for_all_splits(struct proa_slice in, enum proa_eventstream_result end,
                                const char *want, const struct proa_eventstream_limits *limits)
{
    for (size_t cut = 0; cut <= in.len; cut++) {
        struct proa_buf log;
        proa_buf_init(&log, 1 << 20);
        const enum proa_eventstream_result result =
            run(in, cut == in.len ? 0 : cut, cut == 0 ? 1 : in.len + 1, limits, &log);
        PROA_TEST_CHECK(result == end && proa_slice_eq(proa_buf_slice(&log), proa_slice_cstr(want)),
                        "cut at %zu: %d %.*s", cut, (int)result, (int)log.len, log.ptr);
        proa_buf_deinit(&log);
    }
}

#define EMPTY "\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff"
#define PLAIN "\x00\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36"
#define TYPED                                                                                      \
    "\x00\x00\x00\x3d\x00\x00\x00\x20\x07\xfd\x83\x96"                                             \
    "\x0c"                                                                                         \
    "content-type\x07\x00\x10"                                                                     \
    "application/json{'foo':'bar'}\x8d\x9c\x08\xb1"
#define HELLO                                                                                      \
    "\x00\x00\x00\xa0\x00\x00\x00\x57\xe0\x0a\x84\xa8"                                             \
    "\x0b:event-type\x07\x00\x11"                                                                  \
    "contentBlockDelta"                                                                            \
    "\x0d:content-type\x07\x00\x10"                                                                \
    "application/json"                                                                             \
    "\x0d:message-type\x07\x00\x05"                                                                \
    "event"                                                                                        \
    "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"},\"p\":\"ab\"}\xf5\xc1\x2e\xd8"
#define THROTTLED                                                                                  \
    "\x00\x00\x00\x90\x00\x00\x00\x61\x8e\x91\xa9\xb7"                                             \
    "\x0f:exception-type\x07\x00\x13"                                                              \
    "throttlingException"                                                                          \
    "\x0d:content-type\x07\x00\x10"                                                                \
    "application/json"                                                                             \
    "\x0d:message-type\x07\x00\x09"                                                                \
    "exception"                                                                                    \
    "{\"message\":\"Too many requests\"}\xe6\x7f\x80\x05"

static void published_messages(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice in;
        const char *want;
    } rows[] = {
        {B(""), ""},
        {B(EMPTY), "0-16 <>;"},
        {B(PLAIN), "0-29 <{'foo':'bar'}>;"},
        {B(TYPED), "0-61 content-type/7=application/json <{'foo':'bar'}>;"},
        {B(HELLO), "0-160 :event-type/7=contentBlockDelta :content-type/7=application/json "
                   ":message-type/7=event <{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"},"
                   "\"p\":\"ab\"}>;"},
        {B(THROTTLED),
         "0-144 :exception-type/7=throttlingException :content-type/7=application/json "
         ":message-type/7=exception <{\"message\":\"Too many requests\"}>;"},
        {B(EMPTY PLAIN EMPTY), "0-16 <>;16-45 <{'foo':'bar'}>;45-61 <>;"},
        {B(PLAIN "\x00\x00\x00"), "0-29 <{'foo':'bar'}>; open"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        same_for_all_splits(row->in, PROA_EVENTSTREAM_MORE, row->want,
                            &proa_eventstream_limits_default);
    }
}

static void all_header_types(void **state)
{
    (void)state;
    static const struct proa_slice headers = B("\x01"
                                               "a\x00\x01"
                                               "b\x01\x01"
                                               "c\x02\x7f\x01"
                                               "d\x03\x01\x02\x01"
                                               "e\x04\x01\x02\x03\x04\x01"
                                               "f\x05\x01\x02\x03\x04\x05\x06\x07\x08\x01"
                                               "g\x06\x00\x02\xfe\xff\x01"
                                               "h\x07\x00\x02hi\x01"
                                               "i\x08\x00\x00\x00\x00\x00\x00\x00\x01\x01"
                                               "j\x09"
                                               "0123456789abcdef\x01"
                                               "k\x07\x00\x00");
    struct proa_buf in;
    proa_buf_init(&in, 4096);
    fixture_put_message(&in, headers, PROA_SLICE("p"));
    same_for_all_splits(
        proa_buf_slice(&in), PROA_EVENTSTREAM_MORE,
        "0-99 a/0= b/1= c/2=7f d/3=0102 e/4=01020304 f/5=0102030405060708 g/6=feff h/7=hi "
        "i/8=0000000000000001 j/9=30313233343536373839616263646566 k/7= <p>;",
        &proa_eventstream_limits_default);
    assert_slice_lit(proa_eventstream_string(headers, PROA_SLICE("h")), "hi");
    assert_int_equal(proa_eventstream_string(headers, PROA_SLICE("g")).len, 0);
    assert_int_equal(proa_eventstream_string(headers, PROA_SLICE("x")).len, 0);
    proa_buf_deinit(&in);
}

static void broken_headers(void **state)
{
    (void)state;
    static const struct proa_slice rows[] = {
        B("\x01"),               /* nothing behind the length */
        B("\x02y"),              /* a name cut off */
        B("\x01y"),              /* no type */
        B("\x01y\x02"),          /* no value */
        B("\x01y\x07\x00"),      /* half a length */
        B("\x01y\x07\x00\x02x"), /* a value cut off */
        B("\x01y\x0a"),          /* no such type */
        B("\x00\x00"),           /* no name */
        B("\x01y\x00\x01"),      /* a second one begins */
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf in;
        proa_buf_init(&in, 4096);
        fixture_put_message(&in, PROA_SLICE_NONE, PROA_SLICE("fine"));
        fixture_put_message(&in, *row, PROA_SLICE("bad"));
        fixture_put_message(&in, PROA_SLICE_NONE, PROA_SLICE("never read"));
        same_for_all_splits(proa_buf_slice(&in), PROA_EVENTSTREAM_BROKEN, "0-20 <fine>;",
                            &proa_eventstream_limits_default);
        proa_buf_deinit(&in);
    }
}

/* Whatever bit is wrong, the message is never told. */
static void corruption_of_every_bit(void **state)
{
    (void)state;
    static const char good[] = HELLO;
    char bad[sizeof good - 1];
    for (size_t bit = 0; bit < 8 * sizeof bad; bit++) {
        for (size_t step = 1; step <= sizeof bad; step += sizeof bad - 1) {
            struct proa_buf log;
            proa_buf_init(&log, 1 << 16);
            memcpy(bad, good, sizeof bad);
            bad[bit / 8] = (char)(bad[bit / 8] ^ 1 << bit % 8);
            PROA_TEST_CHECK(run(proa_slice_make(bad, sizeof bad), 0, step,
                                &proa_eventstream_limits_default, &log) == PROA_EVENTSTREAM_BROKEN,
                            "bit %zu", bit);
            assert_int_equal(log.len, 0);
            proa_buf_deinit(&log);
        }
    }
}

/* Twelve bytes with a right CRC, and nothing behind them. */
static void put_first(struct proa_buf *out, uint32_t total, uint32_t headers)
{
    proa_buf_clear(out);
    fixture_put_u32(out, total);
    fixture_put_u32(out, headers);
    fixture_put_u32(out, fixture_crc(proa_buf_slice(out)));
}

static void lengths_are_judged_at_once(void **state)
{
    (void)state;
    static const struct proa_eventstream_limits small = {.headers_bytes = 8, .message_bytes = 64};
    static const struct {
        uint32_t total;
        uint32_t headers;
        enum proa_eventstream_result end;
        const char *want;
    } rows[] = {
        {0, 0, PROA_EVENTSTREAM_BROKEN, ""},
        {15, 0, PROA_EVENTSTREAM_BROKEN, ""},
        {16, 1, PROA_EVENTSTREAM_BROKEN, ""},
        {30, 15, PROA_EVENTSTREAM_BROKEN, ""},
        {30, UINT32_MAX, PROA_EVENTSTREAM_BROKEN, ""},
        {64, 8, PROA_EVENTSTREAM_MORE, " open"},
        {65, 8, PROA_EVENTSTREAM_TOO_LONG, ""},
        {64, 9, PROA_EVENTSTREAM_TOO_LONG, ""},
        {UINT32_MAX, 0, PROA_EVENTSTREAM_TOO_LONG, ""},
    };
    struct proa_buf in;
    proa_buf_init(&in, 64);
    PROA_TEST_ROWS(row, rows)
    {
        put_first(&in, row->total, row->headers);
        same_for_all_splits(proa_buf_slice(&in), row->end, row->want, &small);
    }
    proa_buf_deinit(&in);
}

static void the_limits_of_aws(void **state)
{
    (void)state;
    const size_t most = proa_eventstream_limits_default.message_bytes;
    struct proa_buf in;
    struct proa_buf log;
    char *payload = proa_alloc(most);
    memset(payload, 'x', most);
    proa_buf_init(&in, 2 * most);
    proa_buf_init(&log, 2 * most);
    fixture_put_message(&in, PROA_SLICE_NONE, proa_slice_make(payload, most - 16));
    assert_int_equal(run(proa_buf_slice(&in), 1, 1 << 20, &proa_eventstream_limits_default, &log),
                     PROA_EVENTSTREAM_MORE);
    assert_true(proa_slice_starts(proa_buf_slice(&log), PROA_SLICE("0-16777216 <xx")));
    put_first(&in, (uint32_t)most + 1, 0);
    assert_int_equal(run(proa_buf_slice(&in), 0, 12, &proa_eventstream_limits_default, &log),
                     PROA_EVENTSTREAM_TOO_LONG);
    put_first(&in, (uint32_t)most, 128 * 1024 + 1);
    assert_int_equal(run(proa_buf_slice(&in), 0, 12, &proa_eventstream_limits_default, &log),
                     PROA_EVENTSTREAM_TOO_LONG);
    proa_buf_deinit(&in);
    proa_buf_deinit(&log);
    proa_free(payload);
}

static void a_failed_reader_stays_failed(void **state)
{
    (void)state;
    struct proa_eventstream s;
    struct proa_eventstream_message m;
    proa_eventstream_init(&s, &proa_eventstream_limits_default);
    struct proa_slice in = PROA_SLICE("HTTP/1.1 200 OK");
    assert_int_equal(proa_eventstream_next(&s, &in, &m), PROA_EVENTSTREAM_BROKEN);
    in = PROA_SLICE(EMPTY);
    assert_int_equal(proa_eventstream_next(&s, &in, &m), PROA_EVENTSTREAM_BROKEN);
    assert_false(proa_eventstream_is_unfinished(&s));
    proa_eventstream_deinit(&s);
}

static void whole_messages_are_not_copied(void **state)
{
    (void)state;
    struct proa_eventstream s;
    struct proa_eventstream_message m;
    proa_eventstream_init(&s, &proa_eventstream_limits_default);
    const struct proa_slice whole = PROA_SLICE(PLAIN "\x00\x00\x00\x1d\x00\x00");
    struct proa_slice in = whole;
    assert_int_equal(proa_eventstream_next(&s, &in, &m), PROA_EVENTSTREAM_MESSAGE);
    assert_ptr_equal(m.payload.ptr, whole.ptr + 12);
    assert_int_equal(s.kept.cap, 0);
    assert_int_equal(proa_eventstream_next(&s, &in, &m), PROA_EVENTSTREAM_MORE);
    assert_true(proa_eventstream_is_unfinished(&s));

    /* And the memory for the remainder goes when it is spent. */
    in = proa_slice_from(PROA_SLICE(PLAIN), 6);
    assert_int_equal(proa_eventstream_next(&s, &in, &m), PROA_EVENTSTREAM_MESSAGE);
    assert_slice_lit(m.payload, "{'foo':'bar'}");
    assert_int_equal(m.start, 29);
    assert_int_equal(m.end, 58);
    assert_false(proa_eventstream_is_unfinished(&s));
    assert_int_equal(proa_eventstream_next(&s, &in, &m), PROA_EVENTSTREAM_MORE);
    assert_int_equal(s.kept.cap, 0);
    proa_eventstream_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_messages),
        cmocka_unit_test(all_header_types),
        cmocka_unit_test(broken_headers),
        cmocka_unit_test(corruption_of_every_bit),
        cmocka_unit_test(lengths_are_judged_at_once),
        cmocka_unit_test(the_limits_of_aws),
        cmocka_unit_test(a_failed_reader_stays_failed),
        cmocka_unit_test(whole_messages_are_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
