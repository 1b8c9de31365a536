/*
 * The parts of a message's content, and what an assistant had thought.
 */
#include "openai_read_priv.h"

#include <string.h>

struct proa_chat_part *proa_read_new_part(struct reading *r, const struct place *at,
                                          struct parts *parts, enum proa_chat_part_kind kind)
{
    if (r->n_parts == READING_PARTS_MAX) {
        enum proa_err err = proa_read_refuse(r, at, "is one part too many.");
        (void)err;
        return NULL;
    }
    r->n_parts++;
    parts->items = proa_read_more(r, parts->items, parts->n, sizeof parts->items[0]);
    struct proa_chat_part *part = &parts->items[parts->n++];
    *part = (struct proa_chat_part){.kind = kind};
    return part;
}

/* ---- where the bytes are --------------------------------------------------------------------- */

/* Beginnings of what is fetched by whoever needs it. */
static const struct proa_slice SCHEMES[] = {PROA_SLICE_INIT("https://"), PROA_SLICE_INIT("http://"),
                                            PROA_SLICE_INIT("gs://"), PROA_SLICE_INIT("s3://")};

/* "data:image/png;base64,AAAA"; parameters of the type are left out. */
static bool take_data_url(struct proa_slice url, struct proa_chat_part *part)
{
    static const struct proa_slice scheme = PROA_SLICE_INIT("data:");
    static const struct proa_slice mark = PROA_SLICE_INIT(";base64");
    struct proa_slice data = PROA_SLICE_NONE;
    const struct proa_slice head = proa_slice_split(proa_slice_from(url, scheme.len), ',', &data);
    if (head.len < mark.len || data.len == 0 ||
        !proa_slice_eq(proa_slice_from(head, head.len - mark.len), mark)) {
        return false;
    }
    struct proa_slice rest;
    const struct proa_slice type = proa_slice_split(head, ';', &rest);
    part->media_type = type.len > 0 ? type : part->media_type;
    part->source = PROA_CHAT_SOURCE_BASE64;
    part->data = data;
    return true;
}

/* Whoever escapes slashes, as some encoders do, means the same. */
enum proa_err proa_read_source(struct reading *r, const struct place *at, struct proa_slice text,
                               bool may_be_base64, struct proa_chat_part *part)
{
    if (text.len > 0 && memchr(text.ptr, '\\', text.len)) {
        text = proa_chat_text_of(proa_chat_text_plain(text, r->arena), r->arena);
    }
    if (proa_slice_eq_nocase(proa_slice_head(text, 5), PROA_SLICE("data:"))) {
        return take_data_url(text, part)
                   ? PROA_OK
                   : proa_read_refuse(r, at,
                                      "is a data URL without base64 data: it must be "
                                      "\"data:TYPE;base64,DATA\".");
    }
    part->data = text;
    part->source = PROA_CHAT_SOURCE_URL;
    for (size_t i = 0; i < PROA_ARRAY_LEN(SCHEMES); i++) {
        if (proa_slice_starts(text, SCHEMES[i])) {
            return PROA_OK;
        }
    }
    part->source = PROA_CHAT_SOURCE_BASE64;
    if (!may_be_base64 || text.len == 0) {
        return proa_read_refuse(r, at, "must be an http(s) URL or a data URL with base64.");
    }
    return PROA_OK;
}

/* ---- what stands in a part ------------------------------------------------------------------- */

/* {"url", "detail"}, or the URL alone. */
static enum proa_err read_image(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_chat_part *part)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("url"), PROA_SLICE_INIT("detail")};
    struct proa_slice url = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind == PROA_JSON_STRING) {
        return proa_read_source(r, at, proa_chat_text(item->value), false, part);
    }
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        if (key == 0) {
            err = proa_read_text(r, PLACE_KEY(at, "url"), &m, &url);
        } else if (key == 1) {
            err = proa_read_text(r, PLACE_KEY(at, "detail"), &m, &part->detail);
        }
    }
    return err == PROA_OK ? proa_read_source(r, PLACE_KEY(at, "url"), url, false, part) : err;
}

