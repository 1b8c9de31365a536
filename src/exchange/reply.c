/*
 * What the client gets: header lines, errors of ours, errors of providers.
 */
#include "exchange_priv.h"

#include "proa/http/serialize.h"
#include "proa/json/cursor.h"

static void trail_attempt(const struct proa_exchange *x, size_t i, uint64_t now_ns,
                          struct proa_buf *out)
{
    const struct proa_attempt_record *a = &x->run->attempts[i];
    (void)proa_buf_append(out, a->candidate->target->label);
    PROA_BUF_LIT(out, ":");
    const bool failed = a->stage == PROA_STAGE_OVER && a->class != PROA_CLASS_OK;
    if (a->status >= 400 || (a->status != 0 && !failed)) {
        (void)proa_buf_append_u64(out, a->status);
    } else {
        (void)proa_buf_append_cstr(out, proa_class_text(a->class));
    }
    PROA_BUF_LIT(out, "/");
    const bool over = a->stage == PROA_STAGE_OVER;
    (void)proa_buf_append_ms(out, proa_clock_since(over ? a->ended_ns : now_ns, a->started_ns), 0);
    PROA_BUF_LIT(out, "ms");
}

void proa_reply_trail(const struct proa_exchange *x, struct proa_buf *out)
{
    const uint64_t now = proa_loop_now(x->host->loop);
    for (size_t i = 0; x->run && i < x->run->n_attempts; i++) {
        if (i > 0) {
            PROA_BUF_LIT(out, ", ");
        }
        trail_attempt(x, i, now, out);
    }
}

static void timing(const struct proa_exchange *x, struct proa_buf *f)
{
    const uint64_t now = proa_loop_clock();
    const uint64_t upstream = proa_exchange_upstream_ns(x);
    const uint64_t total = proa_clock_since(now, x->arrived_ns);
    PROA_BUF_LIT(f, "server-timing: proa;dur=");
    (void)proa_buf_append_ms(f, proa_clock_since(total, upstream), 3);
    if (x->run) {
        PROA_BUF_LIT(f, ", upstream;dur=");
        (void)proa_buf_append_ms(f, upstream, 3);
    }
    PROA_BUF_LIT(f, "\r\n");
}

static void cost(const struct attempt *a, struct proa_buf *f)
{
    uint64_t pico = 0;
    char text[PROA_FMT_PICO_BYTES];
    if (proa_exchange_cost(a, &pico)) {
        PROA_BUF_LIT(f, "x-proa-cost-usd: ");
        (void)proa_buf_append(f, proa_slice_make(text, proa_fmt_pico(text, pico)));
        PROA_BUF_LIT(f, "\r\n");
    }
}

/* `name: value`. Values from outside are checked as they are written; one that does not fit is left
 * out. */
static void line(struct proa_buf *f, struct proa_slice begin, struct proa_slice value)
{
    if (value.len > 0) {
        const enum proa_err err = proa_http_write_value(f, begin, value);
        (void)err;
    }
}

static bool is_retry_advice(const struct proa_http_header *h)
{
    return h->id == PROA_HTTP_HEADER_RETRY_AFTER || h->id == PROA_HTTP_HEADER_RETRY_AFTER_MS;
}

/* A time that lies ahead: what is none, a client may take for anything. */
static bool is_advice(const struct attempt *a, const struct proa_http_header *h)
{
    return proa_rates_retry_after(h, 1, a->answer.unix_ms) > 0;
}

/* What the provider's answer says beside its content. */
static void returned_lines(const struct attempt *a, bool without_retry_advice, struct proa_buf *f)
{
    for (size_t i = 0; i < a->head.headers.n; i++) {
        const struct proa_http_header *h = &a->head.headers.items[i];
        if (h->value.len > 0 && proa_api_return_header(h) &&
            !(is_retry_advice(h) && (without_retry_advice || !is_advice(a, h)))) {
            const enum proa_err err = proa_http_write_parsed(f, h);
            (void)err;
        }
    }
}

