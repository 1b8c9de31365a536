/*
 * Requests of the Responses API, refused where OpenAI refuses them.
 */
#include "responses_priv.h"
#include "shapes_priv.h"

#include "proa/core/hash.h"

#include <stdio.h>

enum { LEAST_OUTPUT = 16 };

/* ---- ids ------------------------------------------------------------------------------------- */

void proa_mock_response_mark(uint64_t id, enum mock_profile_id profile, bool stored,
                             char mark[MOCK_MARK_BYTES + 1])
{
    char who[17];
    (void)snprintf(who, sizeof who, "%016llx", (unsigned long long)id);
    const uint64_t sum = proa_hash64(proa_slice_make(who, 16), (uint64_t)profile * 2 + stored);
    (void)snprintf(mark, MOCK_MARK_BYTES + 1, "%s%04x", who, (unsigned)(sum & 0xffffU));
}

struct proa_slice proa_mock_response_known(struct proa_slice id, struct proa_slice kind,
                                           enum mock_profile_id profile)
{
    char sum[5];
    const struct proa_slice mark = proa_slice_from(id, kind.len);
    if (!proa_slice_starts(id, kind) || mark.len != MOCK_MARK_BYTES) {
        return PROA_SLICE_NONE;
    }
    const uint64_t is = proa_hash64(proa_slice_head(mark, 16), (uint64_t)profile * 2 + 1);
    (void)snprintf(sum, sizeof sum, "%04x", (unsigned)(is & 0xffffU));
    return proa_slice_eq(proa_slice_from(mark, 16), proa_slice_make(sum, 4)) ? mark
                                                                             : PROA_SLICE_NONE;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static bool coded(struct mock_reading *r, const char *code, struct proa_slice param)
{
    r->error->code = proa_slice_cstr(code);
    r->error->param = param;
    return false;
}

static bool refuse_value(struct mock_reading *r, const char *param, const char *takes)
{
    (void)proa_mock_refuse(r, 400, "Invalid value for '%s': supported are %s.", param, takes);
    return coded(r, "invalid_value", proa_slice_cstr(param));
}

static bool refuse_missing(struct mock_reading *r, const char *param)
{
    (void)proa_mock_refuse(r, 400, "Missing required parameter: '%s'.", param);
    return coded(r, "missing_required_parameter", proa_slice_cstr(param));
}

/* ---- members --------------------------------------------------------------------------------- */

static const struct proa_slice KNOWN[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("input"),
    PROA_SLICE_INIT("instructions"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("stream_options"),
    PROA_SLICE_INIT("max_output_tokens"),
    PROA_SLICE_INIT("max_tool_calls"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("top_p"),
    PROA_SLICE_INIT("top_logprobs"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("parallel_tool_calls"),
    PROA_SLICE_INIT("reasoning"),
    PROA_SLICE_INIT("text"),
    PROA_SLICE_INIT("previous_response_id"),
    PROA_SLICE_INIT("store"),
    PROA_SLICE_INIT("include"),
    PROA_SLICE_INIT("metadata"),
    PROA_SLICE_INIT("truncation"),
    PROA_SLICE_INIT("user"),
    PROA_SLICE_INIT("safety_identifier"),
    PROA_SLICE_INIT("prompt_cache_key"),
    PROA_SLICE_INIT("prompt_cache_retention"),
    PROA_SLICE_INIT("service_tier"),
    PROA_SLICE_INIT("background"),
    PROA_SLICE_INIT("conversation"),
    PROA_SLICE_INIT("prompt"),
};

/* Members of chats have moved. */
static bool check_members(struct mock_reading *r)
{
    const struct proa_slice name = proa_mock_stranger(r, r->body, KNOWN, PROA_ARRAY_LEN(KNOWN));
    if (name.len == 0 || r->path->profile == MOCK_PLAIN) {
        return true;
    }
    if (proa_slice_eq(name, PROA_SLICE("messages"))) {
        (void)proa_mock_refuse(r, 400,
                               "Unsupported parameter: 'messages'. In the Responses API, "
                               "this parameter has moved to 'input'.");
        return coded(r, "unsupported_parameter", name);
    }
    (void)proa_mock_refuse(r, 400, "Unknown parameter: '%" PROA_SLICE_FMT "'.",
                           PROA_SLICE_ARG(name));
    return coded(r, "unknown_parameter", name);
}

static bool read_limit(struct mock_reading *r)
{
    const uint64_t least = r->path->profile == MOCK_PLAIN ? 1 : LEAST_OUTPUT;
    const struct proa_slice limit = proa_mock_member(r->body, PROA_SLICE("max_output_tokens"));
    if (limit.len == 0 || proa_mock_number_in(limit, least, UINT32_MAX, &r->out->max_tokens)) {
        return true;
    }
    (void)proa_mock_refuse(r, 400,
                           "Invalid 'max_output_tokens': integer below minimum value. Expected a "
                           "value >= %u, but got %" PROA_SLICE_FMT " instead.",
                           (unsigned)least, PROA_SLICE_ARG(limit));
    return coded(r, "integer_below_min_value", PROA_SLICE("max_output_tokens"));
}

/* Models that think refuse sampling, others an effort. */
static bool read_reasoning(struct mock_reading *r, const struct mock_shape *shape)
{
    const struct proa_slice reasoning = proa_mock_member(r->body, PROA_SLICE("reasoning"));
    const struct proa_slice effort = proa_mock_string(r, reasoning, PROA_SLICE("effort"));
    const struct proa_slice model =
        proa_slice_head(r->out->model, proa_slice_find(r->out->model, '+'));
    const bool thinker = proa_mock_any_glob(shape->thinkers.names, shape->thinkers.n, model);
    const struct proa_slice temperature = proa_mock_member(r->body, PROA_SLICE("temperature"));
    int64_t milli = 0;
    r->out->thinks = !proa_slice_eq(effort, PROA_SLICE("none")) &&
                     (effort.len > 0 || (thinker && r->path->profile != MOCK_PLAIN));
    r->out->shows_thoughts = proa_mock_string(r, reasoning, PROA_SLICE("summary")).len > 0;
    if ((shape->checks & MOCK_CHECK_REASONING) && effort.len > 0 && !thinker) {
        (void)proa_mock_refuse(r, 400,
                               "Unsupported parameter: 'reasoning.effort' is not supported "
                               "with this model.");
        return coded(r, "unsupported_parameter", PROA_SLICE("reasoning.effort"));
    }
    if ((shape->checks & MOCK_CHECK_REASONING) && r->out->thinks && temperature.len > 0 &&
        !(proa_mock_milli(temperature, &milli) && milli == 1000)) {
        (void)proa_mock_refuse(r, 400,
                               "Unsupported parameter: 'temperature' is not supported with "
                               "this model.");
        return coded(r, "unsupported_parameter", PROA_SLICE("temperature"));
    }
    return true;
}

static bool read_format(struct mock_reading *r)
{
    const struct proa_slice format =
        proa_mock_member(proa_mock_member(r->body, PROA_SLICE("text")), PROA_SLICE("format"));
    const struct proa_slice type = proa_mock_string(r, format, PROA_SLICE("type"));
    if (proa_slice_eq(type, PROA_SLICE("json_object"))) {
        r->out->wants_json = true;
        return true;
    }
    if (!proa_slice_eq(type, PROA_SLICE("json_schema"))) {
        return type.len == 0 || proa_slice_eq(type, PROA_SLICE("text")) ||
               refuse_value(r, "text.format.type", "'json_object', 'json_schema' and 'text'");
    }
    r->out->schema = proa_mock_member(format, PROA_SLICE("schema"));
    if (proa_mock_string(r, format, PROA_SLICE("name")).len == 0) {
        return refuse_missing(r, "text.format.name");
    }
    return proa_mock_is(r->out->schema, PROA_JSON_OBJECT) ||
           refuse_missing(r, "text.format.schema");
}

static bool read_previous(struct mock_reading *r)
{
    const struct proa_slice id = proa_mock_string(r, r->body, PROA_SLICE("previous_response_id"));
    const struct proa_slice kind = PROA_SLICE("resp_");
    r->out->previous = id;
    if (id.len == 0 || proa_mock_response_known(id, kind, r->path->profile).len > 0) {
        return true;
    }
    (void)proa_mock_refuse(r, 400, "Previous response with id '%" PROA_SLICE_FMT "' not found.",
                           PROA_SLICE_ARG(id));
    return coded(r, "previous_response_not_found", PROA_SLICE("previous_response_id"));
}

/* ---- tools ----------------------------------------------------------------------------------- */

/* What is no function the service itself would call: it is passed over. */
static bool read_tools(struct mock_reading *r)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!mock_walk(&c, proa_mock_member(r->body, PROA_SLICE("tools")))) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice type = proa_mock_string(r, item.value, PROA_SLICE("type"));
        const struct proa_slice name = proa_mock_string(r, item.value, PROA_SLICE("name"));
        if (type.len == 0) {
            return refuse_missing(r, "tools[0].type");
        }
        if (!proa_slice_eq(type, PROA_SLICE("function"))) {
            continue;
        }
        if (name.len == 0) {
            return refuse_missing(r, "tools[0].name"); /* as a chat's tool would have it */
        }
        if (!proa_mock_is_name(name, 64) ||
            !proa_mock_add_tool(r, name, proa_mock_member(item.value, PROA_SLICE("parameters")))) {
            return refuse_value(r, "tools", "128 of names like '^[a-zA-Z0-9_-]+$'");
        }
    }
    return true;
}

static bool read_choice(struct mock_reading *r)
{
    const struct proa_slice choice = proa_mock_member(r->body, PROA_SLICE("tool_choice"));
    if (proa_mock_is(choice, PROA_JSON_OBJECT)) {
        r->out->tool_choice = MOCK_TOOLS_NAMED;
        r->out->tool_name = proa_mock_string(r, choice, PROA_SLICE("name"));
        return r->out->tool_name.len > 0 || refuse_missing(r, "tool_choice.name");
    }
    r->out->tool_choice = proa_slice_eq(choice, PROA_SLICE("\"none\""))       ? MOCK_TOOLS_NONE
                          : proa_slice_eq(choice, PROA_SLICE("\"required\"")) ? MOCK_TOOLS_REQUIRED
                                                                              : MOCK_TOOLS_AUTO;
    return choice.len == 0 || r->out->tool_choice != MOCK_TOOLS_AUTO ||
           proa_slice_eq(choice, PROA_SLICE("\"auto\"")) ||
           refuse_value(r, "tool_choice", "'none', 'auto' and 'required'");
}

/* ---- input ----------------------------------------------------------------------------------- */

/* The text of a message, in one string or in parts; what it shows besides is noted. */
static bool read_content(struct mock_reading *r, struct proa_slice content, bool of_user,
                         struct proa_slice *text)
{
    struct proa_json_cursor c;
    struct proa_json_item part;
    *text = proa_mock_is(content, PROA_JSON_STRING) ? proa_mock_decoded(r, content)
                                                    : proa_mock_joined(r, content);
    if (!proa_mock_is(content, PROA_JSON_ARRAY) || !mock_walk(&c, content)) {
        return true;
    }
    while (proa_json_cursor_next(&c, &part)) {
        const struct proa_slice type = proa_mock_string(r, part.value, PROA_SLICE("type"));
        const bool own =
            proa_slice_eq(type, of_user ? PROA_SLICE("input_text") : PROA_SLICE("output_text"));
        const bool refusal = !of_user && proa_slice_eq(type, PROA_SLICE("refusal"));
        const bool image = of_user && proa_slice_eq(type, PROA_SLICE("input_image"));
        const bool file = of_user && proa_slice_eq(type, PROA_SLICE("input_file"));
        if (!own && !refusal && !image && !file) {
            return refuse_value(r, "input[0].content[0].type",
                                of_user ? "'input_text', 'input_image' and 'input_file'"
                                        : "'output_text' and 'refusal'");
        }
        if (image &&
            !proa_mock_saw_url(r, proa_mock_string(r, part.value, PROA_SLICE("image_url")))) {
            return refuse_value(r, "input[0].content[0].image_url", "base64 and addresses");
        }
        if (file) {
            proa_mock_saw_media(r, type);
        }
    }
    return true;
}

static bool read_message(struct mock_reading *r, struct proa_slice item)
{
    const struct proa_slice role = proa_mock_string(r, item, PROA_SLICE("role"));
    const struct proa_slice content = proa_mock_member(item, PROA_SLICE("content"));
    const bool user = proa_slice_eq(role, PROA_SLICE("user"));
    const bool assistant = proa_slice_eq(role, PROA_SLICE("assistant"));
    struct proa_slice text = PROA_SLICE_NONE;
    if (!user && !assistant && !proa_slice_eq(role, PROA_SLICE("system")) &&
        !proa_slice_eq(role, PROA_SLICE("developer"))) {
        return refuse_value(r, "input[0].role", "'assistant', 'system', 'developer' and 'user'");
    }
    if (content.len == 0) {
        return refuse_missing(r, "input[0].content");
    }
    if (!read_content(r, content, !assistant, &text)) {
        return false;
    }
    r->out->text = user ? text : r->out->text;
    return true;
}

/* What it was thinking comes back sealed, or is known by its id. */
static bool read_thought(struct mock_reading *r, struct proa_slice item)
{
    const struct proa_slice id = proa_mock_string(r, item, PROA_SLICE("id"));
    const struct proa_slice sealed = proa_mock_string(r, item, PROA_SLICE("encrypted_content"));
    if (sealed.len > 0 && !proa_slice_eq(sealed, PROA_SLICE(MOCK_ENCRYPTED))) {
        (void)proa_mock_refuse(
            r, 400, "The encrypted content for item %" PROA_SLICE_FMT " could not be verified.",
            PROA_SLICE_ARG(id));
        return coded(r, "invalid_encrypted_content", PROA_SLICE_NONE);
    }
    if (sealed.len == 0 &&
        proa_mock_response_known(id, PROA_SLICE("rs_"), r->path->profile).len == 0) {
        (void)proa_mock_refuse(r, 404,
                               "Item with id '%" PROA_SLICE_FMT
                               "' not found. Items are not persisted when `store` is set "
                               "to false.",
                               PROA_SLICE_ARG(id));
        return coded(r, NULL, PROA_SLICE("input"));
    }
    return true;
}

/* Of a call in this request, or of one in the answer that it goes on from. */
static bool close_call(struct mock_reading *r, struct mock_open_calls *open, struct proa_slice id)
{
    const struct proa_slice kind = PROA_SLICE("call_");
    const struct proa_slice mark =
        proa_mock_response_known(r->out->previous, PROA_SLICE("resp_"), r->path->profile);
    if (proa_mock_call_close(open, id) ||
        (mark.len > 0 && proa_slice_starts(id, kind) &&
         proa_slice_starts(proa_slice_from(id, kind.len), mark))) {
        return true;
    }
    (void)proa_mock_refuse(
        r, 400, "No tool call found for function call output with call_id %" PROA_SLICE_FMT ".",
        PROA_SLICE_ARG(id));
    return coded(r, NULL, PROA_SLICE("input"));
}

static bool read_item(struct mock_reading *r, struct mock_open_calls *open, struct proa_slice item)
{
    const struct proa_slice type = proa_mock_string(r, item, PROA_SLICE("type"));
    const struct proa_slice call = proa_mock_string(r, item, PROA_SLICE("call_id"));
    r->out->after_tool = proa_slice_eq(type, PROA_SLICE("function_call_output"));
    if (r->path->profile == MOCK_PLAIN && type.len > 0 &&
        !proa_slice_eq(type, PROA_SLICE("message"))) {
        return true; /* lenient */
    }
    if (type.len == 0 || proa_slice_eq(type, PROA_SLICE("message"))) {
        return read_message(r, item);
    }
    if (proa_slice_eq(type, PROA_SLICE("reasoning"))) {
        return read_thought(r, item);
    }
    if (proa_slice_eq(type, PROA_SLICE("function_call"))) {
        proa_mock_call_open(open, call, proa_mock_string(r, item, PROA_SLICE("name")));
        return call.len > 0 || refuse_missing(r, "input[0].call_id");
    }
    if (r->out->after_tool) {
        return close_call(r, open, call);
    }
    return refuse_value(r, "input[0].type",
                        "'message', 'reasoning', 'function_call' and 'function_call_output'");
}

static bool read_input(struct mock_reading *r)
{
    const struct proa_slice input = proa_mock_member(r->body, PROA_SLICE("input"));
    const struct proa_slice instructions = proa_mock_member(r->body, PROA_SLICE("instructions"));
    struct mock_open_calls open = {.n = 0};
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (input.len == 0) {
        return refuse_missing(r, "input");
    }
    r->out->prompt_tokens = 7 + mock_tokens(input.len) + mock_tokens(instructions.len);
    if (proa_mock_is(input, PROA_JSON_STRING)) {
        r->out->text = proa_mock_decoded(r, input);
        return true;
    }
    if (!proa_mock_is(input, PROA_JSON_ARRAY) || !mock_walk(&c, input)) {
        return refuse_value(r, "input", "a string and an array of items");
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!read_item(r, &open, item.value)) {
            return false;
        }
    }
    if (open.n > 0) {
        (void)proa_mock_refuse(r, 400,
                               "No tool output found for function call %" PROA_SLICE_FMT ".",
                               PROA_SLICE_ARG(open.ids[0]));
        return coded(r, NULL, PROA_SLICE("input"));
    }
    return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

bool proa_mock_responses_read(struct mock_reading *r)
{
    const struct mock_shape *shape = proa_mock_shape(r->path);
    struct mock_request *out = r->out;
    if (!proa_mock_read_object(r)) {
        return false;
    }
    out->model = proa_mock_string(r, r->body, PROA_SLICE("model"));
    if (out->model.len == 0) {
        return refuse_missing(r, "model");
    }
    const struct proa_slice include = proa_mock_member(r->body, PROA_SLICE("include"));
    out->stream = proa_json_get(r->body, PROA_SLICE("stream"), NULL) == PROA_JSON_TRUE;
    out->stores = proa_json_get(r->body, PROA_SLICE("store"), NULL) != PROA_JSON_FALSE;
    out->seals =
        proa_slice_search(include, PROA_SLICE("\"reasoning.encrypted_content\"")) < include.len;
    out->obfuscate = (shape->quirks & MOCK_SHAPE_OBFUSCATES) &&
                     proa_json_get(proa_mock_member(r->body, PROA_SLICE("stream_options")),
                                   PROA_SLICE("include_obfuscation"), NULL) != PROA_JSON_FALSE;
    return check_members(r) && read_limit(r) && read_reasoning(r, shape) && read_format(r) &&
           read_previous(r) && read_tools(r) && read_choice(r) && read_input(r);
}
