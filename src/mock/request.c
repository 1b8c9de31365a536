#include "shapes_priv.h"

#include "proa/json/string.h"

enum want {
    WANT_MODEL = 0,
    WANT_STREAM,
    WANT_STREAM_OPTIONS,
    WANT_N,
    WANT_MAX_TOKENS,
    WANT_MAX_COMPLETION_TOKENS,
    WANT_MESSAGES,
    WANT_TOOLS,
    WANT_TOOL_CHOICE,
    WANT_PROMPT,
    WANT_INPUT,
    WANT_ENCODING_FORMAT,
    WANT_DIMENSIONS,
    WANT_OUTPUT_DIMENSION, /* Mistral's name of it */
    WANT_RESPONSE_FORMAT,
    WANT_REASONING_EFFORT,
    WANT_THINKING,
    WANT_REASONING,
    WANTS
};

#define NULLABLE(kind) (PROA_JSON_TYPE(kind) | PROA_JSON_TYPE(PROA_JSON_NULL))

static const struct proa_json_want WANTED[WANTS] = {
    [WANT_MODEL] = {PROA_SLICE_INIT("model"), PROA_JSON_TYPE(PROA_JSON_STRING)},
    [WANT_STREAM] = {PROA_SLICE_INIT("stream"), PROA_JSON_TYPE_BOOL | NULLABLE(PROA_JSON_NULL)},
    [WANT_STREAM_OPTIONS] = {PROA_SLICE_INIT("stream_options"), NULLABLE(PROA_JSON_OBJECT)},
    [WANT_N] = {PROA_SLICE_INIT("n"), NULLABLE(PROA_JSON_NUMBER)},
    [WANT_MAX_TOKENS] = {PROA_SLICE_INIT("max_tokens"), NULLABLE(PROA_JSON_NUMBER)},
    [WANT_MAX_COMPLETION_TOKENS] = {PROA_SLICE_INIT("max_completion_tokens"),
                                    NULLABLE(PROA_JSON_NUMBER)},
    [WANT_MESSAGES] = {PROA_SLICE_INIT("messages"), PROA_JSON_TYPE(PROA_JSON_ARRAY)},
    [WANT_TOOLS] = {PROA_SLICE_INIT("tools"), NULLABLE(PROA_JSON_ARRAY)},
    [WANT_TOOL_CHOICE] = {PROA_SLICE_INIT("tool_choice"),
                          NULLABLE(PROA_JSON_OBJECT) | PROA_JSON_TYPE(PROA_JSON_STRING)},
    [WANT_PROMPT] = {PROA_SLICE_INIT("prompt"),
                     NULLABLE(PROA_JSON_ARRAY) | PROA_JSON_TYPE(PROA_JSON_STRING)},
    [WANT_INPUT] = {PROA_SLICE_INIT("input"),
                    PROA_JSON_TYPE(PROA_JSON_ARRAY) | PROA_JSON_TYPE(PROA_JSON_STRING)},
    [WANT_ENCODING_FORMAT] = {PROA_SLICE_INIT("encoding_format"), NULLABLE(PROA_JSON_STRING)},
    [WANT_DIMENSIONS] = {PROA_SLICE_INIT("dimensions"), NULLABLE(PROA_JSON_NUMBER)},
    [WANT_OUTPUT_DIMENSION] = {PROA_SLICE_INIT("output_dimension"), NULLABLE(PROA_JSON_NUMBER)},
    [WANT_RESPONSE_FORMAT] = {PROA_SLICE_INIT("response_format"), NULLABLE(PROA_JSON_OBJECT)},
    [WANT_REASONING_EFFORT] = {PROA_SLICE_INIT("reasoning_effort"), NULLABLE(PROA_JSON_STRING)},
    [WANT_THINKING] = {PROA_SLICE_INIT("thinking"), NULLABLE(PROA_JSON_OBJECT)},
    [WANT_REASONING] = {PROA_SLICE_INIT("reasoning"), NULLABLE(PROA_JSON_OBJECT)},
};

