/*
 * Why a message was refused: one row per reason, with the status a server answers, a stable code
 * for envelopes, logs and metrics, and a sentence that says what was wrong and what to do.
 *
 * Pure, static data. Every fault ends the connection: bytes behind it are never parsed as another
 * message (RFC 9112 11.2). For a response from a provider the status column does not apply: the
 * caller treats every fault as a bad gateway.
 */
#ifndef PROA_HTTP_FAULT_H
#define PROA_HTTP_FAULT_H

#include "proa/core/slice.h"

/* X(name, status, code, sentence) */
#define PROA_HTTP_FAULT_TABLE(X)                                                                   \
    X(NONE, 0, "none", "No fault.")                                                                \
    X(REQUEST_LINE, 400, "bad_request_line",                                                       \
      "The request line is malformed; send METHOD SP target SP HTTP/1.1 with single spaces.")      \
    X(METHOD_UNKNOWN, 405, "method_unknown",                                                       \
      "The method is not known here; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.")         \
    X(METHOD_REFUSED, 405, "method_refused",                                                       \
      "CONNECT, TRACE and OPTIONS * are never served; call an API path instead.")                  \
    X(TARGET, 400, "bad_target",                                                                   \
      "The request target must be a path or an http(s) URL in visible ASCII without a fragment.")  \
    X(TARGET_LONG, 414, "target_too_long",                                                         \
      "The request target is too long; put the data into the body.")                               \
    X(VERSION, 505, "bad_version", "The protocol version is not HTTP/1.0 or HTTP/1.1.")            \
    X(VERSION_MISSING, 400, "version_missing",                                                     \
      "The request line has no protocol version; HTTP/0.9 is not served.")                         \
    X(HTTP2_PREFACE, 505, "http2_preface",                                                         \
      "HTTP/2 with prior knowledge is not served; use HTTP/1.1.")                                  \
    X(STATUS_LINE, 400, "bad_status_line", "The status line is malformed.")                        \
    X(LINE_END, 400, "bad_line_end", "Every line of the head must end in CR LF.")                  \
    X(FOLDED, 400, "folded_header",                                                                \
      "A header line begins with white space; send each header on one line.")                      \
    X(HEADER_NAME, 400, "bad_header_name",                                                         \
      "A header name is empty or holds a byte that is not allowed, or the colon is missing.")      \
    X(HEADER_VALUE, 400, "bad_header_value", "A header value holds a control character.")          \
    X(HEADER_LONG, 431, "header_too_long", "A header line is too long.")                           \
    X(HEAD_LONG, 431, "head_too_long", "The header section is too long.")                          \
    X(HEADER_COUNT, 431, "too_many_headers", "There are too many header lines.")                   \
    X(HOST_MISSING, 400, "host_missing", "The Host header is missing; send exactly one.")          \
    X(HOST_REPEATED, 400, "host_repeated", "The Host header is repeated; send exactly one.")       \
    X(HOST_MALFORMED, 400, "host_malformed",                                                       \
      "The Host header or URL authority must be a host name or address with an optional port.")    \
    X(LENGTH_AND_CODING, 400, "length_and_coding",                                                 \
      "Content-Length and Transfer-Encoding exclude each other; send one of them.")                \
    X(LENGTH_REPEATED, 400, "length_repeated", "Content-Length is repeated; send it once.")        \
    X(LENGTH, 400, "bad_content_length", "Content-Length must be one decimal number.")             \
    X(CODING, 400, "bad_transfer_encoding",                                                        \
      "Transfer-Encoding must be exactly one header with the value chunked.")                      \
    X(CODING_UNKNOWN, 400, "transfer_encoding_unknown",                                            \
      "The transfer coding is not known; use chunked or Content-Length.")                          \
    X(CODING_VERSION, 400, "transfer_encoding_in_http10",                                          \
      "Transfer-Encoding does not exist in HTTP/1.0; use HTTP/1.1 or Content-Length.")             \
    X(CHUNK_SIZE, 400, "bad_chunk_size", "A chunk size must be 1 to 16 hexadecimal digits.")       \
    X(CHUNK_END, 400, "bad_chunk_end", "A chunk must end in CR LF.")                               \
    X(CHUNK_EXTENSION, 400, "bad_chunk_extension",                                                 \
      "A chunk extension is malformed; leave extensions out.")                                     \
    X(CHUNK_EXTENSION_LONG, 400, "chunk_extensions_too_long",                                      \
      "The chunk extensions are too long; leave extensions out.")                                  \
    X(TRAILER, 400, "bad_trailer", "The trailer section is malformed; leave trailers out.")        \
    X(TRAILER_LONG, 431, "trailers_too_long", "The trailer section is too long.")                  \
    X(BODY_LONG, 413, "body_too_large", "The body is larger than the configured limit.")           \
    X(EXPECTATION, 417, "expectation_unknown",                                                     \
      "The Expect header holds something else than 100-continue.")                                 \
    X(SWITCHING, 400, "switching_protocols", "The peer switched protocols without being asked.")   \
    X(INTERIM, 400, "too_many_interim", "The peer sent too many interim (1xx) answers.")           \
    X(TRUNCATED, 400, "truncated", "The connection ended inside the message.")

enum proa_http_fault {
#define PROA_HTTP_FAULT_ENUM(name, status, code, text) PROA_HTTP_FAULT_##name,
    PROA_HTTP_FAULT_TABLE(PROA_HTTP_FAULT_ENUM)
#undef PROA_HTTP_FAULT_ENUM
        PROA_HTTP_FAULT_COUNT
};

struct proa_http_fault_info {
    unsigned status;        /* to answer as a server; 0 for NONE. With 405, send Allow as well */
    struct proa_slice code; /* static: "host_missing" */
    struct proa_slice text; /* static: one sentence */
};

/* Never NULL; the row of NONE for a value outside the table. */
const struct proa_http_fault_info *proa_http_fault_info(enum proa_http_fault fault);

#endif
