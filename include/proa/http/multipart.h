/*
 * Forms with files, multipart/form-data (RFC 7578; RFC 2046 5.1), read in place: where each field
 * stands, and the same form with another value in one of them and others left out, without a copy.
 *
 * Pure, nothing allocates. Lines end in CRLF, names and boundaries are plain; what could be read in
 * two ways is refused, because somebody else reads the form after us. Slices borrow from the body.
 */
#ifndef PROA_HTTP_MULTIPART_H
#define PROA_HTTP_MULTIPART_H

#include "proa/core/err.h"
#include "proa/core/slice.h"

enum {
    PROA_MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 5.1.1 */
    PROA_MULTIPART_PARTS_MAX = 256,
    PROA_MULTIPART_HEAD_MAX = 8 * 1024, /* of one part's header lines */
    PROA_MULTIPART_CUTS_MAX = 8
};

/* The boundary that a Content-Type names. ERR_TYPE: it is no multipart/form-data; ERR_SYNTAX: it
 * names none, or several, or one that is not allowed. */
enum proa_err proa_multipart_boundary(struct proa_slice content_type,
                                      struct proa_slice *out) PROA_MUST_CHECK;

struct proa_multipart {
    struct proa_slice body;
    size_t at; /* where the next part begins, at its boundary's first dash */
    size_t n_parts;
    size_t delimiter_len;
    char delimiter[4 + PROA_MULTIPART_BOUNDARY_MAX]; /* CR LF - - boundary */
};

struct proa_multipart_part {
    struct proa_slice name;
    struct proa_slice content_type; /* empty: none is given */
    struct proa_slice value;
    bool is_file; /* it has a file's name */
    /* All of the part: cut out, what is left is a form without it. */
    size_t at;
    size_t end;
};

enum proa_multipart_result {
    PROA_MULTIPART_PART = 0,
    PROA_MULTIPART_END, /* the last boundary, and nothing but line ends behind it */
    PROA_MULTIPART_BROKEN
};

/* Where and why a form was refused; the reason is static text for people. */
struct proa_multipart_fault {
    size_t at;
    const char *reason;
};

/* `boundary` as proa_multipart_boundary() gave it. */
void proa_multipart_init(struct proa_multipart *m, struct proa_slice body,
                         struct proa_slice boundary);
/* Fills *out for a PART, *fault for BROKEN; not to be called again after either of the others. */
enum proa_multipart_result proa_multipart_next(struct proa_multipart *m,
                                               struct proa_multipart_part *out,
                                               struct proa_multipart_fault *fault);

/* ---- a form that is passed on ---------------------------------------------------------------- */

struct proa_multipart_span {
    size_t at;
    size_t end;
};

/* What is changed of a form: all spans lie within its body, in the order of the body, and apart. */
struct proa_multipart_edits {
    struct proa_multipart_span replaced;                      /* a field's value */
    struct proa_multipart_span cuts[PROA_MULTIPART_CUTS_MAX]; /* whole parts */
    size_t n_cuts;
};

/* One part more is cut out; neighbours are one cut. Parts come in their order. False: too many. */
bool proa_multipart_cut(struct proa_multipart_edits *edits, const struct proa_multipart_part *part);

/* Room for the pieces of any such form. */
enum { PROA_MULTIPART_PIECES = PROA_MULTIPART_CUTS_MAX + 3 };

/* The form with `value` in place of what is replaced: pieces of the body and the value, none of
 * them empty. Returns how many; *total is the sum of their lengths. */
size_t proa_multipart_splice(struct proa_slice body, const struct proa_multipart_edits *edits,
                             struct proa_slice value,
                             struct proa_slice pieces[PROA_MULTIPART_PIECES], size_t *total);

#endif
