/*
 * How a request shows who sends it: the scheme and its secret parts, ready for the head's writer.
 *
 * Pure, borrowed slices only; filled anew for each attempt, because tokens and signatures grow old.
 */
#ifndef PROA_AUTH_AUTHORIZATION_H
#define PROA_AUTH_AUTHORIZATION_H

#include "proa/core/slice.h"

#include <stdint.h>

enum proa_auth_scheme {
    PROA_AUTH_NONE = 0,
    PROA_AUTH_BEARER,     /* authorization: Bearer SECRET */
    PROA_AUTH_X_API_KEY,  /* x-api-key: SECRET */
    PROA_AUTH_API_KEY,    /* api-key: SECRET */
    PROA_AUTH_X_GOOG_KEY, /* x-goog-api-key: SECRET */
    PROA_AUTH_SIGV4       /* AWS Signature Version 4 over head and body */
};

struct proa_authorization {
    enum proa_auth_scheme scheme;
    struct proa_slice secret; /* key, token, or SIGV4's secret access key */
    /* SIGV4 */
    struct proa_slice access_id;
    struct proa_slice session_token; /* empty = none */
    struct proa_slice region;
    struct proa_slice service; /* "bedrock" */
    uint64_t unix_s;           /* wall time of the signature */
    /* Header lines that must come with it, each with "\r\n" before it; static. Empty: none. */
    struct proa_slice lines;
};

#endif
