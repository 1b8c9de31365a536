/*
 * Embeddings of more inputs than the target takes at once: several calls that are one attempt. A
 * few of them run at a time; the first that fails is the attempt's failure and ends the others. The
 * answers are held, and make one list when all have come.
 */
#include "translate_priv.h"

enum {
    CALLS_AT_ONCE = 4,
    HEADS_BYTES = 4096 /* of a call, about: what it was sent and answered */
};

struct part {
    struct batch *batch;
    struct proa_call *call; /* NULL before and after */
    struct proa_chat_embed embed;
    size_t first; /* of its inputs, among all */
    struct proa_buf body;
    struct iovec iov[2]; /* head and body */
    struct proa_http_head head;
    struct proa_answer_head answer;
    struct proa_buf held;
    uint64_t budgeted; /* of held */
};

struct batch {
    struct attempt *a;
    struct part *parts;
    size_t n_parts;
    size_t n_started;
    size_t n_done;
    bool connected; /* the engine was told; likewise */
    bool headed;
};

/* ---- making ---------------------------------------------------------------------------------- */

struct batch *proa_batch_create(struct attempt *a, const struct proa_chat_embed *embed, size_t max)
{
    struct batch *b = PROA_ARENA_NEW(a->x->arena, struct batch);
    b->a = a;
    b->n_parts = (embed->n_inputs + max - 1) / max;
    b->parts = proa_arena_zero(a->x->arena, b->n_parts, sizeof b->parts[0]);
    for (size_t i = 0; i < b->n_parts; i++) {
        struct part *p = &b->parts[i];
        p->batch = b;
        p->first = i * max;
        p->embed = *embed;
        p->embed.inputs = embed->inputs + p->first;
        p->embed.n_inputs = embed->n_inputs - p->first < max ? embed->n_inputs - p->first : max;
        p->answer = a->answer;
        proa_buf_init(&p->held, SIZE_MAX);
    }
    return b;
}

/* All at once: what shows who asks may be another a moment later. */
enum proa_class proa_batch_encode(struct batch *b, const struct proa_encode_in *common,
                                  struct proa_encoded *out, enum proa_err *err)
{
    enum proa_class class = PROA_CLASS_OK;
    if (!proa_translate_take_budget(b->a, b->n_parts * (sizeof b->parts[0] + HEADS_BYTES))) {
        *err = PROA_ERR_OVERLOAD;
        return PROA_CLASS_LOCAL;
    }
    for (size_t i = 0; class == PROA_CLASS_OK && i < b->n_parts; i++) {
        struct part *p = &b->parts[i];
        struct proa_encode_in in = *common;
        in.embed = &p->embed;
        class = proa_translate_write(b->a, &in, &p->body, out, err);
        if (class == PROA_CLASS_OK) {
            PROA_ASSERT(out->n_iov <= PROA_ARRAY_LEN(p->iov)); /* a translated body is one piece */
            memcpy(p->iov, out->iov, out->n_iov * sizeof p->iov[0]);
        }
    }
    out->n_iov = 0;
    return class;
}

static void forget_request(struct part *p)
{
    if (p->iov[0].iov_len > 0) {
        explicit_bzero(p->iov[0].iov_base, p->iov[0].iov_len);
        p->iov[0].iov_len = 0;
    }
    proa_buf_deinit(&p->body);
}

static void cancel(struct batch *b)
{
    for (size_t i = 0; i < b->n_started; i++) {
        if (b->parts[i].call) {
            proa_call_cancel(b->parts[i].call);
            b->parts[i].call = NULL;
        }
    }
}

