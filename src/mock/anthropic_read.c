/*
 * Anthropic's Messages requests, and what its API refuses about them; Vertex and Bedrock carry the
 * same body without `model`, with a version of their own.
 */
#include "reading_priv.h"

static const struct proa_slice FIELDS[] = {
    PROA_SLICE_INIT("model"),          PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("max_tokens"),     PROA_SLICE_INIT("system"),
    PROA_SLICE_INIT("stream"),         PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("top_p"),          PROA_SLICE_INIT("top_k"),
    PROA_SLICE_INIT("stop_sequences"), PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("tool_choice"),    PROA_SLICE_INIT("thinking"),
    PROA_SLICE_INIT("metadata"),       PROA_SLICE_INIT("output_config"),
    PROA_SLICE_INIT("service_tier"),   PROA_SLICE_INIT("container"),
    PROA_SLICE_INIT("mcp_servers"),    PROA_SLICE_INIT("context_management"),
    PROA_SLICE_INIT("inference_geo"),  PROA_SLICE_INIT("cache_control"),
    PROA_SLICE_INIT("output_format"),  PROA_SLICE_INIT("anthropic_version"),
    PROA_SLICE_INIT("anthropic_beta"), PROA_SLICE_INIT("speed"),
};

/* What a model refuses; rows are tried in order, all that fit apply. */
enum {
    NO_SAMPLING = 1U << 0,  /* temperature, top_p, top_k */
    NO_BUDGET = 1U << 1,    /* thinking.budget_tokens */
    NO_FORCED = 1U << 2,    /* tool_choice any and tool */
    NO_DISABLED = 1U << 3,  /* thinking disabled */
    NO_PREFILL = 1U << 4,   /* a last message of the assistant */
    ONE_SAMPLING = 1U << 5, /* temperature and top_p together */
};
static const struct {
    struct proa_slice glob;
    unsigned refuses;
} MODELS[] = {
    {PROA_SLICE_INIT("claude-opus-4-7*"), NO_SAMPLING | NO_PREFILL},
    {PROA_SLICE_INIT("claude-opus-4-8*"), NO_SAMPLING | NO_PREFILL},
    {PROA_SLICE_INIT("claude-opus-5*"), NO_SAMPLING | NO_PREFILL},
    {PROA_SLICE_INIT("claude-sonnet-5*"), NO_SAMPLING | NO_PREFILL},
    {PROA_SLICE_INIT("claude-fable-*"), NO_SAMPLING | NO_PREFILL | NO_DISABLED},
    {PROA_SLICE_INIT("claude-haiku-5-5*"), NO_SAMPLING | NO_PREFILL | NO_BUDGET},
    {PROA_SLICE_INIT("claude-opus-5-5*"), NO_BUDGET | NO_FORCED | NO_DISABLED},
    {PROA_SLICE_INIT("claude-sonnet-5-5*"), NO_BUDGET | NO_FORCED | NO_DISABLED},
    {PROA_SLICE_INIT("claude-fable-5"), NO_BUDGET},
    {PROA_SLICE_INIT("claude-fable-5-1*"), NO_BUDGET | NO_FORCED},
    {PROA_SLICE_INIT("claude-opus-4-1*"), ONE_SAMPLING},
    {PROA_SLICE_INIT("claude-*-4-5*"), ONE_SAMPLING},
    {PROA_SLICE_INIT("claude-*-4-6*"), ONE_SAMPLING},
};

static const struct proa_slice IMAGE_TYPES[] = {
    PROA_SLICE_INIT("image/jpeg"), PROA_SLICE_INIT("image/png"), PROA_SLICE_INIT("image/gif"),
    PROA_SLICE_INIT("image/webp")};

struct walk {
    struct mock_reading *r;
    size_t message; /* index */
    bool user;
    bool first;                  /* nothing but results so far in this turn */
    struct mock_open_calls open; /* of the turn before */
    struct mock_open_calls next; /* of this one */
};

