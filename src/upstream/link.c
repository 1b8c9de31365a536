/*
 * One connection of a pool: dialling, sending a call's request, feeding the answer's bytes to the
 * parser and its events to the call, and going back to the pool.
 */
#include "upstream_priv.h"

#include "proa/core/clock.h"

enum { PROXY_AUTH_REQUIRED = 407 };

static const uint64_t WRITE_NS = 10 * PROA_NS_PER_S;

/* What a connection takes at once: a request as large as limits.body can be, with its head. */
static const size_t REQUEST_MAX = (size_t)1280 * 1024 * 1024;

static void link_on_open(void *ctx, enum proa_err err);
static void link_on_data(void *ctx, struct proa_slice bytes);
static void link_on_end(void *ctx, enum proa_err err);
static void link_on_drain(void *ctx);

static const struct proa_conn_events CONN_EVENTS = {
    .on_open = link_on_open,
    .on_data = link_on_data,
    .on_end = link_on_end,
    .on_drain = link_on_drain,
};

static void link_free(struct link *link)
{
    proa_http_parser_destroy(link->parser);
    proa_freelist_give(&link->pool->up->links, link);
}

void proa_link_close(struct link *link)
{
    if (link->dead) {
        return;
    }
    struct proa_connpool *pool = link->pool;
    PROA_ASSERT(!link->call);
    link->dead = true;
    proa_list_unlink(&link->node);
    if (link->state == LINK_IDLE) {
        pool->n_idle--;
        proa_metric_sub(pool->m_idle, 1);
    }
    pool->n_open--;
    proa_metric_sub(pool->m_open, 1);
    proa_timer_clear(pool->up->loop, &link->write_timer);
    proa_conn_close(link->conn);
    link->conn = NULL;
    if (!link->in_event) {
        link_free(link);
    }
}

/* Brackets everything that runs on behalf of the connection, so that a link which is closed by the
 * callbacks below it lives until they have returned. */
static void link_enter(struct link *link)
{
    PROA_ASSERT(!link->in_event);
    link->in_event = true;
}
static bool link_leave(struct link *link)
{
    link->in_event = false;
    if (link->dead) {
        link_free(link);
        return false;
    }
    return true;
}

void proa_link_dial(struct proa_connpool *pool, struct proa_call *call)
{
    struct proa_upstream *up = pool->up;
    struct link *link = proa_freelist_take(&up->links);
    proa_list_init(&link->node);
    link->pool = pool;
    link->state = LINK_DIALLING;
    link->call = call;
    call->link = link;
    call->reused = false;
    proa_list_push_front(&pool->busy, &link->node);
    pool->n_open++;
    proa_metric_add(pool->m_open, 1);
    struct proa_connpool_way route;
    proa_connpool_find_way(pool, &route);
    route.dial.connect_ns = call->request.connect_ns;
    route.dial.tls_ns = call->request.tls_ns;
    link->conn = proa_conn_dial(up->net, &route.dial, &CONN_EVENTS, link);
    proa_conn_set_marks(link->conn, REQUEST_MAX, REQUEST_MAX, 0);
}

static void watch_writing(struct link *link)
{
    if (proa_conn_queued(link->conn) > 0) {
        link->delivered = proa_conn_delivered(link->conn);
        const uint64_t span = link->call->request.write_ns;
        struct proa_loop *loop = link->pool->up->loop;
        proa_timer_set(loop, &link->write_timer,
                       proa_clock_after(proa_loop_now(loop), span > 0 ? span : WRITE_NS));
    }
}

/* Time for another look at a request that the peer did not take at once. */
static void on_write_timer(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    struct link *link = ctx;
    struct proa_call *call = link->call;
    if (!call || proa_conn_queued(link->conn) == 0) {
        return;
    }
    if (proa_conn_delivered(link->conn) > link->delivered) {
        watch_writing(link);
        return;
    }
    link_enter(link);
    const struct proa_call_failure failure = {.err = PROA_ERR_TIMEOUT, .connected = true};
    proa_call_fail(call, &failure);
    (void)link_leave(link);
}

