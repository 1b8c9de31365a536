/*
 * What the tests of `net` share: two ends of a connection, a listener, and what their callbacks
 * were told.
 */
#ifndef PROA_TEST_NET_H
#define PROA_TEST_NET_H

#include "conn_priv.h"

#include "proa/core/buf.h"
#include "proa/net/conn.h"

#include "io/io_test.h"

struct end {
    struct proa_conn *conn;
    struct proa_buf got;
    size_t n_data; /* calls */
    int n_opens;
    int n_ends;
    int n_drains;
    enum proa_err open_err;
    enum proa_err end_err;
    bool in_call; /* our own call is on the stack: no callback may come */
    bool echo;
    bool pause_on_data;
    bool close_on_data;
    bool close_on_open;
    const char *say_on_open;
};

struct ends {
    struct proa_loop *loop;
    struct proa_net *net;
    struct proa_listener *listener;
    struct proa_addr addr;
    struct proa_tls_context *server_tls; /* NULL = plain */
    uint64_t server_tls_ns;
    struct end client;
    struct end server;
    size_t n_accepted;
};

static inline void end_write(struct end *e, struct proa_slice s)
{
    struct iovec iov = io_test_iov(s.ptr, s.len);
    bool outer = e->in_call;
    e->in_call = true;
    assert_ok(proa_conn_writev(e->conn, &iov, 1));
    e->in_call = outer;
}

static inline void end_close(struct end *e)
{
    if (e->conn) {
        proa_conn_close(e->conn);
        e->conn = NULL;
    }
}

static inline void end_on_open(void *ctx, enum proa_err err)
{
    struct end *e = ctx;
    assert_false(e->in_call);
    e->n_opens++;
    e->open_err = err;
    if (!err && e->say_on_open) {
        end_write(e, proa_slice_cstr(e->say_on_open));
    }
    if (e->close_on_open) {
        end_close(e);
    }
}

static inline void end_on_data(void *ctx, struct proa_slice bytes)
{
    struct end *e = ctx;
    assert_false(e->in_call);
    assert_non_null(e->conn);
    assert_int_equal(e->n_opens, 1);
    e->n_data++;
    assert_ok(proa_buf_append(&e->got, bytes));
    if (e->echo) {
        end_write(e, bytes);
    }
    if (e->pause_on_data) {
        proa_conn_pause(e->conn, true);
    }
    if (e->close_on_data) {
        end_close(e);
    }
}

static inline void end_on_end(void *ctx, enum proa_err err)
{
    struct end *e = ctx;
    assert_false(e->in_call);
    assert_non_null(e->conn);
    assert_int_equal(e->n_ends, 0);
    e->n_ends++;
    e->end_err = err;
}

static inline void end_on_drain(void *ctx)
{
    struct end *e = ctx;
    assert_false(e->in_call);
    e->n_drains++;
}

static const struct proa_conn_events end_events = {
    .on_open = end_on_open, .on_data = end_on_data, .on_end = end_on_end, .on_drain = end_on_drain};

/* The first one becomes ends->server, later ones are closed. */
static inline void ends_on_accept(void *ctx, struct proa_sock *sock)
{
    struct ends *p = ctx;
    p->n_accepted++;
    if (p->server.conn) {
        proa_sock_close(sock);
        return;
    }
    p->server.in_call = true;
    p->server.conn =
        proa_conn_accept(p->net, sock, p->server_tls, p->server_tls_ns, &end_events, &p->server);
    p->server.in_call = false;
}

static inline void end_init(struct end *e)
{
    memset(e, 0, sizeof(*e));
    proa_buf_init(&e->got, 1U << 27);
}

static inline void ends_init(struct ends *p, const char *listen_text)
{
    struct proa_addr addr = io_test_addr(listen_text);
    memset(p, 0, sizeof(*p));
    p->loop = proa_loop_create();
    p->net = proa_net_create(p->loop);
    end_init(&p->client);
    end_init(&p->server);
    assert_ok(proa_listener_open(p->loop, &addr, NULL, ends_on_accept, p, &p->listener));
    proa_listener_addr(p->listener, &p->addr);
}

static inline void ends_deinit(struct ends *p)
{
    end_close(&p->client);
    end_close(&p->server);
    proa_buf_deinit(&p->client.got);
    proa_buf_deinit(&p->server.got);
    proa_listener_close(p->listener);
    proa_net_destroy(p->net);
    proa_loop_destroy(p->loop);
}

/* For a next connection in the same test. */
static inline void ends_reset(struct ends *p)
{
    end_close(&p->client);
    end_close(&p->server);
    proa_buf_deinit(&p->client.got);
    proa_buf_deinit(&p->server.got);
    end_init(&p->client);
    end_init(&p->server);
}

static inline void ends_dial(struct ends *p, struct proa_dial dial)
{
    if (dial.host.len == 0) {
        dial.host = PROA_SLICE("127.0.0.1");
    }
    dial.port = dial.port ? dial.port : proa_addr_port(&p->addr);
    p->client.in_call = true;
    p->client.conn = proa_conn_dial(p->net, &dial, &end_events, &p->client);
    p->client.in_call = false;
    assert_int_equal(p->client.n_opens, 0);
    IO_TEST_UNTIL(p->loop, p->client.n_opens);
    assert_int_equal(p->client.n_opens, 1);
}

static inline void ends_open(struct ends *p, struct proa_dial dial)
{
    ends_dial(p, dial);
    assert_ok(p->client.open_err);
    IO_TEST_UNTIL(p->loop, p->server.n_opens);
    assert_ok(p->server.open_err);
}

static inline struct proa_slice end_got(const struct end *e)
{
    return proa_buf_slice(&e->got);
}

#endif
