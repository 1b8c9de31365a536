/*
 * The closed-loop client of bench/compare: N connections, each sends its next request when the
 * answer to the last one is whole. It measures CPU per request of other processes exactly: it
 * reads their CPU clocks itself, at the two instants between which it counts.
 *
 *   proa_bench_client --target ADDR --conns N --body FILE [--path P] [--stream] [--warmup-ms N]
 *                     [--ms N | --requests N | --hold] [--pid PID]... [--leave PERMILLE]
 *
 * ADDR is HOST:PORT or unix:/path. Prints one line of JSON. With --stream the unit that is counted
 * is the event, and the latency is the time from the mock's write to here (the mock stamps its
 * events). --hold sends one request on each connection, prints "held" and goes on, without sending
 * more, until standard input ends. --leave closes that share of the requests' connections at a
 * random point of the exchange and dials again.
 *
 * Closed loops hide stalls; for latency under a given load use bench/load.
 */
#include "proa/core/alloc.h"
#include "proa/core/prng.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hist.h"
#include "net.h"
#include "reply.h"

enum {
    READ_BYTES = 256 * 1024,
    EVENTS = 256,
    STAMP_DIGITS = 19,
    TAIL_MAX = 32,
    PIDS_MAX = 16,
    HOLD_AT_ONCE = 64 /* requests in flight while held connections are set up */
};

struct options {
    const char *target;
    const char *path;
    const char *body;
    uint64_t conns;
    uint64_t warmup_ms;
    uint64_t ms;
    uint64_t requests; /* 0 = by time */
    uint64_t leave_permille;
    bool stream;
    bool hold;
    int pids[PIDS_MAX];
    size_t pid_count;
};

/* Where a connection that is to be left is left. */
enum leave { LEAVE_NOT = 0, LEAVE_IN_REQUEST, LEAVE_AFTER_REQUEST, LEAVE_IN_REPLY };

struct conn {
    int fd;
    bool wants_write;
    enum leave leave;
    size_t request_left;
    uint64_t sent_ns;
    size_t tail_len; /* stream: the end of what was read, where an event's stamp may begin */
    char tail[TAIL_MAX];
    struct bench_reply reply;
};

struct client {
    struct options opt;
    struct bench_addr addr;
    int epoll;
    char *request;
    size_t request_len;
    struct conn *conns;
    bool counting;
    bool ending; /* answers are still read, nothing is sent any more */
    uint64_t open_requests;
    uint64_t units; /* requests or events inside the window */
    uint64_t started;
    uint64_t errors;
    uint64_t left;
    uint64_t held;
    uint64_t now_ns;
    struct proa_prng prng;
    struct bench_hist hist;
    char *buf; /* TAIL_MAX bytes of room in front of what is read */
};

static void conn_open(struct client *c, struct conn *k, bool wants_write)
{
    k->fd = bench_connect(&c->addr, true);
    if (k->fd < 0) {
        bench_die("connect %s: %s", c->opt.target, strerror(errno));
    }
    k->wants_write = wants_write;
    k->request_left = 0;
    k->tail_len = 0;
    bench_epoll_add(c->epoll, k->fd, EPOLLIN | (wants_write ? EPOLLOUT : 0U), k);
}

/* Ready to be written. */
static void conn_prepare(struct client *c, struct conn *k)
{
    bench_reply_reset(&k->reply);
    k->request_left = c->request_len;
    k->leave = LEAVE_NOT;
    if (c->opt.leave_permille != 0 && proa_prng_below(&c->prng, 1000) < c->opt.leave_permille) {
        k->leave = (enum leave)(1 + proa_prng_below(&c->prng, 3));
    }
    c->started++;
    c->open_requests++;
    k->sent_ns = c->now_ns;
}

