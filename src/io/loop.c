#include "proa/io/loop.h"

#include "loop_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <signal.h>
#include <time.h>

/* One turn runs at most so many deferred calls: they may defer again. */
enum { DEFERRED_PER_TURN = 4096 };

/* A spare that was not needed for so long goes back to the system. */
enum { TEND_MS = 5000 };

const char *proa_loop_library(void)
{
    return uv_version_string();
}

static void read_wall(struct proa_loop *loop)
{
    struct timespec wall;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t now = uv_hrtime();
    loop->wall_offset_ns =
        (int64_t)wall.tv_sec * (int64_t)PROA_NS_PER_S + wall.tv_nsec - (int64_t)now;
    loop->wall_read_ns = now;
}

uint64_t proa_loop_now(const struct proa_loop *loop)
{
    return loop->now_ns ? loop->now_ns : uv_hrtime();
}

uint64_t proa_loop_clock(void)
{
    return uv_hrtime();
}

uint64_t proa_loop_wall_ms(const struct proa_loop *loop)
{
    int64_t wall = (int64_t)proa_loop_now(loop) + loop->wall_offset_ns;
    return wall > 0 ? (uint64_t)wall / PROA_NS_PER_MS : 0;
}

uint64_t proa_loop_lag(const struct proa_loop *loop)
{
    return loop->lag_ns;
}

/*
 * Timers. The uv timer is moved only when the first deadline becomes earlier than what it is set
 * to. Deadlines that move later or go away leave it alone: it then fires once for nothing and is
 * set again. A request that arms and clears three deadlines so touches our heap only.
 */

static void on_uv_timer(uv_timer_t *uv);

/* libuv counts whole milliseconds; rounding the absolute time up means it is never early. */
static void arm_uv_timer(struct proa_loop *loop, uint64_t deadline_ns, uint64_t at_least_ms)
{
    uint64_t due_ms = deadline_ns / PROA_NS_PER_MS + (deadline_ns % PROA_NS_PER_MS ? 1 : 0);
    uint64_t now_ms = uv_now(&loop->uv);
    uint64_t delay_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    loop->armed_ns = deadline_ns;
    (void)uv_timer_start(&loop->timer, on_uv_timer, delay_ms > at_least_ms ? delay_ms : at_least_ms,
                         0);
}

/* An empty heap must not keep the loop running, even while the uv timer is still set. */
static void hold_loop(struct proa_loop *loop)
{
    bool wanted = loop->timers.len > 0;
    if (wanted == loop->timer_ref) {
        return;
    }
    loop->timer_ref = wanted;
    if (wanted) {
        uv_ref((uv_handle_t *)&loop->timer);
    } else {
        uv_unref((uv_handle_t *)&loop->timer);
    }
}

static struct proa_timer *timer_of(struct proa_heap_node *node)
{
    return PROA_CONTAINER_OF(node, struct proa_timer, node);
}

static void on_uv_timer(uv_timer_t *uv)
{
    struct proa_loop *loop = uv->data;
    proa_loop_enter(loop);
    loop->armed_ns = PROA_NEVER;
    loop->firing = true;
    uint64_t now = loop->now_ns;
    /* Timers armed from here on wait for the next turn, past deadlines included. */
    uint64_t end_seq = loop->timers.next_seq;
    struct proa_heap_node *first = proa_heap_first(&loop->timers);
    if (first && first->key <= now) {
        loop->lag_ns = now - first->key;
    }
    while (first && first->key <= now && first->seq < end_seq) {
        struct proa_timer *timer = timer_of(first);
        proa_heap_remove(&loop->timers, first);
        timer->fn(timer->ctx, loop->now_ns);
        loop->now_ns = uv_hrtime();
        first = proa_heap_first(&loop->timers);
    }
    loop->firing = false;
    if (first) {
        /* Not 0: libuv 1.44 would call us again in this turn, without end if owners keep arming. */
        arm_uv_timer(loop, first->key, 1);
    }
    hold_loop(loop);
    proa_loop_leave(loop);
}

