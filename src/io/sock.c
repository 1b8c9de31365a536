#include "addr_priv.h"
#include "sock_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

/*
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
    SPARE_OPS = 64,
    DEFAULT_MAX = 64 * 1024 * 1024,
    DEFAULT_HIGH = 256 * 1024,
    DEFAULT_LOW = 64 * 1024
};

/* A request in flight. It is apart from the socket so that idle ones do not pay for it. */
struct sock_op {
    union {
        uv_write_t write;
        uv_connect_t connect;
    } uv;
    struct proa_sock *sock;
    size_t n_bytes;
};

struct proa_sock {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct proa_loop *loop;
    const struct proa_sock_events *events;
    void *ctx;
    struct proa_bufq out;
    struct proa_deferred
        later;            /* an on_end or on_connect that is due outside of the current call */
    uint64_t handed_over; /* bytes, ever */
    enum sock_state state;
    enum proa_err broken;
    bool is_unix;
    bool paused;
    bool reading;
    bool ended;
    bool writing; /* a uv_write is in flight over the first bytes of `out` */
    bool shut;
    bool above; /* reached the high mark, on_drain is owed */
};

_Static_assert(sizeof(struct proa_sock) <= 600, "an idle connection stays small");

static void sock_end(struct proa_sock *sock, enum proa_err err);
static void start_write(struct proa_sock *sock);

void proa_sock_loop_init(struct proa_loop *loop)
{
    proa_freelist_init(&loop->socks, sizeof(struct proa_sock), SPARE_SOCKS);
    proa_freelist_init(&loop->sock_ops, sizeof(struct sock_op), SPARE_OPS);
    proa_list_init(&loop->lingering);
    proa_loop_tend(loop, &loop->socks);
    proa_loop_tend(loop, &loop->sock_ops);
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
    sock->later = (struct proa_deferred){.fn = on_later, .ctx = sock};
    proa_bufq_init(&sock->out, &loop->chunks, DEFAULT_MAX, DEFAULT_HIGH, DEFAULT_LOW);
    if (is_unix) {
        (void)uv_pipe_init(&loop->uv, &sock->uv.pipe, 0);
    } else {
        (void)uv_tcp_init(&loop->uv, &sock->uv.tcp);
    }
    sock->uv.handle.data = sock;
    return sock;
}

static struct sock_op *op_take(struct proa_sock *sock)
{
    struct sock_op *op = proa_freelist_take(&sock->loop->sock_ops);
    op->sock = sock;
    return op;
}

/* Reading. */

static void on_uv_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    const struct proa_sock *sock = uv->data;
    buf->base = sock->loop->read_buf;
    buf->len = PROA_LOOP_READ_BYTES;
}

/*
 * When data and a reset arrive together, libuv reads the data, sees POLLHUP and reports an end of
 * file. The error is still in the socket: without this look a cut-off answer would seem complete.
 * EPIPE is a reset behind a FIN, so that reading was complete.
 */
static enum proa_err end_of_file(const struct proa_sock *sock)
{
    int code = 0;
    socklen_t len = sizeof(code);
    uv_os_fd_t fd = -1;
    if (uv_fileno(&sock->uv.handle, &fd) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code == EPIPE) {
        return PROA_OK;
    }
    return proa_io_err(-code);
}

static void on_uv_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct proa_sock *sock = uv->data;
    struct proa_loop *loop = sock->loop;
    if (n == 0) {
        return;
    }
    proa_loop_enter(loop);
    if (PROA_LIKELY(n > 0)) {
        sock->events->on_read(sock->ctx, proa_slice_make(buf->base, (size_t)n));
    } else {
        sock->reading = false; /* libuv has stopped by itself */
        sock_end(sock, n == UV_EOF ? end_of_file(sock) : proa_io_err((int)n));
    }
    proa_loop_leave(loop);
}

static void sync_reading(struct proa_sock *sock)
{
    bool wanted = sock->state == SOCK_OPEN && !sock->paused && !sock->ended;
    if (wanted == sock->reading) {
        return;
    }
    sock->reading = wanted;
    if (!wanted) {
        (void)uv_read_stop(&sock->uv.stream);
        return;
    }
    int code = uv_read_start(&sock->uv.stream, on_uv_alloc, on_uv_read);
    if (code < 0) {
        sock->reading = false;
        sock->broken = sock->broken ? sock->broken : proa_io_err(code);
        proa_defer(sock->loop, &sock->later);
    }
}

