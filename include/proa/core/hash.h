/*
 * Keyed non-cryptographic hashes (XXH3 of libxxhash). Collisions can be found by whoever knows the
 * seed, so a table that matters compares the bytes as well.
 */
#ifndef PROA_CORE_HASH_H
#define PROA_CORE_HASH_H

#include "proa/core/slice.h"

uint64_t proa_hash64(struct proa_slice s, uint64_t seed);

#endif