static void maker(const struct proa_exchange *x, const struct attempt *a, struct proa_buf *f)
{
    const struct proa_target *target = x->run->attempts[a->index].candidate->target;
    line(f, PROA_SLICE("x-proa-provider: "), target->provider->name);
    line(f, PROA_SLICE("x-proa-model: "), a->model);
    if (a->translation) {
        line(f, PROA_SLICE("x-proa-warnings: "), proa_translate_warnings(a));
    }
}

/* An answer that was read as JSON is called so, whatever its provider calls it: SDKs take a text
 * for a text. */
static struct proa_slice json_type(struct proa_slice type)
{
    const struct proa_slice json = PROA_SLICE("application/json");
    return proa_slice_starts(type, json) ||
                   proa_slice_search_nocase(type, PROA_SLICE("json")) < type.len
               ? type
               : json;
}

struct proa_slice proa_reply_type(const struct attempt *a)
{
    if (a->translation) {
        return proa_translate_type(a);
    }
    const struct proa_slice type =
        proa_http_header_value(&a->head.headers, PROA_HTTP_HEADER_CONTENT_TYPE);
    const bool read = a->mode == ANSWER_PLAIN && !a->call && a->form == PROA_ANSWER_JSON;
    return read ? json_type(type) : type;
}

void proa_reply_origin(const struct proa_exchange *x, const struct attempt *a, struct proa_buf *f)
{
    line(f, PROA_SLICE("content-type: "), proa_reply_type(a));
    maker(x, a, f);
}

/* The provider's own, by which its support knows the answer. */
static bool brings_id(const struct attempt *a)
{
    return a && proa_http_header_value(&a->head.headers, PROA_HTTP_HEADER_REQUEST_ID).len > 0;
}

/* Those that look for it there, and whoever may: errors and lists are of no surface alone. */
static bool wants_request_id(const struct proa_exchange *x)
{
    return x->face->wants_request_id || x->status >= 400 || (!x->run && !x->cached);
}

struct proa_slice proa_reply_fields(struct proa_exchange *x, const struct attempt *a,
                                    struct proa_slice content_type, struct proa_slice extra)
{
    struct proa_buf *f = &x->host->fields;
    proa_buf_clear(f);
    line(f, PROA_SLICE("content-type: "), content_type);
    if (a) {
        const bool ours_instead = proa_slice_search(extra, PROA_SLICE("retry-after:")) < extra.len;
        returned_lines(a, ours_instead, f);
        maker(x, a, f);
    }
    if (a && a->mode == ANSWER_PLAIN) {
        cost(a, f); /* that of a stream is known at its end */
    }
    if (a && a->mode == ANSWER_STREAM) {
        PROA_BUF_LIT(f, "cache-control: no-cache\r\nx-accel-buffering: no\r\n");
    }
    PROA_BUF_LIT(f, "x-request-id: ");
    (void)proa_buf_append(f, x->id);
    if (wants_request_id(x) && !brings_id(a)) {
        PROA_BUF_LIT(f, "\r\nrequest-id: ");
        (void)proa_buf_append(f, x->id);
    }
    PROA_BUF_LIT(f, "\r\nx-proa-attempts: ");
    (void)proa_buf_append_u64(f, x->run ? x->run->n_attempts : 0);
    if (x->run && x->run->n_attempts > 0) {
        PROA_BUF_LIT(f, "\r\nx-proa-trail: ");
        proa_reply_trail(x, f);
        if (x->run->n_attempts > 1) {
            PROA_BUF_LIT(f, "\r\nx-proa-fallback: 1");
        }
    }
    PROA_BUF_LIT(f, "\r\n");
    proa_cached_lines(x, f);
    timing(x, f);
    (void)proa_buf_append(f, extra);
    return proa_buf_slice(f);
}

void proa_reply_whole(struct proa_exchange *x, uint16_t status, struct proa_slice content_type,
                      struct proa_slice body, struct proa_slice extra)
{
    const struct iovec iov = {(void *)(uintptr_t)body.ptr, body.len};
    x->status = status;
    x->head_sent = true;
    const struct proa_client_reply reply = {
        .status = status,
        .fields = proa_reply_fields(x, NULL, content_type, extra),
        .body_bytes = body.len,
        .last = true,
    };
    x->client->reply(x->client_ctx, &reply, &iov, 1);
}

