/*
 * Requests in Google's own format, of AI Studio and of Vertex AI, and what they refuse.
 */
#include "reading_priv.h"

static const struct proa_slice TOP[] = {
    PROA_SLICE_INIT("contents"),
    PROA_SLICE_INIT("systemInstruction"),
    PROA_SLICE_INIT("system_instruction"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("toolConfig"),
    PROA_SLICE_INIT("tool_config"),
    PROA_SLICE_INIT("generationConfig"),
    PROA_SLICE_INIT("generation_config"),
    PROA_SLICE_INIT("safetySettings"),
    PROA_SLICE_INIT("cachedContent"),
    PROA_SLICE_INIT("labels"),
    PROA_SLICE_INIT("serviceTier"),
};
static const struct proa_slice GENERATION[] = {
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("topP"),
    PROA_SLICE_INIT("topK"),
    PROA_SLICE_INIT("maxOutputTokens"),
    PROA_SLICE_INIT("candidateCount"),
    PROA_SLICE_INIT("stopSequences"),
    PROA_SLICE_INIT("seed"),
    PROA_SLICE_INIT("presencePenalty"),
    PROA_SLICE_INIT("frequencyPenalty"),
    PROA_SLICE_INIT("responseMimeType"),
    PROA_SLICE_INIT("responseSchema"),
    PROA_SLICE_INIT("responseJsonSchema"),
    PROA_SLICE_INIT("responseLogprobs"),
    PROA_SLICE_INIT("logprobs"),
    PROA_SLICE_INIT("thinkingConfig"),
    PROA_SLICE_INIT("responseModalities"),
    PROA_SLICE_INIT("mediaResolution"),
    PROA_SLICE_INIT("speechConfig"),
    PROA_SLICE_INIT("audioTimestamp"),
    PROA_SLICE_INIT("imageConfig"),
};
static const struct proa_slice PART[] = {
    PROA_SLICE_INIT("text"),          PROA_SLICE_INIT("inlineData"),
    PROA_SLICE_INIT("fileData"),      PROA_SLICE_INIT("functionCall"),
    PROA_SLICE_INIT("thought"),       PROA_SLICE_INIT("functionResponse"),
    PROA_SLICE_INIT("videoMetadata"), PROA_SLICE_INIT("thoughtSignature"),
};
static const struct proa_slice DECLARATION[] = {
    PROA_SLICE_INIT("name"),       PROA_SLICE_INIT("description"),
    PROA_SLICE_INIT("parameters"), PROA_SLICE_INIT("parametersJsonSchema"),
    PROA_SLICE_INIT("response"),   PROA_SLICE_INIT("responseJsonSchema"),
    PROA_SLICE_INIT("behavior"),
};
/* The subset of OpenAPI that `parameters` and `responseSchema` are. */
static const struct proa_slice SCHEMA[] = {
    PROA_SLICE_INIT("type"),       PROA_SLICE_INIT("format"),
    PROA_SLICE_INIT("title"),      PROA_SLICE_INIT("description"),
    PROA_SLICE_INIT("nullable"),   PROA_SLICE_INIT("enum"),
    PROA_SLICE_INIT("maxItems"),   PROA_SLICE_INIT("minItems"),
    PROA_SLICE_INIT("properties"), PROA_SLICE_INIT("required"),
    PROA_SLICE_INIT("items"),      PROA_SLICE_INIT("minProperties"),
    PROA_SLICE_INIT("minimum"),    PROA_SLICE_INIT("maxProperties"),
    PROA_SLICE_INIT("maximum"),    PROA_SLICE_INIT("minLength"),
    PROA_SLICE_INIT("maxLength"),  PROA_SLICE_INIT("pattern"),
    PROA_SLICE_INIT("example"),    PROA_SLICE_INIT("anyOf"),
    PROA_SLICE_INIT("default"),    PROA_SLICE_INIT("propertyOrdering"),
};
enum { SCHEMA_DEPTH = 24 };

struct walk {
    struct mock_reading *r;
    size_t at;
    bool user;
    bool signed_calls; /* calls need their signature */
    size_t n_calls;    /* of the turn before */
    size_t n_results;  /* of this one */
    struct mock_open_calls open;
    struct mock_open_calls next;
};

static bool unknown_name(struct mock_reading *r, struct proa_slice name, const char *where)
{
    return proa_mock_refuse(r, 400,
                            "Invalid JSON payload received. Unknown name \"%" PROA_SLICE_FMT
                            "\" at '%s': Cannot find field.",
                            PROA_SLICE_ARG(name), where);
}

#define CHECK_NAMES(r, object, table, where)                                                       \
    check_names((r), (object), (table), PROA_ARRAY_LEN(table), (where))
static bool check_names(struct mock_reading *r, struct proa_slice object,
                        const struct proa_slice *known, size_t n, const char *where)
{
    const struct proa_slice name = proa_mock_stranger(r, object, known, n);
    return name.len == 0 || unknown_name(r, name, where);
}

/* ---- schemas --------------------------------------------------------------------------------- */

static bool check_schema(struct mock_reading *r, struct proa_slice schema, unsigned depth);

// NOLINTNEXTLINE(misc-no-recursion): bounded by SCHEMA_DEPTH
static bool check_schemas(struct mock_reading *r, struct proa_slice list, unsigned depth)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!mock_walk(&c, list)) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!check_schema(r, item.value, depth)) {
            return false;
        }
    }
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by SCHEMA_DEPTH
static bool check_schema(struct mock_reading *r, struct proa_slice schema, unsigned depth)
{
    if (!proa_mock_is(schema, PROA_JSON_OBJECT) || depth > SCHEMA_DEPTH) {
        return true;
    }
    const struct proa_slice type = proa_mock_member(schema, PROA_SLICE("type"));
    const struct proa_slice properties = proa_mock_member(schema, PROA_SLICE("properties"));
    if (!CHECK_NAMES(r, schema, SCHEMA, "tools[0].function_declarations[0].parameters")) {
        return false;
    }
    if (type.len > 0 && !proa_mock_is(type, PROA_JSON_STRING)) {
        return proa_mock_refuse(r, 400,
                                "Invalid value at 'tools[0].function_declarations[0].parameters"
                                ".type' (type.googleapis.com/google.ai.generativelanguage.v1beta"
                                ".Type): Proto field is not repeating, cannot start list.");
    }
    if (depth == 0 && properties.len > 0 && proa_json_kind_of(properties) == PROA_JSON_OBJECT &&
        proa_slice_eq(proa_slice_trim(properties), PROA_SLICE("{}"))) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.tools[0].function_declarations[0]"
                                ".parameters.properties: should be non-empty for OBJECT type");
    }
    return check_schemas(r, properties, depth + 1) &&
           check_schemas(r, proa_mock_member(schema, PROA_SLICE("anyOf")), depth + 1) &&
           check_schema(r, proa_mock_member(schema, PROA_SLICE("items")), depth + 1);
}

