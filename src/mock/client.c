#include "mock_priv.h"

#include "proa/core/alloc.h"

enum {
    AHEAD_HIGH = 64 * 1024, /* pipelined bytes kept while an answer plays */
    AHEAD_MAX = 192 * 1024,
    KEEP_BODY = 16 * 1024,
    ANSWER_HEAD_MAX = 16 * 1024
};

/* Longer than any caller keeps a connection in its pool, so that the caller decides. */
static const uint64_t PATIENCE_NS = 300 * PROA_NS_PER_S;
static const uint64_t LINGER_NS = 2 * PROA_NS_PER_S;
static const uint64_t TLS_NS = 10 * PROA_NS_PER_S;

static void client_process(struct client *c, struct proa_slice bytes);

/* ---- life ------------------------------------------------------------------------------------ */

static void client_free(struct client *c)
{
    proa_timer_clear(c->mock->loop, &c->timer);
    proa_http_parser_destroy(c->parser);
    proa_arena_reset(&c->arena);
    proa_buf_deinit(&c->body);
    proa_buf_deinit(&c->ahead);
    proa_buf_deinit(&c->answer_head);
    proa_mock_answer_deinit(&c->answer);
    proa_free(c);
}

/* What remains to be done once the connection is no longer ours. */
static void client_drop(struct client *c)
{
    c->conn = NULL;
    c->dead = true;
    c->mock->stats.n_connections--;
    proa_list_unlink(&c->node);
    proa_timer_clear(c->mock->loop, &c->timer);
    if (!c->processing) {
        client_free(c);
    }
}

void proa_mock_client_close(struct client *c)
{
    if (c->state == CLIENT_PLAY && c->phase != PLAY_DONE && c->phase != PLAY_CUT) {
        c->mock->stats.n_left++;
    }
    if (c->conn) {
        proa_conn_close(c->conn);
    }
    client_drop(c);
}

static void enter_idle(struct client *c)
{
    c->state = CLIENT_IDLE;
    proa_timer_set(c->mock->loop, &c->timer, proa_loop_now(c->mock->loop) + PATIENCE_NS);
}

/* ---- requests -------------------------------------------------------------------------------- */

static enum proa_err on_head(void *ctx, const struct proa_http_head *head)
{
    static const struct proa_slice go_on = PROA_SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n");
    struct client *c = ctx;
    c->head = *head;
    c->keep_alive = head->keep_alive;
    if (head->expect_continue && head->has_body) {
        const struct iovec iov = {(void *)(uintptr_t)go_on.ptr, go_on.len};
        return proa_conn_writev(c->conn, &iov, 1);
    }
    return PROA_OK;
}

static enum proa_err on_body(void *ctx, struct proa_slice bytes)
{
    struct client *c = ctx;
    return proa_buf_append(&c->body, bytes);
}

static const struct proa_http_parser_cfg *parser_cfg(void)
{
    static const struct proa_http_parser_cfg cfg = {
        .mode = PROA_HTTP_REQUEST,
        .limits = {.head_bytes = 64 * 1024,
                   .line_bytes = 32 * 1024,
                   .target_bytes = 8 * 1024,
                   .n_headers = 200,
                   .n_interim = 8,
                   .ext_bytes = 4 * 1024,
                   .trailer_bytes = 8 * 1024,
                   .body_bytes = MOCK_MAX_BODY},
        .events = {.on_head = on_head, .on_body = on_body},
    };
    return &cfg;
}

static void begin_request(struct client *c)
{
    c->state = CLIENT_READ;
    c->keep_alive = true;
    c->close_after = false;
    proa_http_parser_start(c->parser, parser_cfg(), &c->arena, c);
}

void proa_mock_client_done(struct client *c)
{
    c->mock->stats.n_answers++;
    proa_arena_reset(&c->arena);
    proa_buf_clear(&c->body);
    proa_buf_trim(&c->body, KEEP_BODY);
    proa_mock_answer_clear(&c->answer);
    if (c->close_after) {
        proa_conn_close_later(c->conn, LINGER_NS);
        client_drop(c);
        return;
    }
    enter_idle(c);
    if (c->processing) {
        return;
    }
    if (c->ahead_paused) {
        c->ahead_paused = false;
        proa_conn_pause(c->conn, false);
    }
    if (c->ahead.len > 0) {
        struct proa_buf ahead = c->ahead;
        proa_buf_init(&c->ahead, AHEAD_MAX);
        client_process(c, proa_buf_slice(&ahead)); /* may release c */
        proa_buf_deinit(&ahead);
    }
}

