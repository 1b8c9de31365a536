#include "net_test.h"

/* Getting connected: happy eyeballs, its deadlines and what is said about failures. */

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

/* Makes `name` stand for these addresses. */
static void name_is(struct ends *p, const char *name, const char *const *addrs, size_t n)
{
    struct proa_dns_answer answer = {.n = n};
    for (size_t i = 0; i < n; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%s:0", addrs[i]);
        answer.addrs[i] = io_test_addr(text);
    }
    assert_ok(proa_dns_put(p->net->dns, proa_slice_cstr(name), &answer));
}

static void detail_has(const struct proa_conn *conn, const char *part)
{
    struct proa_slice detail = proa_conn_error_detail(conn);
    PROA_TEST_CHECK(proa_slice_search(detail, proa_slice_cstr(part)) < detail.len, "\"%.*s\"",
                    (int)detail.len, detail.ptr);
}

static void test_refused(void **state)
{
    struct ends *p = *state;
    struct proa_addr addr = io_test_refusing();
    ends_dial(p, (struct proa_dial){.port = proa_addr_port(&addr)});
    assert_err(p->client.open_err, PROA_ERR_REFUSED);
    char text[64];
    (void)snprintf(text, sizeof text, "127.0.0.1:%u: connection refused",
                   (unsigned)proa_addr_port(&addr));
    assert_slice_str(proa_conn_error_detail(p->client.conn), text);
    io_test_for_ms(p->loop, 2);
    assert_int_equal(p->client.n_opens, 1);
}

static void test_second_address_wins_at_once(void **state)
{
    struct ends *p = *state;
    const char *addrs[] = {"127.0.0.9", "127.0.0.8", "127.0.0.1"};
    name_is(p, "three.example", addrs, 3);
    uint64_t start = io_test_clock_ns();
    ends_open(p, (struct proa_dial){.host = PROA_SLICE_INIT("three.example")});
    /* Refusals do not wait for the 250 ms between addresses. */
    assert_true(io_test_clock_ns() - start < 240 * PROA_NS_PER_MS);
    assert_int_equal(p->n_accepted, 1);
}

static void test_all_refused(void **state)
{
    struct ends *p = *state;
    const char *addrs[] = {"127.0.0.9", "127.0.0.8"};
    name_is(p, "both.example", addrs, 2);
    ends_dial(p, (struct proa_dial){.host = PROA_SLICE_INIT("both.example")});
    assert_err(p->client.open_err, PROA_ERR_REFUSED);
    detail_has(p->client.conn, "both.example");
    detail_has(p->client.conn, "127.0.0.9");
    detail_has(p->client.conn, "2 addresses tried");
}

/* An address whose backlog is full: the kernel drops what wants to connect. */
struct stall {
    int fd;
    int fill[8];
    size_t n_fill;
};

static void stall_open(struct stall *s, const char *host, uint16_t port)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%s:%u", host, (unsigned)port);
    struct proa_addr addr = io_test_addr(text);
    struct sockaddr_in in;
    int on = 1;
    memcpy(&in, addr.bytes, sizeof(in));
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->n_fill = 0;
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(s->fd, 0), 0);
    for (bool full = false; !full;) {
        assert_true(s->n_fill < PROA_ARRAY_LEN(s->fill));
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fd, (struct sockaddr *)&in, sizeof(in));
        struct pollfd pfd = {.fd = fd, .events = POLLOUT};
        full = poll(&pfd, 1, 50) == 0;
        s->fill[s->n_fill++] = fd;
    }
}

static void stall_close(struct stall *s)
{
    for (size_t i = 0; i < s->n_fill; i++) {
        (void)close(s->fill[i]);
    }
    (void)close(s->fd);
}

static void test_stalled_first_address(void **state)
{
    struct ends *p = *state;
    struct stall stall;
    const char *addrs[] = {"127.0.0.9", "127.0.0.1"};
    stall_open(&stall, "127.0.0.9", proa_addr_port(&p->addr));
    name_is(p, "slow.example", addrs, 2);
    uint64_t start = io_test_clock_ns();
    ends_open(p, (struct proa_dial){.host = PROA_SLICE_INIT("slow.example")});
    uint64_t took = io_test_clock_ns() - start;
    assert_true(took >= 240 * PROA_NS_PER_MS);
    assert_true(took < 900 * PROA_NS_PER_MS);
    stall_close(&stall);
}

