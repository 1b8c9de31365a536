/*
 * The one error type. A fallible function returns enum proa_err, 0 is success, and results travel
 * through trailing out-parameters that stay untouched on failure.
 *
 * Pure. Codes are stable names, not prose: messages for people are made where the context is known.
 */
#ifndef PROA_CORE_ERR_H
#define PROA_CORE_ERR_H

/* Who is at fault decides what a caller may do about it. */
enum proa_err_class {
    PROA_ERR_CLASS_NONE = 0,
    PROA_ERR_CLASS_CALLER,    /* a bug on our side of the call */
    PROA_ERR_CLASS_PEER,      /* the bytes a peer sent are wrong */
    PROA_ERR_CLASS_TRANSPORT, /* the way to the peer failed */
    PROA_ERR_CLASS_TIMEOUT,
    PROA_ERR_CLASS_OVERLOAD,
    PROA_ERR_CLASS_LIMIT, /* a configured maximum was reached */
    PROA_ERR_CLASS_INTERNAL
};

/* X(name, text, class) */
#define PROA_ERR_TABLE(X)                                                                          \
    X(OK, "ok", NONE)                                                                              \
    X(ARG, "invalid argument", CALLER)                                                             \
    X(STATE, "not possible in this state", CALLER)                                                 \
    X(NOT_FOUND, "not found", CALLER)                                                              \
    X(EXISTS, "already there", CALLER)                                                             \
    X(SYNTAX, "syntax error", PEER)                                                                \
    X(UTF8, "invalid UTF-8", PEER)                                                                 \
    X(TYPE, "wrong type", PEER)                                                                    \
    X(RANGE, "value out of range", PEER)                                                           \
    X(DUPLICATE, "duplicate key", PEER)                                                            \
    X(DEPTH, "nested too deeply", PEER)                                                            \
    X(TRAILING, "bytes after the end", PEER)                                                       \
    X(TRUNCATED, "ended too early", PEER)                                                          \
    X(PROTOCOL, "protocol violation", PEER)                                                        \
    X(UNSUPPORTED, "not supported", PEER)                                                          \
    X(LIMIT, "limit reached", LIMIT)                                                               \
    X(DNS, "name not resolved", TRANSPORT)                                                         \
    X(REFUSED, "connection refused", TRANSPORT)                                                    \
    X(RESET, "connection reset", TRANSPORT)                                                        \
    X(CLOSED, "connection closed", TRANSPORT)                                                      \
    X(UNREACHABLE, "network unreachable", TRANSPORT)                                               \
    X(PROXY, "refused by the proxy", TRANSPORT)                                                    \
    X(IO, "input/output error", TRANSPORT)                                                         \
    X(TLS, "TLS failure", TRANSPORT)                                                               \
    X(TLS_HOSTNAME, "certificate is for another host", TRANSPORT)                                  \
    X(TLS_EXPIRED, "certificate has expired", TRANSPORT)                                           \
    X(TLS_FUTURE, "certificate is not valid yet", TRANSPORT)                                       \
    X(TLS_UNTRUSTED, "certificate is signed by no trusted authority", TRANSPORT)                   \
    X(TLS_REVOKED, "certificate was revoked", TRANSPORT)                                           \
    X(TIMEOUT, "timed out", TIMEOUT)                                                               \
    X(CANCELLED, "cancelled", CALLER)                                                              \
    X(OVERLOAD, "overloaded", OVERLOAD)                                                            \
    X(PERMISSION, "permission denied", INTERNAL)                                                   \
    X(ADDR_IN_USE, "address already in use", INTERNAL)                                             \
    X(FD_LIMIT, "out of file descriptors", INTERNAL)                                               \
    X(INTERNAL, "internal error", INTERNAL)

enum proa_err {
#define PROA_ERR_ENUM(name, text, class) PROA_ERR_##name,
    PROA_ERR_TABLE(PROA_ERR_ENUM)
#undef PROA_ERR_ENUM
};
#define PROA_OK PROA_ERR_OK

/* Static text such as "connection refused"; "unknown error" for a value outside the table. */
const char *proa_err_text(enum proa_err err);
/* Static lower-case name such as "refused", for logs and metrics. */
const char *proa_err_name(enum proa_err err);
enum proa_err_class proa_err_class(enum proa_err err);

#endif
