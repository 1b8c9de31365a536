#include "conn_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/tls/cache.h"
#include "proa/tls/session.h"

/*
 * Between socket and owner: ciphertext goes into the session, plaintext comes out into the net's
 * shared buffer and on to the owner; what the owner writes goes in, and the session's output is
 * handed to the socket before any call returns, so that nothing waits in between.
 */
enum {
    VECTORS = 32,
    DEFAULT_MAX = 63 * 1024 * 1024, /* the socket's own default, less what encryption adds */
    SAVE_TRIES = 8,                 /* reads after which no ticket is expected any more */
    QUEUE_SLACK = 512 * 1024,       /* one full output, alerts, tickets */
    RECORD_PLAIN = 8 * 1024,        /* a record carries at least this much of a longer write... */
    RECORD_EXTRA = 64               /* ...and adds at most this */
};

struct conn_tls {
    struct proa_tls_session *session; /* NULL until the socket is connected */
    struct proa_tls_context *context; /* a reference */
    struct proa_tls_cache *sessions;
    struct proa_timer deadline; /* of the handshake */
    uint64_t span_ns;
    size_t name_len; /* 0 = server */
    uint16_t port;
    bool offered;    /* a saved session */
    uint8_t n_saves; /* tries left to ask for a ticket */
    char name[];
};

static struct proa_slice tls_name(const struct conn_tls *t)
{
    return proa_slice_make(t->name, t->name_len);
}

static void on_deadline(void *ctx, uint64_t now_ns);

void proa_conn_tls_create(struct proa_conn *conn, const struct conn_tls_cfg *cfg)
{
    struct conn_tls *t = proa_alloc_zero(1, sizeof(*t) + cfg->name.len);
    t->context = proa_tls_context_ref(cfg->context);
    t->sessions = cfg->sessions;
    t->span_ns = cfg->span_ns;
    t->port = cfg->port;
    t->n_saves = SAVE_TRIES;
    t->name_len = cfg->name.len;
    memcpy(t->name, cfg->name.len ? cfg->name.ptr : "", cfg->name.len);
    t->deadline = (struct proa_timer){.fn = on_deadline, .ctx = conn};
    conn->tls = t;
}

/* Tickets: TLS 1.2 has one after the handshake, TLS 1.3 with or before the first answer. */
static void save_session(struct conn_tls *t, uint64_t now_ns)
{
    if (!t->sessions || t->name_len == 0) {
        return;
    }
    proa_tls_cache_put(t->sessions, tls_name(t), t->port, proa_tls_context_id(t->context),
                       proa_tls_session_save(t->session), now_ns);
}

/* Hands the session's output to the socket. An error means that the connection is lost; the socket
   tells that by its on_end. */
static enum proa_err flush(struct proa_conn *conn)
{
    struct proa_tls_session *s = conn->tls->session;
    struct proa_slice out = proa_tls_output(s);
    if (out.len == 0) {
        return PROA_OK;
    }
    struct iovec iov = {.iov_len = out.len};
    memcpy(&iov.iov_base, &out.ptr, sizeof(iov.iov_base)); /* iovec has no const */
    enum proa_err err = proa_sock_writev(conn->sock, &iov, 1);
    proa_tls_output_consume(s, out.len);
    return err;
}

void proa_conn_tls_destroy(struct proa_conn *conn, bool says_bye)
{
    struct conn_tls *t = conn->tls;
    if (!t) {
        return;
    }
    if (t->session && conn->state == CONN_OPEN) {
        save_session(t, proa_loop_now(conn->net->loop));
        if (says_bye && proa_sock_queued(conn->sock) == 0) {
            proa_tls_close_notify(t->session);
            (void)flush(conn);
        }
    }
    proa_timer_clear(conn->net->loop, &t->deadline);
    proa_tls_session_destroy(t->session);
    proa_tls_context_unref(t->context);
    proa_free(t);
    conn->tls = NULL;
}

static void describe(struct proa_conn *conn)
{
    struct proa_buf text;
    proa_buf_init(&text, 1024);
    proa_tls_error_text(conn->tls->session, &text);
    proa_conn_set_detail(conn, &text);
    proa_buf_deinit(&text);
}

static void describe_as(struct proa_conn *conn, const char *what)
{
    struct proa_buf text;
    proa_buf_init(&text, 1024);
    (void)proa_buf_append_cstr(&text, what);
    proa_conn_set_detail(conn, &text);
    proa_buf_deinit(&text);
}

/* Handshake. */