static unsigned refusals_of(struct proa_slice model)
{
    unsigned all = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(MODELS); i++) {
        all |= proa_slice_glob(MODELS[i].glob, model) ? MODELS[i].refuses : 0;
    }
    return all;
}

/* ---- content --------------------------------------------------------------------------------- */

static bool read_source(struct walk *w, struct proa_slice block, bool image)
{
    struct mock_reading *r = w->r;
    const struct proa_slice source = proa_mock_member(block, PROA_SLICE("source"));
    const struct proa_slice type = proa_mock_string(r, source, PROA_SLICE("type"));
    if (proa_slice_eq(type, PROA_SLICE("url"))) {
        const struct proa_slice url = proa_mock_string(r, source, PROA_SLICE("url"));
        proa_mock_saw_media(r, PROA_SLICE("url"));
        return proa_slice_starts(url, PROA_SLICE("https://")) ||
               proa_mock_refuse(r, 400, "messages.%zu: Only HTTPS URLs are supported.", w->message);
    }
    if (proa_slice_eq(type, PROA_SLICE("text")) && !image) {
        proa_mock_saw_media(r, PROA_SLICE("text/plain"));
        return true;
    }
    const struct proa_slice blocks = proa_mock_member(source, PROA_SLICE("content"));
    if (proa_slice_eq(type, PROA_SLICE("content")) && !image &&
        (proa_mock_is(blocks, PROA_JSON_ARRAY) || proa_mock_is(blocks, PROA_JSON_STRING))) {
        return true;
    }
    if (!proa_slice_eq(type, PROA_SLICE("base64"))) {
        return proa_mock_refuse(
            r, 400, "messages.%zu.content: source.type: Input should be 'base64' or 'url'",
            w->message);
    }
    const struct proa_slice media = proa_mock_string(r, source, PROA_SLICE("media_type"));
    const struct proa_slice data = proa_mock_string(r, source, PROA_SLICE("data"));
    proa_mock_saw_media(r, media);
    if (image && !proa_mock_any_glob(IMAGE_TYPES, PROA_ARRAY_LEN(IMAGE_TYPES), media)) {
        return proa_mock_refuse(r, 400,
                                "messages.%zu.content: source.media_type: Input should be "
                                "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
                                w->message);
    }
    return proa_mock_is_base64(r, data) ||
           proa_mock_refuse(r, 400, "messages.%zu.content: source.data: invalid base64 data",
                            w->message);
}

static bool read_result(struct walk *w, struct proa_slice block)
{
    struct mock_reading *r = w->r;
    const struct proa_slice id = proa_mock_string(r, block, PROA_SLICE("tool_use_id"));
    const struct proa_slice content = proa_mock_member(block, PROA_SLICE("content"));
    if (!w->user) {
        return proa_mock_refuse(r, 400,
                                "messages.%zu: `tool_result` blocks can only be in `user` messages",
                                w->message);
    }
    if (!proa_mock_call_close(&w->open, id)) {
        return proa_mock_refuse(
            r, 400,
            "messages.%zu.content: unexpected `tool_use_id` found in `tool_result` blocks: "
            "%" PROA_SLICE_FMT ". Each `tool_result` block must have a corresponding `tool_use` "
            "block in the previous message.",
            w->message, PROA_SLICE_ARG(id));
    }
    if (!w->first) {
        return proa_mock_refuse(
            r, 400, "messages.%zu: `tool_result` blocks must come first in a `user` message",
            w->message);
    }
    if (content.len > 0 && !proa_mock_is(content, PROA_JSON_STRING) &&
        !proa_mock_is(content, PROA_JSON_ARRAY)) {
        return proa_mock_refuse(
            r, 400, "messages.%zu.content.tool_result.content: Input should be a valid string",
            w->message);
    }
    r->out->after_tool = true;
    r->out->said_more = false;
    return true;
}