static void conn_reopen(struct client *c, struct conn *k)
{
    close(k->fd);
    conn_open(c, k, !c->ending);
    c->open_requests -= k->reply.state != BENCH_REPLY_DONE;
    if (!c->ending) {
        conn_prepare(c, k); /* leaves when the new connection turns out to be writable */
    }
}

static void conn_fail(struct client *c, struct conn *k, const char *why)
{
    c->errors++;
    if (c->errors <= 3) {
        fprintf(stderr, "proa_bench_client: %s (status %u)\n", why, k->reply.status);
    }
    if (c->errors > 1000 + c->units / 10) {
        bench_die("too many errors");
    }
    conn_reopen(c, k);
}

static void conn_leave(struct client *c, struct conn *k)
{
    c->left++;
    conn_reopen(c, k);
}

static void conn_write(struct client *c, struct conn *k)
{
    size_t from = c->request_len - k->request_left;
    size_t len = k->request_left;
    if (k->leave == LEAVE_IN_REQUEST) {
        len = 1 + proa_prng_below(&c->prng, (uint32_t)len);
    }
    ssize_t n = write(k->fd, c->request + from, len);
    if (n < 0 && errno != EAGAIN) {
        conn_fail(c, k, "write");
        return;
    }
    k->request_left -= n > 0 ? (size_t)n : 0;
    if (k->leave == LEAVE_IN_REQUEST || (k->leave == LEAVE_AFTER_REQUEST && k->request_left == 0)) {
        conn_leave(c, k);
        return;
    }
    if (k->wants_write != (k->request_left != 0)) {
        k->wants_write = k->request_left != 0;
        bench_epoll_mod(c->epoll, k->fd, EPOLLIN | (k->wants_write ? EPOLLOUT : 0U), k);
    }
}

static void conn_send(struct client *c, struct conn *k)
{
    conn_prepare(c, k);
    conn_write(c, k);
}

static void count(struct client *c, uint64_t latency_ns)
{
    if (c->counting) {
        c->units++;
        bench_hist_add(&c->hist, latency_ns);
    }
}

/* Events are found by their stamps in the raw bytes: no framing is read, which keeps this cheap. */
static void scan_events(struct client *c, struct conn *k, char *data, size_t len)
{
    char *at = data - k->tail_len;
    char *end = data + len;
    memcpy(at, k->tail, k->tail_len);
    for (;;) {
        char *mark = memmem(at, (size_t)(end - at), " at_", 4);
        if (mark == NULL) {
            at = end - at > 3 ? end - 3 : at;
            break;
        }
        at = mark;
        if (end - mark < 4 + STAMP_DIGITS + 1) {
            break;
        }
        uint64_t stamp = 0;
        for (int i = 0; i < STAMP_DIGITS; i++) {
            stamp = stamp * 10 + (uint64_t)(mark[4 + i] - '0');
        }
        count(c, c->now_ns - stamp);
        at = mark + 4 + STAMP_DIGITS;
    }
    k->tail_len = (size_t)(end - at);
    memcpy(k->tail, at, k->tail_len);
}

static void conn_on_stream(struct client *c, struct conn *k, char *data, size_t len)
{
    if (k->reply.status == 0) {
        k->reply.status = len > 12 ? (unsigned)strtoul(data + 9, NULL, 10) : 0;
        if (k->reply.status != 200) {
            conn_fail(c, k, "no stream");
            return;
        }
        c->held++;
    }
    scan_events(c, k, data, len);
}

static void conn_on_reply(struct client *c, struct conn *k, const char *data, size_t len)
{
    size_t used = bench_reply_feed(&k->reply, data, len);
    if (k->reply.state == BENCH_REPLY_ERROR || used < len) {
        conn_fail(c, k, "bad answer");
    } else if (k->reply.state == BENCH_REPLY_DONE) {
        if (k->reply.status != 200) {
            conn_fail(c, k, "bad status");
            return;
        }
        count(c, c->now_ns - k->sent_ns);
        c->held++;
        c->open_requests--;
        if (c->ending) {
            return;
        }
        if (!k->reply.keep_alive) {
            conn_reopen(c, k);
        } else if (!c->opt.hold) {
            conn_send(c, k);
        }
    }
}

