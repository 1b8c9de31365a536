/*
 * A configuration file as a small tree: YAML 1.2 core, JSON being its subset, with the place of
 * every node.
 *
 * Pure: bytes in, nodes out; never a path, never a clock. All memory, copies of keys and texts
 * included, belongs to the arena given, so the input may go away after the call. Trees are never
 * changed once made; an alias shares the node of its anchor.
 *
 * Refused, each with its place: input that is not UTF-8, duplicate keys, tabs as indentation, a
 * second document, tags outside the core schema, merge keys, and whatever exceeds the bounds
 * below. Aliases count as often as they are expanded, so a billion laughs stop at the budget.
 */
#ifndef PROA_CONFIG_DOC_H
#define PROA_CONFIG_DOC_H

#include "proa/core/arena.h"
#include "proa/core/diag.h"
#include "proa/core/option.h"

enum {
    PROA_DOC_MAX_BYTES = 1024 * 1024,
    PROA_DOC_MAX_NODES = 10000, /* keys excluded, expanded aliases included */
    PROA_DOC_MAX_DEPTH = 32,    /* containers inside one another */
    PROA_DOC_MAX_ANCHORS = 256
};

enum proa_doc_kind { PROA_DOC_SCALAR = 0, PROA_DOC_LIST, PROA_DOC_MAP };

/* Who said it; the three differ in precedence and in how a person is pointed to the place. */
enum proa_doc_origin {
    PROA_DOC_FILE = 0, /* at.file:line:col */
    PROA_DOC_ENV,      /* at.file is "$NAME", line 0 */
    PROA_DOC_FLAG      /* at.file is "--flag", line 0 */
};

struct proa_doc_node;

struct proa_doc_entry {
    struct proa_slice key;
    struct proa_option_where key_at;
    bool key_plain; /* written without quotes */
    const struct proa_doc_node *value;
};

struct proa_doc_node {
    enum proa_doc_kind kind;
    enum proa_doc_origin origin;
    struct proa_option_where at; /* at.file is borrowed from the caller of proa_doc_parse() */
    bool plain;                  /* SCALAR without quotes: may be a number, a bool or null */
    struct proa_slice text;      /* SCALAR, also NUL-terminated behind len */
    size_t n;                    /* LIST and MAP: how many follow */
    const struct proa_doc_node *const *items; /* LIST */
    const struct proa_doc_entry *entries;     /* MAP, in the order of the file; keys are unique */
};

/*
 * Builds the tree of one document. `file` names the source in messages and nodes; it must live as
 * long as both. Input without a document (empty, comments only) gives an empty map.
 * On failure *out is untouched and at least one error was added to `diags`.
 */
enum proa_err proa_doc_parse(struct proa_slice bytes, const char *file, struct proa_arena *arena,
                             const struct proa_doc_node **out,
                             struct proa_diags *diags) PROA_MUST_CHECK;

/* The value of a key in a MAP, or NULL when absent or when `map` is NULL or another kind. */
const struct proa_doc_node *proa_doc_get(const struct proa_doc_node *map, struct proa_slice key);

/* The same along several keys joined by dots, "breaker.score". */
const struct proa_doc_node *proa_doc_find(const struct proa_doc_node *map, struct proa_slice path);

/* Version of the library underneath; static. */
const char *proa_doc_library(void);

/* Plain null: `~`, `null`, `Null`, `NULL` or nothing at all. */
bool proa_doc_is_null(const struct proa_doc_node *node);

#endif
