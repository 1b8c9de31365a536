#include "hash_priv.h"

#include "proa/core/check.h"

/* Keys are short: inlined, the hash costs less than the call through the dynamic linker. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t proa_hash64(struct proa_slice s, uint64_t seed)
{
    return XXH3_64bits_withSeed(s.len ? s.ptr : "", s.len, seed);
}

// NOLINTNEXTLINE(misc-redundant-expression): that they agree is what is asserted
_Static_assert(sizeof(XXH3_state_t) <= sizeof(struct proa_hasher) &&
                   _Alignof(XXH3_state_t) <= _Alignof(struct proa_hasher),
               "the state has grown");
_Static_assert(PROA_HASH_SECRET_BYTES >= XXH3_SECRET_SIZE_MIN, "the secret is too short");

static XXH3_state_t *state_of(struct proa_hasher *h)
{
    return (XXH3_state_t *)(void *)h->state;
}

void proa_hasher_init(struct proa_hasher *h, const unsigned char secret[PROA_HASH_SECRET_BYTES])
{
    PROA_ASSERT(XXH3_128bits_reset_withSecret(state_of(h), secret, PROA_HASH_SECRET_BYTES) ==
                XXH_OK);
}

#if PROA_HASH_WIDE
/* Is it long enough for large vectors, and does the processor have them? */
static inline bool is_wide(struct proa_slice s)
{
    return s.len >= PROA_HASH_WIDE_MIN && __builtin_cpu_supports("avx2");
}
#endif

void proa_hasher_add(struct proa_hasher *h, struct proa_slice s)
{
#if PROA_HASH_WIDE
    if (is_wide(s)) {
        proa_hasher_add_wide(h, s);
        return;
    }
#endif
    if (s.len > 0) {
        PROA_ASSERT(XXH3_128bits_update(state_of(h), s.ptr, s.len) == XXH_OK);
    }
}

struct proa_hash128 proa_hasher_final(const struct proa_hasher *h)
{
    const XXH128_hash_t hash = XXH3_128bits_digest((const XXH3_state_t *)(const void *)h->state);
    return (struct proa_hash128){.low = hash.low64, .high = hash.high64};
}

struct proa_hash128 proa_hash128_of(const unsigned char secret[PROA_HASH_SECRET_BYTES],
                                    struct proa_slice s)
{
#if PROA_HASH_WIDE
    if (is_wide(s)) {
        return proa_hash128_wide(secret, s);
    }
#endif
    const XXH128_hash_t hash =
        XXH3_128bits_withSecret(s.len ? s.ptr : "", s.len, secret, PROA_HASH_SECRET_BYTES);
    return (struct proa_hash128){.low = hash.low64, .high = hash.high64};
}
