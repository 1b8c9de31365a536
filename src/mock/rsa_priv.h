/*
 * RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2.2), verified: what RS256 of RFC 7518 is.
 *
 * Pure; no allocation. Written for a mock: correct, not fast, and public values only. It shares
 * nothing with what signs on the gateway's side.
 */
#ifndef PROA_MOCK_RSA_PRIV_H
#define PROA_MOCK_RSA_PRIV_H

#include "proa/core/slice.h"

enum { MOCK_RSA_MAX_BYTES = 512 }; /* 4096 bits */

struct mock_rsa_key {
    unsigned char modulus[MOCK_RSA_MAX_BYTES]; /* big-endian, no leading zero */
    size_t n;                                  /* bytes of it; 0 = no key */
    uint32_t exponent;
};

/* A public key as PEM (SubjectPublicKeyInfo). SYNTAX, LIMIT. */
enum proa_err proa_mock_rsa_key_read(struct proa_slice pem,
                                     struct mock_rsa_key *out) PROA_MUST_CHECK;
/* The public key of RFC 7515 A.2, whose private part is as public. */
void proa_mock_rsa_key_example(struct mock_rsa_key *out);
/* Is this the signature of the message? */
bool proa_mock_rsa_verify(const struct mock_rsa_key *key, struct proa_slice message,
                          struct proa_slice signature);

#endif
