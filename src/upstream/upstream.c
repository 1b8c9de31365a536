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
    proa_list_init(&up->trusts);
    proa_freelist_init(&up->links, sizeof(struct link), LINKS_SPARE);
    proa_freelist_init(&up->calls, sizeof(struct proa_call), CALLS_SPARE);
    proa_loop_tend(up->loop, &up->links);
    proa_loop_tend(up->loop, &up->calls);
    proa_tls_cache_init(&up->sessions, SESSIONS_MAX, 0, seed[1]);
    proa_link_answer_cfg(&up->answer_cfg);
    up->answer_cfg.memo = proa_http_memo_create();
    return up;
}

static struct proa_slice own(struct proa_slice s)
{
    return s.len > 0 ? proa_slice_make(proa_memdup(s.ptr, s.len), s.len) : PROA_SLICE_NONE;
}

/* ---- authorities ----------------------------------------------------------------------------- */

/*
 * Parsed authorities are most of a TLS context, and nothing in it is of one endpoint alone: pools
 * that trust the same share one. It goes with the last of them.
 */
struct trust {
    struct proa_list node;  /* in up->trusts */
    struct proa_list pools; /* their of_trust */
    struct proa_slice pem;  /* owned; empty: the system's */
    struct proa_tls_context *tls;
    enum proa_err err; /* once it is built */
    bool building;     /* a thread has pem, tls and err */
};

static struct trust *trust_of(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct trust, node);
}

static struct proa_connpool *pool_of_trust(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct proa_connpool, of_trust);
}

/* Nobody needs it, if that is so. */
static void trust_release(struct trust *t)
{
    if (!t->building && proa_list_empty(&t->pools)) {
        proa_list_unlink(&t->node);
        proa_tls_context_unref(t->tls);
        proa_free((void *)(uintptr_t)t->pem.ptr);
        proa_free(t);
    }
}

static void pool_free(struct proa_connpool *pool)
{
    proa_timer_clear(pool->up->loop, &pool->sweep);
    proa_connpool_close_idle(pool, UINT64_MAX);
    proa_tls_context_unref(pool->tls);
    if (pool->trust) {
        proa_list_unlink(&pool->of_trust);
        trust_release(pool->trust);
    }
    proa_free((void *)(uintptr_t)pool->key.ptr);
    proa_free((void *)(uintptr_t)pool->host.ptr);
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
    while (!proa_list_empty(&up->trusts)) { /* threads still read them; they go by themselves */
        proa_list_unlink(up->trusts.next);
    }
    proa_map_deinit(&up->pools);
    proa_tls_cache_deinit(&up->sessions);
    proa_freelist_deinit(&up->links);
    proa_freelist_deinit(&up->calls);
    proa_http_memo_destroy(up->answer_cfg.memo);
    proa_free(up);
}

/* ---- TLS contexts ---------------------------------------------------------------------------- */

/* Reading a bundle takes milliseconds, so the thread pool does it. */
static void trust_build(void *ctx)
{
    struct trust *t = ctx;
    struct proa_buf bundle;
    proa_buf_init(&bundle, CA_BYTES_MAX);
    struct proa_slice pem = t->pem;
    t->err = PROA_ERR_NOT_FOUND;
    for (size_t i = 0; pem.len == 0 && i < PROA_ARRAY_LEN(CA_BUNDLES); i++) {
        if (proa_file_read(CA_BUNDLES[i], &bundle) == PROA_OK) {
            pem = proa_buf_slice(&bundle);
        }
    }
    if (pem.len > 0) {
        const struct proa_tls_context_cfg cfg = {.ca_pem = pem};
        t->err = proa_tls_context_create_client(&cfg, &t->tls, NULL);
    }
    proa_buf_deinit(&bundle);
}

static void use_trust(struct proa_connpool *pool)
{
    const struct trust *t = pool->trust;
    pool->tls_state = t->err == PROA_OK ? TLS_READY : TLS_FAILED;
    pool->tls = t->err == PROA_OK ? proa_tls_context_ref(t->tls) : NULL;
}

static struct proa_connpool *next_waiting(const struct trust *t)
{
    for (struct proa_list *node = t->pools.next; node != &t->pools; node = node->next) {
        if (pool_of_trust(node)->tls_state == TLS_BUILDING) {
            return pool_of_trust(node);
        }
    }
    return NULL;
}

static void trust_built(void *ctx)
{
    struct trust *t = ctx;
    /* What calls are told may bring pools and take them away. */
    for (struct proa_connpool *pool; (pool = next_waiting(t)) != NULL;) {
        use_trust(pool);
        pool->refs++;
        if (t->err == PROA_OK) {
            proa_connpool_pump(pool);
        } else {
            proa_connpool_fail_waiting(pool, PROA_ERR_TLS_UNTRUSTED,
                                       PROA_SLICE("no usable CA certificates: install "
                                                  "ca-certificates or set the provider's ca_file"));
        }
        proa_connpool_unref(pool);
    }
    t->building = false;
    trust_release(t);
}

/* One that could not be read is tried again by whoever comes next. */
static struct trust *find_trust(struct proa_upstream *up, struct proa_slice pem)
{
    for (struct proa_list *node = up->trusts.next; node != &up->trusts; node = node->next) {
        struct trust *t = trust_of(node);
        if (proa_slice_eq(t->pem, pem) && (t->building || t->err == PROA_OK)) {
            return t;
        }
    }
    return NULL;
}

static void join_trust(struct proa_connpool *pool, struct proa_slice pem)
{
    struct proa_upstream *up = pool->up;
    struct trust *t = find_trust(up, pem);
    const bool is_new = t == NULL;
    if (is_new) {
        t = PROA_NEW(struct trust);
        proa_list_init(&t->pools);
        proa_list_init(&t->node);
        proa_list_push_back(&up->trusts, &t->node);
        t->pem = own(pem);
        t->building = true;
    }
    pool->trust = t;
    pool->tls_state = TLS_BUILDING;
    proa_list_push_back(&t->pools, &pool->of_trust);
    if (is_new && proa_loop_work(up->loop, trust_build, trust_built, t) != PROA_OK) {
        trust_build(t);
        trust_built(t);
    } else if (!t->building) {
        use_trust(pool);
    }
}

void proa_connpool_read_again(struct proa_connpool *pool)
{
    struct trust *failed = pool->trust;
    proa_list_unlink(&pool->of_trust);
    join_trust(pool, failed->pem);
    trust_release(failed);
    if (pool->tls_state == TLS_READY) { /* others have read them meanwhile */
        proa_connpool_pump(pool);
    }
}

/* ---- pools ----------------------------------------------------------------------------------- */

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
    pool->port = endpoint->port;
    set_proxy(pool, endpoint);
    proa_list_init(&pool->idle);
    proa_list_init(&pool->busy);
    proa_list_init(&pool->waiting);
    proa_list_init(&pool->of_trust);
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
        join_trust(pool, endpoint->ca_pem);
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
