#include "proa/obs/ulid.h"

enum { TIME_DIGITS = 10, BITS = 5 };

/* Without I, L, O and U, which people misread. */
static const char DIGITS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void put(char *out, unsigned n, uint64_t value)
{
    for (unsigned i = n; i > 0; i--) {
        out[i - 1] = DIGITS[value & 0x1f];
        value >>= BITS;
    }
}

void proa_ulid_make(uint64_t unix_ms, struct proa_prng *prng, char out[PROA_ULID_LEN])
{
    const unsigned half = (PROA_ULID_LEN - TIME_DIGITS) / 2;
    put(out, TIME_DIGITS, unix_ms & UINT64_C(0xffffffffffff));
    put(out + TIME_DIGITS, half, proa_prng_next(prng) >> 24);
    put(out + TIME_DIGITS + half, half, proa_prng_next(prng) >> 24);
}
