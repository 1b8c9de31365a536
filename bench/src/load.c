/*
 * bench/load: an open-loop load generator for OpenAI-style endpoints. Requests are due at a
 * constant rate, whatever the server does, and each latency counts from the moment when its
 * request was due: a server that stands still is seen by all requests that fall into the pause, and
 * not only by the few that were in flight ("coordinated omission").
 *
 * One thread, epoll. A request that is due takes an idle connection, dials a new one up to
 * --connections, or waits for one; waiting counts as latency. load_report.c prints.
 */
#include "load_priv.h"

#include "proa/core/alloc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, EVENTS = 256 };

static uint64_t due_at(const struct load *l, uint64_t index)
{
    /* Multiplied before divided, so that the schedule does not drift; 2^64 ns are 584 years. */
    return l->start_ns + index * BENCH_NS_PER_S / l->opt.rate;
}

static void arm(const struct load *l, uint64_t when_ns)
{
    struct itimerspec spec = {.it_value = {.tv_sec = (time_t)(when_ns / BENCH_NS_PER_S),
                                           .tv_nsec = (long)(when_ns % BENCH_NS_PER_S)}};
    if (timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &spec, NULL) != 0) {
        bench_die("timerfd: %s", strerror(errno));
    }
}

static void make_idle(struct load *l, struct load_conn *k)
{
    k->state = LOAD_IDLE;
    k->next = l->idle;
    l->idle = k;
}

static void disconnect(struct load *l, struct load_conn *k)
{
    close(k->fd);
    k->fd = -1;
    k->state = LOAD_CLOSED;
    k->next = l->closed;
    l->closed = k;
}

static void write_request(struct load *l, struct load_conn *k)
{
    ssize_t n = write(k->fd, l->request + (l->request_len - k->request_left), k->request_left);
    if (n < 0 && errno != EAGAIN) {
        load_count_error(l, LOAD_ERROR_WRITE);
        disconnect(l, k);
        return;
    }
    k->request_left -= n > 0 ? (size_t)n : 0;
    uint32_t events = EPOLLIN | (k->request_left != 0 ? EPOLLOUT : 0U);
    if (events != k->events) {
        k->events = events;
        bench_epoll_mod(l->epoll, k->fd, events, k);
    }
}

/* The request that is due at `due_ns` leaves on an open connection. */
static void begin(struct load *l, struct load_conn *k, uint64_t due_ns)
{
    uint64_t now = bench_now_ns();
    k->state = LOAD_BUSY;
    k->due_ns = l->opt.closed ? now : due_ns;
    k->request_left = l->request_len;
    load_stream_reset(&k->stream);
    bench_reply_reset(&k->reply);
    l->sent++;
    l->last_sent_ns = now;
    bench_hist_add(&l->lag, now - due_ns);
    write_request(l, k);
}

static void dial(struct load *l, struct load_conn *k, uint64_t due_ns)
{
    k->fd = bench_connect(&l->addr, false);
    if (k->fd < 0) {
        load_count_error(l, LOAD_ERROR_CONNECT);
        k->state = LOAD_CLOSED;
        k->next = l->closed;
        l->closed = k;
        return;
    }
    k->state = LOAD_DIALING;
    k->due_ns = due_ns;
    k->events = EPOLLIN | EPOLLOUT;
    l->dials++;
    bench_epoll_add(l->epoll, k->fd, k->events, k);
}

/* Sends every request that is due, as far as connections go. */
static void send_due(struct load *l)
{
    uint64_t now = bench_now_ns();
    while (l->next_index < l->planned && due_at(l, l->next_index) <= now) {
        struct load_conn *k = l->idle != NULL ? l->idle : l->closed;
        if (k == NULL && l->opt.closed) {
            l->omitted++; /* a closed loop does not even notice that it should have sent */
            l->next_index++;
            continue;
        }
        if (k == NULL) {
            l->waited++;
            return; /* the next connection that becomes free comes back here */
        }
        uint64_t due_ns = due_at(l, l->next_index++);
        if (k == l->idle) {
            l->idle = k->next;
            begin(l, k, due_ns);
        } else {
            l->closed = k->next;
            dial(l, k, due_ns);
        }
    }
    if (l->next_index < l->planned) {
        arm(l, due_at(l, l->next_index));
    }
}

static void finish(struct load *l, struct load_conn *k, uint64_t now)
{
    if (k->reply.status / 100 != 2) {
        load_count_status(l, k->reply.status);
    } else if (l->opt.stream && !k->stream.done) {
        load_count_error(l, LOAD_ERROR_CUT);
    } else {
        l->ok++;
        bench_hist_add(&l->total, now - k->due_ns);
    }
    if (k->reply.keep_alive) {
        make_idle(l, k);
    } else {
        disconnect(l, k);
    }
}

