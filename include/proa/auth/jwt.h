/*
 * Signed JSON web tokens (RFC 7515 compact form, RS256) as a credential: what is exchanged for an
 * access token of Google (RFC 7523), and the service-account key file it is made from.
 *
 * Pure: the wall time comes in. Signing needs proa_tls_init() first and takes about a millisecond.
 */
#ifndef PROA_AUTH_JWT_H
#define PROA_AUTH_JWT_H

#include "proa/auth/secret.h"
#include "proa/core/arena.h"
#include "proa/core/buf.h"

/* Appends base64url(header) "." base64url(claims) "." base64url(signature). Errors as
 * proa_rsa_sha256_sign(); ERR_LIMIT: out is full. */
enum proa_err proa_jwt_sign(struct proa_slice header_json, struct proa_slice claims_json,
                            struct proa_slice pem, struct proa_buf *out) PROA_MUST_CHECK;

/* A service account's key. Slices live in the arena it was read with, which also holds the
 * reference to the key. */
struct proa_google_account {
    struct proa_slice client_email;
    struct proa_slice private_key_id; /* may be empty */
    struct proa_slice token_uri;      /* Google's own where the file names none */
    struct proa_secret *private_key;  /* PEM */
};

#define PROA_GOOGLE_TOKEN_URI "https://oauth2.googleapis.com/token"

/*
 * Reads the JSON file that Google hands out. On failure *reason (static) says what is wrong, to
 * stand behind "the file X ": it is no JSON, is of another type, lacks a member, or its key cannot
 * be used. ERR_SYNTAX, ERR_TYPE, ERR_NOT_FOUND, or as proa_rsa_check_key().
 */
enum proa_err proa_google_account_read(struct proa_slice json, struct proa_arena *arena,
                                       struct proa_google_account *out,
                                       const char **reason) PROA_MUST_CHECK;

/* Its private key as an environment variable holds it, perhaps with `\n` for line ends. Copies into
 * the arena's keeping. Errors as proa_rsa_check_key(). */
enum proa_err proa_google_key_read(struct proa_slice text, struct proa_arena *arena,
                                   struct proa_secret **out) PROA_MUST_CHECK;

/* The assertion that the account asks for a token with, valid for an hour. */
struct proa_jwt_claims {
    struct proa_slice issuer;
    struct proa_slice key_id; /* may be empty */
    struct proa_slice audience;
    struct proa_slice scope;
    uint64_t unix_s;
};
enum proa_err proa_jwt_assertion(const struct proa_jwt_claims *claims, struct proa_slice pem,
                                 struct proa_buf *out) PROA_MUST_CHECK;

#endif