static void conn_on_readable(struct client *c, struct conn *k)
{
    char *data = c->buf + TAIL_MAX;
    ssize_t n = read(k->fd, data, READ_BYTES);
    if (n < 0 && errno == EAGAIN) {
        return;
    }
    c->now_ns = bench_now_ns();
    if (n <= 0) {
        conn_fail(c, k, n == 0 ? "connection ended" : "read");
    } else if (k->leave == LEAVE_IN_REPLY) {
        conn_leave(c, k);
    } else if (c->opt.stream) {
        conn_on_stream(c, k, data, (size_t)n);
    } else {
        conn_on_reply(c, k, data, (size_t)n);
    }
}

static void turn(struct client *c, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(c->epoll, events, EVENTS, timeout_ms);
    c->now_ns = bench_now_ns();
    for (int i = 0; i < n; i++) {
        struct conn *k = events[i].data.ptr;
        if ((events[i].events & EPOLLOUT) != 0 && k->request_left != 0) {
            conn_write(c, k);
        }
        if ((events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
            conn_on_readable(c, k);
        }
    }
}

static void run_until(struct client *c, uint64_t end_ns)
{
    while (c->now_ns < end_ns) {
        turn(c, (int)((end_ns - c->now_ns) / BENCH_NS_PER_MS) + 1);
    }
}

static void print_result(const struct client *c, uint64_t wall_ns, uint64_t cpu_ns)
{
    printf("{\"units\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"left\":%" PRIu64 ",\"wall_ns\":%" PRIu64
           ",\"cpu_ns\":%" PRIu64 ",",
           c->units, c->errors, c->left, wall_ns, cpu_ns);
    bench_hist_print_json(&c->hist, "latency_us");
    printf("}\n");
    fflush(stdout);
}

/* Lets open requests end: leaving would cancel them, and proxies then drop the upstream
 * connections, which the next run would have to open again. */
static void finish(struct client *c)
{
    uint64_t give_up_ns = c->now_ns + 2 * BENCH_NS_PER_S;
    c->ending = true;
    while (!c->opt.stream && c->open_requests != 0 && c->now_ns < give_up_ns) {
        turn(c, 100);
    }
}

static void measure(struct client *c)
{
    run_until(c, c->now_ns + c->opt.warmup_ms * BENCH_NS_PER_MS);
    uint64_t cpu = bench_cpu_ns(c->opt.pids, c->opt.pid_count);
    uint64_t begin = c->now_ns = bench_now_ns();
    c->counting = true;
    if (c->opt.requests != 0) {
        uint64_t first = c->started;
        while (c->started - first < c->opt.requests) {
            turn(c, 1000);
        }
    } else {
        run_until(c, begin + c->opt.ms * BENCH_NS_PER_MS);
    }
    cpu = bench_cpu_ns(c->opt.pids, c->opt.pid_count) - cpu;
    uint64_t wall_ns = c->now_ns - begin;
    c->counting = false;
    finish(c);
    print_result(c, wall_ns, cpu);
}

static void hold(struct client *c)
{
    while (c->held < c->opt.conns) {
        while (c->started < c->opt.conns && c->started < c->held + HOLD_AT_ONCE) {
            conn_send(c, &c->conns[c->started]);
        }
        turn(c, 1000);
    }
    printf("held\n");
    fflush(stdout);
    struct epoll_event event;
    /* A pipe that was closed is readable; a second epoll keeps conn pointers out of this. */
    int watch = epoll_create1(EPOLL_CLOEXEC);
    bench_epoll_add(watch, STDIN_FILENO, EPOLLIN, NULL);
    c->counting = true;
    while (epoll_wait(watch, &event, 1, 0) == 0) {
        turn(c, 100);
    }
    print_result(c, 0, 0);
}

static char *read_file(const char *path, size_t *len)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        bench_die("%s: %s", path, strerror(errno));
    }
    char *data = proa_alloc((size_t)st.st_size + 1);
    *len = fread(data, 1, (size_t)st.st_size, file);
    (void)fclose(file);
    return data;
}

