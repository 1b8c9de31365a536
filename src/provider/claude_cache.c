/*
 * Marks for what is to be cached, where the client leaves it to the gateway: Claude caches up to a
 * mark, tools and instructions before the conversation. One stands behind the instructions, which
 * stay the same from request to request, one behind the newest turn, up to which the next request
 * of the conversation will be the same.
 */
#include "claude_priv.h"

#include "proa/chat/text.h"

#include <string.h>

static const struct proa_slice MARK = PROA_SLICE_INIT("{\"type\":\"ephemeral\"}");

static bool has_marks(const struct proa_chat_part *parts, size_t n)
{
    bool marked = false;
    for (size_t i = 0; i < n; i++) {
        marked = marked || parts[i].cache_control.len > 0;
        for (size_t k = 0; k < parts[i].n_parts; k++) { /* of a result */
            marked = marked || parts[i].parts[k].cache_control.len > 0;
        }
    }
    return marked;
}

/* Who marks anything means that, and no more than four marks are taken. An option of the AI SDK
 * for the whole request is such a mark; its name elsewhere in the options only costs the marks. */
static bool is_marked(const struct proa_chat_request *chat)
{
    bool marked = chat->cache_control.len > 0 ||
                  proa_slice_search(chat->provider_options, PROA_SLICE("\"cacheControl\"")) <
                      chat->provider_options.len;
    for (size_t i = 0; i < chat->n_tools; i++) {
        marked = marked || chat->tools[i].cache_control.len > 0;
    }
    for (size_t i = 0; i < chat->n_messages; i++) {
        marked = marked || has_marks(chat->messages[i].parts, chat->messages[i].n_parts);
    }
    return marked;
}

/* What becomes a block that may have a mark; behind the last such part, or 0. */
static size_t end_of_blocks(const struct proa_chat_message *m)
{
    size_t n = m->n_parts;
    while (n > 0 && m->parts[n - 1].kind == PROA_CHAT_PART_TEXT &&
           proa_chat_text_is_blank(m->parts[n - 1].text)) {
        n--;
    }
    return n;
}

/* The last message of the instructions, or of the user's side; n_messages where there is none. */
static size_t last_of(const struct proa_chat_request *chat, bool instructions)
{
    size_t i = chat->n_messages;
    while (i > 0) {
        const struct proa_chat_message *m = &chat->messages[--i];
        const bool fits = instructions ? m->role == PROA_CHAT_SYSTEM
                                       : m->role == PROA_CHAT_USER || m->role == PROA_CHAT_TOOL;
        if (fits && end_of_blocks(m) > 0) {
            return i;
        }
    }
    return chat->n_messages;
}

static void mark(struct proa_chat_message *m, struct proa_arena *arena)
{
    struct proa_chat_part *parts = proa_arena_alloc(arena, m->n_parts * sizeof parts[0]);
    memcpy(parts, m->parts, m->n_parts * sizeof parts[0]);
    parts[end_of_blocks(m) - 1].cache_control = MARK;
    m->parts = parts;
}

const struct proa_chat_request *proa_claude_marked(const struct proa_chat_request *chat,
                                                   struct proa_arena *arena)
{
    const size_t ends[] = {last_of(chat, true), last_of(chat, false)};
    if (is_marked(chat)) {
        return chat;
    }
    struct proa_chat_request *marked = PROA_ARENA_NEW(arena, struct proa_chat_request);
    struct proa_chat_message *messages =
        proa_arena_alloc(arena, chat->n_messages * sizeof messages[0]);
    memcpy(messages, chat->messages, chat->n_messages * sizeof messages[0]);
    for (size_t i = 0; i < PROA_ARRAY_LEN(ends); i++) {
        if (ends[i] < chat->n_messages) {
            mark(&messages[ends[i]], arena);
        }
    }
    *marked = *chat;
    marked->messages = messages;
    return marked;
}
