#include "proa/config/reference.h"
#include "proa/core/buf.h"

#include "proa_test.h"
#include "sample.h"

static int setup(void **state)
{
    struct proa_buf *out = PROA_NEW(struct proa_buf);
    proa_buf_init(out, 1 << 18);
    *state = out;
    return 0;
}

static int teardown(void **state)
{
    proa_buf_deinit(*state);
    proa_free(*state);
    return 0;
}

static size_t count(const struct proa_buf *out, const char *needle)
{
    size_t n = 0;
    struct proa_slice rest = proa_buf_slice(out);
    struct proa_slice s = proa_slice_cstr(needle);
    for (size_t i = proa_slice_search(rest, s); i < rest.len; i = proa_slice_search(rest, s)) {
        n++;
        rest = proa_slice_from(rest, i + s.len);
    }
    return n;
}

static void expect_once(const struct proa_buf *out, const char *line)
{
    PROA_TEST_CHECK(count(out, line) == 1, "%zu times: %s\n%.*s", count(out, line), line,
                    (int)out->len, out->ptr);
}

static void a_page_lists_every_row_once(void **state)
{
    struct proa_buf *out = *state;
    assert_ok(proa_reference_markdown(&sample_table, "proa.yaml", out));
    assert_true(proa_slice_starts(proa_buf_slice(out), PROA_SLICE("# proa.yaml\n\n| name |")));
    expect_once(out,
                "| `mode` | word | `read` | off, read or write | yes | What the cache does. |\n");
    expect_once(out, "| `listen` | object [listen](#listen) |  |  | yes | Listeners. |\n");
    expect_once(out,
                "| `providers` | map of [provider](#providersname) |  |  | yes | Accounts. |\n");
    expect_once(out, "| `tls` | object [tls](#tls) |  |  | no | Certificates. |\n");
    expect_once(out, "\n## `listen`\n");
    expect_once(out, "| `body` | size | `32MiB` | at least 1KiB | yes | Largest request body. |\n");
    expect_once(out, "| `reuse` | boolean | `true` |  | yes | Keep connections \\| open. |\n");
    expect_once(out, "\n## `providers.<name>`\n\nA value that is not a map stands for "
                     "`{base_url: value}`.\n");
    expect_once(out, "\n## `providers.<name>.keys[]`\n");
    expect_once(out, "\n## `routes[].tiers[].targets[]`\n");
    expect_once(out, "| `model` | string | required |  | yes | Catalogue id. |\n");
    expect_once(out, "| `max_attempts` | whole number | `3` | 1 to 10 attempts | yes | Upstream "
                     "tries of one request. |\n");
    expect_once(out, "| `backoff` | duration | `250ms` | 1ms to 1m | yes | Wait before the second "
                     "try. |\n");
    expect_once(out,
                "| `jitter` | fraction | `0.5` | 0 to 1 | yes | Random share of the wait. |\n");
    expect_once(out, "| `budget` | whole number |  | tokens | yes | Tokens a day. |\n");
    expect_once(out, "Where the provider answers. `${NAME}` is expanded. |\n");
}

static void a_table_met_twice_is_listed_once(void **state)
{
    struct proa_buf *out = *state;
    assert_ok(proa_reference_markdown(&sample_table, "x", out));
    expect_once(out, "\n## `retry`\n");
    assert_int_equal(count(out, "## `routes[].retry`"), 0);
    assert_int_equal(count(out, "object [retry](#retry)"), 2);
    assert_int_equal(count(out, "\n## "), 8);
}

static void every_table_row_has_six_cells(void **state)
{
    struct proa_buf *out = *state;
    assert_ok(proa_reference_markdown(&sample_table, "x", out));
    struct proa_slice rest = proa_buf_slice(out);
    while (rest.len > 0) {
        struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        size_t bars = 0;
        for (size_t i = 0; i < line.len; i++) {
            bars += line.ptr[i] == '|' && (i == 0 || line.ptr[i - 1] != '\\') ? 1 : 0;
        }
        PROA_TEST_CHECK(bars == 0 || bars == 7, "%.*s", (int)line.len, line.ptr);
    }
}

static void a_manual_page_is_roff(void **state)
{
    struct proa_buf *out = *state;
    assert_ok(proa_reference_man(&sample_table, "proa.yaml", "configuration of proa", out));
    assert_true(proa_slice_starts(proa_buf_slice(out), PROA_SLICE(".TH \"proa.yaml\" 5\n")));
    expect_once(out, ".SH NAME\nproa.yaml \\- configuration of proa\n");
    expect_once(out, ".TP\n\\fBmode\\fR (word, off, read or write, default read)\n"
                     "What the cache does.\n");
    expect_once(out, ".TP\n\\fBlisten\\fR (object, see listen)\nListeners.\n");
    expect_once(out, ".SS providers.<name>.keys[]\n");
    expect_once(out, ".TP\n\\fBtls\\fR (object, see tls)\nCertificates.\nTakes effect at the next "
                     "start.\n");
    expect_once(out, ".TP\n\\fBcert\\fR (string, required)\nCertificate chain.\n");
    expect_once(out, "A value that is not a map sets \\fBtargets\\fR.\n");
}

static void roff_specials_are_escaped(void **state)
{
    static const struct proa_option rows[] = {
        {.name = "a-b", .type = PROA_OPTION_BOOL, .help = ".start \\ back\n'quote\n-dash"},
        {.name = NULL}};
    static const struct proa_option_table table = {
        .title = "t", .rows = rows, .size = 1, .where_at = SIZE_MAX};
    struct proa_buf *out = *state;
    assert_ok(proa_reference_man(&table, "n", "b", out));
    expect_once(out, "\\fBa\\-b\\fR (boolean)\n\\&.start \\e back\n\\&'quote\n\\-dash\n");
    proa_buf_clear(out);
    assert_ok(proa_reference_markdown(&table, "n", out));
    expect_once(out, "| .start \\ back 'quote -dash |");
}

static void a_full_buffer_is_an_error(void **state)
{
    struct proa_buf *out = *state;
    assert_ok(proa_reference_markdown(&sample_table, "x", out));
    for (size_t max = 0; max < out->len; max += 13) {
        struct proa_buf small;
        proa_buf_init(&small, max);
        assert_err(proa_reference_markdown(&sample_table, "x", &small), PROA_ERR_LIMIT);
        proa_buf_clear(&small);
        proa_buf_deinit(&small);
    }
    struct proa_buf small;
    proa_buf_init(&small, 200);
    assert_err(proa_reference_man(&sample_table, "x", "y", &small), PROA_ERR_LIMIT);
    proa_buf_deinit(&small);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_lists_every_row_once),   TEST(a_table_met_twice_is_listed_once),
        TEST(every_table_row_has_six_cells), TEST(a_manual_page_is_roff),
        TEST(roff_specials_are_escaped),     TEST(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
