#include "net.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

uint64_t bench_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * BENCH_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static struct bench_addr unix_addr(const char *path)
{
    struct bench_addr addr = {.len = sizeof(struct sockaddr_un)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof(un.sun_path)) {
        bench_die("path of the socket is too long: %s", path);
    }
    memcpy(un.sun_path, path, len);
    memcpy(&addr.sa, &un, sizeof(un));
    return addr;
}

struct bench_addr bench_addr_parse(const char *text)
{
    if (strncmp(text, "unix:", 5) == 0) {
        return unix_addr(text + 5);
    }
    char host[256];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host)) {
        bench_die("not HOST:PORT: %s", text);
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int err = getaddrinfo(host, colon + 1, &hints, &found);
    if (err != 0) {
        bench_die("%s: %s", text, gai_strerror(err));
    }
    struct bench_addr addr = {.len = found->ai_addrlen};
    memcpy(&addr.sa, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return addr;
}

void bench_nodelay(int fd)
{
    int on = 1;
    /* Fails on a unix socket, which does not delay anyway. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int bench_listen(const struct bench_addr *addr)
{
    int fd = socket(addr->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0) {
        bench_die("socket: %s", strerror(errno));
    }
    if (addr->sa.ss_family == AF_UNIX) {
        struct sockaddr_un un;
        memcpy(&un, &addr->sa, sizeof(un));
        unlink(un.sun_path);
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&addr->sa, addr->len) != 0 || listen(fd, 16384) != 0) {
        bench_die("listen: %s", strerror(errno));
    }
    return fd;
}

unsigned bench_port(int fd)
{
    struct sockaddr_in in = {0};
    socklen_t len = sizeof(in);
    if (getsockname(fd, (struct sockaddr *)&in, &len) != 0) {
        bench_die("getsockname: %s", strerror(errno));
    }
    return ntohs(in.sin_port);
}

int bench_connect(const struct bench_addr *addr, bool blocking)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK);
    int fd = socket(addr->sa.ss_family, type, 0);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, (const struct sockaddr *)&addr->sa, addr->len) != 0 && errno != EINPROGRESS) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    if (blocking) {
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    bench_nodelay(fd);
    return fd;
}

void bench_raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void epoll_set(int epoll, int op, int fd, uint32_t events, void *ptr)
{
    struct epoll_event event = {.events = events, .data.ptr = ptr};
    if (epoll_ctl(epoll, op, fd, &event) != 0) {
        bench_die("epoll_ctl: %s", strerror(errno));
    }
}

void bench_epoll_add(int epoll, int fd, uint32_t events, void *ptr)
{
    epoll_set(epoll, EPOLL_CTL_ADD, fd, events, ptr);
}

void bench_epoll_mod(int epoll, int fd, uint32_t events, void *ptr)
{
    epoll_set(epoll, EPOLL_CTL_MOD, fd, events, ptr);
}

uint64_t bench_number(const char *option, const char *text)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *text == '-') {
        bench_die("%s wants a whole number, not '%s'", option, text);
    }
    return value;
}

static uint64_t thread_cpu_ns(int pid, const char *tid)
{
    char path[300];
    char text[128];
    snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strtoull(text, NULL, 10);
}

uint64_t bench_cpu_ns(const int *pids, size_t count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/task", pids[i]);
        DIR *dir = opendir(path);
        if (dir == NULL) {
            bench_die("no process %d", pids[i]);
        }
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
            if (entry->d_name[0] != '.') {
                total += thread_cpu_ns(pids[i], entry->d_name);
            }
        }
        closedir(dir);
    }
    return total;
}
