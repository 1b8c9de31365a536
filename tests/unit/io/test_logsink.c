#include "loop_priv.h"

#include "proa/io/logsink.h"

#include "io_test.h"

struct fixture {
    struct proa_loop *loop;
    struct proa_logsink *sink;
    int reader;
    int writer;
};

/* A packet pipe keeps writes apart, so that each read tells one write. */
static void open_sink(struct fixture *f, int pipe_flags)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC | pipe_flags), 0);
    f->reader = fds[0];
    f->writer = fds[1];
    assert_int_equal(fcntl(f->reader, F_SETFL, O_NONBLOCK), 0);
    f->sink = proa_logsink_create(f->loop, f->writer);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->loop = proa_loop_create();
    f->reader = -1;
    f->writer = -1;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_logsink_destroy(f->sink);
    if (f->reader >= 0) {
        assert_int_equal(close(f->reader), 0);
    }
    if (f->writer >= 0) {
        assert_int_equal(close(f->writer), 0);
    }
    proa_loop_destroy(f->loop);
    free(f);
    return 0;
}

static void access_line(struct fixture *f, const char *text)
{
    proa_logsink_write(f->sink, proa_slice_cstr(text), true);
}

static void life_line(struct fixture *f, const char *text)
{
    proa_logsink_write(f->sink, proa_slice_cstr(text), false);
}

static struct proa_slice next_read(struct fixture *f, char *out, size_t cap)
{
    ssize_t n = read(f->reader, out, cap);
    return proa_slice_make(out, n > 0 ? (size_t)n : 0);
}

static void test_access_lines_go_out_together(void **state)
{
    struct fixture *f = *state;
    char text[4096];
    open_sink(f, O_DIRECT);
    for (int i = 0; i < 100; i++) {
        access_line(f, "line\n");
    }
    assert_int_equal(next_read(f, text, sizeof(text)).len, 0);
    uint64_t start = io_test_clock_ns();
    struct proa_slice got = PROA_SLICE_NONE;
    IO_TEST_UNTIL(f->loop, (got = next_read(f, text, sizeof(text))).len > 0);
    assert_int_equal(got.len, 500);
    assert_true(io_test_clock_ns() - start >= 90 * PROA_NS_PER_MS);
    assert_int_equal(next_read(f, text, sizeof(text)).len, 0);
    io_test_for_ms(f->loop, 2);
    assert_false(proa_loop_turn(f->loop)); /* nothing is left to wait for */
}