static const struct proa_slice ROLES[] = {
    PROA_SLICE_INIT("\"user\""),   PROA_SLICE_INIT("\"assistant\""),
    PROA_SLICE_INIT("\"system\""), PROA_SLICE_INIT("\"developer\""),
    PROA_SLICE_INIT("\"tool\""),   PROA_SLICE_INIT("\"function\""),
};

struct parsing {
    struct mock_reading *r;
    const struct mock_shape *shape;
    struct proa_slice body;
    struct proa_arena *arena;
    struct proa_json_member members[WANTS];
    struct mock_request *out;
    struct mock_error *error;
};

/* ---- refusals -------------------------------------------------------------------------------- */

static bool refuse(struct parsing *p, const char *param, const char *code,
                   struct proa_slice message)
{
    *p->error = (struct mock_error){
        .status = 400,
        .type = proa_mock_error_type(p->r->style, 400),
        .param = param ? proa_arena_dup(p->arena, proa_slice_cstr(param)) : PROA_SLICE_NONE,
        .code = proa_slice_cstr(code),
        .message = message};
    return false;
}

static bool refuse_json(struct parsing *p, enum proa_err err, const struct proa_json_info *info)
{
    if (err == PROA_ERR_TYPE) {
        const char *key = WANTED[info->fault_want].key.ptr;
        return refuse(p, key, "invalid_type",
                      proa_arena_printf(p->arena, "Invalid type for '%s'.", key));
    }
    return refuse(p, NULL, NULL,
                  proa_arena_printf(p->arena,
                                    "We could not parse the JSON body of your request: %s at byte "
                                    "%zu.",
                                    info->fault.reason, info->fault.at));
}

static bool refuse_missing(struct parsing *p, const char *param)
{
    return refuse(p, param, "missing_required_parameter",
                  proa_arena_printf(p->arena, "Missing required parameter: '%s'.", param));
}

/* ---- members --------------------------------------------------------------------------------- */

static bool has(const struct parsing *p, enum want w)
{
    return p->members[w].kind != PROA_JSON_ABSENT && p->members[w].kind != PROA_JSON_NULL;
}

static struct proa_slice raw(const struct parsing *p, enum want w)
{
    return proa_json_member_value(p->body, &p->members[w]);
}

static struct proa_slice text_of(struct parsing *p, struct proa_slice token)
{
    struct proa_slice out = PROA_SLICE_NONE;
    return proa_json_string_view(token, p->arena, &out) == PROA_OK ? out : PROA_SLICE_NONE;
}

static bool read_number(struct parsing *p, enum want w, uint64_t least, uint64_t most,
                        uint64_t *out)
{
    uint64_t n = 0;
    if (!has(p, w)) {
        return true;
    }
    if (proa_json_number_u64(raw(p, w), &n) != PROA_OK || n < least || n > most) {
        const char *key = WANTED[w].key.ptr;
        return refuse(p, key, "invalid_value",
                      proa_arena_printf(p->arena,
                                        "Invalid '%s': expected an integer from %llu to %llu.", key,
                                        (unsigned long long)least, (unsigned long long)most));
    }
    *out = n;
    return true;
}

static bool is_true(struct proa_slice object, struct proa_slice key)
{
    return proa_json_get(object, key, NULL) == PROA_JSON_TRUE;
}

/* ---- chat ------------------------------------------------------------------------------------ */

/* The text parts of a message's content, joined. */
static struct proa_slice content_text(struct parsing *p, struct proa_slice content)
{
    return proa_json_kind_of(content) == PROA_JSON_STRING ? text_of(p, content)
                                                          : proa_mock_joined(p->r, content);
}

