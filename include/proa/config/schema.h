/*
 * JSON Schema (draft 2020-12) of an option table, for editors and for checking elsewhere.
 *
 * Pure; the output depends on the table alone, so equal builds print equal bytes. Each nested
 * table becomes one entry of `$defs` named by its title (numbered when two titles are equal).
 * What the schema accepts the parser accepts too, except for rules that JSON Schema cannot state:
 * the upper and lower bounds of durations and of sizes with a unit are in the description only.
 */
#ifndef PROA_CONFIG_SCHEMA_H
#define PROA_CONFIG_SCHEMA_H

#include "proa/core/buf.h"
#include "proa/core/option.h"

/*
 * Appends the schema of `table`. `id` is the `$id` URI, NULL for none; `title` heads the document.
 * Returns PROA_ERR_LIMIT when `out` is full, PROA_ERR_ARG when there are more than 128 tables.
 */
enum proa_err proa_schema_write(const struct proa_option_table *table, const char *id,
                                const char *title, struct proa_buf *out) PROA_MUST_CHECK;

#endif