static bool read_use(struct walk *w, struct proa_slice block)
{
    struct mock_reading *r = w->r;
    const struct proa_slice id = proa_mock_string(r, block, PROA_SLICE("id"));
    const struct proa_slice name = proa_mock_string(r, block, PROA_SLICE("name"));
    if (w->user) {
        return proa_mock_refuse(
            r, 400, "messages.%zu: `tool_use` blocks can only be in `assistant` messages",
            w->message);
    }
    if (!proa_mock_is_name(id, 256)) {
        return proa_mock_refuse(r, 400,
                                "messages.%zu.content.tool_use.id: String should match pattern "
                                "'^[a-zA-Z0-9_-]+$'",
                                w->message);
    }
    if (name.len == 0) {
        return proa_mock_refuse(r, 400, "messages.%zu.content.tool_use.name: Field required",
                                w->message);
    }
    if (!proa_mock_is(proa_mock_member(block, PROA_SLICE("input")), PROA_JSON_OBJECT)) {
        return proa_mock_refuse(
            r, 400, "messages.%zu.content.tool_use.input: Input should be a valid dictionary",
            w->message);
    }
    proa_mock_call_open(&w->next, id, name);
    return true;
}

/* Signatures are the mock's own, so that a changed one is told from one that was passed on. */
static bool read_thinking(struct walk *w, struct proa_slice block)
{
    struct mock_reading *r = w->r;
    const struct proa_slice signature = proa_mock_string(r, block, PROA_SLICE("signature"));
    return (!w->user && proa_slice_starts(signature, PROA_SLICE("bW9jay"))) ||
           proa_mock_refuse(r, 400, "messages.%zu.content: Invalid `signature` in `thinking` block",
                            w->message);
}

static bool read_block(struct walk *w, struct proa_slice block)
{
    struct mock_reading *r = w->r;
    const struct proa_slice type = proa_mock_string(r, block, PROA_SLICE("type"));
    if (proa_slice_eq(type, PROA_SLICE("tool_result"))) {
        return read_result(w, block);
    }
    w->first = false;
    if (proa_slice_eq(type, PROA_SLICE("text"))) {
        r->out->said_more = true;
        const struct proa_slice text = proa_mock_string(r, block, PROA_SLICE("text"));
        return text.len > 0 ||
               proa_mock_refuse(r, 400, "messages: text content blocks must be non-empty");
    }
    if (proa_slice_eq(type, PROA_SLICE("tool_use"))) {
        return read_use(w, block);
    }
    if (proa_slice_eq(type, PROA_SLICE("thinking"))) {
        return read_thinking(w, block);
    }
    const bool image = proa_slice_eq(type, PROA_SLICE("image"));
    if (image || proa_slice_eq(type, PROA_SLICE("document"))) {
        return read_source(w, block, image);
    }
    return proa_slice_eq(type, PROA_SLICE("redacted_thinking")) ||
           proa_slice_eq(type, PROA_SLICE("search_result")) ||
           proa_mock_refuse(r, 400,
                            "messages.%zu.content: Input tag '%" PROA_SLICE_FMT
                            "' found using 'type' does not match any of the expected tags",
                            w->message, PROA_SLICE_ARG(type));
}

static bool read_content(struct walk *w, struct proa_slice content)
{
    struct mock_reading *r = w->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    w->first = true;
    w->next.n = 0;
    r->out->after_tool = false;
    if (proa_mock_is(content, PROA_JSON_STRING)) {
        if (proa_mock_decoded(r, content).len == 0) {
            return proa_mock_refuse(r, 400,
                                    "messages.%zu: all messages must have non-empty content except "
                                    "for the optional final assistant message",
                                    w->message);
        }
    } else if (!mock_walk(&c, content) || c.is_object || proa_mock_count(content) == 0) {
        return proa_mock_refuse(r, 400, "messages.%zu.content: Input should be a valid list",
                                w->message);
    } else {
        while (proa_json_cursor_next(&c, &item)) {
            if (!read_block(w, item.value)) {
                return false;
            }
        }
    }
    if (w->open.n > 0) {
        return proa_mock_refuse(
            r, 400,
            "messages.%zu: `tool_use` ids were found without `tool_result` blocks immediately "
            "after: %" PROA_SLICE_FMT ". Each `tool_use` block must have a corresponding "
            "`tool_result` block in the next message.",
            w->message - 1, PROA_SLICE_ARG(w->open.ids[0]));
    }
    w->open = w->next;
    return true;
}

