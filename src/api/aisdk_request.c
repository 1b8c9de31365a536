/*
 * The top of a language model's request: one row for each member that the neutral model knows; and
 * what the headers say.
 */
#include "proa/api/aisdk_request.h"

#include "aisdk_read_priv.h"
#include "request_priv.h"

/* ---- what the gateway looks at --------------------------------------------------------------- */

/* What one pass over the body looks for, where this protocol has it; the rest is never there. */
static const struct proa_json_want WANTS[PROA_API_MEMBERS] =
    PROA_REQUEST_WANTS("prompt", "maxOutputTokens", "promptCacheKey", "responseFormat");

static unsigned clamp(uint64_t version)
{
    return version < PROA_API_AISDK_OLDEST   ? PROA_API_AISDK_OLDEST
           : version > PROA_API_AISDK_NEWEST ? PROA_API_AISDK_NEWEST
                                             : (unsigned)version;
}

/* ai-<kind>-model-specification-version, whatever the kind. */
static unsigned version_of(const struct proa_http_headers *headers, unsigned path)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("ai-");
    static const struct proa_slice end = PROA_SLICE_INIT("-model-specification-version");
    for (size_t i = 0; i < headers->n; i++) {
        const struct proa_slice name = headers->items[i].name;
        uint64_t version = 0;
        if (name.len > begin.len + end.len &&
            proa_slice_eq_nocase(proa_slice_head(name, begin.len), begin) &&
            proa_slice_eq_nocase(proa_slice_from(name, name.len - end.len), end) &&
            proa_slice_to_u64(headers->items[i].value, &version) == PROA_OK) {
            return clamp(version);
        }
    }
    return clamp(path);
}

unsigned proa_api_aisdk_config_version(struct proa_slice user_agent, unsigned path)
{
    static const struct proa_slice names[] = {PROA_SLICE_INIT("ai-sdk/gateway/"),
                                              PROA_SLICE_INIT("ai-sdk-gateway/")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        const size_t at = proa_slice_search(user_agent, names[i]);
        uint64_t version = 0;
        struct proa_slice rest;
        if (at < user_agent.len &&
            proa_slice_to_u64(
                proa_slice_split(proa_slice_from(user_agent, at + names[i].len), '.', &rest),
                &version) == PROA_OK) {
            return clamp(version);
        }
    }
    return clamp(path);
}

static enum proa_err refuse_no_model(enum proa_endpoint_kind kind, struct proa_buf *text,
                                     struct proa_api_error *error)
{
    proa_buf_clear(text);
    (void)proa_buf_append_cstr(text, kind == PROA_API_CHAT ? "The header ai-language-model-id"
                                                           : "The header ai-model-id");
    PROA_BUF_LIT(text, " is missing. Name a model or a route in it, for example "
                       "\"openai/gpt-5.5\"; GET /v1/models lists what is configured.");
    *error = (struct proa_api_error){.code = PROA_API_ERR_MISSING_MODEL,
                                     .message = proa_buf_slice(text),
                                     .param = PROA_SLICE("model")};
    return PROA_ERR_TYPE;
}

enum proa_err proa_api_aisdk_look(const struct proa_api_arrived *in, struct proa_api_request *out,
                                  struct proa_api_error *error)
{
    const unsigned path = out->version;
    const enum proa_err err = proa_request_scan(in->body, WANTS, in->text, out, error);
    if (err != PROA_OK) {
        return err;
    }
    out->version = (uint8_t)version_of(in->headers, path);
    out->n_cuts = 0;
    out->is_form = false;
    out->own_words = false;
    out->model = proa_http_header_value(in->headers, in->kind == PROA_API_CHAT
                                                         ? PROA_HTTP_HEADER_AI_LANGUAGE_MODEL_ID
                                                         : PROA_HTTP_HEADER_AI_MODEL_ID);
    out->stream =
        in->kind == PROA_API_CHAT &&
        proa_slice_eq_nocase(
            proa_http_header_value(in->headers, PROA_HTTP_HEADER_AI_LANGUAGE_MODEL_STREAMING),
            PROA_SLICE("true"));
    return out->model.len == 0 ? refuse_no_model(in->kind, in->text, error)
                               : proa_request_check_name(out->model, in->text, error);
}

/* ---- members of their own form --------------------------------------------------------------- */

/* One request under way. */
struct top {
    struct reading r;
    struct proa_api_asked *out;
    struct messages messages;
};

static enum proa_err read_tools(struct top *t, const struct place *at,
                                const struct proa_json_item *item)
{
    return proa_aisdk_tools(&t->r, at, item, &t->out->chat);
}

static enum proa_err read_choice(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    return proa_aisdk_choice(&t->r, at, item, &t->out->chat);
}

