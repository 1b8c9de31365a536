/*
 * What must hold of every chat that was read from a body which was scanned: it is fit to be written
 * again. Texts stand between quotes, JSON is JSON, all is within bounds.
 */
#ifndef FUZZ_CHAT_CHECK_H
#define FUZZ_CHAT_CHECK_H

#include "proa/chat/request.h"
#include "proa/core/buf.h"
#include "proa/json/scan.h"

static inline void check_json(struct proa_slice json)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    const enum proa_err err = proa_json_scan(json, &any, NULL, &info);
    /* Keys twice and too many of them are searched for at the top only. */
    PROA_ASSERT(json.len == 0 || err == PROA_OK || err == PROA_ERR_DUPLICATE ||
                err == PROA_ERR_LIMIT);
}

static inline void check_text(struct proa_slice text)
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

static inline void check_part(const struct proa_chat_part *p, bool inside)
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

static inline void check_chat(const struct proa_chat_request *c)
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

#endif
