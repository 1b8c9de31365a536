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
#define PROA_HTTP_SLOT_MIX_MID  0x2e44158bU
#define PROA_HTTP_SLOT_MIX_TAIL 0x1a61dbe3U
#define PROA_HTTP_SLOT_MIX_LEN  0x9e3779b1U

/* X(slot, id) */
#define PROA_HTTP_HEADER_SLOTS(X)                                                                  \
    X(0x001, X_PROA_CACHE_MODE)                                                                    \
    X(0x017, X_PROA_NO_CACHE)                                                                      \
    X(0x041, ETAG)                                                                                 \
    X(0x045, OPENAI_PROCESSING_MS)                                                                 \
    X(0x058, X_RATELIMIT_REMAINING)                                                                \
    X(0x059, CONTENT_TYPE)                                                                         \
    X(0x05d, ANTHROPIC_RATELIMIT_INPUT_TOKENS_RESET)                                               \
    X(0x067, OPENAI_BETA)                                                                          \
    X(0x072, ACCEPT)                                                                               \
    X(0x075, X_RATELIMIT_RESET)                                                                    \
    X(0x079, X_PROA_TIMEOUT)                                                                       \
    X(0x095, TRAILER)                                                                              \
    X(0x0a9, HTTP2_SETTINGS)                                                                       \
    X(0x0b7, X_STAINLESS_OS)                                                                       \
    X(0x0c0, X_MS_RETRY_AFTER_MS)                                                                  \
    X(0x0c1, PROXY_AUTHENTICATE)                                                                   \
    X(0x0c8, CF_RAY)                                                                               \
    X(0x0d6, CONNECTION)                                                                           \
    X(0x0d8, X_STAINLESS_READ_TIMEOUT)                                                             \
    X(0x0f1, HOST)                                                                                 \
    X(0x0fe, X_AMZN_REQUESTID)                                                                     \
    X(0x107, PROXY_CONNECTION)                                                                     \
    X(0x109, X_STAINLESS_ARCH)                                                                     \
    X(0x117, FORWARDED)                                                                            \
    X(0x124, ANTHROPIC_RATELIMIT_REQUESTS_REMAINING)                                               \
    X(0x127, X_RATELIMIT_RESET_TOKENS)                                                             \
    X(0x137, CONTENT_ENCODING)                                                                     \
    X(0x13a, ANTHROPIC_VERSION)                                                                    \
    X(0x153, X_SHOULD_RETRY)                                                                       \
    X(0x155, ANTHROPIC_RATELIMIT_REQUESTS_LIMIT)                                                   \
    X(0x15c, SET_COOKIE)                                                                           \
    X(0x15d, X_AMZN_ERRORTYPE)                                                                     \
    X(0x15f, TRACEPARENT)                                                                          \
    X(0x162, OPENAI_PROJECT)                                                                       \
    X(0x163, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_REMAINING)                                          \
    X(0x16d, ANTHROPIC_RATELIMIT_TOKENS_REMAINING)                                                 \
    X(0x17d, ANTHROPIC_RATELIMIT_INPUT_TOKENS_REMAINING)                                           \
    X(0x17e, KEEP_ALIVE)                                                                           \
    X(0x17f, CONTENT_LENGTH)                                                                       \
    X(0x184, LOCATION)                                                                             \
    X(0x18a, ANTHROPIC_RATELIMIT_TOKENS_RESET)                                                     \
    X(0x191, X_STAINLESS_PACKAGE_VERSION)                                                          \
    X(0x192, COOKIE)                                                                               \
    X(0x19e, USER_AGENT)                                                                           \
    X(0x1b1, X_STAINLESS_ASYNC)                                                                    \
    X(0x1b6, X_PROA_MODEL)                                                                         \
    X(0x1b8, OPENAI_ORGANIZATION)                                                                  \
    X(0x1bd, X_STAINLESS_TIMEOUT)                                                                  \
    X(0x1c1, X_RATELIMIT_RESET_REQUESTS)                                                           \
    X(0x1c8, ANTHROPIC_BETA)                                                                       \
    X(0x1d3, X_STAINLESS_LANG)                                                                     \
    X(0x1db, AUTHORIZATION)                                                                        \
    X(0x1dc, AI_MODEL_ID)                                                                          \
    X(0x1eb, EXPECT)                                                                               \
    X(0x1fb, CACHE_CONTROL)                                                                        \
    X(0x201, UPGRADE)                                                                              \
    X(0x20f, X_STAINLESS_RUNTIME)                                                                  \
    X(0x211, X_STAINLESS_HELPER_METHOD)                                                            \
    X(0x214, X_FORWARDED_FOR)                                                                      \
    X(0x215, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_LIMIT)                                              \
    X(0x218, DATE)                                                                                 \
    X(0x24c, HTTP_REFERER)                                                                         \
    X(0x252, X_STAINLESS_RUNTIME_VERSION)                                                          \
    X(0x276, X_MS_REGION)                                                                          \
    X(0x277, X_TITLE)                                                                              \
    X(0x294, ANTHROPIC_RATELIMIT_INPUT_TOKENS_LIMIT)                                               \
    X(0x2a4, ALT_SVC)                                                                              \
    X(0x2a5, X_REAL_IP)                                                                            \
    X(0x2ad, X_RATELIMIT_LIMIT)                                                                    \
    X(0x2be, ACCEPT_ENCODING)                                                                      \
    X(0x2c9, RETRY_AFTER_MS)                                                                       \
    X(0x2cd, X_RATELIMIT_REMAINING_TOKENS)                                                         \
    X(0x2de, X_PROA_AFFINITY)                                                                      \
    X(0x2ea, RETRY_AFTER)                                                                          \
    X(0x2ed, PROXY_AUTHORIZATION)                                                                  \
    X(0x2ef, X_API_KEY)                                                                            \
    X(0x2f5, SEC_FETCH_SITE)                                                                       \
    X(0x2f9, SERVER)                                                                               \
    X(0x318, X_STAINLESS_RETRY_COUNT)                                                              \
    X(0x31d, ANTHROPIC_RATELIMIT_REQUESTS_RESET)                                                   \
    X(0x325, X_PROA_NO_FALLBACK)                                                                   \
    X(0x326, APIM_REQUEST_ID)                                                                      \
    X(0x32e, X_GOOG_API_KEY)                                                                       \
    X(0x34b, TRACESTATE)                                                                           \
    X(0x358, ORIGIN)                                                                               \
    X(0x375, REQUEST_ID)                                                                           \
    X(0x3a5, X_REQUEST_ID)                                                                         \
    X(0x3af, X_RATELIMIT_LIMIT_REQUESTS)                                                           \
    X(0x3b7, REFERER)                                                                              \
    X(0x3bd, X_RATELIMIT_REMAINING_REQUESTS)                                                       \
    X(0x3c2, ANTHROPIC_RATELIMIT_TOKENS_LIMIT)                                                     \
    X(0x3d2, X_RATELIMIT_LIMIT_TOKENS)                                                             \
    X(0x3d8, API_KEY)                                                                              \
    X(0x3da, TRANSFER_ENCODING)                                                                    \
    X(0x3de, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_RESET)                                              \
    X(0x3e8, X_PROA_PROVIDER)                                                                      \
    X(0x3f8, IDEMPOTENCY_KEY)                                                                      \
    X(0x3fa, X_PROA_TAGS)

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