static enum proa_err read_stops(struct top *t, const struct place *at,
                                const struct proa_json_item *item)
{
    return proa_read_stops(&t->r, at, item, &t->out->chat);
}

static enum proa_err read_effort(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    return proa_read_effort(&t->r, at, item, &t->out->chat);
}

/* {"type":"json","schema","name","description"}; a schema is held to, as the SDK's own providers
 * ask for it. */
static enum proa_err read_format(struct top *t, const struct place *at,
                                 const struct proa_json_item *item)
{
    enum { TYPE, SCHEMA, NAME, DESCRIPTION };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("type"), PROA_SLICE_INIT("schema"),
                                             PROA_SLICE_INIT("name"),
                                             PROA_SLICE_INIT("description")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct proa_chat_request *chat = &t->out->chat;
    struct proa_slice type = PROA_SLICE_NONE;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_members(&t->r, at, item, keys, PROA_ARRAY_LEN(keys), said);
    err = err == PROA_OK ? proa_read_text(&t->r, PLACE_KEY(at, "type"), &said[TYPE], &type) : err;
    if (err != PROA_OK || proa_slice_eq(type, PROA_SLICE("text"))) {
        chat->format = PROA_CHAT_FORMAT_TEXT;
        return err;
    }
    if (!proa_slice_eq(type, PROA_SLICE("json"))) {
        return proa_read_refuse_word(&t->r, PLACE_KEY(at, "type"), type, "\"text\", \"json\"");
    }
    err = proa_read_object(&t->r, PLACE_KEY(at, "schema"), &said[SCHEMA], &chat->format_schema);
    err = err == PROA_OK
              ? proa_read_text(&t->r, PLACE_KEY(at, "name"), &said[NAME], &chat->format_name)
              : err;
    err = err == PROA_OK ? proa_read_text(&t->r, PLACE_KEY(at, "description"), &said[DESCRIPTION],
                                          &chat->format_description)
                         : err;
    chat->format = PROA_CHAT_FORMAT_JSON;
    if (chat->format_schema.len > 0) {
        chat->format = PROA_CHAT_FORMAT_SCHEMA;
        chat->format_strict = PROA_CHAT_YES;
        chat->format_name = chat->format_name.len > 0 ? chat->format_name : PROA_SLICE("response");
    }
    return err;
}

static enum proa_err read_raw_chunks(struct top *t, const struct place *at,
                                     const struct proa_json_item *item)
{
    enum proa_chat_flag flag = PROA_CHAT_UNSAID;
    const enum proa_err err = proa_read_flag(&t->r, at, item, &flag);
    t->out->raw_chunks = flag == PROA_CHAT_YES;
    return err;
}

/* ---- what options of OpenAI's and of the gateway mean everywhere ----------------------------- */

/* The option, where it is a text: a wrong one is not the gateway's to judge. */
static struct proa_slice option_text(struct proa_slice options, struct proa_slice provider,
                                     struct proa_slice key)
{
    const struct proa_json_step way[] = {{provider, 0}, {key, 0}};
    struct proa_slice token = PROA_SLICE_NONE;
    return proa_json_path(options, way, PROA_ARRAY_LEN(way), &token) == PROA_JSON_STRING
               ? proa_chat_text(token)
               : PROA_SLICE_NONE;
}

