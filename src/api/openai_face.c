/*
 * The OpenAI surface: which of its readers and writers serves which endpoint.
 */
#include "face_priv.h"
#include "form_priv.h"

#include "proa/api/openai_answer.h"
#include "proa/api/openai_lists.h"
#include "proa/api/openai_request.h"

static enum proa_err look(const struct proa_api_arrived *in, struct proa_api_request *out,
                          struct proa_api_error *error)
{
    if (proa_api_takes_form(PROA_SURFACE_OPENAI, in->kind) && proa_request_is_form(in)) {
        return proa_request_read_form(in, out, error);
    }
    return proa_api_request_read(in->kind, in->body, in->scratch, in->text, out, error);
}

static enum proa_err read_chat(const struct proa_api_openai_body *body, bool completion,
                               struct proa_api_asked *out, struct proa_api_error *error)
{
    struct proa_api_openai_chat chat;
    const enum proa_err err = completion ? proa_api_openai_completion_read(body, &chat, error)
                                         : proa_api_openai_chat_read(body, &chat, error);
    if (err == PROA_OK) {
        out->chat = chat.chat;
        out->include_usage = chat.include_usage;
        out->functions = chat.functions;
        out->own_words = chat.own_words;
    }
    return err;
}

static enum proa_err read_request(const struct proa_api_body *body, struct proa_api_asked *out,
                                  struct proa_api_error *error)
{
    const struct proa_api_openai_body own = {
        .bytes = body->bytes, .request = body->request, .arena = body->arena, .text = body->text};
    switch (body->kind) {
    case PROA_API_CHAT:
    case PROA_API_COMPLETIONS:
        return read_chat(&own, body->kind == PROA_API_COMPLETIONS, out, error);
    case PROA_API_EMBEDDINGS:
        return proa_api_openai_embed_read(&own, &out->embed, error);
    case PROA_API_RERANK:
        return proa_api_openai_rerank_read(&own, &out->rerank, error);
    case PROA_API_NONE:
    case PROA_API_MODERATIONS:
    case PROA_API_COUNT_TOKENS:
    case PROA_API_RESPONSES:
    case PROA_API_IMAGES:
    case PROA_API_IMAGE_EDITS:
    case PROA_API_SPEECH:
    case PROA_API_TRANSCRIPTIONS:
    case PROA_API_TRANSLATIONS:
    case PROA_API_MODELS:
    case PROA_API_MODEL:
    case PROA_API_MODEL_ENDPOINTS:
    case PROA_API_CONFIG:
        break;
    }
    return PROA_ERR_UNSUPPORTED;
}

/* One of the three, by the endpoint. */
struct openai_writer {
    struct proa_api_writer writer;
    struct proa_buf *out;
    struct proa_api_answer *answer;
    struct proa_api_vectors *vectors;
    struct proa_api_ranking *ranking;
};

static struct openai_writer *own_of(struct proa_api_writer *w)
{
    return (struct openai_writer *)w;
}

static struct proa_chat_sink sink(struct proa_api_writer *w, size_t first)
{
    struct openai_writer *o = own_of(w);
    return o->vectors   ? proa_api_vectors_sink(o->vectors, first)
           : o->ranking ? proa_api_ranking_sink(o->ranking)
                        : proa_api_answer_sink(o->answer);
}

static bool end(struct proa_api_writer *w, const struct proa_usage *usage,
                struct proa_slice gateway)
{
    struct openai_writer *o = own_of(w);
    if (o->vectors) {
        return proa_api_vectors_end(o->vectors, usage, gateway);
    }
    if (o->ranking) {
        return proa_api_ranking_end(o->ranking, usage, gateway);
    }
    proa_api_answer_end(o->answer, usage, gateway);
    return proa_buf_ok(o->out);
}

static void destroy(struct proa_api_writer *w)
{
    struct openai_writer *o = own_of(w);
    proa_api_answer_destroy(o->answer);
    proa_api_vectors_destroy(o->vectors);
    o->answer = NULL;
    o->vectors = NULL;
}

static struct proa_api_writer *writer_create(const struct proa_api_writer_cfg *cfg,
                                             struct proa_buf *out, struct proa_arena *arena)
{
    struct openai_writer *o = PROA_ARENA_NEW(arena, struct openai_writer);
    o->writer = (struct proa_api_writer){.sink = sink, .end = end, .destroy = destroy};
    o->out = out;
    if (cfg->kind == PROA_API_EMBEDDINGS) {
        o->vectors = proa_api_vectors_create(&cfg->asked->embed, cfg->model, out, arena);
    } else if (cfg->kind == PROA_API_RERANK) {
        o->ranking = proa_api_ranking_create(&cfg->asked->rerank, cfg->model, out, arena);
    } else {
        const struct proa_api_answer_cfg answer = {
            .stream = cfg->stream,
            .completion = cfg->kind == PROA_API_COMPLETIONS,
            .functions = cfg->asked->functions,
            .include_usage = cfg->asked->include_usage,
            .late_finish = cfg->generation.len > 0,
            .hide_thinking = cfg->asked->chat.show_thinking == PROA_CHAT_NO,
            .id = cfg->id,
            .model = cfg->model,
            .created_s = cfg->created_s,
        };
        o->answer = proa_api_answer_create(&answer, out, arena);
    }
    return &o->writer;
}

static struct proa_slice media_type(enum proa_endpoint_kind kind, bool stream)
{
    const bool events = stream && (kind == PROA_API_CHAT || kind == PROA_API_COMPLETIONS);
    return events ? PROA_SLICE("text/event-stream") : PROA_SLICE("application/json");
}

const struct proa_api_face proa_api_face_openai = {
    .name = "openai",
    .dialect = "openai",
    .look = look,
    .read = read_request,
    .writer_create = writer_create,
    .media_type = media_type,
    .tells_gateway = true,
    .stream_end = PROA_SLICE_INIT("data: [DONE]\n\n"),
};
