#include "net_test.h"

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

static void test_echo(void **state)
{
    struct ends *p = *state;
    ends_open(p, (struct proa_dial){0});
    p->server.echo = true;
    end_write(&p->client, PROA_SLICE("hello"));
    IO_TEST_UNTIL(p->loop, p->client.got.len == 5);
    assert_slice_lit(end_got(&p->client), "hello");
    assert_false(proa_conn_has_surplus(p->client.conn));
    assert_int_equal(proa_conn_queued(p->client.conn), 0);
    assert_slice_lit(proa_conn_error_detail(p->client.conn), "");
    assert_ptr_equal(proa_net_loop(p->net), p->loop);
}

static void test_half_close_and_end(void **state)
{
    struct ends *p = *state;
    ends_open(p, (struct proa_dial){0});
    end_write(&p->client, PROA_SLICE("q"));
    proa_conn_shutdown(p->client.conn);
    IO_TEST_UNTIL(p->loop, p->server.n_ends);
    assert_ok(p->server.end_err);
    end_write(&p->server, PROA_SLICE("answer"));
    IO_TEST_UNTIL(p->loop, p->client.got.len == 6);
    end_close(&p->server);
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_ok(p->client.end_err);
}

static void test_reset(void **state)
{
    struct ends *p = *state;
    ends_open(p, (struct proa_dial){0});
    proa_conn_reset(p->server.conn);
    p->server.conn = NULL;
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_err(p->client.end_err, PROA_ERR_RESET);
}

static void test_not_before_open(void **state)
{
    struct ends *p = *state;
    struct iovec iov = io_test_iov("x", 1);
    struct proa_addr peer;
    struct proa_dial dial = {.host = PROA_SLICE_INIT("127.0.0.1"),
                             .port = proa_addr_port(&p->addr)};
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    assert_err(proa_conn_writev(p->client.conn, &iov, 1), PROA_ERR_STATE);
    assert_int_equal(proa_conn_queued(p->client.conn), 0);
    assert_false(proa_conn_above_high(p->client.conn));
    proa_conn_shutdown(p->client.conn);
    proa_conn_peer(p->client.conn, &peer);
    assert_int_equal(proa_addr_port(&peer), 0);
    IO_TEST_UNTIL(p->loop, p->client.n_opens);
    proa_conn_peer(p->client.conn, &peer);
    assert_int_equal(proa_addr_port(&peer), proa_addr_port(&p->addr));
    assert_ok(proa_conn_writev(p->client.conn, &iov, 1));
}

/* Both sides may set marks and pause before there is a socket. */
static void test_marks_and_pause_set_while_dialing(void **state)
{
    struct ends *p = *state;
    struct proa_dial dial = {.host = PROA_SLICE_INIT("127.0.0.1"),
                             .port = proa_addr_port(&p->addr)};
    p->server.say_on_open = "hello";
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    proa_conn_set_marks(p->client.conn, 4, 2, 1);
    proa_conn_pause(p->client.conn, true);
    IO_TEST_UNTIL(p->loop, p->client.n_opens && p->server.n_opens);
    io_test_for_ms(p->loop, 5);
    assert_int_equal(p->client.got.len, 0);
    struct iovec iov = io_test_iov("12345", 5);
    assert_err(proa_conn_writev(p->client.conn, &iov, 1), PROA_ERR_LIMIT);
    proa_conn_pause(p->client.conn, false);
    IO_TEST_UNTIL(p->loop, p->client.got.len == 5);
}

static void test_back_pressure(void **state)
{
    struct ends *p = *state;
    enum { SIZE = 12 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    ends_open(p, (struct proa_dial){0});
    proa_conn_pause(p->server.conn, true);
    end_write(&p->client, proa_slice_make(big, SIZE));
    free(big);
    assert_true(proa_conn_above_high(p->client.conn));
    proa_conn_pause(p->server.conn, false);
    IO_TEST_UNTIL(p->loop, p->server.got.len == SIZE);
    IO_TEST_UNTIL(p->loop, p->client.n_drains);
    assert_int_equal(p->client.n_drains, 1);
    assert_false(proa_conn_above_high(p->client.conn));
}

static void test_close_in_callbacks(void **state)
{
    struct ends *p = *state;
    p->server.close_on_open = true;
    ends_dial(p, (struct proa_dial){0});
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_ok(p->client.end_err);
    ends_reset(p);
    p->server.close_on_data = true;
    p->client.say_on_open = "x";
    ends_dial(p, (struct proa_dial){0});
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_int_equal(p->server.n_data, 1);
}

static void test_nothing_after_close(void **state)
{
    struct ends *p = *state;
    struct proa_dial dial = {.host = PROA_SLICE_INIT("127.0.0.1"),
                             .port = proa_addr_port(&p->addr)};
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    end_close(&p->client);
    io_test_for_ms(p->loop, 5);
    assert_int_equal(p->client.n_opens, 0);
    end_close(&p->server);
    p->server.n_opens = 0;
    /* An accepted one, closed before its on_open. */
    int fd = io_test_connect(&p->addr);
    IO_TEST_UNTIL(p->loop, p->n_accepted > 1 || p->server.conn);
    end_close(&p->server);
    io_test_for_ms(p->loop, 3);
    assert_int_equal(close(fd), 0);
}

static void test_close_later(void **state)
{
    struct ends *p = *state;
    enum { SIZE = 4 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    ends_open(p, (struct proa_dial){0});
    end_write(&p->server, proa_slice_make(big, SIZE));
    free(big);
    proa_conn_close_later(p->server.conn, 20 * PROA_NS_PER_S);
    p->server.conn = NULL;
    IO_TEST_UNTIL(p->loop, p->client.n_ends);
    assert_ok(p->client.end_err);
    assert_int_equal(p->client.got.len, SIZE);
}

static void test_unix(void **state)
{
    struct ends *p = *state;
    char text[64];
    char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/proa-net-%d", (int)getpid());
    (void)snprintf(text, sizeof(text), "unix:%s", path);
    struct proa_addr addr = io_test_addr(text);
    proa_listener_close(p->listener);
    assert_ok(proa_listener_open(p->loop, &addr, NULL, ends_on_accept, p, &p->listener));
    ends_open(p, (struct proa_dial){.host = proa_slice_cstr(text)});
    p->server.echo = true;
    end_write(&p->client, PROA_SLICE("hello"));
    IO_TEST_UNTIL(p->loop, p->client.got.len == 5);
    ends_reset(p);
    proa_listener_close(p->listener);
    ends_dial(p, (struct proa_dial){.host = proa_slice_cstr(text)});
    assert_err(p->client.open_err, PROA_ERR_REFUSED);
    assert_ok(proa_listener_open(p->loop, &addr, NULL, ends_on_accept, p, &p->listener));
    ends_reset(p);
    ends_dial(p, (struct proa_dial){.host = PROA_SLICE_INIT("unix:")});
    assert_err(p->client.open_err, PROA_ERR_SYNTAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_echo),
        TEST(test_half_close_and_end),
        TEST(test_reset),
        TEST(test_not_before_open),
        TEST(test_marks_and_pause_set_while_dialing),
        TEST(test_back_pressure),
        TEST(test_close_in_callbacks),
        TEST(test_nothing_after_close),
        TEST(test_close_later),
        TEST(test_unix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