static struct proa_slice text_of(struct mock_reading *r, struct proa_slice content)
{
    return proa_mock_is(content, PROA_JSON_STRING) ? proa_mock_decoded(r, content)
                                                   : proa_mock_joined(r, content);
}

/* A prefill is gone on with, where the model takes one. */
static bool end_messages(struct walk *w, struct proa_slice content, unsigned refusals)
{
    struct mock_reading *r = w->r;
    if (w->open.n > 0) {
        return proa_mock_refuse(r, 400,
                                "messages.%zu: `tool_use` ids were found without `tool_result` "
                                "blocks immediately after: %" PROA_SLICE_FMT ".",
                                w->message, PROA_SLICE_ARG(w->open.ids[0]));
    }
    if (w->user) {
        return true;
    }
    r->out->begun = text_of(r, content);
    if (refusals & NO_PREFILL) {
        return proa_mock_refuse(r, 400,
                                "This model does not support assistant message prefill. The "
                                "conversation must end with a user message.");
    }
    const struct proa_slice begun = r->out->begun;
    const struct proa_slice end = proa_slice_from(begun, begun.len > 0 ? begun.len - 1 : 0);
    const char last = *(end.len > 0 ? end.ptr : "x");
    return !(last == ' ' || last == '\n' || last == '\t') ||
           proa_mock_refuse(r, 400,
                            "messages: final assistant content cannot end with trailing "
                            "whitespace");
}

static bool read_messages(struct mock_reading *r, unsigned refusals)
{
    struct walk w = {.r = r};
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice content = PROA_SLICE_NONE;
    const struct proa_slice messages = proa_mock_member(r->body, PROA_SLICE("messages"));
    if (!mock_walk(&c, messages) || c.is_object) {
        return proa_mock_refuse(r, 400, "messages: Field required");
    }
    for (bool any = false; proa_json_cursor_next(&c, &item); w.message++, any = true) {
        const struct proa_slice role = proa_mock_string(r, item.value, PROA_SLICE("role"));
        const bool user = proa_slice_eq(role, PROA_SLICE("user"));
        if (!user && !proa_slice_eq(role, PROA_SLICE("assistant"))) {
            return proa_mock_refuse(r, 400,
                                    "messages: Unexpected role \"%" PROA_SLICE_FMT
                                    "\". The Messages API accepts a top-level `system` parameter, "
                                    "not \"system\" as an input message role.",
                                    PROA_SLICE_ARG(role));
        }
        if (!any && !user) {
            return proa_mock_refuse(r, 400, "messages: first message must use the \"user\" role");
        }
        if (any && user == w.user) {
            return proa_mock_refuse(r, 400,
                                    "messages: roles must alternate between \"user\" and "
                                    "\"assistant\", but found multiple \"%" PROA_SLICE_FMT
                                    "\" roles in a row",
                                    PROA_SLICE_ARG(role));
        }
        w.user = user;
        content = proa_mock_member(item.value, PROA_SLICE("content"));
        if (!read_content(&w, content)) {
            return false;
        }
        r->out->text = user ? text_of(r, content) : r->out->text;
        r->out->prompt_tokens += 4 + mock_tokens(content.len);
    }
    if (w.message == 0) {
        return proa_mock_refuse(r, 400, "messages: at least one message is required");
    }
    w.message--;
    return end_messages(&w, content, refusals);
}

