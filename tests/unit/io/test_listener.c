#include <sys/resource.h>

#include "io_test.h"

struct fixture {
    struct proa_loop *loop;
    struct proa_listener *listener;
    struct proa_addr addr;
    struct proa_sock *socks[64];
    size_t n;
    int starved;
    bool close_in_accept;
    char dir[64];
};

static void on_read(void *ctx, struct proa_slice bytes)
{
    (void)ctx;
    (void)bytes;
}

static void on_end(void *ctx, enum proa_err err)
{
    (void)ctx;
    (void)err;
}

static const struct proa_sock_events events = {.on_read = on_read, .on_end = on_end};

static void on_accept(void *ctx, struct proa_sock *sock)
{
    struct fixture *f = ctx;
    assert_true(f->n < PROA_ARRAY_LEN(f->socks));
    proa_sock_adopt(sock, &events, f);
    f->socks[f->n++] = sock;
    if (f->close_in_accept) {
        proa_listener_close(f->listener);
        f->listener = NULL;
    }
}

static void on_starved(void *ctx, enum proa_err err)
{
    struct fixture *f = ctx;
    assert_err(err, PROA_ERR_FD_LIMIT);
    f->starved++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->loop = proa_loop_create();
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/proa-listener-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->n; i++) {
        proa_sock_close(f->socks[i]);
    }
    if (f->listener) {
        proa_listener_close(f->listener);
    }
    proa_loop_destroy(f->loop);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static enum proa_err open_at(struct fixture *f, const char *text, uint32_t mode)
{
    struct proa_addr addr = io_test_addr(text);
    struct proa_listen_options options = {.mode = mode, .on_starved = on_starved};
    enum proa_err err = proa_listener_open(f->loop, &addr, &options, on_accept, f, &f->listener);
    if (!err) {
        proa_listener_addr(f->listener, &f->addr);
    }
    return err;
}

static struct sockaddr_un unix_path(struct fixture *f, char *text, size_t cap)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    (void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/sock", f->dir);
    (void)snprintf(text, cap, "unix:%s", un.sun_path);
    return un;
}

static void test_port_zero_is_resolved(void **state)
{
    struct fixture *f = *state;
    assert_ok(open_at(f, "127.0.0.1:0", 0));
    assert_true(proa_addr_port(&f->addr) != 0);
    int fd = io_test_connect(&f->addr);
    IO_TEST_UNTIL(f->loop, f->n == 1);
    assert_int_equal(close(fd), 0);
}

static void test_address_in_use(void **state)
{
    struct fixture *f = *state;
    struct proa_listener *other = NULL;
    assert_ok(open_at(f, "127.0.0.1:0", 0));
    assert_err(proa_listener_open(f->loop, &f->addr, NULL, on_accept, f, &other),
               PROA_ERR_ADDR_IN_USE);
    assert_null(other);
}

static void test_not_our_address(void **state)
{
    struct fixture *f = *state;
    assert_err(open_at(f, "192.0.2.1:0", 0), PROA_ERR_UNREACHABLE);
}

/* Closing in on_accept ends it for those that wait already. */
static void test_close_in_on_accept(void **state)
{
    struct fixture *f = *state;
    int fds[6];
    assert_ok(open_at(f, "127.0.0.1:0", 0));
    for (size_t i = 0; i < PROA_ARRAY_LEN(fds); i++) {
        fds[i] = io_test_connect(&f->addr);
    }
    f->close_in_accept = true;
    IO_TEST_UNTIL(f->loop, f->n == 1);
    io_test_for_ms(f->loop, 3);
    assert_int_equal(f->n, 1);
    for (size_t i = 0; i < PROA_ARRAY_LEN(fds); i++) {
        assert_int_equal(close(fds[i]), 0);
    }
}

static void test_unix_modes(void **state)
{
    struct fixture *f = *state;
    const struct {
        uint32_t asked;
        mode_t mode;
    } rows[] = {{0, 0600}, {0660, 0660}, {0666, 0666}};
    char text[128];
    struct sockaddr_un un = unix_path(f, text, sizeof(text));
    mode_t before = umask(0022);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct stat st;
        assert_ok(open_at(f, text, rows[i].asked));
        assert_int_equal(stat(un.sun_path, &st), 0);
        assert_int_equal(st.st_mode & 0777, rows[i].mode);
        assert_true(f->addr.is_unix);
        int fd = io_test_connect(&f->addr);
        IO_TEST_UNTIL(f->loop, f->n == i + 1);
        assert_int_equal(close(fd), 0);
        proa_listener_close(f->listener);
        f->listener = NULL;
        assert_int_equal(stat(un.sun_path, &st), -1); /* the file is gone again */
    }
    assert_int_equal(umask(before), 0022);
}

static void test_stale_socket_is_replaced(void **state)
{
    struct fixture *f = *state;
    char text[128];
    struct sockaddr_un un = unix_path(f, text, sizeof(text));
    int old = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(old, (struct sockaddr *)&un, sizeof(un)), 0);
    assert_int_equal(close(old), 0); /* as a killed process leaves it */
    assert_ok(open_at(f, text, 0));
    int fd = io_test_connect(&f->addr);
    IO_TEST_UNTIL(f->loop, f->n == 1);
    assert_int_equal(close(fd), 0);
}

