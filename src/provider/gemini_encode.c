/*
 * A chat request as Google takes it: the path, and the body's members in one order.
 */
#include "gemini_priv.h"

#include "proa/http/query.h"

enum { MODEL_MAX = 512 };

enum proa_err proa_gemini_refuse(struct gemini_writer *w, const char *feature, const char *reason)
{
    w->out->feature = feature;
    w->out->reason = reason;
    return PROA_ERR_UNSUPPORTED;
}

void proa_gemini_member_text(struct gemini_writer *w, const char *key, struct proa_slice text)
{
    proa_json_writer_member_text(&w->json, key, text);
}

void proa_gemini_member_raw(struct gemini_writer *w, const char *key, struct proa_slice json)
{
    proa_json_writer_member_raw(&w->json, key, json);
}

enum proa_err proa_gemini_finish(struct gemini_writer *w, struct proa_slice method)
{
    const struct proa_slice model = w->id;
    struct proa_buf path = {.ptr = proa_arena_alloc(w->arena, 3 * model.len + 1),
                            .cap = 3 * model.len + 1};
    path.max = path.cap;
    if (model.len == 0 || model.len > MODEL_MAX) {
        return PROA_ERR_PROTOCOL;
    }
    (void)proa_http_percent_encode(&path, model);
    const struct proa_request_head head = {
        .path = w->service->path, .path2 = proa_buf_slice(&path), .path3 = method};
    PROA_DASSERT(!proa_buf_ok(&w->out->body) || proa_json_writer_ok(&w->json));
    return proa_request_finish(w->in, &head, w->arena, w->out);
}

static enum proa_err put_chat(struct gemini_writer *w)
{
    enum proa_err err = proa_gemini_fit(w);
    proa_json_writer_begin_object(&w->json);
    err = err == PROA_OK ? proa_gemini_put_contents(w) : err;
    err = err == PROA_OK ? proa_gemini_put_tools(w) : err;
    err = err == PROA_OK ? proa_gemini_put_config(w) : err;
    if (err != PROA_OK) {
        return err;
    }
    proa_json_writer_end_object(&w->json);
    return proa_gemini_finish(w, w->in->stream ? PROA_SLICE(":streamGenerateContent?alt=sse")
                                               : PROA_SLICE(":generateContent"));
}

enum proa_err proa_gemini_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    const struct proa_slice id = proa_gemini_id(in->model);
    struct gemini_writer w = {.in = in,
                              .id = id,
                              .model = proa_gemini_model(id),
                              .service = proa_gemini_service(in->vendor),
                              .arena = arena,
                              .out = out};
    proa_json_writer_init(&w.json, &out->body);
    if (in->chat) {
        w.options = proa_gemini_options(in, w.service);
        return put_chat(&w);
    }
    if (in->embed) {
        return proa_gemini_put_embed(&w);
    }
    return proa_gemini_refuse(&w, proa_operation_name(in->operation),
                              "is not offered by this provider");
}
