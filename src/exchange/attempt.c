/*
 * One upstream try: encode and send the request, hold the answer back until it is committed, then
 * write it to the client. How the answer is read stands in answer.c.
 */
#include "exchange_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/chat/text.h"
#include "proa/core/hash.h"
#include "proa/provider/decoder.h"
#include "proa/provider/rates.h"

#include <string.h>

/* What the answer's head says about the limits of its key. */
void proa_attempt_read_rates(struct attempt *a, struct proa_event *event)
{
    const struct proa_http_headers *h = &a->head.headers;
    event->rates = a->rates;
    event->n_rates = proa_rates_read(h->items, h->n, proa_loop_wall_ms(a->x->host->loop), a->rates,
                                     PROA_RATE_SIGNALS_MAX);
}

void proa_attempt_feed(struct attempt *a, enum proa_ev kind)
{
    const struct proa_event event = {.kind = kind,
                                     .attempt = a->index,
                                     .status = a->head.status,
                                     .resumable = proa_rescue_is_possible(a->x),
                                     .usage = &a->usage};
    proa_exchange_feed(a->x, &event);
}

/* One request that makes every provider fail must not count against each of them again and again.
 */
static uint64_t fingerprint(struct proa_exchange *x)
{
    if (x->fingerprint == 0 && x->body.len > 0) {
        x->fingerprint = proa_hash64(proa_buf_slice(&x->body), 0);
    }
    return x->fingerprint;
}

/* What was told so far. */
static void take_usage(struct attempt *a)
{
    if (a->reader) {
        a->usage = *a->dialect->reader_usage(a->reader);
    } else if (a->translation && proa_translate_decoder(a)) {
        a->usage = *proa_decoder_usage(proa_translate_decoder(a));
    }
}

static void renew(struct attempt *a);

/* The attempt is over without an answer that can be used. */
// NOLINTNEXTLINE(misc-no-recursion): once, for a token that was turned down; see renewed
void proa_attempt_fail(struct attempt *a, enum proa_class class, enum proa_err err)
{
    const bool quota = class == PROA_CLASS_QUOTA;
    if (class == PROA_CLASS_AUTH && a->token_serial > 0 && proa_attempt_reject_token(a) &&
        !a->renewed) {
        renew(a);
        return;
    }
    if (PROA_UNLIKELY(a->told_id) && proa_responses_tells_again(a)) {
        renew(a);
        return;
    }
    struct proa_event event = {
        .kind = PROA_EV_FAILED,
        .attempt = a->index,
        .class = class,
        .err = err,
        .status = a->mode == ANSWER_ERROR ? a->head.status : a->failure.status,
        .retry_after_ns = a->failure.retry_after_ns,
        .quota_reset_ns = quota ? a->failure.retry_after_ns : 0,
        .too_long = class == PROA_CLASS_CLIENT && a->failure.refusal == PROA_REFUSAL_CONTEXT,
        .fingerprint = fingerprint(a->x),
        .resumable = proa_rescue_is_possible(a->x),
        .usage = &a->usage,
    };
    if (PROA_UNLIKELY(a->x->responses) && class == PROA_CLASS_UNFIT &&
        proa_responses_is_not_found(a)) {
        event.absent = true;
        event.status = 0; /* told in our words, once nobody knows it */
    }
    if (a->mode == ANSWER_ERROR) {
        proa_attempt_read_rates(a, &event);
    }
    take_usage(a);
    if (a->call) {
        proa_call_cancel(a->call);
        a->call = NULL;
    }
    proa_exchange_feed(a->x, &event);
}

void proa_attempt_decode_failure(struct attempt *a)
{
    const struct proa_slice plain = proa_chat_text_plain(a->failure.message, a->x->arena);
    a->failure.message = plain.len > 0 ? plain : a->failure.message;
}

/* What a failure says is told later, when the bytes that said it are gone. */
void proa_attempt_keep_failure(struct attempt *a)
{
    struct proa_arena *arena = a->x->arena;
    a->failure.message = proa_arena_dup(arena, a->failure.message);
    a->failure.type = proa_arena_dup(arena, a->failure.type);
    a->failure.code = proa_arena_dup(arena, a->failure.code);
}

/* ---- holding back ------------------------------------------------------------------------- */

bool proa_exchange_hold(struct proa_exchange_host *host, struct proa_buf *held, uint64_t *budgeted,
                        struct proa_slice bytes)
{
    const size_t want = held->len + bytes.len;
    if (want > *budgeted) {
        const uint64_t more = want > 2 * *budgeted ? want - *budgeted : *budgeted;
        if (!proa_exchange_take_budget(host, more)) {
            return false;
        }
        *budgeted += more;
    }
    return proa_buf_append(held, bytes) == PROA_OK;
}