/* The head shows the key: no copy of it is left. */
static enum proa_err write_pieces(struct link *link, const struct iovec *iov, size_t n)
{
    enum proa_err err = PROA_OK;
    PROA_UNINIT struct proa_gather g;
    proa_gather_init(&g, link->pool->up->together);
    for (size_t i = 0; i < n && err == PROA_OK; i++) {
        if (PROA_UNLIKELY(!proa_gather_add(&g, iov[i]))) {
            err = proa_conn_writev(link->conn, g.iov, g.n);
            explicit_bzero(g.text, g.used);
            proa_gather_init(&g, g.text);
            (void)proa_gather_add(&g, iov[i]); /* there is room now */
        }
    }
    if (err == PROA_OK) {
        err = proa_conn_writev(link->conn, g.iov, g.n);
    }
    explicit_bzero(g.text, g.used);
    return err;
}

static enum proa_err write_request(struct link *link, const struct proa_call_request *request)
{
    struct iovec *iov = NULL;
    size_t n = 0;
    if (PROA_UNLIKELY(link->pool->authority.len > 0) &&
        proa_connpool_absolute(link->pool, request, &iov, &n)) {
        return write_pieces(link, iov, n);
    }
    return write_pieces(link, request->iov, request->n_iov);
}

bool proa_link_send(struct link *link, struct proa_call *call)
{
    if (!link->parser) {
        link->parser = proa_http_parser_create();
    }
    proa_http_parser_start(link->parser, &link->pool->up->answer_cfg, call->request.arena, link);
    link->call = call;
    call->link = link;
    link->complete = false;
    link->keep_alive = false;
    link->state = LINK_BUSY;
    if (write_request(link, &call->request) != PROA_OK) {
        link->call = NULL;
        call->link = NULL;
        proa_link_close(link);
        return false;
    }
    call->sent = true;
    link->write_timer.fn = on_write_timer;
    link->write_timer.ctx = link;
    watch_writing(link);
    return true;
}

static void count_dial(const struct link *link, enum proa_err err)
{
    const struct proa_connpool *pool = link->pool;
    proa_metric_add(err == PROA_OK ? pool->m_dial_ok : pool->m_dial_failed, 1);
    if (err == PROA_OK && pool->tls) {
        proa_metric_add(proa_conn_is_resumed(link->conn) ? pool->m_tls_resumed : pool->m_tls_full,
                        1);
    }
}

