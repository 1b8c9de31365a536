#include "proa/tls/cache.h"

#include "net_test.h"
#include "tls/pki.h"

/* The TLS filter over real sockets. What TLS itself does is tested in tests/unit/tls. */

struct fixture {
    struct ends ends;
    struct pki_cert ca;
    struct pki_cert other_ca;
    struct pki_cert leaf;
    struct pki_cert expired;
    struct proa_tls_context *client_tls;
    struct proa_tls_cache sessions;
};

static int setup_group(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_ok(proa_tls_init());
    pki_make(&f->ca, NULL, &(struct pki_spec){.cn = "test authority", .is_ca = true});
    pki_make(&f->other_ca, NULL, &(struct pki_spec){.cn = "another authority", .is_ca = true});
    pki_make(&f->leaf, &f->ca, &(struct pki_spec){0});
    pki_make(&f->expired, &f->ca, &(struct pki_spec){.not_after = "20210101000000"});
    *state = f;
    return 0;
}

static int teardown_group(void **state)
{
    struct fixture *f = *state;
    pki_free(&f->ca);
    pki_free(&f->other_ca);
    pki_free(&f->leaf);
    pki_free(&f->expired);
    proa_tls_exit();
    free(f);
    return 0;
}

static int setup(void **state)
{
    struct fixture *f = *state;
    ends_init(&f->ends, "127.0.0.1:0");
    f->client_tls = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    f->ends.server_tls = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
    proa_tls_cache_init(&f->sessions, 8, 0, 1);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct proa_tls_context *server = f->ends.server_tls;
    ends_deinit(&f->ends);
    proa_tls_context_unref(server);
    proa_tls_context_unref(f->client_tls);
    proa_tls_cache_deinit(&f->sessions);
    return 0;
}

static void only(struct fixture *f, enum proa_tls_version version)
{
    proa_tls_context_unref(f->client_tls);
    f->client_tls = pki_client(&f->ca, version);
}

static struct proa_dial tls_dial(struct fixture *f)
{
    return (struct proa_dial){
        .tls = f->client_tls, .sessions = &f->sessions, .tls_name = PROA_SLICE_INIT("api.example")};
}

static void detail_has(const struct proa_conn *conn, const char *part)
{
    struct proa_slice detail = proa_conn_error_detail(conn);
    PROA_TEST_CHECK(proa_slice_search(detail, proa_slice_cstr(part)) < detail.len, "\"%.*s\"",
                    (int)detail.len, detail.ptr);
}

static void echo_once(struct fixture *f)
{
    struct ends *p = &f->ends;
    p->server.echo = true;
    end_write(&p->client, PROA_SLICE("hello"));
    IO_TEST_UNTIL(p->loop, p->client.got.len == 5);
    assert_slice_lit(end_got(&p->server), "hello");
    assert_slice_lit(end_got(&p->client), "hello");
}

static void test_echo(void **state)
{
    struct fixture *f = *state;
    const enum proa_tls_version versions[] = {PROA_TLS_VERSION_1_2, PROA_TLS_VERSION_1_3};
    for (size_t i = 0; i < 2; i++) {
        only(f, versions[i]);
        ends_open(&f->ends, tls_dial(f));
        echo_once(f);
        assert_false(proa_conn_has_surplus(f->ends.client.conn));
        ends_reset(&f->ends);
    }
}

static void test_write_in_on_open(void **state)
{
    struct fixture *f = *state;
    f->ends.client.say_on_open = "at once";
    f->ends.server.say_on_open = "welcome";
    ends_open(&f->ends, tls_dial(f));
    IO_TEST_UNTIL(f->ends.loop, f->ends.server.got.len == 7 && f->ends.client.got.len == 7);
}

