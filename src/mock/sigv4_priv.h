/*
 * AWS Signature Version 4, recomputed from a request as it was received: the path byte for byte,
 * each segment encoded once more; headers by their names in the signature.
 *
 * Pure. Source: the AWS documentation, "Create a signed AWS API request".
 */
#ifndef PROA_MOCK_SIGV4_PRIV_H
#define PROA_MOCK_SIGV4_PRIV_H

#include "proa/core/arena.h"
#include "proa/core/buf.h"
#include "proa/http/parser.h"
#include "proa/tls/digest.h"

enum { MOCK_SIGV4_SKEW_S = 300, MOCK_SIGV4_CANONICAL_MAX = 256 * 1024 };

/* An Authorization header taken apart; slices of it. */
struct mock_sigv4 {
    struct proa_slice key_id;
    struct proa_slice scope; /* date/region/service/aws4_request */
    struct proa_slice date;
    struct proa_slice region;
    struct proa_slice service;
    struct proa_slice names; /* signed headers, joined by ';' */
    struct proa_slice signature;
};

enum mock_sigv4_fault {
    MOCK_SIGV4_FINE = 0,
    MOCK_SIGV4_INCOMPLETE, /* no such header, or not of its grammar */
    MOCK_SIGV4_UNSIGNED,   /* host, the date, or an x-amz- header is not signed */
    MOCK_SIGV4_EXPIRED,    /* the date is off by more than five minutes, or not the scope's */
    MOCK_SIGV4_MISMATCH
};

bool proa_mock_sigv4_parse(struct proa_slice authorization, struct mock_sigv4 *out);
void proa_mock_sigv4_key(struct proa_slice secret, const struct mock_sigv4 *s,
                         unsigned char out[PROA_SHA256_BYTES]);
/* Appends the canonical request. */
void proa_mock_sigv4_canonical(const struct proa_http_head *head, struct proa_slice body,
                               const struct mock_sigv4 *s, struct proa_arena *arena,
                               struct proa_buf *out);
enum mock_sigv4_fault proa_mock_sigv4_check(const struct proa_http_head *head,
                                            struct proa_slice body, struct proa_slice secret,
                                            uint64_t now_s, struct proa_arena *arena,
                                            struct mock_sigv4 *s);

#endif