/* An image's address is a string in some dialects, an object in most. */
static bool see_image(struct parsing *p, struct proa_slice part)
{
    const struct proa_slice image = proa_mock_member(part, PROA_SLICE("image_url"));
    const struct proa_slice url = proa_mock_is(image, PROA_JSON_STRING)
                                      ? text_of(p, image)
                                      : proa_mock_string(p->r, image, PROA_SLICE("url"));
    if ((p->shape->checks & MOCK_CHECK_DATA_IMAGES) &&
        !proa_slice_starts(url, PROA_SLICE("data:"))) {
        return refuse(p, NULL, NULL, PROA_SLICE("invalid image input"));
    }
    return proa_mock_saw_url(p->r, url) ||
           refuse(p, NULL, "invalid_base64_image", PROA_SLICE("Invalid base64 image_url."));
}

static bool see_media(struct parsing *p, struct proa_slice content)
{
    struct proa_json_cursor c;
    struct proa_json_item part;
    if (!mock_walk(&c, content) || c.is_object) {
        return true;
    }
    while (proa_json_cursor_next(&c, &part)) {
        const struct proa_slice type = proa_mock_string(p->r, part.value, PROA_SLICE("type"));
        if (proa_slice_eq(type, PROA_SLICE("image_url"))) {
            if (!see_image(p, part.value)) {
                return false;
            }
        } else if (proa_slice_eq(type, PROA_SLICE("input_audio"))) {
            const struct proa_slice audio = proa_mock_member(part.value, PROA_SLICE("input_audio"));
            proa_mock_saw_media(p->r, proa_mock_string(p->r, audio, PROA_SLICE("format")));
        } else if (proa_slice_eq(type, PROA_SLICE("file")) ||
                   proa_slice_eq(type, PROA_SLICE("document_url"))) {
            proa_mock_saw_media(p->r, type);
        }
    }
    return true;
}

static bool is_role(struct proa_slice token)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROLES); i++) {
        if (proa_slice_eq(token, ROLES[i])) {
            return true;
        }
    }
    return false;
}

static bool read_messages(struct parsing *p)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice user = PROA_SLICE_NONE;
    struct proa_slice begun = PROA_SLICE_NONE;
    size_t n = 0;
    if (!has(p, WANT_MESSAGES)) {
        return refuse_missing(p, "messages");
    }
    if (!mock_walk(&c, raw(p, WANT_MESSAGES))) {
        return refuse_missing(p, "messages");
    }
    for (; proa_json_cursor_next(&c, &item); n++) {
        struct proa_slice role = PROA_SLICE_NONE;
        struct proa_slice content = PROA_SLICE_NONE;
        (void)proa_json_get(item.value, PROA_SLICE("role"), &role);
        (void)proa_json_get(item.value, PROA_SLICE("content"), &content);
        if (!is_role(role)) {
            const struct proa_slice param = proa_arena_printf(p->arena, "messages[%zu].role", n);
            (void)refuse(p, NULL, "invalid_value",
                         proa_arena_printf(p->arena,
                                           "Invalid value for 'messages[%zu].role': supported are "
                                           "'system', 'assistant', 'user', 'function', 'tool' and "
                                           "'developer'.",
                                           n));
            p->error->param = param;
            return false;
        }
        p->out->after_tool = proa_slice_eq(role, PROA_SLICE("\"tool\""));
        p->out->prompt_tokens += 4 + mock_tokens(content.len);
        if (proa_slice_eq(role, PROA_SLICE("\"user\""))) {
            user = content;
            if (!see_media(p, content)) {
                return false;
            }
        }
        begun = proa_slice_eq(role, PROA_SLICE("\"assistant\"")) ? content : PROA_SLICE_NONE;
    }
    if (n == 0) {
        return refuse(p, "messages", "empty_array",
                      PROA_SLICE("Invalid 'messages': empty array. Expected an array with minimum "
                                 "length 1, but got an empty array instead."));
    }
    p->out->prompt_tokens += 3;
    p->out->text = content_text(p, user);
    p->out->begun = begun.len > 0 ? content_text(p, begun) : PROA_SLICE_NONE;
    return true;
}