/* ---- tools ----------------------------------------------------------------------------------- */

static bool read_tools(struct mock_reading *r)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice tools = proa_mock_member(r->body, PROA_SLICE("tools"));
    if (tools.len > 0 && (!mock_walk(&c, tools) || c.is_object)) {
        return proa_mock_refuse(r, 400, "tools: Input should be a valid list");
    }
    for (size_t i = 0; tools.len > 0 && proa_json_cursor_next(&c, &item); i++) {
        const struct proa_slice name = proa_mock_string(r, item.value, PROA_SLICE("name"));
        const struct proa_slice type = proa_mock_string(r, item.value, PROA_SLICE("type"));
        const struct proa_slice schema = proa_mock_member(item.value, PROA_SLICE("input_schema"));
        if (!proa_mock_is_name(name, 128)) {
            return proa_mock_refuse(
                r, 400,
                "tools.%zu.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", i);
        }
        if (type.len > 0 && !proa_slice_eq(type, PROA_SLICE("custom"))) {
            continue; /* the provider's own tools are not called */
        }
        if (!proa_slice_eq(proa_mock_string(r, schema, PROA_SLICE("type")), PROA_SLICE("object"))) {
            return proa_mock_refuse(r, 400, "tools.%zu.custom.input_schema.type: Field required",
                                    i);
        }
        if (proa_mock_has_tool(r->out, name)) {
            return proa_mock_refuse(r, 400, "tools: Tool names must be unique.");
        }
        if (!proa_mock_add_tool(r, name, schema)) {
            return proa_mock_refuse(r, 400, "tools: List should have at most 128 items");
        }
    }
    return true;
}

static bool read_choice(struct mock_reading *r, unsigned refusals)
{
    struct mock_request *out = r->out;
    const struct proa_slice choice = proa_mock_member(r->body, PROA_SLICE("tool_choice"));
    const struct proa_slice type = proa_mock_string(r, choice, PROA_SLICE("type"));
    if (choice.len == 0) {
        return true;
    }
    if (proa_slice_eq(type, PROA_SLICE("none"))) {
        out->tool_choice = MOCK_TOOLS_NONE;
    } else if (proa_slice_eq(type, PROA_SLICE("any"))) {
        out->tool_choice = MOCK_TOOLS_REQUIRED;
    } else if (proa_slice_eq(type, PROA_SLICE("tool"))) {
        out->tool_choice = MOCK_TOOLS_NAMED;
        out->tool_name = proa_mock_string(r, choice, PROA_SLICE("name"));
        if (!proa_mock_has_tool(out, out->tool_name)) {
            return proa_mock_refuse(r, 400, "tool_choice: Tool '%" PROA_SLICE_FMT "' not found",
                                    PROA_SLICE_ARG(out->tool_name));
        }
    } else if (!proa_slice_eq(type, PROA_SLICE("auto"))) {
        return proa_mock_refuse(r, 400,
                                "tool_choice: Input tag found using 'type' does not match any of "
                                "the expected tags: 'auto', 'any', 'tool', 'none'");
    }
    if (out->n_tools == 0) {
        return proa_mock_refuse(r, 400,
                                "tool_choice: `tool_choice` may only be specified while providing "
                                "`tools`.");
    }
    const bool forced = out->tool_choice >= MOCK_TOOLS_REQUIRED;
    return !(forced && (refusals & NO_FORCED)) ||
           proa_mock_refuse(r, 400, "tool_choice: this model does not support forced tool use.");
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool read_sampling(struct mock_reading *r, unsigned refusals)
{
    static const struct proa_slice names[] = {PROA_SLICE_INIT("temperature"),
                                              PROA_SLICE_INIT("top_p"), PROA_SLICE_INIT("top_k")};
    bool given[PROA_ARRAY_LEN(names)];
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        const struct proa_slice value = proa_mock_member(r->body, names[i]);
        int64_t milli = 0;
        given[i] = value.len > 0;
        if (given[i] && (refusals & NO_SAMPLING)) {
            return proa_mock_refuse(r, 400, "`%" PROA_SLICE_FMT "` is deprecated for this model.",
                                    PROA_SLICE_ARG(names[i]));
        }
        if (given[i] && i < 2 && (!proa_mock_milli(value, &milli) || milli < 0 || milli > 1000)) {
            return proa_mock_refuse(r, 400, "%" PROA_SLICE_FMT ": range: 0..1",
                                    PROA_SLICE_ARG(names[i]));
        }
    }
    return !(given[0] && given[1] && (refusals & ONE_SAMPLING)) ||
           proa_mock_refuse(r, 400,
                            "`temperature` and `top_p` cannot both be specified for this model. "
                            "Please use only one.");
}

