#include "proa/config/schema.h"

#include "value_priv.h"

#include "proa/config/config.h"
#include "proa/json/writer.h"

#include <stdio.h>

enum { TABLES_MAX = 128, NAME_MAX = 96 };

struct schema {
    struct proa_json_writer w;
    const struct proa_option_table *tables[TABLES_MAX]; /* those of $defs, in order of meeting */
    size_t n;
    bool full;
};

#define DIGITS      "[0-9]+"
#define DECIMALS(n) "([0-9]+(\\.[0-9]{1," n "})?"

/* The grammar of proa_quantity_duration(): falling units, decimals down to the nanosecond. */
static const char duration_pattern[] =
    "^(0|(?=[0-9])" DECIMALS("9") "d)?" DECIMALS("9") "h)?" DECIMALS("9") "m)?" DECIMALS(
        "9") "s)?" DECIMALS("6") "ms)?" DECIMALS("3") "us)?(" DIGITS "ns)?)$";
static const char bytes_pattern[] = "^" DIGITS "([KMG]iB|[kKMG]B|B)?$";

static size_t index_of(struct schema *s, const struct proa_option_table *table)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->tables[i] == table) {
            return i;
        }
    }
    if (s->n == TABLES_MAX) {
        s->full = true;
        return 0;
    }
    s->tables[s->n] = table;
    return s->n++;
}

/* "retry", or "retry2" for the second table of that title. */
static void name_of(const struct schema *s, size_t index, char out[NAME_MAX])
{
    const char *title = s->tables[index]->title ? s->tables[index]->title : "table";
    unsigned twin = 1;
    for (size_t i = 0; i < index; i++) {
        const char *other = s->tables[i]->title ? s->tables[i]->title : "table";
        twin += strcmp(other, title) == 0 ? 1 : 0;
    }
    int n = twin > 1 ? snprintf(out, NAME_MAX, "%.80s%u", title, twin)
                     : snprintf(out, NAME_MAX, "%.80s", title);
    PROA_ASSERT(n >= 0);
    for (char *c = out; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '-' || *c == '_';
        if (!plain) {
            *c = '_'; /* the name is part of a URI, too */
        }
    }
}

static void key(struct schema *s, const char *name)
{
    proa_json_writer_key(&s->w, proa_slice_cstr(name));
}

static void member(struct schema *s, const char *name, const char *text)
{
    proa_json_writer_member_string(&s->w, name, proa_slice_cstr(text));
}

static void write_ref(struct schema *s, const struct proa_option_table *table)
{
    char name[NAME_MAX];
    char ref[NAME_MAX + 16];
    name_of(s, index_of(s, table), name);
    int n = snprintf(ref, sizeof(ref), "#/$defs/%s", name);
    PROA_ASSERT(n > 0);
    member(s, "$ref", ref);
}

/* JSON Schema cannot bound a text with a unit, so people are told. */
static size_t describe_bounds(const struct proa_option *row, char *out, size_t cap)
{
    char low[PROA_QUANTITY_TEXT_MAX];
    char high[PROA_QUANTITY_TEXT_MAX];
    if (row->type != PROA_OPTION_DURATION && row->type != PROA_OPTION_BYTES) {
        return 0;
    }
    int n = 0;
    struct proa_slice min = proa_value_text(row, row->min, low);
    struct proa_slice max = proa_value_text(row, row->max, high);
    if (row->min && row->max) {
        n = snprintf(out, cap, " From %" PROA_SLICE_FMT " to %" PROA_SLICE_FMT ".",
                     PROA_SLICE_ARG(min), PROA_SLICE_ARG(max));
    } else if (row->min) {
        n = snprintf(out, cap, " At least %" PROA_SLICE_FMT ".", PROA_SLICE_ARG(min));
    } else if (row->max) {
        n = snprintf(out, cap, " At most %" PROA_SLICE_FMT ".", PROA_SLICE_ARG(max));
    }
    return n > 0 ? (size_t)n : 0;
}

static void write_description(struct schema *s, const struct proa_option *row)
{
    char bounds[128] = "";
    char text[1024];
    (void)describe_bounds(row, bounds, sizeof(bounds));
    int n = snprintf(text, sizeof(text), "%s%s%s%s%s%s", row->help ? row->help : "",
                     row->unit ? " Unit: " : "", row->unit ? row->unit : "", row->unit ? "." : "",
                     bounds, row->fixed ? " Takes effect at the next start." : "");
    PROA_ASSERT(n >= 0);
    if (n > 0) {
        member(s, "description", text);
    }
}

