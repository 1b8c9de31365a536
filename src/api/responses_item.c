/*
 * Items: messages, calls and their results, reasoning.
 */
#include "responses_read_priv.h"

/* ---- members --------------------------------------------------------------------------------- */

enum item_key {
    ITEM_TYPE = 0,
    ITEM_ROLE,
    ITEM_CONTENT,
    ITEM_CALL_ID,
    ITEM_NAME,
    ITEM_ARGUMENTS,
    ITEM_INPUT,
    ITEM_OUTPUT,
    ITEM_SUMMARY,
    ITEM_SEALED,
    ITEM_RESULT,
    ITEM_FORMAT,
    ITEM_EXTRA,
    ITEM_KEYS
};

static const struct proa_slice KEYS[ITEM_KEYS] = {
    [ITEM_TYPE] = PROA_SLICE_INIT("type"),
    [ITEM_ROLE] = PROA_SLICE_INIT("role"),
    [ITEM_CONTENT] = PROA_SLICE_INIT("content"),
    [ITEM_CALL_ID] = PROA_SLICE_INIT("call_id"),
    [ITEM_NAME] = PROA_SLICE_INIT("name"),
    [ITEM_ARGUMENTS] = PROA_SLICE_INIT("arguments"),
    [ITEM_INPUT] = PROA_SLICE_INIT("input"),
    [ITEM_OUTPUT] = PROA_SLICE_INIT("output"),
    [ITEM_SUMMARY] = PROA_SLICE_INIT("summary"),
    [ITEM_SEALED] = PROA_SLICE_INIT("encrypted_content"),
    [ITEM_RESULT] = PROA_SLICE_INIT("result"),
    [ITEM_FORMAT] = PROA_SLICE_INIT("output_format"),
    [ITEM_EXTRA] = PROA_SLICE_INIT("extra_content"),
};

/* One item under way. */
struct draft {
    struct reading *r;
    const struct place *at;
    struct proa_json_item said[ITEM_KEYS];
    struct items *out;
};

static enum proa_err read_said(struct draft *d, enum item_key key, struct proa_slice *out)
{
    const struct place at = {.up = d->at, .name = KEYS[key]};
    return proa_read_text(d->r, &at, &d->said[key], out);
}

static enum proa_err refuse_missing(struct draft *d, enum item_key key, const char *what)
{
    const struct place at = {.up = d->at, .name = KEYS[key]};
    return proa_read_refuse(d->r, &at, what);
}

static enum proa_err read_call_id(struct draft *d, struct proa_slice *out)
{
    const enum proa_err err = read_said(d, ITEM_CALL_ID, out);
    return err == PROA_OK && out->len == 0
               ? refuse_missing(d, ITEM_CALL_ID,
                                "is missing: calls and their results find one another by it.")
               : err;
}

/* ---- messages of the model ------------------------------------------------------------------- */

static struct proa_chat_message *new_message(struct reading *r, struct messages *all,
                                             enum proa_chat_role role, const struct parts *parts)
{
    all->items = proa_read_more(r, all->items, all->n, sizeof all->items[0]);
    struct proa_chat_message *m = &all->items[all->n++];
    *m = (struct proa_chat_message){.role = role, .parts = parts->items, .n_parts = parts->n};
    return m;
}

void proa_read_end_turn(struct reading *r, struct items *out)
{
    if (out->turn.n > 0) {
        (void)new_message(r, &out->all, PROA_CHAT_ASSISTANT, &out->turn);
    }
    out->turn = (struct parts){.n = 0};
}

enum proa_err proa_read_spoken(struct reading *r, const struct place *at, enum proa_chat_role role,
                               struct proa_slice text, struct items *out)
{
    struct parts parts = {.n = 0};
    struct proa_chat_part *part = proa_read_new_part(r, at, &parts, PROA_CHAT_PART_TEXT);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    part->text = text;
    proa_read_end_turn(r, out);
    (void)new_message(r, &out->all, role, &parts);
    return PROA_OK;
}

/* ---- content --------------------------------------------------------------------------------- */

enum content_key {
    CONTENT_TYPE = 0,
    CONTENT_TEXT,
    CONTENT_REFUSAL,
    CONTENT_IMAGE,
    CONTENT_FILE_ID,
    CONTENT_DETAIL,
    CONTENT_AUDIO,
    CONTENT_KEYS
};

