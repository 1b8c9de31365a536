/*
 * JSON values as shapes, for tests of the canonical form: made by chance or by a fuzzer's bytes,
 * written in any spelling and order, and written plainly, so that two shapes mean the same just
 * when their plain texts are equal. Shares nothing with the code under test.
 */
#ifndef PROA_TEST_SHAPES_H
#define PROA_TEST_SHAPES_H

#include "proa/core/buf.h"
#include "proa/core/prng.h"

enum { SHAPE_NODES_MAX = 64, SHAPE_DEPTH_MAX = 12, SHAPE_SPELLINGS_MAX = 4 };

/* Decisions: bytes first, then chance. */
struct shape_source {
    const uint8_t *bytes;
    size_t n_bytes;
    struct proa_prng prng;
};

static inline size_t shape_pick(struct shape_source *s, size_t n)
{
    if (s->n_bytes > 0) {
        s->n_bytes--;
        return *s->bytes++ % n;
    }
    return (size_t)proa_prng_below(&s->prng, n);
}

#define SHAPE_TEN(x)    x x x x x x x x x x
#define SHAPE_LONG_REST "onger" SHAPE_TEN(SHAPE_TEN("longer"))
#define SHAPE_LONG      "l" SHAPE_LONG_REST                 /* pieces of their own */
#define SHAPE_LONGEST   SHAPE_LONG SHAPE_LONG "and longest" /* even where white space is gone */

/* What stands in one row means one thing; no two rows mean the same. */
static const char *const shape_scalars[][SHAPE_SPELLINGS_MAX] = {
    {"\"A\"", "\"\\u0041\""},
    {"\"a\"", "\"\\u0061\""},
    {"\"\""},
    {"\"1\"", "\"\\u0031\""},
    {"1"},
    {"1.0"},
    {"10e-1"},
    {"-1"},
    {"12345678901234567890"},
    {"12345678901234567891"},
    {"true"},
    {"false"},
    {"null"},
    {"\"null\""},
    {"\"\\n\"", "\"\\u000a\"", "\"\\u000A\""},
    {"\"\\u0001\""},
    {"\"\\u001f\"", "\"\\u001F\""},
    {"\"\\\\n\"", "\"\\u005cn\""},
    {"\"/\"", "\"\\/\"", "\"\\u002f\""},
    {"\"\\\"\"", "\"\\u0022\""},
    {"\"\\\"a\\\":1\""},
    {"\"\xC3\xA9\"", "\"\\u00e9\"", "\"\\u00E9\""},
    {"\"e\xCC\x81\"", "\"e\\u0301\""}, /* the same letter to the eye, not to us */
    {"\"\xF0\x9F\x98\x80\"", "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\""},
    {"\"\xEF\xBF\xBD\"", "\"\\ufffd\""},
    {"\"\\u0000\""},
    {"\"},{\""},
    {"\"a,b\""},
    {"\"[\""},
    {"\"" SHAPE_LONG "\"", "\"\\u006c" SHAPE_LONG_REST "\""},
    {"\"" SHAPE_LONGEST "\"", "\"" SHAPE_LONG SHAPE_LONG "\\u0061nd longest\""},
};

static const char *const shape_keys[][SHAPE_SPELLINGS_MAX] = {
    {"\"\""},
    {"\"a\"", "\"\\u0061\""},
    {"\"aa\"", "\"a\\u0061\""},
    {"\"ab\""},
    {"\"b\"", "\"\\u0062\""},
    {"\"user\"", "\"us\\u0065r\""}, /* left out at the top */
    {"\"\xC3\xA9\"", "\"\\u00e9\""},
    {"\"a\\\"\"", "\"a\\u0022\""},
    {"\"{\""},
    {"\"temperature\""},
};
enum { SHAPE_KEY_USER = 5 };

enum shape_kind { SHAPE_SCALAR = 0, SHAPE_ARRAY, SHAPE_OBJECT };

struct shape_node {
    enum shape_kind kind;
    size_t scalar;
    size_t key;
    size_t parent;
};

/* Children come behind their parent, in the order of an array. Node 0 is an object. */
struct shape {
    struct shape_node nodes[SHAPE_NODES_MAX];
    size_t n;
};

static inline size_t shape_depth(const struct shape *s, size_t node)
{
    size_t depth = 0;
    for (; node != 0; node = s->nodes[node].parent) {
        depth++;
    }
    return depth;
}

static inline bool shape_has_key(const struct shape *s, size_t parent, size_t key)
{
    for (size_t i = 1; i < s->n; i++) {
        if (s->nodes[i].parent == parent && s->nodes[i].key == key) {
            return true;
        }
    }
    return false;
}

static inline void shape_add(struct shape *s, struct shape_source *from)
{
    struct shape_node n = {.parent = shape_pick(from, s->n)};
    const struct shape_node *parent = &s->nodes[n.parent];
    n.key = shape_pick(from, PROA_ARRAY_LEN(shape_keys));
    if (s->n == SHAPE_NODES_MAX || parent->kind == SHAPE_SCALAR ||
        shape_depth(s, n.parent) >= SHAPE_DEPTH_MAX ||
        (parent->kind == SHAPE_OBJECT && shape_has_key(s, n.parent, n.key))) {
        return;
    }
    n.kind = (enum shape_kind)(shape_pick(from, 5) % 4 % 3);
    n.scalar = shape_pick(from, PROA_ARRAY_LEN(shape_scalars));
    s->nodes[s->n++] = n;
}

