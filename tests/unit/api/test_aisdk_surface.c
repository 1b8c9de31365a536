/*
 * Paths of the AI SDK's protocol: the same under every version's base, and 404 for what is not
 * served.
 */
#include "proa/api/surface.h"

#include "proa_test.h"

static void every_base_is_an_alias(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum proa_endpoint_kind kind;
        unsigned version;
    } rows[] = {
        {"/v1/ai/language-model", PROA_API_CHAT, 2},
        {"/v2/ai/language-model", PROA_API_CHAT, 2},
        {"/v3/ai/language-model", PROA_API_CHAT, 3},
        {"/v4/ai/language-model/", PROA_API_CHAT, 4},
        {"/v99/ai/language-model", PROA_API_CHAT, 4},
        {"/v4/ai/embedding-model", PROA_API_EMBEDDINGS, 4},
        {"/v3/ai/reranking-model", PROA_API_RERANK, 3},
        {"/v1/ai/config", PROA_API_CONFIG, 2},
        {"/v4/ai", PROA_API_NONE, 4},
        {"/v4/ai/image-model", PROA_API_IMAGES, 4},
        {"/v4/ai/speech-model", PROA_API_SPEECH, 4},
        {"/v4/ai/transcription-model", PROA_API_TRANSCRIPTIONS, 4},
        {"/v4/ai/batch/start", PROA_API_NONE, 4},
        {"/v4/ai/language-models", PROA_API_NONE, 4},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_api_match match;
        const bool read = row->kind == PROA_API_CONFIG;
        proa_api_match(read ? PROA_HTTP_GET : PROA_HTTP_POST, proa_slice_cstr(row->path), &match);
        PROA_TEST_CHECK(match.surface == PROA_SURFACE_AI_SDK, "%s", row->path);
        PROA_TEST_CHECK(match.kind == row->kind, "%s", row->path);
        PROA_TEST_CHECK(match.version == row->version, "%s", row->path);
        PROA_TEST_CHECK(match.method_ok == (row->kind != PROA_API_NONE), "%s", row->path);
        proa_api_match(read ? PROA_HTTP_POST : PROA_HTTP_GET, proa_slice_cstr(row->path), &match);
        PROA_TEST_CHECK(!match.method_ok, "%s", row->path);
        PROA_TEST_CHECK((match.allow != NULL) == (row->kind != PROA_API_NONE), "%s", row->path);
    }
}

static void others_are_not_its_own(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "/",
                                         "/v/ai/config",
                                         "/v1/aix",
                                         "/1/ai",
                                         "/v1ai",
                                         "v1/ai/config",
                                         "/vx/ai/config",
                                         "/v1/chat/completions",
                                         "/v99999999999999999999/ai/config"};
    PROA_TEST_ROWS(row, others)
    {
        struct proa_api_match match;
        proa_api_match(PROA_HTTP_GET, proa_slice_cstr(*row), &match);
        PROA_TEST_CHECK(match.surface == PROA_SURFACE_OPENAI && match.version == 0, "%s", *row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_base_is_an_alias),
        cmocka_unit_test(others_are_not_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
