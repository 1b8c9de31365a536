/*
 * Small JSON texts as a tree: settings, tokens, admin requests, the options of a request. Never
 * whole request bodies, which are scanned in place (scan.h).
 *
 * Pure but for allocation. The text is first validated as strictly as by proa_json_scan(), so the
 * library behind this unit only ever sees strict JSON. Refused besides: a key twice in one object,
 * at any depth; U+0000 in any string, where a C string would end unnoticed; escaped lone
 * surrogates.
 *
 * A tree is a handle, owned by the caller; nodes and their strings are borrowed from it and live
 * until proa_json_tree_destroy(). Nothing can be changed in it. Look-ups walk the members one by
 * one: fine for a few keys, not for many keys in large objects. All node functions accept NULL as
 * "absent", so look-ups chain.
 */
#ifndef PROA_JSON_TREE_H
#define PROA_JSON_TREE_H

#include "proa/json/scan.h"

struct proa_json_tree;
struct proa_json_node;

/* Zero means the default in brackets. */
struct proa_json_tree_cfg {
    size_t max_bytes;   /* of the text [1 MiB] */
    size_t max_nodes;   /* values of any kind [20,000]; one costs about 100 bytes */
    unsigned max_depth; /* [64], at most PROA_JSON_MAX_DEPTH */
};

/*
 * Parses the whole text. cfg NULL = all defaults; fault may be NULL. *out is the caller's to
 * destroy, and untouched on failure; then `fault` names place and reason.
 * Errors: as proa_json_scan(), DUPLICATE at any depth, LIMIT for bytes and nodes, UNSUPPORTED for a
 * number longer than the library takes (from 64 characters on, by release).
 */
enum proa_err proa_json_tree_parse(struct proa_slice text, const struct proa_json_tree_cfg *cfg,
                                   struct proa_json_tree **out,
                                   struct proa_json_fault *fault) PROA_MUST_CHECK;
void proa_json_tree_destroy(struct proa_json_tree *tree); /* NULL is fine */
/* Version of the library underneath; static. */
const char *proa_json_tree_library(void);

const struct proa_json_node *proa_json_tree_root(const struct proa_json_tree *tree);

enum proa_json_kind proa_json_node_kind(const struct proa_json_node *node);
/* Member of an object by its exact, case-sensitive name; NULL when absent or no object. */
const struct proa_json_node *proa_json_node_get(const struct proa_json_node *node,
                                                struct proa_slice key);
/* Members or elements in the order of the text: start with first, NULL at the end. */
const struct proa_json_node *proa_json_node_first(const struct proa_json_node *node);
const struct proa_json_node *proa_json_node_next(const struct proa_json_node *node);
/* How many members or elements; 0 for scalars. Counts by walking. */
size_t proa_json_node_count(const struct proa_json_node *node);
/* Key of a member of an object; empty for all other nodes. */
struct proa_slice proa_json_node_key(const struct proa_json_node *node);

/* Typed values. NOT_FOUND for an absent node, TYPE for another kind. */
enum proa_err proa_json_node_string(const struct proa_json_node *node,
                                    struct proa_slice *out) PROA_MUST_CHECK;
enum proa_err proa_json_node_bool(const struct proa_json_node *node, bool *out) PROA_MUST_CHECK;
/* TYPE when the number has a fraction (1.0 and 1e3 are integers here); RANGE outside +-(2^53-1),
 * beyond which the number may have been rounded (RFC 7493 2.2). */
enum proa_err proa_json_node_i64(const struct proa_json_node *node, int64_t *out) PROA_MUST_CHECK;
/* value * 1,000,000 rounded to the nearest, for ratios and money; RANGE outside +-9e9. */
enum proa_err proa_json_node_micro(const struct proa_json_node *node, int64_t *out) PROA_MUST_CHECK;

#endif
