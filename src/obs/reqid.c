#include "proa/obs/reqid.h"

#include "hex_priv.h"

void proa_reqid_make(uint64_t unix_ms, struct proa_prng *prng, char out[PROA_REQID_LEN])
{
    /* RFC 9562 5.7: 48 bits of time, version 7, 12 random bits; variant 10, 62 random bits. */
    uint64_t high = unix_ms << 16 | 0x7000 | proa_prng_next(prng) >> 52;
    uint64_t low = UINT64_C(1) << 63 | proa_prng_next(prng) >> 2;
    char hex[32];
    proa_hex_u64(hex, high);
    proa_hex_u64(hex + 16, low);
    memcpy(out, hex, 8);
    out[8] = '-';
    memcpy(out + 9, hex + 8, 4);
    out[13] = '-';
    memcpy(out + 14, hex + 12, 4);
    out[18] = '-';
    memcpy(out + 19, hex + 16, 4);
    out[23] = '-';
    memcpy(out + 24, hex + 20, 12);
}

static const bool allowed[256] = {
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true,
    ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['A'] = true, ['B'] = true,
    ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true, ['H'] = true,
    ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true,
    ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true,
    ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true,
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true,
    ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true,
    ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true, ['r'] = true,
    ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true,
    ['y'] = true, ['z'] = true, ['.'] = true, ['_'] = true, [':'] = true, ['/'] = true,
    ['-'] = true};

bool proa_reqid_valid(struct proa_slice id)
{
    if (id.len == 0 || id.len > PROA_REQID_MAX) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        if (!allowed[(unsigned char)id.ptr[i]]) {
            return false;
        }
    }
    return true;
}
