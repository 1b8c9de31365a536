/*
 * Answers to chats. A stream's events name their type in the data; tool calls are told apart by
 * their index. The plan that precedes tool calls is reasoning.
 *
 *   message-start, tool-plan-delta ..., content-start, -delta ..., -end, tool-call-start, -delta
 *   ..., -end, citation-start, -end, and message-end, behind which nothing comes
 */
#include "cohere_priv.h"

#include "proa/core/check.h"

/* ---- small pieces ---------------------------------------------------------------------------- */

/* The string at the path, as JSON text; empty for anything else. */
static struct proa_slice string_at(struct proa_slice object, const struct proa_json_step *path,
                                   size_t n)
{
    struct proa_slice value = PROA_SLICE_NONE;
    return proa_json_path(object, path, n, &value) == PROA_JSON_STRING
               ? proa_slice_make(value.ptr + 1, value.len - 2)
               : PROA_SLICE_NONE;
}

static struct proa_slice string_of(struct proa_slice object, struct proa_slice key)
{
    const struct proa_json_step path[] = {{key, 0}};
    return string_at(object, path, 1);
}

static bool u64_at(struct proa_slice object, const struct proa_json_step *path, size_t n,
                   uint64_t *out)
{
    struct proa_slice value = PROA_SLICE_NONE;
    return proa_json_path(object, path, n, &value) == PROA_JSON_NUMBER &&
           proa_json_number_u64(value, out) == PROA_OK;
}

