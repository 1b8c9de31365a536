/*
 * The answer of an upstream try, read as far as the exchange needs to know it.
 *
 * Held back: a plain answer until it is whole (or too large to wait for), a stream until its first
 * content event, so that an error, an empty answer or a cut before that moves to the next target
 * unseen by the client. A stream goes on in whole events only; see proa/provider/dialect.h.
 *
 * Every callback's last act may end the exchange: nothing of it is touched after a feed.
 */
#include "exchange_priv.h"

#include "proa/provider/decoder.h"

static const uint64_t GRACE_NS = 1 * PROA_NS_PER_S; /* for an end mark after all finish reasons */

static void on_sent(void *ctx, bool reused)
{
    struct attempt *a = ctx;
    const struct proa_event event = {
        .kind = PROA_EV_CONNECTED, .attempt = a->index, .reused_connection = reused};
    proa_exchange_feed(a->x, &event);
}

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
        proa_attempt_fail(a, PROA_CLASS_MALFORMED, PROA_ERR_UNSUPPORTED);
        return;
    } else if (a->x->stream && proa_http_media_type_is(type, a->dialect->stream_type)) {
        a->mode = ANSWER_STREAM;
        if (a->translation) {
            proa_translate_begin(a);
        } else {
            a->reader = a->dialect->reader_create(a->x->operation, &a->answer, a->x->arena);
        }
    } else if (proa_attempt_continues(a)) {
        proa_attempt_fail(a, PROA_CLASS_MALFORMED, PROA_ERR_UNSUPPORTED);
        return;
    } else {
        a->mode = ANSWER_PLAIN;
        if (proa_exchange_is_media(a->x) && !a->translation) {
            a->form = proa_operation_answer_form(a->x->operation, type);
        }
    }
    struct proa_event event = {.kind = PROA_EV_HEAD, .attempt = a->index, .status = head->status};
    if (a->mode != ANSWER_ERROR) {
        proa_attempt_read_rates(a, &event); /* an error's come with its failure */
    }
    proa_exchange_feed(a->x, &event);
}

static void progress(struct attempt *a, bool content)
{
    const struct proa_event event = {.kind = PROA_EV_PROGRESS,
                                     .attempt = a->index,
                                     .content = content,
                                     .resumable = proa_rescue_is_possible(a->x)};
    proa_exchange_feed(a->x, &event);
}

static void plain_body(struct attempt *a, struct proa_slice bytes)
{
    if (a->committed) {
        (void)proa_attempt_gather(a, bytes);
        progress(a, true);
        return;
    }
    if (a->held.len == 0 && a->piece.len == 0) {
        a->piece = bytes; /* the usual short answer is never copied */
        return;
    }
    const bool held = proa_attempt_hold(a, a->piece) && proa_attempt_hold(a, bytes);
    a->piece = PROA_SLICE_NONE;
    if (!held) {
        proa_attempt_fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
    }
}

static void error_complete(struct attempt *a)
{
    a->dialect->classify(&a->answer, proa_buf_slice(&a->held), &a->failure);
    proa_attempt_decode_failure(a);
    if (a->failure.wrong_path) {
        a->detail = PROA_SLICE("the server does not know this path; is the base_url right?");
    }
    proa_attempt_fail(a, a->failure.class, PROA_OK);
}

static void error_body(struct attempt *a, struct proa_slice bytes)
{
    const size_t room = ATTEMPT_ERROR_MAX - a->held.len;
    if (!proa_attempt_hold(a, proa_slice_head(bytes, room)) || bytes.len > room) {
        error_complete(a); /* enough to tell what it is */
    }
}

/* Content has come, or more than may be held back without any. */
static bool is_content(const struct attempt *a, const struct proa_reader_report *report)
{
    if (proa_attempt_continues(a)) {
        return a->n_out > 0 || a->held.len > 0; /* what the client does not have yet */
    }
    const struct proa_commit_cfg *commit = &a->x->resolved.route->policy->commit;
    return report->content_events > 0 || report->state == PROA_ANSWER_FINISHED ||
           a->held_events >= commit->max_events || a->held.len >= commit->max_bytes;
}

/* An error in the stream, or events that cannot be read. Before the commit it is the attempt's
 * failure, after it the end of the answer. */
static void stream_error(struct attempt *a, const struct proa_failure *failure, enum proa_err err)
{
    a->failure = *failure;
    proa_attempt_keep_failure(a);
    if (a->committed) {
        proa_attempt_flush(a, false);
        proa_attempt_fail(a, PROA_CLASS_STREAM_BROKEN, err);
    } else {
        proa_attempt_fail(a, err == PROA_OK ? failure->class : PROA_CLASS_MALFORMED, err);
    }
}

