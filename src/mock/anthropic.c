/*
 * Anthropic's answers: messages whole and as named events, counts, and the list of models.
 */
#include "speech_priv.h"

#include "proa/json/string.h"

enum { ARGUMENT_PART = 8 };

/* base64 of "mock-signature": the reader takes only what begins so. */
static const struct proa_slice SIGNATURE = PROA_SLICE_INIT("bW9jay1zaWduYXR1cmU=");

static void put(struct mock_making *m, const char *text)
{
    (void)proa_buf_append_cstr(&m->a->body, text);
}

static void put_string(struct mock_making *m, struct proa_slice text)
{
    (void)proa_json_string_encode(&m->a->body, text);
}

static void put_u64(struct mock_making *m, uint64_t n)
{
    (void)proa_buf_append_u64(&m->a->body, n);
}

static struct proa_slice stop_reason(const struct mock_making *m)
{
    return proa_mock_finish(m, PROA_SLICE("end_turn"), PROA_SLICE("max_tokens"),
                            PROA_SLICE("tool_use"));
}

/* Input without what came from the cache; a part of that was written to it. */
static void put_input_usage(struct mock_making *m)
{
    put(m, "\"input_tokens\":");
    put_u64(m, m->req->prompt_tokens - m->speech.cached_tokens);
    put(m, ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":");
    put_u64(m, m->speech.cached_tokens);
}

static void put_output_usage(struct mock_making *m)
{
    put(m, "\"output_tokens\":");
    put_u64(m, m->speech.completion_tokens);
    if (m->speech.thought_tokens > 0) {
        put(m, ",\"output_tokens_details\":{\"thinking_tokens\":");
        put_u64(m, m->speech.thought_tokens);
        put(m, "}");
    }
}

static void put_stop(struct mock_making *m)
{
    const struct proa_slice reason = stop_reason(m);
    put(m, "\"stop_reason\":");
    if (proa_mock_plan_has(m->plan, PROA_MOCK_NO_FINISH)) {
        put(m, "null");
    } else {
        put_string(m, reason);
    }
    put(m, ",\"stop_sequence\":null");
    if (proa_slice_eq(reason, PROA_SLICE("refusal"))) {
        put(m, ",\"stop_details\":{\"type\":\"refusal\",\"category\":\"cyber\",\"explanation\":"
               "\"The mock was asked to refuse.\"}");
    }
}

