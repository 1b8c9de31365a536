/*
 * AWS Signature Version 4 of one request: header lines out (AWS General Reference, "Signing AWS API
 * requests").
 *
 * Pure: the wall time comes in, and nothing is kept. The key of the day is derived anew for each
 * request: four keyed hashes of a few bytes, beside the digest of a whole body.
 *
 * The path is signed as it goes out, each segment encoded once more: what stands as %3A on the wire
 * is %253A in the signature. That is how every AWS service but S3 reads it.
 */
#ifndef PROA_AUTH_SIGV4_H
#define PROA_AUTH_SIGV4_H

#include "proa/core/buf.h"
#include "proa/tls/digest.h"

#include <sys/uio.h>

enum {
    PROA_SIGV4_HEADERS_MAX = 24,
    PROA_SIGV4_PARAMS_MAX = 32,
    PROA_SIGV4_TARGET_MAX = 8 * 1024, /* path and query */
};

/* A header that is signed. The name in lower case; the value as it goes out. */
struct proa_sigv4_header {
    struct proa_slice name;
    struct proa_slice value;
};

/* All borrowed. */
struct proa_sigv4_in {
    struct proa_slice method; /* "POST" */
    struct proa_slice path;   /* as sent, without the query */
    struct proa_slice query;  /* as sent, percent-encoded, without '?' */
    /* `host` must be among them; x-amz-date, x-amz-security-token and x-amz-content-sha256 must
     * not: they are added here. */
    const struct proa_sigv4_header *headers;
    size_t n_headers;
    struct proa_slice payload_hash; /* 64 digits of lower-case hex: SHA-256 of the body */
    bool send_payload_hash;         /* as x-amz-content-sha256, signed, too */
    struct proa_slice key_id;       /* AKIA..., ASIA... */
    struct proa_slice secret;
    struct proa_slice session_token; /* empty: none */
    struct proa_slice region;
    struct proa_slice service;
    uint64_t unix_s;
};

/* What was signed, for messages and tests. */
struct proa_sigv4_proof {
    char canonical_hash[PROA_SHA256_HEX]; /* of the canonical request */
    char signature[PROA_SHA256_HEX];
};

/* Hex of the body's digest, as payload_hash wants it. */
void proa_sigv4_payload_hash(struct proa_slice body, char out[PROA_SHA256_HEX]);

/* The same of a body that is in pieces. */
void proa_sigv4_pieces_hash(const struct iovec *pieces, size_t n, char out[PROA_SHA256_HEX]);

/* The key of the day: `date` is YYYYMMDD. Key material: wipe it. */
void proa_sigv4_derive(struct proa_slice secret, struct proa_slice date, struct proa_slice region,
                       struct proa_slice service, unsigned char out[PROA_SHA256_BYTES]);

/*
 * Appends whole header lines: x-amz-date, x-amz-security-token where there is one,
 * x-amz-content-sha256 where asked for, and authorization. `proof` may be NULL.
 * ERR_ARG: no host, a payload hash of another length, or a member missing; ERR_PROTOCOL: a value
 * with a line end in it, a header name that is not lower case; ERR_LIMIT: too many or too long.
 */
enum proa_err proa_sigv4_sign(const struct proa_sigv4_in *in, struct proa_buf *out,
                              struct proa_sigv4_proof *proof) PROA_MUST_CHECK;

#endif
