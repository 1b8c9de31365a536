#include "answer_priv.h"

#include "proa/core/alloc.h"
#include "proa/json/writer.h"

enum { KEEP_BYTES = 16 * 1024 };

static const struct proa_slice JSON_TYPE = PROA_SLICE_INIT("application/json");
static const struct proa_slice SSE_TYPE = PROA_SLICE_INIT("text/event-stream; charset=utf-8");
static const struct proa_slice HTML_TYPE = PROA_SLICE_INIT("text/html; charset=utf-8");

/* What the service says with each status when nothing else is asked for. */
static const struct {
    uint16_t status;
    struct proa_slice type;
    struct proa_slice code;
    struct proa_slice message;
} USUAL[] = {
    {400, PROA_SLICE_INIT("invalid_request_error"), PROA_SLICE_INIT("invalid_value"),
     PROA_SLICE_INIT("The mock was asked to refuse this request.")},
    {401, PROA_SLICE_INIT("invalid_request_error"), PROA_SLICE_INIT("invalid_api_key"),
     PROA_SLICE_INIT("Incorrect API key provided.")},
    {403, PROA_SLICE_INIT("invalid_request_error"), PROA_SLICE_INIT("unsupported_country"),
     PROA_SLICE_INIT("Country, region, or territory not supported.")},
    {404, PROA_SLICE_INIT("invalid_request_error"), PROA_SLICE_INIT("model_not_found"),
     PROA_SLICE_INIT("The model does not exist or you do not have access to it.")},
    {429, PROA_SLICE_INIT("requests"), PROA_SLICE_INIT("rate_limit_exceeded"),
     PROA_SLICE_INIT("Rate limit reached for requests.")},
    {500, PROA_SLICE_INIT("server_error"), PROA_SLICE_INIT("server_error"),
     PROA_SLICE_INIT("The server had an error while processing your request.")},
    {502, PROA_SLICE_INIT("server_error"), PROA_SLICE_INIT("server_error"),
     PROA_SLICE_INIT("Bad gateway.")},
    {503, PROA_SLICE_INIT("server_error"), PROA_SLICE_INIT("overloaded"),
     PROA_SLICE_INIT("The engine is currently overloaded, please try again later.")},
    {504, PROA_SLICE_INIT("server_error"), PROA_SLICE_INIT("server_error"),
     PROA_SLICE_INIT("Gateway timeout.")},
};

/* Codes whose sentence callers look at (it tells one 429 or 400 from another). */
static const struct {
    struct proa_slice code;
    struct proa_slice type;
    struct proa_slice message;
} KNOWN_CODES[] = {
    {PROA_SLICE_INIT("insufficient_quota"), PROA_SLICE_INIT("insufficient_quota"),
     PROA_SLICE_INIT("You exceeded your current quota, please check your plan and billing "
                     "details.")},
    {PROA_SLICE_INIT("context_length_exceeded"), PROA_SLICE_INIT("invalid_request_error"),
     PROA_SLICE_INIT("This model's maximum context length is 8192 tokens. Please reduce the "
                     "length of the messages.")},
    {PROA_SLICE_INIT("content_filter"), PROA_SLICE_INIT("invalid_request_error"),
     PROA_SLICE_INIT("The response was filtered by the content management policy.")},
    {PROA_SLICE_INIT("content_policy_violation"), PROA_SLICE_INIT("invalid_request_error"),
     PROA_SLICE_INIT("Your request was rejected as a result of our safety system.")},
    {PROA_SLICE_INIT("slow_down"), PROA_SLICE_INIT("server_error"),
     PROA_SLICE_INIT("Slow down: the request rate rose too quickly.")},
};

void proa_mock_answer_init(struct mock_answer *a)
{
    *a = (struct mock_answer){.status = 200, .content_type = JSON_TYPE};
    proa_buf_init(&a->body, MOCK_ANSWER_MAX);
}

