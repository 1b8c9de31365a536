/*
 * The form under way: its pieces, and the objects that are open. Shared by the walk (canon.c) and
 * by what puts members in order (canon_order.c).
 */
#ifndef PROA_CACHE_CANON_PRIV_H
#define PROA_CACHE_CANON_PRIV_H

#include "proa/cache/canon.h"

/* Places beyond the body are in the text, which begins with this. */
#define COMMA ","

struct piece {
    uint32_t at;
    uint32_t len;
};

/* A member of an open object: its key's token in the form, and where it stands in the form. The
 * rest serves to put its object in order: the piece that it begins in, how far in, and, which has
 * nothing to do with this one, which member's place is here. */
struct member {
    struct piece key;
    uint32_t from;
    uint32_t to;
    uint32_t first;
    uint32_t skip;
    uint32_t placed;
    uint32_t unused; /* so that a member is 32 bytes */
};

/* An open container. */
struct frame {
    uint32_t members_at; /* index of its first member */
    uint32_t first;      /* the piece that its bracket is in, and where that begins in the form */
    uint32_t first_at;
    uint32_t inner; /* where it begins in the form, behind its bracket */
    bool is_object;
    bool shuffled; /* the body has it otherwise than the form */
};

static inline struct piece *pieces_of(const struct proa_canon *c)
{
    return (struct piece *)(void *)c->pieces.ptr;
}

static inline uint32_t n_pieces(const struct proa_canon *c)
{
    return (uint32_t)(c->pieces.len / sizeof(struct piece));
}

static inline struct member *members_of(const struct proa_canon *c)
{
    return (struct member *)(void *)c->members.ptr;
}

static inline uint32_t n_members(const struct proa_canon *c)
{
    return (uint32_t)(c->members.len / sizeof(struct member));
}

static inline const char *bytes_of(const struct proa_canon *c, struct piece p)
{
    return p.at < c->body.len ? c->body.ptr + p.at : c->text.ptr + (p.at - c->body.len);
}

static inline uint32_t place_in_text(const struct proa_canon *c, size_t at)
{
    return (uint32_t)(c->body.len + at);
}

/* Full buffers show when the walk is over, or when their content is needed. Field by field: a copy
 * of a piece that has just been made would wait until it is written. */
static inline void add(struct proa_buf *pieces, uint32_t at, uint32_t len)
{
    struct piece *p = (struct piece *)(void *)proa_buf_reserve(pieces, sizeof *p);
    if (p) {
        p->at = at;
        p->len = len;
        pieces->len += sizeof *p;
    }
}

/*
 * The shorter key first, as in CBOR's first canonical order (RFC 7049 3.9); of two that are as
 * long, the greater one. That is quickly seen, and it is how most objects in bodies are written
 * anyway: role before content, type before text, name before arguments.
 */
static inline int order(const struct proa_canon *c, struct piece a, struct piece b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return memcmp(bytes_of(c, b), bytes_of(c, a), a.len);
}

/*
 * The pieces of an object whose walk is over and whose pieces are complete, in the order of its
 * keys. *written becomes the bytes of the form up to there. DUPLICATE, LIMIT.
 */
enum proa_err proa_canon_order(struct proa_canon *c, const struct frame *f,
                               uint32_t *written) PROA_MUST_CHECK;

#endif
