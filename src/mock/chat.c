/*
 * Chat and text completions in OpenAI's dialect, whole and streamed, in the shapes of those who
 * speak it. Streams keep the order that callers rely on: a chunk with the role, content word by
 * word, a chunk with the finish reason, usage, [DONE].
 */
#include "shapes_priv.h"
#include "speech_priv.h"

#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { ARGUMENT_PART = 8 };

#define SAFE                                                                                       \
    "{\"hate\":{\"filtered\":false,\"severity\":\"safe\"},\"self_harm\":{\"filtered\":false,"      \
    "\"severity\":\"safe\"},\"sexual\":{\"filtered\":false,\"severity\":\"safe\"},\"violence\":{"  \
    "\"filtered\":false,\"severity\":\"safe\"}}"
#define PROMPT_SAFE                                                                                \
    "\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":" SAFE "}]"

struct making {
    struct mock_making *m;
    struct proa_buf *out; /* the answer's body */
    const struct mock_request *req;
    unsigned quirks;
    struct proa_slice thought;  /* member for thoughts; empty: not shown */
    struct proa_slice thoughts; /* what they are */
    struct proa_slice text;
    struct proa_slice finish;
    struct proa_slice opening; /* of every chunk, up to the choice's index */
    struct proa_slice closing; /* of every chunk, behind the choice */
};

static bool has(const struct making *m, unsigned quirk)
{
    return (m->quirks & quirk) != 0;
}

static void put(const struct making *m, const char *text)
{
    (void)proa_buf_append_cstr(m->out, text);
}

/* ---- parts of both --------------------------------------------------------------------------- */

