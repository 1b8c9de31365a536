/*
 * Chat and text completions, whole and streamed. Streams keep the order that callers rely on: a
 * chunk with the role, content word by word, a chunk with the finish reason, usage, [DONE].
 */
#include "speech_priv.h"

#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { ARGUMENT_PART = 8 };

static struct proa_slice literal(const char *text)
{
    return proa_slice_cstr(text);
}

struct making {
    struct mock_answer *a;
    const struct mock_request *req;
    const struct proa_mock_plan *plan;
    const struct mock_author *author;
    struct proa_arena *arena;
    struct mock_speech speech;
    struct proa_slice opening; /* of every chunk, up to the choice's index */
    struct proa_slice closing; /* of every chunk, behind the choice */
};

/* ---- parts of both --------------------------------------------------------------------------- */

static bool says_usage(const struct making *m)
{
    return proa_mock_plan_get(m->plan, PROA_MOCK_USAGE, 1) != 0;
}

static void write_usage(struct making *m, struct proa_json_writer *w)
{
    const uint64_t completion = m->speech.completion_tokens * m->req->n;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "prompt_tokens", m->req->prompt_tokens);
    proa_json_writer_member_u64(w, "completion_tokens", completion);
    proa_json_writer_member_u64(w, "total_tokens", m->req->prompt_tokens + completion);
    proa_json_writer_key(w, PROA_SLICE("prompt_tokens_details"));
    proa_json_writer_raw(w, PROA_SLICE("{\"cached_tokens\":0,\"audio_tokens\":0}"));
    proa_json_writer_key(w, PROA_SLICE("completion_tokens_details"));
    proa_json_writer_raw(w, PROA_SLICE("{\"reasoning_tokens\":0,\"audio_tokens\":0,"
                                       "\"accepted_prediction_tokens\":0,"
                                       "\"rejected_prediction_tokens\":0}"));
    proa_json_writer_end_object(w);
}

static void append_id(struct making *m, struct proa_buf *out)
{
    (void)proa_buf_append_cstr(out, m->req->endpoint == MOCK_CHAT ? "chatcmpl-" : "cmpl-");
    (void)proa_buf_append_hex(out, m->author->id);
}

static void append_call_id(struct making *m, uint32_t choice, uint32_t call)
{
    struct proa_buf *out = &m->a->body;
    PROA_BUF_LIT(out, "call_");
    (void)proa_buf_append_hex(out, m->author->id);
    PROA_BUF_LIT(out, "_");
    (void)proa_buf_append_u64(out, choice);
    PROA_BUF_LIT(out, "_");
    (void)proa_buf_append_u64(out, call);
}

/* `{"id":...,"model":...,"system_fingerprint":...,"choices":[`: how every answer begins. */
static void append_opening(struct making *m, struct proa_buf *out, struct proa_slice object)
{
    PROA_BUF_LIT(out, "{\"id\":\"");
    append_id(m, out);
    PROA_BUF_LIT(out, "\",\"object\":\"");
    (void)proa_buf_append(out, object);
    PROA_BUF_LIT(out, "\",\"created\":");
    (void)proa_buf_append_u64(out, m->author->created);
    PROA_BUF_LIT(out, ",\"model\":");
    (void)proa_json_string_encode(out, m->req->model);
    PROA_BUF_LIT(out, ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\","
                      "\"choices\":[");
}

/* ---- whole ----------------------------------------------------------------------------------- */

static void append_calls(struct making *m, uint32_t choice)
{
    struct proa_buf *out = &m->a->body;
    PROA_BUF_LIT(out, "[");
    for (uint32_t i = 0; i < m->speech.n_calls; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? ",{\"id\":\"" : "{\"id\":\"");
        append_call_id(m, choice, i);
        PROA_BUF_LIT(out, "\",\"type\":\"function\",\"function\":{\"name\":");
        (void)proa_json_string_encode(out, m->speech.calls[i].name);
        PROA_BUF_LIT(out, ",\"arguments\":");
        (void)proa_json_string_encode(out, m->speech.calls[i].arguments);
        PROA_BUF_LIT(out, "}}");
    }
    PROA_BUF_LIT(out, "]");
}

