#include "upstream_priv.h"

struct proa_call *proa_call_start(struct proa_connpool *pool,
                                  const struct proa_call_request *request,
                                  const struct proa_call_events *events, void *ctx, bool *sent)
{
    struct proa_call *call = proa_freelist_take(&pool->up->calls);
    proa_list_init(&call->node);
    call->pool = pool;
    call->request = *request;
    call->events = events;
    call->ctx = ctx;
    *sent = proa_connpool_assign(pool, call);
    return call;
}

/* Ends the call's claim on everything and gives back its link, if it had one. */
static struct link *unbind(struct proa_call *call)
{
    struct link *link = call->link;
    proa_list_unlink(&call->node);
    if (link) {
        link->call = NULL;
        call->link = NULL;
    }
    proa_freelist_give(&call->pool->up->calls, call);
    return link;
}

static void close_link(struct link *link)
{
    if (link) {
        proa_link_close(link);
    }
}

void proa_call_cancel(struct proa_call *call)
{
    struct proa_connpool *pool = call->pool;
    close_link(unbind(call));
    proa_connpool_pump(pool);
}

void proa_call_fail(struct proa_call *call, const struct proa_call_failure *failure)
{
    struct proa_connpool *pool = call->pool;
    const struct proa_call_events *events = call->events;
    void *ctx = call->ctx;
    struct link *link = unbind(call);
    events->on_fail(ctx, failure); /* its detail may be the connection's */
    close_link(link);
    proa_connpool_pump(pool);
}

void proa_call_complete(struct proa_call *call)
{
    const struct proa_call_events *events = call->events;
    void *ctx = call->ctx;
    close_link(unbind(call));
    events->on_complete(ctx);
}

void proa_call_pause(struct proa_call *call, bool paused)
{
    call->paused = paused;
    if (call->link && call->link->conn) {
        proa_conn_pause(call->link->conn, paused);
    }
}
