/*
 * What a dialect makes of a neutral request: encoded, its body proved to be JSON, its warnings as
 * text; and conversations by chance, for what must hold of all of them.
 */
#ifndef TESTS_ASKED_H
#define TESTS_ASKED_H

#include "proa/core/prng.h"
#include "proa/json/cursor.h"
#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

struct asked {
    struct proa_arena arena;
    struct proa_encode_in in;
    struct proa_encoded out;
    struct proa_chat_warnings warnings;
    char warned[1024]; /* features, each with a blank behind it */
    enum proa_err err;
};

static inline void asked_setup(struct asked *a, const char *model)
{
    *a = (struct asked){
        .in = {.base_path = PROA_SLICE("/v1"),
               .host_header = PROA_SLICE("api.example.com"),
               .authorization = {.scheme = PROA_AUTH_BEARER, .secret = PROA_SLICE("k-1")},
               .model = proa_slice_cstr(model)}};
    proa_arena_init(&a->arena, NULL);
    proa_buf_init(&a->out.body, 1 << 20);
}

static inline void asked_encode(struct asked *a, const char *dialect)
{
    a->in.warnings = &a->warnings;
    a->err = proa_dialect_find(proa_slice_cstr(dialect))->encode(&a->in, &a->arena, &a->out);
    size_t n = 0;
    for (size_t i = 0; i < a->warnings.n; i++) {
        n += (size_t)snprintf(a->warned + n, sizeof a->warned - n, "%s ",
                              a->warnings.items[i].feature);
    }
    if (a->err == PROA_OK) {
        const struct proa_json_scan_cfg cfg = {.n_wants = 0};
        struct proa_json_info info;
        assert_int_equal(a->out.n_iov, 2);
        assert_int_equal(a->out.body_bytes, a->out.body.len);
        PROA_TEST_CHECK(proa_json_scan(proa_buf_slice(&a->out.body), &cfg, NULL, &info) == PROA_OK,
                        "%.*s", (int)a->out.body.len, a->out.body.ptr);
    } else {
        assert_int_equal(a->out.n_iov, 0);
    }
}

static inline void asked_teardown(struct asked *a)
{
    proa_buf_deinit(&a->out.body);
    proa_arena_reset(&a->arena);
}

static inline struct proa_slice asked_head(const struct asked *a)
{
    return proa_slice_make(a->out.iov[0].iov_base, a->out.iov[0].iov_len);
}

/* ---- conversations by chance ----------------------------------------------------------------- */

enum { ASKED_MESSAGES_MAX = 12, ASKED_PARTS_MAX = 4 };

static inline struct proa_slice asked_pick(struct proa_prng *p, const char *const *words, size_t n)
{
    return proa_slice_cstr(words[proa_prng_below(p, n)]);
}

static inline void asked_any_part(struct proa_prng *p, enum proa_chat_role role,
                                  struct proa_chat_part *out, struct proa_arena *arena)
{
    static const char *const texts[] = {"",     " ",      "\\n", "hello", "x \\n", "\\ud83d\\ude00",
                                        "\\\"", "end\\\\"};
    static const char *const ids[] = {"call_1", "f:0", "", "a.b", "\\u0041"};
    static const char *const arguments[] = {"", "{}", "{\"a\":[1]}", "\"{broken\"", "null", "[1]"};
    static const enum proa_chat_part_kind users[] = {
        PROA_CHAT_PART_TEXT, PROA_CHAT_PART_IMAGE, PROA_CHAT_PART_TEXT, PROA_CHAT_PART_TOOL_RESULT};
    static const enum proa_chat_part_kind assistants[] = {
        PROA_CHAT_PART_TEXT, PROA_CHAT_PART_REASONING, PROA_CHAT_PART_TOOL_CALL,
        PROA_CHAT_PART_REFUSAL};
    const size_t at = proa_prng_below(p, 4);
    *out = (struct proa_chat_part){
        .kind = role == PROA_CHAT_ASSISTANT ? assistants[at]
                : role == PROA_CHAT_TOOL    ? PROA_CHAT_PART_TOOL_RESULT
                : role == PROA_CHAT_USER    ? users[at]
                                            : PROA_CHAT_PART_TEXT,
        .text = asked_pick(p, texts, PROA_ARRAY_LEN(texts)),
        .id = asked_pick(p, ids, PROA_ARRAY_LEN(ids)),
        .name = PROA_SLICE("look"),
        .arguments = asked_pick(p, arguments, PROA_ARRAY_LEN(arguments)),
        .source = PROA_CHAT_SOURCE_BASE64,
        .data = PROA_SLICE("iVBORw0KGgo="),
        .is_error = at == 1,
    };
    if (at == 2) {
        out->signature = PROA_SLICE("sig");
        out->cache_control = PROA_SLICE("{\"type\":\"ephemeral\"}");
    }
    if (out->kind == PROA_CHAT_PART_TOOL_RESULT) {
        struct proa_chat_part *inner = PROA_ARENA_NEW(arena, struct proa_chat_part);
        inner->text = asked_pick(p, texts, PROA_ARRAY_LEN(texts));
        out->parts = inner;
        out->n_parts = proa_prng_below(p, 2);
    }
}

static inline void asked_any_chat(struct proa_prng *p, struct proa_chat_request *chat,
                                  struct proa_arena *arena)
{
    static const struct proa_chat_tool tool = {.name = PROA_SLICE_INIT("look")};
    const size_t n = proa_prng_below(p, ASKED_MESSAGES_MAX);
    struct proa_chat_message *messages = proa_arena_zero(arena, n + 1, sizeof *messages);
    for (size_t m = 0; m < n; m++) {
        struct proa_chat_part *parts = proa_arena_zero(arena, ASKED_PARTS_MAX, sizeof *parts);
        messages[m].role = (enum proa_chat_role)proa_prng_below(p, 4);
        messages[m].parts = parts;
        messages[m].n_parts = proa_prng_below(p, ASKED_PARTS_MAX);
        for (size_t i = 0; i < messages[m].n_parts; i++) {
            asked_any_part(p, messages[m].role, &parts[i], arena);
        }
    }
    *chat = (struct proa_chat_request){
        .messages = messages,
        .n_messages = n,
        .tools = &tool,
        .n_tools = proa_prng_below(p, 2),
        .choice = (enum proa_chat_choice)proa_prng_below(p, 5),
        .choice_name = tool.name,
        .parallel_tools = (enum proa_chat_flag)proa_prng_below(p, 3),
        .format = (enum proa_chat_format)proa_prng_below(p, 4),
        .format_schema = PROA_SLICE("{\"type\":\"object\"}"),
        .effort = (enum proa_chat_effort)proa_prng_below(p, 8),
        .max_tokens = proa_prng_below(p, 3) * 3000,
        .temperature = PROA_SLICE("0.5"),
    };
}

#endif
