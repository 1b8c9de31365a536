/*
 * Writing answers: status line, the exchange's header lines, framing, body, all in one write.
 */
#include "server_priv.h"

#include "proa/core/clock.h"
#include "proa/http/serialize.h"

enum { IOV_MAX_PIECES = 32 };

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

/* A client that does not read is reset when nothing has moved for a while. */
static void watch_stall(struct client *c)
{
    const size_t queued = proa_conn_queued(c->conn);
    if (queued > 0 && c->stalled_at == 0) {
        c->stalled_at = queued;
        proa_client_set_deadline(c, proa_loop_now(c->server->loop) +
                                        c->server->cfg.limits->write_stall_ns);
    }
}

/* A write that fails means that the connection is gone: on_end says so, or has said so. */
static void write_all(struct client *c, const struct iovec *iov, size_t n)
{
    if (proa_conn_writev(c->conn, iov, n) == PROA_OK) {
        watch_stall(c);
    }
}

struct pieces {
    struct iovec iov[IOV_MAX_PIECES];
    size_t n;
};

static void add(struct client *c, struct pieces *p, struct iovec piece)
{
    if (piece.iov_len == 0) {
        return;
    }
    if (p->n == IOV_MAX_PIECES) {
        write_all(c, p->iov, p->n);
        p->n = 0;
    }
    p->iov[p->n++] = piece;
}

static struct iovec vec(struct proa_slice s)
{
    return (struct iovec){(void *)(uintptr_t)s.ptr, s.len};
}

/* The body's part in this answer's framing; `prefix` must live until the write. */
static void add_body(struct client *c, struct pieces *p, char *prefix, const struct iovec *iov,
                     size_t n, bool last)
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
        add(c, p, (struct iovec){prefix, len});
    }
    for (size_t i = 0; i < n; i++) {
        add(c, p, iov[i]);
    }
    if (chunked && total > 0) {
        add(c, p, vec(PROA_HTTP_CHUNK_SUFFIX));
    }
    if (chunked && last) {
        add(c, p, vec(PROA_HTTP_LAST_CHUNK));
    }
}

static void frame_reply(void *ctx, uint16_t status, struct proa_slice fields, uint64_t body_bytes,
                        const struct iovec *iov, size_t n, bool last)
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
    if (proa_http_write_status_line(head, status) != PROA_OK) {
        proa_client_close(c);
        return;
    }
    (void)proa_buf_append(head, fields);
    append_date(server, head);
    append_framing(c, body_bytes, head);
    struct pieces p = {.n = 0};
    char prefix[PROA_HTTP_CHUNK_PREFIX_MAX];
    add(c, &p, vec(proa_buf_slice(head)));
    add_body(c, &p, prefix, iov, n, last);
    write_all(c, p.iov, p.n);
}

static void frame_body(void *ctx, const struct iovec *iov, size_t n, bool last)
{
    struct client *c = ctx;
    if (!c->conn) {
        return;
    }
    struct pieces p = {.n = 0};
    char prefix[PROA_HTTP_CHUNK_PREFIX_MAX];
    add_body(c, &p, prefix, iov, n, last);
    if (p.n > 0) {
        write_all(c, p.iov, p.n);
    }
}

/* No last chunk, or fewer bytes than announced: the client sees that something is missing. */
static void frame_abort(void *ctx)
{
    struct client *c = ctx;
    c->close_after = true;
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
    frame_reply(c, status, fields, body.len, &iov, 1, true);
}

void proa_frame_continue(struct client *c)
{
    const struct iovec iov = {(void *)(uintptr_t)CONTINUE, sizeof CONTINUE - 1};
    write_all(c, &iov, 1);
}
