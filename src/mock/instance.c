#include "instance_priv.h"
#include "reading_priv.h"

#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { INSTANCE_MAX = 64 * 1024, DEPTH_MAX = 12, DEPTH_OPTIONAL = 6, STRING_BYTES = 64 };

struct making {
    struct proa_json_writer w;
    struct proa_slice root;
    struct proa_slice text;
    struct proa_arena *arena;
};

static void write_value(struct making *m, struct proa_slice schema, unsigned depth);

/* ---- finding the schema that counts ---------------------------------------------------------- */

static struct proa_slice text_of(struct making *m, struct proa_slice token)
{
    struct proa_slice out = PROA_SLICE_NONE;
    return token.len > 0 && proa_json_string_view(token, m->arena, &out) == PROA_OK
               ? out
               : PROA_SLICE_NONE;
}

/* "#/$defs/node": keys as they stand, which is how schemas are named in practice. */
static struct proa_slice pointed(struct making *m, struct proa_slice ref)
{
    struct proa_slice at = m->root;
    struct proa_slice rest = ref;
    (void)proa_slice_split(rest, '/', &rest);
    while (rest.len > 0 && at.len > 0) {
        at = proa_mock_member(at, proa_slice_split(rest, '/', &rest));
    }
    return at;
}

static bool is_null_schema(struct proa_slice schema)
{
    return proa_json_string_eq(proa_mock_member(schema, PROA_SLICE("type")), PROA_SLICE("null"));
}

static struct proa_slice first_branch(struct proa_slice schema)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("anyOf"), PROA_SLICE_INIT("oneOf"),
                                             PROA_SLICE_INIT("allOf")};
    struct proa_json_cursor c;
    struct proa_json_item item;
    for (size_t i = 0; i < PROA_ARRAY_LEN(keys); i++) {
        const struct proa_slice branches = proa_mock_member(schema, keys[i]);
        if (!mock_walk(&c, branches)) {
            continue;
        }
        while (proa_json_cursor_next(&c, &item)) {
            if (!is_null_schema(item.value)) {
                return item.value;
            }
        }
    }
    return PROA_SLICE_NONE;
}

/* The first type that is not null; empty when none is said. */
static struct proa_slice type_of(struct making *m, struct proa_slice schema)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice type = proa_mock_member(schema, PROA_SLICE("type"));
    if (proa_mock_is(type, PROA_JSON_STRING)) {
        return text_of(m, type);
    }
    if (mock_walk(&c, type)) {
        while (proa_json_cursor_next(&c, &item)) {
            if (!proa_json_string_eq(item.value, PROA_SLICE("null"))) {
                return text_of(m, item.value);
            }
        }
    }
    return PROA_SLICE_NONE;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_required(struct proa_slice schema, struct proa_slice key)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!mock_walk(&c, proa_mock_member(schema, PROA_SLICE("required")))) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_json_string_eq(item.value, key)) {
            return true;
        }
    }
    return false;
}

static bool seen_before(struct proa_slice properties, const struct proa_json_item *item)
{
    struct proa_slice first;
    struct proa_slice key = item->key;
    key.ptr++;
    key.len -= 2;
    return !item->key_escaped && proa_json_get(properties, key, &first) != PROA_JSON_ABSENT &&
           first.ptr != item->value.ptr;
}

/* All properties, or deep down only those that must be there, so that what refers to itself ends.
 */
// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static void write_object(struct making *m, struct proa_slice schema, unsigned depth)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice properties = proa_mock_member(schema, PROA_SLICE("properties"));
    proa_json_writer_begin_object(&m->w);
    if (mock_walk(&c, properties) && c.is_object) {
        while (proa_json_cursor_next(&c, &item)) {
            const struct proa_slice key = text_of(m, item.key);
            if ((depth < DEPTH_OPTIONAL || is_required(schema, key)) &&
                !seen_before(properties, &item)) {
                proa_json_writer_key(&m->w, key);
                write_value(m, item.value, depth + 1);
            }
        }
    }
    proa_json_writer_end_object(&m->w);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static void write_array(struct making *m, struct proa_slice schema, unsigned depth)
{
    uint64_t n = 0;
    (void)proa_mock_number_in(proa_mock_member(schema, PROA_SLICE("minItems")), 0, 16, &n);
    proa_json_writer_begin_array(&m->w);
    for (uint64_t i = 0; i < n; i++) {
        write_value(m, proa_mock_member(schema, PROA_SLICE("items")), depth + 1);
    }
    proa_json_writer_end_array(&m->w);
}

/* 1, or the limit that forbids it. */
static void write_number(struct making *m, struct proa_slice schema)
{
    const struct proa_slice least = proa_mock_member(schema, PROA_SLICE("minimum"));
    const struct proa_slice above = proa_mock_member(schema, PROA_SLICE("exclusiveMinimum"));
    const struct proa_slice most = proa_mock_member(schema, PROA_SLICE("maximum"));
    int64_t milli = 0;
    uint64_t n = 0;
    if (least.len > 0 && (!proa_mock_milli(least, &milli) || milli > 1000)) {
        proa_json_writer_raw(&m->w, least);
    } else if (proa_mock_number_in(above, 1, UINT32_MAX, &n)) {
        proa_json_writer_u64(&m->w, n + 1);
    } else if (most.len > 0 && proa_mock_milli(most, &milli) && milli < 1000) {
        proa_json_writer_raw(&m->w, most);
    } else {
        proa_json_writer_u64(&m->w, 1);
    }
}

