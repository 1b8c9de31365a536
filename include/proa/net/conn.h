/*
 * A connection as the upper modules see it: plain bytes in and out, TLS inside where asked for.
 *
 * I/O half. Handle type. The chain is socket -> [tls] -> owner; each filter has the same contract
 * as proa/io/sock.h: borrowed slices in, writes that take everything or nothing, water marks,
 * no callback inside a call that starts something, none after proa_conn_close().
 */
#ifndef PROA_NET_CONN_H
#define PROA_NET_CONN_H

#include "proa/io/dns.h"
#include "proa/io/sock.h"

struct proa_conn;
struct proa_tls_context; /* proa/tls/context.h */
struct proa_tls_cache;   /* proa/tls/cache.h */

struct proa_conn_events {
    /* Connected and, with TLS, handshaken and verified; or why not. Exactly once per dial/accept.
     */
    void (*on_open)(void *ctx, enum proa_err err);
    void (*on_data)(void *ctx, struct proa_slice bytes);
    /* PROA_OK: clean end (FIN, with TLS close_notify). ERR_TRUNCATED: TLS without close_notify.
     * ERR_RESET, ERR_TLS, ERR_IO: broken. At most once. */
    void (*on_end)(void *ctx, enum proa_err err);
    void (*on_drain)(void *ctx);
};

/* What all connections of one loop share: buffers, pools, DNS. Handle type. */
struct proa_net;
struct proa_net *proa_net_create(struct proa_loop *loop);
void proa_net_destroy(struct proa_net *net);
struct proa_loop *proa_net_loop(const struct proa_net *net);

/* An HTTP proxy that opens tunnels (RFC 9110 9.3.6). */
struct proa_dial_proxy {
    struct proa_slice host;
    uint16_t port;
    struct proa_slice authorization; /* value of Proxy-Authorization; empty = none */
};

/* Where to connect to. All slices are borrowed for the call of proa_conn_dial(). */
struct proa_dial {
    struct proa_slice host; /* name or literal address; or "unix:/path" */
    uint16_t port;
    struct proa_tls_context *tls;    /* NULL = plain */
    struct proa_tls_cache *sessions; /* resumption; may be NULL */
    struct proa_slice tls_name;      /* SNI and expected name; empty = host */
    /* Dial this instead and ask it for a tunnel to host:port; the proxy resolves the name. A
     * refusal is ERR_PROXY, and the detail says which. NULL = straight. */
    const struct proa_dial_proxy *proxy;
    uint64_t connect_ns; /* span for DNS + TCP, over all addresses, and a proxy's answer;
                            0 = 2 s */
    uint64_t tls_ns;     /* span for the handshake; 0 = 3 s */
};

/*
 * Connects by happy eyeballs (RFC 8305: a new address every 250 ms or as soon as one failed, first
 * to connect wins). A certificate that does not verify ends the dial: it is no network error, so no
 * other address is tried. on_open is called later, never inside.
 */
struct proa_conn *proa_conn_dial(struct proa_net *net, const struct proa_dial *dial,
                                 const struct proa_conn_events *events, void *ctx);
/* Takes over an accepted socket; with tls the server handshake runs first, bounded by tls_ns. */
struct proa_conn *proa_conn_accept(struct proa_net *net, struct proa_sock *sock,
                                   struct proa_tls_context *tls, uint64_t tls_ns,
                                   const struct proa_conn_events *events, void *ctx);

/* As proa_sock_writev(), in plain bytes. */
enum proa_err proa_conn_writev(struct proa_conn *conn, const struct iovec *iov,
                               size_t n) PROA_MUST_CHECK;
void proa_conn_set_marks(struct proa_conn *conn, size_t max_queued, size_t high, size_t low);
size_t proa_conn_queued(const struct proa_conn *conn);
bool proa_conn_above_high(const struct proa_conn *conn);
/* As proa_sock_delivered(), TLS included; 0 without a socket. */
int64_t proa_conn_delivered(const struct proa_conn *conn);
void proa_conn_pause(struct proa_conn *conn, bool paused);
/* close_notify and FIN once all is out; reading goes on. */
void proa_conn_shutdown(struct proa_conn *conn);
void proa_conn_close(struct proa_conn *conn);
void proa_conn_reset(struct proa_conn *conn);
/* As proa_sock_close_later(), with close_notify before the FIN. */
void proa_conn_close_later(struct proa_conn *conn, uint64_t linger_ns);

void proa_conn_peer(const struct proa_conn *conn, struct proa_addr *out);
/* Was the handshake an abbreviated one, from the session cache? Client side; false for plain. */
bool proa_conn_is_resumed(const struct proa_conn *conn);
/* Bytes received that the owner has not seen yet (inside TLS): a pooled connection must have none.
 */
bool proa_conn_has_surplus(const struct proa_conn *conn);
/* Why the last failure happened, for the log: "certificate is for other.example"; static or owned
 * by the connection, empty when there is nothing to add. */
struct proa_slice proa_conn_error_detail(const struct proa_conn *conn);

#endif