static void test_full_batch_goes_out_at_once(void **state)
{
    struct fixture *f = *state;
    static char text[256 * 1024];
    char line[1024];
    open_sink(f, 0);
    (void)fcntl(f->writer, F_SETPIPE_SZ, 256 * 1024);
    memset(line, 'l', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    for (int i = 0; i < 63; i++) {
        proa_logsink_write(f->sink, proa_slice_make(line, sizeof(line)), true);
    }
    assert_int_equal(next_read(f, text, sizeof(text)).len, 0);
    proa_logsink_write(f->sink, proa_slice_make(line, sizeof(line)), true);
    assert_int_equal(next_read(f, text, sizeof(text)).len, 64 * 1024);
    assert_int_equal(proa_logsink_dropped(f->sink), 0);
}

static void test_lifecycle_lines_go_out_at_once_in_order(void **state)
{
    struct fixture *f = *state;
    char text[256];
    open_sink(f, O_DIRECT);
    access_line(f, "first\n");
    life_line(f, "second\n");
    assert_slice_lit(next_read(f, text, sizeof(text)), "first\nsecond\n");
    assert_int_equal(next_read(f, text, sizeof(text)).len, 0);
}

static void test_destroy_writes_the_rest(void **state)
{
    struct fixture *f = *state;
    char text[256];
    open_sink(f, 0);
    access_line(f, "the last\n");
    proa_logsink_destroy(f->sink);
    f->sink = NULL;
    assert_slice_lit(next_read(f, text, sizeof(text)), "the last\n");
}

/* Nobody reads: at most 1 MiB is kept, whole lines are dropped and counted, the loop never waits,
   and all that was kept arrives when reading goes on. */
static void test_full_pipe(void **state)
{
    struct fixture *f = *state;
    enum { LINE = 1000, N = 3000 };
    char line[LINE];
    struct proa_timer alive = {.fn = NULL};
    open_sink(f, 0);
    proa_timer_set(f->loop, &alive, proa_loop_now(f->loop) + 60 * PROA_NS_PER_S);
    memset(line, 'l', LINE);
    line[LINE - 1] = '\n';
    uint64_t start = io_test_clock_ns();
    for (int i = 0; i < N; i++) {
        (void)snprintf(line, 8, "%06d", i);
        line[6] = ' ';
        proa_logsink_write(f->sink, proa_slice_make(line, LINE), i % 3 == 0);
    }
    io_test_for_ms(f->loop, 5);
    assert_true(io_test_clock_ns() - start < 2 * PROA_NS_PER_S);
    uint64_t dropped = proa_logsink_dropped(f->sink);
    assert_true(dropped > N / 2 && dropped < N);
    size_t total = 0;
    size_t n_lines = 0;
    char got[LINE];
    long last = -1;
    /* A partial read would put us out of step, so gather whole lines. */
    while (n_lines < N - dropped) {
        ssize_t n = read(f->reader, got + total % LINE, LINE - total % LINE);
        if (n <= 0) {
            (void)proa_loop_turn(f->loop);
            io_test_rest();
            PROA_TEST_CHECK(io_test_clock_ns() - start < 10 * PROA_NS_PER_S, "%zu lines", n_lines);
            continue;
        }
        total += (size_t)n;
        if (total % LINE == 0) {
            long number = strtol(got, NULL, 10);
            assert_true(number > last);
            assert_int_equal(got[LINE - 1], '\n');
            last = number;
            n_lines++;
        }
    }
    life_line(f, "well again\n");
    assert_slice_lit(next_read(f, got, sizeof(got)), "well again\n");
    assert_int_equal(proa_logsink_dropped(f->sink), dropped);
    proa_timer_clear(f->loop, &alive);
}

static void test_a_stuck_sink_holds_no_loop(void **state)
{
    struct fixture *f = *state;
    static char big[512 * 1024];
    open_sink(f, 0);
    memset(big, '\n', sizeof(big));
    proa_logsink_write(f->sink, proa_slice_make(big, sizeof(big)), false);
    uint64_t start = io_test_clock_ns();
    proa_loop_run(f->loop);
    assert_true(io_test_clock_ns() - start < PROA_NS_PER_S);
    /* The end waits a second at most for the reader that never comes. */
    proa_logsink_destroy(f->sink);
    f->sink = NULL;
    uint64_t took = io_test_clock_ns() - start;
    assert_true(took >= 900 * PROA_NS_PER_MS && took < 4 * PROA_NS_PER_S);
}

static void test_reader_gone(void **state)
{
    struct fixture *f = *state;
    open_sink(f, 0);
    assert_int_equal(close(f->reader), 0);
    f->reader = -1;
    access_line(f, "one\n");
    life_line(f, "two\n");
    assert_int_equal(proa_logsink_dropped(f->sink), 2);
    life_line(f, "three\n");
    assert_int_equal(proa_logsink_dropped(f->sink), 3);
}

/* The descriptor belongs to others, too: its flags are not ours to change for good. */
static void test_shared_flags_stay(void **state)
{
    struct fixture *f = *state;
    open_sink(f, 0);
    life_line(f, "x\n");
    assert_false(fcntl(f->writer, F_GETFL) & O_NONBLOCK);
    proa_logsink_destroy(f->sink);
    f->sink = NULL;
    assert_false(fcntl(f->writer, F_GETFL) & O_NONBLOCK);
}

static void test_file_and_socket(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/proa-logsink-XXXXXX";
    char text[64];
    int pair[2];
    f->writer = mkstemp(path);
    assert_true(f->writer >= 0);
    f->reader = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(unlink(path), 0);
    f->sink = proa_logsink_create(f->loop, f->writer);
    access_line(f, "to a ");
    life_line(f, "file\n");
    assert_slice_lit(next_read(f, text, sizeof(text)), "to a file\n");
    proa_logsink_destroy(f->sink);
    assert_int_equal(close(f->reader), 0);
    assert_int_equal(close(f->writer), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    f->reader = pair[0];
    f->writer = pair[1];
    f->sink = proa_logsink_create(f->loop, f->writer);
    life_line(f, "to a socket\n");
    assert_slice_lit(next_read(f, text, sizeof(text)), "to a socket\n");
    /* Full, without O_NONBLOCK on it: still no waiting. */
    static char big[1000 * 1000];
    memset(big, '\n', sizeof(big));
    proa_logsink_write(f->sink, proa_slice_make(big, sizeof(big)), false);
    assert_false(fcntl(f->writer, F_GETFL) & O_NONBLOCK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_access_lines_go_out_together),
        TEST(test_full_batch_goes_out_at_once),
        TEST(test_lifecycle_lines_go_out_at_once_in_order),
        TEST(test_destroy_writes_the_rest),
        TEST(test_full_pipe),
        TEST(test_a_stuck_sink_holds_no_loop),
        TEST(test_reader_gone),
        TEST(test_shared_flags_stay),
        TEST(test_file_and_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
