/* What a load looked at, and whether that has changed since. */
#include "proa/app/app.h"
#include "proa/core/alloc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proa_test.h"

static const char CONFIG[] =
    "apiVersion: proa/v1\n"
    "providers: {p: {dialect: openai, base_url: \"http://127.0.0.1:9/v1\", "
    "keys: [{file: \"%s/key\"}]}}\n";

struct load_test {
    char folder[64];
    char config[96];
    char key[96];
    struct proa_app_names names;
    struct proa_app_paths looked_at;
};

static void write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static int setup(void **state)
{
    struct load_test *t = test_calloc(1, sizeof(*t));
    char text[512];
    (void)snprintf(t->folder, sizeof(t->folder), "/tmp/proa-load-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    (void)snprintf(t->config, sizeof(t->config), "%s/proa.yaml", t->folder);
    (void)snprintf(t->key, sizeof(t->key), "%s/key", t->folder);
    (void)snprintf(text, sizeof(text), CONFIG, t->folder);
    write_file(t->config, text);
    write_file(t->key, "a-key-of-some-length");
    proa_app_names_init(&t->names);
    proa_app_paths_init(&t->looked_at);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct load_test *t = *state;
    proa_app_paths_deinit(&t->looked_at);
    proa_app_names_deinit(&t->names);
    (void)unlink(t->config);
    (void)unlink(t->key);
    assert_int_equal(rmdir(t->folder), 0);
    test_free(t);
    return 0;
}

static enum proa_err load(struct load_test *t)
{
    const char *const paths[] = {t->config};
    const struct proa_app_sources sources = {
        .names = &t->names, .looked_at = &t->looked_at, .paths = paths, .n_paths = 1};
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    struct proa_snapshot *snapshot = NULL;
    const enum proa_err err = proa_app_load(&sources, 0, diags, &snapshot);
    proa_snapshot_unref(snapshot);
    proa_free(diags);
    return err;
}

static void nothing_has_changed_at_first(void **state)
{
    struct load_test *t = *state;
    assert_ok(load(t));
    assert_int_equal(t->looked_at.n, 2);
    assert_string_equal(t->looked_at.items[0], t->config);
    assert_string_equal(t->looked_at.items[1], t->key);
    assert_false(proa_app_paths_changed(&t->looked_at));
    assert_ok(load(t));
    assert_int_equal(t->looked_at.n, 2);
    assert_false(proa_app_paths_changed(&t->looked_at));
}

static void every_file_counts(void **state)
{
    struct load_test *t = *state;
    assert_ok(load(t));
    write_file(t->key, "another-key-of-some-length");
    assert_true(proa_app_paths_changed(&t->looked_at));
    assert_ok(load(t));
    assert_false(proa_app_paths_changed(&t->looked_at));
    assert_int_equal(unlink(t->key), 0);
    assert_true(proa_app_paths_changed(&t->looked_at));
}

static void a_file_that_is_not_there_may_come(void **state)
{
    struct load_test *t = *state;
    assert_int_equal(unlink(t->config), 0);
    assert_err(load(t), PROA_ERR_NOT_FOUND);
    assert_false(proa_app_paths_changed(&t->looked_at));
    write_file(t->config, "apiVersion: proa/v1\n");
    assert_true(proa_app_paths_changed(&t->looked_at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_has_changed_at_first, setup, teardown),
        cmocka_unit_test_setup_teardown(every_file_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_may_come, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
