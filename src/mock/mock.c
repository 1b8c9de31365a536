#include "proa/mock/mock.h"

#include "mock_priv.h"

#include "proa/core/alloc.h"
#include "proa/tls/context.h"
#include "proa/tls/digest.h"

enum { ARENA_CHUNK = 4096, ARENA_SPARE = 64, OUT_MAX = 1024 * 1024, TEXT_MAX = 1024 * 1024 };

struct proa_mock *proa_mock_create(struct proa_net *net, const struct proa_mock_cfg *cfg)
{
    struct proa_mock *mock = PROA_NEW(struct proa_mock);
    mock->net = net;
    mock->loop = proa_net_loop(net);
    mock->tls = cfg->tls ? proa_tls_context_ref(cfg->tls) : NULL;
    mock->pace_ns = cfg->pace_ns;
    mock->limits = (struct mock_limits){cfg->requests_per_min, cfg->tokens_per_min};
    mock->n_keys = cfg->n_keys;
    mock->keys = proa_alloc_zero(cfg->n_keys, sizeof *mock->keys);
    for (size_t i = 0; i < cfg->n_keys; i++) {
        proa_sha256(cfg->keys[i].key, mock->keys[i].digest);
        if (cfg->keys[i].recipe) {
            mock->keys[i].recipe = *cfg->keys[i].recipe;
        }
    }
    if (cfg->faults) {
        mock->faults = *cfg->faults;
    }
    proa_buf_init(&mock->text, TEXT_MAX);
    (void)proa_buf_append(&mock->text, proa_slice_head(cfg->text, TEXT_MAX));
    proa_buf_init(&mock->out, OUT_MAX);
    proa_prng_seed(&mock->prng, cfg->seed);
    proa_mock_quota_init(&mock->quota, cfg->seed);
    if (cfg->jwt_key.len == 0 || proa_mock_rsa_key_read(cfg->jwt_key, &mock->desk.key) != PROA_OK) {
        proa_mock_rsa_key_example(&mock->desk.key);
    }
    proa_sha256(proa_slice_make(&cfg->seed, sizeof cfg->seed), mock->desk.secret);
    proa_list_init(&mock->clients);
    proa_freelist_init(&mock->arena_chunks, ARENA_CHUNK, ARENA_SPARE);
    return mock;
}

bool proa_mock_is_jwt_key(struct proa_slice pem)
{
    struct mock_rsa_key key;
    return proa_mock_rsa_key_read(pem, &key) == PROA_OK;
}

void proa_mock_destroy(struct proa_mock *mock)
{
    if (!mock) {
        return;
    }
    for (size_t i = 0; i < mock->n_listeners; i++) {
        proa_listener_close(mock->listeners[i]);
    }
    struct proa_list *node;
    while ((node = proa_list_first(&mock->clients)) != NULL) {
        proa_mock_client_close(PROA_CONTAINER_OF(node, struct client, node));
    }
    proa_tls_context_unref(mock->tls);
    proa_freelist_deinit(&mock->arena_chunks);
    proa_mock_quota_deinit(&mock->quota);
    proa_buf_deinit(&mock->text);
    proa_buf_deinit(&mock->out);
    proa_free(mock->keys);
    proa_free(mock);
}

static void on_accept(void *ctx, struct proa_sock *sock)
{
    proa_mock_client_accept(ctx, sock);
}

enum proa_err proa_mock_listen(struct proa_mock *mock, const struct proa_addr *addr,
                               struct proa_addr *bound)
{
    if (mock->n_listeners == MOCK_MAX_LISTENERS) {
        return PROA_ERR_LIMIT;
    }
    struct proa_listener *listener = NULL;
    enum proa_err err = proa_listener_open(mock->loop, addr, NULL, on_accept, mock, &listener);
    if (err) {
        return err;
    }
    mock->listeners[mock->n_listeners++] = listener;
    if (bound) {
        proa_listener_addr(listener, bound);
    }
    return PROA_OK;
}

void proa_mock_stats(const struct proa_mock *mock, struct proa_mock_stats *out)
{
    *out = mock->stats;
}
