/*
 * The effective configuration as YAML, each scalar with where it came from: `proa config dump`.
 *
 * Pure. Tables hold names of secrets (env, file), never secrets; a string with ${NAME} is printed
 * as written, not as expanded, because what stands in the environment may be one.
 */
#ifndef PROA_CONFIG_DUMP_H
#define PROA_CONFIG_DUMP_H

#include "proa/config/doc.h"
#include "proa/core/buf.h"
#include "proa/core/option.h"

/*
 * Appends the struct `values` of `table` to `out`; the result parses back to the same values.
 * `tree` is what proa_config_parse() handed over, or NULL when everything is a default.
 * With `origins`, scalars carry a comment: `# default`, `# proa.yaml:4:9`, `# $PROA_LISTEN_DATA`,
 * `# --listen`. Returns PROA_ERR_LIMIT when `out` is full.
 */
enum proa_err proa_dump_yaml(const struct proa_option_table *table, const void *values,
                             const struct proa_doc_node *tree, bool origins,
                             struct proa_buf *out) PROA_MUST_CHECK;

/*
 * Appends one scalar of `values` as it would be written; `path` is its members joined by dots,
 * "breaker.score". ERR_NOT_FOUND when the table has no such scalar.
 */
enum proa_err proa_dump_setting(const struct proa_option_table *table, const void *values,
                                struct proa_slice path, struct proa_buf *out) PROA_MUST_CHECK;

#endif
