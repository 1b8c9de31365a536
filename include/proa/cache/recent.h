/*
 * Bodies that came lately, with their forms: who asks the same again mostly sends the same bytes,
 * and which form these have need not be found out once more. Nor what else depends on nothing but
 * the bytes: that is kept beside it, as a note of whoever knows what it means.
 *
 * Pure but for allocation. Handle-like value: zero at first, then look() and keep(); clear()
 * releases. A body is found by its hash, which is keyed with the secret of the process, and only by
 * exactly these bytes: they are compared. Bounded: PROA_RECENT_FORMS of them, whose bodies are no
 * longer than PROA_RECENT_BODY_MAX and whose forms and notes take no more than twice that; a new
 * one takes the place of the one that was there.
 */
#ifndef PROA_CACHE_RECENT_H
#define PROA_CACHE_RECENT_H

#include "proa/cache/key.h"

enum { PROA_RECENT_FORMS = 64, PROA_RECENT_BODY_MAX = 16 * 1024 };

/* One of them. Lives until the next keep() or clear(). */
struct proa_recent_form;

struct proa_recent {
    struct proa_recent_form *forms[PROA_RECENT_FORMS]; /* NULL: none is here */
    size_t n;
    struct proa_hash128 asked; /* hash of the body that was looked for last */
};

/* NULL: it is none of them. Always used with the same secret. */
struct proa_recent_form *proa_recent_look(struct proa_recent *r,
                                          const struct proa_key_secret *secret,
                                          struct proa_slice body);
/* What was kept with it; empty = nothing. */
struct proa_slice proa_recent_note(const struct proa_recent_form *f);
/*
 * `canon` becomes as proa_canon_read() would have left it, and *key as proa_key_make() would have
 * made it with this scope; both borrow from `body`, which was looked for, from `scope`, and from
 * the form. False: there is no room for it.
 */
bool proa_recent_key(struct proa_recent_form *f, const struct proa_key_secret *secret,
                     struct proa_slice scope, struct proa_slice body, struct proa_canon *canon,
                     struct proa_cache_key *key) PROA_MUST_CHECK;
/* Keeps what was not found: `key` was made of the body that was looked for last. */
void proa_recent_keep(struct proa_recent *r, const struct proa_cache_key *key,
                      struct proa_slice note);
void proa_recent_clear(struct proa_recent *r);

#endif
