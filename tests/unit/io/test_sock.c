#include "io_test.h"

/* One side of a connection: what its callbacks were told. */
struct side {
    struct proa_sock *sock;
    char got[256];
    size_t n_got;
    size_t n_bytes; /* also beyond got[] */
    int n_connects;
    int n_ends;
    int n_drains;
    enum proa_err connect_err;
    enum proa_err end_err;
    bool echo;
    bool close_on_read;
    bool close_on_end;
    bool in_call; /* set around our own calls: no callback may come then */
};

struct fixture {
    struct proa_loop *loop;
    struct proa_listener *listener;
    struct proa_addr addr;
    struct side server;
    struct side client;
    struct proa_sock *extra[4]; /* further accepted ones */
    size_t n_accepted;
};

static void drop(struct side *s)
{
    if (s->sock) {
        proa_sock_close(s->sock);
        s->sock = NULL;
    }
}

static void on_connect(void *ctx, enum proa_err err)
{
    struct side *s = ctx;
    assert_false(s->in_call);
    assert_int_equal(s->n_drains, 0);
    s->n_connects++;
    s->connect_err = err;
}

static void on_read(void *ctx, struct proa_slice bytes)
{
    struct side *s = ctx;
    assert_false(s->in_call);
    assert_non_null(s->sock);
    size_t room = sizeof(s->got) - s->n_got;
    size_t n = bytes.len < room ? bytes.len : room;
    memcpy(s->got + s->n_got, bytes.ptr, n);
    s->n_got += n;
    s->n_bytes += bytes.len;
    if (s->echo) {
        struct iovec iov = io_test_iov(bytes.ptr, bytes.len);
        assert_ok(proa_sock_writev(s->sock, &iov, 1));
    }
    if (s->close_on_read) {
        drop(s);
    }
}

static void on_end(void *ctx, enum proa_err err)
{
    struct side *s = ctx;
    assert_false(s->in_call);
    assert_non_null(s->sock);
    s->n_ends++;
    s->end_err = err;
    if (s->close_on_end) {
        drop(s);
    }
}

static void on_drain(void *ctx)
{
    struct side *s = ctx;
    assert_false(s->in_call);
    s->n_drains++;
}

static const struct proa_sock_events events = {
    .on_connect = on_connect, .on_read = on_read, .on_end = on_end, .on_drain = on_drain};

static void on_accept(void *ctx, struct proa_sock *sock)
{
    struct fixture *f = ctx;
    if (!f->server.sock) {
        f->server.sock = sock;
        proa_sock_adopt(sock, &events, &f->server);
    } else {
        assert_true(f->n_accepted < PROA_ARRAY_LEN(f->extra));
        proa_sock_close(sock);
    }
    f->n_accepted++;
}

static void listen_on(struct fixture *f, const char *text)
{
    struct proa_addr addr = io_test_addr(text);
    assert_ok(proa_listener_open(f->loop, &addr, NULL, on_accept, f, &f->listener));
    proa_listener_addr(f->listener, &f->addr);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->loop = proa_loop_create();
    listen_on(f, "127.0.0.1:0");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    drop(&f->server);
    drop(&f->client);
    proa_listener_close(f->listener);
    proa_loop_destroy(f->loop);
    free(f);
    return 0;
}

static void dial(struct fixture *f)
{
    f->client.in_call = true;
    f->client.sock = proa_sock_connect(f->loop, &f->addr, &events, &f->client);
    f->client.in_call = false;
    IO_TEST_UNTIL(f->loop, f->client.n_connects && f->server.sock);
    assert_ok(f->client.connect_err);
}

static void send_text(struct side *s, const char *text)
{
    struct iovec iov = io_test_iov(text, strlen(text));
    s->in_call = true;
    assert_ok(proa_sock_writev(s->sock, &iov, 1));
    s->in_call = false;
}

static struct proa_slice got(const struct side *s)
{
    return proa_slice_make(s->got, s->n_got);
}

static void test_echo(void **state)
{
    struct fixture *f = *state;
    dial(f);
    f->server.echo = true;
    send_text(&f->client, "hello");
    IO_TEST_UNTIL(f->loop, f->client.n_got == 5);
    assert_slice_lit(got(&f->client), "hello");
    assert_slice_lit(got(&f->server), "hello");
    assert_int_equal(proa_sock_queued(f->client.sock), 0);
}

