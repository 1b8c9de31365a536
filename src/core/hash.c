#include "proa/core/hash.h"

/* Keys are short: inlined, the hash costs less than the call through the dynamic linker. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t proa_hash64(struct proa_slice s, uint64_t seed)
{
    return XXH3_64bits_withSeed(s.len ? s.ptr : "", s.len, seed);
}
