/*
 * The top of Messages requests: one row for each member that the neutral model knows.
 */
#include "proa/api/anthropic_request.h"

#include "anthropic_read_priv.h"

/* One request under way. */
struct top {
    struct reading r;
    const struct proa_api_body *body;
    struct proa_chat_request *out;
    struct proa_json_item messages; /* read behind `system`, wherever that stands */
    struct messages all;
    struct proa_chat_extra *extras;
    size_t n_extras;
};

struct row {
    struct proa_slice key;
    enum read_kind kind;
    size_t offset; /* in struct proa_chat_request */
    enum proa_err (*read)(struct top *t, const struct place *at,
                          const struct proa_json_item *item); /* CALL */
};

/* ---- members of their own form --------------------------------------------------------------- */

static enum proa_err keep_messages(struct top *t, const struct place *at,
                                   const struct proa_json_item *item)
{
    (void)at;
    t->messages = *item;
    return PROA_OK;
}

static enum proa_err read_system(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    return proa_read_system(&t->r, at, item, &t->all);
}

static enum proa_err read_tools(struct top *t, const struct place *at,
                                const struct proa_json_item *item)
{
    return proa_read_anthropic_tools(&t->r, at, item, t->out);
}

static enum proa_err read_choice(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    return proa_read_anthropic_choice(&t->r, at, item, t->out);
}

static enum proa_err read_stop(struct top *t, const struct place *at,
                               const struct proa_json_item *item)
{
    return proa_read_stops(&t->r, at, item, t->out);
}

enum thinking { THINKING_ENABLED = 0, THINKING_ADAPTIVE, THINKING_DISABLED };

static const struct proa_slice THINKING[] = {
    [THINKING_ENABLED] = PROA_SLICE_INIT("enabled"),
    [THINKING_ADAPTIVE] = PROA_SLICE_INIT("adaptive"),
    [THINKING_DISABLED] = PROA_SLICE_INIT("disabled"),
};

/* {"type", "budget_tokens", "display"} */
static enum proa_err read_thinking(struct top *t, const struct place *at,
                                   const struct proa_json_item *item)
{
    static const struct proa_slice keys[] = {
        PROA_SLICE_INIT("type"), PROA_SLICE_INIT("budget_tokens"), PROA_SLICE_INIT("display")};
    struct proa_chat_request *chat = t->out;
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_slice display = PROA_SLICE_NONE;
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
        if (key == 1) {
            err = proa_read_count(&t->r, &here, &m, &chat->thinking_tokens);
        } else if (key < PROA_ARRAY_LEN(keys)) {
            err = proa_read_text(&t->r, &here, &m, key == 0 ? &type : &display);
        }
    }
    if (err != PROA_OK) {
        return err;
    }
    if (display.len > 0) {
        chat->show_thinking =
            proa_chat_text_eq(display, PROA_SLICE("omitted")) ? PROA_CHAT_NO : PROA_CHAT_YES;
    }
    switch (proa_read_word(type, THINKING, PROA_ARRAY_LEN(THINKING))) {
    case THINKING_ENABLED:
        return PROA_OK;
    case THINKING_ADAPTIVE: /* high is what a model does that is told no effort */
        chat->thinking_tokens = 0;
        chat->effort =
            chat->effort == PROA_CHAT_EFFORT_UNSAID ? PROA_CHAT_EFFORT_HIGH : chat->effort;
        return PROA_OK;
    case THINKING_DISABLED:
        chat->thinking_tokens = 0;
        chat->effort = PROA_CHAT_EFFORT_NONE;
        return PROA_OK;
    default:
        return proa_read_refuse_word(&t->r, PLACE_KEY(at, "type"), type,
                                     "\"enabled\", \"adaptive\", \"disabled\"");
    }
}

/* Thinking that was switched off stays so. */
static enum proa_err read_effort(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    const enum proa_chat_effort before = t->out->effort;
    const enum proa_err err = proa_read_effort(&t->r, at, item, t->out);
    t->out->effort = before == PROA_CHAT_EFFORT_NONE ? before : t->out->effort;
    return err;
}

/* {"type": "json_schema", "schema"} */
static enum proa_err read_format(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    struct proa_json_item schema = *item;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_OBJECT) {
        return proa_read_refuse_kind(&t->r, at, "an object", item->kind);
    }
    schema.kind = proa_json_get(item->value, PROA_SLICE("schema"), &schema.value);
    const enum proa_err err =
        proa_read_object(&t->r, PLACE_KEY(at, "schema"), &schema, &t->out->format_schema);
    if (err == PROA_OK && t->out->format_schema.len == 0) {
        return proa_read_refuse(&t->r, PLACE_KEY(at, "schema"), "is missing.");
    }
    t->out->format = PROA_CHAT_FORMAT_SCHEMA;
    t->out->format_strict = PROA_CHAT_YES; /* there is no other way here */
    return err;
}

/* {"effort", "format"} */
static enum proa_err read_output(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_enter(&t->r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        if (proa_json_key_is(&m, PROA_SLICE("effort"))) {
            err = read_effort(t, PLACE_KEY(at, "effort"), &m);
        } else if (proa_json_key_is(&m, PROA_SLICE("format"))) {
            err = read_format(t, PLACE_KEY(at, "format"), &m);
        }
    }
    return err;
}

