/*
 * The set of pools, by endpoint identity, and what they share: TLS contexts made off the loop, the
 * cache of TLS sessions, free lists.
 */
#include "upstream_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/hash.h"
#include "proa/io/file.h"

enum {
    LINKS_SPARE = 256,
    CALLS_SPARE = 256,
    SESSIONS_MAX = 256,
    CA_BYTES_MAX = 8 * 1024 * 1024,
    FEW_CONNECTIONS = 4
};

/* Where distributions keep the authorities they trust; the first that exists is used. */
static const char *const CA_BUNDLES[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

struct proa_upstream *proa_upstream_create(struct proa_net *net, struct proa_metric_reg *metrics)
{
    struct proa_upstream *up = PROA_NEW(struct proa_upstream);
    uint64_t seed[2];
    proa_process_random(seed, sizeof seed);
    up->net = net;
    up->loop = proa_net_loop(net);
    up->metrics = metrics;
    proa_map_init(&up->pools, seed[0]);
    proa_freelist_init(&up->links, sizeof(struct link), LINKS_SPARE);
    proa_freelist_init(&up->calls, sizeof(struct proa_call), CALLS_SPARE);
    proa_loop_tend(up->loop, &up->links);
    proa_loop_tend(up->loop, &up->calls);
    proa_tls_cache_init(&up->sessions, SESSIONS_MAX, 0, seed[1]);
    proa_link_answer_cfg(&up->answer_cfg);
    up->answer_cfg.memo = proa_http_memo_create();
    return up;
}

/* Reading a bundle takes milliseconds, so the thread pool does it. */
struct tls_build {
    struct proa_connpool *pool; /* NULL: it went meanwhile */
    struct proa_slice ca_pem;   /* empty: the system's; the pool's, or owned once that went */
    struct proa_tls_context *out;
    enum proa_err err;
};

static void pool_free(struct proa_connpool *pool)
{
    if (pool->building) { /* the thread still reads the authorities */
        pool->building->pool = NULL;
        pool->ca_pem = PROA_SLICE_NONE;
    }
    proa_timer_clear(pool->up->loop, &pool->sweep);
    proa_connpool_close_idle(pool, UINT64_MAX);
    proa_tls_context_unref(pool->tls);
    proa_free((void *)(uintptr_t)pool->key.ptr);
    proa_free((void *)(uintptr_t)pool->host.ptr);
    proa_free((void *)(uintptr_t)pool->ca_pem.ptr);
    proa_free((void *)(uintptr_t)pool->proxy_host.ptr);
    proa_free((void *)(uintptr_t)pool->authority.ptr);
    proa_secret_unref(pool->proxy_auth);
    proa_free(pool);
}

void proa_upstream_destroy(struct proa_upstream *up)
{
    if (!up) {
        return;
    }
    size_t cursor = 0;
    const struct proa_map_entry *entry;
    while ((entry = proa_map_next(&up->pools, &cursor)) != NULL) {
        pool_free(entry->value);
    }
    proa_map_deinit(&up->pools);
    proa_tls_cache_deinit(&up->sessions);
    proa_freelist_deinit(&up->links);
    proa_freelist_deinit(&up->calls);
    proa_http_memo_destroy(up->answer_cfg.memo);
    proa_free(up);
}

/* ---- TLS contexts ---------------------------------------------------------------------------- */

static void tls_build_work(void *ctx)
{
    struct tls_build *b = ctx;
    struct proa_buf bundle;
    proa_buf_init(&bundle, CA_BYTES_MAX);
    struct proa_slice pem = b->ca_pem;
    b->err = PROA_ERR_NOT_FOUND;
    for (size_t i = 0; pem.len == 0 && i < PROA_ARRAY_LEN(CA_BUNDLES); i++) {
        if (proa_file_read(CA_BUNDLES[i], &bundle) == PROA_OK) {
            pem = proa_buf_slice(&bundle);
        }
    }
    if (pem.len > 0) {
        const struct proa_tls_context_cfg cfg = {.ca_pem = pem};
        b->err = proa_tls_context_create_client(&cfg, &b->out, NULL);
    }
    proa_buf_deinit(&bundle);
}

static void tls_build_done(void *ctx)
{
    struct tls_build *b = ctx;
    struct proa_connpool *pool = b->pool;
    if (!pool) {
        proa_tls_context_unref(b->out);
        proa_free((void *)(uintptr_t)b->ca_pem.ptr);
        proa_free(b);
        return;
    }
    pool->building = NULL;
    pool->tls = b->out;
    pool->tls_state = b->err == PROA_OK ? TLS_READY : TLS_FAILED;
    if (b->err == PROA_OK) {
        proa_connpool_pump(pool);
    } else {
        proa_connpool_fail_waiting(pool, PROA_ERR_TLS_UNTRUSTED,
                                   PROA_SLICE("no usable CA certificates: install "
                                              "ca-certificates or set the provider's ca_file"));
    }
    proa_free(b);
    proa_connpool_unref(pool);
}

void proa_connpool_build_tls(struct proa_connpool *pool)
{
    struct tls_build *b = PROA_NEW(struct tls_build);
    b->pool = pool;
    b->ca_pem = pool->ca_pem;
    pool->refs++;
    pool->tls_state = TLS_BUILDING;
    pool->building = b;
    if (proa_loop_work(pool->up->loop, tls_build_work, tls_build_done, b) != PROA_OK) {
        tls_build_work(b);
        tls_build_done(b);
    }
}

/* ---- pools ----------------------------------------------------------------------------------- */

static struct proa_slice own(struct proa_slice s)
{
    return s.len > 0 ? proa_slice_make(proa_memdup(s.ptr, s.len), s.len) : PROA_SLICE_NONE;
}

static void set_proxy(struct proa_connpool *pool, const struct proa_endpoint *endpoint)
{
    const struct proa_proxy *proxy = endpoint->proxy;
    if (!proxy) {
        return;
    }
    pool->proxy_host = own(proxy->host);
    pool->proxy_port = proxy->port;
    pool->proxy_auth = proxy->authorization ? proa_secret_ref(proxy->authorization) : NULL;
    pool->authority = endpoint->tls ? PROA_SLICE_NONE : own(endpoint->identity);
}

static struct proa_connpool *
pool_create(struct proa_upstream *up, const struct proa_endpoint *endpoint, struct proa_slice key)
{
    struct proa_connpool *pool = PROA_NEW(struct proa_connpool);
    pool->up = up;
    pool->key = own(key);
    pool->host = own(endpoint->host);
    pool->ca_pem = own(endpoint->ca_pem);
    pool->port = endpoint->port;
    set_proxy(pool, endpoint);
    proa_list_init(&pool->idle);
    proa_list_init(&pool->busy);
    proa_list_init(&pool->waiting);
    pool->sweep.fn = proa_connpool_sweep;
    pool->sweep.ctx = pool;
    const struct proa_slice name = endpoint->identity;
    pool->m_open = proa_metric_series2(up->metrics, PROA_METRIC_UPSTREAM_CONNECTIONS, name,
                                       PROA_SLICE("open"));
    pool->m_idle = proa_metric_series2(up->metrics, PROA_METRIC_UPSTREAM_CONNECTIONS, name,
                                       PROA_SLICE("idle"));
    pool->m_dial_ok =
        proa_metric_series2(up->metrics, PROA_METRIC_UPSTREAM_DIALS, name, PROA_SLICE("ok"));
    pool->m_dial_failed =
        proa_metric_series2(up->metrics, PROA_METRIC_UPSTREAM_DIALS, name, PROA_SLICE("failed"));
    proa_map_put(&up->pools, pool->key, pool);
    if (endpoint->tls) {
        pool->m_tls_full = proa_metric_series2(up->metrics, PROA_METRIC_UPSTREAM_HANDSHAKES, name,
                                               PROA_SLICE("full"));
        pool->m_tls_resumed = proa_metric_series2(up->metrics, PROA_METRIC_UPSTREAM_HANDSHAKES,
                                                  name, PROA_SLICE("resumed"));
        proa_connpool_build_tls(pool);
    }
    return pool;
}

/* A pool that nobody refers to may still have calls on it, so it goes when another one comes. */
static void purge(struct proa_upstream *up)
{
    size_t cursor = 0;
    const struct proa_map_entry *entry;
    while ((entry = proa_map_next(&up->pools, &cursor)) != NULL) {
        struct proa_connpool *pool = entry->value;
        if (pool->refs == 0 && pool->n_open == 0 && proa_list_empty(&pool->waiting)) {
            (void)proa_map_remove(&up->pools, pool->key);
            pool_free(pool);
            cursor = 0;
        }
    }
}

struct proa_connpool *proa_connpool_get(struct proa_upstream *up,
                                        const struct proa_endpoint *endpoint,
                                        const struct proa_provider_cfg *cfg)
{
    struct proa_buf key;
    proa_buf_init(&key, 4096);
    (void)proa_buf_append(&key, endpoint->identity);
    PROA_BUF_LIT(&key, " ");
    (void)proa_buf_append_hex(&key, proa_hash64(endpoint->ca_pem, 0));
    if (endpoint->proxy) {
        PROA_BUF_LIT(&key, " ");
        (void)proa_buf_append(&key, endpoint->proxy->identity);
        if (endpoint->proxy->authorization) { /* other credentials, other connections */
            PROA_BUF_LIT(&key, " ");
            (void)proa_buf_append(
                &key, proa_slice_make(proa_secret_digest(endpoint->proxy->authorization), 32));
        }
    }
    struct proa_connpool *pool = proa_map_get(&up->pools, proa_buf_slice(&key));
    if (!pool) {
        purge(up);
        pool = pool_create(up, endpoint, proa_buf_slice(&key));
    }
    proa_buf_deinit(&key);
    pool->refs++;
    if (cfg) {
        pool->max_connections = cfg->max_connections;
        pool->max_idle = cfg->max_idle;
        pool->idle_ns = cfg->idle_ns;
    } else if (pool->max_connections == 0) {
        pool->max_connections = FEW_CONNECTIONS;
        pool->max_idle = 1;
        pool->idle_ns = 10 * PROA_NS_PER_S;
    }
    return pool;
}

void proa_connpool_unref(struct proa_connpool *pool)
{
    PROA_ASSERT(pool->refs > 0);
    if (--pool->refs == 0) {
        proa_connpool_close_idle(pool, UINT64_MAX);
    }
}
