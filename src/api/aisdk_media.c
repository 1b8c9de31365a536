/*
 * Requests for images, for speech and for what was said.
 */
#include "aisdk_read_priv.h"

#include "proa/http/header.h"
#include "proa/tls/digest.h"

enum { FILES_MAX = 16, MEDIA_TYPE_MAX = 128 };

static enum proa_err read_top(struct reading *r, struct proa_slice bytes,
                              const struct proa_slice *keys, size_t n, struct proa_json_item *said)
{
    const struct proa_json_item whole = {.value = bytes, .kind = proa_json_kind_of(bytes)};
    return proa_read_members(r, NULL, &whole, keys, n, said);
}

/* A member that is one value; what follows a refusal is not looked at. */
static void take(struct reading *r, enum proa_err *err, struct proa_slice key, enum read_kind kind,
                 const struct proa_json_item *item, void *to)
{
    if (*err == PROA_OK) {
        *err = proa_read_value(r, &(const struct place){.name = key}, kind, item, to);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

/* It goes into a header line: anything else is as good as nothing. */
static struct proa_slice media_type_of(struct reading *r, struct proa_slice text)
{
    const struct proa_slice plain = proa_chat_text_plain(text, r->arena);
    struct proa_slice subtype;
    const struct proa_slice type = proa_slice_split(plain, '/', &subtype);
    return plain.len <= MEDIA_TYPE_MAX && proa_http_is_token(type) && proa_http_is_token(subtype)
               ? plain
               : PROA_SLICE_NONE;
}

static enum proa_err read_base64(struct reading *r, const struct place *at, struct proa_slice text,
                                 struct proa_slice *out)
{
    const struct proa_slice plain = proa_chat_text_plain(text, r->arena);
    unsigned char *bytes = proa_arena_alloc(r->arena, PROA_BASE64_DECODED_MAX(plain.len));
    size_t n = 0;
    if (plain.len == 0 || proa_base64_decode(PROA_BASE64, plain, bytes, &n) != PROA_OK) {
        return proa_read_refuse(r, at, "must be base64: letters, digits, + and /, padded with =.");
    }
    *out = proa_slice_make(bytes, n);
    return PROA_OK;
}

/* data:image/png;base64,... False: it is another address. */
static bool split_data_url(struct proa_slice text, struct proa_slice *type, struct proa_slice *data)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("data:");
    static const struct proa_slice mark = PROA_SLICE_INIT(";base64,");
    const size_t at = proa_slice_search(text, mark);
    if (!proa_slice_starts(text, begin) || at == text.len) {
        return false;
    }
    *type = proa_slice_make(text.ptr + begin.len, at - begin.len);
    *data = proa_slice_from(text, at + mark.len);
    return true;
}

/* {"type":"file","mediaType","data"} or {"type":"url","url"} */
static enum proa_err read_file(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_file *out)
{
    enum { MEDIA_TYPE, DATA, URL };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("mediaType"), PROA_SLICE_INIT("data"),
                                             PROA_SLICE_INIT("url")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_slice data = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, keys, PROA_ARRAY_LEN(keys), said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "mediaType"), &said[MEDIA_TYPE], &type)
                         : err;
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "data"), &said[DATA], &data) : err;
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "url"), &said[URL], &out->url) : err;
    if (err != PROA_OK) {
        return err;
    }
    if (split_data_url(out->url, &type, &data)) {
        out->url = PROA_SLICE_NONE;
    }
    out->media_type = media_type_of(r, type);
    if (out->url.len > 0) {
        return PROA_OK;
    }
    return read_base64(r, PLACE_KEY(at, "data"), data, &out->bytes);
}

static enum proa_err read_files(struct reading *r, const struct proa_json_item *item,
                                struct proa_chat_image *out)
{
    const struct place at = {.name = PROA_SLICE_INIT("files")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    struct proa_chat_file *files = proa_arena_zero(r->arena, FILES_MAX, sizeof files[0]);
    enum proa_err err = proa_read_enter(r, &at, item, PROA_JSON_ARRAY, &c);
    out->files = files;
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        if (out->n_files == FILES_MAX) {
            return proa_read_refuse(r, &at, "holds more than 16 files.");
        }
        err = read_file(r, PLACE_AT(&at, out->n_files), &m, &files[out->n_files]);
        out->n_files++;
    }
    return err;
}

static enum proa_err read_mask(struct reading *r, const struct proa_json_item *item,
                               struct proa_chat_image *out)
{
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    struct proa_chat_file *mask = PROA_ARENA_NEW(r->arena, struct proa_chat_file);
    out->mask = mask;
    return read_file(r, PLACE_KEY(NULL, "mask"), item, mask);
}

/* ---- images ---------------------------------------------------------------------------------- */

