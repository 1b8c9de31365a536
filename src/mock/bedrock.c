/*
 * Bedrock's answers: Converse whole and as frames, and vectors of the models behind InvokeModel.
 */
#include "frames_priv.h"
#include "speech_priv.h"

#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { ARGUMENT_PART = 8, PAYLOAD_MAX = 1024 * 1024 };

/* base64 of "mock-signature": the reader takes only what begins so. */
#define SIGNATURE "\"bW9jay1zaWduYXR1cmU=\""

struct making {
    struct mock_making *m;
    struct proa_buf *out; /* a payload, or the whole body */
    bool odd;
};

static void put(struct making *b, const char *text)
{
    (void)proa_buf_append_cstr(b->out, text);
}

static void put_count(struct making *b, const char *key, uint64_t n)
{
    put(b, key);
    (void)proa_buf_append_u64(b->out, n);
}

static void put_string(struct making *b, const char *key, struct proa_slice text)
{
    put(b, key);
    (void)proa_json_string_encode(b->out, text);
}

/* Mistral's models have ids of nine letters and digits here, too. */
static void put_call_head(struct making *b, uint32_t i)
{
    const struct proa_slice model = b->m->req->model;
    if (proa_slice_search(model, PROA_SLICE("mistral.")) < model.len) {
        (void)proa_buf_append_printf(b->out, "{\"toolUseId\":\"%08lx%c\"",
                                     (unsigned long)(b->m->author->id & UINT32_MAX),
                                     "abcdefghijklmnop"[i % 16]);
    } else {
        put(b, "{\"toolUseId\":\"tooluse_");
        (void)proa_buf_append_hex(b->out, b->m->author->id);
        put_count(b, "_", i);
        put(b, "\"");
    }
    put_string(b, ",\"name\":", b->m->speech.calls[i].name);
}

static void put_usage(struct making *b)
{
    const struct mock_speech *s = &b->m->speech;
    const uint64_t input = b->m->req->prompt_tokens - s->cached_tokens;
    put_count(b, "{\"inputTokens\":", input);
    put_count(b, ",\"outputTokens\":", s->completion_tokens);
    put_count(b, ",\"totalTokens\":", b->m->req->prompt_tokens + s->completion_tokens);
    put_count(b, ",\"cacheReadInputTokens\":", s->cached_tokens);
    put(b, ",\"cacheWriteInputTokens\":0}");
}

static struct proa_slice stop_reason(const struct making *b)
{
    return proa_mock_finish(b->m, PROA_SLICE("end_turn"), PROA_SLICE("max_tokens"),
                            PROA_SLICE("tool_use"));
}

/* ---- whole ----------------------------------------------------------------------------------- */

static void make_whole(struct making *b)
{
    const struct mock_speech *s = &b->m->speech;
    const char *comma = "";
    put(b, "{\"metrics\":{\"latencyMs\":1},\"output\":{\"message\":{\"content\":[");
    if (s->thought.len > 0) {
        put_string(b, "{\"reasoningContent\":{\"reasoningText\":{\"text\":", s->thought);
        put(b, ",\"signature\":" SIGNATURE "}}}");
        comma = ",";
    }
    for (uint32_t i = 0; i < s->n_calls; i++, comma = ",") {
        put(b, comma);
        put(b, "{\"toolUse\":");
        put_call_head(b, i);
        put(b, ",\"input\":");
        (void)proa_buf_append(b->out, s->calls[i].arguments);
        put(b, "}}");
    }
    if (s->n_calls == 0) {
        put(b, comma);
        put_string(b, "{\"text\":", s->text);
        put(b, "}");
    }
    put(b, "],\"role\":\"assistant\"}}");
    if (!proa_mock_plan_has(b->m->plan, PROA_MOCK_NO_FINISH)) {
        put_string(b, ",\"stopReason\":", stop_reason(b));
    }
    if (mock_says_usage(b->m)) {
        put(b, ",\"usage\":");
        put_usage(b);
    }
    put(b, "}");
}

/* ---- streamed -------------------------------------------------------------------------------- */

