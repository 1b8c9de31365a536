#include "process_priv.h"

#include "proa_test.h"

static void test_a_run_is_told_from_its_arguments(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice cmdline;
        bool is;
    } rows[] = {
        {PROA_SLICE_INIT("proa\0run\0"), true},
        {PROA_SLICE_INIT("proa\0run"), true},
        {PROA_SLICE_INIT("/usr/bin/proa\0run\0--config\0x\0"), true},
        {PROA_SLICE_INIT("./proa\0--color\0never\0run\0"), true},
        {PROA_SLICE_INIT("proa\0--color=never\0run\0"), true},
        {PROA_SLICE_INIT("proa\0mock\0run\0"), false},
        {PROA_SLICE_INIT("proa\0drain\0"), false},
        {PROA_SLICE_INIT("proa\0help\0run\0"), false},
        {PROA_SLICE_INIT("proa\0"), false},
        {PROA_SLICE_INIT("proas\0run\0"), false},
        {PROA_SLICE_INIT("/proa/sh\0run\0"), false},
        {PROA_SLICE_INIT("vim\0proa\0run\0"), false},
        {PROA_SLICE_INIT("python3\0/usr/bin/proa\0run\0"), false},
        {PROA_SLICE_INIT(""), false},
        {PROA_SLICE_INIT("\0\0\0"), false},
        {PROA_SLICE_INIT("/"), false},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        PROA_TEST_CHECK(proa_cli_process_is_run(rows[i].cmdline) == rows[i].is, "row %zu", i);
    }
}

static void test_this_test_is_no_run(void **state)
{
    (void)state;
    assert_false(proa_cli_process_check(getpid()));
    assert_false(proa_cli_process_check(0));
    assert_false(proa_cli_process_check(INT32_MAX));
}

/* A shell that calls itself `name` and reads a pipe nobody writes to. */
static pid_t sleeper(const char *name, int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[0], STDIN_FILENO);
        (void)close(ends[1]);
        (void)execl("/bin/sh", name, "-s", "run", (char *)NULL);
        _exit(1);
    }
    (void)close(ends[0]);
    return pid;
}

static size_t count(pid_t wanted)
{
    pid_t pids[64];
    size_t n = proa_cli_process_find(pids, PROA_ARRAY_LEN(pids));
    size_t found = 0;
    for (size_t i = 0; i < n && i < PROA_ARRAY_LEN(pids); i++) {
        found += pids[i] == wanted ? 1 : 0;
    }
    return found;
}

static void test_running_ones_are_found_while_they_run(void **state)
{
    (void)state;
    int ends[2];
    int status = 0;
    const pid_t pid = sleeper("proa", ends);
    bool seen = false;
    /* Until the child has become the shell, it is this test. */
    for (int i = 0; i < 500 && !seen; i++) {
        seen = proa_cli_process_check(pid);
        (void)usleep(10000);
    }
    assert_true(seen);
    if (!proa_cli_process_check(1)) {
        assert_int_equal(count(pid), 1);
        assert_int_equal(count(getpid()), 0);
    }
    (void)close(ends[1]); /* the shell ends; a zombie has no arguments any more */
    for (int i = 0; i < 500 && seen; i++) {
        seen = proa_cli_process_check(pid);
        (void)usleep(10000);
    }
    assert_false(seen);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(count(pid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_is_told_from_its_arguments),
        cmocka_unit_test(test_this_test_is_no_run),
        cmocka_unit_test(test_running_ones_are_found_while_they_run),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
