/*
 * Bedrock's Converse requests, and those of embedding models by InvokeModel, and what they refuse.
 */
#include "reading_priv.h"

static const struct proa_slice TOP[] = {
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("system"),
    PROA_SLICE_INIT("inferenceConfig"),
    PROA_SLICE_INIT("toolConfig"),
    PROA_SLICE_INIT("guardrailConfig"),
    PROA_SLICE_INIT("additionalModelRequestFields"),
    PROA_SLICE_INIT("additionalModelResponseFieldPaths"),
    PROA_SLICE_INIT("promptVariables"),
    PROA_SLICE_INIT("requestMetadata"),
    PROA_SLICE_INIT("performanceConfig"),
    PROA_SLICE_INIT("serviceTier"),
    PROA_SLICE_INIT("outputConfig"),
};
static const struct proa_slice INFERENCE[] = {
    PROA_SLICE_INIT("maxTokens"), PROA_SLICE_INIT("temperature"), PROA_SLICE_INIT("topP"),
    PROA_SLICE_INIT("stopSequences")};
static const struct proa_slice IMAGES[] = {PROA_SLICE_INIT("png"), PROA_SLICE_INIT("jpeg"),
                                           PROA_SLICE_INIT("gif"), PROA_SLICE_INIT("webp")};
static const struct proa_slice DOCUMENTS[] = {
    PROA_SLICE_INIT("pdf"),  PROA_SLICE_INIT("csv"), PROA_SLICE_INIT("doc"),
    PROA_SLICE_INIT("docx"), PROA_SLICE_INIT("xls"), PROA_SLICE_INIT("xlsx"),
    PROA_SLICE_INIT("html"), PROA_SLICE_INIT("txt"), PROA_SLICE_INIT("md")};

struct walk {
    struct mock_reading *r;
    size_t at;
    bool user;
    bool short_ids; /* Mistral's models */
    bool any_tool;  /* the history holds a call or a result */
    struct mock_open_calls open;
    struct mock_open_calls next;
};

static bool is_blank_text(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != ' ' && s.ptr[i] != '\n' && s.ptr[i] != '\t' && s.ptr[i] != '\r') {
            return false;
        }
    }
    return true;
}

/* ---- content --------------------------------------------------------------------------------- */

static bool is_call_id(const struct walk *w, struct proa_slice id)
{
    if (!w->short_ids) {
        return proa_mock_is_name(id, 64);
    }
    return id.len == 9 && proa_mock_is_name(id, 9) && proa_slice_find(id, '_') == id.len &&
           proa_slice_find(id, '-') == id.len;
}

static bool read_use(struct walk *w, struct proa_slice use)
{
    struct mock_reading *r = w->r;
    const struct proa_slice id = proa_mock_string(r, use, PROA_SLICE("toolUseId"));
    const struct proa_slice name = proa_mock_string(r, use, PROA_SLICE("name"));
    w->any_tool = true;
    if (w->user) {
        return proa_mock_refuse(r, 400,
                                "messages.%zu: toolUse blocks can only be in assistant "
                                "messages",
                                w->at);
    }
    if (!is_call_id(w, id) || !proa_mock_is_name(name, 64)) {
        return proa_mock_refuse(r, 400,
                                "1 validation error detected: Value '%" PROA_SLICE_FMT
                                "' at 'messages.%zu.member.content.1.member.toolUse.toolUseId' "
                                "failed to satisfy constraint: Member must satisfy regular "
                                "expression pattern: [a-zA-Z0-9_-]+",
                                PROA_SLICE_ARG(id), w->at + 1);
    }
    if (!proa_mock_is(proa_mock_member(use, PROA_SLICE("input")), PROA_JSON_OBJECT)) {
        return proa_mock_refuse(r, 400,
                                "The format of the value at messages.%zu.content.0.toolUse"
                                ".input is invalid. Provide a json object for the field "
                                "and try again.",
                                w->at);
    }
    proa_mock_call_open(&w->next, id, name);
    return true;
}

