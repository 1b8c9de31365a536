/*
 * Messages: who says what, in the order in which the neutral model has it.
 */
#include "openai_read_priv.h"

enum { LOOKED_BACK_MAX = 1024 }; /* messages and parts, for the call that a result belongs to */

enum message_key {
    MESSAGE_ROLE = 0,
    MESSAGE_CONTENT,
    MESSAGE_NAME,
    MESSAGE_REFUSAL,
    MESSAGE_CALLS,
    MESSAGE_CALL_ID,
    MESSAGE_FUNCTION,
    MESSAGE_REASONING_CONTENT,
    MESSAGE_REASONING,
    MESSAGE_DETAILS,
    MESSAGE_CACHE,
    MESSAGE_KEYS
};

static const struct proa_slice KEYS[MESSAGE_KEYS] = {
    [MESSAGE_ROLE] = PROA_SLICE_INIT("role"),
    [MESSAGE_CONTENT] = PROA_SLICE_INIT("content"),
    [MESSAGE_NAME] = PROA_SLICE_INIT("name"),
    [MESSAGE_REFUSAL] = PROA_SLICE_INIT("refusal"),
    [MESSAGE_CALLS] = PROA_SLICE_INIT("tool_calls"),
    [MESSAGE_CALL_ID] = PROA_SLICE_INIT("tool_call_id"),
    [MESSAGE_FUNCTION] = PROA_SLICE_INIT("function_call"),
    [MESSAGE_REASONING_CONTENT] = PROA_SLICE_INIT("reasoning_content"),
    [MESSAGE_REASONING] = PROA_SLICE_INIT("reasoning"),
    [MESSAGE_DETAILS] = PROA_SLICE_INIT("reasoning_details"),
    [MESSAGE_CACHE] = PROA_SLICE_INIT("cache_control"),
};

enum role { ROLE_SYSTEM = 0, ROLE_DEVELOPER, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL, ROLE_FUNCTION };

static const struct proa_slice ROLES[] = {
    [ROLE_SYSTEM] = PROA_SLICE_INIT("system"), [ROLE_DEVELOPER] = PROA_SLICE_INIT("developer"),
    [ROLE_USER] = PROA_SLICE_INIT("user"),     [ROLE_ASSISTANT] = PROA_SLICE_INIT("assistant"),
    [ROLE_TOOL] = PROA_SLICE_INIT("tool"),     [ROLE_FUNCTION] = PROA_SLICE_INIT("function"),
};

static const enum proa_chat_role ROLE_OF[] = {
    [ROLE_SYSTEM] = PROA_CHAT_SYSTEM, [ROLE_DEVELOPER] = PROA_CHAT_SYSTEM,
    [ROLE_USER] = PROA_CHAT_USER,     [ROLE_ASSISTANT] = PROA_CHAT_ASSISTANT,
    [ROLE_TOOL] = PROA_CHAT_TOOL,     [ROLE_FUNCTION] = PROA_CHAT_TOOL,
};

/* One message under way. */
struct draft {
    const struct place *at;
    enum role role;
    struct proa_json_item said[MESSAGE_KEYS];
    struct parts parts;
};

/* ---- tool calls ------------------------------------------------------------------------------ */

enum proa_err proa_read_arguments(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item, struct proa_slice *out)
{
    if (item->kind == PROA_JSON_OBJECT) {
        *out = item->value;
        return PROA_OK;
    }
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, at, item, &text);
    if (err != PROA_OK || proa_chat_text_is_blank(text)) {
        return err;
    }
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    const struct proa_slice plain = proa_chat_text_plain(text, r->arena);
    struct proa_json_info info;
    const bool is_object =
        proa_json_scan(plain, &any, NULL, &info) == PROA_OK && info.kind == PROA_JSON_OBJECT;
    *out = is_object ? plain : item->value;
    return PROA_OK;
}

