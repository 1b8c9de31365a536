/*
 * What the measuring programs share: addresses, sockets, the clock, a way to end with a message.
 *
 * All of them are small programs with one thread; a failure of the machine (no port, no memory,
 * no descriptors) ends the program through bench_die(). Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef PROA_BENCH_NET_H
#define PROA_BENCH_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BENCH_NS_PER_S  UINT64_C(1000000000)
#define BENCH_NS_PER_MS UINT64_C(1000000)

/* Where to connect or listen: "127.0.0.1:80", "name:80" or "unix:/path". */
struct bench_addr {
    struct sockaddr_storage sa;
    socklen_t len;
};

__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *format, ...);

uint64_t bench_now_ns(void);

/* Resolves names with the system's resolver, blocking; dies when there is no such address. */
struct bench_addr bench_addr_parse(const char *text);

/* Non-blocking, listening; port 0 takes a free one. */
int bench_listen(const struct bench_addr *addr);
/* The port that a TCP listener got. */
unsigned bench_port(int fd);

/* Connects; `blocking` waits for the handshake, the socket is non-blocking afterwards either way.
 * -1 with errno set on failure. */
int bench_connect(const struct bench_addr *addr, bool blocking);

void bench_nodelay(int fd);
/* Raises the limit of open files to the most that is allowed. */
void bench_raise_files(void);
void bench_epoll_add(int epoll, int fd, uint32_t events, void *ptr);
void bench_epoll_mod(int epoll, int fd, uint32_t events, void *ptr);

/* The whole number at the start of the text; dies with the option's name when there is none. */
uint64_t bench_number(const char *option, const char *text);

/* CPU time, in nanoseconds, that all threads of the processes have used so far. */
uint64_t bench_cpu_ns(const int *pids, size_t count);

#endif