static void stream_content(struct attempt *a, const struct proa_reader_report *report)
{
    if (!a->content && is_content(a, report)) {
        a->content = true;
        proa_attempt_feed(a, PROA_EV_FIRST_CONTENT);
    } else {
        progress(a, report->content_events > 0);
    }
    a->end_mark = a->end_mark || report->state == PROA_ANSWER_DONE;
    if (report->state == PROA_ANSWER_DONE && !a->content) {
        proa_attempt_fail(a, PROA_CLASS_EMPTY, PROA_OK);
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
    if (a->out_borrows_reader && !proa_attempt_clear_out(a)) {
        proa_attempt_fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
        return;
    }
    PROA_UNINIT struct proa_reader_report report;
    const enum proa_err err = a->translation ? proa_translate_feed(a, bytes, &report)
                                             : a->dialect->reader_feed(a->reader, bytes, &report);
    const bool failed = err != PROA_OK || report.state == PROA_ANSWER_ERROR;
    a->held_events += report.events - (report.state == PROA_ANSWER_ERROR && report.events > 0);
    if (PROA_UNLIKELY(a->x->responses) && report.state == PROA_ANSWER_DONE && !a->translation &&
        !failed && !a->end_mark) {
        proa_responses_keep_events(a, report.ready);
    }
    if (proa_attempt_continues(a)) {
        const enum proa_class class = failed ? PROA_CLASS_OK : proa_rescue_gather(a, &report);
        if (class != PROA_CLASS_OK) {
            proa_attempt_fail(a, class, PROA_OK);
            return;
        }
    } else if (!proa_tell_gather(a, report.ready, failed ? PROA_ANSWER_ERROR : report.state)) {
        proa_attempt_fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
        return;
    }
    a->out_borrows_reader = report.ready[0].len > 0 || a->spliced.len > 0;
    if (failed) {
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

/* ---- images and audio ------------------------------------------------------------------------ */

/* The first event of a stream that has no reader. */
enum first { FIRST_MISSING = 0, FIRST_GOOD, FIRST_ERROR };

/* The next event that says something. */
static enum proa_sse_result next_said(struct proa_sse *sse, struct proa_slice bytes,
                                      struct proa_sse_event *event)
{
    enum proa_sse_result result;
    do {
        result = proa_sse_next(sse, &bytes, event);
    } while (result == PROA_SSE_EVENT && event->data.len == 0);
    return result;
}

/* `whole`: nothing follows, and an event whose blank line is missing is read all the same. */
static enum first read_first(struct attempt *a, struct proa_slice bytes, bool whole)
{
    struct proa_slice model = PROA_SLICE_NONE;
    struct proa_usage usage = {.known = 0};
    PROA_UNINIT struct proa_sse_event event;
    struct proa_sse sse;
    enum first first = FIRST_MISSING;
    proa_sse_init(&sse, &proa_sse_limits_default);
    enum proa_sse_result result = next_said(&sse, bytes, &event);
    if (result == PROA_SSE_MORE && whole) {
        result = next_said(&sse, PROA_SLICE("\n\n"), &event);
    }
    if (result == PROA_SSE_TOO_LONG) {
        first = FIRST_GOOD; /* a picture: errors are short */
    } else if (result == PROA_SSE_EVENT) {
        first = a->dialect->read_plain(PROA_OP_SPEECH, &a->answer, event.data, &usage, &model,
                                       &a->failure)
                    ? FIRST_GOOD
                    : FIRST_ERROR;
    } else if (whole) {
        first = FIRST_ERROR;
        a->failure = (struct proa_failure){.class = PROA_CLASS_EMPTY};
    }
    if (first == FIRST_ERROR) { /* what it says stands in memory of the reader */
        proa_attempt_decode_failure(a);
        proa_attempt_keep_failure(a);
    }
    proa_sse_deinit(&sse);
    return first;
}

/* What has come of an answer that is not committed: too much to hold back, or of a kind that goes
 * on as it comes. */
static void held_more(struct attempt *a)
{
    const struct proa_commit_cfg *commit = &a->x->resolved.route->policy->commit;
    bool ready = a->held.len >= commit->max_plain_bytes;
    if (a->form == PROA_ANSWER_FLOW) {
        ready = true;
    } else if (a->form == PROA_ANSWER_EVENTS) {
        const enum first first = read_first(a, proa_buf_slice(&a->held), false);
        if (first == FIRST_ERROR) {
            proa_attempt_fail(a, a->failure.class, PROA_OK);
            return;
        }
        ready = first == FIRST_GOOD || a->held.len >= commit->max_bytes;
    }
    if (ready && !a->translation && a->held.len > 0) {
        a->content = true;
        proa_attempt_feed(a, PROA_EV_FIRST_CONTENT);
    } else {
        progress(a, true);
    }
}

/* A whole answer that is passed on: is it one? */
static bool read_passed(struct attempt *a, struct proa_slice body)
{
    switch (a->form) {
    case PROA_ANSWER_JSON:
        break;
    case PROA_ANSWER_BYTES:
    case PROA_ANSWER_FLOW:
        return true;
    case PROA_ANSWER_EVENTS:
        return read_first(a, body, true) != FIRST_ERROR;
    }
    if (!a->dialect->read_plain(a->x->operation, &a->answer, body, &a->usage, &a->answered_by,
                                &a->failure)) {
        proa_attempt_decode_failure(a);
        return false;
    }
    return true;
}

/* The read buffer is about to be used again. */
static void on_batch(void *ctx)
{
    struct attempt *a = ctx;
    bool held = proa_attempt_clear_out(a);
    if (held && a->piece.len > 0) {
        held = proa_attempt_hold(a, a->piece);
        a->piece = PROA_SLICE_NONE;
    }
    if (!held) {
        proa_attempt_fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
        return;
    }
    if (a->mode == ANSWER_PLAIN && !a->committed) {
        held_more(a);
    }
}

static void plain_complete(struct attempt *a)
{
    if (a->committed) {
        proa_attempt_flush(a, true);
        proa_attempt_feed(a, PROA_EV_ENDED);
        return;
    }
    struct proa_slice body = a->piece;
    if (a->held.len > 0) {
        if (!proa_attempt_hold(a, a->piece)) {
            proa_attempt_fail(a, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
            return;
        }
        a->piece = PROA_SLICE_NONE;
        body = proa_buf_slice(&a->held);
    }
    if (body.len == 0) {
        proa_attempt_fail(a, PROA_CLASS_EMPTY, PROA_ERR_TRUNCATED);
        return;
    }
    const bool read =
        a->translation ? proa_translate_whole(a, body, &a->failure) : read_passed(a, body);
    if (!read) {
        if (a->failure.class == PROA_CLASS_MALFORMED && a->failure.message.len == 0) {
            a->detail = PROA_SLICE(
                "the body is no answer to such a request; look at the base_url of the provider");
        }
        proa_attempt_keep_failure(a);
        proa_attempt_fail(a, a->failure.class, PROA_OK);
        return;
    }
    if (PROA_UNLIKELY(a->x->responses) && !a->translation) {
        proa_responses_keep(a, body);
    }
    a->answered_by = proa_arena_dup(a->x->arena, a->answered_by); /* the body goes before the log */
    a->content = true;
    proa_attempt_feed(a, PROA_EV_ENDED);
}

/* What is told of the answer beside its content. */
static void read_facts(struct attempt *a)
{
    struct proa_arena *arena = a->x->arena;
    if (a->translation) {
        const struct proa_decoder *d = proa_translate_decoder(a);
        a->usage = *proa_decoder_usage(d);
        a->finish_reason = proa_arena_dup(arena, proa_decoder_finish_reason(d));
        a->answered_by = proa_arena_dup(arena, proa_decoder_model(d));
        return;
    }
    a->usage = *a->dialect->reader_usage(a->reader);
    a->finish_reason = proa_arena_dup(arena, a->dialect->reader_finish_reason(a->reader));
    a->answered_by = proa_arena_dup(arena, a->dialect->reader_model(a->reader));
}

static bool stream_is_complete(struct attempt *a, bool ended)
{
    return a->translation ? proa_translate_is_complete(a, ended)
                          : a->dialect->reader_complete(a->reader);
}

/* The stream is whole, whatever became of its connection. */
static void stream_whole(struct attempt *a)
{
    read_facts(a);
    if (a->translation) {
        proa_translate_end(a);
    } else if (!a->end_mark) {
        (void)proa_attempt_gather(
            a, a->x->face->stream_end); /* whole without it: clients may wait for it */
    }
    proa_attempt_flush(a, true);
    proa_attempt_feed(a, PROA_EV_ENDED);
}

static void stream_complete(struct attempt *a)
{
    if (a->committed && stream_is_complete(a, true)) {
        stream_whole(a);
        return;
    }
    if (a->committed) {
        proa_attempt_flush(a, false);
    }
    proa_attempt_fail(a, a->committed ? PROA_CLASS_STREAM_BROKEN : PROA_CLASS_EMPTY,
                      PROA_ERR_TRUNCATED);
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
    if (a->mode == ANSWER_STREAM && a->committed && stream_is_complete(a, false)) {
        stream_whole(a);
        return;
    }
    if (a->mode == ANSWER_ERROR) {
        error_complete(a); /* the status is known, which says more than the cut */
        return;
    }
    if (a->committed) {
        proa_attempt_flush(a, false);
        proa_attempt_fail(a, PROA_CLASS_STREAM_BROKEN, failure->err);
        return;
    }
    proa_attempt_fail(a, proa_class_of_err(failure->err, failure->connected), failure->err);
}

const struct proa_call_events proa_answer_events = {
    .on_sent = on_sent,
    .on_head = on_head,
    .on_body = on_body,
    .on_batch = on_batch,
    .on_complete = on_complete,
    .on_fail = on_fail,
};