/* What is no function is passed over, as it would be called by the service itself. */
static bool list_tools(struct parsing *p)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const bool checked = p->shape->checks & MOCK_CHECK_CALLS;
    if (!has(p, WANT_TOOLS) || !mock_walk(&c, raw(p, WANT_TOOLS))) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice function = proa_mock_member(item.value, PROA_SLICE("function"));
        const struct proa_slice name = proa_mock_string(p->r, function, PROA_SLICE("name"));
        if (checked && !proa_mock_is_name(name, 64)) {
            return refuse(p, "tools[0].function.name", "invalid_value",
                          PROA_SLICE("Invalid 'tools[0].function.name': string does not match "
                                     "pattern. Expected a string that matches the pattern "
                                     "'^[a-zA-Z0-9_-]+$'."));
        }
        if (name.len > 0 &&
            !proa_mock_add_tool(p->r, name, proa_mock_member(function, PROA_SLICE("parameters")))) {
            return refuse(p, "tools", "array_above_max_length",
                          PROA_SLICE("Invalid 'tools': array too long. Expected an array with "
                                     "maximum length 128."));
        }
    }
    return true;
}

static bool read_choice(struct parsing *p)
{
    struct mock_request *out = p->out;
    const struct proa_slice choice = raw(p, WANT_TOOL_CHOICE);
    if (proa_slice_eq(choice, PROA_SLICE("\"none\""))) {
        out->tool_choice = MOCK_TOOLS_NONE;
    } else if (proa_slice_eq(choice, PROA_SLICE("\"required\"")) ||
               ((p->shape->checks & MOCK_TAKES_ANY) &&
                proa_slice_eq(choice, PROA_SLICE("\"any\"")))) {
        out->tool_choice = MOCK_TOOLS_REQUIRED;
    } else if (p->members[WANT_TOOL_CHOICE].kind == PROA_JSON_OBJECT) {
        const struct proa_json_step steps[] = {PROA_JSON_STEP_KEY("function"),
                                               PROA_JSON_STEP_KEY("name")};
        struct proa_slice name;
        if (proa_json_path(choice, steps, 2, &name) != PROA_JSON_STRING) {
            return refuse_missing(p, "tool_choice.function.name");
        }
        out->tool_choice = MOCK_TOOLS_NAMED;
        out->tool_name = text_of(p, name);
    } else if (!proa_slice_eq(choice, PROA_SLICE("\"auto\""))) {
        return refuse(p, "tool_choice", "invalid_value",
                      PROA_SLICE("Invalid value for 'tool_choice': supported are 'none', 'auto' "
                                 "and 'required'."));
    }
    return true;
}

static bool read_tools(struct parsing *p)
{
    const bool any =
        has(p, WANT_TOOLS) && proa_json_at(raw(p, WANT_TOOLS), 0, NULL) != PROA_JSON_ABSENT;
    if (!list_tools(p)) {
        return false;
    }
    if (!has(p, WANT_TOOL_CHOICE) || (p->shape->checks & MOCK_IGNORES_CHOICE)) {
        return true;
    }
    if (!any) {
        return refuse(p, "tool_choice", NULL,
                      PROA_SLICE("Invalid value for 'tool_choice': 'tool_choice' is only allowed "
                                 "when 'tools' are specified."));
    }
    return read_choice(p);
}

static bool read_format(struct parsing *p)
{
    const struct proa_slice format = raw(p, WANT_RESPONSE_FORMAT);
    const struct proa_slice type = proa_mock_string(p->r, format, PROA_SLICE("type"));
    const struct proa_slice schema = proa_mock_member(format, PROA_SLICE("json_schema"));
    if (!has(p, WANT_RESPONSE_FORMAT)) {
        return true;
    }
    p->out->wants_json = proa_slice_eq(type, PROA_SLICE("json_object"));
    if (!proa_slice_eq(type, PROA_SLICE("json_schema"))) {
        return true;
    }
    p->out->schema = proa_mock_member(schema, PROA_SLICE("schema"));
    if (proa_mock_string(p->r, schema, PROA_SLICE("name")).len == 0) {
        return refuse_missing(p, "response_format.json_schema.name");
    }
    return proa_mock_is(p->out->schema, PROA_JSON_OBJECT) ||
           refuse_missing(p, "response_format.json_schema.schema");
}

