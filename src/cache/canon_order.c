#include "canon_priv.h"

enum { FEW_MEMBERS = 12 /* sorted by insertion */ };

/* Likewise of the members that are placed at two places. */
static inline int compare(const struct proa_canon *c, const struct member *m, uint32_t a,
                          uint32_t b)
{
    return order(c, m[m[a].placed].key, m[m[b].placed].key);
}

static void sort_few(const struct proa_canon *c, struct member *m, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        const struct piece key = m[i].key;
        uint32_t to = i;
        for (; to > 0 && order(c, m[m[to - 1].placed].key, key) > 0; to--) {
            m[to].placed = m[to - 1].placed;
        }
        m[to].placed = i;
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

static inline struct piece *last_gathered(const struct proa_canon *c)
{
    return (struct piece *)(void *)(c->sorted.ptr + c->sorted.len - sizeof(struct piece));
}

/* Behind what was gathered; what goes on in the body makes no new piece. */
static inline void gather(struct proa_canon *c, uint32_t at, uint32_t len)
{
    struct piece *last = last_gathered(c);
    if (last->at + last->len == at) {
        last->len += len;
    } else {
        add(&c->sorted, at, len);
    }
}

/* A comma: the one of the body where it follows at once. */
static inline void gather_comma(struct proa_canon *c)
{
    struct piece *last = last_gathered(c);
    const size_t next = (size_t)last->at + last->len;
    if (next < c->body.len && c->body.ptr[next] == ',') {
        last->len++;
    } else {
        add(&c->sorted, place_in_text(c, 0), 1);
    }
}

static void gather_member(struct proa_canon *c, const struct member *m)
{
    const struct piece *p = &pieces_of(c)[m->first];
    uint32_t skip = m->skip;
    for (uint32_t left = m->to - m->from; left > 0; p++) {
        const uint32_t len = p->len - skip < left ? p->len - skip : left;
        gather(c, p->at + skip, len);
        left -= len;
        skip = 0;
    }
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
    add(&c->sorted, pieces_of(c)[f->first].at, f->inner - f->first_at);
    uint32_t total = f->inner;
    for (uint32_t i = 0; i < n && proa_buf_ok(&c->sorted); i++) {
        const struct member *next = &m[m[i].placed];
        if (i > 0) {
            gather_comma(c);
            total++;
        }
        gather_member(c, next);
        total += next->to - next->from;
    }
    *written = total;
    c->pieces.len = f->first * sizeof(struct piece);
    return proa_buf_ok(&c->sorted) ? proa_buf_append(&c->pieces, proa_buf_slice(&c->sorted))
                                   : PROA_ERR_LIMIT;
}
