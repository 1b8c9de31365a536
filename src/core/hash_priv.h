/*
 * The hash in large vectors (hash_wide.c), for processors of the x86-64 family that have them; the
 * same values as without. This module only.
 */
#ifndef PROA_CORE_HASH_PRIV_H
#define PROA_CORE_HASH_PRIV_H

#include "proa/core/hash.h"

#if defined(__x86_64__)
#define PROA_HASH_WIDE 1
#else
#define PROA_HASH_WIDE 0
#endif

/* Shorter ones make no use of vectors. */
enum { PROA_HASH_WIDE_MIN = 256 };

struct proa_hash128 proa_hash128_wide(const unsigned char secret[PROA_HASH_SECRET_BYTES],
                                      struct proa_slice s);
void proa_hasher_add_wide(struct proa_hasher *h, struct proa_slice s);

#endif
