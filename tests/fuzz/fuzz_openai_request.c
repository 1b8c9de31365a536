/*
 * Requests of the OpenAI surface into the neutral model. The first byte says what is asked for and
 * whether the body was scanned before. What is read must be fit to be written again: texts that
 * stand between quotes, JSON that is JSON, all within bounds; what is refused must say why.
 *
 * links: api chat json http core
 */
#include "proa/api/openai_request.h"
#include "proa/core/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(struct proa_slice json)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    const enum proa_err err = proa_json_scan(json, &any, NULL, &info);
    /* Keys twice and too many of them are searched for at the top only. */
    PROA_ASSERT(json.len == 0 || err == PROA_OK || err == PROA_ERR_DUPLICATE ||
                err == PROA_ERR_LIMIT);
}

static void check_text(struct proa_slice text)
{
    struct proa_buf quoted;
    struct proa_json_info info;
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    proa_buf_init(&quoted, SIZE_MAX);
    (void)proa_buf_append_byte(&quoted, '"');
    (void)proa_buf_append(&quoted, text);
    (void)proa_buf_append_byte(&quoted, '"');
    PROA_ASSERT(proa_json_scan(proa_buf_slice(&quoted), &any, NULL, &info) == PROA_OK);
    PROA_ASSERT(info.kind == PROA_JSON_STRING);
    proa_buf_deinit(&quoted);
}

static void check_part(const struct proa_chat_part *p, bool inside)
{
    const struct proa_slice texts[] = {p->text, p->data, p->media_type, p->filename, p->detail,
                                       p->id,   p->name, p->signature,  p->redacted};
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        check_text(texts[i]);
    }
    check_json(p->arguments);
    check_json(p->cache_control);
    PROA_ASSERT(!inside || p->kind != PROA_CHAT_PART_TOOL_RESULT);
    PROA_ASSERT(p->kind != PROA_CHAT_PART_TOOL_CALL || (p->id.len > 0 && p->name.len > 0));
    PROA_ASSERT((p->kind == PROA_CHAT_PART_TOOL_RESULT) || p->n_parts == 0);
    PROA_ASSERT((p->source == PROA_CHAT_SOURCE_NONE) == (p->data.len == 0));
    for (size_t i = 0; i < p->n_parts; i++) {
        check_part(&p->parts[i], true);
    }
}

static void check_chat(const struct proa_chat_request *c)
{
    PROA_ASSERT(c->n_messages > 0);
    for (size_t i = 0; i < c->n_messages; i++) {
        const struct proa_chat_message *m = &c->messages[i];
        check_text(m->name);
        for (size_t k = 0; k < m->n_parts; k++) {
            check_part(&m->parts[k], false);
            PROA_ASSERT((m->parts[k].kind == PROA_CHAT_PART_TOOL_RESULT) ==
                        (m->role == PROA_CHAT_TOOL));
        }
    }
    for (size_t i = 0; i < c->n_tools; i++) {
        check_text(c->tools[i].name);
        check_text(c->tools[i].description);
        check_json(c->tools[i].schema);
        check_json(c->tools[i].own);
    }
    PROA_ASSERT((c->choice == PROA_CHAT_CHOICE_NAMED) == (c->choice_name.len > 0));
    PROA_ASSERT(c->format != PROA_CHAT_FORMAT_SCHEMA || c->format_schema.len > 0);
    const struct proa_slice numbers[] = {
        c->temperature, c->top_p, c->top_k, c->seed, c->frequency_penalty, c->presence_penalty};
    for (size_t i = 0; i < PROA_ARRAY_LEN(numbers); i++) {
        check_json(numbers[i]);
    }
    for (size_t i = 0; i < c->n_stop; i++) {
        check_text(c->stop[i]);
    }
    for (size_t i = 0; i < c->n_extras; i++) {
        check_json(c->extras[i].key);
        check_json(c->extras[i].value);
    }
    check_text(c->format_name);
    check_text(c->user);
    check_json(c->format_schema);
    check_json(c->provider_options);
}

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
