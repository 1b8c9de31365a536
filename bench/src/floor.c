/*
 * The floor: a relay that parses nothing. Each client connection is paired with an upstream
 * connection of its own for life; what one side sends is written to the other. One thread, epoll,
 * one shared buffer. No proxy that reads HTTP can cost less, so it is the line that physics draws.
 *
 *   proa_bench_floor --listen 127.0.0.1:PORT --upstream 127.0.0.1:PORT
 *
 * Prints "listening PORT".
 */
#include "proa/core/alloc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net.h"

enum { READ_BYTES = 64 * 1024, EVENTS = 256 };

/* One direction's end: bytes read from `fd` go to the other side of the pair. */
struct side {
    struct pair *pair;
    struct side *other;
    int fd;
    char *pending; /* what could not be written to `fd` yet; the other side is not read meanwhile */
    size_t pending_len;
};

struct pair {
    struct side client;
    struct side upstream;
    struct pair *next_dead;
    bool dead;
};

struct relay {
    int epoll;
    int listener;
    struct bench_addr upstream;
    struct pair *dead; /* freed after the batch: the other side may still have an event in it */
    char buf[READ_BYTES];
};

static void pair_kill(struct relay *r, struct pair *p)
{
    if (!p->dead) {
        p->dead = true;
        p->next_dead = r->dead;
        r->dead = p;
        close(p->client.fd);
        close(p->upstream.fd);
    }
}

static void bury(struct relay *r)
{
    while (r->dead != NULL) {
        struct pair *p = r->dead;
        r->dead = p->next_dead;
        proa_free(p->client.pending);
        proa_free(p->upstream.pending);
        proa_free(p);
    }
}

static void hold_back(struct relay *r, struct side *to, const char *data, size_t len)
{
    to->pending = proa_alloc(len);
    to->pending_len = len;
    memcpy(to->pending, data, len);
    bench_epoll_mod(r->epoll, to->fd, EPOLLOUT | EPOLLIN, to);
    bench_epoll_mod(r->epoll, to->other->fd, 0, to->other);
}

static void on_readable(struct relay *r, struct side *from)
{
    ssize_t n = read(from->fd, r->buf, READ_BYTES);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            pair_kill(r, from->pair);
        }
        return;
    }
    ssize_t written = write(from->other->fd, r->buf, (size_t)n);
    if (written < 0 && errno != EAGAIN) {
        pair_kill(r, from->pair);
    } else if (written < n) {
        size_t done = written > 0 ? (size_t)written : 0;
        hold_back(r, from->other, r->buf + done, (size_t)n - done);
    }
}

static void on_writable(struct relay *r, struct side *to)
{
    ssize_t n = write(to->fd, to->pending, to->pending_len);
    if (n < 0) {
        if (errno != EAGAIN) {
            pair_kill(r, to->pair);
        }
        return;
    }
    to->pending_len -= (size_t)n;
    memmove(to->pending, to->pending + n, to->pending_len);
    if (to->pending_len == 0) {
        proa_free(to->pending);
        to->pending = NULL;
        /* This side's own reads stay off while the other side has something pending. */
        bench_epoll_mod(r->epoll, to->fd, to->other->pending == NULL ? EPOLLIN : 0, to);
        bench_epoll_mod(r->epoll, to->other->fd,
                        EPOLLIN | (to->other->pending == NULL ? 0U : (uint32_t)EPOLLOUT),
                        to->other);
    }
}

static void on_accept(struct relay *r)
{
    for (;;) {
        int fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        int up = bench_connect(&r->upstream, true);
        if (up < 0) {
            close(fd);
            continue;
        }
        bench_nodelay(fd);
        struct pair *p = proa_alloc_zero(1, sizeof(*p));
        p->client = (struct side){.pair = p, .other = &p->upstream, .fd = fd};
        p->upstream = (struct side){.pair = p, .other = &p->client, .fd = up};
        bench_epoll_add(r->epoll, fd, EPOLLIN, &p->client);
        bench_epoll_add(r->epoll, up, EPOLLIN, &p->upstream);
    }
}

static void on_event(struct relay *r, const struct epoll_event *event)
{
    struct side *side = event->data.ptr;
    if (side == NULL) {
        on_accept(r);
        return;
    }
    if (side->pair->dead) {
        return;
    }
    if ((event->events & EPOLLOUT) != 0 && side->pending != NULL) {
        on_writable(r, side);
    }
    if (!side->pair->dead && (event->events & EPOLLIN) != 0) {
        on_readable(r, side);
    } else if (!side->pair->dead && (event->events & (EPOLLERR | EPOLLHUP)) != 0) {
        pair_kill(r, side->pair);
    }
}

int main(int argc, char **argv)
{
    const char *listen_on = "127.0.0.1:0";
    const char *upstream = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--listen") == 0) {
            listen_on = argv[i + 1];
        } else if (strcmp(argv[i], "--upstream") == 0) {
            upstream = argv[i + 1];
        }
    }
    if (upstream == NULL) {
        bench_die("usage: proa_bench_floor --listen HOST:PORT --upstream HOST:PORT");
    }
    signal(SIGPIPE, SIG_IGN);
    bench_raise_files();

    struct bench_addr addr = bench_addr_parse(listen_on);
    struct relay *r = proa_alloc_zero(1, sizeof(*r));
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->listener = bench_listen(&addr);
    r->upstream = bench_addr_parse(upstream);
    bench_epoll_add(r->epoll, r->listener, EPOLLIN, NULL);
    printf("listening %u\n", bench_port(r->listener));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(r->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            on_event(r, &events[i]);
        }
        bury(r);
    }
}
