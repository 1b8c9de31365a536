/*
 * The request to the provider: exact bytes, what is cut and replaced, what is refused.
 */
#include "openai_priv.h"

#include "proa/provider/site.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

static const struct proa_json_want wants[] = {
    {PROA_SLICE_INIT("model"), 0},
    {PROA_SLICE_INIT("providerOptions"), 0},
    {PROA_SLICE_INIT("order"), 0},
    {PROA_SLICE_INIT("messages"), 0},
};

struct request {
    struct proa_arena arena;
    struct proa_json_member members[PROA_ARRAY_LEN(wants)];
    struct proa_json_edit cuts[2];
    struct proa_encode_in in;
    struct proa_encoded out;
};

static void request_init(struct request *r, const char *body)
{
    const struct proa_json_scan_cfg cfg = {.wants = wants, .n_wants = PROA_ARRAY_LEN(wants)};
    *r = (struct request){
        .in = {.base_path = PROA_SLICE("/v1"),
               .host_header = PROA_SLICE("api.example.com"),
               .authorization = {.scheme = PROA_AUTH_BEARER, .secret = PROA_SLICE("sk-1")},
               .model = PROA_SLICE("gpt-5.5"),
               .body = proa_slice_cstr(body)}};
    proa_arena_init(&r->arena, NULL);
    assert_ok(proa_json_scan(r->in.body, &cfg, r->members, &r->in.info));
    r->in.model_member = r->members[0];
    r->in.messages_member = r->members[3];
    for (size_t i = 1; i < 3; i++) {
        if (r->members[i].kind != PROA_JSON_ABSENT) {
            r->cuts[r->in.n_cuts] =
                (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = r->members[i]};
            r->in.n_cuts++;
        }
    }
    r->in.cuts = r->cuts;
}

static enum proa_err encode(struct request *r)
{
    return proa_openai_encode(&r->in, &r->arena, &r->out);
}

static void request_deinit(struct request *r)
{
    proa_arena_reset(&r->arena);
}

static struct proa_slice head_of(const struct request *r)
{
    assert_true(r->out.n_iov > 0);
    return proa_slice_make(r->out.iov[0].iov_base, r->out.iov[0].iov_len);
}

static void check_body(const struct request *r, const char *expected)
{
    char text[4096];
    size_t n = 0;
    for (size_t i = 1; i < r->out.n_iov; i++) {
        assert_true(n + r->out.iov[i].iov_len <= sizeof text);
        memcpy(text + n, r->out.iov[i].iov_base, r->out.iov[i].iov_len);
        n += r->out.iov[i].iov_len;
    }
    assert_slice_str(proa_slice_make(text, n), expected);
    assert_int_equal(r->out.body_bytes, n);
}

static void test_head_of_a_plain_request(void **state)
{
    (void)state;
    struct request r;
    request_init(&r, "{\"model\":\"gpt-5.5\"}");
    assert_ok(encode(&r));
    assert_slice_lit(head_of(&r), "POST /v1/chat/completions HTTP/1.1\r\n"
                                  "host: api.example.com\r\n"
                                  "authorization: Bearer sk-1\r\n"
                                  "content-type: application/json\r\n"
                                  "accept-encoding: identity\r\n"
                                  "accept: application/json\r\n"
                                  "content-length: 19\r\n\r\n");
    assert_int_equal(r.out.n_iov, 2);
    assert_ptr_equal(r.out.iov[1].iov_base, r.in.body.ptr);
    check_body(&r, "{\"model\":\"gpt-5.5\"}");
    request_deinit(&r);
}

