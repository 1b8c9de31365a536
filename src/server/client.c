/*
 * One client connection: requests come in one at a time and are answered in their order; bytes of
 * the next ones wait. What a request is about is not known here: the data listener's go to an
 * exchange, the others to admin.
 */
#include "server_priv.h"

#include "proa/core/clock.h"
#include "proa/obs/reqid.h"

static const uint64_t BODY_STEP = UINT64_C(64) * 1024; /* bytes of a body for one second more */
static const uint64_t LINGER_NS = 2 * PROA_NS_PER_S;
static const uint64_t TLS_NS = 10 * PROA_NS_PER_S;

static void on_open(void *ctx, enum proa_err err);
static void on_data(void *ctx, struct proa_slice bytes);
static void on_end(void *ctx, enum proa_err err);
static void on_drain(void *ctx);
static void process(struct client *c, struct proa_slice bytes);

static const struct proa_conn_events CONN_EVENTS = {
    .on_open = on_open,
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
};

/* ---- deadlines ------------------------------------------------------------------------------- */

/* Moving a deadline later leaves the timer where it is: it looks again when it fires. */
void proa_client_set_deadline(struct client *c, uint64_t at_ns)
{
    c->deadline_ns = at_ns;
    if (at_ns != PROA_NEVER && (!proa_timer_armed(&c->timer) || c->timer.node.key > at_ns)) {
        proa_timer_set(c->server->loop, &c->timer, at_ns);
    }
}

static void refuse_now(struct client *c, enum proa_api_error_code code, uint16_t status,
                       struct proa_slice message, const char *allow);

void proa_client_watch(struct client *c)
{
    c->is_watched = true;
    c->delivered = proa_conn_delivered(c->conn);
    proa_client_set_deadline(c, proa_loop_now(c->server->loop) +
                                    c->server->cfg.limits->write_stall_ns);
}

void proa_client_cut(struct client *c)
{
    c->is_cut = true;
    c->close_after = true;
    proa_client_set_deadline(c, proa_loop_now(c->server->loop));
}

static void reset(struct client *c)
{
    proa_conn_reset(c->conn);
    c->conn = NULL;
    proa_client_close(c);
}

/* Answer bytes wait for the client: it gets more time as long as it takes some. */
static void check_stall(struct client *c)
{
    const bool waiting = proa_conn_queued(c->conn) > 0;
    if (waiting && proa_conn_delivered(c->conn) > c->delivered) {
        proa_client_watch(c);
    } else if (waiting) {
        reset(c);
    } else if (c->state == CLIENT_RUN) {
        c->is_watched = false;
        proa_client_set_deadline(c, PROA_NEVER);
    } else {
        proa_client_close(c);
    }
}

static void on_deadline(struct client *c)
{
    if (c->is_cut) {
        reset(c);
        return;
    }
    switch ((enum client_state)c->state) {
    case CLIENT_HEAD:
    case CLIENT_BODY:
        refuse_now(c, PROA_API_ERR_REQUEST_TIMEOUT, 408,
                   PROA_SLICE("The request did not arrive in time; send head and body at once."),
                   NULL);
        break;
    case CLIENT_IDLE: /* the last answer may still be on its way */
    case CLIENT_RUN:
    case CLIENT_LINGER:
        check_stall(c);
        break;
    }
}

