/*
 * Answers of the Messages API. A stream's events name their type in the data, whatever the SSE
 * field `event` says or whether it is there at all; blocks are told apart by their index, which is
 * also the key of a tool call.
 *
 *   message_start, then for each block content_block_start, _delta ..., _stop, then message_delta
 *   with the reason, then message_stop; ping and error at any time.
 */
#include "anthropic_priv.h"

#include "proa/chat/text.h"
#include "proa/core/check.h"

enum { ID_MAX = 64 };

static const struct proa_slice SEALED = PROA_SLICE_INIT(PROA_CHAT_SEALED_CLAUDE);

struct anthropic_state {
    struct anthropic_counts counts;
    bool open;      /* message_start has come */
    uint8_t id_len; /* of that message */
    char id[ID_MAX];
    bool json;        /* the tool that stands for a schema was called: its arguments are text */
    bool json_filled; /* and has some */
    bool json_open;
    uint32_t json_key;
    /* A tool of several that Anthropic runs, which are one to a client: its arguments, whose
     * beginning has not come yet, say which. */
    struct proa_slice part;
    uint32_t part_key;
};

/* ---- usage ----------------------------------------------------------------------------------- */

static void take_usage(struct proa_decoder *d, struct proa_slice object)
{
    struct anthropic_state *s = d->own;
    proa_anthropic_count(&s->counts, object);
    proa_decode_raw_usage(d, object);
    for (int i = 0; i < PROA_USAGE_FIELDS; i++) {
        const enum proa_usage_field field = (enum proa_usage_field)i;
        if (proa_usage_has(&s->counts.usage, field)) {
            proa_decode_usage(d, field, s->counts.usage.count[field]);
        }
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

static const struct {
    struct proa_slice reason;
    enum proa_chat_finish finish;
} REASONS[] = {
    {PROA_SLICE_INIT("end_turn"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("stop_sequence"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("pause_turn"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("max_tokens"), PROA_CHAT_FINISH_LENGTH},
    {PROA_SLICE_INIT("model_context_window_exceeded"), PROA_CHAT_FINISH_LENGTH},
    {PROA_SLICE_INIT("tool_use"), PROA_CHAT_FINISH_TOOLS},
    {PROA_SLICE_INIT("refusal"), PROA_CHAT_FINISH_FILTER},
};

static void take_reason(struct proa_decoder *d, const struct proa_json_item *item)
{
    const struct anthropic_state *s = d->own;
    enum proa_chat_finish finish = PROA_CHAT_FINISH_OTHER;
    if (item->kind != PROA_JSON_STRING) {
        return;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(REASONS); i++) {
        if (proa_json_string_eq(item->value, REASONS[i].reason)) {
            finish = REASONS[i].finish;
        }
    }
    /* A call of the tool that stands for a schema is the answer itself. */
    if (s->json && finish == PROA_CHAT_FINISH_TOOLS) {
        finish = PROA_CHAT_FINISH_STOP;
    }
    proa_decode_finish(d, 0, finish, proa_decode_string(item));
}

static void fail(struct proa_decoder *d, struct proa_slice object)
{
    struct proa_failure failure;
    proa_anthropic_classify_inband(d->head, object, &failure);
    proa_decode_fail(d, &failure);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool is_empty_json(struct proa_slice json)
{
    return json.len == 0 || proa_slice_eq(json, PROA_SLICE("{}")) ||
           proa_slice_eq(json, PROA_SLICE("null"));
}

static void tell_json(struct proa_decoder *d, struct proa_slice text)
{
    struct anthropic_state *s = d->own;
    s->json_filled = s->json_filled || text.len > 0;
    proa_decode_text(d, PROA_CHAT_TEXT, 0, text);
}

/* The arguments that a block begins with are JSON, usually {}. */
static void start_json(struct proa_decoder *d, uint32_t key, struct proa_slice input)
{
    struct anthropic_state *s = d->own;
    const size_t at = d->scratch.len;
    s->json = true;
    s->json_open = true;
    s->json_filled = false;
    s->json_key = key;
    if (is_empty_json(input)) {
        return;
    }
    if (proa_json_string_escape(&d->scratch, input) != PROA_OK) {
        d->broken = true;
        return;
    }
    tell_json(d, proa_slice_from(proa_buf_slice(&d->scratch), at));
}

static void stop_block(struct proa_decoder *d, uint32_t key)
{
    struct anthropic_state *s = d->own;
    if (s->json_open && s->json_key == key) {
        if (!s->json_filled) {
            tell_json(d, PROA_SLICE("{}"));
        }
        s->json_open = false;
        return;
    }
    proa_decode_tool_end(d, 0, key);
}

static void tell_citation(struct proa_decoder *d, struct proa_slice citation)
{
    struct anthropic_member m[] = {{.key = PROA_SLICE("url")}, {.key = PROA_SLICE("title")}};
    if (proa_anthropic_members(citation, m, PROA_ARRAY_LEN(m))) {
        proa_decode_other(d, &(const struct proa_chat_event){.kind = PROA_CHAT_CITATION,
                                                             .raw = citation,
                                                             .id = proa_anthropic_text(&m[0]),
                                                             .name = proa_anthropic_text(&m[1])});
    }
}

static void tell_citations(struct proa_decoder *d, const struct anthropic_member *array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (array->item.kind == PROA_JSON_ARRAY &&
        proa_json_cursor_init(&c, array->item.value) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            tell_citation(d, item.value);
        }
    }
}

/* ---- tools that Anthropic runs itself -------------------------------------------------------- */

/* Those that are parts of one that the client has asked for. */
static const struct {
    struct proa_slice part;
    struct proa_slice tool;
} PARTS[] = {
    {PROA_SLICE_INIT("bash_code_execution"), PROA_SLICE_INIT("code_execution")},
    {PROA_SLICE_INIT("text_editor_code_execution"), PROA_SLICE_INIT("code_execution")},
};

/* `{"type":"bash_code_execution",` of the arguments; what follows is without its brace. */
static bool begin_part(struct proa_decoder *d, uint32_t key)
{
    struct anthropic_state *s = d->own;
    if (s->part.len == 0 || s->part_key != key) {
        return false;
    }
    const size_t at = d->scratch.len;
    PROA_BUF_LIT(&d->scratch, "{\\\"type\\\":\\\"");
    (void)proa_buf_append(&d->scratch, s->part);
    PROA_BUF_LIT(&d->scratch, "\\\",");
    s->part = PROA_SLICE_NONE;
    proa_decode_tool_piece(d, 0, key, proa_slice_from(proa_buf_slice(&d->scratch), at));
    return true;
}

static void start_executed(struct proa_decoder *d, uint32_t key, struct proa_slice id,
                           struct proa_slice name, struct proa_slice input)
{
    struct anthropic_state *s = d->own;
    for (size_t i = 0; i < PROA_ARRAY_LEN(PARTS); i++) {
        if (proa_slice_eq(name, PARTS[i].part)) {
            s->part = PARTS[i].part;
            s->part_key = key;
            name = PARTS[i].tool;
            break;
        }
    }
    proa_decode_executed(d, 0, key, id, name);
    input = proa_slice_trim(input);
    if (!is_empty_json(input)) {
        proa_decode_tool_json(d, 0, key, begin_part(d, key) ? proa_slice_from(input, 1) : input);
    }
}

static void piece_of_arguments(struct proa_decoder *d, uint32_t key, struct proa_slice text)
{
    const bool begins = proa_slice_starts(text, PROA_SLICE("{")) && begin_part(d, key);
    proa_decode_tool_piece(d, 0, key, begins ? proa_slice_from(text, 1) : text);
}

/* Its content is a list of what was found, or an object that may be an error. */
static void tell_result(struct proa_decoder *d, struct proa_slice id, struct proa_slice content)
{
    static const struct proa_slice mark = PROA_SLICE_INIT("_tool_result_error");
    struct anthropic_member m[] = {{.key = PROA_SLICE("type")}};
    const bool object = proa_anthropic_members(content, m, 1);
    const struct proa_slice type = object ? proa_anthropic_text(&m[0]) : PROA_SLICE_NONE;
    const bool failed =
        type.len > mark.len && proa_slice_eq(proa_slice_from(type, type.len - mark.len), mark);
    if (id.len > 0 && content.len > 0) {
        proa_decode_result(d, 0, id, content, failed);
    }
}

static bool is_result(struct proa_slice type)
{
    static const struct proa_slice mark = PROA_SLICE_INIT("_tool_result");
    return type.len > mark.len && proa_slice_eq(proa_slice_from(type, type.len - mark.len), mark);
}

/* A block as it begins, or as it is when it came whole. Kinds that are not named here tell a client
 * of another surface nothing. */
static bool start_block(struct proa_decoder *d, uint32_t key, struct proa_slice block)
{
    enum { TYPE, TEXT, THINKING, SIGNATURE, DATA, ID, NAME, INPUT, CITATIONS, CALL, CONTENT };
    struct anthropic_member m[] = {
        [TYPE] = {.key = PROA_SLICE("type")},
        [TEXT] = {.key = PROA_SLICE("text")},
        [THINKING] = {.key = PROA_SLICE("thinking")},
        [SIGNATURE] = {.key = PROA_SLICE("signature")},
        [DATA] = {.key = PROA_SLICE("data")},
        [ID] = {.key = PROA_SLICE("id")},
        [NAME] = {.key = PROA_SLICE("name")},
        [INPUT] = {.key = PROA_SLICE("input")},
        [CITATIONS] = {.key = PROA_SLICE("citations")},
        [CALL] = {.key = PROA_SLICE("tool_use_id")},
        [CONTENT] = {.key = PROA_SLICE("content")},
    };
    if (!proa_anthropic_members(block, m, PROA_ARRAY_LEN(m)) ||
        m[TYPE].item.kind != PROA_JSON_STRING) {
        return false;
    }
    if (proa_anthropic_is(&m[TYPE], PROA_SLICE("text"))) {
        proa_decode_text(d, PROA_CHAT_TEXT, 0, proa_anthropic_text(&m[TEXT]));
        tell_citations(d, &m[CITATIONS]);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("thinking"))) {
        proa_decode_text(d, PROA_CHAT_REASONING, 0, proa_anthropic_text(&m[THINKING]));
        proa_decode_sealed(d, PROA_CHAT_SIGNATURE, 0, proa_anthropic_text(&m[SIGNATURE]), SEALED);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("redacted_thinking"))) {
        proa_decode_sealed(d, PROA_CHAT_REDACTED, 0, proa_anthropic_text(&m[DATA]), SEALED);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("tool_use")) &&
               proa_anthropic_is(&m[NAME], PROA_SLICE(PROA_CLAUDE_JSON_TOOL))) {
        start_json(d, key, m[INPUT].item.value);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("tool_use"))) {
        proa_decode_tool(d, 0, key, proa_anthropic_text(&m[ID]), proa_anthropic_text(&m[NAME]),
                         PROA_SLICE_NONE);
        proa_decode_tool_json(d, 0, key, m[INPUT].item.value);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("server_tool_use"))) {
        start_executed(d, key, proa_anthropic_text(&m[ID]), proa_anthropic_text(&m[NAME]),
                       m[INPUT].item.value);
    } else if (is_result(proa_anthropic_text(&m[TYPE]))) {
        tell_result(d, proa_anthropic_text(&m[CALL]), m[CONTENT].item.value);
    }
    return true;
}

