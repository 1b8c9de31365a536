/*
 * A tree onto a struct: the half of proa_config_parse() that reads a table's rows.
 */
#ifndef PROA_CONFIG_BIND_PRIV_H
#define PROA_CONFIG_BIND_PRIV_H

#include "proa/config/config.h"

/*
 * Fills table->size zeroed bytes at `out` from `root` (NULL: defaults only). Errors go to `diags`;
 * the caller compares n_errors.
 */
void proa_bind_table(const struct proa_option_table *table, const struct proa_doc_node *root,
                     const struct proa_config_env *env, struct proa_arena *arena, void *out,
                     struct proa_diags *diags);

#endif
