#include "proa/server/server.h"

#include "server_priv.h"

#include "proa/core/alloc.h"
#include "proa/tls/context.h"

enum { CLIENTS_SPARE = 256, ARENA_CHUNK = 2048, ARENA_SPARE = 512, HEAD_MAX = 128 * 1024 };

static const struct proa_slice KINDS[PROA_LISTENER_KINDS] = {
    PROA_SLICE_INIT("data"), PROA_SLICE_INIT("ops"), PROA_SLICE_INIT("admin")};

struct proa_server *proa_server_create(const struct proa_server_cfg *cfg)
{
    struct proa_server *server = PROA_NEW(struct proa_server);
    server->cfg = *cfg;
    server->loop = proa_net_loop(cfg->net);
    if (cfg->tls) {
        (void)proa_tls_context_ref(cfg->tls);
    }
    proa_list_init(&server->clients);
    proa_freelist_init(&server->client_pool, sizeof(struct client), CLIENTS_SPARE);
    proa_freelist_init(&server->arena_chunks, ARENA_CHUNK, ARENA_SPARE);
    proa_loop_tend(server->loop, &server->client_pool);
    proa_loop_tend(server->loop, &server->arena_chunks);
    proa_map_init(&server->peers, proa_prng_next(&cfg->host->prng));
    proa_buf_init(&server->head, HEAD_MAX);
    proa_client_parse_cfg(cfg->limits, &server->parse_cfg);
    server->parse_cfg.memo = proa_http_memo_create();
    for (size_t i = 0; i < PROA_LISTENER_KINDS; i++) {
        server->m_connections[i] =
            proa_metric_series1(cfg->metrics, PROA_METRIC_CONNECTIONS, KINDS[i]);
    }
    server->m_shed_connections =
        proa_metric_series1(cfg->metrics, PROA_METRIC_SHED, PROA_SLICE("connections"));
    server->m_shed_peer =
        proa_metric_series1(cfg->metrics, PROA_METRIC_SHED, PROA_SLICE("connections_per_peer"));
    return server;
}

void proa_server_destroy(struct proa_server *server)
{
    if (!server) {
        return;
    }
    for (struct listening *l = server->listening; l; l = l->next) {
        proa_listener_close(l->listener);
    }
    struct proa_list *node;
    while ((node = proa_list_first(&server->clients)) != NULL) {
        proa_client_close(PROA_CONTAINER_OF(node, struct client, node));
    }
    while (server->listening) { /* connections referred to them until now */
        struct listening *l = server->listening;
        server->listening = l->next;
        proa_free(l);
    }
    while (server->n_parsers > 0) {
        proa_http_parser_destroy(server->parsers[--server->n_parsers]);
    }
    proa_tls_context_unref(server->cfg.tls);
    proa_freelist_deinit(&server->client_pool);
    proa_freelist_deinit(&server->arena_chunks);
    proa_map_deinit(&server->peers);
    proa_buf_deinit(&server->head);
    proa_http_memo_destroy(server->parse_cfg.memo);
    proa_free(server);
}

static void on_accept(void *ctx, struct proa_sock *sock)
{
    proa_client_accept(ctx, sock);
}

/* Nobody outside can tell: the listener of the metrics needs a descriptor, too. */
static void on_starved(void *ctx, enum proa_err err)
{
    struct listening *l = ctx;
    struct proa_exchange_host *host = l->server->cfg.host;
    struct proa_log_record r;
    if (proa_logger_begin(host->log, &r, PROA_LOG_WARN, proa_loop_wall_ms(l->server->loop),
                          "accept.failed")) {
        char text[128];
        proa_addr_format(&l->bound, text, sizeof text);
        proa_log_cstr(&r, "address", text);
        proa_log_cstr(&r, "error", proa_err_text(err));
        proa_log_cstr(&r, "hint",
                      "connections wait until others end; raise the limit of open files (ulimit "
                      "-n, LimitNOFILE) or lower limits.connections");
        proa_logger_end(host->log, &r);
    }
}

