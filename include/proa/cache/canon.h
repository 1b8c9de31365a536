/*
 * The canonical form of a request body: what two bodies have in common that ask for the same.
 *
 * Pure. One walk over the text in place; no tree. The form is a list of few pieces: long ones of
 * the body, which are hashed and compared where they stand, and what is short between them, copied
 * together:
 *  - members of objects in the order of their keys, shorter ones first; white space gone;
 *  - numbers as they are written: 1, 1.0 and 1e0 differ, and no digit of a long one is lost;
 *  - strings by what they stand for: "A" and "\u0041" are one;
 *  - without the members that do not change an answer (see canon.c), at the top and of the
 *    gateway's own options. Unknown ones stay in: what is too much in the form costs a miss, what
 *    is missing would give a wrong answer.
 * In the spirit of RFC 8785, without its numbers and with another order of keys. The same form
 * means the same JSON value but for the members left out. A body that is compact and in order is
 * its own form, and one piece.
 *
 * Value type, meant to be kept and used again: its memory stays until trimmed. What it holds
 * borrows from the body of the last read.
 */
#ifndef PROA_CACHE_CANON_H
#define PROA_CACHE_CANON_H

#include "proa/core/buf.h"
#include "proa/core/hash.h"

enum {
    PROA_CANON_DEPTH_MAX = 32,
    PROA_CANON_BODY_MAX = 256 * 1024,
    PROA_CANON_PIECES_MAX = 4 * 1024,
    PROA_CANON_MEMBERS_MAX = 16 * 1024 /* of the objects that are open at once */
};

struct proa_canon {
    struct proa_slice body;
    struct proa_buf text;   /* what of the form is not in one long piece in the body */
    struct proa_buf pieces; /* private, as the next ones */
    struct proa_buf members;
    struct proa_buf plain;
    struct proa_buf scratch;
    uint32_t tail;
    size_t total_bytes; /* of the form */
    bool remote;        /* it names a file or picture by its address: what is there may change */
};

void proa_canon_init(struct proa_canon *c);
void proa_canon_deinit(struct proa_canon *c);
/* Gives back what large bodies took. Nothing of the last read may be in use. */
void proa_canon_trim(struct proa_canon *c);

/*
 * Reads a body. DUPLICATE: a key occurs twice in one object; UNSUPPORTED: an escaped lone
 * surrogate; DEPTH, LIMIT: more than the bounds above; TYPE: no object; else what is wrong with the
 * text. There is no form then.
 */
enum proa_err proa_canon_read(struct proa_canon *c, struct proa_slice body) PROA_MUST_CHECK;

/* The form, as it was read last. copy() writes total_bytes. */
struct proa_hash128 proa_canon_hash(const struct proa_canon *c,
                                    const unsigned char secret[PROA_HASH_SECRET_BYTES]);
bool proa_canon_equals(const struct proa_canon *c, struct proa_slice form);
void proa_canon_copy(const struct proa_canon *c, char *out);

#endif
