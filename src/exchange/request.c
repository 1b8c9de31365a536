/*
 * From a request's bytes to a route: one validating pass over the body, the model's name, the
 * client's options. What is wrong is answered here, so that a person can act on it.
 */
#include "exchange_priv.h"

#include "proa/api/routing.h"
#include "proa/catalogue/catalogue.h"
#include "proa/core/hash.h"
#include "proa/json/string.h"
#include "proa/resilience/balance.h"

enum {
    SUGGESTIONS = 3,
    BYTES_PER_TOKEN = 4,    /* roughly, in all languages with spaces */
    PROMPT_BEGINNING = 4096 /* bytes by which two prompts count as beginning alike */
};

static enum proa_operation operation_of(enum proa_endpoint_kind kind)
{
    switch (kind) {
    case PROA_API_COMPLETIONS:
        return PROA_OP_COMPLETION;
    case PROA_API_EMBEDDINGS:
        return PROA_OP_EMBEDDING;
    case PROA_API_MODERATIONS:
        return PROA_OP_MODERATION;
    case PROA_API_RERANK:
        return PROA_OP_RERANK;
    case PROA_API_COUNT_TOKENS:
        return PROA_OP_COUNT_TOKENS;
    case PROA_API_RESPONSES:
        return PROA_OP_RESPONSES;
    case PROA_API_IMAGES:
        return PROA_OP_IMAGE;
    case PROA_API_IMAGE_EDITS:
        return PROA_OP_IMAGE_EDIT;
    case PROA_API_SPEECH:
        return PROA_OP_SPEECH;
    case PROA_API_TRANSCRIPTIONS:
        return PROA_OP_TRANSCRIPTION;
    case PROA_API_TRANSLATIONS:
        return PROA_OP_TRANSLATION;
    case PROA_API_NONE:
    case PROA_API_CHAT:
    case PROA_API_MODELS:
    case PROA_API_MODEL:
    case PROA_API_MODEL_ENDPOINTS:
    case PROA_API_CONFIG:
        break;
    }
    return PROA_OP_CHAT;
}

/* ---- unknown models -------------------------------------------------------------------------- */

static void append_suggestions(const struct proa_exchange *x, struct proa_slice model,
                               struct proa_buf *out)
{
    struct proa_slice near[SUGGESTIONS];
    const size_t n = proa_snapshot_suggest(x->live->snapshot, model, near, SUGGESTIONS);
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_cstr(out, i == 0 ? " Did you mean \"" : "\", \"");
        (void)proa_buf_append(out, near[i]);
    }
    if (n > 0) {
        PROA_BUF_LIT(out, "\"?");
    }
    PROA_BUF_LIT(out, " GET /v1/models lists what is configured.");
}

/* "anthropic, bedrock." */
static void append_offerers(struct proa_slice name, struct proa_buf *m)
{
    const struct proa_catalogue_model *model = proa_catalogue_find(name);
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(model);
    for (size_t i = 0; i < model->n_offers; i++) {
        (void)proa_buf_append_cstr(m, i > 0 ? ", " : "");
        (void)proa_buf_append(m, proa_catalogue_provider(offers[i].provider));
    }
    PROA_BUF_LIT(m, ".");
}

void proa_exchange_refuse_model(struct proa_exchange *x, struct proa_slice model,
                                enum proa_resolve_result why)
{
    struct proa_buf *m = &x->host->scratch;
    proa_buf_clear(m);
    struct proa_api_error error = {.code = PROA_API_ERR_MODEL_NOT_FOUND,
                                   .param = PROA_SLICE("model")};
    if (why == PROA_RESOLVE_NO_PROVIDER) {
        error.code = PROA_API_ERR_NO_PROVIDER;
        PROA_BUF_LIT(m, "No provider is configured: set OPENAI_API_KEY or another provider's key "
                        "in Proa's environment, or start it with --config FILE or --mock.");
    } else {
        PROA_BUF_LIT(m, "Model \"");
        (void)proa_buf_append(m, model);
        PROA_BUF_LIT(m, "\" ");
        (void)proa_buf_append_cstr(
            m, why == PROA_RESOLVE_AMBIGUOUS
                   ? "could be any provider's: write \"provider/model\", or configure a route."
               : why == PROA_RESOLVE_UNOFFERED
                   ? "is known, but none of the providers that have it is "
                     "configured: "
               : why == PROA_RESOLVE_UNKNOWN_PROVIDER ? "names a provider that is not configured."
                                                      : "matches no route and no provider.");
        if (why == PROA_RESOLVE_UNOFFERED) {
            append_offerers(model, m);
        }
        append_suggestions(x, model, m);
    }
    const struct proa_slice text = proa_arena_dup(x->arena, proa_buf_slice(m));
    error.message = text;
    proa_reply_error(x, &error, PROA_SLICE_NONE);
}