enum proa_err proa_aisdk_image(struct reading *r, struct proa_slice bytes,
                               struct proa_chat_image *out)
{
    enum { PROMPT, N, SIZE, RATIO, SEED, OPTIONS, FILES, MASK };
    static const struct proa_slice keys[] = {
        PROA_SLICE_INIT("prompt"),      PROA_SLICE_INIT("n"),    PROA_SLICE_INIT("size"),
        PROA_SLICE_INIT("aspectRatio"), PROA_SLICE_INIT("seed"), PROA_SLICE_INIT("providerOptions"),
        PROA_SLICE_INIT("files"),       PROA_SLICE_INIT("mask")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    enum proa_err err = read_top(r, bytes, keys, PROA_ARRAY_LEN(keys), said);
    take(r, &err, keys[PROMPT], READ_TEXT, &said[PROMPT], &out->prompt);
    take(r, &err, keys[N], READ_COUNT, &said[N], &out->n);
    take(r, &err, keys[SIZE], READ_TEXT, &said[SIZE], &out->size);
    take(r, &err, keys[RATIO], READ_TEXT, &said[RATIO], &out->aspect_ratio);
    take(r, &err, keys[SEED], READ_NUMBER, &said[SEED], &out->seed);
    take(r, &err, keys[OPTIONS], READ_OBJECT, &said[OPTIONS], &out->provider_options);
    err = err == PROA_OK ? read_files(r, &said[FILES], out) : err;
    err = err == PROA_OK ? read_mask(r, &said[MASK], out) : err;
    if (err == PROA_OK && out->prompt.len == 0 && out->n_files == 0) {
        return proa_read_refuse(r, PLACE_KEY(NULL, "prompt"), "is missing.");
    }
    return err == PROA_OK && out->mask && out->n_files == 0
               ? proa_read_refuse(r, PLACE_KEY(NULL, "mask"), "needs an image in \"files\".")
               : err;
}

/* ---- speech ---------------------------------------------------------------------------------- */

enum proa_err proa_aisdk_speech(struct reading *r, struct proa_slice bytes,
                                struct proa_chat_speech *out)
{
    enum { TEXT, VOICE, FORMAT, INSTRUCTIONS, SPEED, LANGUAGE, OPTIONS };
    static const struct proa_slice keys[] = {
        PROA_SLICE_INIT("text"),           PROA_SLICE_INIT("voice"),
        PROA_SLICE_INIT("outputFormat"),   PROA_SLICE_INIT("instructions"),
        PROA_SLICE_INIT("speed"),          PROA_SLICE_INIT("language"),
        PROA_SLICE_INIT("providerOptions")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    enum proa_err err = read_top(r, bytes, keys, PROA_ARRAY_LEN(keys), said);
    take(r, &err, keys[TEXT], READ_TEXT, &said[TEXT], &out->input);
    take(r, &err, keys[VOICE], READ_TEXT, &said[VOICE], &out->voice);
    take(r, &err, keys[FORMAT], READ_TEXT, &said[FORMAT], &out->format);
    take(r, &err, keys[INSTRUCTIONS], READ_TEXT, &said[INSTRUCTIONS], &out->instructions);
    take(r, &err, keys[SPEED], READ_NUMBER, &said[SPEED], &out->speed);
    take(r, &err, keys[LANGUAGE], READ_TEXT, &said[LANGUAGE], &out->language);
    take(r, &err, keys[OPTIONS], READ_OBJECT, &said[OPTIONS], &out->provider_options);
    return err == PROA_OK && out->input.len == 0
               ? proa_read_refuse(r, PLACE_KEY(NULL, "text"), "is missing.")
               : err;
}

/* ---- what was said --------------------------------------------------------------------------- */

enum proa_err proa_aisdk_transcription(struct reading *r, struct proa_slice bytes,
                                       struct proa_chat_transcription *out)
{
    enum { AUDIO, MEDIA_TYPE, OPTIONS };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("audio"), PROA_SLICE_INIT("mediaType"),
                                             PROA_SLICE_INIT("providerOptions")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct proa_slice audio = PROA_SLICE_NONE;
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_err err = read_top(r, bytes, keys, PROA_ARRAY_LEN(keys), said);
    take(r, &err, keys[AUDIO], READ_TEXT, &said[AUDIO], &audio);
    take(r, &err, keys[MEDIA_TYPE], READ_TEXT, &said[MEDIA_TYPE], &type);
    take(r, &err, keys[OPTIONS], READ_OBJECT, &said[OPTIONS], &out->provider_options);
    if (err != PROA_OK) {
        return err;
    }
    if (audio.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(NULL, "audio"), "is missing.");
    }
    out->audio.media_type = media_type_of(r, type);
    return read_base64(r, PLACE_KEY(NULL, "audio"), audio, &out->audio.bytes);
}
