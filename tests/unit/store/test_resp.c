#include "resp_priv.h"

#include "proa_test.h"

enum { MAX = 100 };

struct seen {
    size_t n;
    enum resp_kind kinds[8];
    char text[8][MAX + 1];
    enum proa_err err;
};

/* Fed in pieces of this size, each on the heap in its exact length. */
static struct seen read_in(const char *bytes, size_t len, size_t piece)
{
    struct seen seen = {0};
    struct resp *r = proa_resp_create(MAX);
    for (size_t at = 0; at < len && seen.err == PROA_OK; at += piece) {
        const size_t n = len - at < piece ? len - at : piece;
        char *copy = proa_alloc(n);
        memcpy(copy, bytes + at, n);
        seen.err = proa_resp_feed(r, proa_slice_make(copy, n));
        proa_free(copy);
        bool found = seen.err == PROA_OK;
        while (found) {
            enum resp_kind kind = RESP_NIL;
            struct proa_buf *out = NULL;
            seen.err = proa_resp_next(r, &found, &kind, &out);
            found = found && seen.err == PROA_OK;
            if (found) {
                assert_true(seen.n < 8 && out->len <= MAX);
                seen.kinds[seen.n] = kind;
                if (out->len > 0) {
                    memcpy(seen.text[seen.n], out->ptr, out->len);
                    out->ptr[0] = '!'; /* it may be written over */
                }
                seen.n++;
            }
        }
    }
    proa_resp_destroy(r);
    return seen;
}

static void replies(void **state)
{
    (void)state;
    static const char bytes[] =
        "+OK\r\n$5\r\nhello\r\n$-1\r\n-ERR no\r\n:42\r\n$0\r\n\r\n+\r\n$2\r\n\r\n\r\n";
    static const enum resp_kind kinds[] = {RESP_STATUS, RESP_BYTES, RESP_NIL,    RESP_ERROR,
                                           RESP_NUMBER, RESP_BYTES, RESP_STATUS, RESP_BYTES};
    static const char *const text[] = {"OK", "hello", "", "ERR no", "", "", "", "\r\n"};
    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        const struct seen seen = read_in(bytes, sizeof bytes - 1, piece);
        assert_ok(seen.err);
        assert_int_equal(seen.n, PROA_ARRAY_LEN(kinds));
        for (size_t i = 0; i < seen.n; i++) {
            assert_int_equal(seen.kinds[i], kinds[i]);
            assert_string_equal(seen.text[i], text[i]);
        }
    }
}

static void strange_ones(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "*0\r\n",
        "*1\r\n+OK\r\n",
        "*2147483647\r\n", /* nothing is set aside for what is announced */
        "*-2\r\n",
        "$-2\r\n",
        "$x\r\n",
        "$99999999999999999999\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "%1\r\n+a\r\n+b\r\n",
        "~1\r\n+a\r\n",
        ">1\r\n+a\r\n",
        "#t\r\n",
        ",1.5\r\n",
        "(123456789012345678901234567890\r\n",
        "=7\r\ntxt:abc\r\n",
        "!3\r\nabc\r\n",
        "|1\r\n+a\r\n+b\r\n",
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const struct seen seen = read_in(rows[i], strlen(rows[i]), 1 + i % 3);
        PROA_TEST_CHECK(seen.err == PROA_ERR_PROTOCOL && seen.n == 0, "%s: %s", rows[i],
                        proa_err_text(seen.err));
    }
}

static void sizes(void **state)
{
    (void)state;
    struct proa_buf text;
    proa_buf_init(&text, 64 * 1024);
    for (size_t n = MAX - 1; n <= MAX + 1; n++) {
        for (size_t piece = 1; piece < 200; piece += 33) {
            proa_buf_clear(&text);
            assert_ok(proa_buf_append_printf(&text, "$%zu\r\n%0*d\r\n+OK\r\n", n, (int)n, 0));
            const struct seen seen = read_in(text.ptr, text.len, piece);
            assert_int_equal(seen.n, n <= MAX ? 2 : 0);
            assert_true((seen.err == PROA_OK) == (n <= MAX));
        }
    }
    /* a string that never ends, and a line that does not */
    proa_buf_clear(&text);
    assert_ok(proa_buf_append_printf(&text, "$999999999\r\n%0*d", 1000, 0));
    assert_int_equal(read_in(text.ptr, text.len, 50).err, PROA_ERR_LIMIT);
    proa_buf_clear(&text);
    assert_ok(proa_buf_append_printf(&text, "+%0*d", 8000, 0));
    assert_int_equal(read_in(text.ptr, text.len, 500).err, PROA_ERR_LIMIT);
    assert_int_equal(read_in(text.ptr, MAX, 50).err, PROA_OK);
    proa_buf_deinit(&text);
}

static void commands(void **state)
{
    (void)state;
    const struct proa_slice args[3] = {PROA_SLICE("SET"), PROA_SLICE("a\0\r\n"), PROA_SLICE_NONE};
    struct resp_command c = proa_resp_format(args, 3);
    assert_true(proa_slice_eq(proa_slice_make(c.ptr, c.len),
                              PROA_SLICE("*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n")));
    proa_resp_release(&c);
    assert_null(c.ptr);
    proa_resp_destroy(NULL);
    assert_true(strlen(proa_resp_library()) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),
        cmocka_unit_test(strange_ones),
        cmocka_unit_test(sizes),
        cmocka_unit_test(commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
