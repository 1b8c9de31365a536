#include "bind_priv.h"
#include "expand_priv.h"
#include "path_priv.h"
#include "value_priv.h"

/* The walk is recursive; its depth is that of the tree (PROA_DOC_MAX_DEPTH) for what is written and
 * that of the structs for defaults: a struct cannot contain itself. */

struct binder {
    const struct proa_config_env *env;
    struct proa_arena *arena;
    struct proa_diags *diags;
};

static void bind_struct(struct binder *b, const struct proa_option_table *table,
                        const struct proa_doc_node *node, const struct proa_path *path, void *out);

static const char *kind_name(const struct proa_doc_node *node)
{
    switch (node->kind) {
    case PROA_DOC_SCALAR:
        return "a single value";
    case PROA_DOC_LIST:
        return "a list";
    case PROA_DOC_MAP:
        return "a map";
    }
    return "something else";
}

/* Quotes tell text from number only where a person could have written quotes. */
static bool is_quoted(const struct proa_doc_node *node)
{
    return node->origin == PROA_DOC_FILE && !node->plain;
}

/* Says why a plain word cannot stand where a string is expected; true when it can. */
static bool check_text(struct binder *b, const struct proa_doc_node *node,
                       const struct proa_path *path)
{
    char shown[PROA_VALUE_SHOW_MAX];
    if (node->origin != PROA_DOC_FILE || !node->plain) {
        return true;
    }
    proa_value_show(shown, node->text);
    switch (proa_value_word(node->text)) {
    case PROA_VALUE_WORD_TEXT:
        return true;
    case PROA_VALUE_WORD_NULL:
        proa_path_error(b->diags, path, node->at,
                        "has no value; write one, \"\" for an empty one, or remove the key");
        return false;
    case PROA_VALUE_WORD_BOOL:
        proa_path_error(b->diags, path, node->at,
                        "%s is a boolean, a string is expected; write \"%s\" in quotes", shown,
                        shown);
        return false;
    case PROA_VALUE_WORD_YES_NO:
        proa_path_error(b->diags, path, node->at,
                        "%s is a boolean to some YAML readers; write \"%s\" in quotes", shown,
                        shown);
        return false;
    case PROA_VALUE_WORD_NUMBER:
        proa_path_error(b->diags, path, node->at,
                        "%s is a number, a string is expected; write \"%s\" in quotes", shown,
                        shown);
        return false;
    case PROA_VALUE_WORD_ZEROS:
        proa_path_error(b->diags, path, node->at,
                        "%s is an octal number to some YAML readers; write \"%s\" in quotes", shown,
                        shown);
        return false;
    }
    return false;
}

static bool set_string(struct binder *b, const struct proa_option *row,
                       const struct proa_doc_node *node, const struct proa_path *path,
                       struct proa_slice *out)
{
    struct proa_slice name;
    char shown[PROA_VALUE_SHOW_MAX];
    if (!check_text(b, node, path)) {
        return false;
    }
    if (!row->expand || node->origin != PROA_DOC_FILE) {
        if (!proa_value_is_text(node->text)) {
            proa_path_error(b->diags, path, node->at, "is not UTF-8 text");
            return false;
        }
        *out = node->text;
        return true;
    }
    enum proa_err err = proa_expand_text(node->text, b->env, b->arena, out, &name);
    proa_value_show(shown, name);
    if (err == PROA_ERR_NOT_FOUND) {
        proa_path_error(b->diags, path, node->at,
                        "the environment variable %s is not set; set it, or write $${%s} for the "
                        "text itself",
                        shown, shown);
    } else if (err == PROA_ERR_SYNTAX) {
        proa_path_error(b->diags, path, node->at,
                        "%s is not a reference such as ${NAME}; write $${ for a literal ${", shown);
    } else if (err == PROA_ERR_UTF8) {
        proa_path_error(b->diags, path, node->at, "the environment variable %s is not UTF-8 text",
                        shown);
    } else if (err) {
        proa_path_error(b->diags, path, node->at, "expands to more than 64 KiB");
    }
    return err == PROA_OK;
}

