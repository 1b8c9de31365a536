/*
 * Requests of the OpenAI surface into the neutral model. The first byte says what is asked for and
 * whether the body was scanned before. What is read must be fit to be written again: texts that
 * stand between quotes, JSON that is JSON, all within bounds; what is refused must say why.
 *
 * links: api chat json http core
 */
#include "proa/api/openai_request.h"
#include "proa/core/alloc.h"

#include "chat_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lists(const struct proa_chat_embed *embed, const struct proa_chat_rerank *rerank)
{
    for (size_t i = 0; embed && i < embed->n_inputs; i++) {
        check_text(embed->inputs[i].text);
        check_json(embed->inputs[i].tokens);
    }
    for (size_t i = 0; rerank && i < rerank->n_documents; i++) {
        check_text(rerank->documents[i]);
    }
}

static void read_as(unsigned kind, const struct proa_api_openai_body *body, bool scanned)
{
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    struct proa_api_openai_chat chat;
    struct proa_chat_embed embed;
    struct proa_chat_rerank rerank;
    enum proa_err err;
    switch (kind) {
    case 0:
        err = proa_api_openai_chat_read(body, &chat, &error);
        break;
    case 1:
        err = proa_api_openai_completion_read(body, &chat, &error);
        break;
    case 2:
        err = proa_api_openai_embed_read(body, &embed, &error);
        break;
    default:
        err = proa_api_openai_rerank_read(body, &rerank, &error);
        break;
    }
    if (err != PROA_OK) {
        PROA_ASSERT(error.message.len > 0 && error.code != PROA_API_ERR_COUNT);
        PROA_ASSERT(err == PROA_ERR_TYPE || (err == PROA_ERR_SYNTAX && !scanned));
    } else if (scanned && kind < 2) {
        check_chat(&chat.chat);
    } else if (scanned) {
        check_lists(kind == 2 ? &embed : NULL, kind == 2 ? NULL : &rerank);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum proa_endpoint_kind kinds[] = {PROA_API_CHAT, PROA_API_COMPLETIONS,
                                                    PROA_API_EMBEDDINGS, PROA_API_RERANK};
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
    const unsigned kind = data[0] & 3U;
    const bool scanned =
        proa_api_request_read(kinds[kind], bytes, &name, &text, &request, &error) == PROA_OK;
    if (scanned || (data[0] & 4U) != 0) {
        request.n_cuts = scanned ? request.n_cuts : 0;
        const struct proa_api_openai_body body = {
            .bytes = bytes, .request = &request, .arena = &arena, .text = &text};
        read_as(kind, &body, scanned);
    }
    proa_arena_reset(&arena);
    proa_buf_deinit(&text);
    proa_buf_deinit(&name);
    proa_free(copy);
    return 0;
}
