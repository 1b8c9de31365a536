/*
 * Header fields: the names the gateway acts on, lookups in a parsed head, and validators for what
 * is put into one.
 *
 * Pure: no I/O, no allocation, no state. Slices are borrowed. Names compare ASCII-case-insensitively
 * (RFC 9110 5.1); values keep their case unless a function says otherwise.
 */
#ifndef PROA_HTTP_HEADER_H
#define PROA_HTTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proa/core/slice.h"

/*
 * Names with an id, X(id, lower-case name). Rows are sorted by the length of the name, shortest
 * first: the lookup walks the rows of one length only (a unit test checks the order).
 */
#define PROA_HTTP_HEADER_TABLE(X)                                                                  \
    X(TE, "te")                                                                                    \
    X(VIA, "via")                                                                                  \
    X(AGE, "age")                                                                                  \
    X(HOST, "host")                                                                                \
    X(DATE, "date")                                                                                \
    X(ETAG, "etag")                                                                                \
    X(COOKIE, "cookie")                                                                            \
    X(ORIGIN, "origin")                                                                            \
    X(EXPECT, "expect")                                                                            \
    X(ACCEPT, "accept")                                                                            \
    X(SERVER, "server")                                                                            \
    X(CF_RAY, "cf-ray")                                                                            \
    X(API_KEY, "api-key")                                                                          \
    X(ALT_SVC, "alt-svc")                                                                          \
    X(UPGRADE, "upgrade")                                                                          \
    X(TRAILER, "trailer")                                                                          \
    X(REFERER, "referer")                                                                          \
    X(LOCATION, "location")                                                                        \
    X(X_API_KEY, "x-api-key")                                                                      \
    X(FORWARDED, "forwarded")                                                                      \
    X(SET_COOKIE, "set-cookie")                                                                    \
    X(CONNECTION, "connection")                                                                    \
    X(KEEP_ALIVE, "keep-alive")                                                                    \
    X(REQUEST_ID, "request-id")                                                                    \
    X(USER_AGENT, "user-agent")                                                                    \
    X(TRACESTATE, "tracestate")                                                                    \
    X(OPENAI_BETA, "openai-beta")                                                                  \
    X(RETRY_AFTER, "retry-after")                                                                  \
    X(TRACEPARENT, "traceparent")                                                                  \
    X(CONTENT_TYPE, "content-type")                                                                \
    X(X_REQUEST_ID, "x-request-id")                                                                \
    X(X_PROA_TAGS, "x-proa-tags")                                                                  \
    X(CACHE_CONTROL, "cache-control")                                                              \
    X(AUTHORIZATION, "authorization")                                                              \
    X(CONTENT_LENGTH, "content-length")                                                            \
    X(ACCEPT_ENCODING, "accept-encoding")                                                          \
    X(SEC_FETCH_SITE, "sec-fetch-site")                                                            \
    X(RETRY_AFTER_MS, "retry-after-ms")                                                            \
    X(OPENAI_PROJECT, "openai-project")                                                            \
    X(ANTHROPIC_BETA, "anthropic-beta")                                                            \
    X(X_GOOG_API_KEY, "x-goog-api-key")                                                            \
    X(X_SHOULD_RETRY, "x-should-retry")                                                            \
    X(APIM_REQUEST_ID, "apim-request-id")                                                          \
    X(IDEMPOTENCY_KEY, "idempotency-key")                                                          \
    X(X_PROA_NO_CACHE, "x-proa-no-cache")                                                          \
    X(CONTENT_ENCODING, "content-encoding")