static const struct proa_slice CONTENT[CONTENT_KEYS] = {
    [CONTENT_TYPE] = PROA_SLICE_INIT("type"),
    [CONTENT_TEXT] = PROA_SLICE_INIT("text"),
    [CONTENT_REFUSAL] = PROA_SLICE_INIT("refusal"),
    [CONTENT_IMAGE] = PROA_SLICE_INIT("image_url"),
    [CONTENT_FILE_ID] = PROA_SLICE_INIT("file_id"),
    [CONTENT_DETAIL] = PROA_SLICE_INIT("detail"),
    [CONTENT_AUDIO] = PROA_SLICE_INIT("input_audio"),
};

/* Types of parts; those of an assistant's text are taken from anybody. */
static const struct {
    struct proa_slice type;
    enum proa_chat_part_kind kind;
} PART_TYPES[] = {
    {PROA_SLICE_INIT("input_text"), PROA_CHAT_PART_TEXT},
    {PROA_SLICE_INIT("output_text"), PROA_CHAT_PART_TEXT},
    {PROA_SLICE_INIT("text"), PROA_CHAT_PART_TEXT},
    {PROA_SLICE_INIT("refusal"), PROA_CHAT_PART_REFUSAL},
    {PROA_SLICE_INIT("input_image"), PROA_CHAT_PART_IMAGE},
    {PROA_SLICE_INIT("input_file"), PROA_CHAT_PART_FILE},
    {PROA_SLICE_INIT("input_audio"), PROA_CHAT_PART_AUDIO},
};

#define PART_WORDS                                                                                 \
    "\"input_text\", \"input_image\", \"input_file\", \"input_audio\", \"output_text\", "          \
    "\"refusal\""

/* A URL, or the id of a file that the provider has. */
static enum proa_err read_image(struct reading *r, const struct place *at,
                                const struct proa_json_item *said, struct proa_chat_part *part)
{
    struct proa_slice url = PROA_SLICE_NONE;
    struct proa_slice id = PROA_SLICE_NONE;
    enum proa_err err =
        proa_read_text(r, PLACE_KEY(at, "detail"), &said[CONTENT_DETAIL], &part->detail);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "image_url"), &said[CONTENT_IMAGE], &url)
                         : err;
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "file_id"), &said[CONTENT_FILE_ID], &id)
                         : err;
    if (err != PROA_OK || url.len > 0) {
        return err == PROA_OK ? proa_read_source(r, PLACE_KEY(at, "image_url"), url, false, part)
                              : err;
    }
    if (id.len == 0) {
        return proa_read_refuse(r, at, "has no \"image_url\" and no \"file_id\".");
    }
    part->source = PROA_CHAT_SOURCE_ID;
    part->data = id;
    return PROA_OK;
}

static enum proa_err read_inside(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item,
                                 const struct proa_json_item *said, struct proa_chat_part *part)
{
    switch (part->kind) {
    case PROA_CHAT_PART_IMAGE:
        return read_image(r, at, said, part);
    case PROA_CHAT_PART_FILE:
        return proa_read_file(r, at, item, part);
    case PROA_CHAT_PART_AUDIO:
        return proa_read_audio(r, PLACE_KEY(at, "input_audio"), &said[CONTENT_AUDIO], part);
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REFUSAL:
    case PROA_CHAT_PART_REASONING:
    case PROA_CHAT_PART_TOOL_CALL:
    case PROA_CHAT_PART_TOOL_RESULT:
        break;
    }
    const enum content_key key = part->kind == PROA_CHAT_PART_TEXT ? CONTENT_TEXT : CONTENT_REFUSAL;
    const struct place here = {.up = at, .name = CONTENT[key]};
    return proa_read_is_null(&said[key])
               ? proa_read_refuse(r, &here, "is missing, and its part's type asks for it.")
               : proa_read_text(r, &here, &said[key], &part->text);
}

