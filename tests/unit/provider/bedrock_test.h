/*
 * Requests in the neutral model as rows of tables, and what became of them.
 */
#ifndef PROA_BEDROCK_TEST_H
#define PROA_BEDROCK_TEST_H

#include "bedrock_priv.h"

#include "proa_test.h"

#define SONNET   "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
#define SONNET_5 "us.anthropic.claude-sonnet-5"
#define HAIKU_3  "anthropic.claude-3-haiku-20240307-v1:0"
#define NOVA     "amazon.nova-pro-v1:0"
#define NOVA_2   "us.amazon.nova-2-lite-v1:0"
#define GPT_OSS  "openai.gpt-oss-120b-1:0"
#define GPT      "us.openai.gpt-5.5"
#define MISTRAL  "mistral.mistral-large-2407-v1:0"
#define LLAMA    "us.meta.llama4-maverick-17b-instruct-v1:0"
#define TITAN    "amazon.titan-text-express-v1"
#define KIMI     "moonshot.kimi-k2-thinking"

#define B(lit) PROA_SLICE_INIT(lit)

#define TEXT(lit)                                                                                  \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = B(lit)                                                \
    }
#define CALL(the_id, the_name, args)                                                               \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_CALL, .id = B(the_id), .name = B(the_name),                    \
        .arguments = B(args)                                                                       \
    }
#define RESULT(the_id, ...)                                                                        \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_RESULT, .id = B(the_id),                                       \
        .parts = (const struct proa_chat_part[]){__VA_ARGS__},                                     \
        .n_parts =                                                                                 \
            sizeof((const struct proa_chat_part[]){__VA_ARGS__}) / sizeof(struct proa_chat_part)   \
    }
#define MESSAGE(who, ...)                                                                          \
    {                                                                                              \
        .role = PROA_CHAT_##who, .parts = (const struct proa_chat_part[]){__VA_ARGS__},            \
        .n_parts =                                                                                 \
            sizeof((const struct proa_chat_part[]){__VA_ARGS__}) / sizeof(struct proa_chat_part)   \
    }
#define MESSAGES(...)                                                                              \
    .messages = (const struct proa_chat_message[]){__VA_ARGS__},                                   \
    .n_messages =                                                                                  \
        sizeof((const struct proa_chat_message[]){__VA_ARGS__}) / sizeof(struct proa_chat_message)
#define TOOLS(...)                                                                                 \
    .tools = (const struct proa_chat_tool[]){__VA_ARGS__},                                         \
    .n_tools =                                                                                     \
        sizeof((const struct proa_chat_tool[]){__VA_ARGS__}) / sizeof(struct proa_chat_tool)
#define HI MESSAGES(MESSAGE(USER, TEXT("Hi")))
#define LOOK                                                                                       \
    {                                                                                              \
        .name = B("look"), .description = B("Looks."), .schema = B("{\"type\":\"object\"}")        \
    }
#define HI_JSON "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]"
#define LOOK_JSON                                                                                  \
    "{\"toolSpec\":{\"name\":\"look\",\"description\":\"Looks.\",\"inputSchema\":{\"json\":"       \
    "{\"type\":\"object\"}}}}"

struct encode_case {
    const char *name;
    const char *model;
    struct proa_chat_request request;
    const char *body;     /* NULL: refused, */
    const char *feature;  /* because of this */
    const char *warnings; /* "a, b"; NULL = none */
};

struct encoding {
    struct proa_arena arena;
    struct proa_chat_warnings warnings;
    struct proa_encoded out;
    struct proa_encode_in in;
};

static inline void encoding_init(struct encoding *e, const char *model)
{
    *e = (struct encoding){.in = {.host_header = B("bedrock-runtime.us-east-1.amazonaws.com"),
                                  .authorization = {.scheme = PROA_AUTH_BEARER, .secret = B("k")},
                                  .model = proa_slice_cstr(model)}};
    e->in.warnings = &e->warnings;
    proa_arena_init(&e->arena, NULL);
    proa_buf_init(&e->out.body, 1 << 20);
}

static inline void encoding_deinit(struct encoding *e)
{
    proa_buf_deinit(&e->out.body);
    proa_arena_reset(&e->arena);
}

static inline void check_warnings(const struct encoding *e, const char *name, const char *want)
{
    struct proa_buf text;
    proa_buf_init(&text, 4096);
    for (size_t i = 0; i < e->warnings.n; i++) {
        (void)proa_buf_append_printf(&text, "%s%s", i > 0 ? ", " : "",
                                     e->warnings.items[i].feature);
        assert_true(strlen(e->warnings.items[i].reason) > 0);
    }
    PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&text), proa_slice_cstr(want ? want : "")),
                    "%s: warnings %.*s", name, (int)text.len, text.ptr);
    proa_buf_deinit(&text);
}

/* Is the body one JSON object? */
static inline void check_json(struct proa_slice body)
{
    struct proa_json_info info;
    const struct proa_json_scan_cfg cfg = {.wants = NULL};
    assert_ok(proa_json_scan(body, &cfg, NULL, &info));
    assert_int_equal(info.kind, PROA_JSON_OBJECT);
}

static inline void check_encoding(const struct encode_case *c)
{
    struct encoding e;
    encoding_init(&e, c->model);
    e.in.chat = &c->request;
    const enum proa_err err = proa_bedrock_encode(&e.in, &e.arena, &e.out);
    if (!c->body) {
        PROA_TEST_CHECK(err == PROA_ERR_UNSUPPORTED, "%s: %s", c->name, proa_err_name(err));
        PROA_TEST_CHECK(e.out.feature && strcmp(e.out.feature, c->feature) == 0, "%s: %s", c->name,
                        e.out.feature);
        assert_true(strlen(e.out.reason) > 0);
        assert_int_equal(e.out.n_iov, 0);
    } else {
        PROA_TEST_CHECK(err == PROA_OK, "%s: %s", c->name, proa_err_name(err));
        const struct proa_slice body = proa_buf_slice(&e.out.body);
        PROA_TEST_CHECK(proa_slice_eq(body, proa_slice_cstr(c->body)), "%s: %.*s", c->name,
                        (int)body.len, body.ptr);
        check_json(body);
        assert_int_equal(e.out.n_iov, 2);
        assert_ptr_equal(e.out.iov[1].iov_base, body.ptr);
        check_warnings(&e, c->name, c->warnings);
    }
    encoding_deinit(&e);
}

#define CHECK_ALL(rows)                                                                            \
    PROA_TEST_ROWS(row, rows)                                                                      \
    {                                                                                              \
        check_encoding(row);                                                                       \
    }

#endif
