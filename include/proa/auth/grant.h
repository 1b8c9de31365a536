/*
 * How an access token is asked for, and what the answer says: one row of a table for each kind of
 * exchange. OAuth 2.0 (RFC 6749, 7523, 8693), AWS STS and the AWS container endpoint, and the token
 * exchanges of OpenAI and Anthropic.
 *
 * Pure: bytes out, bytes in, the wall time comes in. Both hold secrets: who sends or receives wipes
 * them.
 */
#ifndef PROA_AUTH_GRANT_H
#define PROA_AUTH_GRANT_H

#include "proa/auth/secret.h"
#include "proa/core/buf.h"

enum proa_grant_kind {
    PROA_GRANT_GOOGLE_ACCOUNT = 0, /* a service account's key signs an assertion */
    PROA_GRANT_GOOGLE_STS,         /* workload identity federation, without impersonation */
    PROA_GRANT_AZURE_SECRET,       /* Entra: client credentials with a client secret */
    PROA_GRANT_AZURE_FEDERATED,    /* Entra: with a projected token */
    PROA_GRANT_AWS_WEB_IDENTITY,   /* AssumeRoleWithWebIdentity: IRSA */
    PROA_GRANT_AWS_CONTAINER,      /* ECS tasks and EKS Pod Identity */
    PROA_GRANT_OPENAI,             /* from a projected token */
    PROA_GRANT_ANTHROPIC           /* likewise */
};
enum { PROA_GRANT_KINDS = PROA_GRANT_ANTHROPIC + 1 };

/*
 * What is asked of whom. Plain data, borrowed from whoever made it. Which members a kind uses:
 *
 *  GOOGLE_ACCOUNT: account = client_email, audience = token_uri, scope, secret = private key
 *  GOOGLE_STS: audience = provider of the pool, scope, secret = token
 *  AZURE_SECRET: account = client id, scope, secret = client secret
 *  AZURE_FEDERATED: account = client id, scope, secret = token
 *  AWS_WEB_IDENTITY: account = ARN of the role, group = name of the session, secret = token
 *  AWS_CONTAINER: secret = token, or none
 *  OPENAI: account = service account, audience = identity provider, secret = token
 *  ANTHROPIC: account = service account, audience = federation rule, group = organization,
 *             place = workspace, secret = token
 */
struct proa_grant {
    enum proa_grant_kind kind;
    struct proa_slice host_header;
    struct proa_slice target; /* path, and query where there is one */
    struct proa_slice account;
    struct proa_slice audience;
    struct proa_slice group;
    struct proa_slice place;
    struct proa_slice scope;
    struct proa_slice key_id; /* GOOGLE_ACCOUNT: of the private key; may be empty */
    struct proa_secret *secret;
};

/* What messages call a kind: "google service account". Static. */
const char *proa_grant_name(enum proa_grant_kind kind);
/* Does its answer bring a pair of AWS keys instead of a bearer token? */
bool proa_grant_is_aws(enum proa_grant_kind kind);

/* Header lines that requests with its tokens need, as authorization.h has them; static. */
struct proa_slice proa_grant_use_lines(enum proa_grant_kind kind);

/* Appends the whole request, head and body. ERR_ARG: a secret is needed and there is none;
 * ERR_PROTOCOL: a value that cannot stand in a header; ERR_LIMIT: out is full; and as
 * proa_jwt_assertion(). */
enum proa_err proa_grant_write(const struct proa_grant *g, uint64_t unix_s,
                               struct proa_buf *out) PROA_MUST_CHECK;

enum { PROA_GRANT_KEY_ID_MAX = 128, PROA_GRANT_REFUSAL_MAX = 240, PROA_GRANT_ANSWER_MAX = 65536 };

/* A token, or a pair of AWS keys. Value type with references: release it. */
struct proa_grant_token {
    struct proa_secret *secret;  /* bearer token, or secret access key */
    struct proa_secret *session; /* AWS session token; NULL: none */
    char key_id[PROA_GRANT_KEY_ID_MAX];
    uint8_t key_id_len;
    uint64_t life_s; /* from the request on; 0 = not said */
};
void proa_grant_token_release(struct proa_grant_token *token);

/* What an endpoint that gave no token said, in printable ASCII, cut: "invalid_grant: Invalid JWT".
 * Endpoints may repeat what they were sent; blacken it where it is shown. */
struct proa_grant_refusal {
    char text[PROA_GRANT_REFUSAL_MAX];
    size_t len;
};

/*
 * Reads an answer. OK: *out holds a token. Otherwise *out is untouched and *why filled:
 * ERR_PERMISSION: the credential was turned down, and will be again; ERR_OVERLOAD: not now (429,
 * 5xx, and what says so in other words); ERR_PROTOCOL: not an answer of such an endpoint.
 */
enum proa_err proa_grant_read(const struct proa_grant *g, uint16_t status, struct proa_slice body,
                              uint64_t unix_s, struct proa_grant_token *out,
                              struct proa_grant_refusal *why) PROA_MUST_CHECK;

#endif
