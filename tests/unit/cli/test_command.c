/* The tables themselves, and everything that is made of them. */
#include "command_priv.h"

#include "proa_test.h"

static bool holds(struct proa_slice text, const char *part)
{
    return proa_slice_search(text, proa_slice_cstr(part)) < text.len;
}

static bool is_lower(const char *text)
{
    for (; *text; text++) {
        if (!((*text >= 'a' && *text <= 'z') || *text == '-')) {
            return false;
        }
    }
    return true;
}

static void check_flags(const char *command, const struct proa_cli_flag *flags)
{
    /* One short form means one thing, wherever it is allowed. */
    static const struct {
        char letter;
        const char *name;
    } shorts[] = {
        {'c', "config"}, {'h', "help"}, {'V', "version"}, {'v', "verbose"}, {'q', "quiet"}};
    for (const struct proa_cli_flag *f = flags; f->name; f++) {
        bool known = f->letter == 0;
        for (size_t i = 0; i < PROA_ARRAY_LEN(shorts); i++) {
            known =
                known || (f->letter == shorts[i].letter && strcmp(f->name, shorts[i].name) == 0);
        }
        PROA_TEST_CHECK(known, "%s --%s has the short form -%c", command, f->name, f->letter);
        PROA_TEST_CHECK(is_lower(f->name), "%s --%s", command, f->name);
        PROA_TEST_CHECK(f->help && f->help[0] && f->help[strlen(f->help) - 1] == '.',
                        "%s --%s: help is no sentence", command, f->name);
        PROA_TEST_CHECK(f->arg || !f->choices, "%s --%s: choices of a switch", command, f->name);
        for (const struct proa_cli_flag *g = flags; g < f; g++) {
            PROA_TEST_CHECK(strcmp(f->name, g->name) != 0, "%s --%s twice", command, f->name);
        }
    }
}

static void test_the_tables_are_sound(void **state)
{
    (void)state;
    check_flags("proa", proa_cli_program.flags);
    check_flags("common", proa_cli_common_flags);
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        assert_true(is_lower(c->name));
        assert_non_null(c->run);
        assert_true(c->brief[0] >= 'A' && c->brief[0] <= 'Z');
        assert_true(c->brief[strlen(c->brief) - 1] != '.');
        assert_true((c->n_operands > 0) == (c->operands[0] != '\0'));
        assert_ptr_equal(proa_cli_command_find(c->name), c);
        check_flags(c->name, c->flags);
        for (const struct proa_cli_flag *f = c->flags; f->name; f++) {
            for (const struct proa_cli_flag *g = proa_cli_common_flags; g->name; g++) {
                PROA_TEST_CHECK(strcmp(f->name, g->name) != 0, "%s --%s is common", c->name,
                                f->name);
            }
        }
    }
    assert_null(proa_cli_command_find("nothing"));
    assert_null(proa_cli_command_find(""));
}

static void test_slips_find_the_command(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        const char *meant;
    } rows[] = {
        {"rnu", "run"},
        {"rum", "run"},
        {"urn", "run"},
        {"valdate", "validate"},
        {"vaildate", "validate"},
        {"valid", "validate"},
        {"versoin", "version"},
        {"health", "healthcheck"},
        {"healthchek", "healthcheck"},
        {"evn", "env"},
        {"halp", "help"},
        {"", NULL},
        {"x", NULL},
        {"start", "status"},
        {"begin", NULL},
        {"kubernetes", NULL},
        {"ru", "run"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        const char *near = proa_cli_command_near(rows[i].typed);
        PROA_TEST_CHECK(near ? rows[i].meant && strcmp(near, rows[i].meant) == 0 : !rows[i].meant,
                        "%s gives %s", rows[i].typed, near ? near : "nothing");
    }
}

/* Lines fit a terminal of 80 columns; nothing ends in a blank. */
static void check_lines(const char *what, struct proa_slice text)
{
    while (text.len > 0) {
        const struct proa_slice line = proa_slice_split(text, '\n', &text);
        PROA_TEST_CHECK(line.len <= 80, "%s: %" PROA_SLICE_FMT, what, PROA_SLICE_ARG(line));
        PROA_TEST_CHECK(line.len == 0 || line.ptr[line.len - 1] != ' ',
                        "%s: \"%" PROA_SLICE_FMT "\"", what, PROA_SLICE_ARG(line));
    }
}