static void link_on_open(void *ctx, enum proa_err err)
{
    struct link *link = ctx;
    struct proa_call *call = link->call;
    count_dial(link, err);
    link_enter(link);
    if (err == PROA_OK && !proa_link_send(link, call)) {
        err = PROA_ERR_RESET;
    }
    if (err != PROA_OK) {
        const struct proa_call_failure failure = {
            .err = err,
            .detail = link->conn ? proa_conn_error_detail(link->conn) : PROA_SLICE_NONE,
        };
        call->link = link;
        proa_call_fail(call, &failure);
    } else {
        if (call->paused) {
            proa_conn_pause(link->conn, true);
        }
        call->events->on_sent(call->ctx, false);
    }
    (void)link_leave(link);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static enum proa_err answer_on_head(void *ctx, const struct proa_http_head *head)
{
    struct link *link = ctx;
    struct proa_call *call = link->call;
    if (PROA_UNLIKELY(head->status == PROXY_AUTH_REQUIRED) && link->pool->authority.len > 0) {
        return PROA_ERR_PROXY; /* not the provider speaks */
    }
    link->keep_alive = head->keep_alive;
    call->events->on_head(call->ctx, head);
    return link->call == call ? PROA_OK : PROA_ERR_CANCELLED;
}

static enum proa_err answer_on_body(void *ctx, struct proa_slice bytes)
{
    struct link *link = ctx;
    struct proa_call *call = link->call;
    call->events->on_body(call->ctx, bytes);
    return link->call == call ? PROA_OK : PROA_ERR_CANCELLED;
}

static enum proa_err answer_on_complete(void *ctx)
{
    struct link *link = ctx;
    link->complete = true;
    return PROA_OK;
}

void proa_link_answer_cfg(struct proa_http_parser_cfg *out)
{
    *out = (struct proa_http_parser_cfg){
        .mode = PROA_HTTP_RESPONSE,
        .limits = proa_http_limits_upstream,
        .events = {.on_head = answer_on_head,
                   .on_body = answer_on_body,
                   .on_complete = answer_on_complete},
    };
}

/* Back to the pool, or closed where it cannot serve another call. */
static void link_release(struct link *link, bool surplus)
{
    struct proa_connpool *pool = link->pool;
    const bool reusable = link->keep_alive && !surplus && !proa_conn_has_surplus(link->conn) &&
                          proa_conn_queued(link->conn) == 0 && pool->n_idle < pool->max_idle &&
                          pool->refs > 0;
    if (!reusable) {
        proa_link_close(link);
        return;
    }
    link->state = LINK_IDLE;
    link->idle_since_ns = proa_loop_now(pool->up->loop);
    proa_list_unlink(&link->node);
    proa_list_push_front(&pool->idle, &link->node);
    pool->n_idle++;
    proa_metric_add(pool->m_idle, 1);
    if (!proa_timer_armed(&pool->sweep)) {
        proa_timer_set(pool->up->loop, &pool->sweep, link->idle_since_ns + pool->idle_ns);
    }
}

/* The answer is whole: the connection is free before the call's owner hears of it, so that the
 * owner's next request finds it. */
static void answer_done(struct link *link, bool surplus)
{
    struct proa_call *call = link->call;
    struct proa_connpool *pool = link->pool;
    link->call = NULL;
    call->link = NULL;
    if (call->paused) {
        proa_conn_pause(link->conn, false);
    }
    link_release(link, surplus);
    proa_call_complete(call);
    proa_connpool_pump(pool);
}

static void answer_fail(struct link *link, enum proa_err err, enum proa_http_fault fault)
{
    struct proa_call *call = link->call;
    const bool proxy = err == PROA_ERR_PROXY;
    const struct proa_call_failure failure = {
        .err = err,
        .connected = !proxy,
        .answered = call->answered,
        .fault = proxy ? PROA_HTTP_FAULT_NONE : fault,
        .detail = proxy ? PROA_SLICE("the proxy wants other credentials than it got (407); set "
                                     "proxy_auth, or user:password@ in the variable")
                        : proa_conn_error_detail(link->conn),
    };
    proa_call_fail(call, &failure);
}

static void link_on_data(void *ctx, struct proa_slice bytes)
{
    struct link *link = ctx;
    struct proa_call *call = link->call;
    if (!call) {
        /* A byte that nobody asked for: the next answer could not be trusted. */
        proa_link_close(link);
        return;
    }
    call->answered = true;
    link_enter(link);
    size_t used = 0;
    const enum proa_err err = proa_http_parser_feed(link->parser, bytes, &used);
    if (link->call == call) {
        if (err != PROA_OK) {
            answer_fail(link, err, proa_http_parser_fault(link->parser));
        } else if (link->complete) {
            answer_done(link, used < bytes.len);
        } else {
            call->events->on_batch(call->ctx);
        }
    }
    (void)link_leave(link);
}

static void resend_on_fresh(struct link *link, struct proa_call *call)
{
    struct proa_connpool *pool = link->pool;
    link->call = NULL;
    call->link = NULL;
    call->sent = false;
    proa_link_close(link);
    proa_link_dial(pool, call);
}

static void link_on_end(void *ctx, enum proa_err err)
{
    struct link *link = ctx;
    struct proa_call *call = link->call;
    if (!call) {
        struct proa_connpool *pool = link->pool;
        proa_link_close(link);
        proa_connpool_pump(pool);
        return;
    }
    link_enter(link);
    if (!call->answered && call->reused) {
        resend_on_fresh(link, call);
    } else if (err != PROA_OK) {
        answer_fail(link, err, PROA_HTTP_FAULT_NONE);
    } else {
        const enum proa_err end = proa_http_parser_finish(link->parser);
        if (link->call == call && link->complete) {
            link->keep_alive = false;
            answer_done(link, false);
        } else if (link->call == call) {
            answer_fail(link, end == PROA_OK ? PROA_ERR_CLOSED : end, PROA_HTTP_FAULT_NONE);
        }
    }
    (void)link_leave(link);
}

static void link_on_drain(void *ctx)
{
    (void)ctx; /* a request is queued whole; nobody waits for room */
}
