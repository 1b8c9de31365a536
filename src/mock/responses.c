/*
 * Answers of the Responses API: whole, and as named events, each of which has a number.
 */
#include "responses_priv.h"
#include "speech_priv.h"

#include "proa/json/string.h"

enum { ARGUMENT_PART = 8 };

struct making {
    struct mock_making *m;
    struct proa_buf *out;
    const struct mock_request *req;
    const struct mock_speech *speech;
    char mark[MOCK_MARK_BYTES + 1];
    uint32_t item; /* number of the output item at hand */
};

static void put(struct making *k, const char *text)
{
    (void)proa_buf_append_cstr(k->out, text);
}

static void put_string(struct making *k, struct proa_slice text)
{
    (void)proa_json_string_encode(k->out, text);
}

static void put_u64(struct making *k, uint64_t n)
{
    (void)proa_buf_append_u64(k->out, n);
}

/* In one line: its end is none within a string, and would end the data of an event. */
static void put_line(struct making *k, struct proa_slice json)
{
    for (size_t at; json.len > 0; json = proa_slice_from(json, at + 1)) {
        for (at = 0; at < json.len && json.ptr[at] != '\n' && json.ptr[at] != '\r';) {
            at++;
        }
        (void)proa_buf_append(k->out, proa_slice_head(json, at));
    }
}

/* A member of the request, as it is; else what stands for it. */
static void put_echo(struct making *k, const char *key, const char *otherwise)
{
    const struct proa_slice said = proa_mock_member(k->req->body, proa_slice_cstr(key));
    put(k, ",\"");
    put(k, key);
    put(k, "\":");
    put_line(k, said.len > 0 ? said : proa_slice_cstr(otherwise));
}

/* ---- items ----------------------------------------------------------------------------------- */

static void put_id(struct making *k, const char *kind)
{
    put(k, "\"id\":\"");
    put(k, kind);
    put(k, k->mark);
    put(k, "\"");
}

static void put_summary(struct making *k)
{
    put(k, "{\"type\":\"summary_text\",\"text\":");
    put_string(k, k->speech->thought);
    put(k, "}");
}

static void put_thought(struct making *k, bool done)
{
    put(k, "{");
    put_id(k, "rs_");
    put(k, ",\"type\":\"reasoning\"");
    if (k->req->seals) {
        put(k, ",\"encrypted_content\":\"" MOCK_ENCRYPTED "\"");
    }
    put(k, ",\"summary\":[");
    if (done && k->req->shows_thoughts) {
        put_summary(k);
    }
    put(k, "]}");
}

static void put_call(struct making *k, uint32_t i, bool done)
{
    const struct mock_call *call = &k->speech->calls[i];
    put(k, "{");
    put_id(k, "fc_");
    k->out->len--; /* within the quotes */
    put(k, "_");
    put_u64(k, i);
    put(k, done ? "\",\"type\":\"function_call\",\"status\":\"completed\",\"arguments\":"
                : "\",\"type\":\"function_call\",\"status\":\"in_progress\",\"arguments\":");
    put_string(k, done ? call->arguments : PROA_SLICE_NONE);
    put(k, ",\"call_id\":\"call_");
    put(k, k->mark);
    put(k, "_");
    put_u64(k, i);
    put(k, "\",\"name\":");
    put_string(k, call->name);
    put(k, "}");
}

