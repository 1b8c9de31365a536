/*
 * Messages of Converse: a user's and an assistant's turn by turns, the user's first, whatever order
 * the client's messages are in; instructions apart.
 */
#include "bedrock_priv.h"

enum side { SIDE_NONE = 0, SIDE_USER, SIDE_ASSISTANT };

/* What a conversation opens with when its first turn is the assistant's, or there is none. */
static const struct proa_slice OPENING = PROA_SLICE_INIT(".");
/* ---- turns ----------------------------------------------------------------------------------- */

/* A turn opens with its first block, so that one without any never is. */
// NOLINTNEXTLINE(misc-no-recursion): once, for a user's turn before the first
static void turn_to(struct bedrock_writer *w, enum side *at, enum side side)
{
    if (*at == side) {
        return;
    }
    if (*at == SIDE_NONE && side == SIDE_ASSISTANT) {
        turn_to(w, at, SIDE_USER);
        proa_bedrock_put_text(w, OPENING);
    }
    if (*at != SIDE_NONE) {
        proa_json_writer_end_array(&w->json);
        proa_json_writer_end_object(&w->json);
    }
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "role",
                             side == SIDE_USER ? PROA_SLICE("user") : PROA_SLICE("assistant"));
    proa_json_writer_key(&w->json, PROA_SLICE("content"));
    proa_json_writer_begin_array(&w->json);
    *at = side;
}

/* NONE for what stands among the instructions. */
static enum side side_of(const struct bedrock_writer *w, const struct proa_chat_message *m)
{
    switch (m->role) {
    case PROA_CHAT_SYSTEM:
        return (w->model->flags & BEDROCK_NO_SYSTEM) != 0 ? SIDE_USER : SIDE_NONE;
    case PROA_CHAT_USER:
    case PROA_CHAT_TOOL:
        return SIDE_USER;
    case PROA_CHAT_ASSISTANT:
        return SIDE_ASSISTANT;
    }
    return SIDE_NONE;
}

/* The parts of one message that are results of tools, or those that are not. */
static enum proa_err put_parts(struct bedrock_writer *w, const struct proa_chat_message *m,
                               enum side *at, bool results, bool last)
{
    const enum side side = side_of(w, m);
    enum proa_err err = PROA_OK;
    for (size_t i = 0; i < m->n_parts && err == PROA_OK; i++) {
        const struct proa_chat_part *p = &m->parts[i];
        if ((p->kind == PROA_CHAT_PART_TOOL_RESULT) != results || proa_bedrock_is_nothing(w, p)) {
            continue;
        }
        turn_to(w, at, side);
        err = proa_bedrock_put_block(w, p,
                                     last && side == SIDE_ASSISTANT && i + 1 == m->n_parts
                                         ? proa_chat_text_trim_end(p->text)
                                         : p->text);
        if (err == PROA_OK) {
            proa_bedrock_put_cache(w, p->cache_control);
        }
    }
    return err;
}

/* Messages from `from` on that make one turn; behind the last of them. */
static size_t end_of_turn(const struct bedrock_writer *w, size_t from)
{
    const struct proa_chat_request *r = w->in->chat;
    enum side side = SIDE_NONE;
    size_t i = from;
    for (; i < r->n_messages; i++) {
        const enum side s = side_of(w, &r->messages[i]);
        if (s != SIDE_NONE && side != SIDE_NONE && s != side) {
            break;
        }
        side = s != SIDE_NONE ? s : side;
    }
    return i;
}

/* Results of tools come first in their turn, where the calls before them are answered. */
static enum proa_err put_turn(struct bedrock_writer *w, enum side *at, size_t from, size_t to)
{
    const struct proa_chat_request *r = w->in->chat;
    enum proa_err err = PROA_OK;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = from; i < to && err == PROA_OK; i++) {
            if (side_of(w, &r->messages[i]) != SIDE_NONE) {
                err = put_parts(w, &r->messages[i], at, pass == 0, i + 1 == r->n_messages);
            }
        }
    }
    return err;
}

/* ---- instructions ---------------------------------------------------------------------------- */

static void put_instruction(struct bedrock_writer *w, bool *any, struct proa_slice text)
{
    if (!*any) {
        proa_json_writer_key(&w->json, PROA_SLICE("system"));
        proa_json_writer_begin_array(&w->json);
        *any = true;
    }
    proa_bedrock_put_text(w, text);
}

/* The schema as part of a text. */
static struct proa_slice wording(const struct bedrock_writer *w, struct proa_slice schema)
{
    static const struct proa_slice plain = PROA_SLICE_INIT(PROA_CLAUDE_JSON_SYSTEM);
    struct proa_buf text;
    if (schema.len == 0) {
        return plain;
    }
    const size_t room = 6 * schema.len + 256;
    text = (struct proa_buf){.ptr = proa_arena_alloc(w->arena, room), .cap = room, .max = room};
    (void)proa_buf_append(&text, plain);
    (void)proa_buf_append(&text, PROA_SLICE(" It must be valid by this JSON Schema: "));
    (void)proa_json_string_escape(&text, schema);
    return proa_buf_slice(&text);
}

static void put_system(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    bool any = false;
    for (size_t i = 0; i < r->n_messages; i++) {
        const struct proa_chat_message *m = &r->messages[i];
        for (size_t k = 0; side_of(w, m) == SIDE_NONE && k < m->n_parts; k++) {
            const struct proa_chat_part *p = &m->parts[k];
            if (p->kind != PROA_CHAT_PART_TEXT) {
                proa_bedrock_warn(w, "messages", "instructions are text alone at this provider");
            } else if (!proa_bedrock_is_nothing(w, p)) {
                put_instruction(w, &any, p->text);
                proa_bedrock_put_cache(w, p->cache_control);
            }
        }
    }
    if (w->plan.schema == CLAUDE_SCHEMA_SYSTEM && (w->model->flags & BEDROCK_NO_SYSTEM) == 0) {
        put_instruction(w, &any, wording(w, r->format_schema));
    }
    if (any) {
        proa_json_writer_end_array(&w->json);
    }
}

enum proa_err proa_bedrock_put_messages(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    enum side at = SIDE_NONE;
    enum proa_err err = PROA_OK;
    put_system(w);
    proa_json_writer_key(&w->json, PROA_SLICE("messages"));
    proa_json_writer_begin_array(&w->json);
    if (w->plan.schema == CLAUDE_SCHEMA_SYSTEM && (w->model->flags & BEDROCK_NO_SYSTEM) != 0) {
        turn_to(w, &at, SIDE_USER);
        proa_bedrock_put_text(w, wording(w, r->format_schema));
    }
    for (size_t i = 0; i < r->n_messages && err == PROA_OK;) {
        const size_t end = end_of_turn(w, i);
        err = put_turn(w, &at, i, end);
        i = end;
    }
    if (err != PROA_OK) {
        return err;
    }
    if (at == SIDE_NONE) {
        turn_to(w, &at, SIDE_USER);
        proa_bedrock_put_text(w, OPENING);
    }
    proa_json_writer_end_array(&w->json);
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_array(&w->json);
    return PROA_OK;
}