static void test_head_of_a_stream_with_headers(void **state)
{
    (void)state;
    const struct proa_http_header headers[] = {
        {PROA_HTTP_HEADER_OPENAI_BETA, PROA_SLICE_INIT("OpenAI-Beta"), PROA_SLICE_INIT("a=v1")},
        {PROA_HTTP_HEADER_OTHER, PROA_SLICE_INIT("x-other"), PROA_SLICE_INIT("")},
    };
    struct request r;
    request_init(&r, "{\"model\":\"gpt-5.5\",\"stream\":true}");
    r.in.stream = true;
    r.in.authorization.secret = PROA_SLICE_NONE;
    r.in.base_path = PROA_SLICE_NONE;
    r.in.operation = PROA_OP_COMPLETION;
    r.in.host_header = PROA_SLICE("[::1]:8000");
    r.in.headers = headers;
    r.in.n_headers = 2;
    assert_ok(encode(&r));
    assert_slice_lit(head_of(&r), "POST /completions HTTP/1.1\r\n"
                                  "host: [::1]:8000\r\n"
                                  "content-type: application/json\r\n"
                                  "accept-encoding: identity\r\n"
                                  "accept: text/event-stream\r\n"
                                  "openai-beta: a=v1\r\n"
                                  "x-other: \r\n"
                                  "content-length: 33\r\n\r\n");
    request_deinit(&r);
}

/* The gateway's option is a member of the body, unless the client says one, or nobody takes it. */
static void test_a_tier(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        enum proa_operation op;
        const char *more;
        const char *sent;
    } rows[] = {
        {"openai", PROA_OP_CHAT, "", ",\"service_tier\":\"flex\""},
        {"openai", PROA_OP_RESPONSES, "", ",\"service_tier\":\"flex\""},
        {"openai", PROA_OP_EMBEDDING, "", ""},
        {"openai", PROA_OP_CHAT, ",\"service_tier\":\"auto\"", ""},
        {"groq", PROA_OP_CHAT, "", ",\"service_tier\":\"flex\""},
        {"deepseek", PROA_OP_CHAT, "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct request r;
        char body[128];
        char sent[128];
        (void)snprintf(body, sizeof body, "{\"model\":\"gpt-5.5\"%s}", row->more);
        (void)snprintf(sent, sizeof sent, "{\"model\":\"gpt-5.5\"%s%s}", row->more, row->sent);
        request_init(&r, body);
        r.in.operation = row->op;
        r.in.vendor = proa_vendor_find(proa_slice_cstr(row->vendor));
        r.in.service_tier = PROA_SLICE("flex");
        assert_ok(encode(&r));
        check_body(&r, sent);
        request_deinit(&r);
    }
}

/* Azure's paths by deployment have none of it: the request becomes a chat. */
static void test_responses_at_azure(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        enum proa_err err;
        const char *path;
    } rows[] = {
        {"", PROA_OK, "POST /v1/responses "},
        {"v1", PROA_OK, "POST /v1/responses?api-version=v1 "},
        {"2024-10-21", PROA_ERR_UNSUPPORTED, NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_site site = {.api_version = proa_slice_cstr(row->version)};
        struct request r;
        request_init(&r, "{\"model\":\"m\",\"input\":\"hi\"}");
        r.in.operation = PROA_OP_RESPONSES;
        r.in.site = &site;
        assert_err(encode(&r), row->err);
        assert_true(!row->path || proa_slice_starts(head_of(&r), proa_slice_cstr(row->path)));
        request_deinit(&r);
    }
}

