/*
 * Cohere's answers: chat whole and as events with dashes in their names, vectors, and ranks.
 */
#include "speech_priv.h"

#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { ARGUMENT_PART = 8 };

/* ---- chat ------------------------------------------------------------------------------------ */

static void put(struct mock_making *m, const char *text)
{
    (void)proa_buf_append_cstr(&m->a->body, text);
}

static void put_count(struct mock_making *m, const char *key, uint64_t n)
{
    put(m, key);
    (void)proa_buf_append_u64(&m->a->body, n);
}

static void put_string(struct mock_making *m, const char *key, struct proa_slice text)
{
    put(m, key);
    (void)proa_json_string_encode(&m->a->body, text);
}

static void put_id(struct mock_making *m)
{
    put(m, "\"id\":\"c0");
    (void)proa_buf_append_hex(&m->a->body, m->author->id);
    put(m, "\"");
}

static void put_usage(struct mock_making *m)
{
    const uint64_t prompt = m->req->prompt_tokens;
    put_count(m, "{\"billed_units\":{\"input_tokens\":", prompt);
    put_count(m, ",\"output_tokens\":", m->speech.completion_tokens);
    put_count(m, "},\"tokens\":{\"input_tokens\":", prompt);
    put_count(m, ",\"output_tokens\":", m->speech.completion_tokens);
    put_count(m, "},\"cached_tokens\":", m->speech.cached_tokens);
    put(m, "}");
}

static struct proa_slice finish_of(const struct mock_making *m)
{
    return proa_mock_finish(m, PROA_SLICE("COMPLETE"), PROA_SLICE("MAX_TOKENS"),
                            PROA_SLICE("TOOL_CALL"));
}

/* A call without arguments has null, not an empty object. */
static void put_call(struct mock_making *m, uint32_t i, bool whole)
{
    const struct mock_call *call = &m->speech.calls[i];
    put_string(m, "\"id\":",
               proa_arena_printf(m->arena, "%" PROA_SLICE_FMT "_%llx%u", PROA_SLICE_ARG(call->name),
                                 (unsigned long long)m->author->id, i));
    put_string(m, ",\"type\":\"function\",\"function\":{\"name\":", call->name);
    if (proa_slice_eq(call->arguments, PROA_SLICE("{}"))) {
        put(m, ",\"arguments\":null}");
    } else {
        put_string(m, ",\"arguments\":", whole ? call->arguments : PROA_SLICE_NONE);
        put(m, "}");
    }
}

static void make_whole(struct mock_making *m)
{
    const struct mock_speech *s = &m->speech;
    put(m, "{");
    put_id(m);
    put(m, ",\"message\":{\"role\":\"assistant\"");
    if (s->n_calls > 0) {
        put(m, ",\"tool_plan\":\"I will call what is asked for.\",\"tool_calls\":[");
        for (uint32_t i = 0; i < s->n_calls; i++) {
            put(m, i > 0 ? ",{" : "{");
            put_call(m, i, true);
            put(m, "}");
        }
        put(m, "]");
    } else {
        put(m, ",\"content\":[");
        if (s->thought.len > 0) {
            put_string(m, "{\"type\":\"thinking\",\"thinking\":", s->thought);
            put(m, "},");
        }
        put_string(m, "{\"type\":\"text\",\"text\":", s->text);
        put(m, "}]");
    }
    put_string(m, "},\"finish_reason\":", finish_of(m));
    if (mock_says_usage(m)) {
        put(m, ",\"usage\":");
        put_usage(m);
    }
    put(m, "}");
}

static void event(struct mock_making *m, const char *type)
{
    put(m, "event: ");
    put(m, type);
    put(m, "\ndata: {\"type\":\"");
    put(m, type);
    put(m, "\"");
}

static void event_end(struct mock_making *m, const char *braces)
{
    put(m, braces);
    put(m, "\n\n");
    proa_mock_event_end(m->a, m->plan);
}

static void stream_content(struct mock_making *m, uint32_t index, struct proa_slice rest,
                           bool thought)
{
    event(m, "content-start");
    put_count(m, ",\"index\":", index);
    put(m, thought ? ",\"delta\":{\"message\":{\"content\":{\"type\":\"thinking\",\"thinking\":\"\""
                   : ",\"delta\":{\"message\":{\"content\":{\"type\":\"text\",\"text\":\"\"");
    event_end(m, "}}}}");
    while (rest.len > 0 && proa_buf_ok(&m->a->body)) {
        event(m, "content-delta");
        put_count(m, ",\"index\":", index);
        put_string(m,
                   thought ? ",\"delta\":{\"message\":{\"content\":{\"thinking\":"
                           : ",\"delta\":{\"message\":{\"content\":{\"text\":",
                   proa_mock_speech_word(&rest));
        event_end(m, "}}}}");
    }
    event(m, "content-end");
    put_count(m, ",\"index\":", index);
    event_end(m, "}");
}

static void stream_plan(struct mock_making *m)
{
    struct proa_slice rest = PROA_SLICE("I will call what is asked for.");
    while (rest.len > 0) {
        event(m, "tool-plan-delta");
        put_string(m, ",\"delta\":{\"message\":{\"tool_plan\":", proa_mock_speech_word(&rest));
        event_end(m, "}}}");
    }
}