enum proa_err proa_read_audio(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_chat_part *part)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("data"), PROA_SLICE_INIT("format")};
    struct proa_slice format = PROA_SLICE_NONE;
    struct proa_slice data = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        if (key == 0) {
            err = proa_read_text(r, PLACE_KEY(at, "data"), &m, &data);
        } else if (key == 1) {
            err = proa_read_text(r, PLACE_KEY(at, "format"), &m, &format);
        }
    }
    if (err == PROA_OK && format.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(at, "format"),
                                "is missing: say \"wav\", \"mp3\" or what it is.");
    }
    if (err == PROA_OK) {
        part->media_type =
            proa_arena_printf(r->arena, "audio/%" PROA_SLICE_FMT, PROA_SLICE_ARG(format));
        err = proa_read_source(r, PLACE_KEY(at, "data"), data, true, part);
    }
    return err;
}

enum file_key {
    FILE_DATA = 0,
    FILE_ID,
    FILE_NAME,
    FILE_BYTES, /* `data`, `media_type`: the gateway's own form */
    FILE_TYPE,
    FILE_URL
};

static const struct proa_slice FILE_KEYS[] = {
    [FILE_DATA] = PROA_SLICE_INIT("file_data"),  [FILE_ID] = PROA_SLICE_INIT("file_id"),
    [FILE_NAME] = PROA_SLICE_INIT("filename"),   [FILE_BYTES] = PROA_SLICE_INIT("data"),
    [FILE_TYPE] = PROA_SLICE_INIT("media_type"), [FILE_URL] = PROA_SLICE_INIT("file_url"),
};

/* What the client does not say of a file is told by its name. */
static struct proa_slice type_of_name(struct proa_slice name)
{
    static const struct {
        struct proa_slice end;
        struct proa_slice type;
    } types[] = {
        {PROA_SLICE_INIT(".pdf"), PROA_SLICE_INIT("application/pdf")},
        {PROA_SLICE_INIT(".txt"), PROA_SLICE_INIT("text/plain")},
        {PROA_SLICE_INIT(".md"), PROA_SLICE_INIT("text/markdown")},
        {PROA_SLICE_INIT(".csv"), PROA_SLICE_INIT("text/csv")},
        {PROA_SLICE_INIT(".html"), PROA_SLICE_INIT("text/html")},
        {PROA_SLICE_INIT(".json"), PROA_SLICE_INIT("application/json")},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(types); i++) {
        const struct proa_slice end = types[i].end;
        if (name.len > end.len &&
            proa_slice_eq_nocase(proa_slice_from(name, name.len - end.len), end)) {
            return types[i].type;
        }
    }
    return PROA_SLICE_NONE;
}

enum proa_err proa_read_file(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, struct proa_chat_part *part)
{
    struct proa_slice said[PROA_ARRAY_LEN(FILE_KEYS)] = {{NULL, 0}};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, FILE_KEYS, PROA_ARRAY_LEN(FILE_KEYS));
        if (key < PROA_ARRAY_LEN(FILE_KEYS)) {
            const struct place here = {.up = at, .name = FILE_KEYS[key]};
            err = proa_read_text(r, &here, &m, &said[key]);
        }
    }
    if (err != PROA_OK) {
        return err;
    }
    part->filename = said[FILE_NAME];
    part->media_type = said[FILE_TYPE];
    for (enum file_key key = FILE_DATA; key <= FILE_URL; key++) {
        const bool bytes = key == FILE_DATA || key == FILE_BYTES || key == FILE_URL;
        if (bytes && said[key].len > 0) {
            r->own_words = r->own_words || key != FILE_DATA;
            const struct place here = {.up = at, .name = FILE_KEYS[key]};
            err = proa_read_source(r, &here, said[key], key != FILE_URL, part);
            if (part->media_type.len == 0) {
                part->media_type = type_of_name(part->filename);
            }
            return err;
        }
    }
    if (said[FILE_ID].len == 0) {
        return proa_read_refuse(r, at, "has no \"file_data\" and no \"file_id\".");
    }
    part->source = PROA_CHAT_SOURCE_ID;
    part->data = said[FILE_ID];
    return PROA_OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

enum part_key {
    PART_TYPE = 0,
    PART_CACHE,
    PART_TEXT,
    PART_REFUSAL,
    PART_IMAGE,
    PART_AUDIO,
    PART_FILE
};