/* ---- contents -------------------------------------------------------------------------------- */

static bool read_call(struct walk *w, struct proa_slice part, struct proa_slice call)
{
    struct mock_reading *r = w->r;
    const struct proa_slice name = proa_mock_string(r, call, PROA_SLICE("name"));
    const struct proa_slice signature = proa_mock_string(r, part, PROA_SLICE("thoughtSignature"));
    const struct proa_slice args = proa_mock_member(call, PROA_SLICE("args"));
    if (w->user) {
        return proa_mock_refuse(r, 400,
                                "Please ensure that function call turn comes immediately "
                                "after a user turn or after a function response turn.");
    }
    if (args.len > 0 && !proa_mock_is(args, PROA_JSON_OBJECT)) {
        return proa_mock_refuse(r, 400,
                                "Invalid value at 'contents[%zu].parts[0].function_call"
                                ".args': expected an object.",
                                w->at);
    }
    if (r->profile->id == MOCK_VERTEX && proa_mock_member(call, PROA_SLICE("id")).len > 0) {
        return unknown_name(r, PROA_SLICE("id"), "contents[0].parts[0].function_call");
    }
    /* Of parallel calls the first alone carries it. */
    if (w->signed_calls && w->next.n == 0 &&
        !proa_slice_eq(signature, PROA_SLICE("skip_thought_signature_validator")) &&
        !proa_slice_starts(signature, PROA_SLICE("bW9jay"))) {
        return proa_mock_refuse(
            r, 400,
            "Function call is missing a thought_signature in functionCall parts. This is required "
            "for tools to work correctly. function call `default_api:%" PROA_SLICE_FMT
            "`, position %zu.",
            PROA_SLICE_ARG(name), w->at);
    }
    proa_mock_call_open(&w->next, name, name);
    return true;
}

