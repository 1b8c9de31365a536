/*
 * Credentials of the Basic scheme (RFC 7617), as a secret.
 *
 * Pure.
 */
#ifndef PROA_AUTH_BASIC_H
#define PROA_AUTH_BASIC_H

#include "proa/auth/secret.h"

enum { PROA_BASIC_PAIR_MAX = 1024 };

/* From "user:password": the whole value of a header, "Basic dXNlcjpwYXNzd29yZA==". ERR_SYNTAX: no
 * colon, or a control character; ERR_LIMIT: too long; ERR_INTERNAL as proa_secret_create(). */
enum proa_err proa_basic_create(struct proa_slice pair, struct proa_secret **out) PROA_MUST_CHECK;

#endif
