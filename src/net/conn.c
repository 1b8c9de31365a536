#include "proa/net/conn.h"

#include "conn_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

enum { SPARE_CONNS = 256, DETAIL_MAX = 512 };

struct proa_net *proa_net_create(struct proa_loop *loop)
{
    struct proa_net *net = PROA_NEW(struct proa_net);
    net->loop = loop;
    net->dns = proa_dns_create(loop, PROA_NET_DNS_TTL_S * PROA_NS_PER_S,
                               PROA_NET_DNS_STALE_S * PROA_NS_PER_S);
    proa_freelist_init(&net->conns, sizeof(struct proa_conn), SPARE_CONNS);
    proa_loop_tend(loop, &net->conns);
    return net;
}

void proa_net_destroy(struct proa_net *net)
{
    if (!net) {
        return;
    }
    proa_dns_destroy(net->dns);
    proa_freelist_deinit(&net->conns);
    proa_free(net->plain);
    proa_free(net);
}

struct proa_loop *proa_net_loop(const struct proa_net *net)
{
    return net->loop;
}

/* States. */

void proa_conn_enter(struct proa_conn *conn, enum conn_state to)
{
    static const unsigned from[] = {
        [CONN_DIALING] = 0,
        [CONN_TUNNELLING] = 1U << CONN_DIALING,
        [CONN_ACCEPTED] = 1U << CONN_DIALING,
        [CONN_SHAKING] = 1U << CONN_DIALING | 1U << CONN_TUNNELLING,
        [CONN_OPEN] =
            1U << CONN_DIALING | 1U << CONN_TUNNELLING | 1U << CONN_ACCEPTED | 1U << CONN_SHAKING,
        [CONN_FAILED] =
            1U << CONN_DIALING | 1U << CONN_TUNNELLING | 1U << CONN_ACCEPTED | 1U << CONN_SHAKING,
        [CONN_CLOSED] = ~(1U << CONN_CLOSED),
    };
    PROA_ASSERT(from[to] & 1U << conn->state);
    conn->state = to;
}

void proa_conn_hold(struct proa_conn *conn)
{
    conn->busy++;
}

bool proa_conn_leave(struct proa_conn *conn)
{
    bool alive = conn->state != CONN_CLOSED;
    conn->busy--;
    if (!alive && conn->busy == 0) {
        struct proa_net *net = conn->net;
        proa_freelist_give(&net->conns, conn);
    }
    return alive;
}

void proa_conn_set_detail(struct proa_conn *conn, const struct proa_buf *text)
{
    if (!conn->detail && text->len > 0) {
        conn->detail = proa_strdup_n(text->ptr, text->len < DETAIL_MAX ? text->len : DETAIL_MAX);
    }
}

struct proa_slice proa_conn_error_detail(const struct proa_conn *conn)
{
    return proa_slice_cstr(conn->detail);
}

static void drop_sock(struct proa_conn *conn)
{
    if (conn->sock) {
        proa_sock_close(conn->sock);
        conn->sock = NULL;
    }
}

static void mark_failed(struct proa_conn *conn)
{
    proa_conn_dial_stop(conn);
    proa_conn_tunnel_destroy(conn);
    proa_conn_tls_destroy(conn, false);
    drop_sock(conn);
    proa_conn_enter(conn, CONN_FAILED);
}

void proa_conn_fail_open(struct proa_conn *conn, enum proa_err err)
{
    mark_failed(conn);
    conn->events->on_open(conn->ctx, err);
}

void proa_conn_fail_open_later(struct proa_conn *conn, enum proa_err err)
{
    mark_failed(conn);
    conn->open_err = err;
    proa_defer(conn->net->loop, &conn->later);
}

void proa_conn_end(struct proa_conn *conn, enum proa_err err)
{
    if (!conn->ended) {
        conn->ended = true;
        conn->events->on_end(conn->ctx, err);
    }
}

static void open_accepted(struct proa_conn *conn)
{
    proa_defer_cancel(conn->net->loop, &conn->later);
    proa_conn_enter(conn, CONN_OPEN);
    conn->events->on_open(conn->ctx, PROA_OK);
}

static void on_later(void *ctx)
{
    struct proa_conn *conn = ctx;
    switch (conn->state) {
    case CONN_ACCEPTED:
        open_accepted(conn);
        break;
    case CONN_FAILED:
        conn->events->on_open(conn->ctx, conn->open_err);
        break;
    case CONN_OPEN:
        proa_conn_tls_resume(conn);
        break;
    case CONN_DIALING:
    case CONN_TUNNELLING:
    case CONN_SHAKING:
    case CONN_CLOSED:
        break;
    }
}

