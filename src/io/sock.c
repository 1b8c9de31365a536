#include "addr_priv.h"
#include "sock_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * The loop tells when a socket is ready; reading and writing are done here, with recv() and
 * sendmsg(). libuv's streams use read() and writev(), which go the way of files first: that was a
 * fifth of all that passing an event on costs.
 *
 * Connection states:
 *
 *   CONNECTING --ok--> OPEN --close--> CLOSED (memory goes in uv's close callback)
 *        |              ^
 *        '--error--> FAILED --close--> CLOSED
 *
 * Within OPEN the two directions end separately: `ended` (on_end was called) and `shut` (FIN sent
 * or wanted). `broken` keeps the error that writing met; on_end then tells it, not a clean end.
 */
enum sock_state { SOCK_CONNECTING = 0, SOCK_FAILED, SOCK_OPEN, SOCK_CLOSED };

enum {
    WRITE_VECTORS = 16, /* chunks gathered into one write */
    SPARE_SOCKS = 256,
    DEFAULT_MAX = 64 * 1024 * 1024,
    DEFAULT_HIGH = 256 * 1024,
    DEFAULT_LOW = 64 * 1024
};

struct proa_sock {
    uv_poll_t uv; /* not initialised while fd is -1 */
    struct proa_loop *loop;
    const struct proa_sock_events *events;
    void *ctx;
    struct proa_bufq out;
    struct proa_deferred later; /* an on_end or on_connect due outside of the current call */
    uint64_t handed_over;       /* bytes, ever */
    int fd;
    int polled; /* enum uv_poll_event */
    enum sock_state state;
    enum proa_err broken;
    bool is_unix;
    bool paused;
    bool ended;
    bool shut;
    bool above; /* reached the high mark, on_drain is owed */
};

_Static_assert(sizeof(struct proa_sock) <= 400, "an idle connection stays small");

static void sock_end(struct proa_sock *sock, enum proa_err err);
static void on_uv_poll(uv_poll_t *uv, int status, int events);

void proa_sock_loop_init(struct proa_loop *loop)
{
    proa_freelist_init(&loop->socks, sizeof(struct proa_sock), SPARE_SOCKS);
    proa_list_init(&loop->lingering);
    proa_loop_tend(loop, &loop->socks);
}

static void on_later(void *ctx)
{
    struct proa_sock *sock = ctx;
    if (sock->state == SOCK_FAILED) {
        sock->events->on_connect(sock->ctx, sock->broken);
    } else {
        sock_end(sock, sock->broken);
    }
}

static struct proa_sock *sock_create(struct proa_loop *loop, bool is_unix)
{
    struct proa_sock *sock = proa_freelist_take(&loop->socks);
    sock->loop = loop;
    sock->is_unix = is_unix;
    sock->fd = -1;
    sock->later = (struct proa_deferred){.fn = on_later, .ctx = sock};
    proa_bufq_init(&sock->out, &loop->chunks, DEFAULT_MAX, DEFAULT_HIGH, DEFAULT_LOW);
    return sock;
}

/* Takes the descriptor; a negative uv code when it cannot be polled, and then it is closed. */
static int take_fd(struct proa_sock *sock, int fd)
{
    int code = uv_poll_init(&sock->loop->uv, &sock->uv, fd);
    if (code < 0) {
        (void)close(fd);
        return code;
    }
    sock->uv.data = sock;
    sock->fd = fd;
    return 0;
}

/* Readiness. */

static int wanted_events(const struct proa_sock *sock)
{
    if (sock->state == SOCK_CONNECTING) {
        return UV_WRITABLE;
    }
    if (sock->state != SOCK_OPEN) {
        return 0;
    }
    return (sock->paused || sock->ended ? 0 : UV_READABLE) | (sock->out.len > 0 ? UV_WRITABLE : 0);
}

static void sync_polling(struct proa_sock *sock)
{
    const int wanted = wanted_events(sock);
    if (PROA_LIKELY(wanted == sock->polled)) {
        return;
    }
    sock->polled = wanted;
    if (wanted == 0) {
        (void)uv_poll_stop(&sock->uv);
    } else {
        PROA_ASSERT(uv_poll_start(&sock->uv, wanted, on_uv_poll) == 0);
    }
}

/* Reading. */

/* The reading side is over: tells the owner, once. Not from inside a call of the owner's. */
static void sock_end(struct proa_sock *sock, enum proa_err err)
{
    if (sock->ended) {
        return;
    }
    sock->ended = true;
    proa_defer_cancel(sock->loop, &sock->later);
    sync_polling(sock);
    if (err == PROA_OK) {
        err = sock->broken;
    }
    sock->broken = err;
    sock->events->on_end(sock->ctx, err);
}

/* One piece a turn: whoever sends much does not keep the others waiting. */
static void read_some(struct proa_sock *sock)
{
    char *buf = sock->loop->read_buf;
    ssize_t n = recv(sock->fd, buf, PROA_LOOP_READ_BYTES, MSG_DONTWAIT);
    if (PROA_LIKELY(n > 0)) {
        sock->events->on_read(sock->ctx, proa_slice_make(buf, (size_t)n));
    } else if (n == 0) {
        sock_end(sock, PROA_OK);
    } else if (errno != EAGAIN && errno != EINTR) {
        sock_end(sock, proa_io_err(-errno));
    }
}

/* Writing. */

/*
 * Writing failed. What the peer sent before it broke may still wait in the kernel (an early
 * refusal, then a reset), so reading goes on and ends by itself; only where nobody reads, or where
 * the error is not one that reading would meet, the end is announced from here.
 */
static void sock_break(struct proa_sock *sock, int code)
{
    if (!sock->broken) {
        sock->broken = proa_io_err(-code);
    }
    proa_bufq_drop(&sock->out, sock->out.len);
    bool is_read = (sock->polled & UV_READABLE) != 0;
    bool read_will_tell = is_read && (code == EPIPE || code == ECONNRESET);
    if (!sock->ended && !read_will_tell) {
        proa_defer(sock->loop, &sock->later);
    }
}

static void send_fin(struct proa_sock *sock)
{
    /* ENOTCONN means that the peer has reset: reading tells that. */
    (void)shutdown(sock->fd, SHUT_WR);
}

/* How many bytes went out; 0 when there is no room. A failure breaks the socket. */
static size_t send_now(struct proa_sock *sock, const struct iovec *iov, size_t n)
{
    const struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const ssize_t sent = n == 1 ? send(sock->fd, iov->iov_base, iov->iov_len, flags)
                                : sendmsg(sock->fd, &message, flags);
    if (PROA_LIKELY(sent >= 0)) {
        return (size_t)sent;
    }
    if (errno != EAGAIN && errno != EINTR) {
        sock_break(sock, errno);
    }
    return 0;
}

/* One write over as many chunks as fit; what is left goes when there is room again. */
static void flush(struct proa_sock *sock)
{
    struct iovec iov[WRITE_VECTORS];
    const size_t n = proa_bufq_iov(&sock->out, iov, WRITE_VECTORS);
    proa_bufq_drop(&sock->out, send_now(sock, iov, n));
    if (sock->out.len == 0 && sock->shut) {
        send_fin(sock);
    }
    if (sock->above && proa_bufq_below_low(&sock->out)) {
        sock->above = false;
        sock->events->on_drain(sock->ctx);
    }
}

static enum proa_err enqueue(struct proa_sock *sock, const struct iovec *iov, size_t n, size_t skip)
{
    enum proa_err err = proa_bufq_pushv(&sock->out, iov, n, skip);
    if (err) {
        return err;
    }
    if (proa_bufq_above_high(&sock->out)) {
        sock->above = true;
    }
    sync_polling(sock);
    return PROA_OK;
}

enum proa_err proa_sock_writev(struct proa_sock *sock, const struct iovec *iov, size_t n)
{
    if (PROA_UNLIKELY(sock->broken || sock->shut)) {
        return sock->broken ? sock->broken : PROA_ERR_CLOSED;
    }
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += iov[i].iov_len;
    }
    if (PROA_UNLIKELY(total > sock->out.max - sock->out.len)) {
        return PROA_ERR_LIMIT;
    }
    if (total == 0) {
        return PROA_OK;
    }
    sock->handed_over += total;
    if (sock->out.len > 0 || sock->state != SOCK_OPEN) {
        return enqueue(sock, iov, n, 0);
    }
    const size_t sent = send_now(sock, iov, n);
    if (PROA_LIKELY(sent == total)) {
        return PROA_OK;
    }
    return sock->broken ? sock->broken : enqueue(sock, iov, n, sent);
}