static void test_path_of_each_operation(void **state)
{
    (void)state;
    static const char *const paths[PROA_OPERATIONS] = {
        [PROA_OP_CHAT] = "POST /v1/chat/completions ",
        [PROA_OP_COMPLETION] = "POST /v1/completions ",
        [PROA_OP_EMBEDDING] = "POST /v1/embeddings ",
        [PROA_OP_MODERATION] = "POST /v1/moderations ",
        [PROA_OP_RERANK] = "POST /v1/rerank ",
        [PROA_OP_RESPONSES] = "POST /v1/responses ",
        [PROA_OP_COUNT_TOKENS] = NULL, /* it has none */
        [PROA_OP_IMAGE] = "POST /v1/images/generations ",
        [PROA_OP_IMAGE_EDIT] = "POST /v1/images/edits ",
        [PROA_OP_SPEECH] = "POST /v1/audio/speech ",
        [PROA_OP_TRANSCRIPTION] = "POST /v1/audio/transcriptions ",
        [PROA_OP_TRANSLATION] = "POST /v1/audio/translations ",
    };
    for (size_t op = 0; op < PROA_OPERATIONS; op++) {
        struct request r;
        request_init(&r, "{\"model\":\"gpt-5.5\"}");
        r.in.operation = (enum proa_operation)op;
        assert_err(encode(&r), paths[op] ? PROA_OK : PROA_ERR_ARG);
        assert_true(!paths[op] || proa_slice_starts(head_of(&r), proa_slice_cstr(paths[op])));
        request_deinit(&r);
    }
    struct request r;
    request_init(&r, "{\"model\":\"gpt-5.5\"}");
    r.in.operation = (enum proa_operation)PROA_OPERATIONS;
    assert_err(encode(&r), PROA_ERR_ARG);
    request_deinit(&r);
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        const char *body;
        const char *expected;
    } rows[] = {
        {"gpt-5.5", "{\"model\":\"gpt-5.5\",\"x\":1}", "{\"model\":\"gpt-5.5\",\"x\":1}"},
        {"gpt-5.5", "{\"model\":\"openai/gpt-5.5\",\"x\":1}", "{\"model\":\"gpt-5.5\",\"x\":1}"},
        {"gpt-5.5", " { \"x\" : 1 , \"model\" : \"a\" } ",
         " { \"x\" : 1 , \"model\" : \"gpt-5.5\" } "},
        /* As long as the model that is asked for, but another one; the same, written otherwise. */
        {"gpt-5.5", "{\"model\":\"gpt-5.6\"}", "{\"model\":\"gpt-5.5\"}"},
        {"gpt-5.5", "{\"model\":\"gpt\\u002d5.5\"}", "{\"model\":\"gpt-5.5\"}"},
        {"gpt-5.5", "{\"x\":1}", "{\"model\":\"gpt-5.5\",\"x\":1}"},
        {"gpt-5.5", "{}", "{\"model\":\"gpt-5.5\"}"},
        {"gpt-5.5", "{\"model\":null}", "{\"model\":\"gpt-5.5\"}"},
        {"a\"b\\c\n", "{\"model\":\"m\"}", "{\"model\":\"a\\\"b\\\\c\\n\"}"},
        {"", "{\"model\":\"m\"}", "{\"model\":\"m\"}"},
        {"", "{\"providerOptions\":{},\"x\":1}", "{\"x\":1}"},
        {"gpt-5.5", "{\"providerOptions\":{\"gateway\":{}},\"model\":\"x/gpt-5.5\",\"order\":[]}",
         "{\"model\":\"gpt-5.5\"}"},
        {"gpt-5.5", "{\"model\":\"gpt-5.5\",\"order\":[\"a\"],\"user\":\"u\",\"tags\":[1]}",
         "{\"model\":\"gpt-5.5\",\"user\":\"u\",\"tags\":[1]}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct request r;
        char length[64];
        request_init(&r, row->body);
        r.in.model = proa_slice_cstr(row->model);
        assert_ok(encode(&r));
        check_body(&r, row->expected);
        (void)snprintf(length, sizeof length, "\r\ncontent-length: %zu\r\n\r\n",
                       strlen(row->expected));
        const struct proa_slice head = head_of(&r);
        assert_true(proa_slice_search(head, proa_slice_cstr(length)) + strlen(length) == head.len);
        request_deinit(&r);
    }
}

