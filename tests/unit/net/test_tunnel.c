#include "net_test.h"

/* Through a proxy: the request, what its answers mean, and that nothing waits for ever. The other
 * end of these tests is the proxy. */

static int setup(void **state)
{
    struct ends *p = malloc(sizeof(*p));
    assert_non_null(p);
    ends_init(p, "127.0.0.1:0");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    ends_deinit(*state);
    free(*state);
    return 0;
}

/* Begins to dial api.example:443 through the proxy. */
static void begin_for(struct ends *p, const char *host, const char *authorization,
                      uint64_t connect_ns)
{
    const struct proa_dial_proxy proxy = {.host = PROA_SLICE("127.0.0.1"),
                                          .port = proa_addr_port(&p->addr),
                                          .authorization = proa_slice_cstr(authorization)};
    const struct proa_dial dial = {
        .host = proa_slice_cstr(host), .port = 443, .proxy = &proxy, .connect_ns = connect_ns};
    p->client.in_call = true;
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    p->client.in_call = false;
}

static void begin(struct ends *p, const char *host, const char *authorization)
{
    begin_for(p, host, authorization, 5 * PROA_NS_PER_S);
}

static bool request_is_whole(const struct ends *p)
{
    const struct proa_slice got = end_got(&p->server);
    return proa_slice_search(got, PROA_SLICE("\r\n\r\n")) < got.len;
}

static void answer(struct ends *p, const char *text)
{
    IO_TEST_UNTIL(p->loop, request_is_whole(p));
    end_write(&p->server, proa_slice_cstr(text));
}

static void until_open(struct ends *p)
{
    IO_TEST_UNTIL(p->loop, p->client.n_opens);
    assert_int_equal(p->client.n_opens, 1);
}

static void assert_detail(const struct ends *p, const char *behind)
{
    char text[256];
    (void)snprintf(text, sizeof text, "proxy 127.0.0.1:%u: %s", (unsigned)proa_addr_port(&p->addr),
                   behind);
    assert_slice_str(proa_conn_error_detail(p->client.conn), text);
}

static void test_tunnel(void **state)
{
    struct ends *p = *state;
    begin(p, "api.example", "");
    answer(p, "HTTP/1.1 200 Connection established\r\n\r\n");
    until_open(p);
    assert_ok(p->client.open_err);
    assert_slice_lit(end_got(&p->server),
                     "CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\n\r\n");
    /* What follows is the owner's, in both directions. */
    end_write(&p->client, PROA_SLICE("hello"));
    end_write(&p->server, PROA_SLICE("there"));
    IO_TEST_UNTIL(p->loop, p->client.got.len == 5);
    assert_slice_lit(end_got(&p->client), "there");
    assert_int_equal(p->client.n_ends, 0);
}

static void test_credentials_and_ipv6(void **state)
{
    struct ends *p = *state;
    begin(p, "2001:db8::1", "Basic dTpw");
    answer(p, "HTTP/1.0 200 ok\r\nx: y\r\n\r\n");
    until_open(p);
    assert_ok(p->client.open_err);
    assert_slice_lit(end_got(&p->server),
                     "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nhost: [2001:db8::1]:443\r\n"
                     "proxy-authorization: Basic dTpw\r\n\r\n");
}

static void test_answer_in_pieces(void **state)
{
    struct ends *p = *state;
    static const char text[] = "HTTP/1.1 200 OK\r\nVia: 1.1 p\r\nContent-Length: 5\r\n\r\n";
    begin(p, "api.example", "");
    IO_TEST_UNTIL(p->loop, request_is_whole(p));
    for (size_t i = 0; text[i]; i++) {
        assert_int_equal(p->client.n_opens, 0);
        end_write(&p->server, proa_slice_make(text + i, 1));
        (void)proa_loop_turn(p->loop);
    }
    until_open(p);
    assert_ok(p->client.open_err); /* the length means nothing here (RFC 9110 9.3.6) */
}

static void test_interim_answers_are_skipped(void **state)
{
    struct ends *p = *state;
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                               "Link: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    begin(p, "api.example", "");
    answer(p, text);
    until_open(p);
    assert_ok(p->client.open_err);
    ends_reset(p);
    begin(p, "api.example", "");
    IO_TEST_UNTIL(p->loop, request_is_whole(p));
    for (size_t i = 0; text[i]; i++) {
        assert_int_equal(p->client.n_opens, 0);
        end_write(&p->server, proa_slice_make(text + i, 1));
        (void)proa_loop_turn(p->loop);
    }
    until_open(p);
    assert_ok(p->client.open_err);
}

/* What it says in its head counts, however long what follows is. */
static void test_refusal_with_a_long_body(void **state)
{
    struct ends *p = *state;
    static char text[40000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "HTTP/1.1 403 Forbidden\r\n\r\n", 26);
    begin(p, "api.example", "");
    answer(p, text);
    until_open(p);
    assert_err(p->client.open_err, PROA_ERR_PROXY);
    assert_detail(p, "forbids a connection to api.example:443 (403)");
}

