/*
 * Several files, and then the environment and flags, into one tree. Both make new nodes where
 * something changes and share the rest; what was parsed stays as it was.
 */
#ifndef PROA_CONFIG_MERGE_PRIV_H
#define PROA_CONFIG_MERGE_PRIV_H

#include "proa/config/config.h"

/*
 * Merges n >= 1 roots in order, by the rules in config.h; conflicts are errors that name both
 * places. Always returns a tree, so that checking can go on.
 */
const struct proa_doc_node *proa_merge_files(const struct proa_option_table *table,
                                             const struct proa_doc_node *const *roots, size_t n,
                                             struct proa_arena *arena, struct proa_diags *diags);

/*
 * Puts environment variables and flags (the last of equal ones wins) over scalars. A flag whose
 * path is not in the table is an error.
 */
const struct proa_doc_node *proa_overlay_apply(const struct proa_config_input *input,
                                               const struct proa_doc_node *root,
                                               struct proa_arena *arena, struct proa_diags *diags);

#endif
