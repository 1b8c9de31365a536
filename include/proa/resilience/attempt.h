/*
 * What became of one upstream attempt: its class, and what a class means for what comes next.
 *
 * Pure tables. One attempt yields exactly one class, at the earliest moment it is known. The class
 * alone decides scope, replay and what it weighs against the health
 * of what was asked; nothing else compares codes.
 */
#ifndef PROA_RESILIENCE_ATTEMPT_H
#define PROA_RESILIENCE_ATTEMPT_H

#include "proa/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Whose fault it is, so that only that object is put aside. */
enum proa_scope {
    PROA_SCOPE_NONE = 0,
    PROA_SCOPE_REQUEST,
    PROA_SCOPE_TARGET, /* this key for this model */
    PROA_SCOPE_KEY,
    PROA_SCOPE_QUOTA_GROUP,
    PROA_SCOPE_POOL,
    PROA_SCOPE_ENDPOINT,
    PROA_SCOPE_LOCAL
};

/*
 * What one failure adds to the scores of the three breakers it is told to: of the target, of its
 * pool and of its endpoint. Limits, credentials and the request's own faults weigh nothing: they
 * say nothing about health.
 */
struct proa_class_weight {
    uint8_t target;
    uint8_t pool;
    uint8_t endpoint;
};

/* UNFIT: the request is more, or of another kind, than this target takes at all, such as one above
 * a limit per minute; others may take it. TOKEN: where the key's tokens come from gives none just
 * now, which says nothing about the provider. TOTAL_TIMEOUT: the time of the exchange ended, and
 * the attempt had been silent for so much of it that this is its own failure; else it is CANCELLED.
 *
 * X(name, text as in logs, metrics and the trail, scope, may another target be tried, weight at the
 * target, at its pool, at its endpoint) */
#define PROA_CLASS_TABLE(X)                                                                        \
    X(NONE, "none", NONE, false, 0, 0, 0)                                                          \
    X(OK, "ok", NONE, false, 0, 0, 0)                                                              \
    X(DNS, "dns", ENDPOINT, true, 2, 0, 2)                                                         \
    X(CONNECT, "connect", ENDPOINT, true, 2, 0, 2)                                                 \
    X(CONNECT_TIMEOUT, "timeout_connect", ENDPOINT, true, 2, 0, 2)                                 \
    X(TLS, "tls", ENDPOINT, true, 2, 0, 2)                                                         \
    X(RESET, "reset", POOL, true, 1, 1, 0)                                                         \
    X(EMPTY, "empty_answer", POOL, true, 1, 1, 0)                                                  \
    X(MALFORMED, "invalid_response", POOL, true, 1, 1, 0)                                          \
    X(FIRST_BYTE_TIMEOUT, "timeout_first_byte", POOL, true, 2, 1, 0)                               \
    X(FIRST_CONTENT_TIMEOUT, "timeout_first_content", POOL, true, 2, 1, 0)                         \
    X(IDLE_TIMEOUT, "timeout_idle", POOL, true, 1, 1, 0)                                           \
    X(TOTAL_TIMEOUT, "timeout_total", POOL, false, 2, 1, 0)                                        \
    X(WRITE_TIMEOUT, "timeout_write", POOL, true, 2, 1, 0)                                         \
    X(SERVER, "http_5xx", POOL, true, 1, 1, 0)                                                     \
    X(OVERLOADED, "overloaded", POOL, true, 1, 1, 0)                                               \
    X(RATE, "http_429", QUOTA_GROUP, true, 0, 0, 0)                                                \
    X(QUOTA, "quota", QUOTA_GROUP, true, 0, 0, 0)                                                  \
    X(TOKEN, "token", TARGET, true, 2, 0, 0)                                                       \
    X(AUTH, "auth", KEY, true, 0, 0, 0)                                                            \
    X(PERMISSION, "permission", TARGET, true, 0, 0, 0)                                             \
    X(NOT_FOUND, "not_found", POOL, true, 0, 0, 0)                                                 \
    X(UNFIT, "unfit", POOL, true, 0, 0, 0)                                                         \
    X(CLIENT, "http_4xx", REQUEST, false, 0, 0, 0)                                                 \
    X(CONFLICT, "http_409", POOL, true, 0, 0, 0)                                                   \
    X(REDIRECT, "http_3xx", ENDPOINT, true, 1, 1, 0)                                               \
    X(STREAM_BROKEN, "stream_broken", POOL, false, 1, 1, 0)                                        \
    X(DIVERGED, "diverged", POOL, false, 0, 0, 0)                                                  \
    X(CANCELLED, "cancelled", NONE, false, 0, 0, 0)                                                \
    X(LOCAL, "local", LOCAL, true, 0, 0, 0)

enum proa_class {
#define PROA_CLASS_ENUM(name, ...) PROA_CLASS_##name,
    PROA_CLASS_TABLE(PROA_CLASS_ENUM)
#undef PROA_CLASS_ENUM
        PROA_CLASS_COUNT
};

const char *proa_class_text(enum proa_class class);
enum proa_scope proa_class_scope(enum proa_class class);
/* Before commit: may the exchange go on with another target? */
bool proa_class_movable(enum proa_class class);
/* All zero for what is no failure, and for a value outside the table. */
struct proa_class_weight proa_class_weight(enum proa_class class);
/* The class of a transport failure. Once connected, ERR_TIMEOUT means that the peer does not take
 * the request; waiting for its answer is timed elsewhere. */
enum proa_class proa_class_of_err(enum proa_err err, bool connected);

#endif