static const struct proa_slice PART_KEYS[] = {
    [PART_TYPE] = PROA_SLICE_INIT("type"),       [PART_CACHE] = PROA_SLICE_INIT("cache_control"),
    [PART_TEXT] = PROA_SLICE_INIT("text"),       [PART_REFUSAL] = PROA_SLICE_INIT("refusal"),
    [PART_IMAGE] = PROA_SLICE_INIT("image_url"), [PART_AUDIO] = PROA_SLICE_INIT("input_audio"),
    [PART_FILE] = PROA_SLICE_INIT("file"),
};

static const enum proa_chat_part_kind KIND_OF[] = {
    [PART_TYPE] = PROA_CHAT_PART_TEXT,   [PART_CACHE] = PROA_CHAT_PART_TEXT,
    [PART_TEXT] = PROA_CHAT_PART_TEXT,   [PART_REFUSAL] = PROA_CHAT_PART_REFUSAL,
    [PART_IMAGE] = PROA_CHAT_PART_IMAGE, [PART_AUDIO] = PROA_CHAT_PART_AUDIO,
    [PART_FILE] = PROA_CHAT_PART_FILE,
};

#define PART_WORDS "\"text\", \"image_url\", \"input_audio\", \"file\", \"refusal\""

static enum proa_err read_inside(struct reading *r, const struct place *at, enum part_key key,
                                 const struct proa_json_item *item, struct proa_chat_part *part)
{
    if (proa_read_is_null(item)) {
        return proa_read_refuse(r, at, "is missing, and its part's type asks for it.");
    }
    switch (key) {
    case PART_IMAGE:
        return read_image(r, at, item, part);
    case PART_AUDIO:
        return proa_read_audio(r, at, item, part);
    case PART_FILE:
        return proa_read_file(r, at, item, part);
    case PART_TYPE:
    case PART_CACHE:
    case PART_TEXT:
    case PART_REFUSAL:
        break;
    }
    return proa_read_text(r, at, item, &part->text);
}

static enum proa_err read_part(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct parts *out)
{
    struct proa_json_item said[PROA_ARRAY_LEN(PART_KEYS)];
    enum proa_err err = proa_read_members(r, at, item, PART_KEYS, PROA_ARRAY_LEN(PART_KEYS), said);
    if (err != PROA_OK) {
        return err;
    }
    struct proa_slice type = PROA_SLICE_NONE;
    if (proa_read_is_null(&said[PART_TYPE])) {
        return proa_read_refuse(r, PLACE_KEY(at, "type"),
                                "is missing; it is one of " PART_WORDS ".");
    }
    err = proa_read_text(r, PLACE_KEY(at, "type"), &said[PART_TYPE], &type);
    if (err != PROA_OK) {
        return err;
    }
    const size_t kind = proa_read_word(type, PART_KEYS, PROA_ARRAY_LEN(PART_KEYS));
    if (kind < PART_TEXT || kind >= PROA_ARRAY_LEN(PART_KEYS)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type, PART_WORDS);
    }
    struct proa_chat_part *part = proa_read_new_part(r, at, out, KIND_OF[kind]);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    const struct place here = {.up = at, .name = PART_KEYS[kind]};
    err = read_inside(r, &here, (enum part_key)kind, &said[kind], part);
    r->own_words = r->own_words || !proa_read_is_null(&said[PART_CACHE]);
    return err == PROA_OK ? proa_read_object(r, PLACE_KEY(at, "cache_control"), &said[PART_CACHE],
                                             &part->cache_control)
                          : err;
}

enum proa_err proa_read_content(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct parts *out)
{
    if (item->kind == PROA_JSON_STRING) {
        struct proa_chat_part *part = proa_read_new_part(r, at, out, PROA_CHAT_PART_TEXT);
        if (!part) {
            return PROA_ERR_TYPE;
        }
        part->text = proa_chat_text(item->value);
        return PROA_OK;
    }
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_ARRAY) {
        return proa_read_refuse_kind(r, at, "a string or an array of parts", item->kind);
    }
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_part(r, PLACE_AT(at, i), &m, out);
    }
    return err;
}

