/* The AI SDK's requests for images, speech and transcriptions, and their answers. */
#include "proa/api/face.h"
#include "proa/chat/warning.h"
#include "proa/json/scan.h"

#include "proa_test.h"

struct told {
    struct proa_arena arena;
    struct proa_buf text;
    struct proa_api_asked asked;
    struct proa_api_error error;
};

static enum proa_err read_body(struct told *t, enum proa_endpoint_kind kind, const char *body)
{
    *t = (struct told){.error = {.param = PROA_SLICE_NONE}};
    proa_arena_init(&t->arena, NULL);
    proa_buf_init(&t->text, 4096);
    const struct proa_api_body in = {
        .kind = kind, .bytes = proa_slice_cstr(body), .arena = &t->arena, .text = &t->text};
    return proa_api_face(PROA_SURFACE_AI_SDK)->read(&in, &t->asked, &t->error);
}

static void release(struct told *t)
{
    proa_buf_deinit(&t->text);
    proa_arena_reset(&t->arena);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void images(void **state)
{
    (void)state;
    struct told t;
    assert_ok(
        read_body(&t, PROA_API_IMAGES,
                  "{\"prompt\":\"a \\\"cat\\\"\",\"n\":2,\"size\":\"1024x1024\",\"aspectRatio\":"
                  "\"1:1\",\"seed\":7,\"providerOptions\":{\"openai\":{\"quality\":\"low\"}},"
                  "\"headers\":{}}"));
    const struct proa_chat_image *image = &t.asked.image;
    assert_slice_lit(image->prompt, "a \\\"cat\\\"");
    assert_int_equal(image->n, 2);
    assert_slice_lit(image->size, "1024x1024");
    assert_slice_lit(image->aspect_ratio, "1:1");
    assert_slice_lit(image->seed, "7");
    assert_slice_lit(image->provider_options, "{\"openai\":{\"quality\":\"low\"}}");
    assert_int_equal(image->n_files, 0);
    assert_null(image->mask);
    release(&t);

    assert_ok(read_body(
        &t, PROA_API_IMAGES,
        "{\"prompt\":null,\"n\":1,\"files\":[{\"type\":\"file\",\"mediaType\":\"image/"
        "png\",\"data\":"
        "\"UE5H\"},{\"type\":\"url\",\"url\":\"https://images.example/"
        "1\"},{\"type\":\"url\",\"url\":"
        "\"data:image/webp;base64,UE5H\"},{\"data\":\"\\u0055E5H\",\"mediaType\":\"x\\r\\ny: "
        "z/a\"}],"
        "\"mask\":{\"type\":\"file\",\"mediaType\":\"image/png\",\"data\":\"UE5HMQ==\"}}"));
    image = &t.asked.image;
    assert_int_equal(image->n_files, 4);
    assert_slice_lit(image->files[0].bytes, "PNG");
    assert_slice_lit(image->files[0].media_type, "image/png");
    assert_slice_lit(image->files[1].url, "https://images.example/1");
    assert_slice_lit(image->files[2].bytes, "PNG");
    assert_slice_lit(image->files[2].media_type, "image/webp");
    assert_int_equal(image->files[2].url.len, 0);
    assert_slice_lit(image->files[3].bytes, "PNG");
    assert_int_equal(image->files[3].media_type.len, 0);
    assert_slice_lit(image->mask->bytes, "PNG1");
    release(&t);
}

static void speech(void **state)
{
    (void)state;
    struct told t;
    assert_ok(read_body(&t, PROA_API_SPEECH,
                        "{\"text\":\"hi\",\"voice\":\"alloy\",\"outputFormat\":\"wav\","
                        "\"instructions\":\"slowly\",\"speed\":1.25,\"language\":\"en\"}"));
    const struct proa_chat_speech *s = &t.asked.speech;
    assert_slice_lit(s->input, "hi");
    assert_slice_lit(s->voice, "alloy");
    assert_slice_lit(s->format, "wav");
    assert_slice_lit(s->instructions, "slowly");
    assert_slice_lit(s->speed, "1.25");
    assert_slice_lit(s->language, "en");
    assert_int_equal(s->provider_options.len, 0);
    release(&t);
}

static void transcriptions(void **state)
{
    (void)state;
    struct told t;
    assert_ok(
        read_body(&t, PROA_API_TRANSCRIPTIONS,
                  "{\"audio\":\"UklG\\/w==\",\"mediaType\":\"audio/wav\",\"providerOptions\":{}}"));
    assert_slice_lit(t.asked.transcription.audio.bytes, "RIF\xff");
    assert_slice_lit(t.asked.transcription.audio.media_type, "audio/wav");
    assert_slice_lit(t.asked.transcription.provider_options, "{}");
    release(&t);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        enum proa_endpoint_kind kind;
        const char *body;
        const char *message;
    } rows[] = {
        {PROA_API_IMAGES, "{}", "\"prompt\" is missing."},
        {PROA_API_IMAGES, "{\"prompt\":1}", "\"prompt\" must be a string"},
        {PROA_API_IMAGES, "{\"prompt\":\"a\",\"n\":-1}", "\"n\" must be a whole number"},
        {PROA_API_IMAGES, "{\"prompt\":\"a\",\"files\":{}}", "\"files\" must be an array"},
        {PROA_API_IMAGES, "{\"prompt\":\"a\",\"files\":[1]}", "\"files[0]\" must be an object"},
        {PROA_API_IMAGES, "{\"files\":[{\"data\":\"?\"}]}", "\"files[0].data\" must be base64"},
        {PROA_API_IMAGES, "{\"files\":[{}]}", "\"files[0].data\" must be base64"},
        {PROA_API_IMAGES, "{\"prompt\":\"a\",\"mask\":{\"data\":\"UE5H\"}}",
         "\"mask\" needs an image"},
        {PROA_API_IMAGES,
         "{\"files\":[{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":"
         "\"a\"},"
         "{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":"
         "\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},{\"url\":\"a\"},"
         "{\"url\":\"a\"}]}",
         "more than 16 files"},
        {PROA_API_SPEECH, "{\"text\":\"\"}", "\"text\" is missing."},
        {PROA_API_SPEECH, "{\"text\":\"a\",\"speed\":\"fast\"}", "\"speed\" must be a number"},
        {PROA_API_TRANSCRIPTIONS, "{\"mediaType\":\"audio/wav\"}", "\"audio\" is missing."},
        {PROA_API_TRANSCRIPTIONS, "{\"audio\":\"UklGR\"}", "\"audio\" must be base64"},
        {PROA_API_TRANSCRIPTIONS, "{\"audio\":\"UklG\",\"providerOptions\":[]}",
         "\"providerOptions\" must be an object"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        assert_err(read_body(&t, row->kind, row->body), PROA_ERR_TYPE);
        PROA_TEST_CHECK(proa_slice_search(t.error.message, proa_slice_cstr(row->message)) <
                            t.error.message.len,
                        "%s: %.*s", row->body, (int)t.error.message.len, t.error.message.ptr);
        release(&t);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

struct answer_row {
    enum proa_endpoint_kind kind;
    unsigned version;
    const char *warning; /* a feature that was dropped; NULL = none */
    struct proa_chat_event events[3];
    size_t n;
    bool usage;
    const char *written; /* NULL: it is no answer */
};

#define IMAGE(t)                                                                                   \
    {                                                                                              \
        .kind = PROA_CHAT_MEDIA, .text = PROA_SLICE_INIT(t)                                        \
    }
#define BYTES(t)                                                                                   \
    {                                                                                              \
        .kind = PROA_CHAT_MEDIA, .raw = PROA_SLICE_INIT(t)                                         \
    }
#define SAID(t, json)                                                                              \
    {                                                                                              \
        .kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT(t), .raw = PROA_SLICE_INIT(json)           \
    }
#define START                                                                                      \
    {                                                                                              \
        .kind = PROA_CHAT_START                                                                    \
    }
#define GATEWAY ",\"providerMetadata\":{\"gateway\":{\"cost\":\"0\"}}}"

static const struct answer_row ANSWERS[] = {
    {PROA_API_IMAGES,
     2,
     NULL,
     {START, IMAGE("QQ=="), IMAGE("Qg==")},
     3,
     true,
     "{\"images\":[\"QQ==\",\"Qg==\"],\"warnings\":[],\"usage\":{\"inputTokens\":5,"
     "\"outputTokens\":7,\"totalTokens\":12}" GATEWAY},
    {PROA_API_IMAGES,
     4,
     "aspect_ratio",
     {IMAGE("QQ==")},
     1,
     false,
     "{\"images\":[\"QQ==\"],\"warnings\":[{\"type\":\"unsupported\",\"feature\":\"aspectRatio\","
     "\"details\":\"why\"}]" GATEWAY},
    {PROA_API_IMAGES,
     2,
     "aspect_ratio",
     {IMAGE("QQ==")},
     1,
     false,
     "{\"images\":[\"QQ==\"],\"warnings\":[{\"type\":\"other\",\"message\":\"aspectRatio: "
     "why\"}]" GATEWAY},
    {PROA_API_IMAGES, 4, NULL, {START}, 1, true, NULL},
    {PROA_API_SPEECH,
     3,
     "language",
     {BYTES("RIFF")},
     1,
     false,
     "{\"audio\":\"UklGRg==\",\"warnings\":[{\"type\":\"unsupported\",\"feature\":\"language\","
     "\"details\":\"why\"}]" GATEWAY},
    {PROA_API_SPEECH,
     4,
     NULL,
     {BYTES("RIF"), BYTES("X")},
     2,
     false,
     "{\"audio\":\"UklG\",\"warnings\":[]" GATEWAY},
    {PROA_API_SPEECH, 4, NULL, {START}, 1, false, NULL},
    {PROA_API_TRANSCRIPTIONS,
     4,
     NULL,
     {SAID("hi \\\"you\\\"",
           "{\"text\":\"..\",\"language\":\"english\",\"duration\":1.50,\"segments\":[{\"id\":0,"
           "\"start\":0.0,\"end\":1.5,\"text\":\" hi\"},{\"start\":1},{\"start\":\"1\",\"end\":2,"
           "\"text\":\"x\"},7]}")},
     1,
     true,
     "{\"text\":\"hi \\\"you\\\"\",\"segments\":[{\"text\":\" hi\",\"startSecond\":0.0,"
     "\"endSecond\":1.5}],\"language\":\"en\",\"durationInSeconds\":1.50,\"warnings\":[],"
     "\"usage\":{\"inputTokens\":5,\"outputTokens\":7,\"totalTokens\":12}" GATEWAY},
    {PROA_API_TRANSCRIPTIONS,
     3,
     NULL,
     {SAID("a", "{\"words\":[{\"word\":\"a\",\"start\":0,\"end\":1},{\"word\":\"b\",\"start\":1,"
                "\"end\":2}],\"language\":\"de\",\"duration\":\"1\"}")},
     1,
     false,
     "{\"text\":\"a\",\"segments\":[{\"text\":\"a\",\"startSecond\":0,\"endSecond\":1},{\"text\":"
     "\"b\",\"startSecond\":1,\"endSecond\":2}],\"words\":[{\"text\":\"a\",\"startSecond\":0,"
     "\"endSecond\":1},{\"text\":\"b\",\"startSecond\":1,\"endSecond\":2}],\"language\":\"de\","
     "\"warnings\":[]" GATEWAY},
    {PROA_API_TRANSCRIPTIONS,
     4,
     NULL,
     {SAID("", "{\"text\":\"\",\"language\":\"klingon\",\"segments\":null,\"words\":[]}")},
     1,
     false,
     "{\"text\":\"\",\"segments\":[],\"words\":[],\"warnings\":[]" GATEWAY},
    {PROA_API_TRANSCRIPTIONS,
     4,
     NULL,
     {SAID("a", "")},
     1,
     false,
     "{\"text\":\"a\",\"warnings\":[]" GATEWAY},
};

static void answers(void **state)
{
    (void)state;
    const struct proa_usage used = {.count = {5, 7}, .known = 3};
    const struct proa_usage none = {.known = 0};
    PROA_TEST_ROWS(row, ANSWERS)
    {
        const struct proa_api_face *face = proa_api_face(PROA_SURFACE_AI_SDK);
        const struct proa_api_asked asked = {.raw_chunks = false};
        struct proa_chat_warnings warnings = {.n = 0};
        struct proa_arena arena;
        struct proa_buf out;
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out, 4096);
        if (row->warning) {
            proa_chat_warn(&warnings, row->warning, "why");
        }
        struct proa_api_writer *w;
        {
            const struct proa_api_writer_cfg cfg = {
                .kind = row->kind, .version = row->version, .asked = &asked, .warnings = &warnings};
            w = face->writer_create(&cfg, &out, &arena);
        }
        const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
        for (size_t i = 0; i < row->n; i++) {
            sink.event(sink.ctx, &row->events[i]);
        }
        const bool whole =
            proa_api_writer_end(w, row->usage ? &used : &none, PROA_SLICE("{\"cost\":\"0\"}"));
        assert_int_equal(whole, row->written != NULL);
        if (row->written) {
            const struct proa_json_scan_cfg any = {.n_wants = 0};
            struct proa_json_info info;
            assert_slice_str(proa_buf_slice(&out), row->written);
            assert_ok(proa_json_scan(proa_buf_slice(&out), &any, NULL, &info));
        }
        assert_slice_lit(face->media_type(row->kind, false), "application/json");
        proa_api_writer_destroy(w);
        proa_buf_deinit(&out);
        proa_arena_reset(&arena);
    }
}

/* What does not fit is no answer. */
static void no_room(void **state)
{
    (void)state;
    const struct proa_api_face *face = proa_api_face(PROA_SURFACE_AI_SDK);
    const struct proa_api_asked asked = {.raw_chunks = false};
    const struct proa_usage none = {.known = 0};
    const struct proa_chat_event event = BYTES("0123456789");
    for (size_t max = 0; max < 60; max++) {
        const struct proa_api_writer_cfg cfg = {
            .kind = PROA_API_SPEECH, .version = 4, .asked = &asked};
        struct proa_arena arena;
        struct proa_buf out;
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out, max);
        struct proa_api_writer *w = face->writer_create(&cfg, &out, &arena);
        const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
        sink.event(sink.ctx, &event);
        assert_int_equal(proa_api_writer_end(w, &none, PROA_SLICE_NONE),
                         max >= strlen("{\"audio\":\"MDEyMzQ1Njc4OQ==\",\"warnings\":[]}"));
        proa_api_writer_destroy(w);
        proa_buf_deinit(&out);
        proa_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images),   cmocka_unit_test(speech),  cmocka_unit_test(transcriptions),
        cmocka_unit_test(refusals), cmocka_unit_test(answers), cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
