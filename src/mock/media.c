#include "media_priv.h"

#include "proa/core/hash.h"
#include "proa/core/prng.h"
#include "proa/json/writer.h"
#include "proa/tls/digest.h"

enum {
    SAMPLE_RATE = 8000,    /* of sound, a byte each */
    SAMPLES_PER_BYTE = 80, /* that a byte of text is spoken for: a hundredth of a second */
    BLOCK = 1024,          /* bytes of sound that are sent at once */
    WAV_HEAD = 44,
    IMAGE_TOKENS = 1056
};

/* One dot, grey. */
static const unsigned char PNG[] = {
    0x89, 'P',  'N',  'G',  0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 'I',  'H',
    'D',  'R',  0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x3a, 0x7e, 0x9b, 'U',  0x00, 0x00, 0x00, 0x0a, 'I',  'D',  'A',  'T',  'x',
    0x9c, 'c',  'h',  0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 'w',  0xcd, 'r',  0xb6, 0x00,
    0x00, 0x00, 0x00, 'I',  'E',  'N',  'D',  0xae, 'B',  0x60, 0x82,
};

static void put_base64(struct mock_making *m, struct proa_json_writer *w, struct proa_slice bytes)
{
    char *text = proa_arena_alloc(m->arena, PROA_BASE64_ENCODED_MAX(bytes.len));
    const size_t n = proa_base64_encode(PROA_BASE64, bytes, text);
    proa_json_writer_string(w, proa_slice_make(text, n));
}

/* ---- events ---------------------------------------------------------------------------------- */

static void begin_event(struct mock_making *m, struct proa_json_writer *w, const char *type)
{
    PROA_BUF_LIT(&m->a->body, "event: ");
    (void)proa_buf_append_cstr(&m->a->body, type);
    PROA_BUF_LIT(&m->a->body, "\ndata: ");
    proa_json_writer_init(w, &m->a->body);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", proa_slice_cstr(type));
}

static void end_event(struct mock_making *m, struct proa_json_writer *w)
{
    proa_json_writer_end_object(w);
    PROA_BUF_LIT(&m->a->body, "\n\n");
    proa_mock_event_end(m->a, m->plan);
}

static void put_usage(struct mock_making *m, struct proa_json_writer *w, uint64_t output)
{
    const uint64_t input = m->req->prompt_tokens;
    m->a->tokens = input + output;
    if (!mock_says_usage(m)) {
        return;
    }
    proa_json_writer_key(w, PROA_SLICE("usage"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", PROA_SLICE("tokens"));
    proa_json_writer_member_u64(w, "input_tokens", input);
    proa_json_writer_member_u64(w, "output_tokens", output);
    proa_json_writer_member_u64(w, "total_tokens", input + output);
    proa_json_writer_end_object(w);
}

/* ---- images ---------------------------------------------------------------------------------- */

static void stream_image(struct mock_making *m)
{
    static const char *const types[] = {"image_generation.partial_image",
                                        "image_generation.completed"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(types); i++) {
        struct proa_json_writer w;
        begin_event(m, &w, types[i]);
        proa_json_writer_key(&w, PROA_SLICE("b64_json"));
        put_base64(m, &w, proa_slice_make(PNG, sizeof PNG));
        if (i > 0) {
            put_usage(m, &w, IMAGE_TOKENS);
        }
        end_event(m, &w);
    }
    proa_mock_events_finish(m->a, m->plan, PROA_SLICE_NONE);
}

/* Older models give an address unless they are asked for the image itself. */
static bool gives_url(const struct mock_request *req)
{
    return !proa_slice_glob(PROA_SLICE("*gpt-image*"), req->model) &&
           !proa_slice_eq(req->format, PROA_SLICE("b64_json")) &&
           !proa_slice_eq(req->format, PROA_SLICE("base64"));
}

static void make_images(struct mock_making *m)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, &m->a->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_u64(&w, "created", m->author->created);
    proa_json_writer_key(&w, PROA_SLICE("data"));
    proa_json_writer_begin_array(&w);
    for (uint32_t i = 0; i < m->req->n; i++) {
        proa_json_writer_begin_object(&w);
        if (gives_url(m->req)) {
            proa_json_writer_member_string(&w, "url", PROA_SLICE("https://images.example/1.png"));
        } else {
            proa_json_writer_key(&w, PROA_SLICE("b64_json"));
            put_base64(m, &w, proa_slice_make(PNG, sizeof PNG));
        }
        proa_json_writer_member_string(&w, "revised_prompt", m->req->text);
        proa_json_writer_end_object(&w);
    }
    proa_json_writer_end_array(&w);
    put_usage(m, &w, (uint64_t)IMAGE_TOKENS * m->req->n);
    proa_json_writer_end_object(&w);
}

/* ---- sound ----------------------------------------------------------------------------------- */

static void put_le(char *at, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++) {
        at[i] = (char)(unsigned char)(value >> (8 * i));
    }
}

