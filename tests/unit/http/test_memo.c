#include "memo_priv.h"

#include <malloc.h>

#include "parser_probe.h"

#define B(lit) PROA_SLICE_INIT(lit)

#define REQUEST                                                                                    \
    "POST /v1/chat/completions?beta=true HTTP/1.1\r\n"                                             \
    "Host: 127.0.0.1:4600\r\n"                                                                     \
    "content-type: application/json\r\n"                                                           \
    "X-Trace: 0123456789\r\n"                                                                      \
    "Authorization:  Bearer k \t\r\n"                                                              \
    "Content-Length: 5\r\n"                                                                        \
    "\r\n"                                                                                         \
    "hello"

static const struct {
    enum proa_http_mode mode;
    struct proa_slice in;
} MESSAGES[] = {
    {PROA_HTTP_REQUEST, PROA_SLICE_INIT(REQUEST)},
    {PROA_HTTP_REQUEST,
     B("POST http://[::1]:80/v1/x HTTP/1.1\r\nhost: a\r\nExpect: "
       "100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")},
    {PROA_HTTP_REQUEST,
     B("GET /v1/models HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")},
    {PROA_HTTP_REQUEST,
     B("POST / HTTP/1.1\r\nContent-Length: 12\r\nHost: [::1]:8080\r\n\r\nabcdefghijkl")},
    {PROA_HTTP_RESPONSE, B("HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 05:00:00 GMT\r\nHost: any\r\n"
                           "content-length: 3\r\nx-request-id: req_1\r\n\r\nabc")},
    {PROA_HTTP_RESPONSE, B("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nuntil the end")},
    {PROA_HTTP_RESPONSE, B("HTTP/1.1 204 \r\nServer: x\r\nContent-Length: 0\r\n\r\n")},
    {PROA_HTTP_RESPONSE,
     B("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 103 Early\r\nLink: y\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")},
};

/* Read by a parser that has read `taught` before, `other` must be what it is without. */
static void check(enum proa_http_mode mode, struct proa_slice taught, struct proa_slice other)
{
    struct probe pr;
    probe_init(&pr, mode);
    probe_run(&pr, other, 0, other.len);
    struct probe knowing = pr;
    knowing.cfg.memo = proa_http_memo_create();
    probe_run(&knowing, taught, 0, taught.len);
    probe_free(&knowing);
    for (int i = 0; i < 2; i++) { /* and what it taught itself */
        probe_run(&knowing, other, 0, other.len);
        assert_slice_equal(proa_buf_slice(&knowing.log), proa_buf_slice(&pr.log));
        probe_free(&knowing);
    }
    proa_http_memo_destroy(knowing.cfg.memo);
    probe_free(&pr);
}

static void any_byte_may_be_another(void **state)
{
    (void)state;
    static const char BYTES[] = "a0 9\t\r\n:-,\0\x7f\x80";
    for (size_t m = 0; m < PROA_ARRAY_LEN(MESSAGES); m++) {
        const struct proa_slice in = MESSAGES[m].in;
        char text[512];
        for (size_t at = 0; at < in.len; at++) {
            for (size_t b = 0; b < sizeof BYTES - 1; b++) {
                memcpy(text, in.ptr, in.len);
                text[at] = BYTES[b];
                check(MESSAGES[m].mode, in, proa_slice_make(text, in.len));
            }
        }
    }
}

static void bytes_may_come_and_go(void **state)
{
    (void)state;
    static const char *const PIECES[] = {
        "1", "x", " ", "\r\n", "a: b\r\n", "\r\nHost: b", "00000000000000000000"};
    for (size_t m = 0; m < PROA_ARRAY_LEN(MESSAGES); m++) {
        const struct proa_slice in = MESSAGES[m].in;
        char text[512];
        for (size_t at = 0; at < in.len; at++) {
            memcpy(text, in.ptr, at);
            memcpy(text + at, in.ptr + at + 1, in.len - at - 1);
            check(MESSAGES[m].mode, in, proa_slice_make(text, in.len - 1));
            check(MESSAGES[m].mode, in, proa_slice_head(in, at + 1));
            for (size_t i = 0; i < PROA_ARRAY_LEN(PIECES); i++) {
                const size_t n = strlen(PIECES[i]);
                memcpy(text + at, PIECES[i], n);
                memcpy(text + at + n, in.ptr + at, in.len - at);
                check(MESSAGES[m].mode, in, proa_slice_make(text, in.len + n));
                check(MESSAGES[m].mode, proa_slice_make(text, in.len + n), in);
            }
        }
    }
}

/* ---- what it knows --------------------------------------------------------------------------- */

struct world {
    struct proa_http_parser_cfg cfg;
    struct proa_arena arena;
    struct proa_http_head *head; /* as recalled last */
};

