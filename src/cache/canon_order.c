#include "canon_priv.h"

enum { FEW_MEMBERS = 12 /* sorted by insertion */ };

/* A piece that the form had, and where in the form it began. The one behind the last says where
 * that ended. */
struct source {
    uint32_t at;
    uint32_t from;
};

/* An object that is put in order. */
struct ordering {
    struct proa_canon *c;
    struct member *members;
    uint32_t n;
    uint32_t n_sources;
    struct source *sources; /* from the object on */
    uint32_t *sorted;       /* indices of the members */
};

static inline int compare(const struct ordering *o, uint32_t a, uint32_t b)
{
    return order(o->c, &o->members[a].key, &o->members[b].key);
}

/* By how many of the others stand before each: no comparison waits for another. False: a key is
 * there twice. */
static bool sort_few(const struct ordering *o)
{
    uint32_t before[FEW_MEMBERS] = {0};
    for (uint32_t i = 1; i < o->n; i++) {
        for (uint32_t k = 0; k < i; k++) {
            const int than = compare(o, i, k);
            if (PROA_UNLIKELY(than == 0)) {
                return false;
            }
            before[i] += than > 0;
            before[k] += than < 0;
        }
    }
    for (uint32_t i = 0; i < o->n; i++) {
        o->sorted[before[i]] = i;
    }
    return true;
}

static void swap(const struct ordering *o, uint32_t a, uint32_t b)
{
    const uint32_t at_a = o->sorted[a];
    o->sorted[a] = o->sorted[b];
    o->sorted[b] = at_a;
}

static void sift_down(const struct ordering *o, uint32_t root, uint32_t n)
{
    const uint32_t *sorted = o->sorted;
    for (uint32_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        child += child + 1 < n && compare(o, sorted[child], sorted[child + 1]) < 0;
        if (compare(o, sorted[root], sorted[child]) >= 0) {
            break;
        }
        swap(o, root, child);
        root = child;
    }
}

/* Heapsort (Williams 1964): whoever chooses the keys cannot make it slow. */
static bool sort_many(const struct ordering *o)
{
    for (uint32_t i = 0; i < o->n; i++) {
        o->sorted[i] = i;
    }
    for (uint32_t i = o->n / 2; i > 0; i--) {
        sift_down(o, i - 1, o->n);
    }
    for (uint32_t i = o->n - 1; i > 0; i--) {
        swap(o, 0, i);
        sift_down(o, 0, i);
    }
    for (uint32_t i = 1; i < o->n; i++) {
        if (compare(o, o->sorted[i - 1], o->sorted[i]) >= 0) {
            return false;
        }
    }
    return true;
}

/* Takes the pieces from the one on that the object begins in, and makes room for what is sorted. */
static bool take_pieces(struct ordering *o, const struct frame *f, uint32_t end)
{
    struct proa_canon *c = o->c;
    const struct piece *pieces = pieces_of(c);
    uint32_t k = n_pieces(c);
    for (uint32_t at = end; at > f->inner; k--) {
        at -= pieces[k - 1].len;
    }
    o->n_sources = n_pieces(c) - k;
    proa_buf_clear(&c->scratch);
    char *room = proa_buf_reserve(&c->scratch, (o->n_sources + 1) * sizeof *o->sources +
                                                   o->n * sizeof *o->sorted);
    if (!room) {
        return false;
    }
    o->sources = (struct source *)(void *)room;
    o->sorted = (uint32_t *)(void *)(o->sources + o->n_sources + 1);
    o->sources[o->n_sources].from = end;
    for (uint32_t i = o->n_sources; i > 0; i--) {
        o->sources[i - 1].at = pieces[k + i - 1].at;
        o->sources[i - 1].from = o->sources[i].from - pieces[k + i - 1].len;
    }
    c->pieces.len = k * sizeof *pieces;
    return true;
}

/* The source that has this byte of the form. */
static inline const struct source *source_of(const struct ordering *o, uint32_t from)
{
    uint32_t low = 0;
    for (uint32_t n = o->n_sources; n > 1;) {
        const uint32_t half = n / 2;
        if (o->sources[low + half].from <= from) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return &o->sources[low];
}

/* What was between two places of the form comes next in it. */
static inline void put_again(const struct ordering *o, uint32_t from, uint32_t to)
{
    for (const struct source *s = source_of(o, from); from < to; s++) {
        const uint32_t until = s[1].from < to ? s[1].from : to;
        put(o->c, s->at + (from - s->from), until - from);
        from = until;
    }
}

/* Between two members there is a comma. */
static inline void put_members(const struct ordering *o)
{
    const struct member *last = &o->members[o->n - 1];
    for (uint32_t i = 0; i < o->n; i++) {
        const struct member *m = &o->members[o->sorted[i]];
        const bool comma = i + 1 < o->n;
        put_again(o, m->from, m->to + (comma && m != last));
        if (comma && m == last) {
            PROA_BUF_LIT(&o->c->text, ",");
        }
    }
}

/* What the text has from `from` on goes down to `to`: what stood there before is in the form no
 * more. So the text does not grow with the depth of objects. */
static void close_gap(struct proa_canon *c, uint32_t to, uint32_t from)
{
    char *text = c->text.ptr;
    const size_t len = text_end(c) - from;
    memmove(text + (to - c->body.len), text + (from - c->body.len), len);
    c->text.len = to - c->body.len + len;
    c->tail = to;
}

/* Where the last piece ends in the text and the text goes on behind it, they are one. */
static void open_tail(struct proa_canon *c)
{
    if (c->pieces.len > 0) {
        const struct piece last = pieces_of(c)[n_pieces(c) - 1];
        if (is_in_text(c, last) && last.at + last.len == c->tail) {
            c->tail = last.at;
            c->pieces.len -= sizeof last;
        }
    }
}

/* The members, behind what the first source has of what is around them. */
static void put_all(const struct ordering *o, uint32_t inner, bool is_outermost)
{
    struct proa_canon *c = o->c;
    const struct piece around = {o->sources[0].at, inner - o->sources[0].from};
    const bool in_text = is_in_text(c, around);
    if (in_text && around.len > 0) {
        add_piece(c, around.at, around.len);
    } else if (around.len > 0) {
        put(c, around.at, around.len);
    }
    const size_t pieces_len = c->pieces.len;
    const uint32_t from = text_end(c);
    put_members(o);
    if (in_text && c->pieces.len == pieces_len && !is_outermost) {
        close_gap(c, around.at + around.len, from);
    }
    open_tail(c);
}

enum proa_err proa_canon_order(struct proa_canon *c, const struct frame *f, uint32_t n,
                               uint32_t end)
{
    struct ordering o = {.c = c, .members = members_of(c) + f->members_at, .n = n};
    if (!proa_buf_ok(&c->pieces) || !proa_buf_ok(&c->text) || !take_pieces(&o, f, end)) {
        return PROA_ERR_LIMIT;
    }
    for (uint32_t i = 0; i + 1 < n; i++) {
        o.members[i].to = o.members[i + 1].from - 1;
    }
    o.members[n - 1].to = end;
    if (!(n <= FEW_MEMBERS ? sort_few(&o) : sort_many(&o))) {
        return PROA_ERR_DUPLICATE;
    }
    put_all(&o, f->inner, f->members_at == 0 && f->inner == 1);
    return PROA_OK;
}