static inline void shape_make(struct shape *s, struct shape_source *from, size_t tries)
{
    *s = (struct shape){.n = 1};
    s->nodes[0].kind = SHAPE_OBJECT;
    for (size_t i = 0; i < tries; i++) {
        shape_add(s, from);
    }
}

/* Changes one thing; mostly, but not always, the value is another one then. */
static inline void shape_change(struct shape *s, struct shape_source *from)
{
    const size_t at = shape_pick(from, s->n);
    struct shape_node *n = &s->nodes[at];
    const size_t key = shape_pick(from, PROA_ARRAY_LEN(shape_keys));
    switch (shape_pick(from, 4)) {
    case 0:
        n->scalar = shape_pick(from, PROA_ARRAY_LEN(shape_scalars));
        break;
    case 1:
        if (at > 0 && !shape_has_key(s, n->parent, key)) {
            n->key = key;
        }
        break;
    case 2:
        if (n->kind != SHAPE_SCALAR && at > 0) {
            n->kind = n->kind == SHAPE_ARRAY ? SHAPE_SCALAR : n->kind;
        }
        break;
    default:
        shape_add(s, from);
        break;
    }
}

struct shape_style {
    struct shape_source *chance; /* NULL: plain */
};

static inline void shape_blank(struct proa_buf *out, const struct shape_style *style)
{
    static const char *const blanks[] = {"", "", "", " ", "\n    ", "\t", "\r\n"};
    if (style->chance) {
        (void)proa_buf_append_cstr(out, blanks[shape_pick(style->chance, PROA_ARRAY_LEN(blanks))]);
    }
}

static inline void shape_spell(struct proa_buf *out, const struct shape_style *style,
                               const char *const spellings[SHAPE_SPELLINGS_MAX])
{
    size_t which = style->chance ? shape_pick(style->chance, SHAPE_SPELLINGS_MAX) : 0;
    (void)proa_buf_append_cstr(out, spellings[spellings[which] ? which : 0]);
}

/* The children that are still to be written, in the order in which they are. */
static inline size_t shape_children(const struct shape *s, size_t parent,
                                    const struct shape_style *style, size_t *out)
{
    size_t n = 0;
    for (size_t i = 1; i < s->n; i++) {
        if (s->nodes[i].parent == parent &&
            (style->chance || parent != 0 || s->nodes[i].key != SHAPE_KEY_USER)) {
            out[n++] = i;
        }
    }
    for (size_t i = 1; i < n && s->nodes[parent].kind == SHAPE_OBJECT; i++) {
        size_t j = style->chance ? shape_pick(style->chance, i + 1) : i;
        while (!style->chance && j > 0 && s->nodes[out[j - 1]].key > s->nodes[out[i]].key) {
            j--;
        }
        const size_t moved = out[i];
        memmove(&out[j + 1], &out[j], (i - j) * sizeof *out);
        out[j] = moved;
    }
    return n;
}

/* Appends the text. */
static inline void shape_write(const struct shape *s, const struct shape_style *style,
                               struct proa_buf *out)
{
    struct {
        size_t node;
        size_t children[SHAPE_NODES_MAX];
        size_t n;
        size_t next;
    } stack[SHAPE_DEPTH_MAX + 2];
    size_t depth = 1;
    stack[0].node = 0;
    stack[0].n = shape_children(s, 0, style, stack[0].children);
    stack[0].next = 0;
    shape_blank(out, style);
    (void)proa_buf_append_byte(out, '{');
    while (depth > 0) {
        const bool is_object = s->nodes[stack[depth - 1].node].kind == SHAPE_OBJECT;
        shape_blank(out, style);
        if (stack[depth - 1].next == stack[depth - 1].n) {
            (void)proa_buf_append_byte(out, is_object ? '}' : ']');
            depth--;
            continue;
        }
        const size_t node = stack[depth - 1].children[stack[depth - 1].next++];
        if (stack[depth - 1].next > 1) {
            (void)proa_buf_append_byte(out, ',');
            shape_blank(out, style);
        }
        if (is_object) {
            shape_spell(out, style, shape_keys[s->nodes[node].key]);
            shape_blank(out, style);
            (void)proa_buf_append_byte(out, ':');
            shape_blank(out, style);
        }
        if (s->nodes[node].kind == SHAPE_SCALAR) {
            shape_spell(out, style, shape_scalars[s->nodes[node].scalar]);
            continue;
        }
        (void)proa_buf_append_byte(out, s->nodes[node].kind == SHAPE_OBJECT ? '{' : '[');
        stack[depth].node = node;
        stack[depth].n = shape_children(s, node, style, stack[depth].children);
        stack[depth].next = 0;
        depth++;
    }
    shape_blank(out, style);
}

#endif