void proa_reply_json(struct proa_exchange *x, uint16_t status, struct proa_slice body,
                     struct proa_slice extra)
{
    proa_reply_whole(x, status, PROA_SLICE("application/json"), body, extra);
}

static void in_band(struct proa_exchange *x, const struct proa_api_error *error)
{
    bool ended = false;
    struct proa_buf event;
    proa_buf_init(&event, (size_t)64 * 1024);
    /* Into events only: in a plain body it could pass for the bytes that are missing. */
    const bool is_stream =
        x->run && proa_run_committed(x->run) && x->attempts[x->run->winner]->mode == ANSWER_STREAM;
    if (is_stream && proa_api_error_event(x->surface, error, &event) == PROA_OK) {
        const struct iovec iov = {event.ptr, event.len};
        ended = x->face->error_ends;
        x->client->body(x->client_ctx, &iov, 1, ended);
    }
    proa_buf_deinit(&event);
    if (!ended) {
        x->client->abort(x->client_ctx);
    }
}

static void should_retry(bool again, struct proa_buf *out)
{
    (void)proa_buf_append_cstr(out,
                               again ? "x-should-retry: true\r\n" : "x-should-retry: false\r\n");
}

static void answer_error(struct proa_exchange *x, struct proa_api_error *e, struct proa_slice extra)
{
    const uint16_t status = e->status != 0 ? e->status : proa_api_error_status(e->code);
    struct proa_buf trail;
    struct proa_buf body;
    struct proa_buf lines;
    proa_buf_init(&trail, 4096);
    proa_buf_init(&body, (size_t)256 * 1024);
    proa_buf_init(&lines, 4096);
    proa_reply_trail(x, &trail);
    e->trail = proa_buf_slice(&trail);
    (void)proa_buf_append(&lines, extra);
    if (proa_slice_search(extra, PROA_SLICE("x-should-retry:")) == extra.len) {
        should_retry(proa_api_error_passes(e->code), &lines);
    }
    if (e->code == PROA_API_ERR_METHOD_NOT_ALLOWED) { /* the Allow field says it all */
        proa_reply_whole(x, status, PROA_SLICE_NONE, PROA_SLICE_NONE, proa_buf_slice(&lines));
    } else if (proa_api_error_write(x->surface, e, &body) == PROA_OK) {
        proa_reply_json(x, status, proa_buf_slice(&body), proa_buf_slice(&lines));
    }
    proa_buf_deinit(&trail);
    proa_buf_deinit(&body);
    proa_buf_deinit(&lines);
}

/* The number of the event that would come next, where a stream counts them. */
static uint64_t sequence(const struct proa_exchange *x)
{
    const struct attempt *a =
        x->run && proa_run_committed(x->run) ? x->attempts[x->run->winner] : NULL;
    return !a ? 0 : a->translation ? proa_translate_sequence(a) : a->held_events;
}

void proa_reply_error(struct proa_exchange *x, const struct proa_api_error *error,
                      struct proa_slice extra)
{
    struct proa_api_error e = *error;
    struct proa_buf gateway;
    e.request_id = x->id;
    e.model = x->model;
    e.version = x->version;
    x->error = proa_api_error_name(e.code);
    proa_buf_init(&gateway, (size_t)64 * 1024);
    if (x->face->tells_gateway && x->run && x->run->n_attempts > 0) {
        proa_metadata_write(x, NULL, NULL, &gateway);
        e.gateway = proa_buf_slice(&gateway);
        e.generation = proa_metadata_generation(x);
    }
    if (x->head_sent) {
        e.sequence = sequence(x);
        e.answer_id = proa_responses_id(x);
        in_band(x, &e);
    } else {
        answer_error(x, &e, extra);
    }
    proa_buf_deinit(&gateway);
}

/* ---- what the engine decided ----------------------------------------------------------------- */

