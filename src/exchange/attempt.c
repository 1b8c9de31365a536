/*
 * One upstream try: encode and send the request, read the answer as far as the exchange needs to
 * know it, hold it back until it is committed, tell the engine what happened.
 *
 * Held back: a plain answer until it is whole (or too large to wait for), a stream until its first
 * content event, so that an error, an empty answer or a cut before that moves to the next target
 * unseen by the client. A stream goes on in whole events only; see proa/provider/dialect.h.
 *
 * Every callback's last act may end the exchange: nothing of it is touched after a feed.
 */
#include "exchange_priv.h"

#include "proa/auth/secret.h"

#include <string.h>

static const uint64_t GRACE_NS = 1 * PROA_NS_PER_S; /* for an end mark after all finish reasons */

static void on_sent(void *ctx, bool reused);
static void on_head(void *ctx, const struct proa_http_head *head);
static void on_body(void *ctx, struct proa_slice bytes);
static void on_batch(void *ctx);
static void on_complete(void *ctx);
static void on_fail(void *ctx, const struct proa_call_failure *failure);

static const struct proa_call_events CALL_EVENTS = {
    .on_sent = on_sent,
    .on_head = on_head,
    .on_body = on_body,
    .on_batch = on_batch,
    .on_complete = on_complete,
    .on_fail = on_fail,
};

static void feed(struct attempt *a, enum proa_ev kind)
{
    const struct proa_event event = {
        .kind = kind, .attempt = a->index, .status = a->head.status, .usage = &a->usage};
    proa_exchange_feed(a->x, &event);
}

/* The attempt is over without an answer that can be used. */
static void fail(struct attempt *a, enum proa_class class, enum proa_err err)
{
    const struct proa_event event = {
        .kind = PROA_EV_FAILED,
        .attempt = a->index,
        .class = class,
        .err = err,
        .status = a->mode == ANSWER_ERROR ? a->head.status : a->failure.status,
        .retry_after_ns = a->failure.retry_after_ns,
        .usage = &a->usage,
    };
    if (a->reader) {
        a->usage = *a->dialect->reader_usage(a->reader); /* what was told before it broke */
    }
    if (a->call) {
        proa_call_cancel(a->call);
        a->call = NULL;
    }
    proa_exchange_feed(a->x, &event);
}

/* What a failure says is told later, when the bytes that said it are gone. */
static void keep_failure(struct attempt *a)
{
    struct proa_arena *arena = a->x->arena;
    a->failure.message = proa_arena_dup(arena, a->failure.message);
    a->failure.type = proa_arena_dup(arena, a->failure.type);
    a->failure.code = proa_arena_dup(arena, a->failure.code);
}

/* ---- holding back ------------------------------------------------------------------------- */

static bool hold(struct attempt *a, struct proa_slice bytes)
{
    const size_t want = a->held.len + bytes.len;
    if (want > a->budgeted) {
        const uint64_t more = want > 2 * a->budgeted ? want - a->budgeted : a->budgeted;
        if (!proa_exchange_take_budget(a->x->host, more)) {
            return false;
        }
        a->budgeted += more;
    }
    return proa_buf_append(&a->held, bytes) == PROA_OK;
}

static void unhold(struct attempt *a)
{
    proa_buf_deinit(&a->held);
    proa_buf_init(&a->held, SIZE_MAX);
    proa_exchange_give_budget(a->x->host, a->budgeted);
    a->budgeted = 0;
}

/* ---- start ----------------------------------------------------------------------------------- */

static enum proa_err encode(struct attempt *a, const struct proa_target *target,
                            struct proa_encoded *out)
{
    struct proa_exchange *x = a->x;
    const struct proa_encode_in in = {
        .operation = x->operation,
        .stream = x->stream,
        .base_path = target->provider->base_path,
        .host_header = target->provider->endpoint->host_header,
        .secret = target->key->secret ? proa_secret_bytes(target->key->secret) : PROA_SLICE_NONE,
        .model = a->model,
        .body = proa_buf_slice(&x->body),
        .cuts = x->request->cuts,
        .n_cuts = x->request->n_cuts,
        .model_member = x->request->members[PROA_API_M_MODEL],
        .info = x->request->info,
        .headers = x->forward,
        .n_headers = x->n_forward,
    };
    const enum proa_err err = a->dialect->encode(&in, x->arena, out);
    if (err == PROA_OK) {
        a->wire_head = out->iov[0];
    }
    return err;
}