/* ---- options --------------------------------------------------------------------------------- */

/* "1500ms", "30s", a bare number of seconds, fractions allowed. 0 when it is none of these. */
static uint64_t parse_span(struct proa_slice text)
{
    uint64_t unit = PROA_NS_PER_S;
    if (text.len == 0) {
        return 0;
    }
    if (text.len > 2 && proa_slice_eq(proa_slice_from(text, text.len - 2), PROA_SLICE("ms"))) {
        unit = PROA_NS_PER_MS;
        text.len -= 2;
    } else if (text.len > 1 && text.ptr[text.len - 1] == 's') {
        text.len -= 1;
    }
    struct proa_slice fraction;
    const struct proa_slice whole = proa_slice_split(text, '.', &fraction);
    uint64_t n = 0;
    uint64_t f = 0;
    if (proa_slice_to_u64(whole, &n) != PROA_OK || n > UINT64_C(24) * 3600 * 1000) {
        return 0;
    }
    if (fraction.len > 0 && proa_slice_to_u64(fraction, &f) != PROA_OK) {
        return 0;
    }
    fraction = proa_slice_head(fraction, 3);
    if (fraction.len > 0 && proa_slice_to_u64(fraction, &f) != PROA_OK) {
        return 0;
    }
    for (size_t i = fraction.len; i < 3; i++) {
        f *= 10;
    }
    return n * unit + f * (unit / 1000);
}

static struct proa_slice header(const struct proa_exchange *x, enum proa_http_header_id id)
{
    return proa_http_header_value(&x->head->headers, id);
}

