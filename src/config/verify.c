/* Checks of tables and of reloads: proa_config_check(), proa_config_fixed_changes(). */
#include "path_priv.h"
#include "value_priv.h"

#include "proa/config/config.h"

struct verifier {
    struct proa_diags *diags;
    const struct proa_option_table
        *open[PROA_DOC_MAX_DEPTH]; /* against tables that hold themselves */
    size_t depth;
};

static const struct proa_option_where nowhere;

static size_t size_of(enum proa_option_type type, const struct proa_option_table *table)
{
    switch (type) {
    case PROA_OPTION_BOOL:
        return sizeof(bool);
    case PROA_OPTION_U32:
    case PROA_OPTION_PPM:
    case PROA_OPTION_ENUM:
        return sizeof(uint32_t);
    case PROA_OPTION_U64:
    case PROA_OPTION_DURATION:
    case PROA_OPTION_BYTES:
        return sizeof(uint64_t);
    case PROA_OPTION_STRING:
        return sizeof(struct proa_slice);
    case PROA_OPTION_STRINGS:
    case PROA_OPTION_LIST:
    case PROA_OPTION_MAP:
        return sizeof(struct proa_option_list);
    case PROA_OPTION_OBJECT:
        return table ? table->size : 0;
    }
    return 0;
}

static void check_preset(struct verifier *v, const struct proa_option *row,
                         const struct proa_path *path)
{
    uint64_t value = 0;
    bool numeric = proa_value_is_scalar(row->type) && row->type != PROA_OPTION_STRING;
    if (numeric && proa_value_parse(row, proa_slice_cstr(row->preset), &value)) {
        proa_path_error(v->diags, path, nowhere, "the default %s is not a valid %s in range",
                        row->preset, proa_value_type_name(row->type));
    }
    if (row->type == PROA_OPTION_OBJECT || row->type == PROA_OPTION_LIST ||
        row->type == PROA_OPTION_MAP) {
        proa_path_error(v->diags, path, nowhere, "only scalars and lists of strings have defaults");
    }
    if (row->required) {
        proa_path_error(v->diags, path, nowhere, "required, and yet it has a default");
    }
}

static void check_row(struct verifier *v, const struct proa_option_table *table,
                      const struct proa_option *row, const struct proa_path *path)
{
    bool nested = row->type == PROA_OPTION_OBJECT || row->type == PROA_OPTION_LIST ||
                  row->type == PROA_OPTION_MAP;
    if (proa_value_row(table, proa_slice_cstr(row->name)) != row) {
        proa_path_error(v->diags, path, nowhere, "two rows have this name");
    }
    if (!row->help || !row->help[0]) {
        proa_path_error(v->diags, path, nowhere, "has no help");
    }
    if (nested && !row->table) {
        proa_path_error(v->diags, path, nowhere, "has no table");
    }
    if (row->type == PROA_OPTION_ENUM && proa_value_names(row) == 0) {
        proa_path_error(v->diags, path, nowhere, "has no names");
    }
    if (row->max && row->max < row->min) {
        proa_path_error(v->diags, path, nowhere, "the maximum is below the minimum");
    }
    size_t size = size_of(row->type, row->table);
    if (size > table->size || row->offset > table->size - size) {
        proa_path_error(v->diags, path, nowhere, "lies outside of the struct");
    }
    if (row->preset) {
        check_preset(v, row, path);
    }
}

/* A struct proa_option_where that overlaps a row was most likely left 0 by mistake. */
static void check_where(struct verifier *v, const struct proa_option_table *table,
                        const struct proa_path *path)
{
    size_t size = sizeof(struct proa_option_where);
    if (table->where_at == SIZE_MAX) {
        return;
    }
    if (size > table->size || table->where_at > table->size - size) {
        proa_path_error(v->diags, path, nowhere, "where_at lies outside of the struct");
        return;
    }
    for (const struct proa_option *row = table->rows; row->name; row++) {
        if (row->offset < table->where_at + size &&
            table->where_at < row->offset + size_of(row->type, row->table)) {
            proa_path_error(v->diags, path, nowhere,
                            "where_at overlaps \"%s\"; SIZE_MAX means none", row->name);
        }
    }
}

