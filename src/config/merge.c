#include "merge_priv.h"
#include "path_priv.h"
#include "value_priv.h"

struct merger {
    struct proa_arena *arena;
    struct proa_diags *diags;
};

static void conflict(struct merger *m, const struct proa_path *path, struct proa_option_where first,
                     struct proa_option_where again, const char *advice)
{
    char place[128];
    proa_path_place(first, place, sizeof(place));
    proa_path_error(m->diags, path, again, "already set at %s; %s", place, advice);
}

static const struct proa_doc_node *append_lists(struct merger *m, const struct proa_doc_node *a,
                                                const struct proa_doc_node *b)
{
    struct proa_doc_node *out = PROA_ARENA_NEW(m->arena, struct proa_doc_node);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    const struct proa_doc_node **items = proa_arena_zero(m->arena, a->n + b->n, sizeof(*items));
    for (size_t i = 0; i < a->n; i++) {
        items[i] = a->items[i];
    }
    for (size_t i = 0; i < b->n; i++) {
        items[a->n + i] = b->items[i];
    }
    *out = *a;
    out->n = a->n + b->n;
    out->items = items;
    return out;
}

/* A shorthand as the map it stands for, so that another file can add members; else itself. */
static const struct proa_doc_node *as_map(struct merger *m, const struct proa_option_table *table,
                                          const struct proa_doc_node *node)
{
    if (node->kind == PROA_DOC_MAP || !table->scalar) {
        return node;
    }
    struct proa_doc_entry *entry = PROA_ARENA_NEW(m->arena, struct proa_doc_entry);
    entry->key = proa_slice_cstr(table->scalar);
    entry->key_at = node->at;
    entry->value = node;
    struct proa_doc_node *map = PROA_ARENA_NEW(m->arena, struct proa_doc_node);
    map->kind = PROA_DOC_MAP;
    map->at = node->at;
    map->n = 1;
    map->entries = entry;
    return map;
}

static struct proa_doc_entry *find(struct proa_doc_entry *entries, size_t n, struct proa_slice key)
{
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_eq(entries[i].key, key)) {
            return &entries[i];
        }
    }
    return NULL;
}

static struct proa_doc_node *copy_map(struct merger *m, const struct proa_doc_node *a, size_t room,
                                      struct proa_doc_entry **entries)
{
    struct proa_doc_node *out = PROA_ARENA_NEW(m->arena, struct proa_doc_node);
    *entries = proa_arena_zero(m->arena, a->n + room, sizeof(**entries));
    for (size_t i = 0; i < a->n; i++) {
        (*entries)[i] = a->entries[i];
    }
    *out = *a;
    out->entries = *entries;
    return out;
}

static const struct proa_doc_node *union_maps(struct merger *m, const struct proa_doc_node *a,
                                              const struct proa_doc_node *b,
                                              const struct proa_path *path)
{
    struct proa_doc_entry *entries = NULL;
    struct proa_doc_node *out = copy_map(m, a, b->n, &entries);
    for (size_t i = 0; i < b->n; i++) {
        const struct proa_doc_entry *first = find(entries, a->n, b->entries[i].key);
        if (first) {
            struct proa_path step = {.up = path, .key = b->entries[i].key};
            conflict(m, &step, first->key_at, b->entries[i].key_at,
                     "names must not collide between files");
        } else {
            entries[out->n++] = b->entries[i];
        }
    }
    return out;
}

static const struct proa_doc_node *merge_objects(struct merger *m,
                                                 const struct proa_option_table *table,
                                                 const struct proa_doc_node *a,
                                                 const struct proa_doc_node *b,
                                                 const struct proa_path *path);

// NOLINTNEXTLINE(misc-no-recursion): as deep as objects nest in the table
static const struct proa_doc_node *merge_values(struct merger *m, const struct proa_option *row,
                                                const struct proa_doc_node *a,
                                                const struct proa_doc_node *b,
                                                const struct proa_path *path)
{
    if (proa_value_is_absent(row, a) || proa_value_is_absent(row, b)) {
        return proa_value_is_absent(row, a) ? b : a;
    }
    if (row->type == PROA_OPTION_OBJECT) {
        a = as_map(m, row->table, a);
        b = as_map(m, row->table, b);
    }
    bool maps = a->kind == PROA_DOC_MAP && b->kind == PROA_DOC_MAP;
    if (row->type == PROA_OPTION_OBJECT && maps) {
        return merge_objects(m, row->table, a, b, path);
    }
    if (row->type == PROA_OPTION_MAP && maps) {
        return union_maps(m, a, b, path);
    }
    if ((row->type == PROA_OPTION_LIST || row->type == PROA_OPTION_STRINGS) &&
        a->kind == PROA_DOC_LIST && b->kind == PROA_DOC_LIST) {
        return append_lists(m, a, b);
    }
    bool same = !path->up && a->kind == PROA_DOC_SCALAR && b->kind == PROA_DOC_SCALAR &&
                proa_slice_eq(a->text, b->text);
    if (!same) {
        conflict(m, path, a->at, b->at, "set it in one file only");
    }
    return a;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as objects nest in the table
static const struct proa_doc_node *merge_objects(struct merger *m,
                                                 const struct proa_option_table *table,
                                                 const struct proa_doc_node *a,
                                                 const struct proa_doc_node *b,
                                                 const struct proa_path *path)
{
    struct proa_doc_entry *entries = NULL;
    struct proa_doc_node *out = copy_map(m, a, b->n, &entries);
    for (size_t i = 0; i < b->n; i++) {
        const struct proa_doc_entry *again = &b->entries[i];
        const struct proa_option *row = proa_value_row(table, again->key);
        struct proa_doc_entry *first = row ? find(entries, a->n, again->key) : NULL;
        struct proa_path step = {.up = path, .key = again->key};
        if (first) {
            first->value = merge_values(m, row, first->value, again->value, &step);
        } else {
            entries[out->n++] = *again; /* an unknown key is reported once for each file */
        }
    }
    return out;
}

const struct proa_doc_node *proa_merge_files(const struct proa_option_table *table,
                                             const struct proa_doc_node *const *roots, size_t n,
                                             struct proa_arena *arena, struct proa_diags *diags)
{
    struct merger m = {.arena = arena, .diags = diags};
    const struct proa_doc_node *merged = roots[0];
    for (size_t i = 1; i < n; i++) {
        const struct proa_doc_node *next = roots[i];
        if (proa_doc_is_null(next)) {
            continue;
        }
        if (proa_doc_is_null(merged)) {
            merged = next;
        } else if (next->kind == PROA_DOC_MAP && merged->kind == PROA_DOC_MAP) {
            merged = merge_objects(&m, table, merged, next, NULL);
        } else if (next->kind == PROA_DOC_MAP) {
            proa_path_error(diags, NULL, merged->at, "a file must be a map of settings");
            merged = next;
        } else {
            proa_path_error(diags, NULL, next->at, "a file must be a map of settings");
        }
    }
    return merged;
}
