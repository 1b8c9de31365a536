#include "proa/config/dump.h"

#include "path_priv.h"
#include "value_priv.h"

struct dump {
    struct proa_buf *out;
    bool origins;
};

static void write_struct(struct dump *d, const struct proa_option_table *table, const void *base,
                         const struct proa_doc_node *node, unsigned indent);

static void pad(struct dump *d, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++) {
        PROA_BUF_LIT(d->out, "  ");
    }
}

static void text(struct dump *d, const char *s)
{
    (void)proa_buf_append_cstr(d->out, s);
}

/* Safe without quotes for every YAML reader. */
static bool is_bare(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool inner = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '/';
        if (!letter && !(i > 0 && inner)) {
            return false;
        }
    }
    return proa_value_word(s) == PROA_VALUE_WORD_TEXT;
}

/* What YAML 1.2 (5.1, 5.4) does not let stand as it is in quotes, or folds as a line break. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

static void write_escape(struct dump *d, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    PROA_BUF_LIT(d->out, "\\u");
    for (unsigned shift = 16; shift > 0; shift -= 4) {
        (void)proa_buf_append_byte(d->out, hex[code >> (shift - 4) & 15]);
    }
}

/* A double-quoted scalar unless it is safe without; with `escape_refs`, "${" becomes "$${". */
static void write_string(struct dump *d, struct proa_slice s, bool escape_refs)
{
    if (is_bare(s)) {
        (void)proa_buf_append(d->out, s);
        return;
    }
    PROA_BUF_LIT(d->out, "\"");
    while (s.len > 0) {
        uint32_t code = 0xFFFD; /* stands for a byte that is not UTF-8 */
        size_t n = proa_value_char(s, &code);
        if (n == 0 || needs_escape(code)) {
            write_escape(d, code);
        } else {
            if (code == '"' || code == '\\') {
                PROA_BUF_LIT(d->out, "\\");
            } else if (escape_refs && proa_slice_starts(s, PROA_SLICE("${"))) {
                PROA_BUF_LIT(d->out, "$");
            }
            (void)proa_buf_append(d->out, proa_slice_head(s, n));
        }
        s = proa_slice_from(s, n ? n : 1);
    }
    PROA_BUF_LIT(d->out, "\"");
}

static void end_line(struct dump *d, const struct proa_doc_node *node)
{
    if (d->origins) {
        char place[256] = "default";
        if (node) {
            proa_path_place(node->at, place, sizeof(place));
        }
        PROA_BUF_LIT(d->out, "  # ");
        text(d, place);
    }
    PROA_BUF_LIT(d->out, "\n");
}

/* What was written if it may hold references, else the value. */
static void write_text(struct dump *d, const struct proa_option *row,
                       const struct proa_doc_node *node, struct proa_slice value)
{
    bool written = row->expand && node && node->origin == PROA_DOC_FILE;
    write_string(d, written ? node->text : value, row->expand && !written);
}

static void write_scalar(struct dump *d, const struct proa_option *row, const void *base,
                         const struct proa_doc_node *node)
{
    char space[PROA_QUANTITY_TEXT_MAX];
    if (row->type == PROA_OPTION_STRING) {
        write_text(d, row, node, *proa_value_string_of(row, base));
    } else if (row->type == PROA_OPTION_ENUM) {
        write_string(d, proa_value_text(row, proa_value_load(row, base), space), false);
    } else {
        (void)proa_buf_append(d->out, proa_value_text(row, proa_value_load(row, base), space));
    }
    end_line(d, node);
}

static void write_strings(struct dump *d, const struct proa_option *row, const void *base,
                          const struct proa_doc_node *node)
{
    const struct proa_option_list *list = proa_value_list_of(row, base);
    const struct proa_slice *items = list->items;
    PROA_BUF_LIT(d->out, "[");
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0) {
            PROA_BUF_LIT(d->out, ", ");
        }
        const struct proa_doc_node *one = node && node->kind == PROA_DOC_SCALAR ? node : NULL;
        write_text(d, row, node && i < node->n ? node->items[i] : one, items[i]);
    }
    PROA_BUF_LIT(d->out, "]");
    end_line(d, node);
}