/* Every cut there can be, and the model: the pieces suffice. */
static void test_as_many_edits_as_there_can_be(void **state)
{
    (void)state;
    static const struct proa_json_want many[] = {
        {PROA_SLICE_INIT("c0"), 0}, {PROA_SLICE_INIT("c1"), 0}, {PROA_SLICE_INIT("c2"), 0},
        {PROA_SLICE_INIT("c3"), 0}, {PROA_SLICE_INIT("c4"), 0}, {PROA_SLICE_INIT("c5"), 0},
        {PROA_SLICE_INIT("c6"), 0}, {PROA_SLICE_INIT("c7"), 0}, {PROA_SLICE_INIT("model"), 0},
    };
    const struct proa_json_scan_cfg cfg = {.wants = many, .n_wants = 9};
    struct proa_json_member members[9];
    struct proa_json_edit cuts[8];
    struct request r;
    request_init(&r, "{\"a\":0,\"c0\":1,\"b\":0,\"c1\":1,\"c\":0,\"c2\":1,\"d\":0,\"c3\":1,"
                     "\"e\":0,\"model\":\"x\",\"c4\":1,\"f\":0,\"c5\":1,\"g\":0,\"c6\":1,"
                     "\"h\":0,\"c7\":1}");
    assert_ok(proa_json_scan(r.in.body, &cfg, members, &r.in.info));
    for (size_t i = 0; i < 8; i++) {
        cuts[i] = (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = members[i]};
    }
    r.in.cuts = cuts;
    r.in.n_cuts = 8;
    assert_ok(encode(&r));
    check_body(&r, "{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"model\":\"gpt-5.5\",\"f\":0,"
                   "\"g\":0,\"h\":0}");
    request_deinit(&r);
}

static void test_values_that_do_not_fit(void **state)
{
    (void)state;
    static const struct proa_slice bad[] = {
        PROA_SLICE_INIT("a\r\nx: y"), PROA_SLICE_INIT("a\nb"),  PROA_SLICE_INIT("a\rb"),
        PROA_SLICE_INIT("a\0b"),      PROA_SLICE_INIT("a\x7f"),
    };
    PROA_TEST_ROWS(value, bad)
    {
        for (int where = 0; where < 5; where++) {
            struct proa_http_header header = {PROA_HTTP_HEADER_OTHER, PROA_SLICE_INIT("x"),
                                              PROA_SLICE_INIT("y")};
            struct request r;
            request_init(&r, "{\"model\":\"gpt-5.5\"}");
            r.in.headers = &header;
            r.in.n_headers = 1;
            struct proa_slice *places[] = {&r.in.authorization.secret, &r.in.host_header,
                                           &r.in.base_path, &header.value, &header.name};
            *places[where] = *value;
            assert_err(encode(&r), PROA_ERR_PROTOCOL);
            assert_int_equal(r.out.n_iov, 0);
            request_deinit(&r);
        }
    }
}

static void test_other_refusals(void **state)
{
    (void)state;
    struct request r;
    request_init(&r, "{\"model\":\"gpt-5.5\"}");
    r.in.host_header = PROA_SLICE_NONE;
    assert_err(encode(&r), PROA_ERR_PROTOCOL);
    r.in.host_header = PROA_SLICE("h");
    r.in.base_path = PROA_SLICE("/v1 /x");
    assert_err(encode(&r), PROA_ERR_PROTOCOL);
    r.in.base_path = PROA_SLICE("/v1#x");
    assert_err(encode(&r), PROA_ERR_PROTOCOL);
    r.in.base_path = PROA_SLICE("/v1");
    r.in.info.kind = PROA_JSON_ARRAY;
    r.in.model = PROA_SLICE("other");
    assert_err(encode(&r), PROA_ERR_ARG);
    request_deinit(&r);
}

/* A second one of what the encoder writes itself would let two readers see two requests. */
static void test_fields_of_our_own_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Host",         "authorization",    "Content-Length", "Transfer-Encoding", "connection",
        "content-type", "accept-encoding",  "expect",         "upgrade",           "TE",
        "trailer",      "content-encoding",
    };
    PROA_TEST_ROWS(name, names)
    {
        const struct proa_slice text = proa_slice_cstr(*name);
        const struct proa_http_header header = {(uint16_t)proa_http_header_lookup(text), text,
                                                PROA_SLICE_INIT("x")};
        struct request r;
        request_init(&r, "{\"model\":\"gpt-5.5\"}");
        r.in.headers = &header;
        r.in.n_headers = 1;
        PROA_TEST_CHECK(encode(&r) == PROA_ERR_PROTOCOL, "%s", *name);
        request_deinit(&r);
    }
}