void proa_mock_answer_deinit(struct mock_answer *a)
{
    proa_buf_deinit(&a->body);
    proa_free(a->ends);
    a->ends = NULL;
    a->cap = 0;
}

void proa_mock_answer_clear(struct mock_answer *a)
{
    proa_buf_clear(&a->body);
    proa_buf_trim(&a->body, KEEP_BYTES);
    if (a->cap > KEEP_BYTES / sizeof *a->ends) {
        proa_free(a->ends);
        a->ends = NULL;
        a->cap = 0;
    }
    a->status = 200;
    a->content_type = JSON_TYPE;
    a->is_stream = false;
    a->has_ended = false;
    a->n_events = 0;
    a->event_at = 0;
    a->tokens = 0;
}

static void write_error(struct proa_buf *out, const struct mock_error *error)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("error"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "message", error->message);
    proa_json_writer_member_string(&w, "type", error->type);
    proa_json_writer_key(&w, PROA_SLICE("param"));
    if (error->param.len > 0) {
        proa_json_writer_string(&w, error->param);
    } else {
        proa_json_writer_null(&w);
    }
    proa_json_writer_key(&w, PROA_SLICE("code"));
    if (error->code.len > 0) {
        proa_json_writer_string(&w, error->code);
    } else {
        proa_json_writer_null(&w);
    }
    proa_json_writer_end_object(&w);
    proa_json_writer_end_object(&w);
}

void proa_mock_answer_error(struct mock_answer *a, const struct mock_error *error)
{
    proa_mock_answer_clear(a);
    a->status = error->status;
    write_error(&a->body, error);
}

/* The usual error of a status; a code replaces the usual one, and brings its own sentence. */
static struct mock_error planned_error(const struct proa_mock_plan *plan, uint16_t status)
{
    const uint16_t family = status >= 500 || status < 400 ? 500 : 400;
    struct mock_error e = {.status = status};
    for (size_t i = 0; i < PROA_ARRAY_LEN(USUAL); i++) {
        if (USUAL[i].status == status || (e.message.len == 0 && USUAL[i].status == family)) {
            e.type = USUAL[i].type;
            e.code = USUAL[i].code;
            e.message = USUAL[i].message;
        }
    }
    if (!proa_mock_plan_has(plan, PROA_MOCK_CODE)) {
        return e;
    }
    e.code = proa_mock_code_text(plan->values[PROA_MOCK_CODE]);
    for (size_t i = 0; i < PROA_ARRAY_LEN(KNOWN_CODES); i++) {
        if (proa_slice_eq(KNOWN_CODES[i].code, e.code)) {
            e.type = KNOWN_CODES[i].type;
            e.message = KNOWN_CODES[i].message;
        }
    }
    return e;
}