static struct world world(enum proa_http_mode mode)
{
    struct world w = {0};
    struct probe pr;
    probe_init(&pr, mode);
    w.cfg = pr.cfg;
    w.cfg.memo = proa_http_memo_create();
    proa_arena_init(&w.arena, NULL);
    return w;
}

static void end_world(struct world *w)
{
    proa_http_memo_destroy(w->cfg.memo);
    proa_arena_reset(&w->arena);
}

static void teach(struct world *w, struct proa_slice message)
{
    struct probe pr;
    probe_init(&pr, w->cfg.mode);
    pr.cfg.memo = w->cfg.memo;
    probe_run(&pr, message, 0, message.len);
    assert_true(pr.has_head);
    probe_free(&pr);
}

static size_t recall(struct world *w, struct proa_slice in)
{
    w->head = NULL;
    return proa_http_memo_recall(w->cfg.memo, &w->cfg, in, &w->arena, &w->head);
}

static size_t head_bytes(struct proa_slice message)
{
    return proa_slice_search(message, PROA_SLICE("\r\n\r\n")) + 4;
}

static void the_same_head_is_known(void **state)
{
    (void)state;
    const struct proa_slice in = PROA_SLICE(REQUEST);
    struct world w = world(PROA_HTTP_REQUEST);
    assert_int_equal(recall(&w, in), 0);
    teach(&w, PROA_SLICE(REQUEST));
    assert_int_equal(recall(&w, in), head_bytes(in));
    assert_int_equal(w.head->content_length, 5);
    assert_true(w.head->has_body);
    assert_int_equal(w.head->headers.n, 5);
    assert_slice_equal(w.head->path, PROA_SLICE("/v1/chat/completions"));
    assert_slice_equal(w.head->host.name, PROA_SLICE("127.0.0.1"));
    assert_slice_equal(w.head->headers.items[3].value, PROA_SLICE("Bearer k"));
    assert_int_equal(recall(&w, proa_slice_head(in, head_bytes(in))), head_bytes(in));
    assert_int_equal(recall(&w, proa_slice_head(in, head_bytes(in) - 1)), 0);
    end_world(&w);
}

static void other_values_are_read(void **state)
{
    (void)state;
    static const struct proa_slice OTHER =
        PROA_SLICE_INIT("POST /v1/chat/completions?beta=true HTTP/1.1\r\n"
                        "Host: [::1]:99\r\n"
                        "content-type: application/json\r\n"
                        "X-Trace: \r\n"
                        "Authorization:another key\r\n"
                        "Content-Length: 00123456\r\n\r\n");
    struct world w = world(PROA_HTTP_REQUEST);
    teach(&w, PROA_SLICE(REQUEST));
    assert_int_equal(recall(&w, OTHER), OTHER.len);
    assert_int_equal(w.head->content_length, 123456);
    assert_slice_equal(w.head->host.name, PROA_SLICE("::1"));
    assert_int_equal(w.head->host.port, 99);
    assert_slice_equal(w.head->headers.items[2].value, PROA_SLICE(""));
    assert_slice_equal(w.head->headers.items[3].value, PROA_SLICE("another key"));
    assert_slice_equal(w.head->headers.items[4].name, PROA_SLICE("Content-Length"));
    end_world(&w);
}

