#include "proa/api/request.h"

#include "kind_priv.h"
#include "request_priv.h"

#include "proa/core/check.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"

#define ANY_KIND (~0U)
#define LIST     PROA_JSON_TYPE(PROA_JSON_ARRAY)
#define OBJECT   PROA_JSON_TYPE(PROA_JSON_OBJECT)
#define TEXT     PROA_JSON_TYPE(PROA_JSON_STRING)

/* What one pass over the body looks for. */
static const struct proa_json_want WANTS[PROA_API_MEMBERS] =
    PROA_REQUEST_WANTS("messages", "max_tokens", "prompt_cache_key", "response_format");

/* The same, where a member has another name in the Responses API. */
static const struct proa_json_want RESPONSES_WANTS[PROA_API_MEMBERS] =
    PROA_REQUEST_WANTS("input", "max_output_tokens", "prompt_cache_key", "response_format");

/*
 * In which form a member is the gateway's own and is cut out. `providerOptions` is the gateway's
 * namespace whatever it holds. The others are its top-level short forms: `models` (fallbacks),
 * `provider` ({sort}), and what clients make of providerOptions.gateway when they flatten it;
 * `byok` may hold credentials. In any other form the member may be a provider's own field of that
 * name, and goes on untouched like every unknown field: `user`, `tags` and `metadata` are the
 * provider's business.
 */
static const unsigned CUT[PROA_API_MEMBERS] = {
    [PROA_API_M_PROVIDER_OPTIONS] = ANY_KIND,
    [PROA_API_M_MODELS] = LIST,
    [PROA_API_M_PROVIDER] = OBJECT,
    [PROA_API_M_ORDER] = LIST,
    [PROA_API_M_ONLY] = LIST,
    [PROA_API_M_SORT] = TEXT,
    [PROA_API_M_BYOK] = ANY_KIND,
};

static const char *const KIND_TEXT[] = {
    [PROA_JSON_ABSENT] = "nothing",   [PROA_JSON_NULL] = "null",
    [PROA_JSON_FALSE] = "false",      [PROA_JSON_TRUE] = "true",
    [PROA_JSON_NUMBER] = "a number",  [PROA_JSON_STRING] = "a string",
    [PROA_JSON_OBJECT] = "an object", [PROA_JSON_ARRAY] = "an array",
};

const char *proa_api_kind_text(enum proa_json_kind kind)
{
    return KIND_TEXT[(size_t)kind < PROA_ARRAY_LEN(KIND_TEXT) ? kind : PROA_JSON_ABSENT];
}

/* The message is everything in `text`. */
static enum proa_err refuse(struct proa_api_error *error, enum proa_api_error_code code,
                            struct proa_slice param, const struct proa_buf *text)
{
    *error = (struct proa_api_error){.code = code, .message = proa_buf_slice(text), .param = param};
    return code == PROA_API_ERR_INVALID_JSON ? PROA_ERR_SYNTAX : PROA_ERR_TYPE;
}

static enum proa_err refuse_scan(const struct proa_json_info *info, struct proa_buf *text,
                                 struct proa_api_error *error)
{
    PROA_BUF_LIT(text, "The request body is not acceptable JSON: ");
    (void)proa_buf_append_cstr(text, info->fault.reason);
    PROA_BUF_LIT(text, " at byte ");
    (void)proa_buf_append_u64(text, info->fault.at);
    PROA_BUF_LIT(text, ".");
    return refuse(error, PROA_API_ERR_INVALID_JSON, PROA_SLICE_NONE, text);
}

static enum proa_err refuse_model(const char *what, struct proa_buf *text,
                                  struct proa_api_error *error)
{
    PROA_BUF_LIT(text, "\"model\" ");
    (void)proa_buf_append_cstr(text, what);
    PROA_BUF_LIT(text, " Name a model or a route, for example \"openai/gpt-5.5\"; GET /v1/models "
                       "lists what is configured.");
    return refuse(error, PROA_API_ERR_MISSING_MODEL, PROA_SLICE("model"), text);
}

/* `kind` stands where it should not. */
static enum proa_err refuse_kind(const char *name, const char *wanted, enum proa_json_kind kind,
                                 struct proa_buf *text, struct proa_api_error *error)
{
    PROA_BUF_LIT(text, "\"");
    (void)proa_buf_append_cstr(text, name);
    PROA_BUF_LIT(text, "\" must be ");
    (void)proa_buf_append_cstr(text, wanted);
    PROA_BUF_LIT(text, ", not ");
    (void)proa_buf_append_cstr(text, KIND_TEXT[kind]);
    PROA_BUF_LIT(text, ".");
    return refuse(error, PROA_API_ERR_INVALID_REQUEST, proa_slice_cstr(name), text);
}

