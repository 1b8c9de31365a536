/*
 * Answers of Converse and ConverseStream.
 *
 * Blocks are told by their index. A text's block seldom has a beginning, a tool call's always has:
 * it holds the name. The reason of the end and the usage come in either order; FINISH is told when
 * both are there, or when the stream has ended.
 */
#include "bedrock_priv.h"

#include "proa/core/check.h"

struct bedrock_decode {
    bool stopped;  /* messageStop has come, */
    bool measured; /* and metadata */
    bool in_json;  /* a block is under way whose input is the answer */
    uint32_t json_block;
    uint8_t reason_len;
    char reason[DECODER_NAME_MAX];
};

static struct bedrock_decode *own(struct proa_decoder *d)
{
    return d->own;
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* "tool_use" is STOP: the frame makes TOOLS of it where there was a call, which the tool that
 * stands for a JSON answer is not. */
static const struct reason {
    struct proa_slice word;
    enum proa_chat_finish finish;
} REASONS[] = {
    {PROA_SLICE_INIT("end_turn"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("stop_sequence"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("tool_use"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("max_tokens"), PROA_CHAT_FINISH_LENGTH},
    {PROA_SLICE_INIT("model_context_window_exceeded"), PROA_CHAT_FINISH_LENGTH},
    {PROA_SLICE_INIT("content_filtered"), PROA_CHAT_FINISH_FILTER},
    {PROA_SLICE_INIT("guardrail_intervened"), PROA_CHAT_FINISH_FILTER},
    {PROA_SLICE_INIT("malformed_model_output"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("malformed_tool_use"), PROA_CHAT_FINISH_STOP},
};

static void finish(struct proa_decoder *d, struct proa_slice word)
{
    enum proa_chat_finish finish = PROA_CHAT_FINISH_OTHER;
    for (size_t i = 0; i < PROA_ARRAY_LEN(REASONS); i++) {
        if (proa_slice_eq(REASONS[i].word, word)) {
            finish = REASONS[i].finish;
        }
    }
    proa_decode_finish(d, 0, finish, word);
}

/* The request's id stands in a header alone. A stream may say that it begins as often as it likes:
 * a text is made of it once. */
static void start(struct proa_decoder *d)
{
    struct proa_slice id = PROA_SLICE_NONE;
    for (size_t i = 0; !d->started && i < d->head->n_headers; i++) {
        if (d->head->headers[i].id == PROA_HTTP_HEADER_X_AMZN_REQUESTID) {
            id = proa_chat_text_of(d->head->headers[i].value, d->arena);
        }
    }
    proa_decode_start(d, id, PROA_SLICE_NONE, 0);
}

static uint64_t count_of(struct proa_slice object, struct proa_slice key)
{
    struct proa_json_item item = {.value = PROA_SLICE_NONE};
    item.kind = proa_json_get(object, key, &item.value);
    return proa_decode_u64(&item, UINT64_MAX);
}

static void read_usage(struct proa_decoder *d, struct proa_slice usage)
{
    const uint64_t input = count_of(usage, PROA_SLICE("inputTokens"));
    const uint64_t output = count_of(usage, PROA_SLICE("outputTokens"));
    const uint64_t read = count_of(usage, PROA_SLICE("cacheReadInputTokens"));
    const uint64_t written = count_of(usage, PROA_SLICE("cacheWriteInputTokens"));
    proa_decode_raw_usage(d, usage);
    if (input <= PROA_USAGE_SANE_MAX) { /* it leaves out what came from or went to the cache */
        proa_decode_usage(d, PROA_USAGE_INPUT,
                          input + (read <= PROA_USAGE_SANE_MAX ? read : 0) +
                              (written <= PROA_USAGE_SANE_MAX ? written : 0));
    }
    proa_decode_usage(d, PROA_USAGE_OUTPUT, output);
    proa_decode_usage(d, PROA_USAGE_CACHE_READ, read);
    proa_decode_usage(d, PROA_USAGE_CACHE_WRITE, written);
}

/* A member that is a string, as JSON text. */
static struct proa_slice string_of(struct proa_slice object, struct proa_slice key)
{
    struct proa_slice value = PROA_SLICE_NONE;
    return proa_json_get(object, key, &value) == PROA_JSON_STRING ? proa_chat_text(value)
                                                                  : PROA_SLICE_NONE;
}

static bool is_object(struct proa_slice object, struct proa_slice key, struct proa_slice *value)
{
    return proa_json_get(object, key, value) == PROA_JSON_OBJECT;
}

/* ---- content --------------------------------------------------------------------------------- */

/* `reasoning` is a piece of a stream; of a whole answer what stands in reasoningText. */
static void read_reasoning(struct proa_decoder *d, struct proa_slice reasoning)
{
    static const struct proa_slice sealed = PROA_SLICE_INIT(PROA_CHAT_SEALED_CLAUDE);
    proa_decode_text(d, PROA_CHAT_REASONING, 0, string_of(reasoning, PROA_SLICE("text")));
    proa_decode_sealed(d, PROA_CHAT_SIGNATURE, 0, string_of(reasoning, PROA_SLICE("signature")),
                       sealed);
    proa_decode_sealed(d, PROA_CHAT_REDACTED, 0,
                       string_of(reasoning, PROA_SLICE("redactedContent")), sealed);
}

static void read_citation(struct proa_decoder *d, struct proa_slice citation)
{
    static const struct proa_json_step path[] = {
        PROA_JSON_STEP_KEY("location"), PROA_JSON_STEP_KEY("web"), PROA_JSON_STEP_KEY("url")};
    struct proa_slice url = PROA_SLICE_NONE;
    const bool has_url =
        proa_json_path(citation, path, PROA_ARRAY_LEN(path), &url) == PROA_JSON_STRING;
    proa_decode_other(
        d, &(const struct proa_chat_event){.kind = PROA_CHAT_CITATION,
                                           .raw = citation,
                                           .id = has_url ? proa_chat_text(url) : PROA_SLICE_NONE,
                                           .name = string_of(citation, PROA_SLICE("title"))});
}

static void begin_tool(struct proa_decoder *d, uint32_t block, struct proa_slice call)
{
    const struct proa_slice name = string_of(call, PROA_SLICE("name"));
    if (proa_slice_eq(name, BEDROCK_JSON_TOOL)) {
        own(d)->in_json = true;
        own(d)->json_block = block;
        return;
    }
    proa_decode_tool(d, 0, block, string_of(call, PROA_SLICE("toolUseId")), name, PROA_SLICE_NONE);
}

/* ---- streams --------------------------------------------------------------------------------- */

static bool read_delta(struct proa_decoder *d, uint32_t block, struct proa_slice delta)
{
    struct proa_slice value = PROA_SLICE_NONE;
    proa_decode_text(d, PROA_CHAT_TEXT, 0, string_of(delta, PROA_SLICE("text")));
    if (is_object(delta, PROA_SLICE("reasoningContent"), &value)) {
        read_reasoning(d, value);
    }
    if (is_object(delta, PROA_SLICE("citation"), &value)) {
        read_citation(d, value);
    }
    if (!is_object(delta, PROA_SLICE("toolUse"), &value)) {
        return true;
    }
    const struct proa_slice input = string_of(value, PROA_SLICE("input"));
    if (own(d)->in_json && own(d)->json_block == block) {
        proa_decode_text(d, PROA_CHAT_TEXT, 0, input);
        return true;
    }
    proa_decode_tool_piece(d, 0, block, input);
    return proa_decode_has_tool(d, 0, block); /* a call whose name nobody has told is none */
}

static bool on_block(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    struct proa_slice value = PROA_SLICE_NONE;
    const uint64_t block = count_of(data, PROA_SLICE("contentBlockIndex"));
    if (block > UINT32_MAX) {
        return false;
    }
    if (proa_slice_eq(name, PROA_SLICE("contentBlockDelta"))) {
        return is_object(data, PROA_SLICE("delta"), &value) &&
               read_delta(d, (uint32_t)block, value);
    }
    if (proa_slice_eq(name, PROA_SLICE("contentBlockStop"))) {
        own(d)->in_json = own(d)->in_json && own(d)->json_block != block;
        proa_decode_tool_end(d, 0, (uint32_t)block);
        return true;
    }
    if (is_object(data, PROA_SLICE("start"), &value) &&
        is_object(value, PROA_SLICE("toolUse"), &value)) {
        begin_tool(d, (uint32_t)block, value);
    }
    return true;
}

static void keep_reason(struct bedrock_decode *b, struct proa_slice word)
{
    if (word.len > sizeof b->reason) {
        word = PROA_SLICE_NONE; /* a text that is cut may end within an escape */
    }
    if (word.len > 0) {
        memcpy(b->reason, word.ptr, word.len);
    }
    b->reason_len = (uint8_t)word.len;
    b->stopped = true;
}

static bool read_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    struct proa_slice value = PROA_SLICE_NONE;
    if (proa_slice_starts(name, PROA_SLICE("contentBlock"))) {
        return on_block(d, name, data);
    }
    if (proa_slice_eq(name, PROA_SLICE("messageStart"))) {
        start(d);
    } else if (proa_slice_eq(name, PROA_SLICE("messageStop"))) {
        keep_reason(own(d), string_of(data, PROA_SLICE("stopReason")));
    } else if (proa_slice_eq(name, PROA_SLICE("metadata"))) {
        own(d)->measured = true;
        if (is_object(data, PROA_SLICE("usage"), &value)) {
            read_usage(d, value);
        }
    }
    return true; /* of kinds that do not exist yet there may be more */
}

/* The reason, once nothing is missing but the end. */
static void settle(struct proa_decoder *d, bool ended)
{
    const struct bedrock_decode *b = own(d);
    if (b->stopped && (b->measured || ended)) {
        finish(d, proa_slice_make(b->reason, b->reason_len));
    }
}

static bool on_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    if (d->exception) {
        struct proa_failure failure;
        proa_bedrock_classify_exception(d->head, name, data, &failure);
        proa_decode_fail(d, &failure);
        return true;
    }
    if (proa_json_kind_of(data) != PROA_JSON_OBJECT || !read_event(d, name, data)) {
        return false;
    }
    settle(d, false);
    return true;
}

static void on_end(struct proa_decoder *d)
{
    settle(d, true);
}

/* ---- whole answers --------------------------------------------------------------------------- */

static bool read_call(struct proa_decoder *d, uint32_t block, struct proa_slice call)
{
    struct proa_slice input = PROA_SLICE_NONE;
    (void)proa_json_get(call, PROA_SLICE("input"), &input);
    begin_tool(d, block, call);
    if (!own(d)->in_json) {
        proa_decode_tool_json(d, 0, block, input);
        proa_decode_tool_end(d, 0, block);
        return true;
    }
    own(d)->in_json = false;
    proa_buf_clear(&d->scratch);
    if (proa_json_string_escape(&d->scratch, input) != PROA_OK) {
        return false;
    }
    proa_decode_text(d, PROA_CHAT_TEXT, 0, proa_buf_slice(&d->scratch));
    return true;
}

static void read_image(struct proa_decoder *d, struct proa_slice image)
{
    struct proa_slice source = PROA_SLICE_NONE;
    const struct proa_slice format = string_of(image, PROA_SLICE("format"));
    if (is_object(image, PROA_SLICE("source"), &source)) {
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_MEDIA,
                                 .media_type = proa_arena_printf(d->arena, "image/%" PROA_SLICE_FMT,
                                                                 PROA_SLICE_ARG(format)),
                                 .text = string_of(source, PROA_SLICE("bytes"))});
    }
}

/* Texts with the sources that they come from. */
static void read_cited(struct proa_decoder *d, struct proa_slice block)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice list = PROA_SLICE_NONE;
    if (proa_json_get(block, PROA_SLICE("content"), &list) == PROA_JSON_ARRAY &&
        proa_json_cursor_init(&c, list) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            proa_decode_text(d, PROA_CHAT_TEXT, 0, string_of(item.value, PROA_SLICE("text")));
        }
    }
    if (proa_json_get(block, PROA_SLICE("citations"), &list) == PROA_JSON_ARRAY &&
        proa_json_cursor_init(&c, list) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            read_citation(d, item.value);
        }
    }
}

