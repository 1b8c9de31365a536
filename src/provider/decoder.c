/*
 * The frame of all decoders: framing, the order of events, and what is remembered of an answer.
 * What the members of an event mean stands in the dialects.
 */
#include "decoder_priv.h"

#include "proa/chat/text.h"
#include "proa/json/scan.h"

enum { FAILURE_TEXT_MAX = 4 * 1024 };

static const struct proa_slice EMPTY_OBJECT = PROA_SLICE_INIT("{}");

struct proa_decoder *proa_decoder_create(const struct proa_dialect *dialect, enum proa_operation op,
                                         const struct proa_answer_head *head,
                                         const struct proa_chat_sink *sink,
                                         struct proa_arena *arena)
{
    struct proa_decoder *d = proa_arena_alloc(arena, sizeof *d);
    memset(d, 0, offsetof(struct proa_decoder, tools));
    d->dialect = dialect;
    d->op = op;
    d->head = head;
    d->sink = *sink;
    d->arena = arena;
    if (dialect->decode->framing == PROA_FRAMING_EVENTSTREAM) {
        proa_eventstream_init(&d->messages, &proa_eventstream_limits_default);
    } else {
        const struct proa_sse_limits *limits = dialect->decode->limits;
        proa_sse_init(&d->sse, limits ? limits : &proa_sse_limits_default);
    }
    proa_buf_init(&d->scratch, DECODER_TEXT_MAX);
    if (dialect->decode->own_bytes > 0) {
        d->own = proa_arena_zero(arena, 1, dialect->decode->own_bytes);
    }
    return d;
}

void proa_decoder_destroy(struct proa_decoder *d)
{
    if (d) {
        if (d->dialect->decode->framing == PROA_FRAMING_EVENTSTREAM) {
            proa_eventstream_deinit(&d->messages);
        } else {
            proa_sse_deinit(&d->sse);
        }
        proa_buf_deinit(&d->scratch);
    }
}

/* ---- telling --------------------------------------------------------------------------------- */

static void tell(struct proa_decoder *d, const struct proa_chat_event *event)
{
    if (d->sink.event && d->state < PROA_ANSWER_DONE) {
        d->sink.event(d->sink.ctx, event);
    }
}

/* As it is meant, without escapes: it is for people. One that is too long, or broken, is none. */
static void keep_name(struct decoder_name *name, struct proa_slice text)
{
    char token[6 * DECODER_NAME_MAX + 2];
    struct proa_buf in = {.ptr = token, .cap = sizeof token, .max = sizeof token};
    struct proa_buf plain = {.ptr = name->text, .cap = sizeof name->text, .max = sizeof name->text};
    const bool kept = proa_chat_text_put(&in, text) == PROA_OK &&
                      proa_json_string_decode(proa_buf_slice(&in), &plain) == PROA_OK;
    name->len = kept ? (uint8_t)plain.len : 0;
}

void proa_decode_start(struct proa_decoder *d, struct proa_slice id, struct proa_slice model,
                       uint64_t created_s)
{
    if (d->model.len == 0) {
        keep_name(&d->model, model);
    }
    if (!d->started) {
        d->started = true;
        tell(d, &(const struct proa_chat_event){
                    .kind = PROA_CHAT_START, .id = id, .model = model, .created_s = created_s});
    }
}

static void tell_content(struct proa_decoder *d, const struct proa_chat_event *event)
{
    proa_decode_start(d, PROA_SLICE_NONE, PROA_SLICE_NONE, 0);
    d->content = true;
    d->chosen |= UINT64_C(1) << event->choice;
    tell(d, event);
}

void proa_decode_text(struct proa_decoder *d, enum proa_chat_event_kind kind, uint32_t choice,
                      struct proa_slice text)
{
    if (text.len > 0 && choice < DECODER_CHOICES_MAX) {
        tell_content(d,
                     &(const struct proa_chat_event){.kind = kind, .choice = choice, .text = text});
    }
}

void proa_decode_sealed(struct proa_decoder *d, enum proa_chat_event_kind kind, uint32_t choice,
                        struct proa_slice text, struct proa_slice sealed_as)
{
    if (text.len > 0 && choice < DECODER_CHOICES_MAX) {
        tell_content(d, &(const struct proa_chat_event){
                            .kind = kind, .choice = choice, .text = text, .name = sealed_as});
    }
}

void proa_decode_other(struct proa_decoder *d, const struct proa_chat_event *event)
{
    if (event->choice < DECODER_CHOICES_MAX) {
        tell_content(d, event);
    }
}

/* ---- tool calls ------------------------------------------------------------------------------ */

static uint64_t key_of(uint32_t choice, uint32_t key)
{
    return (uint64_t)choice << 32 | key;
}