/* The nearest of the candidates, or NULL when none is near enough to be a typing mistake. */
static const char *nearest(struct proa_slice word, const char *best, size_t *best_distance,
                           const char *candidate)
{
    size_t distance = proa_slice_distance(word, proa_slice_cstr(candidate));
    size_t shorter = strlen(candidate) < word.len ? strlen(candidate) : word.len;
    size_t limit = shorter >= 9 ? shorter / 3 : shorter >= 4 ? 2 : 1; /* 2: swapped letters */
    if (distance <= limit && distance < *best_distance) {
        *best_distance = distance;
        return candidate;
    }
    return best;
}

static void report_enum(struct binder *b, const struct proa_option *row,
                        const struct proa_doc_node *node, const struct proa_path *path)
{
    char list[200] = "";
    char shown[PROA_VALUE_SHOW_MAX];
    size_t len = 0;
    size_t distance = SIZE_MAX;
    const char *guess = NULL;
    for (uint32_t i = 0; i < proa_value_names(row); i++) {
        struct proa_slice name = proa_slice_cstr(row->names[i]);
        guess = nearest(node->text, guess, &distance, row->names[i]);
        if (len + name.len + 3 < sizeof(list)) {
            memcpy(list + len, ", ", 2);
            memcpy(list + len + 2, name.ptr, name.len);
            len += name.len + 2;
            list[len] = '\0';
        }
    }
    proa_path_error(b->diags, path, node->at, "\"%s\" is not one of %s%s%s%s",
                    proa_value_show(shown, node->text), len > 2 ? list + 2 : "",
                    guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"?" : "");
}

static void report_range(struct binder *b, const struct proa_option *row,
                         const struct proa_doc_node *node, const struct proa_path *path,
                         uint64_t value)
{
    char space[PROA_QUANTITY_TEXT_MAX];
    char shown[PROA_VALUE_SHOW_MAX];
    proa_value_show(shown, node->text);
    if (value < row->min) {
        struct proa_slice bound = proa_value_text(row, row->min, space);
        proa_path_error(b->diags, path, node->at, "%s is less than %" PROA_SLICE_FMT, shown,
                        PROA_SLICE_ARG(bound));
    } else if (row->max || row->type == PROA_OPTION_U32 || row->type == PROA_OPTION_U64) {
        struct proa_slice bound = proa_value_text(row, proa_value_max(row), space);
        proa_path_error(b->diags, path, node->at, "%s is more than %" PROA_SLICE_FMT, shown,
                        PROA_SLICE_ARG(bound));
    } else {
        proa_path_error(b->diags, path, node->at, "%s is too large", shown);
    }
}

static void report_bool(struct binder *b, const struct proa_doc_node *node,
                        const struct proa_path *path)
{
    char shown[PROA_VALUE_SHOW_MAX];
    proa_path_error(b->diags, path, node->at, "%s%s%s is not a boolean; write true or false",
                    is_quoted(node) ? "\"" : "", proa_value_show(shown, node->text),
                    is_quoted(node) ? "\"" : "");
}

static void report_syntax(struct binder *b, const struct proa_option *row,
                          const struct proa_doc_node *node, const struct proa_path *path)
{
    char shown[PROA_VALUE_SHOW_MAX];
    proa_value_show(shown, node->text);
    if (row->type == PROA_OPTION_BOOL) {
        report_bool(b, node, path);
    } else if (row->type == PROA_OPTION_DURATION) {
        bool bare = proa_value_word(node->text) == PROA_VALUE_WORD_NUMBER;
        proa_path_error(b->diags, path, node->at,
                        bare ? "%s has no unit; write 250ms, 30s, 5m or 1h"
                             : "%s is not a duration such as 250ms, 30s, 5m or 1h",
                        shown);
    } else if (row->type == PROA_OPTION_BYTES) {
        proa_path_error(b->diags, path, node->at, "%s is not a size such as 64KiB, 10MB or 100",
                        shown);
    } else if (row->type == PROA_OPTION_PPM) {
        proa_path_error(b->diags, path, node->at,
                        "%s is not a fraction such as 0.25 with at most six decimals", shown);
    } else {
        proa_path_error(b->diags, path, node->at, "%s is not a whole number", shown);
    }
}

