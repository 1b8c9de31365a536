/*
 * The protocol of Redis and Valkey, version 2, by hiredis's reader and formatter. Private to the
 * module.
 *
 * Handle type; no I/O. Of replies only those without parts are known: an array, or anything of the
 * protocol's third version, is an error, so that nobody can have memory set aside by saying how
 * much will come. What is there but not whole is bounded.
 */
#ifndef PROA_STORE_RESP_PRIV_H
#define PROA_STORE_RESP_PRIV_H

#include "proa/core/buf.h"
#include "proa/core/err.h"

enum resp_kind { RESP_NIL = 0, RESP_BYTES, RESP_STATUS, RESP_NUMBER, RESP_ERROR };

struct resp;

/* max_bytes: of the longest string. */
struct resp *proa_resp_create(size_t max_bytes);
void proa_resp_destroy(struct resp *r); /* NULL is fine */

/* ERR_LIMIT, ERR_PROTOCOL: nothing more can be read. */
enum proa_err proa_resp_feed(struct resp *r, struct proa_slice bytes) PROA_MUST_CHECK;
/* The next reply that is whole, in *out: the bytes of a string, status or error, the reader's own
 * and to be written over, until the next call. *found false: there is none yet. */
enum proa_err proa_resp_next(struct resp *r, bool *found, enum resp_kind *kind,
                             struct proa_buf **out) PROA_MUST_CHECK;

/* A command on the wire, to be released. */
struct resp_command {
    char *ptr;
    size_t len;
};
enum { RESP_ARGS_MAX = 8 };
struct resp_command proa_resp_format(const struct proa_slice *args, size_t n);
void proa_resp_release(struct resp_command *command);

const char *proa_resp_library(void);

#endif
