/*
 * Listeners and client connections: accepts, parses requests under their limits, guards against
 * what a loopback port attracts, and hands requests to `exchange` (data) or `admin` (ops, admin).
 *
 * I/O half. Handle type. Limits and allow-lists are those of `limits` and `listen`, which must
 * outlive the server (they are fixed at start).
 */
#ifndef PROA_SERVER_SERVER_H
#define PROA_SERVER_SERVER_H

#include "proa/admin/admin.h"
#include "proa/exchange/exchange.h"
#include "proa/io/sock.h"
#include "proa/net/conn.h"
#include "proa/policy/cfg.h"

struct proa_server;

struct proa_server_cfg {
    struct proa_net *net;
    struct proa_exchange_host *host;
    struct proa_admin *admin;
    struct proa_metric_reg *metrics;
    const struct proa_limits_cfg *limits;
    const struct proa_listen_cfg *listen;
    struct proa_tls_context *tls; /* data listener's; NULL = plain. May be replaced later */
};

struct proa_server *proa_server_create(const struct proa_server_cfg *cfg);
/* Closes listeners and connections; their exchanges are told that the client left. */
void proa_server_destroy(struct proa_server *server);

/* Opens a listener. *bound (may be NULL) is the address it really has. Errors as for a listener. */
enum proa_err proa_server_listen(struct proa_server *server, enum proa_listener_kind kind,
                                 const struct proa_addr *addr,
                                 const struct proa_listen_options *options,
                                 struct proa_addr *bound) PROA_MUST_CHECK;
/* New connections of the data listener use this context from now on. Takes a reference. */
void proa_server_set_tls(struct proa_server *server, struct proa_tls_context *tls);

/* Draining: idle connections are closed, every answer from now on closes its connection. New
 * connections are still served. */
void proa_server_drain(struct proa_server *server);
/* Open client connections of the data listeners. */
size_t proa_server_connections(const struct proa_server *server);

#endif
