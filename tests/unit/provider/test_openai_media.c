/* Translated requests for images and audio, and their answers as events. */
#include "dialects_priv.h"
#include "openai_priv.h"

#include "proa/provider/vendor.h"

#include "told.h"

struct written {
    struct proa_arena arena;
    struct proa_chat_warnings warnings;
    struct proa_encoded out;
    struct proa_buf body; /* all pieces */
    struct proa_slice boundary;
};

static enum proa_err write_for(struct written *w, const char *vendor, const char *model,
                               const struct proa_encode_in *what)
{
    struct proa_encode_in in = *what;
    *w = (struct written){.boundary = PROA_SLICE_NONE};
    proa_arena_init(&w->arena, NULL);
    proa_buf_init(&w->out.body, 1 << 20);
    proa_buf_init(&w->body, 1 << 20);
    in.base_path = PROA_SLICE("/v1");
    in.host_header = PROA_SLICE("api.example.com");
    in.vendor = vendor[0] != '\0' ? proa_vendor_find(proa_slice_cstr(vendor)) : NULL;
    in.model = proa_slice_cstr(model);
    in.warnings = &w->warnings;
    const enum proa_err err = proa_dialect_openai.encode(&in, &w->arena, &w->out);
    for (size_t i = 1; err == PROA_OK && i < w->out.n_iov; i++) {
        assert_true(w->out.iov[i].iov_len > 0);
        assert_ok(proa_buf_append(&w->body,
                                  proa_slice_make(w->out.iov[i].iov_base, w->out.iov[i].iov_len)));
    }
    if (err == PROA_OK) {
        assert_int_equal(w->body.len, w->out.body_bytes);
    }
    return err;
}

static void release(struct written *w)
{
    proa_buf_deinit(&w->out.body);
    proa_buf_deinit(&w->body);
    proa_arena_reset(&w->arena);
}

static void check_warnings(const struct written *w, const char *features)
{
    char text[256] = "";
    for (size_t i = 0; i < w->warnings.n; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
                       w->warnings.items[i].feature);
    }
    assert_string_equal(text, features);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void images(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        const char *rest; /* behind the prompt and n */
        const char *warned;
    } rows[] = {
        {"openai", "gpt-image-1", ",\"size\":\"512x256\"", "aspect_ratio seed "},
        {"openai", "chatgpt-image-latest", ",\"size\":\"512x256\"", "aspect_ratio seed "},
        {"openai", "dall-e-3", ",\"size\":\"512x256\",\"response_format\":\"b64_json\"",
         "aspect_ratio seed "},
        {"azure", "my-pictures", ",\"size\":\"512x256\"", "aspect_ratio seed "},
        {"azure", "dalle3", ",\"size\":\"512x256\",\"response_format\":\"b64_json\"",
         "aspect_ratio seed "},
        {"xai", "grok-2-image", ",\"aspect_ratio\":\"2:1\",\"response_format\":\"b64_json\"",
         "size seed "},
        {"together", "flux",
         ",\"width\":512,\"height\":256,\"seed\":7,\"response_format\":\"base64\"",
         "aspect_ratio "},
        {"", "anything", ",\"size\":\"512x256\",\"response_format\":\"b64_json\"",
         "aspect_ratio seed "},
        {"openrouter", "openai/gpt-image-1", ",\"size\":\"512x256\"", "aspect_ratio seed "},
    };
    const struct proa_chat_image image = {.prompt = PROA_SLICE("a \\\"cat\\\""),
                                          .n = 2,
                                          .size = PROA_SLICE("512x256"),
                                          .aspect_ratio = PROA_SLICE("2:1"),
                                          .seed = PROA_SLICE("7")};
    const struct proa_encode_in in = {.operation = PROA_OP_IMAGE, .image = &image};
    PROA_TEST_ROWS(row, rows)
    {
        char expected[512];
        struct written w;
        (void)snprintf(expected, sizeof expected,
                       "{\"model\":\"%s\",\"prompt\":\"a \\\"cat\\\"\",\"n\":2%s}", row->model,
                       row->rest);
        assert_ok(write_for(&w, row->vendor, row->model, &in));
        assert_slice_str(proa_buf_slice(&w.body), expected);
        check_warnings(&w, row->warned);
        const struct proa_slice head = proa_slice_make(w.out.iov[0].iov_base, w.out.iov[0].iov_len);
        assert_true(proa_slice_starts(head, PROA_SLICE("POST /v1/images/generations ")));
        assert_true(proa_slice_search(head, PROA_SLICE("\r\ncontent-type: application/json\r\n")) <
                    head.len);
        release(&w);
    }
}

