/*
 * The mock behind TLS, and how a cut looks there.
 */
#include "mock_test.h"
#include "tls/pki.h"

struct secure {
    struct pki_cert ca;
    struct pki_cert leaf;
    struct proa_tls_context *server_tls;
    struct proa_tls_context *client_tls;
    struct talk talk;
    struct proa_conn *conn;
    struct proa_buf got;
    int n_opens;
    enum proa_err open_err;
    int n_ends;
    enum proa_err end_err;
};

static void on_open(void *ctx, enum proa_err err)
{
    struct secure *s = ctx;
    s->n_opens++;
    s->open_err = err;
}

static void on_data(void *ctx, struct proa_slice bytes)
{
    struct secure *s = ctx;
    assert_ok(proa_buf_append(&s->got, bytes));
}

static void on_end(void *ctx, enum proa_err err)
{
    struct secure *s = ctx;
    s->n_ends++;
    s->end_err = err;
}

static void on_drain(void *ctx)
{
    (void)ctx;
}

static const struct proa_conn_events EVENTS = {
    .on_open = on_open, .on_data = on_data, .on_end = on_end, .on_drain = on_drain};

static int setup(void **state)
{
    struct secure *s = PROA_NEW(struct secure);
    if (proa_tls_init()) {
        return -1;
    }
    pki_make(&s->ca, NULL, &(struct pki_spec){.cn = "test authority", .is_ca = true});
    pki_make(&s->leaf, &s->ca, &(struct pki_spec){0});
    s->server_tls = pki_server(&s->leaf, PROA_TLS_VERSION_ANY);
    s->client_tls = pki_client(&s->ca, PROA_TLS_VERSION_ANY);
    const struct proa_mock_cfg cfg = {.tls = s->server_tls};
    talk_init(&s->talk, &cfg);
    proa_tls_context_unref(s->server_tls); /* the mock has a reference of its own */
    proa_buf_init(&s->got, 1U << 24);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct secure *s = *state;
    if (s->conn) {
        proa_conn_close(s->conn);
    }
    talk_deinit(&s->talk);
    proa_tls_context_unref(s->client_tls);
    proa_buf_deinit(&s->got);
    pki_free(&s->ca);
    pki_free(&s->leaf);
    proa_free(s);
    proa_tls_exit();
    return 0;
}

static void ask(struct secure *s, const char *recipe)
{
    char text[512];
    const struct proa_dial dial = {.host = PROA_SLICE("127.0.0.1"),
                                   .port = proa_addr_port(&s->talk.addr),
                                   .tls = s->client_tls,
                                   .tls_name = PROA_SLICE("api.example")};
    if (!s->conn) {
        s->conn = proa_conn_dial(s->talk.net, &dial, &EVENTS, s);
        IO_TEST_UNTIL(s->talk.loop, s->n_opens);
        assert_ok(s->open_err);
    }
    const int n = snprintf(text, sizeof text,
                           "POST " CHAT " HTTP/1.1\r\nhost: m\r\nx-mock: %s\r\n"
                           "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                           recipe, strlen(STREAM_HI), STREAM_HI);
    const struct iovec iov = io_test_iov(text, (size_t)n);
    assert_ok(proa_conn_writev(s->conn, &iov, 1));
}

static bool got(const struct secure *s, const char *text)
{
    const struct proa_slice all = proa_buf_slice(&s->got);
    return proa_slice_search(all, proa_slice_cstr(text)) < all.len;
}

static void test_answers(void **state)
{
    struct secure *s = *state;
    ask(s, "gap=5ms");
    IO_TEST_UNTIL(s->talk.loop, got(s, "0\r\n\r\n"));
    assert_true(got(s, "data: [DONE]"));
    proa_buf_clear(&s->got);
    ask(s, "503");
    IO_TEST_UNTIL(s->talk.loop, got(s, "overloaded"));
    assert_int_equal(s->n_ends, 0);
}

static void test_cut(void **state)
{
    struct secure *s = *state;
    ask(s, "cut=300");
    IO_TEST_UNTIL(s->talk.loop, s->n_ends);
    assert_ok(s->end_err); /* a clean end of TLS inside of a message: HTTP has to notice */
    assert_true(got(s, "data: {"));
    assert_false(got(s, "[DONE]"));
}

static void test_reset(void **state)
{
    struct secure *s = *state;
    ask(s, "cut=300:rst");
    IO_TEST_UNTIL(s->talk.loop, s->n_ends);
    assert_int_not_equal(s->end_err, PROA_OK);
}

/* Who speaks no TLS gets no answer, and harms nobody. */
static void test_plain_caller(void **state)
{
    struct secure *s = *state;
    struct reply r;
    reply_init(&r);
    talk_send(&s->talk, "GET /v1/models HTTP/1.1\r\nhost: m\r\n\r\n");
    struct proa_mock_stats stats = {.n_accepted = 0};
    IO_TEST_UNTIL(s->talk.loop, (proa_mock_stats(s->talk.mock, &stats), stats.n_accepted == 1));
    IO_TEST_UNTIL(s->talk.loop, (proa_mock_stats(s->talk.mock, &stats), stats.n_connections == 0));
    assert_int_equal(stats.n_requests, 0);
    reply_deinit(&r);
    ask(s, "words=1");
    IO_TEST_UNTIL(s->talk.loop, got(s, "data: [DONE]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plain_caller, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
