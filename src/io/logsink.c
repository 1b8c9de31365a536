#include "proa/io/logsink.h"

#include "loop_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A sink must never block the loop, and descriptors 1 and 2 are shared with other processes, so
 * that O_NONBLOCK set on them would be their problem, too. Therefore a pipe or terminal is opened
 * anew through /proc, which gives a description of its own; where that is not allowed the shared
 * one is changed and changed back at the end. Sockets get MSG_DONTWAIT. Files block for as long as
 * the page cache does.
 *
 *   FLOWING --EAGAIN--> STUCK (waits for the poll handle) --writable--> FLOWING
 */
enum {
    BATCH_BYTES = 64 * 1024,
    BATCH_MS = 100,
    QUEUE_MAX = 1024 * 1024,
    VECTORS = 64,
    LAST_CHANCE_MS = 1000
};

struct proa_logsink {
    uv_poll_t uv;
    struct proa_loop *loop;
    struct proa_timer timer;
    struct proa_bufq queue;
    uint64_t n_dropped;
    int fd;
    int own_fd;        /* to be closed, or -1 */
    int restore_flags; /* of the shared descriptor, or -1 */
    bool is_socket;
    bool can_poll; /* the uv handle exists */
    bool stuck;
};

static ssize_t send_some(const struct proa_logsink *sink)
{
    struct iovec iov[VECTORS];
    size_t n = proa_bufq_iov(&sink->queue, iov, VECTORS);
    if (sink->is_socket) {
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n};
        return sendmsg(sink->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return writev(sink->fd, iov, (int)n);
}

static size_t count_lines(const struct proa_bufq *q)
{
    struct iovec iov[VECTORS];
    size_t n = proa_bufq_iov(q, iov, VECTORS);
    size_t lines = 0;
    for (size_t i = 0; i < n; i++) {
        const char *at = iov[i].iov_base;
        const char *end = at + iov[i].iov_len;
        while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            lines++;
            at++;
        }
    }
    return lines;
}

static void on_uv_poll(uv_poll_t *uv, int status, int events);

static void wait_for_reader(struct proa_logsink *sink)
{
    sink->stuck = true;
    if (!sink->can_poll) {
        int flags = fcntl(sink->fd, F_GETFL);
        sink->can_poll = uv_poll_init(&sink->loop->uv, &sink->uv, sink->fd) == 0;
        sink->uv.data = sink;
        if (flags >= 0 && sink->is_socket) {
            (void)fcntl(sink->fd, F_SETFL, flags); /* uv_poll_init() has set O_NONBLOCK */
        }
    }
    if (!sink->can_poll || uv_poll_start(&sink->uv, UV_WRITABLE, on_uv_poll) != 0) {
        proa_timer_set(sink->loop, &sink->timer,
                       proa_loop_now(sink->loop) + BATCH_MS * PROA_NS_PER_MS);
        return;
    }
    /* A reader that does not read must not keep the process alive. */
    uv_unref((uv_handle_t *)&sink->uv);
}

/* True while there is more to send and the descriptor takes it. */
static bool send_step(struct proa_logsink *sink)
{
    ssize_t n = send_some(sink);
    if (n >= 0) {
        proa_bufq_drop(&sink->queue, (size_t)n);
        return sink->queue.len > 0;
    }
    if (errno == EINTR) {
        return true;
    }
    if (errno == EAGAIN) {
        wait_for_reader(sink);
        return false;
    }
    /* EPIPE, ENOSPC, EIO: nobody to tell. Later lines try again. */
    sink->n_dropped += count_lines(&sink->queue);
    proa_bufq_drop(&sink->queue, sink->queue.len);
    return false;
}

static void flush(struct proa_logsink *sink)
{
    proa_timer_clear(sink->loop, &sink->timer);
    while (sink->queue.len > 0 && send_step(sink)) {
    }
}

static void on_uv_poll(uv_poll_t *uv, int status, int events)
{
    struct proa_logsink *sink = uv->data;
    (void)status;
    (void)events;
    proa_loop_enter(sink->loop);
    (void)uv_poll_stop(&sink->uv);
    sink->stuck = false;
    flush(sink);
    proa_loop_leave(sink->loop);
}

