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

/* What one pass over a body looks for: the members whose names differ from API to API, and those
 * that are the same in all. A protocol that does not have one finds none. */
#define PROA_REQUEST_WANTS(messages, limit, cache_key, format)                                     \
    {                                                                                              \
        [PROA_API_M_MODEL] = {PROA_SLICE_INIT("model"), 0},                                        \
        [PROA_API_M_STREAM] = {PROA_SLICE_INIT("stream"), 0},                                      \
        [PROA_API_M_MESSAGES] = {PROA_SLICE_INIT(messages), 0},                                    \
        [PROA_API_M_MAX_TOKENS] = {PROA_SLICE_INIT(limit), 0},                                     \
        [PROA_API_M_MAX_COMPLETION_TOKENS] = {PROA_SLICE_INIT("max_completion_tokens"), 0},        \
        [PROA_API_M_PROMPT_CACHE_KEY] = {PROA_SLICE_INIT(cache_key), 0},                           \
        [PROA_API_M_TEMPERATURE] = {PROA_SLICE_INIT("temperature"), 0},                            \
        [PROA_API_M_SEED] = {PROA_SLICE_INIT("seed"), 0},                                          \
        [PROA_API_M_REASONING] = {PROA_SLICE_INIT("reasoning"), 0},                                \
        [PROA_API_M_RESPONSE_FORMAT] = {PROA_SLICE_INIT(format), 0},                               \
        [PROA_API_M_CACHE_CONTROL] = {PROA_SLICE_INIT("cache_control"), 0},                        \
        [PROA_API_M_PROVIDER_OPTIONS] = {PROA_SLICE_INIT("providerOptions"), 0},                   \
        [PROA_API_M_MODELS] = {PROA_SLICE_INIT("models"), 0},                                      \
        [PROA_API_M_PROVIDER] = {PROA_SLICE_INIT("provider"), 0},                                  \
        [PROA_API_M_ORDER] = {PROA_SLICE_INIT("order"), 0},                                        \
        [PROA_API_M_ONLY] = {PROA_SLICE_INIT("only"), 0},                                          \
        [PROA_API_M_SORT] = {PROA_SLICE_INIT("sort"), 0},                                          \
        [PROA_API_M_BYOK] = {PROA_SLICE_INIT("byok"), 0},                                          \
    }

#endif