static void test_gathers_vectors(void **state)
{
    struct fixture *f = *state;
    dial(f);
    struct iovec iov[] = {io_test_iov("one ", 4), io_test_iov("", 0), io_test_iov("two", 3)};
    assert_ok(proa_sock_writev(f->client.sock, iov, 3));
    assert_ok(proa_sock_writev(f->client.sock, iov, 0));
    IO_TEST_UNTIL(f->loop, f->server.n_got == 7);
    assert_slice_lit(got(&f->server), "one two");
}

static void test_writes_before_connected_are_kept(void **state)
{
    struct fixture *f = *state;
    f->client.sock = proa_sock_connect(f->loop, &f->addr, &events, &f->client);
    send_text(&f->client, "early");
    proa_sock_shutdown(f->client.sock);
    assert_int_equal(proa_sock_queued(f->client.sock), 5);
    IO_TEST_UNTIL(f->loop, f->server.n_ends);
    assert_slice_lit(got(&f->server), "early");
    assert_ok(f->server.end_err);
}

/* Room comes for what was written early: the owner hears of the connection first. */
static void test_connect_is_told_before_drain(void **state)
{
    struct fixture *f = *state;
    char bytes[4096] = {0};
    struct iovec iov = io_test_iov(bytes, sizeof(bytes));
    f->client.sock = proa_sock_connect(f->loop, &f->addr, &events, &f->client);
    proa_sock_set_marks(f->client.sock, 8192, 1024, 0);
    assert_ok(proa_sock_writev(f->client.sock, &iov, 1));
    assert_true(proa_sock_above_high(f->client.sock));
    IO_TEST_UNTIL(f->loop, f->client.n_connects > 0);
    IO_TEST_UNTIL(f->loop, f->client.n_drains > 0);
    IO_TEST_UNTIL(f->loop, f->server.n_bytes == sizeof(bytes));
}

static void test_half_close(void **state)
{
    struct fixture *f = *state;
    dial(f);
    send_text(&f->client, "question");
    f->client.in_call = true;
    proa_sock_shutdown(f->client.sock);
    proa_sock_shutdown(f->client.sock);
    f->client.in_call = false;
    struct iovec iov = io_test_iov("x", 1);
    assert_err(proa_sock_writev(f->client.sock, &iov, 1), PROA_ERR_CLOSED);
    IO_TEST_UNTIL(f->loop, f->server.n_ends);
    assert_ok(f->server.end_err);
    send_text(&f->server, "answer");
    IO_TEST_UNTIL(f->loop, f->client.n_got == 6);
    assert_int_equal(f->client.n_ends, 0);
    drop(&f->server);
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_ok(f->client.end_err);
    assert_int_equal(f->server.n_ends, 1);
}

static void test_reset_is_told(void **state)
{
    struct fixture *f = *state;
    dial(f);
    proa_sock_reset(f->server.sock);
    f->server.sock = NULL;
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_err(f->client.end_err, PROA_ERR_RESET);
    struct iovec iov = io_test_iov("x", 1);
    assert_err(proa_sock_writev(f->client.sock, &iov, 1), PROA_ERR_RESET);
}

/* libuv alone would call this a clean end. */
static void test_reset_right_behind_data(void **state)
{
    struct fixture *f = *state;
    dial(f);
    send_text(&f->server, "half an answer");
    proa_sock_reset(f->server.sock);
    f->server.sock = NULL;
    io_test_rest();
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_slice_lit(got(&f->client), "half an answer");
    assert_err(f->client.end_err, PROA_ERR_RESET);
}

/* A reset behind the peer's FIN does not make its bytes less complete. */
static void test_reset_behind_the_end(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr;
    int listening = io_test_listen(&addr, 1);
    f->client.sock = proa_sock_connect(f->loop, &addr, &events, &f->client);
    int fd = accept(listening, NULL, NULL);
    IO_TEST_UNTIL(f->loop, f->client.n_connects);
    io_test_send(fd, "whole");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    io_test_rest();
    io_test_reset(fd);
    io_test_rest();
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_slice_lit(got(&f->client), "whole");
    assert_ok(f->client.end_err);
    struct iovec iov = io_test_iov("x", 1);
    assert_err(proa_sock_writev(f->client.sock, &iov, 1), PROA_ERR_RESET);
    assert_int_equal(close(listening), 0);
}

