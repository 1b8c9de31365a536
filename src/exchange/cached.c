/*
 * The cache, seen from one exchange: what it is found by, whether it is there, how it is sent, and
 * whether an answer is kept.
 */
#include "cached_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/core/alloc.h"
#include "proa/io/file.h"

static const char *const VERDICT_TEXTS[VERDICTS] = {
    [VERDICT_BYPASS] = "bypass",       [VERDICT_MISS] = "miss",   [VERDICT_HIT] = "hit",
    [VERDICT_COALESCED] = "coalesced", [VERDICT_STALE] = "stale",
};

void proa_cached_host_init(struct proa_exchange_host *host)
{
    struct proa_cached_host *ch = PROA_NEW(struct proa_cached_host);
    host->cached = ch;
    ch->host = host;
    proa_process_random(&ch->secret, sizeof ch->secret);
    proa_answers_init(&ch->answers, host->cache_max, proa_prng_next(&host->prng));
    proa_flights_init(&ch->flights, proa_prng_next(&host->prng));
    proa_canon_init(&ch->canon);
    proa_buf_init(&ch->scope, PROA_KEY_SCOPE_MAX);
    proa_list_init(&ch->told);
    proa_shared_init(ch);
    ch->deliver.fn = proa_coalesce_deliver;
    ch->deliver.ctx = ch;
    ch->m_hits = proa_metric_series2(host->metrics, PROA_METRIC_CACHE_REQUESTS, PROA_SLICE("hit"),
                                     PROA_SLICE("none"));
    ch->m_saved[0] =
        proa_metric_series1(host->metrics, PROA_METRIC_CACHE_SAVED_TOKENS, PROA_SLICE("input"));
    ch->m_saved[1] =
        proa_metric_series1(host->metrics, PROA_METRIC_CACHE_SAVED_TOKENS, PROA_SLICE("output"));
    ch->m_saved_usd = proa_metric_series0(host->metrics, PROA_METRIC_CACHE_SAVED_USD);
}

void proa_cached_host_deinit(struct proa_exchange_host *host)
{
    struct proa_cached_host *ch = host->cached;
    proa_coalesce_deliver(ch); /* to nobody */
    proa_defer_cancel(host->loop, &ch->deliver);
    proa_shared_deinit(ch);
    proa_flights_deinit(&ch->flights);
    proa_answers_deinit(&ch->answers);
    proa_canon_deinit(&ch->canon);
    proa_buf_deinit(&ch->scope);
    proa_key_names_wipe(&ch->names);
    explicit_bzero(&ch->secret, sizeof ch->secret);
    proa_free(ch);
    host->cached = NULL;
}

struct proa_answers *proa_exchange_host_answers(struct proa_exchange_host *host)
{
    return &host->cached->answers;
}

void proa_cached_host_sample(struct proa_exchange_host *host)
{
    const struct proa_answers *answers = &host->cached->answers;
    proa_metric_set(proa_metric_series0(host->metrics, PROA_METRIC_CACHE_ENTRIES),
                    proa_answers_n(answers));
    proa_metric_set(proa_metric_series0(host->metrics, PROA_METRIC_CACHE_BYTES),
                    proa_answers_bytes(answers));
    for (int i = 0; i < PROA_ANSWERS_ENDS; i++) {
        const char *why = proa_answers_end_text((enum proa_answers_end)i);
        proa_metric_set(
            proa_metric_series1(host->metrics, PROA_METRIC_CACHE_EVICTIONS, proa_slice_cstr(why)),
            answers->ended[i]);
    }
}

/* ---- what an exchange is known by ------------------------------------------------------------ */

/* Who asks. */
static const enum proa_http_header_id CREDENTIALS[] = {
    PROA_HTTP_HEADER_AUTHORIZATION,
    PROA_HTTP_HEADER_X_API_KEY,
    PROA_HTTP_HEADER_API_KEY,
    PROA_HTTP_HEADER_X_GOOG_API_KEY,
};

