/*
 * What the tests of `io` and `net` share: turning a loop until something is true, with a deadline
 * in real time, and sockets of the plain system interface as the peer.
 */
#ifndef PROA_TEST_IO_H
#define PROA_TEST_IO_H

#include "proa/io/loop.h"
#include "proa/io/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "proa_test.h"

enum { IO_TEST_PATIENCE_S = 10 };

static inline uint64_t io_test_clock_ns(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (uint64_t)t.tv_sec * PROA_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Turns the loop until `cond`; fails the test when that takes too long. */
#define IO_TEST_UNTIL(loop, cond)                                                                  \
    do {                                                                                           \
        uint64_t io_test_end = io_test_clock_ns() + IO_TEST_PATIENCE_S * PROA_NS_PER_S;            \
        while (!(cond)) {                                                                          \
            PROA_TEST_CHECK(io_test_clock_ns() < io_test_end, "waited too long");                  \
            (void)proa_loop_turn(loop);                                                            \
            io_test_rest();                                                                        \
        }                                                                                          \
    } while (0)

static inline void io_test_rest(void)
{
    struct timespec t = {.tv_nsec = 50 * 1000};
    (void)nanosleep(&t, NULL);
}

/* Turns for a span: to see that something does not happen. */
static inline void io_test_for_ms(struct proa_loop *loop, uint64_t ms)
{
    uint64_t end = io_test_clock_ns() + ms * PROA_NS_PER_MS;
    while (io_test_clock_ns() < end) {
        (void)proa_loop_turn(loop);
        io_test_rest();
    }
}

static inline struct proa_addr io_test_addr(const char *text)
{
    struct proa_addr addr;
    assert_ok(proa_addr_parse(proa_slice_cstr(text), &addr));
    return addr;
}

/* A listening socket that this loop knows nothing of; *addr tells where. */
static inline int io_test_listen(struct proa_addr *addr, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    char text[64];
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", (unsigned)ntohs(in.sin_port));
    *addr = io_test_addr(text);
    return fd;
}

/* A blocking client of the listener. */
static inline int io_test_connect(const struct proa_addr *addr)
{
    struct sockaddr_storage storage;
    memcpy(&storage, addr->bytes, sizeof(storage));
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = addr->is_unix ? sizeof(struct sockaddr_un) : sizeof(struct sockaddr_in);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&storage, len), 0);
    return fd;
}

static inline void io_test_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Closing this descriptor sends RST. */
static inline void io_test_reset(int fd)
{
    struct linger l = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
    assert_int_equal(close(fd), 0);
}

/* A port where nobody listens. */
static inline struct proa_addr io_test_refusing(void)
{
    struct proa_addr addr;
    int fd = io_test_listen(&addr, 1);
    assert_int_equal(close(fd), 0);
    return addr;
}

static inline struct iovec io_test_iov(const char *text, size_t len)
{
    struct iovec iov = {.iov_len = len};
    memcpy(&iov.iov_base, &text, sizeof(text));
    return iov;
}

#endif