static void on_timer(void *ctx, uint64_t now_ns)
{
    struct client *c = ctx;
    if (c->deadline_ns == PROA_NEVER) {
        return;
    }
    if (now_ns < c->deadline_ns) {
        proa_timer_set(c->server->loop, &c->timer, c->deadline_ns);
        return;
    }
    on_deadline(c);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void enter_idle(struct client *c)
{
    c->state = CLIENT_IDLE;
    c->refusal.status = 0;
    c->is_watched = false;
    if (proa_conn_queued(c->conn) > 0) { /* the answer is not out yet */
        c->delivered = proa_conn_delivered(c->conn);
    }
    proa_client_set_deadline(c,
                             proa_loop_now(c->server->loop) + c->server->cfg.limits->keep_alive_ns);
}

void proa_client_accept(struct listening *listening, struct proa_sock *sock)
{
    struct proa_server *server = listening->server;
    struct client *c = proa_freelist_take(&server->client_pool);
    proa_list_init(&c->node);
    proa_list_push_back(&server->clients, &c->node);
    c->server = server;
    c->listening = listening;
    c->timer.fn = on_timer;
    c->timer.ctx = c;
    proa_arena_init(&c->arena, &server->arena_chunks);
    proa_buf_init(&c->ahead, AHEAD_MAX);
    struct proa_tls_context *tls = listening->kind == PROA_LISTENER_DATA ? server->cfg.tls : NULL;
    c->conn = proa_conn_accept(server->cfg.net, sock, tls, TLS_NS, &CONN_EVENTS, c);
    enter_idle(c);
    c->overloaded = !proa_server_admit(server, c);
}

/* One connection too many: it is told so before it has said anything. */
static void turn_away(struct client *c)
{
    struct proa_exchange_host *host = c->server->cfg.host;
    struct proa_buf fields;
    char id[PROA_REQID_LEN];
    c->minor_version = 1;
    c->close_after = true;
    proa_buf_init(&fields, 1024);
    proa_reqid_make(proa_loop_wall_ms(c->server->loop), &host->prng, id);
    PROA_BUF_LIT(&fields, "content-type: application/json\r\nretry-after: 1\r\n"
                          "x-should-retry: true\r\nx-request-id: ");
    (void)proa_buf_append(&fields, proa_slice_make(id, sizeof id));
    PROA_BUF_LIT(&fields, "\r\nrequest-id: ");
    (void)proa_buf_append(&fields, proa_slice_make(id, sizeof id));
    PROA_BUF_LIT(&fields, "\r\n");
    proa_frame_answer(c, 503, proa_buf_slice(&fields),
                      PROA_SLICE("{\"error\":{\"message\":\"Too many connections are open: close "
                                 "idle ones or raise limits.connections.\","
                                 "\"type\":\"overloaded_error\",\"param\":null,"
                                 "\"code\":\"gateway_overloaded\",\"source\":\"gateway\"}}"));
    proa_buf_deinit(&fields);
    proa_client_linger(c);
}

static void client_free(struct client *c)
{
    struct proa_server *server = c->server;
    proa_timer_clear(server->loop, &c->timer);
    proa_arena_reset(&c->arena);
    proa_buf_deinit(&c->ahead);
    proa_freelist_give(&server->client_pool, c);
}

static void drop_parser(struct client *c)
{
    if (c->parser) {
        proa_server_give_parser(c->server, c->parser);
        c->parser = NULL;
    }
}

void proa_client_close(struct client *c)
{
    if (c->conn) {
        proa_conn_close(c->conn);
        c->conn = NULL;
    }
    if (!c->dead) {
        c->dead = true;
        c->deadline_ns = PROA_NEVER;
        proa_list_unlink(&c->node);
        proa_server_forget(c->server, c);
        drop_parser(c);
        if (c->exchange) {
            proa_exchange_client_gone(c->exchange); /* done follows, now or later */
            return;
        }
    }
    if (!c->exchange && !c->processing) {
        client_free(c);
    }
}

void proa_client_linger(struct client *c)
{
    drop_parser(c);
    c->state = CLIENT_LINGER;
    c->lingered = 0;
    if (c->is_cut) {
        proa_client_cut(c);
        return;
    }
    proa_conn_shutdown(c->conn);
    if (c->ahead_paused) {
        c->ahead_paused = false;
        proa_conn_pause(c->conn, false);
    }
    /* Closing while our answer is under way would take it from the client, so it may finish. */
    if (proa_conn_queued(c->conn) > 0) {
        proa_client_watch(c);
    } else {
        proa_client_set_deadline(c, proa_loop_now(c->server->loop) + LINGER_NS);
    }
}

/* ---- requests -------------------------------------------------------------------------------- */

static void begin_request(struct client *c)
{
    struct proa_server *server = c->server;
    c->parser = proa_server_take_parser(server);
    proa_http_parser_start(c->parser, &server->parse_cfg, &c->arena, c);
    c->state = CLIENT_HEAD;
    c->n_requests++;
    c->minor_version = 1;
    c->keep_alive = true;
    c->is_head = false;
    c->close_after = false;
    proa_client_set_deadline(c, proa_loop_now(server->loop) + server->cfg.limits->head_ns);
    if (c->listening->kind == PROA_LISTENER_DATA) {
        c->exchange = proa_exchange_create(server->cfg.host, &c->arena, &proa_frame_ops, c);
    }
}

/* The request is answered: the next one, or the end. */
static void request_over(struct client *c)
{
    drop_parser(c);
    if (c->dead) {
        if (!c->processing) {
            client_free(c);
        }
        return;
    }
    if (c->close_after) {
        proa_client_linger(c);
        return;
    }
    proa_arena_reset(&c->arena);
    enter_idle(c);
    if (c->server->draining && c->ahead.len == 0) {
        proa_client_linger(c);
    }
}

static void take_ahead(struct client *c)
{
    if (c->state != CLIENT_IDLE || c->dead) {
        return;
    }
    if (c->ahead_paused) {
        c->ahead_paused = false;
        proa_conn_pause(c->conn, false);
    }
    if (c->ahead.len > 0) {
        struct proa_buf ahead = c->ahead;
        proa_buf_init(&c->ahead, AHEAD_MAX);
        process(c, proa_buf_slice(&ahead)); /* may release c */
        proa_buf_deinit(&ahead);
    }
}

void proa_client_on_done(void *ctx)
{
    struct client *c = ctx;
    c->exchange = NULL;
    const bool inside = c->processing;
    const bool dead = c->dead;
    request_over(c);
    if (!inside && !dead) {
        take_ahead(c);
    }
}

static void answer_plainly(struct client *c, uint16_t status, const char *type, const char *allow,
                           struct proa_slice body)
{
    struct proa_buf fields;
    proa_buf_init(&fields, 1024);
    PROA_BUF_LIT(&fields, "content-type: ");
    (void)proa_buf_append_cstr(&fields, type);
    PROA_BUF_LIT(&fields, "\r\ncache-control: no-store\r\n");
    if (allow) {
        PROA_BUF_LIT(&fields, "allow: ");
        (void)proa_buf_append_cstr(&fields, allow);
        PROA_BUF_LIT(&fields, "\r\n");
    }
    proa_frame_answer(c, status, proa_buf_slice(&fields), body);
    proa_buf_deinit(&fields);
}

/* The body, if one is still to come, is never read: such an answer ends the connection. */
static void refuse_now(struct client *c, enum proa_api_error_code code, uint16_t status,
                       struct proa_slice message, const char *allow)
{
    c->close_after = c->close_after || c->state != CLIENT_RUN;
    c->state = CLIENT_RUN;
    if (!c->exchange) {
        answer_plainly(c, status, "text/plain; charset=utf-8", allow, message);
        request_over(c);
        return;
    }
    struct proa_buf lines;
    proa_buf_init(&lines, 512);
    if (allow) {
        PROA_BUF_LIT(&lines, "allow: ");
        (void)proa_buf_append_cstr(&lines, allow);
        PROA_BUF_LIT(&lines, "\r\n");
    } else if (status == 503) {
        PROA_BUF_LIT(&lines, "retry-after: 1\r\n");
    }
    proa_exchange_refuse(c->exchange, code, status, message, proa_buf_slice(&lines));
    proa_buf_deinit(&lines);
}

static enum proa_err head_done(void *ctx, const struct proa_http_head *head)
{
    struct client *c = ctx;
    const struct proa_limits_cfg *limits = c->server->cfg.limits;
    c->head = head;
    c->minor_version = head->minor_version;
    /* An offer to upgrade is ignored, and nothing that may follow in the other protocol is read. */
    c->keep_alive =
        head->keep_alive && !proa_http_header_find(&head->headers, PROA_HTTP_HEADER_UPGRADE);
    c->is_head = head->method == PROA_HTTP_HEAD;
    c->state = CLIENT_BODY;
    c->head_at_ns = proa_loop_now(c->server->loop);
    if (c->exchange) {
        proa_api_match(head->method, head->path, &c->match);
        proa_exchange_head(c->exchange, c->head, c->match.surface);
    }
    if (!proa_guard_check(c, head)) {
        return head->has_body ? PROA_ERR_CANCELLED : PROA_OK;
    }
    if (!head->has_body) {
        return PROA_OK;
    }
    if (c->exchange && proa_exchange_expect_body(c->exchange, head->content_length) != PROA_OK) {
        c->refusal = (struct refusal){
            .code = PROA_API_ERR_OVERLOADED,
            .status = 503,
            .message = PROA_SLICE("The memory for request bodies is used up; try again shortly."),
        };
        return PROA_ERR_CANCELLED;
    }
    proa_client_set_deadline(c, c->head_at_ns + limits->body_ns +
                                    head->content_length / BODY_STEP * PROA_NS_PER_S);
    if (head->expect_continue) {
        proa_frame_continue(c);
    }
    return PROA_OK;
}

static enum proa_err body_bytes(void *ctx, struct proa_slice bytes)
{
    struct client *c = ctx;
    if (!c->exchange || c->head->method != PROA_HTTP_POST) {
        return PROA_OK; /* nobody asked for it: read and forgotten, within the limit */
    }
    if (proa_exchange_add_body(c->exchange, bytes) != PROA_OK) {
        c->refusal = (struct refusal){
            .code = PROA_API_ERR_OVERLOADED,
            .status = 503,
            .message = PROA_SLICE("The memory for request bodies is used up; try again shortly."),
        };
        return PROA_ERR_CANCELLED;
    }
    if (c->head->is_chunked) {
        proa_client_set_deadline(c, c->head_at_ns + c->server->cfg.limits->body_ns +
                                        proa_http_parser_body_bytes(c->parser) / BODY_STEP *
                                            PROA_NS_PER_S);
    }
    return PROA_OK;
}

void proa_client_parse_cfg(const struct proa_limits_cfg *limits, struct proa_http_parser_cfg *out)
{
    *out = (struct proa_http_parser_cfg){
        .mode = PROA_HTTP_REQUEST,
        .limits = proa_http_limits_client,
        .events = {.on_head = head_done, .on_body = body_bytes},
    };
    out->limits.head_bytes = (uint32_t)limits->head;
    out->limits.line_bytes = (uint32_t)limits->line;
    out->limits.target_bytes = (uint32_t)limits->uri;
    out->limits.n_headers = limits->headers;
    out->limits.body_bytes = limits->body;
}

static void dispatch(struct client *c)
{
    c->state = CLIENT_RUN;
    proa_client_set_deadline(c, PROA_NEVER);
    drop_parser(c);
    if (c->refusal.status != 0) {
        refuse_now(c, c->refusal.code, c->refusal.status, c->refusal.message, c->refusal.allow);
        return;
    }
    if (c->exchange) {
        proa_exchange_run(c->exchange, &c->match);
        return;
    }
    struct proa_admin_reply reply;
    proa_admin_handle(c->server->cfg.admin, c->listening->kind, c->head, &reply);
    answer_plainly(c, reply.status, reply.content_type, reply.allow, proa_buf_slice(&reply.body));
    proa_buf_deinit(&reply.body);
    request_over(c);
}

/* A framing fault: bytes behind it are never read as a request. */
static void refuse_fault(struct client *c)
{
    const enum proa_http_fault fault = proa_http_parser_fault(c->parser);
    const struct proa_http_fault_info *info = proa_http_fault_info(fault);
    const struct proa_http_head *head = proa_http_parser_too_long(c->parser);
    enum proa_api_error_code code = PROA_API_ERR_BAD_HTTP;
    for (int i = 0; i < PROA_API_ERR_COUNT; i++) {
        if (proa_api_error_status((enum proa_api_error_code)i) == info->status &&
            info->status != 400) {
            code = (enum proa_api_error_code)i;
            break;
        }
    }
    if (head && c->exchange) { /* it is told in the words of whom it asked */
        proa_api_match(head->method, head->path, &c->match);
        proa_exchange_head(c->exchange, head, c->match.surface);
    }
    c->close_after = true;
    refuse_now(c, code, (uint16_t)info->status, info->text,
               info->status == 405 ? "GET, HEAD, POST" : NULL);
}

/* Feeds one request; returns how many bytes it took. */
static size_t feed(struct client *c, struct proa_slice bytes)
{
    size_t used = 0;
    const enum proa_err err = proa_http_parser_feed(c->parser, bytes, &used);
    if (err == PROA_ERR_PROTOCOL) {
        refuse_fault(c);
    } else if (err != PROA_OK) {
        c->close_after = true;
        refuse_now(c, c->refusal.code, c->refusal.status, c->refusal.message, c->refusal.allow);
    } else if (proa_http_parser_state(c->parser) == PROA_HTTP_PARSER_COMPLETE) {
        dispatch(c);
    }
    return used;
}

static void keep_ahead(struct client *c, struct proa_slice bytes)
{
    if (!c->keep_alive || c->close_after) {
        return; /* what follows the last request is ignored */
    }
    /* Reading stops at the high mark, and one more read fits behind it. */
    if (proa_buf_append(&c->ahead, bytes) != PROA_OK) {
        c->close_after = true;
    }
    if (c->ahead.len >= AHEAD_HIGH && !c->ahead_paused) {
        c->ahead_paused = true;
        proa_conn_pause(c->conn, true);
    }
}

static void process(struct client *c, struct proa_slice bytes)
{
    PROA_ASSERT(!c->processing);
    c->processing = true;
    while (bytes.len > 0 && !c->dead) {
        switch ((enum client_state)c->state) {
        case CLIENT_IDLE:
            if (proa_conn_above_high(c->conn)) { /* it asks on without taking the answers */
                keep_ahead(c, bytes);
                bytes.len = 0;
                break;
            }
            begin_request(c);
            break;
        case CLIENT_HEAD:
        case CLIENT_BODY:
            bytes = proa_slice_from(bytes, feed(c, bytes));
            break;
        case CLIENT_RUN:
            keep_ahead(c, bytes);
            bytes.len = 0;
            break;
        case CLIENT_LINGER:
            c->lingered += bytes.len;
            bytes.len = 0;
            if (c->lingered > LINGER_BYTES) {
                proa_client_close(c);
            }
            break;
        }
    }
    c->processing = false;
    if (c->dead && !c->exchange) {
        client_free(c);
    }
}

/* ---- connection ------------------------------------------------------------------------------ */

static void on_open(void *ctx, enum proa_err err)
{
    struct client *c = ctx;
    if (err != PROA_OK) {
        proa_client_close(c);
        return;
    }
    c->is_open = true;
    if (c->overloaded) {
        turn_away(c);
    }
}

static void on_data(void *ctx, struct proa_slice bytes)
{
    process(ctx, bytes);
}

/* Whatever way it ended: nobody is there to read an answer. */
static void on_end(void *ctx, enum proa_err err)
{
    (void)err;
    proa_client_close(ctx);
}

static void on_drain(void *ctx)
{
    struct client *c = ctx;
    c->is_watched = false;
    if (c->state == CLIENT_IDLE) {
        take_ahead(c);
        return;
    }
    if (c->state == CLIENT_RUN && !c->is_cut) {
        proa_client_set_deadline(c, PROA_NEVER);
    }
    if (c->exchange && c->state == CLIENT_RUN) {
        proa_exchange_drained(c->exchange);
    }
}
