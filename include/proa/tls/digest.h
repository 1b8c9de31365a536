/*
 * SHA-256, HMAC-SHA-256, comparison in constant time, wiping, and base64 in both alphabets.
 *
 * Pure. Nothing allocates. Decoders are strict: exact alphabet, no blanks, no
 * line ends, canonical padding and zero trailing bits, so that one value has one spelling.
 */
#ifndef PROA_TLS_DIGEST_H
#define PROA_TLS_DIGEST_H

#include "proa/core/buf.h"
#include "proa/core/err.h"
#include "proa/core/slice.h"

enum { PROA_SHA256_BYTES = 32, PROA_SHA256_HEX = 64 };

void proa_sha256(struct proa_slice data, unsigned char out[PROA_SHA256_BYTES]);

/* Incremental: init, any number of updates, final. Value type; final wipes it, and so does deinit
   where final is not reached. */
struct proa_sha256 {
    _Alignas(8) unsigned char state[128];
};
void proa_sha256_init(struct proa_sha256 *h);
void proa_sha256_update(struct proa_sha256 *h, struct proa_slice data);
void proa_sha256_final(struct proa_sha256 *h, unsigned char out[PROA_SHA256_BYTES]);
void proa_sha256_deinit(struct proa_sha256 *h);

/* RFC 2104. Any key length. */
void proa_hmac_sha256(struct proa_slice key, struct proa_slice data,
                      unsigned char out[PROA_SHA256_BYTES]);

/* Lower-case hex of n bytes into out[2 * n], not NUL-terminated. */
void proa_hex(const unsigned char *bytes, size_t n, char *out);

/* Time depends on the lengths only. Compare digests of secrets rather than secrets. */
bool proa_ct_equal(struct proa_slice a, struct proa_slice b);

/* Not removed by the optimiser. */
void proa_zeroize(void *ptr, size_t n);

enum proa_base64_alphabet {
    PROA_BASE64 = 0, /* RFC 4648 section 4, '+' and '/', padded */
    PROA_BASE64URL,  /* section 5, '-' and '_', without padding */
};

/* Upper bounds for the space the two functions below need. */
#define PROA_BASE64_ENCODED_MAX(n) (((n) + 2) / 3 * 4)
#define PROA_BASE64_DECODED_MAX(n) (((n) + 3) / 4 * 3)

/* Into out[PROA_BASE64_ENCODED_MAX(data.len)]; returns the length. */
size_t proa_base64_encode(enum proa_base64_alphabet alphabet, struct proa_slice data, char *out);
/* Into out[PROA_BASE64_DECODED_MAX(text.len)], *n bytes of it. ERR_SYNTAX leaves *n untouched. */
enum proa_err proa_base64_decode(enum proa_base64_alphabet alphabet, struct proa_slice text,
                                 unsigned char *out, size_t *n) PROA_MUST_CHECK;

#endif