static void build_request(struct client *c)
{
    size_t body_len = 0;
    char *body = read_file(c->opt.body, &body_len);
    c->request = proa_alloc(body_len + 1024);
    int n = snprintf(c->request, 1024,
                     "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
                     "Content-Type: application/json\r\nUser-Agent: bench/1\r\n"
                     "Authorization: Bearer unused\r\nContent-Length: %zu\r\n\r\n",
                     c->opt.path, body_len);
    if (n < 0 || n >= 1024) {
        bench_die("path too long");
    }
    memcpy(c->request + n, body, body_len);
    c->request_len = (size_t)n + body_len;
    proa_free(body);
}

static bool text_option(struct options *o, const char *name, const char *value)
{
    if (strcmp(name, "--target") == 0) {
        o->target = value;
    } else if (strcmp(name, "--path") == 0) {
        o->path = value;
    } else if (strcmp(name, "--body") == 0) {
        o->body = value;
    } else {
        return false;
    }
    return true;
}

static bool number_option(struct options *o, const char *name, const char *value)
{
    static const struct {
        const char *name;
        size_t offset;
    } table[] = {
        {"--conns", offsetof(struct options, conns)},
        {"--warmup-ms", offsetof(struct options, warmup_ms)},
        {"--ms", offsetof(struct options, ms)},
        {"--requests", offsetof(struct options, requests)},
        {"--leave", offsetof(struct options, leave_permille)},
    };
    if (strcmp(name, "--pid") == 0 && o->pid_count < PIDS_MAX) {
        o->pids[o->pid_count++] = (int)bench_number(name, value);
        return true;
    }
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(name, table[i].name) == 0) {
            uint64_t number = bench_number(name, value);
            memcpy((char *)o + table[i].offset, &number, sizeof(number));
            return true;
        }
    }
    return false;
}

static struct options read_options(int argc, char **argv)
{
    struct options o = {.path = "/v1/chat/completions", .conns = 1, .warmup_ms = 50, .ms = 1000};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--stream") == 0) {
            o.stream = true;
        } else if (strcmp(argv[i], "--hold") == 0) {
            o.hold = true;
        } else if (i + 1 < argc && (text_option(&o, argv[i], argv[i + 1]) ||
                                    number_option(&o, argv[i], argv[i + 1]))) {
            i++;
        } else {
            bench_die("what is %s? The head of bench/src/client.c lists the options", argv[i]);
        }
    }
    if (o.target == NULL || o.body == NULL || o.conns == 0) {
        bench_die("--target, --body and at least one connection are needed");
    }
    return o;
}

int main(int argc, char **argv)
{
    struct client *c = proa_alloc_zero(1, sizeof(*c));
    c->opt = read_options(argc, argv);
    c->addr = bench_addr_parse(c->opt.target);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->conns = proa_alloc_zero(c->opt.conns, sizeof(*c->conns));
    c->buf = proa_alloc(TAIL_MAX + READ_BYTES);
    proa_prng_seed(&c->prng, 1);
    bench_hist_init(&c->hist);
    signal(SIGPIPE, SIG_IGN);
    bench_raise_files();
    build_request(c);
    for (uint64_t i = 0; i < c->opt.conns; i++) {
        conn_open(c, &c->conns[i], false);
    }
    c->now_ns = bench_now_ns();
    if (c->opt.hold) {
        hold(c);
    } else {
        for (uint64_t i = 0; i < c->opt.conns; i++) {
            conn_send(c, &c->conns[i]);
        }
        measure(c);
    }
    return c->errors == 0 ? 0 : 2;
}