/* The plain path: the socket's events are the owner's. */

static void on_sock_read(void *ctx, struct proa_slice bytes)
{
    struct proa_conn *conn = ctx;
    if (PROA_UNLIKELY(conn->tunnel != NULL)) {
        proa_conn_tunnel_on_read(conn, bytes);
        return;
    }
    if (conn->tls) {
        proa_conn_tls_on_read(conn, bytes);
        return;
    }
    if (PROA_UNLIKELY(conn->state == CONN_ACCEPTED)) {
        proa_conn_hold(conn);
        open_accepted(conn);
        if (!proa_conn_leave(conn)) {
            return;
        }
    }
    conn->events->on_data(conn->ctx, bytes);
}

static void on_sock_end(void *ctx, enum proa_err err)
{
    struct proa_conn *conn = ctx;
    if (conn->tunnel) {
        proa_conn_tunnel_on_end(conn, err);
        return;
    }
    if (conn->tls) {
        proa_conn_tls_on_end(conn, err);
        return;
    }
    if (conn->state == CONN_ACCEPTED) {
        proa_conn_hold(conn);
        open_accepted(conn);
        if (!proa_conn_leave(conn)) {
            return;
        }
    }
    proa_conn_end(conn, err);
}

static void on_sock_drain(void *ctx)
{
    struct proa_conn *conn = ctx;
    if (conn->state == CONN_OPEN) {
        conn->events->on_drain(conn->ctx);
    }
}

static const struct proa_sock_events sock_events = {
    .on_read = on_sock_read,
    .on_end = on_sock_end,
    .on_drain = on_sock_drain,
};

static void apply_marks(struct proa_conn *conn)
{
    if (conn->sock && conn->max_queued) {
        size_t max = conn->tls ? proa_conn_tls_queue_max(conn->max_queued) : conn->max_queued;
        proa_sock_set_marks(conn->sock, max, conn->high, conn->low);
    }
}

void proa_conn_connected(struct proa_conn *conn, struct proa_sock *sock)
{
    conn->sock = sock;
    proa_sock_set_owner(sock, &sock_events, conn);
    apply_marks(conn);
    if (conn->tunnel) {
        proa_conn_enter(conn, CONN_TUNNELLING);
        proa_conn_tunnel_start(conn);
    } else {
        proa_conn_reached(conn);
    }
}

void proa_conn_reached(struct proa_conn *conn)
{
    if (conn->tls) {
        proa_conn_enter(conn, CONN_SHAKING);
        enum proa_err err = proa_conn_tls_start(conn);
        if (err) {
            proa_conn_fail_open(conn, err);
        }
        return;
    }
    if (conn->paused) {
        proa_sock_pause(conn->sock, true);
    }
    proa_conn_enter(conn, CONN_OPEN);
    conn->events->on_open(conn->ctx, PROA_OK);
}

/* Opening. */

static struct proa_conn *conn_create(struct proa_net *net, const struct proa_conn_events *events,
                                     void *ctx)
{
    struct proa_conn *conn = proa_freelist_take(&net->conns);
    conn->net = net;
    conn->events = events;
    conn->ctx = ctx;
    conn->later = (struct proa_deferred){.fn = on_later, .ctx = conn};
    return conn;
}

struct proa_conn *proa_conn_dial(struct proa_net *net, const struct proa_dial *dial,
                                 const struct proa_conn_events *events, void *ctx)
{
    struct proa_conn *conn = conn_create(net, events, ctx);
    if (dial->tls) {
        struct conn_tls_cfg cfg = {
            .context = dial->tls,
            .sessions = dial->sessions,
            .name = dial->tls_name.len > 0 ? dial->tls_name : dial->host,
            .port = dial->port,
            .span_ns = dial->tls_ns ? dial->tls_ns : 3 * PROA_NS_PER_S,
        };
        proa_conn_tls_create(conn, &cfg);
    }
    if (dial->proxy) {
        proa_conn_tunnel_create(conn, dial);
    }
    proa_conn_dial_start(conn, dial);
    return conn;
}