static void fail(struct proa_decoder *d, struct proa_slice object)
{
    struct proa_failure failure;
    proa_cohere_classify_inband(d->head, object, &failure);
    proa_decode_fail(d, &failure);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* What was billed stands in where the tokens are not told. */
static const struct {
    enum proa_usage_field field;
    struct proa_json_step path[2];
    struct proa_json_step otherwise[2];
} COUNTS[] = {
    {PROA_USAGE_INPUT,
     {PROA_JSON_STEP_KEY("tokens"), PROA_JSON_STEP_KEY("input_tokens")},
     {PROA_JSON_STEP_KEY("billed_units"), PROA_JSON_STEP_KEY("input_tokens")}},
    {PROA_USAGE_OUTPUT,
     {PROA_JSON_STEP_KEY("tokens"), PROA_JSON_STEP_KEY("output_tokens")},
     {PROA_JSON_STEP_KEY("billed_units"), PROA_JSON_STEP_KEY("output_tokens")}},
};

static void take_usage(struct proa_decoder *d, struct proa_slice usage)
{
    static const struct proa_json_step cached[] = {PROA_JSON_STEP_KEY("cached_tokens")};
    uint64_t n = 0;
    proa_decode_raw_usage(d, usage);
    for (size_t i = 0; i < PROA_ARRAY_LEN(COUNTS); i++) {
        if (u64_at(usage, COUNTS[i].path, 2, &n) || u64_at(usage, COUNTS[i].otherwise, 2, &n)) {
            proa_decode_usage(d, COUNTS[i].field, n);
        }
    }
    if (u64_at(usage, cached, 1, &n)) {
        proa_decode_usage(d, PROA_USAGE_CACHE_READ, n);
    }
}

static const struct {
    struct proa_slice reason;
    enum proa_chat_finish finish;
    bool fails; /* no end but a failure */
} REASONS[] = {
    {PROA_SLICE_INIT("COMPLETE"), PROA_CHAT_FINISH_STOP, false},
    {PROA_SLICE_INIT("STOP_SEQUENCE"), PROA_CHAT_FINISH_STOP, false},
    {PROA_SLICE_INIT("MAX_TOKENS"), PROA_CHAT_FINISH_LENGTH, false},
    {PROA_SLICE_INIT("TOOL_CALL"), PROA_CHAT_FINISH_TOOLS, false},
    {PROA_SLICE_INIT("ERROR_TOXIC"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("ERROR"), PROA_CHAT_FINISH_OTHER, true},
    {PROA_SLICE_INIT("TIMEOUT"), PROA_CHAT_FINISH_OTHER, true},
};

/* `message`: what is said of a failure. False when it was one. */
static bool take_reason(struct proa_decoder *d, struct proa_slice reason, struct proa_slice message)
{
    enum proa_chat_finish finish = PROA_CHAT_FINISH_OTHER;
    for (size_t i = 0; i < PROA_ARRAY_LEN(REASONS); i++) {
        if (!proa_slice_eq_nocase(reason, REASONS[i].reason)) {
            continue;
        }
        if (REASONS[i].fails) {
            proa_decode_fail(d, &(const struct proa_failure){.class = PROA_CLASS_SERVER,
                                                             .message = message,
                                                             .code = reason});
            return false;
        }
        finish = REASONS[i].finish;
    }
    if (reason.len > 0) {
        proa_decode_finish(d, 0, finish, reason);
    }
    return true;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* {"text":...} or {"thinking":...} */
static void tell_content(struct proa_decoder *d, struct proa_slice part)
{
    proa_decode_text(d, PROA_CHAT_REASONING, 0, string_of(part, PROA_SLICE("thinking")));
    proa_decode_text(d, PROA_CHAT_TEXT, 0, string_of(part, PROA_SLICE("text")));
}

static const struct proa_json_step FUNCTION_NAME[] = {PROA_JSON_STEP_KEY("function"),
                                                      PROA_JSON_STEP_KEY("name")};
static const struct proa_json_step FUNCTION_ARGUMENTS[] = {PROA_JSON_STEP_KEY("function"),
                                                           PROA_JSON_STEP_KEY("arguments")};

/* Arguments are a string, or null when there are none. */
static void tell_call(struct proa_decoder *d, uint32_t key, struct proa_slice call)
{
    proa_decode_tool(d, 0, key, string_of(call, PROA_SLICE("id")),
                     string_at(call, FUNCTION_NAME, 2), PROA_SLICE_NONE);
    proa_decode_tool_piece(d, 0, key, string_at(call, FUNCTION_ARGUMENTS, 2));
}

/* Its sources name no addresses, only documents and tools. */
static void tell_citation(struct proa_decoder *d, struct proa_slice citation)
{
    proa_decode_other(d,
                      &(const struct proa_chat_event){.kind = PROA_CHAT_CITATION, .raw = citation});
}

/* ---- streams --------------------------------------------------------------------------------- */

#define MESSAGE_STEPS PROA_JSON_STEP_KEY("delta"), PROA_JSON_STEP_KEY("message")

static uint32_t index_of(struct proa_slice data)
{
    static const struct proa_json_step path[] = {PROA_JSON_STEP_KEY("index")};
    uint64_t n = 0;
    return u64_at(data, path, 1, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static bool on_message_start(struct proa_decoder *d, struct proa_slice data)
{
    proa_decode_start(d, string_of(data, PROA_SLICE("id")), PROA_SLICE_NONE, 0);
    return true;
}

static bool on_plan(struct proa_decoder *d, struct proa_slice data)
{
    static const struct proa_json_step path[] = {MESSAGE_STEPS, PROA_JSON_STEP_KEY("tool_plan")};
    proa_decode_text(d, PROA_CHAT_REASONING, 0, string_at(data, path, PROA_ARRAY_LEN(path)));
    return true;
}

static bool on_content(struct proa_decoder *d, struct proa_slice data)
{
    static const struct proa_json_step path[] = {MESSAGE_STEPS, PROA_JSON_STEP_KEY("content")};
    struct proa_slice content = PROA_SLICE_NONE;
    if (proa_json_path(data, path, PROA_ARRAY_LEN(path), &content) != PROA_JSON_OBJECT) {
        return false;
    }
    tell_content(d, content);
    return true;
}

static const struct proa_json_step CALLS[] = {MESSAGE_STEPS, PROA_JSON_STEP_KEY("tool_calls")};

static bool on_call_start(struct proa_decoder *d, struct proa_slice data)
{
    struct proa_slice call = PROA_SLICE_NONE;
    if (proa_json_path(data, CALLS, PROA_ARRAY_LEN(CALLS), &call) != PROA_JSON_OBJECT) {
        return false;
    }
    tell_call(d, index_of(data), call);
    return true;
}

static bool on_call_delta(struct proa_decoder *d, struct proa_slice data)
{
    struct proa_slice call = PROA_SLICE_NONE;
    if (proa_json_path(data, CALLS, PROA_ARRAY_LEN(CALLS), &call) != PROA_JSON_OBJECT) {
        return false;
    }
    proa_decode_tool_piece(d, 0, index_of(data), string_at(call, FUNCTION_ARGUMENTS, 2));
    return true;
}

static bool on_call_end(struct proa_decoder *d, struct proa_slice data)
{
    proa_decode_tool_end(d, 0, index_of(data));
    return true;
}

static bool on_citation(struct proa_decoder *d, struct proa_slice data)
{
    static const struct proa_json_step path[] = {MESSAGE_STEPS, PROA_JSON_STEP_KEY("citations")};
    struct proa_slice citation = PROA_SLICE_NONE;
    if (proa_json_path(data, path, PROA_ARRAY_LEN(path), &citation) != PROA_JSON_OBJECT) {
        return false;
    }
    tell_citation(d, citation);
    return true;
}

static bool on_message_end(struct proa_decoder *d, struct proa_slice data)
{
    struct proa_slice delta = PROA_SLICE_NONE;
    struct proa_slice usage = PROA_SLICE_NONE;
    if (proa_json_get(data, PROA_SLICE("delta"), &delta) != PROA_JSON_OBJECT) {
        return false;
    }
    if (proa_json_get(delta, PROA_SLICE("usage"), &usage) == PROA_JSON_OBJECT) {
        take_usage(d, usage);
    }
    const struct proa_slice error = string_of(delta, PROA_SLICE("error"));
    if (error.len > 0) {
        fail(d, delta);
    } else if (take_reason(d, string_of(delta, PROA_SLICE("finish_reason")), error)) {
        if (d->chosen != 0) {
            proa_decode_finish(d, 0, PROA_CHAT_FINISH_OTHER, PROA_SLICE_NONE); /* none was told */
        }
        proa_decode_done(d);
    }
    return true;
}

static const struct {
    struct proa_slice type;
    bool (*take)(struct proa_decoder *d, struct proa_slice data);
} EVENTS[] = {
    {PROA_SLICE_INIT("content-delta"), on_content},
    {PROA_SLICE_INIT("content-start"), on_content},
    {PROA_SLICE_INIT("tool-call-delta"), on_call_delta},
    {PROA_SLICE_INIT("tool-call-start"), on_call_start},
    {PROA_SLICE_INIT("tool-call-end"), on_call_end},
    {PROA_SLICE_INIT("tool-plan-delta"), on_plan},
    {PROA_SLICE_INIT("citation-start"), on_citation},
    {PROA_SLICE_INIT("message-start"), on_message_start},
    {PROA_SLICE_INIT("message-end"), on_message_end},
};

/* All of the text must be JSON, before any of it is believed. */
static bool is_object(struct proa_slice text)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, text) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
    }
    return c.err == PROA_OK;
}

static bool read_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    struct proa_slice type = PROA_SLICE_NONE;
    if (!is_object(data)) {
        return false;
    }
    const enum proa_json_kind kind = proa_json_get(data, PROA_SLICE("type"), &type);
    if (kind != PROA_JSON_STRING) {
        /* Not an event but what a failed request is answered with. */
        if (proa_slice_eq(name, PROA_SLICE("error")) ||
            proa_json_get(data, PROA_SLICE("message"), NULL) == PROA_JSON_STRING) {
            fail(d, data);
            return true;
        }
        return false;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(EVENTS); i++) {
        if (proa_json_string_eq(type, EVENTS[i].type)) {
            return EVENTS[i].take(d, data);
        }
    }
    return true;
}

/* ---- whole answers --------------------------------------------------------------------------- */

/* Each element of an array, if it is one. */
static void each(struct proa_decoder *d, struct proa_slice message, struct proa_slice key,
                 void (*tell)(struct proa_decoder *d, uint32_t index, struct proa_slice value))
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice list = PROA_SLICE_NONE;
    uint32_t index = 0;
    if (proa_json_get(message, key, &list) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, list) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        tell(d, index, item.value);
        index++;
    }
}

