/*
 * Google's answers: whole, as events with several parts each, or as one array; vectors and lists.
 */
#include "speech_priv.h"

#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { PARTS_PER_EVENT = 2 };

/* base64 of "mock-thought": the reader takes only what begins so. */
#define SIGNATURE ",\"thoughtSignature\":\"bW9jay10aG91Z2h0\""

struct making {
    struct mock_making *m;
    struct proa_buf *out;
    uint64_t said; /* bytes of text so far: usage grows with it */
    bool vertex;
};

static void put(struct making *g, const char *text)
{
    (void)proa_buf_append_cstr(g->out, text);
}

static void put_count(struct making *g, const char *key, uint64_t n)
{
    put(g, key);
    (void)proa_buf_append_u64(g->out, n);
}

static void put_text(struct making *g, struct proa_slice text, bool thought)
{
    put(g, thought ? "{\"thought\":true,\"text\":" : "{\"text\":");
    (void)proa_json_string_encode(g->out, text);
    put(g, "}");
}

/* Ids are the developer API's; Vertex has none. The signature is on the first call. */
static void put_call(struct making *g, uint32_t i)
{
    const struct mock_call *call = &g->m->speech.calls[i];
    put(g, "{\"functionCall\":{");
    if (!g->vertex) {
        put(g, "\"id\":\"fc_");
        (void)proa_buf_append_hex(g->out, g->m->author->id);
        put_count(g, "_", i);
        put(g, "\",");
    }
    put(g, "\"name\":");
    (void)proa_json_string_encode(g->out, call->name);
    put(g, ",\"args\":");
    (void)proa_buf_append(g->out, call->arguments);
    put(g, i == 0 && g->m->speech.thought.len > 0 ? "}" SIGNATURE "}" : "}}");
}

/* Cumulative: what has been said until now. */
static void put_usage(struct making *g, uint64_t candidates, bool last)
{
    const struct mock_speech *s = &g->m->speech;
    if (!mock_says_usage(g->m)) {
        return;
    }
    put_count(g, ",\"usageMetadata\":{\"promptTokenCount\":", g->m->req->prompt_tokens);
    if (candidates > 0 || last) {
        put_count(g, ",\"candidatesTokenCount\":", candidates);
    }
    if (s->thought_tokens > 0) {
        put_count(g, ",\"thoughtsTokenCount\":", s->thought_tokens);
    }
    if (s->cached_tokens > 0) {
        put_count(g, ",\"cachedContentTokenCount\":", s->cached_tokens);
    }
    put_count(g,
              ",\"totalTokenCount\":", g->m->req->prompt_tokens + candidates + s->thought_tokens);
    put(g, "}");
}

static void put_tail(struct making *g)
{
    put(g, ",\"modelVersion\":");
    (void)proa_json_string_encode(g->out, g->m->req->model);
    put(g, ",\"responseId\":\"");
    (void)proa_buf_append_hex(g->out, g->m->author->id);
    put(g, "\"}");
}

static struct proa_slice finish_of(const struct making *g)
{
    return proa_mock_finish(g->m, PROA_SLICE("STOP"), PROA_SLICE("MAX_TOKENS"), PROA_SLICE("STOP"));
}

/* A prompt that is blocked has no candidates. */
static bool is_blocked(const struct making *g)
{
    return proa_slice_eq(g->m->speech.reason, PROA_SLICE("blocked"));
}

static void put_blocked(struct making *g)
{
    put(g, "{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}");
    put_usage(g, 0, false);
    put_tail(g);
}

static void put_finish(struct making *g, uint32_t index, bool open)
{
    if (!open && !proa_mock_plan_has(g->m->plan, PROA_MOCK_NO_FINISH)) {
        put(g, ",\"finishReason\":\"");
        (void)proa_buf_append(g->out, finish_of(g));
        put(g, "\"");
    }
    put_count(g, ",\"index\":", index);
    put(g, "}");
}

static uint64_t candidate_tokens(const struct making *g)
{
    return (g->m->speech.completion_tokens - g->m->speech.thought_tokens) * g->m->req->n;
}

static bool shows_thoughts(const struct making *g)
{
    return g->m->speech.thought.len > 0 && g->m->req->shows_thoughts;
}

/* ---- whole ----------------------------------------------------------------------------------- */

static void put_candidate(struct making *g, uint32_t index)
{
    const struct mock_speech *s = &g->m->speech;
    const char *comma = "";
    put(g, index > 0 ? ",{\"content\":{\"parts\":[" : "{\"content\":{\"parts\":[");
    if (shows_thoughts(g)) {
        put_text(g, s->thought, true);
        comma = ",";
    }
    for (uint32_t i = 0; i < s->n_calls; i++, comma = ",") {
        put(g, comma);
        put_call(g, i);
    }
    if (s->n_calls == 0) {
        put(g, comma);
        put_text(g, s->text, false);
    }
    put(g, "],\"role\":\"model\"}");
    put_finish(g, index, false);
}

static void make_whole(struct making *g)
{
    if (is_blocked(g)) {
        put_blocked(g);
        return;
    }
    put(g, "{\"candidates\":[");
    for (uint32_t i = 0; i < g->m->req->n; i++) {
        put_candidate(g, i);
    }
    put(g, "]");
    put_usage(g, candidate_tokens(g), true);
    put_tail(g);
}

/* ---- streamed -------------------------------------------------------------------------------- */