/* What else an answer depends on. Who may give it does, too. */
static const enum proa_http_header_id MATTERS[] = {
    PROA_HTTP_HEADER_ANTHROPIC_BETA,      PROA_HTTP_HEADER_ANTHROPIC_VERSION,
    PROA_HTTP_HEADER_OPENAI_BETA,         PROA_HTTP_HEADER_OPENAI_VERSION,
    PROA_HTTP_HEADER_OPENAI_ORGANIZATION, PROA_HTTP_HEADER_OPENAI_PROJECT,
};

static struct proa_slice header(const struct proa_exchange *x, enum proa_http_header_id id)
{
    return proa_http_header_value(&x->head->headers, id);
}

/* The values, in the order of the ids; false where a header occurs twice: which one counts? */
static bool header_values(const struct proa_exchange *x, const enum proa_http_header_id *ids,
                          size_t n, struct proa_slice *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = header(x, ids[i]);
        if (out[i].ptr && proa_http_header_count(&x->head->headers, ids[i]) > 1) {
            return false;
        }
    }
    return true;
}

bool proa_cached_namespace(const struct proa_exchange *x,
                           unsigned char out[PROA_KEY_NAMESPACE_BYTES])
{
    struct proa_slice credentials[PROA_ARRAY_LEN(CREDENTIALS)];
    struct proa_cached_host *ch = x->host->cached;
    if (!header_values(x, CREDENTIALS, PROA_ARRAY_LEN(CREDENTIALS), credentials)) {
        return false;
    }
    proa_key_names_get(&ch->names, &ch->secret, credentials, PROA_ARRAY_LEN(credentials), out);
    return true;
}

static enum proa_cache_reason write_scope(const struct proa_exchange *x, struct proa_buf *out)
{
    const struct cached *c = x->cached;
    struct proa_slice matters[PROA_ARRAY_LEN(MATTERS) + 3];
    size_t n = PROA_ARRAY_LEN(MATTERS);
    if (!header_values(x, MATTERS, n, matters)) {
        return PROA_CACHE_REASON_HEADER;
    }
    matters[n++] = x->head->query;
    matters[n++] = proa_exchange_wants_no_fallback(x) ? PROA_SLICE("only") : PROA_SLICE_NONE;
    if (x->responses) { /* can the answer be gone on from? */
        matters[n++] = proa_responses_is_stateful(x) ? PROA_SLICE("kept") : PROA_SLICE_NONE;
    }
    struct proa_key_scope scope = {
        .surface = c->surface,
        .endpoint = c->endpoint,
        .version = x->version,
        .route = proa_routed_generation(x),
        .model = x->model,
        .headers = matters,
        .n_headers = n,
    };
    if (!proa_cached_namespace(x, scope.namespace)) {
        return PROA_CACHE_REASON_HEADER;
    }
    proa_buf_clear(out);
    return proa_key_write_scope(&scope, out) == PROA_OK ? PROA_CACHE_REASON_NONE
                                                        : PROA_CACHE_REASON_LARGE;
}

/* *key borrows from the scratch of the host. `known`: its body, where it came lately and that has
 * been found out. */
static enum proa_cache_reason make_key(const struct proa_exchange *x,
                                       struct proa_recent_form *known, struct proa_cache_key *key)
{
    struct proa_cached_host *ch = x->host->cached;
    const struct proa_slice body = proa_buf_slice(&x->body);
    const enum proa_cache_reason reason = write_scope(x, &ch->scope);
    const struct proa_slice scope = proa_buf_slice(&ch->scope);
    if (reason != PROA_CACHE_REASON_NONE) {
        return reason;
    }
    struct proa_recent *recent = &ch->answers.recent;
    known = known ? known : proa_recent_look(recent, &ch->secret, body);
    if (known && proa_recent_key(known, &ch->secret, scope, body, &ch->canon, key)) {
        return PROA_CACHE_REASON_NONE;
    }
    const enum proa_err err = proa_canon_read(&ch->canon, body);
    if (err != PROA_OK) {
        return err == PROA_ERR_DUPLICATE ? PROA_CACHE_REASON_DUPLICATE_KEY
               : err == PROA_ERR_LIMIT   ? PROA_CACHE_REASON_LARGE
                                         : PROA_CACHE_REASON_FORM;
    }
    if (ch->canon.remote) {
        return PROA_CACHE_REASON_REMOTE;
    }
    *key = proa_key_make(&ch->secret, scope, &ch->canon);
    PROA_UNINIT struct proa_recall note;
    proa_recent_keep(recent, key, proa_recall_note(x, &note));
    return PROA_CACHE_REASON_NONE;
}