/* A peer that answered, closed, and got more bytes: RST behind data. The data comes first. */
static void test_data_before_a_failed_write_is_delivered(void **state)
{
    struct fixture *f = *state;
    dial(f);
    send_text(&f->server, "413");
    proa_sock_reset(f->server.sock);
    f->server.sock = NULL;
    struct iovec iov = io_test_iov("body", 4);
    enum proa_err err = PROA_OK;
    for (int i = 0; i < 3 && !err; i++) {
        err = proa_sock_writev(f->client.sock, &iov, 1);
        io_test_rest();
    }
    assert_err(err, PROA_ERR_RESET);
    assert_int_equal(f->client.n_ends, 0);
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_slice_lit(got(&f->client), "413");
    assert_err(f->client.end_err, PROA_ERR_RESET);
    assert_int_equal(f->client.n_ends, 1);
}

static void test_failed_write_is_told_to_a_paused_owner(void **state)
{
    struct fixture *f = *state;
    dial(f);
    proa_sock_pause(f->client.sock, true);
    proa_sock_reset(f->server.sock);
    f->server.sock = NULL;
    io_test_for_ms(f->loop, 5);
    assert_int_equal(f->client.n_ends, 0);
    struct iovec iov = io_test_iov("x", 1);
    enum proa_err err = proa_sock_writev(f->client.sock, &iov, 1);
    assert_err(err, PROA_ERR_RESET);
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_err(f->client.end_err, PROA_ERR_RESET);
}

/* More than both kernel buffers hold: queueing, marks, one on_drain. */
static void test_back_pressure(void **state)
{
    struct fixture *f = *state;
    enum { PIECE = 100 * 1000, N = 200 };
    char *piece = malloc(PIECE);
    assert_non_null(piece);
    memset(piece, 'x', PIECE);
    dial(f);
    proa_sock_set_marks(f->client.sock, 64 * 1024 * 1024, 1024 * 1024, 200 * 1000);
    proa_sock_pause(f->server.sock, true);
    struct iovec iov = io_test_iov(piece, PIECE);
    for (int i = 0; i < N; i++) {
        assert_ok(proa_sock_writev(f->client.sock, &iov, 1));
    }
    free(piece);
    assert_true(proa_sock_queued(f->client.sock) > 1024 * 1024);
    assert_true(proa_sock_above_high(f->client.sock));
    io_test_for_ms(f->loop, 10);
    assert_int_equal(f->client.n_drains, 0);
    assert_int_equal(f->server.n_bytes, 0);
    proa_sock_pause(f->server.sock, false);
    IO_TEST_UNTIL(f->loop, f->client.n_drains);
    assert_true(proa_sock_queued(f->client.sock) <= 200 * 1000);
    assert_false(proa_sock_above_high(f->client.sock));
    proa_sock_shutdown(f->client.sock);
    IO_TEST_UNTIL(f->loop, f->server.n_ends);
    assert_int_equal(f->server.n_bytes, (size_t)PIECE * N);
    assert_int_equal(f->client.n_drains, 1);
}

/* The queue stands still until the kernel has room for much again; this number does not. (TCP opens
 * a closed window by no less than a segment, which is 64 KiB here.) */
static void test_delivered_moves_with_what_the_peer_takes(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 16 * 1024 * 1024, BUFFER = 128 * 1024, BITE = 256 * 1024, BITES = 6 };
    int buffer = BUFFER; /* set, it does not grow by itself */
    struct proa_addr addr;
    int listening = io_test_listen(&addr, 1);
    assert_int_equal(setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
    f->client.sock = proa_sock_connect(f->loop, &addr, &events, &f->client);
    IO_TEST_UNTIL(f->loop, f->client.n_connects);
    int fd = accept(listening, NULL, NULL);
    assert_int_equal(proa_sock_delivered(f->client.sock), 0);
    char *bytes = calloc(1, SIZE);
    assert_non_null(bytes);
    struct iovec iov = io_test_iov(bytes, SIZE);
    assert_ok(proa_sock_writev(f->client.sock, &iov, 1));
    io_test_for_ms(f->loop, 20);
    const size_t queued = proa_sock_queued(f->client.sock);
    for (int i = 0; i < BITES; i++) {
        const int64_t before = proa_sock_delivered(f->client.sock);
        assert_int_equal(recv(fd, bytes, BITE, MSG_WAITALL), BITE);
        IO_TEST_UNTIL(f->loop, proa_sock_delivered(f->client.sock) > before);
    }
    assert_int_equal(proa_sock_queued(f->client.sock), queued);
    /* What it took and what its own kernel holds, nothing of ours. */
    assert_in_range(proa_sock_delivered(f->client.sock), 0, BITES * BITE + 4 * BUFFER);
    free(bytes);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(listening), 0);
}

