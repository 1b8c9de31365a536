/*
 * What a tool has given back, in the forms of all versions.
 */
#include "aisdk_read_priv.h"

enum output_type {
    OUT_TEXT = 0,
    OUT_ERROR_TEXT,
    OUT_JSON,
    OUT_ERROR_JSON,
    OUT_DENIED,
    OUT_CONTENT
};

static const struct proa_slice OUTPUTS[] = {
    [OUT_TEXT] = PROA_SLICE_INIT("text"),
    [OUT_ERROR_TEXT] = PROA_SLICE_INIT("error-text"),
    [OUT_JSON] = PROA_SLICE_INIT("json"),
    [OUT_ERROR_JSON] = PROA_SLICE_INIT("error-json"),
    [OUT_DENIED] = PROA_SLICE_INIT("execution-denied"),
    [OUT_CONTENT] = PROA_SLICE_INIT("content"),
};

#define OUTPUT_WORDS                                                                               \
    "\"text\", \"error-text\", \"json\", \"error-json\", \"execution-denied\", \"content\""

/* The items of a content: version 2 has text and media, 3 the forms with a dash, 4 text and file.
 * What is of no use to a model is known and passed over. */
enum item_type {
    ITEM_TEXT = 0,
    ITEM_MEDIA,
    ITEM_FILE,
    ITEM_FILE_DATA,
    ITEM_IMAGE_DATA,
    ITEM_FILE_URL,
    ITEM_IMAGE_URL,
    ITEM_FILE_ID,
    ITEM_IMAGE_ID,
    ITEM_FILE_REFERENCE,
    ITEM_IMAGE_REFERENCE,
    ITEM_CUSTOM,
    ITEM_TYPES
};

static const struct proa_slice ITEMS[ITEM_TYPES] = {
    [ITEM_TEXT] = PROA_SLICE_INIT("text"),
    [ITEM_MEDIA] = PROA_SLICE_INIT("media"),
    [ITEM_FILE] = PROA_SLICE_INIT("file"),
    [ITEM_FILE_DATA] = PROA_SLICE_INIT("file-data"),
    [ITEM_IMAGE_DATA] = PROA_SLICE_INIT("image-data"),
    [ITEM_FILE_URL] = PROA_SLICE_INIT("file-url"),
    [ITEM_IMAGE_URL] = PROA_SLICE_INIT("image-url"),
    [ITEM_FILE_ID] = PROA_SLICE_INIT("file-id"),
    [ITEM_IMAGE_ID] = PROA_SLICE_INIT("image-file-id"),
    [ITEM_FILE_REFERENCE] = PROA_SLICE_INIT("file-reference"),
    [ITEM_IMAGE_REFERENCE] = PROA_SLICE_INIT("image-file-reference"),
    [ITEM_CUSTOM] = PROA_SLICE_INIT("custom"),
};

enum item_key {
    KEY_TYPE = 0,
    KEY_TEXT,
    KEY_DATA,
    KEY_URL,
    KEY_FILE_ID,
    KEY_REFERENCE,
    KEY_MEDIA_TYPE,
    KEY_FILENAME,
    KEY_OPTIONS,
    ITEM_KEYS
};

static const struct proa_slice KEYS[ITEM_KEYS] = {
    [KEY_TYPE] = PROA_SLICE_INIT("type"),
    [KEY_TEXT] = PROA_SLICE_INIT("text"),
    [KEY_DATA] = PROA_SLICE_INIT("data"),
    [KEY_URL] = PROA_SLICE_INIT("url"),
    [KEY_FILE_ID] = PROA_SLICE_INIT("fileId"),
    [KEY_REFERENCE] = PROA_SLICE_INIT("providerReference"),
    [KEY_MEDIA_TYPE] = PROA_SLICE_INIT("mediaType"),
    [KEY_FILENAME] = PROA_SLICE_INIT("filename"),
    [KEY_OPTIONS] = PROA_SLICE_INIT("providerOptions"),
};

static const struct {
    enum item_key source;
    struct proa_slice type; /* where the client says none */
} SOURCES[ITEM_TYPES] = {
    [ITEM_TEXT] = {KEY_TEXT, {NULL, 0}},
    [ITEM_MEDIA] = {KEY_DATA, {NULL, 0}},
    [ITEM_FILE] = {KEY_DATA, {NULL, 0}},
    [ITEM_FILE_DATA] = {KEY_DATA, {NULL, 0}},
    [ITEM_IMAGE_DATA] = {KEY_DATA, PROA_SLICE_INIT("image")},
    [ITEM_FILE_URL] = {KEY_URL, {NULL, 0}},
    [ITEM_IMAGE_URL] = {KEY_URL, PROA_SLICE_INIT("image")},
    [ITEM_FILE_ID] = {KEY_FILE_ID, {NULL, 0}},
    [ITEM_IMAGE_ID] = {KEY_FILE_ID, PROA_SLICE_INIT("image")},
    [ITEM_FILE_REFERENCE] = {KEY_REFERENCE, {NULL, 0}},
    [ITEM_IMAGE_REFERENCE] = {KEY_REFERENCE, PROA_SLICE_INIT("image")},
};