/* The newest of that key, which is the one under way. */
static struct decoder_tool *find_tool(struct proa_decoder *d, uint32_t choice, uint32_t key)
{
    for (size_t i = d->n_tools; i > 0; i--) {
        if (d->tools[i - 1].key == key_of(choice, key)) {
            return &d->tools[i - 1];
        }
    }
    return NULL;
}

/* Its number within its choice. */
static uint32_t number_of(const struct proa_decoder *d, const struct decoder_tool *tool)
{
    uint32_t n = 0;
    for (const struct decoder_tool *t = d->tools; t < tool; t++) {
        n += t->key >> 32 == tool->key >> 32;
    }
    return n;
}

static void tell_piece(struct proa_decoder *d, struct decoder_tool *tool, struct proa_slice text)
{
    tool->filled = true;
    tell_content(d, &(const struct proa_chat_event){.kind = PROA_CHAT_TOOL_PIECE,
                                                    .choice = (uint32_t)(tool->key >> 32),
                                                    .tool = number_of(d, tool),
                                                    .text = text});
}

static void end_tool(struct proa_decoder *d, struct decoder_tool *tool)
{
    if (!tool || !tool->open) {
        return;
    }
    if (!tool->filled) {
        tell_piece(d, tool, EMPTY_OBJECT);
    }
    tool->open = false;
    tell(d, &(const struct proa_chat_event){.kind = PROA_CHAT_TOOL_END,
                                            .choice = (uint32_t)(tool->key >> 32),
                                            .tool = number_of(d, tool)});
}

/* `start` but for its number. */
static void start_tool(struct proa_decoder *d, uint32_t key, struct proa_chat_event start)
{
    end_tool(d, find_tool(d, start.choice, key));
    if (d->n_tools == DECODER_TOOLS_MAX || start.choice >= DECODER_CHOICES_MAX) {
        d->broken = true; /* an answer with so many is none that can be acted on */
        return;
    }
    struct decoder_tool *tool = &d->tools[d->n_tools++];
    *tool = (struct decoder_tool){
        .key = key_of(start.choice, key), .open = true, .executed = start.executed};
    start.kind = PROA_CHAT_TOOL_START;
    start.tool = number_of(d, tool);
    tell_content(d, &start);
}

void proa_decode_tool(struct proa_decoder *d, uint32_t choice, uint32_t key, struct proa_slice id,
                      struct proa_slice name, struct proa_slice signature)
{
    start_tool(
        d, key,
        (struct proa_chat_event){.choice = choice, .id = id, .name = name, .text = signature});
}

void proa_decode_executed(struct proa_decoder *d, uint32_t choice, uint32_t key,
                          struct proa_slice id, struct proa_slice name)
{
    if (d->sink.executed) {
        start_tool(
            d, key,
            (struct proa_chat_event){.choice = choice, .id = id, .name = name, .executed = true});
    }
}

void proa_decode_result(struct proa_decoder *d, uint32_t choice, struct proa_slice id,
                        struct proa_slice json, bool failed)
{
    if (d->sink.executed) {
        proa_decode_other(d, &(const struct proa_chat_event){.kind = PROA_CHAT_TOOL_RESULT,
                                                             .choice = choice,
                                                             .id = id,
                                                             .raw = json,
                                                             .failed = failed});
    }
}

bool proa_decode_has_tool(struct proa_decoder *d, uint32_t choice, uint32_t key)
{
    return find_tool(d, choice, key) != NULL;
}

void proa_decode_tool_piece(struct proa_decoder *d, uint32_t choice, uint32_t key,
                            struct proa_slice text)
{
    struct decoder_tool *tool = find_tool(d, choice, key);
    if (tool && tool->open && text.len > 0) {
        tell_piece(d, tool, text);
    }
}

void proa_decode_tool_json(struct proa_decoder *d, uint32_t choice, uint32_t key,
                           struct proa_slice json)
{
    struct decoder_tool *tool = find_tool(d, choice, key);
    json = proa_slice_trim(json);
    if (!tool || !tool->open || json.len == 0 || proa_slice_eq(json, PROA_SLICE("null")) ||
        proa_slice_eq(json, EMPTY_OBJECT)) {
        return;
    }
    const size_t at = d->scratch.len;
    if (proa_json_string_escape(&d->scratch, json) != PROA_OK) {
        d->broken = true;
        return;
    }
    tell_piece(d, tool, proa_slice_from(proa_buf_slice(&d->scratch), at));
}

void proa_decode_tool_end(struct proa_decoder *d, uint32_t choice, uint32_t key)
{
    end_tool(d, find_tool(d, choice, key));
}

/* ---- the end --------------------------------------------------------------------------------- */

void proa_decode_usage(struct proa_decoder *d, enum proa_usage_field field, uint64_t count)
{
    const bool old = proa_usage_has(&d->usage, field) && d->usage.count[field] == count;
    if (!old && count <= PROA_USAGE_SANE_MAX) {
        proa_usage_set(&d->usage, field, count);
        d->news = true;
    }
}

