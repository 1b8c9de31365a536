/*
 * Content blocks of Messages requests.
 */
#include "anthropic_read_priv.h"

enum block_kind {
    BLOCK_TEXT = 0,
    BLOCK_IMAGE,
    BLOCK_DOCUMENT,
    BLOCK_FOUND, /* search_result */
    BLOCK_THINKING,
    BLOCK_REDACTED,
    BLOCK_CALL,
    BLOCK_RESULT,
    BLOCK_KINDS
};

static const struct proa_slice TYPES[BLOCK_KINDS] = {
    [BLOCK_TEXT] = PROA_SLICE_INIT("text"),
    [BLOCK_IMAGE] = PROA_SLICE_INIT("image"),
    [BLOCK_DOCUMENT] = PROA_SLICE_INIT("document"),
    [BLOCK_FOUND] = PROA_SLICE_INIT("search_result"),
    [BLOCK_THINKING] = PROA_SLICE_INIT("thinking"),
    [BLOCK_REDACTED] = PROA_SLICE_INIT("redacted_thinking"),
    [BLOCK_CALL] = PROA_SLICE_INIT("tool_use"),
    [BLOCK_RESULT] = PROA_SLICE_INIT("tool_result"),
};

/* Members of any block. */
enum block_key {
    KEY_TYPE = 0,
    KEY_TEXT,
    KEY_SOURCE,
    KEY_TITLE,
    KEY_CONTENT,
    KEY_THINKING,
    KEY_SIGNATURE,
    KEY_DATA,
    KEY_ID,
    KEY_NAME,
    KEY_INPUT,
    KEY_USE_ID,
    KEY_IS_ERROR,
    KEY_CACHE,
    KEY_CONTEXT,
    KEY_CITATIONS,
    KEYS
};

static const struct proa_slice KEY_TEXTS[KEYS] = {
    [KEY_TYPE] = PROA_SLICE_INIT("type"),
    [KEY_TEXT] = PROA_SLICE_INIT("text"),
    [KEY_SOURCE] = PROA_SLICE_INIT("source"),
    [KEY_TITLE] = PROA_SLICE_INIT("title"),
    [KEY_CONTENT] = PROA_SLICE_INIT("content"),
    [KEY_THINKING] = PROA_SLICE_INIT("thinking"),
    [KEY_SIGNATURE] = PROA_SLICE_INIT("signature"),
    [KEY_DATA] = PROA_SLICE_INIT("data"),
    [KEY_ID] = PROA_SLICE_INIT("id"),
    [KEY_NAME] = PROA_SLICE_INIT("name"),
    [KEY_INPUT] = PROA_SLICE_INIT("input"),
    [KEY_USE_ID] = PROA_SLICE_INIT("tool_use_id"),
    [KEY_IS_ERROR] = PROA_SLICE_INIT("is_error"),
    [KEY_CACHE] = PROA_SLICE_INIT("cache_control"),
    [KEY_CONTEXT] = PROA_SLICE_INIT("context"),
    [KEY_CITATIONS] = PROA_SLICE_INIT("citations"),
};

/* One block under way. */
struct block {
    const struct place *at;
    struct proa_json_item said[KEYS];
};

static enum proa_err read_said(struct reading *r, const struct block *b, enum block_key key,
                               struct proa_slice *out)
{
    const struct place at = {.up = b->at, .name = KEY_TEXTS[key]};
    return proa_read_text(r, &at, &b->said[key], out);
}

/* The same of a member that must be there, and not empty. */
static enum proa_err read_needed(struct reading *r, const struct block *b, enum block_key key,
                                 struct proa_slice *out)
{
    const struct place at = {.up = b->at, .name = KEY_TEXTS[key]};
    const enum proa_err err = proa_read_text(r, &at, &b->said[key], out);
    return err == PROA_OK && out->len == 0 ? proa_read_refuse(r, &at, "is missing.") : err;
}

/* ---- images and documents -------------------------------------------------------------------- */

enum source_key {
    SOURCE_TYPE = 0,
    SOURCE_MEDIA,
    SOURCE_DATA,
    SOURCE_URL,
    SOURCE_FILE,
    SOURCE_KEYS
};

