/*
 * Secrets: what goes in comes out, the label gives little away, and the pages are what was
 * promised.
 */
#include "proa/auth/secret.h"
#include "proa/core/alloc.h"

#include <fcntl.h>
#include <stdlib.h>

#include "proa_test.h"

static void test_bytes_and_references(void **state)
{
    (void)state;
    char source[] = "sk-proj-0123456789abcdefXy9Q";
    struct proa_secret *s = NULL;
    assert_ok(proa_secret_create(proa_slice_cstr(source), &s));
    memset(source, 0, sizeof(source)); /* it has a copy of its own */
    assert_slice_lit(proa_secret_bytes(s), "sk-proj-0123456789abcdefXy9Q");
    assert_ptr_equal(proa_secret_ref(s), s);
    proa_secret_unref(s);
    assert_slice_lit(proa_secret_bytes(s), "sk-proj-0123456789abcdefXy9Q");
    proa_secret_unref(s);
    proa_secret_unref(NULL);
}

static void test_bytes_need_not_be_text(void **state)
{
    (void)state;
    struct proa_secret *s = NULL;
    assert_ok(proa_secret_create(PROA_SLICE("a\0b\n"), &s));
    assert_slice_lit(proa_secret_bytes(s), "a\0b\n");
    proa_secret_unref(s);
}

static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 4000, 4096, 4097, PROA_SECRET_MAX_BYTES};
    char *bytes = proa_alloc(PROA_SECRET_MAX_BYTES + 1);
    struct proa_secret *s = NULL;
    memset(bytes, 'x', PROA_SECRET_MAX_BYTES + 1);
    PROA_TEST_ROWS(size, sizes)
    {
        assert_ok(proa_secret_create(proa_slice_make(bytes, *size), &s));
        assert_slice_equal(proa_secret_bytes(s), proa_slice_make(bytes, *size));
        proa_secret_unref(s);
    }
    s = NULL;
    assert_err(proa_secret_create(PROA_SLICE_NONE, &s), PROA_ERR_ARG);
    assert_err(proa_secret_create(proa_slice_make(bytes, PROA_SECRET_MAX_BYTES + 1), &s),
               PROA_ERR_LIMIT);
    assert_null(s);
    proa_free(bytes);
}

static void test_digest(void **state)
{
    (void)state;
    struct proa_secret *s = NULL;
    assert_ok(proa_secret_create(PROA_SLICE("abc"), &s));
    const unsigned char *d = proa_secret_digest(s);
    assert_int_equal(d[0], 0xba);
    assert_int_equal(d[31], 0xad);
    proa_secret_unref(s);
}

/* The kernel's own account of the mapping that holds `at`: its VmFlags line, or empty. */
static void flags_of(const void *at, char *out, size_t cap)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false;
    out[0] = 0;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        char *dash = strchr(line, '-');
        unsigned long lo = strtoul(line, NULL, 16);
        unsigned long hi = dash ? strtoul(dash + 1, NULL, 16) : 0;
        if (hi > lo && strstr(line, "-p ")) {
            inside = (uintptr_t)at >= lo && (uintptr_t)at < hi;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(out, cap, "%s", line);
            break;
        }
    }
    assert_int_equal(fclose(f), 0);
}

static void test_pages_are_kept_out_of_dumps(void **state)
{
    (void)state;
    struct proa_secret *s = NULL;
    char flags[256];
    assert_ok(proa_secret_create(PROA_SLICE("a secret of some length"), &s));
    flags_of(proa_secret_bytes(s).ptr, flags, sizeof(flags));
    if (flags[0]) { /* some sandboxes have no VmFlags */
        assert_non_null(strstr(flags, " dd"));
        assert_non_null(strstr(flags, " wf"));
    }
    proa_secret_unref(s);
}

static void look_in_child(void *ctx)
{
    const char *bytes = ctx;
    if (bytes[0] == 0 && bytes[5] == 0) {
        abort(); /* the good case: seen by the parent */
    }
}

static void test_a_forked_child_sees_nothing(void **state)
{
    (void)state;
    struct proa_secret *s = NULL;
    char flags[256];
    assert_ok(proa_secret_create(PROA_SLICE("a secret of some length"), &s));
    flags_of(proa_secret_bytes(s).ptr, flags, sizeof(flags));
    if (strstr(flags, " wf")) {
        void *bytes = NULL;
        const char *at = proa_secret_bytes(s).ptr;
        memcpy(&bytes, &at, sizeof(bytes));
        assert_true(proa_test_aborts(look_in_child, bytes));
    }
    proa_secret_unref(s);
}

/* Unmapped after the last reference: the kernel refuses to read from there. */
static void test_release_takes_the_pages_away(void **state)
{
    (void)state;
    struct proa_secret *s = NULL;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int pipe_fd[2];
    char flags[256];
    assert_true(fd >= 0);
    assert_int_equal(pipe(pipe_fd), 0);
    assert_ok(proa_secret_create(PROA_SLICE("gone soon"), &s));
    const char *at = proa_secret_bytes(s).ptr;
    assert_int_equal(write(pipe_fd[1], at, 4), 4);
    proa_secret_unref(s);
    flags_of(at, flags, sizeof(flags)); /* reuses no mapping of that size */
    assert_null(strstr(flags, " wf"));
    assert_int_equal(close(pipe_fd[0]), 0);
    assert_int_equal(close(pipe_fd[1]), 0);
    assert_int_equal(close(fd), 0);
}

static void test_equality(void **state)
{
    (void)state;
    struct proa_secret *s = NULL;
    assert_ok(proa_secret_create(PROA_SLICE("sesame-sesame"), &s));
    assert_true(proa_secret_equals(s, PROA_SLICE("sesame-sesame")));
    assert_false(proa_secret_equals(s, PROA_SLICE("sesame-sesam")));
    assert_false(proa_secret_equals(s, PROA_SLICE("sesame-sesame ")));
    assert_false(proa_secret_equals(s, PROA_SLICE("Sesame-sesame")));
    assert_false(proa_secret_equals(s, PROA_SLICE_NONE));
    proa_secret_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_references),
        cmocka_unit_test(test_bytes_need_not_be_text),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_pages_are_kept_out_of_dumps),
        cmocka_unit_test(test_a_forked_child_sees_nothing),
        cmocka_unit_test(test_release_takes_the_pages_away),
    };
    return cmocka_run_group_tests_name("auth secret", tests, NULL, NULL);
}
