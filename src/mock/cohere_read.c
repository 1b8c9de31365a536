/*
 * Cohere's v2 requests, and what they refuse.
 */
#include "reading_priv.h"

enum { MAX_TEXTS = 96, MAX_DOCUMENTS = 1000 };

static const struct proa_slice CHAT_KNOWN[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("strict_tools"),
    PROA_SLICE_INIT("documents"),
    PROA_SLICE_INIT("citation_options"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("safety_mode"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("stop_sequences"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("seed"),
    PROA_SLICE_INIT("frequency_penalty"),
    PROA_SLICE_INIT("k"),
    PROA_SLICE_INIT("presence_penalty"),
    PROA_SLICE_INIT("p"),
    PROA_SLICE_INIT("logprobs"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("thinking"),
    PROA_SLICE_INIT("priority"),
};

/* ---- chat ------------------------------------------------------------------------------------ */

static bool unprocessable(struct mock_reading *r, struct proa_slice name)
{
    return proa_mock_refuse(r, 422,
                            "unknown field: parameter '%" PROA_SLICE_FMT "' is not a valid field",
                            PROA_SLICE_ARG(name));
}

static bool read_media(struct mock_reading *r, struct proa_slice content)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!mock_walk(&c, content) || c.is_object) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice image = proa_mock_member(item.value, PROA_SLICE("image_url"));
        if (image.len > 0 && !proa_mock_saw_url(r, proa_mock_string(r, image, PROA_SLICE("url")))) {
            return proa_mock_refuse(r, 400,
                                    "invalid request: image_url must be a valid base64 "
                                    "data url");
        }
    }
    return true;
}

static bool read_calls(struct mock_reading *r, struct proa_slice message,
                       struct mock_open_calls *open)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice calls = proa_mock_member(message, PROA_SLICE("tool_calls"));
    const struct proa_slice content = proa_mock_member(message, PROA_SLICE("content"));
    if (proa_mock_count(calls) == 0 || !mock_walk(&c, calls)) {
        return content.len > 0 ||
               proa_mock_refuse(r, 400,
                                "invalid request: an assistant message must have content or "
                                "tool_calls");
    }
    if (content.len > 0) {
        return proa_mock_refuse(r, 400,
                                "invalid request: cannot specify both content and "
                                "tool_calls in an assistant message");
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice function = proa_mock_member(item.value, PROA_SLICE("function"));
        const struct proa_slice id = proa_mock_string(r, item.value, PROA_SLICE("id"));
        if (id.len == 0 ||
            !proa_mock_is(proa_mock_member(function, PROA_SLICE("arguments")), PROA_JSON_STRING)) {
            return proa_mock_refuse(r, 400, "invalid request: tool_calls need an id and arguments");
        }
        proa_mock_call_open(open, id, id);
    }
    return true;
}

static bool read_message(struct mock_reading *r, struct proa_slice message,
                         struct mock_open_calls *open)
{
    struct mock_request *out = r->out;
    const struct proa_slice role = proa_mock_string(r, message, PROA_SLICE("role"));
    const struct proa_slice content = proa_mock_member(message, PROA_SLICE("content"));
    const bool tool = proa_slice_eq(role, PROA_SLICE("tool"));
    out->prompt_tokens += 4 + mock_tokens(content.len);
    out->after_tool = tool;
    out->begun = PROA_SLICE_NONE;
    if (tool) {
        if (!proa_mock_is(content, PROA_JSON_STRING)) {
            return proa_mock_refuse(r, 400, "invalid request: tool results must be strings");
        }
        return proa_mock_call_close(open,
                                    proa_mock_string(r, message, PROA_SLICE("tool_call_id"))) ||
               proa_mock_refuse(r, 400,
                                "invalid request: tool_call_id does not match any of the "
                                "tool calls before it");
    }
    if (open->n > 0) {
        return proa_mock_refuse(r, 400,
                                "invalid request: all tool calls must be answered by tool "
                                "results");
    }
    const struct proa_slice text = proa_mock_is(content, PROA_JSON_STRING)
                                       ? proa_mock_decoded(r, content)
                                       : proa_mock_joined(r, content);
    if (proa_slice_eq(role, PROA_SLICE("assistant"))) {
        out->begun = text;
        return read_calls(r, message, open);
    }
    if (proa_slice_eq(role, PROA_SLICE("user"))) {
        out->text = text;
        return (content.len > 0 || proa_mock_refuse_as(r, PROA_SLICE("invalid"))) &&
               read_media(r, content);
    }
    return proa_slice_eq(role, PROA_SLICE("system")) ||
           proa_mock_refuse(r, 400,
                            "invalid request: role must be one of user, assistant, system, "
                            "tool");
}