/* The children of one item; `{}` when there is none. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static void write_item(struct dump *d, const struct proa_option_table *table, const void *base,
                       const struct proa_doc_node *node, unsigned indent)
{
    size_t before = d->out->len;
    PROA_BUF_LIT(d->out, "\n");
    size_t start = d->out->len;
    write_struct(d, table, base, node, indent);
    if (d->out->len == start && proa_buf_ok(d->out)) {
        d->out->len = before;
        PROA_BUF_LIT(d->out, " {}\n");
    }
}

/* The dash goes into the blanks before the first member. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static void write_list_item(struct dump *d, const struct proa_option_table *table, const void *base,
                            const struct proa_doc_node *node, unsigned indent)
{
    size_t start = d->out->len;
    write_struct(d, table, base, node, indent + 1);
    if (d->out->len == start) {
        pad(d, indent);
        PROA_BUF_LIT(d->out, "- {}\n");
    } else if (proa_buf_ok(d->out)) {
        d->out->ptr[start + 2 * (size_t)indent] = '-';
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static void write_items(struct dump *d, const struct proa_option *row, const void *base,
                        const struct proa_doc_node *node, unsigned indent)
{
    const struct proa_option_list *list = proa_value_list_of(row, base);
    bool is_map = row->type == PROA_OPTION_MAP;
    if (list->n == 0) {
        text(d, is_map ? " {}" : " []");
        end_line(d, node);
        return;
    }
    PROA_BUF_LIT(d->out, "\n");
    for (size_t i = 0; i < list->n; i++) {
        const char *item = (const char *)list->items + i * row->table->size;
        const struct proa_doc_node *child = NULL;
        if (node && i < node->n) {
            child = is_map ? node->entries[i].value : node->items[i];
        }
        if (!is_map) {
            write_list_item(d, row->table, item, child, indent + 1);
            continue;
        }
        pad(d, indent + 1);
        write_string(d, *(const struct proa_slice *)(const void *)(item + row->table->name_at),
                     false);
        PROA_BUF_LIT(d->out, ":");
        write_item(d, row->table, item, child, indent + 2);
    }
}

/* Nothing was written and no default exists: to print a zero would claim a value. */
static bool is_unset(const struct proa_option *row, const void *base,
                     const struct proa_doc_node *node)
{
    if (node || row->preset) {
        return false;
    }
    if (row->type == PROA_OPTION_STRING) {
        return proa_value_string_of(row, base)->len == 0;
    }
    if (row->type == PROA_OPTION_OBJECT) {
        const char *sub = (const char *)base + row->offset;
        return row->table->where_at != SIZE_MAX &&
               !((const struct proa_option_where *)(const void *)(sub + row->table->where_at))
                    ->file;
    }
    return proa_value_is_scalar(row->type) ? proa_value_load(row, base) == 0
                                           : proa_value_list_of(row, base)->n == 0;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the values, which were bounded when parsed
static void write_struct(struct dump *d, const struct proa_option_table *table, const void *base,
                         const struct proa_doc_node *node, unsigned indent)
{
    for (const struct proa_option *row = table->rows; row->name; row++) {
        const struct proa_doc_node *value = proa_value_member(table, node, row);
        if (is_unset(row, base, value)) {
            continue;
        }
        pad(d, indent);
        write_string(d, proa_slice_cstr(row->name), false);
        PROA_BUF_LIT(d->out, ":");
        if (row->type == PROA_OPTION_OBJECT) {
            write_item(d, row->table, (const char *)base + row->offset, value, indent + 1);
        } else if (row->type == PROA_OPTION_LIST || row->type == PROA_OPTION_MAP) {
            write_items(d, row, base, value, indent);
        } else {
            PROA_BUF_LIT(d->out, " ");
            if (row->type == PROA_OPTION_STRINGS) {
                write_strings(d, row, base, value);
            } else {
                write_scalar(d, row, base, value);
            }
        }
    }
}

enum proa_err proa_dump_yaml(const struct proa_option_table *table, const void *values,
                             const struct proa_doc_node *tree, bool origins, struct proa_buf *out)
{
    struct dump d = {.out = out, .origins = origins};
    write_struct(&d, table, values, tree, 0);
    return proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
}

enum proa_err proa_dump_setting(const struct proa_option_table *table, const void *values,
                                struct proa_slice path, struct proa_buf *out)
{
    struct proa_slice rest;
    const struct proa_slice name = proa_slice_split(path, '.', &rest);
    const struct proa_option *row = proa_value_row(table, name);
    while (row && row->type == PROA_OPTION_OBJECT && rest.len > 0) {
        values = (const char *)values + row->offset;
        row = proa_value_row(row->table, proa_slice_split(rest, '.', &rest));
    }
    if (!row || rest.len > 0 || !proa_value_is_scalar(row->type)) {
        return PROA_ERR_NOT_FOUND;
    }
    char space[PROA_QUANTITY_TEXT_MAX];
    return proa_buf_append(out, row->type == PROA_OPTION_STRING
                                    ? *proa_value_string_of(row, values)
                                    : proa_value_text(row, proa_value_load(row, values), space));
}
