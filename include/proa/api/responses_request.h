/*
 * Requests of OpenAI's Responses API, read into the neutral model: for targets whose provider does
 * not speak it.
 *
 * Pure; on the caller's arena. What only travels is borrowed from the body.
 */
#ifndef PROA_API_RESPONSES_REQUEST_H
#define PROA_API_RESPONSES_REQUEST_H

#include "proa/api/face.h"

/* Members of a request that its answer repeats. X(NAME, key, what is told where it is not said) */
#define PROA_API_ECHO_TABLE(X)                                                                     \
    X(INSTRUCTIONS, "instructions", "null")                                                        \
    X(MAX_OUTPUT_TOKENS, "max_output_tokens", "null")                                              \
    X(MAX_TOOL_CALLS, "max_tool_calls", "null")                                                    \
    X(METADATA, "metadata", "{}")                                                                  \
    X(PARALLEL_TOOL_CALLS, "parallel_tool_calls", "true")                                          \
    X(PREVIOUS_RESPONSE_ID, "previous_response_id", "null")                                        \
    X(PROMPT_CACHE_KEY, "prompt_cache_key", "null")                                                \
    X(REASONING, "reasoning", "{\"effort\":null,\"summary\":null}")                                \
    X(SAFETY_IDENTIFIER, "safety_identifier", "null")                                              \
    X(SERVICE_TIER, "service_tier", "\"default\"")                                                 \
    X(STORE, "store", "true")                                                                      \
    X(TEMPERATURE, "temperature", "1.0")                                                           \
    X(TEXT, "text", "{\"format\":{\"type\":\"text\"}}")                                            \
    X(TOOL_CHOICE, "tool_choice", "\"auto\"")                                                      \
    X(TOOLS, "tools", "[]")                                                                        \
    X(TOP_LOGPROBS, "top_logprobs", "0")                                                           \
    X(TOP_P, "top_p", "1.0")                                                                       \
    X(TRUNCATION, "truncation", "\"disabled\"")                                                    \
    X(USER, "user", "null")

enum proa_api_echo_member {
#define PROA_API_ECHO_ENUM(name, key, unsaid) PROA_API_ECHO_##name,
    PROA_API_ECHO_TABLE(PROA_API_ECHO_ENUM)
#undef PROA_API_ECHO_ENUM
        PROA_API_ECHOES
};

/* What the request says of them: JSON, borrowed from its body; empty = nothing. */
struct proa_api_echo {
    struct proa_slice said[PROA_API_ECHOES];
};

/*
 * As `read` of a face. ERR_UNSUPPORTED besides: well-formed, but only a provider that speaks this
 * API can do it (a tool that it runs itself, an item that it keeps, an answer in the background);
 * `error` names the place then, as in a refusal.
 *
 * Items of `body->earlier` stand before those of the body. `previous_response_id` without them is
 * unsupported.
 */
enum proa_err proa_api_responses_read(const struct proa_api_body *body, struct proa_api_asked *out,
                                      struct proa_api_error *error) PROA_MUST_CHECK;

#endif
