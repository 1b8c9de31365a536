/*
 * JSON Schema as the subset of OpenAPI 3.0 that Google's `Schema` is (ai.google.dev/api/caching,
 * "Schema"). What only narrows and has no word there is left out; what would be told wrong is
 * refused.
 *
 * A schema is written member by member, by a table of keywords. References are copied to where they
 * stand, so the text may grow beyond its source: schemas are counted, and nesting is bounded, which
 * ends circles as well.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"

enum { DEPTH_MAX = 20, SCHEMAS_MAX = 4096, POINTER_MAX = 1024, WALKED_MAX = 32 * 1024 * 1024 };

struct converter {
    struct proa_json_writer *w;
    struct proa_slice root;
    struct proa_arena *arena;
    size_t n;      /* schemas written */
    size_t walked; /* bytes that were looked at, some of them again and again */
    const char *reason;
};

/* What stands around a schema and belongs to it. */
struct around {
    unsigned depth;
    bool nullable;
    struct proa_slice description; /* string token; empty */
};

static enum proa_err refuse(struct converter *c, const char *reason)
{
    c->reason = reason;
    return PROA_ERR_UNSUPPORTED;
}

/* False, with the reason set, when it has been enough. */
static bool spend(struct converter *c, size_t bytes)
{
    c->walked += bytes;
    if (c->walked > WALKED_MAX || c->n > SCHEMAS_MAX || !proa_buf_ok(c->w->buf)) {
        c->reason = "a schema that is too long without its references";
        return false;
    }
    return true;
}

static bool is_empty_container(struct proa_slice json)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    return proa_json_cursor_init(&c, json) == PROA_OK && !proa_json_cursor_next(&c, &item);
}

bool proa_gemini_schema_is_empty(struct proa_slice schema)
{
    struct proa_slice found = PROA_SLICE_NONE;
    if (proa_json_kind_of(schema) != PROA_JSON_OBJECT || is_empty_container(schema)) {
        return true;
    }
    if (proa_json_get(schema, PROA_SLICE("type"), &found) != PROA_JSON_STRING ||
        !proa_slice_eq(found, PROA_SLICE("\"object\""))) {
        return false;
    }
    /* Of any members: that cannot be told where members must be named. */
    const enum proa_json_kind more =
        proa_json_get(schema, PROA_SLICE("additionalProperties"), NULL);
    const enum proa_json_kind kind = proa_json_get(schema, PROA_SLICE("properties"), &found);
    static const struct proa_slice others[] = {PROA_SLICE_INIT("$ref"), PROA_SLICE_INIT("anyOf"),
                                               PROA_SLICE_INIT("oneOf"), PROA_SLICE_INIT("allOf"),
                                               PROA_SLICE_INIT("patternProperties")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        if (proa_json_get(schema, others[i], NULL) != PROA_JSON_ABSENT) {
            return false;
        }
    }
    return more != PROA_JSON_TRUE && more != PROA_JSON_OBJECT &&
           (kind == PROA_JSON_ABSENT || is_empty_container(found));
}

/* ---- keywords -------------------------------------------------------------------------------- */