/* {"name", "arguments"}; a custom tool's {"name", "input"}. */
static enum proa_err read_function(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct proa_chat_part *part)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("name"), PROA_SLICE_INIT("arguments"),
                                             PROA_SLICE_INIT("input")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        if (key == 0) {
            err = proa_read_text(r, PLACE_KEY(at, "name"), &m, &part->name);
        } else if (key < PROA_ARRAY_LEN(keys)) {
            const struct place here = {.up = at, .name = keys[key]};
            err = proa_read_arguments(r, &here, &m, &part->arguments);
        }
    }
    if (err == PROA_OK && part->name.len == 0) {
        err = proa_read_refuse(r, PLACE_KEY(at, "name"), "is missing.");
    }
    return err;
}

struct proa_slice proa_read_signature(const struct proa_json_item *item)
{
    static const struct proa_json_step way[] = {PROA_JSON_STEP_KEY("google"),
                                                PROA_JSON_STEP_KEY("thought_signature")};
    struct proa_slice token = PROA_SLICE_NONE;
    (void)proa_json_path(item->value, way, PROA_ARRAY_LEN(way), &token);
    return proa_chat_text(token);
}

static enum proa_err read_call(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct draft *d)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("id"), PROA_SLICE_INIT("function"),
                                             PROA_SLICE_INIT("custom"),
                                             PROA_SLICE_INIT("extra_content")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    struct proa_chat_part *part =
        err == PROA_OK ? proa_read_new_part(r, at, &d->parts, PROA_CHAT_PART_TOOL_CALL) : NULL;
    if (!part) {
        return PROA_ERR_TYPE;
    }
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        if (key == 0) {
            err = proa_read_text(r, PLACE_KEY(at, "id"), &m, &part->id);
        } else if (key <= 2) {
            const struct place here = {.up = at, .name = keys[key]};
            err = read_function(r, &here, &m, part);
        } else if (key == 3) {
            part->signature = proa_read_signature(&m);
        }
    }
    if (err == PROA_OK && part->name.len == 0) {
        err = proa_read_refuse(r, PLACE_KEY(at, "function"), "is missing.");
    }
    if (err == PROA_OK && part->id.len == 0) {
        err = proa_read_refuse(r, PLACE_KEY(at, "id"), "is missing: its result is found by it.");
    }
    return err;
}

static enum proa_err read_calls(struct reading *r, struct draft *d)
{
    const struct proa_json_item *item = &d->said[MESSAGE_CALLS];
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    const struct place at = {.up = d->at, .name = KEYS[MESSAGE_CALLS]};
    enum proa_err err = proa_read_enter(r, &at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_call(r, PLACE_AT(&at, i), &m, d);
    }
    return err;
}

/* The id that the legacy form, which has none, is known by. */
static struct proa_slice legacy_id(struct reading *r, size_t number)
{
    return proa_arena_printf(r->arena, "call_function_%zu", number);
}

