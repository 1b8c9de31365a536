/*
 * The surface of OpenAI's Responses API.
 */
#include "face_priv.h"

#include "proa/api/responses_answer.h"
#include "proa/api/responses_request.h"

static enum proa_err look(const struct proa_api_arrived *in, struct proa_api_request *out,
                          struct proa_api_error *error)
{
    return proa_api_request_read(in->kind, in->body, in->scratch, in->text, out, error);
}

struct response_writer {
    struct proa_api_writer writer;
    struct proa_buf *out;
    struct proa_api_response *response;
};

static struct response_writer *own_of(struct proa_api_writer *w)
{
    return (struct response_writer *)w;
}

static struct proa_chat_sink sink(struct proa_api_writer *w, size_t first)
{
    (void)first;
    return proa_api_response_sink(own_of(w)->response);
}

static bool end(struct proa_api_writer *w, const struct proa_usage *usage,
                struct proa_slice gateway)
{
    proa_api_response_end(own_of(w)->response, usage, gateway);
    return proa_buf_ok(own_of(w)->out);
}

static void destroy(struct proa_api_writer *w)
{
    proa_api_response_destroy(own_of(w)->response);
    own_of(w)->response = NULL;
}

static uint64_t sequence(const struct proa_api_writer *w)
{
    return proa_api_response_sequence(((const struct response_writer *)w)->response);
}

static struct proa_api_writer *writer_create(const struct proa_api_writer_cfg *cfg,
                                             struct proa_buf *out, struct proa_arena *arena)
{
    struct response_writer *w = PROA_ARENA_NEW(arena, struct response_writer);
    const struct proa_api_response_cfg response = {
        .stream = cfg->stream,
        .id = cfg->id,
        .generation = cfg->generation,
        .model = cfg->model,
        .created_s = cfg->created_s,
        .echo = cfg->asked->echo,
    };
    w->writer = (struct proa_api_writer){sink, end, destroy, sequence};
    w->out = out;
    w->response = proa_api_response_create(&response, out, arena);
    return &w->writer;
}

static struct proa_slice media_type(enum proa_endpoint_kind kind, bool stream)
{
    (void)kind;
    return stream ? PROA_SLICE("text/event-stream") : PROA_SLICE("application/json");
}

const struct proa_api_face proa_api_face_responses = {
    .name = "responses",
    .dialect = "openai",
    .look = look,
    .read = proa_api_responses_read,
    .writer_create = writer_create,
    .media_type = media_type,
    .error_ends = true,
    .tells_gateway = true,
};