static void test_connect_deadline(void **state)
{
    struct ends *p = *state;
    struct stall stall;
    stall_open(&stall, "127.0.0.9", proa_addr_port(&p->addr));
    uint64_t start = io_test_clock_ns();
    ends_dial(p, (struct proa_dial){.host = PROA_SLICE_INIT("127.0.0.9"),
                                    .connect_ns = 60 * PROA_NS_PER_MS});
    uint64_t took = io_test_clock_ns() - start;
    assert_err(p->client.open_err, PROA_ERR_TIMEOUT);
    assert_true(took >= 60 * PROA_NS_PER_MS && took < 500 * PROA_NS_PER_MS);
    detail_has(p->client.conn, "127.0.0.9");
    detail_has(p->client.conn, "after 60 ms");
    stall_close(&stall);
}

static void test_close_while_racing(void **state)
{
    struct ends *p = *state;
    struct stall stall;
    const char *addrs[] = {"127.0.0.9", "127.0.0.9", "127.0.0.9"};
    stall_open(&stall, "127.0.0.9", proa_addr_port(&p->addr));
    name_is(p, "slow.example", addrs, 3);
    struct proa_dial dial = {.host = PROA_SLICE_INIT("slow.example"),
                             .port = proa_addr_port(&p->addr)};
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    io_test_for_ms(p->loop, 300);
    proa_conn_close(p->client.conn);
    p->client.conn = NULL;
    io_test_for_ms(p->loop, 5);
    assert_int_equal(p->client.n_opens, 0);
    stall_close(&stall);
}

/* localhost is both loopback addresses; the listener is on the second. */
static void test_localhost_falls_over_to_v6(void **state)
{
    struct ends *p = *state;
    struct proa_addr addr = io_test_addr("[::1]:0");
    struct proa_listener *v6 = NULL;
    if (proa_listener_open(p->loop, &addr, NULL, ends_on_accept, p, &v6) != PROA_OK) {
        skip(); /* no IPv6 here */
    }
    proa_listener_addr(v6, &addr);
    ends_open(
        p, (struct proa_dial){.host = PROA_SLICE_INIT("localhost"), .port = proa_addr_port(&addr)});
    proa_listener_close(v6);
}

static void test_bad_name(void **state)
{
    struct ends *p = *state;
    ends_dial(p, (struct proa_dial){.host = PROA_SLICE_INIT("no such name")});
    assert_err(p->client.open_err, PROA_ERR_DNS);
    detail_has(p->client.conn, "no such name: name not resolved");
}

static void test_deadline_covers_resolving(void **state)
{
    struct ends *p = *state;
    /* Held back before the answer is looked at: the loop stands still in between. */
    struct proa_dial dial = {
        .host = PROA_SLICE_INIT("unknown.invalid"), .port = 1, .connect_ns = 1};
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    IO_TEST_UNTIL(p->loop, p->client.n_opens);
    assert_true(p->client.open_err == PROA_ERR_TIMEOUT || p->client.open_err == PROA_ERR_DNS);
    detail_has(p->client.conn, "unknown.invalid");
}

static void test_close_while_resolving(void **state)
{
    struct ends *p = *state;
    struct proa_dial dial = {.host = PROA_SLICE_INIT("unknown.invalid"), .port = 1};
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    proa_conn_close(p->client.conn);
    p->client.conn = NULL;
    io_test_for_ms(p->loop, 20);
    assert_int_equal(p->client.n_opens, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_refused),
        TEST(test_second_address_wins_at_once),
        TEST(test_all_refused),
        TEST(test_stalled_first_address),
        TEST(test_connect_deadline),
        TEST(test_close_while_racing),
        TEST(test_localhost_falls_over_to_v6),
        TEST(test_bad_name),
        TEST(test_deadline_covers_resolving),
        TEST(test_close_while_resolving),
    };
    /* Where nobody answers, failing must not take the resolver half a minute. */
    (void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