static void test_live_socket_is_left_alone(void **state)
{
    struct fixture *f = *state;
    char text[128];
    struct sockaddr_un un = unix_path(f, text, sizeof(text));
    int live = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(live, (struct sockaddr *)&un, sizeof(un)), 0);
    assert_int_equal(listen(live, 4), 0);
    assert_err(open_at(f, text, 0), PROA_ERR_ADDR_IN_USE);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(live), 0);
    assert_int_equal(unlink(un.sun_path), 0);
}

static void test_other_files_are_left_alone(void **state)
{
    struct fixture *f = *state;
    char text[128];
    struct stat st;
    struct sockaddr_un un = unix_path(f, text, sizeof(text));
    int fd = open(un.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_err(open_at(f, text, 0), PROA_ERR_EXISTS);
    assert_int_equal(stat(un.sun_path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(unlink(un.sun_path), 0);
    assert_err(open_at(f, "unix:/nonexistent-folder/sock", 0), PROA_ERR_NOT_FOUND);
}

/* A successor that took over the path keeps its file when we end. */
static void test_close_leaves_a_successors_file(void **state)
{
    struct fixture *f = *state;
    char text[128];
    struct stat st;
    struct sockaddr_un un = unix_path(f, text, sizeof(text));
    assert_ok(open_at(f, text, 0));
    assert_int_equal(unlink(un.sun_path), 0);
    int next = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(next, (struct sockaddr *)&un, sizeof(un)), 0);
    proa_listener_close(f->listener);
    f->listener = NULL;
    assert_int_equal(stat(un.sun_path, &st), 0);
    assert_int_equal(close(next), 0);
    assert_int_equal(unlink(un.sun_path), 0);
}

static void test_inherited_socket(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr;
    struct proa_addr bound;
    struct proa_listen_options options = {.inherited_fd = io_test_listen(&addr, 8)};
    assert_ok(proa_listener_open(f->loop, &addr, &options, on_accept, f, &f->listener));
    proa_listener_addr(f->listener, &bound);
    assert_int_equal(proa_addr_port(&bound), proa_addr_port(&addr));
    int fd = io_test_connect(&addr);
    IO_TEST_UNTIL(f->loop, f->n == 1);
    assert_int_equal(close(fd), 0);
}

static void test_inherited_must_listen(void **state)
{
    struct fixture *f = *state;
    struct proa_addr addr = io_test_addr("127.0.0.1:0");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct proa_listen_options options = {.inherited_fd = fd};
    assert_err(proa_listener_open(f->loop, &addr, &options, on_accept, f, &f->listener),
               PROA_ERR_IO);
    assert_int_equal(close(fd), 0); /* still ours */
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (uint64_t)t.tv_sec * PROA_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void on_stop(void *ctx, uint64_t now_ns)
{
    struct fixture *f = ctx;
    (void)now_ns;
    proa_loop_stop(f->loop);
}

/* Out of descriptors: no spinning, nobody is thrown out, and it goes on when there are some. */
static void test_out_of_descriptors(void **state)
{
    struct fixture *f = *state;
    struct rlimit before;
    struct rlimit tight;
    int hogs[256];
    size_t n_hogs = 0;
    assert_ok(open_at(f, "127.0.0.1:0", 0));
    int a = io_test_connect(&f->addr);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int fd = dup(0); fd >= 0 && n_hogs < PROA_ARRAY_LEN(hogs); fd = dup(0)) {
        hogs[n_hogs++] = fd;
    }
    uint64_t cpu = cpu_ns();
    struct proa_timer stop = {.fn = on_stop, .ctx = f};
    proa_timer_set(f->loop, &stop, proa_loop_now(f->loop) + 150 * PROA_NS_PER_MS);
    proa_loop_run(f->loop);
    assert_true(cpu_ns() - cpu < 50 * PROA_NS_PER_MS);
    assert_int_equal(f->n, 0);
    assert_int_equal(f->starved, 1); /* however often it was tried */
    char byte;
    assert_int_equal(recv(a, &byte, 1, MSG_DONTWAIT), -1); /* still waiting, not closed */
    for (size_t i = 0; i < n_hogs; i++) {
        assert_int_equal(close(hogs[i]), 0);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    IO_TEST_UNTIL(f->loop, f->n == 1);
    assert_int_equal(close(a), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_port_zero_is_resolved),
        TEST(test_address_in_use),
        TEST(test_not_our_address),
        TEST(test_close_in_on_accept),
        TEST(test_unix_modes),
        TEST(test_stale_socket_is_replaced),
        TEST(test_live_socket_is_left_alone),
        TEST(test_other_files_are_left_alone),
        TEST(test_close_leaves_a_successors_file),
        TEST(test_inherited_socket),
        TEST(test_inherited_must_listen),
        TEST(test_out_of_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