bool proa_attempt_hold(struct attempt *a, struct proa_slice bytes)
{
    return proa_exchange_hold(a->x->host, &a->held, &a->budgeted, bytes);
}

void proa_attempt_unhold(struct attempt *a)
{
    proa_buf_deinit(&a->held);
    proa_buf_init(&a->held, SIZE_MAX);
    proa_exchange_give_budget(a->x->host, a->budgeted);
    a->budgeted = 0;
}

/* ---- start ----------------------------------------------------------------------------------- */

/* Does the target speak as the client does? Moderations are not put in other words. */
static bool passes(const struct attempt *a)
{
    const enum proa_operation op = a->x->operation;
    if (PROA_UNLIKELY(op == PROA_OP_RESPONSES)) {
        return a->dialect == a->x->dialect && proa_responses_passes(a);
    }
    return a->dialect == a->x->dialect &&
           (op == PROA_OP_MODERATION || a->dialect->passes(a->answer.vendor, a->model, op));
}

struct proa_slice proa_attempt_model(const struct proa_exchange *x,
                                     const struct proa_candidate *candidate)
{
    return candidate->target->model.len > 0                    ? candidate->target->model
           : candidate->wish && candidate->wish->model.len > 0 ? candidate->wish->model
                                                               : x->resolved.model;
}

const struct proa_dialect *proa_attempt_dialect(const struct proa_exchange *x,
                                                const struct proa_candidate *candidate)
{
    const struct proa_provider *provider = candidate->target->provider;
    return proa_dialect_for(provider->dialect, provider->vendor, proa_attempt_model(x, candidate));
}

static enum proa_class encode(struct attempt *a, const struct proa_authorization *authorization,
                              struct proa_encoded *out, enum proa_err *err)
{
    struct proa_exchange *x = a->x;
    const struct proa_target *target = a->target;
    struct proa_encode_in in = {
        .operation = x->operation,
        .stream = x->stream,
        .base_path = target->provider->base_path,
        .host_header = target->provider->endpoint->host_header,
        .vendor = target->provider->vendor,
        .provider = target->provider->name,
        .site = &target->provider->site,
        .authorization = *authorization,
        .model = a->model,
        .body = proa_buf_slice(&x->body),
        .form = x->request->is_form ? &x->request->form : NULL,
        .content_type = x->request->is_form ? x->request->content_type : PROA_SLICE_NONE,
        .cuts = x->request->cuts,
        .n_cuts = x->request->n_cuts,
        .own_words = x->request->own_words || proa_translate_own_words(x),
        .provider_options = proa_json_member_value(
            proa_buf_slice(&x->body), &x->request->members[PROA_API_M_PROVIDER_OPTIONS]),
        .service_tier = proa_routed_service_tier(x),
        .cache = x->routed && x->routed->said.cache,
        .model_member = x->request->members[PROA_API_M_MODEL],
        .info = x->request->info,
        .limit_members = &x->request->members[PROA_API_M_MAX_TOKENS],
        .headers = x->forward,
        .n_headers = x->n_forward,
    };
    if (a->purpose == PROA_PURPOSE_RESCUE_PREFILL) {
        in.prefill = proa_rescue_text(x);
        in.prefill_form = (enum proa_prefill_form)target->provider->cfg->prefill;
        in.messages_member = x->request->members[PROA_API_M_MESSAGES];
    }
    enum proa_class class = PROA_CLASS_OK;
    *err = PROA_ERR_UNSUPPORTED;
    if (PROA_LIKELY(passes(a))) {
        class = PROA_UNLIKELY(x->responses) ? proa_responses_fill(a, &in, err) : class;
        if (class != PROA_CLASS_OK) {
            return class;
        }
        *err = a->dialect->encode(&in, x->arena, out);
        class = *err == PROA_OK ? PROA_CLASS_OK : PROA_CLASS_LOCAL;
    }
    if (*err == PROA_ERR_UNSUPPORTED) { /* not in these words */
        class = proa_translate_encode(a, &in, out, err);
    }
    if (class == PROA_CLASS_OK && out->n_iov > 0) {
        a->wire_head = out->iov[0];
    }
    return class;
}

struct proa_call_request proa_attempt_call_request(const struct attempt *a, const struct iovec *iov,
                                                   size_t n)
{
    const struct proa_timeout_cfg *timeouts = &a->x->resolved.route->policy->timeouts;
    return (struct proa_call_request){
        .iov = iov,
        .n_iov = n,
        .arena = a->x->arena,
        .connect_ns = timeouts->connect_ns,
        .tls_ns = timeouts->tls_ns,
        .write_ns = timeouts->write_ns,
    };
}