static void put_details(struct making *m, struct proa_json_writer *w)
{
    const struct mock_speech *s = &m->m->speech;
    proa_json_writer_key(w, PROA_SLICE("prompt_tokens_details"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "cached_tokens", s->cached_tokens);
    proa_json_writer_member_u64(w, "audio_tokens", 0);
    proa_json_writer_end_object(w);
    proa_json_writer_key(w, PROA_SLICE("completion_tokens_details"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "reasoning_tokens", s->thought_tokens * m->req->n);
    proa_json_writer_member_u64(w, "audio_tokens", 0);
    proa_json_writer_member_u64(w, "accepted_prediction_tokens", 0);
    proa_json_writer_member_u64(w, "rejected_prediction_tokens", 0);
    proa_json_writer_end_object(w);
}

static void put_usage(struct making *m)
{
    const struct mock_speech *s = &m->m->speech;
    const uint64_t all = s->completion_tokens * m->req->n;
    const bool odd = proa_mock_plan_has(m->m->plan, PROA_MOCK_ODD);
    const bool apart = has(m, MOCK_SHAPE_APART);
    const uint64_t prompt = m->req->prompt_tokens - (apart && odd ? s->cached_tokens : 0);
    struct proa_json_writer w;
    proa_json_writer_init(&w, m->out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_u64(&w, "prompt_tokens", prompt);
    proa_json_writer_member_u64(&w, "completion_tokens",
                                all - (apart ? s->thought_tokens * m->req->n : 0));
    proa_json_writer_member_u64(&w, "total_tokens", m->req->prompt_tokens + all);
    if (has(m, MOCK_SHAPE_CACHE_HIT)) {
        proa_json_writer_member_u64(&w, "prompt_cache_hit_tokens", s->cached_tokens);
        proa_json_writer_member_u64(&w, "prompt_cache_miss_tokens",
                                    m->req->prompt_tokens - s->cached_tokens);
    }
    if (has(m, MOCK_SHAPE_GROQ)) {
        proa_json_writer_key(&w, PROA_SLICE("queue_time"));
        proa_json_writer_micro(&w, 18000);
        proa_json_writer_key(&w, PROA_SLICE("prompt_time"));
        proa_json_writer_micro(&w, 2000);
        proa_json_writer_key(&w, PROA_SLICE("completion_time"));
        proa_json_writer_micro(&w, 40000);
        proa_json_writer_key(&w, PROA_SLICE("total_time"));
        proa_json_writer_micro(&w, 42000);
    }
    if (has(m, MOCK_SHAPE_THOUGHT_PARTS) && odd) {
        proa_json_writer_member_u64(&w, "num_cached_tokens", s->cached_tokens);
    } else {
        put_details(m, &w);
    }
    proa_json_writer_end_object(&w);
}

static void append_id(struct making *m, struct proa_buf *out)
{
    (void)proa_buf_append_cstr(out, m->req->endpoint == MOCK_CHAT ? "chatcmpl-" : "cmpl-");
    (void)proa_buf_append_hex(out, m->m->author->id);
}

static void append_call_id(struct making *m, uint32_t choice, uint32_t call)
{
    if (has(m, MOCK_SHAPE_SHORT_IDS)) {
        static const char digits[] = "abcdefghijklmnop";
        (void)proa_buf_append_printf(
            m->out, "%08lx%c", (unsigned long)(m->m->author->id & UINT32_MAX), digits[call % 16]);
        return;
    }
    put(m, "call_");
    (void)proa_buf_append_hex(m->out, m->m->author->id);
    put(m, "_");
    (void)proa_buf_append_u64(m->out, choice);
    put(m, "_");
    (void)proa_buf_append_u64(m->out, call);
}

/* `{"id":...,"model":...,"system_fingerprint":...,"choices":[`: how every answer begins. */
static void append_opening(struct making *m, struct proa_buf *out, const char *object)
{
    PROA_BUF_LIT(out, "{\"id\":\"");
    append_id(m, out);
    PROA_BUF_LIT(out, "\",\"object\":\"");
    (void)proa_buf_append_cstr(out, object);
    PROA_BUF_LIT(out, "\",\"created\":");
    (void)proa_buf_append_u64(out, m->m->author->created);
    PROA_BUF_LIT(out, ",\"model\":");
    (void)proa_json_string_encode(out, m->req->model);
    (void)proa_buf_append_cstr(
        out,
        m->req->profile == MOCK_OLLAMA
            ? ",\"system_fingerprint\":\"fp_ollama\",\"choices\":["
            : ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\",\"choices\":[");
}

/* ---- whole ----------------------------------------------------------------------------------- */

static void append_calls(struct making *m, uint32_t choice)
{
    const struct mock_speech *s = &m->m->speech;
    put(m, "[");
    for (uint32_t i = 0; i < s->n_calls; i++) {
        put(m, i > 0 ? ",{\"id\":\"" : "{\"id\":\"");
        append_call_id(m, choice, i);
        put(m, has(m, MOCK_SHAPE_NO_CALL_INDEX) ? "\",\"function\":{\"name\":"
                                                : "\",\"type\":\"function\",\"function\":{"
                                                  "\"name\":");
        (void)proa_json_string_encode(m->out, s->calls[i].name);
        put(m, ",\"arguments\":");
        (void)proa_json_string_encode(m->out, s->calls[i].arguments);
        put(m, "}}");
    }
    put(m, "]");
}

static void put_thinking_part(struct making *m, struct proa_slice text)
{
    put(m, "{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":");
    (void)proa_json_string_encode(m->out, text);
    put(m, "}]}");
}

static void put_content(struct making *m)
{
    const bool calls = m->m->speech.n_calls > 0;
    put(m, "\"content\":");
    if (has(m, MOCK_SHAPE_THOUGHT_PARTS) && m->thoughts.len > 0) {
        put(m, "[");
        put_thinking_part(m, m->thoughts);
        if (!calls) {
            put(m, ",{\"type\":\"text\",\"text\":");
            (void)proa_json_string_encode(m->out, m->text);
            put(m, "}");
        }
        put(m, "]");
    } else if (calls) {
        put(m, has(m, MOCK_SHAPE_THOUGHT_PARTS) ? "\"\"" : "null");
    } else {
        (void)proa_json_string_encode(m->out, m->text);
    }
}

static void append_message(struct making *m, uint32_t index)
{
    put(m, ",\"message\":{\"role\":\"assistant\",");
    put_content(m);
    if (m->thoughts.len > 0 && !has(m, MOCK_SHAPE_THOUGHT_PARTS)) {
        put(m, ",\"");
        (void)proa_buf_append(m->out, m->thought);
        put(m, "\":");
        (void)proa_json_string_encode(m->out, m->thoughts);
    }
    if (m->m->speech.n_calls > 0) {
        put(m, ",\"tool_calls\":");
        append_calls(m, index);
    }
    put(m, has(m, MOCK_SHAPE_THOUGHT_PARTS) ? "}" : ",\"refusal\":null,\"annotations\":[]}");
}

static void append_choice(struct making *m, uint32_t index)
{
    put(m, index > 0 ? ",{\"index\":" : "{\"index\":");
    (void)proa_buf_append_u64(m->out, index);
    if (m->req->endpoint != MOCK_CHAT) {
        put(m, ",\"text\":");
        (void)proa_json_string_encode(m->out, m->text);
    } else {
        append_message(m, index);
    }
    if (has(m, MOCK_SHAPE_FILTERS)) {
        put(m, ",\"content_filter_results\":" SAFE);
    }
    put(m, ",\"logprobs\":null,\"finish_reason\":");
    if (proa_mock_plan_has(m->m->plan, PROA_MOCK_NO_FINISH)) {
        put(m, "null}");
        return;
    }
    put(m, "\"");
    (void)proa_buf_append(m->out, m->finish);
    put(m, "\"}");
}

/* What some add to the object that ends an answer. */
static void put_extras(struct making *m)
{
    if (has(m, MOCK_SHAPE_GROQ)) {
        put(m, ",\"x_groq\":{\"id\":\"req_");
        (void)proa_buf_append_hex(m->out, m->m->author->id);
        put(m, "\"");
        if (m->req->stream && mock_says_usage(m->m)) {
            put(m, ",\"usage\":");
            put_usage(m);
        }
        put(m, "}");
    }
    if (has(m, MOCK_SHAPE_TIMINGS)) {
        put(m, ",\"timings\":{\"prompt_n\":1,\"prompt_ms\":1.5,\"predicted_n\":1,"
               "\"predicted_ms\":2.5}");
    }
}

static void make_whole(struct making *m)
{
    append_opening(m, m->out,
                   m->req->endpoint == MOCK_CHAT ? "chat.completion" : "text_completion");
    for (uint32_t i = 0; i < m->req->n && proa_buf_ok(m->out); i++) {
        append_choice(m, i);
    }
    put(m, "]");
    if (mock_says_usage(m->m)) {
        put(m, ",\"usage\":");
        put_usage(m);
    }
    if (has(m, MOCK_SHAPE_FILTERS)) {
        put(m, "," PROMPT_SAFE);
    }
    put_extras(m);
    put(m, "}");
}

/* ---- streamed -------------------------------------------------------------------------------- */

static void chunk_begin(struct making *m, uint32_t choice)
{
    put(m, "data: ");
    (void)proa_buf_append(m->out, m->opening);
    put(m, "{\"index\":");
    (void)proa_buf_append_u64(m->out, choice);
}

static void delta_begin(struct making *m, uint32_t choice)
{
    chunk_begin(m, choice);
    put(m, has(m, MOCK_SHAPE_ROLES) ? ",\"delta\":{\"role\":\"assistant\"," : ",\"delta\":{");
}

/* Ends the choice and its chunk; finish empty = null. */
static void chunk_end(struct making *m, struct proa_slice finish)
{
    if (has(m, MOCK_SHAPE_FILTERS) && finish.len == 0) {
        put(m, ",\"content_filter_results\":{}");
    }
    put(m, has(m, MOCK_SHAPE_SPARE) ? "" : ",\"logprobs\":null");
    if (finish.len > 0) {
        put(m, ",\"finish_reason\":\"");
        (void)proa_buf_append(m->out, finish);
        put(m, "\"}]");
    } else {
        put(m, has(m, MOCK_SHAPE_SPARE) ? "}]" : ",\"finish_reason\":null}]");
    }
    if (finish.len > 0 && has(m, MOCK_SHAPE_USAGE_LAST) && mock_says_usage(m->m)) {
        put(m, ",\"usage\":");
        put_usage(m);
    }
    if (finish.len > 0) {
        put_extras(m);
    }
    (void)proa_buf_append(m->out, m->closing);
    proa_mock_event_end(m->m->a, m->m->plan);
}

static void stream_role(struct making *m, uint32_t choice)
{
    chunk_begin(m, choice);
    put(m, m->m->speech.n_calls > 0
               ? ",\"delta\":{\"role\":\"assistant\",\"content\":null,\"refusal\":null}"
               : ",\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}");
    chunk_end(m, PROA_SLICE_NONE);
}

static void stream_thoughts(struct making *m, uint32_t choice)
{
    struct proa_slice rest = m->thoughts;
    while (rest.len > 0) {
        const struct proa_slice word = proa_mock_speech_word(&rest);
        delta_begin(m, choice);
        put(m, "\"");
        (void)proa_buf_append(m->out, m->thought);
        put(m, "\":");
        if (has(m, MOCK_SHAPE_THOUGHT_PARTS)) {
            put(m, "[");
            put_thinking_part(m, word);
            put(m, "]");
        } else {
            (void)proa_json_string_encode(m->out, word);
        }
        put(m, "}");
        chunk_end(m, PROA_SLICE_NONE);
    }
}

static void stream_word(struct making *m, uint32_t choice, struct proa_slice word)
{
    const bool chat = m->req->endpoint == MOCK_CHAT;
    if (chat) {
        delta_begin(m, choice);
        put(m, "\"content\":");
    } else {
        chunk_begin(m, choice);
        put(m, ",\"text\":");
    }
    (void)proa_json_string_encode(m->out, word);
    put(m, chat ? "}" : "");
    chunk_end(m, PROA_SLICE_NONE);
}

static void stream_text(struct making *m)
{
    struct proa_slice rest = m->text;
    while (rest.len > 0 && proa_buf_ok(m->out)) {
        const struct proa_slice word = proa_mock_speech_word(&rest);
        for (uint32_t i = 0; i < m->req->n; i++) {
            stream_word(m, i, word);
        }
    }
}

/* The call's own members, the arguments whole or still to come. */
static void put_call(struct making *m, uint32_t choice, uint32_t index, bool whole)
{
    const struct mock_call *call = &m->m->speech.calls[index];
    put(m, "{");
    if (!has(m, MOCK_SHAPE_NO_CALL_INDEX)) {
        put(m, "\"index\":");
        (void)proa_buf_append_u64(m->out, index);
        put(m, ",");
    }
    put(m, "\"id\":\"");
    append_call_id(m, choice, index);
    put(m, has(m, MOCK_SHAPE_NO_CALL_INDEX) ? "\",\"function\":{\"name\":"
                                            : "\",\"type\":\"function\",\"function\":{\"name\":");
    (void)proa_json_string_encode(m->out, call->name);
    put(m, ",\"arguments\":");
    (void)proa_json_string_encode(m->out, whole ? call->arguments : PROA_SLICE_NONE);
    put(m, "}}");
}

static void stream_call(struct making *m, uint32_t choice, uint32_t index)
{
    struct proa_slice rest = m->m->speech.calls[index].arguments;
    const bool whole = has(m, MOCK_SHAPE_WHOLE_CALLS);
    delta_begin(m, choice);
    put(m, "\"tool_calls\":[");
    put_call(m, choice, index, whole);
    put(m, "]}");
    chunk_end(m, PROA_SLICE_NONE);
    while (rest.len > 0 && !whole) {
        delta_begin(m, choice);
        put(m, "\"tool_calls\":[{\"index\":");
        (void)proa_buf_append_u64(m->out, index);
        put(m, ",\"function\":{\"arguments\":");
        (void)proa_json_string_encode(m->out, proa_mock_speech_part(&rest, ARGUMENT_PART));
        put(m, "}}]}");
        chunk_end(m, PROA_SLICE_NONE);
    }
}

/* Calls that do not come with the finish come ahead of it. */
static void stream_calls(struct making *m, uint32_t choice)
{
    for (uint32_t k = 0; k < m->m->speech.n_calls && !has(m, MOCK_SHAPE_ALL_IN_LAST); k++) {
        stream_call(m, choice, k);
    }
}

static void stream_finish(struct making *m, uint32_t choice)
{
    if (m->req->endpoint != MOCK_CHAT) {
        chunk_begin(m, choice);
        put(m, ",\"text\":\"\"");
    } else if (has(m, MOCK_SHAPE_ALL_IN_LAST) && m->m->speech.n_calls > 0) {
        delta_begin(m, choice);
        put(m, "\"content\":\"\",\"tool_calls\":[");
        for (uint32_t k = 0; k < m->m->speech.n_calls; k++) {
            put(m, k > 0 ? "," : "");
            put_call(m, choice, k, true);
        }
        put(m, "]}");
    } else {
        delta_begin(m, choice);
        put(m, has(m, MOCK_SHAPE_ROLES) ? "\"content\":\"\"}" : "}");
    }
    chunk_end(m, m->finish);
}

static void stream_usage(struct making *m)
{
    put(m, "data: ");
    (void)proa_buf_append(m->out, m->opening);
    put(m, "],\"usage\":");
    put_usage(m);
    put(m, "}\n\n");
    proa_mock_event_end(m->m->a, m->m->plan);
}

/* What all chunks share is written once. */
static void prepare_stream(struct making *m)
{
    struct proa_buf out;
    proa_buf_init(&out, MOCK_ANSWER_MAX);
    append_opening(m, &out,
                   m->req->endpoint == MOCK_CHAT ? "chat.completion.chunk" : "text_completion");
    m->opening = proa_arena_dup(m->m->arena, proa_buf_slice(&out));
    proa_buf_deinit(&out);
    const bool with_null = m->req->include_usage && mock_says_usage(m->m) &&
                           !has(m, MOCK_SHAPE_USAGE_LAST | MOCK_SHAPE_SPARE);
    if (m->req->obfuscate) {
        m->closing = with_null ? PROA_SLICE(",\"usage\":null,\"obfuscation\":\"wIndward\"}\n\n")
                               : PROA_SLICE(",\"obfuscation\":\"wIndward\"}\n\n");
    } else {
        m->closing = with_null ? PROA_SLICE(",\"usage\":null}\n\n") : PROA_SLICE("}\n\n");
    }
    if (has(m, MOCK_SHAPE_COMMENT)) {
        (void)proa_buf_append(m->out, m->m->a->silence);
    }
    if (has(m, MOCK_SHAPE_FILTERS)) {
        put(m,
            "data: "
            "{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\"," PROMPT_SAFE
            "}\n\n");
        proa_mock_event_end(m->m->a, m->m->plan);
    }
}

static void make_stream(struct making *m)
{
    const uint32_t n = m->req->n;
    const bool chat = m->req->endpoint == MOCK_CHAT;
    prepare_stream(m);
    for (uint32_t i = 0; i < n && chat; i++) {
        stream_role(m, i);
    }
    for (uint32_t i = 0; i < n; i++) {
        stream_thoughts(m, i);
        stream_calls(m, i);
    }
    stream_text(m);
    for (uint32_t i = 0; i < n && !proa_mock_plan_has(m->m->plan, PROA_MOCK_NO_FINISH); i++) {
        stream_finish(m, i);
    }
    if (m->req->include_usage && mock_says_usage(m->m) && !has(m, MOCK_SHAPE_USAGE_LAST)) {
        stream_usage(m);
    }
    proa_mock_events_finish(m->m->a, m->m->plan, PROA_SLICE("data: [DONE]\n\n"));
}

/* Groq shows thoughts apart, in the text, or not at all, as it is asked to. */
static void place_thoughts(struct making *m, const struct mock_shape *shape)
{
    m->text = m->m->speech.text;
    m->thought = shape->thought;
    m->thoughts = shape->thought.len > 0 && m->req->endpoint == MOCK_CHAT ? m->m->speech.thought
                                                                          : PROA_SLICE_NONE;
    if (m->thoughts.len == 0 || !has(m, MOCK_SHAPE_GROQ)) {
        return;
    }
    const struct proa_slice format = proa_mock_member(m->req->body, PROA_SLICE("reasoning_format"));
    if (proa_slice_eq(format, PROA_SLICE("\"raw\""))) {
        m->text = proa_arena_printf(m->m->arena,
                                    "<think>\n%" PROA_SLICE_FMT "\n</think>\n%" PROA_SLICE_FMT,
                                    PROA_SLICE_ARG(m->thoughts), PROA_SLICE_ARG(m->text));
        m->thoughts = PROA_SLICE_NONE;
    } else if (proa_slice_eq(format, PROA_SLICE("\"hidden\""))) {
        m->thoughts = PROA_SLICE_NONE;
    }
}

static void make(struct mock_making *making)
{
    const struct mock_path path = {.profile = making->req->profile};
    const struct mock_shape *shape = proa_mock_shape(&path);
    struct making m = {
        .m = making, .out = &making->a->body, .req = making->req, .quirks = shape->quirks};
    m.finish =
        proa_mock_finish(making, has(&m, MOCK_SHAPE_EOS) ? PROA_SLICE("eos") : PROA_SLICE("stop"),
                         PROA_SLICE("length"), PROA_SLICE("tool_calls"));
    place_thoughts(&m, shape);
    if (making->req->stream) {
        make_stream(&m);
    } else {
        make_whole(&m);
    }
}

void proa_mock_openai_make(struct mock_making *m)
{
    const enum mock_endpoint endpoint = m->req->endpoint;
    if (endpoint == MOCK_EMBEDDINGS) {
        proa_mock_embeddings_make(m->a, m->req, m->arena);
    } else if (endpoint == MOCK_MODERATIONS) {
        proa_mock_moderations_make(m->a, m->req, m->author, m->arena);
    } else if (endpoint == MOCK_MODELS) {
        proa_mock_models_make(m->a, m->author);
    } else if (endpoint == MOCK_MODEL) {
        proa_mock_model_make(m->a, m->req->model, m->author);
    } else {
        make(m);
    }
}