void proa_reply_advice(const struct proa_terminal *t, struct proa_buf *out)
{
    should_retry(t->should_retry, out);
    if (t->retry_after_ns > 0) {
        const uint64_t ms = (t->retry_after_ns + PROA_NS_PER_MS - 1) / PROA_NS_PER_MS;
        PROA_BUF_LIT(out, "retry-after: ");
        (void)proa_buf_append_u64(out, (ms + 999) / 1000);
        PROA_BUF_LIT(out, "\r\nretry-after-ms: ");
        (void)proa_buf_append_u64(out, ms);
        PROA_BUF_LIT(out, "\r\n");
    }
}

static enum proa_api_error_code code_of(const struct proa_terminal *t)
{
    switch (t->fail) {
    case PROA_FAIL_NO_TARGET:
        return PROA_API_ERR_NO_UPSTREAM;
    case PROA_FAIL_RATE_LIMITED:
        return PROA_API_ERR_RATE_LIMITED;
    case PROA_FAIL_SHED:
        return PROA_API_ERR_OVERLOADED;
    case PROA_FAIL_DEADLINE:
        return PROA_API_ERR_DEADLINE;
    case PROA_FAIL_INTERRUPTED:
        return t->class == PROA_CLASS_TOTAL_TIMEOUT ? PROA_API_ERR_DEADLINE
                                                    : PROA_API_ERR_INTERRUPTED;
    case PROA_FAIL_DRAINING:
        return PROA_API_ERR_DRAINING;
    case PROA_FAIL_UNFIT:
        return PROA_API_ERR_INVALID_REQUEST;
    case PROA_FAIL_NONE:
    case PROA_FAIL_UPSTREAM:
    case PROA_FAIL_ALL_FAILED:
        break;
    }
    switch ((unsigned)t->class) {
    case PROA_CLASS_CONNECT_TIMEOUT:
        return PROA_API_ERR_TIMEOUT_CONNECT;
    case PROA_CLASS_FIRST_BYTE_TIMEOUT:
        return PROA_API_ERR_TIMEOUT_FIRST_BYTE;
    case PROA_CLASS_FIRST_CONTENT_TIMEOUT:
        return PROA_API_ERR_TIMEOUT_FIRST_CONTENT;
    case PROA_CLASS_IDLE_TIMEOUT:
        return PROA_API_ERR_TIMEOUT_IDLE;
    case PROA_CLASS_MALFORMED:
    case PROA_CLASS_EMPTY:
        return PROA_API_ERR_INVALID_UPSTREAM;
    case PROA_CLASS_CLIENT:
        return PROA_API_ERR_INVALID_REQUEST;
    default:
        return PROA_API_ERR_ALL_FAILED;
    }
}

static bool is_json(const struct attempt *a)
{
    return a->mode == ANSWER_ERROR &&
           proa_http_media_type_is(
               proa_http_header_value(&a->head.headers, PROA_HTTP_HEADER_CONTENT_TYPE),
               PROA_SLICE("application/json"));
}

/* `{"error":...}`: some who speak the dialect write errors without it (old vLLM). */
static bool is_enveloped(struct proa_slice body)
{
    struct proa_slice error;
    const enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("error"), &error);
    return kind == PROA_JSON_OBJECT;
}

/* What the request is refused for, where clients tell it apart from other faults of theirs. */
static enum proa_api_error_code code_of_refusal(enum proa_refusal refusal)
{
    return refusal == PROA_REFUSAL_CONTEXT   ? PROA_API_ERR_CONTEXT_LENGTH
           : refusal == PROA_REFUSAL_CONTENT ? PROA_API_ERR_CONTENT_POLICY
                                             : PROA_API_ERR_INVALID_REQUEST;
}

/* A provider's error in another form than the client's is told in the client's. */
static void tell_translated(struct proa_exchange *x, const struct proa_terminal *t,
                            struct proa_api_error *error)
{
    const struct attempt *a = x->attempts[t->attempt];
    if (!a || a->failure.message.len == 0 || !(a->translation || is_json(a))) {
        return;
    }
    if (t->class == PROA_CLASS_CLIENT) {
        error->code = code_of_refusal(a->failure.refusal);
    } else if (t->class == PROA_CLASS_NOT_FOUND) {
        error->code = PROA_API_ERR_MODEL_NOT_FOUND;
    } else if (t->class == PROA_CLASS_RATE) {
        error->code = PROA_API_ERR_RATE_LIMITED;
    } else {
        return;
    }
    error->message = proa_arena_dup(
        x->arena, proa_redact_foreign(x->host->redactor, a->failure.message, &x->host->scratch));
}