/* Options of the provider's own, without what is not theirs to say. */
static void options(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *options;
        const char *rest;
        const char *provider;
    } rows[] = {
        {"openai",
         "{\"openai\":{\"quality\":\"low\",\"outputFormat\":\"webp\",\"user\":null,\"stream\":true,"
         "\"response_format\":\"url\",\"model\":\"x\",\"n\":9,\"Odd\":1,\"a "
         "b\":1,\"style\":{\"a\":[1]}},"
         "\"gateway\":{\"order\":[]}}",
         ",\"quality\":\"low\",\"output_format\":\"webp\",\"style\":{\"a\":[1]}"},
        {"openai", "{\"azure\":{\"quality\":\"low\"}}", ""},
        {"azure", "{\"openai\":{\"quality\":\"low\"}}", ",\"quality\":\"low\""},
        {"", "{\"openai\":{\"quality\":\"low\"}}", ",\"quality\":\"low\""},
        {"together", "{\"openai\":{\"quality\":\"low\"},\"together\":{\"steps\":4}}",
         ",\"steps\":4"},
        {"openai", "{\"openai\":[1]}", ""},
        {"openai", "{}", ""},
        /* By its own name before the vendor's, and that of whose dialect it speaks. */
        {"openai", "{\"openai\":{\"quality\":\"low\"},\"mine\":{\"quality\":\"high\"}}",
         ",\"quality\":\"high\"", "mine"},
        {"together", "{\"mine\":{\"steps\":4}}", ",\"steps\":4", "mine"},
        {"azure", "{\"azure\":{\"quality\":\"low\"}}", ",\"quality\":\"low\""},
        {"", "{\"mine\":{\"quality\":\"low\"}}", ",\"quality\":\"low\"", "mine"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        char expected[512];
        struct written w;
        const struct proa_chat_image image = {.prompt = PROA_SLICE("a"),
                                              .provider_options = proa_slice_cstr(row->options)};
        const struct proa_encode_in in = {.operation = PROA_OP_IMAGE,
                                          .image = &image,
                                          .provider = row->provider ? proa_slice_cstr(row->provider)
                                                                    : PROA_SLICE_NONE};
        (void)snprintf(
            expected, sizeof expected, "{\"model\":\"gpt-image-1\",\"prompt\":\"a\"%s%s}",
            strcmp(row->vendor, "together") == 0 ? ",\"response_format\":\"base64\"" : "",
            row->rest);
        assert_ok(write_for(&w, row->vendor, "gpt-image-1", &in));
        assert_slice_str(proa_buf_slice(&w.body), expected);
        release(&w);
    }
}

