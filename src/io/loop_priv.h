/*
 * The loop's inside, shared by the units of this module.
 *
 * Every libuv callback starts with proa_loop_enter() and ends with proa_loop_leave(), so that one
 * clock sample serves all code below it, and code outside of callbacks never sees an old one.
 */
#ifndef PROA_SRC_IO_LOOP_PRIV_H
#define PROA_SRC_IO_LOOP_PRIV_H

#include "proa/core/bufq.h"
#include "proa/core/freelist.h"
#include "proa/core/list.h"
#include "proa/io/loop.h"

#include <uv.h>

enum {
    PROA_LOOP_READ_BYTES = 64 * 1024,
    PROA_LOOP_CHUNK_BYTES = 16 * 1024,
    PROA_LOOP_CHUNK_SPARES = 64,
    PROA_LOOP_MAX_SIGNALS = 16
};

struct proa_loop_signal {
    uv_signal_t uv;
    struct proa_loop *loop;
    void (*fn)(void *ctx, int signum);
    void *ctx;
};

struct proa_loop {
    uv_loop_t uv;
    uv_timer_t timer;
    uv_prepare_t prepare; /* runs what was deferred, before the loop may block */
    uv_idle_t idle;       /* active = do not block: more is deferred than one turn may run */
    struct proa_heap timers;
    uint64_t armed_ns; /* what the uv timer is set to; may be earlier than the first deadline */
    uint64_t now_ns;   /* sample of the running callback, 0 outside of callbacks */
    int64_t wall_offset_ns; /* wall clock minus monotonic clock */
    uint64_t wall_read_ns;  /* when that was measured */
    uint64_t lag_ns;
    bool firing;
    bool timer_ref;
    bool stopped;
    struct proa_deferred *deferred_first;
    struct proa_deferred *deferred_last;
    size_t n_jobs; /* on the thread pool, done() not yet called */
    size_t n_signals;
    struct proa_loop_signal *signals[PROA_LOOP_MAX_SIGNALS];
    char *read_buf; /* PROA_LOOP_READ_BYTES, lent to one read callback at a time */
    struct proa_freelist chunks;
    struct proa_freelist socks;
    struct proa_list lingering; /* sockets without an owner, see proa_sock_close_later() */
    struct proa_list tended;    /* free lists, see proa_loop_tend() */
    uv_timer_t tend;            /* not of our heap: it must not keep the loop running */
    uint64_t tend_ms;
};

/* What is due once a second while there is something to do. */
void proa_loop_each_second(struct proa_loop *loop);

static inline void proa_loop_enter(struct proa_loop *loop)
{
    loop->now_ns = uv_hrtime();
    if (PROA_UNLIKELY(loop->now_ns - loop->wall_read_ns >= UINT64_C(1000000000))) {
        proa_loop_each_second(loop);
    }
}
static inline void proa_loop_leave(struct proa_loop *loop)
{
    loop->now_ns = 0;
}

/* Object sizes and the end of lingering sockets; sock.c. */
void proa_sock_loop_init(struct proa_loop *loop);
void proa_sock_loop_deinit(struct proa_loop *loop);

/* From a negative libuv code; for connecting, a missing unix socket counts as refused. */
enum proa_err proa_io_err(int uv_code);

#endif