void proa_attempt_start(struct proa_exchange *x, uint8_t index,
                        const struct proa_candidate *candidate)
{
    const struct proa_target *target = candidate->target;
    struct attempt *a = proa_arena_alloc(x->arena, sizeof *a);
    memset(a, 0, offsetof(struct attempt, out));
    x->attempts[index] = a;
    a->x = x;
    a->index = index;
    a->dialect = target->provider->dialect;
    a->answer.vendor = target->provider->vendor;
    a->model = target->model.len > 0 ? target->model : x->resolved.model;
    proa_buf_init(&a->held, SIZE_MAX);
    PROA_UNINIT struct proa_encoded encoded;
    const enum proa_err err = encode(a, target, &encoded);
    if (err != PROA_OK) {
        fail(a, PROA_CLASS_LOCAL, err);
        return;
    }
    struct iovec *iov = proa_arena_alloc(x->arena, encoded.n_iov * sizeof *iov);
    memcpy(iov, encoded.iov, encoded.n_iov * sizeof *iov);
    const struct proa_timeout_cfg *timeouts = &x->resolved.route->policy->timeouts;
    const struct proa_call_request request = {
        .iov = iov,
        .n_iov = encoded.n_iov,
        .arena = x->arena,
        .connect_ns = timeouts->connect_ns,
        .tls_ns = timeouts->tls_ns,
        .write_ns = timeouts->write_ns,
    };
    bool sent = false;
    a->call = proa_call_start(x->live->pools[target->provider->endpoint->id], &request,
                              &CALL_EVENTS, a, &sent);
    if (sent) {
        on_sent(a, true);
    }
}

