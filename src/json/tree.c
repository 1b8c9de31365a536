#include "proa/json/tree.h"

#include "escape_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/map.h"
#include "proa/json/cursor.h"
#include "proa/json/lex.h"

#include <cjson/cJSON.h>

enum { DEFAULT_BYTES = 1 << 20, DEFAULT_NODES = 20000, DEFAULT_DEPTH = 64 };
/* Up to here comparing all pairs of keys is cheaper than a hash map. */
enum { FEW_KEYS = 16 };

struct proa_json_tree {
    cJSON *root;
};

/* A node is the library's own item, seen through an opaque type. */
static const cJSON *item_of(const struct proa_json_node *node)
{
    return (const cJSON *)(const void *)node;
}

static const struct proa_json_node *node_of(const cJSON *item)
{
    return (const struct proa_json_node *)(const void *)item;
}

static enum proa_err refuse(struct proa_json_fault *fault, enum proa_err err, size_t at,
                            const char *reason)
{
    fault->at = at;
    fault->reason = reason;
    return err;
}

/* Why an escape in valid text cannot go into a C string; NULL when it can. */
static const char *bad_escape(const unsigned char *p, const unsigned char *end, size_t *used)
{
    uint32_t code = 0;
    *used = proa_json_escape_decode(p, end, &code);
    if (code == 0) {
        return "U+0000 in a string";
    }
    return proa_json_escape_is_lone(p, *used) ? "lone surrogate in a string" : NULL;
}

static bool is_empty_container(const unsigned char *p, const unsigned char *end)
{
    p = proa_json_lex_ws(p + 1, end);
    return p < end && (*p == '}' || *p == ']');
}

/* Over valid text: refuses escapes that the tree cannot hold, and too many values. A value is the
 * first in its container, or follows a comma. */
static enum proa_err check_text(struct proa_slice text, size_t max_nodes,
                                struct proa_json_fault *fault)
{
    const unsigned char *begin = (const unsigned char *)text.ptr;
    const unsigned char *end = begin + text.len;
    size_t nodes = 1;
    bool in_string = false;
    for (const unsigned char *p = begin; p < end; p++) {
        if (*p == '"') {
            in_string = !in_string;
        } else if (in_string && *p == '\\') {
            size_t used = 0;
            const char *reason = bad_escape(p, end, &used);
            if (reason) {
                return refuse(fault, PROA_ERR_SYNTAX, (size_t)(p - begin), reason);
            }
            p += used - 1;
        } else if (!in_string && (*p == ',' || *p == '{' || *p == '[')) {
            nodes += *p == ',' || !is_empty_container(p, end);
            if (nodes > max_nodes) {
                return refuse(fault, PROA_ERR_LIMIT, (size_t)(p - begin), "too many values");
            }
        }
    }
    return PROA_OK;
}

/* The first key of the object that repeats an earlier one, or NULL. */
static const char *repeated_key(const cJSON *object)
{
    struct proa_map seen;
    const char *found = NULL;
    size_t n = 0;
    for (const cJSON *a = object->child; a && n <= FEW_KEYS; a = a->next) {
        for (const cJSON *b = object->child; b != a; b = b->next) {
            if (strcmp(a->string, b->string) == 0) {
                return a->string;
            }
        }
        n++;
    }
    if (n <= FEW_KEYS) {
        return NULL;
    }
    proa_map_init(&seen, 0);
    for (cJSON *a = object->child; a && !found; a = a->next) {
        found = proa_map_put(&seen, proa_slice_cstr(a->string), a) ? a->string : NULL;
    }
    proa_map_deinit(&seen);
    return found;
}

/* Where key occurs the second time in the nth object of valid text. */
static size_t repeated_at(struct proa_slice text, size_t nth, struct proa_slice key)
{
    struct proa_json_lex lex;
    proa_json_lex_init(&lex, text, PROA_JSON_MAX_DEPTH);
    const unsigned char *p = lex.begin;
    for (;;) {
        if (*p == '"') {
            p = proa_json_lex_string(&lex, p + 1);
            continue;
        }
        if (*p == '{') {
            nth--;
            if (nth == 0) {
                break;
            }
        }
        p++;
    }
    const unsigned char *end = proa_json_lex_value(&lex, p);
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t found = 0;
    if (proa_json_cursor_init(&c, proa_slice_make(p, (size_t)(end - p))) != PROA_OK) {
        return 0;
    }
    while (found < 2 && proa_json_cursor_next(&c, &item)) {
        found +=
            proa_json_escape_equal((struct proa_slice){item.key.ptr + 1, item.key.len - 2}, key);
    }
    return (size_t)(item.key.ptr - text.ptr);
}

