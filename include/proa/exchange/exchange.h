/*
 * An exchange: one client request from its head to its settlement. Asks the pure modules in the
 * order of the design, carries out the engine's commands, and writes the answer through a small
 * table of functions that stands for the client.
 *
 * I/O half. Handle type. The server makes one when the first byte of a request has come, gives it
 * the head and the body, and lets it run; or lets it refuse.
 *
 * Promises: `done` comes exactly once, as the last thing the exchange does, never inside
 * proa_exchange_create(), and the handle is dead then. It may come inside run, refuse, drained and
 * client_gone.
 */
#ifndef PROA_EXCHANGE_EXCHANGE_H
#define PROA_EXCHANGE_EXCHANGE_H

#include "proa/api/error.h"
#include "proa/api/surface.h"
#include "proa/auth/redact.h"
#include "proa/cache/answers.h"
#include "proa/cache/turns.h"
#include "proa/core/freelist.h"
#include "proa/core/list.h"
#include "proa/exchange/live.h"
#include "proa/obs/access.h"

#include <sys/uio.h>

struct proa_cached_host;
struct proa_store; /* proa/store/store.h */

/* What all exchanges of a loop share. Value type, owned by the app; zero-initialise, then init. */
struct proa_exchange_host {
    struct proa_loop *loop;
    struct proa_engine *engine;
    struct proa_metric_reg *metrics;
    struct proa_logger *access_log; /* may be NULL */
    struct proa_logger *log;        /* lifecycle and warnings */
    struct proa_redactor *redactor;
    struct proa_live *live; /* in force now */
    struct proa_prng prng;
    uint64_t buffered_max;        /* byte budget over all bodies and held answers */
    uint64_t cache_max;           /* bytes of answers that are kept; 0 = none */
    uint64_t turns_max;           /* bytes of conversations that are kept; 0 = none */
    uint64_t turns_ttl_ns;        /* and for how long */
    struct proa_store *store;     /* through which answers are shared; NULL = they are not */
    struct proa_slice shared_key; /* what they are sealed with; of no use after init */
    bool draining;                /* answers then carry connection: close */

    /* kept by this module */
    bool waking;      /* runs that wait are being told already */
    bool uplink_down; /* as the log was told last */
    struct proa_freelist pool;
    struct proa_freelist requests; /* what was read of a body, apart: a stream does not keep it */
    struct proa_list all;
    struct proa_cached_host *cached; /* the answers that are kept, and who waits for one */
    struct proa_turns turns;         /* the conversations that are */
    struct proa_buf fields;          /* scratch: header lines of the answer being started */
    struct proa_buf scratch;         /* scratch: redaction, messages */
    uint64_t buffered;
    /* By clients of each surface; NULL where no provider speaks it. */
    const struct proa_dialect *spoken[PROA_SURFACES];
    struct proa_metric_series *m_cancelled;
    struct proa_metric_series *m_shed_memory;
    struct proa_metric_series *m_buffered;
};

/* The public members must be set. */
void proa_exchange_host_init(struct proa_exchange_host *host);
/* No exchange may be left. */
void proa_exchange_host_deinit(struct proa_exchange_host *host);
/* The grace period is over: every exchange ends now, with an error its client can tell. */
void proa_exchange_host_end_all(struct proa_exchange_host *host);
size_t proa_exchange_host_count(const struct proa_exchange_host *host);
/* Logs what has become of breakers and of the way out of here since the last call. Exchanges see to
 * it themselves; operators and time change breakers, too. */
void proa_exchange_host_tell_news(struct proa_exchange_host *host);
/* Sets the figures of what the engine knows; see proa_live_sample(). */
void proa_exchange_host_sample(struct proa_exchange_host *host);

/* The answers that are kept; for whoever shows or purges them. */
struct proa_answers *proa_exchange_host_answers(struct proa_exchange_host *host);

/* body_bytes of an answer whose length is not known when it starts. */
#define PROA_BODY_UNKNOWN UINT64_MAX

/* The beginning of an answer. */
struct proa_client_reply {
    uint16_t status;
    struct proa_slice fields; /* whole header lines, without framing ones */
    uint64_t body_bytes;      /* or PROA_BODY_UNKNOWN */
    bool last;                /* the whole body comes with it */
};

/* The client. Calls never fail: a client that is gone says so by proa_exchange_client_gone(). */
struct proa_client_ops {
    /* Starts the answer; `iov` is the first part of its body, all of it when reply->last. */
    void (*reply)(void *ctx, const struct proa_client_reply *reply, const struct iovec *iov,
                  size_t n);
    void (*body)(void *ctx, const struct iovec *iov, size_t n, bool last);
    /* The answer ends incomplete, so that the client can tell: nothing more is sent. */
    void (*abort)(void *ctx);
    /* The client's queue is full: drained follows. */
    bool (*is_full)(void *ctx);
    void (*done)(void *ctx);
};

struct proa_exchange;

/* arena holds the request's head and everything of the exchange until done has returned. */
struct proa_exchange *proa_exchange_create(struct proa_exchange_host *host,
                                           struct proa_arena *arena,
                                           const struct proa_client_ops *client, void *ctx);

/* The head, as the parser gave it; must live in the arena. Names the request in logs from now on.
 * Errors are answered as the surface has them. */
void proa_exchange_head(struct proa_exchange *x, const struct proa_http_head *head,
                        enum proa_surface surface);
/*
 * Announces and adds to the request's body. `total` is its Content-Length, 0 when unknown.
 * ERR_OVERLOAD: the byte budget is spent; refuse the request.
 */
enum proa_err proa_exchange_expect_body(struct proa_exchange *x, uint64_t total) PROA_MUST_CHECK;
enum proa_err proa_exchange_add_body(struct proa_exchange *x,
                                     struct proa_slice bytes) PROA_MUST_CHECK;
/* The request is complete. */
void proa_exchange_run(struct proa_exchange *x, const struct proa_api_match *match);
/*
 * Answers with an error of our own. `fields` are extra header lines (allow: ...), may be empty;
 * message is borrowed.
 */
void proa_exchange_refuse(struct proa_exchange *x, enum proa_api_error_code code, uint16_t status,
                          struct proa_slice message, struct proa_slice fields);

/* The client's queue is below its low mark again. */
void proa_exchange_drained(struct proa_exchange *x);
/* The client left, or cannot be written to any more. */
void proa_exchange_client_gone(struct proa_exchange *x);

#endif
