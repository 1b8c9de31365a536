/*
 * Whole answers: blocks are gathered, and written when nothing follows.
 */
#include "anthropic_answer_priv.h"

#include "proa/json/scan.h"

#include <string.h>

static void add(struct proa_buf *b, struct proa_slice bytes)
{
    b->max = MESSAGE_TEXT_MAX; /* it begins as zeroes */
    (void)proa_buf_append(b, bytes);
}

/* ---- gathering ------------------------------------------------------------------------------- */

/* NULL, and the answer is none, when there are too many. */
static struct block *new_block(struct proa_api_message *m, enum block_kind kind)
{
    if (m->n_blocks == MESSAGE_BLOCKS_MAX) {
        m->out->failed = true;
        return NULL;
    }
    const size_t n = m->n_blocks;
    if (!m->blocks || (n & (n - 1)) == 0) { /* full at each power of two */
        struct block *more = proa_arena_zero(m->arena, n > 0 ? 2 * n : 1, sizeof more[0]);
        if (m->blocks) {
            memcpy(more, m->blocks, n * sizeof more[0]);
        }
        m->blocks = more;
    }
    m->blocks[n].kind = kind;
    return &m->blocks[m->n_blocks++];
}

/* The last block, if it is of this kind and goes on; else a new one. */
static struct block *need_block(struct proa_api_message *m, enum block_kind kind)
{
    struct block *last = m->n_blocks > 0 ? &m->blocks[m->n_blocks - 1] : NULL;
    return last && last->kind == kind && last->signature.len == 0 ? last : new_block(m, kind);
}

static struct block *call_of(struct proa_api_message *m, uint32_t tool)
{
    const uint32_t at = tool < MESSAGE_TOOLS_MAX ? m->tools[tool] : 0;
    return at > 0 ? &m->blocks[at - 1] : NULL;
}

static void add_call(struct proa_api_message *m, const struct proa_chat_event *event)
{
    struct block *b = event->tool < MESSAGE_TOOLS_MAX ? new_block(m, BLOCK_TOOL) : NULL;
    if (b) {
        m->tools[event->tool] = (uint32_t)m->n_blocks;
        b->id = proa_arena_dup(m->arena, proa_message_call_id(m, event));
        b->name = proa_arena_dup(m->arena, event->name);
    }
}

static void add_citation(struct block *b, const struct proa_chat_event *event)
{
    add(&b->citations, b->citations.len > 0 ? PROA_SLICE(",") : PROA_SLICE_NONE);
    proa_message_put_citation(event, &b->citations);
}

/* Where the event's text belongs; NULL: nowhere. */
static struct block *block_of(struct proa_api_message *m, const struct proa_chat_event *event)
{
    switch (event->kind) {
    case PROA_CHAT_TEXT:
    case PROA_CHAT_REFUSAL:
        return need_block(m, BLOCK_TEXT);
    case PROA_CHAT_CITATION:
        return proa_message_has_citation(event) ? need_block(m, BLOCK_TEXT) : NULL;
    case PROA_CHAT_REASONING:
    case PROA_CHAT_SIGNATURE:
        return need_block(m, BLOCK_THINKING);
    case PROA_CHAT_REDACTED:
        return new_block(m, BLOCK_REDACTED);
    case PROA_CHAT_TOOL_PIECE:
        return call_of(m, event->tool);
    case PROA_CHAT_START:
    case PROA_CHAT_TOOL_START:
    case PROA_CHAT_TOOL_END:
    case PROA_CHAT_MEDIA:
    case PROA_CHAT_LOGPROBS:
    case PROA_CHAT_USAGE:
    case PROA_CHAT_FINISH:
    case PROA_CHAT_TOOL_RESULT:
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        break;
    }
    return NULL;
}

void proa_message_gather(struct proa_api_message *m, const struct proa_chat_event *event)
{
    if (event->kind == PROA_CHAT_TOOL_START) {
        add_call(m, event);
        return;
    }
    struct block *b = block_of(m, event);
    if (!b) {
        return;
    }
    if (event->kind == PROA_CHAT_SIGNATURE) {
        b->signature = proa_arena_dup(m->arena, event->text);
    } else if (event->kind == PROA_CHAT_CITATION) {
        add_citation(b, event);
    } else {
        add(&b->text, event->text);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static void member(struct proa_buf *out, const char *key, struct proa_slice text)
{
    (void)proa_buf_append_cstr(out, key);
    (void)proa_chat_text_put(out, text);
}

/* Arguments as the object they should be; what is none is shown as what it is. */
static void put_input(struct proa_api_message *m, const struct block *b)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    const struct proa_slice text = proa_buf_slice(&b->text);
    const struct proa_slice plain = proa_chat_text_plain(text, m->arena);
    struct proa_json_info info;
    if (plain.len == 0) {
        PROA_BUF_LIT(m->out, "{}");
    } else if (proa_json_scan(plain, &any, NULL, &info) == PROA_OK &&
               info.kind == PROA_JSON_OBJECT) {
        (void)proa_buf_append(m->out, plain);
    } else {
        member(m->out, "{\"INVALID_JSON\":", text);
        PROA_BUF_LIT(m->out, "}");
    }
}

static void write_block(struct proa_api_message *m, const struct block *b)
{
    struct proa_buf *out = m->out;
    const struct proa_slice text = proa_buf_slice(&b->text);
    switch (b->kind) {
    case BLOCK_NONE:
        return;
    case BLOCK_TEXT:
        member(out, "{\"type\":\"text\",\"text\":", text);
        if (b->citations.len > 0) {
            PROA_BUF_LIT(out, ",\"citations\":[");
            (void)proa_buf_append(out, proa_buf_slice(&b->citations));
            PROA_BUF_LIT(out, "]");
        }
        break;
    case BLOCK_THINKING:
        member(out, "{\"type\":\"thinking\",\"thinking\":", text);
        member(out, ",\"signature\":", b->signature);
        break;
    case BLOCK_REDACTED:
        member(out, "{\"type\":\"redacted_thinking\",\"data\":", text);
        break;
    case BLOCK_TOOL:
        member(out, "{\"type\":\"tool_use\",\"id\":", b->id);
        member(out, ",\"name\":", b->name);
        PROA_BUF_LIT(out, ",\"input\":");
        put_input(m, b);
        break;
    }
    PROA_BUF_LIT(out, "}");
}

void proa_message_write(struct proa_api_message *m, const struct proa_usage *usage,
                        struct proa_slice gateway)
{
    struct proa_buf *out = m->out;
    PROA_BUF_LIT(out, "{");
    proa_message_put_head(m, out);
    PROA_BUF_LIT(out, ",\"content\":[");
    for (size_t i = 0; i < m->n_blocks; i++) {
        const struct block *b = &m->blocks[i];
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        write_block(m, b);
        /* An answer with a hole is none. */
        out->failed = out->failed || !proa_buf_ok(&b->text) || !proa_buf_ok(&b->citations);
    }
    PROA_BUF_LIT(out, "],");
    proa_message_put_reason(m, out);
    PROA_BUF_LIT(out, ",\"usage\":");
    proa_message_put_usage(m, usage, out);
    proa_message_put_gateway(gateway, out);
    PROA_BUF_LIT(out, "}");
}

void proa_message_forget(struct proa_api_message *m)
{
    for (size_t i = 0; i < m->n_blocks; i++) {
        proa_buf_deinit(&m->blocks[i].text);
        proa_buf_deinit(&m->blocks[i].citations);
    }
    m->n_blocks = 0;
}