static enum proa_err read_function_call(struct reading *r, struct draft *d, struct messages *all)
{
    const struct proa_json_item *item = &d->said[MESSAGE_FUNCTION];
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    const struct place at = {.up = d->at, .name = KEYS[MESSAGE_FUNCTION]};
    struct proa_chat_part *part = proa_read_new_part(r, &at, &d->parts, PROA_CHAT_PART_TOOL_CALL);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    part->id = legacy_id(r, ++all->n_calls);
    return read_function(r, &at, item, part);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static enum proa_err read_said(struct reading *r, struct draft *d, enum message_key key,
                               struct proa_slice *out)
{
    const struct place at = {.up = d->at, .name = KEYS[key]};
    return proa_read_text(r, &at, &d->said[key], out);
}

static enum proa_err read_said_content(struct reading *r, struct draft *d, struct parts *out)
{
    const struct place at = {.up = d->at, .name = KEYS[MESSAGE_CONTENT]};
    return proa_read_content(r, &at, &d->said[MESSAGE_CONTENT], out);
}

/* The parts that were thought, before anything that was said. */
static enum proa_err read_thoughts(struct reading *r, struct draft *d)
{
    const struct place at = {.up = d->at, .name = KEYS[MESSAGE_DETAILS]};
    struct proa_slice text = PROA_SLICE_NONE;
    enum proa_err err = read_said(r, d, MESSAGE_REASONING_CONTENT, &text);
    if (err == PROA_OK && text.len == 0) {
        err = read_said(r, d, MESSAGE_REASONING, &text);
    }
    if (err == PROA_OK) {
        err = proa_read_reasoning(r, &at, &d->said[MESSAGE_DETAILS], &d->parts);
    }
    if (err != PROA_OK || text.len == 0) {
        return err;
    }
    r->own_words = true;
    struct proa_chat_part *first = NULL; /* to have the text, when the details have none */
    for (size_t i = 0; i < d->parts.n; i++) {
        if (d->parts.items[i].text.len > 0) {
            return PROA_OK;
        }
        first = !first && d->parts.items[i].redacted.len == 0 ? &d->parts.items[i] : first;
    }
    first = first ? first : proa_read_new_part(r, d->at, &d->parts, PROA_CHAT_PART_REASONING);
    if (!first) {
        return PROA_ERR_TYPE;
    }
    first->text = text;
    return PROA_OK;
}

static enum proa_err read_refusal(struct reading *r, struct draft *d)
{
    struct proa_slice refusal = PROA_SLICE_NONE;
    const enum proa_err err = read_said(r, d, MESSAGE_REFUSAL, &refusal);
    if (err != PROA_OK || refusal.len == 0) {
        return err;
    }
    struct proa_chat_part *part = proa_read_new_part(r, d->at, &d->parts, PROA_CHAT_PART_REFUSAL);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    part->text = refusal;
    return PROA_OK;
}

/* An empty text says nothing, and some providers refuse it. */
static void drop_empty_text(struct parts *parts, size_t from)
{
    size_t n = from;
    for (size_t i = from; i < parts->n; i++) {
        const struct proa_chat_part *part = &parts->items[i];
        if (part->kind != PROA_CHAT_PART_TEXT || part->text.len > 0) {
            parts->items[n++] = *part;
        }
    }
    parts->n = n;
}

static enum proa_err read_assistant(struct reading *r, struct draft *d, struct messages *all)
{
    enum proa_err err = read_thoughts(r, d);
    const size_t spoken = d->parts.n;
    err = err == PROA_OK ? read_said_content(r, d, &d->parts) : err;
    drop_empty_text(&d->parts, spoken);
    err = err == PROA_OK ? read_refusal(r, d) : err;
    err = err == PROA_OK ? read_calls(r, d) : err;
    return err == PROA_OK ? read_function_call(r, d, all) : err;
}

/* The name of the call with this id, if that is not too far away: results follow their calls, and a
 * request of many of both must not cost their product. */
struct proa_slice proa_read_name_of_call(const struct messages *all, struct proa_slice id)
{
    size_t looked = 0;
    for (size_t i = all->n; i > 0 && looked < LOOKED_BACK_MAX; i--, looked++) {
        const struct proa_chat_message *m = &all->items[i - 1];
        const size_t n = m->role == PROA_CHAT_ASSISTANT ? m->n_parts : 0;
        for (size_t k = 0; k < n && looked < LOOKED_BACK_MAX; k++, looked++) {
            if (m->parts[k].kind == PROA_CHAT_PART_TOOL_CALL && proa_slice_eq(m->parts[k].id, id)) {
                return m->parts[k].name;
            }
        }
    }
    return PROA_SLICE_NONE;
}

static enum proa_err read_result(struct reading *r, struct draft *d, const struct messages *all)
{
    struct proa_chat_part *result =
        proa_read_new_part(r, d->at, &d->parts, PROA_CHAT_PART_TOOL_RESULT);
    if (!result) {
        return PROA_ERR_TYPE;
    }
    enum proa_err err = read_said(r, d, MESSAGE_NAME, &result->name);
    if (err == PROA_OK && d->role == ROLE_FUNCTION) {
        result->id = legacy_id(r, all->n_calls);
    } else if (err == PROA_OK) {
        err = read_said(r, d, MESSAGE_CALL_ID, &result->id);
        const struct proa_slice name = proa_read_name_of_call(all, result->id);
        result->name = name.len > 0 ? name : result->name;
    }
    if (err == PROA_OK && result->id.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(d->at, "tool_call_id"),
                                "is missing: it names the call that this is the result of.");
    }
    struct parts inside = {.items = NULL};
    err = err == PROA_OK ? read_said_content(r, d, &inside) : err;
    result->parts = inside.items;
    result->n_parts = inside.n;
    return err;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* What a role may say. */
static bool may_say(enum role role, enum proa_chat_part_kind kind)
{
    switch (kind) {
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REASONING:
    case PROA_CHAT_PART_TOOL_CALL:
    case PROA_CHAT_PART_TOOL_RESULT:
        return true;
    case PROA_CHAT_PART_REFUSAL:
        return role == ROLE_ASSISTANT;
    case PROA_CHAT_PART_IMAGE:
    case PROA_CHAT_PART_AUDIO:
    case PROA_CHAT_PART_FILE:
        break;
    }
    return role == ROLE_USER || role == ROLE_TOOL || role == ROLE_ASSISTANT;
}

static enum proa_err check_parts(struct reading *r, const struct draft *d)
{
    const struct parts *parts = &d->parts;
    for (size_t i = 0; i < parts->n; i++) {
        if (!may_say(d->role, parts->items[i].kind)) {
            return proa_read_refuse(r, PLACE_KEY(d->at, "content"),
                                    "holds a part that this role cannot have.");
        }
    }
    if (parts->n == 0 && d->role != ROLE_ASSISTANT) {
        return proa_read_refuse(r, PLACE_KEY(d->at, "content"), "is missing.");
    }
    return PROA_OK;
}

static enum proa_err read_role(struct reading *r, struct draft *d)
{
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = read_said(r, d, MESSAGE_ROLE, &text);
    if (err != PROA_OK) {
        return err;
    }
    if (text.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(d->at, "role"), "is missing.");
    }
    const size_t role = proa_read_word(text, ROLES, PROA_ARRAY_LEN(ROLES));
    if (role == PROA_ARRAY_LEN(ROLES)) {
        return proa_read_refuse_word(
            r, PLACE_KEY(d->at, "role"), text,
            "\"system\", \"developer\", \"user\", \"assistant\", \"tool\"");
    }
    d->role = (enum role)role;
    return PROA_OK;
}

