#include "shapes_priv.h"

#define NAMES(table)                                                                               \
    {                                                                                              \
        (table), PROA_ARRAY_LEN(table)                                                             \
    }
#define CHECKED (MOCK_CHECK_CALLS | MOCK_CHECK_MODEL)

static const struct proa_slice OPENAI_THINKERS[] = {
    PROA_SLICE_INIT("o1*"), PROA_SLICE_INIT("o3*"), PROA_SLICE_INIT("o4*"),
    PROA_SLICE_INIT("gpt-5*"), PROA_SLICE_INIT("gpt-6*")};
static const struct proa_slice XAI_THINKERS[] = {PROA_SLICE_INIT("grok-4*"),
                                                 PROA_SLICE_INIT("grok-3-mini*")};
static const struct proa_slice MISTRAL_THINKERS[] = {PROA_SLICE_INIT("magistral*")};
static const struct proa_slice DEEPSEEK_THINKERS[] = {PROA_SLICE_INIT("deepseek-v4*"),
                                                      PROA_SLICE_INIT("deepseek-reasoner*")};
static const struct proa_slice GROQ_THINKERS[] = {PROA_SLICE_INIT("openai/gpt-oss*"),
                                                  PROA_SLICE_INIT("qwen*")};
static const struct proa_slice GROQ_SCHEMAS[] = {PROA_SLICE_INIT("openai/gpt-oss*"),
                                                 PROA_SLICE_INIT("meta-llama/llama-4*"),
                                                 PROA_SLICE_INIT("moonshotai/kimi-k2*")};

