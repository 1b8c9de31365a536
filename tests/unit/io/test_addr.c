#include "addr_priv.h"

#include "io_test.h"

static void test_parse_and_format(void **state)
{
    const struct {
        const char *text;
        const char *formatted; /* NULL = the same */
        uint16_t port;
        bool loopback;
    } rows[] = {
        {"127.0.0.1:4600", NULL, 4600, true},
        {"127.8.9.1:0", NULL, 0, true},
        {"0.0.0.0:65535", NULL, 65535, false},
        {"192.0.2.7:80", NULL, 80, false},
        {"[::1]:4600", NULL, 4600, true},
        {"[::]:1", NULL, 1, false},
        {"[2001:DB8::1]:443", "[2001:db8::1]:443", 443, false},
        {"[::ffff:127.0.0.1]:5", NULL, 5, true},
        {"unix:/run/proa/data.sock", NULL, 0, true},
        {"unix:relative", NULL, 0, true},
    };
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_addr addr;
        char text[128];
        assert_ok(proa_addr_parse(proa_slice_cstr(row->text), &addr));
        proa_addr_format(&addr, text, sizeof(text));
        assert_string_equal(text, row->formatted ? row->formatted : row->text);
        assert_int_equal(proa_addr_port(&addr), row->port);
        assert_int_equal(proa_addr_is_loopback(&addr), row->loopback);
        assert_int_equal(addr.is_unix, row->text[0] == 'u');
        assert_true(proa_addr_len(&addr) > 0);
    }
}

static void test_refused_texts(void **state)
{
    const struct {
        const char *text;
        enum proa_err err;
    } rows[] = {
        {"", PROA_ERR_SYNTAX},
        {":", PROA_ERR_SYNTAX},
        {":80", PROA_ERR_SYNTAX},
        {"127.0.0.1", PROA_ERR_SYNTAX},
        {"127.0.0.1:", PROA_ERR_SYNTAX},
        {"127.0.0.1:-1", PROA_ERR_SYNTAX},
        {"127.0.0.1:80x", PROA_ERR_SYNTAX},
        {"127.0.0.1: 80", PROA_ERR_SYNTAX},
        {"127.0.0.1:65536", PROA_ERR_RANGE},
        {"127.0.0.1:99999999999999999999999", PROA_ERR_RANGE},
        {"127.0.0:80", PROA_ERR_SYNTAX},
        {"127.1:80", PROA_ERR_SYNTAX},
        {"0x7f.0.0.1:80", PROA_ERR_SYNTAX},
        {"localhost:80", PROA_ERR_SYNTAX},
        {"::1:80", PROA_ERR_SYNTAX},
        {"[::1]", PROA_ERR_SYNTAX},
        {"[::1:80", PROA_ERR_SYNTAX},
        {"[127.0.0.1]:80", PROA_ERR_SYNTAX},
        {"[fe80::1%lo]:80", PROA_ERR_SYNTAX},
        {"[]:80", PROA_ERR_SYNTAX},
        {"unix:", PROA_ERR_SYNTAX},
    };
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_addr addr;
        enum proa_err err = proa_addr_parse(proa_slice_cstr(row->text), &addr);
        PROA_TEST_CHECK(err == row->err, "\"%s\": %s", row->text, proa_err_name(err));
    }
}

static void test_unix_paths_have_a_length(void **state)
{
    struct proa_addr addr;
    char text[256];
    (void)state;
    memset(text, 'p', sizeof(text));
    memcpy(text, "unix:", 5);
    assert_ok(proa_addr_parse(proa_slice_make(text, 5 + 107), &addr));
    assert_err(proa_addr_parse(proa_slice_make(text, 5 + 108), &addr), PROA_ERR_RANGE);
    text[20] = '\0';
    assert_err(proa_addr_parse(proa_slice_make(text, 50), &addr), PROA_ERR_SYNTAX);
}

static void test_format_cuts(void **state)
{
    struct proa_addr addr = io_test_addr("127.0.0.1:4600");
    struct proa_addr none = {0};
    char text[32];
    (void)state;
    memset(text, 'x', sizeof(text));
    proa_addr_format(&addr, text, 0);
    assert_int_equal(text[0], 'x');
    proa_addr_format(&addr, text, 1);
    assert_string_equal(text, "");
    proa_addr_format(&addr, text, 6);
    assert_string_equal(text, "127.0");
    assert_int_equal(text[6], 'x');
    proa_addr_format(&none, text, sizeof(text));
    assert_string_equal(text, "unknown");
    assert_int_equal(proa_addr_len(&none), 0);
    assert_false(proa_addr_is_loopback(&none));
    assert_int_equal(proa_addr_port(&none), 0);
}

static void test_literals(void **state)
{
    struct proa_addr addr = {0};
    (void)state;
    assert_true(proa_addr_from_literal(PROA_SLICE("10.0.0.1"), 5, &addr));
    assert_int_equal(proa_addr_port(&addr), 5);
    assert_true(proa_addr_from_literal(PROA_SLICE("[::1]"), 6, &addr));
    assert_true(proa_addr_from_literal(PROA_SLICE("::1"), 7, &addr));
    assert_int_equal(proa_addr_port(&addr), 7);
    assert_false(proa_addr_from_literal(PROA_SLICE("10.0.0.1\0"), 5, &addr));
    assert_false(proa_addr_from_literal(PROA_SLICE(""), 5, &addr));
    assert_false(proa_addr_from_literal(PROA_SLICE("a.name"), 5, &addr));
    assert_int_equal(proa_addr_port(&addr), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_refused_texts),
        cmocka_unit_test(test_unix_paths_have_a_length),
        cmocka_unit_test(test_format_cuts),
        cmocka_unit_test(test_literals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
