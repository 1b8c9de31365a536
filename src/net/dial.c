#include "conn_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

/*
 * Happy eyeballs, RFC 8305 section 5: addresses are tried in order, the next one 250 ms after the
 * last or at once when that failed; the first to connect wins and the others are closed.
 */
enum { STAGGER_MS = 250, DEFAULT_CONNECT_MS = 2000, ADDR_TEXT = 128 };

struct attempt {
    struct conn_dial *dial;
    struct proa_sock *sock; /* NULL = not started or failed */
};

struct conn_dial {
    struct proa_conn *conn;
    struct proa_dns_query query;
    struct proa_dns_answer answer;
    struct attempt attempts[PROA_DNS_MAX_ADDRS];
    size_t n_started;
    size_t n_running;
    struct proa_timer stagger;
    struct proa_timer deadline;
    uint64_t span_ns;
    size_t first_failed; /* the address that first_err is about */
    enum proa_err first_err;
    bool asking;
    bool is_proxy;
    struct proa_slice host; /* behind the struct */
};

static void start_next(struct conn_dial *d);

void proa_conn_dial_stop(struct proa_conn *conn)
{
    struct conn_dial *d = conn->dial;
    if (!d) {
        return;
    }
    conn->dial = NULL;
    proa_timer_clear(conn->net->loop, &d->stagger);
    proa_timer_clear(conn->net->loop, &d->deadline);
    if (d->asking) {
        proa_dns_cancel(conn->net->dns, &d->query);
    }
    for (size_t i = 0; i < d->n_started; i++) {
        if (d->attempts[i].sock) {
            proa_sock_close(d->attempts[i].sock);
        }
    }
    proa_free(d);
}

/* Is the host an address itself, the one that `addr` says with a port behind it? */
static bool is_literal(struct proa_slice host, struct proa_slice addr)
{
    if (proa_slice_starts(addr, PROA_SLICE("["))) {
        addr = proa_slice_from(addr, 1);
    }
    const struct proa_slice rest = proa_slice_from(addr, host.len);
    return proa_slice_starts(addr, host) &&
           (proa_slice_starts(rest, PROA_SLICE("]:")) || proa_slice_starts(rest, PROA_SLICE(":")));
}

/* "api.example: 192.0.2.1:443: connection refused (3 addresses tried)", with "proxy " before it
 * where that is what was dialled, and without the name where that is the address. */
static void describe(const struct conn_dial *d, enum proa_err err, size_t which)
{
    struct proa_buf text;
    char addr[ADDR_TEXT] = "";
    if (d->n_started > 0) {
        proa_addr_format(&d->answer.addrs[which], addr, sizeof(addr));
    }
    const struct proa_slice tried = proa_slice_cstr(addr);
    const bool literal = is_literal(d->host, tried);
    proa_buf_init(&text, 1024);
    (void)proa_buf_append_cstr(&text, d->is_proxy ? "proxy " : "");
    (void)proa_buf_append(&text, literal ? tried : d->host);
    if (tried.len > 0 && !literal) {
        PROA_BUF_LIT(&text, ": ");
        (void)proa_buf_append(&text, tried);
    }
    PROA_BUF_LIT(&text, ": ");
    (void)proa_buf_append_cstr(&text, proa_err_text(err));
    if (err == PROA_ERR_TIMEOUT && d->first_err != PROA_ERR_TIMEOUT) {
        (void)proa_buf_append_cstr(&text,
                                   d->n_started > 0 ? " after " : " resolving the name, after ");
        (void)proa_buf_append_ms(&text, d->span_ns, 0);
        PROA_BUF_LIT(&text, " ms");
    }
    if (d->n_started > 1) {
        PROA_BUF_LIT(&text, " (");
        (void)proa_buf_append_u64(&text, d->n_started);
        PROA_BUF_LIT(&text, " addresses tried)");
    }
    proa_conn_set_detail(d->conn, &text);
    proa_buf_deinit(&text);
}