static void event_begin(struct making *g)
{
    const bool array = g->m->a->wire == MOCK_WIRE_ARRAY;
    put(g, array ? (g->m->a->n_events > 0 ? ",\n" : "[") : "data: ");
}

static void event_end(struct making *g)
{
    put(g, g->m->a->wire == MOCK_WIRE_ARRAY ? "" : "\r\n\r\n");
    proa_mock_event_end(g->m->a, g->m->plan);
}

static void parts_begin(struct making *g)
{
    event_begin(g);
    put(g, "{\"candidates\":[{\"content\":{\"parts\":[");
}

static void parts_end(struct making *g, bool last)
{
    const uint64_t most = candidate_tokens(g);
    const uint64_t said = mock_tokens((size_t)g->said);
    put(g, "],\"role\":\"model\"}");
    put_finish(g, 0, !last || proa_mock_plan_has(g->m->plan, PROA_MOCK_NO_TERMINATOR));
    put(g, "]");
    put_usage(g, last || said > most ? most : said, last);
    put_tail(g);
    event_end(g);
}

static void stream_words(struct making *g, struct proa_slice rest, bool thought)
{
    while (rest.len > 0 && proa_buf_ok(g->out)) {
        parts_begin(g);
        for (int i = 0; i < PARTS_PER_EVENT && rest.len > 0; i++) {
            const struct proa_slice word = proa_mock_speech_word(&rest);
            put(g, i > 0 ? "," : "");
            put_text(g, word, thought);
            g->said += thought ? 0 : word.len;
        }
        parts_end(g, false);
    }
}

static void make_stream(struct making *g)
{
    const struct mock_speech *s = &g->m->speech;
    const bool array = g->m->a->wire == MOCK_WIRE_ARRAY;
    if (is_blocked(g)) {
        event_begin(g);
        put_blocked(g);
        event_end(g);
    } else {
        if (shows_thoughts(g)) {
            stream_words(g, s->thought, true);
        }
        if (s->n_calls == 0) {
            stream_words(g, s->text, false);
        }
        parts_begin(g);
        for (uint32_t i = 0; i < s->n_calls; i++) {
            put(g, i > 0 ? "," : "");
            put_call(g, i);
        }
        if (s->n_calls == 0) {
            put_text(g, PROA_SLICE_NONE, false);
        }
        parts_end(g, true);
    }
    proa_mock_events_finish(g->m->a, g->m->plan, array ? PROA_SLICE("]") : PROA_SLICE_NONE);
}

/* ---- vectors and models ---------------------------------------------------------------------- */

static void put_vector(struct making *g, const char *key, struct proa_slice text)
{
    struct proa_json_writer w;
    put(g, key);
    proa_json_writer_init(&w, g->out);
    proa_mock_vector_write(&w, text, g->m->req->dimensions);
}

static void make_embeddings(struct making *g)
{
    const struct mock_request *req = g->m->req;
    if (req->variant == GEMINI_EMBED) {
        put_vector(g, "{\"embedding\":{\"values\":", req->inputs[0]);
        put(g, "}");
        if (g->vertex) {
            put_count(g, ",\"usageMetadata\":{\"promptTokenCount\":", req->prompt_tokens);
            put(g, "}");
        }
        put(g, "}");
        return;
    }
    const bool predict = req->variant == GEMINI_PREDICT;
    put(g, predict ? "{\"predictions\":[" : "{\"embeddings\":[");
    for (uint32_t i = 0; i < req->n_inputs; i++) {
        put(g, i > 0 ? "," : "");
        put_vector(g, predict ? "{\"embeddings\":{\"values\":" : "{\"values\":", req->inputs[i]);
        if (predict) {
            put_count(g, ",\"statistics\":{\"token_count\":", mock_tokens(req->inputs[i].len));
            put(g, ",\"truncated\":false}}");
        }
        put(g, "}");
    }
    put(g, "]}");
}

static void put_model(struct making *g, struct proa_slice id)
{
    put(g, "{\"name\":");
    (void)proa_json_string_encode(
        g->out, proa_arena_printf(g->m->arena, "models/%" PROA_SLICE_FMT, PROA_SLICE_ARG(id)));
    put(g, ",\"version\":\"001\",\"displayName\":");
    (void)proa_json_string_encode(g->out, id);
    put(g, ",\"inputTokenLimit\":1048576,\"outputTokenLimit\":65536,"
           "\"supportedGenerationMethods\":[\"generateContent\",\"embedContent\"]}");
}

static void make_models(struct making *g)
{
    const struct proa_slice *names;
    const size_t n = proa_mock_model_names(&names);
    put(g, "{\"models\":[");
    for (size_t i = 0; i < n; i++) {
        put(g, i > 0 ? "," : "");
        put_model(g, names[i]);
    }
    put(g, "]}");
}

void proa_mock_gemini_make(struct mock_making *m)
{
    struct making g = {.m = m, .out = &m->a->body, .vertex = m->req->profile == MOCK_VERTEX};
    if (m->req->endpoint == MOCK_MODELS) {
        make_models(&g);
    } else if (m->req->endpoint == MOCK_MODEL) {
        put_model(&g, m->req->model);
    } else if (m->req->endpoint == MOCK_EMBEDDINGS) {
        make_embeddings(&g);
    } else if (m->req->stream) {
        make_stream(&g);
    } else {
        make_whole(&g);
    }
}