static bool read_result(struct walk *w, struct proa_slice result)
{
    struct mock_reading *r = w->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice id = proa_mock_string(r, result, PROA_SLICE("toolUseId"));
    const struct proa_slice content = proa_mock_member(result, PROA_SLICE("content"));
    w->any_tool = true;
    r->out->after_tool = true;
    r->out->said_more = false;
    if (!w->user || !proa_mock_call_close(&w->open, id)) {
        return proa_mock_refuse(r, 400,
                                "The number of toolResult blocks at messages.%zu.content "
                                "exceeds the number of toolUse blocks of previous turn.",
                                w->at);
    }
    if (!mock_walk(&c, content) || c.is_object) {
        return proa_mock_refuse(r, 400, "messages.%zu.content.0.toolResult.content: must be a list",
                                w->at);
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice json = proa_mock_member(item.value, PROA_SLICE("json"));
        const struct proa_slice text = proa_mock_member(item.value, PROA_SLICE("text"));
        if (json.len > 0 && !proa_mock_is(json, PROA_JSON_OBJECT)) {
            return proa_mock_refuse(r, 400,
                                    "The format of the value at messages.%zu.content.0"
                                    ".toolResult.content.0.json is invalid. Provide a json "
                                    "object for the field and try again.",
                                    w->at);
        }
        if (json.len == 0 && text.len == 0 &&
            proa_mock_member(item.value, PROA_SLICE("image")).len == 0 &&
            proa_mock_member(item.value, PROA_SLICE("document")).len == 0) {
            return proa_mock_refuse(r, 400,
                                    "messages.%zu.content.0.toolResult.content.0: must set "
                                    "one of json, text, image, document",
                                    w->at);
        }
    }
    return true;
}

static bool read_file(struct walk *w, struct proa_slice file, bool image)
{
    struct mock_reading *r = w->r;
    const struct proa_slice format = proa_mock_string(r, file, PROA_SLICE("format"));
    const struct proa_slice source = proa_mock_member(file, PROA_SLICE("source"));
    const struct proa_slice bytes = proa_mock_string(r, source, PROA_SLICE("bytes"));
    const bool known = image ? proa_mock_any_glob(IMAGES, PROA_ARRAY_LEN(IMAGES), format)
                             : proa_mock_any_glob(DOCUMENTS, PROA_ARRAY_LEN(DOCUMENTS), format);
    proa_mock_saw_media(
        r, image ? proa_arena_printf(r->arena, "image/%" PROA_SLICE_FMT, PROA_SLICE_ARG(format))
                 : format);
    if (!known) {
        return proa_mock_refuse(r, 400,
                                "1 validation error detected: Value at 'messages.%zu.member"
                                ".content.1.member.format' failed to satisfy constraint: "
                                "Member must satisfy enum value set",
                                w->at + 1);
    }
    if (!image && proa_mock_string(r, file, PROA_SLICE("name")).len == 0) {
        return proa_mock_refuse(r, 400, "messages.%zu.content.0.document.name: must not be blank",
                                w->at);
    }
    return proa_mock_member(source, PROA_SLICE("s3Location")).len > 0 ||
           proa_mock_is_base64(r, bytes) ||
           proa_mock_refuse(r, 400,
                            "Could not process image: messages.%zu.content.0.image.source"
                            ".bytes is not base64",
                            w->at);
}

static bool read_reasoning(struct walk *w, struct proa_slice reasoning)
{
    struct mock_reading *r = w->r;
    const struct proa_slice text = proa_mock_member(reasoning, PROA_SLICE("reasoningText"));
    const struct proa_slice signature = proa_mock_string(r, text, PROA_SLICE("signature"));
    return proa_mock_member(reasoning, PROA_SLICE("redactedContent")).len > 0 ||
           (!w->user && proa_slice_starts(signature, PROA_SLICE("bW9jay"))) ||
           proa_mock_refuse(
               r, 400, "messages.%zu.content.0: Invalid `signature` in `thinking` block", w->at);
}

