/*
 * Tools of Messages requests, and which of them is to be used.
 */
#include "anthropic_read_priv.h"

enum tool_key {
    TOOL_TYPE = 0,
    TOOL_NAME,
    TOOL_DESCRIPTION,
    TOOL_SCHEMA,
    TOOL_STRICT,
    TOOL_CACHE,
    TOOL_KEYS
};

static const struct proa_slice KEYS[TOOL_KEYS] = {
    [TOOL_TYPE] = PROA_SLICE_INIT("type"),
    [TOOL_NAME] = PROA_SLICE_INIT("name"),
    [TOOL_DESCRIPTION] = PROA_SLICE_INIT("description"),
    [TOOL_SCHEMA] = PROA_SLICE_INIT("input_schema"),
    [TOOL_STRICT] = PROA_SLICE_INIT("strict"),
    [TOOL_CACHE] = PROA_SLICE_INIT("cache_control"),
};

static enum proa_err read_member(struct reading *r, const struct place *at, enum tool_key key,
                                 const struct proa_json_item *m, struct proa_slice *type,
                                 struct proa_chat_tool *out)
{
    switch (key) {
    case TOOL_TYPE:
        return proa_read_text(r, at, m, type);
    case TOOL_NAME:
        return proa_read_text(r, at, m, &out->name);
    case TOOL_DESCRIPTION:
        return proa_read_text(r, at, m, &out->description);
    case TOOL_SCHEMA:
        return proa_read_object(r, at, m, &out->schema);
    case TOOL_STRICT:
        return proa_read_flag(r, at, m, &out->strict);
    case TOOL_CACHE:
        return proa_read_object(r, at, m, &out->cache_control);
    case TOOL_KEYS:
        break;
    }
    return PROA_OK;
}

static enum proa_err read_tool(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_tool *out)
{
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, KEYS, TOOL_KEYS);
        if (key < TOOL_KEYS) {
            const struct place here = {.up = at, .name = KEYS[key]};
            err = read_member(r, &here, (enum tool_key)key, &m, &type, out);
        }
    }
    if (err != PROA_OK) {
        return err;
    }
    if (type.len > 0 && !proa_chat_text_eq(type, PROA_SLICE("custom"))) {
        /* Defined by its type: Anthropic runs it, or its models know it. */
        *out = (struct proa_chat_tool){.name = out->name.len > 0 ? out->name : type,
                                       .own = item->value,
                                       .own_dialect = PROA_SLICE("anthropic")};
        return PROA_OK;
    }
    return out->name.len > 0 ? PROA_OK : proa_read_refuse(r, PLACE_KEY(at, "name"), "is missing.");
}

enum proa_err proa_read_anthropic_tools(struct reading *r, const struct place *at,
                                        const struct proa_json_item *item,
                                        struct proa_chat_request *out)
{
    return proa_read_tool_list(r, at, item, read_tool, out);
}

/* ---- which of them --------------------------------------------------------------------------- */

static const struct proa_slice MODES[] = {
    [PROA_CHAT_CHOICE_UNSAID] = {NULL, 0}, /* no type is equal to it: it is not asked for */
    [PROA_CHAT_CHOICE_AUTO] = PROA_SLICE_INIT("auto"),
    [PROA_CHAT_CHOICE_NONE] = PROA_SLICE_INIT("none"),
    [PROA_CHAT_CHOICE_REQUIRED] = PROA_SLICE_INIT("any"),
    [PROA_CHAT_CHOICE_NAMED] = PROA_SLICE_INIT("tool"),
};

/* {"type", "name", "disable_parallel_tool_use"} */
enum proa_err proa_read_anthropic_choice(struct reading *r, const struct place *at,
                                         const struct proa_json_item *item,
                                         struct proa_chat_request *out)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("type"), PROA_SLICE_INIT("name"),
                                             PROA_SLICE_INIT("disable_parallel_tool_use")};
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_chat_flag alone = PROA_CHAT_UNSAID;
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        const struct place here = {.up = at,
                                   .name = key < PROA_ARRAY_LEN(keys) ? keys[key] : m.key};
        if (key == 0) {
            err = proa_read_text(r, &here, &m, &type);
        } else if (key == 1) {
            err = proa_read_text(r, &here, &m, &out->choice_name);
        } else if (key == 2) {
            err = proa_read_flag(r, &here, &m, &alone);
        }
    }
    if (err != PROA_OK) {
        return err;
    }
    const size_t mode = proa_read_word(type, MODES, PROA_ARRAY_LEN(MODES));
    if (type.len == 0 || mode == PROA_ARRAY_LEN(MODES)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type,
                                     "\"auto\", \"any\", \"tool\", \"none\"");
    }
    out->choice = (enum proa_chat_choice)mode;
    if (out->choice != PROA_CHAT_CHOICE_NAMED) {
        out->choice_name = PROA_SLICE_NONE; /* means nothing there */
    } else if (out->choice_name.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(at, "name"), "is missing.");
    }
    if (alone != PROA_CHAT_UNSAID) {
        out->parallel_tools = alone == PROA_CHAT_YES ? PROA_CHAT_NO : PROA_CHAT_YES;
    }
    return PROA_OK;
}
