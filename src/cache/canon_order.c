#include "canon_priv.h"

enum { FEW_MEMBERS = 12 /* sorted by insertion */ };

/* Likewise of the members that are placed at two places. */
static inline int compare(const struct proa_canon *c, const struct member *m, uint32_t a,
                          uint32_t b)
{
    return order(c, m[m[a].placed].key, m[m[b].placed].key);
}

/* By lengths first, which are sorted with the indices in one word each. */
static void sort_few(const struct proa_canon *c, struct member *m, uint32_t n)
{
    PROA_UNINIT uint64_t sorted[FEW_MEMBERS]; /* length and index */
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t now = (uint64_t)m[i].key.len << 32 | i;
        uint32_t to = i;
        for (; to > 0 && sorted[to - 1] >> 32 >= now >> 32; to--) {
            const uint32_t other = (uint32_t)sorted[to - 1];
            if (sorted[to - 1] >> 32 == now >> 32 && order(c, m[other].key, m[i].key) <= 0) {
                break;
            }
            sorted[to] = sorted[to - 1];
        }
        sorted[to] = now;
    }
    for (uint32_t i = 0; i < n; i++) {
        m[i].placed = (uint32_t)sorted[i];
    }
}

static void swap(struct member *m, uint32_t a, uint32_t b)
{
    const uint32_t placed = m[a].placed;
    m[a].placed = m[b].placed;
    m[b].placed = placed;
}

static void sift_down(const struct proa_canon *c, struct member *m, uint32_t root, uint32_t n)
{
    for (uint32_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        child += child + 1 < n && compare(c, m, child, child + 1) < 0;
        if (compare(c, m, root, child) >= 0) {
            break;
        }
        swap(m, root, child);
        root = child;
    }
}

/* Heapsort (Williams 1964): whoever chooses the keys cannot make it slow. */
static void sort_many(const struct proa_canon *c, struct member *m, uint32_t n)
{
    for (uint32_t i = n / 2; i > 0; i--) {
        sift_down(c, m, i - 1, n);
    }
    for (uint32_t i = n - 1; i > 0; i--) {
        swap(m, 0, i);
        sift_down(c, m, 0, i);
    }
}

/* False: a key is there twice. */
static bool in_order(const struct proa_canon *c, const struct member *m, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (compare(c, m, i - 1, i) >= 0) {
            return false;
        }
    }
    return true;
}

/* Which pieces the members begin in; they are still in the order of the body. */
static void locate(const struct proa_canon *c, const struct frame *f, struct member *m, uint32_t n)
{
    const struct piece *pieces = pieces_of(c);
    uint32_t at = f->first_at;
    uint32_t k = f->first;
    for (uint32_t i = 0; i < n; i++) {
        while (m[i].from - at >= pieces[k].len) {
            at += pieces[k].len;
            k++;
        }
        m[i].first = k;
        m[i].skip = m[i].from - at;
        m[i].placed = i;
    }
}

/* The new pieces under way. There is room for all of them. */
struct gathering {
    const struct piece *from;
    struct piece *last;
    struct proa_slice body;
};

/* Behind what was gathered; what goes on in the body makes no new piece. */
static inline void gather(struct gathering *g, uint32_t at, uint32_t len)
{
    if (g->last->at + g->last->len == at) {
        g->last->len += len;
    } else {
        g->last++;
        g->last->at = at;
        g->last->len = len;
    }
}

/* A comma: the one of the body where it follows at once. */
static inline void gather_comma(struct gathering *g)
{
    const size_t next = (size_t)g->last->at + g->last->len;
    if (next < g->body.len && g->body.ptr[next] == ',') {
        g->last->len++;
    } else {
        gather(g, (uint32_t)g->body.len, 1); /* the text begins with one */
    }
}

static inline void gather_member(struct gathering *g, const struct member *m)
{
    const struct piece *p = &g->from[m->first];
    uint32_t skip = m->skip;
    for (uint32_t left = m->to - m->from; left > 0; p++) {
        const uint32_t len = p->len - skip < left ? p->len - skip : left;
        gather(g, p->at + skip, len);
        left -= len;
        skip = 0;
    }
}

/* Each member may cut two pieces, and a comma may come to it. */
static uint32_t most_pieces(const struct proa_canon *c, const struct frame *f, uint32_t n)
{
    return n_pieces(c) - f->first + 3 * n + 1;
}

enum proa_err proa_canon_order(struct proa_canon *c, const struct frame *f, uint32_t *written)
{
    if (!proa_buf_ok(&c->pieces)) {
        return PROA_ERR_LIMIT;
    }
    struct member *m = members_of(c) + f->members_at;
    const uint32_t n = n_members(c) - f->members_at;
    locate(c, f, m, n);
    if (n <= FEW_MEMBERS) {
        sort_few(c, m, n);
    } else {
        sort_many(c, m, n);
    }
    if (!in_order(c, m, n)) {
        return PROA_ERR_DUPLICATE;
    }
    proa_buf_clear(&c->sorted);
    struct piece *room = (struct piece *)(void *)proa_buf_reserve(
        &c->sorted, most_pieces(c, f, n) * sizeof(struct piece));
    if (!room) {
        return PROA_ERR_LIMIT;
    }
    struct gathering g = {.from = pieces_of(c), .last = room, .body = c->body};
    room->at = g.from[f->first].at;
    room->len = f->inner - f->first_at;
    uint32_t total = f->inner;
    for (uint32_t i = 0; i < n; i++) {
        const struct member *next = &m[m[i].placed];
        if (i > 0) {
            gather_comma(&g);
        }
        gather_member(&g, next);
        total += next->to - next->from + (i > 0);
    }
    *written = total;
    c->sorted.len = (size_t)(g.last - room + 1) * sizeof(struct piece);
    c->pieces.len = f->first * sizeof(struct piece);
    return proa_buf_append(&c->pieces, proa_buf_slice(&c->sorted));
}