static void tell_usage(struct proa_decoder *d)
{
    if (d->news && d->state < PROA_ANSWER_DONE) {
        d->news = false;
        proa_decode_start(d, PROA_SLICE_NONE, PROA_SLICE_NONE, 0);
        tell(d, &(const struct proa_chat_event){
                    .kind = PROA_CHAT_USAGE, .usage = &d->usage, .raw = d->raw_usage});
    }
    d->raw_usage = PROA_SLICE_NONE;
}

void proa_decode_raw_usage(struct proa_decoder *d, struct proa_slice object)
{
    if (proa_json_kind_of(object) == PROA_JSON_OBJECT) {
        d->raw_usage = object;
    }
}

void proa_decode_finish(struct proa_decoder *d, uint32_t choice, enum proa_chat_finish finish,
                        struct proa_slice raw)
{
    if (choice >= DECODER_CHOICES_MAX || (d->finished >> choice & 1U) != 0) {
        return;
    }
    bool tools = false;
    for (size_t i = 0; i < d->n_tools; i++) {
        if (d->tools[i].key >> 32 == choice) {
            end_tool(d, &d->tools[i]);
            tools = tools || !d->tools[i].executed;
        }
    }
    if (tools && (finish == PROA_CHAT_FINISH_STOP || finish == PROA_CHAT_FINISH_OTHER)) {
        finish = PROA_CHAT_FINISH_TOOLS;
    }
    if (d->finish_reason.len == 0) {
        keep_name(&d->finish_reason, raw);
    }
    tell_content(d, &(const struct proa_chat_event){
                        .kind = PROA_CHAT_FINISH, .choice = choice, .finish = finish, .text = raw});
    d->finished |= UINT64_C(1) << choice;
}

void proa_decode_done(struct proa_decoder *d)
{
    tell_usage(d);
    if (d->state != PROA_ANSWER_ERROR) {
        d->state = PROA_ANSWER_DONE;
    }
}

static struct proa_slice keep_text(struct proa_decoder *d, struct proa_slice text)
{
    const struct proa_slice plain = proa_chat_text_plain(text, d->arena);
    text = plain.len > 0 ? plain : text; /* what is no JSON text was plain before */
    return proa_arena_dup(d->arena, proa_slice_head(text, FAILURE_TEXT_MAX));
}

void proa_decode_fail(struct proa_decoder *d, const struct proa_failure *failure)
{
    if (d->state != PROA_ANSWER_ERROR) {
        d->failure = *failure;
        d->failure.message = keep_text(d, failure->message);
        d->failure.type = keep_text(d, failure->type);
        d->failure.code = keep_text(d, failure->code);
        d->state = PROA_ANSWER_ERROR;
    }
}

/* ---- streams --------------------------------------------------------------------------------- */

static bool is_over(const struct proa_decoder *d)
{
    return d->state == PROA_ANSWER_DONE || d->state == PROA_ANSWER_ERROR;
}

static void settle_state(struct proa_decoder *d)
{
    tell_usage(d);
    if (!is_over(d) && d->chosen != 0) {
        d->state = d->finished == d->chosen ? PROA_ANSWER_FINISHED : PROA_ANSWER_CONTENT;
    }
}

static bool is_json(struct proa_slice text)
{
    const struct proa_json_scan_cfg cfg = {.wants = NULL};
    struct proa_json_info info;
    return proa_json_scan(text, &cfg, NULL, &info) == PROA_OK;
}

/* False when the event cannot be read, and may have told a part of the answer. */
static bool read_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data,
                       struct proa_decoder_report *out)
{
    d->content = false;
    proa_buf_clear(&d->scratch);
    out->events++;
    const bool read = d->dialect->decode->event(d, name, data);
    /* `data:` alone is a sign of life, not a broken event. */
    out->malformed = out->malformed || (!read && data.len > 0);
    if (PROA_UNLIKELY(d->sink.raw) && data.len > 0 && d->state < PROA_ANSWER_DONE) {
        d->sink.raw(d->sink.ctx, data);
    }
    settle_state(d);
    out->content_events += d->content;
    return read || data.len == 0 || d->state == PROA_ANSWER_FINISHED || is_json(data);
}

/* What framing makes of the bytes. */
struct piece {
    struct proa_slice name;
    struct proa_slice data;
    enum proa_err err;
};

/* True for an event; else the bytes are used up, or err is set. */
static bool next_sse(struct proa_decoder *d, struct proa_slice *bytes, struct piece *out)
{
    PROA_UNINIT struct proa_sse_event event;
    const enum proa_sse_result result = proa_sse_next(&d->sse, bytes, &event);
    if (result == PROA_SSE_EVENT) {
        *out = (struct piece){.name = event.is_error_field ? PROA_SLICE("error") : event.type,
                              .data = event.data};
        return true;
    }
    out->err = result == PROA_SSE_TOO_LONG ? PROA_ERR_LIMIT : PROA_OK;
    return false;
}