static void speech(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        struct proa_chat_speech speech;
        const char *body;
        const char *warned;
    } rows[] = {
        {"openai",
         {.input = PROA_SLICE_INIT("hi"), .language = PROA_SLICE_INIT("en")},
         "{\"model\":\"tts-1\",\"input\":\"hi\",\"voice\":\"alloy\"}",
         "language "},
        {"openai",
         {.input = PROA_SLICE_INIT("hi"),
          .voice = PROA_SLICE_INIT("nova"),
          .format = PROA_SLICE_INIT("wav"),
          .instructions = PROA_SLICE_INIT("slow"),
          .speed = PROA_SLICE_INIT("1.5"),
          .provider_options = PROA_SLICE_INIT("{\"openai\":{\"speed\":4,\"x\":1}}")},
         "{\"model\":\"tts-1\",\"input\":\"hi\",\"voice\":\"nova\",\"response_format\":\"wav\","
         "\"instructions\":\"slow\",\"speed\":1.5,\"x\":1}",
         ""},
        {"groq", {.input = PROA_SLICE_INIT("hi")}, "{\"model\":\"tts-1\",\"input\":\"hi\"}", ""},
        {"together",
         {.input = PROA_SLICE_INIT("hi"), .language = PROA_SLICE_INIT("en")},
         "{\"model\":\"tts-1\",\"input\":\"hi\",\"language\":\"en\"}",
         ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct written w;
        const struct proa_encode_in in = {.operation = PROA_OP_SPEECH, .speech = &row->speech};
        assert_ok(write_for(&w, row->vendor, "tts-1", &in));
        assert_slice_str(proa_buf_slice(&w.body), row->body);
        check_warnings(&w, row->warned);
        release(&w);
    }
}

/* ---- forms ----------------------------------------------------------------------------------- */

/* "name=value name@value(type) " in the order of the form. */
static void tell_form(struct written *w, struct proa_buf *out)
{
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault = {.reason = NULL};
    const struct proa_slice head = proa_slice_make(w->out.iov[0].iov_base, w->out.iov[0].iov_len);
    const struct proa_slice mark = PROA_SLICE("\r\ncontent-type: ");
    const struct proa_slice rest = proa_slice_from(head, proa_slice_search(head, mark) + mark.len);
    const struct proa_slice type =
        proa_slice_head(rest, proa_slice_search(rest, PROA_SLICE("\r\n")));
    assert_ok(proa_multipart_boundary(type, &w->boundary));
    proa_multipart_init(&m, proa_buf_slice(&w->body), w->boundary);
    enum proa_multipart_result result;
    while ((result = proa_multipart_next(&m, &part, &fault)) == PROA_MULTIPART_PART) {
        (void)proa_buf_append(out, part.name);
        (void)proa_buf_append_cstr(out, part.is_file ? "@" : "=");
        (void)proa_buf_append(out, part.value);
        if (part.is_file) {
            (void)proa_buf_append_printf(out, "(%" PROA_SLICE_FMT ")",
                                         PROA_SLICE_ARG(part.content_type));
        }
        PROA_BUF_LIT(out, " ");
    }
    PROA_TEST_CHECK(result == PROA_MULTIPART_END, "%s", fault.reason ? fault.reason : "");
}

static void check_form(const char *vendor, const char *model, const struct proa_encode_in *in,
                       const char *expected, const char *warned)
{
    struct written w;
    struct proa_buf told;
    proa_buf_init(&told, 1 << 20);
    assert_ok(write_for(&w, vendor, model, in));
    tell_form(&w, &told);
    assert_slice_str(proa_buf_slice(&told), expected);
    check_warnings(&w, warned);
    proa_buf_deinit(&told);
    release(&w);
}

