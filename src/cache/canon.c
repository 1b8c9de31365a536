#include "proa/cache/canon.h"

#include "proa/json/cursor.h"
#include "proa/json/string.h"

enum {
    TEXT_MAX = PROA_CANON_BODY_MAX + 16, /* no string becomes longer */
    KEEP_BYTES = 16 * 1024,
    FEW_MEMBERS = 12, /* sorted by insertion */
};

/* Places beyond the body are in the text; these bytes are always at its beginning. */
static const char LITERALS[] = ",:";
enum { LITERAL_COMMA = 0, LITERAL_COLON = 1 };

struct piece {
    uint32_t at;
    uint32_t len;
};

/* A member of an open object: its key's token in the form, and its pieces. */
struct member {
    struct piece key;
    uint32_t first;
    uint32_t n;
};

/* An open container. */
struct frame {
    struct proa_json_cursor cursor;
    uint32_t members_at; /* index of its first member */
    bool has_item;
};

struct walk {
    struct proa_canon *c;
    struct frame frames[PROA_CANON_DEPTH_MAX];
    size_t depth; /* open containers */
};

/* Members at the top that do not change what is answered: whom it is booked to, how it is shipped,
 * what the provider keeps of it. */
static const struct proa_slice DROPPED[] = {
    PROA_SLICE_INIT("\"user\""),
    PROA_SLICE_INIT("\"store\""),
    PROA_SLICE_INIT("\"stream\""),
    PROA_SLICE_INIT("\"metadata\""),
    PROA_SLICE_INIT("\"service_tier\""),
    PROA_SLICE_INIT("\"stream_options\""),
    PROA_SLICE_INIT("\"prompt_cache_key\""),
    PROA_SLICE_INIT("\"safety_identifier\""),
};

/* Members that may hold an address, wherever they stand. */
static const struct proa_slice ADDRESSES[] = {
    PROA_SLICE_INIT("\"url\""),
    PROA_SLICE_INIT("\"file_url\""),
    PROA_SLICE_INIT("\"image_url\""),
};

void proa_canon_init(struct proa_canon *c)
{
    *c = (struct proa_canon){0};
    proa_buf_init(&c->text, TEXT_MAX);
    proa_buf_init(&c->plain, PROA_CANON_BODY_MAX);
    proa_buf_init(&c->pieces, PROA_CANON_PIECES_MAX * sizeof(struct piece));
    proa_buf_init(&c->sorted, PROA_CANON_PIECES_MAX * sizeof(struct piece));
    proa_buf_init(&c->members, PROA_CANON_MEMBERS_MAX * sizeof(struct member));
}

void proa_canon_deinit(struct proa_canon *c)
{
    proa_buf_deinit(&c->text);
    proa_buf_deinit(&c->plain);
    proa_buf_deinit(&c->pieces);
    proa_buf_deinit(&c->sorted);
    proa_buf_deinit(&c->members);
}

static void forget(struct proa_canon *c)
{
    proa_buf_clear(&c->text);
    proa_buf_clear(&c->pieces);
    proa_buf_clear(&c->sorted);
    proa_buf_clear(&c->members);
    c->total_bytes = 0;
    c->remote = false;
    c->fresh = true;
}