struct proa_connpool *proa_attempt_pool(const struct attempt *a)
{
    return a->x->live->pools[a->target->provider->endpoint->id];
}

// NOLINTNEXTLINE(misc-no-recursion): once, for a token that was turned down; see renewed
void proa_attempt_send(struct attempt *a, const struct proa_authorization *authorization)
{
    struct proa_exchange *x = a->x;
    PROA_UNINIT struct proa_encoded encoded;
    enum proa_err err = PROA_OK;
    const enum proa_class class = encode(a, authorization, &encoded, &err);
    if (class != PROA_CLASS_OK) {
        proa_attempt_fail(a, class, err);
        return;
    }
    if (a->translation && proa_translate_starts_batch(a)) {
        return;
    }
    struct iovec *iov = proa_arena_alloc(x->arena, encoded.n_iov * sizeof *iov);
    memcpy(iov, encoded.iov, encoded.n_iov * sizeof *iov);
    const struct proa_call_request request = proa_attempt_call_request(a, iov, encoded.n_iov);
    bool sent = false;
    a->call = proa_call_start(proa_attempt_pool(a), &request, &proa_answer_events, a, &sent);
    if (sent) {
        proa_answer_events.on_sent(a, true);
    }
}

/* As it is before anything is asked. */
static void set_up(struct attempt *a, struct proa_exchange *x,
                   const struct proa_candidate *candidate, uint8_t index, enum proa_purpose purpose)
{
    const struct proa_target *target = candidate->target;
    memset(a, 0, offsetof(struct attempt, out));
    a->x = x;
    a->index = index;
    a->purpose = purpose;
    a->candidate = candidate;
    a->target = target;
    a->answer.vendor = target->provider->vendor;
    a->model = proa_attempt_model(x, candidate);
    a->dialect = proa_attempt_dialect(x, candidate);
    a->answer.model = a->model;
    a->offer = target->offer ? target->offer
                             : proa_catalogue_offer_find(target->provider->catalogue, a->model);
    proa_buf_init(&a->held, SIZE_MAX);
}

// NOLINTNEXTLINE(misc-no-recursion): once, for a token that was turned down; see renewed
static void begin(struct attempt *a)
{
    if (proa_attempt_continues(a) && !proa_rescue_begin(a)) {
        proa_attempt_fail(a, PROA_CLASS_DIVERGED, PROA_OK);
        return;
    }
    struct proa_authorization authorization;
    if (proa_attempt_authorize(a, &authorization)) {
        proa_attempt_send(a, &authorization);
    }
}

/* Its token was turned down before its time, which is nobody's fault yet: the same once more with
 * the next one. */
// NOLINTNEXTLINE(misc-no-recursion): once, for a token that was turned down; see renewed
static void renew(struct attempt *a)
{
    proa_attempt_release(a);
    set_up(a, a->x, a->candidate, a->index, a->purpose);
    a->renewed = true;
    begin(a);
}

void proa_attempt_start(struct proa_exchange *x, const struct proa_command *command)
{
    struct attempt *a = proa_arena_alloc(x->arena, sizeof *a);
    x->attempts[command->attempt] = a;
    set_up(a, x, command->candidate, command->attempt, command->purpose);
    begin(a);
}

static void wipe_wire_head(struct attempt *a)
{
    if (a->wire_head.iov_len > 0) {
        explicit_bzero(a->wire_head.iov_base, a->wire_head.iov_len);
        a->wire_head.iov_len = 0;
    }
}

void proa_attempt_release(struct attempt *a)
{
    proa_token_wait_cancel(&a->token_wait);
    if (a->call) {
        proa_call_cancel(a->call);
        a->call = NULL;
    }
    take_usage(a);
    if (a->reader) {
        a->dialect->reader_destroy(a->reader);
        a->reader = NULL;
    }
    if (a->translation) {
        proa_translate_release(a);
    }
    proa_buf_deinit(&a->spliced);
    wipe_wire_head(a);
    proa_attempt_unhold(a);
}

/* ---- sending to the client ---------------------------------------------------------------------
 */

static void after_write(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    if (a->call && !x->call_paused && x->client->is_full(x->client_ctx)) {
        x->call_paused = true;
        proa_call_pause(a->call, true);
    }
}

/* Everything gathered goes out in one write. */
void proa_attempt_flush(struct attempt *a, bool last)
{
    struct proa_exchange *x = a->x;
    if ((a->n_out > 0 || last) && !x->run->client_gone) {
        proa_rescue_note(x, a->out, a->n_out);
        x->client->body(x->client_ctx, a->out, a->n_out, last);
        after_write(a);
    }
    a->n_out = 0;
    a->out_borrows_reader = false;
}

