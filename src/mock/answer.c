#include "media_priv.h"

#include "proa/core/alloc.h"

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
    proa_mock_answer_for(a, NULL);
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
    a->lines = PROA_SLICE_NONE;
    a->error_type = PROA_SLICE_NONE;
}

static enum mock_wire wire_of(const struct mock_path *path)
{
    const enum mock_dialect dialect = path->route ? path->route->dialect : MOCK_DIALECT_OPENAI;
    const bool sse = proa_slice_search(path->query, PROA_SLICE("alt=sse")) < path->query.len;
    if (dialect == MOCK_DIALECT_GEMINI) {
        return sse ? MOCK_WIRE_DATA : MOCK_WIRE_ARRAY;
    }
    if (dialect == MOCK_DIALECT_ANTHROPIC) {
        return MOCK_WIRE_NAMED;
    }
    if (dialect == MOCK_DIALECT_BEDROCK) {
        return MOCK_WIRE_FRAMES;
    }
    if (dialect == MOCK_DIALECT_COHERE) {
        return MOCK_WIRE_DASHED;
    }
    if (dialect == MOCK_DIALECT_RESPONSES) {
        return MOCK_WIRE_NUMBERED;
    }
    return path->profile == MOCK_LLAMACPP ? MOCK_WIRE_LLAMA : MOCK_WIRE_DATA;
}

void proa_mock_answer_for(struct mock_answer *a, const struct mock_path *path)
{
    static const struct mock_path plain = {.profile = MOCK_PLAIN};
    path = path ? path : &plain;
    a->profile = proa_mock_profile_of(path);
    a->style = proa_mock_style_of(path);
    a->wire = wire_of(path);
    a->silence = a->wire == MOCK_WIRE_NAMED
                     ? proa_mock_profile(MOCK_ANTHROPIC)->silence
                     : (a->wire == MOCK_WIRE_FRAMES ? PROA_SLICE_NONE : a->profile->silence);
}

void proa_mock_answer_error(struct mock_answer *a, const struct mock_error *error)
{
    proa_mock_answer_clear(a);
    a->status = error->status;
    proa_mock_error_write(&a->body, a->style, error);
    a->lines = error->headers;
    a->error_type = error->type;
    if (a->style == MOCK_STYLE_AWS_QUERY) {
        a->content_type = PROA_SLICE("text/xml");
    }
}

/* The usual error of a status; a code replaces the usual one, and brings its own sentence. */
static struct mock_error usual_error(const struct proa_mock_plan *plan, uint16_t status)
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

/* The profile's recorded error: by name, by status, or the one that it breaks with. */
static struct mock_error recorded_error(const struct mock_answer *a,
                                        const struct proa_mock_plan *plan, uint16_t status)
{
    const enum mock_profile_id id = a->profile->id;
    struct mock_error e;
    if (proa_mock_plan_has(plan, PROA_MOCK_ERROR)) {
        e = proa_mock_error_recorded(id, proa_mock_error_name(plan->values[PROA_MOCK_ERROR]));
        if (e.status == 0) {
            e = (struct mock_error){
                .status = 400,
                .type = proa_mock_error_type(a->style, 400),
                .code = PROA_SLICE("invalid_recipe"),
                .message = PROA_SLICE("This profile of the mock has no error of that name.")};
        }
    } else if (status == 0) {
        e = proa_mock_error_recorded(id, a->profile->error_default);
    } else {
        e = proa_mock_error_by_status(id, status);
    }
    e.status = e.status != 0 && status != 0 ? status : e.status;
    return e;
}

struct mock_error proa_mock_planned_error(const struct mock_answer *a,
                                          const struct proa_mock_plan *plan)
{
    const uint16_t status = (uint16_t)proa_mock_plan_get(plan, PROA_MOCK_STATUS, 0);
    struct mock_error e = {.status = 0};
    if (proa_mock_plan_has(plan, PROA_MOCK_ERROR) ||
        (a->profile->id != MOCK_PLAIN && !proa_mock_plan_has(plan, PROA_MOCK_CODE))) {
        e = recorded_error(a, plan, status);
    }
    if (e.status == 0) {
        e = usual_error(plan, status != 0 ? status : 500);
        e.type = a->style == MOCK_STYLE_OPENAI ? e.type : proa_mock_error_type(a->style, e.status);
    }
    return e;
}

