/*
 * From files, environment and flags to a filled `*_cfg` struct, as an option table describes it.
 *
 * Precedence: flag > environment > file > default. Every mistake found is reported in one go, with
 * its path and place: `routes[2].retry.max_attempts: 12 is more than 10` at file:line:col.
 *
 * Pure: the caller reads files and environment. Results, strings and lists included, belong to the
 * arena; `file` names and, through `at.file`, diags may point into the sources' names and into the
 * arena, so print messages before either goes away.
 *
 * Rules the tables do not show:
 *  - Files merge in the order given (the caller sorts by name). Objects merge member by member, the
 *    names of maps must not collide, lists are appended, a scalar may be set by one file only.
 *    Top-level scalars may repeat with the same text: each file carries its `apiVersion`.
 *  - A top-level `$schema` is ignored: editors want it.
 *  - `yes no on off y n`, `true`, `null` and bare numbers are not strings: quotes make them so.
 *    A quoted text is neither a number nor a bool.
 *  - A container written as null (`keys:` and nothing behind it) counts as absent; a scalar
 *    without a value is an error.
 *  - `required` inside an OBJECT matters when that object is written, or is itself required.
 *  - where_at of a struct is filled when it was written; line 0 and file NULL mean: all defaults.
 *  - `${NAME}` in a string of an `expand` row is replaced from the environment, `$${` stands for
 *    `${`. Undefined is an error, empty is not. What is put in is not looked at again.
 *  - Where a list of strings is expected, a single one is a list of one.
 *  - Overrides reach scalar rows, and lists of strings as text with commas, through OBJECT nesting
 *    only: `listen.data` is PROA_LISTEN_DATA.
 *    An environment variable that is set but empty overrides nothing.
 */
#ifndef PROA_CONFIG_CONFIG_H
#define PROA_CONFIG_CONFIG_H

#include "proa/config/doc.h"
#include "proa/core/arena.h"
#include "proa/core/diag.h"
#include "proa/core/option.h"

enum { PROA_CONFIG_NAME_MAX = 128 }; /* bytes of a key in a MAP; at least one */

/* One file, already read. Both are borrowed; `file` must outlive the results. */
struct proa_config_source {
    const char *file;
    struct proa_slice bytes;
};

/* Looks up an environment variable; false = not set. *value is borrowed for the call. */
typedef bool proa_config_env_fn(void *ctx, struct proa_slice name, struct proa_slice *value);

struct proa_config_env {
    proa_config_env_fn *get;
    void *ctx;
};

/* A command line flag that sets one scalar: {"--listen", "listen.data", value}. */
struct proa_config_flag {
    const char *flag; /* as the person wrote it; names the place in messages */
    const char *path; /* members joined by dots; a path outside the table is PROA_ERR_ARG */
    struct proa_slice value;
};

struct proa_config_input {
    const struct proa_option_table *table;
    const struct proa_config_source *files;
    size_t n_files;
    const struct proa_config_env *env; /* NULL: no overrides, and every ${NAME} is undefined */
    const struct proa_config_flag *flags;
    size_t n_flags;
};

/*
 * Fills the struct of input->table->size bytes at `out`. With `tree`, also hands over what was
 * written, merged and overridden; proa_dump_yaml() tells origins from it.
 * Returns PROA_ERR_SYNTAX when any error was added to `diags`; `out` and `tree` are untouched then.
 */
enum proa_err proa_config_parse(const struct proa_config_input *input, struct proa_arena *arena,
                                void *out, const struct proa_doc_node **tree,
                                struct proa_diags *diags) PROA_MUST_CHECK;

/*
 * As above over a tree that is already there, without merging or overrides: for tables whose place
 * in the file is decided by other means (`kind: Policy`), and for tests.
 */
enum proa_err proa_config_bind(const struct proa_option_table *table,
                               const struct proa_doc_node *root, const struct proa_config_env *env,
                               struct proa_arena *arena, void *out,
                               struct proa_diags *diags) PROA_MUST_CHECK;

/* Fills the struct with the defaults of the table alone. Defaults that do not parse abort. */
void proa_config_defaults(const struct proa_option_table *table, struct proa_arena *arena,
                          void *out);

/*
 * Checks a table itself, nested ones included: defaults parse and lie in range, names are unique,
 * enums have names, members lie inside the struct, shorthands name a row, every row has help. For
 * the unit tests of whoever declares a table. Returns PROA_ERR_ARG with messages in `diags`.
 */
enum proa_err proa_config_check(const struct proa_option_table *table,
                                struct proa_diags *diags) PROA_MUST_CHECK;

/*
 * Warns in `diags` about each row marked `fixed` whose value differs between two structs of the
 * table: it takes effect at the next start only. Returns how many.
 */
size_t proa_config_fixed_changes(const struct proa_option_table *table, const void *running,
                                 const void *loaded, struct proa_diags *diags);

#endif