static bool is_open(const struct verifier *v, const struct proa_option_table *table)
{
    for (size_t i = 0; i < v->depth; i++) {
        if (v->open[i] == table) {
            return true;
        }
    }
    return v->depth == PROA_ARRAY_LEN(v->open);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by v->open
static void check_table(struct verifier *v, const struct proa_option_table *table,
                        const struct proa_path *path)
{
    if (is_open(v, table)) {
        return;
    }
    v->open[v->depth++] = table;
    check_where(v, table, path);
    if (!table->title) {
        proa_path_error(v->diags, path, nowhere, "the table has no title");
    }
    if (table->scalar && !proa_value_row(table, proa_slice_cstr(table->scalar))) {
        proa_path_error(v->diags, path, nowhere, "the shorthand %s is not a row", table->scalar);
    }
    for (const struct proa_option *row = table->rows; row->name; row++) {
        struct proa_path step = {.up = path, .key = proa_slice_cstr(row->name)};
        check_row(v, table, row, &step);
        if (row->type == PROA_OPTION_MAP && row->table &&
            (row->table->size < sizeof(struct proa_slice) ||
             row->table->name_at > row->table->size - sizeof(struct proa_slice))) {
            proa_path_error(v->diags, &step, nowhere, "name_at lies outside of the struct");
        }
        if (row->table) {
            check_table(v, row->table, &step);
        }
    }
    v->depth--;
}

enum proa_err proa_config_check(const struct proa_option_table *table, struct proa_diags *diags)
{
    struct verifier v = {.diags = diags};
    uint32_t before = diags->n_errors;
    check_table(&v, table, NULL);
    return diags->n_errors == before ? PROA_OK : PROA_ERR_ARG;
}

static bool same_value(const struct proa_option *row, const void *a, const void *b);

// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static bool same_struct(const struct proa_option_table *table, const void *a, const void *b)
{
    for (const struct proa_option *row = table->rows; row->name; row++) {
        if (!same_value(row, a, b)) {
            return false;
        }
    }
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static bool same_list(const struct proa_option *row, const struct proa_option_list *a,
                      const struct proa_option_list *b)
{
    size_t size = row->type == PROA_OPTION_STRINGS ? sizeof(struct proa_slice) : row->table->size;
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        const char *x = (const char *)a->items + i * size;
        const char *y = (const char *)b->items + i * size;
        size_t name_at = row->type == PROA_OPTION_MAP ? row->table->name_at : 0;
        if (row->type != PROA_OPTION_LIST) {
            same = proa_slice_eq(*(const struct proa_slice *)(const void *)(x + name_at),
                                 *(const struct proa_slice *)(const void *)(y + name_at));
        }
        if (row->type != PROA_OPTION_STRINGS) {
            same = same && same_struct(row->table, x, y);
        }
    }
    return same;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static bool same_value(const struct proa_option *row, const void *a, const void *b)
{
    if (row->type == PROA_OPTION_STRING) {
        return proa_slice_eq(*proa_value_string_of(row, a), *proa_value_string_of(row, b));
    }
    if (row->type == PROA_OPTION_OBJECT) {
        return same_struct(row->table, (const char *)a + row->offset,
                           (const char *)b + row->offset);
    }
    if (proa_value_is_scalar(row->type)) {
        return proa_value_load(row, a) == proa_value_load(row, b);
    }
    return same_list(row, proa_value_list_of(row, a), proa_value_list_of(row, b));
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as objects nest in the table
static size_t fixed_changes(const struct proa_option_table *table, const void *running,
                            const void *loaded, struct proa_diags *diags,
                            const struct proa_path *path)
{
    size_t n = 0;
    for (const struct proa_option *row = table->rows; row->name; row++) {
        struct proa_path step = {.up = path, .key = proa_slice_cstr(row->name)};
        if (row->fixed && !same_value(row, running, loaded)) {
            char where[192];
            proa_path_text(&step, where, sizeof(where));
            proa_diags_add(diags, PROA_DIAG_WARNING, NULL, 0, 0,
                           "%s: changed, but takes effect at the next start only", where);
            n++;
        } else if (!row->fixed && row->type == PROA_OPTION_OBJECT) {
            n += fixed_changes(row->table, (const char *)running + row->offset,
                               (const char *)loaded + row->offset, diags, &step);
        }
    }
    return n;
}

size_t proa_config_fixed_changes(const struct proa_option_table *table, const void *running,
                                 const void *loaded, struct proa_diags *diags)
{
    return fixed_changes(table, running, loaded, diags, NULL);
}