static bool read_block(struct walk *w, struct proa_slice block)
{
    struct mock_reading *r = w->r;
    const struct proa_slice text = proa_mock_member(block, PROA_SLICE("text"));
    const struct proa_slice use = proa_mock_member(block, PROA_SLICE("toolUse"));
    const struct proa_slice result = proa_mock_member(block, PROA_SLICE("toolResult"));
    const struct proa_slice image = proa_mock_member(block, PROA_SLICE("image"));
    const struct proa_slice document = proa_mock_member(block, PROA_SLICE("document"));
    const struct proa_slice reasoning = proa_mock_member(block, PROA_SLICE("reasoningContent"));
    if (text.len > 0) {
        r->out->said_more = true;
        return !is_blank_text(proa_mock_decoded(r, text)) ||
               proa_mock_refuse(r, 400,
                                "The text field in the ContentBlock object at messages.%zu"
                                ".content.0 is blank. Add text to the text field, and try "
                                "again.",
                                w->at);
    }
    if (use.len > 0) {
        return read_use(w, use);
    }
    if (result.len > 0) {
        return read_result(w, result);
    }
    if (image.len > 0 || document.len > 0) {
        return read_file(w, image.len > 0 ? image : document, image.len > 0);
    }
    if (reasoning.len > 0) {
        return read_reasoning(w, reasoning);
    }
    return proa_mock_member(block, PROA_SLICE("cachePoint")).len > 0 ||
           proa_mock_refuse(r, 400,
                            "The content field in the Message object at messages.%zu is "
                            "invalid: no known block.",
                            w->at);
}

static bool read_turn(struct walk *w, struct proa_slice content)
{
    struct mock_reading *r = w->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    w->next.n = 0;
    r->out->after_tool = false;
    if (proa_mock_count(content) == 0 || !mock_walk(&c, content)) {
        return proa_mock_refuse(r, 400,
                                "The content field in the Message object at messages.%zu is "
                                "empty. Add a ContentBlock object to the content field and "
                                "try again.",
                                w->at);
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!read_block(w, item.value)) {
            return false;
        }
    }
    if (w->open.n > 0) {
        return proa_mock_refuse(r, 400,
                                "Expected toolResult blocks at messages.%zu.content for the "
                                "following Ids: %" PROA_SLICE_FMT,
                                w->at, PROA_SLICE_ARG(w->open.ids[0]));
    }
    w->open = w->next;
    const struct proa_slice text = proa_mock_joined(r, content);
    if (w->user && text.len > 0) {
        r->out->text = text;
    }
    r->out->begun = w->user ? PROA_SLICE_NONE : text;
    r->out->prompt_tokens += 4 + mock_tokens(content.len);
    return true;
}

static bool read_messages(struct walk *w)
{
    struct mock_reading *r = w->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice messages = proa_mock_member(r->body, PROA_SLICE("messages"));
    if (proa_mock_count(messages) == 0 || !mock_walk(&c, messages)) {
        return proa_mock_refuse(r, 400,
                                "A conversation must start with a user message. Try again "
                                "with a conversation that starts with a user message.");
    }
    for (bool any = false; proa_json_cursor_next(&c, &item); w->at++, any = true) {
        const struct proa_slice role = proa_mock_string(r, item.value, PROA_SLICE("role"));
        const bool user = proa_slice_eq(role, PROA_SLICE("user"));
        if (!user && !proa_slice_eq(role, PROA_SLICE("assistant"))) {
            return proa_mock_refuse(r, 400,
                                    "1 validation error detected: Value '%" PROA_SLICE_FMT
                                    "' at 'messages.%zu.member.role' failed to satisfy constraint: "
                                    "Member must satisfy enum value set: [user, assistant]",
                                    PROA_SLICE_ARG(role), w->at + 1);
        }
        if (!any && !user) {
            return proa_mock_refuse(r, 400,
                                    "A conversation must start with a user message. Try "
                                    "again with a conversation that starts with a user "
                                    "message.");
        }
        if (any && user == w->user) {
            return proa_mock_refuse(r, 400,
                                    "A conversation must alternate between user and "
                                    "assistant roles. Make sure the conversation alternates "
                                    "between user and assistant roles and try again.");
        }
        w->user = user;
        if (!read_turn(w, proa_mock_member(item.value, PROA_SLICE("content")))) {
            return false;
        }
    }
    return w->open.n == 0 ||
           proa_mock_refuse(r, 400,
                            "Expected toolResult blocks at messages.%zu.content for the "
                            "following Ids: %" PROA_SLICE_FMT,
                            w->at, PROA_SLICE_ARG(w->open.ids[0]));
}

