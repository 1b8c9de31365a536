/*
 * Text to a file descriptor: gathered, written whole, and every write checked. Private to the
 * module.
 */
#ifndef PROA_CLI_OUT_PRIV_H
#define PROA_CLI_OUT_PRIV_H

#include "proa/core/buf.h"

/* Value type. fd is borrowed; -1 keeps the text in `buf`, for tests. */
struct proa_cli_out {
    struct proa_buf buf;
    int fd;
    bool color;  /* may be coloured */
    bool failed; /* something could not be written; nothing more is tried */
    int error;   /* the errno of it */
};

void proa_cli_out_init(struct proa_cli_out *out, int fd);
void proa_cli_out_deinit(struct proa_cli_out *out);
void proa_cli_out_printf(struct proa_cli_out *out, const char *fmt, ...) PROA_PRINTF(2, 3);
void proa_cli_out_slice(struct proa_cli_out *out, struct proa_slice text);
/* False when something, now or earlier, could not be written. */
bool proa_cli_out_flush(struct proa_cli_out *out);

enum proa_cli_color { PROA_CLI_COLOR_AUTO = 0, PROA_CLI_COLOR_ALWAYS, PROA_CLI_COLOR_NEVER };
/* Decides on colour: AUTO asks whether fd is a terminal, and NO_COLOR and TERM=dumb. */
void proa_cli_out_set_color(struct proa_cli_out *out, enum proa_cli_color when);
/* Escape sequences, or nothing where colour is off. Static. */
const char *proa_cli_bold(const struct proa_cli_out *out);
const char *proa_cli_red(const struct proa_cli_out *out);
const char *proa_cli_yellow(const struct proa_cli_out *out);
const char *proa_cli_plain(const struct proa_cli_out *out);

/* As proa_buf_append_span(). Returns `into`. */
enum { PROA_CLI_SPAN_MAX = 32 };
const char *proa_cli_span(char into[PROA_CLI_SPAN_MAX], uint64_t milliseconds);

/* Bytes of a command line or a file, fit for a terminal: control characters become \xNN, long ones
 * are cut. Returns `into`. */
enum { PROA_CLI_SHOWN_MAX = 256 };
const char *proa_cli_shown(char into[PROA_CLI_SHOWN_MAX], struct proa_slice text);

/* All bytes to fd; false and errno when that fails. */
bool proa_cli_write_all(int fd, struct proa_slice bytes);

#endif