/* Numbers may not be quoted, nor begin with zeros; durations and sizes may be quoted. */
static bool check_number(struct binder *b, const struct proa_option *row,
                         const struct proa_doc_node *node, const struct proa_path *path)
{
    char shown[PROA_VALUE_SHOW_MAX];
    bool number = row->type == PROA_OPTION_U32 || row->type == PROA_OPTION_U64 ||
                  row->type == PROA_OPTION_PPM;
    enum proa_value_word word = proa_value_word(node->text);
    proa_value_show(shown, node->text);
    if (node->origin == PROA_DOC_FILE && node->plain && word == PROA_VALUE_WORD_NULL) {
        proa_path_error(b->diags, path, node->at, "has no value; write one or remove the key");
        return false;
    }
    if (number && is_quoted(node)) {
        proa_path_error(b->diags, path, node->at,
                        "\"%s\" is a string, a number is expected; write it without quotes", shown);
        return false;
    }
    if (row->type == PROA_OPTION_BOOL && is_quoted(node)) {
        report_bool(b, node, path);
        return false;
    }
    if (word == PROA_VALUE_WORD_ZEROS && row->type != PROA_OPTION_ENUM) {
        proa_path_error(b->diags, path, node->at,
                        "%s begins with a zero, an octal number to some YAML readers; remove it",
                        shown);
        return false;
    }
    return true;
}

static void bind_scalar(struct binder *b, const struct proa_option *row,
                        const struct proa_doc_node *node, const struct proa_path *path, void *out)
{
    uint64_t value = 0;
    if (node->kind != PROA_DOC_SCALAR) {
        proa_path_error(b->diags, path, node->at, "must be a single value (%s), this is %s",
                        proa_value_type_name(row->type), kind_name(node));
        return;
    }
    if (row->type == PROA_OPTION_STRING) {
        (void)set_string(b, row, node, path, proa_value_string(row, out));
        return;
    }
    if (!check_number(b, row, node, path)) {
        return;
    }
    enum proa_err err = proa_value_parse(row, node->text, &value);
    if (err == PROA_OK) {
        proa_value_store(row, out, value);
    } else if (err == PROA_ERR_RANGE) {
        report_range(b, row, node, path, value);
    } else if (row->type == PROA_OPTION_ENUM) {
        report_enum(b, row, node, path);
    } else {
        report_syntax(b, row, node, path);
    }
}

static bool check_kind(struct binder *b, const struct proa_doc_node *node,
                       enum proa_doc_kind expected, const struct proa_path *path)
{
    if (node->kind == expected) {
        return true;
    }
    proa_path_error(b->diags, path, node->at, "must be %s, this is %s",
                    expected == PROA_DOC_LIST ? "a list" : "a map", kind_name(node));
    return false;
}

/* A single value is a list of one; in environment and flags, commas separate several. */
static void bind_one_string(struct binder *b, const struct proa_option *row,
                            const struct proa_doc_node *node, const struct proa_path *path,
                            void *out)
{
    struct proa_slice item;
    size_t n = 0;
    const bool split = node->origin != PROA_DOC_FILE;
    for (struct proa_slice rest = node->text; split && proa_value_next_string(&rest, &item);) {
        n++;
    }
    struct proa_slice *items = proa_arena_zero(b->arena, split ? n : 1, sizeof(*items));
    struct proa_slice rest = node->text;
    if (!split) {
        n = 1;
        (void)set_string(b, row, node, path, &items[0]);
    } else if (!proa_value_is_text(node->text)) {
        proa_path_error(b->diags, path, node->at, "is not UTF-8 text");
    } else {
        for (size_t i = 0; i < n && proa_value_next_string(&rest, &item); i++) {
            items[i] = item;
        }
    }
    *proa_value_list(row, out) = (struct proa_option_list){items, n};
}

