/*
 * The parts of bench/load: options and request, reading of streams, counting and the report.
 */
#ifndef PROA_BENCH_LOAD_PRIV_H
#define PROA_BENCH_LOAD_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"
#include "net.h"
#include "reply.h"

struct load_options {
    const char *url;
    char address[256]; /* HOST:PORT or unix:/path */
    char host[256];    /* of the Host header */
    char path[1024];
    const char *body; /* path of a file; NULL = a chat of 1 KB */
    const char *model;
    const char *headers[16]; /* "name: value" */
    size_t header_count;
    uint64_t rate; /* requests a second */
    uint64_t duration_ms;
    uint64_t connections; /* at most */
    uint64_t grace_ms;    /* how long late answers are waited for at the end */
    bool stream;
    bool closed; /* send only when a connection is free, count from then on */
    bool json;
};

/* What a client knows of a stream of server-sent events. */
struct load_stream {
    uint64_t last_ns; /* when content came last; 0 = never */
    uint32_t fresh;   /* content events in the last feed */
    bool done;        /* `data: [DONE]` was seen */
    size_t held;
    char line[4096]; /* an unfinished line; the rest of a longer one is not looked at */
};

enum load_conn_state { LOAD_CLOSED = 0, LOAD_DIALING, LOAD_IDLE, LOAD_BUSY };

struct load_conn {
    struct load *load;
    struct load_conn *next; /* in the list of idle or of closed connections */
    int fd;
    enum load_conn_state state;
    uint32_t events;
    size_t request_left;
    uint64_t due_ns; /* when the request should have left */
    struct bench_reply reply;
    struct load_stream stream;
};

enum load_error {
    LOAD_ERROR_CONNECT = 0,
    LOAD_ERROR_WRITE,
    LOAD_ERROR_READ,
    LOAD_ERROR_ANSWER, /* not HTTP */
    LOAD_ERROR_CUT,    /* ended before its end */
    LOAD_ERROR_STATUS,
    LOAD_ERRORS
};

struct load {
    struct load_options opt;
    struct bench_addr addr;
    int epoll;
    int timer;
    char *request;
    size_t request_len;
    char *buf;
    struct load_conn *conns;
    struct load_conn *idle;
    struct load_conn *closed;
    uint64_t planned;    /* requests in the schedule */
    uint64_t next_index; /* of the schedule */
    uint64_t sent;
    uint64_t ok;
    uint64_t dials;
    uint64_t waited;  /* times that a request was due and no connection free */
    uint64_t omitted; /* closed loop: requests of the schedule that were never sent */
    uint64_t errors[LOAD_ERRORS];
    uint64_t errors_total;
    unsigned last_status; /* of an answer that was not 2xx */
    uint64_t start_ns;
    uint64_t last_sent_ns;
    uint64_t end_ns;
    uint64_t now_ns;
    struct bench_hist total; /* due or sent, to the last byte */
    struct bench_hist first; /* to the first content of a stream */
    struct bench_hist gap;   /* between contents */
    struct bench_hist lag;   /* due to sent: the generator's own lateness and its waiting */
};

void load_options_read(struct load_options *o, int argc, char **argv);
void load_request_build(struct load *l);

void load_stream_reset(struct load_stream *s);
void load_stream_feed(struct load_stream *s, const char *data, size_t len);

void load_count_error(struct load *l, enum load_error error);
void load_count_status(struct load *l, unsigned status);
/* Content arrived at l->now_ns: time to first content, or gaps. */
void load_count_content(struct load *l, struct load_conn *k);
void load_report(const struct load *l);

#endif
