/*
 * The peers' mock: an OpenAI-shaped upstream that costs as little as it can, so that many proxies
 * can be measured in front of it on one CPU. One thread, epoll, keep-alive, answers from memory.
 *
 *   proa_bench_upstream --listen 127.0.0.1:PORT [--stall-ms N]
 *
 * Prints "listening PORT". SIGUSR1 makes it stand still for --stall-ms (1,000), as an overloaded
 * server would. What it answers is chosen by the request's body: upstream_priv.h. Requests need a
 * Content-Length; others get 411.
 */
#include "upstream_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/heap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum {
    READ_BYTES = 256 * 1024,
    EVENTS = 256,
    SNIFF_BYTES = 256,       /* of the body that decide about the answer */
    PARTIAL_MAX = 64 * 1024, /* an unfinished head */
    EARLY_NS = 50 * 1000     /* events due this soon are sent at once: it spares a wake-up */
};

struct peer {
    struct proa_heap_node timer; /* first: the heap hands it back */
    int fd;
    bool streaming;
    uint64_t body_left; /* of the request being read */
    struct upstream_ask ask;
    uint64_t sent_events;
    char *partial; /* what was read of an unfinished head */
    size_t partial_len;
    char *pending; /* what could not be written yet */
    size_t pending_len;
};

struct upstream {
    int epoll;
    int listener;
    struct upstream_answers answers;
    struct proa_heap timers;
    char *read_buf;
};

/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a handler has no other way */
static volatile sig_atomic_t stall_wanted;

static void on_sigusr1(int number)
{
    (void)number;
    stall_wanted = 1;
}

static void peer_close(struct upstream *u, struct peer *p)
{
    proa_heap_remove(&u->timers, &p->timer);
    close(p->fd);
    proa_free(p->partial);
    proa_free(p->pending);
    proa_free(p);
}

static void keep(char **kept, size_t *kept_len, const char *data, size_t len)
{
    *kept = proa_realloc(*kept, *kept_len + len);
    memcpy(*kept + *kept_len, data, len);
    *kept_len += len;
}

/* False when the connection is gone. */
static bool peer_send(struct upstream *u, struct peer *p, struct upstream_text text)
{
    size_t done = 0;
    if (p->pending_len == 0) {
        ssize_t n = write(p->fd, text.ptr, text.len);
        if (n < 0 && errno != EAGAIN) {
            return false;
        }
        done = n > 0 ? (size_t)n : 0;
        if (done < text.len) {
            bench_epoll_mod(u->epoll, p->fd, EPOLLIN | EPOLLOUT, p);
        }
    }
    if (done < text.len) {
        keep(&p->pending, &p->pending_len, text.ptr + done, text.len - done);
    }
    return true;
}

static bool peer_flush(struct upstream *u, struct peer *p)
{
    ssize_t n = write(p->fd, p->pending, p->pending_len);
    if (n < 0) {
        return errno == EAGAIN;
    }
    p->pending_len -= (size_t)n;
    memmove(p->pending, p->pending + n, p->pending_len);
    if (p->pending_len == 0) {
        proa_free(p->pending);
        p->pending = NULL;
        bench_epoll_mod(u->epoll, p->fd, EPOLLIN, p);
    }
    return true;
}

static bool peer_answer(struct upstream *u, struct peer *p)
{
    if (p->ask.kind != UPSTREAM_STREAM) {
        return peer_send(u, p, u->answers.plain[p->ask.kind]);
    }
    p->streaming = true;
    p->sent_events = 0;
    proa_heap_set(&u->timers, &p->timer, bench_now_ns() + p->ask.interval_ns);
    return peer_send(u, p, u->answers.stream_open);
}