static void put_part(struct making *k, struct proa_slice text)
{
    put(k, "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":");
    put_string(k, text);
    put(k, "}");
}

static struct proa_slice reason(const struct making *k)
{
    return proa_mock_finish(k->m, PROA_SLICE("completed"), PROA_SLICE("max_output_tokens"),
                            PROA_SLICE("completed"));
}

static bool is_cut(const struct making *k)
{
    return !proa_slice_eq(reason(k), PROA_SLICE("completed")) &&
           !proa_slice_eq(reason(k), PROA_SLICE("stop"));
}

static void put_message(struct making *k, bool done)
{
    put(k, "{");
    put_id(k, "msg_");
    put(k, ",\"type\":\"message\",\"status\":\"");
    put(k, !done ? "in_progress" : (is_cut(k) ? "incomplete" : "completed"));
    put(k, "\",\"content\":[");
    if (done) {
        put_part(k, k->speech->text);
    }
    put(k, "],\"role\":\"assistant\"}");
}

/* ---- the response ---------------------------------------------------------------------------- */

static void put_output(struct making *k)
{
    const char *comma = "";
    if (k->speech->thought.len > 0) {
        put_thought(k, true);
        comma = ",";
    }
    for (uint32_t i = 0; i < k->speech->n_calls; i++, comma = ",") {
        put(k, comma);
        put_call(k, i, true);
    }
    if (k->speech->n_calls == 0) {
        put(k, comma);
        put_message(k, true);
    }
}

static void put_usage(struct making *k)
{
    put(k, ",\"usage\":{\"input_tokens\":");
    put_u64(k, k->req->prompt_tokens);
    put(k, ",\"input_tokens_details\":{\"cached_tokens\":");
    put_u64(k, k->speech->cached_tokens);
    put(k, "},\"output_tokens\":");
    put_u64(k, k->speech->completion_tokens);
    put(k, ",\"output_tokens_details\":{\"reasoning_tokens\":");
    put_u64(k, k->speech->thought_tokens);
    put(k, "},\"total_tokens\":");
    put_u64(k, k->req->prompt_tokens + k->speech->completion_tokens);
    put(k, "}");
}

static void put_echoes(struct making *k)
{
    static const char *const members[][2] = {
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"max_tool_calls", "null"},
        {"metadata", "{}"},
        {"parallel_tool_calls", "true"},
        {"previous_response_id", "null"},
        {"prompt_cache_key", "null"},
        {"reasoning", "{\"effort\":null,\"summary\":null}"},
        {"safety_identifier", "null"},
        {"store", "true"},
        {"temperature", "1.0"},
        {"text", "{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"}"},
        {"tool_choice", "\"auto\""},
        {"tools", "[]"},
        {"top_logprobs", "0"},
        {"top_p", "1.0"},
        {"truncation", "\"disabled\""},
        {"user", "null"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(members); i++) {
        put_echo(k, members[i][0], members[i][1]);
    }
}

static void put_response(struct making *k, bool done)
{
    const bool cut = done && is_cut(k);
    put(k, "{");
    put_id(k, "resp_");
    put(k, ",\"object\":\"response\",\"created_at\":");
    put_u64(k, k->m->author->created);
    put(k, ",\"status\":\"");
    put(k, !done ? "in_progress" : (cut ? "incomplete" : "completed"));
    put(k, "\",\"background\":false,\"error\":null,\"incomplete_details\":");
    if (cut) {
        put(k, "{\"reason\":");
        put_string(k, reason(k));
        put(k, "}");
    } else {
        put(k, "null");
    }
    put(k, ",\"model\":");
    put_string(k, k->req->model);
    put(k, ",\"service_tier\":\"default\",\"output\":[");
    if (done) {
        put_output(k);
    }
    put(k, "]");
    put_echoes(k);
    if (done && mock_says_usage(k->m)) {
        put_usage(k);
    } else {
        put(k, ",\"usage\":null");
    }
    put(k, "}");
}

/* ---- streamed -------------------------------------------------------------------------------- */

static void event(struct making *k, const char *type)
{
    put(k, "event: ");
    put(k, type);
    put(k, "\ndata: {\"type\":\"");
    put(k, type);
    put(k, "\",\"sequence_number\":");
    put_u64(k, k->m->a->n_events);
}

static void event_end(struct making *k)
{
    put(k, "}\n\n");
    proa_mock_event_end(k->m->a, k->m->plan);
}

static void event_of_response(struct making *k, const char *type, bool done)
{
    event(k, type);
    put(k, ",\"response\":");
    put_response(k, done);
}

static void event_of_item(struct making *k, const char *type)
{
    event(k, type);
    put(k, ",\"output_index\":");
    put_u64(k, k->item);
    put(k, ",\"item\":");
}

/* One that belongs to the item at hand. */
static void event_in_item(struct making *k, const char *type, const char *kind, const char *index)
{
    event(k, type);
    put(k, ",\"item_id\":\"");
    put(k, kind);
    put(k, k->mark);
    put(k, "\",\"output_index\":");
    put_u64(k, k->item);
    put(k, index);
}

static void member(struct making *k, const char *key, struct proa_slice text)
{
    put(k, ",\"");
    put(k, key);
    put(k, "\":");
    put_string(k, text);
}

static void delta(struct making *k, struct proa_slice text)
{
    member(k, "delta", text);
    if (k->req->obfuscate) {
        put(k, ",\"obfuscation\":\"wIndward\"");
    }
    event_end(k);
}

static void stream_thought(struct making *k)
{
    static const char *const at = ",\"summary_index\":0";
    struct proa_slice rest = k->speech->thought;
    event_of_item(k, "response.output_item.added");
    put_thought(k, false);
    event_end(k);
    if (k->req->shows_thoughts) {
        event_in_item(k, "response.reasoning_summary_part.added", "rs_", at);
        put(k, ",\"part\":{\"type\":\"summary_text\",\"text\":\"\"}");
        event_end(k);
        while (rest.len > 0) {
            event_in_item(k, "response.reasoning_summary_text.delta", "rs_", at);
            delta(k, proa_mock_speech_word(&rest));
        }
        event_in_item(k, "response.reasoning_summary_text.done", "rs_", at);
        member(k, "text", k->speech->thought);
        event_end(k);
        event_in_item(k, "response.reasoning_summary_part.done", "rs_", at);
        put(k, ",\"part\":");
        put_summary(k);
        event_end(k);
    }
    event_of_item(k, "response.output_item.done");
    put_thought(k, true);
    event_end(k);
    k->item++;
}

static void event_of_call(struct making *k, const char *type, uint32_t i)
{
    event(k, type);
    put(k, ",\"item_id\":\"fc_");
    put(k, k->mark);
    put(k, "_");
    put_u64(k, i);
    put(k, "\",\"output_index\":");
    put_u64(k, k->item);
}

static void stream_call(struct making *k, uint32_t i)
{
    struct proa_slice rest = k->speech->calls[i].arguments;
    event_of_item(k, "response.output_item.added");
    put_call(k, i, false);
    event_end(k);
    while (rest.len > 0) {
        event_of_call(k, "response.function_call_arguments.delta", i);
        delta(k, proa_mock_speech_part(&rest, ARGUMENT_PART));
    }
    event_of_call(k, "response.function_call_arguments.done", i);
    member(k, "arguments", k->speech->calls[i].arguments);
    event_end(k);
    event_of_item(k, "response.output_item.done");
    put_call(k, i, true);
    event_end(k);
    k->item++;
}

static void stream_message(struct making *k)
{
    static const char *const at = ",\"content_index\":0";
    struct proa_slice rest = k->speech->text;
    event_of_item(k, "response.output_item.added");
    put_message(k, false);
    event_end(k);
    event_in_item(k, "response.content_part.added", "msg_", at);
    put(k, ",\"part\":");
    put_part(k, PROA_SLICE_NONE);
    event_end(k);
    while (rest.len > 0 && proa_buf_ok(k->out)) {
        event_in_item(k, "response.output_text.delta", "msg_", at);
        put(k, ",\"logprobs\":[]");
        delta(k, proa_mock_speech_word(&rest));
    }
    event_in_item(k, "response.output_text.done", "msg_", at);
    put(k, ",\"logprobs\":[]");
    member(k, "text", k->speech->text);
    event_end(k);
    event_in_item(k, "response.content_part.done", "msg_", at);
    put(k, ",\"part\":");
    put_part(k, k->speech->text);
    event_end(k);
    event_of_item(k, "response.output_item.done");
    put_message(k, true);
    event_end(k);
    k->item++;
}

/* What ends it, apart: it is left out, or makes room for an error. */
static struct proa_slice make_end(struct making *k)
{
    struct proa_buf end;
    struct proa_buf *const out = k->out;
    proa_buf_init(&end, MOCK_ANSWER_MAX);
    k->out = &end;
    event_of_response(k, is_cut(k) ? "response.incomplete" : "response.completed", true);
    put(k, "}\n\n");
    k->out = out;
    const struct proa_slice text = proa_arena_dup(k->m->arena, proa_buf_slice(&end));
    proa_buf_deinit(&end);
    return text;
}

static void make_stream(struct making *k)
{
    event_of_response(k, "response.created", false);
    event_end(k);
    event_of_response(k, "response.in_progress", false);
    event_end(k);
    if (k->speech->thought.len > 0) {
        stream_thought(k);
    }
    for (uint32_t i = 0; i < k->speech->n_calls; i++) {
        stream_call(k, i);
    }
    if (k->speech->n_calls == 0) {
        stream_message(k);
    }
    const bool open = proa_mock_plan_has(k->m->plan, PROA_MOCK_NO_FINISH);
    proa_mock_events_finish(k->m->a, k->m->plan, open ? PROA_SLICE_NONE : make_end(k));
}

void proa_mock_responses_make(struct mock_making *m)
{
    struct making k = {.m = m, .out = &m->a->body, .req = m->req, .speech = &m->speech};
    proa_mock_response_mark(m->author->id, m->req->profile, m->req->stores, k.mark);
    if (m->req->stream) {
        make_stream(&k);
    } else {
        put_response(&k, true);
    }
}