static void stream_call(struct mock_making *m, uint32_t i)
{
    struct proa_slice rest = m->speech.calls[i].arguments;
    event(m, "tool-call-start");
    put_count(m, ",\"index\":", i);
    put(m, ",\"delta\":{\"message\":{\"tool_calls\":{");
    put_call(m, i, false);
    event_end(m, "}}}}");
    while (rest.len > 0 && !proa_slice_eq(m->speech.calls[i].arguments, PROA_SLICE("{}"))) {
        event(m, "tool-call-delta");
        put_count(m, ",\"index\":", i);
        put_string(m, ",\"delta\":{\"message\":{\"tool_calls\":{\"function\":{\"arguments\":",
                   proa_mock_speech_part(&rest, ARGUMENT_PART));
        event_end(m, "}}}}}");
    }
    event(m, "tool-call-end");
    put_count(m, ",\"index\":", i);
    event_end(m, "}");
}

static void stream_end(struct mock_making *m)
{
    if (proa_mock_ends_open(m->plan) || proa_mock_plan_has(m->plan, PROA_MOCK_NO_FINISH)) {
        return;
    }
    event(m, "message-end");
    put_string(m, ",\"delta\":{\"finish_reason\":", finish_of(m));
    if (mock_says_usage(m)) {
        put(m, ",\"usage\":");
        put_usage(m);
    }
    event_end(m, "}}");
}

static void make_stream(struct mock_making *m)
{
    uint32_t index = 0;
    event(m, "message-start");
    put(m, ",");
    put_id(m);
    put(m, ",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[],\"tool_plan\":\"\","
           "\"tool_calls\":[],\"citations\":[]");
    event_end(m, "}}}");
    if (m->speech.n_calls > 0) {
        stream_plan(m);
    } else if (m->speech.thought.len > 0) {
        stream_content(m, index++, m->speech.thought, true);
    }
    for (uint32_t i = 0; i < m->speech.n_calls; i++) {
        stream_call(m, i);
    }
    if (m->speech.n_calls == 0) {
        stream_content(m, index, m->speech.text, false);
    }
    stream_end(m);
    proa_mock_events_finish(m->a, m->plan, PROA_SLICE_NONE);
}

/* ---- vectors, ranks, models ------------------------------------------------------------------ */

static void make_embed(struct mock_making *m)
{
    put(m, "{");
    put_id(m);
    put(m, ",\"response_type\":\"embeddings_by_type\",\"embeddings\":{\"float\":[");
    for (uint32_t i = 0; i < m->req->n_inputs; i++) {
        struct proa_json_writer w;
        put(m, i > 0 ? "," : "");
        proa_json_writer_init(&w, &m->a->body);
        proa_mock_vector_write(&w, m->req->inputs[i], m->req->dimensions);
    }
    put_count(m,
              "]},\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":{"
              "\"input_tokens\":",
              m->req->prompt_tokens);
    put(m, "}}}");
}

/* The more of the query's words a document holds, the better; the earlier of two is ahead. */
static uint32_t score_of(const struct mock_request *req, uint32_t i)
{
    struct proa_slice rest = req->text;
    uint32_t n = 0;
    uint32_t found = 0;
    while (rest.len > 0) {
        struct proa_slice word = proa_mock_speech_word(&rest);
        while (word.len > 0 && (word.ptr[0] == ' ' || word.ptr[0] == '\n')) {
            word = proa_slice_from(word, 1);
        }
        if (word.len > 0) {
            n++;
            found += proa_slice_search_nocase(req->inputs[i], word) < req->inputs[i].len;
        }
    }
    return n > 0 ? found * 900000 / n + 50000 : 50000;
}

static void make_rerank(struct mock_making *m)
{
    const struct mock_request *req = m->req;
    uint32_t *scores = proa_arena_zero(m->arena, req->n_inputs, sizeof *scores);
    for (uint32_t i = 0; i < req->n_inputs; i++) {
        scores[i] = score_of(req, i);
    }
    put(m, "{");
    put_id(m);
    put(m, ",\"results\":[");
    for (uint64_t n = 0; n < req->n_inputs && n < req->top_n; n++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < req->n_inputs; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        put_count(m, n > 0 ? ",{\"index\":" : "{\"index\":", best);
        (void)proa_buf_append_printf(&m->a->body, ",\"relevance_score\":0.%06lu}",
                                     (unsigned long)scores[best]);
        scores[best] = 0;
    }
    put(m,
        "],\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":{\"search_units\":1}}}");
}

static void make_models(struct mock_making *m)
{
    const struct proa_slice *names;
    const size_t n = proa_mock_model_names(&names);
    put(m, "{\"models\":[");
    for (size_t i = 0; i < n; i++) {
        put_string(m, i > 0 ? ",{\"name\":" : "{\"name\":", names[i]);
        put(m,
            ",\"endpoints\":[\"chat\",\"embed\"],\"finetuned\":false,\"context_length\":128000}");
    }
    put(m, "]}");
}

void proa_mock_cohere_make(struct mock_making *m)
{
    if (m->req->endpoint == MOCK_MODELS) {
        make_models(m);
    } else if (m->req->endpoint == MOCK_EMBEDDINGS) {
        make_embed(m);
    } else if (m->req->endpoint == MOCK_RERANK) {
        make_rerank(m);
    } else if (m->req->stream) {
        make_stream(m);
    } else {
        make_whole(m);
    }
}
