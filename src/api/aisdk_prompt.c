/*
 * The prompt: messages and their parts, in the forms of all versions.
 *
 * What a provider ran itself (calls marked `providerExecuted`, their results, approvals, custom
 * parts) cannot be said to another one: it is left out, as the SDK's own converters do.
 */
#include "aisdk_read_priv.h"

/* ---- options ----------------------------------------------------------------------------------
 */

enum option_key {
    OPTION_SIGNATURE = 0, /* Anthropic's and Bedrock's, */
    OPTION_THOUGHT,       /* Google's, in the SDK's and in Google's own words */
    OPTION_THOUGHT_OWN,
    OPTION_REDACTED,
    OPTION_CACHE,
    OPTION_CACHE_OWN,
    OPTION_DETAIL,
    OPTION_ENCRYPTED, /* OpenAI's reasoning */
    OPTION_TITLE,     /* of documents, with the next two */
    OPTION_CONTEXT,
    OPTION_CITATIONS
};

static const struct proa_slice OPTIONS[] = {
    [OPTION_SIGNATURE] = PROA_SLICE_INIT("signature"),
    [OPTION_THOUGHT] = PROA_SLICE_INIT("thoughtSignature"),
    [OPTION_THOUGHT_OWN] = PROA_SLICE_INIT("thought_signature"),
    [OPTION_REDACTED] = PROA_SLICE_INIT("redactedData"),
    [OPTION_CACHE] = PROA_SLICE_INIT("cacheControl"),
    [OPTION_CACHE_OWN] = PROA_SLICE_INIT("cache_control"),
    [OPTION_DETAIL] = PROA_SLICE_INIT("imageDetail"),
    [OPTION_ENCRYPTED] = PROA_SLICE_INIT("reasoningEncryptedContent"),
    [OPTION_TITLE] = PROA_SLICE_INIT("title"),
    [OPTION_CONTEXT] = PROA_SLICE_INIT("context"),
    [OPTION_CITATIONS] = PROA_SLICE_INIT("citations"),
};

static void take_sealed(const struct proa_json_item *m, struct proa_slice *to,
                        struct proa_slice sealed_as, struct proa_chat_part *part)
{
    if (m->kind == PROA_JSON_STRING) {
        *to = proa_chat_text(m->value);
        part->sealed_as = sealed_as;
    }
}

static enum proa_chat_flag is_enabled(const struct proa_json_item *m)
{
    return m->kind == PROA_JSON_OBJECT &&
                   proa_json_get(m->value, PROA_SLICE("enabled"), NULL) == PROA_JSON_TRUE
               ? PROA_CHAT_YES
               : PROA_CHAT_NO;
}

static void take_option(size_t key, const struct proa_json_item *m, struct proa_chat_part *part)
{
    const bool is_text = m->kind == PROA_JSON_STRING;
    switch (key) {
    case OPTION_SIGNATURE:
        take_sealed(m, &part->signature, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE), part);
        break;
    case OPTION_THOUGHT:
    case OPTION_THOUGHT_OWN:
        take_sealed(m, &part->signature, PROA_SLICE(PROA_CHAT_SEALED_GOOGLE), part);
        break;
    case OPTION_REDACTED:
        take_sealed(m, &part->redacted, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE), part);
        break;
    case OPTION_ENCRYPTED:
        take_sealed(m, &part->redacted, PROA_SLICE(PROA_CHAT_SEALED_OPENAI), part);
        break;
    case OPTION_TITLE:
        part->filename = is_text ? proa_chat_text(m->value) : part->filename;
        break;
    case OPTION_CONTEXT:
        part->context = is_text ? proa_chat_text(m->value) : part->context;
        break;
    case OPTION_CITATIONS:
        part->citations = is_enabled(m);
        break;
    case OPTION_CACHE:
    case OPTION_CACHE_OWN:
        part->cache_control = m->kind == PROA_JSON_OBJECT ? m->value : part->cache_control;
        break;
    case OPTION_DETAIL:
        part->detail = is_text ? proa_chat_text(m->value) : part->detail;
        break;
    default:
        break;
    }
}

/* Whose option it is does not matter: no two providers mean different things by one name. */
enum proa_err proa_aisdk_options(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_chat_part *part)
{
    struct proa_json_cursor providers;
    struct proa_json_cursor c;
    struct proa_json_item provider;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    const struct place here = {.up = at, .name = PROA_SLICE("providerOptions")};
    const enum proa_err err = proa_read_enter(r, &here, item, PROA_JSON_OBJECT, &providers);
    while (err == PROA_OK && proa_json_cursor_next(&providers, &provider)) {
        if (provider.kind != PROA_JSON_OBJECT ||
            proa_json_cursor_init(&c, provider.value) != PROA_OK) {
            continue;
        }
        while (proa_json_cursor_next(&c, &m)) {
            take_option(proa_read_key(&m, OPTIONS, PROA_ARRAY_LEN(OPTIONS)), &m, part);
        }
    }
    return err;
}

