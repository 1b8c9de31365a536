#include "proa/http/serialize.h"

#include "parser_probe.h"

static void lines(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 4096);
    assert_ok(proa_http_write_value(&b, PROA_SLICE("X-A: "), PROA_SLICE("  b\tc ")));
    assert_ok(proa_http_write_value(&b, PROA_SLICE("x-b: "), PROA_SLICE("\td e ")));
    assert_ok(proa_http_write_value(&b, PROA_SLICE("x-c: "), PROA_SLICE_NONE));
    const struct proa_http_header parsed = {0, PROA_SLICE_INIT("X-D"), PROA_SLICE_INIT("f")};
    assert_ok(proa_http_write_parsed(&b, &parsed));
    assert_slice_lit(proa_buf_slice(&b), "X-A: b\tc\r\nx-b: d e\r\nx-c: \r\nX-D: f\r\n");
    proa_buf_clear(&b);
    assert_ok(proa_http_write_status_line(&b, 200));
    assert_ok(proa_http_write_status_line(&b, 529));
    assert_slice_lit(proa_buf_slice(&b), "HTTP/1.1 200 OK\r\nHTTP/1.1 529 \r\n");
    proa_buf_deinit(&b);
}

/* Nothing that would end a line early is written, and nothing of its line. */
static void injections_are_refused(void **state)
{
    (void)state;
    struct proa_buf b;
    proa_buf_init(&b, 4096);
    static const struct proa_slice values[] = {
        PROA_SLICE_INIT("a\r\nb: c"), PROA_SLICE_INIT("a\nb"),  PROA_SLICE_INIT("a\rb"),
        PROA_SLICE_INIT("a\0b"),      PROA_SLICE_INIT("\x1b["), PROA_SLICE_INIT("a\x7f"),
        PROA_SLICE_INIT("a\r\n"),
    };
    PROA_TEST_ROWS(v, values)
    {
        assert_err(proa_http_write_value(&b, PROA_SLICE("x: "), *v), PROA_ERR_PROTOCOL);
    }
    assert_err(proa_http_write_status_line(&b, 99), PROA_ERR_ARG);
    assert_err(proa_http_write_status_line(&b, 600), PROA_ERR_ARG);
    assert_int_equal(b.len, 0);
    assert_true(proa_buf_ok(&b));
    proa_buf_deinit(&b);
}

static void a_full_buffer_takes_no_half_line(void **state)
{
    (void)state;
    for (size_t max = 0; max < 26; max++) {
        struct proa_buf b;
        proa_buf_init(&b, max);
        enum proa_err first = proa_http_write_status_line(&b, 200);
        enum proa_err second = proa_http_write_value(&b, PROA_SLICE("abc: "), PROA_SLICE("de"));
        assert_err(first, max < 17 ? PROA_ERR_LIMIT : PROA_OK);
        assert_err(second, PROA_ERR_LIMIT);
        assert_int_equal(b.len, max < 17 ? 0 : 17);
        assert_false(proa_buf_ok(&b));
        proa_buf_deinit(&b);
    }
}

static void reasons(void **state)
{
    (void)state;
    assert_slice_lit(proa_http_reason(200), "OK");
    assert_slice_lit(proa_http_reason(429), "Too Many Requests");
    assert_slice_lit(proa_http_reason(999), "");
    for (int i = 1; i < PROA_HTTP_FAULT_COUNT; i++) {
        unsigned status = proa_http_fault_info((enum proa_http_fault)i)->status;
        PROA_TEST_CHECK(proa_http_reason(status).len > 0, "%u", status);
    }
}

static void chunk_prefixes(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *text;
    } rows[] = {
        {1, "1\r\n"},       {9, "9\r\n"},        {10, "a\r\n"},
        {26, "1a\r\n"},     {255, "ff\r\n"},     {256, "100\r\n"},
        {4096, "1000\r\n"}, {65535, "ffff\r\n"}, {SIZE_MAX, "ffffffffffffffff\r\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        char out[PROA_HTTP_CHUNK_PREFIX_MAX];
        assert_slice_str(proa_slice_make(out, proa_http_chunk_prefix(out, row->n)), row->text);
    }
}

static void empty_chunk(void *ctx)
{
    char out[PROA_HTTP_CHUNK_PREFIX_MAX];
    (void)ctx;
    (void)proa_http_chunk_prefix(out, 0);
}

static void a_chunk_of_nothing_would_end_the_body(void **state)
{
    (void)state;
    assert_true(proa_test_aborts(empty_chunk, NULL));
}

/* What is written is read back as it was meant. */
static void round_trip(void **state)
{
    (void)state;
    struct proa_buf b;
    char prefix[PROA_HTTP_CHUNK_PREFIX_MAX];
    proa_buf_init(&b, 4096);
    assert_ok(proa_http_write_status_line(&b, 503));
    assert_ok(proa_http_write_value(&b, PROA_SLICE("x-y: "), PROA_SLICE("1, 2\t\xff")));
    PROA_BUF_LIT(&b, "transfer-encoding: chunked\r\n\r\n");
    for (size_t n = 1; n <= 300; n += 23) {
        assert_ok(proa_buf_append(&b, proa_slice_make(prefix, proa_http_chunk_prefix(prefix, n))));
        memset(proa_buf_reserve(&b, n), (int)('a' + n % 26), n);
        b.len += n;
        assert_ok(proa_buf_append(&b, PROA_HTTP_CHUNK_SUFFIX));
    }
    assert_ok(proa_buf_append(&b, PROA_HTTP_LAST_CHUNK));
    struct probe pr;
    probe_init(&pr, PROA_HTTP_RESPONSE);
    probe_all_splits(&pr, proa_buf_slice(&b));
    assert_ok(pr.err);
    assert_true(pr.complete && pr.head.status == 503 && pr.consumed == b.len);
    assert_int_equal(pr.body.len,
                     1 + 24 + 47 + 70 + 93 + 116 + 139 + 162 + 185 + 208 + 231 + 254 + 277 + 300);
    assert_true(proa_slice_search(proa_buf_slice(&pr.log),
                                  PROA_SLICE("name<x-y>\nvalue<1, 2\t\xff>\n")) < pr.log.len);
    probe_free(&pr);
    proa_buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(injections_are_refused),
        cmocka_unit_test(a_full_buffer_takes_no_half_line),
        cmocka_unit_test(reasons),
        cmocka_unit_test(chunk_prefixes),
        cmocka_unit_test(a_chunk_of_nothing_would_end_the_body),
        cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