static bool read_response(struct walk *w, struct proa_slice response)
{
    struct mock_reading *r = w->r;
    const struct proa_slice name = proa_mock_string(r, response, PROA_SLICE("name"));
    w->n_results++;
    r->out->after_tool = true;
    r->out->said_more = false;
    if (!proa_mock_is(proa_mock_member(response, PROA_SLICE("response")), PROA_JSON_OBJECT)) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.contents[%zu].parts[0]"
                                ".function_response.response: must be an object.",
                                w->at);
    }
    if (name.len == 0) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.contents[%zu].parts[0]"
                                ".function_response.name: Name cannot be empty.",
                                w->at);
    }
    if (r->profile->id == MOCK_VERTEX && proa_mock_member(response, PROA_SLICE("id")).len > 0) {
        return unknown_name(r, PROA_SLICE("id"), "contents[0].parts[0].function_response");
    }
    return proa_mock_call_close(&w->open, name) ||
           proa_mock_refuse(r, 400,
                            "Please ensure that function response turn comes immediately "
                            "after a function call turn.");
}

static bool read_media(struct walk *w, struct proa_slice inline_data, struct proa_slice file)
{
    struct mock_reading *r = w->r;
    const struct proa_slice object = inline_data.len > 0 ? inline_data : file;
    const struct proa_slice type = proa_mock_string(r, object, PROA_SLICE("mimeType"));
    proa_mock_saw_media(r, type);
    if (type.len == 0) {
        return proa_mock_refuse(r, 400, "Unsupported MIME type: ");
    }
    if (file.len > 0) {
        return proa_mock_string(r, file, PROA_SLICE("fileUri")).len > 0 ||
               proa_mock_refuse(r, 400, "Unsupported file URI type: .");
    }
    return proa_mock_is_base64(r, proa_mock_string(r, object, PROA_SLICE("data"))) ||
           proa_mock_refuse(r, 400,
                            "Invalid value at 'contents[%zu].parts[0].inline_data.data' "
                            "(TYPE_BYTES), Base64 decoding failed.",
                            w->at);
}

static bool read_part(struct walk *w, struct proa_slice part)
{
    struct mock_reading *r = w->r;
    const struct proa_slice call = proa_mock_member(part, PROA_SLICE("functionCall"));
    const struct proa_slice response = proa_mock_member(part, PROA_SLICE("functionResponse"));
    const struct proa_slice inline_data = proa_mock_member(part, PROA_SLICE("inlineData"));
    const struct proa_slice file = proa_mock_member(part, PROA_SLICE("fileData"));
    if (!CHECK_NAMES(r, part, PART, "contents[0].parts[0]")) {
        return false;
    }
    if (call.len > 0) {
        return read_call(w, part, call);
    }
    if (response.len > 0) {
        return read_response(w, response);
    }
    if (inline_data.len > 0 || file.len > 0) {
        return read_media(w, inline_data, file);
    }
    r->out->said_more = true;
    return proa_mock_is(proa_mock_member(part, PROA_SLICE("text")), PROA_JSON_STRING) ||
           proa_mock_refuse(r, 400,
                            "* GenerateContentRequest.contents[%zu].parts[0].data: required "
                            "oneof field 'data' must have one initialized field",
                            w->at);
}

static bool read_turn(struct walk *w, struct proa_slice content)
{
    struct mock_reading *r = w->r;
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice parts = proa_mock_member(content, PROA_SLICE("parts"));
    w->next.n = 0;
    w->n_results = 0;
    r->out->after_tool = false;
    if (proa_mock_count(parts) == 0) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.contents[%zu].parts: contents.parts "
                                "must not be empty.",
                                w->at);
    }
    if (mock_walk(&c, parts)) {
        while (proa_json_cursor_next(&c, &item)) {
            if (!read_part(w, item.value)) {
                return false;
            }
        }
    }
    if (w->n_calls != w->n_results) {
        return proa_mock_refuse(r, 400,
                                "Please ensure that the number of function response parts is equal "
                                "to the number of function call parts of the function call turn.");
    }
    w->open = w->next;
    w->n_calls = w->next.n;
    const struct proa_slice text = proa_mock_joined(r, parts);
    if (w->user && text.len > 0) {
        r->out->text = text;
    }
    r->out->begun = w->user ? PROA_SLICE_NONE : text;
    r->out->prompt_tokens += 4 + mock_tokens(parts.len);
    return true;
}