void proa_canon_trim(struct proa_canon *c)
{
    forget(c);
    proa_buf_trim(&c->text, KEEP_BYTES);
    proa_buf_clear(&c->plain);
    proa_buf_trim(&c->plain, KEEP_BYTES);
    proa_buf_trim(&c->pieces, KEEP_BYTES);
    proa_buf_trim(&c->sorted, KEEP_BYTES);
    proa_buf_trim(&c->members, KEEP_BYTES);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static struct piece *pieces_of(const struct proa_canon *c)
{
    return (struct piece *)(void *)c->pieces.ptr;
}

static uint32_t n_pieces(const struct proa_canon *c)
{
    return (uint32_t)(c->pieces.len / sizeof(struct piece));
}

static struct member *members_of(const struct proa_canon *c)
{
    return (struct member *)(void *)c->members.ptr;
}

static uint32_t n_members(const struct proa_canon *c)
{
    return (uint32_t)(c->members.len / sizeof(struct member));
}

static const char *bytes_of(const struct proa_canon *c, struct piece p)
{
    return p.at < c->body.len ? c->body.ptr + p.at : c->text.ptr + (p.at - c->body.len);
}

static uint32_t place(const struct proa_canon *c, const char *in_body)
{
    return (uint32_t)(in_body - c->body.ptr);
}

static uint32_t place_in_text(const struct proa_canon *c, size_t at)
{
    return (uint32_t)(c->body.len + at);
}

/* Full buffers show when the walk is over. */
static void add(struct proa_canon *c, struct piece p)
{
    c->total_bytes += p.len;
    if (!c->fresh) {
        struct piece *last = &pieces_of(c)[n_pieces(c) - 1];
        if (last->at + last->len == p.at) {
            last->len += p.len;
            return;
        }
    }
    c->fresh = proa_buf_append(&c->pieces, proa_slice_make(&p, sizeof p)) != PROA_OK;
}

/* A comma or colon: the one of the body where it follows at once, so that no piece begins. */
static void add_mark(struct proa_canon *c, size_t literal)
{
    if (!c->fresh) {
        struct piece *last = &pieces_of(c)[n_pieces(c) - 1];
        const size_t next = (size_t)last->at + last->len;
        if (next < c->body.len && c->body.ptr[next] == LITERALS[literal]) {
            last->len++;
            c->total_bytes++;
            return;
        }
    }
    add(c, (struct piece){place_in_text(c, literal), 1});
}

/* The token as the form has it: mostly as it stands. */
static enum proa_err string_piece(struct proa_canon *c, struct proa_slice token, bool odd,
                                  struct piece *out)
{
    *out = (struct piece){place(c, token.ptr), (uint32_t)token.len};
    if (!odd || proa_json_string_is_normal(token)) {
        return PROA_OK;
    }
    if (proa_json_string_is_lossy(token)) {
        return PROA_ERR_UNSUPPORTED;
    }
    const size_t at = c->text.len;
    proa_buf_clear(&c->plain);
    enum proa_err err = proa_json_string_decode(token, &c->plain);
    if (err == PROA_OK) {
        err = proa_json_string_encode(&c->text, proa_buf_slice(&c->plain));
    }
    *out = (struct piece){place_in_text(c, at), (uint32_t)(c->text.len - at)};
    return err;
}

/* ---- the order of members -------------------------------------------------------------------- */

static int compare(const struct proa_canon *c, const struct member *a, const struct member *b)
{
    const uint32_t len = a->key.len < b->key.len ? a->key.len : b->key.len;
    const int by_bytes = memcmp(bytes_of(c, a->key), bytes_of(c, b->key), len);
    return by_bytes != 0 ? by_bytes : (a->key.len > b->key.len) - (a->key.len < b->key.len);
}

static void sort_few(const struct proa_canon *c, struct member *m, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        const struct member now = m[i];
        uint32_t to = i;
        for (; to > 0 && compare(c, &m[to - 1], &now) > 0; to--) {
            m[to] = m[to - 1];
        }
        m[to] = now;
    }
}

static void sift_down(const struct proa_canon *c, struct member *m, uint32_t root, uint32_t n)
{
    const struct member now = m[root];
    for (uint32_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        child += child + 1 < n && compare(c, &m[child], &m[child + 1]) < 0;
        if (compare(c, &now, &m[child]) >= 0) {
            break;
        }
        m[root] = m[child];
        root = child;
    }
    m[root] = now;
}

/* Heapsort (Williams 1964): whoever chooses the keys cannot make it slow. */
static void sort_many(const struct proa_canon *c, struct member *m, uint32_t n)
{
    for (uint32_t i = n / 2; i > 0; i--) {
        sift_down(c, m, i - 1, n);
    }
    for (uint32_t i = n - 1; i > 0; i--) {
        const struct member last = m[i];
        m[i] = m[0];
        m[0] = last;
        sift_down(c, m, 0, i);
    }
}

static bool in_order(const struct proa_canon *c, const struct member *m, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (compare(c, &m[i - 1], &m[i]) >= 0) {
            return false;
        }
    }
    return true;
}

