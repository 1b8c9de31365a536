/* Images and audio of the mock: what it takes, what it refuses, and what it says. */
#include "media_priv.h"

#include "proa/json/cursor.h"
#include "proa/tls/digest.h"

#include "proa_test.h"

#define TYPE        "multipart/form-data; boundary=B"
#define FIELD(n, v) "--B\r\nContent-Disposition: form-data; name=\"" n "\"\r\n\r\n" v "\r\n"
#define SOUND(v)                                                                                   \
    "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"                 \
    "Content-Type: audio/wav\r\n\r\n" v "\r\n"
#define PICTURE(n)                                                                                 \
    "--B\r\nContent-Disposition: form-data; name=\"" n "\"; filename=\"a.png\"\r\n"                \
    "Content-Type: image/png\r\n\r\nPNG\r\n"
#define END "--B--\r\n"

struct asked {
    struct proa_arena arena;
    struct mock_answer answer;
    struct mock_error error;
    struct mock_path path;
};

static struct proa_slice body_of(const struct asked *a)
{
    return proa_buf_slice(&a->answer.body);
}

/* True when it was accepted; then the answer is made. */
static bool ask(struct asked *a, const char *path, const char *type, const char *body)
{
    const struct mock_author author = {.id = 1, .created = 2};
    const struct proa_mock_plan none = {.set = 0};
    const struct proa_http_header header = {.id = PROA_HTTP_HEADER_CONTENT_TYPE,
                                            .name = PROA_SLICE("content-type"),
                                            .value = proa_slice_cstr(type)};
    const struct proa_http_head head = {.headers = {.items = &header, .n = 1}};
    const struct mock_caller caller = {.head = &head};
    struct mock_request req;
    *a = (struct asked){.error = {.status = 0}};
    proa_arena_init(&a->arena, NULL);
    proa_mock_answer_init(&a->answer);
    assert_true(proa_mock_path_parse(PROA_HTTP_POST, proa_slice_cstr(path), &a->arena, &a->path,
                                     &a->error));
    proa_mock_answer_for(&a->answer, &a->path);
    if (!proa_mock_request_parse(&a->path, &caller, proa_slice_cstr(body), &a->arena, &req,
                                 &a->error)) {
        return false;
    }
    proa_mock_answer_make(&a->answer, &req, &none, &author, &a->arena);
    return true;
}

static void release(struct asked *a)
{
    proa_mock_answer_deinit(&a->answer);
    proa_arena_reset(&a->arena);
}

#define JSON "application/json"