static void each_content(struct proa_decoder *d, uint32_t index, struct proa_slice value)
{
    (void)index;
    tell_content(d, value);
}

static void each_call(struct proa_decoder *d, uint32_t index, struct proa_slice value)
{
    tell_call(d, index, value);
    proa_decode_tool_end(d, 0, index);
}

static void each_citation(struct proa_decoder *d, uint32_t index, struct proa_slice value)
{
    (void)index;
    tell_citation(d, value);
}

static bool read_chat(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_slice message = PROA_SLICE_NONE;
    struct proa_slice usage = PROA_SLICE_NONE;
    const enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("message"), &message);
    if (kind == PROA_JSON_STRING) {
        fail(d, body);
        return true;
    }
    if (kind != PROA_JSON_OBJECT) {
        return false;
    }
    proa_decode_start(d, string_of(body, PROA_SLICE("id")), PROA_SLICE_NONE, 0);
    proa_decode_text(d, PROA_CHAT_REASONING, 0, string_of(message, PROA_SLICE("tool_plan")));
    each(d, message, PROA_SLICE("content"), each_content);
    each(d, message, PROA_SLICE("tool_calls"), each_call);
    each(d, message, PROA_SLICE("citations"), each_citation);
    if (proa_json_get(body, PROA_SLICE("usage"), &usage) == PROA_JSON_OBJECT) {
        take_usage(d, usage);
    }
    (void)take_reason(d, string_of(body, PROA_SLICE("finish_reason")), PROA_SLICE_NONE);
    return true;
}

static bool read_whole(struct proa_decoder *d, struct proa_slice body)
{
    if (!is_object(body)) {
        return false;
    }
    switch (d->op) {
    case PROA_OP_EMBEDDING:
        return proa_cohere_read_vectors(d, body);
    case PROA_OP_RERANK:
        return proa_cohere_read_ranks(d, body);
    case PROA_OP_CHAT:
    case PROA_OP_COMPLETION:
    case PROA_OP_MODERATION:
    case PROA_OP_COUNT_TOKENS:
    case PROA_OP_RESPONSES:
    case PROA_OP_IMAGE:
    case PROA_OP_IMAGE_EDIT:
    case PROA_OP_SPEECH:
    case PROA_OP_TRANSCRIPTION:
    case PROA_OP_TRANSLATION:
        break;
    }
    return read_chat(d, body);
}

const struct proa_decode_ops proa_cohere_decode = {
    .framing = PROA_FRAMING_SSE,
    .event = read_event,
    .whole = read_whole,
};
