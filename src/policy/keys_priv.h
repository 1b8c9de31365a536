/*
 * One key in the making, for the units that know its forms: keys.c, aws.c, grants.c, ambient.c.
 */
#ifndef PROA_POLICY_KEYS_PRIV_H
#define PROA_POLICY_KEYS_PRIV_H

#include "build_priv.h"

/* What a form fills in. Without configuration `cfg` holds the defaults and `node` is NULL: what is
 * needed comes from the environment then. */
struct proa_build_key {
    struct proa_build *b;
    const struct proa_build_provider *p;
    const struct proa_key_cfg *cfg;
    const struct proa_doc_node *node; /* of the form: keys[0].aws; NULL = nothing is written */
    struct proa_option_where at;
    const char *path; /* "providers.bedrock.keys[0].aws" */
    struct proa_key *key;
};

/* Forms. Each fills k->key, or says what is wrong. */
void proa_build_key_aws(struct proa_build_key *k);
/* What requests to AWS are signed for. */
struct proa_slice proa_build_aws_service(const struct proa_vendor *vendor);
/* Is it AWS's, by its vendor or its dialect, or configured with AWS credentials? */
bool proa_build_is_aws(const struct proa_provider *p);
void proa_build_key_google(struct proa_build_key *k);
void proa_build_key_azure(struct proa_build_key *k);
void proa_build_key_exchange(struct proa_build_key *k);

/* ---- grants.c: what they share */

/* An error at a member of the form; empty `member`: at the form itself. */
void proa_build_key_error(const struct proa_build_key *k, const char *member, const char *what);
/* What is written, else the first of these variables that is set (NULL-terminated; may be NULL). In
 * the arena; empty where there is neither. */
struct proa_slice proa_build_key_text(struct proa_build_key *k, struct proa_slice written,
                                      const char *const *variables);
/* "path.member", for messages; in the arena. */
const char *proa_build_key_path(const struct proa_build_key *k, const char *member);
/* The secret in a file that is named by what is written or by a variable. NULL: none is named,
 * which is no error, or it cannot be read, which was said. */
struct proa_secret *proa_build_key_file(struct proa_build_key *k, const char *member,
                                        struct proa_slice written, const char *const *variables);
/* A secret that is configured, else that of a variable. NULL likewise. */
struct proa_secret *proa_build_key_secret(struct proa_build_key *k, const char *member,
                                          const struct proa_secret_cfg *cfg, const char *variable);
/* Tokens of the endpoint at `url` from now on; the rest of `grant` is set. `member` names the url
 * in messages. */
void proa_build_key_grant(struct proa_build_key *k, const char *member, struct proa_slice url,
                          struct proa_grant *grant);

/* ---- ambient.c: what the environment makes of a vendor that nothing is written of */

/* How a variable shows its key, where that is not the vendor's usual way; else NONE. */
enum proa_auth_scheme proa_build_ambient_scheme(struct proa_slice variable);
/* The form that the variables set for this vendor stand for, and in *variable the first of them;
 * NULL = they stand for none. `written`: there is a provider of that name in the configuration, so
 * that less will do, and *variable may be NULL. */
typedef void proa_build_form_fn(struct proa_build_key *k);
proa_build_form_fn *proa_build_ambient_form(struct proa_build *b, struct proa_slice vendor,
                                            bool written, const char **variable);

#endif