/* The memory that `out` points to is about to be used again: sends or copies. */
bool proa_attempt_clear_out(struct attempt *a)
{
    if (a->committed) {
        proa_attempt_flush(a, false);
        return true;
    }
    bool held = true;
    for (size_t i = 0; held && i < a->n_out; i++) {
        held = proa_attempt_hold(a, proa_slice_make(a->out[i].iov_base, a->out[i].iov_len));
    }
    a->n_out = 0;
    a->out_borrows_reader = false;
    return held;
}

bool proa_attempt_gather(struct attempt *a, struct proa_slice bytes)
{
    if (bytes.len == 0) {
        return true;
    }
    if (a->n_out == ATTEMPT_OUT_MAX && !proa_attempt_clear_out(a)) {
        return false;
    }
    a->out[a->n_out++] = (struct iovec){(void *)(uintptr_t)bytes.ptr, bytes.len};
    return true;
}

/* All that is held, in its order; n is what there was room for. */
static size_t take_held(struct attempt *a, struct iovec iov[ATTEMPT_OUT_MAX + 2])
{
    size_t n = 0;
    if (a->held.len > 0) {
        iov[n++] = (struct iovec){a->held.ptr, a->held.len};
    }
    if (a->piece.len > 0) {
        iov[n++] = (struct iovec){(void *)(uintptr_t)a->piece.ptr, a->piece.len};
    }
    for (size_t i = 0; i < a->n_out; i++) {
        iov[n++] = a->out[i];
    }
    a->n_out = 0;
    a->out_borrows_reader = false;
    return n;
}

static uint64_t total_of(const struct iovec *iov, size_t n)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += iov[i].iov_len;
    }
    return total;
}

/* Starts the answer to the client. */
static void begin_answer(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    PROA_UNINIT struct iovec iov[ATTEMPT_OUT_MAX + 2];
    size_t n = take_held(a, iov);
    const bool whole = a->mode == ANSWER_PLAIN && !a->call;
    uint64_t length = PROA_BODY_UNKNOWN;
    if (whole) {
        length = (uint64_t)a->held.len + a->piece.len;
    } else if (a->mode == ANSWER_PLAIN && a->head.has_content_length) {
        length = a->head.content_length;
    }
    if (x->cached) {
        proa_cached_answered(a, iov, n, whole);
    }
    if (PROA_UNLIKELY(x->tells) && whole && n == 1 && !a->translation) {
        n = proa_tell_whole(a, iov);
        length = total_of(iov, n);
    }
    const struct proa_client_reply reply = {
        .status = x->status,
        .fields = proa_reply_fields(x, a, proa_reply_type(a), PROA_SLICE_NONE),
        .body_bytes = length,
        .last = whole,
    };
    if (a->mode == ANSWER_STREAM) {
        proa_rescue_note(x, iov, n);
    }
    x->client->reply(x->client_ctx, &reply, iov, n);
    a->piece = PROA_SLICE_NONE;
    proa_attempt_unhold(a);
    after_write(a);
}

/* Goes on with an answer that another attempt began. */
static void continue_answer(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    PROA_UNINIT struct iovec iov[ATTEMPT_OUT_MAX + 2];
    const size_t n = take_held(a, iov);
    x->call_paused = false; /* that was the call that broke off */
    proa_rescue_note(x, iov, n);
    if (n > 0) {
        x->client->body(x->client_ctx, iov, n, false);
        after_write(a);
    }
    proa_attempt_unhold(a);
}

/* Nothing is sent again after the first content, unless a break could be rescued, and a stream may
 * go on for long. */
static void forget_request(struct attempt *a)
{
    if (a->mode != ANSWER_STREAM) {
        proa_rescue_drop(a->x); /* not even when a stream was asked for */
        return;
    }
    wipe_wire_head(a);
    if (a->translation) {
        proa_translate_forget_request(a);
    }
    if (!a->x->seam && !(a->x->responses && proa_responses_needs_body(a->x))) {
        proa_exchange_forget_body(a->x);
    }
}

void proa_attempt_commit(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    a->committed = true;
    if (x->head_sent) {
        continue_answer(a);
        return;
    }
    x->first_out_ns = proa_loop_now(x->host->loop);
    x->status = a->head.status;
    x->head_sent = true;
    if (PROA_UNLIKELY(x->responses)) {
        proa_responses_begun(a);
    }
    forget_request(a);
    if (!x->run->client_gone) {
        begin_answer(a);
    }
}