static void bind_strings(struct binder *b, const struct proa_option *row,
                         const struct proa_doc_node *node, const struct proa_path *path, void *out)
{
    if (node->kind == PROA_DOC_SCALAR) {
        bind_one_string(b, row, node, path, out);
        return;
    }
    if (!check_kind(b, node, PROA_DOC_LIST, path)) {
        return;
    }
    struct proa_slice *items = proa_arena_zero(b->arena, node->n, sizeof(*items));
    for (size_t i = 0; i < node->n; i++) {
        struct proa_path step = {.up = path, .index = i, .is_index = true};
        if (node->items[i]->kind != PROA_DOC_SCALAR) {
            proa_path_error(b->diags, &step, node->items[i]->at, "must be a string, this is %s",
                            kind_name(node->items[i]));
            continue;
        }
        (void)set_string(b, row, node->items[i], &step, &items[i]);
    }
    *proa_value_list(row, out) = (struct proa_option_list){items, node->n};
}

// NOLINTNEXTLINE(misc-no-recursion): bounded, see the top of the file
static void bind_list(struct binder *b, const struct proa_option *row,
                      const struct proa_doc_node *node, const struct proa_path *path, void *out)
{
    if (!check_kind(b, node, PROA_DOC_LIST, path)) {
        return;
    }
    char *items = proa_arena_zero(b->arena, node->n, row->table->size);
    for (size_t i = 0; i < node->n; i++) {
        struct proa_path step = {.up = path, .index = i, .is_index = true};
        bind_struct(b, row->table, node->items[i], &step, items + i * row->table->size);
    }
    *proa_value_list(row, out) = (struct proa_option_list){items, node->n};
}

// NOLINTNEXTLINE(misc-no-recursion): bounded, see the top of the file
static void bind_map(struct binder *b, const struct proa_option *row,
                     const struct proa_doc_node *node, const struct proa_path *path, void *out)
{
    if (!check_kind(b, node, PROA_DOC_MAP, path)) {
        return;
    }
    const struct proa_option_table *table = row->table;
    char *items = proa_arena_zero(b->arena, node->n, table->size);
    for (size_t i = 0; i < node->n; i++) {
        const struct proa_doc_entry *entry = &node->entries[i];
        struct proa_path step = {.up = path, .key = entry->key};
        char *item = items + i * table->size;
        struct proa_doc_node name = {
            .at = entry->key_at, .plain = entry->key_plain, .text = entry->key};
        if (entry->key.len == 0) {
            proa_path_error(b->diags, path, entry->key_at, "a name must not be empty");
        } else if (entry->key.len > PROA_CONFIG_NAME_MAX) {
            proa_path_error(b->diags, path, entry->key_at, "a name must not exceed 128 bytes");
        } else {
            (void)check_text(b, &name, &step);
        }
        bind_struct(b, table, entry->value, &step, item);
        *(struct proa_slice *)(void *)(item + table->name_at) = entry->key;
    }
    *proa_value_list(row, out) = (struct proa_option_list){items, node->n};
}

