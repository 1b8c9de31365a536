/*
 * Words and parts of texts, and requests that are no request at all.
 */
#include "speech_priv.h"

#include "proa_test.h"

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words[5];
    } rows[] = {
        {"", {NULL}},
        {"one", {"one"}},
        {"one two", {"one", " two"}},
        {"  one\n\ttwo ", {"  one", "\n\ttwo", " "}},
        {"\xc3\xa9t\xc3\xa9 \xe4\xba\x8c", {"\xc3\xa9t\xc3\xa9", " \xe4\xba\x8c"}},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_slice rest = proa_slice_cstr(row->text);
        for (size_t i = 0; row->words[i]; i++) {
            assert_slice_str(proa_mock_speech_word(&rest), row->words[i]);
        }
        assert_int_equal(rest.len, 0);
    }
}

/* Parts make up the whole, and none begins inside a character. */
static void test_parts(void **state)
{
    (void)state;
    const struct proa_slice whole =
        PROA_SLICE("a\xc3\xa9\xe4\xba\x8c\xf0\x9f\x9b\xb6z\x80\x80\x80 \xff");
    for (size_t n = 1; n <= whole.len + 1; n++) {
        struct proa_slice rest = whole;
        size_t sum = 0;
        while (rest.len > 0) {
            const struct proa_slice part = proa_mock_speech_part(&rest, n);
            assert_true(part.len >= 1);
            assert_ptr_equal(part.ptr, whole.ptr + sum);
            assert_true(sum == 0 || ((unsigned char)part.ptr[0] & 0xc0U) != 0x80U);
            sum += part.len;
        }
        assert_int_equal(sum, whole.len);
    }
}

static const char *const SAMPLES[] = {
    "{\"model\":\"e+calls=3\",\"n\":3,\"stream\":true,\"stream_options\":{\"include_usage\":true},"
    "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\\u0000\\ud800\"}"
    ",5,null]},{\"role\":\"tool\",\"content\":\"x\"}],\"tool_choice\":{\"function\":{\"name\":\"f\""
    "}},\"tools\":[{\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{\"a\":{\"enum\":[]"
    "},\"b\":7,\"c\":{\"type\":\"array\"},\"d\":{\"type\":\"object\"},\"a\":{}}}}},3,[]]}",
    "{\"model\":\"e\",\"input\":[[1,2],\"\\ud83d\\ude00\",{},null],\"dimensions\":7,"
    "\"encoding_format\":\"base64\"}",
    "{\"model\":\"e\",\"prompt\":[[1,2]],\"stream\":true,\"max_tokens\":1}",
};

static void answer(enum mock_endpoint endpoint, struct proa_slice body)
{
    struct proa_arena arena;
    struct mock_answer a;
    struct mock_request req;
    struct mock_error error = {.status = 0};
    struct proa_mock_plan plan = {.set = 0};
    const struct mock_path path = {.endpoint = endpoint};
    const struct mock_author author = {.id = 1, .created = 2};
    proa_arena_init(&arena, NULL);
    proa_mock_answer_init(&a);
    if (proa_mock_request_parse(&path, NULL, body, &arena, &req, &error)) {
        proa_mock_answer_make(&a, &req, &plan, &author, &arena);
        assert_int_equal(a.status, 200);
        assert_true(a.body.len > 0);
    } else {
        assert_int_equal(error.status, 400);
        assert_true(error.message.len > 0 && error.type.len > 0);
        proa_mock_answer_error(&a, &error);
    }
    proa_mock_answer_deinit(&a);
    proa_arena_reset(&arena);
}

/* Odd requests, cut at each byte and with each byte changed, on every endpoint. */
static void test_any_request(void **state)
{
    (void)state;
    static const char changes[] = {'"', '{', ']', '0', '\\', (char)0xff, '\0'};
    for (size_t i = 0; i < PROA_ARRAY_LEN(SAMPLES); i++) {
        const size_t len = strlen(SAMPLES[i]);
        char *text = proa_alloc(len);
        for (size_t at = 0; at <= len; at++) {
            memcpy(text, SAMPLES[i], len);
            for (size_t e = MOCK_CHAT; e <= MOCK_MODEL; e++) {
                answer((enum mock_endpoint)e, proa_slice_make(text, at));
            }
            for (size_t k = 0; at < len && k < sizeof changes; k++) {
                text[at] = changes[k];
                answer((enum mock_endpoint)(at % MOCK_MODELS), proa_slice_make(text, len));
            }
        }
        proa_free(text);
    }
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum proa_http_method method;
        unsigned status; /* 0 = served */
        enum mock_endpoint endpoint;
        const char *recipe;
        const char *id;
    } rows[] = {
        {"/v1/chat/completions", PROA_HTTP_POST, 0, MOCK_CHAT, "", ""},
        {"/v1/completions/", PROA_HTTP_POST, 0, MOCK_COMPLETIONS, "", ""},
        {"/v1/models", PROA_HTTP_HEAD, 0, MOCK_MODELS, "", ""},
        {"/v1/models/a/b", PROA_HTTP_GET, 0, MOCK_MODEL, "", "a/b"},
        {"/v1/models/a%2fb%", PROA_HTTP_GET, 0, MOCK_MODEL, "", "a/b%"},
        {"/v1/models/%4", PROA_HTTP_GET, 0, MOCK_MODEL, "", "%4"},
        {"/v1/models/%zz%41", PROA_HTTP_GET, 0, MOCK_MODEL, "", "%zzA"},
        {"/down/v1/embeddings", PROA_HTTP_POST, 0, MOCK_EMBEDDINGS, "status=503", ""},
        {"/p=5%25:stall/v1/moderations", PROA_HTTP_POST, 0, MOCK_MODERATIONS, "p=5%:stall", ""},
        {"/v1/v1/models", PROA_HTTP_GET, 404, MOCK_CHAT, "", ""},
        {"//v1/models", PROA_HTTP_GET, 0, MOCK_MODELS, "", ""},
        {"/v1/chat/completions", PROA_HTTP_GET, 405, MOCK_CHAT, "", ""},
        {"/v1/models/x", PROA_HTTP_DELETE, 405, MOCK_CHAT, "", ""},
        {"/v1/", PROA_HTTP_GET, 404, MOCK_CHAT, "", ""},
        {"", PROA_HTTP_GET, 404, MOCK_CHAT, "", ""},
        {"/", PROA_HTTP_GET, 404, MOCK_CHAT, "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct mock_path path;
        struct mock_error error = {.status = 0};
        proa_arena_init(&arena, NULL);
        const bool ok =
            proa_mock_path_parse(row->method, proa_slice_cstr(row->path), &arena, &path, &error);
        PROA_TEST_CHECK(ok == (row->status == 0) && error.status == row->status, "%s: %u",
                        row->path, error.status);
        if (ok) {
            assert_int_equal(path.endpoint, row->endpoint);
            assert_slice_str(path.recipe, row->recipe);
            assert_slice_str(path.id, row->id);
        }
        proa_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_any_request),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