static bool read_contents(struct mock_reading *r)
{
    struct walk w = {.r = r,
                     .signed_calls = proa_slice_starts(r->out->model, PROA_SLICE("gemini-3")) ||
                                     proa_slice_starts(r->out->model, PROA_SLICE("gemini-4"))};
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice contents = proa_mock_member(r->body, PROA_SLICE("contents"));
    if (!mock_walk(&c, contents) || c.is_object || proa_mock_count(contents) == 0) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.contents: contents is not specified");
    }
    for (bool any = false; proa_json_cursor_next(&c, &item); w.at++, any = true) {
        const struct proa_slice role = proa_mock_string(r, item.value, PROA_SLICE("role"));
        const bool user = proa_slice_eq(role, PROA_SLICE("user")) ||
                          (role.len == 0 && r->profile->id != MOCK_VERTEX);
        if (!user && !proa_slice_eq(role, PROA_SLICE("model"))) {
            return proa_mock_refuse(r, 400, "Please use a valid role: user, model.");
        }
        if ((!any && !user) || (any && user == w.user)) {
            return proa_mock_refuse(r, 400,
                                    "Please ensure that multiturn requests alternate between user "
                                    "and model, and begin with user.");
        }
        w.user = user;
        if (!read_turn(&w, item.value)) {
            return false;
        }
    }
    return w.n_calls == 0 ||
           proa_mock_refuse(r, 400,
                            "Please ensure that the number of function response parts is equal to "
                            "the number of function call parts of the function call turn.");
}

/* ---- tools ----------------------------------------------------------------------------------- */

static bool read_declaration(struct mock_reading *r, struct proa_slice tool)
{
    const struct proa_slice name = proa_mock_string(r, tool, PROA_SLICE("name"));
    const struct proa_slice subset = proa_mock_member(tool, PROA_SLICE("parameters"));
    const struct proa_slice schema = proa_mock_member(tool, PROA_SLICE("parametersJsonSchema"));
    if (!CHECK_NAMES(r, tool, DECLARATION, "tools[0].function_declarations[0]")) {
        return false;
    }
    if (!proa_mock_is_name(name, 64)) {
        return proa_mock_refuse(
            r, 400,
            "* GenerateContentRequest.tools[0].function_declarations[0].name: "
            "Invalid function name. Must start with a letter or an underscore.");
    }
    if (subset.len > 0 && schema.len > 0) {
        return proa_mock_refuse(r, 400,
                                "parameters and parameters_json_schema are mutually "
                                "exclusive.");
    }
    return check_schema(r, subset, 0) &&
           (proa_mock_add_tool(r, name, subset.len > 0 ? subset : schema) ||
            proa_mock_refuse(r, 400, "At most 128 function declarations are supported."));
}

static bool read_tools(struct mock_reading *r)
{
    struct proa_json_cursor c;
    struct proa_json_cursor inner;
    struct proa_json_item item;
    struct proa_json_item tool;
    if (!mock_walk(&c, proa_mock_member(r->body, PROA_SLICE("tools")))) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!mock_walk(&inner, proa_mock_member(item.value, PROA_SLICE("functionDeclarations")))) {
            continue;
        }
        while (proa_json_cursor_next(&inner, &tool)) {
            if (!read_declaration(r, tool.value)) {
                return false;
            }
        }
    }
    return true;
}

static bool read_choice(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    const struct proa_slice config = proa_mock_member(
        proa_mock_member(r->body, PROA_SLICE("toolConfig")), PROA_SLICE("functionCallingConfig"));
    const struct proa_slice mode = proa_mock_string(r, config, PROA_SLICE("mode"));
    const struct proa_slice allowed = proa_mock_member(config, PROA_SLICE("allowedFunctionNames"));
    struct proa_slice first = PROA_SLICE_NONE;
    if (proa_slice_eq(mode, PROA_SLICE("NONE"))) {
        out->tool_choice = MOCK_TOOLS_NONE;
    } else if (proa_slice_eq(mode, PROA_SLICE("ANY"))) {
        out->tool_choice = MOCK_TOOLS_REQUIRED;
    } else if (mode.len > 0 && !proa_slice_eq(mode, PROA_SLICE("AUTO"))) {
        return proa_mock_refuse(r, 400,
                                "Invalid value at 'tool_config.function_calling_config.mode'"
                                ": \"%" PROA_SLICE_FMT "\"",
                                PROA_SLICE_ARG(mode));
    }
    if (out->tool_choice == MOCK_TOOLS_REQUIRED && out->n_tools == 0) {
        return proa_mock_refuse(r, 400,
                                "Function calling config is set without "
                                "function_declarations.");
    }
    if (allowed.len > 0 && out->tool_choice != MOCK_TOOLS_REQUIRED) {
        return proa_mock_refuse(r, 400,
                                "Allowed function names should be set only when function "
                                "calling mode is ANY.");
    }
    if (proa_json_at(allowed, 0, &first) == PROA_JSON_STRING) {
        out->tool_choice = MOCK_TOOLS_NAMED;
        out->tool_name = proa_mock_decoded(r, first);
        return proa_mock_has_tool(out, out->tool_name) ||
               proa_mock_refuse(r, 400,
                                "allowed_function_names contains a name that is not "
                                "declared.");
    }
    return true;
}

