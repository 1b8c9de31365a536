/*
 * The top of chat and completion requests: one row for each member that the neutral model knows.
 */
#include "proa/api/openai_request.h"

#include "openai_read_priv.h"

/* One request under way. */
struct top {
    struct reading r;
    const struct proa_api_openai_body *body;
    struct proa_api_openai_chat *out;
    struct messages messages;
    struct proa_chat_extra *extras;
    size_t n_extras;
    struct proa_slice allowed; /* array; empty = all tools are */
    struct proa_slice prompt;  /* text; of a completion */
    bool has_prompt;
};

struct row {
    struct proa_slice key;
    enum read_kind kind;
    size_t offset; /* in struct proa_chat_request */
    enum proa_err (*read)(struct top *t, const struct place *at,
                          const struct proa_json_item *item); /* CALL */
};

/* ---- members of their own form --------------------------------------------------------------- */

static enum proa_err read_functions(struct top *t, const struct place *at,
                                    const struct proa_json_item *item)
{
    t->out->functions = !proa_read_is_null(item);
    return proa_read_functions(&t->r, at, item, &t->out->chat);
}

static enum proa_err read_tools(struct top *t, const struct place *at,
                                const struct proa_json_item *item)
{
    return proa_read_tools(&t->r, at, item, &t->out->chat);
}

static enum proa_err read_choice(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    return proa_read_choice(&t->r, at, item, &t->out->chat, &t->allowed);
}

static enum proa_err read_stop(struct top *t, const struct place *at,
                               const struct proa_json_item *item)
{
    return proa_read_stops(&t->r, at, item, &t->out->chat);
}

static enum proa_err read_effort(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    return proa_read_effort(&t->r, at, item, &t->out->chat);
}

/* {"effort", "max_tokens", "enabled", "exclude"} */
static enum proa_err read_reasoning(struct top *t, const struct place *at,
                                    const struct proa_json_item *item)
{
    static const struct proa_slice keys[] = {
        PROA_SLICE_INIT("effort"), PROA_SLICE_INIT("max_tokens"), PROA_SLICE_INIT("enabled"),
        PROA_SLICE_INIT("exclude")};
    struct proa_chat_request *chat = &t->out->chat;
    enum proa_chat_flag enabled = PROA_CHAT_UNSAID;
    enum proa_chat_flag exclude = PROA_CHAT_UNSAID;
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_enter(&t->r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        const struct place here = {.up = at,
                                   .name = key < PROA_ARRAY_LEN(keys) ? keys[key] : m.key};
        if (key == 0) {
            err = read_effort(t, &here, &m);
        } else if (key == 1) {
            err = proa_read_count(&t->r, &here, &m, &chat->thinking_tokens);
        } else if (key < PROA_ARRAY_LEN(keys)) {
            err = proa_read_flag(&t->r, &here, &m, key == 2 ? &enabled : &exclude);
        }
    }
    if (enabled == PROA_CHAT_NO) {
        chat->effort = PROA_CHAT_EFFORT_NONE;
        chat->thinking_tokens = 0;
    } else if (enabled == PROA_CHAT_YES && chat->effort == PROA_CHAT_EFFORT_UNSAID &&
               chat->thinking_tokens == 0) {
        chat->effort = PROA_CHAT_EFFORT_MEDIUM;
    }
    if (exclude != PROA_CHAT_UNSAID) {
        chat->show_thinking = exclude == PROA_CHAT_YES ? PROA_CHAT_NO : PROA_CHAT_YES;
    }
    return err;
}

/* The schema's description, wherever it stands: in `json_schema`, or beside the type where the
 * gateway's older form has it. */
enum proa_err proa_read_schema(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_request *chat)
{
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("name"),
                                             PROA_SLICE_INIT("description"),
                                             PROA_SLICE_INIT("schema"), PROA_SLICE_INIT("strict")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, PROA_ARRAY_LEN(keys));
        const struct place here = {.up = at,
                                   .name = key < PROA_ARRAY_LEN(keys) ? keys[key] : m.key};
        if (key == 0) {
            err = proa_read_text(r, &here, &m, &chat->format_name);
        } else if (key == 1) {
            err = proa_read_text(r, &here, &m, &chat->format_description);
        } else if (key == 2) {
            err = proa_read_object(r, &here, &m, &chat->format_schema);
        } else if (key == 3) {
            err = proa_read_flag(r, &here, &m, &chat->format_strict);
        }
    }
    return err;
}

