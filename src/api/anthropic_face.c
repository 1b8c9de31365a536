/*
 * The Anthropic surface: messages, and the counting of their tokens.
 */
#include "face_priv.h"

#include "proa/api/anthropic_answer.h"
#include "proa/api/anthropic_request.h"
#include "proa/api/tokens.h"

static enum proa_err look(const struct proa_api_arrived *in, struct proa_api_request *out,
                          struct proa_api_error *error)
{
    return proa_api_request_read(in->kind, in->body, in->scratch, in->text, out, error);
}

static enum proa_err read_request(const struct proa_api_body *body, struct proa_api_asked *out,
                                  struct proa_api_error *error)
{
    return body->kind == PROA_API_CHAT || body->kind == PROA_API_COUNT_TOKENS
               ? proa_api_anthropic_read(body, &out->chat, error)
               : PROA_ERR_UNSUPPORTED;
}

struct message_writer {
    struct proa_api_writer writer;
    struct proa_buf *out;
    struct proa_api_message *message;
};

static struct message_writer *own_of(struct proa_api_writer *w)
{
    return (struct message_writer *)w;
}

static struct proa_chat_sink sink(struct proa_api_writer *w, size_t first)
{
    (void)first;
    return proa_api_message_sink(own_of(w)->message);
}

static bool end(struct proa_api_writer *w, const struct proa_usage *usage,
                struct proa_slice gateway)
{
    proa_api_message_end(own_of(w)->message, usage, gateway);
    return proa_buf_ok(own_of(w)->out);
}

static void destroy(struct proa_api_writer *w)
{
    proa_api_message_destroy(own_of(w)->message);
    own_of(w)->message = NULL;
}

/* A whole answer has the provider's count, or none; a stream begins before it is told. What was
 * asked may be gone by then, so it is counted now. */
static struct proa_api_writer *writer_create(const struct proa_api_writer_cfg *cfg,
                                             struct proa_buf *out, struct proa_arena *arena)
{
    struct message_writer *w = PROA_ARENA_NEW(arena, struct message_writer);
    const struct proa_chat_request *chat = &cfg->asked->chat;
    const struct proa_api_message_cfg message = {
        .stream = cfg->stream,
        .hide_thinking = chat->show_thinking == PROA_CHAT_NO,
        .id = cfg->id,
        .model = cfg->model,
        .input_tokens = cfg->stream ? proa_api_tokens_of(chat, cfg->model) : 0,
    };
    w->writer = (struct proa_api_writer){.sink = sink, .end = end, .destroy = destroy};
    w->out = out;
    w->message = proa_api_message_create(&message, out, arena);
    return &w->writer;
}

static struct proa_slice media_type(enum proa_endpoint_kind kind, bool stream)
{
    return stream && kind == PROA_API_CHAT ? PROA_SLICE("text/event-stream")
                                           : PROA_SLICE("application/json");
}

static bool count(const struct proa_api_asked *asked, struct proa_slice model, struct proa_buf *out)
{
    PROA_BUF_LIT(out, "{\"input_tokens\":");
    (void)proa_buf_append_u64(out, proa_api_tokens_of(&asked->chat, model));
    PROA_BUF_LIT(out, "}");
    return proa_buf_ok(out);
}

const struct proa_api_face proa_api_face_anthropic = {
    .name = "anthropic",
    .dialect = "anthropic",
    .look = look,
    .read = read_request,
    .writer_create = writer_create,
    .tells_gateway = true,
    .media_type = media_type,
    .count = count,
    .wants_request_id = true,
    .stream_end = PROA_SLICE_INIT("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
};
