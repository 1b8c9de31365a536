/*
 * Files in the forms of all versions: a data URL, base64, a URL, and tagged objects; and what kind
 * of file it is where the client says no more than that it is an image.
 */
#include "aisdk_read_priv.h"

#include "proa/tls/digest.h"

#include <string.h>

enum { SNIFFED_TEXT = 32, SNIFFED_BYTES = 24 }; /* of the beginning: base64, and what it holds */

/* ---- what the bytes are ---------------------------------------------------------------------- */

struct magic {
    struct proa_slice bytes;
    uint8_t at;
    const char *type;
};

/* File signatures, each as its format's own specification has it. The first that fits. */
static const struct magic MAGICS[] = {
    {PROA_SLICE_INIT("\x89PNG\r\n\x1a\n"), 0, "image/png"},
    {PROA_SLICE_INIT("\xff\xd8\xff"), 0, "image/jpeg"},
    {PROA_SLICE_INIT("GIF8"), 0, "image/gif"},
    {PROA_SLICE_INIT("WEBP"), 8, "image/webp"},
    {PROA_SLICE_INIT("ftypavif"), 4, "image/avif"},
    {PROA_SLICE_INIT("ftypheic"), 4, "image/heic"},
    {PROA_SLICE_INIT("BM"), 0, "image/bmp"},
    {PROA_SLICE_INIT("II*\0"), 0, "image/tiff"},
    {PROA_SLICE_INIT("MM\0*"), 0, "image/tiff"},
    {PROA_SLICE_INIT("%PDF-"), 0, "application/pdf"},
    {PROA_SLICE_INIT("WAVE"), 8, "audio/wav"},
    {PROA_SLICE_INIT("ID3"), 0, "audio/mpeg"},
    {PROA_SLICE_INIT("\xff\xfb"), 0, "audio/mpeg"},
    {PROA_SLICE_INIT("\xff\xf3"), 0, "audio/mpeg"},
    {PROA_SLICE_INIT("\xff\xf1"), 0, "audio/aac"},
    {PROA_SLICE_INIT("fLaC"), 0, "audio/flac"},
    {PROA_SLICE_INIT("OggS"), 0, "audio/ogg"},
    {PROA_SLICE_INIT("ftypM4A"), 4, "audio/mp4"},
    {PROA_SLICE_INIT("ftyp"), 4, "video/mp4"},
    {PROA_SLICE_INIT("\x1a\x45\xdf\xa3"), 0, "video/webm"},
};

static struct proa_slice sniff(struct proa_slice base64)
{
    unsigned char bytes[PROA_BASE64_DECODED_MAX(SNIFFED_TEXT)];
    size_t n = 0;
    const size_t whole = base64.len < SNIFFED_TEXT ? base64.len : SNIFFED_TEXT;
    if (proa_base64_decode(PROA_BASE64, proa_slice_head(base64, whole), bytes, &n) != PROA_OK) {
        return PROA_SLICE_NONE;
    }
    const struct proa_slice text = proa_slice_make(bytes, n < SNIFFED_BYTES ? n : SNIFFED_BYTES);
    for (size_t i = 0; i < PROA_ARRAY_LEN(MAGICS); i++) {
        if (text.len > MAGICS[i].at &&
            proa_slice_starts(proa_slice_from(text, MAGICS[i].at), MAGICS[i].bytes)) {
            return proa_slice_cstr(MAGICS[i].type);
        }
    }
    return PROA_SLICE_NONE;
}

/* "image", or that with a star behind the slash: the kind is said, and what it is not. */
static bool is_vague(struct proa_slice type)
{
    const size_t slash = proa_slice_find(type, '/');
    return type.len == 0 || slash == type.len ||
           proa_slice_eq(proa_slice_from(type, slash), PROA_SLICE("/*"));
}

/* Is it of the top-level type? Vague types count. */
static bool is_of(struct proa_slice type, const char *top)
{
    const struct proa_slice head = proa_slice_head(type, proa_slice_find(type, '/'));
    return proa_slice_eq_nocase(head, proa_slice_cstr(top));
}

/* Sharpens the type, and says which kind of part it is. */
static void settle_type(struct proa_slice type, struct proa_chat_part *part)
{
    if (is_vague(type) && part->source == PROA_CHAT_SOURCE_BASE64) {
        const struct proa_slice found = sniff(part->data);
        type = found.len > 0 ? found : type;
    }
    part->kind = is_of(type, "image")   ? PROA_CHAT_PART_IMAGE
                 : is_of(type, "audio") ? PROA_CHAT_PART_AUDIO
                                        : PROA_CHAT_PART_FILE;
    part->media_type = is_vague(type) ? PROA_SLICE_NONE : type;
}

