#include "canon_priv.h"

#include "proa/json/lex.h"
#include "proa/json/string.h"

enum {
    TEXT_MAX = PROA_CANON_BODY_MAX + 16, /* no string becomes longer */
    KEEP_BYTES = 16 * 1024,
    SORTED_MAX = PROA_CANON_PIECES_MAX + 3 * PROA_CANON_MEMBERS_MAX + 1,
};

/*
 * What the body has as the form has it is one run, however many tokens it is, and becomes a piece
 * only where the two part: at white space, at a string that is spelled otherwise, and around the
 * members of an object that are not in order.
 */
struct walk {
    struct proa_canon *c;
    struct proa_json_lex lex;
    const unsigned char *run; /* what from here on was walked over is no piece yet */
    uint32_t written;         /* bytes of the form up to there */
    size_t depth;             /* open containers */
    struct frame frames[PROA_CANON_DEPTH_MAX];
};

/* Members at the top that do not change what is answered: whom it is booked to, how it is shipped,
 * what the provider keeps of it. */
#define DROPPED_KEY(literal) [sizeof(literal) - 1] = PROA_SLICE_INIT(literal)
static const struct proa_slice DROPPED[] = {
    /* by their length, which no two share */
    DROPPED_KEY("\"user\""),
    DROPPED_KEY("\"store\""),
    DROPPED_KEY("\"stream\""),
    DROPPED_KEY("\"metadata\""),
    DROPPED_KEY("\"service_tier\""),
    DROPPED_KEY("\"stream_options\""),
    DROPPED_KEY("\"prompt_cache_key\""),
    DROPPED_KEY("\"safety_identifier\""),
};

/* And whom the gateway is to book it to: `user` and `tags` of providerOptions.gateway. */
static const struct proa_slice OPTIONS = PROA_SLICE_INIT("\"providerOptions\"");
static const struct proa_slice GATEWAY = PROA_SLICE_INIT("\"gateway\"");
static const struct proa_slice BOOKED[] = {PROA_SLICE_INIT("\"user\""),
                                           PROA_SLICE_INIT("\"tags\"")};
enum { GATEWAY_DEPTH = 3 };

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
    proa_buf_init(&c->sorted, SORTED_MAX * sizeof(struct piece));
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

static struct proa_slice slice_of(const struct proa_canon *c, struct piece p)
{
    return proa_slice_make(bytes_of(c, p), p.len);
}

static struct piece piece_in_body(const struct walk *w, const unsigned char *from,
                                  const unsigned char *to)
{
    return (struct piece){(uint32_t)(from - w->lex.begin), (uint32_t)(to - from)};
}

/* The run ends at `to`, and the next one begins at `next`. */
static inline void end_run(struct walk *w, const unsigned char *to, const unsigned char *next)
{
    if (to > w->run) {
        const uint32_t len = (uint32_t)(to - w->run);
        add(&w->c->pieces, (uint32_t)(w->run - w->lex.begin), len);
        w->written += len;
    }
    w->run = next;
}

/* Where the form is when the walk is at `p`, which is in the run or right behind it. */
static uint32_t form_at(const struct walk *w, const unsigned char *p)
{
    return w->written + (uint32_t)(p - w->run);
}

static const unsigned char *fail(struct walk *w, enum proa_err err, const unsigned char *p)
{
    return proa_json_lex_fail(&w->lex, err, p, "no form");
}

/* Over white space, which no form has. */
static inline const unsigned char *skip_space(struct walk *w, const unsigned char *p)
{
    if (PROA_LIKELY(p<w->lex.end && * p> ' ')) {
        return p;
    }
    const unsigned char *next = proa_json_lex_ws(p, w->lex.end);
    if (next > p) {
        end_run(w, p, next);
    }
    return next;
}