static bool read_messages(struct mock_reading *r)
{
    struct mock_open_calls open = {.n = 0};
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice messages = proa_mock_member(r->body, PROA_SLICE("messages"));
    if (proa_mock_count(messages) == 0 || !mock_walk(&c, messages)) {
        return proa_mock_refuse(r, 400, "invalid request: messages must not be empty");
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!read_message(r, item.value, &open)) {
            return false;
        }
    }
    return open.n == 0 ||
           proa_mock_refuse(r, 400,
                            "invalid request: all tool calls must be answered by tool "
                            "results");
}

static bool read_tools(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice choice = proa_mock_string(r, r->body, PROA_SLICE("tool_choice"));
    if (mock_walk(&c, proa_mock_member(r->body, PROA_SLICE("tools")))) {
        while (proa_json_cursor_next(&c, &item)) {
            const struct proa_slice function = proa_mock_member(item.value, PROA_SLICE("function"));
            const struct proa_slice name = proa_mock_string(r, function, PROA_SLICE("name"));
            if (!proa_mock_is_name(name, 128) ||
                !proa_mock_add_tool(r, name,
                                    proa_mock_member(function, PROA_SLICE("parameters")))) {
                return proa_mock_refuse(r, 400,
                                        "invalid request: all tools must have a valid name");
            }
        }
    }
    if (proa_slice_eq(choice, PROA_SLICE("NONE"))) {
        out->tool_choice = MOCK_TOOLS_NONE;
    } else if (proa_slice_eq(choice, PROA_SLICE("REQUIRED"))) {
        out->tool_choice = MOCK_TOOLS_REQUIRED;
    } else if (proa_mock_member(r->body, PROA_SLICE("tool_choice")).len > 0) {
        return proa_mock_refuse(r, 400, "invalid request: tool_choice must be REQUIRED or NONE");
    }
    return out->tool_choice == MOCK_TOOLS_AUTO || out->n_tools > 0 ||
           proa_mock_refuse(r, 400, "invalid request: tool_choice needs tools");
}

static bool read_options(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    const struct proa_slice format = proa_mock_member(r->body, PROA_SLICE("response_format"));
    const struct proa_slice type = proa_mock_string(r, format, PROA_SLICE("type"));
    const struct proa_slice most = proa_mock_member(r->body, PROA_SLICE("max_tokens"));
    const struct proa_slice mode =
        proa_mock_string(r, proa_mock_member(r->body, PROA_SLICE("thinking")), PROA_SLICE("type"));
    out->wants_json = proa_slice_eq(type, PROA_SLICE("json_object"));
    out->schema = proa_mock_member(format, PROA_SLICE("json_schema"));
    out->thinks = proa_slice_eq(mode, PROA_SLICE("enabled"));
    out->shows_thoughts = out->thinks;
    if (type.len > 0 && !out->wants_json && !proa_slice_eq(type, PROA_SLICE("text"))) {
        return proa_mock_refuse(r, 400,
                                "invalid request: response_format.type must be text or "
                                "json_object");
    }
    if (most.len > 0 && !proa_mock_number_in(most, 1, UINT32_MAX, &out->max_tokens)) {
        return proa_mock_refuse(r, 400, "invalid request: max_tokens must be positive");
    }
    return proa_mock_count(proa_mock_member(r->body, PROA_SLICE("stop_sequences"))) <= 5 ||
           proa_mock_refuse(r, 400, "invalid request: at most 5 stop_sequences");
}