enum format { FORMAT_TEXT = 0, FORMAT_OBJECT, FORMAT_SCHEMA, FORMAT_OLD };

static const struct proa_slice FORMATS[] = {
    [FORMAT_TEXT] = PROA_SLICE_INIT("text"),
    [FORMAT_OBJECT] = PROA_SLICE_INIT("json_object"),
    [FORMAT_SCHEMA] = PROA_SLICE_INIT("json_schema"),
    [FORMAT_OLD] = PROA_SLICE_INIT("json"),
};

static enum proa_err read_format(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    struct proa_chat_request *chat = &t->out->chat;
    struct proa_slice token = PROA_SLICE_NONE;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_OBJECT) {
        return proa_read_refuse_kind(&t->r, at, "an object", item->kind);
    }
    (void)proa_json_get(item->value, PROA_SLICE("type"), &token);
    const struct proa_slice type = proa_chat_text(token);
    const size_t format = proa_read_word(type, FORMATS, PROA_ARRAY_LEN(FORMATS));
    struct proa_json_item schema = *item;
    enum proa_err err = PROA_OK;
    switch (format) {
    case FORMAT_TEXT:
        chat->format = PROA_CHAT_FORMAT_TEXT;
        return PROA_OK;
    case FORMAT_OBJECT:
        chat->format = PROA_CHAT_FORMAT_JSON;
        return PROA_OK;
    case FORMAT_SCHEMA:
        schema.kind = proa_json_get(item->value, PROA_SLICE("json_schema"), &schema.value);
        chat->format = PROA_CHAT_FORMAT_SCHEMA;
        err = proa_read_schema(&t->r, PLACE_KEY(at, "json_schema"), &schema, chat);
        break;
    case FORMAT_OLD:
        err = proa_read_schema(&t->r, at, item, chat);
        chat->format =
            chat->format_schema.len > 0 ? PROA_CHAT_FORMAT_SCHEMA : PROA_CHAT_FORMAT_JSON;
        break;
    default:
        return proa_read_refuse_word(&t->r, PLACE_KEY(at, "type"), type,
                                     "\"text\", \"json_object\", \"json_schema\"");
    }
    if (err == PROA_OK && format == FORMAT_SCHEMA && chat->format_schema.len == 0) {
        err = proa_read_refuse(&t->r, PLACE_KEY(PLACE_KEY(at, "json_schema"), "schema"),
                               "is missing.");
    }
    return err;
}

static enum proa_err read_stream_options(struct top *t, const struct place *at,
                                         const struct proa_json_item *item)
{
    struct proa_slice options = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_object(&t->r, at, item, &options);
    if (err == PROA_OK && options.len > 0) {
        t->out->include_usage =
            proa_json_get(options, PROA_SLICE("include_usage"), NULL) == PROA_JSON_TRUE;
    }
    return err;
}

/* A chat says whether, and another member how many; a completion says how many. */
static enum proa_err read_logprobs(struct top *t, const struct place *at,
                                   const struct proa_json_item *item)
{
    struct proa_chat_request *chat = &t->out->chat;
    if (item->kind == PROA_JSON_NUMBER) {
        chat->logprobs = PROA_CHAT_YES;
        return proa_read_count(&t->r, at, item, &chat->top_logprobs);
    }
    return proa_read_flag(&t->r, at, item, &chat->logprobs);
}

