#include "proa/obs/log.h"

#include "proa_test.h"

#define S   PROA_SLICE
#define NOW UINT64_C(1795474501123)
#define AT  "2026-11-23T22:55:01.123Z"

static void sample_fields(struct proa_log_record *r)
{
    proa_log_str(r, "endpoint", S("api.example.com:443"));
    proa_log_cstr(r, "reason", "connection refused");
    proa_log_cstr(r, "none", NULL);
    proa_log_u64(r, "status", 503);
    proa_log_ms(r, "ms", 12345678);
    proa_log_bool(r, "fresh", true);
    proa_log_bool(r, "last", false);
}

static void records_in_each_format(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "{\"timestamp\":\"" AT "\",\"level\":\"warn\",\"message\":\"upstream.attempt_failed\","
        "\"endpoint\":\"api.example.com:443\",\"reason\":\"connection refused\",\"none\":\"\","
        "\"status\":503,\"ms\":12.345,\"fresh\":true,"
        "\"last\":false}\n",
        "timestamp=" AT " level=warn message=upstream.attempt_failed endpoint=api.example.com:443 "
        "reason=\"connection refused\" none=\"\" status=503 ms=12.345 fresh=true last=false\n",
        AT " WARN  upstream.attempt_failed endpoint=api.example.com:443 "
           "reason=\"connection refused\" none=\"\" status=503 ms=12.345 fresh=true last=false\n"};
    for (int f = 0; f < 3; f++) {
        struct proa_buf out;
        proa_buf_init(&out, PROA_LOG_LINE_BYTES);
        struct proa_log_record r;
        proa_log_begin(&r, &out, (enum proa_log_format)f, PROA_LOG_WARN, NOW,
                       "upstream.attempt_failed");
        sample_fields(&r);
        assert_ok(proa_log_end(&r));
        assert_slice_str(proa_buf_slice(&out), expected[f]);
        proa_buf_deinit(&out);
    }
}

/* No byte of a value leaves its field: one line, no control byte, no forged field, in any format.
 */
static void no_byte_escapes_its_value(void **state)
{
    (void)state;
    for (int f = 0; f < 3; f++) {
        for (unsigned c = 0; c < 256; c++) {
            char value[] = {'a', (char)(unsigned char)c, 'l', '=', '1'};
            struct proa_buf out;
            proa_buf_init(&out, 4096);
            struct proa_log_record r;
            proa_log_begin(&r, &out, (enum proa_log_format)f, PROA_LOG_INFO, NOW, "e");
            proa_log_str(&r, "k", proa_slice_make(value, sizeof(value)));
            proa_log_u64(&r, "z", 1);
            assert_ok(proa_log_end(&r));
            for (size_t i = 0; i + 1 < out.len; i++) {
                unsigned char got = (unsigned char)out.ptr[i];
                PROA_TEST_CHECK(got >= 0x20 && got < 0x7f, "format %d, byte %02x", f, c);
            }
            assert_int_equal(out.ptr[out.len - 1], '\n');
            /* The value is quoted, and between its quotes every quote is escaped. */
            struct proa_slice line = proa_buf_slice(&out);
            struct proa_slice open = f == 0 ? S("\"k\":\"") : S(" k=\"");
            size_t at = proa_slice_search(line, open) + open.len;
            assert_true(at < line.len);
            while (line.ptr[at] != '"') {
                at += line.ptr[at] == '\\' ? 2 : 1;
                assert_true(at < line.len);
            }
            assert_slice_str(proa_slice_from(line, at + 1), f == 0 ? ",\"z\":1}\n" : " z=1\n");
            proa_buf_deinit(&out);
        }
    }
}

static void a_full_buffer_is_reported_at_the_end(void **state)
{
    (void)state;
    for (int f = 0; f < 3; f++) {
        size_t whole = 0;
        for (size_t max = PROA_LOG_LINE_BYTES; max > 0; max = max > 900 ? 900 : max - 1) {
            struct proa_buf out;
            proa_buf_init(&out, max);
            struct proa_log_record r;
            proa_log_begin(&r, &out, (enum proa_log_format)f, PROA_LOG_INFO, NOW, "event");
            sample_fields(&r);
            enum proa_err err = proa_log_end(&r);
            whole = whole ? whole : out.len;
            /* Either the whole line or an error. */
            assert_true(err == PROA_OK ? out.len == whole : err == PROA_ERR_LIMIT);
            assert_true(out.len <= max && (max >= whole || err == PROA_ERR_LIMIT));
            proa_buf_deinit(&out);
        }
    }
}

