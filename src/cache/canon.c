#include "canon_priv.h"

#include "proa/json/lex.h"
#include "proa/json/string.h"

enum {
    TEXT_MAX = 2 * PROA_CANON_BODY_MAX, /* a body all in pieces, and long objects put in order */
    SCRATCH_MAX = PROA_CANON_BODY_MAX + 16, /* no string becomes longer */
    KEEP_BYTES = 16 * 1024,
};
_Static_assert((PROA_CANON_PIECES_MAX + 1) * sizeof(struct piece) +
                       PROA_CANON_MEMBERS_MAX * sizeof(uint32_t) <=
                   SCRATCH_MAX,
               "what puts members in order must have room");

/*
 * What the body has as the form has it is one run, however many tokens it is. It ends only where
 * the two part: at white space, at a string that is spelled otherwise, at a member that is left
 * out, and where an object is put in order.
 */
struct walk {
    struct proa_canon *c;
    struct proa_json_lex lex;
    const unsigned char *run; /* what from here on was walked over is not put into the form yet */
    uint32_t gone;            /* bytes before the run that the form has not */
    char *out;                /* where the text ends; there is room for the rest of the body */
    struct member *member;    /* behind the last one of what is open */
    struct member *members_end;
    struct frame *frame;                           /* the innermost container */
    struct frame frames[PROA_CANON_DEPTH_MAX + 1]; /* the first is outside the outermost */
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
    proa_buf_init(&c->scratch, SCRATCH_MAX);
    proa_buf_init(&c->members, PROA_CANON_MEMBERS_MAX * sizeof(struct member));
}

void proa_canon_deinit(struct proa_canon *c)
{
    proa_buf_deinit(&c->text);
    proa_buf_deinit(&c->plain);
    proa_buf_deinit(&c->pieces);
    proa_buf_deinit(&c->scratch);
    proa_buf_deinit(&c->members);
}

