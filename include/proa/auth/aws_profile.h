/*
 * What AWS programs share on a machine: profiles in the files `credentials` and `config`, and the
 * domain of a region.
 *
 * Pure: bytes in. Slices point into them; what is a secret there must be taken over before they
 * are wiped.
 */
#ifndef PROA_AUTH_AWS_PROFILE_H
#define PROA_AUTH_AWS_PROFILE_H

#include "proa/core/slice.h"

enum proa_aws_file { PROA_AWS_CREDENTIALS = 0, PROA_AWS_CONFIG };

struct proa_aws_profile {
    struct proa_slice access_key_id;
    struct proa_slice secret_access_key;
    struct proa_slice session_token;
    struct proa_slice region;
    struct proa_slice role_arn;
    struct proa_slice role_session_name;
    struct proa_slice web_identity_token_file;
    /* Name of a member that would lead to credentials in a way that is not supported: sso_session,
     * credential_process, source_profile and their like. Static; empty: none. */
    struct proa_slice unsupported;
};

/*
 * Looks for the section of a profile: [name], in config files [profile name] but for [default].
 * Members of several sections of one name add up, the last one of a name wins. What a line says
 * that cannot be read is passed over. False when there is no such section; *out is filled with what
 * was found over what it held.
 */
bool proa_aws_profile_find(struct proa_slice bytes, enum proa_aws_file file, struct proa_slice name,
                           struct proa_aws_profile *out);

/* "amazonaws.com", or the domain of another partition; static. */
struct proa_slice proa_aws_domain(struct proa_slice region);
/* Lower-case letters, digits and '-', as "eu-central-1": it becomes a part of host names. */
bool proa_aws_is_region(struct proa_slice text);

#endif