/* 12 MB both ways at once, in pieces of many sizes, checked byte by byte. */
static void test_much_data(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    enum { SIZE = 12 * 1024 * 1024 };
    char *big = malloc(SIZE);
    assert_non_null(big);
    for (size_t i = 0; i < SIZE; i++) {
        big[i] = (char)(i * 2654435761U >> 13);
    }
    ends_open(p, tls_dial(f));
    size_t at = 0;
    for (size_t n = 1; at < SIZE; n = n * 5 % 700001 + 1) {
        size_t part = n < SIZE - at ? n : SIZE - at;
        end_write(&p->client, proa_slice_make(big + at, part));
        end_write(&p->server, proa_slice_make(big + at, part));
        at += part;
        if (n % 3 == 0) {
            (void)proa_loop_turn(p->loop);
        }
    }
    proa_conn_shutdown(p->client.conn);
    proa_conn_shutdown(p->server.conn);
    IO_TEST_UNTIL(p->loop, p->client.n_ends && p->server.n_ends);
    assert_ok(p->client.end_err);
    assert_ok(p->server.end_err);
    assert_slice_equal(end_got(&p->client), proa_slice_make(big, SIZE));
    assert_slice_equal(end_got(&p->server), proa_slice_make(big, SIZE));
    free(big);
}

/* More vectors than are handed to TLS at a time, empty ones among them. */
static void test_many_vectors(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    enum { N = 300, EACH = 1000 };
    static char bytes[N * EACH];
    struct iovec iov[2 * N];
    ends_open(p, tls_dial(f));
    for (size_t i = 0; i < N; i++) {
        memset(bytes + i * EACH, (int)i, EACH);
        iov[2 * i] = io_test_iov("", 0);
        iov[2 * i + 1] = io_test_iov(bytes + i * EACH, EACH);
    }
    assert_ok(proa_conn_writev(p->client.conn, iov, PROA_ARRAY_LEN(iov)));
    assert_ok(proa_conn_writev(p->client.conn, iov, 1));
    IO_TEST_UNTIL(p->loop, p->server.got.len == sizeof(bytes));
    assert_slice_equal(end_got(&p->server), proa_slice_make(bytes, sizeof(bytes)));
}

