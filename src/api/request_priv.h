/*
 * What all surfaces do with a body and with the name of a model.
 */
#ifndef PROA_API_REQUEST_PRIV_H
#define PROA_API_REQUEST_PRIV_H

#include "proa/api/request.h"

/* The validating pass: fills members and info of *out, PROA_API_MEMBERS of them by `wants`. On
 * failure as proa_api_request_read(). */
enum proa_err proa_request_scan(struct proa_slice body, const struct proa_json_want *wants,
                                struct proa_buf *text, struct proa_api_request *out,
                                struct proa_api_error *error) PROA_MUST_CHECK;
/* Is it a name that can be looked up, printed and logged? Else refused as "model". */
enum proa_err proa_request_check_name(struct proa_slice name, struct proa_buf *text,
                                      struct proa_api_error *error) PROA_MUST_CHECK;

#endif