static enum proa_err read_part(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct parts *out)
{
    struct proa_json_item said[CONTENT_KEYS];
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, CONTENT, CONTENT_KEYS, said);
    err =
        err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[CONTENT_TYPE], &type) : err;
    if (err != PROA_OK) {
        return err;
    }
    if (type.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(at, "type"),
                                "is missing; it is one of " PART_WORDS ".");
    }
    size_t row = 0;
    while (row < PROA_ARRAY_LEN(PART_TYPES) && !proa_chat_text_eq(type, PART_TYPES[row].type)) {
        row++;
    }
    if (row == PROA_ARRAY_LEN(PART_TYPES)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type, PART_WORDS);
    }
    struct proa_chat_part *part = proa_read_new_part(r, at, out, PART_TYPES[row].kind);
    return part ? read_inside(r, at, item, said, part) : PROA_ERR_TYPE;
}

/* A text or an array of parts. */
static enum proa_err read_content(struct draft *d, enum item_key key, struct parts *out)
{
    const struct place at = {.up = d->at, .name = KEYS[key]};
    const struct proa_json_item *item = &d->said[key];
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind == PROA_JSON_STRING) {
        struct proa_chat_part *part = proa_read_new_part(d->r, &at, out, PROA_CHAT_PART_TEXT);
        if (!part) {
            return PROA_ERR_TYPE;
        }
        part->text = proa_chat_text(item->value);
        return PROA_OK;
    }
    if (proa_read_is_null(item)) {
        return proa_read_refuse(d->r, &at, "is missing.");
    }
    if (item->kind != PROA_JSON_ARRAY) {
        return proa_read_refuse_kind(d->r, &at, "a string or an array of parts", item->kind);
    }
    enum proa_err err = proa_read_enter(d->r, &at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_part(d->r, PLACE_AT(&at, i), &m, out);
    }
    return err;
}

/* ---- messages -------------------------------------------------------------------------------- */

enum role { ROLE_USER = 0, ROLE_ASSISTANT, ROLE_SYSTEM, ROLE_DEVELOPER, ROLES };

static const struct proa_slice ROLE_WORDS[ROLES] = {
    [ROLE_USER] = PROA_SLICE_INIT("user"),
    [ROLE_ASSISTANT] = PROA_SLICE_INIT("assistant"),
    [ROLE_SYSTEM] = PROA_SLICE_INIT("system"),
    [ROLE_DEVELOPER] = PROA_SLICE_INIT("developer"),
};

static bool may_say(enum role role, enum proa_chat_part_kind kind)
{
    return kind == PROA_CHAT_PART_TEXT || role == ROLE_ASSISTANT ||
           (role == ROLE_USER && kind != PROA_CHAT_PART_REFUSAL);
}

static enum proa_err check_parts(struct draft *d, enum role role, const struct parts *parts,
                                 size_t from)
{
    const struct place at = {.up = d->at, .name = KEYS[ITEM_CONTENT]};
    for (size_t i = from; i < parts->n; i++) {
        if (!may_say(role, parts->items[i].kind)) {
            return proa_read_refuse(d->r, &at, "holds a part that this role cannot have.");
        }
    }
    return parts->n == from && role != ROLE_ASSISTANT
               ? proa_read_refuse(d->r, &at, "must hold at least one part.")
               : PROA_OK;
}

/* An empty text says nothing, and some providers refuse it. */
static void drop_empty_text(struct parts *parts, size_t from)
{
    size_t n = from;
    for (size_t i = from; i < parts->n; i++) {
        if (parts->items[i].kind != PROA_CHAT_PART_TEXT || parts->items[i].text.len > 0) {
            parts->items[n++] = parts->items[i];
        }
    }
    parts->n = n;
}

