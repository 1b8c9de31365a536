#include "proa/json/cursor.h"

#include "escape_priv.h"

#include "proa/json/lex.h"

static struct proa_slice span(const unsigned char *from, const unsigned char *to)
{
    return proa_slice_make(from, (size_t)(to - from));
}

enum proa_json_kind proa_json_kind_of(struct proa_slice value)
{
    if (value.len == 0) {
        return PROA_JSON_ABSENT;
    }
    const unsigned char *begin = (const unsigned char *)value.ptr;
    const unsigned char *end = begin + value.len;
    const unsigned char *p = proa_json_lex_ws(begin, end);
    return p < end ? (enum proa_json_kind)proa_json_lex_kinds[*p] : PROA_JSON_ABSENT;
}

/* Over the container of this kind, whose opening bracket has been read. */
static void begin_walk(struct proa_json_cursor *c, struct proa_slice text, const unsigned char *p,
                       bool is_object)
{
    proa_json_lex_init(&c->lex, text, PROA_JSON_MAX_DEPTH - 1);
    c->p = p;
    c->err = PROA_OK;
    c->is_object = is_object;
    c->started = false;
    c->done = false;
    c->nested = false;
}

enum proa_err proa_json_cursor_init(struct proa_json_cursor *c, struct proa_slice value)
{
    enum proa_json_kind kind = proa_json_kind_of(value);
    if (kind != PROA_JSON_OBJECT && kind != PROA_JSON_ARRAY) {
        return PROA_ERR_TYPE;
    }
    const unsigned char *begin = (const unsigned char *)value.ptr;
    begin_walk(c, value, proa_json_lex_ws(begin, begin + value.len) + 1, kind == PROA_JSON_OBJECT);
    return PROA_OK;
}

/* The walk is over: at the end, or where the lexer found a fault. */
static bool end_walk(struct proa_json_cursor *c)
{
    c->done = true;
    c->err = c->lex.err;
    return false;
}

/* From behind the last item, or the opening bracket, to the next key or element; NULL with the
 * lexer unfaulted when the container is complete. */
static inline const unsigned char *advance(struct proa_json_cursor *c)
{
    const unsigned char *const end = c->lex.end;
    const unsigned char *p = proa_json_lex_ws(c->p, end);
    if (p < end && *p == (c->is_object ? '}' : ']')) {
        c->p = p + 1;
        p = proa_json_lex_ws(p + 1, end);
        return c->nested || p == end
                   ? NULL
                   : proa_json_lex_fail(&c->lex, PROA_ERR_TRAILING, p, "bytes after the end");
    }
    if (!c->started) {
        return p;
    }
    if (p == end || *p != ',') {
        return proa_json_lex_unexpected(&c->lex, p, "expected ','");
    }
    return proa_json_lex_ws(p + 1, end);
}

/* On to where the next value begins, over its key. NULL at the end and on a fault. */
static inline const unsigned char *to_value(struct proa_json_cursor *c, struct proa_slice *key)
{
    const unsigned char *p = advance(c);
    *key = PROA_SLICE_NONE;
    c->started = true;
    if (!p || !c->is_object) {
        return p;
    }
    const unsigned char *key_end = NULL;
    const unsigned char *value_at = proa_json_lex_key(&c->lex, p, &key_end);
    if (value_at) {
        *key = span(p, key_end);
    }
    return value_at;
}

bool proa_json_cursor_next(struct proa_json_cursor *c, struct proa_json_item *item)
{
    const unsigned char *before = c->p;
    if (proa_json_cursor_key(c, item) && proa_json_cursor_value(c, item)) {
        return true;
    }
    c->p = c->err == PROA_OK ? c->p : before;
    return false;
}

/* As key(), over what mostly stands before a member; false, with nothing done, where something else
 * does. */
static inline bool next_member(struct proa_json_cursor *c, struct proa_json_item *item)
{
    const unsigned char *key_at = c->p;
    const unsigned char *key_end = NULL;
    const unsigned char *value_at = !c->is_object ? NULL
                                    : c->started
                                        ? proa_json_lex_member(&c->lex, c->p, &key_at, &key_end)
                                        : proa_json_lex_short_key(&c->lex, c->p, &key_end);
    if (!value_at) {
        return false;
    }
    c->p = value_at;
    c->started = true;
    item->key = span(key_at, key_end);
    item->key_escaped = false;
    item->value = span(value_at, c->lex.end);
    item->kind = (enum proa_json_kind)proa_json_lex_kinds[*value_at];
    return true;
}

bool proa_json_cursor_key(struct proa_json_cursor *c, struct proa_json_item *item)
{
    if (c->done) {
        return false;
    }
    c->lex.escaped = false;
    c->lex.odd = false;
    if (PROA_LIKELY(next_member(c, item))) {
        return true;
    }
    const unsigned char *value_at = to_value(c, &item->key);
    if (!value_at) {
        return end_walk(c);
    }
    if (value_at == c->lex.end) {
        (void)proa_json_lex_fail(&c->lex, PROA_ERR_TRUNCATED, value_at, "expected a value");
        return end_walk(c);
    }
    c->p = value_at;
    item->key_escaped = c->lex.escaped;
    item->value = span(value_at, c->lex.end);
    item->kind = (enum proa_json_kind)proa_json_lex_kinds[*value_at];
    return true;
}