/* An error has its text in headers, an exception as payload. */
static bool next_message(struct proa_decoder *d, struct proa_slice *bytes, struct piece *out)
{
    PROA_UNINIT struct proa_eventstream_message m;
    const enum proa_eventstream_result result = proa_eventstream_next(&d->messages, bytes, &m);
    if (result != PROA_EVENTSTREAM_MESSAGE) {
        out->err = result == PROA_EVENTSTREAM_TOO_LONG ? PROA_ERR_LIMIT
                   : result == PROA_EVENTSTREAM_BROKEN ? PROA_ERR_PROTOCOL
                                                       : PROA_OK;
        return false;
    }
    const struct proa_slice type = proa_eventstream_string(m.headers, PROA_SLICE(":message-type"));
    const bool is_error = proa_slice_eq(type, PROA_SLICE("error"));
    d->exception = is_error || proa_slice_eq(type, PROA_SLICE("exception"));
    *out = (struct piece){
        .name = proa_eventstream_string(m.headers, is_error       ? PROA_SLICE(":error-code")
                                                   : d->exception ? PROA_SLICE(":exception-type")
                                                                  : PROA_SLICE(":event-type")),
        .data =
            is_error ? proa_eventstream_string(m.headers, PROA_SLICE(":error-message")) : m.payload,
    };
    return true;
}

enum proa_err proa_decoder_feed(struct proa_decoder *d, struct proa_slice bytes,
                                struct proa_decoder_report *out)
{
    struct piece piece = {.err = PROA_OK};
    const bool messages = d->dialect->decode->framing == PROA_FRAMING_EVENTSTREAM;
    *out = (struct proa_decoder_report){.state = d->state};
    while (!is_over(d) && !d->broken &&
           (messages ? next_message(d, &bytes, &piece) : next_sse(d, &bytes, &piece))) {
        if (!read_event(d, piece.name, piece.data, out)) {
            piece.err = PROA_ERR_PROTOCOL;
            break;
        }
    }
    proa_buf_trim(&d->scratch, 0);
    if (d->broken) {
        piece.err = PROA_ERR_LIMIT;
    }
    d->broken = piece.err != PROA_OK;
    out->state = d->state;
    out->failure = d->failure;
    return piece.err;
}

/* Bytes of a message that is not whole are left: what is cut off is not complete, whatever it said
 * before. Events need not end before a stream does. */
static bool is_cut_off(const struct proa_decoder *d)
{
    return d->dialect->decode->framing == PROA_FRAMING_EVENTSTREAM &&
           proa_eventstream_is_unfinished(&d->messages);
}

bool proa_decoder_is_complete(const struct proa_decoder *d)
{
    return !d->broken && (d->state == PROA_ANSWER_DONE || d->state == PROA_ANSWER_FINISHED);
}

bool proa_decoder_end(struct proa_decoder *d)
{
    d->broken = d->broken || (!is_over(d) && is_cut_off(d));
    if (!is_over(d) && !d->broken && d->dialect->decode->end) {
        proa_buf_clear(&d->scratch);
        d->dialect->decode->end(d);
        settle_state(d);
    }
    return proa_decoder_is_complete(d);
}

/* ---- whole answers --------------------------------------------------------------------------- */

bool proa_decoder_whole(struct proa_decoder *d, struct proa_slice body,
                        struct proa_failure *failure)
{
    const bool read = d->dialect->decode->whole(d, body);
    settle_state(d);
    if (d->state == PROA_ANSWER_ERROR) {
        *failure = d->failure;
        return false;
    }
    if (!read || d->broken) {
        *failure = (struct proa_failure){.class = PROA_CLASS_MALFORMED};
        return false;
    }
    if (d->chosen == 0) {
        *failure = (struct proa_failure){.class = PROA_CLASS_EMPTY};
        return false;
    }
    return true;
}

/* ---- facts ----------------------------------------------------------------------------------- */

const struct proa_usage *proa_decoder_usage(const struct proa_decoder *d)
{
    return &d->usage;
}

struct proa_slice proa_decoder_model(const struct proa_decoder *d)
{
    return proa_slice_make(d->model.text, d->model.len);
}

struct proa_slice proa_decoder_finish_reason(const struct proa_decoder *d)
{
    return proa_slice_make(d->finish_reason.text, d->finish_reason.len);
}

uint64_t proa_decode_u64(const struct proa_json_item *item, uint64_t otherwise)
{
    uint64_t n = 0;
    return item->kind == PROA_JSON_NUMBER && proa_json_number_u64(item->value, &n) == PROA_OK
               ? n
               : otherwise;
}
