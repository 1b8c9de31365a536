/*
 * Tools, the functions that they were called once, and which of them is to be used.
 */
#include "openai_read_priv.h"

enum tool_key { TOOL_TYPE = 0, TOOL_FUNCTION, TOOL_CUSTOM, TOOL_CACHE };

static const struct proa_slice TOOL_KEYS[] = {
    [TOOL_TYPE] = PROA_SLICE_INIT("type"),
    [TOOL_FUNCTION] = PROA_SLICE_INIT("function"),
    [TOOL_CUSTOM] = PROA_SLICE_INIT("custom"),
    [TOOL_CACHE] = PROA_SLICE_INIT("cache_control"),
};

enum function_key { FUNCTION_NAME = 0, FUNCTION_DESCRIPTION, FUNCTION_PARAMETERS, FUNCTION_STRICT };

static const struct proa_slice FUNCTION_KEYS[] = {
    [FUNCTION_NAME] = PROA_SLICE_INIT("name"),
    [FUNCTION_DESCRIPTION] = PROA_SLICE_INIT("description"),
    [FUNCTION_PARAMETERS] = PROA_SLICE_INIT("parameters"),
    [FUNCTION_STRICT] = PROA_SLICE_INIT("strict"),
};

/* ---- tools ----------------------------------------------------------------------------------- */

static enum proa_err read_member(struct reading *r, const struct place *at, size_t key,
                                 const struct proa_json_item *m, struct proa_chat_tool *out)
{
    switch (key) {
    case FUNCTION_NAME:
        return proa_read_text(r, at, m, &out->name);
    case FUNCTION_DESCRIPTION:
        return proa_read_text(r, at, m, &out->description);
    case FUNCTION_PARAMETERS:
        return proa_read_object(r, at, m, &out->schema);
    case FUNCTION_STRICT:
        return proa_read_flag(r, at, m, &out->strict);
    default:
        return PROA_OK;
    }
}

enum proa_err proa_read_function(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_chat_tool *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, FUNCTION_KEYS, PROA_ARRAY_LEN(FUNCTION_KEYS));
        if (key < PROA_ARRAY_LEN(FUNCTION_KEYS)) {
            const struct place here = {.up = at, .name = FUNCTION_KEYS[key]};
            err = read_member(r, &here, key, &m, out);
        }
    }
    if (err == PROA_OK && out->name.len == 0) {
        err = proa_read_refuse(r, PLACE_KEY(at, "name"), "is missing.");
    }
    return err;
}

/* A tool that only OpenAI knows, or runs itself: its type names it where nothing else does. */
static void keep_own(const struct proa_json_item *whole, struct proa_slice type,
                     const struct proa_json_item *custom, struct proa_chat_tool *out)
{
    struct proa_slice name = PROA_SLICE_NONE;
    if (custom->kind == PROA_JSON_OBJECT) {
        (void)proa_json_get(custom->value, PROA_SLICE("name"), &name);
    }
    out->name = proa_chat_text(name).len > 0 ? proa_chat_text(name) : type;
    out->own = whole->value;
    out->own_dialect = PROA_SLICE("openai");
}

static enum proa_err read_tool(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_tool *out)
{
    struct proa_json_item said[PROA_ARRAY_LEN(TOOL_KEYS)];
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, TOOL_KEYS, PROA_ARRAY_LEN(TOOL_KEYS), said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[TOOL_TYPE], &type) : err;
    if (err != PROA_OK) {
        return err;
    }
    if (type.len > 0 && !proa_slice_eq(type, PROA_SLICE("function"))) {
        keep_own(item, type, &said[TOOL_CUSTOM], out);
        return PROA_OK;
    }
    if (proa_read_is_null(&said[TOOL_FUNCTION])) {
        return proa_read_refuse(r, PLACE_KEY(at, "function"), "is missing.");
    }
    err = proa_read_function(r, PLACE_KEY(at, "function"), &said[TOOL_FUNCTION], out);
    return err == PROA_OK ? proa_read_object(r, PLACE_KEY(at, "cache_control"), &said[TOOL_CACHE],
                                             &out->cache_control)
                          : err;
}

enum proa_err proa_read_tool_list(
    struct reading *r, const struct place *at, const struct proa_json_item *item,
    enum proa_err (*read_one)(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_chat_tool *out),
    struct proa_chat_request *out)
{
    struct proa_chat_tool *tools = NULL;
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    size_t n = 0;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        if (r->n_parts++ == READING_PARTS_MAX) {
            return proa_read_refuse(r, at, "holds too many tools.");
        }
        tools = proa_read_more(r, tools, n, sizeof tools[0]);
        tools[n] = (struct proa_chat_tool){.strict = PROA_CHAT_UNSAID};
        err = read_one(r, PLACE_AT(at, n), &m, &tools[n]);
        n++;
    }
    out->tools = tools;
    out->n_tools = n;
    return err;
}

enum proa_err proa_read_tools(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_chat_request *out)
{
    return proa_read_tool_list(r, at, item, read_tool, out);
}