/* The next event of a stream, unless the reader has fallen behind; then this one is left out. */
static bool peer_tick(struct upstream *u, struct peer *p, uint64_t now_ns)
{
    uint64_t next = p->timer.key + p->ask.interval_ns;
    proa_heap_set(&u->timers, &p->timer, next > now_ns ? next : now_ns + 1);
    if (p->pending_len != 0) {
        return true;
    }
    upstream_answers_stamp(&u->answers, now_ns);
    if (!peer_send(u, p, u->answers.event)) {
        return false;
    }
    p->sent_events++;
    if (p->sent_events != p->ask.events) {
        return true;
    }
    p->streaming = false;
    proa_heap_remove(&u->timers, &p->timer);
    return peer_send(u, p, u->answers.stream_close);
}

/* The Content-Length of the head; -1 where a body comes in another way. */
static int64_t body_length(const char *head, size_t len)
{
    const char *end = head + len;
    int64_t length = 0;
    for (const char *line = memchr(head, '\n', len); line != NULL && line + 1 < end;
         line = memchr(line, '\n', (size_t)(end - line))) {
        line++;
        if (end - line > 16 && strncasecmp(line, "content-length:", 15) == 0) {
            length = (int64_t)strtoull(line + 15, NULL, 10);
        } else if (end - line > 18 && strncasecmp(line, "transfer-encoding:", 18) == 0) {
            return -1;
        }
    }
    return length;
}

/* Reads a head and enough of its body to know the answer. Returns what it used, 0 when more bytes
 * are needed, -1 to close. */
static ssize_t peer_read_head(struct upstream *u, struct peer *p, const char *data, size_t len)
{
    const char *found = memmem(data, len, "\r\n\r\n", 4);
    if (found == NULL) {
        return len > PARTIAL_MAX ? -1 : 0;
    }
    size_t head = (size_t)(found - data) + 4;
    int64_t length = body_length(data, head);
    if (length < 0) {
        char refusal[] = "HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n"
                         "Connection: close\r\n\r\n";
        (void)peer_send(u, p, (struct upstream_text){refusal, sizeof(refusal) - 1});
        return -1;
    }
    size_t sniff = length < SNIFF_BYTES ? (size_t)length : SNIFF_BYTES;
    if (len - head < sniff) {
        return 0;
    }
    p->ask = upstream_ask_read(data + head, sniff);
    p->body_left = (uint64_t)length;
    if (length == 0 && !peer_answer(u, p)) {
        return -1;
    }
    return (ssize_t)head;
}

/* Returns what it used of the bytes, or -1 to close. */
static ssize_t peer_read_requests(struct upstream *u, struct peer *p, const char *data, size_t len)
{
    size_t at = 0;
    while (at < len && !p->streaming) {
        if (p->body_left == 0) {
            ssize_t used = peer_read_head(u, p, data + at, len - at);
            if (used <= 0) {
                return used < 0 ? -1 : (ssize_t)at;
            }
            at += (size_t)used;
        }
        size_t take = len - at < p->body_left ? len - at : (size_t)p->body_left;
        at += take;
        p->body_left -= take;
        if (take > 0 && p->body_left == 0 && !peer_answer(u, p)) {
            return -1;
        }
    }
    return (ssize_t)at;
}

static bool peer_on_readable(struct upstream *u, struct peer *p)
{
    ssize_t n = read(p->fd, u->read_buf, READ_BYTES);
    if (n <= 0) {
        return n < 0 && errno == EAGAIN;
    }
    if (p->partial_len == 0) {
        ssize_t used = peer_read_requests(u, p, u->read_buf, (size_t)n);
        if (used >= 0 && used < n) {
            keep(&p->partial, &p->partial_len, u->read_buf + used, (size_t)(n - used));
        }
        return used >= 0;
    }
    keep(&p->partial, &p->partial_len, u->read_buf, (size_t)n);
    ssize_t used = peer_read_requests(u, p, p->partial, p->partial_len);
    if (used < 0) {
        return false;
    }
    p->partial_len -= (size_t)used;
    memmove(p->partial, p->partial + used, p->partial_len);
    return true;
}

