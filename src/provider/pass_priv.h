/*
 * Bodies that are passed on: the client's own bytes, with the members changed that must be.
 */
#ifndef PROA_PROVIDER_PASS_PRIV_H
#define PROA_PROVIDER_PASS_PRIV_H

#include "proa/provider/dialect.h"

/* More edits than a dialect brings. */
enum { PASS_EDITS_MAX = 6 };

struct proa_pass {
    struct proa_json_edit edits[PASS_EDITS_MAX]; /* beside the cuts; a dialect's own */
    size_t n_edits;
    bool keeps_model;          /* the model is not named in the body, or by one of the edits */
    struct proa_slice prefill; /* a last message, whole; empty = none */
};

/*
 * A last message of the assistant, with `more` members behind its content ("" or
 * ",\"prefix\":true"), for a body that has messages. ERR_UNSUPPORTED: it has none.
 */
enum proa_err proa_pass_prefill(const struct proa_encode_in *in, struct proa_arena *arena,
                                struct proa_slice text, const char *more,
                                struct proa_pass *pass) PROA_MUST_CHECK;
/* A form with files likewise, with the model's name in its field. ERR_PROTOCOL: the name would not
 * be one line. */
enum proa_err proa_pass_form(const struct proa_encode_in *in,
                             struct proa_encoded *out) PROA_MUST_CHECK;
/* The body into out->iov behind the head, which is not written yet. */
enum proa_err proa_pass_body(const struct proa_encode_in *in, const struct proa_pass *pass,
                             struct proa_arena *arena, struct proa_encoded *out) PROA_MUST_CHECK;

#endif