static void test_back_pressure(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    enum { SIZE = 12 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    ends_open(p, tls_dial(f));
    proa_conn_set_marks(p->client.conn, SIZE, 1024 * 1024, 1024);
    proa_conn_pause(p->server.conn, true);
    end_write(&p->client, proa_slice_make(big, SIZE));
    assert_true(proa_conn_above_high(p->client.conn));
    struct iovec iov = io_test_iov(big, SIZE);
    assert_err(proa_conn_writev(p->client.conn, &iov, 1), PROA_ERR_LIMIT);
    free(big);
    io_test_for_ms(p->loop, 10);
    assert_int_equal(p->server.got.len, 0);
    proa_conn_pause(p->server.conn, false);
    IO_TEST_UNTIL(p->loop, p->server.got.len == SIZE && p->client.n_drains);
    assert_int_equal(p->client.n_drains, 1);
}

/* Pausing in on_data leaves decrypted and encrypted bytes inside; none is lost or comes early. */
static void test_pause_inside(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    enum { SIZE = 700 * 1000 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    ends_open(p, tls_dial(f));
    p->server.pause_on_data = true;
    end_write(&p->client, proa_slice_make(big, SIZE));
    free(big);
    while (p->server.got.len < SIZE) {
        size_t calls = p->server.n_data;
        IO_TEST_UNTIL(p->loop, p->server.n_data > calls);
        io_test_for_ms(p->loop, 2);
        assert_int_equal(p->server.n_data, calls + 1);
        p->server.in_call = true;
        proa_conn_pause(p->server.conn, false);
        p->server.in_call = false;
    }
    assert_int_equal(p->server.got.len, SIZE);
}

/* A request that came together with the end of the handshake, while the owner did not read. */
static void test_surplus(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    struct proa_dial dial = tls_dial(f);
    dial.host = PROA_SLICE("127.0.0.1");
    dial.port = proa_addr_port(&p->addr);
    p->client.say_on_open = "with the Finished";
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    IO_TEST_UNTIL(p->loop, p->server.conn);
    proa_conn_pause(p->server.conn, true);
    IO_TEST_UNTIL(p->loop, p->server.n_opens);
    io_test_for_ms(p->loop, 3);
    assert_int_equal(p->server.got.len, 0);
    assert_true(proa_conn_has_surplus(p->server.conn));
    proa_conn_pause(p->server.conn, false);
    IO_TEST_UNTIL(p->loop, p->server.got.len == 17);
    assert_false(proa_conn_has_surplus(p->server.conn));
}

static void test_clean_end(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    ends_open(p, tls_dial(f));
    end_write(&p->server, PROA_SLICE("last"));
    end_close(&p->server);
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_ok(p->client.end_err);
    assert_slice_lit(end_got(&p->client), "last");
}

static void test_truncated_end(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    ends_open(p, tls_dial(f));
    end_write(&p->server, PROA_SLICE("half an ans"));
    /* FIN without close_notify: what an attacker on the way could do. */
    proa_sock_shutdown(p->server.conn->sock);
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_err(p->client.end_err, PROA_ERR_TRUNCATED);
    assert_slice_lit(end_got(&p->client), "half an ans");
}

static void test_reset(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    ends_open(p, tls_dial(f));
    proa_conn_reset(p->server.conn);
    p->server.conn = NULL;
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_err(p->client.end_err, PROA_ERR_RESET);
}

static void test_shutdown_then_answer(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    ends_open(p, tls_dial(f));
    end_write(&p->client, PROA_SLICE("question"));
    proa_conn_shutdown(p->client.conn);
    struct iovec iov = io_test_iov("x", 1);
    assert_err(proa_conn_writev(p->client.conn, &iov, 1), PROA_ERR_CLOSED);
    IO_TEST_UNTIL(p->loop, p->server.n_ends);
    assert_ok(p->server.end_err);
    end_write(&p->server, PROA_SLICE("answer"));
    IO_TEST_UNTIL(p->loop, p->client.got.len == 6);
}

static void test_close_later(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    enum { SIZE = 4 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    ends_open(p, tls_dial(f));
    end_write(&p->server, proa_slice_make(big, SIZE));
    free(big);
    proa_conn_close_later(p->server.conn, 20 * PROA_NS_PER_S);
    p->server.conn = NULL;
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_ok(p->client.end_err);
    assert_int_equal(p->client.got.len, SIZE);
}

static void test_close_in_callbacks(void **state)
{
    struct fixture *f = *state;
    struct ends *p = &f->ends;
    p->client.close_on_open = true;
    ends_dial(p, tls_dial(f));
    assert_null(p->client.conn);
    io_test_for_ms(p->loop, 10);
    ends_reset(p);
    p->server.close_on_open = true;
    ends_dial(p, tls_dial(f));
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    ends_reset(p);
    p->client.say_on_open = "x";
    p->server.close_on_data = true;
    ends_dial(p, tls_dial(f));
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_ok(p->client.end_err);
}

/* Certificates that do not hold: the code, the sentence, and no second try elsewhere. */

static void expect_failure(struct fixture *f, struct proa_dial dial, enum proa_err err,
                           const char *part)
{
    struct ends *p = &f->ends;
    ends_dial(p, dial);
    assert_err(p->client.open_err, err);
    detail_has(p->client.conn, part);
    /* The server hears of it through our alert. */
    IO_TEST_UNTIL(p->loop, p->server.n_opens);
    assert_err(p->server.open_err, PROA_ERR_TLS);
    io_test_for_ms(p->loop, 5);
    assert_int_equal(p->n_accepted, 1);
    assert_int_equal(proa_tls_cache_len(&f->sessions), 0);
    struct iovec iov = io_test_iov("x", 1);
    assert_err(proa_conn_writev(p->client.conn, &iov, 1), PROA_ERR_STATE);
}

static void test_wrong_host(void **state)
{
    struct fixture *f = *state;
    struct proa_dial dial = tls_dial(f);
    dial.tls_name = PROA_SLICE("other.example");
    expect_failure(f, dial, PROA_ERR_TLS_HOSTNAME, "api.example");
}

static void test_name_is_the_host_by_default(void **state)
{
    struct fixture *f = *state;
    struct proa_dial dial = tls_dial(f);
    dial.tls_name = PROA_SLICE_NONE;
    expect_failure(f, dial, PROA_ERR_TLS_HOSTNAME, "127.0.0.1");
}

static void test_untrusted(void **state)
{
    struct fixture *f = *state;
    proa_tls_context_unref(f->client_tls);
    f->client_tls = pki_client(&f->other_ca, PROA_TLS_VERSION_ANY);
    expect_failure(f, tls_dial(f), PROA_ERR_TLS_UNTRUSTED, "certificate");
}

static void test_expired(void **state)
{
    struct fixture *f = *state;
    proa_tls_context_unref(f->ends.server_tls);
    f->ends.server_tls = pki_server(&f->expired, PROA_TLS_VERSION_ANY);
    expect_failure(f, tls_dial(f), PROA_ERR_TLS_EXPIRED, "expired");
}

static void test_second_address_is_not_tried(void **state)
{
    struct fixture *f = *state;
    struct proa_dns_answer answer = {.n = 2};
    answer.addrs[0] = f->ends.addr;
    answer.addrs[1] = f->ends.addr;
    assert_ok(proa_dns_put(f->ends.net->dns, PROA_SLICE("two.example"), &answer));
    struct proa_dial dial = tls_dial(f);
    dial.host = PROA_SLICE("two.example");
    dial.tls_name = PROA_SLICE_NONE;
    expect_failure(f, dial, PROA_ERR_TLS_HOSTNAME, "two.example");
}

/* Handshakes that do not come to an end. */

static void test_handshake_deadline(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr;
    int fd = io_test_listen(&addr, 4); /* connects, and never says a word */
    struct proa_dial dial = tls_dial(f);
    dial.port = proa_addr_port(&addr);
    dial.tls_ns = 50 * PROA_NS_PER_MS;
    uint64_t start = io_test_clock_ns();
    ends_dial(&f->ends, dial);
    assert_err(f->ends.client.open_err, PROA_ERR_TIMEOUT);
    assert_true(io_test_clock_ns() - start >= 50 * PROA_NS_PER_MS);
    detail_has(f->ends.client.conn, "50 ms");
    assert_int_equal(close(fd), 0);
}

static void test_silent_client(void **state)
{
    struct fixture *f = *state;
    f->ends.server_tls_ns = 30 * PROA_NS_PER_MS;
    int fd = io_test_connect(&f->ends.addr);
    IO_TEST_UNTIL(f->ends.loop, f->ends.server.n_opens);
    assert_err(f->ends.server.open_err, PROA_ERR_TIMEOUT);
    assert_int_equal(close(fd), 0);
}

static void test_peer_hangs_up_in_the_handshake(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr;
    int listening = io_test_listen(&addr, 4);
    for (int by_reset = 0; by_reset < 2; by_reset++) {
        struct proa_dial dial = tls_dial(f);
        dial.host = PROA_SLICE("127.0.0.1");
        dial.port = proa_addr_port(&addr);
        f->ends.client.conn = proa_conn_dial(f->ends.net, &dial, &end_events, &f->ends.client);
        int fd = accept(listening, NULL, NULL);
        char hello[5];
        IO_TEST_UNTIL(f->ends.loop, recv(fd, hello, sizeof(hello), MSG_DONTWAIT) > 0);
        if (by_reset) {
            io_test_reset(fd);
        } else {
            char rest[4096];
            while (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0) {
            }
            assert_int_equal(close(fd), 0);
        }
        IO_TEST_UNTIL(f->ends.loop, f->ends.client.n_opens);
        assert_err(f->ends.client.open_err, by_reset ? PROA_ERR_RESET : PROA_ERR_CLOSED);
        detail_has(f->ends.client.conn, "handshake");
        ends_reset(&f->ends);
    }
    assert_int_equal(close(listening), 0);
}

/* A plain HTTP client on a TLS port, and noise. */
static void test_not_tls(void **state)
{
    struct fixture *f = *state;
    int fd = io_test_connect(&f->ends.addr);
    io_test_send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    IO_TEST_UNTIL(f->ends.loop, f->ends.server.n_opens);
    assert_err(f->ends.server.open_err, PROA_ERR_TLS);
    assert_true(proa_conn_error_detail(f->ends.server.conn).len > 0);
    assert_int_equal(close(fd), 0);
}

static void test_close_while_shaking(void **state)
{
    struct fixture *f = *state;
    int fd = io_test_connect(&f->ends.addr);
    IO_TEST_UNTIL(f->ends.loop, f->ends.server.conn);
    end_close(&f->ends.server);
    io_test_for_ms(f->ends.loop, 3);
    assert_int_equal(f->ends.server.n_opens, 0);
    assert_int_equal(close(fd), 0);
}

/* Resumption. */

static void test_resumption(void **state)
{
    struct fixture *f = *state;
    const enum proa_tls_version versions[] = {PROA_TLS_VERSION_1_2, PROA_TLS_VERSION_1_3};
    for (size_t i = 0; i < 2; i++) {
        only(f, versions[i]);
        for (int round = 0; round < 3; round++) {
            ends_open(&f->ends, tls_dial(f));
            assert_int_equal(proa_conn_is_resumed(f->ends.client.conn), round > 0);
            echo_once(f);
            ends_reset(&f->ends);
        }
        assert_int_equal(f->sessions.n_hits, 2 * (i + 1));
    }
}

/* The server has forgotten its keys: a full handshake happens silently. */
static void test_resumption_refused(void **state)
{
    struct fixture *f = *state;
    ends_open(&f->ends, tls_dial(f));
    echo_once(f);
    ends_reset(&f->ends);
    proa_tls_context_unref(f->ends.server_tls);
    f->ends.server_tls = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
    ends_open(&f->ends, tls_dial(f));
    assert_int_equal(f->sessions.n_hits, 1);
    assert_false(proa_conn_is_resumed(f->ends.client.conn));
    echo_once(f);
}

/* What was tried with a failed handshake is not tried again. */
static void test_failed_resumption_is_forgotten(void **state)
{
    struct fixture *f = *state;
    ends_open(&f->ends, tls_dial(f));
    echo_once(f);
    ends_reset(&f->ends);
    assert_int_equal(proa_tls_cache_len(&f->sessions), 1);
    proa_tls_context_unref(f->ends.server_tls);
    f->ends.server_tls = pki_server(&f->expired, PROA_TLS_VERSION_ANY);
    ends_dial(&f->ends, tls_dial(f));
    assert_err(f->ends.client.open_err, PROA_ERR_TLS_EXPIRED);
    assert_int_equal(proa_tls_cache_len(&f->sessions), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_echo),
        TEST(test_write_in_on_open),
        TEST(test_much_data),
        TEST(test_many_vectors),
        TEST(test_back_pressure),
        TEST(test_pause_inside),
        TEST(test_surplus),
        TEST(test_clean_end),
        TEST(test_truncated_end),
        TEST(test_reset),
        TEST(test_shutdown_then_answer),
        TEST(test_close_later),
        TEST(test_close_in_callbacks),
        TEST(test_wrong_host),
        TEST(test_name_is_the_host_by_default),
        TEST(test_untrusted),
        TEST(test_expired),
        TEST(test_second_address_is_not_tried),
        TEST(test_handshake_deadline),
        TEST(test_silent_client),
        TEST(test_peer_hangs_up_in_the_handshake),
        TEST(test_not_tls),
        TEST(test_close_while_shaking),
        TEST(test_resumption),
        TEST(test_resumption_refused),
        TEST(test_failed_resumption_is_forgotten),
    };
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
