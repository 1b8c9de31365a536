#include "proa/core/buf.h"
#include "proa/io/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "proa_test.h"

struct fixture {
    char dir[64];
    char path[128];
    struct proa_buf buf;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/proa-file-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    proa_buf_init(&f->buf, 200 * 1000);
    *state = f;
    return 0;
}

static const char *in_dir(struct fixture *f, const char *name)
{
    (void)snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, name);
    return f->path;
}

static void put(struct fixture *f, const char *name, size_t n, mode_t mode)
{
    int fd = open(in_dir(f, name), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < n; i++) {
        char c = (char)('a' + i % 26);
        assert_int_equal(write(fd, &c, 1), 1);
    }
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    const char *names[] = {"a", "b.yaml", "c.yaml", "a.yaml", ".d.yaml", "e.yml", "link.yaml"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        (void)unlink(in_dir(f, names[i]));
    }
    (void)rmdir(in_dir(f, "sub.yaml"));
    assert_int_equal(rmdir(f->dir), 0);
    proa_buf_deinit(&f->buf);
    free(f);
    return 0;
}

static void test_read(void **state)
{
    struct fixture *f = *state;
    const size_t sizes[] = {0, 1, 4095, 65536, 65537, 70001};
    PROA_TEST_ROWS(size, sizes)
    {
        put(f, "a", *size, 0600);
        proa_buf_clear(&f->buf);
        assert_ok(proa_file_read(in_dir(f, "a"), &f->buf));
        assert_int_equal(f->buf.len, *size);
        for (size_t i = 0; i < *size; i++) {
            assert_int_equal(f->buf.ptr[i], 'a' + i % 26);
        }
    }
}

static void test_read_limit(void **state)
{
    struct fixture *f = *state;
    struct proa_buf small;
    put(f, "a", 100, 0600);
    proa_buf_init(&small, 100);
    assert_ok(proa_file_read(in_dir(f, "a"), &small));
    assert_int_equal(small.len, 100);
    proa_buf_deinit(&small);
    proa_buf_init(&small, 99);
    assert_err(proa_file_read(in_dir(f, "a"), &small), PROA_ERR_LIMIT);
    proa_buf_deinit(&small);
}

static void test_read_failures(void **state)
{
    struct fixture *f = *state;
    assert_err(proa_file_read(in_dir(f, "none"), &f->buf), PROA_ERR_NOT_FOUND);
    assert_err(proa_file_read("/dev/null/x", &f->buf), PROA_ERR_NOT_FOUND);
    assert_err(proa_file_read(f->dir, &f->buf), PROA_ERR_IO);
    assert_err(proa_file_read_secret(in_dir(f, "none"), &f->buf), PROA_ERR_NOT_FOUND);
    if (geteuid() != 0) {
        put(f, "a", 3, 0000);
        assert_err(proa_file_read(in_dir(f, "a"), &f->buf), PROA_ERR_PERMISSION);
    }
}