/* ---- parts ----------------------------------------------------------------------------------- */

enum part_type {
    PART_TEXT = 0,
    PART_FILE,
    PART_REASONING,
    PART_CALL,
    PART_RESULT,
    PART_REASONING_FILE, /* those from here on are known, and say nothing that goes on */
    PART_CUSTOM,
    PART_APPROVAL_REQUEST,
    PART_APPROVAL,
    PART_TYPES
};

static const struct proa_slice TYPES[PART_TYPES] = {
    [PART_TEXT] = PROA_SLICE_INIT("text"),
    [PART_FILE] = PROA_SLICE_INIT("file"),
    [PART_REASONING] = PROA_SLICE_INIT("reasoning"),
    [PART_CALL] = PROA_SLICE_INIT("tool-call"),
    [PART_RESULT] = PROA_SLICE_INIT("tool-result"),
    [PART_REASONING_FILE] = PROA_SLICE_INIT("reasoning-file"),
    [PART_CUSTOM] = PROA_SLICE_INIT("custom"),
    [PART_APPROVAL_REQUEST] = PROA_SLICE_INIT("tool-approval-request"),
    [PART_APPROVAL] = PROA_SLICE_INIT("tool-approval-response"),
};

#define TYPE_WORDS "\"text\", \"file\", \"reasoning\", \"tool-call\", \"tool-result\""

enum part_key {
    KEY_TYPE = 0,
    KEY_TEXT,
    KEY_DATA,
    KEY_MEDIA_TYPE,
    KEY_FILENAME,
    KEY_CALL_ID,
    KEY_TOOL_NAME,
    KEY_INPUT,
    KEY_OUTPUT,
    KEY_EXECUTED,
    KEY_OPTIONS,
    PART_KEYS
};

static const struct proa_slice KEYS[PART_KEYS] = {
    [KEY_TYPE] = PROA_SLICE_INIT("type"),
    [KEY_TEXT] = PROA_SLICE_INIT("text"),
    [KEY_DATA] = PROA_SLICE_INIT("data"),
    [KEY_MEDIA_TYPE] = PROA_SLICE_INIT("mediaType"),
    [KEY_FILENAME] = PROA_SLICE_INIT("filename"),
    [KEY_CALL_ID] = PROA_SLICE_INIT("toolCallId"),
    [KEY_TOOL_NAME] = PROA_SLICE_INIT("toolName"),
    [KEY_INPUT] = PROA_SLICE_INIT("input"),
    [KEY_OUTPUT] = PROA_SLICE_INIT("output"),
    [KEY_EXECUTED] = PROA_SLICE_INIT("providerExecuted"),
    [KEY_OPTIONS] = PROA_SLICE_INIT("providerOptions"),
};

/* One message under way: what it says, and the results that an assistant's message holds, which
 * are a message of their own. */
struct draft {
    enum proa_chat_role role;
    struct parts parts;
    struct parts results;
};

static enum proa_err read_said(struct reading *r, const struct place *at,
                               const struct proa_json_item *said, enum part_key key,
                               struct proa_slice *out)
{
    const struct place here = {.up = at, .name = KEYS[key]};
    return proa_read_text(r, &here, &said[key], out);
}

/* What must be there, and not be empty. */
static enum proa_err read_needed(struct reading *r, const struct place *at,
                                 const struct proa_json_item *said, enum part_key key,
                                 struct proa_slice *out)
{
    const struct place here = {.up = at, .name = KEYS[key]};
    const enum proa_err err = proa_read_text(r, &here, &said[key], out);
    return err == PROA_OK && out->len == 0 ? proa_read_refuse(r, &here, "is missing.") : err;
}

static enum proa_err read_file(struct reading *r, const struct place *at,
                               const struct proa_json_item *said, struct proa_chat_part *part)
{
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_err err = read_said(r, at, said, KEY_MEDIA_TYPE, &type);
    err = err == PROA_OK ? read_said(r, at, said, KEY_FILENAME, &part->filename) : err;
    return err == PROA_OK ? proa_aisdk_file(r, PLACE_KEY(at, "data"), &said[KEY_DATA], type, part)
                          : err;
}