static enum proa_err read_by_role(struct reading *r, struct draft *d, struct messages *all)
{
    switch (d->role) {
    case ROLE_ASSISTANT:
        return read_assistant(r, d, all);
    case ROLE_TOOL:
    case ROLE_FUNCTION:
        return read_result(r, d, all);
    case ROLE_SYSTEM:
    case ROLE_DEVELOPER:
    case ROLE_USER:
        break;
    }
    return read_said_content(r, d, &d->parts);
}

static enum proa_err read_message_cache(struct reading *r, const struct draft *d)
{
    const struct place at = {.up = d->at, .name = KEYS[MESSAGE_CACHE]};
    struct proa_slice cache = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_object(r, &at, &d->said[MESSAGE_CACHE], &cache);
    r->own_words = r->own_words || cache.len > 0;
    if (err == PROA_OK && cache.len > 0 && d->parts.n > 0) {
        d->parts.items[d->parts.n - 1].cache_control = cache; /* up to the end of the message */
    }
    return err;
}

enum proa_err proa_read_message(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct messages *out)
{
    struct draft d = {.at = at};
    enum proa_err err = proa_read_members(r, at, item, KEYS, MESSAGE_KEYS, d.said);
    err = err == PROA_OK ? read_role(r, &d) : err;
    err = err == PROA_OK ? read_by_role(r, &d, out) : err;
    err = err == PROA_OK ? check_parts(r, &d) : err;
    err = err == PROA_OK ? read_message_cache(r, &d) : err;
    if (err != PROA_OK) {
        return err;
    }
    out->items = proa_read_more(r, out->items, out->n, sizeof out->items[0]);
    struct proa_chat_message *message = &out->items[out->n++];
    *message = (struct proa_chat_message){
        .role = ROLE_OF[d.role], .parts = d.parts.items, .n_parts = d.parts.n};
    return message->role == PROA_CHAT_TOOL ? PROA_OK
                                           : read_said(r, &d, MESSAGE_NAME, &message->name);
}
