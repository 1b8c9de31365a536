/*
 * AES-256-GCM (NIST SP 800-38D, 96-bit nonce, 128-bit tag) and HKDF with SHA-256 (RFC 5869).
 *
 * Pure. The caller sees to it that no nonce is used twice under one key.
 */
#ifndef PROA_TLS_AEAD_H
#define PROA_TLS_AEAD_H

#include "proa/core/err.h"
#include "proa/core/slice.h"

enum { PROA_AEAD_KEY_BYTES = 32, PROA_AEAD_NONCE_BYTES = 12, PROA_AEAD_TAG_BYTES = 16 };

/* Writes plain.len bytes and the tag behind them. `out` may be plain.ptr itself, and otherwise does
 * not overlap it. */
void proa_aead_seal(const unsigned char key[PROA_AEAD_KEY_BYTES],
                    const unsigned char nonce[PROA_AEAD_NONCE_BYTES], struct proa_slice extra,
                    struct proa_slice plain, char *out);
/* Writes sealed.len less the tag. ERR_PROTOCOL: it was not sealed under this key, nonce and extra,
 * or not so long; `out` holds zeros then. Overlap as above. */
enum proa_err proa_aead_open(const unsigned char key[PROA_AEAD_KEY_BYTES],
                             const unsigned char nonce[PROA_AEAD_NONCE_BYTES],
                             struct proa_slice extra, struct proa_slice sealed,
                             char *out) PROA_MUST_CHECK;

/* n bytes, at most 255 * 32. An empty salt is allowed. */
void proa_hkdf_sha256(struct proa_slice salt, struct proa_slice secret, struct proa_slice info,
                      unsigned char *out, size_t n);

#endif
