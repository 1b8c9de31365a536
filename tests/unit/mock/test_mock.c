/*
 * The mock as a well-behaved service: endpoints, formats, checks of the request, keys, limits,
 * connections.
 */
#include "proa/tls/digest.h"

#include "mock_test.h"

#define JSON(t, path, body, r) talk_ask((t), (path), NULL, (body), (r))

/* ---- chat ------------------------------------------------------------------------------------ */

static void test_chat(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    JSON(&t, CHAT,
         "{\"model\":\"echo\",\"messages\":[{\"role\":\"system\",\"content\":\"be \\u00e9xact\"},"
         "{\"role\":\"user\",\"content\":\"one\"},{\"role\":\"assistant\",\"content\":\"x\"},"
         "{\"role\":\"user\",\"content\":\"say \\\"two\\\"\\n\"}]}",
         &r);
    assert_true(r.complete);
    assert_int_equal(r.status, 200);
    assert_slice_lit(reply_header(&r, "content-type"), "application/json");
    assert_true(proa_slice_starts(reply_header(&r, "x-request-id"), PROA_SLICE("req_")));
    assert_slice_lit(reply_header(&r, "openai-version"), "2020-10-01");
    assert_slice_lit(reply_header(&r, "x-ratelimit-limit-requests"), "10000");
    assert_slice_lit(reply_header(&r, "x-ratelimit-remaining-requests"), "9999");
    assert_slice_lit(reply_header(&r, "x-ratelimit-reset-requests"), "6ms");
    assert_true(reply_has(&r, "\"object\":\"chat.completion\""));
    assert_true(reply_has(&r, "\"model\":\"echo\""));
    assert_true(reply_has(&r,
                          "\"message\":{\"role\":\"assistant\",\"content\":\"say \\\"two\\\"\\n\","
                          "\"refusal\":null,\"annotations\":[]}"));
    assert_true(reply_has(&r, "\"finish_reason\":\"stop\""));
    assert_true(reply_has(&r, "\"prompt_tokens\":30,\"completion_tokens\":3,\"total_tokens\":33"));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_chat_parts_and_choices(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    JSON(&t, CHAT,
         "{\"model\":\"m\",\"n\":2,\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":["
         "{\"type\":\"text\",\"text\":\"one \"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
         "\"x\"}},{\"type\":\"text\",\"text\":\"\\u4e8c three\"}]}]}",
         &r);
    assert_int_equal(r.status, 200);
    assert_int_equal(reply_count(&r, "\"content\":\"one \xe4\xba\x8c \""), 2);
    assert_int_equal(reply_count(&r, "\"finish_reason\":\"length\""), 2);
    assert_true(reply_has(&r, "\"index\":1,"));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_fixed_text(void **state)
{
    (void)state;
    const struct proa_mock_cfg cfg = {.text = PROA_SLICE("always this")};
    struct talk t;
    struct reply r;
    talk_init(&t, &cfg);
    JSON(&t, CHAT, ASK_HI, &r);
    assert_true(reply_has(&r, "\"content\":\"always this\""));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_stream(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    JSON(&t, CHAT,
         "{\"model\":\"echo\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
         "\"messages\":[{\"role\":\"user\",\"content\":\"one  two\"}]}",
         &r);
    assert_true(r.complete);
    assert_slice_lit(reply_header(&r, "content-type"), "text/event-stream; charset=utf-8");
    assert_slice_lit(reply_header(&r, "cache-control"), "no-cache");
    assert_int_equal(reply_count(&r, "data: "), 6);
    assert_int_equal(reply_count(&r, "\"usage\":null"), 4);
    assert_int_equal(reply_count(&r, "chat.completion.chunk"), 5);
    const struct proa_slice body = proa_buf_slice(&r.body);
    static const char *const order[] = {
        "\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}",
        "\"delta\":{\"content\":\"one\"}",
        "\"delta\":{\"content\":\"  two\"}",
        "\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"",
        "\"choices\":[],\"usage\":{\"prompt_tokens\":",
        "data: [DONE]\n\n",
    };
    size_t at = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(order); i++) {
        const struct proa_slice rest = proa_slice_from(body, at);
        const size_t found = proa_slice_search(rest, proa_slice_cstr(order[i]));
        PROA_TEST_CHECK(found < rest.len, "%s", order[i]);
        at += found + 1;
    }
    reply_deinit(&r);
    JSON(&t, CHAT, STREAM_HI, &r);
    assert_false(reply_has(&r, "usage"));
    assert_false(reply_has(&r, "obfuscation"));
    reply_deinit(&r);
    JSON(
        &t, CHAT,
        "{\"model\":\"e\",\"n\":2,\"stream\":true,\"stream_options\":{\"include_obfuscation\":true}"
        ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
        &r);
    assert_int_equal(reply_count(&r, "\"obfuscation\":"), 6);
    assert_int_equal(reply_count(&r, "\"index\":1,\"delta\":{\"content\":\"hi\"}"), 1);
    assert_int_equal(reply_count(&r, "\"finish_reason\":\"stop\""), 2);
    reply_deinit(&r);
    talk_deinit(&t);
}

#define TOOLS                                                                                      \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"lookup\",\"parameters\":{"         \
    "\"type\":\"object\",\"properties\":{\"word\":{\"type\":\"string\"},\"n\":{\"type\":"          \
    "\"integer\"},\"deep\":{\"type\":\"boolean\"},\"unit\":{\"enum\":[\"m\",\"ft\"]}}}}},"         \
    "{\"type\":\"function\",\"function\":{\"name\":\"clock\"}}]"
#define ARGUMENTS "{\\\"word\\\":\\\"hi\\\",\\\"n\\\":1,\\\"deep\\\":true,\\\"unit\\\":\\\"m\\\"}"

static void test_tools(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    JSON(&t, CHAT,
         "{\"model\":\"e\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
         "\"tool_choice\":\"required\"," TOOLS "}",
         &r);
    assert_true(reply_has(&r, "\"content\":null,\"tool_calls\":[{\"id\":\"call_"));
    assert_true(
        reply_has(&r, "\"function\":{\"name\":\"lookup\",\"arguments\":\"" ARGUMENTS "\"}"));
    assert_true(reply_has(&r, "\"finish_reason\":\"tool_calls\""));
    assert_false(reply_has(&r, "clock"));
    reply_deinit(&r);
    JSON(&t, CHAT,
         "{\"model\":\"e\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
         "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"clock\"}}," TOOLS "}",
         &r);
    assert_true(reply_has(&r, "\"function\":{\"name\":\"clock\",\"arguments\":\"{}\"}"));
    reply_deinit(&r);
    static const struct {
        const char *text;
        const char *choice;
        bool called;
    } rows[] = {{"hi", "auto", false},
                {"use a Tool", "auto", true},
                {"what does the clock say", "auto", true},
                {"use a tool", "none", false}};
    PROA_TEST_ROWS(row, rows)
    {
        char body[1024];
        (void)snprintf(body, sizeof body,
                       "{\"model\":\"e\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],"
                       "\"tool_choice\":\"%s\"," TOOLS "}",
                       row->text, row->choice);
        JSON(&t, CHAT, body, &r);
        PROA_TEST_CHECK(reply_has(&r, "tool_calls") == row->called, "%s", row->text);
        reply_deinit(&r);
    }
    JSON(&t, CHAT,
         "{\"model\":\"e\",\"messages\":[{\"role\":\"user\",\"content\":\"use a tool\"},"
         "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"42\"}]," TOOLS "}",
         &r);
    assert_true(reply_has(&r, "\"finish_reason\":\"stop\""));
    reply_deinit(&r);
    talk_deinit(&t);
}

/* Joins the values of `"arguments":"` in all events. */
static size_t joined_arguments(const struct reply *r, char *out, size_t cap)
{
    const struct proa_slice mark = PROA_SLICE("\"arguments\":\"");
    struct proa_slice rest = proa_buf_slice(&r->body);
    size_t n = 0;
    for (size_t at; (at = proa_slice_search(rest, mark)) < rest.len;) {
        rest = proa_slice_from(rest, at + mark.len);
        for (; rest.ptr[0] != '"'; rest = proa_slice_from(rest, 1)) {
            if (rest.ptr[0] == '\\') {
                rest = proa_slice_from(rest, 1);
            }
            assert_true(n < cap);
            out[n++] = rest.ptr[0];
        }
    }
    return n;
}

static void test_tools_streamed(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    char text[256];
    talk_init(&t, NULL);
    JSON(&t, CHAT,
         "{\"model\":\"e\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
         "\"tool_choice\":\"required\"," TOOLS "}",
         &r);
    assert_int_equal(reply_count(&r, "\"name\":\"lookup\",\"arguments\":\"\""), 1);
    assert_int_equal(reply_count(&r, "\"id\":\"call_"), 1);
    assert_true(reply_count(&r, "\"tool_calls\":[{\"index\":0,\"function\"") > 3);
    const size_t n = joined_arguments(&r, text, sizeof text);
    assert_slice_lit(proa_slice_make(text, n),
                     "{\"word\":\"hi\",\"n\":1,\"deep\":true,\"unit\":\"m\"}");
    assert_int_equal(reply_count(&r, "\"finish_reason\":\"tool_calls\""), 1);
    assert_true(reply_has(&r, "data: [DONE]"));
    reply_deinit(&r);
    JSON(&t, CHAT,
         "{\"model\":\"e+calls=2\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
         "\"hi\"}]," TOOLS "}",
         &r);
    assert_int_equal(reply_count(&r, "\"id\":\"call_"), 2);
    assert_true(reply_has(&r, "\"tool_calls\":[{\"index\":1,\"id\":\"call_"));
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- the other endpoints --------------------------------------------------------------------- */

static void test_completions(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    JSON(&t, "/v1/completions", "{\"model\":\"echo\",\"prompt\":\"once upon\"}", &r);
    assert_true(reply_has(&r, "\"object\":\"text_completion\""));
    assert_true(reply_has(&r, "\"text\":\"once upon\""));
    reply_deinit(&r);
    JSON(&t, "/v1/completions",
         "{\"model\":\"echo\",\"prompt\":[\"once upon\",\"x\"],\"stream\":true}", &r);
    assert_int_equal(reply_count(&r, "\"text\":\" upon\",\"logprobs\":null,\"finish_reason\":null"),
                     1);
    assert_int_equal(reply_count(&r, "\"text\":\"\",\"logprobs\":null,\"finish_reason\":\"stop\""),
                     1);
    assert_true(reply_has(&r, "data: [DONE]"));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_embeddings(void **state)
{
    (void)state;
    struct talk t;
    struct reply a;
    struct reply b;
    talk_init(&t, NULL);
    JSON(&t, "/v1/embeddings", "{\"model\":\"e\",\"input\":[\"one\",\"two\"],\"dimensions\":3}",
         &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(reply_count(&a, "\"object\":\"embedding\",\"index\":"), 2);
    assert_int_equal(reply_count(&a, "\"object\":\"list\""), 1);
    JSON(&t, "/v1/embeddings",
         "{\"model\":\"e\",\"input\":[\"one\",\"two\"],\"dimensions\":3,"
         "\"encoding_format\":\"float\"}",
         &b);
    assert_slice_equal(proa_buf_slice(&a.body), proa_buf_slice(&b.body));
    reply_deinit(&b);
    reply_deinit(&a);
    /* 1536 float32 are 8192 characters of base64. */
    JSON(&t, "/v1/embeddings", "{\"model\":\"e\",\"input\":[1,2,3],\"encoding_format\":\"base64\"}",
         &a);
    assert_int_equal(reply_count(&a, "\"index\":"), 1);
    const struct proa_slice body = proa_buf_slice(&a.body);
    const struct proa_slice mark = PROA_SLICE("\"embedding\":\"");
    const struct proa_slice text = proa_slice_from(body, proa_slice_search(body, mark) + mark.len);
    assert_int_equal(proa_slice_find(text, '"'), 8192);
    reply_deinit(&a);
    JSON(&t, "/v1/embeddings", "{\"model\":\"e\",\"input\":[[1,2],[3]],\"dimensions\":1}", &a);
    assert_int_equal(reply_count(&a, "\"index\":"), 2);
    reply_deinit(&a);
    talk_deinit(&t);
}

/* Both encodings say the same numbers. */
static void test_embeddings_agree(void **state)
{
    (void)state;
    enum { N = 5 };
    struct talk t;
    struct reply a;
    struct reply b;
    unsigned char bytes[PROA_BASE64_DECODED_MAX(PROA_BASE64_ENCODED_MAX(4 * N))];
    size_t n = 0;
    double sum = 0;
    talk_init(&t, NULL);
    JSON(&t, "/v1/embeddings", "{\"model\":\"e\",\"input\":\"one\",\"dimensions\":5}", &a);
    JSON(&t, "/v1/embeddings",
         "{\"model\":\"e\",\"input\":\"one\",\"dimensions\":5,\"encoding_format\":\"base64\"}", &b);
    struct proa_slice plain = proa_buf_slice(&a.body);
    struct proa_slice coded = proa_buf_slice(&b.body);
    plain = proa_slice_from(plain, proa_slice_find(plain, '[') + 1);
    plain = proa_slice_from(plain, proa_slice_find(plain, '[') + 1);
    coded = proa_slice_from(coded, proa_slice_search(coded, PROA_SLICE("\"embedding\":\"")) + 13);
    coded = proa_slice_head(coded, proa_slice_find(coded, '"'));
    assert_ok(proa_base64_decode(PROA_BASE64, coded, bytes, &n));
    assert_int_equal(n, 4 * N);
    for (size_t i = 0; i < N; i++) {
        const unsigned char *p = bytes + 4 * i;
        const uint32_t bits =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        float value;
        char *end;
        memcpy(&value, &bits, sizeof value);
        const double expected = strtod(plain.ptr, &end);
        const double off = (double)value - expected;
        PROA_TEST_CHECK(off < 1e-6 && off > -1e-6, "%zu: %f, %f", i, (double)value, expected);
        sum += expected * expected;
        plain = proa_slice_from(plain, (size_t)(end - plain.ptr) + 1);
    }
    assert_true(sum > 0.1 && sum < 3);
    reply_deinit(&a);
    reply_deinit(&b);
    talk_deinit(&t);
}

static void test_moderations(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    JSON(&t, "/v1/moderations", "{\"input\":[\"fine\",\"much Violence\"]}", &r);
    assert_int_equal(r.status, 200);
    assert_int_equal(reply_count(&r, "\"flagged\":true"), 1);
    assert_int_equal(reply_count(&r, "\"flagged\":false"), 1);
    assert_int_equal(reply_count(&r, "\"violence\":true"), 1);
    assert_true(reply_has(&r, "\"model\":\"omni-moderation-latest\""));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_models(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    talk_get(&t, "/v1/models", &r);
    assert_int_equal(r.status, 200);
    assert_true(
        reply_has(&r, "{\"object\":\"list\",\"data\":[{\"id\":\"echo\",\"object\":\"model\""));
    assert_int_equal(reply_header(&r, "x-ratelimit-limit-requests").len, 0);
    reply_deinit(&r);
    talk_get(&t, "/v1/models/some%2Fname/", &r);
    assert_true(reply_has(&r, "{\"id\":\"some/name\",\"object\":\"model\""));
    reply_deinit(&r);
    reply_init(&r);
    talk_send(&t, "HEAD /v1/models HTTP/1.1\r\nhost: m\r\n\r\nGET /v1/models/x HTTP/1.1\r\nhost: m"
                  "\r\n\r\n");
    IO_TEST_UNTIL(t.loop,
                  (reply_take(&t, &r), proa_slice_search(proa_buf_slice(&r.raw),
                                                         PROA_SLICE("\"id\":\"x\"")) < r.raw.len));
    /* Nothing between the first head and the second. */
    assert_true(proa_slice_starts(proa_slice_from(proa_buf_slice(&r.raw), r.head_len),
                                  PROA_SLICE("HTTP/1.1 200")));
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *headers;
    const char *body;
    unsigned status;
    const char *says;
} REFUSED[] = {
    {"/v1/nothing", NULL, "{}", 404,
     "\"message\":\"Unknown request URL: POST /v1/nothing.\",\"type\":\"invalid_request_error\","
     "\"param\":null,\"code\":\"unknown_url\""},
    {"/", NULL, "{}", 404, "Unknown request URL: POST /."},
    {"/v1", NULL, "{}", 404, "unknown_url"},
    {"/x", NULL, "{}", 404, "unknown_url"},
    {"/a/b/v1/chat/completions", NULL, "{}", 404, "unknown_url"},
    {"/v1/models", NULL, "{}", 405, "Not allowed here; use GET."},
    {"/bogus/v1/chat/completions", NULL, ASK_HI, 404,
     "The recipe in the path is wrong at byte 0: unknown setting \\\"bogus\\\""},
    {CHAT, NULL, "{\"model\":\"echo+cut=x\",\"messages\":[{\"role\":\"user\"}]}", 400,
     "The recipe in the model name is wrong at byte 4: \\\"cut\\\" takes head, middle or a number"},
    {CHAT, "x-mock: stall=soon\r\n", ASK_HI, 400,
     "The recipe in the header x-mock is wrong at byte 6"},
    {CHAT, NULL, "{\"model\":", 400, "We could not parse the JSON body of your request: "},
    {CHAT, NULL, "", 400, "We could not parse the JSON body"},
    {CHAT, NULL, "[1]", 400, "must be an object"},
    {CHAT, NULL, "{}", 400, "\"you must provide a model parameter\""},
    {CHAT, NULL, "{\"model\":\"\"}", 400, "you must provide a model parameter"},
    {CHAT, NULL, "{\"model\":5}", 400, "\"param\":\"model\",\"code\":\"invalid_type\""},
    {CHAT, NULL, "{\"model\":\"e\"}", 400,
     "\"param\":\"messages\",\"code\":\"missing_required_parameter\""},
    {CHAT, NULL, "{\"model\":\"e\",\"messages\":[]}", 400, "\"code\":\"empty_array\""},
    {CHAT, NULL, "{\"model\":\"e\",\"messages\":{}}", 400, "\"code\":\"invalid_type\""},
    {CHAT, NULL, "{\"model\":\"e\",\"messages\":[{\"role\":\"user\"},{\"role\":\"king\"}]}", 400,
     "\"param\":\"messages[1].role\",\"code\":\"invalid_value\""},
    {CHAT, NULL, "{\"model\":\"e\",\"n\":0,\"messages\":[{\"role\":\"user\"}]}", 400,
     "Invalid 'n': expected an integer from 1 to 16."},
    {CHAT, NULL, "{\"model\":\"e\",\"n\":1.5,\"messages\":[{\"role\":\"user\"}]}", 400,
     "\"param\":\"n\""},
    {CHAT, NULL, "{\"model\":\"e\",\"max_tokens\":0,\"messages\":[{\"role\":\"user\"}]}", 400,
     "\"param\":\"max_tokens\""},
    {CHAT, NULL, "{\"model\":\"gpt-5.5\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\"}]}", 400,
     "\"param\":\"max_tokens\",\"code\":\"unsupported_parameter\""},
    {CHAT, NULL, "{\"model\":\"e\",\"stream_options\":{},\"messages\":[{\"role\":\"user\"}]}", 400,
     "only allowed when 'stream' is enabled"},
    {CHAT, NULL, "{\"model\":\"e\",\"tool_choice\":\"auto\",\"messages\":[{\"role\":\"user\"}]}",
     400, "only allowed when 'tools' are specified"},
    {CHAT, NULL,
     "{\"model\":\"e\",\"tool_choice\":\"any\",\"tools\":[{}],\"messages\":[{\"role\":\"user\"}]}",
     400, "supported are 'none', 'auto' and 'required'"},
    {CHAT, NULL,
     "{\"model\":\"e\",\"tool_choice\":{},\"tools\":[{}],\"messages\":[{\"role\":\"user\"}]}", 400,
     "tool_choice.function.name"},
    {"/v1/embeddings", NULL, "{\"model\":\"e\"}", 400, "Missing required parameter: 'input'."},
    {"/v1/embeddings", NULL, "{\"model\":\"e\",\"input\":[]}", 400, "empty_array"},
    {"/v1/embeddings", NULL, "{\"model\":\"e\",\"input\":\"x\",\"dimensions\":4097}", 400,
     "from 1 to 4096"},
    {"/v1/embeddings", NULL, "{\"model\":\"e\",\"input\":\"x\",\"encoding_format\":\"hex\"}", 400,
     "supported are 'float' and 'base64'"},
};

static void test_refusals(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t, NULL);
    PROA_TEST_ROWS(row, REFUSED)
    {
        struct reply r;
        talk_ask(&t, row->path, row->headers, row->body, &r);
        PROA_TEST_CHECK(r.complete && r.status == row->status, "%s %s: %u", row->path, row->body,
                        r.status);
        PROA_TEST_CHECK(reply_has(&r, row->says), "%s %s: %.*s", row->path, row->body,
                        (int)r.body.len, r.body.ptr);
        PROA_TEST_CHECK(proa_slice_starts(proa_buf_slice(&r.body), PROA_SLICE("{\"error\":{")),
                        "%s", row->body);
        reply_deinit(&r);
    }
    struct proa_mock_stats stats;
    proa_mock_stats(t.mock, &stats);
    assert_int_equal(stats.n_accepted, 1); /* none of them ended the connection */
    assert_int_equal(stats.n_requests, PROA_ARRAY_LEN(REFUSED));
    talk_deinit(&t);
}

static void test_content_type(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    reply_init(&r);
    talk_send(&t, "POST /v1/embeddings HTTP/1.1\r\nhost: m\r\ncontent-type: text/plain\r\n"
                  "content-length: 2\r\n\r\n{}");
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.status, 415);
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_broken_http(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    reply_init(&r);
    talk_send(&t, "GET /v1/models HTTP/1.1\r\nhost m\r\n\r\n");
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.status, 400);
    assert_slice_lit(reply_header(&r, "connection"), "close");
    assert_true(reply_has(&r, "bad_header_name"));
    r.complete = false;
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.end, TALK_FIN);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- keys and limits ------------------------------------------------------------------------- */

static void test_keys(void **state)
{
    (void)state;
    const struct proa_mock_recipe down = mock_recipe("status=500");
    const struct proa_mock_key keys[] = {{.key = PROA_SLICE("sk-good")},
                                         {.key = PROA_SLICE("sk-bad"), .recipe = &down}};
    const struct proa_mock_cfg cfg = {.keys = keys, .n_keys = 2};
    static const struct {
        const char *header;
        unsigned status;
    } rows[] = {
        {NULL, 401},
        {"authorization: Bearer \r\n", 401},
        {"authorization: Basic sk-good\r\n", 401},
        {"authorization: Bearer sk-goo\r\n", 401},
        {"authorization: Bearer sk-good\r\n", 200},
        {"authorization: bearer   sk-good\r\n", 200},
        {"authorization: Bearer sk-bad\r\n", 500},
        {"authorization: Bearer sk-good+status=429\r\n", 429},
        {"authorization: Bearer sk-bad+status=429\r\n", 429},
        {"authorization: Bearer sk-good+nothing\r\n", 401},
    };
    struct talk t;
    talk_init(&t, &cfg);
    PROA_TEST_ROWS(row, rows)
    {
        struct reply r;
        talk_ask(&t, CHAT, row->header, ASK_HI, &r);
        PROA_TEST_CHECK(r.status == row->status, "%s: %u", row->header, r.status);
        PROA_TEST_CHECK(!reply_has(&r, "sk-"), "the key is repeated");
        reply_deinit(&r);
    }
    talk_deinit(&t);
}

static void test_limits(void **state)
{
    (void)state;
    const struct proa_mock_cfg cfg = {.requests_per_min = 3};
    static const char *const left[] = {"2", "1", "0"};
    struct talk t;
    struct reply r;
    talk_init(&t, &cfg);
    for (size_t i = 0; i < 3; i++) {
        talk_ask(&t, CHAT, "authorization: Bearer a\r\n", ASK_HI, &r);
        assert_int_equal(r.status, 200);
        assert_slice_lit(reply_header(&r, "x-ratelimit-limit-requests"), "3");
        assert_slice_str(reply_header(&r, "x-ratelimit-remaining-requests"), left[i]);
        reply_deinit(&r);
    }
    talk_ask(&t, CHAT, "authorization: Bearer a\r\n", ASK_HI, &r);
    assert_int_equal(r.status, 429);
    assert_true(reply_has(&r, "\"code\":\"rate_limit_exceeded\""));
    assert_slice_lit(reply_header(&r, "retry-after"), "20");
    assert_int_equal(reply_header(&r, "retry-after-ms").len, 5);
    assert_slice_lit(reply_header(&r, "x-ratelimit-remaining-requests"), "0");
    reply_deinit(&r);
    talk_ask(&t, CHAT, "authorization: Bearer b\r\n", ASK_HI, &r);
    assert_int_equal(r.status, 200);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void test_pipelined_in_order(void **state)
{
    (void)state;
    enum { N = 40 };
    struct talk t;
    struct reply all;
    talk_init(&t, NULL);
    for (int i = 0; i < N; i++) {
        char body[128];
        (void)snprintf(
            body, sizeof body,
            "{\"model\":\"e%s\",\"messages\":[{\"role\":\"user\",\"content\":\"n%d.\"}]}",
            i % 3 == 1 ? "+delay=5ms" : "", i);
        talk_post(&t, CHAT, NULL, body);
    }
    reply_init(&all);
    struct proa_mock_stats stats = {.n_answers = 0};
    IO_TEST_UNTIL(t.loop,
                  (reply_take(&t, &all), proa_mock_stats(t.mock, &stats), stats.n_answers == N));
    IO_TEST_UNTIL(t.loop,
                  (reply_take(&t, &all),
                   proa_slice_search(proa_buf_slice(&all.raw), PROA_SLICE("n39.")) < all.raw.len));
    size_t at = 0;
    for (int i = 0; i < N; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "\"content\":\"n%d.\"", i);
        const struct proa_slice rest = proa_slice_from(proa_buf_slice(&all.raw), at);
        const size_t found = proa_slice_search(rest, proa_slice_cstr(text));
        PROA_TEST_CHECK(found < rest.len, "%d is missing, or too early", i);
        at += found + 1;
    }
    assert_int_equal(stats.n_accepted, 1);
    reply_deinit(&all);
    talk_deinit(&t);
}

/* More bytes ahead than are kept: reading stops, and goes on when the answer is out. */
static void test_pipelined_beyond_the_mark(void **state)
{
    (void)state;
    enum { N = 30, PADDING = 20000 };
    struct talk t;
    struct reply all;
    struct proa_mock_stats stats = {.n_answers = 0};
    char body[PADDING + 256];
    talk_init(&t, NULL);
    reply_init(&all);
    for (int i = 0; i < N; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"model\":\"e%s\",\"messages\":[{\"role\":\"user\"}],"
                       "\"padding\":\"%*s\"}",
                       i == 0 ? "+delay=80ms" : "", PADDING, "x");
        talk_post(&t, CHAT, NULL, body);
    }
    IO_TEST_UNTIL(t.loop,
                  (reply_take(&t, &all), proa_mock_stats(t.mock, &stats), stats.n_answers == N));
    assert_int_equal(stats.n_accepted, 1);
    reply_deinit(&all);
    talk_deinit(&t);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    static const char request[] =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\n"
        "transfer-encoding: chunked\r\n\r\n10\r\n{\"model\":\"e\",\"me\r\n"
        "29\r\nssages\":[{\"role\":\"user\",\"content\":\"hi\"}]}\r\n0\r\n\r\n";
    reply_init(&r);
    for (size_t i = 0; i + 1 < sizeof request; i++) {
        const char byte[2] = {request[i], '\0'};
        talk_send(&t, byte);
        (void)proa_loop_turn(t.loop);
    }
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "\"content\":\"hi\""));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_close_and_http10(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    talk_ask(&t, CHAT, "connection: close\r\n", ASK_HI, &r);
    assert_slice_lit(reply_header(&r, "connection"), "close");
    r.complete = false;
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.end, TALK_FIN);
    reply_deinit(&r);
    talk_hang_up(&t);
    reply_init(&r);
    char request[512];
    (void)snprintf(request, sizeof request,
                   "POST " CHAT " HTTP/1.0\r\nhost: m\r\ncontent-type: application/json\r\n"
                   "content-length: %zu\r\n\r\n%s",
                   strlen(STREAM_HI), STREAM_HI);
    talk_send(&t, request);
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.end, TALK_FIN);
    assert_int_equal(reply_header(&r, "transfer-encoding").len, 0);
    assert_true(reply_has(&r, "data: [DONE]"));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_continue(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    reply_init(&r);
    talk_send(&t, "POST /v1/moderations HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\n"
                  "expect: 100-continue\r\ncontent-length: 13\r\n\r\n");
    IO_TEST_UNTIL(t.loop, (reply_take(&t, &r), r.head_len > 0));
    assert_slice_lit(proa_buf_slice(&r.raw), "HTTP/1.1 100 Continue\r\n\r\n");
    proa_buf_clear(&r.raw);
    talk_send(&t, "{\"input\":\"x\"}");
    r.complete = false;
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.status, 200);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* Larger than what sockets take at once, to a caller who reads slowly. */
static void test_large_answer(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    reply_init(&r);
    talk_post(&t, CHAT, "x-mock: size=12000000\r\n", ASK_HI);
    io_test_for_ms(t.loop, 50);
    talk_wait(&t, &r, 20000);
    assert_true(r.complete);
    assert_true(r.body.len > 12000000);
    reply_deinit(&r);
    talk_ask(&t, CHAT, "x-mock: size=200000\r\n", STREAM_HI, &r);
    assert_true(r.complete);
    assert_true(reply_has(&r, "data: [DONE]"));
    assert_true(reply_count(&r, "data: ") > 20000);
    reply_deinit(&r);
    talk_ask(&t, CHAT, "x-mock: size=100MB\r\n", ASK_HI, &r);
    assert_int_equal(r.status, 500);
    assert_true(reply_has(&r, "answer_too_large"));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_caller_leaves(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    struct proa_mock_stats stats;
    talk_init(&t, NULL);
    talk_ask(&t, CHAT, NULL, ASK_HI, &r);
    reply_deinit(&r);
    talk_post(&t, CHAT, "x-mock: gap=20ms\r\n", STREAM_HI);
    reply_init(&r);
    IO_TEST_UNTIL(t.loop, (reply_take(&t, &r), r.body.len > 0));
    talk_hang_up(&t);
    IO_TEST_UNTIL(t.loop, (proa_mock_stats(t.mock, &stats), stats.n_connections == 0));
    assert_int_equal(stats.n_requests, 2);
    assert_int_equal(stats.n_answers, 1);
    assert_int_equal(stats.n_left, 1);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* Ends with answers under way must leave nothing behind. */
static void test_destroyed_in_the_middle(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t, NULL);
    talk_post(&t, CHAT, "x-mock: delay=1m\r\n", ASK_HI);
    io_test_for_ms(t.loop, 20);
    talk_deinit(&t);
    talk_init(&t, NULL);
    talk_send(&t, "POST /v1/chat");
    io_test_for_ms(t.loop, 20);
    talk_deinit(&t);
    proa_mock_destroy(NULL);
}

static void test_many_listeners(void **state)
{
    (void)state;
    struct talk t;
    struct proa_addr bound;
    const struct proa_addr any = io_test_addr("127.0.0.1:0");
    talk_init(&t, NULL);
    for (int i = 1; i < 8; i++) {
        assert_ok(proa_mock_listen(t.mock, &any, &bound));
        assert_int_not_equal(proa_addr_port(&bound), 0);
    }
    assert_err(proa_mock_listen(t.mock, &any, NULL), PROA_ERR_LIMIT);
    struct reply r;
    t.addr = bound;
    talk_get(&t, "/v1/models", &r);
    assert_int_equal(r.status, 200);
    reply_deinit(&r);
    talk_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_chat_parts_and_choices),
        cmocka_unit_test(test_fixed_text),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_tools_streamed),
        cmocka_unit_test(test_completions),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_embeddings_agree),
        cmocka_unit_test(test_moderations),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_broken_http),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_pipelined_in_order),
        cmocka_unit_test(test_pipelined_beyond_the_mark),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_close_and_http10),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_large_answer),
        cmocka_unit_test(test_caller_leaves),
        cmocka_unit_test(test_destroyed_in_the_middle),
        cmocka_unit_test(test_many_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