static const struct proa_slice MISTRAL_KNOWN[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("top_p"),
    PROA_SLICE_INIT("stop"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("random_seed"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("presence_penalty"),
    PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("frequency_penalty"),
    PROA_SLICE_INIT("prediction"),
    PROA_SLICE_INIT("parallel_tool_calls"),
    PROA_SLICE_INIT("prompt_mode"),
    PROA_SLICE_INIT("reasoning_effort"),
    PROA_SLICE_INIT("safe_prompt"),
    PROA_SLICE_INIT("metadata"),
    PROA_SLICE_INIT("input"),
    PROA_SLICE_INIT("encoding_format"),
    PROA_SLICE_INIT("output_dtype"),
    PROA_SLICE_INIT("output_dimension"),
    PROA_SLICE_INIT("prompt"),
};
static const struct proa_slice GEMINI_KNOWN[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("max_completion_tokens"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("top_p"),
    PROA_SLICE_INIT("stop"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("stream_options"),
    PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("parallel_tool_calls"),
    PROA_SLICE_INIT("reasoning_effort"),
    PROA_SLICE_INIT("frequency_penalty"),
    PROA_SLICE_INIT("presence_penalty"),
    PROA_SLICE_INIT("extra_body"),
    PROA_SLICE_INIT("user"),
    PROA_SLICE_INIT("input"),
    PROA_SLICE_INIT("dimensions"),
    PROA_SLICE_INIT("encoding_format"),
    PROA_SLICE_INIT("prompt"),
};
static const struct proa_slice GROQ_REFUSED[] = {
    PROA_SLICE_INIT("logprobs"), PROA_SLICE_INIT("logit_bias"), PROA_SLICE_INIT("top_logprobs")};
static const struct proa_slice XAI_REFUSED[] = {
    PROA_SLICE_INIT("logit_bias"), PROA_SLICE_INIT("top_k"), PROA_SLICE_INIT("metadata")};
static const struct proa_slice COHERE_REFUSED[] = {
    PROA_SLICE_INIT("store"),
    PROA_SLICE_INIT("metadata"),
    PROA_SLICE_INIT("logit_bias"),
    PROA_SLICE_INIT("top_logprobs"),
    PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("modalities"),
    PROA_SLICE_INIT("prediction"),
    PROA_SLICE_INIT("audio"),
    PROA_SLICE_INIT("service_tier"),
    PROA_SLICE_INIT("parallel_tool_calls"),
};

#define UNSUPPORTED "property '@' is unsupported"

static const struct mock_shape SHAPES[MOCK_PROFILES] = {
    [MOCK_PLAIN] = {.checks = MOCK_CHECK_LIMIT_NAME, .thinkers = NAMES(OPENAI_THINKERS)},
    [MOCK_OPENAI] = {.checks = CHECKED | MOCK_CHECK_JSON_WORD | MOCK_CHECK_REASONING |
                               MOCK_CHECK_LIMIT_NAME,
                     .quirks = MOCK_SHAPE_OBFUSCATES,
                     .thinkers = NAMES(OPENAI_THINKERS)},
    [MOCK_AZURE] = {.checks = CHECKED | MOCK_CHECK_JSON_WORD | MOCK_CHECK_REASONING |
                              MOCK_CHECK_LIMIT_NAME,
                    .quirks = MOCK_SHAPE_FILTERS,
                    .thinkers = NAMES(OPENAI_THINKERS)},
    [MOCK_XAI] = {.checks = CHECKED,
                  .quirks = MOCK_SHAPE_WHOLE_CALLS | MOCK_SHAPE_SPARE | MOCK_SHAPE_APART,
                  .thought = PROA_SLICE_INIT("reasoning_content"),
                  .thinkers = NAMES(XAI_THINKERS),
                  .refused = NAMES(XAI_REFUSED),
                  .refusal = 400,
                  .refusal_text = "Argument @ is not supported on this model"},
    [MOCK_MISTRAL] = {.checks = CHECKED | MOCK_CHECK_SHORT_IDS | MOCK_CHECK_PREFIX |
                                MOCK_CHECK_TOOLS | MOCK_TAKES_ANY,
                      .quirks = MOCK_SHAPE_WHOLE_CALLS | MOCK_SHAPE_NO_CALL_INDEX |
                                MOCK_SHAPE_SHORT_IDS | MOCK_SHAPE_ALL_IN_LAST |
                                MOCK_SHAPE_USAGE_LAST | MOCK_SHAPE_THOUGHT_PARTS,
                      .thought = PROA_SLICE_INIT("content"),
                      .thinkers = NAMES(MISTRAL_THINKERS),
                      .known = NAMES(MISTRAL_KNOWN),
                      .refusal = 422,
                      .refusal_code = PROA_SLICE_INIT("extra_forbidden"),
                      .refusal_text = "Extra inputs are not permitted"},
    [MOCK_GEMINI] = {.checks = CHECKED,
                     .quirks = MOCK_SHAPE_WHOLE_CALLS,
                     .known = NAMES(GEMINI_KNOWN),
                     .refusal = 400,
                     .refusal_text = "Invalid JSON payload received. Unknown name \"@\": Cannot "
                                     "find field."},
    [MOCK_VERTEX] = {.checks = CHECKED,
                     .quirks = MOCK_SHAPE_WHOLE_CALLS,
                     .known = NAMES(GEMINI_KNOWN),
                     .refusal = 400,
                     .refusal_text = "Invalid JSON payload received. Unknown name \"@\": Cannot "
                                     "find field."},
    [MOCK_BEDROCK] = {.checks = CHECKED, .thought = PROA_SLICE_INIT("reasoning")},
    [MOCK_COHERE] = {.checks = CHECKED,
                     .quirks = MOCK_SHAPE_WHOLE_CALLS,
                     .refused = NAMES(COHERE_REFUSED),
                     .refusal = 400,
                     .refusal_text = "invalid request: parameter '@' is not supported"},
    [MOCK_DEEPSEEK] = {.checks = CHECKED | MOCK_CHECK_JSON_WORD | MOCK_CHECK_NO_SCHEMA |
                                 MOCK_CHECK_THOUGHTS,
                       .quirks = MOCK_SHAPE_USAGE_LAST | MOCK_SHAPE_CACHE_HIT,
                       .thought = PROA_SLICE_INIT("reasoning_content"),
                       .thinkers = NAMES(DEEPSEEK_THINKERS)},
    [MOCK_GROQ] = {.checks = CHECKED | MOCK_CHECK_JSON_WORD | MOCK_CHECK_SOME_SCHEMA |
                             MOCK_CHECK_ONE_CHOICE | MOCK_CHECK_NO_NAMES,
                   .quirks = MOCK_SHAPE_WHOLE_CALLS | MOCK_SHAPE_GROQ,
                   .thought = PROA_SLICE_INIT("reasoning"),
                   .thinkers = NAMES(GROQ_THINKERS),
                   .refused = NAMES(GROQ_REFUSED),
                   .refusal = 400,
                   .refusal_text = UNSUPPORTED},
    [MOCK_VLLM] = {.checks = MOCK_CHECK_MODEL, .thought = PROA_SLICE_INIT("reasoning_content")},
    [MOCK_OLLAMA] = {.checks = MOCK_CHECK_MODEL | MOCK_CHECK_DATA_IMAGES | MOCK_IGNORES_CHOICE,
                     .quirks = MOCK_SHAPE_ROLES | MOCK_SHAPE_WHOLE_CALLS,
                     .thought = PROA_SLICE_INIT("reasoning")},
    [MOCK_LLAMACPP] = {.quirks = MOCK_SHAPE_TIMINGS,
                       .thought = PROA_SLICE_INIT("reasoning_content")},
    [MOCK_OPENROUTER] = {.checks = MOCK_CHECK_MODEL,
                         .quirks = MOCK_SHAPE_COMMENT | MOCK_SHAPE_ROLES,
                         .thought = PROA_SLICE_INIT("reasoning")},
    [MOCK_TOGETHER] = {.checks = MOCK_CHECK_MODEL,
                       .quirks = MOCK_SHAPE_EOS,
                       .thought = PROA_SLICE_INIT("reasoning")},
    [MOCK_FIREWORKS] = {.checks = MOCK_CHECK_MODEL,
                        .thought = PROA_SLICE_INIT("reasoning_content")},
    [MOCK_PERPLEXITY] = {.checks = MOCK_CHECK_MODEL},
    [MOCK_CEREBRAS] = {.checks = MOCK_CHECK_MODEL, .thought = PROA_SLICE_INIT("reasoning")},
};

const struct mock_shape *proa_mock_shape(const struct mock_path *path)
{
    return &SHAPES[path->profile];
}

/* ---- members --------------------------------------------------------------------------------- */

/* The name stands where the row's text has an `@`. */
static bool refuse_member(struct mock_reading *r, const struct mock_shape *shape,
                          struct proa_slice name)
{
    struct proa_slice behind;
    const struct proa_slice before =
        proa_slice_split(proa_slice_cstr(shape->refusal_text), '@', &behind);
    (void)proa_mock_refuse(
        r, shape->refusal, "%" PROA_SLICE_FMT "%" PROA_SLICE_FMT "%" PROA_SLICE_FMT,
        PROA_SLICE_ARG(before), PROA_SLICE_ARG(behind.len > 0 ? name : PROA_SLICE_NONE),
        PROA_SLICE_ARG(behind));
    r->error->param = name;
    r->error->code = shape->refusal_code;
    return false;
}

bool proa_mock_shape_members(struct mock_reading *r, const struct mock_shape *shape)
{
    for (size_t i = 0; i < shape->refused.n; i++) {
        if (proa_mock_member(r->body, shape->refused.names[i]).len > 0) {
            return refuse_member(r, shape, shape->refused.names[i]);
        }
    }
    if (shape->known.n > 0) {
        const struct proa_slice name =
            proa_mock_stranger(r, r->body, shape->known.names, shape->known.n);
        return name.len == 0 || refuse_member(r, shape, name);
    }
    return true;
}

/* ---- messages -------------------------------------------------------------------------------- */

static bool refuse(struct mock_reading *r, struct proa_slice code, struct proa_slice param,
                   const char *text)
{
    (void)proa_mock_refuse(r, 400, "%s", text);
    r->error->code = code;
    r->error->param = param;
    return false;
}

static bool is_short_id(struct proa_slice id)
{
    return id.len == 9 && proa_mock_is_name(id, 9) && proa_slice_find(id, '_') == id.len &&
           proa_slice_find(id, '-') == id.len;
}

static bool check_id(struct mock_reading *r, const struct mock_shape *shape, struct proa_slice id)
{
    if (!(shape->checks & MOCK_CHECK_SHORT_IDS) || is_short_id(id)) {
        return true;
    }
    (void)proa_mock_refuse(r, 400,
                           "Tool call id was %" PROA_SLICE_FMT
                           " but must be a-z, A-Z, 0-9, with a length of 9.",
                           PROA_SLICE_ARG(id));
    r->error->code = PROA_SLICE("3280");
    r->error->type = PROA_SLICE("invalid_function_call");
    return false;
}

static bool open_calls(struct mock_reading *r, const struct mock_shape *shape,
                       struct proa_slice calls, struct mock_open_calls *open)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!mock_walk(&c, calls)) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice function = proa_mock_member(item.value, PROA_SLICE("function"));
        const struct proa_slice id = proa_mock_string(r, item.value, PROA_SLICE("id"));
        if (id.len == 0 ||
            !proa_mock_is(proa_mock_member(function, PROA_SLICE("arguments")), PROA_JSON_STRING)) {
            return refuse(r, PROA_SLICE("missing_required_parameter"), PROA_SLICE("messages"),
                          "Missing required parameter: 'messages[].tool_calls[].id' or "
                          "'.function.arguments'.");
        }
        if (!check_id(r, shape, id)) {
            return false;
        }
        proa_mock_call_open(open, id, proa_mock_string(r, function, PROA_SLICE("name")));
    }
    return true;
}

/* DeepSeek's newer models want the thoughts behind a call back, the older ones refuse all. */
static bool check_thoughts(struct mock_reading *r, struct proa_slice message)
{
    const struct proa_slice calls = proa_mock_member(message, PROA_SLICE("tool_calls"));
    const struct proa_slice thoughts = proa_mock_member(message, PROA_SLICE("reasoning_content"));
    if (proa_slice_starts(r->out->model, PROA_SLICE("deepseek-reasoner"))) {
        return thoughts.len == 0 ||
               refuse(r, PROA_SLICE("invalid_request_error"), PROA_SLICE_NONE,
                      "The reasoning_content is an intermediate result for display purposes only "
                      "and will not be included in the context for inference. Please remove the "
                      "reasoning_content from your message.");
    }
    return !r->out->thinks || proa_mock_count(calls) == 0 || thoughts.len > 0 ||
           refuse(r, PROA_SLICE("invalid_request_error"), PROA_SLICE_NONE,
                  "Missing `reasoning_content` field in the assistant message that has tool "
                  "calls.");
}

static bool check_message(struct mock_reading *r, const struct mock_shape *shape,
                          struct proa_slice message, struct mock_open_calls *open)
{
    const struct proa_slice role = proa_mock_string(r, message, PROA_SLICE("role"));
    if ((shape->checks & MOCK_CHECK_NO_NAMES) &&
        proa_mock_member(message, PROA_SLICE("name")).len > 0) {
        return refuse(r, PROA_SLICE_NONE, PROA_SLICE_NONE,
                      "'messages' : property 'name' is unsupported");
    }
    if ((shape->checks & MOCK_CHECK_THOUGHTS) && !check_thoughts(r, message)) {
        return false;
    }
    if (!(shape->checks & MOCK_CHECK_CALLS)) {
        return true;
    }
    if (proa_slice_eq(role, PROA_SLICE("tool"))) {
        const struct proa_slice id = proa_mock_string(r, message, PROA_SLICE("tool_call_id"));
        return check_id(r, shape, id) &&
               (proa_mock_call_close(open, id) ||
                refuse(r, PROA_SLICE_NONE, PROA_SLICE("messages"),
                       "Invalid parameter: messages with role 'tool' must be a response to a "
                       "preceeding message with 'tool_calls'."));
    }
    if (open->n > 0) {
        return refuse(r, PROA_SLICE_NONE, PROA_SLICE("messages"),
                      "An assistant message with 'tool_calls' must be followed by tool messages "
                      "responding to each 'tool_call_id'.");
    }
    return open_calls(r, shape, proa_mock_member(message, PROA_SLICE("tool_calls")), open);
}

static bool check_messages(struct mock_reading *r, const struct mock_shape *shape)
{
    struct mock_open_calls open = {.n = 0};
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice last = PROA_SLICE_NONE;
    if (!mock_walk(&c, proa_mock_member(r->body, PROA_SLICE("messages")))) {
        return true;
    }
    while (proa_json_cursor_next(&c, &item)) {
        last = item.value;
        if (!check_message(r, shape, item.value, &open)) {
            return false;
        }
    }
    if (open.n > 0) {
        return refuse(r, PROA_SLICE_NONE, PROA_SLICE("messages"),
                      "An assistant message with 'tool_calls' must be followed by tool messages "
                      "responding to each 'tool_call_id'.");
    }
    const bool begun =
        proa_slice_eq(proa_mock_string(r, last, PROA_SLICE("role")), PROA_SLICE("assistant"));
    return !(shape->checks & MOCK_CHECK_PREFIX) || !begun ||
           proa_json_get(last, PROA_SLICE("prefix"), NULL) == PROA_JSON_TRUE ||
           refuse(r, PROA_SLICE("3230"), PROA_SLICE_NONE,
                  "Expected last role User or Tool (or Assistant with prefix True) for serving but "
                  "got assistant");
}

/* ---- the rest -------------------------------------------------------------------------------- */

static struct proa_slice plain_model(const struct mock_request *req)
{
    return proa_slice_head(req->model, proa_slice_find(req->model, '+'));
}

static bool is_thinker(const struct mock_reading *r, const struct mock_shape *shape)
{
    return proa_mock_any_glob(shape->thinkers.names, shape->thinkers.n, plain_model(r->out));
}

bool proa_mock_shape_thinks(struct mock_reading *r, const struct mock_shape *shape, bool asked)
{
    if (!asked) {
        return r->path->profile != MOCK_PLAIN && is_thinker(r, shape);
    }
    const struct proa_slice effort = proa_mock_string(r, r->body, PROA_SLICE("reasoning_effort"));
    const struct proa_slice mode =
        proa_mock_string(r, proa_mock_member(r->body, PROA_SLICE("thinking")), PROA_SLICE("type"));
    return !proa_slice_eq(effort, PROA_SLICE("none")) &&
           !proa_slice_eq(mode, PROA_SLICE("disabled"));
}

static bool refuse_value(struct mock_reading *r, struct proa_slice name)
{
    (void)proa_mock_refuse(
        r, 400, "Unsupported parameter: '%" PROA_SLICE_FMT "' is not supported with this model.",
        PROA_SLICE_ARG(name));
    r->error->code = PROA_SLICE("unsupported_parameter");
    r->error->param = name;
    return false;
}

static bool check_reasoning(struct mock_reading *r, const struct mock_shape *shape)
{
    static const struct proa_slice names[] = {
        PROA_SLICE_INIT("temperature"),       PROA_SLICE_INIT("top_p"),
        PROA_SLICE_INIT("frequency_penalty"), PROA_SLICE_INIT("presence_penalty"),
        PROA_SLICE_INIT("logprobs"),          PROA_SLICE_INIT("logit_bias"),
        PROA_SLICE_INIT("top_logprobs")};
    const struct proa_slice effort = proa_mock_string(r, r->body, PROA_SLICE("reasoning_effort"));
    if (!is_thinker(r, shape)) {
        return effort.len == 0 || refuse_value(r, PROA_SLICE("reasoning_effort"));
    }
    if (proa_slice_eq(effort, PROA_SLICE("none"))) {
        return true; /* then it samples like any other */
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        const struct proa_slice value = proa_mock_member(r->body, names[i]);
        int64_t milli = 0;
        const bool usual = i < 2 && proa_mock_milli(value, &milli) && milli == 1000;
        if (value.len > 0 && !usual) {
            return refuse_value(r, names[i]);
        }
    }
    return true;
}

static bool check_format(struct mock_reading *r, const struct mock_shape *shape)
{
    const struct proa_slice format = proa_mock_member(r->body, PROA_SLICE("response_format"));
    const struct proa_slice type = proa_mock_string(r, format, PROA_SLICE("type"));
    const struct proa_slice messages = proa_mock_member(r->body, PROA_SLICE("messages"));
    if (proa_slice_eq(type, PROA_SLICE("json_object"))) {
        return !(shape->checks & MOCK_CHECK_JSON_WORD) ||
               proa_slice_search_nocase(messages, PROA_SLICE("json")) < messages.len ||
               refuse(r, PROA_SLICE_NONE, PROA_SLICE("messages"),
                      "'messages' must contain the word 'json' in some form, to use "
                      "'response_format' of type 'json_object'.");
    }
    if (!proa_slice_eq(type, PROA_SLICE("json_schema"))) {
        return true;
    }
    const bool able =
        !(shape->checks & MOCK_CHECK_SOME_SCHEMA) ||
        proa_mock_any_glob(GROQ_SCHEMAS, PROA_ARRAY_LEN(GROQ_SCHEMAS), plain_model(r->out));
    return (able && !(shape->checks & MOCK_CHECK_NO_SCHEMA)) ||
           refuse(r, PROA_SLICE("invalid_request_error"), PROA_SLICE("response_format"),
                  "This response_format type is unavailable now: this model does not support "
                  "response format `json_schema`.");
}

/* Models of xAI that think take neither. */
static bool check_xai(struct mock_reading *r, const struct mock_shape *shape)
{
    static const struct proa_slice names[] = {PROA_SLICE_INIT("stop"),
                                              PROA_SLICE_INIT("presence_penalty"),
                                              PROA_SLICE_INIT("frequency_penalty")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names) && r->path->profile == MOCK_XAI; i++) {
        if (proa_mock_member(r->body, names[i]).len > 0 && is_thinker(r, shape)) {
            return refuse_member(r, shape, names[i]);
        }
    }
    return true;
}

bool proa_mock_shape_chat(struct mock_reading *r, const struct mock_shape *shape)
{
    if (r->path->profile == MOCK_PLAIN) {
        return true; /* measured against: nothing is walked over once more */
    }
    const struct proa_slice tools = proa_mock_member(r->body, PROA_SLICE("tools"));
    if ((shape->checks & MOCK_CHECK_ONE_CHOICE) && r->out->n != 1) {
        return refuse(r, PROA_SLICE_NONE, PROA_SLICE_NONE, "'n' : number must be at most 1");
    }
    if ((shape->checks & MOCK_CHECK_TOOLS) && tools.len > 0 && proa_mock_count(tools) == 0) {
        (void)proa_mock_refuse(r, 422, "List should have at least 1 item after validation, not 0");
        r->error->param = PROA_SLICE("tools");
        r->error->code = PROA_SLICE("too_short");
        return false;
    }
    return check_messages(r, shape) &&
           (!(shape->checks & MOCK_CHECK_REASONING) || check_reasoning(r, shape)) &&
           check_format(r, shape) && check_xai(r, shape);
}
