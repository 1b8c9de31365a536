/*
 * A request as Bedrock takes it: the model in the path, and Converse's members in one order.
 */
#include "bedrock_priv.h"
#include "gaps_priv.h"

#include "proa/core/check.h"
#include "proa/http/query.h"

enum { MODEL_MAX = 2048 }; /* an ARN's */

enum proa_err proa_bedrock_refuse(struct bedrock_writer *w, const char *feature, const char *reason)
{
    w->out->feature = feature;
    w->out->reason = reason;
    return PROA_ERR_UNSUPPORTED;
}

void proa_bedrock_warn(const struct bedrock_writer *w, const char *feature, const char *reason)
{
    proa_chat_warn(w->in->warnings, feature, reason);
}

void proa_bedrock_member_text(struct bedrock_writer *w, const char *key, struct proa_slice text)
{
    proa_json_writer_member_text(&w->json, key, text);
}

void proa_bedrock_member_raw(struct bedrock_writer *w, const char *key, struct proa_slice json)
{
    proa_json_writer_member_raw(&w->json, key, json);
}

static const struct proa_gap_row GAPS[] = {
    {PROA_GAP_N, true, "this provider gives one answer to a request"},
    {PROA_GAP_SEED, false, "has no equivalent at this provider"},
    {PROA_GAP_FREQUENCY_PENALTY, false, "has no equivalent at this provider"},
    {PROA_GAP_PRESENCE_PENALTY, false, "has no equivalent at this provider"},
    {PROA_GAP_LOGPROBS, false, "has no equivalent at this provider"},
    {PROA_GAP_TOP_LOGPROBS, false, "has no equivalent at this provider"},
    {PROA_GAP_USER, false, "has no equivalent at this provider"},
};

/* ---- inferenceConfig ------------------------------------------------------------------------- */

static void open_config(struct bedrock_writer *w, bool *open, const char *key)
{
    if (!*open) {
        proa_json_writer_key(&w->json, PROA_SLICE("inferenceConfig"));
        proa_json_writer_begin_object(&w->json);
        *open = true;
    }
    proa_json_writer_key(&w->json, proa_slice_cstr(key));
}

static void put_stop(struct bedrock_writer *w, bool *open)
{
    const struct proa_chat_request *r = w->in->chat;
    bool any = false;
    if (r->n_stop > 0 && (w->model->flags & BEDROCK_NO_STOP) != 0) {
        proa_bedrock_warn(w, "stop", "is not taken by this model");
        return;
    }
    for (size_t i = 0; i < r->n_stop; i++) {
        if (proa_chat_text_is_blank(r->stop[i])) {
            proa_bedrock_warn(w, "stop", "a sequence of white space is refused");
            continue;
        }
        if (!any) {
            any = true;
            open_config(w, open, "stopSequences");
            proa_json_writer_begin_array(&w->json);
        }
        proa_json_writer_text(&w->json, r->stop[i]);
    }
    if (any) {
        proa_json_writer_end_array(&w->json);
    }
}

static void put_config(struct bedrock_writer *w)
{
    const struct proa_claude_plan *plan = &w->plan;
    bool open = false;
    /* What is not said is the model's own maximum, and an estimate of it is charged against the
     * quota of tokens: nothing is made up. */
    if (w->in->chat->max_tokens > 0 && plan->max_tokens > 0) {
        open_config(w, &open, "maxTokens");
        proa_json_writer_u64(&w->json, plan->max_tokens);
    }
    if (plan->temperature.len > 0) {
        open_config(w, &open, "temperature");
        proa_json_writer_raw(&w->json, plan->temperature);
    }
    if (plan->top_p.len > 0) {
        open_config(w, &open, "topP");
        proa_json_writer_raw(&w->json, plan->top_p);
    }
    put_stop(w, &open);
    if (open) {
        proa_json_writer_end_object(&w->json);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static enum proa_err send_off(struct bedrock_writer *w, struct proa_slice method)
{
    const size_t room = 3 * w->in->model.len + 1;
    struct proa_buf model = {.cap = room, .max = room};
    if (w->in->model.len == 0 || w->in->model.len > MODEL_MAX) {
        return PROA_ERR_PROTOCOL;
    }
    model.ptr = proa_arena_alloc(w->arena, room);
    (void)proa_http_percent_encode(&model, w->in->model);
    const struct proa_request_head head = {
        .path = PROA_SLICE("/model/"),
        .path2 = proa_buf_slice(&model),
        .path3 = method,
        .accept = w->in->stream ? PROA_SLICE("application/vnd.amazon.eventstream")
                                : PROA_SLICE("application/json"),
    };
    PROA_DASSERT(!proa_buf_ok(&w->out->body) || proa_json_writer_ok(&w->json));
    return proa_request_finish(w->in, &head, w->arena, w->out);
}

static enum proa_err put_chat(struct bedrock_writer *w)
{
    if (!proa_gaps_pass(w->in->chat, GAPS, PROA_ARRAY_LEN(GAPS), PROA_SLICE("bedrock"),
                        w->in->warnings, w->out)) {
        return PROA_ERR_UNSUPPORTED;
    }
    enum proa_err err = proa_bedrock_think(w);
    if (err == PROA_OK) {
        proa_json_writer_begin_object(&w->json);
        err = proa_bedrock_put_messages(w);
    }
    if (err == PROA_OK) {
        put_config(w);
        err = proa_bedrock_put_tools(w);
    }
    if (err != PROA_OK) {
        return err;
    }
    proa_bedrock_put_fields(w);
    proa_bedrock_put_options(w);
    proa_json_writer_end_object(&w->json);
    return send_off(w, w->in->stream ? PROA_SLICE("/converse-stream") : PROA_SLICE("/converse"));
}

enum proa_err proa_bedrock_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                  struct proa_encoded *out)
{
    struct proa_encode_in marked = *in;
    struct bedrock_writer w = {
        .in = &marked, .model = proa_bedrock_model(in->model), .arena = arena, .out = out};
    enum proa_err err = PROA_OK;
    proa_json_writer_init(&w.json, &out->body);
    if (!proa_bedrock_offers(in->vendor, in->model, in->operation)) {
        return proa_bedrock_refuse(&w, proa_operation_name(in->operation),
                                   "is not offered by this model");
    }
    if (in->chat) {
        marked.chat = in->cache ? proa_claude_marked(in->chat, arena) : in->chat;
        w.options = proa_bedrock_options(in);
        return put_chat(&w);
    }
    err = in->embed    ? proa_bedrock_put_embed(&w)
          : in->rerank ? proa_bedrock_put_rerank(&w)
                       : PROA_ERR_ARG;
    return err == PROA_OK ? send_off(&w, PROA_SLICE("/invoke")) : err;
}