static void test_head_has_a_maximum(void **state)
{
    (void)state;
    char *value = proa_alloc(20 * 1024);
    struct proa_http_header headers[40];
    struct request r;
    memset(value, 'v', 20 * 1024);
    request_init(&r, "{\"model\":\"gpt-5.5\"}");
    for (size_t i = 0; i < PROA_ARRAY_LEN(headers); i++) {
        headers[i] = (struct proa_http_header){PROA_HTTP_HEADER_OTHER, PROA_SLICE_INIT("x"),
                                               proa_slice_make(value, 1024)};
    }
    r.in.headers = headers;
    r.in.n_headers = 40;
    assert_err(encode(&r), PROA_ERR_LIMIT);
    r.in.n_headers = 15;
    assert_ok(encode(&r));
    request_deinit(&r);
    r.in.n_headers = 16;
    assert_err(encode(&r), PROA_ERR_LIMIT);
    r.in.n_headers = 0;
    r.in.authorization.secret = proa_slice_make(value, 20 * 1024);
    assert_err(encode(&r), PROA_ERR_LIMIT);
    r.in.authorization.secret = PROA_SLICE_NONE;
    r.in.model = proa_slice_make(value, 20 * 1024);
    assert_err(encode(&r), PROA_ERR_LIMIT);
    request_deinit(&r);
    proa_free(value);
}

static void test_a_prefill_is_the_last_message(void **state)
{
    (void)state;
    static const struct {
        enum proa_prefill_form form;
        const char *body;
        const char *expected;
    } cases[] = {
        {PROA_PREFILL_ASSISTANT, "{\"model\":\"gpt-5.5\",\"messages\":[{\"role\":\"user\"}]}",
         "{\"model\":\"gpt-5.5\",\"messages\":[{\"role\":\"user\"},"
         "{\"role\":\"assistant\",\"content\":\"One\\n\"}]}"},
        {PROA_PREFILL_ASSISTANT, "{\"messages\":[ ],\"model\":\"gpt-5.5\"}",
         "{\"messages\":[ {\"role\":\"assistant\",\"content\":\"One\\n\"}],\"model\":\"gpt-5.5\"}"},
        {PROA_PREFILL_PREFIX, "{\"model\":\"x\",\"order\":[1],\"messages\":[1 ]}",
         "{\"model\":\"gpt-5.5\",\"messages\":[1 ,{\"role\":\"assistant\",\"content\":\"One\\n\","
         "\"prefix\":true}]}"},
        {PROA_PREFILL_CONTINUE, "{\"messages\":[1],\"model\":\"gpt-5.5\"}",
         "{\"messages\":[1,{\"role\":\"assistant\",\"content\":\"One\\n\"}],\"model\":\"gpt-5.5\","
         "\"continue_final_message\":true,\"add_generation_prompt\":false}"},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct request r;
        request_init(&r, row->body);
        r.in.prefill = PROA_SLICE("One\n");
        r.in.prefill_form = row->form;
        assert_ok(encode(&r));
        check_body(&r, row->expected);
        request_deinit(&r);
    }
}