void proa_mock_answer_fault(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    const uint16_t status = (uint16_t)proa_mock_plan_get(plan, PROA_MOCK_STATUS, 500);
    const struct mock_error error = planned_error(plan, status);
    proa_mock_answer_error(a, &error);
    if (proa_mock_plan_has(plan, PROA_MOCK_HTML)) {
        proa_buf_clear(&a->body);
        a->content_type = HTML_TYPE;
        PROA_BUF_LIT(&a->body, "<!DOCTYPE html><html><head><title>Error ");
        (void)proa_buf_append_u64(&a->body, status);
        PROA_BUF_LIT(&a->body, "</title></head><body><h1>The edge is unwell</h1></body></html>\n");
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_OK_ERROR)) {
        a->status = 200;
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static void note_end(struct mock_answer *a)
{
    if (a->n_events == a->cap) {
        a->cap = a->cap ? a->cap * 2 : 32;
        a->ends = proa_realloc(a->ends, a->cap * sizeof *a->ends);
    }
    a->ends[a->n_events++] = a->body.len;
    a->event_at = a->body.len;
}

static void drop_event(struct mock_answer *a)
{
    a->body.len = a->event_at;
}

static void end_with_error(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    const struct mock_error error = planned_error(plan, 500);
    drop_event(a);
    PROA_BUF_LIT(&a->body, "data: ");
    write_error(&a->body, &error);
    PROA_BUF_LIT(&a->body, "\n\n");
    note_end(a);
    a->has_ended = true;
}

/* After how many events the error comes; UINT64_MAX = never. */
static uint64_t error_after(const struct proa_mock_plan *plan)
{
    return proa_mock_plan_has(plan, PROA_MOCK_ERROR_FIRST)
               ? 0
               : proa_mock_plan_get(plan, PROA_MOCK_ERROR_AFTER, UINT64_MAX);
}

void proa_mock_event_end(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    if (a->has_ended) {
        drop_event(a);
        return;
    }
    if (a->n_events >= error_after(plan)) {
        end_with_error(a, plan);
        return;
    }
    if (a->n_events + 1 == proa_mock_plan_get(plan, PROA_MOCK_MALFORMED, 0)) {
        drop_event(a);
        PROA_BUF_LIT(&a->body, "data: {\"id\":\"chatcmpl-\",\"choices\":[{\n\n");
    }
    note_end(a);
}

void proa_mock_events_finish(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    if (!a->has_ended && error_after(plan) != UINT64_MAX) {
        end_with_error(a, plan);
    } else if (!a->has_ended && !proa_mock_plan_has(plan, PROA_MOCK_NO_DONE)) {
        PROA_BUF_LIT(&a->body, "data: [DONE]\n\n");
        proa_mock_event_end(a, plan);
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool wants_error(const struct mock_request *req, const struct proa_mock_plan *plan)
{
    (void)req;
    return proa_mock_plan_get(plan, PROA_MOCK_STATUS, 200) != 200 ||
           proa_mock_plan_has(plan, PROA_MOCK_CODE) || proa_mock_plan_has(plan, PROA_MOCK_HTML) ||
           proa_mock_plan_has(plan, PROA_MOCK_OK_ERROR);
}

static void make(struct mock_answer *a, const struct mock_request *req,
                 const struct proa_mock_plan *plan, const struct mock_author *author,
                 struct proa_arena *arena)
{
    switch (req->endpoint) {
    case MOCK_CHAT:
    case MOCK_COMPLETIONS:
        proa_mock_chat_make(a, req, plan, author, arena);
        break;
    case MOCK_EMBEDDINGS:
        proa_mock_embeddings_make(a, req, arena);
        break;
    case MOCK_MODERATIONS:
        proa_mock_moderations_make(a, req, author, arena);
        break;
    case MOCK_MODELS:
        proa_mock_models_make(a, author);
        break;
    case MOCK_MODEL:
        proa_mock_model_make(a, req->model, author);
        break;
    }
}

void proa_mock_answer_make(struct mock_answer *a, const struct mock_request *req,
                           const struct proa_mock_plan *plan, const struct mock_author *author,
                           struct proa_arena *arena)
{
    proa_mock_answer_clear(a);
    if (wants_error(req, plan)) {
        proa_mock_answer_fault(a, plan);
        a->tokens = req->prompt_tokens;
        return;
    }
    if (req->stream) {
        a->is_stream = true;
        a->content_type = SSE_TYPE;
    }
    if (!proa_mock_plan_has(plan, PROA_MOCK_EMPTY)) {
        make(a, req, plan, author, arena);
    }
    if (!proa_buf_ok(&a->body)) {
        const struct mock_error large = {
            .status = 500,
            .type = PROA_SLICE("server_error"),
            .code = PROA_SLICE("answer_too_large"),
            .message = PROA_SLICE("The mock keeps an answer in memory, at most 64 MiB of it.")};
        proa_mock_answer_error(a, &large);
        return;
    }
    if (!a->is_stream && proa_mock_plan_has(plan, PROA_MOCK_MALFORMED) && a->body.len > 1) {
        a->body.len /= 2;
    }
}