static const struct proa_cache_cfg *cfg_of(const struct proa_exchange *x)
{
    return &x->resolved.route->policy->cache;
}

static struct proa_eligible judge(const struct proa_exchange *x)
{
    const struct proa_json_member *members = x->request->members;
    const struct proa_json_member *temperature = &members[PROA_API_M_TEMPERATURE];
    const struct proa_slice body = proa_buf_slice(&x->body);
    const struct proa_eligible_request r = {
        .kind = x->cached->kind,
        .stream = x->stream,
        .body_bytes = body.len,
        .temperature = temperature->kind == PROA_JSON_NUMBER
                           ? proa_json_member_value(body, temperature)
                           : PROA_SLICE_NONE,
        .stateful = x->responses && proa_responses_is_stateful(x),
        .seeded = members[PROA_API_M_SEED].kind == PROA_JSON_NUMBER,
        .cache_control = header(x, PROA_HTTP_HEADER_CACHE_CONTROL),
        .mode = header(x, PROA_HTTP_HEADER_X_PROA_CACHE_MODE),
        .no_cache = header(x, PROA_HTTP_HEADER_X_PROA_NO_CACHE),
    };
    return proa_eligible_request(cfg_of(x), &r);
}

/* ---- looking --------------------------------------------------------------------------------- */

void proa_cached_send(struct proa_exchange *x, const struct proa_answer *answer, enum verdict v)
{
    struct cached *c = x->cached;
    const struct iovec iov = {(void *)(uintptr_t)answer->body.ptr, answer->body.len};
    c->verdict = v;
    c->reason = PROA_CACHE_REASON_NONE;
    c->saved_input = answer->input_tokens;
    c->saved_output = answer->output_tokens;
    c->saved_pico_usd = answer->cost_pico_usd;
    c->age_ns = proa_clock_since(proa_loop_now(x->host->loop), answer->made_ns);
    x->status = answer->status;
    x->head_sent = true;
    const struct proa_client_reply reply = {
        .status = answer->status,
        .fields = proa_reply_fields(x, NULL, PROA_SLICE_NONE, answer->fields),
        .body_bytes = answer->body.len,
        .last = true,
    };
    x->client->reply(x->client_ctx, &reply, &iov, 1);
}

/* Nothing is there, and the client wants nothing else: RFC 9111 5.2.1.7. */
static void refuse_absent(struct proa_exchange *x)
{
    const struct proa_api_error error = {
        .code = PROA_API_ERR_NOT_CACHED,
        .message = PROA_SLICE("Nothing is kept for this request, and its Cache-Control says "
                              "only-if-cached. Send it without that to have it answered.")};
    proa_reply_error(x, &error, PROA_SLICE_NONE);
    proa_exchange_finish(x, PROA_OUTCOME_CLIENT_ERROR);
}

/* The call is made in the name of this one. True: not yet, it waits for the shared cache. */
static bool lead(struct proa_exchange *x, const struct proa_cache_key *key, bool alone)
{
    struct cached *c = x->cached;
    struct proa_flight_command command;
    const uint64_t bytes = proa_key_bytes(key);
    if (!proa_exchange_take_budget(x->host, bytes)) {
        c->verdict = VERDICT_BYPASS;
        c->reason = PROA_CACHE_REASON_MEMORY;
        return false;
    }
    const uint64_t asked_ns = proa_exchange_asked_timeout(x);
    c->budgeted = bytes;
    c->hurried = asked_ns > 0 && asked_ns < x->resolved.route->policy->timeouts.total_ns;
    const struct proa_flight_wish wish = {.leader = x,
                                          .alone = alone,
                                          .shared =
                                              !c->refresh && proa_shared_is_there(x->host->cached),
                                          .now_ns = proa_loop_now(x->host->loop)};
    c->flight = proa_flight_begin(&x->host->cached->flights, key, &wish, &command);
    if (command.kind == PROA_FLIGHT_ASK_SHARED) {
        if (proa_shared_ask(x, command.deadline_ns)) {
            return true;
        }
        command = proa_flight_shared(c->flight, false);
    }
    PROA_ASSERT(command.kind == PROA_FLIGHT_START);
    return false;
}