static const struct proa_slice SOURCE_TEXTS[SOURCE_KEYS] = {
    [SOURCE_TYPE] = PROA_SLICE_INIT("type"),    [SOURCE_MEDIA] = PROA_SLICE_INIT("media_type"),
    [SOURCE_DATA] = PROA_SLICE_INIT("data"),    [SOURCE_URL] = PROA_SLICE_INIT("url"),
    [SOURCE_FILE] = PROA_SLICE_INIT("file_id"),
};

static const struct {
    struct proa_slice type;
    enum proa_chat_source source;
    enum source_key data;
} SOURCES[] = {
    {PROA_SLICE_INIT("base64"), PROA_CHAT_SOURCE_BASE64, SOURCE_DATA},
    {PROA_SLICE_INIT("url"), PROA_CHAT_SOURCE_URL, SOURCE_URL},
    {PROA_SLICE_INIT("file"), PROA_CHAT_SOURCE_ID, SOURCE_FILE},
    {PROA_SLICE_INIT("text"), PROA_CHAT_SOURCE_TEXT, SOURCE_DATA},
};

static enum proa_err read_source(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_chat_part *part)
{
    struct proa_slice said[SOURCE_KEYS] = {{NULL, 0}};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, SOURCE_TEXTS, SOURCE_KEYS);
        if (key < SOURCE_KEYS) {
            const struct place here = {.up = at, .name = SOURCE_TEXTS[key]};
            err = proa_read_text(r, &here, &m, &said[key]);
        }
    }
    if (err != PROA_OK) {
        return err;
    }
    part->media_type = said[SOURCE_MEDIA];
    for (size_t i = 0; i < PROA_ARRAY_LEN(SOURCES); i++) {
        if (proa_chat_text_eq(said[SOURCE_TYPE], SOURCES[i].type)) {
            const struct place here = {.up = at, .name = SOURCE_TEXTS[SOURCES[i].data]};
            part->source = SOURCES[i].source;
            part->data = said[SOURCES[i].data];
            return part->data.len > 0 ? PROA_OK : proa_read_refuse(r, &here, "is missing.");
        }
    }
    return proa_read_refuse_word(r, PLACE_KEY(at, "type"), said[SOURCE_TYPE],
                                 "\"base64\", \"url\", \"file\", \"text\", \"content\"");
}

/* A document that is given as blocks is these blocks. */
static bool take_content_source(const struct proa_json_item *source, struct proa_json_item *out)
{
    struct proa_slice type = PROA_SLICE_NONE;
    *out = *source;
    if (source->kind != PROA_JSON_OBJECT ||
        proa_json_get(source->value, PROA_SLICE("type"), &type) != PROA_JSON_STRING ||
        !proa_json_string_eq(type, PROA_SLICE("content"))) {
        return false;
    }
    out->kind = proa_json_get(source->value, PROA_SLICE("content"), &out->value);
    return true;
}

static enum proa_err read_file(struct reading *r, const struct block *b,
                               enum proa_chat_part_kind kind, struct parts *out)
{
    const struct place at = {.up = b->at, .name = KEY_TEXTS[KEY_SOURCE]};
    struct proa_json_item content;
    if (kind == PROA_CHAT_PART_FILE && take_content_source(&b->said[KEY_SOURCE], &content)) {
        return proa_read_blocks(r, PLACE_KEY(&at, "content"), &content, BLOCKS_OF_DOCUMENT, NULL,
                                out);
    }
    struct proa_chat_part *part = proa_read_new_part(r, b->at, out, kind);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    enum proa_err err = read_source(r, &at, &b->said[KEY_SOURCE], part);
    err = err == PROA_OK ? read_said(r, b, KEY_TITLE, &part->filename) : err;
    err = err == PROA_OK ? read_said(r, b, KEY_CONTEXT, &part->context) : err;
    if (b->said[KEY_CITATIONS].kind == PROA_JSON_OBJECT &&
        proa_json_get(b->said[KEY_CITATIONS].value, PROA_SLICE("enabled"), NULL) ==
            PROA_JSON_TRUE) {
        part->citations = PROA_CHAT_YES;
    }
    return err;
}

