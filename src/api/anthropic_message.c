/*
 * Turns of Messages requests. What stands as blocks of one turn there are messages of their own
 * where a role may say less: results of tools, and what the user says behind them.
 */
#include "anthropic_read_priv.h"

enum role { ROLE_USER = 0, ROLE_ASSISTANT, ROLE_SYSTEM, ROLES_N };

static const struct proa_slice ROLES[ROLES_N] = {
    [ROLE_USER] = PROA_SLICE_INIT("user"),
    [ROLE_ASSISTANT] = PROA_SLICE_INIT("assistant"),
    [ROLE_SYSTEM] = PROA_SLICE_INIT("system"),
};

static const struct {
    enum proa_chat_role role;
    enum blocks blocks;
} BY_ROLE[ROLES_N] = {
    [ROLE_USER] = {PROA_CHAT_USER, BLOCKS_OF_USER},
    [ROLE_ASSISTANT] = {PROA_CHAT_ASSISTANT, BLOCKS_OF_ASSISTANT},
    [ROLE_SYSTEM] = {PROA_CHAT_SYSTEM, BLOCKS_OF_SYSTEM},
};

static void add(struct reading *r, struct messages *out, enum proa_chat_role role,
                const struct proa_chat_part *parts, size_t n)
{
    out->items = proa_read_more(r, out->items, out->n, sizeof out->items[0]);
    out->items[out->n++] = (struct proa_chat_message){.role = role, .parts = parts, .n_parts = n};
}

/* Runs of results, and of anything else, in their order. */
static void add_runs(struct reading *r, struct messages *out, const struct parts *parts)
{
    size_t from = 0;
    while (from < parts->n) {
        const bool results = parts->items[from].kind == PROA_CHAT_PART_TOOL_RESULT;
        size_t to = from;
        while (to < parts->n && (parts->items[to].kind == PROA_CHAT_PART_TOOL_RESULT) == results) {
            to++;
        }
        add(r, out, results ? PROA_CHAT_TOOL : PROA_CHAT_USER, &parts->items[from], to - from);
        from = to;
    }
}

enum proa_err proa_read_turn(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, struct messages *out)
{
    struct proa_json_item role = {.kind = PROA_JSON_ABSENT};
    struct proa_json_item content = {.kind = PROA_JSON_ABSENT};
    struct proa_json_cursor c;
    struct proa_json_item m;
    struct proa_slice word = PROA_SLICE_NONE;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        if (proa_json_key_is(&m, PROA_SLICE("role"))) {
            role = m;
        } else if (proa_json_key_is(&m, PROA_SLICE("content"))) {
            content = m;
        }
    }
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "role"), &role, &word) : err;
    if (err != PROA_OK) {
        return err;
    }
    const size_t who = proa_read_word(word, ROLES, ROLES_N);
    if (who == ROLES_N) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "role"), word, "\"user\", \"assistant\"");
    }
    struct parts parts = {.n = 0};
    err = proa_read_blocks(r, PLACE_KEY(at, "content"), &content, BY_ROLE[who].blocks, out, &parts);
    if (err == PROA_OK && who == ROLE_USER) {
        add_runs(r, out, &parts);
    } else if (err == PROA_OK && parts.n > 0) {
        add(r, out, BY_ROLE[who].role, parts.items, parts.n);
    }
    return err;
}

enum proa_err proa_read_system(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct messages *out)
{
    struct parts parts = {.n = 0};
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    const enum proa_err err = proa_read_blocks(r, at, item, BLOCKS_OF_SYSTEM, NULL, &parts);
    if (err == PROA_OK && parts.n > 0 && (parts.n > 1 || parts.items[0].text.len > 0)) {
        add(r, out, PROA_CHAT_SYSTEM, parts.items, parts.n);
    }
    return err;
}