/* The payload's padding hides how long a word is; it differs from frame to frame. */
static void frame(struct making *b, struct proa_slice type)
{
    static const char padding[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
    (void)proa_buf_append_printf(b->out, ",\"p\":\"%.*s\"}",
                                 (int)(b->m->a->n_events * 7 % (sizeof padding - 1) + 1), padding);
    proa_mock_frame_event(&b->m->a->body, type, proa_buf_slice(b->out));
    proa_buf_clear(b->out);
    proa_mock_event_end(b->m->a, b->m->plan);
}

static void block_end(struct making *b, uint32_t index)
{
    put_count(b, "{\"contentBlockIndex\":", index);
    frame(b, PROA_SLICE("contentBlockStop"));
}

static void delta_begin(struct making *b, uint32_t index)
{
    put_count(b, "{\"contentBlockIndex\":", index);
    put(b, ",\"delta\":");
}

static void stream_words(struct making *b, uint32_t index, struct proa_slice rest, bool thought)
{
    while (rest.len > 0 && proa_buf_ok(&b->m->a->body)) {
        delta_begin(b, index);
        put_string(b, thought ? "{\"reasoningContent\":{\"text\":" : "{\"text\":",
                   proa_mock_speech_word(&rest));
        put(b, thought ? "}}" : "}");
        frame(b, PROA_SLICE("contentBlockDelta"));
    }
}

static void stream_thought(struct making *b, uint32_t index)
{
    stream_words(b, index, b->m->speech.thought, true);
    delta_begin(b, index);
    put(b, "{\"reasoningContent\":{\"signature\":" SIGNATURE "}}");
    frame(b, PROA_SLICE("contentBlockDelta"));
    block_end(b, index);
}

/* A call without arguments has no delta at all. */
static void stream_call(struct making *b, uint32_t index, uint32_t i)
{
    struct proa_slice rest = b->m->speech.calls[i].arguments;
    put_count(b, "{\"contentBlockIndex\":", index);
    put(b, ",\"start\":{\"toolUse\":");
    put_call_head(b, i);
    put(b, "}}");
    frame(b, PROA_SLICE("contentBlockStart"));
    while (rest.len > 0 && !proa_slice_eq(b->m->speech.calls[i].arguments, PROA_SLICE("{}"))) {
        delta_begin(b, index);
        put_string(b, "{\"toolUse\":{\"input\":", proa_mock_speech_part(&rest, ARGUMENT_PART));
        put(b, "}}");
        frame(b, PROA_SLICE("contentBlockDelta"));
    }
    block_end(b, index);
}

static void stream_metadata(struct making *b)
{
    if (mock_says_usage(b->m)) {
        put(b, "{\"metrics\":{\"latencyMs\":1},\"usage\":");
        put_usage(b);
        frame(b, PROA_SLICE("metadata"));
    }
}

static void stream_stop(struct making *b)
{
    const struct proa_mock_plan *plan = b->m->plan;
    if (!proa_mock_ends_open(plan) && !proa_mock_plan_has(plan, PROA_MOCK_NO_FINISH)) {
        put_string(b, "{\"stopReason\":", stop_reason(b));
        frame(b, PROA_SLICE("messageStop"));
    }
}

static void make_stream(struct making *b)
{
    const struct mock_speech *s = &b->m->speech;
    uint32_t index = 0;
    put(b, "{\"role\":\"assistant\"");
    frame(b, PROA_SLICE("messageStart"));
    if (s->thought.len > 0) {
        stream_thought(b, index++);
    }
    for (uint32_t i = 0; i < s->n_calls; i++) {
        stream_call(b, index++, i);
    }
    if (s->n_calls == 0) {
        stream_words(b, index, s->text, false);
        block_end(b, index);
    }
    if (b->odd) {
        stream_metadata(b);
    }
    stream_stop(b);
    if (!b->odd) {
        stream_metadata(b);
    }
    proa_mock_events_finish(b->m->a, b->m->plan, PROA_SLICE_NONE);
}

/* ---- vectors --------------------------------------------------------------------------------- */

static void put_vector(struct making *b, uint32_t i)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, b->out);
    proa_mock_vector_write(&w, b->m->req->inputs[i],
                           b->m->req->dimensions ? b->m->req->dimensions : 1024);
}

static void make_cohere(struct making *b)
{
    const struct mock_request *req = b->m->req;
    const bool newer = proa_slice_search(req->model, PROA_SLICE("v4")) < req->model.len;
    put(b, newer ? "{\"id\":\"mock\",\"response_type\":\"embeddings_by_type\",\"embeddings\":{"
                   "\"float\":["
                 : "{\"id\":\"mock\",\"response_type\":\"embeddings_floats\",\"embeddings\":[");
    for (uint32_t i = 0; i < req->n_inputs; i++) {
        put(b, i > 0 ? "," : "");
        put_vector(b, i);
    }
    put(b, newer ? "]}}" : "]}");
    b->m->a->lines = proa_arena_printf(b->m->arena, "x-amzn-bedrock-input-token-count: %llu\r\n",
                                       (unsigned long long)req->prompt_tokens);
}

static void make_embeddings(struct making *b)
{
    const struct mock_request *req = b->m->req;
    if (proa_slice_search(req->model, PROA_SLICE("cohere.")) < req->model.len) {
        make_cohere(b);
    } else if (proa_slice_search(req->body, PROA_SLICE("\"singleEmbeddingParams\"")) <
               req->body.len) {
        put(b, "{\"embeddings\":[{\"embeddingType\":\"TEXT\",\"embedding\":");
        put_vector(b, 0);
        put_count(b, "}],\"inputTokenCount\":", req->prompt_tokens);
        put(b, "}");
    } else {
        put(b, "{\"embedding\":");
        put_vector(b, 0);
        put_count(b, ",\"inputTextTokenCount\":", req->prompt_tokens);
        put(b, "}");
    }
}

void proa_mock_bedrock_make(struct mock_making *m)
{
    struct proa_buf payload;
    struct making b = {
        .m = m, .out = &m->a->body, .odd = proa_mock_plan_has(m->plan, PROA_MOCK_ODD)};
    if (m->req->endpoint == MOCK_EMBEDDINGS) {
        make_embeddings(&b);
    } else if (!m->req->stream) {
        make_whole(&b);
    } else {
        proa_buf_init(&payload, PAYLOAD_MAX);
        b.out = &payload;
        make_stream(&b);
        proa_buf_deinit(&payload);
    }
}
