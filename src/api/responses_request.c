/*
 * The top of a request: one row for each member that is known. What is not known is left out: a
 * chat's endpoint, which is where the request may go, knows other members.
 */
#include "proa/api/responses_request.h"

#include "responses_read_priv.h"

/* One request under way. */
struct top {
    struct reading r;
    struct proa_chat_request *chat;
    struct proa_api_echo *echo;
    struct items items;
    struct proa_chat_extra *extras;
    size_t n_extras;
    struct proa_slice instructions; /* text */
    struct proa_slice allowed;      /* array; empty = all tools are */
    bool goes_on;                   /* earlier items stand before those of the body */
    bool has_input;
};

enum { NO_ECHO = PROA_API_ECHOES };

struct row {
    struct proa_slice key;
    enum read_kind kind;
    size_t offset; /* in struct proa_chat_request */
    enum proa_err (*read)(struct top *t, const struct place *at,
                          const struct proa_json_item *item); /* CALL */
    int echo;
    bool extra; /* a chat's endpoint has it, too */
};

/* ---- members of their own form --------------------------------------------------------------- */

static enum proa_err read_instructions(struct top *t, const struct place *at,
                                       const struct proa_json_item *item)
{
    return proa_read_text(&t->r, at, item, &t->instructions);
}

static enum proa_err read_tool(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_tool *out)
{
    struct proa_json_item said = *item;
    struct proa_slice type = PROA_SLICE_NONE;
    said.kind = proa_json_get(item->value, PROA_SLICE("type"), &said.value);
    const enum proa_err err = proa_read_text(r, PLACE_KEY(at, "type"), &said, &type);
    if (err != PROA_OK) {
        return err;
    }
    return type.len == 0 || proa_chat_text_eq(type, PROA_SLICE("function"))
               ? proa_read_function(r, at, item, out)
               : proa_read_unsupported(r, PLACE_KEY(at, "type"),
                                       "names a tool that only a provider that speaks this API "
                                       "itself can run: others have functions alone.");
}

static enum proa_err read_tools(struct top *t, const struct place *at,
                                const struct proa_json_item *item)
{
    return proa_read_tool_list(&t->r, at, item, read_tool, t->chat);
}

static enum proa_err read_choice(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    static const struct proa_slice words[] = {PROA_SLICE_INIT("function"),
                                              PROA_SLICE_INIT("allowed_tools")};
    struct proa_slice type = PROA_SLICE_NONE;
    if (item->kind == PROA_JSON_OBJECT &&
        proa_json_get(item->value, PROA_SLICE("type"), &type) == PROA_JSON_STRING &&
        proa_read_word(proa_chat_text(type), words, PROA_ARRAY_LEN(words)) ==
            PROA_ARRAY_LEN(words)) {
        return proa_read_unsupported(&t->r, PLACE_KEY(at, "type"),
                                     "names a tool that only a provider that speaks this API "
                                     "itself can run: others have functions alone.");
    }
    return proa_read_choice(&t->r, at, item, t->chat, &t->allowed);
}

/* {"effort", "summary"}: summaries are told wherever there are any. */
static enum proa_err read_reasoning(struct top *t, const struct place *at,
                                    const struct proa_json_item *item)
{
    struct proa_slice object = PROA_SLICE_NONE;
    struct proa_json_item effort = *item;
    const enum proa_err err = proa_read_object(&t->r, at, item, &object);
    if (err != PROA_OK || object.len == 0) {
        return err;
    }
    effort.kind = proa_json_get(object, PROA_SLICE("effort"), &effort.value);
    return proa_read_effort(&t->r, PLACE_KEY(at, "effort"), &effort, t->chat);
}

enum { FORMAT_TEXT = 0, FORMAT_OBJECT, FORMAT_SCHEMA };