/* The input is any JSON, or in older clients its text. */
static enum proa_err read_call(struct reading *r, const struct place *at,
                               const struct proa_json_item *said, struct proa_chat_part *part)
{
    const struct proa_json_item *input = &said[KEY_INPUT];
    enum proa_err err = read_needed(r, at, said, KEY_CALL_ID, &part->id);
    err = err == PROA_OK ? read_needed(r, at, said, KEY_TOOL_NAME, &part->name) : err;
    if (err != PROA_OK || proa_read_is_null(input)) {
        return err;
    }
    if (input->kind == PROA_JSON_STRING || input->kind == PROA_JSON_OBJECT) {
        return proa_read_arguments(r, PLACE_KEY(at, "input"), input, &part->arguments);
    }
    const struct proa_slice text = proa_chat_text_of(input->value, r->arena);
    part->arguments = proa_arena_printf(r->arena, "\"%" PROA_SLICE_FMT "\"", PROA_SLICE_ARG(text));
    return PROA_OK;
}

static enum proa_err read_result(struct reading *r, const struct place *at,
                                 const struct proa_json_item *said, struct proa_chat_part *part)
{
    enum proa_err err = read_needed(r, at, said, KEY_CALL_ID, &part->id);
    err = err == PROA_OK ? read_said(r, at, said, KEY_TOOL_NAME, &part->name) : err;
    return err == PROA_OK ? proa_aisdk_output(r, PLACE_KEY(at, "output"), &said[KEY_OUTPUT], part)
                          : err;
}

/* Does the message hold the call that the id belongs to? */
static bool has_call(const struct parts *parts, struct proa_slice id)
{
    for (size_t i = 0; i < parts->n; i++) {
        if (parts->items[i].kind == PROA_CHAT_PART_TOOL_CALL &&
            proa_slice_eq(parts->items[i].id, id)) {
            return true;
        }
    }
    return false;
}

/* What each role may say; a part elsewhere is a mistake that a provider would answer with less. */
static bool may_say(enum proa_chat_role role, enum part_type type)
{
    switch (type) {
    case PART_TEXT:
    case PART_FILE:
        return role != PROA_CHAT_TOOL;
    case PART_REASONING:
    case PART_CALL:
        return role == PROA_CHAT_ASSISTANT;
    case PART_RESULT:
        return role != PROA_CHAT_USER;
    case PART_REASONING_FILE:
    case PART_CUSTOM:
    case PART_APPROVAL_REQUEST:
    case PART_APPROVAL:
    case PART_TYPES:
        break;
    }
    return true;
}

static enum proa_err read_of_type(struct reading *r, const struct place *at, enum part_type type,
                                  const struct proa_json_item *said, struct proa_chat_part *part)
{
    switch (type) {
    case PART_FILE:
        part->kind = PROA_CHAT_PART_FILE;
        return read_file(r, at, said, part);
    case PART_CALL:
        part->kind = PROA_CHAT_PART_TOOL_CALL;
        return read_call(r, at, said, part);
    case PART_RESULT:
        part->kind = PROA_CHAT_PART_TOOL_RESULT;
        return read_result(r, at, said, part);
    case PART_REASONING:
        part->kind = PROA_CHAT_PART_REASONING;
        break;
    case PART_TEXT:
    case PART_REASONING_FILE:
    case PART_CUSTOM:
    case PART_APPROVAL_REQUEST:
    case PART_APPROVAL:
    case PART_TYPES:
        break;
    }
    return read_said(r, at, said, KEY_TEXT, &part->text);
}

/* Empty texts and thoughts say nothing, and some providers refuse them. */
static bool says_nothing(const struct proa_chat_part *part)
{
    return (part->kind == PROA_CHAT_PART_TEXT && part->text.len == 0) ||
           (part->kind == PROA_CHAT_PART_REASONING &&
            part->text.len + part->redacted.len + part->signature.len == 0);
}

static enum proa_err keep(struct reading *r, const struct place *at, struct draft *d,
                          const struct proa_chat_part *part)
{
    const bool own_result =
        part->kind == PROA_CHAT_PART_TOOL_RESULT && d->role == PROA_CHAT_ASSISTANT;
    if (says_nothing(part) || (own_result && !has_call(&d->parts, part->id))) {
        return PROA_OK;
    }
    struct proa_chat_part *kept =
        proa_read_new_part(r, at, own_result ? &d->results : &d->parts, part->kind);
    if (!kept) {
        return PROA_ERR_TYPE;
    }
    *kept = *part;
    return PROA_OK;
}

