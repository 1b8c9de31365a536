/* Folders on a real file system: changes of every kind are told, and none after the end. */
#include "proa/io/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proa_test.h"

enum { DIRS = 3 };

struct fixture {
    struct proa_loop *loop;
    struct proa_watch *watch;
    struct proa_timer timer;
    bool late;
    int told;
    char dir[DIRS][64];
};

static void on_change(void *ctx)
{
    struct fixture *f = ctx;
    f->told++;
    assert_true(proa_loop_now(f->loop) > 0);
    proa_loop_stop(f->loop);
}

static void on_timer(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    struct fixture *f = ctx;
    f->late = true;
    proa_loop_stop(f->loop);
}

/* Runs until something was told or the time is over; true when it was told. */
static bool told_within(struct fixture *f, uint64_t ms)
{
    const int before = f->told;
    f->late = false;
    proa_timer_set(f->loop, &f->timer, proa_loop_now(f->loop) + ms * 1000 * 1000);
    while (f->told == before && !f->late) {
        proa_loop_run(f->loop);
    }
    proa_timer_clear(f->loop, &f->timer);
    return f->told > before;
}

/* What is still on its way from an earlier change is not taken for a later one. */
static void settle(struct fixture *f)
{
    while (told_within(f, 20)) {
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    for (size_t i = 0; i < DIRS; i++) {
        (void)snprintf(f->dir[i], sizeof(f->dir[i]), "/tmp/proa-watch-XXXXXX");
        assert_non_null(mkdtemp(f->dir[i]));
    }
    f->loop = proa_loop_create();
    f->timer.fn = on_timer;
    f->timer.ctx = f;
    f->watch = proa_watch_create(f->loop, on_change, f);
    *state = f;
    return 0;
}

static void path_of(const struct fixture *f, size_t dir, const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", f->dir[dir], name);
}

static int teardown(void **state)
{
    static const char *const names[] = {"file", "..data", "..data_tmp", "other"};
    struct fixture *f = *state;
    proa_watch_destroy(f->watch);
    proa_loop_destroy(f->loop);
    for (size_t i = 0; i < DIRS; i++) {
        for (size_t k = 0; k < PROA_ARRAY_LEN(names); k++) {
            char path[128];
            path_of(f, i, names[k], path);
            (void)unlink(path);
        }
        (void)rmdir(f->dir[i]);
    }
    free(f);
    return 0;
}

static void put(const struct fixture *f, size_t dir, const char *name, const char *text)
{
    char path[128];
    path_of(f, dir, name, path);
    const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void watch(struct fixture *f, size_t n)
{
    const char *dirs[DIRS] = {f->dir[0], f->dir[1], f->dir[2]};
    assert_int_equal(proa_watch_set(f->watch, dirs, n), n);
}

static void every_kind_of_change(void **state)
{
    struct fixture *f = *state;
    char from[128];
    char to[128];
    watch(f, 1);
    assert_false(told_within(f, 50));
    put(f, 0, "file", "a");
    assert_true(told_within(f, 5000));
    settle(f);
    put(f, 0, "file", "b"); /* in place */
    assert_true(told_within(f, 5000));
    settle(f);
    put(f, 0, "other", "c");
    settle(f);
    path_of(f, 0, "other", from);
    path_of(f, 0, "file", to);
    assert_int_equal(rename(from, to), 0); /* as editors do */
    assert_true(told_within(f, 5000));
    settle(f);
    assert_int_equal(unlink(to), 0);
    assert_true(told_within(f, 5000));
}

/* The kubelet renames a link over the one before; the second swap must be told like the first. */
static void the_kubelets_swap_again_and_again(void **state)
{
    struct fixture *f = *state;
    char link[128];
    char temporary[128];
    path_of(f, 0, "..data", link);
    path_of(f, 0, "..data_tmp", temporary);
    watch(f, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(symlink(f->dir[1 + i % 2], temporary), 0);
        assert_int_equal(rename(temporary, link), 0);
        assert_true(told_within(f, 5000));
        settle(f);
    }
}

static void the_set_is_replaced(void **state)
{
    struct fixture *f = *state;
    const char *last[] = {f->dir[2], f->dir[2]};
    watch(f, 2);
    put(f, 1, "file", "a");
    assert_true(told_within(f, 5000));
    settle(f);
    assert_int_equal(proa_watch_set(f->watch, last, 2), 1); /* named twice, watched once */
    put(f, 0, "file", "a");
    put(f, 1, "file", "b");
    assert_false(told_within(f, 50));
    put(f, 2, "file", "a");
    assert_true(told_within(f, 5000));
}

static void what_is_not_there_is_not_watched(void **state)
{
    struct fixture *f = *state;
    const char *dirs[] = {"/nonexistent/proa", f->dir[0]};
    assert_int_equal(proa_watch_set(f->watch, dirs, 2), 1);
    put(f, 0, "file", "a");
    assert_true(told_within(f, 5000));
}

static void nothing_is_told_after_the_end(void **state)
{
    struct fixture *f = *state;
    watch(f, 1);
    put(f, 0, "file", "a");
    proa_watch_destroy(f->watch);
    f->watch = NULL;
    assert_false(told_within(f, 50));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_change, setup, teardown),
        cmocka_unit_test_setup_teardown(the_kubelets_swap_again_and_again, setup, teardown),
        cmocka_unit_test_setup_teardown(the_set_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_watched, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_told_after_the_end, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