static bool thinks_unasked(const struct parsing *p)
{
    const struct proa_slice model = p->out->model;
    return proa_mock_any_glob(p->shape->thinkers.names, p->shape->thinkers.n, model);
}

static bool read_generation(struct parsing *p)
{
    struct mock_request *out = p->out;
    uint64_t n = 1;
    out->stream = p->members[WANT_STREAM].kind == PROA_JSON_TRUE;
    if (has(p, WANT_STREAM_OPTIONS)) {
        if (!out->stream) {
            return refuse(p, "stream_options", NULL,
                          PROA_SLICE("The 'stream_options' parameter is only allowed when 'stream' "
                                     "is enabled."));
        }
        out->include_usage = is_true(raw(p, WANT_STREAM_OPTIONS), PROA_SLICE("include_usage"));
        out->obfuscate = is_true(raw(p, WANT_STREAM_OPTIONS), PROA_SLICE("include_obfuscation"));
    }
    if ((p->shape->quirks & MOCK_SHAPE_OBFUSCATES) &&
        proa_json_get(raw(p, WANT_STREAM_OPTIONS), PROA_SLICE("include_obfuscation"), NULL) !=
            PROA_JSON_FALSE) {
        out->obfuscate = true;
    }
    if (has(p, WANT_MAX_TOKENS) && out->endpoint == MOCK_CHAT &&
        (p->shape->checks & MOCK_CHECK_LIMIT_NAME) && thinks_unasked(p)) {
        return refuse(p, "max_tokens", "unsupported_parameter",
                      PROA_SLICE("Unsupported parameter: 'max_tokens' is not supported with this "
                                 "model. Use 'max_completion_tokens' instead."));
    }
    if (!read_number(p, WANT_N, 1, MOCK_MAX_CHOICES, &n) ||
        !read_number(p, WANT_MAX_TOKENS, 1, UINT32_MAX, &out->max_tokens) ||
        !read_number(p, WANT_MAX_COMPLETION_TOKENS, 1, UINT32_MAX, &out->max_tokens)) {
        return false;
    }
    out->n = (uint32_t)n;
    if (out->endpoint == MOCK_CHAT) {
        const bool asked =
            has(p, WANT_REASONING_EFFORT) || has(p, WANT_THINKING) || has(p, WANT_REASONING);
        out->thinks = proa_mock_shape_thinks(p->r, p->shape, asked);
        return read_messages(p) && read_tools(p) && read_format(p) &&
               proa_mock_shape_chat(p->r, p->shape);
    }
    struct proa_slice prompt = raw(p, WANT_PROMPT);
    if (p->members[WANT_PROMPT].kind == PROA_JSON_ARRAY) {
        (void)proa_json_at(prompt, 0, &prompt);
    }
    out->text = text_of(p, prompt);
    out->prompt_tokens = mock_tokens(raw(p, WANT_PROMPT).len);
    return true;
}

/* ---- embeddings, moderations ----------------------------------------------------------------- */

/* A list of numbers is one input of tokens; any other list holds an input in each element. */
static bool is_token_list(struct proa_slice input)
{
    return proa_json_kind_of(input) == PROA_JSON_ARRAY &&
           proa_json_at(input, 0, NULL) == PROA_JSON_NUMBER;
}