void proa_mock_answer_fault(struct mock_answer *a, const struct proa_mock_plan *plan)
{
    const struct mock_error error = proa_mock_planned_error(a, plan);
    proa_mock_answer_error(a, &error);
    if (proa_mock_plan_has(plan, PROA_MOCK_HTML)) {
        proa_buf_clear(&a->body);
        a->content_type = HTML_TYPE;
        PROA_BUF_LIT(&a->body, "<!DOCTYPE html><html><head><title>Error ");
        (void)proa_buf_append_u64(&a->body, error.status);
        PROA_BUF_LIT(&a->body, "</title></head><body><h1>The edge is unwell</h1></body></html>\n");
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_OK_ERROR)) {
        a->status = 200;
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

/* A recorded error is the whole answer, unless it is to come later. */
static bool wants_error(const struct proa_mock_plan *plan)
{
    const bool later = proa_mock_plan_has(plan, PROA_MOCK_ERROR_FIRST) ||
                       proa_mock_plan_has(plan, PROA_MOCK_ERROR_AFTER);
    return proa_mock_plan_get(plan, PROA_MOCK_STATUS, 200) != 200 ||
           proa_mock_plan_has(plan, PROA_MOCK_CODE) || proa_mock_plan_has(plan, PROA_MOCK_HTML) ||
           proa_mock_plan_has(plan, PROA_MOCK_OK_ERROR) ||
           (proa_mock_plan_has(plan, PROA_MOCK_ERROR) && !later);
}

static struct proa_slice stream_type(enum mock_wire wire)
{
    if (wire == MOCK_WIRE_FRAMES) {
        return PROA_SLICE("application/vnd.amazon.eventstream");
    }
    return wire == MOCK_WIRE_ARRAY ? JSON_TYPE : SSE_TYPE;
}

static void make(struct mock_making *m, enum mock_dialect dialect)
{
    const bool speaks = m->req->endpoint == MOCK_CHAT || m->req->endpoint == MOCK_COMPLETIONS;
    if (speaks) {
        proa_mock_speech_make(m->req, m->plan, m->author, m->arena, &m->speech);
    }
    m->a->tokens = m->req->prompt_tokens + m->speech.completion_tokens * m->req->n;
    switch (dialect) {
    case MOCK_DIALECT_OPENAI:
        proa_mock_openai_make(m);
        break;
    case MOCK_DIALECT_ANTHROPIC:
        proa_mock_anthropic_make(m);
        break;
    case MOCK_DIALECT_GEMINI:
        proa_mock_gemini_make(m);
        break;
    case MOCK_DIALECT_BEDROCK:
        proa_mock_bedrock_make(m);
        break;
    case MOCK_DIALECT_COHERE:
        proa_mock_cohere_make(m);
        break;
    case MOCK_DIALECT_RESPONSES:
        proa_mock_responses_make(m);
        break;
    case MOCK_DIALECT_TOKEN:
        proa_mock_token_make(m);
        break;
    case MOCK_DIALECT_MEDIA:
        proa_mock_media_make(m);
        break;
    }
}

void proa_mock_answer_make(struct mock_answer *a, const struct mock_request *req,
                           const struct proa_mock_plan *plan, const struct mock_author *author,
                           struct proa_arena *arena)
{
    struct mock_making m = {.a = a, .req = req, .plan = plan, .author = author, .arena = arena};
    proa_mock_answer_clear(a);
    if (wants_error(plan)) {
        proa_mock_answer_fault(a, plan);
        a->tokens = req->prompt_tokens;
        return;
    }
    if (req->stream) {
        a->is_stream = true;
        a->content_type = stream_type(a->wire);
    }
    if (!proa_mock_plan_has(plan, PROA_MOCK_EMPTY)) {
        make(&m, req->dialect);
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
