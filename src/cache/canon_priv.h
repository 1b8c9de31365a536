/*
 * The form under way: its pieces, and the objects that are open. Shared by the walk (canon.c) and
 * by what puts members in order (canon_order.c).
 *
 * So far the form is the pieces, then the text from `tail` on. What comes behind it is copied to
 * the text where it is short, so that many short ones are one piece, and is a piece of its own
 * where it is long, so that most of a body is not copied.
 */
#ifndef PROA_CACHE_CANON_PRIV_H
#define PROA_CACHE_CANON_PRIV_H

#include "proa/cache/canon.h"

/* From here on a piece costs less than a copy: where a run ends at white space, and others come
 * behind it; and where a member is put elsewhere, mostly one or two long ones. */
enum { LONG_RUN = 1024, LONG_PIECE = 512 };

/* Places beyond the body are in the text. */
struct piece {
    uint32_t at;
    uint32_t len;
};

/* A member of an open object: its key's token, and where it begins and ends in the form; `to` is
 * known when the object is put in order. */
struct member {
    struct piece key;
    uint32_t from;
    uint32_t to;
};

/* An open container. */
struct frame {
    uint32_t members_at; /* how many members there were before */
    uint32_t inner;      /* where it begins in the form, behind its bracket */
    unsigned char close; /* its closing bracket */
    bool is_object;
    bool is_looked_at; /* it may have members that are left out */
    bool is_shuffled;  /* the body has it otherwise than the form */
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

static inline bool is_in_text(const struct proa_canon *c, struct piece p)
{
    return p.at >= c->body.len;
}

static inline const char *bytes_of(const struct proa_canon *c, struct piece p)
{
    return is_in_text(c, p) ? c->text.ptr + (p.at - c->body.len) : c->body.ptr + p.at;
}

/* Where the text ends, as the place of a piece. */
static inline uint32_t text_end(const struct proa_canon *c)
{
    return (uint32_t)(c->body.len + c->text.len);
}

/* Full buffers show when the walk is over, or when their content is needed. */
static inline void add_piece(struct proa_canon *c, uint32_t at, uint32_t len)
{
    struct piece *p = (struct piece *)(void *)proa_buf_reserve(&c->pieces, sizeof *p);
    if (p) {
        p->at = at;
        p->len = len;
        c->pieces.len += sizeof *p;
    }
}

/* What was copied becomes a piece. */
static inline void end_tail(struct proa_canon *c)
{
    if (text_end(c) > c->tail) {
        add_piece(c, c->tail, text_end(c) - c->tail);
        c->tail = text_end(c);
    }
}

/* What is short goes in one move, and what is too much is written over by what comes next. */
enum { MOVE = 32 };

/* There is room for a whole move at `out`; `readable`: as many bytes are at `from`. */
static inline void copy(char *out, const char *from, size_t len, size_t readable)
{
    if (PROA_LIKELY(len <= MOVE && readable >= MOVE)) {
        memcpy(out, from, MOVE);
    } else {
        /* Not known to be short: the compiler would rather copy word by word. */
        __asm__("" : "+r"(len));
        memcpy(out, from, len);
    }
}

/* What is at a place comes next in the form. */
static inline void put(struct proa_canon *c, uint32_t at, uint32_t len)
{
    if (len >= LONG_PIECE) {
        end_tail(c);
        add_piece(c, at, len);
        return;
    }
    char *out = proa_buf_reserve(&c->text, (size_t)len + MOVE);
    if (PROA_LIKELY(out)) {
        const size_t readable = at < c->body.len ? c->body.len - at : 0;
        copy(out, bytes_of(c, (struct piece){at, len}), len, readable);
        c->text.len += len;
    }
}

/*
 * The shorter key first, as in CBOR's first canonical order (RFC 7049 3.9); of two that are as
 * long, the greater one. That is quickly seen, and it is how most objects in bodies are written
 * anyway: role before content, type before text, name before arguments. By pointers: a member that
 * has just been noted would have to be written before it could be copied.
 */
static inline int order(const struct proa_canon *c, const struct piece *a, const struct piece *b)
{
    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    return memcmp(bytes_of(c, *b), bytes_of(c, *a), a->len);
}

/*
 * Puts `n` members of the object in the order of their keys. All of the form is pieces, and ends
 * with the last of them. DUPLICATE, LIMIT.
 */
enum proa_err proa_canon_order(struct proa_canon *c, const struct frame *f, uint32_t n,
                               uint32_t end) PROA_MUST_CHECK;

#endif
