/*
 * A connection's inside, shared by conn.c (states, plain bytes), dial.c (getting connected),
 * tunnel.c (through a proxy) and filter_tls.c (what TLS does between socket and owner).
 */
#ifndef PROA_SRC_NET_CONN_PRIV_H
#define PROA_SRC_NET_CONN_PRIV_H

#include "proa/core/buf.h"
#include "proa/core/freelist.h"
#include "proa/net/conn.h"

enum { PROA_NET_PLAIN_BYTES = 64 * 1024, PROA_NET_DNS_TTL_S = 30, PROA_NET_DNS_STALE_S = 3600 };

struct proa_net {
    struct proa_loop *loop;
    struct proa_dns *dns;
    struct proa_freelist conns;
    char *plain; /* PROA_NET_PLAIN_BYTES for decrypted bytes, made on first use */
};

/*
 *   DIALING --connected--> SHAKING --verified--> OPEN      TUNNELLING, where there is a proxy,
 * stands |    '--- plain ----------------------->   ^        between DIALING and both | | |
 *      '--------> FAILED <----'      ACCEPTED ----'   (plain, on_open is due at the turn's end)
 *
 * Any state --proa_conn_close()--> CLOSED; the memory goes when nothing of ours is on the stack.
 */
enum conn_state {
    CONN_DIALING = 0,
    CONN_TUNNELLING,
    CONN_ACCEPTED,
    CONN_SHAKING,
    CONN_OPEN,
    CONN_FAILED,
    CONN_CLOSED
};

struct conn_dial;
struct conn_tls;
struct conn_tunnel;

struct proa_conn {
    struct proa_net *net;
    struct proa_sock *sock; /* NULL while dialing and after a failure */
    const struct proa_conn_events *events;
    void *ctx;
    struct conn_dial *dial;     /* while DIALING */
    struct conn_tunnel *tunnel; /* until it is open; NULL = no proxy */
    struct conn_tls *tls;       /* NULL = plain */
    char *detail;               /* of the last failure, or NULL */
    struct proa_deferred later; /* an on_open that is due, or TLS bytes to be read after a pause */
    size_t max_queued;          /* 0 = the socket's defaults */
    size_t high;
    size_t low;
    enum conn_state state;
    enum proa_err open_err; /* for an on_open that is due */
    unsigned busy;          /* frames of ours on the stack that come back to this object */
    bool paused;
    bool ended;
};

/* conn.c */
void proa_conn_enter(struct proa_conn *conn, enum conn_state to);
/* Around code that goes on using conn after a callback; leave() says whether conn is still alive.
 */
void proa_conn_hold(struct proa_conn *conn);
bool proa_conn_leave(struct proa_conn *conn);
/* The socket is there: filters or the owner take over. Calls on_open for plain connections. */
void proa_conn_connected(struct proa_conn *conn, struct proa_sock *sock);
/* The way to the other end is open, perhaps through a proxy: what follows is TLS, or the owner's.
 */
void proa_conn_reached(struct proa_conn *conn);
/* Ends the opening with on_open(err); not from inside a call of the owner's. */
void proa_conn_fail_open(struct proa_conn *conn, enum proa_err err);
/* The same at the end of the turn. */
void proa_conn_fail_open_later(struct proa_conn *conn, enum proa_err err);
void proa_conn_end(struct proa_conn *conn, enum proa_err err);
/* Printable text is copied; the first one stays. */
void proa_conn_set_detail(struct proa_conn *conn, const struct proa_buf *text);

/* dial.c */
void proa_conn_dial_start(struct proa_conn *conn, const struct proa_dial *dial);
void proa_conn_dial_stop(struct proa_conn *conn); /* harmless when over */

/* tunnel.c; all but create and destroy(NULL) for connections with tunnel set */
void proa_conn_tunnel_create(struct proa_conn *conn, const struct proa_dial *dial);
void proa_conn_tunnel_destroy(struct proa_conn *conn);
/* Asks the proxy; what comes of it is told by proa_conn_reached() or proa_conn_fail_open(). */
void proa_conn_tunnel_start(struct proa_conn *conn);
void proa_conn_tunnel_on_read(struct proa_conn *conn, struct proa_slice bytes);
void proa_conn_tunnel_on_end(struct proa_conn *conn, enum proa_err err);

/* filter_tls.c; all for connections with tls set, except create and destroy(NULL) */
struct conn_tls_cfg {
    struct proa_tls_context *context;
    struct proa_tls_cache *sessions; /* client; may be NULL */
    struct proa_slice name;          /* client: SNI; empty = server */
    uint16_t port;
    uint64_t span_ns;
};
void proa_conn_tls_create(struct proa_conn *conn, const struct conn_tls_cfg *cfg);
/* says_bye: sends close_notify where that is possible at once. */
void proa_conn_tls_destroy(struct proa_conn *conn, bool says_bye);
/* Begins the handshake on conn->sock. An error is for on_open. */
enum proa_err proa_conn_tls_start(struct proa_conn *conn) PROA_MUST_CHECK;
void proa_conn_tls_on_read(struct proa_conn *conn, struct proa_slice bytes);
void proa_conn_tls_on_end(struct proa_conn *conn, enum proa_err err);
/* Hands over what a pause left inside. */
void proa_conn_tls_resume(struct proa_conn *conn);
enum proa_err proa_conn_tls_writev(struct proa_conn *conn, const struct iovec *iov,
                                   size_t n) PROA_MUST_CHECK;
void proa_conn_tls_shutdown(struct proa_conn *conn);
bool proa_conn_tls_has_surplus(const struct proa_conn *conn);
bool proa_conn_tls_is_resumed(const struct proa_conn *conn);
/* What the socket's queue may hold, so that `max_queued` plain bytes always fit when encrypted. */
size_t proa_conn_tls_queue_max(size_t max_queued);

#endif