/* A provider's own error answer goes on as it came, keys blackened. */
static bool pass_on(struct proa_exchange *x, const struct proa_terminal *t,
                    struct proa_slice advice_lines)
{
    const struct attempt *a = x->attempts[t->attempt];
    const struct proa_slice type =
        proa_http_header_value(&a->head.headers, PROA_HTTP_HEADER_CONTENT_TYPE);
    if (a->translation || !is_json(a) || a->failure.message.len == 0 || a->head.status < 400 ||
        !is_enveloped(proa_buf_slice(&a->held))) {
        return false;
    }
    const struct proa_slice body =
        proa_redact_foreign(x->host->redactor, proa_buf_slice(&a->held), &x->host->scratch);
    struct iovec iov[TELL_PARTS] = {{(void *)(uintptr_t)body.ptr, body.len}};
    x->status = a->head.status;
    x->head_sent = true;
    x->error = proa_class_text(t->class);
    if (x->cached) {
        proa_cached_share_reply(x, type, body, t);
    }
    const size_t n = x->face->tells_gateway ? proa_tell_error(x, iov) : 1;
    size_t body_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        body_bytes += iov[i].iov_len;
    }
    const struct proa_client_reply reply = {
        .status = x->status,
        .fields = proa_reply_fields(x, a, type, advice_lines),
        .body_bytes = body_bytes,
        .last = true,
    };
    x->client->reply(x->client_ctx, &reply, iov, n);
    return true;
}

/* The conversation is known to nobody who could be asked. */
static void refuse_previous(struct proa_exchange *x, struct proa_slice lines)
{
    const struct proa_api_error error = {
        .code = PROA_API_ERR_PREVIOUS_RESPONSE,
        .param = PROA_SLICE("previous_response_id"),
        .message = PROA_SLICE(
            "The answer that previous_response_id names is not kept here (any more), and no target "
            "of this route knows it. Send the whole conversation as input, without "
            "previous_response_id; responses.ttl and responses.store_bytes say how long and how "
            "many answers are kept, and store: false that one is not.")};
    proa_reply_error(x, &error, lines);
}

void proa_reply_terminal(struct proa_exchange *x, const struct proa_terminal *t)
{
    struct proa_buf lines;
    x->fail = t->fail;
    if (x->cached && proa_cached_failed(x, t)) {
        return;
    }
    if (x->operation == PROA_OP_COUNT_TOKENS && proa_count_instead(x, t)) {
        return;
    }
    proa_buf_init(&lines, 512);
    proa_reply_advice(t, &lines);
    const bool upstream = t->fail == PROA_FAIL_UPSTREAM;
    if (t->fail == PROA_FAIL_UNFIT && proa_responses_is_unknown(x)) {
        refuse_previous(x, proa_buf_slice(&lines));
    } else if (x->refusal && t->class == PROA_CLASS_CLIENT &&
               x->run->attempts[t->attempt].status == 0) {
        proa_reply_error(x, x->refusal, proa_buf_slice(&lines));
    } else if (x->head_sent || !upstream || !pass_on(x, t, proa_buf_slice(&lines))) {
        struct proa_api_error error = {
            .code = code_of(t), .message = proa_failure_text(x, t), .from_provider = upstream};
        if (x->run->n_attempts > 0) {
            const struct attempt *a = x->attempts[t->attempt];
            error.provider = x->run->attempts[t->attempt].candidate->target->provider->name;
            if (upstream && a && a->mode == ANSWER_ERROR && a->head.status >= 400) {
                error.status = a->head.status;
            } else if (upstream && a && a->failure.status >= 400) {
                error.status = a->failure.status;
            }
            if (upstream) {
                tell_translated(x, t, &error);
            }
        }
        if (x->cached) {
            proa_cached_share_error(x, &error, t);
        }
        proa_reply_error(x, &error, proa_buf_slice(&lines));
    }
    proa_buf_deinit(&lines);
}