static bool read_thinking_mode(struct mock_reading *r, unsigned refusals)
{
    struct mock_request *out = r->out;
    const struct proa_slice thinking = proa_mock_member(r->body, PROA_SLICE("thinking"));
    const struct proa_slice type = proa_mock_string(r, thinking, PROA_SLICE("type"));
    const struct proa_slice temperature = proa_mock_member(r->body, PROA_SLICE("temperature"));
    const struct proa_slice budget = proa_mock_member(thinking, PROA_SLICE("budget_tokens"));
    uint64_t tokens = 0;
    int64_t milli = 0;
    if (thinking.len == 0) {
        return true;
    }
    if (proa_slice_eq(type, PROA_SLICE("disabled"))) {
        return !(refusals & NO_DISABLED) ||
               proa_mock_refuse(r, 400,
                                "\"thinking.type.disabled\" is not supported for this "
                                "model.");
    }
    out->thinks = true;
    out->shows_thoughts = true;
    if (proa_slice_eq(type, PROA_SLICE("enabled"))) {
        if (refusals & NO_BUDGET) {
            return proa_mock_refuse(r, 400,
                                    "\"thinking.type.enabled\" is not supported for this model. "
                                    "Use \"thinking.type.adaptive\" and \"output_config.effort\" "
                                    "to control thinking behavior.");
        }
        if (!proa_mock_number_in(budget, 1024, UINT32_MAX, &tokens)) {
            return proa_mock_refuse(r, 400,
                                    "thinking.enabled.budget_tokens: Input should be greater than "
                                    "or equal to 1024");
        }
        if (tokens >= out->max_tokens) {
            return proa_mock_refuse(r, 400,
                                    "`max_tokens` must be greater than `thinking.budget_tokens`.");
        }
    } else if (!proa_slice_eq(type, PROA_SLICE("adaptive"))) {
        return proa_mock_refuse(r, 400,
                                "thinking: Input tag found using 'type' does not match any "
                                "of the expected tags: 'enabled', 'disabled', 'adaptive'");
    }
    if (temperature.len > 0 && proa_mock_milli(temperature, &milli) && milli != 1000) {
        return proa_mock_refuse(r, 400,
                                "`temperature` may only be set to 1 when thinking is enabled.");
    }
    return out->tool_choice < MOCK_TOOLS_REQUIRED ||
           proa_mock_refuse(r, 400,
                            "Thinking may not be enabled when tool_choice forces tool use.");
}

static bool read_output(struct mock_reading *r)
{
    static const struct proa_slice efforts[] = {PROA_SLICE_INIT("low"), PROA_SLICE_INIT("medium"),
                                                PROA_SLICE_INIT("high"), PROA_SLICE_INIT("xhigh"),
                                                PROA_SLICE_INIT("max")};
    const struct proa_slice config = proa_mock_member(r->body, PROA_SLICE("output_config"));
    const struct proa_slice format = proa_mock_member(config, PROA_SLICE("format"));
    const struct proa_slice effort = proa_mock_string(r, config, PROA_SLICE("effort"));
    if (effort.len > 0 && !proa_mock_any_glob(efforts, PROA_ARRAY_LEN(efforts), effort)) {
        return proa_mock_refuse(r, 400,
                                "output_config.effort: Input should be 'low', 'medium', "
                                "'high', 'xhigh' or 'max'");
    }
    if (format.len == 0) {
        return true;
    }
    r->out->schema = proa_mock_member(format, PROA_SLICE("schema"));
    return (proa_slice_eq(proa_mock_string(r, format, PROA_SLICE("type")),
                          PROA_SLICE("json_schema")) &&
            proa_mock_is(r->out->schema, PROA_JSON_OBJECT)) ||
           proa_mock_refuse(r, 400, "output_config.format.schema: Field required");
}