/* Visible ASCII that needs no escape in JSON: the name travels through headers, logs and labels. */
static bool is_sane_name(struct proa_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

enum proa_err proa_request_check_name(struct proa_slice name, struct proa_buf *text,
                                      struct proa_api_error *error)
{
    if (name.len == 0) {
        return refuse_model("is empty.", text, error);
    }
    if (name.len > PROA_API_MODEL_MAX) {
        return refuse_model("is longer than 256 bytes.", text, error);
    }
    if (!is_sane_name(name)) {
        return refuse_model("holds a space, a quote, a backslash, a control character or a "
                            "character outside ASCII.",
                            text, error);
    }
    return PROA_OK;
}

static enum proa_err read_model(struct proa_slice body, struct proa_buf *scratch,
                                struct proa_buf *text, struct proa_api_request *out,
                                struct proa_api_error *error)
{
    const struct proa_json_member *m = &out->members[PROA_API_M_MODEL];
    if (m->kind == PROA_JSON_ABSENT) {
        return refuse_model("is missing.", text, error);
    }
    if (m->kind != PROA_JSON_STRING) {
        return refuse_kind("model", "a string", m->kind, text, error);
    }
    const struct proa_slice token = proa_json_member_value(body, m);
    struct proa_slice name = {token.ptr + 1, token.len - 2};
    if (memchr(name.ptr, '\\', name.len)) {
        const size_t from = scratch->len;
        if (proa_json_string_decode(token, scratch) != PROA_OK) {
            return refuse_model("is too long.", text, error);
        }
        name = proa_slice_from(proa_buf_slice(scratch), from);
    }
    out->model = name;
    return proa_request_check_name(name, text, error);
}

static void collect_cuts(struct proa_api_request *out)
{
    out->n_cuts = 0;
    for (size_t i = PROA_API_M_PROVIDER_OPTIONS; i < PROA_API_MEMBERS; i++) {
        const struct proa_json_member *m = &out->members[i];
        if (m->kind != PROA_JSON_ABSENT && (CUT[i] & PROA_JSON_TYPE(m->kind)) != 0) {
            out->cuts[out->n_cuts] =
                (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = *m};
            out->n_cuts++;
        }
    }
}

static bool has_own_words(struct proa_slice body, const struct proa_api_request *request)
{
    const struct proa_json_member *format = &request->members[PROA_API_M_RESPONSE_FORMAT];
    struct proa_slice type = PROA_SLICE_NONE;
    if (request->members[PROA_API_M_REASONING].kind == PROA_JSON_OBJECT ||
        request->members[PROA_API_M_CACHE_CONTROL].kind == PROA_JSON_OBJECT) {
        return true;
    }
    return format->kind == PROA_JSON_OBJECT &&
           proa_json_get(proa_json_member_value(body, format), PROA_SLICE("type"), &type) ==
               PROA_JSON_STRING &&
           proa_json_string_eq(type, PROA_SLICE("json"));
}

enum proa_err proa_request_scan(struct proa_slice body, const struct proa_json_want *wants,
                                struct proa_buf *text, struct proa_api_request *out,
                                struct proa_api_error *error)
{
    const struct proa_json_scan_cfg cfg = {.wants = wants, .n_wants = PROA_API_MEMBERS};
    proa_buf_clear(text);
    if (body.len == 0) {
        PROA_BUF_LIT(text, "The request body is empty; a JSON object is needed.");
        return refuse(error, PROA_API_ERR_INVALID_JSON, PROA_SLICE_NONE, text);
    }
    if (proa_json_scan(body, &cfg, out->members, &out->info) != PROA_OK) {
        return refuse_scan(&out->info, text, error);
    }
    if (out->info.kind != PROA_JSON_OBJECT) {
        PROA_BUF_LIT(text, "The request body must be a JSON object, not ");
        (void)proa_buf_append_cstr(text, KIND_TEXT[out->info.kind]);
        PROA_BUF_LIT(text, ".");
        return refuse(error, PROA_API_ERR_INVALID_REQUEST, PROA_SLICE_NONE, text);
    }
    return PROA_OK;
}

enum proa_err proa_api_request_read(enum proa_endpoint_kind kind, struct proa_slice body,
                                    struct proa_buf *scratch, struct proa_buf *text,
                                    struct proa_api_request *out, struct proa_api_error *error)
{
    enum proa_err err = proa_request_scan(
        body, kind == PROA_API_RESPONSES ? RESPONSES_WANTS : WANTS, text, out, error);
    err = err == PROA_OK ? read_model(body, scratch, text, out, error) : err;
    if (err != PROA_OK) {
        return err;
    }
    const enum proa_json_kind stream = out->members[PROA_API_M_STREAM].kind;
    if (stream != PROA_JSON_ABSENT && stream != PROA_JSON_NULL && stream != PROA_JSON_TRUE &&
        stream != PROA_JSON_FALSE) {
        return refuse_kind("stream", "true or false", stream, text, error);
    }
    /* Embeddings and moderations have no stream: what asks for one there is the provider's to
     * refuse. */
    out->is_form = false;
    out->stream =
        stream == PROA_JSON_TRUE &&
        (kind == PROA_API_CHAT || kind == PROA_API_COMPLETIONS || kind == PROA_API_RESPONSES);
    out->own_words = kind == PROA_API_CHAT && has_own_words(body, out);
    collect_cuts(out);
    return PROA_OK;
}