static const struct {
    const char *answer;
    enum proa_err err;
    const char *detail;
} refusals[] = {
    {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\nno",
     PROA_ERR_PROXY,
     "wants other credentials than it got (407); set proxy_auth, or user:password@ in the "
     "variable, for api.example:443"},
    {"HTTP/1.1 403 Forbidden\r\n\r\n", PROA_ERR_PROXY,
     "forbids a connection to api.example:443 (403)"},
    {"HTTP/1.1 502 Bad Gateway\r\n\r\n", PROA_ERR_PROXY, "could not reach api.example:443 (502)"},
    {"HTTP/1.1 504 Gateway Timeout\r\n\r\n", PROA_ERR_PROXY,
     "could not reach api.example:443 (504)"},
    {"HTTP/1.1 405 Method Not Allowed\r\n\r\n", PROA_ERR_PROXY,
     "opened no tunnel to api.example:443 (405)"},
    {"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", PROA_ERR_PROXY,
     "opened no tunnel to api.example:443 (302)"},
    {"SSH-2.0-OpenSSH\r\n\r\n", PROA_ERR_PROTOCOL, "the answer to CONNECT is not HTTP"},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", PROA_ERR_PROTOCOL,
     "the answer to CONNECT is not HTTP"},
    {"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", PROA_ERR_PROTOCOL,
     "the answer to CONNECT is not HTTP"},
    {"HTTP/1.1 200 OK\r\n\r\n\x16", PROA_ERR_PROTOCOL,
     "bytes behind the answer to CONNECT for api.example:443"},
};

static void test_refusals(void **state)
{
    struct ends *p = *state;
    PROA_TEST_ROWS(row, refusals)
    {
        begin(p, "api.example", "");
        answer(p, row->answer);
        until_open(p);
        assert_err(p->client.open_err, row->err);
        assert_detail(p, row->detail);
        ends_reset(p);
    }
}

static void test_endless_answer(void **state)
{
    struct ends *p = *state;
    char line[1024];
    memset(line, 'x', sizeof line);
    memcpy(line, "HTTP/1.1 200 OK\r\na: ", 20);
    begin(p, "api.example", "");
    IO_TEST_UNTIL(p->loop, request_is_whole(p));
    for (int i = 0; i < 20 && p->server.n_ends == 0; i++) {
        end_write(&p->server, proa_slice_make(line, sizeof line));
    }
    until_open(p);
    assert_err(p->client.open_err, PROA_ERR_PROTOCOL);
    assert_detail(p, "the answer to CONNECT has no end");
}

static void test_proxy_that_closes(void **state)
{
    struct ends *p = *state;
    begin(p, "api.example", "");
    IO_TEST_UNTIL(p->loop, request_is_whole(p));
    end_close(&p->server);
    until_open(p);
    assert_err(p->client.open_err, PROA_ERR_CLOSED);
    assert_detail(p, "closed instead of an answer to CONNECT for api.example:443");
}

static void test_proxy_that_is_silent(void **state)
{
    struct ends *p = *state;
    begin_for(p, "api.example", "", 60 * PROA_NS_PER_MS);
    until_open(p);
    assert_err(p->client.open_err, PROA_ERR_TIMEOUT);
    assert_detail(p, "no answer to CONNECT for api.example:443");
}

static void test_proxy_that_is_not_there(void **state)
{
    struct ends *p = *state;
    const struct proa_addr addr = io_test_refusing();
    const struct proa_dial_proxy proxy = {.host = PROA_SLICE("127.0.0.1"),
                                          .port = proa_addr_port(&addr)};
    ends_dial(p, (struct proa_dial){.host = PROA_SLICE("api.example"), .proxy = &proxy});
    assert_err(p->client.open_err, PROA_ERR_REFUSED);
    char text[64];
    (void)snprintf(text, sizeof text, "proxy 127.0.0.1:%u: connection refused",
                   (unsigned)proxy.port);
    assert_slice_str(proa_conn_error_detail(p->client.conn), text);
}

static void test_closed_at_every_stage(void **state)
{
    struct ends *p = *state;
    begin(p, "api.example", "Basic dTpw");
    end_close(&p->client);       /* while dialling */
    io_test_for_ms(p->loop, 20); /* what was accepted of it goes, too */
    ends_reset(p);
    begin(p, "api.example", "Basic dTpw");
    IO_TEST_UNTIL(p->loop, request_is_whole(p));
    proa_conn_pause(p->client.conn, true); /* does not hold the tunnel up */
    end_close(&p->client);                 /* while asking */
    ends_reset(p);
    p->client.close_on_open = true;
    begin(p, "api.example", "");
    answer(p, "HTTP/1.1 403 no\r\n\r\n");
    until_open(p);
    ends_reset(p);
    p->client.close_on_open = true;
    begin(p, "api.example", "");
    answer(p, "HTTP/1.1 200 ok\r\n\r\n");
    until_open(p);
    assert_ok(p->client.open_err);
}

static void test_paused_before_it_is_open(void **state)
{
    struct ends *p = *state;
    begin(p, "api.example", "");
    proa_conn_pause(p->client.conn, true);
    answer(p, "HTTP/1.1 200 ok\r\n\r\n");
    until_open(p);
    assert_ok(p->client.open_err);
    end_write(&p->server, PROA_SLICE("x"));
    io_test_for_ms(p->loop, 5);
    assert_int_equal(p->client.got.len, 0);
    proa_conn_pause(p->client.conn, false);
    IO_TEST_UNTIL(p->loop, p->client.got.len == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tunnel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_credentials_and_ipv6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answer_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interim_answers_are_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusal_with_a_long_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endless_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_proxy_that_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_proxy_that_is_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_proxy_that_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed_at_every_stage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paused_before_it_is_open, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