static void test_a_prefill_needs_messages(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"model\":\"gpt-5.5\"}",
                                         "{\"model\":\"gpt-5.5\",\"messages\":\"hi\"}"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(bodies); i++) {
        struct request r;
        request_init(&r, bodies[i]);
        r.in.prefill = PROA_SLICE("One");
        r.in.prefill_form = PROA_PREFILL_ASSISTANT;
        assert_int_equal(encode(&r), PROA_ERR_UNSUPPORTED);
        request_deinit(&r);
    }
    struct request r;
    request_init(&r, "{\"model\":\"gpt-5.5\",\"messages\":[1]}");
    r.in.operation = PROA_OP_COMPLETION;
    r.in.prefill = PROA_SLICE("One");
    r.in.prefill_form = PROA_PREFILL_ASSISTANT;
    assert_int_equal(encode(&r), PROA_ERR_UNSUPPORTED);
    request_deinit(&r);
}

/* The limit under the name that the model takes, where the client used the other one. */
static void test_the_limit_is_renamed(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        const char *body;
        const char *sent;
    } rows[] = {
        {"openai", "gpt-5.5", "{\"model\":\"gpt-5.5\",\"max_tokens\":7,\"n\":1}",
         "{\"model\":\"gpt-5.5\",\"n\":1,\"max_completion_tokens\":7}"},
        {"azure", "o3", "{\"max_tokens\":7,\"model\":\"o3\"}",
         "{\"model\":\"o3\",\"max_completion_tokens\":7}"},
        {"ollama", "m", "{\"model\":\"m\",\"max_completion_tokens\":7}",
         "{\"model\":\"m\",\"max_tokens\":7}"},
        /* as it is: the right name already, either will do, both are said, no number */
        {"openai", "gpt-5.5", "{\"model\":\"gpt-5.5\",\"max_completion_tokens\":7}", NULL},
        {"openai", "gpt-4o", "{\"model\":\"gpt-4o\",\"max_tokens\":7}", NULL},
        {NULL, "m", "{\"model\":\"m\",\"max_completion_tokens\":7}", NULL},
        {"openai", "o3", "{\"model\":\"o3\",\"max_tokens\":7,\"max_completion_tokens\":8}", NULL},
        {"openai", "o3", "{\"model\":\"o3\",\"max_tokens\":null}", NULL},
    };
    static const struct proa_json_want limits[] = {{PROA_SLICE_INIT("max_tokens"), 0},
                                                   {PROA_SLICE_INIT("max_completion_tokens"), 0}};
    const struct proa_json_scan_cfg cfg = {.wants = limits, .n_wants = 2};
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct request r;
        struct proa_json_member members[2];
        struct proa_json_info info;
        request_init(&r, rows[i].body);
        assert_ok(proa_json_scan(r.in.body, &cfg, members, &info));
        r.in.limit_members = members;
        r.in.model = proa_slice_cstr(rows[i].model);
        r.in.vendor = rows[i].vendor ? proa_vendor_find(proa_slice_cstr(rows[i].vendor)) : NULL;
        assert_ok(encode(&r));
        struct proa_buf sent;
        proa_buf_init(&sent, 512);
        for (size_t p = 1; p < r.out.n_iov; p++) {
            (void)proa_buf_append(&sent,
                                  proa_slice_make(r.out.iov[p].iov_base, r.out.iov[p].iov_len));
        }
        assert_slice_str(proa_buf_slice(&sent), rows[i].sent ? rows[i].sent : rows[i].body);
        assert_int_equal(r.out.body_bytes, sent.len);
        proa_buf_deinit(&sent);
        request_deinit(&r);
    }
}

