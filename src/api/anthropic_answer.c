/*
 * Streams: message_start, then blocks one behind the other, then message_delta with the reason and
 * the final usage, then message_stop. What both ways share stands here, too.
 *
 * The beginning waits for the first content, because the count of the input's tokens may come right
 * behind the provider's own beginning. One block is open at a time; a new kind, or another call,
 * ends it.
 */
#include "anthropic_answer_priv.h"

#include "proa/chat/request.h"
#include "proa/json/cursor.h"

static void put(struct proa_buf *out, struct proa_slice bytes)
{
    (void)proa_buf_append(out, bytes);
}

static void put_text(struct proa_buf *out, struct proa_slice text)
{
    (void)proa_chat_text_put(out, text);
}

static void put_u64(struct proa_buf *out, uint64_t n)
{
    (void)proa_buf_append_u64(out, n);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* Here the counts of input stand beside one another. */
void proa_message_put_usage(const struct proa_api_message *m, const struct proa_usage *usage,
                            struct proa_buf *out)
{
    const uint64_t read = proa_usage_count(usage, PROA_USAGE_CACHE_READ);
    const uint64_t written = proa_usage_count(usage, PROA_USAGE_CACHE_WRITE);
    const uint64_t input = proa_usage_has(usage, PROA_USAGE_INPUT) ? usage->count[PROA_USAGE_INPUT]
                                                                   : m->cfg.input_tokens;
    PROA_BUF_LIT(out, "{\"input_tokens\":");
    put_u64(out, input > read + written ? input - read - written : 0);
    PROA_BUF_LIT(out, ",\"cache_creation_input_tokens\":");
    put_u64(out, written);
    PROA_BUF_LIT(out, ",\"cache_read_input_tokens\":");
    put_u64(out, read);
    PROA_BUF_LIT(out, ",\"output_tokens\":");
    put_u64(out, proa_usage_count(usage, PROA_USAGE_OUTPUT));
    PROA_BUF_LIT(out, "}");
}

void proa_message_put_head(const struct proa_api_message *m, struct proa_buf *out)
{
    PROA_BUF_LIT(out, "\"id\":");
    put_text(out, m->id);
    PROA_BUF_LIT(out, ",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
    put_text(out, m->model);
}

void proa_message_put_reason(const struct proa_api_message *m, struct proa_buf *out)
{
    PROA_BUF_LIT(out, "\"stop_reason\":");
    if (m->reason.len > 0) {
        put_text(out, m->reason);
    } else {
        PROA_BUF_LIT(out, "null");
    }
    PROA_BUF_LIT(out, ",\"stop_sequence\":null");
}

void proa_message_put_gateway(struct proa_slice gateway, struct proa_buf *out)
{
    if (gateway.len > 0) {
        PROA_BUF_LIT(out, ",\"provider_metadata\":{\"gateway\":");
        put(out, gateway);
        PROA_BUF_LIT(out, "}");
    }
}

static bool is_own_citation(const struct proa_chat_event *event)
{
    return proa_json_get(event->raw, PROA_SLICE("cited_text"), NULL) == PROA_JSON_STRING;
}

bool proa_message_has_citation(const struct proa_chat_event *event)
{
    return event->id.len > 0 || is_own_citation(event);
}

void proa_message_put_citation(const struct proa_chat_event *event, struct proa_buf *out)
{
    if (is_own_citation(event)) {
        put(out, event->raw);
        return;
    }
    PROA_BUF_LIT(out, "{\"type\":\"web_search_result_location\",\"cited_text\":\"\",\"url\":");
    put_text(out, event->id);
    PROA_BUF_LIT(out, ",\"title\":");
    put_text(out, event->name);
    PROA_BUF_LIT(out, ",\"encrypted_index\":\"\"}");
}

struct proa_slice proa_message_call_id(struct proa_api_message *m,
                                       const struct proa_chat_event *event)
{
    return event->id.len > 0 ? event->id
                             : proa_arena_printf(m->arena, "toolu_%" PROA_SLICE_FMT "_%u",
                                                 PROA_SLICE_ARG(m->cfg.id), (unsigned)event->tool);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static void start(struct proa_api_message *m, const struct proa_chat_event *event)
{
    m->id = proa_slice_starts(event->id, PROA_SLICE("msg_"))
                ? proa_arena_dup(m->arena, event->id)
                : proa_arena_printf(m->arena, "msg_%" PROA_SLICE_FMT, PROA_SLICE_ARG(m->cfg.id));
    m->model = event->model.len > 0 ? proa_arena_dup(m->arena, event->model)
                                    : proa_chat_text_of(m->cfg.model, m->arena);
}

/* The provider's own word goes on where it is one of this API's for the same reason; the first of
 * each reason stands for the others. */
static const struct {
    enum proa_chat_finish finish;
    struct proa_slice reason;
} REASONS[] = {
    {PROA_CHAT_FINISH_STOP, PROA_SLICE_INIT("end_turn")},
    {PROA_CHAT_FINISH_STOP, PROA_SLICE_INIT("stop_sequence")},
    {PROA_CHAT_FINISH_STOP, PROA_SLICE_INIT("pause_turn")},
    {PROA_CHAT_FINISH_LENGTH, PROA_SLICE_INIT("max_tokens")},
    {PROA_CHAT_FINISH_LENGTH, PROA_SLICE_INIT("model_context_window_exceeded")},
    {PROA_CHAT_FINISH_TOOLS, PROA_SLICE_INIT("tool_use")},
    {PROA_CHAT_FINISH_FILTER, PROA_SLICE_INIT("refusal")},
    {PROA_CHAT_FINISH_OTHER, PROA_SLICE_INIT("end_turn")},
};

static void take_finish(struct proa_api_message *m, const struct proa_chat_event *event)
{
    struct proa_slice reason = PROA_SLICE_NONE;
    for (size_t i = 0; i < PROA_ARRAY_LEN(REASONS); i++) {
        if (REASONS[i].finish == event->finish &&
            (reason.len == 0 || proa_chat_text_eq(event->text, REASONS[i].reason))) {
            reason = REASONS[i].reason;
        }
    }
    m->reason = reason;
}

static void take_usage(struct proa_api_message *m, const struct proa_usage *usage)
{
    for (int i = 0; i < PROA_USAGE_FIELDS; i++) {
        const enum proa_usage_field field = (enum proa_usage_field)i;
        if (proa_usage_has(usage, field)) {
            proa_usage_set(&m->usage, field, usage->count[field]);
        }
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

#define EVENT(name) "event: " name "\ndata: {\"type\":\"" name "\""

static void end_event(struct proa_api_message *m)
{
    PROA_BUF_LIT(m->out, "}\n\n");
}

static void begin_message(struct proa_api_message *m)
{
    if (m->begun) {
        return;
    }
    m->begun = true;
    PROA_BUF_LIT(m->out, EVENT("message_start") ",\"message\":{");
    proa_message_put_head(m, m->out);
    PROA_BUF_LIT(m->out, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
    proa_message_put_usage(m, &m->usage, m->out);
    PROA_BUF_LIT(m->out, "}");
    end_event(m);
}

static void stop_block(struct proa_api_message *m)
{
    if (m->open != BLOCK_NONE) {
        m->open = BLOCK_NONE;
        PROA_BUF_LIT(m->out, EVENT("content_block_stop") ",\"index\":");
        put_u64(m->out, m->n_begun - 1);
        end_event(m);
    }
}

/* Up to the members of the block. */
static void begin_block(struct proa_api_message *m, enum block_kind kind)
{
    stop_block(m);
    PROA_BUF_LIT(m->out, EVENT("content_block_start") ",\"index\":");
    put_u64(m->out, m->n_begun);
    PROA_BUF_LIT(m->out, ",\"content_block\":{\"type\":");
    m->open = kind;
    m->n_begun++;
}

static void end_begun(struct proa_api_message *m)
{
    PROA_BUF_LIT(m->out, "}");
    end_event(m);
}

static void need_block(struct proa_api_message *m, enum block_kind kind)
{
    if (m->open == kind) {
        return;
    }
    begin_block(m, kind);
    if (kind == BLOCK_TEXT) {
        PROA_BUF_LIT(m->out, "\"text\",\"text\":\"\"");
    } else {
        PROA_BUF_LIT(m->out, "\"thinking\",\"thinking\":\"\",\"signature\":\"\"");
    }
    end_begun(m);
}

/* A delta of one text, in the block of this number. */
static void tell_delta(struct proa_api_message *m, uint32_t block, struct proa_slice begin,
                       struct proa_slice text)
{
    PROA_BUF_LIT(m->out, EVENT("content_block_delta") ",\"index\":");
    put_u64(m->out, block);
    PROA_BUF_LIT(m->out, ",\"delta\":{\"type\":");
    put(m->out, begin);
    put_text(m->out, text);
    end_begun(m);
}

static void tell_text(struct proa_api_message *m, struct proa_slice text)
{
    need_block(m, BLOCK_TEXT);
    tell_delta(m, m->n_begun - 1, PROA_SLICE("\"text_delta\",\"text\":"), text);
}

/* A signature ends its block: what is thought behind it is of another. */
static void tell_thought(struct proa_api_message *m, const struct proa_chat_event *event)
{
    need_block(m, BLOCK_THINKING);
    if (event->kind == PROA_CHAT_REASONING) {
        tell_delta(m, m->n_begun - 1, PROA_SLICE("\"thinking_delta\",\"thinking\":"), event->text);
    } else {
        tell_delta(m, m->n_begun - 1, PROA_SLICE("\"signature_delta\",\"signature\":"),
                   event->text);
        stop_block(m);
    }
}

static void tell_redacted(struct proa_api_message *m, struct proa_slice data)
{
    begin_block(m, BLOCK_REDACTED);
    PROA_BUF_LIT(m->out, "\"redacted_thinking\",\"data\":");
    put_text(m->out, data);
    end_begun(m);
    stop_block(m);
}

static void tell_call(struct proa_api_message *m, const struct proa_chat_event *event)
{
    begin_block(m, BLOCK_TOOL);
    PROA_BUF_LIT(m->out, "\"tool_use\",\"id\":");
    put_text(m->out, proa_message_call_id(m, event));
    PROA_BUF_LIT(m->out, ",\"name\":");
    put_text(m->out, event->name);
    PROA_BUF_LIT(m->out, ",\"input\":{}");
    end_begun(m);
    if (event->tool < MESSAGE_TOOLS_MAX) {
        m->tools[event->tool] = m->n_begun;
    }
}

/* Of a call that another one has followed: its block has ended, but is found by its number. */
static void tell_piece(struct proa_api_message *m, const struct proa_chat_event *event)
{
    const uint32_t block = event->tool < MESSAGE_TOOLS_MAX ? m->tools[event->tool] : 0;
    if (block > 0) {
        tell_delta(m, block - 1, PROA_SLICE("\"input_json_delta\",\"partial_json\":"), event->text);
    }
}

static void tell_citation(struct proa_api_message *m, const struct proa_chat_event *event)
{
    if (!proa_message_has_citation(event)) {
        return;
    }
    need_block(m, BLOCK_TEXT);
    PROA_BUF_LIT(m->out, EVENT("content_block_delta") ",\"index\":");
    put_u64(m->out, m->n_begun - 1);
    PROA_BUF_LIT(m->out, ",\"delta\":{\"type\":\"citations_delta\",\"citation\":");
    proa_message_put_citation(event, m->out);
    end_begun(m);
}

static void end_call(struct proa_api_message *m, const struct proa_chat_event *event)
{
    if (m->open == BLOCK_TOOL && event->tool < MESSAGE_TOOLS_MAX &&
        m->tools[event->tool] == m->n_begun) {
        stop_block(m);
    }
}

static void tell(struct proa_api_message *m, const struct proa_chat_event *event)
{
    begin_message(m);
    switch (event->kind) {
    case PROA_CHAT_TEXT:
    case PROA_CHAT_REFUSAL:
        tell_text(m, event->text);
        break;
    case PROA_CHAT_REASONING:
    case PROA_CHAT_SIGNATURE:
        tell_thought(m, event);
        break;
    case PROA_CHAT_REDACTED:
        tell_redacted(m, event->text);
        break;
    case PROA_CHAT_TOOL_START:
        tell_call(m, event);
        break;
    case PROA_CHAT_TOOL_PIECE:
        tell_piece(m, event);
        break;
    case PROA_CHAT_TOOL_END:
        end_call(m, event);
        break;
    case PROA_CHAT_CITATION:
        tell_citation(m, event);
        break;
    case PROA_CHAT_FINISH:
        stop_block(m);
        break;
    case PROA_CHAT_START:
    case PROA_CHAT_MEDIA: /* an assistant has none here */
    case PROA_CHAT_LOGPROBS:
    case PROA_CHAT_USAGE:
    case PROA_CHAT_TOOL_RESULT:
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        break;
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* What another API has sealed would come back as if Claude had. */
static bool is_anothers(const struct proa_chat_event *event)
{
    return (event->kind == PROA_CHAT_SIGNATURE || event->kind == PROA_CHAT_REDACTED) &&
           event->name.len > 0 && !proa_slice_eq(event->name, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE));
}

static bool is_hidden(const struct proa_api_message *m, const struct proa_chat_event *event)
{
    return event->choice > 0 || /* there is one answer here */
           is_anothers(event) ||
           (m->cfg.hide_thinking &&
            (event->kind == PROA_CHAT_REASONING || event->kind == PROA_CHAT_SIGNATURE ||
             event->kind == PROA_CHAT_REDACTED));
}

static void on_event(void *ctx, const struct proa_chat_event *event)
{
    struct proa_api_message *m = ctx;
    if (m->id.len == 0) {
        const struct proa_chat_event unknown = {.kind = PROA_CHAT_START};
        start(m, event->kind == PROA_CHAT_START ? event : &unknown);
    }
    if (event->kind == PROA_CHAT_START || is_hidden(m, event)) {
        return;
    }
    if (event->kind == PROA_CHAT_USAGE) {
        take_usage(m, event->usage);
        return;
    }
    if (event->kind == PROA_CHAT_FINISH) {
        take_finish(m, event);
    }
    if (m->cfg.stream) {
        tell(m, event);
    } else {
        proa_message_gather(m, event);
    }
}

struct proa_api_message *proa_api_message_create(const struct proa_api_message_cfg *cfg,
                                                 struct proa_buf *out, struct proa_arena *arena)
{
    struct proa_api_message *m = PROA_ARENA_NEW(arena, struct proa_api_message);
    m->cfg = *cfg;
    m->out = out;
    m->arena = arena;
    return m;
}

void proa_api_message_destroy(struct proa_api_message *m)
{
    if (m) {
        proa_message_forget(m);
    }
}

struct proa_chat_sink proa_api_message_sink(struct proa_api_message *m)
{
    return (struct proa_chat_sink){.event = on_event, .ctx = m};
}

void proa_api_message_end(struct proa_api_message *m, const struct proa_usage *usage,
                          struct proa_slice gateway)
{
    const struct proa_chat_event nothing = {.kind = PROA_CHAT_START};
    on_event(m, &nothing); /* an answer that told nothing at all has a beginning too */
    if (!m->cfg.stream) {
        proa_message_write(m, usage, gateway);
        return;
    }
    begin_message(m);
    stop_block(m);
    PROA_BUF_LIT(m->out, EVENT("message_delta") ",\"delta\":{");
    proa_message_put_reason(m, m->out);
    PROA_BUF_LIT(m->out, "},\"usage\":");
    proa_message_put_usage(m, usage, m->out);
    proa_message_put_gateway(gateway, m->out);
    end_event(m);
    PROA_BUF_LIT(m->out, EVENT("message_stop"));
    end_event(m);
}