enum proa_err proa_server_listen(struct proa_server *server, enum proa_listener_kind kind,
                                 const struct proa_addr *addr,
                                 const struct proa_listen_options *options, struct proa_addr *bound)
{
    struct listening *l = PROA_NEW(struct listening);
    struct proa_listen_options with = *options;
    with.on_starved = on_starved;
    l->server = server;
    l->kind = kind;
    const enum proa_err err =
        proa_listener_open(server->loop, addr, &with, on_accept, l, &l->listener);
    if (err != PROA_OK) {
        proa_free(l);
        return err;
    }
    proa_listener_addr(l->listener, &l->bound);
    l->next = server->listening;
    server->listening = l;
    if (bound) {
        *bound = l->bound;
    }
    return PROA_OK;
}

void proa_server_set_tls(struct proa_server *server, struct proa_tls_context *tls)
{
    struct proa_tls_context *before = server->cfg.tls;
    server->cfg.tls = tls ? proa_tls_context_ref(tls) : NULL;
    proa_tls_context_unref(before);
}

void proa_server_drain(struct proa_server *server)
{
    server->draining = true;
    struct proa_list *node = server->clients.next;
    while (node != &server->clients) {
        struct client *c = PROA_CONTAINER_OF(node, struct client, node);
        node = node->next;
        if (c->state == CLIENT_IDLE && c->is_open && c->listening->kind == PROA_LISTENER_DATA) {
            proa_client_linger(c);
        }
    }
}

size_t proa_server_connections(const struct proa_server *server)
{
    return server->n_data;
}

struct proa_http_parser *proa_server_take_parser(struct proa_server *server)
{
    return server->n_parsers > 0 ? server->parsers[--server->n_parsers] : proa_http_parser_create();
}

void proa_server_give_parser(struct proa_server *server, struct proa_http_parser *parser)
{
    if (server->n_parsers < PARSERS_SPARE) {
        server->parsers[server->n_parsers++] = parser;
    } else {
        proa_http_parser_destroy(parser);
    }
}

/* ---- how many ------------------------------------------------------------------------------- */

/* The remote address without its port: what a limit per peer counts by. */
static struct proa_slice peer_name(const struct proa_addr *addr, char *text, size_t cap)
{
    proa_addr_format(addr, text, cap);
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] != ':') {
        len--;
    }
    return proa_slice_make(text, len > 0 ? len - 1 : 0);
}

static bool count_peer(struct proa_server *server, struct client *c)
{
    struct proa_addr addr;
    proa_conn_peer(c->conn, &addr);
    if (proa_addr_is_loopback(&addr)) {
        return true;
    }
    char text[64];
    const struct proa_slice name = peer_name(&addr, text, sizeof text);
    struct peer *peer = proa_map_get(&server->peers, name);
    if (!peer) {
        peer = PROA_NEW(struct peer);
        peer->key_len = name.len;
        for (size_t i = 0; i < name.len; i++) {
            peer->key[i] = name.ptr[i];
        }
        (void)proa_map_put(&server->peers, proa_slice_make(peer->key, peer->key_len), peer);
    }
    peer->n++;
    c->peer = peer;
    return peer->n <= server->cfg.limits->connections_per_peer;
}

bool proa_server_admit(struct proa_server *server, struct client *c)
{
    proa_metric_add(server->m_connections[c->listening->kind], 1);
    if (c->listening->kind != PROA_LISTENER_DATA) {
        return true;
    }
    server->n_data++;
    if (!count_peer(server, c)) {
        proa_metric_add(server->m_shed_peer, 1);
        return false;
    }
    if (server->n_data > server->cfg.limits->connections) {
        proa_metric_add(server->m_shed_connections, 1);
        return false;
    }
    return true;
}

void proa_server_forget(struct proa_server *server, struct client *c)
{
    proa_metric_sub(server->m_connections[c->listening->kind], 1);
    if (c->listening->kind == PROA_LISTENER_DATA) {
        server->n_data--;
    }
    if (c->peer && --c->peer->n == 0) {
        (void)proa_map_remove(&server->peers, proa_slice_make(c->peer->key, c->peer->key_len));
        proa_free(c->peer);
    }
    c->peer = NULL;
}
