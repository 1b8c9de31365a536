#include "proa/api/error.h"

#include "error_priv.h"

#include "proa/core/check.h"
#include "proa/json/writer.h"

struct error_row {
    const char *name;
    const char *type;
    uint16_t status;
    bool passes;
};

static const struct error_row ERRORS[PROA_API_ERR_COUNT] = {
#define ROW(name, code, status, type, passes) [PROA_API_ERR_##name] = {code, type, status, passes},
    PROA_API_ERROR_TABLE(ROW)
#undef ROW
};

static const struct error_row *row_of(enum proa_api_error_code code)
{
    return &ERRORS[(size_t)code < PROA_ARRAY_LEN(ERRORS) ? code : PROA_API_ERR_INTERNAL];
}

uint16_t proa_api_error_status(enum proa_api_error_code code)
{
    return row_of(code)->status;
}

const char *proa_api_error_name(enum proa_api_error_code code)
{
    return row_of(code)->name;
}

bool proa_api_error_passes(enum proa_api_error_code code)
{
    return row_of(code)->passes;
}

static void optional(struct proa_json_writer *w, const char *key, struct proa_slice text)
{
    if (text.len > 0) {
        proa_json_writer_member_string(w, key, text);
    }
}

static void write_origin(struct proa_json_writer *w, const struct proa_api_error *error)
{
    proa_json_writer_member_string(
        w, "source", error->from_provider ? PROA_SLICE("provider") : PROA_SLICE("gateway"));
    optional(w, "provider", error->provider);
}

static void write_param(struct proa_json_writer *w, const struct proa_api_error *error)
{
    proa_json_writer_key(w, PROA_SLICE("param"));
    if (error->param.len > 0) {
        proa_json_writer_string(w, error->param);
    } else {
        proa_json_writer_null(w);
    }
}

/* Beside the error, and last. */
void proa_error_put_told(struct proa_json_writer *w, const struct proa_api_error *error)
{
    optional(w, "generationId", error->generation);
    if (error->gateway.len > 0) {
        proa_json_writer_key(w, PROA_SLICE("providerMetadata"));
        proa_json_writer_begin_object(w);
        proa_json_writer_key(w, PROA_SLICE("gateway"));
        proa_json_writer_raw(w, error->gateway);
        proa_json_writer_end_object(w);
    }
}

/* The object OpenAI's SDKs read; what they do not know they ignore. */
static void write_object(struct proa_json_writer *w, const struct proa_api_error *error)
{
    const struct error_row *row = row_of(error->code);
    proa_json_writer_key(w, PROA_SLICE("error"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "message", error->message);
    proa_json_writer_member_string(w, "type", proa_slice_cstr(row->type));
    write_param(w, error);
    proa_json_writer_member_string(w, "code", proa_slice_cstr(row->name));
    write_origin(w, error);
    optional(w, "request_id", error->request_id);
    optional(w, "trail", error->trail);
    proa_json_writer_end_object(w);
}

static bool write_openai(const struct proa_api_error *error, struct proa_buf *out)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    write_object(&w, error);
    proa_error_put_told(&w, error);
    proa_json_writer_end_object(&w);
    return proa_json_writer_ok(&w);
}

/*
 * The Responses API's: an event that its SDKs throw, with the words where its published schema has
 * them and where its servers do; and the end of the Response, for clients that wait for one.
 */
static bool write_responses_event(const struct proa_api_error *error, struct proa_buf *out)
{
    const struct error_row *row = row_of(error->code);
    const uint16_t status = error->status != 0 ? error->status : row->status;
    struct proa_json_writer w;
    PROA_BUF_LIT(out, "event: error\ndata: ");
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "type", PROA_SLICE("error"));
    proa_json_writer_member_u64(&w, "sequence_number", error->sequence);
    proa_json_writer_member_string(&w, "code", proa_slice_cstr(row->name));
    proa_json_writer_member_string(&w, "message", error->message);
    write_param(&w, error);
    write_object(&w, error);
    proa_json_writer_end_object(&w);
    const struct proa_responses_failure failure = {
        .id = error->answer_id.len > 0 ? error->answer_id : error->generation,
        .model = error->model,
        .code = status == 429 ? PROA_SLICE("rate_limit_exceeded") : PROA_SLICE("server_error"),
        .message = error->message,
        .gateway = error->gateway,
        .sequence = error->sequence + 1,
    };
    PROA_BUF_LIT(out, "\n\n");
    return proa_json_writer_ok(&w) && proa_responses_failed(&failure, out);
}