/* ---- the other kinds ------------------------------------------------------------------------- */

static enum proa_err read_text(struct reading *r, const struct block *b, struct parts *out)
{
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = read_said(r, b, KEY_TEXT, &text);
    if (err != PROA_OK || text.len == 0) {
        return err; /* an empty one says nothing, and some providers refuse it */
    }
    struct proa_chat_part *part = proa_read_new_part(r, b->at, out, PROA_CHAT_PART_TEXT);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    part->text = text;
    return PROA_OK;
}

static enum proa_err read_thought(struct reading *r, const struct block *b, bool redacted,
                                  struct parts *out)
{
    struct proa_chat_part *part = proa_read_new_part(r, b->at, out, PROA_CHAT_PART_REASONING);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    if (redacted) {
        part->sealed_as = PROA_SLICE(PROA_CHAT_SEALED_CLAUDE);
        return read_needed(r, b, KEY_DATA, &part->redacted);
    }
    enum proa_err err = read_said(r, b, KEY_THINKING, &part->text);
    err = err == PROA_OK ? read_said(r, b, KEY_SIGNATURE, &part->signature) : err;
    if (part->signature.len > 0) {
        part->sealed_as = PROA_SLICE(PROA_CHAT_SEALED_CLAUDE);
    }
    return err;
}

static enum proa_err read_call(struct reading *r, const struct block *b, struct parts *out)
{
    struct proa_chat_part *part = proa_read_new_part(r, b->at, out, PROA_CHAT_PART_TOOL_CALL);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    enum proa_err err = read_needed(r, b, KEY_ID, &part->id);
    err = err == PROA_OK ? read_needed(r, b, KEY_NAME, &part->name) : err;
    const struct place at = {.up = b->at, .name = KEY_TEXTS[KEY_INPUT]};
    return err == PROA_OK ? proa_read_object(r, &at, &b->said[KEY_INPUT], &part->arguments) : err;
}