static void put_text(char *at, struct proa_slice text)
{
    memcpy(at, text.ptr, text.len);
}

/* RIFF with one channel of bytes. */
static void wav_head(char head[WAV_HEAD], size_t samples)
{
    put_text(head, PROA_SLICE("RIFF"));
    put_le(head + 4, 4, WAV_HEAD - 8 + samples);
    put_text(head + 8, PROA_SLICE("WAVEfmt "));
    put_le(head + 16, 4, 16);
    put_le(head + 20, 2, 1);
    put_le(head + 22, 2, 1);
    put_le(head + 24, 4, SAMPLE_RATE);
    put_le(head + 28, 4, SAMPLE_RATE);
    put_le(head + 32, 2, 1);
    put_le(head + 34, 2, 8);
    put_text(head + 36, PROA_SLICE("data"));
    put_le(head + 40, 4, samples);
}

/* Noise that the text is the seed of: with a head where it is asked for as WAV, else bare, whatever
 * format it is said to be of. */
static struct proa_slice sound_of(struct mock_making *m)
{
    const bool wav = proa_slice_eq(m->req->format, PROA_SLICE("wav"));
    const size_t head = wav ? WAV_HEAD : 0;
    const size_t samples = m->req->text.len * SAMPLES_PER_BYTE;
    char *bytes = proa_arena_alloc(m->arena, head + samples);
    struct proa_prng prng;
    if (wav) {
        wav_head(bytes, samples);
    }
    proa_prng_seed(&prng, proa_hash64(m->req->text, 2));
    for (size_t i = 0; i < samples; i++) {
        bytes[head + i] = (char)(unsigned char)proa_prng_below(&prng, 256);
    }
    return proa_slice_make(bytes, head + samples);
}

static struct proa_slice sound_type(struct proa_slice format)
{
    static const struct {
        struct proa_slice format;
        struct proa_slice type;
    } types[] = {
        {PROA_SLICE_INIT("wav"), PROA_SLICE_INIT("audio/wav")},
        {PROA_SLICE_INIT("opus"), PROA_SLICE_INIT("audio/opus")},
        {PROA_SLICE_INIT("aac"), PROA_SLICE_INIT("audio/aac")},
        {PROA_SLICE_INIT("flac"), PROA_SLICE_INIT("audio/flac")},
        {PROA_SLICE_INIT("pcm"), PROA_SLICE_INIT("audio/pcm")},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(types); i++) {
        if (proa_slice_eq(types[i].format, format)) {
            return types[i].type;
        }
    }
    return PROA_SLICE("audio/mpeg");
}

static void stream_sound(struct mock_making *m, struct proa_slice sound)
{
    struct proa_json_writer w;
    while (sound.len > 0) {
        const struct proa_slice block = proa_slice_head(sound, BLOCK);
        begin_event(m, &w, "speech.audio.delta");
        proa_json_writer_key(&w, PROA_SLICE("audio"));
        put_base64(m, &w, block);
        end_event(m, &w);
        sound = proa_slice_from(sound, block.len);
    }
    begin_event(m, &w, "speech.audio.done");
    put_usage(m, &w, m->req->prompt_tokens);
    end_event(m, &w);
    proa_mock_events_finish(m->a, m->plan, PROA_SLICE_NONE);
}

/* In blocks, in pieces of a body whose length is not told. */
static void make_sound(struct mock_making *m)
{
    struct proa_slice sound = sound_of(m);
    if (m->req->stream) {
        stream_sound(m, sound);
        return;
    }
    m->a->is_stream = true;
    m->a->silence = PROA_SLICE_NONE;
    m->a->content_type = sound_type(m->req->format);
    while (sound.len > 0 && !m->a->has_ended) {
        const struct proa_slice block = proa_slice_head(sound, BLOCK);
        (void)proa_buf_append(&m->a->body, block);
        proa_mock_event_end(m->a, m->plan);
        sound = proa_slice_from(sound, block.len);
    }
}