static void test_order_is_kept_through_the_queue(void **state)
{
    struct fixture *f = *state;
    enum { N = 400000 };
    uint32_t *numbers = malloc(N * sizeof(*numbers));
    assert_non_null(numbers);
    for (uint32_t i = 0; i < N; i++) {
        numbers[i] = i;
    }
    struct proa_addr addr;
    int listening = io_test_listen(&addr, 1);
    f->client.sock = proa_sock_connect(f->loop, &addr, &events, &f->client);
    int fd = accept(listening, NULL, NULL);
    assert_true(fd >= 0);
    IO_TEST_UNTIL(f->loop, f->client.n_connects);
    /* Pieces of odd sizes, while the reader takes some now and then. */
    char *at = (char *)numbers;
    size_t left = N * sizeof(*numbers);
    uint32_t *back = malloc(left);
    assert_non_null(back);
    size_t n_back = 0;
    size_t size = 1;
    while (n_back < N * sizeof(*numbers)) {
        if (left > 0) {
            size_t n = size < left ? size : left;
            struct iovec iov[] = {io_test_iov(at, n / 2), io_test_iov(at + n / 2, n - n / 2)};
            assert_ok(proa_sock_writev(f->client.sock, iov, 2));
            at += n;
            left -= n;
            size = size * 3 % 99991 + 1;
        }
        (void)proa_loop_turn(f->loop);
        ssize_t n = recv(fd, (char *)back + n_back, 70001, MSG_DONTWAIT);
        n_back += n > 0 ? (size_t)n : 0;
    }
    assert_memory_equal(numbers, back, N * sizeof(*numbers));
    free(numbers);
    free(back);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(listening), 0);
}

static void test_limit_takes_nothing(void **state)
{
    struct fixture *f = *state;
    dial(f);
    proa_sock_set_marks(f->client.sock, 10, 5, 0);
    struct iovec iov = io_test_iov("12345678901", 11);
    assert_err(proa_sock_writev(f->client.sock, &iov, 1), PROA_ERR_LIMIT);
    iov.iov_len = 10;
    assert_ok(proa_sock_writev(f->client.sock, &iov, 1));
    IO_TEST_UNTIL(f->loop, f->server.n_got == 10);
    io_test_for_ms(f->loop, 2);
    assert_int_equal(f->server.n_got, 10);
}

static void test_peer_gone_while_queued(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 8 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    dial(f);
    proa_sock_pause(f->server.sock, true);
    struct iovec iov = io_test_iov(big, SIZE);
    assert_ok(proa_sock_writev(f->client.sock, &iov, 1));
    assert_true(proa_sock_above_high(f->client.sock));
    proa_sock_reset(f->server.sock);
    f->server.sock = NULL;
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    free(big);
    assert_err(f->client.end_err, PROA_ERR_RESET);
    IO_TEST_UNTIL(f->loop, proa_sock_queued(f->client.sock) == 0);
    assert_int_equal(f->client.n_ends, 1);
}

/* The peer finished sending long ago; then it breaks under queued bytes: on_drain wakes the owner,
   whose next write fails. */
static void test_break_after_a_clean_end(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 8 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    assert_non_null(big);
    struct proa_addr addr;
    int listening = io_test_listen(&addr, 1);
    f->client.sock = proa_sock_connect(f->loop, &addr, &events, &f->client);
    int fd = accept(listening, NULL, NULL);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_ok(f->client.end_err);
    struct iovec iov = io_test_iov(big, SIZE);
    assert_ok(proa_sock_writev(f->client.sock, &iov, 1));
    io_test_for_ms(f->loop, 2);
    io_test_reset(fd);
    IO_TEST_UNTIL(f->loop, f->client.n_drains);
    free(big);
    iov.iov_len = 1;
    assert_err(proa_sock_writev(f->client.sock, &iov, 1), PROA_ERR_RESET);
    io_test_for_ms(f->loop, 2);
    assert_int_equal(f->client.n_ends, 1);
    assert_int_equal(close(listening), 0);
}

