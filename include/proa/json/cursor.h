/*
 * Pull iteration over the members of an object or the elements of an array, without allocation and
 * without a tree; and look-ups built on it.
 *
 * Pure, value type: nothing to release. What it hands out are slices of the text it walks. It is
 * meant for values that proa_json_scan() has accepted and for single server-sent events, but it
 * checks the grammar of all it walks over just as strictly, so that it is safe on any bytes: at
 * worst it ends with an error. Nothing behind the point where it stops has been looked at, and
 * duplicate keys are not searched for: look-ups give the first match.
 *
 * A *token* is a scalar as it stands in the text, a string with both its quotes; string.h decodes
 * tokens.
 */
#ifndef PROA_JSON_CURSOR_H
#define PROA_JSON_CURSOR_H

#include "proa/json/scan.h"
#include "proa/json/string.h"

/* State of the lexer under it all; its own business. */
struct proa_json_lex {
    const unsigned char *begin;
    const unsigned char *end;
    unsigned max_depth; /* levels that a value may still open, <= PROA_JSON_MAX_DEPTH */
    bool escaped;       /* set, never cleared by it, when a string holds a backslash */
    bool odd;           /* likewise, when one of its escapes is a \\u or \\/ */
    enum proa_err err;
    const unsigned char *fault_at;
    const char *reason;
};

struct proa_json_cursor {
    struct proa_json_lex lex;
    const unsigned char *p; /* next byte to read */
    enum proa_err err; /* why the walk ended early; OK while it goes on and after a full walk */
    bool is_object;
    bool started;
    bool done;
    bool nested; /* entered from another: what follows its end is that one's */
};

struct proa_json_item {
    struct proa_slice key; /* string token, quotes included; empty in an array */
    struct proa_slice value;
    enum proa_json_kind kind;
    bool key_escaped; /* the key's text is not what it stands for */
};

/* What the text begins with, after whitespace; ABSENT when no value can begin so. Looks at one byte
 * only. */
enum proa_json_kind proa_json_kind_of(struct proa_slice value);

/* Is the item's key this one, however it is written? */
static inline bool proa_json_key_is(const struct proa_json_item *item, struct proa_slice key)
{
    if (PROA_UNLIKELY(item->key_escaped)) {
        return proa_json_string_eq(item->key, key);
    }
    return item->key.len == key.len + 2 && memcmp(item->key.ptr + 1, key.ptr, key.len) == 0;
}

/* `value` is an object or an array, perhaps with whitespace around; anything else is ERR_TYPE. */
enum proa_err proa_json_cursor_init(struct proa_json_cursor *c,
                                    struct proa_slice value) PROA_MUST_CHECK;

/* The next member or element. False at the end, or when the text is broken: then c->err is set. */
bool proa_json_cursor_next(struct proa_json_cursor *c, struct proa_json_item *item);

/*
 * The same in two steps, for who may not want the value: key() goes to where the next value begins,
 * and item->value is all text from there on; value() walks over it. Either is false as next() is.
 */
bool proa_json_cursor_key(struct proa_json_cursor *c, struct proa_json_item *item);
bool proa_json_cursor_value(struct proa_json_cursor *c, struct proa_json_item *item);

/*
 * The next member, where it is of the plainest kind: a short key without escapes, and a whole
 * number without sign, of up to 18 digits. False, with nothing done, where it is anything else, or
 * there is none: next() says what it is.
 */
bool proa_json_cursor_count(struct proa_json_cursor *c, struct proa_json_item *item,
                            uint64_t *value);

/* What no item was taken from yet; after a fault, from behind the last whole item on. */
static inline struct proa_slice proa_json_cursor_rest(const struct proa_json_cursor *c)
{
    return proa_slice_make(c->p, (size_t)(c->lex.end - c->p));
}

/*
 * After key(), instead of value(): walks over the value itself, a member or element at a time, so
 * that no byte is walked over twice. `inner` begins within it; false, with nothing done, when the
 * value is no object and no array. leave() takes `outer` behind it, walking over what is left;
 * false when the text turned out to be broken: then outer->err is set.
 */
bool proa_json_cursor_enter(const struct proa_json_cursor *outer, const struct proa_json_item *item,
                            struct proa_json_cursor *inner);
bool proa_json_cursor_leave(struct proa_json_cursor *outer, struct proa_json_cursor *inner);

/* Over the rest of an object: `text` begins at a key and ends with the object. */
void proa_json_cursor_resume(struct proa_json_cursor *c, struct proa_slice text);

/*
 * The value of the first member with this (decoded) key; ABSENT, with *value untouched, when there
 * is none, `object` is no object, or its text is broken before the key is found. `value` may be
 * NULL.
 */
enum proa_json_kind proa_json_get(struct proa_slice object, struct proa_slice key,
                                  struct proa_slice *value);
/* As proa_json_get, by position in an array. */
enum proa_json_kind proa_json_at(struct proa_slice array, size_t index, struct proa_slice *value);

/* One step of a path: a key, or an index where key.ptr is NULL. */
struct proa_json_step {
    struct proa_slice key;
    size_t index;
};
#define PROA_JSON_STEP_KEY(lit)                                                                    \
    {                                                                                              \
        PROA_SLICE_INIT(lit), 0                                                                    \
    }
#define PROA_JSON_STEP_AT(i)                                                                       \
    {                                                                                              \
        {NULL, 0}, (i)                                                                             \
    }

/* Follows n steps from `value`; n = 0 gives the value itself. Results as proa_json_get. One pass
 * over what stands before the found value's end. */
enum proa_json_kind proa_json_path(struct proa_slice value, const struct proa_json_step *steps,
                                   size_t n, struct proa_slice *out);

#endif