static void write_number(struct schema *s, const char *name, const struct proa_option *row,
                         uint64_t value)
{
    key(s, name);
    if (row->type == PROA_OPTION_PPM) {
        proa_json_writer_micro(&s->w, (int64_t)value);
    } else {
        proa_json_writer_u64(&s->w, value);
    }
}

static void write_bounds(struct schema *s, const struct proa_option *row)
{
    write_number(s, "minimum", row, row->min);
    if (row->max || row->type == PROA_OPTION_U32) {
        write_number(s, "maximum", row, proa_value_max(row));
    }
}

static void write_names(struct schema *s, const struct proa_option *row)
{
    key(s, "enum");
    proa_json_writer_begin_array(&s->w);
    for (uint32_t i = 0; i < proa_value_names(row); i++) {
        proa_json_writer_string(&s->w, proa_slice_cstr(row->names[i]));
    }
    proa_json_writer_end_array(&s->w);
}

static void write_types(struct schema *s, const char *first, const char *second)
{
    key(s, "type");
    proa_json_writer_begin_array(&s->w);
    proa_json_writer_string(&s->w, proa_slice_cstr(first));
    proa_json_writer_string(&s->w, proa_slice_cstr(second));
    proa_json_writer_end_array(&s->w);
}

static void write_nested(struct schema *s, const struct proa_option *row)
{
    if (row->type == PROA_OPTION_OBJECT) {
        write_ref(s, row->table);
        return;
    }
    if (row->type == PROA_OPTION_STRINGS) {
        write_types(s, "array", "string"); /* one value is a list of one */
    } else {
        member(s, "type", row->type == PROA_OPTION_MAP ? "object" : "array");
    }
    key(s, row->type == PROA_OPTION_MAP ? "additionalProperties" : "items");
    proa_json_writer_begin_object(&s->w);
    if (row->type == PROA_OPTION_STRINGS) {
        member(s, "type", "string");
    } else {
        write_ref(s, row->table);
    }
    proa_json_writer_end_object(&s->w);
    if (row->type == PROA_OPTION_MAP) {
        key(s, "propertyNames");
        proa_json_writer_begin_object(&s->w);
        proa_json_writer_member_u64(&s->w, "minLength", 1);
        proa_json_writer_member_u64(&s->w, "maxLength", PROA_CONFIG_NAME_MAX);
        proa_json_writer_end_object(&s->w);
    }
}

static void write_duration(struct schema *s, const struct proa_option *row)
{
    if (row->min > 0) {
        member(s, "type", "string");
    } else {
        write_types(s, "string", "integer"); /* the integer 0 needs no unit */
        proa_json_writer_member_u64(&s->w, "minimum", 0);
        proa_json_writer_member_u64(&s->w, "maximum", 0);
    }
    member(s, "pattern", duration_pattern);
}

static void write_type(struct schema *s, const struct proa_option *row)
{
    switch (row->type) {
    case PROA_OPTION_BOOL:
        member(s, "type", "boolean");
        break;
    case PROA_OPTION_U32:
    case PROA_OPTION_U64:
        member(s, "type", "integer");
        write_bounds(s, row);
        break;
    case PROA_OPTION_PPM:
        member(s, "type", "number");
        write_bounds(s, row);
        break;
    case PROA_OPTION_DURATION:
        write_duration(s, row);
        break;
    case PROA_OPTION_BYTES:
        write_types(s, "string", "integer");
        member(s, "pattern", bytes_pattern);
        write_bounds(s, row);
        break;
    case PROA_OPTION_STRING:
        member(s, "type", "string");
        break;
    case PROA_OPTION_ENUM:
        member(s, "type", "string");
        write_names(s, row);
        break;
    case PROA_OPTION_STRINGS:
    case PROA_OPTION_OBJECT:
    case PROA_OPTION_LIST:
    case PROA_OPTION_MAP:
        write_nested(s, row);
        break;
    }
}

