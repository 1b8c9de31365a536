/*
 * Errors in the AI SDK's envelope. Its clients choose the class of an error by `type` alone, and
 * keep the status beside it.
 */
#include "aisdk_write_priv.h"
#include "error_priv.h"

#include "proa/json/writer.h"

/* A provider's failure keeps its status, and is none of the gateway's own kinds. */
static struct proa_slice type_of(const struct proa_api_error *error,
                                 const struct proa_error_words *words)
{
    if (words->status == 429) {
        return PROA_SLICE("rate_limit_exceeded");
    }
    const bool own =
        error->code == PROA_API_ERR_INVALID_REQUEST || error->code == PROA_API_ERR_MODEL_NOT_FOUND;
    return error->from_provider && !own ? PROA_SLICE("AI_APICallError")
                                        : proa_slice_cstr(words->type);
}

/* As its clients judge a status. */
static bool is_retryable(uint16_t status)
{
    return status == 408 || status == 409 || status == 429 || status >= 500;
}

static void put_param(struct proa_json_writer *w, const struct proa_api_error *error,
                      const struct proa_error_words *words)
{
    proa_json_writer_key(w, PROA_SLICE("param"));
    if (error->code == PROA_API_ERR_MODEL_NOT_FOUND) {
        proa_json_writer_begin_object(w);
        proa_json_writer_member_string(w, "modelId", error->model);
        proa_json_writer_end_object(w);
    } else if (error->from_provider) {
        proa_json_writer_begin_object(w);
        proa_json_writer_member_u64(w, "statusCode", words->status);
        proa_json_writer_member_string(w, "name", PROA_SLICE("AI_APICallError"));
        proa_json_writer_member_string(w, "message", error->message);
        proa_json_writer_member_bool(w, "isRetryable", is_retryable(words->status));
        proa_json_writer_end_object(w);
    } else if (error->param.len > 0) {
        proa_json_writer_string(w, error->param);
    } else {
        proa_json_writer_null(w);
    }
}

static void optional(struct proa_json_writer *w, const char *key, struct proa_slice text)
{
    if (text.len > 0) {
        proa_json_writer_member_string(w, key, text);
    }
}

bool proa_aisdk_error_write(const struct proa_api_error *error,
                            const struct proa_error_words *words, struct proa_buf *out)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("error"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "message", error->message);
    proa_json_writer_member_string(&w, "type", type_of(error, words));
    put_param(&w, error, words);
    proa_json_writer_member_string(&w, "code", proa_slice_cstr(words->name));
    proa_json_writer_member_string(
        &w, "source", error->from_provider ? PROA_SLICE("provider") : PROA_SLICE("gateway"));
    optional(&w, "provider", error->provider);
    optional(&w, "request_id", error->request_id);
    optional(&w, "trail", error->trail);
    proa_json_writer_end_object(&w);
    proa_error_put_told(&w, error);
    proa_json_writer_end_object(&w);
    return proa_json_writer_ok(&w);
}

bool proa_aisdk_error_event(const struct proa_api_error *error,
                            const struct proa_error_words *words, struct proa_buf *out)
{
    static const struct proa_usage nothing = {.known = 0};
    struct proa_json_writer w;
    PROA_BUF_LIT(out, "data: ");
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "type", PROA_SLICE("error"));
    proa_json_writer_key(&w, PROA_SLICE("error"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "message", error->message);
    proa_json_writer_member_string(&w, "type", type_of(error, words));
    proa_json_writer_member_string(&w, "code", proa_slice_cstr(words->name));
    proa_json_writer_member_u64(&w, "statusCode", words->status);
    proa_json_writer_member_bool(&w, "isRetryable", is_retryable(words->status));
    proa_json_writer_end_object(&w);
    proa_json_writer_end_object(&w);
    PROA_BUF_LIT(out, "\n\ndata: {\"type\":\"finish\",\"finishReason\":");
    proa_aisdk_put_finish(out, error->version, "error", PROA_SLICE_NONE);
    PROA_BUF_LIT(out, ",\"usage\":");
    proa_aisdk_put_usage(out, error->version, &nothing, PROA_SLICE_NONE);
    proa_aisdk_put_gateway(out, error->gateway);
    PROA_BUF_LIT(out, "}\n\n");
    return proa_json_writer_ok(&w);
}
