#include "parser_probe.h"

#define H          "Host: a\r\n"
#define POST       "POST / HTTP/1.1\r\n" H
#define TE_CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define B(lit)     PROA_SLICE_INIT(lit)

/* What is refused, row by row; `why` names the row. */
struct refusal {
    const char *why;
    struct proa_slice in;
    enum proa_http_fault fault;
};

static const struct refusal framing_rows[] = {
    {"CL then TE", B(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_LENGTH_AND_CODING},
    {"TE then CL", B(POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_LENGTH_AND_CODING},
    {"CL 0 and TE", B(POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"),
     PROA_HTTP_FAULT_LENGTH_AND_CODING},
    {"CL and empty TE", B(POST "Content-Length: 3\r\nTransfer-Encoding:\r\n\r\nabc"),
     PROA_HTTP_FAULT_LENGTH_AND_CODING},
    {"CL and unknown TE", B(POST "Content-Length: 3\r\nTransfer-Encoding: x\r\n\r\nabc"),
     PROA_HTTP_FAULT_LENGTH_AND_CODING},
    {"bad CL and TE", B(POST "Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
     PROA_HTTP_FAULT_LENGTH_AND_CODING},
    {"TE gzip, chunked", B(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE chunked, gzip", B(POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE identity", B(POST "Transfer-Encoding: identity\r\n\r\n"), PROA_HTTP_FAULT_CODING},
    {"TE identity + chunked on two lines",
     B(POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE chunked twice",
     B(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE , chunked", B(POST "Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE chunked,", B(POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CODING},
    {"TE empty", B(POST "Transfer-Encoding:\r\n\r\n"), PROA_HTTP_FAULT_CODING},
    {"TE with parameter", B(POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE quoted", B(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING},
    {"TE gzip alone", B(POST "Transfer-Encoding: gzip\r\n\r\n"), PROA_HTTP_FAULT_CODING},
    {"TE unknown coding", B(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING_UNKNOWN},
    {"TE with HTTP/1.0",
     B("POST / HTTP/1.0\r\n" H
       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.0\r\n\r\n"),
     PROA_HTTP_FAULT_CODING_VERSION},
    {"CL repeated, equal", B(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
     PROA_HTTP_FAULT_LENGTH_REPEATED},
    {"CL repeated, differing", B(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
     PROA_HTTP_FAULT_LENGTH_REPEATED},
    {"CL list", B(POST "Content-Length: 3, 3\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
    {"CL plus sign", B(POST "Content-Length: +3\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
    {"CL minus sign", B(POST "Content-Length: -3\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
    {"CL space inside", B(POST "Content-Length: 1 0\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
    {"CL hex", B(POST "Content-Length: 0x3\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
    {"CL empty", B(POST "Content-Length:\r\n\r\nabc"), PROA_HTTP_FAULT_LENGTH},
    {"CL 2^63", B(POST "Content-Length: 9223372036854775808\r\n\r\n"), PROA_HTTP_FAULT_LENGTH},
    {"CL 2^64 + 3", B(POST "Content-Length: 18446744073709551619\r\n\r\nabc"),
     PROA_HTTP_FAULT_LENGTH},
    {"CL above the body limit", B(POST "Content-Length: 33554433\r\n\r\n"),
     PROA_HTTP_FAULT_BODY_LONG},
};

static const struct refusal chunk_rows[] = {
    {"size with plus", B(TE_CHUNKED "+3\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size with minus", B(TE_CHUNKED "-3\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size 0x3", B(TE_CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size 0_3", B(TE_CHUNKED "0_3\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size leading space", B(TE_CHUNKED " 3\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size trailing space", B(TE_CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size trailing tab", B(TE_CHUNKED "3\t\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size empty", B(TE_CHUNKED "\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size empty before extension", B(TE_CHUNKED ";x\r\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size of 17 digits", B(TE_CHUNKED "00000000000000003\r\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size overflow", B(TE_CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size 2^64 - 1", B(TE_CHUNKED "ffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size not hex", B(TE_CHUNKED "g\r\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_SIZE},
    {"size line ends in LF", B(TE_CHUNKED "3\nabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_END},
    {"size line ends in CR", B(TE_CHUNKED "3\rabc\r\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_END},
    {"TERM.EXT: extension ends in LF", B(TE_CHUNKED "3;x\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_END},
    {"EXT.TERM: CR inside an extension", B(TE_CHUNKED "3;x\ry\r\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_END},
    {"NUL in an extension", B(TE_CHUNKED "3;\0\r\nabc\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_EXTENSION},
    {"SPILL: data ends in two arbitrary bytes", B(TE_CHUNKED "3\r\nabcXX0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_END},
    {"data ends in LF", B(TE_CHUNKED "3\r\nabc\n0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_END},
    {"data ends in CR", B(TE_CHUNKED "3\r\nabc\r0\r\n\r\n"), PROA_HTTP_FAULT_CHUNK_END},
    {"data longer than its chunk", B(TE_CHUNKED "3\r\nabcd\r\n0\r\n\r\n"),
     PROA_HTTP_FAULT_CHUNK_END},
    {"last chunk ends in LF", B(TE_CHUNKED "0\n\r\n"), PROA_HTTP_FAULT_CHUNK_END},
    {"body ends in LF", B(TE_CHUNKED "0\r\n\n"), PROA_HTTP_FAULT_TRAILER},
    {"body ends in CR and something", B(TE_CHUNKED "0\r\n\rX"), PROA_HTTP_FAULT_TRAILER},
    {"chunk above the body limit", B(TE_CHUNKED "2000001\r\n"), PROA_HTTP_FAULT_BODY_LONG},
    {"trailer ends in LF", B(TE_CHUNKED "0\r\na: b\n\r\n"), PROA_HTTP_FAULT_TRAILER},
    {"trailer without name", B(TE_CHUNKED "0\r\n: b\r\n\r\n"), PROA_HTTP_FAULT_TRAILER},
    {"trailer without colon", B(TE_CHUNKED "0\r\nab\r\n\r\n"), PROA_HTTP_FAULT_TRAILER},
    {"trailer with space before colon", B(TE_CHUNKED "0\r\na : b\r\n\r\n"),
     PROA_HTTP_FAULT_TRAILER},
    {"trailer folded", B(TE_CHUNKED "0\r\na: b\r\n c\r\n\r\n"), PROA_HTTP_FAULT_TRAILER},
    {"trailer with NUL", B(TE_CHUNKED "0\r\na: \0\r\n\r\n"), PROA_HTTP_FAULT_TRAILER},
};

static const struct refusal line_rows[] = {
    {"bare LF behind the request line", B("GET / HTTP/1.1\n" H "\r\n"), PROA_HTTP_FAULT_LINE_END},
    {"bare LF behind a field", B("GET / HTTP/1.1\r\nHost: a\n\r\n"), PROA_HTTP_FAULT_LINE_END},
    {"bare LF ends the head", B("GET / HTTP/1.1\r\n" H "\n"), PROA_HTTP_FAULT_LINE_END},
    {"bare CR in a value", B("GET / HTTP/1.1\r\n" H "x: a\rb\r\n\r\n"),
     PROA_HTTP_FAULT_HEADER_VALUE},
    {"bare CR ends a field", B("GET / HTTP/1.1\r\n" H "x: a\rTransfer-Encoding: chunked\r\n\r\n"),
     PROA_HTTP_FAULT_HEADER_VALUE},
    {"CR CR LF", B("GET / HTTP/1.1\r\n" H "x: a\r\r\n\r\n"), PROA_HTTP_FAULT_HEADER_VALUE},
    {"CR CR LF ends the head", B("GET / HTTP/1.1\r\n" H "\r\r\n"), PROA_HTTP_FAULT_LINE_END},
    {"obs-fold, space", B("GET / HTTP/1.1\r\n" H "x: a\r\n b\r\n\r\n"), PROA_HTTP_FAULT_FOLDED},
    {"obs-fold, tab", B("GET / HTTP/1.1\r\n" H "x: a\r\n\tb\r\n\r\n"), PROA_HTTP_FAULT_FOLDED},
    {"leading space line", B("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), PROA_HTTP_FAULT_FOLDED},
    {"line of one space", B("GET / HTTP/1.1\r\n" H " \r\n\r\n"), PROA_HTTP_FAULT_FOLDED},
    {"space before the colon", B(POST "Content-Length : 3\r\n\r\nabc"),
     PROA_HTTP_FAULT_HEADER_NAME},
    {"tab before the colon", B(POST "Content-Length\t: 3\r\n\r\nabc"), PROA_HTTP_FAULT_HEADER_NAME},
    {"no colon", B("GET / HTTP/1.1\r\n" H "xyz\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
    {"no colon, next line has one", B("GET / HTTP/1.1\r\n" H "xyz\r\na: b\r\n\r\n"),
     PROA_HTTP_FAULT_HEADER_NAME},
    {"empty name", B("GET / HTTP/1.1\r\n" H ": x\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
    {"name with @", B("GET / HTTP/1.1\r\n" H "a@b: x\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
    {"name with space", B("GET / HTTP/1.1\r\n" H "a b: x\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
    {"name with 8-bit", B("GET / HTTP/1.1\r\n" H "a\xe4: x\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
    {"name with NUL", B("GET / HTTP/1.1\r\n" H "a\0: x\r\n\r\n"), PROA_HTTP_FAULT_HEADER_NAME},
    {"value with NUL", B("GET / HTTP/1.1\r\n" H "a: x\0y\r\n\r\n"), PROA_HTTP_FAULT_HEADER_VALUE},
    {"value with CTL", B("GET / HTTP/1.1\r\n" H "a: x\x01\r\n\r\n"), PROA_HTTP_FAULT_HEADER_VALUE},
    {"value with ESC", B("GET / HTTP/1.1\r\n" H "a: \x1b[0m\r\n\r\n"),
     PROA_HTTP_FAULT_HEADER_VALUE},
    {"value with DEL", B("GET / HTTP/1.1\r\n" H "a: x\x7f\r\n\r\n"), PROA_HTTP_FAULT_HEADER_VALUE},
    {"Host missing", B("GET / HTTP/1.1\r\nx: y\r\n\r\n"), PROA_HTTP_FAULT_HOST_MISSING},
    {"Host missing, HTTP/1.0", B("GET / HTTP/1.0\r\n\r\n"), PROA_HTTP_FAULT_HOST_MISSING},
    {"Host missing in absolute-form", B("GET http://a/ HTTP/1.1\r\n\r\n"),
     PROA_HTTP_FAULT_HOST_MISSING},
    {"Host empty", B("GET / HTTP/1.1\r\nHost:\r\n\r\n"), PROA_HTTP_FAULT_HOST_MALFORMED},
    {"Host repeated", B("GET / HTTP/1.1\r\n" H "host: a\r\n\r\n"), PROA_HTTP_FAULT_HOST_REPEATED},
    {"Host with userinfo", B("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
     PROA_HTTP_FAULT_HOST_MALFORMED},
    {"Host with path", B("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), PROA_HTTP_FAULT_HOST_MALFORMED},
    {"Host with comma", B("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), PROA_HTTP_FAULT_HOST_MALFORMED},
    {"Host with port 65536", B("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
     PROA_HTTP_FAULT_HOST_MALFORMED},
    {"malformed Host beside a good authority", B("GET http://a/ HTTP/1.1\r\nHost: u@a\r\n\r\n"),
     PROA_HTTP_FAULT_HOST_MALFORMED},
    {"authority with userinfo", B("GET http://u@a/ HTTP/1.1\r\n" H "\r\n"),
     PROA_HTTP_FAULT_HOST_MALFORMED},
    {"authority empty", B("GET http:///x HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_HOST_MALFORMED},
    {"Expect of something else", B(POST "Expect: 200-ok\r\nContent-Length: 3\r\n\r\nabc"),
     PROA_HTTP_FAULT_EXPECTATION},
    {"Expect list", B(POST "Expect: 100-continue, x\r\nContent-Length: 3\r\n\r\nabc"),
     PROA_HTTP_FAULT_EXPECTATION},
    {"Expect empty", B(POST "Expect:\r\n\r\n"), PROA_HTTP_FAULT_EXPECTATION},
};

static const struct refusal start_rows[] = {
    {"HTTP/0.9", B("GET /\r\n"), PROA_HTTP_FAULT_VERSION_MISSING},
    {"HTTP/0.9 with fields", B("GET /\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION_MISSING},
    {"HTTP/2.0", B("GET / HTTP/2.0\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"HTTP/1.2", B("GET / HTTP/1.2\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"HTTP/0.9 spelt out", B("GET / HTTP/0.9\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"HTTP/1", B("GET / HTTP/1\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"HTTP/1.10", B("GET / HTTP/1.10\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"http/1.1", B("GET / http/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"RTSP", B("GET / RTSP/1.0\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"ICE", B("GET / ICE/1.0\r\n" H "\r\n"), PROA_HTTP_FAULT_VERSION},
    {"HTTP/2 preface", B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), PROA_HTTP_FAULT_HTTP2_PREFACE},
    {"words for a version", B("GET / nonsense\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"two spaces before the target", B("GET  / HTTP/1.1\r\n" H "\r\n"),
     PROA_HTTP_FAULT_REQUEST_LINE},
    {"two spaces behind the target", B("GET /  HTTP/1.1\r\n" H "\r\n"),
     PROA_HTTP_FAULT_REQUEST_LINE},
    {"space in the target", B("GET /a b HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"space behind the version", B("GET / HTTP/1.1 \r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"space before the method", B(" GET / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"tabs for spaces", B("GET\t/\tHTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"method alone", B("GET\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"method and space", B("GET \r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"CR in the request line", B("GET / HTTP/1.1\rx\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"TLS hello", B("\x16\x03\x01\x02\x00"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"fragment", B("GET /a#b HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"CTL in the target", B("GET /a\x01 HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"NUL in the target", B("GET /a\0b HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"DEL in the target", B("GET /a\x7f HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"8-bit in the target", B("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"authority-form", B("GET a:80 HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"relative target", B("GET a/b HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"ftp URL", B("GET ftp://a/b HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"GET *", B("GET * HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_TARGET},
    {"OPTIONS *", B("OPTIONS * HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_METHOD_REFUSED},
    {"CONNECT", B("CONNECT a:443 HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_METHOD_REFUSED},
    {"TRACE", B("TRACE / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_METHOD_REFUSED},
    {"unknown method", B("BREW / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_METHOD_UNKNOWN},
    {"WebDAV method", B("PROPFIND / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_METHOD_UNKNOWN},
    {"lower-case method", B("get / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_METHOD_UNKNOWN},
    {"malformed method", B("G(T / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
    {"five empty lines", B("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"),
     PROA_HTTP_FAULT_REQUEST_LINE},
    {"leading bare LF", B("\nGET / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_LINE_END},
    {"leading CR alone", B("\rGET / HTTP/1.1\r\n" H "\r\n"), PROA_HTTP_FAULT_REQUEST_LINE},
};

static void refuse_all(const struct refusal *rows, size_t n, enum proa_http_mode mode)
{
    for (size_t i = 0; i < n; i++) {
        struct probe pr;
        probe_init(&pr, mode);
        probe_all_splits(&pr, rows[i].in);
        PROA_TEST_CHECK(pr.err == PROA_ERR_PROTOCOL && pr.fault == rows[i].fault,
                        "%s: err %s fault %s", rows[i].why, proa_err_name(pr.err),
                        proa_http_fault_info(pr.fault)->code.ptr);
        assert_false(pr.complete);
        probe_free(&pr);
    }
}

static void refused_framing(void **state)
{
    (void)state;
    refuse_all(framing_rows, PROA_ARRAY_LEN(framing_rows), PROA_HTTP_REQUEST);
}

static void refused_chunks(void **state)
{
    (void)state;
    refuse_all(chunk_rows, PROA_ARRAY_LEN(chunk_rows), PROA_HTTP_REQUEST);
}

static void refused_lines(void **state)
{
    (void)state;
    refuse_all(line_rows, PROA_ARRAY_LEN(line_rows), PROA_HTTP_REQUEST);
}

static void refused_start_lines(void **state)
{
    (void)state;
    refuse_all(start_rows, PROA_ARRAY_LEN(start_rows), PROA_HTTP_REQUEST);
}

static const struct accepted {
    const char *why;
    struct proa_slice in;
    const char *path;
    const char *query;
    const char *host;
    const char *body;
    size_t surplus; /* bytes behind the message */
    bool keep_alive;
} accepted_rows[] = {
    {"plain", B("GET /v1/models HTTP/1.1\r\nHost: localhost:4600\r\n\r\n"), "/v1/models", "",
     "localhost:4600", "", 0, true},
    {"query", B("GET /a?b=c?d HTTP/1.1\r\n" H "\r\n"), "/a", "b=c?d", "a", "", 0, true},
    {"empty query", B("GET /a? HTTP/1.1\r\n" H "\r\n"), "/a", "", "a", "", 0, true},
    {"path is left alone", B("GET /a/../%2e//b HTTP/1.1\r\n" H "\r\n"), "/a/../%2e//b", "", "a", "",
     0, true},
    {"absolute-form replaces Host", B("GET http://b:1/x?y HTTP/1.1\r\n" H "\r\n"), "/x", "y", "b:1",
     "", 0, true},
    {"absolute-form, scheme in capitals", B("GET HTTPS://[::1] HTTP/1.1\r\n" H "\r\n"), "/", "",
     "[::1]", "", 0, true},
    {"absolute-form without path", B("GET http://b?q HTTP/1.1\r\n" H "\r\n"), "/", "q", "b", "", 0,
     true},
    {"Content-Length", B(POST "Content-Length: 3\r\n\r\nabc"), "/", "", "a", "abc", 0, true},
    {"Content-Length 0", B(POST "content-length: 0\r\n\r\n"), "/", "", "a", "", 0, true},
    {"leading zeros are digits", B(POST "content-length: 0003\r\n\r\nabc"), "/", "", "a", "abc", 0,
     true},
    {"POST without body", B(POST "\r\n"), "/", "", "a", "", 0, true},
    {"GET with body: read, not left lying",
     B("GET / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabcGET"), "/", "", "a", "abc", 3, true},
    {"pipelined", B("GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n" H "\r\n"), "/1", "", "a", "",
     28, true},
    {"chunked", B(TE_CHUNKED "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), "/", "", "a",
     "abc0123456789", 0, true},
    {"chunked in capitals", B(POST "TRANSFER-ENCODING: ChunKed\r\n\r\n1\r\nx\r\n0\r\n\r\n"), "/",
     "", "a", "x", 0, true},
    {"16 digits", B(TE_CHUNKED "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n"), "/", "", "a",
     "abc", 0, true},
    {"extensions are ignored", B(TE_CHUNKED "3;a=b;c=\"d;\xe4\\\"\"\t\r\nabc\r\n0;x\r\n\r\nrest"),
     "/", "", "a", "abc", 4, true},
    {"trailers are dropped",
     B(TE_CHUNKED "3\r\nabc\r\n0\r\nAuthorization: x\r\nHost:y\r\nempty:\r\n\r\nmore"), "/", "",
     "a", "abc", 4, true},
    {"Connection: close", B("GET / HTTP/1.1\r\nConnection: x, Close\r\n" H "\r\nGET /2"), "/", "",
     "a", "", 6, false},
    {"Connection on two lines",
     B("GET / HTTP/1.1\r\nConnection: x\r\nconnection: close\r\n" H "\r\n"), "/", "", "a", "", 0,
     false},
    {"HTTP/1.0", B("GET / HTTP/1.0\r\nConnection: keep-alive\r\n" H "\r\n"), "/", "", "a", "", 0,
     false},
    {"Upgrade is a header like others",
     B("GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: x\r\n" H "\r\n"),
     "/", "", "a", "", 0, true},
    {"websocket with body",
     B(POST "Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 3\r\n\r\nabc"), "/", "",
     "a", "abc", 0, true},
    {"four empty lines", B("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"), "/", "", "a", "", 0,
     true},
    {"white space around values", B("GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"), "/", "", "a", "",
     0, true},
    {"no space behind the colon", B("GET / HTTP/1.1\r\nHost:a\r\nx:\r\ny: \r\n\r\n"), "/", "", "a",
     "", 0, true},
    {"tab and 8-bit in a value", B("GET / HTTP/1.1\r\n" H "x: a\tb\xff\x80 c\r\n\r\n"), "/", "",
     "a", "", 0, true},
    {"names of one byte and of all tchars",
     B("GET / HTTP/1.1\r\n" H "t: 1\r\n!#$%&'*+-.^_`|~09azAZ: 2\r\nTE: x\r\n\r\n"), "/", "", "a",
     "", 0, true},
    {"OPTIONS with a path", B("OPTIONS /v1 HTTP/1.1\r\n" H "\r\n"), "/v1", "", "a", "", 0, true},
};

static void accepted_requests(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, accepted_rows)
    {
        struct probe pr;
        probe_init(&pr, PROA_HTTP_REQUEST);
        probe_all_splits(&pr, row->in);
        PROA_TEST_CHECK(pr.err == PROA_OK && pr.complete, "%s: %s", row->why,
                        proa_http_fault_info(pr.fault)->code.ptr);
        PROA_TEST_CHECK(row->in.len - pr.consumed == row->surplus, "%s: %zu", row->why,
                        pr.consumed);
        PROA_TEST_CHECK(pr.head.keep_alive == row->keep_alive, "%s", row->why);
        PROA_TEST_CHECK(pr.head.has_body == (row->body[0] != 0), "%s", row->why);
        assert_slice_str(proa_buf_slice(&pr.body), row->body);
        char want[256];
        (void)snprintf(want, sizeof want, "path<%s>\nquery<%s>\nhost<%s>\n", row->path, row->query,
                       row->host);
        PROA_TEST_CHECK(proa_slice_search(proa_buf_slice(&pr.log), proa_slice_cstr(want)) <
                            pr.log.len,
                        "%s: no %s", row->why, want);
        probe_free(&pr);
    }
}

static void trailers_and_fields_are_not_mixed(void **state)
{
    (void)state;
    struct probe pr;
    probe_init(&pr, PROA_HTTP_REQUEST);
    probe_all_splits(&pr, PROA_SLICE(TE_CHUNKED "0\r\nAuthorization: x\r\n\r\n"));
    assert_int_equal(pr.head.headers.n, 2);
    assert_int_equal(proa_slice_search(proa_buf_slice(&pr.log), PROA_SLICE("Authorization")),
                     pr.log.len);
    probe_free(&pr);
}

static void every_method_is_named(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                          "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(methods); i++) {
        char in[64];
        int len = snprintf(in, sizeof in, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", methods[i]);
        struct probe pr;
        probe_init(&pr, PROA_HTTP_REQUEST);
        probe_all_splits(&pr, proa_slice_make(in, (size_t)len));
        assert_ok(pr.err);
        assert_int_equal(pr.head.method, PROA_HTTP_GET + i);
        assert_slice_str(proa_http_method_text(pr.head.method), methods[i]);
        probe_free(&pr);
    }
    assert_slice_lit(proa_http_method_text(PROA_HTTP_NO_METHOD), "");
}

static void expectations(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice in;
        bool expect;
    } rows[] = {
        {B(POST "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc"), true},
        {B("POST / HTTP/1.0\r\n" H "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"), false},
        {B("POST / HTTP/1.0\r\n" H "Expect: x\r\nContent-Length: 3\r\n\r\nabc"), false},
        {B(POST "Content-Length: 3\r\n\r\nabc"), false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct probe pr;
        probe_init(&pr, PROA_HTTP_REQUEST);
        probe_all_splits(&pr, row->in);
        assert_ok(pr.err);
        assert_int_equal(pr.head.expect_continue, row->expect);
        probe_free(&pr);
    }
}

/* Exactly at each limit is fine, one byte more is not. */
static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct proa_http_limits limits;
        struct proa_slice in;
        enum proa_http_fault fault;
    } rows[] = {
        {"target fits", {200, 60, 8, 9, 0, 9, 20, 9}, B("GET /2345678 HTTP/1.1\r\n" H "\r\n"), 0},
        {"target long",
         {200, 60, 8, 9, 0, 9, 20, 9},
         B("GET /23456789 HTTP/1.1\r\n" H "\r\n"),
         PROA_HTTP_FAULT_TARGET_LONG},
        {"target without end",
         {200, 60, 8, 9, 0, 9, 20, 9},
         B("GET /2345678901234567890123456789012345678901234567890"),
         PROA_HTTP_FAULT_TARGET_LONG},
        {"line fits",
         {200, 12, 8, 9, 0, 9, 20, 9},
         B("GET / HTTP/1.1\r\n" H "x: 3456789\r\n\r\n"),
         0},
        {"line long",
         {200, 12, 8, 9, 0, 9, 20, 9},
         B("GET / HTTP/1.1\r\n" H "x: 34567890\r\n\r\n"),
         PROA_HTTP_FAULT_HEADER_LONG},
        {"line of blanks without end",
         {200, 12, 8, 9, 0, 9, 20, 9},
         B("GET / HTTP/1.1\r\n" H "x:                  "),
         PROA_HTTP_FAULT_HEADER_LONG},
        {"long beats wrong",
         {200, 12, 8, 9, 0, 9, 20, 9},
         B("GET / HTTP/1.1\r\n" H "x: 345678901\n\r\n"),
         PROA_HTTP_FAULT_HEADER_LONG},
        {"head fits", {27, 60, 8, 9, 0, 9, 20, 9}, B("GET / HTTP/1.1\r\n" H "\r\n"), 0},
        {"head long",
         {26, 60, 8, 9, 0, 9, 20, 9},
         B("GET / HTTP/1.1\r\n" H "\r\n"),
         PROA_HTTP_FAULT_HEAD_LONG},
        {"empty lines do not count",
         {27, 60, 8, 9, 0, 9, 20, 9},
         B("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"),
         0},
        {"two fields", {99, 60, 8, 2, 0, 9, 20, 9}, B("GET / HTTP/1.1\r\n" H "a:b\r\n\r\n"), 0},
        {"three fields",
         {99, 60, 8, 2, 0, 9, 20, 9},
         B("GET / HTTP/1.1\r\n" H "a:b\r\nc:d\r\n\r\n"),
         PROA_HTTP_FAULT_HEADER_COUNT},
        {"body fits", {99, 60, 8, 9, 0, 9, 20, 3}, B(POST "Content-Length: 3\r\n\r\nabc"), 0},
        {"body long",
         {99, 60, 8, 9, 0, 9, 20, 2},
         B(POST "Content-Length: 3\r\n\r\nabc"),
         PROA_HTTP_FAULT_BODY_LONG},
        {"chunks fit",
         {99, 60, 8, 9, 0, 9, 20, 3},
         B(TE_CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
         0},
        {"chunks long",
         {99, 60, 8, 9, 0, 9, 20, 2},
         B(TE_CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
         PROA_HTTP_FAULT_BODY_LONG},
        {"extensions fit", {99, 60, 8, 9, 0, 4, 20, 9}, B(TE_CHUNKED "1;x\r\na\r\n0;y\r\n\r\n"), 0},
        {"extensions long",
         {99, 60, 8, 9, 0, 3, 20, 9},
         B(TE_CHUNKED "1;x\r\na\r\n0;y\r\n\r\n"),
         PROA_HTTP_FAULT_CHUNK_EXTENSION_LONG},
        {"trailers fit", {99, 60, 8, 9, 0, 9, 7, 9}, B(TE_CHUNKED "0\r\na:b\r\n\r\n"), 0},
        {"trailers long",
         {99, 60, 8, 9, 0, 9, 6, 9},
         B(TE_CHUNKED "0\r\na:b\r\n\r\n"),
         PROA_HTTP_FAULT_TRAILER_LONG},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct probe pr;
        probe_init(&pr, PROA_HTTP_REQUEST);
        pr.cfg.limits = row->limits;
        probe_all_splits(&pr, row->in);
        PROA_TEST_CHECK(pr.fault == row->fault && pr.complete == (row->fault == 0), "%s: %s",
                        row->why, proa_http_fault_info(pr.fault)->code.ptr);
        probe_free(&pr);
    }
}

/* The numbers of proa_http_limits_client, with messages of that size, whole and in pieces of 1000.
 */
static void preset_limits(void **state)
{
    (void)state;
    static const struct {
        size_t target;  /* bytes of the target */
        size_t line;    /* bytes of each further line, CR LF included */
        size_t n_lines; /* how many of them */
        enum proa_http_fault fault;
    } rows[] = {
        {8192, 0, 0, 0},
        {8193, 0, 0, PROA_HTTP_FAULT_TARGET_LONG},
        {40000, 0, 0, PROA_HTTP_FAULT_TARGET_LONG},
        {1, 8192, 3, 0},
        {1, 8193, 1, PROA_HTTP_FAULT_HEADER_LONG},
        {1, 8192, 4, PROA_HTTP_FAULT_HEAD_LONG},
        {1, 6, 99, 0},
        {1, 6, 100, PROA_HTTP_FAULT_HEADER_COUNT},
    };
    char *text = proa_alloc(80000);
    PROA_TEST_ROWS(row, rows)
    {
        size_t len = 0;
        memcpy(text, "GET /", 5);
        memset(text + 5, 'x', row->target - 1);
        len = 4 + row->target;
        memcpy(text + len, " HTTP/1.1\r\nHost: a\r\n", 20);
        len += 20;
        for (size_t i = 0; i < row->n_lines; i++) {
            memcpy(text + len, "a: ", 3);
            memset(text + len + 3, 'v', row->line - 5);
            memcpy(text + len + row->line - 2, "\r\n", 2);
            len += row->line;
        }
        memcpy(text + len, "\r\n", 2);
        len += 2;
        for (size_t step = 1000; step <= len + 1000; step += len) {
            struct probe pr;
            probe_init(&pr, PROA_HTTP_REQUEST);
            probe_run(&pr, proa_slice_make(text, len), 0, step);
            PROA_TEST_CHECK(pr.fault == row->fault, "row %zu: %s", (size_t)(row - rows),
                            proa_http_fault_info(pr.fault)->code.ptr);
            probe_free(&pr);
        }
    }
    proa_free(text);
}

static void limit_set_with_the_head(void **state)
{
    (void)state;
    struct probe pr;
    probe_init(&pr, PROA_HTTP_REQUEST);
    pr.limit_in_head = 2;
    probe_all_splits(&pr, PROA_SLICE(POST "Content-Length: 3\r\n\r\nabc"));
    assert_int_equal(pr.fault, PROA_HTTP_FAULT_BODY_LONG);
    assert_true(pr.has_head);
    probe_free(&pr);
    probe_all_splits(&pr, PROA_SLICE(TE_CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"));
    assert_int_equal(pr.fault, PROA_HTTP_FAULT_BODY_LONG);
    probe_free(&pr);
}

static void callbacks_can_stop(void **state)
{
    (void)state;
    static const struct {
        enum proa_err head;
        enum proa_err body;
        enum proa_err end;
        enum proa_err want;
    } rows[] = {
        {PROA_ERR_OVERLOAD, 0, 0, PROA_ERR_OVERLOAD},
        {0, PROA_ERR_LIMIT, 0, PROA_ERR_LIMIT},
        {0, 0, PROA_ERR_CANCELLED, PROA_ERR_CANCELLED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct probe pr;
        probe_init(&pr, PROA_HTTP_REQUEST);
        pr.head_says = row->head;
        pr.body_says = row->body;
        pr.end_says = row->end;
        probe_run(&pr, PROA_SLICE(POST "Content-Length: 3\r\n\r\nabc"), 0, 1000);
        assert_err(pr.err, row->want);
        assert_int_equal(pr.fault, PROA_HTTP_FAULT_NONE);
        probe_free(&pr);
    }
}

/* Every beginning of a message is an interrupted one; nothing at all is a closed connection. */
static void truncation(void **state)
{
    (void)state;
    static const struct proa_slice whole[] = {
        B(POST "Content-Length: 3\r\n\r\nabc"),
        B(TE_CHUNKED "3\r\nabc\r\n0\r\nt: x\r\n\r\n"),
    };
    PROA_TEST_ROWS(row, whole)
    {
        for (size_t len = 0; len <= row->len; len++) {
            struct probe pr;
            probe_init(&pr, PROA_HTTP_REQUEST);
            probe_run(&pr, proa_slice_head(*row, len), 0, 1000);
            enum proa_err want = len == 0          ? PROA_ERR_CLOSED
                                 : len == row->len ? PROA_OK
                                                   : PROA_ERR_TRUNCATED;
            assert_err(pr.err, want);
            assert_int_equal(pr.fault, want == PROA_ERR_TRUNCATED ? PROA_HTTP_FAULT_TRUNCATED : 0);
            probe_free(&pr);
        }
    }
    struct probe pr;
    probe_init(&pr, PROA_HTTP_REQUEST);
    probe_run(&pr, PROA_SLICE("\r\n\r\n"), 0, 1000);
    assert_err(pr.err, PROA_ERR_CLOSED);
    probe_free(&pr);
}

static enum proa_err take_head(void *ctx, const struct proa_http_head *head)
{
    *(const struct proa_http_head **)ctx = head;
    return PROA_OK;
}

static void one_parser_reads_many_messages(void **state)
{
    (void)state;
    const struct proa_http_parser_cfg cfg = {
        PROA_HTTP_REQUEST, proa_http_limits_client, {.on_head = take_head}};
    const struct proa_http_head *head = NULL;
    struct proa_arena arena;
    size_t used = 99;
    proa_arena_init(&arena, NULL);
    struct proa_http_parser *p = proa_http_parser_create();
    assert_err(proa_http_parser_feed(p, PROA_SLICE("x"), &used), PROA_ERR_STATE);
    assert_int_equal(used, 0);

    struct proa_slice in =
        PROA_SLICE(POST "Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n" H "\r\n");
    proa_http_parser_start(p, &cfg, &arena, &head);
    assert_int_equal(proa_http_parser_state(p), PROA_HTTP_PARSER_IDLE);
    assert_ok(proa_http_parser_feed(p, in, &used));
    assert_int_equal(proa_http_parser_state(p), PROA_HTTP_PARSER_COMPLETE);
    const struct proa_http_head *first = head;
    size_t more = 99;
    assert_ok(proa_http_parser_feed(p, proa_slice_from(in, used), &more));
    assert_int_equal(more, 0);

    proa_http_parser_start(p, &cfg, &arena, &head);
    assert_ok(proa_http_parser_feed(p, proa_slice_from(in, used), &more));
    assert_int_equal(used + more, in.len);
    assert_slice_lit(head->path, "/2");
    assert_slice_lit(first->path, "/"); /* lives with the arena, not with the parser */

    proa_http_parser_start(p, &cfg, &arena, &head);
    assert_err(proa_http_parser_feed(p, PROA_SLICE("\x16"), &used), PROA_ERR_PROTOCOL);
    assert_err(proa_http_parser_feed(p, in, &used), PROA_ERR_STATE);
    assert_err(proa_http_parser_finish(p), PROA_ERR_STATE);
    assert_int_equal(proa_http_parser_state(p), PROA_HTTP_PARSER_FAILED);
    proa_http_parser_start(p, &cfg, &arena, &head);
    assert_int_equal(proa_http_parser_fault(p), PROA_HTTP_FAULT_NONE);
    assert_ok(proa_http_parser_feed(p, PROA_SLICE("GET"), &used)); /* leaves a gathered head */
    proa_http_parser_destroy(p);
    proa_http_parser_destroy(NULL);
    proa_arena_reset(&arena);
}

/* Body bytes are the caller's own, not copies. */
static enum proa_err take_body(void *ctx, struct proa_slice s)
{
    *(const char **)ctx = s.ptr;
    return PROA_OK;
}
static enum proa_err ignore_head(void *ctx, const struct proa_http_head *head)
{
    (void)ctx;
    (void)head;
    return PROA_OK;
}

static void bodies_are_handed_out_in_place(void **state)
{
    (void)state;
    const struct proa_http_parser_cfg cfg = {
        PROA_HTTP_REQUEST, proa_http_limits_client, {.on_head = ignore_head, .on_body = take_body}};
    static const struct proa_slice rows[] = {
        B(POST "Content-Length: 3\r\n\r\nabc"),
        B(TE_CHUNKED "3\r\nabc\r\n0\r\n\r\n"),
    };
    PROA_TEST_ROWS(row, rows)
    {
        const char *body = NULL;
        size_t used = 0;
        struct proa_arena arena;
        proa_arena_init(&arena, NULL);
        struct proa_http_parser *p = proa_http_parser_create();
        proa_http_parser_start(p, &cfg, &arena, &body);
        assert_ok(proa_http_parser_feed(p, *row, &used));
        assert_ptr_equal(body, row->ptr + proa_slice_search(*row, PROA_SLICE("abc")));
        proa_http_parser_destroy(p);
        proa_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_framing),
        cmocka_unit_test(refused_chunks),
        cmocka_unit_test(refused_lines),
        cmocka_unit_test(refused_start_lines),
        cmocka_unit_test(accepted_requests),
        cmocka_unit_test(trailers_and_fields_are_not_mixed),
        cmocka_unit_test(every_method_is_named),
        cmocka_unit_test(expectations),
        cmocka_unit_test(limits),
        cmocka_unit_test(preset_limits),
        cmocka_unit_test(limit_set_with_the_head),
        cmocka_unit_test(callbacks_can_stop),
        cmocka_unit_test(truncation),
        cmocka_unit_test(one_parser_reads_many_messages),
        cmocka_unit_test(bodies_are_handed_out_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