/*
 * Anthropic's words for what a status means. Its SDKs choose the class of an error by the status,
 * and show the type.
 */
static const struct {
    uint16_t status;
    const char *type;
} ANTHROPIC_TYPES[] = {
    {401, "authentication_error"}, {402, "billing_error"},    {403, "permission_error"},
    {404, "not_found_error"},      {408, "timeout_error"},    {413, "request_too_large"},
    {429, "rate_limit_error"},     {503, "overloaded_error"}, {504, "timeout_error"},
    {529, "overloaded_error"},
};

static const char *anthropic_type(const struct proa_api_error *error)
{
    const uint16_t status = error->status != 0 ? error->status : row_of(error->code)->status;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ANTHROPIC_TYPES); i++) {
        if (ANTHROPIC_TYPES[i].status == status) {
            return ANTHROPIC_TYPES[i].type;
        }
    }
    return status < 500 ? "invalid_request_error" : "api_error";
}

/* What Anthropic's SDKs do not know stands beside what they read. */
static bool write_anthropic(const struct proa_api_error *error, struct proa_buf *out)
{
    const struct error_row *row = row_of(error->code);
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "type", PROA_SLICE("error"));
    proa_json_writer_key(&w, PROA_SLICE("error"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "type", proa_slice_cstr(anthropic_type(error)));
    proa_json_writer_member_string(&w, "message", error->message);
    proa_json_writer_member_string(&w, "code", proa_slice_cstr(row->name));
    optional(&w, "param", error->param);
    write_origin(&w, error);
    optional(&w, "trail", error->trail);
    proa_json_writer_end_object(&w);
    optional(&w, "request_id", error->request_id);
    proa_error_put_told(&w, error);
    proa_json_writer_end_object(&w);
    return proa_json_writer_ok(&w);
}

/* What the AI SDK's envelope is made of. */
static struct proa_error_words words_of(const struct proa_api_error *error)
{
    const struct error_row *row = row_of(error->code);
    return (struct proa_error_words){
        .name = row->name,
        .type = row->type,
        .status = error->status != 0 ? error->status : row->status,
    };
}

static bool write_aisdk(const struct proa_api_error *error, struct proa_buf *out)
{
    const struct proa_error_words words = words_of(error);
    return proa_aisdk_error_write(error, &words, out);
}

static bool write_envelope(enum proa_surface surface, const struct proa_api_error *error,
                           struct proa_buf *out)
{
    switch (surface) {
    case PROA_SURFACE_ANTHROPIC:
        return write_anthropic(error, out);
    case PROA_SURFACE_AI_SDK:
        return write_aisdk(error, out);
    case PROA_SURFACE_OPENAI:
    case PROA_SURFACE_RESPONSES:
        break;
    }
    return write_openai(error, out);
}

/* All or nothing, so that half an envelope is never sent. */
static enum proa_err finish(struct proa_buf *out, size_t from, bool ok)
{
    if (ok && proa_buf_ok(out)) {
        return PROA_OK;
    }
    out->len = from;
    out->failed = true;
    return PROA_ERR_LIMIT;
}

enum proa_err proa_api_error_write(enum proa_surface surface, const struct proa_api_error *error,
                                   struct proa_buf *out)
{
    const size_t from = out->len;
    return finish(out, from, write_envelope(surface, error, out));
}

enum proa_err proa_api_error_event(enum proa_surface surface, const struct proa_api_error *error,
                                   struct proa_buf *out)
{
    const size_t from = out->len;
    if (surface == PROA_SURFACE_ANTHROPIC) {
        PROA_BUF_LIT(out, "event: error\n");
    }
    if (surface == PROA_SURFACE_RESPONSES) {
        return finish(out, from, write_responses_event(error, out));
    }
    if (surface == PROA_SURFACE_AI_SDK) {
        const struct proa_error_words words = words_of(error);
        return finish(out, from, proa_aisdk_error_event(error, &words, out));
    }
    PROA_BUF_LIT(out, "data: ");
    const bool ok = write_envelope(surface, error, out);
    PROA_BUF_LIT(out, "\n\n");
    return finish(out, from, ok);
}
