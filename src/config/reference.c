#include "proa/config/reference.h"

#include "value_priv.h"

#include "proa/core/alloc.h"

#include <stdio.h>

enum { TABLES_MAX = 128, PATH_MAX_BYTES = 192, RANGE_MAX = 128 };

/* One section of the page: a table under the path where it was met first. */
struct section {
    const struct proa_option_table *table;
    char path[PATH_MAX_BYTES];
};

struct book {
    struct proa_buf *out;
    struct section *sections;
    size_t n;
    bool full;
};

static void text(struct book *k, const char *s)
{
    (void)proa_buf_append_cstr(k->out, s);
}

static const struct section *find(const struct book *k, const struct proa_option_table *table)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->sections[i].table == table) {
            return &k->sections[i];
        }
    }
    return NULL;
}

/* Breadth first, so that a page goes from the general to the particular. */
static void collect(struct book *k, const struct proa_option_table *root)
{
    k->sections[0] = (struct section){.table = root, .path = ""};
    k->n = 1;
    for (size_t i = 0; i < k->n; i++) {
        const char *up = k->sections[i].path;
        for (const struct proa_option *row = k->sections[i].table->rows; row->name; row++) {
            if (!row->table || find(k, row->table)) {
                continue;
            }
            if (k->n == TABLES_MAX) {
                k->full = true;
                return;
            }
            struct section *s = &k->sections[k->n++];
            const char *tail = row->type == PROA_OPTION_LIST  ? "[]"
                               : row->type == PROA_OPTION_MAP ? ".<name>"
                                                              : "";
            s->table = row->table;
            int n = snprintf(s->path, sizeof(s->path), "%.120s%s%.50s%s", up, up[0] ? "." : "",
                             row->name, tail);
            PROA_ASSERT(n > 0);
        }
    }
}

/* "1 to 10 requests", "a, b or c"; empty when anything goes. */
static void range_text(const struct proa_option *row, struct proa_buf *out)
{
    char space[PROA_QUANTITY_TEXT_MAX];
    if (row->type == PROA_OPTION_ENUM) {
        uint32_t n = proa_value_names(row);
        for (uint32_t i = 0; i < n; i++) {
            (void)proa_buf_append_cstr(out, i == 0 ? "" : i + 1 == n ? " or " : ", ");
            (void)proa_buf_append_cstr(out, row->names[i]);
        }
        return;
    }
    bool bounded = proa_value_is_scalar(row->type) && row->type != PROA_OPTION_BOOL &&
                   row->type != PROA_OPTION_STRING;
    if (bounded && row->max) {
        (void)proa_buf_append(out, proa_value_text(row, row->min, space));
        PROA_BUF_LIT(out, " to ");
        (void)proa_buf_append(out, proa_value_text(row, row->max, space));
    } else if (bounded && row->min) {
        PROA_BUF_LIT(out, "at least ");
        (void)proa_buf_append(out, proa_value_text(row, row->min, space));
    }
    if (row->unit) {
        (void)proa_buf_append_printf(out, "%s%s", out->len > 0 ? " " : "", row->unit);
    }
}

static const char *default_text(const struct proa_option *row)
{
    return row->required ? "required" : row->preset ? row->preset : "";
}

/* Table cells: no line breaks, and a bar must not end the cell. */
static void cell(struct book *k, struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '|') {
            PROA_BUF_LIT(k->out, "\\");
        }
        if (s.ptr[i] == '\n') {
            PROA_BUF_LIT(k->out, " ");
        } else {
            (void)proa_buf_append_byte(k->out, s.ptr[i]);
        }
    }
}

static void code_cell(struct book *k, const char *s)
{
    if (s[0]) {
        PROA_BUF_LIT(k->out, "`");
        cell(k, proa_slice_cstr(s));
        PROA_BUF_LIT(k->out, "`");
    }
}

/* The anchor that Markdown renderers make of a heading: letters, digits, '-' and '_' stay. */
static void slug(struct book *k, const char *path)
{
    for (const char *c = path; *c; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        bool stays =
            upper || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '-';
        if (stays) {
            (void)proa_buf_append_byte(k->out, (char)(upper ? *c - 'A' + 'a' : (int)*c));
        }
    }
}

static void markdown_type(struct book *k, const struct proa_option *row)
{
    text(k, proa_value_type_name(row->type));
    const struct section *s = row->table ? find(k, row->table) : NULL;
    if (s) {
        text(k, row->type == PROA_OPTION_OBJECT ? " [" : " of [");
        text(k, row->table->title ? row->table->title : row->name);
        PROA_BUF_LIT(k->out, "](#");
        slug(k, s->path);
        PROA_BUF_LIT(k->out, ")");
    }
}

static void markdown_row(struct book *k, const struct proa_option *row)
{
    struct proa_buf range;
    proa_buf_init(&range, 4096);
    range_text(row, &range);
    PROA_BUF_LIT(k->out, "| ");
    code_cell(k, row->name);
    PROA_BUF_LIT(k->out, " | ");
    markdown_type(k, row);
    PROA_BUF_LIT(k->out, " | ");
    if (row->required) {
        PROA_BUF_LIT(k->out, "required");
    } else {
        code_cell(k, default_text(row));
    }
    PROA_BUF_LIT(k->out, " | ");
    cell(k, proa_buf_slice(&range));
    PROA_BUF_LIT(k->out, " | ");
    text(k, row->fixed ? "no" : "yes");
    PROA_BUF_LIT(k->out, " | ");
    cell(k, proa_slice_cstr(row->help));
    text(k, row->expand ? " `${NAME}` is expanded. |\n" : " |\n");
    proa_buf_deinit(&range);
}