static bool read_delta(struct proa_decoder *d, uint32_t key, struct proa_slice delta)
{
    enum { TYPE, TEXT, THINKING, SIGNATURE, JSON, CITATION };
    const struct anthropic_state *s = d->own;
    struct anthropic_member m[] = {
        [TYPE] = {.key = PROA_SLICE("type")},
        [TEXT] = {.key = PROA_SLICE("text")},
        [THINKING] = {.key = PROA_SLICE("thinking")},
        [SIGNATURE] = {.key = PROA_SLICE("signature")},
        [JSON] = {.key = PROA_SLICE("partial_json")},
        [CITATION] = {.key = PROA_SLICE("citation")},
    };
    if (!proa_anthropic_members(delta, m, PROA_ARRAY_LEN(m)) ||
        m[TYPE].item.kind != PROA_JSON_STRING) {
        return false;
    }
    if (proa_anthropic_is(&m[TYPE], PROA_SLICE("text_delta"))) {
        proa_decode_text(d, PROA_CHAT_TEXT, 0, proa_anthropic_text(&m[TEXT]));
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("thinking_delta"))) {
        proa_decode_text(d, PROA_CHAT_REASONING, 0, proa_anthropic_text(&m[THINKING]));
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("signature_delta"))) {
        proa_decode_sealed(d, PROA_CHAT_SIGNATURE, 0, proa_anthropic_text(&m[SIGNATURE]), SEALED);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("citations_delta"))) {
        tell_citation(d, m[CITATION].item.value);
    } else if (proa_anthropic_is(&m[TYPE], PROA_SLICE("input_json_delta"))) {
        if (s->json_open && s->json_key == key) {
            tell_json(d, proa_anthropic_text(&m[JSON]));
        } else {
            piece_of_arguments(d, key, proa_anthropic_text(&m[JSON]));
        }
    }
    return true;
}