static void forget(struct proa_canon *c)
{
    proa_buf_clear(&c->text);
    proa_buf_clear(&c->pieces);
    proa_buf_clear(&c->scratch);
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
    proa_buf_trim(&c->scratch, KEEP_BYTES);
    proa_buf_trim(&c->members, KEEP_BYTES);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static struct proa_slice slice_of(const struct proa_canon *c, struct piece p)
{
    return proa_slice_make(bytes_of(c, p), p.len);
}

static inline struct piece piece_in_body(const struct walk *w, const unsigned char *from,
                                         const unsigned char *to)
{
    return (struct piece){(uint32_t)(from - w->lex.begin), (uint32_t)(to - from)};
}

/* Where the form is when the walk is at `p`, which is in the run or right behind it. */
static inline uint32_t form_at(const struct walk *w, const unsigned char *p)
{
    return (uint32_t)(p - w->lex.begin) - w->gone;
}

/* The text as the others see it, and as the walk does. */
static inline void close_text(struct walk *w)
{
    w->c->text.len = (size_t)(w->out - w->c->text.ptr);
}

/* Room for the rest of the body behind the text, and for one move too long. */
static enum proa_err open_text(struct walk *w)
{
    const size_t rest = (size_t)(w->lex.end - w->run);
    w->out = proa_buf_reserve(&w->c->text, rest + MOVE);
    return w->out ? PROA_OK : PROA_ERR_LIMIT;
}

/* The run up to there comes next in the form. */
static inline void put_run(struct walk *w, const unsigned char *to)
{
    const size_t len = (size_t)(to - w->run);
    if (len >= LONG_RUN) {
        close_text(w);
        end_tail(w->c);
        add_piece(w->c, (uint32_t)(w->run - w->lex.begin), (uint32_t)len);
        return;
    }
    copy(w->out, (const char *)w->run, len, (size_t)(w->lex.end - w->run));
    w->out += len;
}

/* The form has nothing of what stands between: the run ends, and another one begins. */
static inline void leave_out(struct walk *w, const unsigned char *from, const unsigned char *to)
{
    put_run(w, from);
    w->gone += (uint32_t)(to - from);
    w->run = to;
}

static const unsigned char *fail(struct walk *w, enum proa_err err, const unsigned char *p)
{
    return proa_json_lex_fail(&w->lex, err, p, "no form");
}

/* Over white space, which no form has. */
static inline const unsigned char *skip_space(struct walk *w, const unsigned char *p)
{
    if (PROA_LIKELY(p != w->lex.end && *p > ' ')) {
        return p;
    }
    const unsigned char *next = proa_json_lex_ws(p, w->lex.end);
    if (next > p) {
        leave_out(w, p, next);
    }
    return next;
}

/* How the form spells a string that has unusual escapes; borrowed until the next one. NONE: it has
 * no form. */
static struct proa_slice spelling(struct walk *w, const unsigned char *from,
                                  const unsigned char *to)
{
    struct proa_canon *c = w->c;
    const struct proa_slice token = proa_slice_make(from, (size_t)(to - from));
    w->lex.odd = false;
    if (proa_json_string_is_normal(token)) {
        return token;
    }
    enum proa_err err = PROA_ERR_UNSUPPORTED;
    proa_buf_clear(&c->plain);
    proa_buf_clear(&c->scratch);
    if (!proa_json_string_is_lossy(token)) {
        err = proa_json_string_decode(token, &c->plain);
    }
    if (err == PROA_OK) {
        err = proa_json_string_encode(&c->scratch, proa_buf_slice(&c->plain));
    }
    if (err != PROA_OK) {
        (void)fail(w, err, from);
        return PROA_SLICE_NONE;
    }
    return proa_buf_slice(&c->scratch);
}

/* The string between comes next in the form, spelled so. Returns where it is. */
static struct piece put_string(struct walk *w, struct proa_slice spelled, const unsigned char *from,
                               const unsigned char *to)
{
    PROA_ASSERT(spelled.len <= (size_t)(to - from)); /* there is room for it */
    leave_out(w, from, to);
    const uint32_t at = (uint32_t)(w->c->body.len + (size_t)(w->out - w->c->text.ptr));
    const struct piece p = {at, (uint32_t)spelled.len};
    memcpy(w->out, spelled.ptr, spelled.len);
    w->out += spelled.len;
    w->gone -= p.len;
    return p;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static inline bool is_dropped(struct proa_slice key)
{
    return key.len < PROA_ARRAY_LEN(DROPPED) && DROPPED[key.len].len > 0 &&
           key.ptr[1] == DROPPED[key.len].ptr[1] && proa_slice_eq(DROPPED[key.len], key);
}

/* The key of the member that the `out`th container around the innermost one is the value of. */
static struct proa_slice key_of(const struct walk *w, int out)
{
    return slice_of(w->c, members_of(w->c)[w->frame[-out].members_at - 1].key);
}

static bool is_booked(const struct walk *w, struct proa_slice key)
{
    return (proa_slice_eq(key, BOOKED[0]) || proa_slice_eq(key, BOOKED[1])) &&
           w->frame[-1].is_object && proa_slice_eq(key_of(w, 1), OPTIONS) &&
           proa_slice_eq(key_of(w, 0), GATEWAY);
}

static inline bool is_left_out(const struct walk *w, struct proa_slice key)
{
    return w->frame == &w->frames[1] ? is_dropped(key) : is_booked(w, key);
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

/* The members of the innermost object, whose closing bracket is at `p`. */
static bool put_in_order(struct walk *w, const unsigned char *p)
{
    struct proa_canon *c = w->c;
    const struct piece run = piece_in_body(w, w->run, p);
    const uint32_t n = (uint32_t)(w->member - members_of(c)) - w->frame->members_at;
    close_text(w);
    end_tail(c);
    if (run.len > 0) {
        add_piece(c, run.at, run.len);
        w->run = p;
    }
    enum proa_err err = proa_canon_order(c, w->frame, n, form_at(w, p));
    if (err == PROA_OK) {
        err = open_text(w);
    }
    return err == PROA_OK || fail(w, err, p) != NULL;
}

static bool more_members(struct walk *w)
{
    struct proa_canon *c = w->c;
    c->members.len = (size_t)((char *)w->member - c->members.ptr);
    w->member = (struct member *)(void *)proa_buf_reserve(&c->members, sizeof *w->member);
    w->members_end = members_of(c) + c->members.cap / sizeof *w->member;
    return w->member != NULL;
}

/* From the end of a key to its value: the form has no more than a colon there. */
static void end_key(struct walk *w, const unsigned char *key_end, const unsigned char *value)
{
    const unsigned char *colon = proa_json_lex_ws(key_end, w->lex.end);
    if (colon > key_end) {
        leave_out(w, key_end, colon);
    }
    if (value > colon + 1) {
        leave_out(w, colon + 1, value);
    }
}

/* Over a member that the form has not, and what separates it: to its end. */
static const unsigned char *skip_member(struct walk *w, const unsigned char *from,
                                        const unsigned char *value)
{
    const unsigned char *p = proa_json_lex_value(&w->lex, value);
    w->lex.odd = false;
    if (p) {
        p = proa_json_lex_ws(p, w->lex.end);
        leave_out(w, from, p);
    }
    return p;
}

/*
 * The member that begins at `from`: with the comma before it, or with its key where it is the first
 * one. Returns where its value begins; or, of one that is left out, where it ends: then *complete.
 */
static const unsigned char *take_member(struct walk *w, const unsigned char *from, bool *complete)
{
    const unsigned char *key = from;
    const unsigned char *end = NULL;
    const unsigned char *value = NULL;
    if (*from == ',') {
        value = proa_json_lex_member(&w->lex, from, &key, &end);
        if (PROA_UNLIKELY(!value)) {
            key = proa_json_lex_ws(from + 1, w->lex.end);
        }
    }
    if (!value) {
        value = proa_json_lex_key(&w->lex, key, &end);
        if (PROA_UNLIKELY(!value)) {
            return NULL;
        }
    }
    struct proa_slice name = proa_slice_make(key, (size_t)(end - key));
    const bool is_odd = w->lex.odd;
    if (PROA_UNLIKELY(is_odd)) {
        name = spelling(w, key, end);
        if (!name.ptr) {
            return NULL;
        }
    }
    if (w->frame->is_looked_at && is_left_out(w, name)) {
        *complete = true;
        return skip_member(w, from, value);
    }
    if (PROA_UNLIKELY(w->member == w->members_end) && !more_members(w)) {
        return fail(w, PROA_ERR_LIMIT, key);
    }
    struct member *m = w->member;
    /* The form has no comma before the first one, whatever was left out before. */
    const bool is_first = m == members_of(w->c) + w->frame->members_at;
    from += !is_first;
    if (key > from) {
        leave_out(w, from, key);
    }
    m->from = form_at(w, key);
    m->key.at = (uint32_t)(key - w->lex.begin);
    m->key.len = (uint32_t)(end - key);
    if (PROA_UNLIKELY(is_odd) && name.ptr != (const char *)key) {
        m->key = put_string(w, name, key, end);
    }
    if (value - end > 1) {
        end_key(w, end, value);
    }
    if (!is_first && order(w->c, &m[-1].key, &m->key) >= 0) {
        w->frame->is_shuffled = true;
    }
    w->member = m + 1;
    return value;
}

/* Into the container at `p`, to its first value, or to its end: then *complete. */
static inline const unsigned char *enter(struct walk *w, const unsigned char *p, bool *complete)
{
    if (w->frame == &w->frames[PROA_CANON_DEPTH_MAX]) {
        return fail(w, PROA_ERR_DEPTH, p);
    }
    struct frame *f = ++w->frame;
    f->members_at = (uint32_t)(w->member - members_of(w->c));
    f->inner = form_at(w, p + 1);
    f->is_object = *p == '{';
    f->close = f->is_object ? '}' : ']';
    f->is_looked_at = f == &w->frames[1] || f == &w->frames[GATEWAY_DEPTH];
    f->is_shuffled = false;
    p = skip_space(w, p + 1);
    *complete = p < w->lex.end && *p == f->close;
    return *complete || !f->is_object ? p : take_member(w, p, complete);
}

/* Out of all containers that end here. Returns the place of the comma that goes on, or behind the
 * outermost container. */
static inline const unsigned char *leave(struct walk *w, const unsigned char *p)
{
    p = skip_space(w, p);
    while (p < w->lex.end && *p == w->frame->close) {
        if (w->frame->is_shuffled && !put_in_order(w, p)) {
            return NULL;
        }
        w->member = members_of(w->c) + w->frame->members_at;
        w->frame--;
        p++;
        if (w->frame == &w->frames[0]) {
            break;
        }
        p = skip_space(w, p);
    }
    return p;
}

/* A string that may be an address, if its member is one. */
static void look_for_address(struct walk *w, struct piece value)
{
    struct proa_canon *c = w->c;
    if (w->frame->is_object && is_address(slice_of(c, w->member[-1].key), slice_of(c, value))) {
        c->remote = true;
    }
}

static inline const unsigned char *take_scalar(struct walk *w, const unsigned char *p)
{
    const unsigned char *from = p;
    p = proa_json_lex_scalar(&w->lex, p);
    if (PROA_UNLIKELY(!p)) {
        return NULL;
    }
    if (PROA_UNLIKELY(w->lex.odd)) {
        const struct proa_slice spelled = spelling(w, from, p);
        if (!spelled.ptr) {
            return NULL;
        }
        if (spelled.ptr != (const char *)from) {
            look_for_address(w, put_string(w, spelled, from, p));
            return p;
        }
    }
    if (p - from > 5 && (from[1] | 0x20) == 'h') {
        look_for_address(w, piece_in_body(w, from, p));
    }
    return p;
}

/* From the bracket that begins the body to behind the one that ends it. */
static const unsigned char *walk_over(struct walk *w, const unsigned char *p)
{
    for (;;) {
        bool complete = true;
        if (p < w->lex.end && (*p == '{' || *p == '[')) {
            p = enter(w, p, &complete);
        } else {
            p = take_scalar(w, p);
        }
        while (p && complete) {
            p = leave(w, p);
            if (!p || w->frame == &w->frames[0]) {
                return p;
            }
            if (PROA_UNLIKELY(p == w->lex.end || *p != ',')) {
                return proa_json_lex_unexpected(&w->lex, p, "expected ','");
            }
            complete = false;
            p = w->frame->is_object ? take_member(w, p, &complete) : skip_space(w, p + 1);
        }
        if (PROA_UNLIKELY(!p)) {
            return NULL;
        }
    }
}

static enum proa_err read_text(struct walk *w)
{
    struct proa_canon *c = w->c;
    const unsigned char *p = proa_json_lex_ws(w->lex.begin, w->lex.end);
    if (p == w->lex.end || *p != '{') {
        return PROA_ERR_TYPE;
    }
    w->run = p;
    w->gone = (uint32_t)(p - w->lex.begin);
    if (open_text(w) != PROA_OK) {
        return PROA_ERR_LIMIT;
    }
    p = walk_over(w, p);
    if (!p) {
        return w->lex.err;
    }
    close_text(w);
    if (proa_json_lex_ws(p, w->lex.end) < w->lex.end) {
        return PROA_ERR_TRAILING;
    }
    c->total_bytes = form_at(w, p);
    const struct piece last = piece_in_body(w, w->run, p);
    if (last.len == c->total_bytes) { /* the body is its form */
        add_piece(c, last.at, last.len);
    } else {
        put(c, last.at, last.len);
        end_tail(c);
    }
    return proa_buf_ok(&c->pieces) && proa_buf_ok(&c->text) ? PROA_OK : PROA_ERR_LIMIT;
}

enum proa_err proa_canon_read(struct proa_canon *c, struct proa_slice body)
{
    PROA_UNINIT struct walk w;
    forget(c);
    c->body = body;
    c->tail = text_end(c);
    if (body.len > PROA_CANON_BODY_MAX) {
        return PROA_ERR_LIMIT;
    }
    w.c = c;
    w.frame = &w.frames[0];
    w.member = members_of(c);
    w.members_end = w.member + c->members.cap / sizeof *w.member;
    proa_json_lex_init(&w.lex, body, PROA_JSON_MAX_DEPTH - 1);
    const enum proa_err err = read_text(&w);
    if (err != PROA_OK) {
        forget(c);
    }
    return err;
}

/* ---- the form -------------------------------------------------------------------------------- */

struct proa_hash128 proa_canon_hash(const struct proa_canon *c,
                                    const unsigned char secret[PROA_HASH_SECRET_BYTES])
{
    const struct piece *pieces = pieces_of(c);
    if (n_pieces(c) == 1) {
        return proa_hash128_of(secret, slice_of(c, pieces[0]));
    }
    PROA_UNINIT struct proa_hasher h;
    proa_hasher_init(&h, secret);
    for (uint32_t i = 0; i < n_pieces(c); i++) {
        proa_hasher_add(&h, slice_of(c, pieces[i]));
    }
    return proa_hasher_final(&h);
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