/* ---- tools ----------------------------------------------------------------------------------- */

static bool read_spec(struct mock_reading *r, struct proa_slice spec)
{
    const struct proa_slice name = proa_mock_string(r, spec, PROA_SLICE("name"));
    const struct proa_slice about = proa_mock_member(spec, PROA_SLICE("description"));
    const struct proa_slice schema =
        proa_mock_member(proa_mock_member(spec, PROA_SLICE("inputSchema")), PROA_SLICE("json"));
    if (!proa_mock_is_name(name, 64)) {
        return proa_mock_refuse(r, 400,
                                "1 validation error detected: Value '%" PROA_SLICE_FMT
                                "' at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy "
                                "constraint: Member must satisfy regular expression pattern: "
                                "[a-zA-Z0-9_-]+",
                                PROA_SLICE_ARG(name));
    }
    if (about.len > 0 && proa_mock_decoded(r, about).len == 0) {
        return proa_mock_refuse(r, 400,
                                "1 validation error detected: Value at 'toolConfig.tools.1"
                                ".member.toolSpec.description' failed to satisfy "
                                "constraint: Member must have length greater than or equal "
                                "to 1");
    }
    if (!proa_mock_is(schema, PROA_JSON_OBJECT)) {
        return proa_mock_refuse(r, 400,
                                "The value at toolConfig.tools.0.toolSpec.inputSchema.json "
                                "is invalid: expected an object.");
    }
    return proa_mock_add_tool(r, name, schema) ||
           proa_mock_refuse(r, 400, "toolConfig.tools: too many tools");
}

static bool read_choice(struct mock_reading *r, struct proa_slice choice)
{
    struct mock_request *out = r->out;
    const struct proa_slice named = proa_mock_member(choice, PROA_SLICE("tool"));
    if (choice.len == 0) {
        return true;
    }
    if (named.len > 0) {
        out->tool_choice = MOCK_TOOLS_NAMED;
        out->tool_name = proa_mock_string(r, named, PROA_SLICE("name"));
        return proa_mock_has_tool(out, out->tool_name) ||
               proa_mock_refuse(r, 400, "toolConfig.toolChoice.tool.name is not one of the tools.");
    }
    if (proa_mock_member(choice, PROA_SLICE("any")).len > 0) {
        out->tool_choice = MOCK_TOOLS_REQUIRED;
        return true;
    }
    return proa_mock_member(choice, PROA_SLICE("auto")).len > 0 ||
           proa_mock_refuse(r, 400, "toolConfig.toolChoice: must set one of auto, any, tool");
}