uint32_t proa_exchange_max_output(const struct proa_exchange *x)
{
    const struct proa_slice body = proa_buf_slice(&x->body);
    const struct proa_json_member *newer = &x->request->members[PROA_API_M_MAX_COMPLETION_TOKENS];
    const struct proa_json_member *m =
        newer->kind == PROA_JSON_NUMBER ? newer : &x->request->members[PROA_API_M_MAX_TOKENS];
    uint64_t n = 0;
    if (m->kind != PROA_JSON_NUMBER ||
        proa_json_number_u64(proa_json_member_value(body, m), &n) != PROA_OK) {
        return 0;
    }
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

uint32_t proa_exchange_input_tokens(const struct proa_exchange *x)
{
    const size_t tokens = proa_exchange_is_media(x) ? 0 : x->body.len / BYTES_PER_TOKEN;
    return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}

/* What ties the request to a provider-side prompt cache: what the client says, else how the prompt
 * begins. Nothing where there is but one place to go. */
static uint64_t read_affinity(const struct proa_exchange *x, uint32_t input_tokens)
{
    const struct proa_balance_cfg *cfg = &x->resolved.route->policy->balance;
    const struct proa_slice body = proa_buf_slice(&x->body);
    const struct proa_json_member *members = x->request->members;
    struct proa_slice tie = header(x, PROA_HTTP_HEADER_X_PROA_AFFINITY);
    if (cfg->affinity == PROA_AFFINITY_OFF || x->resolved.route->n_candidates < 2 ||
        (tie.len == 0 &&
         (cfg->affinity == PROA_AFFINITY_HEADER || input_tokens < cfg->affinity_min_tokens))) {
        return 0;
    }
    if (tie.len == 0) {
        tie = proa_json_member_value(body, &members[PROA_API_M_PROMPT_CACHE_KEY]);
    }
    if (tie.len == 0) {
        tie = proa_json_member_value(body, &members[PROA_API_M_MESSAGES]);
        tie = proa_slice_head(tie.len > 0 ? tie : body, PROMPT_BEGINNING);
    }
    const uint64_t hash = proa_hash64(tie, 0);
    return hash != 0 ? hash : 1;
}

uint64_t proa_exchange_asked_timeout(const struct proa_exchange *x)
{
    const uint64_t ours = parse_span(header(x, PROA_HTTP_HEADER_X_PROA_TIMEOUT));
    const uint64_t sdk = parse_span(header(x, PROA_HTTP_HEADER_X_STAINLESS_TIMEOUT));
    return sdk > 0 && (ours == 0 || sdk < ours) ? sdk : ours;
}

bool proa_exchange_wants_no_fallback(const struct proa_exchange *x)
{
    const struct proa_slice said = header(x, PROA_HTTP_HEADER_X_PROA_NO_FALLBACK);
    return said.len > 0 && !proa_slice_eq(said, PROA_SLICE("0")) &&
           !proa_slice_eq_nocase(said, PROA_SLICE("false"));
}

static void read_options(const struct proa_exchange *x, struct proa_run_options *out)
{
    out->stream = x->stream;
    out->no_prefill = x->operation != PROA_OP_CHAT; /* there are no messages to add one to */
    out->no_fallback = proa_exchange_wants_no_fallback(x);
    out->timeout_ns = proa_exchange_asked_timeout(x);
    uint64_t retry = 0;
    if (proa_slice_to_u64(header(x, PROA_HTTP_HEADER_X_STAINLESS_RETRY_COUNT), &retry) == PROA_OK) {
        out->sdk_retry = retry < UINT32_MAX ? (uint32_t)retry : UINT32_MAX;
    }
    out->input_tokens = proa_exchange_input_tokens(x);
    out->max_output = proa_exchange_max_output(x);
    if (x->operation == PROA_OP_COUNT_TOKENS) { /* it uses up none */
        out->input_tokens = 0;
        out->max_output = 0;
    }
    out->affinity = read_affinity(x, out->input_tokens);
}

static void select_headers(struct proa_exchange *x)
{
    const struct proa_http_headers *all = &x->head->headers;
    struct proa_http_header *forward = NULL;
    for (size_t i = 0; i < all->n; i++) {
        if (proa_api_forward_header(&all->items[i])) {
            if (!forward) {
                forward = proa_arena_alloc(x->arena, all->n * sizeof *forward);
            }
            forward[x->n_forward++] = all->items[i];
        }
    }
    x->forward = forward;
}

/* From the model's name, and what else the request says of it, to a route. */
static bool find_route(struct proa_exchange *x, struct proa_buf *text)
{
    const bool says_more = proa_api_routing_is_said(x->request);
    if (PROA_UNLIKELY(says_more) && !proa_routed_read(x, text)) {
        return false;
    }
    const enum proa_resolve_result result =
        proa_snapshot_resolve(x->live->snapshot, x->model, &x->resolved);
    if (result != PROA_RESOLVED) {
        x->resolved.route = NULL;
        proa_exchange_refuse_model(x, x->model, result);
        return false;
    }
    return !PROA_UNLIKELY(says_more) || proa_routed_narrow(x);
}

/* Nobody will read the body any more, and it may not have been read as far as credentials stand in
 * it. The name of the model is still to be logged. */
static void forget_refused(struct proa_exchange *x)
{
    x->model = proa_arena_dup(x->arena, x->model);
    if (x->body.len > 0) {
        explicit_bzero(x->body.ptr, x->body.len);
    }
}

bool proa_exchange_admit(struct proa_exchange *x, const struct proa_api_match *match)
{
    struct proa_buf text;
    struct proa_buf name;
    proa_buf_init(&text, 4096);
    proa_buf_init(&name, 4096);
    struct proa_api_error error = {0};
    const struct proa_api_arrived arrived = {.kind = match->kind,
                                             .headers = &x->head->headers,
                                             .body = proa_buf_slice(&x->body),
                                             .scratch = &name,
                                             .text = &text};
    x->operation = operation_of(match->kind);
    x->kind = match->kind;
    x->request = proa_freelist_take_head(&x->host->requests, 0);
    x->request->version = match->version;
    const enum proa_err err =
        proa_recall_request(x) ? PROA_OK : x->face->look(&arrived, x->request, &error);
    bool admitted = false;
    if (err != PROA_OK) {
        proa_reply_error(x, &error, PROA_SLICE_NONE);
    } else {
        x->stream = x->request->stream;
        x->version = x->request->version;
        x->model = x->request->model;
        if (name.len > 0 || x->stream) { /* streams outlive the body */
            x->model = proa_arena_dup(x->arena, x->model);
        }
        admitted = find_route(x, &text);
        if (x->routed) {
            proa_routed_wipe(x);
        }
    }
    if (!admitted) {
        forget_refused(x);
    }
    proa_buf_deinit(&text);
    proa_buf_deinit(&name);
    return admitted;
}

void proa_exchange_make_run(struct proa_exchange *x)
{
    struct proa_run_options options = {0};
    select_headers(x);
    read_options(x, &options);
    options.seat = x->routed ? proa_routed_seat(x) : NULL;
    x->tells = proa_tell_is_wanted(x);
    proa_rescue_prepare(x);
    struct running *running = proa_arena_alloc(x->arena, offsetof(struct running, run) +
                                                             proa_run_bytes(x->resolved.route));
    running->x = x;
    x->attempts =
        proa_arena_alloc(x->arena, proa_run_records(x->resolved.route) * sizeof(struct attempt *));
    x->run = &running->run;
    proa_run_init(x->run, x->live->roster, x->resolved.route, &options, x->arrived_ns);
}