static bool read_list(struct mock_reading *r, struct proa_slice list, size_t most, const char *what)
{
    struct mock_request *out = r->out;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const size_t n = proa_mock_count(list);
    if (n == 0 || n > most || !mock_walk(&c, list)) {
        return proa_mock_refuse(r, 400,
                                "invalid request: total number of %s must be at most %zu - "
                                "received %zu",
                                what, most, n);
    }
    out->inputs = proa_arena_zero(r->arena, n, sizeof *out->inputs);
    while (proa_json_cursor_next(&c, &item)) {
        if (item.kind != PROA_JSON_STRING) {
            return proa_mock_refuse(r, 400, "invalid request: %s must be strings", what);
        }
        out->inputs[out->n_inputs++] = proa_mock_decoded(r, item.value);
    }
    out->prompt_tokens = mock_tokens(list.len);
    return true;
}

static bool read_embed(struct mock_reading *r)
{
    static const struct proa_slice types[] = {
        PROA_SLICE_INIT("search_document"), PROA_SLICE_INIT("search_query"),
        PROA_SLICE_INIT("classification"), PROA_SLICE_INIT("clustering"), PROA_SLICE_INIT("image")};
    const struct proa_slice type = proa_mock_string(r, r->body, PROA_SLICE("input_type"));
    uint64_t n = 0;
    if (!proa_mock_any_glob(types, PROA_ARRAY_LEN(types), type)) {
        return proa_mock_refuse(r, 400,
                                "invalid request: valid input_type must be provided with the "
                                "provided model");
    }
    if (proa_mock_count(proa_mock_member(r->body, PROA_SLICE("embedding_types"))) == 0) {
        return proa_mock_refuse(r, 400, "invalid request: embedding_types must be provided");
    }
    (void)proa_mock_number_in(proa_mock_member(r->body, PROA_SLICE("output_dimension")), 1,
                              MOCK_MAX_DIMENSIONS, &n);
    r->out->dimensions = (uint32_t)n;
    return read_list(r, proa_mock_member(r->body, PROA_SLICE("texts")), MAX_TEXTS, "texts");
}

static bool read_rerank(struct mock_reading *r)
{
    r->out->text = proa_mock_string(r, r->body, PROA_SLICE("query"));
    if (r->out->text.len == 0) {
        return proa_mock_refuse(r, 400, "invalid request: query must be provided");
    }
    (void)proa_mock_number_in(proa_mock_member(r->body, PROA_SLICE("top_n")), 1, UINT32_MAX,
                              &r->out->top_n);
    return read_list(r, proa_mock_member(r->body, PROA_SLICE("documents")), MAX_DOCUMENTS,
                     "documents");
}

bool proa_mock_cohere_read(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    if (out->endpoint == MOCK_MODELS) {
        return true;
    }
    if (!proa_mock_read_object(r)) {
        return false;
    }
    out->model = proa_mock_string(r, r->body, PROA_SLICE("model"));
    if (out->model.len == 0) {
        return proa_mock_refuse(r, 400, "invalid request: model is required");
    }
    if (out->endpoint == MOCK_EMBEDDINGS) {
        return read_embed(r);
    }
    if (out->endpoint == MOCK_RERANK) {
        return read_rerank(r);
    }
    const struct proa_slice unknown =
        proa_mock_stranger(r, r->body, CHAT_KNOWN, PROA_ARRAY_LEN(CHAT_KNOWN));
    out->stream = proa_json_get(r->body, PROA_SLICE("stream"), NULL) == PROA_JSON_TRUE;
    return unknown.len > 0 ? unprocessable(r, unknown)
                           : read_messages(r) && read_tools(r) && read_options(r);
}