void proa_sock_set_marks(struct proa_sock *sock, size_t max_queued, size_t high, size_t low)
{
    PROA_ASSERT(low <= high && high <= max_queued);
    sock->out.max = max_queued > sock->out.len ? max_queued : sock->out.len;
    sock->out.high = high;
    sock->out.low = low;
    if (sock->out.len > 0 && proa_bufq_above_high(&sock->out)) {
        sock->above = true;
    }
}

size_t proa_sock_queued(const struct proa_sock *sock)
{
    return sock->out.len;
}

bool proa_sock_above_high(const struct proa_sock *sock)
{
    return sock->above;
}

/* The queue's length alone says little: the kernel takes megabytes before it takes no more, and
 * then asks for more only when half of them are gone. */
int64_t proa_sock_delivered(const struct proa_sock *sock)
{
    int in_kernel = 0;
    if (ioctl(sock->fd, SIOCOUTQ, &in_kernel) < 0) {
        in_kernel = 0;
    }
    return (int64_t)(sock->handed_over - sock->out.len) - in_kernel;
}

/* Opening. */

struct proa_sock *proa_sock_from_fd(struct proa_loop *loop, int fd, bool is_unix)
{
    struct proa_sock *sock = sock_create(loop, is_unix);
    sock->state = SOCK_OPEN;
    if (take_fd(sock, fd) < 0) {
        proa_sock_close(sock);
        return NULL;
    }
    return sock;
}

bool proa_sock_is_placed(const struct proa_sock *sock)
{
    return sock->events || sock->state == SOCK_CLOSED;
}