static enum proa_err read_part(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct draft *d)
{
    struct proa_json_item said[PART_KEYS];
    struct proa_slice word = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, KEYS, PART_KEYS, said);
    err = err == PROA_OK ? read_needed(r, at, said, KEY_TYPE, &word) : err;
    if (err != PROA_OK) {
        return err;
    }
    const enum part_type type = (enum part_type)proa_read_word(word, TYPES, PART_TYPES);
    if (type == PART_TYPES) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), word, TYPE_WORDS);
    }
    if (!may_say(d->role, type)) {
        return proa_read_refuse(r, at, "is a part that this role cannot have.");
    }
    if (type >= PART_REASONING_FILE || said[KEY_EXECUTED].kind == PROA_JSON_TRUE) {
        return PROA_OK;
    }
    struct proa_chat_part part = {.kind = PROA_CHAT_PART_TEXT};
    err = read_of_type(r, at, type, said, &part);
    err = err == PROA_OK ? proa_aisdk_options(r, at, &said[KEY_OPTIONS], &part) : err;
    return err == PROA_OK ? keep(r, at, d, &part) : err;
}

/* ---- messages -------------------------------------------------------------------------------- */

static const struct proa_slice ROLES[] = {
    [PROA_CHAT_SYSTEM] = PROA_SLICE_INIT("system"),
    [PROA_CHAT_USER] = PROA_SLICE_INIT("user"),
    [PROA_CHAT_ASSISTANT] = PROA_SLICE_INIT("assistant"),
    [PROA_CHAT_TOOL] = PROA_SLICE_INIT("tool"),
};

enum message_key { MESSAGE_ROLE = 0, MESSAGE_CONTENT, MESSAGE_OPTIONS };

static const struct proa_slice MESSAGE[] = {
    [MESSAGE_ROLE] = PROA_SLICE_INIT("role"),
    [MESSAGE_CONTENT] = PROA_SLICE_INIT("content"),
    [MESSAGE_OPTIONS] = PROA_SLICE_INIT("providerOptions"),
};

/* A system message's text; the parts of every other. */
static enum proa_err read_content(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item, struct draft *d)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind == PROA_JSON_STRING) {
        const struct proa_chat_part part = {.kind = PROA_CHAT_PART_TEXT,
                                            .text = proa_chat_text(item->value)};
        return keep(r, at, d, &part);
    }
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_part(r, PLACE_AT(at, i), &m, d);
    }
    return err;
}

static void add_message(struct reading *r, enum proa_chat_role role, const struct parts *parts,
                        struct messages *out)
{
    if (parts->n > 0) {
        out->items = proa_read_more(r, out->items, out->n, sizeof out->items[0]);
        out->items[out->n++] =
            (struct proa_chat_message){.role = role, .parts = parts->items, .n_parts = parts->n};
    }
}

static enum proa_err read_message(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item, struct messages *out)
{
    struct proa_json_item said[PROA_ARRAY_LEN(MESSAGE)];
    struct draft d = {.role = PROA_CHAT_SYSTEM};
    struct proa_slice role = PROA_SLICE_NONE;
    struct proa_chat_part options = {.kind = PROA_CHAT_PART_TEXT};
    enum proa_err err = proa_read_members(r, at, item, MESSAGE, PROA_ARRAY_LEN(MESSAGE), said);
    err =
        err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "role"), &said[MESSAGE_ROLE], &role) : err;
    if (err != PROA_OK) {
        return err;
    }
    d.role = (enum proa_chat_role)proa_read_word(role, ROLES, PROA_ARRAY_LEN(ROLES));
    if ((size_t)d.role == PROA_ARRAY_LEN(ROLES)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "role"), role,
                                     "\"system\", \"user\", \"assistant\", \"tool\"");
    }
    err = read_content(r, PLACE_KEY(at, "content"), &said[MESSAGE_CONTENT], &d);
    err = err == PROA_OK ? proa_aisdk_options(r, at, &said[MESSAGE_OPTIONS], &options) : err;
    if (err == PROA_OK && d.parts.n > 0 && options.cache_control.len > 0) {
        d.parts.items[d.parts.n - 1].cache_control = options.cache_control; /* up to its end */
    }
    if (err == PROA_OK) {
        add_message(r, d.role, &d.parts, out);
        add_message(r, PROA_CHAT_TOOL, &d.results, out);
    }
    return err;
}

enum proa_err proa_aisdk_prompt(struct reading *r, struct proa_json_cursor *outer,
                                const struct proa_json_item *item, struct messages *out)
{
    const struct place at = {.name = PROA_SLICE_INIT("prompt")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind != PROA_JSON_ARRAY || !proa_json_cursor_enter(outer, item, &c)) {
        return proa_read_refuse_kind(r, &at, "an array of messages", item->kind);
    }
    enum proa_err err = PROA_OK;
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_message(r, PLACE_AT(&at, i), &m, out);
    }
    return err == PROA_OK && !proa_json_cursor_leave(outer, &c) ? proa_read_refuse_json(r) : err;
}