/* ---- streams --------------------------------------------------------------------------------- */

enum event_member {
    EVENT_TYPE = 0,
    EVENT_INDEX,
    EVENT_MESSAGE,
    EVENT_BLOCK,
    EVENT_DELTA,
    EVENT_USAGE,
    EVENT_MEMBERS
};

/* The same message once more is nothing new; another one is of an answer that is not ours. */
static bool is_spliced(struct anthropic_state *s, struct proa_slice id)
{
    id = proa_slice_head(id, ID_MAX);
    if (s->open) {
        return id.len > 0 && s->id_len > 0 && !proa_slice_eq(id, proa_slice_make(s->id, s->id_len));
    }
    s->open = true;
    s->id_len = (uint8_t)id.len;
    if (id.len > 0) {
        memcpy(s->id, id.ptr, id.len);
    }
    return false;
}

static bool on_message_start(struct proa_decoder *d, const struct anthropic_member *event)
{
    struct anthropic_state *s = d->own;
    struct anthropic_member m[] = {
        {.key = PROA_SLICE("id")}, {.key = PROA_SLICE("model")}, {.key = PROA_SLICE("usage")}};
    const bool again = s->open;
    if (!proa_anthropic_members(event[EVENT_MESSAGE].item.value, m, PROA_ARRAY_LEN(m))) {
        return false;
    }
    if (is_spliced(s, proa_anthropic_text(&m[0]))) {
        proa_decode_fail(d, &(const struct proa_failure){
                                .class = PROA_CLASS_MALFORMED,
                                .message = PROA_SLICE("another message began in the stream")});
    } else if (!again) {
        proa_decode_start(d, proa_anthropic_text(&m[0]), proa_anthropic_text(&m[1]), 0);
        take_usage(d, m[2].item.value);
    }
    return true;
}