struct sink {
    uint32_t n;
    bool is_access;
    char last[256];
};

static void sink_take(void *ctx, struct proa_slice line, bool is_access)
{
    struct sink *s = ctx;
    s->n++;
    s->is_access = is_access;
    size_t len = line.len < sizeof(s->last) - 1 ? line.len : sizeof(s->last) - 1;
    memcpy(s->last, line.ptr, len);
    s->last[len] = '\0';
}

static void logger_filters_by_level(void **state)
{
    (void)state;
    struct sink sink = {0};
    struct proa_logger l;
    proa_logger_init(&l, PROA_LOG_TEXT, PROA_LOG_INFO, sink_take, &sink);
    for (int level = PROA_LOG_ERROR; level <= PROA_LOG_TRACE; level++) {
        for (int least = PROA_LOG_ERROR; least <= PROA_LOG_TRACE; least++) {
            l.level = (enum proa_log_level)least;
            uint32_t before = sink.n;
            struct proa_log_record r;
            if (proa_logger_begin(&l, &r, (enum proa_log_level)level, NOW, "e")) {
                proa_log_u64(&r, "k", 7);
                proa_logger_end(&l, &r);
            }
            assert_int_equal(sink.n - before, level <= least);
        }
    }
    assert_string_equal(sink.last, AT " TRACE e k=7\n");
    assert_false(sink.is_access);
    assert_false(proa_logger_wants(NULL, PROA_LOG_ERROR));
    l.sink = NULL;
    assert_false(proa_logger_wants(&l, PROA_LOG_ERROR));
    proa_logger_deinit(&l);
    proa_logger_deinit(NULL);
}

static void logger_counts_lines_that_do_not_fit(void **state)
{
    (void)state;
    struct sink sink = {0};
    struct proa_logger l;
    proa_logger_init(&l, PROA_LOG_JSON, PROA_LOG_INFO, sink_take, &sink);
    static const char ones[PROA_LOG_VALUE_BYTES] = {1};
    struct proa_log_record r;
    assert_true(proa_logger_begin(&l, &r, PROA_LOG_INFO, NOW, "e"));
    for (int i = 0; i < 100; i++) {
        proa_log_str(&r, "k", proa_slice_make(ones, sizeof(ones)));
    }
    proa_logger_end(&l, &r);
    assert_int_equal(sink.n, 0);
    assert_int_equal(l.n_dropped, 1);
    /* The next one is fine again. */
    assert_true(proa_logger_begin(&l, &r, PROA_LOG_INFO, NOW, "e"));
    proa_logger_end(&l, &r);
    assert_int_equal(sink.n, 1);
    assert_int_equal(l.n_dropped, 1);
    proa_logger_deinit(&l);
}

static void nested_records(void *ctx)
{
    struct proa_log_record a;
    struct proa_log_record b;
    if (proa_logger_begin(ctx, &a, PROA_LOG_INFO, NOW, "a")) {
        (void)!proa_logger_begin(ctx, &b, PROA_LOG_INFO, NOW, "b");
    }
}

static void one_record_at_a_time(void **state)
{
    (void)state;
    struct sink sink = {0};
    struct proa_logger l;
    proa_logger_init(&l, PROA_LOG_JSON, PROA_LOG_INFO, sink_take, &sink);
    assert_true(proa_test_aborts(nested_records, &l));
    proa_logger_deinit(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_in_each_format),
        cmocka_unit_test(no_byte_escapes_its_value),
        cmocka_unit_test(a_full_buffer_is_reported_at_the_end),
        cmocka_unit_test(logger_filters_by_level),
        cmocka_unit_test(logger_counts_lines_that_do_not_fit),
        cmocka_unit_test(one_record_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
