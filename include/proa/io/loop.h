/*
 * The event loop: one thread, one timer heap, one shared read buffer.
 *
 * I/O half; the only module that includes <uv.h>. Handle type. Everything made from a loop must be
 * closed before the loop is destroyed, and all calls come from the loop's own thread unless a
 * function says otherwise.
 *
 * Time: proa_loop_now() is the monotonic clock in nanoseconds, sampled at the top of each loop
 * callback. Ask for it where it is needed and hand it down; do not store it for later.
 */
#ifndef PROA_IO_LOOP_H
#define PROA_IO_LOOP_H

#include "proa/core/err.h"
#include "proa/core/freelist.h"
#include "proa/core/heap.h"
#include "proa/core/slice.h"

struct proa_loop;

struct proa_loop *proa_loop_create(void);
/* Runs the close callbacks that are still due, then releases the loop. NULL is fine. */
void proa_loop_destroy(struct proa_loop *loop);
/* Until proa_loop_stop(), or until nothing is left to wait for. */
void proa_loop_run(struct proa_loop *loop);
void proa_loop_stop(struct proa_loop *loop);
/* Version of the library underneath; static. */
const char *proa_loop_library(void);
/* One turn without blocking; for tests and for shutting down. True while there is more to do. */
bool proa_loop_turn(struct proa_loop *loop);

uint64_t proa_loop_now(const struct proa_loop *loop);
/* The monotonic clock read anew: for measuring what a callback itself takes, not for decisions. */
uint64_t proa_loop_clock(void);
/* Wall clock, milliseconds since 1970 UTC: for logs, ids, certificates and Retry-After dates only.
 * Derived from proa_loop_now() and an offset that is refreshed once a second: no syscall. */
uint64_t proa_loop_wall_ms(const struct proa_loop *loop);
/* How late the last timer was, in ns: the loop's lag. */
uint64_t proa_loop_lag(const struct proa_loop *loop);

/*
 * A timer is embedded in its owner and fires at most once per arming. Zero-initialise, set fn and
 * ctx, then arm. Arming again moves it. Clear it before its owner is released.
 */
struct proa_timer {
    struct proa_heap_node node;
    void (*fn)(void *ctx, uint64_t now_ns);
    void *ctx;
};

/* deadline_ns is absolute, PROA_NEVER clears. A past deadline fires on the next turn. */
void proa_timer_set(struct proa_loop *loop, struct proa_timer *timer, uint64_t deadline_ns);
void proa_timer_clear(struct proa_loop *loop, struct proa_timer *timer);
static inline bool proa_timer_armed(const struct proa_timer *timer)
{
    return proa_heap_linked(&timer->node);
}

/*
 * Runs fn(ctx) once at the end of the current turn, after all I/O callbacks: for closing things
 * that are on the call stack. Embedded like a timer; cancel before the owner is released.
 */
struct proa_deferred {
    struct proa_deferred *next;
    void (*fn)(void *ctx);
    void *ctx;
    bool queued;
};
void proa_defer(struct proa_loop *loop, struct proa_deferred *d);
void proa_defer_cancel(struct proa_loop *loop, struct proa_deferred *d);

/*
 * From now on what `list` keeps spare goes back to the system when nobody needed it for some
 * seconds, so that memory follows the load down again. Until the list's deinit.
 */
void proa_loop_tend(struct proa_loop *loop, struct proa_freelist *list);

/* Signals: fn(ctx, signum) on the loop thread. At most 16 registrations, released with the loop. */
enum proa_err proa_loop_signal(struct proa_loop *loop, int signum,
                               void (*fn)(void *ctx, int signum), void *ctx) PROA_MUST_CHECK;

/*
 * Work on the thread pool: work(ctx) runs there and must touch nothing of the loop; done(ctx) runs
 * on the loop thread afterwards, exactly once, also when the loop is being destroyed.
 */
enum proa_err proa_loop_work(struct proa_loop *loop, void (*work)(void *ctx),
                             void (*done)(void *ctx), void *ctx) PROA_MUST_CHECK;

#endif