static void test_what_the_provider_does_not_know_is_translated(void **state)
{
    (void)state;
    static const struct {
        const char *vendor; /* NULL = none that is known */
        bool own_words;
        const char *options;
        enum proa_operation op;
        enum proa_err err;
    } rows[] = {
        {"openai", false, "", PROA_OP_CHAT, PROA_OK},
        {"openai", true, "", PROA_OP_CHAT, PROA_ERR_UNSUPPORTED},
        {"azure", true, "", PROA_OP_CHAT, PROA_ERR_UNSUPPORTED},
        {"openai", true, "", PROA_OP_EMBEDDING, PROA_OK},
        {"ollama", true, "", PROA_OP_CHAT, PROA_OK},
        {NULL, true, "", PROA_OP_CHAT, PROA_OK},
        {"openai", false, "{\"gateway\":{\"order\":[\"a\"]},\"anthropic\":{}}", PROA_OP_CHAT,
         PROA_OK},
        {"openai", false, "{\"openai\":{\"reasoningEffort\":\"low\"}}", PROA_OP_CHAT,
         PROA_ERR_UNSUPPORTED},
        {"azure", false, "{\"openai\":{}}", PROA_OP_CHAT, PROA_ERR_UNSUPPORTED},
        {NULL, false, "{\"here\":{}}", PROA_OP_CHAT, PROA_ERR_UNSUPPORTED},
        {NULL, false, "{\"there\":{}}", PROA_OP_CHAT, PROA_OK},
        {"groq", false, "{\"openai\":{}}", PROA_OP_CHAT, PROA_OK},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct request r;
        request_init(&r, "{\"model\":\"gpt-5.5\"}");
        r.in.vendor = row->vendor ? proa_vendor_find(proa_slice_cstr(row->vendor)) : NULL;
        r.in.provider = PROA_SLICE("here");
        r.in.own_words = row->own_words;
        r.in.provider_options = proa_slice_cstr(row->options);
        r.in.operation = row->op;
        PROA_TEST_CHECK(encode(&r) == row->err, "%s %d %s", row->vendor ? row->vendor : "-",
                        row->own_words, row->options);
        request_deinit(&r);
    }
}

static void test_azures_paths(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *begins;
    } rows[] = {
        {"", "POST /openai/chat/completions HTTP/1.1\r\n"},
        {"v1", "POST /openai/chat/completions?api-version=v1 HTTP/1.1\r\n"},
        {"2024-10-21", "POST /openai/deployments/my%20gpt%2F5/chat/completions?api-version="
                       "2024-10-21 HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct request r;
        request_init(&r, "{\"model\":\"x\"}");
        const struct proa_site site = {.api_version = proa_slice_cstr(rows[i].version)};
        r.in.site = &site;
        r.in.base_path = PROA_SLICE("/openai");
        r.in.model = PROA_SLICE("my gpt/5");
        r.in.authorization.scheme = PROA_AUTH_API_KEY;
        assert_ok(encode(&r));
        const struct proa_slice head = proa_slice_make(r.out.iov[0].iov_base, r.out.iov[0].iov_len);
        assert_true(proa_slice_starts(head, proa_slice_cstr(rows[i].begins)));
        assert_true(proa_slice_search(head, PROA_SLICE("\r\napi-key: sk-1\r\n")) < head.len);
        request_deinit(&r);
    }
}

static void test_images_and_speech(void **state)
{
    (void)state;
    struct request r;
    request_init(&r, "{\"model\":\"img\",\"prompt\":\"a\",\"providerOptions\":{}}");
    r.in.operation = PROA_OP_IMAGE;
    assert_ok(encode(&r));
    check_body(&r, "{\"model\":\"gpt-5.5\",\"prompt\":\"a\"}");
    assert_slice_lit(head_of(&r), "POST /v1/images/generations HTTP/1.1\r\n"
                                  "host: api.example.com\r\n"
                                  "authorization: Bearer sk-1\r\n"
                                  "content-type: application/json\r\n"
                                  "accept-encoding: identity\r\n"
                                  "accept: */*\r\n"
                                  "content-length: 32\r\n\r\n");
    request_deinit(&r);
}

#define FORM_TYPE  "multipart/form-data; boundary=\"B 1\""
#define FORM_BEGIN "--B 1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
#define FORM_CUT   "--B 1\r\nContent-Disposition: form-data; name=\"providerOptions\"\r\n\r\n{}\r\n"
#define FORM_END   "\r\n--B 1--\r\n"