/* Walks the tree in the order of the text, so that objects can be told by their number. */
static enum proa_err check_keys(const cJSON *root, struct proa_slice text,
                                struct proa_json_fault *fault)
{
    const cJSON *later[PROA_JSON_MAX_DEPTH];
    size_t depth = 0;
    size_t n_objects = 0;
    const cJSON *item = root;
    while (item) {
        if (cJSON_IsObject(item)) {
            n_objects++;
            const char *key = repeated_key(item);
            if (key) {
                return refuse(fault, PROA_ERR_DUPLICATE,
                              repeated_at(text, n_objects, proa_slice_cstr(key)), "duplicate key");
            }
        }
        if (item->child) {
            PROA_ASSERT(depth < PROA_JSON_MAX_DEPTH);
            later[depth] = item->next;
            depth++;
            item = item->child;
        } else {
            item = item->next;
        }
        while (!item && depth > 0) {
            depth--;
            item = later[depth];
        }
    }
    return PROA_OK;
}

static enum proa_err parse(struct proa_slice text, const struct proa_json_tree_cfg *cfg,
                           cJSON **root, struct proa_json_fault *fault)
{
    size_t max_bytes = cfg->max_bytes ? cfg->max_bytes : DEFAULT_BYTES;
    size_t max_nodes = cfg->max_nodes ? cfg->max_nodes : DEFAULT_NODES;
    unsigned max_depth = cfg->max_depth ? cfg->max_depth : DEFAULT_DEPTH;
    struct proa_json_lex lex;
    PROA_ASSERT(max_depth <= PROA_JSON_MAX_DEPTH);
    if (text.len > max_bytes) {
        return refuse(fault, PROA_ERR_LIMIT, max_bytes, "text too long");
    }
    /* The lexer itself rather than the scan, whose caps on members and keys do not apply here. */
    proa_json_lex_init(&lex, text, max_depth);
    const unsigned char *p = proa_json_lex_value(&lex, proa_json_lex_ws(lex.begin, lex.end));
    if (p && proa_json_lex_ws(p, lex.end) != lex.end) {
        p = proa_json_lex_fail(&lex, PROA_ERR_TRAILING, proa_json_lex_ws(p, lex.end),
                               "bytes after the value");
    }
    if (!p) {
        return refuse(fault, lex.err, (size_t)(lex.fault_at - lex.begin), lex.reason);
    }
    enum proa_err err = check_text(text, max_nodes, fault);
    if (err) {
        return err;
    }
    const char *end = text.ptr;
    *root = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    bool whole = *root && proa_json_lex_ws((const unsigned char *)end, lex.end) == lex.end;
    if (!whole) {
        /* Releases of the library differ in how long a number may be, and some of them cut it off
         * and leave the rest. */
        return refuse(fault, PROA_ERR_UNSUPPORTED, (size_t)(end - text.ptr),
                      "value cannot be represented");
    }
    return check_keys(*root, text, fault);
}

enum proa_err proa_json_tree_parse(struct proa_slice text, const struct proa_json_tree_cfg *cfg,
                                   struct proa_json_tree **out, struct proa_json_fault *fault)
{
    static const struct proa_json_tree_cfg defaults = {0, 0, 0};
    struct proa_json_fault local = {0, NULL};
    cJSON *root = NULL;
    enum proa_err err = parse(text, cfg ? cfg : &defaults, &root, &local);
    if (err) {
        cJSON_Delete(root);
        if (fault) {
            *fault = local;
        }
        return err;
    }
    *out = PROA_NEW(struct proa_json_tree);
    (*out)->root = root;
    return PROA_OK;
}

void proa_json_tree_destroy(struct proa_json_tree *tree)
{
    if (tree) {
        cJSON_Delete(tree->root);
        proa_free(tree);
    }
}

const struct proa_json_node *proa_json_tree_root(const struct proa_json_tree *tree)
{
    return tree ? node_of(tree->root) : NULL;
}