struct proa_conn *proa_conn_accept(struct proa_net *net, struct proa_sock *sock,
                                   struct proa_tls_context *tls, uint64_t tls_ns,
                                   const struct proa_conn_events *events, void *ctx)
{
    struct proa_conn *conn = conn_create(net, events, ctx);
    conn->sock = sock;
    if (tls) {
        struct conn_tls_cfg cfg = {.context = tls, .span_ns = tls_ns ? tls_ns : 10 * PROA_NS_PER_S};
        proa_conn_tls_create(conn, &cfg);
        proa_conn_enter(conn, CONN_SHAKING);
        enum proa_err err = proa_conn_tls_start(conn);
        if (err) {
            proa_conn_fail_open_later(conn, err);
            return conn;
        }
    } else {
        proa_conn_enter(conn, CONN_ACCEPTED);
        proa_defer(net->loop, &conn->later);
    }
    proa_sock_adopt(sock, &sock_events, conn);
    return conn;
}

/* Using. */

enum proa_err proa_conn_writev(struct proa_conn *conn, const struct iovec *iov, size_t n)
{
    if (PROA_UNLIKELY(conn->state != CONN_OPEN)) {
        return PROA_ERR_STATE;
    }
    return conn->tls ? proa_conn_tls_writev(conn, iov, n) : proa_sock_writev(conn->sock, iov, n);
}

void proa_conn_set_marks(struct proa_conn *conn, size_t max_queued, size_t high, size_t low)
{
    PROA_ASSERT(max_queued > 0 && low <= high && high <= max_queued);
    conn->max_queued = max_queued;
    conn->high = high;
    conn->low = low;
    apply_marks(conn);
}

size_t proa_conn_queued(const struct proa_conn *conn)
{
    return conn->sock ? proa_sock_queued(conn->sock) : 0;
}

bool proa_conn_above_high(const struct proa_conn *conn)
{
    return conn->sock && proa_sock_above_high(conn->sock);
}

int64_t proa_conn_delivered(const struct proa_conn *conn)
{
    return conn->sock ? proa_sock_delivered(conn->sock) : 0;
}

void proa_conn_pause(struct proa_conn *conn, bool paused)
{
    if (conn->paused == paused) {
        return;
    }
    conn->paused = paused;
    if (conn->state == CONN_TUNNELLING || conn->state == CONN_SHAKING || !conn->sock) {
        return; /* what opens it has to go on; paused counts from on_open */
    }
    proa_sock_pause(conn->sock, paused);
    if (!paused && conn->tls && conn->state == CONN_OPEN) {
        proa_defer(conn->net->loop, &conn->later);
    }
}

void proa_conn_shutdown(struct proa_conn *conn)
{
    if (conn->state != CONN_OPEN) {
        return;
    }
    if (conn->tls) {
        proa_conn_tls_shutdown(conn);
    }
    proa_sock_shutdown(conn->sock);
}

/* Closing. */

static void release(struct proa_conn *conn)
{
    proa_defer_cancel(conn->net->loop, &conn->later);
    proa_free(conn->detail);
    conn->detail = NULL;
    proa_conn_enter(conn, CONN_CLOSED);
    proa_conn_hold(conn);
    (void)proa_conn_leave(conn);
}

void proa_conn_close(struct proa_conn *conn)
{
    proa_conn_dial_stop(conn);
    proa_conn_tunnel_destroy(conn);
    proa_conn_tls_destroy(conn, true);
    drop_sock(conn);
    release(conn);
}

void proa_conn_reset(struct proa_conn *conn)
{
    proa_conn_dial_stop(conn);
    proa_conn_tunnel_destroy(conn);
    proa_conn_tls_destroy(conn, false);
    if (conn->sock) {
        proa_sock_reset(conn->sock);
        conn->sock = NULL;
    }
    release(conn);
}

void proa_conn_close_later(struct proa_conn *conn, uint64_t linger_ns)
{
    if (conn->state != CONN_OPEN) {
        proa_conn_close(conn);
        return;
    }
    if (conn->tls) {
        proa_conn_tls_shutdown(conn);
        proa_conn_tls_destroy(conn, false);
    }
    proa_sock_close_later(conn->sock, linger_ns);
    conn->sock = NULL;
    release(conn);
}

/* Facts. */

void proa_conn_peer(const struct proa_conn *conn, struct proa_addr *out)
{
    if (conn->sock) {
        proa_sock_peer(conn->sock, out);
    } else {
        *out = (struct proa_addr){0};
    }
}

bool proa_conn_is_resumed(const struct proa_conn *conn)
{
    return conn->tls && proa_conn_tls_is_resumed(conn);
}

bool proa_conn_has_surplus(const struct proa_conn *conn)
{
    return conn->tls && proa_conn_tls_has_surplus(conn);
}