bool proa_cached_look(struct proa_exchange *x)
{
    struct cached *c = x->cached;
    struct proa_cached_host *ch = x->host->cached;
    struct proa_cache_key key;
    struct proa_recent_form *known = x->known;
    const struct proa_eligible use = judge(x);
    x->known = NULL;
    c->reason = use.bypass != PROA_CACHE_REASON_NONE ? use.bypass : make_key(x, known, &key);
    c->verdict = c->reason != PROA_CACHE_REASON_NONE ? VERDICT_BYPASS : VERDICT_MISS;
    c->refresh = use.refresh;
    c->max_age_ns = use.max_age_ns;
    if (c->verdict == VERDICT_MISS) {
        const struct proa_answers_found found =
            proa_answers_find(&ch->answers, &key, proa_loop_now(x->host->loop));
        if (!use.refresh && found.state == PROA_ANSWERS_FRESH && found.age_ns <= use.max_age_ns) {
            c->ttl_ns = found.ttl_ns;
            proa_cached_send(x, found.answer, VERDICT_HIT);
            proa_exchange_finish(x, PROA_OUTCOME_OK);
            return true;
        }
        c->reason = use.refresh                          ? PROA_CACHE_REASON_REFRESH
                    : found.state == PROA_ANSWERS_ABSENT ? PROA_CACHE_REASON_NOT_STORED
                                                         : PROA_CACHE_REASON_EXPIRED;
    }
    if (use.only_if_cached) {
        refuse_absent(x);
        return true;
    }
    if (c->verdict == VERDICT_MISS) {
        const bool alone = use.refresh || !cfg_of(x)->coalesce;
        struct proa_flight *f = alone ? NULL : proa_flight_find(&ch->flights, &key);
        if (f && proa_coalesce_join(x, f)) {
            return true;
        }
        return lead(x, &key, alone || f != NULL);
    }
    return false;
}

bool proa_cached_begin(struct proa_exchange *x, const struct proa_api_match *match)
{
    struct cached *c = PROA_ARENA_NEW(x->arena, struct cached);
    x->cached = c;
    c->x = x;
    c->surface = (uint8_t)match->surface;
    c->endpoint = (uint8_t)match->kind;
    c->kind = x->operation == PROA_OP_CHAT         ? PROA_CACHE_KIND_CHAT
              : x->operation == PROA_OP_COMPLETION ? PROA_CACHE_KIND_COMPLETION
              : x->operation == PROA_OP_RESPONSES  ? PROA_CACHE_KIND_RESPONSES
                                                   : PROA_CACHE_KIND_FIXED;
    return proa_cached_look(x);
}

/* ---- keeping --------------------------------------------------------------------------------- */

static bool is_same_model(const struct proa_target *a, const struct proa_target *b)
{
    return proa_slice_eq(a->model, b->model) ||
           (a->offer && b->offer && a->offer->model == b->offer->model);
}

/* Did a model answer that none of the first choices is? */
static bool is_substitute(const struct proa_route *route, const struct proa_candidate *by)
{
    if (by->substitute) {
        return true;
    }
    for (size_t i = 0; i < route->n_candidates && route->candidates[i].tier == 0; i++) {
        if (is_same_model(route->candidates[i].target, by->target)) {
            return false;
        }
    }
    return true;
}

/* With the header lines that are the same whenever it is sent. */
static struct proa_answer *make_answer(const struct attempt *a, const struct iovec *iov, size_t n)
{
    const struct proa_exchange *x = a->x;
    struct proa_buf *lines = &x->host->fields;
    proa_buf_clear(lines);
    proa_reply_origin(x, a, lines);
    struct proa_answer *answer = proa_answer_make(a->head.status, proa_buf_slice(lines), iov, n);
    answer->made_ns = proa_loop_now(x->host->loop);
    answer->input_tokens = a->usage.count[PROA_USAGE_INPUT];
    answer->output_tokens = a->usage.count[PROA_USAGE_OUTPUT];
    (void)proa_exchange_cost(a, &answer->cost_pico_usd);
    return answer;
}

