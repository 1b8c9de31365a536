/*
 * What every unit test includes: cmocka with the headers it needs before it, assertions on slices
 * and errors, rows of tables, all splits of an input, a clock that moves on command, and
 * expected aborts.
 *
 * The only file that a change of test framework would touch. Everything is static inline; failures
 * name the line of the caller, not of this header.
 */
#ifndef PROA_TEST_H
#define PROA_TEST_H

/* cmocka.h needs these four before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/err.h"
#include "proa/core/slice.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Fails with a message of its own: PROA_TEST_CHECK(n == 3, "row %zu: n is %d", i, n). */
#define PROA_TEST_CHECK(cond, ...) proa_test_check((cond), #cond, __FILE__, __LINE__, __VA_ARGS__)

static inline void PROA_PRINTF(5, 6)
    proa_test_check(bool holds, const char *expr, const char *file, int line, const char *fmt, ...)
{
    if (holds) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    print_error("not true: %s: %s\n", expr, text);
    _fail(file, line);
}

/* Bytes in a form that shows control characters; long ones are cut. */
static inline void proa_test_print_slice(const char *label, struct proa_slice s)
{
    char text[4 * 256 + 4];
    size_t at = 0;
    for (size_t i = 0; i < s.len && i < 256; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            text[at++] = (char)c;
        } else {
            at += (size_t)snprintf(text + at, sizeof(text) - at, "\\x%02x", c);
        }
    }
    text[at] = '\0';
    print_error("%s: %zu bytes \"%s\"%s\n", label, s.len, text, s.len > 256 ? "..." : "");
}

static inline void proa_test_slices(struct proa_slice actual, struct proa_slice expected,
                                    const char *file, int line)
{
    if (!proa_slice_eq(actual, expected)) {
        proa_test_print_slice("actual  ", actual);
        proa_test_print_slice("expected", expected);
        _fail(file, line);
    }
}

/* Two slices hold the same bytes. */
#define assert_slice_equal(actual, expected)                                                       \
    proa_test_slices((actual), (expected), __FILE__, __LINE__)
/* A slice holds the bytes of a string literal (embedded NULs count). */
#define assert_slice_lit(actual, lit)                                                              \
    proa_test_slices((actual), PROA_SLICE(lit), __FILE__, __LINE__)
/* A slice holds the bytes of a C string: for rows of tables. */
#define assert_slice_str(actual, text)                                                             \
    proa_test_slices((actual), proa_slice_cstr(text), __FILE__, __LINE__)

static inline void proa_test_errs(enum proa_err actual, enum proa_err expected, const char *file,
                                  int line)
{
    if (actual != expected) {
        print_error("error is %s, expected %s\n", proa_err_name(actual), proa_err_name(expected));
        _fail(file, line);
    }
}

/* An enum proa_err, shown by name when it differs. */
#define assert_err(actual, expected) proa_test_errs((actual), (expected), __FILE__, __LINE__)
#define assert_ok(actual)            proa_test_errs((actual), PROA_OK, __FILE__, __LINE__)

/*
 * Walks a table: `row` is a pointer to const, row - table its index.
 *   PROA_TEST_ROWS(row, cases) { PROA_TEST_CHECK(f(row->in) == row->out, "%s", row->in); }
 */
#define PROA_TEST_ROWS(row, table)                                                                 \
    for (const __typeof__((table)[0]) *row = (table); (row) < (table) + PROA_ARRAY_LEN(table);     \
         (row)++)

/*
 * Calls feed(ctx, first part, second part) for every way of cutting the input in two, the empty
 * parts included. Both parts are copies of their own on the heap, so that a read beyond the end of
 * the first one is seen by AddressSanitizer.
 */
static inline void proa_test_each_split(struct proa_slice input,
                                        void (*feed)(void *ctx, struct proa_slice first,
                                                     struct proa_slice second),
                                        void *ctx)
{
    for (size_t cut = 0; cut <= input.len; cut++) {
        char *first = proa_alloc(cut);
        char *second = proa_alloc(input.len - cut);
        if (cut) {
            memcpy(first, input.ptr, cut);
        }
        if (cut < input.len) {
            memcpy(second, input.ptr + cut, input.len - cut);
        }
        feed(ctx, proa_slice_make(first, cut), proa_slice_make(second, input.len - cut));
        proa_free(first);
        proa_free(second);
    }
}

/* Time that moves only when told. Zero-initialise it, or start it where a test needs it. */
struct proa_test_clock {
    uint64_t now_ns;
};

/* Both return the new time. */
static inline uint64_t proa_test_clock_ms(struct proa_test_clock *clock, uint64_t ms)
{
    clock->now_ns += ms * PROA_NS_PER_MS;
    return clock->now_ns;
}
static inline uint64_t proa_test_clock_s(struct proa_test_clock *clock, uint64_t s)
{
    clock->now_ns += s * PROA_NS_PER_S;
    return clock->now_ns;
}

/* Does fn(ctx) end the process by abort()? Runs in a child whose stderr is dropped. */
static inline bool proa_test_aborts(void (*fn)(void *ctx), void *ctx)
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) {
            _exit(3);
        }
        (void)signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        fn(ctx);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