bool proa_sock_is_open(const struct proa_sock *sock)
{
    return sock->state == SOCK_OPEN && !sock->broken;
}

bool proa_sock_has_ended(const struct proa_sock *sock)
{
    return sock->ended;
}

void proa_sock_set_owner(struct proa_sock *sock, const struct proa_sock_events *events, void *ctx)
{
    sock->events = events;
    sock->ctx = ctx;
}

void proa_sock_adopt(struct proa_sock *sock, const struct proa_sock_events *events, void *ctx)
{
    proa_sock_set_owner(sock, events, ctx);
    sync_polling(sock);
}

static void connected(struct proa_sock *sock)
{
    int code = 0;
    socklen_t len = sizeof(code);
    (void)getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &code, &len);
    if (code != 0) {
        sock->state = SOCK_FAILED;
        sock->broken = proa_io_err(-code);
        proa_bufq_drop(&sock->out, sock->out.len);
        sync_polling(sock);
        sock->events->on_connect(sock->ctx, sock->broken);
        return;
    }
    sock->state = SOCK_OPEN;
    sock->events->on_connect(sock->ctx, PROA_OK);
    if (sock->state == SOCK_OPEN && sock->out.len > 0) {
        flush(sock);
    } else if (sock->state == SOCK_OPEN && sock->shut) {
        send_fin(sock);
    }
}

static void on_uv_poll(uv_poll_t *uv, int status, int events)
{
    struct proa_sock *sock = uv->data;
    struct proa_loop *loop = sock->loop;
    proa_loop_enter(loop);
    if (status < 0) { /* an error is waiting; libuv has stopped by itself, the calls below tell */
        events = sock->polled;
        sock->polled = 0;
    }
    if (PROA_UNLIKELY(sock->state == SOCK_CONNECTING)) {
        connected(sock);
    } else {
        if ((events & UV_READABLE) != 0) {
            read_some(sock);
        }
        if ((events & UV_WRITABLE) != 0 && sock->state == SOCK_OPEN && sock->out.len > 0) {
            flush(sock);
        }
    }
    if (sock->state == SOCK_OPEN) {
        sync_polling(sock);
    }
    proa_loop_leave(loop);
}

/* A negative uv code on failure. */
static int start_connect(struct proa_sock *sock, const struct proa_addr *addr)
{
    struct sockaddr_storage storage;
    const int on = 1;
    proa_addr_load(addr, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    const int code = take_fd(sock, fd);
    if (code < 0) {
        return code;
    }
    if (!sock->is_unix) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (connect(fd, (const struct sockaddr *)&storage, proa_addr_len(addr)) < 0 &&
        errno != EINPROGRESS) {
        return -errno;
    }
    sync_polling(sock);
    return 0;
}

struct proa_sock *proa_sock_connect(struct proa_loop *loop, const struct proa_addr *addr,
                                    const struct proa_sock_events *events, void *ctx)
{
    struct proa_sock *sock = sock_create(loop, addr->is_unix);
    proa_sock_set_owner(sock, events, ctx);
    int code = start_connect(sock, addr);
    if (code < 0) {
        sock->state = SOCK_FAILED;
        sock->broken = code == UV_EINVAL ? PROA_ERR_ARG : proa_io_err(code);
        proa_defer(loop, &sock->later);
    }
    return sock;
}

/* Closing. */

void proa_sock_pause(struct proa_sock *sock, bool paused)
{
    sock->paused = paused;
    sync_polling(sock);
}

void proa_sock_shutdown(struct proa_sock *sock)
{
    if (sock->shut) {
        return;
    }
    sock->shut = true;
    if (sock->state == SOCK_OPEN && sock->out.len == 0) {
        send_fin(sock);
    }
}

static void on_uv_closed(uv_handle_t *uv)
{
    struct proa_sock *sock = uv->data;
    proa_freelist_give(&sock->loop->socks, sock);
}

void proa_sock_close(struct proa_sock *sock)
{
    PROA_ASSERT(sock->state != SOCK_CLOSED);
    sock->state = SOCK_CLOSED;
    proa_defer_cancel(sock->loop, &sock->later);
    proa_bufq_deinit(&sock->out);
    if (sock->fd < 0) {
        proa_freelist_give(&sock->loop->socks, sock);
        return;
    }
    uv_close((uv_handle_t *)&sock->uv, on_uv_closed); /* which stops polling at once */
    (void)close(sock->fd);
}

void proa_sock_reset(struct proa_sock *sock)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (!sock->is_unix && sock->fd >= 0) {
        (void)setsockopt(sock->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    proa_sock_close(sock);
}

/* Facts. */

void proa_sock_peer(const struct proa_sock *sock, struct proa_addr *out)
{
    struct sockaddr_storage storage = {0};
    socklen_t len = sizeof(storage);
    if (getpeername(sock->fd, (struct sockaddr *)&storage, &len) < 0) {
        storage = (struct sockaddr_storage){0};
    }
    proa_addr_store(out, &storage);
    out->is_unix = sock->is_unix;
}

struct proa_loop *proa_sock_loop(const struct proa_sock *sock)
{
    return sock->loop;
}