static enum proa_err read_format(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    static const struct proa_slice words[] = {
        [FORMAT_TEXT] = PROA_SLICE_INIT("text"),
        [FORMAT_OBJECT] = PROA_SLICE_INIT("json_object"),
        [FORMAT_SCHEMA] = PROA_SLICE_INIT("json_schema"),
    };
    static const enum proa_chat_format formats[] = {
        [FORMAT_TEXT] = PROA_CHAT_FORMAT_TEXT,
        [FORMAT_OBJECT] = PROA_CHAT_FORMAT_JSON,
        [FORMAT_SCHEMA] = PROA_CHAT_FORMAT_SCHEMA,
    };
    struct proa_json_item said = *item;
    struct proa_slice type = PROA_SLICE_NONE;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_OBJECT) {
        return proa_read_refuse_kind(&t->r, at, "an object", item->kind);
    }
    said.kind = proa_json_get(item->value, PROA_SLICE("type"), &said.value);
    enum proa_err err = proa_read_text(&t->r, PLACE_KEY(at, "type"), &said, &type);
    const size_t format = proa_read_word(type, words, PROA_ARRAY_LEN(words));
    if (err == PROA_OK && format == PROA_ARRAY_LEN(words)) {
        return proa_read_refuse_word(&t->r, PLACE_KEY(at, "type"), type,
                                     "\"text\", \"json_object\", \"json_schema\"");
    }
    if (err != PROA_OK) {
        return err;
    }
    t->chat->format = formats[format];
    if (format != FORMAT_SCHEMA) {
        return PROA_OK;
    }
    err = proa_read_schema(&t->r, at, item, t->chat);
    return err == PROA_OK && t->chat->format_schema.len == 0
               ? proa_read_refuse(&t->r, PLACE_KEY(at, "schema"), "is missing.")
               : err;
}

static void keep_extra(struct top *t, struct proa_slice key, struct proa_slice value)
{
    t->extras = proa_read_more(&t->r, t->extras, t->n_extras, sizeof t->extras[0]);
    t->extras[t->n_extras++] = (struct proa_chat_extra){key, value};
}

/* {"format", "verbosity"} */
static enum proa_err read_text(struct top *t, const struct place *at,
                               const struct proa_json_item *item)
{
    struct proa_slice object = PROA_SLICE_NONE;
    struct proa_slice said = PROA_SLICE_NONE;
    struct proa_json_item m = *item;
    enum proa_err err = proa_read_object(&t->r, at, item, &object);
    if (err != PROA_OK || object.len == 0) {
        return err;
    }
    m.kind = proa_json_get(object, PROA_SLICE("verbosity"), &m.value);
    err = proa_read_text(&t->r, PLACE_KEY(at, "verbosity"), &m, &said);
    if (err == PROA_OK && said.len > 0) {
        keep_extra(t, PROA_SLICE("\"verbosity\""), m.value);
    }
    m.kind = proa_json_get(object, PROA_SLICE("format"), &m.value);
    return err == PROA_OK ? read_format(t, PLACE_KEY(at, "format"), &m) : err;
}

static enum proa_err read_top_logprobs(struct top *t, const struct place *at,
                                       const struct proa_json_item *item)
{
    const enum proa_err err = proa_read_count(&t->r, at, item, &t->chat->top_logprobs);
    if (err == PROA_OK && t->chat->top_logprobs > 0) {
        t->chat->logprobs = PROA_CHAT_YES;
    }
    return err;
}

/* Of what can be included the neutral model knows one thing; reasoning is always sealed. */
static enum proa_err read_include(struct top *t, const struct place *at,
                                  const struct proa_json_item *item)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_enter(&t->r, at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        struct proa_slice what = PROA_SLICE_NONE;
        err = proa_read_text(&t->r, PLACE_AT(at, i), &m, &what);
        if (proa_chat_text_eq(what, PROA_SLICE("message.output_text.logprobs"))) {
            t->chat->logprobs = PROA_CHAT_YES;
        }
    }
    return err;
}

static enum proa_err read_background(struct top *t, const struct place *at,
                                     const struct proa_json_item *item)
{
    enum proa_chat_flag flag = PROA_CHAT_UNSAID;
    const enum proa_err err = proa_read_flag(&t->r, at, item, &flag);
    return err == PROA_OK && flag == PROA_CHAT_YES
               ? proa_read_unsupported(&t->r, at,
                                       "asks for an answer in the background, which only a "
                                       "provider that speaks this API itself can give.")
               : err;
}

/* `conversation` and `prompt`: an id, or an object with one. */
static enum proa_err read_kept_elsewhere(struct top *t, const struct place *at,
                                         const struct proa_json_item *item)
{
    return proa_read_is_null(item)
               ? PROA_OK
               : proa_read_unsupported(&t->r, at,
                                       "names what only its provider keeps: send the items "
                                       "themselves in \"input\".");
}

