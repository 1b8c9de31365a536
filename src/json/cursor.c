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

static bool cursor_stop(struct proa_json_cursor *c, enum proa_err err)
{
    c->done = true;
    c->err = err;
    return false;
}

/* To the next key or element; NULL with `lex` unfaulted when the container is complete. */
static const unsigned char *cursor_advance(const struct proa_json_cursor *c,
                                           struct proa_json_lex *lex)
{
    const unsigned char *p = proa_json_lex_ws(lex->begin, lex->end);
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

bool proa_json_cursor_next(struct proa_json_cursor *c, struct proa_json_item *item)
{
    struct proa_json_lex lex;
    if (c->done) {
        return false;
    }
    proa_json_lex_init(&lex, (struct proa_slice){c->p, (size_t)(c->end - c->p)},
                       PROA_JSON_MAX_DEPTH - 1);
    const unsigned char *p = cursor_advance(c, &lex);
    if (!p) {
        return cursor_stop(c, lex.err);
    }
    struct proa_slice key = PROA_SLICE_NONE;
    if (c->is_object) {
        const unsigned char *key_at = p;
        if (p == lex.end || *p != '"') {
            return cursor_stop(c, p == lex.end ? PROA_ERR_TRUNCATED : PROA_ERR_SYNTAX);
        }
        p = proa_json_lex_string(&lex, p + 1);
        if (!p) {
            return cursor_stop(c, lex.err);
        }
        key = span(key_at, p);
        p = proa_json_lex_colon(&lex, p);
    }
    const unsigned char *value_at = p;
    p = p ? proa_json_lex_value(&lex, p) : NULL;
    if (!p) {
        return cursor_stop(c, lex.err);
    }
    c->started = true;
    c->p = (const char *)p;
    item->key = key;
    item->value = span(value_at, p);
    item->kind = (enum proa_json_kind)proa_json_lex_kinds[*value_at];
    return true;
}

enum proa_json_kind proa_json_get(struct proa_slice object, struct proa_slice key,
                                  struct proa_slice *value)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return PROA_JSON_ABSENT;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_json_escape_equal((struct proa_slice){item.key.ptr + 1, item.key.len - 2}, key)) {
            if (value) {
                *value = item.value;
            }
            return item.kind;
        }
    }
    return PROA_JSON_ABSENT;
}

enum proa_json_kind proa_json_at(struct proa_slice array, size_t index, struct proa_slice *value)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return PROA_JSON_ABSENT;
    }
    for (size_t i = 0; proa_json_cursor_next(&c, &item); i++) {
        if (i == index) {
            if (value) {
                *value = item.value;
            }
            return item.kind;
        }
    }
    return PROA_JSON_ABSENT;
}

enum proa_json_kind proa_json_path(struct proa_slice value, const struct proa_json_step *steps,
                                   size_t n, struct proa_slice *out)
{
    enum proa_json_kind kind = proa_json_kind_of(value);
    for (size_t i = 0; i < n && kind != PROA_JSON_ABSENT; i++) {
        kind = steps[i].key.ptr ? proa_json_get(value, steps[i].key, &value)
                                : proa_json_at(value, steps[i].index, &value);
    }
    if (kind != PROA_JSON_ABSENT && out) {
        *out = value;
    }
    return kind;
}