static enum proa_err read_message(struct draft *d)
{
    struct proa_slice word = PROA_SLICE_NONE;
    enum proa_err err = read_said(d, ITEM_ROLE, &word);
    if (err == PROA_OK && word.len == 0) {
        return refuse_missing(d, ITEM_ROLE, "is missing.");
    }
    const size_t role = proa_read_word(word, ROLE_WORDS, ROLES);
    if (err == PROA_OK && role == ROLES) {
        return proa_read_refuse_word(d->r, PLACE_KEY(d->at, "role"), word,
                                     "\"user\", \"assistant\", \"system\", \"developer\"");
    }
    struct parts own = {.n = 0};
    struct parts *parts = role == ROLE_ASSISTANT ? &d->out->turn : &own;
    const size_t from = parts->n;
    err = err == PROA_OK ? read_content(d, ITEM_CONTENT, parts) : err;
    err = err == PROA_OK ? check_parts(d, (enum role)role, parts, from) : err;
    if (err != PROA_OK) {
        return err;
    }
    if (role == ROLE_ASSISTANT) {
        drop_empty_text(parts, from);
        return PROA_OK;
    }
    proa_read_end_turn(d->r, d->out);
    (void)new_message(d->r, &d->out->all, role == ROLE_USER ? PROA_CHAT_USER : PROA_CHAT_SYSTEM,
                      parts);
    return PROA_OK;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static enum proa_err read_call_as(struct draft *d, enum item_key key)
{
    struct proa_chat_part *part =
        proa_read_new_part(d->r, d->at, &d->out->turn, PROA_CHAT_PART_TOOL_CALL);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    const struct place at = {.up = d->at, .name = KEYS[key]};
    enum proa_err err = read_call_id(d, &part->id);
    err = err == PROA_OK ? read_said(d, ITEM_NAME, &part->name) : err;
    if (err == PROA_OK && part->name.len == 0) {
        return refuse_missing(d, ITEM_NAME, "is missing.");
    }
    part->signature = proa_read_signature(&d->said[ITEM_EXTRA]);
    return err == PROA_OK ? proa_read_arguments(d->r, &at, &d->said[key], &part->arguments) : err;
}

static enum proa_err read_call(struct draft *d)
{
    return read_call_as(d, ITEM_ARGUMENTS);
}

/* Of a tool that takes any text. */
static enum proa_err read_custom_call(struct draft *d)
{
    return read_call_as(d, ITEM_INPUT);
}

static enum proa_err read_result(struct draft *d)
{
    struct parts parts = {.n = 0};
    struct parts inside = {.n = 0};
    proa_read_end_turn(d->r, d->out);
    struct proa_chat_part *result =
        proa_read_new_part(d->r, d->at, &parts, PROA_CHAT_PART_TOOL_RESULT);
    if (!result) {
        return PROA_ERR_TYPE;
    }
    enum proa_err err = read_call_id(d, &result->id);
    err = err == PROA_OK ? read_content(d, ITEM_OUTPUT, &inside) : err;
    if (err != PROA_OK) {
        return err;
    }
    result->name = proa_read_name_of_call(&d->out->all, result->id);
    result->parts = inside.items;
    result->n_parts = inside.n;
    (void)new_message(d->r, &d->out->all, PROA_CHAT_TOOL, &parts);
    return PROA_OK;
}

/* ---- reasoning, and what was made ------------------------------------------------------------ */

/* The texts of a list of {"type", "text"}, with an empty line between two of them. */
static enum proa_err join_texts(struct draft *d, enum item_key key, struct parts *out)
{
    const struct place at = {.up = d->at, .name = KEYS[key]};
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(&d->said[key])) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_enter(d->r, &at, &d->said[key], PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        struct proa_json_item text = m;
        struct proa_slice said = PROA_SLICE_NONE;
        text.kind = proa_json_get(m.value, CONTENT[CONTENT_TEXT], &text.value);
        err = proa_read_text(d->r, PLACE_KEY(PLACE_AT(&at, i), "text"), &text, &said);
        if (err == PROA_OK && said.len > 0) {
            proa_read_join(d->r, out,
                           out->items[out->n - 1].text.len > 0 ? PROA_SLICE("\\n\\n")
                                                               : PROA_SLICE_NONE);
            proa_read_join(d->r, out, said);
        }
    }
    return err;
}

static bool take_mark(struct proa_slice *sealed, struct proa_slice mark)
{
    if (!proa_slice_starts(*sealed, mark)) {
        return false;
    }
    *sealed = proa_slice_from(*sealed, mark.len);
    return true;
}