/* A string with unusual escapes: as the form has it. False: it has no form. */
static bool spell(struct walk *w, const unsigned char *from, const unsigned char *to,
                  struct piece *out)
{
    struct proa_canon *c = w->c;
    const struct proa_slice token = proa_slice_make(from, (size_t)(to - from));
    w->lex.odd = false;
    if (proa_json_string_is_normal(token)) {
        return true;
    }
    if (proa_json_string_is_lossy(token)) {
        return fail(w, PROA_ERR_UNSUPPORTED, from) != NULL;
    }
    const size_t at = c->text.len;
    proa_buf_clear(&c->plain);
    enum proa_err err = proa_json_string_decode(token, &c->plain);
    if (err == PROA_OK) {
        err = proa_json_string_encode(&c->text, proa_buf_slice(&c->plain));
    }
    if (err != PROA_OK) {
        return fail(w, err, from) != NULL;
    }
    *out = (struct piece){place_in_text(c, at), (uint32_t)(c->text.len - at)};
    end_run(w, from, to);
    add(&c->pieces, out->at, out->len);
    w->written += out->len;
    return true;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static inline bool is_dropped(struct proa_slice key)
{
    return key.len < PROA_ARRAY_LEN(DROPPED) && DROPPED[key.len].len > 0 &&
           key.ptr[1] == DROPPED[key.len].ptr[1] && proa_slice_eq(DROPPED[key.len], key);
}

/* The key of the member that the container at this depth is the value of; an object's. */
static struct proa_slice key_of(const struct walk *w, size_t depth)
{
    return slice_of(w->c, members_of(w->c)[w->frames[depth - 1].members_at - 1].key);
}

static bool is_booked(const struct walk *w, struct proa_slice key)
{
    return (proa_slice_eq(key, BOOKED[0]) || proa_slice_eq(key, BOOKED[1])) &&
           w->frames[GATEWAY_DEPTH - 2].is_object &&
           proa_slice_eq(key_of(w, GATEWAY_DEPTH - 1), OPTIONS) &&
           proa_slice_eq(key_of(w, GATEWAY_DEPTH), GATEWAY);
}

static bool is_address(struct proa_slice key, struct proa_slice value)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ADDRESSES); i++) {
        if (proa_slice_eq(ADDRESSES[i], key)) {
            return proa_slice_eq_nocase(proa_slice_head(value, 5), PROA_SLICE("\"http"));
        }
    }
    return false;
}

/* The members of the object whose closing bracket is at `p`. */
static const unsigned char *put_in_order(struct walk *w, const struct frame *f,
                                         const unsigned char *p)
{
    end_run(w, p, p);
    const enum proa_err err = proa_canon_order(w->c, f, &w->written);
    return err == PROA_OK ? p : fail(w, err, p);
}

/* The value of the innermost object's last member ends at `p`. */
static inline void end_member(struct walk *w, const unsigned char *p)
{
    if (w->frames[w->depth - 1].is_object) {
        members_of(w->c)[n_members(w->c) - 1].to = form_at(w, p);
    }
}

/* Between key and value there is more than the colon. */
static void end_key(struct walk *w, const unsigned char *key_end, const unsigned char *value)
{
    const unsigned char *colon = proa_json_lex_ws(key_end, w->lex.end);
    if (colon > key_end) {
        end_run(w, key_end, colon);
    }
    end_run(w, colon + 1, value);
}

static inline bool add_member(struct walk *w, struct piece key, uint32_t from)
{
    struct proa_canon *c = w->c;
    struct frame *f = &w->frames[w->depth - 1];
    struct member *m = (struct member *)(void *)proa_buf_reserve(&c->members, sizeof *m);
    if (PROA_UNLIKELY(!m)) {
        return false;
    }
    if (n_members(c) > f->members_at && order(c, m[-1].key, key) >= 0) {
        f->shuffled = true;
    }
    m->key.at = key.at;
    m->key.len = key.len;
    m->from = from;
    c->members.len += sizeof *m;
    return true;
}

/* Over a key and its colon, to the value. Members that are dropped are skipped: then *complete. */
static const unsigned char *take_key(struct walk *w, const unsigned char *p, bool *complete)
{
    struct frame *f = &w->frames[w->depth - 1];
    const unsigned char *key_end = NULL;
    const unsigned char *value = proa_json_lex_key(&w->lex, p, &key_end);
    if (PROA_UNLIKELY(!value)) {
        return NULL;
    }
    struct piece key = piece_in_body(w, p, key_end);
    const uint32_t from = form_at(w, p);
    if (PROA_UNLIKELY(w->lex.odd) && !spell(w, p, key_end, &key)) {
        return NULL;
    }
    if (value - key_end > 1) {
        end_key(w, key_end, value);
    }
    if ((w->depth == 1 && is_dropped(slice_of(w->c, key))) ||
        (w->depth == GATEWAY_DEPTH && is_booked(w, slice_of(w->c, key)))) {
        f->shuffled = true;
        *complete = true;
        value = proa_json_lex_value(&w->lex, value);
        w->lex.odd = false;
        return value;
    }
    return add_member(w, key, from) ? value : fail(w, PROA_ERR_LIMIT, p);
}

