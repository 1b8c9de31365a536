/*
 * The reference of an option table for people: a Markdown page, and the body of a manual page.
 *
 * Pure; the output depends on the table alone. Nested tables are listed under their path, lists
 * as `routes[]`, maps as `providers.<name>`; a table that was already listed is referred to.
 */
#ifndef PROA_CONFIG_REFERENCE_H
#define PROA_CONFIG_REFERENCE_H

#include "proa/core/buf.h"
#include "proa/core/option.h"

/*
 * Appends a Markdown page headed by `title`: one table per section with name, type, default,
 * range, whether a reload applies it, and help. Returns PROA_ERR_LIMIT when `out` is full,
 * PROA_ERR_ARG above 128 tables.
 */
enum proa_err proa_reference_markdown(const struct proa_option_table *table, const char *title,
                                      struct proa_buf *out) PROA_MUST_CHECK;

/*
 * Appends a manual page in roff (man macros) for section 5: `name` is the page ("proa.yaml"),
 * `brief` what stands behind the dash in NAME. Returns PROA_ERR_LIMIT when `out` is full,
 * PROA_ERR_ARG above 128 tables.
 */
enum proa_err proa_reference_man(const struct proa_option_table *table, const char *name,
                                 const char *brief, struct proa_buf *out) PROA_MUST_CHECK;

#endif