/* Feeds one request; returns how many bytes it took. */
static size_t feed(struct client *c, struct proa_slice bytes)
{
    size_t used = 0;
    enum proa_err err = proa_http_parser_feed(c->parser, bytes, &used);
    if (err == PROA_ERR_PROTOCOL) {
        proa_mock_serve_fault(c, proa_http_parser_fault(c->parser));
        proa_mock_play_start(c);
    } else if (err) {
        proa_mock_client_close(c);
    } else if (proa_http_parser_state(c->parser) == PROA_HTTP_PARSER_COMPLETE) {
        c->mock->stats.n_requests++;
        c->state = CLIENT_PLAY;
        proa_mock_serve(c);
        proa_mock_play_start(c);
    }
    return used;
}

static void keep_ahead(struct client *c, struct proa_slice bytes)
{
    if (c->close_after) {
        return; /* what follows the last request is ignored */
    }
    if (proa_buf_append(&c->ahead, bytes)) {
        c->close_after = true;
    }
    if (c->ahead.len >= AHEAD_HIGH && !c->ahead_paused) {
        c->ahead_paused = true;
        proa_conn_pause(c->conn, true);
    }
}

static void client_process(struct client *c, struct proa_slice bytes)
{
    PROA_ASSERT(!c->processing);
    c->processing = true;
    while (bytes.len > 0 && !c->dead) {
        switch (c->state) {
        case CLIENT_IDLE:
            begin_request(c);
            break;
        case CLIENT_READ:
            bytes = proa_slice_from(bytes, feed(c, bytes));
            break;
        case CLIENT_PLAY:
            keep_ahead(c, bytes);
            bytes.len = 0;
            break;
        }
    }
    c->processing = false;
    if (c->dead) {
        client_free(c);
    }
}

/* ---- connection ------------------------------------------------------------------------------ */

static void on_timer(void *ctx, uint64_t now_ns)
{
    struct client *c = ctx;
    (void)now_ns;
    if (c->state == CLIENT_PLAY) {
        proa_mock_play_resume(c);
    } else {
        proa_mock_client_close(c);
    }
}

static void on_open(void *ctx, enum proa_err err)
{
    if (err) {
        proa_mock_client_close(ctx);
    }
}

static void on_data(void *ctx, struct proa_slice bytes)
{
    client_process(ctx, bytes);
}

/* Whoever stops sending does not wait for an answer either. */
static void on_end(void *ctx, enum proa_err err)
{
    (void)err;
    proa_mock_client_close(ctx);
}

static void on_drain(void *ctx)
{
    struct client *c = ctx;
    if (c->state == CLIENT_PLAY && c->blocked) {
        proa_mock_play_resume(c);
    }
}

static const struct proa_conn_events CONN_EVENTS = {
    .on_open = on_open,
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
};

void proa_mock_client_accept(struct proa_mock *mock, struct proa_sock *sock)
{
    struct client *c = PROA_NEW(struct client);
    c->mock = mock;
    c->parser = proa_http_parser_create();
    c->timer.fn = on_timer;
    c->timer.ctx = c;
    proa_list_init(&c->node);
    proa_list_push_back(&mock->clients, &c->node);
    proa_arena_init(&c->arena, &mock->arena_chunks);
    proa_buf_init(&c->body, MOCK_MAX_BODY);
    proa_buf_init(&c->ahead, AHEAD_MAX);
    proa_buf_init(&c->answer_head, ANSWER_HEAD_MAX);
    proa_mock_answer_init(&c->answer);
    mock->stats.n_accepted++;
    mock->stats.n_connections++;
    c->conn = proa_conn_accept(mock->net, sock, mock->tls, TLS_NS, &CONN_EVENTS, c);
    enter_idle(c);
}
