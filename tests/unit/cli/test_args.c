/* The parser over tables of its own, so that a new flag of a command changes no case here. */
#include "command_priv.h"

#include "proa_test.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct proa_cli_flag flags[] = {
    {.name = "config", .letter = 'c', .arg = "PATH", .help = "h"},
    {.name = "quiet", .letter = 'q', .help = "h"},
    {.name = "verbose", .letter = 'v', .help = "h"},
    {.name = "paint", .arg = "COLOUR", .choices = colours, .help = "h"},
    {.name = NULL},
};
static const struct proa_cli_command two_operands = {
    .name = "paint", .operands = "[A [B]]", .n_operands = 2, .flags = flags};

enum { WORDS_MAX = 8 };

struct line {
    struct proa_cli_args args;
    struct proa_cli_out err;
    char *words[WORDS_MAX];
    bool ok;
};

/* `text` are the words of a command line, separated by blanks. */
static void parse(struct line *line, const char *text)
{
    struct proa_slice rest = proa_slice_cstr(text);
    size_t n = 0;
    while (rest.len > 0 && n < WORDS_MAX) {
        const struct proa_slice word = proa_slice_split(rest, ' ', &rest);
        line->words[n++] = proa_strdup_n(word.ptr, word.len);
    }
    for (size_t i = n; i < WORDS_MAX; i++) {
        line->words[i] = NULL;
    }
    proa_cli_out_init(&line->err, -1);
    line->ok = proa_cli_args_parse(&line->args, &two_operands, line->words, n, &line->err);
}

static void done(struct line *line)
{
    proa_cli_args_deinit(&line->args);
    proa_cli_out_deinit(&line->err);
    for (size_t i = 0; i < WORDS_MAX; i++) {
        proa_free(line->words[i]);
    }
}

static void assert_value(const struct line *line, const char *name, const char *want)
{
    const char *value = proa_cli_args_value(&line->args, name);
    PROA_TEST_CHECK(value ? want && strcmp(value, want) == 0 : !want, "--%s is %s, not %s", name,
                    value ? value : "absent", want ? want : "absent");
}

static void test_forms_of_a_flag(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *config;
        bool quiet;
        bool verbose;
    } rows[] = {
        {"--config a", "a", false, false},     {"--config=a", "a", false, false},
        {"--config=", "", false, false},       {"--config=a=b", "a=b", false, false},
        {"-c a", "a", false, false},           {"-ca", "a", false, false},
        {"-qc a", "a", true, false},           {"-qvca", "a", true, true},
        {"-q -v", NULL, true, true},           {"-qq", NULL, true, false},
        {"--config -q", "-q", false, false},   {"--config --quiet", "--quiet", false, false},
        {"-c a -c b", "b", false, false},      {"", NULL, false, false},
        {"x --quiet y", NULL, true, false},    {"-- --quiet", NULL, false, false},
        {"--paint green", NULL, false, false}, {"--color never -q", NULL, true, false},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct line line;
        parse(&line, rows[i].text);
        PROA_TEST_CHECK(line.ok, "%s", rows[i].text);
        assert_value(&line, "config", rows[i].config);
        PROA_TEST_CHECK(proa_cli_args_has(&line.args, "quiet") == rows[i].quiet, "%s",
                        rows[i].text);
        PROA_TEST_CHECK(proa_cli_args_has(&line.args, "verbose") == rows[i].verbose, "%s",
                        rows[i].text);
        done(&line);
    }
}

static void test_operands_keep_their_order(void **state)
{
    (void)state;
    static const char *const rows[] = {"x -q -y-", "-q x -- -y-", "x -- -y-", "-- x -y-"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct line line;
        const bool plain = strstr(rows[i], "--") != NULL;
        parse(&line, rows[i]);
        if (!plain) { /* -y- is a flag as long as nothing ended the flags */
            assert_false(line.ok);
            done(&line);
            continue;
        }
        assert_true(line.ok);
        assert_int_equal(line.args.n_operands, 2);
        assert_string_equal(line.args.operands[0], "x");
        assert_string_equal(line.args.operands[1], "-y-");
        done(&line);
    }
    struct line line;
    parse(&line, "- x"); /* a lone hyphen is an operand */
    assert_true(line.ok);
    assert_string_equal(line.args.operands[0], "-");
    done(&line);
}

static void test_all_values_in_order(void **state)
{
    (void)state;
    struct line line;
    const char *values[3];
    parse(&line, "-c a --config=b -q -cc");
    assert_true(line.ok);
    assert_int_equal(proa_cli_args_values(&line.args, "config", values, 3), 3);
    assert_string_equal(values[0], "a");
    assert_string_equal(values[1], "b");
    assert_string_equal(values[2], "c");
    assert_int_equal(proa_cli_args_values(&line.args, "config", values, 2), 2);
    assert_int_equal(proa_cli_args_values(&line.args, "paint", values, 3), 0);
    done(&line);
}

static void test_mistakes_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"--confg a", "unknown flag \"--confg\"; did you mean \"--config\"?"},
        {"--confg=a", "unknown flag \"--confg\"; did you mean \"--config\"?"},
        {"--conf a", "unknown flag \"--conf\"; did you mean \"--config\"?"},
        {"--zzzzzz", "unknown flag \"--zzzzzz\""},
        {"-z", "unknown flag \"-z\""},
        {"-qz", "unknown flag \"-z\""},
        {"--config", "--config wants a value: --config PATH"},
        {"-c", "--config wants a value: --config PATH"},
        {"-qc", "--config wants a value: --config PATH"},
        {"--quiet=yes", "--quiet takes no value, not \"yes\""},
        {"--paint blue", "--paint cannot be \"blue\"; it is one of red, green"},
        {"--paint=", "--paint cannot be \"\"; it is one of red, green"},
        {"a b c", "unexpected argument \"c\""},
        {"--\x1b[31m", "unknown flag \"--\\x1b[31m\""},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct line line;
        parse(&line, rows[i].text);
        PROA_TEST_CHECK(!line.ok, "%s", rows[i].text);
        PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&line.err.buf), proa_slice_cstr(rows[i].says)),
                        "%s: %" PROA_SLICE_FMT, rows[i].text,
                        PROA_SLICE_ARG(proa_buf_slice(&line.err.buf)));
        done(&line);
    }
}

static void test_leading_flags_end_at_the_command(void **state)
{
    (void)state;
    char color[] = "--color=never";
    char version[] = "-V";
    char run[] = "run";
    char config[] = "--config";
    char *words[] = {color, version, run, config};
    struct proa_cli_args args;
    struct proa_cli_out err;
    proa_cli_out_init(&err, -1);
    assert_int_equal(proa_cli_args_parse_leading(&args, words, 4, &err), 2);
    assert_true(proa_cli_args_has(&args, "version"));
    assert_string_equal(proa_cli_args_value(&args, "color"), "never");
    proa_cli_args_deinit(&args);
    char *wrong[] = {config};
    assert_true(proa_cli_args_parse_leading(&args, wrong, 1, &err) == SIZE_MAX);
    proa_cli_args_deinit(&args);
    assert_int_equal(proa_cli_args_parse_leading(&args, words, 0, &err), 0);
    proa_cli_args_deinit(&args);
    proa_cli_out_deinit(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_a_flag),
        cmocka_unit_test(test_operands_keep_their_order),
        cmocka_unit_test(test_all_values_in_order),
        cmocka_unit_test(test_mistakes_say_what_is_wrong),
        cmocka_unit_test(test_leading_flags_end_at_the_command),
    };
    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