bool proa_json_cursor_value(struct proa_json_cursor *c, struct proa_json_item *item)
{
    if (c->done) {
        return false;
    }
    const unsigned char *p = proa_json_lex_value(&c->lex, c->p);
    if (!p) {
        return end_walk(c);
    }
    item->value = span(c->p, p);
    c->p = p;
    return true;
}

/* Digits up to what 64 bits hold for sure, and what ends a member right behind them; NULL: no such
 * number stands here. */
static const unsigned char *whole_number(const unsigned char *p, const unsigned char *end,
                                         uint64_t *value)
{
    const unsigned char *const first = p;
    uint64_t n = 0;
    while (p < end && *p >= '0' && *p <= '9' && p - first < 19) {
        n = 10 * n + (uint64_t)(*p - '0');
        p++;
    }
    const ptrdiff_t len = p - first;
    if (len == 0 || len > 18 || (*first == '0' && len > 1) || p == end ||
        (*p != ',' && *p != '}')) {
        return NULL;
    }
    *value = n;
    return p;
}

bool proa_json_cursor_count(struct proa_json_cursor *c, struct proa_json_item *item,
                            uint64_t *value)
{
    const unsigned char *const before = c->p;
    const bool started = c->started;
    if (c->done || !next_member(c, item)) {
        return false;
    }
    const unsigned char *p = whole_number(c->p, c->lex.end, value);
    if (!p) {
        c->p = before;
        c->started = started;
        return false;
    }
    item->value = span(c->p, p);
    c->p = p;
    return true;
}

bool proa_json_cursor_enter(const struct proa_json_cursor *outer, const struct proa_json_item *item,
                            struct proa_json_cursor *inner)
{
    const bool is_object = item->kind == PROA_JSON_OBJECT;
    if ((!is_object && item->kind != PROA_JSON_ARRAY) || outer->lex.max_depth == 0) {
        return false;
    }
    *inner = *outer;
    inner->lex.max_depth--;
    inner->p++;
    inner->is_object = is_object;
    inner->started = false;
    inner->nested = true;
    return true;
}

bool proa_json_cursor_leave(struct proa_json_cursor *outer, struct proa_json_cursor *inner)
{
    struct proa_json_item item;
    while (proa_json_cursor_next(inner, &item)) {
    }
    outer->p = inner->p;
    outer->lex.err = inner->err;
    return inner->err == PROA_OK || end_walk(outer);
}

void proa_json_cursor_resume(struct proa_json_cursor *c, struct proa_slice text)
{
    /* A place in no text at all would look like the end of the walk. */
    text.ptr = text.ptr ? text.ptr : "";
    begin_walk(c, text, (const unsigned char *)text.ptr, true);
}

/* ---- Look-ups ---- */

static bool key_is(struct proa_slice token, struct proa_slice key)
{
    return token.len >= 2 &&
           proa_json_escape_equal((struct proa_slice){token.ptr + 1, token.len - 2}, key);
}

/*
 * Where the value begins that one step leads to; NULL when there is none. The value itself is not
 * walked over, and `text` may go on behind its container: so a path costs one pass over what stands
 * before its end, however many steps it has.
 */
static const unsigned char *find(struct proa_slice text, const struct proa_json_step *step)
{
    struct proa_json_cursor c;
    bool by_key = step->key.ptr != NULL;
    if (proa_json_cursor_init(&c, text) != PROA_OK || c.is_object != by_key) {
        return NULL;
    }
    for (size_t i = 0;; i++) {
        struct proa_slice key;
        const unsigned char *value_at = to_value(&c, &key);
        if (!value_at) {
            return NULL;
        }
        if (by_key ? key_is(key, step->key) : i == step->index) {
            return value_at;
        }
        c.p = proa_json_lex_value(&c.lex, value_at);
        if (!c.p) {
            return NULL;
        }
    }
}

/* The value that begins at the start of text, whatever follows it. */
static enum proa_json_kind first_value(struct proa_slice text, struct proa_slice *value)
{
    struct proa_json_lex lex;
    proa_json_lex_init(&lex, text, PROA_JSON_MAX_DEPTH - 1);
    const unsigned char *end = proa_json_lex_value(&lex, lex.begin);
    if (!end) {
        return PROA_JSON_ABSENT;
    }
    if (value) {
        *value = span(lex.begin, end);
    }
    return (enum proa_json_kind)proa_json_lex_kinds[*lex.begin];
}

enum proa_json_kind proa_json_path(struct proa_slice value, const struct proa_json_step *steps,
                                   size_t n, struct proa_slice *out)
{
    if (n == 0) {
        enum proa_json_kind kind = proa_json_kind_of(value);
        if (kind != PROA_JSON_ABSENT && out) {
            *out = value;
        }
        return kind;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char *at = find(value, &steps[i]);
        if (!at) {
            return PROA_JSON_ABSENT;
        }
        value = proa_slice_from(value, (size_t)((const char *)at - value.ptr));
    }
    return first_value(value, out);
}

enum proa_json_kind proa_json_get(struct proa_slice object, struct proa_slice key,
                                  struct proa_slice *value)
{
    struct proa_json_step step = {{key.ptr ? key.ptr : "", key.len}, 0};
    return proa_json_path(object, &step, 1, value);
}

enum proa_json_kind proa_json_at(struct proa_slice array, size_t index, struct proa_slice *value)
{
    struct proa_json_step step = {PROA_SLICE_NONE, index};
    return proa_json_path(array, &step, 1, value);
}