/* The reading side is over: tells the owner, once. Not from inside a call of the owner's. */
static void sock_end(struct proa_sock *sock, enum proa_err err)
{
    if (sock->ended) {
        return;
    }
    sock->ended = true;
    proa_defer_cancel(sock->loop, &sock->later);
    sync_reading(sock);
    if (err == PROA_OK) {
        err = sock->broken;
    }
    sock->broken = err;
    sock->events->on_end(sock->ctx, err);
}

/*
 * Writing failed. What the peer sent before it broke may still wait in the kernel (an early
 * refusal, then a reset), so reading goes on and ends by itself; only where nobody reads, or where
 * the error is not one that reading would meet, the end is announced from here.
 */
static void sock_break(struct proa_sock *sock, int uv_code)
{
    if (!sock->broken) {
        sock->broken = proa_io_err(uv_code);
    }
    proa_bufq_drop(&sock->out, sock->out.len);
    bool read_will_tell = sock->reading && (uv_code == UV_EPIPE || uv_code == UV_ECONNRESET);
    if (!sock->ended && !read_will_tell) {
        proa_defer(sock->loop, &sock->later);
    }
}

/* Writing. */

static void send_fin(struct proa_sock *sock)
{
    uv_os_fd_t fd = -1;
    if (uv_fileno(&sock->uv.handle, &fd) == 0) {
        /* ENOTCONN means that the peer has reset: reading tells that. uv_shutdown() would do the
           same a turn later, with one more change of the poll set. */
        (void)shutdown(fd, SHUT_WR);
    }
}

static void on_uv_write(uv_write_t *uv, int status)
{
    struct sock_op *op = uv->data;
    struct proa_sock *sock = op->sock;
    struct proa_loop *loop = sock->loop;
    size_t n_bytes = op->n_bytes;
    proa_freelist_give(&loop->sock_ops, op);
    if (sock->state == SOCK_CLOSED) {
        return;
    }
    proa_loop_enter(loop);
    sock->writing = false;
    if (status < 0) {
        sock_break(sock, status);
    } else {
        proa_bufq_drop(&sock->out, n_bytes);
        if (sock->out.len > 0) {
            start_write(sock);
        } else if (sock->shut) {
            send_fin(sock);
        }
    }
    if (sock->above && proa_bufq_below_low(&sock->out)) {
        sock->above = false;
        sock->events->on_drain(sock->ctx);
    }
    proa_loop_leave(loop);
}

/* One write at a time, over as many chunks as fit; what is queued meanwhile goes with the next. */
static void start_write(struct proa_sock *sock)
{
    struct iovec iov[WRITE_VECTORS];
    uv_buf_t bufs[WRITE_VECTORS];
    size_t n = proa_bufq_iov(&sock->out, iov, WRITE_VECTORS);
    struct sock_op *op = op_take(sock);
    for (size_t i = 0; i < n; i++) {
        bufs[i] = uv_buf_init(iov[i].iov_base, (unsigned)iov[i].iov_len);
        op->n_bytes += iov[i].iov_len;
    }
    op->uv.write.data = op;
    int code = uv_write(&op->uv.write, &sock->uv.stream, bufs, (unsigned)n, on_uv_write);
    if (code < 0) {
        proa_freelist_give(&sock->loop->sock_ops, op);
        sock_break(sock, code);
        return;
    }
    sock->writing = true;
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
    if (sock->state == SOCK_OPEN && !sock->writing) {
        start_write(sock);
    }
    return sock->broken;
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
    /* On Unix uv_buf_t has the members of struct iovec in its order; libuv itself relies on it. */
    const void *bufs = iov;
    int sent = uv_try_write(&sock->uv.stream, bufs, (unsigned)n);
    if (PROA_LIKELY(sent == (int)total)) {
        return PROA_OK;
    }
    if (sent < 0 && sent != UV_EAGAIN) {
        sock_break(sock, sent);
        return sock->broken;
    }
    return enqueue(sock, iov, n, sent < 0 ? 0 : (size_t)sent);
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
    uv_os_fd_t fd = -1;
    int in_kernel = 0;
    if (uv_fileno(&sock->uv.handle, &fd) < 0 || ioctl(fd, SIOCOUTQ, &in_kernel) < 0) {
        in_kernel = 0;
    }
    return (int64_t)(sock->handed_over - sock->out.len) - in_kernel;
}