static void on_sent(void *ctx, bool reused)
{
    struct attempt *a = ctx;
    const struct proa_event event = {
        .kind = PROA_EV_CONNECTED, .attempt = a->index, .reused_connection = reused};
    proa_exchange_feed(a->x, &event);
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
    if (a->call) {
        proa_call_cancel(a->call);
        a->call = NULL;
    }
    if (a->reader) {
        a->usage = *a->dialect->reader_usage(a->reader);
        a->dialect->reader_destroy(a->reader);
        a->reader = NULL;
    }
    wipe_wire_head(a);
    unhold(a);
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
static void flush(struct attempt *a, bool last)
{
    struct proa_exchange *x = a->x;
    if ((a->n_out > 0 || last) && !x->run.client_gone) {
        x->client->body(x->client_ctx, a->out, a->n_out, last);
        after_write(a);
    }
    a->n_out = 0;
    a->out_borrows_reader = false;
}

/* The memory that `out` points to is about to be used again: sends or copies. */
static bool clear_out(struct attempt *a)
{
    if (a->committed) {
        flush(a, false);
        return true;
    }
    bool held = true;
    for (size_t i = 0; held && i < a->n_out; i++) {
        held = hold(a, proa_slice_make(a->out[i].iov_base, a->out[i].iov_len));
    }
    a->n_out = 0;
    a->out_borrows_reader = false;
    return held;
}

static bool gather(struct attempt *a, struct proa_slice bytes)
{
    if (bytes.len == 0) {
        return true;
    }
    if (a->n_out == ATTEMPT_OUT_MAX && !clear_out(a)) {
        return false;
    }
    a->out[a->n_out++] = (struct iovec){(void *)(uintptr_t)bytes.ptr, bytes.len};
    return true;
}

/* Starts the answer to the client with what is held. */
static void begin_answer(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    PROA_UNINIT struct iovec iov[ATTEMPT_OUT_MAX + 2];
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
    const bool whole = a->mode == ANSWER_PLAIN && !a->call;
    uint64_t length = PROA_BODY_UNKNOWN;
    if (whole) {
        length = (uint64_t)a->held.len + a->piece.len;
    } else if (a->mode == ANSWER_PLAIN && a->head.has_content_length) {
        length = a->head.content_length;
    }
    const struct proa_slice type =
        proa_http_header_value(&a->head.headers, PROA_HTTP_HEADER_CONTENT_TYPE);
    const struct proa_client_reply reply = {
        .status = x->status,
        .fields = proa_reply_fields(x, a, type, PROA_SLICE_NONE),
        .body_bytes = length,
        .last = whole,
    };
    x->client->reply(x->client_ctx, &reply, iov, n);
    a->piece = PROA_SLICE_NONE;
    unhold(a);
    after_write(a);
}

/* Nothing is sent again after the first content, and a stream may go on for long. */
static void forget_request(struct attempt *a)
{
    if (a->mode == ANSWER_STREAM) {
        wipe_wire_head(a);
        proa_exchange_forget_body(a->x);
    }
}

void proa_attempt_commit(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    a->committed = true;
    x->first_out_ns = proa_loop_now(x->host->loop);
    x->status = a->head.status;
    x->head_sent = true;
    forget_request(a);
    if (!x->run.client_gone) {
        begin_answer(a);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void on_head(void *ctx, const struct proa_http_head *head)
{
    struct attempt *a = ctx;
    a->head = *head;
    a->answer.status = head->status;
    a->answer.headers = head->headers.items;
    a->answer.n_headers = head->headers.n;
    a->answer.unix_ms = proa_loop_wall_ms(a->x->host->loop);
    const struct proa_slice type =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_CONTENT_TYPE);
    const struct proa_slice coding =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_CONTENT_ENCODING);
    if (head->status < 200 || head->status > 299) {
        a->mode = ANSWER_ERROR;
    } else if (coding.len > 0 && !proa_slice_eq_nocase(coding, PROA_SLICE("identity"))) {
        a->detail = PROA_SLICE("the answer is compressed although identity was asked for");
        fail(a, PROA_CLASS_MALFORMED, PROA_ERR_UNSUPPORTED);
        return;
    } else if (a->x->stream && proa_http_media_type_is(type, PROA_SLICE("text/event-stream"))) {
        a->mode = ANSWER_STREAM;
        a->reader = a->dialect->reader_create(a->x->operation, &a->answer, a->x->arena);
    } else {
        a->mode = ANSWER_PLAIN;
    }
    feed(a, PROA_EV_HEAD);
}

static void progress(struct attempt *a, bool content)
{
    const struct proa_event event = {
        .kind = PROA_EV_PROGRESS, .attempt = a->index, .content = content};
    proa_exchange_feed(a->x, &event);
}

static void plain_body(struct attempt *a, struct proa_slice bytes)
{
    if (a->committed) {
        (void)gather(a, bytes);
        progress(a, true);
        return;
    }
    if (a->held.len == 0 && a->piece.len == 0) {
        a->piece = bytes; /* the usual short answer is never copied */
        return;
    }
    const bool held = hold(a, a->piece) && hold(a, bytes);
    a->piece = PROA_SLICE_NONE;
    if (!held) {
        fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
    }
}

static void error_complete(struct attempt *a)
{
    a->dialect->classify(&a->answer, proa_buf_slice(&a->held), &a->failure);
    if (a->failure.wrong_path) {
        a->detail = PROA_SLICE("the server does not know this path; is the base_url right?");
    }
    fail(a, a->failure.class, PROA_OK);
}

static void error_body(struct attempt *a, struct proa_slice bytes)
{
    const size_t room = ATTEMPT_ERROR_MAX - a->held.len;
    if (!hold(a, proa_slice_head(bytes, room)) || bytes.len > room) {
        error_complete(a); /* enough to tell what it is */
    }
}

/* Content has come, or more than may be held back without any. */
static bool is_content(const struct attempt *a, const struct proa_reader_report *report)
{
    const struct proa_commit_cfg *commit = &a->x->resolved.route->policy->commit;
    return report->content_events > 0 || report->state == PROA_ANSWER_FINISHED ||
           a->held_events >= commit->max_events || a->held.len >= commit->max_bytes;
}

/* An error in the stream, or events that cannot be read. Before the commit it is the attempt's
 * failure, after it the end of the answer. */
static void stream_error(struct attempt *a, const struct proa_failure *failure, enum proa_err err)
{
    a->failure = *failure;
    keep_failure(a);
    if (a->committed) {
        flush(a, false);
        fail(a, PROA_CLASS_STREAM_BROKEN, err);
    } else {
        fail(a, err == PROA_OK ? failure->class : PROA_CLASS_MALFORMED, err);
    }
}

static void stream_content(struct attempt *a, const struct proa_reader_report *report)
{
    if (!a->content && is_content(a, report)) {
        a->content = true;
        feed(a, PROA_EV_FIRST_CONTENT);
    } else {
        progress(a, report->content_events > 0);
    }
    a->end_mark = a->end_mark || report->state == PROA_ANSWER_DONE;
    if (report->state == PROA_ANSWER_DONE && !a->content) {
        fail(a, PROA_CLASS_EMPTY, PROA_OK);
    } else if (report->state < PROA_ANSWER_FINISHED) {
        if (a->finished) { /* a choice begins behind those that had finished */
            a->finished = false;
            proa_timer_clear(a->x->host->loop, &a->x->grace);
        }
    } else if (!a->finished) {
        a->finished = true;
        proa_timer_set(a->x->host->loop, &a->x->grace, proa_loop_now(a->x->host->loop) + GRACE_NS);
    }
}

static void stream_body(struct attempt *a, struct proa_slice bytes)
{
    if (a->out_borrows_reader && !clear_out(a)) {
        fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
        return;
    }
    PROA_UNINIT struct proa_reader_report report;
    const enum proa_err err = a->dialect->reader_feed(a->reader, bytes, &report);
    const bool gathered = gather(a, report.ready[0]) && gather(a, report.ready[1]);
    a->out_borrows_reader = report.ready[0].len > 0;
    a->held_events += report.events;
    if (!gathered) {
        fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
    } else if (err != PROA_OK || report.state == PROA_ANSWER_ERROR) {
        stream_error(a, &report.failure, err);
    } else {
        stream_content(a, &report);
    }
}

static void on_body(void *ctx, struct proa_slice bytes)
{
    struct attempt *a = ctx;
    switch (a->mode) {
    case ANSWER_PLAIN:
        plain_body(a, bytes);
        break;
    case ANSWER_STREAM:
        stream_body(a, bytes);
        break;
    case ANSWER_ERROR:
        error_body(a, bytes);
        break;
    case ANSWER_NONE:
        break;
    }
}

/* The read buffer is about to be used again. */
static void on_batch(void *ctx)
{
    struct attempt *a = ctx;
    bool held = clear_out(a);
    if (held && a->piece.len > 0) {
        held = hold(a, a->piece);
        a->piece = PROA_SLICE_NONE;
    }
    if (!held) {
        fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
        return;
    }
    if (a->mode == ANSWER_PLAIN && !a->committed) {
        if (a->held.len >= a->x->resolved.route->policy->commit.max_plain_bytes) {
            a->content = true;
            feed(a, PROA_EV_FIRST_CONTENT); /* too much to hold back */
        } else {
            progress(a, true);
        }
    }
}

static void plain_complete(struct attempt *a)
{
    if (a->committed) {
        flush(a, true);
        feed(a, PROA_EV_ENDED);
        return;
    }
    struct proa_slice body = a->piece;
    if (a->held.len > 0) {
        if (!hold(a, a->piece)) {
            fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
            return;
        }
        a->piece = PROA_SLICE_NONE;
        body = proa_buf_slice(&a->held);
    }
    if (body.len == 0) {
        fail(a, PROA_CLASS_EMPTY, PROA_ERR_TRUNCATED);
        return;
    }
    if (!a->dialect->read_plain(a->x->operation, &a->answer, body, &a->usage, &a->answered_by,
                                &a->failure)) {
        keep_failure(a);
        fail(a, a->failure.class, PROA_OK);
        return;
    }
    a->answered_by = proa_arena_dup(a->x->arena, a->answered_by); /* the body goes before the log */
    a->content = true;
    feed(a, PROA_EV_ENDED);
}

/* The stream is whole, whatever became of its connection. */
static void stream_whole(struct attempt *a)
{
    struct proa_arena *arena = a->x->arena;
    a->usage = *a->dialect->reader_usage(a->reader);
    a->finish_reason = proa_arena_dup(arena, a->dialect->reader_finish_reason(a->reader));
    a->answered_by = proa_arena_dup(arena, a->dialect->reader_model(a->reader));
    if (!a->end_mark) {
        (void)gather(a, PROA_API_STREAM_END); /* whole without it: clients may wait for it */
    }
    flush(a, true);
    feed(a, PROA_EV_ENDED);
}

static void stream_complete(struct attempt *a)
{
    if (a->committed && a->dialect->reader_complete(a->reader)) {
        stream_whole(a);
        return;
    }
    if (a->committed) {
        flush(a, false);
    }
    fail(a, a->committed ? PROA_CLASS_STREAM_BROKEN : PROA_CLASS_EMPTY, PROA_ERR_TRUNCATED);
}

void proa_attempt_complete_late(struct attempt *a)
{
    if (a->call) {
        proa_call_cancel(a->call);
        a->call = NULL;
    }
    stream_whole(a);
}

static void on_complete(void *ctx)
{
    struct attempt *a = ctx;
    a->call = NULL;
    switch (a->mode) {
    case ANSWER_PLAIN:
        plain_complete(a);
        break;
    case ANSWER_STREAM:
        stream_complete(a);
        break;
    case ANSWER_ERROR:
        error_complete(a);
        break;
    case ANSWER_NONE:
        break;
    }
}

static void on_fail(void *ctx, const struct proa_call_failure *failure)
{
    struct attempt *a = ctx;
    a->call = NULL;
    a->detail = failure->detail.len > 0 || failure->fault == PROA_HTTP_FAULT_NONE
                    ? proa_arena_dup(a->x->arena, failure->detail)
                    : proa_http_fault_info(failure->fault)->text;
    if (a->mode == ANSWER_STREAM && a->committed && a->dialect->reader_complete(a->reader)) {
        stream_whole(a);
        return;
    }
    if (a->mode == ANSWER_ERROR) {
        error_complete(a); /* the status is known, which says more than the cut */
        return;
    }
    if (a->committed) {
        flush(a, false);
        fail(a, PROA_CLASS_STREAM_BROKEN, failure->err);
        return;
    }
    fail(a, proa_class_of_err(failure->err, failure->connected), failure->err);
}