/* Which model, and by which of the three ways the body has come. */
static bool read_way(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    const unsigned way = r->path->route ? r->path->route->variant : ANTHROPIC_NATIVE;
    const struct proa_slice version = proa_mock_string(r, r->body, PROA_SLICE("anthropic_version"));
    const struct proa_slice model = proa_mock_string(r, r->body, PROA_SLICE("model"));
    if (way == ANTHROPIC_VERTEX) {
        out->model = r->path->id;
        out->stream = (r->path->route->flags & MOCK_ROUTE_STREAM) != 0;
        if (!proa_slice_eq(version, PROA_SLICE("vertex-2023-10-16"))) {
            return proa_mock_refuse(r, 400, "anthropic_version: Field required");
        }
        return model.len == 0 || proa_mock_refuse(r, 400, "model: Extra inputs are not permitted");
    }
    if (version.len > 0) {
        return proa_mock_refuse(r, 400, "anthropic_version: Extra inputs are not permitted");
    }
    if (r->head &&
        proa_http_header_value(&r->head->headers, PROA_HTTP_HEADER_ANTHROPIC_VERSION).len == 0) {
        return proa_mock_refuse(r, 400, "anthropic-version: header is required");
    }
    out->model = model;
    out->stream = proa_json_get(r->body, PROA_SLICE("stream"), NULL) == PROA_JSON_TRUE;
    return model.len > 0 || proa_mock_refuse(r, 400, "model: Field required");
}

/* A count asks for no answer, so neither for a limit of it. */
static bool read_limit(struct mock_reading *r)
{
    const struct proa_slice limit = proa_mock_member(r->body, PROA_SLICE("max_tokens"));
    if (r->out->variant == ANTHROPIC_COUNT) {
        r->out->max_tokens = UINT32_MAX;
        return (limit.len == 0 && !r->out->stream) ||
               proa_mock_refuse(r, 400, "max_tokens: Extra inputs are not permitted");
    }
    return proa_mock_number_in(limit, 1, UINT32_MAX, &r->out->max_tokens) ||
           proa_mock_refuse(r, 400, "max_tokens: Field required");
}

bool proa_mock_anthropic_read(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    if (out->endpoint != MOCK_CHAT) {
        out->model = r->path->id;
        return true;
    }
    if (!proa_mock_read_object(r) || !read_way(r)) {
        return false;
    }
    const struct proa_slice unknown =
        proa_mock_stranger(r, r->body, FIELDS, PROA_ARRAY_LEN(FIELDS));
    if (unknown.len > 0) {
        return proa_mock_refuse(r, 400, "%" PROA_SLICE_FMT ": Extra inputs are not permitted",
                                PROA_SLICE_ARG(unknown));
    }
    if (!read_limit(r)) {
        return false;
    }
    const struct proa_slice plain = proa_slice_head(out->model, proa_slice_find(out->model, '+'));
    const unsigned refusals = refusals_of(plain);
    out->prompt_tokens = 3 + mock_tokens(proa_mock_member(r->body, PROA_SLICE("system")).len);
    return read_messages(r, refusals) && read_tools(r) && read_choice(r, refusals) &&
           read_sampling(r, refusals) && read_thinking_mode(r, refusals) && read_output(r);
}
