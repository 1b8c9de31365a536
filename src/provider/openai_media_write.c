/*
 * A translated request for images, for speech or for what was said. What differs between providers
 * stands in rows.
 */
#include "openai_form_priv.h"
#include "openai_write_priv.h"

#include "proa/provider/vendor.h"

/* ---- rows ------------------------------------------------------------------------------------ */

/* How an image's size is said. */
enum { IMAGE_SIZE = 1 << 0, IMAGE_WIDTH = 1 << 1, IMAGE_RATIO = 1 << 2, IMAGE_SEED = 1 << 3 };

static const struct image_row {
    struct proa_slice vendor; /* empty: any other */
    struct proa_slice model;  /* pattern */
    const char *format;       /* response_format that gives the image itself; NULL: it does */
    unsigned flags;
} IMAGE_ROWS[] = {
    {PROA_SLICE_INIT("openai"), PROA_SLICE_INIT("*gpt-image*"), NULL, IMAGE_SIZE},
    {PROA_SLICE_INIT("openai"), PROA_SLICE_INIT("*"), "b64_json", IMAGE_SIZE},
    /* There the model is a deployment, whose name may say nothing. */
    {PROA_SLICE_INIT("azure"), PROA_SLICE_INIT("*dall*e*"), "b64_json", IMAGE_SIZE},
    {PROA_SLICE_INIT("azure"), PROA_SLICE_INIT("*"), NULL, IMAGE_SIZE},
    {PROA_SLICE_INIT("xai"), PROA_SLICE_INIT("*"), "b64_json", IMAGE_RATIO},
    {PROA_SLICE_INIT("together"), PROA_SLICE_INIT("*"), "base64", IMAGE_WIDTH | IMAGE_SEED},
    {PROA_SLICE_INIT(""), PROA_SLICE_INIT("*gpt-image*"), NULL, IMAGE_SIZE},
    {PROA_SLICE_INIT(""), PROA_SLICE_INIT("*"), "b64_json", IMAGE_SIZE},
};

/* The answer's form that tells most. */
static const struct hearing_row {
    struct proa_slice vendor;
    struct proa_slice model;
    const char *format; /* NULL: there is but one */
} HEARING_ROWS[] = {
    {PROA_SLICE_INIT("openai"), PROA_SLICE_INIT("whisper*"), "verbose_json"},
    {PROA_SLICE_INIT("openai"), PROA_SLICE_INIT("*"), "json"},
    {PROA_SLICE_INIT("azure"), PROA_SLICE_INIT("*whisper*"), "verbose_json"},
    {PROA_SLICE_INIT("azure"), PROA_SLICE_INIT("*"), "json"},
    {PROA_SLICE_INIT("mistral"), PROA_SLICE_INIT("*"), NULL},
    {PROA_SLICE_INIT(""), PROA_SLICE_INIT("*gpt-4o*"), "json"},
    {PROA_SLICE_INIT(""), PROA_SLICE_INIT("*"), "verbose_json"},
};

static bool fits(const struct proa_encode_in *in, struct proa_slice vendor, struct proa_slice model)
{
    return (vendor.len == 0 || (in->vendor && proa_slice_eq(in->vendor->name, vendor))) &&
           proa_slice_glob(model, in->model);
}

static const struct image_row *image_row_of(const struct proa_encode_in *in)
{
    size_t i = 0;
    while (!fits(in, IMAGE_ROWS[i].vendor, IMAGE_ROWS[i].model)) {
        i++; /* the last one always fits */
    }
    return &IMAGE_ROWS[i];
}

static const char *hearing_format_of(const struct proa_encode_in *in)
{
    size_t i = 0;
    while (!fits(in, HEARING_ROWS[i].vendor, HEARING_ROWS[i].model)) {
        i++;
    }
    return HEARING_ROWS[i].format;
}

static bool is_vendor(const struct proa_encode_in *in, const char *name)
{
    return in->vendor && proa_slice_eq(in->vendor->name, proa_slice_cstr(name));
}

/* ---- what is said for this provider alone ---------------------------------------------------- */

