/*
 * Requests for images and audio, checked as the services check them.
 */
#include "media_priv.h"

#include "proa/http/multipart.h"

enum { FIELDS_MAX = 64, IMAGES_MAX = 10, INPUT_MAX = 4096 };

/* A member of the JSON body, or a field of the form. */
struct field {
    struct proa_slice name;
    struct proa_slice text; /* decoded; of a JSON value that is no string, the JSON */
    struct proa_slice type; /* of a file */
    bool is_file;
};

struct fields {
    struct mock_reading *r;
    struct field items[FIELDS_MAX];
    size_t n;
};

static const struct proa_slice IMAGE_KEYS[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("prompt"),
    PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("size"),
    PROA_SLICE_INIT("quality"),
    PROA_SLICE_INIT("background"),
    PROA_SLICE_INIT("moderation"),
    PROA_SLICE_INIT("output_format"),
    PROA_SLICE_INIT("user"),
    PROA_SLICE_INIT("output_compression"),
    PROA_SLICE_INIT("style"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("partial_images"),
    PROA_SLICE_INIT("response_format"),
};
static const struct proa_slice EDIT_KEYS[] = {
    PROA_SLICE_INIT("image"), PROA_SLICE_INIT("image[]"),        PROA_SLICE_INIT("images"),
    PROA_SLICE_INIT("mask"),  PROA_SLICE_INIT("input_fidelity"),
};
/* Of those who make images otherwise: by width and height, or by a ratio. */
static const struct proa_slice TOGETHER_KEYS[] = {
    PROA_SLICE_INIT("width"), PROA_SLICE_INIT("height"), PROA_SLICE_INIT("seed"),
    PROA_SLICE_INIT("steps")};
static const struct proa_slice XAI_KEYS[] = {
    PROA_SLICE_INIT("model"),           PROA_SLICE_INIT("prompt"),       PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("response_format"), PROA_SLICE_INIT("aspect_ratio"), PROA_SLICE_INIT("user")};
static const struct proa_slice SPEECH_KEYS[] = {
    PROA_SLICE_INIT("model"),           PROA_SLICE_INIT("input"),         PROA_SLICE_INIT("voice"),
    PROA_SLICE_INIT("response_format"), PROA_SLICE_INIT("instructions"),  PROA_SLICE_INIT("speed"),
    PROA_SLICE_INIT("language"),        PROA_SLICE_INIT("stream_format"),
};
static const struct proa_slice HEARING_KEYS[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("file"),
    PROA_SLICE_INIT("language"),
    PROA_SLICE_INIT("prompt"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("timestamp_granularities[]"),
    PROA_SLICE_INIT("timestamp_granularities"),
    PROA_SLICE_INIT("include[]"),
    PROA_SLICE_INIT("chunking_strategy"),
    PROA_SLICE_INIT("stream"),
};

static bool is_among(struct proa_slice name, const struct proa_slice *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_eq(name, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool is_key(const struct mock_request *req, struct proa_slice name)
{
    switch ((unsigned)req->endpoint) {
    case MOCK_IMAGES:
        if (req->profile == MOCK_XAI) {
            return is_among(name, XAI_KEYS, PROA_ARRAY_LEN(XAI_KEYS));
        }
        return is_among(name, IMAGE_KEYS, PROA_ARRAY_LEN(IMAGE_KEYS)) ||
               (req->profile == MOCK_TOGETHER &&
                is_among(name, TOGETHER_KEYS, PROA_ARRAY_LEN(TOGETHER_KEYS)));
    case MOCK_IMAGE_EDITS:
        return is_among(name, IMAGE_KEYS, PROA_ARRAY_LEN(IMAGE_KEYS)) ||
               is_among(name, EDIT_KEYS, PROA_ARRAY_LEN(EDIT_KEYS));
    case MOCK_SPEECH:
        return is_among(name, SPEECH_KEYS, PROA_ARRAY_LEN(SPEECH_KEYS));
    default:
        return is_among(name, HEARING_KEYS, PROA_ARRAY_LEN(HEARING_KEYS));
    }
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool add(struct fields *f, const struct field *field)
{
    if (!is_key(f->r->out, field->name)) {
        return proa_mock_refuse(f->r, 400, "Unknown parameter: '%.*s'.", (int)field->name.len,
                                field->name.ptr);
    }
    if (f->n == FIELDS_MAX) {
        return proa_mock_refuse(f->r, 400, "Too many parameters.");
    }
    f->items[f->n++] = *field;
    return true;
}

static bool read_json(struct fields *f)
{
    struct mock_reading *r = f->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!proa_mock_read_object(r) || !mock_walk(&c, r->body)) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const bool text = item.kind == PROA_JSON_STRING;
        const struct field field = {.name = proa_mock_decoded(r, item.key),
                                    .text = text ? proa_mock_decoded(r, item.value) : item.value};
        if (item.kind != PROA_JSON_NULL && !add(f, &field)) {
            return false;
        }
    }
    return true;
}

static bool read_form(struct fields *f, struct proa_slice boundary)
{
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault = {.reason = NULL};
    proa_multipart_init(&m, f->r->body, boundary);
    for (;;) {
        const enum proa_multipart_result result = proa_multipart_next(&m, &part, &fault);
        if (result == PROA_MULTIPART_BROKEN) {
            return proa_mock_refuse(f->r, 400, "Could not parse multipart form: %s.", fault.reason);
        }
        if (result == PROA_MULTIPART_END) {
            return true;
        }
        const struct field field = {.name = part.name,
                                    .text = part.value,
                                    .type = part.content_type,
                                    .is_file = part.is_file};
        if (!add(f, &field)) {
            return false;
        }
    }
}

static const struct field *find(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (proa_slice_eq(f->items[i].name, proa_slice_cstr(name))) {
            return &f->items[i];
        }
    }
    return NULL;
}

static struct proa_slice text_of(const struct fields *f, const char *name)
{
    const struct field *field = find(f, name);
    return field ? field->text : PROA_SLICE_NONE;
}

static bool need(const struct fields *f, const char *name, struct proa_slice *out)
{
    *out = text_of(f, name);
    return out->len > 0 || proa_mock_refuse(f->r, 400, "Missing required parameter: '%s'.", name);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

static bool word_in(const struct fields *f, const char *name, const char *const *words, size_t n)
{
    const struct proa_slice said = text_of(f, name);
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_eq(said, proa_slice_cstr(words[i]))) {
            return true;
        }
    }
    return said.len == 0 || proa_mock_refuse(f->r, 400, "Invalid value: '%.*s' for '%s'.",
                                             (int)proa_slice_head(said, 64).len, said.ptr, name);
}

/* Whose answer has no addresses, and is not asked for another form. */
static bool is_newer_image_model(const struct mock_request *req)
{
    return proa_slice_glob(PROA_SLICE("*gpt-image*"), req->model);
}

static bool read_images(struct fields *f)
{
    static const char *const formats[] = {"url", "b64_json"};
    static const char *const together[] = {"url", "base64"};
    struct mock_request *out = f->r->out;
    uint64_t n = 1;
    const struct proa_slice said = text_of(f, "n");
    if (!need(f, "prompt", &out->text)) {
        return false;
    }
    if (said.len > 0 && !proa_mock_number_in(said, 1, IMAGES_MAX, &n)) {
        return proa_mock_refuse(f->r, 400, "Invalid 'n': expected an integer from 1 to 10.");
    }
    if (is_newer_image_model(out) && find(f, "response_format")) {
        return proa_mock_refuse(f->r, 400, "Unknown parameter: 'response_format'.");
    }
    out->n = (uint32_t)n;
    out->format = text_of(f, "response_format");
    return word_in(f, "response_format", out->profile == MOCK_TOGETHER ? together : formats, 2);
}

static bool read_edit(struct fields *f)
{
    struct mock_request *out = f->r->out;
    for (size_t i = 0; i < f->n; i++) {
        const struct field *field = &f->items[i];
        if (field->is_file && field->text.len == 0) {
            return proa_mock_refuse(f->r, 400, "The image file is empty.");
        }
        if (field->is_file) {
            proa_mock_saw_media(f->r, field->type);
        }
    }
    return (out->n_media > 0 || find(f, "images") ||
            proa_mock_refuse(f->r, 400, "Missing required parameter: 'image'.")) &&
           read_images(f);
}

static bool read_speech(struct fields *f)
{
    static const char *const formats[] = {"mp3", "opus", "aac", "flac", "wav", "pcm"};
    static const char *const streams[] = {"audio", "sse"};
    struct mock_request *out = f->r->out;
    struct proa_slice voice;
    int64_t speed = 0;
    const struct proa_slice said = text_of(f, "speed");
    if (!need(f, "input", &out->text) || !need(f, "voice", &voice)) {
        return false;
    }
    if (out->text.len > INPUT_MAX) {
        return proa_mock_refuse(f->r, 400, "Invalid 'input': at most 4096 characters.");
    }
    if (said.len > 0 && (!proa_mock_milli(said, &speed) || speed < 250 || speed > 4000)) {
        return proa_mock_refuse(f->r, 400, "Invalid 'speed': expected a number from 0.25 to 4.");
    }
    out->format = text_of(f, "response_format");
    out->stream = proa_slice_eq(text_of(f, "stream_format"), PROA_SLICE("sse"));
    return word_in(f, "response_format", formats, PROA_ARRAY_LEN(formats)) &&
           word_in(f, "stream_format", streams, PROA_ARRAY_LEN(streams));
}

static bool read_hearing(struct fields *f)
{
    static const char *const formats[] = {"json", "text", "srt", "verbose_json", "vtt"};
    struct mock_request *out = f->r->out;
    const struct field *file = find(f, "file");
    const bool newer = proa_slice_glob(PROA_SLICE("*gpt-4o*"), out->model);
    if (!file || !file->is_file || file->text.len == 0) {
        return proa_mock_refuse(f->r, 400, "Missing required parameter: 'file'.");
    }
    proa_mock_saw_media(f->r, file->type);
    out->text = file->text;
    out->format = text_of(f, "response_format");
    out->stream = newer && proa_slice_eq(text_of(f, "stream"), PROA_SLICE("true"));
    return word_in(f, "response_format", formats, newer ? 2 : PROA_ARRAY_LEN(formats));
}

bool proa_mock_media_read(struct mock_reading *r)
{
    struct fields f = {.r = r};
    struct mock_request *out = r->out;
    struct proa_slice boundary;
    const struct proa_slice type =
        r->head ? proa_http_header_value(&r->head->headers, PROA_HTTP_HEADER_CONTENT_TYPE)
                : PROA_SLICE_NONE;
    const bool form = proa_multipart_boundary(type, &boundary) == PROA_OK;
    if (!(form ? read_form(&f, boundary) : read_json(&f))) {
        return false;
    }
    out->model = r->path->id;
    if (out->model.len == 0 && !need(&f, "model", &out->model)) {
        return false;
    }
    switch ((unsigned)out->endpoint) {
    case MOCK_IMAGES:
        out->stream = proa_slice_eq(text_of(&f, "stream"), PROA_SLICE("true"));
        out->prompt_tokens = mock_tokens(text_of(&f, "prompt").len);
        return read_images(&f);
    case MOCK_IMAGE_EDITS:
        out->stream = proa_slice_eq(text_of(&f, "stream"), PROA_SLICE("true"));
        out->prompt_tokens = mock_tokens(text_of(&f, "prompt").len);
        return read_edit(&f);
    case MOCK_SPEECH:
        out->prompt_tokens = mock_tokens(text_of(&f, "input").len);
        return read_speech(&f);
    default:
        return read_hearing(&f);
    }
}