/* ---- generation ------------------------------------------------------------------------------ */

static bool read_thinking(struct mock_reading *r, struct proa_slice config)
{
    struct mock_request *out = r->out;
    const struct proa_slice thinking = proa_mock_member(config, PROA_SLICE("thinkingConfig"));
    const struct proa_slice budget = proa_mock_member(thinking, PROA_SLICE("thinkingBudget"));
    const struct proa_slice level = proa_mock_string(r, thinking, PROA_SLICE("thinkingLevel"));
    const bool old = proa_slice_starts(out->model, PROA_SLICE("gemini-2"));
    const bool off = proa_slice_eq(budget, PROA_SLICE("0"));
    out->thinks = !off && (thinking.len > 0 || !proa_slice_starts(out->model, PROA_SLICE("echo")));
    out->shows_thoughts =
        proa_json_get(thinking, PROA_SLICE("includeThoughts"), NULL) == PROA_JSON_TRUE;
    if (budget.len > 0 && level.len > 0) {
        return proa_mock_refuse(r, 400,
                                "You can only set only one of thinking budget and thinking "
                                "level.");
    }
    if (level.len > 0 && old) {
        return proa_mock_refuse(r, 400, "Thinking level is not supported for this model.");
    }
    return !(off && proa_slice_search(out->model, PROA_SLICE("-pro")) < out->model.len) ||
           proa_mock_refuse(r, 400, "Budget 0 is invalid. This model only works in thinking mode.");
}

static bool read_sampling(struct mock_reading *r, struct proa_slice config)
{
    const struct proa_slice temperature = proa_mock_member(config, PROA_SLICE("temperature"));
    int64_t milli = 0;
    if (temperature.len > 0 &&
        (!proa_mock_milli(temperature, &milli) || milli < 0 || milli > 2000)) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.generation_config.temperature: "
                                "temperature must be in the range [0.0, 2.0].");
    }
    if (proa_mock_count(proa_mock_member(config, PROA_SLICE("stopSequences"))) > 5) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.generation_config.stop_sequences: "
                                "The number of stop sequences must not exceed 5.");
    }
    const bool penalties = proa_mock_member(config, PROA_SLICE("frequencyPenalty")).len > 0 ||
                           proa_mock_member(config, PROA_SLICE("presencePenalty")).len > 0;
    return !(penalties && r->profile->id == MOCK_GEMINI &&
             proa_slice_starts(r->out->model, PROA_SLICE("gemini-2.5"))) ||
           proa_mock_refuse(r, 400, "Penalty is not enabled for this model");
}

static bool read_generation(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    const struct proa_slice config = proa_mock_member(r->body, PROA_SLICE("generationConfig"));
    const struct proa_slice most = proa_mock_member(config, PROA_SLICE("maxOutputTokens"));
    const struct proa_slice type = proa_mock_string(r, config, PROA_SLICE("responseMimeType"));
    const struct proa_slice subset = proa_mock_member(config, PROA_SLICE("responseSchema"));
    const struct proa_slice schema = proa_mock_member(config, PROA_SLICE("responseJsonSchema"));
    const struct proa_slice count = proa_mock_member(config, PROA_SLICE("candidateCount"));
    uint64_t n = 1;
    if (!CHECK_NAMES(r, config, GENERATION, "generation_config") || !read_thinking(r, config) ||
        !read_sampling(r, config)) {
        return false;
    }
    if (most.len > 0 && !proa_mock_number_in(most, 1, UINT32_MAX, &out->max_tokens)) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.generation_config"
                                ".max_output_tokens: must be positive.");
    }
    if (count.len > 0 && !proa_mock_number_in(count, 1, 8, &n)) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.generation_config"
                                ".candidate_count: must be in the range [1, 8].");
    }
    out->n = (uint32_t)n;
    out->schema = schema.len > 0 ? schema : subset;
    out->wants_json = proa_slice_eq(type, PROA_SLICE("application/json"));
    if (out->schema.len > 0 && !out->wants_json) {
        return proa_mock_refuse(r, 400,
                                "* GenerateContentRequest.generation_config"
                                ".response_schema: only allowed when mime type is "
                                "application/json.");
    }
    return check_schema(r, subset, 1);
}