static void test_secret_modes(void **state)
{
    struct fixture *f = *state;
    bool root = geteuid() == 0;
    const struct {
        mode_t mode;
        bool ok;
    } rows[] = {
        {0600, true},
        {0400, true},
        {0640, false},
        {0604, false},
        {0644, false},
        {0660, false},
        {0602, false},
        {0610, false},
        /* Root's and written by nobody: what a mounted secret looks like. */
        {0444, root},
        {0440, root},
        {0464, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        put(f, "a", 3, row->mode);
        proa_buf_clear(&f->buf);
        enum proa_err err = proa_file_read_secret(in_dir(f, "a"), &f->buf);
        PROA_TEST_CHECK(err == (row->ok ? PROA_OK : PROA_ERR_PERMISSION), "mode %o: %s",
                        (unsigned)row->mode, proa_err_name(err));
        assert_int_equal(f->buf.len, row->ok ? 3 : 0);
        assert_int_equal(unlink(in_dir(f, "a")), 0);
    }
}

static void test_is_dir(void **state)
{
    struct fixture *f = *state;
    put(f, "a", 1, 0600);
    assert_true(proa_file_is_dir(f->dir));
    assert_false(proa_file_is_dir(in_dir(f, "a")));
    assert_false(proa_file_is_dir(in_dir(f, "none")));
}

struct listed {
    char names[256];
};

static void on_path(void *ctx, const char *path)
{
    struct listed *l = ctx;
    const char *slash = strrchr(path, '/');
    assert_non_null(slash);
    size_t len = strlen(l->names);
    (void)snprintf(l->names + len, sizeof(l->names) - len, "%s ", slash + 1);
    assert_int_equal(access(path, R_OK), 0);
}

static void test_list(void **state)
{
    struct fixture *f = *state;
    struct listed l = {0};
    char target[128];
    put(f, "c.yaml", 1, 0600);
    put(f, "a.yaml", 1, 0600);
    put(f, "b.yaml", 1, 0600);
    put(f, ".d.yaml", 1, 0600);
    put(f, "e.yml", 1, 0600);
    put(f, "a", 1, 0600);
    (void)snprintf(target, sizeof(target), "%s", in_dir(f, "a"));
    assert_int_equal(symlink(target, in_dir(f, "link.yaml")), 0); /* as in a mounted folder */
    assert_int_equal(mkdir(in_dir(f, "sub.yaml"), 0700), 0);
    assert_ok(proa_file_list(f->dir, PROA_SLICE(".yaml"), on_path, &l));
    assert_string_equal(l.names, "a.yaml b.yaml c.yaml link.yaml ");
    l.names[0] = '\0';
    char slashed[80];
    (void)snprintf(slashed, sizeof(slashed), "%s/", f->dir);
    assert_ok(proa_file_list(slashed, PROA_SLICE(".yml"), on_path, &l));
    assert_string_equal(l.names, "e.yml ");
    l.names[0] = '\0';
    assert_ok(proa_file_list(f->dir, PROA_SLICE(".json"), on_path, &l));
    assert_string_equal(l.names, "");
    assert_err(proa_file_list(in_dir(f, "none"), PROA_SLICE(""), on_path, &l), PROA_ERR_NOT_FOUND);
}

static void test_process_stats(void **state)
{
    struct fixture *f = *state;
    struct proa_process_stats a;
    struct proa_process_stats b;
    struct timespec now;
    proa_process_stats(&a);
    int fd = open(f->dir, O_RDONLY | O_CLOEXEC);
    volatile unsigned x = 0;
    for (unsigned i = 0; i < 20U * 1000 * 1000; i++) {
        x = x + i;
    }
    proa_process_stats(&b);
    assert_int_equal(close(fd), 0);
    assert_true(b.cpu_ns > a.cpu_ns);
    assert_true(b.rss_bytes > 100 * 1024);
    assert_int_equal(b.open_fds, a.open_fds + 1);
    assert_true(b.max_fds > b.open_fds);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000;
    assert_true(b.start_unix_ms <= now_ms + 1000);
    assert_true(b.start_unix_ms + 600 * 1000 > now_ms);
}

static void test_random(void **state)
{
    unsigned char a[64] = {0};
    unsigned char b[64] = {0};
    (void)state;
    proa_process_random(a, sizeof(a));
    proa_process_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    proa_process_random(a, 0);
    memset(a, 0, sizeof(a));
    proa_process_random(a, 63);
    assert_int_equal(a[63], 0);
}

static void test_harden(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit core;
        struct rlimit files;
        struct sigaction pipe_action;
        (void)signal(SIGPIPE, SIG_DFL);
        proa_process_harden();
        bool ok = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 &&
                  getrlimit(RLIMIT_NOFILE, &files) == 0 &&
                  (files.rlim_cur == files.rlim_max || files.rlim_cur == 1U << 20) &&
                  sigaction(SIGPIPE, NULL, &pipe_action) == 0 &&
                  pipe_action.sa_handler == SIG_IGN && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_read),          TEST(test_read_limit), TEST(test_read_failures),
        TEST(test_secret_modes),  TEST(test_is_dir),     TEST(test_list),
        TEST(test_process_stats), TEST(test_random),     TEST(test_harden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