static enum proa_err read_reasoning(struct draft *d)
{
    struct parts *turn = &d->out->turn;
    struct proa_chat_part *part = proa_read_new_part(d->r, d->at, turn, PROA_CHAT_PART_REASONING);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    struct proa_slice sealed = PROA_SLICE_NONE;
    enum proa_err err = read_said(d, ITEM_SEALED, &sealed);
    /* The reasoning itself, where it is told, else what is told of it. */
    err = err == PROA_OK ? join_texts(d, ITEM_CONTENT, turn) : err;
    if (err == PROA_OK && part->text.len == 0) {
        err = join_texts(d, ITEM_SUMMARY, turn);
    }
    if (take_mark(&sealed, PROA_SLICE(SEALED_SIGNATURE))) {
        part->signature = sealed;
    } else if (take_mark(&sealed, PROA_SLICE(SEALED_REDACTED))) {
        part->redacted = sealed;
    }
    if (part->text.len + part->signature.len + part->redacted.len == 0) {
        turn->n--; /* nothing that another provider could read */
    }
    return err;
}

/* Of an image that an assistant has made; without a result there is none. */
static enum proa_err read_made_image(struct draft *d)
{
    struct proa_slice data = PROA_SLICE_NONE;
    struct proa_slice format = PROA_SLICE_NONE;
    enum proa_err err = read_said(d, ITEM_RESULT, &data);
    err = err == PROA_OK ? read_said(d, ITEM_FORMAT, &format) : err;
    if (err != PROA_OK || data.len == 0) {
        return err;
    }
    struct proa_chat_part *part =
        proa_read_new_part(d->r, d->at, &d->out->turn, PROA_CHAT_PART_IMAGE);
    if (!part) {
        return PROA_ERR_TYPE;
    }
    part->source = PROA_CHAT_SOURCE_BASE64;
    part->data = data;
    part->media_type = format.len > 0 ? proa_arena_printf(d->r->arena, "image/%" PROA_SLICE_FMT,
                                                          PROA_SLICE_ARG(format))
                                      : PROA_SLICE("image/png");
    return PROA_OK;
}

/* ---- items ----------------------------------------------------------------------------------- */

/* What a provider has run itself: it means something to that provider alone, and the answer goes on
 * without it. */
static enum proa_err skip(struct draft *d)
{
    (void)d;
    return PROA_OK;
}

static enum proa_err read_reference(struct draft *d)
{
    return proa_read_unsupported(
        d->r, d->at,
        "is a reference to an item that only its provider has: send the "
        "item itself, or \"store\": false and \"include\": "
        "[\"reasoning.encrypted_content\"] to get items that can be sent.");
}

static const struct type_row {
    struct proa_slice type;
    enum proa_err (*read)(struct draft *d);
} TYPES[] = {
    {PROA_SLICE_INIT("message"), read_message},
    {PROA_SLICE_INIT("function_call"), read_call},
    {PROA_SLICE_INIT("function_call_output"), read_result},
    {PROA_SLICE_INIT("reasoning"), read_reasoning},
    {PROA_SLICE_INIT("custom_tool_call"), read_custom_call},
    {PROA_SLICE_INIT("custom_tool_call_output"), read_result},
    {PROA_SLICE_INIT("image_generation_call"), read_made_image},
    {PROA_SLICE_INIT("item_reference"), read_reference},
    {PROA_SLICE_INIT("web_search_call"), skip},
    {PROA_SLICE_INIT("file_search_call"), skip},
    {PROA_SLICE_INIT("code_interpreter_call"), skip},
    {PROA_SLICE_INIT("mcp_list_tools"), skip},
    {PROA_SLICE_INIT("mcp_call"), skip},
};

static const struct type_row *row_of(struct proa_slice type)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(TYPES); i++) {
        if (proa_chat_text_eq(type, TYPES[i].type)) {
            return &TYPES[i];
        }
    }
    return NULL;
}

enum proa_err proa_read_item(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, struct items *out)
{
    struct draft d = {.r = r, .at = at, .out = out};
    struct proa_slice type = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, KEYS, ITEM_KEYS, d.said);
    err = err == PROA_OK ? read_said(&d, ITEM_TYPE, &type) : err;
    if (err != PROA_OK) {
        return err;
    }
    const struct type_row *row = type.len == 0 ? &TYPES[0] : row_of(type);
    return row ? row->read(&d)
               : proa_read_unsupported(r, PLACE_KEY(at, "type"),
                                       "names an item that has no form for a provider that does "
                                       "not speak this API itself.");
}
