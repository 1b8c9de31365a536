/*
 * What the two halves of a grant share: how the answer of a kind is written. Private to the module.
 */
#ifndef PROA_AUTH_GRANT_PRIV_H
#define PROA_AUTH_GRANT_PRIV_H

#include "proa/auth/grant.h"

enum proa_grant_answer {
    PROA_GRANT_ANSWER_OAUTH = 0, /* JSON: access_token, expires_in */
    PROA_GRANT_ANSWER_STS,       /* XML of AWS STS */
    PROA_GRANT_ANSWER_AWS_JSON   /* AccessKeyId, SecretAccessKey, Token, Expiration */
};

enum proa_grant_answer proa_grant_answer_of(enum proa_grant_kind kind);

#endif