void proa_timer_set(struct proa_loop *loop, struct proa_timer *timer, uint64_t deadline_ns)
{
    if (deadline_ns == PROA_NEVER) {
        proa_timer_clear(loop, timer);
        return;
    }
    proa_heap_set(&loop->timers, &timer->node, deadline_ns);
    if (deadline_ns < loop->armed_ns && !loop->firing) {
        arm_uv_timer(loop, deadline_ns, 0);
    }
    hold_loop(loop);
}

void proa_timer_clear(struct proa_loop *loop, struct proa_timer *timer)
{
    proa_heap_remove(&loop->timers, &timer->node);
    hold_loop(loop);
}

/*
 * Free lists. The timer runs as long as there is something to do or a spare to release, so that a
 * process at rest is not woken.
 */

static void on_uv_tend(uv_timer_t *uv)
{
    struct proa_loop *loop = uv->data;
    size_t n_released = 0;
    size_t n_left = 0;
    for (struct proa_list *node = loop->tended.next; node != &loop->tended; node = node->next) {
        struct proa_freelist *list = PROA_CONTAINER_OF(node, struct proa_freelist, node);
        n_released += proa_freelist_trim(list);
        n_left += list->n_spare;
    }
    if (n_released > 0) {
        proa_alloc_trim();
    }
    if (n_left > 0) {
        (void)uv_timer_start(uv, on_uv_tend, loop->tend_ms, 0);
    }
}

void proa_loop_tend(struct proa_loop *loop, struct proa_freelist *list)
{
    proa_list_push_back(&loop->tended, &list->node);
}

void proa_loop_each_second(struct proa_loop *loop)
{
    read_wall(loop);
    if (!uv_is_active((uv_handle_t *)&loop->tend)) {
        (void)uv_timer_start(&loop->tend, on_uv_tend, loop->tend_ms, 0);
    }
}

/* Deferred calls: a plain queue, emptied before the loop blocks. */

void proa_defer(struct proa_loop *loop, struct proa_deferred *d)
{
    if (d->queued) {
        return;
    }
    d->queued = true;
    d->next = NULL;
    if (loop->deferred_last) {
        loop->deferred_last->next = d;
    } else {
        loop->deferred_first = d;
    }
    loop->deferred_last = d;
}

void proa_defer_cancel(struct proa_loop *loop, struct proa_deferred *d)
{
    if (!d->queued) {
        return;
    }
    struct proa_deferred *before = NULL;
    struct proa_deferred *at = loop->deferred_first;
    while (at && at != d) {
        before = at;
        at = at->next;
    }
    PROA_ASSERT(at == d);
    if (before) {
        before->next = d->next;
    } else {
        loop->deferred_first = d->next;
    }
    if (loop->deferred_last == d) {
        loop->deferred_last = before;
    }
    d->queued = false;
    d->next = NULL;
}

static void on_uv_idle(uv_idle_t *uv)
{
    (void)uv;
}

static void run_deferred(struct proa_loop *loop)
{
    if (PROA_LIKELY(!loop->deferred_first)) {
        return;
    }
    for (int left = DEFERRED_PER_TURN; left > 0 && loop->deferred_first; left--) {
        struct proa_deferred *d = loop->deferred_first;
        loop->deferred_first = d->next;
        if (!d->next) {
            loop->deferred_last = NULL;
        }
        d->next = NULL;
        d->queued = false;
        proa_loop_enter(loop);
        d->fn(d->ctx);
        proa_loop_leave(loop);
    }
    if (loop->deferred_first) {
        (void)uv_idle_start(&loop->idle, on_uv_idle);
    } else {
        (void)uv_idle_stop(&loop->idle);
    }
}

static void on_uv_prepare(uv_prepare_t *uv)
{
    run_deferred(uv->data);
}

/* Life and death. */