/* Into the container at `p`, to its first value, or to its end: then *complete. */
static const unsigned char *enter(struct walk *w, const unsigned char *p, bool *complete)
{
    if (w->depth == PROA_CANON_DEPTH_MAX) {
        return fail(w, PROA_ERR_DEPTH, p);
    }
    struct frame *f = &w->frames[w->depth];
    w->depth++;
    f->members_at = n_members(w->c);
    f->first = n_pieces(w->c);
    f->first_at = w->written;
    f->inner = form_at(w, p + 1);
    f->is_object = *p == '{';
    f->shuffled = false;
    p = skip_space(w, p + 1);
    if (p < w->lex.end && *p == (f->is_object ? '}' : ']')) {
        *complete = true;
        return p;
    }
    return f->is_object ? take_key(w, p, complete) : p;
}

/* Out of all containers that end here. Returns the place of the comma that goes on, or behind the
 * outermost container. */
static const unsigned char *leave(struct walk *w, const unsigned char *p)
{
    p = skip_space(w, p);
    while (p < w->lex.end) {
        const struct frame *f = &w->frames[w->depth - 1];
        if (*p != (f->is_object ? '}' : ']')) {
            break;
        }
        if (f->shuffled && !put_in_order(w, f, p)) {
            return NULL;
        }
        w->c->members.len = f->members_at * sizeof(struct member);
        p++;
        w->depth--;
        if (w->depth == 0) {
            break;
        }
        end_member(w, p);
        p = skip_space(w, p);
    }
    return p;
}

/* Over the comma at `p` to the next value. */
static const unsigned char *next_item(struct walk *w, const unsigned char *p, bool *complete)
{
    if (PROA_UNLIKELY(p == w->lex.end || *p != ',')) {
        return proa_json_lex_unexpected(&w->lex, p, "expected ','");
    }
    p = skip_space(w, p + 1);
    return w->frames[w->depth - 1].is_object ? take_key(w, p, complete) : p;
}

static const unsigned char *take_scalar(struct walk *w, const unsigned char *p)
{
    struct proa_canon *c = w->c;
    const unsigned char *from = p;
    p = proa_json_lex_scalar(&w->lex, p);
    if (PROA_UNLIKELY(!p)) {
        return NULL;
    }
    struct piece value = piece_in_body(w, from, p);
    if (PROA_UNLIKELY(w->lex.odd) && !spell(w, from, p, &value)) {
        return NULL;
    }
    end_member(w, p);
    if (w->frames[w->depth - 1].is_object && value.len > 5 &&
        (bytes_of(c, value)[1] | 0x20) == 'h') {
        const struct piece key = members_of(c)[n_members(c) - 1].key;
        c->remote = c->remote || is_address(slice_of(c, key), slice_of(c, value));
    }
    return p;
}

/* From the bracket that begins the body to behind the one that ends it. */
static const unsigned char *walk_over(struct walk *w, const unsigned char *p)
{
    bool complete = false;
    p = enter(w, p, &complete);
    while (p) {
        if (complete) {
            p = leave(w, p);
            if (!p || w->depth == 0) {
                return p;
            }
            complete = false;
            p = next_item(w, p, &complete);
        } else if (p < w->lex.end && (*p == '{' || *p == '[')) {
            p = enter(w, p, &complete);
        } else {
            p = take_scalar(w, p);
            complete = true;
        }
    }
    return NULL;
}

static enum proa_err read_text(struct walk *w)
{
    struct proa_canon *c = w->c;
    const unsigned char *p = proa_json_lex_ws(w->lex.begin, w->lex.end);
    if (p == w->lex.end || *p != '{') {
        return PROA_ERR_TYPE;
    }
    w->run = p;
    p = walk_over(w, p);
    if (!p) {
        return w->lex.err;
    }
    end_run(w, p, p);
    if (proa_json_lex_ws(p, w->lex.end) < w->lex.end) {
        return PROA_ERR_TRAILING;
    }
    c->total_bytes = w->written;
    return proa_buf_ok(&c->pieces) && proa_buf_ok(&c->text) ? PROA_OK : PROA_ERR_LIMIT;
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
    w.written = 0;
    w.depth = 0;
    proa_json_lex_init(&w.lex, body, PROA_JSON_MAX_DEPTH - 1);
    PROA_BUF_LIT(&c->text, COMMA);
    const enum proa_err err = read_text(&w);
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