/* Opening. */

struct proa_sock *proa_sock_from_fd(struct proa_loop *loop, int fd, bool is_unix)
{
    struct proa_sock *sock = sock_create(loop, is_unix);
    int code = is_unix ? uv_pipe_open(&sock->uv.pipe, fd) : uv_tcp_open(&sock->uv.tcp, fd);
    if (code < 0) {
        (void)close(fd);
        proa_sock_close(sock);
        return NULL;
    }
    sock->state = SOCK_OPEN;
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
    sync_reading(sock);
}

static void on_uv_connect(uv_connect_t *uv, int status)
{
    struct sock_op *op = uv->data;
    struct proa_sock *sock = op->sock;
    struct proa_loop *loop = sock->loop;
    proa_freelist_give(&loop->sock_ops, op);
    if (sock->state == SOCK_CLOSED) {
        return;
    }
    proa_loop_enter(loop);
    if (status < 0) {
        sock->state = SOCK_FAILED;
        sock->broken = proa_io_err(status);
        proa_bufq_drop(&sock->out, sock->out.len);
    } else {
        sock->state = SOCK_OPEN;
        sync_reading(sock);
        if (sock->out.len > 0) {
            start_write(sock);
        } else if (sock->shut) {
            send_fin(sock);
        }
    }
    sock->events->on_connect(sock->ctx, status < 0 ? sock->broken : PROA_OK);
    proa_loop_leave(loop);
}

static int start_connect(struct proa_sock *sock, const struct proa_addr *addr, struct sock_op *op)
{
    struct sockaddr_storage storage;
    proa_addr_load(addr, &storage);
    if (sock->is_unix) {
        struct sockaddr_un un;
        memcpy(&un, &storage, sizeof(un));
        uv_pipe_connect(&op->uv.connect, &sock->uv.pipe, un.sun_path, on_uv_connect);
        return 0;
    }
    (void)uv_tcp_nodelay(&sock->uv.tcp, 1);
    return uv_tcp_connect(&op->uv.connect, &sock->uv.tcp, (const struct sockaddr *)&storage,
                          on_uv_connect);
}

struct proa_sock *proa_sock_connect(struct proa_loop *loop, const struct proa_addr *addr,
                                    const struct proa_sock_events *events, void *ctx)
{
    struct proa_sock *sock = sock_create(loop, addr->is_unix);
    proa_sock_set_owner(sock, events, ctx);
    struct sock_op *op = op_take(sock);
    op->uv.connect.data = op;
    int code = start_connect(sock, addr, op);
    if (code < 0) {
        proa_freelist_give(&loop->sock_ops, op);
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
    sync_reading(sock);
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

static void close_with(struct proa_sock *sock, bool reset)
{
    PROA_ASSERT(sock->state != SOCK_CLOSED);
    sock->state = SOCK_CLOSED;
    sock->reading = false;
    proa_defer_cancel(sock->loop, &sock->later);
    /* libuv keeps no pointer into the queue across a close: its writes are synchronous. */
    proa_bufq_deinit(&sock->out);
    if (reset && !sock->is_unix && uv_tcp_close_reset(&sock->uv.tcp, on_uv_closed) == 0) {
        return;
    }
    uv_close(&sock->uv.handle, on_uv_closed);
}

void proa_sock_close(struct proa_sock *sock)
{
    close_with(sock, false);
}

void proa_sock_reset(struct proa_sock *sock)
{
    close_with(sock, true);
}

/* Facts. */

void proa_sock_peer(const struct proa_sock *sock, struct proa_addr *out)
{
    struct sockaddr_storage storage = {0};
    socklen_t len = sizeof(storage);
    uv_os_fd_t fd = -1;
    if (uv_fileno(&sock->uv.handle, &fd) < 0 ||
        getpeername(fd, (struct sockaddr *)&storage, &len) < 0) {
        storage = (struct sockaddr_storage){0};
    }
    proa_addr_store(out, &storage);
    out->is_unix = sock->is_unix;
}

struct proa_loop *proa_sock_loop(const struct proa_sock *sock)
{
    return sock->loop;
}