static void form_init(struct request *r, struct proa_multipart_edits *form, const char *body)
{
    *r = (struct request){
        .in = {.operation = PROA_OP_TRANSCRIPTION,
               .base_path = PROA_SLICE("/v1"),
               .host_header = PROA_SLICE("api.example.com"),
               .authorization = {.scheme = PROA_AUTH_BEARER, .secret = PROA_SLICE("sk-1")},
               .model = PROA_SLICE("whisper-1"),
               .body = proa_slice_cstr(body),
               .content_type = PROA_SLICE(FORM_TYPE),
               .form = form}};
    proa_arena_init(&r->arena, NULL);
}

static void test_a_form(void **state)
{
    (void)state;
    struct request r;
    struct proa_multipart_edits form = {
        .replaced = {sizeof FORM_CUT FORM_BEGIN - 1, sizeof FORM_CUT FORM_BEGIN "stt" - 1},
        .cuts = {{0, sizeof FORM_CUT - 1}},
        .n_cuts = 1};
    form_init(&r, &form, FORM_CUT FORM_BEGIN "stt" FORM_END);
    assert_ok(encode(&r));
    check_body(&r, FORM_BEGIN "whisper-1" FORM_END);
    const struct proa_slice head = head_of(&r);
    assert_true(proa_slice_starts(head, PROA_SLICE("POST /v1/audio/transcriptions HTTP/1.1\r\n")));
    assert_true(proa_slice_search(head, PROA_SLICE("\r\ncontent-type: " FORM_TYPE
                                                   "\r\naccept-encoding: identity\r\n"
                                                   "accept: */*\r\n")) < head.len);
    request_deinit(&r);

    static const struct site_path {
        const char *version;
        const char *begins;
    } sites[] = {
        {"2025-04-01-preview", "POST /openai/deployments/whisper-1/audio/transcriptions"
                               "?api-version=2025-04-01-preview HTTP/1.1\r\n"},
        {"preview", "POST /openai/audio/transcriptions?api-version=preview HTTP/1.1\r\n"},
    };
    PROA_TEST_ROWS(row, sites)
    {
        const struct proa_site site = {.api_version = proa_slice_cstr(row->version)};
        form_init(&r, &form, FORM_CUT FORM_BEGIN "stt" FORM_END);
        r.in.site = &site;
        r.in.base_path = PROA_SLICE("/openai");
        assert_ok(encode(&r));
        assert_true(proa_slice_starts(head_of(&r), proa_slice_cstr(row->begins)));
        request_deinit(&r);
    }

    /* Nothing that would be another line of the form, or of the head. */
    form_init(&r, &form, FORM_CUT FORM_BEGIN "stt" FORM_END);
    r.in.model = PROA_SLICE("a\r\n--B 1");
    assert_err(encode(&r), PROA_ERR_PROTOCOL);
    assert_int_equal(r.out.n_iov, 0);
    r.in.model = PROA_SLICE("a");
    r.in.content_type = PROA_SLICE("multipart/form-data;\r\nx: y");
    assert_err(encode(&r), PROA_ERR_PROTOCOL);
    assert_int_equal(r.out.n_iov, 0);
    request_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_limit_is_renamed),
        cmocka_unit_test(test_azures_paths),
        cmocka_unit_test(test_what_the_provider_does_not_know_is_translated),
        cmocka_unit_test(test_head_of_a_plain_request),
        cmocka_unit_test(test_a_tier),
        cmocka_unit_test(test_head_of_a_stream_with_headers),
        cmocka_unit_test(test_path_of_each_operation),
        cmocka_unit_test(test_responses_at_azure),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_as_many_edits_as_there_can_be),
        cmocka_unit_test(test_values_that_do_not_fit),
        cmocka_unit_test(test_other_refusals),
        cmocka_unit_test(test_fields_of_our_own_are_refused),
        cmocka_unit_test(test_head_has_a_maximum),
        cmocka_unit_test(test_a_prefill_is_the_last_message),
        cmocka_unit_test(test_a_prefill_needs_messages),
        cmocka_unit_test(test_images_and_speech),
        cmocka_unit_test(test_a_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
