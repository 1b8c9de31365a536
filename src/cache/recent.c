#include "proa/cache/recent.h"

#include "proa/core/alloc.h"

#include <string.h>

enum { FORM_MAX = 2 * PROA_RECENT_BODY_MAX };

struct proa_recent_form {
    struct proa_hash128 body_hash;
    struct proa_hash128 key_hash; /* with the scope */
    uint64_t proven;              /* see struct proa_cache_key */
    uint32_t body_len;
    uint32_t scope_len;
    uint32_t pieces_len; /* bytes */
    uint32_t text_len;
    uint32_t note_len;
    size_t total_bytes;
    char bytes[]; /* pieces, text, body, scope, note */
};

static struct proa_recent_form **place_of(struct proa_recent *r, struct proa_hash128 hash)
{
    return &r->forms[hash.low % PROA_RECENT_FORMS];
}

static bool same_hash(struct proa_hash128 a, struct proa_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static struct proa_slice text_of(const struct proa_recent_form *f)
{
    return proa_slice_make(f->bytes + f->pieces_len, f->text_len);
}

static struct proa_slice body_of(const struct proa_recent_form *f)
{
    return proa_slice_make(f->bytes + f->pieces_len + f->text_len, f->body_len);
}

static struct proa_slice scope_of(const struct proa_recent_form *f)
{
    return proa_slice_make(f->bytes + f->pieces_len + f->text_len + f->body_len, f->scope_len);
}

struct proa_slice proa_recent_note(const struct proa_recent_form *f)
{
    const struct proa_slice scope = scope_of(f);
    return proa_slice_make(scope.ptr + scope.len, f->note_len);
}

struct proa_recent_form *proa_recent_look(struct proa_recent *r,
                                          const struct proa_key_secret *secret,
                                          struct proa_slice body)
{
    r->asked = (struct proa_hash128){0};
    if (body.len > PROA_RECENT_BODY_MAX) {
        return NULL;
    }
    r->asked = proa_hash128_of(secret->hash, body);
    struct proa_recent_form *f = *place_of(r, r->asked);
    return f && same_hash(f->body_hash, r->asked) && proa_slice_eq(body_of(f), body) ? f : NULL;
}

bool proa_recent_key(struct proa_recent_form *f, const struct proa_key_secret *secret,
                     struct proa_slice scope, struct proa_slice body, struct proa_canon *canon,
                     struct proa_cache_key *key)
{
    PROA_DASSERT(proa_slice_eq(body_of(f), body));
    proa_buf_clear(&canon->pieces);
    proa_buf_clear(&canon->text);
    canon->body = body;
    canon->total_bytes = f->total_bytes;
    canon->remote = false;
    if (proa_buf_append(&canon->pieces, proa_slice_make(f->bytes, f->pieces_len)) != PROA_OK ||
        proa_buf_append(&canon->text, text_of(f)) != PROA_OK) {
        return false;
    }
    if (PROA_LIKELY(proa_slice_eq(scope_of(f), scope))) {
        *key = (struct proa_cache_key){
            .hash = f->key_hash, .scope = scope, .canon = canon, .proven = &f->proven};
    } else {
        *key = proa_key_make(secret, scope, canon);
    }
    return true;
}

static char *put(char *at, struct proa_slice s)
{
    if (s.len > 0) {
        memcpy(at, s.ptr, s.len);
    }
    return at + s.len;
}

void proa_recent_keep(struct proa_recent *r, const struct proa_cache_key *key,
                      struct proa_slice note)
{
    const struct proa_canon *canon = key->canon;
    const struct proa_slice pieces = proa_buf_slice(&canon->pieces);
    const struct proa_slice text = proa_buf_slice(&canon->text);
    const size_t form = pieces.len + text.len + key->scope.len + note.len;
    if (canon->body.len > PROA_RECENT_BODY_MAX || canon->remote || form > FORM_MAX) {
        return;
    }
    struct proa_recent_form **place = place_of(r, r->asked);
    struct proa_recent_form *f = proa_alloc(sizeof *f + form + canon->body.len);
    *f = (struct proa_recent_form){
        .body_hash = r->asked,
        .key_hash = key->hash,
        .body_len = (uint32_t)canon->body.len,
        .scope_len = (uint32_t)key->scope.len,
        .pieces_len = (uint32_t)pieces.len,
        .text_len = (uint32_t)text.len,
        .note_len = (uint32_t)note.len,
        .total_bytes = canon->total_bytes,
    };
    (void)put(put(put(put(put(f->bytes, pieces), text), canon->body), key->scope), note);
    r->n += *place == NULL;
    proa_free(*place);
    *place = f;
}

void proa_recent_clear(struct proa_recent *r)
{
    for (size_t i = 0; i < PROA_RECENT_FORMS; i++) {
        proa_free(r->forms[i]);
        r->forms[i] = NULL;
    }
    r->n = 0;
}
