/*
 * Requests of the AI SDK's protocol into the neutral model. The first byte says which kind it is,
 * and whether the body was scanned before. What is refused must say why.
 *
 * links: api chat json http tls core
 */
#include "proa/api/aisdk_request.h"
#include "proa/core/alloc.h"
#include "proa/core/check.h"

#include "chat_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_asked(enum proa_endpoint_kind kind, const struct proa_api_asked *asked)
{
    if (kind == PROA_API_CHAT) {
        check_chat(&asked->chat);
    }
    for (size_t i = 0; i < asked->embed.n_inputs; i++) {
        check_text(asked->embed.inputs[i].text);
    }
    for (size_t i = 0; i < asked->rerank.n_documents; i++) {
        check_text(asked->rerank.documents[i]);
    }
    check_text(asked->embed.input_type);
    check_text(asked->rerank.query);
}

static void read_body(const struct proa_api_body *body, bool scanned)
{
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    struct proa_api_asked asked;
    const enum proa_err err = proa_api_aisdk_read(body, &asked, &error);
    if (err != PROA_OK) {
        PROA_ASSERT(error.message.len > 0 && error.code != PROA_API_ERR_COUNT);
        PROA_ASSERT(err == PROA_ERR_TYPE || (err == PROA_ERR_SYNTAX && !scanned));
    } else if (scanned) {
        check_asked(body->kind, &asked);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum proa_endpoint_kind kinds[] = {PROA_API_CHAT, PROA_API_CHAT,
                                                    PROA_API_EMBEDDINGS, PROA_API_RERANK};
    if (size < 2 || size > 65536) {
        return 0;
    }
    const enum proa_endpoint_kind kind = kinds[data[0] & 3U];
    const struct proa_http_header model = {.id = kind == PROA_API_CHAT
                                                     ? PROA_HTTP_HEADER_AI_LANGUAGE_MODEL_ID
                                                     : PROA_HTTP_HEADER_AI_MODEL_ID,
                                           .name = PROA_SLICE("x"),
                                           .value = PROA_SLICE("m")};
    const struct proa_http_headers headers = {.items = &model, .n = 1};
    char *copy = proa_memdup(data + 1, size - 1);
    const struct proa_slice bytes = proa_slice_make(copy, size - 1);
    struct proa_buf name;
    struct proa_buf text;
    struct proa_arena arena;
    struct proa_api_request request = {.version = 3};
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    proa_buf_init(&name, 4096);
    proa_buf_init(&text, 4096);
    proa_arena_init(&arena, NULL);
    const bool scanned =
        proa_api_aisdk_look(&(const struct proa_api_arrived){kind, &headers, bytes, &name, &text},
                            &request, &error) == PROA_OK;
    PROA_ASSERT(scanned || error.message.len > 0);
    if (scanned || (data[0] & 4U) != 0) {
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
