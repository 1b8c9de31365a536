/*
 * Messages requests whose bytes go on: nothing is changed but what must be.
 */
#include "anthropic_priv.h"

#include "proa/json/scan.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

struct passed {
    struct proa_arena arena;
    struct proa_encode_in in;
    struct proa_encoded out;
    struct proa_json_member members[3];
    struct proa_json_edit cut;
    struct proa_buf body; /* what goes out, in one piece */
    enum proa_err err;
};

static const struct proa_json_want WANTS[] = {{PROA_SLICE_INIT("model"), 0},
                                              {PROA_SLICE_INIT("messages"), 0},
                                              {PROA_SLICE_INIT("providerOptions"), 0}};

static void setup(struct passed *p, const char *model, const char *body)
{
    const struct proa_json_scan_cfg cfg = {.wants = WANTS, .n_wants = PROA_ARRAY_LEN(WANTS)};
    *p = (struct passed){
        .in = {.base_path = PROA_SLICE("/v1"),
               .host_header = PROA_SLICE("api.example.com"),
               .authorization = {.scheme = PROA_AUTH_X_API_KEY, .secret = PROA_SLICE("k-1")},
               .model = proa_slice_cstr(model),
               .body = proa_slice_cstr(body)}};
    proa_arena_init(&p->arena, NULL);
    proa_buf_init(&p->out.body, 1 << 20);
    proa_buf_init(&p->body, 1 << 20);
    assert_ok(proa_json_scan(p->in.body, &cfg, p->members, &p->in.info));
    p->in.model_member = p->members[0];
    p->in.messages_member = p->members[1];
    if (p->members[2].kind != PROA_JSON_ABSENT) {
        p->cut = (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = p->members[2]};
        p->in.cuts = &p->cut;
        p->in.n_cuts = 1;
    }
}

static void encode(struct passed *p)
{
    p->err = proa_anthropic_encode(&p->in, &p->arena, &p->out);
    for (size_t i = 1; i < p->out.n_iov; i++) {
        (void)proa_buf_append(&p->body,
                              proa_slice_make(p->out.iov[i].iov_base, p->out.iov[i].iov_len));
    }
    assert_true(p->err != PROA_OK || p->out.body_bytes == p->body.len);
    assert_true(p->err == PROA_OK || p->out.n_iov == 0);
}

static void teardown(struct passed *p)
{
    proa_buf_deinit(&p->body);
    proa_buf_deinit(&p->out.body);
    proa_arena_reset(&p->arena);
}

static struct proa_slice head_of(const struct passed *p)
{
    return proa_slice_make(p->out.iov[0].iov_base, p->out.iov[0].iov_len);
}

static bool head_has(const struct passed *p, const char *text)
{
    const struct proa_slice head = head_of(p);
    return proa_slice_search(head, proa_slice_cstr(text)) < head.len;
}

#define HI "\"messages\": [ {\"role\":\"user\",\"content\":\"hi\"} ]"

static void bodies(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        const char *body;
        const char *sent;
    } rows[] = {
        {"claude-x", "{\"model\":\"claude-x\" , " HI ", \"new\":[1, 2]}\n",
         "{\"model\":\"claude-x\" , " HI ", \"new\":[1, 2]}\n"},
        {"claude-x", "{\"max_tokens\":1,\"model\":\"route\", " HI "}",
         "{\"max_tokens\":1,\"model\":\"claude-x\", " HI "}"},
        {"a\"b", "{\"model\":\"route\"," HI "}", "{\"model\":\"a\\\"b\"," HI "}"},
        {"claude-x", "{\"model\":\"claude-x\",\"providerOptions\":{\"gateway\":{}}," HI "}",
         "{\"model\":\"claude-x\"," HI "}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct passed p;
        setup(&p, row->model, row->body);
        encode(&p);
        assert_ok(p.err);
        assert_slice_str(proa_buf_slice(&p.body), row->sent);
        teardown(&p);
    }
}

static void heads(void **state)
{
    (void)state;
    static const struct proa_http_header headers[] = {
        {PROA_HTTP_HEADER_ANTHROPIC_VERSION, PROA_SLICE_INIT("anthropic-version"),
         PROA_SLICE_INIT("2026-10-21")},
        {PROA_HTTP_HEADER_ANTHROPIC_BETA, PROA_SLICE_INIT("anthropic-beta"),
         PROA_SLICE_INIT("a-1,b-2")}};
    struct passed p;
    setup(&p, "m", "{\"model\":\"m\"," HI "}");
    encode(&p);
    assert_true(proa_slice_starts(head_of(&p), PROA_SLICE("POST /v1/messages HTTP/1.1\r\n")));
    assert_true(head_has(&p, "\r\nx-api-key: k-1\r\n"));
    assert_true(head_has(&p, "\r\nanthropic-version: 2023-06-01\r\n"));
    teardown(&p);
    setup(&p, "m", "{\"model\":\"m\"," HI "}");
    p.in.headers = headers;
    p.in.n_headers = PROA_ARRAY_LEN(headers);
    p.in.operation = PROA_OP_COUNT_TOKENS;
    encode(&p);
    assert_true(
        proa_slice_starts(head_of(&p), PROA_SLICE("POST /v1/messages/count_tokens HTTP/1.1\r\n")));
    assert_true(head_has(&p, "\r\nanthropic-version: 2026-10-21\r\n"));
    assert_true(head_has(&p, "\r\nanthropic-beta: a-1,b-2\r\n"));
    assert_false(head_has(&p, "2023-06-01"));
    teardown(&p);
}