static void take_options(struct proa_chat_request *chat)
{
    static const struct proa_slice openai = PROA_SLICE_INIT("openai");
    static const struct proa_json_step parallel[] = {PROA_JSON_STEP_KEY("openai"),
                                                     PROA_JSON_STEP_KEY("parallelToolCalls")};
    const struct proa_slice options = chat->provider_options;
    const struct proa_slice effort = option_text(options, openai, PROA_SLICE("reasoningEffort"));
    if (chat->effort == PROA_CHAT_EFFORT_UNSAID) {
        (void)proa_read_effort_word(effort, &chat->effort);
    }
    const enum proa_json_kind kind =
        proa_json_path(options, parallel, PROA_ARRAY_LEN(parallel), NULL);
    chat->parallel_tools = kind == PROA_JSON_TRUE    ? PROA_CHAT_YES
                           : kind == PROA_JSON_FALSE ? PROA_CHAT_NO
                                                     : PROA_CHAT_UNSAID;
    chat->service_tier = option_text(options, openai, PROA_SLICE("serviceTier"));
    chat->user = option_text(options, PROA_SLICE("gateway"), PROA_SLICE("user"));
    if (chat->user.len == 0) {
        chat->user = option_text(options, openai, PROA_SLICE("user"));
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TO(member) offsetof(struct proa_chat_request, member)

static const struct row {
    struct proa_slice key;
    enum read_kind kind;
    size_t offset; /* in struct proa_chat_request */
    enum proa_err (*read)(struct top *t, const struct place *at,
                          const struct proa_json_item *item); /* CALL */
} ROWS[] = {
    {PROA_SLICE_INIT("maxOutputTokens"), READ_COUNT, TO(max_tokens), NULL},
    {PROA_SLICE_INIT("temperature"), READ_NUMBER, TO(temperature), NULL},
    {PROA_SLICE_INIT("topP"), READ_NUMBER, TO(top_p), NULL},
    {PROA_SLICE_INIT("topK"), READ_NUMBER, TO(top_k), NULL},
    {PROA_SLICE_INIT("presencePenalty"), READ_NUMBER, TO(presence_penalty), NULL},
    {PROA_SLICE_INIT("frequencyPenalty"), READ_NUMBER, TO(frequency_penalty), NULL},
    {PROA_SLICE_INIT("seed"), READ_NUMBER, TO(seed), NULL},
    {PROA_SLICE_INIT("stopSequences"), READ_CALL, 0, read_stops},
    {PROA_SLICE_INIT("responseFormat"), READ_CALL, 0, read_format},
    {PROA_SLICE_INIT("tools"), READ_CALL, 0, read_tools},
    {PROA_SLICE_INIT("toolChoice"), READ_CALL, 0, read_choice},
    {PROA_SLICE_INIT("includeRawChunks"), READ_CALL, 0, read_raw_chunks},
    {PROA_SLICE_INIT("reasoning"), READ_CALL, 0, read_effort},
    {PROA_SLICE_INIT("providerOptions"), READ_OBJECT, TO(provider_options), NULL},
};

static enum proa_err read_member(struct top *t, const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        const struct row *row = &ROWS[i];
        if (!proa_json_key_is(item, row->key)) {
            continue;
        }
        const struct place at = {.name = row->key};
        void *to = (char *)&t->out->chat + row->offset;
        return row->kind == READ_CALL ? row->read(t, &at, item)
                                      : proa_read_value(&t->r, &at, row->kind, item, to);
    }
    return PROA_OK; /* `headers` among others, and what a later version may bring */
}

static enum proa_err read_chat(struct top *t, struct proa_slice bytes)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, bytes) != PROA_OK) {
        return proa_read_refuse_json(&t->r);
    }
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && proa_json_cursor_key(&c, &m)) {
        if (proa_json_key_is(&m, PROA_SLICE("prompt"))) {
            err = proa_aisdk_prompt(&t->r, &c, &m, &t->messages);
        } else if (!proa_json_cursor_value(&c, &m)) {
            break;
        } else {
            err = read_member(t, &m);
        }
    }
    if (err == PROA_OK && c.err != PROA_OK) {
        return proa_read_refuse_json(&t->r);
    }
    struct proa_chat_request *chat = &t->out->chat;
    chat->messages = t->messages.items;
    chat->n_messages = t->messages.n;
    if (chat->n_tools == 0) { /* which the newest client sends all the same */
        chat->choice = PROA_CHAT_CHOICE_UNSAID;
        chat->choice_name = PROA_SLICE_NONE;
    }
    take_options(chat);
    return err == PROA_OK && chat->n_messages == 0
               ? proa_read_refuse(&t->r, PLACE_KEY(NULL, "prompt"),
                                  "must hold at least one message.")
               : err;
}

enum proa_err proa_api_aisdk_read(const struct proa_api_body *body, struct proa_api_asked *out,
                                  struct proa_api_error *error)
{
    struct top t = {.r = {.arena = body->arena, .text = body->text, .error = error}, .out = out};
    *out = (struct proa_api_asked){.raw_chunks = false};
    switch (body->kind) {
    case PROA_API_CHAT:
        return read_chat(&t, body->bytes);
    case PROA_API_EMBEDDINGS:
        return proa_aisdk_embed(&t.r, body->bytes, &out->embed);
    case PROA_API_RERANK:
        return proa_aisdk_rerank(&t.r, body->bytes, &out->rerank);
    case PROA_API_IMAGES:
        return proa_aisdk_image(&t.r, body->bytes, &out->image);
    case PROA_API_SPEECH:
        return proa_aisdk_speech(&t.r, body->bytes, &out->speech);
    case PROA_API_TRANSCRIPTIONS:
        return proa_aisdk_transcription(&t.r, body->bytes, &out->transcription);
    case PROA_API_NONE:
    case PROA_API_COMPLETIONS:
    case PROA_API_MODERATIONS:
    case PROA_API_COUNT_TOKENS:
    case PROA_API_RESPONSES:
    case PROA_API_IMAGE_EDITS:
    case PROA_API_TRANSLATIONS:
    case PROA_API_MODELS:
    case PROA_API_MODEL:
    case PROA_API_MODEL_ENDPOINTS:
    case PROA_API_CONFIG:
        break;
    }
    return PROA_ERR_UNSUPPORTED;
}
