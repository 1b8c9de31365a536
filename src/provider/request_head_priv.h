/*
 * The head of a request to any provider, credential included.
 */
#ifndef PROA_PROVIDER_REQUEST_HEAD_PRIV_H
#define PROA_PROVIDER_REQUEST_HEAD_PRIV_H

#include "proa/provider/dialect.h"

struct proa_request_head {
    bool get; /* instead of POST; without a body */
    /* Behind in->base_path, query included: literals and what is percent-encoded. */
    struct proa_slice path;
    struct proa_slice path2; /* joined to it, so that nobody needs a copy; may be empty */
    struct proa_slice path3;
    struct proa_slice accept; /* empty: by in->stream "text/event-stream" or "application/json" */
    struct proa_slice type;   /* of the body; empty: application/json */
    /* The dialect's own header lines, each with "\r\n" before it: "\r\nanthropic-version: ..." */
    struct proa_slice lines;
};

/*
 * Writes the head into out->iov[0], for the body that stands in the other pieces already, of
 * out->body_bytes bytes in out->n_iov - 1 pieces; where requests are signed, the signature is over
 * both. The head is wiped by whoever sent it, so no copy of the credential stays
 * behind. ERR_PROTOCOL, ERR_LIMIT: a value does not fit a header or the path; ERR_ARG: a part of
 * what a signature needs is missing.
 */
enum proa_err proa_request_head_write(const struct proa_encode_in *in,
                                      const struct proa_request_head *head,
                                      struct proa_arena *arena,
                                      struct proa_encoded *out) PROA_MUST_CHECK;

/* A translated request: out->body as its one piece, and the head. */
enum proa_err proa_request_finish(const struct proa_encode_in *in,
                                  const struct proa_request_head *head, struct proa_arena *arena,
                                  struct proa_encoded *out) PROA_MUST_CHECK;

#endif
