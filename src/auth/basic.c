#include "proa/auth/basic.h"

#include "proa/tls/digest.h"

#define SCHEME "Basic "

enum { VALUE_MAX = sizeof(SCHEME) + PROA_BASE64_ENCODED_MAX((size_t)PROA_BASIC_PAIR_MAX) };

static bool is_pair(struct proa_slice pair)
{
    for (size_t i = 0; i < pair.len; i++) {
        const unsigned char c = (unsigned char)pair.ptr[i];
        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    return proa_slice_find(pair, ':') < pair.len;
}

enum proa_err proa_basic_create(struct proa_slice pair, struct proa_secret **out)
{
    char value[VALUE_MAX];
    size_t n = sizeof(SCHEME) - 1;
    if (pair.len > PROA_BASIC_PAIR_MAX) {
        return PROA_ERR_LIMIT;
    }
    if (!is_pair(pair)) {
        return PROA_ERR_SYNTAX;
    }
    memcpy(value, SCHEME, n);
    n += proa_base64_encode(PROA_BASE64, pair, value + n);
    const enum proa_err err = proa_secret_create(proa_slice_make(value, n), out);
    proa_zeroize(value, sizeof value);
    return err;
}
