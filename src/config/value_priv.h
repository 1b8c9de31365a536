/*
 * One row of an option table and one value: text to value, value to text, value in and out of the
 * struct. What a bool, a duration or an enum is, is said here once for parsing, dumping, schema
 * and reference.
 *
 * Pure. Values of all scalar types but STRING travel as uint64_t: bool 0/1, PPM in millionths,
 * DURATION in ns, ENUM as the index of its name.
 */
#ifndef PROA_CONFIG_VALUE_PRIV_H
#define PROA_CONFIG_VALUE_PRIV_H

#include "proa/config/doc.h"
#include "proa/config/quantity.h"
#include "proa/core/option.h"

enum { PROA_VALUE_SHOW_MAX = 72 };

/* What a plain scalar means to YAML readers, old ones included; only WORD_TEXT is surely a text. */
enum proa_value_word {
    PROA_VALUE_WORD_TEXT = 0,
    PROA_VALUE_WORD_NULL,
    PROA_VALUE_WORD_BOOL,   /* true, false */
    PROA_VALUE_WORD_YES_NO, /* yes, no, on, off, y, n: booleans in YAML 1.1, texts in 1.2 */
    PROA_VALUE_WORD_NUMBER,
    PROA_VALUE_WORD_ZEROS /* 0440: octal in YAML 1.1, decimal in 1.2 */
};
enum proa_value_word proa_value_word(struct proa_slice text);

/* BOOL to ENUM: one scalar node holds it. */
bool proa_value_is_scalar(enum proa_option_type type);
/* "duration", "list of strings"; for messages and the reference. Static. */
const char *proa_value_type_name(enum proa_option_type type);
/* The bounds in force; the type's own where the row names none. */
uint64_t proa_value_max(const struct proa_option *row);

/* Number of names of an ENUM row. */
uint32_t proa_value_names(const struct proa_option *row);

/* Scalars but STRING. ERR_SYNTAX: not of the type; ERR_RANGE: outside of the row's bounds, and
 * then *out is the value when it could be represented, UINT64_MAX otherwise. */
enum proa_err proa_value_parse(const struct proa_option *row, struct proa_slice text,
                               uint64_t *out) PROA_MUST_CHECK;
/* The reverse, in `space` or static. */
struct proa_slice proa_value_text(const struct proa_option *row, uint64_t value,
                                  char space[PROA_QUANTITY_TEXT_MAX]);

/* Between a value and the row's member of the struct at `base`. */
void proa_value_store(const struct proa_option *row, void *base, uint64_t value);
uint64_t proa_value_load(const struct proa_option *row, const void *base);
struct proa_slice *proa_value_string(const struct proa_option *row, void *base);
struct proa_option_list *proa_value_list(const struct proa_option *row, void *base);
const struct proa_slice *proa_value_string_of(const struct proa_option *row, const void *base);
const struct proa_option_list *proa_value_list_of(const struct proa_option *row, const void *base);

/* Splits the default of a STRINGS row, "a, b" or "[a, b]": *item is cut off the front of *rest;
 * false at the end. */
bool proa_value_next_string(struct proa_slice *rest, struct proa_slice *item);

/* The row of a name, or NULL. */
const struct proa_option *proa_value_row(const struct proa_option_table *table,
                                         struct proa_slice name);
/* What `node`, written for `table`, says about a row: the member of a map, or `node` itself when
 * it is the shorthand for that row. NULL when nothing is said, and for containers written null. */
const struct proa_doc_node *proa_value_member(const struct proa_option_table *table,
                                              const struct proa_doc_node *node,
                                              const struct proa_option *row);
/* True for a null that stands for an absent container. */
bool proa_value_is_absent(const struct proa_option *row, const struct proa_doc_node *node);

/* Length in bytes of the character that a non-empty slice begins with, and its code point; 0 when
 * that is not UTF-8 (RFC 3629). */
size_t proa_value_char(struct proa_slice s, uint32_t *code);
/* UTF-8 without NUL: what a file could hold, and so the most that environment and flags may. */
bool proa_value_is_text(struct proa_slice s);

/* Text for a message: at most 64 bytes, control characters as '?'. Returns `out`. */
const char *proa_value_show(char out[PROA_VALUE_SHOW_MAX], struct proa_slice text);

#endif