static enum proa_err read_previous(struct top *t, const struct place *at,
                                   const struct proa_json_item *item)
{
    struct proa_slice id = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(&t->r, at, item, &id);
    return err == PROA_OK && id.len > 0 && !t->goes_on
               ? proa_read_unsupported(&t->r, at,
                                       "names an answer that is not kept here: send the "
                                       "conversation in \"input\".")
               : err;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TO(member) offsetof(struct proa_chat_request, member)
#define MEMBER(name, kind_, offset_, echo_)                                                        \
    {                                                                                              \
        .key = PROA_SLICE_INIT(name), .kind = (kind_), .offset = (offset_), .echo = (echo_)        \
    }
#define CALL(name, read_, echo_)                                                                   \
    {                                                                                              \
        .key = PROA_SLICE_INIT(name), .kind = READ_CALL, .read = (read_), .echo = (echo_)          \
    }
#define EXTRA(name, echo_)                                                                         \
    {                                                                                              \
        .key = PROA_SLICE_INIT(name), .kind = READ_SKIP, .echo = (echo_), .extra = true            \
    }

static const struct row ROWS[] = {
    CALL("instructions", read_instructions, PROA_API_ECHO_INSTRUCTIONS),
    CALL("tools", read_tools, PROA_API_ECHO_TOOLS),
    CALL("tool_choice", read_choice, PROA_API_ECHO_TOOL_CHOICE),
    MEMBER("parallel_tool_calls", READ_FLAG, TO(parallel_tools), PROA_API_ECHO_PARALLEL_TOOL_CALLS),
    CALL("reasoning", read_reasoning, PROA_API_ECHO_REASONING),
    CALL("text", read_text, PROA_API_ECHO_TEXT),
    MEMBER("max_output_tokens", READ_COUNT, TO(max_tokens), PROA_API_ECHO_MAX_OUTPUT_TOKENS),
    MEMBER("temperature", READ_NUMBER, TO(temperature), PROA_API_ECHO_TEMPERATURE),
    MEMBER("top_p", READ_NUMBER, TO(top_p), PROA_API_ECHO_TOP_P),
    CALL("top_logprobs", read_top_logprobs, PROA_API_ECHO_TOP_LOGPROBS),
    CALL("include", read_include, NO_ECHO),
    MEMBER("metadata", READ_SKIP, 0, PROA_API_ECHO_METADATA),
    MEMBER("store", READ_SKIP, 0, PROA_API_ECHO_STORE),
    MEMBER("truncation", READ_SKIP, 0, PROA_API_ECHO_TRUNCATION),
    MEMBER("max_tool_calls", READ_SKIP, 0, PROA_API_ECHO_MAX_TOOL_CALLS),
    CALL("previous_response_id", read_previous, PROA_API_ECHO_PREVIOUS_RESPONSE_ID),
    MEMBER("user", READ_TEXT, TO(user), PROA_API_ECHO_USER),
    MEMBER("service_tier", READ_TEXT, TO(service_tier), PROA_API_ECHO_SERVICE_TIER),
    EXTRA("prompt_cache_key", PROA_API_ECHO_PROMPT_CACHE_KEY),
    EXTRA("safety_identifier", PROA_API_ECHO_SAFETY_IDENTIFIER),
    EXTRA("prompt_cache_retention", NO_ECHO),
    CALL("background", read_background, NO_ECHO),
    CALL("conversation", read_kept_elsewhere, NO_ECHO),
    CALL("prompt", read_kept_elsewhere, NO_ECHO),
    MEMBER("providerOptions", READ_OBJECT, TO(provider_options), NO_ECHO),
};

static enum proa_err read_row(struct top *t, const struct row *row,
                              const struct proa_json_item *item)
{
    const struct place at = {.name = row->key};
    void *to = (char *)t->chat + row->offset;
    if (row->echo != NO_ECHO && !proa_read_is_null(item)) {
        t->echo->said[row->echo] = item->value;
    }
    if (row->extra && !proa_read_is_null(item)) {
        keep_extra(t, item->key, item->value);
    }
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

/* ---- the top --------------------------------------------------------------------------------- */

static enum proa_err read_items(struct top *t, const struct place *at, struct proa_json_cursor *c)
{
    struct proa_json_item m;
    enum proa_err err = PROA_OK;
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(c, &m); i++) {
        err = proa_read_item(&t->r, PLACE_AT(at, i), &m, &t->items);
    }
    return err;
}

/* A text, or items, which are walked over where they stand: a long history is not walked over once
 * more. */
static enum proa_err read_input(struct top *t, struct proa_json_cursor *outer,
                                struct proa_json_item *item)
{
    const struct place at = {.name = PROA_SLICE_INIT("input")};
    struct proa_json_cursor c;
    t->has_input = true;
    if (item->kind == PROA_JSON_ARRAY && proa_json_cursor_enter(outer, item, &c)) {
        const enum proa_err err = read_items(t, &at, &c);
        return err == PROA_OK && !proa_json_cursor_leave(outer, &c) ? proa_read_refuse_json(&t->r)
                                                                    : err;
    }
    if (!proa_json_cursor_value(outer, item)) {
        return proa_read_refuse_json(&t->r);
    }
    return item->kind == PROA_JSON_STRING
               ? proa_read_spoken(&t->r, &at, PROA_CHAT_USER, proa_chat_text(item->value),
                                  &t->items)
               : proa_read_refuse_kind(&t->r, &at, "a string or an array of items", item->kind);
}

static enum proa_err read_members(struct top *t, struct proa_slice body)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, body) != PROA_OK) {
        return proa_read_refuse_json(&t->r);
    }
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && proa_json_cursor_key(&c, &m)) {
        if (proa_json_key_is(&m, PROA_SLICE("input"))) {
            err = read_input(t, &c, &m);
            continue;
        }
        if (!proa_json_cursor_value(&c, &m)) {
            break;
        }
        const struct row *row = find_row(&m);
        err = row ? read_row(t, row, &m) : PROA_OK;
    }
    return err == PROA_OK && c.err != PROA_OK ? proa_read_refuse_json(&t->r) : err;
}