static void on_vertex_the_model_is_in_the_path(void **state)
{
    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        struct passed p;
        setup(&p, "claude-x@2026", "{\"model\":\"claude-x\"," HI "}");
        p.in.vendor = proa_vendor_find(PROA_SLICE("vertex"));
        p.in.base_path = PROA_SLICE("/v1/l");
        p.in.stream = stream == 1;
        assert_non_null(p.in.vendor);
        encode(&p);
        assert_ok(p.err);
        assert_slice_lit(proa_buf_slice(&p.body),
                         "{\"anthropic_version\":\"vertex-2023-10-16\"," HI "}");
        assert_true(head_has(&p, stream == 1 ? "/publishers/anthropic/models/claude-x@2026:"
                                               "streamRawPredict HTTP/1.1"
                                             : "/publishers/anthropic/models/claude-x@2026:"
                                               "rawPredict HTTP/1.1"));
        assert_false(proa_dialect_find(PROA_SLICE("anthropic"))
                         ->passes(p.in.vendor, p.in.model, PROA_OP_COUNT_TOKENS));
        teardown(&p);
    }
}

/* The beginning is a last message, for models that take one; without white space at its end. */
/* What the gateway was told of the provider's own; what the client says itself goes before. */
static void options_of_the_gateway(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *tier;
        bool cache;
        const char *more; /* in the body */
        const char *sent; /* besides; NULL: it is to be put in other words */
    } rows[] = {
        {"anthropic", "", true, "", ",\"cache_control\":{\"type\":\"ephemeral\"}"},
        {"anthropic", "", true, ",\"cache_control\":{\"ttl\":\"1h\"}", ""},
        {"vertex", "", true, "", NULL},
        {"", "", true, "", NULL},
        {"", "", true, ",\"tools\":[{\"cache_control\":{}}]", ""},
        {"anthropic", "priority", false, "", ",\"service_tier\":\"auto\""},
        {"anthropic", "priority", true, "",
         ",\"cache_control\":{\"type\":\"ephemeral\"},\"service_tier\":\"auto\""},
        {"anthropic", "flex", false, "", ""},
        {"anthropic", "priority", false, ",\"service_tier\":\"standard_only\"", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct passed p;
        char body[512];
        char sent[512];
        (void)snprintf(body, sizeof body, "{\"model\":\"m\"," HI "%s}", row->more);
        (void)snprintf(sent, sizeof sent, "{\"model\":\"m\"," HI "%s%s}", row->more,
                       row->sent ? row->sent : "");
        setup(&p, "m", body);
        p.in.vendor = proa_vendor_find(proa_slice_cstr(row->vendor));
        p.in.service_tier = proa_slice_cstr(row->tier);
        p.in.cache = row->cache;
        encode(&p);
        assert_err(p.err, row->sent ? PROA_OK : PROA_ERR_UNSUPPORTED);
        if (row->sent) {
            assert_slice_str(proa_buf_slice(&p.body), sent);
        }
        teardown(&p);
    }
}

static void a_prefill(void **state)
{
    (void)state;
    struct passed p;
    setup(&p, "claude-sonnet-4-5", "{\"model\":\"r\"," HI ",\"max_tokens\":1}");
    p.in.prefill = PROA_SLICE("One \"two\" \n");
    p.in.prefill_form = PROA_PREFILL_ASSISTANT;
    encode(&p);
    assert_ok(p.err);
    assert_slice_lit(proa_buf_slice(&p.body),
                     "{\"model\":\"claude-sonnet-4-5\",\"messages\": [ {\"role\":\"user\","
                     "\"content\":\"hi\"} ,{\"role\":\"assistant\",\"content\":\"One "
                     "\\\"two\\\"\"}],\"max_tokens\":1}");
    teardown(&p);
    setup(&p, "claude-opus-5", "{\"model\":\"r\"," HI ",\"max_tokens\":1}");
    p.in.prefill = PROA_SLICE("One");
    p.in.prefill_form = PROA_PREFILL_ASSISTANT;
    encode(&p);
    assert_err(p.err, PROA_ERR_UNSUPPORTED);
    teardown(&p);
}

/* Thinking that nobody has signed would be refused: it is translated, and left out so. */
static void thinking_of_another_model_does_not_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *block;
        bool passes;
    } rows[] = {
        {"{\"type\":\"thinking\",\"thinking\":\"x\",\"signature\":\"\"}", false},
        {"{\"type\":\"thinking\",\"thinking\":\"x\", \"signature\": \"\"}", false},
        {"{\"type\":\"thinking\",\"thinking\":\"x\",\"signature\":\"c2ln\"}", true},
        {"{\"type\":\"text\",\"text\":\"\\\"signature\\\":\\\"\\\"\"}", true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct passed p;
        char body[256];
        (void)snprintf(body, sizeof body,
                       "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":[%s]}]}",
                       row->block);
        setup(&p, "m", body);
        encode(&p);
        PROA_TEST_CHECK((p.err == PROA_OK) == row->passes, "%s", row->block);
        PROA_TEST_CHECK(row->passes || p.err == PROA_ERR_UNSUPPORTED, "%s", row->block);
        teardown(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(heads),
        cmocka_unit_test(on_vertex_the_model_is_in_the_path),
        cmocka_unit_test(options_of_the_gateway),
        cmocka_unit_test(a_prefill),
        cmocka_unit_test(thinking_of_another_model_does_not_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