enum proa_err proa_read_functions(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item, struct proa_chat_request *out)
{
    return proa_read_tool_list(r, at, item, proa_read_function, out);
}

/* ---- which of them --------------------------------------------------------------------------- */

static const struct proa_slice MODES[] = {
    [PROA_CHAT_CHOICE_UNSAID] = {NULL, 0}, /* no text is equal to it: it is not asked for */
    [PROA_CHAT_CHOICE_AUTO] = PROA_SLICE_INIT("auto"),
    [PROA_CHAT_CHOICE_NONE] = PROA_SLICE_INIT("none"),
    [PROA_CHAT_CHOICE_REQUIRED] = PROA_SLICE_INIT("required"),
};

#define MODE_WORDS "\"none\", \"auto\", \"required\" or an object that names a tool"

static enum proa_err read_mode(struct reading *r, const struct place *at, struct proa_slice text,
                               struct proa_chat_request *out)
{
    const size_t mode = proa_read_word(text, MODES, PROA_ARRAY_LEN(MODES));
    if (text.len == 0 || mode == PROA_ARRAY_LEN(MODES)) {
        return proa_read_refuse_word(r, at, text, MODE_WORDS);
    }
    out->choice = (enum proa_chat_choice)mode;
    return PROA_OK;
}

/* {"mode", "tools"}, beside the type or within a member of the type's name. */
static enum proa_err read_allowed(struct reading *r, const struct place *at,
                                  struct proa_slice object, struct proa_chat_request *out,
                                  struct proa_slice *allowed)
{
    struct proa_slice inside = object;
    struct proa_slice mode = PROA_SLICE_NONE;
    struct proa_slice list = PROA_SLICE_NONE;
    (void)proa_json_get(object, PROA_SLICE("allowed_tools"), &inside);
    if (proa_json_get(inside, PROA_SLICE("tools"), &list) != PROA_JSON_ARRAY) {
        return proa_read_refuse(r, PLACE_KEY(at, "tools"), "must be an array of tools.");
    }
    out->choice = PROA_CHAT_CHOICE_AUTO;
    *allowed = list;
    return proa_json_get(inside, PROA_SLICE("mode"), &mode) == PROA_JSON_STRING
               ? read_mode(r, PLACE_KEY(at, "mode"), proa_chat_text(mode), out)
               : PROA_OK;
}

/* The name in {"function": {"name"}}, {"custom": {"name"}} or {"name"}. */
static struct proa_slice name_in(struct proa_slice object)
{
    static const struct proa_slice inside[] = {PROA_SLICE_INIT("function"),
                                               PROA_SLICE_INIT("custom")};
    struct proa_slice token = PROA_SLICE_NONE;
    for (size_t i = 0; i < PROA_ARRAY_LEN(inside) && token.len == 0; i++) {
        const struct proa_json_step way[] = {{inside[i], 0}, PROA_JSON_STEP_KEY("name")};
        (void)proa_json_path(object, way, PROA_ARRAY_LEN(way), &token);
    }
    if (token.len == 0) {
        (void)proa_json_get(object, PROA_SLICE("name"), &token);
    }
    return proa_chat_text(token);
}

enum proa_err proa_read_choice(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_request *out,
                               struct proa_slice *allowed)
{
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    if (item->kind == PROA_JSON_STRING) {
        return read_mode(r, at, proa_chat_text(item->value), out);
    }
    if (item->kind != PROA_JSON_OBJECT) {
        return proa_read_refuse_kind(r, at, MODE_WORDS, item->kind);
    }
    struct proa_slice type = PROA_SLICE_NONE;
    (void)proa_json_get(item->value, PROA_SLICE("type"), &type);
    if (proa_slice_eq(type, PROA_SLICE("\"allowed_tools\""))) {
        return read_allowed(r, at, item->value, out, allowed);
    }
    const struct proa_slice name = name_in(item->value);
    if (name.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(at, "function"), "names no tool.");
    }
    out->choice = PROA_CHAT_CHOICE_NAMED;
    out->choice_name = name;
    return PROA_OK;
}

static bool names(struct proa_slice list, struct proa_slice name)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, list) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (m.kind == PROA_JSON_OBJECT && proa_slice_eq(name_in(m.value), name)) {
            return true;
        }
    }
    return false;
}

enum proa_err proa_read_only_allowed(struct reading *r, struct proa_slice allowed,
                                     struct proa_chat_request *out)
{
    if (out->n_tools == 0) {
        return proa_read_refuse(r, PLACE_KEY(NULL, "tool_choice"),
                                "allows some of the tools, and there are none.");
    }
    struct proa_chat_tool *kept = proa_arena_alloc(r->arena, out->n_tools * sizeof kept[0]);
    size_t n = 0;
    for (size_t i = 0; i < out->n_tools; i++) {
        if (names(allowed, out->tools[i].name)) {
            kept[n++] = out->tools[i];
        }
    }
    out->tools = kept;
    out->n_tools = n;
    return n > 0 ? PROA_OK
                 : proa_read_refuse(r, PLACE_KEY(NULL, "tool_choice"),
                                    "allows none of the tools that there are.");
}
