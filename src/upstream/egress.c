/*
 * The way to an endpoint through a proxy. TLS goes through a tunnel (proa/net). A plain request is
 * given to the proxy itself, in absolute-form (RFC 9112 3.2.2): its head is parted where the
 * proxy's own words belong, and nothing of it is copied.
 */
#include "upstream_priv.h"

enum { WORDS_MAX = 4 }; /* pieces that are put in */

void proa_connpool_find_way(const struct proa_connpool *pool, struct proa_connpool_way *out)
{
    const bool proxied = pool->proxy_host.len > 0;
    const bool tunnel = proxied && pool->authority.len == 0;
    *out = (struct proa_connpool_way){
        .dial = {.host = proxied && !tunnel ? pool->proxy_host : pool->host,
                 .port = proxied && !tunnel ? pool->proxy_port : pool->port,
                 .tls = pool->tls,
                 .sessions = pool->tls ? &pool->up->sessions : NULL},
        .proxy = {.host = pool->proxy_host,
                  .port = pool->proxy_port,
                  .authorization =
                      pool->proxy_auth ? proa_secret_bytes(pool->proxy_auth) : PROA_SLICE_NONE},
    };
    out->dial.proxy = tunnel ? &out->proxy : NULL;
}

static struct iovec piece(struct proa_slice s)
{
    return (struct iovec){(void *)(uintptr_t)s.ptr, s.len};
}

bool proa_connpool_absolute(const struct proa_connpool *pool,
                            const struct proa_call_request *request, struct iovec **iov, size_t *n)
{
    if (pool->authority.len == 0) {
        return false;
    }
    const struct proa_slice head =
        proa_slice_make(request->iov[0].iov_base, request->iov[0].iov_len);
    const size_t target = proa_slice_find(head, ' ') + 1;
    const size_t fields = proa_slice_find(head, '\n') + 1; /* behind the request line */
    if (target >= fields || fields > head.len) {
        return false;
    }
    struct iovec *out =
        proa_arena_alloc(request->arena, (request->n_iov + 2 + WORDS_MAX) * sizeof *out);
    size_t at = 0;
    out[at++] = piece(proa_slice_head(head, target));
    out[at++] = piece(pool->authority);
    out[at++] = piece(proa_slice_make(head.ptr + target, fields - target));
    if (pool->proxy_auth) {
        out[at++] = piece(PROA_SLICE("proxy-authorization: "));
        out[at++] = piece(proa_secret_bytes(pool->proxy_auth));
        out[at++] = piece(PROA_SLICE("\r\n"));
    }
    out[at++] = piece(proa_slice_from(head, fields));
    for (size_t i = 1; i < request->n_iov; i++) {
        out[at++] = request->iov[i];
    }
    *iov = out;
    *n = at;
    return true;
}