static void on_accept(struct upstream *u)
{
    for (;;) {
        int fd = accept4(u->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct peer *p = proa_alloc_zero(1, sizeof(*p));
        p->fd = fd;
        bench_nodelay(fd);
        bench_epoll_add(u->epoll, fd, EPOLLIN, p);
    }
}

static void run_timers(struct upstream *u)
{
    uint64_t now = bench_now_ns();
    for (struct proa_heap_node *node = proa_heap_first(&u->timers);
         node != NULL && node->key <= now + EARLY_NS; node = proa_heap_first(&u->timers)) {
        struct peer *p = (struct peer *)(void *)node;
        if (!peer_tick(u, p, bench_now_ns())) {
            peer_close(u, p);
        }
    }
}

static int wait_events(const struct upstream *u, struct epoll_event *events)
{
    const struct proa_heap_node *first = proa_heap_first(&u->timers);
    if (first == NULL) {
        return epoll_wait(u->epoll, events, EVENTS, -1);
    }
    uint64_t now = bench_now_ns();
    uint64_t left = first->key > now ? first->key - now : 0;
    struct timespec ts = {.tv_sec = (time_t)(left / BENCH_NS_PER_S),
                          .tv_nsec = (long)(left % BENCH_NS_PER_S)};
    int n = epoll_pwait2(u->epoll, events, EVENTS, &ts, NULL);
    if (n < 0 && errno == ENOSYS) {
        n = epoll_wait(u->epoll, events, EVENTS,
                       (int)((left + BENCH_NS_PER_MS - 1) / BENCH_NS_PER_MS));
    }
    return n;
}

static void on_event(struct upstream *u, const struct epoll_event *event)
{
    struct peer *p = event->data.ptr;
    if (p == NULL) {
        on_accept(u);
        return;
    }
    bool alive = (event->events & (EPOLLERR | EPOLLHUP)) == 0;
    if (alive && (event->events & EPOLLOUT) != 0 && p->pending_len != 0) {
        alive = peer_flush(u, p);
    }
    if (alive && (event->events & EPOLLIN) != 0) {
        alive = peer_on_readable(u, p);
    }
    if (!alive) {
        peer_close(u, p);
    }
}

__attribute__((noreturn)) static void run(struct upstream *u, uint64_t stall_ms)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = wait_events(u, events);
        for (int i = 0; i < n; i++) {
            on_event(u, &events[i]);
        }
        run_timers(u);
        if (stall_wanted != 0) {
            struct timespec ts = {.tv_sec = (time_t)(stall_ms / 1000),
                                  .tv_nsec = (long)(stall_ms % 1000 * BENCH_NS_PER_MS)};
            stall_wanted = 0;
            nanosleep(&ts, NULL);
        }
    }
}

int main(int argc, char **argv)
{
    const char *listen_on = "127.0.0.1:0";
    uint64_t stall_ms = 1000;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--listen") == 0) {
            listen_on = argv[i + 1];
        } else if (i + 1 < argc && strcmp(argv[i], "--stall-ms") == 0) {
            stall_ms = bench_number("--stall-ms", argv[i + 1]);
        } else {
            bench_die("usage: proa_bench_upstream --listen HOST:PORT [--stall-ms N]");
        }
    }
    struct sigaction action = {.sa_handler = on_sigusr1};
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    bench_raise_files();

    struct bench_addr addr = bench_addr_parse(listen_on);
    struct upstream u = {.epoll = epoll_create1(EPOLL_CLOEXEC), .read_buf = proa_alloc(READ_BYTES)};
    upstream_answers_init(&u.answers);
    proa_heap_init(&u.timers);
    u.listener = bench_listen(&addr);
    bench_epoll_add(u.epoll, u.listener, EPOLLIN, NULL);
    printf("listening %u\n", bench_port(u.listener));
    fflush(stdout);
    run(&u, stall_ms);
}