/* ---- what was heard -------------------------------------------------------------------------- */

static void stream_text(struct mock_making *m, struct proa_slice text)
{
    struct proa_json_writer w;
    struct proa_slice rest = text;
    while (rest.len > 0) {
        begin_event(m, &w, "transcript.text.delta");
        proa_json_writer_member_string(&w, "delta", proa_mock_speech_word(&rest));
        end_event(m, &w);
    }
    begin_event(m, &w, "transcript.text.done");
    proa_json_writer_member_string(&w, "text", text);
    put_usage(m, &w, mock_tokens(text.len));
    end_event(m, &w);
    proa_mock_events_finish(m->a, m->plan, PROA_SLICE_NONE);
}

/* "1.25" */
static void put_seconds(struct proa_json_writer *w, const char *key, uint64_t ms)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_micro(w, (int64_t)ms * 1000);
}

static void put_segment(struct proa_json_writer *w, struct proa_slice text, uint64_t ms)
{
    proa_json_writer_key(w, PROA_SLICE("segments"));
    proa_json_writer_begin_array(w);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "id", 0);
    put_seconds(w, "start", 0);
    put_seconds(w, "end", ms);
    proa_json_writer_member_string(w, "text", text);
    proa_json_writer_end_object(w);
    proa_json_writer_end_array(w);
}

static void make_json(struct mock_making *m, struct proa_slice text, uint64_t ms)
{
    struct proa_json_writer w;
    const bool verbose = proa_slice_eq(m->req->format, PROA_SLICE("verbose_json"));
    proa_json_writer_init(&w, &m->a->body);
    proa_json_writer_begin_object(&w);
    if (verbose) {
        proa_json_writer_member_string(&w, "task", PROA_SLICE("transcribe"));
        proa_json_writer_member_string(&w, "language", PROA_SLICE("english"));
        put_seconds(&w, "duration", ms);
    }
    proa_json_writer_member_string(&w, "text", text);
    if (verbose) {
        put_segment(&w, text, ms);
    }
    put_usage(m, &w, mock_tokens(text.len));
    proa_json_writer_end_object(&w);
}

static void make_subtitles(struct mock_making *m, struct proa_slice text)
{
    const bool vtt = proa_slice_eq(m->req->format, PROA_SLICE("vtt"));
    struct proa_buf *body = &m->a->body;
    (void)proa_buf_append_cstr(body, vtt ? "WEBVTT\n\n00:00.000 --> 00:01.000\n"
                                         : "1\n00:00:00,000 --> 00:00:01,000\n");
    (void)proa_buf_append(body, text);
    PROA_BUF_LIT(body, "\n\n");
}

/* How much it was, and of what type. */
static void make_text(struct mock_making *m)
{
    const struct proa_slice type =
        m->req->n_media > 0 && m->req->media[0].len > 1 ? m->req->media[0] : PROA_SLICE("sound");
    const struct proa_slice heard =
        proa_arena_printf(m->arena, "The mock has heard %zu bytes of %" PROA_SLICE_FMT ".",
                          m->req->text.len, PROA_SLICE_ARG(type));
    const struct proa_slice text = m->author->text.len > 0 ? m->author->text : heard;
    const struct proa_slice format = m->req->format;
    m->a->tokens = mock_tokens(text.len);
    if (m->req->stream) {
        stream_text(m, text);
    } else if (proa_slice_eq(format, PROA_SLICE("text"))) {
        m->a->content_type = PROA_SLICE("text/plain; charset=utf-8");
        (void)proa_buf_append(&m->a->body, text);
        PROA_BUF_LIT(&m->a->body, "\n");
    } else if (proa_slice_eq(format, PROA_SLICE("srt")) ||
               proa_slice_eq(format, PROA_SLICE("vtt"))) {
        m->a->content_type = PROA_SLICE("text/plain; charset=utf-8");
        make_subtitles(m, text);
    } else {
        make_json(m, text, m->req->text.len / (SAMPLE_RATE / 1000));
    }
}

void proa_mock_media_make(struct mock_making *m)
{
    switch ((unsigned)m->req->endpoint) {
    case MOCK_IMAGES:
    case MOCK_IMAGE_EDITS:
        if (m->req->stream) {
            stream_image(m);
        } else {
            make_images(m);
        }
        break;
    case MOCK_SPEECH:
        make_sound(m);
        break;
    default:
        make_text(m);
        break;
    }
}
