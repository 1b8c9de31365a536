#include "value_priv.h"

#include "proa/core/buf.h"

static bool is_one_of(struct proa_slice s, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (proa_slice_eq_nocase(s, proa_slice_cstr(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool all_in(struct proa_slice s, const char *set)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!strchr(set, s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* Integers, decimals and exponents of YAML 1.1 and 1.2, generously: what merely looks like a
 * number to some reader is better quoted. */
static bool looks_like_number(struct proa_slice s)
{
    static const char *const special[] = {".inf", ".nan", NULL};
    if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-')) {
        s = proa_slice_from(s, 1);
    }
    if (is_one_of(s, special)) {
        return true;
    }
    if (s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'o')) {
        return all_in(proa_slice_from(s, 2), "0123456789abcdefABCDEF");
    }
    size_t digits = 0;
    size_t i = 0;
    bool point = false;
    for (; i < s.len && strchr("0123456789.", s.ptr[i]); i++) {
        if (s.ptr[i] != '.') {
            digits++;
        } else if (point) {
            return false;
        } else {
            point = true;
        }
    }
    if (digits == 0 || i == s.len) {
        return digits > 0;
    }
    if (s.ptr[i] != 'e' && s.ptr[i] != 'E') {
        return false;
    }
    s = proa_slice_from(s, i + 1);
    if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-')) {
        s = proa_slice_from(s, 1);
    }
    return all_in(s, "0123456789");
}

enum proa_value_word proa_value_word(struct proa_slice text)
{
    static const char *const nulls[] = {"~", "null", NULL};
    static const char *const bools[] = {"true", "false", NULL};
    static const char *const yes_no[] = {"yes", "no", "on", "off", "y", "n", NULL};
    if (text.len == 0 || is_one_of(text, nulls)) {
        return PROA_VALUE_WORD_NULL;
    }
    if (is_one_of(text, bools)) {
        return PROA_VALUE_WORD_BOOL;
    }
    if (is_one_of(text, yes_no)) {
        return PROA_VALUE_WORD_YES_NO;
    }
    if (text.len > 1 && text.ptr[0] == '0' && all_in(text, "0123456789")) {
        return PROA_VALUE_WORD_ZEROS;
    }
    return looks_like_number(text) ? PROA_VALUE_WORD_NUMBER : PROA_VALUE_WORD_TEXT;
}

bool proa_value_is_scalar(enum proa_option_type type)
{
    return type != PROA_OPTION_STRINGS && type != PROA_OPTION_OBJECT && type != PROA_OPTION_LIST &&
           type != PROA_OPTION_MAP;
}

const char *proa_value_type_name(enum proa_option_type type)
{
    switch (type) {
    case PROA_OPTION_BOOL:
        return "boolean";
    case PROA_OPTION_U32:
    case PROA_OPTION_U64:
        return "whole number";
    case PROA_OPTION_PPM:
        return "fraction";
    case PROA_OPTION_DURATION:
        return "duration";
    case PROA_OPTION_BYTES:
        return "size";
    case PROA_OPTION_STRING:
        return "string";
    case PROA_OPTION_ENUM:
        return "word";
    case PROA_OPTION_STRINGS:
        return "list of strings";
    case PROA_OPTION_OBJECT:
        return "object";
    case PROA_OPTION_LIST:
        return "list";
    case PROA_OPTION_MAP:
        return "map";
    }
    return "value";
}

uint64_t proa_value_max(const struct proa_option *row)
{
    bool narrow = row->type == PROA_OPTION_U32 || row->type == PROA_OPTION_PPM;
    return row->max ? row->max : narrow ? UINT32_MAX : UINT64_MAX;
}

uint32_t proa_value_names(const struct proa_option *row)
{
    uint32_t n = 0;
    while (row->names && row->names[n]) {
        n++;
    }
    return n;
}

static enum proa_err parse_enum(const struct proa_option *row, struct proa_slice text,
                                uint64_t *out)
{
    for (uint32_t i = 0; i < proa_value_names(row); i++) {
        if (proa_slice_eq(text, proa_slice_cstr(row->names[i]))) {
            *out = i;
            return PROA_OK;
        }
    }
    return PROA_ERR_SYNTAX;
}

static enum proa_err parse_number(const struct proa_option *row, struct proa_slice text,
                                  uint64_t *out)
{
    uint32_t ppm = 0;
    enum proa_err err = PROA_OK;
    if (row->type == PROA_OPTION_DURATION) {
        return proa_quantity_duration(text, out);
    }
    if (row->type == PROA_OPTION_BYTES) {
        return proa_quantity_bytes(text, out);
    }
    if (row->type == PROA_OPTION_PPM) {
        err = proa_quantity_ppm(text, &ppm);
        *out = err ? *out : ppm;
        return err;
    }
    return proa_slice_to_u64(text, out);
}

enum proa_err proa_value_parse(const struct proa_option *row, struct proa_slice text, uint64_t *out)
{
    bool truth = false;
    if (row->type == PROA_OPTION_ENUM) {
        return parse_enum(row, text, out);
    }
    if (row->type == PROA_OPTION_BOOL) {
        enum proa_err err = proa_quantity_bool(text, &truth);
        *out = err ? *out : truth;
        return err;
    }
    uint64_t value = UINT64_MAX;
    enum proa_err err = parse_number(row, text, &value);
    if (err == PROA_ERR_RANGE || (!err && (value < row->min || value > proa_value_max(row)))) {
        *out = err ? UINT64_MAX : value;
        return PROA_ERR_RANGE;
    }
    *out = err ? *out : value;
    return err;
}

struct proa_slice proa_value_text(const struct proa_option *row, uint64_t value,
                                  char space[PROA_QUANTITY_TEXT_MAX])
{
    switch (row->type) {
    case PROA_OPTION_BOOL:
        return value ? PROA_SLICE("true") : PROA_SLICE("false");
    case PROA_OPTION_ENUM:
        return value < proa_value_names(row) ? proa_slice_cstr(row->names[value]) : PROA_SLICE("?");
    case PROA_OPTION_DURATION:
        return proa_slice_make(space, proa_quantity_duration_text(space, value));
    case PROA_OPTION_PPM:
        return proa_slice_make(space, proa_quantity_ppm_text(space, (uint32_t)value));
    case PROA_OPTION_BYTES:
        return proa_slice_make(space, proa_quantity_bytes_text(space, value));
    case PROA_OPTION_U32:
    case PROA_OPTION_U64:
        space[0] = '\0';
        return proa_slice_make(space, proa_fmt_u64(space, value));
    case PROA_OPTION_STRING:
    case PROA_OPTION_STRINGS:
    case PROA_OPTION_OBJECT:
    case PROA_OPTION_LIST:
    case PROA_OPTION_MAP:
        break;
    }
    return PROA_SLICE_NONE;
}

static void *member(const struct proa_option *row, void *base)
{
    return (char *)base + row->offset;
}

static const void *member_of(const struct proa_option *row, const void *base)
{
    return (const char *)base + row->offset;
}

void proa_value_store(const struct proa_option *row, void *base, uint64_t value)
{
    if (row->type == PROA_OPTION_BOOL) {
        *(bool *)member(row, base) = value != 0;
    } else if (row->type == PROA_OPTION_U32 || row->type == PROA_OPTION_PPM ||
               row->type == PROA_OPTION_ENUM) {
        *(uint32_t *)member(row, base) = (uint32_t)value;
    } else {
        *(uint64_t *)member(row, base) = value;
    }
}

uint64_t proa_value_load(const struct proa_option *row, const void *base)
{
    if (row->type == PROA_OPTION_BOOL) {
        return *(const bool *)member_of(row, base) ? 1 : 0;
    }
    if (row->type == PROA_OPTION_U32 || row->type == PROA_OPTION_PPM ||
        row->type == PROA_OPTION_ENUM) {
        return *(const uint32_t *)member_of(row, base);
    }
    return *(const uint64_t *)member_of(row, base);
}

struct proa_slice *proa_value_string(const struct proa_option *row, void *base)
{
    return member(row, base);
}

struct proa_option_list *proa_value_list(const struct proa_option *row, void *base)
{
    return member(row, base);
}

const struct proa_slice *proa_value_string_of(const struct proa_option *row, const void *base)
{
    return member_of(row, base);
}

const struct proa_option_list *proa_value_list_of(const struct proa_option *row, const void *base)
{
    return member_of(row, base);
}

bool proa_value_next_string(struct proa_slice *rest, struct proa_slice *item)
{
    struct proa_slice s = proa_slice_trim(*rest);
    if (s.len > 1 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
        s = proa_slice_head(proa_slice_from(s, 1), s.len - 2);
    }
    if (proa_slice_trim(s).len == 0) {
        return false;
    }
    *item = proa_slice_trim(proa_slice_split(s, ',', rest));
    return true;
}

const struct proa_option *proa_value_row(const struct proa_option_table *table,
                                         struct proa_slice name)
{
    for (const struct proa_option *row = table->rows; row->name; row++) {
        if (proa_slice_eq(name, proa_slice_cstr(row->name))) {
            return row;
        }
    }
    return NULL;
}

bool proa_value_is_absent(const struct proa_option *row, const struct proa_doc_node *node)
{
    return !proa_value_is_scalar(row->type) && node->origin == PROA_DOC_FILE &&
           proa_doc_is_null(node);
}

const struct proa_doc_node *proa_value_member(const struct proa_option_table *table,
                                              const struct proa_doc_node *node,
                                              const struct proa_option *row)
{
    const struct proa_doc_node *found = NULL;
    if (node && node->kind == PROA_DOC_MAP) {
        found = proa_doc_get(node, proa_slice_cstr(row->name));
    } else if (node && table->scalar && strcmp(table->scalar, row->name) == 0) {
        bool is_null = node->origin == PROA_DOC_FILE && proa_doc_is_null(node);
        found = is_null ? NULL : node; /* a null says nothing at all */
    }
    return found && !proa_value_is_absent(row, found) ? found : NULL;
}

size_t proa_value_char(struct proa_slice s, uint32_t *code)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)s.ptr[0];
    size_t n = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || n > s.len) {
        return 0;
    }
    uint32_t value = n == 1 ? lead : lead & (0x7FU >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c & 0xC0) != 0x80) {
            return 0;
        }
        value = value << 6 | (c & 0x3FU);
    }
    if (value < lowest[n] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return 0;
    }
    *code = value;
    return n;
}

bool proa_value_is_text(struct proa_slice s)
{
    while (s.len > 0) {
        uint32_t code = 0;
        size_t n = proa_value_char(s, &code);
        if (n == 0 || code == 0) {
            return false;
        }
        s = proa_slice_from(s, n);
    }
    return true;
}

const char *proa_value_show(char out[PROA_VALUE_SHOW_MAX], struct proa_slice text)
{
    size_t n = text.len < 64 ? text.len : 64;
    while (n > 0 && n < text.len && ((unsigned char)text.ptr[n] & 0xC0) == 0x80) {
        n--; /* not in the middle of a character */
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        out[i] = text.ptr[i];
        if (c < 0x20 || c == 0x7F) {
            out[i] = '?';
        }
    }
    if (n < text.len) {
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n] = '\0';
    return out;
}
