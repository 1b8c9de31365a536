/*
 * Tokens that the mock issues, and the endpoints that issue them: Google's and Entra's token
 * endpoints, AWS' container credentials and AssumeRoleWithWebIdentity, and the token exchanges of
 * OpenAI and Anthropic.
 *
 * Pure. A token says when it ends and is signed by the mock, so that nothing has to be kept.
 */
#ifndef PROA_MOCK_TOKENS_PRIV_H
#define PROA_MOCK_TOKENS_PRIV_H

#include "rsa_priv.h"

#include "proa/core/arena.h"
#include "proa/tls/digest.h"

/* What tokens are issued and checked with. */
struct mock_desk {
    uint64_t now_ms;                         /* wall time */
    unsigned char secret[PROA_SHA256_BYTES]; /* of this mock */
    struct mock_rsa_key key;                 /* whose assertions Google's endpoint takes */
};

/* The pair that signs for Bedrock, of AWS' own documentation; for any key id. */
#define MOCK_AWS_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* Kinds, a letter in the token each. */
enum mock_token_kind {
    MOCK_TOKEN_OF_GOOGLE = 'g',
    MOCK_TOKEN_OF_ENTRA = 'e',
    MOCK_TOKEN_OF_AWS = 'a',
    MOCK_TOKEN_OF_OPENAI = 'o',
    MOCK_TOKEN_OF_ANTHROPIC = 'n'
};
enum mock_token_state {
    MOCK_TOKEN_FOREIGN = 0, /* not one of the mock's */
    MOCK_TOKEN_EXPIRED,
    MOCK_TOKEN_FINE
};

struct proa_slice proa_mock_token_issue(const struct mock_desk *desk, enum mock_token_kind kind,
                                        uint64_t ttl_ms, struct proa_arena *arena);
enum mock_token_state proa_mock_token_state(const struct mock_desk *desk, enum mock_token_kind kind,
                                            struct proa_slice token);

/* Why an assertion is not taken, for people; NULL: it is. RFC 7519, RFC 7523. */
const char *proa_mock_assertion_fault(const struct mock_desk *desk, struct proa_slice assertion,
                                      struct proa_arena *arena);

#endif