static bool read_block(struct proa_decoder *d, uint32_t block, struct proa_slice content)
{
    struct proa_slice value = PROA_SLICE_NONE;
    struct proa_slice text = PROA_SLICE_NONE;
    proa_decode_text(d, PROA_CHAT_TEXT, 0, string_of(content, PROA_SLICE("text")));
    if (is_object(content, PROA_SLICE("reasoningContent"), &value)) {
        read_reasoning(d, is_object(value, PROA_SLICE("reasoningText"), &text) ? text : value);
    } else if (is_object(content, PROA_SLICE("citationsContent"), &value)) {
        read_cited(d, value);
    } else if (is_object(content, PROA_SLICE("image"), &value)) {
        read_image(d, value);
    } else if (is_object(content, PROA_SLICE("toolUse"), &value)) {
        return read_call(d, block, value);
    }
    return true;
}

static bool read_answer(struct proa_decoder *d, struct proa_slice body)
{
    static const struct proa_json_step path[] = {
        PROA_JSON_STEP_KEY("output"), PROA_JSON_STEP_KEY("message"), PROA_JSON_STEP_KEY("content")};
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice value = PROA_SLICE_NONE;
    if (proa_json_path(body, path, PROA_ARRAY_LEN(path), &value) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, value) != PROA_OK) {
        return false;
    }
    start(d);
    for (uint32_t block = 0; proa_json_cursor_next(&c, &item); block++) {
        if (!read_block(d, block, item.value)) {
            return false;
        }
    }
    const struct proa_slice reason = string_of(body, PROA_SLICE("stopReason"));
    if (c.err != PROA_OK || reason.len == 0) {
        return false;
    }
    if (is_object(body, PROA_SLICE("usage"), &value)) {
        read_usage(d, value);
    }
    finish(d, reason);
    return true;
}

static bool read_whole(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_json_info info;
    const struct proa_json_scan_cfg cfg = {.wants = NULL};
    if (proa_json_scan(body, &cfg, NULL, &info) != PROA_OK || info.kind != PROA_JSON_OBJECT) {
        return false;
    }
    if (d->op != PROA_OP_CHAT && d->op != PROA_OP_COMPLETION) {
        return proa_bedrock_inputs_answer(d, body);
    }
    if (read_answer(d, body)) {
        return true;
    }
    if (string_of(body, PROA_SLICE("message")).len > 0) {
        struct proa_failure failure;
        proa_bedrock_classify(d->head, body, &failure);
        proa_decode_fail(d, &failure);
    }
    return false;
}

const struct proa_decode_ops proa_bedrock_decode_ops = {
    .framing = PROA_FRAMING_EVENTSTREAM,
    .own_bytes = sizeof(struct bedrock_decode),
    .event = on_event,
    .whole = read_whole,
    .end = on_end,
};