/* The pieces of an object that is complete, in the order of its keys. */
static enum proa_err order_members(struct proa_canon *c, uint32_t members_at)
{
    struct member *m = members_of(c) + members_at;
    const uint32_t n = n_members(c) - members_at;
    if (in_order(c, m, n)) {
        return PROA_OK;
    }
    const uint32_t first = m[0].first;
    if (n <= FEW_MEMBERS) {
        sort_few(c, m, n);
    } else {
        sort_many(c, m, n);
    }
    if (!in_order(c, m, n)) {
        return PROA_ERR_DUPLICATE;
    }
    proa_buf_clear(&c->sorted);
    struct piece *pieces = pieces_of(c);
    for (uint32_t i = 0; i < n; i++) {
        (void)proa_buf_append(&c->sorted,
                              proa_slice_make(&pieces[m[i].first], m[i].n * sizeof(struct piece)));
    }
    memcpy(&pieces[first], c->sorted.ptr, c->sorted.len);
    return PROA_OK;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static bool is_one_of(const struct proa_slice *list, size_t n, struct proa_slice token)
{
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_eq(list[i], token)) {
            return true;
        }
    }
    return false;
}

static bool is_address(const struct proa_canon *c, struct piece key, struct proa_slice value)
{
    const struct proa_slice token = proa_slice_make(bytes_of(c, key), key.len);
    return is_one_of(ADDRESSES, PROA_ARRAY_LEN(ADDRESSES), token) &&
           proa_slice_eq_nocase(proa_slice_head(value, 5), PROA_SLICE("\"http"));
}

/* The member that was open in the innermost object is complete. */
static void end_member(struct walk *w)
{
    const struct frame *f = &w->frames[w->depth - 1];
    if (f->cursor.is_object && n_members(w->c) > f->members_at) {
        struct member *m = &members_of(w->c)[n_members(w->c) - 1];
        m->n = n_pieces(w->c) - m->first;
    }
}

static enum proa_err begin_member(struct walk *w, struct piece key)
{
    struct proa_canon *c = w->c;
    const struct member m = {.key = key, .first = n_pieces(c)};
    c->fresh = true;
    add(c, key);
    add_mark(c, LITERAL_COLON);
    return proa_buf_append(&c->members, proa_slice_make(&m, sizeof m));
}

static enum proa_err add_scalar(struct walk *w, struct proa_json_item *item, struct piece key)
{
    struct proa_canon *c = w->c;
    struct proa_json_cursor *cursor = &w->frames[w->depth - 1].cursor;
    if (!proa_json_cursor_value(cursor, item)) {
        return cursor->err;
    }
    struct piece value = {place(c, item->value.ptr), (uint32_t)item->value.len};
    if (item->kind == PROA_JSON_STRING) {
        const enum proa_err err = string_piece(c, item->value, cursor->lex.odd, &value);
        if (err != PROA_OK) {
            return err;
        }
        c->remote =
            c->remote ||
            (key.len > 0 && is_address(c, key, proa_slice_make(bytes_of(c, value), value.len)));
    }
    add(c, value);
    return PROA_OK;
}

/* Into the container that begins the text; `outer` NULL at the top. */
static enum proa_err open_container(struct walk *w, const struct proa_json_cursor *outer,
                                    const struct proa_json_item *item)
{
    struct proa_canon *c = w->c;
    if (w->depth == PROA_CANON_DEPTH_MAX) {
        return PROA_ERR_DEPTH;
    }
    struct frame *f = &w->frames[w->depth];
    f->members_at = n_members(c);
    f->has_item = false;
    if (outer) {
        (void)proa_json_cursor_enter(outer, item, &f->cursor);
    } else {
        const enum proa_err err = proa_json_cursor_init(&f->cursor, c->body);
        if (err != PROA_OK || !f->cursor.is_object) {
            return PROA_ERR_TYPE;
        }
    }
    w->depth++;
    add(c, (struct piece){place(c, (const char *)f->cursor.p - 1), 1});
    c->fresh = c->fresh || f->cursor.is_object;
    return PROA_OK;
}