static void on_attempt_connect(void *ctx, enum proa_err err)
{
    struct attempt *a = ctx;
    struct conn_dial *d = a->dial;
    struct proa_sock *sock = a->sock;
    struct proa_conn *conn = d->conn;
    a->sock = NULL;
    if (err == PROA_OK) {
        proa_conn_dial_stop(conn);
        proa_conn_connected(conn, sock);
        return;
    }
    proa_sock_close(sock);
    d->n_running--;
    if (!d->first_err) {
        d->first_err = err;
        d->first_failed = (size_t)(a - d->attempts);
    }
    if (d->n_started < d->answer.n) {
        start_next(d);
    } else if (d->n_running == 0) {
        err = d->first_err;
        describe(d, err, d->first_failed);
        proa_conn_fail_open(conn, err);
    }
}

/* Bytes and ends come after on_connect, and then the socket has another owner. */
static const struct proa_sock_events attempt_events = {.on_connect = on_attempt_connect};

static void start_next(struct conn_dial *d)
{
    struct proa_loop *loop = d->conn->net->loop;
    size_t i = d->n_started++;
    d->attempts[i].dial = d;
    d->attempts[i].sock =
        proa_sock_connect(loop, &d->answer.addrs[i], &attempt_events, &d->attempts[i]);
    d->n_running++;
    if (d->n_started < d->answer.n) {
        proa_timer_set(loop, &d->stagger, proa_loop_now(loop) + STAGGER_MS * PROA_NS_PER_MS);
    } else {
        proa_timer_clear(loop, &d->stagger);
    }
}

static void on_stagger(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    start_next(ctx);
}

static void on_deadline(void *ctx, uint64_t now_ns)
{
    struct conn_dial *d = ctx;
    (void)now_ns;
    describe(d, PROA_ERR_TIMEOUT, d->n_started > 0 ? d->n_started - 1 : 0);
    proa_conn_fail_open(d->conn, PROA_ERR_TIMEOUT);
}

static void on_answer(void *ctx, enum proa_err err, const struct proa_dns_answer *answer)
{
    struct conn_dial *d = ctx;
    d->asking = false;
    if (err) {
        describe(d, err, 0);
        proa_conn_fail_open(d->conn, err);
        return;
    }
    d->answer = *answer;
    start_next(d);
}

void proa_conn_dial_start(struct proa_conn *conn, const struct proa_dial *dial)
{
    struct proa_loop *loop = conn->net->loop;
    const struct proa_slice to = dial->proxy ? dial->proxy->host : dial->host;
    const uint16_t port = dial->proxy ? dial->proxy->port : dial->port;
    struct conn_dial *d = proa_alloc_zero(1, sizeof(*d) + to.len);
    char *host = (char *)(d + 1);
    memcpy(host, to.len ? to.ptr : "", to.len);
    d->host = proa_slice_make(host, to.len);
    d->is_proxy = dial->proxy != NULL;
    d->conn = conn;
    d->stagger = (struct proa_timer){.fn = on_stagger, .ctx = d};
    d->deadline = (struct proa_timer){.fn = on_deadline, .ctx = d};
    d->query.on_answer = on_answer;
    d->query.ctx = d;
    d->span_ns = dial->connect_ns ? dial->connect_ns : DEFAULT_CONNECT_MS * PROA_NS_PER_MS;
    conn->dial = d;
    proa_timer_set(loop, &d->deadline, proa_clock_after(proa_loop_now(loop), d->span_ns));
    if (proa_slice_starts(to, PROA_SLICE("unix:"))) {
        enum proa_err err = proa_addr_parse(to, &d->answer.addrs[0]);
        if (err) {
            describe(d, err, 0);
            proa_conn_fail_open_later(conn, err);
            return;
        }
        d->answer.n = 1;
        start_next(d);
    } else if (proa_dns_ask(conn->net->dns, to, port, &d->query, &d->answer)) {
        start_next(d);
    } else {
        d->asking = true;
    }
}
