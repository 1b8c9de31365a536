/*
 * Members of objects that others wrote and of which nothing is promised: what is absent, or of
 * another kind, or out of range, reads as nothing. For readers that go on without it; who must
 * tell the difference uses tree.h.
 *
 * Pure. A node may be NULL.
 */
#ifndef PROA_JSON_LENIENT_H
#define PROA_JSON_LENIENT_H

#include "proa/json/tree.h"

const struct proa_json_node *proa_json_lenient_get(const struct proa_json_node *node,
                                                   const char *key);
/* Borrowed from the tree; empty. */
struct proa_slice proa_json_lenient_string(const struct proa_json_node *node, const char *key);
/* A whole number; 0, for a negative one as well. */
uint64_t proa_json_lenient_u64(const struct proa_json_node *node, const char *key);
/* In millionths; 0, likewise. */
uint64_t proa_json_lenient_micro(const struct proa_json_node *node, const char *key);
bool proa_json_lenient_bool(const struct proa_json_node *node, const char *key);

#endif