static enum proa_err read_metadata(struct top *t, const struct place *at,
                                   const struct proa_json_item *item)
{
    struct proa_slice object = PROA_SLICE_NONE;
    struct proa_json_item user = *item;
    const enum proa_err err = proa_read_object(&t->r, at, item, &object);
    if (err != PROA_OK || object.len == 0) {
        return err;
    }
    user.kind = proa_json_get(object, PROA_SLICE("user_id"), &user.value);
    return proa_read_text(&t->r, PLACE_KEY(at, "user_id"), &user, &t->out->user);
}

/* In OpenAI's words, which the neutral model has. */
static enum proa_err read_tier(struct top *t, const struct place *at,
                               const struct proa_json_item *item)
{
    const enum proa_err err = proa_read_text(&t->r, at, item, &t->out->service_tier);
    if (err == PROA_OK && proa_chat_text_eq(t->out->service_tier, PROA_SLICE("standard_only"))) {
        t->out->service_tier = PROA_SLICE("default");
    }
    return err;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TO(member) offsetof(struct proa_chat_request, member)

static const struct row ROWS[] = {
    {PROA_SLICE_INIT("model"), READ_SKIP, 0, NULL},
    {PROA_SLICE_INIT("stream"), READ_SKIP, 0, NULL},
    {PROA_SLICE_INIT("max_tokens"), READ_COUNT, TO(max_tokens), NULL},
    {PROA_SLICE_INIT("system"), READ_CALL, 0, read_system},
    {PROA_SLICE_INIT("messages"), READ_CALL, 0, keep_messages},
    {PROA_SLICE_INIT("tools"), READ_CALL, 0, read_tools},
    {PROA_SLICE_INIT("tool_choice"), READ_CALL, 0, read_choice},
    {PROA_SLICE_INIT("thinking"), READ_CALL, 0, read_thinking},
    {PROA_SLICE_INIT("output_config"), READ_CALL, 0, read_output},
    {PROA_SLICE_INIT("metadata"), READ_CALL, 0, read_metadata},
    {PROA_SLICE_INIT("stop_sequences"), READ_CALL, 0, read_stop},
    {PROA_SLICE_INIT("temperature"), READ_NUMBER, TO(temperature), NULL},
    {PROA_SLICE_INIT("top_p"), READ_NUMBER, TO(top_p), NULL},
    {PROA_SLICE_INIT("top_k"), READ_NUMBER, TO(top_k), NULL},
    {PROA_SLICE_INIT("service_tier"), READ_CALL, 0, read_tier},
    {PROA_SLICE_INIT("providerOptions"), READ_OBJECT, TO(provider_options), NULL},
};

static enum proa_err read_row(struct top *t, const struct row *row,
                              const struct proa_json_item *item)
{
    const struct place at = {.name = row->key};
    void *to = (char *)t->out + row->offset;
    return row->kind == READ_CALL ? row->read(t, &at, item)
                                  : proa_read_value(&t->r, &at, row->kind, item, to);
}

static enum proa_err read_member(struct top *t, const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (proa_json_key_is(item, ROWS[i].key)) {
            return read_row(t, &ROWS[i], item);
        }
    }
    if (!proa_read_is_cut(t->body->request, t->body->bytes, item->key)) {
        t->extras = proa_read_more(&t->r, t->extras, t->n_extras, sizeof t->extras[0]);
        t->extras[t->n_extras++] = (struct proa_chat_extra){item->key, item->value};
    }
    return PROA_OK;
}

/* ---- the top --------------------------------------------------------------------------------- */

static enum proa_err read_turns(struct top *t)
{
    const struct place at = {.name = PROA_SLICE_INIT("messages")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    const size_t before = t->all.n;
    if (proa_read_is_null(&t->messages)) {
        return proa_read_refuse(&t->r, &at, "is missing.");
    }
    enum proa_err err = proa_read_enter(&t->r, &at, &t->messages, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = proa_read_turn(&t->r, PLACE_AT(&at, i), &m, &t->all);
    }
    if (err == PROA_OK && t->all.n == before) {
        err = proa_read_refuse(&t->r, &at, "must hold at least one message that says something.");
    }
    return err;
}

enum proa_err proa_api_anthropic_read(const struct proa_api_body *body,
                                      struct proa_chat_request *out, struct proa_api_error *error)
{
    struct top t = {
        .r = {.arena = body->arena, .text = body->text, .error = error}, .body = body, .out = out};
    struct proa_json_cursor c;
    struct proa_json_item m;
    *out = (struct proa_chat_request){.extras_dialect = PROA_SLICE("anthropic")};
    if (proa_json_cursor_init(&c, body->bytes) != PROA_OK) {
        return proa_read_refuse_json(&t.r);
    }
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        err = read_member(&t, &m);
    }
    if (err == PROA_OK && c.err != PROA_OK) {
        err = proa_read_refuse_json(&t.r);
    }
    if (err == PROA_OK && out->max_tokens == 0 && body->kind != PROA_API_COUNT_TOKENS) {
        err = proa_read_refuse(&t.r, PLACE_KEY(NULL, "max_tokens"),
                               "is missing: say how long the answer may be, at least 1.");
    }
    err = err == PROA_OK ? read_turns(&t) : err;
    out->messages = t.all.items;
    out->n_messages = t.all.n;
    out->extras = t.extras;
    out->n_extras = t.n_extras;
    return err;
}