static void on_deadline(void *ctx, uint64_t now_ns)
{
    struct proa_conn *conn = ctx;
    struct proa_buf text;
    (void)now_ns;
    proa_buf_init(&text, 128);
    PROA_BUF_LIT(&text, "TLS handshake not done within ");
    (void)proa_buf_append_ms(&text, conn->tls->span_ns, 0);
    PROA_BUF_LIT(&text, " ms");
    proa_conn_set_detail(conn, &text);
    proa_buf_deinit(&text);
    proa_conn_fail_open(conn, PROA_ERR_TIMEOUT);
}

static void shake_failed(struct proa_conn *conn)
{
    struct conn_tls *t = conn->tls;
    enum proa_err err = proa_tls_error(t->session);
    (void)flush(conn); /* the alert that tells the peer why */
    if (t->offered) {
        proa_tls_cache_forget(t->sessions, tls_name(t), t->port, proa_tls_context_id(t->context));
    }
    describe(conn);
    proa_conn_fail_open(conn, err ? err : PROA_ERR_CLOSED);
}

static void shake_done(struct proa_conn *conn)
{
    struct conn_tls *t = conn->tls;
    proa_timer_clear(conn->net->loop, &t->deadline);
    save_session(t, proa_loop_now(conn->net->loop));
    proa_conn_enter(conn, CONN_OPEN);
    if (conn->paused) {
        proa_sock_pause(conn->sock, true);
    }
    /* Before the output is flushed: a request written by on_open goes out with our Finished. */
    conn->events->on_open(conn->ctx, PROA_OK);
}

/* May end in on_open; hold conn around it. */
static void shake(struct proa_conn *conn)
{
    for (;;) {
        switch (proa_tls_handshake(conn->tls->session)) {
        case PROA_TLS_OK:
            shake_done(conn);
            return;
        case PROA_TLS_WANT_MORE:
            return;
        case PROA_TLS_WANT_DRAIN:
            if (flush(conn) != PROA_OK) {
                return; /* on_end follows */
            }
            break;
        case PROA_TLS_CLOSED:
        case PROA_TLS_TRUNCATED:
        case PROA_TLS_FAILED:
            shake_failed(conn);
            return;
        }
    }
}

enum proa_err proa_conn_tls_start(struct proa_conn *conn)
{
    struct conn_tls *t = conn->tls;
    struct proa_loop *loop = conn->net->loop;
    const struct proa_tls_saved *saved = NULL;
    uint64_t now = proa_loop_now(loop);
    enum proa_err err = PROA_OK;
    if (!conn->net->plain) {
        conn->net->plain = proa_alloc(PROA_NET_PLAIN_BYTES);
    }
    proa_timer_set(loop, &t->deadline, proa_clock_after(now, t->span_ns));
    if (t->name_len == 0) {
        return proa_tls_session_create_server(t->context, &t->session);
    }
    if (t->sessions) {
        saved = proa_tls_cache_get(t->sessions, tls_name(t), t->port,
                                   proa_tls_context_id(t->context), now);
    }
    t->offered = saved != NULL;
    err = proa_tls_session_create_client(t->context, tls_name(t), saved, &t->session);
    if (err == PROA_OK && proa_tls_handshake(t->session) != PROA_TLS_WANT_MORE) {
        err = proa_tls_error(t->session) ? proa_tls_error(t->session) : PROA_ERR_TLS;
    }
    if (err == PROA_OK) {
        (void)flush(conn); /* an error comes back as on_end */
    }
    return err;
}

/* Reading. */

static void end_with(struct proa_conn *conn, enum proa_err err)
{
    if (!conn->ended && err != PROA_OK) {
        describe(conn);
    }
    proa_conn_end(conn, err);
}

static enum proa_err failure_of(const struct proa_conn *conn)
{
    enum proa_err err = proa_tls_error(conn->tls->session);
    return err ? err : PROA_ERR_TLS;
}

/* One piece of plaintext to the owner. True while there may be more. */
static bool read_step(struct proa_conn *conn)
{
    struct conn_tls *t = conn->tls;
    size_t n = 0;
    switch (proa_tls_read(t->session, conn->net->plain, PROA_NET_PLAIN_BYTES, &n)) {
    case PROA_TLS_OK:
        if (t->n_saves > 0) {
            t->n_saves--;
            save_session(t, proa_loop_now(conn->net->loop));
        }
        conn->events->on_data(conn->ctx, proa_slice_make(conn->net->plain, n));
        return true;
    case PROA_TLS_WANT_MORE:
        return false;
    case PROA_TLS_WANT_DRAIN:
        return flush(conn) == PROA_OK;
    case PROA_TLS_CLOSED:
        end_with(conn, PROA_OK);
        return false;
    case PROA_TLS_TRUNCATED:
        end_with(conn, PROA_ERR_TRUNCATED);
        return false;
    case PROA_TLS_FAILED:
        (void)flush(conn);
        end_with(conn, failure_of(conn));
        return false;
    }
    return false;
}

