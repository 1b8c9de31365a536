#include "parser_probe.h"

#define OK     "HTTP/1.1 200 OK\r\n"
#define B(lit) PROA_SLICE_INIT(lit)

/* Each of these is a bad gateway and a closed connection. */
static void refused_responses(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct proa_slice in;
        enum proa_http_fault fault;
    } rows[] = {
        {"CL and TE", B(OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
         PROA_HTTP_FAULT_LENGTH_AND_CODING},
        {"differing CLs", B(OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
         PROA_HTTP_FAULT_LENGTH_REPEATED},
        {"equal CLs", B(OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
         PROA_HTTP_FAULT_LENGTH_REPEATED},
        {"CL not a number", B(OK "Content-Length: 3a\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
        {"TE gzip", B(OK "Transfer-Encoding: gzip\r\n\r\n"), PROA_HTTP_FAULT_CODING},
        {"TE in HTTP/1.0", B("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
         PROA_HTTP_FAULT_CODING_VERSION},
        {"bad chunk", B(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde"),
         PROA_HTTP_FAULT_CHUNK_END},
        {"bad name", B(OK "a b: c\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
        {"NUL in a value", B(OK "a: \0\r\n\r\n"), PROA_HTTP_FAULT_HEADER_VALUE},
        {"obs-fold", B(OK "a: b\r\n c\r\n\r\n"), PROA_HTTP_FAULT_FOLDED},
        {"bare LF", B("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), PROA_HTTP_FAULT_LINE_END},
        {"101", B("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
         PROA_HTTP_FAULT_SWITCHING},
        {"nine interim answers",
         B("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 100 "
           "C\r\n\r\n"
           "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 "
           "C\r\n\r\n"
           "HTTP/1.1 100 C\r\n\r\n"),
         PROA_HTTP_FAULT_INTERIM},
        {"HTTP/0.9", B("<html>hello"), PROA_HTTP_FAULT_STATUS_LINE},
        {"HTTP/2", B("HTTP/2 200\r\n\r\n"), PROA_HTTP_FAULT_VERSION},
        {"HTTP/1.2", B("HTTP/1.2 200 OK\r\n\r\n"), PROA_HTTP_FAULT_VERSION},
        {"ICY", B("ICY 200 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"HTML", B("HTML 200 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"no status", B("HTTP/1.1\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"status of two digits", B("HTTP/1.1 20 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"status of four digits", B("HTTP/1.1 2000 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"status 099", B("HTTP/1.1 099 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"status 600", B("HTTP/1.1 600 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"status with sign", B("HTTP/1.1 +20 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"two spaces", B("HTTP/1.1  200 OK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"CTL in the reason", B("HTTP/1.1 200 O\x01\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"CR in the reason", B("HTTP/1.1 200 O\rK\r\n\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
        {"leading empty line", B("\r\n" OK "\r\n"), PROA_HTTP_FAULT_STATUS_LINE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct probe pr;
        probe_init(&pr, PROA_HTTP_RESPONSE);
        probe_all_splits(&pr, row->in);
        PROA_TEST_CHECK(pr.err == PROA_ERR_PROTOCOL && pr.fault == row->fault, "%s: %s", row->why,
                        proa_http_fault_info(pr.fault)->code.ptr);
        assert_false(pr.complete);
        probe_free(&pr);
    }
}

static void accepted_responses(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct proa_slice in;
        unsigned status;
        const char *reason;
        const char *body;
        size_t surplus;
        bool no_body; /* answers a HEAD */
        bool keep_alive;
        bool close_delimited;
    } rows[] = {
        {"length", B(OK "Content-Length: 3\r\n\r\nabc"), 200, "OK", "abc", 0, false, true, false},
        {"surplus bytes", B(OK "Content-Length: 3\r\n\r\nabcHTTP/1.1"), 200, "OK", "abc", 8, false,
         true, false},
        {"chunked", B(OK "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), 200, "OK",
         "abc", 0, false, true, false},
        {"until the end", B(OK "\r\nabc"), 200, "OK", "abc", 0, false, false, true},
        {"until the end, empty", B(OK "\r\n"), 200, "OK", "", 0, false, false, true},
        {"empty", B(OK "Content-Length: 0\r\n\r\n"), 200, "OK", "", 0, false, true, false},
        {"close", B(OK "Connection: close\r\nContent-Length: 3\r\n\r\nabc"), 200, "OK", "abc", 0,
         false, false, false},
        {"HTTP/1.0", B("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"), 200, "OK", "abc", 0,
         false, false, false},
        {"204", B("HTTP/1.1 204 No Content\r\n\r\nsurplus"), 204, "No Content", "", 7, false, true,
         false},
        {"304 with a length", B("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"), 304,
         "Not Modified", "", 0, false, true, false},
        {"answer to HEAD", B(OK "Content-Length: 3\r\n\r\n"), 200, "OK", "", 0, true, true, false},
        {"answer to HEAD, chunked", B(OK "Transfer-Encoding: chunked\r\n\r\n"), 200, "OK", "", 0,
         true, true, false},
        {"no reason", B("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), 200, "", "", 0, false, true,
         false},
        {"empty reason", B("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), 200, "", "", 0, false,
         true, false},
        {"reason of 8-bit words", B("HTTP/1.1 404 Nicht gef\xfcnden\r\nContent-Length: 0\r\n\r\n"),
         404, "Nicht gef\xfcnden", "", 0, false, true, false},
        {"unlisted status", B("HTTP/1.1 529 Overloaded\r\nContent-Length: 1\r\n\r\nx"), 529,
         "Overloaded", "x", 0, false, true, false},
        {"behind interim answers",
         B("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK
           "Content-Length: 3\r\n\r\nabc"),
         200, "OK", "abc", 0, false, true, false},
        {"interim with a length means nothing",
         B("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n" OK "Content-Length: 1\r\n\r\nx"),
         200, "OK", "x", 0, false, true, false},
        {"no fields at all", B("HTTP/1.1 500 Internal Server Error\r\n\r\n"), 500,
         "Internal Server Error", "", 0, false, false, true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct probe pr;
        char want[64];
        probe_init(&pr, PROA_HTTP_RESPONSE);
        pr.no_body = row->no_body;
        probe_all_splits(&pr, row->in);
        PROA_TEST_CHECK(pr.err == PROA_OK && pr.complete, "%s: %s", row->why,
                        proa_http_fault_info(pr.fault)->code.ptr);
        PROA_TEST_CHECK(row->in.len - pr.consumed == row->surplus, "%s: %zu", row->why,
                        pr.consumed);
        PROA_TEST_CHECK(pr.head.status == row->status && pr.head.keep_alive == row->keep_alive &&
                            pr.head.is_close_delimited == row->close_delimited,
                        "%s", row->why);
        assert_slice_str(proa_buf_slice(&pr.body), row->body);
        (void)snprintf(want, sizeof want, "reason<%s>\n", row->reason);
        PROA_TEST_CHECK(proa_slice_search(proa_buf_slice(&pr.log), proa_slice_cstr(want)) <
                            pr.log.len,
                        "%s", row->why);
        probe_free(&pr);
    }
}

/* A truncated answer is never complete, whatever delimits it; only the close-delimited one cannot
 * tell. */
static void truncated_responses(void **state)
{
    (void)state;
    static const struct proa_slice whole[] = {
        B(OK "Content-Length: 3\r\n\r\nabc"),
        B(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        B("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx"),
    };
    PROA_TEST_ROWS(row, whole)
    {
        for (size_t len = 0; len < row->len; len++) {
            struct probe pr;
            probe_init(&pr, PROA_HTTP_RESPONSE);
            probe_all_splits(&pr, proa_slice_head(*row, len));
            assert_err(pr.err, len == 0 ? PROA_ERR_CLOSED : PROA_ERR_TRUNCATED);
            assert_false(pr.complete);
            probe_free(&pr);
        }
    }
}

static void close_delimited_body_has_a_limit(void **state)
{
    (void)state;
    struct probe pr;
    probe_init(&pr, PROA_HTTP_RESPONSE);
    pr.cfg.limits.body_bytes = 3;
    probe_run(&pr, PROA_SLICE(OK "\r\nabc"), 0, 100);
    assert_ok(pr.err);
    probe_free(&pr);
    probe_run(&pr, PROA_SLICE(OK "\r\nabcd"), 0, 1);
    assert_int_equal(pr.fault, PROA_HTTP_FAULT_BODY_LONG);
    probe_free(&pr);
    probe_run(&pr, PROA_SLICE(OK "\r\nabcd"), 0, 100);
    assert_int_equal(pr.fault, PROA_HTTP_FAULT_BODY_LONG);
    probe_free(&pr);
}

/* 64 KiB and 100 fields. */
static void response_head_limits(void **state)
{
    (void)state;
    char *text = proa_alloc(80000);
    static const struct {
        size_t line;
        size_t n;
        enum proa_http_fault fault;
    } rows[] = {
        {100, 100, 0},
        {100, 101, PROA_HTTP_FAULT_HEADER_COUNT},
        {64 * 1024 - 19, 1, 0},
        {64 * 1024 - 18, 1, PROA_HTTP_FAULT_HEAD_LONG},
        {70000, 1, PROA_HTTP_FAULT_HEAD_LONG},
    };
    PROA_TEST_ROWS(row, rows)
    {
        size_t len = 17;
        memcpy(text, OK, len);
        for (size_t i = 0; i < row->n; i++) {
            memset(text + len, 'v', row->line);
            memcpy(text + len, "a: ", 3);
            memcpy(text + len + row->line - 2, "\r\n", 2);
            len += row->line;
        }
        memcpy(text + len, "\r\n", 2);
        len += 2;
        for (size_t step = 999; step <= len + 999; step += len) {
            struct probe pr;
            probe_init(&pr, PROA_HTTP_RESPONSE);
            probe_run(&pr, proa_slice_make(text, len), 0, step);
            PROA_TEST_CHECK(pr.fault == row->fault, "%zu x %zu: %s", row->n, row->line,
                            proa_http_fault_info(pr.fault)->code.ptr);
            probe_free(&pr);
        }
    }
    proa_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_responses),    cmocka_unit_test(accepted_responses),
        cmocka_unit_test(truncated_responses),  cmocka_unit_test(close_delimited_body_has_a_limit),
        cmocka_unit_test(response_head_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
