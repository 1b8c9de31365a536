/*
 * Messages requests into the neutral model, and counted. The first byte says whether it is a count
 * and whether the body was scanned before. What is refused must say why.
 *
 * links: api chat json http core
 */
#include "proa/api/anthropic_request.h"
#include "proa/api/tokens.h"
#include "proa/core/alloc.h"

#include "chat_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_body(const struct proa_api_body *body, bool scanned)
{
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    struct proa_chat_request chat;
    const enum proa_err err = proa_api_anthropic_read(body, &chat, &error);
    if (err != PROA_OK) {
        PROA_ASSERT(error.message.len > 0 && error.code != PROA_API_ERR_COUNT);
        PROA_ASSERT(err == PROA_ERR_TYPE || (err == PROA_ERR_SYNTAX && !scanned));
        return;
    }
    if (scanned) {
        check_chat(&chat);
    }
    /* A token for each byte is more than any vocabulary makes; images stand for more. */
    PROA_ASSERT(proa_api_tokens_of(&chat, PROA_SLICE("claude")) <= 2100 * body->bytes.len + 400);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536) {
        return 0;
    }
    char *copy = proa_memdup(data + 1, size - 1);
    struct proa_buf name;
    struct proa_buf text;
    struct proa_arena arena;
    struct proa_api_request request = {.n_cuts = 0};
    struct proa_api_error error;
    proa_buf_init(&name, 4096);
    proa_buf_init(&text, 4096);
    proa_arena_init(&arena, NULL);
    const struct proa_slice bytes = proa_slice_make(copy, size - 1);
    const enum proa_endpoint_kind kind =
        (data[0] & 1U) != 0 ? PROA_API_COUNT_TOKENS : PROA_API_CHAT;
    const bool scanned =
        proa_api_request_read(kind, bytes, &name, &text, &request, &error) == PROA_OK;
    if (scanned || (data[0] & 2U) != 0) {
        request.n_cuts = scanned ? request.n_cuts : 0;
        read_body(
            &(const struct proa_api_body){
                .kind = kind, .bytes = bytes, .request = &request, .arena = &arena, .text = &text},
            scanned);
    }
    proa_arena_reset(&arena);
    proa_buf_deinit(&text);
    proa_buf_deinit(&name);
    proa_free(copy);
    return 0;
}
