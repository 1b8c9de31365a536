/*
 * The way from the root of a configuration to a value, `routes[2].retry.max_attempts`, and messages
 * that begin with it. Frames live on the C stack of the walk that makes them.
 */
#ifndef PROA_CONFIG_PATH_PRIV_H
#define PROA_CONFIG_PATH_PRIV_H

#include "proa/core/diag.h"
#include "proa/core/option.h"

struct proa_path {
    const struct proa_path *up; /* NULL at the first step; a NULL path is the root */
    struct proa_slice key;
    size_t index;
    bool is_index;
};

/* Writes at most cap - 1 bytes and a NUL; too long a path loses its end. */
void proa_path_text(const struct proa_path *path, char *out, size_t cap);

/* An error at a place: "path: message", or the message alone at the root. */
void proa_path_error(struct proa_diags *diags, const struct proa_path *path,
                     struct proa_option_where at, const char *fmt, ...) PROA_PRINTF(4, 5);

/* "file:line:col", or just the file when the line is unknown. */
void proa_path_place(struct proa_option_where at, char *out, size_t cap);

#endif
