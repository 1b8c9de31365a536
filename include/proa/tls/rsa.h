/*
 * RSA signatures, RSASSA-PKCS1-v1_5 with SHA-256: what JOSE calls RS256 (RFC 7518 3.3).
 *
 * Pure but for the library's process-wide generator, which blinds the computation: proa_tls_init()
 * first. Deterministic all the same: one key and one text have one signature. About a millisecond
 * for a key of 2048 bits.
 */
#ifndef PROA_TLS_RSA_H
#define PROA_TLS_RSA_H

#include "proa/core/err.h"
#include "proa/core/slice.h"

/* Of a key of 4096 bits, the largest that is taken. */
enum { PROA_RSA_SIGNATURE_MAX = 512, PROA_RSA_BITS_MIN = 2048 };

/*
 * Signs `data` with the private key in `pem` (PKCS#8 or PKCS#1, not encrypted); *n bytes of out.
 * ERR_SYNTAX: no private key could be read; ERR_TYPE: not an RSA key; ERR_RANGE: shorter than
 * PROA_RSA_BITS_MIN or longer than 4096 bits; ERR_INTERNAL: the computation failed.
 */
enum proa_err proa_rsa_sha256_sign(struct proa_slice pem, struct proa_slice data,
                                   unsigned char out[PROA_RSA_SIGNATURE_MAX],
                                   size_t *n) PROA_MUST_CHECK;
/* The same verdict on the key without signing: for configurations. */
enum proa_err proa_rsa_check_key(struct proa_slice pem) PROA_MUST_CHECK;

#endif
