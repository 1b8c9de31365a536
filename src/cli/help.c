/*
 * Help, and the manual page, from the tables.
 */
#include "command_priv.h"

#include "proa/core/version.h"

#include <stdio.h>
#include <sysexits.h>

enum { WIDTH = 80, FLAG_COLUMN = 28, NAME_COLUMN = 14 };

/* ---- text ------------------------------------------------------------------------------------ */

void proa_cli_help_wrap(struct proa_cli_out *out, struct proa_slice text, size_t at, size_t indent)
{
    bool first = true;
    while (text.len > 0) {
        const struct proa_slice word = proa_slice_split(text, ' ', &text);
        if (!first && at + 1 + word.len > WIDTH) {
            proa_cli_out_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            proa_cli_out_printf(out, " ");
            at++;
        }
        proa_cli_out_slice(out, word);
        at += word.len;
        first = false;
    }
    proa_cli_out_printf(out, "\n");
}

static void print_about(struct proa_cli_out *out, const char *about)
{
    struct proa_slice rest = proa_slice_cstr(about);
    while (rest.len > 0) {
        const struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        if (proa_slice_starts(line, PROA_SLICE("  "))) {
            proa_cli_out_printf(out, "%" PROA_SLICE_FMT "\n", PROA_SLICE_ARG(line));
        } else {
            proa_cli_help_wrap(out, line, 0, 0);
        }
    }
}

/* "-c, --config PATH" */
static size_t flag_text(const struct proa_cli_flag *flag, char *into, size_t cap)
{
    char letter[8] = "    ";
    if (flag->letter) {
        (void)snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    }
    const int n = snprintf(into, cap, "%s--%s%s%s", letter, flag->name, flag->arg ? " " : "",
                           flag->arg ? flag->arg : "");
    return n > 0 ? (size_t)n : 0;
}

/* The help of most flags names their choices; where it does not, a line of its own does. */
static void print_choices(struct proa_cli_out *out, const struct proa_cli_flag *flag)
{
    bool named = true;
    for (const char *const *c = flag->choices; c && *c; c++) {
        named = named && strstr(flag->help, *c);
    }
    if (named) {
        return;
    }
    proa_cli_out_printf(out, "%*sOne of", FLAG_COLUMN, "");
    for (const char *const *c = flag->choices; *c; c++) {
        proa_cli_out_printf(out, "%s %s", c == flag->choices ? "" : ",", *c);
    }
    proa_cli_out_printf(out, ".\n");
}

static void print_flags(struct proa_cli_out *out, const struct proa_cli_flag *flags)
{
    char text[96];
    for (; flags->name; flags++) {
        const size_t len = flag_text(flags, text, sizeof text);
        proa_cli_out_printf(out, "  %s%s%s", proa_cli_bold(out), text, proa_cli_plain(out));
        if (len + 4 > FLAG_COLUMN) {
            proa_cli_out_printf(out, "\n%*s", FLAG_COLUMN, "");
        } else {
            proa_cli_out_printf(out, "%*s", (int)(FLAG_COLUMN - len - 2), "");
        }
        proa_cli_help_wrap(out, proa_slice_cstr(flags->help), FLAG_COLUMN, FLAG_COLUMN);
        print_choices(out, flags);
    }
}

static void heading(struct proa_cli_out *out, const char *text)
{
    proa_cli_out_printf(out, "\n%s%s%s\n", proa_cli_bold(out), text, proa_cli_plain(out));
}

void proa_cli_help_program(struct proa_cli_out *out)
{
    proa_cli_out_printf(out, "proa: %s\n\nUsage: proa COMMAND [FLAG...]\n", proa_cli_program.brief);
    heading(out, "Commands");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "  %s%-*s%s%s\n", proa_cli_bold(out), NAME_COLUMN, c->name,
                            proa_cli_plain(out), c->brief);
    }
    heading(out, "Flags");
    print_flags(out, proa_cli_program.flags);
    print_flags(out, proa_cli_common_flags);
    proa_cli_out_printf(out, "\n\"proa help COMMAND\" explains a command. To begin: proa run "
                             "--mock\n");
}

void proa_cli_help_command(struct proa_cli_out *out, const struct proa_cli_command *command)
{
    proa_cli_out_printf(out, "proa %s: %s\n\nUsage: proa %s%s%s%s\n", command->name, command->brief,
                        command->name, command->flags->name ? " [FLAG...]" : "",
                        command->operands[0] ? " " : "", command->operands);
    if (command->about[0]) {
        proa_cli_out_printf(out, "\n");
        print_about(out, command->about);
    }
    heading(out, "Flags");
    print_flags(out, command->flags);
    print_flags(out, proa_cli_common_flags);
    if (command->more) {
        command->more(out);
    }
}

/* ---- roff ------------------------------------------------------------------------------------ */

/* A hyphen is a minus to be copied, a backslash is escaped, a leading dot or quote is no request.
 */
static void roff(struct proa_cli_out *out, struct proa_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool at_start = i == 0 || text.ptr[i - 1] == '\n';
        if (at_start && (c == '.' || c == '\'')) {
            proa_cli_out_printf(out, "\\&");
        }
        if (c == '\\') {
            proa_cli_out_printf(out, "\\e");
        } else if (c == '-') {
            proa_cli_out_printf(out, "\\-");
        } else {
            proa_cli_out_slice(out, proa_slice_make(&text.ptr[i], 1));
        }
    }
}

