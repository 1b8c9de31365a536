/*
 * The parser: GNU style. `--name=value`, `--name value`, `-c value`, `-cvalue`, short switches
 * together; flags and operands in any order; `--` ends the flags. Names are never abbreviated: what
 * is unambiguous today would not be tomorrow.
 */
#include "command_priv.h"

#include "proa/core/alloc.h"

struct parser {
    struct proa_cli_args *args;
    char **argv;
    size_t n;
    size_t at; /* the argument after the one that is being looked at */
    struct proa_cli_out *err;
};

static bool find_in(const struct proa_cli_flag *table, struct proa_slice name, char letter,
                    const struct proa_cli_flag **out)
{
    for (const struct proa_cli_flag *flag = table; flag->name; flag++) {
        if (letter ? flag->letter == letter : proa_slice_eq(name, proa_slice_cstr(flag->name))) {
            *out = flag;
            return true;
        }
    }
    return false;
}

static const struct proa_cli_flag *find(const struct proa_cli_command *command,
                                        struct proa_slice name, char letter)
{
    const struct proa_cli_flag *flag = NULL;
    return find_in(command->flags, name, letter, &flag) ||
                   find_in(proa_cli_common_flags, name, letter, &flag)
               ? flag
               : NULL;
}

static bool unknown(struct parser *p, struct proa_slice name, char letter)
{
    char shown[PROA_CLI_SHOWN_MAX];
    if (letter) {
        proa_cli_out_printf(p->err, "unknown flag \"-%s\"",
                            proa_cli_shown(shown, proa_slice_make(&letter, 1)));
        return false;
    }
    proa_cli_out_printf(p->err, "unknown flag \"--%s\"", proa_cli_shown(shown, name));
    const char *near = proa_cli_flag_near(p->args->command, name);
    if (near) {
        proa_cli_out_printf(p->err, "; did you mean \"--%s\"?", near);
    }
    return false;
}

static bool is_choice(const struct proa_cli_flag *flag, const char *value)
{
    if (!flag->choices) {
        return true;
    }
    for (const char *const *choice = flag->choices; *choice; choice++) {
        if (strcmp(*choice, value) == 0) {
            return true;
        }
    }
    return false;
}

static bool give(struct parser *p, const struct proa_cli_flag *flag, const char *value)
{
    char shown[PROA_CLI_SHOWN_MAX];
    if (!value && flag->arg) {
        if (p->at == p->n) {
            proa_cli_out_printf(p->err, "--%s wants a value: --%s %s", flag->name, flag->name,
                                flag->arg);
            return false;
        }
        value = p->argv[p->at++];
    } else if (value && !flag->arg) {
        proa_cli_out_printf(p->err, "--%s takes no value, not \"%s\"", flag->name,
                            proa_cli_shown(shown, proa_slice_cstr(value)));
        return false;
    }
    if (value && !is_choice(flag, value)) {
        proa_cli_out_printf(p->err, "--%s cannot be \"%s\"; it is one of", flag->name,
                            proa_cli_shown(shown, proa_slice_cstr(value)));
        for (const char *const *choice = flag->choices; *choice; choice++) {
            proa_cli_out_printf(p->err, "%s %s", choice == flag->choices ? "" : ",", *choice);
        }
        return false;
    }
    p->args->given[p->args->n_given++] = (struct proa_cli_given){flag, value};
    return true;
}

static bool parse_long(struct parser *p, const char *text)
{
    struct proa_slice name = proa_slice_cstr(text);
    const size_t equals = proa_slice_find(name, '=');
    const char *value = equals < name.len ? text + equals + 1 : NULL;
    name.len = equals;
    const struct proa_cli_flag *flag = find(p->args->command, name, 0);
    return flag ? give(p, flag, value) : unknown(p, name, 0);
}

/* -q, -qv, -c PATH, -cPATH */
static bool parse_short(struct parser *p, const char *text)
{
    for (; *text; text++) {
        const struct proa_cli_flag *flag = find(p->args->command, PROA_SLICE_NONE, *text);
        if (!flag) {
            return unknown(p, PROA_SLICE_NONE, *text);
        }
        if (flag->arg) {
            return give(p, flag, text[1] ? text + 1 : NULL);
        }
        if (!give(p, flag, NULL)) {
            return false;
        }
    }
    return true;
}

static bool operand(struct parser *p, const char *text)
{
    struct proa_cli_args *args = p->args;
    if (args->n_operands == args->command->n_operands) {
        char shown[PROA_CLI_SHOWN_MAX];
        proa_cli_out_printf(p->err, "unexpected argument \"%s\"",
                            proa_cli_shown(shown, proa_slice_cstr(text)));
        return false;
    }
    args->operands[args->n_operands++] = text;
    return true;
}

static void begin(struct proa_cli_args *args, const struct proa_cli_command *command, char **argv,
                  size_t n)
{
    /* An argument makes at most as many flags as it has bytes: -qv */
    size_t most = 1;
    for (size_t i = 0; i < n; i++) {
        most += strlen(argv[i]) + 1;
    }
    *args = (struct proa_cli_args){
        .command = command,
        .given = proa_alloc_zero(most, sizeof(struct proa_cli_given)),
        .operands = proa_alloc_zero(n + 1, sizeof(char *)),
    };
}

static bool parse_flag(struct parser *p, const char *text)
{
    return text[1] == '-' ? parse_long(p, text + 2) : parse_short(p, text + 1);
}

static bool is_flag(const char *text)
{
    return text[0] == '-' && text[1] != '\0'; /* a lone "-" is an operand: stdin or stdout */
}

bool proa_cli_args_parse(struct proa_cli_args *args, const struct proa_cli_command *command,
                         char **argv, size_t n, struct proa_cli_out *err)
{
    struct parser p = {.args = args, .argv = argv, .n = n, .err = err};
    bool flags = true;
    begin(args, command, argv, n);
    while (p.at < n) {
        const char *text = argv[p.at++];
        if (flags && strcmp(text, "--") == 0) {
            flags = false;
        } else if (!(flags && is_flag(text) ? parse_flag(&p, text) : operand(&p, text))) {
            return false;
        }
    }
    return true;
}

size_t proa_cli_args_parse_leading(struct proa_cli_args *args, char **argv, size_t n,
                                   struct proa_cli_out *err)
{
    struct parser p = {.args = args, .argv = argv, .n = n, .err = err};
    begin(args, &proa_cli_program, argv, n);
    while (p.at < n && is_flag(argv[p.at]) && strcmp(argv[p.at], "--") != 0) {
        if (!parse_flag(&p, argv[p.at++])) {
            return SIZE_MAX;
        }
    }
    return p.at;
}

void proa_cli_args_deinit(struct proa_cli_args *args)
{
    proa_free(args->given);
    proa_free(args->operands);
    *args = (struct proa_cli_args){0};
}

bool proa_cli_args_has(const struct proa_cli_args *args, const char *name)
{
    for (size_t i = 0; i < args->n_given; i++) {
        if (strcmp(args->given[i].flag->name, name) == 0) {
            return true;
        }
    }
    return false;
}

size_t proa_cli_args_values(const struct proa_cli_args *args, const char *name, const char **out,
                            size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < args->n_given && n < cap; i++) {
        if (strcmp(args->given[i].flag->name, name) == 0) {
            out[n++] = args->given[i].value;
        }
    }
    return n;
}

const char *proa_cli_args_value(const struct proa_cli_args *args, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < args->n_given; i++) {
        if (strcmp(args->given[i].flag->name, name) == 0) {
            value = args->given[i].value;
        }
    }
    return value;
}