/* ---- embeddings ------------------------------------------------------------------------------ */

static bool add_input(struct mock_reading *r, struct proa_slice text)
{
    struct mock_request *out = r->out;
    if (text.len == 0) {
        return proa_mock_refuse(r, 400, "* EmbedContentRequest.content: content is empty.");
    }
    out->inputs[out->n_inputs++] = text;
    out->prompt_tokens += mock_tokens(text.len);
    return true;
}

static bool read_batch(struct mock_reading *r, struct proa_slice list, size_t most)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const size_t n = proa_mock_count(list);
    if (n == 0 || n > most) {
        return proa_mock_refuse(r, 400,
                                "* BatchEmbedContentsRequest.requests: at most %zu requests can be "
                                "in one batch",
                                most);
    }
    r->out->inputs = proa_arena_zero(r->arena, n, sizeof *r->out->inputs);
    if (!mock_walk(&c, list)) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice content = proa_mock_member(item.value, PROA_SLICE("content"));
        const struct proa_slice model = proa_mock_string(r, item.value, PROA_SLICE("model"));
        if (r->out->variant == GEMINI_PREDICT) {
            if (!add_input(r, proa_mock_decoded(r, content))) {
                return false;
            }
        } else if (!proa_slice_starts(model, PROA_SLICE("models/"))) {
            return proa_mock_refuse(r, 400,
                                    "* BatchEmbedContentsRequest.requests[0].model: "
                                    "unexpected model name format");
        } else if (!add_input(
                       r, proa_mock_joined(r, proa_mock_member(content, PROA_SLICE("parts"))))) {
            return false;
        }
        (void)proa_mock_number_in(proa_mock_member(item.value, PROA_SLICE("outputDimensionality")),
                                  1, MOCK_MAX_DIMENSIONS, &r->out->max_tokens);
    }
    return true;
}

static bool read_embeddings(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    struct proa_slice holder = r->body;
    uint64_t dimensions = 0;
    bool ok;
    if (out->variant == GEMINI_BATCH) {
        ok = read_batch(r, proa_mock_member(r->body, PROA_SLICE("requests")), 100);
        dimensions = out->max_tokens == UINT64_MAX ? 0 : out->max_tokens;
    } else if (out->variant == GEMINI_PREDICT) {
        ok = read_batch(r, proa_mock_member(r->body, PROA_SLICE("instances")), 250);
        holder = proa_mock_member(r->body, PROA_SLICE("parameters"));
    } else {
        out->inputs = proa_arena_zero(r->arena, 1, sizeof *out->inputs);
        ok = add_input(r, proa_mock_joined(
                              r, proa_mock_member(proa_mock_member(r->body, PROA_SLICE("content")),
                                                  PROA_SLICE("parts"))));
    }
    (void)proa_mock_number_in(proa_mock_member(holder, PROA_SLICE("outputDimensionality")), 1,
                              MOCK_MAX_DIMENSIONS, &dimensions);
    out->dimensions = (uint32_t)dimensions;
    return ok;
}

bool proa_mock_gemini_read(struct mock_reading *r)
{
    struct mock_request *out = r->out;
    out->model = r->path->id;
    out->stream = r->path->route && (r->path->route->flags & MOCK_ROUTE_STREAM);
    if (out->endpoint == MOCK_MODELS || out->endpoint == MOCK_MODEL) {
        return true;
    }
    if (!proa_mock_read_object(r)) {
        return false;
    }
    if (out->endpoint == MOCK_EMBEDDINGS) {
        return read_embeddings(r);
    }
    out->prompt_tokens =
        mock_tokens(proa_mock_member(r->body, PROA_SLICE("systemInstruction")).len);
    return CHECK_NAMES(r, r->body, TOP, "") && read_contents(r) && read_tools(r) &&
           read_choice(r) && read_generation(r);
}