static void on_timer(void *ctx, uint64_t now_ns)
{
    struct proa_logsink *sink = ctx;
    (void)now_ns;
    sink->stuck = false;
    flush(sink);
}

void proa_logsink_write(void *sink_ptr, struct proa_slice line, bool is_access)
{
    struct proa_logsink *sink = sink_ptr;
    if (proa_bufq_push(&sink->queue, line) != PROA_OK) {
        sink->n_dropped++;
        return;
    }
    if (sink->stuck) {
        return;
    }
    if (!is_access || sink->queue.len >= BATCH_BYTES) {
        flush(sink);
    } else if (!proa_timer_armed(&sink->timer)) {
        proa_timer_set(sink->loop, &sink->timer,
                       proa_loop_now(sink->loop) + BATCH_MS * PROA_NS_PER_MS);
    }
}

uint64_t proa_logsink_dropped(const struct proa_logsink *sink)
{
    return sink->n_dropped;
}

/* A description of our own, so that O_NONBLOCK is ours alone. -1 where that cannot be had. */
static int reopen(int fd)
{
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static void prepare_fd(struct proa_logsink *sink)
{
    struct stat st;
    if (fstat(sink->fd, &st) < 0 || S_ISREG(st.st_mode)) {
        return;
    }
    if (S_ISSOCK(st.st_mode)) {
        sink->is_socket = true;
        return;
    }
    sink->own_fd = reopen(sink->fd);
    if (sink->own_fd >= 0) {
        sink->fd = sink->own_fd;
        return;
    }
    int flags = fcntl(sink->fd, F_GETFL);
    if (flags >= 0 && !(flags & O_NONBLOCK) && fcntl(sink->fd, F_SETFL, flags | O_NONBLOCK) == 0) {
        sink->restore_flags = flags;
    }
}

struct proa_logsink *proa_logsink_create(struct proa_loop *loop, int fd)
{
    struct proa_logsink *sink = PROA_NEW(struct proa_logsink);
    *sink = (struct proa_logsink){.loop = loop, .fd = fd, .own_fd = -1, .restore_flags = -1};
    sink->timer = (struct proa_timer){.fn = on_timer, .ctx = sink};
    proa_bufq_init(&sink->queue, &loop->chunks, QUEUE_MAX, QUEUE_MAX, 0);
    prepare_fd(sink);
    return sink;
}

static void last_chance(struct proa_logsink *sink)
{
    uint64_t end_ns = uv_hrtime() + LAST_CHANCE_MS * PROA_NS_PER_MS;
    while (sink->queue.len > 0) {
        ssize_t n = send_some(sink);
        uint64_t now = uv_hrtime();
        if (n >= 0) {
            proa_bufq_drop(&sink->queue, (size_t)n);
        } else if ((errno != EAGAIN && errno != EINTR) || now >= end_ns) {
            break;
        } else {
            struct pollfd p = {.fd = sink->fd, .events = POLLOUT};
            (void)poll(&p, 1, (int)((end_ns - now) / PROA_NS_PER_MS) + 1);
        }
    }
}

static void on_uv_closed(uv_handle_t *uv)
{
    proa_free(uv->data);
}

void proa_logsink_destroy(struct proa_logsink *sink)
{
    if (!sink) {
        return;
    }
    proa_timer_clear(sink->loop, &sink->timer);
    if (sink->can_poll) {
        (void)uv_poll_stop(&sink->uv);
    }
    last_chance(sink);
    proa_bufq_deinit(&sink->queue);
    if (sink->restore_flags >= 0) {
        (void)fcntl(sink->fd, F_SETFL, sink->restore_flags);
    }
    if (sink->can_poll) {
        uv_close((uv_handle_t *)&sink->uv, on_uv_closed);
    }
    if (sink->own_fd >= 0) {
        (void)close(sink->own_fd);
    }
    if (!sink->can_poll) {
        proa_free(sink);
    }
}