static void append_choice(struct making *m, uint32_t index)
{
    struct proa_buf *out = &m->a->body;
    (void)proa_buf_append_cstr(out, index > 0 ? ",{\"index\":" : "{\"index\":");
    (void)proa_buf_append_u64(out, index);
    if (m->req->endpoint != MOCK_CHAT) {
        PROA_BUF_LIT(out, ",\"text\":");
        (void)proa_json_string_encode(out, m->speech.text);
    } else if (m->speech.n_calls > 0) {
        PROA_BUF_LIT(out, ",\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":");
        append_calls(m, index);
        PROA_BUF_LIT(out, ",\"refusal\":null,\"annotations\":[]}");
    } else {
        PROA_BUF_LIT(out, ",\"message\":{\"role\":\"assistant\",\"content\":");
        (void)proa_json_string_encode(out, m->speech.text);
        PROA_BUF_LIT(out, ",\"refusal\":null,\"annotations\":[]}");
    }
    PROA_BUF_LIT(out, ",\"logprobs\":null,\"finish_reason\":");
    if (proa_mock_plan_has(m->plan, PROA_MOCK_NO_FINISH)) {
        PROA_BUF_LIT(out, "null}");
        return;
    }
    PROA_BUF_LIT(out, "\"");
    (void)proa_buf_append(out, m->speech.finish);
    PROA_BUF_LIT(out, "\"}");
}

static void make_whole(struct making *m)
{
    struct proa_buf *out = &m->a->body;
    append_opening(m, out,
                   literal(m->req->endpoint == MOCK_CHAT ? "chat.completion" : "text_completion"));
    for (uint32_t i = 0; i < m->req->n && proa_buf_ok(out); i++) {
        append_choice(m, i);
    }
    PROA_BUF_LIT(out, "]");
    if (says_usage(m)) {
        struct proa_json_writer w;
        PROA_BUF_LIT(out, ",\"usage\":");
        proa_json_writer_init(&w, out);
        write_usage(m, &w);
    }
    PROA_BUF_LIT(out, "}");
}

/* ---- streamed -------------------------------------------------------------------------------- */

static void chunk_begin(struct making *m, uint32_t choice)
{
    struct proa_buf *out = &m->a->body;
    PROA_BUF_LIT(out, "data: ");
    (void)proa_buf_append(out, m->opening);
    PROA_BUF_LIT(out, "{\"index\":");
    (void)proa_buf_append_u64(out, choice);
}

/* Ends the choice and its chunk; finish empty = null. */
static void chunk_end(struct making *m, struct proa_slice finish)
{
    struct proa_buf *out = &m->a->body;
    PROA_BUF_LIT(out, ",\"logprobs\":null,\"finish_reason\":");
    if (finish.len > 0) {
        PROA_BUF_LIT(out, "\"");
        (void)proa_buf_append(out, finish);
        PROA_BUF_LIT(out, "\"}]");
    } else {
        PROA_BUF_LIT(out, "null}]");
    }
    (void)proa_buf_append(out, m->closing);
    proa_mock_event_end(m->a, m->plan);
}

static void stream_role(struct making *m, uint32_t choice)
{
    chunk_begin(m, choice);
    (void)proa_buf_append_cstr(
        &m->a->body, m->speech.n_calls > 0 ? ",\"delta\":{\"role\":\"assistant\",\"content\":null,"
                                             "\"refusal\":null}"
                                           : ",\"delta\":{\"role\":\"assistant\",\"content\":\"\","
                                             "\"refusal\":null}");
    chunk_end(m, PROA_SLICE_NONE);
}

static void stream_word(struct making *m, uint32_t choice, struct proa_slice word)
{
    struct proa_buf *out = &m->a->body;
    const bool chat = m->req->endpoint == MOCK_CHAT;
    chunk_begin(m, choice);
    (void)proa_buf_append_cstr(out, chat ? ",\"delta\":{\"content\":" : ",\"text\":");
    (void)proa_json_string_encode(out, word);
    if (chat) {
        PROA_BUF_LIT(out, "}");
    }
    chunk_end(m, PROA_SLICE_NONE);
}

static void stream_text(struct making *m)
{
    struct proa_slice rest = m->speech.text;
    while (rest.len > 0 && proa_buf_ok(&m->a->body)) {
        const struct proa_slice word = proa_mock_speech_word(&rest);
        for (uint32_t i = 0; i < m->req->n; i++) {
            stream_word(m, i, word);
        }
    }
}

static void stream_call(struct making *m, uint32_t choice, uint32_t index)
{
    struct proa_buf *out = &m->a->body;
    const struct mock_call *call = &m->speech.calls[index];
    struct proa_slice rest = call->arguments;
    chunk_begin(m, choice);
    PROA_BUF_LIT(out, ",\"delta\":{\"tool_calls\":[{\"index\":");
    (void)proa_buf_append_u64(out, index);
    PROA_BUF_LIT(out, ",\"id\":\"");
    append_call_id(m, choice, index);
    PROA_BUF_LIT(out, "\",\"type\":\"function\",\"function\":{\"name\":");
    (void)proa_json_string_encode(out, call->name);
    PROA_BUF_LIT(out, ",\"arguments\":\"\"}}]}");
    chunk_end(m, PROA_SLICE_NONE);
    while (rest.len > 0) {
        chunk_begin(m, choice);
        PROA_BUF_LIT(out, ",\"delta\":{\"tool_calls\":[{\"index\":");
        (void)proa_buf_append_u64(out, index);
        PROA_BUF_LIT(out, ",\"function\":{\"arguments\":");
        (void)proa_json_string_encode(out, proa_mock_speech_part(&rest, ARGUMENT_PART));
        PROA_BUF_LIT(out, "}}]}");
        chunk_end(m, PROA_SLICE_NONE);
    }
}

static void stream_finish(struct making *m, uint32_t choice)
{
    chunk_begin(m, choice);
    (void)proa_buf_append_cstr(&m->a->body,
                               m->req->endpoint == MOCK_CHAT ? ",\"delta\":{}" : ",\"text\":\"\"");
    chunk_end(m, m->speech.finish);
}

static void stream_usage(struct making *m)
{
    struct proa_buf *out = &m->a->body;
    struct proa_json_writer w;
    PROA_BUF_LIT(out, "data: ");
    (void)proa_buf_append(out, m->opening);
    PROA_BUF_LIT(out, "],\"usage\":");
    proa_json_writer_init(&w, out);
    write_usage(m, &w);
    PROA_BUF_LIT(out, "}\n\n");
    proa_mock_event_end(m->a, m->plan);
}

/* What all chunks share is written once. */
static void prepare_stream(struct making *m)
{
    struct proa_buf out;
    proa_buf_init(&out, MOCK_ANSWER_MAX);
    append_opening(
        m, &out,
        literal(m->req->endpoint == MOCK_CHAT ? "chat.completion.chunk" : "text_completion"));
    m->opening = proa_arena_dup(m->arena, proa_buf_slice(&out));
    proa_buf_deinit(&out);
    const bool with_null = m->req->include_usage && says_usage(m);
    if (m->req->obfuscate) {
        m->closing = with_null ? PROA_SLICE(",\"usage\":null,\"obfuscation\":\"wIndward\"}\n\n")
                               : PROA_SLICE(",\"obfuscation\":\"wIndward\"}\n\n");
    } else {
        m->closing = with_null ? PROA_SLICE(",\"usage\":null}\n\n") : PROA_SLICE("}\n\n");
    }
}

static void make_stream(struct making *m)
{
    const uint32_t n = m->req->n;
    prepare_stream(m);
    for (uint32_t i = 0; i < n && m->req->endpoint == MOCK_CHAT; i++) {
        stream_role(m, i);
    }
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < m->speech.n_calls; k++) {
            stream_call(m, i, k);
        }
    }
    stream_text(m);
    for (uint32_t i = 0; i < n && !proa_mock_plan_has(m->plan, PROA_MOCK_NO_FINISH); i++) {
        stream_finish(m, i);
    }
    if (m->req->include_usage && says_usage(m)) {
        stream_usage(m);
    }
    proa_mock_events_finish(m->a, m->plan);
}

void proa_mock_chat_make(struct mock_answer *a, const struct mock_request *req,
                         const struct proa_mock_plan *plan, const struct mock_author *author,
                         struct proa_arena *arena)
{
    struct making m = {.a = a, .req = req, .plan = plan, .author = author, .arena = arena};
    proa_mock_speech_make(req, plan, author, arena, &m.speech);
    a->tokens = req->prompt_tokens + m.speech.completion_tokens * req->n;
    if (req->stream) {
        make_stream(&m);
    } else {
        make_whole(&m);
    }
}
