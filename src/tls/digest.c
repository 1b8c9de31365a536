#include "proa/tls/digest.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct proa_sha256),
               "struct proa_sha256 must hold the library's state");

static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static mbedtls_sha256_context *inner(struct proa_sha256 *h)
{
    return (mbedtls_sha256_context *)(void *)h->state;
}

/* The library's return values tell of hardware that failed; in software there is none. */
void proa_sha256_init(struct proa_sha256 *h)
{
    mbedtls_sha256_init(inner(h));
    PROA_ASSERT(mbedtls_sha256_starts(inner(h), 0) == 0);
}

void proa_sha256_update(struct proa_sha256 *h, struct proa_slice data)
{
    if (data.len > 0) {
        PROA_ASSERT(mbedtls_sha256_update(inner(h), (const unsigned char *)data.ptr, data.len) ==
                    0);
    }
}

void proa_sha256_final(struct proa_sha256 *h, unsigned char out[PROA_SHA256_BYTES])
{
    PROA_ASSERT(mbedtls_sha256_finish(inner(h), out) == 0);
    proa_sha256_deinit(h);
}

void proa_sha256_deinit(struct proa_sha256 *h)
{
    mbedtls_sha256_free(inner(h)); /* wipes */
}

void proa_sha256(struct proa_slice data, unsigned char out[PROA_SHA256_BYTES])
{
    struct proa_sha256 h;
    proa_sha256_init(&h);
    proa_sha256_update(&h, data);
    proa_sha256_final(&h, out);
}

void proa_hmac_sha256(struct proa_slice key, struct proa_slice data,
                      unsigned char out[PROA_SHA256_BYTES])
{
    static const unsigned char none[1] = {0};
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    PROA_ASSERT(mbedtls_md_hmac(md, key.len ? (const unsigned char *)key.ptr : none, key.len,
                                data.len ? (const unsigned char *)data.ptr : none, data.len,
                                out) == 0);
}

void proa_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

bool proa_ct_equal(struct proa_slice a, struct proa_slice b)
{
    return a.len == b.len && (a.len == 0 || mbedtls_ct_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void proa_zeroize(void *ptr, size_t n)
{
    if (n > 0) {
        mbedtls_platform_zeroize(ptr, n);
    }
}

size_t proa_base64_encode(enum proa_base64_alphabet alphabet, struct proa_slice data, char *out)
{
    const char *digits = alphabet == PROA_BASE64URL ? alphabet_url : alphabet_std;
    const unsigned char *in = (const unsigned char *)data.ptr;
    size_t n = 0;
    size_t i = 0;

    for (; i + 3 <= data.len; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        out[n++] = digits[v >> 18];
        out[n++] = digits[v >> 12 & 63];
        out[n++] = digits[v >> 6 & 63];
        out[n++] = digits[v & 63];
    }
    if (i == data.len) {
        return n;
    }
    bool two = data.len - i == 2;
    uint32_t v = (uint32_t)in[i] << 16 | (two ? (uint32_t)in[i + 1] << 8 : 0);
    out[n++] = digits[v >> 18];
    out[n++] = digits[v >> 12 & 63];
    if (two) {
        out[n++] = digits[v >> 6 & 63];
    }
    if (alphabet == PROA_BASE64) {
        out[n++] = '=';
        if (!two) {
            out[n++] = '=';
        }
    }
    return n;
}

/* 0..63, or 64 for a byte outside the alphabet. */
static uint32_t digit_value(enum proa_base64_alphabet alphabet, char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52;
    }
    if (c == (alphabet == PROA_BASE64URL ? '-' : '+')) {
        return 62;
    }
    return c == (alphabet == PROA_BASE64URL ? '_' : '/') ? 63 : 64;
}

/* Digits without the padding; false when the padding is not the canonical one. */
static bool strip_padding(enum proa_base64_alphabet alphabet, struct proa_slice *text)
{
    if (alphabet == PROA_BASE64) {
        if (text->len % 4 != 0) {
            return false;
        }
        for (int i = 0; i < 2 && text->len > 0 && text->ptr[text->len - 1] == '='; i++) {
            text->len--;
        }
    }
    return text->len % 4 != 1;
}

enum proa_err proa_base64_decode(enum proa_base64_alphabet alphabet, struct proa_slice text,
                                 unsigned char *out, size_t *n)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t len = 0;

    if (!strip_padding(alphabet, &text)) {
        return PROA_ERR_SYNTAX;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint32_t v = digit_value(alphabet, text.ptr[i]);
        if (v > 63) {
            return PROA_ERR_SYNTAX;
        }
        acc = (acc << 6 | v) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[len++] = (unsigned char)(acc >> bits & 0xff);
        }
    }
    if ((acc & ((1U << bits) - 1)) != 0) {
        return PROA_ERR_SYNTAX; /* RFC 4648 section 3.5: leftover bits must be zero */
    }
    *n = len;
    return PROA_OK;
}