static void write_default(struct schema *s, const struct proa_option *row)
{
    struct proa_slice preset = proa_slice_cstr(row->preset);
    struct proa_slice item;
    uint64_t value = 0;
    bool numeric = row->type == PROA_OPTION_U32 || row->type == PROA_OPTION_U64 ||
                   row->type == PROA_OPTION_PPM || row->type == PROA_OPTION_BOOL;
    if (!row->preset) {
        return;
    }
    if (numeric && proa_value_parse(row, preset, &value) == PROA_OK) {
        if (row->type == PROA_OPTION_BOOL) {
            proa_json_writer_member_bool(&s->w, "default", value != 0);
        } else {
            write_number(s, "default", row, value);
        }
    } else if (row->type == PROA_OPTION_STRINGS) {
        key(s, "default");
        proa_json_writer_begin_array(&s->w);
        while (proa_value_next_string(&preset, &item)) {
            proa_json_writer_string(&s->w, item);
        }
        proa_json_writer_end_array(&s->w);
    } else {
        member(s, "default", row->preset);
    }
}

static void write_row(struct schema *s, const struct proa_option *row)
{
    proa_json_writer_begin_object(&s->w);
    write_description(s, row);
    write_type(s, row);
    write_default(s, row);
    proa_json_writer_end_object(&s->w);
}

/* "type": "object" and what belongs to it, into the object that is open. */
static void write_object(struct schema *s, const struct proa_option_table *table, bool root)
{
    size_t required = 0;
    member(s, "type", "object");
    key(s, "properties");
    proa_json_writer_begin_object(&s->w);
    if (root) {
        key(s, "$schema");
        proa_json_writer_begin_object(&s->w);
        member(s, "type", "string");
        proa_json_writer_end_object(&s->w);
    }
    for (const struct proa_option *row = table->rows; row->name; row++) {
        key(s, row->name);
        write_row(s, row);
        required += row->required ? 1 : 0;
    }
    proa_json_writer_end_object(&s->w);
    if (required > 0) {
        key(s, "required");
        proa_json_writer_begin_array(&s->w);
        for (const struct proa_option *row = table->rows; row->name; row++) {
            if (row->required) {
                proa_json_writer_string(&s->w, proa_slice_cstr(row->name));
            }
        }
        proa_json_writer_end_array(&s->w);
    }
    proa_json_writer_member_bool(&s->w, "additionalProperties", false);
}

/* The shorthand can stand alone only where nothing else is required. */
static const struct proa_option *shorthand_of(const struct proa_option_table *table)
{
    const struct proa_option *row =
        table->scalar ? proa_value_row(table, proa_slice_cstr(table->scalar)) : NULL;
    for (const struct proa_option *other = table->rows; row && other->name; other++) {
        if (other->required && other != row) {
            return NULL;
        }
    }
    bool object = row && (row->type == PROA_OPTION_OBJECT || row->type == PROA_OPTION_MAP);
    return object ? NULL : row;
}

static void write_def(struct schema *s, const struct proa_option_table *table)
{
    const struct proa_option *shorthand = shorthand_of(table);
    proa_json_writer_begin_object(&s->w);
    if (table->title) {
        member(s, "title", table->title);
    }
    if (!shorthand) {
        write_object(s, table, false);
        proa_json_writer_end_object(&s->w);
        return;
    }
    key(s, "anyOf");
    proa_json_writer_begin_array(&s->w);
    write_row(s, shorthand);
    proa_json_writer_begin_object(&s->w);
    write_object(s, table, false);
    proa_json_writer_end_object(&s->w);
    proa_json_writer_end_array(&s->w);
    proa_json_writer_end_object(&s->w);
}

static void write_all(struct schema *s, const struct proa_option_table *table, const char *id,
                      const char *title)
{
    proa_json_writer_begin_object(&s->w);
    member(s, "$schema", "https://json-schema.org/draft/2020-12/schema");
    if (id) {
        member(s, "$id", id);
    }
    if (title) {
        member(s, "title", title);
    }
    write_object(s, table, true);
    key(s, "$defs");
    proa_json_writer_begin_object(&s->w);
    for (size_t i = 0; i < s->n; i++) { /* grows while it is written */
        char name[NAME_MAX];
        name_of(s, i, name);
        key(s, name);
        write_def(s, s->tables[i]);
    }
    proa_json_writer_end_object(&s->w);
    proa_json_writer_end_object(&s->w);
}

enum proa_err proa_schema_write(const struct proa_option_table *table, const char *id,
                                const char *title, struct proa_buf *out)
{
    struct schema s = {.n = 0};
    proa_json_writer_init(&s.w, out);
    write_all(&s, table, id, title);
    if (s.full) {
        return PROA_ERR_ARG;
    }
    return proa_json_writer_ok(&s.w) ? PROA_OK : PROA_ERR_LIMIT;
}