struct proa_loop *proa_loop_create(void)
{
    struct proa_loop *loop = PROA_NEW(struct proa_loop);
    PROA_ASSERT(uv_loop_init(&loop->uv) == 0);
    PROA_ASSERT(uv_timer_init(&loop->uv, &loop->timer) == 0);
    PROA_ASSERT(uv_timer_init(&loop->uv, &loop->tend) == 0);
    PROA_ASSERT(uv_prepare_init(&loop->uv, &loop->prepare) == 0);
    PROA_ASSERT(uv_idle_init(&loop->uv, &loop->idle) == 0);
    loop->uv.data = loop;
    loop->timer.data = loop;
    loop->tend.data = loop;
    loop->prepare.data = loop;
    loop->idle.data = loop;
    (void)uv_prepare_start(&loop->prepare, on_uv_prepare);
    uv_unref((uv_handle_t *)&loop->timer);
    uv_unref((uv_handle_t *)&loop->tend);
    uv_unref((uv_handle_t *)&loop->prepare);
    proa_heap_init(&loop->timers);
    loop->armed_ns = PROA_NEVER;
    loop->read_buf = proa_alloc(PROA_LOOP_READ_BYTES);
    proa_list_init(&loop->tended);
    loop->tend_ms = TEND_MS;
    proa_freelist_init(&loop->chunks, PROA_LOOP_CHUNK_BYTES, PROA_LOOP_CHUNK_SPARES);
    proa_loop_tend(loop, &loop->chunks);
    proa_sock_loop_init(loop);
    read_wall(loop);
    /* libuv writes without MSG_NOSIGNAL and leaves SIGPIPE as it is. */
    (void)signal(SIGPIPE, SIG_IGN);
    return loop;
}

static void on_signal_closed(uv_handle_t *uv)
{
    proa_free(uv->data);
}

static void close_own_handles(struct proa_loop *loop)
{
    for (size_t i = 0; i < loop->n_signals; i++) {
        uv_close((uv_handle_t *)&loop->signals[i]->uv, on_signal_closed);
    }
    loop->n_signals = 0;
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->tend, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
}

