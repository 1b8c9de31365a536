/*
 * JSON Schemas for models that take a subset: the input, where it is JSON, is the schema of a tool
 * and of the answer. Whatever it says, what is written is JSON of bounded length, or the request is
 * refused with a reason.
 *
 * links: provider json http chat resilience core
 */
#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/provider/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 4 * 1024 * 1024 };

static void check(const struct proa_chat_request *chat)
{
    struct proa_arena arena;
    struct proa_encoded out = {.n_iov = 0};
    struct proa_json_info info;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&out.body, BODY_MAX);
    const struct proa_encode_in in = {.operation = PROA_OP_CHAT,
                                      .base_path = PROA_SLICE("/v1"),
                                      .host_header = PROA_SLICE("h"),
                                      .model = PROA_SLICE("gemini-2.0-flash"),
                                      .chat = chat};
    const enum proa_err err = proa_dialect_find(PROA_SLICE("gemini"))->encode(&in, &arena, &out);
    if (err == PROA_OK) {
        PROA_ASSERT(proa_json_scan(proa_buf_slice(&out.body),
                                   &(const struct proa_json_scan_cfg){.n_wants = 0}, NULL,
                                   &info) == PROA_OK);
    } else {
        PROA_ASSERT(err == PROA_ERR_LIMIT || (err == PROA_ERR_UNSUPPORTED && out.feature));
        PROA_ASSERT(err == PROA_ERR_LIMIT || out.reason);
    }
    proa_buf_deinit(&out.body);
    proa_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proa_json_info info;
    if (size > 65536) {
        return 0;
    }
    char *copy = proa_memdup(data, size);
    const struct proa_slice schema = proa_slice_make(copy, size);
    const struct proa_json_scan_cfg cfg = {.n_wants = 0};
    if (proa_json_scan(schema, &cfg, NULL, &info) == PROA_OK) {
        const struct proa_chat_tool tool = {.name = PROA_SLICE("t"), .schema = schema};
        check(&(const struct proa_chat_request){.tools = &tool, .n_tools = 1});
        check(&(const struct proa_chat_request){.format = PROA_CHAT_FORMAT_SCHEMA,
                                                .format_schema = schema});
    }
    proa_free(copy);
    return 0;
}