static void man_about(struct proa_cli_out *out, const char *about)
{
    struct proa_slice rest = proa_slice_cstr(about);
    bool literal = false;
    while (rest.len > 0) {
        const struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        const bool example = proa_slice_starts(line, PROA_SLICE("  "));
        if (example != literal) {
            proa_cli_out_printf(out, "%s\n", example ? ".PP\n.nf\n.RS 2" : ".RE\n.fi");
            literal = example;
        }
        if (line.len == 0) {
            proa_cli_out_printf(out, ".PP\n");
        } else {
            roff(out, example ? proa_slice_from(line, 2) : line);
            proa_cli_out_printf(out, "\n");
        }
    }
    if (literal) {
        proa_cli_out_printf(out, ".RE\n.fi\n");
    }
}

static void man_flags(struct proa_cli_out *out, const struct proa_cli_flag *flags)
{
    for (; flags->name; flags++) {
        proa_cli_out_printf(out, ".TP\n");
        if (flags->letter) {
            proa_cli_out_printf(out, "\\fB\\-%c\\fR, ", flags->letter);
        }
        proa_cli_out_printf(out, "\\fB\\-\\-");
        roff(out, proa_slice_cstr(flags->name));
        proa_cli_out_printf(out, "\\fR%s%s%s\n", flags->arg ? " \\fI" : "",
                            flags->arg ? flags->arg : "", flags->arg ? "\\fR" : "");
        roff(out, proa_slice_cstr(flags->help));
        proa_cli_out_printf(out, "\n");
    }
}

static void man_command(struct proa_cli_out *out, const struct proa_cli_command *command)
{
    proa_cli_out_printf(out, ".SS \"proa %s\"\n%s.\n", command->name, command->brief);
    if (command->operands[0]) {
        proa_cli_out_printf(out, "Operands: ");
        roff(out, proa_slice_cstr(command->operands));
        proa_cli_out_printf(out, "\n");
    }
    if (command->about[0]) {
        proa_cli_out_printf(out, ".PP\n");
        man_about(out, command->about);
    }
    man_flags(out, command->flags);
}

static const struct {
    const char *name;
    const char *text;
} EXITS[] = {
    {"0", "All went well."},
    {"1", "\"healthcheck\": not well. \"models\": none is like that. \"drain --wait\": still "
          "running. \"sim --check\": a bound is not met."},
    {"64", "The command line is wrong."},
    {"65", "A scenario is wrong."},
    {"66", "A file does not exist."},
    {"69", "What the command needs is not there: no running proa, or a provider's list."},
    {"71", "The system refused something, such as a listener's address."},
    {"73", "A file could not be created, or is there already."},
    {"74", "Output could not be written."},
    {"77", "No permission."},
    {"78", "The configuration is wrong."},
};

static const struct {
    const char *name;
    const char *text;
} VARIABLES[] = {
    {"PROA_CONFIG", "Default of --config."},
    {"PROA_<SECTION>_<KEY>", "Any single setting of the configuration, as PROA_LISTEN_DATA."},
    {"OPENAI_API_KEY, ...", "Without a configuration, the keys of known vendors make providers."},
    {"HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
     "The way to providers, where egress and the provider say nothing."},
    {"PROA_ADMIN_TOKEN", "The token of operators, for \"cache purge\"."},
    {"NO_COLOR, TERM=dumb", "No colour."},
};

void proa_cli_help_man(struct proa_cli_out *out)
{
    proa_cli_out_printf(out,
                        ".TH PROA 1 \"\" \"proa %s\" \"User Commands\"\n.SH NAME\nproa \\- %s\n",
                        proa_version_text(), proa_cli_program.brief);
    proa_cli_out_printf(out,
                        ".SH SYNOPSIS\n.B proa\n.I COMMAND\n[\\fIFLAG\\fR...]\n.SH COMMANDS\n");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        man_command(out, c);
    }
    proa_cli_out_printf(out, ".SH COMMON FLAGS\n");
    man_flags(out, proa_cli_common_flags);
    proa_cli_out_printf(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < PROA_ARRAY_LEN(VARIABLES); i++) {
        proa_cli_out_printf(out, ".TP\n.B %s\n", VARIABLES[i].name);
        roff(out, proa_slice_cstr(VARIABLES[i].text));
        proa_cli_out_printf(out, "\n");
    }
    proa_cli_out_printf(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < PROA_ARRAY_LEN(EXITS); i++) {
        proa_cli_out_printf(out, ".TP\n.B %s\n", EXITS[i].name);
        roff(out, proa_slice_cstr(EXITS[i].text));
        proa_cli_out_printf(out, "\n");
    }
    proa_cli_out_printf(out, ".SH SEE ALSO\n.BR proa.yaml (5)\n");
}

int proa_cli_help(struct proa_cli *cli)
{
    if (proa_cli_args_has(cli->args, "man")) {
        proa_cli_help_man(&cli->out);
        return EX_OK;
    }
    if (cli->args->n_operands == 0) {
        proa_cli_help_program(&cli->out);
        return EX_OK;
    }
    const char *name = cli->args->operands[0];
    const struct proa_cli_command *command = proa_cli_command_find(name);
    if (!command) {
        char shown[PROA_CLI_SHOWN_MAX];
        const char *near = proa_cli_command_near(name);
        return proa_cli_usage(cli, "unknown command \"%s\"%s%s%s",
                              proa_cli_shown(shown, proa_slice_cstr(name)),
                              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    proa_cli_help_command(&cli->out, command);
    return EX_OK;
}