enum proa_json_kind proa_json_node_kind(const struct proa_json_node *node)
{
    if (!node) {
        return PROA_JSON_ABSENT;
    }
    switch (item_of(node)->type & 0xFF) {
    case cJSON_NULL:
        return PROA_JSON_NULL;
    case cJSON_False:
        return PROA_JSON_FALSE;
    case cJSON_True:
        return PROA_JSON_TRUE;
    case cJSON_Number:
        return PROA_JSON_NUMBER;
    case cJSON_String:
        return PROA_JSON_STRING;
    case cJSON_Object:
        return PROA_JSON_OBJECT;
    case cJSON_Array:
        return PROA_JSON_ARRAY;
    default: /* the library's "invalid" and "raw" never come out of parsing */
        return PROA_JSON_ABSENT;
    }
}

const struct proa_json_node *proa_json_node_first(const struct proa_json_node *node)
{
    return node ? node_of(item_of(node)->child) : NULL;
}

const struct proa_json_node *proa_json_node_next(const struct proa_json_node *node)
{
    return node ? node_of(item_of(node)->next) : NULL;
}

const struct proa_json_node *proa_json_node_get(const struct proa_json_node *node,
                                                struct proa_slice key)
{
    if (proa_json_node_kind(node) != PROA_JSON_OBJECT) {
        return NULL;
    }
    const struct proa_json_node *child = proa_json_node_first(node);
    while (child && !proa_slice_eq(proa_json_node_key(child), key)) {
        child = proa_json_node_next(child);
    }
    return child;
}

size_t proa_json_node_count(const struct proa_json_node *node)
{
    size_t n = 0;
    for (node = proa_json_node_first(node); node; node = proa_json_node_next(node)) {
        n++;
    }
    return n;
}

struct proa_slice proa_json_node_key(const struct proa_json_node *node)
{
    return node ? proa_slice_cstr(item_of(node)->string) : PROA_SLICE_NONE;
}

static enum proa_err want_kind(const struct proa_json_node *node, unsigned types)
{
    enum proa_json_kind kind = proa_json_node_kind(node);
    if (kind == PROA_JSON_ABSENT) {
        return PROA_ERR_NOT_FOUND;
    }
    return types & PROA_JSON_TYPE(kind) ? PROA_OK : PROA_ERR_TYPE;
}

enum proa_err proa_json_node_string(const struct proa_json_node *node, struct proa_slice *out)
{
    enum proa_err err = want_kind(node, PROA_JSON_TYPE(PROA_JSON_STRING));
    if (!err) {
        *out = proa_slice_cstr(item_of(node)->valuestring);
    }
    return err;
}

enum proa_err proa_json_node_bool(const struct proa_json_node *node, bool *out)
{
    enum proa_err err = want_kind(node, PROA_JSON_TYPE_BOOL);
    if (!err) {
        *out = proa_json_node_kind(node) == PROA_JSON_TRUE;
    }
    return err;
}

/* A finite number within +-most. */
static enum proa_err number_within(const struct proa_json_node *node, double most, double *out)
{
    enum proa_err err = want_kind(node, PROA_JSON_TYPE(PROA_JSON_NUMBER));
    if (err) {
        return err;
    }
    double value = item_of(node)->valuedouble;
    if (!(value >= -most && value <= most)) { /* not-a-number compares false */
        return PROA_ERR_RANGE;
    }
    *out = value;
    return PROA_OK;
}

enum proa_err proa_json_node_i64(const struct proa_json_node *node, int64_t *out)
{
    double value = 0;
    enum proa_err err = number_within(node, 9007199254740991.0, &value);
    if (err) {
        return err;
    }
    double fraction = value - (double)(int64_t)value;
    if (fraction < 0 || fraction > 0) {
        return PROA_ERR_TYPE;
    }
    *out = (int64_t)value;
    return PROA_OK;
}

enum proa_err proa_json_node_micro(const struct proa_json_node *node, int64_t *out)
{
    double value = 0;
    enum proa_err err = number_within(node, 9e9, &value);
    if (!err) {
        *out = (int64_t)(value * 1e6 + (value < 0 ? -0.5 : 0.5));
    }
    return err;
}

const char *proa_json_tree_library(void)
{
    return cJSON_Version();
}