/* The SDK's names of fields, where they are others than the API's. */
static const struct {
    struct proa_slice option;
    struct proa_slice field;
} NAMES[] = {
    {PROA_SLICE_INIT("outputFormat"), PROA_SLICE_INIT("output_format")},
    {PROA_SLICE_INIT("outputCompression"), PROA_SLICE_INIT("output_compression")},
    {PROA_SLICE_INIT("inputFidelity"), PROA_SLICE_INIT("input_fidelity")},
    {PROA_SLICE_INIT("timestampGranularities"), PROA_SLICE_INIT("timestamp_granularities")},
    {PROA_SLICE_INIT("chunkingStrategy"), PROA_SLICE_INIT("chunking_strategy")},
};

/* What an option may not change: whom and what is asked, and in which form the answer comes. */
static const struct proa_slice OURS[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("prompt"),
    PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("size"),
    PROA_SLICE_INIT("input"),
    PROA_SLICE_INIT("voice"),
    PROA_SLICE_INIT("file"),
    PROA_SLICE_INIT("image"),
    PROA_SLICE_INIT("mask"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("responseFormat"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("partial_images"),
    PROA_SLICE_INIT("partialImages"),
    PROA_SLICE_INIT("stream_format"),
    PROA_SLICE_INIT("streamFormat"),
    PROA_SLICE_INIT("instructions"),
    PROA_SLICE_INIT("speed"),
    PROA_SLICE_INIT("seed"),
    PROA_SLICE_INIT("aspect_ratio"),
    PROA_SLICE_INIT("width"),
    PROA_SLICE_INIT("height"),
};

enum { FIELD_NAME_MAX = 64 };

struct options {
    struct proa_json_cursor c;
    bool open;
};

static struct options options_of(const struct proa_encode_in *in, struct proa_slice all)
{
    struct options o = {.open = false};
    const struct proa_slice object =
        all.len > 0 ? proa_openai_options_find(in, all) : PROA_SLICE_NONE;
    o.open = object.len > 0 && proa_json_cursor_init(&o.c, object) == PROA_OK;
    return o;
}

static bool is_field_name(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return s.len > 0 && s.len <= FIELD_NAME_MAX;
}

/* The next one that is said, under the API's name. */
static bool next_option(struct options *o, struct proa_slice *name, struct proa_json_item *item)
{
    while (o->open && proa_json_cursor_next(&o->c, item)) {
        bool ours = item->kind == PROA_JSON_NULL;
        *name = proa_slice_make(item->key.ptr + 1, item->key.len - 2);
        for (size_t i = 0; i < PROA_ARRAY_LEN(OURS); i++) {
            ours = ours || proa_slice_eq(*name, OURS[i]);
        }
        for (size_t i = 0; i < PROA_ARRAY_LEN(NAMES); i++) {
            *name = proa_slice_eq(*name, NAMES[i].option) ? NAMES[i].field : *name;
        }
        if (!ours && is_field_name(*name)) {
            return true;
        }
    }
    return false;
}

static void put_options(struct openai_writing *s, struct proa_slice all)
{
    struct options o = options_of(s->in, all);
    struct proa_slice name;
    struct proa_json_item item;
    while (next_option(&o, &name, &item)) {
        proa_json_writer_key(&s->w, name);
        proa_json_writer_raw(&s->w, item.value);
    }
}

/* `name[]` in the arena. */
static struct proa_slice listed(struct proa_arena *arena, struct proa_slice name)
{
    return proa_arena_printf(arena, "%" PROA_SLICE_FMT "[]", PROA_SLICE_ARG(name));
}

static void add_value(struct openai_form *f, struct proa_arena *arena, struct proa_slice name,
                      const struct proa_json_item *item)
{
    if (item->kind == PROA_JSON_STRING) {
        proa_openai_form_add(f, name, proa_chat_text_plain(proa_chat_text(item->value), arena));
    } else {
        proa_openai_form_add(f, name, item->value); /* a number, true or false, or JSON */
    }
}

static void add_options(struct openai_form *f, const struct proa_encode_in *in,
                        struct proa_slice all, struct proa_arena *arena)
{
    struct options o = options_of(in, all);
    struct proa_slice name;
    struct proa_json_item item;
    while (next_option(&o, &name, &item)) {
        struct proa_json_cursor c;
        struct proa_json_item element;
        if (item.kind != PROA_JSON_ARRAY) {
            add_value(f, arena, name, &item);
        } else if (proa_json_cursor_init(&c, item.value) == PROA_OK) {
            const struct proa_slice field = listed(arena, name);
            while (!f->full && proa_json_cursor_next(&c, &element)) {
                add_value(f, arena, field, &element);
            }
        }
    }
}

/* ---- images ---------------------------------------------------------------------------------- */

static void warn(const struct proa_encode_in *in, const char *feature)
{
    proa_chat_warn(in->warnings, feature, "is not taken by this provider");
}

/* "1024x768" */
static bool read_size(struct proa_slice text, uint64_t *width, uint64_t *height)
{
    struct proa_slice rest;
    const struct proa_slice first = proa_slice_split(text, 'x', &rest);
    return proa_slice_to_u64(first, width) == PROA_OK && proa_slice_to_u64(rest, height) == PROA_OK;
}

static void put_size(struct openai_writing *s, const struct image_row *row)
{
    const struct proa_chat_image *image = s->in->image;
    uint64_t width = 0;
    uint64_t height = 0;
    if (image->size.len > 0 && (row->flags & IMAGE_SIZE) != 0) {
        openai_put_text(s, "size", image->size);
    } else if (image->size.len > 0 && (row->flags & IMAGE_WIDTH) != 0 &&
               read_size(image->size, &width, &height)) {
        proa_json_writer_member_u64(&s->w, "width", width);
        proa_json_writer_member_u64(&s->w, "height", height);
    } else if (image->size.len > 0) {
        warn(s->in, "size");
    }
    if (image->aspect_ratio.len > 0 && (row->flags & IMAGE_RATIO) != 0) {
        openai_put_text(s, "aspect_ratio", image->aspect_ratio);
    } else if (image->aspect_ratio.len > 0) {
        warn(s->in, "aspect_ratio");
    }
    if (image->seed.len > 0 && (row->flags & IMAGE_SEED) != 0) {
        openai_put_raw(s, "seed", image->seed);
    } else if (image->seed.len > 0) {
        warn(s->in, "seed");
    }
}

static enum proa_err write_image(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    const struct image_row *row = image_row_of(in);
    struct openai_writing s = {.in = in, .arena = arena, .out = out};
    proa_json_writer_init(&s.w, &out->body);
    proa_json_writer_begin_object(&s.w);
    openai_key(&s, "model");
    proa_json_writer_string(&s.w, in->model);
    openai_put_text(&s, "prompt", in->image->prompt);
    if (in->image->n > 0) {
        proa_json_writer_member_u64(&s.w, "n", in->image->n);
    }
    put_size(&s, row);
    if (row->format) {
        openai_put_word(&s, "response_format", row->format);
    }
    put_options(&s, in->image->provider_options);
    proa_json_writer_end_object(&s.w);
    return proa_json_writer_ok(&s.w) ? PROA_OK : PROA_ERR_LIMIT;
}

static enum proa_err cannot(struct proa_encoded *out, const char *feature, const char *reason)
{
    out->feature = feature;
    out->reason = reason;
    return PROA_ERR_UNSUPPORTED;
}

static void add_text(struct openai_form *f, struct proa_arena *arena, const char *name,
                     struct proa_slice text)
{
    if (text.len > 0) {
        proa_openai_form_add(f, proa_slice_cstr(name), proa_chat_text_plain(text, arena));
    }
}

static enum proa_err write_edit(const struct proa_encode_in *in, struct proa_arena *arena,
                                struct proa_encoded *out, struct proa_slice *type)
{
    const struct proa_chat_image *image = in->image;
    const struct image_row *row = image_row_of(in);
    struct openai_form *f = PROA_ARENA_NEW(arena, struct openai_form);
    const struct proa_slice name = image->n_files > 1 ? PROA_SLICE("image[]") : PROA_SLICE("image");
    proa_openai_form_add(f, PROA_SLICE("model"), in->model);
    add_text(f, arena, "prompt", image->prompt);
    for (size_t i = 0; i < image->n_files; i++) {
        if (image->files[i].url.len > 0) {
            return cannot(out, "image by URL", "this provider takes only the image itself");
        }
        proa_openai_form_add_file(f, name, &image->files[i]);
    }
    if (image->mask && image->mask->url.len > 0) {
        return cannot(out, "mask by URL", "this provider takes only the image itself");
    }
    if (image->mask) {
        proa_openai_form_add_file(f, PROA_SLICE("mask"), image->mask);
    }
    if (image->n > 0) {
        proa_openai_form_add(f, PROA_SLICE("n"),
                             proa_arena_printf(arena, "%llu", (unsigned long long)image->n));
    }
    add_text(f, arena, "size", image->size);
    if (image->aspect_ratio.len > 0) {
        warn(in, "aspect_ratio");
    }
    if (image->seed.len > 0) {
        warn(in, "seed");
    }
    if (row->format) {
        proa_openai_form_add(f, PROA_SLICE("response_format"), proa_slice_cstr(row->format));
    }
    add_options(f, in, image->provider_options, arena);
    return f->full ? cannot(out, "files", "are more than this provider takes")
                   : proa_openai_form_write(f, out, type);
}

/* ---- speech ---------------------------------------------------------------------------------- */

static enum proa_err write_speech(const struct proa_encode_in *in, struct proa_arena *arena,
                                  struct proa_encoded *out)
{
    const struct proa_chat_speech *speech = in->speech;
    struct openai_writing s = {.in = in, .arena = arena, .out = out};
    const bool has_voices_of_its_own = is_vendor(in, "groq") || is_vendor(in, "together");
    proa_json_writer_init(&s.w, &out->body);
    proa_json_writer_begin_object(&s.w);
    openai_key(&s, "model");
    proa_json_writer_string(&s.w, in->model);
    openai_put_text(&s, "input", speech->input);
    if (speech->voice.len > 0) {
        openai_put_text(&s, "voice", speech->voice);
    } else if (!has_voices_of_its_own) { /* which one is needed, and the SDK's own takes this */
        openai_put_word(&s, "voice", "alloy");
    }
    if (speech->format.len > 0) {
        openai_put_text(&s, "response_format", speech->format);
    }
    if (speech->instructions.len > 0) {
        openai_put_text(&s, "instructions", speech->instructions);
    }
    if (speech->speed.len > 0) {
        openai_put_raw(&s, "speed", speech->speed);
    }
    if (speech->language.len > 0 && is_vendor(in, "together")) {
        openai_put_text(&s, "language", speech->language);
    } else if (speech->language.len > 0) {
        warn(in, "language");
    }
    put_options(&s, speech->provider_options);
    proa_json_writer_end_object(&s.w);
    return proa_json_writer_ok(&s.w) ? PROA_OK : PROA_ERR_LIMIT;
}

/* ---- what was said --------------------------------------------------------------------------- */

static enum proa_err write_transcription(const struct proa_encode_in *in, struct proa_arena *arena,
                                         struct proa_encoded *out, struct proa_slice *type)
{
    struct openai_form *f = PROA_ARENA_NEW(arena, struct openai_form);
    const char *format = hearing_format_of(in);
    proa_openai_form_add(f, PROA_SLICE("model"), in->model);
    if (format) {
        proa_openai_form_add(f, PROA_SLICE("response_format"), proa_slice_cstr(format));
    }
    add_options(f, in, in->transcription->provider_options, arena);
    proa_openai_form_add_file(f, PROA_SLICE("file"), &in->transcription->audio);
    return proa_openai_form_write(f, out, type);
}

/* ---- all ------------------------------------------------------------------------------------- */

enum proa_err proa_openai_write_media(const struct proa_encode_in *in, struct proa_arena *arena,
                                      struct proa_encoded *out, struct proa_slice *type)
{
    if (in->transcription) {
        return write_transcription(in, arena, out, type);
    }
    if (in->speech) {
        return write_speech(in, arena, out);
    }
    return in->image->n_files > 0 ? write_edit(in, arena, out, type) : write_image(in, arena, out);
}