void proa_batch_release(struct batch *b)
{
    cancel(b);
    for (size_t i = 0; i < b->n_parts; i++) {
        struct part *p = &b->parts[i];
        forget_request(p);
        proa_buf_deinit(&p->held);
        proa_exchange_give_budget(b->a->x->host, p->budgeted);
        p->budgeted = 0;
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void fail(struct part *p, enum proa_class class, enum proa_err err)
{
    struct attempt *a = p->batch->a;
    cancel(p->batch);
    proa_attempt_keep_failure(a);
    proa_attempt_fail(a, class, err);
}

/* The class of an answer that is no success. */
static void fail_with_answer(struct part *p)
{
    struct attempt *a = p->batch->a;
    a->mode = ANSWER_ERROR;
    a->head = p->head;
    a->dialect->classify(&p->answer, proa_buf_slice(&p->held), &a->failure);
    proa_attempt_decode_failure(a);
    fail(p, a->failure.class, PROA_OK);
}

static bool is_error(const struct part *p)
{
    return p->head.status < 200 || p->head.status > 299;
}

/* Adds what a part's answer tells; the class of its failure, or OK. */
static enum proa_class read_part(struct part *p)
{
    struct attempt *a = p->batch->a;
    const struct proa_chat_sink sink = proa_api_writer_sink(a->translation->writer, p->first);
    struct proa_decoder *d =
        proa_decoder_create(a->dialect, PROA_OP_EMBEDDING, &p->answer, &sink, a->x->arena);
    const bool read = proa_decoder_whole(d, proa_buf_slice(&p->held), &a->failure);
    const struct proa_usage *usage = proa_decoder_usage(d);
    for (size_t i = 0; i < PROA_USAGE_FIELDS; i++) {
        if (proa_usage_has(usage, (enum proa_usage_field)i)) {
            proa_usage_set(&a->usage, (enum proa_usage_field)i,
                           a->usage.count[i] + usage->count[i]);
        }
    }
    if (a->answered_by.len == 0) {
        a->answered_by = proa_arena_dup(a->x->arena, proa_decoder_model(d));
    }
    proa_decoder_destroy(d);
    return read ? PROA_CLASS_OK : a->failure.class;
}

static void finish(struct part *last)
{
    struct batch *b = last->batch;
    struct attempt *a = b->a;
    enum proa_class class = PROA_CLASS_OK;
    a->head = b->parts[0].head;
    a->answer = b->parts[0].answer;
    a->mode = ANSWER_PLAIN;
    proa_translate_open(a);
    for (size_t i = 0; class == PROA_CLASS_OK && i < b->n_parts; i++) {
        class = read_part(&b->parts[i]);
    }
    if (class == PROA_CLASS_OK) {
        class = proa_translate_close(a, &a->usage);
    }
    if (class != PROA_CLASS_OK) {
        fail(last, class, PROA_OK);
        return;
    }
    a->content = true;
    proa_attempt_feed(a, PROA_EV_ENDED);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void on_sent(void *ctx, bool reused)
{
    struct batch *b = ((struct part *)ctx)->batch;
    if (!b->connected) {
        b->connected = true;
        const struct proa_event event = {
            .kind = PROA_EV_CONNECTED, .attempt = b->a->index, .reused_connection = reused};
        proa_exchange_feed(b->a->x, &event);
    }
}

static void on_head(void *ctx, const struct proa_http_head *head)
{
    struct part *p = ctx;
    struct batch *b = p->batch;
    p->head = *head;
    p->answer.status = head->status;
    p->answer.headers = head->headers.items;
    p->answer.n_headers = head->headers.n;
    p->answer.unix_ms = proa_loop_wall_ms(b->a->x->host->loop);
    if (!b->headed && !is_error(p)) {
        b->headed = true;
        b->a->head = *head;
        struct proa_event event = {
            .kind = PROA_EV_HEAD, .attempt = b->a->index, .status = head->status};
        proa_attempt_read_rates(b->a, &event);
        proa_exchange_feed(b->a->x, &event);
    }
}

static void on_body(void *ctx, struct proa_slice bytes)
{
    struct part *p = ctx;
    const bool error = is_error(p);
    const size_t room = ATTEMPT_ERROR_MAX - p->held.len;
    const bool all = !error || bytes.len <= room;
    if (!proa_exchange_hold(p->batch->a->x->host, &p->held, &p->budgeted,
                            all ? bytes : proa_slice_head(bytes, room))) {
        fail(p, PROA_CLASS_LOCAL, PROA_ERR_OVERLOAD);
    } else if (!all) {
        fail_with_answer(p);
    }
}

static void on_batch(void *ctx)
{
    struct attempt *a = ((struct part *)ctx)->batch->a;
    const struct proa_event event = {
        .kind = PROA_EV_PROGRESS, .attempt = a->index, .content = true};
    proa_exchange_feed(a->x, &event);
}

static void start_next(struct batch *b);

static void on_complete(void *ctx)
{
    struct part *p = ctx;
    struct batch *b = p->batch;
    p->call = NULL;
    if (is_error(p)) {
        fail_with_answer(p);
    } else if (p->held.len == 0) {
        fail(p, PROA_CLASS_EMPTY, PROA_ERR_TRUNCATED);
    } else if (++b->n_done == b->n_parts) {
        finish(p);
    } else {
        forget_request(p);
        start_next(b);
    }
}

static void on_fail(void *ctx, const struct proa_call_failure *failure)
{
    struct part *p = ctx;
    struct attempt *a = p->batch->a;
    p->call = NULL;
    if (p->head.status != 0 && is_error(p)) {
        fail_with_answer(p); /* the status is known, which says more than the cut */
        return;
    }
    a->detail = proa_arena_dup(a->x->arena, failure->detail);
    fail(p, proa_class_of_err(failure->err, failure->connected), failure->err);
}

static const struct proa_call_events EVENTS = {
    .on_sent = on_sent,
    .on_head = on_head,
    .on_body = on_body,
    .on_batch = on_batch,
    .on_complete = on_complete,
    .on_fail = on_fail,
};

static void start_next(struct batch *b)
{
    if (b->n_started == b->n_parts) {
        return;
    }
    struct part *p = &b->parts[b->n_started++];
    const struct attempt *a = b->a;
    const struct proa_call_request request =
        proa_attempt_call_request(a, p->iov, PROA_ARRAY_LEN(p->iov));
    bool sent = false;
    p->call = proa_call_start(proa_attempt_pool(a), &request, &EVENTS, p, &sent);
    if (sent) {
        on_sent(p, true);
    }
}

void proa_batch_start(struct batch *b)
{
    for (int i = 0; i < CALLS_AT_ONCE; i++) {
        start_next(b);
    }
}