/* A text file is its text: providers take it without a word about files. What is no base64 goes on
 * as it is. */
static void open_text(struct reading *r, struct proa_chat_part *part)
{
    if (part->kind != PROA_CHAT_PART_FILE || part->source != PROA_CHAT_SOURCE_BASE64 ||
        !is_of(part->media_type, "text")) {
        return;
    }
    size_t n = 0;
    unsigned char *bytes = proa_arena_alloc(r->arena, PROA_BASE64_DECODED_MAX(part->data.len));
    if (proa_base64_decode(PROA_BASE64, part->data, bytes, &n) == PROA_OK && n > 0) {
        part->data = proa_chat_text_of(proa_slice_make(bytes, n), r->arena);
        part->source = PROA_CHAT_SOURCE_TEXT;
    }
}

/* ---- where they are -------------------------------------------------------------------------- */

enum tagged_key { TAGGED_TYPE = 0, TAGGED_DATA, TAGGED_URL, TAGGED_TEXT, TAGGED_REFERENCE };

static const struct proa_slice TAGGED[] = {
    [TAGGED_TYPE] = PROA_SLICE_INIT("type"),
    [TAGGED_DATA] = PROA_SLICE_INIT("data"),
    [TAGGED_URL] = PROA_SLICE_INIT("url"),
    [TAGGED_TEXT] = PROA_SLICE_INIT("text"),
    [TAGGED_REFERENCE] = PROA_SLICE_INIT("reference"),
};

/* A file that a provider has: its id, or ids by provider, of which the first is taken. */
static enum proa_err take_id(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, struct proa_chat_part *part)
{
    struct proa_json_cursor c;
    struct proa_json_item m = *item;
    if (item->kind == PROA_JSON_OBJECT &&
        (proa_json_cursor_init(&c, item->value) != PROA_OK || !proa_json_cursor_next(&c, &m))) {
        return proa_read_refuse(r, at, "names no file.");
    }
    part->source = PROA_CHAT_SOURCE_ID;
    part->ids = item->kind == PROA_JSON_OBJECT ? item->value : PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, at, &m, &part->data);
    return err == PROA_OK && part->data.len == 0 ? proa_read_refuse(r, at, "names no file.") : err;
}

static enum proa_err take_tagged(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_chat_part *part)
{
    struct proa_json_item said[PROA_ARRAY_LEN(TAGGED)];
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, TAGGED, PROA_ARRAY_LEN(TAGGED), said);
    err =
        err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[TAGGED_TYPE], &type) : err;
    if (err != PROA_OK) {
        return err;
    }
    const size_t tag = proa_read_word(type, TAGGED, PROA_ARRAY_LEN(TAGGED));
    if (tag == TAGGED_TYPE || tag == PROA_ARRAY_LEN(TAGGED)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type,
                                     "\"data\", \"url\", \"text\", \"reference\"");
    }
    const struct place here = {.up = at, .name = TAGGED[tag]};
    if (tag == TAGGED_REFERENCE) {
        return take_id(r, &here, &said[tag], part);
    }
    if (said[tag].kind != PROA_JSON_STRING) {
        return proa_read_refuse_kind(r, &here, "a string", said[tag].kind);
    }
    const struct proa_slice text = proa_chat_text(said[tag].value);
    if (tag == TAGGED_TEXT) {
        part->source = PROA_CHAT_SOURCE_TEXT;
        part->data = text;
        return text.len > 0 ? PROA_OK : proa_read_refuse(r, &here, "is empty.");
    }
    return proa_read_source(r, &here, text, tag == TAGGED_DATA, part);
}

enum proa_err proa_aisdk_file(struct reading *r, const struct place *at,
                              const struct proa_json_item *data, struct proa_slice media_type,
                              struct proa_chat_part *part)
{
    enum proa_err err = PROA_OK;
    if (data->kind == PROA_JSON_OBJECT) {
        err = take_tagged(r, at, data, part);
    } else if (data->kind == PROA_JSON_STRING) {
        err = proa_read_source(r, at, proa_chat_text(data->value), true, part);
    } else {
        err = proa_read_refuse_kind(r, at, "a string or an object", data->kind);
    }
    if (err == PROA_OK) {
        settle_type(
            is_vague(media_type) && part->media_type.len > 0 ? part->media_type : media_type, part);
        open_text(r, part);
    }
    return err;
}

enum proa_err proa_aisdk_file_id(struct reading *r, const struct place *at,
                                 const struct proa_json_item *id, struct proa_slice media_type,
                                 struct proa_chat_part *part)
{
    const enum proa_err err = take_id(r, at, id, part);
    settle_type(media_type, part);
    return err;
}
