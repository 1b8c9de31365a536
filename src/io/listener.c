#include "addr_priv.h"
#include "sock_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Accepting is done here and not by libuv's listening streams: those cannot be paused, and when
 * the process is out of descriptors they may spin without end or close what waits.
 */
enum {
    DEFAULT_BACKLOG = 1024,
    DEFAULT_MODE = 0600,
    ACCEPTS_PER_TURN = 64,
    BACK_OFF_MS = 100,
    TELL_AGAIN_MS = 10000,
    FIRST_FREE_FD = 3
};

struct proa_listener {
    uv_poll_t uv;
    struct proa_loop *loop;
    proa_accept_fn *on_accept;
    void (*on_starved)(void *ctx, enum proa_err err);
    void *ctx;
    uint64_t starved_told_ns;   /* 0 = never */
    struct proa_timer back_off; /* armed = out of descriptors or memory */
    struct proa_addr addr;
    dev_t path_dev; /* which file our bind() made; 0/0 = none of ours */
    ino_t path_ino;
    int fd;
    bool closed;
};

static void on_uv_poll(uv_poll_t *uv, int status, int events);

static void sync_polling(struct proa_listener *l)
{
    if (l->closed) {
        return;
    }
    if (proa_timer_armed(&l->back_off)) {
        (void)uv_poll_stop(&l->uv);
    } else {
        (void)uv_poll_start(&l->uv, UV_READABLE, on_uv_poll);
    }
}

static void on_back_off_over(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    sync_polling(ctx);
}

static void tell_starved(struct proa_listener *l, int code)
{
    const uint64_t now = proa_loop_now(l->loop);
    if (l->on_starved &&
        (l->starved_told_ns == 0 || now - l->starved_told_ns >= TELL_AGAIN_MS * PROA_NS_PER_MS)) {
        l->starved_told_ns = now;
        l->on_starved(l->ctx, proa_io_err(-code));
    }
}

static void accept_failed(struct proa_listener *l, int code)
{
    switch (code) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
        return; /* of this one connection; accept(2) tells more of them */
    default:
        proa_timer_set(l->loop, &l->back_off,
                       proa_loop_now(l->loop) + BACK_OFF_MS * PROA_NS_PER_MS);
        sync_polling(l);
        tell_starved(l, code);
    }
}

static void on_uv_poll(uv_poll_t *uv, int status, int events)
{
    struct proa_listener *l = uv->data;
    struct proa_loop *loop = l->loop;
    (void)status;
    (void)events;
    proa_loop_enter(loop);
    for (int left = ACCEPTS_PER_TURN; left > 0; left--) {
        if (l->closed || proa_timer_armed(&l->back_off)) {
            break;
        }
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN) {
                break;
            }
            accept_failed(l, errno);
            continue;
        }
        struct proa_sock *sock = proa_sock_from_fd(loop, fd, l->addr.is_unix);
        if (sock) {
            l->on_accept(l->ctx, sock);
            PROA_ASSERT(proa_sock_is_placed(sock));
        }
    }
    proa_loop_leave(loop);
}

/* Binding. */

static enum proa_err errno_err(int code)
{
    return code == ENOENT || code == ENOTDIR ? PROA_ERR_NOT_FOUND
           : code == EEXIST                  ? PROA_ERR_EXISTS
                                             : proa_io_err(-code);
}

/* Something that is there is not ours to remove, and nobody's listener that we could tell. */
static bool is_foreign(const struct sockaddr_un *un)
{
    struct stat st;
    return lstat(un->sun_path, &st) == 0 && (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid());
}

/* Nobody answers on it. */
static bool is_stale_socket(const struct sockaddr_un *un)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    int rc = connect(fd, (const struct sockaddr *)un, sizeof(*un));
    bool refused = rc < 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return refused;
}

/* The mode is right from the first moment on; a chmod() afterwards would come too late. */
static int bind_with_mode(int fd, const struct sockaddr_un *un, uint32_t mode)
{
    mode_t old = umask((mode_t)(0777U & ~mode));
    int rc = bind(fd, (const struct sockaddr *)un, sizeof(*un));
    int code = rc < 0 ? errno : 0;
    (void)umask(old);
    return code;
}