static bool read_tools(struct walk *w)
{
    struct mock_reading *r = w->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice config = proa_mock_member(r->body, PROA_SLICE("toolConfig"));
    const struct proa_slice tools = proa_mock_member(config, PROA_SLICE("tools"));
    if (config.len == 0) {
        return !w->any_tool ||
               proa_mock_refuse(r, 400,
                                "The toolConfig field must be defined when using toolUse and "
                                "toolResult content blocks.");
    }
    if (proa_mock_count(tools) == 0 || !mock_walk(&c, tools)) {
        return proa_mock_refuse(r, 400,
                                "1 validation error detected: Value '[]' at 'toolConfig"
                                ".tools' failed to satisfy constraint: Member must have "
                                "length greater than or equal to 1");
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice spec = proa_mock_member(item.value, PROA_SLICE("toolSpec"));
        if (spec.len > 0 && !read_spec(r, spec)) {
            return false;
        }
    }
    return read_choice(r, proa_mock_member(config, PROA_SLICE("toolChoice")));
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool read_inference(struct mock_reading *r)
{
    static const struct proa_slice ranged[] = {PROA_SLICE_INIT("temperature"),
                                               PROA_SLICE_INIT("topP")};
    const struct proa_slice config = proa_mock_member(r->body, PROA_SLICE("inferenceConfig"));
    const struct proa_slice most = proa_mock_member(config, PROA_SLICE("maxTokens"));
    const struct proa_slice unknown =
        proa_mock_stranger(r, config, INFERENCE, PROA_ARRAY_LEN(INFERENCE));
    if (unknown.len > 0) {
        return proa_mock_refuse(r, 400, "inferenceConfig: unknown field %" PROA_SLICE_FMT,
                                PROA_SLICE_ARG(unknown));
    }
    if (most.len > 0 && !proa_mock_number_in(most, 1, UINT32_MAX, &r->out->max_tokens)) {
        return proa_mock_refuse(r, 400,
                                "1 validation error detected: Value at 'inferenceConfig"
                                ".maxTokens' failed to satisfy constraint: Member must have "
                                "value greater than or equal to 1");
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(ranged); i++) {
        const struct proa_slice value = proa_mock_member(config, ranged[i]);
        int64_t milli = 0;
        if (value.len > 0 && (!proa_mock_milli(value, &milli) || milli < 0 || milli > 1000)) {
            return proa_mock_refuse(r, 400,
                                    "1 validation error detected: Value at 'inferenceConfig"
                                    ".%" PROA_SLICE_FMT "' failed to satisfy constraint: Member "
                                    "must have value less than or equal to 1",
                                    PROA_SLICE_ARG(ranged[i]));
        }
    }
    return true;
}

/* What the model itself takes: of these the mock knows thinking and formats. */
static bool read_fields(struct mock_reading *r)
{
    const struct proa_slice fields =
        proa_mock_member(r->body, PROA_SLICE("additionalModelRequestFields"));
    const struct proa_slice thinking = proa_mock_member(fields, PROA_SLICE("thinking"));
    const struct proa_slice output = proa_mock_member(fields, PROA_SLICE("output_config"));
    const struct proa_slice format = proa_mock_member(output, PROA_SLICE("format"));
    const struct proa_slice mode = proa_mock_string(r, thinking, PROA_SLICE("type"));
    const struct proa_slice nova = proa_mock_string(
        r, proa_mock_member(fields, PROA_SLICE("reasoningConfig")), PROA_SLICE("type"));
    const bool claude =
        proa_slice_search(r->out->model, PROA_SLICE("anthropic.")) < r->out->model.len;
    if (fields.len > 0 && !proa_mock_is(fields, PROA_JSON_OBJECT)) {
        return proa_mock_refuse(r, 400, "additionalModelRequestFields must be an object");
    }
    if (thinking.len > 0 && !claude) {
        return proa_mock_refuse(r, 400,
                                "The model returned the following errors: Malformed input "
                                "request: #: extraneous key [thinking] is not permitted, "
                                "please reformat your input and try again.");
    }
    r->out->thinks = (mode.len > 0 && !proa_slice_eq(mode, PROA_SLICE("disabled"))) ||
                     proa_slice_eq(nova, PROA_SLICE("enabled")) ||
                     proa_mock_member(fields, PROA_SLICE("reasoning_effort")).len > 0;
    r->out->shows_thoughts = r->out->thinks;
    r->out->schema = proa_mock_member(format, PROA_SLICE("schema"));
    return true;
}

static bool read_converse(struct mock_reading *r)
{
    struct walk w = {.r = r,
                     .short_ids = proa_slice_search(r->out->model, PROA_SLICE("mistral.")) <
                                  r->out->model.len};
    const struct proa_slice unknown = proa_mock_stranger(r, r->body, TOP, PROA_ARRAY_LEN(TOP));
    if (unknown.len > 0) {
        return proa_mock_refuse(r, 400,
                                "Malformed input request: #: extraneous key [%" PROA_SLICE_FMT
                                "] is not permitted, please reformat your input and try "
                                "again.",
                                PROA_SLICE_ARG(unknown));
    }
    r->out->prompt_tokens = 3 + mock_tokens(proa_mock_member(r->body, PROA_SLICE("system")).len);
    return read_messages(&w) && read_tools(&w) && read_inference(r) && read_fields(r);
}

/* ---- embeddings ------------------------------------------------------------------------------ */

static bool add_inputs(struct mock_reading *r, struct proa_slice value, size_t most)
{
    struct mock_request *out = r->out;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const size_t n = proa_mock_is(value, PROA_JSON_STRING) ? 1 : proa_mock_count(value);
    if (n == 0 || n > most) {
        return proa_mock_refuse(r, 400,
                                "Malformed input request: expected maxLength: %zu texts, "
                                "got %zu, please reformat your input and try again.",
                                most, n);
    }
    out->inputs = proa_arena_zero(r->arena, n, sizeof *out->inputs);
    if (proa_mock_is(value, PROA_JSON_STRING)) {
        out->inputs[out->n_inputs++] = proa_mock_decoded(r, value);
    } else if (mock_walk(&c, value)) {
        while (proa_json_cursor_next(&c, &item)) {
            out->inputs[out->n_inputs++] = proa_mock_decoded(r, item.value);
        }
    }
    out->prompt_tokens = mock_tokens(value.len);
    return true;
}

static bool read_invoke(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    const struct proa_slice nova = proa_mock_member(r->body, PROA_SLICE("singleEmbeddingParams"));
    uint64_t n = 0;
    if (proa_slice_search(out->model, PROA_SLICE("cohere.")) < out->model.len) {
        (void)proa_mock_number_in(proa_mock_member(r->body, PROA_SLICE("output_dimension")), 1,
                                  MOCK_MAX_DIMENSIONS, &n);
        if (proa_mock_string(r, r->body, PROA_SLICE("input_type")).len == 0) {
            return proa_mock_refuse(r, 400,
                                    "Malformed input request: #: required key [input_type] "
                                    "not found, please reformat your input and try again.");
        }
        out->dimensions = (uint32_t)n;
        return add_inputs(r, proa_mock_member(r->body, PROA_SLICE("texts")), 96);
    }
    if (nova.len > 0) {
        const struct proa_slice text = proa_mock_member(nova, PROA_SLICE("text"));
        (void)proa_mock_number_in(proa_mock_member(nova, PROA_SLICE("embeddingDimension")), 1,
                                  MOCK_MAX_DIMENSIONS, &n);
        out->dimensions = (uint32_t)n;
        return add_inputs(r, proa_mock_member(text, PROA_SLICE("value")), 1);
    }
    (void)proa_mock_number_in(proa_mock_member(r->body, PROA_SLICE("dimensions")), 1,
                              MOCK_MAX_DIMENSIONS, &n);
    out->dimensions = (uint32_t)n;
    const struct proa_slice text = proa_mock_member(r->body, PROA_SLICE("inputText"));
    return proa_mock_is(text, PROA_JSON_STRING)
               ? add_inputs(r, text, 1)
               : proa_mock_refuse(r, 400,
                                  "Malformed input request: #: required key [inputText] not "
                                  "found, please reformat your input and try again.");
}

bool proa_mock_bedrock_read(struct mock_reading *r)
{
    r->out->model = r->path->id;
    r->out->stream = r->path->route && (r->path->route->flags & MOCK_ROUTE_STREAM);
    if (!proa_mock_read_object(r)) {
        return false;
    }
    return r->out->endpoint == MOCK_EMBEDDINGS ? read_invoke(r) : read_converse(r);
}