static enum proa_err read_prompt(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    struct proa_json_cursor c;
    struct proa_json_item m = *item;
    if (item->kind == PROA_JSON_ARRAY) {
        enum proa_err err = proa_read_enter(&t->r, at, item, PROA_JSON_ARRAY, &c);
        struct proa_json_item more;
        if (err != PROA_OK || !proa_json_cursor_next(&c, &m) || m.kind != PROA_JSON_STRING ||
            proa_json_cursor_next(&c, &more)) {
            return proa_read_refuse(&t->r, at,
                                    "must be one text for a provider that has chats "
                                    "only: no tokens, and no list of prompts.");
        }
    }
    t->has_prompt = m.kind == PROA_JSON_STRING;
    return proa_read_text(&t->r, at, &m, &t->prompt);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TO(member) offsetof(struct proa_chat_request, member)

static const struct row ROWS[] = {
    {PROA_SLICE_INIT("model"), READ_SKIP, 0, NULL},
    {PROA_SLICE_INIT("stream"), READ_SKIP, 0, NULL},
    {PROA_SLICE_INIT("max_tokens"), READ_COUNT, TO(max_tokens), NULL},
    {PROA_SLICE_INIT("temperature"), READ_NUMBER, TO(temperature), NULL},
    {PROA_SLICE_INIT("tools"), READ_CALL, 0, read_tools},
    {PROA_SLICE_INIT("tool_choice"), READ_CALL, 0, read_choice},
    {PROA_SLICE_INIT("stream_options"), READ_CALL, 0, read_stream_options},
    {PROA_SLICE_INIT("max_completion_tokens"), READ_COUNT, TO(max_tokens), NULL},
    {PROA_SLICE_INIT("top_p"), READ_NUMBER, TO(top_p), NULL},
    {PROA_SLICE_INIT("top_k"), READ_NUMBER, TO(top_k), NULL},
    {PROA_SLICE_INIT("seed"), READ_NUMBER, TO(seed), NULL},
    {PROA_SLICE_INIT("frequency_penalty"), READ_NUMBER, TO(frequency_penalty), NULL},
    {PROA_SLICE_INIT("presence_penalty"), READ_NUMBER, TO(presence_penalty), NULL},
    {PROA_SLICE_INIT("stop"), READ_CALL, 0, read_stop},
    {PROA_SLICE_INIT("n"), READ_COUNT, TO(n), NULL},
    {PROA_SLICE_INIT("response_format"), READ_CALL, 0, read_format},
    {PROA_SLICE_INIT("reasoning_effort"), READ_CALL, 0, read_effort},
    {PROA_SLICE_INIT("reasoning"), READ_CALL, 0, read_reasoning},
    {PROA_SLICE_INIT("parallel_tool_calls"), READ_FLAG, TO(parallel_tools), NULL},
    {PROA_SLICE_INIT("logprobs"), READ_CALL, 0, read_logprobs},
    {PROA_SLICE_INIT("top_logprobs"), READ_COUNT, TO(top_logprobs), NULL},
    {PROA_SLICE_INIT("user"), READ_TEXT, TO(user), NULL},
    {PROA_SLICE_INIT("service_tier"), READ_TEXT, TO(service_tier), NULL},
    {PROA_SLICE_INIT("cache_control"), READ_OBJECT, TO(cache_control), NULL},
    {PROA_SLICE_INIT("providerOptions"), READ_OBJECT, TO(provider_options), NULL},
    {PROA_SLICE_INIT("functions"), READ_CALL, 0, read_functions},
    {PROA_SLICE_INIT("function_call"), READ_CALL, 0, read_choice},
    {PROA_SLICE_INIT("prompt"), READ_CALL, 0, read_prompt},
};

static enum proa_err read_row(struct top *t, const struct row *row,
                              const struct proa_json_item *item)
{
    const struct place at = {.name = row->key};
    void *to = (char *)&t->out->chat + row->offset;
    return row->kind == READ_CALL ? row->read(t, &at, item)
                                  : proa_read_value(&t->r, &at, row->kind, item, to);
}

static const struct row *find_row(const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (proa_json_key_is(item, ROWS[i].key)) {
            return &ROWS[i];
        }
    }
    return NULL;
}

static void keep_extra(struct top *t, const struct proa_json_item *item)
{
    if (!proa_read_is_cut(t->body->request, t->body->bytes, item->key)) {
        t->extras = proa_read_more(&t->r, t->extras, t->n_extras, sizeof t->extras[0]);
        t->extras[t->n_extras++] = (struct proa_chat_extra){item->key, item->value};
    }
}