static uint32_t key_of(const struct anthropic_member *event)
{
    return (uint32_t)proa_decode_u64(&event[EVENT_INDEX].item, 0);
}

static bool on_block_start(struct proa_decoder *d, const struct anthropic_member *event)
{
    return start_block(d, key_of(event), event[EVENT_BLOCK].item.value);
}

static bool on_block_delta(struct proa_decoder *d, const struct anthropic_member *event)
{
    return read_delta(d, key_of(event), event[EVENT_DELTA].item.value);
}

static bool on_block_stop(struct proa_decoder *d, const struct anthropic_member *event)
{
    stop_block(d, key_of(event));
    return true;
}

static bool on_message_delta(struct proa_decoder *d, const struct anthropic_member *event)
{
    struct anthropic_member m[] = {{.key = PROA_SLICE("stop_reason")}};
    take_usage(d, event[EVENT_USAGE].item.value);
    if (event[EVENT_DELTA].item.kind == PROA_JSON_OBJECT &&
        proa_anthropic_members(event[EVENT_DELTA].item.value, m, 1)) {
        take_reason(d, &m[0].item);
    }
    return true;
}

static bool on_message_stop(struct proa_decoder *d, const struct anthropic_member *event)
{
    (void)event;
    if (d->chosen != 0) {
        proa_decode_finish(d, 0, PROA_CHAT_FINISH_OTHER, PROA_SLICE_NONE); /* if none was told */
    }
    proa_decode_done(d);
    return true;
}

