/*
 * Writing answers: status line, the exchange's header lines, framing, body, all in one write.
 */
#include "server_priv.h"

#include "proa/core/clock.h"
#include "proa/http/serialize.h"

static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";

static void append_date(struct proa_server *server, struct proa_buf *out)
{
    const uint64_t now_s = proa_loop_wall_ms(server->loop) / 1000;
    if (now_s != server->date_s) {
        server->date_s = now_s;
        proa_civil_http_date(now_s, server->date_text);
    }
    PROA_BUF_LIT(out, "date: ");
    (void)proa_buf_append(out, proa_slice_make(server->date_text, sizeof server->date_text));
}

static void append_framing(struct client *c, uint64_t body_bytes, struct proa_buf *out)
{
    if (body_bytes != PROA_BODY_UNKNOWN) {
        c->framing = FRAME_LENGTH;
        PROA_BUF_LIT(out, "\r\ncontent-length: ");
        (void)proa_buf_append_u64(out, body_bytes);
    } else if (c->minor_version >= 1) {
        c->framing = FRAME_CHUNKED;
        PROA_BUF_LIT(out, "\r\ntransfer-encoding: chunked");
    } else {
        c->framing = FRAME_CLOSE;
        c->close_after = true;
    }
    if (c->is_head) {
        c->framing = FRAME_NONE;
    }
    if (c->close_after) {
        PROA_BUF_LIT(out, "\r\nconnection: close");
    } else if (c->minor_version == 0) {
        PROA_BUF_LIT(out, "\r\nconnection: keep-alive");
    }
    PROA_BUF_LIT(out, "\r\n\r\n");
}

/* A client that does not read is reset when nothing has moved for a while. After a write that
 * failed (the connection is gone, or its queue full) no later one may close the gap unseen. */
static void write_all(struct client *c, const struct iovec *iov, size_t n)
{
    if (c->is_cut) {
        return;
    }
    if (proa_conn_writev(c->conn, iov, n) != PROA_OK) {
        proa_client_cut(c);
        return;
    }
    if (proa_conn_queued(c->conn) > 0 && !c->is_watched) {
        proa_client_watch(c);
    }
}

static inline void add(struct client *c, struct proa_gather *g, struct iovec piece)
{
    if (PROA_UNLIKELY(!proa_gather_add(g, piece))) {
        write_all(c, g->iov, g->n);
        proa_gather_init(g, g->text);
        (void)proa_gather_add(g, piece); /* there is room now */
    }
}

static struct iovec vec(struct proa_slice s)
{
    return (struct iovec){(void *)(uintptr_t)s.ptr, s.len};
}

/* The body's part in this answer's framing; `prefix` must live until the write. */
static void add_body(struct client *c, struct proa_gather *g,
                     char prefix[PROA_HTTP_CHUNK_PREFIX_MAX], const struct iovec *iov, size_t n,
                     bool last)
{
    if (c->framing == FRAME_NONE) {
        return;
    }
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += iov[i].iov_len;
    }
    const bool chunked = c->framing == FRAME_CHUNKED;
    if (chunked && total > 0) {
        const size_t len = proa_http_chunk_prefix(prefix, total);
        add(c, g, (struct iovec){prefix, len});
    }
    for (size_t i = 0; i < n; i++) {
        add(c, g, iov[i]);
    }
    if (chunked && total > 0) {
        add(c, g, vec(PROA_HTTP_CHUNK_SUFFIX));
    }
    if (chunked && last) {
        add(c, g, vec(PROA_HTTP_LAST_CHUNK));
    }
}

static void frame_reply(void *ctx, const struct proa_client_reply *reply, const struct iovec *iov,
                        size_t n)
{
    struct client *c = ctx;
    if (!c->conn) {
        return;
    }
    struct proa_server *server = c->server;
    c->close_after = c->close_after || !c->keep_alive || server->draining ||
                     c->n_requests >= server->cfg.limits->requests_per_connection;
    struct proa_buf *head = &server->head;
    proa_buf_clear(head);
    if (proa_http_write_status_line(head, reply->status) != PROA_OK) {
        proa_client_close(c);
        return;
    }
    (void)proa_buf_append(head, reply->fields);
    append_date(server, head);
    append_framing(c, reply->body_bytes, head);
    PROA_UNINIT struct proa_gather g;
    PROA_UNINIT char prefix[PROA_HTTP_CHUNK_PREFIX_MAX];
    proa_gather_init(&g, server->together);
    add(c, &g, vec(proa_buf_slice(head)));
    add_body(c, &g, prefix, iov, n, reply->last);
    write_all(c, g.iov, g.n);
}

static void frame_body(void *ctx, const struct iovec *iov, size_t n, bool last)
{
    struct client *c = ctx;
    if (!c->conn) {
        return;
    }
    PROA_UNINIT struct proa_gather g;
    PROA_UNINIT char prefix[PROA_HTTP_CHUNK_PREFIX_MAX];
    proa_gather_init(&g, c->server->together);
    add_body(c, &g, prefix, iov, n, last);
    if (g.n > 0) {
        write_all(c, g.iov, g.n);
    }
}

/* No last chunk, or fewer bytes than announced: the client sees that something is missing. Where
 * the end of the connection is the end of the body, only a reset tells. */
static void frame_abort(void *ctx)
{
    struct client *c = ctx;
    c->close_after = true;
    if (c->framing == FRAME_CLOSE && c->conn) {
        proa_client_cut(c);
    }
}

static bool frame_is_full(void *ctx)
{
    const struct client *c = ctx;
    return c->conn && proa_conn_above_high(c->conn);
}

const struct proa_client_ops proa_frame_ops = {
    .reply = frame_reply,
    .body = frame_body,
    .abort = frame_abort,
    .is_full = frame_is_full,
    .done = proa_client_on_done,
};

void proa_frame_answer(struct client *c, uint16_t status, struct proa_slice fields,
                       struct proa_slice body)
{
    const struct iovec iov = vec(body);
    const struct proa_client_reply reply = {
        .status = status, .fields = fields, .body_bytes = body.len, .last = true};
    frame_reply(c, &reply, &iov, 1);
}

void proa_frame_continue(struct client *c)
{
    const struct iovec iov = {(void *)(uintptr_t)CONTINUE, sizeof CONTINUE - 1};
    write_all(c, &iov, 1);
}
