#include "out_priv.h"

#include <errno.h>
#include <fcntl.h>

#include "proa_test.h"

static void test_text_reaches_the_descriptor_whole(void **state)
{
    (void)state;
    int ends[2];
    char got[64];
    assert_int_equal(pipe(ends), 0);
    struct proa_cli_out out;
    proa_cli_out_init(&out, ends[1]);
    proa_cli_out_printf(&out, "%s %d\n", "line", 1);
    proa_cli_out_slice(&out, PROA_SLICE("and more\n"));
    assert_true(proa_cli_out_flush(&out));
    assert_true(proa_cli_out_flush(&out)); /* nothing is written twice */
    const ssize_t n = read(ends[0], got, sizeof got);
    assert_true(n > 0);
    assert_slice_lit(proa_slice_make(got, (size_t)n), "line 1\nand more\n");
    proa_cli_out_deinit(&out);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_a_full_disk_is_noticed(void **state)
{
    (void)state;
    const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct proa_cli_out out;
    proa_cli_out_init(&out, fd);
    proa_cli_out_printf(&out, "lost\n");
    assert_false(proa_cli_out_flush(&out));
    assert_int_equal(out.error, ENOSPC);
    proa_cli_out_printf(&out, "lost\n");
    assert_false(proa_cli_out_flush(&out)); /* stays failed */
    proa_cli_out_deinit(&out);
    (void)close(fd);
}

static void test_a_reader_who_left_is_noticed(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    struct proa_cli_out out;
    proa_cli_out_init(&out, ends[1]);
    /* More than is gathered: the failure comes before the end. */
    for (int i = 0; i < 20000; i++) {
        proa_cli_out_printf(&out, "a line of text, number %d\n", i);
    }
    assert_false(proa_cli_out_flush(&out));
    assert_int_equal(out.error, EPIPE);
    assert_true(out.buf.cap < 1024 * 1024);
    proa_cli_out_deinit(&out);
    (void)close(ends[1]);
}

static void test_text_of_others_is_harmless(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice text;
        const char *shown;
    } rows[] = {
        {PROA_SLICE_INIT("plain"), "plain"},
        {PROA_SLICE_INIT(""), ""},
        {PROA_SLICE_INIT("a\nb\tc\r"), "a\\x0ab\\x09c\\x0d"},
        {PROA_SLICE_INIT("\x1b[2J"), "\\x1b[2J"},
        {PROA_SLICE_INIT("a\0b"), "a\\x00b"},
        {PROA_SLICE_INIT("\x7f"), "\\x7f"},
        {PROA_SLICE_INIT("caf\xc3\xa9"), "caf\xc3\xa9"},
    };
    char shown[PROA_CLI_SHOWN_MAX];
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        assert_string_equal(proa_cli_shown(shown, rows[i].text), rows[i].shown);
    }
    char longer[1000];
    memset(longer, '\n', sizeof longer);
    for (size_t len = 0; len <= sizeof longer; len++) {
        (void)proa_cli_shown(shown, proa_slice_make(longer, len));
        assert_true(strlen(shown) < PROA_CLI_SHOWN_MAX);
        const bool cut = strlen(shown) > 3 && strcmp(shown + strlen(shown) - 3, "...") == 0;
        assert_true(cut == (strlen(shown) < 4 * len));
    }
}

static void test_colour_is_asked_for(void **state)
{
    (void)state;
    struct proa_cli_out out;
    proa_cli_out_init(&out, -1);
    proa_cli_out_set_color(&out, PROA_CLI_COLOR_AUTO); /* no terminal */
    assert_string_equal(proa_cli_bold(&out), "");
    proa_cli_out_set_color(&out, PROA_CLI_COLOR_ALWAYS);
    assert_string_not_equal(proa_cli_bold(&out), "");
    assert_string_not_equal(proa_cli_red(&out), proa_cli_plain(&out));
    proa_cli_out_set_color(&out, PROA_CLI_COLOR_NEVER);
    assert_string_equal(proa_cli_red(&out), "");
    assert_string_equal(proa_cli_yellow(&out), "");
    assert_string_equal(proa_cli_plain(&out), "");
    proa_cli_out_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_reaches_the_descriptor_whole),
        cmocka_unit_test(test_a_full_disk_is_noticed),
        cmocka_unit_test(test_a_reader_who_left_is_noticed),
        cmocka_unit_test(test_text_of_others_is_harmless),
        cmocka_unit_test(test_colour_is_asked_for),
    };
    return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