static void transcriptions(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        const char *format;
    } rows[] = {
        {"openai", "whisper-1", "response_format=verbose_json "},
        {"openai", "gpt-4o-mini-transcribe", "response_format=json "},
        {"azure", "our-whisper", "response_format=verbose_json "},
        {"azure", "ears", "response_format=json "},
        {"groq", "whisper-large-v3", "response_format=verbose_json "},
        {"mistral", "voxtral-mini", ""},
        {"", "whatever", "response_format=verbose_json "},
        {"openrouter", "openai/gpt-4o-transcribe", "response_format=json "},
    };
    const struct proa_chat_transcription t = {
        .audio = {.bytes = PROA_SLICE("RIFF\r\n--B\r\n"), .media_type = PROA_SLICE("audio/wav")}};
    const struct proa_encode_in in = {.operation = PROA_OP_TRANSCRIPTION, .transcription = &t};
    PROA_TEST_ROWS(row, rows)
    {
        char expected[256];
        (void)snprintf(expected, sizeof expected, "model=%s %sfile@RIFF\r\n--B\r\n(audio/wav) ",
                       row->model, row->format);
        check_form(row->vendor, row->model, &in, expected, "");
    }
    const struct proa_chat_transcription said = {
        .audio = {.bytes = PROA_SLICE("x")},
        .provider_options = PROA_SLICE(
            "{\"openai\":{\"language\":\"en\",\"prompt\":\"a\\nb \\\"c\\\"\",\"temperature\":0.5,"
            "\"timestampGranularities\":[\"word\",\"segment\"],\"response_format\":\"srt\","
            "\"file\":"
            "\"x\",\"stream\":true,\"include\":[\"logprobs\"],\"x\\\"y\":1}}")};
    const struct proa_encode_in more = {.operation = PROA_OP_TRANSCRIPTION, .transcription = &said};
    check_form(
        "openai", "whisper-1", &more,
        "model=whisper-1 response_format=verbose_json language=en temperature=0.5 "
        "timestamp_granularities[]=word timestamp_granularities[]=segment include[]=logprobs "
        "file@x(application/octet-stream) ",
        "");
}

static void edits(void **state)
{
    (void)state;
    const struct proa_chat_file files[] = {
        {.bytes = PROA_SLICE("one"), .media_type = PROA_SLICE("image/png")},
        {.bytes = PROA_SLICE(""), .media_type = PROA_SLICE("image/jpeg")},
    };
    const struct proa_chat_file mask = {.bytes = PROA_SLICE("m"),
                                        .media_type = PROA_SLICE("image/png")};
    struct proa_chat_image image = {.prompt = PROA_SLICE("a \\\"hat\\\""),
                                    .n = 3,
                                    .size = PROA_SLICE("1x1"),
                                    .seed = PROA_SLICE("1"),
                                    .aspect_ratio = PROA_SLICE("1:1"),
                                    .files = files,
                                    .n_files = 2,
                                    .mask = &mask,
                                    .provider_options =
                                        PROA_SLICE("{\"openai\":{\"inputFidelity\":\"high\"}}")};
    const struct proa_encode_in in = {.operation = PROA_OP_IMAGE_EDIT, .image = &image};
    check_form("openai", "gpt-image-1", &in,
               "model=gpt-image-1 prompt=a \"hat\" image[]@one(image/png) image[]@(image/jpeg) "
               "mask@m(image/png) n=3 size=1x1 input_fidelity=high ",
               "aspect_ratio seed ");
    image = (struct proa_chat_image){.files = files, .n_files = 1};
    check_form("", "dall-e-2", &in, "model=dall-e-2 image@one(image/png) response_format=b64_json ",
               "");

    struct proa_chat_file far = {.url = PROA_SLICE("https://images.example/1")};
    image = (struct proa_chat_image){.files = &far, .n_files = 1};
    struct written w;
    assert_err(write_for(&w, "openai", "gpt-image-1", &in), PROA_ERR_UNSUPPORTED);
    assert_string_equal(w.out.feature, "image by URL");
    release(&w);
    image = (struct proa_chat_image){.files = files, .n_files = 1, .mask = &far};
    assert_err(write_for(&w, "openai", "gpt-image-1", &in), PROA_ERR_UNSUPPORTED);
    assert_string_equal(w.out.feature, "mask by URL");
    release(&w);

    struct proa_chat_file many[17];
    for (size_t i = 0; i < 17; i++) {
        many[i] = files[0];
    }
    image = (struct proa_chat_image){.files = many, .n_files = 16};
    assert_ok(write_for(&w, "openai", "gpt-image-1", &in));
    release(&w);
    image = (struct proa_chat_image){.files = many, .n_files = 16, .mask = &mask};
    assert_err(write_for(&w, "openai", "gpt-image-1", &in), PROA_ERR_UNSUPPORTED);
    assert_string_equal(w.out.feature, "files");
    release(&w);
}

