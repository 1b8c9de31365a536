#include "proa/json/cursor.h"

#include "escape_priv.h"
#include "lex_priv.h"

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

enum proa_err proa_json_cursor_init(struct proa_json_cursor *c, struct proa_slice value)
{
    enum proa_json_kind kind = proa_json_kind_of(value);
    if (kind != PROA_JSON_OBJECT && kind != PROA_JSON_ARRAY) {
        return PROA_ERR_TYPE;
    }
    const unsigned char *begin = (const unsigned char *)value.ptr;
    const unsigned char *end = begin + value.len;
    *c = (struct proa_json_cursor){
        .p = (const char *)proa_json_lex_ws(begin, end) + 1,
        .end = value.ptr + value.len,
        .is_object = kind == PROA_JSON_OBJECT,
    };
    return PROA_OK;
}

/* From behind the last item, or the opening bracket, to the next key or element; NULL with `lex`
 * unfaulted when the container is complete. */
static const unsigned char *cursor_advance(const struct proa_json_cursor *c,
                                           struct proa_json_lex *lex)
{
    const unsigned char *p = proa_json_lex_ws((const unsigned char *)c->p, lex->end);
    if (p < lex->end && *p == (c->is_object ? '}' : ']')) {
        p = proa_json_lex_ws(p + 1, lex->end);
        return p == lex->end ? NULL
                             : proa_json_lex_fail(lex, PROA_ERR_TRAILING, p, "bytes after the end");
    }
    if (!c->started) {
        return p;
    }
    if (p == lex->end || *p != ',') {
        return proa_json_lex_unexpected(lex, p, "expected ','");
    }
    return proa_json_lex_ws(p + 1, lex->end);
}

/* On to where the next value begins, over its key. NULL at the end and on a fault. */
static const unsigned char *cursor_to_value(const struct proa_json_cursor *c,
                                            struct proa_json_lex *lex, struct proa_slice *key)
{
    const unsigned char *p = cursor_advance(c, lex);
    if (!p || !c->is_object) {
        return p;
    }
    if (p == lex->end || *p != '"') {
        return proa_json_lex_unexpected(lex, p, "expected a key in double quotes");
    }
    const unsigned char *end = proa_json_lex_scalar(lex, p);
    if (!end) {
        return NULL;
    }
    *key = span(p, end);
    return proa_json_lex_colon(lex, end);
}

static void cursor_lex(const struct proa_json_cursor *c, struct proa_json_lex *lex)
{
    proa_json_lex_init(lex, (struct proa_slice){c->p, (size_t)(c->end - c->p)},
                       PROA_JSON_MAX_DEPTH - 1);
}

bool proa_json_cursor_next(struct proa_json_cursor *c, struct proa_json_item *item)
{
    struct proa_json_lex lex;
    struct proa_slice key = PROA_SLICE_NONE;
    if (c->done) {
        return false;
    }
    cursor_lex(c, &lex);
    const unsigned char *value_at = cursor_to_value(c, &lex, &key);
    const unsigned char *p = value_at ? proa_json_lex_value(&lex, value_at) : NULL;
    if (!p) {
        c->done = true;
        c->err = lex.err;
        return false;
    }
    c->started = true;
    c->p = (const char *)p;
    item->key = key;
    item->value = span(value_at, p);
    item->kind = (enum proa_json_kind)proa_json_lex_kinds[*value_at];
    return true;
}

bool proa_json_cursor_key(struct proa_json_cursor *c, struct proa_json_item *item)
{
    struct proa_json_lex lex;
    item->key = PROA_SLICE_NONE;
    if (c->done) {
        return false;
    }
    cursor_lex(c, &lex);
    const unsigned char *value_at = cursor_to_value(c, &lex, &item->key);
    if (!value_at || value_at == lex.end) {
        c->done = true;
        c->err = value_at ? PROA_ERR_TRUNCATED : lex.err;
        return false;
    }
    c->started = true;
    c->p = (const char *)value_at;
    item->value = span(value_at, lex.end);
    item->kind = (enum proa_json_kind)proa_json_lex_kinds[*value_at];
    return true;
}

bool proa_json_cursor_value(struct proa_json_cursor *c, struct proa_json_item *item)
{
    struct proa_json_lex lex;
    if (c->done) {
        return false;
    }
    cursor_lex(c, &lex);
    const unsigned char *p = proa_json_lex_value(&lex, lex.begin);
    if (!p) {
        c->done = true;
        c->err = lex.err;
        return false;
    }
    item->value = span(lex.begin, p);
    c->p = (const char *)p;
    return true;
}

void proa_json_cursor_resume(struct proa_json_cursor *c, struct proa_slice text)
{
    /* A place in no text at all would look like the end of the walk. */
    const char *p = text.ptr ? text.ptr : "";
    *c = (struct proa_json_cursor){.p = p, .end = p + text.len, .is_object = true};
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
    struct proa_json_lex lex;
    bool by_key = step->key.ptr != NULL;
    if (proa_json_cursor_init(&c, text) != PROA_OK || c.is_object != by_key) {
        return NULL;
    }
    cursor_lex(&c, &lex);
    for (size_t i = 0;; i++) {
        struct proa_slice key = PROA_SLICE_NONE;
        const unsigned char *value_at = cursor_to_value(&c, &lex, &key);
        if (!value_at) {
            return NULL;
        }
        if (by_key ? key_is(key, step->key) : i == step->index) {
            return value_at;
        }
        c.p = (const char *)proa_json_lex_value(&lex, value_at);
        if (!c.p) {
            return NULL;
        }
        c.started = true;
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
