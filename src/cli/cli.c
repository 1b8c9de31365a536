/*
 * From argv to a command and its exit code.
 */
#include "proa/cli/cli.h"

#include "command_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

/* The event loop, the listeners, a log and a few connections. */
enum { MIN_FILES = 32 };

const char *proa_cli_env(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing calls setenv */
    return value && value[0] ? value : NULL;
}

static void PROA_PRINTF(2, 0) say(struct proa_cli *cli, const char *fmt, va_list args)
{
    char text[1024];
    (void)vsnprintf(text, sizeof text, fmt, args);
    proa_cli_out_printf(&cli->err, "proa: %s\n", text);
}

int proa_cli_usage(struct proa_cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
    const char *name = cli->args->command->name;
    const bool program = cli->args->command == &proa_cli_program;
    proa_cli_out_printf(&cli->err, "See \"proa %s%s--help\".\n", program ? "" : name,
                        program ? "" : " ");
    return EX_USAGE;
}

int proa_cli_fail(struct proa_cli *cli, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
    return code;
}

int proa_cli_fail_diags(struct proa_cli *cli, int code, const struct proa_diags *diags)
{
    uint32_t i = 0;
    while (i < diags->n && diags->items[i].level != PROA_DIAG_ERROR) {
        i++;
    }
    if (i == diags->n) {
        return proa_cli_fail(cli, code, "the configuration cannot be used");
    }
    const struct proa_diag *d = &diags->items[i];
    char file[PROA_CLI_SHOWN_MAX];
    char message[PROA_CLI_SHOWN_MAX];
    (void)proa_cli_shown(file, proa_slice_cstr(d->file));
    (void)proa_cli_shown(message, proa_slice_cstr(d->message));
    if (!d->file) {
        return proa_cli_fail(cli, code, "%s", message);
    }
    if (d->line == 0) {
        return proa_cli_fail(cli, code, "%s: %s", file, message);
    }
    return proa_cli_fail(cli, code, "%s:%u:%u: %s", file, (unsigned)d->line, (unsigned)d->col,
                         message);
}

static void set_colors(struct proa_cli *cli, const struct proa_cli_args *args)
{
    const char *when = proa_cli_args_value(args, "color");
    const enum proa_cli_color color = !when                         ? PROA_CLI_COLOR_AUTO
                                      : strcmp(when, "always") == 0 ? PROA_CLI_COLOR_ALWAYS
                                      : strcmp(when, "never") == 0  ? PROA_CLI_COLOR_NEVER
                                                                    : PROA_CLI_COLOR_AUTO;
    if (when || args->command == &proa_cli_program) {
        proa_cli_out_set_color(&cli->out, color);
        proa_cli_out_set_color(&cli->err, color);
    }
}

/* With fewer there is no event loop, or one that can serve nobody. */
static bool may_open_enough(struct proa_cli *cli)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MIN_FILES) {
        return true;
    }
    limit.rlim_cur = limit.rlim_max < MIN_FILES ? limit.rlim_max : MIN_FILES;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < MIN_FILES) {
        (void)proa_cli_fail(cli, EX_OSERR,
                            "this process may open %ju files only, and at least %d are needed; "
                            "raise the limit (ulimit -n, LimitNOFILE)",
                            (uintmax_t)limit.rlim_cur, MIN_FILES);
        return false;
    }
    return true;
}

static int run_command(struct proa_cli *cli, const struct proa_cli_command *command, char **argv,
                       size_t n)
{
    struct proa_cli_args args;
    struct proa_cli_out problem;
    int code = EX_OK;
    proa_cli_out_init(&problem, -1);
    const bool ok = proa_cli_args_parse(&args, command, argv, n, &problem);
    cli->args = &args;
    set_colors(cli, &args);
    if (proa_cli_args_has(&args, "help")) {
        proa_cli_help_command(&cli->out, command);
    } else if (!ok) {
        code =
            proa_cli_usage(cli, "%" PROA_SLICE_FMT, PROA_SLICE_ARG(proa_buf_slice(&problem.buf)));
    } else {
        code = may_open_enough(cli) ? command->run(cli) : EX_OSERR;
    }
    cli->args = NULL;
    proa_cli_args_deinit(&args);
    proa_cli_out_deinit(&problem);
    return code;
}

/* No command: --version, --help, or a mistake. */
static int run_program(struct proa_cli *cli)
{
    if (proa_cli_args_has(cli->args, "help")) {
        proa_cli_help_program(&cli->out);
        return EX_OK;
    }
    if (proa_cli_args_has(cli->args, "version")) {
        return proa_cli_version(cli);
    }
    proa_cli_help_program(&cli->err);
    return EX_USAGE;
}

static int dispatch(struct proa_cli *cli, char **argv, size_t n)
{
    struct proa_cli_args args;
    struct proa_cli_out problem;
    int code = EX_OK;
    proa_cli_out_init(&problem, -1);
    const size_t at = proa_cli_args_parse_leading(&args, argv, n, &problem);
    cli->args = &args;
    set_colors(cli, &args);
    if (at == SIZE_MAX) {
        code =
            proa_cli_usage(cli, "%" PROA_SLICE_FMT, PROA_SLICE_ARG(proa_buf_slice(&problem.buf)));
    } else if (at == n || proa_cli_args_has(&args, "version") || proa_cli_args_has(&args, "help")) {
        code = run_program(cli);
    } else {
        const struct proa_cli_command *command = proa_cli_command_find(argv[at]);
        if (command) {
            code = run_command(cli, command, argv + at + 1, n - at - 1);
        } else {
            char shown[PROA_CLI_SHOWN_MAX];
            const char *near = proa_cli_command_near(argv[at]);
            code = proa_cli_usage(cli, "unknown command \"%s\"%s%s%s",
                                  proa_cli_shown(shown, proa_slice_cstr(argv[at])),
                                  near ? "; did you mean \"" : "", near ? near : "",
                                  near ? "\"?" : "");
        }
    }
    proa_cli_args_deinit(&args);
    proa_cli_out_deinit(&problem);
    return code;
}

/*
 * What is opened next would take the place of a standard descriptor that is closed: log lines would
 * then go into a connection, and libuv ends a process that gives such a number back. A descriptor
 * that neither takes nor gives holds the place; reading and writing fail as if it were closed.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
        }
    }
}

int proa_cli_main(int argc, char **argv)
{
    struct proa_cli cli = {0};
    hold_standard_descriptors();
    (void)signal(SIGPIPE, SIG_IGN);
    proa_cli_out_init(&cli.out, STDOUT_FILENO);
    proa_cli_out_init(&cli.err, STDERR_FILENO);
    int code = dispatch(&cli, argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    if (!proa_cli_out_flush(&cli.out)) {
        /* Whoever closed the pipe knows; a full disk must be told. */
        if (cli.out.error != EPIPE) {
            char reason[128];
            proa_cli_out_printf(&cli.err, "proa: cannot write to standard output: %s\n",
                                strerror_r(cli.out.error, reason, sizeof reason));
        }
        code = code == EX_OK ? EX_IOERR : code;
    }
    (void)proa_cli_out_flush(&cli.err);
    proa_cli_out_deinit(&cli.out);
    proa_cli_out_deinit(&cli.err);
    return code;
}
