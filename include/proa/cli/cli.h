/*
 * The command line: `proa COMMAND [FLAG...] [OPERAND...]`.
 *
 * I/O half, the topmost module. Commands and their flags are rows of tables (command.c): parsing,
 * help, the manual page and shell completion all come from them. Exit codes are those of
 * sysexits.h; `status`-like commands say no with 1.
 */
#ifndef PROA_CLI_CLI_H
#define PROA_CLI_CLI_H

/*
 * Runs the command that argv names and returns the exit code of the process: 0; 1 (healthcheck:
 * no); 64 a wrong command line; 66 a file that does not exist; 71 the system refused something;
 * 74 output could not be written; 77 no permission; 78 the configuration is wrong. Ignores SIGPIPE
 * from then on, so that a reader who leaves is a failed write. argv is borrowed.
 */
int proa_cli_main(int argc, char **argv);

#endif
