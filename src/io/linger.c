#include "sock_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

/*
 * A socket whose owner has nothing more to say or to hear, see RFC 9112 9.6: what is queued goes
 * out, then FIN, and what the peer still sends is read and dropped, so that no RST destroys the
 * answer before the peer has read it.
 */
struct lingering {
    struct proa_list node;
    struct proa_loop *loop;
    struct proa_sock *sock;
    struct proa_timer deadline;
    bool ended;
};

static void finish(struct lingering *l, bool reset)
{
    proa_list_unlink(&l->node);
    proa_timer_clear(l->loop, &l->deadline);
    if (reset) {
        proa_sock_reset(l->sock);
    } else {
        proa_sock_close(l->sock);
    }
    proa_free(l);
}

static void on_deadline(void *ctx, uint64_t now_ns)
{
    struct lingering *l = ctx;
    (void)now_ns;
    finish(l, proa_sock_queued(l->sock) > 0);
}

static void on_read(void *ctx, struct proa_slice bytes)
{
    (void)ctx;
    (void)bytes;
}

static void on_end(void *ctx, enum proa_err err)
{
    struct lingering *l = ctx;
    l->ended = true;
    if (err || proa_sock_queued(l->sock) == 0) {
        finish(l, false);
    }
}

/* The low mark is 0: everything is out, FIN included. */
static void on_drain(void *ctx)
{
    struct lingering *l = ctx;
    if (l->ended) {
        finish(l, false);
    }
}

void proa_sock_close_later(struct proa_sock *sock, uint64_t linger_ns)
{
    static const struct proa_sock_events events = {
        .on_read = on_read, .on_end = on_end, .on_drain = on_drain};
    struct proa_loop *loop = proa_sock_loop(sock);
    bool ended = proa_sock_has_ended(sock);
    if (!proa_sock_is_open(sock) || (ended && proa_sock_queued(sock) == 0)) {
        proa_sock_close(sock);
        return;
    }
    struct lingering *l = PROA_NEW(struct lingering);
    *l = (struct lingering){.loop = loop, .sock = sock, .ended = ended};
    proa_list_init(&l->node);
    proa_list_push_back(&loop->lingering, &l->node);
    l->deadline = (struct proa_timer){.fn = on_deadline, .ctx = l};
    proa_timer_set(loop, &l->deadline, proa_clock_after(proa_loop_now(loop), linger_ns));
    proa_sock_set_owner(sock, &events, l);
    proa_sock_set_marks(sock, SIZE_MAX, 1, 0);
    proa_sock_pause(sock, false);
    proa_sock_shutdown(sock);
}

void proa_sock_loop_deinit(struct proa_loop *loop)
{
    while (!proa_list_empty(&loop->lingering)) {
        finish(PROA_CONTAINER_OF(proa_list_first(&loop->lingering), struct lingering, node), false);
    }
}
