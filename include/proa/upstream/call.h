/*
 * Upstream calls: one HTTP request to an endpoint and its answer, over a pooled connection.
 *
 * I/O half. Each endpoint has a pool of connections: an idle one is reused last in, first out; a
 * new one is dialled while fewer than max_connections are open or being opened; else the call waits
 * in line. A reused connection that dies before the first byte of an answer is stale: the request
 * is sent once more on a fresh one, unseen by the caller.
 *
 * Promises: no event comes inside proa_call_start() or after proa_call_cancel(); on_complete or
 * on_fail comes exactly once and ends the call (the handle is dead then); on_sent precedes on_head.
 */
#ifndef PROA_UPSTREAM_CALL_H
#define PROA_UPSTREAM_CALL_H

#include "proa/core/arena.h"
#include "proa/http/parser.h"
#include "proa/net/conn.h"
#include "proa/obs/metric.h"
#include "proa/policy/snapshot.h"

#include <sys/uio.h>

struct proa_upstream; /* all pools of a loop */
struct proa_connpool; /* the connections to one endpoint */
struct proa_call;

struct proa_upstream *proa_upstream_create(struct proa_net *net, struct proa_metric_reg *metrics);
/* All calls must be over. Closes every connection. NULL is fine. */
void proa_upstream_destroy(struct proa_upstream *up);

/*
 * The pool for an endpoint, by its identity: the same one as before a reload when nothing of it
 * changed. Takes a reference, returned by proa_connpool_unref(); the last one closes idle
 * connections. `cfg` gives the limits, which replace earlier ones; NULL: those of others stay, and
 * where there are none a few connections will do.
 */
struct proa_connpool *proa_connpool_get(struct proa_upstream *up,
                                        const struct proa_endpoint *endpoint,
                                        const struct proa_provider_cfg *cfg);
void proa_connpool_unref(struct proa_connpool *pool);

struct proa_call_failure {
    enum proa_err err;
    bool connected;             /* the request was on its way */
    bool answered;              /* bytes of an answer had come */
    enum proa_http_fault fault; /* err PROTOCOL: what was wrong with the answer */
    struct proa_slice detail;   /* for the log; borrowed for the call of on_fail */
};

struct proa_call_events {
    void (*on_sent)(void *ctx, bool reused);
    void (*on_head)(void *ctx, const struct proa_http_head *head);
    /* Body bytes, framing removed; valid until on_batch, on_complete or on_fail has returned. */
    void (*on_body)(void *ctx, struct proa_slice bytes);
    /* No more for now: what on_body gave since the last time should be used or copied. */
    void (*on_batch)(void *ctx);
    void (*on_complete)(void *ctx);
    void (*on_fail)(void *ctx, const struct proa_call_failure *failure);
};

struct proa_call_request {
    const struct iovec *iov; /* head and body; borrowed until on_head, or until the call ends */
    size_t n_iov;
    struct proa_arena *arena; /* keeps the answer's head; borrowed until the call ends */
    uint64_t connect_ns;      /* DNS and TCP of a new connection; 0 = 2 s */
    uint64_t tls_ns;          /* its handshake; 0 = 3 s */
    uint64_t
        write_ns; /* the peer takes no byte of the request for so long: ERR_TIMEOUT. 0 = 10 s */
};

/*
 * Starts a call. *sent tells that the request went out at once on a pooled connection; on_sent does
 * not come then.
 */
struct proa_call *proa_call_start(struct proa_connpool *pool,
                                  const struct proa_call_request *request,
                                  const struct proa_call_events *events, void *ctx, bool *sent);
/* Ends it without a further event; its connection is closed. */
void proa_call_cancel(struct proa_call *call);
/* Stops and resumes reading the answer: back-pressure from the client. */
void proa_call_pause(struct proa_call *call, bool paused);

#endif
