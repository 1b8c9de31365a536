#include "recorded_priv.h"

#include "proa/json/writer.h"
#include "proa/mock/mock.h"

/* ---- envelopes ------------------------------------------------------------------------------- */

static void member_or_null(struct proa_json_writer *w, const char *key, struct proa_slice text)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    if (text.len > 0) {
        proa_json_writer_string(w, text);
    } else {
        proa_json_writer_null(w);
    }
}

static void write_openai(struct proa_json_writer *w, const struct mock_error *e, bool numbered)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("error"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "message", e->message);
    proa_json_writer_member_string(w, "type", e->type);
    member_or_null(w, "param", e->param);
    if (numbered) {
        proa_json_writer_member_u64(w, "code", e->status);
    } else {
        member_or_null(w, "code", e->code);
    }
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

static void write_azure(struct proa_json_writer *w, const struct mock_error *e)
{
    char digits[PROA_FMT_BYTES];
    const struct proa_slice status = proa_slice_make(digits, proa_fmt_u64(digits, e->status));
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("error"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "code", e->code.len > 0 ? e->code : status);
    proa_json_writer_member_string(w, "message", e->message);
    if (e->param.len > 0) {
        proa_json_writer_member_string(w, "param", e->param);
        proa_json_writer_member_string(w, "type", e->type);
    }
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

static void write_anthropic(struct proa_json_writer *w, const struct mock_error *e)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", PROA_SLICE("error"));
    proa_json_writer_key(w, PROA_SLICE("error"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", e->type);
    proa_json_writer_member_string(w, "message", e->message);
    proa_json_writer_end_object(w);
    proa_json_writer_member_string(w, "request_id", PROA_SLICE("req_mock"));
    proa_json_writer_end_object(w);
}

static void write_google(struct proa_json_writer *w, const struct mock_error *e)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("error"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_u64(w, "code", e->status);
    proa_json_writer_member_string(w, "message", e->message);
    proa_json_writer_member_string(w, "status", e->type);
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

/* Refusals of single fields come as a list of details, all others as an object. */
static void write_mistral(struct proa_json_writer *w, const struct mock_error *e)
{
    proa_json_writer_begin_object(w);
    if (e->param.len > 0) {
        proa_json_writer_key(w, PROA_SLICE("detail"));
        proa_json_writer_begin_array(w);
        proa_json_writer_begin_object(w);
        proa_json_writer_member_string(w, "type", e->code);
        proa_json_writer_key(w, PROA_SLICE("loc"));
        proa_json_writer_begin_array(w);
        proa_json_writer_string(w, PROA_SLICE("body"));
        proa_json_writer_string(w, e->param);
        proa_json_writer_end_array(w);
        proa_json_writer_member_string(w, "msg", e->message);
        proa_json_writer_key(w, PROA_SLICE("input"));
        proa_json_writer_null(w);
        proa_json_writer_end_object(w);
        proa_json_writer_end_array(w);
    } else {
        proa_json_writer_member_string(w, "object", PROA_SLICE("error"));
        proa_json_writer_member_string(w, "message", e->message);
        proa_json_writer_member_string(w, "type", e->type);
        member_or_null(w, "param", e->param);
        member_or_null(w, "code", e->code);
        proa_json_writer_member_u64(w, "raw_status_code", e->status);
    }
    proa_json_writer_end_object(w);
}

static void write_pair(struct proa_json_writer *w, const char *name, struct proa_slice value,
                       struct proa_slice message, const char *message_name)
{
    proa_json_writer_begin_object(w);
    if (name) {
        proa_json_writer_member_string(w, name, value);
    }
    proa_json_writer_member_string(w, message_name, message);
    proa_json_writer_end_object(w);
}

static void write_router(struct proa_json_writer *w, const struct mock_error *e)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("error"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "message", e->message);
    proa_json_writer_member_u64(w, "code", e->status);
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

static void write_query(struct proa_buf *out, const struct mock_error *e)
{
    PROA_BUF_LIT(out, "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                      "<Type>Sender</Type><Code>");
    (void)proa_buf_append(out, e->type);
    PROA_BUF_LIT(out, "</Code><Message>");
    (void)proa_buf_append(out, e->message); /* the mock's own text: nothing to escape */
    PROA_BUF_LIT(out, "</Message></Error><RequestId>mock</RequestId></ErrorResponse>\n");
}

void proa_mock_error_write(struct proa_buf *out, enum mock_error_style style,
                           const struct mock_error *error)
{
    struct proa_json_writer w;
    if (error->body.ptr) {
        (void)proa_buf_append(out, error->body);
        return;
    }
    proa_json_writer_init(&w, out);
    switch (style) {
    case MOCK_STYLE_OPENAI:
    case MOCK_STYLE_NUMBERED:
        write_openai(&w, error, style == MOCK_STYLE_NUMBERED);
        break;
    case MOCK_STYLE_AZURE:
        write_azure(&w, error);
        break;
    case MOCK_STYLE_ANTHROPIC:
        write_anthropic(&w, error);
        break;
    case MOCK_STYLE_GOOGLE:
        write_google(&w, error);
        break;
    case MOCK_STYLE_GOOGLE_ARRAY:
        PROA_BUF_LIT(out, "[");
        write_google(&w, error);
        PROA_BUF_LIT(out, "]");
        break;
    case MOCK_STYLE_AWS:
        write_pair(&w, NULL, PROA_SLICE_NONE, error->message, "message");
        break;
    case MOCK_STYLE_MISTRAL:
        write_mistral(&w, error);
        break;
    case MOCK_STYLE_COHERE:
        write_pair(&w, "id", PROA_SLICE("mock"), error->message, "message");
        break;
    case MOCK_STYLE_ROUTER:
        write_router(&w, error);
        break;
    case MOCK_STYLE_OAUTH:
        write_pair(&w, "error", error->type, error->message, "error_description");
        break;
    case MOCK_STYLE_AWS_QUERY:
        write_query(out, error);
        break;
    }
}

/* ---- what a status is called ----------------------------------------------------------------- */

static const struct {
    enum mock_error_style style;
    uint16_t status;
    struct proa_slice type;
} TYPES[] = {
    {MOCK_STYLE_ANTHROPIC, 400, PROA_SLICE_INIT("invalid_request_error")},
    {MOCK_STYLE_ANTHROPIC, 401, PROA_SLICE_INIT("authentication_error")},
    {MOCK_STYLE_ANTHROPIC, 403, PROA_SLICE_INIT("permission_error")},
    {MOCK_STYLE_ANTHROPIC, 404, PROA_SLICE_INIT("not_found_error")},
    {MOCK_STYLE_ANTHROPIC, 413, PROA_SLICE_INIT("request_too_large")},
    {MOCK_STYLE_ANTHROPIC, 429, PROA_SLICE_INIT("rate_limit_error")},
    {MOCK_STYLE_ANTHROPIC, 500, PROA_SLICE_INIT("api_error")},
    {MOCK_STYLE_GOOGLE, 400, PROA_SLICE_INIT("INVALID_ARGUMENT")},
    {MOCK_STYLE_GOOGLE, 401, PROA_SLICE_INIT("UNAUTHENTICATED")},
    {MOCK_STYLE_GOOGLE, 403, PROA_SLICE_INIT("PERMISSION_DENIED")},
    {MOCK_STYLE_GOOGLE, 404, PROA_SLICE_INIT("NOT_FOUND")},
    {MOCK_STYLE_GOOGLE, 429, PROA_SLICE_INIT("RESOURCE_EXHAUSTED")},
    {MOCK_STYLE_GOOGLE, 500, PROA_SLICE_INIT("INTERNAL")},
    {MOCK_STYLE_GOOGLE, 503, PROA_SLICE_INIT("UNAVAILABLE")},
    {MOCK_STYLE_AWS, 400, PROA_SLICE_INIT("ValidationException")},
    {MOCK_STYLE_AWS, 403, PROA_SLICE_INIT("AccessDeniedException")},
    {MOCK_STYLE_AWS, 404, PROA_SLICE_INIT("ResourceNotFoundException")},
    {MOCK_STYLE_AWS, 429, PROA_SLICE_INIT("ThrottlingException")},
    {MOCK_STYLE_AWS, 500, PROA_SLICE_INIT("InternalServerException")},
    {MOCK_STYLE_AWS, 503, PROA_SLICE_INIT("ServiceUnavailableException")},
    {MOCK_STYLE_NUMBERED, 400, PROA_SLICE_INIT("BadRequestError")},
    {MOCK_STYLE_NUMBERED, 404, PROA_SLICE_INIT("NotFoundError")},
    {MOCK_STYLE_NUMBERED, 500, PROA_SLICE_INIT("InternalServerError")},
    {MOCK_STYLE_OAUTH, 400, PROA_SLICE_INIT("invalid_request")},
    {MOCK_STYLE_OAUTH, 401, PROA_SLICE_INIT("invalid_client")},
    {MOCK_STYLE_AWS_QUERY, 400, PROA_SLICE_INIT("ValidationError")},
    {MOCK_STYLE_OPENAI, 400, PROA_SLICE_INIT("invalid_request_error")},
    {MOCK_STYLE_OPENAI, 500, PROA_SLICE_INIT("server_error")},
};

struct proa_slice proa_mock_error_type(enum mock_error_style style, uint16_t status)
{
    struct proa_slice found = PROA_SLICE("invalid_request_error");
    const uint16_t family = status >= 500 ? 500 : 400;
    style = style == MOCK_STYLE_GOOGLE_ARRAY ? MOCK_STYLE_GOOGLE : style;
    for (size_t i = 0; i < PROA_ARRAY_LEN(TYPES); i++) {
        if (TYPES[i].style == style && TYPES[i].status == status) {
            return TYPES[i].type;
        }
        if (TYPES[i].style == style && TYPES[i].status == family) {
            found = TYPES[i].type;
        }
    }
    return found;
}

/* ---- recorded -------------------------------------------------------------------------------- */

/* Row i of both tables, one behind the other; NULL behind the last. */
static const struct mock_recorded *row_at(size_t i)
{
    const struct mock_recorded_table shapes = proa_mock_recorded_shapes();
    const struct mock_recorded_table native = proa_mock_recorded_native();
    if (i < shapes.n) {
        return &shapes.rows[i];
    }
    return i - shapes.n < native.n ? &native.rows[i - shapes.n] : NULL;
}

bool proa_mock_error_name_find(struct proa_slice name, uint64_t *out)
{
    const struct mock_recorded *row;
    for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
        if (proa_slice_eq(row->name, name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

struct proa_slice proa_mock_error_name(uint64_t value)
{
    const struct mock_recorded *row = row_at((size_t)value);
    return row ? row->name : PROA_SLICE_NONE;
}

/* Whose errors a profile has besides its own. */
static enum mock_profile_id kin(enum mock_profile_id id)
{
    static const struct {
        enum mock_profile_id id;
        enum mock_profile_id kin;
    } rows[] = {
        {MOCK_PLAIN, MOCK_OPENAI},    {MOCK_AZURE, MOCK_OPENAI},    {MOCK_VLLM, MOCK_OPENAI},
        {MOCK_OLLAMA, MOCK_OPENAI},   {MOCK_LLAMACPP, MOCK_OPENAI}, {MOCK_PERPLEXITY, MOCK_OPENAI},
        {MOCK_CEREBRAS, MOCK_OPENAI}, {MOCK_VERTEX, MOCK_GEMINI},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (rows[i].id == id) {
            return rows[i].kin;
        }
    }
    return id;
}

static struct mock_error error_of(const struct mock_recorded *row)
{
    return (struct mock_error){.status = row->status,
                               .type = row->type,
                               .message = row->name,
                               .body = row->body,
                               .headers = row->headers};
}

struct mock_error proa_mock_error_recorded(enum mock_profile_id profile, struct proa_slice name)
{
    const struct mock_recorded *found = NULL;
    const struct mock_recorded *row;
    for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
        if (proa_slice_eq(row->name, name)) {
            if (row->profile == profile) {
                return error_of(row);
            }
            found = row->profile == kin(profile) ? row : found;
        }
    }
    return found ? error_of(found) : (struct mock_error){.status = 0};
}

struct mock_error proa_mock_error_by_status(enum mock_profile_id profile, uint16_t status)
{
    const struct mock_recorded *row;
    for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
        if (row->profile == profile && row->status == status) {
            return error_of(row);
        }
    }
    return (struct mock_error){.status = 0};
}

struct proa_slice proa_mock_help_profile(size_t i)
{
    return i + 1 < MOCK_PROFILES ? proa_mock_profile_name((enum mock_profile_id)(i + 1))
                                 : PROA_SLICE_NONE;
}

struct proa_slice proa_mock_help_error(size_t i, size_t n)
{
    const struct mock_recorded *row;
    for (size_t at = 0; (row = row_at(at)) != NULL; at++) {
        if ((size_t)row->profile == i + 1 && n-- == 0) {
            return row->name;
        }
    }
    return PROA_SLICE_NONE;
}