static void put_message_begin(struct mock_making *m)
{
    put(m, "{\"id\":\"msg_");
    (void)proa_buf_append_hex(&m->a->body, m->author->id);
    put(m, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
    put_string(m, m->req->model);
    put(m, ",\"content\":[");
}

static void put_call_head(struct mock_making *m, uint32_t i)
{
    put(m, "{\"type\":\"tool_use\",\"id\":\"toolu_");
    (void)proa_buf_append_hex(&m->a->body, m->author->id);
    put(m, "_");
    put_u64(m, i);
    put(m, "\",\"name\":");
    put_string(m, m->speech.calls[i].name);
    put(m, ",\"input\":");
}

/* ---- whole ----------------------------------------------------------------------------------- */

static void make_whole(struct mock_making *m)
{
    const struct mock_speech *s = &m->speech;
    const char *comma = "";
    put_message_begin(m);
    if (s->thought.len > 0) {
        put(m, "{\"type\":\"thinking\",\"thinking\":");
        put_string(m, s->thought);
        put(m, ",\"signature\":");
        put_string(m, SIGNATURE);
        put(m, "}");
        comma = ",";
    }
    for (uint32_t i = 0; i < s->n_calls; i++, comma = ",") {
        put(m, comma);
        put_call_head(m, i);
        (void)proa_buf_append(&m->a->body, s->calls[i].arguments);
        put(m, "}");
    }
    if (s->n_calls == 0) {
        put(m, comma);
        put(m, "{\"type\":\"text\",\"text\":");
        put_string(m, s->text);
        put(m, "}");
    }
    put(m, "],");
    put_stop(m);
    if (mock_says_usage(m)) {
        put(m, ",\"usage\":{");
        put_input_usage(m);
        put(m, ",");
        put_output_usage(m);
        put(m, ",\"service_tier\":\"standard\"}");
    }
    put(m, "}");
}

/* ---- streamed -------------------------------------------------------------------------------- */

static void event(struct mock_making *m, const char *type)
{
    put(m, "event: ");
    put(m, type);
    put(m, "\ndata: {\"type\":\"");
    put(m, type);
    put(m, "\"");
}

static void event_end(struct mock_making *m)
{
    put(m, "}\n\n");
    proa_mock_event_end(m->a, m->plan);
}

static void delta_begin(struct mock_making *m, uint32_t index, const char *type, const char *member)
{
    event(m, "content_block_delta");
    put(m, ",\"index\":");
    put_u64(m, index);
    put(m, ",\"delta\":{\"type\":\"");
    put(m, type);
    put(m, "\",\"");
    put(m, member);
    put(m, "\":");
}

static void delta(struct mock_making *m, uint32_t index, const char *type, const char *member,
                  struct proa_slice text)
{
    delta_begin(m, index, type, member);
    put_string(m, text);
    put(m, "}");
    event_end(m);
}

static void block_begin(struct mock_making *m, uint32_t index)
{
    event(m, "content_block_start");
    put(m, ",\"index\":");
    put_u64(m, index);
    put(m, ",\"content_block\":");
}

static void block_end(struct mock_making *m, uint32_t index)
{
    event(m, "content_block_stop");
    put(m, ",\"index\":");
    put_u64(m, index);
    event_end(m);
}

static void stream_start(struct mock_making *m)
{
    event(m, "message_start");
    put(m, ",\"message\":");
    put_message_begin(m);
    put(m, "],\"stop_reason\":null,\"stop_sequence\":null");
    if (mock_says_usage(m)) {
        put(m, ",\"usage\":{");
        put_input_usage(m);
        put(m, ",\"output_tokens\":1,\"service_tier\":\"standard\"}");
    }
    put(m, "}");
    event_end(m);
}

/* One ping, behind the start of the first block, as it is always seen. */
static void stream_ping(struct mock_making *m, uint32_t index)
{
    if (index == 0) {
        put(m, "event: ping\ndata: {\"type\": \"ping\"}\n\n");
        proa_mock_event_end(m->a, m->plan);
    }
}

static void stream_words(struct mock_making *m, uint32_t index, const char *type,
                         const char *member, struct proa_slice rest)
{
    while (rest.len > 0 && proa_buf_ok(&m->a->body)) {
        delta(m, index, type, member, proa_mock_speech_word(&rest));
    }
}

static void stream_thought(struct mock_making *m, uint32_t index)
{
    block_begin(m, index);
    put(m, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
    event_end(m);
    stream_ping(m, index);
    stream_words(m, index, "thinking_delta", "thinking", m->speech.thought);
    delta(m, index, "signature_delta", "signature", SIGNATURE);
    block_end(m, index);
}

static void stream_text(struct mock_making *m, uint32_t index)
{
    block_begin(m, index);
    put(m, "{\"type\":\"text\",\"text\":\"\"}");
    event_end(m);
    stream_ping(m, index);
    stream_words(m, index, "text_delta", "text", m->speech.text);
    block_end(m, index);
}

/* The first part is empty, and the only one where there are no arguments. The rarer shape has them
 * all in the block's start. */
static void stream_call(struct mock_making *m, uint32_t index, uint32_t i)
{
    struct proa_slice rest = m->speech.calls[i].arguments;
    const bool odd = proa_mock_plan_has(m->plan, PROA_MOCK_ODD);
    const bool none = proa_slice_eq(rest, PROA_SLICE("{}"));
    block_begin(m, index);
    put_call_head(m, i);
    (void)proa_buf_append(&m->a->body, odd ? rest : PROA_SLICE("{}"));
    put(m, "}");
    event_end(m);
    stream_ping(m, index);
    delta(m, index, "input_json_delta", "partial_json", PROA_SLICE_NONE);
    while (rest.len > 0 && !none && !odd) {
        delta(m, index, "input_json_delta", "partial_json",
              proa_mock_speech_part(&rest, ARGUMENT_PART));
    }
    block_end(m, index);
}

static void stream_delta(struct mock_making *m)
{
    event(m, "message_delta");
    put(m, ",\"delta\":{");
    put_stop(m);
    put(m, "}");
    if (mock_says_usage(m)) {
        put(m, ",\"usage\":{");
        if (proa_mock_plan_has(m->plan, PROA_MOCK_ODD)) {
            put_input_usage(m);
            put(m, ",");
        }
        put_output_usage(m);
        put(m, "}");
    }
    event_end(m);
}

static void make_stream(struct mock_making *m)
{
    uint32_t index = 0;
    stream_start(m);
    if (m->speech.thought.len > 0) {
        stream_thought(m, index++);
    }
    for (uint32_t i = 0; i < m->speech.n_calls; i++) {
        stream_call(m, index++, i);
    }
    if (m->speech.n_calls == 0) {
        stream_text(m, index);
    }
    if (!proa_mock_plan_has(m->plan, PROA_MOCK_NO_FINISH)) {
        stream_delta(m);
    }
    proa_mock_events_finish(
        m->a, m->plan, PROA_SLICE("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

/* ---- models ---------------------------------------------------------------------------------- */

static void put_model(struct mock_making *m, struct proa_slice id)
{
    put(m, "{\"type\":\"model\",\"id\":");
    put_string(m, id);
    put(m, ",\"display_name\":");
    put_string(m, id);
    put(m, ",\"created_at\":\"2026-01-01T00:00:00Z\",\"max_input_tokens\":200000,"
           "\"max_tokens\":64000}");
}

static void make_models(struct mock_making *m)
{
    const struct proa_slice *names;
    const size_t n = proa_mock_model_names(&names);
    put(m, "{\"data\":[");
    for (size_t i = 0; i < n; i++) {
        put(m, i > 0 ? "," : "");
        put_model(m, names[i]);
    }
    put(m, "],\"has_more\":false,\"first_id\":");
    put_string(m, names[0]);
    put(m, ",\"last_id\":");
    put_string(m, names[n - 1]);
    put(m, "}");
}

void proa_mock_anthropic_make(struct mock_making *m)
{
    if (m->req->endpoint == MOCK_MODELS) {
        make_models(m);
    } else if (m->req->endpoint == MOCK_MODEL) {
        put_model(m, m->req->model);
    } else if (m->req->variant == ANTHROPIC_COUNT) {
        put(m, "{\"input_tokens\":");
        put_u64(m, m->req->prompt_tokens);
        put(m, "}");
    } else if (m->req->stream) {
        make_stream(m);
    } else {
        make_whole(m);
    }
}
