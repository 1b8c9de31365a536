/*
 * A request to Google and what becomes of it, for the tests of the gemini dialect.
 */
#ifndef PROA_TEST_GEMINI_FIXTURE_H
#define PROA_TEST_GEMINI_FIXTURE_H

#include "gemini_priv.h"

#include "proa/provider/vendor.h"

#include "proa_test.h"

/* Parts and messages in one line each. */
#define TEXT(s)                                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TEXT, .text = PROA_SLICE_INIT(s)                                    \
    }
#define CALL(the_id, the_name, args, the_signature)                                                \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_CALL, .id = PROA_SLICE_INIT(the_id),                           \
        .name = PROA_SLICE_INIT(the_name), .arguments = PROA_SLICE_INIT(args),                     \
        .signature = PROA_SLICE_INIT(the_signature)                                                \
    }
#define RESULT(the_id, the_name, the_parts)                                                        \
    {                                                                                              \
        .kind = PROA_CHAT_PART_TOOL_RESULT, .id = PROA_SLICE_INIT(the_id),                         \
        .name = PROA_SLICE_INIT(the_name), .parts = (the_parts),                                   \
        .n_parts = PROA_ARRAY_LEN(the_parts)                                                       \
    }
#define MESSAGE(the_role, the_parts)                                                               \
    {                                                                                              \
        .role = PROA_CHAT_##the_role, .parts = (the_parts), .n_parts = PROA_ARRAY_LEN(the_parts)   \
    }

struct gemini_request {
    struct proa_arena arena;
    struct proa_chat_request chat;
    struct proa_chat_warnings warnings;
    struct proa_encode_in in;
    struct proa_encoded out;
};

/* Asks "hi", of a model of AI Studio; `chat` and `in` are the caller's to change. */
static inline void gemini_request_init(struct gemini_request *r, const char *vendor,
                                       const char *model)
{
    static const struct proa_chat_part parts[] = {TEXT("hi")};
    static const struct proa_chat_message messages[] = {MESSAGE(USER, parts)};
    *r = (struct gemini_request){
        .chat = {.messages = messages, .n_messages = 1},
        .in = {.operation = PROA_OP_CHAT,
               .base_path = PROA_SLICE("/v1beta"),
               .host_header = PROA_SLICE("google.example"),
               .authorization = {.scheme = PROA_AUTH_X_GOOG_KEY, .secret = PROA_SLICE("k-1")},
               .vendor = proa_vendor_find(proa_slice_cstr(vendor)),
               .model = proa_slice_cstr(model)}};
    proa_arena_init(&r->arena, NULL);
    proa_buf_init(&r->out.body, 1 << 20);
    r->in.chat = &r->chat;
    r->in.warnings = &r->warnings;
}

static inline void gemini_request_deinit(struct gemini_request *r)
{
    proa_buf_deinit(&r->out.body);
    proa_arena_reset(&r->arena);
}

/* What is written is JSON, and pieces and length agree. */
static inline enum proa_err gemini_request_encode(struct gemini_request *r)
{
    const enum proa_err err = proa_gemini_encode(&r->in, &r->arena, &r->out);
    struct proa_json_info info;
    if (err == PROA_OK) {
        assert_int_equal(r->out.n_iov, 2);
        assert_int_equal(r->out.iov[1].iov_len, r->out.body_bytes);
        assert_int_equal(r->out.body.len, r->out.body_bytes);
        assert_ok(proa_json_scan(proa_buf_slice(&r->out.body),
                                 &(const struct proa_json_scan_cfg){.n_wants = 0}, NULL, &info));
        assert_int_equal(info.kind, PROA_JSON_OBJECT);
    } else {
        assert_int_equal(r->out.n_iov, 0);
    }
    return err;
}

/* A top-level member of the body; empty when it has none. */
static inline struct proa_slice gemini_request_member(const struct gemini_request *r,
                                                      const char *key)
{
    struct proa_slice found = PROA_SLICE_NONE;
    (void)proa_json_get(proa_buf_slice(&r->out.body), proa_slice_cstr(key), &found);
    return found;
}

/* Its features, one behind the other. */
static inline void gemini_request_warned(const struct gemini_request *r, const char *expected)
{
    char text[512] = "";
    for (size_t i = 0; i < r->warnings.n; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
                       r->warnings.items[i].feature);
    }
    assert_string_equal(text, expected);
}

static inline void gemini_request_refused(const struct gemini_request *r, const char *feature)
{
    assert_non_null(r->out.feature);
    assert_non_null(r->out.reason);
    assert_string_equal(r->out.feature, feature);
}

#endif