static void markdown_section(struct book *k, const struct section *s)
{
    if (s->path[0]) {
        (void)proa_buf_append_printf(k->out, "\n## `%s`\n", s->path);
    }
    if (s->table->scalar) {
        (void)proa_buf_append_printf(
            k->out, "\nA value that is not a map stands for `{%s: value}`.\n", s->table->scalar);
    }
    text(k, "\n| name | type | default | range | reload | meaning |\n"
            "|---|---|---|---|---|---|\n");
    for (const struct proa_option *row = s->table->rows; row->name; row++) {
        markdown_row(k, row);
    }
}

/* Roff text: backslashes and hyphens spelt out, and no control line by a leading dot or quote. */
static void roff(struct book *k, struct proa_slice s)
{
    bool start = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (start && (c == '.' || c == '\'')) {
            PROA_BUF_LIT(k->out, "\\&");
        }
        if (c == '\\') {
            PROA_BUF_LIT(k->out, "\\e");
        } else if (c == '-') {
            PROA_BUF_LIT(k->out, "\\-");
        } else {
            (void)proa_buf_append_byte(k->out, c);
        }
        start = c == '\n';
    }
}

static void man_row(struct book *k, const struct proa_option *row)
{
    struct proa_buf range;
    proa_buf_init(&range, 4096);
    range_text(row, &range);
    PROA_BUF_LIT(k->out, ".TP\n\\fB");
    roff(k, proa_slice_cstr(row->name));
    PROA_BUF_LIT(k->out, "\\fR (");
    text(k, proa_value_type_name(row->type));
    const struct section *s = row->table ? find(k, row->table) : NULL;
    if (s) {
        PROA_BUF_LIT(k->out, ", see ");
        roff(k, proa_slice_cstr(s->path));
    }
    if (range.len > 0) {
        PROA_BUF_LIT(k->out, ", ");
        roff(k, proa_buf_slice(&range));
    }
    if (row->required || row->preset) {
        text(k, row->required ? ", " : ", default ");
        roff(k, proa_slice_cstr(default_text(row)));
    }
    PROA_BUF_LIT(k->out, ")\n");
    roff(k, proa_slice_cstr(row->help));
    text(k, row->expand ? " ${NAME} is expanded.\n" : "\n");
    if (row->fixed) {
        PROA_BUF_LIT(k->out, "Takes effect at the next start.\n");
    }
    proa_buf_deinit(&range);
}

static void man_section(struct book *k, const struct section *s)
{
    if (s->path[0]) {
        PROA_BUF_LIT(k->out, ".SS ");
        roff(k, proa_slice_cstr(s->path));
        PROA_BUF_LIT(k->out, "\n");
    } else {
        PROA_BUF_LIT(k->out, ".SS Top level\n");
    }
    if (s->table->scalar) {
        PROA_BUF_LIT(k->out, "A value that is not a map sets \\fB");
        roff(k, proa_slice_cstr(s->table->scalar));
        PROA_BUF_LIT(k->out, "\\fR.\n");
    }
    for (const struct proa_option *row = s->table->rows; row->name; row++) {
        man_row(k, row);
    }
}

static void man_head(struct book *k, const char *name, const char *brief)
{
    PROA_BUF_LIT(k->out, ".TH \"");
    roff(k, proa_slice_cstr(name));
    PROA_BUF_LIT(k->out, "\" 5\n.SH NAME\n");
    roff(k, proa_slice_cstr(name));
    PROA_BUF_LIT(k->out, " \\- ");
    roff(k, proa_slice_cstr(brief));
    text(k, "\n.SH DESCRIPTION\n"
            "YAML 1.2; JSON is accepted as its subset. Durations are written 250ms, 30s, 5m or\n"
            "1h, sizes 64KiB, 10MB or 100. Unknown keys are errors.\n"
            ".SH SETTINGS\n");
}

static enum proa_err open_book(struct book *k, const struct proa_option_table *table,
                               struct proa_buf *out)
{
    *k = (struct book){.out = out};
    k->sections = proa_alloc_zero(TABLES_MAX, sizeof(*k->sections));
    collect(k, table);
    return k->full ? PROA_ERR_ARG : PROA_OK;
}

enum proa_err proa_reference_markdown(const struct proa_option_table *table, const char *title,
                                      struct proa_buf *out)
{
    struct book k;
    enum proa_err err = open_book(&k, table, out);
    if (!err) {
        (void)proa_buf_append_printf(out, "# %s\n", title);
        for (size_t i = 0; i < k.n; i++) {
            markdown_section(&k, &k.sections[i]);
        }
        err = proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
    }
    proa_free(k.sections);
    return err;
}

enum proa_err proa_reference_man(const struct proa_option_table *table, const char *name,
                                 const char *brief, struct proa_buf *out)
{
    struct book k;
    enum proa_err err = open_book(&k, table, out);
    if (!err) {
        man_head(&k, name, brief);
        for (size_t i = 0; i < k.n; i++) {
            man_section(&k, &k.sections[i]);
        }
        err = proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
    }
    proa_free(k.sections);
    return err;
}