static void read_all(struct proa_conn *conn)
{
    while (conn->state == CONN_OPEN && !conn->paused && !conn->ended && read_step(conn)) {
    }
}

static bool is_usable(const struct proa_conn *conn)
{
    return conn->tls && conn->tls->session;
}

void proa_conn_tls_on_read(struct proa_conn *conn, struct proa_slice bytes)
{
    if (conn->ended) {
        return; /* behind close_notify: meaningless */
    }
    proa_conn_hold(conn);
    enum proa_err err = proa_tls_feed(conn->tls->session, bytes);
    if (conn->state == CONN_SHAKING) {
        shake(conn);
    }
    read_all(conn);
    if (is_usable(conn)) {
        err = err ? err : proa_tls_settle(conn->tls->session);
        (void)flush(conn);
        if (err && conn->state == CONN_OPEN) {
            end_with(conn, err);
        }
    }
    (void)proa_conn_leave(conn);
}

void proa_conn_tls_resume(struct proa_conn *conn)
{
    if (!is_usable(conn)) {
        return;
    }
    proa_conn_hold(conn);
    read_all(conn);
    if (is_usable(conn)) {
        (void)flush(conn);
    }
    (void)proa_conn_leave(conn);
}

void proa_conn_tls_on_end(struct proa_conn *conn, enum proa_err err)
{
    struct conn_tls *t = conn->tls;
    if (conn->state == CONN_SHAKING) {
        describe_as(conn, "connection ended during the TLS handshake");
        if (t->offered) {
            proa_tls_cache_forget(t->sessions, tls_name(t), t->port,
                                  proa_tls_context_id(t->context));
        }
        proa_conn_fail_open(conn, err ? err : PROA_ERR_CLOSED);
        return;
    }
    if (err != PROA_OK) {
        proa_conn_end(conn, err);
        return;
    }
    proa_conn_hold(conn);
    proa_tls_feed_eof(t->session);
    conn->paused = false; /* the end is told even to those who paused; nothing more can come */
    read_all(conn);
    (void)proa_conn_leave(conn);
}

bool proa_conn_tls_has_surplus(const struct proa_conn *conn)
{
    return is_usable(conn) && !conn->ended && proa_tls_readable(conn->tls->session);
}

bool proa_conn_tls_is_resumed(const struct proa_conn *conn)
{
    return is_usable(conn) && proa_tls_session_info(conn->tls->session).resumed;
}

/* Writing. */

size_t proa_conn_tls_queue_max(size_t max_queued)
{
    size_t extra = max_queued / RECORD_PLAIN * RECORD_EXTRA + QUEUE_SLACK;
    return max_queued > SIZE_MAX - extra ? SIZE_MAX : max_queued + extra;
}

/* Up to VECTORS vectors of what is left behind `skip` bytes of iov[*at]. */
static size_t window(struct iovec *out, const struct iovec *iov, size_t n, size_t skip)
{
    size_t n_out = 0;
    for (size_t i = 0; i < n && n_out < VECTORS; i++) {
        out[n_out].iov_base = (char *)iov[i].iov_base + skip;
        out[n_out].iov_len = iov[i].iov_len - skip;
        skip = 0;
        n_out++;
    }
    return n_out;
}

static enum proa_err write_all(struct proa_conn *conn, const struct iovec *iov, size_t n)
{
    struct iovec part[VECTORS];
    size_t skip = 0;
    while (n > 0) {
        size_t done = 0;
        size_t n_part = window(part, iov, n, skip);
        enum proa_tls_status st = proa_tls_writev(conn->tls->session, part, n_part, &done);
        if (st != PROA_TLS_OK && st != PROA_TLS_WANT_DRAIN) {
            (void)flush(conn);
            return st == PROA_TLS_FAILED ? failure_of(conn) : PROA_ERR_CLOSED;
        }
        skip += done;
        while (n > 0 && skip >= iov->iov_len) {
            skip -= iov->iov_len;
            iov++;
            n--;
        }
        enum proa_err err = flush(conn);
        if (err) {
            return err;
        }
    }
    return PROA_OK;
}

enum proa_err proa_conn_tls_writev(struct proa_conn *conn, const struct iovec *iov, size_t n)
{
    size_t total = 0;
    size_t max = conn->max_queued ? conn->max_queued : DEFAULT_MAX;
    for (size_t i = 0; i < n; i++) {
        total += iov[i].iov_len;
    }
    size_t queued = proa_sock_queued(conn->sock);
    if (queued >= max ? total > 0 : total > max - queued) {
        return PROA_ERR_LIMIT;
    }
    return total > 0 ? write_all(conn, iov, n) : PROA_OK;
}

void proa_conn_tls_shutdown(struct proa_conn *conn)
{
    proa_tls_close_notify(conn->tls->session);
    (void)flush(conn);
}