static void what_decides_is_left_to_the_parser(void **state)
{
    (void)state;
    static const struct {
        const char *taught;
        struct proa_slice asked;
    } ROWS[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
         B("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
         B("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continues\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         B("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked2\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
         B("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1234567890123456789\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
         B("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", B("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", B("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", B("GET / HTTP/1.1\r\nhost: a\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", B("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n", B("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        struct world w = world(PROA_HTTP_REQUEST);
        teach(&w, proa_slice_cstr(ROWS[i].taught));
        assert_int_equal(recall(&w, ROWS[i].asked), 0);
        assert_true(recall(&w, proa_slice_cstr(ROWS[i].taught)) > 0);
        end_world(&w);
    }
}

/* Credentials are compared with nothing, and stand nowhere. */
static void secrets_are_not_kept(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"Authorization",  "x-api-key",           "api-key",
                                        "x-goog-api-key", "Proxy-Authorization", "Cookie"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(NAMES); i++) {
        static const char *const VALUES[] = {"sk-secret-1", "sk-secret-2", "xxxxxxxxxxx", ""};
        struct world w = world(PROA_HTTP_REQUEST);
        for (size_t v = 0; v < PROA_ARRAY_LEN(VALUES); v++) {
            char text[256];
            (void)snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s: %s\r\nB: c\r\n\r\n",
                           NAMES[i], VALUES[v]);
            if (v == 0) {
                teach(&w, proa_slice_cstr(text));
            }
            assert_int_equal(recall(&w, proa_slice_cstr(text)), strlen(text));
            assert_slice_equal(w.head->headers.items[1].value, proa_slice_cstr(VALUES[v]));
        }
        assert_null(memmem(w.cfg.memo, malloc_usable_size(w.cfg.memo), "secret", 6));
        end_world(&w);
    }
}

static void limits_hold(void **state)
{
    (void)state;
    static const struct proa_slice LONGER =
        B("HTTP/1.1 200 OK\r\nx-id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\ncontent-length: 0\r\n\r\n");
    struct world w = world(PROA_HTTP_RESPONSE);
    teach(&w, PROA_SLICE("HTTP/1.1 200 OK\r\nx-id: a\r\ncontent-length: 0\r\n\r\n"));
    assert_int_equal(recall(&w, LONGER), LONGER.len);
    w.cfg.limits.line_bytes = 40; /* with its CR LF */
    assert_int_equal(recall(&w, LONGER), LONGER.len);
    w.cfg.limits.line_bytes = 39;
    assert_int_equal(recall(&w, LONGER), 0);
    w.cfg.limits = proa_http_limits_upstream;
    w.cfg.limits.head_bytes = (uint32_t)LONGER.len;
    assert_int_equal(recall(&w, LONGER), LONGER.len);
    w.cfg.limits.head_bytes--;
    assert_int_equal(recall(&w, LONGER), 0);
    end_world(&w);
}

static void too_much_is_not_kept(void **state)
{
    (void)state;
    struct proa_buf many;
    struct proa_buf one_long;
    proa_buf_init(&many, 4096);
    proa_buf_init(&one_long, 4096);
    PROA_BUF_LIT(&many, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n");
    for (int i = 0; i < 40; i++) {
        PROA_BUF_LIT(&many, "a: b\r\n");
    }
    PROA_BUF_LIT(&many, "\r\n");
    struct world w = world(PROA_HTTP_RESPONSE);
    teach(&w, proa_buf_slice(&many));
    assert_int_equal(recall(&w, proa_buf_slice(&many)), 0);
    PROA_BUF_LIT(&one_long, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\na: ");
    for (int i = 0; i < 1000; i++) {
        (void)proa_buf_append_byte(&one_long, 'b');
    }
    PROA_BUF_LIT(&one_long, "\r\n\r\n");
    teach(&w, proa_buf_slice(&one_long));
    assert_int_equal(recall(&w, proa_buf_slice(&one_long)), 0);
    /* Of a known head a value may grow, but not beyond what is copied. */
    teach(&w, PROA_SLICE("HTTP/1.1 200 OK\r\ncontent-length: 0\r\na: b\r\n\r\n"));
    assert_int_equal(recall(&w, proa_buf_slice(&one_long)), 0);
    proa_buf_deinit(&many);
    proa_buf_deinit(&one_long);
    end_world(&w);
}

/* Heads that are asked for stay when others come once. */
static void what_is_used_stays(void **state)
{
    (void)state;
    struct world w = world(PROA_HTTP_REQUEST);
    teach(&w, PROA_SLICE(REQUEST));
    for (int i = 0; i < 100; i++) {
        char other[128];
        (void)snprintf(other, sizeof other, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        assert_true(recall(&w, PROA_SLICE(REQUEST)) > 0);
        teach(&w, proa_slice_cstr(other));
        assert_true(recall(&w, proa_slice_cstr(other)) > 0);
    }
    end_world(&w);
}

/* Of heads with the same start line the one that goes on alike is taken. */
static void the_likest_is_taken(void **state)
{
    (void)state;
    static const char *const KINDS[] = {
        "POST /v1/messages HTTP/1.1\r\nHost: a\r\nUser-Agent: one/1\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nUser-Agent: two/2\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nUser-Agent: three/3\r\nHost: a\r\n\r\n",
    };
    struct world w = world(PROA_HTTP_REQUEST);
    for (size_t i = 0; i < PROA_ARRAY_LEN(KINDS); i++) {
        teach(&w, proa_slice_cstr(KINDS[i]));
    }
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < PROA_ARRAY_LEN(KINDS); i++) {
            assert_int_equal(recall(&w, proa_slice_cstr(KINDS[i])), strlen(KINDS[i]));
        }
    }
    end_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_may_be_another),
        cmocka_unit_test(bytes_may_come_and_go),
        cmocka_unit_test(the_same_head_is_known),
        cmocka_unit_test(other_values_are_read),
        cmocka_unit_test(what_decides_is_left_to_the_parser),
        cmocka_unit_test(secrets_are_not_kept),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(too_much_is_not_kept),
        cmocka_unit_test(what_is_used_stays),
        cmocka_unit_test(the_likest_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