/* The boundary of one form, put into the next one's file, is none there: it goes by what is sent.
 */
static void another_boundary(void **state)
{
    (void)state;
    struct proa_chat_transcription t = {.audio = {.bytes = PROA_SLICE("x")}};
    const struct proa_encode_in in = {.operation = PROA_OP_TRANSCRIPTION, .transcription = &t};
    struct proa_buf told;
    proa_buf_init(&told, 1 << 20);
    for (int i = 0; i < 100; i++) {
        struct written w;
        char bytes[64];
        assert_ok(write_for(&w, "openai", "whisper-1", &in));
        proa_buf_clear(&told);
        tell_form(&w, &told);
        assert_slice_lit(proa_slice_head(w.boundary, 5), "proa-");
        const int n =
            snprintf(bytes, sizeof bytes, "\r\n--%.*s--%d", (int)w.boundary.len, w.boundary.ptr, i);
        t.audio.bytes = proa_slice_make(bytes, (size_t)n);
        struct written again;
        assert_ok(write_for(&again, "openai", "whisper-1", &in));
        proa_buf_clear(&told);
        tell_form(&again, &told);
        assert_true(proa_slice_search(proa_buf_slice(&told), t.audio.bytes) < told.len);
        release(&w);
        release(&again);
        t.audio.bytes = PROA_SLICE("x");
    }
    proa_buf_deinit(&told);
}

static void a_list_of_options_has_a_maximum(void **state)
{
    (void)state;
    struct proa_buf all;
    struct written w;
    proa_buf_init(&all, 1 << 20);
    PROA_BUF_LIT(&all, "{\"openai\":{\"include\":[0");
    for (size_t i = 0; i < 100000; i++) {
        PROA_BUF_LIT(&all, ",0");
    }
    PROA_BUF_LIT(&all, "]}}");
    const struct proa_chat_transcription said = {.audio = {.bytes = PROA_SLICE("x")},
                                                 .provider_options = proa_buf_slice(&all)};
    const struct proa_encode_in in = {.operation = PROA_OP_TRANSCRIPTION, .transcription = &said};
    assert_err(write_for(&w, "openai", "whisper-1", &in), PROA_ERR_LIMIT);
    assert_true(w.arena.total_bytes < 64 * 1024);
    release(&w);
    proa_buf_deinit(&all);
}