/* ---- the top --------------------------------------------------------------------------------- */

/* Walks over the messages themselves, so that a long history is not walked over once more. */
static enum proa_err read_messages(struct top *t, struct proa_json_cursor *outer,
                                   const struct proa_json_item *item)
{
    const struct place at = {.name = PROA_SLICE_INIT("messages")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind != PROA_JSON_ARRAY || !proa_json_cursor_enter(outer, item, &c)) {
        return proa_read_refuse_kind(&t->r, &at, "an array of messages", item->kind);
    }
    enum proa_err err = PROA_OK;
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = proa_read_message(&t->r, PLACE_AT(&at, i), &m, &t->messages);
    }
    return err == PROA_OK && !proa_json_cursor_leave(outer, &c) ? proa_read_refuse_json(&t->r)
                                                                : err;
}

static enum proa_err read_members(struct top *t, bool is_chat)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, t->body->bytes) != PROA_OK) {
        return proa_read_refuse_json(&t->r);
    }
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && proa_json_cursor_key(&c, &m)) {
        if (is_chat && proa_json_key_is(&m, PROA_SLICE("messages"))) {
            err = read_messages(t, &c, &m);
            continue;
        }
        if (!proa_json_cursor_value(&c, &m)) {
            break;
        }
        const struct row *row = find_row(&m);
        if (row && (is_chat ? row->read != read_prompt : true)) {
            err = read_row(t, row, &m);
        } else {
            keep_extra(t, &m);
        }
    }
    return err == PROA_OK && c.err != PROA_OK ? proa_read_refuse_json(&t->r) : err;
}

static void begin(struct top *t, const struct proa_api_openai_body *body,
                  struct proa_api_openai_chat *out, struct proa_api_error *error)
{
    *t = (struct top){
        .r = {.arena = body->arena, .text = body->text, .error = error}, .body = body, .out = out};
    *out = (struct proa_api_openai_chat){.include_usage = false};
}

static void end(struct top *t)
{
    struct proa_chat_request *chat = &t->out->chat;
    chat->extras = t->extras;
    chat->n_extras = t->n_extras;
    chat->extras_dialect = PROA_SLICE("openai");
    t->out->own_words = t->r.own_words;
}

enum proa_err proa_api_openai_chat_read(const struct proa_api_openai_body *body,
                                        struct proa_api_openai_chat *out,
                                        struct proa_api_error *error)
{
    struct top t;
    begin(&t, body, out, error);
    enum proa_err err = read_members(&t, true);
    if (err == PROA_OK && t.messages.n == 0) {
        err =
            proa_read_refuse(&t.r, PLACE_KEY(NULL, "messages"), "must hold at least one message.");
    }
    if (err == PROA_OK && t.allowed.len > 0) {
        err = proa_read_only_allowed(&t.r, t.allowed, &out->chat);
    }
    out->chat.messages = t.messages.items;
    out->chat.n_messages = t.messages.n;
    end(&t);
    return err;
}

enum proa_err proa_api_openai_completion_read(const struct proa_api_openai_body *body,
                                              struct proa_api_openai_chat *out,
                                              struct proa_api_error *error)
{
    struct top t;
    begin(&t, body, out, error);
    const enum proa_err err = read_members(&t, false);
    if (err != PROA_OK) {
        return err;
    }
    if (!t.has_prompt) {
        return proa_read_refuse(&t.r, PLACE_KEY(NULL, "prompt"), "is missing.");
    }
    struct proa_chat_part *part = PROA_ARENA_NEW(body->arena, struct proa_chat_part);
    struct proa_chat_message *message = PROA_ARENA_NEW(body->arena, struct proa_chat_message);
    part->text = t.prompt;
    *message = (struct proa_chat_message){.role = PROA_CHAT_USER, .parts = part, .n_parts = 1};
    out->chat.messages = message;
    out->chat.n_messages = 1;
    end(&t);
    return PROA_OK;
}