static enum proa_err read_inside(struct reading *r, const struct place *at, enum item_type type,
                                 const struct proa_json_item *said, struct proa_chat_part *part)
{
    const enum item_key key = SOURCES[type].source;
    const struct place here = {.up = at, .name = KEYS[key]};
    if (key == KEY_TEXT) {
        return proa_read_text(r, &here, &said[key], &part->text);
    }
    struct proa_slice media_type = PROA_SLICE_NONE;
    enum proa_err err =
        proa_read_text(r, PLACE_KEY(at, "mediaType"), &said[KEY_MEDIA_TYPE], &media_type);
    err = err == PROA_OK
              ? proa_read_text(r, PLACE_KEY(at, "filename"), &said[KEY_FILENAME], &part->filename)
              : err;
    media_type = media_type.len > 0 ? media_type : SOURCES[type].type;
    if (err != PROA_OK) {
        return err;
    }
    return key == KEY_FILE_ID || key == KEY_REFERENCE
               ? proa_aisdk_file_id(r, &here, &said[key], media_type, part)
               : proa_aisdk_file(r, &here, &said[key], media_type, part);
}

static enum proa_err read_item(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct parts *out)
{
    struct proa_json_item said[ITEM_KEYS];
    struct proa_slice word = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, KEYS, ITEM_KEYS, said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[KEY_TYPE], &word) : err;
    if (err != PROA_OK) {
        return err;
    }
    const enum item_type type = (enum item_type)proa_read_word(word, ITEMS, ITEM_TYPES);
    if (type == ITEM_TYPES) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), word,
                                     "the items of a tool's result");
    }
    if (type == ITEM_CUSTOM) {
        return PROA_OK;
    }
    struct proa_chat_part *part = proa_read_new_part(r, at, out, PROA_CHAT_PART_TEXT);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    err = read_inside(r, at, type, said, part);
    return err == PROA_OK ? proa_aisdk_options(r, at, &said[KEY_OPTIONS], part) : err;
}

static enum proa_err read_items(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct parts *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_item(r, PLACE_AT(at, i), &m, out);
    }
    return err;
}

/* The text of a value: a string's own, or the JSON as it was written. */
static enum proa_err read_value(struct reading *r, const struct place *at, enum output_type type,
                                const struct proa_json_item *value, struct proa_slice *out)
{
    if (type == OUT_TEXT || type == OUT_ERROR_TEXT) {
        return proa_read_text(r, at, value, out);
    }
    if (type == OUT_DENIED) {
        const enum proa_err err = proa_read_text(r, at, value, out);
        *out = out->len > 0 ? *out : PROA_SLICE("Tool execution denied.");
        return err;
    }
    *out = value->kind == PROA_JSON_ABSENT ? PROA_SLICE("null")
                                           : proa_chat_text_of(value->value, r->arena);
    return PROA_OK;
}

enum proa_err proa_aisdk_output(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_chat_part *result)
{
    enum { TYPE, VALUE, REASON };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("type"), PROA_SLICE_INIT("value"),
                                             PROA_SLICE_INIT("reason")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct proa_slice word = PROA_SLICE_NONE;
    struct parts inside = {.n = 0};
    enum proa_err err = proa_read_members(r, at, item, keys, PROA_ARRAY_LEN(keys), said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[TYPE], &word) : err;
    if (err != PROA_OK) {
        return err;
    }
    const size_t type = proa_read_word(word, OUTPUTS, PROA_ARRAY_LEN(OUTPUTS));
    if (type == PROA_ARRAY_LEN(OUTPUTS)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), word, OUTPUT_WORDS);
    }
    result->is_error = type == OUT_ERROR_TEXT || type == OUT_ERROR_JSON || type == OUT_DENIED;
    const size_t key = type == OUT_DENIED ? REASON : VALUE;
    const struct place here = {.up = at, .name = keys[key]};
    if (type == OUT_CONTENT) {
        err = read_items(r, &here, &said[key], &inside);
    } else {
        struct proa_chat_part *part = proa_read_new_part(r, at, &inside, PROA_CHAT_PART_TEXT);
        err = part ? read_value(r, &here, (enum output_type)type, &said[key], &part->text)
                   : PROA_ERR_TYPE;
    }
    result->parts = inside.items;
    result->n_parts = inside.n;
    return err;
}
