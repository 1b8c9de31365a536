/*
 * Keyed non-cryptographic hashes (XXH3 of libxxhash). Collisions can be found by whoever knows the
 * seed or the secret, so a table that matters compares the bytes as well.
 */
#ifndef PROA_CORE_HASH_H
#define PROA_CORE_HASH_H

#include "proa/core/slice.h"

uint64_t proa_hash64(struct proa_slice s, uint64_t seed);

/* 128 bits over bytes that come in pieces, under a secret of random bytes. */
struct proa_hash128 {
    uint64_t low;
    uint64_t high;
};

enum { PROA_HASH_SECRET_BYTES = 192 };

/* Value type; nothing to release. */
struct proa_hasher {
    _Alignas(64) unsigned char state[576];
};

/* The secret is borrowed until the last call. */
void proa_hasher_init(struct proa_hasher *h, const unsigned char secret[PROA_HASH_SECRET_BYTES]);
/* The same bytes give the same hash however they are cut. */
void proa_hasher_add(struct proa_hasher *h, struct proa_slice s);
struct proa_hash128 proa_hasher_final(const struct proa_hasher *h);
/* The same hash at once, of bytes that are in one place. */
struct proa_hash128 proa_hash128_of(const unsigned char secret[PROA_HASH_SECRET_BYTES],
                                    struct proa_slice s);

#endif
