/*
 * A message on its way to a socket: short pieces are copied one behind the other, long ones are
 * pointed to. Copying what is short costs less than what the kernel does for each piece of a
 * sendmsg(): a message of up to some kilobytes goes out in one.
 *
 * Pure. Value type; text and pieces are borrowed until the message is written.
 */
#ifndef PROA_CORE_GATHER_H
#define PROA_CORE_GATHER_H

#include "proa/core/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

enum { PROA_GATHER_BYTES = 4096, PROA_GATHER_PIECES = 32 };

struct proa_gather {
    char *text;  /* PROA_GATHER_BYTES */
    size_t used; /* of text */
    size_t n;
    struct iovec iov[PROA_GATHER_PIECES]; /* the first n are the message */
};

/* For PROA_UNINIT locals: the pieces are set before they are read. */
static inline void proa_gather_init(struct proa_gather *g, char text[PROA_GATHER_BYTES])
{
    g->text = text;
    g->used = 0;
    g->n = 0;
}

/* Copies the piece if there is room; *piece is where it stands now. True: it goes on where the last
 * one ends, and is part of that. */
static inline bool proa_gather_copy(struct proa_gather *g, struct iovec *piece)
{
    char *const at = g->text + g->used;
    if (piece->iov_len > PROA_GATHER_BYTES - g->used) {
        return false;
    }
    memcpy(at, piece->iov_base, piece->iov_len);
    piece->iov_base = at;
    g->used += piece->iov_len;
    struct iovec *const last = &g->iov[g->n > 0 ? g->n - 1 : 0];
    if (g->n == 0 || (char *)last->iov_base + last->iov_len != at) {
        return false;
    }
    last->iov_len += piece->iov_len;
    return true;
}

/* False: there are too many pieces, and this one is not taken; write those and begin anew. */
static inline bool proa_gather_add(struct proa_gather *g, struct iovec piece)
{
    if (piece.iov_len == 0 || proa_gather_copy(g, &piece)) {
        return true;
    }
    if (PROA_UNLIKELY(g->n == PROA_GATHER_PIECES)) {
        return false;
    }
    g->iov[g->n++] = piece;
    return true;
}

#endif
