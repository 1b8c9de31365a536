/*
 * A connected stream socket (TCP or unix) and the listeners that accept them.
 *
 * I/O half. Handle type. Bytes are read into one buffer shared by the whole loop and handed over as
 * borrowed slices; writing tries the socket at once and copies only what it did not take.
 *
 * Promises: no callback runs inside the call that started it; none runs after proa_sock_close()
 * returned; on_end comes at most once. The handle is dead after proa_sock_close(); its memory is
 * released when the loop has let go of it.
 */
#ifndef PROA_IO_SOCK_H
#define PROA_IO_SOCK_H

#include "proa/core/bufq.h"
#include "proa/io/loop.h"

#include <sys/uio.h>

struct proa_sock;
struct proa_listener;

/* One place to listen on or to connect to. */
struct proa_addr {
    unsigned char bytes[128]; /* a struct sockaddr_storage */
    bool is_unix;
};
/* "127.0.0.1:4600", "[::1]:4600" or "unix:/path"; port 0 picks a free one. ERR_SYNTAX, ERR_RANGE.
 */
enum proa_err proa_addr_parse(struct proa_slice text, struct proa_addr *out) PROA_MUST_CHECK;
/* As it would be parsed, NUL-terminated, cut at cap. */
void proa_addr_format(const struct proa_addr *addr, char *out, size_t cap);
bool proa_addr_is_loopback(const struct proa_addr *addr); /* unix sockets count as loopback */
uint16_t proa_addr_port(const struct proa_addr *addr);    /* 0 for unix */

struct proa_sock_events {
    /* Connecting ended. After an error only proa_sock_close() is left to do. */
    void (*on_connect)(void *ctx, enum proa_err err);
    /* Bytes in the shared buffer, valid until the callback returns. */
    void (*on_read)(void *ctx, struct proa_slice bytes);
    /* PROA_OK: the peer finished sending (FIN). ERR_RESET, ERR_IO, ERR_TIMEOUT: it broke. */
    void (*on_end)(void *ctx, enum proa_err err);
    /* Queued bytes fell to the low-water mark after having been above the high one. */
    void (*on_drain)(void *ctx);
};

/* Every accepted socket is handed over exactly once; it must be adopted or closed in the call. */
typedef void proa_accept_fn(void *ctx, struct proa_sock *sock);

struct proa_listen_options {
    int backlog;      /* 0 = 1024 */
    uint32_t mode;    /* unix sockets: file mode, 0 = 0600 */
    int inherited_fd; /* > 2: use this socket (socket activation) instead of binding */
    /* With the listener's ctx: connections wait because accept() fails, out of descriptors or
     * memory. Told when that begins, and every ten seconds while it lasts. May be NULL. */
    void (*on_starved)(void *ctx, enum proa_err err);
};

/* A stale unix socket of our own user is unlinked first. ERR_ADDR_IN_USE, ERR_EXISTS (a file that
 * is not ours to remove), ERR_NOT_FOUND (its folder), ERR_UNREACHABLE (nobody's address),
 * ERR_PERMISSION, ERR_FD_LIMIT, ERR_IO. */
enum proa_err proa_listener_open(struct proa_loop *loop, const struct proa_addr *addr,
                                 const struct proa_listen_options *options,
                                 proa_accept_fn *on_accept, void *ctx,
                                 struct proa_listener **out) PROA_MUST_CHECK;
/* The address it is really bound to (port 0 resolved). */
void proa_listener_addr(const struct proa_listener *listener, struct proa_addr *out);
/* Closes, and unlinks a unix socket's file. */
void proa_listener_close(struct proa_listener *listener);

/* Gives an accepted socket its owner and starts reading. */
void proa_sock_adopt(struct proa_sock *sock, const struct proa_sock_events *events, void *ctx);
/* Starts connecting, TCP_NODELAY set; on_connect tells how it went. Reading starts with it. */
struct proa_sock *proa_sock_connect(struct proa_loop *loop, const struct proa_addr *addr,
                                    const struct proa_sock_events *events, void *ctx);
/* Hands an open socket to another owner (a winner of a connect race, a pooled connection). */
void proa_sock_set_owner(struct proa_sock *sock, const struct proa_sock_events *events, void *ctx);

/*
 * Sends all bytes: what the kernel does not take at once is copied and queued. Borrowed iov.
 * ERR_LIMIT when the queue would pass `max_queued` (nothing was sent then), ERR_CLOSED or ERR_RESET
 * when the connection is gone (on_end follows or has been).
 * Before on_connect everything is queued. After a failed write what the peer had sent is still read
 * before on_end tells the error; where on_end has been already, a queue that had been above the
 * high mark is dropped with an on_drain, and the next write fails.
 */
enum proa_err proa_sock_writev(struct proa_sock *sock, const struct iovec *iov,
                               size_t n) PROA_MUST_CHECK;
/* Defaults: max 64 MiB, high 256 KiB, low 64 KiB. */
void proa_sock_set_marks(struct proa_sock *sock, size_t max_queued, size_t high, size_t low);
size_t proa_sock_queued(const struct proa_sock *sock);
bool proa_sock_above_high(const struct proa_sock *sock);
/*
 * How far the peer has come: bytes handed over, less those that wait here or in the kernel for its
 * acknowledgement. Only differences mean something. A system call: for looking at now and then.
 */
int64_t proa_sock_delivered(const struct proa_sock *sock);

/* Stops and resumes on_read; the peer then feels it through its own buffers. */
void proa_sock_pause(struct proa_sock *sock, bool paused);
/* FIN once all queued bytes are out; reading goes on. */
void proa_sock_shutdown(struct proa_sock *sock);
/* Closes at once; queued bytes are dropped. Idempotency is the owner's: the handle is dead after.
 */
void proa_sock_close(struct proa_sock *sock);
/* As close, but the peer gets RST instead of FIN. */
void proa_sock_reset(struct proa_sock *sock);
/*
 * Gives the socket up politely (RFC 9112 9.6): what is queued goes out, then FIN; what still comes
 * in is dropped until the peer ends, at most linger_ns long. No callback runs any more.
 */
void proa_sock_close_later(struct proa_sock *sock, uint64_t linger_ns);

void proa_sock_peer(const struct proa_sock *sock, struct proa_addr *out);
struct proa_loop *proa_sock_loop(const struct proa_sock *sock);

#endif