/* ---- reasoning ------------------------------------------------------------------------------- */

enum detail_key {
    DETAIL_TYPE = 0,
    DETAIL_TEXT,
    DETAIL_SUMMARY,
    DETAIL_SIGNATURE,
    DETAIL_DATA,
    DETAIL_FORMAT
};

static const struct proa_slice DETAIL_KEYS[] = {
    [DETAIL_TYPE] = PROA_SLICE_INIT("type"),
    [DETAIL_TEXT] = PROA_SLICE_INIT("text"),
    [DETAIL_SUMMARY] = PROA_SLICE_INIT("summary"),
    [DETAIL_SIGNATURE] = PROA_SLICE_INIT("signature"),
    [DETAIL_DATA] = PROA_SLICE_INIT("data"),
    [DETAIL_FORMAT] = PROA_SLICE_INIT("format"),
};

void proa_read_join(struct reading *r, struct parts *out, struct proa_slice more)
{
    struct proa_slice *text = &out->items[out->n - 1].text;
    if (text->len == 0 || more.len == 0) {
        *text = text->len == 0 ? more : *text;
        return;
    }
    if (text->ptr != out->joined || out->room < more.len) {
        out->room = text->len + more.len;
        out->joined = proa_arena_alloc(r->arena, 2 * out->room);
        memcpy(out->joined, text->ptr, text->len);
        out->room += more.len;
    }
    memcpy(out->joined + text->len, more.ptr, more.len);
    out->room -= more.len;
    *text = proa_slice_make(out->joined, text->len + more.len);
}

/* A client that kept a stream's pieces sends them back as they came: a text goes on until its
 * signature. */
static enum proa_err add_thought(struct reading *r, const struct place *at, struct proa_slice text,
                                 struct proa_slice signature, struct parts *out)
{
    struct proa_chat_part *part = out->n > 0 ? &out->items[out->n - 1] : NULL;
    if (!part || part->signature.len > 0 || part->redacted.len > 0) {
        part = proa_read_new_part(r, at, out, PROA_CHAT_PART_REASONING);
        if (!part) {
            return PROA_ERR_TYPE;
        }
    }
    proa_read_join(r, out, text);
    part->signature = signature;
    return PROA_OK;
}

static enum proa_err add_redacted(struct reading *r, const struct place *at, struct proa_slice data,
                                  struct parts *out)
{
    struct proa_chat_part *part = proa_read_new_part(r, at, out, PROA_CHAT_PART_REASONING);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    part->redacted = data;
    return PROA_OK;
}

static enum proa_err read_detail(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct parts *out)
{
    struct proa_slice said[PROA_ARRAY_LEN(DETAIL_KEYS)] = {{NULL, 0}};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, DETAIL_KEYS, PROA_ARRAY_LEN(DETAIL_KEYS));
        if (key < PROA_ARRAY_LEN(DETAIL_KEYS)) {
            const struct place here = {.up = at, .name = DETAIL_KEYS[key]};
            err = proa_read_text(r, &here, &m, &said[key]);
        }
    }
    if (err != PROA_OK) {
        return err;
    }
    const struct proa_slice text =
        said[DETAIL_TEXT].len > 0 ? said[DETAIL_TEXT] : said[DETAIL_SUMMARY];
    const bool sealed = proa_slice_eq(said[DETAIL_TYPE], PROA_SLICE("reasoning.encrypted"));
    if (sealed ? said[DETAIL_DATA].len == 0 : text.len + said[DETAIL_SIGNATURE].len == 0) {
        return PROA_OK;
    }
    err = sealed ? add_redacted(r, at, said[DETAIL_DATA], out)
                 : add_thought(r, at, text, said[DETAIL_SIGNATURE], out);
    if (err == PROA_OK && !proa_slice_eq(said[DETAIL_FORMAT], PROA_SLICE("unknown"))) {
        out->items[out->n - 1].sealed_as = said[DETAIL_FORMAT];
    }
    return err;
}

enum proa_err proa_read_reasoning(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item, struct parts *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    r->own_words = true;
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_detail(r, PLACE_AT(at, i), &m, out);
    }
    return err;
}