static void test_help_names_everything(void **state)
{
    (void)state;
    struct proa_cli_out out;
    proa_cli_out_init(&out, -1);
    proa_cli_help_program(&out);
    check_lines("proa", proa_buf_slice(&out.buf));
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        assert_true(holds(proa_buf_slice(&out.buf), c->name));
        assert_true(holds(proa_buf_slice(&out.buf), c->brief));
    }
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_buf_clear(&out.buf);
        proa_cli_help_command(&out, c);
        const struct proa_slice text = proa_buf_slice(&out.buf);
        check_lines(c->name, text);
        assert_true(holds(text, c->name));
        for (const struct proa_cli_flag *f = c->flags; f->name; f++) {
            char name[64];
            (void)snprintf(name, sizeof name, "--%s", f->name);
            PROA_TEST_CHECK(holds(text, name), "%s --help: %s", c->name, name);
            for (const char *const *choice = f->choices; choice && *choice; choice++) {
                PROA_TEST_CHECK(holds(text, *choice), "%s --help: %s", c->name, *choice);
            }
        }
        assert_true(holds(text, "--help") && holds(text, "--color"));
        assert_false(out.failed);
    }
    proa_cli_out_deinit(&out);
}

static void test_colour_changes_nothing_but_colour(void **state)
{
    (void)state;
    struct proa_cli_out plain;
    struct proa_cli_out coloured;
    proa_cli_out_init(&plain, -1);
    proa_cli_out_init(&coloured, -1);
    proa_cli_out_set_color(&coloured, PROA_CLI_COLOR_ALWAYS);
    assert_true(coloured.color);
    proa_cli_help_command(&plain, proa_cli_command_find("run"));
    proa_cli_help_command(&coloured, proa_cli_command_find("run"));
    assert_true(coloured.buf.len > plain.buf.len);
    assert_false(holds(proa_buf_slice(&plain.buf), "\033"));
    struct proa_buf stripped;
    proa_buf_init(&stripped, coloured.buf.len);
    for (size_t i = 0; i < coloured.buf.len; i++) {
        if (coloured.buf.ptr[i] == '\033') {
            while (coloured.buf.ptr[i] != 'm') {
                i++;
            }
        } else {
            (void)proa_buf_append_byte(&stripped, coloured.buf.ptr[i]);
        }
    }
    assert_slice_equal(proa_buf_slice(&stripped), proa_buf_slice(&plain.buf));
    proa_buf_deinit(&stripped);
    proa_cli_out_deinit(&plain);
    proa_cli_out_deinit(&coloured);
}

static void test_manual_page_is_roff(void **state)
{
    (void)state;
    struct proa_cli_out out;
    proa_cli_out_init(&out, -1);
    proa_cli_help_man(&out);
    struct proa_slice text = proa_buf_slice(&out.buf);
    assert_true(proa_slice_starts(text, PROA_SLICE(".TH PROA 1 ")));
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        char section[64];
        (void)snprintf(section, sizeof section, ".SS \"proa %s\"", c->name);
        assert_true(holds(text, section));
    }
    int open = 0;
    while (text.len > 0) {
        const struct proa_slice line = proa_slice_split(text, '\n', &text);
        open += proa_slice_eq(line, PROA_SLICE(".nf")) ? 1 : 0;
        open -= proa_slice_eq(line, PROA_SLICE(".fi")) ? 1 : 0;
        assert_true(open == 0 || open == 1);
        /* A line of text must not become a request: those are upper-case here, or nf and fi. */
        if (line.len > 1 && line.ptr[0] == '.') {
            PROA_TEST_CHECK((line.ptr[1] >= 'A' && line.ptr[1] <= 'Z') || line.ptr[1] == 'n' ||
                                line.ptr[1] == 'f',
                            "%" PROA_SLICE_FMT, PROA_SLICE_ARG(line));
        }
    }
    assert_int_equal(open, 0);
    proa_cli_out_deinit(&out);
}

static void test_completions_name_every_command_and_flag(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(shells); i++) {
        struct proa_cli_out out;
        proa_cli_out_init(&out, -1);
        proa_cli_completion(&out, shells[i]);
        const struct proa_slice text = proa_buf_slice(&out.buf);
        for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
            PROA_TEST_CHECK(holds(text, c->name), "%s: %s", shells[i], c->name);
            for (const struct proa_cli_flag *f = c->flags; f->name; f++) {
                PROA_TEST_CHECK(holds(text, f->name), "%s: --%s", shells[i], f->name);
            }
        }
        proa_cli_out_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tables_are_sound),
        cmocka_unit_test(test_slips_find_the_command),
        cmocka_unit_test(test_help_names_everything),
        cmocka_unit_test(test_colour_changes_nothing_but_colour),
        cmocka_unit_test(test_manual_page_is_roff),
        cmocka_unit_test(test_completions_name_every_command_and_flag),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