/* Keywords that both languages have, with the kinds of value that Google takes. */
static const struct same_row {
    struct proa_slice name;
    unsigned kinds;
} SAME[] = {
    {PROA_SLICE_INIT("title"), PROA_JSON_TYPE(PROA_JSON_STRING)},
    {PROA_SLICE_INIT("pattern"), PROA_JSON_TYPE(PROA_JSON_STRING)},
    {PROA_SLICE_INIT("minItems"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("maxItems"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("minLength"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("maxLength"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("minProperties"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("maxProperties"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("minimum"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("maximum"), PROA_JSON_TYPE(PROA_JSON_NUMBER)},
    {PROA_SLICE_INIT("propertyOrdering"), PROA_JSON_TYPE(PROA_JSON_ARRAY)},
};

/* Other words for `format` are an error there. */
static const struct proa_slice FORMATS[] = {
    PROA_SLICE_INIT("\"date-time\""), PROA_SLICE_INIT("\"enum\""),  PROA_SLICE_INIT("\"int32\""),
    PROA_SLICE_INIT("\"int64\""),     PROA_SLICE_INIT("\"float\""), PROA_SLICE_INIT("\"double\""),
};

static void put(struct converter *c, const char *key, struct proa_slice json)
{
    proa_json_writer_key(c->w, proa_slice_cstr(key));
    proa_json_writer_raw(c->w, json);
}

static void put_same(struct converter *c, const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(SAME); i++) {
        if (proa_decode_key_is(item, SAME[i].name) &&
            (SAME[i].kinds & PROA_JSON_TYPE(item->kind)) != 0) {
            proa_json_writer_key(c->w, SAME[i].name);
            proa_json_writer_raw(c->w, item->value);
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(FORMATS); i++) {
        if (proa_decode_key_is(item, PROA_SLICE("format")) &&
            proa_slice_eq(item->value, FORMATS[i])) {
            put(c, "format", item->value);
        }
    }
}

/* What a schema says of itself, found in one walk. */
struct found {
    struct proa_slice description;
    struct proa_slice type;
    enum proa_json_kind type_kind;
    struct proa_slice reference;
    struct proa_slice choices; /* anyOf, oneOf */
    struct proa_slice all;     /* allOf */
    struct proa_slice properties;
    struct proa_slice required;
    struct proa_slice items;
    struct proa_slice words;    /* enum */
    struct proa_slice constant; /* a string */
    bool nullable;
};

static void find(struct proa_slice schema, struct found *f)
{
    const struct {
        struct proa_slice name;
        unsigned kinds;
        struct proa_slice *out;
    } wants[] = {
        {PROA_SLICE_INIT("description"), PROA_JSON_TYPE(PROA_JSON_STRING), &f->description},
        {PROA_SLICE_INIT("type"),
         PROA_JSON_TYPE(PROA_JSON_STRING) | PROA_JSON_TYPE(PROA_JSON_ARRAY), &f->type},
        {PROA_SLICE_INIT("$ref"), PROA_JSON_TYPE(PROA_JSON_STRING), &f->reference},
        {PROA_SLICE_INIT("anyOf"), PROA_JSON_TYPE(PROA_JSON_ARRAY), &f->choices},
        {PROA_SLICE_INIT("oneOf"), PROA_JSON_TYPE(PROA_JSON_ARRAY), &f->choices},
        {PROA_SLICE_INIT("allOf"), PROA_JSON_TYPE(PROA_JSON_ARRAY), &f->all},
        {PROA_SLICE_INIT("properties"), PROA_JSON_TYPE(PROA_JSON_OBJECT), &f->properties},
        {PROA_SLICE_INIT("required"), PROA_JSON_TYPE(PROA_JSON_ARRAY), &f->required},
        {PROA_SLICE_INIT("items"), PROA_JSON_TYPE(PROA_JSON_OBJECT), &f->items},
        {PROA_SLICE_INIT("enum"), PROA_JSON_TYPE(PROA_JSON_ARRAY), &f->words},
        {PROA_SLICE_INIT("const"), PROA_JSON_TYPE(PROA_JSON_STRING), &f->constant},
    };
    struct proa_json_cursor c;
    struct proa_json_item item;
    *f = (struct found){.nullable = false};
    if (proa_json_cursor_init(&c, schema) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        for (size_t i = 0; i < PROA_ARRAY_LEN(wants); i++) {
            if (proa_decode_key_is(&item, wants[i].name) &&
                (wants[i].kinds & PROA_JSON_TYPE(item.kind)) != 0) {
                *wants[i].out = item.value;
            }
        }
        f->nullable = f->nullable || (proa_decode_key_is(&item, PROA_SLICE("nullable")) &&
                                      item.kind == PROA_JSON_TRUE);
    }
    f->type_kind = proa_json_kind_of(f->type);
}

/* ---- references ------------------------------------------------------------------------------ */

/* One step of a JSON pointer, decoded (RFC 6901 4). */
static struct proa_slice step_of(struct converter *c, struct proa_slice raw)
{
    char *out = proa_arena_alloc(c->arena, raw.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] == '~' && i + 1 < raw.len) {
            i++;
            out[n++] = raw.ptr[i] == '1' ? '/' : '~';
        } else {
            out[n++] = raw.ptr[i];
        }
    }
    return proa_slice_make(out, n);
}

/* "#/$defs/address"; "#" is the whole. */
static bool resolve(struct converter *c, struct proa_slice token, struct proa_slice *out)
{
    struct proa_slice pointer = PROA_SLICE_NONE;
    if (token.len > POINTER_MAX || proa_json_string_view(token, c->arena, &pointer) != PROA_OK ||
        pointer.len == 0 || pointer.ptr[0] != '#') {
        return false;
    }
    pointer = proa_slice_from(pointer, 1);
    *out = c->root;
    if (pointer.len == 0) {
        return true;
    }
    if (pointer.ptr[0] != '/') {
        return false;
    }
    pointer = proa_slice_from(pointer, 1);
    while (pointer.len > 0) {
        const struct proa_slice step = proa_slice_split(pointer, '/', &pointer);
        if (proa_json_get(*out, step_of(c, step), out) != PROA_JSON_OBJECT) {
            return false;
        }
    }
    return true;
}

/* ---- one schema ------------------------------------------------------------------------------ */

static enum proa_err convert(struct converter *c, struct proa_slice schema,
                             const struct around *around);

static bool is_null_type(struct proa_slice schema)
{
    struct proa_slice type = PROA_SLICE_NONE;
    return proa_json_get(schema, PROA_SLICE("type"), &type) == PROA_JSON_STRING &&
           proa_slice_eq(type, PROA_SLICE("\"null\""));
}

/* Choices other than null; the last of them. */
static size_t count_choices(struct proa_slice choices, struct proa_slice *one, bool *nullable)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t n = 0;
    if (proa_json_cursor_init(&c, choices) != PROA_OK) {
        return 0;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (is_null_type(item.value)) {
            *nullable = true;
        } else {
            *one = item.value;
            n++;
        }
    }
    return n;
}

/* Nothing may stand beside anyOf, so what is true of all of them is said of each. */
// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static enum proa_err put_choices(struct converter *c, struct proa_slice choices,
                                 const struct around *around)
{
    const struct around inner = {.depth = around->depth + 1, .nullable = around->nullable};
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    enum proa_err err = proa_json_cursor_init(&cursor, choices);
    proa_json_writer_begin_object(c->w);
    proa_json_writer_key(c->w, PROA_SLICE("anyOf"));
    proa_json_writer_begin_array(c->w);
    while (err == PROA_OK && proa_json_cursor_next(&cursor, &item)) {
        if (!is_null_type(item.value)) {
            err = convert(c, item.value, &inner);
        }
    }
    if (err == PROA_OK) {
        proa_json_writer_end_array(c->w);
        proa_json_writer_end_object(c->w);
    }
    return err;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static enum proa_err put_properties(struct converter *c, struct proa_slice properties,
                                    unsigned depth)
{
    const struct around inner = {.depth = depth + 1};
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    struct proa_slice name = PROA_SLICE_NONE;
    enum proa_err err = proa_json_cursor_init(&cursor, properties);
    proa_json_writer_key(c->w, PROA_SLICE("properties"));
    proa_json_writer_begin_object(c->w);
    while (err == PROA_OK && proa_json_cursor_next(&cursor, &item)) {
        err = proa_json_string_view(item.key, c->arena, &name);
        if (err == PROA_OK) {
            proa_json_writer_key(c->w, name);
            err = convert(c, item.value, &inner);
        }
    }
    if (err == PROA_OK) {
        proa_json_writer_end_object(c->w);
    }
    return err;
}

/* Names of members that are there: others are an error. */
static enum proa_err put_required(struct converter *c, const struct found *f)
{
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    struct proa_slice name = PROA_SLICE_NONE;
    bool begun = false;
    if (f->required.len == 0 || proa_json_cursor_init(&cursor, f->required) != PROA_OK) {
        return PROA_OK;
    }
    while (proa_json_cursor_next(&cursor, &item)) {
        if (!spend(c, f->properties.len)) {
            return PROA_ERR_UNSUPPORTED;
        }
        if (proa_json_string_view(item.value, c->arena, &name) != PROA_OK ||
            proa_json_get(f->properties, name, NULL) == PROA_JSON_ABSENT) {
            continue;
        }
        if (!begun) {
            begun = true;
            proa_json_writer_key(c->w, PROA_SLICE("required"));
            proa_json_writer_begin_array(c->w);
        }
        proa_json_writer_raw(c->w, item.value);
    }
    if (begun) {
        proa_json_writer_end_array(c->w);
    }
    return PROA_OK;
}

/* Words only: numbers have no enum there. */
static void put_words(struct converter *c, const struct found *f, bool *nullable)
{
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    size_t words = 0;
    size_t others = 0;
    if (f->constant.len > 0) {
        proa_json_writer_key(c->w, PROA_SLICE("enum"));
        proa_json_writer_begin_array(c->w);
        proa_json_writer_raw(c->w, f->constant);
        proa_json_writer_end_array(c->w);
        return;
    }
    if (f->words.len == 0 || proa_json_cursor_init(&cursor, f->words) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&cursor, &item)) {
        words += item.kind == PROA_JSON_STRING;
        others += item.kind != PROA_JSON_STRING && item.kind != PROA_JSON_NULL;
        *nullable = *nullable || item.kind == PROA_JSON_NULL;
    }
    if (words == 0 || others > 0 || proa_json_cursor_init(&cursor, f->words) != PROA_OK) {
        return;
    }
    proa_json_writer_key(c->w, PROA_SLICE("enum"));
    proa_json_writer_begin_array(c->w);
    while (proa_json_cursor_next(&cursor, &item)) {
        if (item.kind == PROA_JSON_STRING) {
            proa_json_writer_raw(c->w, item.value);
        }
    }
    proa_json_writer_end_array(c->w);
}

/* The type that is not said but meant. */
static struct proa_slice type_of(const struct found *f, struct proa_slice said)
{
    return said.len > 0            ? said
           : f->properties.len > 0 ? PROA_SLICE("\"object\"")
           : f->items.len > 0      ? PROA_SLICE("\"array\"")
                                   : PROA_SLICE("\"string\"");
}

/* A schema of one type; `said` its token, or empty. */
// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static enum proa_err put_typed(struct converter *c, struct proa_slice schema, const struct found *f,
                               struct proa_slice said, const struct around *around)
{
    const struct proa_slice type = type_of(f, said);
    const struct around inner = {.depth = around->depth + 1};
    const bool is_array = proa_slice_eq(type, PROA_SLICE("\"array\""));
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    bool nullable = around->nullable || f->nullable;
    enum proa_err err = proa_json_cursor_init(&cursor, schema);
    proa_json_writer_begin_object(c->w);
    put(c, "type", type);
    if (around->description.len > 0 || f->description.len > 0) {
        put(c, "description", around->description.len > 0 ? around->description : f->description);
    }
    while (err == PROA_OK && proa_json_cursor_next(&cursor, &item)) {
        put_same(c, &item);
    }
    if (proa_slice_eq(type, PROA_SLICE("\"string\""))) {
        put_words(c, f, &nullable);
    }
    if (nullable) {
        put(c, "nullable", PROA_SLICE("true"));
    }
    if (err == PROA_OK && proa_slice_eq(type, PROA_SLICE("\"object\"")) && f->properties.len > 0 &&
        !is_empty_container(f->properties)) {
        err = put_properties(c, f->properties, around->depth);
        err = err == PROA_OK ? put_required(c, f) : err;
    }
    if (err == PROA_OK && is_array) { /* that has items, there */
        proa_json_writer_key(c->w, PROA_SLICE("items"));
        err = convert(c, f->items.len > 0 ? f->items : PROA_SLICE("{}"), &inner);
    }
    if (err == PROA_OK) {
        proa_json_writer_end_object(c->w);
    }
    return err;
}

/* "type": ["string", "number", "null"] */
// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static enum proa_err put_types(struct converter *c, struct proa_slice schema, const struct found *f,
                               const struct around *around)
{
    struct around inner = *around;
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    struct proa_slice one = PROA_SLICE_NONE;
    size_t n = 0;
    enum proa_err err = proa_json_cursor_init(&cursor, f->type);
    while (err == PROA_OK && proa_json_cursor_next(&cursor, &item)) {
        if (proa_slice_eq(item.value, PROA_SLICE("\"null\""))) {
            inner.nullable = true;
        } else if (item.kind == PROA_JSON_STRING) {
            one = item.value;
            n++;
        }
    }
    if (n < 2) {
        return err == PROA_OK ? put_typed(c, schema, f, one, &inner) : err;
    }
    inner.depth++;
    proa_json_writer_begin_object(c->w);
    proa_json_writer_key(c->w, PROA_SLICE("anyOf"));
    proa_json_writer_begin_array(c->w);
    err = proa_json_cursor_init(&cursor, f->type);
    while (err == PROA_OK && proa_json_cursor_next(&cursor, &item)) {
        if (item.kind == PROA_JSON_STRING && !proa_slice_eq(item.value, PROA_SLICE("\"null\""))) {
            err = put_typed(c, schema, f, item.value, &inner);
        }
    }
    if (err == PROA_OK) {
        proa_json_writer_end_array(c->w);
        proa_json_writer_end_object(c->w);
    }
    return err;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static enum proa_err convert(struct converter *c, struct proa_slice schema,
                             const struct around *around)
{
    struct found f;
    struct proa_slice one = PROA_SLICE_NONE;
    if (around->depth > DEPTH_MAX) {
        return refuse(c, "a schema that is nested too deeply, or in a circle");
    }
    c->n++;
    if (!spend(c, schema.len)) {
        return PROA_ERR_UNSUPPORTED;
    }
    if (proa_json_kind_of(schema) != PROA_JSON_OBJECT) {
        schema = PROA_SLICE("{}"); /* true, false */
    }
    find(schema, &f);
    if (is_null_type(schema)) {
        f.type = PROA_SLICE_NONE;
        f.nullable = true;
    }
    struct around inner = {.depth = around->depth + 1,
                           .nullable = around->nullable || f.nullable,
                           .description =
                               around->description.len > 0 ? around->description : f.description};
    if (f.reference.len > 0) {
        return !spend(c, c->root.len) ? PROA_ERR_UNSUPPORTED
               : resolve(c, f.reference, &one)
                   ? convert(c, one, &inner)
                   : refuse(c, "a schema with a reference that leads nowhere");
    }
    if (f.all.len > 0) {
        return count_choices(f.all, &one, &inner.nullable) == 1 ? convert(c, one, &inner)
                                                                : refuse(c, "a schema with allOf");
    }
    if (f.choices.len > 0) {
        const size_t n = count_choices(f.choices, &one, &inner.nullable);
        if (n > 0) {
            return n == 1 ? convert(c, one, &inner) : put_choices(c, f.choices, &inner);
        }
    }
    return f.type_kind == PROA_JSON_ARRAY ? put_types(c, schema, &f, around)
                                          : put_typed(c, schema, &f, f.type, around);
}

enum proa_err proa_gemini_schema(struct proa_json_writer *w, struct proa_slice schema,
                                 struct proa_arena *arena, const char **reason)
{
    struct converter c = {.w = w, .root = schema, .arena = arena};
    const enum proa_err err = convert(&c, schema, &(const struct around){.depth = 0});
    *reason = c.reason;
    return err;
}