static void accepted(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *type;
        const char *body;
        const char *content_type;
        const char *holds;
    } rows[] = {
        {"/v1/images/generations", JSON, "{\"model\":\"gpt-image-1\",\"prompt\":\"a\",\"n\":2}",
         JSON, "\"b64_json\":\"iVBORw0KGgo"},
        {"/openai/v1/images/generations", JSON, "{\"model\":\"dall-e-3\",\"prompt\":\"a\"}", JSON,
         "\"url\":\"https://"},
        {"/openai/v1/images/generations", JSON,
         "{\"model\":\"dall-e-3\",\"prompt\":\"a\",\"response_format\":\"b64_json\",\"user\":null}",
         JSON, "\"revised_prompt\":\"a\""},
        {"/openai/v1/images/generations", JSON,
         "{\"model\":\"gpt-image-1\",\"prompt\":\"a\",\"stream\":true}",
         "text/event-stream; charset=utf-8", "event: image_generation.completed\n"},
        {"/together/v1/images/generations", JSON,
         "{\"model\":\"f\",\"prompt\":\"a\",\"response_format\":\"base64\",\"width\":512,\"seed\":"
         "1}",
         JSON, "b64_json"},
        {"/xai/v1/images/generations", JSON,
         "{\"model\":\"g\",\"prompt\":\"a\",\"aspect_ratio\":\"1:1\",\"response_format\":\"b64_"
         "json\"}",
         JSON, "b64_json"},
        {"/azure/openai/deployments/gpt-image-1/images/generations", JSON, "{\"prompt\":\"a\"}",
         JSON, "b64_json"},
        {"/v1/images/edits", TYPE,
         FIELD("model", "gpt-image-1") FIELD("prompt", "a") PICTURE("image[]") PICTURE("mask") END,
         JSON, "\"output_tokens\":1056"},
        {"/v1/images/edits", JSON, "{\"model\":\"gpt-image-1\",\"prompt\":\"a\",\"images\":[{}]}",
         JSON, "b64_json"},
        {"/v1/audio/speech", JSON, "{\"model\":\"t\",\"input\":\"a\",\"voice\":\"v\"}",
         "audio/mpeg", ""},
        {"/v1/audio/speech", JSON,
         "{\"model\":\"t\",\"input\":\"a\",\"voice\":\"v\",\"response_format\":\"wav\","
         "\"speed\":1.5}",
         "audio/wav", "RIFF"},
        {"/groq/openai/v1/audio/speech", JSON,
         "{\"model\":\"t\",\"input\":\"a\",\"voice\":\"v\",\"stream_format\":\"sse\"}",
         "text/event-stream; charset=utf-8", "event: speech.audio.done\n"},
        {"/v1/audio/transcriptions", TYPE, FIELD("model", "whisper-1") SOUND("RIFF") END, JSON,
         "{\"text\":\"The mock has heard 4 bytes of audio/wav.\""},
        {"/v1/audio/transcriptions", TYPE,
         FIELD("model", "whisper-1") SOUND("RIFF") FIELD("response_format", "verbose_json") END,
         JSON, "\"segments\":[{\"id\":0,\"start\":0"},
        {"/v1/audio/translations", TYPE,
         FIELD("model", "whisper-1") SOUND("RIFF") FIELD("response_format", "vtt") END,
         "text/plain; charset=utf-8", "WEBVTT\n\n"},
        {"/v1/audio/translations", TYPE,
         FIELD("model", "whisper-1") SOUND("RIFF") FIELD("response_format", "srt") END,
         "text/plain; charset=utf-8", "1\n00:00:00,000"},
        {"/v1/audio/transcriptions", TYPE,
         FIELD("model", "gpt-4o-transcribe") SOUND("R") FIELD("response_format", "text") END,
         "text/plain; charset=utf-8", "heard 1 bytes of audio/wav.\n"},
        {"/v1/audio/transcriptions", TYPE,
         FIELD("model", "gpt-4o-transcribe") SOUND("R") FIELD("stream", "true") END,
         "text/event-stream; charset=utf-8", "event: transcript.text.done\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct asked a;
        PROA_TEST_CHECK(ask(&a, row->path, row->type, row->body), "%s %s: %.*s", row->path,
                        row->body, (int)a.error.message.len, a.error.message.ptr);
        assert_slice_str(a.answer.content_type, row->content_type);
        PROA_TEST_CHECK(row->holds[0] == '\0' ||
                            proa_slice_search(body_of(&a), proa_slice_cstr(row->holds)) <
                                body_of(&a).len,
                        "%s %s", row->path, row->holds);
        assert_true(a.answer.body.len > 0);
        release(&a);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *type;
        const char *body;
        const char *says;
    } rows[] = {
        {"/v1/images/generations", JSON, "{\"prompt\":\"a\"}", "'model'"},
        {"/v1/images/generations", JSON, "{\"model\":\"m\"}", "'prompt'"},
        {"/v1/images/generations", JSON, "{\"model\":\"m\",\"prompt\":\"a\",\"n\":11}", "'n'"},
        {"/v1/images/generations", JSON, "[]", "object"},
        {"/v1/images/generations", JSON, "{\"model\":", "JSON"},
        {"/v1/images/generations", JSON,
         "{\"model\":\"gpt-image-1\",\"prompt\":\"a\",\"response_format\":\"b64_json\"}",
         "'response_format'"},
        {"/v1/images/generations", JSON,
         "{\"model\":\"m\",\"prompt\":\"a\",\"response_format\":\"png\"}", "'response_format'"},
        {"/v1/images/generations", JSON,
         "{\"model\":\"m\",\"prompt\":\"a\",\"providerOptions\":{}}", "'providerOptions'"},
        {"/xai/v1/images/generations", JSON, "{\"model\":\"m\",\"prompt\":\"a\",\"size\":\"1x1\"}",
         "'size'"},
        {"/v1/images/edits", TYPE, FIELD("model", "m") FIELD("prompt", "a") END, "'image'"},
        {"/v1/audio/speech", JSON, "{\"model\":\"m\",\"input\":\"a\"}", "'voice'"},
        {"/v1/audio/speech", JSON, "{\"model\":\"m\",\"voice\":\"a\"}", "'input'"},
        {"/v1/audio/speech", JSON, "{\"model\":\"m\",\"voice\":\"a\",\"input\":\"a\",\"speed\":5}",
         "'speed'"},
        {"/v1/audio/speech", JSON,
         "{\"model\":\"m\",\"voice\":\"a\",\"input\":\"a\",\"response_format\":\"ogg\"}",
         "'response_format'"},
        {"/v1/audio/transcriptions", TYPE, FIELD("model", "m") END, "'file'"},
        {"/v1/audio/transcriptions", TYPE, FIELD("model", "m") FIELD("file", "x") END, "'file'"},
        {"/v1/audio/transcriptions", TYPE, FIELD("model", "m") SOUND("") END, "'file'"},
        {"/v1/audio/transcriptions", TYPE, SOUND("a") END, "'model'"},
        {"/v1/audio/transcriptions", TYPE, FIELD("model", "m") SOUND("a"), "multipart form"},
        {"/v1/audio/transcriptions", TYPE,
         FIELD("model", "m") SOUND("a") FIELD("providerOptions", "{}") END, "'providerOptions'"},
        {"/v1/audio/transcriptions", TYPE,
         FIELD("model", "gpt-4o-transcribe") SOUND("a") FIELD("response_format", "verbose_json")
             END,
         "'response_format'"},
        {"/v1/audio/transcriptions", JSON, "{\"model\":\"m\"}", "'file'"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct asked a;
        PROA_TEST_CHECK(!ask(&a, row->path, row->type, row->body), "%s", row->body);
        assert_int_equal(a.error.status, 400);
        PROA_TEST_CHECK(proa_slice_search(a.error.message, proa_slice_cstr(row->says)) <
                            a.error.message.len,
                        "%s: %.*s", row->body, (int)a.error.message.len, a.error.message.ptr);
        release(&a);
    }
}

/* The same text sounds the same, in blocks; its head says how long it is. */
static void sounds(void **state)
{
    (void)state;
    static const char body[] = "{\"model\":\"t\",\"input\":\"one and thirty bytes to be read\","
                               "\"voice\":\"v\",\"response_format\":\"wav\"}";
    struct asked a;
    struct asked b;
    assert_true(ask(&a, "/v1/audio/speech", JSON, body));
    assert_true(ask(&b, "/v1/audio/speech", JSON, body));
    assert_slice_equal(body_of(&a), body_of(&b));
    assert_true(a.answer.is_stream);
    assert_int_equal(a.answer.n_events, 3);
    assert_int_equal(a.answer.body.len, 44 + 31 * 80);
    const unsigned char *head = (const unsigned char *)a.answer.body.ptr;
    assert_int_equal(head[4] | head[5] << 8, 44 - 8 + 31 * 80);
    assert_int_equal(head[40] | head[41] << 8, 31 * 80);
    release(&a);
    release(&b);
}

/* A form that is cut anywhere is none. */
static void cut_forms(void **state)
{
    (void)state;
    static const char body[] = FIELD("model", "whisper-1") SOUND("RIFF") "--B--";
    for (size_t n = 0; n < sizeof body - 1; n++) {
        char copy[sizeof body];
        struct asked a;
        memcpy(copy, body, n);
        copy[n] = '\0';
        PROA_TEST_CHECK(!ask(&a, "/v1/audio/transcriptions", TYPE, copy), "%zu", n);
        release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(sounds),
        cmocka_unit_test(cut_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