static void on_readable(struct load *l, struct load_conn *k)
{
    ssize_t n = read(k->fd, l->buf, READ_BYTES);
    if (n < 0 && errno == EAGAIN) {
        return;
    }
    l->now_ns = bench_now_ns();
    if (k->state == LOAD_IDLE) {
        /* The server closed an idle connection: no request is lost. */
        struct load_conn **at = &l->idle;
        while (*at != k) {
            at = &(*at)->next;
        }
        *at = k->next;
        disconnect(l, k);
        return;
    }
    if (n < 0) {
        load_count_error(l, LOAD_ERROR_READ);
        disconnect(l, k);
        return;
    }
    if (n == 0) {
        bench_reply_eof(&k->reply);
    } else {
        (void)bench_reply_feed(&k->reply, l->buf, (size_t)n);
    }
    if (k->reply.state == BENCH_REPLY_ERROR) {
        load_count_error(l, n == 0 ? LOAD_ERROR_CUT : LOAD_ERROR_ANSWER);
        disconnect(l, k);
    } else if (k->reply.state == BENCH_REPLY_DONE) {
        finish(l, k, l->now_ns);
    }
}

static void on_event(struct load *l, struct load_conn *k, uint32_t events)
{
    if (k->state == LOAD_DIALING) {
        int err = 0;
        socklen_t len = sizeof(err);
        getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &err, &len);
        if (err != 0) {
            load_count_error(l, LOAD_ERROR_CONNECT);
            disconnect(l, k);
        } else if ((events & EPOLLOUT) != 0) {
            begin(l, k, k->due_ns);
        }
        return;
    }
    if ((events & EPOLLOUT) != 0 && k->state == LOAD_BUSY && k->request_left != 0) {
        write_request(l, k);
    }
    if (k->state != LOAD_CLOSED && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        on_readable(l, k);
    }
}

static void drain_timer(const struct load *l)
{
    uint64_t ticks;
    (void)!read(l->timer, &ticks, sizeof(ticks));
}

static bool finished(const struct load *l)
{
    uint64_t ended = l->ok + l->errors_total + l->omitted;
    return l->next_index >= l->planned && ended >= l->planned;
}

static void run(struct load *l)
{
    uint64_t give_up_ns = 0;
    l->start_ns = bench_now_ns() + 10 * BENCH_NS_PER_MS;
    arm(l, l->start_ns);
    while (!finished(l)) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(l->epoll, events, EVENTS, 100);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) {
                drain_timer(l);
            } else {
                on_event(l, events[i].data.ptr, events[i].events);
            }
        }
        send_due(l);
        uint64_t now = bench_now_ns();
        if (l->next_index >= l->planned && give_up_ns == 0) {
            give_up_ns = now + l->opt.grace_ms * BENCH_NS_PER_MS;
        }
        if (give_up_ns != 0 && now > give_up_ns) {
            break;
        }
    }
    l->end_ns = bench_now_ns();
}

static void on_body(void *ctx, const char *data, size_t len)
{
    struct load_conn *k = ctx;
    struct load *l = k->load;
    if (l->opt.stream && k->reply.status == 200) {
        load_stream_feed(&k->stream, data, len);
        if (k->stream.fresh != 0) {
            load_count_content(l, k);
        }
    }
}

int main(int argc, char **argv)
{
    struct load *l = proa_alloc_zero(1, sizeof(*l));
    load_options_read(&l->opt, argc, argv);
    load_request_build(l);
    signal(SIGPIPE, SIG_IGN);
    bench_raise_files();
    /* Timers may be 50 us late by default, which would be most of the generator's own error. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    l->addr = bench_addr_parse(l->opt.address);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bench_epoll_add(l->epoll, l->timer, EPOLLIN, NULL);
    l->buf = proa_alloc(READ_BYTES);
    l->planned = l->opt.rate * l->opt.duration_ms / 1000;
    bench_hist_init(&l->total);
    bench_hist_init(&l->first);
    bench_hist_init(&l->gap);
    bench_hist_init(&l->lag);
    l->conns = proa_alloc_zero(l->opt.connections, sizeof(*l->conns));
    for (uint64_t i = l->opt.connections; i-- > 0;) {
        struct load_conn *k = &l->conns[i];
        k->fd = -1;
        k->load = l;
        k->reply.on_body = on_body;
        k->reply.ctx = k;
        k->next = l->closed;
        l->closed = k;
    }
    run(l);
    load_report(l);
    return l->errors_total == 0 && l->ok + l->omitted == l->planned ? 0 : 2;
}