static const struct {
    struct proa_slice type;
    bool (*take)(struct proa_decoder *d, const struct anthropic_member *event);
} EVENTS[] = {
    {PROA_SLICE_INIT("content_block_delta"), on_block_delta},
    {PROA_SLICE_INIT("content_block_start"), on_block_start},
    {PROA_SLICE_INIT("content_block_stop"), on_block_stop},
    {PROA_SLICE_INIT("message_start"), on_message_start},
    {PROA_SLICE_INIT("message_delta"), on_message_delta},
    {PROA_SLICE_INIT("message_stop"), on_message_stop},
};

/* An event of an unknown type is to be ignored, as the API's versioning promises to its clients. */
static bool read_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    struct anthropic_member m[EVENT_MEMBERS + 1] = {
        [EVENT_TYPE] = {.key = PROA_SLICE("type")},
        [EVENT_INDEX] = {.key = PROA_SLICE("index")},
        [EVENT_MESSAGE] = {.key = PROA_SLICE("message")},
        [EVENT_BLOCK] = {.key = PROA_SLICE("content_block")},
        [EVENT_DELTA] = {.key = PROA_SLICE("delta")},
        [EVENT_USAGE] = {.key = PROA_SLICE("usage")},
        [EVENT_MEMBERS] = {.key = PROA_SLICE("error")},
    };
    const bool whole = proa_anthropic_members(data, m, PROA_ARRAY_LEN(m));
    const enum proa_json_kind error = m[EVENT_MEMBERS].item.kind;
    if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("error")) ||
        proa_slice_eq(name, PROA_SLICE("error")) || error == PROA_JSON_OBJECT ||
        error == PROA_JSON_STRING) {
        fail(d, data);
        return true;
    }
    if (!whole || m[EVENT_TYPE].item.kind != PROA_JSON_STRING) {
        return false;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(EVENTS); i++) {
        if (proa_anthropic_is(&m[EVENT_TYPE], EVENTS[i].type)) {
            return EVENTS[i].take(d, m);
        }
    }
    return true;
}

/* ---- whole answers --------------------------------------------------------------------------- */

static bool read_content(struct proa_decoder *d, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    uint32_t key = 0;
    if (proa_json_cursor_init(&c, array) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!start_block(d, key, item.value)) {
            return false;
        }
        stop_block(d, key);
        key++;
    }
    return true;
}

static bool read_whole(struct proa_decoder *d, struct proa_slice body)
{
    enum { ID, MODEL, CONTENT, REASON, USAGE, TYPE, ERROR };
    struct anthropic_member m[] = {
        [ID] = {.key = PROA_SLICE("id")},           [MODEL] = {.key = PROA_SLICE("model")},
        [CONTENT] = {.key = PROA_SLICE("content")}, [REASON] = {.key = PROA_SLICE("stop_reason")},
        [USAGE] = {.key = PROA_SLICE("usage")},     [TYPE] = {.key = PROA_SLICE("type")},
        [ERROR] = {.key = PROA_SLICE("error")},
    };
    const bool whole = proa_anthropic_members(body, m, PROA_ARRAY_LEN(m));
    const enum proa_json_kind error = m[ERROR].item.kind;
    if (proa_anthropic_is(&m[TYPE], PROA_SLICE("error")) || error == PROA_JSON_OBJECT ||
        error == PROA_JSON_STRING) {
        fail(d, body);
        return true;
    }
    if (!whole || m[CONTENT].item.kind != PROA_JSON_ARRAY) {
        return false;
    }
    proa_decode_start(d, proa_anthropic_text(&m[ID]), proa_anthropic_text(&m[MODEL]), 0);
    if (!read_content(d, m[CONTENT].item.value)) {
        return false;
    }
    take_usage(d, m[USAGE].item.value);
    take_reason(d, &m[REASON].item);
    return true;
}

const struct proa_decode_ops proa_anthropic_decode = {
    .framing = PROA_FRAMING_SSE,
    .own_bytes = sizeof(struct anthropic_state),
    .event = read_event,
    .whole = read_whole,
};