static void test_pause_stops_reading(void **state)
{
    struct fixture *f = *state;
    dial(f);
    proa_sock_pause(f->server.sock, true);
    proa_sock_pause(f->server.sock, true);
    send_text(&f->client, "later");
    io_test_for_ms(f->loop, 5);
    assert_int_equal(f->server.n_got, 0);
    proa_sock_pause(f->server.sock, false);
    assert_int_equal(f->server.n_got, 0);
    IO_TEST_UNTIL(f->loop, f->server.n_got == 5);
}

static void test_close_inside_a_callback(void **state)
{
    struct fixture *f = *state;
    dial(f);
    f->server.close_on_read = true;
    send_text(&f->client, "bye");
    IO_TEST_UNTIL(f->loop, f->client.n_ends);
    assert_null(f->server.sock);
    assert_int_equal(f->server.n_ends, 0);
}

static void test_close_in_on_end(void **state)
{
    struct fixture *f = *state;
    dial(f);
    f->server.close_on_end = true;
    drop(&f->client);
    IO_TEST_UNTIL(f->loop, f->server.n_ends);
    assert_null(f->server.sock);
}

static void test_nothing_after_close(void **state)
{
    struct fixture *f = *state;
    dial(f);
    send_text(&f->client, "in flight");
    io_test_rest();
    proa_sock_close(f->server.sock);
    f->server.sock = NULL; /* on_read asserts that it is set */
    io_test_for_ms(f->loop, 3);
    assert_int_equal(f->server.n_got, 0);
    assert_int_equal(f->server.n_ends, 0);
    /* Closing while connecting: on_connect stays away. */
    struct side late = {0};
    struct proa_sock *sock = proa_sock_connect(f->loop, &f->addr, &events, &late);
    proa_sock_close(sock);
    io_test_for_ms(f->loop, 3);
    assert_int_equal(late.n_connects, 0);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr = io_test_refusing();
    f->client.in_call = true;
    f->client.sock = proa_sock_connect(f->loop, &addr, &events, &f->client);
    f->client.in_call = false;
    assert_int_equal(f->client.n_connects, 0);
    IO_TEST_UNTIL(f->loop, f->client.n_connects);
    assert_err(f->client.connect_err, PROA_ERR_REFUSED);
    struct iovec iov = io_test_iov("x", 1);
    assert_err(proa_sock_writev(f->client.sock, &iov, 1), PROA_ERR_REFUSED);
    io_test_for_ms(f->loop, 2);
    assert_int_equal(f->client.n_connects, 1);
    assert_int_equal(f->client.n_ends, 0);
}

/* Errors that connect() gives at once are told later all the same. */
static void test_sync_failure_is_told_later(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr = io_test_addr("255.255.255.255:9");
    f->client.in_call = true;
    f->client.sock = proa_sock_connect(f->loop, &addr, &events, &f->client);
    f->client.in_call = false;
    assert_int_equal(f->client.n_connects, 0);
    IO_TEST_UNTIL(f->loop, f->client.n_connects);
    assert_int_not_equal(f->client.connect_err, PROA_OK);
}

static int no_delay(struct proa_sock *sock, int fd_from)
{
    /* The descriptor is not ours to see: find it by its peer's port. */
    struct proa_addr peer;
    int value = -1;
    proa_sock_peer(sock, &peer);
    for (int fd = fd_from; fd < 256; fd++) {
        struct sockaddr_in in;
        socklen_t len = sizeof(in);
        if (getpeername(fd, (struct sockaddr *)&in, &len) == 0 && in.sin_family == AF_INET &&
            ntohs(in.sin_port) == proa_addr_port(&peer)) {
            len = sizeof(value);
            assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
        }
    }
    return value;
}

static void test_no_delay_on_both_sides(void **state)
{
    struct fixture *f = *state;
    dial(f);
    assert_int_equal(no_delay(f->client.sock, 3), 1);
    assert_int_equal(no_delay(f->server.sock, 3), 1);
}

