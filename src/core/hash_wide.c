/* Built for AVX2 (src/build/modules.cmake), which hash.c asks the processor for. */
#include "hash_priv.h"

#if PROA_HASH_WIDE

#ifndef __AVX2__
#error "hash_wide.c is to be built with -mavx2"
#endif

#include "proa/core/check.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct proa_hash128 proa_hash128_wide(const unsigned char secret[PROA_HASH_SECRET_BYTES],
                                      struct proa_slice s)
{
    const XXH128_hash_t hash =
        XXH3_128bits_withSecret(s.ptr, s.len, secret, PROA_HASH_SECRET_BYTES);
    return (struct proa_hash128){.low = hash.low64, .high = hash.high64};
}

void proa_hasher_add_wide(struct proa_hasher *h, struct proa_slice s)
{
    XXH3_state_t *state = (XXH3_state_t *)(void *)h->state;
    PROA_ASSERT(XXH3_128bits_update(state, s.ptr, s.len) == XXH_OK);
}

#endif
