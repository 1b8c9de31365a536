#include "merge_priv.h"
#include "path_priv.h"
#include "value_priv.h"

enum { NAME_MAX = 256 };

struct overlay {
    const struct proa_config_input *input;
    struct proa_arena *arena;
    bool *used; /* per flag: its path was found */
};

static struct proa_doc_node *scalar(struct overlay *o, enum proa_doc_origin origin,
                                    const char *place, struct proa_slice text)
{
    struct proa_doc_node *node = PROA_ARENA_NEW(o->arena, struct proa_doc_node);
    node->origin = origin;
    node->at.file = place;
    node->plain = true;
    node->text = proa_slice_make(proa_arena_cstr(o->arena, text), text.len);
    return node;
}

/* listen.data -> PROA_LISTEN_DATA */
static struct proa_slice env_name(const char *path, char out[NAME_MAX])
{
    size_t len = 0;
    for (const char *c = "PROA_"; *c; c++) {
        out[len++] = *c;
    }
    for (const char *c = path; *c && len + 1 < NAME_MAX; c++) {
        bool lower = *c >= 'a' && *c <= 'z';
        out[len++] = (char)(lower ? *c - 'a' + 'A' : *c == '.' || *c == '-' ? '_' : *c);
    }
    out[len] = '\0';
    return proa_slice_make(out, len);
}

static const struct proa_doc_node *from_env(struct overlay *o, const char *path)
{
    char name[NAME_MAX];
    const struct proa_config_env *env = o->input->env;
    struct proa_slice value = PROA_SLICE_NONE;
    if (!env || !env->get(env->ctx, env_name(path, name), &value) || value.len == 0) {
        return NULL;
    }
    return scalar(o, PROA_DOC_ENV, proa_arena_printf(o->arena, "$%s%c", name, '\0').ptr, value);
}

static const struct proa_doc_node *from_flags(struct overlay *o, const char *path)
{
    const struct proa_doc_node *found = NULL;
    for (size_t i = 0; i < o->input->n_flags; i++) {
        const struct proa_config_flag *flag = &o->input->flags[i];
        if (strcmp(flag->path, path) == 0) {
            o->used[i] = true;
            found = scalar(o, PROA_DOC_FLAG, flag->flag, flag->value);
        }
    }
    return found;
}

/* The map with `key` set to `value`; `node` may be NULL or the shorthand of `table`. */
static const struct proa_doc_node *with_member(struct overlay *o,
                                               const struct proa_option_table *table,
                                               const struct proa_doc_node *node,
                                               const struct proa_option *row,
                                               const struct proa_doc_node *value)
{
    bool is_map = node && node->kind == PROA_DOC_MAP;
    bool is_shorthand = node && !is_map && table->scalar &&
                        !(node->origin == PROA_DOC_FILE && proa_doc_is_null(node));
    size_t n = is_map ? node->n : 0;
    struct proa_doc_entry *entries = proa_arena_zero(o->arena, n + 2, sizeof(*entries));
    for (size_t i = 0; i < n; i++) {
        entries[i] = node->entries[i];
    }
    if (is_shorthand) {
        entries[n++] = (struct proa_doc_entry){
            .key = proa_slice_cstr(table->scalar), .key_at = node->at, .value = node};
    }
    struct proa_doc_entry *entry = entries;
    while (entry < entries + n && !proa_slice_eq(entry->key, proa_slice_cstr(row->name))) {
        entry++;
    }
    if (entry == entries + n) {
        n++;
        *entry = (struct proa_doc_entry){.key = proa_slice_cstr(row->name), .key_at = value->at};
    }
    entry->value = value;
    struct proa_doc_node *out = PROA_ARENA_NEW(o->arena, struct proa_doc_node);
    out->kind = PROA_DOC_MAP;
    out->origin = node ? node->origin : value->origin;
    out->at = node ? node->at : value->at;
    out->n = n;
    out->entries = entries;
    return out;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as objects nest in the table
static const struct proa_doc_node *apply(struct overlay *o, const struct proa_option_table *table,
                                         const struct proa_doc_node *node, const char *prefix)
{
    bool is_null = node && proa_doc_is_null(node);
    if (node && node->kind != PROA_DOC_MAP && !table->scalar && !is_null) {
        return node; /* the wrong kind; binding says so */
    }
    for (const struct proa_option *row = table->rows; row->name; row++) {
        bool object = row->type == PROA_OPTION_OBJECT;
        if (!object && !proa_value_is_scalar(row->type) && row->type != PROA_OPTION_STRINGS) {
            continue;
        }
        const char *path =
            proa_arena_printf(o->arena, "%s%s%s%c", prefix, prefix[0] ? "." : "", row->name, '\0')
                .ptr;
        const struct proa_doc_node *old = proa_value_member(table, node, row);
        const struct proa_doc_node *value = NULL;
        if (object) {
            value = apply(o, row->table, old, path);
        } else {
            const struct proa_doc_node *env = from_env(o, path);
            const struct proa_doc_node *flag = from_flags(o, path);
            value = flag ? flag : env ? env : old;
        }
        if (value != old) {
            node = with_member(o, table, node, row, value);
        }
    }
    return node;
}

const struct proa_doc_node *proa_overlay_apply(const struct proa_config_input *input,
                                               const struct proa_doc_node *root,
                                               struct proa_arena *arena, struct proa_diags *diags)
{
    struct overlay o = {.input = input, .arena = arena};
    if (!input->env && input->n_flags == 0) {
        return root;
    }
    o.used = proa_arena_zero(arena, input->n_flags, sizeof(*o.used));
    root = apply(&o, input->table, root, "");
    for (size_t i = 0; i < input->n_flags; i++) {
        if (!o.used[i]) {
            struct proa_option_where at = {.file = input->flags[i].flag};
            char shown[PROA_VALUE_SHOW_MAX];
            proa_value_show(shown, proa_slice_cstr(input->flags[i].path));
            proa_path_error(diags, NULL, at, "there is no single setting called %s", shown);
        }
    }
    return root;
}