static enum proa_cache_reason keep(const struct attempt *a, struct proa_answer *answer)
{
    struct proa_exchange *x = a->x;
    const struct proa_cache_cfg *cfg = cfg_of(x);
    const struct proa_flight *f = x->cached->flight;
    struct proa_answers_life life = {.stale_ns = cfg->stale_ns};
    const struct proa_eligible_answer e = {
        .kind = x->cached->kind,
        .status = answer->status,
        .cache_control = proa_http_header_value(&a->head.headers, PROA_HTTP_HEADER_CACHE_CONTROL),
        .body = answer->body,
        .substitute = is_substitute(x->resolved.route, x->run->attempts[a->index].candidate),
    };
    const enum proa_cache_reason reason = proa_eligible_answer(cfg, &e, &life.ttl_ns);
    if (reason == PROA_CACHE_REASON_STORED &&
        !proa_answers_put(&x->host->cached->answers, f->hash, f->key, answer, &life,
                          proa_loop_now(x->host->loop))) {
        return PROA_CACHE_REASON_LARGE;
    }
    if (reason == PROA_CACHE_REASON_STORED) {
        proa_shared_keep(x, answer, &life);
    }
    return reason;
}

void proa_cached_answered(struct attempt *a, const struct iovec *iov, size_t n, bool whole)
{
    struct cached *c = a->x->cached;
    if (!c->flight) {
        return;
    }
    struct told what = {.kind = TOLD_ALONE, .verdict = VERDICT_COALESCED};
    c->stored = PROA_CACHE_REASON_LARGE; /* it goes out as it comes */
    if (whole) {
        what.kind = TOLD_ANSWER;
        what.answer = make_answer(a, iov, n);
        c->stored = keep(a, what.answer);
    }
    proa_coalesce_tell(a->x, &what);
    proa_answer_unref(what.answer);
    if (!whole && c->client_gone) { /* and nobody else will read the rest */
        const struct proa_event gone = {.kind = PROA_EV_CLIENT_GONE};
        proa_exchange_feed(a->x, &gone);
    }
}

/* ---- when all has failed --------------------------------------------------------------------- */

/* Is it providers, limits or the way there that failed? Not so when the request is at fault, or
 * when a key has just been refused: somebody must be told of that. */
static bool may_serve_stale(const struct proa_exchange *x, const struct proa_terminal *t)
{
    if (t->fail == PROA_FAIL_DRAINING || t->fail == PROA_FAIL_INTERRUPTED) {
        return false;
    }
    for (size_t i = 0; i < x->run->n_attempts; i++) {
        const enum proa_scope scope = proa_class_scope(x->run->attempts[i].class);
        if (scope == PROA_SCOPE_REQUEST || scope == PROA_SCOPE_KEY || scope == PROA_SCOPE_TARGET) {
            return false;
        }
    }
    return true;
}

bool proa_cached_failed(struct proa_exchange *x, const struct proa_terminal *t)
{
    struct cached *c = x->cached;
    if (!c->flight || x->head_sent || c->refresh || cfg_of(x)->stale_ns == 0 ||
        !may_serve_stale(x, t)) {
        return false;
    }
    const struct proa_answers_found found = proa_answers_find_again(
        &x->host->cached->answers, c->flight->hash, c->flight->key, proa_loop_now(x->host->loop));
    if (found.state == PROA_ANSWERS_ABSENT || found.age_ns > c->max_age_ns) {
        return false;
    }
    /* Where the leader's own time was over, the others may get a fresh one. */
    struct told what = {.kind = proa_coalesce_is_own_end(x, t) ? TOLD_AGAIN : TOLD_ANSWER,
                        .verdict = VERDICT_STALE,
                        .answer = found.answer,
                        .stale_ns = found.stale_ns};
    c->stale_ns = found.stale_ns;
    proa_coalesce_tell(x, &what);
    proa_cached_send(x, found.answer, VERDICT_STALE);
    return true;
}

/* ---- what is told of it ---------------------------------------------------------------------- */