static enum proa_err read_earlier(struct top *t, const struct proa_api_body *body)
{
    const struct place at = {.name = PROA_SLICE_INIT("previous_response_id")};
    enum proa_err err = PROA_OK;
    for (size_t i = 0; err == PROA_OK && i < body->n_earlier; i++) {
        const struct proa_json_item item = {.value = body->earlier[i],
                                            .kind = proa_json_kind_of(body->earlier[i])};
        struct proa_json_cursor c;
        err = proa_read_enter(&t->r, &at, &item, PROA_JSON_ARRAY, &c);
        err = err == PROA_OK ? read_items(t, PLACE_AT(&at, i), &c) : err;
    }
    return err;
}

static enum proa_err read_all(struct top *t, const struct proa_api_body *body)
{
    const struct place input = {.name = PROA_SLICE_INIT("input")};
    /* The instructions stand first, wherever the body has them. */
    enum proa_err err =
        proa_read_spoken(&t->r, &input, PROA_CHAT_SYSTEM, PROA_SLICE_NONE, &t->items);
    err = err == PROA_OK ? read_earlier(t, body) : err;
    err = err == PROA_OK ? read_members(t, body->bytes) : err;
    if (err != PROA_OK) {
        return err;
    }
    proa_read_end_turn(&t->r, &t->items);
    if (!t->has_input || t->items.all.n < 2) {
        return proa_read_refuse(&t->r, &input,
                                t->has_input ? "must hold at least one item." : "is missing.");
    }
    return t->allowed.len > 0 ? proa_read_only_allowed(&t->r, t->allowed, t->chat) : PROA_OK;
}

enum proa_err proa_api_responses_read(const struct proa_api_body *body, struct proa_api_asked *out,
                                      struct proa_api_error *error)
{
    struct proa_api_echo *echo = PROA_ARENA_NEW(body->arena, struct proa_api_echo);
    struct top t = {.r = {.arena = body->arena, .text = body->text, .error = error},
                    .chat = &out->chat,
                    .echo = echo,
                    .goes_on = body->n_earlier > 0};
    *out = (struct proa_api_asked){.echo = echo};
    const enum proa_err err = read_all(&t, body);
    if (err != PROA_OK) {
        return err;
    }
    struct proa_chat_message *messages = t.items.all.items;
    struct proa_chat_part *first = proa_arena_zero(body->arena, 1, sizeof *first);
    const size_t skipped = t.instructions.len == 0;
    first->text = t.instructions;
    messages[0].parts = first;
    out->chat.messages = messages + skipped;
    out->chat.n_messages = t.items.all.n - skipped;
    out->chat.extras = t.extras;
    out->chat.n_extras = t.n_extras;
    out->chat.extras_dialect = PROA_SLICE("openai");
    return PROA_OK;
}