static void a_body_has_a_maximum(void **state)
{
    (void)state;
    const struct proa_chat_speech s = {.input = PROA_SLICE("0123456789")};
    const struct proa_chat_transcription t = {.audio = {.bytes = PROA_SLICE("0123456789")}};
    for (size_t max = 0; max < 400; max += 7) {
        struct proa_arena arena;
        struct proa_encoded out = {.n_iov = 0};
        struct proa_encode_in in = {.operation = PROA_OP_SPEECH,
                                    .host_header = PROA_SLICE("h"),
                                    .model = PROA_SLICE("m"),
                                    .speech = &s};
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out.body, max);
        enum proa_err err = proa_dialect_openai.encode(&in, &arena, &out);
        assert_true(err == PROA_OK || (err == PROA_ERR_LIMIT && out.n_iov == 0));
        proa_buf_deinit(&out.body);
        in.operation = PROA_OP_TRANSCRIPTION;
        in.speech = NULL;
        in.transcription = &t;
        proa_buf_init(&out.body, max);
        err = proa_dialect_openai.encode(&in, &arena, &out);
        assert_true(err == PROA_OK || (err == PROA_ERR_LIMIT && out.n_iov == 0));
        proa_buf_deinit(&out.body);
        proa_arena_reset(&arena);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answers(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *type;
        const char *body;
        enum proa_class class; /* OK: read */
        const char *told;
    } rows[] = {
        {PROA_OP_IMAGE, "application/json",
         " {\"created\":1,\"data\":[{\"b64_json\":\"QQ==\"},{\"b64_json\":\"Qg==\",\"url\":null}],"
         "\"model\":\"g\",\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}\n",
         PROA_CLASS_OK, "start(|g) media(|QQ==) media(|Qg==) usage(i5o7) "},
        {PROA_OP_IMAGE_EDIT, "application/json", "{\"data\":[{\"b64_json\":\"QQ==\"}]}",
         PROA_CLASS_OK, "start() media(|QQ==) "},
        {PROA_OP_IMAGE, "application/json", "{\"data\":[{\"url\":\"https://images.example/1\"}]}",
         PROA_CLASS_MALFORMED, NULL},
        {PROA_OP_IMAGE, "application/json", "{\"data\":[]}", PROA_CLASS_EMPTY, NULL},
        {PROA_OP_IMAGE, "application/json", "{\"data\":{}}", PROA_CLASS_MALFORMED, NULL},
        {PROA_OP_IMAGE, "application/json", "{\"data\":[{\"b64_json\":\"QQ==\"}]",
         PROA_CLASS_MALFORMED, NULL},
        {PROA_OP_IMAGE, "application/json", "\x89PNG", PROA_CLASS_MALFORMED, NULL},
        {PROA_OP_IMAGE, "application/json",
         "{\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}", PROA_CLASS_SERVER, NULL},
        {PROA_OP_SPEECH, "audio/mpeg; x=y", " RIFF\n", PROA_CLASS_OK, "start() media(audio/mpeg) "},
        {PROA_OP_SPEECH, NULL, "RIFF", PROA_CLASS_OK, "start() media() "},
        {PROA_OP_SPEECH, "text/html", "<html>", PROA_CLASS_MALFORMED, NULL},
        {PROA_OP_SPEECH, "application/json", "{}", PROA_CLASS_MALFORMED, NULL},
        {PROA_OP_SPEECH, "application/json",
         "{\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}", PROA_CLASS_SERVER, NULL},
        {PROA_OP_TRANSCRIPTION, "application/json",
         "{\"text\":\"a \\\"b\\\"\",\"usage\":{\"type\":\"duration\",\"seconds\":3}}",
         PROA_CLASS_OK, "start() text(a \\\"b\\\") "},
        {PROA_OP_TRANSCRIPTION, "application/json", "{\"text\":\"\"}", PROA_CLASS_OK,
         "start() text() "},
        {PROA_OP_TRANSCRIPTION, "application/json", "{\"segments\":[]}", PROA_CLASS_MALFORMED,
         NULL},
        {PROA_OP_TRANSLATION, "application/json", "{\"text\":1}", PROA_CLASS_MALFORMED, NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_http_header header = {.id = PROA_HTTP_HEADER_CONTENT_TYPE,
                                                .name = PROA_SLICE("content-type"),
                                                .value = proa_slice_cstr(row->type)};
        const struct proa_answer_head head = {
            .status = 200, .headers = &header, .n_headers = row->type ? 1 : 0};
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        struct told t;
        told_setup(&t, &proa_dialect_openai, row->op, &head);
        const bool read = proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure);
        PROA_TEST_CHECK(read == (row->class == PROA_CLASS_OK) && failure.class == row->class,
                        "%s: %d", row->body, failure.class);
        if (row->told) {
            assert_slice_str(proa_buf_slice(&t.out), row->told);
        }
        told_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images),
        cmocka_unit_test(options),
        cmocka_unit_test(speech),
        cmocka_unit_test(transcriptions),
        cmocka_unit_test(edits),
        cmocka_unit_test(another_boundary),
        cmocka_unit_test(a_list_of_options_has_a_maximum),
        cmocka_unit_test(a_body_has_a_maximum),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
