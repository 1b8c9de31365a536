/*
 * What became of one upstream attempt: its class, and what a class means for what comes next.
 *
 * Pure tables. One attempt yields exactly one class, at the earliest moment it is known
 * (`resilience.md` 3). The class alone decides scope and replay; nothing else compares codes.
 */
#ifndef PROA_RESILIENCE_ATTEMPT_H
#define PROA_RESILIENCE_ATTEMPT_H

#include "proa/core/err.h"

#include <stdbool.h>

/* Whose fault it is, so that only that object is put aside. */
enum proa_scope {
    PROA_SCOPE_NONE = 0,
    PROA_SCOPE_REQUEST,
    PROA_SCOPE_KEY,
    PROA_SCOPE_QUOTA_GROUP,
    PROA_SCOPE_POOL,
    PROA_SCOPE_ENDPOINT,
    PROA_SCOPE_LOCAL
};

/* X(name, text as in logs, metrics and the trail, scope, may another target be tried) */
#define PROA_CLASS_TABLE(X)                                                                        \
    X(NONE, "none", NONE, false)                                                                   \
    X(OK, "ok", NONE, false)                                                                       \
    X(DNS, "dns", ENDPOINT, true)                                                                  \
    X(CONNECT, "connect", ENDPOINT, true)                                                          \
    X(CONNECT_TIMEOUT, "timeout_connect", ENDPOINT, true)                                          \
    X(TLS, "tls", ENDPOINT, true)                                                                  \
    X(RESET, "reset", POOL, true)                                                                  \
    X(EMPTY, "empty_answer", POOL, true)                                                           \
    X(MALFORMED, "invalid_response", POOL, true)                                                   \
    X(FIRST_BYTE_TIMEOUT, "timeout_first_byte", POOL, true)                                        \
    X(FIRST_CONTENT_TIMEOUT, "timeout_first_content", POOL, true)                                  \
    X(IDLE_TIMEOUT, "timeout_idle", POOL, true)                                                    \
    X(TOTAL_TIMEOUT, "timeout_total", REQUEST, false)                                              \
    X(WRITE_TIMEOUT, "timeout_write", POOL, true)                                                  \
    X(SERVER, "http_5xx", POOL, true)                                                              \
    X(OVERLOADED, "overloaded", POOL, true)                                                        \
    X(RATE, "http_429", QUOTA_GROUP, true)                                                         \
    X(QUOTA, "quota", QUOTA_GROUP, true)                                                           \
    X(AUTH, "auth", KEY, true)                                                                     \
    X(NOT_FOUND, "not_found", POOL, true)                                                          \
    X(CLIENT, "http_4xx", REQUEST, false)                                                          \
    X(CONFLICT, "http_409", POOL, true)                                                            \
    X(REDIRECT, "http_3xx", ENDPOINT, true)                                                        \
    X(STREAM_BROKEN, "stream_broken", POOL, false)                                                 \
    X(CANCELLED, "cancelled", NONE, false)                                                         \
    X(LOCAL, "local", LOCAL, true)

enum proa_class {
#define PROA_CLASS_ENUM(name, text, scope, movable) PROA_CLASS_##name,
    PROA_CLASS_TABLE(PROA_CLASS_ENUM)
#undef PROA_CLASS_ENUM
        PROA_CLASS_COUNT
};

const char *proa_class_text(enum proa_class class);
enum proa_scope proa_class_scope(enum proa_class class);
/* Before commit: may the exchange go on with another target? */
bool proa_class_movable(enum proa_class class);
/* The class of a transport failure. Once connected, ERR_TIMEOUT means that the peer does not take
 * the request; waiting for its answer is timed elsewhere. */
enum proa_class proa_class_of_err(enum proa_err err, bool connected);

#endif