static enum proa_err read_result(struct reading *r, const struct block *b,
                                 const struct messages *calls, struct parts *out)
{
    struct proa_chat_part *part = proa_read_new_part(r, b->at, out, PROA_CHAT_PART_TOOL_RESULT);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    const struct place at = {.up = b->at, .name = KEY_TEXTS[KEY_CONTENT]};
    const struct place flag_at = {.up = b->at, .name = KEY_TEXTS[KEY_IS_ERROR]};
    enum proa_chat_flag is_error = PROA_CHAT_UNSAID;
    struct parts inside = {.n = 0};
    enum proa_err err = read_needed(r, b, KEY_USE_ID, &part->id);
    err = err == PROA_OK ? proa_read_flag(r, &flag_at, &b->said[KEY_IS_ERROR], &is_error) : err;
    if (err == PROA_OK && !proa_read_is_null(&b->said[KEY_CONTENT])) {
        err = proa_read_blocks(r, &at, &b->said[KEY_CONTENT], BLOCKS_OF_RESULT, NULL, &inside);
    }
    part->name = proa_read_name_of_call(calls, part->id);
    part->is_error = is_error == PROA_CHAT_YES;
    part->parts = inside.items;
    part->n_parts = inside.n;
    return err;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* What holds no other blocks. */
static enum proa_err read_plain(struct reading *r, const struct block *b, enum block_kind kind,
                                const struct messages *calls, struct parts *out)
{
    (void)calls;
    return kind == BLOCK_IMAGE ? read_file(r, b, PROA_CHAT_PART_IMAGE, out) : read_text(r, b, out);
}

/* Besides, what holds such as that. */
static enum proa_err read_rich(struct reading *r, const struct block *b, enum block_kind kind,
                               const struct messages *calls, struct parts *out)
{
    const struct place content = {.up = b->at, .name = KEY_TEXTS[KEY_CONTENT]};
    if (kind == BLOCK_DOCUMENT) {
        return read_file(r, b, PROA_CHAT_PART_FILE, out);
    }
    return kind == BLOCK_FOUND
               ? proa_read_blocks(r, &content, &b->said[KEY_CONTENT], BLOCKS_OF_DOCUMENT, NULL, out)
               : read_plain(r, b, kind, calls, out);
}

/* And what holds such in turn: no block is deeper than that. */
static enum proa_err read_any(struct reading *r, const struct block *b, enum block_kind kind,
                              const struct messages *calls, struct parts *out)
{
    switch (kind) {
    case BLOCK_THINKING:
    case BLOCK_REDACTED:
        return read_thought(r, b, kind == BLOCK_REDACTED, out);
    case BLOCK_CALL:
        return read_call(r, b, out);
    case BLOCK_RESULT:
        return read_result(r, b, calls, out);
    case BLOCK_TEXT:
    case BLOCK_IMAGE:
    case BLOCK_DOCUMENT:
    case BLOCK_FOUND:
    case BLOCK_KINDS:
        break;
    }
    return read_rich(r, b, kind, calls, out);
}

#define BIT(kind) (1U << (kind))
#define RICH      (BIT(BLOCK_TEXT) | BIT(BLOCK_IMAGE) | BIT(BLOCK_DOCUMENT) | BIT(BLOCK_FOUND))

/* What may stand where, how that is said, and who reads it. */
static const struct {
    unsigned kinds;
    const char *words;
    enum proa_err (*read)(struct reading *r, const struct block *b, enum block_kind kind,
                          const struct messages *calls, struct parts *out);
} ALLOWED[] = {
    [BLOCKS_OF_SYSTEM] = {BIT(BLOCK_TEXT), "\"text\"", read_plain},
    [BLOCKS_OF_USER] = {RICH | BIT(BLOCK_RESULT),
                        "\"text\", \"image\", \"document\", \"search_result\", \"tool_result\"",
                        read_any},
    [BLOCKS_OF_ASSISTANT] = {BIT(BLOCK_TEXT) | BIT(BLOCK_THINKING) | BIT(BLOCK_REDACTED) |
                                 BIT(BLOCK_CALL),
                             "\"text\", \"thinking\", \"redacted_thinking\", \"tool_use\"",
                             read_any},
    [BLOCKS_OF_RESULT] = {RICH, "\"text\", \"image\", \"document\", \"search_result\"", read_rich},
    [BLOCKS_OF_DOCUMENT] = {BIT(BLOCK_TEXT) | BIT(BLOCK_IMAGE), "\"text\", \"image\"", read_plain},
};

static enum proa_err read_block(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, enum blocks where,
                                const struct messages *calls, struct parts *out)
{
    struct block b = {.at = at};
    struct proa_slice type = PROA_SLICE_NONE;
    const size_t before = out->n;
    enum proa_err err = proa_read_members(r, at, item, KEY_TEXTS, KEYS, b.said);
    err = err == PROA_OK ? read_needed(r, &b, KEY_TYPE, &type) : err;
    if (err != PROA_OK) {
        return err;
    }
    const size_t kind = proa_read_word(type, TYPES, BLOCK_KINDS);
    if (kind == BLOCK_KINDS && where == BLOCKS_OF_ASSISTANT) {
        return PROA_OK; /* what a provider made itself, and nobody else can read */
    }
    if (kind == BLOCK_KINDS || (ALLOWED[where].kinds & BIT(kind)) == 0) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type, ALLOWED[where].words);
    }
    err = ALLOWED[where].read(r, &b, (enum block_kind)kind, calls, out);
    const struct place cache = {.up = at, .name = KEY_TEXTS[KEY_CACHE]};
    return err == PROA_OK && out->n > before
               ? proa_read_object(r, &cache, &b.said[KEY_CACHE],
                                  &out->items[out->n - 1].cache_control)
               : err;
}

enum proa_err proa_read_blocks(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, enum blocks where,
                               const struct messages *calls, struct parts *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind == PROA_JSON_STRING) {
        struct proa_chat_part *part = proa_read_new_part(r, at, out, PROA_CHAT_PART_TEXT);
        if (!part) {
            return PROA_ERR_TYPE;
        }
        part->text = proa_chat_text(item->value);
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_ARRAY) {
        return proa_read_refuse_kind(r, at, "a string or an array of blocks", item->kind);
    }
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_block(r, PLACE_AT(at, i), &m, where, calls, out);
    }
    return err;
}