static void test_peer_and_owner(void **state)
{
    struct fixture *f = *state;
    struct side other = {0};
    struct proa_addr peer;
    char text[64];
    char expected[64];
    dial(f);
    assert_ptr_equal(proa_sock_loop(f->client.sock), f->loop);
    proa_sock_peer(f->client.sock, &peer);
    proa_addr_format(&peer, text, sizeof(text));
    proa_addr_format(&f->addr, expected, sizeof(expected));
    assert_string_equal(text, expected);
    other.sock = f->server.sock;
    proa_sock_set_owner(f->server.sock, &events, &other);
    send_text(&f->client, "new owner");
    IO_TEST_UNTIL(f->loop, other.n_got == 9);
    assert_int_equal(f->server.n_got, 0);
    f->server.sock = other.sock;
}

/* close_later */

static size_t read_all(struct proa_loop *loop, int fd, char *out, size_t cap)
{
    size_t n = 0;
    ssize_t got_now = -1;
    uint64_t end = io_test_clock_ns() + IO_TEST_PATIENCE_S * PROA_NS_PER_S;
    while (got_now != 0) {
        assert_true(io_test_clock_ns() < end);
        (void)proa_loop_turn(loop);
        got_now = recv(fd, out + n, cap - n, MSG_DONTWAIT);
        n += got_now > 0 ? (size_t)got_now : 0;
    }
    return n;
}

static void test_close_later_sends_all(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 6 * 1024 * 1024 };
    char *big = calloc(1, SIZE);
    char *back = malloc(SIZE + 1);
    assert_true(big && back);
    int fd = io_test_connect(&f->addr);
    IO_TEST_UNTIL(f->loop, f->server.sock);
    io_test_send(fd, "unread request bytes");
    struct iovec iov = io_test_iov(big, SIZE);
    assert_ok(proa_sock_writev(f->server.sock, &iov, 1));
    assert_true(proa_sock_queued(f->server.sock) > 0);
    proa_sock_close_later(f->server.sock, 20 * PROA_NS_PER_S);
    f->server.sock = NULL;
    assert_int_equal(read_all(f->loop, fd, back, SIZE + 1), SIZE);
    assert_int_equal(f->server.n_ends + f->server.n_drains, 0);
    assert_int_equal(close(fd), 0);
    io_test_for_ms(f->loop, 3);
    free(big);
    free(back);
}

static void test_close_later_ends_by_itself(void **state)
{
    struct fixture *f = *state;
    int fd = io_test_connect(&f->addr);
    IO_TEST_UNTIL(f->loop, f->server.sock);
    send_text(&f->server, "x");
    proa_sock_close_later(f->server.sock, 30 * PROA_NS_PER_MS);
    f->server.sock = NULL;
    /* The peer goes on sending without reading or closing: it is cut off. */
    uint64_t end = io_test_clock_ns() + IO_TEST_PATIENCE_S * PROA_NS_PER_S;
    while (send(fd, "drip", 4, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
        assert_true(io_test_clock_ns() < end);
        (void)proa_loop_turn(f->loop);
        io_test_rest();
    }
    assert_int_equal(close(fd), 0);
}

/* A socket that lingers when the loop goes is closed with it: leak and assertion would show. */
static void test_lingering_at_the_end(void **state)
{
    struct fixture *f = *state;
    int fd = io_test_connect(&f->addr);
    IO_TEST_UNTIL(f->loop, f->server.sock);
    proa_sock_close_later(f->server.sock, 20 * PROA_NS_PER_S);
    f->server.sock = NULL;
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_echo),
        TEST(test_gathers_vectors),
        TEST(test_writes_before_connected_are_kept),
        TEST(test_connect_is_told_before_drain),
        TEST(test_half_close),
        TEST(test_reset_is_told),
        TEST(test_reset_right_behind_data),
        TEST(test_reset_behind_the_end),
        TEST(test_data_before_a_failed_write_is_delivered),
        TEST(test_failed_write_is_told_to_a_paused_owner),
        TEST(test_back_pressure),
        TEST(test_delivered_moves_with_what_the_peer_takes),
        TEST(test_order_is_kept_through_the_queue),
        TEST(test_limit_takes_nothing),
        TEST(test_peer_gone_while_queued),
        TEST(test_break_after_a_clean_end),
        TEST(test_pause_stops_reading),
        TEST(test_close_inside_a_callback),
        TEST(test_close_in_on_end),
        TEST(test_nothing_after_close),
        TEST(test_refused),
        TEST(test_sync_failure_is_told_later),
        TEST(test_no_delay_on_both_sides),
        TEST(test_peer_and_owner),
        TEST(test_close_later_sends_all),
        TEST(test_close_later_ends_by_itself),
        TEST(test_lingering_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