static bool read_input(struct parsing *p)
{
    struct mock_request *out = p->out;
    if (!has(p, WANT_INPUT)) {
        return refuse_missing(p, "input");
    }
    out->input = raw(p, WANT_INPUT);
    out->prompt_tokens = mock_tokens(out->input.len);
    out->n_inputs = 1;
    out->input_is_list =
        p->members[WANT_INPUT].kind == PROA_JSON_ARRAY && !is_token_list(out->input);
    if (out->input_is_list) {
        struct proa_json_cursor c;
        struct proa_json_item item;
        out->n_inputs = 0;
        if (proa_json_cursor_init(&c, out->input) == PROA_OK) {
            while (proa_json_cursor_next(&c, &item)) {
                out->n_inputs++;
            }
        }
    }
    if (out->n_inputs == 0 || out->n_inputs > MOCK_MAX_INPUTS) {
        return refuse(p, "input", out->n_inputs == 0 ? "empty_array" : "array_above_max_length",
                      PROA_SLICE("Invalid 'input': expected from 1 to 2048 inputs."));
    }
    if (out->endpoint == MOCK_MODERATIONS) {
        return true;
    }
    uint64_t dimensions = 0;
    if (!read_number(p, WANT_DIMENSIONS, 1, MOCK_MAX_DIMENSIONS, &dimensions) ||
        !read_number(p, WANT_OUTPUT_DIMENSION, 1, MOCK_MAX_DIMENSIONS, &dimensions)) {
        return false;
    }
    out->dimensions = (uint32_t)dimensions;
    const struct proa_slice format = raw(p, WANT_ENCODING_FORMAT);
    out->base64 = proa_slice_eq(format, PROA_SLICE("\"base64\""));
    if (has(p, WANT_ENCODING_FORMAT) && !out->base64 &&
        !proa_slice_eq(format, PROA_SLICE("\"float\""))) {
        return refuse(p, "encoding_format", "invalid_value",
                      PROA_SLICE("Invalid value for 'encoding_format': supported are 'float' and "
                                 "'base64'."));
    }
    return true;
}

struct proa_slice proa_mock_input_text(struct proa_slice input, struct proa_arena *arena)
{
    struct proa_slice text;
    return proa_json_string_view(input, arena, &text) == PROA_OK ? text : input;
}

/* ---- all ------------------------------------------------------------------------------------- */

/* Where the path names a deployment, that is the model. */
static bool read_model(struct parsing *p)
{
    struct mock_request *out = p->out;
    if (p->r->path->id.len > 0) {
        out->model = p->r->path->id;
        return true;
    }
    if (!has(p, WANT_MODEL)) {
        if (out->endpoint == MOCK_MODERATIONS) {
            out->model = PROA_SLICE("omni-moderation-latest");
            return true;
        }
        return refuse(p, NULL, NULL, PROA_SLICE("you must provide a model parameter"));
    }
    out->model = text_of(p, raw(p, WANT_MODEL));
    if (out->model.len == 0) {
        return refuse(p, NULL, NULL, PROA_SLICE("you must provide a model parameter"));
    }
    return true;
}

bool proa_mock_openai_read(struct mock_reading *r)
{
    struct parsing p = {.r = r,
                        .shape = proa_mock_shape(r->path),
                        .body = r->body,
                        .arena = r->arena,
                        .out = r->out,
                        .error = r->error};
    const enum mock_endpoint endpoint = r->out->endpoint;
    if (endpoint == MOCK_MODELS || endpoint == MOCK_MODEL) {
        r->out->model = r->path->id;
        return true;
    }
    const struct proa_json_scan_cfg cfg = {.wants = WANTED, .n_wants = WANTS};
    struct proa_json_info info;
    enum proa_err err = proa_json_scan(r->body, &cfg, p.members, &info);
    if (err) {
        return refuse_json(&p, err, &info);
    }
    if (info.kind != PROA_JSON_OBJECT) {
        return refuse(&p, NULL, NULL, PROA_SLICE("The body of the request must be an object."));
    }
    if (!read_model(&p) || !proa_mock_shape_members(r, p.shape)) {
        return false;
    }
    return endpoint == MOCK_CHAT || endpoint == MOCK_COMPLETIONS ? read_generation(&p)
                                                                 : read_input(&p);
}
