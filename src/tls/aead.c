#include "proa/tls/aead.h"

#include "proa/core/check.h"

#include <mbedtls/gcm.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>

static const unsigned char none[1] = {0};

static const unsigned char *bytes_of(struct proa_slice s)
{
    return s.len > 0 ? (const unsigned char *)s.ptr : none;
}

static void set_key(mbedtls_gcm_context *gcm, const unsigned char key[PROA_AEAD_KEY_BYTES])
{
    mbedtls_gcm_init(gcm);
    PROA_ASSERT(mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, 8 * PROA_AEAD_KEY_BYTES) == 0);
}

void proa_aead_seal(const unsigned char key[PROA_AEAD_KEY_BYTES],
                    const unsigned char nonce[PROA_AEAD_NONCE_BYTES], struct proa_slice extra,
                    struct proa_slice plain, char *out)
{
    mbedtls_gcm_context gcm;
    unsigned char *to = (unsigned char *)out;
    set_key(&gcm, key);
    PROA_ASSERT(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, plain.len, nonce,
                                          PROA_AEAD_NONCE_BYTES, bytes_of(extra), extra.len,
                                          bytes_of(plain), to, PROA_AEAD_TAG_BYTES,
                                          to + plain.len) == 0);
    mbedtls_gcm_free(&gcm); /* wipes */
}

enum proa_err proa_aead_open(const unsigned char key[PROA_AEAD_KEY_BYTES],
                             const unsigned char nonce[PROA_AEAD_NONCE_BYTES],
                             struct proa_slice extra, struct proa_slice sealed, char *out)
{
    mbedtls_gcm_context gcm;
    if (sealed.len < PROA_AEAD_TAG_BYTES) {
        return PROA_ERR_PROTOCOL;
    }
    const size_t n = sealed.len - PROA_AEAD_TAG_BYTES;
    unsigned char tag[PROA_AEAD_TAG_BYTES];
    for (size_t i = 0; i < sizeof tag; i++) { /* `out` may lie over it */
        tag[i] = bytes_of(sealed)[n + i];
    }
    set_key(&gcm, key);
    const int status =
        mbedtls_gcm_auth_decrypt(&gcm, n, nonce, PROA_AEAD_NONCE_BYTES, bytes_of(extra), extra.len,
                                 tag, sizeof tag, bytes_of(sealed), (unsigned char *)out);
    mbedtls_gcm_free(&gcm);
    PROA_ASSERT(status == 0 || status == MBEDTLS_ERR_GCM_AUTH_FAILED);
    return status == 0 ? PROA_OK : PROA_ERR_PROTOCOL;
}

void proa_hkdf_sha256(struct proa_slice salt, struct proa_slice secret, struct proa_slice info,
                      unsigned char *out, size_t n)
{
    PROA_ASSERT(mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes_of(salt), salt.len,
                             bytes_of(secret), secret.len, bytes_of(info), info.len, out, n) == 0);
}
