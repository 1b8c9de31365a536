/*
 * Commands as rows of a table, and a command line parsed by it. Private to the module.
 */
#ifndef PROA_CLI_COMMAND_PRIV_H
#define PROA_CLI_COMMAND_PRIV_H

#include "out_priv.h"

#include "proa/core/diag.h"

struct proa_cli;

/* A flag. Only c, h, V, v and q have a short form, the same one for every command. */
struct proa_cli_flag {
    const char *name;           /* "config", written --config; NULL ends a table */
    char letter;                /* 0 = none */
    const char *arg;            /* "PATH"; NULL = a switch */
    const char *const *choices; /* NULL-terminated: nothing else is a value; NULL = anything */
    const char *help;
};

struct proa_cli_command {
    const char *name; /* NULL ends the table */
    const char *brief;
    const char *operands; /* "[PATH...]" as the synopsis shows it; "" = none */
    size_t n_operands;    /* at most so many */
    /* Paragraphs, separated by an empty line; a line that starts with two blanks is kept as it is.
     */
    const char *about;
    const struct proa_cli_flag *flags;
    int (*run)(struct proa_cli *cli); /* the exit code */
    /* Further lines of the help, made at run time; may be NULL. */
    void (*more)(struct proa_cli_out *out);
};

/* Everything there is, in the order of the help. */
extern const struct proa_cli_command proa_cli_commands[];
/* Flags that every command knows. */
extern const struct proa_cli_flag proa_cli_common_flags[];
/* What may stand before the command: `proa --version`. */
extern const struct proa_cli_command proa_cli_program;
/* NULL when there is none of that name. */
const struct proa_cli_command *proa_cli_command_find(const char *name);
/* The name of a command, or of a flag of `command`, that is close to what was typed; or NULL. */
const char *proa_cli_command_near(const char *typed);
const char *proa_cli_flag_near(const struct proa_cli_command *command, struct proa_slice typed);

/* One flag as it was given. */
struct proa_cli_given {
    const struct proa_cli_flag *flag;
    const char *value; /* NULL for a switch */
};

/* A parsed command line. Borrows argv. */
struct proa_cli_args {
    const struct proa_cli_command *command;
    struct proa_cli_given *given; /* in the order they came */
    size_t n_given;
    const char **operands;
    size_t n_operands;
};

/*
 * Parses what follows the command's name. On failure one message, with a hint, is in `err`. To be
 * released with proa_cli_args_deinit() either way.
 */
bool proa_cli_args_parse(struct proa_cli_args *args, const struct proa_cli_command *command,
                         char **argv, size_t n, struct proa_cli_out *err);
/* As above for the flags before the command's name, up to the first operand; returns how many
 * arguments that were, SIZE_MAX on failure. */
size_t proa_cli_args_parse_leading(struct proa_cli_args *args, char **argv, size_t n,
                                   struct proa_cli_out *err);
void proa_cli_args_deinit(struct proa_cli_args *args);
bool proa_cli_args_has(const struct proa_cli_args *args, const char *name);
/* The last value given, or NULL. */
const char *proa_cli_args_value(const struct proa_cli_args *args, const char *name);
/* All values of a flag, at most `cap`, in order; returns how many. */
size_t proa_cli_args_values(const struct proa_cli_args *args, const char *name, const char **out,
                            size_t cap);

/* What a command works with. */
struct proa_cli {
    const struct proa_cli_args *args;
    struct proa_cli_out out; /* stdout */
    struct proa_cli_out err; /* stderr */
};

/* Says what is wrong with the command line, where help is, and returns EX_USAGE. */
int proa_cli_usage(struct proa_cli *cli, const char *fmt, ...) PROA_PRINTF(2, 3);
/* "proa: message" on stderr; returns `code`. */
int proa_cli_fail(struct proa_cli *cli, int code, const char *fmt, ...) PROA_PRINTF(3, 4);
/* The same with the first error among what reading a configuration found, and its place. */
int proa_cli_fail_diags(struct proa_cli *cli, int code, const struct proa_diags *diags);
/* The environment; NULL when unset or empty. */
const char *proa_cli_env(const char *name);

/* ---- help.c */
void proa_cli_help_program(struct proa_cli_out *out);
void proa_cli_help_command(struct proa_cli_out *out, const struct proa_cli_command *command);
void proa_cli_help_man(struct proa_cli_out *out);
/* Words wrapped at 80 columns and a newline; the first line goes on at column `at`, the others are
 * indented. */
void proa_cli_help_wrap(struct proa_cli_out *out, struct proa_slice text, size_t at, size_t indent);

/* ---- completion.c: "bash", "zsh" or "fish" */
void proa_cli_completion(struct proa_cli_out *out, const char *shell);

/* ---- the commands, one unit each */
int proa_cli_run(struct proa_cli *cli);
int proa_cli_validate(struct proa_cli *cli);
int proa_cli_sim(struct proa_cli *cli);
void proa_cli_sim_more(struct proa_cli_out *out);
int proa_cli_mock(struct proa_cli *cli);
void proa_cli_mock_more(struct proa_cli_out *out);
int proa_cli_dropin(struct proa_cli *cli);
int proa_cli_init(struct proa_cli *cli);
int proa_cli_healthcheck(struct proa_cli *cli);
int proa_cli_status(struct proa_cli *cli);
int proa_cli_explain(struct proa_cli *cli);
int proa_cli_models(struct proa_cli *cli);
int proa_cli_cache(struct proa_cli *cli);
int proa_cli_drain(struct proa_cli *cli);
int proa_cli_reload(struct proa_cli *cli);
int proa_cli_schema(struct proa_cli *cli);
int proa_cli_version(struct proa_cli *cli);
int proa_cli_help(struct proa_cli *cli);
int proa_cli_complete(struct proa_cli *cli);

#endif