/* Out of the innermost container, whose last item was read. */
static enum proa_err close_container(struct walk *w)
{
    struct proa_canon *c = w->c;
    struct frame *f = &w->frames[w->depth - 1];
    if (f->cursor.err != PROA_OK) {
        return f->cursor.err;
    }
    end_member(w);
    if (f->cursor.is_object) {
        if (!proa_buf_ok(&c->pieces)) {
            return PROA_ERR_LIMIT;
        }
        const enum proa_err err = order_members(c, f->members_at);
        if (err != PROA_OK) {
            return err;
        }
        c->members.len = f->members_at * sizeof(struct member);
        c->fresh = true;
    }
    add(c, (struct piece){place(c, (const char *)f->cursor.p - 1), 1});
    w->depth--;
    if (w->depth > 0) {
        struct proa_json_cursor *outer = &w->frames[w->depth - 1].cursor;
        return proa_json_cursor_leave(outer, &f->cursor) ? PROA_OK : outer->err;
    }
    return PROA_OK;
}

/* To the value of the next member. `skip`: it is none of the form's. */
static enum proa_err take_key(struct walk *w, const struct proa_json_item *item, struct piece *key,
                              bool *skip)
{
    struct proa_canon *c = w->c;
    const enum proa_err err =
        string_piece(c, item->key, w->frames[w->depth - 1].cursor.lex.odd, key);
    if (err != PROA_OK) {
        return err;
    }
    *skip = w->depth == 1 && is_one_of(DROPPED, PROA_ARRAY_LEN(DROPPED),
                                       proa_slice_make(bytes_of(c, *key), key->len));
    return *skip ? PROA_OK : begin_member(w, *key);
}

/* One step: the next item of the innermost container, or its end. */
static enum proa_err step(struct walk *w)
{
    struct frame *f = &w->frames[w->depth - 1];
    struct proa_json_item item;
    struct piece key = {0, 0};
    end_member(w);
    if (!proa_json_cursor_key(&f->cursor, &item)) {
        return close_container(w);
    }
    if (f->cursor.is_object) {
        bool skip = false;
        const enum proa_err err = take_key(w, &item, &key, &skip);
        if (err != PROA_OK) {
            return err;
        }
        if (skip) {
            return proa_json_cursor_value(&f->cursor, &item) ? PROA_OK : f->cursor.err;
        }
    } else if (f->has_item) {
        add_mark(w->c, LITERAL_COMMA);
    }
    f->has_item = true;
    if (item.kind == PROA_JSON_OBJECT || item.kind == PROA_JSON_ARRAY) {
        return open_container(w, &f->cursor, &item);
    }
    return add_scalar(w, &item, key);
}

enum proa_err proa_canon_read(struct proa_canon *c, struct proa_slice body)
{
    PROA_UNINIT struct walk w;
    forget(c);
    c->body = body;
    if (body.len > PROA_CANON_BODY_MAX) {
        return PROA_ERR_LIMIT;
    }
    w.c = c;
    w.depth = 0;
    (void)proa_buf_append_cstr(&c->text, LITERALS);
    enum proa_err err = open_container(&w, NULL, NULL);
    while (err == PROA_OK && w.depth > 0) {
        err = step(&w);
    }
    if (err == PROA_OK && !(proa_buf_ok(&c->pieces) && proa_buf_ok(&c->text))) {
        err = PROA_ERR_LIMIT;
    }
    if (err != PROA_OK) {
        forget(c);
    }
    return err;
}

/* ---- the form -------------------------------------------------------------------------------- */

void proa_canon_hash(const struct proa_canon *c, struct proa_hasher *h)
{
    const struct piece *pieces = pieces_of(c);
    for (uint32_t i = 0; i < n_pieces(c); i++) {
        proa_hasher_add(h, proa_slice_make(bytes_of(c, pieces[i]), pieces[i].len));
    }
}

bool proa_canon_equals(const struct proa_canon *c, struct proa_slice form)
{
    const struct piece *pieces = pieces_of(c);
    const char *at = form.ptr;
    if (form.len != c->total_bytes) {
        return false;
    }
    for (uint32_t i = 0; i < n_pieces(c); i++) {
        if (memcmp(at, bytes_of(c, pieces[i]), pieces[i].len) != 0) {
            return false;
        }
        at += pieces[i].len;
    }
    return true;
}

void proa_canon_copy(const struct proa_canon *c, char *out)
{
    const struct piece *pieces = pieces_of(c);
    for (uint32_t i = 0; i < n_pieces(c); i++) {
        memcpy(out, bytes_of(c, pieces[i]), pieces[i].len);
        out += pieces[i].len;
    }
}