/* A default that does not parse is a mistake in the table, which proa_config_check() finds. */
static void bind_default(struct binder *b, const struct proa_option *row, void *out)
{
    struct proa_slice preset = proa_slice_cstr(row->preset);
    struct proa_slice item;
    uint64_t value = 0;
    if (!row->preset) {
        return;
    }
    if (row->type == PROA_OPTION_STRING) {
        *proa_value_string(row, out) = preset;
    } else if (row->type == PROA_OPTION_STRINGS) {
        size_t n = 0;
        for (struct proa_slice rest = preset; proa_value_next_string(&rest, &item);) {
            n++;
        }
        struct proa_slice *items = proa_arena_zero(b->arena, n, sizeof(*items));
        for (size_t i = 0; i < n && proa_value_next_string(&preset, &item); i++) {
            items[i] = item;
        }
        *proa_value_list(row, out) = (struct proa_option_list){items, n};
    } else if (proa_value_is_scalar(row->type)) {
        PROA_ASSERT(proa_value_parse(row, preset, &value) == PROA_OK);
        proa_value_store(row, out, value);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): bounded, see the top of the file
static void bind_row(struct binder *b, const struct proa_option *row,
                     const struct proa_doc_node *node, const struct proa_path *path, void *out)
{
    if (row->type == PROA_OPTION_OBJECT) {
        bind_struct(b, row->table, node, path, (char *)out + row->offset);
    } else if (!node) {
        bind_default(b, row, out);
    } else if (row->type == PROA_OPTION_LIST) {
        bind_list(b, row, node, path, out);
    } else if (row->type == PROA_OPTION_MAP) {
        bind_map(b, row, node, path, out);
    } else if (row->type == PROA_OPTION_STRINGS) {
        bind_strings(b, row, node, path, out);
    } else {
        bind_scalar(b, row, node, path, out);
    }
}

static void report_unknown(struct binder *b, const struct proa_option_table *table,
                           const struct proa_doc_entry *entry, const struct proa_path *path)
{
    char shown[PROA_VALUE_SHOW_MAX];
    size_t distance = SIZE_MAX;
    const char *guess = NULL;
    for (const struct proa_option *row = table->rows; row->name; row++) {
        guess = nearest(entry->key, guess, &distance, row->name);
    }
    proa_path_error(b->diags, path, entry->key_at, "unknown key \"%s\"%s%s%s",
                    proa_value_show(shown, entry->key), guess ? "; did you mean \"" : "",
                    guess ? guess : "", guess ? "\"?" : "");
}

static void check_keys(struct binder *b, const struct proa_option_table *table,
                       const struct proa_doc_node *node, const struct proa_path *path)
{
    for (size_t i = 0; i < node->n; i++) {
        bool schema = !path && proa_slice_eq(node->entries[i].key, PROA_SLICE("$schema"));
        if (!schema && !proa_value_row(table, node->entries[i].key)) {
            report_unknown(b, table, &node->entries[i], path);
        }
    }
}

static bool is_null_object(const struct proa_doc_node *node)
{
    return node->origin == PROA_DOC_FILE && proa_doc_is_null(node);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded, see the top of the file
static void bind_struct(struct binder *b, const struct proa_option_table *table,
                        const struct proa_doc_node *node, const struct proa_path *path, void *out)
{
    bool shorthand = node && node->kind != PROA_DOC_MAP && table->scalar && !is_null_object(node);
    if (node && node->kind == PROA_DOC_MAP) {
        check_keys(b, table, node, path);
    } else if (node && !shorthand && !is_null_object(node)) {
        (void)check_kind(b, node, PROA_DOC_MAP, path);
        return;
    }
    if (node && table->where_at != SIZE_MAX) {
        *(struct proa_option_where *)(void *)((char *)out + table->where_at) = node->at;
    }
    for (const struct proa_option *row = table->rows; row->name; row++) {
        const struct proa_doc_node *value = proa_value_member(table, node, row);
        struct proa_path step = {.up = path, .key = proa_slice_cstr(row->name)};
        /* a shorthand is reported under the name the person wrote */
        bind_row(b, row, value, shorthand && value ? path : &step, out);
        if (node && row->required && !value) {
            proa_path_error(b->diags, path, node->at, "\"%s\" is missing", row->name);
        }
    }
}

void proa_bind_table(const struct proa_option_table *table, const struct proa_doc_node *root,
                     const struct proa_config_env *env, struct proa_arena *arena, void *out,
                     struct proa_diags *diags)
{
    struct binder b = {.env = env, .arena = arena, .diags = diags};
    bind_struct(&b, table, root, NULL, out);
}
