/*
 * Pools, links and calls as the units of this module see them.
 *
 * A link is one connection of a pool:  DIALLING -> BUSY <-> IDLE -> closed.
 * A call is bound to at most one link; a link to at most one call. A call without a link waits in
 * its pool's line.
 */
#ifndef PROA_UPSTREAM_PRIV_H
#define PROA_UPSTREAM_PRIV_H

#include "proa/auth/secret.h"
#include "proa/core/freelist.h"
#include "proa/core/gather.h"
#include "proa/core/list.h"
#include "proa/core/map.h"
#include "proa/tls/cache.h"
#include "proa/tls/context.h"
#include "proa/upstream/call.h"

struct proa_upstream {
    struct proa_net *net;
    struct proa_loop *loop;
    struct proa_metric_reg *metrics;
    struct proa_map pools; /* by key */
    struct proa_freelist links;
    struct proa_freelist calls;
    struct proa_tls_cache sessions;
    struct proa_http_parser_cfg answer_cfg; /* of every link's parser */
    struct proa_list trusts;
    char together[PROA_GATHER_BYTES]; /* a short request on its way; nothing stays in it */
};

/* Authorities that pools trust: read and parsed once for all of them. upstream.c */
struct trust;

enum tls_state { TLS_NONE = 0, TLS_BUILDING, TLS_READY, TLS_FAILED };

struct proa_connpool {
    struct proa_upstream *up;
    struct proa_slice key; /* identity and authorities; owned, as are the following */
    struct proa_slice host;
    struct proa_slice proxy_host;   /* empty: none */
    struct proa_secret *proxy_auth; /* a reference; NULL: none */
    struct proa_slice authority;    /* plain behind a proxy: "http://host:port" of the target */
    uint16_t port;
    uint16_t proxy_port;
    uint32_t refs;
    enum tls_state tls_state;
    struct proa_tls_context *tls; /* a reference, while TLS_READY */
    struct trust *trust;          /* NULL without TLS */
    struct proa_list of_trust;    /* in trust->pools */
    uint32_t max_connections;
    uint32_t max_idle;
    uint64_t idle_ns;
    struct proa_list idle;    /* newest first */
    struct proa_list busy;    /* dialling ones too */
    struct proa_list waiting; /* calls, oldest first */
    uint32_t n_open;          /* dialling ones too */
    uint32_t n_idle;
    struct proa_timer sweep;
    struct proa_metric_series *m_open;
    struct proa_metric_series *m_idle;
    struct proa_metric_series *m_dial_ok;
    struct proa_metric_series *m_dial_failed;
    struct proa_metric_series *m_tls_full; /* NULL without TLS, as is the next */
    struct proa_metric_series *m_tls_resumed;
};

enum link_state { LINK_DIALLING = 0, LINK_BUSY, LINK_IDLE };

struct link {
    struct proa_list node; /* in idle or busy */
    struct proa_connpool *pool;
    struct proa_conn *conn;
    struct proa_call *call; /* NULL while idle */
    struct proa_http_parser *parser;
    struct proa_timer write_timer; /* while the request is not out yet */
    int64_t delivered;             /* how far it had come when the timer was set */
    uint64_t idle_since_ns;
    enum link_state state;
    bool keep_alive; /* as the answer's head says */
    bool complete;   /* the parser has seen the whole answer */
    bool in_event;   /* on the call stack: freeing must wait */
    bool dead;
};

struct proa_call {
    struct proa_list node; /* in waiting */
    struct proa_connpool *pool;
    struct link *link;
    struct proa_call_request request;
    const struct proa_call_events *events;
    void *ctx;
    bool reused; /* sent on a pooled connection: may be stale */
    bool sent;
    bool answered; /* a byte of the answer has come */
    bool paused;
};

/* ---- pool.c */
/* Binds the call to an idle link or a new dial, or puts it in line. True: sent at once. */
bool proa_connpool_assign(struct proa_connpool *pool, struct proa_call *call);
/* Gives waiting calls what has become free. */
void proa_connpool_pump(struct proa_connpool *pool);
/* Fails every waiting call. */
void proa_connpool_fail_waiting(struct proa_connpool *pool, enum proa_err err,
                                struct proa_slice detail);

/* ---- upstream.c */
/* Has the authorities, which could not be read, read once more; calls wait meanwhile. */
void proa_connpool_read_again(struct proa_connpool *pool);

/* Closes idle connections that became idle no later than that. */
void proa_connpool_close_idle(struct proa_connpool *pool, uint64_t older_than_ns);
/* Timer: closes what has been idle for too long. */
void proa_connpool_sweep(void *ctx, uint64_t now_ns);

/* ---- egress.c */
/* Whom to dial for the pool. */
struct proa_connpool_way {
    struct proa_dial dial;
    struct proa_dial_proxy proxy;
};
void proa_connpool_find_way(const struct proa_connpool *pool, struct proa_connpool_way *out);
/* The request as it goes to a proxy that passes it on itself: absolute-form, with credentials. The
 * vector is in the request's arena. False, with nothing done, where none of that is needed. */
bool proa_connpool_absolute(const struct proa_connpool *pool,
                            const struct proa_call_request *request, struct iovec **iov, size_t *n);

/* ---- link.c */
void proa_link_dial(struct proa_connpool *pool, struct proa_call *call);
/* Sends the call's request; false when the connection turns out to be gone (the link is closed). */
bool proa_link_send(struct link *link, struct proa_call *call);
/* Closes and forgets; its call, if any, must have been unbound. */
void proa_link_close(struct link *link);

/* How answers are parsed: limits and events. */
void proa_link_answer_cfg(struct proa_http_parser_cfg *out);

/* ---- call.c */
/* The call is over: unbinds, frees, and tells why. */
void proa_call_fail(struct proa_call *call, const struct proa_call_failure *failure);
void proa_call_complete(struct proa_call *call);

#endif