static const struct {
    struct proa_slice format;
    struct proa_slice value;
} FORMATS[] = {
    {PROA_SLICE_INIT("date-time"), PROA_SLICE_INIT("2026-01-02T03:04:05Z")},
    {PROA_SLICE_INIT("date"), PROA_SLICE_INIT("2026-01-02")},
    {PROA_SLICE_INIT("time"), PROA_SLICE_INIT("03:04:05Z")},
    {PROA_SLICE_INIT("email"), PROA_SLICE_INIT("mock@example.com")},
    {PROA_SLICE_INIT("uri"), PROA_SLICE_INIT("https://example.com/")},
    {PROA_SLICE_INIT("uuid"), PROA_SLICE_INIT("00000000-0000-4000-8000-000000000000")},
};

/* Lengths count characters; the mock cuts bytes of what it was told, never inside a character. */
static void write_string(struct making *m, struct proa_slice schema)
{
    char padded[256];
    const struct proa_slice format = text_of(m, proa_mock_member(schema, PROA_SLICE("format")));
    uint64_t most = STRING_BYTES;
    uint64_t least = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(FORMATS); i++) {
        if (proa_slice_eq(FORMATS[i].format, format)) {
            proa_json_writer_string(&m->w, FORMATS[i].value);
            return;
        }
    }
    (void)proa_mock_number_in(proa_mock_member(schema, PROA_SLICE("maxLength")), 0, STRING_BYTES,
                              &most);
    (void)proa_mock_number_in(proa_mock_member(schema, PROA_SLICE("minLength")), 0, sizeof padded,
                              &least);
    struct proa_slice text = proa_slice_head(m->text, (size_t)most);
    while (text.len > 0 && text.len < m->text.len &&
           ((unsigned char)m->text.ptr[text.len] & 0xc0U) == 0x80U) {
        text.len--;
    }
    if (text.len < least) {
        memset(padded, 'x', (size_t)least);
        if (text.len > 0) {
            memcpy(padded, text.ptr, text.len);
        }
        text = proa_slice_make(padded, (size_t)least);
    }
    proa_json_writer_string(&m->w, text);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static void write_typed(struct making *m, struct proa_slice schema, unsigned depth)
{
    const struct proa_slice type = type_of(m, schema);
    if (proa_slice_eq_nocase(type, PROA_SLICE("object")) ||
        proa_mock_is(proa_mock_member(schema, PROA_SLICE("properties")), PROA_JSON_OBJECT)) {
        write_object(m, schema, depth);
    } else if (proa_slice_eq_nocase(type, PROA_SLICE("array"))) {
        write_array(m, schema, depth);
    } else if (proa_slice_eq_nocase(type, PROA_SLICE("integer")) ||
               proa_slice_eq_nocase(type, PROA_SLICE("number"))) {
        write_number(m, schema);
    } else if (proa_slice_eq_nocase(type, PROA_SLICE("boolean"))) {
        proa_json_writer_bool(&m->w, true);
    } else if (is_null_schema(schema)) {
        proa_json_writer_null(&m->w);
    } else {
        write_string(m, schema);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static void write_value(struct making *m, struct proa_slice schema, unsigned depth)
{
    struct proa_slice first;
    const struct proa_slice value = proa_mock_member(schema, PROA_SLICE("const"));
    const struct proa_slice ref = text_of(m, proa_mock_member(schema, PROA_SLICE("$ref")));
    const struct proa_slice branch = first_branch(schema);
    if (depth >= DEPTH_MAX) {
        proa_json_writer_null(&m->w);
    } else if (value.len > 0) {
        proa_json_writer_raw(&m->w, value);
    } else if (proa_json_at(proa_mock_member(schema, PROA_SLICE("enum")), 0, &first) !=
               PROA_JSON_ABSENT) {
        proa_json_writer_raw(&m->w, first);
    } else if (ref.len > 0) {
        write_value(m, pointed(m, ref), depth + 1);
    } else if (branch.len > 0) {
        write_value(m, branch, depth + 1);
    } else {
        write_typed(m, schema, depth);
    }
}

struct proa_slice proa_mock_instance(struct proa_slice schema, struct proa_slice text,
                                     struct proa_arena *arena)
{
    struct proa_buf out;
    struct making m = {.root = schema, .text = text, .arena = arena};
    if (schema.len == 0) {
        return PROA_SLICE("{}");
    }
    proa_buf_init(&out, INSTANCE_MAX);
    proa_json_writer_init(&m.w, &out);
    write_value(&m, schema, 0);
    const struct proa_slice value =
        proa_json_writer_ok(&m.w) ? proa_arena_dup(arena, proa_buf_slice(&out)) : PROA_SLICE("{}");
    proa_buf_deinit(&out);
    return value;
}
