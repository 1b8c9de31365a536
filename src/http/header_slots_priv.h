/*
 * The slot of each header name in the lookup table: the value of proa_http_header_slot() for it.
 * Names shorter than four bytes have none. A unit test computes them anew and prints what differs;
 * when a new name falls into a taken slot, choose other multipliers and take the rows the test
 * prints.
 */
#ifndef PROA_HTTP_HEADER_SLOTS_PRIV_H
#define PROA_HTTP_HEADER_SLOTS_PRIV_H

#include "proa/core/slice.h"

#define PROA_HTTP_SLOT_BITS     10
#define PROA_HTTP_SLOT_MIX_MID  0x035b7399U
#define PROA_HTTP_SLOT_MIX_TAIL 0xbb2edb21U
#define PROA_HTTP_SLOT_MIX_LEN  0x9e3779b1U

/* X(slot, id) */
#define PROA_HTTP_HEADER_SLOTS(X)                                                                  \
    X(0x001, X_CLIENT_REQUEST_ID)                                                                  \
    X(0x004, X_REAL_IP)                                                                            \
    X(0x006, X_FORWARDED_FOR)                                                                      \
    X(0x009, TRANSFER_ENCODING)                                                                    \
    X(0x012, USER_AGENT)                                                                           \
    X(0x013, X_STAINLESS_ASYNC)                                                                    \
    X(0x016, X_AMZN_ERRORTYPE)                                                                     \
    X(0x035, IDEMPOTENCY_KEY)                                                                      \
    X(0x03e, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_REMAINING)                                          \
    X(0x041, X_PROA_CACHE_MODE)                                                                    \
    X(0x04a, X_STAINLESS_RUNTIME_VERSION)                                                          \
    X(0x04f, X_SHOULD_RETRY)                                                                       \
    X(0x062, CACHE_CONTROL)                                                                        \
    X(0x072, API_KEY)                                                                              \
    X(0x076, X_STAINLESS_HELPER_METHOD)                                                            \
    X(0x07d, TRAILER)                                                                              \
    X(0x089, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_LIMIT)                                              \
    X(0x08e, OPENAI_BETA)                                                                          \
    X(0x08f, EXPECT)                                                                               \
    X(0x0a0, HTTP2_SETTINGS)                                                                       \
    X(0x0a6, HTTP_REFERER)                                                                         \
    X(0x0a7, CONTENT_TYPE)                                                                         \
    X(0x0aa, X_STAINLESS_TIMEOUT)                                                                  \
    X(0x0bf, X_STAINLESS_ARCH)                                                                     \
    X(0x0ce, X_PROA_TAGS)                                                                          \
    X(0x0ec, ANTHROPIC_RATELIMIT_TOKENS_LIMIT)                                                     \
    X(0x0f3, X_MS_RETRY_AFTER_MS)                                                                  \
    X(0x0f6, SET_COOKIE)                                                                           \
    X(0x0fb, PROXY_AUTHORIZATION)                                                                  \
    X(0x0fe, OPENAI_VERSION)                                                                       \
    X(0x0ff, OPENAI_PROCESSING_MS)                                                                 \
    X(0x104, X_STAINLESS_RUNTIME)                                                                  \
    X(0x106, LOCATION)                                                                             \
    X(0x119, X_RATELIMIT_REMAINING)                                                                \
    X(0x121, KEEP_ALIVE)                                                                           \
    X(0x16b, X_GOOG_API_KEY)                                                                       \
    X(0x174, DATE)                                                                                 \
    X(0x17c, AI_MODEL_ID)                                                                          \
    X(0x17e, X_RATELIMIT_REMAINING_REQUESTS)                                                       \
    X(0x17f, ANTHROPIC_RATELIMIT_REQUESTS_RESET)                                                   \
    X(0x187, CONTENT_LENGTH)                                                                       \
    X(0x19b, X_PROA_TIMEOUT)                                                                       \
    X(0x19f, X_STAINLESS_LANG)                                                                     \
    X(0x1b9, X_AMZN_REQUESTID)                                                                     \
    X(0x1c7, X_PROA_NO_FALLBACK)                                                                   \
    X(0x1d1, AI_LANGUAGE_MODEL_STREAMING)                                                          \
    X(0x1d5, X_GROK_CONV_ID)                                                                       \
    X(0x1ec, PROXY_CONNECTION)                                                                     \
    X(0x1fa, HOST)                                                                                 \
    X(0x1fd, OPENAI_PROJECT)                                                                       \
    X(0x201, OPENAI_MODEL)                                                                         \
    X(0x203, FORWARDED)                                                                            \
    X(0x205, SERVER)                                                                               \
    X(0x219, X_STAINLESS_READ_TIMEOUT)                                                             \
    X(0x21d, COOKIE)                                                                               \
    X(0x22e, ANTHROPIC_RATELIMIT_TOKENS_REMAINING)                                                 \
    X(0x233, X_PROA_PROVIDER)                                                                      \
    X(0x244, X_TITLE)                                                                              \
    X(0x252, ANTHROPIC_VERSION)                                                                    \
    X(0x26b, CONTENT_ENCODING)                                                                     \
    X(0x272, ACCEPT)                                                                               \
    X(0x276, X_STAINLESS_OS)                                                                       \
    X(0x279, APIM_REQUEST_ID)                                                                      \
    X(0x27f, ANTHROPIC_RATELIMIT_REQUESTS_LIMIT)                                                   \
    X(0x288, OPENAI_ORGANIZATION)                                                                  \
    X(0x28d, ANTHROPIC_BETA)                                                                       \
    X(0x29e, X_RATELIMIT_LIMIT_TOKENS)                                                             \
    X(0x2a3, ORIGIN)                                                                               \
    X(0x2b3, TRACEPARENT)                                                                          \
    X(0x2b7, ANTHROPIC_RATELIMIT_INPUT_TOKENS_RESET)                                               \
    X(0x2c3, X_API_KEY)                                                                            \
    X(0x2c4, REFERER)                                                                              \
    X(0x2cc, TRACESTATE)                                                                           \
    X(0x2d7, X_RATELIMIT_RESET)                                                                    \
    X(0x2db, X_PROA_NO_CACHE)                                                                      \
    X(0x2f1, X_RATELIMIT_RESET_REQUESTS)                                                           \
    X(0x2fe, ANTHROPIC_RATELIMIT_INPUT_TOKENS_REMAINING)                                           \
    X(0x302, X_STAINLESS_PACKAGE_VERSION)                                                          \
    X(0x30f, UPGRADE)                                                                              \
    X(0x314, AUTHORIZATION)                                                                        \
    X(0x316, RETRY_AFTER)                                                                          \
    X(0x31b, X_RATELIMIT_REMAINING_TOKENS)                                                         \
    X(0x340, X_RATELIMIT_LIMIT_REQUESTS)                                                           \
    X(0x34f, X_PROA_MODEL)                                                                         \
    X(0x358, ANTHROPIC_RATELIMIT_REQUESTS_REMAINING)                                               \
    X(0x369, X_REQUEST_ID)                                                                         \
    X(0x37a, X_PROA_METADATA)                                                                      \
    X(0x37e, REQUEST_ID)                                                                           \
    X(0x381, PROXY_AUTHENTICATE)                                                                   \
    X(0x388, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_RESET)                                              \
    X(0x392, SEC_FETCH_SITE)                                                                       \
    X(0x39a, AI_LANGUAGE_MODEL_ID)                                                                 \
    X(0x3ac, X_PROA_AFFINITY)                                                                      \
    X(0x3b8, ANTHROPIC_RATELIMIT_INPUT_TOKENS_LIMIT)                                               \
    X(0x3c6, X_STAINLESS_RETRY_COUNT)                                                              \
    X(0x3c7, X_MS_REGION)                                                                          \
    X(0x3cd, ALT_SVC)                                                                              \
    X(0x3d7, X_RATELIMIT_LIMIT)                                                                    \
    X(0x3da, CONNECTION)                                                                           \
    X(0x3de, CF_RAY)                                                                               \
    X(0x3e5, X_RATELIMIT_RESET_TOKENS)                                                             \
    X(0x3ec, ANTHROPIC_RATELIMIT_TOKENS_RESET)                                                     \
    X(0x3ee, ETAG)                                                                                 \
    X(0x3f2, ACCEPT_ENCODING)                                                                      \
    X(0x3fd, RETRY_AFTER_MS)

/* The four bytes at p with upper-case letters lowered; the same on every byte order. */
static inline uint32_t proa_http_slot_word(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return ((uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24) |
           0x20202020U;
}

/* name.len >= 4 */
static inline unsigned proa_http_header_slot(struct proa_slice name)
{
    uint32_t mixed = proa_http_slot_word(name.ptr + name.len / 2 - 2) * PROA_HTTP_SLOT_MIX_MID +
                     proa_http_slot_word(name.ptr + name.len - 4) * PROA_HTTP_SLOT_MIX_TAIL +
                     (uint32_t)name.len * PROA_HTTP_SLOT_MIX_LEN;
    return mixed >> (32 - PROA_HTTP_SLOT_BITS);
}

#endif
