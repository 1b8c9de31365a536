#include "proa/tls/rsa.h"

#include "proa/core/alloc.h"
#include "proa/tls/digest.h"

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>

enum { PEM_MAX = 64 * 1024, BITS_MAX = 8 * PROA_RSA_SIGNATURE_MAX };

/* The library wants a NUL behind the text, counted in its length. */
static int parse(struct proa_slice pem, mbedtls_pk_context *pk)
{
    unsigned char *text = proa_alloc(pem.len + 1);
    memcpy(text, pem.ptr, pem.len);
    text[pem.len] = 0;
    const int ret = mbedtls_pk_parse_key(pk, text, pem.len + 1, NULL, 0, mbedtls_psa_get_random,
                                         MBEDTLS_PSA_RANDOM_STATE);
    proa_zeroize(text, pem.len);
    proa_free(text);
    return ret;
}

static enum proa_err load(struct proa_slice pem, mbedtls_pk_context *pk)
{
    if (pem.len == 0 || pem.len > PEM_MAX || parse(pem, pk) != 0) {
        return PROA_ERR_SYNTAX;
    }
    if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA) {
        return PROA_ERR_TYPE;
    }
    const size_t bits = mbedtls_pk_get_bitlen(pk);
    return bits < PROA_RSA_BITS_MIN || bits > BITS_MAX ? PROA_ERR_RANGE : PROA_OK;
}

enum proa_err proa_rsa_check_key(struct proa_slice pem)
{
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    const enum proa_err err = load(pem, &pk);
    mbedtls_pk_free(&pk);
    return err;
}

enum proa_err proa_rsa_sha256_sign(struct proa_slice pem, struct proa_slice data,
                                   unsigned char out[PROA_RSA_SIGNATURE_MAX], size_t *n)
{
    mbedtls_pk_context pk;
    unsigned char digest[PROA_SHA256_BYTES];
    size_t len = 0;
    mbedtls_pk_init(&pk);
    enum proa_err err = load(pem, &pk);
    if (err == PROA_OK) {
        proa_sha256(data, digest);
        if (mbedtls_pk_sign(&pk, MBEDTLS_MD_SHA256, digest, sizeof digest, out,
                            PROA_RSA_SIGNATURE_MAX, &len, mbedtls_psa_get_random,
                            MBEDTLS_PSA_RANDOM_STATE) != 0) {
            err = PROA_ERR_INTERNAL;
        }
    }
    mbedtls_pk_free(&pk);
    if (err == PROA_OK) {
        *n = len;
    }
    return err;
}