void proa_loop_destroy(struct proa_loop *loop)
{
    if (!loop) {
        return;
    }
    proa_sock_loop_deinit(loop);
    while (loop->n_jobs > 0 || loop->deferred_first) {
        run_deferred(loop);
        (void)uv_run(&loop->uv, loop->deferred_first ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    }
    close_own_handles(loop);
    /* Closing takes a turn or two; a leaked handle must not turn this into an endless wait. */
    for (int turns = 0; turns < 64 && uv_loop_alive(&loop->uv); turns++) {
        (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    /* Anything still open would go on using memory that is about to be released. */
    PROA_ASSERT(uv_loop_close(&loop->uv) == 0);
    proa_heap_deinit(&loop->timers);
    proa_freelist_deinit(&loop->socks);
    proa_freelist_deinit(&loop->chunks);
    proa_free(loop->read_buf);
    proa_free(loop);
}

void proa_loop_run(struct proa_loop *loop)
{
    run_deferred(loop);
    while (!loop->stopped && (uv_loop_alive(&loop->uv) || loop->deferred_first)) {
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
        run_deferred(loop);
    }
    loop->stopped = false;
}

void proa_loop_stop(struct proa_loop *loop)
{
    loop->stopped = true;
    uv_stop(&loop->uv);
}

bool proa_loop_turn(struct proa_loop *loop)
{
    run_deferred(loop);
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    run_deferred(loop);
    return uv_loop_alive(&loop->uv) || loop->deferred_first;
}

/* Signals. */

static void on_uv_signal(uv_signal_t *uv, int signum)
{
    struct proa_loop_signal *s = uv->data;
    proa_loop_enter(s->loop);
    s->fn(s->ctx, signum);
    proa_loop_leave(s->loop);
}

enum proa_err proa_loop_signal(struct proa_loop *loop, int signum,
                               void (*fn)(void *ctx, int signum), void *ctx)
{
    if (loop->n_signals == PROA_LOOP_MAX_SIGNALS) {
        return PROA_ERR_LIMIT;
    }
    struct proa_loop_signal *s = PROA_NEW(struct proa_loop_signal);
    *s = (struct proa_loop_signal){.loop = loop, .fn = fn, .ctx = ctx};
    int code = uv_signal_init(&loop->uv, &s->uv);
    if (code < 0) {
        proa_free(s);
        return proa_io_err(code);
    }
    s->uv.data = s;
    code = uv_signal_start(&s->uv, on_uv_signal, signum);
    if (code < 0) {
        uv_close((uv_handle_t *)&s->uv, on_signal_closed);
        return code == UV_EINVAL ? PROA_ERR_ARG : proa_io_err(code);
    }
    uv_unref((uv_handle_t *)&s->uv);
    loop->signals[loop->n_signals++] = s;
    return PROA_OK;
}

/* Thread pool. */

struct job {
    uv_work_t uv;
    struct proa_loop *loop;
    void (*work)(void *ctx);
    void (*done)(void *ctx);
    void *ctx;
};

static void on_uv_work(uv_work_t *uv)
{
    struct job *job = uv->data;
    job->work(job->ctx);
}

static void on_uv_work_done(uv_work_t *uv, int status)
{
    (void)status; /* jobs are never cancelled */
    struct job *job = uv->data;
    struct proa_loop *loop = job->loop;
    loop->n_jobs--;
    proa_loop_enter(loop);
    job->done(job->ctx);
    proa_loop_leave(loop);
    proa_free(job);
}

enum proa_err proa_loop_work(struct proa_loop *loop, void (*work)(void *ctx),
                             void (*done)(void *ctx), void *ctx)
{
    struct job *job = PROA_NEW(struct job);
    *job = (struct job){.loop = loop, .work = work, .done = done, .ctx = ctx};
    job->uv.data = job;
    int code = uv_queue_work(&loop->uv, &job->uv, on_uv_work, on_uv_work_done);
    if (code < 0) {
        proa_free(job);
        return proa_io_err(code);
    }
    loop->n_jobs++;
    return PROA_OK;
}

enum proa_err proa_io_err(int uv_code)
{
    static const struct {
        int code;
        enum proa_err err;
    } rows[] = {
        {UV_ECONNREFUSED, PROA_ERR_REFUSED},      {UV_ENOENT, PROA_ERR_REFUSED},
        {UV_ECONNRESET, PROA_ERR_RESET},          {UV_EPIPE, PROA_ERR_RESET},
        {UV_ECONNABORTED, PROA_ERR_RESET},        {UV_ETIMEDOUT, PROA_ERR_TIMEOUT},
        {UV_ENETUNREACH, PROA_ERR_UNREACHABLE},   {UV_EHOSTUNREACH, PROA_ERR_UNREACHABLE},
        {UV_EADDRNOTAVAIL, PROA_ERR_UNREACHABLE}, {UV_ENETDOWN, PROA_ERR_UNREACHABLE},
        {UV_EAFNOSUPPORT, PROA_ERR_UNREACHABLE},  {UV_EMFILE, PROA_ERR_FD_LIMIT},
        {UV_ENFILE, PROA_ERR_FD_LIMIT},           {UV_EACCES, PROA_ERR_PERMISSION},
        {UV_EPERM, PROA_ERR_PERMISSION},          {UV_EADDRINUSE, PROA_ERR_ADDR_IN_USE},
        {UV_ECANCELED, PROA_ERR_CANCELLED},       {UV_ENOTCONN, PROA_ERR_CLOSED},
    };
    if (uv_code >= 0) {
        return PROA_OK;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (rows[i].code == uv_code) {
            return rows[i].err;
        }
    }
    return PROA_ERR_IO;
}
