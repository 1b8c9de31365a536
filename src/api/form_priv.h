/*
 * Requests that are forms with files: the fields that the gateway looks at.
 */
#ifndef PROA_API_FORM_PRIV_H
#define PROA_API_FORM_PRIV_H

#include "proa/api/face.h"

/*
 * Looks at a body that is multipart/form-data by its headers' Content-Type; as look() of a face.
 * What clients make of `providerOptions` is never sent on: a field of that name that holds JSON,
 * which is found as the member PROVIDER_OPTIONS, or fields `providerOptions[...]`.
 */
enum proa_err proa_request_read_form(const struct proa_api_arrived *in,
                                     struct proa_api_request *out,
                                     struct proa_api_error *error) PROA_MUST_CHECK;

/* Is the request one, by its Content-Type? */
bool proa_request_is_form(const struct proa_api_arrived *in);

#endif