static int bind_unix(struct proa_listener *l, const struct sockaddr_storage *storage, uint32_t mode)
{
    struct sockaddr_un un;
    struct stat st;
    memcpy(&un, storage, sizeof(un));
    int code = bind_with_mode(l->fd, &un, mode);
    if (code == EADDRINUSE && is_foreign(&un)) {
        return EEXIST;
    }
    if (code == EADDRINUSE && is_stale_socket(&un) && unlink(un.sun_path) == 0) {
        code = bind_with_mode(l->fd, &un, mode);
    }
    if (code == 0 && lstat(un.sun_path, &st) == 0) {
        l->path_dev = st.st_dev;
        l->path_ino = st.st_ino;
    }
    return code;
}

static int bind_new(struct proa_listener *l, const struct proa_addr *addr,
                    const struct proa_listen_options *options)
{
    struct sockaddr_storage storage;
    int on = 1;
    proa_addr_load(addr, &storage);
    l->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) {
        return errno;
    }
    if (addr->is_unix) {
        int code = bind_unix(l, &storage, options->mode ? options->mode : DEFAULT_MODE);
        if (code) {
            return code;
        }
    } else {
        (void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(l->fd, (struct sockaddr *)&storage, proa_addr_len(addr)) < 0) {
            return errno;
        }
    }
    return listen(l->fd, options->backlog > 0 ? options->backlog : DEFAULT_BACKLOG) < 0 ? errno : 0;
}

static int take_inherited(struct proa_listener *l, int fd)
{
    int listening = 0;
    socklen_t len = sizeof(listening);
    l->fd = fd;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0) {
        return errno;
    }
    if (!listening) {
        return EINVAL;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return errno;
    }
    return 0;
}

static int learn_addr(struct proa_listener *l)
{
    struct sockaddr_storage storage = {0};
    socklen_t len = sizeof(storage);
    int on = 1;
    if (getsockname(l->fd, (struct sockaddr *)&storage, &len) < 0) {
        return errno;
    }
    proa_addr_store(&l->addr, &storage);
    if (!l->addr.is_unix) {
        /* Linux hands it on to accepted sockets: one call for all of them. */
        (void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return 0;
}

static void unlink_path(const struct proa_listener *l)
{
    struct sockaddr_storage storage;
    struct sockaddr_un un;
    struct stat st;
    if (l->path_ino == 0) {
        return;
    }
    proa_addr_load(&l->addr, &storage);
    memcpy(&un, &storage, sizeof(un));
    /* A successor may have put its own socket there already. */
    if (lstat(un.sun_path, &st) == 0 && st.st_dev == l->path_dev && st.st_ino == l->path_ino) {
        (void)unlink(un.sun_path);
    }
}

enum proa_err proa_listener_open(struct proa_loop *loop, const struct proa_addr *addr,
                                 const struct proa_listen_options *options,
                                 proa_accept_fn *on_accept, void *ctx, struct proa_listener **out)
{
    static const struct proa_listen_options defaults;
    const struct proa_listen_options *o = options ? options : &defaults;
    struct proa_listener *l = PROA_NEW(struct proa_listener);
    *l = (struct proa_listener){
        .loop = loop, .on_accept = on_accept, .on_starved = o->on_starved, .ctx = ctx, .fd = -1};
    l->back_off = (struct proa_timer){.fn = on_back_off_over, .ctx = l};
    bool inherited = o->inherited_fd >= FIRST_FREE_FD;
    int code = inherited ? take_inherited(l, o->inherited_fd) : bind_new(l, addr, o);
    if (code == 0) {
        code = learn_addr(l);
    }
    if (code == 0) {
        code = -uv_poll_init(&loop->uv, &l->uv, l->fd);
    }
    if (code != 0) {
        unlink_path(l);
        if (l->fd >= 0 && !inherited) {
            (void)close(l->fd);
        }
        proa_free(l);
        return errno_err(code);
    }
    l->uv.data = l;
    sync_polling(l);
    *out = l;
    return PROA_OK;
}

void proa_listener_addr(const struct proa_listener *listener, struct proa_addr *out)
{
    *out = listener->addr;
}

static void on_uv_closed(uv_handle_t *uv)
{
    proa_free(uv->data);
}

void proa_listener_close(struct proa_listener *listener)
{
    listener->closed = true;
    proa_timer_clear(listener->loop, &listener->back_off);
    unlink_path(listener);
    (void)uv_poll_stop(&listener->uv);
    uv_close((uv_handle_t *)&listener->uv, on_uv_closed);
    (void)close(listener->fd);
}