struct proa_slice proa_cached_text(const struct proa_exchange *x)
{
    return x->cached ? proa_slice_cstr(VERDICT_TEXTS[x->cached->verdict]) : PROA_SLICE_NONE;
}

static void append_seconds(struct proa_buf *f, uint64_t ns)
{
    (void)proa_buf_append_u64(f, ns / PROA_NS_PER_S);
}

/* RFC 9211. */
static void append_status(const struct cached *c, struct proa_buf *f)
{
    PROA_BUF_LIT(f, "cache-status: proa; ");
    switch (c->verdict) {
    case VERDICT_HIT:
        PROA_BUF_LIT(f, "hit; ttl=");
        append_seconds(f, c->ttl_ns);
        break;
    case VERDICT_STALE:
        PROA_BUF_LIT(f, "fwd=stale; ttl=-");
        append_seconds(f, c->stale_ns);
        PROA_BUF_LIT(f, "; detail=stale-if-error");
        break;
    case VERDICT_COALESCED:
        PROA_BUF_LIT(f, "fwd=uri-miss; collapsed");
        break;
    case VERDICT_MISS:
        (void)proa_buf_append_cstr(f, c->reason == PROA_CACHE_REASON_REFRESH   ? "fwd=request"
                                      : c->reason == PROA_CACHE_REASON_EXPIRED ? "fwd=stale"
                                                                               : "fwd=uri-miss");
        if (c->stored == PROA_CACHE_REASON_STORED) {
            PROA_BUF_LIT(f, "; stored");
        } else if (c->stored != PROA_CACHE_REASON_NONE) {
            PROA_BUF_LIT(f, "; detail=");
            (void)proa_buf_append_cstr(f, proa_cache_reason_text(c->stored));
        }
        break;
    case VERDICT_BYPASS:
    case VERDICTS:
        PROA_BUF_LIT(f, "fwd=bypass; detail=");
        (void)proa_buf_append_cstr(f, proa_cache_reason_text(c->reason));
        break;
    }
    PROA_BUF_LIT(f, "\r\n");
}

void proa_cached_lines(const struct proa_exchange *x, struct proa_buf *f)
{
    const struct cached *c = x->cached;
    if (!c) {
        PROA_BUF_LIT(f, "x-proa-cache: bypass\r\n");
        return;
    }
    PROA_BUF_LIT(f, "x-proa-cache: ");
    (void)proa_buf_append_cstr(f, VERDICT_TEXTS[c->verdict]);
    PROA_BUF_LIT(f, "\r\n");
    append_status(c, f);
    if (c->verdict == VERDICT_HIT || c->verdict == VERDICT_STALE) {
        PROA_BUF_LIT(f, "age: ");
        append_seconds(f, c->age_ns);
        PROA_BUF_LIT(f, "\r\n");
    }
    if (c->saved_input + c->saved_output > 0) {
        PROA_BUF_LIT(f, "x-proa-cache-saved-tokens: ");
        (void)proa_buf_append_u64(f, c->saved_input + c->saved_output);
        PROA_BUF_LIT(f, "\r\n");
    }
}

void proa_cached_count(const struct proa_exchange *x)
{
    const struct cached *c = x->cached;
    struct proa_cached_host *ch = x->host->cached;
    if (c->verdict == VERDICT_HIT) {
        proa_metric_add(ch->m_hits, 1);
    } else {
        proa_metric_add(proa_metric_series2(x->host->metrics, PROA_METRIC_CACHE_REQUESTS,
                                            proa_slice_cstr(VERDICT_TEXTS[c->verdict]),
                                            proa_slice_cstr(proa_cache_reason_text(c->reason))),
                        1);
    }
    if (c->stored != PROA_CACHE_REASON_NONE) {
        proa_metric_add(proa_metric_series1(x->host->metrics, PROA_METRIC_CACHE_STORES,
                                            proa_slice_cstr(proa_cache_reason_text(c->stored))),
                        1);
    }
    proa_metric_add(ch->m_saved[0], c->saved_input);
    proa_metric_add(ch->m_saved[1], c->saved_output);
    proa_metric_add(ch->m_saved_usd, c->saved_pico_usd);
}
