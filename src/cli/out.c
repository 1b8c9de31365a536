#include "out_priv.h"

#include "proa/core/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_MAX = 4 * 1024 * 1024, FLUSH_AT = 64 * 1024 };

void proa_cli_out_init(struct proa_cli_out *out, int fd)
{
    *out = (struct proa_cli_out){.fd = fd};
    proa_buf_init(&out->buf, OUT_MAX);
}

void proa_cli_out_deinit(struct proa_cli_out *out)
{
    proa_buf_deinit(&out->buf);
}

bool proa_cli_write_all(int fd, struct proa_slice bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n > 0) {
            bytes = proa_slice_from(bytes, (size_t)n);
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool proa_cli_out_flush(struct proa_cli_out *out)
{
    if (out->fd < 0) {
        return !out->failed;
    }
    if (!out->failed && out->buf.len > 0 &&
        !proa_cli_write_all(out->fd, proa_buf_slice(&out->buf))) {
        out->failed = true;
        out->error = errno;
    }
    proa_buf_clear(&out->buf);
    return !out->failed;
}

void proa_cli_out_slice(struct proa_cli_out *out, struct proa_slice text)
{
    if (out->fd >= 0 && out->buf.len + text.len > FLUSH_AT) {
        (void)proa_cli_out_flush(out);
    }
    if (proa_buf_append(&out->buf, text) != PROA_OK) {
        out->failed = true;
        out->error = ENOBUFS;
    }
}

void proa_cli_out_printf(struct proa_cli_out *out, const char *fmt, ...)
{
    char text[2048];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n > 0) {
        const size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
        proa_cli_out_slice(out, proa_slice_make(text, len));
    }
}

/* ---- colour ---------------------------------------------------------------------------------- */

void proa_cli_out_set_color(struct proa_cli_out *out, enum proa_cli_color when)
{
    /* https://no-color.org: present and not empty, whatever it says. */
    const char *no_color = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    const char *term = getenv("TERM");         /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    const bool fit = (!no_color || !no_color[0]) && term && strcmp(term, "dumb") != 0;
    out->color = when == PROA_CLI_COLOR_ALWAYS ||
                 (when == PROA_CLI_COLOR_AUTO && fit && out->fd >= 0 && isatty(out->fd) == 1);
}

const char *proa_cli_bold(const struct proa_cli_out *out)
{
    return out->color ? "\033[1m" : "";
}

const char *proa_cli_red(const struct proa_cli_out *out)
{
    return out->color ? "\033[1;31m" : "";
}

const char *proa_cli_yellow(const struct proa_cli_out *out)
{
    return out->color ? "\033[1;33m" : "";
}

const char *proa_cli_plain(const struct proa_cli_out *out)
{
    return out->color ? "\033[0m" : "";
}

/* ---- text of others -------------------------------------------------------------------------- */

const char *proa_cli_shown(char into[PROA_CLI_SHOWN_MAX], struct proa_slice text)
{
    static const char HEX[] = "0123456789abcdef";
    size_t at = 0;
    size_t i = 0;
    for (; i < text.len && at + 8 < PROA_CLI_SHOWN_MAX; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != 0x7f) {
            into[at++] = (char)c;
            continue;
        }
        into[at++] = '\\';
        into[at++] = 'x';
        into[at++] = HEX[c >> 4];
        into[at++] = HEX[c & 15];
    }
    for (size_t dots = 0; i < text.len && dots < 3; dots++) {
        into[at++] = '.';
    }
    into[at] = '\0';
    return into;
}

const char *proa_cli_span(char into[PROA_CLI_SPAN_MAX], uint64_t milliseconds)
{
    struct proa_buf text;
    proa_buf_init(&text, PROA_CLI_SPAN_MAX - 1);
    (void)proa_buf_append_span(&text, milliseconds > UINT64_MAX / PROA_NS_PER_MS
                                          ? UINT64_MAX
                                          : milliseconds * PROA_NS_PER_MS);
    (void)snprintf(into, PROA_CLI_SPAN_MAX, "%.*s", (int)text.len, text.ptr);
    proa_buf_deinit(&text);
    return into;
}
