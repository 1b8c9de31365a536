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
#define PROA_HTTP_SLOT_MIX_HEAD 0x7c2af347U
#define PROA_HTTP_SLOT_MIX_TAIL 0xeb289c19U
#define PROA_HTTP_SLOT_MIX_LEN  0x9e3779b1U

/* X(slot, id) */
#define PROA_HTTP_HEADER_SLOTS(X)                                                                  \
    X(0x000, ANTHROPIC_RATELIMIT_INPUT_TOKENS_RESET)                                               \
    X(0x000, X_REQUEST_ID)                                                                         \
    X(0x006, X_TITLE)                                                                              \
    X(0x008, X_STAINLESS_TIMEOUT)                                                                  \
    X(0x029, ACCEPT)                                                                               \
    X(0x02a, X_RATELIMIT_LIMIT_REQUESTS)                                                           \
    X(0x02a, X_RATELIMIT_RESET_REQUESTS)                                                           \
    X(0x02a, X_SHOULD_RETRY)                                                                       \
    X(0x034, ETAG)                                                                                 \
    X(0x04a, X_FORWARDED_FOR)                                                                      \
    X(0x059, REFERER)                                                                              \
    X(0x064, X_STAINLESS_READ_TIMEOUT)                                                             \
    X(0x06e, X_PROA_PROVIDER)                                                                      \
    X(0x07b, CACHE_CONTROL)                                                                        \
    X(0x08e, API_KEY)                                                                              \
    X(0x09c, X_PROA_NO_FALLBACK)                                                                   \
    X(0x0a4, X_PROA_NO_CACHE)                                                                      \
    X(0x0a6, ANTHROPIC_RATELIMIT_INPUT_TOKENS_LIMIT)                                               \
    X(0x0a7, OPENAI_BETA)                                                                          \
    X(0x0a7, X_STAINLESS_HELPER_METHOD)                                                            \
    X(0x0b8, X_PROA_MODEL)                                                                         \
    X(0x0cb, HTTP_REFERER)                                                                         \
    X(0x0ec, TRANSFER_ENCODING)                                                                    \
    X(0x10b, PROXY_AUTHENTICATE)                                                                   \
    X(0x113, X_API_KEY)                                                                            \
    X(0x114, CONTENT_LENGTH)                                                                       \
    X(0x128, X_STAINLESS_ASYNC)                                                                    \
    X(0x12b, ANTHROPIC_RATELIMIT_TOKENS_RESET)                                                     \
    X(0x12d, RETRY_AFTER_MS)                                                                       \
    X(0x13c, UPGRADE)                                                                              \
    X(0x146, TRAILER)                                                                              \
    X(0x14c, X_PROA_AFFINITY)                                                                      \
    X(0x155, COOKIE)                                                                               \
    X(0x159, DATE)                                                                                 \
    X(0x165, X_STAINLESS_RETRY_COUNT)                                                              \
    X(0x17d, ANTHROPIC_RATELIMIT_INPUT_TOKENS_REMAINING)                                           \
    X(0x1a1, ALT_SVC)                                                                              \
    X(0x1b6, AUTHORIZATION)                                                                        \
    X(0x1b8, X_RATELIMIT_RESET)                                                                    \
    X(0x1c0, X_RATELIMIT_LIMIT_TOKENS)                                                             \
    X(0x1c0, X_RATELIMIT_RESET_TOKENS)                                                             \
    X(0x1c6, SET_COOKIE)                                                                           \
    X(0x1d1, ANTHROPIC_RATELIMIT_TOKENS_LIMIT)                                                     \
    X(0x1ed, ANTHROPIC_BETA)                                                                       \
    X(0x1f7, X_STAINLESS_RUNTIME)                                                                  \
    X(0x1fd, OPENAI_ORGANIZATION)                                                                  \
    X(0x200, CONNECTION)                                                                           \
    X(0x20c, X_PROA_TIMEOUT)                                                                       \
    X(0x20d, X_RATELIMIT_REMAINING_REQUESTS)                                                       \
    X(0x219, X_MS_RETRY_AFTER_MS)                                                                  \
    X(0x21d, ANTHROPIC_RATELIMIT_REQUESTS_RESET)                                                   \
    X(0x235, X_STAINLESS_OS)                                                                       \
    X(0x248, LOCATION)                                                                             \
    X(0x250, ORIGIN)                                                                               \
    X(0x253, X_PROA_TAGS)                                                                          \
    X(0x258, HOST)                                                                                 \
    X(0x25e, AI_MODEL_ID)                                                                          \
    X(0x25e, X_RATELIMIT_LIMIT)                                                                    \
    X(0x261, PROXY_AUTHORIZATION)                                                                  \
    X(0x269, CF_RAY)                                                                               \
    X(0x26c, APIM_REQUEST_ID)                                                                      \
    X(0x276, X_STAINLESS_PACKAGE_VERSION)                                                          \
    X(0x276, X_STAINLESS_RUNTIME_VERSION)                                                          \
    X(0x279, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_RESET)                                              \
    X(0x298, SERVER)                                                                               \
    X(0x2a7, ANTHROPIC_RATELIMIT_TOKENS_REMAINING)                                                 \
    X(0x2aa, ACCEPT_ENCODING)                                                                      \
    X(0x2ad, CONTENT_TYPE)                                                                         \
    X(0x2c2, ANTHROPIC_RATELIMIT_REQUESTS_LIMIT)                                                   \
    X(0x2d1, RETRY_AFTER)                                                                          \
    X(0x2e6, X_MS_REGION)                                                                          \
    X(0x2f2, REQUEST_ID)                                                                           \
    X(0x2f6, PROXY_CONNECTION)                                                                     \
    X(0x2fa, TRACESTATE)                                                                           \
    X(0x2fb, KEEP_ALIVE)                                                                           \
    X(0x31f, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_LIMIT)                                              \
    X(0x322, X_GOOG_API_KEY)                                                                       \
    X(0x32a, HTTP2_SETTINGS)                                                                       \
    X(0x335, X_RATELIMIT_REMAINING)                                                                \
    X(0x33b, ANTHROPIC_VERSION)                                                                    \
    X(0x33b, X_STAINLESS_ARCH)                                                                     \
    X(0x34d, SEC_FETCH_SITE)                                                                       \
    X(0x34d, X_STAINLESS_LANG)                                                                     \
    X(0x36c, OPENAI_PROJECT)                                                                       \
    X(0x36f, USER_AGENT)                                                                           \
    X(0x37d, EXPECT)                                                                               \
    X(0x385, X_AMZN_REQUESTID)                                                                     \
    X(0x386, CONTENT_ENCODING)                                                                     \
    X(0x389, X_PROA_CACHE_MODE)                                                                    \
    X(0x398, IDEMPOTENCY_KEY)                                                                      \
    X(0x399, ANTHROPIC_RATELIMIT_REQUESTS_REMAINING)                                               \
    X(0x3a3, X_RATELIMIT_REMAINING_TOKENS)                                                         \
    X(0x3b3, OPENAI_PROCESSING_MS)                                                                 \
    X(0x3b8, FORWARDED)                                                                            \
    X(0x3d5, X_AMZN_ERRORTYPE)                                                                     \
    X(0x3dd, TRACEPARENT)                                                                          \
    X(0x3e1, X_REAL_IP)                                                                            \
    X(0x3f6, ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_REMAINING)

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
    uint32_t mixed = proa_http_slot_word(name.ptr) * PROA_HTTP_SLOT_MIX_HEAD +
                     proa_http_slot_word(name.ptr + name.len - 4) * PROA_HTTP_SLOT_MIX_TAIL +
                     (uint32_t)name.len * PROA_HTTP_SLOT_MIX_LEN;
    return mixed >> (32 - PROA_HTTP_SLOT_BITS);
}

#endif
