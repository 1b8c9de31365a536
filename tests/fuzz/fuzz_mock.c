/*
 * The mock's readers: any body on any path of any provider is either refused in an envelope that is
 * JSON, or answered; and no answer that says it is JSON is anything else.
 *
 * The first byte chooses the path, the second what shapes the answer.
 *
 * links: mock
 */
#include "../../src/mock/speech_priv.h"
#include "../../src/mock/tokens_priv.h"

#include "proa/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct proa_slice PATHS[] = {
    PROA_SLICE_INIT("/v1/chat/completions"),
    PROA_SLICE_INIT("/openai/v1/chat/completions"),
    PROA_SLICE_INIT("/mistral/v1/chat/completions"),
    PROA_SLICE_INIT("/groq/openai/v1/chat/completions"),
    PROA_SLICE_INIT("/deepseek/chat/completions"),
    PROA_SLICE_INIT("/anthropic/v1/messages"),
    PROA_SLICE_INIT("/gemini/v1beta/models/gemini-3-pro:generateContent"),
    PROA_SLICE_INIT("/gemini/v1beta/models/g:streamGenerateContent"),
    PROA_SLICE_INIT("/gemini/v1beta/models/g:batchEmbedContents"),
    PROA_SLICE_INIT("/bedrock/model/anthropic.claude/converse"),
    PROA_SLICE_INIT("/bedrock/model/mistral.m/converse-stream"),
    PROA_SLICE_INIT("/bedrock/model/cohere.embed-v4/invoke"),
    PROA_SLICE_INIT("/cohere/v2/chat"),
    PROA_SLICE_INIT("/cohere/v2/embed"),
    PROA_SLICE_INIT("/cohere/v2/rerank"),
    PROA_SLICE_INIT("/google/token"),
    PROA_SLICE_INIT("/entra/t/oauth2/v2.0/token"),
    PROA_SLICE_INIT("/openai/oauth/token"),
    PROA_SLICE_INIT("/openai/v1/responses"),
    PROA_SLICE_INIT("/v1/responses"),
    PROA_SLICE_INIT("/v1/images/generations"),
    PROA_SLICE_INIT("/v1/audio/speech"),
    PROA_SLICE_INIT("/v1/images/edits"),
    PROA_SLICE_INIT("/v1/audio/transcriptions"),
};
enum { FORMS = 2 }; /* the last ones get forms */
static const enum proa_mock_setting SETTINGS[] = {
    PROA_MOCK_USAGE, PROA_MOCK_CALLS,  PROA_MOCK_THINK,       PROA_MOCK_CACHED,
    PROA_MOCK_ODD,   PROA_MOCK_FINISH, PROA_MOCK_ERROR_AFTER, PROA_MOCK_NO_TERMINATOR,
};

static void check_json(const struct mock_answer *a)
{
    const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    PROA_ASSERT(proa_json_scan(proa_buf_slice(&a->body), &any, NULL, &info) == PROA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct mock_desk desk = {.now_ms = 1000};
    const struct mock_author author = {.id = 1, .created = 2, .desk = &desk};
    static const struct proa_http_header type = {
        .id = PROA_HTTP_HEADER_CONTENT_TYPE,
        .name = PROA_SLICE_INIT("content-type"),
        .value = PROA_SLICE_INIT("multipart/form-data; boundary=B")};
    static const struct proa_http_head head = {.headers = {.items = &type, .n = 1}};
    const bool form = len > 0 && data[0] % PROA_ARRAY_LEN(PATHS) >= PROA_ARRAY_LEN(PATHS) - FORMS;
    const struct mock_caller caller = {.head = form ? &head : NULL, .desk = &desk};
    struct proa_mock_plan plan = {.set = 0};
    struct mock_error error = {.status = 0};
    struct proa_arena arena;
    struct mock_answer a;
    struct mock_request req;
    struct mock_path path;
    if (len < 2) {
        return 0;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(SETTINGS); i++) {
        if (data[1] >> i & 1U) {
            plan.set |= UINT64_C(1) << SETTINGS[i];
            plan.values[SETTINGS[i]] = i;
        }
    }
    proa_arena_init(&arena, NULL);
    proa_mock_answer_init(&a);
    PROA_ASSERT(proa_mock_path_parse(PROA_HTTP_POST, PATHS[data[0] % PROA_ARRAY_LEN(PATHS)], &arena,
                                     &path, &error));
    proa_mock_answer_for(&a, &path);
    if (proa_mock_request_parse(&path, &caller, proa_slice_make(data + 2, len - 2), &arena, &req,
                                &error)) {
        proa_mock_answer_make(&a, &req, &plan, &author, &arena);
        PROA_ASSERT(a.status == 200 && (a.is_stream ? a.n_events > 0 : a.body.len > 0));
    } else {
        PROA_ASSERT(error.status >= 400 && error.status < 500);
        proa_mock_answer_error(&a, &error);
    }
    if (!a.is_stream && proa_http_media_type_is(a.content_type, PROA_SLICE("application/json"))) {
        check_json(&a);
    }
    proa_mock_answer_deinit(&a);
    proa_arena_reset(&arena);
    return 0;
}
