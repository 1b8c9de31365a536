/*
 * Pools: which connection a call gets, who waits, what stays open.
 */
#include "upstream_priv.h"

#include "proa/core/clock.h"

static struct link *link_of(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct link, node);
}
static struct proa_call *call_of(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct proa_call, node);
}

/* Sends on the newest idle connection that still takes it. */
static bool send_on_idle(struct proa_connpool *pool, struct proa_call *call)
{
    struct proa_list *node;
    while ((node = proa_list_first(&pool->idle)) != NULL) {
        struct link *link = link_of(node);
        proa_list_unlink(node);
        proa_list_push_front(&pool->busy, node);
        pool->n_idle--;
        proa_metric_sub(pool->m_idle, 1);
        if (proa_link_send(link, call)) {
            call->reused = true;
            return true;
        }
    }
    return false;
}

static bool may_dial(const struct proa_connpool *pool)
{
    return pool->n_open < pool->max_connections &&
           (pool->tls_state == TLS_NONE || pool->tls_state == TLS_READY);
}

bool proa_connpool_assign(struct proa_connpool *pool, struct proa_call *call)
{
    if (proa_list_empty(&pool->waiting) && send_on_idle(pool, call)) {
        return true;
    }
    if (proa_list_empty(&pool->waiting) && may_dial(pool)) {
        proa_link_dial(pool, call);
        return false;
    }
    proa_list_push_back(&pool->waiting, &call->node);
    if (pool->tls_state == TLS_FAILED) {
        proa_connpool_read_again(pool); /* the authorities may be there by now */
    }
    return false;
}

void proa_connpool_pump(struct proa_connpool *pool)
{
    struct proa_list *node;
    while ((node = proa_list_first(&pool->waiting)) != NULL) {
        struct proa_call *call = call_of(node);
        const bool idle = !proa_list_empty(&pool->idle);
        if (!idle && !may_dial(pool)) {
            return;
        }
        proa_list_unlink(node);
        if (!idle) {
            proa_link_dial(pool, call);
        } else if (send_on_idle(pool, call)) {
            call->events->on_sent(call->ctx, true);
        } else {
            proa_list_push_front(&pool->waiting, node);
        }
    }
}

void proa_connpool_fail_waiting(struct proa_connpool *pool, enum proa_err err,
                                struct proa_slice detail)
{
    struct proa_list *node;
    while ((node = proa_list_first(&pool->waiting)) != NULL) {
        const struct proa_call_failure failure = {.err = err, .detail = detail};
        proa_call_fail(call_of(node), &failure);
    }
}

void proa_connpool_close_idle(struct proa_connpool *pool, uint64_t older_than_ns)
{
    struct proa_list *node;
    while ((node = proa_list_last(&pool->idle)) != NULL) {
        struct link *link = link_of(node);
        if (link->idle_since_ns > older_than_ns) {
            return;
        }
        proa_link_close(link);
    }
}

void proa_connpool_sweep(void *ctx, uint64_t now_ns)
{
    struct proa_connpool *pool = ctx;
    proa_connpool_close_idle(pool, proa_clock_since(now_ns, pool->idle_ns));
    const struct proa_list *oldest = proa_list_last(&pool->idle);
    if (oldest) {
        const struct link *link = link_of(pool->idle.prev);
        proa_timer_set(pool->up->loop, &pool->sweep, link->idle_since_ns + pool->idle_ns);
    }
}
